"""What spreadsheet programs do to ids and dates: recognised when files are read, listed, never mended by guessing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.ingest.cells import clean_id, half_width, is_scientific
from evalkit.ingest.tables import RawTable
from evalkit.text import Text

COLUMNS: tuple[str, ...] = ("file", "sheet", "field", "kind", "cells", "of", "first_row", "example")
"""Columns of `spreadsheet_damage`."""
KINDS: dict[str, Text] = {
    "scientific": Text(
        en="ids in scientific notation: digits are lost; export the column as text",
        zh="编号成了科学计数法，数字已丢失；请以文本格式重新导出",
    ),
    "rounded": Text(
        en="many 18-digit ids end in 000: a spreadsheet kept 15 digits; export the column as text",
        zh="大量18位证件号以000结尾：电子表格只保留了15位；请以文本格式重新导出",
    ),
    "decimal": Text(en="ids with a decimal .0 (removed in cleaning)", zh="编号带有小数点.0（清洗时去除）"),
    "serial": Text(
        en="dates as serial numbers of a spreadsheet (42430 is 2016-03-01); export the column as text",
        zh="日期成了电子表格序列号（42430即2016-03-01）；请以文本格式重新导出",
    ),
    "short": Text(
        en="codes one digit shorter than the others: a leading zero was probably lost",
        zh="代码比其他代码少一位：可能丢失了前导零",
    ),
}
"""Kinds of damage and what to do."""
_ROUNDED_LEAST, _ROUNDED_SHARE = 3, 0.02
"""One valid id in a thousand ends in 000 by chance: below these a block of them is not called damage."""
_USUAL = 0.6
"""Least share of codes with the usual number of digits."""
_SERIALS = {"year": (36_526, 55_153), "month": (36_526, 55_153), "birth_date": (5_000, 55_153)}
_CODES = ("county", "village", "person", "household", "id_number")
_FIXED = ("county", "village", "id_number")


def spreadsheet_damage(raw: RawTable) -> pd.DataFrame:
    """Return which columns of which sheets show the damage of spreadsheets.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    DataFrame
        One row a column and kind of damage: `COLUMNS`; ``kind`` is a key of `KINDS`, ``cells`` how many of ``of`` filled
        cells show it, ``first_row`` and ``example`` the first of them.

    Examples
    --------
    >>> from evalkit.ingest import from_frame
    >>> raw = from_frame(pd.DataFrame({"户编号": ["5.2E+17", "12.0"], "年度": ["2016", "42430"]}))
    >>> spreadsheet_damage(raw)[["field", "kind", "cells", "of", "first_row"]].to_numpy().tolist()
    [['household', 'scientific', 1, 2, 1], ['household', 'decimal', 1, 2, 2], ['wave', 'serial', 1, 2, 2]]
    """
    rows: list[tuple[object, ...]] = []
    names = raw.frame["_file"] + "\n" + raw.frame["_sheet"].fillna("")
    sheets = [(name, np.flatnonzero((names == name).to_numpy())) for name in names.unique()]
    for field in raw.fields:
        cells = raw.frame[field].to_numpy(dtype=object)
        for kind, test in _tests(field, raw.frame[field]):
            flags = test().to_numpy(dtype=bool)
            for name, at in sheets if flags.any() else ():
                hit = at[flags[at]]
                if len(hit):
                    file, _, sheet = name.partition("\n")
                    filled = int(raw.frame[field].iloc[at].notna().sum())
                    first = int(raw.frame["_row"].iloc[hit[0]])
                    rows.append((file, sheet, field, kind, len(hit), filled, first, cells[hit[0]]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tests(field: str, cells: pd.Series) -> Iterator[tuple[str, Callable[[], pd.Series]]]:
    """Yield the kinds of damage a field can show, each with the test of its cells."""
    known = schema.field(field)
    kind = known.kind if known is not None else ""
    if kind == "id" and field != "birth_date":
        yield "scientific", lambda: _each(cells, is_scientific)
        yield "decimal", lambda: _each(cells, lambda c: len(set(clean_id(c))) > 1)
    if field == "id_number":
        yield "rounded", lambda: _rounded(cells)
    if field in _CODES:
        yield "short", lambda: _short(cells, fixed=field in _FIXED)
    if (name := "birth_date" if field == "birth_date" else kind) in _SERIALS:
        first, last = _SERIALS[name]
        yield (
            "serial",
            lambda: _each(cells, lambda c: _whole(c) is not None and first <= (_whole(c) or 0) <= last),
        )


def _each(cells: pd.Series, test: Callable[[str], bool]) -> pd.Series:
    """Test every different cell once; missing cells pass; shape (n,)."""
    hits = {c for c in cells.dropna().unique() if test(half_width(c))}
    return cells.isin(list(hits))


def _whole(cell: str) -> int | None:
    digits = cell.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 5 else None


def _rounded(cells: pd.Series) -> pd.Series:
    long = _each(cells, lambda c: len(clean_id(c)[1]) == 18)
    zeros = long & _each(cells, lambda c: clean_id(c)[1].endswith("000"))
    enough = zeros.sum() >= _ROUNDED_LEAST and zeros.sum() > _ROUNDED_SHARE * long.sum()
    return zeros if enough else zeros & False


def _short(cells: pd.Series, *, fixed: bool) -> pd.Series:
    """Codes one digit shorter than usual, where codes have a fixed length or some begin with 0."""
    codes = cells.dropna().map({c: clean_id(c)[1] for c in cells.dropna().unique()}).astype("str")
    digits = codes[codes.str.fullmatch("[0-9]+")]
    lengths = digits.str.len().value_counts()
    none = cells.isna() & cells.notna()
    if not len(lengths) or lengths.iloc[0] < _USUAL * len(digits):
        return none
    usual = int(lengths.index[0])
    if not fixed and not ((digits.str.len() == usual) & digits.str.startswith("0")).any():
        return none
    return _each(cells, lambda c: clean_id(c)[1].isdigit() and len(clean_id(c)[1]) == usual - 1)
