"""Pairs of waves: a household's row at a wave and its row at the wave before.

The wave before is the one before in the order of the panel's waves. Each pair sits at the later row: its keys
and PSU are read there, its weight and size are those of the earlier wave (its weight that of the later wave
where `SurveyDesign.pair_weight` says so). Rows without a pair lie outside every domain but still count as sampled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, of_waves
from evalkit.measures._waves import refuse_concepts
from evalkit.measures.basic import DEVILLE
from evalkit.measures.poverty import Line, is_poor
from evalkit.panel import By, Panel
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Links:
    """Which row of the wave before belongs to each row.

    Parameters
    ----------
    waves : list of int
        The waves linked, in order.
    rows : ndarray of int, shape (r,)
        Rows of the subpopulation.
    who, when : ndarray of int, shape (r,)
        Household (0…h-1) and position of the wave of each of `rows`.
    where : ndarray of int, shape (h, t)
        Row of each household and wave, -1 for unseen.
    earlier : ndarray of int, shape (n,)
        Row of the wave before, -1 for none.
    unpaired : int
        Rows after the first wave that have no earlier row.
    lost : int
        Rows before the last wave that have no later row.
    """

    waves: list[int]
    rows: Ints
    who: Ints
    when: Ints
    where: Ints
    earlier: Ints
    unpaired: int
    lost: int

    def before(self, values: Floats) -> Floats:
        """Return each row's value one wave before, NaN without a pair, shape (n,)."""
        return np.where(self.earlier >= 0, values[np.maximum(self.earlier, 0)], np.nan)

    def later(self, values: Floats) -> Floats:
        """Return values by household and wave, shape (h, t), at their rows (shape (n,), NaN elsewhere)."""
        out = np.full(len(self.earlier), np.nan)
        out[self.rows] = values[self.who, self.when]
        return out


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of a panel with what is known of poverty in the waves before.

    Parameters
    ----------
    links : Links
    now, before : ndarray, shape (n,)
        1 poor, 0 not poor at the row's wave and at the wave before; NaN where unknown or unpaired.
    after_poverty : ndarray, shape (n,)
        1 where the household was seen poor in a wave earlier than the one before, else 0.
    since_exit : ndarray, shape (n,)
        Waves since the exit (1 in the first wave after the first wave out of poverty); NaN where unknown.
    since_entry : ndarray, shape (n,)
        Waves since the entry into poverty, alike.
    at_line : bool
        Whether exactly at the line is poor.
    """

    links: Links
    now: Floats
    before: Floats
    after_poverty: Floats
    since_exit: Floats
    since_entry: Floats
    at_line: bool


def link_rows(panel: Panel) -> Links:
    """Align each row with the household's row one wave before, by household identity.

    Raises
    ------
    EstimationError
        The panel has fewer than two waves.
    """
    waves = panel.waves
    if len(waves) < 2:
        msg = f"movements need at least two waves; the panel has {', '.join(map(str, waves)) or 'none'}"
        raise EstimationError(msg)
    rows = np.flatnonzero(panel.mask)
    when = np.searchsorted(waves, panel.frame[panel.wave].astype(int).to_numpy()[rows])
    who = pd.factorize(panel.frame[panel.household].to_numpy()[rows])[0]
    where = np.full((int(who.max()) + 1, len(waves)), -1, dtype=np.intp)
    where[who, when] = rows
    earlier = np.full(len(panel.frame), -1, dtype=np.intp)
    later = when > 0
    earlier[rows[later]] = where[who[later], when[later] - 1]
    paired = int((earlier >= 0).sum())
    unpaired, lost = int(later.sum()) - paired, int((when < len(waves) - 1).sum()) - paired
    return Links(waves, rows, who, when, where, earlier, unpaired, lost)


def pair_rows(panel: Panel, line: Line = None, *, poor_at_line: bool | None = None) -> Pairs:
    """Return the state of each row and what the waves before say of it.

    Raises
    ------
    EstimationError
        The panel has fewer than two waves, or its income concept changes.
    """
    links = link_rows(panel)
    refuse_concepts(panel, links.waves)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    poor = is_poor(panel.values("welfare"), panel.line(line), at_line=at_line)
    state = np.where(links.where >= 0, poor[links.where], np.nan)
    ever, since_exit = histories(state)
    since_entry = histories(1 - state)[1]
    return Pairs(
        links=links,
        now=poor,
        before=links.before(poor),
        after_poverty=links.later(ever),
        since_exit=links.later(since_exit),
        since_entry=links.later(since_entry),
        at_line=at_line,
    )


def histories(state: Floats) -> tuple[Floats, Floats]:
    """Return what each wave's past says of poverty, from states by household and wave, shape (h, t).

    Parameters
    ----------
    state : ndarray, shape (h, t)
        1 poor, 0 not poor, NaN unseen.

    Returns
    -------
    ever : ndarray, shape (h, t)
        1 where the household was seen poor two or more waves earlier.
    since : ndarray, shape (h, t)
        Consecutive waves seen out of poverty just before, if they follow directly on a wave in poverty.

    Examples
    --------
    >>> histories(np.array([[1.0, 0.0, 0.0, 1.0]]))
    (array([[0., 0., 1., 1.]]), array([[nan, nan,  1.,  2.]]))
    """
    households, waves = state.shape
    ever, since = np.zeros((households, waves)), np.full((households, waves), np.nan)
    run = np.full(households, np.nan)
    for t in range(1, waves):
        last = state[:, t - 1]
        run = np.where(last == 1, 0.0, np.where(last == 0, run + 1, np.nan))
        since[:, t] = np.where(run > 0, run, np.nan)
        if t > 1:
            ever[:, t] = np.maximum(ever[:, t - 1], state[:, t - 2] == 1)
    return ever, since


def chosen_waves(panel: Panel, frm: int | None, to: int | None) -> Panel:
    """Return the panel of two waves, or of all of them when none is named.

    Raises
    ------
    EstimationError
        Only one wave is named, they are not in order, or one does not occur.
    """
    if frm is None and to is None:
        return panel
    if frm is None or to is None or not frm < to:
        msg = f"transitions need both frm and to, frm before to; got frm={frm}, to={to}"
        raise EstimationError(msg)
    return of_waves(panel, [frm, to])


def pair_cells(panel: Panel, links: Links, by: By, rows: NDArray[np.bool_]) -> Cells:
    """Return the domains of the later waves, their rows counting as in the earlier wave."""
    later = (panel.frame[panel.wave].astype(int) > links.waves[0]).to_numpy()
    domains = panel.where(later).domains(by)
    paired = links.earlier >= 0
    at = np.maximum(links.earlier, 0)
    sample, own = panel.sample, panel.design.pair_weight == "later"
    weight = np.where(paired, sample.weight if own else sample.weight[at], 0.0)
    basis = sample.basis if own or sample.basis is None else sample.basis.at(at)
    units = np.where(paired, panel.persons()[at], 0.0)
    code = np.where(rows & paired, domains.code, -1).astype(np.intp)
    note = _notes.counting(persons=panel.size is not None)
    return Cells(domains.keys, code, units, replace(sample, weight=weight, basis=basis), (note,))


def split_cells(group: Cells, name: str, level: Ints, levels: Ints) -> Cells:
    """Return the cells split by one more key; `level` is each row's position in `levels`, -1 for none."""
    m = len(levels)
    keys = group.keys.iloc[np.repeat(np.arange(group.k), m)].reset_index(drop=True)
    keys[name] = np.tile(levels, group.k)
    code = np.where((group.code >= 0) & (level >= 0), group.code * m + level, -1)
    return replace(group, keys=keys, code=code.astype(np.intp))


def pairs_about(
    panel: Panel, links: Links, group: Cells, name: str, states: tuple[Text, ...], unknown: int
) -> About:
    """Return the description of a rate over pairs.

    Parameters
    ----------
    panel : Panel
    links : Links
    group : Cells
    name : str
        Estimand.
    states : tuple of Text
        How the states are defined.
    unknown : int
        Rows of the subpopulation whose state is missing.
    """
    spans = [(a, b) for a, b in pairwise(links.waves) if b - a > 1]
    notes = [*states, _notes.pairs(int(group.inside.sum()))]
    if links.unpaired or links.lost:
        notes.append(_notes.unpaired(links.unpaired, links.lost))
    notes.append(_notes.pair_weight(panel.design.pair_weight))
    if unknown:
        notes.append(_notes.missing(unknown, int(panel.mask.sum()), panel.welfare))
    if spans:
        notes.append(_notes.gaps(spans))
    return About(
        estimand=name,
        interval="kg",
        method="ratio of totals over pairs of consecutive waves, linearised",
        citation=DEVILLE,
        unit="share",
        notes=(*notes, *_notes.concepts(panel, links.waves)),
    )
