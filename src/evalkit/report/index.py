"""index.html: the counties with their verdicts, links to both languages, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.plan import Plan
from evalkit.report import html
from evalkit.report.publish import FAILED, SUMMARY, county_folder, page_name
from evalkit.report.words import WORDS
from evalkit.store import atomic
from evalkit.text import LANGUAGES
from evalkit.verdicts import CONCLUSIONS

INDEX = "index.html"
OVERVIEW = "overview"
"""Folder of the province overview among the reports."""
_LANGUAGE_NAMES = {"zh": "中文", "en": "English"}


def write(
    plan: Plan, counties: Mapping[str, Mapping[str, Any]], *, overview: Mapping[str, Any] | None = None
) -> Path:
    """Write the bilingual index of all counties in the manifest and return its path.

    Parameters
    ----------
    plan : Plan
    counties : mapping
        Entries of `evalkit.report.manifest`, by county.
    overview : mapping, optional
        Entry of the province overview.
    """
    ordered = sorted(counties.items(), key=lambda item: _place(item[0]))
    shown = {c: e for c, e in ordered if e["files"]}
    summaries = {c: _verdicts(county_folder(plan.reports, c)) for c in shown}
    criteria = _criteria(summaries)
    context = {
        "title": plan.title.text,
        "synthetic": plan.synthetic,
        "criteria": criteria,
        "tallies": _tallies(summaries, criteria),
        "rows": [_row(plan, c, e, summaries[c], criteria) for c, e in shown.items()],
        "failures": [_failure(plan, c, e) for c, e in ordered if e["error"]],
        "overview": None if overview is None else _overview(plan, overview),
        "digest": plan.digest,
        "version": version("evalkit"),
    }
    path = plan.reports / INDEX
    with atomic(path) as part:
        part.write_text(html.render("index.html.j2", context), encoding="utf-8")
    return path


def _place(code: str) -> tuple[bool, int, str]:
    """Return the sorting key of a county: numbers in numerical order, before words.

    >>> sorted(["10", "2", "B", "A12"], key=_place)
    ['2', '10', 'A12', 'B']
    """
    return (not code.isdigit(), len(code) if code.isdigit() else 0, code)


def _verdicts(folder: Path) -> dict[str, Any]:
    """Return the verdict facts that a county's summary.json carries."""
    path = folder / SUMMARY
    if not path.is_file():
        return {}
    for section in json.loads(path.read_text(encoding="utf-8"))["sections"]:
        if "verdicts" in section["facts"]:
            facts: dict[str, Any] = section["facts"]
            return facts
    return {}


def _criteria(summaries: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, Any] = {}
    for facts in summaries.values():
        for v in facts.get("verdicts", []):
            found.setdefault(v["code"], v["criterion"])
    return [{"code": code, "label": label} for code, label in found.items()]


def _tallies(
    summaries: Mapping[str, Mapping[str, Any]], criteria: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Count the conclusions over all counties, overall first, then by criterion; `None` counts those without one."""
    if not criteria:
        return []
    lists = [(WORDS["overall"].to_dict(), [f.get("overall") for f in summaries.values()])]
    for c in criteria:
        found = [
            next((v["conclusion"] for v in f.get("verdicts", []) if v["code"] == c["code"]), None)
            for f in summaries.values()
        ]
        lists.append((c["label"], found))
    return [
        {"label": label, "counts": {word: found.count(word) for word in (*CONCLUSIONS, None)}}
        for label, found in lists
    ]


def _row(
    plan: Plan, county: str, item: Mapping[str, Any], facts: Mapping[str, Any], criteria: list[dict[str, Any]]
) -> dict[str, Any]:
    by_code = {v["code"]: v for v in facts.get("verdicts", [])}
    folder = county_folder(plan.reports, county).name
    return {
        "code": county,
        "name": item["name"],
        "cells": [by_code.get(c["code"]) for c in criteria],
        "overall": facts.get("overall"),
        "links": [
            {"href": f"{_quoted(folder)}/{page_name(lang)}", "label": _LANGUAGE_NAMES[lang], "lang": lang}
            for lang in LANGUAGES
            if page_name(lang) in item["files"]
        ],
        "stale": item["stale"],
        "other_plan": item["plan_digest"] != plan.digest,
    }


def _failure(plan: Plan, county: str, item: Mapping[str, Any]) -> dict[str, str]:
    folder = county_folder(plan.reports, county).name
    return {
        "code": county,
        "name": item["name"],
        "message": str(item["error"]),
        "href": f"{_quoted(folder)}/{FAILED}",
    }


def _overview(plan: Plan, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the links to the province overview, and what is wrong with it."""
    return {
        "links": [
            {"href": f"{OVERVIEW}/{page_name(lang)}", "label": _LANGUAGE_NAMES[lang], "lang": lang}
            for lang in LANGUAGES
            if page_name(lang) in item["files"]
        ],
        "stale": item["stale"],
        "other_plan": item["plan_digest"] != plan.digest,
        "error": item["error"],
        "href": f"{OVERVIEW}/{FAILED}",
    }


def _quoted(folder: str) -> str:
    """Return a folder name as part of a link: its own percent signs are quoted once more."""
    return folder.replace("%", "%25")
