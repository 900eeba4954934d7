"""The data audit of a build: one notebook over all counties, published beside the county reports."""

from __future__ import annotations

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.bundled import bundled_file
from evalkit.plan import Plan
from evalkit.report import html
from evalkit.report.engine import execute
from evalkit.report.opening import SETTINGS, find_plan, read_settings, write_settings
from evalkit.report.publish import NOTEBOOK, put_in_place, write_pages
from evalkit.report.words import WORDS
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.auditing import AuditCase

SOURCE = "data_audit.ipynb"
FOLDER = "_audit"
"""Folder of the audit among the reports."""


def open_audit(plan: str | Path) -> AuditCase:
    """Return everything a data audit may speak of; see `evalkit.report.open_case` for how the plan is found.

    Raises
    ------
    ReportError
        If there is no such file, or nothing has been built with these settings.
    PlanError
        If the plan has faults.
    """
    from evalkit.pipeline.auditing import load_audit

    return load_audit(read_settings(find_plan(plan)))


def render_audit(plan: Plan) -> Path:
    """Execute the audit notebook, write its pages and summary.json, and return their folder.

    Raises
    ------
    ReportError
        If nothing has been built with these settings, or the notebook fails.
    """
    from evalkit.pipeline.auditing import load_audit

    load_audit(plan)
    own = plan.folder / "notebooks" / SOURCE
    notebook = own if own.is_file() else bundled_file(SOURCE)
    plan.reports.mkdir(parents=True, exist_ok=True)
    write_settings(plan, plan.reports)
    work = Path(tempfile.mkdtemp(prefix=".rendering-", dir=plan.reports))
    try:
        parameters = {"plan": f"../{SETTINGS}", "language": plan.report.languages[0]}
        done = execute(notebook, work / NOTEBOOK, parameters)
        write_pages(work, plan, _masthead(plan), done.sections)
        put_in_place(work, plan.reports / FOLDER)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return plan.reports / FOLDER


def _masthead(plan: Plan) -> html.Masthead:
    digest, made = plan.digest, f"evalkit {version('evalkit')}"
    facts = (
        (WORDS["plan"], Text(en=digest, zh=digest)),
        (WORDS["version"], Text(en=made, zh=made)),
    )
    name = Text(en="All counties of the build", zh="建库的全部县")
    return html.Masthead(plan.title.text, "", name, facts, plan.synthetic, WORDS["data_audit"])
