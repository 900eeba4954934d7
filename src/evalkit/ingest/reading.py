"""Raw files into one `RawTable`: headers mapped, wide files turned long, provenance kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evalkit import schema
from evalkit.ingest.blocks import combined, read_blocks
from evalkit.ingest.headers import find_header, no_header
from evalkit.ingest.parts import sheet_parts
from evalkit.ingest.perfile import refuse_no_wave, source_for
from evalkit.ingest.sheets import frame_sheet
from evalkit.ingest.tables import RawTable
from evalkit.ingest.units import with_unit_notes
from evalkit.plan import TableSource


def read(
    path: str | Path | Iterable[str | Path],
    *,
    table: schema.Table = "household",
    source: TableSource | None = None,
    root: str | Path | None = None,
) -> RawTable:
    r"""Read raw files of one kind of table, every cell as text.

    Types (`evalkit.ingest.SUFFIXES`), encodings (UTF-8, UTF-16, GB18030), the delimiter, the header
    row, the unit of money and the fields are found, and reported in the result; ids keep their zeros.
    Cells of dta and sav files keep their codes; value labels of the county become ``county_name``.

    Parameters
    ----------
    path : path or several
        Files. Their order does not matter: rows are in the order of file names, sheets and rows.
    table : str
        One of `evalkit.schema.READABLE`.
    source : TableSource, optional
        What the plan says about the table.
    root : path, optional
        Folder that file names are shown below; by default that of the files.

    Returns
    -------
    RawTable

    Raises
    ------
    DataError
        A file is absent, empty, damaged, of an unknown type or encoding; has no header that is recognised,
        a header twice, or lacks a column or sheet of the plan; one code has different value labels in two files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "households.csv"
    ...     _ = file.write_text("一县户表\n户编号,年度,人均纯收入（元）\n001,2016,3000\n", encoding="gb18030")
    ...     raw = read(file)
    >>> raw.frame[["household", "wave", "income_pc", "_row"]].to_dict("records")
    [{'household': '001', 'wave': '2016', 'income_pc': '3000', '_row': 3}]
    """
    blocks = list(read_blocks(path, table=table, source=source, root=root, rows=None))
    return with_unit_notes(combined(blocks), source)


def from_frame(
    frame: pd.DataFrame, *, table: schema.Table = "household", source: TableSource | None = None
) -> RawTable:
    """Take a data frame for a raw table; its cells become text without loss, its rows count from 1."""
    own = source_for(source, "(frame)", table) if source is not None else None
    sheet = frame_sheet(frame, "(frame)", "frame")
    header = find_header(sheet, table, own)
    if header is None:
        raise no_header([sheet], table, own)
    refuse_no_wave(source, own, sheet.where, table)
    return combined([part.raw for part in sheet_parts(sheet, header, table, own, None)])
