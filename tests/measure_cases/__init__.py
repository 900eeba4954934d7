"""Every public measure, as the tests that hold for all of them call it."""

from __future__ import annotations

from measure_cases import standing
from measure_cases.frame import DESIGN, LINE, Case, Measure, make_frame, make_panel

CASES: list[Case] = [*standing.CASES]

__all__ = ["CASES", "DESIGN", "LINE", "Case", "Measure", "make_frame", "make_panel"]
