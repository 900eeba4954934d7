"""Files of targets and claims that a plan names: read before a build begins, and recorded with their hashes."""

from __future__ import annotations

from evalkit.exits.claimfile import read_claims
from evalkit.exits.targetfile import read_targets, target_path
from evalkit.plan import Plan
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
    """
    found: dict[str, dict[str, str]] = {"targets": {}, "claims": {}}
    for name, source in zip(plan.targets, plan.target_files(), strict=True):
        read_targets(source)
        found["targets"][name] = file_hash(target_path(source))
    for name, path in zip(plan.claims, plan.claim_files(), strict=True):
        read_claims(path)
        found["claims"][name] = file_hash(path)
    return found
