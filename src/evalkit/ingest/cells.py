"""Text of single cells: the cleaning of ids, and numbers as text without loss."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2,}")
_DECIMAL_ZEROS = re.compile(r"([0-9]+)\.0+")
_CJK = re.compile(r"[\u3400-\u9fff]")
_WHITE = re.compile(r"\s+")
_TOTALS = re.compile(
    r"(.{0,20}(合计|总计|小计)|(本页|全县|全村|全乡|全镇)?(共计|总数)|(grand)?total|subtotal|sum)[:：]?"
)
_SIGNATURE = re.compile(
    r"(填表|填报|制表|审核|复核|核实|负责|单位负责|主要负责|分管|经办|联系电话|联系人|签字|签章|盖章|日期)(人|员|单位|时间|日期|领导)?"
    r"(签字|签名|签章)?[:：(].*|(注|备注|说明)[:：].*|(填表|制表|审核|复核)(人|日期|单位)"
)
_COUNT = re.compile(r"(共|合计|总计|小计|计)?[0-9]+户")
_LONG = re.compile(r"[0-9]{14,21}[0-9Xx]")
WHOLE = 1e15
"""Above this a floating-point cell no longer holds all digits of an integer."""


def half_width(text: str) -> str:
    r"""Return text with full-width characters as half-width ones (NFKC), without outer white space.

    >>> half_width("　５２０１\u3000"), half_width("（元）")
    ('5201', '(元)')
    """
    return unicodedata.normalize("NFKC", text).strip()


def compact(text: str) -> str:
    r"""Return half-width text without any white space.

    >>> compact(" 户 编　号 ")
    '户编号'
    """
    return _WHITE.sub("", half_width(text))


def as_missing(code: str, label: str = "") -> str:
    """Return the text of a cell that its file declares missing: the code as it stands, then the label.

    >>> as_missing("-9", "refused"), as_missing(".a")
    ('-9 ⟨missing: refused⟩', '.a ⟨missing⟩')
    """
    return f"{code} ⟨missing{': ' if label else ''}{label}⟩"


def declared_missing(text: str) -> bool:
    """Tell whether a cell is text of `as_missing`.

    >>> declared_missing("-9 ⟨missing: refused⟩"), declared_missing("-9")
    (True, False)
    """
    return text.endswith("⟩") and " ⟨missing" in text


def clean_id(text: str) -> tuple[str, str]:
    """Return an id without typing marks, and without the decimal zeros of a spreadsheet; none where a file marks it as missing.

    White space inside goes when the rest is digits, letters and hyphens of ASCII, or Chinese.

    Returns
    -------
    first : str
        Half-width, without spaces and without a leading apostrophe.
    second : str
        Also without ``.0`` at the end.

    Examples
    --------
    >>> clean_id("'０１２ 3"), clean_id("12.0"), clean_id("5.2E+17")
    (('0123', '0123'), ('12.0', '12'), ('5.2E+17', '5.2E+17'))
    """
    if declared_missing(text):
        return "", ""
    first = half_width(half_width(text).lstrip("'`‘’"))
    tight = _WHITE.sub("", first)
    if tight.isdigit() or _CJK.search(tight) or re.fullmatch(r"[0-9Xx\-.]+", tight):
        first = tight
    zeros = _DECIMAL_ZEROS.fullmatch(first)
    return first, zeros[1] if zeros else first


def is_scientific(text: str) -> bool:
    """Tell whether an id is in scientific notation, so that digits are lost.

    >>> is_scientific("5.22633E+17"), is_scientific("522633201E12")
    (True, False)
    """
    return _SCIENTIFIC.fullmatch(text) is not None


def row_word(text: str) -> str:
    """Return ``totals`` or ``signature`` when a cell says that its row is no observation, else ``""``.

    >>> row_word("合 计"), row_word("填表人：某某"), row_word("总溪村")
    ('totals', 'signature', '')
    """
    tight = compact(text).casefold()
    if _TOTALS.fullmatch(tight):
        return "totals"
    return "signature" if _SIGNATURE.fullmatch(tight) else ""


def masked(text: str) -> str:
    """Return text whose long numbers (ids of persons) show only six digits and the last four.

    >>> masked("990101198001010012 | 12345")
    '990101…0012 | 12345'
    """
    return _LONG.sub(lambda m: f"{m[0][:6]}…{m[0][-4:]}", text)


def is_count(text: str) -> bool:
    """Tell whether a cell counts households (``24户``, ``共 24 户``), as totals rows do where the id stands.

    >>> is_count("共24户"), is_count("２４ 户"), is_count("24"), is_count("低保户")
    (True, True, False, False)
    """
    return _COUNT.fullmatch(compact(text)) is not None


def plain_ids(ids: pd.Series) -> pd.Series:
    """Return ids as cleaning will write them; shape (n,), missing stays missing.

    >>> plain_ids(pd.Series(["０12", "12.0", None], dtype="str")).tolist()
    ['012', '12', nan]
    """
    known = {value: clean_id(value)[1] for value in ids.dropna().unique()}
    changed = {k: v for k, v in known.items() if k != v}
    if not changed:
        return ids
    touched = ids.isin(list(changed))
    out = ids.copy()
    out[touched] = ids[touched].map(changed)
    return out.mask(out == "")


def number_text(value: float) -> str:
    """Write a floating-point number so that reading it gives the same bits, whole numbers without ``.0``.

    >>> number_text(12.0), number_text(0.1), number_text(5.22633201905e17)
    ('12', '0.1', '5.22633201905e+17')
    """
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)


def as_text(values: pd.Series) -> pd.Series:
    """Write a column of any type as text without loss; missing stays missing.

    Parameters
    ----------
    values : Series, shape (n,)
        Numbers, booleans (``1``/``0``), dates (ISO) or text.

    Examples
    --------
    >>> as_text(pd.Series([1.0, 2.5, None])).tolist(), as_text(pd.Series([True, False])).tolist()
    (['1', '2.5', nan], ['1', '0'])
    """
    plain = values.reset_index(drop=True)
    if pd.api.types.is_bool_dtype(plain.dtype):
        return plain.astype("Int64").astype("str")
    if pd.api.types.is_integer_dtype(plain.dtype):
        return plain.astype("str")
    if pd.api.types.is_float_dtype(plain.dtype):
        wide = plain.astype("float64")
        known = {v: number_text(v) for v in wide.dropna().unique()}
        return wide.map(known).astype("str")
    if pd.api.types.is_datetime64_any_dtype(plain.dtype):
        return pd.Series(plain.dt.strftime("%Y-%m-%d"), dtype="str")
    if isinstance(plain.dtype, pd.StringDtype):
        blank = plain == ""
        return (plain.mask(blank) if blank.any() else plain).astype("str")
    return pd.Series([cell_text(v) for v in plain], dtype="str")


def cell_text(value: object, decimal: str = ".") -> str | None:
    """Write one cell of a spreadsheet as text; an empty one is None.

    With a decimal comma stored numbers are written with one too, so that all cells of a column read alike.

    >>> cell_text(3.0), cell_text("001"), cell_text(""), cell_text(True)
    ('3', '001', None, '1')
    >>> cell_text(1234.5, ","), cell_text("1.234,5", ",")
    ('1234,5', '1.234,5')
    """
    if isinstance(value, str):
        return value or None
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, float | np.floating):
        return number_text(float(value)).replace(".", decimal)
    return str(value)
