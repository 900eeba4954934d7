"""Sections to HTML: one self-contained page a language, nothing fetched, everything from the data escaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from evalkit.report import words
from evalkit.report.document import Cell, Column, Section, Table, VerdictCard, card_numbers, shown
from evalkit.text import Language, Text

TEMPLATES = Path(__file__).parent / "templates"
LONG = 20
"""Rows above which a table may be broken between pages."""
TALL = 60
"""Rows above which a table is shown in a box that scrolls; in print it is whole."""
NOTICE = "<!--notice-->"
"""Place in a report where a later run may say that the report is stale."""


@dataclass(frozen=True)
class Masthead:
    """What stands above the sections."""

    title: Text
    county: str
    name: Text
    facts: tuple[tuple[Text, Text], ...]
    synthetic: bool
    kind: Text = words.WORDS["county_report"]


def page(head: Masthead, sections: Sequence[Section], language: Language) -> str:
    """Return a whole report as one HTML page in one language."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(head=head, sections=sections, lang=language, css=_css(), w=words.WORDS, notice=Markup(NOTICE))
    )


def fragment(section: Section, language: Language) -> str:
    """Return one section for a notebook cell, with its style."""
    return (
        _environment()
        .get_template("fragment.html.j2")
        .render(section=section, lang=language, css=_css(), w=words.WORDS)
    )


def render(template: str, context: dict[str, Any]) -> str:
    """Return a page of this package from a template and its context; text is escaped."""
    return _environment().get_template(template).render(css=_css(), w=words.WORDS, **context)


def image_source(svg: str) -> str:
    """Return an SVG picture as a data URI."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


@lru_cache(maxsize=1)
def _css() -> Markup:
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return Markup(re.sub(r"/\*.*?\*/\s*", "", text, flags=re.DOTALL))


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["kind"] = lambda block: type(block).__name__
    env.filters["src"] = image_source
    env.filters["say"] = _say
    env.globals["cell"] = _cell
    env.globals["align"] = _align
    env.globals["card"] = _card
    env.globals["numbered"] = _numbered
    env.globals["table_notes"] = _table_notes
    env.globals["shape"] = _shape
    env.globals["tall"] = lambda table: len(table.rows) > TALL
    return env


def _say(text: Text, language: Language) -> str:
    return text.get(language)


def _cell(value: Cell, column: Column, language: Language) -> str:
    return shown(value, column.format, language)


def _align(column: Column, first: object) -> str:
    """Return the class of a cell: text, number, interval or hash; a first column of years reads as text."""
    if column.name == "sha256":
        return "h"
    if not column.numeric or (first and column.format == "code"):
        return "t"
    return "i" if column.name.endswith("interval") else "n"


def _card(card: VerdictCard, language: Language) -> dict[str, str]:
    return card_numbers(card, language)


def _numbered(section: Section) -> list[tuple[Any, str]]:
    """Pair each block with its number: tables and figures are counted apart within the section."""
    counts = {"Table": 0, "Figure": 0}
    out = []
    for block in section.blocks:
        kind = type(block).__name__
        if kind in counts:
            counts[kind] += 1
            out.append((block, f"{section.number}.{counts[kind]}"))
        else:
            out.append((block, ""))
    return out


def _table_notes(table: Table, language: Language) -> list[str]:
    """Return the notes as sentences, each once."""
    said = (n.get(language).strip().rstrip(".。;； ") for n in table.notes)
    if language == "zh":
        return list(dict.fromkeys(f"{s}。" for s in said if s))
    return list(dict.fromkeys(f"{s[:1].upper()}{s[1:]}." for s in said if s))


def _shape(table: Table) -> str:
    """Return the classes of a table: narrow where a few numbers follow one label, long where it may break in print."""
    narrow = len(table.columns) <= 4 and all(c.numeric for c in table.columns[1:])
    return " ".join(
        name for name, true in (("ek-narrow", narrow), ("ek-long", len(table.rows) > LONG)) if true
    )
