"""Small areas: the Fay–Herriot model by hand, against R's metafor, an independent maximum, and simulated truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

import evalkit as ek
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._shrinkage import fit_areas, mean_squared_errors, reml_variance
from evalkit.measures.small_area import AreaTotal, fay_herriot
from measure_cases import make_frame, make_panel

HERE = Path(__file__).parent / "reference"
TOWNSHIPS = pd.read_csv(HERE / "fay_herriot.csv", comment="#")
R = pd.read_csv(HERE / "fay_herriot_R.csv", comment="#").set_index("name")["value"]
SAMPLED = TOWNSHIPS.dropna()


def figures(
    area: list[str], value: list[float], variance: list[float], n: float = 50.0, df: float = 30.0
) -> Estimate:
    k = len(area)
    about = About("mean income", unit="currency")
    keys = pd.DataFrame({"area": area})
    return Estimate(keys, np.array(value), np.diag(variance), np.full(k, df), np.full(k, n), about)


DIRECT = figures(list(SAMPLED["area"]), list(SAMPLED["direct"]), list(SAMPLED["variance"]))
COVARIATES = ["land", "road"]


def test_by_hand() -> None:
    """Figures 1, 3, 5 with variance 1, an intercept: s² = 4 = σ² + 1, so σ² = 3 and γ = 3/4.

    Predictions 3 ± 0.75 · 2; g1 = 3/4; Var β = 4/3 so g2 = (1/4)² · 4/3 = 1/12; g3 = 1/4³ · 2/(3/16) = 1/6.
    """
    x = np.ones((3, 1))
    fit = fit_areas(np.array([1.0, 3.0, 5.0]), np.ones(3), x, ("intercept",))
    assert fit.sigma2 == pytest.approx(3)
    mse = mean_squared_errors(fit, x, np.arange(3))
    assert np.diag(mse) == pytest.approx([3 / 4 + 1 / 12 + 2 / 6] * 3)
    assert mse[0, 1] == pytest.approx(1 / 12)
    assert mean_squared_errors(fit, x)[0, 0] == pytest.approx(3 + 4 / 3)


def test_variance_and_coefficients_of_r() -> None:
    found = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES)
    assert found.sigma2_u == pytest.approx(R["sigma2"], rel=1e-9)
    assert found.beta.keys["term"].tolist() == ["intercept", "land", "road"]
    assert found.beta.values == pytest.approx(R[["intercept", "land", "road"]].to_numpy(), rel=1e-9)
    cov = found.beta.cov
    assert [cov[0, 0], cov[1, 1]] == pytest.approx([R["var_intercept"], R["var_land"]], rel=1e-9)
    assert cov[1, 2] == pytest.approx(R["cov_land_road"], rel=1e-9)
    areas = list(SAMPLED["area"])
    predicted = found.estimate.where(area=areas)
    assert predicted.values == pytest.approx(R[[f"blup_{a}" for a in areas]].to_numpy(), rel=1e-9)
    # metafor's error is √(g1 + g2); ours adds twice g3, that of the estimated variance
    psi, sigma2 = SAMPLED["variance"].to_numpy(), float(R["sigma2"])
    third = psi**2 / (sigma2 + psi) ** 3 * 2 / ((sigma2 + psi) ** -2).sum()
    known = R[[f"se_{a}" for a in areas]].to_numpy() ** 2
    assert np.diag(predicted.cov) == pytest.approx(known + 2 * third, rel=1e-9)


@pytest.mark.r
def test_an_installed_metafor_gives_the_committed_answers(tmp_path: Path, run_r: Callable[..., None]) -> None:
    for name in ("fay_herriot.R", "fay_herriot.csv"):
        shutil.copy(HERE / name, tmp_path)
    run_r(tmp_path, "fay_herriot.R")
    again = pd.read_csv(tmp_path / "fay_herriot_R.csv", comment="#").set_index("name")["value"]
    np.testing.assert_allclose(again, R, rtol=1e-8)


def restricted(sigma2: float, y: np.ndarray, psi: np.ndarray, x: np.ndarray) -> float:
    """Return minus the restricted log-likelihood, up to a constant, with whole matrices."""
    v = np.diag(sigma2 + psi)
    inverse = np.linalg.inv(v)
    inner = x.T @ inverse @ x
    rest = y - x @ np.linalg.solve(inner, x.T @ inverse @ y)
    return float(np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1] + rest @ inverse @ rest) / 2


@pytest.mark.parametrize("seed", range(6))
def test_the_variance_maximises_the_restricted_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 15 + 10 * seed
    x = np.column_stack([np.ones(m), rng.normal(size=(m, 2))])
    psi = rng.uniform(0.2, 3.0, m)
    y = x @ [1.0, 2.0, -1.0] + rng.normal(0, np.sqrt(0.5 * seed), m) + rng.normal(0, np.sqrt(psi))
    best = optimize.minimize_scalar(
        restricted, (0, 40), bounds=(0, 40), args=(y, psi, x), method="bounded", options={"xatol": 1e-10}
    )
    assert reml_variance(y, psi, x) == pytest.approx(best.x, rel=1e-4, abs=1e-5)


def test_no_variance_between_areas_leaves_the_model_alone() -> None:
    rng = np.random.default_rng(1)
    areas = [f"a{i}" for i in range(30)]
    table = pd.DataFrame({"area": areas, "x": rng.normal(size=30)})
    value = 5 + table["x"] + 0.2 * rng.normal(size=30)
    found = fay_herriot(figures(areas, list(value), [1.0] * 30), table, covariates=["x"])
    assert found.sigma2_u == 0
    assert (found.gamma == 0).all()
    np.testing.assert_allclose(found.estimate.values, found.synthetic)
    assert any("no variance between areas" in n.en for n in found.estimate.about.notes)


def test_areas_without_a_sample_get_the_synthetic_figure() -> None:
    found = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES)
    absent = TOWNSHIPS["direct"].isna().to_numpy()
    assert absent.sum() == 3
    assert (found.gamma[absent] == 0).all()
    assert (found.estimate.n[absent] == 0).all()
    np.testing.assert_array_equal(found.estimate.values[absent], found.synthetic[absent])
    x = np.column_stack([np.ones(3), TOWNSHIPS.loc[absent, COVARIATES]])
    expected = found.sigma2_u + np.einsum("ij,jk,ik->i", x, found.beta.cov, x)
    np.testing.assert_allclose(np.diag(found.estimate.cov)[absent], expected)
    assert found.estimate.std_error[absent].min() > found.estimate.std_error[~absent].max()


@pytest.mark.slow
def test_mean_squared_errors_and_limits_on_simulated_areas() -> None:
    """500 samples of 30 areas: the estimated errors average the true ones, and 95 % limits hold what they say."""
    rng = np.random.default_rng(8)
    m, samples, sigma2 = 30, 500, 0.6
    areas = [f"a{i:02d}" for i in range(m)]
    table = pd.DataFrame({"area": areas, "x": np.linspace(-1, 1, m)})
    psi = np.tile([0.2, 0.5, 1.0, 1.5, 2.0], 6)
    missed = np.zeros((samples, m))
    claimed, inside, direct = np.zeros((samples, m)), np.zeros((samples, m)), np.zeros((samples, m))
    for s in range(samples):
        truth = 10 + 2 * table["x"].to_numpy() + rng.normal(0, np.sqrt(sigma2), m)
        y = truth + rng.normal(0, np.sqrt(psi))
        found = fay_herriot(
            figures(areas[:25], list(y[:25]), list(psi[:25])), table, covariates=["x"]
        ).estimate
        limits = found.confint()
        missed[s], claimed[s] = (found.values - truth) ** 2, np.diag(found.cov)
        inside[s] = (limits.low <= truth) & (truth <= limits.high)
        direct[s] = (y - truth) ** 2
    in_sample, out = missed[:, :25], missed[:, 25:]
    assert claimed[:, :25].mean() == pytest.approx(in_sample.mean(), rel=0.05)
    assert claimed[:, 25:].mean() == pytest.approx(out.mean(), rel=0.1)
    assert in_sample.mean() < 0.6 * direct[:, :25].mean()
    assert 0.94 < inside[:, :25].mean() < 0.98
    assert 0.94 < inside[:, 25:].mean() < 0.99  # the limits know how little 25 areas say of their variance


def test_areas_add_up_to_a_known_total() -> None:
    share = TOWNSHIPS["population"].to_numpy() / TOWNSHIPS["population"].sum()
    plain = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES).estimate
    for kind in ("ratio", "difference"):
        total = AreaTotal(5.0, "population", kind)
        found = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES, total=total).estimate
        assert share @ found.values == pytest.approx(5.0, rel=1e-12)
        moved = found.values / plain.values if kind == "ratio" else found.values - plain.values
        np.testing.assert_allclose(moved, moved[0])
        assert any("benchmarked" in n.en for n in found.about.notes)


def test_imprecise_figures_are_withheld() -> None:
    direct = figures(["a", "b", "c", "d"], [10, 2, 0, 5], [1.0, 1.0, 1.0, 0.0])
    found = ek.direct_areas(direct, cv_limit=0.3)
    assert found.suppressed.tolist() == [False, True, True, True]  # an error of zero is no precision
    table = found.tidy()
    assert table["estimate"].isna().tolist() == [False, True, True, True]
    assert table["conf_low"].isna().tolist() == [False, True, True, True]
    assert table["cv"][1] == 0.5
    assert any("3 of 4 areas are withheld" in n.en for n in found.estimate.about.notes)
    model = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES, cv_limit=0.05)
    shown = model.tidy()
    assert shown["suppressed"].sum() == (model.cv > 0.05).sum() > 0
    assert (
        shown.loc[shown["suppressed"], ["estimate", "direct", "synthetic", "conf_high"]].isna().all(axis=None)
    )
    assert shown.loc[~shown["suppressed"], "estimate"].notna().all()


def test_a_direct_figure_of_a_single_village_is_withheld() -> None:
    frame = make_frame()
    frame["area"] = np.where(frame["village"] == 4, "lone", np.where(frame["village"] < 10, "near", "far"))
    found = ek.direct_areas(ek.mean(make_panel(frame), by="area"))
    assert dict(zip(found.estimate.keys["area"], found.suppressed, strict=True)) == {
        "far": False,
        "lone": True,
        "near": False,
    }


def test_neither_row_order_nor_the_unit_of_money_matters() -> None:
    one = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES)
    order = np.random.default_rng(0).permutation(len(DIRECT))
    again = fay_herriot(
        DIRECT.take(order), TOWNSHIPS.sample(frac=1, random_state=1), covariates=COVARIATES[::-1]
    )
    pd.testing.assert_frame_equal(one.estimate.keys, again.estimate.keys)
    np.testing.assert_allclose(again.estimate.values, one.estimate.values, rtol=1e-9)
    np.testing.assert_allclose(again.estimate.cov, one.estimate.cov, rtol=1e-9)
    yuan = figures(list(SAMPLED["area"]), list(SAMPLED["direct"] * 1e3), list(SAMPLED["variance"] * 1e6))
    larger = fay_herriot(yuan, TOWNSHIPS.assign(land=TOWNSHIPS["land"] * 1e4), covariates=COVARIATES)
    np.testing.assert_allclose(larger.estimate.values, 1e3 * one.estimate.values, rtol=1e-9)
    np.testing.assert_allclose(larger.estimate.std_error, 1e3 * one.estimate.std_error, rtol=1e-9)


def test_logarithms_and_back() -> None:
    """E exp T of a normal T, its variance, and limits that are those of the logarithm."""
    found = fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES, scale="log")
    logs = figures(
        list(SAMPLED["area"]),
        list(np.log(SAMPLED["direct"])),
        list(SAMPLED["variance"] / SAMPLED["direct"] ** 2),
    )
    inner = fay_herriot(logs, TOWNSHIPS, covariates=COVARIATES).estimate
    s2 = inner.std_error**2
    np.testing.assert_allclose(found.estimate.values, np.exp(inner.values + s2 / 2))
    np.testing.assert_allclose(found.estimate.std_error**2, np.expm1(s2) * np.exp(2 * inner.values + s2))
    limits, raw = found.estimate.confint(), inner.confint()
    np.testing.assert_allclose(limits.low, np.exp(raw.low))
    np.testing.assert_allclose(limits.high, np.exp(raw.high))
    with pytest.raises(EstimationError, match="1 of 23 areas have a value of zero or less"):
        fay_herriot(
            figures(list(SAMPLED["area"]), [0.0, *SAMPLED["direct"][1:]], list(SAMPLED["variance"])),
            TOWNSHIPS,
            covariates=COVARIATES,
            scale="log",
        )


def test_shares_stay_between_zero_and_one() -> None:
    """Areas without a case take part; value and error are the moments of sin² of a normal, by simulation."""
    rng = np.random.default_rng(4)
    m, n = 40, 60
    areas = [f"a{i:02d}" for i in range(m)]
    table = pd.DataFrame({"area": areas, "x": rng.normal(size=m)})
    truth = np.sin(np.clip(0.18 + 0.06 * table["x"].to_numpy() + rng.normal(0, 0.03, m), 0, 1.5)) ** 2
    share = rng.binomial(n, truth) / n
    assert (share == 0).sum() > 2
    variance = share * (1 - share) / n
    found = fay_herriot(
        figures(areas, list(share), list(variance), n), table, covariates=["x"], scale="arcsine"
    )
    assert (found.gamma > 0).all()
    limits = found.estimate.confint()
    assert (limits.low >= 0).all()
    assert (limits.high <= 1).all()
    assert ((found.estimate.values > 0) & (found.estimate.values < 0.5)).all()
    assert np.mean((found.estimate.values - truth) ** 2) < 0.6 * np.mean((share - truth) ** 2)
    wave = found.estimate.take([0])
    scale = np.arcsin(np.sqrt(limits.high[0])), np.arcsin(np.sqrt(limits.low[0]))
    if limits.low[0] > 0:
        centre, half = sum(scale) / 2, (scale[0] - scale[1]) / 2
        from scipy import stats

        draws = np.sin(rng.normal(centre, half / stats.t.ppf(0.975, found.estimate.df[0]), 400_000)) ** 2
        assert wave.values[0] == pytest.approx(draws.mean(), rel=0.01)
        assert wave.std_error[0] == pytest.approx(draws.std(), rel=0.01)
    with pytest.raises(EstimationError, match="between 0 and 1"):
        fay_herriot(DIRECT, TOWNSHIPS, covariates=COVARIATES, scale="arcsine")


def test_smoothed_variances_keep_their_mean_and_follow_n() -> None:
    n = SAMPLED["n"].to_numpy(dtype=float)
    exact = 4 / n  # a variance that is inversely proportional to n is its own regression
    keys = DIRECT.keys
    direct = Estimate(keys, DIRECT.values, np.diag(exact), DIRECT.df, n, DIRECT.about)
    given = fay_herriot(direct, TOWNSHIPS, covariates=COVARIATES)
    smooth = fay_herriot(direct, TOWNSHIPS, covariates=COVARIATES, variances="smoothed")
    assert smooth.sigma2_u == pytest.approx(given.sigma2_u, rel=1e-9)
    noisy = Estimate(
        keys, DIRECT.values, np.diag(exact * np.tile([0.0, 2.0], 12)[:23]), DIRECT.df, n, DIRECT.about
    )
    both = fay_herriot(noisy, TOWNSHIPS, covariates=COVARIATES, variances="smoothed")
    assert (both.gamma > 0).sum() == 23
    assert any("smoothed" in t.en for t in both.estimate.about.notes)
    unsmoothed = fay_herriot(noisy, TOWNSHIPS, covariates=COVARIATES)
    assert any("fitted to 11 areas" in t.en for t in unsmoothed.estimate.about.notes)


def test_what_is_refused() -> None:
    with pytest.raises(DataError, match="lacks river"):
        fay_herriot(DIRECT, TOWNSHIPS, covariates=["river"])
    with pytest.raises(DataError, match="1 of 23 areas are not in the auxiliary table \\(first: T00\\)"):
        fay_herriot(DIRECT, TOWNSHIPS.iloc[1:], covariates=COVARIATES)
    with pytest.raises(DataError, match="2 rows of the auxiliary table share their area"):
        fay_herriot(DIRECT, pd.concat([TOWNSHIPS, TOWNSHIPS.head(1)]), covariates=COVARIATES)
    with pytest.raises(EstimationError, match="collinear"):
        fay_herriot(DIRECT, TOWNSHIPS.assign(twice=2 * TOWNSHIPS["land"]), covariates=["land", "twice"])
    with pytest.raises(EstimationError, match=r"needs at least 5 areas .* here are 4"):
        fay_herriot(DIRECT.take(range(4)), TOWNSHIPS, covariates=COVARIATES)
    with pytest.raises(EstimationError, match="must be positive, got 0"):
        ek.direct_areas(DIRECT, cv_limit=0)
    whole = Estimate(pd.DataFrame(index=[0]), np.ones(1), np.eye(1), np.ones(1), np.ones(1), About("mean"))
    with pytest.raises(DataError, match="by="):
        fay_herriot(whole, TOWNSHIPS, covariates=COVARIATES)


def test_districts_of_a_real_sample(shared_data: Path) -> None:
    """70 districts with 14 to 200 households; a register covariate known for each, three districts left out."""
    frame = pd.read_csv(shared_data / "small_area" / "eusilcA_smp.csv").assign(wave=2006)
    frame["household"] = range(len(frame))
    panel = ek.Panel(
        frame,
        county="district",
        welfare="eqIncome",
        design=ek.SurveyDesign(weight="weight", strata="district"),
    )
    direct = ek.mean(panel, by="county")
    known = frame.groupby("district")[["cash", "self_empl"]].mean().reset_index(names="county")
    left = direct.take([i for i in range(len(direct)) if i not in (3, 30, 60)])
    found = fay_herriot(left, known, covariates=["cash", "self_empl"])
    assert len(found.estimate) == 70
    assert len(left) == 67
    inside = found.gamma > 0
    assert found.estimate.std_error[inside].mean() < 0.9 * left.std_error.mean()
    assert found.estimate.cov[3, 3] > found.sigma2_u
    limits = found.estimate.confint()
    for i in (3, 30, 60):
        assert limits.low[i] < direct.values[i] < limits.high[i]
    assert found.diagnostics.set_index("check").loc["brown", "p_value"] > 0.05
