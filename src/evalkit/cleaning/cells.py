"""What becomes of one cell of text: a chain of steps, each under one rule, decided by the kind of its field.

A cell that can be read as it stands has no steps. Values are decided once per distinct text, so a column of
a million cells costs as much as its distinct doubtful ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from evalkit.cleaning.coded import Coded, Flags, Positions
from evalkit.ingest.cells import clean_id, compact, declared_missing
from evalkit.ledger import plain
from evalkit.schema import NO, YES

Objects = npt.NDArray[np.object_]

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
_DOUBTFUL_TEXT = "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000\u00a0\x00-\x1f\u27e9]|^ | $"


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
    """Return the steps of a cell of a kind (a kind of `evalkit.schema`, or ``wave``).

    >>> steps_of("-9 ⟨missing: refused⟩", "money")
    [Step(rule='T11', new=None)]
    """
    if declared_missing(text):
        return [Step("T11", None)]
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
    """What tidying a column changes, and its steps.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
        Rows whose cell changes.
    cells : ndarray of str or None, shape (m,)
        Their new text.
    at : ndarray of int, shape (s,)
        Row of each step, ascending; the steps of a cell stand in their order.
    rule, old, new : ndarray, shape (s,)
        Rule of each step, text before and afterwards (None: blank).
    """

    rows: Positions
    cells: Objects
    at: Positions
    rule: Objects
    old: Objects
    new: Objects


def tidy(
    column: Coded, kind: str, unit: str = "one", decimal: str = ".", rows: Flags | None = None
) -> Tidied | None:
    """Tidy a column of text; None when nothing changes.

    Parameters
    ----------
    column : Coded
        Shape (n,).
    kind : str
    unit : str
        ``one`` or ``wan``: what money in the column is counted in.
    decimal : str
        Decimal mark of numbers, ``.`` or ``,``.
    rows : ndarray of bool, shape (n,), optional
        The rows to tidy; all when not given.

    Examples
    --------
    >>> import pandas as pd
    >>> out = tidy(Coded.of(pd.Series(["3,000", "2500", None, "3,000"], dtype="str")), "money")
    >>> out.cells.tolist(), out.at.tolist()
    (['3000', '3000'], [0, 3])
    """
    if kind in NUMERIC and decimal == ".":
        if _all_numbers(column):
            return None
        odd = np.flatnonzero(~column.digits & (~column.missing if rows is None else rows & ~column.missing))
        part = tidy_words(Coded(column.text.take(odd)), kind, unit, decimal, None)
        return None if part is None else replace(part, rows=odd[part.rows], at=odd[part.at])
    return tidy_words(column, kind, unit, decimal, rows)


def _all_numbers(column: Coded) -> bool:
    """Tell whether every cell that is there reads as a finite number at once."""
    amounts = column.amounts
    return amounts is not None and not (np.isinf(amounts) | (np.isnan(amounts) & ~column.missing)).any()


def tidy_words(column: Coded, kind: str, unit: str, decimal: str, rows: Flags | None) -> Tidied | None:
    """Tidy a column of text by its distinct words; see `tidy`."""
    places, texts = _doubtful(column, kind, decimal, rows)
    chains = {k: steps_of(t, kind, unit, decimal) for k, t in zip(places, texts, strict=True)}
    chains = {k: steps for k, steps in chains.items() if steps}
    if not chains:
        return None
    hit = np.zeros(len(column.words), dtype=bool)
    hit[list(chains)] = True
    at = np.flatnonzero(column.spread(hit, absent=False) & (True if rows is None else rows))
    if not len(at):
        return None
    told = dict(zip(places, texts, strict=True))
    steps = [
        (pos, step.rule, old, step.new)
        for pos, code in zip(at.tolist(), column.codes[at].tolist(), strict=True)
        for old, step in _linked(told[code], chains[code])
    ]
    pos, rule, old, new = (np.array(part, dtype=object) for part in zip(*steps, strict=True))
    last = np.array([chains[code][-1].new for code in column.codes[at].tolist()], dtype=object)
    return Tidied(at, last, pos.astype(np.intp), rule, old, new)


def _linked(text: str, steps: list[Step]) -> Iterator[tuple[str | None, Step]]:
    """Yield each step with the text before it."""
    old: str | None = text
    for step in steps:
        yield old, step
        old = step.new


def _doubtful(column: Coded, kind: str, decimal: str, rows: Flags | None) -> tuple[list[int], list[str]]:
    """Return the words that may need a step: their places and texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words, places = column.words, None
    if rows is not None:
        places = np.flatnonzero(column.occurring(rows))
        words = words.take(pa.array(places))
    pattern, expected = _PATTERNS.get("comma" if kind in NUMERIC and decimal == "," else kind, (None, True))
    if pattern is not None:
        found = pc.match_substring_regex(words, pattern).to_numpy(zero_copy_only=False)
        inside = np.flatnonzero(found.astype(bool) != expected)
        words = words.take(pa.array(inside))
        places = inside if places is None else places[inside]
    return list(range(len(words))) if places is None else places.tolist(), words.to_pylist()


_PLAIN = (r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$", True)
_PATTERNS: dict[str, tuple[str, bool]] = {
    **dict.fromkeys(NUMERIC, _PLAIN),
    "comma": (r"^[+-]?[0-9]+$", True),
    "id": (_DOUBTFUL_ID, False),
    "text": (_DOUBTFUL_TEXT, False),
}
"""Kind of a column → what to look for in a word, and whether a word without doubt has it."""
