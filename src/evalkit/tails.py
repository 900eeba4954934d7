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
