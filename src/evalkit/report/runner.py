"""Render reports of many counties: each in its own kernel, one failure stops no other."""

from __future__ import annotations

import csv
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.bundled import bundled_file
from evalkit.errors import EvalkitError, ReportError
from evalkit.plan import Plan
from evalkit.report import index, manifest
from evalkit.report.engine import check_county, execute
from evalkit.report.opening import SETTINGS, read_settings, write_settings
from evalkit.report.params import check
from evalkit.report.publish import (
    LOG,
    NOTEBOOK,
    county_folder,
    keep_failed,
    masthead,
    put_in_place,
    write_pages,
)
from evalkit.spreadsheet import safe_cell

SOURCE = "county_report.ipynb"
FAILURES = "_failed.csv"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunResult:
    """Outcome of a run.

    Parameters
    ----------
    done : tuple of str
        Counties whose report was written.
    failed : mapping
        County → reason.
    index : Path
    folder : Path
        Where the reports are.
    """

    done: tuple[str, ...]
    index: Path
    folder: Path
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One report to make; picklable."""

    county: str
    name: str
    notebook: Path
    reports: Path
    digest: str


def render(
    plan: Plan,
    counties: Sequence[str],
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> RunResult:
    """Write the reports of counties, then the index and the manifest of all reports in the folder.

    Parameters
    ----------
    plan : Plan
    counties : sequence of str
        Codes.
    jobs : int
        Processes; each renders one county at a time in its own kernel.
    progress : callable, optional
        Called with a county's code when it is finished, well or not.
    dry_run : bool
        Check everything that can be checked and write nothing.

    Raises
    ------
    ReportError
        If nothing is asked for, a county is not in the build (before anything is written), or the
        notebook does not take the parameters. A county that failed in the build is a failed report.
    """
    from evalkit.pipeline import load_case, read_manifest

    if not counties:
        msg = "no county was asked for; name one, or take all of evalkit.pipeline.built_counties(plan)"
        raise ReportError(msg)
    built = read_manifest(plan)
    unbuilt: dict[str, str] = built["failed"]
    for county in counties:
        if county not in built["counties"] and county not in unbuilt:
            load_case(plan, county)
    notebook = source_notebook(plan)
    wanted = list(dict.fromkeys(counties))
    names = {c: _name(plan, c, built) for c in wanted}
    tasks = [Job(c, names[c], notebook, plan.reports, plan.digest) for c in wanted if c not in unbuilt]
    for task in tasks:
        check(notebook, parameters_of(plan, task))
    if dry_run:
        return RunResult((), plan.reports / index.INDEX, plan.reports)
    plan.reports.mkdir(parents=True, exist_ok=True)
    write_settings(plan, plan.reports)
    outcome = {c: f"failed in the build: {unbuilt[c]}" for c in wanted if c in unbuilt}
    for county, reason in outcome.items():
        keep_failed(
            county_folder(plan.reports, county), county, names[county], reason, f"{_now()} {reason}\n"
        )
    try:
        for county, error in _each(tasks, jobs):
            outcome[county] = error
            if progress is not None:
                progress(county)
    finally:
        path = _conclude(plan, outcome, names, built)
    failed = {c: outcome[c] for c in wanted if outcome[c]}
    return RunResult(tuple(c for c in wanted if not outcome[c]), path, plan.reports, failed)


def _name(plan: Plan, county: str, built: Mapping[str, Any]) -> str:
    entry = built["counties"].get(county, {})
    return str(entry.get("name", plan.county_names.get(county, county)))


def source_notebook(plan: Plan) -> Path:
    """Return the notebook of the plan's own folder, else the one that comes with the package."""
    own = plan.folder / "notebooks" / SOURCE
    return own if own.is_file() else bundled_file(SOURCE)


def parameters_of(plan: Plan, job: Job) -> dict[str, Any]:
    """Return the parameters of a county's notebook."""
    return {"county": job.county, "plan": f"../{SETTINGS}", "language": plan.report.languages[0]}


def render_county(job: Job) -> str:
    """Render one county and put it in place; return the reason if that fails, else nothing.

    Whatever happens in a county stays there: it ends up in failed.html and failed.log.
    """
    lines = [f"{_now()} evalkit {version('evalkit')}, county {job.county}, plan {job.digest}"]
    work = Path(tempfile.mkdtemp(prefix=".rendering-", dir=job.reports))
    try:
        _fill(work, job, lines)
        put_in_place(work, county_folder(job.reports, job.county))
    except Exception as error:
        reason = str(error) if isinstance(error, EvalkitError) else f"{type(error).__name__}: {error}"
        lines += [f"{_now()} failed: {reason}", traceback.format_exc()]
        target = county_folder(job.reports, job.county)
        keep_failed(target, job.county, job.name, reason, "\n".join(lines))
        return reason
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ""


def _fill(work: Path, job: Job, lines: list[str]) -> None:
    """Execute the notebook and write everything of a county into a working folder."""
    plan = read_settings(job.reports / SETTINGS)
    if plan.digest != job.digest:
        msg = f"another run with other settings ({plan.digest}) is writing to the same folder; let it finish"
        raise ReportError(msg)
    done = execute(job.notebook, work / NOTEBOOK, parameters_of(plan, job))
    check_county(done.sections, job.county)
    write_pages(work, plan, masthead(plan, job.county, job.name, done.sections), done.sections)
    lines += [*done.log, f"{_now()} done: {len(done.sections)} sections"]
    (work / LOG).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _each(tasks: Sequence[Job], jobs: int) -> Iterator[tuple[str, str]]:
    """Yield county and reason of failure, as they finish."""
    from evalkit.pipeline.workers import in_workers

    if jobs <= 1 or not tasks:
        for task in tasks:
            yield task.county, render_county(task)
        return
    for county, job in in_workers(render_county, {t.county: t for t in tasks}, jobs):
        error = job.exception()
        yield county, job.result() if error is None else f"{type(error).__name__}: {error}"


def _conclude(
    plan: Plan, outcome: Mapping[str, str], names: Mapping[str, str], built: Mapping[str, Any]
) -> Path:
    """Write manifest, index and the list of failures from what has finished so far.

    Counties that are no longer in the build leave the manifest and the index; their folders stay. Reports
    of data that were built anew since are marked stale.
    """
    known = {*built["counties"], *built["failed"]}
    entries = {c: _aged(e, c, built) for c, e in manifest.read(plan.reports).items() if c in known}
    for county, error in outcome.items():
        if error:
            entries[county] = manifest.failed_entry(entries.get(county), plan, county, names[county], error)
        else:
            entries[county] = manifest.entry(plan, county, names[county], built)
    overview = manifest.aged_overview(plan.reports, built)
    manifest.write(plan.reports, plan, entries, overview=overview)
    failed = {c: e for c, e in outcome.items() if e}
    path = plan.reports / FAILURES
    if failed:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["county", "name", "reason"])
            writer.writerows([safe_cell(v) for v in (c, names[c], e)] for c, e in sorted(failed.items()))
    else:
        path.unlink(missing_ok=True)
    return index.write(plan, entries, overview=overview)


def _aged(entry: dict[str, Any], county: str, built: Mapping[str, Any]) -> dict[str, Any]:
    """Return an earlier entry, stale if the county's clean data have changed since."""
    then, now = entry["inputs"].get("panel"), built["counties"].get(county, {}).get("panel_sha256")
    return entry if then is None or then == now else {**entry, "stale": True}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
