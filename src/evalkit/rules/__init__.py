"""The rules of cleaning: what each one looks for, and what happens to a cell or row that meets it.

Rules are data. `RULES` is what a ledger entry, a quarantined row or an open case refers to by `Rule.id`. A rule
with a condition (`Rule.when`) is a row of a table by family here; the others are applied by the code of
`evalkit.cleaning`. A rule whose meaning changes gets a new version.
"""

from __future__ import annotations

from evalkit.rules.cleaning_rules import CLEANING
from evalkit.rules.families import CHECKS
from evalkit.rules.histories import ASKED_UNDER, HISTORIES, STRUCTURES
from evalkit.rules.limits import LIMITS
from evalkit.rules.rule import Rule, Severity
from evalkit.rules.view import View

__all__ = [
    "ASKED_UNDER",
    "CHECKS",
    "HISTORIES",
    "LIMITS",
    "OPTIONAL",
    "RULES",
    "STRUCTURES",
    "Rule",
    "Severity",
    "View",
    "rule",
]

RULES: tuple[Rule, ...] = (*CLEANING, *CHECKS, *HISTORIES, *STRUCTURES)
"""Every rule, by family."""

OPTIONAL: frozenset[str] = frozenset(r.id for r in (*CHECKS, *HISTORIES))
"""Rules that a plan may switch off (``clean.rules_off``)."""

_BY_ID = {r.id: r for r in RULES}


def rule(rule_id: str) -> Rule:
    """Return a rule by its id.

    Raises
    ------
    KeyError
        If there is no such rule.
    """
    return _BY_ID[rule_id]
