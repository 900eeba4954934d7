"""Histories that contradict themselves, as cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.events.histories import Flags, Floats, Histories, date_text, year_of
from evalkit.events.kinds import CASES
from evalkit.events.monitoring import is_eliminated, is_monitored
from evalkit.events.register import CASE_COLUMNS, empty_cases


def find_cases(past: Histories, entered: Flags) -> pd.DataFrame:
    """List the contradictions of a household table.

    Parameters
    ----------
    past : Histories
    entered : ndarray of bool, shape (n,)
        First rows of households that come from another one of the registry, and bring its dates along.

    Returns
    -------
    DataFrame
        `CASE_COLUMNS`, sorted by rule, county, household, wave; the rules are explained in `evalkit.events.CASES`. A fault
        that the rows of a household repeat is listed once, at the first of them.
    """
    found = [*_status_cases(past), *_date_cases(past, entered), *_monitoring_cases(past)]
    parts = [_cases(past, *one) for one in found if one[1].any()]
    if not parts:
        return empty_cases()
    out = pd.concat(parts, ignore_index=True)
    return out.sort_values(["rule", "county", "household", "wave"], kind="stable", ignore_index=True)


_Found = tuple[str, Flags, Sequence[Floats], str]
"""Rule, rows, dates that are the evidence, column."""


def _status_cases(past: Histories) -> list[_Found]:
    """Return contradictions in the order of states, and waves left out."""
    then = np.where(past.before >= 0, past.state[past.before], 0)
    since = np.where(past.before >= 0, past.wave[past.before], -1)
    now, wave, year = past.state, past.wave, year_of(past.exited)
    waves = [np.asarray(100.0 * since, dtype=np.float64), _of_wave(past)]
    out = (now == 2) & np.isin(then, [1, 3])
    misfit = out & ~np.isnan(year) & ((year > wave) | ((year <= since) & (then == 1)))
    overdue = (now == 1) & (year <= wave) & ~past.marked
    skipped = (past.before >= 0) & (past.previous_wave > since)
    again = (then == 2) & (now == 1) & ~past.marked
    known_back = _ever_before(past, (past.state == 3) | past.marked | again)
    told, marked = _there(past, "status", "exit_year"), _there(past, "status", "returned")
    return [
        ("F02", np.asarray(again, dtype=bool), waves, told),
        ("F03", np.asarray((then == 1) & (now == 3), dtype=bool), waves, marked),
        ("F04", np.asarray((then == 3) & (now == 1), dtype=bool), waves, marked),
        ("F05", misfit, [past.exited, *waves], _there(past, "exit_year", "exit_month")),
        ("F06", _once(past, overdue & ~known_back), [past.exited, waves[1]], told),
        ("F10", skipped, waves, "wave"),
    ]


def _date_cases(past: Histories, entered: Flags) -> list[_Found]:
    """Return contradictions between stated dates."""
    came, out = past.identified, past.exited
    monthly = (came % 100 > 0) & (out % 100 > 0)
    before = (year_of(out) < year_of(came)) | (monthly & (out < came))
    year = year_of(came)
    late = past.first & ~entered & (past.previous_wave >= 0) & (year <= past.previous_wave)
    entry, end = _there(past, "identified_year", "identified_month"), _there(past, "exit_year", "exit_month")
    found: list[_Found] = [
        ("F01", _once(past, before), [came, out], end),
        ("F07", _once(past, (past.state > 0) & (year > past.wave)), [_of_wave(past), came], entry),
        ("F08", *_altered(past, came, past.before >= 0), entry),
        ("F09", *_altered(past, out, (past.before >= 0) & (past.state == 2)), end),
        ("F14", late, [came, _of_wave(past)], entry),
    ]
    for name in ("identified", "exit"):
        stated, month = past.number(f"{name}_year"), past.month(f"{name}_month")
        differ = ~np.isnan(stated) & ~np.isnan(month) & (stated != year_of(month))
        found.append(("F11", _once(past, differ), [100 * stated, month], f"{name}_month"))
    return found


def _monitoring_cases(past: Histories) -> list[_Found]:
    early = past.ended < past.began
    watched = _ever_before(past, is_monitored(past) | ~np.isnan(past.began))
    alone = (is_eliminated(past) | ~np.isnan(past.ended)) & ~watched
    known = "monitored" in past.frame or "monitored_month" in past.frame
    when = np.where(np.isnan(past.ended), _of_wave(past), past.ended)
    return [
        ("F12", _once(past, early), [past.began, past.ended], "eliminated_month"),
        ("F13", _once(past, alone & known), [when], _there(past, "risk_eliminated", "eliminated_month")),
    ]


def _there(past: Histories, *names: str) -> str:
    """Return the first of some columns that the table has, the first name when it has none."""
    return next((name for name in names if name in past.frame), names[0])


def _altered(past: Histories, date: Floats, compared: Flags) -> tuple[Flags, list[Floats]]:
    """Return rows whose date differs from that of the household's row before, and both dates.

    A month beside a year of the same year is no difference.
    """
    old = np.where(past.before >= 0, date[past.before], np.nan)
    same_state = past.state[past.before] == past.state
    monthly = (date % 100 > 0) & (old % 100 > 0)
    differ = (year_of(date) != year_of(old)) | (monthly & (date != old))
    return compared & same_state & ~np.isnan(date) & ~np.isnan(old) & differ, [old, date]


def _of_wave(past: Histories) -> Floats:
    """Return the wave of each row as a date known by year, shape (n,)."""
    return np.asarray(100.0 * past.wave, dtype=np.float64)


def _ever_before(past: Histories, rows: Flags) -> Flags:
    """Return rows of households with a marked row up to here, shape (n,)."""
    total = pd.Series(rows.astype(np.int64)).groupby(past.unit, sort=False).cumsum()
    return np.asarray(total > 0, dtype=bool)


def _once(past: Histories, rows: Flags) -> Flags:
    """Return the first marked row of each household, shape (n,)."""
    at = np.flatnonzero(rows)
    out = np.zeros(len(past), dtype=bool)
    out[at[~pd.Series(past.unit[at]).duplicated().to_numpy()]] = True
    return out


def _cases(past: Histories, rule: str, rows: Flags, said: Sequence[Floats], column: str) -> pd.DataFrame:
    at = np.flatnonzero(rows)
    places = past.frame[["county", "household", "wave"]].iloc[at].reset_index(drop=True)
    evidence = [
        " → ".join(map(str, one)) for one in zip(*(date_text(s[at]).fillna("–") for s in said), strict=True)
    ]
    text = CASES[rule]
    out = places.assign(rule=rule, what_en=text.en, what_zh=text.zh, evidence=evidence, column=column)
    return out.astype({c: "str" for c in CASE_COLUMNS if c != "wave"})[list(CASE_COLUMNS)]
