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
NARROW = 1 << 31
"""Bytes of rows below which the places of texts fit into 32 bits."""
ABOUT = "part.json"
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")
_SAME = ["field", "how", "kind", "_by_wave"]
_OF_FILES = ("file", "sheet", "unit")


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
        own = {int(i) for f in files for i in self._lines.get(f, ())}
        kept = sorted(own.union(self._first))
        listed = sorted(int(i) for f in files for i in self._listed.get(f, ()))
        return {
            "columns": list(self.table.frame.columns),
            "mapping": [self._records[i] if i in own else _of_others(self._records[i]) for i in kept],
            "files": [self._files[i] for i in listed],
        }

    @cached_property
    def _mapping(self) -> pd.DataFrame:
        return self.table.mapping.reset_index(drop=True)

    @cached_property
    def _lines(self) -> Mapping[str, list[int]]:
        return _places(self._mapping["file"])

    @cached_property
    def _first(self) -> list[int]:
        marked = self._mapping.assign(_by_wave=self._mapping["wave"].notna())
        return [int(i) for i in np.flatnonzero(~marked.duplicated(_SAME).to_numpy())]

    @cached_property
    def _records(self) -> list[list[Any]]:
        return _records(self._mapping[list(MAPPING_COLUMNS)])

    @cached_property
    def _listed(self) -> Mapping[str, list[int]]:
        return _places(self.table.files["file"])

    @cached_property
    def _files(self) -> list[list[Any]]:
        return _records(self.table.files)


def write_text(path: Path, table: pa.Table) -> None:
    """Write a county's rows; the same rows give the same bytes however they were cut before."""
    whole = table.take(pa.array(np.arange(len(table))))  # taking makes new buffers of one shape
    if whole.nbytes < NARROW:
        whole = _with_text(
            whole, pa.string()
        )  # half the bytes of short texts are places, which LZ4 takes long over
    with atomic(path) as part, pa.ipc.new_file(str(part), whole.schema, options=_LZ4) as out:
        out.write_table(whole, max_chunksize=ROWS)


def _with_text(table: pa.Table, kind: pa.DataType) -> pa.Table:
    """Return a table whose columns of text have one type."""
    texts = (pa.string(), pa.large_string())
    return table.cast(pa.schema([f.with_type(kind) if f.type in texts else f for f in table.schema]))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Return a county's rows, all columns or those named that are there."""
    with pa.memory_map(str(path)) as source:
        schema = pa.ipc.open_file(source).schema
        kept = None if columns is None else [schema.get_field_index(c) for c in columns if c in schema.names]
        options = pa.ipc.IpcReadOptions(included_fields=kept, use_threads=False)
        return _with_text(pa.ipc.open_file(source, options=options).read_all(), pa.large_string())


def read_text(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return a county's rows as a frame, all columns or those named that are there."""
    frame: pd.DataFrame = read_table(path, columns).to_pandas()
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


def _places(files: pd.Series) -> dict[str, list[int]]:
    """Return the positions of each file's lines, ascending."""
    out: dict[str, list[int]] = {}
    for at, file in enumerate(files):
        out.setdefault(str(file), []).append(at)
    return out


def _of_others(line: list[Any]) -> list[Any]:
    """Return a line of the mapping without what belongs to the files of other counties."""
    return ["" if c in _OF_FILES else v for c, v in zip(MAPPING_COLUMNS, line, strict=True)]


def _records(table: pd.DataFrame) -> list[list[Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [[int(v) if isinstance(v, np.integer) else v for v in row] for row in plain.to_numpy().tolist()]
