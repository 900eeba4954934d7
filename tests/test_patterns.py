"""Patterns in the build and the report: what is kept of the tests, what a county's section says of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pandas as pd
import pytest

import report_case
from evalkit import simulate
from evalkit.errors import DataError, PlanError
from evalkit.forensics import TESTS, Examination, examine, over_families, performance
from evalkit.panel import Panel
from evalkit.pipeline.examining import (
    CASE_COLUMNS,
    Examined,
    case_table,
    examine_county,
    monitoring_line,
    signal_table,
    unit_table,
    with_patterns,
    write_patterns,
)
from evalkit.pipeline.results import CountyResult
from evalkit.plan import Plan
from evalkit.planfile import load_plan
from evalkit.planforensics import TestName
from evalkit.report import patterns
from evalkit.report.document import Section
from evalkit.report.html import fragment
from evalkit.store import Store
from forensic_recall import LINES

COUNTY = "990121"


def plan_with(folder: Path, line: str) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(f"{report_case.PLAN}{line}\n", encoding="utf-8")
    return load_plan(path)


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticRegistry:
    """Return one county in which accounts were copied and figures rounded."""
    clean = simulate.registry(seed=5, counties=1)
    return simulate.distort(clean, {"terminal_digits": 1.0, "copied_households": 1.0}, seed=3).registry


def cleaned(made: simulate.SyntheticRegistry, without: tuple[str, ...] = ()) -> Any:
    """Return what examining reads of a cleaned county."""
    frame = made.households.drop(columns=list(without)).reset_index(drop=True)
    panel = Panel(frame, size="size", village="village", lines=LINES, synthetic=True)
    return SimpleNamespace(panel=panel, tables={"program": made.programs, "survey": made.survey})


@pytest.fixture(scope="module")
def found(made: simulate.SyntheticRegistry, tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return examine_county(cleaned(made), report_case.plan_in(tmp_path_factory.mktemp("plan")), COUNTY)


def section_of(folder: Path, found: Examined) -> Section:
    case = report_case.case_in(folder)
    kept = CountyResult.from_dict(json.loads(json.dumps(with_patterns(case.result, found).to_dict())))
    return patterns(replace(case, result=kept))


def test_the_plan_knows_the_tests_by_name(tmp_path: Path) -> None:
    assert set(get_args(TestName)) == set(TESTS)
    panel = Panel(pd.DataFrame({"household": ["a"], "wave": [2014], "income_pc": [1.0]}), county=None)
    with pytest.raises(DataError) as raised:
        examine(panel, only=["nothing"])
    assert str(raised.value).split("there are: ")[1].split(", ") == list(TESTS)
    with pytest.raises(PlanError, match="copied_houses"):
        plan_with(tmp_path, "forensics: {kind: standard, only: [copied_houses]}")
    with pytest.raises(PlanError, match="level"):
        plan_with(tmp_path, "forensics: {kind: standard, level: 0.5}")


def test_the_quoted_recall_is_that_of_the_page(root: Path) -> None:
    text = (root / "docs" / "forensics.md").read_text(encoding="utf-8")
    pattern = r"^\| (\w+) \| [^|]*\| ([\d.]+)% of ([\d,]+) \| (?:-|([\d.]+)%) of ([\d,]+) \|"
    for name, recall, of, alarms, alarms_of in re.findall(pattern, text, flags=re.M):
        seen = performance()[name]
        assert f"{seen.recall:.1%}" == f"{recall}%"
        assert (seen.recall_of, seen.alarms_of) == (int(of.replace(",", "")), int(alarms_of.replace(",", "")))
        assert (None if seen.alarms is None else f"{seen.alarms:.1%}") == (f"{alarms}%" if alarms else None)
    clean = re.findall(r"^\| (\w+) \| (\d+) of (\d+) \|", text, flags=re.M)
    assert {n: (p.clean_flagged, p.clean_of) for n, p in performance().items()} == {
        name: (int(hit), int(of)) for name, hit, of in clean
    }
    assert list(performance()) == list(TESTS)


def test_what_is_kept_of_a_county_names_no_interviewer_and_no_household(
    found: Examined, made: simulate.SyntheticRegistry, tmp_path: Path
) -> None:
    flagged = dict(zip(found.tables["signals"]["kind"], found.tables["signals"]["flagged"], strict=True))
    assert flagged["terminal_digits"] > 0
    assert flagged["copied_households"] > 0
    units = found.tables["signal_units"]
    assert units.groupby("kind").size().to_dict() == {k: n for k, n in flagged.items() if n}
    kept = json.dumps(with_patterns(report_case.county_result(), found).to_dict(), ensure_ascii=False)
    places = set(made.households["village"])  # some interviewers have the code of a village
    for column in ("interviewer", "household"):
        codes = set(made.households[column].dropna()) - places
        assert codes
        assert not any(f'"{code}"' in kept for code in codes)
    store = Store(tmp_path)
    write_patterns(store, COUNTY, found)
    cases = store.read("signal_cases", COUNTY)
    assert tuple(cases.columns) == CASE_COLUMNS
    digits = cases[cases["kind"] == "terminal_digits"]
    assert digits["interviewer"].notna().all()
    assert digits.groupby("number")["interviewer"].nunique().eq(1).all()
    of_first = units[(units["kind"] == "terminal_digits") & (units["number"] == 1)].iloc[0]
    assert (digits["number"] == 1).sum() == of_first["observed"]
    assert digits["detail"].str.match(r"income_pc=\d+").all()
    write_patterns(Store(tmp_path / "none"), COUNTY, Examined())
    assert not (tmp_path / "none").exists()


def test_the_section_says_what_is_flagged_and_what_a_flag_is_not(found: Examined, tmp_path: Path) -> None:
    section = section_of(tmp_path, found)
    flagged = section.facts["flagged"]
    assert section.facts["tests"] == len(found.tables["signals"])
    first = section.blocks[0]
    assert f"{sum(flagged.values())} units are flagged" in first.text.en  # type: ignore[union-attr]
    titles = [b.title.en for b in section.blocks if hasattr(b, "title")]
    assert "Units to visit: accounts equal item by item" in titles
    assert "What each test is able to see" in titles
    for language in ("en", "zh"):
        page = fragment(section, language)  # type: ignore[arg-type]
        assert not re.search(
            "fraud|fake|forg|cheat|manipulat|suspicious", page.split("</style>")[1], flags=re.I
        )
        assert not re.search("造假|虚假|作弊|舞弊|弄虚|伪造|嫌疑|可疑", page)
    assert "调查员1" in fragment(section, "zh")


def test_small_counts_are_withheld(found: Examined, tmp_path: Path) -> None:
    units = found.tables["signal_units"].copy()
    units["n"] = 9.0
    few = replace(found, tables={**found.tables, "signal_units": units})
    table = next(
        b
        for b in section_of(tmp_path, few).blocks
        if hasattr(b, "title") and b.title.en.startswith("Units to visit")
    )
    assert {type(c).__name__ for row in table.rows for c in row[-3:]} == {"Suppressed"}  # type: ignore[union-attr]


def test_tests_that_the_data_do_not_allow_say_why(made: simulate.SyntheticRegistry, tmp_path: Path) -> None:
    plan = plan_with(
        tmp_path, "forensics: {kind: standard, only: [terminal_digits, mass_exits, heaping_monitoring]}"
    )
    found = examine_county(cleaned(made, without=("interviewer", "exit_month")), plan, COUNTY)
    assert set(found.omitted) == {
        f"patterns:{k}" for k in ("terminal_digits", "mass_exits", "heaping_monitoring")
    }
    section = section_of(tmp_path, found)
    page = fragment(section, "zh")
    assert "现有数据不允许进行任何一项检验" in page
    assert "数据中没有检验所需的项目：调查员" in page
    assert "没有这些年度的监测标准" in page


def test_a_plan_without_tests_says_so(made: simulate.SyntheticRegistry, tmp_path: Path) -> None:
    found = examine_county(cleaned(made), plan_with(tmp_path, "forensics: {kind: none}"), COUNTY)
    assert (dict(found.tables), len(found.cases)) == ({}, 0)
    assert "方案未要求" in fragment(section_of(tmp_path, found), "zh")


def test_the_monitoring_line_is_that_of_the_province_or_the_national_one(tmp_path: Path) -> None:
    plan = plan_with(tmp_path, "standard: cn-2017")
    assert monitoring_line(plan, "990101", [2019, 2020]) == ("*", {2020: 5000.0})
    assert monitoring_line(plan, "520101", [2020, 2023]) == ("52", {2023: 7300.0})
    assert monitoring_line(report_case.plan_in(tmp_path), "520101", [2023]) == ("*", {})


def test_nothing_flagged_leaves_empty_tables() -> None:
    nothing = Examination({})
    assert (
        len(signal_table(nothing))
        == len(unit_table(nothing, {}))
        == len(case_table(nothing, "household", "wave"))
        == 0
    )


def test_counties_are_selected_together_and_units_within_them() -> None:
    """Ten counties: a (.001) and b (.012) pass Benjamini-Hochberg at .005 and .010? b does not; units of a need q ≤ .05 × 1/10."""
    names = list("abcdefghij")
    signals = pd.DataFrame(
        {"county": names, "kind": "x", "flagged": [2, 1, *[0] * 8], "smallest_q": [0.001, 0.012, *[0.6] * 8]}
    )
    units = pd.DataFrame({"county": ["a", "a", "b"], "kind": "x", "q_value": [0.001, 0.03, 0.012]})
    found = over_families(signals, units)
    assert found.counties.loc[found.counties["selected"], "county"].tolist() == ["a"]
    assert found.counties["kept"].tolist() == [1, *[0] * 9]
    assert found.tests.to_dict("records") == [
        {"kind": "x", "counties": 10, "alone": 2, "selected": 1, "units": 1, "least": 0.001}
    ]
    assert over_families(signals.iloc[:0], units).tests.empty
