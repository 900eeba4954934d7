"""Bands that hold for a whole curve at once, from the joint covariance of its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.intervals import quantile_t, tail
from evalkit.panel import By

CHUNK = 2_000


@dataclass(frozen=True, eq=False)
class Band:
    """A curve with pointwise and uniform limits.

    Parameters
    ----------
    estimate : Estimate
        The curve, k points (of one or several groups).
    critical : ndarray, shape (k,)
        Critical value by which each point's standard error is multiplied; the same within a group.
    level : float
        Probability that the band covers the curve of a group at all its points.
    draws : int
        Simulated curves behind the critical value.
    seed : int
    """

    estimate: Estimate
    critical: Floats
    level: float
    draws: int
    seed: int

    @property
    def low(self) -> Floats:
        """Lower ends of the band, shape (k,)."""
        return self._end(-1)

    @property
    def high(self) -> Floats:
        """Upper ends of the band, shape (k,)."""
        return self._end(1)

    def _end(self, sign: int) -> Floats:
        """Return the ends on one side: on the logarithm where the points' limits are, and beyond stored limits."""
        found = self.estimate
        half = self.critical * found.std_error
        if found.about.interval == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(found.values > 0, found.values * np.exp(sign * half / found.values), np.nan)
        out = np.asarray(found.values + sign * half)
        if found.bounds is None or self.level != found.level:
            return out
        stored = found.bounds[:, 0 if sign < 0 else 1]
        return np.asarray(np.where(np.isnan(stored), out, sign * np.fmax(sign * stored, sign * out)))

    def tidy(self) -> pd.DataFrame:
        """Return `Estimate.tidy` at the band's level, then ``band_low, band_high, critical``, one row a point."""
        out = self.estimate.tidy(self.level)
        out["band_low"], out["band_high"], out["critical"] = self.low, self.high, self.critical
        return out


def uniform_band(
    estimate: Estimate, level: float = 0.95, *, within: By = None, draws: int = 20_000, seed: int = 20201123
) -> Band:
    """Return limits that cover all points of a curve together with the given probability.

    Parameters
    ----------
    estimate : Estimate
        Points of one or several curves with their joint covariance.
    level : float
        Between 0.5 and 1.
    within : str or sequence of str, optional
        Keys of the estimate that tell the curves apart (``"county"``): each has its own band. All points
        belong to one curve by default.
    draws : int
        Simulated curves.
    seed : int
        Of the simulation; the same seed gives the same band.

    Returns
    -------
    Band
        Points without a standard error have no limits; points known without error (standard error 0)
        have a band of no width. Symmetric, or on the logarithm where the rule of the points is ``log``; never within
        stored limits of the points.

    Raises
    ------
    EstimationError
        `within` names no key, draws are fewer than 100, or the data are a census.

    References
    ----------
    Montiel Olea & Plagborg-Møller (2019), Journal of Applied Econometrics 34, 1-17 (sup-t band).
    """
    tail(level, "two")
    if estimate.about.interval == "none":
        msg = f"{estimate.about.estimand}: the data are the whole population, there is no band"
        raise EstimationError(msg)
    names = [within] if isinstance(within, str) else list(within or [])
    absent = [n for n in names if n not in estimate.keys]
    if absent:
        msg = f"{estimate.about.estimand} has no key {absent[0]!r}; keys: {', '.join(estimate.keys.columns) or 'none'}"
        raise EstimationError(msg)
    if draws < 100:
        msg = f"a band needs at least 100 simulated curves, got {draws}"
        raise EstimationError(msg)
    if names:
        curve = estimate.keys.groupby(names, sort=True, observed=True).ngroup().to_numpy()
    else:
        curve = np.zeros(len(estimate), dtype=int)
    critical = np.full(len(estimate), np.nan)
    for c in range(int(curve.max(initial=-1)) + 1):
        at = np.flatnonzero((curve == c) & np.isfinite(estimate.std_error))
        df = float(estimate.df[at].min(initial=np.inf))
        critical[at] = sup_t(estimate.cov[np.ix_(at, at)], df, level, draws=draws, seed=seed)
    return Band(estimate, critical, level, draws, seed)


def sup_t(cov: Floats, df: float, level: float, *, draws: int, seed: int) -> float:
    """Return the quantile of the largest absolute t statistic of correlated values.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Covariance of the values; those with variance 0 do not count.
    df : float
        Degrees of freedom of the multivariate t; ``inf`` for the normal.
    level : float
    draws, seed : int

    Returns
    -------
    float
        At least the quantile of a single t, at most Bonferroni's; exact for a single value.

    >>> one = sup_t(np.eye(1), np.inf, 0.95, draws=100, seed=1)
    >>> round(one, 3), round(sup_t(np.eye(10), np.inf, 0.95, draws=20_000, seed=1), 1)
    (1.96, 2.8)
    """
    spread = np.sqrt(np.diag(cov))
    used = spread > 0
    k = int(used.sum())
    if not k or not df > 0:
        return float("nan") if not df > 0 else 0.0
    alpha = tail(level, "two")
    least, most = (float(quantile_t(1 - a, np.array([df]))[0]) for a in (alpha, alpha / k))
    if k == 1:
        return least
    corr = cov[np.ix_(used, used)] / np.outer(spread[used], spread[used])
    size, vectors = np.linalg.eigh(corr)
    root = (
        vectors * np.sqrt(np.maximum(size, 0.0))
    ) @ vectors.T  # symmetric: the signs of eigenvectors drop out
    rng = np.random.default_rng(seed)
    largest = np.empty(draws)
    for start in range(0, draws, CHUNK):
        m = min(CHUNK, draws - start)
        curves = rng.standard_normal((m, k)) @ root
        scale = np.sqrt(rng.chisquare(df, m) / df) if np.isfinite(df) else np.ones(m)
        largest[start : start + m] = np.abs(curves).max(axis=1) / scale
    return float(np.clip(np.quantile(largest, level), least, most))
