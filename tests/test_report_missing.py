"""The part of the county report on who left: what is withheld."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import report_case
from evalkit.report.document import Cell, Suppressed, Table
from evalkit.report.sections.missing_data import missing_blocks

X = Suppressed()
Line = tuple[str, int, int, int, int]


def became(folder: Path, *lines: Line) -> list[tuple[Cell, ...]]:
    """Return the printed counts of 2015 (baseline, present, away, left, share) by group."""
    frame = pd.DataFrame(lines, columns=["status", "baseline", "present", "away", "left"])
    later = frame.assign(wave=2015, share_present=frame["present"] / frame["baseline"])
    first = frame.assign(wave=2014, present=frame["baseline"], away=0, left=0, share_present=1.0)
    case = report_case.case_in(folder)
    assert case.plan.disclosure.minimum_cell == 10
    table = pd.concat([first, later], ignore_index=True)
    case = replace(case, result=replace(case.result, tables={**case.result.tables, "attrition": table}))
    found = next(
        b
        for b in missing_blocks(case)
        if isinstance(b, Table) and b.title.en == "What became of the households of the first year"
    )
    return [row[2:] for row in found.rows]


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        # 57 of 60 observed says that 3 left
        ([("all", 60, 57, 0, 3)], [(60.0, X, X, X, X)]),
        ([("all", 60, 4, 0, 56)], [(60.0, X, X, X, X)]),
        ([("all", 60, 40, 4, 16)], [(60.0, X, X, X, X)]),
        ([("all", 60, 60, 0, 0)], [(60.0, 60.0, 0.0, 0.0, 1.0)]),
        ([("all", 60, 45, 0, 15)], [(60.0, 45.0, 0.0, 15.0, 0.75)]),
        # 15 left in all and 3 of one group: 12 of the other give the 3 away
        (
            [("all", 60, 45, 0, 15), ("exited", 30, 27, 0, 3), ("registered", 30, 18, 0, 12)],
            [(60.0, 45.0, 0.0, 15.0, 0.75), (30.0, X, X, X, X), (30.0, X, X, X, X)],
        ),
        # a group of 4: its size and that of the other are withheld too
        (
            [("all", 64, 44, 0, 20), ("exited", 4, 4, 0, 0), ("registered", 60, 40, 0, 20)],
            [(64.0, 44.0, 0.0, 20.0, 0.6875), (X, X, X, X, X), (X, X, X, X, X)],
        ),
    ],
)
def test_what_few_households_did_is_withheld(
    tmp_path: Path, lines: list[Line], printed: list[tuple[Cell, ...]]
) -> None:
    assert became(tmp_path, *lines) == printed
