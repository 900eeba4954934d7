"""Ratios within groups that are cut from the distribution of a ranking variable, the cuts being estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.design import Floats, Ints, kish_n
from evalkit.measures._influence import Flags
from evalkit.measures._linear import Cells, cell_sums
from evalkit.measures.basic import quantiles_by_cell


@dataclass(frozen=True, eq=False)
class GroupRatios:
    """Ratios of totals of m groups in k cells.

    Parameters
    ----------
    values : ndarray, shape (k, m)
        NaN where a group is empty or its denominator is zero.
    below : ndarray, shape (k, m)
        Mean of the denominator in each group.
    zs : list of m ndarrays, shape (n,)
        Influence of each row on the ratio of each group of its cell.
    level : ndarray of int, shape (n,)
        Group of each row inside the cells, from 0.
    """

    values: Floats
    below: Floats
    zs: list[Floats]
    level: Ints

    @property
    def members(self) -> list[Flags]:
        """Rows of each group, m arrays of shape (n,)."""
        return [np.asarray(self.level == j) for j in range(self.values.shape[1])]


def group_ratios(group: Cells, rank: Floats, above: Floats, below: Floats, probs: Floats) -> GroupRatios:
    """Return Σ w above / Σ w below in each group of a ranking variable.

    Parameters
    ----------
    group : Cells
    rank, above, below : ndarray, shape (n,)
        Finite inside the cells.
    probs : ndarray, shape (m - 1,)
        Shares at which the distribution of `rank` is cut; a group holds what lies above one cut and at or below
        the next, so that equal ranks stay together.

    Returns
    -------
    GroupRatios
        With ratio R of a group and e = above - R below, the influence of a row is [e 1(row in the group) - E(e | rank =
        upper cut) (1(rank ≤ cut) - p) + E(e | rank = lower cut) (1(rank ≤ cut) - p)] / Σ w below: the density of the
        rank cancels against that in the influence of the cut (Deville 1999). The conditional means are
        weighted means over the ranks around the cut (half-width n^(-1/5)/2 of Kish's effective n, at most half of the
        narrower neighbouring group).
    """
    m = len(probs) + 1
    cuts = quantiles_by_cell(group, rank, np.tile(probs, (group.k, 1)))
    over = [group.inside & (rank > group.spread(cuts[:, j])) for j in range(m - 1)]
    level = np.sum(over, axis=0).astype(np.intp)
    code = np.where(group.inside, group.code * m + level, -1).astype(np.intp)
    up, low, size = (
        cell_sums(group.weight, np.where(group.inside, x, 0.0), code, group.k * m).reshape(group.k, m)
        for x in (above, below, np.ones(len(rank)))
    )
    size = np.where(size > 0, size, np.nan)
    low = np.where(low != 0, low, np.nan)
    values = up / low
    around = _at_cuts(group, rank, above, below, probs)
    shares = [1 - group.sums(o.astype(float)) / group.size() for o in over]
    steps = [np.where(o, 0.0, 1.0) - group.spread(s) for o, s in zip(over, shares, strict=True)]
    zs = []
    for j in range(m):
        ratio = group.spread(values[:, j])
        z = np.where(level == j, above - ratio * below, 0.0)
        for cut, sign in ((j, -1.0), (j - 1, 1.0)):
            if 0 <= cut < m - 1:
                height = around[0][:, cut] - values[:, j] * around[1][:, cut]
                z = z + sign * group.spread(height) * steps[cut]
        zs.append(np.where(group.inside, z / group.spread(low[:, j]), 0.0))
    return GroupRatios(values, low / size, zs, level)


def _at_cuts(
    group: Cells, rank: Floats, above: Floats, below: Floats, probs: Floats
) -> tuple[Floats, Floats]:
    """Return the local means of two variables at each cut, each of shape (k, m - 1)."""
    out = np.full((2, group.k, len(probs)), np.nan)
    weight = group.weight
    rows = np.flatnonzero(group.inside & (weight > 0))
    # ties are ordered by content, so that the order of the rows of the file has no say
    rows = rows[np.lexsort((weight[rows], below[rows], above[rows], rank[rows], group.code[rows]))]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        if len(at):
            for i, x in enumerate((above, below)):
                out[i, cell] = local_means(x[at], weight[at], probs)
    return out[0], out[1]


def local_means(x: Floats, w: Floats, probs: Floats) -> Floats:
    """Return weighted means of x, in the order given, over the shares of weight around each of `probs`.

    >>> local_means(np.arange(100.0), np.ones(100), np.array([0.5])).round(6)
    array([49.5])
    """
    edges = np.concatenate([[0.0], probs, [1.0]])
    gaps = np.diff(edges)
    half = np.minimum(np.minimum(gaps[:-1], gaps[1:]), kish_n(w) ** -0.2) / 2
    share = np.concatenate([[0.0], np.cumsum(w)]) / w.sum()
    total = np.concatenate([[0.0], np.cumsum(w * x)]) / w.sum()
    ends = [np.interp(probs + s * half, share, total) for s in (-1.0, 1.0)]
    return np.asarray((ends[1] - ends[0]) / (2 * half), dtype=float)
