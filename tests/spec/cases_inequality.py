"""Worked cases of inequality, shares and shortfalls."""

from __future__ import annotations

from .cases import HOUSEHOLDS, PERSONS, Case

FOUR = """
| household | wave | persons | income_pc |
| 1 | 2014 | 1 | 1000 |
| 2 | 2014 | 1 | 2000 |
| 3 | 2014 | 1 | 3000 |
| 4 | 2014 | 1 | 4000 |
"""

SHORT = """
| household | wave | persons | income_pc |
| 1 | 2014 | 3 | 1500 |
| 2 | 2014 | 1 | 1900 |
| 3 | 2014 | 2 | 2000 |
| 4 | 2014 | 4 | 3000 |
"""

SOURCES = """
| household | wave | wage | farm | income_pc |
| 1 | 2014 | 2000 | 0 | 2000 |
| 2 | 2014 | 1000 | 4000 | 5000 |
"""

CASES = (
    Case(
        "Gini coefficient",
        "How unequal are four incomes?",
        FOUR,
        HOUSEHOLDS,
        "ek.gini(panel)",
        ("20000 / 16 / (2 * 2500)",),
        "The six pairs differ by 1000, 1000, 1000, 2000, 2000 and 3000; each counts twice among 16, together "
        "20000. The mean difference is 1250, and half of it over the mean of 2500 is 0.25.",
    ),
    Case(
        "Lorenz curve with a divided household",
        "What share of all income do the poorest 37.5 % of persons hold?",
        FOUR,
        PERSONS,
        "ek.lorenz(panel, points=[0.375])",
        ("(1000 + 0.5 * 2000) / 10000",),
        "The poorest 37.5 % of four persons are one and a half persons: the first, and half of the second.",
    ),
    Case(
        "Gini by income source",
        "Do wages and farming make incomes more unequal?",
        SOURCES,
        HOUSEHOLDS,
        'ek.gini_by_source(panel, ["wage", "farm"]).where(statistic=["contribution", "gini"], source=["farm", "total"])',
        ("1 / 2", "(4000 / 7000) * (1 / 2) * 1", "1500 / 7000"),
        "Farming is 4000 of 7000 of all income (S), its own Gini is 1/2 and it rises with income (R = 1): it "
        "contributes 2/7. Wages fall with income (R = -1): S G R = (3/7) (1/6) (-1) = -1/14. The sum, 3/14, is the "
        "Gini of income: the mean difference 2 × 3000 / 4 over twice the mean 3500.",
    ),
    Case(
        "What would lift everyone to the line",
        "How much would bring all poor persons to a line of 2000 yuan in a year?",
        SHORT,
        PERSONS,
        "ek.gap_amount(panel, 2000, total=True)",
        ("3 * 500 + 1 * 100",),
        "Three persons lack 500 each, one lacks 100; those exactly at the line lack nothing.",
    ),
    Case(
        "Just above the line",
        "What share of persons has at least the line of 2000 yuan, but less than one and a half times it?",
        SHORT,
        PERSONS,
        "ek.near_line(panel, 2000)",
        ("2 / 10",),
        "The two persons of household 3, at the line. The four of household 4 have exactly 1.5 × 2000, which is "
        "no longer near.",
    ),
)
