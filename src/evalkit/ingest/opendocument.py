"""Merged ranges of OpenDocument sheets, from the spans of their cells."""

from __future__ import annotations

import zipfile
import zlib
from xml.parsers import expat

from evalkit.ingest.sources import Source

_PIECE = 1 << 20
_CELLS = ("table:table-cell", "table:covered-table-cell")
Ranges = dict[str, list[tuple[int, int, int, int]]]
"""Sheet → first row, last row, first column, last column of each range, counted from 1."""


class _Spans:
    """Follows the rows and cells of a content.xml and keeps the ranges that span several."""

    def __init__(self) -> None:
        self.ranges: Ranges = {}
        self._sheet = ""
        self._row = 1
        self._rows = 1
        self._column = 1

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "table:table":
            self._sheet, self._row = given.get("table:name", ""), 1
            self.ranges.setdefault(self._sheet, [])
        elif name == "table:table-row":
            self._column, self._rows = 1, _count(given, "table:number-rows-repeated")
        elif name in _CELLS:
            down = _count(given, "table:number-rows-spanned")
            right = _count(given, "table:number-columns-spanned")
            if down > 1 or right > 1:
                here = (self._row, self._row + down - 1, self._column, self._column + right - 1)
                self.ranges[self._sheet].append(here)
            self._column += _count(given, "table:number-columns-repeated")

    def end(self, name: str) -> None:
        if name == "table:table-row":
            self._row += self._rows


def merged_ranges(source: Source) -> Ranges:
    """Return the merged ranges of each sheet of an ods file; nothing for other types, and for files that cannot be read.

    Parameters
    ----------
    source : Source
        Already refused when it unpacks to too much.
    """
    if source.suffix != ".ods":
        return {}
    spans = _Spans()
    parser = expat.ParserCreate()
    parser.StartElementHandler = spans.start
    parser.EndElementHandler = spans.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        with source.stream() as stream, zipfile.ZipFile(stream) as book, book.open("content.xml") as content:
            while piece := content.read(_PIECE):
                parser.Parse(piece, False)  # noqa: FBT003 - expat takes no keywords
            parser.Parse(b"", True)  # noqa: FBT003
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        KeyError,
        ValueError,
        expat.ExpatError,
    ):
        return {}  # whoever opens it says what is wrong with it
    return spans.ranges


def _count(given: dict[str, str], name: str) -> int:
    """Return a number of an element, 1 where there is none."""
    text = given.get(name, "1")
    return max(int(text), 1) if text.isdigit() and len(text) < 9 else 1


def _refuse(*_about: object) -> None:
    msg = "a document type in content.xml"
    raise ValueError(msg)
