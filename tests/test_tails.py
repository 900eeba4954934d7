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


def test_tails_of_counts_are_those_of_scipy_stats() -> None:
    """The sum of the terms keeps small tails that one minus the rest loses, so that the beta-binomial is compared with 1e-12 beside it."""
    rng = np.random.default_rng(19)
    n = rng.integers(0, 300, 500)
    k = np.minimum(rng.integers(0, 300, 500), n + 1)
    p, rho = rng.uniform(0, 1, 500), rng.uniform(0.01, 0.9, 500)
    np.testing.assert_allclose(tails.binomial_tail(k, n, p), stats.binom.sf(k - 1, n, p), rtol=1e-12, atol=0)
    a, b = p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho
    known = stats.betabinom.sf(k - 1, n, a, b)
    np.testing.assert_allclose(tails.beta_binomial_tail(k, n, a, b), known, rtol=1e-9, atol=1e-12)


def test_false_discovery_rates_are_those_of_scipy_stats() -> None:
    p = np.concatenate([np.random.default_rng(20).uniform(0, 1, 200) ** 3, [0.0, 0.5, 0.5, 1.0]])
    np.testing.assert_array_equal(
        tails.false_discovery_rates(p), stats.false_discovery_control(p, method="bh")
    )
    assert tails.false_discovery_rates([]).tolist() == []
