"""Figures of a text against each other: what rounding allows, and what nothing can explain."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cli_case import run
from evalkit.errors import DataError, PlanError
from evalkit.exits import reconcile_claims
from evalkit.exits.printed import printed


def verdict(**claim):
    found = reconcile_claims({"claims": [{"id": "c", **claim}]})
    return found.findings[0]


SEEDS = """\
title: arithmetic of two published texts
source: figures of Sichuan's five channels; value of an industry base; a 501-household comparison
figures:
  poor: {value: 3.8 million persons}
  industry: {value: 2.39 million}
  relocation: {value: 1.16 million}
claims:
  - id: channels
    kind: sum
    stated: poor
    of: [industry, relocation, 1.211 million, 1.619 million, 0.029 million]
    sentence: The five channels cover the poor.
  - id: base
    kind: product
    stated: 1.328 billion yuan
    of: [300, 4.425 million yuan]
  - id: effect
    kind: significance
    coefficient: 0.0139
    std_error: 0.0158
    level: 0.10
"""


def test_the_arithmetic_of_published_texts(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(SEEDS, encoding="utf-8")
    found = reconcile_claims(path)
    channels, base, effect = found.findings
    assert (channels.verdict, channels.computed, channels.difference) == (
        "contradicts",
        6_409_000,
        -2_609_000,
    )
    assert channels.sentence == "The five channels cover the poor."
    # 1.3275 billion is printed as 1.328: the upper end of what rounds to it
    assert (base.verdict, base.computed, base.difference) == ("agrees", 1_327_500_000, 500_000)
    assert effect.verdict == "contradicts"
    assert effect.computed == pytest.approx(0.379, abs=5e-4)  # t = 0.88
    assert "t = 0.88" in effect.reason.en
    assert found.tidy()["verdict"].tolist() == ["contradicts", "agrees", "contradicts"]
    assert found.explain("zh").splitlines()[-1] == "1 相符，2 矛盾，0 无法核对"
    with pytest.raises(DataError, match="no claim 'x'; there are channels, base, effect"):
        found.finding("x")


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("3.80 million", 3_800_000, 5_000),
        ("1.2万户", 12_000, 500),
        ("1,234.5", Fraction(24690, 20), Fraction(1, 20)),
        ("86.57 %", Fraction(8657, 10000), Fraction(5, 100000)),
        ("−0.0139", Fraction(-139, 10000), Fraction(5, 100000)),
        ("5亿元", 500_000_000, 50_000_000),
        ("百万", None, None),
        ("about 3", None, None),
        ("1,23", None, None),
        ("1.2.3", None, None),
        ("5千克", 5, Fraction(1, 2)),
        ("5千人", 5_000, 500),
    ],
)
def test_a_printed_number_is_an_interval(text, value, half):
    span = printed(text)
    if value is None:
        assert span is None
    else:
        assert (span.value, span.value - span.low, span.high - span.value) == (value, half, half)


def test_a_number_can_be_rounded_to_other_multiples_or_not_at_all():
    span = printed("375,700", to="100")
    assert (span.low, span.high) == (375_650, 375_750)
    assert printed("40", exact=True).low == 40


def test_rounding_is_read_from_the_digits_that_are_printed(tmp_path):
    # 33.3 + 33.3 + 33.3 = 99.9; three halves of 0.1 reach 100.05, so 100.0 is possible and 100.2 is not
    thirds = ["33.3 %"] * 3
    assert verdict(kind="sum", stated="100.0 %", of=thirds).verdict == "agrees"
    assert verdict(kind="sum", stated="100.2 %", of=thirds).verdict == "contradicts"
    # 2.390 in the file has three decimals: 2.3895 … 2.3905
    path = tmp_path / "c.yaml"
    path.write_text(
        "claims:\n- {id: a, kind: equal, stated: 2.390, to: {value: 2.3912}}\n"
        "- {id: b, kind: equal, stated: 2.39, to: {value: 2.3912}}\n",
        encoding="utf-8",
    )
    assert [f.verdict for f in reconcile_claims(path).findings] == ["contradicts", "agrees"]


def test_whole_numbers_that_are_added_up_are_counts():
    table = {"kind": "totals", "columns": ["households", "persons"], "rows": {"x": [1, 20], "y": [2, 31]}}
    found = reconcile_claims({"claims": [{"id": "t", **table, "stated": [3, 52]}]})
    assert [(f.claim, f.verdict, f.difference) for f in found.findings] == [
        ("t: households", "agrees", 0),
        ("t: persons", "contradicts", 1),
    ]
    rounded = reconcile_claims({"claims": [{"id": "t", **table, "stated": [3, 52], "exact": False}]})
    assert [f.verdict for f in rounded.findings] == ["agrees", "agrees"]
    short = reconcile_claims({"claims": [{"id": "t", **table, "stated": [3, 51, 9]}]})
    assert short.findings[2].reason.en == "row x has no column 3"


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"kind": "share", "stated": "0.41 %", "part": "28", "whole": "6,829"}, "agrees"),
        ({"kind": "share", "stated": "0.48 %", "part": "10", "whole": "2,076"}, "agrees"),
        ({"kind": "share", "stated": "0.41 %", "part": "10", "whole": "2,076"}, "contradicts"),
        # (8452 / 7653 - 1) = 10.44 %
        ({"kind": "growth", "stated": "10.4 %", "before": "7653", "after": "8452"}, "agrees"),
        ({"kind": "growth", "stated": "10.6 %", "before": "7653", "after": "8452"}, "contradicts"),
        # 1.1 squared
        ({"kind": "growth", "stated": "10 %", "before": "100.0", "after": "121.0", "years": 2}, "agrees"),
        ({"kind": "difference", "stated": "1,240", "of": ["5,575", "4,335"]}, "agrees"),
        ({"kind": "difference", "stated": "1,241", "of": ["5,575", "4,335"]}, "contradicts"),
        ({"kind": "share", "stated": "1 %", "part": "1", "whole": "0"}, "unchecked"),
        ({"kind": "equal", "stated": "many", "to": "1"}, "unchecked"),
        ({"kind": "equal", "stated": "1", "to": {"data": "SELECT 1"}}, "unchecked"),
    ],
)
def test_kinds_of_claims(claim, said):
    found = verdict(**claim)
    assert found.verdict == said
    assert (found.computed is None) == (said == "unchecked")


@pytest.mark.parametrize(
    ("coefficient", "error", "stars", "said"),
    [
        ("0.20", "0.10", 2, "agrees"),  # t = 2.00, p = .046
        ("0.20", "0.10", 3, "contradicts"),  # at most .205 / .095 = 2.16 < 2.58
        ("0.2", "0.1", 3, "agrees"),  # up to .25 / .05 = 5: so few digits rule nothing out
        ("0.200", "0.100", 0, "contradicts"),  # clearly below 10 %
        ("0.900", "0.100", 1, "contradicts"),  # t = 9 would carry three stars
        ("0.010", "0.100", 0, "agrees"),
        ("-0.300", "0.100", 3, "agrees"),
    ],
)
def test_stars(coefficient, error, stars, said):
    found = verdict(kind="significance", coefficient=coefficient, std_error=error, stars=stars)
    assert found.verdict == said
    assert found.low <= found.computed <= found.high


def test_few_degrees_of_freedom_need_a_larger_t():
    claim = {"kind": "significance", "coefficient": "2.10", "std_error": "1.00", "level": 0.05}
    assert verdict(**claim).verdict == "agrees"  # normal: 1.96
    assert verdict(**claim, df=5).verdict == "contradicts"  # t(5): 2.571
    assert verdict(**{**claim, "std_error": "0"}).verdict == "unchecked"
    assert verdict(**claim, stars=1).reason.en == "it gives neither a level nor known stars, or both"


def test_figures_of_the_data_by_name():
    claim = {"id": "c", "kind": "equal", "stated": "1.05 million", "to": {"data": "exits"}}
    assert reconcile_claims({"claims": [claim]}, values={"exits": 1_049_000}).findings[0].verdict == "agrees"
    assert (
        reconcile_claims({"claims": [claim]}, values={"exits": 1_040_000}).findings[0].verdict
        == "contradicts"
    )


def test_faults_of_a_file_of_claims_with_lines(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("claims:\n- {id: a, kind: summ, stated: 1}\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"line 2: claims\.0: kind 'summ' is not one of .*did you mean 'sum'"):
        reconcile_claims(path)
    path.write_text(
        "claims:\n- {id: a, kind: equal, stated: 1, to: 1}\n- {id: a, kind: equal, stated: 1, to: 1}\n",
        encoding="utf-8",
    )
    with pytest.raises(PlanError, match="two claims are called a"):
        reconcile_claims(path)


def test_the_command(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(SEEDS, encoding="utf-8")
    ended = run("claims", str(path))
    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith(
        "channels: contradicts: stated 3.8 million persons, computed 6,409,000"
    )
    assert ended.out.splitlines()[-1] == "1 agrees, 2 contradicts, 0 cannot be checked"
    assert run("claims", str(tmp_path / "none.yaml")).code == 10
