"""`Rule`: what is looked for, what happens to a cell or row that meets it, and on whose word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evalkit.rules.view import Flags, View
from evalkit.text import Text

Severity = Literal["fix", "flag", "quarantine", "merge", "not_data"]
"""fix: the cell or column is changed · flag: kept, marked · quarantine: the row is set aside until somebody
decides · merge: the row repeats another one · not_data: the row is no observation (blank, totals …)."""


LINE_NEEDS: dict[str, Text] = {
    "line": Text(en="a poverty line in the plan", zh="方案中的贫困线"),
    "line.monitoring": Text(en="a monitoring line for these waves", zh="各年度适用的监测线"),
}
"""What a condition may need besides columns; met where some wave of the table has the line."""


@dataclass(frozen=True)
class Rule:
    """One rule of cleaning.

    Parameters
    ----------
    id : str
        Letter of the family and number: R rows, T text, K keys, D duplicates, A areas, C code words, H human
        decisions, I income, N patterns, L household logic, S status, W waves and months, P persons, G programs,
        V villages, O totals, Q survey, Y county series, F histories, M household structures.
    text : Text
        The reason, as it stands in the ledger.
    severity : str
        See `Severity`.
    table : str
        Raw table it applies to, or ``any``.
    case : bool
        Whether each hit becomes an open case for somebody to settle.
    version : str
        Changes when the meaning does.
    needs : tuple of str
        Columns the condition reads, the one that is marked first; ``member.health`` is a column of another table.
        They are the evidence: their values stand beside each hit. A table that lacks one is not checked, and the
        result says so. ``line`` and ``line.monitoring`` are no columns but the lines of `LINE_NEEDS`.
    also : tuple of str
        Further columns of the same table that the condition reads and shows where they are there; no rule is left
        unchecked for want of them.
    once : bool
        Whether only the first wave of a unit is marked: for facts that are carried from wave to wave.
    when : callable, optional
        The condition: the table as a `View` → bool, shape (n,). None: the code of `evalkit.cleaning` applies the rule.
    source : str
        Where the rule comes from (form, document, convention).
    """

    id: str
    text: Text
    severity: Severity
    table: str = "any"
    case: bool = False
    version: str = "1"
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    once: bool = False
    when: Callable[[View], Flags] | None = None
    source: str = ""
