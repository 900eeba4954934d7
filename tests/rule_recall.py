"""How many injected errors each rule finds, and how often it fires on clean data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from evalkit.cleaning import clean
from evalkit.ingest import RawData, from_frame, split_by_county, with_counties
from evalkit.plan import Plan
from evalkit.planfile import load_plan
from evalkit.simulate.errors import Injected
from evalkit.simulate.errors.framework import FRAMES
from evalkit.simulate.export import as_text
from evalkit.simulate.prefecture import SyntheticRegistry

COLUMNS = ("rule", "table", "injected", "found", "recall", "clean_rows", "false_alarms", "false_alarm_rate")


def example_plan(root: Path) -> Plan:
    """The settings of the bundled example; it names files, but tables in memory are cleaned."""
    return load_plan(root / "plan.yaml")


def raw_of(registry: SyntheticRegistry) -> RawData:
    """The registry's tables as they would be read from clean files."""
    tables = {t: from_frame(as_text(getattr(registry, name)), table=t) for t, name in FRAMES.items()}  # type: ignore[arg-type]
    return with_counties(tables)


def ledger_rows(registry: SyntheticRegistry, plan: Plan) -> pd.DataFrame:
    """Everything cleaning wrote, county by county: table, row (from 0), rule, each once."""
    parts = [
        clean(part, plan, allow_empty=True).ledger.entries
        for part in split_by_county(raw_of(registry)).values()
    ]
    entries = pd.concat(parts, ignore_index=True)
    entries = entries.loc[entries["row"] > 0, ["rule", "table", "row"]].drop_duplicates()
    return entries.assign(row=entries["row"] - 1)


def measure_rules(registry: SyntheticRegistry, injected: Injected, plan: Plan) -> pd.DataFrame:
    """Clean both registries and count, rule by rule.

    Returns
    -------
    DataFrame
        One row a rule and table that has injected errors: ``injected`` rows to be found, ``found`` (the rule has a
        ledger entry on that very row), ``recall``; ``false_alarms``, rows of the clean registry on which the rule
        fires, out of ``clean_rows``.
    """
    quiet = ledger_rows(registry, plan)
    loud = ledger_rows(injected.registry, plan)
    keys = ["rule", "table", "row"]
    truth = injected.truth[keys].drop_duplicates()
    hits = truth.merge(loud, on=keys, how="left", indicator=True)
    hits["found"] = hits["_merge"] == "both"
    out = hits.groupby(["rule", "table"])["found"].agg(injected="size", found="sum").reset_index()
    out["recall"] = out["found"] / out["injected"]
    rows = {t: len(getattr(registry, name)) for t, name in FRAMES.items()}
    out["clean_rows"] = out["table"].map(rows)
    fired = quiet.groupby(["rule", "table"]).size()
    at = pd.MultiIndex.from_frame(out[["rule", "table"]])
    out["false_alarms"] = fired.reindex(at, fill_value=0).to_numpy()
    out["false_alarm_rate"] = out["false_alarms"] / out["clean_rows"]
    return out[list(COLUMNS)]


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
