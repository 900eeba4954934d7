"""Medians set against each other: of the poor, of a group and the rest, and the relative gap of the poor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._amounts import Amounts, amounts
from evalkit.measures._estimated_line import (
    EstimatedLine,
    Of,
    estimated_line,
    heights,
    line_note,
    pair_sums,
    pieces,
    with_line,
)
from evalkit.measures._inversion import quantile_curve
from evalkit.measures._kernel import (
    Bandwidth,
    check_bandwidth,
    density_words,
    kernel_mass,
    kernel_width,
    sample_size,
)
from evalkit.measures._linear import Cells, Per, cells, estimate
from evalkit.measures.basic import answers, quantiles_by_cell
from evalkit.measures.poverty import is_poor
from evalkit.panel import By, Panel
from evalkit.text import Text

OSIER = "Osier (2009), Survey Research Methods 3, 167-195"


def poor_median(
    panel: Panel,
    *,
    share: float = 0.6,
    of: Of = 0.5,
    by: By = None,
    national_line: bool = True,
    poor_at_line: bool | None = None,
    bandwidth: Bandwidth = "effective",
) -> Estimate:
    """Return the median of the welfare measure among those below an estimated line.

    Parameters
    ----------
    panel, share, by, national_line, poor_at_line, bandwidth
        As in `evalkit.measures.arpr`, but the kernel is the default: the line moves the number of poor and that moves
        the rank of their median, where the smoother density covered better (docs/coverage.md).
    of : float or "mean"
        The line is ``share`` × this quantile, or × the mean.

    Returns
    -------
    Estimate
        In currency of each wave. NaN where nobody is poor. The influence is
        (½ influence on the number of poor - (1(y ≤ m) - F(m))) / density at the median m (Osier 2009).

    Raises
    ------
    EstimationError
        An option out of range, a line that is not positive, or no dispersion to estimate a density.
    """
    poor = _poor(panel, share, of, by, national=national_line, at_line=poor_at_line, bandwidth=bandwidth)
    found = _median_of_poor(poor, "amount")
    about = About(
        estimand=f"median below {poor.line.text}",
        method=f"linearised with estimated line; {density_words(bandwidth)}",
        citation=OSIER,
        unit="currency",
        notes=poor.notes,
    )
    return with_line(poor.group, poor.line, found.own, found.slopes, found.values, about)


def relative_gap(
    panel: Panel,
    *,
    share: float = 0.6,
    of: Of = 0.5,
    by: By = None,
    national_line: bool = True,
    poor_at_line: bool | None = None,
    bandwidth: Bandwidth = "effective",
) -> Estimate:
    """Return the relative median gap: how far the median of the poor lies below an estimated line.

    Parameters
    ----------
    panel, share, of, by, national_line, poor_at_line, bandwidth
        As in `poor_median`.

    Returns
    -------
    Estimate
        One less the median of (welfare / line) among the poor, a share of the line. NaN where nobody is poor.
        Linearised as in `poor_median`, the line's own error included (Osier 2009).

    Raises
    ------
    EstimationError
        As in `poor_median`.
    """
    poor = _poor(panel, share, of, by, national=national_line, at_line=poor_at_line, bandwidth=bandwidth)
    found = _median_of_poor(poor, "share")
    about = About(
        estimand=f"relative median gap below {poor.line.text}",
        method=f"linearised with estimated line; {density_words(bandwidth)}",
        citation=OSIER,
        unit="share",
        notes=poor.notes,
    )
    return with_line(poor.group, poor.line, -found.own, -found.slopes, 1 - found.values, about)


def relative_median_ratio(
    panel: Panel,
    condition: str | pd.Series | NDArray[np.bool_],
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    bandwidth: Bandwidth = "woodruff",
) -> Estimate:
    """Return the median of those meeting a condition over the median of the others.

    Parameters
    ----------
    panel : Panel
    condition : str, Series or array of bool, shape (n,)
        As in `evalkit.measures.proportion`: ``"age >= 65"`` gives the relative median income of the elderly.
        Rows that cannot answer are left out and counted in a note.
    variable, by, real, per
        As in `evalkit.measures.gini`.
    bandwidth : {"woodruff", "effective", "population"}
        As in `evalkit.measures.arpr`; a kernel has one bandwidth for both groups of a domain.

    Returns
    -------
    Estimate
        NaN where one of the groups is empty or the second median is not positive. Linearised by the
        densities at both medians (Osier 2009).

    Raises
    ------
    EstimationError
        The condition is not yes or no, or no dispersion to estimate a density.
    """
    check_bandwidth(bandwidth)
    found = amounts(panel, variable, by, per, real=real)
    name, answer = answers(panel, condition)
    group = cells(panel, by, {found.name: found.y, name: answer}, per)
    member = answer == 1
    values, z = _ratio_of_medians(group, found.y, member, bandwidth)
    about = About(
        estimand=f"median {found.name}: {name} over the others",
        method=f"ratio of medians, linearised; {density_words(bandwidth)}",
        citation=OSIER,
        unit="ratio",
        notes=found.notes,
    )
    return estimate(group, values, z, about)


@dataclass(frozen=True, eq=False)
class _Poor:
    """Those below an estimated line: amounts, cells, lines and 1/0/NaN of each row."""

    y: Floats
    group: Cells
    line: EstimatedLine
    poor: Floats
    notes: tuple[Text, ...]


@dataclass(frozen=True, eq=False)
class _Median:
    """Medians of the poor (k,), their influence at known lines (n,) and their slopes on the lines (k, L)."""

    values: Floats
    own: Floats
    slopes: Floats


def _poor(
    panel: Panel,
    share: float,
    of: Of,
    by: By,
    *,
    national: bool,
    at_line: bool | None,
    bandwidth: Bandwidth,
) -> _Poor:
    at_line = panel.poor_at_line if at_line is None else at_line
    found: Amounts = amounts(panel, None, by)
    line = estimated_line(
        panel, found.group, found.y, share=share, of=of, national=national, bandwidth=bandwidth
    )
    inside = found.group.inside
    poor = np.where(inside, is_poor(found.y, line.row, at_line=at_line), np.nan)
    notes = [_notes.line_rule(at_line=at_line), line_note(national=national), *found.notes]
    nobody = (found.group.rows() > 0) & (found.group.sums(poor) == 0)
    if nobody.any():
        labels = ["/".join(map(str, row)) for row in found.group.keys[nobody].itertuples(index=False)]
        some = ", ".join(labels[:5]) or "all"
        notes.append(Text(en=f"nobody is poor in: {some}", zh=f"以下分组无贫困人口：{some}"))
    return _Poor(found.y, found.group, line, poor, tuple(notes))


def _median_of_poor(poor: _Poor, kind: Literal["amount", "share"]) -> _Median:
    """Return the median of the amounts, or of amounts over lines, of the poor of each cell.

    In a cell with several lines an amount m cuts those of line z at min(m, z), a share m at m z.
    """
    y, group, line = poor.y, poor.group, poor.line
    level = line.row if kind == "share" else np.ones(len(y))
    x = y / level
    member = poor.poor == 1
    code = np.where(member, group.code, -1).astype(np.intp)
    among = Cells(group.keys, code, group.units, group.sample)
    values = quantiles_by_cell(among, x, np.full((group.k, 1), 0.5))[:, 0]
    if line.bandwidth == "woodruff":
        found = _heights_between_limits(poor, among, x, values, kind)
    else:
        found = _kernel_heights(poor, values, kind)
    height = np.where(found.cell > 0, found.cell, np.nan)
    with np.errstate(invalid="ignore"):
        below = member & (x <= group.spread(values))
    own = np.where(group.inside, (0.5 * member - below) / group.spread(height), 0.0)
    some = np.where(np.isnan(height), 1.0, height)
    return _Median(values, own, found.of_line / some[:, None])


@dataclass(frozen=True, eq=False)
class _Heights:
    """Σ w × density at the median of the poor, (k,), and what each line moves of the rank of the median, (k, L)."""

    cell: Floats
    of_line: Floats


def _kernel_heights(poor: _Poor, values: Floats, kind: Literal["amount", "share"]) -> _Heights:
    """Return densities at medians, shape (k,), and at lines by a Gaussian kernel."""
    y, group, line = poor.y, poor.group, poor.line
    of_line, height = np.zeros((group.k, line.base.k)), np.zeros(group.k)
    weight = group.weight
    for piece in pieces(group, line.base):
        middle, z = values[piece.cell], float(line.value[piece.line])
        w, v = weight[piece.rows], y[piece.rows]
        if np.isnan(middle) or not w.sum() > 0:
            continue
        scale = z if kind == "share" else 1.0
        cut = min(middle * scale, z)
        width = kernel_width(v, w, sample_size(w, line.bandwidth))
        at_line, at_cut = kernel_mass(z, v, w, width), kernel_mass(cut, v, w, width)
        inner = cut < z
        height[piece.cell] += at_cut * scale if inner else 0.0
        of_cut = at_line if not inner else at_cut * middle if kind == "share" else 0.0
        of_line[piece.cell, piece.line] = 0.5 * at_line - of_cut
    return _Heights(height, of_line)


def _heights_between_limits(
    poor: _Poor, among: Cells, x: Floats, values: Floats, kind: Literal["amount", "share"]
) -> _Heights:
    """Return the weight of the poor between the limits of their median over the distance of these, and that at lines.

    The limits are those of the median at known lines: F(median) = 1/2 among the poor.
    """
    group, line = poor.group, poor.line
    curve = quantile_curve(among, among.inside, x, np.array([0.5]))
    low, high = curve.low[:, 0], curve.high[:, 0]
    heap = high == low  # all limits on one amount: the median has no error
    distance = np.where(high > low, high - low, np.where(heap, np.inf, np.nan))
    with np.errstate(invalid="ignore"):
        between = among.inside & (x > among.spread(low)) & (x <= among.spread(high))
    at_cut = pair_sums(group, line.base, between.astype(float)) / distance[:, None]
    at_line = heights(group, line, poor.y)
    level = line.value if kind == "share" else np.ones(line.base.k)
    inner = values[:, None] * level < line.value
    turned = at_cut * values[:, None] / line.value if kind == "share" else np.zeros_like(at_cut)
    of_cut = np.where(inner, turned, at_line)
    return _Heights(np.where(heap, np.inf, (at_cut * inner).sum(axis=1)), 0.5 * at_line - of_cut)


def _ratio_of_medians(
    group: Cells, y: Floats, member: NDArray[np.bool_], bandwidth: Bandwidth
) -> tuple[Floats, Floats]:
    """Return median of members over median of others in each cell, shape (k,), and its influence, shape (n,)."""
    curves = [quantile_curve(group, group.inside & m, y, np.array([0.5])) for m in (member, ~member)]
    medians = np.column_stack([c.values[:, 0] for c in curves])
    medians[~(medians[:, 1] > 0), 1] = np.nan
    values = medians[:, 0] / medians[:, 1]
    if bandwidth == "woodruff":
        z = curves[0].influence(0, 1 / medians[:, 1]) - curves[1].influence(0, values / medians[:, 1])
        return values, np.where(group.inside, np.nan_to_num(z), 0.0)
    weight, z = group.weight, np.zeros(len(y))
    for piece in pieces(group, group):
        at, (top, bottom) = piece.rows, medians[piece.cell]
        if np.isnan(values[piece.cell]):
            continue
        w, v, mine = weight[at], y[at], member[at]
        width = kernel_width(v, w, sample_size(w, bandwidth))
        upper = -((v <= top) - 0.5) / kernel_mass(top, v[mine], w[mine], width)
        lower = -((v <= bottom) - 0.5) / kernel_mass(bottom, v[~mine], w[~mine], width)
        z[at] = np.where(mine, upper / bottom, -lower * top / bottom**2)
    return values, z
