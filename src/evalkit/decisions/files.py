"""Where the workbooks are, whether they may be written, and writing them without losing a word.

One workbook holds every case up to `MOST_IN_ONE`; above, a folder beside it holds one workbook a county.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.decisions.choices import read_action
from evalkit.decisions.form import Line, case_lines, ordered, workbook
from evalkit.decisions.reading import Row, decisions_of, read_book
from evalkit.decisions.record import Decisions
from evalkit.errors import DataError, PlanError
from evalkit.plan import Plan
from evalkit.store import UNPLACED, atomic, safe_name

MOST_IN_ONE = 20_000
"""Cases that one workbook holds; with more of them there is one workbook a county."""


@dataclass(frozen=True, eq=False)
class Workbooks:
    """The workbooks of a plan as they were read.

    Parameters
    ----------
    book : Path or None
        The one workbook; None when the plan wants none.
    rows : tuple of Row
        Their rows.
    decisions : Decisions
    hashes : mapping
        File → SHA-256 when it was read.
    """

    book: Path | None
    rows: tuple[Row, ...]
    decisions: Decisions
    hashes: Mapping[Path, str]

    @property
    def folder(self) -> Path | None:
        """The folder of the workbooks by county."""
        return None if self.book is None else self.book.with_suffix("")


def book_path(plan: Plan) -> Path | None:
    """Return the workbook of a plan, None when it wants none.

    Raises
    ------
    PlanError
        It would lie among the raw or the processed files, or is no .xlsx.
    """
    if plan.clean.decisions is None:
        return None
    path = plan.folder / plan.clean.decisions
    for key, folder in (("data.raw", plan.raw), ("data.processed", plan.processed)):
        if path.resolve().is_relative_to(folder.resolve()):
            msg = f"clean.decisions: {plan.clean.decisions!r} lies in {key}; put it beside the plan"
            raise PlanError(msg)
    if path.suffix.lower() != ".xlsx":
        msg = f"clean.decisions: {plan.clean.decisions!r} must end in .xlsx"
        raise PlanError(msg)
    return path


def read_workbooks(plan: Plan) -> Workbooks:
    """Read every decision of a plan.

    Raises
    ------
    DataError
        A workbook is open in another program or cannot be read; decisions are incomplete or contradict each other.
    """
    book = book_path(plan)
    if book is None:
        return Workbooks(None, (), Decisions(), {})
    paths = [p for p in (book, *sorted(book.with_suffix("").glob("*.xlsx"))) if _is_book(p)]
    refuse_open(paths)
    hashes = {p: _hash(p) for p in paths}
    rows = [row for p in paths for row in read_book(p, p.relative_to(book.parent).as_posix())]
    return Workbooks(book, tuple(rows), decisions_of(rows), hashes)


def write_workbooks(
    before: Workbooks, cases: pd.DataFrame, applied: Iterable[str], untouched: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write the open and the decided cases, keeping what persons wrote; return the files.

    Parameters
    ----------
    before : Workbooks
        As they were read when the build began.
    cases : DataFrame
        Open cases of all counties.
    applied : iterable of str
        Numbers of the cases that were decided.
    untouched : sequence of str
        Counties that failed: their rows stay as they are.

    Raises
    ------
    DataError
        A workbook is open, or was changed since it was read; nothing is written then.
    """
    if before.book is None:
        return ()
    opened, decided = _merged(before, cases, set(applied), set(untouched))
    if not opened and not decided and not before.hashes:
        return ()
    folder = before.book.with_suffix("")
    many = len(opened) + len(decided) > MOST_IN_ONE or any(p.parent == folder for p in before.hashes)
    files = _by_county(folder, opened, decided) if many else {before.book: workbook(opened, decided)}
    known = list(dict.fromkeys([*before.hashes, *(p for p in files if p.exists())]))
    refuse_open([*known, *files])
    for path in known:
        if not path.is_file() or _hash(path) != before.hashes.get(path):
            msg = f"{path} was changed while the build ran; it was left as it is. Build again to bring it up to date"
            raise DataError(msg)
    for path, content in files.items():
        replace_book(path, content)
    for path in set(known) - set(files):
        path.replace(path.with_name(path.name + ".bak"))
    return tuple(files)


def _merged(
    before: Workbooks, cases: pd.DataFrame, applied: set[str], untouched: set[str]
) -> tuple[list[Line], list[Line]]:
    """Return the rows of the open and of the decided cases; a case that a person wrote about is never lost."""
    written = _written(before.rows)
    opened, decided = [], []
    for line in case_lines(cases):
        own = written.pop(line.cells["case"], None)
        if own is None or line.cells["case"] in applied:
            opened.append(line)
            if own is not None:
                written[line.cells["case"]] = own
        else:
            human = {k: own.line.cells[k] for k in ("action", "value", "reason", "initials", "date")}
            opened.append(Line({**line.cells, **human}, own.line.extra))
    for case, row in written.items():
        is_open = read_action(row.get("action")) in (None, "defer")
        if row.get("county") in untouched and is_open:
            opened.append(row.line)
        elif case in applied or row.line.touched:
            decided.append(row.line)
    return ordered(opened), ordered(decided)


def _written(rows: Iterable[Row]) -> dict[str, Row]:
    """Return one row a case: the one with an action, else the one with notes, else the first."""
    out: dict[str, Row] = {}
    for row in rows:
        case = row.get("case")
        other = out.get(case)
        if other is None or _weight(row) > _weight(other):
            out[case] = row
    return out


def _weight(row: Row) -> int:
    return 2 * bool(row.get("action")) + row.line.touched


def _by_county(folder: Path, opened: Sequence[Line], decided: Sequence[Line]) -> dict[Path, bytes]:
    parts: dict[str, tuple[list[Line], list[Line]]] = {}
    for k, lines in enumerate((opened, decided)):
        for line in lines:
            county = line.cells.get("county", "") if line.cells.get("file") else UNPLACED
            parts.setdefault(county or UNPLACED, ([], []))[k].append(line)
    return {folder / f"{safe_name(c)}.xlsx": workbook(*parts[c]) for c in sorted(parts)}


def replace_book(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; what was there before stays as .bak, and the same bytes are not written again."""
    if path.is_file():
        old = path.read_bytes()
        if old == content:
            return
        with atomic(path.with_name(path.name + ".bak")) as part:
            part.write_bytes(old)
    with atomic(path) as part:
        part.write_bytes(content)


def refuse_open(paths: Iterable[Path]) -> None:
    """Refuse workbooks that are open in a spreadsheet program.

    Raises
    ------
    DataError
        A lock file lies beside one of them.
    """
    for path in paths:
        locks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
        lock = next((p for p in locks if p.exists()), None)
        if lock is not None:
            msg = f"{path} is open in a spreadsheet program; save and close it, then run again (if it is not, delete {lock.name})"
            raise DataError(msg)


def _is_book(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(("~$", "."))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
