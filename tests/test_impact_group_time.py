"""Group-time effects against R `did` 2.5.1 (analytic errors), tolerance 1e-7, and DRDID 1.2.3 on the LaLonde data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit import impact

ROLES = {"outcome": "lemp", "unit": "countyreal", "time": "year", "cohort": "first.treat"}
TOLERANCE = {"rtol": 0.0, "atol": 1e-7}
# R's names of the averages
KINDS = {"simple": "simple", "dynamic": "event", "group": "cohort", "calendar": "calendar"}
SCENARIOS: dict[str, dict[str, Any]] = {
    "mpdta_nev_dr": {},
    "mpdta_nyt_dr": {"control_group": "not_yet"},
    "mpdta_nev_reg_cov": {"covariates": ["lpop"], "method": "reg"},
    "mpdta_nev_ipw": {"method": "ipw"},
}
# simple, event, cohort, calendar: ATT (SE)
OVERALL: dict[tuple[str, str], list[tuple[float, float]]] = {
    ("never", "dr"): [
        (-0.0417517721, 0.0115028382),
        (-0.0803539498, 0.0189575572),
        (-0.0328195972, 0.0118981787),
        (-0.0441773578, 0.0150381751),
    ],
    ("never", "reg"): [
        (-0.0419686124, 0.0114448298),
        (-0.0807817453, 0.0187458547),
        (-0.0329292402, 0.0118603088),
        (-0.0445323314, 0.0148850278),
    ],
    ("never", "ipw"): [
        (-0.0417770822, 0.0114997194),
        (-0.0803768866, 0.0189542504),
        (-0.0328753687, 0.0118932002),
        (-0.0441701010, 0.0150352236),
    ],
    ("not_yet", "dr"): [
        (-0.0413516293, 0.0114278391),
        (-0.0799926210, 0.0184940021),
        (-0.0322640388, 0.0119834126),
        (-0.0456646329, 0.0146982568),
    ],
    ("not_yet", "reg"): [
        (-0.0413747698, 0.0113771614),
        (-0.0802485482, 0.0183190469),
        (-0.0322522727, 0.0119332406),
        (-0.0456773706, 0.0146082808),
    ],
    ("not_yet", "ipw"): [
        (-0.0413894098, 0.0114192902),
        (-0.0800160429, 0.0184897004),
        (-0.0323307179, 0.0119762957),
        (-0.0456656794, 0.0146961077),
    ],
}
FOUR = ("simple", "event", "cohort", "calendar")


@pytest.fixture(scope="module")
def mpdta(shared_data: Path) -> pd.DataFrame:
    """500 counties × 2003-07, with a weight `w` and the state `st`."""
    return pd.read_csv(shared_data / "did" / "mpdta_w.csv")


@pytest.fixture(scope="module")
def plain(mpdta: pd.DataFrame) -> impact.GroupTime:
    return impact.att_gt(mpdta, **ROLES)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_group_time_effect(mpdta: pd.DataFrame, shared_data: Path, scenario: str) -> None:
    rows = pd.read_csv(shared_data / "did" / "mpdta_R_did_attgt.csv").query("scenario == @scenario")
    out = impact.att_gt(mpdta, **ROLES, **SCENARIOS[scenario]).tidy()
    both = rows.merge(out, left_on=["group", "t"], right_on=["cohort", "time"], how="outer")
    assert len(both) == len(rows) == 12
    np.testing.assert_allclose(both["estimate"], both["att"], **TOLERANCE)
    np.testing.assert_allclose(both["std_error"], both["se"], **TOLERANCE)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_average(mpdta: pd.DataFrame, shared_data: Path, scenario: str) -> None:
    rows = pd.read_csv(shared_data / "did" / "mpdta_R_did_aggte.csv").query("scenario == @scenario")
    att = impact.att_gt(mpdta, **ROLES, **SCENARIOS[scenario])
    assert set(rows["type"]) == set(KINDS)
    for name, part in rows.groupby("type"):
        whole = impact.overall(att, KINDS[str(name)])
        np.testing.assert_allclose(whole.values[0], part["overall_att"], **TOLERANCE)
        np.testing.assert_allclose(whole.std_error[0], part["overall_se"], **TOLERANCE)
        if name == "simple":
            continue
        out = impact.aggregate(att, KINDS[str(name)])
        np.testing.assert_array_equal(out.keys.iloc[:, 0], part["egt"])
        np.testing.assert_allclose(out.values, part["att_egt"], **TOLERANCE)
        np.testing.assert_allclose(out.std_error, part["se_egt"], **TOLERANCE)


@pytest.mark.parametrize("control_group", ["never", "not_yet"])
@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
def test_averages_given_population(mpdta: pd.DataFrame, control_group: str, method: str) -> None:
    att = impact.att_gt(mpdta, **ROLES, covariates="lpop", method=method, control_group=control_group)
    got = [(e.values[0], e.std_error[0]) for e in (impact.overall(att, kind) for kind in FOUR)]
    np.testing.assert_allclose(got, OVERALL[control_group, method], **TOLERANCE)


@pytest.mark.parametrize(
    ("options", "value", "se", "digits"),
    [
        ({"anticipation": 1}, -0.0452055407, 0.0166831313, 1e-7),
        ({"weights": "w", "covariates": "lpop"}, -0.0338183299, 0.0118830452, 1e-7),
        ({"cluster": "st"}, -0.0399512752, 0.01515946, 1e-8),
    ],
)
def test_simple_average_with_options(
    mpdta: pd.DataFrame, options: dict[str, Any], value: float, se: float, digits: float
) -> None:
    out = impact.aggregate(impact.att_gt(mpdta, **ROLES, **options), "simple")
    np.testing.assert_allclose([out.values[0], out.std_error[0]], [value, se], rtol=0, atol=digits)


def test_clusters_that_carry_little_do_not_count_as_degrees_of_freedom(mpdta: pd.DataFrame) -> None:
    att = impact.att_gt(mpdta, **ROLES, cluster="st")
    out = impact.aggregate(att, "event")
    assert out.clusters is not None
    z = att.influence[:, 0]
    by_hand = 3 * (z**2).sum() ** 2 / (z**4).sum() - 2
    assert att.estimate.df[0] == pytest.approx(min(max(by_hand, 1.0), 28.0), rel=1e-12)
    assert (out.df <= 28).all()
    assert (out.df >= 1).all()
    assert (out.df < 28).any()
    assert set(out.clusters) == {29.0}
    said = [n.en for n in out.about.notes]
    assert any("29 clusters" in s for s in said)
    # the only state of cohort 2004 is Illinois
    assert any("single cluster" in s and "2004" in s for s in said)


def test_universal_base_period(mpdta: pd.DataFrame) -> None:
    out = impact.event_study(mpdta, **ROLES, base_period="universal")
    expected = [0.00330636, 0.02502183, 0.02445874, 0, -0.01993182, -0.05095737, -0.13725874, -0.10081136]
    assert out.keys["event_time"].tolist() == list(range(-4, 4))
    np.testing.assert_allclose(out.values, expected, rtol=0, atol=6e-9)
    assert out.std_error[3] == 0


def test_pre_trend_wald(plain: impact.GroupTime) -> None:
    test = impact.pre_trend(plain)
    assert round(test.p_value, 5) == 0.16812
    assert test.rank == 5


def test_pre_trend_does_not_depend_on_the_base_period(mpdta: pd.DataFrame, plain: impact.GroupTime) -> None:
    universal = impact.att_gt(mpdta, **ROLES, base_period="universal")
    assert impact.pre_trend(universal).statistic == pytest.approx(impact.pre_trend(plain).statistic, rel=1e-9)


def test_event_study_has_full_covariance_and_says_the_pre_trend(mpdta: pd.DataFrame) -> None:
    out = impact.event_study(mpdta, **ROLES, min_event=-2, max_event=2)
    assert out.keys["event_time"].tolist() == [-2, -1, 0, 1, 2]
    assert np.isfinite(out.cov).all()
    assert np.abs(out.cov[0, 1]) > 0
    before = out.where(event_time=[-2, -1]).wald()
    said = [n.en for n in out.about.notes]
    assert any(f"p = {before.p_value:.3f}" in s and "2 effects" in s for s in said)


def test_averages_count_distinct_treated_units(mpdta: pd.DataFrame, plain: impact.GroupTime) -> None:
    size = mpdta.drop_duplicates("countyreal")["first.treat"].value_counts()
    event = impact.aggregate(plain, "event")
    # event time 3 is reached by cohort 2004 alone, event time 0 by all three, event time -3 by cohort 2007
    assert event.where(event_time=3).n[0] == size[2004] == 20
    assert event.where(event_time=0).n[0] == size.drop(0).sum() == 191
    assert event.where(event_time=-3).n[0] == size[2007]
    assert impact.aggregate(plain, "simple").n[0] == 191
    assert plain.count(plain.after) == impact.Used(units=500, treated=191)


def test_the_trend_before_is_tested_by_event_time(mpdta: pd.DataFrame, plain: impact.GroupTime) -> None:
    found = impact.trend_before(plain)
    event = impact.aggregate(plain, "event")
    assert found.test is not None
    assert found.test.p_value == event.where(event_time=[-3, -2, -1]).wald().p_value
    assert found.caveat is None
    states = impact.trend_before(impact.att_gt(mpdta, **ROLES, cluster="st"))
    assert states.test is not None
    assert states.caveat is not None
    assert "29 clusters (fewer than 40)" in states.caveat.en
    assert "reject too often" in states.caveat.en


def test_average_equals_the_contrast_of_its_parts(plain: impact.GroupTime) -> None:
    """The event average is a plain mean of event effects, so a contrast must give value and error."""
    event = impact.aggregate(plain, "event")
    at = (event.keys["event_time"] >= 0).to_numpy()
    mean = event.contrast(at / at.sum())
    whole = impact.overall(plain, "event")
    assert mean.values[0] == pytest.approx(whole.values[0], abs=1e-14)
    assert mean.std_error[0] == pytest.approx(whole.std_error[0], abs=1e-14)


def test_unbalanced_panel_dropped_to_balanced(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "did" / "mpdta_unb.csv")
    waves = frame.groupby("countyreal")["year"].transform("size")
    att = impact.att_gt(frame[waves == 5], **ROLES, covariates="lpop")
    out = impact.overall(att)
    np.testing.assert_allclose(
        [out.values[0], out.std_error[0]], [-0.03698003, 0.01253343], rtol=0, atol=6e-9
    )


def test_unbalanced_panel_says_who_is_left_out(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "did" / "mpdta_unb.csv")
    missing = 500 - int((frame.groupby("countyreal").size() == 5).sum())
    att = impact.att_gt(frame, **ROLES)
    assert any(f"{missing} of 500 units" in n.en for n in att.estimate.about.notes)
    keys = att.estimate.keys
    cell = ((keys["cohort"] == 2004) & (keys["time"] == 2004)).to_numpy()
    seen = frame[frame["year"].isin([2003, 2004]) & frame["first.treat"].isin([0, 2004])]
    twice = seen.groupby("countyreal")["first.treat"].agg(["size", "first"]).query("size == 2")["first"]
    assert att.units[cell].tolist() == [len(twice)]
    assert att.treated[cell].tolist() == [int((twice == 2004).sum())]
    assert att.estimate.n[cell].tolist() == att.treated[cell].tolist()


@pytest.mark.parametrize(
    ("method", "value", "se"),
    [("dr", -871.3271, 396.0211), ("reg", -1300.645, 349.8259), ("ipw", -1021.609, 397.5201)],
)
def test_lalonde_with_weak_overlap(shared_data: Path, method: str, value: float, se: float) -> None:
    """Sant'Anna & Zhao (2020): experimental controls against CPS; clipping the score would change the figures."""
    frame = pd.read_csv(shared_data / "did" / "lalonde_did.csv.gz")
    frame["cohort"] = np.where(frame["experimental"] == 1, 1978, np.inf)
    covariates = ["age", "educ", "black", "married", "nodegree", "hisp", "re74"]
    att = impact.att_gt(
        frame, outcome="re", unit="id", time="year", cohort="cohort", covariates=covariates, method=method
    )
    got = [att.estimate.values[0], att.estimate.std_error[0]]
    np.testing.assert_allclose(got, [value, se], rtol=1e-6)
