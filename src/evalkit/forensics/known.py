"""The tests by name: what each is called, what its units are, and what it found on registries whose truth is known."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from evalkit.text import Text

Scale = Literal["share", "log"]
RECALL = Path(__file__).with_name("recall.csv")
"""Written by ``python -m benchmarks.forensics`` with docs/forensics.md."""

VILLAGES = Text(en="villages", zh="村")
VILLAGE_YEARS = Text(en="village-years", zh="村×年")
INTERVIEWERS = Text(en="interviewers", zh="调查员")
COUNTY = Text(en="the county", zh="全县")
YEARS = Text(en="years", zh="年度")


@dataclass(frozen=True)
class PatternTest:
    """A test of `evalkit.forensics.examine`.

    Parameters
    ----------
    title : Text
    units : Text
        What is flagged.
    scale : {"share", "log"}
        Effects are shares of cases, or log points of welfare.
    """

    title: Text
    units: Text
    scale: Scale = "share"


@dataclass(frozen=True)
class Performance:
    """What a test found on synthetic registries; None where it was not measured.

    Parameters
    ----------
    least, share, shift : float or None
        Stated size: forged households of a unit, their share of those counted, or the mean change of log welfare.
    recall, recall_of : float or None, int
        Share of units of the stated size that were flagged, and their number.
    alarms, alarms_of : float or None, int
        Share of untouched units that were flagged, and their number.
    clean_flagged, clean_of : int
        Registries without any forgery in which the test flagged something, and all such registries.
    """

    least: int | None
    share: float | None
    shift: float | None
    recall: float | None
    recall_of: int
    alarms: float | None
    alarms_of: int
    clean_flagged: int
    clean_of: int


TESTS: Mapping[str, PatternTest] = {
    "heaping_county": PatternTest(
        Text(en="Welfare just above the poverty line, county", zh="紧贴贫困线上方聚集（全县）"), COUNTY
    ),
    "heaping_village": PatternTest(
        Text(en="Welfare just above the poverty line, villages", zh="紧贴贫困线上方聚集（村）"), VILLAGES
    ),
    "heaping_interviewer": PatternTest(
        Text(en="Welfare just above the poverty line, interviewers", zh="紧贴贫困线上方聚集（调查员）"),
        INTERVIEWERS,
    ),
    "heaping_monitoring": PatternTest(
        Text(en="Welfare just above the monitoring line", zh="紧贴监测线上方聚集"), VILLAGES
    ),
    "terminal_digits": PatternTest(Text(en="Round figures", zh="收入尾数取整"), INTERVIEWERS),
    "copied_households": PatternTest(
        Text(en="Accounts equal item by item", zh="收入账目逐项相同"), VILLAGE_YEARS
    ),
    "identical_growth": PatternTest(Text(en="Identical growth", zh="收入增幅相同"), VILLAGE_YEARS),
    "frozen_accounts": PatternTest(Text(en="Accounts that stand still", zh="收入账目多年不变"), VILLAGES),
    "padding": PatternTest(
        Text(en="Exits carried by one year's transfers", zh="靠当年转移性收入或分红脱贫"), VILLAGES
    ),
    "short_lived_households": PatternTest(
        Text(en="One-person households of one year", zh="仅存续一年的单人户"), YEARS
    ),
    "mass_exits": PatternTest(
        Text(en="Exits crowded into one month", zh="脱贫集中在同一月份"), VILLAGE_YEARS
    ),
    "batch_updates": PatternTest(
        Text(en="Monitoring begun in one month", zh="监测认定集中在同一月份"), VILLAGE_YEARS
    ),
    "early_elimination": PatternTest(Text(en="Risks gone at once", zh="风险过快消除"), VILLAGES),
    "exits_without_support": PatternTest(
        Text(en="Exits without earlier support, villages", zh="未受帮扶即脱贫（村）"), VILLAGES
    ),
    "exits_without_support_county": PatternTest(
        Text(en="Exits without earlier support, county", zh="未受帮扶即脱贫（全县）"), COUNTY
    ),
    "interviewer_effects": PatternTest(
        Text(en="Interviewers whose incomes lie apart", zh="调查员之间收入水平的差异"), INTERVIEWERS, "log"
    ),
    "survey_differences": PatternTest(
        Text(en="The second look differs from the registry", zh="复核与登记不一致"), VILLAGES
    ),
}
"""Name → test, in the order of `examine`."""


@cache
def performance() -> Mapping[str, Performance]:
    """Return what each test found on synthetic registries, by name; docs/forensics.md tells how it was measured."""
    with RECALL.open(encoding="utf-8", newline="") as stream:
        return {row["test"]: _performance(row) for row in csv.DictReader(stream)}


def _performance(row: Mapping[str, str]) -> Performance:
    known = {k: float(v) for k, v in row.items() if k != "test" and v}
    least = known.get("least")
    return Performance(
        least=None if least is None else int(least),
        share=known.get("share"),
        shift=known.get("shift"),
        recall=known.get("recall"),
        recall_of=int(known.get("recall_of", 0)),
        alarms=known.get("alarms"),
        alarms_of=int(known.get("alarms_of", 0)),
        clean_flagged=int(known["clean_flagged"]),
        clean_of=int(known["clean_of"]),
    )
