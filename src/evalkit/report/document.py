"""The blocks a report is made of. Every block carries both languages; nothing here knows HTML or matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from evalkit.errors import ReportError
from evalkit.report import display
from evalkit.report.display import Format
from evalkit.text import LANGUAGES, Language, Text, text_from

MIME = "application/vnd.evalkit+json"
"""Media type under which a notebook cell carries a whole section, both languages."""


@dataclass(frozen=True)
class Interval:
    """Limits of one value, in its unit; an open or unknown end is None."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Suppressed:
    """A cell that disclosure control withheld."""


Cell = str | float | int | Text | Interval | Suppressed | None


@dataclass(frozen=True)
class Column:
    """A table column: `name` for machines, `label` for readers, `format` for its cells."""

    name: str
    label: Text
    format: Format = "text"

    @property
    def numeric(self) -> bool:
        """Whether cells are aligned as numbers."""
        return self.format != "text"


@dataclass(frozen=True)
class Number:
    """A figure inside a sentence: full precision and how it is printed."""

    name: str
    value: float | None
    shown: Text
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        out: dict[str, Any] = {"name": self.name, "value": self.value, "shown": self.shown.to_dict()}
        if self.low is not None or self.high is not None:
            out["low"], out["high"] = self.low, self.high
        return out


@dataclass(frozen=True)
class Prose:
    """A paragraph; `numbers` are the figures it contains."""

    text: Text
    numbers: tuple[Number, ...] = ()
    style: Literal["plain", "finding", "note", "heading", "warning"] = "plain"


@dataclass(frozen=True)
class Table:
    """A titled table: `rows` of raw values, printed by their column's format."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[Text, ...] = ()
    source: Text | None = None

    def __post_init__(self) -> None:
        width = {len(r) for r in self.rows} | {len(self.columns)}
        if len(width) > 1 or not self.rows:
            msg = (
                f"table {self.title.en!r} needs rows of {len(self.columns)} cells, got widths {sorted(width)}"
            )
            raise ReportError(msg)


@dataclass(frozen=True)
class Figure:
    """A picture in both languages (SVG text, glyphs as outlines); its figures stand in a table beside it."""

    title: Text
    alt: Text
    images: Mapping[str, str]
    caption: Text


@dataclass(frozen=True)
class VerdictCard:
    """A criterion and what the sample shows about it."""

    criterion: Text
    conclusion: Literal["meets", "fails", "not_shown"]
    direction: Literal["below", "above"]
    inclusive: bool
    point_rule: bool | None
    explanation: Text
    value: float | None
    lower: float | None
    upper: float | None
    threshold: float
    confidence: float
    format: Format = "rate"
    notes: tuple[Text, ...] = ()
    official: float | None = None


@dataclass(frozen=True)
class Omitted:
    """Something a report would hold, and why it does not."""

    what: Text
    reason: Text


Block = Prose | Table | Figure | VerdictCard | Omitted
_KINDS: dict[str, type[Block]] = {c.__name__: c for c in (Prose, Table, Figure, VerdictCard, Omitted)}


@dataclass(frozen=True)
class Section:
    """A numbered part of a report; `language` only decides what JupyterLab shows."""

    id: str
    number: int
    title: Text
    blocks: tuple[Block, ...]
    synthetic: bool = False
    language: Language = "zh"
    county: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole section, JSON-ready; `from_dict` is its inverse."""
        return {
            "id": self.id,
            "number": self.number,
            "title": self.title.to_dict(),
            "blocks": [_block_out(b) for b in self.blocks],
            "synthetic": self.synthetic,
            "language": self.language,
            "county": self.county,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Section:
        """Return the section that `to_dict` wrote.

        Raises
        ------
        ReportError
            If a block is of no known kind.
        """
        return cls(
            id=data["id"],
            number=data["number"],
            title=text_from(data["title"]),
            blocks=tuple(_block_in(b) for b in data["blocks"]),
            synthetic=data["synthetic"],
            language=data["language"],
            county=data["county"],
            facts=data["facts"],
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude
        from evalkit.report.html import fragment

        return {
            MIME: self.to_dict(),
            "text/html": fragment(self, self.language),
            "text/plain": self.title.get(self.language),
        }

    def numbers(self) -> dict[str, Any]:
        """Return every number of the section: full precision and as printed."""
        return {
            "id": self.id,
            "title": self.title.to_dict(),
            "blocks": [n for b in self.blocks if (n := _block_numbers(b)) is not None],
            "facts": dict(self.facts),
        }


def shown(cell: Cell, form: Format, language: Language) -> str:
    """Return a cell as printed.

    >>> shown(Interval(0.1, 0.2), "share", "en"), shown(Text(en="yes", zh="是"), "text", "zh")
    ('(10.0–20.0)', '是')
    """
    if cell is None:
        return display.MISSING
    if isinstance(cell, Suppressed):
        return display.SUPPRESSED
    if isinstance(cell, Text):
        return cell.get(language)
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Interval):
        inner = display.span(cell.low, cell.high, form, language)
        return inner if inner == display.MISSING else f"({inner})"
    return display.bare(cell, form) if form in ("points", "code") else display.number(cell, form, language)


def finite(value: object) -> float | None:
    """Return a number, or None where it is missing or not finite.

    >>> finite(float("nan")) is None, finite(2)
    (True, 2.0)
    """
    if value is None:
        return None
    out = float(value)  # type: ignore[arg-type]
    return out if math.isfinite(out) else None


def _block_numbers(block: Block) -> dict[str, Any] | None:
    if isinstance(block, Prose):
        if not block.numbers:
            return None
        listed = [n.to_dict() for n in block.numbers]
        return {"kind": "prose", "text": block.text.to_dict(), "numbers": listed}
    if isinstance(block, Table):
        return {
            "kind": "table",
            "title": block.title.to_dict(),
            "columns": [c.name for c in block.columns],
            "values": [[_cell_out(c) for c in row] for row in block.rows],
            "shown": {lang: _shown_rows(block, lang) for lang in LANGUAGES},
            "notes": [n.to_dict() for n in block.notes],
        }
    if isinstance(block, VerdictCard):
        return {
            "kind": "verdict",
            **_block_out(block),
            "shown": {x: card_numbers(block, x) for x in LANGUAGES},
        }
    return None


def _shown_rows(table: Table, language: Language) -> list[list[str]]:
    return [[shown(c, k.format, language) for c, k in zip(r, table.columns, strict=True)] for r in table.rows]


def card_numbers(card: VerdictCard, language: Language) -> dict[str, str]:
    """Return the figures of a verdict as printed.

    The limit that matters is one-sided at the card's confidence; both are given.
    """
    form = card.format
    signs = {("below", False): "<", ("below", True): "≤", ("above", False): ">", ("above", True): "≥"}
    sign = signs[card.direction, card.inclusive]
    percent = "%" if language == "zh" else "\u202f%"
    return {
        "value": display.number(card.value, form, language),
        "official": display.number(card.official, form, language),
        "limits": display.span(card.lower, card.upper, form, language),
        "threshold": f"{sign} {card.threshold * 100:g}{percent}",
        "confidence": f"{card.confidence * 100:g}{percent}",
    }


def _block_out(block: Block) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": type(block).__name__}
    for f in fields(block):
        out[f.name] = _plain(getattr(block, f.name))
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, Column):
        return {"name": value.name, "label": value.label.to_dict(), "format": value.format}
    if isinstance(value, Number):
        return value.to_dict()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return _cell_out(value)


def _cell_out(cell: Any) -> Any:
    if isinstance(cell, Text):
        return cell.to_dict()
    if isinstance(cell, Interval):
        return {"low": finite(cell.low), "high": finite(cell.high)}
    if isinstance(cell, Suppressed):
        return {"suppressed": True}
    if isinstance(cell, float):
        return finite(cell)
    return cell


def _cell_in(cell: Any) -> Cell:
    if isinstance(cell, dict):
        if "en" in cell:
            return text_from(cell)
        if "low" in cell:
            return Interval(cell["low"], cell["high"])
        return Suppressed()
    out: Cell = cell
    return out


def _texts(items: Sequence[dict[str, str]]) -> tuple[Text, ...]:
    return tuple(text_from(t) for t in items)


def _block_in(data: Mapping[str, Any]) -> Block:
    kind = _KINDS.get(data["kind"])
    if kind is None:
        msg = f"a report cell holds a block of unknown kind {data['kind']!r}; render it with the evalkit that made it"
        raise ReportError(msg)
    given = {k: v for k, v in data.items() if k != "kind"}
    for name in ("text", "title", "alt", "caption", "criterion", "explanation", "what", "reason", "source"):
        if given.get(name) is not None:
            given[name] = text_from(given[name])
    if "notes" in given:
        given["notes"] = _texts(given["notes"])
    if "numbers" in given:
        given["numbers"] = tuple(
            Number(n["name"], n["value"], text_from(n["shown"]), n.get("low"), n.get("high"))
            for n in given["numbers"]
        )
    if "columns" in given:
        given["columns"] = tuple(
            Column(c["name"], text_from(c["label"]), c["format"]) for c in given["columns"]
        )
        given["rows"] = tuple(tuple(_cell_in(c) for c in row) for row in given["rows"])
    return kind(**given)
