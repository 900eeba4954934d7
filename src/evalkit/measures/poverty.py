"""Poverty against a fixed line: headcount, gap, severity (FGT), Watts, Sen, Sen–Shorrocks–Thon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, cells, estimate
from evalkit.panel import By, Panel

Line = float | str | Mapping[int, float] | None
NonPositive = Literal["error", "drop", "floor"]
FGT_NAMES = {0.0: "headcount", 1.0: "gap", 2.0: "severity"}
FGT_PAPER = "Foster, Greer & Thorbecke (1984), Econometrica 52, 761-766"


def headcount(
    panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None
) -> Estimate:
    """Return the share of persons (households without a size) below the poverty line.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        In currency of each wave; see `Panel.line`.
    by : str or sequence of str, optional
    poor_at_line : bool, optional
        Whether exactly at the line is poor; the panel's rule by default.

    Returns
    -------
    Estimate
        Shares; FGT with alpha = 0.

    Raises
    ------
    DataError
        No line for a wave or row that occurs.
    EstimationError
        A line that is not positive.
    """
    return fgt(panel, line, 0, by=by, poor_at_line=poor_at_line)


def gap(panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None) -> Estimate:
    """Return the poverty gap: mean shortfall as a share of the line, the non-poor counting zero.

    FGT with alpha = 1; parameters, result and errors as in `headcount`.
    """
    return fgt(panel, line, 1, by=by, poor_at_line=poor_at_line)


def severity(panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None) -> Estimate:
    """Return the squared poverty gap.

    FGT with alpha = 2; parameters, result and errors as in `headcount`.
    """
    return fgt(panel, line, 2, by=by, poor_at_line=poor_at_line)


def fgt(
    panel: Panel,
    line: Line = None,
    alpha: float = 0,
    *,
    by: By = None,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the Foster–Greer–Thorbecke measure of degree alpha.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `headcount`.
    alpha : float
        At least 0: 0 headcount, 1 gap, 2 severity.

    Returns
    -------
    Estimate
        Σ w s / Σ w with score s = ((z - y)/z)^alpha of the poor; a fixed line, so the
        influence is that of a mean.

    Raises
    ------
    EstimationError
        alpha is negative, or a line is not positive.
    """
    if not alpha >= 0:
        msg = f"alpha must be at least 0, got {alpha}"
        raise EstimationError(msg)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    notes = [_notes.line_rule(at_line=at_line), *_notes.concepts(panel, panel.waves)]
    below = int((group.inside & (y < 0)).sum())
    if below and alpha > 0:
        notes.append(_notes.negative(below))
    about = About(
        estimand=FGT_NAMES.get(float(alpha), f"FGT({alpha:g})"),
        interval="kg" if alpha == 0 else "log",
        method="weighted mean of poverty scores, fixed line",
        citation=FGT_PAPER,
        unit="share",
        notes=tuple(notes),
    )
    return mean_of_scores(group, fgt_scores(y, z, alpha, at_line=at_line), about)


def watts(
    panel: Panel,
    line: Line = None,
    *,
    by: By = None,
    poor_at_line: bool | None = None,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
) -> Estimate:
    """Return the Watts index: mean of log(line / welfare) of the poor, the non-poor counting zero.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `headcount`; at the line the score is zero either way.
    nonpositive : {"error", "drop", "floor"}
        What happens to a welfare measure of zero or less, which has no logarithm: refuse, leave the
        rows out, or count every measure below `floor` as `floor`; both are counted in a note.
    floor : float, optional
        Positive amount in currency of the wave; needed with ``nonpositive="floor"``.

    Returns
    -------
    Estimate
        In log units (Watts 1968).

    Raises
    ------
    EstimationError
        Non-positive measures without a policy, or a floor missing or not positive.
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    notes = [_notes.line_rule(at_line=at_line), *_notes.concepts(panel, panel.waves)]
    if nonpositive == "floor":
        if floor is None or not floor > 0:
            msg = f"nonpositive='floor' needs a positive floor, got {floor}"
            raise EstimationError(msg)
        notes.append(_notes.floored(int((group.inside & (y < floor)).sum()), floor))
        y = np.fmax(y, floor)
    elif nonpositive == "drop":
        notes.append(_notes.dropped(int((group.inside & (y <= 0)).sum())))
        y = np.where(y <= 0, np.nan, y)
        group = cells(panel, by, {panel.welfare: y})
    else:
        refuse_nonpositive(panel, group, y)
    about = About(
        estimand="watts",
        interval="log",
        method="weighted mean of log shortfalls, fixed line",
        citation="Watts (1968), in Moynihan (ed.), On Understanding Poverty; Zheng (1993), Economics Letters 42",
        unit="log",
        notes=tuple(notes),
    )
    return mean_of_scores(group, watts_scores(y, z), about)


def welfare_and_line(panel: Panel, line: Line, by: By) -> tuple[Floats, Floats, Cells]:
    """Return welfare and line of each row, shape (n,), and the cells of those that have both.

    Raises
    ------
    DataError
        Rows without a line.
    EstimationError
        A line that is not positive.
    """
    y, z = panel.values("welfare"), panel.line(line)
    group = cells(panel, by, {panel.welfare: y})
    lacking = group.inside & np.isnan(z)
    if lacking.any():
        msg = f"{int(lacking.sum())} of {int(group.inside.sum())} household-waves have no poverty line; complete it"
        raise DataError(msg, panel.frame.loc[lacking])
    wrong = group.inside & ~(z > 0)
    if wrong.any():
        msg = f"a poverty line must be positive: {int(wrong.sum())} household-waves have {z[wrong][0]:g}"
        raise EstimationError(msg)
    return y, z, group


def refuse_nonpositive(panel: Panel, group: Cells, y: Floats) -> None:
    """Raise if a row of a cell has no logarithm."""
    bad = group.inside & (y <= 0)
    if bad.any():
        count, rows = int(bad.sum()), int(group.inside.sum())
        first = panel.frame.loc[bad, [panel.household, panel.wave]].iloc[0]
        msg = (
            f"{count} of {rows} household-waves have {panel.welfare!r} of zero or less (first: {first.iloc[0]}, "
            f"{first.iloc[1]}), which has no logarithm; pass nonpositive='drop', or nonpositive='floor' with floor=…"
        )
        raise EstimationError(msg)


def mean_of_scores(group: Cells, score: Floats, about: About) -> Estimate:
    """Return the weighted mean of scores, shape (n,), in each cell."""
    size = group.size()
    values = group.sums(score) / size
    return estimate(group, values, (score - group.spread(values)) / group.spread(size), about)


def is_poor(y: Floats, z: Floats, *, at_line: bool) -> Floats:
    """Return 1 for the poor, 0 for the others, NaN where welfare or line is missing; shape (n,).

    >>> is_poor(np.array([99.0, 100.0, np.nan]), np.array([100.0, 100.0, 100.0]), at_line=True)
    array([ 1.,  1., nan])
    """
    poor = (y <= z) if at_line else (y < z)
    return np.where(np.isnan(y) | np.isnan(z), np.nan, poor.astype(float))


def fgt_scores(y: Floats, z: Floats, alpha: float, *, at_line: bool) -> Floats:
    """Return ((z - y)/z)^alpha of the poor, 0 of the others; shape (n,), NaN where y is missing.

    >>> fgt_scores(np.array([75.0, 100.0, 130.0]), np.array([100.0, 100.0, 100.0]), 2, at_line=False)
    array([0.0625, 0.    , 0.    ])
    """
    poor = is_poor(y, z, at_line=at_line)
    if alpha == 0:
        return poor
    with np.errstate(divide="ignore", invalid="ignore"):
        short = np.where(z > 0, np.fmax(z - y, 0.0) / z, 0.0)
    if alpha == 1:
        return np.asarray(poor * short, dtype=float)
    return np.asarray(np.where(np.isnan(poor), np.nan, poor * short**alpha), dtype=float)


def watts_scores(y: Floats, z: Floats) -> Floats:
    """Return log(z / y) of those with y < z, 0 of the others, NaN where y is missing or not positive.

    >>> watts_scores(np.array([50.0, 200.0]), np.array([100.0, 100.0])).round(4)
    array([0.6931, 0.    ])
    """
    ok = (y > 0) & (z > 0)
    safe, line = np.where(ok, y, 1.0), np.where(ok, z, 1.0)
    return np.where(ok, np.maximum(np.log(line / safe), 0.0), np.nan)
