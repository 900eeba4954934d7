"""`build`: raw text by county, every county, then what is pooled, then the manifest."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.decisions import read_workbooks
from evalkit.errors import DataError
from evalkit.pipeline.county import CountyDone, CountyTask
from evalkit.pipeline.deciding import (
    check_counties,
    check_decisions,
    keep_unplaced,
    with_decisions,
    write_cases,
)
from evalkit.pipeline.engines import Engine, run_counties
from evalkit.pipeline.fingerprint import county_fingerprint, digests, named_files, source_digest
from evalkit.pipeline.intake import unread_files, write_intake
from evalkit.pipeline.nation import finish_nation
from evalkit.pipeline.papers import read_papers
from evalkit.pipeline.parts import read_about
from evalkit.pipeline.staging import Staged, stage
from evalkit.plan import Plan
from evalkit.store import UNPLACED, Store, file_hash
from evalkit.text import Text, text_from

VERSIONS = (
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "scikit-learn",
    "matplotlib",
    "papermill",
    "pyarrow",
    "duckdb",
)

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class BuildResult:
    """Counties done and failed, rows that named no county, open cases between counties, the store's root.

    `unpooled` is why there are no results over all counties, None when there are.
    """

    done: tuple[CountyDone, ...]
    failed: tuple[CountyDone, ...]
    unplaced: int
    moved: int
    root: Path
    unpooled: Text | None = None

    @property
    def reused(self) -> int:
        """Number of counties in which nothing had changed since an earlier build."""
        return sum(r.how == "reused" for r in self.done)


def build(
    plan: Plan,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    engine: Engine | None = None,
    fresh: bool = False,
) -> BuildResult:
    """Read the raw files, build the counties that changed, compute the pooled results, write the manifest last.

    A county is taken from an earlier build when its rows, the settings it depends on, the code and the libraries
    are the same and its files are whole. A build that was killed goes on from where it was.

    Parameters
    ----------
    plan : Plan
    jobs : int
        Worker processes; each works on one county at a time. Not used when an engine is given.
    progress : callable, optional
        Called with a county's code when it is done, and with the number of counties in all.
    engine : Engine, optional
        Who builds the counties; by default processes of this computer. The files are the same whoever does.
    fresh : bool
        Read and build everything again.

    Raises
    ------
    DataError
        If nothing can be read, no row names a county or a county has a reserved name, every county fails (the first reason is given), decisions
        cannot be followed, or the table of stated figures has faults.
    PlanError
        If the plan asks for what no county can give, names targets or claims that cannot be read, or the engine is not
        installed.
    """
    store = Store(plan.processed)
    papers = read_papers(plan)
    books = read_workbooks(plan)
    staged = stage(plan, store.staged, fresh=fresh)
    if not staged.counties:
        raise _nothing(staged, plan)
    if UNPLACED in staged.counties:
        msg = f"a county is called {UNPLACED!r}, which stands for rows without a county; rename it in the raw files"
        raise DataError(msg)
    inputs = {**staged.inputs, **named_files(plan)}
    check_counties(books.decisions, staged)
    tasks = with_decisions(
        county_tasks(plan, staged, store.root, fresh=fresh), books.decisions, staged.part("")
    )
    check_decisions(tasks, jobs if engine is None else engine.jobs)
    store.start_over([*staged.counties, UNPLACED])
    lost = keep_unplaced(store, staged, plan, books.decisions)
    tell = progress or (lambda _county, _total: None)
    found = []
    for one in run_counties(tasks, engine or Engine(jobs=jobs)):
        found.append(one)
        tell(one.county, len(tasks))
    found.sort(key=lambda r: r.county)
    done = tuple(r for r in found if not r.error)
    failed = tuple(r for r in found if r.error)
    if not done:
        msg = f"all {len(failed)} counties failed; the first, {failed[0].county}: {failed[0].error}"
        raise DataError(msg)
    counties = [r.county for r in done]
    across = books.decisions.across()
    moved = finish_nation(
        plan,
        staged,
        store,
        counties,
        lost=lost,
        decisions=across,
        rows_of=lambda c: tasks[c].rows(),
        fresh=fresh,
    )
    write_cases(books, store, counties, [r.county for r in failed])
    write_intake(
        store,
        unread=unread_files(plan.raw, inputs),
        unplaced=lost.fates,
        money=lost.money,
        failed={r.county: staged.part(r.county) for r in failed},
    )
    store.write_json(store.manifest_path, manifest(plan, inputs, done, failed, store) | {"papers": papers})
    without = store.read_json(store.pooled_path)["omitted"].get("pooled")
    unpooled = None if without is None else text_from(without)
    return BuildResult(done, failed, lost.rows, moved, store.root, unpooled)


def county_tasks(plan: Plan, staged: Staged, root: Path, *, fresh: bool = False) -> dict[str, CountyTask]:
    """Return the task of every staged county: paths, settings and the hash of what it depends on."""
    at = plan.at(plan.folder.resolve())
    out = {}
    for county in staged.counties:
        part = staged.part(county).resolve()
        fingerprint = county_fingerprint(plan, county, read_about(part))
        out[county] = CountyTask(county, at, part, root.resolve(), fingerprint, fresh)
    return out


def _nothing(staged: Staged, plan: Plan) -> DataError:
    rows = staged.household_rows
    if not rows:
        files = ", ".join(staged.household_files)
        return DataError(f"the household table has a header and no rows ({files}); export it again")
    return DataError(
        f"none of {rows} household rows names a county ({plan.raw}); mend the county column in "
        "plan.data.household.columns"
    )


def manifest(
    plan: Plan,
    inputs: Mapping[str, str],
    done: tuple[CountyDone, ...],
    failed: tuple[CountyDone, ...],
    store: Store,
) -> dict[str, Any]:
    """Return what identifies a build: plan digest, input and output hashes, versions, failures."""
    return {
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
        "inputs": dict(sorted(inputs.items())),
        "digests": {**digests(plan), "source": source_digest()},
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
