"""Audited cleaning: raw text to a clean panel, with a ledger of everything done.

No row is lost: rows in = clean + quarantined + merged + no data. No cell changes silently: replaying the
ledger on the raw files rebuilds the clean tables. Every decision is taken within one county, so cleaning
county by county gives what cleaning everything at once gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.cleaning.areas import carry_villages, check_areas, link_counties, with_issue_codes
from evalkit.cleaning.checking import check_rules
from evalkit.cleaning.codes import check_persons, check_words
from evalkit.cleaning.columns import convert_columns, make_villages_unique, tidy_columns
from evalkit.cleaning.concepts import check_concept
from evalkit.cleaning.histories import check_histories, joined
from evalkit.cleaning.households import check_households
from evalkit.cleaning.moves import moved_households, person_cases, shared_persons, with_rows
from evalkit.cleaning.orders import Order, carry_out, correct_cells
from evalkit.cleaning.result import FATES, MONEY_COLUMNS, CleanResult, SetAside, panel_from
from evalkit.cleaning.rostered import set_aside_without_members
from evalkit.cleaning.rows import check_required, quarantine_keys, set_aside_no_data, settle_duplicates
from evalkit.cleaning.settling import Fault, Orders, Pass, settle, settled
from evalkit.cleaning.single import CleanTable
from evalkit.cleaning.typed import (
    Replayed,
    check_columns,
    check_programs,
    named_columns,
    typed_table,
)
from evalkit.cleaning.work import CASE_COLUMNS, Work
from evalkit.decisions import Decisions
from evalkit.divisions import DatedCodes, load_divisions
from evalkit.ingest import RawData, RawTable, from_frame, read_all, with_counties
from evalkit.ledger import ASIDE, COLUMNS, PROVENANCE, Ledger, replay
from evalkit.plan import Plan

__all__ = [
    "CASE_COLUMNS",
    "CleanResult",
    "CleanTable",
    "SetAside",
    "clean",
    "clean_table",
    "decision_faults",
    "moved_households",
    "named_columns",
    "panel_from",
    "person_cases",
    "rebuild",
    "shared_persons",
    "with_rows",
]

Raw = str | Path | RawData | RawTable | pd.DataFrame


def clean(
    raw: Raw, plan: Plan, *, decisions: Decisions | None = None, allow_empty: bool = False
) -> CleanResult:
    """Clean raw data as the plan says.

    Parameters
    ----------
    raw : path, RawData, RawTable or DataFrame
        The folder of raw files (or the one household file); tables already read; or the household table as a frame.
    plan : Plan
    decisions : Decisions, optional
        What persons decided about open cases of these data (`evalkit.decisions.read_workbooks`).
    allow_empty : bool
        Whether it is fine that no household row is left (rows that name no county); else that is an error.

    Returns
    -------
    CleanResult

    Raises
    ------
    DataError
        Files cannot be read; columns of the plan are absent; keys repeat and ``plan.clean.duplicates`` is ``error``;
        no row is left; welfare is missing in all rows; decisions are stale or contradict each other.
    PlanError
        A program of the plan has no source.
    """
    dated = load_divisions(plan)
    data = with_issue_codes(_raw_data(raw, plan, dated), dated)
    check_columns(data["household"], plan, data.tables.get("member"))
    check_programs(plan, data.tables)
    done = settled(_runner(data, plan, dated), Decisions() if decisions is None else decisions)
    works, told = done.last.works, done.last.told
    if told is None:  # pragma: no cover - the runner below gives it
        raise TypeError("a pass over households tells their histories")
    tables = dict(told.tables)
    entries = pd.concat([w.entries for w in works.values()], ignore_index=True)
    frame = tables.pop("household")
    result = CleanResult(
        frame=frame,
        plan=plan,
        quarantine=pd.concat([_quarantined(w) for w in works.values()], ignore_index=True),
        ledger=Ledger(entries[list(COLUMNS)]),
        open_cases=done.cases,
        tables=tables,
        raw=data,
        fates=pd.DataFrame([_fates(w) for w in works.values()]),
        money=_money(works["household"], frame),
        checks=done.last.checks,
        decided=done.decided,
        told=told,
        structures=told.structures,
    )
    if not allow_empty:
        _ = result.panel
    return result


def clean_table(raw: RawTable, plan: Plan, *, decisions: Decisions | None = None) -> CleanTable:
    """Clean one table by itself, under the same rules and with the same ledger as `clean`.

    Parameters
    ----------
    raw : RawTable
        With a ``county`` column; not the household table, whose panel needs the others.
    plan : Plan
    decisions : Decisions, optional

    Raises
    ------
    DataError
        The table lacks a key; keys repeat and ``plan.clean.duplicates`` is ``error``; decisions are stale.
    """
    dated = load_divisions(plan)
    table = with_issue_codes(RawData({raw.table: raw}), dated)[raw.table]

    def run(orders: Orders) -> Pass:
        works = {raw.table: _cleaned(table, plan, dated, orders.get(raw.table, ()))}
        return Pass(works, check_rules(works))

    done = settled(run, Decisions() if decisions is None else decisions)
    work = done.last.works[raw.table]
    return CleanTable(
        frame=typed_table(work, work.kept, table, plan),
        quarantine=_quarantined(work),
        ledger=Ledger(work.entries[list(COLUMNS)]),
        open_cases=done.cases,
        raw=table,
        rows=pd.DataFrame([_fates(work)]),
        checks=done.last.checks,
    )


def decision_faults(raw: RawData, plan: Plan, decisions: Decisions) -> tuple[Fault, ...]:
    """Return what keeps decisions from being carried out: stale, contradictory, not readable; each with its row
    of the workbook.

    Raises
    ------
    EvalkitError
        The data cannot be cleaned, whatever was decided.
    """
    if not len(decisions):
        return ()
    dated = load_divisions(plan)
    return settle(_runner(with_issue_codes(raw, dated), plan, dated), decisions).faults


def rebuild(raw: RawData, ledger: Ledger, plan: Plan) -> dict[str, pd.DataFrame]:
    """Rebuild every clean, typed table from the raw ones and the ledger alone.

    Parameters
    ----------
    raw : RawData
        Whole, or the counties the ledger is about.
    ledger : Ledger
    plan : Plan

    Returns
    -------
    dict of DataFrame
        ``household`` (equal to `CleanResult.frame`) and the others.

    Raises
    ------
    DataError
        The ledger does not belong to these files.
    """
    data = with_issue_codes(raw, load_divisions(plan))
    texts = {name: replay(table, ledger) for name, table in data.tables.items()}
    tables = {n: typed_table(Replayed(t), np.arange(len(t)), data[n], plan) for n, t in texts.items()}
    return joined(tables, plan)


def _raw_data(raw: Raw, plan: Plan, dated: DatedCodes | None) -> RawData:
    if isinstance(raw, RawData):
        return raw
    if isinstance(raw, RawTable):
        return with_counties({raw.table: raw}, dated)
    if isinstance(raw, pd.DataFrame):
        return with_counties({"household": from_frame(raw, source=plan.data.household)}, dated)
    return read_all(plan, raw)


def _runner(data: RawData, plan: Plan, dated: DatedCodes | None) -> Callable[[Orders], Pass]:
    def run(orders: Orders) -> Pass:
        works = {n: _cleaned(table, plan, dated, orders.get(n, ())) for n, table in data.tables.items()}
        set_aside_without_members(works, plan)
        checks = check_rules(works)
        return Pass(works, checks, check_histories(works, plan))

    return run


def _cleaned(raw: RawTable, plan: Plan, dated: DatedCodes | None, orders: Sequence[Order]) -> Work:
    work = Work.begin(raw, plan)
    correct_cells(work, orders)
    check_required(work)
    set_aside_no_data(work)
    tidy_columns(work)
    link_counties(work, dated)
    carry_villages(work, dated)
    convert_columns(work)
    carry_out(work, orders)
    quarantine_keys(work)
    make_villages_unique(work)
    settle_duplicates(work)
    if work.table == "household":
        check_households(work)
        check_concept(work)
    if work.table == "member":
        check_persons(work)
    check_words(work)
    check_areas(work, dated)
    return work


def _quarantined(work: Work) -> pd.DataFrame:
    """Return quarantined rows with their reasons and raw cells."""
    entries = work.entries.loc[work.entries["action"] == "quarantine"]
    about = ["table", "rule", "reason_en", "reason_zh", "file", "sheet", "row"]
    at, raw, none = entries["pos"].to_numpy(), work.raw.frame, pd.array([], dtype="str")
    cells = {c: raw[c].array[at] if len(at) else none for c in raw.columns if c not in PROVENANCE}
    named = {f"{c} (raw)" if c in about else c: text for c, text in cells.items()}
    return pd.DataFrame({**{c: entries[c].array for c in about}, **named})


def _fates(work: Work) -> dict[str, object]:
    counts = (len(work.fate), len(work.kept), *(work.out(f) for f in ASIDE))
    return {"table": work.table, **dict(zip(FATES, counts, strict=True))}


def _money(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """Reconcile the sums of household amounts; see `CleanResult.money_table`."""
    rows = []
    for column, before in work.written.items():
        converted = work.numbers(column)
        changed = float(np.nansum(converted)) - before
        aside = float(np.nansum(converted[~work.stays]))
        after = float(np.nansum(frame[column].to_numpy(dtype=np.float64)))
        rows.append((column, before, changed, aside, after, before + changed - aside - after))
    return pd.DataFrame(rows, columns=list(MONEY_COLUMNS))
