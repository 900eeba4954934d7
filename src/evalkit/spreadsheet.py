r"""Text for files that people open in a spreadsheet program: nothing runs, nothing breaks the file.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return (or a full-width form of them) is
taken for a formula when a text file is opened; control characters make a workbook unreadable. In a
workbook text is stored as text, so `printable` is enough there; in a text file use `safe_cell`.
"""

from __future__ import annotations

import re

LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""

_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠﹢﹣﹦﹫−]|[\t\r]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(value: object) -> str:
    r"""Return a value as text that a workbook or an XML file can hold.

    Control characters, lone surrogates and the like are written out as ``\x0b``; text longer than a cell is
    cut and says so. Missing values become empty text.

    >>> printable("张\x00三"), printable(None), printable(3.0), printable("=1+1")
    ('张\\x00三', '', '3.0', '=1+1')
    """
    if value is None or value != value:
        return ""
    text = _ILLEGAL.sub(_written_out, str(value))
    if len(text) <= LONGEST:
        return text
    note = f" … ({len(text)} characters)"
    return text[: LONGEST - len(note)] + note


def looks_like_formula(text: str) -> bool:
    r"""Tell whether a spreadsheet program may take text for a formula; plain numbers are none.

    >>> [looks_like_formula(t) for t in ("=1", " ＝1", "@SUM(1)", "\t=1", "-12.5", "+1+1", "a=1")]
    [True, True, True, True, False, True, False]
    """
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def safe_cell(value: object) -> str:
    r"""Return a value as text for a cell of a CSV file: what looks like a formula gets an apostrophe before it.

    >>> safe_cell("=cmd|' /C calc'!A0"), safe_cell("-12.5"), safe_cell("赵某"), safe_cell("\t=1")
    ("'=cmd|' /C calc'!A0", '-12.5', '赵某', "'\t=1")
    """
    text = printable(value)
    return f"'{text}" if looks_like_formula(text) else text


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
