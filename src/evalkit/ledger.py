"""`Ledger`: what cleaning did to which cell or row and why, and the replay that proves it.

An entry names the raw file, sheet and row as a user sees them. Actions:

============  =======================================================================================
change        one cell: `old` became `new`
column        a whole column of one file (row -1): `old` is the operation, `new` its argument
quarantine    a row set aside until somebody decides
merge         a row that repeats another one; `new` points to the row that stays
not_data      a row that is no observation (blank, totals, signature)
flag          a cell or row that was kept and marked
============  =======================================================================================

Column operations are ``recode`` (replace the codes of a JSON mapping, keep the others), ``carry`` (replace the code
a cell begins with by that of a JSON mapping, in rows of the new code's county), ``times`` (multiply exactly),
``labels`` (replace codes by a JSON mapping) and ``prefix`` (put the value of another column and ``-`` before the cell
unless it is there already). They are replayed in the order recode, carry, the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError

COLUMNS: tuple[str, ...] = (
    "table", "file", "sheet", "row", "column", "household", "wave", "old", "new", "action", "rule", "version",
    "reason_en", "reason_zh",
)  # fmt: skip
"""Columns of `Ledger.entries`; ``row`` is int64, the others text."""
PROVENANCE: tuple[str, ...] = ("_file", "_sheet", "_row")
"""Columns of a raw frame that say where a row comes from."""
ASIDE: tuple[str, ...] = ("quarantine", "merge", "not_data")
"""Actions that take a row out of the clean table."""

SAID = " | "
"""Stands between the text of a rule and what a person said, in the reason of a decision."""

Positions = npt.NDArray[np.intp]


class Raw(Protocol):
    """A raw table: its kind and its text cells with provenance."""

    @property
    def table(self) -> str:
        """Kind of the table."""

    @property
    def frame(self) -> pd.DataFrame:
        """Text cells, and `PROVENANCE`."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """Ordered, append-only record of cleaning.

    Parameters
    ----------
    entries : DataFrame
        One row an entry, with `COLUMNS`.
    """

    entries: pd.DataFrame

    def __post_init__(self) -> None:
        if list(self.entries.columns) != list(COLUMNS):
            msg = f"a ledger has the columns {', '.join(COLUMNS)}; got {', '.join(map(str, self.entries.columns))}"
            raise DataError(msg)

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def empty(cls) -> Ledger:
        """Return a ledger without entries."""
        return cls(typed_entries(pd.DataFrame(columns=list(COLUMNS))))

    @classmethod
    def joined(cls, ledgers: Sequence[Ledger]) -> Ledger:
        """Return one ledger with the entries of several, in their order."""
        parts = [ledger.entries for ledger in ledgers if len(ledger)]
        return cls(pd.concat(parts, ignore_index=True)) if parts else cls.empty()

    def append(self, entries: pd.DataFrame) -> Ledger:
        """Return a longer ledger; this one stays as it is."""
        return Ledger.joined([self, Ledger(typed_entries(entries))])

    def counts(self) -> pd.DataFrame:
        """Return the number of entries by table, action and rule; what persons said is left out."""
        keys = ["table", "action", "rule", "reason_en", "reason_zh"]
        parts = self.entries[keys]
        human = parts["reason_en"].str.contains(SAID, regex=False).fillna(value=False).to_numpy(dtype=bool)
        if human.any():
            bare = {c: parts[c].where(~human, parts[c].str.split(SAID, regex=False).str[0]) for c in keys[3:]}
            parts = parts.assign(**bare)
        return parts.groupby(keys, sort=True, dropna=False).size().rename("n").reset_index()

    def cells(self) -> pd.DataFrame:
        """Return the entries that changed one cell."""
        return self._of("change")

    def columns(self) -> pd.DataFrame:
        """Return the entries that changed a column of a file."""
        return self._of("column")

    def flags(self) -> pd.DataFrame:
        """Return the entries that mark what was kept."""
        return self._of("flag")

    def rows_set_aside(self) -> pd.DataFrame:
        """Return the entries that took a row out: quarantined, merged, no data."""
        return self._of(*ASIDE)

    def of_table(self, table: str) -> Ledger:
        """Return the part of one raw table."""
        return Ledger(self.entries.loc[self.entries["table"] == table].reset_index(drop=True))

    def _of(self, *actions: str) -> pd.DataFrame:
        return self.entries.loc[self.entries["action"].isin(actions)].reset_index(drop=True)


def typed_entries(entries: pd.DataFrame) -> pd.DataFrame:
    """Return entries with the ledger's column order and types (row int64, the rest text)."""
    out = pd.DataFrame({c: entries[c] for c in COLUMNS})
    return out.astype({c: "int64" if c == "row" else "str" for c in COLUMNS})


def times(cells: pd.Series, factor: str) -> pd.Series:
    """Multiply numbers written as text, exactly.

    Parameters
    ----------
    cells : Series of str, shape (n,)
        Missing stays missing; text that is no number stays as it is.
    factor : str

    Examples
    --------
    >>> times(pd.Series(["0.5213", "1.20", None, "0.1"], dtype="str"), "10000").tolist()
    ['5213', '12000', nan, '1000']
    """
    by = Decimal(factor)
    known = {value: _multiplied(value, by) for value in cells.dropna().unique()}
    return cells.map(known).astype("str")


def relabel(cells: pd.Series, labels: str) -> pd.Series:
    """Replace codes by a JSON mapping; other codes become missing.

    Examples
    --------
    >>> relabel(pd.Series(["0", "1", "7"], dtype="str"), '{"0": 1991, "1": 1998}').tolist()
    ['1991', '1998', nan]
    """
    known = {str(k): str(v) for k, v in json.loads(labels).items()}
    return cells.map(known).astype("str")


def recode(cells: pd.Series, codes: str) -> pd.Series:
    """Replace the codes of a JSON mapping; others stay.

    Examples
    --------
    >>> recode(pd.Series(["610928", "610922", None], dtype="str"), '{"610928": "610981"}').tolist()
    ['610981', '610922', nan]
    """
    known = {str(k): str(v) for k, v in json.loads(codes).items()}
    hit = cells.isin(list(known))
    out = cells.copy()
    out[hit] = cells[hit].map(known)
    return out


def carry(cells: pd.Series, county: pd.Series, codes: str) -> pd.Series:
    """Replace the county code that a longer code begins with, in rows of the county it is replaced by.

    Examples
    --------
    >>> cells = pd.Series(["610928101201", "610928101202", "3", "610928"], dtype="str")
    >>> county = pd.Series(["610981", "610922", "610981", "610981"], dtype="str")
    >>> carry(cells, county, '{"610928": "610981"}').tolist()
    ['610981101201', '610928101202', '3', '610928']
    """
    out = cells.copy()
    for old, new in json.loads(codes).items():
        hit = cells.str.startswith(old) & (cells.str.len() > len(old)) & (county == new)
        hit = hit.fillna(value=False).astype(bool)
        out[hit] = new + cells[hit].str.slice(len(old))
    return out


def prefix(cells: pd.Series, before: pd.Series) -> pd.Series:
    """Put a code and ``-`` before each cell that does not carry the code yet.

    A division code of a village starts with the (six-digit or longer) code of its county; such cells, cells
    that start with ``<code>-``, and cells without a code stay as they are.

    Parameters
    ----------
    cells, before : Series of str, shape (n,)

    Examples
    --------
    >>> cells = pd.Series(["990602101201", "3", "99-4", None], dtype="str")
    >>> prefix(cells, pd.Series(["990602", "990602", "99", "99"], dtype="str")).tolist()
    ['990602101201', '990602-3', '99-4', nan]
    """
    pairs = pd.DataFrame({"cell": cells, "code": before}).dropna().drop_duplicates()
    joined = {
        (cell, code): cell if _carries(cell, code) else f"{code}-{cell}"
        for cell, code in pairs.itertuples(index=False, name=None)
    }
    changed = {pair: new for pair, new in joined.items() if new != pair[0]}
    if not changed:
        return cells
    keys = pd.MultiIndex.from_arrays([cells, before])
    table = pd.Series(changed, dtype="str")
    found = table.index.get_indexer(keys)
    out = cells.copy()
    hit = found >= 0
    out[hit] = table.to_numpy()[found[hit]]
    return out


def prefixed(frame: pd.DataFrame, column: str, before: str) -> pd.Series:
    """Return a column with the value of another one before it; see `prefix`.

    Where county codes are linked, cells that carry the code of the file (``county_at_issue``) stay too.
    """
    cells = frame[column]
    out = prefix(cells, frame[before])
    if before == "county" and "county_at_issue" in frame:
        carried = prefix(cells, frame["county_at_issue"]) == cells
        out = out.where(~carried, cells)
    return out


def apply_column(frame: pd.DataFrame, rows: Positions, column: str, operation: str, argument: str) -> None:
    """Apply a column operation to some rows of a frame, in place.

    Raises
    ------
    DataError
        The operation is not known.
    """
    cells = frame[column].iloc[rows]
    if operation == "recode":
        new = recode(cells, argument)
    elif operation == "carry":
        new = carry(cells, frame["county"].iloc[rows], argument)
    elif operation == "times":
        new = times(cells, argument)
    elif operation == "labels":
        new = relabel(cells, argument)
    elif operation == "prefix":
        new = prefixed(frame.iloc[rows], column, argument)
    else:
        msg = f"the ledger asks for {operation!r} on column {column!r}; known are recode, carry, times, labels, prefix"
        raise DataError(msg)
    _put(frame, rows, column, new)


def replay(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Rebuild the clean text table from the raw one: cells, then columns, then rows taken out.

    Parameters
    ----------
    raw : RawTable
        The table as it was read; it is not changed.
    ledger : Ledger
        The record of cleaning it; entries of other tables are passed over.

    Returns
    -------
    DataFrame
        Text cells and provenance of the rows that stayed, in raw order.

    Raises
    ------
    DataError
        The ledger does not belong to these files: a row or an old value is not there.
    """
    frame = raw.frame.copy()
    entries = ledger.of_table(raw.table).entries
    position = _positions(frame, entries)
    _replay_cells(frame, entries, position)
    columns = entries.loc[entries["action"] == "column"].drop_duplicates()
    order = columns["old"].map({"recode": 0, "carry": 1}).fillna(2).argsort(kind="stable")
    for e in columns.iloc[order].itertuples():
        inside = (frame["_file"] == e.file) & (frame["_sheet"].fillna("") == _blank(e.sheet))
        apply_column(frame, np.flatnonzero(inside.to_numpy()), str(e.column), str(e.old), str(e.new))
    aside = entries["action"].isin(ASIDE).to_numpy()
    stays = np.ones(len(frame), dtype=bool)
    stays[position[aside]] = False
    return frame.loc[stays].reset_index(drop=True)


def _replay_cells(frame: pd.DataFrame, entries: pd.DataFrame, position: Positions) -> None:
    change = (entries["action"] == "change").to_numpy()
    cells = entries.loc[change, ["column", "old", "new"]].assign(position=position[change])
    for column, part in cells.groupby("column", sort=False):
        first = part.drop_duplicates("position", keep="first")
        now = frame[str(column)].iloc[first["position"].to_numpy()]
        same = (now.to_numpy() == first["old"].to_numpy()) | (
            now.isna().to_numpy() & first["old"].isna().to_numpy()
        )
        if not same.all():
            k = int(np.flatnonzero(~same)[0])
            msg = (
                f"{int((~same).sum())} of {len(first)} old values of {column!r} in the ledger are not in the raw files "
                f"(first: ledger {first['old'].iloc[k]!r}, file {now.iloc[k]!r}); the files changed since: clean again"
            )
            raise DataError(msg)
        last = part.drop_duplicates("position", keep="last")
        _put(frame, last["position"].to_numpy(), str(column), last["new"])


def _put(frame: pd.DataFrame, rows: Positions, column: str, cells: pd.Series) -> None:
    changed = frame[column].copy()
    changed.iloc[rows] = cells.to_numpy()
    frame[column] = changed


def _positions(frame: pd.DataFrame, entries: pd.DataFrame) -> Positions:
    """Return the row of each entry in a raw frame, -1 for entries about a column."""
    names = list(PROVENANCE)
    if frame.duplicated(names).any():
        names.append("wave")
    index = pd.MultiIndex.from_arrays([_key(frame[n]) for n in names])
    own = [n.removeprefix("_") for n in names]
    out = index.get_indexer(pd.MultiIndex.from_arrays([_key(entries[n]) for n in own]))
    lost = (out < 0) & (entries["row"] >= 0).to_numpy()
    if lost.any():
        e = entries.loc[lost].iloc[0]
        msg = (
            f"{int(lost.sum())} of {len(entries)} ledger entries name rows that are not in the raw files "
            f"(first: {e['file']}, row {e['row']}); clean again, or give the files that were cleaned"
        )
        raise DataError(msg)
    return np.asarray(out, dtype=np.intp)


def _key(column: pd.Series) -> pd.Series:
    return column if column.dtype == "int64" else column.fillna("")


def _multiplied(value: str, by: Decimal) -> str:
    try:
        product = Decimal(value) * by
    except InvalidOperation:
        return value
    return plain(product)


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without zeros at the end.

    >>> plain(Decimal("5200.00")), plain(Decimal("-0.10")), plain(Decimal("1E+4"))
    ('5200', '-0.1', '10000')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _carries(cell: str, code: str) -> bool:
    if cell.startswith(f"{code}-"):
        return True
    return len(code) >= 6 and len(cell) > len(code) and cell.startswith(code)


def _blank(value: object) -> str:
    return value if isinstance(value, str) else ""
