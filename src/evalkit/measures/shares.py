"""Who holds which share of all income: Lorenz curve, shares of groups, S80/S20, Palma."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._amounts import MEAN, Amounts, amounts, low_notes, positive_base, steps_by_cell
from evalkit.measures._kernel import Kernel, check_kernel, kernel_mass, kernel_width, sample_size
from evalkit.measures._linear import Per, estimate, estimate_parts
from evalkit.panel import By, Panel
from evalkit.text import Text

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
KOVACEVIC_BINDER = "Kovačević & Binder (1997), Journal of Official Statistics 13, 41-58"
OSIER = "Osier (2009), Survey Research Methods 3, 167-195"
BOTTOM = Text(en="the income of the poorest group", zh="最低收入组的收入")
SPLIT = Text(
    en="units whose income equals the quantile are divided, so that each group has exactly its share of units",
    zh="收入恰等于分位数者按比例划分，各组人口份额严格相等",
)


def lorenz(
    panel: Panel,
    variable: str | None = None,
    *,
    points: Sequence[float] = DECILES,
    scale: Literal["share", "mean", "total"] = "share",
    by: By = None,
    real: bool = False,
    per: Per = None,
) -> Estimate:
    """Return ordinates of the Lorenz curve of each domain.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.
    points : sequence of float
        Shares of the population, poorest first, above 0 and below 1.
    scale : {"share", "mean", "total"}
        Their share of all income; that share times the mean (the generalised Lorenz curve); their income in all.

    Returns
    -------
    Estimate
        Keys of the domains and `p`. Linear between incomes: at the quantile q the units are divided, so the
        influence of row i on the income of the poorest p is (y_i - q) 1(y_i ≤ q) + p q (Kovačević & Binder 1997).
        One array of the panel's length is kept for each point.

    Raises
    ------
    EstimationError
        Points outside (0, 1), repeated or not ascending, or no such scale.
    """
    at = _points(points)
    if scale not in ("share", "mean", "total"):
        msg = f"scale is 'share', 'mean' or 'total', not {scale!r}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    found = found.noting(*low_notes(found), SPLIT)
    base = _base(found, scale)
    found = base.found
    bottom, zs = _bottoms(found, at)
    values = bottom / base.value[:, None]
    row = found.group.spread(base.value)
    of_base = [found.group.spread(values[:, j]) * base.influence for j in range(len(at))]
    influences = [(z - b) / row for z, b in zip(zs, of_base, strict=True)]
    about = About(
        estimand={"share": "lorenz", "mean": "generalised lorenz", "total": "cumulative income"}[scale]
        + f" {found.name}",
        method="quantiles with divided units, linearised",
        citation=KOVACEVIC_BINDER,
        unit="share" if scale == "share" else found.unit or "amount",
        notes=found.notes,
    )
    return estimate_parts(found.group, "p", list(at), values, influences, about)


def income_shares(
    panel: Panel,
    variable: str | None = None,
    *,
    cuts: Sequence[float] = (0.0, *DECILES, 1.0),
    by: By = None,
    real: bool = False,
    per: Per = None,
) -> Estimate:
    """Return the shares of all income that groups of the ranked population hold.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.
    cuts : sequence of float
        Ascending, from 0 to 1: ``(0, .4, .9, 1)`` gives the poorest 40 %, the middle 50 %, the richest 10 %.

    Returns
    -------
    Estimate
        Keys of the domains and `income_group` (``"0-40%"``); the shares of a domain add up to 1, without error.

    Raises
    ------
    EstimationError
        Cuts that do not ascend from 0 to 1.
    """
    edges = [float(c) for c in cuts]
    if len(edges) < 2 or edges[0] != 0 or edges[-1] != 1 or any(np.diff(edges) <= 0):
        msg = f"cuts have to ascend from 0 to 1, got {edges}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    found = found.noting(*low_notes(found), SPLIT)
    base = _base(found, "share")
    found = base.found
    level, row = base.value[:, None], found.group.spread(base.value)
    bottom, zs = _bottoms(found, edges[1:-1])
    padded = np.hstack([np.zeros_like(level), bottom, level])
    sums = [np.zeros(len(row)), *zs, base.influence]
    values = np.diff(padded, axis=1) / level
    influences = [
        (high - low - found.group.spread(values[:, j]) * base.influence) / row
        for j, (low, high) in enumerate(itertools.pairwise(sums))
    ]
    labels = [f"{100 * a:g}-{100 * b:g}%" for a, b in itertools.pairwise(edges)]
    about = About(
        estimand=f"income share {found.name}",
        method="differences of Lorenz ordinates, linearised",
        citation=KOVACEVIC_BINDER,
        unit="share",
        notes=found.notes,
    )
    return estimate_parts(found.group, "income_group", labels, values, influences, about)


def quintile_share_ratio(
    panel: Panel,
    variable: str | None = None,
    *,
    share: float = 0.2,
    by: By = None,
    real: bool = False,
    per: Per = None,
    ties: Literal["split", "whole"] = "split",
    bandwidth: Kernel = "effective",
) -> Estimate:
    """Return the income of the richest 20 % over that of the poorest 20 % (S80/S20).

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.
    share : float
        Size of the two groups, above 0 and at most a half.
    ties : {"split", "whole"}
        Units at the quantile: divided, so that each group has exactly its share (the Lorenz curve's rule), or
        all counted in the lower group (as Eurostat does), which heaped incomes can make much larger than its share.
    bandwidth : {"effective", "population"}
        With ``whole``: sample size in the kernel bandwidth sd × N^(-1/5), Kish's effective number of rows or the sum of
        the weights (as Osier 2009).

    Returns
    -------
    Estimate
        Linearised (Kovačević & Binder 1997); with ``whole`` by kernel densities (Osier 2009). NaN where the
        poorest group has no positive income.

    Raises
    ------
    EstimationError
        The share or an option is out of range, or no dispersion to estimate a density.
    """
    if not 0 < share <= 0.5:
        msg = f"share lies above 0 and at most at 0.5, got {share}"
        raise EstimationError(msg)
    if ties not in ("split", "whole"):
        msg = f"ties is 'split' or 'whole', not {ties!r}"
        raise EstimationError(msg)
    check_kernel(bandwidth)
    found = amounts(panel, variable, by, per, real=real)
    if ties == "split":
        return _top_over_bottom(
            found, share, 1 - share, "S80/S20" if share == 0.2 else f"top/bottom {share:g}"
        )
    found = found.noting(*low_notes(found))
    (low, of_low), (high, of_high) = (_at_or_below(found, p, bandwidth) for p in (share, 1 - share))
    whole, y = found.group.sums(found.y), found.y
    low, found = positive_base(found, low, BOTTOM)
    values = (whole - high) / low
    row = found.group.spread
    z = (y - of_high - row(values) * of_low) / row(low)
    about = About(
        estimand=f"quintile share ratio {found.name}"
        if share == 0.2
        else f"share ratio {share:g} {found.name}",
        interval="log",
        method=f"units at the quantile counted below it; Gaussian kernel, bandwidth sd × N^(-1/5), N {bandwidth}",
        citation=OSIER,
        unit="ratio",
        notes=found.notes,
    )
    return estimate(found.group, values, z, about)


def palma(
    panel: Panel, variable: str | None = None, *, by: By = None, real: bool = False, per: Per = None
) -> Estimate:
    """Return the Palma ratio: income of the richest 10 % over that of the poorest 40 %.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.

    Returns
    -------
    Estimate
        (1 - L(0.9)) / L(0.4) of the Lorenz curve L (Palma 2011; Kovačević & Binder 1997). NaN where the poorest
        group has no positive income.
    """
    return _top_over_bottom(amounts(panel, variable, by, per, real=real), 0.4, 0.9, "palma")


def bottom_total(
    panel: Panel,
    variable: str | None = None,
    *,
    share: float = 0.2,
    by: By = None,
    real: bool = False,
    per: Per = None,
    bandwidth: Kernel = "effective",
) -> Estimate:
    """Return the total income of the units at or below a quantile, none of them divided.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.
    share : float
        The quantile, above 0 and below 1.
    bandwidth : {"effective", "population"}
        As in `quintile_share_ratio`, of which this is the denominator under ``ties="whole"``.

    Returns
    -------
    Estimate
        Σ w y 1(y ≤ q), linearised by kernel densities (Osier 2009). See `lorenz` with ``scale="total"`` for the
        income of exactly that share of units.
    """
    (share,) = _points([share])
    check_kernel(bandwidth)
    found = amounts(panel, variable, by, per, real=real)
    found = found.noting(*low_notes(found))
    values, z = _at_or_below(found, share, bandwidth)
    about = About(
        estimand=f"income at or below quantile {share:g} {found.name}",
        method=f"linearised; Gaussian kernel, bandwidth sd × N^(-1/5), N {bandwidth}",
        citation=OSIER,
        unit=found.unit or "amount",
        notes=found.notes,
    )
    return estimate(found.group, values, z, about)


@dataclass(frozen=True, eq=False)
class _Base:
    """What sums are divided by: value of each cell (k,), derivative by each row's weight (n,), the amounts noted."""

    value: Floats
    influence: Floats
    found: Amounts


def _base(found: Amounts, scale: str) -> _Base:
    """Return all income, the number of units, or 1."""
    group = found.group
    if scale == "share":
        whole, found = positive_base(found, group.sums(found.y), MEAN)
        return _Base(whole, np.where(group.inside, found.y, 0.0), found)
    if scale == "mean":
        return _Base(group.size(), np.ones(len(found.y)), found)
    return _Base(np.where(np.isnan(group.size()), np.nan, 1.0), np.zeros(len(found.y)), found)


def _bottoms(found: Amounts, points: Sequence[float]) -> tuple[Floats, list[Floats]]:
    """Return the income of the poorest shares, shape (k, m), and m influences, shape (n,), units divided."""
    group, y = found.group, found.y
    probs = np.asarray(points, dtype=float)
    values = np.full((group.k, len(probs)), np.nan)
    zs = [np.zeros(len(y)) for _ in probs]
    for steps in steps_by_cell(group, y):
        count = np.cumsum(steps.weight)
        mass = np.cumsum(steps.weight * steps.value)
        at = np.minimum(np.searchsorted(count / count[-1], probs - 1e-12, side="left"), len(count) - 1)
        cut = steps.value[at]
        values[steps.cell] = mass[at] - cut * (count[at] - probs * count[-1])
        own = steps.value[steps.step]
        for z, p, q in zip(zs, probs, cut, strict=True):
            z[steps.rows] = np.minimum(own - q, 0.0) + p * q
    return values, zs


def _at_or_below(found: Amounts, share: float, bandwidth: Kernel) -> tuple[Floats, Floats]:
    """Return Σ w y 1(y ≤ quantile) of each cell, shape (k,), and its influence, shape (n,)."""
    group, y = found.group, found.y
    values, z = np.full(group.k, np.nan), np.zeros(len(y))
    for steps in steps_by_cell(group, y):
        rows, weight = steps.rows, group.weight[steps.rows]
        own = y[rows]
        count = np.cumsum(steps.weight)
        at = min(int(np.searchsorted(count / count[-1], share - 1e-12, side="left")), len(count) - 1)
        cut = float(steps.value[at])
        width = kernel_width(own, weight, sample_size(weight, bandwidth))
        slope = kernel_mass(cut, own, weight * own, width) / kernel_mass(cut, own, weight, width)
        low = own <= cut
        values[steps.cell] = (weight * own)[low].sum()
        z[rows] = own * low - slope * (low - share)
    return values, z


def _top_over_bottom(found: Amounts, low: float, high: float, name: str) -> Estimate:
    """Return the income above `high` over the income of the poorest `low`, units divided."""
    found = found.noting(*low_notes(found), SPLIT)
    sums, (of_low, of_high) = _bottoms(found, [low, high])
    whole = found.group.sums(found.y)
    bottom, found = positive_base(found, sums[:, 0], BOTTOM)
    values = (whole - sums[:, 1]) / bottom
    row = found.group.spread
    z = (found.y - of_high - row(values) * of_low) / row(bottom)
    about = About(
        estimand=f"{name} {found.name}",
        interval="log",
        method="ratio of Lorenz ordinates, linearised",
        citation=KOVACEVIC_BINDER,
        unit="ratio",
        notes=found.notes,
    )
    return estimate(found.group, values, z, about)


def _points(points: Sequence[float]) -> list[float]:
    out = [float(p) for p in points]
    if not out or not all(0 < p < 1 for p in out) or any(np.diff(out) <= 0):
        msg = f"shares of the population have to ascend between 0 and 1, got {out}"
        raise EstimationError(msg)
    return out
