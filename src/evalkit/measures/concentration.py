"""What inequality is made of: income sources (Lerman & Yitzhaki), and lower against upper means (Zenga)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._amounts import (
    MEAN,
    Amounts,
    Steps,
    amounts,
    low_notes,
    positive_base,
    steps_by_cell,
)
from evalkit.measures._linear import Cells, Per, cells, described, estimate
from evalkit.measures._prices import deflator
from evalkit.panel import By, Panel
from evalkit.text import Text

PARTS = ("income_share", "gini", "gini_correlation", "contribution", "contribution_share", "elasticity")
"""Statistics of each income source, see `gini_by_source`."""
CENT = 0.01


def zenga(
    panel: Panel,
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    formula: Literal["distribution", "record"] = "distribution",
) -> Estimate:
    """Return Zenga's index: one less the mean ratio of the lower mean to the upper mean at each amount.

    Parameters
    ----------
    panel, variable, by, real, per
        As in `evalkit.measures.gini`.
    formula : {"distribution", "record"}
        ``distribution``: equal amounts are one value; the lower mean is that of all at or below it, the upper
        mean that of all above it (of the value itself at the largest), Zenga's definition for a frequency
        distribution. ``record``: every record is a step; the sum below leaves the record out, the count below
        takes it in, and conversely above, as R's convey does; it changes when a record is split in two.

    Returns
    -------
    Estimate
        Influence by differentiation of the sums (Langel & Tillé 2012; Barabesi, Diana & Perri 2016). Amounts
        of zero and below count as they are; NaN where the mean is not positive.

    Raises
    ------
    EstimationError
        No such formula.
    """
    if formula not in ("distribution", "record"):
        msg = f"formula is 'distribution' or 'record', not {formula!r}"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    found = found.noting(*low_notes(found))
    group, y = found.group, found.y
    centre, found = positive_base(found, group.sums(y) / group.size(), MEAN)
    values, z = np.full(group.k, np.nan), np.zeros(len(y))
    for steps in steps_by_cell(group, y):
        if np.isnan(centre[steps.cell]):
            continue
        if formula == "record":
            rows = steps.rows
            values[steps.cell], z[rows] = _by_record(y[rows], group.weight[rows])
        else:
            values[steps.cell], at_step = _by_value(steps)
            z[steps.rows] = at_step[steps.step]
    about = About(
        estimand=f"zenga {found.name}",
        method=f"ratios of lower to upper means, by {formula}, linearised",
        citation=(
            "Zenga (2007), Statistica & Applicazioni 5, 3-27; Langel & Tillé (2012), Metrika 75, 1093-1110; "
            "Barabesi, Diana & Perri (2016), Statistics 50, 1161-1172"
        ),
        unit="index",
        notes=found.notes,
    )
    return estimate(group, values, z, about)


def gini_by_source(
    panel: Panel,
    sources: Sequence[str],
    variable: str | None = None,
    *,
    by: By = None,
    real: bool = False,
    per: Per = None,
    amounts_of: Literal["person", "household"] = "person",
    rest: str | None = None,
) -> Estimate:
    """Return the decomposition of the Gini coefficient by income source.

    Parameters
    ----------
    panel : Panel
    sources : sequence of str
        Roles or columns of the sources.
    variable : str, optional
        What they are parts of; the panel's welfare measure by default.
    by, real, per
        As in `evalkit.measures.gini`.
    amounts_of : {"person", "household"}
        Whether the sources are amounts per head, like the welfare measure, or of the whole household
        (they are then divided by its size).
    rest : str, optional
        Name of the part of `variable` that is in no source, which becomes one more source. Without it
        the sources have to add up to `variable`.

    Returns
    -------
    Estimate
        Keys `source` and `statistic`: ``income_share`` S, ``gini`` G of the source, ``gini_correlation`` R of the
        source with the rank of total income, ``contribution`` S G R, ``contribution_share`` S G R / G,
        ``elasticity`` of the Gini with respect to the source, S G R / G - S; and the Gini of the ``total``,
        the sum of the contributions. Mid-ranks; the total is the sum of the sources. A source without a
        positive mean, or in the same amount everywhere, has no Gini or no correlation of its own (NaN).

    Raises
    ------
    DataError
        A source is absent or not numeric.
    EstimationError
        The sources do not add up, or household amounts on a panel without a size.

    References
    ----------
    Lerman & Yitzhaki (1985), Review of Economics and Statistics 67, 151-156; covariances by the linearisation of
    Langel & Tillé (2013), Journal of the Royal Statistical Society A 176, 521-540.
    """
    names, parts, found = _sources(panel, sources, variable, by, per, real=real, of=amounts_of, rest=rest)
    group, total = found.group, parts.sum(axis=0)
    base = _base(group, parts, total)
    count = len(names)
    values, slopes = _lerman_yitzhaki(base.values)
    width = 3 * count
    influences = [np.where(group.inside, group.units * z, 0.0) for z in base.influence]
    cov = group.sample.covariance_of(influences, [group.code] * width, group.k)
    cov = cov.reshape(width, group.k, width, group.k).transpose(1, 0, 3, 2)
    cov = np.einsum("cpb,cbdq->cpdq", slopes, cov, optimize=True)
    cov = np.einsum("cpdq,drq->cpdr", cov, slopes, optimize=True)
    labels = [(name, part) for name in names for part in PARTS] + [("total", "gini")]
    about = About(
        estimand=f"gini {found.name} by source",
        method="covariances with mid-ranks, delta method",
        citation="Lerman & Yitzhaki (1985), Review of Economics and Statistics 67, 151-156",
        unit="index",
        notes=found.notes,
    )
    return _assembled(group, labels, values, cov.reshape(values.size, values.size), about)


@dataclass(frozen=True, eq=False)
class _Base:
    """Mean, covariance with the rank of total, covariance with own rank (each × 2 but the mean) of each source.

    `values` has shape (k, 3, sources), `influence` shape (3 sources, n) in the same order.
    """

    values: Floats
    influence: Floats


def rank_covariance(steps: Steps, x: Floats, w: Floats) -> tuple[float, Floats]:
    """Return twice the covariance of x with the mid-rank of the steps' values, and its influence.

    Parameters
    ----------
    steps : Steps
    x, w : ndarray, shape (r,)
        Of `steps.rows`.

    Returns
    -------
    float
    ndarray, shape (r,)
        Derivative with respect to the weight of each row.
    """
    size = steps.total
    rank = (np.cumsum(steps.weight) - steps.weight / 2)[steps.step] / size
    mass = steps.sums(w * x)
    above = (np.cumsum(mass[::-1])[::-1] - mass / 2)[steps.step] / size
    centre, area = (w * x).sum() / size, (w * x * rank).sum() / size
    return 2 * area - centre, (2 * (x * rank + above - 2 * area) - (x - centre)) / size


def _base(group: Cells, parts: Floats, total: Floats) -> _Base:
    count, n = parts.shape
    values = np.full((group.k, 3, count), np.nan)
    influence = np.zeros((3, count, n))
    weight = group.weight
    for j in range(count):
        means = group.sums(parts[j]) / group.size()
        values[:, 0, j] = means
        deviation = (parts[j] - group.spread(means)) / group.spread(group.size())
        influence[0, j] = np.where(group.inside, deviation, 0.0)
        for steps in steps_by_cell(group, parts[j]):
            at = steps.rows
            values[steps.cell, 2, j], influence[2, j, at] = rank_covariance(steps, parts[j, at], weight[at])
    for steps in steps_by_cell(group, total):
        at = steps.rows
        for j in range(count):
            values[steps.cell, 1, j], influence[1, j, at] = rank_covariance(steps, parts[j, at], weight[at])
    return _Base(values, influence.reshape(3 * count, n))


def _lerman_yitzhaki(base: Floats) -> tuple[Floats, Floats]:
    """Return the statistics, shape (k, 6 s + 1), and their slopes on the base, shape (k, 6 s + 1, 3 s)."""
    k, _, count = base.shape
    mean, joint, own = base[:, 0], base[:, 1], base[:, 2]
    level = mean.sum(axis=1, keepdims=True)
    level = np.where(level > 0, level, np.nan)
    whole = joint.sum(axis=1, keepdims=True)
    spread = np.where(whole > 0, whole, np.nan)
    single = np.where(mean > 0, mean, np.nan)
    apart = np.where(own > 0, own, np.nan)
    share, gini, corr = mean / level, own / single, joint / apart
    part, part_share = joint / level, joint / spread
    values = np.stack([share, gini, corr, part, part_share, part_share - share], axis=2).reshape(k, 6 * count)
    slopes = np.zeros((k, count, 6, 3, count))
    for j in range(count):
        slopes[:, j, 0, 0, :] = -share[:, [j]] / level
        slopes[:, j, 0, 0, j] += 1 / level[:, 0]
        slopes[:, j, 1, 0, j], slopes[:, j, 1, 2, j] = -gini[:, j] / single[:, j], 1 / single[:, j]
        slopes[:, j, 2, 1, j], slopes[:, j, 2, 2, j] = 1 / apart[:, j], -corr[:, j] / apart[:, j]
        slopes[:, j, 3, 0, :], slopes[:, j, 3, 1, j] = -part[:, [j]] / level, 1 / level[:, 0]
        slopes[:, j, 4, 1, :] = -part_share[:, [j]] / spread
        slopes[:, j, 4, 1, j] += 1 / spread[:, 0]
    slopes[:, :, 5] = slopes[:, :, 4] - slopes[:, :, 0]
    total, of_total = whole / level, np.zeros((k, 1, 3, count))
    of_total[:, 0, 0], of_total[:, 0, 1] = -total / level, 1 / level
    flat = slopes.reshape(k, 6 * count, 3 * count)
    return np.hstack([values, total]), np.concatenate([flat, of_total.reshape(k, 1, 3 * count)], axis=1)


def _assembled(
    group: Cells, labels: list[tuple[str, str]], values: Floats, cov: Floats, about: About
) -> Estimate:
    m, k = len(labels), group.k
    keys = group.keys.iloc[np.repeat(np.arange(k), m)].reset_index(drop=True)
    keys["source"] = np.tile([a for a, _ in labels], k)
    keys["statistic"] = np.tile([b for _, b in labels], k)
    n, flat = np.repeat(group.rows(), m), values.ravel()
    void = (n == 0) | ~np.isfinite(flat)
    cov[void, :] = np.nan
    cov[:, void] = np.nan
    return Estimate(
        keys=keys,
        values=np.where(void, np.nan, flat),
        cov=cov,
        df=np.repeat(group.sample.df(group.code, k), m),
        n=n,
        about=described(group, about, group.rows()),
        clusters=np.repeat(group.sample.clusters(group.code, k), m),
    )


def _sources(
    panel: Panel,
    sources: Sequence[str],
    variable: str | None,
    by: By,
    per: Per,
    *,
    real: bool,
    of: str,
    rest: str | None,
) -> tuple[list[str], Floats, Amounts]:
    """Return names, amounts per head (sources, n) and the cells of the rows that have them all."""
    names = [panel.column(s) for s in sources]
    called = [*names, *([] if rest is None else [rest])]
    if not names or len({*called, "total"}) <= len(called):
        msg = f"gini_by_source needs one or more different sources, none called 'total', got {', '.join(called)}"
        raise EstimationError(msg)
    if of not in ("person", "household"):
        msg = f"amounts_of is 'person' or 'household', not {of!r}"
        raise EstimationError(msg)
    if of == "household" and panel.size is None:
        msg = "amounts_of='household' needs the household size; give the panel its size column"
        raise EstimationError(msg)
    found = amounts(panel, variable, by, per, real=real)
    divisor = panel.persons() if of == "household" else np.ones(len(panel.frame))
    factor = deflator(panel) if real else np.ones(len(panel.frame))
    parts = np.vstack([panel.values(s) * factor / divisor for s in sources])
    group = cells(panel, by, {found.name: found.y, **dict(zip(names, parts, strict=True))}, per)
    left = found.y - parts.sum(axis=0)
    if rest is None:
        apart = group.inside & (np.abs(left) > CENT)
        if apart.any():
            first = panel.frame.loc[apart, [panel.household, panel.wave]].iloc[0]
            msg = (
                f"in {int(apart.sum())} of {int(group.inside.sum())} household-waves the sources do not add up to "
                f"{found.name!r} (first: {first.iloc[0]}, {first.iloc[1]}: {left[apart][0]:.2f} left); name every "
                "source, pass rest='other' for what is left, or amounts_of='household'"
            )
            raise EstimationError(msg)
    else:
        names, parts = called, np.vstack([parts, left])
    note = Text(
        en=f"total income is the sum of: {', '.join(names)}; ranks take the middle of equal incomes",
        zh=f"总收入为以下各项之和：{'、'.join(names)}；收入相同者取中间位次",
    )
    return names, parts, replace(found, group=group).noting(note, *low_notes(found))


def _by_value(steps: Steps) -> tuple[float, Floats]:
    """Return Zenga's index of a frequency distribution and its influence at each value, shape (m,)."""
    w, y, size = steps.weight, steps.value, steps.total
    count, mass = np.cumsum(w), np.cumsum(w * y)
    over, wealth = size - count, mass[-1] - mass
    upper = np.append(wealth[:-1] / over[:-1], y[-1])
    lower = mass / count
    ratio = lower / upper
    mean_ratio = (w * ratio).sum() / size
    by_lower = w / (count * upper)
    by_upper = np.append((w * ratio)[:-1] / (over * upper)[:-1], 0.0)
    from_here = y * _after(by_lower) - _after(by_lower * lower)
    before = y * _before(by_upper) - _before(by_upper * upper)
    return 1 - mean_ratio, -(ratio - mean_ratio + from_here - before) / size


def _by_record(y: Floats, w: Floats) -> tuple[float, Floats]:
    """Return Zenga's index record by record, sorted, and its influence, shape (r,)."""
    size, total = w.sum(), (w * y).sum()
    count = np.cumsum(w)
    mass = np.cumsum(w * y) - w * y
    over = np.append(size - count[:-1], 0.0)
    wealth = total - mass
    ratio = mass * over / (count * wealth)
    index = 1 - (w * ratio).sum() / size
    below = w * over / (count * wealth)
    out = (
        ratio
        - (1 - index)
        + y * (_after(below) - below)
        - _after(w * ratio / count)
        + _before(w * mass / (count * wealth))
        - y * (_before(w * ratio / wealth) + w * ratio / wealth)
    )
    return float(index), -out / size


def _after(x: Floats) -> Floats:
    """Sum x from each position on, shape (m,)."""
    return np.asarray(np.cumsum(x[::-1])[::-1])


def _before(x: Floats) -> Floats:
    """Sum x before each position, shape (m,)."""
    return np.asarray(np.cumsum(x) - x)
