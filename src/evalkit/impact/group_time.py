"""Group-time average treatment effects (Callaway & Sant'Anna 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.impact import notes as say
from evalkit.impact.comparison import Effect, Method, compare
from evalkit.impact.inference import ErrorRule, check_clusters, choose, lone_sides, outer, satterthwaite
from evalkit.impact.inputs import Bools, Data, Floats, Ints, names, needed, read, source
from evalkit.impact.used import Used, count_used
from evalkit.impact.wide import Names, Wide, widen
from evalkit.text import Text

ControlGroup = Literal["never", "not_yet"]
BasePeriod = Literal["varying", "universal"]
CITATION = "Callaway & Sant'Anna (2021); Sant'Anna & Zhao (2020)"


@dataclass(frozen=True, eq=False)
class GroupTime:
    """Effects by cohort and wave, with what every average of them needs.

    Attributes
    ----------
    estimate : Estimate, k values
        Keys ``cohort`` and ``time``; NaN where an effect cannot be estimated. Its `n` counts the treated units
        of each effect, so that disclosure rules act on the smaller group, not on the controls.
    influence : ndarray, shape (G, k)
        Influence values summed by cluster (by unit where none was named): the error of the effects is the
        sum over G. Zero in columns that cannot be estimated.
    cohorts : ndarray, shape (c,)
        Treated cohorts.
    share_totals : ndarray, shape (G, c)
        Weight of each cohort within each cluster; column sums give the cohort shares.
    used : ndarray of bool, shape (N, k)
        Which unit, treated or control, enters which effect.
    unit_cohort : ndarray, shape (N,)
        Cohort of each unit; ``inf`` for never treated.
    unit_cluster : ndarray of int, shape (N,), or None
        Cluster of each unit; None where no cluster was named.
    anticipation : float
        Time before treatment in which effects are allowed, in the unit of time.
    """

    estimate: Estimate
    influence: Floats
    cohorts: Floats
    share_totals: Floats
    used: Bools
    unit_cohort: Floats
    unit_cluster: Ints | None
    anticipation: float

    @property
    def units(self) -> Ints:
        """Units used in each effect, treated and control, shape (k,)."""
        return np.asarray(self.used.sum(axis=0), dtype=np.intp)

    @property
    def treated(self) -> Ints:
        """Treated units used in each effect, shape (k,)."""
        return np.asarray(self._own().sum(axis=0), dtype=np.intp)

    @property
    def after(self) -> Bools:
        """Effects from the start of treatment that could be estimated, shape (k,)."""
        keys = self.estimate.keys
        known = np.isfinite(self.estimate.values)
        return np.asarray((keys["time"] >= keys["cohort"]).to_numpy() & known, dtype=bool)

    def count(self, rows: Bools) -> Used:
        """Count the distinct units and clusters behind some of the effects (mask of shape (k,))."""
        own = np.asarray(self._own()[:, rows].any(axis=1), dtype=bool)
        who = np.flatnonzero(self.used[:, rows].any(axis=1))
        return count_used(who, own[who], None if self.unit_cluster is None else self.unit_cluster[who])

    def _own(self) -> Bools:
        cohort = self.estimate.keys["cohort"].to_numpy(dtype=float)
        return np.asarray(self.used & (self.unit_cohort[:, None] == cohort), dtype=bool)

    def tidy(self, level: float | None = None) -> pd.DataFrame:
        """Return the group-time effects as a table (see `Estimate.tidy`)."""
        return self.estimate.tidy(level)


@dataclass(frozen=True)
class _Rules:
    control_group: ControlGroup
    method: Method
    anticipation: float
    base_period: BasePeriod


@dataclass(frozen=True, eq=False)
class _Cells:
    """Estimated cells: keys, values, influence by cluster, units used, failures, units lost per comparison."""

    keys: list[tuple[float, float]]
    values: list[float]
    influence: list[Floats]
    used: list[Bools]
    failed: list[str]
    lost: list[int]


def att_gt(
    data: Data,
    *,
    outcome: str,
    unit: str | None = None,
    time: str | None = None,
    cohort: str,
    covariates: Sequence[str] | str | None = None,
    control_group: ControlGroup = "never",
    method: Method = "dr",
    anticipation: float = 0,
    base_period: BasePeriod = "varying",
    weights: str | None = None,
    cluster: str | None = None,
) -> GroupTime:
    """Return the average effect on each cohort in each wave.

    ATT(g, t) compares the change of cohort g, from the last wave before treatment to t, with the change of
    units that are never (or not yet) treated.

    Parameters
    ----------
    data : DataFrame or Panel
        A panel lends unit, time, weight and, as cluster, its village or PSU.
    outcome : str
    unit, time : str
        Household and (numeric) wave columns.
    cohort : str
        First treated wave of the unit, the same in all its rows; missing, 0 or infinite = never treated.
    covariates : str or sequence of str, optional
        Numeric columns, taken in the base wave of each comparison: parallel trends hold given these.
    control_group : {"never", "not_yet"}
        ``not_yet`` also uses units that are treated later than both waves of a comparison.
    method : {"dr", "reg", "ipw"}
        Doubly robust, outcome regression, or inverse probability weighting (weights normalised, never
        clipped). Without covariates the three are the same.
    anticipation : float
        Time before treatment in which behaviour may already change.
    base_period : {"varying", "universal"}
        ``varying``: effects before treatment compare with the wave just before. ``universal``: every effect
        compares with the last wave before treatment.
    weights : str, optional
        Where it varies, the unit keeps the weight of its first wave.
    cluster : str, optional
        One value a unit (village). Without it units are independent.

    Returns
    -------
    GroupTime

    Raises
    ------
    DataError
        Unit twice in a wave; cohort or cluster not constant in a unit; columns absent or not numeric.
    EstimationError
        Nobody treated, no wave before treatment, no controls at all; fewer than two clusters.

    Notes
    -----
    V = Σ z z' over units with normal limits, as in the paper; with named clusters V = Σ z_c z_c' and t(G-1). No
    G/(G-1) is applied, so that standard errors agree with the reference implementation of the paper.
    In unbalanced panels each comparison uses the units seen in both of its waves.

    References
    ----------
    Callaway & Sant'Anna (2021), eq. 2.2 to 2.8 and theorem 2; Sant'Anna & Zhao (2020), theorem 1.
    """
    rules = _checked(_Rules(control_group, method, anticipation, base_period))
    src = source(data, unit=unit, time=time, weights=weights)
    rule = choose(None, cluster, src=src, otherwise=ErrorRule("cluster", None))
    name = Names(
        outcome=outcome,
        unit=needed(src.unit, "unit"),
        time=needed(src.time, "time"),
        cohort=cohort,
        cluster=rule.cluster,
        covariates=names(covariates),
    )
    table = read(
        src,
        required=[outcome],
        optional=[cohort, *name.covariates],
        cluster=rule.cluster,
        within=rule.within,
    )
    wide = widen(table, name, anticipation)
    _check_controls(wide, rules)
    cells = _all_cells(wide, rules)
    return _result(wide, rules, cells, name)


def _checked(rules: _Rules) -> _Rules:
    allowed = {
        "control_group": ("never", "not_yet"),
        "method": ("dr", "reg", "ipw"),
        "base_period": ("varying", "universal"),
    }
    for key, options in allowed.items():
        if getattr(rules, key) not in options:
            msg = f"{key} must be one of {', '.join(options)}, got {getattr(rules, key)!r}"
            raise EstimationError(msg)
    if not rules.anticipation >= 0:
        msg = f"anticipation must not be negative, got {rules.anticipation!r}"
        raise EstimationError(msg)
    return rules


def _check_controls(wide: Wide, rules: _Rules) -> None:
    never = int(np.isinf(wide.cohort).sum())
    if never:
        return
    if rules.control_group == "never":
        msg = (
            f"all {len(wide.cohort)} units are treated sooner or later: there is no never-treated unit to compare with; "
            "use control_group='not_yet'"
        )
        raise EstimationError(msg)
    if len(wide.cohorts) < 2:
        msg = f"all {len(wide.cohort)} units are treated in the same wave: there is nothing to compare with"
        raise EstimationError(msg)


def _all_cells(wide: Wide, rules: _Rules) -> _Cells:
    cells = _Cells([], [], [], [], [], [])
    for g in wide.cohorts:
        before = np.flatnonzero(wide.waves < g - rules.anticipation)
        last = int(before[-1])
        for t in range(len(wide.waves)):
            post = wide.waves[t] >= g - rules.anticipation
            base = last if post or rules.base_period == "universal" else t - 1
            if base >= 0:
                _one_cell(cells, wide, rules, float(g), t, base)
    return cells


def _one_cell(cells: _Cells, wide: Wide, rules: _Rules, g: float, t: int, base: int) -> None:
    clusters = int(wide.cluster.max()) + 1
    cells.keys.append((g, float(wide.waves[t])))
    treated = wide.cohort == g
    if t == base:
        cells.values.append(0.0)
        cells.influence.append(np.zeros(clusters))
        cells.used.append(np.asarray(treated & np.isfinite(wide.outcome[:, t]), dtype=bool))
        return
    wanted = treated | _controls(wide, rules, g, max(wide.waves[t], wide.waves[base]))
    used = _observed(wide, wanted, t, base)
    at = np.flatnonzero(used)
    cells.lost.append(int(wanted.sum()) - len(at))
    effect, reason = _effect(wide, at, rules.method, treated[at], (t, base))
    if effect is None:
        cells.values.append(np.nan)
        cells.influence.append(np.zeros(clusters))
        cells.used.append(np.zeros(len(used), dtype=bool))
        cells.failed.append(f"cohort {g:g}, {wide.waves[t]:g}: {reason}")
        return
    cells.used.append(used)
    cells.values.append(effect.value)
    cells.influence.append(
        np.bincount(wide.cluster[at], weights=effect.influence, minlength=clusters).astype(float)
    )


def _controls(wide: Wide, rules: _Rules, g: float, latest: float) -> Bools:
    if rules.control_group == "never":
        return np.asarray(np.isinf(wide.cohort), dtype=bool)
    return np.asarray((wide.cohort > latest + rules.anticipation) & (wide.cohort != g), dtype=bool)


def _observed(wide: Wide, wanted: Bools, t: int, base: int) -> Bools:
    out = wanted & np.isfinite(wide.outcome[:, t]) & np.isfinite(wide.outcome[:, base])
    for x in wide.covariates:
        out = out & np.isfinite(x[:, base])
    return out


def _effect(
    wide: Wide, at: Ints, method: Method, treated: Bools, waves: tuple[int, int]
) -> tuple[Effect | None, str]:
    t, base = waves
    if not treated.any():
        return None, "no treated unit seen in both waves"
    if treated.all():
        return None, "no valid control"
    change = wide.outcome[at, t] - wide.outcome[at, base]
    x = np.column_stack([c[at, base] for c in wide.covariates]) if wide.covariates else None
    try:
        return compare(change, treated, wide.weight[at], x, method), ""
    except EstimationError as error:
        return None, str(error)


def _result(wide: Wide, rules: _Rules, cells: _Cells, name: Names) -> GroupTime:
    clustered = name.cluster is not None
    values = np.array(cells.values)
    if not (np.isfinite(values) & (np.array([t >= g for g, t in cells.keys]))).any():
        msg = f"no effect after treatment can be estimated: {'; '.join(cells.failed) or 'no wave after treatment'}"
        raise EstimationError(msg)
    influence = np.column_stack(cells.influence)
    used = np.column_stack(cells.used)
    anywhere = used.any(axis=1)
    size, count = int(wide.cluster.max()) + 1, len(np.unique(wide.cluster[anywhere]))
    told = [*wide.notes, *_notes(wide, rules, cells, clustered=clustered)]
    if clustered:
        told += check_clusters(count, str(name.cluster))
        if np.isinf(wide.cohort[anywhere]).any():
            told += lone_sides(np.isfinite(wide.cohort[anywhere]), wide.cluster[anywhere])
    else:
        told.append(say.clustered_by_unit(name.unit))
        if count < say.FEW_CLUSTERS:
            told.append(say.few_clusters(count))
    cov = outer(influence)
    lost = np.isnan(values)
    cov[lost, :] = np.nan
    cov[:, lost] = np.nan
    k = len(values)
    trend = f"{rules.control_group.replace('_', '-')} treated controls, {rules.base_period} base period"
    how = {"dr": "doubly robust", "reg": "outcome regression", "ipw": "inverse probability weighting"}
    adjusted = f", {how[rules.method]} on {len(name.covariates)} covariates" if name.covariates else ""
    estimate = Estimate(
        keys=pd.DataFrame(cells.keys, columns=["cohort", "time"]).pipe(_whole),
        values=values,
        cov=cov,
        df=satterthwaite(influence) if clustered else np.full(k, np.inf),
        n=np.zeros(k),
        about=About("att", f"group-time effects, {trend}{adjusted}", CITATION, notes=tuple(told)),
        clusters=np.full(k, float(count)),
    )
    totals = np.column_stack(
        [
            np.bincount(wide.cluster, weights=wide.weight * (wide.cohort == g), minlength=size)
            for g in wide.cohorts
        ]
    ).astype(float)
    out = GroupTime(
        estimate=estimate,
        influence=influence,
        cohorts=wide.cohorts,
        share_totals=totals,
        used=used,
        unit_cohort=wide.cohort,
        unit_cluster=wide.cluster if clustered else None,
        anticipation=rules.anticipation,
    )
    return replace(out, estimate=replace(estimate, n=out.treated.astype(float)))


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Write years as whole numbers where they are."""
    whole = [c for c in frame if (frame[c] % 1 == 0).all()]
    return frame.astype(dict.fromkeys(whole, "int64"))


def _notes(wide: Wide, rules: _Rules, cells: _Cells, *, clustered: bool) -> list[Text]:
    told: list[Text] = []
    gaps = int((~np.isfinite(wide.outcome).all(axis=1)).sum())
    if gaps:
        told.append(say.attrition(min(cells.lost), max(cells.lost), len(wide.outcome), gaps))
    if not np.isinf(wide.cohort).any():
        told.append(say.no_never_treated())
    if rules.base_period == "universal":
        told.append(say.reference_cells())
    if cells.failed:
        told.append(say.lost_cells(cells.failed))
    small = [f"{g:g} ({n})" for g in wide.cohorts if (n := int((wide.cohort == g).sum())) < 5]
    if small:
        told.append(say.small_cohorts(small))
    lone = [f"{g:g}" for g in wide.cohorts if len(np.unique(wide.cluster[wide.cohort == g])) == 1]
    if lone and clustered:
        told.append(say.lone_cohorts(lone))
    before = [t < g - rules.anticipation for g, t in cells.keys]
    if not any(b and z.any() for b, z in zip(before, cells.influence, strict=True)):
        lost = any(b and np.isnan(v) for b, v in zip(before, cells.values, strict=True))
        told.append(say.pre_trend_lost() if lost else say.no_pre_trend())
    return told
