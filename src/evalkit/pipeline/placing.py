"""Rows that name no county, given to one by a person's decision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.decisions import Decisions
from evalkit.ingest import RawData, RawTable


def joined_rows(own: RawData, lost: RawData, decisions: Decisions) -> RawData:
    """Return a county's raw rows with those that persons gave to it, in the order of the files.

    Parameters
    ----------
    own : RawData
        Rows of the county.
    lost : RawData
        Rows that name no county.
    decisions : Decisions
        About the county.
    """
    tables = dict(own.tables)
    for name, table in lost.tables.items():
        inside = _given(table, decisions)
        if inside.any() and name in tables:
            tables[name] = _joined(tables[name], table.with_frame(table.frame.loc[inside]))
    return RawData(tables)


def without_rows(lost: RawData, decisions: Decisions) -> RawData:
    """Return the rows that name no county without those that persons gave to one."""
    return RawData(
        {
            name: table.with_frame(table.frame.loc[~_given(table, decisions)].reset_index(drop=True))
            for name, table in lost.tables.items()
        }
    )


def _given(table: RawTable, decisions: Decisions) -> npt.NDArray[np.bool_]:
    """Return the rows that decisions are about, shape (n,)."""
    wanted = [d.placed for d in decisions if d.placed is not None and d.table == table.table]
    frame = table.frame
    if not wanted or not len(frame):
        return np.zeros(len(frame), dtype=bool)
    places = zip(frame["_file"], frame["_sheet"].fillna(""), frame["_row"].astype("str"), strict=True)
    known = set(wanted)
    return np.array([place in known for place in places], dtype=bool)


def _joined(own: RawTable, more: RawTable) -> RawTable:
    frame = pd.concat([own.frame, more.frame[list(own.frame.columns)]], ignore_index=True)
    sheet, _ = pd.MultiIndex.from_frame(frame[["_file", "_sheet"]].fillna("")).factorize()
    frame = frame.iloc[np.lexsort((frame["_row"].to_numpy(), sheet))].reset_index(drop=True)
    files = more.frame["_file"].unique()
    extra = [t[t["file"].isin(files)] for t in (more.mapping, more.files)]
    mapping, listed = (
        pd.concat([first, second], ignore_index=True).drop_duplicates(ignore_index=True)
        for first, second in zip((own.mapping, own.files), extra, strict=True)
    )
    return RawTable(own.table, frame, mapping, listed)
