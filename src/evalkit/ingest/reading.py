"""Raw files into one `RawTable`: headers mapped, wide files turned long, provenance kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.errors import DataError
from evalkit.ingest.cells import half_width
from evalkit.ingest.headers import Header, Match, find_header, no_header, unit_of
from evalkit.ingest.labels import Labels, labels_of, name_counties, refuse_mixed
from evalkit.ingest.perfile import source_for
from evalkit.ingest.sheets import Sheet, frame_sheet, open_sheets
from evalkit.ingest.tables import FILE_COLUMNS, MAPPING_COLUMNS, RawTable
from evalkit.plan import TableSource, WideLayout

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_COMMA = r"[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]*)(,[0-9]*)?"


@dataclass(frozen=True, eq=False)
class _Part:
    """One sheet that was read."""

    frame: pd.DataFrame
    mapping: pd.DataFrame
    file: dict[str, object]
    labels: Labels


def read(
    path: str | Path | Iterable[str | Path],
    *,
    table: schema.Table = "household",
    source: TableSource | None = None,
    root: str | Path | None = None,
) -> RawTable:
    r"""Read raw files of one kind of table, every cell as text.

    Types (csv, txt, tsv, xlsx, xls, dta, sav, parquet), encodings (UTF-8, UTF-16, GB18030), the delimiter, the header
    row, the unit of money and the fields are found, and reported in the result; ids keep their zeros.
    Cells of dta and sav files keep their codes; value labels of the county become ``county_name``.

    Parameters
    ----------
    path : path or several
        Files. Their order does not matter: rows are in the order of file names, sheets and rows.
    table : str
        One of `evalkit.schema.TABLES`.
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
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]
    if not paths:
        msg = f"no files for the {table} table"
        raise DataError(msg)
    base = Path(root) if root is not None else Path(os.path.commonpath([p.absolute().parent for p in paths]))
    named = sorted({_shown(p, base): p for p in paths}.items())
    parts: list[_Part] = []
    for file, one in named:
        own = source_for(source, file, table) if source is not None else None
        sheets = open_sheets(
            one,
            file,
            encoding=own.encoding if own is not None else None,
            sheet=own.sheet if own is not None else None,
            decimal=own.decimal if own is not None else ".",
        )
        parts += _read_sheets(sheets, table, own)
    return _joined(parts, table, source)


def from_frame(
    frame: pd.DataFrame, *, table: schema.Table = "household", source: TableSource | None = None
) -> RawTable:
    """Take a data frame for a raw table; its cells become text without loss, its rows count from 1."""
    own = source_for(source, "(frame)", table) if source is not None else None
    return _joined(_read_sheets([frame_sheet(frame, "(frame)", "frame")], table, own), table, own)


def _shown(path: Path, base: Path) -> str:
    try:
        return path.absolute().relative_to(base.absolute()).as_posix()
    except ValueError:
        return path.name


def _read_sheets(sheets: list[Sheet], table: schema.Table, source: TableSource | None) -> list[_Part]:
    headers = [find_header(s, table, source) for s in sheets]
    if all(h is None for h in headers):
        raise no_header(sheets, table, source)
    out = []
    for sheet, header in zip(sheets, headers, strict=True):
        out.append(_unread(sheet) if header is None else _read_sheet(sheet, header, source))
    return out


def _unread(sheet: Sheet) -> _Part:
    row = _file_row(sheet, 0, 0, "", "no header found: sheet not read", ())
    return _Part(pd.DataFrame(), pd.DataFrame(columns=list(MAPPING_COLUMNS)), row, {})


def _read_sheet(sheet: Sheet, header: Header, source: TableSource | None) -> _Part:
    body = sheet.body(header.row, len(header.names))
    extra = [i for i in range(len(header.names), body.shape[1]) if body[i].notna().any()]
    matches = [*header.matches, *(Match((i,), "", f"(column {i + 1})", "unrecognised") for i in extra)]
    empty = {m.columns[0] for m in matches if not m.header and body[m.columns[0]].isna().all()}
    matches = [m for m in matches if m.columns[0] not in empty]
    frame = _long(body, matches, source)
    frame["_file"] = pd.Series(sheet.file, index=frame.index, dtype="str")
    frame["_sheet"] = pd.Series(sheet.name, index=frame.index, dtype="str")
    title = next((unit_of(t) for t in header.titles if unit_of(t)), "")
    mapping = _mapping_rows(sheet, matches, source, title)
    if source is not None and source.wave is not None:
        frame["wave"] = pd.Series(str(source.wave), index=frame.index, dtype="str")
    wide = source is not None and isinstance(source.layout, WideLayout)
    if source is not None and (wide or source.wave is not None):
        mapping.append(
            {"header": "", "field": "wave", "how": "constant", "wave": pd.NA, "unit": "", "kind": ""}
        )
    labels = labels_of(sheet, matches, frame)
    named, notes = name_counties(frame, labels)
    mapping += named
    table = pd.DataFrame(mapping, columns=list(MAPPING_COLUMNS)).assign(file=sheet.file, sheet=sheet.name)
    unit = "wan" if (table["unit"] == "wan").any() else "one"
    row = _file_row(
        sheet,
        header.row,
        len(body),
        unit,
        header.found,
        (*header.titles, *_merged_note(sheet, header.row), *notes),
    )
    return _Part(frame, table, row, labels)


def _merged_note(sheet: Sheet, header_row: int) -> tuple[str, ...]:
    below = [rows for rows in sheet.merged if rows[0] > header_row]
    if not below:
        return ()
    first, last = below[0]
    return (
        f"{len(below)} merged ranges below the header (first: rows {first}-{last}); only their first cell is filled",
    )


def _file_row(
    sheet: Sheet, header_row: int, rows: int, unit: str, found: str, notes: tuple[str, ...]
) -> dict[str, object]:
    values = (
        sheet.file, sheet.name, sheet.encoding, header_row, rows, unit, found, sheet.sha256, " / ".join(notes),
    )  # fmt: skip
    return dict(zip(FILE_COLUMNS, values, strict=True))


def _mapping_rows(
    sheet: Sheet, matches: list[Match], source: TableSource | None, title: str
) -> list[dict[str, object]]:
    stated = source.money_unit if source is not None else "auto"
    rows = []
    for m in matches:
        known = schema.field(m.field)
        money = m.how != "unrecognised" and known is not None and known.kind == "money"
        unit = (m.unit or title or "one") if stated == "auto" else stated
        row: dict[str, object] = {
            "file": sheet.file,
            "sheet": sheet.name,
            "header": m.header,
            "field": m.field,
        }
        row |= {
            "how": m.how,
            "wave": pd.NA if m.wave is None else m.wave,
            "unit": unit if money else "",
            "kind": "",
        }
        rows.append(row)
    return rows


def _long(body: pd.DataFrame, matches: list[Match], source: TableSource | None) -> pd.DataFrame:
    """Return the columns under their fields; one block of rows per wave when the file is wide."""
    number = np.arange(1, len(body) + 1, dtype=np.int64)
    fixed = {m.field: _cells(body, m) for m in matches if m.wave is None}
    layout = source.layout if source is not None else None
    if not isinstance(layout, WideLayout):
        return pd.DataFrame({**fixed, "_row": number})
    varying = list(dict.fromkeys(m.field for m in matches if m.wave is not None))
    blocks = []
    for wave in sorted(set(layout.waves.values())):
        block = {m.field: _cells(body, m) for m in matches if m.wave == wave}
        columns = {f: block.get(f, pd.Series(np.nan, index=body.index, dtype="str")) for f in varying}
        blocks.append(pd.DataFrame({**fixed, "wave": str(wave), **columns, "_row": number}))
    out = pd.concat(blocks, ignore_index=True)
    return out.astype({"wave": "str"}).sort_values(["_row", "wave"], kind="stable", ignore_index=True)


def _cells(body: pd.DataFrame, m: Match) -> pd.Series:
    first = body[m.columns[0]]
    for i in m.columns[1:]:
        first = first + "-" + body[i]
    return first


def _joined(parts: list[_Part], table: schema.Table, source: TableSource | None) -> RawTable:
    refuse_mixed([(str(p.file["file"]), p.labels) for p in parts])
    frames = [_numbered(p) for p in parts if len(p.frame.columns)]
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    text = [c for c in frame.columns if c != "_row"]
    frame = frame[[*(c for c in text if not c.startswith("_")), "_file", "_sheet", "_row"]]
    frame = frame.astype({c: "str" for c in text if str(frame[c].dtype) != "str"})
    mapping = pd.concat([p.mapping for p in parts if len(p.mapping)], ignore_index=True)
    mapping = mapping.astype({c: "Int64" if c == "wave" else "str" for c in MAPPING_COLUMNS})
    kinds = _kinds(frame, mapping, table, source)
    mapping["kind"] = mapping["field"].map(lambda f: kinds.get(f, "")).astype("str")
    files = pd.DataFrame([p.file for p in parts], columns=list(FILE_COLUMNS))
    return RawTable(table, frame, mapping, files)


def _numbered(part: _Part) -> pd.DataFrame:
    """Turn row numbers of the body into those of the file."""
    header_row = part.file["header_row"]
    return part.frame.assign(_row=part.frame["_row"] + np.int64(str(header_row)))


def _kinds(
    frame: pd.DataFrame, mapping: pd.DataFrame, table: schema.Table, source: TableSource | None
) -> dict[str, str]:
    """Return ``number`` or ``text`` for the columns the plan carries under names of its own."""
    fields = {f.name for f in schema.fields_of(table)}
    own = [f for f in dict.fromkeys(mapping.loc[mapping["how"] == "plan", "field"]) if f not in fields]
    out = {}
    for name in own if source is not None else []:
        cells = frame[name].dropna()
        number = f"{_NUMBER}|{_COMMA}" if source is not None and source.decimal == "," else _NUMBER
        readable = cells.str.fullmatch(number)
        doubtful = cells[~readable].unique()
        numeric = all(pd.Series([half_width(c) for c in doubtful], dtype="str").str.fullmatch(number))
        out[name] = "number" if numeric else "text"
    return out
