"""How far the poor fall short of the line, what would lift them to it, and who stands just above it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._amounts import Amounts, positive_base
from evalkit.measures._linear import Cells, estimate, resting_on
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures.basic import DEVILLE
from evalkit.measures.poverty import Line, fgt_scores, is_poor, welfare_and_line
from evalkit.panel import By, Panel
from evalkit.text import Text

POOR = Text(en="the number of poor", zh="贫困人口数")


def income_gap_ratio(
    panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None
) -> Estimate:
    """Return the mean shortfall of the poor as a share of the line: gap over headcount.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `evalkit.measures.headcount`.

    Returns
    -------
    Estimate
        Σ w s / Σ w 1(poor) with s = (z - y)/z of the poor; influence of a ratio of totals
        (Sen 1976; Deville 1999). NaN where nobody is poor. n and df are those of the poor.

    Raises
    ------
    DataError
        No line for a wave or row that occurs.
    EstimationError
        A line that is not positive.
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    short, poor = fgt_scores(y, z, 1, at_line=at_line), is_poor(y, z, at_line=at_line)
    notes = (_notes.line_rule(at_line=at_line), *_low(group, y), *_notes.concepts(panel, panel.waves))
    found = Amounts(panel.welfare, y, group, "currency", notes)
    about = About(
        estimand="income gap ratio",
        method="ratio of totals, fixed line, linearised",
        citation=f"Sen (1976), Econometrica 44, 219-231; {DEVILLE}",
        unit="share",
    )
    return _of_the_poor(found, short, poor, about)


def gap_amount(
    panel: Panel,
    line: Line = None,
    *,
    by: By = None,
    total: bool = False,
    real: bool = False,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the shortfall of the poor in currency: the mean of the poor, or the sum that would lift all to the line.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `evalkit.measures.headcount`.
    total : bool
        The sum over all persons (households without a size) instead of the mean of the poor.
    real : bool
        In prices of the panel's price year.

    Returns
    -------
    Estimate
        Σ w (z - y) 1(poor), a year; over Σ w 1(poor) unless `total`. The mean is NaN where nobody is poor; its n and
        df are those of the poor.

    Raises
    ------
    DataError
        No line for a wave or row that occurs, or a deflator is missing.
    EstimationError
        A line that is not positive.
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y, z, group = welfare_and_line(panel, line, by)
    poor = is_poor(y, z, at_line=at_line)
    short = np.where(poor == 1, z - y, np.where(np.isnan(poor), np.nan, 0.0))
    if real:
        short = short * deflator(panel)
    notes = (_notes.line_rule(at_line=at_line), *_low(group, y), *price_notes(panel, "welfare", real=real))
    found = Amounts(panel.welfare, y, group, "currency", notes)
    if total:
        about = About(
            estimand="total shortfall",
            method="expansion estimator, fixed line",
            citation="Foster, Greer & Thorbecke (1984), Econometrica 52, 761-766",
            unit="currency",
            notes=notes,
        )
        return estimate(group, np.where(np.isnan(group.size()), np.nan, group.sums(short)), short, about)
    about = About(
        estimand="mean shortfall of the poor",
        method="ratio of totals, fixed line, linearised",
        citation=f"Foster, Greer & Thorbecke (1984), Econometrica 52, 761-766; {DEVILLE}",
        unit="currency",
    )
    return _of_the_poor(found, short, poor, about)


def near_line(
    panel: Panel, line: Line = None, *, lower: float = 1.0, upper: float = 1.5, by: By = None
) -> Estimate:
    """Return the share of units between two multiples of the line: not poor, but close to it.

    Parameters
    ----------
    panel, line, by
        As in `evalkit.measures.headcount`.
    lower, upper : float
        Multiples of the line; ``lower`` × line ≤ welfare < ``upper`` × line.

    Returns
    -------
    Estimate
        Shares of all units of the domain; Korn–Graubard interval.

    Raises
    ------
    DataError
        No line for a wave or row that occurs.
    EstimationError
        Not 0 ≤ lower < upper, or a line that is not positive.
    """
    if not 0 <= lower < upper:
        msg = f"near the line needs 0 ≤ lower < upper, got lower={lower}, upper={upper}"
        raise EstimationError(msg)
    y, z, group = welfare_and_line(panel, line, by)
    known = ~(np.isnan(y) | np.isnan(z))
    near = np.where(known, (y >= lower * z) & (y < upper * z), np.nan)
    values = group.sums(near) / group.size()
    rule = Text(
        en=f"from {lower:g} × line (included) to {upper:g} × line (excluded)",
        zh=f"自贫困线的{lower:g}倍（含）至{upper:g}倍（不含）",
    )
    about = About(
        estimand=f"share within {lower:g}-{upper:g} × line",
        method="weighted proportion, fixed line, linearised",
        citation="Korn & Graubard (1998), Survey Methodology 24, 193-201",
        unit="share",
        interval="kg",
        notes=(rule, *_notes.concepts(panel, panel.waves)),
    )
    return estimate(group, values, (near - group.spread(values)) / group.spread(group.size()), about)


def _of_the_poor(found: Amounts, short: Floats, poor: Floats, about: About) -> Estimate:
    """Return Σ w short / Σ w poor with the notes of the amounts; it rests on the poor."""
    group = found.group
    count, found = positive_base(found, group.sums(poor), POOR)
    values = group.sums(short) / count
    about = replace(about, notes=found.notes)
    out = estimate(group, values, (short - group.spread(values) * poor) / group.spread(count), about)
    return resting_on(out, group, [poor == 1])


def _low(group: Cells, y: Floats) -> tuple[Text, ...]:
    below = int((group.inside & (y < 0)).sum())
    return (_notes.negative(below),) if below else ()
