"""The province overview of a build: one notebook over all counties, published beside the county reports."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.bundled import bundled_file
from evalkit.errors import EvalkitError
from evalkit.plan import Plan
from evalkit.report import html, index, manifest
from evalkit.report.engine import execute
from evalkit.report.opening import SETTINGS, find_plan, read_settings, write_settings
from evalkit.report.params import check
from evalkit.report.publish import NOTEBOOK, keep_failed, put_in_place, write_pages
from evalkit.report.words import WORDS
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import OverviewCase

SOURCE = "province_overview.ipynb"


@dataclass(frozen=True)
class OverviewResult:
    """Where the overview is, the index that links it, and why it failed (nothing when it did not)."""

    folder: Path
    index: Path
    error: str = ""


def open_overview(plan: str | Path) -> OverviewCase:
    """Return everything a province overview may speak of; see `evalkit.report.open_case` for how the plan is found.

    Raises
    ------
    ReportError
        If there is no such file, nothing has been built with these settings, or the build has one county.
    PlanError
        If the plan has faults.
    """
    from evalkit.pipeline.province import load_overview

    return load_overview(read_settings(find_plan(plan)))


def render_overview(plan: Plan) -> OverviewResult:
    """Execute the overview notebook, write its pages and summary.json, and link them from the index.

    When the notebook fails, an earlier overview stays, marked stale, beside failed.html and failed.log.

    Raises
    ------
    ReportError
        If nothing has been built with these settings, the build has one county, or the notebook does not take
        the parameters.
    """
    from evalkit.pipeline.province import check_overview

    built = check_overview(plan)
    notebook, parameters = overview_notebook(plan), overview_parameters(plan)
    check(notebook, parameters)
    plan.reports.mkdir(parents=True, exist_ok=True)
    write_settings(plan, plan.reports)
    target, error = plan.reports / index.OVERVIEW, ""
    work = Path(tempfile.mkdtemp(prefix=".rendering-", dir=plan.reports))
    try:
        done = execute(notebook, work / NOTEBOOK, parameters)
        write_pages(work, plan, _masthead(plan), done.sections)
        put_in_place(work, target)
    except Exception as problem:
        error = str(problem) if isinstance(problem, EvalkitError) else f"{type(problem).__name__}: {problem}"
        keep_failed(target, "", WORDS["overview"].zh, error, traceback.format_exc())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    entries = manifest.read(plan.reports)
    entry = manifest.overview_entry(plan, built, target, error)
    manifest.write(plan.reports, plan, entries, overview=entry)
    return OverviewResult(target, index.write(plan, entries, overview=entry), error)


def overview_notebook(plan: Plan) -> Path:
    """Return the notebook of the plan's own folder, else the one that comes with the package."""
    own = plan.folder / "notebooks" / SOURCE
    return own if own.is_file() else bundled_file(SOURCE)


def overview_parameters(plan: Plan) -> dict[str, str]:
    """Return the parameters of the overview notebook."""
    return {"plan": f"../{SETTINGS}", "language": plan.report.languages[0]}


def _masthead(plan: Plan) -> html.Masthead:
    digest, made = plan.digest, f"evalkit {version('evalkit')}"
    facts = (
        (WORDS["plan"], Text(en=digest, zh=digest)),
        (WORDS["version"], Text(en=made, zh=made)),
    )
    name = Text(en="All counties of the build", zh="建库的全部县")
    return html.Masthead(plan.title.text, "", name, facts, plan.synthetic, WORDS["overview"])
