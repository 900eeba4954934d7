"""Worked cases of durations, chronic poverty, mobility and multidimensional deprivation."""

from __future__ import annotations

from .cases import HOUSEHOLDS, STATES, Case

PANEL = """
| household | wave | income_pc |
| 1 | 2014 | 400 |
| 1 | 2015 | 1200 |
| 2 | 2014 | 500 |
| 2 | 2015 | 1700 |
| 3 | 2014 | 600 |
| 3 | 2015 | 800 |
| 4 | 2014 | 2000 |
| 4 | 2015 | 1500 |
"""

VISITS = """
| household | wave | persons | income_pc | insured | unsafe_housing | safe_water |
| 1 | 2019 | 3 | 5000 | 3 | 0 | 1 |
| 2 | 2019 | 2 | 4000 | 1 | 1 | 1 |
| 3 | 2019 | 4 | 6000 | 4 | 0 | 1 |
| 4 | 2019 | 1 | 3000 | 1 | 0 | 0 |
"""

CASES = (
    Case(
        "Quantile groups",
        "Households 1 to 4 in two groups of equal size, formed anew each year: who is in which half, given the half "
        "the year before? lower→lower, lower→upper, upper→lower, upper→upper.",
        PANEL,
        HOUSEHOLDS,
        "ek.transition_matrix(panel, groups=2)",
        ("1/2", "1/2", "1/2", "1/2"),
        "2014: 1 and 2 are the lower half; 2015: 1 and 3 are (800 and 1200). 1 stays, 2 rises, 3 falls, 4 stays.",
    ),
    Case(
        "Survival of spells out of poverty",
        "Of the households that left poverty, what share is still out of it after one more wave?",
        STATES,
        HOUSEHOLDS,
        'ek.spell_survival(panel, 1000, spell="not_poor")',
        ("1/2",),
        "1 and 2 left between 2014 and 2015; in 2016 household 1 is poor again, 2 is not. The exit of 3 in 2016 "
        "is followed by nothing.",
    ),
    Case(
        "Chronic and transient poverty",
        "The line is 1000 in both years. How much of the poverty gap is chronic? total, chronic, transient, share.",
        PANEL,
        HOUSEHOLDS,
        "ek.chronic_poverty(panel, 1000, alpha=1)",
        ("1.7/8", "0.5/4", "1.7/8 - 0.5/4", "1/1.7"),
        "Yearly gaps: 0.6, 0.5, 0.4 in 2014 and 0.2 in 2015: 1.7 over 8 household-years. Mean incomes 800, 1100, 700, "
        "1750: the gaps of the means are 0.2 and 0.3, that is 0.5 over 4 households.",
    ),
    Case(
        "Movements of income",
        "How much do incomes move, in yuan? total, growth, transfer.",
        PANEL,
        HOUSEHOLDS,
        'ek.mobility(panel, frm=2014, to=2015, measure="fields_ok_currency")',
        ("2700/4", "1700/4", "2 * 500/4"),
        "+800, +1200, +200, -500: 2700 over 4 in all; the mean grows by 1700 over 4; the rest, twice the loss of "
        "household 4, is transfer.",
    ),
    Case(
        "The guarantees (两不愁三保障)",
        "The registry shows insurance, housing and water. A household that lacks any of them counts: M0, H, A of persons.",
        VISITS,
        'ek.Panel(rows.rename(columns={"persons": "size"}), county=None, size="size")',
        "ek.multidimensional_poverty(panel, ek.guarantees(panel))",
        ("(2 * 2/3 + 1 * 1/3) / 10", "3/10", "(2 * 2/3 + 1 * 1/3) / 3"),
        "Household 2 lacks insurance (one of two members insured) and safe housing, household 4 safe water: 3 of 10 "
        "persons, with scores 2/3 and 1/3.",
    ),
)
