"""One sheet as blocks of rows under their fields, with what was found out about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.ingest.cells import half_width
from evalkit.ingest.headers import Header, Match, unit_of
from evalkit.ingest.labels import Labels, labels_of, name_counties
from evalkit.ingest.merging import fill_merged
from evalkit.ingest.names import FromName, from_names, hint
from evalkit.ingest.sheets import Sheet
from evalkit.ingest.tables import FILE_COLUMNS, MAPPING_COLUMNS, RawTable
from evalkit.ingest.wide import propose_wide
from evalkit.plan import TableSource, WideLayout

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_COMMA = r"[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]*)(,[0-9]*)?"
CONSTANT: dict[str, object] = {"header": "", "how": "constant", "wave": pd.NA, "unit": "", "kind": ""}
"""Line of the mapping for a field that no column has."""


@dataclass(frozen=True, eq=False)
class Part:
    """A block of rows of one sheet, and the labels of the codes in it."""

    raw: RawTable
    labels: Labels


@dataclass(frozen=True, eq=False)
class _Found:
    """A sheet, its header, and the columns to take."""

    sheet: Sheet
    header: Header
    matches: tuple[Match, ...]
    table: schema.Table
    source: TableSource | None
    given: tuple[FromName, ...]


def unread(sheet: Sheet, table: schema.Table) -> Part:
    """Return the part of a sheet without a header: no rows, one line about the file."""
    row = _file_row(sheet, 0, 0, "", "no header found: sheet not read", ())
    empty = pd.DataFrame({c: pd.Series(dtype="str") for c in ("_file", "_sheet")}).assign(
        _row=pd.Series(dtype=np.int64)
    )
    return Part(RawTable(table, empty, mapping_frame([]), files_frame([row])), {})


def sheet_parts(
    sheet: Sheet, header: Header, table: schema.Table, source: TableSource | None, rows: int | None
) -> Iterator[Part]:
    """Yield the rows of a sheet, at most `rows` of its records at a time (None: all at once)."""
    matches = _without_empty(sheet, header)
    given = from_names(sheet, source, [m.field for m in matches])
    found = _Found(sheet, header, matches, table, source, given)
    if rows is None or not sheet.streams:
        body = next(iter(sheet.blocks(header.row, len(header.names))))
        yield from _sliced(_part(found, body, 0), rows)
        return
    before = 0
    for body in sheet.blocks(header.row, len(header.names), rows):
        yield _part(found, body, before)
        before += len(body)


def mapping_frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return lines about headers as a table with `MAPPING_COLUMNS`."""
    out = pd.DataFrame(list(rows), columns=list(MAPPING_COLUMNS))
    return out.astype({c: "Int64" if c == "wave" else "str" for c in MAPPING_COLUMNS})


def files_frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return lines about files as a table with `FILE_COLUMNS`."""
    return pd.DataFrame(list(rows), columns=list(FILE_COLUMNS))


def _without_empty(sheet: Sheet, header: Header) -> tuple[Match, ...]:
    """Return the columns of a header but for those without a name in which nothing stands."""
    unnamed = {m.columns[0] for m in header.matches if not m.header}
    empty = set(unnamed)
    if unnamed:
        for body in sheet.blocks(header.row, len(header.names), 100_000):
            empty -= {i for i in empty if body[i].notna().any()}
    return tuple(m for m in header.matches if m.columns[0] not in empty)


def _part(found: _Found, body: pd.DataFrame, before: int) -> Part:
    """Return the block of rows that begins after `before` records of the sheet."""
    sheet, header, source = found.sheet, found.header, found.source
    body, merged_notes = fill_merged(body, sheet.merged, header, found.matches)
    width = len(header.names)
    beyond = [i for i in range(width, body.shape[1]) if body[i].notna().any()]
    extra = [Match((i,), "", f"(column {i + 1})", "unrecognised") for i in beyond]
    frame = _long(body, found.matches, source)
    title = next((unit_of(t) for t in header.titles if unit_of(t)), "")
    mapping = [_mapping_row(m, source, title) for m in found.matches]
    if source is not None and source.wave is not None:
        frame["wave"] = pd.Series(str(source.wave), index=frame.index, dtype="str")
    wide = source is not None and isinstance(source.layout, WideLayout)
    if source is not None and (wide or source.wave is not None):
        mapping.append(CONSTANT | {"field": "wave"})
    for one in found.given:
        frame[one.field] = pd.Series(one.value, index=frame.index, dtype="str")
        mapping.append(CONSTANT | {"field": one.field, "how": "name", "header": one.where})
    labels = labels_of(sheet, found.matches, frame)
    named, notes = name_counties(frame, labels)
    mapping += [*named, *(_mapping_row(m, source, title) for m in extra)]
    for m in extra:
        frame[m.field] = body[m.columns[0]].to_numpy()[frame["_row"].to_numpy() - 1]
    frame["_file"] = pd.Series(sheet.file, index=frame.index, dtype="str")
    frame["_sheet"] = pd.Series(sheet.name, index=frame.index, dtype="str")
    frame["_row"] = frame.pop("_row").to_numpy() + (header.row + before)
    table = mapping_frame([{**row, "file": sheet.file, "sheet": sheet.name} for row in mapping])
    kinds = _kinds(frame, found.table, source)
    table["kind"] = table["field"].map(lambda f: kinds.get(f, "")).astype("str")
    unit = "wan" if (table["unit"] == "wan").any() else "one"
    hints = hint(sheet, list(frame.columns), source)
    wide_hint = None if wide else propose_wide([m.header for m in found.matches if m.how == "unrecognised"])
    hints += (wide_hint.text,) if wide_hint is not None else ()
    about = (*header.titles, *sheet.notes, *merged_notes, *notes, *hints)
    file = _file_row(sheet, header.row, len(body), unit, header.found, about)
    text = {c: "str" for c in frame.columns if c != "_row" and str(frame[c].dtype) != "str"}
    raw = RawTable(found.table, frame.astype(text) if text else frame, table, files_frame([file]))
    return Part(raw, labels)


def _sliced(part: Part, rows: int | None) -> Iterator[Part]:
    """Yield a part in blocks of at most `rows` records (a record of a wide file is several rows)."""
    frame, files = part.raw.frame, part.raw.files
    total = int(files["rows"].iloc[0])
    if rows is None or total <= rows:
        yield part
        return
    first = int(frame["_row"].iloc[0])
    starts = np.arange(0, total, rows)
    cuts = [*np.searchsorted(frame["_row"].to_numpy(), first + starts), len(frame)]
    for i, start in enumerate(starts):
        block = frame.iloc[cuts[i] : cuts[i + 1]].reset_index(drop=True)
        about = files.assign(rows=min(rows, total - int(start)))
        yield replace(part, raw=RawTable(part.raw.table, block, part.raw.mapping, about))


def _file_row(
    sheet: Sheet, header_row: int, rows: int, unit: str, found: str, notes: tuple[str, ...]
) -> dict[str, object]:
    values = (
        sheet.file, sheet.name, sheet.encoding, header_row, rows, unit, found, sheet.sha256, " / ".join(notes),
    )  # fmt: skip
    return dict(zip(FILE_COLUMNS, values, strict=True))


def _mapping_row(m: Match, source: TableSource | None, title: str) -> dict[str, object]:
    stated = source.money_unit if source is not None else "auto"
    known = schema.field(m.field)
    money = m.how != "unrecognised" and known is not None and known.kind == "money"
    unit = (m.unit or title or "one") if stated == "auto" else stated
    wave = pd.NA if m.wave is None else m.wave
    row: dict[str, object] = {"header": m.header, "field": m.field, "how": m.how, "wave": wave}
    return row | {"unit": unit if money else "", "kind": ""}


def _long(body: pd.DataFrame, matches: Sequence[Match], source: TableSource | None) -> pd.DataFrame:
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
    if len(m.columns) == 1:
        return first
    known = [body[i].mask(body[i].str.endswith("⟩").fillna(value=False).astype(bool)) for i in m.columns]
    first = known[0]
    for part in known[1:]:  # an id one part of which is missing is none
        first = first + "-" + part
    return first


def _kinds(frame: pd.DataFrame, table: schema.Table, source: TableSource | None) -> dict[str, str]:
    """Return ``number`` or ``text`` for the columns the plan carries under names of its own."""
    if source is None:
        return {}
    fields = {f.name for f in schema.fields_of(table)}
    own = [n for n in dict.fromkeys((*source.columns, *source.keep)) if n not in fields and n in frame]
    number = f"{_NUMBER}|{_COMMA}" if source.decimal == "," else _NUMBER
    out = {}
    for name in own:
        cells = frame[name].dropna()
        cells = cells[~cells.str.endswith("⟩")] if cells.str.endswith("⟩").any() else cells
        readable = cells.str.fullmatch(number)
        doubtful = cells[~readable].unique()
        numeric = all(pd.Series([half_width(c) for c in doubtful], dtype="str").str.fullmatch(number))
        out[name] = "number" if numeric else "text"
    return out
