"""The raw tables of a plan, and the county every row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.errors import DataError
from evalkit.ingest.cells import plain_ids, row_word
from evalkit.ingest.perfile import check_patterns
from evalkit.ingest.reading import read
from evalkit.ingest.tables import MAPPING_COLUMNS, RawData, RawTable
from evalkit.plan import Plan, TableSource

ALL = "all"
"""County of every row when the data know no counties."""


def read_all(plan: Plan, raw: str | Path | None = None) -> RawData:
    """Read every table the plan names.

    Parameters
    ----------
    plan : Plan
    raw : path, optional
        Folder of the files, instead of the plan's; or the one file of the household table.

    Returns
    -------
    RawData
        Every table has a ``county`` column: its own; else that of the household or village in the household
        table; else the county's name; ``"all"`` when the household table knows no counties.

    Raises
    ------
    DataError
        A folder or file is absent, or a file cannot be read (see `read`).
    """
    folder = plan.raw if raw is None else Path(raw)
    if folder.is_file():
        table = read(folder, table="household", source=plan.data.household)
        return with_counties({"household": table})
    if not folder.is_dir():
        msg = f"the folder of raw files {str(folder)!r} does not exist; mend data.raw in the plan"
        raise DataError(msg)
    tables: dict[str, RawTable] = {}
    for name in schema.TABLES:
        source = plan.data.tables().get(name)
        if source is not None:
            files = find_files(folder, source, name)
            check_patterns(source, [p.relative_to(folder).as_posix() for p in files], name)
            tables[name] = read(files, table=name, source=source, root=folder)
    return with_counties(tables)


def find_files(folder: Path, source: TableSource, table: str) -> list[Path]:
    """Return the files of a table; temporary files of spreadsheet programs are passed over.

    Raises
    ------
    DataError
        A name or pattern matches no file; what is in the folder is listed.
    """
    found: set[Path] = set()
    for pattern in source.files:
        hits = {p for p in folder.glob(pattern) if p.is_file() and not p.name.startswith(("~$", "."))}
        if not hits:
            here = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
            there = ", ".join(here[:20]) + (" …" if len(here) > 20 else "")
            msg = (
                f"no file matches {pattern!r} (plan.data.{table}.files) in {str(folder)!r}; "
                f"{'there are: ' + there if here else 'the folder is empty'}"
            )
            raise DataError(msg)
        found |= hits
    return sorted(found)


def with_counties(tables: Mapping[str, RawTable]) -> RawData:
    """Return the tables, each with a ``county`` column; see `read_all`."""
    if "household" not in tables:
        msg = f"there is no household table among: {', '.join(tables) or 'nothing'}"
        raise DataError(msg)
    households = _own_county(tables["household"])
    out = {"household": households}
    for name, table in tables.items():
        if name != "household":
            out[name] = _linked(table, households)
    return RawData(out)


def split_by_county(raw: RawData) -> dict[str, RawData]:
    """Return the raw tables of each county, in ascending order of code.

    Rows without a county (also blank, totals and signature rows) are under the key ``""``, so that every row
    is under exactly one key. Cleaning them one by one gives what cleaning them together gives.
    """
    codes = {name: _keys(table.frame["county"]) for name, table in raw.tables.items()}
    known = sorted(set(codes["household"].unique()).union(*(c.unique() for c in codes.values())))
    groups = {name: c.groupby(c, sort=False).indices for name, c in codes.items()}
    out = {}
    for code in known:
        part = {}
        for name, table in raw.tables.items():
            rows = groups[name].get(code, np.array([], dtype=np.intp))
            part[name] = table.with_frame(table.frame.iloc[rows].reset_index(drop=True))
        out[str(code)] = RawData(part)
    return out


def _keys(county: pd.Series) -> pd.Series:
    plain = plain_ids(county).fillna("")
    words = [c for c in plain.unique() if row_word(c)]
    return plain.mask(plain.isin(words), "").astype("str")


def _own_county(table: RawTable) -> RawTable:
    if "county" in table.frame:
        return table
    if "county_name" in table.frame:
        return _with_county(table, table.frame["county_name"], "codebook")
    return _with_county(table, pd.Series(ALL, index=table.frame.index, dtype="str"), "constant")


def _linked(table: RawTable, households: RawTable) -> RawTable:
    frame = table.frame
    if "county" in frame:
        return table
    if "county" in households.taken("constant"):
        return _with_county(table, pd.Series(ALL, index=frame.index, dtype="str"), "constant")
    if "county_name" in frame and "county_name" in households.frame:
        return _with_county(table, _lookup(frame, households.frame, "county_name"), "household")
    for link in ("household", "village"):
        if link in frame and link in households.frame:
            return _with_county(table, _lookup(frame, households.frame, link), "household")
    msg = (
        f"the {table.table} table has no county, and no household or village to find it by; "
        f"map one of them in plan.data.{table.table}.columns"
    )
    raise DataError(msg)


def _lookup(frame: pd.DataFrame, households: pd.DataFrame, link: str) -> pd.Series:
    """Return the county of each row by an id of the household table; NA when unknown or ambiguous."""
    pairs = pd.DataFrame({"id": plain_ids(households[link]), "county": plain_ids(households["county"])})
    pairs = pairs.dropna().drop_duplicates()
    single = pairs.loc[~pairs.duplicated("id", keep=False)].set_index("id")["county"]
    return plain_ids(frame[link]).map(single).astype("str")


def _with_county(table: RawTable, county: pd.Series, how: str) -> RawTable:
    frame = table.frame.assign(county=county.astype("str"))
    sheets = table.files.loc[table.files["header_row"].notna(), ["file", "sheet"]].drop_duplicates()
    header = {"codebook": "county_name", "household": "(household table)"}.get(how, "")
    added = sheets.assign(header=header, field="county", how=how, wave=np.nan, unit="", kind="")
    added = added[list(MAPPING_COLUMNS)].astype(
        {c: "Int64" if c == "wave" else "str" for c in MAPPING_COLUMNS}
    )
    mapping = pd.concat([table.mapping, added], ignore_index=True)
    return RawTable(table.table, frame, mapping, table.files)
