"""What becomes of one cell of text: a chain of steps, each under one rule, decided by the kind of its field.

A cell that can be read as it stands has no steps. Values are decided once per distinct text, so a column of
a million cells costs as much as its distinct doubtful ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.ingest.cells import clean_id, compact
from evalkit.ledger import plain
from evalkit.schema import NO, YES

NUMERIC: frozenset[str] = frozenset({"number", "money", "integer"})
"""Kinds read as numbers."""
PLACEHOLDERS: frozenset[str] = frozenset(
    {"-", "--", "—", "——", "/", "\\", ".", "..", "n/a", "na", "nan", "null", "none", "#n/a", "不详", "未知", "无", "空", "缺失"}
)  # fmt: skip
"""Texts that stand for a missing number, year or mark (compact, case folded)."""
WAN = Decimal(10000)

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3})+)(?![0-9,])(.*)")
_COMMA = re.compile(r"([+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*)(?:,[0-9]*)?)(?![0-9.,])(.*)")
_SUFFIXED = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(万元|万人|万|元|人|口|岁|周岁|亩|户|个|个月|月|年|公里|千米|km)"
)
_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:年度?|\.0+)?")
_DATE = re.compile(
    r"((?:19|20)[0-9]{2})(?:(?:0[1-9]|1[0-2])(?:[0-3][0-9])?|[-/.年][01]?[0-9](?:月?|[-/.月][0-3]?[0-9]日?)(?:[0-2][0-9]:[0-9:.]+)?)"
)
_WAVE = re.compile(r"[0-9]{1,4}")
_WIDE_ALNUM = str.maketrans(
    {c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
    | {0x3000: " ", 0xA0: " "}
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_DOUBTFUL_ID = r"[^0-9A-Za-z_/-]"
_DOUBTFUL_TEXT = "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000\u00a0\x00-\x1f]|^ | $"


@dataclass(frozen=True)
class Step:
    """One step of a chain: the rule and the text afterwards (None: blank)."""

    rule: str
    new: str | None


def number_steps(text: str, unit: str = "one", decimal: str = ".") -> list[Step]:
    """Return the steps that make text a number in the unit of its column.

    With a decimal comma points are thousands separators; ``3.5`` is no number then.

    >>> [s.new for s in number_steps("１，２３４．５元")]
    ['1,234.5元', '1234.5元', '1234.5']
    >>> number_steps("1.2万元"), number_steps("5000元", "wan")
    ([Step(rule='T03', new='12000')], [Step(rule='T03', new='0.5')])
    >>> number_steps("约三千"), number_steps("不详"), number_steps("-12.50")
    ([Step(rule='T07', new=None)], [Step(rule='T06', new=None)], [])
    >>> [number_steps(t, decimal=",")[0].new for t in ("1.234,5", "1.234", "1,234", "3.5")]
    ['1234.5', '1234', '1.234', None]
    """
    now = compact(text).lstrip("'`").replace("\u2212", "-")
    steps = [] if now == text else [Step("T01", now or None)]
    comma = decimal == "," and ("," in now or "." in now)
    if not now or (_NUMBER.fullmatch(now) and not comma):
        return steps
    if now.casefold() in PLACEHOLDERS:
        return [*steps, Step("T06", None)]
    if comma:
        read = _COMMA.fullmatch(now)
        if not read:
            return [*steps, Step("T07", None)]
        now = read[1].replace(".", "").replace(",", ".") + read[2]
        steps.append(Step("T10", now))
    grouped = None if comma else _GROUPED.fullmatch(now)
    if grouped:
        now = grouped[1].replace(",", "") + grouped[2]
        steps.append(Step("T02", now))
    suffixed = _SUFFIXED.fullmatch(now)
    if suffixed:
        return [*steps, Step("T03", _converted(suffixed[1], suffixed[2], unit))]
    return steps if _NUMBER.fullmatch(now) else [*steps, Step("T07", None)]


def _converted(number: str, word: str, unit: str) -> str:
    if word.startswith("万") and unit != "wan":
        return plain(Decimal(number) * WAN)
    if word == "元" and unit == "wan":
        return plain(Decimal(number) / WAN)
    return number


def year_steps(text: str, *, wave: bool = False) -> list[Step]:
    """Return the steps that make text a year; waves may also be small numbers (1, 2, 3).

    >>> [s.new for s in year_steps("2016年")], [s.new for s in year_steps("201412")], year_steps("0")
    (['2016'], ['2014'], [Step(rule='T06', new=None)])
    >>> year_steps("2", wave=True), year_steps("2016-12-31"), year_steps("去年")
    ([], [Step(rule='T04', new='2016')], [Step(rule='T07', new=None)])
    """
    now = compact(text).lstrip("'`")
    steps = [] if now == text else [Step("T01", now or None)]
    if not now or (wave and _WAVE.fullmatch(now)):
        return steps
    year = _YEAR.fullmatch(now) or _DATE.fullmatch(now)
    if year:
        return steps if year[1] == now else [*steps, Step("T04", year[1])]
    if now == "0" or now.casefold() in PLACEHOLDERS:
        return [*steps, Step("T06", None)]
    return [*steps, Step("T07", None)]


def flag_steps(text: str) -> list[Step]:
    """Return the steps that make text a yes/no word.

    >>> flag_steps("是"), flag_steps(" 否"), flag_steps("-"), flag_steps("也许")
    ([], [Step(rule='T01', new='否')], [Step(rule='T06', new=None)], [Step(rule='T07', new=None)])
    """
    now = compact(text)
    steps = [] if now == text else [Step("T01", now or None)]
    if not now or now.casefold() in YES or now.casefold() in NO:
        return steps
    return [*steps, Step("T06" if now.casefold() in PLACEHOLDERS else "T07", None)]


def id_steps(text: str) -> list[Step]:
    """Return the steps that make text an id.

    >>> id_steps("００12.0"), id_steps("001")
    ([Step(rule='T01', new='0012.0'), Step(rule='T05', new='0012')], [])
    """
    first, second = clean_id(text)
    steps = [] if first == text else [Step("T01", first or None)]
    return steps if second == first else [*steps, Step("T05", second)]


def text_steps(text: str, *, word: bool = False) -> list[Step]:
    """Return the steps that tidy text: outer blanks, full-width letters and digits; a code word holds no blanks.

    >>> text_steps(" 已脱贫\u3000"), text_steps("张 三"), text_steps("已 脱贫", word=True)
    ([Step(rule='T01', new='已脱贫')], [], [Step(rule='T01', new='已脱贫')])
    """
    now = text.translate(_WIDE_ALNUM).strip()
    if word and _CJK.search(now):
        now = "".join(now.split())
    return [] if now == text else [Step("T01", now or None)]


def steps_of(text: str, kind: str, unit: str = "one", decimal: str = ".") -> list[Step]:
    """Return the steps of a cell of a kind (a kind of `evalkit.schema`, or ``wave``)."""
    if kind in NUMERIC:
        return number_steps(text, unit, decimal)
    if kind in ("year", "wave"):
        return year_steps(text, wave=kind == "wave")
    if kind == "flag":
        return flag_steps(text)
    if kind == "id":
        return id_steps(text)
    return text_steps(text, word=kind == "category")


@dataclass(frozen=True, eq=False)
class Tidied:
    """A column afterwards, and its steps: frame of pos (0-based row), rule, old, new, in order within a cell."""

    cells: pd.Series
    steps: pd.DataFrame


def tidy(cells: pd.Series, kind: str, unit: str = "one", decimal: str = ".") -> Tidied:
    """Tidy a column of text.

    Parameters
    ----------
    cells : Series of str, shape (n,)
        With a `RangeIndex`.
    kind : str
    unit : str
        ``one`` or ``wan``: what money in the column is counted in.
    decimal : str
        Decimal mark of numbers, ``.`` or ``,``.

    Examples
    --------
    >>> out = tidy(pd.Series(["3,000", "2500", None, "3,000"], dtype="str"), "money")
    >>> out.cells.tolist(), out.steps["pos"].tolist()
    (['3000', '2500', nan, '3000'], [0, 3])
    """
    doubtful = _doubtful(cells, kind, decimal)
    chains = {v: steps_of(v, kind, unit, decimal) for v in cells[doubtful].unique()}
    chains = {v: steps for v, steps in chains.items() if steps}
    if not chains:
        return Tidied(cells, _NO_STEPS)
    table = _chain_table(chains)
    at = np.flatnonzero(cells.isin(list(chains)).to_numpy(dtype=bool))
    touched = cells.iloc[at]
    last = {v: steps[-1].new for v, steps in chains.items()}
    out = cells.copy()
    out.iloc[at] = touched.map(last).astype("str").to_numpy()
    found = pd.DataFrame({"pos": at, "text": touched.to_numpy()}).merge(
        table, on="text", how="left", sort=False
    )
    return Tidied(out, found[["pos", "rule", "old", "new"]])


_NO_STEPS = pd.DataFrame({"pos": np.array([], dtype=np.intp), "rule": [], "old": [], "new": []})


def _chain_table(chains: dict[str, list[Step]]) -> pd.DataFrame:
    rows = []
    for text, steps in chains.items():
        old: str | None = text
        for step in steps:
            rows.append((text, step.rule, old, step.new))
            old = step.new
    table = pd.DataFrame(rows, columns=["text", "rule", "old", "new"])
    return table.astype(dict.fromkeys(table.columns, "str"))


def _doubtful(cells: pd.Series, kind: str, decimal: str) -> npt.NDArray[np.bool_]:
    """Return the cells that may need a step; shape (n,)."""
    if kind in NUMERIC and decimal == ",":
        return _matches(cells, r"[+-]?[0-9]+", whole=False)
    if kind in NUMERIC:
        if readable(cells):
            return np.zeros(len(cells), dtype=bool)
        return _matches(cells, r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", whole=False)
    if kind == "id":
        return cells.str.contains(_DOUBTFUL_ID).fillna(value=False).to_numpy(dtype=bool)
    if kind == "text":
        return cells.str.contains(_DOUBTFUL_TEXT).fillna(value=False).to_numpy(dtype=bool)
    return cells.notna().to_numpy()


def _matches(cells: pd.Series, pattern: str, *, whole: bool) -> npt.NDArray[np.bool_]:
    """Return where cells match (or, with ``whole=False``, are present and do not match)."""
    hit = cells.str.fullmatch(pattern).fillna(value=False).to_numpy(dtype=bool)
    return hit if whole else cells.notna().to_numpy() & ~hit


def readable(cells: pd.Series) -> bool:
    """Tell whether every present cell is a finite number as it stands."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = pc.cast(pa.array(cells), pa.float64())
    except pa.ArrowInvalid:
        return False
    return bool(pc.all(pc.is_finite(values)).as_py() is not False)


def numbers(cells: pd.Series) -> npt.NDArray[np.float64]:
    """Return tidied cells as numbers, correctly rounded, NaN where missing; shape (n,).

    >>> numbers(pd.Series(["0.1", None, "-3"], dtype="str")).tolist()
    [0.1, nan, -3.0]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pc.cast(pa.array(cells), pa.float64())
    return np.asarray(values.to_pandas(), dtype=np.float64)
