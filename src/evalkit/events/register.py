"""`Events`: the append-only register of what happened to households, and its dates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError
from evalkit.events.kinds import KINDS, RULES, STATUS_AFTER, STATUSES
from evalkit.text import Text

COLUMNS: tuple[str, ...] = (
    "date", "county", "village", "household", "dynasty", "kind", "status", "persons", "wave", "rule",
    "reason_en", "reason_zh", "table", "column", "file", "row",
)  # fmt: skip
"""Columns of `Events.entries`."""
CASE_COLUMNS: tuple[str, ...] = (
    "county", "household", "wave", "rule", "what_en", "what_zh", "evidence", "column",
)  # fmt: skip
"""Columns of `Events.cases`; ``column`` is the field of that row in which the contradiction shows."""
_KINDS = {"persons": "float64", "wave": "int64", "row": "int64"}
_DATE = r"[0-9]{4}(?:0[1-9]|1[0-2])?"

Codes = npt.NDArray[np.int64]


def empty_cases() -> pd.DataFrame:
    """Return a table of cases without rows."""
    return pd.DataFrame({c: pd.Series(dtype="int64" if c == "wave" else "str") for c in CASE_COLUMNS})


@dataclass(frozen=True, eq=False)
class Events:
    """What happened to households, in the order in which it was entered; entries are added, never changed.

    Parameters
    ----------
    entries : DataFrame
        One row an event, with `COLUMNS`: ``date`` is ``YYYY`` or ``YYYYMM`` text; ``kind`` one of `evalkit.events.KINDS`;
        ``status`` what the household is afterwards (``registered``, ``exited``, ``returned``, ``none``: no longer in the registry;
        missing: as before); ``persons`` of the household then (of a member who died: 1), NaN if unknown; ``wave`` the wave
        in whose row it shows (-1: none); ``rule`` and reasons why it is here; ``table``, ``column``, ``file``, ``row`` where it
        was read, as far as known.
    cases : DataFrame
        Contradictions found: `CASE_COLUMNS`.
    notes : tuple of Text
    """

    entries: pd.DataFrame
    cases: pd.DataFrame = field(default_factory=empty_cases, repr=False)
    notes: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if list(self.entries.columns) != list(COLUMNS):
            msg = f"events have the columns {', '.join(COLUMNS)}; got {', '.join(map(str, self.entries.columns))}"
            raise DataError(msg)

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """Return the events of several counties in one register, in their order."""
        full = [p for p in parts if len(p)]
        entries = pd.concat([p.entries for p in full], ignore_index=True) if full else typed(pd.DataFrame())
        cases = pd.concat([empty_cases(), *(p.cases for p in parts if len(p.cases))], ignore_index=True)
        return cls(entries, cases, tuple(dict.fromkeys(n for p in parts for n in p.notes)))

    def append(self, entries: pd.DataFrame) -> Events:
        """Return a longer register; this one stays as it is.

        Parameters
        ----------
        entries : DataFrame
            At least date, county, household, kind; ``status`` follows from the kind where it is not given, the dynasty from
            the household, the rule is E20 (entered by hand).

        Raises
        ------
        DataError
            A column is absent, or a date, kind or status is none.
        """
        lacks = [c for c in ("date", "county", "household", "kind") if c not in entries]
        if lacks:
            msg = f"events to append lack {', '.join(lacks)}; each needs date, county, household, kind"
            raise DataError(msg)
        added = _completed(entries.reset_index(drop=True))
        _check(added)
        return Events(pd.concat([self.entries, added], ignore_index=True), self.cases, self.notes)

    @property
    def digest(self) -> str:
        """SHA-256 of all entries in order, in hexadecimal: the same entries have the same digest."""
        text = self.entries.to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    @cached_property
    def month(self) -> Codes:
        """Month in which each event counts (12 × year + month − 1), shape (n,).

        An event dated by year counts from December, but not after a later entry about the same household that is dated to a
        month of the same year: a household that exits in June was identified by then.
        """
        date = self.entries["date"]
        year = date.str.slice(0, 4).astype("int64").to_numpy()
        told = (date.str.len() == 6).to_numpy(dtype=bool)
        month = np.full(len(date), 12, dtype=np.int64)
        month[told] = date[told].str.slice(4, 6).astype("int64")
        by = [self.entries["county"], self.entries["household"], pd.Series(year, index=date.index)]
        bound = (
            pd.Series(month, index=date.index)[::-1].groupby([b[::-1] for b in by], sort=False).cummin()[::-1]
        )
        return np.asarray(12 * year + np.where(told, month, bound.to_numpy()) - 1, dtype=np.int64)

    def of_kind(self, *kinds: str) -> pd.DataFrame:
        """Return the entries of some kinds.

        Raises
        ------
        DataError
            There is no such kind.
        """
        unknown = [k for k in kinds if k not in KINDS]
        if unknown:
            msg = f"no kind of event {unknown[0]!r}; kinds are {', '.join(KINDS)}"
            raise DataError(msg)
        return self.entries.loc[self.entries["kind"].isin(kinds)].reset_index(drop=True)


def last_month(date: str | int) -> int:
    """Return the last month a date covers (12 × year + month − 1).

    Raises
    ------
    DataError
        It is neither ``YYYY`` nor ``YYYYMM``.

    Examples
    --------
    >>> last_month(2016) == last_month("201612"), last_month("201601")
    (True, 24192)
    """
    text = str(date)
    if not pd.Series([text]).str.fullmatch(_DATE).iloc[0]:
        msg = f"a date is a year (2016) or a month (201606); got {date!r}"
        raise DataError(msg)
    return 12 * int(text[:4]) + (int(text[4:]) if len(text) == 6 else 12) - 1


def typed(entries: pd.DataFrame) -> pd.DataFrame:
    """Return entries with the register's columns in order and their types; absent columns are missing."""
    out = entries.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    out = out.fillna({"wave": -1, "row": -1})
    return out.astype({c: _KINDS.get(c, "str") for c in COLUMNS})


def _completed(entries: pd.DataFrame) -> pd.DataFrame:
    out = entries.copy()
    for name in ("date", "county", "household", "kind"):
        out[name] = out[name].astype("str")
    status = out["kind"].map(STATUS_AFTER)
    out["status"] = out["status"].astype("str").fillna(status) if "status" in out else status
    dynasty = out["household"]
    out["dynasty"] = out["dynasty"].astype("str").fillna(dynasty) if "dynasty" in out else dynasty
    out["rule"] = out["rule"].astype("str").fillna("E20") if "rule" in out else "E20"
    for name, language in (("reason_en", "en"), ("reason_zh", "zh")):
        said = out["rule"].map({k: v.to_dict()[language] for k, v in RULES.items()})
        out[name] = out[name].astype("str").fillna(said) if name in out else said
    return typed(out)


def _check(entries: pd.DataFrame) -> None:
    faults = []
    bad = ~entries["date"].str.fullmatch(_DATE).fillna(value=False).to_numpy(dtype=bool)
    if bad.any():
        faults.append(
            f"{int(bad.sum())} dates are neither YYYY nor YYYYMM (first: {entries['date'][bad].iloc[0]!r})"
        )
    for name, known in (("kind", tuple(KINDS)), ("status", STATUSES)):
        cells = entries[name].dropna()
        unknown = cells[~cells.isin(known)]
        if len(unknown):
            faults.append(
                f"{len(unknown)} unknown {name} (first: {unknown.iloc[0]!r}; known: {', '.join(known)})"
            )
    missing = entries[["county", "household", "kind"]].isna().any(axis=1)
    if missing.any():
        faults.append(f"{int(missing.sum())} rows name no county, household or kind")
    if faults:
        msg = f"{len(entries)} events cannot be appended: {'; '.join(faults)}"
        raise DataError(msg, entries)
