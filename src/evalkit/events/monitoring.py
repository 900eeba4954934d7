"""Events of the years after 2020: households monitored, risks eliminated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.events.histories import Flags, Floats, Histories
from evalkit.events.pieces import Piece, piece
from evalkit.schema import NOT_MONITORED


def is_monitored(past: Histories) -> Flags:
    """Return rows whose class of monitored household is a class (not blank, not a word of no), shape (n,)."""
    if "monitored" not in past.frame:
        return np.zeros(len(past), dtype=bool)
    codes, words = pd.factorize(past.frame["monitored"])
    told = [str(w).strip().casefold() not in NOT_MONITORED for w in words]
    return np.array([*told, False], dtype=bool)[codes]


def is_eliminated(past: Histories) -> Flags:
    """Return rows whose risk is marked as eliminated, shape (n,)."""
    return np.asarray(past.number("risk_eliminated") == 1.0, dtype=bool)


def monitoring_events(past: Histories) -> list[Piece]:
    """Return when monitoring began and when the risk was eliminated.

    Each month stated is one event, read from the first row of the household that states it; a class or mark that never has
    a month counts from the first wave that shows it.
    """
    watched, settled = is_monitored(past), is_eliminated(past)
    began, ended, seen = past.began, past.ended, 100 * past.wave
    watched_from = _first_without(past, watched, began)
    settled_from = _first_without(past, settled, ended)
    return [
        piece(_first_saying(past, began), "monitored", began, "E15", column="monitored_month"),
        piece(watched_from, "monitored", seen, "E16", column="monitored"),
        piece(_first_saying(past, ended), "risk_eliminated", ended, "E17", column="eliminated_month"),
        piece(settled_from, "risk_eliminated", seen, "E18", column="risk_eliminated"),
    ]


def _first_saying(past: Histories, month: Floats) -> Flags:
    """Return the first row of each household that states each month, shape (n,)."""
    at = np.flatnonzero(~np.isnan(month))
    rows = pd.DataFrame({"unit": past.unit[at], "month": month[at]})
    out = np.zeros(len(past), dtype=bool)
    out[at[~rows.duplicated().to_numpy()]] = True
    return out


def _first_without(past: Histories, marked: Flags, month: Floats) -> Flags:
    """Return the first marked row of households that state no month in any wave, shape (n,)."""
    dated = np.isin(past.unit, past.unit[~np.isnan(month)])
    at = np.flatnonzero(marked & ~dated)
    out = np.zeros(len(past), dtype=bool)
    out[at[~pd.Series(past.unit[at]).duplicated().to_numpy()]] = True
    return out
