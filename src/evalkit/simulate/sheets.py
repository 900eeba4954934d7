"""Writing text tables as files of the shape registries send; the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

Format = Literal["gb18030", "gbk", "utf-8-sig", "utf-8", "zip", "xlsx", "dta", "sav", "parquet"]
SHEETS: tuple[Format, ...] = ("gb18030", "gbk", "utf-8-sig", "utf-8", "zip", "xlsx")
"""Formats of text cells with titles and a header; the others hold records."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STAMP = (2021, 1, 15, 0, 0, 0)

_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True)
class Sheet:
    """A table as it will be written.

    Parameters
    ----------
    titles : tuple of str
        Title rows above the header, one merged cell each.
    header : tuple of str
    rows : list of sequence of str
        Each as long as the header.
    """

    titles: tuple[str, ...]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def lines(self) -> list[tuple[str, ...]]:
        """Return everything from the first line on, all rows equally long."""
        empty = ("",) * (len(self.header) - 1)
        return [*((title, *empty) for title in self.titles), self.header, *self.rows]


def column_letters(number: int) -> str:
    """Return the letters of a spreadsheet column, counted from 0.

    >>> [column_letters(k) for k in (0, 25, 26, 701)]
    ['A', 'Z', 'AA', 'ZZ']
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def write_book(sheets: dict[str, Sheet], path: Path, form: Format) -> None:
    """Write sheets by name: one as CSV in the encoding named by `form` (or zipped), or all in a workbook.

    Raises
    ------
    ValueError
        Several sheets in a format that holds one.
    """
    if form == "xlsx":
        _write_archive(_book(sheets), path)
        return
    (sheet,) = sheets.values()
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(sheet.lines())
    text = buffer.getvalue()
    if form == "zip":
        _write_archive({f"{path.stem}.csv": text.encode("gb18030")}, path)
        return
    path.write_bytes(text.encode(form))


def _write_archive(parts: dict[str, bytes], path: Path) -> None:
    """Write a zip archive whose bytes depend on its contents alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, date_time=_STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _book(sheets: dict[str, Sheet]) -> dict[str, bytes]:
    """Return the parts of a workbook; a sheet without a name is ``Sheet1``."""
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{k}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for k in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{k}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{k}.xml"/>'
        for k in numbers
    )
    tabs = "".join(
        f'<sheet name="{escape(name or "Sheet1")}" sheetId="{k}" r:id="rId{k}"/>'
        for k, name in enumerate(sheets, start=1)
    )
    styles = len(sheets) + 1
    parts = {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{types}'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
        ),
        "_rels/.rels": _RELATIONS,
        "xl/workbook.xml": (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{tabs}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
            f'<Relationship Id="rId{styles}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": _STYLES,
    }
    parts |= {
        f"xl/worksheets/sheet{k}.xml": _worksheet(s) for k, s in zip(numbers, sheets.values(), strict=True)
    }
    return {name: text.encode("utf-8") for name, text in parts.items()}


def _worksheet(sheet: Sheet) -> str:
    letters = [column_letters(k) for k in range(len(sheet.header))]
    out = [f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>']
    for number, row in enumerate(sheet.lines(), start=1):
        cells = [
            f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
            for letter, text in zip(letters, row, strict=True)
            if text
        ]
        out.append(f'<row r="{number}">{"".join(cells)}</row>')
    out.append("</sheetData>")
    if sheet.titles and len(letters) > 1:
        merged = [f'<mergeCell ref="A{k}:{letters[-1]}{k}"/>' for k in range(1, len(sheet.titles) + 1)]
        out.append(f'<mergeCells count="{len(merged)}">{"".join(merged)}</mergeCells>')
    out.append("</worksheet>")
    return "".join(out)
