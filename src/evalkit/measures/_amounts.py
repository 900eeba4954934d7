"""The variable behind a measure of distribution: its values, its cells, and what happens to incomes of zero or less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, Per, cells
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures.poverty import NonPositive
from evalkit.panel import By, Panel
from evalkit.text import Text

Lowest = Literal["positive", "zero", "any"]


@dataclass(frozen=True, eq=False)
class Amounts:
    """A variable ready to be measured.

    Parameters
    ----------
    name : str
        Column.
    y : ndarray, shape (n,)
        Values, in constant prices where asked; NaN where missing.
    group : Cells
    unit : str
        ``currency`` for the welfare measure, else empty.
    notes : tuple of Text
        Prices, income concept, policy on incomes of zero or less.
    """

    name: str
    y: Floats
    group: Cells
    unit: str
    notes: tuple[Text, ...]

    def noting(self, *notes: Text) -> Amounts:
        """Return the same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True, eq=False)
class Steps:
    """The distribution of one cell, equal values put together.

    Parameters
    ----------
    cell : int
    rows : ndarray of int, shape (r,)
        Rows of positive weight, sorted by value.
    step : ndarray of int, shape (r,)
        Which distinct value each of `rows` has.
    value : ndarray, shape (m,)
        Distinct values in ascending order.
    weight : ndarray, shape (m,)
        Σ w of the rows with each value.
    """

    cell: int
    rows: Ints
    step: Ints
    value: Floats
    weight: Floats

    @property
    def total(self) -> float:
        """Σ w of the cell."""
        return float(self.weight.sum())

    def sums(self, wx: Floats) -> Floats:
        """Return Σ over the rows of each step, shape (m,), of w x given for `rows`, shape (r,)."""
        return np.bincount(self.step, weights=wx, minlength=len(self.value)).astype(float)


def amounts(panel: Panel, variable: str | None, by: By, per: Per = None, *, real: bool = False) -> Amounts:
    """Return the values of a role or column (the welfare measure by default) and the cells of a breakdown.

    Raises
    ------
    DataError
        The variable is absent, not numeric, all missing, or a deflator is missing.
    """
    name = variable or "welfare"
    y = panel.values(name)
    if real:
        y = y * deflator(panel)
    column = panel.column(name)
    group = cells(panel, by, {column: y}, per)
    unit = "currency" if column == panel.welfare else ""
    return Amounts(column, y, group, unit, price_notes(panel, name, real=real))


def with_policy(
    found: Amounts, lowest: Lowest, nonpositive: NonPositive, floor: float | None, what: str
) -> Amounts:
    """Return amounts for which a formula has a value, after the policy asked for.

    Parameters
    ----------
    found : Amounts
    lowest : {"positive", "zero", "any"}
        Smallest amounts for which the formula has a value.
    nonpositive : {"error", "drop", "floor"}
        Refuse amounts without a value; leave out all of zero or less; count all below `floor` as `floor`.
    floor : float, optional
    what : str
        The measure, for the message.

    Raises
    ------
    EstimationError
        Amounts without a value under ``error``, a floor missing or not positive, or no such policy.
    """
    y, inside = found.y, found.group.inside
    if nonpositive == "floor":
        if floor is None or not floor > 0:
            msg = f"nonpositive='floor' needs a positive floor, got {floor}"
            raise EstimationError(msg)
        note = _notes.floored(int((inside & (y < floor)).sum()), floor)
        return replace(found, y=np.fmax(y, floor)).noting(note)
    if nonpositive == "drop":
        out = inside & (y <= 0)
        code = np.where(out, -1, found.group.code).astype(np.intp)
        return replace(found, group=replace(found.group, code=code)).noting(_notes.dropped(int(out.sum())))
    if nonpositive != "error":
        msg = f"nonpositive is 'error', 'drop' or 'floor', not {nonpositive!r}"
        raise EstimationError(msg)
    bad = inside & ((y <= 0) if lowest == "positive" else (y < 0))
    if lowest != "any" and bad.any():
        limit = "zero or less" if lowest == "positive" else "less than zero"
        msg = (
            f"{int(bad.sum())} of {int(inside.sum())} household-waves have {found.name!r} of {limit}, for which "
            f"{what} has no value; pass nonpositive='drop', or nonpositive='floor' with floor=…"
        )
        raise EstimationError(msg)
    return found.noting(*low_notes(found))


def low_notes(found: Amounts) -> tuple[Text, ...]:
    """Return notes that count amounts below zero and of zero, where there are any."""
    inside = found.group.inside
    below, zero = int((inside & (found.y < 0)).sum()), int((inside & (found.y == 0)).sum())
    notes = []
    if below:
        notes.append(
            Text(
                en=f"{below:,} household-waves have a negative {found.name}; they count as they are",
                zh=f"{below:,}条户年记录的{found.name}为负，按原值计入",
            )
        )
    if zero:
        notes.append(
            Text(
                en=f"{zero:,} household-waves have a {found.name} of zero; they count as they are",
                zh=f"{zero:,}条户年记录的{found.name}为零，按原值计入",
            )
        )
    return tuple(notes)


def positive_base(found: Amounts, base: Floats, what: Text) -> tuple[Floats, Amounts]:
    """Return a denominator of each cell, NaN where it is not positive, which a note then names."""
    known = np.isfinite(base)
    bad = known & ~(np.where(known, base, 1.0) > 0)
    out = np.where(bad, np.nan, base)
    if not bad.any():
        return out, found
    labels = ["/".join(map(str, row)) for row in found.group.keys[bad].itertuples(index=False)]
    named = ", ".join(labels[:5]) or "all"
    note = Text(
        en=f"no value where {what.en} is not positive: {named}",
        zh=f"以下分组{what.zh}不为正，无法计算：{named}",
    )
    return out, found.noting(note)


MEAN = Text(en="the mean", zh="均值")


def steps_by_cell(group: Cells, y: Floats) -> Iterator[Steps]:
    """Yield the distribution of each cell that has rows of positive weight."""
    weight = group.weight
    rows = np.flatnonzero(group.inside & (weight > 0))
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        if not len(at):
            continue
        at = at[np.argsort(y[at], kind="stable")]
        values = y[at]
        new = np.concatenate([[True], values[1:] != values[:-1]])
        step = np.asarray(np.cumsum(new) - 1, dtype=np.intp)
        sums = np.bincount(step, weights=weight[at]).astype(float)
        yield Steps(cell, at, step, values[new], sums)
