"""A workbook of text cells, written so that the same content gives the same bytes.

Every cell is stored as text and formatted as text: nothing is a formula, ids keep their zeros, and what a
person types into an empty cell stays as typed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from evalkit.decisions.charting import Curves, chart_part, drawing_part
from evalkit.errors import DataError
from evalkit.spreadsheet import printable

MOST_ROWS = 1_048_575
"""Rows below the header that one sheet of a workbook can hold."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OPEN = "application/vnd.openxmlformats-officedocument.drawing"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STAMP = (1980, 1, 1, 0, 0, 0)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="10"/><name val="宋体"/></font><font><b/><sz val="10"/><name val="宋体"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFD9E2EC"/></patternFill></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFF8DC"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1">'
    '<alignment vertical="top" wrapText="1"/></xf>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" '
    'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
    '<xf numFmtId="49" fontId="0" fillId="3" borderId="0" xfId="0" applyNumberFormat="1" applyFill="1" '
    'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""Underscores that begin what a workbook would take for an escaped character."""
_HEADER_STYLE, _TEXT_STYLE, _OPEN_STYLE = 1, 2, 3


@dataclass(frozen=True)
class Page:
    """One sheet.

    Parameters
    ----------
    name : str
    header : sequence of str
    widths : sequence of float
        Of the columns, in characters.
    rows : sequence of sequences of str
        Each as long as the header.
    writable : frozenset of int
        Columns that a person fills in, from 0.
    choices : sequence of str
        For each row the values its cell in `choice_column` may take, separated by commas; empty: no list.
    choice_column : int
    curves : Curves, optional
        A chart beside the table.
    """

    name: str
    header: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]
    writable: frozenset[int] = frozenset()
    choices: Sequence[str] = ()
    choice_column: int = 0
    curves: Curves | None = None


def book_bytes(pages: Sequence[Page]) -> bytes:
    """Return a workbook as bytes.

    Raises
    ------
    DataError
        A sheet has more rows than a workbook can hold.
    """
    parts = {
        "[Content_Types].xml": _content_types(pages),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book(pages),
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *(("worksheet", f"worksheets/sheet{k}.xml") for k in range(1, len(pages) + 1)),
                ("styles", "styles.xml"),
            ]
        ),
        "xl/styles.xml": _STYLES,
    }
    for number, page in enumerate(pages, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _worksheet(page)
        if page.curves is not None:
            parts[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = _relations(
                [("drawing", f"../drawings/drawing{number}.xml")]
            )
            parts[f"xl/drawings/drawing{number}.xml"] = drawing_part(page.curves)
            parts[f"xl/drawings/_rels/drawing{number}.xml.rels"] = _relations(
                [("chart", f"../charts/chart{number}.xml")]
            )
            parts[f"xl/charts/chart{number}.xml"] = chart_part(page.curves)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, date_time=_STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            archive.writestr(info, text.encode("utf-8"))
    return out.getvalue()


def column_name(number: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_name(0), column_name(25), column_name(27)
    ('A', 'Z', 'AB')
    """
    first, second = divmod(number, 26)
    return (_LETTERS[first - 1] if first else "") + _LETTERS[second]


def _content_types(sheets: Sequence[Page]) -> str:
    pages = "".join(
        f'<Override PartName="/xl/worksheets/sheet{k}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for k in range(1, len(sheets) + 1)
    )
    pages += "".join(
        f'<Override PartName="/xl/drawings/drawing{k}.xml" ContentType="{_OPEN}.drawing+xml"/>'
        f'<Override PartName="/xl/charts/chart{k}.xml" ContentType="{_OPEN}ml.chart+xml"/>'
        for k, page in enumerate(sheets, 1)
        if page.curves is not None
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'{pages}<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{k}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for k, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _book(pages: Sequence[Page]) -> str:
    sheets = "".join(
        f'<sheet name="{_attribute(p.name)}" sheetId="{k}" r:id="rId{k}"/>' for k, p in enumerate(pages, 1)
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _worksheet(page: Page) -> str:
    if len(page.rows) > MOST_ROWS:
        msg = (
            f"the sheet {page.name!r} would have {len(page.rows)} rows; a workbook holds {MOST_ROWS}. So many cases have "
            "a common reason: mend the raw files or the plan first (evalkit check tells which rules meet most rows)"
        )
        raise DataError(msg)
    letters = [column_name(k) for k in range(len(page.header))]
    styles = [_OPEN_STYLE if k in page.writable else _TEXT_STYLE for k in range(len(letters))]
    columns = "".join(
        f'<col min="{k}" max="{k}" width="{w}" style="{s}" customWidth="1"/>'
        for k, (w, s) in enumerate(zip(page.widths, styles, strict=True), 1)
    )
    last = f"{letters[-1]}{len(page.rows) + 1}"
    out = [
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><dimension ref="A1:{last}"/><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData>",
        _row(1, page.header, letters, [_HEADER_STYLE] * len(letters)),
    ]
    out += [_row(n, row, letters, styles) for n, row in enumerate(page.rows, 2)]
    out += ["</sheetData>", f'<autoFilter ref="A1:{last}"/>', _validations(page)]
    if page.curves is not None:
        out.append(f'<drawing xmlns:r="{_OFFICE}" r:id="rId1"/>')
    out.append("</worksheet>")
    return "".join(out)


def _row(number: int, row: Sequence[str], letters: Sequence[str], styles: Sequence[int]) -> str:
    cells = [
        f'<c r="{a}{number}" s="{s}" t="inlineStr"><is><t xml:space="preserve">{_text(v)}</t></is></c>'
        if v
        else f'<c r="{a}{number}" s="{s}"/>'
        for a, v, s in zip(letters, row, styles, strict=True)
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _validations(page: Page) -> str:
    """Return the lists of the choice column, one a run of rows with the same choices."""
    runs: dict[str, list[str]] = {}
    number = 2
    letter = column_name(page.choice_column)
    for choices, rows in groupby(page.choices):
        n = len(list(rows))
        if choices:
            runs.setdefault(choices, []).append(f"{letter}{number}:{letter}{number + n - 1}")
        number += n
    if not runs:
        return ""
    lines = "".join(
        f'<dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1" sqref="{" ".join(at)}">'
        f"<formula1>&quot;{_text(choices)}&quot;</formula1></dataValidation>"
        for choices, at in sorted(runs.items())
    )
    return f'<dataValidations count="{len(runs)}">{lines}</dataValidations>'


def _text(value: str) -> str:
    return escape(_ESCAPED.sub("_x005F_", printable(value)), {"\r": "&#13;"})


def _attribute(value: str) -> str:
    return escape(value, {'"': "&quot;"})
