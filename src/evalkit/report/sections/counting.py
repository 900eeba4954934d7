"""What the section on standards and accounts shares: counts with small ones withheld, notes and figures of the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.report import labels
from evalkit.report.document import Cell, Interval, Suppressed
from evalkit.report.tables import WITHHELD, Part
from evalkit.text import Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

READ = {
    "meets": Text(en="Shown to meet", zh="可核实达标"),
    "fails": Text(en="Shown to fail", zh="可核实不达标"),
    "not_shown": Text(en="Cannot be judged", zh="无法核实"),
}
"""Reading of a requirement → heading of its column."""
FOURTH = "poor_not_registered"
"""The error of identification whose denominator is made of parts of the others'."""


@dataclass(frozen=True)
class Counts:
    """Counts that may be printed.

    Parameters
    ----------
    rows : tuple of tuples of Cell
        One a row of the table, one cell a part.
    """

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def withheld(self) -> bool:
        """Whether any count was withheld."""
        return any(isinstance(c, Suppressed) for row in self.rows for c in row)

    @property
    def notes(self) -> tuple[Text, ...]:
        """The explanation of the sign, where it occurs."""
        return (WITHHELD,) if self.withheld else ()

    def whole(self, row: int) -> bool:
        """Return whether no count of a row was withheld."""
        return not any(isinstance(c, Suppressed) for c in self.rows[row])


def parts_of(frame: pd.DataFrame, parts: Sequence[str], minimum_cell: int) -> Counts:
    """Return counts that add up, row by row, to a total that is known.

    Parameters
    ----------
    frame : DataFrame
        One row a group, one column a part: households.
    parts : sequence of str
        Columns that together are all households of the group; where one alone would be withheld, the next smallest is
        withheld with it.
    minimum_cell : int

    Examples
    --------
    >>> table = pd.DataFrame({"meets": [90, 50], "fails": [3, 20]})
    >>> parts_of(table, ["meets", "fails"], 10).rows[1]
    (50.0, 20.0)
    >>> [type(c).__name__ for c in parts_of(table, ["meets", "fails"], 10).rows[0]]
    ['Suppressed', 'Suppressed']
    """
    long = pd.DataFrame(
        [
            {"row": i, "part": part, "n": float(n)}
            for i, row in enumerate(frame[list(parts)].to_numpy(dtype=float))
            for part, n in zip(parts, row, strict=True)
        ]
    )
    gate = release(long, minimum_cell=minimum_cell, keys=("row", "part"), total_over=("part",))
    cells: list[Cell] = [
        Suppressed() if hidden else float(n)
        for n, hidden in zip(gate.frame["n"], gate.frame["suppressed"], strict=True)
    ]
    width = len(parts)
    return Counts(tuple(_never_alone(cells[i : i + width]) for i in range(0, len(cells), width)))


def _never_alone(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return cells that add up to a known total; where one alone is withheld, a 0 beside it is withheld too."""
    hidden = [isinstance(c, Suppressed) for c in cells]
    if sum(hidden) != 1 or len(cells) < 2:
        return tuple(cells)
    first = min((c, i) for i, c in enumerate(cells) if isinstance(c, float))[1]
    return tuple(Suppressed() if i == first else c for i, c in enumerate(cells))


def readings_of(frame: pd.DataFrame, minimum_cell: int) -> Counts:
    """Return what was read of each requirement: shown to meet, shown to fail, not shown.

    What is not shown is a gap of the records and always printed; of the two others neither may follow from the rest.

    Examples
    --------
    >>> table = pd.DataFrame({"meets": [90], "fails": [12], "not_shown": [4]})
    >>> readings_of(table, 10).rows
    ((90.0, 12.0, 4.0),)
    """
    counts = parts_of(frame, ("meets", "fails"), minimum_cell)
    return Counts(tuple((*row, float(n)) for row, n in zip(counts.rows, frame["not_shown"], strict=True)))


def groups_of(counts: pd.Series, minimum_cell: int, *, total: bool) -> Counts:
    """Return one count a group, as rows of one cell.

    Parameters
    ----------
    counts : Series
        Households.
    minimum_cell : int
    total : bool
        Whether the groups add up to a total that is known.
    """
    frame = pd.DataFrame({"group": range(len(counts)), "n": counts.to_numpy(dtype=float)})
    gate = release(frame, minimum_cell=minimum_cell, keys=("group",), total_over=("group",) if total else ())
    pairs = zip(gate.frame["n"], gate.frame["suppressed"], strict=True)
    cells: tuple[Cell, ...] = tuple(Suppressed() if hidden else float(n) for n, hidden in pairs)
    return Counts(tuple((c,) for c in (_never_alone(cells) if total else cells)))


def withheld_errors(found: pd.DataFrame, minimum_cell: int) -> frozenset[str]:
    """Return the errors whose figures rest on too few households; the fourth could tell of any of the others."""
    gate = release(
        found[["error"]].assign(n=found["households"].astype(float)),
        minimum_cell=minimum_cell,
        keys=("error",),
    )
    hidden = set(gate.frame.loc[gate.frame["suppressed"].astype(bool), "error"].astype("str"))
    return frozenset(hidden | {FOURTH} if hidden else hidden)


def notes_on(case: CountyCase, part: str) -> tuple[Text, ...]:
    """Return the notes that the build kept for a part, in the words of a report."""
    kept = (case.result.facts.get("accounts") or {}).get("notes", {})
    return tuple(labels.in_words(text_from(n)) for n in kept.get(part, []))


def fact(case: CountyCase, part: str) -> Any:
    """Return what the build kept beside the tables of a part, None where it kept nothing."""
    return (case.result.facts.get("accounts") or {}).get(part)


def table_of(case: CountyCase, name: str) -> pd.DataFrame | None:
    """Return a table of the build, None where it is absent or empty."""
    found = case.result.tables.get(name)
    return None if found is None or found.empty else found


def pair_of(part: Part | None) -> tuple[Cell, Cell]:
    """Return the value and the limits of a share of one value."""
    if part is None:
        return None, None
    at = part.measure()
    if not at.known:
        return Suppressed(), Suppressed()
    open_ = at.low is None and at.high is None
    return at.value, None if open_ else Interval(at.low, at.high)


def capital(text: Text) -> Text:
    """Return words as they stand at the head of a row."""
    return Text(en=text.en[:1].upper() + text.en[1:], zh=text.zh)


def joined_from(households: list[float], least: float) -> int:
    """Return the place from which on groups are put together, so that none is smaller than `least` (if all together are not).

    >>> joined_from([50.0, 30.0, 20.0, 12.0, 3.0], 10), joined_from([50.0, 30.0, 12.0, 6.0, 7.0], 10)
    (3, 3)
    """
    small = [i for i, n in enumerate(households) if n < least]
    place = small[0] if small else len(households)
    while place > 0 and sum(households[place:]) < least and small:
        place -= 1
    return place
