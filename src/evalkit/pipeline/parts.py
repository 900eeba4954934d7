"""A county's part of the raw data on disk: text by table, and the headers and files behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from evalkit import schema
from evalkit.ingest import RawData, RawTable
from evalkit.ingest.tables import FILE_COLUMNS, MAPPING_COLUMNS
from evalkit.store import Store, atomic, file_hash

ROWS = 1 << 16
"""Rows of a batch."""
ABOUT = "part.json"
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")
_SAME = ["field", "how", "kind", "_by_wave"]


@dataclass(frozen=True, eq=False)
class Head:
    """What is known of a whole table after all its files were read.

    Parameters
    ----------
    table : RawTable
        Without rows; all columns of all files, mapping and files.
    rows : int
    files : mapping
        Files by county, in the order in which they were read.
    """

    table: RawTable
    rows: int
    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Mapping and files of a table, looked up by file: a county gets its own and one line for each other field."""

    table: RawTable

    def of(self, files: tuple[str, ...]) -> dict[str, Any]:
        """Return columns, mapping and files for a county whose rows come from the files given."""
        own = [self._lines[f] for f in files if f in self._lines]
        others = np.setdiff1d(self._first, np.concatenate(own) if own else [], assume_unique=False)
        kept = np.sort(np.concatenate([*own, others]).astype(np.intp))
        part = self._mapping.iloc[kept]
        foreign = np.isin(kept, others)
        part = part.assign(**{c: part[c].mask(foreign, "") for c in ("file", "sheet", "unit")})
        listed = self.table.files[self.table.files["file"].isin(files)]
        return {
            "columns": list(self.table.frame.columns),
            "mapping": _records(part[list(MAPPING_COLUMNS)]),
            "files": _records(listed),
        }

    @cached_property
    def _mapping(self) -> pd.DataFrame:
        return self.table.mapping.reset_index(drop=True)

    @cached_property
    def _lines(self) -> Mapping[str, np.ndarray[Any, Any]]:
        return {str(k): np.asarray(v) for k, v in self._mapping.groupby("file", sort=False).indices.items()}

    @cached_property
    def _first(self) -> np.ndarray[Any, Any]:
        marked = self._mapping.assign(_by_wave=self._mapping["wave"].notna())
        return np.flatnonzero(~marked.duplicated(_SAME).to_numpy())


def write_text(path: Path, table: pa.Table) -> None:
    """Write a county's rows; the same rows give the same bytes however they were cut before."""
    every = pa.array(np.arange(len(table)))
    with atomic(path) as part, pa.ipc.new_file(str(part), table.schema, options=_LZ4) as out:
        out.write_table(table.take(every), max_chunksize=ROWS)  # taking makes new buffers of one shape


def read_text(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return a county's rows, all columns or those named that are there."""
    with pa.memory_map(str(path)) as source:
        schema = pa.ipc.open_file(source).schema
        kept = None if columns is None else [schema.get_field_index(c) for c in columns if c in schema.names]
        options = pa.ipc.IpcReadOptions(included_fields=kept, use_threads=False)
        frame: pd.DataFrame = pa.ipc.open_file(source, options=options).read_all().to_pandas()
    return frame


def file_of(folder: Path, table: str) -> Path:
    """Return the file of a table in a county's folder."""
    return folder / f"{table}.arrow"


def write_about(
    folder: Path, county: str, heads: Mapping[str, Head], catalogues: Mapping[str, Catalogue]
) -> None:
    """Write what a county's tables came from."""
    tables = {}
    for name, head in heads.items():
        path = file_of(folder, name)
        sha256 = file_hash(path) if path.is_file() else ""
        tables[name] = {"sha256": sha256, **catalogues[name].of(head.files.get(county, ()))}
    Store(folder).write_json(folder / ABOUT, {"county": county, "tables": tables})


def read_about(folder: Path) -> dict[str, Any]:
    """Return what `write_about` wrote."""
    return Store(folder).read_json(folder / ABOUT)


def load_part(folder: Path) -> RawData:
    """Return the raw tables of one county from its folder; every cell is text."""
    about = read_about(folder)["tables"]
    return RawData({name: _raw_table(folder, name, about[name]) for name in schema.TABLES if name in about})


def file_table(said: Mapping[str, Any]) -> pd.DataFrame:
    """Return the files behind a county's table, as `RawTable.files`."""
    return pd.DataFrame(said["files"], columns=list(FILE_COLUMNS))


def _raw_table(folder: Path, name: str, said: Mapping[str, Any]) -> RawTable:
    path = file_of(folder, name)
    found = read_text(path) if path.is_file() else pd.DataFrame({"_row": np.array([], dtype=np.int64)})
    absent = [c for c in said["columns"] if c not in found]
    if absent:
        blank = pd.Series(np.nan, index=found.index, dtype="str")
        found = pd.concat([found, pd.DataFrame(dict.fromkeys(absent, blank), index=found.index)], axis=1)
    mapping = pd.DataFrame(said["mapping"], columns=list(MAPPING_COLUMNS))
    mapping = mapping.astype({c: "Int64" if c == "wave" else "str" for c in MAPPING_COLUMNS})
    return RawTable(name, found[said["columns"]], mapping, file_table(said))


def _records(table: pd.DataFrame) -> list[list[Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [[int(v) if isinstance(v, np.integer) else v for v in row] for row in plain.to_numpy().tolist()]
