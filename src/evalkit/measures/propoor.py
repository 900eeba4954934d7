"""Growth of the poor: Ravallion–Chen rate, Kakwani–Pernia index, poverty equivalent growth, elasticities."""

from __future__ import annotations

import numpy as np

from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._influence import Influenced, mean_of, one, several
from evalkit.measures._linear import resting_on
from evalkit.measures._scaled import (
    DEGREES,
    OnNonPositive,
    Poverty,
    check_measure,
    density_note,
    log_density,
    normalised,
    poverty_paper,
    scaled_poverty,
    without_nonpositive,
)
from evalkit.measures.poverty import Line, fgt_scores, is_poor, welfare_and_line
from evalkit.panel import By, Panel
from evalkit.text import Text


def ravallion_chen(
    panel: Panel,
    line: Line = None,
    *,
    frm: int,
    to: int,
    by: By = None,
    annualised: bool = False,
    nonpositive: OnNonPositive = "error",
) -> Estimate:
    """Return the mean growth rate of the initially poor, -(change of Watts) / initial headcount.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        In currency of each wave; see `Panel.line`. Growth is relative to the line.
    frm, to : int
    by : str or sequence of str, optional
        Without the wave.
    annualised : bool
        Divide by the years between the waves.
    nonpositive : {"error", "drop"}
        What happens to a welfare measure of zero or less, which has no logarithm.

    Returns
    -------
    Estimate
        Log points. It equals the area under the growth incidence curve up to the initial headcount, divided by that
        headcount, when both quantile functions are censored at the line (a poor percentile that rises above the line
        counts its growth up to the line only). NaN where nobody is poor in ``frm``; n and df are those of the poor of
        ``frm``.

    Raises
    ------
    EstimationError
        As in `evalkit.measures.datt_ravallion`.
    DataError
        Rows without a line.

    References
    ----------
    Ravallion & Chen (2003), Economics Letters 78, 93-99.
    """
    data = normalised(panel, line, by, "watts", nonpositive, frm, to)
    head = scaled_poverty(data.group, data.rows(0), data.u, "headcount", at_line=data.at_line)
    rate = (data.poverty(0) - data.poverty(1)) / head
    years = float(to - frm) if annualised else 1.0
    about = About(
        estimand=f"growth of the poor {frm}–{to}" + (" a year" if annualised else ""),
        method="fall of the Watts index per initially poor, linearised",
        citation="Ravallion & Chen (2003), Economics Letters 78, 93-99",
        unit="log",
        notes=(_censored(), *data.notes),
    )
    poor = data.rows(0) & (is_poor(data.u, np.ones(len(data.u)), at_line=data.at_line) == 1)
    return resting_on(one(rate.times(1 / years), about), data.group, [poor])


def pro_poor_growth(
    panel: Panel,
    line: Line = None,
    *,
    frm: int,
    to: int,
    measure: Poverty = "gap",
    by: By = None,
    annualised: bool = False,
    nonpositive: OnNonPositive = "error",
) -> Estimate:
    """Return the pro-poor index, the poverty equivalent growth rate and the elasticities behind them.

    Parameters
    ----------
    panel, line, frm, to, by, nonpositive
        As in `evalkit.measures.datt_ravallion`.
    measure : {"headcount", "gap", "severity", "watts"}
    annualised : bool
        Growth rates per year; elasticities and the index have no time unit.

    Returns
    -------
    Estimate
        Keys `by` and ``statistic``:

        - ``growth``: change g of the log of mean welfare (relative to the line);
        - ``total_elasticity``: change of log poverty / g;
        - ``growth_elasticity``: the part of it with the distribution held fixed (mean of both reference waves) / g;
        - ``inequality_elasticity``: the rest;
        - ``pro_poor_index``: total / growth elasticity. In a time of growth, above 1: the poor gain more than in
          proportion; between 0 and 1: growth reduces poverty though the distribution worsens; below 0: poverty rises.
          When the mean falls the reading is reversed, and a note says so;
        - ``pegr``: index × growth, the rate of distribution-neutral growth that would have moved poverty as much.

        NaN where poverty is zero in one of the four situations compared.

    Raises
    ------
    EstimationError, DataError
        As in `evalkit.measures.datt_ravallion`.

    References
    ----------
    Kakwani & Pernia (2000), Asian Development Review 18, 1-16; Kakwani & Son (2008), Review of Income and Wealth 54,
    643-655.
    """
    data = normalised(panel, line, by, measure, nonpositive, frm, to)
    growth = data.mean(1).log() - data.mean(0).log()
    start, end = data.poverty(0).log(), data.poverty(1).log()
    grown, shifted = data.poverty(0, growth).log(), data.poverty(1, -growth).log()
    total = end - start
    pure = ((grown - start) + (end - shifted)).times(0.5)
    index = total / pure
    years = float(to - frm) if annualised else 1.0
    parts = {
        "growth": growth.times(1 / years),
        "total_elasticity": total / growth,
        "growth_elasticity": pure / growth,
        "inequality_elasticity": (total - pure) / growth,
        "pro_poor_index": index,
        "pegr": (index * growth).times(1 / years),
    }
    about = About(
        estimand=f"pro-poor growth ({measure}) {frm}–{to}",
        method="log changes of poverty with mean or distribution held fixed, averaged over both waves, linearised",
        citation="Kakwani & Pernia (2000), Asian Development Review 18, 1-16; Kakwani & Son (2008), Review of Income "
        "and Wealth 54, 643-655",
        unit="ratio",
        notes=(*_falls(growth), *_nobody_poor(growth, total, pure), *density_note(measure), *data.notes),
    )
    return several(parts, "statistic", about)


def growth_elasticity(
    panel: Panel,
    line: Line = None,
    *,
    measure: Poverty = "gap",
    by: By = None,
    nonpositive: OnNonPositive = "error",
) -> Estimate:
    """Return the elasticity of poverty with respect to mean welfare at a fixed distribution.

    Parameters
    ----------
    panel, line, measure, nonpositive
        As in `evalkit.measures.datt_ravallion`.
    by : str or sequence of str, optional
        The wave too, if wanted.

    Returns
    -------
    Estimate
        -(alpha mean((1 - u)^(alpha - 1) u)) / P_alpha among the poor, which is alpha (P_alpha - P_(alpha-1)) / P_alpha;
        -headcount / Watts; and minus the density of log welfare at the line / headcount (kernel; its bandwidth is
        taken as fixed). NaN where nobody is poor.

    Raises
    ------
    EstimationError, DataError
        As in `evalkit.measures.datt_ravallion`.

    References
    ----------
    Kakwani (1993), Review of Income and Wealth 39, 121-139.
    """
    check_measure(measure, nonpositive)
    y, z, group = welfare_and_line(panel, line, by)
    group, y, notes = without_nonpositive(panel, group, y, by, measure, nonpositive)
    u = np.where(group.inside, y, np.nan) / np.where(group.inside, z, 1.0)
    inside = group.inside
    poverty = scaled_poverty(group, inside, u, measure, at_line=panel.poor_at_line)
    if measure == "headcount":
        slope = -log_density(group, inside, u)
    elif measure == "watts":
        slope = -mean_of(group, (u < 1).astype(float), inside)
    else:
        alpha = DEGREES[measure]
        below = fgt_scores(u, np.ones(len(u)), alpha - 1, at_line=False)
        slope = mean_of(group, -alpha * below * np.where(inside, u, 0.0), inside)
    about = About(
        estimand=f"growth elasticity of {measure}",
        method="derivative by a common factor of all incomes over the measure, linearised",
        citation="Kakwani (1993), Review of Income and Wealth 39, 121-139; " + poverty_paper(measure),
        unit="ratio",
        notes=(
            _notes.line_rule(at_line=panel.poor_at_line),
            *density_note(measure),
            *notes,
            *_notes.concepts(panel, panel.waves),
        ),
    )
    return one(slope / poverty, about)


def _censored() -> Text:
    return Text(
        en="incomes count up to the line: growth of the poor beyond it is not part of the rate",
        zh="收入在贫困线处截断：越线之后的增长不计入",
    )


def _nobody_poor(growth: Influenced, total: Influenced, pure: Influenced) -> tuple[Text, ...]:
    """Say where poverty is zero in one of the situations compared, whose logarithm does not exist."""
    lacking = np.isfinite(growth.values) & ~(np.isfinite(total.values) & np.isfinite(pure.values))
    if not lacking.any():
        return ()
    some = _notes.listed(growth.group.keys.loc[lacking])
    return (
        Text(
            en=f"no poverty in a wave, or none left with the other wave's mean, in: {some}; there the elasticities, index and "
            "equivalent rate do not exist",
            zh=f"以下分组在某期、或换用另一期均值后贫困为零，弹性、指数与等价增长率不存在：{some}",
        ),
    )


def _falls(growth: Influenced) -> tuple[Text, ...]:
    """Say where the mean falls, which turns the reading of the index round."""
    down = growth.values < 0
    if not down.any():
        return ()
    some = _notes.listed(growth.group.keys.loc[down])
    return (
        Text(
            en=f"mean welfare falls relative to the line in: {some}; there an index above 1 means that the poor lose more "
            "than in proportion",
            zh=f"以下分组平均福利（相对贫困线）下降：{some}；该处指数大于1表示穷人损失更大",
        ),
    )
