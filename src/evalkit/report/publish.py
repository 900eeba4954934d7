"""One finished folder a county: written aside, put in place by renaming; an old report is kept when a new one fails."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.plan import Plan
from evalkit.report import html
from evalkit.report.document import Section
from evalkit.report.words import WORDS
from evalkit.store import dump_json, file_hash, safe_name
from evalkit.text import LANGUAGES, Language, Text

NOTEBOOK = "report.ipynb"
SUMMARY = "summary.json"
LOG = "run.log"
FAILED = "failed.html"
FAILED_LOG = "failed.log"
ALL = "all"
"""Code of the one unit of data without a county column."""


def page_name(language: Language) -> str:
    """Return the file name of a report in a language."""
    return f"report.{language}.html"


def county_folder(reports: Path, county: str) -> Path:
    """Return the folder of a county's report; the code is made safe as a name."""
    return reports / safe_name(county)


def masthead(plan: Plan, county: str, name: str, sections: Sequence[Section]) -> html.Masthead:
    """Return what stands above the sections."""
    facts = (
        (WORDS["code"], _same(county)),
        (WORDS["plan"], _same(plan.digest)),
        (WORDS["version"], _same(f"evalkit {version('evalkit')}")),
    )
    synthetic = plan.synthetic or any(s.synthetic for s in sections)
    return html.Masthead(plan.title.text, county, title_of(county, name), facts, synthetic)


def title_of(county: str, name: str) -> Text:
    """Return how a county is headed: its name, or its code with the word; ``all`` is the whole data set.

    >>> title_of("12", "12").en, title_of("all", "all").en, title_of("12", "X").zh
    ('County 12', 'All data', 'X')
    """
    if name != county:
        return _same(name)
    if county == ALL:
        return Text(en="All data", zh="全部数据")
    return Text(en=f"County {county}", zh=f"县 {county}")


def write_pages(folder: Path, plan: Plan, head: html.Masthead, sections: Sequence[Section]) -> None:
    """Write the HTML pages and summary.json of a county into a folder."""
    for language in plan.report.languages:
        text = html.page(head, sections, language)
        (folder / page_name(language)).write_text(text, encoding="utf-8")
    (folder / SUMMARY).write_text(dump_json(summary(plan, head, sections)), encoding="utf-8")


def summary(plan: Plan, head: html.Masthead, sections: Sequence[Section]) -> dict[str, Any]:
    """Return every number of a report, in full and as printed."""
    return {
        "county": head.county,
        "name": head.name.to_dict(),
        "title": head.title.to_dict(),
        "synthetic": head.synthetic,
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "languages": list(plan.report.languages),
        "sections": [s.numbers() for s in sections],
    }


def put_in_place(finished: Path, target: Path) -> None:
    """Rename a finished folder to its place; what was there before goes."""
    finished.chmod(0o755)
    old = target.with_name(f".old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    finished.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def keep_failed(target: Path, county: str, name: str, message: str, log: str) -> bool:
    """Write failed.html and failed.log beside an old report and mark that stale; return whether there is one."""
    kept = any((target / page_name(lang)).is_file() for lang in LANGUAGES)
    target.mkdir(parents=True, exist_ok=True)
    context = {"county": county, "name": name, "message": message, "kept": kept}
    (target / FAILED).write_text(html.render("failed.html.j2", context), encoding="utf-8")
    (target / FAILED_LOG).write_text(log, encoding="utf-8")
    for language in LANGUAGES:
        path = target / page_name(language)
        if path.is_file():
            _mark_stale(path, language)
    return kept


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the files that are the same for the same inputs."""
    names = [page_name(lang) for lang in LANGUAGES] + [SUMMARY]
    return {n: file_hash(folder / n) for n in names if (folder / n).is_file()}


def _mark_stale(path: Path, language: Language) -> None:
    text = path.read_text(encoding="utf-8")
    said = WORDS["stale_long"].get(language)
    notice = f'<div class="ek-stale" role="alert"><p>{said}</p></div>'
    if notice not in text:
        path.write_text(text.replace(html.NOTICE, html.NOTICE + notice, 1), encoding="utf-8")


def _same(value: str) -> Text:
    return Text(en=value, zh=value)
