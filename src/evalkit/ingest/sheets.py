"""Files opened as sheets: the first rows as text to find the header in, and the body on demand.

Nothing is interpreted here: no header, no types, no missing codes except the empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.archives import members
from evalkit.ingest.sources import Source
from evalkit.ingest.textfiles import Row, TextTable, open_text
from evalkit.ingest.typedfiles import STATISTICAL, TypedTable, open_typed
from evalkit.ingest.workbooks import WORKBOOKS, Cells, Merged, open_workbook

TYPED = ("dta", "sav", "zsav", "sas7bdat", "xpt", "parquet", "frame")
"""Encodings of files whose columns have types: their numbers are no text, so that no notation matters."""
TEXTS = (".csv", ".txt", ".tsv")
TABLES: tuple[str, ...] = (*TEXTS, *WORKBOOKS, *STATISTICAL, ".parquet")
"""Types of file that hold a table."""
SUFFIXES: tuple[str, ...] = (*TABLES, ".zip")
"""File types that are read."""


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
    body : TextTable, Cells or TypedTable
        What the rows are taken from.
    decimal : str
        Decimal mark of the cells, ``.`` or ``,``.
    """

    file: str
    name: str | None
    encoding: str
    sha256: str
    top: list[Row]
    body: TextTable | Cells | TypedTable = field(repr=False)
    decimal: str = "."

    @property
    def where(self) -> str:
        """File and sheet as in messages."""
        return self.file if self.name is None else f"{self.file}, sheet {self.name!r}"

    @property
    def named(self) -> bool:
        """Whether columns have names of their own (dta, sav, parquet …), so that there is no header row."""
        return isinstance(self.body, TypedTable)

    @property
    def merged(self) -> tuple[Merged, ...]:
        """Ranges of merged cells; all but their first cell are empty."""
        return self.body.merged if isinstance(self.body, Cells) else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the sheet before its rows are looked at."""
        return () if isinstance(self.body, TextTable) else self.body.notes

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Value labels of dta and sav files: column → code (as text) → label. Cells keep their codes."""
        return self.body.labels if isinstance(self.body, TypedTable) else {}

    @property
    def streams(self) -> bool:
        """Whether blocks of rows are read one by one, so that the whole need never be in memory."""
        return isinstance(self.body, TextTable) or (
            isinstance(self.body, TypedTable) and self.body.frame is None
        )

    def blocks(self, header_row: int, width: int, rows: int | None = None) -> Iterator[pd.DataFrame]:
        """Yield the cells below a header as text; at least one block, which may have no rows.

        Parameters
        ----------
        header_row : int
            1-based row of the header; 0 for files with named columns.
        width : int
            Number of columns of the header.
        rows : int or None
            Most rows of a block; all rows in one when None.

        Yields
        ------
        DataFrame
            Columns 0, 1, …; at least `width` of them, more where a row is longer.
        """
        if isinstance(self.body, TypedTable):
            yield from self.body.blocks(rows)
        elif isinstance(self.body, Cells):
            yield from self.body.blocks(header_row, width, rows, self.decimal)
        else:
            yield from self.body.blocks(header_row, width, rows)


def open_files(source: Source, picked: Sequence[str] | None = None) -> Iterator[Source]:
    """Yield the file itself; the tables of an archive in order of name.

    Parameters
    ----------
    source : Source
    picked : sequence of str, optional
        Patterns of the members of an archive to take; all tables by default.

    Raises
    ------
    DataError
        An archive is refused (see `evalkit.ingest.archives.members`) or holds no table.
    """
    if source.suffix != ".zip":
        yield source
        return
    nothing, others = True, []
    for member, hidden in members(source.check()):
        name = member.file.removeprefix(f"{source.file}/")
        if picked is not None and not any(fnmatchcase(name, p) for p in picked):
            continue
        if hidden or member.suffix not in TABLES:
            others.append(member.file)
            continue
        nothing = False
        yield member
    if nothing:
        held = f"; it holds {', '.join(others[:10])}" if others else "; it is empty"
        msg = f"{source.file} holds no table ({', '.join(TABLES)}){held}"
        raise DataError(msg)


def open_sheets(source: Source, *, encoding: str | None, sheet: str | None, decimal: str) -> Iterator[Sheet]:
    """Yield the one sheet of a file, or the sheets of a workbook one at a time.

    Parameters
    ----------
    source : Source
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
    suffix = source.suffix
    if suffix not in TABLES:
        msg = f"{source.file}: files of type {suffix or '(none)'!r} are not read; use one of {', '.join(SUFFIXES)}"
        raise DataError(msg)
    source.check()
    if suffix in WORKBOOKS:
        for cells in open_workbook(source, sheet):
            yield Sheet(source.file, cells.name, suffix[1:], source.sha256, cells.top, cells, decimal)
        return
    if sheet is not None:
        msg = f"{source.file} has no sheets, but the plan asks for sheet {sheet!r}; remove `sheet`"
        raise DataError(msg)
    if suffix in TEXTS:
        text = open_text(source, encoding, decimal)
        yield Sheet(source.file, None, text.encoding, source.sha256, text.top, text, decimal)
        return
    typed = open_typed(source)
    yield Sheet(source.file, None, suffix[1:], source.sha256, [list(typed.names)], typed)


def frame_sheet(frame: pd.DataFrame, file: str, encoding: str) -> Sheet:
    """Return a data frame as a sheet with named columns."""
    names = [str(c) for c in frame.columns]
    return Sheet(file, None, encoding, "", [list(names)], TypedTable(names, {}, frame))
