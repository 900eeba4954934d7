"""Look-back by survey: errors of identification in both directions, and the same villages visited again; worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, DesignError
from evalkit.exits import Followed, identification_errors, revisit
from evalkit.panel import Panel

BY_VILLAGE = SurveyDesign(weight="weight", psu="village")
# village, household, group, persons, income; the line is 100
SURVEY = [
    ("A", "r1", "registered", 2, 80.0),
    ("A", "r2", "未脱贫户", 2, 150.0),
    ("B", "r3", "registered", 4, 90.0),
    ("B", "u1", "unregistered", 4, 95.0),
    ("C", "e1", "exited", 3, 120.0),
    ("C", "u2", "unregistered", 4, 200.0),
    ("D", "e2", "exited", 1, 99.0),
    ("D", "u3", "unregistered", 2, 300.0),
]


def survey(rows=SURVEY, weight=1.0) -> Panel:
    columns = ["village", "household", "survey_group", "size", "income_pc"]
    frame = pd.DataFrame(rows, columns=columns).assign(county="990101", wave=2018, weight=weight)
    return Panel(frame, size="size", village="village", lines={2018: 100.0}, design=BY_VILLAGE)


def test_errors_in_both_directions_count_persons_over_four_denominators():
    found = identification_errors(survey())
    table = found.tidy().set_index("error")
    # 2 of 8 registered persons are not poor, 4 of 10 unregistered are; of the 2 + 4 + 4 + 1 poor, 4 + 1 are not registered
    assert table["estimate"].to_dict() == pytest.approx(
        {
            "registered_not_poor": 0.25,
            "exited_poor": 0.25,
            "unregistered_poor": 0.4,
            "poor_not_registered": 5 / 11,
        }
    )
    assert table["found_persons"].tolist() == [2, 1, 4, 5]
    assert table["persons"].tolist() == [8, 4, 10, 11]
    assert table["found_households"].tolist() == [1, 1, 1, 2]
    # villages (y - .4 n) / 10: B .24, C -.16, D -.08; 4/3 · (.0576 + .0256 + .0064)
    assert table.loc["unregistered_poor", "std_error"] == pytest.approx(np.sqrt(4 / 3 * 0.0896))
    # registered: A .125, B -.125; only B has both: 4/3 · (-.125 · .24)
    assert found.shares.cov[0, 2] == pytest.approx(-0.04)
    assert found.frame[["household", "error"]].to_numpy().tolist() == [
        ["e2", "exited_poor"],
        ["r2", "registered_not_poor"],
        ["u1", "unregistered_poor"],
    ]
    again = identification_errors(survey(SURVEY[::-1], weight=50.0)).tidy().set_index("error")
    pd.testing.assert_frame_equal(again, table)


def test_poverty_can_be_the_finding_of_the_visit():
    panel = survey()
    marked = replace(panel, frame=panel.frame.assign(found_poor=[1, 1, 1, 0, 0, 0, np.nan, 1]))
    found = identification_errors(marked, poor="found_poor")
    table = found.tidy().set_index("error")
    assert table.loc["registered_not_poor", "estimate"] == 0
    assert (
        table.loc["registered_not_poor", "conf_high"] > 0.2
    )  # three households without a finding show little
    assert table.loc["unregistered_poor", ["found_persons", "persons"]].tolist() == [2, 10]
    assert table.loc["exited_poor", "persons"] == 3  # the household without an answer is left out, and said
    assert "1 of 8 households have no group or no income" in found.notes[-1].en


def test_what_the_survey_cannot_give_is_said():
    found = identification_errors(survey([r for r in SURVEY if r[2] != "unregistered"]))
    assert "unregistered_poor" not in set(found.table["error"])
    assert any("no household to count it among: unregistered, poor" in n.en for n in found.notes)
    with pytest.raises(DataError, match="no column 'group'"):
        identification_errors(survey(), group="group")
    with pytest.raises(DataError, match=r"1 of 8 rows have an unknown survey_group .first: 'rich'"):
        identification_errors(survey([("A", "x", "rich", 1, 1.0), *SURVEY[1:]]))


# --- the same villages visited again ---------------------------------------------------------------


def visits(**columns) -> Panel:
    rows = []
    for village, hits in {"A": (1, 0), "B": (1, 1), "C": (0, 0), "D": (0, 0), "E": (2, None)}.items():
        for wave, hit in zip((2018, 2019), hits, strict=True):
            if hit is not None:
                rows += [(village, f"{village}{wave}-{i}", wave, int(i < hit)) for i in range(2)]
    frame = pd.DataFrame(rows, columns=["village", "household", "wave", "missed"])
    frame = frame.assign(income_pc=1.0, weight=1.0, **columns)
    return Panel(frame, county=None, village="village", design=BY_VILLAGE)


def test_the_change_takes_the_covariance_of_the_two_visits():
    found = revisit(visits(), {"missed": Followed("missed")}, first=2018, second=2019)
    row = found.tidy().iloc[0]
    # A to D: 2 of 8 and 1 of 8. Villages' totals .0625, .0625, -.0625, -.0625 and -.03125, .09375, -.03125, -.03125:
    # variances 4/3 · .015625 and 4/3 · .01171875, covariance 4/3 · .0078125
    assert (row["first"], row["second"], row["change"]) == (0.25, 0.125, -0.125)
    assert row["std_error"] == pytest.approx(np.sqrt(0.015625))
    assert row["correlation"] == pytest.approx(0.0104166667 / np.sqrt(0.0208333333 * 0.015625))
    assert (row["villages"], row["first_households"], row["df"]) == (4, 8, 3)
    assert found.villages["visited"].tolist() == ["both"] * 4 + ["first"]
    assert "0 households are the same" in found.notes[0].en
    assert "1 villages were seen at the first visit only" in found.notes[1].en


def test_a_rate_may_count_a_group_only():
    panel = visits(group=["exited", "unregistered"] * 9)
    found = revisit(panel, {"missed": Followed("missed", "group == 'exited'")}, first=2018, second=2019)
    assert found.table[["first", "second", "first_households"]].to_numpy().tolist() == [[0.5, 0.25, 4]]
    nobody = {"missed": Followed("missed", "group == 'exited' and wave == 2018")}
    with pytest.raises(DataError, match="no household to count among in 2019"):
        revisit(panel, nobody, first=2018, second=2019)


def test_a_rate_of_zero_says_that_its_change_is_uncertain():
    panel = visits()
    none = replace(
        panel, frame=panel.frame.assign(missed=panel.frame["missed"] * (panel.frame["wave"] == 2018))
    )
    found = revisit(none, {"missed": Followed("missed")}, first=2018, second=2019)
    assert found.table["second"].tolist() == [0]
    assert found.edges == ("missed",)
    assert "(MOVER), and no test is given: missed" in found.notes[-1].en
    row, rates = found.tidy().iloc[0], found.rates["missed"]
    # 2 of 8 households, then none. Korn & Graubard: 8 / 1.5 households, times (t of 7 / t of 3 degrees of freedom)²
    trials = 8 / 1.5 * (stats.t.ppf(0.975, 7) / stats.t.ppf(0.975, 3)) ** 2
    high = 1 - 0.025 ** (1 / trials)
    low = replace(rates, about=replace(rates.about, prior_deff=1.5)).confint().low[0]
    assert row["change"] == -0.25
    assert row["conf_high"] == pytest.approx(-0.25 + np.hypot(high, 0.25 - low))
    assert np.isnan(row["p_value"])


def test_visits_that_cannot_be_compared():
    panel = visits()
    rates = {"missed": Followed("missed")}
    with pytest.raises(DesignError, match="of which 5 of 5 villages hold several"):
        revisit(replace(panel, design=SurveyDesign(weight="weight")), rates, first=2018, second=2019)
    with pytest.raises(DataError, match="two waves of the panel in their order, got 2019 and 2018"):
        revisit(panel, rates, first=2019, second=2018)
    apart = panel.frame.assign(village=panel.frame["village"] + panel.frame["wave"].astype("str"))
    with pytest.raises(DataError, match="none of 9 villages was seen at both visits"):
        revisit(replace(panel, frame=apart), rates, first=2018, second=2019)
    with pytest.raises(DataError, match="needs the village"):
        revisit(replace(panel, village=None), rates, first=2018, second=2019)
