"""County exits (三率一度): rates with design-based limits, and a verdict on each criterion.

`judge_exit` judges every county of a third-party survey against the rule pack; the planner in
`evalkit.sampling` says how many households such a survey needs.
"""

from evalkit.exits.assess import HasExitRules, criterion_of, judge_county, judge_exit
from evalkit.exits.judgement import CRITERIA, ExitJudgement, ExitJudgements
from evalkit.sampling import LotErrors, SamplePlan, lot_errors, plan_sample, sample_size
from evalkit.standards import ExitRules

__all__ = [
    "CRITERIA",
    "ExitJudgement",
    "ExitJudgements",
    "ExitRules",
    "HasExitRules",
    "LotErrors",
    "SamplePlan",
    "criterion_of",
    "judge_county",
    "judge_exit",
    "lot_errors",
    "plan_sample",
    "sample_size",
]
