"""`build`: every county, then what is pooled, then the manifest."""

from __future__ import annotations

import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.cleaning import clean, panel_from
from evalkit.errors import DataError
from evalkit.ingest import RawData, read_all, split_by_county
from evalkit.pipeline.county import CountyDone, attempt_county
from evalkit.pipeline.pooled import pooled_result
from evalkit.plan import Plan
from evalkit.store import UNPLACED, Store, file_hash

VERSIONS = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "papermill", "pyarrow")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildResult:
    """Counties done and failed, rows that named no county, the store's root."""

    done: tuple[CountyDone, ...]
    failed: tuple[CountyDone, ...]
    unplaced: int
    root: Path


def build(plan: Plan, *, jobs: int = 1, progress: Progress | None = None) -> BuildResult:
    """Read the raw files, build every county, compute the pooled results, write the manifest last.

    Parameters
    ----------
    plan : Plan
    jobs : int
        Worker processes; each works on one county at a time.
    progress : callable, optional
        Called with a county's code when it is done.

    Raises
    ------
    DataError
        If nothing can be read, no row names a county, or every county fails (the first reason is given).
    """
    raw = read_all(plan)
    parts = split_by_county(raw)
    lost = parts.pop("", None)
    if not parts:
        msg = f"no row of {plan.raw} names a county; map the county column in plan.data.household.columns"
        raise DataError(msg)
    store = Store(plan.processed)
    unplaced = _keep_unplaced(store, lost, plan)
    results = sorted(_each(parts, plan, store.root, jobs, progress), key=lambda r: r.county)
    done = tuple(r for r in results if not r.error)
    failed = tuple(r for r in results if r.error)
    if not done:
        msg = f"all {len(failed)} counties failed; the first, {failed[0].county}: {failed[0].error}"
        raise DataError(msg)
    counties = [r.county for r in done]
    panel = panel_from(store.read_all("panel", counties), plan)
    pooled = pooled_result(panel, plan)
    store.write_json(store.pooled_path, pooled.to_dict())
    store.write_json(store.manifest_path, manifest(plan, raw, done, failed, store))
    return BuildResult(done, failed, unplaced, store.root)


def _each(
    parts: dict[str, RawData], plan: Plan, root: Path, jobs: int, progress: Progress | None
) -> Iterator[CountyDone]:
    tell = progress or (lambda _county: None)
    if jobs <= 1:
        for county in sorted(parts):
            yield attempt_county(county, plan, parts[county], root)
            tell(county)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = {pool.submit(attempt_county, c, plan, parts[c], root): c for c in sorted(parts)}
        for job in as_completed(waiting):
            yield job.result()
            tell(waiting[job])


def _keep_unplaced(store: Store, lost: RawData | None, plan: Plan) -> int:
    """Put rows that name no county into quarantine, with their ledger; return how many household rows."""
    if lost is None:
        return 0
    quarantine, ledger = clean(lost, plan, allow_empty=True).set_aside()
    store.write("quarantine", UNPLACED, quarantine)
    store.write("ledger", UNPLACED, ledger.entries)
    return len(quarantine)


def manifest(
    plan: Plan, raw: RawData, done: tuple[CountyDone, ...], failed: tuple[CountyDone, ...], store: Store
) -> dict[str, Any]:
    """Return what identifies a build: plan digest, input and output hashes, versions, failures."""
    files = pd.concat([t.files for t in raw.tables.values()], ignore_index=True)
    inputs = files.drop_duplicates("file").set_index("file")["sha256"].to_dict()
    return {
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
        "inputs": {str(k): str(v) for k, v in sorted(inputs.items())},
        "counties": {
            r.county: {
                "name": r.name,
                "rows_in": r.rows_in,
                "rows_clean": r.rows_clean,
                "rows_set_aside": r.rows_set_aside,
                "panel_sha256": file_hash(store.path("panel", r.county)),
            }
            for r in done
        },
        "failed": {r.county: r.error for r in failed},
    }
