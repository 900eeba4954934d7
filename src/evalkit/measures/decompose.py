"""Change of poverty split into growth, redistribution and the line: Datt–Ravallion and Shapley, with standard errors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._influence import Influenced, several
from evalkit.measures._prices import price_factor
from evalkit.measures._scaled import (
    Normalised,
    OnNonPositive,
    Poverty,
    density_note,
    normalised,
    poverty_paper,
    scaled_poverty,
)
from evalkit.measures.poverty import Line
from evalkit.panel import By, Panel
from evalkit.text import Text

Reference = Literal["initial", "final", "average"]


def datt_ravallion(
    panel: Panel,
    line: Line = None,
    *,
    frm: int,
    to: int,
    measure: Poverty = "headcount",
    reference: Reference = "initial",
    by: By = None,
    nonpositive: OnNonPositive = "error",
) -> Estimate:
    """Split the change of poverty into growth of the mean, change of the distribution, and a residual.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        In currency of each wave; see `Panel.line`. Incomes are taken in units of the line of their wave.
    frm, to : int
        Waves, ``frm`` before ``to``.
    measure : {"headcount", "gap", "severity", "watts"}
    reference : {"initial", "final", "average"}
        Which wave's mean and distribution are held fixed. ``average`` is the mean of both: no residual (it is the
        Shapley value of two factors).
    by : str or sequence of str, optional
        Without the wave.
    nonpositive : {"error", "drop"}
        For the Watts index; the others keep incomes of zero or less.

    Returns
    -------
    Estimate
        Keys `by` and ``component``: ``growth``, ``redistribution``, ``residual`` (absent for ``average``), ``total``.
        The components sum to the total, which is the change of the measure. Influence values include those of both
        means; at a headcount they use a kernel density at the line.

    Raises
    ------
    EstimationError
        Unknown measure, reference or policy; waves absent, out of order or of two income concepts; a line that is not
        positive; non-positive incomes under the Watts index.
    DataError
        Rows without a line.

    References
    ----------
    Datt & Ravallion (1992), Journal of Development Economics 38, 275-295.
    """
    if reference not in ("initial", "final", "average"):
        msg = f"reference is 'initial', 'final' or 'average', not {reference!r}"
        raise EstimationError(msg)
    data = normalised(panel, line, by, measure, nonpositive, frm, to)
    start, end, grown, shifted = _four(data)
    total = end - start
    if reference == "initial":
        growth, redistribution = grown - start, shifted - start
    elif reference == "final":
        growth, redistribution = end - shifted, end - grown
    else:
        growth = ((grown - start) + (end - shifted)).times(0.5)
        redistribution = ((shifted - start) + (end - grown)).times(0.5)
    parts = {"growth": growth, "redistribution": redistribution}
    if reference != "average":
        parts["residual"] = total - growth - redistribution
    about = About(
        estimand=f"change in {measure} {frm}–{to}",
        method=f"growth and redistribution, reference {reference}; linearised with both means estimated",
        citation="Datt & Ravallion (1992), J. Development Economics 38, 275-295; " + poverty_paper(measure),
        unit="log" if measure == "watts" else "share",
        notes=(*density_note(measure), *data.notes),
    )
    return several({**parts, "total": total}, "component", about)


def shapley_growth(
    panel: Panel,
    line: Line = None,
    *,
    frm: int,
    to: int,
    measure: Poverty = "headcount",
    with_line: bool = False,
    by: By = None,
    nonpositive: OnNonPositive = "error",
) -> Estimate:
    """Split the change of poverty into Shapley contributions of growth, redistribution and, if asked, the line.

    Parameters
    ----------
    panel, line, frm, to, measure, by, nonpositive
        As in `datt_ravallion`.
    with_line : bool
        Take the change of the line in constant prices as a third factor (growth is then growth of the real mean).
        Needs the panel's deflators and one line a wave. Otherwise growth is relative to the line.

    Returns
    -------
    Estimate
        Keys `by` and ``component``: ``growth``, ``redistribution``, (``line``,) ``total``; the contributions sum
        to the total.

    Raises
    ------
    EstimationError
        As in `datt_ravallion`, or a wave has several lines where the line is a factor.
    DataError
        Rows without a line, or no price index.

    References
    ----------
    Shorrocks (2013), Journal of Economic Inequality 11, 99-126; Kakwani (2000), Journal of Quantitative Economics 16, 67-79.
    """
    data = normalised(panel, line, by, measure, nonpositive, frm, to)
    if with_line:
        ratio = _real_line_ratio(panel, data, frm, to)
        parts = shapley_values(("growth", "redistribution", "line"), _with_line(data, ratio))
    else:
        start, end, grown, shifted = _four(data)
        states = {
            frozenset[str](): start,
            frozenset({"growth"}): grown,
            frozenset({"redistribution"}): shifted,
            frozenset({"growth", "redistribution"}): end,
        }
        parts = shapley_values(("growth", "redistribution"), lambda s: states[s])
    total = data.poverty(1) - data.poverty(0)
    about = About(
        estimand=f"change in {measure} {frm}–{to}",
        method="Shapley contributions, linearised with both means estimated",
        citation="Shorrocks (2013), J. Economic Inequality 11, 99-126; " + poverty_paper(measure),
        unit="log" if measure == "watts" else "share",
        notes=(*density_note(measure), *(_line_note() if with_line else ()), *data.notes),
    )
    return several({**parts, "total": total}, "component", about)


def shapley_values(
    factors: tuple[str, ...], worth: Callable[[frozenset[str]], Influenced]
) -> dict[str, Influenced]:
    """Return each factor's average contribution over all orders in which the factors can be switched.

    Parameters
    ----------
    factors : tuple of str, length m
    worth : callable
        From a set of factors that are switched on to the statistic; called once for each of the 2^m sets.

    Returns
    -------
    dict of str to Influenced
        They sum to worth(all) - worth(none).

    References
    ----------
    Shapley (1953), in Contributions to the Theory of Games II; Shorrocks (2013), Journal of Economic Inequality 11, 99-126.
    """
    m = len(factors)
    out: dict[str, Influenced] = {}
    for size in range(m + 1):
        for chosen in combinations(factors, size):
            found = worth(frozenset(chosen))
            for factor in factors:
                inside = factor in chosen
                others = size - inside
                share = factorial(others) * factorial(m - others - 1) / factorial(m)
                part = found.times(share if inside else -share)
                out[factor] = out[factor] + part if factor in out else part
    return {factor: out[factor] for factor in factors}


def _four(data: Normalised) -> tuple[Influenced, Influenced, Influenced, Influenced]:
    """Return poverty in the first and last wave, in the first with the last mean, and in the last with the first mean."""
    rise = data.mean(1).log() - data.mean(0).log()
    return data.poverty(0), data.poverty(1), data.poverty(0, rise), data.poverty(1, -rise)


def _with_line(data: Normalised, ratio: float) -> Callable[[frozenset[str]], Influenced]:
    """Return poverty under any set of factors of the last wave: mean, distribution, line (real, last / first)."""
    raise_line = np.log(ratio)
    rise = (data.mean(1).log() - data.mean(0).log()).plus(raise_line)  # of the real mean

    def worth(chosen: frozenset[str]) -> Influenced:
        shape, mean, line = ("redistribution" in chosen, "growth" in chosen, "line" in chosen)
        if shape == mean == line:
            return data.poverty(int(shape))
        shift = raise_line * (float(shape) - float(line))
        u = data.u * np.exp(shift)
        stretch = None if mean == shape else (rise if mean else -rise)
        return scaled_poverty(
            data.group, data.rows(int(shape)), u, data.measure, at_line=data.at_line, stretch=stretch
        )

    return worth


def _real_line_ratio(panel: Panel, data: Normalised, frm: int, to: int) -> float:
    """Return the line of `to` over that of `frm` in constant prices."""
    real = []
    for wave, rows in ((frm, data.waves.first), (to, data.waves.last)):
        lines = np.unique(data.line[rows])
        if len(lines) != 1:
            msg = (
                f"wave {wave} has {len(lines)} different poverty lines; with_line=True needs one line a wave "
                "(use panel.where for one area at a time)"
            )
            raise EstimationError(msg)
        real.append(float(lines[0]) * price_factor(panel, wave))
    return real[1] / real[0]


def _line_note() -> tuple[Text, ...]:
    return (
        Text(
            en="growth is that of the mean in constant prices; the line is the third factor",
            zh="增长为不变价均值的增长；贫困线变动为第三因素",
        ),
    )
