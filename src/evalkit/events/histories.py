"""A household table read as histories: one state a row, its neighbours in time, the dates the registry states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema
from evalkit.errors import DataError
from evalkit.rosters import coded

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STATES: tuple[str, ...] = ("", "registered", "exited", "returned")
"""State of a household-wave by code; 0: not in the registry, or the registry does not say."""
NO_DATE = -1


@dataclass(frozen=True, eq=False)
class Histories:
    """Household-waves sorted by county, household and wave, those without a registry state included.

    Parameters
    ----------
    frame : DataFrame, n rows
    unit : ndarray of int, shape (n,)
        Code of the household, ascending.
    state : ndarray of int, shape (n,)
        Position in `STATES`.
    marked : ndarray of bool, shape (n,)
        The return mark stands.
    before, after : ndarray of int, shape (n,)
        The household's previous and next row with a state; -1: none. Of rows with a state only.
    next_wave : ndarray of int, shape (n,)
        The county's next wave; -1 in its last.
    previous_wave : ndarray of int, shape (n,)
        The county's wave before; -1 in its first.
    """

    frame: pd.DataFrame
    unit: Codes
    state: Codes
    marked: Flags
    before: Codes
    after: Codes
    next_wave: Codes
    previous_wave: Codes

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def wave(self) -> Codes:
        """Wave of each row, shape (n,)."""
        return self.frame["wave"].to_numpy(dtype=np.int64)

    @property
    def first(self) -> Flags:
        """The household's first row with a state, shape (n,)."""
        return np.asarray((self.state > 0) & (self.before < 0), dtype=bool)

    @property
    def last(self) -> Flags:
        """The household's last row with a state, shape (n,)."""
        return np.asarray((self.state > 0) & (self.after < 0), dtype=bool)

    def number(self, name: str) -> Floats:
        """Return a column of numbers, NaN where missing or absent; shape (n,)."""
        if name not in self.frame:
            return np.full(len(self.frame), np.nan)
        return self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

    def word(self, name: str) -> pd.Series:
        """Return a column of text, missing where absent; shape (n,)."""
        if name in self.frame:
            return self.frame[name].astype("str")
        return pd.Series(np.nan, index=self.frame.index, dtype="str")

    def month(self, name: str) -> Floats:
        """Return a column of months as dates (100 × year + month), NaN where missing or no month; shape (n,)."""
        if name not in self.frame:
            return np.full(len(self.frame), np.nan)
        codes, words = pd.factorize(self.frame[name])
        text = pd.Series(words, dtype="str").str.strip()
        good = text.str.fullmatch(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])").fillna(value=False)
        known = pd.to_numeric(text.where(good)).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.append(known, np.nan)[codes]

    @cached_property
    def identified(self) -> Floats:
        """Stated date of identification (100 × year + month; month 0: the year is stated only), shape (n,)."""
        return self._date("identified")

    @cached_property
    def exited(self) -> Floats:
        """Stated date of exit, shape (n,)."""
        return self._date("exit")

    @cached_property
    def began(self) -> Floats:
        """Stated month in which monitoring began, shape (n,)."""
        return self.month("monitored_month")

    @cached_property
    def ended(self) -> Floats:
        """Stated month in which the risk was eliminated, shape (n,)."""
        return self.month("eliminated_month")

    def _date(self, name: str) -> Floats:
        month = self.month(f"{name}_month")
        return np.where(np.isnan(month), 100 * self.number(f"{name}_year"), month)


def year_of(date: Floats) -> Floats:
    """Return the year of dates (100 × year + month), NaN where missing.

    >>> year_of(np.array([201607.0, 201600.0, np.nan])).tolist()
    [2016.0, 2016.0, nan]
    """
    return np.floor(date / 100)


def date_text(date: Floats) -> pd.Series:
    """Return dates (100 × year + month) as ``YYYYMM``, or ``YYYY`` where the month is 0; missing stays missing.

    >>> date_text(np.array([201607.0, 201600.0, np.nan])).tolist()
    ['201607', '2016', nan]
    """
    codes, known = pd.factorize(np.asarray(date, dtype=np.float64))
    words = [str(int(d)) if d % 100 else str(int(d) // 100) for d in known]
    return pd.Series(np.array([*words, None], dtype=object)[codes], dtype="str")


def read_histories(frame: pd.DataFrame) -> Histories:
    """Sort a clean household table into histories.

    Parameters
    ----------
    frame : DataFrame
        ``household`` and ``wave``; of ``county``, ``status``, ``returned``, ``identified_year``, ``exit_year`` what there is.

    Raises
    ------
    DataError
        A key is absent; a household has two rows in a wave; or nothing tells who is registered.
    """
    _check(frame)
    table = frame if "county" in frame else frame.assign(county=pd.Series("", frame.index, dtype="str"))
    table = table.loc[table[["county", "household", "wave"]].notna().all(axis=1)]
    table = table.assign(wave=table["wave"].astype("int64"))
    table = table.sort_values(["county", "household", "wave"], kind="stable", ignore_index=True)
    twice = table.duplicated(["county", "household", "wave"])
    if twice.any():
        one = table.loc[twice].iloc[0]
        msg = (
            f"{int(twice.sum())} household-waves stand in two rows (first: {one['household']}, {one['wave']}); "
            "clean the table first (evalkit.clean)"
        )
        raise DataError(msg, table.loc[twice])
    state, marked = _states(table)
    unit, _ = coded(table[["county", "household"]])
    before, after = _neighbours(unit, state)
    nxt, previous = _county_waves(table)
    return Histories(table, unit, state, marked, before, after, nxt, previous)


def _check(frame: pd.DataFrame) -> None:
    absent = [c for c in ("household", "wave") if c not in frame]
    if absent:
        msg = f"events need the columns household and wave; the table lacks {', '.join(absent)}"
        raise DataError(msg)
    if not {"status", "identified_year", "exit_year"} & set(frame.columns):
        msg = (
            "nothing in the table tells who is registered: map status (脱贫属性), identified_year (首次识别时间) or "
            "exit_year (脱贫年度) in plan.data.household.columns"
        )
        raise DataError(msg)


def _states(table: pd.DataFrame) -> tuple[Codes, Flags]:
    """Return the state of each row, from the status, else from the years; and where the return mark stands."""
    n = len(table)
    marked: Flags = np.zeros(n, dtype=bool)
    if "returned" in table:
        marked = np.asarray(table["returned"].to_numpy(dtype=np.float64, na_value=np.nan) == 1.0, dtype=bool)
    if "status" in table:
        codes, words = pd.factorize(table["status"])
        place = {w: k for k, w in enumerate(STATES) if k}
        told = [place.get(schema.STATUS.get(w, w), 0) for w in words]
        return np.array([*told, 0], dtype=np.int64)[codes], marked
    wave = table["wave"].to_numpy(dtype=np.int64)

    def year(name: str) -> Floats:
        if name not in table:
            return np.full(n, np.nan)
        return table[name].to_numpy(dtype=np.float64, na_value=np.nan)

    out = year("exit_year") <= wave
    since = year("identified_year")
    known = (since <= wave) | (np.isnan(since) & ~np.isnan(year("exit_year")))
    state = np.where(known & out, 2, np.where(known, 1, 0))
    return np.where(marked & (state > 0), 3, state).astype(np.int64), marked


def _neighbours(unit: Codes, state: Codes) -> tuple[Codes, Codes]:
    rows = np.flatnonzero(state > 0)
    same = unit[rows[1:]] == unit[rows[:-1]]
    before, after = np.full(len(unit), -1, dtype=np.int64), np.full(len(unit), -1, dtype=np.int64)
    before[rows[1:][same]] = rows[:-1][same]
    after[rows[:-1][same]] = rows[1:][same]
    return before, after


def _county_waves(table: pd.DataFrame) -> tuple[Codes, Codes]:
    """Return the county's next and previous wave of each row, shape (n,)."""
    county = pd.factorize(table["county"])[0].astype(np.int64)
    waves, at = np.unique(table["wave"].to_numpy(dtype=np.int64), return_inverse=True)
    width = max(len(waves), 1)
    flat = county * width + at
    known = np.unique(flat)
    same = known[1:] // width == known[:-1] // width
    own, none = waves[known % width], np.full(len(known), NO_DATE, dtype=np.int64)
    nxt, previous = none.copy(), none.copy()
    nxt[:-1] = np.where(same, own[1:], NO_DATE)
    previous[1:] = np.where(same, own[:-1], NO_DATE)
    place = np.searchsorted(known, flat)
    return nxt[place], previous[place]
