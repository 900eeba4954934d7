"""A real panel dressed as a Chinese registry workbook of three sheets, with everything evaluators find in them.

The numbers are those of the panel; nothing else of it is kept. Ids are numbers, text, with spaces, full-width; amounts
carry separators, 元, full-width digits; a sheet is in 万元; headers drift; villages are merged cells; rows repeat;
totals, blank and signature rows stand between the households.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

TITLES = (
    ["某市建档立卡户信息表（由国外面板改装，合成）"],
    ["某市建档立卡户信息表", None, None, "填报日期：20200101"],
    ["某市"],
)
HEADERS = (
    {
        "county": "县代码",
        "village_name": "行政村",
        "household": "户编号",
        "size": "家庭人口数",
        "income_pc": "人均纯收入（元）",
        "wage_income": "工资性收入",
        "head_age": "户主年龄",
    },
    {
        "county": "县（市、区）代码",
        "village_name": "村 名",
        "household": "户 编 码",
        "size": "人口数（人）",
        "income_pc": "家庭人均纯收入(万元)",
        "wage_income": "工资性收入（万元）",
        "head_age": "户主年龄（岁）",
    },
    {
        "county": "行政区划代码",
        "village_name": "村",
        "household": "*家庭编号：",
        "size": "家庭人口",
        "income_pc": "人均可支配收入",
        "wage_income": "工资性收入（元）",
        "head_age": "户主年龄",
    },
)
MONEY = ("income_pc", "wage_income")
WIDE_DIGITS = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@dataclass(frozen=True)
class Dressed:
    """The workbook and how many rows of each kind were put in besides the households."""

    path: Path
    repeated: int
    totals: int
    blank: int
    signatures: int
    merged: int


def dress(parts: list[tuple[str, pd.DataFrame]], path: Path, seed: int) -> Dressed:
    """Write three sheets.

    Parameters
    ----------
    parts : list of (sheet name, frame)
        Frames with the columns of `HEADERS`, each household once; county as six digits.
    path : Path
    seed : int
    """
    rng = np.random.default_rng(seed)
    book = openpyxl.Workbook()
    book.remove(book.active)
    count = dict.fromkeys(("repeated", "totals", "blank", "signatures", "merged"), 0)
    for number, (name, frame) in enumerate(parts):
        sheet = book.create_sheet(name)
        for title in TITLES[: 1 + number]:
            sheet.append(title)
        headers = HEADERS[number]
        order = [*list(headers)[:2], *rng.permutation(list(headers)[2:])]
        sheet.append([*(headers[c] for c in order), "备注"])
        ordered = frame.sort_values(["county", "village_name", "household"], kind="stable")
        for (_, village), part in ordered.groupby(["county", "village_name"], sort=False):
            first = sheet.max_row + 1
            rows = [*part.to_dict("records"), *part.iloc[: int(rng.random() < 0.3)].to_dict("records")]
            count["repeated"] += len(rows) - len(part)
            for i, row in enumerate(rows):
                cells = [_cell(c, row[c], number, rng) for c in order]
                cells[1] = village if i == 0 else None
                sheet.append([*cells, None])
            if len(rows) > 1:
                sheet.merge_cells(
                    start_row=first, end_row=first + len(rows) - 1, start_column=2, end_column=2
                )
                count["merged"] += len(rows) - 1
            if rng.random() < 0.2:
                sheet.append(["合 计", None, None, float(len(part))])
                count["totals"] += 1
            if rng.random() < 0.1:
                sheet.append([None, "　"])
                count["blank"] += 1
        sheet.append(["填表人：某某", None, None, "审核人：某某"])
        count["signatures"] += 1
    book.save(path)
    return Dressed(path, **count)


def _cell(column: str, value: object, sheet: int, rng: np.random.Generator) -> object:
    if column == "county":
        return float(str(value)) if sheet == 1 else str(value)
    if column == "household":
        return _id(str(value), rng)
    if column in MONEY:
        return _amount(float(str(value)), rng, in_wan=sheet == 1)
    if column == "village_name":
        return value
    text = str(int(float(str(value))))
    return (text, float(text), text.translate(WIDE_DIGITS))[rng.integers(3)]


def _id(text: str, rng: np.random.Generator) -> object:
    ways = (
        text,
        float(text),
        f" {text} ",
        f"{text[:2]} {text[2:]}",
        text.translate(WIDE_DIGITS),
        f"'{text}",
        f"{text}.0",
    )
    return ways[rng.integers(len(ways))]


def _amount(value: float, rng: np.random.Generator, *, in_wan: bool) -> object:
    exact = Decimal(repr(value))
    if in_wan:
        text = f"{exact.scaleb(-4):f}"
        return (text, f"{text}万元", text.translate(WIDE_DIGITS))[rng.integers(3)]
    text = f"{exact:,f}"
    ways = (value, f"{exact:f}", text, f"{text}元", f" {text} ", text.translate(WIDE_DIGITS), f"{text} 元")
    way = ways[rng.integers(len(ways))]
    return text if way is value and float(f"{value:.16g}") != value else way  # the writer keeps 16 digits
