"""`Divisions`: dated division codes, their names, levels and successors."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError

Level = Literal["province", "prefecture", "county", "collective"]
"""collective: a code that heads a list of counties (市辖区, 县) and is no place."""
STANDING_COLUMNS: tuple[str, ...] = (
    "code", "name", "level", "province", "prefecture", "state", "successors", "transfers", "valid_from", "valid_to",
)  # fmt: skip
"""Columns of `Divisions.standing`."""


@dataclass(frozen=True)
class Division:
    """One division under one code and name.

    Parameters
    ----------
    code : str
        Six digits.
    name : str
    level : str
        See `Level`.
    province, prefecture : str
        Names of the divisions above while it was in force; empty where there is none.
    start : int
        First year at whose end it is in force.
    end : int or None
        First year at whose end it no longer is; None when still in force.
    successors : tuple of str
        Codes its area has since `end`; several when it was divided; its own code when only the name changed.
    transfers : tuple of str
        Codes that received a part of its area, with the year: ``610981[2021]``.
    """

    code: str
    name: str
    level: Level
    province: str
    prefecture: str
    start: int
    end: int | None = None
    successors: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()

    def in_force(self, year: int) -> bool:
        """Tell whether it is in force at the end of a year."""
        return self.start <= year and (self.end is None or year < self.end)


@dataclass(frozen=True, eq=False)
class Divisions:
    """A dated crosswalk of division codes.

    A year means its last day: a code valid in 2021 is in force on 31 December 2021.

    Parameters
    ----------
    entries : tuple of Division
        A code has several when its name changed, or when it was used again.
    source : str
        Where the codes come from.
    first, last : int
        Years the source covers.
    inferred : bool
        Successors were found by name and are not stated by the source.

    Raises
    ------
    DataError
        Two entries of a code are in force at the same time.
    """

    entries: tuple[Division, ...] = field(repr=False)
    source: str
    first: int
    last: int
    inferred: bool = False

    def __post_init__(self) -> None:
        for code, known in self._by_code.items():
            for one, two in itertools.pairwise(known):
                if one.end is None or one.end > two.start:
                    msg = (
                        f"{self.source}: code {code} is {one.name} ({one.start}-{one.end or ''}) and {two.name} "
                        f"({two.start}-{two.end or ''}) at the same time; mend the start and end years"
                    )
                    raise DataError(msg)

    @cached_property
    def _by_code(self) -> dict[str, list[Division]]:
        out: dict[str, list[Division]] = {}
        for entry in sorted(self.entries, key=lambda e: (e.code, e.start)):
            out.setdefault(entry.code, []).append(entry)
        return out

    @cached_property
    def _held(self) -> dict[str, list[Division]]:
        """Counties by the first four digits of their codes."""
        out: dict[str, list[Division]] = {}
        for entry in self.entries:
            if entry.level == "county":
                out.setdefault(entry.code[:4], []).append(entry)
        return out

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every entry."""
        lines = (repr(e) for known in sorted(self._by_code.items()) for e in known[1])
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def covers(self, year: int) -> bool:
        """Tell whether the source knows a year."""
        return self.first <= year <= self.last

    def entry(self, code: str, year: int) -> Division | None:
        """Return the entry of a code in force in a year, else the last one before, else the first one after."""
        known = self._by_code.get(code, [])
        past = [e for e in known if e.start <= year]
        return (past[-1] if past else known[0]) if known else None

    def names(self, code: str) -> frozenset[str]:
        """Return every name a code has had."""
        return frozenset(e.name for e in self._by_code.get(code, []))

    def history(self, code: str) -> tuple[Division, ...]:
        """Return every entry of a code, earliest first."""
        return tuple(self._by_code.get(code, ()))

    def exists(self, codes: pd.Series) -> pd.Series:
        """Tell which codes were ever in force, whatever the level; shape (n,)."""
        return codes.isin([c for c in codes.dropna().unique() if c in self._by_code])

    def name_of(self, codes: pd.Series, year: int) -> pd.Series:
        """Return the name of each code in a year, else its last name before, else its first; shape (n,).

        Unknown codes have none.
        """
        return _mapped(codes, lambda c: None if (e := self.entry(c, year)) is None else e.name)

    def level_of(self, codes: pd.Series, year: int) -> pd.Series:
        """Return the level of each code, see `Level`; missing for unknown codes; shape (n,)."""
        return _mapped(codes, lambda c: None if (e := self.entry(c, year)) is None else e.level)

    def valid_at(self, codes: pd.Series, year: int) -> pd.Series:
        """Tell which codes are in force in a year and stand for a county; shape (n,).

        A prefecture that has no counties (东莞, 嘉峪关 …) stands for one.
        """
        good = [c for c in codes.dropna().unique() if self.state(c, year) == "valid"]
        return codes.isin(good)

    def state(self, code: str, year: int) -> str:
        """Return ``valid``, ``retired``, ``future``, ``unknown``, or the level of a code that is no county.

        ``future`` is a code that comes into force after the year.
        """
        entry = self.entry(code, year)
        if entry is None:
            return "unknown"
        if not self._stands_for_county(entry, year):
            return entry.level
        if entry.in_force(year):
            return "valid"
        return "future" if entry.start > year else "retired"

    def _stands_for_county(self, entry: Division, year: int) -> bool:
        if entry.level == "prefecture":
            at = year if entry.in_force(year) else entry.start
            return not any(c.in_force(at) for c in self._held.get(entry.code[:4], []))
        return entry.level == "county"

    def successors_of(self, code: str, year: int) -> tuple[str, ...]:
        """Return the codes in force in a year that a retired code's area has, ascending.

        Chains are followed. A division that was divided has several; they are listed and none is chosen. A code
        where the source loses the trail is listed too.
        """
        last = self.entry(code, year)
        if last is None or last.end is None or last.end > year:
            return ()
        found: set[str] = set()
        seen: set[tuple[str, int]] = {(last.code, last.start)}
        ahead = [(s, last.end) for s in last.successors]
        while ahead:
            now, since = ahead.pop()
            entry = self._since(now, since)
            if entry is None or entry.in_force(year) or entry.start > year or not entry.successors:
                found.add(now)
            elif (entry.code, entry.start) not in seen and entry.end is not None:
                seen.add((entry.code, entry.start))
                ahead += [(s, entry.end) for s in entry.successors]
        return tuple(sorted(found))

    def _since(self, code: str, year: int) -> Division | None:
        """Return the entry of a code in force in a year, else the first one after."""
        return next((e for e in self._by_code.get(code, []) if e.end is None or e.end > year), None)

    def successors(self, codes: pd.Series, year: int) -> pd.Series:
        """Return `successors_of` of each code joined with ``;``, empty when there is none; shape (n,)."""
        return _mapped(codes, lambda c: ";".join(self.successors_of(c, year)))

    @cached_property
    def _given_to(self) -> dict[str, list[tuple[str, int]]]:
        """Codes from which each code received area, wholly or in part, with the year."""
        out: dict[str, list[tuple[str, int]]] = {}
        for entry in self.entries:
            given = [(s, entry.end) for s in entry.successors if entry.end is not None]
            given += [(s[:6], int(s[7:11])) for s in entry.transfers]
            for to, when in given:
                if to != entry.code:
                    out.setdefault(to, []).append((entry.code, when or 0))
        return out

    def renumbered(self, code: str, year: int) -> bool:
        """Tell whether a retired code's county goes on under another code, whole and without area of others.

        Its successor came into force when the code was retired, and has received nothing from elsewhere since.
        """
        entry = self.entry(code, year)
        if entry is None or not self._stands_for_county(entry, year):
            return False
        while entry.end is not None and entry.end <= year:
            before, start = entry, entry.end
            if len(before.successors) != 1 or before.successors[0] == before.code:
                return False
            new = next((e for e in self.history(before.successors[0]) if e.start == start), None)
            if new is None:
                return False
            others = [c for c, when in self._given_to[new.code] if start <= when <= year and c != before.code]
            if others:
                return False
            entry = new
        return entry.code != code and self.target(code, year) == entry.code

    def target(self, code: str, year: int) -> str:
        """Return the one county a retired code leads to in a year, else the code itself."""
        if self.state(code, year) != "retired":
            return code
        ends = self.successors_of(code, year)
        return ends[0] if len(ends) == 1 and self.state(ends[0], year) == "valid" else code

    def standing(self, codes: pd.Series, year: int) -> pd.DataFrame:
        """Return what is known of each distinct code in a year.

        Parameters
        ----------
        codes : Series of str
            Any length; missing ones are passed over.
        year : int

        Returns
        -------
        DataFrame
            One row a code, ascending, with `STANDING_COLUMNS`: name, level, province and prefecture in the year;
            state (see `state`); successors and transfers (codes joined with ``;``); valid_from and valid_to, the
            years of the entry (Int64; valid_to is the first year without it).
        """
        rows = []
        for code in sorted(codes.dropna().unique()):
            entry = self.entry(code, year)
            about: tuple[object, ...] = (None,) * 4
            years: tuple[object, ...] = (pd.NA, pd.NA)
            moved = ""
            if entry is not None:
                about = (entry.name, entry.level, entry.province, entry.prefecture)
                years = (entry.start, pd.NA if entry.end is None else entry.end)
                moved = ";".join(entry.transfers)
            ends = ";".join(self.successors_of(code, year))
            rows.append((code, *about, self.state(code, year), ends, moved, *years))
        out = pd.DataFrame(rows, columns=list(STANDING_COLUMNS))
        years_ = {"valid_from", "valid_to"}
        return out.astype({c: "Int64" if c in years_ else "str" for c in STANDING_COLUMNS})


def link(codes: pd.Series, divisions: Divisions, year: int) -> pd.Series:
    """Return each code as it is in a year: retired codes with one successor become the successor.

    Codes that are valid, unknown, no county, or were divided stay as they are. The result depends on the code
    alone, so rows of a county fall together wherever they stand.

    Parameters
    ----------
    codes : Series of str, shape (n,)
    divisions : Divisions
    year : int

    Examples
    --------
    >>> one = Division("610928", "旬阳县", "county", "陕西省", "安康市", 2000, 2021, ("610981",))
    >>> two = Division("610981", "旬阳市", "county", "陕西省", "安康市", 2021)
    >>> known = Divisions((one, two), "two entries", 2000, 2024)
    >>> link(pd.Series(["610928", "610981", "990101", None], dtype="str"), known, 2021).tolist()
    ['610981', '610981', '990101', nan]
    """
    changed = links(codes, divisions, year)
    if not changed:
        return codes
    out = codes.copy()
    hit = codes.isin(list(changed))
    out[hit] = codes[hit].map(changed)
    return out


def links(codes: Iterable[str] | pd.Series, divisions: Divisions, year: int) -> dict[str, str]:
    """Return code → successor for the distinct codes that `link` changes, ascending."""
    known = pd.Series(codes, dtype="str").dropna().unique()
    pairs = {c: divisions.target(c, year) for c in sorted(known)}
    return {c: new for c, new in pairs.items() if new != c}


def _mapped(codes: pd.Series, of: Callable[[str], str | None]) -> pd.Series:
    """Map the distinct codes of a column."""
    known = {c: of(c) for c in codes.dropna().unique()}
    out = codes.map(known) if known else pd.Series(np.nan, index=codes.index)
    return out.astype("str")
