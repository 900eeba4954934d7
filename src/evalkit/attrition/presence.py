"""Which household is seen in which wave, and why those who left did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.auxiliary import as_text
from evalkit.errors import DataError, EstimationError
from evalkit.panel import Panel

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

REASONS = ("died", "moved", "merged", "refused")
"""Known reasons for leaving, in the order of tables; everything else is unknown."""
NO_LONGER_THERE = ("died", "merged")
"""Reasons after which there is no household that could be observed: not attrition."""
_NEW_NUMBER = "E11"
"""Rule of the register of events under which a household goes on under another id."""


@dataclass(frozen=True, eq=False)
class Presence:
    """Presence of h households in t waves.

    Attributes
    ----------
    households : Index, length h
        In ascending order.
    waves : tuple of int
    row : ndarray of int, shape (h, t)
        Row of the panel's frame, -1 where unseen.
    reason : ndarray of str, shape (h,)
        Why a household is not seen in the last wave: one of `REASONS` or ``unknown``; empty where it is seen.
    """

    households: pd.Index
    waves: tuple[int, ...]
    row: Ints
    reason: NDArray[np.object_]

    @property
    def seen(self) -> Bools:
        """Whether seen, shape (h, t)."""
        return np.asarray(self.row >= 0)

    @property
    def first(self) -> Ints:
        """Position of the first wave seen, shape (h,)."""
        return np.asarray(self.seen.argmax(axis=1), dtype=np.intp)

    @property
    def last(self) -> Ints:
        """Position of the last wave seen, shape (h,)."""
        return np.asarray(len(self.waves) - 1 - self.seen[:, ::-1].argmax(axis=1), dtype=np.intp)

    @property
    def gap_before(self) -> Bools:
        """Whether a household was unseen in some wave between its first and this one, shape (h, t)."""
        inside = np.arange(len(self.waves)) >= self.first[:, None]
        unseen = (inside & ~self.seen).cumsum(axis=1)
        return np.asarray(np.hstack([np.zeros((len(unseen), 1), dtype=bool), unseen[:, :-1] > 0]))

    @property
    def ended(self) -> Bools:
        """Whether there is no household any more (died out, merged), shape (h, t)."""
        gone = np.isin(self.reason, NO_LONGER_THERE)
        return np.asarray(gone[:, None] & (np.arange(len(self.waves)) > self.last[:, None]))


def presence(panel: Panel, events: pd.DataFrame | None = None) -> Presence:
    """Return who is seen when.

    Parameters
    ----------
    panel : Panel
    events : DataFrame, optional
        Columns ``household`` and ``kind`` (``died``, ``moved``, ``merged``, ``refused`` …), and ``date`` (YYYY or YYYYMM)
        where known. The latest event of a household not before its last wave is its reason for leaving; a move counts
        only after that wave (one before it was within the panel). Of a register of events (column ``status``) a death
        or merger counts only where it ends the household (``none``), not the death of one member, and a new number
        (rule E11) is no merger.

    Raises
    ------
    EstimationError
        The panel has one wave.
    DataError
        The events lack a column.
    """
    waves = tuple(panel.waves)
    if len(waves) < 2:
        msg = f"attrition needs at least two waves; the panel has {', '.join(map(str, waves)) or 'none'}"
        raise EstimationError(msg)
    rows = np.flatnonzero(panel.mask)
    when = np.searchsorted(waves, panel.frame[panel.wave].astype(int).to_numpy()[rows])
    who, names = pd.factorize(panel.frame[panel.household].to_numpy()[rows], sort=True)
    row = np.full((len(names), len(waves)), -1, dtype=np.intp)
    row[who, when] = rows
    index = pd.Index(names)
    bare = Presence(index, waves, row, np.full(len(names), "", dtype=object))
    left = ~bare.seen[:, -1]
    reason = np.where(left, "unknown", "").astype(object)
    if events is not None:
        last_wave = np.array(waves)[bare.last]
        known = _reasons(events, index, last_wave)
        reason = np.where(left & (known != ""), known, reason).astype(object)
    return Presence(index, waves, row, reason)


def _reasons(events: pd.DataFrame, households: pd.Index, last_wave: NDArray[np.int64]) -> NDArray[np.object_]:
    absent = [c for c in ("household", "kind") if c not in events]
    if absent:
        msg = f"events need the columns household and kind (and date); absent: {', '.join(absent)}"
        raise DataError(msg)
    at = households.get_indexer(pd.Index(events["household"]))
    kind = as_text(events["kind"]).to_numpy()
    if "date" in events:
        date = pd.to_numeric(events["date"], errors="coerce").to_numpy(dtype=float)
        year = np.where(date > 9999, date // 100, date)
    else:
        date = year = np.full(len(events), np.nan)
    use = (at >= 0) & np.isin(kind, REASONS)
    use &= _ends_household(events, kind)
    earliest = last_wave[at[use]] + (kind[use] == "moved")
    use[use] &= np.isnan(year[use]) | (year[use] >= earliest)
    order = pd.DataFrame({"at": at[use], "date": np.nan_to_num(date[use], nan=-1.0), "kind": kind[use]})
    latest = order.sort_values(["at", "date", "kind"]).drop_duplicates("at", keep="last")
    out = np.full(len(households), "", dtype=object)
    out[latest["at"].to_numpy(dtype=int)] = latest["kind"].to_numpy()
    return out


def _ends_household(events: pd.DataFrame, kind: NDArray[np.object_]) -> Bools:
    """Return False for deaths and mergers after which the household goes on; all else may be a reason, shape (n,)."""
    goes_on = np.zeros(len(events), dtype=bool)
    if "status" in events:
        goes_on |= (as_text(events["status"]) != "none").to_numpy(dtype=bool)
    if "rule" in events:
        goes_on |= (as_text(events["rule"]) == _NEW_NUMBER).to_numpy(dtype=bool)
    return np.asarray(~(goes_on & np.isin(kind, NO_LONGER_THERE)), dtype=bool)
