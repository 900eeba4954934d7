"""`look_back`: what changed between two snapshots of the registry, with the reasons that the events give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.events.register import Events, last_month

_KEYS = ["county", "household"]
LOOK_BACK_COLUMNS: tuple[str, ...] = (
    "county", "village", "household", "dynasty", "change", "status_before", "status_after", "persons_before",
    "persons_after", "events", "reason_en", "reason_zh",
)  # fmt: skip
"""Columns of a look-back."""
_NEEDED = ("county", "household", "status", "persons")


def look_back(before: pd.DataFrame, after: pd.DataFrame, events: Events | None = None) -> pd.DataFrame:
    """List the households that two snapshots of the registry do not hold alike (回头看).

    Parameters
    ----------
    before, after : DataFrame
        Snapshots, as `registry_at` and `snapshot` give them: county, household, status, persons and, if there are any,
        village, dynasty, at.
    events : Events, optional
        Register that says why; entries after ``before.at`` and up to ``after.at`` are taken (all of a household where the
        snapshots have no date).

    Returns
    -------
    DataFrame
        `LOOK_BACK_COLUMNS`, sorted by county and household: change is ``added``, ``removed`` or ``changed`` (of status); persons
        of the household in each snapshot (NaN: not in it); events (``date kind``, joined by ``; ``) and their reasons, missing
        where no event explains the change. Households alike in both are left out.

    Raises
    ------
    DataError
        A snapshot lacks a column or holds a household twice.
    """
    for table, name in ((before, "before"), (after, "after")):
        _check(table, name)
    one, other = _prepared(before), _prepared(after)
    both = one.merge(other, on=_KEYS, how="outer", suffixes=("_before", "_after"))
    there, here = both["status_before"].notna(), both["status_after"].notna()
    change = np.select(
        [here & ~there, there & ~here, both["status_before"].fillna("") != both["status_after"].fillna("")],
        ["added", "removed", "changed"],
        "",
    )
    both = both.assign(
        change=pd.Series(change, dtype="str"),
        village=both["village_after"].fillna(both["village_before"]),
        dynasty=both["dynasty_after"].fillna(both["dynasty_before"]),
    )
    out = both.loc[both["change"] != ""].reset_index(drop=True)
    why = _reasons(events, _date(before), _date(after)).reindex(pd.MultiIndex.from_frame(out[_KEYS]))
    for name in ("events", "reason_en", "reason_zh"):
        out[name] = pd.Series(why[name].to_numpy(dtype=object), dtype="str")
    return out[list(LOOK_BACK_COLUMNS)].sort_values(_KEYS, kind="stable", ignore_index=True)


def look_back_counts(changes: pd.DataFrame, by: Sequence[str] = ("county",)) -> pd.DataFrame:
    """Count a look-back.

    Parameters
    ----------
    changes : DataFrame
        See `look_back`.
    by : sequence of str
        Columns to count by, before the change.

    Returns
    -------
    DataFrame
        by, change, households, persons (of the later snapshot for the added and changed, of the earlier one for the
        removed; unknown sizes count as none), explained (households with an event).
    """
    persons = changes["persons_after"].where(changes["change"] != "removed", changes["persons_before"])
    rows = changes.assign(
        persons=persons.fillna(0.0), households=1, explained=changes["events"].notna().astype("int64")
    )
    keys = [*by, "change"]
    return rows.groupby(keys, sort=True)[["households", "persons", "explained"]].sum().reset_index()


def _check(table: pd.DataFrame, name: str) -> None:
    lacks = [c for c in _NEEDED if c not in table]
    if lacks:
        msg = f"the snapshot `{name}` lacks {', '.join(lacks)}; make it with registry_at or snapshot"
        raise DataError(msg)
    twice = table.duplicated(_KEYS)
    if twice.any():
        first = table.loc[twice].iloc[0]
        msg = f"the snapshot `{name}` holds {int(twice.sum())} households twice (first: {first['household']})"
        raise DataError(msg, table.loc[twice])


def _prepared(table: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(np.nan, index=table.index, dtype="str")
    return pd.DataFrame(
        {
            **{k: table[k].astype("str") for k in _KEYS},
            "village": table["village"].astype("str") if "village" in table else none,
            "dynasty": table["dynasty"].astype("str") if "dynasty" in table else none,
            "status": table["status"].astype("str"),
            "persons": table["persons"].astype("float64"),
        }
    )


def _date(table: pd.DataFrame) -> int | None:
    """Return the last month of the date a snapshot was taken at, None where it does not say."""
    if "at" not in table:
        return None
    dates = list(table["at"].dropna().unique())
    return last_month(str(dates[0])) if len(dates) == 1 else None


def _reasons(events: Events | None, since: int | None, until: int | None) -> pd.DataFrame:
    """Return, for each household, its events between two dates, joined in order."""
    columns = ["events", "reason_en", "reason_zh"]
    if events is None or not len(events):
        index = pd.MultiIndex.from_arrays([[], []], names=_KEYS)
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns}).set_axis(index)
    month = events.month
    inside = np.ones(len(month), dtype=bool)
    if since is not None and until is not None:
        inside = (month > since) & (month <= until)
    rows = events.entries.assign(month=month).loc[inside].sort_values([*_KEYS, "month"], kind="stable")
    rows["events"] = rows["date"] + " " + rows["kind"]
    by = rows.groupby(_KEYS, sort=True)
    return pd.DataFrame({c: by[c].agg("; ".join) for c in columns}).astype("str")
