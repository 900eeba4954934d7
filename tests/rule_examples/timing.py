"""Examples of the rules on months and waves."""

from __future__ import annotations

from .frame import Elsewhere, Example


def unreadable(rule: str, column: str) -> Example:
    """Return the example of a month that is none."""
    return Example(
        rule,
        f"""
        | household | wave | {column} | hit |
        | 1         | 2020 | 202013   | x   |
        | 1         | 2021 | 202013   |     |
        | 2         | 2020 | 2020年   | x   |
        | 3         | 2020 | 202012   |     |
        | 4         | 2020 |          |     |
        """,
    )


def village(months: list[str], hits: int) -> str:
    """Return a village of exits in months (blank: no exit); the first `hits` are to be marked."""
    lines = [
        f"| {i} | v1 | {'2016' if m else ''} | {m} | {'x' if i < hits else ''} |"
        for i, m in enumerate(months)
    ]
    return "\n".join(["| household | village | exit_year | exit_month | hit |", *lines])


def township(column: str, months: list[str], hits: int) -> str:
    """Return the monitored households of a township with months; the first `hits` are to be marked."""
    lines = [
        f"| {i} | 2020 | t1 | 脱贫不稳定户 | {m} | {'x' if i < hits else ''} |" for i, m in enumerate(months)
    ]
    return "\n".join([f"| household | wave | township | monitored | {column} | hit |", *lines])


EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("W01", """
        | household | wave | exit_year | exit_month | hit |
        | 1         | 2017 | 2016      | 201701     | x   |
        | 1         | 2018 | 2016      | 201701     |     |
        | 2         | 2017 | 2016      | 201612     |     |
        | 3         | 2017 | 2016      |            |     |
        """),
    Example("W02", """
        | identified_year | identified_month | hit |
        | 2014            | 201311           | x   |
        | 2013            | 201311           |     |
        |                 | 201311           |     |
        """),
    Example("W03", """
        | wave | exit_month | hit |
        | 2016 | 201701     | x   |
        | 2016 | 201612     |     |
        """),
    Example("W04", """
        | wave | monitored_month | hit |
        | 2020 | 202101          | x   |
        | 2020 | 202012          |     |
        """),
    Example("W05", """
        | wave | eliminated_month | hit |
        | 2020 | 202101           | x   |
        | 2020 | 202012           |     |
        """),
    unreadable("W06", "exit_month"),
    unreadable("W07", "identified_month"),
    unreadable("W08", "monitored_month"),
    unreadable("W09", "eliminated_month"),
    Example("W10", """
        | wave | monitored_month | eliminated_month | hit |
        | 2020 | 202005          | 202004           | x   |
        | 2020 | 202005          | 202005           |     |
        | 2020 | 202005          |                  |     |
        """),
    Example("W11", """
        | wave | monitored_month | eliminated_month | hit |
        | 2020 | 202005          | 202007           | x   |
        | 2020 | 202005          | 202005           | x   |
        | 2020 | 202005          | 202008           |     |
        | 2020 | 202005          | 202004           |     |
        """),
    Example("W12", """
        | wave | monitored_month | eliminated_month | hit |
        | 2020 | 202005          | 202008           | x   |
        | 2020 | 202005          | 202010           | x   |
        | 2020 | 202005          | 202011           |     |
        | 2020 | 202005          | 202007           |     |
        """),
    Example("W13", village(["201612"] * 12 + ["201610"] * 2 + [""] * 6, 12), quiet=village(["201612"] * 11 + [""] * 9, 0)),
    Example(
        "W14",
        township("eliminated_month", ["202012"] * 11 + ["202009"], 11),
        quiet=township("eliminated_month", ["202012"] * 11 + ["202009"] * 2, 0),
    ),
    Example(
        "W15",
        township("monitored_month", ["202005"] * 11 + ["202006"], 11),
        quiet=township("monitored_month", ["202005"] * 9, 0),
    ),
    Example("W16", """
        | household | wave | exit_year | hit |
        | 1         | 2016 | 2016      | x   |
        | 2         | 2016 | 2016      |     |
        | 3         | 2016 |           |     |
        | 4         | 2016 | 2015      |     |
        | 5         | 2016 | 2016      |     |
        """, beside={"program": """
        | household | program_start |
        | 1         | 2017          |
        | 2         | 2016          |
        | 5         |               |
        """}),
    Example("W17", """
        | household | wave | identified_month | exit_month | hit |
        | 1         | 2014 | 201401           | 201403     | x   |
        | 1         | 2015 | 201401           | 201403     |     |
        | 2         | 2014 | 201401           | 201404     |     |
        | 3         | 2014 | 201401           | 201312     |     |
        """),
    Example("W18", """
        | household | wave | hit |
        | 1         | 2014 |     |
        | 1         | 2016 | x   |
        | 2         | 2014 |     |
        | 2         | 2015 |     |
        | 2         | 2016 |     |
        | 3         | 2016 |     |
        """, quiet="""
        | household | wave |
        | 1         | 2014 |
        | 1         | 2016 |
        | 2         | 2014 |
        | 2         | 2016 |
        """),
    Example("W19", """
        | household | wave | identified_year | hit |
        | 1         | 2014 | 2014            |     |
        | 2         | 2016 | 2014            | x   |
        | 2         | 2017 | 2014            |     |
        | 3         | 2016 | 2016            |     |
        """),
    Example("W20", """
        | household | wave | identified_year | hit |
        | 1         | 2014 | 2012            | x   |
        | 1         | 2015 | 2012            |     |
        | 2         | 2014 | 2013            |     |
        """),
    Example("W21", """
        | household | wave | monitored_month | hit |
        | 1         | 2020 | 201912          | x   |
        | 1         | 2021 | 201912          |     |
        | 2         | 2020 | 202001          |     |
        """),
    Example("W22", """
        | household | wave | monitored    | monitored_month | hit |
        | 1         | 2020 | 脱贫不稳定户 | 202005          |     |
        | 1         | 2021 | 脱贫不稳定户 | 202006          | x   |
        | 2         | 2020 | 脱贫不稳定户 | 202005          |     |
        | 2         | 2021 | 脱贫不稳定户 | 202005          |     |
        """),
)  # fmt: skip
