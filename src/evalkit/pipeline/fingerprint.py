"""What a county's results depend on, as one hash: its rows, the settings that matter, the code, the libraries."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit.cleaning import named_columns
from evalkit.divisions import load_divisions
from evalkit.ingest.tables import FILE_COLUMNS
from evalkit.pipeline.papers import stated_files
from evalkit.plan import Plan
from evalkit.store import file_hash

LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy")
"""Libraries whose version may change a county's numbers or bytes."""
APART = ("cli", "report", "simulate", "templates")
"""Packages that no result depends on."""
_PLAN_APART = {
    "title", "data", "county_names", "return_risk", "impact", "disclosure", "report", "seed", "deviations",
    "sampling", "lists", "targets", "claims",
}  # fmt: skip
_CHANGING = ("rows", "sha256")
"""Facts about a raw file that change when rows of other counties change."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that may change results."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


@cache
def source_digest() -> str:
    """Return the SHA-256 of the package's source: code, cited rule packs, codebooks."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml", ".csv")):
        name = path.relative_to(root)
        if name.parts[0] not in APART:
            digest.update(f"{name.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def county_settings(plan: Plan, county: str) -> dict[str, Any]:
    """Return the settings that one county's results depend on."""
    return {
        "plan": plan.model_dump(mode="json", by_alias=True, exclude=_PLAN_APART),
        "data": plan.data.model_dump(mode="json", exclude={"raw", "processed", "reports"}),
        "name": plan.county_names.get(county),
        "named": sorted({f"{key}={column}" for key, column in named_columns(plan)}),
        **digests(plan),
        "files": named_files(plan),
        "seed": None if plan.imputation is None else plan.seed,
    }


def named_files(plan: Plan) -> dict[str, str]:
    """Return the files below the raw folder that are no table of the data (known totals, stated figures) and their SHA-256.

    Raises
    ------
    PlanError
        The file of known totals is not there, or not below the raw folder.
    DataError
        The same of stated figures.
    """
    totals = None if plan.calibration is None else plan.calibration.path(plan.raw)
    paths = [*([] if totals is None else [totals]), *stated_files(plan)]
    raw = plan.raw.resolve()
    return {
        p.resolve().relative_to(raw).as_posix(): _hash(p, p.stat().st_mtime_ns, p.stat().st_size)
        for p in paths
    }


@lru_cache(maxsize=16)
def _hash(path: Path, _changed: int, _size: int) -> str:
    """Hash a file once for all counties."""
    return file_hash(path)


def digests(plan: Plan) -> dict[str, str]:
    """Return the hashes of what a plan refers to by name: its standard and its division codes; empty without."""
    pack, dated = plan.rule_pack(), load_divisions(plan)
    return {
        "standard": "" if pack is None else pack.digest,
        "divisions": "" if dated is None else dated.digest,
    }


def county_fingerprint(plan: Plan, county: str, about: Mapping[str, Any], decided: str = "") -> str:
    """Return the hash of everything that one county's files depend on.

    Parameters
    ----------
    plan : Plan
    county : str
    about : mapping
        What the county's raw text came from, see `evalkit.pipeline.parts.read_about`.
    decided : str
        Hash of the decisions taken on the county's open cases.
    """
    tables = {name: _stable(said) for name, said in about["tables"].items()}
    return hashed([county_settings(plan, county), tables, source_digest(), versions(), decided])


def hashed(value: object) -> str:
    """Return the SHA-256 of a JSON-ready value."""
    plain = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _stable(said: Mapping[str, Any]) -> dict[str, Any]:
    places = [i for i, c in enumerate(FILE_COLUMNS) if c not in _CHANGING]
    return {**said, "files": [[row[i] for i in places] for row in said["files"]]}
