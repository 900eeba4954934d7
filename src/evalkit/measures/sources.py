"""Contributions of income sources to inequality, poverty or the mean: Shapley values with standard errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._influence import Influenced, mean_of, several
from evalkit.measures._linear import Cells, cells
from evalkit.measures._scaled import DEGREES, scaled_poverty
from evalkit.measures.decompose import shapley_values
from evalkit.measures.ordered import distances_by_cell
from evalkit.measures.poverty import FGT_PAPER, Line, welfare_and_line
from evalkit.panel import By, Panel
from evalkit.text import Text

Statistic = Literal["gini", "headcount", "gap", "severity", "mean"]
Removed = Literal["zero", "mean"]
MOST_SOURCES = 8


def shapley_sources(
    panel: Panel,
    sources: Sequence[str],
    statistic: Statistic = "gini",
    *,
    line: Line = None,
    by: By = None,
    removed: Removed = "zero",
    per_head: bool = True,
) -> Estimate:
    """Split a statistic of total income into contributions of its sources.

    Parameters
    ----------
    panel : Panel
    sources : sequence of str
        Two to eight columns whose sum is the income that is decomposed.
    statistic : {"gini", "headcount", "gap", "severity", "mean"}
    line : float, str, mapping or None
        For the poverty measures; see `Panel.line`.
    by : str or sequence of str, optional
    removed : {"zero", "mean"}
        What takes the place of a source that is left out: nothing, or (Gini only) its mean, which removes its
        inequality but not the income. The two answer different questions and differ in size and sign.
    per_head : bool
        The columns are per head, as the welfare measure; False: amounts of the household, divided by its size.

    Returns
    -------
    Estimate
        Keys `by` and ``source``, with ``total`` last. Contributions sum to the total, which is the statistic of the sum of
        the sources less the statistic of nobody having any: 0 for the Gini and the mean, everybody poor (1) for poverty,
        whose contributions are therefore negative. Exact over all 2^m sets of sources; the influence values of
        the sets are combined in the same way, so that the standard errors are those of the contributions.

    Raises
    ------
    EstimationError
        Too few or too many sources, an unknown statistic or variant, a Gini of sources whose mean is not positive.
    DataError
        Columns absent or not numeric; rows without a line.

    References
    ----------
    Shorrocks (2013), Journal of Economic Inequality 11, 99-126; Sastre & Trannoy (2002), Journal of Economics, Supplement 9,
    51-89 (zero and equalised income).
    """
    names = _checked(sources, statistic, removed)
    amounts = {name: panel.values(name) for name in names}
    if not per_head:
        if panel.size is None:
            msg = "household amounts need the household size; give the panel its size column, or pass per_head=True"
            raise EstimationError(msg)
        amounts = {name: x / panel.persons() for name, x in amounts.items()}
    total = np.sum(list(amounts.values()), axis=0)
    welfare = panel.values("welfare")
    notes = [*_mismatch(panel, welfare, total), *_notes.concepts(panel, panel.waves)]
    if statistic in DEGREES:
        _, z, group = welfare_and_line(panel, line, by)
        group = _complete(group, cells(panel, by, {panel.welfare: welfare, **amounts}))
        notes.append(_notes.line_rule(at_line=panel.poor_at_line))
    else:
        z, group = np.ones(len(total)), cells(panel, by, {panel.welfare: welfare, **amounts})
    measure = _measure(panel, statistic, group, z)
    if removed == "mean":
        worth = _equalised(group, amounts, measure)
    else:
        worth = _zeroed(group, amounts, measure, statistic)
    parts = shapley_values(names, worth)
    whole = worth(frozenset(names)) - worth(frozenset())
    about = About(
        estimand=f"{statistic} by source",
        method=f"Shapley value over all sets of sources, a source left out counting {removed}; linearised",
        citation="Shorrocks (2013), J. Economic Inequality 11, 99-126"
        + (f"; {FGT_PAPER}" if statistic in DEGREES else ""),
        unit="currency" if statistic == "mean" else "share",
        notes=(_baseline(statistic), *notes),
    )
    return several({**parts, "total": whole}, "source", about)


def gini_influence(group: Cells, x: Floats) -> Influenced:
    """Return the Gini coefficient (mid-rank) of x in each cell: mean absolute difference over twice the mean.

    Influence [(A_i - D)/mean - G (x_i - mean)/mean] / Σw with A_i the mean distance of row i from all rows and D their
    mean (Monti 1991, Statistica 51, 561-577). 0 where x is 0 for everybody.

    Parameters
    ----------
    group : Cells
    x : ndarray, shape (n,)
        Finite inside the cells.
    """
    inside = group.inside
    mean = mean_of(group, x, inside)
    none = group.sums(np.where(inside, np.abs(x), 0.0)) == 0
    size = group.size()
    apart = distances_by_cell(group, x, np.ones(len(x))) / group.spread(size)
    pairs = mean_of(group, apart, inside)
    pairs = Influenced(group, pairs.values, 2 * pairs.influence)
    base = Influenced(group, np.where(none, 1.0, mean.values), mean.influence)
    return pairs / base.times(2.0)


def _checked(sources: Sequence[str], statistic: str, removed: str) -> tuple[str, ...]:
    names = (sources,) if isinstance(sources, str) else tuple(sources)
    if not 2 <= len(names) <= MOST_SOURCES or len(set(names)) != len(names):
        msg = f"sources are 2 to {MOST_SOURCES} different columns, got {list(names)}; add up the small ones first"
        raise EstimationError(msg)
    if statistic not in ("gini", "mean", *DEGREES):
        msg = f"statistic is 'gini', 'headcount', 'gap', 'severity' or 'mean', not {statistic!r}"
        raise EstimationError(msg)
    if removed not in ("zero", "mean") or (removed == "mean" and statistic != "gini"):
        msg = f"removed is 'zero', or 'mean' for the Gini; got {removed!r} for {statistic!r}"
        raise EstimationError(msg)
    return names


def _measure(panel: Panel, statistic: Statistic, group: Cells, z: Floats) -> Callable[[Floats], Influenced]:
    if statistic == "mean":
        return lambda x: mean_of(group, x, group.inside)
    if statistic == "gini":
        return lambda x: gini_influence(group, x)
    line = np.where(group.inside, z, 1.0)
    at_line = panel.poor_at_line
    return lambda x: scaled_poverty(group, group.inside, x / line, statistic, at_line=at_line)


def _zeroed(
    group: Cells, amounts: dict[str, Floats], measure: Callable[[Floats], Influenced], statistic: str
) -> Callable[[frozenset[str]], Influenced]:
    n = len(group.code)

    def worth(chosen: frozenset[str]) -> Influenced:
        x = np.sum([amounts[c] for c in sorted(chosen)], axis=0) if chosen else np.zeros(n)
        x = np.where(group.inside, x, 0.0)
        if statistic == "gini":
            _refuse_debts(group, x, chosen)
        return measure(x)

    return worth


def _equalised(
    group: Cells, amounts: dict[str, Floats], measure: Callable[[Floats], Influenced]
) -> Callable[[frozenset[str]], Influenced]:
    means = {name: mean_of(group, x, group.inside) for name, x in amounts.items()}

    def worth(chosen: frozenset[str]) -> Influenced:
        x = np.where(group.inside, np.sum(list(amounts.values()), axis=0), 0.0)
        level = mean_of(group, x, group.inside).values
        rest = [name for name in amounts if name not in chosen]
        for name in rest:
            x = np.where(group.inside, x - amounts[name] + group.spread(means[name].values), 0.0)
        _refuse_debts(group, x, frozenset(amounts))
        if not chosen:
            zero = np.where(group.rows() > 0, 0.0, np.nan)
            return Influenced(group, zero, np.zeros(len(x)))
        found = measure(x)
        for name in rest:  # a common addition leaves differences alone and raises the mean
            found = found.moved(-found.values / level, means[name])
        return found

    return worth


def _refuse_debts(group: Cells, x: Floats, chosen: frozenset[str]) -> None:
    """Raise if a set of sources has a mean of zero or less without being zero for everybody."""
    mean = group.sums(x) / group.size()
    some = group.sums(np.abs(x)) > 0
    bad = some & (mean <= 0)
    if bad.any():
        where = _notes.listed(group.keys.loc[bad])
        msg = (
            f"{' + '.join(sorted(chosen))} has a mean of {mean[bad][0]:g} in {where}: a Gini coefficient needs a positive "
            "mean; join the source with another one"
        )
        raise EstimationError(msg)


def _complete(group: Cells, other: Cells) -> Cells:
    """Return the cells of rows that lie in both."""
    code = np.where(group.inside & other.inside, group.code, -1).astype(np.intp)
    return Cells(group.keys, code, group.units, group.sample, other.notes)


def _mismatch(panel: Panel, welfare: Floats, total: Floats) -> tuple[Text, ...]:
    """Say in how many rows the sources do not sum to the welfare measure."""
    both = panel.mask & np.isfinite(welfare) & np.isfinite(total)
    off = int((both & (np.abs(total - welfare) > 0.01 * np.maximum(np.abs(welfare), 1.0))).sum())
    if not off:
        return ()
    return (
        Text(
            en=f"in {off:,} of {int(both.sum()):,} household-waves the sources differ from {panel.welfare} by more than 1 %: "
            "their sum is decomposed",
            zh=f"{int(both.sum()):,}条户年记录中有{off:,}条的来源之和与{panel.welfare}相差超过1%：分解对象为来源之和",
        ),
    )


def _baseline(statistic: str) -> Text:
    if statistic in DEGREES:
        return Text(
            en="contributions are to the change from nobody having income (everybody poor) to actual poverty",
            zh="贡献相对于人人无收入（全部贫困）的起点",
        )
    return Text(en="contributions sum to the statistic", zh="各来源贡献之和等于该指标")
