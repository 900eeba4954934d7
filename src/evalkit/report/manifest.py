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


def write(reports: Path, plan: Plan, counties: Mapping[str, Any]) -> Path:
    """Write the manifest atomically."""
    data = {
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "synthetic": plan.synthetic,
        "counties": dict(counties),
    }
    path = reports / MANIFEST
    with atomic(path) as part:
        part.write_text(dump_json(data), encoding="utf-8")
    return path
