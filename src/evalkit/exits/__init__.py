"""County exits (三率一度): rates with design-based limits, and a verdict on each criterion.

`judge_exit` judges every county of a third-party survey against the rule pack; the planner in
`evalkit.sampling` says how many households such a survey needs.
"""

from evalkit.exits.accounts import CauseTable, NeedMatrix, cause_table, need_matrix
from evalkit.exits.assess import HasExitRules, criterion_of, judge_county, judge_exit
from evalkit.exits.cases import Cases, case_stages
from evalkit.exits.claims import Finding, Reconciliation, reconcile_claims
from evalkit.exits.cliff import Cliff, cliff_effect
from evalkit.exits.collective import CollectiveIncome, collective_income
from evalkit.exits.funds import Funds, Overlap, funds_account, program_overlap
from evalkit.exits.household import HouseholdStandard, household_standard
from evalkit.exits.housing import DebtLimit, HousingDebt, housing_debt
from evalkit.exits.identifying import IdentificationErrors, identification_errors
from evalkit.exits.judgement import CRITERIA, ExitJudgement, ExitJudgements
from evalkit.exits.listbook import WrittenLists, lists_workbook, read_lists
from evalkit.exits.lists import Duty, ProblemLists, problem_lists
from evalkit.exits.many import CriterionCount, count_verdicts
from evalkit.exits.monitoring import MonitoringChecks, monitoring_checks
from evalkit.exits.pooled_errors import PooledErrors, pooled_errors
from evalkit.exits.precisionlines import PrecisionEvidence
from evalkit.exits.precisions import SixPrecisions, six_precisions
from evalkit.exits.reach import Beneficiaries, VillagePosts, beneficiaries, village_posts
from evalkit.exits.relisting import Examined, Relisted, relist
from evalkit.exits.revisiting import Followed, Revisit, revisit
from evalkit.exits.rollup import RollUp, household_figures, roll_up, roll_up_years
from evalkit.exits.shown import Account
from evalkit.exits.statedfile import StatedFigures, read_stated
from evalkit.exits.steady import Stability, stability_of, steady_income
from evalkit.exits.targetfile import Target, TargetFile, read_targets
from evalkit.exits.targets import Milestone, Milestones, milestones
from evalkit.exits.timeliness import ExitTiming, exit_timing
from evalkit.exits.village import VillageStandard, village_incidence, village_standard
from evalkit.sampling import LotErrors, SamplePlan, lot_errors, plan_sample, sample_size
from evalkit.standards import ExitRules

__all__ = [
    "CRITERIA",
    "Account",
    "Beneficiaries",
    "Cases",
    "CauseTable",
    "Cliff",
    "CollectiveIncome",
    "CriterionCount",
    "DebtLimit",
    "Duty",
    "Examined",
    "ExitJudgement",
    "ExitJudgements",
    "ExitRules",
    "ExitTiming",
    "Finding",
    "Followed",
    "Funds",
    "HasExitRules",
    "HouseholdStandard",
    "HousingDebt",
    "IdentificationErrors",
    "LotErrors",
    "Milestone",
    "Milestones",
    "MonitoringChecks",
    "NeedMatrix",
    "Overlap",
    "PooledErrors",
    "PrecisionEvidence",
    "ProblemLists",
    "Reconciliation",
    "Relisted",
    "Revisit",
    "RollUp",
    "SamplePlan",
    "SixPrecisions",
    "Stability",
    "StatedFigures",
    "Target",
    "TargetFile",
    "VillagePosts",
    "VillageStandard",
    "WrittenLists",
    "beneficiaries",
    "case_stages",
    "cause_table",
    "cliff_effect",
    "collective_income",
    "count_verdicts",
    "criterion_of",
    "exit_timing",
    "funds_account",
    "household_figures",
    "household_standard",
    "housing_debt",
    "identification_errors",
    "judge_county",
    "judge_exit",
    "lists_workbook",
    "lot_errors",
    "milestones",
    "monitoring_checks",
    "need_matrix",
    "plan_sample",
    "pooled_errors",
    "problem_lists",
    "program_overlap",
    "read_lists",
    "read_stated",
    "read_targets",
    "reconcile_claims",
    "relist",
    "revisit",
    "roll_up",
    "roll_up_years",
    "sample_size",
    "six_precisions",
    "stability_of",
    "steady_income",
    "village_incidence",
    "village_posts",
    "village_standard",
]
