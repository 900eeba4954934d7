"""Risk of return to poverty: person-years, base rate, income rule, hazard model, validation on a later wave."""

from evalkit.risk.assess import ReturnRisk, assess
from evalkit.risk.baselines import BaseRate, IncomeRule, life_table, rates
from evalkit.risk.hazard import DiscreteHazard
from evalkit.risk.monitor import watch_list
from evalkit.risk.person_years import Spells, check_asof, spells
from evalkit.risk.validate import Comparison, compare

__all__ = [
    "BaseRate",
    "Comparison",
    "DiscreteHazard",
    "IncomeRule",
    "ReturnRisk",
    "Spells",
    "assess",
    "check_asof",
    "compare",
    "life_table",
    "rates",
    "spells",
    "watch_list",
]
