"""Confidence intervals from a value, a standard error and degrees of freedom, on arrays of shape (k,)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalkit.errors import EstimationError
from evalkit.tails import beta_quantile

Floats = NDArray[np.float64]
Rule = Literal["t", "log", "logit", "wilson", "beta", "kg", "share", "fixed", "none"]
Side = Literal["two", "lower", "upper"]
FEW = 10
"""Rule ``share``: the least number of units on which a standard error of a share is relied."""


@dataclass(frozen=True)
class Bounds:
    """Lower and upper limits, each of shape (k,); one-sided limits leave the other end infinite."""

    low: Floats
    high: Floats


def tail(level: float, side: Side) -> float:
    """Return the probability outside one limit.

    >>> round(tail(0.95, "two"), 4), round(tail(0.95, "upper"), 4)
    (0.025, 0.05)
    """
    if not 0.5 < level < 1:
        msg = f"level must lie between 0.5 and 1, got {level}"
        raise EstimationError(msg)
    return (1 - level) / 2 if side == "two" else 1 - level


def quantile_t(prob: float, df: Floats) -> Floats:
    """Return Student quantiles; ``inf`` degrees of freedom give the normal, none give NaN."""
    df = np.asarray(df, dtype=float)
    out = np.full(df.shape, np.nan)
    finite = np.isfinite(df) & (df > 0)
    out[finite] = special.stdtrit(df[finite], prob)
    out[np.isposinf(df)] = special.ndtri(prob)
    return out


def effective_n(value: Floats, se: Floats) -> Floats:
    """Return p(1-p)/se², the sample size of a simple random sample with the same variance; NaN if se is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = value * (1 - value) / se**2
    return np.where(se > 0, out, np.nan)


def interval(
    rule: Rule,
    value: Floats,
    se: Floats,
    df: Floats,
    n: Floats,
    *,
    level: float = 0.95,
    side: Side = "two",
    prior_deff: float = 1.0,
) -> Bounds:
    """Return confidence limits by a named rule.

    Parameters
    ----------
    rule : str
        ``t`` symmetric; ``log`` symmetric on the logarithm, for what is positive (blank at 0, where nothing is known of the
        error); ``logit`` symmetric on the log-odds; ``wilson`` score with effective n and t;
        ``beta`` Clopper–Pearson with effective n (Korn & Graubard 1998); ``kg`` the same with
        effective n capped at the number of sampled units n; ``share`` (means of values between 0 and 1) as
        ``logit``, and as ``kg`` near 0 and 1, where value × n or (1 - value) × n is below `FEW`: too few units then make
        both the value and its standard error; ``none`` no interval (a census).
    value, se, df, n : ndarray, shape (k,)
        Point values, standard errors, design degrees of freedom, sampled units.
    level : float
        Coverage of the interval, or of each one-sided limit.
    side : {"two", "lower", "upper"}
    prior_deff : float
        Rule ``kg``: design effect assumed where the value is 0 or 1 and none can be estimated.

    Returns
    -------
    Bounds

    References
    ----------
    Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data. Survey Methodology 24, 193-201.
    """
    alpha = tail(level, side)
    crit = quantile_t(1 - alpha, df)
    if rule == "none":
        out = Bounds(np.full(value.shape, np.nan), np.full(value.shape, np.nan))
    elif rule == "t":
        out = Bounds(value - crit * se, value + crit * se)
    elif rule == "log":
        out = _log(value, se, crit)
    elif rule == "logit":
        out = _logit(value, se, crit)
    elif rule == "wilson":
        out = _wilson(value, effective_n(value, se), crit)
    elif rule == "share":
        n_eff = trials("kg", value, se, df, n, alpha=alpha, prior_deff=prior_deff)
        inner, rare = _logit(value, se, crit), clopper_pearson(value * n_eff, n_eff, alpha)
        few = np.minimum(value, 1 - value) * n < FEW
        out = Bounds(np.where(few, rare.low, inner.low), np.where(few, rare.high, inner.high))
    elif rule in ("beta", "kg"):
        n_eff = trials(rule, value, se, df, n, alpha=alpha, prior_deff=prior_deff)
        out = clopper_pearson(value * n_eff, n_eff, alpha)
    else:
        msg = f"no interval rule {rule!r}; known: t, log, logit, wilson, beta, kg, none"
        raise EstimationError(msg)
    if side == "two":
        return out
    if side == "lower":
        return Bounds(out.low, np.full(value.shape, np.inf))
    return Bounds(np.full(value.shape, -np.inf), out.high)


def _log(value: Floats, se: Floats, crit: Floats) -> Bounds:
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(crit * se / value)
    positive = value > 0
    return Bounds(np.where(positive, value / factor, np.nan), np.where(positive, value * factor, np.nan))


def _logit(value: Floats, se: Floats, crit: Floats) -> Bounds:
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(value / (1 - value))
        half = crit * se / (value * (1 - value))
        low, high = 1 / (1 + np.exp(-(centre - half))), 1 / (1 + np.exp(-(centre + half)))
    inside = (value > 0) & (value < 1)
    return Bounds(np.where(inside, low, np.nan), np.where(inside, high, np.nan))


def trials(
    rule: Rule, value: Floats, se: Floats, df: Floats, n: Floats, *, alpha: float, prior_deff: float = 1.0
) -> Floats:
    """Return the number of independent trials that a share is treated as resting on, shape (k,).

    Effective n of Korn & Graubard (1998), with their correction for the degrees of freedom. Rule
    ``kg`` caps it at n / `prior_deff` before the correction (n sampled units, and the design effect that is
    assumed at least); a share of 0 or 1, whose variance cannot be estimated, takes just that. NaN where an inner share has no standard error.

    >>> zero, n = np.array([0.0]), np.array([466.0])
    >>> trials("kg", zero, zero, np.array([np.inf]), n, alpha=0.05, prior_deff=2.0)
    array([233.])
    """
    n_eff = effective_n(value, se)
    if rule == "kg":
        n_eff = np.where(se == 0, n / prior_deff, np.minimum(n_eff, n / prior_deff))
        n_eff = np.where((value <= 0) | (value >= 1), n / prior_deff, n_eff)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = (quantile_t(alpha, n - 1.0) / quantile_t(alpha, df)) ** 2
    return np.asarray(n_eff * np.where(np.isfinite(df), shrink, 1.0), dtype=float)


def _wilson(value: Floats, n_eff: Floats, crit: Floats) -> Bounds:
    z2 = crit**2
    centre = (value + z2 / (2 * n_eff)) / (1 + z2 / n_eff)
    half = np.sqrt(z2 * (value * (1 - value) / n_eff + z2 / (4 * n_eff**2))) / (1 + z2 / n_eff)
    return Bounds(centre - half, centre + half)


def clopper_pearson(events: Floats, trials: Floats, alpha: float) -> Bounds:
    """Return exact binomial limits for (possibly fractional) counts, `alpha` outside each limit.

    >>> b = clopper_pearson(np.array([0.0]), np.array([149.0]), 0.05)
    >>> round(float(b.high[0]), 4)
    0.0199
    """
    events, trials = np.asarray(events, dtype=float), np.asarray(trials, dtype=float)
    rest = trials - events
    with np.errstate(invalid="ignore"):
        low = np.where(events > 0, beta_quantile(alpha, events, rest + 1), 0.0)
        high = np.where(rest > 0, beta_quantile(1 - alpha, events + 1, rest), 1.0)
    bad = ~np.isfinite(trials)
    return Bounds(np.where(bad, np.nan, low), np.where(bad, np.nan, high))


def recovered(sides: Floats, correlation: Floats) -> Floats:
    """Return how far the limit of a sum lies from it, shape (k,), given how far those of its terms lie from them.

    The variance recovered from limits (MOVER): the root of Σ_ij d_i d_j r_ij, for the lower and the upper side
    separately, so that terms with uneven limits give a sum with uneven limits.

    Parameters
    ----------
    sides : ndarray, shape (k, m)
        Distances d from each of m terms to its limit on the side that moves the sum the way that is asked.
    correlation : ndarray, shape (k, m, m)
        Of the terms' sampling errors.

    References
    ----------
    Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27, 1693-1702.

    Examples
    --------
    >>> recovered(np.array([[3.0, 4.0]]), np.eye(2)[None])
    array([5.])
    """
    square = np.einsum("ki,kij,kj->k", sides, correlation, sides)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), dtype=float)
