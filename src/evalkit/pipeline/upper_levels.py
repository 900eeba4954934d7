"""Stated figures over all counties: counties against prefectures and provinces, and what the counties' own roll-ups say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evalkit.errors import DataError
from evalkit.exits import RollUp, StatedFigures, roll_up_years
from evalkit.exits.rollup import LEVELS, ROLLED_UP, WAVE
from evalkit.pipeline.papers import stated_of
from evalkit.pipeline.planned import NO_PLAN, PlanHits, plan_hits
from evalkit.plan import Plan
from evalkit.reasons import reason
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

    Returns
    -------
    UpperLevels
        Where the table of stated figures was damaged or lost since the build, `why` says so.
    """
    counts = [t["roll_up"] for t in counties.values() if len(t.get("roll_up", ()))]
    rows = [t["roll_up_mismatches"] for t in counties.values() if len(t.get("roll_up_mismatches", ()))]
    stated, damaged = _stated(plan)
    known = sorted({*counties, *failed})
    why: Text = NOT_NAMED if damaged is None else damaged
    lacking: tuple[str, ...] = ()
    upper: RollUp | None = None
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


def _stated(plan: Plan) -> tuple[StatedFigures | None, Text | None]:
    """Return the stated figures, or why they cannot be read."""
    try:
        return stated_of(plan), None
    except DataError as error:
        return None, reason(error)


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
    county = _with(county[county["prefecture"].notna()], pd.DataFrame(blank))
    prefecture = tables["prefecture"][tables["prefecture"]["province"].notna()]
    pairs = county[["prefecture", "province", WAVE]].drop_duplicates()
    there = set(zip(prefecture["prefecture"], prefecture[WAVE], strict=True))
    keys = zip(pairs["prefecture"], pairs[WAVE], strict=True)
    silent = pd.Series([key not in there for key in keys], index=pairs.index, dtype=bool)
    now = pairs[WAVE].isin(
        set(prefecture[WAVE])
    )  # in a year without prefectures, counties stand under the province
    tables |= {"county": county, "prefecture": _with(prefecture, pairs[now & silent])}
    given = {level: t for level, t in tables.items() if len(t)}
    for figure in stated.figures:
        years = [set(t.loc[t[figure].notna(), WAVE]) for t in given.values() if figure in t]
        if any(a & b for i, a in enumerate(years) for b in years[:i]):
            return roll_up_years(given, stated.figures)
    return None


def _with(table: pd.DataFrame, silent: pd.DataFrame) -> pd.DataFrame:
    """Return stated units and, without figures, those that state nothing: sums over them are incomplete."""
    return (
        table
        if silent.empty
        else pd.concat([table, silent.astype({WAVE: table[WAVE].dtype})], ignore_index=True)
    )


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
    rows = stated.frame[stated.frame["level"].isin(UPPER)]
    odd = sorted(set(rows.loc[rows["province"].isna(), "unit"]))
    if not odd:
        return ()
    return (
        Text(
            en=f"{len(odd)} counties or prefectures have no division code, so that it is not known what they belong to (first: {odd[0]}): left out "
            "above the county",
            zh=f"{len(odd)}个县、市没有行政区划代码，隶属关系不明（如{odd[0]}），县以上未计入",
        ),
    )


__all__ = ["UpperLevels", "upper_levels"]
