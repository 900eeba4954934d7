"""`Piece`: events of one kind, each about one row of the histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.events.histories import Codes, Flags, Floats, date_text

Objects = npt.NDArray[np.object_]
MIDDLE = 5
"""Place of an event among those of its row: entries come before, ends after."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Events of one kind about k rows.

    Parameters
    ----------
    rows : ndarray of int, shape (k,)
        Row of the histories of each event.
    date : ndarray, shape (k,)
        100 × year + month; month 0: the year is known only.
    kind, rule : str
    status : str, ndarray of str, shape (k,), or None
        The household's status afterwards; as before when None.
    column : str or None
        Where it was read.
    more : ndarray of str, shape (k,), or None
        Added to the reason.
    persons : ndarray, shape (k,), or None
        The household's size when None.
    order : int
    """

    rows: Codes
    date: Floats
    kind: str
    rule: str
    status: str | Objects | None = None
    column: str | None = None
    more: Objects | None = None
    persons: Floats | None = None
    order: int = MIDDLE


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
    return Piece(
        at,
        np.asarray(date[at], dtype=np.float64),
        kind,
        rule,
        status.iloc[at].to_numpy(dtype=object) if isinstance(status, pd.Series) else status,
        column or None,
        None if more is None else more.iloc[at].to_numpy(dtype=object),
        None,
        order,
    )


def with_persons(events: Piece, persons: Floats) -> Piece:
    """Return events with the number of persons of each stated; `persons` has shape (n,)."""
    return replace(events, persons=persons[events.rows])


def table_of(parts: Sequence[Piece]) -> pd.DataFrame:
    """Return the events of all pieces below each other: date, kind, status, rule, column, more, persons, order."""
    count = [len(p.rows) for p in parts]

    def each(one: str | Objects | None, k: int) -> Objects:
        return one if isinstance(one, np.ndarray) else np.full(k, one, dtype=object)

    def words(name: str) -> pd.Series:
        cells = [each(getattr(p, name), k) for p, k in zip(parts, count, strict=True)]
        return pd.Series(np.concatenate(cells), dtype="str")

    own = [np.full(k, np.nan) if p.persons is None else p.persons for p, k in zip(parts, count, strict=True)]
    return pd.DataFrame(
        {
            "date": date_text(np.concatenate([p.date for p in parts])),
            **{name: words(name) for name in ("kind", "status", "rule", "column", "more")},
            "persons": np.concatenate(own),
            "order": np.repeat([p.order for p in parts], count),
        }
    )
