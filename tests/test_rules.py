"""Every rule marks what it is about and nothing else: small drawn tables, one or more a rule."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from evalkit.cleaning import clean
from evalkit.ingest import from_frame, with_counties
from evalkit.rules import CHECKS, LIMITS, RULES, rule
from rule_examples import EXAMPLES, Elsewhere, Example, drawn, marked
from rule_examples.frame import filled, plan_of
from rule_examples.render import FAMILIES, PAGE, page

DRAWN = [e for e in EXAMPLES if isinstance(e, Example)]
TESTED_ELSEWHERE = [e for e in EXAMPLES if isinstance(e, Elsewhere)]


def named(example: Example) -> str:
    return example.rule


@pytest.mark.parametrize("example", DRAWN, ids=named)
def test_a_rule_marks_the_rows_it_is_about(example: Example) -> None:
    table = drawn(example.rows)
    wanted = {i for i, hit in enumerate(table["hit"]) if hit == "x"} if "hit" in table else {-1}
    assert wanted, "an example has rows that the rule marks"
    assert len(wanted) < len(table) or example.quiet, "an example has rows that the rule leaves alone"
    assert marked(example, example.rows) == wanted
    if example.quiet:
        assert marked(example, example.quiet) == set()


def test_every_rule_has_an_example() -> None:
    lacking = sorted({r.id for r in RULES} - {e.rule for e in EXAMPLES})
    assert lacking == []


@pytest.mark.parametrize("place", TESTED_ELSEWHERE, ids=lambda e: e.rule)
def test_rules_tested_elsewhere_are(place: Elsewhere, root: Path) -> None:
    file, _, name = place.test.partition("::")
    blocks = (root / "tests" / file).read_text(encoding="utf-8").split("\n\n\n")
    body = [b for b in blocks if re.search(rf"^def {name}\(", b, re.MULTILINE)]
    assert body, f"{place.test} is not there"
    assert place.rule in body[0], f"{place.test} does not name {place.rule}"


def test_codes_of_waves_are_replaced_when_the_plan_has_labels() -> None:
    labels = {"data": {"household": {"files": ["*"], "wave_labels": {"基线": 2016}}}}
    assert marked(Example("T09", "", plan=labels), "| wave |\n| 基线 |") == {-1}
    assert marked(Example("T09", ""), "| wave |\n| 2016 |") == set()


def test_ids_are_unique_and_rules_complete() -> None:
    twice = [i for i, n in Counter(r.id for r in RULES).items() if n > 1]
    assert twice == []
    for one in RULES:
        assert re.fullmatch(r"[A-Z][0-9]{2}", one.id), one.id
        assert one.text.en, one.id
        assert one.text.zh, one.id
        assert rule(one.id) is one


def test_conditional_rules_say_what_they_read_and_whence_they_come() -> None:
    for one in CHECKS:
        assert one.when is not None, one.id
        assert one.needs, one.id
        assert "." not in one.needs[0], f"{one.id}: the first column is the marked one"
        assert one.source, one.id
        assert one.severity in ("flag", "quarantine"), one.id
        assert one.table != "any", one.id


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("none", {"S06": "line", "N12": "line.monitoring"}),
        ("standard", {"S06": "", "N12": "line.monitoring"}),
    ],
)
def test_rules_on_a_line_are_not_checked_without_one(kind: str, lacks: dict[str, str]) -> None:
    # 2016 has a poverty line in the standard, but no monitoring line.
    homes = drawn("| village | exit_year | income_pc |\n| v1 | 2016 | 100 |")
    plan = plan_of(Example("S06", "", plan={"poverty": {"line": {"kind": kind}}}))
    raw = with_counties({"household": from_frame(filled(homes, "household"), table="household")})
    checks = clean(raw, plan).checks.set_index("rule").loc[["S06", "N12"]]
    assert checks["lacks"].to_dict() == lacks
    assert checks["checked"].to_dict() == {r: not lack for r, lack in lacks.items()}


def test_limits_are_named_in_plain_lower_case() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in LIMITS)


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_family_has_a_heading() -> None:
    assert {r.id[0] for r in RULES} <= set(FAMILIES)
