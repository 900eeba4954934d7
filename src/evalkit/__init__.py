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
    "build": "evalkit.pipeline",
    "build_county": "evalkit.pipeline",
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
    "cleaning",
    "design",
    "disclose",
    "errors",
    "estimate",
    "exits",
    "impact",
    "ingest",
    "ledger",
    "measures",
    "panel",
    "pipeline",
    "plan",
    "report",
    "risk",
    "schema",
    "simulate",
    "standards",
    "store",
)

__all__ = sorted([*_HOME, *_PACKAGES, "__version__"])

if TYPE_CHECKING:
    from evalkit import (
        cleaning as cleaning,
        design as design,
        disclose as disclose,
        errors as errors,
        estimate as estimate,
        exits as exits,
        impact as impact,
        ingest as ingest,
        ledger as ledger,
        measures as measures,
        panel as panel,
        pipeline as pipeline,
        plan as plan,
        report as report,
        risk as risk,
        schema as schema,
        simulate as simulate,
        standards as standards,
        store as store,
    )
    from evalkit.cleaning import clean as clean
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
    from evalkit.exits import judge_exit as judge_exit
    from evalkit.explanations import explain as explain
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
    from evalkit.pipeline import build as build, build_county as build_county
    from evalkit.plan import Plan as Plan
    from evalkit.planfile import load_plan as load_plan
    from evalkit.sums import add as add, stack as stack
    from evalkit.verdicts import Verdict as Verdict, verdict as verdict


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
