"""Raw files a block of rows at a time: the same rows, mapping and provenance as `read`, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.errors import DataError
from evalkit.ingest.folders import picked_members
from evalkit.ingest.headers import find_header, no_header
from evalkit.ingest.labels import refuse_mixed
from evalkit.ingest.parts import Part, files_frame, mapping_frame, sheet_parts, unread
from evalkit.ingest.perfile import refuse_no_wave, source_for
from evalkit.ingest.sheets import Sheet, open_files, open_sheets
from evalkit.ingest.sources import Source
from evalkit.ingest.tables import RawTable
from evalkit.ledger import PROVENANCE
from evalkit.plan import TableSource

ROWS = 500_000
"""Most records of one file in a block."""


def read_blocks(
    path: str | Path | Iterable[str | Path],
    *,
    table: schema.Table = "household",
    source: TableSource | None = None,
    root: str | Path | None = None,
    rows: int | None = ROWS,
) -> Iterator[RawTable]:
    """Read raw files of one kind of table a block of rows at a time; see `evalkit.ingest.read`.

    Text and Parquet files are never in memory as a whole; of a workbook one sheet is, of other types one file. A
    sheet without a header gives a block without rows, so that it is listed.

    Parameters
    ----------
    path : path or several
    table : str
    source : TableSource, optional
    root : path, optional
    rows : int or None
        Most records of a block; None: one block a sheet.

    Yields
    ------
    RawTable
        ``files["rows"]`` counts the rows of the block; `combined` puts blocks together and equals `read`, and
        `about_blocks` puts together all but their rows.

    Raises
    ------
    DataError
        As `read`; what was yielded before stands.
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]
    if not paths:
        msg = f"no files for the {table} table"
        raise DataError(msg)
    base = Path(root) if root is not None else Path(os.path.commonpath([p.absolute().parent for p in paths]))
    named = sorted({_shown(p, base): p for p in paths}.items())
    labels: list[tuple[str, dict[str, dict[str, str]]]] = []
    for shown, one in named:
        picked = None if source is None else picked_members(source.files, shown)
        for opened in open_files(Source(shown, one), picked):
            for part in _file_parts(opened, table, source, rows):
                labels = _labels_so_far(labels, opened.file, part)
                yield part.raw


def about_blocks(blocks: Iterable[RawTable]) -> RawTable:
    """Put together what is known about blocks, without their rows.

    Parameters
    ----------
    blocks : iterable of RawTable
        In the order of `read_blocks`; frames are looked at for their columns only.

    Returns
    -------
    RawTable
        No rows, all columns in the order of `read`; the mapping with kinds found over all blocks; one line a sheet.
        ``about.with_frame(rows.reindex(columns=about.frame.columns))`` is a table of any of the rows.

    Raises
    ------
    DataError
        There are no blocks.
    """
    columns: dict[tuple[str, str], dict[str, None]] = {}
    mappings: dict[tuple[str, str], dict[str, dict[str, object]]] = {}
    files: dict[tuple[str, str], dict[str, object]] = {}
    kinds: dict[str, str] = {}
    planned: set[str] = set()
    table: schema.Table | None = None
    for block in blocks:
        table = _table(block)
        for line in _records(block.files):
            at = (str(line["file"]), _text(line["sheet"]))
            _ = mappings.setdefault(at, {}), columns.setdefault(at, {})
            files[at] = _added(files.get(at), line)
            columns[at].update(dict.fromkeys(block.fields))
        for line in _records(block.mapping):
            name = str(line["field"])
            mappings[(str(line["file"]), _text(line["sheet"]))].setdefault(f"{name}\n{line['wave']}", line)
            kinds[name] = _kind(kinds.get(name, ""), str(line["kind"]))
            planned |= {name} if line["how"] == "plan" else set()
    if table is None:
        msg = "no blocks of rows were read"
        raise DataError(msg)
    fields = dict.fromkeys(c for names in columns.values() for c in _extras_last(names))
    mapping = mapping_frame([line for lines in mappings.values() for line in _mapping_order(lines)])
    known = {f: k for f, k in kinds.items() if f in planned}
    mapping["kind"] = mapping["field"].map(lambda f: known.get(f, "")).astype("str")
    frame = pd.DataFrame({c: pd.Series(dtype="str") for c in (*fields, "_file", "_sheet")})
    frame["_row"] = pd.Series(dtype=np.int64)
    return RawTable(table, frame, mapping, files_frame(list(files.values())))


def combined(blocks: Sequence[RawTable]) -> RawTable:
    """Put blocks of rows together to what `read` gives.

    Raises
    ------
    DataError
        There are no blocks.
    """
    about = about_blocks(blocks)
    frames = [b.frame for b in blocks if len(b.frame)]
    if not frames:
        return about
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    columns = list(about.frame.columns)
    frame = frame if list(frame.columns) == columns else frame.reindex(columns=columns)
    wrong = {c: "str" for c in columns if c != "_row" and str(frame[c].dtype) != "str"}
    return about.with_frame(frame.astype(wrong) if wrong else frame)


def _file_parts(
    opened: Source, table: schema.Table, source: TableSource | None, rows: int | None
) -> Iterator[Part]:
    encoding, sheet, decimal = (
        (source.encoding, source.sheet, source.decimal) if source is not None else (None, None, ".")
    )
    without: list[Sheet] = []
    found = False
    for one in open_sheets(opened, encoding=encoding, sheet=sheet, decimal=decimal):
        own = source_for(source, one.file, table, one.name) if source is not None else None
        header = find_header(one, table, own)
        if header is None:
            without.append(one)
            yield unread(one, table)
        else:
            found = True
            refuse_no_wave(source, own, one.where, table)
            yield from sheet_parts(one, header, table, own, rows)
    if not found:
        raise no_header(
            without, table, source_for(source, opened.file, table) if source is not None else None
        )


def _labels_so_far(
    before: list[tuple[str, dict[str, dict[str, str]]]], file: str, part: Part
) -> list[tuple[str, dict[str, dict[str, str]]]]:
    if not part.labels:
        return before
    now = [*before, (file, part.labels)]
    refuse_mixed(now)
    return now


def _shown(path: Path, base: Path) -> str:
    try:
        return path.absolute().relative_to(base.absolute()).as_posix()
    except ValueError:
        return path.name


def _table(block: RawTable) -> schema.Table:
    return next(t for t in schema.READABLE if t == block.table)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in line.items()} for line in frame.to_dict("records")]


def _text(sheet: object) -> str:
    return sheet if isinstance(sheet, str) else ""


def _added(before: dict[str, object] | None, line: dict[str, object]) -> dict[str, object]:
    """Return the line about a sheet with the rows of one more block."""
    if before is None:
        return line
    return before | {"rows": int(str(before["rows"])) + int(str(line["rows"]))}


def _kind(before: str, now: str) -> str:
    return "text" if "text" in (before, now) else now or before


def _extra(field: str) -> int:
    """Return the number of a column beyond the header, else 0."""
    number = field.removeprefix("(column ").removesuffix(")")
    return int(number) if field == f"(column {number})" and number.isdigit() else 0


def _extras_last(names: Iterable[str]) -> list[str]:
    """Return columns in order, those beyond the header last: a later block may be the first that has one."""
    fields = [n for n in names if n not in PROVENANCE]
    return sorted(fields, key=_extra)


def _mapping_order(lines: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    return sorted(lines.values(), key=lambda line: _extra(str(line["field"])))
