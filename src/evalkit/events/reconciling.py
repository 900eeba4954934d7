"""Events counted by year: against stated yearly figures, and as the equation of the stock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.events.histories import STATES, read_histories
from evalkit.events.kinds import GONE, POOR
from evalkit.events.register import Events
from evalkit.yamlfile import read_yaml

STATED: dict[str, str] = {
    "identified": "identified_in_year",
    "exited": "exited_in_year",
    "returned": "returned_in_year",
}
"""Kind of event → the column that states its persons of a year (tables ``county`` and ``village``)."""
_FLOWS_IN = ("identified", "returned", "split")
_FLOWS_OUT = ("exited", "removed", "merged", "died")

Place = Literal["county", "village"]


def event_counts(events: Events, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count events by year and kind.

    Parameters
    ----------
    events : Events
    by : sequence of str
        Further columns of the entries to count by (``county``, ``village``, ``rule`` …).

    Returns
    -------
    DataFrame
        by, year, kind, events, households (distinct ones), persons (of each household once; unknown sizes count as none).
        No identifiers. Kinds are those of `COUNTED_KINDS`: ``died`` counts households that died out, ``member_died`` those
        that go on after the death of members; ``split`` and ``merged`` leave out households that only change their id,
        which are ``renumbered`` (the old id and the new one are one).
    """
    entries = events.entries.assign(year=events.entries["date"].str.slice(0, 4).astype("int64"))
    rows = _told_apart(entries).assign(persons=lambda table: table["persons"].fillna(0.0))
    keys = [*by, "year", "kind"]
    total = rows.groupby(keys, sort=True).size().rename("events")
    once = rows.drop_duplicates([*keys, "county", "household"])
    counts = once.groupby(keys, sort=True)["persons"].agg(households="size", persons="sum")
    return pd.concat([total, counts], axis=1).reset_index()


def _told_apart(entries: pd.DataFrame) -> pd.DataFrame:
    """Return entries with the kinds of `COUNTED_KINDS`, the two of a change of id as one."""
    renumbered = entries["rule"] == "E11"
    living = (entries["kind"] == "died") & ~(entries["status"] == GONE)
    pair = pd.MultiIndex.from_frame(entries[["county", "dynasty", "year"]])
    old = renumbered & (entries["kind"] == "merged")
    twin = renumbered & ~old & pair.isin(pair[old.to_numpy(dtype=bool)])
    kind = entries["kind"].mask(renumbered, "renumbered").mask(living, "member_died")
    return entries.assign(kind=kind).loc[~twin]


def reconcile_events(events: Events, stated: pd.DataFrame | str | Path, by: Place = "county") -> pd.DataFrame:
    """Set the entries, exits and returns counted beside the yearly figures that are stated.

    Parameters
    ----------
    events : Events
        Of the whole registry of the places compared: a sample of villages counts only itself.
    stated : DataFrame or path
        Stated persons: a column `by`, ``wave`` (the year), and any of ``identified_in_year``, ``exited_in_year``, ``returned_in_year``
        (the clean ``county`` or ``village`` table); or a YAML file whose ``figures`` is a list of such mappings.
    by : str
        ``county`` or ``village``.

    Returns
    -------
    DataFrame
        One row a place, year and kind that is stated or counted: by, year, kind, stated (persons, NaN: not stated),
        counted (persons), households (counted), difference (counted − stated, NaN where nothing is stated).

    Raises
    ------
    DataError
        The stated table lacks its keys or all figures, or states one twice.
    """
    told = _stated(stated, by)
    counts = event_counts(events, (by,)).rename(columns={"persons": "counted"}).drop(columns="events")
    counts = counts.loc[counts["kind"].isin(list(STATED))]
    keys = [by, "year", "kind"]
    out = told.merge(counts, on=keys, how="outer")
    inside = out[by].isin(told[by])
    out = out.loc[inside].fillna({"counted": 0.0, "households": 0})
    out = out.astype({"households": "int64", "year": "int64"})
    out["difference"] = out["counted"] - out["stated"]
    order = out["kind"].map({k: i for i, k in enumerate(STATED)})
    out = out.assign(_order=order).sort_values([by, "year", "_order"], ignore_index=True)
    return out[[*keys, "stated", "counted", "households", "difference"]]


def stock_table(events: Events, frame: pd.DataFrame, by: Place = "county") -> pd.DataFrame:
    """Check the equation of the stock: stock = stock before + identified + returned + split − exited − removed − merged − died.

    Parameters
    ----------
    events : Events
    frame : DataFrame
        The household table the events were derived from; its statuses give the stock of each wave.
    by : str

    Returns
    -------
    DataFrame
        by, wave, opening, one column a kind of flow, closing (opening and flows), stock (households not exited as the wave
        states them), residual (stock − closing), all in households; and persons (of the stock). Flows are what changes whether a
        household counts as registered poor, by the date of the event; those up to the first wave make its stock. Persons
        have no such equation: households grow and shrink while nothing is entered.
    """
    stock = _stock(frame, by)
    flows = _flows(events, stock, by)
    out = stock.join(flows, how="left").fillna(dict.fromkeys([*_FLOWS_IN, *_FLOWS_OUT], 0))
    added = out[list(_FLOWS_IN)].sum(axis=1) - out[list(_FLOWS_OUT)].sum(axis=1)
    out["opening"] = out.groupby(level=0)["stock"].shift(1).fillna(0)
    out["closing"] = out["opening"] + added
    out["residual"] = out["stock"] - out["closing"]
    counted = ["opening", *_FLOWS_IN, *_FLOWS_OUT, "closing", "stock", "residual"]
    return out.astype(dict.fromkeys(counted, "int64"))[[*counted, "persons"]].reset_index()


def _stock(frame: pd.DataFrame, by: Place) -> pd.DataFrame:
    past = read_histories(frame)
    if by not in past.frame:
        msg = f"the household table has no column {by!r} to count by"
        raise DataError(msg)
    poor = np.isin(np.array(STATES, dtype=object)[past.state].astype(str), POOR)
    rows = past.frame[[by, "wave"]].assign(
        stock=poor.astype("int64"), persons=np.where(poor, past.number("size"), 0.0)
    )
    return rows.groupby([by, "wave"], sort=True)[["stock", "persons"]].sum()


def _flows(events: Events, stock: pd.DataFrame, by: Place) -> pd.DataFrame:
    """Return the flows by place and wave, in households."""
    entries = events.entries.assign(month=events.month)
    entries = entries.loc[entries["status"].notna()].sort_values(
        ["county", "household", "month"], kind="stable"
    )
    poor = entries["status"].isin(POOR).astype("int64")
    before = poor.groupby([entries["county"], entries["household"]], sort=False).shift(1, fill_value=0)
    step = poor - before
    moving = entries.assign(step=step, year=entries["month"] // 12).loc[step != 0]
    kind = moving["kind"].where((moving["step"] > 0) == moving["kind"].isin(_FLOWS_IN))
    moving = moving.assign(kind=kind.fillna("identified"), n=1)
    places = stock.index.to_frame(index=False).sort_values("wave")
    wave = pd.merge_asof(
        moving.sort_values("year", kind="stable"),
        places.assign(upto=places["wave"]),
        left_on="year",
        right_on="upto",
        by=by,
        direction="forward",
        suffixes=("_seen", ""),
    )
    placed = wave.dropna(subset=["wave"]).astype({"wave": "int64"})
    counts = placed.pivot_table(index=[by, "wave"], columns="kind", values="n", aggfunc="sum", fill_value=0)
    return counts.reindex(columns=[*_FLOWS_IN, *_FLOWS_OUT]).fillna(0)


def _stated(stated: pd.DataFrame | str | Path, by: Place) -> pd.DataFrame:
    """Return stated figures as place, year, kind, stated; figures left blank are left out."""
    table = stated if isinstance(stated, pd.DataFrame) else _from_yaml(Path(stated))
    have = {k: c for k, c in STATED.items() if c in table}
    if by not in table or "wave" not in table or not have:
        msg = (
            f"stated yearly figures need {by!r}, 'wave' and one of {', '.join(STATED.values())}; "
            f"the table has {', '.join(map(str, table.columns))}"
        )
        raise DataError(msg)
    parts = [
        table[[by, "wave", c]].set_axis([by, "year", "stated"], axis=1).assign(kind=k)
        for k, c in have.items()
    ]
    out = pd.concat(parts, ignore_index=True).dropna().astype({by: "str", "kind": "str", "stated": "float64"})
    out = out.astype({"year": "int64"})
    twice = out.duplicated([by, "year", "kind"])
    if twice.any():
        one = out.loc[twice].iloc[0]
        msg = f"{int(twice.sum())} figures are stated twice (first: {one['kind']} of {one[by]} in {one['year']})"
        raise DataError(msg, out.loc[twice])
    return out


def _from_yaml(path: Path) -> pd.DataFrame:
    """Read stated figures from a YAML file; codes are taken as they are written (010203 is no number)."""
    file = read_yaml(path, "stated figures")
    rows = file.data.get("figures")
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        msg = f"{path.name} needs `figures:` with a list of mappings: - {{county: '990101', wave: 2016, exited_in_year: 1200}}"
        raise DataError(msg)
    places = ("county", "village")
    return pd.DataFrame(
        [
            {k: file.written.get(("figures", i, k), v) if k in places else v for k, v in one.items()}
            for i, one in enumerate(rows)
        ]
    )
