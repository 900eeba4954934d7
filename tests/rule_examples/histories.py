"""Examples of contradictory histories and of household structures; the conditional rule that asks the same is off."""

from __future__ import annotations

from .frame import Elsewhere, Example

_STRUCTURES = "test_decisions_histories.py::test_structures_are_cases_when_the_plan_asks"


def off(*rules: str) -> dict[str, object]:
    """Return a plan without some conditional rules."""
    return {"clean": {"rules_off": rules}}


EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("F01", """
        | household | wave | status | identified_year | exit_year | hit |
        | 1         | 2014 | 已脱贫 | 2013            | 2012      | x   |
        | 1         | 2015 | 已脱贫 | 2013            | 2012      |     |
        | 2         | 2014 | 已脱贫 | 2013            | 2013      |     |
        | 2         | 2015 | 已脱贫 | 2013            | 2013      |     |
        """, plan=off("S01")),
    Example("F01", """
        | household | wave | status | identified_month | exit_month | hit |
        | 1         | 2014 | 已脱贫 | 201311           | 201305     | x   |
        | 2         | 2014 | 已脱贫 | 201311           | 201312     |     |
        """),
    Example("F02", """
        | household | wave | status | returned | hit |
        | 1         | 2014 | 已脱贫 | 否       |     |
        | 1         | 2015 | 未脱贫 | 否       | x   |
        | 1         | 2016 | 未脱贫 | 否       |     |
        | 2         | 2014 | 已脱贫 | 否       |     |
        | 2         | 2015 | 未脱贫 | 是       |     |
        """, plan=off("S11")),
    Example("F03", """
        | household | wave | status | hit |
        | 1         | 2014 | 未脱贫 |     |
        | 1         | 2015 | 返贫   | x   |
        | 2         | 2014 | 已脱贫 |     |
        | 2         | 2015 | 返贫   |     |
        """, plan=off("S12")),
    Example("F04", """
        | household | wave | status | hit |
        | 1         | 2014 | 返贫   |     |
        | 1         | 2015 | 未脱贫 | x   |
        | 2         | 2014 | 返贫   |     |
        | 2         | 2015 | 已脱贫 |     |
        """),
    Example("F05", """
        | household | wave | status | exit_year | hit |
        | 1         | 2014 | 未脱贫 |           |     |
        | 1         | 2015 | 已脱贫 | 2017      | x   |
        | 2         | 2014 | 未脱贫 |           |     |
        | 2         | 2015 | 已脱贫 | 2015      |     |
        """, plan=off("S02")),
    Example("F06", """
        | household | wave | status | exit_year | hit |
        | 1         | 2015 | 未脱贫 | 2014      | x   |
        | 1         | 2016 | 未脱贫 | 2014      |     |
        | 2         | 2015 | 未脱贫 | 2016      |     |
        | 2         | 2016 | 已脱贫 | 2016      |     |
        """, plan=off("S05")),
    Example("F07", """
        | household | wave | status | identified_year | hit |
        | 1         | 2014 | 未脱贫 | 2015            | x   |
        | 1         | 2015 | 未脱贫 | 2015            |     |
        | 2         | 2015 | 未脱贫 | 2015            |     |
        """, plan=off("S03")),
    Example("F08", """
        | household | wave | status | identified_year | hit |
        | 1         | 2014 | 未脱贫 | 2013            |     |
        | 1         | 2015 | 未脱贫 | 2012            | x   |
        | 1         | 2016 | 未脱贫 | 2012            |     |
        | 2         | 2014 | 未脱贫 | 2013            |     |
        | 2         | 2015 | 未脱贫 | 2013            |     |
        """, plan=off("S16")),
    Example("F09", """
        | household | wave | status | exit_year | hit |
        | 1         | 2015 | 已脱贫 | 2014      |     |
        | 1         | 2016 | 已脱贫 | 2015      | x   |
        | 2         | 2015 | 已脱贫 | 2014      |     |
        | 2         | 2016 | 已脱贫 | 2014      |     |
        """, plan=off("S15")),
    Example("F10", """
        | household | wave | status | hit |
        | 1         | 2014 | 未脱贫 |     |
        | 1         | 2016 | 未脱贫 | x   |
        | 2         | 2014 | 未脱贫 |     |
        | 2         | 2015 | 未脱贫 |     |
        | 2         | 2016 | 未脱贫 |     |
        """),
    Example("F11", """
        | household | wave | status | exit_year | exit_month | identified_year | identified_month | hit |
        | 1         | 2017 | 已脱贫 | 2016      | 201701     | 2013            | 201311           | x   |
        | 1         | 2018 | 已脱贫 | 2016      | 201701     | 2013            | 201311           |     |
        | 2         | 2017 | 已脱贫 | 2016      | 201612     | 2013            | 201401           | x   |
        | 3         | 2017 | 已脱贫 | 2016      | 201612     | 2013            | 201311           |     |
        """, plan=off("W01", "W02")),
    Example("F12", """
        | household | wave | status | monitored_month | eliminated_month | hit |
        | 1         | 2020 | 已脱贫 | 202006          | 202001           | x   |
        | 2         | 2020 | 已脱贫 | 202001          | 202009           |     |
        """, plan=off("W10")),
    Example("F13", """
        | household | wave | status | monitored    | risk_eliminated | hit |
        | 1         | 2020 | 已脱贫 |              | 是              | x   |
        | 2         | 2020 | 已脱贫 | 脱贫不稳定户 | 是              |     |
        | 3         | 2020 | 已脱贫 |              | 否              |     |
        """, plan=off("S26")),
    Example("F14", """
        | household | wave | status | identified_year | hit |
        | 1         | 2015 | 未脱贫 | 2013            | x   |
        | 2         | 2014 | 未脱贫 | 2013            |     |
        | 2         | 2015 | 未脱贫 | 2013            |     |
        | 3         | 2015 | 未脱贫 | 2015            |     |
        """),
    *(Elsewhere(rule, _STRUCTURES) for rule in ("M01", "M02", "M03", "M04", "M05")),
)  # fmt: skip
