"""Measures beyond the mean: who gained, inequality, what moved poverty, deprivation, what exits rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit import measures
from evalkit.errors import DataError
from evalkit.estimate import Estimate
from evalkit.measures.assurances import deprivation_evidence, guarantees
from evalkit.measures.deprivation import Deprivations, Indicator, multidimensional_poverty
from evalkit.measures.deprivation_parts import (
    deprivation_change,
    deprivation_contributions,
    deprivation_headcounts,
)
from evalkit.panel import Panel
from evalkit.plan import GuaranteeDeprivation, OwnDeprivation, Plan
from evalkit.reasons import reason
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.measuring import Collected

GROUPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Points of the incidence curves: nine deciles, and ten groups."""


def measure_distribution(
    out: Collected, panel: Panel, plan: Plan, members: pd.DataFrame | None = None
) -> None:
    """Add inequality, incidence, decompositions, deprivation and sustainability to what was collected.

    Sections of `Collected.omitted`: ``inequality``, ``incidence``, ``decomposition``, ``deprivation``,
    ``sustainability``.
    """
    _inequality(out, panel)
    if len(panel.waves) > 1:
        _incidence(out, panel)
    if panel.lines and "poverty" not in out.omitted:
        part = panel.where(panel.frame[panel.wave].isin(list(panel.lines)))
        _depth(out, part)
        if len(part.waves) > 1:
            _decomposition(out, part)
        _sustainability(out, part, plan, members)
    _deprivation(out, panel, plan)


def _inequality(out: Collected, panel: Panel) -> None:
    out.attempt("inequality", "gini", lambda: measures.gini(panel, by="wave"))
    out.attempt("inequality", "quintile_ratio", lambda: measures.quintile_share_ratio(panel, by="wave"))
    out.attempt("inequality", "bottom_share", lambda: _bottom(panel))


def _bottom(panel: Panel) -> Estimate:
    shares = measures.income_shares(panel, cuts=(0.0, 0.4, 1.0), by="wave")
    chosen = shares.where(income_group=str(shares.keys["income_group"].iloc[0]))
    return replace(chosen, keys=chosen.keys.drop(columns="income_group"))


def _incidence(out: Collected, panel: Panel) -> None:
    first, last = panel.waves[0], panel.waves[-1]
    real = panel.deflators is not None
    for name, anonymous in (("incidence", True), ("incidence_same", False)):
        out.attempt(
            "incidence",
            name,
            lambda anonymous=anonymous: measures.growth_incidence(  # type: ignore[misc]
                panel, frm=first, to=last, quantiles=GROUPS, real=real, anonymous=anonymous
            ),
        )
    if "incidence_same" in out.estimates:
        # no third wave as an instrument: all lie between these two and hold part of the growth itself
        out.attempt(
            "incidence",
            "regression_slopes",
            lambda: (
                measures.regression_to_mean(panel, frm=first, to=last, real=real, nonpositive="drop").slopes
            ),
        )


def _depth(out: Collected, panel: Panel) -> None:
    calls: dict[str, Callable[[], Estimate]] = {
        "watts": lambda: measures.watts(panel, by="wave", nonpositive="drop"),
        "gap_ratio": lambda: measures.income_gap_ratio(panel, by="wave"),
        "gap_amount": lambda: measures.gap_amount(panel, by="wave"),
        "near_line": lambda: measures.near_line(panel, by="wave"),
    }
    for name, call in calls.items():
        out.attempt("depth", name, call)


def _decomposition(out: Collected, panel: Panel) -> None:
    first, last = panel.waves[0], panel.waves[-1]
    for measure in ("headcount", "gap"):
        out.attempt(
            "decomposition",
            f"shapley_{measure}",
            lambda measure=measure: measures.shapley_growth(panel, frm=first, to=last, measure=measure),  # type: ignore[misc]
        )
    out.attempt(
        "decomposition",
        "ravallion_chen",
        lambda: measures.ravallion_chen(panel, frm=first, to=last, annualised=True, nonpositive="drop"),
    )


def _sustainability(out: Collected, panel: Panel, plan: Plan, members: pd.DataFrame | None) -> None:
    parts = plan.sustainability.parts or None
    if (
        parts is None
        and members is not None
        and {"public_post", "monthly_wage", "work_months"} <= set(members)
    ):
        panel = measures.with_public_post(panel, members)
    exited = None
    if "exit_year" in panel.frame:
        year = panel.frame["exit_year"].to_numpy(dtype=float, na_value=np.nan)
        exited = year <= panel.frame[panel.wave].to_numpy(dtype=float)
        out.facts["sustainability_among"] = "exited"
        if not (exited & panel.mask).any():
            out.omitted["sustainability"] = Text(
                en="The registry calls no household of these data exited.",
                zh="数据中没有登记为脱贫的住户。",
            )
            return
    else:
        out.facts["sustainability_among"] = "all"

    def compute() -> Estimate:
        return measures.exit_sustainability(panel, parts=parts, by="wave", among=exited)

    out.attempt("sustainability", "sustainability", compute)


def _deprivation(out: Collected, panel: Panel, plan: Plan) -> None:
    try:
        chosen = deprivations_of(panel, plan)
    except DataError as error:
        out.omitted["deprivation"] = reason(error)
        return
    if chosen is None:
        out.omitted["deprivation"] = Text(
            en="The plan leaves deprivation out (plan.deprivation.kind: none).",
            zh="方案不计算多维贫困（plan.deprivation.kind: none）。",
        )
        return
    labels = {n: chosen.label(n) for n in chosen.names}
    out.facts["deprivation_labels"] = {n: label.to_dict() for n, label in labels.items()}
    out.facts["deprivation_any"] = chosen.cutoff <= min(chosen.shares.values()) + 1e-12
    calls: dict[str, Callable[[], Estimate]] = {
        "deprivation": lambda: multidimensional_poverty(panel, chosen, by="wave"),
        "deprivation_headcounts": lambda: deprivation_headcounts(panel, chosen, by="wave"),
        "deprivation_contributions": lambda: deprivation_contributions(panel, chosen, by="wave"),
    }
    if len(panel.waves) > 1:
        first, last = panel.waves[0], panel.waves[-1]
        calls["deprivation_change"] = lambda: deprivation_change(panel, chosen, frm=first, to=last)
    for name, call in calls.items():
        out.attempt("deprivation", name, call)
    if "deprivation" in out.estimates:
        out.tables["deprivation_evidence"] = deprivation_evidence(panel, chosen).tidy()


def deprivations_of(panel: Panel, plan: Plan) -> Deprivations | None:
    """Return the deprivations that the plan asks for, None where it asks for none.

    Raises
    ------
    DataError
        The panel shows none of the guarantees.
    """
    asked = plan.deprivation
    if isinstance(asked, GuaranteeDeprivation):
        return guarantees(
            panel,
            weights=asked.weights or None,
            cutoff=asked.cutoff,
            missing=asked.missing,
            evidence=asked.evidence or None,
        )
    if isinstance(asked, OwnDeprivation):
        return Deprivations(
            {
                name: Indicator(
                    one.deprived,
                    below=one.below,
                    label=None if one.label is None else one.label.text,
                    evidence=one.evidence,
                )
                for name, one in asked.indicators.items()
            },
            {name: one.weight for name, one in asked.indicators.items()},
            cutoff=asked.cutoff,
            missing=asked.missing,
        )
    return None
