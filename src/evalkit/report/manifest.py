"""manifest.json: what each report was made from, and the hashes of what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.plan import Plan
from evalkit.report.publish import county_folder, file_hashes
from evalkit.store import atomic, dump_json

MANIFEST = "manifest.json"


def read(reports: Path) -> dict[str, Any]:
    """Return the entries by county of the manifest in a folder of reports; none if it has none."""
    path = reports / MANIFEST
    if not path.is_file():
        return {}
    counties: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["counties"]
    return counties


def read_overview(reports: Path) -> dict[str, Any] | None:
    """Return the entry of the province overview; None where there is none."""
    path = reports / MANIFEST
    if not path.is_file():
        return None
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")).get("overview")
    return found


def overview_entry(plan: Plan, built: Mapping[str, Any], folder: Path, error: str) -> dict[str, Any]:
    """Return the entry of the overview just rendered; after a failure that of the old one, marked stale.

    Parameters
    ----------
    plan : Plan
    built : mapping
        Manifest of the build.
    folder : Path
        Where the overview is.
    error : str
        Why it failed; empty when it did not.
    """
    from evalkit.pipeline.province import build_mark

    made = {"plan_digest": plan.digest, "evalkit": version("evalkit"), "build": build_mark(built)}
    files = file_hashes(folder)
    if error:
        old = read_overview(folder.parent) or {"plan_digest": None, "evalkit": None, "build": None}
        return {**old, "files": files, "stale": bool(files), "error": error}
    return {**made, "files": files, "stale": False, "error": None}


def aged_overview(reports: Path, built: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the entry of the overview, stale if the build has changed since; None where there is none."""
    from evalkit.pipeline.province import build_mark

    found = read_overview(reports)
    if found is None or not found["files"] or found["build"] == build_mark(built):
        return found
    return {**found, "stale": True}


def entry(plan: Plan, county: str, name: str, built: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a county just rendered.

    Parameters
    ----------
    plan : Plan
    county, name : str
    built : mapping
        Manifest of the build.
    """
    return {
        "name": name,
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "inputs": {"raw": built.get("inputs", {}), "panel": built["counties"][county].get("panel_sha256")},
        "files": file_hashes(county_folder(plan.reports, county)),
        "stale": False,
        "error": None,
    }


def failed_entry(
    before: Mapping[str, Any] | None, plan: Plan, county: str, name: str, error: str
) -> dict[str, Any]:
    """Return the entry of a county whose rendering failed: the old report's entry, marked stale."""
    files = file_hashes(county_folder(plan.reports, county))
    old = dict(before or {"plan_digest": None, "evalkit": None, "inputs": {}})
    return old | {"name": name, "files": files, "stale": bool(files), "error": error}


def write(
    reports: Path, plan: Plan, counties: Mapping[str, Any], *, overview: Mapping[str, Any] | None = None
) -> Path:
    """Write the manifest atomically."""
    data = {
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "synthetic": plan.synthetic,
        "counties": dict(counties),
    }
    if overview is not None:
        data["overview"] = dict(overview)
    path = reports / MANIFEST
    with atomic(path) as part:
        part.write_text(dump_json(data), encoding="utf-8")
    return path
