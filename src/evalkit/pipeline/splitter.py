"""`Splitter`: rows of one table arriving in any mixture of counties, kept by county within a memory budget."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from evalkit.store import safe_name

BUDGET = 64 << 20
"""Bytes of rows held in memory before they are put aside on disk."""
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


class Splitter:
    """The rows of one table by county, in the order of their arrival.

    Parameters
    ----------
    folder : Path
        Where rows are put aside when there are more than `budget` bytes of them.
    budget : int
    """

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        self.folder = folder
        self.budget = budget
        self.rows: dict[str, int] = {}
        self.files: dict[str, dict[str, None]] = {}
        self._held: dict[str, list[pa.Table]] = {}
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
            self._put_aside()

    def _hold(self, county: str, part: pa.Table) -> None:
        self._held.setdefault(county, []).append(part)
        self.rows[county] = self.rows.get(county, 0) + part.num_rows

    def _put_aside(self) -> None:
        """Append what is held to one file per county; a file holds one stream after the other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for county, parts in self._held.items():
            with self._file(county).open("ab") as out:
                for part in parts:
                    with pa.ipc.new_stream(out, part.schema, options=_LZ4) as stream:
                        stream.write_table(part)
        self._held, self._size = {}, 0

    def counties(self) -> list[str]:
        """Return the counties seen, in ascending order; ``""`` stands for none."""
        return sorted(self.rows)

    def take(self, county: str) -> pa.Table:
        """Return all rows of a county in the order of their arrival, and let go of them."""
        parts = [*_streams(self._file(county)), *self._held.pop(county, [])]
        self._file(county).unlink(missing_ok=True)
        whole = pa.concat_tables(parts, promote_options="default") if len(parts) > 1 else parts[0]
        return whole.combine_chunks()

    def close(self) -> None:
        """Remove what was put aside."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, county: str) -> Path:
        return self.folder / f"county={safe_name(county)}.arrows"


def _streams(path: Path) -> Iterator[pa.Table]:
    if not path.is_file():
        return
    with pa.OSFile(str(path)) as source:
        while source.tell() < source.size():
            yield pa.ipc.open_stream(source).read_all()
