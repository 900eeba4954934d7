"""`TableView`: what the conditions of rules see of a table while it is cleaned."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.cleaning.codes import program_words
from evalkit.cleaning.following import Following
from evalkit.cleaning.work import Work
from evalkit.errors import PlanError
from evalkit.plan import Plan
from evalkit.rules.limits import LIMITS
from evalkit.rules.rule import LINE_NEEDS
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
    "cases": ("household",),
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
        self._earlier: dict[tuple[str, int], Floats] = {}
        self._there: dict[str, bool] = {}
        self._words: dict[str, pd.Series] = {}
        self._marks: dict[str, Floats] = {}
        self._months: dict[str, Floats] = {}
        self._lines: dict[str, Floats] = {}
        self._support: dict[tuple[str, ...], Floats] = {}
        self._groups: dict[tuple[str, ...], Codes] = {}
        self._coded: dict[str, tuple[Codes, list[str]]] = {}
        self.stays: Flags = work.stays
        self.size = int(self.stays.sum())
        self._every = self.size == len(self.stays)
        self._any = self.size > 0

    @cached_property
    def settings(self) -> Mapping[str, float]:
        """Limits of the checks: those of the plan, else the usual ones."""
        return {**LIMITS, **self._work.plan.clean.limits}

    def has(self, *names: str) -> bool:
        """Tell whether all columns are there and their tables have rows; a line, whether some wave has it."""
        for name in names:
            if name not in self._there:
                self._there[name] = self._has(name)
        return all(self._there[name] for name in names)

    def _has(self, name: str) -> bool:
        if name in LINE_NEEDS:
            return not np.isnan(self.line(name.partition(".")[2] or "plan")).all()
        table, _, column = name.rpartition(".")
        view = self if not table else self._others.get(table)
        return view is not None and view._any and column in view._work.used

    def number(self, name: str) -> Floats:
        """Return a column as numbers, NaN where missing, absent or set aside."""
        if name not in self._numbers:
            values = self._work.numbers(name)
            if not self._every:
                values = np.where(self.stays, values, np.nan)
                values.setflags(write=False)
            self._numbers[name] = values
        return self._numbers[name]

    def word(self, name: str) -> pd.Series:
        """Return a column as text, missing where absent or set aside."""
        if name not in self._words:
            self._words[name] = self._work.cells(name).where(self.stays)
        return self._words[name]

    def among(self, name: str, *words: str) -> Flags:
        """Tell which cells are one of some words; a missing cell is none."""
        codes, known = self._factors(name)
        return np.array([*(word in words for word in known), False], dtype=bool)[codes]

    def says(self, name: str, *parts: str) -> Flags:
        """Tell which cells hold one of some parts; a missing cell holds none."""
        codes, known = self._factors(name)
        return np.array([*(any(p in cell for p in parts) for cell in known), False], dtype=bool)[codes]

    def _factors(self, name: str) -> tuple[Codes, list[str]]:
        """Return the code of each cell (−1 when missing) and the words behind the codes."""
        if name not in self._coded:
            cells = self._work.coded(name)
            self._coded[name] = (np.where(self.stays, cells.codes, -1).astype(np.intp), cells.texts)
        return self._coded[name]

    def valued(self, name: str, value: Callable[[str], float]) -> Floats:
        """Return a number for each cell, asked for once for each distinct word; NaN where missing."""
        codes, known = self._factors(name)
        return np.array([*(value(c) for c in known), np.nan], dtype=np.float64)[codes]

    def known(self, name: str) -> Flags:
        """Tell which cells are there."""
        return self.stays & ~self._work.coded(name).missing

    def mark(self, name: str) -> Floats:
        """Return a yes/no column as 1, 0 or NaN."""
        if name not in self._marks:
            self._marks[name] = self.valued(name, lambda c: _MARKS.get(c.casefold(), np.nan))
        return self._marks[name]

    def month(self, name: str) -> Floats:
        """Return a ``YYYYMM`` column as months since year 0."""
        if name not in self._months:
            self._months[name] = self.valued(name, _months)
        return self._months[name]

    def concept_stated(self, series: str) -> Flags:
        """Tell for which rows of a county series the plan says the concept of their year."""
        stated = self._work.plan.county_series.concepts.get(series, {})
        return np.asarray(self.number("wave") >= min(stated, default=np.inf), dtype=bool)

    def line(self, purpose: str = "plan") -> Floats:
        """Return the line per head of each row's wave; NaN where there is none."""
        if purpose not in self._lines:
            waves = self.number("wave")
            years = [int(w) for w in np.unique(waves[~np.isnan(waves)])]
            out = np.full(len(waves), np.nan)
            for year, line in _lines(self._work.plan, purpose, years).items():
                out[waves == year] = line
            self._lines[purpose] = out
        return self._lines[purpose]

    @cached_property
    def _following(self) -> Following:
        """Neighbours in time of the units that are followed."""
        return Following(self.group(*UNITS[self._work.table]), self.number("wave"))

    def earlier(self, values: Floats, back: int = 1) -> Floats:
        """Return values of the same unit one or more of its waves before; NaN when none."""
        known = next((n for n, own in self._numbers.items() if own is values), "")
        if (known, back) in self._earlier:
            return self._earlier[known, back]
        out = self._following.earlier(values, back)
        if known:
            out.setflags(write=False)
            self._earlier[known, back] = out
        return out

    def later(self, values: Floats, ahead: int = 1) -> Floats:
        """Return values of the same unit one or more of its waves after; NaN when none."""
        return self._following.later(values, ahead)

    def ever(self, marks: Flags) -> Flags:
        """Tell which rows have an earlier wave of the same unit that is marked."""
        return self._following.ever(marks)

    def earlier_word(self, values: pd.Series, back: int = 1) -> pd.Series:
        """Return words of the same unit one or more of its waves before; missing when none."""
        at = self._following.before(back)
        out = values.iloc[at].set_axis(values.index)
        return out.where(at >= 0)

    def group(self, *names: str) -> Codes:
        """Return a code for each combination of columns, −1 for rows set aside or with a missing cell."""
        if names not in self._groups:
            code = np.zeros(len(self.stays), dtype=np.intp)
            missing = ~self.stays
            for name in names:
                if name == "wave" and "wave" not in self._work.used:
                    continue
                one, found = self._factors(name)
                missing |= one < 0
                code = code * (len(found) + 1) + one + 1
            whole = np.full(len(code), -1, dtype=np.intp)
            whole[~missing] = pd.factorize(code[~missing])[0]
            self._groups[names] = whole
        return self._groups[names]

    def of_group(self, values: Floats, *names: str) -> Floats:
        """Return the mean of values over the rows of the same group, on every row."""
        code = self.group(*names)
        size = int(code.max(initial=-1)) + 1
        use = (code >= 0) & ~np.isnan(values)
        total = np.bincount(code[use], weights=values[use], minlength=size)
        count = np.bincount(code[use], minlength=size)
        return _spread(np.divide(total, count, out=np.full(size, np.nan), where=count > 0), code)

    def sum_of_group(self, values: Floats, *names: str) -> Floats:
        """Return the sum of values over the rows of the same group, missing ones as 0, on every row."""
        code = self.group(*names)
        use = (code >= 0) & ~np.isnan(values)
        size = int(code.max(initial=-1)) + 1
        return _spread(np.bincount(code[use], weights=values[use], minlength=size).astype(np.float64), code)

    def size_of_group(self, *names: str) -> Floats:
        """Return the number of rows of the same group, on every row."""
        code = self.group(*names)
        return _spread(np.bincount(code[code >= 0], minlength=1).astype(np.float64), code)

    def from_members(self, values: Floats) -> Floats:
        """Add up values of the member table by household-wave; NaN without member rows."""
        members = self._others["member"]
        at = members._household_rows if self._work.table == "household" else np.array([], dtype=np.intp)
        use = at >= 0
        total = np.bincount(at[use], weights=np.nan_to_num(values[use]), minlength=len(self.stays))
        there = np.bincount(at[use], minlength=len(self.stays)) > 0
        return np.where(there, total, np.nan)

    def from_household(self, values: Floats) -> Floats:
        """Return values of the household table on the rows of a person or program."""
        at = self._household_rows
        return np.where(at >= 0, values[at], np.nan)

    def largest_of_household(self, values: Floats) -> Floats:
        """Return the largest value that a row's household has in the household table in any wave; NaN if none."""
        codes, known = self._others["household"]._factors("household")
        use = (codes >= 0) & ~np.isnan(values)
        largest = np.full(len(known) + 1, -np.inf)
        np.maximum.at(largest, codes[use], values[use])
        largest[np.isinf(largest)] = np.nan
        return largest[self._household_place]

    @cached_property
    def _household_place(self) -> Codes:
        """Place of each row's household among those of the household table, −1 when it is not there."""
        codes, known = self._factors("household")
        place = pd.Index(self._others["household"]._factors("household")[1]).get_indexer(pd.Index(known))
        return np.append(place, -1)[codes]

    def from_village(self, values: Floats) -> Floats:
        """Return values of the village table on the rows of its households."""
        at = self._village_rows
        return np.where(at >= 0, values[at], np.nan)

    def support_start(self, *programs: str) -> Floats:
        """Return the first year any of some programs reached a row's household; without programs, of any at all."""
        if programs not in self._support:
            self._support[programs] = self._first_support(programs)
        return self._support[programs]

    def _first_support(self, programs: tuple[str, ...]) -> Floats:
        table = self._others.get("program")
        if table is None or not self.stays.any():
            return np.full(len(self.stays), np.nan)
        years, place = table.number("program_start"), table._household_place
        codes, known = self._others["household"]._factors("household")
        use = self._wanted(table, programs) & ~np.isnan(years) & (place >= 0)
        first = np.full(len(known) + 1, np.inf)
        np.minimum.at(first, place[use], years[use])
        first[np.isinf(first)] = np.nan
        return first[codes if self._work.table == "household" else self._household_place]

    def supported(self, *programs: str) -> Flags:
        """Tell which household-waves have one of some programs in the program table, from its first year on."""
        return np.asarray(self.number("wave") >= self.support_start(*programs), dtype=bool)

    def unsupported(self, *programs: str) -> Flags:
        """Tell which household-waves have none of some programs so far; one without a first year decides nothing."""
        return self.stays & ~self.supported(*programs) & ~self._undated(programs)

    def _undated(self, programs: tuple[str, ...]) -> Flags:
        """Tell which rows' households have one of some programs without its first year."""
        table = self._others.get("program")
        if table is None or not self.stays.any():
            return np.zeros(len(self.stays), dtype=bool)
        codes, known = self._others["household"]._factors("household")
        place = table._household_place
        use = self._wanted(table, programs) & np.isnan(table.number("program_start")) & (place >= 0)
        out = np.zeros(len(known) + 1, dtype=bool)
        out[place[use]] = True
        return out[codes if self._work.table == "household" else self._household_place]

    def _wanted(self, table: TableView, programs: tuple[str, ...]) -> Flags:
        """Tell which rows of the program table are of some programs; without programs, of any."""
        words = program_words(self._work.plan)
        told = table.valued("program", lambda w: float(not programs or words.get(w) in programs))
        return np.asarray(told == 1, dtype=bool)

    def table(self, name: str) -> View:
        """Return the view of another table; one without rows when there is none."""
        return self._others[name]

    @cached_property
    def _village_rows(self) -> Codes:
        """Row of the village table each row belongs to, −1 when none."""
        return _found(self._others["village"], self, ("village",))

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


def _spread(values: Floats, code: Codes) -> Floats:
    """Return the value of each row's group, NaN for rows of none."""
    return np.append(values, np.nan)[np.where(code >= 0, code, len(values))]


def _found(known: TableView, asked: TableView, names: tuple[str, ...]) -> Codes:
    """Return the row of `known` with the keys of each row of `asked`, −1 when none; the first of several."""
    keys = pd.MultiIndex.from_arrays([known.word(n) for n in names])
    rows = np.flatnonzero(known.stays & ~keys.duplicated())
    place = keys[rows].get_indexer(pd.MultiIndex.from_arrays([asked.word(n) for n in names]))
    if not len(rows):
        return np.full(len(asked.stays), -1, dtype=np.intp)
    return np.where((place >= 0) & asked.stays, rows[place], -1)


def _months(text: str) -> float:
    parts = re.findall("[0-9]+", text)
    if len(parts) > 1 and len(parts[0]) == 4 and len(parts[1]) == 1:
        parts[1] = "0" + parts[1]
        parts[2:] = []
    digits = "".join(parts)
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
