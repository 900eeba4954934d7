"""The cliff (悬崖效应): registered households that support puts above marginal ones that were above them before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.exits.readings import Floats
from evalkit.intervals import Rule
from evalkit.measures.basic import answers, proportion
from evalkit.panel import Panel
from evalkit.text import Text

Flags = NDArray[np.bool_]
CHUNK = 2_000
"""Registered households compared at a time."""


LABELS = (
    Text(en="registered households", zh="建档立卡户"),
    Text(en="marginal households", zh="边缘户"),
)
"""What the two groups are called."""


@dataclass(frozen=True, eq=False)
class Cliff:
    """Marginal against registered households, before and after support.

    Parameters
    ----------
    gaps : Estimate
        Key ``statistic``, currency per head: gap_before (mean of the marginal less mean of the registered, without support),
        gap_after (with it), shift (after less before: what support does to the gap).
    overtaken : Estimate
        Share of pairs (registered, marginal) in which the marginal household is above without support and below with it.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("statistic",)

    gaps: Estimate
    overtaken: Estimate
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return one row a statistic."""
        return pd.concat([self.gaps.tidy(), self.overtaken.tidy()], ignore_index=True)


def cliff_effect(
    panel: Panel,
    *,
    registered: str,
    marginal: str,
    support: Sequence[str],
    wave: int | None = None,
    labels: tuple[Text, Text] = LABELS,
) -> Cliff:
    """Compare registered with marginal households before and after the support they receive.

    Parameters
    ----------
    panel : Panel
        Households of both groups, with their household amounts of support and a size.
    registered, marginal : str
        Yes/no column or condition of each group; they must not overlap.
    support : sequence of str
        Columns of household amounts a year that are support (``["minimum_allowance", "dividend_income"]``); they are part of
        the welfare measure.
    wave : int, optional
        The last one by default.
    labels : tuple of two Text
        What the notes call the two groups.

    Returns
    -------
    Cliff
        Households count, with the panel's design. Of pairs, θ = Σ w_i w_j h(i, j) / (W_R W_M); its influence is that of each
        household's share of overtaken (overtaking) partners less θ, over the weight of its group.

    Raises
    ------
    DataError
        Columns of support that are absent or missing in rows of the groups, or no household size.
    EstimationError
        A group without households, or households in both.

    References
    ----------
    Hoeffding (1948), Annals of Mathematical Statistics 19, 293-325, section 5 (influence of a two-sample U-statistic);
    Deville (1999), Survey Methodology 25, 193-203.
    """
    at = panel.waves[-1] if wave is None else wave
    now = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()
    after = panel.values("welfare")
    before = after - _support(panel, support)
    known = now & ~np.isnan(after)
    groups = {
        n: known & (answers(panel, c)[1] == 1)
        for n, c in (("registered", registered), ("marginal", marginal))
    }
    _check(groups, before, panel)
    weight, n = panel.sample.weight, len(after)
    zs, values = [], []
    for y in (before, after):
        z, gap = np.zeros(n), 0.0
        for name, sign in (("registered", -1.0), ("marginal", 1.0)):
            rows = groups[name]
            total = float(weight[rows].sum())
            mean = float(weight[rows] @ y[rows]) / total
            z[rows] = sign * (y[rows] - mean) / total
            gap += sign * mean
        zs.append(z)
        values.append(gap)
    zs.append(zs[1] - zs[0])
    values.append(values[1] - values[0])
    pair = _overtaken(before, after, groups, weight)
    target = panel.where(groups["registered"] | groups["marginal"])
    like = proportion(target, groups["marginal"], per="household")
    gaps = _estimate(panel, like, ("gap_before", "gap_after", "shift"), values, zs, _about_gaps(like))
    pairs = _estimate(panel, like, ("overtaken",), [pair.share], [pair.influence], _about_pairs(like))
    notes = _notes(groups, support, labels)
    return Cliff(gaps.with_notes(*notes), pairs.with_notes(*notes), notes)


def _support(panel: Panel, columns: Sequence[str]) -> Floats:
    """Return support per head, NaN where an amount is missing, shape (n,)."""
    absent = [c for c in columns if c not in panel.frame]
    if absent or not columns or panel.size is None:
        what = (
            f"no column {', '.join(absent)}"
            if absent
            else "no support was named"
            if not columns
            else "no household size"
        )
        msg = f"support per head needs columns of household amounts and the size: {what}"
        raise DataError(msg)
    total = np.zeros(len(panel.frame))
    for column in columns:
        total = total + panel.values(column)
    return np.asarray(total / panel.values("size"), dtype=float)


def _check(groups: dict[str, Flags], before: Floats, panel: Panel) -> None:
    both = groups["registered"] & groups["marginal"]
    if both.any() or not all(g.any() for g in groups.values()):
        counts = ", ".join(f"{int(g.sum())} {name}" for name, g in groups.items())
        msg = f"the groups must be there and apart: {counts} households, {int(both.sum())} in both; mend the conditions"
        raise EstimationError(msg)
    lost = (groups["registered"] | groups["marginal"]) & np.isnan(before)
    if lost.any():
        msg = f"{int(lost.sum())} households of the groups lack an amount of support; fill in 0 where there was none"
        raise DataError(msg, rows=panel.frame[lost])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Share of overtaken pairs and its influence, shape (n,)."""

    share: float
    influence: Floats


def _overtaken(before: Floats, after: Floats, groups: dict[str, Flags], weight: Floats) -> _Pairs:
    """Return the share of pairs in which the marginal household is overtaken."""
    r, m = np.flatnonzero(groups["registered"]), np.flatnonzero(groups["marginal"])
    by_m, shares = np.zeros(len(m)), np.zeros(len(r))
    whole_r, whole_m = float(weight[r].sum()), float(weight[m].sum())
    for start in range(0, len(r), CHUNK):
        rows = r[start : start + CHUNK]
        lost = (before[m] > before[rows][:, None]) & (after[m] < after[rows][:, None])
        shares[start : start + CHUNK] = lost @ weight[m] / whole_m
        by_m += weight[rows] @ lost / whole_r
    theta = float(weight[r] @ shares) / whole_r
    z = np.zeros(len(before))
    z[r], z[m] = (shares - theta) / whole_r, (by_m - theta) / whole_m
    return _Pairs(theta, z)


def _estimate(
    panel: Panel,
    like: Estimate,
    names: Sequence[str],
    values: Sequence[float],
    zs: Sequence[Floats],
    about: About,
) -> Estimate:
    """Return statistics of one group of rows with their joint covariance; df and n as those of `like`."""
    m = len(names)
    everywhere = np.where(panel.mask, 0, -1).astype(np.intp)
    cov = (
        np.zeros((m, m)) if panel.sample.census else panel.sample.covariance_of(list(zs), [everywhere] * m, 1)
    )
    return Estimate(
        keys=pd.DataFrame({"statistic": list(names)}),
        values=np.asarray(values, dtype=float),
        cov=cov,
        df=np.repeat(like.df, m),
        n=np.repeat(like.n, m),
        about=about,
        clusters=None if like.clusters is None else np.repeat(like.clusters, m),
    )


def _about_gaps(like: Estimate) -> About:
    rule: Rule = "none" if like.about.interval == "none" else "t"
    return replace(
        like.about,
        estimand="gap between marginal and registered households",
        method="difference of means, with and without support, linearised",
        citation="Deville (1999), Survey Methodology 25, 193-203",
        unit="currency",
        interval=rule,
    )


def _about_pairs(like: Estimate) -> About:
    return replace(
        like.about,
        estimand="pairs in which support puts the registered household above the marginal one",
        method="two-sample U-statistic, linearised",
        interval="none" if like.about.interval == "none" else "share",
        citation="Hoeffding (1948), Ann. Math. Statist. 19, 293-325; Deville (1999), Survey Methodology 25, 193-203",
    )


def _notes(groups: dict[str, Flags], support: Sequence[str], labels: tuple[Text, Text]) -> tuple[Text, ...]:
    first, second = labels
    r, m = (int(groups[g].sum()) for g in ("registered", "marginal"))
    named = ", ".join(support)
    return (
        Text(
            en=f"{r:,} {first.en} and {m:,} {second.en}; support taken off: {named}; what households would have earned "
            "without support is not modelled",
            zh=f"{first.zh}{r:,}户，{second.zh}{m:,}户；扣除的帮扶收入：{named}；未考虑无帮扶时收入行为的变化",
        ),
    )
