"""The register of events in a county's build: its files, and small tables for the report."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evalkit.cleaning import CleanResult
from evalkit.errors import DataError
from evalkit.events import Events, event_counts, reconcile_events, stock_table
from evalkit.events.reconciling import STATED, Place
from evalkit.pipeline.results import CountyResult
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.rosters import aggregate_members, compare_stated, described_wave
from evalkit.store import Store
from evalkit.text import Text

NO_REGISTRY = Text(
    en="The data carry no registry status, year of identification or year of exit.",
    zh="数据中没有脱贫属性、首次识别时间或脱贫年度。",
)

NO_ROSTERS = Text(
    en="Household structures were asked for, but there are no rosters with waves.",
    zh="方案要求核查户结构，但没有分年度的家庭成员数据。",
)


def with_structures(result: CountyResult, found: pd.DataFrame | None, plan: Plan) -> CountyResult:
    """Return a county's results with the table ``structures`` (rule, what_en, what_zh, cases), without identifiers."""
    if found is None:
        asked = plan.clean.household_structures is not None
        omitted = {**result.omitted, "structures": NO_ROSTERS} if asked else result.omitted
        return replace(result, omitted=omitted)
    counted = found.groupby(["rule", "what_en", "what_zh"], sort=True).size().rename("cases").reset_index()
    return replace(result, tables={**result.tables, "structures": counted})


def write_structures(store: Store, county: str, found: pd.DataFrame | None) -> None:
    """Write household structures as a table of the store; nothing where none were looked for."""
    if found is not None:
        store.write("structures", county, found)


def write_events(store: Store, county: str, events: Events | None) -> None:
    """Write the register and its cases as tables of the store; nothing where there is no register."""
    if events is not None:
        store.write("events", county, events.entries)
        store.write("event_cases", county, events.cases)


def with_events(result: CountyResult, events: Events | None, cleaned: CleanResult) -> CountyResult:
    """Return a county's results with the tables of events and rosters.

    Adds ``events`` (year, kind, events, households, persons), ``event_cases`` (contradictions by rule), ``stock`` (the equation of
    the stock by wave) and ``rosters`` (what households state against what rosters count), each without identifiers; and
    the fact ``filled_from_rosters``, the columns that rosters gave.
    """
    tables, omitted = dict(result.tables), dict(result.omitted)
    if events is None:
        omitted["events"] = NO_REGISTRY
    else:
        tables["events"] = event_counts(events)
        cases = events.cases.groupby(["rule", "what_en", "what_zh"], sort=True)
        tables["event_cases"] = cases.size().rename("cases").reset_index()
        tables["stock"] = stock_table(events, cleaned.frame)
        _compare_stated(tables, omitted, events, cleaned)
    rosters = _rosters(cleaned)
    if rosters is not None:
        tables["rosters"] = rosters
    facts = {**result.facts, "filled_from_rosters": list(cleaned.filled)} if cleaned.filled else result.facts
    return replace(result, tables=tables, omitted=omitted, facts=facts)


def _compare_stated(
    tables: dict[str, pd.DataFrame], omitted: dict[str, Text], events: Events, cleaned: CleanResult
) -> None:
    """Set stated yearly figures, of the county or else of its villages, beside those counted (``events_stated``)."""
    places: tuple[Place, ...] = ("county", "village")
    for place in places:
        table = cleaned.tables.get(place)
        given = [] if table is None else [c for c in STATED.values() if c in table and table[c].notna().any()]
        if table is None or not given or not {place, "wave"} <= set(table):
            continue
        try:
            compared = reconcile_events(events, table, place)
        except DataError as error:
            omitted["events_stated"] = reason(error)
            return
        sums = compared.groupby(["year", "kind"], sort=True)[["stated", "counted", "households"]].sum(
            min_count=1
        )
        tables["events_stated"] = sums.reset_index()
        return


def _rosters(cleaned: CleanResult) -> pd.DataFrame | None:
    members = cleaned.tables.get("member")
    if members is None or members.empty:
        return None
    counted = aggregate_members(members, wave=described_wave(cleaned.frame, members))
    return compare_stated(cleaned.frame.drop(columns=list(cleaned.filled)), counted).counts
