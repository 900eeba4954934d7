"""`Piece`: events of one kind, each about one row of the histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.events.histories import Codes, Flags, Floats, date_text

MIDDLE = 5
"""Place of an event among those of its row: entries come before, ends after."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Events about rows.

    Parameters
    ----------
    rows : ndarray of int, shape (k,)
        Row of the histories of each event.
    cells : DataFrame, k rows
        date, kind, status, rule, column, more (text added to the reason), persons (NaN: the household's size), order.
    """

    rows: Codes
    cells: pd.DataFrame


def piece(
    rows: Flags | pd.Series,
    kind: str,
    date: Floats | Codes,
    rule: str,
    *,
    status: str | pd.Series | None = None,
    column: str = "",
    more: pd.Series | None = None,
    order: int = MIDDLE,
) -> Piece:
    """Return an event for each marked row.

    Parameters
    ----------
    rows : bool, shape (n,)
    kind : str
    date : ndarray, shape (n,)
        100 × year + month; month 0: the year is known only.
    rule : str
    status : str or Series of str, shape (n,), optional
        The household's status afterwards; as before when None.
    column : str
        Where it was read.
    more : Series of str, shape (n,), optional
        Added to the reason.
    order : int
    """
    at = np.flatnonzero(np.asarray(rows, dtype=bool)).astype(np.int64)
    when = date_text(np.asarray(date[at], dtype=np.float64))
    after = status.iloc[at].to_numpy(dtype=object) if isinstance(status, pd.Series) else status
    cells = pd.DataFrame(
        {
            "date": when,
            "kind": pd.Series(kind, index=range(len(at)), dtype="str"),
            "status": pd.Series(after, index=range(len(at)), dtype="str"),
            "rule": pd.Series(rule, index=range(len(at)), dtype="str"),
            "column": pd.Series(column or None, index=range(len(at)), dtype="str"),
            "more": pd.Series(
                None if more is None else more.iloc[at].to_numpy(dtype=object), range(len(at)), dtype="str"
            ),
            "persons": np.full(len(at), np.nan),
            "order": np.full(len(at), order, dtype=np.int64),
        }
    )
    return Piece(at, cells)


def with_persons(events: Piece, persons: Floats) -> Piece:
    """Return events with the number of persons of each stated; `persons` has shape (n,)."""
    return Piece(events.rows, events.cells.assign(persons=persons[events.rows]))
