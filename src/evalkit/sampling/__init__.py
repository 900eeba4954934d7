"""Planner of exit evaluations: sample sizes and their risks, and the draw itself.

`plan` (the same as `plan_sample`), `sample_size`, `plan_double`, `lot_errors` and `operating_curve` answer how many
households; `draw_sample` draws villages and households from a roster, reproducibly, with weights;
`draw_workbook` is the sheet that the field team takes along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from evalkit.sampling.counting import LARGEST, Trials, smallest
from evalkit.sampling.sizes import (
    DoublePlan,
    LotErrors,
    SamplePlan,
    lot_errors,
    operating_curve,
    plan_double,
    plan_sample,
    plan_sample as plan,
    sample_size,
)

if TYPE_CHECKING:
    from evalkit.sampling.characteristics import (
        Characteristics as Characteristics,
        draw_characteristics as draw_characteristics,
    )
    from evalkit.sampling.drawing import Draw as Draw, draw_sample as draw_sample
    from evalkit.sampling.planned import planned_design as planned_design, planned_draws as planned_draws
    from evalkit.sampling.roster import Roster as Roster, read_roster as read_roster
    from evalkit.sampling.workbook import draw_workbook as draw_workbook

_LATER = {
    "Characteristics": "characteristics",
    "draw_characteristics": "characteristics",
    "Draw": "drawing",
    "draw_sample": "drawing",
    "planned_design": "planned",
    "planned_draws": "planned",
    "Roster": "roster",
    "read_roster": "roster",
    "draw_workbook": "workbook",
}
"""Names of modules that are loaded on use: verdicts need only the sizes."""

__all__ = [
    "LARGEST",
    "Characteristics",
    "DoublePlan",
    "Draw",
    "LotErrors",
    "Roster",
    "SamplePlan",
    "Trials",
    "draw_characteristics",
    "draw_sample",
    "draw_workbook",
    "lot_errors",
    "operating_curve",
    "plan",
    "plan_double",
    "plan_sample",
    "planned_design",
    "planned_draws",
    "read_roster",
    "sample_size",
    "smallest",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"evalkit.sampling.{_LATER[name]}"), name)
    msg = f"module 'evalkit.sampling' has no attribute {name!r}"
    raise AttributeError(msg)
