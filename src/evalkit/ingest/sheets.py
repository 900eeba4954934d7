"""Files opened as sheets: the first rows as text to find the header in, and the body on demand.

Nothing is interpreted here: no header, no types, no missing codes except the empty cell.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.cells import as_text, cell_text, number_text
from evalkit.ingest.decoding import decode

TOP = 12
"""Number of rows in which a header is looked for."""
DELIMITERS = ",;\t|"
TYPED = ("dta", "sav", "parquet", "frame")
"""Encodings of files whose columns have types: their numbers are no text, so that no notation matters."""
SUFFIXES: tuple[str, ...] = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".dta", ".sav", ".parquet")
"""File types that are read."""

Row = list[str | None]


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet of one file.

    Parameters
    ----------
    file : str
        Name below the folder of raw files.
    name : str or None
        Name of the sheet, None for files without sheets.
    encoding : str
    sha256 : str
        Of the whole file.
    top : list of rows
        The first rows as text; for files with typed columns the names only.
    named : bool
        Columns have names of their own (dta, sav, parquet): there is no header row to find.
    merged : tuple of (int, int)
        First and last row (1-based) of every range of merged cells; all but its first cell are empty.
    labels : mapping of str to mapping
        Value labels of dta and sav files: column → code (as text) → label. Cells keep their codes.
    decimal : str
        Decimal mark of the cells, ``.`` or ``,``.
    """

    file: str
    name: str | None
    encoding: str
    sha256: str
    top: list[Row]
    named: bool = False
    merged: tuple[tuple[int, int], ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: str = "."
    _utf8: bytes = field(default=b"", repr=False)
    _delimiter: str = ","
    _rows: Sequence[Sequence[Any]] = field(default=(), repr=False)
    _frame: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """File and sheet as in messages."""
        return self.file if self.name is None else f"{self.file}, sheet {self.name!r}"

    def body(self, header_row: int, width: int) -> pd.DataFrame:
        """Return the cells below a header as text.

        Parameters
        ----------
        header_row : int
            1-based row of the header; 0 for files with named columns.
        width : int
            Number of columns of the header.

        Returns
        -------
        DataFrame
            Columns 0, 1, …; at least `width` of them, more where a row is longer.
        """
        if self._frame is not None:
            return pd.DataFrame({i: as_text(self._frame.iloc[:, i]) for i in range(self._frame.shape[1])})
        if self._rows:
            rows = [[cell_text(v, self.decimal) for v in row] for row in self._rows[header_row:]]
            return _from_cells(rows, width)
        return _csv_body(self._utf8, self._delimiter, header_row, width)


def open_sheets(
    path: Path, file: str, *, encoding: str | None, sheet: str | None, decimal: str = "."
) -> list[Sheet]:
    """Open a file; one sheet, or all sheets of a workbook.

    Parameters
    ----------
    path : Path
    file : str
        Name to show.
    encoding : str, optional
        Encoding of a text file, when it is not to be found.
    sheet : str, optional
        Name of the only sheet to open.
    decimal : str
        Decimal mark of text files and workbooks; files with typed columns need none.

    Raises
    ------
    DataError
        The file is absent, empty, damaged, of an unknown type, in another encoding; or has no such sheet.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        msg = f"{file}: files of type {suffix or '(none)'!r} are not read; use one of {', '.join(SUFFIXES)}"
        raise DataError(msg)
    data = _bytes(path, file)
    digest = hashlib.sha256(data).hexdigest()
    if suffix in (".xlsx", ".xlsm", ".xls"):
        return [replace(s, decimal=decimal) for s in _workbook(data, file, digest, sheet)]
    if sheet is not None:
        msg = f"{file} has no sheets, but the plan asks for sheet {sheet!r}; remove `sheet`"
        raise DataError(msg)
    if suffix in (".csv", ".txt", ".tsv"):
        return [_text_sheet(data, file, digest, encoding, decimal)]
    if suffix == ".parquet":
        return [frame_sheet(_parquet(data, file), file, "parquet", digest)]
    frame, labels = _statistical(path, file, suffix)
    return [replace(frame_sheet(frame, file, suffix.removeprefix("."), digest), labels=labels)]


def frame_sheet(frame: pd.DataFrame, file: str, encoding: str, sha256: str = "") -> Sheet:
    """Return a data frame as a sheet with named columns."""
    return Sheet(file, None, encoding, sha256, [[str(c) for c in frame.columns]], named=True, _frame=frame)


def _bytes(path: Path, file: str) -> bytes:
    if path.is_dir():
        msg = f"{file} is a folder; name the files in it (plan.data.<table>.files)"
        raise DataError(msg)
    if not path.is_file():
        msg = f"{file} does not exist (looked in {path.parent})"
        raise DataError(msg)
    data = path.read_bytes()
    if not data.strip():
        msg = f"{file} is empty ({len(data)} bytes); export it again"
        raise DataError(msg)
    return data


def _text_sheet(data: bytes, file: str, digest: str, encoding: str | None, decimal: str) -> Sheet:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        msg = f"{file} is a spreadsheet or archive with the name of a text file; rename it to .xlsx or .xls"
        raise DataError(msg)
    decoded = decode(data, file, encoding)
    delimiter = _delimiter_of(decoded.utf8, DELIMITERS.replace(decimal, ""))
    _refuse_open_quote(decoded.utf8, delimiter, file)
    top = _csv_top(decoded.utf8, delimiter)
    return Sheet(
        file, None, decoded.encoding, digest, top, decimal=decimal, _utf8=decoded.utf8, _delimiter=delimiter
    )


def _delimiter_of(utf8: bytes, marks: str) -> str:
    """Return the mark that cuts every row alike, if one alone does (decimal commas do not); else the one most used."""
    widths = {mark: [len(row) for row in _csv_top(utf8, mark) if any(row)] for mark in marks}
    even = [mark for mark, n in widths.items() if n and n[0] > 1 and len(set(n)) == 1]
    return even[0] if len(even) == 1 else max(marks, key=lambda mark: max(widths[mark], default=0))


def _refuse_open_quote(utf8: bytes, delimiter: str, file: str) -> None:
    """Refuse a file in which a quoted cell never ends: it would swallow all rows below."""
    if utf8.count(b'"') % 2 == 0:
        return
    rows = csv.reader(_lines(utf8), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for _ in rows:
            begins = rows.line_num + 1
    except csv.Error as e:
        if "end of data" not in str(e):
            return
        msg = (
            f"{file}: a quoted cell begins in row {begins} and never ends, so that all rows below would be part of it; "
            "the file is truncated or has a stray quotation mark there: export it again or mend that row"
        )
        raise DataError(msg) from e


def _csv_top(utf8: bytes, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    for row in csv.reader(_lines(utf8), delimiter=delimiter):
        rows.append([c or None for c in row])
        if len(rows) == TOP:
            break
    return rows


def _lines(utf8: bytes, used: list[int] | None = None) -> Iterator[str]:
    """Yield lines with their ends; count their bytes in `used`."""
    for line in io.TextIOWrapper(io.BytesIO(utf8), encoding="utf-8", newline=""):
        if used is not None:
            used[0] += len(line.encode("utf-8"))
        yield line


def _csv_body(utf8: bytes, delimiter: str, header_row: int, width: int) -> pd.DataFrame:
    used = [0]
    reader = csv.reader(_lines(utf8, used), delimiter=delimiter)
    for _ in range(header_row):
        next(reader)
    fast = _arrow_csv(utf8, used[0], delimiter, width)
    if fast is not None:
        return fast
    rows = csv.reader(_lines(utf8[used[0] :]), delimiter=delimiter)
    return _from_cells([[c or None for c in row] for row in rows], width)


def _arrow_csv(utf8: bytes, start: int, delimiter: str, width: int) -> pd.DataFrame | None:
    """Read rows (from a byte on) that all have the same number of cells; None when some have not."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if start >= len(utf8):
        return _from_cells([], width)
    ragged: list[int] = []

    def note(row: Any) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(memoryview(utf8)[start:]),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 24, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in utf8,
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
    if ragged or width == 1:
        return None
    frame: pd.DataFrame = table.to_pandas().astype("str")
    frame.columns = pd.RangeIndex(width)
    return frame


def _from_cells(rows: list[list[str | None]], width: int) -> pd.DataFrame:
    widest = max((len(r) for r in rows), default=0)
    width = max(width, widest)
    columns = zip(*(r if len(r) == width else r + [None] * (width - len(r)) for r in rows), strict=True)
    cells = {i: pd.Series(c, dtype="str") for i, c in enumerate(columns)}
    return pd.DataFrame(cells) if rows else pd.DataFrame({i: pd.Series(dtype="str") for i in range(width)})


def _workbook(data: bytes, file: str, digest: str, sheet: str | None) -> list[Sheet]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            msg = f"{file} has no sheet {sheet!r}; its sheets: {', '.join(names)}. Mend `sheet` in plan.data"
            raise DataError(msg)
        return [_calamine(book, n, file, digest) for n in names if sheet in (None, n)]
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as e:
        msg = f"{file} cannot be opened as a workbook ({e}); it is truncated or of another type: export it again"
        raise DataError(msg) from e


def _calamine(book: Any, name: str, file: str, digest: str) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    rows = sheet.to_python(skip_empty_area=False)
    merged = tuple((r[0][0] + 1, r[1][0] + 1) for r in sheet.merged_cell_ranges or [])
    top = [[cell_text(v) for v in row] for row in rows[:TOP]]
    return Sheet(file, name, "xlsx", digest, top, merged=merged, _rows=rows)


def _statistical(path: Path, file: str, suffix: str) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Return the codes of a Stata or SPSS file, and its value labels by column."""
    import pyreadstat

    reader = pyreadstat.read_dta if suffix == ".dta" else pyreadstat.read_sav
    try:
        frame, about = reader(str(path), apply_value_formats=False)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as e:
        msg = f"{file} cannot be read as {suffix} ({e}); it is truncated or of another type: export it again"
        raise DataError(msg) from e
    labels = {
        str(column): {_code_text(code): str(label) for code, label in known.items()}
        for column, known in about.variable_value_labels.items()
    }
    return pd.DataFrame(frame), labels


def _code_text(code: object) -> str:
    return number_text(float(code)) if isinstance(code, int | float) else str(code)


def _parquet(data: bytes, file: str) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return pd.DataFrame(parquet.read_table(io.BytesIO(data)).to_pandas())
    except (pa.ArrowInvalid, OSError) as e:
        msg = f"{file} cannot be read as Parquet ({e}); it is truncated or of another type"
        raise DataError(msg) from e
