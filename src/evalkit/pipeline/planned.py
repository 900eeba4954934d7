"""Exits held against the numbers that were planned, unit by unit and year by year: how many hit their plan exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.exits import StatedFigures
from evalkit.exits.rollup import LEVELS, WAVE
from evalkit.exits.statedfile import PLANNED
from evalkit.forensics import exits_on_plan
from evalkit.pipeline.gathered import County, Gathered
from evalkit.pipeline.papers import stated_of
from evalkit.plan import NoForensics, Plan
from evalkit.text import Text

ACTUAL, ELIGIBLE = "exit_households", "eligible_households"
NO_PLAN = Text(
    en="No table carries the numbers of households planned to exit (planned_exits of data.stated).",
    zh="没有数据表载明计划脱贫户数（各级上报数表）。",
)
NO_EXITS = Text(
    en="The table of stated figures has planned exits, and for none of these units and years the exits of the year (exit_households).",
    zh="各级上报数表载有计划脱贫户数，但这些单位和年度均未载明当年脱贫户数。",
)


@dataclass(frozen=True, eq=False)
class PlanHits:
    """How many units hit their plan exactly.

    Parameters
    ----------
    table : DataFrame
        One row a year, and one of all years (year 0) where there are several: year, units, planned, actual (households), equal,
        expected (units that would by chance), p_value.
    level : str
        Of the units.
    flagged : bool
        Whether more hit their plan than chance explains, over all years, at the level of the plan's forensics.
    notes : tuple of Text
    """

    table: pd.DataFrame
    level: str
    flagged: bool
    notes: tuple[Text, ...] = ()

    @property
    def whole(self) -> pd.Series:
        """The row of all years."""
        return self.table.iloc[-1]


def plan_hits(stated: StatedFigures, plan: Plan, levels: tuple[str, ...]) -> PlanHits | Text:
    """Hold exits against plans at the lowest of some levels that states both; or say why that cannot be.

    Parameters
    ----------
    stated : StatedFigures
    plan : Plan
        Its level of false discoveries.
    levels : tuple of str
        In the order in which they are preferred.

    Returns
    -------
    PlanHits or Text
    """
    if not stated.planned:
        return NO_PLAN
    for level in levels:
        rows = stated.at(level)
        if ACTUAL in rows and rows[[PLANNED[0], ACTUAL]].notna().all(axis=1).any():
            return _hits(rows, level, plan)
    return NO_EXITS


def _hits(rows: pd.DataFrame, level: str, plan: Plan) -> PlanHits | Text:
    alpha = 0.05 if isinstance(plan.forensics, NoForensics) else plan.forensics.level
    planned = PLANNED[0]
    rows = rows.dropna(subset=[planned, ACTUAL])
    known = ELIGIBLE in rows and bool(rows[ELIGIBLE].notna().all())
    empty = rows[planned] <= 0
    beyond = rows[planned] > rows[ELIGIBLE] if known else pd.Series(data=False, index=rows.index)
    notes = _notes(int(empty.sum()), int((beyond & ~empty).sum()), known=known)
    rows = rows[~empty & ~beyond]
    if rows.empty:
        return Text(
            en="No unit has a plan above 0 that the households left to exit allow.",
            zh="没有单位的计划数大于0且不超过年初未脱贫户数。",
        )
    years = sorted({int(w) for w in rows[WAVE]})
    lines, flagged = [], False
    for year in [*years, *([0] if len(years) > 1 else [])]:
        part = rows if year == 0 else rows[rows[WAVE] == year]
        found = exits_on_plan(
            part, planned=planned, actual=ACTUAL, eligible=ELIGIBLE if known else None, level=alpha
        ).units.iloc[0]
        flagged = bool(found["flagged"])
        lines.append(
            {
                "year": year,
                "units": int(found["n"]),
                "planned": int(part[planned].sum()),
                "actual": int(part[ACTUAL].sum()),
                "equal": int(found["observed"]),
                "expected": float(found["expected"] * found["n"]),
                "p_value": float(np.clip(found["p_value"], 0.0, 1.0)),
            }
        )
    return PlanHits(pd.DataFrame(lines), level, flagged, notes)


def _notes(empty: int, beyond: int, *, known: bool) -> tuple[Text, ...]:
    out = [
        Text(
            en="exits and plans as stated; expected: units that would hit their plan by chance if exits scattered around it as "
            + ("binomial counts of the households left to exit" if known else "Poisson counts"),
            zh="脱贫数与计划数均为上报数；预期为实际脱贫数围绕计划数随机波动时（"
            + ("以年初未脱贫户数为界的二项分布" if known else "泊松分布")
            + "）恰等于计划数的单位数",
        )
    ]
    if not known:
        out.append(
            Text(
                en="the households left to exit are not stated for all units: where a plan is for most of them, more would hit it by chance "
                "than is expected here",
                zh="并非各单位均载明年初未脱贫户数：计划数接近未脱贫户数时，随机命中的单位会多于此处预期",
            )
        )
    if empty:
        out.append(
            Text(en=f"{empty:,} plans of no household are left out", zh=f"计划数为0的{empty:,}项未计入")
        )
    if beyond:
        out.append(
            Text(
                en=f"{beyond:,} plans of more households than are stated as left to exit are left out",
                zh=f"计划数超过年初未脱贫户数的{beyond:,}项未计入",
            )
        )
    return tuple(out)


def gather_planned_exits(out: Gathered, here: County) -> None:
    """Add the exits of one county held against the plans of its villages, its townships, or its own."""
    whole = stated_of(here.plan)
    own = None if whole is None else whole.of_county(here.code)
    found = NO_PLAN if own is None else plan_hits(own, here.plan, LEVELS[1:4])
    if isinstance(found, Text):
        out.omitted["planned_exits"] = found
        return
    out.tables["planned_exits"] = found.table
    out.facts["planned_exits"] = {"level": found.level, "flagged": found.flagged}
    out.note("planned_exits", found.notes)


__all__ = ["PlanHits", "gather_planned_exits", "plan_hits"]
