"""Averages of group-time effects, the event study, and the joint test of pre-trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate, Wald
from evalkit.impact import notes as say
from evalkit.impact.comparison import Method
from evalkit.impact.group_time import BasePeriod, ControlGroup, GroupTime, att_gt
from evalkit.impact.inference import outer, satterthwaite
from evalkit.impact.inputs import Bools, Data, Floats
from evalkit.text import Text

Kind = Literal["simple", "event", "cohort", "calendar"]
KEY: dict[Kind, str] = {"event": "event_time", "cohort": "cohort", "calendar": "time"}


@dataclass(frozen=True, eq=False)
class _Average:
    """An average of effects: value and its cluster-summed influence, shape (G,)."""

    value: float
    influence: Floats


def aggregate(att: GroupTime, kind: Kind) -> Estimate:
    """Average group-time effects.

    Parameters
    ----------
    att : GroupTime
    kind : {"simple", "event", "cohort", "calendar"}
        ``simple``: one value, all effects from the start of treatment, weighted by cohort size. ``event``: by
        time since treatment (key ``event_time``). ``cohort``: by cohort, equal weight on its waves.
        ``calendar``: by wave (key ``time``).

    Returns
    -------
    Estimate
        Full covariance, including the sampling error of the cohort shares. Its `n` counts the distinct treated
        units behind each average, not the controls.

    Raises
    ------
    EstimationError
        Unknown kind, or no effect to average.

    References
    ----------
    Callaway & Sant'Anna (2021), eq. 3.1, 3.4, 3.7, 3.8 and 3.10; corollary 2.
    """
    _check(kind)
    if kind == "simple":
        return overall(att, "simple")
    groups = _groups(att, kind)
    parts = [_average(att, rows, equal=kind == "cohort") for rows in groups.values()]
    keys = pd.DataFrame({KEY[kind]: list(groups)})
    behind = list(groups.values())
    return _estimate(att, keys, parts, behind, f"att by {KEY[kind].replace('_', ' ')}")


def overall(att: GroupTime, kind: Kind = "simple") -> Estimate:
    """Return one number for the whole program.

    Parameters
    ----------
    att : GroupTime
    kind : {"simple", "event", "cohort", "calendar"}
        ``event`` and ``calendar`` average their effects (from event time 0 on) with equal weight, ``cohort`` with
        the cohort shares.

    Returns
    -------
    Estimate
        One value without keys; `n` counts distinct treated units.

    Raises
    ------
    EstimationError
        Unknown kind, or no effect to average.

    References
    ----------
    Callaway & Sant'Anna (2021), eq. 3.4 to 3.11.
    """
    _check(kind)
    keys = pd.DataFrame(index=range(1))
    if kind == "simple":
        return _estimate(att, keys, [_average(att, att.after, equal=False)], [att.after], "att")
    groups = _groups(att, kind)
    level = {key: rows for key, rows in groups.items() if kind != "event" or key >= 0}
    if not level:
        msg = f"no effect after treatment to average by {kind}"
        raise EstimationError(msg)
    parts = [_average(att, rows, equal=kind == "cohort") for rows in level.values()]
    which = np.array(list(level)) if kind == "cohort" else None
    behind = np.logical_or.reduce(list(level.values()))
    return _estimate(att, keys, [_combine(att, parts, which)], [behind], f"att, {kind} average")


def event_study(
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
    min_event: float | None = None,
    max_event: float | None = None,
) -> Estimate:
    """Return effects by time since treatment, with the joint test of those before it as a note.

    Parameters
    ----------
    data, outcome, unit, time, cohort, covariates, control_group, method, anticipation, base_period, weights, cluster
        As in `att_gt`.
    min_event, max_event : float, optional
        First and last event time kept, in the unit of `time`.

    Returns
    -------
    Estimate
        Key ``event_time``; full covariance.

    Raises
    ------
    DataError, EstimationError
        As `att_gt`; or no event time lies between the limits.
    """
    att = att_gt(
        data,
        outcome=outcome,
        unit=unit,
        time=time,
        cohort=cohort,
        covariates=covariates,
        control_group=control_group,
        method=method,
        anticipation=anticipation,
        base_period=base_period,
        weights=weights,
        cluster=cluster,
    )
    out = aggregate(att, "event")
    at = out.keys["event_time"].to_numpy(dtype=float)
    keep = (at >= (-np.inf if min_event is None else min_event)) & (
        at <= (np.inf if max_event is None else max_event)
    )
    if not keep.any():
        msg = f"no event time between {min_event} and {max_event}; there are {at.min():g} to {at.max():g}"
        raise EstimationError(msg)
    out = out.take(np.flatnonzero(keep))
    found = _trend(out, att)
    test = found.test
    told = [] if test is None else [say.pre_trend(test.statistic, test.rank, test.p_value)]
    told += [] if found.caveat is None or found.caveat in out.about.notes else [found.caveat]
    return out.with_notes(*told)


@dataclass(frozen=True)
class TrendBefore:
    """The joint test of the effects before treatment, or why there is none.

    Attributes
    ----------
    test : Wald or None
    caveat : Text or None
        Why there is no test; with a test, that it rests on few clusters.
    """

    test: Wald | None
    caveat: Text | None


def trend_before(att: GroupTime) -> TrendBefore:
    """Test jointly that the effects by time before treatment are zero, or say why they cannot be tested.

    The effects are averaged by event time first, so that fewer values are tested than by `pre_trend` on
    group-time effects.
    """
    return _trend(aggregate(att, "event"), att)


def _trend(study: Estimate, att: GroupTime) -> TrendBefore:
    tested = _tested(study, att.anticipation)
    if not tested.any():
        keys = att.estimate.keys
        before = (keys["time"] < keys["cohort"] - att.anticipation).to_numpy()
        lost = bool(np.isnan(att.estimate.values[before]).any())
        return TrendBefore(None, say.pre_trend_lost() if lost else say.no_pre_trend())
    part = study.take(np.flatnonzero(tested))
    clusters = int(part.clusters.min()) if part.clusters is not None else 0
    try:
        test = part.wald()
    except EstimationError:
        return TrendBefore(None, say.pre_trend_rank(len(part), clusters))
    few = clusters < say.PRE_TREND_CLUSTERS
    return TrendBefore(test, say.pre_trend_clusters(clusters) if few else None)


def pre_trend(effects: GroupTime | Estimate, *, anticipation: float = 0) -> Wald:
    """Test jointly that all effects before treatment are zero.

    Parameters
    ----------
    effects : GroupTime or Estimate
        Group-time effects, or effects with the key ``event_time``.
    anticipation : float
        For an Estimate; a `GroupTime` knows its own.

    Returns
    -------
    Wald
        Chi-square where units are independent, adjusted F with clusters.

    Raises
    ------
    EstimationError
        No effect before treatment (fewer than two waves before it), or a covariance without full rank.
    """
    if isinstance(effects, GroupTime):
        estimate, anticipation = effects.estimate, effects.anticipation
    else:
        estimate = effects
    tested = _tested(estimate, anticipation)
    if not tested.any():
        msg = "pre-trends are not testable: fewer than two waves before treatment"
        raise EstimationError(msg)
    return estimate.take(np.flatnonzero(tested)).wald()


def _tested(estimate: Estimate, anticipation: float) -> Bools:
    if "event_time" in estimate.keys:
        event = estimate.keys["event_time"].to_numpy(dtype=float)
    elif {"cohort", "time"} <= set(estimate.keys):
        event = (estimate.keys["time"] - estimate.keys["cohort"]).to_numpy(dtype=float)
    else:
        msg = f"{estimate.about.estimand} has neither event_time nor cohort and time: no pre-trend to test"
        raise EstimationError(msg)
    return np.asarray((event < -anticipation) & (np.diag(estimate.cov) > 0), dtype=bool)


def _check(kind: str) -> None:
    if kind not in ("simple", *KEY):
        msg = f"kind must be one of simple, {', '.join(KEY)}, got {kind!r}"
        raise EstimationError(msg)


def _groups(att: GroupTime, kind: Kind) -> dict[float, Bools]:
    """Return the cells (mask of shape (k,)) behind each level of the average."""
    keys = att.estimate.keys
    if kind == "event":
        label, rows = (keys["time"] - keys["cohort"]).to_numpy(), np.isfinite(att.estimate.values)
    else:
        label, rows = keys[KEY[kind]].to_numpy(), att.after
    return {level: rows & (label == level) for level in np.unique(label[rows]).tolist()}


def _average(att: GroupTime, rows: Bools, *, equal: bool) -> _Average:
    """Average cells with cohort shares (or equally), carrying the error of the shares."""
    at = np.flatnonzero(rows)
    parts = [_Average(float(att.estimate.values[j]), att.influence[:, j]) for j in at]
    which = None if equal else att.estimate.keys["cohort"].to_numpy()[at]
    return _combine(att, parts, which)


def _combine(att: GroupTime, parts: list[_Average], which: Floats | None) -> _Average:
    """Average with equal weights, or by the share of the cohort that each part belongs to.

    With shares r_j = S_j / Σ S the error is Σ r_j z_j + Σ v_j (a_j - r_j Σ a) / Σ S, where a_j is the weight that
    a cluster adds to S_j (Callaway & Sant'Anna 2021, corollary 2).
    """
    values = np.array([p.value for p in parts])
    influence = np.column_stack([p.influence for p in parts])
    if which is None:
        return _Average(float(values.mean()), influence.mean(axis=1))
    totals = att.share_totals[:, np.searchsorted(att.cohorts, which)]
    size = totals.sum(axis=0)
    share = size / size.sum()
    value = float(share @ values)
    from_shares = totals @ (values - value) / size.sum()
    return _Average(value, np.asarray(influence @ share + from_shares, dtype=float))


def _estimate(
    att: GroupTime, keys: pd.DataFrame, parts: list[_Average], behind: list[Bools], estimand: str
) -> Estimate:
    """Return averages as an estimate; `behind` holds the cells (masks of shape (k,)) of each."""
    k = len(parts)
    base = att.estimate
    influence = np.column_stack([p.influence for p in parts])
    return Estimate(
        keys=keys,
        values=np.array([p.value for p in parts]),
        cov=outer(influence),
        df=np.full(k, np.inf) if np.isinf(base.df).all() else satterthwaite(influence),
        n=np.array([float(att.count(rows).treated) for rows in behind]),
        about=replace(base.about, estimand=estimand),
        clusters=None if base.clusters is None else np.full(k, base.clusters[0]),
    )
