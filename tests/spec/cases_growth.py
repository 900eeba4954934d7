"""Worked cases of growth along the distribution, decompositions, and what exits rest on."""

from __future__ import annotations

from .cases import HOUSEHOLDS, Case

FOUR = """
| household | wave | income_pc |
| 1 | 2014 | 100 |
| 2 | 2014 | 200 |
| 3 | 2014 | 300 |
| 4 | 2014 | 400 |
| 1 | 2015 | 300 |
| 2 | 2015 | 240 |
| 3 | 2015 | 150 |
| 4 | 2015 | 410 |
"""

POORER = """
| household | wave | income_pc |
| 1 | 2014 | 50 |
| 2 | 2014 | 150 |
| 1 | 2015 | 90 |
| 2 | 2015 | 150 |
"""

SOURCES = """
| household | wave | income_pc | farm | wage |
| 1 | 2014 | 2 | 2 | 0 |
| 2 | 2014 | 6 | 2 | 4 |
"""

EXITED = """
| household | wave | persons | income_pc | transfer_income | dividend_income |
| 1 | 2020 | 2 | 1200 | 500 | 0 |
| 2 | 2020 | 2 | 1100 | 100 | 300 |
| 3 | 2020 | 2 | 900 | 800 | 0 |
| 4 | 2020 | 2 | 2000 | 0 | 0 |
"""

CASES = (
    Case(
        "Growth of a quantile",
        "By what share did the first quarter, the middle and the third quarter of the distribution grow?",
        FOUR,
        HOUSEHOLDS,
        "ek.growth_incidence(panel, frm=2014, to=2015, real=False, quantiles=[0.25, 0.5, 0.75])",
        ("150 / 100 - 1", "240 / 200 - 1", "300 / 300 - 1"),
        "In order, 2014 has 100, 200, 300, 400 and 2015 has 150, 240, 300, 410. The quarter of 2015 is household 3, that of "
        "2014 household 1: the curve compares distributions, not households.",
    ),
    Case(
        "Growth of the same households",
        "By what share did the income of the poorer half of 2014 grow, and that of the richer half?",
        FOUR,
        HOUSEHOLDS,
        "ek.growth_incidence(panel, frm=2014, to=2015, real=False, anonymous=False, quantiles=[0.5])",
        ("540 / 300 - 1", "560 / 700 - 1"),
        "Households 1 and 2 had 300 and have 540; 3 and 4 had 700 and have 560. Part of such a difference is always regression "
        "to the mean: those who were low by accident rise.",
    ),
    Case(
        "Growth of the poor",
        "The line is 1000. What is the Ravallion–Chen growth rate of those poor in 2014 (log points)?",
        """
| household | wave | income_pc |
| 1 | 2014 | 500 |
| 2 | 2014 | 800 |
| 3 | 2014 | 1500 |
| 1 | 2015 | 750 |
| 2 | 2015 | 1600 |
| 3 | 2015 | 1500 |
""",
        HOUSEHOLDS,
        "ek.ravallion_chen(panel, 1000, frm=2014, to=2015)",
        ("(log(750 / 500) + log(1000 / 800)) / 2",),
        "Household 1 grows from 500 to 750, household 2 from 800 to the line (beyond it growth does not count): the mean over "
        "the two poor.",
    ),
    Case(
        "Growth and redistribution",
        "The line is 100. How much of the fall of the poverty gap is growth of the mean, how much redistribution?",
        POORER,
        HOUSEHOLDS,
        'ek.datt_ravallion(panel, 100, frm=2014, to=2015, measure="gap")',
        ("0.2 - 0.25", "0.125 - 0.25", "-0.2 + 0.05 + 0.125", "0.05 - 0.25"),
        "The gap falls from 0.25 to 0.05, the mean rises from 100 to 120. 2014 with the mean of 2015 would be 60, 180: gap 0.2. "
        "2015 with the mean of 2014 would be 75, 125: gap 0.125. Growth, redistribution, residual, total.",
    ),
    Case(
        "Income sources and inequality",
        "Incomes are 2 and 6, a Gini of 1/4. What do farm (2 and 2) and wages (0 and 4) contribute?",
        SOURCES,
        HOUSEHOLDS,
        'ek.shapley_sources(panel, ["farm", "wage"])',
        ("(0 + (1/4 - 1/2)) / 2", "(1/2 + (1/4 - 0)) / 2", "1/4"),
        "Alone, farm income has a Gini of 0 and wages one of 1/2. Added first, farm brings 0, added to wages 1/4 - 1/2; wages "
        "bring 1/2 first and 1/4 second. Each source gets the mean of its two contributions.",
    ),
    Case(
        "Exits without transfers",
        "The line is 1000. Of the persons above it, what share would be below without transfers, without dividends, without "
        "both? (Transfers and dividends are amounts of the household.)",
        EXITED,
        'ek.Panel(rows, county=None, size="persons")',
        "ek.exit_sustainability(panel, 1000)",
        ("1/3", "1/3", "2/3"),
        "Households 1, 2 and 4 are above. Without transfers 1 has 1200 - 250 = 950; without dividends 2 has 1100 - 150 = 950; "
        "4 stays above in any case.",
    ),
)
