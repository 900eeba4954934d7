"""Examples of the rules on villages, the survey and totals."""

from __future__ import annotations

from .frame import Elsewhere, Example

_HOMES = {
    "household": "| household | village | size |\n| 1 | 990101001 | 4 |\n| 2 | 990101001 | 3 |\n| 3 | 990101002 | 5 |"
}

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example(
        "V01",
        "| village | village_households | hit |\n| 990101001 | 1 | x |\n| 990101002 | 1 |  |\n| 990101003 | 9 |  |",
        beside=_HOMES,
    ),
    Example(
        "V02",
        "| village | village_persons | hit |\n| 990101001 | 6 | x |\n| 990101002 | 5 |  |\n| 990101003 |  |  |",
        beside=_HOMES,
    ),
    Example(
        "V03",
        """
        | village_persons | village_households | hit |
        | 100             | 200                | x   |
        | 3000            | 200                | x   |
        | 800             | 200                |     |
        | 800             | 0                  | x   |
        |                 | 200                |     |
        """,
    ),
    Example("V04", "| collective_income | hit |\n| -1 | x |\n| 200000000 | x |\n| 0 |  |\n|  |  |"),
    Example("V05", "| distance | hit |\n| -2 | x |\n| 900 | x |\n| 35 |  |\n|  |  |"),
    Example(
        "V06",
        """
        | village   | village_name | hit |
        | 990101001 | 甲村         | x   |
        | 990101001 | 乙村         | x   |
        | 990101002 | 丙村         |     |
        """,
    ),
    Example(
        "V07",
        """
        | township | village   | village_name | hit |
        | 子乡     | 990101001 | 甲村         | x   |
        | 子乡     | 990101002 | 甲村         | x   |
        | 丑乡     | 990101003 | 甲村         |     |
        """,
    ),
    Example(
        "V08",
        """
        | household | wave | village   | hit |
        | 1         | 2015 | 990101001 |     |
        | 1         | 2016 | 990101002 | x   |
        | 2         | 2015 | 990101001 |     |
        | 2         | 2016 | 990101001 |     |
        """,
    ),
    Example(
        "V09",
        "| village | hit |\n| 990101009 | x |\n| 990101001 |  |\n|  |  |",
        beside={"village": "| village |\n| 990101001 |"},
    ),
    Example("Q01", "| persons | size | hit |\n| 5 | 4 | x |\n| 0 | 4 | x |\n| 4 | 4 |  |\n|  | 4 |  |"),
    Example(
        "Q02",
        """
        | wrongly_exited | survey_group | hit |
        | 是             | 非建档立卡户 | x   |
        | 是             | 已脱贫户     |     |
        | 否             | 非建档立卡户 |     |
        | 是             |              |     |
        """,
    ),
    Example(
        "Q03",
        """
        | missed | survey_group | hit |
        | 是     | 已脱贫户     | x   |
        | 是     | 非建档立卡户 |     |
        | 否     | 已脱贫户     |     |
        """,
    ),
    Example("Q04", "| wrongly_exited | missed | hit |\n| 是 | 是 | x |\n| 是 | 否 |  |\n|  | 是 |  |"),
    Example(
        "Q05",
        """
        | wrongly_exited | missed | case_stage | hit |
        | 是             | 否     | 无         | x   |
        | 否             | 是     |            | x   |
        | 是             | 否     | 认定       |     |
        | 否             | 否     | 无         |     |
        """,
    ),
    Example(
        "Q06",
        """
        | wrongly_exited | missed | case_stage | hit |
        | 否             | 否     | 疑似       | x   |
        | 否             | 否     | 无         |     |
        | 是             | 否     | 疑似       |     |
        """,
    ),
    Example(
        "Q07",
        "| household | survey_group | hit |\n| 1 | 非建档立卡户 | x |\n| 9 | 非建档立卡户 |  |\n| 2 | 已脱贫户 |  |",
        beside={"household": "| household |\n| 1 |\n| 2 |"},
    ),
    Example("Q08", "| weight | hit |\n| 0 | x |\n|  | x |\n| 1.5 |  |"),
    Example("Q09", "| approves | hit |\n|  | x |\n| 是 |  |\n| 否 |  |"),
    Example(
        "O01",
        """
        | registered_persons | exited_persons | unregistered_persons | agricultural_persons | hit |
        | 100                | 400            | 600                  | 1000                 | x   |
        """,
        quiet="""
        | registered_persons | exited_persons | unregistered_persons | agricultural_persons |
        | 100                | 400            | 500                  | 1000                 |
        """,
    ),
    Example(
        "O02",
        "| registered_persons | exited_persons | unregistered_persons | hit |\n| -1 | 4 | 5 | x |",
        quiet="| registered_persons | exited_persons | unregistered_persons |\n| 0 | 4 | 5 |",
    ),
    Example(
        "O03",
        "| sampled_village_unregistered | unregistered_persons | hit |\n| 500 | 400 | x |",
        quiet="| sampled_village_unregistered | unregistered_persons |\n| 400 | 400 |",
    ),
    Example(
        "O04",
        "| assessed_year | hit |\n| 2030 | x |",
        beside={"household": "| household |\n| 1 |"},
        quiet="| assessed_year |\n| 2017 |",
    ),
    Example(
        "O05",
        "| registered_persons | exited_persons | hit |\n| 1 | 2 | x |",
        beside={"household": "| household | status | size |\n| 1 | exited | 4 |\n| 2 | 未脱贫 | 3 |"},
        quiet="| registered_persons | exited_persons |\n| 3 | 4 |",
    ),
)
