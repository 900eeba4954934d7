"""What needs all counties, once they are done: results put in place, pooled measures, cases between counties."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.cleaning import named_columns, panel_from
from evalkit.decisions import Decisions
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.ingest import RawData
from evalkit.ledger import Ledger
from evalkit.pipeline.adding import added_measures
from evalkit.pipeline.deciding import Lost, cases_between
from evalkit.pipeline.domains import crosses, measure_as_domains
from evalkit.pipeline.fingerprint import hashed, source_digest, versions
from evalkit.pipeline.parts import file_table, read_about
from evalkit.pipeline.pooled import pooled_result
from evalkit.pipeline.results import PooledResult, table_json
from evalkit.pipeline.staging import Staged
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import UNPLACED, Store, dump_json, file_hash
from evalkit.text import Text

ROLES = ("household", "wave", "county", "village", "welfare", "size", "status", "exit_year", "returned")
"""Columns that pooled statistics need whatever the plan names; others stay on disk."""


def finish_nation(
    plan: Plan,
    staged: Staged,
    store: Store,
    counties: list[str],
    *,
    lost: Lost,
    decisions: Decisions,
    rows_of: Callable[[str], RawData],
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
    rows_of : callable
        Returns the raw rows of a county, as they were cleaned.
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
    partial = len(counties) < len(staged.counties)
    across = cases_between(store.root, decisions, rows_of, partial=partial)
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
    failed = {c: read_about(staged.part(c)) for c in sorted(set(staged.counties) - set(counties))}
    return hashed(
        [plan.digest, "" if pack is None else pack.digest, states, failed, source_digest(), versions()]
    )


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
    without = sizeless(store, counties)
    if without:
        return _unpooled(counties, size_unknown(without, len(counties)))
    try:
        panel = panel_from(pooled_frame(store, plan, counties), plan)
    except (DataError, DesignError) as error:
        return _unpooled(counties, reason(error))
    if crosses(panel) and plan.design.replicates is None:  # replicates of a domain are those of its rows
        measure_as_domains(panel, plan, counties, store)
    try:
        given = added_measures(store, counties, panel)
    except (
        DataError,
        DesignError,
        EstimationError,
    ):  # the measures of all rows give the reason, each under its section
        given = {}
    return pooled_result(panel, plan, given)


def _unpooled(counties: list[str], why: Text) -> PooledResult:
    return PooledResult(len(counties), {}, None, (), dict.fromkeys(("return_risk", "impact", "pooled"), why))


def sizeless(store: Store, counties: list[str]) -> list[str]:
    """Return the counties without any household size, if others have it.

    Together they could only be counted in households, where each of the others is counted in persons.
    """
    without = []
    for county in counties:
        path = store.path("panel", county)
        if "size" not in pq.read_schema(path).names:
            without.append(county)
            continue
        sizes = pq.read_table(path, columns=["size"], partitioning=None)["size"]
        if sizes.null_count == len(sizes):
            without.append(county)
    return without if len(without) < len(counties) else []


def size_unknown(without: Sequence[str], total: int) -> Text:
    """Say why counties cannot be put together when some have no household size."""
    named = "{}{}".format(", ".join(without[:5]), " …" if len(without) > 5 else "")
    return Text(
        en=f"The household size (size) is unknown in {len(without)} of {total} counties ({named}): counties counted in "
        "persons and in households cannot be put together.",
        zh=f"{total}个县中有{len(without)}个县（{named}）没有家庭人口数（size）：按人计与按户计的县不能合并估计。",
    )


def pooled_frame(
    store: Store, plan: Plan, counties: list[str], *, also: Collection[str] = ()
) -> pd.DataFrame:
    """Return the clean rows of all counties with the columns that pooled statistics need, and no other.

    `also` names further columns; those that a county does not have are left out.

    What adds up over counties (`evalkit.pipeline.adding`) needs no rows; medians, growth, the return-risk model and
    program effects do. Where a county lacks a column that another has, it is missing in its rows.

    Raises
    ------
    DataError
        A column that is needed holds text in one county and numbers in another.
    """
    named = {column for _, column in named_columns(plan)} | {getattr(i, "cluster", None) for i in plan.impact}
    derived = {f"{begin}_{code}" for begin in ("treated", "cohort") for code in plan.programs}
    needed = {*ROLES, *named, *derived, *also}
    paths = [store.path("panel", c) for c in counties]
    tables = [
        pq.read_table(p, columns=[n for n in pq.read_schema(p).names if n in needed], partitioning=None)
        for p in paths
    ]
    try:
        whole = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        msg = f"the counties' clean tables cannot be put together: {error}; mend the column in the raw files"
        raise DataError(msg) from error
    frame: pd.DataFrame = whole.to_pandas(self_destruct=True)
    return frame
