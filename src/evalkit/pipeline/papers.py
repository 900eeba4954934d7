"""Files of targets, claims and stated figures that a plan names: read before a build begins, and recorded with their hashes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from evalkit.exits.claimfile import read_claims
from evalkit.exits.statedfile import StatedFigures, read_stated
from evalkit.exits.targetfile import read_targets, target_path
from evalkit.ingest import find_files
from evalkit.plan import Plan, TableSource
from evalkit.store import file_hash


def read_papers(plan: Plan) -> dict[str, dict[str, str]]:
    """Read every file of targets and of claims that a plan names, and return their SHA-256.

    No figure of a county rests on them: a finished build stays good when one of them is edited.

    Returns
    -------
    dict
        ``targets`` and ``claims``, each the name in the plan → SHA-256 of the file.

    Raises
    ------
    PlanError
        A file is absent, not readable, or has faults (all of them, with lines); no targets of that name.
    DataError
        The table of stated figures has faults.
    """
    stated_of(plan)
    found: dict[str, dict[str, str]] = {"targets": {}, "claims": {}}
    for name, source in zip(plan.targets, plan.target_files(), strict=True):
        read_targets(source)
        found["targets"][name] = file_hash(target_path(source))
    for name, path in zip(plan.claims, plan.claim_files(), strict=True):
        read_claims(path)
        found["claims"][name] = file_hash(path)
    return found


def stated_files(plan: Plan) -> list[Path]:
    """Return the files of stated figures that a plan names, below its raw folder.

    Raises
    ------
    DataError
        A name matches no file, or leads out of the folder.
    """
    source = plan.data.stated
    return [] if source is None or not source.files else find_files(plan.raw, source, "stated")


def stated_of(plan: Plan) -> StatedFigures | None:
    """Return the figures that units of all levels state; None where the plan names no table of them (``data.stated``).

    Raises
    ------
    DataError
        See `evalkit.exits.read_stated`.
    """
    source, files = plan.data.stated, stated_files(plan)
    if source is None or not files:
        return None
    marks = tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)
    return _read(marks, source.model_dump_json(), str(plan.raw))


@lru_cache(maxsize=1)
def _read(files: tuple[tuple[str, int, int], ...], source: str, root: str) -> StatedFigures:
    """Read the table once in a process; counties are built one after the other."""
    return read_stated(
        [name for name, *_ in files], source=TableSource.model_validate_json(source), root=root
    )
