"""Curves on a sheet: the parts of a workbook that draw them, with the figures written into the chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_AXES = (("111", "222", "b"), ("222", "111", "l"))


@dataclass(frozen=True)
class Curves:
    """Curves over one axis, drawn beside a table.

    Parameters
    ----------
    title, x_title, y_title : str
    series : mapping of str to sequence of pairs
        Name → points (x, y), in the order of x.
    column : int
        Column of the sheet, from 0, at which the chart begins.
    x_format, y_format : str
        Number formats of the axes (``"0.0%"``).
    """

    title: str
    x_title: str
    y_title: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    column: int
    x_format: str = "General"
    y_format: str = "General"


def chart_part(curves: Curves) -> str:
    """Return the chart; its figures are literal, so that it does not depend on cells, which are text."""
    lines = "".join(_series(k, name, points) for k, (name, points) in enumerate(curves.series.items()))
    titles, formats = (curves.x_title, curves.y_title), (curves.x_format, curves.y_format)
    axes = "".join(
        f'<c:valAx><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{side}"/>{_title(title)}<c:numFmt formatCode="{escape(form)}" sourceLinked="0"/>'
        f'<c:majorTickMark val="out"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:crossAx val="{other}"/></c:valAx>'
        for (own, other, side), title, form in zip(_AXES, titles, formats, strict=True)
    )
    return (
        f'{_HEAD}<c:chartSpace xmlns:c="{_DRAWING}/chart" xmlns:a="{_DRAWING}/main"><c:chart>{_title(curves.title)}'
        '<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/><c:scatterChart><c:scatterStyle val="lineMarker"/>'
        f'<c:varyColors val="0"/>{lines}<c:axId val="111"/><c:axId val="222"/></c:scatterChart>{axes}</c:plotArea>'
        '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend><c:plotVisOnly val="1"/></c:chart></c:chartSpace>'
    )


def drawing_part(curves: Curves) -> str:
    """Return the place of the chart on its sheet."""
    first, last = curves.column, curves.column + 10
    return (
        f'{_HEAD}<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main"><xdr:twoCellAnchor>'
        f"<xdr:from><xdr:col>{first}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        f"<xdr:to><xdr:col>{last}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>26</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>"
        '<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="chart"/><xdr:cNvGraphicFramePr/>'
        '</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic>'
        f'<a:graphicData uri="{_DRAWING}/chart"><c:chart xmlns:c="{_DRAWING}/chart" xmlns:r="{_OFFICE}" r:id="rId1"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>"
    )


def _series(number: int, name: str, points: Sequence[tuple[float, float]]) -> str:
    x, y = ([p[axis] for p in points] for axis in (0, 1))
    return (
        f'<c:ser><c:idx val="{number}"/><c:order val="{number}"/><c:tx><c:v>{escape(name)}</c:v></c:tx>'
        '<c:marker><c:symbol val="none"/></c:marker>'
        f'<c:xVal>{_literal(x)}</c:xVal><c:yVal>{_literal(y)}</c:yVal><c:smooth val="0"/></c:ser>'
    )


def _literal(values: Sequence[float]) -> str:
    points = "".join(f'<c:pt idx="{i}"><c:v>{v:.10g}</c:v></c:pt>' for i, v in enumerate(values))
    return (
        f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{points}</c:numLit>'
    )


def _title(text: str) -> str:
    return (
        '<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="1000"/></a:pPr><a:r><a:rPr lang="zh-CN" sz="1000"/>'
        f'<a:t>{escape(text)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>'
    )
