"""What is drawn into a pair of axes: lines, bars, columns, curves. Readable without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.report import display
from evalkit.text import Language, Text

INK, SOFT, FAINT, ACCENT = "#1a1a1a", "#6b6b6b", "#d9d9d4", "#1f3b5c"
LINES = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (4, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D")
SHADES = (ACCENT, "#555555", "#8a8a8a", "#2f2f2f")


@dataclass(frozen=True)
class Series:
    """A line of a picture: positions, values and limits (None where there is none), and a band for the whole curve."""

    label: Text
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    band: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class Rung:
    """A row of a ladder: a value with limits (None where there is none) and its own threshold."""

    label: Text
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None = None


def ladder(ax: Any, rungs: Sequence[Rung], *, size: float) -> None:
    """Draw rows of values with limits, the first on top; a threshold shared by all is one line, others are ticks.

    Limits open at one end are drawn to the edge of the picture.
    """
    limited = [(i, r) for i, r in enumerate(rungs) if r.low is not None or r.high is not None]
    known = [v for r in rungs for v in (r.value, r.low, r.high, r.threshold) if v is not None]
    left, right = min(known), max(known)
    low = [left if r.low is None else r.low for _, r in limited]
    high = [right if r.high is None else r.high for _, r in limited]
    ax.hlines([i for i, _ in limited], low, high, color=ACCENT, linewidth=max(size / 4, 0.6), zorder=2)
    dots = [(i, r.value) for i, r in enumerate(rungs) if r.value is not None]
    ax.scatter([v for _, v in dots], [i for i, _ in dots], s=size**2, color=ACCENT, linewidths=0, zorder=3)
    bars = sorted({r.threshold for r in rungs if r.threshold is not None})
    if len(bars) == 1:
        ax.axvline(bars[0], color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    else:
        at = [(i, r.threshold) for i, r in enumerate(rungs) if r.threshold is not None]
        x, y = [v for _, v in at], [i for i, _ in at]
        ax.vlines(x, [v - 0.5 for v in y], [v + 0.5 for v in y], color=INK, linewidth=1.0, zorder=1)
    ax.set_ylim(len(rungs) - 0.4, -0.6)


def line(ax: Any, series: Series, index: int, language: Language, *, joined: bool) -> None:
    """Draw values with limits, joined by a line or not."""
    y = [math.nan if v is None else v for v in series.y]
    shift = 0.06 * index
    x = [v + shift for v in series.x]
    shade = SHADES[index % len(SHADES)]
    ax.plot(
        x,
        y,
        linestyle=LINES[index % len(LINES)] if joined else "none",
        marker=MARKERS[index % len(MARKERS)],
        markersize=4,
        markerfacecolor=shade if index % 2 == 0 else "white",
        color=shade,
        linewidth=1.3,
        label=series.label.get(language),
        zorder=3,
    )
    for at, low, high in zip(x, series.low, series.high, strict=True):
        if low is not None and high is not None:
            ax.plot([at, at], [low, high], color=shade, linewidth=1.0, solid_capstyle="butt", zorder=2)
            for end in (low, high):
                ax.plot([at - 0.05, at + 0.05], [end, end], color=shade, linewidth=1.0, zorder=2)


def bars(ax: Any, series: Series) -> None:
    """Draw counts as bars with their numbers."""
    heights = [0.0 if v is None else v for v in series.y]
    ax.bar(series.x, heights, width=0.62, color=FAINT, edgecolor=INK, linewidth=0.7, hatch="///")
    for x, v in zip(series.x, series.y, strict=True):
        if v is not None:
            text = display.bare(v, "count")
            ax.annotate(
                text,
                (x, v),
                ha="center",
                va="bottom",
                fontsize=7.5,
                xytext=(0, 2),
                textcoords="offset points",
            )


def columns(ax: Any, series: Series, index: int, count: int, language: Language) -> None:
    """Draw bars from zero with limits; several series stand side by side."""
    width = 0.7 / count
    x = [v + (index - (count - 1) / 2) * width for v in series.x]
    ax.bar(
        x,
        [0.0 if v is None else v for v in series.y],
        width=width * 0.9,
        color=(FAINT, "#8fa3b8", "#ffffff")[index % 3],
        edgecolor=INK,
        linewidth=0.7,
        hatch=("", "///", "...")[index % 3],
        label=series.label.get(language),
        zorder=2,
    )
    for at, low, high in zip(x, series.low, series.high, strict=True):
        if low is not None and high is not None:
            ax.plot([at, at], [low, high], color=INK, linewidth=1.1, solid_capstyle="butt", zorder=3)
            for end in (low, high):
                ax.plot([at - 0.06, at + 0.06], [end, end], color=INK, linewidth=1.1, zorder=3)


def curve(ax: Any, series: Series, index: int, language: Language) -> None:
    """Draw a curve, its pointwise limits as a shade, its band dotted."""
    shade, dash = SHADES[index % len(SHADES)], LINES[index % len(LINES)]
    y = [math.nan if v is None else v for v in series.y]
    low = [math.nan if v is None else v for v in series.low]
    high = [math.nan if v is None else v for v in series.high]
    ax.fill_between(series.x, low, high, color=shade, alpha=0.16, linewidth=0, zorder=1)
    for side in (0, 1):
        edge = [math.nan if b is None else b[side] for b in series.band]
        if edge:
            ax.plot(series.x, edge, color=shade, linewidth=0.9, linestyle=(0, (1, 2)), zorder=2)
    marker = MARKERS[index % len(MARKERS)]
    ax.plot(
        series.x,
        y,
        color=shade,
        linestyle=dash,
        marker=marker,
        markersize=3.5,
        markerfacecolor=shade if index % 2 == 0 else "white",
        linewidth=1.3,
        label=series.label.get(language),
        zorder=3,
    )
