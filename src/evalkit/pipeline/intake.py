"""What reading gave over all tables and files: kept by the build, told by the data audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import ReportError
from evalkit.ingest.tables import FILE_COLUMNS
from evalkit.ledger import PROVENANCE
from evalkit.pipeline.parts import Head, file_of, read_text
from evalkit.pipeline.results import table_in, table_json
from evalkit.store import Store

HEADS = "heads.json"
"""File of the staged text that keeps what reading found."""
HEADER_COLUMNS: tuple[str, ...] = ("table", "header", "field", "how", "unit", "sheets")
FAILED_COLUMNS: tuple[str, ...] = ("county", "table", "rows")


@dataclass(frozen=True, eq=False)
class Intake:
    """Everything that was read, whichever county it went to.

    Parameters
    ----------
    rows : mapping of str to int
        Rows of each raw table, in all files.
    files : DataFrame
        One row a sheet: table, then `evalkit.ingest.tables.FILE_COLUMNS`.
    headers : DataFrame
        What each header was taken for: table, header, field, how, unit, and the number of sheets that have it.
    unread : tuple of str
        Files of the raw folder that no table of the plan names.
    unplaced : DataFrame
        What became of the rows that name no county, by table: as `evalkit.cleaning.CleanResult.row_table`.
    money : DataFrame
        Amounts in those rows: as `evalkit.cleaning.CleanResult.money_table`.
    failed : DataFrame
        Rows of counties that could not be built: county, table, rows.
    """

    rows: Mapping[str, int]
    files: pd.DataFrame
    headers: pd.DataFrame
    unread: tuple[str, ...]
    unplaced: pd.DataFrame
    money: pd.DataFrame
    failed: pd.DataFrame


def write_heads(root: Path, heads: Mapping[str, Head]) -> None:
    """Write what was found out about all files, beside the staged text."""
    files = [h.table.files.assign(table=name) for name, h in heads.items()]
    headers = [_headers(h, name) for name, h in heads.items()]
    found: dict[str, Any] = {
        "rows": {name: h.rows for name, h in heads.items()},
        "files": table_json(pd.concat(files, ignore_index=True)[["table", *FILE_COLUMNS]]),
        "headers": table_json(pd.concat(headers, ignore_index=True)),
    }
    Store(root).write_json(root / HEADS, found)


def _headers(head: Head, name: str) -> pd.DataFrame:
    keys = ["header", "field", "how", "unit"]
    plain = head.table.mapping[keys].astype("str").fillna("")
    counted = plain.groupby(keys, sort=False).size().rename("sheets").reset_index()
    return counted.assign(table=name)[list(HEADER_COLUMNS)]


def unread_files(raw: Path, read: Collection[str]) -> tuple[str, ...]:
    """Return the files below the raw folder that are not among those read, by path below it, ascending."""
    names = (p.relative_to(raw).as_posix() for p in raw.rglob("*") if p.is_file())
    return tuple(sorted(n for n in names if n not in read and not n.rsplit("/", 1)[-1].startswith(".")))


def write_intake(
    store: Store,
    *,
    unread: tuple[str, ...],
    unplaced: pd.DataFrame,
    money: pd.DataFrame,
    failed: Mapping[str, Path],
) -> Path:
    """Write what reading gave among the results of a build; return the file.

    Parameters
    ----------
    store : Store
    unread : tuple of str
    unplaced, money : DataFrame
        As in `Intake`.
    failed : mapping
        County that could not be built → folder of its staged text.
    """
    heads = store.read_json(store.staged / HEADS)
    lines = [
        (c, t, n) for c, folder in sorted(failed.items()) for t, n in _staged_rows(folder, heads["rows"])
    ]
    found = {
        **heads,
        "unread": list(unread),
        "unplaced": table_json(unplaced),
        "money": table_json(money),
        "failed": table_json(pd.DataFrame(lines, columns=list(FAILED_COLUMNS))),
    }
    return store.write_json(intake_path(store), found)


def _staged_rows(folder: Path, tables: Collection[str]) -> list[tuple[str, int]]:
    paths = {name: file_of(folder, name) for name in tables}
    return [(n, len(read_text(p, [PROVENANCE[-1]]))) for n, p in sorted(paths.items()) if p.is_file()]


def intake_path(store: Store) -> Path:
    """Return where a build keeps what reading gave."""
    return store.root / "results" / "intake.json"


def read_intake(store: Store) -> Intake:
    """Return what `write_intake` wrote.

    Raises
    ------
    ReportError
        The build kept none.
    """
    path = intake_path(store)
    if not path.is_file():
        msg = f"the build in {store.root} does not say what was read; run `evalkit build` again"
        raise ReportError(msg)
    found = store.read_json(path)
    tables = {k: table_in(found[k]) for k in ("files", "headers", "unplaced", "money", "failed")}
    rows = {str(k): int(v) for k, v in found["rows"].items()}
    return Intake(rows=rows, unread=tuple(found["unread"]), **tables)
