"""Debt for housing against income, and villages' collective income; worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, PlanError
from evalkit.exits import DebtLimit, collective_income, housing_debt
from evalkit.panel import Panel
from evalkit.standards import load_standard

NA = np.nan
# village, household, persons, income per head, debt; household incomes are 10,000 20,000 8,000 0 and 12,000
ROWS = [
    ("A", "h1", 2, 5000.0, 0.0),
    ("A", "h2", 4, 5000.0, 40_000.0),
    ("B", "h3", 2, 4000.0, 16_000.0),
    ("B", "h4", 1, 0.0, 3_000.0),
    ("C", "h5", 3, 4000.0, 30_000.0),
    ("C", "h6", 3, 4000.0, NA),
    ("D", "h7", 1, NA, 5_000.0),
    ("D", "h8", 1, NA, 0.0),
]
LIMITS = {
    "two_years": DebtLimit(2, "an invented notice"),
    "10k": DebtLimit(10_000, "an invented notice", of="amount", verified=True),
}


def indebted() -> Panel:
    frame = pd.DataFrame(ROWS, columns=["village", "household", "size", "income_pc", "housing_debt"]).assign(
        wave=2018
    )
    return Panel(frame, county=None, size="size", village="village", design=SurveyDesign(psu="village"))


def test_debt_is_held_against_the_income_of_the_household():
    found = housing_debt(indebted(), limits=LIMITS)
    frame = found.frame.set_index("household")
    assert frame["ratio"].tolist() == pytest.approx([0, 2, 2, np.inf, 2.5, NA, NA, 0], nan_ok=True)
    # twice the income is not above twice the income; without income every debt is
    assert frame["above_two_years"].astype("object").where(frame["above_two_years"].notna(), None).tolist() == [
        False, False, False, True, True, None, None, False,
    ]  # fmt: skip
    shares = found.tidy().set_index("share")
    # six households with a figure (h6 has none, h7 owes and has no income): h2 to h5 owe, h4 and h5 above two years
    assert shares["estimate"].to_dict() == pytest.approx(
        {"any_debt": 4 / 6, "two_years": 2 / 6, "10k": 3 / 6}
    )
    assert shares["n"].tolist() == [6, 6, 6]
    # village totals of (y - 2/6) / 6: A -1/9, B 1/18, C 1/9, D -1/18; 4/3 · (2/81 + 2/324)
    assert shares.loc["two_years", "std_error"] == pytest.approx(np.sqrt(4 / 3 * (2 / 81 + 2 / 324)))
    assert found.totals.iloc[0].to_dict() == {
        "households": 8, "known": 7, "indebted": 5, "debt": 94_000, "median_debt": 16_000, "median_ratio": 2, "no_income": 1,
    }  # fmt: skip
    said = [n.en for n in found.notes]
    assert "2 of 8 households have no figure in housing_debt" in said[0]
    assert "1 households owe money and have no income above 0" in said[1]
    assert (
        said[2]
        == "two_years: debt above 2 times the yearly income (an invented notice; not verified in print)"
    )


def test_without_a_limit_nothing_is_held_against_one():
    found = housing_debt(indebted())
    assert found.tidy()["share"].tolist() == ["any_debt"]
    assert "none is known to this package" in found.notes[-1].en
    panel = indebted()
    with pytest.raises(DataError, match=r"1 of 8 households have a negative housing_debt .first: h1"):
        housing_debt(replace(panel, frame=panel.frame.assign(housing_debt=[-1.0, *[0.0] * 7])))
    with pytest.raises(DataError, match="no column 'owed'"):
        housing_debt(panel, debt="owed")
    with pytest.raises(PlanError, match="a limit of debt has a figure above 0"):
        DebtLimit(0, "notice")


# --- collective income -----------------------------------------------------------------------------


def villages() -> pd.DataFrame:
    rows = [
        ("990101", "a", 2017, 40_000, 10_000, 0, 30_000),
        ("990101", "a", 2018, 60_000, 20_000, 10_000, 30_000),
        ("990101", "b", 2018, 0, 0, 0, 0),
        ("990101", "c", 2018, 80_000, 60_000, 20_000, 5_000),
        ("530101", "d", 2018, 50_000, 50_000, 0, 0),
        ("990101", "e", 2018, NA, NA, 0, 0),
    ]
    return pd.DataFrame(
        rows, columns=["county", "village", "wave", "collective_income", "rent", "shares", "grant"]
    )


PARTS = {"lease": "rent", "dividend": "shares", "subsidy": "grant"}


def test_the_figure_of_the_province_and_the_income_without_subsidies():
    found = collective_income(villages(), limits={"99": 50_000}, parts=PARTS)
    frame = found.frame.set_index(["village", "wave"])
    assert frame["reading"].to_dict() == {
        ("a", 2017): "fails", ("a", 2018): "meets", ("b", 2018): "fails", ("c", 2018): "meets", ("e", 2018): "not_shown",
        ("d", 2018): "not_shown",
    }  # fmt: skip
    # 60,000 less a grant of 30,000 is below 50,000
    assert frame.loc[("a", 2018), ["earned", "reading_earned"]].tolist() == [30_000, "fails"]
    assert frame.loc[("c", 2018), "reading_earned"] == "meets"
    assert frame.loc[("a", 2018), "subsidy_share"] == 0.5
    assert not frame.loc[("c", 2018), "adds_up"]  # 85,000 in parts, 80,000 stated
    waves = found.by_wave.set_index("wave")
    assert waves.loc[2018, ["villages", "known", "none", "meets", "fails", "not_shown"]].tolist() == [
        5,
        4,
        1,
        2,
        1,
        2,
    ]
    assert waves.loc[2018, "total"] == 190_000
    assert waves.loc[2018, "lease_share"] == pytest.approx(130 / 190)
    assert "in 1 of 6 village-years the stated parts do not add up" in found.notes[-1].en


def test_without_figure_and_parts_only_amounts_are_printed():
    found = collective_income(villages(), load_standard("cn-2017"))
    assert set(found.frame["reading"]) == {"not_shown"}
    assert found.frame["evidence"].tolist() == ["50000", "40000", "60000", "0", "80000", ""]
    assert "no figure for 6 of 6 villages" in found.notes[1].en
    assert "cannot be told apart" in found.notes[2].en
    # as published of a district: 89 of 151 villages without collective income
    table = pd.DataFrame(
        {
            "county": "500153",
            "village": [f"v{i}" for i in range(151)],
            "collective_income": [0] * 89 + [9] * 62,
        }
    )
    assert collective_income(table).by_wave[["villages", "none"]].to_numpy().tolist() == [[151, 89]]


def test_the_standard_of_a_province_gives_the_figure(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "id: mine\nextends: cn-2017\ntitle: {en: mine, zh: 本省}\nsources: {notice: {en: Notice 3, zh: 第3号通知}}\n"
        'village_overrides: {"99": {collective_income: {value: 50000, source: notice, verified: true}}}\n',
        encoding="utf-8",
    )
    found = collective_income(villages(), load_standard(str(path)))
    assert found.frame["limit"].tolist() == pytest.approx([NA, *[50_000] * 5], nan_ok=True)
    assert "collective income considered 50,000 (Notice 3)" in found.notes[-1].en


def test_tables_of_villages_that_cannot_be_read():
    with pytest.raises(DataError, match="lacks collective_income"):
        collective_income(villages().drop(columns="collective_income"))
    with pytest.raises(DataError, match="2 of 7 rows of the village table"):
        collective_income(pd.concat([villages(), villages().head(1)]))
    with pytest.raises(DataError, match=r"1 of 6 rows have a negative rent .first: village d"):
        collective_income(villages().assign(rent=[1, 1, 1, 1, -1, 1]), parts=PARTS)
    with pytest.raises(PlanError, match="no part loan; known: lease, dividend"):
        collective_income(villages(), parts={"loan": "rent"})
