"""Targets and claims that a plan names, held against all counties of a finished build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.cleaning import panel_from
from evalkit.errors import DataError, DesignError, EvalkitError
from evalkit.exits.claims import Reconciliation, reconcile_claims
from evalkit.exits.targetfile import TargetFile, read_targets
from evalkit.exits.targets import Milestones, milestones
from evalkit.panel import Panel
from evalkit.pipeline.nation import pooled_frame, size_unknown, sizeless
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.store import Store
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class HeldTargets:
    """A file of targets and what the data bear out.

    Parameters
    ----------
    name : str
        As in the plan.
    title : Text
    found : Milestones or None
        A target that the data do not allow stands in it without a verdict, with its reason.
    why : Text or None
        Why no target of the file could be held against the data.
    """

    name: str
    title: Text
    found: Milestones | None
    why: Text | None = None


@dataclass(frozen=True, eq=False)
class CheckedClaims:
    """A file of claims and what became of each; `why` says why it could not be checked."""

    name: str
    found: Reconciliation | None
    why: Text | None = None


def held_targets(plan: Plan, counties: Sequence[str]) -> tuple[HeldTargets, ...]:
    """Hold the targets of a plan against the households of all counties that were built.

    Rows are loaded only if a target needs them, with the columns that targets name.

    Parameters
    ----------
    plan : Plan
    counties : sequence of str
        Those that were built, at least one.

    Raises
    ------
    PlanError
        A file cannot be read or has faults.
    """
    files = [read_targets(source) for source in plan.target_files()]
    if not files:
        return ()
    rows: Panel | Text | None = _rows(plan, files, list(counties))
    out = []
    for name, source, file in zip(plan.targets, plan.target_files(), files, strict=True):
        title = file.title.text
        if isinstance(rows, Text):
            out.append(HeldTargets(name, title, None, rows))
            continue
        found = milestones(
            source, panel=rows, standard=plan.rule_pack(), confidence=plan.exits.confidence, leave_out=True
        )
        out.append(HeldTargets(name, title, found))
    return tuple(out)


def checked_claims(plan: Plan) -> tuple[CheckedClaims, ...]:
    """Check the claims of a plan against each other and against the finished build."""
    out = []
    for name, path in zip(plan.claims, plan.claim_files(), strict=True):
        try:
            out.append(CheckedClaims(name, reconcile_claims(path, plan=plan)))
        except EvalkitError as error:
            out.append(CheckedClaims(name, None, reason(error)))
    return tuple(out)


def _rows(plan: Plan, files: Sequence[TargetFile], counties: list[str]) -> Panel | Text | None:
    """Return the households that targets are estimated from; None where none is, or why there are none."""
    asked = [t.measure for f in files for t in f.targets if t.measure.kind != "stated"]
    if not asked:
        return None
    said = [str(value) for m in asked for value in m.model_dump().values()]
    words = {word for text in said for word in re.findall(r"\w+", text)}
    store = Store(plan.processed)
    without = sizeless(store, counties)
    if without:
        return size_unknown(without, len(counties))
    try:
        return panel_from(pooled_frame(store, plan, counties, also=words), plan)
    except (DataError, DesignError) as error:
        return reason(error)
