"""Text files as tables: the delimiter, the first rows, and the rows below the header a block at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.decoding import scan, utf8
from evalkit.ingest.records import lines, segments
from evalkit.ingest.sources import Source

TOP = 12
"""Number of rows in which a header is looked for."""
DELIMITERS = ",;\t|"
_HEAD = 1 << 22
"""Bytes in which the first rows are looked for."""

Row = list[str | None]


@dataclass(frozen=True, eq=False)
class TextTable:
    """A text file that was looked through once.

    Parameters
    ----------
    source : Source
    encoding, delimiter : str
    top : list of rows
        The first rows.
    """

    source: Source
    encoding: str
    delimiter: str
    top: list[Row]

    def blocks(self, header_row: int, width: int, rows: int | None) -> Iterator[pd.DataFrame]:
        """Yield the cells below a header as text, at most `rows` rows at a time (None: all at once).

        Raises
        ------
        DataError
            A cell is longer than the csv module allows (131,072 characters).
        """
        pieces = _from(utf8(self.source, self.encoding), self._header_bytes(header_row))
        row, nothing = header_row, True
        for segment in segments(pieces, self.delimiter, rows, self.source.file):
            frame = _arrow_csv(segment, self.delimiter, width)
            if frame is None:
                frame = self._parsed(segment, width, row)
            row, nothing = row + len(frame), False
            yield frame
        if nothing:
            yield from_cells([], width)

    def _header_bytes(self, header_row: int) -> int:
        used = [0]
        reader = csv.reader(lines([self._head()], used), delimiter=self.delimiter)
        for _ in range(header_row):
            next(reader)
        return used[0]

    def _head(self) -> bytes:
        return _head(self.source, self.encoding)

    def _parsed(self, segment: bytes, width: int, row: int) -> pd.DataFrame:
        cells = []
        try:
            for record in csv.reader(lines([segment]), delimiter=self.delimiter):
                cells.append([c or None for c in record])
        except csv.Error as e:
            raise _unreadable(self.source.file, row + len(cells) + 1, e) from e
        return from_cells(cells, width)


def open_text(source: Source, encoding: str | None, decimal: str) -> TextTable:
    """Look through a text file: its encoding, its delimiter, its first rows.

    Raises
    ------
    DataError
        It is no text in the encoding, a spreadsheet in disguise, or has a quoted cell that never ends.
    """
    start = next(source.pieces())[:8]
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        msg = f"{source.file} is a spreadsheet or archive with the name of a text file; rename it to .xlsx, .xls or .zip"
        raise DataError(msg)
    found = scan(source, encoding)
    head = _head(source, found.encoding)
    try:
        delimiter = _delimiter_of(head, DELIMITERS.replace(decimal, ""))
        top = _top(head, delimiter)
    except csv.Error as e:
        raise _unreadable(source.file, None, e) from e
    if found.quotes % 2:
        _refuse_open_quote(source, found.encoding, delimiter)
    return TextTable(source, found.encoding, delimiter, top)


def from_cells(rows: list[list[str | None]], width: int) -> pd.DataFrame:
    """Return rows of cells as text columns 0, 1, …, at least `width` of them."""
    widest = max((len(r) for r in rows), default=0)
    width = max(width, widest)
    columns = zip(*(r if len(r) == width else r + [None] * (width - len(r)) for r in rows), strict=True)
    cells = {i: pd.Series(c, dtype="str") for i, c in enumerate(columns)}
    return pd.DataFrame(cells) if rows else pd.DataFrame({i: pd.Series(dtype="str") for i in range(width)})


def _head(source: Source, encoding: str) -> bytes:
    """Return the first bytes as UTF-8, without the line that is cut off."""
    start = b""
    for piece in utf8(source, encoding):
        start += piece
        if len(start) >= _HEAD:
            cut = max(start.rfind(b"\n", 0, _HEAD), start.rfind(b"\r", 0, _HEAD)) + 1
            return start[:cut] or start[:_HEAD].decode("utf-8", errors="ignore").encode("utf-8")
    return start


def _from(pieces: Iterator[bytes], skip: int) -> Iterator[bytes]:
    for piece in pieces:
        if skip < len(piece):
            yield piece[skip:] if skip else piece
        skip = max(0, skip - len(piece))


def _delimiter_of(head: bytes, marks: str) -> str:
    """Return the mark that cuts every row alike, if one alone does (decimal commas do not); else the one most used."""
    widths = {mark: [len(row) for row in _top(head, mark) if any(row)] for mark in marks}
    even = [mark for mark, n in widths.items() if n and n[0] > 1 and len(set(n)) == 1]
    return even[0] if len(even) == 1 else max(marks, key=lambda mark: max(widths[mark], default=0))


def _refuse_open_quote(source: Source, encoding: str, delimiter: str) -> None:
    """Refuse a file in which a quoted cell never ends: it would swallow all rows below."""
    rows = csv.reader(lines(utf8(source, encoding)), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for _ in rows:
            begins = rows.line_num + 1
    except csv.Error as e:
        if "end of data" not in str(e) and "field limit" not in str(e):
            return
        msg = (
            f"{source.file}: a quoted cell begins in row {begins} and never ends, so that all rows below would be part "
            "of it; the file is truncated or has a stray quotation mark there: export it again or mend that row"
        )
        raise DataError(msg) from e


def _top(head: bytes, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    for row in csv.reader(lines([head]), delimiter=delimiter):
        rows.append([c or None for c in row])
        if len(rows) == TOP:
            break
    return rows


def _unreadable(file: str, row: int | None, error: csv.Error) -> DataError:
    where = "in its first rows" if row is None else f"in row {row}"
    limit = csv.field_size_limit()
    if "field limit" in str(error):
        what = f"a cell of more than {limit:,} characters {where}: it is no table, or a quotation mark is never closed"
    else:
        what = f"{error} {where}"
    return DataError(f"{file} cannot be read as a text table ({what}); export it again or mend that row")


def _has_long_cell(table: Any) -> bool:
    """Tell whether a cell may be longer than the csv module reads, which then says so."""
    import pyarrow.compute as pc

    longest = (pc.max(pc.binary_length(column)).as_py() or 0 for column in table.columns)
    return max(longest, default=0) > csv.field_size_limit()


def _arrow_csv(utf8_rows: bytes, delimiter: str, width: int) -> pd.DataFrame | None:
    """Read rows that all have the same number of cells; None when some have not."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if width == 1:
        return None
    ragged: list[int] = []

    def note(row: Any) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(utf8_rows),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 24, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in utf8_rows,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        return None
    if ragged or _has_long_cell(table):
        return None
    frame: pd.DataFrame = table.to_pandas().astype("str")
    frame.columns = pd.RangeIndex(width)
    return frame
