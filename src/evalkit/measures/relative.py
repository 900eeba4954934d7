"""Poverty against a line estimated from the same data: at-risk-of-poverty rate and threshold, FGT, Watts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._amounts import amounts, with_policy
from evalkit.measures._estimated_line import (
    PAPERS,
    EstimatedLine,
    Of,
    Reach,
    check_share,
    estimated_line,
    heights,
    line_note,
    line_text,
    location,
    pair_sums,
    reach,
    with_line,
)
from evalkit.measures._kernel import (
    Bandwidth,
    check_bandwidth,
    density_words,
    kernel_density as kernel_density,
)
from evalkit.measures._linear import Cells, Per, estimate
from evalkit.measures.poverty import FGT_NAMES, FGT_PAPER, NonPositive, fgt_scores, is_poor, watts_scores
from evalkit.panel import By, Panel


def arpr(
    panel: Panel,
    *,
    share: float = 0.6,
    q: float = 0.5,
    by: By = None,
    national_line: bool = True,
    poor_at_line: bool | None = None,
    bandwidth: Bandwidth = "woodruff",
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
    bandwidth : {"woodruff", "effective", "population"}
        Where densities come from. ``woodruff``: at the quantile the slope between the design's 95 % limits of its rank
        (Woodruff 1952), at the line the density averaged over the line's own error; needs no bandwidth and holds where
        incomes heap. Otherwise a Gaussian kernel of bandwidth standard deviation × N^(-1/5), N Kish's effective number of
        rows, which no rescaling of the weights can change, or the sum of the weights (as Osier 2009).

    Returns
    -------
    Estimate
        Shares. The influence is that of the rate at a known line plus density at the line × influence
        of the line, -(share / density at the quantile) (1(y ≤ quantile) - q) / Σw (Deville 1999;
        Osier 2009). With ``woodruff`` the 95 % limits join those at a known line (Korn–Graubard) with the rates at the limits
        of the line, each side its own (Zou & Donner 2008); otherwise t limits.

    Raises
    ------
    EstimationError
        q or share out of range, or a line that is not positive, or no dispersion to estimate a density.
    """
    found = relative_fgt(
        panel,
        0,
        share=share,
        of=q,
        by=by,
        national_line=national_line,
        poor_at_line=poor_at_line,
        bandwidth=bandwidth,
    )
    about = replace(found.about, estimand=f"share below {line_text(share, q)}", citation=PAPERS)
    return replace(found, about=about)


def arpt(
    panel: Panel,
    *,
    share: float = 0.6,
    of: Of = 0.5,
    by: By = None,
    real: bool = False,
    per: Per = None,
    bandwidth: Bandwidth = "woodruff",
) -> Estimate:
    """Return the at-risk-of-poverty threshold, a share of a quantile or of the mean, of each domain's own rows.

    Parameters
    ----------
    panel : Panel
    share : float
    of : float or "mean"
        The quantile (0.5 for the median).
    by : str or sequence of str, optional
        ``by="wave"`` gives the national line of each wave.
    real : bool
        In prices of the panel's price year.
    per : {"person", "household"}, optional
    bandwidth : {"woodruff", "effective", "population"}
        As in `arpr`.

    Returns
    -------
    Estimate
        In currency; influence -(share / density at the quantile) (1(y ≤ quantile) - q) / Σw (Osier 2009).

    Raises
    ------
    EstimationError
        share or `of` out of range, or no dispersion to estimate a density.
    """
    check_share(share, of)
    check_bandwidth(bandwidth)
    found = amounts(panel, None, by, per, real=real)
    place = location(found.group, found.y, of, bandwidth)
    about = About(
        estimand=f"line {line_text(share, of)}",
        method=_method(bandwidth) if of != "mean" else "weighted mean, linearised",
        citation=PAPERS,
        unit="currency",
        notes=found.notes,
    )
    return estimate(found.group, share * place.value, share * place.influence, about)


def relative_fgt(
    panel: Panel,
    alpha: float = 0,
    *,
    share: float = 0.6,
    of: Of = 0.5,
    by: By = None,
    national_line: bool = True,
    poor_at_line: bool | None = None,
    bandwidth: Bandwidth = "woodruff",
) -> Estimate:
    """Return the Foster–Greer–Thorbecke measure of degree alpha against an estimated line.

    Parameters
    ----------
    panel, share, by, national_line, poor_at_line, bandwidth
        As in `arpr`.
    alpha : float
        0, or at least 1 (in between the measure has no derivative in the line).
    of : float or "mean"
        The line is ``share`` × this quantile, or × the mean.

    Returns
    -------
    Estimate
        Shares. The influence is that at a known line plus the derivative in the line (density at the line for
        alpha = 0, mean of α ((z - y)/z)^(α-1) y/z² of the poor otherwise) × influence of the line (Osier 2009).

    Raises
    ------
    EstimationError
        alpha or an option out of range, a line that is not positive, or no dispersion.
    """
    if alpha != 0 and not alpha >= 1:
        msg = f"with an estimated line alpha is 0 or at least 1, got {alpha}"
        raise EstimationError(msg)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    found = amounts(panel, None, by)
    y, group = found.y, found.group
    line = estimated_line(panel, group, y, share=share, of=of, national=national_line, bandwidth=bandwidth)
    score = np.where(group.inside, fgt_scores(y, line.row, alpha, at_line=at_line), np.nan)
    if alpha == 0:
        slopes = heights(group, line, y)
    else:
        poor = is_poor(y, line.row, at_line=at_line)
        short = fgt_scores(y, line.row, alpha - 1, at_line=at_line) if alpha > 1 else poor
        slopes = pair_sums(group, line.base, poor * alpha * short * y / line.row**2)
    notes = [
        _notes.line_rule(at_line=at_line),
        line_note(national=national_line),
        *_notes.concepts(panel, panel.waves),
    ]
    below = int((group.inside & (y < 0)).sum())
    if below and alpha > 0:
        notes.append(_notes.negative(below))
    name = FGT_NAMES.get(float(alpha), f"FGT({alpha:g})")
    about = About(
        estimand=f"{name} below {line.text}",
        method=_method(bandwidth),
        citation=f"{FGT_PAPER}; {PAPERS}",
        unit="share",
        notes=tuple(notes),
    )
    moved = reach(group, line, y, at_line=at_line) if alpha == 0 and bandwidth == "woodruff" else None
    return _mean_with_line(group, line, score, slopes, about, moved)


def relative_watts(
    panel: Panel,
    *,
    share: float = 0.6,
    of: Of = 0.5,
    by: By = None,
    national_line: bool = True,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
    bandwidth: Bandwidth = "woodruff",
) -> Estimate:
    """Return the Watts index against an estimated line.

    Parameters
    ----------
    panel, share, by, national_line, bandwidth
        As in `arpr`.
    of : float or "mean"
        As in `relative_fgt`.
    nonpositive, floor
        As in `evalkit.measures.watts`; incomes left out still count for a national line.

    Returns
    -------
    Estimate
        In log units. The derivative in the line is (share of the poor) / line (Watts 1968; Osier 2009).

    Raises
    ------
    EstimationError
        As in `relative_fgt`, or non-positive measures without a policy.
    """
    found = with_policy(amounts(panel, None, by), "positive", nonpositive, floor, "the Watts index")
    y, group = found.y, found.group
    line = estimated_line(panel, group, y, share=share, of=of, national=national_line, bandwidth=bandwidth)
    score = np.where(group.inside, watts_scores(y, line.row), np.nan)
    slopes = pair_sums(group, line.base, is_poor(y, line.row, at_line=False) / line.row)
    about = About(
        estimand=f"watts below {line.text}",
        method=_method(bandwidth),
        citation=f"Watts (1968), in Moynihan (ed.), On Understanding Poverty; {PAPERS}",
        unit="log",
        notes=(line_note(national=national_line), *found.notes),
    )
    return _mean_with_line(group, line, score, slopes, about)


def _mean_with_line(
    group: Cells,
    line: EstimatedLine,
    score: Floats,
    slopes: Floats,
    about: About,
    moved: Reach | None = None,
) -> Estimate:
    """Return the mean of scores, shape (n,), given Σ of their derivatives in the lines, shape (k, L)."""
    size = group.size()
    values = group.sums(score) / size
    own = (score - group.spread(values)) / group.spread(size)
    slopes = slopes / np.where(np.isnan(size), 1.0, size)[:, None]
    return with_line(group, line, own, slopes, values, about, moved=moved)


def _method(bandwidth: Bandwidth) -> str:
    return f"linearised with estimated line; {density_words(bandwidth)}"
