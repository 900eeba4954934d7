"""What needs all counties at once: pooled measures, the return-risk model, program effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit import impact, risk
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.pipeline.measuring import Reasons, measure_panel
from evalkit.pipeline.results import ImpactResult, PooledResult
from evalkit.plan import FixedEffects, GroupTime, Impact, MeanDifference, Plan, TwoByTwo
from evalkit.reasons import reason
from evalkit.text import Text

OUTCOME = "outcome (as analysed)"
TREATED = "_treated"
COHORT = "_cohort"


def pooled_result(panel: Panel, plan: Plan) -> PooledResult:
    """Compute the pooled part of a build from the joined clean panels."""
    found = measure_panel(panel, plan)
    omitted = dict(found.omitted)
    return PooledResult(
        counties=max(len(panel.counties), 1),
        estimates=found.estimates,
        risk=_risk(panel, plan, omitted),
        impact=_impact(panel, plan, omitted),
        omitted=omitted,
    )


def _risk(panel: Panel, plan: Plan, omitted: dict[str, Text]) -> risk.ReturnRisk | None:
    lined = [w for w in panel.waves if w in (panel.lines or {})]
    if len(lined) < 3:
        omitted["return_risk"] = Text(
            en=f"Return risk needs at least three waves with a poverty line; the data have {len(lined)}.",
            zh=f"返贫风险至少需要三期有贫困线的数据；现有{len(lined)}期。",
        )
        return None
    settings = plan.return_risk
    try:
        return risk.assess(
            panel.where(panel.frame[panel.wave].isin(lined)),
            quota=settings.quota,
            rule_multiple=settings.rule_multiple,
            features=settings.features,
        )
    except Reasons as error:
        omitted["return_risk"] = reason(error)
        return None


def _impact(panel: Panel, plan: Plan, omitted: dict[str, Text]) -> tuple[ImpactResult, ...]:
    if not plan.impact:
        omitted["impact"] = Text(
            en="The plan specifies no program effect (plan.impact).",
            zh="方案未设定帮扶措施效果估计（plan.impact）。",
        )
    if len(panel.waves) < 2 and any(not isinstance(s, MeanDifference) for s in plan.impact):
        omitted["impact"] = Text(
            en="Program effects over time need at least two waves.",
            zh="帮扶措施效果的前后比较至少需要两期数据。",
        )
        return ()
    out = []
    for spec in plan.impact:
        try:
            out.append(estimate_impact(panel, spec, plan))
        except Reasons as error:
            omitted[f"impact:{spec.program}"] = reason(error)
    return tuple(out)


def estimate_impact(panel: Panel, spec: Impact, plan: Plan) -> ImpactResult:
    """Estimate one specification of ``plan.impact`` on a panel.

    Raises
    ------
    EstimationError
        If the effect is not identified in these data.
    DataError
        If the outcome, a covariate or the program is not in the panel.
    """
    data, note = impact_data(panel, spec)
    found = _estimated(data, panel, spec)
    effect = found.effect if note is None else found.effect.with_notes(note)
    ever = data.groupby(panel.household)[TREATED].max()
    cluster = None if spec.cluster is None else panel.column(spec.cluster)
    return ImpactResult(
        program=spec.program,
        kind=spec.kind,
        label=plan.label(spec.program),
        scale=spec.scale,
        effect=effect,
        event_study=found.study,
        pre_trend_p=None
        if found.study is None
        else _pre_trend(found.study, getattr(spec, "anticipation", 0)),
        units=len(ever),
        treated=int((ever > 0).sum()),
        clusters=int(data[cluster].nunique()) if cluster else len(ever),
        wave=int(data[panel.wave].iloc[0]) if isinstance(spec, MeanDifference) else None,
        treated_clusters=int(data.loc[data[TREATED] > 0, cluster].nunique()) if cluster else None,
    )


@dataclass(frozen=True, eq=False)
class _Found:
    effect: Estimate
    study: Estimate | None = None


def _estimated(data: pd.DataFrame, panel: Panel, spec: Impact) -> _Found:
    """Call the estimator that the specification names."""
    covariates = list(spec.covariates) or None
    weights = panel.design.weight if spec.weights else None
    cluster = None if spec.cluster is None else panel.column(spec.cluster)
    unit, time = panel.household, panel.wave
    if isinstance(spec, GroupTime):
        att = impact.att_gt(
            data,
            outcome=OUTCOME,
            unit=unit,
            time=time,
            cohort=COHORT,
            covariates=covariates,
            control_group="never" if spec.control == "never_treated" else "not_yet",
            anticipation=spec.anticipation,
            weights=weights,
            cluster=cluster,
        )
        return _Found(impact.aggregate(att, "simple"), impact.aggregate(att, "event"))
    if isinstance(spec, TwoByTwo):
        return _Found(
            impact.did_2x2(
                data,
                outcome=OUTCOME,
                unit=unit,
                time=time,
                treated=TREATED,
                covariates=covariates,
                weights=weights,
                cluster=cluster,
            )
        )
    if isinstance(spec, FixedEffects):
        return _Found(
            impact.twfe(
                data,
                outcome=OUTCOME,
                unit=unit,
                time=time,
                treatment=TREATED,
                covariates=covariates,
                weights=weights,
                cluster=cluster,
            )
        )
    return _Found(
        impact.difference_in_means(
            data, outcome=OUTCOME, treatment=TREATED, covariates=covariates, weights=weights, cluster=cluster
        )
    )


def impact_data(panel: Panel, spec: Impact) -> tuple[pd.DataFrame, Text | None]:
    """Return the frame an estimator takes, with the outcome on its scale, and a note on lost rows.

    Adds the outcome on its scale, ``_treated`` (0/1 in that wave; for the two-period design, in the last wave)
    and ``_cohort`` (first wave at or after the start of support; NaN = never within the data).
    """
    panel.column(f"cohort_{spec.program}")
    data = panel.frame.loc[panel.mask].copy()
    waves = panel.waves
    if isinstance(spec, TwoByTwo):
        data = data[data[panel.wave].isin([waves[0], waves[-1]])]
    if isinstance(spec, MeanDifference):
        data = data[data[panel.wave] == (spec.wave or waves[-1])]
    values = data[panel.column(spec.outcome)].astype(float)
    outcome, note = _scaled(values, spec.scale)
    data[OUTCOME] = outcome
    data[COHORT] = first_wave(data[f"cohort_{spec.program}"].astype(float), waves)
    now = data[f"treated_{spec.program}"].astype(float)
    if isinstance(spec, TwoByTwo):
        last = data.loc[data[panel.wave] == waves[-1]].set_index(panel.household)
        now = data[panel.household].map(last[f"treated_{spec.program}"].astype(float))
    data[TREATED] = now
    return data, note


def first_wave(start: pd.Series, waves: list[int]) -> pd.Series:
    """Return the first wave at or after each start; NaN where support starts after the last wave or never.

    >>> first_wave(pd.Series([2015.0, 2021.0, np.nan]), [2014, 2016, 2020]).tolist()
    [2016.0, nan, nan]
    """
    order = np.array(sorted(waves), dtype=float)
    at = np.searchsorted(order, start.to_numpy(dtype=float), side="left")
    padded = np.append(order, np.nan)
    found = padded[np.minimum(at, len(order))]
    return pd.Series(np.where(start.isna(), np.nan, found), index=start.index)


def _scaled(values: pd.Series, scale: str) -> tuple[pd.Series, Text | None]:
    if scale == "level":
        return values, None
    if scale == "log1p":
        if (values <= -1).any():
            msg = f"log(1 + outcome) is not defined for {int((values <= -1).sum())} values at or below -1"
            raise EstimationError(msg)
        return np.log1p(values), None
    lost = int((values <= 0).sum())
    positive = values.where(values > 0)
    note = Text(
        en=f"{lost:,} household-waves with an outcome of zero or less have no logarithm and are left out.",
        zh=f"{lost:,}条户年记录的结果变量不大于零，无法取对数，未纳入。",
    )
    return np.log(positive), (note if lost else None)


def _pre_trend(study: Estimate, anticipation: int) -> float | None:
    try:
        return impact.pre_trend(study, anticipation=anticipation).p_value
    except EstimationError:
        return None
