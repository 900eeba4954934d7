"""The sample that a plan asks for: its roster, its design, its seed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from evalkit.errors import PlanError
from evalkit.ingest import find_files, read
from evalkit.plan import Plan
from evalkit.plansampling import SamplingSection
from evalkit.sampling.drawing import Draw, draw_sample
from evalkit.sampling.roster import Roster, read_roster
from evalkit.standards import FieldDesign


def planned_draws(plan: Plan, counties: Collection[str] = ()) -> tuple[Draw, ...]:
    """Draw the sample of a plan.

    Parameters
    ----------
    plan : Plan
        With a section ``sampling``, a standard and a seed.
    counties : collection of str
        Codes; all counties of the roster when empty.

    Returns
    -------
    tuple of Draw
        One a county, in county order.

    Raises
    ------
    PlanError
        The plan has no section sampling or no standard, the standard has no such design, or sizes do not fit it.
    DataError
        The roster cannot be read, or has no such county.
    DesignError
        See `draw_sample`.
    """
    section = _section(plan)
    roster = planned_roster(plan)
    design = planned_design(plan)
    parts = [roster.county(c) for c in sorted(set(counties))] if counties else [roster]
    drawn = [
        draw_sample(p, design, seed=plan.seed, strata=section.strata, replacements=section.replacements)
        for p in parts
    ]
    return tuple(d for found in drawn for d in found)


def planned_roster(plan: Plan) -> Roster:
    """Return the roster of a plan, read from its files."""
    source = _section(plan).roster
    files = find_files(plan.raw, source, "roster")
    return read_roster(read(files, table="survey", source=source, root=plan.raw).frame)


def planned_design(plan: Plan) -> FieldDesign:
    """Return the design of a plan: that of its standard, with the numbers that the plan gives instead."""
    section = _section(plan)
    pack = plan.rule_pack()
    if pack is None:
        msg = "sampling.design is a design of a standard, but the plan names none; add `standard: cn-2017` (or your own)"
        raise PlanError(msg)
    design = pack.field_design(section.design)
    changed: dict[str, int | None] = {}
    if section.villages is not None:
        changed["villages"] = section.villages
    if section.per_village is not None:
        changed |= {"per_village": section.per_village, "households": None}
    if section.households is not None:
        changed |= {"households": section.households, "per_village": None}
    return replace(design, **changed)  # type: ignore[arg-type]


def _section(plan: Plan) -> SamplingSection:
    if plan.sampling is None:
        msg = (
            "the plan has no section sampling; add\n"
            "  sampling: {roster: {files: [roster.xlsx]}, design: cohort-2017}"
        )
        raise PlanError(msg)
    return plan.sampling
