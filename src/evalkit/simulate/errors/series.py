"""Injectors of errors in county series: jumps, mistaken units, frozen, impossible and missing years, broken stocks.

Every county is damaged by one rule at most. The breaks of the income concept stand in the yearbook itself; `inject_series` lists
them as the truth of Y67 and Y68 for the counties that nothing else damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.rules.series import SERIES
from evalkit.simulate.errors.framework import Injector, Make, Tables, damage_tables, truth_rows
from evalkit.simulate.yearbook import DISPOSABLE_SINCE, Yearbook

TABLE = "county"
_NAMES = tuple(name for name, _ in SERIES)
_SLIPS = (10.0, 100.0, 10_000.0, 0.1, 0.01)
BREAKS = ("Y67", "Y68")
"""Rules on breaks that the clean yearbook has."""

Fill = Callable[[np.random.Generator, Tables, pd.Index], None]


@dataclass(frozen=True)
class InjectedSeries:
    """A damaged yearbook and what has to be found in it.

    Parameters
    ----------
    yearbook : Yearbook
    truth : DataFrame
        As `evalkit.simulate.errors.Injected.truth`.
    """

    yearbook: Yearbook
    truth: pd.DataFrame


def inject_series(
    yearbook: Yearbook, *, rules: Sequence[str] | None = None, n: int = 4, seed: int = 1
) -> InjectedSeries:
    """Put errors into clean county series.

    Parameters
    ----------
    yearbook : Yearbook
        Stays as it is.
    rules : sequence of str, optional
        Ids of the rules whose errors are wanted; all by default.
    n : int
        Counties damaged for each rule; fewer where there are not enough.
    seed : int
        The same yearbook, rules, n and seed give the same bits.

    Raises
    ------
    DataError
        A rule has no injector.
    """
    known = [i.rule for i in SERIES_INJECTORS]
    unknown = sorted(set(rules or ()) - set(known) - set(BREAKS))
    if unknown:
        msg = f"no injector for the rules {', '.join(unknown)}; there are: {', '.join(sorted([*known, *BREAKS]))}"
        raise DataError(msg)
    wanted = [i for i in SERIES_INJECTORS if rules is None or i.rule in set(rules)]
    before = {TABLE: yearbook.frame.reset_index(drop=True)}
    tables, truth = damage_tables(wanted, before, n=n, seed=seed)
    frame = tables.frames[TABLE]
    broken = frame.index[(frame["wave"] == DISPOSABLE_SINCE) & ~frame["county"].isin(tables.used)]
    breaks = [
        truth_rows(rule, TABLE, broken, before[TABLE], frame)
        for rule in BREAKS
        if rules is None or rule in set(rules)
    ]
    whole = pd.concat([truth, *breaks], ignore_index=True)
    return InjectedSeries(replace(yearbook, frame=frame.reset_index(drop=True)), whole)


def _frame(t: Tables) -> pd.DataFrame:
    return t.frames[TABLE]


def _inside(name: str, *, before: int = 2, after: int = 1) -> Callable[[Tables], pd.Series]:
    """Return rows with a value that some observed years come before and after."""

    def mask(t: Tables) -> pd.Series:
        there = _frame(t)[name].notna()
        place = there.groupby(_frame(t)["county"]).cumsum()
        left = there.groupby(_frame(t)["county"]).transform("sum") - place
        return there & (place > before) & (left >= after)

    return mask


def _last(t: Tables) -> pd.Series:
    return ~_frame(t)["county"].duplicated(keep="last")


def _damaged(rule: str, where: Callable[[Tables], pd.Series], fill: Fill) -> Injector:
    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, TABLE, where(t), n)
        fill(rng, t, rows)
        return rows

    return Injector(rule, TABLE, make)


def _scaled(name: str, factors: Sequence[float]) -> Fill:
    """Return the multiplication of cells by one of some factors each; results that round to nothing are 1."""

    def fill(rng: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        by = np.asarray(factors)[rng.integers(len(factors), size=len(rows))]
        t.write(
            TABLE, rows, name, np.maximum(np.round(_frame(t).loc[rows, name].to_numpy(dtype=float) * by), 1.0)
        )

    return fill


def _as_before(name: str) -> Fill:
    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        t.write(TABLE, rows, name, _frame(t).loc[rows - 1, name].to_numpy())

    return fill


def _set(name: str, *values: float) -> Fill:
    """Return the writing of values into cells, in turn."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        t.write(TABLE, rows, name, np.resize(np.array(values, dtype=float), len(rows)))

    return fill


def _of(name: str, other: str, factor: float, plus: float = 0.0) -> Fill:
    """Return the writing of another column, multiplied and shifted, into a column."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        t.write(
            TABLE, rows, name, np.round(_frame(t).loc[rows, other].to_numpy(dtype=float) * factor + plus, 1)
        )

    return fill


def _blank(name: str) -> Fill:
    return lambda _, t, rows: t.write(TABLE, rows, name, np.nan)


def _too_many(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """Let more persons exit than were poor, identified and returned."""
    frame = _frame(t)
    stock = (
        frame.loc[rows - 1, "poor_persons"].to_numpy()
        + frame.loc[rows, ["identified_in_year", "returned_in_year"]].sum(axis=1).to_numpy()
    )
    t.write(TABLE, rows, "exited_in_year", stock + 1000)


def _skipped() -> Make:
    """Return the injector of years without a row; the row after must be found."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, TABLE, _inside("gdp")(t), n)
        t.drop(TABLE, rows)
        return rows + 1

    return make


def _net_as_disposable(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """State the net income of a year before the change as disposable income."""
    t.write(TABLE, rows, "rural_income", _frame(t).loc[rows, "rural_net_income"].to_numpy())
    t.write(TABLE, rows, "rural_net_income", np.nan)
    t.write(TABLE, rows, "income_concept", "可支配收入")


def _before_break(t: Tables) -> pd.Series:
    return _frame(t)["wave"].isin([2009, 2010, 2011])


SERIES_INJECTORS: tuple[Injector, ...] = (
    *(_damaged(f"Y1{i}", _inside(n), _scaled(n, (1.7, 0.55))) for i, n in enumerate(_NAMES[:7])),
    *(_damaged(f"Y2{i}", _inside(n), _scaled(n, _SLIPS)) for i, n in enumerate(_NAMES[:7])),
    *(_damaged(f"Y3{i}", _inside(n), _as_before(n)) for i, n in enumerate(_NAMES[:5])),
    *(_damaged(f"Y4{i}", _inside(n), _set(n, 0.0, -120.0)) for i, n in enumerate(_NAMES[:7])),
    *(_damaged(f"Y5{i}", _inside(n), _blank(n)) for i, n in enumerate(_NAMES)),
    _damaged("Y60", _inside("headcount_stated"), _set("headcount_stated", 118.0, -1.0)),
    _damaged("Y61", _last, _of("poor_persons", "rural_population", 1.0, 900.0)),
    _damaged("Y62", _last, _of("headcount_stated", "headcount_stated", 1.0, 2.5)),
    _damaged("Y63", _last, _of("poor_persons", "poor_persons", 1.0, 700.0)),
    _damaged("Y64", _last, _too_many),
    Injector("Y65", TABLE, _skipped()),
    _damaged("Y66", _inside("rural_population"), _of("rural_population", "population", 1.0, 400.0)),
    _damaged("Y69", _before_break, _net_as_disposable),
)
"""Injectors of errors in county series, in the order of their rules."""
