"""Merged cells: a key or place written once for several rows holds for each of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalkit.ingest.headers import Header, Match
from evalkit.ingest.workbooks import Merged

FILLED: tuple[str, ...] = (
    "province", "prefecture", "county", "county_name", "township", "village", "village_name", "group", "household",
    "wave", "stratum",
)  # fmt: skip
"""Fields whose value, merged over rows, is that of each row; amounts and persons are never filled."""


def fill_merged(
    body: pd.DataFrame, merged: Sequence[Merged], header: Header, matches: Sequence[Match]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill merged cells of keys and places downwards.

    The raw table then holds the filled cells, as a reader of the sheet sees them; later records of changes start
    from there. Reading the same file again fills the same cells.

    Parameters
    ----------
    body : DataFrame, shape (n, k)
        The whole of a sheet below its header, as text.
    merged : sequence of Merged
        Ranges of the sheet.
    header : Header
    matches : sequence of Match
        What the columns are.

    Returns
    -------
    DataFrame
        The body, some cells filled.
    tuple of str
        Notes: what was filled, and what was not.
    """
    below = [m for m in merged if m.first_row > header.row]
    if not below:
        return body, ()
    fields = {i: m.field for m in matches for i in m.columns if m.field in FILLED}
    tall = [m for m in below if m.last_row > m.first_row and m.first_column - 1 in fields]
    out = body.copy() if tall else body
    filled = 0
    for m in tall:
        column = m.first_column - 1
        first, last = m.first_row - header.row - 1, min(m.last_row - header.row, len(out))
        value = out[column].iloc[first] if first < len(out) else None
        if pd.notna(value):
            empty = out.index[first + 1 : last][out[column].iloc[first + 1 : last].isna()]
            out.loc[empty, column] = value
            filled += len(empty)
    return out, _notes(below, tall, filled, [fields[m.first_column - 1] for m in tall])


def _notes(
    below: Sequence[Merged], tall: Sequence[Merged], filled: int, fields: Sequence[str]
) -> tuple[str, ...]:
    notes = []
    if tall:
        names = ", ".join(dict.fromkeys(fields))
        notes.append(
            f"merged cells: {filled} cells of {names} filled downwards in {len(tall)} ranges "
            f"(first: rows {tall[0].first_row}-{tall[0].last_row})"
        )
    left = [m for m in below if m not in set(tall)]
    if left:
        notes.append(
            f"{len(left)} merged ranges below the header (first: rows {left[0].first_row}-{left[0].last_row}); only their "
            "first cell is filled"
        )
    return tuple(notes)
