"""Workbooks (xlsx, xls, ods): sheets one at a time, cells as text, merged ranges."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.archives import refuse_bomb
from evalkit.ingest.cells import cell_text
from evalkit.ingest.formulas import formula_notes
from evalkit.ingest.opendocument import merged_ranges
from evalkit.ingest.sources import Source
from evalkit.ingest.textfiles import TOP, Row, from_cells

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_AT_ONCE = 50_000
"""Rows that are held as cells of a spreadsheet, before they become columns of text."""


@dataclass(frozen=True)
class Merged:
    """A range of merged cells: first and last row and column, 1-based; only its first cell is filled."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one sheet of a workbook.

    Parameters
    ----------
    name : str
    top : list of rows
        The first rows as text.
    merged : tuple of Merged
    notes : tuple of str
        What is to be said about its formulas.
    """

    name: str
    top: list[Row]
    merged: tuple[Merged, ...]
    notes: tuple[str, ...] = ()
    _sheet: Any = None

    def blocks(
        self, header_row: int, width: int, rows: int | None, decimal: str = "."
    ) -> Iterator[pd.DataFrame]:
        """Yield the cells below a header as text, at most `rows` rows at a time (None: all at once)."""
        limit = rows if rows is not None else _AT_ONCE
        frames: list[pd.DataFrame] = []
        nothing = True
        for block in _blocks(self._sheet, header_row, min(limit, _AT_ONCE)):
            cells = from_cells([[cell_text(v, decimal) for v in row] for row in block], width)
            frames.append(cells)
            if rows is not None and sum(map(len, frames)) + _AT_ONCE > rows:
                yield pd.concat(frames, ignore_index=True)
                frames, nothing = [], False
        if frames or nothing:
            yield pd.concat(frames, ignore_index=True) if frames else from_cells([], width)


def open_workbook(source: Source, sheet: str | None) -> Iterator[Cells]:
    """Yield the sheets of a workbook in their order; one alone when `sheet` names it.

    Raises
    ------
    DataError
        The file is damaged, protected by a password, unpacks to too much, or has no such sheet.
    """
    import python_calamine

    refuse_bomb(source)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source.whole()))
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            msg = f"{source.file} has no sheet {sheet!r}; its sheets: {', '.join(names)}. Mend `sheet` in plan.data"
            raise DataError(msg)
        notes, merged = formula_notes(source), merged_ranges(source)
        for name in names:
            if sheet in (None, name):
                yield _cells(book, name, notes.get(name, ()), merged.get(name, []))
    except python_calamine.PasswordError as e:
        msg = f"{source.file} is protected by a password; save it without one"
        raise DataError(msg) from e
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as e:
        msg = f"{source.file} cannot be opened as a workbook ({e}); it is truncated or of another type: export it again"
        raise DataError(msg) from e


def sheet_names(source: Source) -> list[str]:
    """Return the names of a workbook's sheets; none for one that cannot be opened (reading it says why)."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source.whole()))
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError):
        return []
    return list(book.sheet_names)


def _cells(book: Any, name: str, notes: tuple[str, ...], spans: Sequence[tuple[int, int, int, int]]) -> Cells:
    sheet = book.get_sheet_by_name(name)
    merged = tuple(
        Merged(first[0] + 1, last[0] + 1, first[1] + 1, last[1] + 1)
        for first, last in sheet.merged_cell_ranges or []
    )
    merged += tuple(Merged(*span) for span in spans)
    top = [[cell_text(v) for v in row] for row in _rows(sheet, 0, TOP)]
    return Cells(name, top, merged, notes, sheet)


def _rows(sheet: Any, begin: int, end: int | None) -> Iterator[list[Any]]:
    """Yield rows as lists of cells that start with column A."""
    before = [""] * (sheet.start[1] if sheet.start is not None else 0)
    for i, row in enumerate(sheet.iter_rows()):
        if end is not None and i >= end:
            return
        if i >= begin:
            yield before + row


def _blocks(sheet: Any, begin: int, size: int) -> Iterator[list[list[Any]]]:
    block: list[list[Any]] = []
    for row in _rows(sheet, begin, None):
        block.append(row)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block
