"""How each table becomes a sheet of messy text, with a record of the damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.simulate import mess
from evalkit.simulate.celltext import as_text, headers_of
from evalkit.simulate.mess import Change, Extra
from evalkit.simulate.sheets import Sheet

LABEL = "（合成示例数据）"
"""First words of every sheet: the data are synthetic."""
WAN = 10_000
UNIT_IN_HEADER, UNIT_IN_TITLE = 3, 5
"""Positions of the counties whose money is in 万元, said in the header or only in a title row."""

Maker = Callable[[np.random.Generator], tuple[Sheet, pd.DataFrame]]
"""Generator → sheet, and its damage: ``row, column, kind, true, written``."""


@dataclass(frozen=True)
class _Layout:
    """How one file is written: yuan per unit of money, title rows, header text."""

    unit: int
    titles: tuple[str, ...]
    header: tuple[str, ...]


def assemble(
    text: pd.DataFrame, layout: _Layout, changes: list[Change], extras: list[Extra]
) -> tuple[Sheet, pd.DataFrame]:
    """Apply changes and extra rows to clean text, and number them by line of the file.

    Returns
    -------
    Sheet
    DataFrame
        ``row, column, kind, true, written``.
    """
    cells = text.to_numpy(dtype=object, copy=True)
    place = {name: k for k, name in enumerate(text.columns)}
    for change in changes:
        cells[change.row, place[change.column]] = change.written
    rows: list[tuple[str, ...]] = [tuple(row) for row in cells]
    first = len(layout.titles) + 2
    ordered = sorted(extras, key=lambda extra: extra.after)
    after = np.asarray([extra.after for extra in ordered], dtype=np.int64)
    record = [
        (c.row + int(np.searchsorted(after, c.row)) + first, c.column, c.kind, c.true, c.written)
        for c in changes
    ]
    for shift, extra in enumerate(ordered):
        position = extra.after + 1 + shift
        rows.insert(position, extra.values)
        record.append((position + first, extra.column, extra.kind, extra.true, extra.written))
    table = pd.DataFrame(record, columns=["row", "column", "kind", "true", "written"])
    return Sheet(layout.titles, layout.header, rows), table.sort_values(
        "row", kind="stable", ignore_index=True
    )


def household_maker(frame: pd.DataFrame, position: int, name: str) -> Maker:
    """Make a sheet of household-years; its position decides titles, unit of money and footer."""

    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        unit = WAN if position in (UNIT_IN_HEADER, UNIT_IN_TITLE) else 1
        text = as_text(frame, unit)
        titles = [f"{LABEL}{name}建档立卡户信息表"]
        if position % 3 or position == UNIT_IN_TITLE:
            titles.append(
                f"填报单位：{name}扶贫办公室（虚构）"
                + ("　　单位：万元" if position == UNIT_IN_TITLE else "")
            )
        if position % 3 == 2:
            titles.append("数据年度：2014-2020年")
        word = {UNIT_IN_HEADER: "万元", UNIT_IN_TITLE: ""}.get(position, "元" if position % 2 else "")
        layout = _Layout(unit, tuple(titles), headers_of(rng, text, word))
        rows = rng.permutation(len(text))
        changes = mess.damage_cells(rng, text, mess.HOUSEHOLD_KINDS, rows, unit)
        spare = iter(np.array_split(rows[len(text) // 2 :], 3))
        extras = mess.copy_rows(text, next(spare)[: mess.count_of(mess.DUPLICATES, len(text))])
        extras += mess.contradict_rows(
            rng, text, next(spare)[: mess.count_of(mess.CONFLICTS, len(text))], unit
        )
        extras += mess.blank_rows(text, next(spare)[: 1 + position % 3])
        return assemble(text, layout, changes, extras + _footer(text, position))

    return make


def _footer(text: pd.DataFrame, position: int) -> list[Extra]:
    """Return a totals row and a signature row for some files."""
    last, width = len(text) - 1, text.shape[1]
    extras = []
    if position % 2 == 0:
        total = ["合计", *[""] * (width - 1)]
        total[list(text.columns).index("size")] = str(pd.to_numeric(text["size"]).sum())
        extras.append(Extra(last, "totals_row", tuple(total)))
    if position % 3 == 0:
        sign = "填表人：李甲子　　审核人：周乙丑　　日期：2021年1月15日"
        extras.append(Extra(last, "signature_row", (sign, *[""] * (width - 1))))
    return extras


def member_maker(frame: pd.DataFrame) -> Maker:
    """Make the sheet of members."""

    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        titles = (
            f"{LABEL}岚江市建档立卡户家庭成员信息表",
            "数据年度：2020年　　证件号码为虚构，地区代码未启用",
        )
        layout = _Layout(1, titles, headers_of(rng, text, ""))
        block = mess.damage_id_block(rng, text)
        taken = {change.row for change in block}
        rows = np.asarray([r for r in rng.permutation(len(text)) if r not in taken], dtype=np.int64)
        return assemble(text, layout, block + mess.damage_cells(rng, text, mess.MEMBER_KINDS, rows, 1), [])

    return make


def program_maker(frame: pd.DataFrame) -> Maker:
    """Make the sheet of programs."""

    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        layout = _Layout(1, (f"{LABEL}岚江市帮扶措施明细表",), headers_of(rng, text, "元"))
        rows = rng.permutation(len(text))
        changes = mess.damage_cells(rng, text, mess.PROGRAM_KINDS, rows, 1)
        copies = mess.copy_rows(text, rows[::-1][: mess.count_of(mess.DUPLICATES, len(text))])
        return assemble(text, layout, changes, copies)

    return make


def plain_maker(frame: pd.DataFrame, title: str, kinds: tuple[mess.Kind, ...]) -> Maker:
    """Make a sheet with its title and the kinds of damage given."""

    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        titles = (f"{LABEL}岚江市{title}", "填报单位：岚江市扶贫办公室（虚构）")
        layout = _Layout(1, titles, headers_of(rng, text, "元"))
        changes = mess.damage_cells(rng, text, kinds, rng.permutation(len(text)), 1)
        return assemble(text, layout, changes, [])

    return make
