"""`build_county`: one county's raw rows to its clean panel and its results. One path per number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.cleaning import CleanResult, clean
from evalkit.errors import DataError, EvalkitError, PlanError
from evalkit.exits import ExitJudgement, judge_exit
from evalkit.ingest import RawData, RawTable
from evalkit.pipeline.measuring import Collected, measure_panel, registry_exits, sample_table
from evalkit.pipeline.results import CountyResult
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import Store
from evalkit.text import Text


@dataclass(frozen=True)
class CountyDone:
    """What `build_county` returns: small, picklable; the tables are in the store."""

    county: str
    name: str
    rows_in: int
    rows_clean: int
    rows_set_aside: int
    error: str = ""


def build_county(county: str, plan: Plan, raw: RawData, root: Path) -> CountyDone:
    """Clean one county's rows, write its partition, compute and write its results.

    Parameters
    ----------
    county : str
        Code of the county.
    plan : Plan
    raw : RawData
        The rows of this county in every raw table, as text.
    root : Path
        Root of the store.

    Raises
    ------
    EvalkitError
        If the county's data cannot be followed (duplicates with ``duplicates: error``, no household row …).
        What was set aside before is in the store nevertheless.
    """
    store = Store(root)
    store.forget(county)
    cleaned = clean(raw, plan, allow_empty=True)
    _write_tables(store, county, cleaned)
    if not len(raw["household"]):
        named = ", ".join(name for name, table in raw.tables.items() if len(table))
        msg = f"the household table has no row of county {county}, which is named in: {named}; add its households"
        raise DataError(msg)
    result = county_result(county, cleaned, plan)
    store.write("panel", county, cleaned.panel.frame)
    store.write_json(store.result_path(county), result.to_dict())
    rows = rows_by_fate(cleaned)
    return CountyDone(county, result.name, rows["in"], rows["clean"], rows["quarantined"])


def attempt_county(county: str, plan: Plan, raw: RawData, root: Path) -> CountyDone:
    """Call `build_county`, turning an error of the data into a line of the result so that others go on."""
    try:
        return build_county(county, plan, raw, root)
    except PlanError:
        raise  # a fault of the plan is a fault in every county
    except EvalkitError as error:
        return CountyDone(
            county, county_name(plan, county, None), 0, 0, 0, f"{type(error).__name__}: {error}"
        )


def county_result(county: str, cleaned: CleanResult, plan: Plan) -> CountyResult:
    """Compute everything that one county's data alone can say."""
    panel = cleaned.panel
    found: Collected = measure_panel(panel, plan)
    judgement = _judge(found, county, cleaned, plan)
    tables = _tables(cleaned)
    exits = registry_exits(panel)
    if exits is None:
        found.omitted["registry_exits"] = Text(
            en="The data carry no registry year of exit (exit_year).", zh="数据中没有登记的脱贫年度。"
        )
    else:
        tables["registry_exits"] = exits
    return CountyResult(
        county=county,
        name=county_name(plan, county, panel.frame),
        waves=tuple(panel.waves),
        estimates=found.estimates,
        tables=tables,
        judgement=judgement,
        facts=found.facts,
        omitted=found.omitted,
    )


def county_name(plan: Plan, county: str, frame: pd.DataFrame | None) -> str:
    """Return the county's name: the plan's, else the most frequent in the data, else its code."""
    if county in plan.county_names:
        return plan.county_names[county]
    if frame is not None and "county_name" in frame:
        names = frame["county_name"].dropna()
        if len(names):
            return str(names.value_counts().index[0])
    return county


def rows_by_fate(cleaned: CleanResult) -> dict[str, int]:
    """Return household rows in, clean, quarantined, merged and not data."""
    rows: Mapping[str, Any] = cleaned.rows("household")
    return {k: int(v) for k, v in rows.items()}


def _judge(found: Collected, county: str, cleaned: CleanResult, plan: Plan) -> ExitJudgement | None:
    survey, totals = cleaned.tables.get("survey"), cleaned.tables.get("totals")
    if survey is None or totals is None or survey.empty or totals.empty:
        lacks = "survey" if survey is None or survey.empty else "totals"
        zh = "第三方抽查数据" if lacks == "survey" else "县级人口总数"
        found.omitted["verdicts"] = Text(
            en=f"No exit verdict: the plan or the data have no {lacks} table for this county.",
            zh=f"未作退出结论：方案或数据中没有本县的{zh}。",
        )
        return None
    try:
        return judge_exit(survey, totals, plan, single_psu=plan.design.single_psu).county(county)
    except EvalkitError as error:
        found.omitted["verdicts"] = reason(error)
        return None


def _tables(cleaned: CleanResult) -> dict[str, pd.DataFrame]:
    rules = cleaned.ledger.counts()
    cases = cleaned.open_cases
    by_rule = cases.groupby(["table", "rule"], as_index=False).size().rename(columns={"size": "cases"})
    household = cleaned.raw.tables["household"]
    return {
        "rows": cleaned.row_table(),
        "rules": rules,
        "files": _of_these_rows(household.files, household),
        "mapping": _of_these_rows(household.mapping, household),
        "open_cases": by_rule,
        "money": cleaned.money_table(),
        "sample": sample_table(cleaned.panel),
    }


def _of_these_rows(table: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    """Return the lines about files that the county's rows come from."""
    return table[table["file"].isin(raw.frame["_file"].unique())].reset_index(drop=True)


def _write_tables(store: Store, county: str, cleaned: CleanResult) -> None:
    """Write all but the panel, which may turn out to be no panel."""
    store.write("ledger", county, cleaned.ledger.entries)
    store.write("quarantine", county, cleaned.quarantine)
    store.write("open_cases", county, cleaned.open_cases)
    for name in ("survey", "totals"):
        table = cleaned.tables.get(name)
        if table is not None and len(table):
            store.write(name, county, table)
