"""Inequality of the welfare measure or another variable: Gini, Atkinson, generalised entropy, Zenga, percentiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._amounts import (
    MEAN,
    Amounts,
    amounts,
    low_notes,
    positive_base,
    with_policy,
)
from evalkit.measures._linear import Per, assemble, estimate
from evalkit.measures.basic import quantile
from evalkit.measures.ordered import distances_by_cell
from evalkit.measures.poverty import NonPositive
from evalkit.panel import By, Panel
from evalkit.text import Text

Transform = Callable[[Floats], Floats]
BIEWEN_JENKINS = "Biewen & Jenkins (2006), Oxford Bulletin of Economics and Statistics 68, 371-383"
TOP_HEAVY = Text(
    en="this index rests on the few largest amounts: with skewed incomes its interval covers less often than it says",
    zh="该指数受少数最高值影响很大：收入偏态时区间的实际覆盖率低于名义水平",
)
ABOVE_ONE = Text(en="with negative amounts the Gini can exceed 1", zh="存在负值时基尼系数可能大于1")


def gini(
    panel: Panel,
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    formula: Literal["mid", "upper"] = "mid",
) -> Estimate:
    """Return the Gini coefficient of each domain.

    Parameters
    ----------
    panel : Panel
    variable : str, optional
        Role or column; the panel's welfare measure by default.
    by : str or sequence of str, optional
        Roles or columns whose combinations are the domains.
    real : bool
        Express amounts in prices of the panel's price year (matters for domains that span waves).
    per : {"person", "household"}, optional
        What a row counts for; the panel's unit by default.
    formula : {"mid", "upper"}
        ``mid`` ranks a row by the middle of its weight: half the mean absolute difference over the mean, and
        what the trapezoids under the Lorenz curve give. ``upper`` ranks it by the upper end, as some software
        does, for comparison: it is larger by Σ w² y / (Σw Σwy) and changes when a record is split in two.

    Returns
    -------
    Estimate
        Influence of row i: (mean_j |y_i - y_j| / mean - G (1 + y_i / mean)) / Σw (Langel & Tillé 2013).
        Amounts of zero and below count as they are; NaN where the mean is not positive.

    Raises
    ------
    DataError
        The variable is absent, not numeric, all missing, or a deflator is missing.
    EstimationError
        No such formula.
    """
    if formula not in ("mid", "upper"):
        msg = f"formula is 'mid' or 'upper', not {formula!r}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    found = found.noting(*low_notes(found))
    y, group = found.y, found.group
    if (group.inside & (y < 0)).any():
        found = found.noting(ABOVE_ONE)
    size = group.size()
    centre, found = positive_base(found, group.sums(y) / size, MEAN)
    about = About(
        estimand=f"gini {found.name}",
        method=f"{formula}-rank, linearised",
        citation="Langel & Tillé (2013), Journal of the Royal Statistical Society A 176, 521-540",
        unit="index",
        notes=found.notes,
    )
    if formula == "upper":
        values, z = _upper_rank(panel, found, centre)
        return estimate(group, values, z, about)
    apart = distances_by_cell(group, y, np.ones(len(y))) / group.spread(size)
    values = group.sums(apart) / size / (2 * centre)
    level = group.spread(centre)
    z = apart / level - group.spread(values) * (1 + y / level)
    return estimate(group, values, z / group.spread(size), about)


def atkinson(
    panel: Panel,
    epsilon: float = 1.0,
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
) -> Estimate:
    """Return Atkinson's index: one less the equally distributed equivalent over the mean.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `gini`.
    epsilon : float
        Aversion to inequality, above 0; 1 gives one less geometric over arithmetic mean.
    nonpositive : {"error", "drop", "floor"}
        What happens to amounts for which the index has no value (negative; zero too from epsilon = 1 on):
        refuse; leave out every amount of zero or less; count every amount below `floor` as `floor`.
    floor : float, optional
        Needed with ``nonpositive="floor"``.

    Returns
    -------
    Estimate
        Influence (1 - A) ((y - mean)/mean - (y^(1-ε) - m)/((1-ε) m)) / Σw with m the mean of y^(1-ε)
        (Biewen & Jenkins 2006); the logarithm takes the place of the power at ε = 1.

    Raises
    ------
    EstimationError
        epsilon is not positive, or amounts without a value and no policy for them.
    """
    if not epsilon > 0 or not np.isfinite(epsilon):
        msg = f"epsilon must be positive, got {epsilon}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    what = f"Atkinson's index with epsilon {epsilon:g}"
    found = with_policy(found, "positive" if epsilon >= 1 else "zero", nonpositive, floor, what)
    parts = _Moments.of(found, lambda y: np.log(y) if epsilon == 1 else y ** (1 - epsilon))
    ede = np.exp(parts.mean) if epsilon == 1 else parts.mean ** (1 / (1 - epsilon))
    values = 1 - ede / parts.centre
    scale = 1.0 if epsilon == 1 else (1 - epsilon) * parts.row(parts.mean)
    z = parts.row(1 - values) * (parts.of_centre / parts.row(parts.centre) - parts.of_mean / scale)
    about = About(
        estimand=f"atkinson({epsilon:g}) {found.name}",
        interval="log",
        method="smooth function of means, linearised",
        citation=f"Atkinson (1970), Journal of Economic Theory 2, 244-263; {BIEWEN_JENKINS}",
        unit="index",
        notes=parts.found.notes,
    )
    return estimate(parts.found.group, values, z / parts.row(parts.size), about)


def generalised_entropy(
    panel: Panel,
    alpha: float = 1.0,
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
) -> Estimate:
    """Return the generalised entropy index of degree alpha.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `gini`.
    alpha : float
        0 mean log deviation, 1 Theil's index, 2 half the squared coefficient of variation.
    nonpositive, floor
        As in `atkinson`. Amounts of zero have a value for alpha above 0, negative ones for alpha = 2 only.

    Returns
    -------
    Estimate
        (mean (y/mean)^α - 1) / (α (α - 1)), with the limits mean log(mean/y) at 0 and
        mean (y/mean) log(y/mean) at 1; linearised (Biewen & Jenkins 2006). From alpha = 2 on the interval is too
        short where incomes have a long upper tail (Davidson & Flachaire 2007, Journal of Econometrics 141); a
        note says so.

    Raises
    ------
    EstimationError
        Amounts without a value and no policy for them.
    """
    if not np.isfinite(alpha):
        msg = f"alpha must be a number, got {alpha}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    lowest: Literal["positive", "zero", "any"] = "positive" if alpha <= 0 else "any" if alpha == 2 else "zero"
    found = with_policy(found, lowest, nonpositive, floor, f"the entropy index with alpha {alpha:g}")
    if alpha >= 2:
        found = found.noting(TOP_HEAVY)
    parts = _Moments.of(found, lambda y: _entropy_term(y, alpha))
    centre, level, inner = parts.centre, parts.row(parts.centre), parts.row(parts.mean)
    if alpha == 0:
        values = np.log(centre) - parts.mean
        z = parts.of_centre / level - parts.of_mean
    elif alpha == 1:
        values = parts.mean / centre - np.log(centre)
        z = parts.of_mean / level - (inner / level + 1) * parts.of_centre / level
    else:
        c = alpha * (alpha - 1)
        values = (parts.mean / centre**alpha - 1) / c
        z = (parts.of_mean - alpha * inner * parts.of_centre / level) / (c * level**alpha)
    about = About(
        estimand=ENTROPY_NAMES.get(float(alpha), f"entropy({alpha:g})") + f" {found.name}",
        interval="log",
        method="smooth function of means, linearised",
        citation=f"Shorrocks (1980), Econometrica 48, 613-625; {BIEWEN_JENKINS}",
        unit="index",
        notes=parts.found.notes,
    )
    return estimate(parts.found.group, values, z / parts.row(parts.size), about)


ENTROPY_NAMES = {0.0: "mean log deviation", 1.0: "theil", 2.0: "half squared coefficient of variation"}


def j_divergence(
    panel: Panel,
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
) -> Estimate:
    """Return the J-divergence: mean of (y/mean - 1) log(y/mean), Theil's index plus the mean log deviation.

    Parameters
    ----------
    panel, variable, by, real, per, nonpositive, floor
        As in `generalised_entropy`; only positive amounts have a value.

    Returns
    -------
    Estimate
        Influence: the sum of those of the two indices (Rohde 2016, with Biewen & Jenkins 2006).

    Raises
    ------
    EstimationError
        Amounts without a value and no policy for them.
    """
    found = amounts(panel, variable, by, per, real=real)
    found = with_policy(found, "positive", nonpositive, floor, "the J-divergence")
    logs = _Moments.of(found, np.log)
    both = _Moments.of(found, lambda y: _entropy_term(y, 1.0))
    centre, level = both.centre, both.row(both.centre)
    values = both.mean / centre - logs.mean
    z = (both.of_mean - both.row(both.mean) * both.of_centre / level) / level - logs.of_mean
    about = About(
        estimand=f"j-divergence {found.name}",
        interval="log",
        method="smooth function of means, linearised",
        citation=f"Rohde (2016), Journal of the Royal Statistical Society A 179, 159-185; {BIEWEN_JENKINS}",
        unit="index",
        notes=both.found.notes,
    )
    return estimate(both.found.group, values, z / both.row(both.size), about)


def percentile_ratio(
    panel: Panel,
    variable: str | None = None,
    *,
    upper: float = 0.9,
    lower: float = 0.1,
    by: By = None,
    real: bool = False,
    per: Per = None,
) -> Estimate:
    """Return the ratio of two percentiles of each domain.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `gini`.
    upper, lower : float
        Between 0 and 1; the ratio is quantile ``upper`` over quantile ``lower``.

    Returns
    -------
    Estimate
        The standard error of each percentile is Woodruff's (see `evalkit.measures.quantile`), their correlation
        that of the shares at or below them; the ratio by the delta method. NaN where the lower percentile is
        not positive.

    Raises
    ------
    EstimationError
        Not 0 < lower < upper < 1.
    """
    if not 0 < lower < upper < 1:
        msg = f"a percentile ratio needs 0 < lower < upper < 1, got lower={lower}, upper={upper}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    group, ends = found.group, [upper, lower]
    levels = [quantile(panel, variable, q=q, by=by, real=real, per=per) for q in ends]
    top, bottom = levels[0].values, levels[1].values
    bottom, found = positive_base(found, bottom, Text(en="the lower percentile", zh="低分位数"))
    with np.errstate(invalid="ignore"):
        below = [(found.y <= group.spread(level.values)).astype(float) for level in levels]
    zs = [(x - group.spread(group.sums(x) / group.size())) / group.spread(group.size()) for x in below]
    zs = [np.where(group.inside, group.units * z, 0.0) for z in zs]
    cov = group.sample.covariance_of(zs, [group.code] * 2, group.k)
    of_share = np.sqrt(np.maximum(np.diag(cov), 0.0))
    se = np.concatenate([level.std_error for level in levels])
    slope = np.concatenate([1 / bottom, -top / bottom**2])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = slope * np.where(of_share > 0, se / of_share, 0.0)
    scaled = cov * np.outer(slope, slope)
    joint = scaled.reshape(2, group.k, 2, group.k).sum(axis=(0, 2))
    about = About(
        estimand=f"p{100 * upper:g}/p{100 * lower:g} {found.name}",
        method="ratio of percentiles, delta method on Woodruff's standard errors",
        citation="Woodruff (1952), J. Amer. Statist. Assoc. 47, 635-646",
        unit="ratio",
        notes=found.notes,
    )
    return assemble(group, top / bottom, joint, about)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Mean of y and of a transform of y in each cell (k,), with their deviations (n,)."""

    found: Amounts
    size: Floats
    centre: Floats
    mean: Floats
    of_centre: Floats
    of_mean: Floats

    @classmethod
    def of(cls, found: Amounts, transform: Transform) -> _Moments:
        group = found.group
        y = np.where(group.inside, found.y, 1.0)
        g = transform(y)
        size = group.size()
        centre, noted = positive_base(found, group.sums(y) / size, MEAN)
        mean = np.where(np.isnan(centre), np.nan, group.sums(g) / size)
        of_centre, of_mean = y - group.spread(centre), g - group.spread(mean)
        return cls(noted, size, centre, mean, of_centre, of_mean)

    def row(self, values: Floats) -> Floats:
        return self.found.group.spread(values)


def _entropy_term(y: Floats, alpha: float) -> Floats:
    """Return log y, y log y (0 at 0) or y^α, shape (n,)."""
    if alpha == 0:
        return np.asarray(np.log(y))
    if alpha == 1:
        return np.asarray(y * np.log(np.where(y > 0, y, 1.0)))
    return np.asarray(y**alpha)


def _upper_rank(panel: Panel, found: Amounts, centre: Floats) -> tuple[Floats, Floats]:
    """Return the Gini coefficient by upper ranks, shape (k,), and its influence, shape (n,).

    Equal amounts are ranked in the order of households and waves.
    """
    group, y = found.group, found.y
    place = panel.frame[[panel.household, panel.wave]].copy()
    place["_row"] = np.arange(len(place))
    rank = np.empty(len(place), dtype=np.intp)
    rank[place.sort_values([panel.household, panel.wave])["_row"].to_numpy()] = np.arange(len(place))
    weight = group.weight
    rows = np.flatnonzero(group.inside & (weight > 0))
    rows = rows[np.lexsort((rank[rows], y[rows], group.code[rows]))]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    values, z = np.full(group.k, np.nan), np.zeros(len(y))
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        if not len(at) or np.isnan(centre[cell]):
            continue
        w, x = weight[at], y[at]
        size, mass = w.sum(), (w * x).sum()
        share = np.cumsum(w) / size
        above = np.cumsum((w * x)[::-1])[::-1] / size
        area = (w * share * x).sum()
        values[cell] = 2 * area / mass - 1
        z[at] = 2 / mass * (share * x + above - area / size - area / mass * x)
    return values, z
