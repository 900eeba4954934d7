"""What impact estimators refuse, and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit import impact
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import Estimate


def panel(cohorts: list[float], waves: tuple[int, ...] = (2014, 2015, 2016, 2017)) -> pd.DataFrame:
    """Return a balanced panel with the given cohort of each household and some variation in y."""
    rows = [
        {
            "hh": i,
            "year": t,
            "cohort": g,
            "y": (i * 7 + t * 3 + i * t) % 11 + (2.0 if t >= g else 0.0),
            "v": i // 2,
        }
        for i, g in enumerate(cohorts)
        for t in waves
    ]
    frame = pd.DataFrame(rows)
    frame["on"] = (frame["year"] >= frame["cohort"]).astype(int)
    frame["group"] = np.isfinite(frame["cohort"]).astype(int)
    return frame


INF = np.inf
MIXED = [2016.0, 2016.0, 2017.0, 2017.0, INF, INF, INF, INF]
ATT: dict[str, Any] = {"outcome": "y", "unit": "hh", "time": "year", "cohort": "cohort"}
FE: dict[str, Any] = {"outcome": "y", "unit": "hh", "time": "year", "treatment": "on"}


def said(estimate: Estimate) -> str:
    return " | ".join(n.en for n in estimate.about.notes)


def test_duplicated_household_wave() -> None:
    frame = panel(MIXED)
    twice = pd.concat([frame, frame.iloc[[5]]], ignore_index=True)
    for call in (lambda: impact.att_gt(twice, **ATT), lambda: impact.twfe(twice, **FE)):
        with pytest.raises(DataError, match=r"2 of 33 rows share hh and year .*first: 1, 2015") as caught:
            call()
        assert caught.value.rows is not None
        assert len(caught.value.rows) == 2


def test_cohort_varies_within_unit() -> None:
    frame = panel(MIXED)
    frame.loc[3, "cohort"] = 2017.0
    with pytest.raises(DataError, match=r"'cohort' differs between the waves of 1 of 8 units .*first: hh 0"):
        impact.att_gt(frame, **ATT)


def test_cluster_varies_within_unit() -> None:
    frame = panel(MIXED)
    frame.loc[3, "v"] = 3
    with pytest.raises(DataError, match="'v' differs"):
        impact.att_gt(frame, **ATT, cluster="v")


def test_nobody_treated() -> None:
    with pytest.raises(EstimationError, match="no unit is ever treated"):
        impact.att_gt(panel([INF] * 4), **ATT)
    with pytest.raises(EstimationError, match="not identified"):
        impact.twfe(panel([INF] * 4), **FE)


def test_everybody_treated_at_once() -> None:
    frame = panel([2016.0] * 6)
    with pytest.raises(EstimationError, match=r"no never-treated unit.*control_group='not_yet'"):
        impact.att_gt(frame, **ATT)
    with pytest.raises(EstimationError, match="same wave"):
        impact.att_gt(frame, **ATT, control_group="not_yet")
    with pytest.raises(EstimationError, match="not identified"):
        impact.twfe(frame, **FE)


def test_treated_from_the_first_wave() -> None:
    with pytest.raises(EstimationError, match="treated from the first wave"):
        impact.att_gt(panel([2014.0, 2014.0, INF, INF]), **ATT)
    att = impact.att_gt(panel([2014.0, *MIXED]), **ATT)
    assert "1 of 9 units are treated from the first usable wave" in said(att.estimate)
    assert att.cohorts.tolist() == [2016, 2017]


def test_treated_after_the_last_wave_counts_as_never() -> None:
    frame = panel([2016.0, 2016.0, 2016.0, 2030.0, 2030.0, INF])
    att = impact.att_gt(frame, **ATT)
    assert "2 of 6 units start treatment after the last wave" in said(att.estimate)
    never = impact.att_gt(frame.assign(cohort=frame["cohort"].replace(2030.0, 0.0)), **ATT)
    np.testing.assert_array_equal(att.estimate.values, never.estimate.values)
    with pytest.raises(EstimationError, match="no never-treated unit"):
        impact.att_gt(panel([2030.0] * 4), **ATT)


def test_cells_without_controls_are_listed_and_left_out() -> None:
    """Without never-treated units the last cohort has nobody to compare with once it starts."""
    att = impact.att_gt(panel([2016.0, 2016.0, 2017.0, 2017.0]), **ATT, control_group="not_yet")
    lost = att.estimate.keys[np.isnan(att.estimate.values)].to_numpy().tolist()
    assert lost == [[2016, 2017], [2017, 2016], [2017, 2017]]
    text = said(att.estimate)
    assert "3 cohort-wave effects cannot be estimated" in text
    assert "cohort 2017, 2017: no valid control" in text
    simple = impact.aggregate(att, "simple")
    kept = att.estimate.where(cohort=2016, time=2016)
    assert simple.values[0] == kept.values[0]
    assert simple.std_error[0] == pytest.approx(kept.std_error[0])


def test_one_pre_period_is_not_testable() -> None:
    frame = panel([2015.0, 2015.0, INF, INF], waves=(2014, 2015, 2016))
    out = impact.event_study(frame, **ATT)
    assert said(out).count("not testable") == 1
    with pytest.raises(EstimationError, match="not testable"):
        impact.pre_trend(impact.att_gt(frame, **ATT))
    found = impact.trend_before(impact.att_gt(frame, **ATT))
    assert found.test is None
    assert found.caveat is not None
    assert "fewer than two waves" in found.caveat.en
    two = frame[frame["year"] < 2016]
    assert "not testable" in said(impact.did_2x2(two, outcome="y", unit="hh", time="year", treated="group"))
    assert "not testable" in said(impact.twfe(frame, **FE))


def test_pre_trend_with_too_few_clusters() -> None:
    frame = panel([2017.0] * 4 + [INF] * 4, waves=(2012, 2013, 2014, 2015, 2016, 2017))
    assert "joint pre-trend test is not available" in said(impact.event_study(frame, **ATT, cluster="v"))
    found = impact.trend_before(impact.att_gt(frame, **ATT, cluster="v"))
    assert found.test is None
    assert found.caveat is not None
    assert "4 clusters are too few to test 4 effects" in found.caveat.en


def test_a_pre_trend_that_lost_its_comparison_is_not_called_a_lack_of_waves() -> None:
    """Three waves before 2017, but the untreated are seen only from 2016 on: no effect before can be had."""
    frame = panel([2017.0] * 4 + [INF] * 4)
    frame = frame[(frame["cohort"] < INF) | (frame["year"] >= 2016)]
    found = impact.trend_before(impact.att_gt(frame, **ATT))
    assert found.test is None
    assert found.caveat is not None
    assert "no effect before treatment can be estimated" in found.caveat.en


def test_fewer_than_two_clusters() -> None:
    frame = panel(MIXED).assign(v=1)
    calls = (
        lambda: impact.att_gt(frame, **ATT, cluster="v"),
        lambda: impact.twfe(frame, **FE, cluster="v"),
        lambda: impact.difference_in_means(frame, outcome="y", treatment="on", cluster="v"),
    )
    for call in calls:
        with pytest.raises(EstimationError, match="'v' has 1 cluster"):
            call()


def test_one_treated_and_one_untreated_cluster() -> None:
    """Residuals sum to zero on either side, so the clustered variance would be exactly zero."""
    frame = panel([2016.0, 2016.0, INF, INF])
    for call in (
        lambda: impact.twfe(frame, **FE, cluster="v"),
        lambda: impact.att_gt(frame, **ATT, cluster="v"),
        lambda: impact.difference_in_means(frame, outcome="y", treatment="group", cluster="v"),
    ):
        with pytest.raises(EstimationError, match="no variation between clusters"):
            call()


def test_few_clusters_are_said() -> None:
    out = impact.twfe(panel(MIXED), **FE, cluster="v")
    assert "4 clusters, intervals by Student" in said(out)
    assert "Only 4 clusters" in said(out)


def test_one_treated_cluster_is_said() -> None:
    frame = panel([2016.0, 2016.0, INF, INF, INF, INF])
    assert "All treated rows lie in one cluster" in said(impact.twfe(frame, **FE, cluster="v"))
    assert "single cluster" in said(impact.att_gt(frame, **ATT, cluster="v").estimate)


def test_treatment_that_switches_off_is_said() -> None:
    frame = panel(MIXED)
    frame.loc[(frame["hh"] == 0) & (frame["year"] == 2017), "on"] = 0
    assert "switches off in 1 of 8 units" in said(impact.twfe(frame, **FE))


def test_missing_outcomes_are_counted() -> None:
    frame = panel(MIXED)
    frame.loc[[0, 9], "y"] = np.nan
    for out in (impact.att_gt(frame, **ATT).estimate, impact.twfe(frame, **FE)):
        assert "2 of 32 rows have no 'y'" in said(out)
    assert "2 of 8 units miss at least one wave" in said(impact.att_gt(frame, **ATT).estimate)


def test_units_seen_once_are_counted() -> None:
    frame = panel(MIXED)
    frame = frame[(frame["hh"] != 7) | (frame["year"] == 2014)]
    out = impact.twfe(frame, **FE)
    assert "1 units seen once are left out" in said(out)
    assert out.n[0] == 28
    # of the eight households one is lost; the four of cohorts 2016 and 2017 switch
    assert out.used == impact.Used(units=7, treated=4, clusters=7, treated_clusters=4)


def test_who_was_used_is_counted_after_exclusions() -> None:
    """Households 0 and 4 lack the outcome in 2016: cohort 2016 has one household left there."""
    frame = panel([2014.0, *MIXED]).assign(v=lambda d: d["hh"] // 3)
    frame.loc[frame["hh"].isin([1, 5]) & (frame["year"] == 2016), "y"] = np.nan
    att = impact.att_gt(frame, **ATT, cluster="v")
    at = (att.estimate.keys == [2016, 2016]).all(axis=1).to_numpy()
    # treated: 2 of 1, 2; never: 6, 7, 8 of 5 to 8; villages 0 and 2
    assert att.count(at) == impact.Used(units=4, treated=1, clusters=2, treated_clusters=1)
    two = frame[frame["year"].isin([2015, 2016])]
    did = impact.did_2x2(two, outcome="y", unit="hh", time="year", treated="group", cluster="v")
    assert did.used == impact.Used(units=9, treated=5, clusters=3, treated_clusters=2)
    fixed = impact.twfe(frame, **FE)
    assert fixed.used.treated == 4
    assert "1 units treated in all their waves serve as comparison" in said(fixed)


def test_missing_covariates_are_not_ignored() -> None:
    frame = panel(MIXED).assign(x=lambda d: d["hh"] % 3 + d["year"] % 2)
    frame.loc[frame["hh"] == 5, "x"] = np.nan
    with_x = impact.att_gt(frame, **ATT, covariates="x", method="reg")
    assert with_x.units.max() == 5
    assert "4 of 32 rows have no 'x'" in said(impact.twfe(frame, **FE, covariates=["x"]))


def test_collinear_covariate_is_named_and_changes_nothing() -> None:
    frame = panel(MIXED).assign(sex=lambda d: d["hh"] % 2, x=lambda d: (d["hh"] * d["year"]) % 5)
    with_sex = impact.twfe(frame, **FE, covariates=["x", "sex"])
    assert "left out" in said(with_sex)
    assert "sex" in said(with_sex)
    assert with_sex.values[0] == pytest.approx(impact.twfe(frame, **FE, covariates="x").values[0], abs=1e-12)


def test_separation_is_reported_not_clipped() -> None:
    frame = panel(MIXED)
    frame["x"] = frame["group"] * 10.0 + frame["hh"] % 2
    with pytest.raises(EstimationError, match="no overlap"):
        impact.att_gt(frame, **ATT, covariates="x", method="ipw")


def test_two_by_two_needs_two_waves_and_a_fixed_group() -> None:
    frame = panel(MIXED)
    roles = {"outcome": "y", "unit": "hh", "time": "year"}
    with pytest.raises(EstimationError, match=r"exactly two waves .*found 4: 2014, 2015, 2016, 2017"):
        impact.did_2x2(frame, **roles, treated="group")
    two = frame[frame["year"].isin([2015, 2016])]
    with pytest.raises(DataError, match="'on' differs between the waves of 2 of 8 units"):
        impact.did_2x2(two, **roles, treated="on")
    with pytest.raises(EstimationError, match="all 4 rows are treated"):
        impact.did_2x2(two[two["cohort"] == 2016], **roles, treated="group")


def test_treatment_must_be_zero_or_one() -> None:
    frame = panel(MIXED).assign(level=lambda d: d["on"] * 2)
    with pytest.raises(EstimationError, match="must be 0 or 1"):
        impact.difference_in_means(frame, outcome="y", treatment="level")
    assert "not 0/1" in said(impact.twfe(frame, **{**FE, "treatment": "level"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "income"}, "no column 'income'"),
        ({"outcome": "word"}, "'word' is .*not numeric"),
        ({"outcome": "endless"}, "1 of 32 values of 'endless' are infinite"),
        ({"outcome": "nothing"}, "no row has all of nothing"),
        ({"weights": "minus"}, "1 of 32 weights in 'minus' are infinite or negative"),
        ({"weights": "nothing"}, "32 of 32 rows have no 'nothing'"),
        ({"cluster": "holes"}, "1 of 32 rows have no 'holes'"),
        ({"unit": "holes"}, "1 of 32 rows have no 'holes'"),
        ({"time": "word"}, "not numbers"),
    ],
)
def test_bad_columns(change: dict[str, str], message: str) -> None:
    frame = panel(MIXED).assign(word="a", endless=1.0, nothing=np.nan, minus=1.0, holes=1.0)
    frame["word"] = frame["year"].map(str)
    frame.loc[3, ["endless", "minus", "holes"]] = [-np.inf, -1.0, np.nan]
    with pytest.raises(DataError, match=message):
        impact.att_gt(frame, **{**ATT, **change})


def test_bad_options() -> None:
    frame = panel(MIXED)
    for change in (
        {"control_group": "always"},
        {"method": "magic"},
        {"base_period": "last"},
        {"anticipation": -1},
    ):
        with pytest.raises(EstimationError, match=next(iter(change))):
            impact.att_gt(frame, **{**ATT, **change})
    with pytest.raises(EstimationError, match="kind must be one of"):
        impact.aggregate(impact.att_gt(frame, **ATT), "group")
    with pytest.raises(EstimationError, match="contradict"):
        impact.twfe(frame, **FE, cluster="v", std_errors="classical")
    with pytest.raises(EstimationError, match="needs cluster="):
        impact.difference_in_means(frame, outcome="y", treatment="on", std_errors="cluster")
    with pytest.raises(EstimationError, match="unit= is needed"):
        impact.twfe(frame, outcome="y", time="year", treatment="on")
    with pytest.raises(DataError, match="DataFrame or a Panel, got list"):
        impact.att_gt([], outcome="y", cohort="cohort")
    with pytest.raises(EstimationError, match="no event time between 5 and 9"):
        impact.event_study(frame, **ATT, min_event=5, max_event=9)
    with pytest.raises(DataError, match="several columns named 'y'"):
        impact.att_gt(pd.concat([frame, frame[["y"]]], axis=1), **ATT)
    with pytest.raises(DataError, match="did you mean 'cohort'"):
        impact.att_gt(frame, **{**ATT, "cohort": "cohrt"})
