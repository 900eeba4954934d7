"""Counts from household to province: every level must be the sum of the one below, and what is not is listed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, PlanError
from evalkit.exits import household_figures, roll_up
from evalkit.panel import Panel

COUNTY, OTHER = "990101", "990102"


def tables() -> dict[str, pd.DataFrame]:
    """Return 2 counties, 3 townships (two of one name), 4 villages, 6 households; all of it agrees."""
    households = pd.DataFrame(
        {
            "household": list("123456"),
            "village": ["a", "a", "b", "c", "d", "d"],
            "exited": [4, 3, 2, 5, 0, 1],
            "households": 1,
        }
    )
    villages = pd.DataFrame(
        {
            "village": list("abcd"),
            "township": ["东乡", "东乡", "西乡", "东乡"],
            "county": [COUNTY, COUNTY, COUNTY, OTHER],
            "exited": [7, 2, 5, 1],
            "households": [2, 1, 1, 2],
        }
    )
    townships = pd.DataFrame(
        {
            "county": [COUNTY, COUNTY, OTHER],
            "township": ["东乡", "西乡", "东乡"],
            "exited": [9, 5, 1],
            "households": [3, 1, 2],
        }
    )
    counties = pd.DataFrame(
        {
            "county": [COUNTY, OTHER],
            "prefecture": "某市",
            "province": "某省",
            "exited": [14, 1],
            "households": [4, 2],
        }
    )
    prefectures = pd.DataFrame(
        {"prefecture": ["某市"], "province": "某省", "exited": [15], "households": [6]}
    )
    provinces = pd.DataFrame({"province": ["某省"], "exited": [15], "households": [6]})
    names = ("household", "village", "township", "county", "prefecture", "province")
    parts = (households, villages, townships, counties, prefectures, provinces)
    return dict(zip(names, parts, strict=True))


def test_what_adds_up_at_every_level_reconciles():
    found = roll_up(tables(), ["exited", "households"])
    assert found.reconciles
    assert found.mismatches().empty
    # 4 villages, 3 townships, 2 counties, 1 prefecture, 1 province, two figures each
    assert len(found) == 2 * (4 + 3 + 2 + 1 + 1)


def test_a_mismatch_is_listed_where_it_arises_and_only_there():
    parts = tables()
    parts["county"].loc[0, "exited"] = 20  # 14 by its townships, 15 stated by the prefecture
    wrong = roll_up(parts, ["exited", "households"]).mismatches()
    assert wrong[
        ["level", "unit", "below", "figure", "stated", "summed", "difference", "verdict"]
    ].values.tolist() == [
        ["county", COUNTY, "township", "exited", 20.0, 14.0, 6.0, "differs"],
        ["prefecture", "某市", "county", "exited", 15.0, 21.0, -6.0, "differs"],
    ]


def test_errors_that_cancel_are_both_listed():
    parts = tables()
    parts["village"].loc[[0, 1], "exited"] = [6, 3]  # one too few, one too many: the township still agrees
    wrong = roll_up(parts, ["exited"]).mismatches()
    assert wrong[["unit", "difference"]].values.tolist() == [["a", -1.0], ["b", 1.0]]


def test_townships_of_one_name_are_kept_apart():
    parts = tables()
    parts["township"].loc[2, "exited"] = 0
    wrong = roll_up({k: parts[k] for k in ("village", "township")}, ["exited"]).mismatches()
    assert wrong[["unit", "stated", "summed"]].values.tolist() == [[f"{OTHER}/东乡", 0.0, 1.0]]


def test_units_without_parts_blank_parts_and_unstated_units():
    parts = tables()
    parts["household"] = parts["household"][lambda t: t["village"] != "d"].astype({"exited": float})
    parts["household"].loc[0, "exited"] = np.nan
    parts["village"] = parts["village"][lambda t: t["village"] != "c"]
    found = roll_up({k: parts[k] for k in ("household", "village")}, ["exited"])
    assert dict(zip(found.frame["unit"], found.frame["verdict"], strict=True)) == {
        "a": "incomplete",
        "b": "agrees",
        "c": "not_stated",
        "d": "no_parts",
    }
    row = found.frame.set_index("unit").loc["a"]
    assert (row["stated"], row["summed"], row["blank"], row["parts"]) == (7, 3, 1, 2)
    assert found.counts()[["agrees", "differs", "incomplete", "no_parts", "not_stated"]].values.tolist() == [
        [1, 0, 1, 1, 1]
    ]


def test_a_level_without_the_figure_is_stepped_over():
    parts = tables()
    del parts["village"]["exited"]
    parts["household"]["county"] = [COUNTY] * 4 + [OTHER] * 2
    del parts["township"]["exited"]
    found = roll_up(
        {k: parts[k] for k in ("household", "village", "township", "county")}, ["exited", "households"]
    )
    assert found.reconciles
    rows = found.frame[found.frame["figure"] == "exited"]
    assert rows[["level", "below"]].drop_duplicates().values.tolist() == [["county", "household"]]


def test_waves_are_compared_one_by_one():
    low = pd.DataFrame(
        {"village": ["a", "a", "b"], "wave": [2016, 2017, 2016], "county": COUNTY, "poor": [3, 2, 4]}
    )
    high = pd.DataFrame({"county": [COUNTY] * 2, "wave": [2016, 2017], "poor": [7, 3]})
    found = roll_up({"village": low, "county": high}, ["poor"])
    assert found.frame[["wave", "summed", "verdict"]].values.tolist() == [
        [2016, 7.0, "agrees"],
        [2017, 2.0, "differs"],
    ]


def test_money_may_be_rounded():
    low = pd.DataFrame({"village": ["a", "b"], "county": COUNTY, "funds": [1.4, 2.4]})
    high = pd.DataFrame({"county": [COUNTY], "funds": [4.0]})
    assert not roll_up({"village": low, "county": high}, ["funds"]).reconciles
    assert roll_up({"village": low, "county": high}, ["funds"], tolerance=0.5).reconciles


def test_households_of_a_panel_are_the_lowest_level():
    frame = pd.DataFrame(
        {
            "household": [1, 2, 3, 1],
            "wave": [2016, 2016, 2016, 2017],
            "county": COUNTY,
            "village": ["a", "a", "b", "a"],
            "income_pc": 1.0,
            "size": [4, 3, 2, 5],
            "status": ["已脱贫", "未脱贫", "返贫", "已脱贫"],
        }
    )
    panel = Panel(frame, village="village", size="size")
    households = household_figures(panel, wave=2016)
    assert households[["registered_persons", "exited_persons", "returned_persons"]].sum().tolist() == [
        3,
        4,
        2,
    ]
    village = pd.DataFrame(
        {"village": ["a", "b"], "wave": 2016, "exited_persons": [4, 1], "households": [2, 1]}
    )
    wrong = roll_up(
        {"household": households, "village": village}, ["exited_persons", "households"]
    ).mismatches()
    assert wrong[["unit", "stated", "summed"]].values.tolist() == [["b", 1.0, 0.0]]


def test_what_cannot_be_added_up_is_refused():
    parts = tables()
    with pytest.raises(PlanError, match="no level 'town'"):
        roll_up({"town": parts["township"], "county": parts["county"]}, ["exited"])
    with pytest.raises(PlanError, match="two levels"):
        roll_up({"county": parts["county"]}, ["exited"])
    with pytest.raises(PlanError, match="'poor' stands in fewer"):
        roll_up(parts, ["poor"])
    with pytest.raises(DataError, match="lacks county, township"):
        roll_up({"household": parts["household"], "township": parts["township"]}, ["exited"])
    twice = pd.concat([parts["village"], parts["village"].iloc[:1]])
    with pytest.raises(DataError, match=r"2 of 5 rows of level village repeat their village \(first: a\)"):
        roll_up({"village": twice, "county": parts["county"]}, ["exited"])
    with pytest.raises(DataError, match="lack one of"):
        roll_up({"village": parts["village"].assign(county=None), "county": parts["county"]}, ["exited"])
