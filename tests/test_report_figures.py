"""Pictures: glyphs, languages, bytes."""

from __future__ import annotations

import re

import matplotlib as mpl
import pytest

from evalkit.errors import ReportError
from evalkit.report import figures, marks
from evalkit.text import Text

WAVE = Text(en="Year", zh="年度")


def panel(label: Text, style: str = "line") -> figures.Panel:
    series = marks.Series(label, (2014.0, 2016.0), (0.6, None), (0.5, None), (0.7, None))
    return figures.Panel((series,), WAVE, label, "share", style=style)


def test_every_character_of_the_fonts_language_is_there() -> None:
    figures.check_glyphs(["贫困发生率（%）— − ≤ ≥ × 岚屏县 Headcount rate 0123456789"])


def test_a_character_without_a_glyph_is_an_error_that_names_it() -> None:
    with pytest.raises(ReportError, match=r"U\+1F600"):
        figures.check_glyphs(["ok", "\U0001f600"])
    with pytest.raises(ReportError, match="no glyph"):
        figures.draw_panels([panel(Text(en="\U0001f600", zh="户"))], synthetic=False)


def test_the_same_picture_has_the_same_bytes_and_settings_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    label = Text(en="Headcount rate", zh="贫困发生率")
    first = figures.draw_panels([panel(label)], synthetic=True)
    assert figures.draw_panels([panel(label)], synthetic=True) == first
    assert dict(mpl.rcParams) == before
    assert first["zh"] != first["en"]


def test_text_is_drawn_as_outlines_and_no_date_is_kept() -> None:
    svg = figures.draw_panels([panel(Text(en="Rate", zh="比率"), style="points")], synthetic=False)["zh"]
    assert "<text" not in svg
    assert not re.search(r"20\d\d-\d\d-\d\d", svg)
    assert len(svg) < 60_000


def test_verdicts_without_limits_can_be_drawn() -> None:
    target = figures.Target(WAVE, 0.5, None, None, 0.9, below=False, conclusion=WAVE)
    assert "<svg" in figures.draw_targets([target], synthetic=False)["en"]
