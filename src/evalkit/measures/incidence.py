"""Growth incidence: growth along the distribution, of quantiles (anonymous) or of the same households."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._inversion import WOODRUFF, quantile_curve, ratio_limits, with_limits
from evalkit.measures._linear import Cells, estimate_parts, resting_on
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures._ranked import group_ratios
from evalkit.measures._waves import TwoWaves, matched, two_waves
from evalkit.measures.income import growth_slopes
from evalkit.panel import By, Panel
from evalkit.text import Text

VINGTILES = tuple(round(0.05 * i, 2) for i in range(1, 20))
DECILES = tuple(round(0.1 * i, 1) for i in range(1, 10))


def growth_incidence(
    panel: Panel,
    *,
    frm: int,
    to: int,
    quantiles: Sequence[float] | None = None,
    by: By = None,
    real: bool = True,
    annualised: bool = False,
    anonymous: bool = True,
) -> Estimate:
    """Return the growth incidence curve between two waves.

    Parameters
    ----------
    panel : Panel
    frm, to : int
        Waves, ``frm`` before ``to``.
    quantiles : sequence of float, optional
        Increasing, between 0 and 1. Anonymous: the points of the curve (default .05, .10 … .95). Not anonymous: the
        cuts between groups (default .1, .2 … .9, ten groups).
    by : str or sequence of str, optional
        Without the wave.
    real : bool
        In constant prices (the panel's deflators); nominal otherwise.
    annualised : bool
        Per year (geometric).
    anonymous : bool
        True: each quantile of the later wave over the same quantile of the earlier one, less one; the households at a
        quantile are not the same. False: households observed in both waves, grouped by their welfare in ``frm``;
        growth of each group's mean.

    Returns
    -------
    Estimate
        Keys `by` and ``p``: the quantile, or the upper end of the group (1 for the last). Joint covariance;
        `evalkit.measures.uniform_band` makes a band for the whole curve. Growth is NaN where the base is not positive.

        Anonymous: influence of a quantile -(1(y ≤ Q) - p) s / Σw, where s, the reciprocal of the density at the
        quantile, is the slope of the quantile function over the design's 95 % t limits of F(Q), so that the
        standard error of one quantile is Woodruff's; it needs no bandwidth, follows clustering, and is 0 on a
        heap of equal incomes wider than those limits. The pointwise 95 % limits carry the joint errors of the
        two ranks through the two quantile functions; blank where too many ranks pass 0 or 1. Not anonymous: ratio of
        group totals, the cuts estimated, t limits; n and df are those of each group.

    Raises
    ------
    EstimationError
        Quantiles out of order; waves absent, out of order, in `by`, or of two income concepts.
    DataError
        A price index is missing.

    References
    ----------
    Ravallion & Chen (2003), Economics Letters 78, 93-99; Grimm (2007), Journal of Economic Inequality 5, 179-197;
    Bourguignon (2011), Journal of Economic Inequality 9, 605-627.
    """
    default = VINGTILES if anonymous else DECILES
    probs = checked_quantiles(default if quantiles is None else quantiles)
    y = panel.values("welfare")
    data = two_waves(panel, by, frm, to, y) if anonymous else None
    if real:
        y = y * deflator(panel)
    years = float(to - frm) if annualised else 1.0
    about = About(
        estimand=f"growth incidence {frm}–{to}" + (" a year" if annualised else ""),
        unit="share",
        notes=price_notes(panel, "welfare", real=real)[:1],
    )
    if data is not None:
        return _anonymous(data, y, probs, years, about)
    return _of_the_same(panel, y, probs, (frm, to), by, years, about)


def checked_quantiles(quantiles: Sequence[float]) -> Floats:
    """Return quantiles as an array.

    Raises
    ------
    EstimationError
        None, not increasing, or not strictly between 0 and 1.

    >>> checked_quantiles([0.5, 0.9])
    array([0.5, 0.9])
    """
    out = np.asarray(list(quantiles), dtype=float)
    if not len(out) or not ((out > 0) & (out < 1)).all() or not (np.diff(out) > 0).all():
        msg = f"quantiles must increase strictly between 0 and 1, got {list(quantiles)}"
        raise EstimationError(msg)
    return out


def _anonymous(data: TwoWaves, y: Floats, probs: Floats, years: float, about: About) -> Estimate:
    base, last = (quantile_curve(data.group, rows, y, probs) for rows in (data.first, data.last))
    growth, at_frm, at_to = growth_slopes(base.values, last.values, years, log=False)
    zs = [base.influence(j, at_frm[:, j]) + last.influence(j, at_to[:, j]) for j in range(len(probs))]
    about = replace(
        about,
        method="ratio of quantiles less one; slope of the quantile function over the limits of F; limits by the "
        "joint errors of both ranks (Woodruff)",
        citation=f"Ravallion & Chen (2003), Economics Letters 78, 93-99; {WOODRUFF}",
        notes=(*about.notes, *data.notes, *_undefined(growth, base.values, last.values)),
    )
    found = estimate_parts(data.group, "p", probs.tolist(), growth, zs, about)
    factors = ratio_limits(base, last).reshape(-1, 2)
    return with_limits(found, factors ** (1 / years) - 1)


def _of_the_same(
    panel: Panel, y: Floats, probs: Floats, waves: tuple[int, int], by: By, years: float, about: About
) -> Estimate:
    data = matched(panel, by, *waves)
    group = data.group
    first, last = (data.values(w, y) for w in waves)
    found = group_ratios(group, first, last, first, probs)
    base, grown = found.below, found.below * found.values
    growth, _, at_to = growth_slopes(base, grown, years, log=False)
    # d growth = at_to × base × d ratio: a common factor of base and grown has no effect
    slope = at_to * base
    zs = [group.spread(slope[:, j]) * z for j, z in enumerate(found.zs)]
    about = replace(
        about,
        method="growth of the mean of each group of first-wave welfare, same households; ratio of totals, cuts estimated",
        citation="Grimm (2007), J. Economic Inequality 5, 179-197; Bourguignon (2011), J. Economic Inequality 9, 605-627",
        notes=(
            _regression(),
            *about.notes,
            *data.notes,
            *_undefined(growth, base, grown),
            *_empty_groups(group, base),
        ),
    )
    out = estimate_parts(group, "p", [*probs.tolist(), 1.0], growth, zs, about)
    return resting_on(out, group, found.members)


def _undefined(growth: Floats, base: Floats, last: Floats) -> tuple[Text, ...]:
    """Count the points whose growth does not exist although both waves were observed."""
    count = int((np.isnan(growth) & np.isfinite(base) & np.isfinite(last)).sum())
    if not count:
        return ()
    return (
        Text(
            en=f"{count} points have no growth rate: welfare of zero or less",
            zh=f"{count}个点的福利指标不为正，无增长率",
        ),
    )


def _empty_groups(group: Cells, base: Floats) -> tuple[Text, ...]:
    """Count the groups that equal incomes leave empty."""
    count = int(((group.rows() > 0)[:, None] & np.isnan(base)).sum())
    if not count:
        return ()
    return (
        Text(
            en=f"households of equal first-wave welfare stay in one group, which leaves {count} groups empty",
            zh=f"首年收入相同的住户归入同一组，因此有{count}个组为空",
        ),
    )


def _regression() -> Text:
    return Text(
        en="groups are chosen by first-wave welfare: transitory income and errors raise the growth of the lowest and lower "
        "that of the highest groups",
        zh="按首年收入分组：暂时性收入与误差会抬高低组、压低高组的增长",
    )
