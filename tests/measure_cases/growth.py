"""Growth incidence, pro-poor growth, decompositions, what exits rest on."""

from __future__ import annotations

from dataclasses import replace

from evalkit import measures as ek
from evalkit.estimate import Estimate
from evalkit.panel import By, Panel
from measure_cases.frame import LINE, Case


def _with_rest(panel: Panel) -> Panel:
    frame = panel.frame
    return replace(panel, frame=frame.assign(rest=frame["income_pc"] - frame["transfer"]))


def _sources(panel: Panel, statistic: str, by: By, removed: str = "zero") -> Estimate:
    named = ["transfer", "rest"]
    return ek.shapley_sources(_with_rest(panel), named, statistic, line=LINE, by=by, removed=removed)  # type: ignore[arg-type]


def _rests_on(panel: Panel, by: By = None) -> Estimate:
    return ek.exit_sustainability(panel, LINE, parts={"transfers": ["transfer"]}, by=by, per_head=True)


def _to_mean(panel: Panel, by: By) -> ek.RegressionToMean:
    return ek.regression_to_mean(panel, frm=2016, to=2018, third=2017, real=False, by=by, nonpositive="drop")


SPAN = {"frm": 2016, "to": 2018}
CASES = [
    Case(
        "growth incidence",
        lambda p, by=None: ek.growth_incidence(p, **SPAN, real=False, by=by),
        smooth=False,
        moving=True,
    ),
    Case(
        "growth of the same households",
        lambda p, by=None: ek.growth_incidence(
            p, **SPAN, real=False, by=by, anonymous=False, quantiles=[0.25, 0.5, 0.75]
        ),
        smooth=False,
        moving=True,
        kernel=True,
    ),
    Case("growth by rank", lambda p, by=None: _to_mean(p, by).curves, smooth=False, moving=True, kernel=True),
    Case("slopes on rank", lambda p, by=None: _to_mean(p, by).slopes, moving=True),
    Case(
        "ravallion_chen",
        lambda p, by=None: ek.ravallion_chen(p, LINE, **SPAN, by=by, nonpositive="drop"),
        moving=True,
    ),
    Case("pro_poor_growth", lambda p, by=None: ek.pro_poor_growth(p, LINE, **SPAN, by=by), moving=True),
    Case(
        "pro_poor_growth of the headcount",
        lambda p, by=None: ek.pro_poor_growth(p, LINE, **SPAN, measure="headcount", by=by),
        smooth=False,
        moving=True,
        kernel=True,
    ),
    Case("growth_elasticity", lambda p, by=None: ek.growth_elasticity(p, LINE, by=by)),
    Case(
        "growth_elasticity of the headcount",
        lambda p, by=None: ek.growth_elasticity(p, LINE, measure="headcount", by=by),
        smooth=False,
        kernel=True,
        density=True,
    ),
    Case(
        "growth_elasticity of Watts",
        lambda p, by=None: ek.growth_elasticity(p, LINE, measure="watts", by=by, nonpositive="drop"),
    ),
    Case(
        "datt_ravallion",
        lambda p, by=None: ek.datt_ravallion(p, LINE, **SPAN, measure="gap", by=by),
        moving=True,
    ),
    Case(
        "datt_ravallion of severity, final wave",
        lambda p, by=None: ek.datt_ravallion(p, LINE, **SPAN, measure="severity", reference="final", by=by),
        moving=True,
    ),
    Case(
        "datt_ravallion of the headcount",
        lambda p, by=None: ek.datt_ravallion(p, LINE, **SPAN, reference="average", by=by),
        smooth=False,
        moving=True,
        kernel=True,
    ),
    Case(
        "shapley_growth with the line",
        lambda p, by=None: ek.shapley_growth(
            replace(p, deflators={2016: 100, 2017: 103, 2018: 107}),
            LINE,
            **SPAN,
            measure="watts",
            with_line=True,
            by=by,
            nonpositive="drop",
        ),
        moving=True,
    ),
    Case("gini by source", lambda p, by=None: _sources(p, "gini", by)),
    Case("gini by source, equalised", lambda p, by=None: _sources(p, "gini", by, removed="mean")),
    Case("headcount by source", lambda p, by=None: _sources(p, "headcount", by)),
    Case("severity by source", lambda p, by=None: _sources(p, "severity", by)),
    Case("decompose_groups", lambda p, by=None: ek.decompose_groups(p, "stratum", LINE, 1, by=by)),
    Case(
        "group_change",
        lambda p, by=None: ek.group_change(p, "stratum", LINE, **SPAN, by=by).by_group,
        moving=True,
    ),
    Case(
        "group_change, sums",
        lambda p, by=None: ek.group_change(p, "stratum", LINE, 2, **SPAN, by=by, reference="initial").overall,
        moving=True,
    ),
    Case("exit_sustainability", _rests_on),
]
