"""What needs all counties at once: pooled measures, the return-risk model, program effects."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit import risk
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.pipeline.effect_names import omitted_key
from evalkit.pipeline.effects import estimate_impact
from evalkit.pipeline.measuring import Reasons, measure_panel
from evalkit.pipeline.replicating import with_replicates
from evalkit.pipeline.results import ImpactResult, PooledResult
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.text import Text


def pooled_result(panel: Panel, plan: Plan, given: Mapping[str, Estimate] | None = None) -> PooledResult:
    """Compute the pooled part of a build from the joined clean panels; what is `given` was added up from counties."""
    found = with_replicates(
        measure_panel(panel, plan, {} if plan.design.replicates else given),
        panel,
        plan,
        lambda p: measure_panel(p, plan),
    )
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
    out = []
    for index, spec in enumerate(plan.impact):
        try:
            out.append(estimate_impact(panel, spec, plan))
        except Reasons as error:
            omitted[omitted_key(index, plan)] = reason(error)
    return tuple(out)
