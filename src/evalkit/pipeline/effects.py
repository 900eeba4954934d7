"""One specification of ``plan.impact`` estimated, with what may be said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit import impact
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.pipeline.effect_data import COHORT, OUTCOME, TREATED, EffectData, effect_data
from evalkit.pipeline.effect_names import variant
from evalkit.pipeline.results import Identified, ImpactResult
from evalkit.plan import FixedEffects, GroupTime, Impact, MeanDifference, Plan, TwoByTwo
from evalkit.text import Text

ALPHA = 0.05
"""Level of the joint test of the trend before support."""

WEIGHTED = Text(en="Households weighted by the survey weight.", zh="住户按抽样权重加权。")
UNWEIGHTED = Text(en="Households of the sample, unweighted.", zh="样本住户，未加权。")
TWO_WAVES = Text(
    en="This comparison uses two waves only, so the trend before support cannot be tested.",
    zh="该比较仅用两期数据，无法检验帮扶前的走势。",
)
NOT_TESTED = Text(
    en="Two-way fixed effects do not test the trend before support.",
    zh="双向固定效应不检验帮扶前的走势。",
)


def estimate_impact(panel: Panel, spec: Impact, plan: Plan) -> ImpactResult:
    """Estimate one specification of ``plan.impact`` on a panel.

    Raises
    ------
    EstimationError
        If the effect is not identified in these data.
    DataError
        If the outcome, a covariate or the program is not in the panel.
    """
    data = effect_data(panel, spec, plan)
    found = _group_time(data, panel, spec) if isinstance(spec, GroupTime) else _regression(data, panel, spec)
    test = None if found.trend is None else found.trend.test
    p = None if test is None else test.p_value
    used = found.used
    own = spec.cluster is None
    return ImpactResult(
        program=spec.program,
        kind=spec.kind,
        label=plan.label(spec.program),
        scale=spec.scale,
        effect=_told(found, data, weighted=spec.weights),
        event_study=found.study,
        pre_trend_p=p,
        units=used.units,
        treated=used.treated,
        clusters=used.units if own or used.clusters is None else used.clusters,
        wave=int(data.frame[panel.wave].iloc[0]) if isinstance(spec, MeanDifference) else None,
        treated_clusters=None if own else used.treated_clusters,
        identified=identified(spec, p),
        pre_trend_note=_pre_trend_note(spec, found),
        variant=variant(spec, plan),
        anticipation=data.anticipation,
    )


def identified(spec: Impact, pre_trend_p: float | None) -> Identified:
    """Return whether a difference may be called the program's effect, or why not.

    Only a comparison that the plan declares randomised, or group-time effects whose trend before support was
    tested and not rejected, may.
    """
    if isinstance(spec, GroupTime):
        if pre_trend_p is None:
            return "no_pre_trend"
        return "yes" if pre_trend_p >= ALPHA else "pre_trend_rejected"
    if isinstance(spec, FixedEffects):
        return "no_pre_trend"
    if spec.randomised:
        return "yes"
    return "not_randomised" if isinstance(spec, MeanDifference) else "no_pre_trend"


@dataclass(frozen=True, eq=False)
class _Found:
    effect: Estimate
    used: impact.Used
    study: Estimate | None = None
    trend: impact.TrendBefore | None = None


def _pre_trend_note(spec: Impact, found: _Found) -> Text | None:
    if found.trend is not None:
        return found.trend.caveat
    if isinstance(spec, FixedEffects):
        return NOT_TESTED
    return TWO_WAVES if isinstance(spec, TwoByTwo) and not spec.randomised else None


def _told(found: _Found, data: EffectData, *, weighted: bool) -> Estimate:
    """Return the effect with all its notes; n counts the supported households, on which disclosure rules act."""
    note = WEIGHTED if weighted else UNWEIGHTED
    about = found.effect.about
    method = f"{about.method}; {note.en[0].lower()}{note.en[1:].rstrip('.')}"
    notes = (note, *data.notes, *about.notes)
    n = np.array([float(found.used.treated)])
    return replace(found.effect, n=n, about=replace(about, method=method, notes=notes))


def _group_time(data: EffectData, panel: Panel, spec: GroupTime) -> _Found:
    att = impact.att_gt(
        data.frame,
        outcome=OUTCOME,
        unit=panel.household,
        time=panel.wave,
        cohort=COHORT,
        covariates=spec.covariates or None,
        control_group="never" if spec.control == "never_treated" else "not_yet",
        anticipation=data.anticipation,
        weights=panel.design.weight if spec.weights else None,
        cluster=_cluster(panel, spec),
    )
    return _Found(
        impact.aggregate(att, "simple"),
        att.count(att.after),
        impact.aggregate(att, "event"),
        impact.trend_before(att),
    )


def _regression(data: EffectData, panel: Panel, spec: TwoByTwo | FixedEffects | MeanDifference) -> _Found:
    covariates = spec.covariates or None
    weights = panel.design.weight if spec.weights else None
    cluster = _cluster(panel, spec)
    if isinstance(spec, TwoByTwo):
        out = impact.did_2x2(
            data.frame,
            outcome=OUTCOME,
            unit=panel.household,
            time=panel.wave,
            treated=TREATED,
            covariates=covariates,
            weights=weights,
            cluster=cluster,
        )
    elif isinstance(spec, FixedEffects):
        out = impact.twfe(
            data.frame,
            outcome=OUTCOME,
            unit=panel.household,
            time=panel.wave,
            treatment=TREATED,
            covariates=covariates,
            weights=weights,
            cluster=cluster,
        )
    else:
        out = impact.difference_in_means(
            data.frame,
            outcome=OUTCOME,
            treatment=TREATED,
            covariates=covariates,
            weights=weights,
            cluster=cluster,
        )
    return _Found(out, out.used)


def _cluster(panel: Panel, spec: Impact) -> str | None:
    return None if spec.cluster is None else panel.column(spec.cluster)
