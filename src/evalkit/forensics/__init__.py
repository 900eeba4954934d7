"""Patterns that honest records do not show: tests with an effect size, unit by unit, false discoveries controlled.

A flagged village or interviewer is one to visit. Nothing here says why a pattern is there, or who made it.
"""

from evalkit.forensics.accounts import copied_households, frozen_accounts, identical_growth, terminal_digits
from evalkit.forensics.battery import Examination, examine
from evalkit.forensics.crossing import padding, short_lived_households
from evalkit.forensics.density import heaping
from evalkit.forensics.families import Families, over_families
from evalkit.forensics.known import TESTS, PatternTest, Performance, performance
from evalkit.forensics.people import interviewer_effects, survey_differences
from evalkit.forensics.signal import Signal, against_typical
from evalkit.forensics.timing import early_elimination, exits_on_plan, exits_without_support, same_month

__all__ = [
    "TESTS",
    "Examination",
    "Families",
    "PatternTest",
    "Performance",
    "Signal",
    "against_typical",
    "copied_households",
    "early_elimination",
    "examine",
    "exits_on_plan",
    "exits_without_support",
    "frozen_accounts",
    "heaping",
    "identical_growth",
    "interviewer_effects",
    "over_families",
    "padding",
    "performance",
    "same_month",
    "short_lived_households",
    "survey_differences",
    "terminal_digits",
]
