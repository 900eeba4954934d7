"""One function a section: `CountyCase` to `Section`. A section without its estimates says why."""

from evalkit.report.sections.audit_findings import audit_checks, audit_events, audit_open, audit_totals
from evalkit.report.sections.auditing import audit_changes, audit_read, audit_rows
from evalkit.report.sections.data_quality import quality
from evalkit.report.sections.exits_returns import dynamics
from evalkit.report.sections.foundations import sustainability
from evalkit.report.sections.guarantees import deprivation
from evalkit.report.sections.income_growth import income
from evalkit.report.sections.looked_back import look_back
from evalkit.report.sections.overview_look_back import province_look_back
from evalkit.report.sections.overview_measures import province_moves, province_poverty
from evalkit.report.sections.overview_papers import province_papers
from evalkit.report.sections.overview_records import province_failed, province_provenance, province_quality
from evalkit.report.sections.overview_signals import province_signals
from evalkit.report.sections.overview_sums import province_sums
from evalkit.report.sections.overview_verdicts import province_verdicts
from evalkit.report.sections.pattern_flags import patterns
from evalkit.report.sections.poverty_trend import poverty
from evalkit.report.sections.program_effects import impact
from evalkit.report.sections.provenance import methods
from evalkit.report.sections.return_risk import risk
from evalkit.report.sections.standards_met import accounts
from evalkit.report.sections.verdict_summary import summary

__all__ = [
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
    "risk",
    "summary",
    "sustainability",
]
