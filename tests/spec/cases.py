"""The cases: eight households (or fewer) drawn as a table, a call, the answer and how it is worked by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One worked example.

    Parameters
    ----------
    title, question : str
    rows : str
        The table, one line a row, cells between bars, an empty cell for a missing value.
    panel : str
        How the panel is declared; `rows` is the table as a DataFrame.
    call : str
        What is asked; the result is an Estimate.
    answer : tuple of str
        The values, as arithmetic.
    working : str
        How a person gets there.
    std_error : tuple of str
        The standard errors, as arithmetic; empty when the case is not about them.
    """

    title: str
    question: str
    rows: str
    panel: str
    call: str
    answer: tuple[str, ...]
    working: str
    std_error: tuple[str, ...] = ()


EIGHT = """
| household | wave | persons | income_pc |
| 1 | 2014 | 4 | 1800 |
| 2 | 2014 | 2 | 2900 |
| 3 | 2014 | 5 | 2000 |
| 4 | 2014 | 3 | 2800 |
| 5 | 2014 | 1 | 2100 |
| 6 | 2014 | 4 | 5000 |
| 7 | 2014 | 3 | 3500 |
| 8 | 2014 | 2 | 4200 |
"""

STATES = """
| household | wave | income_pc |
| 1 | 2014 | 900 |
| 1 | 2015 | 1200 |
| 1 | 2016 | 800 |
| 2 | 2014 | 800 |
| 2 | 2015 | 1100 |
| 2 | 2016 | 1300 |
| 3 | 2014 | 700 |
| 3 | 2015 | 900 |
| 3 | 2016 | 1100 |
| 4 | 2014 | 1500 |
| 4 | 2015 | 1400 |
| 4 | 2016 | 900 |
| 5 | 2014 | 1500 |
| 5 | 2015 | 1600 |
| 5 | 2016 | 1700 |
"""

TWO_WAVES = """
| household | village | wave | income_pc |
| 1 | A | 2014 | 100 |
| 2 | B | 2014 | 200 |
| 1 | A | 2015 | 160 |
| 2 | B | 2015 | 220 |
"""

HOUSEHOLDS = "ek.Panel(rows, county=None)"
PERSONS = 'ek.Panel(rows, county=None, size="persons")'
VILLAGES = 'ek.Panel(rows, county=None, design=ek.SurveyDesign(psu="village"))'

CASES = (
    Case(
        "Headcount of households",
        "The line is 2300 yuan. What share of the households is poor?",
        EIGHT,
        HOUSEHOLDS,
        "ek.headcount(panel, 2300)",
        ("3/8",),
        "Households 1, 3 and 5 are below 2300: 3 of 8.",
    ),
    Case(
        "Headcount of persons",
        "The same households. What share of the persons is poor?",
        EIGHT,
        PERSONS,
        "ek.headcount(panel, 2300)",
        ("10/24",),
        "Households 1, 3 and 5 have 4 + 5 + 1 = 10 members; all households have 24.",
    ),
    Case(
        "Exactly at the line",
        "The line is 2800 yuan, the income of household 4. By default a household at the line is not poor.",
        EIGHT,
        HOUSEHOLDS,
        "ek.headcount(panel, 2800)",
        ("3/8",),
        "2800 is not below 2800: still households 1, 3 and 5.",
    ),
    Case(
        "Exactly at the line, counted as poor",
        "The same, with the rule that a household at the line is poor.",
        EIGHT,
        HOUSEHOLDS,
        "ek.headcount(panel, 2800, poor_at_line=True)",
        ("4/8",),
        "2800 ≤ 2800: household 4 joins.",
    ),
    Case(
        "Poverty gap",
        "How far below a line of 2000 are persons on average, as a share of the line?",
        """
| household | wave | persons | income_pc |
| 1 | 2014 | 3 | 1000 |
| 2 | 2014 | 1 | 1500 |
| 3 | 2014 | 4 | 2600 |
""",
        PERSONS,
        "ek.gap(panel, 2000)",
        ("(3 * 0.5 + 1 * 0.25) / 8",),
        "Three persons lack 1000/2000 = 0.5, one lacks 500/2000 = 0.25, four lack nothing: 1.75 / 8.",
    ),
    Case(
        "Severity",
        "The same persons, the gap squared.",
        """
| household | wave | persons | income_pc |
| 1 | 2014 | 3 | 1000 |
| 2 | 2014 | 1 | 1500 |
| 3 | 2014 | 4 | 2600 |
""",
        PERSONS,
        "ek.severity(panel, 2000)",
        ("(3 * 0.25 + 1 * 0.0625) / 8",),
        "Three times 0.5² = 0.25, once 0.25² = 0.0625, over 8 persons.",
    ),
    Case(
        "Watts index",
        "The same persons: the mean of log(line / income) of the poor, the others counting zero.",
        """
| household | wave | persons | income_pc |
| 1 | 2014 | 3 | 1000 |
| 2 | 2014 | 1 | 1500 |
| 3 | 2014 | 4 | 2600 |
""",
        PERSONS,
        "ek.watts(panel, 2000)",
        ("(3 * log(2) + log(4 / 3)) / 8",),
        "log(2000/1000) = log 2 for three persons, log(2000/1500) = log(4/3) for one.",
    ),
    Case(
        "Weighted mean",
        "Each sampled household stands for `weight` households of the county. Mean income per head of persons?",
        """
| household | wave | persons | weight | income_pc |
| 1 | 2014 | 2 | 10 | 3000 |
| 2 | 2014 | 4 | 5 | 6000 |
| 3 | 2014 | 1 | 20 | 1500 |
""",
        'ek.Panel(rows, county=None, size="persons", design=ek.SurveyDesign(weight="weight"))',
        "ek.mean(panel)",
        ("(20 * 3000 + 20 * 6000 + 20 * 1500) / 60",),
        "Weight × persons is 20 for each: the plain mean of 3000, 6000 and 1500, which is 3500.",
    ),
    Case(
        "Missing income",
        "A household whose income is missing is left out of both sides; a note under the table counts it.",
        """
| household | wave | income_pc |
| 1 | 2014 | 1000 |
| 2 | 2014 | |
| 3 | 2014 | 3000 |
| 4 | 2014 | 4000 |
""",
        HOUSEHOLDS,
        "ek.headcount(panel, 2300)",
        ("1/3",),
        "One of the three households with an income is poor.",
    ),
    Case(
        "Median",
        "The smallest income that at least half of the households do not exceed.",
        EIGHT,
        HOUSEHOLDS,
        "ek.quantile(panel)",
        ("2800",),
        "In order: 1800, 2000, 2100, 2800, … The fourth of eight reaches one half.",
    ),
    Case(
        "Standard error with two villages",
        "Households were sampled in two villages. How uncertain is the mean?",
        """
| household | village | wave | income_pc |
| 1 | A | 2014 | 1000 |
| 2 | A | 2014 | 3000 |
| 3 | B | 2014 | 5000 |
| 4 | B | 2014 | 7000 |
""",
        VILLAGES,
        "ek.mean(panel)",
        ("4000",),
        "Each household's influence is (income - 4000)/4. Village A sums to (-3000 - 1000)/4 = -1000, B to +1000. With two "
        "villages the variance is 2/(2 - 1) × (1000² + 1000²) = 4 000 000, its root 2000, with 2 - 1 = 1 degree of "
        "freedom. (Four unrelated households would give 1291: too small.)",
        ("2000",),
    ),
    Case(
        "Difference between waves",
        "The same two households, one in each village, a year later. How uncertain is the change of the mean?",
        TWO_WAVES,
        VILLAGES,
        'ek.mean(panel, by="wave").difference("wave", frm=2014, to=2015)',
        ("190 - 150",),
        "Village A's influence on the change is (160 - 190)/2 - (100 - 150)/2 = 10, B's is -10: variance 2 × (10² + 10²) = "
        "400. Treating the waves as unrelated samples would give √(2500 + 900) = 58 instead of 20.",
        ("20",),
    ),
    Case(
        "Growth",
        "By what share did mean income grow from 2014 to 2015 (nominal)?",
        TWO_WAVES,
        VILLAGES,
        "ek.growth(panel, frm=2014, to=2015, real=False)",
        ("190 / 150 - 1",),
        "Village A's influence is (-15 - (190/150) × (-25)) / 150 = 1/9, B's is -1/9: variance 2 × 2/81, root 2/9.",
        ("2 / 9",),
    ),
    Case(
        "Entry",
        "The line is 1000. Of the households not poor in one wave, what share is poor in the next?",
        STATES,
        HOUSEHOLDS,
        "ek.entry_rate(panel, 1000)",
        ("2/6",),
        "2014→2015: households 4, 5 at risk, none enters. 2015→2016: 1, 2, 4, 5 at risk, 1 and 4 enter. 2 of 6.",
    ),
    Case(
        "Exit",
        "Of the households poor in one wave, what share is not poor in the next?",
        STATES,
        HOUSEHOLDS,
        "ek.exit_rate(panel, 1000)",
        ("3/4",),
        "2014→2015: of 1, 2, 3, households 1 and 2 leave. 2015→2016: 3 leaves. 3 of 4.",
    ),
    Case(
        "Return",
        "Of the households that had left poverty, what share is poor again?",
        STATES,
        HOUSEHOLDS,
        "ek.return_rate(panel, 1000)",
        ("1/2",),
        "Households 1 and 2 were poor in 2014 and not in 2015; 1 is poor again in 2016. Household 4 was never poor "
        "before: its fall is an entry, not a return.",
    ),
    Case(
        "Transitions between two given waves",
        "From 2014 to 2016, given the state in 2014: poor→poor, poor→not poor, not poor→poor, not poor→not poor.",
        STATES,
        HOUSEHOLDS,
        "ek.transitions(panel, 1000, frm=2014, to=2016)",
        ("1/3", "2/3", "1/2", "1/2"),
        "Of 1, 2, 3 (poor in 2014) only 1 is poor in 2016; of 4, 5 (not poor in 2014) 4 is poor in 2016.",
    ),
)
