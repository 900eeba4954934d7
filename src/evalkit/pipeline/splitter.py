"""`Splitter`: rows of one table arriving in any mixture of counties, written by county within a memory budget."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from evalkit.pipeline.parts import read_table, write_text
from evalkit.store import safe_name

BUDGET = 64 << 20
"""Bytes of rows held in memory before they are written."""
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


class Splitter:
    """The rows of one table by county, in the order of their arrival.

    What is first written of a county goes to its place at once; where all its rows came together, as from a file of
    its own, nothing more has to be done. Rows that come later are put aside and added by `finish`.

    Parameters
    ----------
    folder : Path
        Where rows that come later are put aside.
    place : callable
        From a county to the file of its rows.
    budget : int
        Bytes of rows held in memory. What is written does not depend on it.
    """

    def __init__(self, folder: Path, place: Callable[[str], Path], budget: int = BUDGET) -> None:
        self.folder = folder
        self.place = place
        self.budget = budget
        self.rows: dict[str, int] = {}
        self.files: dict[str, dict[str, None]] = {}
        self._held: dict[str, list[pa.Table]] = {}
        self._placed: set[str] = set()
        self._aside: set[str] = set()
        self._size = 0

    def add(self, frame: pd.DataFrame, keys: pd.Series) -> None:
        """Take rows of one or several files, each with its county."""
        if not len(frame):
            return
        code, counties = pd.factorize(keys)
        order = np.argsort(code, kind="stable")
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        if len(counties) > 1:
            table = table.take(pa.array(order))
        table = table.combine_chunks()
        files = frame["_file"].to_numpy(dtype=object)
        ends = np.cumsum(np.bincount(code, minlength=len(counties)))
        for k, county in enumerate(counties):
            start = int(ends[k - 1]) if k else 0
            part = order[start : int(ends[k])]
            self._hold(str(county), table.slice(start, len(part)))
            self.files.setdefault(str(county), {}).update(dict.fromkeys(pd.unique(files[part])))
        self._size += table.nbytes
        if self._size > self.budget:
            self._write()

    def _hold(self, county: str, part: pa.Table) -> None:
        self._held.setdefault(county, []).append(part)
        self.rows[county] = self.rows.get(county, 0) + part.num_rows

    def _write(self) -> None:
        """Write what is held: to its place what comes first of a county, behind what was put aside the rest."""
        for county, parts in self._held.items():
            if county in self._placed:
                self._put_aside(county, parts)
            else:
                write_text(self.place(county), _joined(parts))
                self._placed.add(county)
        self._held, self._size = {}, 0

    def _put_aside(self, county: str, parts: list[pa.Table]) -> None:
        """Append to the county's file, which holds one stream after the other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = _joined(parts)
        with (
            self._file(county).open("ab") as out,
            pa.ipc.new_stream(out, whole.schema, options=_LZ4) as stream,
        ):
            stream.write_table(whole)
        self._aside.add(county)

    def counties(self) -> list[str]:
        """Return the counties seen, in ascending order; ``""`` stands for none."""
        return sorted(self.rows)

    def finish(self) -> None:
        """Put all rows of every county in its place, in the order of their arrival."""
        for county in self.counties():
            late = county in self._aside or county in self._held
            if county in self._placed and not late:
                continue
            parts = [read_table(self.place(county))] if county in self._placed else []
            if county in self._aside:
                parts += _streams(self._file(county))
            write_text(self.place(county), _joined([*parts, *self._held.pop(county, [])]))
            self._placed.add(county)
            self._file(county).unlink(missing_ok=True)
        self.close()

    def abandon(self) -> None:
        """Remove everything that was written."""
        for county in self._placed:
            self.place(county).unlink(missing_ok=True)
        self._placed = set()
        self.close()

    def close(self) -> None:
        """Remove what was put aside."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, county: str) -> Path:
        return self.folder / f"county={safe_name(county)}.arrows"


def _joined(parts: list[pa.Table]) -> pa.Table:
    whole = pa.concat_tables(parts, promote_options="default") if len(parts) > 1 else parts[0]
    return whole.combine_chunks()


def _streams(path: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(path)) as source:
        while source.tell() < source.size():
            yield pa.ipc.open_stream(source).read_all()
