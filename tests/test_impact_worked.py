"""Program effects on tables small enough to work by hand."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from evalkit import impact
from evalkit.design import SurveyDesign
from evalkit.panel import Panel


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text.replace(" ", "")))


@pytest.fixture
def four() -> pd.DataFrame:
    """Treated gain 10 and 8 (mean 9), the others 3 and 1 (mean 2): the program's effect is 7."""
    return table(
        """household, wave, treated, income
           a,         2014, 1,       10
           a,         2016, 1,       20
           b,         2014, 1,       14
           b,         2016, 1,       22
           c,         2014, 0,        8
           c,         2016, 0,       11
           d,         2014, 0,       12
           d,         2016, 0,       13"""
    )


def test_difference_in_means() -> None:
    """Means 6 and 3, difference 3. Squared residuals: treated 4 + 0 + 4, others 1 + 1.

    HC1: (8/9 + 2/4) × 5/3 = 125/54. Classical: 10/3 × (1/3 + 1/2) = 25/9.
    """
    rows = pd.DataFrame({"y": [4.0, 6, 8, 2, 4], "d": [1, 1, 1, 0, 0]})
    robust = impact.difference_in_means(rows, outcome="y", treatment="d")
    classical = impact.difference_in_means(rows, outcome="y", treatment="d", std_errors="classical")
    assert robust.values[0] == pytest.approx(3)
    assert robust.cov[0, 0] == pytest.approx(125 / 54)
    assert classical.cov[0, 0] == pytest.approx(25 / 9)
    assert robust.df[0] == classical.df[0] == 3


def test_difference_in_means_by_village() -> None:
    """Villages 1, 2 treated: means 5 and 8, overall 6 (two and one household).

    z by village: ((4-6) + (6-6))/3 = -2/3, (8-6)/3 = 2/3, -(2-3)/2 = 1/2, -(4-3)/2 = -1/2.
    Σ z² = 8/9 + 1/2 = 25/18; G/(G-1) (n-1)/(n-K) = 4/3 × 4/3; df 3.
    """
    rows = pd.DataFrame({"y": [4.0, 6, 8, 2, 4], "d": [1, 1, 1, 0, 0], "v": ["1", "1", "2", "3", "4"]})
    out = impact.difference_in_means(rows, outcome="y", treatment="d", cluster="v")
    assert out.cov[0, 0] == pytest.approx(25 / 18 * 16 / 9)
    assert out.df[0] == 3
    assert out.clusters is not None
    assert out.clusters[0] == 4


def test_weighted_difference_in_means() -> None:
    """Treated (1 × 2 + 3 × 6) / 4 = 5, others 1: difference 4."""
    rows = pd.DataFrame({"y": [2.0, 6, 1, 1], "d": [1, 1, 0, 0], "w": [1.0, 3, 1, 1]})
    assert impact.difference_in_means(rows, outcome="y", treatment="d", weights="w").values[
        0
    ] == pytest.approx(4)


def test_covariate_that_explains_everything() -> None:
    """y = 1 + 2 d + 3 x exactly."""
    rows = pd.DataFrame({"d": [0, 0, 0, 1, 1, 1], "x": [0.0, 1, 2, 1, 2, 4]})
    rows["y"] = 1 + 2 * rows["d"] + 3 * rows["x"]
    out = impact.difference_in_means(rows, outcome="y", treatment="d", covariates=["x"])
    assert out.values[0] == pytest.approx(2)
    assert out.std_error[0] == pytest.approx(0, abs=1e-12)


def test_two_by_two(four: pd.DataFrame) -> None:
    """Residuals ±2 and ±1 in both groups; Σ z² = 2 + 1/2 + 2 + 1/2 = 5, HC1 × 8/4 = 10.

    By household: errors of the gains ±1, z = ±1/2, Σ z² = 1, × 4/3 × 7/4.
    """
    roles = {"outcome": "income", "unit": "household", "time": "wave", "treated": "treated"}
    assert impact.did_2x2(four, **roles).values[0] == pytest.approx(7)
    assert impact.did_2x2(four, **roles).cov[0, 0] == pytest.approx(10)
    assert impact.did_2x2(four, **roles, cluster="household").cov[0, 0] == pytest.approx(7 / 3)


def test_fixed_effects_of_two_waves(four: pd.DataFrame) -> None:
    """The same 7; clustered by household with K = 1 + 2: Σ z² = 1, × 4/3 × 7/5."""
    four["on"] = four["treated"] * (four["wave"] == 2016)
    out = impact.twfe(four, outcome="income", unit="household", time="wave", treatment="on")
    assert out.values[0] == pytest.approx(7)
    assert out.cov[0, 0] == pytest.approx(28 / 15)
    assert out.df[0] == 3


def test_group_time_of_two_waves(four: pd.DataFrame) -> None:
    """The same 7; Σ z² = 1 over households, without a small-sample factor."""
    four["cohort"] = np.where(four["treated"] == 1, 2016, 0)
    att = impact.att_gt(four, outcome="income", unit="household", time="wave", cohort="cohort")
    assert att.tidy()[["cohort", "time"]].to_numpy().tolist() == [[2016, 2016]]
    assert att.estimate.values[0] == pytest.approx(7)
    assert att.estimate.cov[0, 0] == pytest.approx(1)


@pytest.fixture
def staggered() -> pd.DataFrame:
    """Cohort 2015 (a, b), cohort 2016 (c, d), never (e, f); waves 2014-16."""
    return table(
        """hh, wave, cohort, y
           a,  2014, 2015,   1
           a,  2015, 2015,   5
           a,  2016, 2015,   9
           b,  2014, 2015,   3
           b,  2015, 2015,   7
           b,  2016, 2015,  13
           c,  2014, 2016,   2
           c,  2015, 2016,   4
           c,  2016, 2016,   8
           d,  2014, 2016,   4
           d,  2015, 2016,   6
           d,  2016, 2016,  12
           e,  2014,     ,   0
           e,  2015,     ,   1
           e,  2016,     ,   3
           f,  2014,     ,   2
           f,  2015,     ,   3
           f,  2016,     ,   3"""
    )


ROLES = {"outcome": "y", "unit": "hh", "time": "wave", "cohort": "cohort"}


def test_staggered_adoption(staggered: pd.DataFrame) -> None:
    """Mean changes. Cohort 2015: +4 to 2015, +9 to 2016. Cohort 2016: +2, then +5. Never: +1, then +1 (+2 in all).

    ATT(2015, 2015) = 4 - 1, ATT(2015, 2016) = 9 - 2, ATT(2016, 2015) = 2 - 1 (before), ATT(2016, 2016) = 5 - 1.
    Not yet treated: in 2015 cohort 2016 also serves, mean change of the four 1.5, so ATT(2015, 2015) = 2.5.
    """
    never = impact.att_gt(staggered, **ROLES)
    assert never.estimate.keys.to_numpy().tolist() == [[2015, 2015], [2015, 2016], [2016, 2015], [2016, 2016]]
    np.testing.assert_allclose(never.estimate.values, [3, 7, 1, 4])
    not_yet = impact.att_gt(staggered, **ROLES, control_group="not_yet")
    np.testing.assert_allclose(not_yet.estimate.values, [2.5, 7, 1, 4])
    # equal cohorts: simple (3 + 7 + 4)/3; event 0: (3 + 4)/2, event 1: 7; cohorts 5 and 4; calendar 3 and 5.5
    assert impact.aggregate(never, "simple").values[0] == pytest.approx(14 / 3)
    event = impact.aggregate(never, "event")
    assert event.keys["event_time"].tolist() == [-1, 0, 1]
    np.testing.assert_allclose(event.values, [1, 3.5, 7])
    np.testing.assert_allclose(impact.aggregate(never, "cohort").values, [5, 4])
    np.testing.assert_allclose(impact.aggregate(never, "calendar").values, [3, 5.5])
    assert impact.overall(never, "event").values[0] == pytest.approx(5.25)
    assert impact.overall(never, "cohort").values[0] == pytest.approx(4.5)
    assert impact.overall(never, "calendar").values[0] == pytest.approx(4.25)


def test_anticipation_moves_the_base(staggered: pd.DataFrame) -> None:
    """One wave of anticipation: cohort 2016 compares with 2014, +7 - 2 = 5; cohort 2015 has no earlier wave."""
    att = impact.att_gt(staggered, **ROLES, anticipation=1)
    assert att.estimate.keys["cohort"].unique().tolist() == [2016]
    assert att.estimate.where(cohort=2016, time=2016).values[0] == pytest.approx(5)
    assert any(
        "2 of 6 units are treated from the first usable wave" in n.en for n in att.estimate.about.notes
    )


def test_cohorts_between_waves(staggered: pd.DataFrame) -> None:
    """Surveys of 1991 and 1998, program in 1995: the base is 1991."""
    rows = staggered[staggered["wave"] != 2015]
    rows = rows.assign(wave=rows["wave"].map({2014: 1991, 2016: 1998}))
    rows["cohort"] = rows["cohort"].where(rows["cohort"].isna(), 1995)
    att = impact.att_gt(rows, **ROLES)
    # changes of a, b, c, d: 8, 10, 6, 8 (mean 8); of e, f: 3, 1 (mean 2)
    assert att.estimate.values.tolist() == pytest.approx([6])
    assert impact.aggregate(att, "event").keys["event_time"].tolist() == [3]


def test_weights_change_cohort_shares(staggered: pd.DataFrame) -> None:
    """Weight 3 for cohort 2016: event 0 is (3 × 1 + 4 × 3)/4."""
    staggered["w"] = np.where(staggered["cohort"] == 2016, 3.0, 1.0)
    att = impact.att_gt(staggered, **ROLES, weights="w")
    assert impact.aggregate(att, "event").where(event_time=0).values[0] == pytest.approx(15 / 4)


@dataclass(frozen=True)
class LikePanel:
    """What the estimators ask of a panel."""

    frame: pd.DataFrame
    household: str = "hh"
    wave: str = "wave"
    village: str | None = None
    county: str | None = None
    design: SurveyDesign = field(default_factory=SurveyDesign)


def test_panel_lends_its_roles(staggered: pd.DataFrame) -> None:
    staggered["w"] = np.where(staggered["cohort"] == 2016, 3.0, 1.0)
    staggered["psu"] = staggered["hh"].map(dict(zip("abcdef", [1, 2, 1, 2, 1, 2], strict=True)))
    staggered["stratum"] = staggered["hh"].map(dict(zip("abcdef", "xxyyzz", strict=True)))
    panel = LikePanel(staggered, design=SurveyDesign(weight="w", strata="stratum", psu="psu"))
    att = impact.att_gt(panel, outcome="y", cohort="cohort")
    same = impact.att_gt(
        staggered.assign(v=staggered["stratum"] + staggered["psu"].astype(str)),
        **ROLES,
        weights="w",
        cluster="v",
    )
    # PSU numbers start anew in each stratum: six clusters, not two
    assert set(att.estimate.clusters) == {6.0}
    np.testing.assert_array_equal(att.estimate.values, same.estimate.values)
    np.testing.assert_array_equal(att.estimate.cov, same.estimate.cov)


def test_named_arguments_override_the_panel(staggered: pd.DataFrame) -> None:
    staggered["on"] = staggered["wave"] >= staggered["cohort"]
    staggered["place"] = staggered["hh"].isin(["a", "c", "e"]).astype(int)
    panel = LikePanel(staggered, village="place")
    args = {"outcome": "y", "treatment": "on"}
    assert impact.twfe(panel, **args).df[0] == 1
    assert impact.twfe(panel, **args, cluster="hh").df[0] == 5
    assert impact.twfe(panel, **args, std_errors="hc1").df[0] == 18 - 1 - 6 - 3 + 1


def test_a_real_panel_and_its_subpopulation(four: pd.DataFrame) -> None:
    """Rows outside the subpopulation do not enter: household e would change the answer."""
    other = pd.DataFrame({"household": "e", "wave": [2014, 2016], "treated": 0, "income": [1.0, 500.0]})
    rows = pd.concat([four, other], ignore_index=True).assign(village=lambda d: d["household"])
    inside = (rows["household"] != "e").to_numpy()
    panel = Panel(rows, county=None, welfare="income", village="village", inside=inside)
    out = impact.did_2x2(panel, outcome="income", treated="treated")
    assert out.values[0] == pytest.approx(7)
    assert out.cov[0, 0] == pytest.approx(7 / 3)
