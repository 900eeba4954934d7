"""Limits of the checks: what counts as implausible. A plan may change each one (plan.clean.limits)."""

from __future__ import annotations

LIMITS: dict[str, float] = {}
"""Name → limit; money in yuan a year, shares between 0 and 1."""
