"""Formulas of a workbook: their stored values are read; those without one, and those from elsewhere, are told."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import IO

from evalkit.ingest.sources import Source

_CELL = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]+[0-9]+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>([^<]*)</f>)\s*(<v>[^<]+</v>|<v [^>]*>[^<]+</v>)?'
)
_SHEET = re.compile(r'<(?:\w+:)?sheet\b[^>]*?\bname="([^"]*)"[^>]*?\br:id="([^"]*)"')
_TARGET = re.compile(r"<Relationship\b[^>]*>")
_EXTERNAL = re.compile(rb"\[[0-9]+\]|\[[^\]]+\.xls")
_PIECE = 1 << 20


@dataclass
class _Seen:
    without: int = 0
    first_without: str = ""
    external: int = 0
    first_external: str = ""

    def notes(self) -> tuple[str, ...]:
        out = []
        if self.without:
            out.append(
                f"{self.without} formulas without a stored value are read as empty cells (first: {self.first_without}); "
                "open and save the file in a spreadsheet program to store them"
            )
        if self.external:
            out.append(
                f"{self.external} values come from other workbooks (external links, first: {self.first_external}); the "
                "stored values are used"
            )
        return tuple(out)


def formula_notes(source: Source) -> dict[str, tuple[str, ...]]:
    """Return what to say about the formulas of each sheet of an xlsx file; nothing for other types.

    Parameters
    ----------
    source : Source

    Returns
    -------
    dict
        Sheet → notes; sheets without such formulas are absent.
    """
    if source.suffix not in (".xlsx", ".xlsm"):
        return {}
    try:
        with source.stream() as stream, zipfile.ZipFile(stream) as book:
            parts = _parts_of_sheets(book)
            return {name: notes for name, part in parts if (notes := _notes(book, part))}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        KeyError,
        UnicodeError,
    ):
        return {}  # whoever opens the workbook says what is wrong with it


def _parts_of_sheets(book: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Return the name of each sheet and the part of the archive it is in."""
    rels = book.read("xl/_rels/workbook.xml.rels").decode("utf-8")
    targets = {}
    for tag in _TARGET.findall(rels):
        values = dict(re.findall(r'\b(Id|Target)="([^"]*)"', tag))
        if len(values) == 2:
            targets[values["Id"]] = posixpath.normpath(posixpath.join("/xl", values["Target"])).lstrip("/")
    text = book.read("xl/workbook.xml").decode("utf-8")
    return [(unescape(name), targets[at]) for name, at in _SHEET.findall(text) if at in targets]


def _notes(book: zipfile.ZipFile, part: str) -> tuple[str, ...]:
    seen = _Seen()
    with book.open(part) as stream:
        for xml in _whole_cells(stream):
            for cell, formula, value in _CELL.findall(xml) if b"<f" in xml else ():
                where = cell.decode()
                if not value:
                    seen.without += 1
                    seen.first_without = seen.first_without or where
                elif _EXTERNAL.search(formula):
                    seen.external += 1
                    seen.first_external = seen.first_external or where
    return seen.notes()


def _whole_cells(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield pieces of a sheet that end behind a cell."""
    rest = b""
    while piece := stream.read(_PIECE):
        whole = rest + piece
        cut = whole.rfind(b"</c>") + 4
        if cut < 4:
            rest = whole[-_PIECE:]
            continue
        yield whole[:cut]
        rest = whole[cut:]
    yield rest
