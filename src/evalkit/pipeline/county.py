"""`build_county`: one county's raw rows to its clean panel and its results. One path per number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from evalkit.cleaning import CleanResult, clean
from evalkit.decisions import Decisions
from evalkit.errors import DataError, EvalkitError, PlanError
from evalkit.events import Events
from evalkit.exits import ExitJudgement
from evalkit.ingest import RawData, RawTable
from evalkit.panel import Panel
from evalkit.pipeline.adding import county_sums
from evalkit.pipeline.distribution import measure_distribution
from evalkit.pipeline.examining import examine_county, with_patterns, write_patterns
from evalkit.pipeline.happenings import (
    with_events,
    with_structures,
    write_events,
    write_structures,
)
from evalkit.pipeline.measuring import Collected, measure_panel, registry_exits, sample_table
from evalkit.pipeline.parts import load_part
from evalkit.pipeline.placing import joined_rows
from evalkit.pipeline.replicating import with_replicates
from evalkit.pipeline.results import CountyResult
from evalkit.pipeline.standing import Standing, county_standing
from evalkit.pipeline.visits import judged_exit
from evalkit.pipeline.weighing import weigh_county
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import Store
from evalkit.text import Text

KEPT = ("member", "program", "village", "survey", "totals", "cases")
"""Clean tables that are kept by county besides the panel."""


@dataclass(frozen=True)
class CountyDone:
    """What a county's build returns: small, picklable; the tables are in the store.

    `how` is ``built`` or ``reused`` (nothing it depends on had changed) or ``failed``, then with the `error`;
    `fault` is what is wrong with the plan itself, for every county.
    """

    county: str
    name: str
    rows_in: int
    rows_clean: int
    rows_set_aside: int
    error: str = ""
    how: Literal["built", "reused", "failed"] = "built"
    fault: str = ""


@dataclass(frozen=True)
class CountyTask:
    """A county to build: paths and settings, no data.

    Parameters
    ----------
    county : str
    plan : Plan
    part : Path
        Folder of its raw text.
    root : Path
        Root of the store.
    fingerprint : str
        Hash of everything its files depend on.
    fresh : bool
        Build it even if nothing has changed.
    decisions : Decisions
        What persons decided about its open cases.
    unplaced : Path, optional
        Folder of the rows that name no county, when persons gave some of them to this one.
    """

    county: str
    plan: Plan
    part: Path
    root: Path
    fingerprint: str
    fresh: bool = False
    decisions: Decisions = field(default_factory=Decisions)
    unplaced: Path | None = None

    def rows(self) -> RawData:
        """Return the county's raw rows, with those that persons gave to it."""
        own = load_part(self.part)
        return own if self.unplaced is None else joined_rows(own, load_part(self.unplaced), self.decisions)


def build_county(
    county: str,
    plan: Plan,
    raw: RawData | Path,
    root: Path,
    *,
    fingerprint: str = "",
    decisions: Decisions | None = None,
) -> CountyDone:
    """Clean one county's rows, write its partition, compute and write its results, mark it as done.

    Parameters
    ----------
    county : str
        Code of the county.
    plan : Plan
    raw : RawData or Path
        The rows of this county in every raw table, as text; or the folder where they were staged.
    root : Path
        Root of the store.
    fingerprint : str
        Hash of everything the county's files depend on; a later build with the same one takes them as they are.
    decisions : Decisions, optional
        What persons decided about the county's open cases.

    Raises
    ------
    EvalkitError
        If the county's data cannot be followed (duplicates with ``duplicates: error``, no household row …).
        What was set aside before is in the store nevertheless.
    """
    raw = load_part(raw) if isinstance(raw, Path) else raw
    store = Store(root)
    store.forget(county)
    cleaned = clean(raw, plan, decisions=decisions, allow_empty=True)
    _write_accounts(store, county, cleaned)
    if not len(raw["household"]):
        named = ", ".join(name for name, table in raw.tables.items() if len(table))
        msg = f"the household table has no row of county {county}, which is named in: {named}; add its households"
        raise DataError(msg)
    events, structures = cleaned.events, cleaned.structures
    standing = _standing(county, cleaned, plan, events)
    result = with_events(standing.result, events, cleaned)
    result = with_structures(result, structures, plan)
    patterns = examine_county(cleaned, plan, county)
    result = with_patterns(result, patterns)
    _write_tables(store, county, cleaned)
    store.write("problems", county, standing.problems)
    write_events(store, county, events)
    write_structures(store, county, structures)
    write_patterns(store, county, patterns)
    plain = result.to_dict()
    store.write_json(store.result_path(county), plain)
    rows = rows_by_fate(cleaned)
    done = CountyDone(county, result.name, rows["in"], rows["clean"], rows["quarantined"])
    state = {"fingerprint": fingerprint, "done": asdict(done), "files": store.files(county)}
    store.write_json(store.state_path(county), {**state, "result": own_result(plain)})
    return done


def own_result(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a county's plain results without the list of raw files, which changes when other counties' rows do."""
    return {**plain, "tables": {k: t for k, t in plain["tables"].items() if k != "files"}}


def reusable(task: CountyTask) -> CountyDone | None:
    """Return an earlier build of the county from the same rows, settings and code, if all its files are whole."""
    store = Store(task.root)
    path = store.state_path(task.county)
    if task.fresh or not path.is_file():
        return None
    state = store.read_json(path)
    if not task.fingerprint or state["fingerprint"] != task.fingerprint:
        return None
    if state["files"] != store.files(task.county):
        return None
    return replace(CountyDone(**state["done"]), how="reused")


def attempt_county(task: CountyTask) -> CountyDone:
    """Reuse or build a county, turning errors into lines of the result so that other counties go on."""
    known = reusable(task)
    if known is not None:
        return known
    try:
        return build_county(
            task.county,
            task.plan,
            task.rows(),
            task.root,
            fingerprint=task.fingerprint,
            decisions=task.decisions,
        )
    except PlanError as error:  # a fault of the plan is a fault in every county
        return CountyDone(task.county, task.county, 0, 0, 0, how="failed", fault=str(error))
    except EvalkitError as error:
        name = county_name(task.plan, task.county, None)
        return CountyDone(task.county, name, 0, 0, 0, f"{type(error).__name__}: {error}", how="failed")


def county_result(
    county: str, cleaned: CleanResult, plan: Plan, events: Events | None = None
) -> CountyResult:
    """Compute everything that one county's data alone can say.

    The estimates use the weights of the design; where the plan asks for weights against attrition or calibrated to known
    totals, they use those; where it names replicate weights, their errors are those of the replicates.

    Parameters
    ----------
    county : str
    cleaned : CleanResult
    plan : Plan
    events : Events, optional
        Why households left the panel.
    """
    return _standing(county, cleaned, plan, events).result


def _standing(county: str, cleaned: CleanResult, plan: Plan, events: Events | None) -> Standing:
    """Return a county's results and, row by row, its problems."""
    panel = cleaned.panel
    weighed = weigh_county(panel, plan, county, None if events is None else events.entries)

    def measured(part: Panel) -> Collected:
        out = measure_panel(part, plan)
        measure_distribution(out, part, plan, cleaned.tables.get("member"))
        return out

    found = with_replicates(measured(weighed.panel), weighed.panel, plan, measured)
    found.facts["weighing"] = weighed.facts()
    found.omitted.update(weighed.omitted)
    judgement = _judge(found, county, cleaned, plan)
    tables = {**_tables(cleaned), **weighed.tables, **found.tables}
    exits = registry_exits(panel)
    if exits is None:
        found.omitted["registry_exits"] = Text(
            en="The data carry no registry year of exit (exit_year).", zh="数据中没有登记的脱贫年度。"
        )
    else:
        tables["registry_exits"] = exits
    result = CountyResult(
        county=county,
        name=county_name(plan, county, panel.frame),
        waves=tuple(panel.waves),
        estimates=found.estimates,
        tables=tables,
        judgement=judgement,
        facts=found.facts,
        omitted=found.omitted,
    )
    return county_standing(result, weighed.panel, cleaned.tables, plan)


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
        return judged_exit(cleaned.tables, plan, county)
    except EvalkitError as error:
        found.omitted["verdicts"] = reason(error)
        return None


def _tables(cleaned: CleanResult) -> dict[str, pd.DataFrame]:
    rules = cleaned.ledger.counts()
    cases = cleaned.open_cases
    by_rule = pd.DataFrame(
        {"cases": _by_rule(cases), "decided": _by_rule(cleaned.decided)}, dtype="Int64"
    ).fillna(0)
    household = cleaned.raw.tables["household"]
    return {
        "rows": cleaned.row_table(),
        "rules": rules,
        "files": _of_these_rows(household.files, household),
        "mapping": _of_these_rows(household.mapping, household),
        "open_cases": by_rule.astype("int64").rename_axis(["table", "rule"]).reset_index(),
        "decided": cleaned.decided.groupby(["table", "rule", "action"]).size().rename("n").reset_index(),
        "money": cleaned.money_table(),
        "checks": cleaned.checks,
        "sample": sample_table(cleaned.panel),
    }


def _by_rule(cases: pd.DataFrame) -> pd.Series:
    return cases.groupby(["table", "rule"]).size()


def _of_these_rows(table: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    """Return the lines about files that the county's rows come from."""
    return table[table["file"].isin(raw.frame["_file"].unique())].reset_index(drop=True)


def _write_accounts(store: Store, county: str, cleaned: CleanResult) -> None:
    """Write what cleaning did and left open: it stays when the county fails afterwards."""
    store.write("ledger", county, cleaned.ledger.entries)
    store.write("quarantine", county, cleaned.quarantine)
    store.write("open_cases", county, cleaned.open_cases)


def _write_tables(store: Store, county: str, cleaned: CleanResult) -> None:
    """Write the clean tables, once nothing can fail: a county that failed is in no answer about all counties."""
    store.write("panel", county, cleaned.panel.frame)
    sums = county_sums(cleaned.panel, county)
    if sums is not None:
        store.write("sums", county, sums)
    for name in KEPT:
        table = cleaned.tables.get(name)
        if table is not None and len(table):
            store.write(name, county, table)
