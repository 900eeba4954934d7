"""Decisions carried out on one table: cells corrected before the rules look at them, rows kept, out, back in or merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cleaning.cells import NUMERIC, number_steps
from evalkit.cleaning.work import Work, text_at
from evalkit.decisions import Decision, choice


@dataclass(frozen=True)
class Order:
    """One decision, addressed to a row.

    Parameters
    ----------
    decision : Decision
    pos : int
        Place of the row in the raw table.
    column : str
        Column of the case, ``""`` for a case about a whole row.
    changes : tuple of (str, str or None)
        Columns and their new text; None empties a cell.
    into : int
        Place of the row to merge into, −1 otherwise.
    """

    decision: Decision
    pos: int
    column: str
    changes: tuple[tuple[str, str | None], ...] = ()
    into: int = -1

    @property
    def about(self) -> tuple[str, int, str]:
        """Rule, row and column: what the case is about."""
        return (self.decision.rule, self.pos, self.column)


def correct_cells(work: Work, orders: Sequence[Order]) -> None:
    """Put new values into the raw text (H02), in the order of the decisions."""
    latest: dict[str, dict[int, str | None]] = defaultdict(dict)
    for order in orders:
        for column, new in order.changes:
            known = latest[column]
            old = known[order.pos] if order.pos in known else text_at(work.frame[column], order.pos)
            action = "flag" if old == new else "change"
            known[order.pos] = new
            work.decide(order.pos, "H02", action, order.decision.said, cells=(column, old, new))
    for column, cells in latest.items():
        changed = work.frame[column].copy()
        for pos, new in cells.items():
            changed.iloc[pos] = np.nan if new is None else new
        work.put(column, changed)


def carry_out(work: Work, orders: Sequence[Order]) -> None:
    """Note what is kept and restored (H01, H04), take rows out (H03), merge rows (H05); amounts as written stay true.

    Called when cells are tidied and before a rule sets rows aside.
    """
    for order in orders:
        action, pos = order.decision.action, order.pos
        rule_id = choice(action).rule
        old = text_at(work.raw.frame[order.column], pos) if order.column in work.raw.frame else None
        if action == "keep":
            work.decide(pos, rule_id, "flag", order.decision.said, cells=(order.column, old, None))
        elif action == "restore":
            work.exempt.setdefault(order.decision.rule, set()).add(pos)
            work.decide(pos, rule_id, "flag", order.decision.said, cells=(order.column, old, None))
        elif action == "exclude":
            work.decide(pos, rule_id, "quarantine", order.decision.said, cells=(order.column, old, None))
        elif action == "merge":
            target = work.frame.iloc[order.into]
            pointer = f"{target['_file']}:{target['_row']}"
            work.decide(pos, rule_id, "merge", order.decision.said, cells=("", None, pointer))
        for column, _ in order.changes:
            _undo_written(work, column, pos)


def _undo_written(work: Work, column: str, pos: int) -> None:
    """Let the sum of amounts as written hold what the file says, not the correction."""
    if column in work.written and not work.no_data[pos]:
        done = work.corrected.setdefault(column, set())
        if pos not in done:
            done.add(pos)
            now = float(work.numbers(column)[pos])
            factor = 10_000.0 if work.in_wan(column)[pos] else 1.0
            raw = _amount(work, column, pos)
            work.written[column] += raw - (0.0 if np.isnan(now) else now / factor)


def _amount(work: Work, column: str, pos: int) -> float:
    """Return the number that stood in a cell, 0 where it was none."""
    text = text_at(work.raw.frame[column], pos)
    if text is None or work.kinds[column] not in NUMERIC:
        return 0.0
    steps = number_steps(
        text, "wan" if work.in_wan(column)[pos] else "one", "," if work.with_comma[pos] else "."
    )
    last = steps[-1].new if steps else text
    return 0.0 if last is None else float(last)
