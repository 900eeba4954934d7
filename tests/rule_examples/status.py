"""Examples of the rules on identification, exit, return and monitoring."""

from __future__ import annotations

from .frame import Elsewhere, Example


def answered(rule: str, risk: str, fits: str, misfit: str) -> Example:
    """Return the example of a risk and the program that answers it."""
    return Example(
        rule,
        f"""
        | household | monitored    | risk_1 | risk_2 | hit |
        | 1         | 脱贫不稳定户 | {risk} |        | x   |
        | 2         | 脱贫不稳定户 | {risk} |        |     |
        | 3         | 脱贫不稳定户 | {risk} |        | x   |
        | 4         | 脱贫不稳定户 | 其他   | {risk} | x   |
        | 5         | 脱贫不稳定户 | 其他   |        |     |
        | 6         |              | {risk} |        |     |
        | 7         | 脱贫不稳定户 | {risk} |        |     |
        | 8         | 脱贫不稳定户 | {risk} |        | x   |
        """,
        beside={
            "program": f"""
        | household | program  | program_start |
        | 2         | {fits}   | 2015          |
        | 3         | {misfit} | 2015          |
        | 4         | {fits}   | 2017          |
        | 7         | {fits}   |               |
        | 8         | {misfit} |               |
        """
        },
    )


EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("S01", """
        | household | wave | identified_year | exit_year | hit |
        | 1         | 2016 | 2015            | 2014      | x   |
        | 1         | 2017 | 2015            | 2014      |     |
        | 2         | 2016 | 2015            | 2015      |     |
        | 3         | 2016 | 2015            |           |     |
        """),
    Example("S02", """
        | wave | exit_year | hit |
        | 2016 | 2017      | x   |
        | 2016 | 2016      |     |
        | 2016 |           |     |
        """),
    Example("S03", """
        | wave | identified_year | hit |
        | 2016 | 2017            | x   |
        | 2016 | 2016            |     |
        """),
    Example("S04", """
        | status | exit_year | hit |
        | 已脱贫 |           | x   |
        | 已脱贫 | 2016      |     |
        | 未脱贫 |           |     |
        |        |           |     |
        """),
    Example("S05", """
        | status | returned | exit_year | hit |
        | 未脱贫 | 否       | 2015      | x   |
        | 未脱贫 | 否       | 2017      |     |
        | 未脱贫 | 是       | 2015      |     |
        | 返贫   |          | 2015      |     |
        | 已脱贫 | 否       | 2015      |     |
        """, quiet="""
        | household | wave | status | exit_year |
        | 1         | 2015 | 返贫   | 2014      |
        | 1         | 2016 | 未脱贫 | 2014      |
        """),
    Example("S06", """
        | wave | exit_year | income_pc | hit |
        | 2016 | 2016      | 2951      | x   |
        | 2016 | 2016      | 2952      |     |
        | 2016 | 2015      | 2951      |     |
        | 2016 | 2016      |           |     |
        """),
    Example("S07", """
        | exit_year | unsafe_housing | hit |
        | 2016      | 是             | x   |
        | 2016      | 否             |     |
        | 2015      | 是             |     |
        """),
    Example("S08", """
        | exit_year | safe_water | hit |
        | 2016      | 否         | x   |
        | 2016      | 是         |     |
        | 2016      |            |     |
        | 2015      | 否         |     |
        """),
    Example("S09", """
        | household | exit_year | hit |
        | 1         | 2016      | x   |
        | 2         | 2016      |     |
        | 3         | 2015      |     |
        | 4         | 2016      |     |
        | 5         | 2016      |     |
        | 6         | 2016      | x   |
        | 7         | 2016      |     |
        """, beside={"member": """
        | household | birth_date | dropout  |
        | 1         | 20090101   | 家庭困难 |
        | 1         | 20090101   |          |
        | 2         | 20090101   | 无       |
        | 3         | 20090101   | 家庭困难 |
        | 4         | 20000101   | 家庭困难 |
        | 5         |            | 家庭困难 |
        | 6         | 20010101   | 家庭困难 |
        | 7         | 20100101   | 无       |
        """}),
    Example("S10", """
        | status | exit_year | unsafe_housing | hit |
        | 已脱贫 | 2015      | 是             | x   |
        | 已脱贫 | 2016      | 是             |     |
        | 返贫   | 2015      | 是             |     |
        | 已脱贫 | 2015      | 否             |     |
        """),
    Example("S11", """
        | household | wave | status | hit |
        | 1         | 2014 | 已脱贫 |     |
        | 1         | 2015 | 未脱贫 | x   |
        | 1         | 2016 | 未脱贫 | x   |
        | 2         | 2014 | 已脱贫 |     |
        | 2         | 2015 | 返贫   |     |
        | 2         | 2016 | 未脱贫 |     |
        | 3         | 2014 | 未脱贫 |     |
        | 3         | 2015 | 未脱贫 |     |
        """),
    Example("S12", """
        | household | wave | status | exit_year | hit |
        | 1         | 2015 | 未脱贫 |           |     |
        | 1         | 2016 | 返贫   |           | x   |
        | 2         | 2015 | 已脱贫 | 2015      |     |
        | 2         | 2016 | 返贫   |           |     |
        | 3         | 2016 | 返贫   |           |     |
        | 4         | 2015 | 未脱贫 |           |     |
        | 4         | 2016 | 返贫   | 2015      |     |
        """),
    Example("S13", """
        | status | returned | hit |
        | 返贫   | 否       | x   |
        | 返贫   | 是       |     |
        | 返贫   |          |     |
        | 已脱贫 | 否       |     |
        """),
    Example("S14", """
        | household | wave | status | returned | hit |
        | 1         | 2016 | 已脱贫 | 是       | x   |
        | 2         | 2016 | 返贫   | 是       |     |
        | 2         | 2017 | 已脱贫 | 是       |     |
        | 3         | 2016 | 已脱贫 | 否       |     |
        """),
    Example("S15", """
        | household | wave | exit_year | status | hit |
        | 1         | 2016 | 2015      | 已脱贫 |     |
        | 1         | 2017 | 2016      | 已脱贫 | x   |
        | 2         | 2016 | 2015      | 返贫   |     |
        | 2         | 2017 | 2017      | 已脱贫 |     |
        | 3         | 2016 |           | 未脱贫 |     |
        | 3         | 2017 | 2017      | 已脱贫 |     |
        """),
    Example("S16", """
        | household | wave | identified_year | hit |
        | 1         | 2015 | 2014            |     |
        | 1         | 2016 | 2013            | x   |
        | 2         | 2015 | 2014            |     |
        | 2         | 2016 | 2014            |     |
        """),
    Example("S17", """
        | household | wave | exit_year | status | hit |
        | 1         | 2015 | 2015      | 已脱贫 |     |
        | 1         | 2016 |           | 已脱贫 | x   |
        | 2         | 2015 | 2015      | 已脱贫 |     |
        | 2         | 2016 |           | 返贫   |     |
        | 3         | 2015 |           | 未脱贫 |     |
        | 3         | 2016 |           | 未脱贫 |     |
        """),
    Example("S18", """
        | household | wave | status | income_pc | hit |
        | 1         | 2015 | 已脱贫 | 2800      |     |
        | 1         | 2016 | 已脱贫 | 2900      | x   |
        | 2         | 2015 | 已脱贫 | 2900      |     |
        | 2         | 2016 | 已脱贫 | 2900      |     |
        | 3         | 2015 | 已脱贫 | 2800      |     |
        | 3         | 2016 | 返贫   | 2900      |     |
        | 4         | 2015 | 未脱贫 | 2800      |     |
        | 4         | 2016 | 已脱贫 | 2900      |     |
        """),
    Example("S19", """
        | wave | identified_year | income_pc | hit |
        | 2016 | 2016            | 4429      | x   |
        | 2016 | 2016            | 4428      |     |
        | 2016 | 2014            | 4429      |     |
        """),
    Example("S20", """
        | household | wave | status | income_pc | hit |
        | 1         | 2014 | 未脱贫 | 5600      |     |
        | 1         | 2015 | 未脱贫 | 5710      |     |
        | 1         | 2016 | 未脱贫 | 5904      | x   |
        | 2         | 2014 | 未脱贫 | 5600      |     |
        | 2         | 2015 | 未脱贫 | 5709      |     |
        | 2         | 2016 | 未脱贫 | 5904      |     |
        | 3         | 2014 | 未脱贫 | 5600      |     |
        | 3         | 2015 | 未脱贫 | 5710      |     |
        | 3         | 2016 | 已脱贫 | 5904      |     |
        """),
    Example("S21", """
        | monitored    | risk_1 | hit |
        | 脱贫不稳定户 |        | x   |
        | 脱贫不稳定户 | 因病   |     |
        |              |        |     |
        """),
    Example("S22", """
        | monitored        | monitored_month | hit |
        | 突发严重困难户   |                 | x   |
        | 突发严重困难户   | 202005          |     |
        |                  |                 |     |
        """),
    Example("S23", """
        | monitored    | risk_1 | hit |
        |              | 因病   | x   |
        |              | 无     |     |
        | 脱贫不稳定户 | 因病   |     |
        | 监测户       | 因病   |     |
        | 否           | 因病   | x   |
        |              |        |     |
        """),
    Example("S24", """
        | risk_1 | risk_2 | risk_3 | hit |
        | 因病   | 因学   | 因病   | x   |
        | 因病   | 因学   | 因灾   |     |
        | 因病   |        |        |     |
        """),
    Example("S25", """
        | risk_1 | risk_2 | risk_3 | hit |
        |        | 因学   |        | x   |
        | 因病   |        | 因灾   | x   |
        | 因病   | 因学   |        |     |
        |        |        |        |     |
        """),
    Example("S26", """
        | household | wave | monitored    | risk_eliminated | hit |
        | 1         | 2020 |              | 是              | x   |
        | 2         | 2020 | 脱贫不稳定户 | 是              |     |
        | 2         | 2021 |              | 是              |     |
        | 3         | 2020 |              | 否              |     |
        """),
    Example("S27", """
        | risk_eliminated | eliminated_month | hit |
        | 是              |                  | x   |
        | 是              | 202012           |     |
        | 否              |                  |     |
        """),
    Example("S28", """
        | risk_eliminated | eliminated_month | hit |
        | 否              | 202012           | x   |
        | 是              | 202012           |     |
        |                 | 202012           |     |
        """),
    Example("S29", """
        | risk_eliminated | elimination | hit |
        | 是              |             | x   |
        | 是              | 自然消除    |     |
        | 否              |             |     |
        """),
    Example("S30", """
        | wave | risk_eliminated | income_pc | hit |
        | 2020 | 是              | 4999      | x   |
        | 2020 | 是              | 5000      |     |
        | 2020 | 否              | 4999      |     |
        | 2016 | 是              | 100       |     |
        """, quiet="""
        | household | wave | risk_eliminated | eliminated_month | income_pc |
        | 1         | 2020 | 是              | 202012           | 5000      |
        | 1         | 2021 | 是              | 202012           | 4000      |
        | 2         | 2020 | 是              |                  | 5000      |
        | 2         | 2021 | 是              |                  | 4000      |
        """),
    Example("S31", """
        | risk_eliminated | unsafe_housing | hit |
        | 是              | 是             | x   |
        | 是              | 否             |     |
        | 否              | 是             |     |
        """, quiet="""
        | household | wave | risk_eliminated | eliminated_month | unsafe_housing |
        | 1         | 2020 | 是              | 202012           | 否             |
        | 1         | 2021 | 是              | 202012           | 是             |
        """),
    Example("S32", """
        | risk_eliminated | safe_water | hit |
        | 是              | 否         | x   |
        | 是              | 是         |     |
        | 是              |            |     |
        """, quiet="""
        | household | wave | risk_eliminated | eliminated_month | safe_water |
        | 1         | 2020 | 是              | 202012           | 是         |
        | 1         | 2021 | 是              | 202012           | 否         |
        """),
    Example("S33", """
        | household | risk_eliminated | hit |
        | 1         | 是              | x   |
        | 2         | 是              |     |
        | 3         | 否              |     |
        | 4         | 是              |     |
        """, beside={"member": """
        | household | birth_date | dropout |
        | 1         | 20090101   | 厌学    |
        | 2         | 20090101   |         |
        | 3         | 20090101   | 厌学    |
        | 4         | 20000101   | 厌学    |
        """}),
    Example("S34", """
        | risk_eliminated | labourers | household_type | minimum_allowance | hit |
        | 是              | 0         | 低保贫困户     | 0                 | x   |
        | 是              | 0         | 一般脱贫户     | 3000              | x   |
        | 是              | 0         | 一般脱贫户     | 0                 |     |
        | 是              | 1         | 低保贫困户     | 3000              |     |
        | 否              | 0         | 特困供养户     | 3000              |     |
        """, quiet="""
        | household | wave | risk_eliminated | labourers | household_type |
        | 1         | 2020 | 是              | 1         | 低保贫困户     |
        | 1         | 2021 | 是              | 0         | 低保贫困户     |
        """),
    Example("S35", """
        | household | elimination | hit |
        | 1         | 帮扶消除    | x   |
        | 2         | 帮扶消除    |     |
        | 3         | 自然消除    |     |
        | 4         | 帮扶消除    |     |
        """, beside={"program": """
        | household | program_start |
        | 1         | 2017          |
        | 2         | 2016          |
        | 4         |               |
        """}),
    Example("S36", """
        | status | monitored    | hit |
        | 已脱贫 | 边缘易致贫户 | x   |
        |        | 边缘易致贫户 |     |
        | 未脱贫 | 边缘易致贫户 |     |
        | 返贫   | 边缘易致贫户 |     |
        | 已脱贫 | 脱贫不稳定户 |     |
        """),
    Example("S37", """
        | status | monitored    | hit |
        | 未脱贫 | 脱贫不稳定户 | x   |
        | 已脱贫 | 脱贫不稳定户 |     |
        | 未脱贫 |              |     |
        """),
    Example("S38", """
        | wave | status | rigid_expense | income_net | monitored    | hit |
        | 2020 | 已脱贫 | 9001          | 9000       |              | x   |
        | 2020 |        | 9001          | 9000       | 非监测对象   | x   |
        | 2020 | 已脱贫 | 9000          | 9000       |              |     |
        | 2020 | 已脱贫 | 9001          | 9000       | 脱贫不稳定户 |     |
        | 2020 | 已脱贫 | 9001          | 9000       | 三类监测户   |     |
        | 2020 | 已脱贫 | 9001          |            |              |     |
        | 2020 | 已脱贫 | 10            | 9000       |              |     |
        | 2020 | 未脱贫 | 9001          | 9000       |              |     |
        | 2019 | 已脱贫 | 9001          | 9000       |              |     |
        """),
    Example("S39", """
        | wave | status | income_pc | monitored    | hit |
        | 2020 | 已脱贫 | 4999      |              | x   |
        | 2020 | 已脱贫 | 5000      |              |     |
        | 2020 | 已脱贫 | 4999      | 脱贫不稳定户 |     |
        | 2020 | 已脱贫 | 4999      | 监测户       |     |
        | 2020 | 未脱贫 | 4999      |              |     |
        """),
    answered("S40", "因病", "健康帮扶", "产业帮扶"),
    answered("S41", "因学", "教育帮扶", "产业帮扶"),
    answered("S42", "务工就业不稳", "公益岗位帮扶", "产业帮扶"),
    answered("S43", "因安全住房", "易地搬迁", "产业帮扶"),
    answered("S44", "因安全饮水", "饮水安全保障", "产业帮扶"),
    answered("S45", "产业项目失败", "产业帮扶", "教育帮扶"),
)  # fmt: skip
