"""Attrition, calibration and imputation of one county as the plan asks: tables and the reweighted panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalkit import measures
from evalkit.attrition import county_attrition
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.imputation import county_imputation
from evalkit.panel import Panel
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.text import Text
from evalkit.weighting import county_calibration

Verb = Callable[[Panel], Estimate]
_LEFT_OUT = (DataError, DesignError, EstimationError)


@dataclass
class Weighed:
    """What the plan's sections on missing households and items give in one county.

    Attributes
    ----------
    panel : Panel
        Reweighted for attrition, then calibrated, as the plan says; the panel as it was where it says nothing.
    tables : dict
        As `county_attrition`, `county_calibration` and `county_imputation` name them.
    notes : list of Text
        Of the weights and the imputation.
    omitted : dict
        Section (``attrition``, ``calibration``, ``imputation``) or table → why it is not there.
    used : list of str
        What the weights of `panel` were adjusted for: ``attrition``, ``calibration``.
    """

    panel: Panel
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    omitted: dict[str, Text] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return what a report says in words, JSON-ready: ``used`` and ``notes``."""
        return {"used": list(self.used), "notes": [n.to_dict() for n in self.notes]}


def weigh_county(panel: Panel, plan: Plan, county: str, events: pd.DataFrame | None = None) -> Weighed:
    """Tabulate who and what is missing in one county, and what making up for it changes.

    Parameters
    ----------
    panel : Panel
        Of the county.
    plan : Plan
    county : str
        Code of the county.
    events : DataFrame, optional
        Why households left: ``household``, ``kind``, ``date``.
    """
    out = Weighed(panel)
    figures = county_figures(panel)
    _attrition(out, plan, figures, events)
    _calibration(out, plan, county, figures)
    if plan.imputation is not None:
        section = plan.imputation
        try:
            done = county_imputation(panel, section.columns, figures, seed=plan.seed, settings=section)
        except _LEFT_OUT as error:
            out.omitted["imputation"] = reason(error)
        else:
            out.tables |= done.tables
            out.notes += done.imputations.notes()
    return out


def county_figures(panel: Panel) -> dict[str, Verb]:
    """Return the figures shown before and after: mean welfare, and the headcount where all waves have a line."""
    figures: dict[str, Verb] = {"mean_welfare": lambda p: measures.mean(p, by="wave")}
    if panel.lines and set(panel.waves) <= set(panel.lines):
        figures["headcount"] = lambda p: measures.headcount(p, by="wave")
    return figures


def _attrition(out: Weighed, plan: Plan, figures: dict[str, Verb], events: pd.DataFrame | None) -> None:
    section = plan.attrition
    covariates = section.covariates
    try:
        found = county_attrition(out.panel, covariates, figures, settings=section, events=events)
    except _LEFT_OUT as error:
        out.omitted["attrition"] = reason(error)
        return
    out.tables |= found.tables
    out.omitted |= found.omitted
    out.notes += found.notes
    if section.weights == "ipw" and found.weights is not None:
        out.panel = found.weights.apply(out.panel)
        out.used.append("attrition")


def _calibration(out: Weighed, plan: Plan, county: str, figures: dict[str, Verb]) -> None:
    section = plan.calibration
    if section is None:
        return
    totals = section.of_county(county, plan.raw)
    if totals.empty:
        out.omitted["calibration"] = Text(
            en="The plan gives no known totals for this county (calibration).",
            zh="方案未给出本县的已知总数（calibration）。",
        )
        return
    try:
        done = county_calibration(out.panel, totals, figures, method=section.method, bounds=section.bounds)
    except _LEFT_OUT as error:
        out.omitted["calibration"] = reason(error)
        return
    out.tables |= done.tables
    out.notes += done.calibration.notes
    out.panel = done.panel
    out.used.append("calibration")
