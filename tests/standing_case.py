"""A made-up county of 24 households in two villages, small enough to count by hand; codes 99… are unassigned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import report_case
from evalkit.panel import Panel
from evalkit.pipeline.standing import Standing, county_standing
from evalkit.plan import Plan
from evalkit.planfile import load_plan

COUNTY = "990101"
VILLAGES = ("990101001", "990101002")
PLAN = """
title: {en: Evaluation for a test, zh: 测试评估}
synthetic: true
data: {household: {files: ["*.csv"]}}
standard: cn-2017
poverty: {line: {kind: standard}}
prices: {kind: none}
exits: {zone: west}
disclosure: {minimum_cell: 3}
accounts:
  complete: village
  village: {incidence: registry}
  cliff:
    registered: "household_type == '低保贫困户'"
    marginal: "household_type == '一般贫困户'"
    support: [minimum_allowance]
    registered_label: {en: allowance households, zh: 低保户}
    marginal_label: {en: other poor households, zh: 一般户}
"""


STATED = """层级,代码,县代码,年度,当年脱贫户数,计划脱贫户数,年初未脱贫户数
村,990101001,990101,2020,11,11,12
村,990101002,990101,2020,11,10,12
"""
"""What the two villages state of their exits: all right, one of them as planned."""


def plan_in(folder: Path, more: str = "", *, stated: str = "") -> Plan:
    """Write the plan, with further lines at the end of its section accounts, and a table of stated figures if there is one."""
    path, text = folder / "plan.yaml", PLAN + more
    if stated:
        file = folder / "data" / "raw" / "stated.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(stated, encoding="gb18030")
        text = text.replace('files: ["*.csv"]}}', 'files: ["*.csv"]}, stated: {files: [stated.csv]}}')
    path.write_text(text, encoding="utf-8")
    return load_plan(path)


def households() -> pd.DataFrame:
    """Return 12 households a village in 2019 and 2020; all but number 11 exit in 2020, number 12 below the line.

    Two persons each. Numbers 1-6 are ill and on the allowance (4,000 yuan a household), 7-12 lack skills. The first household of the
    first village has no ill member, no mark on housing, and a class of monitored households that the rules do not know. Numbers 1-4
    owe 30,000 yuan for their housing, three times their income.
    """
    rows = []
    for wave in (2019, 2020):
        for village in VILLAGES:
            for i in range(1, 13):
                late = wave == 2020
                income = 5000.0 if i <= 6 or i == 11 else 3000.0 if i == 12 else 4500.0
                out = late and i != 11
                first = village == VILLAGES[0] and i == 1
                rows.append(
                    {
                        "county": COUNTY,
                        "village": village,
                        "household": f"{village}{i:04d}",
                        "wave": wave,
                        "size": 2.0,
                        "income_pc": income if late else 3000.0,
                        "minimum_allowance": 4000.0 if late and i <= 6 else 0.0,
                        "household_type": "低保贫困户" if i <= 6 else "一般贫困户",
                        "status": "已脱贫" if out else "未脱贫",
                        "exit_year": 2020.0 if out else np.nan,
                        "unsafe_housing": np.nan if first else 0.0,
                        "safe_water": 1.0,
                        "cause": "因病" if i <= 6 else "缺技术",
                        "housing_debt": 30_000.0 if i <= 4 else 0.0,
                        "ill_members": 0.0 if first or i > 6 else 1.0,
                        "monitored": None
                        if not late
                        else "贫困户"
                        if first
                        else "脱贫不稳定户"
                        if i == 12
                        else None,
                    }
                )
    return pd.DataFrame(rows)


def programs() -> pd.DataFrame:
    """Return health support for numbers 1-4 (1,000 yuan), industry for number 1 (2,000), and one row of nobody's."""
    rows = [(f"{v}{i:04d}", "健康帮扶", 2020, 1000.0) for v in VILLAGES for i in range(1, 5)]
    rows += [(f"{v}0001", "产业帮扶", 2019, 2000.0) for v in VILLAGES]
    rows.append(("9901019999999", "产业帮扶", 2020, 500.0))
    return pd.DataFrame(rows, columns=["household", "program", "program_start", "amount"])


def villages() -> pd.DataFrame:
    """Return the village table: two registered persons not exited in each, the second village states four."""
    return pd.DataFrame(
        {
            "county": COUNTY,
            "village": VILLAGES,
            "village_persons": [100, 40],
            "registered_persons": [2, 4],
            "collective_income": [10_000.0, 30_000.0],
        }
    )


def panel_of(frame: pd.DataFrame) -> Panel:
    """Return the households as a panel with the lines of the standard."""
    return Panel(frame, size="size", village="village", lines={2019: 3218.0, 2020: 4000.0}, synthetic=True)


def standing_of(
    plan: Plan, frame: pd.DataFrame | None = None, tables: dict[str, pd.DataFrame] | None = None
) -> Standing:
    """Return what is said about the county; with less than all tables where `tables` says so."""
    given = {"village": villages(), "program": programs()} if tables is None else tables
    result = report_case.county_result(COUNTY)
    return county_standing(result, panel_of(households() if frame is None else frame), given, plan)
