"""The workbook of open cases read and filled in as a person does."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd

from evalkit.decisions.form import COLUMNS, OPEN

KEYS = [c.key for c in COLUMNS]


def cells(path: Path, sheet: str = OPEN) -> pd.DataFrame:
    """Return a sheet as text by column key, ``at`` being the row of the sheet."""
    page = openpyxl.load_workbook(path)[sheet]
    rows = [[c.value for c in row] for row in page.iter_rows()]
    frame = pd.DataFrame(rows[1:], columns=[str(h).split(" ")[-1] for h in rows[0]], dtype=object)
    return frame.assign(at=range(2, len(frame) + 2))


def fill(path: Path, changes: dict[tuple[int, str], object], sheet: str = OPEN) -> None:
    """Write cells as a person does with a spreadsheet program."""
    book = openpyxl.load_workbook(path)
    for (row, key), value in changes.items():
        book[sheet].cell(row, KEYS.index(key) + 1).value = value  # type: ignore[union-attr]
    book.save(path)


def decision(row: int, action: str, value: str | None = None) -> dict[tuple[int, str], object]:
    said = {
        "action": action,
        "value": value,
        "reason": "户主签字核实",
        "initials": "LH",
        "date": "2020-11-23",
    }
    return {(row, key): v for key, v in said.items() if v is not None}
