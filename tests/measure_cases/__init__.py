"""Every public measure, as the tests that hold for all of them call it."""

from __future__ import annotations

from measure_cases import deprivation, dynamics, growth, inequality, standing
from measure_cases.frame import DESIGN, LINE, Case, Measure, make_frame, make_panel

CASES: list[Case] = [*standing.CASES, *inequality.CASES, *growth.CASES, *dynamics.CASES, *deprivation.CASES]

__all__ = ["CASES", "DESIGN", "LINE", "Case", "Measure", "make_frame", "make_panel"]
