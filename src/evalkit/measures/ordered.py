"""Poverty indices that weigh the poor by rank: Sen, and Sen–Shorrocks–Thon."""

from __future__ import annotations

import numpy as np

from evalkit.design import Floats
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, estimate
from evalkit.measures.poverty import Line, fgt_scores, is_poor, welfare_and_line
from evalkit.panel import By, Panel


def sen(panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None) -> Estimate:
    """Return Sen's index in its replication-invariant form, H (I + (1 - I) G of the poor).

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `evalkit.measures.headcount`.

    Returns
    -------
    Estimate
        With normalised incomes u = y/z the index equals P1 + D / (2 H), D the mean over all pairs of
        |u_i - u_j| among the poor; the influence follows from those of P1, D and H (Sen 1976; Shorrocks 1995).
        0 where nobody is poor.
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    poor, short = is_poor(y, z, at_line=at_line), fgt_scores(y, z, 1, at_line=at_line)
    size = group.size()
    head, gap = group.sums(poor) / size, group.sums(short) / size
    apart = distances_by_cell(group, short, poor) / group.spread(size)
    pairs = group.sums(poor * apart) / size
    some = np.where(head > 0, head, 1.0)
    values = gap + pairs / (2 * some)
    of_pairs = 2 * (poor * apart - group.spread(pairs))
    of_head = poor - group.spread(head)
    slope, bend = group.spread(1 / (2 * some)), group.spread(pairs / (2 * some**2))
    influence = short - group.spread(gap) + slope * of_pairs - bend * of_head
    about = About(
        estimand="sen",
        interval="log",
        method="pairwise form, linearised",
        citation="Sen (1976), Econometrica 44, 219-231; Shorrocks (1995), Econometrica 63, 1225-1230",
        unit="share",
        notes=(_notes.line_rule(at_line=at_line),),
    )
    return estimate(group, values, influence / group.spread(size), about)


def sst(panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None) -> Estimate:
    """Return the Sen–Shorrocks–Thon index, P1 (1 + G of the gaps of the whole population).

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `evalkit.measures.headcount`.

    Returns
    -------
    Estimate
        It equals the mean over all pairs of the larger of two poverty gaps, max(g_i, g_j), so the
        influence of row i is 2 (mean_j max(g_i, g_j) - index) / Σw (Shorrocks 1995).
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    short = fgt_scores(y, z, 1, at_line=at_line)
    size = group.size()
    apart = distances_by_cell(group, short, np.ones(len(y))) / group.spread(size)
    gap = group.sums(short) / size
    larger = (short + group.spread(gap) + apart) / 2
    values = group.sums(larger) / size
    about = About(
        estimand="sst",
        interval="log",
        method="pairwise form, linearised",
        citation="Shorrocks (1995), Econometrica 63, 1225-1230",
        unit="share",
        notes=(_notes.line_rule(at_line=at_line),),
    )
    return estimate(group, values, 2 * (larger - group.spread(values)) / group.spread(size), about)


def distances_by_cell(group: Cells, x: Floats, share: Floats) -> Floats:
    """Return Σ_j w_j share_j |x_i - x_j| over the rows j of row i's cell, NaN outside, shape (n,)."""
    rows = np.flatnonzero(group.inside)
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    weight = group.weight * share
    out = np.full(len(x), np.nan)
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        out[at] = distances(x[at], weight[at])
    return out


def distances(x: Floats, w: Floats) -> Floats:
    """Return Σ_j w_j |x_i - x_j| for each i, shape (n,).

    >>> distances(np.array([0.0, 1.0, 3.0]), np.array([1.0, 1.0, 2.0]))
    array([7., 5., 5.])
    """
    order = np.argsort(x, kind="stable")
    xs, ws = x[order], w[order]
    below, mass = np.cumsum(ws), np.cumsum(ws * xs)
    out = np.empty(len(x))
    if len(x):
        out[order] = xs * (2 * below - below[-1]) - (2 * mass - mass[-1])
    return out
