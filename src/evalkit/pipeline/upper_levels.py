"""Stated figures over all counties: counties against prefectures and provinces, and what the counties' own roll-ups say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evalkit.exits import RollUp, StatedFigures, roll_up_years
from evalkit.exits.rollup import LEVELS, ROLLED_UP, WAVE
from evalkit.pipeline.papers import stated_of
from evalkit.pipeline.planned import NO_PLAN, PlanHits, plan_hits
from evalkit.plan import Plan
from evalkit.text import Text

UPPER = ("county", "prefecture", "province")
NOT_NAMED = Text(
    en="The plan names no table of stated figures (data.stated): what counties, prefectures and the province state of themselves is not known "
    "here, and their figures are compared with counts of the store only.",
    zh="方案未指定各级上报数表（data.stated）：县、市、省各级的上报数未知，以下只与全库计数核对。",
)
NOTHING_ABOVE = Text(
    en="The table of stated figures has no figure that stands at two of the levels county, prefecture and province in one year.",
    zh="各级上报数表中，县、市、省三级没有同一年度、两级均载明的数字。",
)


@dataclass(frozen=True, eq=False)
class UpperLevels:
    """What the levels state, from households to the province.

    Parameters
    ----------
    counts : DataFrame
        One row a level, what it is held against, and figure: how many units agree, differ and so on (`ROLLED_UP`), over all
        counties; empty where nothing could be compared.
    mismatches : DataFrame
        As `evalkit.exits.RollUp.mismatches`, with ``n``; county by county, then the levels above.
    counties : int
        Counties whose own roll-up is part of it.
    lacking : tuple of str
        Counties that were built or failed and of which the table states nothing: sums over them cannot be made.
    planned : PlanHits or Text
        Exits of counties against their plans, or why there are none.
    why : Text or None
        Why no level above the counties could be compared.
    notes : tuple of Text
    """

    counts: pd.DataFrame
    mismatches: pd.DataFrame
    counties: int
    lacking: tuple[str, ...]
    planned: PlanHits | Text
    why: Text | None = None
    notes: tuple[Text, ...] = field(default=())


def upper_levels(
    plan: Plan, counties: Mapping[str, Mapping[str, pd.DataFrame]], failed: Sequence[str]
) -> UpperLevels:
    """Put the counties' roll-ups together and add the stated figures of the levels above.

    Parameters
    ----------
    plan : Plan
    counties : mapping of str to mapping
        County that was built → its tables, of which ``roll_up`` and ``roll_up_mismatches`` are read.
    failed : sequence of str
        Counties that could not be built.

    Raises
    ------
    DataError
        The table of stated figures was damaged since the build.
    """
    counts = [t["roll_up"] for t in counties.values() if len(t.get("roll_up", ()))]
    rows = [t["roll_up_mismatches"] for t in counties.values() if len(t.get("roll_up_mismatches", ()))]
    stated = stated_of(plan)
    known = sorted({*counties, *failed})
    why, lacking, upper = NOT_NAMED, (), None
    planned: PlanHits | Text = NO_PLAN
    if stated is not None:
        there = set(stated.at("county")["county"])
        lacking = tuple(c for c in known if c not in there)
        upper = _above(stated, lacking)
        planned = plan_hits(stated, plan, ("county",))
        why = NOTHING_ABOVE
    if upper is not None:
        counts.append(upper.counts())
        found = upper.mismatches()
        rows.append(
            found.assign(n=found[["stated", "summed"]].min(axis=1).fillna(0).clip(lower=0).astype("int64"))
        )
    return UpperLevels(
        counts=_added(counts),
        mismatches=pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(),
        counties=sum(len(t.get("roll_up", ())) > 0 for t in counties.values()),
        lacking=lacking,
        planned=planned,
        why=None if upper is not None else why,
        notes=_notes(stated),
    )


def _above(stated: StatedFigures, lacking: Sequence[str]) -> RollUp | None:
    """Return counties, prefectures and provinces rolled up; None where no figure stands at two levels in one year."""
    tables = {level: stated.at(level) for level in UPPER}
    county = tables["county"]
    blank = [
        {"county": c, "prefecture": c[:4], "province": c[:2], WAVE: w}
        for c in lacking
        if len(c) >= 6 and c.isascii() and c.isdigit()
        for w in sorted(set(county[WAVE]))
    ]
    if blank:
        county = pd.concat(
            [county, pd.DataFrame(blank).astype({WAVE: county[WAVE].dtype})], ignore_index=True
        )
    tables["county"] = county[county["prefecture"].notna()]
    given = {level: t for level, t in tables.items() if len(t)}
    for figure in stated.figures:
        years = [set(t.loc[t[figure].notna(), WAVE]) for t in given.values() if figure in t]
        if any(a & b for i, a in enumerate(years) for b in years[:i]):
            return roll_up_years(given, stated.figures)
    return None


def _added(counts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return counts of counties and of the levels above added up, in the order of levels."""
    keys = ["level", "below", "figure"]
    if not counts:
        return pd.DataFrame(columns=[*keys, *ROLLED_UP])
    table = (
        pd.concat(counts, ignore_index=True).groupby(keys, sort=False)[list(ROLLED_UP)].sum().reset_index()
    )
    order = [LEVELS.index(level) for level in table["level"]]
    return (
        table.assign(_order=order)
        .sort_values("_order", kind="stable", ignore_index=True)
        .drop(columns="_order")
    )


def _notes(stated: StatedFigures | None) -> tuple[Text, ...]:
    if stated is None:
        return ()
    county = stated.at("county")
    odd = sorted(set(county.loc[county["prefecture"].isna(), "county"]))
    if not odd:
        return ()
    return (
        Text(
            en=f"{len(odd)} counties have no division code and belong to no known prefecture (first: {odd[0]}): left out above the county",
            zh=f"{len(odd)}个县没有行政区划代码，所属市不明（如{odd[0]}），县以上未计入",
        ),
    )


__all__ = ["UpperLevels", "upper_levels"]
