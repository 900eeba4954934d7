"""Monitored households after 2020: classes, the rolling year of income, and when a risk is eliminated; worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, PlanError
from evalkit.exits import monitoring_checks
from evalkit.standards import load_standard

CN = load_standard("cn-2017")
LINES = {2021: 6000.0, 2022: 6500.0}
GOOD = {
    "status": "已脱贫",
    "exit_year": 2018,
    "monitored": "脱贫不稳定户",
    "monitored_month": "202102",
    "income_pc": 5500.0,
    "income_net": 20_000.0,
    "rigid_expense": 1000.0,
    "risk_eliminated": "否",
    "eliminated_month": None,
    "labourers": 2,
    "household_type": "一般贫困户",
    "education_secure": 1,
    "medical_secure": 1,
    "housing_secure": 1,
    "rigid_solved": None,
}
SETTLED = {"income_pc": 7000.0, "risk_eliminated": "是", "eliminated_month": "202108", "rigid_solved": 1}


def table(**households: dict[str, object]) -> pd.DataFrame:
    """Return one household-year of 2021 a name, as `GOOD` but for what is given."""
    return pd.DataFrame(
        [{"household": name, "wave": 2021, **GOOD, **row} for name, row in households.items()]
    )


def readings(found, check: str) -> dict[str, str]:
    rows = found.frame[found.frame["check"] == check]
    return dict(zip(rows["household"], rows["reading"], strict=True))


def test_a_household_that_was_watched_and_settled_by_the_rules_meets_every_check():
    found = monitoring_checks(table(a=GOOD, b={**SETTLED, "monitored_month": "202001"}), CN, lines=LINES)
    # b was identified in 2020, of which there is no row: identification is not checked
    assert set(found.frame["reading"]) == {"meets"}
    assert found.counts().set_index("check")["applies"].to_dict() == {
        "class_known": 2,
        "class_fits": 2,
        "identified_poor": 1,
        "watched_when_poor": 0,
        "eliminated_income": 1,
        "eliminated_months": 1,
        "eliminated_rigid": 1,
        "eliminated_guarantees": 1,
        "eliminated_labour": 1,
    }
    assert found.problems().empty


@pytest.mark.parametrize(
    ("row", "known", "fits"),
    [
        ({}, "meets", "meets"),
        ({"status": "未脱贫", "exit_year": np.nan}, "meets", "fails"),
        ({"status": "返贫"}, "meets", "meets"),
        ({"monitored": "边缘易致贫户"}, "meets", "fails"),
        ({"monitored": "边缘易致贫户", "status": None, "exit_year": np.nan}, "meets", "meets"),
        ({"monitored": "marginal", "status": None, "exit_year": np.nan}, "meets", "meets"),
        ({"monitored": "突发严重困难户", "status": "未脱贫"}, "meets", None),
        ({"monitored": "贫困户"}, "fails", None),
        ({"monitored": "否"}, None, None),
    ],
)
def test_classes(row, known, fits):
    found = monitoring_checks(table(a=row), CN, lines=LINES)
    assert readings(found, "class_known").get("a") == known
    assert readings(found, "class_fits").get("a") == fits


def test_who_is_identified_and_who_is_overlooked():
    found = monitoring_checks(
        table(
            poor={},
            rich={"income_pc": 6000.0},
            burdened={"income_pc": 6000.0, "rigid_expense": 20_000.0},
            unknown={"income_pc": 6000.0, "rigid_expense": np.nan},
            hit={"income_pc": 9000.0, "monitored": "突发严重困难户"},
            overlooked={"monitored": "否", "income_pc": 5999.0},
            fine={"monitored": "否", "income_pc": 6000.0},
        ),
        CN,
        lines=LINES,
    )
    assert readings(found, "identified_poor") == {
        "poor": "meets",
        "rich": "fails",
        "burdened": "meets",
        "unknown": "not_shown",
    }
    assert readings(found, "watched_when_poor") == {"overlooked": "fails", "fine": "meets"}
    assert found.quota[["households", "watched", "quota"]].values.tolist() == [[7, 5, 0.05]]
    assert found.problems()[["household", "item", "evidence"]].values.tolist() == [
        ["overlooked", "watched_when_poor", "5999/6000"],
        ["rich", "identified_poor", "6000/6000"],
    ]


@pytest.mark.parametrize(
    ("row", "check", "reading"),
    [
        ({"income_pc": 6000.0}, "income", "fails"),  # at the line is not above it
        ({"income_pc": np.nan}, "income", "not_shown"),
        ({"eliminated_month": "202107"}, "months", "fails"),  # five months
        ({"monitored_month": None}, "months", "not_shown"),
        ({"rigid_expense": 25_000.0}, "rigid", "fails"),
        ({"rigid_solved": None}, "rigid", "not_shown"),
        ({"rigid_solved": 0}, "rigid", "fails"),
        ({"medical_secure": 0}, "guarantees", "fails"),
        ({"medical_secure": None}, "guarantees", "not_shown"),
        ({"housing_secure": None}, "guarantees", "not_shown"),
        ({"labourers": 0}, "labour", "meets"),  # an ordinary household, not on protection
        ({"labourers": 0, "household_type": "低保贫困户"}, "labour", "fails"),
        ({"labourers": 0, "minimum_allowance": 2400.0}, "labour", "fails"),
        ({"labourers": 0, "household_type": None}, "labour", "not_shown"),
        ({"labourers": None}, "labour", "not_shown"),
    ],
)
def test_elimination(row, check, reading):
    found = monitoring_checks(table(a={**SETTLED, **row}), CN, lines=LINES)
    assert readings(found, f"eliminated_{check}")["a"] == reading
    others = found.frame[
        found.frame["check"].str.startswith("eliminated") & (found.frame["check"] != f"eliminated_{check}")
    ]
    assert set(others["reading"]) == {"meets"}


def test_an_elimination_is_judged_once_in_its_year():
    now = table(a={**SETTLED, "monitored_month": "202101"})
    later = now.assign(wave=2022, income_pc=100.0)
    found = monitoring_checks(pd.concat([later, now]), CN, lines=LINES)
    rows = found.frame[found.frame["check"] == "eliminated_income"]
    assert rows[["wave", "reading"]].values.tolist() == [[2021, "meets"]]
    undated = pd.concat([now, later]).assign(eliminated_month=None)
    rows = monitoring_checks(undated, CN, lines=LINES).frame.query("check == 'eliminated_income'")
    assert rows["wave"].tolist() == [2021]


def months(first: int, amounts: list[float]) -> pd.DataFrame:
    """Return monthly incomes of household a from month `first` (January 2020 = 0) on."""
    at = [first + k for k in range(len(amounts))]
    return pd.DataFrame(
        {"household": "a", "month": [f"{2020 + k // 12}{k % 12 + 1:02d}" for k in at], "income_pc": amounts}
    )


def test_the_window_ends_with_the_month_before_identification():
    # identified in February 2021: February 2020 to January 2021; 490 a month are 5880, 510 are 6120
    low = monitoring_checks(
        table(a={"income_pc": 9999.0}), CN, lines=LINES, monthly=months(1, [490.0] * 12 + [10_000.0])
    )
    assert readings(low, "identified_poor") == {"a": "meets"}
    assert low.frame.set_index("check").loc["identified_poor", "evidence"] == "5880/6000"
    high = monitoring_checks(table(a={}), CN, lines=LINES, monthly=months(1, [510.0] * 12))
    assert readings(high, "identified_poor") == {"a": "fails"}
    short = monitoring_checks(table(a={}), CN, lines=LINES, monthly=months(2, [510.0] * 11))
    assert readings(short, "identified_poor") == {"a": "not_shown"}
    assert not any("rolling" in n.en for n in low.notes)
    assert any("rolling" in n.en for n in monitoring_checks(table(a={}), CN, lines=LINES).notes)


def test_income_must_have_been_above_the_line_for_half_a_year():
    # eliminated in August 2021: windows that end in February … July 2021
    steady = months(0, [501.0] * 19)  # 6012 in every window, January 2020 to July 2021
    found = monitoring_checks(table(a=SETTLED), CN, lines=LINES, monthly=steady)
    assert readings(found, "eliminated_income") == {"a": "meets"}
    # 400 in March 2020: the window March 2020 - February 2021 has 11 × 501 + 400 = 5911, the last has 6012
    dip = months(0, [501.0] * 2 + [400.0] + [501.0] * 16)
    found = monitoring_checks(table(a=SETTLED), CN, lines=LINES, monthly=dip)
    assert readings(found, "eliminated_income") == {"a": "fails"}
    assert found.frame.set_index("check").loc["eliminated_income", "evidence"] == "5911/6000"


def test_years_without_a_line_show_nothing_and_are_named():
    found = monitoring_checks(table(a={}).assign(wave=2022, monitored_month="202202"), CN)
    assert readings(found, "identified_poor") == {"a": "not_shown"}
    assert any("no monitoring line for 2022" in n.en for n in found.notes)
    early = monitoring_checks(table(a={}).assign(wave=2020, monitored_month="202002"), CN)
    assert any("2020 lie outside the years 2021-2025" in n.en for n in early.notes)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(DataError, match="lacks monitored"):
        monitoring_checks(table(a={}).drop(columns="monitored"), CN)
    with pytest.raises(DataError, match="repeat both"):
        monitoring_checks(pd.concat([table(a={}), table(a={})]), CN)
    with pytest.raises(DataError, match=r"no month \(first: '202113'\)"):
        monitoring_checks(table(a={"monitored_month": "202113"}), CN)
    with pytest.raises(DataError, match="repeat one"):
        monitoring_checks(table(a={}), CN, monthly=pd.concat([months(0, [1.0]), months(0, [1.0])]))
    bare = replace(CN, pack=replace(CN.pack, risk_elimination=()))
    with pytest.raises(PlanError, match="risk_elimination"):
        monitoring_checks(table(a={}), bare)
