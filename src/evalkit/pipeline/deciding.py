"""Decisions of persons in a build: checked for all counties before any is built, and the workbooks written afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.cleaning import CASE_COLUMNS, clean, decision_faults, with_rows
from evalkit.decisions import Decision, Decisions, Workbooks, choice, refuse, write_workbooks
from evalkit.errors import EvalkitError
from evalkit.ingest import RawData, read_all
from evalkit.ingest.cells import clean_id
from evalkit.ledger import SAID, Ledger, typed_entries
from evalkit.pipeline.county import CountyTask, reusable
from evalkit.pipeline.fingerprint import county_fingerprint, hashed
from evalkit.pipeline.parts import read_about
from evalkit.pipeline.placing import without_rows
from evalkit.pipeline.staging import Staged
from evalkit.pipeline.workers import in_workers
from evalkit.plan import Plan
from evalkit.queries.between import BACK_COLUMNS, cases_between_counties
from evalkit.rules import rule
from evalkit.store import UNPLACED, Store


@dataclass(frozen=True, eq=False)
class Lost:
    """Rows that name no county, cleaned.

    Parameters
    ----------
    rows : int
        Household rows, all in quarantine.
    cases : DataFrame
        Their open cases.
    ledger : Ledger
    fingerprint : str
        Hash of what they depend on.
    fates, money : DataFrame
        What became of them by table, and their amounts; see `evalkit.cleaning.CleanResult`.
    """

    rows: int
    cases: pd.DataFrame
    ledger: Ledger
    fingerprint: str
    fates: pd.DataFrame = field(default_factory=pd.DataFrame)
    money: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False)
class Across:
    """Cases between counties after decisions: those that are open, and the ledger entries of the others."""

    cases: pd.DataFrame
    ledger: Ledger


def check_counties(decisions: Decisions, staged: Staged) -> None:
    """Refuse decisions about counties that the data do not have.

    Raises
    ------
    DataError
        There are such decisions; all of them are listed.
    """
    known = {*staged.counties, *([""] if staged.unplaced else [])}
    refuse([_homeless(d) for d in decisions.within() if d.county not in known])


def with_decisions(
    tasks: Mapping[str, CountyTask], decisions: Decisions, unplaced: Path
) -> dict[str, CountyTask]:
    """Return the tasks of counties, each with its decisions and a fingerprint that depends on them.

    Parameters
    ----------
    tasks : mapping
    decisions : Decisions
    unplaced : Path
        Folder of the rows that name no county.
    """
    out = {}
    for county, task in tasks.items():
        own = decisions.county(county)
        if not len(own):
            out[county] = task
            continue
        lost = unplaced.resolve() if any(d.placed for d in own) else None
        decided = [own.digest(), "" if lost is None else read_about(lost)]
        mark = county_fingerprint(task.plan, county, read_about(task.part), hashed(decided))
        out[county] = replace(task, decisions=own, fingerprint=mark, unplaced=lost)
    return out


def check_decisions(tasks: Mapping[str, CountyTask], jobs: int = 1) -> None:
    """Try the decisions of every county that will be built anew; nothing is written.

    Raises
    ------
    DataError
        Decisions are stale, contradict each other or cannot be carried out; those of all counties are listed.
    """
    concerned = {c: t for c, t in sorted(tasks.items()) if len(t.decisions) and reusable(t) is None}
    if jobs > 1 and len(concerned) > 1:
        found = {c: job.result() for c, job in in_workers(_faults, concerned, jobs)}
    else:
        found = {c: _faults(t) for c, t in concerned.items()}
    refuse([fault for county in sorted(found) for fault in found[county]])


def _faults(task: CountyTask) -> tuple[str, ...]:
    try:
        return tuple(f.text for f in decision_faults(task.rows(), task.plan, task.decisions))
    except EvalkitError:  # the county fails in the build, with or without decisions
        return ()


def county_faults(plan: Plan, decisions: Decisions, county: str | None = None) -> list[tuple[str, str]]:
    """Return the decisions that a build of the raw files as they are now could not follow; nothing is written.

    Parameters
    ----------
    plan : Plan
    decisions : Decisions
    county : str, optional
        Only the decisions of this one. Decisions about cases between counties are not looked at.

    Returns
    -------
    list of (str, str)
        Number of the case and what is wrong.

    Raises
    ------
    DataError
        The raw files cannot be read.
    """
    wanted = decisions.within() if county is None else decisions.county(county)
    if not len(wanted):
        return []
    return [(f.case, f.text) for f in decision_faults(read_all(plan), plan, wanted)]


def keep_unplaced(store: Store, staged: Staged, plan: Plan, decisions: Decisions) -> Lost:
    """Put rows that name no county into quarantine, and return what else there is to say about them.

    Raises
    ------
    DataError
        Decisions about them are stale.
    """
    raw = staged.lost()
    if raw is None:
        store.drop("quarantine", UNPLACED)
        return Lost(0, pd.DataFrame(columns=list(CASE_COLUMNS)), Ledger.empty(), "")
    own = decisions.county("")
    given = Decisions(tuple(d for d in decisions if d.placed))
    raw = without_rows(raw, given)
    cleaned = clean(raw, plan, decisions=own, allow_empty=True)
    store.write("quarantine", UNPLACED, cleaned.quarantine)
    mark = county_fingerprint(plan, "", read_about(staged.part("")), hashed([own.digest(), given.digest()]))
    rows = len(cleaned.quarantine)
    return Lost(rows, cleaned.open_cases, cleaned.ledger, mark, cleaned.row_table(), cleaned.money_table())


def _homeless(d: Decision) -> str:
    where = f"rows of county {d.county}" if d.county else "rows without a county"
    return f"{d.where}: case {d.case} ({d.rule}) is stale: the data have no {where}"


def cases_between(
    root: Path, decisions: Decisions, rows_of: Callable[[str], RawData], *, partial: bool = False
) -> Across:
    """Return the cases between the counties of a store that are open, and the ledger of those that persons decided.

    Parameters
    ----------
    root : Path
        Root of the store.
    decisions : Decisions
        Those about such cases.
    rows_of : callable
        Returns the raw rows of a county, as they were cleaned.
    partial : bool
        Counties failed, so that cases may be missing for that reason: decisions about those are not stale.

    Raises
    ------
    DataError
        A decision is stale.
    """
    gone = [d for d in decisions if d.in_county]
    found = cases_between_counties(root)
    seen = cases_between_counties(root, _put_back(root, gone)) if gone else found
    kept = Decisions(tuple(d for d in decisions if not d.in_county))
    _refuse_stale(seen, decisions, partial=partial)
    found = _with_rows(found.loc[~found["case"].isin([d.case for d in gone])], root, rows_of)
    return settle_across(found, kept)


def _put_back(root: Path, gone: Sequence[Decision]) -> pd.DataFrame:
    """Return the rows that decisions about cases between counties left out or corrected, as `cases_between_counties` takes them."""
    rows = []
    for d in gone:
        household, wave, _ = d.home
        path = Store(root).path("ledger", d.county)
        entries = Store(root).read("ledger", d.county) if path.is_file() else pd.DataFrame()
        if entries.empty:
            continue
        mine = entries.loc[
            (entries["rule"] == choice(d.action).rule)
            & (entries["table"] == d.table)
            & entries["reason_en"].str.endswith(f"{SAID}{d.said}")
        ]
        old = mine["old"].dropna()
        number = clean_id(old.iloc[0])[1] if d.table == "member" and len(old) else None
        rows += [(d.table, household, wave or None, d.county, number)] if len(mine) else []
    return pd.DataFrame(rows, columns=list(BACK_COLUMNS)).astype("str")


def _with_rows(found: pd.DataFrame, root: Path, rows_of: Callable[[str], RawData]) -> pd.DataFrame:
    """Return cases with the file and row of each, county by county, without whole id numbers."""
    parts = []
    for county, part in found.groupby("county", sort=True):
        raw, ledger = rows_of(str(county)), Ledger(Store(root).read("ledger", str(county)))
        whole = part
        for table in sorted(set(part["table"])):
            whole = with_rows(whole, raw[table], ledger) if table in raw else whole
        parts.append(whole)
    out = pd.concat(parts) if parts else found
    return out.sort_index()[list(CASE_COLUMNS)].reset_index(drop=True)


def _refuse_stale(seen: pd.DataFrame, decisions: Decisions, *, partial: bool) -> None:
    """Refuse decisions about cases that are not there any more, or that look otherwise now."""
    states = dict(zip(seen["case"], seen["state"], strict=True))
    stale = []
    for d in decisions:
        if d.case not in states:
            if not partial:
                stale.append(
                    f"{d.where}: case {d.case} ({d.rule}) is stale: the data no longer have this case"
                )
        elif states[d.case] != d.state:
            now = seen.loc[seen["case"] == d.case, "evidence"].iloc[0]
            stale.append(
                f"{d.where}: case {d.case} ({d.rule}) is stale: when it was decided there was {d.evidence!r}, now there "
                f"is {now!r}; decide it anew (delete the row first)"
            )
    refuse(stale)


def settle_across(found: pd.DataFrame, decisions: Decisions) -> Across:
    """Leave out the cases between counties that persons decided to keep, and note each decision.

    Parameters
    ----------
    found : DataFrame
        Cases between counties.
    decisions : Decisions
        Those about such cases.
    """
    made = {d.case: d for d in decisions}
    settled = found["case"].isin(list(made))
    rows = found.loc[settled].reset_index(drop=True)
    entries = rows.assign(**_entry_columns([made[c] for c in rows["case"]]))
    ledger = Ledger(typed_entries(entries)) if len(entries) else Ledger.empty()
    return Across(found.loc[~settled].reset_index(drop=True), ledger)


def _entry_columns(made: Sequence[Decision]) -> dict[str, Any]:
    """Return what a ledger entry says: nothing is changed, so old and new are empty, and it is about no row alone."""
    rules = [rule(choice(d.action).rule) for d in made]
    return {
        "file": [None] * len(made),
        "sheet": [None] * len(made),
        "row": [-1] * len(made),
        "old": [None] * len(made),
        "new": [None] * len(made),
        "action": ["flag"] * len(made),
        "rule": [r.id for r in rules],
        "version": [r.version for r in rules],
        "reason_en": [f"{r.text.en}{SAID}{d.said}" for r, d in zip(rules, made, strict=True)],
        "reason_zh": [f"{r.text.zh}{SAID}{d.said}" for r, d in zip(rules, made, strict=True)],
    }


def write_cases(
    books: Workbooks, store: Store, built: Sequence[str], failed: Sequence[str]
) -> tuple[str, ...]:
    """Write the workbooks of open and decided cases; return the files.

    Raises
    ------
    DataError
        A workbook is open, or was changed since the build began.
    """
    if books.book is None:
        return ()
    cases = pd.concat([*_open_cases(store, built)], ignore_index=True)
    applied = [d.case for d in books.decisions if d.across or d.county not in failed]
    return tuple(map(str, write_workbooks(books, cases, applied, failed)))


def _open_cases(store: Store, built: Sequence[str]) -> Iterator[pd.DataFrame]:
    for county in (*built, UNPLACED):
        if store.path("open_cases", county).is_file():
            yield store.read("open_cases", county)
