"""The tables of conditional rules, by family, joined."""

from __future__ import annotations

from evalkit.rules.households import HOUSEHOLDS
from evalkit.rules.income import INCOME
from evalkit.rules.patterns import PATTERNS
from evalkit.rules.persons import PERSONS
from evalkit.rules.places import PLACES
from evalkit.rules.programs import PROGRAMS
from evalkit.rules.rule import Rule
from evalkit.rules.series import COUNTY_SERIES
from evalkit.rules.status import STATUS
from evalkit.rules.timing import TIMING_RULES

CHECKS: tuple[Rule, ...] = (
    *INCOME,
    *PATTERNS,
    *HOUSEHOLDS,
    *STATUS,
    *TIMING_RULES,
    *PERSONS,
    *PROGRAMS,
    *PLACES,
    *COUNTY_SERIES,
)
"""Every rule with a condition."""
