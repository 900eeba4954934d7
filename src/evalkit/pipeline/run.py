"""`build`: every county, then what is pooled, then the manifest."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.cleaning import clean, moved_households, panel_from
from evalkit.errors import DataError
from evalkit.ingest import RawData, read_all, split_by_county
from evalkit.pipeline.county import CountyDone, attempt_county
from evalkit.pipeline.domains import crosses, measure_as_domains
from evalkit.pipeline.pooled import pooled_result
from evalkit.pipeline.results import PooledResult
from evalkit.pipeline.workers import in_workers
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import UNPLACED, Store, file_hash

VERSIONS = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "papermill", "pyarrow")

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class BuildResult:
    """Counties done and failed, rows that named no county, moves between counties, the store's root."""

    done: tuple[CountyDone, ...]
    failed: tuple[CountyDone, ...]
    unplaced: int
    moved: int
    root: Path


def build(plan: Plan, *, jobs: int = 1, progress: Progress | None = None) -> BuildResult:
    """Read the raw files, build every county, compute the pooled results, write the manifest last.

    Parameters
    ----------
    plan : Plan
    jobs : int
        Worker processes; each works on one county at a time.
    progress : callable, optional
        Called with a county's code when it is done, and with the number of counties in all.

    Raises
    ------
    DataError
        If nothing can be read, no row names a county, or every county fails (the first reason is given).
    PlanError
        If the plan asks for what no county can give.
    """
    raw = read_all(plan)
    parts = split_by_county(raw)
    lost = parts.pop("", None)
    if not parts:
        raise _nothing(raw, plan)
    store = Store(plan.processed)
    store.start_over([*parts, *([] if lost is None else [UNPLACED])])
    unplaced = _keep_unplaced(store, lost, plan)
    results = sorted(_each(parts, plan, store.root, jobs, progress), key=lambda r: r.county)
    done = tuple(r for r in results if not r.error)
    failed = tuple(r for r in results if r.error)
    if not done:
        msg = f"all {len(failed)} counties failed; the first, {failed[0].county}: {failed[0].error}"
        raise DataError(msg)
    counties = [r.county for r in done]
    frame = store.read_all("panel", counties)
    moved = moved_households(frame)
    store.write("open_cases", UNPLACED, moved)
    store.write_json(store.pooled_path, _pooled(frame, store, plan, counties).to_dict())
    store.write_json(store.manifest_path, manifest(plan, raw, done, failed, store))
    return BuildResult(done, failed, unplaced, len(moved), store.root)


def _pooled(frame: pd.DataFrame, store: Store, plan: Plan, counties: list[str]) -> PooledResult:
    """Return what needs all counties; where strata cross counties, their measures are redone as domains."""
    try:
        panel = panel_from(frame, plan)
    except DataError as error:
        why = dict.fromkeys(("return_risk", "impact", "pooled"), reason(error))
        return PooledResult(len(counties), {}, None, (), why)
    if crosses(panel):
        measure_as_domains(panel, plan, counties, store)
    return pooled_result(panel, plan)


def _each(
    parts: dict[str, RawData], plan: Plan, root: Path, jobs: int, progress: Progress | None
) -> Iterator[CountyDone]:
    tell = progress or (lambda _county, _total: None)
    if jobs <= 1:
        for county in sorted(parts):
            yield attempt_county(county, plan, parts[county], root)
            tell(county, len(parts))
        return
    tasks = {c: (c, plan, parts[c], root) for c in sorted(parts)}
    for county, job in in_workers(_attempt, tasks, jobs):
        yield job.result()
        tell(county, len(parts))


def _attempt(task: tuple[str, Plan, RawData, Path]) -> CountyDone:
    return attempt_county(*task)


def _nothing(raw: RawData, plan: Plan) -> DataError:
    rows = len(raw["household"])
    if not rows:
        files = ", ".join(raw["household"].files["file"].unique())
        return DataError(f"the household table has a header and no rows ({files}); export it again")
    return DataError(
        f"none of {rows} household rows names a county ({plan.raw}); mend the county column in "
        "plan.data.household.columns"
    )


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
