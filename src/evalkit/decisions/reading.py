"""The workbook read back: rows as they stand, then decisions, every fault with its row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalkit.decisions.choices import BETWEEN, CHOICES, allowed, read_action
from evalkit.decisions.form import ACTIONS, COLUMNS, DECIDED, HUMAN, KEYS, OPEN, Line
from evalkit.decisions.record import Decision, Decisions, block_size, corrections
from evalkit.errors import DataError

_DATE = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""How a workbook writes characters that XML cannot hold."""
COUNTY_WORDS: frozenset[str] = frozenset({"", "county", "县代码"})
"""Columns under which a county is given to a row without one; empty: the column of the case."""


@dataclass(frozen=True)
class Row:
    """A row of a sheet of cases and where it stands."""

    line: Line
    where: str
    sheet: str
    faults: tuple[str, ...] = ()

    def get(self, key: str) -> str:
        """Return a cell as text, empty when there is nothing in it."""
        return self.line.cells.get(key, "")


def read_book(path: Path, shown: str) -> list[Row]:
    """Read the cases of one workbook.

    Parameters
    ----------
    path : Path
    shown : str
        Its name in messages.

    Raises
    ------
    DataError
        It cannot be read, a sheet or a column is missing, or there is a sheet that is not part of the form.
    """
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        msg = (
            f"{shown} cannot be read as a workbook ({type(error).__name__}: {error}). It was left as it is; save it again "
            "as .xlsx, or put the .bak beside it in its place"
        )
        raise DataError(msg) from error
    try:
        return _rows(book, shown)
    finally:
        book.close()


def _rows(book: Any, shown: str) -> list[Row]:
    missing = [s for s in (OPEN, DECIDED) if s not in book.sheetnames]
    strange = [s for s in book.sheetnames if s not in (OPEN, ACTIONS, DECIDED)]
    if missing or strange:
        lacks = f"has no sheet {', '.join(map(repr, missing))}; " if missing else ""
        more = f"has sheets of its own: {', '.join(map(repr, strange))}; " if strange else ""
        msg = (
            f"{shown} {lacks}{more}it was left as it is. Name the sheets {OPEN!r}, {ACTIONS!r}, {DECIDED!r} as they were, and "
            "keep other sheets in another workbook"
        )
        raise DataError(msg)
    return [row for name in (OPEN, DECIDED) for row in _sheet(book[name], f"{shown}, {name}", name)]


def _sheet(sheet: Any, shown: str, name: str) -> Iterator[Row]:
    rows = sheet.iter_rows()
    head = next(rows, ())
    headers = [_text(c.value) for c in head]
    known = {c.header: c.key for c in COLUMNS}
    keys = [known.get(h) for h in headers]
    lacks = [c.header for c in COLUMNS if c.key not in keys]
    twice = sorted({h for h in headers if h and headers.count(h) > 1})
    if lacks or twice:
        what = (
            f"has no column {', '.join(map(repr, lacks))}"
            if lacks
            else f"has columns twice: {', '.join(twice)}"
        )
        raise DataError(f"{shown} {what}; put the header row back as it was. The workbook was left as it is")
    for cells in rows:
        row = _row(cells, headers, keys, shown, name)
        if any(row.line.cells.values()) or row.line.touched:
            yield row


def _row(
    cells: Sequence[Any], headers: Sequence[str], keys: Sequence[str | None], shown: str, name: str
) -> Row:
    own: dict[str, str] = dict.fromkeys(KEYS, "")
    extra = {h: "" for h, k in zip(headers, keys, strict=True) if h and k is None}
    faults = []
    number = 0
    for cell, header, key in zip(cells, headers, keys, strict=False):
        number = number or int(getattr(cell, "row", 0) or 0)
        if cell.data_type in ("f", "e") and (key is not None or header):
            faults.append(f"{header} holds a formula or an error; write the value itself")
            continue
        text = _text(cell.value)
        if key is not None:
            own[key] = text.strip() if key != "value" else text
        elif header:
            extra[header] = text
    return Row(Line(own, extra), f"{shown}, row {number}", name, tuple(faults))


def _text(value: object) -> str:
    """Write a cell as text: whole numbers without a point, dates as ``2020-11-23``.

    >>> _text(3.0), _text(dt.datetime(2020, 11, 23)), _text(None), _text("001")
    ('3', '2020-11-23', '', '001')
    """
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))


def read_date(text: str) -> str | None:
    """Return a date as ``YYYY-MM-DD``, None when it is none.

    >>> read_date("2020/11/23"), read_date("2020年1月5日"), read_date("20201123"), read_date("2020-02-30")
    ('2020-11-23', '2020-01-05', '2020-11-23', None)
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = found[1], found[2] or found[4], found[3] or found[5]
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def decisions_of(rows: Iterable[Row]) -> Decisions:
    """Return the decisions that rows of workbooks hold.

    A row without an action is open, whatever notes it has; a deferred one too.

    Raises
    ------
    DataError
        Decisions are incomplete, cannot be read, or contradict each other; all of them are listed.
    """
    faults: list[str] = []
    found: dict[str, Decision] = {}
    for row in rows:
        wrong = list(row.faults)
        if row.get("action"):
            wrong += _faults(row)
        faults += [f"{row.where}: {w}" for w in wrong]
        if wrong or read_action(row.get("action")) in (None, "defer"):
            continue
        one = _decision(row)
        other = found.setdefault(one.case, one)
        if replace(other, where="") != replace(one, where=""):
            faults.append(
                f"{row.where}: case {one.case} is decided otherwise in {other.where}; keep one of them"
            )
    refuse(faults)
    return Decisions.of(found.values())


def refuse(faults: Sequence[str]) -> None:
    """Stop with everything that is wrong with decisions.

    Raises
    ------
    DataError
        There is a fault.
    """
    if faults:
        lines = "\n".join(f"  {f}" for f in faults)
        msg = (
            f"{len(faults)} {'decision' if len(faults) == 1 else 'decisions'} cannot be followed; nothing was applied. Mend "
            f"the rows of the workbook (delete a row to take its decision back):\n{lines}"
        )
        raise DataError(msg)


def _faults(row: Row) -> Iterator[str]:
    action = read_action(row.get("action"))
    if action is None:
        yield f"there is no action {row.get('action')!r}; there are: {', '.join(c.shown for c in CHOICES)}"
        return
    lacks = [k for k in ("reason", "initials", "date") if not row.get(k)]
    if lacks:
        yield f"{', '.join(lacks)} missing"
    if row.get("date") and read_date(row.get("date")) is None:
        yield f"{row.get('date')!r} is no date; write it as 2020-11-23"
    tampered = [k for k in ("case", "rule", "table", "state") if not row.get(k)]
    if tampered:
        yield f"{', '.join(tampered)} missing: columns that are not marked with * must stay as they were"
        return
    try:
        options = allowed(row.get("rule"), across=not row.get("file"))
    except KeyError:
        yield f"there is no rule {row.get('rule')!r}"
        return
    if action not in options:
        yield f"{action} does not fit a case of rule {row.get('rule')}; possible: {', '.join(options)}"
    yield from _value_faults(row.get("rule"), action, row.get("value"))


def _value_faults(rule_id: str, action: str, value: str) -> Iterator[str]:
    if action in ("keep", "exclude") and rule_id not in BETWEEN and block_size(value) is not None:
        return
    given = corrections(value)
    if action in ("keep", "exclude", "defer") and given:
        yield f"{action} takes no new value, but there is {value!r}"
    if (
        rule_id == "K03"
        and action == "correct"
        and not any(c.column in COUNTY_WORDS and c.value for c in given)
    ):
        yield "a row without a county needs the county's code as the new value"
    elif action == "correct" and not given:
        yield "correct without a new value; (blank) empties the cell"
    if rule_id in BETWEEN and action == "correct" and any(c.column for c in given):
        yield "correct of a person in two counties takes the right id number alone; other cells are corrected by cases of their own"
    if action == "merge" and len(value.split()) != 1:
        yield "merge needs the case number of the row that stays as the new value"
    if action in ("correct", "restore"):
        empty = [c.column or "the case's column" for c in given if c.value == ""]
        if empty:
            yield f"no value for {', '.join(empty)}; (blank) empties the cell"
        columns = [c.column for c in given]
        if len(set(columns)) < len(columns):
            yield "a column has two new values"


def _decision(row: Row) -> Decision:
    action = read_action(row.get("action"))
    day = read_date(row.get("date"))
    if action is None or day is None:  # pragma: no cover - checked before
        raise DataError(f"{row.where}: the decision cannot be read")
    home = _home(row, action)
    return Decision(
        case=row.get("case"),
        state=row.get("state"),
        county=row.get("county") if home is None else home,
        rule=row.get("rule"),
        table=row.get("table"),
        action=action,
        value="\n".join(part.strip() for part in row.get("value").strip().splitlines()),
        reason=" ".join(row.get("reason").split()),
        initials=" ".join(row.get("initials").split()),
        date=day,
        where=row.where,
        evidence=row.get("evidence"),
        current=row.get("current"),
        across=row.get("rule") in BETWEEN,
        home=(row.get("household"), row.get("wave"), row.get("person")),
        placed=None if home is None else (row.get("file"), row.get("sheet"), row.get("row")),
    )


def _home(row: Row, action: str) -> str | None:
    """Return the county that a person gives to a row without one; None for every other decision."""
    if row.get("rule") != "K03" or action != "correct":
        return None
    return next((c.value for c in corrections(row.get("value")) if c.column in COUNTY_WORDS), None)


__all__ = ["HUMAN", "Row", "decisions_of", "read_book", "read_date", "refuse"]
