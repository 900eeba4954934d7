"""Rubin's rules: by hand and against R's mice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import Rule
from evalkit.pooling import barnard_rubin, missing_information, pool

HERE = Path(__file__).parent / "reference"
R = pd.read_csv(HERE / "pooling_R.csv", comment="#")


def one(values, cov, df=np.inf, rule: Rule = "t", **more) -> Estimate:
    k = len(values)
    keys = pd.DataFrame({"wave": range(k)})
    about = About("mean", interval=rule)
    return Estimate(keys, np.array(values), np.array(cov), np.full(k, df), np.full(k, 50.0), about, **more)


def test_by_hand():
    """Values 4, 5, 6 with variance 2 each: W = 2, B = 1, T = 2 + 4/3 = 10/3; λ = 0.4; df = 2 / 0.16 = 12.5.

    With 10 complete-data degrees of freedom: 11/13 × 10 × 0.6 = 5.0769, and 12.5 × 5.0769 / 17.5769 = 3.6105.
    """
    three = [one([v], [[2.0]]) for v in (4.0, 5.0, 6.0)]
    found = pool(three)
    assert found.values == pytest.approx([5])
    assert found.cov == pytest.approx(np.array([[10 / 3]]))
    assert found.df == pytest.approx([12.5])
    assert pool([one([v], [[2.0]], 10.0) for v in (4.0, 5.0, 6.0)]).df == pytest.approx([3.6105], rel=1e-4)
    info = missing_information(three).iloc[0]
    assert (info["within"], info["between"]) == pytest.approx((2, 1))
    assert (info["riv"], info["lam"]) == pytest.approx((2 / 3, 0.4))
    assert info["fmi"] == pytest.approx((2 / 3 + 2 / 15.5) / (5 / 3))
    assert "3 completed data sets" in found.about.notes[-1].en
    assert "47.7%" in found.about.notes[-1].en


def test_the_covariance_is_joint():
    """Two values that move together between imputations: B is 1 on and off the diagonal."""
    found = pool([one([v, v + 7], [[2.0, 0.5], [0.5, 2.0]]) for v in (4.0, 5.0, 6.0)])
    assert found.cov == pytest.approx(np.array([[10 / 3, 0.5 + 4 / 3], [0.5 + 4 / 3, 10 / 3]]))
    change = found.difference("wave", 0, 1)
    assert change.values == pytest.approx([7])
    assert change.cov == pytest.approx(np.array([[3.0]]))


def test_nothing_imputed_changes_nothing():
    same = one([0.1, 0.7], [[2.0, 0.5], [0.5, 3.0]], 9.0)
    found = pool([same] * 20)
    assert found.values == pytest.approx(same.values)
    assert found.cov == pytest.approx(same.cov, rel=1e-14)
    assert found.df.tolist() == [9, 9]
    assert missing_information([same] * 20)["fmi"].tolist() == [0, 0]


def test_a_census_gets_limits_from_imputation_only():
    found = pool([one([v, 1.0], np.zeros((2, 2)), rule="none") for v in (4.0, 5.0, 6.0)])
    assert found.about.interval == "t"
    assert found.df[0] == pytest.approx(2)
    assert found.std_error == pytest.approx([np.sqrt(4 / 3), 0])
    assert missing_information([one([v], [[0.0]]) for v in (4.0, 5.0)])["fmi"].tolist() == [1.0]


def test_stored_limits_become_t_limits():
    stored = [one([v], [[1.0]], 5.0, rule="fixed", bounds=np.array([[v - 1, v + 9]])) for v in (1.0, 2.0)]
    found = pool(stored)
    assert found.bounds is None
    assert found.tidy()["conf_low"].notna().all()


def test_blank_values_stay_blank():
    found = pool([one([np.nan, v], [[np.nan, np.nan], [np.nan, 1.0]]) for v in (1.0, 2.0, 4.0)])
    assert np.isnan(found.values[0])
    assert np.isfinite(found.std_error[1])


def test_refusals():
    with pytest.raises(EstimationError, match="at least two completed data sets, got 1"):
        pool([one([1.0], [[1.0]])])
    other = Estimate(pd.DataFrame({"wave": [1]}), np.ones(1), np.eye(1), np.ones(1), np.ones(1), About("gap"))
    with pytest.raises(EstimationError, match="mean and gap"):
        pool([one([1.0], [[1.0]]), other])
    with pytest.raises(EstimationError, match="imputation 2 gives 2 values with other keys"):
        pool([one([1.0], [[1.0]]), one([1.0, 2.0], np.eye(2))])


def test_pooled_scalars_of_r_mice():
    """mice::pool.scalar on ten estimates, with and without complete-data degrees of freedom."""
    for _, row in R.iterrows():
        q = [float(v) for v in row["estimates"].split()]
        u = [float(v) for v in row["variances"].split()]
        df = np.inf if row["dfcom"] > 1e8 else float(row["dfcom"])
        each = [one([a], [[b]], df) for a, b in zip(q, u, strict=True)]
        found, info = pool(each), missing_information(each).iloc[0]
        assert found.values[0] == pytest.approx(row["qbar"], rel=1e-12)
        assert found.cov[0, 0] == pytest.approx(row["t"], rel=1e-12)
        assert info["riv"] == pytest.approx(row["r"], rel=1e-12)
        assert found.df[0] == pytest.approx(row["df"], rel=1e-9)
        assert info["fmi"] == pytest.approx(row["fmi"], rel=1e-9)


def test_degrees_of_freedom_have_the_right_limits():
    few = barnard_rubin(20, np.array([1e-9, 1.0]), np.array([1.0, 1.0]), np.array([14.0, 14.0]))
    assert few[0] == pytest.approx(15 / 17 * 14)
    assert few[1] == 0


@pytest.mark.r
def test_an_installed_mice_gives_the_committed_answers(tmp_path: Path, run_r: Callable[..., None]) -> None:
    shutil.copy(HERE / "pooling.R", tmp_path)
    run_r(tmp_path, "pooling.R")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "pooling_R.csv", comment="#"), R, rtol=1e-9)
