"""Poverty against a line estimated from the same data: the at-risk-of-poverty rate."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, assemble, cells
from evalkit.measures.basic import quantiles_by_cell
from evalkit.measures.poverty import is_poor
from evalkit.panel import By, Panel
from evalkit.text import Text

Bandwidth = Literal["effective", "population"]


def arpr(
    panel: Panel,
    *,
    share: float = 0.6,
    q: float = 0.5,
    by: By = None,
    national_line: bool = True,
    poor_at_line: bool | None = None,
    bandwidth: Bandwidth = "effective",
) -> Estimate:
    """Return the share of units below a share of a quantile of the same distribution.

    Parameters
    ----------
    panel : Panel
    share, q : float
        The line is ``share`` × quantile ``q``, estimated wave by wave.
    by : str or sequence of str, optional
    national_line : bool
        Estimate the line from all rows of the wave (also those outside the subpopulation); otherwise from
        each domain's rows of the wave.
    poor_at_line : bool, optional
        Whether exactly at the line is poor; the panel's rule by default.
    bandwidth : {"effective", "population"}
        Sample size in the kernel bandwidth, standard deviation × N^(-1/5): Kish's effective number of
        rows, which no rescaling of the weights can change, or the sum of the weights (as Osier 2009).

    Returns
    -------
    Estimate
        Shares. The influence is that of the rate at a known line plus density at the line × influence
        of the line, -(share / density at the quantile) (1(y ≤ quantile) - q) / Σw (Deville 1999;
        Osier 2009); densities by Gaussian kernel.

    Raises
    ------
    EstimationError
        q or share out of range, or a line that is not positive, or no dispersion to estimate a density.
    """
    if not 0 < q < 1 or not share > 0:
        msg = f"the line needs 0 < q < 1 and share > 0, got q={q}, share={share}"
        raise EstimationError(msg)
    if bandwidth not in ("effective", "population"):
        msg = f"bandwidth is 'effective' or 'population', not {bandwidth!r}"
        raise EstimationError(msg)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    y = panel.values("welfare")
    group = cells(panel, by, {panel.welfare: y})
    base = _line_groups(panel, group, y, national=national_line)
    middle = quantiles_by_cell(base, y, np.full((base.k, 1), q))[:, 0]
    if (share * middle <= 0).any():
        msg = f"the estimated line is not positive: {share:g} × quantile {q:g} = {share * middle.min():g}"
        raise EstimationError(msg)
    line = base.spread(share * middle)
    poor = np.where(group.inside, is_poor(y, line, at_line=at_line), np.nan)
    values = group.sums(poor) / group.size()
    own = (poor - group.spread(values)) / group.spread(group.size())
    of_line, slopes = _line_influence(base, group, y, share, q, bandwidth)
    cov = _joint(group, base, own, of_line, slopes)
    about = About(
        estimand=f"share below {share:g} × quantile {q:g}",
        method=f"linearised with estimated line; Gaussian kernel, bandwidth sd × N^(-1/5), N {bandwidth}",
        citation="Deville (1999), Survey Methodology 25; Osier (2009), Survey Research Methods 3, 167-195",
        unit="share",
        notes=(_notes.line_rule(at_line=at_line), _line_note(national=national_line)),
    )
    return assemble(group, values, cov, about)


def kernel_density(x: float, y: Floats, w: Floats, n: float) -> float:
    """Return the weighted Gaussian kernel density of y at x with bandwidth sd × n^(-1/5).

    Raises
    ------
    EstimationError
        All values are the same.

    >>> y = np.array([-1.0, 1.0])
    >>> round(kernel_density(0.0, y, np.ones(2), 1.0), 4)
    0.242
    """
    total = w.sum()
    centre = (w * y).sum() / total
    h = np.sqrt((w * (y - centre) ** 2).sum() / total) * n**-0.2
    if not h > 0:
        msg = "all welfare values of a domain are the same: a line estimated from them has no standard error"
        raise EstimationError(msg)
    kernel = np.exp(-0.5 * ((x - y) / h) ** 2)
    return float((w * kernel).sum() / (total * h * np.sqrt(2 * np.pi)))


def _line_groups(panel: Panel, group: Cells, y: Floats, *, national: bool) -> Cells:
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


def _line_influence(
    base: Cells, group: Cells, y: Floats, share: float, q: float, bandwidth: Bandwidth
) -> tuple[Floats, Floats]:
    """Return the influence on each row's line, shape (n,), and d rate / d line, shape (cells, lines)."""
    weight = group.weight
    middle = quantiles_by_cell(base, y, np.full((base.k, 1), q))[:, 0]
    influence = np.zeros(len(y))
    slopes = np.zeros((group.k, base.k))
    sizes = group.size()
    for g in range(base.k):
        rows = base.code == g
        top = kernel_density(middle[g], y[rows], weight[rows], _count(weight[rows], bandwidth))
        influence[rows] = -share * ((y[rows] <= middle[g]) - q) / (top * weight[rows].sum())
        for cell in np.unique(group.code[rows & group.inside]):
            part = rows & (group.code == cell)
            n = _count(weight[part], bandwidth)
            height = kernel_density(share * middle[g], y[part], weight[part], n)
            slopes[cell, g] = height * weight[part].sum() / sizes[cell]
    return influence, slopes


def _joint(group: Cells, base: Cells, own: Floats, of_line: Floats, slopes: Floats) -> Floats:
    """Return the covariance of rates whose lines are estimated from groups that may be other rows."""
    width = max(group.k, base.k)
    zs = [np.where(group.inside, group.units * own, 0.0), group.units * of_line]
    codes: list[Ints] = [group.code, base.code]
    cov = group.sample.covariance_of(zs, codes, width)
    mat = np.zeros((group.k, 2 * width))
    mat[:, : group.k] = np.eye(group.k)
    mat[:, width : width + base.k] = slopes
    return np.asarray(mat @ cov @ mat.T, dtype=float)


def _count(weight: Floats, bandwidth: Bandwidth) -> float:
    return float(weight.sum() if bandwidth == "population" else weight.sum() ** 2 / (weight**2).sum())


def _line_note(*, national: bool) -> Text:
    if national:
        return Text(en="line estimated from all rows of each wave", zh="贫困线由各年全部样本估计")
    return Text(en="line estimated within each domain and wave", zh="贫困线在各分组、各年内估计")
