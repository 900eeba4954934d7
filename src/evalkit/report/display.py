"""How a number is printed: one place, both languages, the same in prose, tables, figures and summary.json."""

from __future__ import annotations

import math
from typing import Literal

from evalkit.text import LANGUAGES, Language, Text

Format = Literal[
    "text", "code", "count", "money", "share", "rate", "points", "decimal", "ratio", "p", "figure"
]
"""``share`` one decimal of a percent; ``rate`` two (rare events, verdicts); ``points`` signed percentage points;
``decimal`` two decimals; ``ratio`` three (AUC, Brier, log points); ``code`` years and codes, never grouped;
``figure`` a cited figure with the decimals it has."""

MISSING = "—"
SUPPRESSED = "×"
MINUS = "−"

_DIGITS: dict[Format, int] = {
    "count": 0, "money": 0, "share": 1, "rate": 2, "points": 1, "decimal": 2, "ratio": 3,
}  # fmt: skip
_PERCENT: frozenset[Format] = frozenset({"share", "rate", "points"})


def bare(value: float | None, form: Format) -> str:
    """Return a number without its unit sign; NaN and None are an em dash.

    >>> bare(0.1234, "share"), bare(-1234.5, "money"), bare(0.0004, "p"), bare(None, "share")
    ('12.3', '−1,234', '<0.001', '—')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if form == "p":
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if form == "figure":
        return f"{value:,.10g}".replace("-", MINUS)
    if form in ("code", "text"):
        return f"{value:g}".replace("-", MINUS)
    digits = _DIGITS[form]
    shown = f"{value * (100 if form in _PERCENT else 1):,.{digits}f}"
    if float(shown.replace(",", "")) == 0:
        shown = f"{0:.{digits}f}"
    if form == "points" and not shown.startswith("-") and value > 0:
        shown = "+" + shown
    return shown.replace("-", MINUS)


def number(value: float | None, form: Format, language: Language) -> str:
    """Return a number with its sign: ``12.3 %`` (a narrow space) in English, ``12.3%`` in Chinese.

    >>> number(0.123, "share", "zh"), number(-0.02, "points", "zh")
    ('12.3%', '−2.0个百分点')
    >>> number(0.123, "share", "en").split()
    ['12.3', '%']
    """
    shown = bare(value, form)
    if shown == MISSING:
        return shown
    if form in ("share", "rate"):
        return shown + ("%" if language == "zh" else "\u202f%")
    if form == "points":
        return shown + ("个百分点" if language == "zh" else " percentage points")
    return shown


def span(low: float | None, high: float | None, form: Format, language: Language) -> str:
    """Return an interval without brackets or unit; an open end is written with ≤ or ≥.

    >>> span(0.101, 0.145, "share", "en"), span(-0.02, 0.03, "share", "zh"), span(None, 0.02, "rate", "en")
    ('10.1–14.5', '−2.0至3.0', '≤ 2.00')
    """
    a, b = bare(low, form), bare(high, form)
    if a == MISSING and b == MISSING:
        return MISSING
    if a == MISSING:
        return f"≤ {b}"
    if b == MISSING:
        return f"≥ {a}"
    if MINUS in a or MINUS in b or form == "points":
        return f"{a}至{b}" if language == "zh" else f"{a} to {b}"
    return f"{a}–{b}"


def with_interval(
    value: float | None, low: float | None, high: float | None, form: Format, language: Language
) -> str:
    """Return ``12.3 % (10.1–14.5)``; the value alone when there is no interval.

    >>> with_interval(0.123, 0.101, 0.145, "share", "zh")
    '12.3%（10.1–14.5）'
    """
    head = number(value, form, language)
    inner = span(low, high, form, language)
    if inner == MISSING or head == MISSING:
        return head
    return f"{head}（{inner}）" if language == "zh" else f"{head} ({inner})"


def p_value(p: float | None, language: Language) -> str:
    """Return ``p = 0.012``, ``p < 0.001``, or an em dash.

    >>> p_value(0.0001, "en"), p_value(0.25, "zh")
    ('p < 0.001', 'p = 0.250')
    """
    shown = bare(p, "p")
    if shown == MISSING:
        return shown
    del language
    return f"p < {shown[1:]}" if shown.startswith("<") else f"p = {shown}"


def both(value: float | None, form: Format) -> Text:
    """Return a number with its sign in both languages."""
    said = {lang: number(value, form, lang) for lang in LANGUAGES}
    return Text(en=said["en"], zh=said["zh"])
