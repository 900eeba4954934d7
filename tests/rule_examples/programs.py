"""Examples of the rules on support received."""

from __future__ import annotations

from .frame import Elsewhere, Example

_TWO = "| household | {column} |\n| 1 | 0 |\n| 2 | 1 |"


def _never(rule: str, program: str, column: str) -> Example:
    """Household 1 never has anything of the column, household 2 has; another program does not matter."""
    rows = f"""
        | household | program  | hit |
        | 1         | {program} | x   |
        | 2         | {program} |     |
        | 1         | 产业帮扶 |     |
        """
    return Example(rule, rows, beside={"household": _TWO.format(column=column)})


EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example(
        "G03",
        "| program_start | program_end | hit |\n| 2016 | 2015 | x |\n| 2016 | 2016 |  |\n| 2016 |  |  |",
    ),
    Example(
        "G04",
        "| household | program_start | hit |\n| 1 | 2013 | x |\n| 1 | 2014 |  |\n| 2 | 2013 |  |",
        beside={"household": "| household | identified_year |\n| 1 | 2014 |\n| 2 |  |"},
    ),
    Example(
        "G05",
        "| program_start | hit |\n| 2017 | x |\n| 2016 |  |\n|  |  |",
        beside={"household": "| household |\n| 1 |"},
    ),
    Example("G06", "| amount | hit |\n| 0 | x |\n| -5 | x |\n| 10 |  |\n|  |  |"),
    Example("G07", "| amount | hit |\n| 900000 | x |\n| 50000 |  |\n|  |  |"),
    Example(
        "G08",
        """
        | program  | program_start | amount | hit |
        | 产业帮扶 | 2016          | 100    | x   |
        | 产业帮扶 | 2016          | 200    | x   |
        | 产业帮扶 | 2015          | 100    |     |
        | 健康帮扶 | 2016          | 100    |     |
        """,
    ),
    _never("G09", "教育帮扶", "pupils"),
    _never("G10", "公益岗位帮扶", "labourers"),
    _never("G11", "金融帮扶", "labourers"),
    Example(
        "G12",
        """
        | household | program      | hit |
        | 1         | 易地搬迁     | x   |
        | 1         | 住房安全保障 |     |
        | 2         | 易地搬迁     |     |
        """,
    ),
    Example(
        "G13",
        "| household | program | hit |\n| 1 | 综合保障 | x |\n| 2 | 综合保障 |  |\n| 1 | 产业帮扶 |  |",
        beside={
            "household": """
            | household | minimum_allowance | destitute_allowance | pension |
            | 1         | 0                 | 0                   | 0       |
            | 2         | 0                 | 0                   | 1200    |
            """
        },
    ),
    _never("G14", "资产收益", "dividend_income"),
    Example(
        "G15",
        "| household | public_post_persons | hit |\n| 1 | 5 | x |\n| 1 | 1 |  |\n| 1 |  |  |",
        beside={"household": "| household | size |\n| 1 | 4 |"},
    ),
    Example("G16", "| household | hit |\n| 9 | x |\n| 1 |  |", beside={"household": "| household |\n| 1 |"}),
    Example("G17", "| program_start | hit |\n| 2009 | x |\n| 2014 |  |\n|  |  |"),
    _never("G18", "就业帮扶", "labourers"),
    Example(
        "G19",
        "| household | program | hit |\n| 1 | 生态帮扶 | x |\n| 2 | 生态帮扶 |  |\n| 1 | 产业帮扶 |  |",
        beside={
            "household": """
            | household | ecological_compensation | wage_income |
            | 1         | 0                       | 0           |
            | 2         | 0                       | 9000        |
            """
        },
    ),
)
