"""What persons decide about open cases: a workbook out, decisions in, split by county.

The build writes open cases to ``decisions.xlsx`` beside the plan; a person fills in action, new value, reason,
initials and date; the next build applies them inside cleaning (`evalkit.cleaning.clean`), each with a
ledger entry. Decisions that no longer fit stop the build.
"""

from __future__ import annotations

from evalkit.decisions.choices import BETWEEN, CHOICES, Action, Choice, allowed, choice, proposed, read_action
from evalkit.decisions.files import MOST_IN_ONE, Workbooks, book_path, read_workbooks, write_workbooks
from evalkit.decisions.reading import refuse
from evalkit.decisions.record import Correction, Decision, Decisions, block_size, corrections

__all__ = [
    "BETWEEN",
    "CHOICES",
    "MOST_IN_ONE",
    "Action",
    "Choice",
    "Correction",
    "Decision",
    "Decisions",
    "Workbooks",
    "allowed",
    "block_size",
    "book_path",
    "choice",
    "corrections",
    "proposed",
    "read_action",
    "read_workbooks",
    "refuse",
    "write_workbooks",
]
