"""`Decision` and `Decisions`: what persons decided, split by county, with a digest for each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalkit.decisions.choices import Action

BLANK: frozenset[str] = frozenset({"(blank)", "(空)", "（空）", "（blank）"})
"""New values that empty a cell."""


@dataclass(frozen=True)
class Decision:
    """One decided case.

    Parameters
    ----------
    case : str
        Number of the case.
    state : str
        What the case looked like when it was decided; see `evalkit.cleaning.cases`.
    county : str
        County in which the decision is carried out: that of the case (``""`` for rows that name none), or the one that a
        person gave to such a row.
    rule, table : str
        Rule that asked, raw table of the row.
    action : str
    value : str
        New value, ``column=value`` lines, or the case number of the row to merge into.
    reason, initials, date : str
        Why, who, when (``YYYY-MM-DD``).
    where : str
        Workbook, sheet and row, for messages.
    evidence, current : str
        As shown when it was decided.
    across : bool
        The case was found by comparing counties.
    placed : tuple of str, optional
        File, sheet and row of a row that a person gave to a county.
    home : tuple of str
        Household, wave and person of the case as shown, ``""`` where it has none.
    """

    case: str
    state: str
    county: str
    rule: str
    table: str
    action: Action
    value: str
    reason: str
    initials: str
    date: str
    where: str = ""
    evidence: str = ""
    current: str = ""
    across: bool = False
    placed: tuple[str, str, str] | None = None
    home: tuple[str, str, str] = ("", "", "")

    @property
    def in_county(self) -> bool:
        """Whether it is carried out on a row while its county is cleaned: all but what stays as it is between counties."""
        return not self.across or self.action in ("exclude", "correct")

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes a difference to the data or to the ledger, as text."""
        return (self.case, self.state, self.action, self.value, self.reason, self.initials, self.date)

    @property
    def said(self) -> str:
        """Reason, person, date and case, as they stand in the ledger."""
        return f"{self.reason} ({self.initials}, {self.date}; {self.rule}, case {self.case})"


@dataclass(frozen=True)
class Decisions:
    """Decisions that take effect, ordered by case; deferred cases are not among them.

    Parameters
    ----------
    items : tuple of Decision
    """

    items: tuple[Decision, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.items)

    @classmethod
    def of(cls, items: Iterable[Decision]) -> Decisions:
        """Return decisions in the order of their cases."""
        return cls(tuple(sorted(items, key=lambda d: d.identity)))

    @property
    def counties(self) -> list[str]:
        """Counties that have decisions within them, ascending; ``""`` stands for rows that name no county."""
        return sorted({d.county for d in self.items if d.in_county})

    def county(self, code: str) -> Decisions:
        """Return the decisions about rows of one county."""
        return Decisions(tuple(d for d in self.items if d.in_county and d.county == code))

    def across(self) -> Decisions:
        """Return the decisions about cases found by comparing counties."""
        return Decisions(tuple(d for d in self.items if d.across))

    def within(self) -> Decisions:
        """Return the decisions carried out on rows of counties."""
        return Decisions(tuple(d for d in self.items if d.in_county))

    def digest(self) -> str:
        """Return 16 hexadecimal digits that change when a decision does; ``""`` without decisions.

        Where a decision stands in the workbook makes no difference.
        """
        if not self.items:
            return ""
        plain = json.dumps(sorted(d.identity for d in self.items), ensure_ascii=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Correction:
    """A new value for a column (``""``: the column of the case); None empties the cell."""

    column: str
    value: str | None


_BLOCK = re.compile(r"[(（]\s*(?:block|整批)\s*([0-9]+)\s*[)）]", re.IGNORECASE)


def block_size(value: str) -> int | None:
    """Return the number of cases that a decision is about when it is one about a block, else None.

    >>> block_size("(block 128)"), block_size("（整批12）"), block_size("128")
    (128, 12, None)
    """
    found = _BLOCK.fullmatch(value.strip())
    return None if found is None else int(found[1])


_PAIR = re.compile(r"\s*([^=＝]+?)\s*[=＝](.*)", re.DOTALL)


def corrections(value: str) -> tuple[Correction, ...]:
    r"""Return the new values that a cell of the workbook gives.

    >>> corrections("3000")
    (Correction(column='', value='3000'),)
    >>> corrections("size=4\n人均纯收入=（空）")
    (Correction(column='size', value='4'), Correction(column='人均纯收入', value=None))
    >>> corrections("  ")
    ()
    """
    if not value.strip():
        return ()
    if "=" not in value and "＝" not in value:
        return (Correction("", _or_blank(value)),)
    out = []
    for line in value.splitlines():
        found = _PAIR.fullmatch(line)
        if found:
            out.append(Correction(found[1], _or_blank(found[2])))
        elif line.strip():
            out.append(Correction("", _or_blank(line)))
    return tuple(out)


def _or_blank(value: str) -> str | None:
    text = value.strip()
    return None if text.casefold() in BLANK else text
