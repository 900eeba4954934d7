"""Tail probabilities are those of `scipy.stats`, to the last bit."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit import tails

ODD = np.array([0.0, np.inf, -np.inf, np.nan, 40.0, -40.0])


def test_tails_are_those_of_scipy_stats() -> None:
    rng = np.random.default_rng(17)
    x = np.concatenate([rng.normal(0, 3, 2000), ODD])
    df = np.concatenate([rng.choice([1, 2, 3.7, 10, 1e5, np.inf], 2000), np.full(len(ODD), 3.0)])
    rank = rng.integers(1, 9, len(x))
    rest = np.where(np.isinf(df), 7.0, df)
    np.testing.assert_array_equal(tails.normal_tail(x), stats.norm.sf(x))
    np.testing.assert_array_equal(tails.student_tail(x, df), stats.t.sf(x, df))
    np.testing.assert_array_equal(tails.chi2_tail(x, rank), stats.chi2.sf(x, rank))
    np.testing.assert_array_equal(tails.f_tail(x, rank, rest), stats.f.sf(x, rank, rest))


def test_beta_is_that_of_scipy_stats() -> None:
    rng = np.random.default_rng(18)
    a, b = rng.uniform(0.01, 300, 2000), rng.uniform(0.01, 3000, 2000)
    x = np.concatenate([rng.uniform(-0.1, 1.1, 1998), [0.0, 1.0]])
    p = rng.choice([0.025, 0.05, 0.5, 0.95, 0.975], 2000)
    np.testing.assert_array_equal(tails.beta_tail(x, a, b), stats.beta.sf(x, a, b))
    np.testing.assert_array_equal(tails.beta_quantile(p, a, b), stats.beta.ppf(p, a, b))
    assert np.isnan(tails.beta_quantile(0.05, np.array([0.0, 3.0]), np.array([3.0, 0.0]))).all()
