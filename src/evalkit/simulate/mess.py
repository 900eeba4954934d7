"""Damage done to clean tables on their way out, one small function a kind, every change on record.

Functions take and give cell text. A row is damaged at most once, so each recorded change stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.idnumber import CHECK

Rewrite = Callable[[np.random.Generator, str, int], str]
"""(generator, cell text, yuan per unit of money) -> text as written; unchanged if it cannot apply."""

_FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")


@dataclass(frozen=True)
class Kind:
    """A way of going wrong.

    Parameters
    ----------
    name : str
    rate : float
        Share of rows.
    columns : tuple of str
        Canonical columns in which it happens.
    rewrite : callable
    """

    name: str
    rate: float
    columns: tuple[str, ...]
    rewrite: Rewrite


@dataclass(frozen=True)
class Change:
    """One changed cell: position of the row in the clean table, column, kind, text before and after."""

    row: int
    column: str
    kind: str
    true: str
    written: str


@dataclass(frozen=True)
class Extra:
    """One row too many, after the row at position `after`; `column` names a cell that differs, if any."""

    after: int
    kind: str
    values: tuple[str, ...]
    column: str = ""
    true: str = ""
    written: str = ""


def full_width(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Write digits in full width.

    >>> full_width(np.random.default_rng(0), "12", 1)
    '１２'
    """
    return text.translate(_FULL_WIDTH)


def thousands(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Group digits by thousands.

    >>> thousands(np.random.default_rng(0), "12345.60", 1), thousands(np.random.default_rng(0), "0.84", 1)
    ('12,345.60', '0.84')
    """
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.isdigit() else text


def yuan_suffix(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Write the unit behind the number.

    >>> yuan_suffix(np.random.default_rng(0), "12", 1), yuan_suffix(np.random.default_rng(0), "1.2", 10_000)
    ('12元', '1.2万元')
    """
    return f"{text}{'元' if unit == 1 else '万元'}" if text else text


def stray_space(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Put blanks around the text: ordinary, ideographic or a tab.

    >>> stray_space(np.random.default_rng(0), "已脱贫", 1).strip()
    '已脱贫'
    """
    before, after = rng.choice(["", " ", "  ", "\u3000", "\t"], 2)
    return f"{before}{text}{after}" if before or after else f" {text}"


def factor_100(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Lose the decimal point of an amount, if that lifts it above 100,000 yuan.

    >>> factor_100(np.random.default_rng(0), "4321.50", 1), factor_100(np.random.default_rng(0), "900.00", 1)
    ('432150', '900.00')
    """
    value = float(text) * 100
    if value * unit <= 100_000:
        return text
    return f"{value:.0f}" if unit == 1 else f"{value:.4f}"


def break_identity(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Write a net income that its parts do not add up to (15 to 60 % more).

    >>> break_identity(np.random.default_rng(0), "1000", 1)
    '1437'
    """
    decimals = len(text.partition(".")[2])
    return f"{float(text) * rng.uniform(1.15, 1.6):.{decimals}f}"


def lose(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Leave the cell empty.

    >>> lose(np.random.default_rng(0), "990121", 1)
    ''
    """
    return text[:0]


def lose_tail(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Turn the last three digits of an id into zeros, as a spreadsheet does with 15-digit precision.

    >>> lose_tail(np.random.default_rng(0), "99010619491231002X", 1)
    '990106194912310000'
    """
    return text[:15] + "000"


def wrong_check(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Write another check character.

    >>> wrong_check(np.random.default_rng(0), "99010619491231002X", 1)[:17]
    '99010619491231002'
    """
    others = [c for c in CHECK if c != text[-1]]
    return text[:-1] + others[int(rng.integers(len(others)))]


def other_sex(rng: np.random.Generator, text: str, unit: int) -> str:  # noqa: ARG001
    """Write the other sex.

    >>> other_sex(np.random.default_rng(0), "男", 1)
    '女'
    """
    return "女" if text == "男" else "男"


_AMOUNTS = ("wage_income", "operating_income", "transfer_income", "income_gross", "income_net", "income_pc")

HOUSEHOLD_KINDS: tuple[Kind, ...] = (
    Kind("full_width_digits", 0.004, ("size", "head_age", "income_net", "income_pc"), full_width),
    Kind("thousands_separator", 0.004, _AMOUNTS, thousands),
    Kind("unit_suffix", 0.003, _AMOUNTS, yuan_suffix),
    Kind("stray_space", 0.004, ("household", "village_name", "status", "cause", "income_pc"), stray_space),
    Kind("typing_factor_100", 0.001, ("income_pc",), factor_100),
    Kind("broken_identity", 0.002, ("income_net",), break_identity),
    Kind("missing_welfare", 0.003, ("income_pc",), lose),
    Kind("missing_county", 0.001, ("county",), lose),
)
MEMBER_KINDS: tuple[Kind, ...] = (
    Kind("bad_checksum", 0.002, ("id_number",), wrong_check),
    Kind("sex_mismatch", 0.002, ("sex",), other_sex),
    Kind("stray_space", 0.002, ("name", "id_number", "health"), stray_space),
)
ID_BLOCK = 0.004
"""Share of member rows in one block whose id numbers lost their last digits."""
PROGRAM_KINDS: tuple[Kind, ...] = (
    Kind("thousands_separator", 0.003, ("amount",), thousands),
    Kind("unit_suffix", 0.002, ("amount",), yuan_suffix),
    Kind("stray_space", 0.002, ("household", "program"), stray_space),
)
SURVEY_KINDS: tuple[Kind, ...] = (
    Kind("full_width_digits", 0.002, ("persons",), full_width),
    Kind("stray_space", 0.002, ("household", "survey_group"), stray_space),
)
DUPLICATES, CONFLICTS = 0.003, 0.001
"""Shares of rows copied exactly, and copied with another income."""


def count_of(rate: float, n: int) -> int:
    """Return how many of `n` rows a rate means: at least one.

    >>> count_of(0.001, 200), count_of(0.004, 2000)
    (1, 8)
    """
    return max(1, round(rate * n))


def damage_cells(
    rng: np.random.Generator,
    text: pd.DataFrame,
    kinds: tuple[Kind, ...],
    rows: npt.NDArray[np.int64],
    unit: int,
) -> list[Change]:
    """Choose cells and what is written in them.

    Parameters
    ----------
    rng : Generator
    text : DataFrame of str
        The clean table, canonical columns.
    kinds : tuple of Kind
    rows : int array
        Positions to choose from, in random order; used from the front, none twice.
    unit : int
        Yuan per unit of money in `text`.

    Returns
    -------
    list of Change
        Kinds that cannot apply to a chosen cell are left out.
    """
    changes = []
    used = 0
    for kind in kinds:
        count = count_of(kind.rate, len(text))
        for row in rows[used : used + count]:
            column = kind.columns[int(rng.integers(len(kind.columns)))]
            true = str(text[column].iloc[int(row)])
            written = kind.rewrite(rng, true, unit)
            if written != true:
                changes.append(Change(int(row), column, kind.name, true, written))
        used += count
    return changes


def damage_id_block(rng: np.random.Generator, text: pd.DataFrame) -> list[Change]:
    """Destroy the last digits of the ids in one block of consecutive rows."""
    count = count_of(ID_BLOCK, len(text))
    first = int(rng.integers(0, max(len(text) - count, 1)))
    changes = []
    for row in range(first, min(first + count, len(text))):
        true = str(text["id_number"].iloc[row])
        changes.append(Change(row, "id_number", "id_tail_lost", true, lose_tail(rng, true, 1)))
    return changes


def copy_rows(text: pd.DataFrame, rows: npt.NDArray[np.int64]) -> list[Extra]:
    """Repeat rows exactly."""
    return [Extra(int(r), "duplicate_row", tuple(text.iloc[int(r)])) for r in rows]


def contradict_rows(
    rng: np.random.Generator, text: pd.DataFrame, rows: npt.NDArray[np.int64], unit: int
) -> list[Extra]:
    """Repeat rows with another income: wages raised by a round sum a head, the account still adding up."""
    extras = []
    for row in rows:
        values = text.iloc[int(row)].copy()
        more = int(rng.integers(3, 16)) * 100
        true = str(values["income_pc"])
        for column in ("wage_income", "income_gross", "income_net"):
            values[column] = _add(str(values[column]), more * int(values["size"]) / unit)
        values["income_pc"] = _add(true, more / unit)
        written = str(values["income_pc"])
        extras.append(Extra(int(row), "conflicting_duplicate", tuple(values), "income_pc", true, written))
    return extras


def blank_rows(text: pd.DataFrame, rows: npt.NDArray[np.int64]) -> list[Extra]:
    """Put empty lines after rows."""
    return [Extra(int(r), "blank_line", ("",) * text.shape[1]) for r in rows]


def _add(text: str, more: float) -> str:
    """Add to a number in text, keeping its decimals."""
    return f"{float(text) + more:.{len(text.partition('.')[2])}f}"
