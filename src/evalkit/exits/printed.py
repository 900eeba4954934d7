"""Numbers as they are printed, and arithmetic that knows how far they were rounded.

A printed 3.8 million says that the number lies between 3.75 and 3.85 million. Sums, products and shares of printed
numbers are therefore intervals, computed here with exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

SCALES: dict[str, Fraction] = {
    "%": Fraction(1, 100),
    "％": Fraction(1, 100),
    "percent": Fraction(1, 100),
    "per cent": Fraction(1, 100),
    "‰": Fraction(1, 1000),
    "thousand": Fraction(10**3),
    "million": Fraction(10**6),
    "billion": Fraction(10**9),
    "千": Fraction(10**3),
    "万": Fraction(10**4),
    "百万": Fraction(10**6),
    "千万": Fraction(10**7),
    "亿": Fraction(10**8),
    "万亿": Fraction(10**12),
}
"""Words after a number that multiply it."""

_NUMBER = re.compile(
    r"\s*(?P<sign>[-+−－]?)\s*(?P<whole>\d{1,3}(?:[,，]\d{3})+|\d+)(?P<part>\.\d+)?(?![\d.,，])\s*(?P<word>.*?)\s*",
    flags=re.DOTALL,
)
_WORDS = sorted(SCALES, key=len, reverse=True)
_UNITS = re.compile("千[克米瓦卡帕]")
"""Units that begin with a word of scale: kilogram, kilometre, kilowatt …"""


@dataclass(frozen=True)
class Span:
    """A number known within limits: `value` in [`low`, `high`]."""

    value: Fraction
    low: Fraction
    high: Fraction

    def meets(self, other: Span) -> bool:
        """Return whether both can be the same number.

        >>> printed("1.328 billion").meets(times([printed("300"), printed("4.425 million")]))
        True
        """
        return self.low <= other.high and other.low <= self.high


def known(value: Fraction | float | int) -> Span:
    """Return a number that is known exactly."""
    exact = Fraction(value)
    return Span(exact, exact, exact)


def printed(text: str, *, to: str | None = None, exact: bool = False) -> Span | None:
    """Read a printed number; None where the text is none.

    Parameters
    ----------
    text : str
        ``"3.8 million"``, ``"1.2万户"``, ``"-0.0139"``, ``"86.57 %"``, ``"6,409,000 persons"``; what follows the scale is
        taken for the unit.
    to : str, optional
        The number is rounded to multiples of this (``"100"``) instead of to its last printed digit.
    exact : bool
        The number is not rounded (a count of counties, a year).

    Returns
    -------
    Span or None
        Half a unit of the last printed digit to both sides.

    Examples
    --------
    >>> p = printed("3.8 million")
    >>> float(p.low), float(p.high)
    (3750000.0, 3850000.0)
    >>> printed("many") is None
    True
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    digits = re.sub("[,，]", "", found["whole"]) + (found["part"] or "")
    word = found["word"].casefold()
    named = None if _UNITS.match(word) else next((w for w in _WORDS if word.startswith(w)), None)
    scale = Fraction(1) if named is None else SCALES[named]
    value = Fraction(digits) * scale * (-1 if found["sign"] in ("-", "−", "－") and found["sign"] else 1)
    if exact:
        return known(value)
    half = scale / 10 ** len((found["part"] or ".")[1:]) / 2
    if to is not None:
        step = printed(to, exact=True)
        if step is None or step.value <= 0:
            return None
        half = step.value / 2
    return Span(value, value - half, value + half)


def plus(terms: Sequence[Span]) -> Span:
    """Return the sum.

    >>> float(plus([printed("2.39"), printed("1.16")]).value)
    3.55
    """
    zero = Fraction(0)
    return Span(
        sum((t.value for t in terms), zero),
        sum((t.low for t in terms), zero),
        sum((t.high for t in terms), zero),
    )


def minus(first: Span, second: Span) -> Span:
    """Return the difference."""
    return Span(first.value - second.value, first.low - second.high, first.high - second.low)


def times(factors: Sequence[Span]) -> Span:
    """Return the product."""
    out = known(1)
    for f in factors:
        ends = [a * b for a in (out.low, out.high) for b in (f.low, f.high)]
        out = Span(out.value * f.value, min(ends), max(ends))
    return out


def over(part: Span, whole: Span) -> Span | None:
    """Return the ratio, None where the divisor may be zero."""
    if whole.low <= 0 <= whole.high:
        return None
    ends = [a / b for a in (part.low, part.high) for b in (whole.low, whole.high)]
    return Span(part.value / whole.value, min(ends), max(ends))


def grown(before: Span, after: Span, years: int = 1) -> Span | None:
    """Return the growth rate a year, None where a number may be zero or negative.

    >>> g = grown(printed("100"), printed("121"), 2)
    >>> round(float(g.value), 12)
    0.1
    """
    if before.low <= 0 or after.low <= 0:
        return None

    def rate(a: Fraction, b: Fraction) -> Fraction:
        return b / a - 1 if years == 1 else Fraction(float(b / a) ** (1 / years) - 1)

    return Span(rate(before.value, after.value), rate(before.high, after.low), rate(before.low, after.high))
