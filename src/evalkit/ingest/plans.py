"""The raw tables of a plan, and the county every row belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.divisions import DatedCodes, load_divisions
from evalkit.errors import DataError, PlanError
from evalkit.ingest.cells import plain_ids, row_word
from evalkit.ingest.folders import look_for, names_in_plan
from evalkit.ingest.perfile import check_patterns, patterns_of
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
    dated = load_divisions(plan)
    if folder.is_file():
        table = read(folder, table="household", source=plan.data.household)
        return with_counties({"household": table}, dated)
    sources = plan.data.tables()
    files = table_files(plan, folder)
    tables = {str(n): read(f, table=n, source=sources[n], root=folder) for n, f in files.items()}
    return with_counties(tables, dated)


def table_files(plan: Plan, folder: Path) -> dict[schema.Table, list[Path]]:
    """Return the files of every table the plan names, in the order of `evalkit.schema.TABLES`.

    Raises
    ------
    DataError
        The folder is absent, or a name or pattern of the plan matches no file.
    PlanError
        The plan has no household table.
    """
    if "household" not in plan.data.tables():
        msg = (
            "the plan has no household table, only county series: evalkit.county_series reads those; everything else "
            "needs plan.data.household"
        )
        raise PlanError(msg)
    if not folder.is_dir():
        msg = f"the folder of raw files {str(folder)!r} does not exist; mend data.raw in the plan"
        raise DataError(msg)
    out: dict[schema.Table, list[Path]] = {}
    for name in schema.TABLES:
        source = plan.data.tables().get(name)
        if source is not None:
            files = find_files(folder, source, name)
            names = names_in_plan(folder, files, patterns_of(source))
            check_patterns(source, names, name)
            out[name] = files
    return out


def find_files(folder: Path, source: TableSource, table: str) -> list[Path]:
    """Return the files of a table; see `evalkit.ingest.folders.look_for`, which also tells what was passed over.

    Raises
    ------
    DataError
        A name or pattern matches no file, or leads out of the folder; what is in the folder is listed.
    """
    return list(look_for(folder, source, table).files)


def passed_over(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return the files beside those of each table that were passed over (hidden, lock files, no tables), if any."""
    if not plan.raw.is_dir():
        return {}
    totals = None if plan.calibration is None else plan.calibration.file  # read, but as no table
    found = {
        n: tuple(f for f in look_for(plan.raw, s, n).passed_over if f != totals)
        for n, s in plan.data.tables().items()
    }
    return {name: files for name, files in found.items() if files}


def with_counties(tables: Mapping[str, RawTable], dated: DatedCodes | None = None) -> RawData:
    """Return the tables, each with a ``county`` column; see `read_all`.

    With dated division codes a county that is found by an id of the household table is the linked one, so that a
    household under a retired code and its successor is in one county.
    """
    if "household" not in tables:
        msg = f"there is no household table among: {', '.join(tables) or 'nothing'}"
        raise DataError(msg)
    households = _placed(tables["household"], None, dated)
    out = {"household": households}
    for name, table in tables.items():
        if name != "household":
            out[name] = _placed(table, households, dated)
    return RawData(out)


def split_by_county(raw: RawData, dated: DatedCodes | None = None) -> dict[str, RawData]:
    """Return the raw tables of each county, in ascending order of code.

    With dated division codes (`evalkit.divisions.load_divisions`) rows under a retired code are with those of its
    successor.

    Rows without a county (also blank, totals and signature rows) are under the key ``""``, so that every row
    is under exactly one key. Cleaning them one by one gives what cleaning them together gives.
    """
    codes = {name: county_keys(table.frame["county"], dated) for name, table in raw.tables.items()}
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


def county_keys(county: pd.Series, dated: DatedCodes | None = None) -> pd.Series:
    """Return the county of each row as `split_by_county` knows it; ``""`` for rows without one, shape (n,)."""
    plain = plain_ids(county).fillna("")
    words = [c for c in plain.unique() if row_word(c)]
    codes = plain.mask(plain.isin(words), "").astype("str")
    return codes if dated is None else dated.link(codes)


@dataclass(frozen=True)
class CountyFrom:
    """Where the county of a table's rows is found.

    Parameters
    ----------
    how : str
        ``own``: in its county column; ``codebook``: in its county name; ``constant``: one for all rows;
        ``household``: by an id of the household table.
    column : str
        The column in question; empty for ``constant``.
    """

    how: str
    column: str = ""


def county_from(table: RawTable, households: RawTable | None = None) -> CountyFrom:
    """Decide where the county of a table's rows is found; only the columns and the mapping matter.

    Parameters
    ----------
    table : RawTable
    households : RawTable, optional
        The household table with its county column; not given for the household table itself.

    Raises
    ------
    DataError
        The table has nothing to find its county by.
    """
    columns = table.frame.columns
    if "county" in columns:
        return CountyFrom("own", "county")
    if households is None:
        return CountyFrom("codebook", "county_name") if "county_name" in columns else CountyFrom("constant")
    if "county" in households.taken("constant"):
        return CountyFrom("constant")
    for link in ("county_name", "household", "village"):
        if link in columns and link in households.frame.columns:
            return CountyFrom("household", link)
    msg = (
        f"the {table.table} table has no county, and no household or village to find it by; "
        f"map one of them in plan.data.{table.table}.columns"
    )
    raise DataError(msg)


def raw_counties(frame: pd.DataFrame, source: CountyFrom, known: pd.Series | None = None) -> pd.Series:
    """Return the county of each row as text, shape (n,); NA when unknown or ambiguous.

    Parameters
    ----------
    frame : DataFrame
    source : CountyFrom
    known : Series, optional
        County by id, for ``household``; see `single_counties`.
    """
    if source.how == "constant":
        return pd.Series(ALL, index=frame.index, dtype="str")
    if source.how == "household" and known is not None:
        return plain_ids(frame[source.column]).map(known).astype("str")
    return frame[source.column].astype("str")


def county_pairs(households: pd.DataFrame, link: str, dated: DatedCodes | None = None) -> pd.DataFrame:
    """Return the distinct pairs of id and county in (a part of) the household table."""
    county = plain_ids(households["county"])
    if dated is not None:
        county = dated.link(county)
    pairs = pd.DataFrame({"id": plain_ids(households[link]), "county": county})
    return pairs.dropna().drop_duplicates()


def single_counties(pairs: Iterable[pd.DataFrame]) -> pd.Series:
    """Return county by id for the ids that stand in one county only."""
    whole = pd.concat([pd.DataFrame({"id": [], "county": []}, dtype="str"), *pairs]).drop_duplicates()
    return whole.loc[~whole.duplicated("id", keep=False)].set_index("id")["county"]


def _placed(table: RawTable, households: RawTable | None, dated: DatedCodes | None) -> RawTable:
    source = county_from(table, households)
    if source.how == "own":
        return table
    known = None
    if source.how == "household" and households is not None:
        known = single_counties([county_pairs(households.frame, source.column, dated)])
    return _with_county(table, raw_counties(table.frame, source, known), source.how)


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
