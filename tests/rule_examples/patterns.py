"""Examples of the rules on patterns: copies, frozen records, heaps, padded incomes."""

from __future__ import annotations

from .frame import Elsewhere, Example


def village(
    *incomes: float, wave: int = 2016, place: str = "v1", hits: int = 0, column: str = "village"
) -> str:
    """Return the rows of a village with one income a household; the first `hits` are to be marked."""
    lines = [
        f"| {place}{i} | {wave} | {place} | {income} | {'x' if i < hits else ''} |"
        for i, income in enumerate(incomes)
    ]
    return "\n".join(["| household | wave | " + column + " | income_pc | hit |", *lines])


# Six of thirteen incomes lie within 2 % above the line of 2016 (2952 to 3011 yuan), two in the five windows around.
HEAP = (
    2952.0,
    2955.5,
    2960.25,
    2970.0,
    2985.0,
    3010.0,
    3100.0,
    3170.0,
    2500.0,
    2700.0,
    4000.0,
    5000.0,
    6100.0,
)
# The same number of incomes near the line, spread evenly.
SPREAD = (
    2955.5,
    2985.0,
    3030.0,
    3060.0,
    3080.0,
    3110.0,
    3150.0,
    3170.0,
    2500.0,
    2920.0,
    4000.0,
    5000.0,
    6100.0,
)
ROUND = (3000, 4100, 5200, 3300, 2800, 3900)
UNEVEN = (3017, 4146, 5233, 3378, 2861)


def nets(*amounts: int, hits: int = 0) -> str:
    """Return the rows of a village with net incomes."""
    lines = [f"| {i} | v1 | {a} | {'x' if i < hits else ''} |" for i, a in enumerate(amounts)]
    return "\n".join(["| household | village | income_net | hit |", *lines])


EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("N01", """
        | household | village | wage_income | operating_income | property_income | transfer_income | operating_expense | hit |
        | 1         | v1      | 8120        | 2310             | 0               | 905             | 410               | x   |
        | 2         | v1      | 8120        | 2310             | 0               | 905             | 410               | x   |
        | 3         | v1      | 8120        | 2310             | 0               | 906             | 410               |     |
        | 4         | v2      | 8120        | 2310             | 0               | 905             | 410               |     |
        | 5         | v2      | 0           | 0                | 0               | 1200            | 0                 |     |
        | 6         | v2      | 0           | 0                | 0               | 1200            | 0                 |     |
        """),
    Example("N02", """
        | household | village | cultivated_land | forest_land | housing_area | road_distance | hit |
        | 1         | v1      | 3.2             | 1.1         | 86           | 0.7           | x   |
        | 2         | v1      | 3.2             | 1.1         | 86           | 0.7           | x   |
        | 3         | v1      | 3.2             | 1.1         | 86           | 0.7           | x   |
        | 4         | v1      | 3.2             | 1.1         | 86           | 0.8           |     |
        | 5         | v2      | 3.2             | 1.1         | 86           | 0.7           |     |
        | 6         | v2      | 3.2             | 1.1         | 86           | 0.7           |     |
        | 7         | v3      | 0               | 0           | 75           | 0.5           |     |
        | 8         | v3      | 0               | 0           | 75           | 0.5           |     |
        | 9         | v3      | 0               | 0           | 75           | 0.5           |     |
        """),
    Example("N03", """
        | household | village | income_pc | hit |
        | 1         | v1      | 3417.25   | x   |
        | 2         | v1      | 3417.25   | x   |
        | 3         | v1      | 3417.25   | x   |
        | 4         | v1      | 3417.3    |     |
        | 5         | v2      | 3417.25   |     |
        | 6         | v2      | 3417.25   |     |
        """),
    Example("N04", """
        | household | wave | wage_income | operating_income | property_income | transfer_income | operating_expense | hit |
        | 1         | 2015 | 8120        | 2310             | 0               | 905             | 410               |     |
        | 1         | 2016 | 8120        | 2310             | 0               | 905             | 410               | x   |
        | 2         | 2015 | 8120        | 2310             | 0               | 905             | 410               |     |
        | 2         | 2016 | 8121        | 2310             | 0               | 905             | 410               |     |
        | 3         | 2015 | 0           | 0                | 0               | 1200            | 0                 |     |
        | 3         | 2016 | 0           | 0                | 0               | 1200            | 0                 |     |
        """),
    Example("N05", """
        | household | wave | income_pc | cultivated_land | housing_area | hit |
        | 1         | 2014 | 2817.5    | 3               | 80           |     |
        | 1         | 2015 | 2817.5    | 3               | 80           |     |
        | 1         | 2016 | 2817.5    | 3               | 80           | x   |
        | 2         | 2014 | 2817.5    | 3               | 80           |     |
        | 2         | 2015 | 2817.5    | 3               | 80           |     |
        | 2         | 2016 | 2817.5    | 3               | 90           |     |
        """),
    Example("N06", """
        | household | wave | head_age | hit |
        | 1         | 2014 | 50       |     |
        | 1         | 2015 | 50       |     |
        | 1         | 2016 | 50       | x   |
        | 2         | 2014 | 50       |     |
        | 2         | 2015 | 50       |     |
        | 2         | 2016 | 51       |     |
        """),
    Example("N07", """
        | household | wave | village | income_pc | hit |
        | 1         | 2015 | v1      | 2000      |     |
        | 2         | 2015 | v1      | 2500      |     |
        | 3         | 2015 | v1      | 3000      |     |
        | 4         | 2015 | v1      | 3500      |     |
        | 5         | 2015 | v1      | 4000      |     |
        | 6         | 2015 | v2      | 2000      |     |
        | 7         | 2015 | v2      | 2500      |     |
        | 1         | 2016 | v1      | 2246.2    | x   |
        | 2         | 2016 | v1      | 2807.75   | x   |
        | 3         | 2016 | v1      | 3369.3    | x   |
        | 4         | 2016 | v1      | 3930.85   | x   |
        | 5         | 2016 | v1      | 4600      |     |
        | 6         | 2016 | v2      | 2246.2    |     |
        | 7         | 2016 | v2      | 2807.75   |     |
        """),
    Example("N08", nets(*ROUND, *UNEVEN[:4], hits=6), quiet=nets(*ROUND[:5], *UNEVEN)),
    Example("N09", """
        | household | wave | income_pc | hit |
        | 1         | 2016 | 2952      | x   |
        | 2         | 2016 | 2952.5    |     |
        | 3         | 2017 | 2855      |     |
        | 4         | 2015 | 2855      | x   |
        """),
    Example("N10", village(*HEAP, hits=6), quiet=village(*SPREAD)),
    Example("N11", village(*HEAP, hits=6, column="interviewer"), quiet=village(*SPREAD, column="interviewer")),
    Example(
        "N12",
        village(*(x * 5000 / 2952 for x in HEAP), wave=2020, hits=6),
        quiet=village(*(x * 5000 / 2952 for x in SPREAD), wave=2020),
    ),
    Example("N13", """
        | household | wave | size | exit_year | income_pc | transfer_income | dividend_income | hit |
        | 1         | 2015 | 2    |           | 2000      | 500             | 0               |     |
        | 1         | 2016 | 2    | 2016      | 3000      | 1500            | 1000            | x   |
        | 2         | 2015 | 2    |           | 2000      | 500             | 0               |     |
        | 2         | 2016 | 2    | 2016      | 3000      | 600             | 0               |     |
        | 3         | 2015 | 2    |           | 2000      | 500             | 0               |     |
        | 3         | 2016 | 2    | 2017      | 3000      | 2500            | 0               |     |
        | 4         | 2015 | 2    |           | 3100      | 500             | 0               |     |
        | 4         | 2016 | 2    | 2016      | 4100      | 2500            | 0               |     |
        """),
    Example("N14", """
        | household | wave | exit_year | status | income_pc | hit |
        | 1         | 2015 |           | 未脱贫 | 2000      |     |
        | 1         | 2016 | 2016      | 已脱贫 | 4000      | x   |
        | 1         | 2017 | 2016      | 已脱贫 | 2300      |     |
        | 2         | 2015 |           | 未脱贫 | 2000      |     |
        | 2         | 2016 | 2016      | 已脱贫 | 4000      |     |
        | 2         | 2017 | 2016      | 返贫   | 2300      |     |
        | 3         | 2015 |           | 未脱贫 | 2000      |     |
        | 3         | 2016 | 2016      | 已脱贫 | 4000      |     |
        | 3         | 2017 | 2016      | 已脱贫 | 3900      |     |
        """),
)  # fmt: skip
