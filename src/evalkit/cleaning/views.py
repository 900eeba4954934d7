"""`TableView`: what the conditions of rules see of a table while it is cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.cleaning.codes import program_words
from evalkit.cleaning.work import Work
from evalkit.errors import PlanError
from evalkit.plan import Plan
from evalkit.rules.limits import LIMITS
from evalkit.rules.view import Codes, Flags, Floats, View
from evalkit.schema import NO, YES

_MARKS = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}
UNITS: dict[str, tuple[str, ...]] = {
    "household": ("household",),
    "member": ("person",),
    "program": ("household", "program"),
    "village": ("village",),
    "survey": ("household",),
    "totals": ("county",),
    "county": ("county",),
}
"""What is followed over the waves, by table; see `evalkit.rules.View.earlier`."""


class TableView:
    """One raw table of one county, tidied, with the others beside it; see `evalkit.rules.View`.

    Parameters
    ----------
    work : Work
        The table after tidying; rows set aside later are not taken back.
    others : mapping of str to TableView
        All tables of the county by kind, this one included; filled by `views`.
    """

    def __init__(self, work: Work, others: Mapping[str, TableView]) -> None:
        self._work = work
        self._others = others
        self._numbers: dict[str, Floats] = {}
        self._words: dict[str, pd.Series] = {}
        self._marks: dict[str, Floats] = {}
        self._groups: dict[tuple[str, ...], Codes] = {}
        self.stays: Flags = work.stays

    @cached_property
    def settings(self) -> Mapping[str, float]:
        """Limits of the checks: those of the plan, else the usual ones."""
        return {**LIMITS, **self._work.plan.clean.limits}

    def has(self, *names: str) -> bool:
        """Tell whether all columns are there and their tables have rows."""
        for name in names:
            table, _, column = name.rpartition(".")
            view = self if not table else self._others.get(table)
            if view is None or not view.stays.any() or column not in view._work.used:
                return False
        return True

    def number(self, name: str) -> Floats:
        """Return a column as numbers, NaN where missing, absent or set aside."""
        if name not in self._numbers:
            values = self._work.numbers(name)
            values[~self.stays] = np.nan
            values.setflags(write=False)
            self._numbers[name] = values
        return self._numbers[name]

    def word(self, name: str) -> pd.Series:
        """Return a column as text, missing where absent or set aside."""
        if name not in self._words:
            self._words[name] = self._work.cells(name).where(self.stays)
        return self._words[name]

    def mark(self, name: str) -> Floats:
        """Return a yes/no column as 1, 0 or NaN."""
        if name not in self._marks:
            cells = self.word(name)
            known = {c: _MARKS.get(c.casefold(), np.nan) for c in cells.dropna().unique()}
            self._marks[name] = cells.map(known).to_numpy(dtype=np.float64, na_value=np.nan)
        return self._marks[name]

    def month(self, name: str) -> Floats:
        """Return a ``YYYYMM`` column as months since year 0."""
        cells = self.word(name)
        known = {c: _months(c) for c in cells.dropna().unique()}
        return cells.map(known).to_numpy(dtype=np.float64, na_value=np.nan)

    def line(self, purpose: str = "plan") -> Floats:
        """Return the line per head of each row's wave; NaN where there is none."""
        waves = self.number("wave")
        years = sorted({int(w) for w in waves[~np.isnan(waves)]})
        known = _lines(self._work.plan, purpose, years)
        return np.array([known.get(w, np.nan) for w in waves], dtype=np.float64) if known else waves * np.nan

    @cached_property
    def _chain(self) -> Codes:
        """Position of the same unit's row one wave before, −1 when there is none; shape (n,)."""
        out = np.full(len(self.stays), -1, dtype=np.intp)
        unit = self.group(*UNITS[self._work.table])
        waves = self.number("wave")
        rows = np.flatnonzero((unit >= 0) & ~np.isnan(waves))
        order = rows[np.lexsort((waves[rows], unit[rows]))]
        same = (unit[order][1:] == unit[order][:-1]) & (waves[order][1:] > waves[order][:-1])
        out[order[1:][same]] = order[:-1][same]
        return out

    def _before(self, back: int) -> Codes:
        at = self._chain
        for _ in range(back - 1):
            at = np.where(at >= 0, self._chain[at], -1)
        return at

    def earlier(self, values: Floats, back: int = 1) -> Floats:
        """Return values of the same unit one or more of its waves before; NaN when none."""
        at = self._before(back)
        return np.where(at >= 0, values[at], np.nan)

    def earlier_word(self, values: pd.Series, back: int = 1) -> pd.Series:
        """Return words of the same unit one or more of its waves before; missing when none."""
        at = self._before(back)
        out = values.iloc[at].set_axis(values.index)
        return out.where(at >= 0)

    def group(self, *names: str) -> Codes:
        """Return a code for each combination of columns, −1 for rows set aside or with a missing cell."""
        if names not in self._groups:
            code = np.zeros(len(self.stays), dtype=np.intp)
            missing = ~self.stays
            for name in names:
                one, found = pd.factorize(self.word(name))
                missing |= one < 0
                code = code * (len(found) + 1) + one + 1
            whole = np.full(len(code), -1, dtype=np.intp)
            whole[~missing] = pd.factorize(code[~missing])[0]
            self._groups[names] = whole
        return self._groups[names]

    def of_group(self, values: Floats, *names: str) -> Floats:
        """Return the mean of values over the rows of the same group, on every row."""
        code = self.group(*names)
        use = (code >= 0) & ~np.isnan(values)
        size = int(code.max(initial=-1)) + 1
        total = np.bincount(code[use], weights=values[use], minlength=size)
        count = np.bincount(code[use], minlength=size)
        mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
        return np.where(code >= 0, mean[code], np.nan) if size else np.full(len(code), np.nan)

    def from_members(self, values: Floats) -> Floats:
        """Add up values of the member table by household-wave; NaN without member rows."""
        members = self._others["member"]
        at = members._household_rows if self._work.table == "household" else np.array([], dtype=np.intp)
        use = at >= 0
        n = len(self.stays)
        total = np.bincount(at[use], weights=np.nan_to_num(values[use]), minlength=n)
        there = np.bincount(at[use], minlength=n) > 0
        return np.where(there, total, np.nan)

    def from_household(self, values: Floats) -> Floats:
        """Return values of the household table on the rows of a person or program."""
        at = self._household_rows
        return np.where(at >= 0, values[at], np.nan)

    def from_village(self, values: Floats) -> Floats:
        """Return values of the village table on the rows of its households."""
        at = _found(self._others["village"], self, ("village",))
        return np.where(at >= 0, values[at], np.nan)

    def supported(self, program: str) -> Flags:
        """Tell which household-waves have a program in the program table, from its first year on."""
        programs = self._others.get("program")
        if programs is None:
            return np.zeros(len(self.stays), dtype=bool)
        words = program_words(self._work.plan)
        mine = programs.word("program").map(words).eq(program).fillna(value=False).to_numpy(dtype=bool)
        frame = pd.DataFrame(
            {"household": programs.word("household"), "start": programs.number("program_start")}
        )
        first = frame.loc[mine].dropna().groupby("household")["start"].min()
        start = self.word("household").map(first).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(self.number("wave") >= start, dtype=bool)

    def table(self, name: str) -> View:
        """Return the view of another table; one without rows when there is none."""
        return self._others[name]

    @cached_property
    def _household_rows(self) -> Codes:
        """Row of the household table each row belongs to, −1 when none; without a wave: the county's last."""
        households = self._others["household"]
        if "wave" in self._work.used:
            return _found(households, self, ("household", "wave"))
        waves = households.number("wave")
        last = (
            np.flatnonzero(waves == np.nanmax(waves)) if (~np.isnan(waves)).any() else np.array([], np.intp)
        )
        keys = households.word("household").iloc[last]
        first = ~keys.duplicated().to_numpy()
        place = pd.Index(keys[first]).get_indexer(pd.Index(self.word("household")))
        return np.where(place >= 0, last[first][place] if first.any() else -1, -1)


def views(works: Mapping[str, Work]) -> dict[str, TableView]:
    """Return the views of all tables of a county, each seeing the others."""
    out: dict[str, TableView] = {}
    for name, work in works.items():
        out[name] = TableView(work, out)
    return out


def _found(known: TableView, asked: TableView, names: tuple[str, ...]) -> Codes:
    """Return the row of `known` with the keys of each row of `asked`, −1 when none; the first of several."""
    keys = pd.MultiIndex.from_arrays([known.word(n) for n in names])
    rows = np.flatnonzero(known.stays & ~keys.duplicated())
    place = keys[rows].get_indexer(pd.MultiIndex.from_arrays([asked.word(n) for n in names]))
    if not len(rows):
        return np.full(len(asked.stays), -1, dtype=np.intp)
    return np.where((place >= 0) & asked.stays, rows[place], -1)


def _months(text: str) -> float:
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) not in (6, 8) or not 1 <= int(digits[4:6]) <= 12:
        return np.nan
    return 12.0 * int(digits[:4]) + int(digits[4:6]) - 1


def _lines(plan: Plan, purpose: str, years: list[int]) -> dict[int, float]:
    if purpose == "plan":
        return plan.lines(years) or {}
    pack = plan.rule_pack()
    if pack is None:
        return {}
    province = getattr(plan.poverty.line, "province", "*")
    try:
        return pack.lines(
            purpose="work" if purpose == "work" else "monitoring", province=province, years=years
        )
    except PlanError:
        return {}
