"""Clean tables as the text of cells, and headers as they drift between offices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evalkit.schema import FIELDS, field

MONEY = frozenset(f.name for f in FIELDS if f.kind == "money")
LAST_OF_FIRST = ("income_pc", "work_months", "amount", "villages_in_stratum")
"""Last column of the tables as they were first exported; the household table has two of them."""


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
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("")
    if column.dtype == object:  # damaged: cells of several types
        return pd.Series([_cell_text(v) for v in column.tolist()], index=column.index, dtype="str")
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(object).map({True: "是", False: "否"}).astype("str").fillna("")
    whole = pd.api.types.is_integer_dtype(column.dtype)
    if str(column.name) in MONEY:
        decimals = (0 if whole else 2) + (0 if unit == 1 else 4)
        text = ["" if pd.isna(v) else f"{v / unit:.{decimals}f}" for v in column.tolist()]
        return pd.Series(text, index=column.index, dtype="str")
    if whole:
        return column.astype("str").fillna("")
    return column.map({v: repr(float(v)) for v in column.dropna().unique()}).astype("str").fillna("")


def _cell_text(value: object) -> str:
    """Write one cell of a column of mixed types.

    >>> [_cell_text(v) for v in (None, True, 3, 3.0, 2.5, "x", float("nan"))]
    ['', '是', '3', '3', '2.5', 'x', '']
    """
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


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


def headers_of(rng: np.random.Generator, text: pd.DataFrame, unit_word: str) -> tuple[str, ...]:
    """Name the columns; those that came later draw from a stream of their own, so that nothing else moves."""
    columns = list(text.columns)
    first = next((columns.index(c) + 1 for c in LAST_OF_FIRST if c in columns), len(columns))
    later = rng.spawn(1)[0]
    return (
        *header_text(rng, columns[:first], unit_word),
        *header_text(later, columns[first:], unit_word),
    )
