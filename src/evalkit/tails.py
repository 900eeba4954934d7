"""Tail probabilities and quantiles of the usual distributions, elementwise on arrays.

The same functions that `scipy.stats` evaluates, without importing it: it takes 64 MB in every process that cleans or
measures a county.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def normal_tail(x: ArrayLike) -> Floats:
    """Return P(X > x) of the standard normal.

    >>> round(float(normal_tail(1.959964)), 6)
    0.025
    """
    return np.asarray(special.ndtr(-np.asarray(x, dtype=float)), dtype=float)


def student_tail(x: ArrayLike, df: ArrayLike) -> Floats:
    """Return P(X > x) of Student's t with `df` > 0 degrees of freedom, ``inf`` included; NaN for others.

    >>> round(float(student_tail(2.570582, 5)), 6)
    0.025
    """
    return np.asarray(special.stdtr(df, -np.asarray(x, dtype=float)), dtype=float)


def chi2_tail(x: ArrayLike, df: ArrayLike) -> Floats:
    """Return P(X > x) of chi-square with `df` degrees of freedom.

    >>> round(float(chi2_tail(5.991465, 2)), 6)
    0.05
    """
    return np.asarray(special.chdtrc(df, np.maximum(x, 0.0)), dtype=float)


def f_tail(x: ArrayLike, df: ArrayLike, rest: ArrayLike) -> Floats:
    """Return P(X > x) of F with `df` and `rest` degrees of freedom.

    >>> round(float(f_tail(5.786135, 2, 5)), 6)
    0.05
    """
    return np.asarray(special.fdtrc(df, rest, np.maximum(x, 0.0)), dtype=float)


def beta_tail(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return P(X > x) of the beta distribution with `a`, `b` > 0.

    >>> round(float(beta_tail(0.02, 1, 149)), 6) == round(0.98**149, 6)
    True
    """
    return np.asarray(special.betaincc(a, b, np.clip(x, 0.0, 1.0)), dtype=float)


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the value below which the beta distribution with `a`, `b` > 0 has probability `p`; NaN for others.

    >>> round(float(beta_quantile(0.95, 1, 149)), 4)
    0.0199
    """
    return np.asarray(special.betaincinv(a, b, p), dtype=float)


def binomial_tail(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return P(K ≥ k) of the binomial with whole `n` and `k`.

    >>> round(float(binomial_tail(2, 3, 0.5)), 3), float(binomial_tail(0, 3, 0.5)), float(binomial_tail(4, 3, 0.5))
    (0.5, 1.0, 0.0)
    """
    k, n, p = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (k, n, p)))
    some = (k > 0) & (k <= n)
    tail = special.betainc(np.where(some, k, 1.0), np.where(some, n - k + 1, 1.0), p)
    return np.asarray(np.where(some, tail, np.where(k <= 0, 1.0, 0.0)), dtype=float)


def beta_binomial_tail(k: ArrayLike, n: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return P(K ≥ k) of the beta-binomial with `a`, `b` > 0 and whole `n` and `k`, shape (units,): the sum of its terms.

    >>> float(np.round(beta_binomial_tail([1, 0], [2, 2], [1.0, 1.0], [1.0, 1.0]), 6)[0])
    0.666667
    """
    k, n, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (k, n, a, b)))
    out = np.where(k <= 0, 1.0, 0.0)
    for i in np.flatnonzero((k > 0) & (k <= n)):
        j = np.arange(k[i], n[i] + 1)
        log = special.betaln(j + a[i], n[i] - j + b[i]) - special.betaln(a[i], b[i])
        log -= np.log(n[i] + 1) + special.betaln(n[i] - j + 1, j + 1)
        out[i] = min(float(np.exp(log).sum()), 1.0)
    return np.asarray(out, dtype=float)


def false_discovery_rates(p: ArrayLike) -> Floats:
    """Return p values adjusted by Benjamini & Hochberg (1995, J. R. Statist. Soc. B 57, 289-300), shape (k,).

    >>> false_discovery_rates([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (len(p) / np.arange(1, len(p) + 1))
    out = np.empty_like(p)
    out[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.asarray(np.clip(out, 0.0, 1.0), dtype=float)
