"""The export: the synthetic registry as messy files, with a record of everything that was damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.schema import FIELDS, field
from evalkit.simulate import mess
from evalkit.simulate.mess import Change, Extra
from evalkit.simulate.prefecture import SyntheticRegistry
from evalkit.simulate.sheets import Format, Sheet, write_sheet

LABEL = "（合成示例数据）"
"""First words of every file: the data are synthetic."""
README = "说明_README.txt"
FORMATS: tuple[Format, ...] = ("gb18030", "utf-8-sig", "gb18030", "xlsx")
WAN = 10_000
UNIT_IN_HEADER, UNIT_IN_TITLE = 3, 5
"""Positions of the counties whose money is in 万元, said in the header or only in a title row."""
MONEY = frozenset(f.name for f in FIELDS if f.kind == "money")


@dataclass(frozen=True)
class Export:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        In the order written; the note on the data comes last.
    injections : DataFrame
        ``file, row, column, kind, true, written``: ``row`` is the line in the file (or the row of the
        worksheet), counted from 1 with title rows and header; ``column`` is the canonical name, empty
        if the whole row is the damage. Title rows and drifting headers are not listed.
    """

    files: tuple[Path, ...]
    injections: pd.DataFrame


@dataclass(frozen=True)
class _Layout:
    """How one file is written: yuan per unit of money, title rows, header text."""

    unit: int
    titles: tuple[str, ...]
    header: tuple[str, ...]


def write_export(registry: SyntheticRegistry, directory: Path) -> Export:
    """Write the registry as a directory of messy files in the shape of real exports.

    One household file per county (CSV in GB18030 or UTF-8 with BOM, or xlsx), the member and program
    files (CSV), the village, survey and totals files (xlsx), and a note. All cells are text. The same
    registry gives the same bytes.

    Parameters
    ----------
    registry : SyntheticRegistry
    directory : Path
        Made if it does not exist; files of the same names are replaced.

    Returns
    -------
    Export
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    streams = iter(np.random.SeedSequence([registry.seed, 1]).spawn(registry.totals.shape[0] + 6))
    files: list[Path] = []
    injections: list[pd.DataFrame] = []

    def add(name: str, form: Format, make: _Maker) -> None:
        sheet, record = make(np.random.default_rng(next(streams)))
        files.append(directory / name)
        write_sheet(sheet, files[-1], form)
        injections.append(record.assign(file=name))

    names = registry.totals[["county", "county_name"]].itertuples(index=False, name=None)
    for position, (county, name) in enumerate(names):
        rows = registry.households[registry.households["county"] == county]
        form = FORMATS[position % len(FORMATS)]
        suffix = "xlsx" if form == "xlsx" else "csv"
        add(f"户信息_{name}.{suffix}", form, _household_maker(rows, position, str(name)))
    add("成员信息.csv", "gb18030", _member_maker(registry.members))
    add("帮扶措施.csv", "utf-8-sig", _program_maker(registry.programs))
    add("行政村信息.xlsx", "xlsx", _plain_maker(registry.villages, "行政村基本情况表", ()))
    add("第三方抽查.xlsx", "xlsx", _plain_maker(registry.survey, "第三方评估抽查结果表", mess.SURVEY_KINDS))
    add("县级人口.xlsx", "xlsx", _plain_maker(registry.totals, "分县人口汇总表", ()))
    note = directory / README
    note.write_text(_note(registry), encoding="utf-8")
    table = pd.concat(injections, ignore_index=True)[["file", "row", "column", "kind", "true", "written"]]
    return Export((*files, note), table)


_Maker = Callable[[np.random.Generator], tuple[Sheet, pd.DataFrame]]


def as_text(frame: pd.DataFrame, unit: int = 1) -> pd.DataFrame:
    """Return a table of cell text: 是/否, whole numbers, money in the unit, empty for missing.

    Parameters
    ----------
    frame : DataFrame
        Canonical columns.
    unit : int
        Yuan per unit of money.

    Examples
    --------
    >>> as_text(pd.DataFrame({"returned": [True], "income_pc": [2300.5], "pension": [95]}), 10_000).iloc[0].tolist()
    ['是', '0.230050', '0.0095']
    """
    return pd.DataFrame({name: _column_text(frame[name], unit) for name in frame.columns}).reset_index(
        drop=True
    )


def _column_text(column: pd.Series[Any], unit: int) -> pd.Series[str]:
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.map({True: "是", False: "否"}).astype("str")
    if pd.api.types.is_string_dtype(column.dtype):
        return column
    whole = pd.api.types.is_integer_dtype(column.dtype)
    if str(column.name) in MONEY:
        decimals = (0 if whole else 2) + (0 if unit == 1 else 4)
        return pd.Series(
            [f"{v / unit:.{decimals}f}" for v in column.tolist()], index=column.index, dtype="str"
        )
    if whole:
        return column.astype("str").fillna("")
    return column.map({v: repr(float(v)) for v in column.unique()}).astype("str")


def header_text(rng: np.random.Generator, columns: list[str], unit_word: str) -> tuple[str, ...]:
    """Return headers as they drift between offices: synonyms, units in brackets, blanks between characters.

    Parameters
    ----------
    rng : Generator
    columns : list of str
        Canonical names.
    unit_word : str
        Unit put behind every amount, or empty to name none.
    """
    out = []
    for name in columns:
        known = field(name)
        words = known.headers if known and known.headers else (name,)
        word = words[int(rng.integers(len(words)))]
        if name in MONEY and unit_word:
            word = f"{word}（{unit_word}）"
        elif rng.random() < 0.06:
            word = " ".join(word)
        out.append(word)
    return tuple(out)


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


def _household_maker(frame: pd.DataFrame, position: int, name: str) -> _Maker:
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
        layout = _Layout(unit, tuple(titles), header_text(rng, list(text.columns), word))
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


def _member_maker(frame: pd.DataFrame) -> _Maker:
    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        titles = (
            f"{LABEL}岚江市建档立卡户家庭成员信息表",
            "数据年度：2020年　　证件号码为虚构，地区代码未启用",
        )
        layout = _Layout(1, titles, header_text(rng, list(text.columns), ""))
        block = mess.damage_id_block(rng, text)
        taken = {change.row for change in block}
        rows = np.asarray([r for r in rng.permutation(len(text)) if r not in taken], dtype=np.int64)
        return assemble(text, layout, block + mess.damage_cells(rng, text, mess.MEMBER_KINDS, rows, 1), [])

    return make


def _program_maker(frame: pd.DataFrame) -> _Maker:
    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        layout = _Layout(1, (f"{LABEL}岚江市帮扶措施明细表",), header_text(rng, list(text.columns), "元"))
        rows = rng.permutation(len(text))
        changes = mess.damage_cells(rng, text, mess.PROGRAM_KINDS, rows, 1)
        copies = mess.copy_rows(text, rows[::-1][: mess.count_of(mess.DUPLICATES, len(text))])
        return assemble(text, layout, changes, copies)

    return make


def _plain_maker(frame: pd.DataFrame, title: str, kinds: tuple[mess.Kind, ...]) -> _Maker:
    def make(rng: np.random.Generator) -> tuple[Sheet, pd.DataFrame]:
        text = as_text(frame)
        titles = (f"{LABEL}岚江市{title}", "填报单位：岚江市扶贫办公室（虚构）")
        layout = _Layout(1, titles, header_text(rng, list(text.columns), "元"))
        changes = mess.damage_cells(rng, text, kinds, rng.permutation(len(text)), 1)
        return assemble(text, layout, changes, [])

    return make


def _note(registry: SyntheticRegistry) -> str:
    """Return the note that goes with the files."""
    counties = registry.totals.shape[0]
    return (
        "本目录全部数据均为合成示例数据，由程序按随机种子生成，不含任何真实个人、家庭或地区的信息。\n"
        f"省、市、{counties}个县、乡镇、村名及人名均为虚构；地区代码99开头，未启用；证件号码仅校验位有效。\n"
        "各帮扶措施覆盖比例参照公开的地市级数字设定。文件中的差错是有意加入的，用于演示数据清洗。\n\n"
        "Everything in this directory is synthetic: drawn by a program from a random seed "
        f"({registry.seed}).\nNo real person, household or place is described. Names are fictional, area "
        "codes beginning with 99 are\nunassigned, id numbers are valid only in their check digit. Program "
        "coverage is proportioned after\npublished prefecture figures. The errors in the files are "
        "deliberate: they are there to be found.\n"
    )
