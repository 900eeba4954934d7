"""The tables of conditional rules, by family, joined."""

from __future__ import annotations

from evalkit.rules.rule import Rule

CHECKS: tuple[Rule, ...] = ()
"""Every rule with a condition."""
