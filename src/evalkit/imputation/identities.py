"""Income identities: a sum is never imputed beside its parts, it is made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Cells = dict[str, Floats]
"""Columns of n rows, NaN where missing."""

TOLERANCE = 1.0
"""Currency units by which a sum may differ from its parts (amounts are rounded to whole units)."""
HOLDS = 0.95
"""Share of complete rows in which an identity must hold to be used."""


@dataclass(frozen=True)
class Identity:
    """``total = scale × (Σ plus − Σ minus) / per``.

    Parameters
    ----------
    total : str
    plus, minus : tuple of str
        Parts; those in `minus` count only where the data have them.
    per : str
        Divisor; none when empty.
    scale : float
    """

    total: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    per: str = ""
    scale: float = 1.0

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts."""
        return (*self.plus, *self.minus)

    def made(self, cells: Cells) -> Floats:
        """Return the total that the parts give, shape (n,); NaN where a part is missing."""
        out = sum(
            (cells[p] for p in self.plus), start=-sum((cells[p] for p in self.minus), start=np.zeros(1))
        )
        return np.asarray(out * self.factor(cells), dtype=float)

    def factor(self, cells: Cells) -> Floats:
        """Return what the sum of parts is multiplied by, shape (n,)."""
        n = len(cells[self.total])
        return np.full(n, self.scale) if not self.per else self.scale / cells[self.per]

    def holds(self, cells: Cells) -> bool:
        """Return whether at least `HOLDS` of the complete rows agree, to `TOLERANCE`; False without any."""
        gap = np.abs(self.made(cells) - cells[self.total])
        known = ~np.isnan(gap)
        room = TOLERANCE * np.maximum(np.abs(self.factor(cells)), 1.0)
        return bool(known.any() and (gap[known] <= room[known]).mean() >= HOLDS)


SOURCES = ("wage_income", "operating_income", "property_income", "transfer_income")
TRANSFERS = (
    "family_planning_grant", "minimum_allowance", "destitute_allowance", "pension", "ecological_compensation",
    "other_transfer_income",
)  # fmt: skip
IDENTITIES: tuple[Identity, ...] = (
    Identity("property_income", ("dividend_income", "other_property_income")),
    Identity("transfer_income", TRANSFERS),
    Identity("income_gross", SOURCES),
    Identity("income_net", SOURCES, ("operating_expense", "tax")),
    Identity("income_pc", ("income_net",), per="size"),
)
"""Identities of the registry's household form, parts before totals."""


def identities_of(cells: Cells, welfare: str, size: str | None) -> tuple[Identity, ...]:
    """Return the identities that the columns have and the rows obey, parts before totals.

    Parameters
    ----------
    cells : mapping of str to ndarray, shape (n,)
    welfare : str
        The welfare measure; it may be a multiple of income per head, or of household income over size.
    size : str, optional
    """
    found = []
    for known in IDENTITIES:
        minus = tuple(p for p in known.minus if p in cells)
        per = (size or "") if known.per else ""
        own = Identity(known.total, known.plus, minus, per)
        needed = {own.total, *own.plus, *([per] if known.per else [])}
        if needed <= set(cells) and own.holds(cells):
            found.append(own)
    if welfare in cells and welfare not in {i.total for i in found}:
        found += _measure(cells, welfare, size)
    return tuple(found)


def _measure(cells: Cells, welfare: str, size: str | None) -> list[Identity]:
    """Return how the welfare measure is made of an income column, if it is."""
    for base, per in (("income_pc", ""), ("income_net", size or ""), ("income_gross", size or "")):
        if base not in cells or base == welfare or (base != "income_pc" and per not in cells):
            continue
        under = cells[base] / cells[per] if per else cells[base]
        use = (under != 0) & ~np.isnan(under) & ~np.isnan(cells[welfare])
        if not use.any():
            continue
        scale = float(np.median(cells[welfare][use] / under[use]))
        one = Identity(welfare, (base,), per=per, scale=scale)
        if scale != 0 and one.holds(cells):
            return [one]
    return []


def deduce(cells: Cells, identities: tuple[Identity, ...], may: set[str]) -> dict[str, Bools]:
    """Fill, in place, what follows exactly: a total of known parts, or the one part missing of a known total.

    Parameters
    ----------
    cells : mapping of str to ndarray, shape (n,)
    identities : tuple of Identity
    may : set of str
        Columns that may be filled.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        What was filled.

    Examples
    --------
    >>> cells = {"t": np.array([5.0, np.nan, np.nan]), "a": np.array([2.0, 1, np.nan]), "b": np.array([np.nan, 1, 1])}
    >>> _ = deduce(cells, (Identity("t", ("a", "b")),), {"t", "a", "b"})
    >>> cells["t"].tolist(), cells["b"].tolist()
    ([5.0, 2.0, nan], [3.0, 1.0, 1.0])
    """
    start = {name: np.isnan(values) for name, values in cells.items()}
    changed = True
    while changed:
        changed = False
        for one in identities:
            made = one.made(cells)
            at = np.isnan(cells[one.total]) & ~np.isnan(made)
            if one.total in may and at.any():
                cells[one.total] = np.where(at, made, cells[one.total])
                changed = True
            lacking = sum(np.isnan(cells[p]).astype(int) for p in one.parts)
            lone = (lacking == 1) & ~np.isnan(cells[one.total])
            changed = _lone_parts(cells, one, lone, may) or changed
    return {name: was & ~np.isnan(cells[name]) for name, was in start.items()}


def _lone_parts(cells: Cells, one: Identity, lone: Bools, may: set[str]) -> bool:
    changed = False
    want = cells[one.total] / one.factor(cells)
    known = sum((np.nan_to_num(cells[p]) for p in one.plus), start=np.zeros(len(want)))
    known = known - sum((np.nan_to_num(cells[p]) for p in one.minus), start=np.zeros(len(want)))
    for part in one.parts:
        at = lone & np.isnan(cells[part])
        if part in may and at.any():
            rest = want - known if part in one.plus else known - want
            cells[part] = np.where(at, rest, cells[part])
            changed = True
    return changed


def reconcile(cells: Cells, drawn: dict[str, Bools], identities: tuple[Identity, ...]) -> int:
    """Make drawn parts and totals agree, in place: totals are made of parts, parts meet known totals.

    Missing totals are the sums of their parts. Where the total is known, the drawn parts are scaled so that they
    leave the known remainder: drawn additions first, else drawn deductions; where no scaling can, the difference is
    shared equally.

    Parameters
    ----------
    cells : mapping of str to ndarray, shape (n,)
        Complete in the columns of the identities.
    drawn : mapping of str to ndarray of bool, shape (n,)
        Cells that are not known.
    identities : tuple of Identity
        Parts before totals.

    Returns
    -------
    int
        Rows in which the difference had to be shared.

    Examples
    --------
    >>> cells = {"t": np.array([10.0]), "a": np.array([4.0]), "b": np.array([1.0]), "c": np.array([2.0])}
    >>> drawn = {"a": np.array([False]), "b": np.array([True]), "c": np.array([True]), "t": np.array([False])}
    >>> reconcile(cells, drawn, (Identity("t", ("a", "b", "c")),)), cells["b"].tolist(), cells["c"].tolist()
    (0, [2.0], [4.0])
    """
    loose = {name: marks.copy() for name, marks in drawn.items()}
    for one in identities:
        at = loose[one.total]
        cells[one.total] = np.where(at, one.made(cells), cells[one.total])
    shared = 0
    for one in reversed(identities):
        fixed = ~loose[one.total]
        shared += _meet(cells, one, fixed, loose)
        for part in one.parts:
            loose[part] = loose[part] & ~fixed
    for one in identities:
        at = loose[one.total]
        cells[one.total] = np.where(at, one.made(cells), cells[one.total])
    return shared


def _meet(cells: Cells, one: Identity, fixed: Bools, loose: dict[str, Bools]) -> int:
    """Scale the loose parts of rows with a fixed total so that they make it up."""
    n = len(fixed)
    zero = np.zeros(n)
    up = sum((np.where(loose[p], cells[p], 0.0) for p in one.plus), start=zero)
    down = sum((np.where(loose[p], cells[p], 0.0) for p in one.minus), start=zero)
    count = sum((loose[p].astype(int) for p in one.parts), start=np.zeros(n, dtype=int))
    gap = cells[one.total] / one.factor(cells) - one.made(cells) / one.factor(cells)
    rows = fixed & (count > 0) & (np.abs(gap) > 0)
    if not rows.any():
        return 0
    with np.errstate(divide="ignore", invalid="ignore"):
        grow = np.where((up > 0) & (up + gap >= 0), (up + gap) / up, np.nan)
        shrink = np.where((down > 0) & (down - gap >= 0), (down - gap) / down, np.nan)
    by_up = rows & ~np.isnan(grow)
    by_down = rows & ~by_up & ~np.isnan(shrink)
    rest = rows & ~by_up & ~by_down
    for part in one.parts:
        sign = 1.0 if part in one.plus else -1.0
        value = cells[part]
        scaled = value * np.where(by_up, grow, 1.0) if sign > 0 else value * np.where(by_down, shrink, 1.0)
        scaled = np.where(rest, value + sign * gap / np.maximum(count, 1), scaled)
        cells[part] = np.where(loose[part] & rows, scaled, value)
    return int(rest.sum())
