"""What `evalkit claims` says: one file of claims, or every file that a plan names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import PlanError
from evalkit.exits.claimfile import read_claims
from evalkit.exits.claims import reconcile_claims
from evalkit.text import Language

if TYPE_CHECKING:
    from evalkit.plan import Plan


def claim_lines(file: Path | None, plan: Plan | None, language: Language) -> Iterator[str]:
    """Yield the findings of a file of claims, or of each that the plan names under its own heading.

    Parameters
    ----------
    file : Path, optional
    plan : Plan, optional
        Asked for the figures that the files take from the data; it needs a finished build only for these.
    language : {"en", "zh"}

    Raises
    ------
    PlanError
        There is no file and the plan names none; a file cannot be read.
    ReportError
        The data are asked, and the plan has no finished build, or another one.
    DataError
        A question to the data does not give one number.
    """
    if file is not None:
        yield _reconciled(file, plan, language)
        return
    files = () if plan is None else plan.claim_files()
    if not files:
        msg = "the plan names no claims; add `claims: [claims.yaml]` to it, or give a FILE"
        raise PlanError(msg)
    for path in files:
        yield f"[{path.name}] {read_claims(path).title}".rstrip()
        yield _reconciled(path, plan, language)


def _reconciled(file: Path, plan: Plan | None, language: Language) -> str:
    if plan is not None and read_claims(file).questions():
        from evalkit.pipeline import read_manifest

        read_manifest(plan)  # figures of another plan's build would answer the question, and wrongly
    return reconcile_claims(file, plan=plan).explain(language)
