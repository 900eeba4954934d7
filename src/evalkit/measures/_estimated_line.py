"""Poverty lines estimated from the same data, and what their error adds to a statistic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import interval, quantile_t, recovered
from evalkit.measures._inversion import LEVEL, quantile_curve, with_limits
from evalkit.measures._kernel import (
    Bandwidth,
    check_bandwidth,
    kernel_density,
    kernel_mass,
    kernel_width,
    sample_size,
)
from evalkit.measures._linear import Cells, assemble
from evalkit.measures.basic import quantiles_by_cell
from evalkit.panel import Panel
from evalkit.text import Text

Of = float | Literal["mean"]
"""What a relative line is a share of: a quantile (0.5 the median) or the mean."""
PAPERS = "Deville (1999), Survey Methodology 25; Osier (2009), Survey Research Methods 3, 167-195"


@dataclass(frozen=True, eq=False)
class EstimatedLine:
    """Lines estimated from groups of rows.

    Parameters
    ----------
    base : Cells
        The rows behind each of the L lines.
    value : ndarray, shape (L,)
    row : ndarray, shape (n,)
        Line of each row, NaN for none.
    influence : ndarray, shape (n,)
        Influence of each row on the line of its base group.
    low, high : ndarray, shape (L,)
        95 % limits of the line.
    bandwidth : {"woodruff", "effective", "population"}
    text : str
        ``"0.6 × quantile 0.5"``.
    """

    base: Cells
    value: Floats
    row: Floats
    influence: Floats
    low: Floats
    high: Floats
    bandwidth: Bandwidth
    text: str


@dataclass(frozen=True, eq=False)
class Piece:
    """The rows of one cell that share one estimated line."""

    cell: int
    line: int
    rows: Ints


def estimated_line(
    panel: Panel,
    group: Cells,
    y: Floats,
    *,
    share: float,
    of: Of,
    national: bool,
    bandwidth: Bandwidth,
) -> EstimatedLine:
    """Return the lines, wave by wave, for the rows of the cells.

    Parameters
    ----------
    panel : Panel
    group : Cells
    y : ndarray, shape (n,)
    share : float
        The line is ``share`` × what `of` says.
    of : float or "mean"
    national : bool
        From all rows of the wave, also those outside the subpopulation; otherwise from each domain's rows.
    bandwidth : {"woodruff", "effective", "population"}

    Raises
    ------
    EstimationError
        share, `of` or the bandwidth out of range, a line that is not positive, or no dispersion.
    """
    check_share(share, of)
    check_bandwidth(bandwidth)
    base = _base(panel, group, y, national=national)
    found = location(base, y, of, bandwidth)
    value = share * found.value
    text = line_text(share, of)
    if (value <= 0).any():
        msg = f"the estimated line is not positive: {text} = {value.min():g}"
        raise EstimationError(msg)
    return EstimatedLine(
        base,
        value,
        base.spread(value),
        share * found.influence,
        share * found.low,
        share * found.high,
        bandwidth,
        text,
    )


def check_share(share: float, of: Of) -> None:
    """Raise EstimationError unless share × `of` can be a line."""
    if not share > 0 or (of != "mean" and not (isinstance(of, float | int) and 0 < of < 1)):
        msg = f"a relative line needs share > 0 and a quantile between 0 and 1 (or of='mean'), got {share=}, {of=}"
        raise EstimationError(msg)


def line_text(share: float, of: Of) -> str:
    """Name a relative line.

    >>> line_text(0.6, 0.5)
    '0.6 × quantile 0.5'
    """
    return f"{share:g} × {of if of == 'mean' else f'quantile {of:g}'}"


@dataclass(frozen=True, eq=False)
class Location:
    """Means or quantiles of cells, shape (k,), the influence on them, shape (n,), 0 outside, and 95 % limits, shape (k,)."""

    value: Floats
    influence: Floats
    low: Floats
    high: Floats


def location(base: Cells, y: Floats, of: Of, bandwidth: Bandwidth) -> Location:
    """Return the mean or a quantile of each cell.

    The influence on quantile Q is -(1(y ≤ Q) - q) / (f(Q) Σw) (Deville 1999), f by a Gaussian kernel, or 1/f as the slope
    of the quantile function over the limits of F(Q) (Woodruff 1952; Francisco & Fuller 1991).
    """
    if of == "mean":
        size = base.size()
        middle = base.sums(y) / size
        deviation = (y - base.spread(middle)) / base.spread(size)
        return _symmetric(base, middle, np.where(base.inside, deviation, 0.0))
    q = float(of)
    if bandwidth == "woodruff":
        curve = quantile_curve(base, base.inside, y, np.array([q]))
        return Location(
            curve.values[:, 0], curve.influence(0, np.ones(base.k)), curve.low[:, 0], curve.high[:, 0]
        )
    influence = np.zeros(len(y))
    middle = quantiles_by_cell(base, y, np.full((base.k, 1), q))[:, 0]
    weight = base.weight
    for piece in pieces(base, base):
        at, centre = piece.rows, middle[piece.cell]
        if not weight[at].sum() > 0:
            continue
        w, x = weight[at], y[at]
        height = kernel_density(centre, x, w, sample_size(w, bandwidth)) * w.sum()
        influence[at] = -((x <= centre) - q) / height
    return _symmetric(base, middle, influence)


def _symmetric(base: Cells, value: Floats, influence: Floats) -> Location:
    """Return a location with t limits by its influence."""
    cov = base.sample.covariance(base.units * influence, base.code, base.k)
    df = base.sample.df(base.code, base.k)
    half = quantile_t(0.5 + LEVEL / 2, df) * np.sqrt(np.maximum(np.diag(cov), 0.0))
    return Location(value, influence, value - half, value + half)


def pieces(group: Cells, base: Cells) -> Iterator[Piece]:
    """Yield the rows of each cell and line that occur together; one sort for all of them."""
    rows = np.flatnonzero(group.inside & base.inside)
    both = group.code[rows].astype(np.int64) * max(base.k, 1) + base.code[rows]
    order = np.argsort(both, kind="stable")
    rows, both = rows[order], both[order]
    starts = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]])) if len(both) else np.arange(0)
    for part in np.split(rows, starts[1:]):
        if len(part):
            yield Piece(int(group.code[part[0]]), int(base.code[part[0]]), part)


def heights(group: Cells, line: EstimatedLine, y: Floats) -> Floats:
    """Return Σ w × density of y at the line, for each cell and line, shape (k, L).

    By a Gaussian kernel, with ``woodruff`` as wide as the standard error of the line: that is the slope of the number below
    the line averaged over the line's own error, the best linear approximation (Stein 1981, Annals of Statistics 9, lemma 1).
    0 where a line has no error.
    """
    out = np.zeros((group.k, line.base.k))
    weight = group.weight
    widths = _errors(line) if line.bandwidth == "woodruff" else None
    for piece in pieces(group, line.base):
        w, x = weight[piece.rows], y[piece.rows]
        if not w.sum() > 0:
            continue
        width = (
            kernel_width(x, w, sample_size(w, line.bandwidth))
            if widths is None
            else float(widths[piece.line])
        )
        z = float(line.value[piece.line])
        out[piece.cell, piece.line] = 0.0 if width == 0 else kernel_mass(z, x, w, width)
    return out


def _errors(line: EstimatedLine) -> Floats:
    """Return the standard errors of the lines, shape (L,): the length of their 95 % limits over 2 t."""
    base = line.base
    crit = quantile_t(0.5 + LEVEL / 2, base.sample.df(base.code, base.k))
    return np.asarray((line.high - line.low) / (2 * crit), dtype=float)


def pair_sums(group: Cells, base: Cells, x: Floats) -> Floats:
    """Return Σ w x over the rows of each cell and line, shape (k, L)."""
    inside = group.inside & base.inside
    pair = group.code[inside] * base.k + base.code[inside]
    sums = np.bincount(pair, weights=(group.weight * x)[inside], minlength=group.k * base.k)
    return np.asarray(sums, dtype=float).reshape(group.k, base.k)


@dataclass(frozen=True, eq=False)
class Reach:
    """How far each cell's share falls and rises when each line moves to its limits, both of shape (k, L)."""

    down: Floats
    up: Floats


def reach(group: Cells, line: EstimatedLine, y: Floats, *, at_line: bool) -> Reach:
    """Return how far the share below the lines moves between their limits."""

    def below(level: Floats) -> Floats:
        z = line.base.spread(level)
        poor = (y <= z) if at_line else (y < z)
        return pair_sums(group, line.base, poor.astype(float)) / group.size()[:, None]

    now = below(line.value)
    return Reach(now - below(line.low), below(line.high) - now)


def with_line(
    group: Cells,
    line: EstimatedLine,
    own: Floats,
    slopes: Floats,
    values: Floats,
    about: About,
    *,
    moved: Reach | None = None,
) -> Estimate:
    """Return the estimate of statistics that depend on estimated lines.

    Parameters
    ----------
    group : Cells
    line : EstimatedLine
    own : ndarray, shape (n,)
        Influence of each row at known lines.
    slopes : ndarray, shape (k, L)
        Derivative of each cell's statistic with respect to each line.
    values : ndarray, shape (k,)
    about : About
    moved : Reach, optional
        For shares: limits are then put together from those at a known line (Korn–Graubard) and those of the lines
        (`evalkit.intervals.recovered`), each side its own.
    """
    width = max(group.k, line.base.k)
    zs = [np.where(group.inside, group.units * own, 0.0), group.units * line.influence]
    cov = group.sample.covariance_of(zs, [group.code, line.base.code], width)
    joint = cov
    mat = np.zeros((group.k, 2 * width))
    mat[:, : group.k] = np.eye(group.k)
    mat[:, width : width + line.base.k] = slopes
    void = ~np.isfinite(np.diag(cov))
    if void.any():
        mat, cov = _without(mat, cov, void)
    found = assemble(group, values, np.asarray(mat @ cov @ mat.T, dtype=float), about)
    return found if moved is None else with_limits(found, _limits(found, joint, moved, width))


def _limits(found: Estimate, joint: Floats, moved: Reach, width: int) -> Floats:
    """Return the limits of shares below estimated lines, shape (k, 2), `joint` as in `with_line`."""
    lines = moved.down.shape[1]
    spread = np.sqrt(np.maximum(np.diag(joint), 0.0))
    own = interval("kg", found.values, spread[: len(found)], found.df, found.n, level=LEVEL)
    scale = np.where(spread > 0, spread, 1.0)
    correlation = joint / np.outer(scale, scale)
    out = np.empty((len(found), 2))
    for i in range(len(found)):
        at = [i, *range(width, width + lines)]
        r = correlation[np.ix_(at, at)].copy()
        np.fill_diagonal(r, 1.0)
        down = np.concatenate([[found.values[i] - own.low[i]], moved.down[i]])
        up = np.concatenate([[own.high[i] - found.values[i]], moved.up[i]])
        touched = np.flatnonzero((down != 0) | (up != 0))
        r = r[np.ix_(touched, touched)][None]
        out[i] = (
            found.values[i] - recovered(down[None, touched], r)[0],
            found.values[i] + recovered(up[None, touched], r)[0],
        )
    return np.clip(out, 0.0, 1.0)


def line_note(*, national: bool) -> Text:
    """Say from which rows the line is estimated."""
    if national:
        return Text(en="line estimated from all rows of each wave", zh="贫困线由各年全部样本估计")
    return Text(en="line estimated within each domain and wave", zh="贫困线在各分组、各年内估计")


def _without(
    mat: Floats, cov: Floats, void: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Floats, Floats]:
    """Make what has no covariance blank where it is used, and silent where it is not."""
    used = (mat[:, void] != 0).any(axis=1)
    clean = np.where(np.isfinite(cov), cov, 0.0)
    out = mat.copy()
    out[used, :] = np.nan
    return out, clean


def _base(panel: Panel, group: Cells, y: Floats, *, national: bool) -> Cells:
    """Return the rows from which each line is estimated: one group a wave, or a wave and domain."""
    wave = np.unique(panel.frame[panel.wave].to_numpy(dtype=int), return_inverse=True)[1].astype(np.intp)
    if national:
        code = np.where(np.isnan(y), -1, wave)
    else:
        code = np.where(group.inside, group.code * (wave.max() + 1) + wave, -1)
    used, dense = np.unique(code[code >= 0], return_inverse=True)
    code[code >= 0] = dense
    keys = panel.frame.iloc[: len(used), :0].reset_index(drop=True)
    return Cells(keys, np.asarray(code, dtype=np.intp), group.units, group.sample)
