"""evalkit: evaluation of poverty exits from household panels.

``import evalkit as ek`` gives the verbs (`ek.clean`, `ek.headcount`, `ek.judge_exit` …), the nouns
(`ek.Plan`, `ek.Panel`, `ek.SurveyDesign`, `ek.Estimate`) and the packages (`ek.impact`, `ek.risk` …).
Everything is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "Plan": "evalkit.plan",
    "load_plan": "evalkit.planfile",
    "Panel": "evalkit.panel",
    "SurveyDesign": "evalkit.design",
    "Estimate": "evalkit.estimate",
    "stack": "evalkit.sums",
    "add": "evalkit.sums",
    "Ledger": "evalkit.ledger",
    "clean": "evalkit.cleaning",
    "aggregate_members": "evalkit.rosters",
    "dynasties": "evalkit.rosters",
    "Events": "evalkit.events",
    "events_from": "evalkit.events",
    "registry_at": "evalkit.events",
    "look_back": "evalkit.events",
    "reconcile_events": "evalkit.events",
    "headcount": "evalkit.measures",
    "gap": "evalkit.measures",
    "severity": "evalkit.measures",
    "fgt": "evalkit.measures",
    "watts": "evalkit.measures",
    "arpr": "evalkit.measures",
    "sen": "evalkit.measures",
    "sst": "evalkit.measures",
    "BenchmarkGrowth": "evalkit.measures",
    "mean": "evalkit.measures",
    "total": "evalkit.measures",
    "ratio": "evalkit.measures",
    "quantile": "evalkit.measures",
    "proportion": "evalkit.measures",
    "growth": "evalkit.measures",
    "benchmark_growth": "evalkit.measures",
    "transitions": "evalkit.measures",
    "entry_rate": "evalkit.measures",
    "exit_rate": "evalkit.measures",
    "return_rate": "evalkit.measures",
    "verdict": "evalkit.verdicts",
    "Verdict": "evalkit.verdicts",
    "judge_exit": "evalkit.exits",
    "county_series": "evalkit.countyseries",
    "CountySeries": "evalkit.countyseries",
    "attrition_table": "evalkit.attrition",
    "attrition_weights": "evalkit.attrition",
    "bglw_test": "evalkit.attrition",
    "calibrate": "evalkit.weighting",
    "impute": "evalkit.imputation",
    "pool": "evalkit.pooling",
    "build": "evalkit.pipeline",
    "build_county": "evalkit.pipeline",
    "Engine": "evalkit.pipeline",
    "open_store": "evalkit.queries",
    "query": "evalkit.queries",
    "explain": "evalkit.explanations",
    "EvalkitError": "evalkit.errors",
    "PlanError": "evalkit.errors",
    "DataError": "evalkit.errors",
    "DesignError": "evalkit.errors",
    "EstimationError": "evalkit.errors",
    "DisclosureError": "evalkit.errors",
    "ReportError": "evalkit.errors",
}
"""Public name → module it lives in."""

_PACKAGES = (
    "attrition",
    "cleaning",
    "countyseries",
    "decisions",
    "design",
    "disclose",
    "divisions",
    "errors",
    "estimate",
    "events",
    "exits",
    "forensics",
    "impact",
    "imputation",
    "ingest",
    "ledger",
    "measures",
    "panel",
    "pipeline",
    "plan",
    "queries",
    "report",
    "risk",
    "rosters",
    "schema",
    "simulate",
    "standards",
    "store",
    "weighting",
)

__all__ = sorted([*_HOME, *_PACKAGES, "__version__"])

if TYPE_CHECKING:
    from evalkit import (
        attrition as attrition,
        cleaning as cleaning,
        countyseries as countyseries,
        decisions as decisions,
        design as design,
        disclose as disclose,
        divisions as divisions,
        errors as errors,
        estimate as estimate,
        events as events,
        exits as exits,
        forensics as forensics,
        impact as impact,
        imputation as imputation,
        ingest as ingest,
        ledger as ledger,
        measures as measures,
        panel as panel,
        pipeline as pipeline,
        plan as plan,
        queries as queries,
        report as report,
        risk as risk,
        rosters as rosters,
        schema as schema,
        simulate as simulate,
        standards as standards,
        store as store,
        weighting as weighting,
    )
    from evalkit.attrition import (
        attrition_table as attrition_table,
        attrition_weights as attrition_weights,
        bglw_test as bglw_test,
    )
    from evalkit.cleaning import clean as clean
    from evalkit.countyseries import CountySeries as CountySeries, county_series as county_series
    from evalkit.design import SurveyDesign as SurveyDesign
    from evalkit.errors import (
        DataError as DataError,
        DesignError as DesignError,
        DisclosureError as DisclosureError,
        EstimationError as EstimationError,
        EvalkitError as EvalkitError,
        PlanError as PlanError,
        ReportError as ReportError,
    )
    from evalkit.estimate import Estimate as Estimate
    from evalkit.events import (
        Events as Events,
        events_from as events_from,
        look_back as look_back,
        reconcile_events as reconcile_events,
        registry_at as registry_at,
    )
    from evalkit.exits import judge_exit as judge_exit
    from evalkit.explanations import explain as explain
    from evalkit.imputation import impute as impute
    from evalkit.ledger import Ledger as Ledger
    from evalkit.measures import (
        BenchmarkGrowth as BenchmarkGrowth,
        arpr as arpr,
        benchmark_growth as benchmark_growth,
        entry_rate as entry_rate,
        exit_rate as exit_rate,
        fgt as fgt,
        gap as gap,
        growth as growth,
        headcount as headcount,
        mean as mean,
        proportion as proportion,
        quantile as quantile,
        ratio as ratio,
        return_rate as return_rate,
        sen as sen,
        severity as severity,
        sst as sst,
        total as total,
        transitions as transitions,
        watts as watts,
    )
    from evalkit.panel import Panel as Panel
    from evalkit.pipeline import Engine as Engine, build as build, build_county as build_county
    from evalkit.plan import Plan as Plan
    from evalkit.planfile import load_plan as load_plan
    from evalkit.pooling import pool as pool
    from evalkit.queries import open_store as open_store, query as query
    from evalkit.rosters import aggregate_members as aggregate_members, dynasties as dynasties
    from evalkit.sums import add as add, stack as stack
    from evalkit.verdicts import Verdict as Verdict, verdict as verdict
    from evalkit.weighting import calibrate as calibrate


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("evalkit")
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name in _PACKAGES:
        return importlib.import_module(f"evalkit.{name}")
    msg = f"module 'evalkit' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
