"""Multidimensional deprivation by the counting method of Alkire and Foster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError, PlanError
from evalkit.estimate import About, Estimate
from evalkit.intervals import Rule
from evalkit.measures._linear import Cells, Per, cells, estimate_parts, resting_on
from evalkit.measures.basic import answers
from evalkit.panel import By, Panel
from evalkit.text import Text

Missing = Literal["error", "drop", "not_deprived"]
ALKIRE_FOSTER = "Alkire & Foster (2011), J. Public Econ. 95, 476-487"
STATISTICS = ("M0", "H", "A")
TIE = 1e-12
"""A score this close below the cutoff reaches it: weights such as 1/3 have no exact sum."""


@dataclass(frozen=True)
class Indicator:
    """One thing a household can be deprived of.

    Parameters
    ----------
    deprived : str
        Yes/no column, or an expression on columns that is true for the deprived (``"unsafe_housing == 1"``); with
        `below`, a numeric role or column.
    below : float, optional
        Deprived is whoever is strictly below this amount; it makes the indicator cardinal, with the gap
        (below - value) / below.
    label : Text, optional
        As reports name it.
    evidence : str, optional
        Column that says where each finding comes from (registry, inspection, survey …), or, where no column has
        that name, the one source of all findings.
    """

    deprived: str
    below: float | None = None
    label: Text | None = None
    evidence: str | None = None

    def __post_init__(self) -> None:
        if self.below is not None and not self.below > 0:
            msg = f"indicator {self.deprived!r}: below must be positive (gaps are shares of it), got {self.below}"
            raise PlanError(msg)


@dataclass(frozen=True)
class Deprivations:
    """Indicators, their weights and the cutoff: who is poor.

    Parameters
    ----------
    indicators : mapping of str to Indicator or str
        A string is the condition of an `Indicator`.
    weights : mapping of str to float, optional
        Weight of each indicator; only ratios matter. Equal by default.
    cutoff : float
        A household is poor if the weights of its deprivations are at least this share of all weights (k).
    missing : {"error", "drop", "not_deprived"}
        What happens to a row that lacks an indicator: refuse, leave it out, or count the indicator as not
        deprived; the last two are counted in a note.

    Raises
    ------
    PlanError
        No indicators, weights that do not fit them or are not positive, a cutoff outside (0, 1].

    Examples
    --------
    >>> both = Deprivations({"housing": "unsafe_housing == 1", "water": "safe_water == 0"}, cutoff=0.5)
    >>> both.shares
    {'housing': 0.5, 'water': 0.5}
    """

    indicators: Mapping[str, Indicator | str]
    weights: Mapping[str, float] | None = None
    cutoff: float = 1 / 3
    missing: Missing = "drop"
    notes: tuple[Text, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.indicators:
            msg = "a measure of deprivation needs at least one indicator"
            raise PlanError(msg)
        if self.weights is not None:
            _check_weights(self.weights, list(self.indicators))
        if not 0 < self.cutoff <= 1:
            msg = f"the cutoff is a share of the weights, above 0 and at most 1; got {self.cutoff:g}"
            raise PlanError(msg)
        if self.missing not in ("error", "drop", "not_deprived"):
            msg = f"missing is 'error', 'drop' or 'not_deprived', not {self.missing!r}"
            raise PlanError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indicators."""
        return tuple(self.indicators)

    @property
    def shares(self) -> dict[str, float]:
        """Weights that sum to one."""
        raw = dict.fromkeys(self.indicators, 1.0) if self.weights is None else dict(self.weights)
        total = sum(raw.values())
        return {name: raw[name] / total for name in self.indicators}

    def indicator(self, name: str) -> Indicator:
        """Return an indicator by name."""
        found = self.indicators[name]
        return Indicator(found) if isinstance(found, str) else found

    def label(self, name: str) -> Text:
        """Return an indicator's label, its name where it has none."""
        return self.indicator(name).label or Text(en=name, zh=name)

    def with_weights(self, weights: Mapping[str, float] | None) -> Deprivations:
        """Return the same indicators with other weights."""
        return replace(self, weights=weights)

    def with_cutoff(self, cutoff: float) -> Deprivations:
        """Return the same indicators with another cutoff."""
        return replace(self, cutoff=cutoff)


@dataclass(frozen=True, eq=False)
class Counted:
    """Deprivations of the rows of a panel.

    Parameters
    ----------
    group : Cells
    gaps : ndarray, shape (n, d)
        1 deprived, 0 not (power 0), or the normalised gap to that power; zero outside the cells.
    shares : ndarray, shape (d,)
        Weights that sum to one.
    score : ndarray, shape (n,)
        Weighted share of the indicators in which the row is deprived.
    poor : ndarray, shape (n,)
        1 where the score reaches the cutoff.
    """

    group: Cells
    gaps: Floats
    shares: Floats
    score: Floats
    poor: Floats

    @property
    def censored(self) -> Floats:
        """Weighted gaps of the poor, 0 of the others, shape (n,)."""
        return self.poor * (self.gaps @ self.shares)


def equal_by_dimension(dimensions: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return weights that share one equally between dimensions, and each dimension's between its indicators.

    >>> equal_by_dimension({"education": ["school"], "living": ["housing", "water"]})
    {'school': 0.5, 'housing': 0.25, 'water': 0.25}
    """
    return {name: 1 / len(dimensions) / len(names) for names in dimensions.values() for name in names}


def multidimensional_poverty(
    panel: Panel,
    deprivations: Deprivations,
    *,
    by: By = None,
    statistics: Sequence[str] = STATISTICS,
    per: Per = None,
) -> Estimate:
    """Return the adjusted headcount M0, the headcount H and the intensity A of the deprived.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
    by : str or sequence of str, optional
    statistics : sequence of str
        Of ``M0`` (mean censored score), ``H`` (share of poor), ``A`` (mean score of the poor, M0/H), ``M1``, ``M2``
        (mean censored gap and squared gap; all indicators must have `Indicator.below`).
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        Key ``statistic`` after those of `by`, with joint covariance; A is NaN where nobody is poor, and rests on the poor
        (n and df). A lies between the least score that a poor household can have and 1, so its limits are those of a
        share of this range: where all poor have the least score they are those of a count of zero, not a point.

    Raises
    ------
    EstimationError
        An unknown statistic, M1 or M2 with yes/no indicators, or missing indicators where `missing` is ``error``.
    """
    wanted = list(statistics)
    unknown = [s for s in wanted if s not in (*STATISTICS, "M1", "M2")]
    if unknown or not wanted:
        msg = f"statistics are M0, H, A, M1, M2; got {', '.join(map(repr, unknown)) or 'none'}"
        raise EstimationError(msg)
    counted = count_deprivations(panel, deprivations, by, per=per)
    values, zs = statistic_parts(panel, deprivations, counted, wanted)
    about = deprivation_about(panel, deprivations, "multidimensional poverty", interval=interval_of(wanted))
    found = estimate_parts(counted.group, "statistic", wanted, values, zs, about)
    poor, inside = counted.poor == 1, counted.group.inside
    found = resting_on(found, counted.group, [poor if name == "A" else inside for name in wanted])
    least = least_score(counted.shares, deprivations.cutoff)
    span = [(least if name == "A" else 0.0, 1.0) for name in wanted]
    return replace(found, span=np.tile(span, (counted.group.k, 1)) if "A" in wanted else None)


def least_score(shares: Floats, cutoff: float) -> float:
    """Return the least score that a poor household can have: the smallest sum of weights that reaches the cutoff.

    With more than 65,536 different sums the cutoff itself, which no poor household is below.

    >>> round(least_score(np.full(3, 1 / 3), 0.6), 4)
    0.6667
    """
    sums = np.zeros(1)
    for share in shares:
        both = np.concatenate([sums, sums + share])
        sums = both[np.unique(np.round(both, 12), return_index=True)[1]]
        if len(sums) > 65_536:
            return cutoff
    return min(float(sums[sums >= cutoff - TIE].min(initial=1.0)), 1.0)


def statistic_parts(
    panel: Panel, deprivations: Deprivations, counted: Counted, statistics: Sequence[str]
) -> tuple[Floats, list[Floats]]:
    """Return values, shape (k, m), and influences of statistics named as in `multidimensional_poverty`."""
    group = counted.group
    values, zs = [], []
    for name in statistics:
        if name == "A":
            value, z = ratio_parts(group, counted.censored, counted.poor)
        else:
            score = counted.poor
            if name != "H":
                score = with_power(panel, deprivations, counted, int(name[1])).censored
            value, z = ratio_parts(group, score, np.ones(len(score)))
        values.append(value)
        zs.append(z)
    return np.column_stack(values), zs


def ratio_parts(group: Cells, top: Floats, bottom: Floats) -> tuple[Floats, Floats]:
    """Return Σ w top / Σ w bottom of each cell, shape (k,), and its influence, shape (n,); NaN without bottom."""
    below = group.sums(bottom)
    below = np.where(below > 0, below, np.nan)
    value = group.sums(top) / below
    z = (top - group.spread(value) * bottom) / group.spread(below)
    return value, np.where(group.inside & np.isfinite(z), z, 0.0)


def count_deprivations(
    panel: Panel, deprivations: Deprivations, by: By = None, *, per: Per = None
) -> Counted:
    """Return who is deprived of what in the domains of a breakdown.

    Raises
    ------
    EstimationError
        A condition cannot be evaluated, or indicators are missing and the policy is ``error``.
    """
    shares = np.array(list(deprivations.shares.values()))
    raw = np.column_stack([deprived(panel, deprivations.indicator(n)) for n in deprivations.names])
    lacking = np.isnan(raw)
    rows = panel.mask & lacking.any(axis=1)
    notes = list(deprivations.notes)
    if rows.any():
        by_name = dict(zip(deprivations.names, lacking[panel.mask].sum(axis=0), strict=True))
        notes.append(_missing(panel, deprivations.missing, int(rows.sum()), by_name))
    needed = {}
    if deprivations.missing == "drop":
        complete = np.where(lacking.any(axis=1), np.nan, 0.0)
        needed = {"/".join(deprivations.names): complete}
    group = cells(panel, by, needed, per)
    if needed:  # the note above says it, indicator by indicator
        group = replace(
            group, notes=tuple(n for n in group.notes if "/".join(deprivations.names) not in n.en)
        )
    gaps = np.where(lacking | ~group.inside[:, None], 0.0, raw)
    score = gaps @ shares
    poor = (score >= deprivations.cutoff - TIE).astype(float)
    poor[~group.inside] = 0.0
    return Counted(replace(group, notes=(*notes, *group.notes)), gaps, shares, score, poor)


def with_power(panel: Panel, deprivations: Deprivations, counted: Counted, power: int) -> Counted:
    """Return the same with normalised gaps to a power instead of yes and no.

    Raises
    ------
    EstimationError
        An indicator has no amount below which it is a deprivation.
    """
    if power == 0:
        return counted
    flat = [n for n in deprivations.names if deprivations.indicator(n).below is None]
    if flat:
        msg = (
            f"M{power} needs gaps, but {', '.join(flat)} {'is' if len(flat) == 1 else 'are'} yes or no; "
            "use M0, or give each indicator an amount (below=…)"
        )
        raise EstimationError(msg)
    columns = []
    for name in deprivations.names:
        one = deprivations.indicator(name)
        z = float(one.below or np.nan)
        columns.append(np.clip((z - panel.values(one.deprived)) / z, 0.0, None))
    gaps = np.column_stack(columns) ** power
    return replace(counted, gaps=np.where(counted.gaps > 0, gaps, 0.0))


def interval_of(statistics: Sequence[str]) -> Rule:
    """Return the interval rule: M0, H and A lie between 0 and 1, gaps of negative amounts need not."""
    return "share" if set(statistics) <= set(STATISTICS) else "t"


def deprivation_about(
    panel: Panel, deprivations: Deprivations, estimand: str, *, interval: Rule = "share"
) -> About:
    """Return how a measure of deprivation was made."""
    named = [(deprivations.label(name), share) for name, share in deprivations.shares.items()]
    k = f"{deprivations.cutoff:.4g}"
    notes = [
        Text(
            en=f"indicators and weights: {', '.join(f'{label.en} {share:.4g}' for label, share in named)}",
            zh=f"指标与权重：{'、'.join(f'{label.zh}{share:.4g}' for label, share in named)}",
        ),
        Text(
            en=f"poor: deprived in at least {k} of the weights",
            zh=f"多维贫困：被剥夺指标权重之和不低于{k}",
        ),
    ]
    return About(
        estimand=estimand,
        method=f"counting method, k = {k}; ratios of weighted totals, linearised",
        citation=ALKIRE_FOSTER,
        unit="share",
        interval="none" if panel.sample.census else interval,
        notes=tuple(notes),
    )


def deprived(panel: Panel, one: Indicator) -> Floats:
    """Return 1 for the deprived, 0 for the others, NaN where it is not known; shape (n,)."""
    if one.below is None:
        return answers(panel, one.deprived)[1]
    y = panel.values(one.deprived)
    return np.where(np.isnan(y), np.nan, (y < one.below).astype(float))


def _missing(panel: Panel, policy: Missing, count: int, by_name: Mapping[str, int]) -> Text:
    """Return the note on rows that lack indicators, or refuse them."""
    total = int(panel.mask.sum())
    words = ", ".join(f"{n} {int(c):,}" for n, c in by_name.items() if c)
    if policy == "error":
        msg = (
            f"{count:,} of {total:,} household-waves lack an indicator ({words}); complete the data, or set "
            "missing='drop' or missing='not_deprived'"
        )
        raise EstimationError(msg)
    if policy == "drop":
        return Text(
            en=f"{count:,} of {total:,} household-waves lack an indicator and are left out ({words})",
            zh=f"{total:,}条户年记录中有{count:,}条缺少指标，未计入（{words}）",
        )
    return Text(
        en=f"{count:,} of {total:,} household-waves lack an indicator; it counts as not deprived ({words})",
        zh=f"{total:,}条户年记录中有{count:,}条缺少指标，缺失按未被剥夺计（{words}）",
    )


def _check_weights(weights: Mapping[str, float], names: list[str]) -> None:
    absent = [n for n in names if n not in weights]
    extra = [n for n in weights if n not in names]
    if absent or extra:
        what = [f"no weight for {', '.join(absent)}"] if absent else []
        what += [f"weights for {', '.join(extra)}, which are no indicators"] if extra else []
        msg = f"{'; '.join(what)}; the indicators are {', '.join(names)}"
        raise PlanError(msg)
    wrong = {n: w for n, w in weights.items() if not w > 0 or not np.isfinite(w)}
    if wrong:
        msg = f"weights of indicators must be positive: {wrong}; leave an indicator out instead"
        raise PlanError(msg)
