"""Replicate weights: by hand, against R's survey package, and against the linearised errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.errors import DesignError, EstimationError
from evalkit.replication import Replicates, replicate_estimate, replicates, supplied_replicates
from measure_cases import DESIGN, LINE, make_frame, make_panel
from test_reference_measures import agree, api, one_stage, school, stratified, two_stage  # noqa: F401


def households(y: list[float], **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"household": range(len(y)), "wave": 1, "income_pc": y, **columns})


def test_the_jackknife_by_hand() -> None:
    """Incomes 2, 4, 9: mean 5; without each: 6.5, 5.5, 3; squares 2.25 + 0.25 + 4 = 6.5, times 2/3."""
    panel = ek.Panel(households([2, 4, 9]), county=None)
    made = replicates(panel, "jk1")
    assert made.weights.tolist() == [[0, 1.5, 1.5], [1.5, 0, 1.5], [1.5, 1.5, 0]]
    found = replicate_estimate(panel, ek.mean, replicates=made)
    assert found.values.tolist() == [5]
    assert found.cov[0, 0] == pytest.approx(6.5 * 2 / 3)
    assert found.df.tolist() == [2]
    assert found.cov[0, 0] == pytest.approx(ek.mean(panel).cov[0, 0])


def test_strata_and_finite_populations_by_hand() -> None:
    """Two strata of two from four: half of each is taken, so the error is halved; 1/2 · (d1² + d2²)/16."""
    frame = households([1, 3, 10, 14], st=[1, 1, 2, 2], size_of=[4, 4, 4, 4])
    panel = ek.Panel(frame, county=None, design=ek.SurveyDesign(strata="st", fpc="size_of"))
    made = replicates(panel, "jkn")
    assert made.rscales.tolist() == [0.25] * 4
    found = replicate_estimate(panel, ek.mean, replicates=made)
    assert found.cov[0, 0] == pytest.approx((2**2 + 4**2) / 16 / 2)


def test_half_samples_by_hand() -> None:
    """Two strata of two: four half-samples of 1 or 3 with 10 or 14, means 5.5, 7.5, 6.5, 8.5 about 7."""
    panel = ek.Panel(
        households([1, 3, 10, 14], st=[1, 1, 2, 2]), county=None, design=ek.SurveyDesign(strata="st")
    )
    made = replicates(panel, "brr")
    assert sorted(set(made.weights.ravel().tolist())) == [0, 2]
    found = replicate_estimate(panel, ek.mean, replicates=made)
    assert found.cov[0, 0] == pytest.approx((1.5**2 + 0.5**2) * 2 / 4)
    assert found.cov[0, 0] == pytest.approx(ek.mean(panel).cov[0, 0])
    fay = replicate_estimate(panel, ek.mean, replicates=replicates(panel, "brr", rho=0.3))
    assert fay.cov[0, 0] == pytest.approx(found.cov[0, 0])


@pytest.mark.parametrize("strata", [1, 2, 3, 4, 7, 8])
def test_half_samples_are_balanced(strata: int) -> None:
    """The error of a total equals the linearised one exactly, whatever the number of strata."""
    rng = np.random.default_rng(strata)
    frame = households(rng.normal(size=2 * strata).tolist(), st=np.repeat(range(strata), 2).tolist())
    frame["population"] = 2.0 + 3 * frame["st"] + 1
    panel = ek.Panel(frame, county=None, design=ek.SurveyDesign(strata="st", fpc="population"))
    linear = ek.total(panel, "income_pc")
    for rho in (0.0, 0.5):
        found = replicate_estimate(
            panel, lambda p: ek.total(p, "income_pc"), replicates=replicates(panel, "brr", rho=rho)
        )
        assert found.cov[0, 0] == pytest.approx(linear.cov[0, 0], rel=1e-12)


def test_the_stratified_jackknife_of_totals_is_the_linearised_error() -> None:
    panel = make_panel()
    made = replicates(panel, "jkn", mse=True)
    found = replicate_estimate(
        panel, lambda p: ek.total(p, "transfer", by=["county", "wave"]), replicates=made
    )
    linear = ek.total(panel, "transfer", by=["county", "wave"])
    np.testing.assert_allclose(found.cov, linear.cov, rtol=1e-9)
    np.testing.assert_array_equal(found.df, linear.df)
    np.testing.assert_array_equal(found.n, linear.n)


@pytest.mark.parametrize("kind", ["jkn", "rao_wu", "preston"])
def test_errors_of_smooth_measures_are_near_the_linearised_ones(kind: str) -> None:
    panel = make_panel().where("wave > 2016")
    made = replicates(panel, kind, draws=80, seed=11)
    for measure in (
        lambda p: ek.headcount(p, LINE, by="county"),
        lambda p: ek.ratio(p, "transfer", "income_pc", by="county"),
        lambda p: ek.growth(p, frm=2017, to=2018, real=False),
    ):
        found, linear = replicate_estimate(panel, measure, replicates=made), measure(panel)
        np.testing.assert_array_equal(found.values, linear.values)
        # the Monte Carlo error of a standard error from 80 draws is 8 %; second-order terms add to it
        np.testing.assert_allclose(found.std_error, linear.std_error, rtol=0.03 if kind == "jkn" else 0.2)


def test_the_bootstrap_of_totals_has_the_expected_variance() -> None:
    """Factors have mean one and the covariance of the formula: no statistic, no Monte Carlo of one sample."""
    frame = make_frame()
    frame["villages"] = 12.0
    panel = make_panel(frame, replace(DESIGN, fpc="villages"))
    linear = ek.total(panel, "income_pc", by="county")
    for kind in ("rao_wu", "preston"):
        made = replicates(panel, kind, draws=6000, seed=5)
        assert made.factors.min() >= 0 or kind == "preston"
        found = replicate_estimate_of_totals(panel, made)
        np.testing.assert_allclose(np.diag(found), np.diag(linear.cov), rtol=0.06)


def replicate_estimate_of_totals(panel: ek.Panel, made: Replicates) -> np.ndarray:
    """Return the covariance of county totals without the detour over a measure."""
    domains = panel.domains("county")
    y = panel.values("welfare") * panel.persons()
    parts = np.array(
        [np.bincount(made.unit, made.base * y * (domains.code == d), len(made.factors)) for d in (0, 1)]
    )
    return made.covariance(parts.sum(axis=1), (parts @ made.factors).T)


def test_two_stages_with_finite_populations() -> None:
    """Preston's bootstrap against the two-stage formula of the design."""
    rng = np.random.default_rng(2)
    village = np.repeat(np.arange(24), 6)
    frame = pd.DataFrame(
        {
            "household": range(144),
            "wave": 1,
            "income_pc": rng.normal(10, 4, 144) + rng.normal(0, 1, 24)[village],
            "village": village,
            "stratum": village // 12,
            "villages": 20.0,
            "households": 15.0,
        }
    )
    design = ek.SurveyDesign(strata="stratum", psu=("village", "household"), fpc=("villages", "households"))
    panel = ek.Panel(frame, county="stratum", design=design)
    made = replicates(panel, "preston", draws=6000, seed=3)
    found = replicate_estimate_of_totals(replace(panel, county="stratum"), made)
    linear = ek.total(panel, "income_pc", by="county").cov
    np.testing.assert_allclose(np.diag(found), np.diag(linear), rtol=0.06)
    one = ek.Panel(frame, county="stratum", design=replace(design, psu="village", fpc="villages"))
    assert np.diag(ek.total(one, "income_pc", by="county").cov)[0] < 0.85 * np.diag(linear)[0]
    with pytest.raises(DesignError, match="kind='preston'"):
        replicates(panel, "jkn")


def test_domains_and_subpopulations_use_the_whole_sample() -> None:
    panel = make_panel()
    made = replicates(panel, "jkn")
    split = replicate_estimate(panel, lambda p: ek.gap(p, LINE, by="county"), replicates=made)
    alone = replicate_estimate(panel.where("county == 'B'"), lambda p: ek.gap(p, LINE), replicates=made)
    np.testing.assert_allclose(split.where(county="B").cov, alone.cov, rtol=1e-12)
    plain = panel.where("county == 'B'")
    np.testing.assert_array_equal(alone.df, ek.gap(plain, LINE).df)
    assert 1 < alone.df[0] < 8
    assert ek.headcount(plain, LINE).df.tolist() == [8]
    again = replicates(panel.where("county == 'B'"), "jkn")
    np.testing.assert_array_equal(again.weights, made.weights)


def test_neither_the_order_of_rows_nor_the_scale_of_weights_matters() -> None:
    frame = make_frame()
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    shuffled["w"] /= 1e6

    def run(rows: pd.DataFrame) -> ek.Estimate:
        panel = make_panel(rows)
        made = replicates(panel, "rao_wu", draws=40, seed=9)
        return replicate_estimate(panel, lambda p: ek.headcount(p, LINE, by="county"), replicates=made)

    one, other = run(frame), run(shuffled)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-9)
    assert other.about.citation.endswith("209-217")
    assert other.about.interval == "kg"


def test_a_value_absent_from_some_replicates_is_counted() -> None:
    frame = make_frame()
    frame["kind"] = np.where(frame["village"] == 4, "rare", "usual")
    panel = make_panel(frame)
    made = replicates(panel, "jkn")
    found = replicate_estimate(panel, lambda p: ek.mean(p, by="kind"), replicates=made)
    assert np.isnan(found.where(kind="rare").std_error[0])
    assert np.isfinite(found.where(kind="rare").values[0])
    assert found.where(kind="usual").std_error[0] > 0
    assert any("at most 1 of 20" in n.en for n in found.about.notes)
    omitted = replicate_estimate(panel, lambda p: ek.mean(p, by="kind"), replicates=made, incomplete="omit")
    assert omitted.where(kind="rare").std_error[0] == pytest.approx(
        0, abs=1e-9
    )  # its other replicates only rescale one village
    assert omitted.where(kind="usual").std_error[0] == pytest.approx(found.where(kind="usual").std_error[0])


def test_a_quantile_gets_limits_from_its_replicates() -> None:
    panel = make_panel()
    made = replicates(panel, "rao_wu", draws=150, seed=1)
    found = replicate_estimate(panel, lambda p: ek.quantile(p, by="county"), replicates=made)
    woodruff = ek.quantile(panel, by="county")
    assert found.bounds is None
    assert found.about.interval == "t"
    np.testing.assert_allclose(found.std_error, woodruff.std_error, rtol=0.35)


def test_weights_that_are_calibrated_are_calibrated_again() -> None:
    panel = make_panel(make_frame().query("wave == 2018").reset_index(drop=True))
    totals = {"county": {"A": 700.0, "B": 900.0}}
    done = ek.calibrate(panel, totals).apply(panel)
    with pytest.raises(DesignError, match="prepare=lambda"):
        replicates(done)
    made = replicates(panel, "jkn", mse=True)
    found = replicate_estimate(
        panel, lambda p: ek.mean(p), replicates=made, prepare=lambda p: ek.calibrate(p, totals).apply(p)
    )
    linear = ek.mean(done)
    assert found.values[0] == pytest.approx(linear.values[0], rel=1e-12)
    assert found.std_error[0] == pytest.approx(linear.std_error[0], rel=0.05)
    fixed = replicate_estimate(
        panel,
        lambda p: ek.total(p, "one", per="household", by="county"),
        replicates=made,
        prepare=lambda p: ek.calibrate(replace(p, frame=p.frame.assign(one=1)), totals).apply(
            replace(p, frame=p.frame.assign(one=1))
        ),
    )
    np.testing.assert_allclose(fixed.values, [700, 900], rtol=1e-9)
    assert fixed.std_error.max() < 1e-6  # a known total has no sampling error


def test_supplied_weights_by_hand() -> None:
    """Replicates 2 and 0, 0 and 2 of incomes 1 and 3: means 1 and 3 about 2, scale 1/2."""
    frame = households([1, 3], w=[5.0, 5.0], r1=[10.0, 0.0], r2=[0.0, 10.0])
    panel = ek.Panel(frame, county=None, design=ek.SurveyDesign(weight="w"))
    made = supplied_replicates(panel, ["r1", "r2"], kind="brr")
    found = replicate_estimate(panel, ek.mean, replicates=made)
    assert found.cov[0, 0] == pytest.approx(1.0)
    assert found.df.tolist() == [1]
    factors = ek.Panel(frame.assign(r1=[2.0, 0], r2=[0, 2.0]), county=None, design=panel.design)
    apart = supplied_replicates(factors, ["r1", "r2"], kind="brr", combined=False)
    assert replicate_estimate(factors, ek.mean, replicates=apart).cov[0, 0] == pytest.approx(1.0)


def test_what_is_refused() -> None:
    panel = make_panel()
    with pytest.raises(EstimationError, match="seed"):
        replicates(panel, "rao_wu")
    with pytest.raises(EstimationError, match="known: jk1"):
        replicates(panel, "jackknife")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="without strata; this one has 4"):
        replicates(panel, "jk1")
    with pytest.raises(DesignError, match="4 of 4 strata have another number \\(first: 5\\)"):
        replicates(panel, "brr")
    with pytest.raises(DesignError, match="whole population"):
        replicates(make_panel(design=replace(DESIGN, census=True)))
    with pytest.raises(DesignError, match="make them from this panel"):
        replicate_estimate(make_panel(make_frame(households=80)), ek.mean, replicates=replicates(panel))
    with pytest.raises(DesignError, match="lacks: r1"):
        supplied_replicates(panel, ["r1", "w"], kind="brr")
    with pytest.raises(DesignError, match="need rscales"):
        supplied_replicates(panel, ["w", "size"], kind="jkn")
    with pytest.raises(DesignError, match="not negative"):
        supplied_replicates(panel, ["w", "size"], kind="jkn", rscales=[1, -1])
    with pytest.raises(DesignError, match="2 of 960 replicate weights"):
        supplied_replicates(
            make_panel(make_frame().assign(r=make_frame()["income_pc"].where(lambda v: v != 0))),
            ["w", "r"],
            kind="brr",
        )
    frame = make_frame()
    lonely = make_panel(frame[(frame["stratum"] > 0) | (frame["village"] == 0)].reset_index(drop=True))
    with pytest.raises(DesignError, match="1 of 4 strata"):
        replicates(lonely)
    kept = replicates(replace(lonely, design=replace(DESIGN, single_psu="certainty")))
    assert len(kept) == 15


@pytest.mark.r
def test_jackknife_rows_of_r(stratified: ek.Panel, one_stage: ek.Panel) -> None:  # noqa: F811
    agree("B08", replicate_estimate(one_stage, ek.mean, replicates=replicates(one_stage, "jk1")))
    agree("B09", replicate_estimate(stratified, ek.mean, replicates=replicates(stratified, "jkn")))


@pytest.mark.r
def test_half_samples_that_come_with_the_data(tmp_path: Path, run_r: Callable[..., None]) -> None:
    """Survey's help page of svrepdesign: survival after cardiac arrest, four half-samples given."""
    code = (
        'library(survey); data(scd, package="survey"); write.csv(scd, commandArgs(TRUE)[1], row.names=FALSE)'
    )
    path = tmp_path / "scd.csv"
    run_r(tmp_path, "-e", code, str(path))
    frame = pd.read_csv(path).assign(wave=1, household=range(6))
    halves = [[1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0]]
    names = [f"half{i}" for i in range(4)]
    frame = frame.assign(**dict(zip(names, 2 * np.array(halves), strict=True)))
    panel = ek.Panel(frame, county=None, welfare="alive")
    made = supplied_replicates(panel, names, kind="brr", combined=False)
    agree("B10", replicate_estimate(panel, lambda p: ek.ratio(p, "alive", "arrests"), replicates=made))
