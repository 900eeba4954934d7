"""Households seen in every one of some waves, as one unit each.

A household sits at its row of the last wave: keys and PSU are read there; it counts with the weight and size
of the first wave (the weight of the last where `SurveyDesign.pair_weight` is ``later``), as pairs of waves do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, keyed, of_waves
from evalkit.measures.poverty import NonPositive
from evalkit.panel import By, Panel
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Followed:
    """Households seen in all of some waves.

    Parameters
    ----------
    waves : list of int
    values : ndarray, shape (h, t)
        The variable by household and wave.
    lines : ndarray, shape (h, t)
        Another value of the same rows (the poverty line), ones without any.
    at : ndarray of int, shape (h,)
        Row of each household's last wave.
    group : Cells
        Domains of all rows; only rows in `at` lie in one.
    """

    waves: list[int]
    values: Floats
    lines: Floats
    at: Ints
    group: Cells

    def place(self, x: Floats) -> Floats:
        """Return values by household, shape (h,), at their rows: shape (n,), zero elsewhere."""
        out = np.zeros(len(self.group.code))
        out[self.at] = x
        return out


def follow(
    panel: Panel, waves: Sequence[int], by: By, y: Floats, *, other: Floats | None = None, what: str = ""
) -> Followed:
    """Return the households with a value in every one of the waves, and their domains.

    Parameters
    ----------
    panel : Panel
    waves : sequence of int
        At least two, in order.
    by : str or sequence of str, optional
        Read at the last wave.
    y : ndarray, shape (n,)
        NaN where unknown.
    other : ndarray, shape (n,), optional
        A second value of the same rows.
    what : str
        Name of the variable in the note.

    Raises
    ------
    EstimationError
        Fewer than two waves, a wave that does not occur, or the wave among the keys.
    """
    waves = sorted(waves)
    if len(waves) < 2:
        words = ", ".join(map(str, waves)) or "none"
        msg = f"households are followed over at least two waves; the panel has wave {words}"
        raise EstimationError(msg)
    if {"wave", panel.wave} & set(keyed(by)):
        msg = "waves are compared within households; take the wave out of by"
        raise EstimationError(msg)
    chosen = of_waves(panel, list(waves))
    year = panel.frame[panel.wave].astype(int).to_numpy()
    rows = np.flatnonzero(chosen.mask)
    who = pd.factorize(panel.frame[panel.household].to_numpy()[rows])[0]
    where = np.full((int(who.max()) + 1, len(waves)), -1, dtype=np.intp)
    where[who, np.searchsorted(waves, year[rows])] = rows
    known = (where >= 0) & ~np.isnan(y[where])
    whole = known.all(axis=1)
    kept = where[whole]
    partial = int((known.any(axis=1) & ~whole).sum())
    group = _cells(chosen, year == waves[-1], by, kept[:, 0], kept[:, -1])
    notes = (_balanced(len(kept), partial, list(waves), what), *group.notes)
    values = y[kept]
    lines = np.ones(values.shape) if other is None else other[kept]
    return Followed(list(waves), values, lines, kept[:, -1], replace(group, notes=notes))


def positive(
    panel: Panel, y: Floats, nonpositive: NonPositive, floor: float | None, rows: Ints
) -> tuple[Floats, tuple[Text, ...]]:
    """Return values that have a logarithm, by the policy asked for, with the note that counts what it did.

    Parameters
    ----------
    panel : Panel
    y : ndarray, shape (n,)
    nonpositive : {"error", "drop", "floor"}
    floor : float, optional
        Positive, in units of y.
    rows : ndarray of int
        Rows that matter.

    Raises
    ------
    EstimationError
        Non-positive values without a policy, or no positive floor.
    """
    if nonpositive not in ("error", "drop", "floor"):
        msg = f"nonpositive is 'error', 'drop' or 'floor', not {nonpositive!r}"
        raise EstimationError(msg)
    bad = np.zeros(len(y), dtype=bool)
    bad[rows] = y[rows] <= 0
    if nonpositive == "floor":
        if floor is None or not floor > 0:
            msg = f"nonpositive='floor' needs a positive floor, got {floor}"
            raise EstimationError(msg)
        return np.where(np.isnan(y), np.nan, np.fmax(y, floor)), (
            _notes.floored(int((y[rows] < floor).sum()), floor),
        )
    if nonpositive == "drop":
        return np.where(bad, np.nan, y), (_notes.dropped(int(bad.sum())),)
    if bad.any():
        first = panel.frame.loc[bad, [panel.household, panel.wave]].iloc[0]
        msg = (
            f"{int(bad.sum())} of {len(rows)} household-waves have {panel.welfare!r} of zero or less (first: "
            f"{first.iloc[0]}, {first.iloc[1]}), which has no logarithm; pass nonpositive='drop', or "
            "nonpositive='floor' with floor=…"
        )
        raise EstimationError(msg)
    return y, ()


def _cells(
    chosen: Panel, last: np.ndarray[tuple[int], np.dtype[np.bool_]], by: By, first: Ints, at: Ints
) -> Cells:
    domains = chosen.where(last).domains(by)
    sample, own = chosen.sample, chosen.design.pair_weight == "later"
    start = np.arange(len(last), dtype=np.intp)
    start[at] = first
    followed = np.zeros(len(last), dtype=bool)
    followed[at] = True
    weight = np.where(followed, sample.weight if own else sample.weight[start], 0.0)
    basis = sample.basis if own or sample.basis is None else sample.basis.at(start)
    units = np.where(followed, chosen.persons()[start], 0.0)
    code = np.where(followed, domains.code, -1).astype(np.intp)
    notes = [_notes.counting(persons=chosen.size is not None), _basis(chosen.design.pair_weight)]
    keyless = len(at) - int((code >= 0).sum())
    if keyless:
        notes.append(_notes.missing(keyless, len(at), " / ".join(keyed(by))))
    return Cells(domains.keys, code, units, replace(sample, weight=weight, basis=basis), tuple(notes))


def _balanced(kept: int, partial: int, waves: list[int], what: str) -> Text:
    years = ", ".join(map(str, waves))
    return Text(
        en=f"{kept:,} households with {what or 'a value'} in all of {years}; {partial:,} with it in only some of these "
        "waves are left out",
        zh=f"{years}各年均有{what or '数值'}的{kept:,}户；另有{partial:,}户仅部分年份有，未计入",
    )


def _basis(whose: str) -> Text:
    if whose == "later":
        return Text(
            en="counted with the last wave's weight, which makes up for attrition, and the first wave's size",
            zh="按末期的权重（已作流失调整）与首期的人口数计",
        )
    return Text(en="counted with the first wave's weight and size", zh="按首期的权重与人口数计")
