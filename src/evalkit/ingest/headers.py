"""Which row is the header, and which header is which field.

Headers are compared after removal of white space, case, full-width forms and bracketed units. What the
plan says comes first; then the codebook; what neither knows keeps its own name and is listed. Canonical
(English) names of the codebook count as headers only where the plan maps no column of the table, so that
a foreign file's ``size`` or ``weight`` is never taken for ours unasked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit import schema
from evalkit.errors import DataError
from evalkit.ingest.cells import compact, half_width, masked
from evalkit.ingest.perfile import plain_columns
from evalkit.ingest.sheets import Sheet
from evalkit.ingest.textfiles import Row
from evalkit.ingest.wide import WideProposal, propose_wide
from evalkit.plan import TableSource, WideLayout

_UNIT = re.compile(
    r"[(\[【](单位[:：]?)?(人民币)?(元|万元|千元|人|口|岁|年|月|个月|个|户|亩|公里|千米|米|km|m|平方米|㎡|m2|%|元/年|元/人|yuan)[)\]】]"
)
_WAN = re.compile(r"[(\[【](单位[:：]?)?(人民币)?万元[)\]】]|单位[:：]?(人民币)?万元")
_ONE = re.compile(r"[(\[【](单位[:：]?)?(人民币)?元(/[年人])?[)\]】]|单位[:：]?(人民币)?元")


@dataclass(frozen=True)
class Match:
    """One header and what it is taken for.

    `columns` are the positions (0-based) of the cells; several for a composite id. `wave` is set for a
    column of one wave in a wide file. `how` is ``plan``, ``codebook`` or ``unrecognised``.
    """

    columns: tuple[int, ...]
    header: str
    field: str
    how: str
    wave: int | None = None
    unit: str = ""


@dataclass(frozen=True)
class Header:
    """The header of one sheet: its 1-based row (0 for named columns), names, titles above, how it was found."""

    row: int
    names: tuple[str, ...]
    titles: tuple[str, ...]
    found: str
    matches: tuple[Match, ...]


def key(header: str) -> str:
    """Return a header as it is compared.

    >>> key(" 人均纯收入（元） "), key("县（市、区）"), key("*户编号：")
    ('人均纯收入', '县(市、区)', '户编号')
    """
    return _UNIT.sub("", compact(header).casefold()).strip("*:： ")


def unit_of(text: str) -> str:
    """Return ``wan`` for amounts in ten thousands, ``one`` for units, ``""`` when nothing is said.

    >>> unit_of("纯收入（万元）"), unit_of("纯收入(元)"), unit_of("单位：万元"), unit_of("户编号")
    ('wan', 'one', 'wan', '')
    """
    tight = compact(text)
    if _WAN.search(tight):
        return "wan"
    return "one" if _ONE.search(tight) else ""


def codebook(table: schema.Table, source: TableSource | None) -> dict[str, str]:
    """Return the fields of a table by the headers they arrive under (as `key` gives them)."""
    known: dict[str, str] = {}
    for field in schema.fields_of(table):
        names = (*field.headers, field.zh)
        for name in names:
            known.setdefault(key(name), field.name)
    if source is None or not source.columns:
        for field in schema.fields_of(table):
            known.setdefault(key(field.name), field.name)
    return known


def find_header(sheet: Sheet, table: schema.Table, source: TableSource | None) -> Header | None:
    """Find the header of a sheet.

    The row the plan states; else the first row that has half of the headers the plan names, or of which half
    of the cells are in the codebook. A row of group titles above single columns, with the names
    of the others blank, is joined with the row below it.

    Returns
    -------
    Header or None
        None when there is no header; see `no_header`.

    Raises
    ------
    DataError
        A header occurs twice, or two headers are the same field, or the plan names one that is absent.
    """
    if sheet.named:
        return _header(sheet, 0, sheet.top[0], "column names of the file", table, source)
    known = codebook(table, source)
    if source is not None and source.header_row is not None:
        row = source.header_row
        if row > len(sheet.top):
            msg = f"{sheet.where}: header_row is {row}, the header must be in the first {len(sheet.top)} rows"
            raise DataError(msg)
        cells = _with_row_above(sheet, row - 1, known, source)
        return _header(sheet, row, cells, "plan: header_row", table, source)
    wanted = _wanted(source)
    for i, cells in enumerate(sheet.top):
        keys = {key(c) for c in cells if c is not None and key(c)}
        bases = keys | _bases(keys, source)
        there = sum(k in bases for k in wanted)
        hits = sum(_recognised(k, known, source) for k in keys)
        if wanted and 2 * there >= len(wanted):
            found = f"{there} of {len(wanted)} headers of the plan"
        elif len(keys) >= 2 and 2 * hits >= len(keys):
            found = f"{hits} of {len(keys)} cells recognised"
        else:
            continue
        row, names = _two_rows(sheet, i, known, source)
        return _header(sheet, row, names, found, table, source)
    return None


def no_header(sheets: Sequence[Sheet], table: schema.Table, source: TableSource | None) -> DataError:
    """Return the error for files in which no header was found."""
    seen = []
    for sheet in sheets[:3]:
        rows = [masked(" | ".join(c or "" for c in row[:8])) for row in sheet.top[:5]]
        seen.append(f"{sheet.where}: " + " / ".join(r for r in rows if r.strip(" |")))
    named = [h for v in plain_columns(source).values() for h in _parts(v)] if source is not None else []
    wanted = named or [f.headers[0] for f in schema.fields_of(table) if f.headers]
    msg = (
        f"no header row of a {table} table in the first rows of {seen[0]}"
        + "".join(f"; {s}" for s in seen[1:])
        + f". Looked for: {', '.join(wanted[:12])} … Map your headers in plan.data.{table}.columns, or state header_row"
        + "".join(f"; {p.text}" for p in [_wide_anywhere(sheets)] if p is not None)
    )
    return DataError(msg)


def _wide_anywhere(sheets: Sequence[Sheet]) -> WideProposal | None:
    rows = ([c for c in row if c is not None] for sheet in sheets[:3] for row in sheet.top)
    return next((found for row in rows if (found := propose_wide(row)) is not None), None)


def _header(
    sheet: Sheet, row: int, cells: Row, found: str, table: schema.Table, source: TableSource | None
) -> Header:
    names = [c.strip() if c is not None else "" for c in cells]
    while names and not names[-1]:
        names.pop()
    _refuse_twice(sheet, names)
    titles = tuple("".join(c or "" for c in r).strip() for r in sheet.top[: max(row - 1, 0)])
    matches = match(sheet.where, names, table, source)
    return Header(row, tuple(names), tuple(t for t in titles if t), found, matches)


def _refuse_twice(sheet: Sheet, names: list[str]) -> None:
    seen: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if name:
            seen.setdefault(compact(name), []).append(i + 1)
    twice = {n: at for n, at in seen.items() if len(at) > 1}
    if twice:
        what = "; ".join(f"{n!r} in columns {', '.join(map(str, at))}" for n, at in twice.items())
        msg = f"{sheet.where}: headers occur more than once: {what}. Rename or remove the superfluous ones"
        raise DataError(msg)


def match(
    where: str, names: Sequence[str], table: schema.Table, source: TableSource | None
) -> tuple[Match, ...]:
    """Return what each header is taken for, in the order of the columns.

    Raises
    ------
    DataError
        Two headers are the same field; or the plan names a header that is absent (the nearest is named).
    """
    taken = list(_planned(where, names, source))
    used = {i for m in taken for i in m.columns}
    fields = {(m.field, m.wave) for m in taken} | {(m.field, None) for m in taken}
    if source is not None and source.wave is not None:
        fields.add(("wave", None))
    known = codebook(table, source)
    for i, name in enumerate(names):
        if i in used or not name:
            continue
        field, wave = _split(name, known, source)
        if field is None or (field, None) in fields:
            continue
        same = next((m for m in taken if (m.field, m.wave) == (field, wave)), None)
        if same is not None:
            msg = (
                f"{where}: {same.header!r} and {name!r} are both {field!r}; say which in "
                f"plan.data.{table}.columns ({field}: {same.header})"
            )
            raise DataError(msg)
        taken.append(Match((i,), name, field, "codebook", wave, unit_of(name)))
        used.add(i)
    own = {m.field for m in taken}
    for i, name in enumerate(names):
        if i not in used:
            field = name or f"(column {i + 1})"
            taken.append(Match((i,), name, f"{field} (raw)" if field in own else field, "unrecognised"))
    return tuple(sorted(taken, key=lambda m: m.columns))


def _planned(where: str, names: Sequence[str], source: TableSource | None) -> list[Match]:
    if source is None:
        return []
    out: list[Match] = []
    for field, value in plain_columns(source).items():
        parts = _parts(value)
        if len(parts) == 1:
            out += _columns_of(where, names, field, parts[0], source)
        else:
            at = tuple(_position(where, names, p) for p in parts)
            out.append(Match(at, "+".join(parts), field, "plan"))
    for name in source.keep:
        out += _columns_of(where, names, name, name, source)
    return out


def _columns_of(where: str, names: Sequence[str], field: str, raw: str, source: TableSource) -> list[Match]:
    """Return the column of a raw header, or its columns by wave in a wide file."""
    layout = source.layout
    if isinstance(layout, WideLayout) and _find(names, raw) is None:
        by_wave = {w: _find(names, _of_wave(layout, raw, s)) for s, w in layout.waves.items()}
        found = [
            Match((i,), names[i], field, "plan", w, unit_of(names[i]))
            for w, i in by_wave.items()
            if i is not None
        ]
        if found:
            return found
    i = _position(where, names, raw)
    return [Match((i,), names[i], field, "plan", None, unit_of(names[i]))]


def _find(names: Sequence[str], raw: str) -> int | None:
    if raw in names:
        return list(names).index(raw)
    keys = [key(n) for n in names]
    return keys.index(key(raw)) if key(raw) in keys else None


def _position(where: str, names: Sequence[str], raw: str) -> int:
    i = _find(names, raw)
    if i is not None:
        return i
    near = difflib.get_close_matches(raw, list(names), n=1, cutoff=0.5)
    hint = f"; nearest is {near[0]!r}" if near else ""
    some = ", ".join(n for n in names[:15] if n)
    msg = (
        f"{where} has no column {raw!r}, which the plan names{hint}. Its columns: {some}. (Headers of Chinese registry exports are "
        "recognised without the plan: delete the line if yours is one.)"
    )
    raise DataError(msg)


def _parts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _wanted(source: TableSource | None) -> set[str]:
    """Return the keys of all headers the plan names, without the wave in a wide file."""
    if source is None:
        return set()
    return {key(p) for v in (*plain_columns(source).values(), *source.keep) for p in _parts(v)}


def _bases(keys: set[str], source: TableSource | None) -> set[str]:
    """Return headers of a wide file without their wave."""
    if source is None or not isinstance(source.layout, WideLayout):
        return set()
    layout = source.layout
    parts = (_cut(layout, k, key(_of_wave(layout, "", w))) for k in keys for w in layout.waves)
    return {part for part in parts if part is not None}


def _of_wave(layout: WideLayout, name: str, wave: str) -> str:
    """Return the header of a field in one wave.

    >>> _of_wave(WideLayout(waves={"2014": 2014}, position="prefix", separator="年"), "人均纯收入", "2014")
    '2014年人均纯收入'
    """
    if layout.position == "prefix":
        return f"{wave}{layout.separator}{name}"
    return f"{name}{layout.separator}{wave}"


def _cut(layout: WideLayout, header: str, mark: str) -> str | None:
    """Return the field's part of a header that carries the mark of a wave, None when it does not."""
    if layout.position == "prefix":
        return header[len(mark) :] if header.startswith(mark) else None
    return header[: len(header) - len(mark)] if header.endswith(mark) else None


def _recognised(k: str, known: dict[str, str], source: TableSource | None) -> bool:
    bases = _wanted(source)
    if k in bases:
        return True
    if _bases({k}, source) & bases:
        return True
    return _split(k, known, source)[0] is not None


def _split(name: str, known: dict[str, str], source: TableSource | None) -> tuple[str | None, int | None]:
    """Return the codebook field and the wave (wide files) of a header."""
    field = known.get(key(name))
    if field is None and source is not None and isinstance(source.layout, WideLayout):
        for text, wave in source.layout.waves.items():
            base = _cut(source.layout, half_width(name), _of_wave(source.layout, "", text))
            if base is not None and key(base) in known:
                return known[key(base)], wave
    return field, None


def _two_rows(sheet: Sheet, i: int, known: dict[str, str], source: TableSource | None) -> tuple[int, Row]:
    """Return the last row of the header that row `i` belongs to, and its names.

    Row `i` is joined with the row below where that one only names columns left open above; else with the row above
    (see `_with_row_above`).
    """
    upper = sheet.top[i]
    if i + 1 < len(sheet.top):
        above, below = _padded(upper, sheet.top[i + 1])
        named = [k for k, cell in enumerate(below) if cell is not None]
        fits = bool(named) and 2 * sum(_recognised(key(below[k] or ""), known, source) for k in named) >= len(
            named
        )
        open_above = all(not _recognised(key(above[k] or ""), known, source) for k in named)
        if fits and open_above:
            return i + 2, _levels(above, below)
    return i + 1, _with_row_above(sheet, i, known, source)


def _with_row_above(sheet: Sheet, i: int, known: dict[str, str], source: TableSource | None) -> Row:
    """Return the names of row `i`; columns it leaves open are named by the row above when that knows one of them."""
    cells = sheet.top[i]
    if not i:
        return cells
    above, below = _padded(sheet.top[i - 1], cells)
    gaps = [above[k] for k, cell in enumerate(below) if cell is None]
    if any(cell is not None and _recognised(key(cell), known, source) for cell in gaps):
        return _levels(above, below)
    return cells


def _padded(above: Row, below: Row) -> tuple[Row, Row]:
    width = max(len(above), len(below))
    return above + [None] * (width - len(above)), below + [None] * (width - len(below))


def _levels(above: Row, below: Row) -> Row:
    """Join two rows of a header; names that repeat below take the group's title, which spans to the next, before them."""
    repeated = {key(b) for b in below if b is not None and sum(key(b) == key(o or "") for o in below) > 1}
    out: Row = []
    group = ""
    for a, b in zip(above, below, strict=True):
        group = a or group
        out.append(a if b is None else f"{compact(group)}{b}" if key(b) in repeated else b)
    return out
