"""County reports, data audit, province overview: sections of language-free blocks, rendered by notebooks, published as HTML in two languages.

In a notebook::

    import evalkit.report as report
    case = report.open_case("plan.yaml", "990602")
    report.summary(case, "zh")
"""

from evalkit.report.audit import open_audit, render_audit
from evalkit.report.document import Section
from evalkit.report.opening import open_case
from evalkit.report.overview import OverviewResult, open_overview, render_overview
from evalkit.report.runner import RunResult, render
from evalkit.report.sections import (
    accounts,
    audit_changes,
    audit_checks,
    audit_events,
    audit_open,
    audit_read,
    audit_rows,
    audit_totals,
    deprivation,
    dynamics,
    impact,
    income,
    look_back,
    methods,
    patterns,
    poverty,
    province_failed,
    province_look_back,
    province_moves,
    province_papers,
    province_poverty,
    province_provenance,
    province_quality,
    province_signals,
    province_sums,
    province_verdicts,
    quality,
    risk,
    summary,
    sustainability,
)

__all__ = [
    "OverviewResult",
    "RunResult",
    "Section",
    "accounts",
    "audit_changes",
    "audit_checks",
    "audit_events",
    "audit_open",
    "audit_read",
    "audit_rows",
    "audit_totals",
    "deprivation",
    "dynamics",
    "impact",
    "income",
    "look_back",
    "methods",
    "open_audit",
    "open_case",
    "open_overview",
    "patterns",
    "poverty",
    "province_failed",
    "province_look_back",
    "province_moves",
    "province_papers",
    "province_poverty",
    "province_provenance",
    "province_quality",
    "province_signals",
    "province_sums",
    "province_verdicts",
    "quality",
    "render",
    "render_audit",
    "render_overview",
    "risk",
    "summary",
    "sustainability",
]
