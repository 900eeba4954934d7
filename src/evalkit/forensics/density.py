"""Heaping of welfare just above a line: more households than the density further up leads to expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.forensics.signal import Signal, against_typical, cases_of, counted, key_of, need
from evalkit.panel import Panel
from evalkit.text import Text

Rows = Literal["exits", "all"]
HEAP, WINDOW = 0.02, 0.5
DEGREE = 2
LEAST_ROWS = 100
"""Households in the window below which no density is fitted."""


@dataclass(frozen=True)
class Expected:
    """Share of the window that a smooth density puts into its first bin: value, standard error, rows behind."""

    share: float
    std_error: float
    n: int


def heaping(
    panel: Panel,
    line: float | str | Mapping[int, float] | None = None,
    *,
    unit: str = "village",
    rows: Rows = "exits",
    heap: float = HEAP,
    window: float = WINDOW,
    level: float = 0.05,
) -> Signal:
    """Test whether welfare piles up just above a line, unit by unit.

    Parameters
    ----------
    panel : Panel
    line : float, str or mapping, optional
        A line, a column, a line by wave; the panel's own lines by default (for the monitoring line pass its values).
    unit : str
        Column whose units are tested (``village``, ``interviewer``; ``county`` for the whole: the density says what
        to expect, so that a few units are enough).
    rows : {"exits", "all"}
        Household-waves of the year of exit, or all of them.
    heap, window : float
        The heap is [line, line × (1 + heap)), the window [line, line × (1 + window)).
    level : float
        False-discovery level over the units.

    Returns
    -------
    Signal

    Raises
    ------
    DataError
        A column is absent, or a line for a wave.
    EstimationError
        Too few households in the window.

    Notes
    -----
    Only the side above the line is used: below it there is nothing to compare with, since households exit when they
    pass it. The expected share of the heap follows from a quadratic Poisson regression on bins of width `heap` that
    leaves the first bin out (the bunching estimator of Chetty, Friedman, Olsen & Pistaferri 2011, Q. J. Econ. 126,
    749-804); its error counts as a variance of the unit's share. Households that were pulled down into a heap are
    missing further up, so that the fit then expects less. Figures that are round by habit heap too, where a line is
    itself round: `terminal_digits` tells the two apart.
    """
    frame = panel.frame
    need(frame, [unit, *(["exit_year"] if rows == "exits" else [])])
    key = key_of(panel, unit)
    ratio = panel.values("welfare") / panel.line(line)
    of = (
        panel.mask & np.isfinite(ratio) & (ratio >= 1) & (ratio < 1 + window) & frame[unit].notna().to_numpy()
    )
    if rows == "exits":
        of &= (frame["exit_year"] == frame[panel.wave]).fillna(value=False).to_numpy(dtype=bool)
    expected = first_bin(ratio[of] - 1, heap, window)
    shows = of & (ratio < 1 + heap)
    counts = counted(frame, key, shows, of)
    units = against_typical(
        counts, level=level, tolerance=0.0, known=expected.share, known_error=expected.std_error
    )
    return Signal(
        kind="heaping",
        title=Text(en="Welfare just above the line", zh="收入紧贴标准线上方聚集"),
        question=Text(
            en=f"share of households within {heap:.0%} above the line, of those within {window:.0%} above it",
            zh=f"高于标准线{window:.0%}以内的住户中，高出不足{heap:.0%}者的比例",
        ),
        units=units,
        cases=cases_of(
            frame.assign(line_ratio=ratio), units, key, shows, [panel.household, panel.wave, "line_ratio"]
        ),
        method="share of the first bin against a Poisson polynomial of the bins above it; beta-binomial tail",
        citation="Chetty, Friedman, Olsen & Pistaferri (2011), Q. J. Econ. 126, 749-804",
        level=level,
        notes=(
            Text(
                en=f"a smooth density leads to expect {expected.share:.1%} (standard error {expected.std_error:.1%}, "
                f"{expected.n:,} household-waves)",
                zh=f"按平滑密度，预期比例为{expected.share:.1%}（标准误{expected.std_error:.1%}，{expected.n:,}条户年记录）",
            ),
        ),
    )


def first_bin(distance: Floats, heap: float, window: float) -> Expected:
    """Return the share that a smooth density puts into the first bin of a window.

    Parameters
    ----------
    distance : ndarray, shape (n,)
        Distance above the line, relative to it, in [0, window).
    heap, window : float
        Width of a bin and of the window.

    Raises
    ------
    EstimationError
        Fewer than 100 households, or a window of fewer than six bins.
    """
    bins = round(window / heap)
    if bins < 2 * (DEGREE + 1):
        msg = f"a window of {window:g} has {bins} bins of {heap:g}: widen it, or narrow the heap"
        raise EstimationError(msg)
    if len(distance) < LEAST_ROWS:
        msg = (
            f"{len(distance)} household-waves lie within {window:.0%} above the line: fewer than {LEAST_ROWS} show no "
            "density to compare with"
        )
        raise EstimationError(msg)
    at = np.minimum((distance / heap).astype(int), bins - 1)
    count = np.bincount(at, minlength=bins).astype(float)
    place = (np.arange(bins) + 0.5) / bins
    basis = np.vander(place, DEGREE + 1, increasing=True)
    beta, cov = poisson(basis[1:], count[1:])
    rest = count[1:].sum()
    value = float(np.exp(basis[0] @ beta))
    slope = basis[0] * value * rest / (value + rest) ** 2
    return Expected(value / (value + rest), float(np.sqrt(slope @ cov @ slope)), len(distance))


def poisson(x: Floats, y: Floats) -> tuple[Floats, NDArray[np.float64]]:
    """Return coefficients of a log-linear Poisson regression and their covariance, by Newton's method.

    The covariance is widened by the dispersion of the Pearson residuals where that exceeds one.

    Raises
    ------
    EstimationError
        If the iterations do not converge.
    """
    beta = np.linalg.lstsq(x, np.log(y + 0.5), rcond=None)[0]
    for _ in range(50):
        mean = np.exp(x @ beta)
        info = x.T @ (x * mean[:, None])
        step = np.linalg.solve(info, x.T @ (y - mean))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            mean = np.exp(x @ beta)
            dispersion = ((y - mean) ** 2 / mean).sum() / max(len(y) - x.shape[1], 1)
            cov = np.linalg.inv(x.T @ (x * mean[:, None])) * max(dispersion, 1.0)
            return np.asarray(beta, dtype=float), np.asarray(cov, dtype=float)
    msg = "the density above the line could not be fitted: too few household-waves in too many bins"
    raise EstimationError(msg)
