"""`RawTable` and `RawData`: raw files as text, with what was found out about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evalkit.errors import DataError
from evalkit.ledger import PROVENANCE

MAPPING_COLUMNS: tuple[str, ...] = ("file", "sheet", "header", "field", "how", "wave", "unit", "kind")
"""Columns of `RawTable.mapping`."""
FILE_COLUMNS: tuple[str, ...] = (
    "file", "sheet", "encoding", "header_row", "rows", "money_unit", "found", "sha256", "notes",
)  # fmt: skip
"""Columns of `RawTable.files`."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """One kind of table, from one or several files, every cell as the text in the file.

    Parameters
    ----------
    table : str
        ``household``, ``member`` …
    frame : DataFrame
        Columns with canonical names where they were recognised, raw names otherwise; missing cells are NA.
        Where a row comes from stands in ``_file``, ``_sheet`` (NA without sheets) and ``_row``, the row as
        a user sees it (for dta, sav and parquet: the number of the record).
    mapping : DataFrame
        One row a header: file, sheet, header, field (its name in `frame`), how (``plan``, ``codebook``,
        ``unrecognised``, ``constant``, ``household``), wave (wide layout), unit (``wan``, ``one`` or empty),
        kind (for the user's own columns: ``number`` or ``text``, found over all files).
    files : DataFrame
        One row a sheet: file, sheet, encoding, header_row (0: not read), rows, money_unit, found (how the
        header was found), sha256, notes (title rows, merged cells).
    """

    table: str
    frame: pd.DataFrame
    mapping: pd.DataFrame
    files: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def fields(self) -> list[str]:
        """Columns of `frame` without provenance."""
        return [c for c in self.frame.columns if c not in PROVENANCE]

    def taken(self, how: str) -> list[str]:
        """Return the fields that were recognised in one way, in order, each once."""
        lines = zip(self.mapping["field"].tolist(), self.mapping["how"].tolist(), strict=True)
        return list(dict.fromkeys(field for field, way in lines if way == how))

    def with_frame(self, frame: pd.DataFrame) -> RawTable:
        """Return the same table with other rows."""
        return RawTable(self.table, frame, self.mapping, self.files)


@dataclass(frozen=True, eq=False)
class RawData:
    """The raw tables of one plan, by kind."""

    tables: Mapping[str, RawTable]

    def __getitem__(self, table: str) -> RawTable:
        if table not in self.tables:
            msg = f"there is no raw {table} table; there are: {', '.join(self.tables)}"
            raise DataError(msg)
        return self.tables[table]

    def __contains__(self, table: object) -> bool:
        return table in self.tables
