"""Degrees of freedom of a variance estimated from a few sampling units of unequal and heavy-tailed totals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
CELLS = 4_000_000
"""Totals that are looked at together: bounds the memory of many domains."""
LEAST = 4
"""Sampling units that a stratum needs for a kurtosis of its own."""


def effective(totals: Floats, strata: Ints, fraction: Floats) -> Floats:
    """Return the degrees of freedom of the variance of each sum of totals over a stratified sample, shape (m,).

    The variance is V = Σ a s², with a = n (1 - f) and s² the variance of the n totals of a stratum. It is treated as a
    multiple of chi-square with 2 V² / Var(V) degrees of freedom (Satterthwaite 1946, eq. 17), where Var(s²) = σ⁴ (2/(n - 1) + κ/n)
    and κ is the excess kurtosis of the totals (Cramér 1946, 27.4). σ⁴ is estimated by s⁴ (n - 1)/(n + 1), without bias for
    normal totals; κ by Fisher's G₂ of strata with `LEAST` units, averaged by their part of the variance; below 0 it
    counts as 0. Never more than Σ (n - 1) over the strata whose totals vary.

    Parameters
    ----------
    totals : ndarray, shape (units, m)
        Total of the influence values in each sampling unit.
    strata : ndarray of int, shape (units,)
        Stratum of each unit, 0 … H - 1.
    fraction : ndarray, shape (H,)
        Sampling fraction f of each stratum.

    Returns
    -------
    ndarray, shape (m,)
        ``inf`` where no total varies.

    References
    ----------
    Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2, 110-114.
    Cramér, H. (1946). Mathematical Methods of Statistics. Princeton.

    Examples
    --------
    Two strata of five with equal variances; one of them with all the variance; one unit that stands out.

    >>> five, one = np.arange(5.0), np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    >>> totals = np.column_stack([np.tile(five, 2), np.append(five, five * 0), np.tile(one, 2)])
    >>> effective(totals, np.repeat([0, 1], 5), np.zeros(2)).round(2)
    array([8., 4., 3.])
    """
    order = np.argsort(strata, kind="stable")
    count = np.bincount(strata, minlength=len(fraction)).astype(float)
    width = max(1, CELLS // max(len(totals), 1))
    parts = [
        _effective(totals[order, start : start + width], count, fraction)
        for start in range(0, totals.shape[1], width)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _effective(totals: Floats, count: Floats, fraction: Floats) -> Floats:
    """Return the degrees of freedom of totals in the order of their strata, of which each has `count` units."""
    n, free = count[count > 0][:, None], 1 - fraction[count > 0][:, None]
    ends = np.append(0, np.cumsum(n[:, 0]))[:-1].astype(np.intp)
    square = (totals - np.repeat(np.add.reduceat(totals, ends, axis=0) / n, n[:, 0].astype(int), axis=0)) ** 2
    second = np.add.reduceat(square, ends, axis=0)
    fourth = np.add.reduceat(square**2, ends, axis=0)
    part = np.where(n > 1, free * n / np.maximum(n - 1, 1), 0.0) * second
    varies = part > 0
    g2 = n * fourth / np.where(varies, second, 1.0) ** 2 - 3
    own = (n - 1) / np.maximum((n - 2) * (n - 3), 1) * ((n + 1) * g2 + 6)
    share = np.where(varies & (n >= LEAST), part**2 / n, 0.0)
    known = share.sum(axis=0)
    excess = np.maximum((share * own).sum(axis=0) / np.where(known > 0, known, 1.0), 0.0)
    error = 2 * (part**2 / (n + 1)).sum(axis=0) + excess * (part**2 / n).sum(axis=0)
    whole = part.sum(axis=0)
    out = 2 * whole**2 / np.where(whole > 0, error, 1.0)
    most = np.where(varies, n - 1, 0.0).sum(axis=0)
    return np.where(whole > 0, np.minimum(out, most), np.inf)
