"""The registry at any date, replayed from the events; and how far the replay agrees with the waves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.events.histories import STATES, read_histories
from evalkit.events.kinds import GONE
from evalkit.events.register import Events, last_month

SNAPSHOT_COLUMNS: tuple[str, ...] = (
    "county", "village", "household", "dynasty", "status", "since", "persons", "monitored", "at",
)  # fmt: skip
"""Columns of a snapshot of the registry."""
_KEYS = ["county", "household"]


def registry_at(events: Events, date: str | int, *, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """Replay the events up to a date.

    Parameters
    ----------
    events : Events
    date : str or int
        ``YYYY`` (to the end of the year) or ``YYYYMM``. Events known by year only count at its end, unless a later entry
        of the household in that year shows that they had happened.
    frame : DataFrame, optional
        Clean household table; persons are then the household's ``size`` in its last wave up to the date (else in its first wave),
        not that of its last event.

    Returns
    -------
    DataFrame
        One row a household in the registry, sorted by county and household, with `SNAPSHOT_COLUMNS`: status
        (``registered``, ``exited``, ``returned``), since (date of the event that made it so), persons, monitored (a risk is being
        watched), at (the date asked for).

    Raises
    ------
    DataError
        The date is neither a year nor a month.

    Examples
    --------
    >>> from evalkit.events import events_from
    >>> table = pd.DataFrame({"county": "990101", "household": "1", "wave": [2014, 2016], "size": 4.0,
    ...     "status": ["registered", "exited"], "identified_year": 2013.0, "exit_year": [None, 2016.0]})
    >>> found = events_from(table)
    >>> [registry_at(found, d)["status"].tolist() for d in (2012, 2015, "201606", 2016)]
    [[], ['registered'], ['registered'], ['exited']]
    """
    entries = events.entries
    told = entries.loc[events.month <= last_month(date)]
    order = pd.Series(events.month, index=entries.index).loc[told.index]
    told = told.assign(_month=order).sort_values([*_KEYS, "_month"], kind="stable")
    now = told.loc[told["status"].notna()].drop_duplicates(_KEYS, keep="last")
    now = now.loc[now["status"] != GONE].rename(columns={"date": "since"})
    watch = told.loc[told["kind"].isin(["monitored", "risk_eliminated"])].drop_duplicates(_KEYS, keep="last")
    watched = watch.loc[watch["kind"] == "monitored", _KEYS]
    place = told.dropna(subset=["village"]).drop_duplicates(_KEYS, keep="last").set_index(_KEYS)["village"]
    index = pd.MultiIndex.from_frame(now[_KEYS])
    out = now.assign(
        village=place.reindex(index).to_numpy(dtype=object),
        monitored=index.isin(pd.MultiIndex.from_frame(watched)),
        at=str(date),
    )
    if frame is not None:
        out["persons"] = _sizes(frame, index, date)
    return _as_snapshot(out)


def snapshot(frame: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Return the registry as a wave of the household table states it, in the shape of `registry_at`.

    Parameters
    ----------
    frame : DataFrame
        Clean household table.
    wave : int

    Raises
    ------
    DataError
        No row of the wave has a status.
    """
    past = read_histories(frame)
    rows = (past.wave == wave) & (past.state > 0)
    if not rows.any():
        known = ", ".join(map(str, sorted(set(past.wave[past.state > 0].tolist()))))
        msg = f"no household has a registry status in {wave}; waves with one: {known or 'none'}"
        raise DataError(msg)
    part = past.frame.loc[rows]
    return _as_snapshot(
        pd.DataFrame(
            {
                "county": part["county"],
                "village": past.word("village")[rows],
                "household": part["household"],
                "dynasty": past.word("dynasty")[rows].fillna(part["household"]),
                "status": np.array(STATES, dtype=object)[past.state[rows]],
                "since": None,
                "persons": past.number("size")[rows],
                "monitored": past.word("monitored")[rows].notna(),
                "at": str(wave),
            }
        )
    )


def replay_differences(events: Events, frame: pd.DataFrame) -> pd.DataFrame:
    """Compare the replay at the end of each wave with the status the wave states.

    Parameters
    ----------
    events : Events
    frame : DataFrame
        The household table the events were derived from.

    Returns
    -------
    DataFrame
        One row a household and wave that differ: county, household, wave, stated, replayed (missing where one side has no such
        household). Empty for consistent histories.
    """
    past = read_histories(frame)
    keep = past.state > 0
    stated = past.frame.loc[keep, [*_KEYS, "wave"]].assign(
        stated=np.array(STATES, dtype=object)[past.state[keep]]
    )
    covered = past.frame[["county", "wave"]].drop_duplicates()
    parts = []
    for wave in sorted(covered["wave"].unique()):
        here = covered.loc[covered["wave"] == wave, "county"]
        now = registry_at(events, str(int(wave)))
        now = now.loc[now["county"].isin(here), [*_KEYS, "status"]].rename(columns={"status": "replayed"})
        both = stated.loc[stated["wave"] == wave].drop(columns="wave").merge(now, on=_KEYS, how="outer")
        parts.append(both.assign(wave=int(wave)))
    columns = [*_KEYS, "wave", "stated", "replayed"]
    if not parts:
        return pd.DataFrame(columns=columns)
    out = pd.concat(parts, ignore_index=True).astype({"stated": "str", "replayed": "str"})
    differ = out["stated"].fillna("") != out["replayed"].fillna("")
    found: pd.DataFrame = out.loc[differ, columns].sort_values([*_KEYS, "wave"], ignore_index=True)
    return found


def _sizes(frame: pd.DataFrame, index: pd.MultiIndex, date: str | int) -> np.ndarray:
    if "size" not in frame:
        msg = "the household table has no size; leave out `frame`, or count the members (evalkit.aggregate_members)"
        raise DataError(msg)
    rows = frame[[*_KEYS, "wave", "size"]].dropna().sort_values("wave", kind="stable")
    until = rows.loc[rows["wave"] <= last_month(date) // 12].drop_duplicates(_KEYS, keep="last")
    first = rows.drop_duplicates(_KEYS, keep="first")
    best = pd.concat([until, first]).drop_duplicates(_KEYS).set_index(_KEYS)["size"]
    return np.asarray(best.reindex(index), dtype=np.float64)


def _as_snapshot(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {c: {"persons": "float64", "monitored": "bool"}.get(c, "str") for c in SNAPSHOT_COLUMNS}
    out = table[list(SNAPSHOT_COLUMNS)].astype(kinds)
    return out.sort_values(_KEYS, kind="stable", ignore_index=True)
