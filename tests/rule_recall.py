"""How many injected errors each rule finds, and how often it fires on clean data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from evalkit.cleaning import (
    CleanResult,
    clean,
    clean_table,
    moved_households,
    person_cases,
    shared_persons,
    with_rows,
)
from evalkit.ingest import RawData, from_frame, split_by_county, with_counties
from evalkit.ledger import Ledger
from evalkit.plan import Plan
from evalkit.planfile import load_plan
from evalkit.simulate.errors import Injected, InjectedSeries, inject_series
from evalkit.simulate.errors.framework import FRAMES
from evalkit.simulate.errors.histories import LOOK_BACK
from evalkit.simulate.errors.series import BREAKS
from evalkit.simulate.export import as_text
from evalkit.simulate.prefecture import SyntheticRegistry
from evalkit.simulate.yearbook import Yearbook

COLUMNS = ("rule", "table", "injected", "found", "recall", "clean_rows", "false_alarms", "false_alarm_rate")


def example_plan(root: Path) -> Plan:
    """The settings of the bundled example, structures asked for; it names files, but tables in memory are cleaned."""
    asked = {"clean.household_structures": {"look_backs": [LOOK_BACK]}}
    return load_plan(root / "plan.yaml", overrides=asked)


def raw_of(registry: SyntheticRegistry) -> RawData:
    """The registry's tables as they would be read from clean files."""
    tables = {t: from_frame(as_text(getattr(registry, name)), table=t) for t, name in FRAMES.items()}  # type: ignore[arg-type]
    return with_counties(tables)


def ledger_rows(registry: SyntheticRegistry, plan: Plan) -> pd.DataFrame:
    """Everything cleaning wrote, county by county: table, row (from 0), rule, each once."""
    raw = raw_of(registry)
    done = [clean(part, plan, allow_empty=True) for part in split_by_county(raw).values()]
    entries = pd.concat([d.ledger.entries for d in done], ignore_index=True)
    between = _between_rows(raw, done)
    rows = pd.concat([entries[["rule", "table", "row"]], between], ignore_index=True)
    rows = rows.loc[rows["row"] > 0].drop_duplicates()
    return rows.assign(row=rows["row"] - 1)


def _between_rows(raw: RawData, done: list[CleanResult]) -> pd.DataFrame:
    """Rows of the cases that only all counties together show (K08, K09)."""
    members = [d.tables["member"] for d in done if "member" in d.tables]
    cases = pd.concat(
        [
            moved_households(pd.concat([d.frame for d in done], ignore_index=True)),
            person_cases(shared_persons(pd.concat(members, ignore_index=True))),
        ],
        ignore_index=True,
    )
    ledger = Ledger.joined([d.ledger for d in done])
    for table in ("household", "member"):
        cases = with_rows(cases, raw[table], ledger) if len(cases) else cases
    return cases[["rule", "table", "row"]]


def measure_rules(registry: SyntheticRegistry, injected: Injected, plan: Plan) -> pd.DataFrame:
    """Clean both registries and count, rule by rule.

    Returns
    -------
    DataFrame
        One row a rule and table that has injected errors: ``injected`` rows to be found, ``found`` (the rule has a
        ledger entry on that very row), ``recall``; ``false_alarms``, rows of the clean registry on which the rule
        fires, out of ``clean_rows``.
    """
    rows = {t: len(getattr(registry, name)) for t, name in FRAMES.items()}
    return counted(ledger_rows(registry, plan), ledger_rows(injected.registry, plan), injected.truth, rows)


def counted(
    quiet: pd.DataFrame,
    loud: pd.DataFrame,
    truth: pd.DataFrame,
    rows: dict[str, int],
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compare what the rules said about clean (`quiet`) and damaged tables with the truth; `known` are findings in clean tables."""
    keys = ["rule", "table", "row"]
    truth = truth[keys].drop_duplicates()
    hits = truth.merge(loud, on=keys, how="left", indicator=True)
    hits["found"] = hits["_merge"] == "both"
    out = hits.groupby(["rule", "table"])["found"].agg(injected="size", found="sum").reset_index()
    out["recall"] = out["found"] / out["injected"]
    out["clean_rows"] = out["table"].map(rows)
    if known is not None:
        quiet = quiet.loc[~pd.MultiIndex.from_frame(quiet[keys]).isin(pd.MultiIndex.from_frame(known[keys]))]
    fired = quiet.groupby(["rule", "table"]).size()
    at = pd.MultiIndex.from_frame(out[["rule", "table"]])
    out["false_alarms"] = fired.reindex(at, fill_value=0).to_numpy()
    out["false_alarm_rate"] = out["false_alarms"] / out["clean_rows"]
    return out[list(COLUMNS)]


def series_rows(yearbook: Yearbook) -> pd.DataFrame:
    """Everything cleaning wrote about county series: table, row (from 0), rule, each once."""
    plan = Plan(
        title="t",
        data={"county": {"files": ["*"]}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )  # type: ignore[arg-type]
    table = from_frame(as_text(yearbook.frame), table="county", source=plan.data.county)
    entries = clean_table(table, plan).ledger.entries
    entries = entries.loc[entries["row"] > 0, ["rule", "table", "row"]].drop_duplicates()
    return entries.assign(row=entries["row"] - 1)


def measure_series(yearbook: Yearbook, injected: InjectedSeries) -> pd.DataFrame:
    """Clean both yearbooks and count, rule by rule; as `measure_rules`.

    The breaks of the income concept stand in the clean yearbook too: they are no false alarms of Y67 and Y68.
    """
    breaks = inject_series(yearbook, rules=BREAKS).truth
    return counted(
        series_rows(yearbook),
        series_rows(injected.yearbook),
        injected.truth,
        {"county": len(yearbook.frame)},
        breaks,
    )


def missed(injected: Injected, plan: Plan, rule: str) -> pd.DataFrame:
    """The truth of one rule's rows that it did not find; for looking at."""
    found = ledger_rows(injected.registry, plan)
    rows = injected.truth.loc[injected.truth["rule"] == rule]
    hits = rows.merge(found, on=["rule", "table", "row"], how="left", indicator=True)
    return hits.loc[hits["_merge"] == "left_only"].drop(columns="_merge")


def without(injected: Injected, table: str) -> Injected:
    """The same truth, one table of the registry empty; a rule that needs it must stay silent."""
    frame = getattr(injected.registry, FRAMES[table])
    return replace(injected, registry=replace(injected.registry, **{FRAMES[table]: frame.iloc[:0]}))
