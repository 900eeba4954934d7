"""County exits (三率一度): rates with design-based limits, and a verdict on each criterion.

`judge_exit` judges every county of a third-party survey against the rule pack; the planner in
`evalkit.sampling` says how many households such a survey needs.
"""

from evalkit.exits.assess import HasExitRules, criterion_of, judge_county, judge_exit
from evalkit.exits.cases import Cases, case_stages
from evalkit.exits.claims import Finding, Reconciliation, reconcile_claims
from evalkit.exits.judgement import CRITERIA, ExitJudgement, ExitJudgements
from evalkit.sampling import LotErrors, SamplePlan, lot_errors, plan_sample, sample_size
from evalkit.standards import ExitRules

__all__ = [
    "CRITERIA",
    "Cases",
    "ExitJudgement",
    "ExitJudgements",
    "ExitRules",
    "Finding",
    "HasExitRules",
    "LotErrors",
    "Reconciliation",
    "SamplePlan",
    "case_stages",
    "criterion_of",
    "judge_county",
    "judge_exit",
    "lot_errors",
    "plan_sample",
    "reconcile_claims",
    "sample_size",
]
