"""Whether the order of groups by multidimensional poverty survives other cutoffs and other weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.intervals import quantile_t
from evalkit.measures._linear import Per, estimate_parts
from evalkit.measures.deprivation import (
    TIE,
    Counted,
    Deprivations,
    count_deprivations,
    deprivation_about,
    interval_of,
    statistic_parts,
)
from evalkit.panel import By, Panel

STATED = "stated"
"""Name of the weights of the deprivations themselves."""


@dataclass(frozen=True, eq=False)
class Robustness:
    """Levels of multidimensional poverty under every alternative, and how the order of groups fares.

    Parameters
    ----------
    levels : Estimate
        Keys of the groups, ``weighting``, ``cutoff``; joint covariance of all.
    table : DataFrame
        One row an alternative: ``weighting``, ``cutoff``; ``spearman``, ``kendall`` (tau-b) of the groups' levels with those
        of the baseline; ``pairs``, pairs of groups that differ significantly at the baseline; ``kept``, the share of
        them in the same order; ``kept_significantly``, also significant here; ``reversed_significantly``,
        significant the other way.
    statistic : str
    baseline : tuple of str and float
        Weighting and cutoff that the others are compared with.
    level : float
        Confidence level of the comparisons of two groups.
    """

    levels: Estimate
    table: pd.DataFrame
    statistic: str
    baseline: tuple[str, float]
    level: float

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def deprivation_robustness(
    panel: Panel,
    deprivations: Deprivations,
    *,
    by: By,
    cutoffs: Sequence[float] = (),
    weightings: Mapping[str, Mapping[str, float]] | None = None,
    statistic: str = "M0",
    per: Per = None,
    level: float = 0.95,
) -> Robustness:
    """Return how the order of groups by multidimensional poverty depends on the cutoff and the weights.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
        The baseline.
    by : str or sequence of str
        The groups, more than one.
    cutoffs : sequence of float
        Other shares of the weights from which a household is poor.
    weightings : mapping of str to mapping, optional
        Other weights of the indicators by name of the scheme.
    statistic : str
        One of ``M0``, ``H``, ``A``, ``M1``, ``M2``.
    per : {"person", "household"}, optional
    level : float
        Confidence level of the comparison of two groups (t, design degrees of freedom).

    Returns
    -------
    Robustness
        Every weighting with every cutoff, the baseline among them (Alkire & Santos 2014, World Dev. 59,
        compare rankings in this way).

    Raises
    ------
    EstimationError
        A single group, or a statistic that does not exist.
    PlanError
        Weights or cutoffs that do not fit the indicators.
    """
    counted = count_deprivations(panel, deprivations, by, per=per)
    if counted.group.k == 1:
        msg = f"an order needs at least two groups; by={by!r} gives one"
        raise EstimationError(msg)
    schemes = {
        STATED: deprivations,
        **{n: deprivations.with_weights(w) for n, w in (weightings or {}).items()},
    }
    points = sorted({deprivations.cutoff, *cutoffs})
    alternatives = [(name, k) for name in schemes for k in points]
    values, zs = [], []
    for name, k in alternatives:
        one = schemes[name].with_cutoff(k)
        value, z = statistic_parts(panel, one, _counted_again(counted, one), [statistic])
        values.append(value[:, 0])
        zs.append(z[0])
    labels = list(range(len(alternatives)))
    about = deprivation_about(
        panel, deprivations, f"{statistic} under other cutoffs and weights", interval=interval_of([statistic])
    )
    found = estimate_parts(counted.group, "_at", labels, np.column_stack(values), zs, about)
    at = found.keys["_at"].to_numpy(dtype=int)
    keys = found.keys.drop(columns="_at").assign(
        weighting=[alternatives[i][0] for i in at], cutoff=[alternatives[i][1] for i in at]
    )
    levels = replace(found, keys=keys)
    table = _ranks(levels, alternatives, alternatives.index((STATED, deprivations.cutoff)), level)
    return Robustness(levels, table, statistic, (STATED, deprivations.cutoff), level)


def _counted_again(counted: Counted, deprivations: Deprivations) -> Counted:
    """Return the same deprivations under other weights and another cutoff."""
    shares = np.array(list(deprivations.shares.values()))
    score = counted.gaps @ shares
    poor = np.where(counted.group.inside, score >= deprivations.cutoff - TIE, 0.0).astype(float)
    return replace(counted, shares=shares, score=score, poor=poor)


def _ranks(levels: Estimate, alternatives: list[tuple[str, float]], base: int, level: float) -> pd.DataFrame:
    m = len(alternatives)
    k = len(levels) // m
    values = levels.values.reshape(k, m)
    known = np.isfinite(values).all(axis=1)
    i, j = np.triu_indices(k, 1)
    signs = [_order(levels, i * m + a, j * m + a, level) for a in range(m)]
    sure = signs[base] != 0
    rows = []
    for a, (name, cutoff) in enumerate(alternatives):
        here = np.sign(values[j, a] - values[i, a])
        count = int(sure.sum())
        agree = [here == signs[base], signs[a] == signs[base], signs[a] == -signs[base]]
        shares = [float((x & sure).sum() / count) if count else np.nan for x in agree]
        rows.append([name, cutoff, *_correlations(values[known, base], values[known, a]), count, *shares])
    columns = ["weighting", "cutoff", "spearman", "kendall", "pairs"]
    return pd.DataFrame(rows, columns=[*columns, "kept", "kept_significantly", "reversed_significantly"])


def _correlations(a: Floats, b: Floats) -> tuple[float, float]:
    """Return Spearman's and Kendall's correlation, NaN where one of them does not vary."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan, np.nan
    from scipy import stats

    return float(stats.spearmanr(a, b).statistic), float(stats.kendalltau(a, b).statistic)


def _order(levels: Estimate, i: Ints, j: Ints, level: float) -> Floats:
    """Return the sign of value j less value i where it is significant, 0 elsewhere (or unknown)."""
    var = np.diag(levels.cov)
    se = np.sqrt(np.maximum(var[i] + var[j] - 2 * levels.cov[i, j], 0.0))
    gap = levels.values[j] - levels.values[i]
    bound = quantile_t(0.5 + level / 2, np.minimum(levels.df[i], levels.df[j])) * se
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(gap) > bound, np.sign(gap), 0.0)
