"""Pictures. The only module that draws; readable without colour, Chinese glyphs checked before writing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evalkit.errors import ReportError
from evalkit.report import display, marks
from evalkit.report.display import Format
from evalkit.report.marks import ACCENT, FAINT, INK, MARKERS, SHADES, SOFT, Rung, Series
from evalkit.report.words import WORDS
from evalkit.text import LANGUAGES, Language, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 6.6
"""Inches; the text width of the page."""
PITCH, TALLEST = 0.17, 9.2
"""Inches of a named row, and of the tallest picture (a page); where rows are nearer, they have ranks in place of names."""


@dataclass(frozen=True)
class Target:
    """A row of the verdict picture: value, one-sided limits, threshold, conclusion."""

    label: Text
    value: float | None
    low: float | None
    high: float | None
    threshold: float
    below: bool
    conclusion: Text


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    series: tuple[Series, ...]
    xlabel: Text
    ylabel: Text
    form: Format
    title: Text | None = None
    style: str = "line"
    zero: bool = False
    ticks: tuple[str | Text, ...] | None = None


def draw_panels(panels: Sequence[Panel], *, synthetic: bool, height: float = 2.7) -> dict[str, str]:
    """Draw panels side by side and return one SVG a language.

    Parameters
    ----------
    panels : sequence of Panel
        `style` is ``line``, ``points`` (separate values with limits), ``bars`` (counts), ``columns`` (bars from zero with
        limits), ``curve`` (shaded pointwise limits, dotted band) or ``dots`` (rows named by `ticks`, values across).
    synthetic : bool
        Write "synthetic data" into the corner.
    height : float
        Inches.

    Raises
    ------
    ReportError
        If the font lacks a glyph of any text.
    """

    def paint(canvas: Canvas, language: Language) -> None:
        axes = canvas.subplots(1, len(panels), squeeze=False)[0]
        for ax, panel in zip(axes, panels, strict=True):
            _panel(ax, panel, language)

    return _draw(paint, height=height, synthetic=synthetic)


def draw_targets(targets: Sequence[Target], *, synthetic: bool) -> dict[str, str]:
    """Draw each criterion on its own scale: one-sided limits as a bar, the value, the threshold.

    Raises
    ------
    ReportError
        If the font lacks a glyph of any text.
    """

    def paint(canvas: Canvas, language: Language) -> None:
        axes = canvas.subplots(len(targets), 1, squeeze=False)[:, 0]
        for ax, target in zip(axes, targets, strict=True):
            _target(ax, target, language)

    return _draw(paint, height=0.35 + 0.72 * len(targets), synthetic=synthetic)


@dataclass(frozen=True)
class Ladder:
    """Many rows, sorted, on one scale.

    Parameters
    ----------
    rungs : tuple of Rung
    xlabel : Text
    form : str
        Of the values.
    good : tuple of float or None
        Side of the threshold that is shaded, as (low, high) with None for an open end.
    middle : tuple of float or None
        Value and limits of all rows together: a line and a shade.
    """

    rungs: tuple[Rung, ...]
    xlabel: Text
    form: Format
    good: tuple[float | None, float | None] | None = None
    middle: tuple[float, float | None, float | None] | None = None


def draw_ladder(shown: Ladder, *, synthetic: bool) -> dict[str, str]:
    """Draw values with limits below each other, with their names as far as they can be read, else with every tenth rank.

    Raises
    ------
    ReportError
        If the font lacks a glyph of any text.
    """
    rows = len(shown.rungs)

    def paint(canvas: Canvas, language: Language) -> None:
        _ladder(canvas.subplots(), shown, language)

    return _draw(paint, height=min(0.9 + PITCH * rows, TALLEST), synthetic=synthetic)


def check_glyphs(texts: Iterable[str]) -> None:
    """Check that the report font has a glyph for every character.

    Raises
    ------
    ReportError
        Naming the characters that would be printed as empty boxes.
    """
    known = _charmap()
    lacking = sorted({c for t in texts for c in t if not c.isspace() and ord(c) not in known})
    if lacking:
        named = ", ".join(f"{c} (U+{ord(c):04X})" for c in lacking[:10])
        msg = f"the report font has no glyph for {len(lacking)} characters: {named}; rename them in the plan or the data"
        raise ReportError(msg)


@lru_cache(maxsize=1)
def _charmap() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font
    from pylopdf_fonts_zh_cn import sans_path

    return frozenset(FT2Font(str(sans_path())).get_charmap())


@lru_cache(maxsize=1)
def _family() -> str:
    from matplotlib import font_manager
    from pylopdf_fonts_zh_cn import sans_path

    font_manager.fontManager.addfont(str(sans_path()))
    return str(font_manager.FontProperties(fname=str(sans_path())).get_name())


def _settings() -> Any:
    return {
        "font.family": [_family()],
        "font.size": 9,
        "axes.edgecolor": INK,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.labelsize": 8.5,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "svg.fonttype": "path",
        "svg.hashsalt": "evalkit",
        "figure.facecolor": "white",
    }


def _draw(paint: Callable[[Canvas, Language], None], *, height: float, synthetic: bool) -> dict[str, str]:
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas
    from matplotlib.text import Text as Label

    out: dict[str, str] = {}
    for language in LANGUAGES:
        with mpl.rc_context(_settings()):
            canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
            paint(canvas, language)
            if synthetic:
                mark = WORDS["synthetic_short"].get(language)
                canvas.suptitle(mark, x=0.995, ha="right", fontsize=7.5, color=SOFT)
            check_glyphs(t.get_text() for t in canvas.findobj(Label))
            buffer = io.BytesIO()
            canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        out[language] = _slim(buffer.getvalue().decode("utf-8"))
    return out


def _slim(svg: str) -> str:
    """Drop what no reader sees and cut coordinates of paths to hundredths (of a point, of a glyph's unit)."""
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return re.sub(r"\n\s*", "\n", svg)


def _panel(ax: Axes, panel: Panel, language: Language) -> None:
    if panel.style == "dots":
        _dots(ax, panel, language)
        return
    for i, series in enumerate(panel.series):
        if panel.style == "bars":
            marks.bars(ax, series)
        elif panel.style == "columns":
            marks.columns(ax, series, i, len(panel.series), language)
        elif panel.style == "curve":
            marks.curve(ax, series, i, language)
        else:
            marks.line(ax, series, i, language, joined=panel.style == "line")
    if panel.zero:
        ax.axhline(0, color=INK, linewidth=0.7, zorder=1)
    elif panel.style != "points" or panel.form in ("share", "rate"):
        ax.set_ylim(bottom=0)
    ax.set_xlabel(panel.xlabel.get(language))
    ax.set_ylabel(panel.ylabel.get(language))
    if panel.title is not None:
        ax.set_title(panel.title.get(language))
    ax.grid(axis="y", color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    _ticks(ax, panel, language)
    if len(panel.series) > 1:
        ax.legend(loc="best", handlelength=3.2)


def _ticks(ax: Axes, panel: Panel, language: Language) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

    def shown(value: float, _position: object = None) -> str:
        text = display.bare(value, panel.form)
        return re.sub(r"\.0+$", "", text) if "." in text else text

    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(shown))
    if panel.form == "ratio":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _p: f"{v:.2f}".replace("-", display.MINUS)))
    places = sorted({x for s in panel.series for x in s.x})
    ax.xaxis.set_major_locator(FixedLocator(places))
    ax.xaxis.set_minor_formatter(NullFormatter())
    names = panel.ticks or tuple(f"{x:g}".replace("-", display.MINUS) for x in places)
    ax.set_xticks(places, labels=[n.get(language) if isinstance(n, Text) else n for n in names])
    if places:
        edge = 0.5 if panel.style != "curve" else 0.05 * (places[-1] - places[0])
        ax.set_xlim(places[0] - edge, places[-1] + edge)


def _dots(ax: Axes, panel: Panel, language: Language) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    places = sorted({x for s in panel.series for x in s.x})
    for i, series in enumerate(panel.series):
        shade, shift = SHADES[i % len(SHADES)], 0.16 * (i - (len(panel.series) - 1) / 2)
        rows = zip(series.x, series.y, series.low, series.high, strict=True)
        for j, (x, value, low, high) in enumerate(rows):
            if value is None:
                continue
            at = x + shift
            if low is not None and high is not None:
                ax.plot([low, high], [at, at], color=shade, linewidth=1.2, solid_capstyle="butt", zorder=2)
            ax.plot(
                [value],
                [at],
                marker=MARKERS[i % len(MARKERS)],
                color=shade,
                markerfacecolor=shade if i % 2 else "white",
                markersize=5,
                linestyle="none",
                label=series.label.get(language) if j == 0 else None,
                zorder=3,
            )
    names = panel.ticks or tuple(f"{x:g}" for x in places)
    ax.set_yticks(places, labels=[n.get(language) if isinstance(n, Text) else n for n in names])
    ax.set_ylim(places[-1] + 0.6, places[0] - 0.6)
    ax.set_xlim(left=0)
    ax.set_xlabel(panel.xlabel.get(language))
    if panel.title is not None:
        ax.set_title(panel.title.get(language))
    ax.grid(axis="x", color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _p: re.sub(r"\.0+$", "", display.bare(v, panel.form)))
    )
    if len(panel.series) > 1:
        ax.legend(loc="best")


def _ladder(ax: Axes, shown: Ladder, language: Language) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    rows = len(shown.rungs)
    named = 0.9 + PITCH * rows <= TALLEST
    marks.ladder(ax, shown.rungs, size=4.0 if named else 2.2)
    left, right = ax.get_xlim()
    if shown.good is not None:
        start, end = shown.good
        ax.axvspan(
            left if start is None else start,
            right if end is None else end,
            color="#efefea",
            linewidth=0,
            zorder=0,
        )
    if shown.middle is not None:
        value, low, high = shown.middle
        if low is not None and high is not None:
            ax.axvspan(low, high, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
        ax.axvline(value, color=SOFT, linewidth=1.0, zorder=1)
    ax.set_xlim(left, right)
    places = list(range(rows)) if named else [0, *range(9, rows, 10)]
    names = [shown.rungs[i].label.get(language) if named else f"{i + 1}" for i in places]
    ax.set_yticks(places, labels=names)
    ax.tick_params(axis="y", length=0 if named else 3, labelsize=7.5)
    ax.grid(axis="x", color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlabel(shown.xlabel.get(language))
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(
        FuncFormatter(
            lambda v, _p: (
                re.sub(r"\.?0*$", "", text) if "." in (text := display.bare(v, shown.form)) else text
            )
        )
    )


def _target(ax: Axes, target: Target, language: Language) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    known = [v for v in (target.value, target.low, target.high, target.threshold) if v is not None]
    low, high = min(known), max(known)
    pad = max((high - low) * 0.18, 0.002)
    left = max(low - pad, -0.0005) if target.below else low - pad
    right = high + pad if target.below else min(high + pad, 1.0005)
    ax.set_xlim(left, right)
    ax.set_ylim(0, 1)
    good = (left, target.threshold) if target.below else (target.threshold, right)
    ax.axvspan(*good, color="#efefea", linewidth=0, zorder=0)
    ax.axvline(target.threshold, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    if target.low is not None and target.high is not None:
        ax.plot(
            [target.low, target.high],
            [0.5, 0.5],
            color=ACCENT,
            linewidth=2.2,
            solid_capstyle="butt",
            zorder=2,
        )
        for end in (target.low, target.high):
            ax.plot([end, end], [0.32, 0.68], color=ACCENT, linewidth=1.2, zorder=2)
    if target.value is not None:
        ax.plot([target.value], [0.5], marker="o", color=ACCENT, markersize=5, zorder=3)
    ax.set_yticks([0.5], labels=[target.label.get(language)])
    ax.tick_params(axis="y", length=0)
    ax.set_title(target.conclusion.get(language), loc="right", fontsize=8.5, pad=2)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _p: re.sub(r"(\.\d*?)0+%$", r"\1%", f"{v * 100:.2f}%").replace(".%", "%"))
    )
