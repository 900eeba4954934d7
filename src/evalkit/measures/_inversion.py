"""Quantiles and the limits of their ranks: slopes that need no bandwidth, limits that need no slope (Woodruff 1952)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evalkit.design import Floats, Ints
from evalkit.estimate import Estimate
from evalkit.intervals import quantile_t
from evalkit.measures._influence import Flags
from evalkit.measures._linear import Cells
from evalkit.measures.basic import quantiles_by_cell, rank_centre, weighted_quantiles

WOODRUFF = "Woodruff (1952), J. Amer. Statist. Assoc. 47, 635-646"
LEVEL = 0.95
"""Level of the limits of a rank, and of the intervals made of them."""
POINTS = 2000
"""Points that represent the distribution of sampling errors."""


@dataclass(frozen=True, eq=False)
class QuantileCurve:
    """Quantiles of chosen rows of each cell, the limits of their ranks, and what their influence values are made of.

    Parameters
    ----------
    part : Cells
        The chosen rows only.
    values, shares : ndarray, shape (k, m)
        Quantiles Q, and F(Q).
    centre : ndarray, shape (k, m)
        Rank around which limits lie: F(Q), or the upper limit of p where a heap of equal incomes takes F(Q) beyond it.
    low, high : ndarray, shape (k, m)
        Quantiles at the design's 95 % t limits of F(Q), those cut off at 0 and 1.
    slopes : ndarray, shape (k, m)
        Slope of the quantile function between these limits.
    y : ndarray, shape (n,)
    below : list of m ndarrays of bool, shape (n,)
        y ≤ Q. (Kept as flags: m influences of a million rows would fill the memory.)
    """

    part: Cells
    values: Floats
    shares: Floats
    centre: Floats
    low: Floats
    high: Floats
    slopes: Floats
    y: Floats
    below: list[Flags]

    def influence(self, j: int, factor: Floats) -> Floats:
        """Return the influence on factor, shape (k,), times the j-th quantile, -(1(y ≤ Q) - F) slope / Σw; shape (n,)."""
        return self._ranked(j, -factor * self.slopes[:, j])

    def rank_influence(self, j: int) -> Floats:
        """Return the influence on F at the j-th quantile, (1(y ≤ Q) - F) / Σw, shape (n,)."""
        return self._ranked(j, np.ones(self.part.k))

    def _ranked(self, j: int, factor: Floats) -> Floats:
        part = self.part
        step = part.spread(factor / part.size())
        return np.where(part.inside, step * (self.below[j] - part.spread(self.shares[:, j])), 0.0)


def quantile_curve(group: Cells, rows: Flags, y: Floats, probs: Floats) -> QuantileCurve:
    """Return quantiles of chosen rows of each cell with Woodruff's limits and slopes.

    The slope is that of the quantile function between the design's 95 % t limits of F(Q), cut off at 0 and 1: one
    quantile's standard error is then the length of Woodruff's interval / 2t. A census has slope 0.

    Parameters
    ----------
    group : Cells
    rows : ndarray of bool, shape (n,)
    y : ndarray, shape (n,)
    probs : ndarray, shape (m,)
    """
    part = replace(group, code=np.where(rows, group.code, -1).astype(np.intp))
    at = quantiles_by_cell(part, y, np.tile(probs, (group.k, 1)))
    size = part.size()
    crit = quantile_t(0.5 + LEVEL / 2, part.sample.df(part.code, part.k))
    shares, half, below = np.empty(at.shape), np.empty(at.shape), []
    for j in range(len(probs)):
        below.append(part.inside & (y <= part.spread(at[:, j])))
        shares[:, j] = part.sums(below[j].astype(float)) / size
        z = (below[j] - part.spread(shares[:, j])) * part.units / part.spread(size)
        cov = part.sample.covariance(np.where(part.inside, z, 0.0), part.code, part.k)
        half[:, j] = crit * np.sqrt(np.diag(cov))
    centre = rank_centre(shares, half, probs)
    low, high = np.maximum(centre - half, 1e-12), np.minimum(centre + half, 1.0)
    ends = [quantiles_by_cell(part, y, np.where(np.isfinite(half), end, np.nan)) for end in (low, high)]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(half > 0, (ends[1] - ends[0]) / (high - low), np.where(half == 0, 0.0, np.nan))
    return QuantileCurve(part, at, shares, centre, ends[0], ends[1], slopes, y, below)


def ratio_limits(first: QuantileCurve, last: QuantileCurve) -> Floats:
    """Return the 95 % limits of the quantiles of one curve over those of another, shape (k, m, 2).

    The sampling errors of the two ranks F(Q) are t distributed with the design's covariance; carried through the two
    quantile functions they give the distribution of the ratio's error, whose 2.5 and 97.5 per cent points are the limits.
    For one quantile that is Woodruff's interval (1952). Right where a quantile lies beside a heap of incomes and its error
    has no one slope: nothing here needs a density. NaN where more than 2.5 per cent of the ranks lie beyond 0 or 1.
    """
    curves = (first, last)
    k, m = first.values.shape
    code = np.maximum(first.part.code, last.part.code)
    df = first.part.sample.df(code, k)
    joint = np.stack([_rank_covariance(first, last, code, j) for j in range(m)], axis=1)
    rows = [rows_by_cell(c.part) for c in curves]
    unit = {d: unit_errors(2, float(d)) for d in np.unique(df[df > 0])}
    out = np.full((k, m, 2), np.nan)
    for cell in np.flatnonzero((df > 0) & np.isfinite(joint).all(axis=(1, 2, 3))):
        errors = unit[df[cell]] @ _roots(joint[cell]).transpose(0, 2, 1)
        ends = []
        for i, c in enumerate(curves):
            at = rows[i][cell]
            ranks = c.centre[cell][:, None] + errors[:, :, i]
            ends.append(weighted_quantiles(c.y[at], c.part.weight[at], ranks.ravel()).reshape(ranks.shape))
        valid = (ends[0] > 0) & (ends[1] > 0)
        ratios = np.where(valid, ends[1], np.nan) / np.where(valid, ends[0], 1.0)
        out[cell] = [tails(r) for r in ratios]
    return out


def _rank_covariance(first: QuantileCurve, last: QuantileCurve, code: Ints, j: int) -> Floats:
    """Return the covariance of F at the j-th quantiles of both curves, shape (k, 2, 2)."""
    group, k = first.part, first.part.k
    zs = [np.where(c.part.inside, c.part.units * c.rank_influence(j), 0.0) for c in (first, last)]
    joint = group.sample.covariance_of(zs, [code, code], k)
    return np.asarray(np.einsum("akbk->kab", joint.reshape(2, k, 2, k)), dtype=float)


def rows_by_cell(group: Cells) -> list[Ints]:
    """Return the rows of each cell."""
    rows = np.flatnonzero(group.inside)
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    return [rows[a:b] for a, b in itertools.pairwise(ends)]


def _roots(cov: Floats) -> Floats:
    """Return matrices R with R R' = cov, shape (m, p, p)."""
    values, vectors = np.linalg.eigh(cov)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :], dtype=float)


def tails(values: Floats) -> Floats:
    """Return the 2.5 and 97.5 per cent points, NaN if more than 2.5 per cent of the values are."""
    known = values[np.isfinite(values)]
    if len(known) < (0.5 + LEVEL / 2) * len(values):
        return np.full(2, np.nan)
    return np.asarray(np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2]), dtype=float)


def unit_errors(p: int, df: float) -> Floats:
    """Return 2,000 points that stand for p uncorrelated errors, t distributed together: shape (2000, p).

    A Kronecker sequence (Niederreiter 1992, chapter 3) in place of random numbers, so that the same data give the same bits.

    >>> unit_errors(1, np.inf).std().round(2)
    np.float64(1.0)
    """
    root = 2.0
    for _ in range(60):  # the positive root of x^(p + 2) = x + 1 spaces the points evenly
        root = (1 + root) ** (1 / (p + 2))
    uniform = (0.5 + np.outer(np.arange(1, POINTS + 1), root ** -np.arange(1.0, p + 2))) % 1
    normal = special.ndtri(uniform[:, :p])
    if np.isinf(df):
        return np.asarray(normal, dtype=float)
    return np.asarray(normal * np.sqrt(df / special.chdtri(df, uniform[:, p]))[:, None], dtype=float)


def with_limits(found: Estimate, bounds: Floats) -> Estimate:
    """Return the estimate with stored 95 % limits, shape (k, 2), blank where the value or its error is; a census has none."""
    if found.about.interval == "none":
        return found
    known = np.isfinite(found.values) & np.isfinite(found.std_error)
    return replace(
        found,
        bounds=np.where(known[:, None], bounds, np.nan),
        about=replace(found.about, interval="fixed"),
        level=LEVEL,
    )
