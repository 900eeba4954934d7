"""States between which households move: multiples of the line, groups of the distribution, codes of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.measures import _notes
from evalkit.measures._linear import Cells
from evalkit.measures._pairs import Links, link_rows, pair_cells
from evalkit.measures.basic import quantiles_by_cell
from evalkit.measures.poverty import Line
from evalkit.panel import Panel
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Edges:
    """Bounds between groups that are estimated, and where the weight near them lies.

    Parameters
    ----------
    base : Cells
        The pairs from which bounds are estimated, one cell a later wave.
    probs : ndarray, shape (g - 1,)
        Shares of the pairs below the bounds.
    below : list of ndarray, shape (n, g - 1)
        1 where a row's value is at or below the bound: at the earlier wave, at the later wave.
    ranks : list of ndarray, shape (n,)
        Mid-rank of the value among the pairs of the same later wave: earlier, later.
    """

    base: Cells
    probs: Floats
    below: list[Floats]
    ranks: list[Floats]


@dataclass(frozen=True, eq=False)
class States:
    """The state of each row before and now.

    Parameters
    ----------
    labels : list
        Names of the states in order (g).
    before, now : ndarray of int, shape (n,)
        Position in `labels`, -1 where unknown or unpaired.
    notes : tuple of Text
        How the states are defined.
    edges : Edges, optional
        For groups whose bounds are estimated.
    """

    labels: list[str | int]
    before: Ints
    now: Ints
    notes: tuple[Text, ...]
    edges: Edges | None = None


def line_states(panel: Panel, links: Links, line: Line, multiples: Sequence[float]) -> States:
    """Return bands of multiples of the line; a household at a bound is above it, unless the panel's rule says poor.

    Raises
    ------
    EstimationError
        Multiples that are not positive and ascending, or a line that is not positive.
    """
    cuts = np.asarray(multiples, dtype=float)
    if cuts.ndim != 1 or not len(cuts) or not (cuts > 0).all() or (np.diff(cuts) <= 0).any():
        msg = f"multiples of the line must be positive and ascending, got {list(multiples)}"
        raise EstimationError(msg)
    y, z = panel.values("welfare"), panel.line(line)
    wrong = panel.mask & ~np.isnan(y) & ~(z > 0)
    if wrong.any():
        msg = f"a poverty line must be positive: {int(wrong.sum())} household-waves have none or {z[wrong][0]:g}"
        raise EstimationError(msg)
    bounds = z[:, None] * cuts
    above = (y[:, None] > bounds) if panel.poor_at_line else (y[:, None] >= bounds)
    code = np.where(np.isnan(y), -1, above.sum(axis=1)).astype(np.intp)
    words = [f"{c:g}" for c in cuts]
    labels: list[str | int] = [f"<{words[0]}"]
    labels += [f"{a}-{b}" for a, b in pairwise(words)]
    labels.append(f"{words[-1]}+")
    notes = (_bands_note(), _notes.line_rule(at_line=panel.poor_at_line))
    return States(labels, earlier_codes(links, code), code, notes)


def column_states(panel: Panel, links: Links, state: str) -> States:
    """Return the values of a column as states, in their sorted order."""
    column = panel.frame[panel.column(state)]
    kept = column.to_numpy()[panel.mask]
    levels = sorted(pd.unique(pd.Series(kept).dropna()).tolist())
    code = pd.Categorical(column, categories=levels).codes.astype(np.intp)
    labels: list[str | int] = [v if isinstance(v, int) else str(v) for v in levels]
    note = Text(en=f"states are the values of {state!r}", zh=f"状态取自“{state}”")
    return States(labels, earlier_codes(links, code), code, (note,))


def quantile_states(panel: Panel, links: Links, groups: int) -> States:
    """Return groups of equal weight of the pairs, by welfare before and by welfare now.

    The bounds come from all pairs of the waves, also those outside the subpopulation, counted as pairs are.

    Raises
    ------
    EstimationError
        Fewer than two groups.
    """
    if groups < 2:
        msg = f"quantile groups must be at least 2, got {groups}"
        raise EstimationError(msg)
    whole = replace(panel, inside=panel.frame[panel.wave].astype(int).isin(links.waves).to_numpy())
    everybody = link_rows(whole)
    now = panel.values("welfare")
    before = everybody.before(now)
    paired = ~np.isnan(now) & ~np.isnan(before)
    base = pair_cells(whole, everybody, "wave", paired)
    probs = np.arange(1, groups) / groups
    below, ranks, codes = [], [], []
    for y in (before, now):
        bounds = quantiles_by_cell(base, y, np.tile(probs, (base.k, 1)))
        own = bounds[np.maximum(base.code, 0)]
        under = (y[:, None] <= own) & base.inside[:, None]
        below.append(under.astype(float))
        ranks.append(mid_ranks(base, y))
        codes.append(np.where(base.inside, groups - 1 - under.sum(axis=1), -1).astype(np.intp))
    inside = links.earlier >= 0
    labels: list[str | int] = list(range(1, groups + 1))
    return States(
        labels,
        np.where(inside, codes[0], -1).astype(np.intp),
        np.where(inside, codes[1], -1).astype(np.intp),
        (_groups_note(groups),),
        Edges(base, probs, below, ranks),
    )


def mid_ranks(group: Cells, y: Floats) -> Floats:
    """Return F(y) - f(y)/2 within each row's cell, weighted; NaN outside; shape (n,)."""
    rows = np.flatnonzero(group.inside)
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    weight = group.weight
    out = np.full(len(y), np.nan)
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        out[at] = ranks_of(y[at], weight[at])
    return out


def ranks_of(y: Floats, w: Floats) -> Floats:
    """Return the weight below plus half the weight at each value, as a share, shape (n,).

    >>> ranks_of(np.array([30.0, 10.0, 10.0]), np.array([2.0, 1.0, 1.0]))
    array([0.75, 0.25, 0.25])
    """
    return tied_sums(y, w, np.ones(len(y))) / w.sum() if len(y) and w.sum() > 0 else np.full(len(y), np.nan)


def tied_sums(y: Floats, w: Floats, x: Floats) -> Floats:
    """Return Σ_j w_j x_j (1(y_j < y_i) + 1(y_j = y_i)/2) for each i, shape (n,).

    >>> tied_sums(np.array([3.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0]))
    array([4.5, 1. , 4.5])
    """
    levels, at = np.unique(y, return_inverse=True)
    mass = np.bincount(at, weights=w * x, minlength=len(levels))
    return np.asarray((np.cumsum(mass) - mass / 2)[at], dtype=float)


def earlier_codes(links: Links, code: Ints) -> Ints:
    """Return each row's code one wave before, -1 without a pair."""
    return np.where(links.earlier >= 0, code[np.maximum(links.earlier, 0)], -1).astype(np.intp)


def _bands_note() -> Text:
    return Text(en="states are multiples of the poverty line of each wave", zh="状态按各年贫困线的倍数划分")


def _groups_note(groups: int) -> Text:
    return Text(
        en=f"{groups} groups of equal weight among the households seen in both waves (also those outside the "
        "subpopulation); that their bounds are estimated is in the standard error",
        zh=f"按两期均有观测的全部住户（含子总体之外）等权分为{groups}组；标准误已计入分组界限的估计误差",
    )
