"""Read a build back: the counties it has, one county's case."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from evalkit.errors import ReportError
from evalkit.pipeline.fingerprint import digests
from evalkit.pipeline.results import CountyCase, CountyResult, PooledResult
from evalkit.plan import Plan
from evalkit.store import Store, file_hash


def read_manifest(plan: Plan) -> dict[str, Any]:
    """Return the manifest of the plan's build.

    Raises
    ------
    ReportError
        If nothing has been built, or it was built with other settings, another content of the standard or of the
        division codes, or by another version.
    """
    store = Store(plan.processed)
    path = store.manifest_path
    if not path.is_file():
        msg = f"no finished build is in {plan.data.processed}; run `evalkit build` with this plan first"
        raise ReportError(msg)
    found = store.read_json(path)
    if found["evalkit"] != version("evalkit"):
        msg = (
            f"the results in {plan.data.processed} were built by evalkit {found['evalkit']}, this is "
            f"{version('evalkit')}; run `evalkit build` again"
        )
        raise ReportError(msg)
    if found["plan_digest"] != plan.digest:
        msg = (
            f"the results in {plan.data.processed} were built with other settings (plan digest "
            f"{found['plan_digest']}, this plan has {plan.digest}); run `evalkit build` again, or give the --set it "
            "was built with"
        )
        raise ReportError(msg)
    _check_digests(plan, found.get("digests", {}))
    return found


def _check_digests(plan: Plan, known: Mapping[str, str]) -> None:
    """Refuse a build that was made with another content of the files that the plan names."""
    words = {"standard": f"the standard {plan.standard}", "divisions": "the table of division codes"}
    changed = [words[name] for name, digest in digests(plan).items() if known.get(name) != digest]
    if changed:
        msg = f"{' and '.join(changed)} changed since the build; run `evalkit build` again"
        raise ReportError(msg)


def check_inputs(plan: Plan) -> None:
    """Check that the raw files are those that were built.

    Raises
    ------
    ReportError
        If a file was changed or removed since; new files are for the next build to find.
    """
    known = read_manifest(plan)["inputs"]
    changed = [
        name
        for name, digest in known.items()
        if not (plan.raw / name).is_file() or file_hash(plan.raw / name) != digest
    ]
    if changed:
        msg = (
            f"{len(changed)} of {len(known)} raw files were changed or removed after the build (first: {changed[0]}); "
            "run `evalkit build` again"
        )
        raise ReportError(msg)


def built_counties(plan: Plan) -> dict[str, str]:
    """Return code → name of the counties that were built."""
    return {code: entry["name"] for code, entry in sorted(read_manifest(plan)["counties"].items())}


def load_case(plan: Plan, county: str) -> CountyCase:
    """Return all that a report of one county may speak of.

    Raises
    ------
    ReportError
        If the county is unknown (with suggestions), failed, or nothing has been built.
    """
    found = read_manifest(plan)
    known = {code: entry["name"] for code, entry in found["counties"].items()}
    if county in found["failed"]:
        msg = f"county {county} failed in the build: {found['failed'][county]}"
        raise ReportError(msg)
    if county not in known:
        raise ReportError(_unknown(county, known))
    store = Store(plan.processed)
    result = CountyResult.from_dict(store.read_json(store.result_path(county)))
    pooled = PooledResult.from_dict(store.read_json(store.pooled_path))
    return CountyCase(plan, result, pooled)


def _unknown(county: str, known: dict[str, str]) -> str:
    listed = ", ".join(f"{c} {n}" if n != c else c for c, n in sorted(known.items())[:12])
    more = "" if len(known) <= 12 else f" and {len(known) - 12} more"
    if not county:
        return f"no county was given; the build has {listed}{more}"
    by_name = {n: c for c, n in known.items()}
    close = difflib.get_close_matches(county, [*known, *by_name], n=1, cutoff=0.5)
    hint = (
        f"; did you mean {by_name.get(close[0], close[0])} ({known[by_name.get(close[0], close[0])]})?"
        if close
        else "."
    )
    return f"there is no county {county!r} in the build{hint} It has {listed}{more}"
