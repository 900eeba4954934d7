"""What needs all counties, once they are done: results put in place, pooled measures, cases between counties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evalkit import queries
from evalkit.cleaning import named_columns, panel_from
from evalkit.decisions import Decisions
from evalkit.errors import DataError
from evalkit.ledger import Ledger
from evalkit.pipeline.deciding import Lost, settle_across
from evalkit.pipeline.domains import crosses, measure_as_domains
from evalkit.pipeline.fingerprint import hashed, source_digest, versions
from evalkit.pipeline.parts import file_table, read_about
from evalkit.pipeline.pooled import pooled_result
from evalkit.pipeline.results import PooledResult, table_json
from evalkit.pipeline.staging import Staged
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import UNPLACED, Store, dump_json, file_hash

TEXTS = (
    "household", "county", "county_name", "village", "township", "stratum", "province", "prefecture", "status",
    "dynasty", "household_type", "cause",
)  # fmt: skip
"""Columns of text that pooled statistics may need; other text stays on disk."""


def finish_nation(
    plan: Plan,
    staged: Staged,
    store: Store,
    counties: list[str],
    *,
    lost: Lost,
    decisions: Decisions,
    fresh: bool = False,
) -> int:
    """Write what rests on all counties; nothing is computed again when no county and no setting changed.

    Parameters
    ----------
    plan : Plan
    staged : Staged
    store : Store
    counties : list of str
        Those that were built.
    lost : Lost
        Rows that name no county.
    decisions : Decisions
        What persons decided about cases between counties.
    fresh : bool
        Compute it in any case.

    Returns
    -------
    int
        Number of open cases between counties.
    """
    fingerprint = hashed([_fingerprint(plan, staged, store, counties), lost.fingerprint, decisions.digest()])
    known = store.root / "state" / "pooled.json"
    if not fresh and known.is_file():
        state = store.read_json(known)
        if state["fingerprint"] == fingerprint and state["files"] == _files(store, counties):
            return int(state["moved"])
    known.unlink(missing_ok=True)
    for county in counties:
        _put_result(store, staged, county)
    across = settle_across(queries.cases_between_counties(store.root), decisions)
    moved = across.cases
    store.write("open_cases", UNPLACED, pd.concat([p for p in (moved, lost.cases) if len(p)] or [moved]))
    store.write("ledger", UNPLACED, Ledger.joined([lost.ledger, across.ledger]).entries)
    store.write_json(store.pooled_path, _pooled(store, plan, counties).to_dict())
    state = {"fingerprint": fingerprint, "files": _files(store, counties), "moved": len(moved)}
    store.write_json(known, state)
    return len(moved)


def _fingerprint(plan: Plan, staged: Staged, store: Store, counties: list[str]) -> str:
    pack = plan.rule_pack()
    states = {c: [store.read_json(store.state_path(c))["fingerprint"], _behind(staged, c)] for c in counties}
    return hashed([plan.digest, "" if pack is None else pack.digest, states, source_digest(), versions()])


def _behind(staged: Staged, county: str) -> list[Any]:
    """Return the files behind a county's household rows, with their hashes."""
    found: list[Any] = read_about(staged.part(county))["tables"]["household"]["files"]
    return found


def _files(store: Store, counties: list[str]) -> dict[str, str]:
    """Return the hashes of everything that `finish_nation` writes."""
    unplaced = [store.path(kind, UNPLACED) for kind in ("open_cases", "ledger")]
    paths = [store.pooled_path, *unplaced, *map(store.result_path, counties)]
    return {p.relative_to(store.root).as_posix(): file_hash(p) for p in paths if p.is_file()}


def _put_result(store: Store, staged: Staged, county: str) -> None:
    """Put a county's own results in place, with the raw files as they are now."""
    result = store.read_json(store.state_path(county))["result"]
    about = read_about(staged.part(county))["tables"]["household"]
    result["tables"]["files"] = table_json(file_table(about))
    path = store.result_path(county)
    if not path.is_file() or path.read_bytes() != dump_json(result).encode("utf-8"):
        store.write_json(path, result)


def _pooled(store: Store, plan: Plan, counties: list[str]) -> PooledResult:
    """Return what needs all counties; where strata cross counties, their measures are redone as domains."""
    try:
        panel = panel_from(_pooled_frame(store, plan, counties), plan)
    except DataError as error:
        why = dict.fromkeys(("return_risk", "impact", "pooled"), reason(error))
        return PooledResult(len(counties), {}, None, (), why)
    if crosses(panel):
        measure_as_domains(panel, plan, counties, store)
    return pooled_result(panel, plan)


def _pooled_frame(store: Store, plan: Plan, counties: list[str]) -> pd.DataFrame:
    """Return the clean rows of all counties without the text that no statistic needs."""
    named = {column for _, column in named_columns(plan)} | {getattr(i, "cluster", None) for i in plan.impact}
    paths = [store.path("panel", c) for c in counties]
    kept = [f.name for f in _fields(paths[0]) if f.name in named or f.name in TEXTS or not _is_text(f)]
    tables = [pq.read_table(p, columns=kept, partitioning=None) for p in paths]
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas(self_destruct=True)
    return frame


def _fields(path: Path) -> Iterator[pa.Field]:
    yield from pq.read_schema(path)


def _is_text(field: pa.Field) -> bool:
    return bool(pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
