"""Rows of two waves side by side: all households of each wave, or the same households matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.measures import _notes
from evalkit.measures._influence import Flags
from evalkit.measures._linear import Cells, cells, keyed, of_waves
from evalkit.measures._prices import price_factor
from evalkit.panel import By, Panel
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class TwoWaves:
    """Cells that hold the rows of two waves.

    Parameters
    ----------
    group : Cells
        Keyed without the wave.
    first, last : ndarray of bool, shape (n,)
        Rows of the earlier and of the later wave.
    notes : tuple of Text
    """

    group: Cells
    first: Flags
    last: Flags
    notes: tuple[Text, ...]


@dataclass(frozen=True, eq=False)
class Matched:
    """Households observed in several waves, each sitting at its row of the wave `to`.

    Parameters
    ----------
    group : Cells
        Keyed by what is read at the later wave; weight and size as for pairs of waves.
    at : mapping of int to ndarray, shape (n,)
        For each wave, the household's row in that wave; meaningful inside the cells only.
    notes : tuple of Text
    """

    group: Cells
    at: dict[int, Ints]
    notes: tuple[Text, ...]

    def values(self, wave: int, x: Floats) -> Floats:
        """Return what x is in a wave for the household at each row, NaN outside the cells; shape (n,)."""
        return np.where(self.group.inside, x[self.at[wave]], np.nan)


def check_waves(panel: Panel, by: By, frm: int, to: int) -> None:
    """Refuse waves out of order and a breakdown by wave.

    Raises
    ------
    EstimationError
    """
    if not frm < to:
        msg = f"growth needs frm before to, got frm={frm}, to={to}"
        raise EstimationError(msg)
    if "wave" in keyed(by) or panel.wave in keyed(by):
        msg = f"the change from {frm} to {to} compares two waves; take the wave out of by"
        raise EstimationError(msg)


def concept_notes(panel: Panel, frm: int, to: int, *, across_concepts: bool) -> tuple[Text, ...]:
    """Return a note where the income concept changes and that is allowed; refuse where it is not.

    Raises
    ------
    EstimationError
        The concept changes, or is unknown in one of the waves.
    """
    if panel.concept is None:
        return ()
    first, last = panel.concept.get(frm, "unknown"), panel.concept.get(to, "unknown")
    if first == last and first != "unknown":
        return ()
    if not (across_concepts or panel.across_concepts):
        msg = (
            f"the income concept is {first} in {frm} and {last} in {to}: the difference mixes growth with a change "
            'of definition; choose waves of one concept, set plan.welfare.across_break: "reason", or, for growth, '
            "pass across_concepts=True"
        )
        raise EstimationError(msg)
    return (
        Text(
            en=f"the income concept changes from {first} ({frm}) to {last} ({to}); part of the growth is definition",
            zh=f"收入口径由{first}（{frm}）变为{last}（{to}），增长中含口径变化",
        ),
    )


def refuse_concepts(panel: Panel, waves: Sequence[int]) -> None:
    """Raise if the income concept changes between waves whose states are compared.

    Raises
    ------
    EstimationError
        Naming the concepts.
    """
    if not concepts_change(panel, waves):
        return
    words = ", ".join(f"{(panel.concept or {}).get(w, 'unknown')} in {w}" for w in waves)
    msg = (
        f"the income concept changes ({words}): movements would mix with a change of definition; choose waves "
        'of one concept, or set plan.welfare.across_break: "reason" (across_concepts of the panel)'
    )
    raise EstimationError(msg)


def concepts_change(panel: Panel, waves: Sequence[int]) -> bool:
    """Return whether the income concept changes between the waves and the panel gives no reason to compare them."""
    if panel.concept is None or panel.across_concepts:
        return False
    return len({panel.concept.get(w, "unknown") for w in waves}) > 1


def two_waves(panel: Panel, by: By, frm: int, to: int, y: Floats) -> TwoWaves:
    """Return the cells that hold all rows of two waves with a value of y, shape (n,).

    Raises
    ------
    EstimationError
        A wave does not occur, the waves are not in order or in `by`, or the income concept changes.
    """
    check_waves(panel, by, frm, to)
    concept_notes(panel, frm, to, across_concepts=False)
    both = of_waves(panel, [frm, to])
    group = cells(both, by, {panel.welfare: y})
    return split_waves(both, group, frm)


def split_waves(both: Panel, group: Cells, frm: int) -> TwoWaves:
    """Tell the rows of the first wave from those of the other in cells made of two waves."""
    early = (both.frame[both.wave].astype(int) == frm).to_numpy()
    first, last = group.inside & early, group.inside & ~early
    notes = [_notes.cross_section(), *_notes.concepts(both, both.waves)]
    seen = [group.sums(rows.astype(float)) > 0 for rows in (first, last)]
    half = seen[0] ^ seen[1]
    if half.any():
        notes.append(one_wave_only(group.keys.loc[half]))
    return TwoWaves(group, first, last, tuple(notes))


def one_wave_only(keys: pd.DataFrame) -> Text:
    """Name the domains that are observed in one of the two waves only."""
    some = _notes.listed(keys)
    return Text(en=f"observed in one of the two waves only: {some}", zh=f"仅一期有观测：{some}")


def matched(panel: Panel, by: By, frm: int, to: int, also: int | None = None) -> Matched:
    """Return the households with a welfare measure in both waves (and in a third).

    Each sits at its row of the wave `to`: domains and clusters are read there, weight and size in `frm` (its weight
    in `to` where `SurveyDesign.pair_weight` says so).

    Raises
    ------
    EstimationError
        As `two_waves`.
    """
    check_waves(panel, by, frm, to)
    used = [frm, to] if also is None else [frm, to, also]
    for wave in used[1:]:
        concept_notes(panel, frm, wave, across_concepts=False)
    both = of_waves(panel, used)
    y = panel.values("welfare")
    when = panel.frame[panel.wave].astype(int).to_numpy()
    who, names = pd.factorize(panel.frame[panel.household].to_numpy())
    at = {}
    for wave in used:
        rows = np.flatnonzero(both.mask & (when == wave) & ~np.isnan(y))
        place = np.full(len(names), -1, dtype=np.intp)
        place[who[rows]] = rows
        at[wave] = place[who]
    seen = np.logical_and.reduce([place >= 0 for place in at.values()]) & (when == to) & both.mask
    began = int((at[frm][both.mask & (when == frm)] >= 0).sum())
    domains = both.where(when == to).domains(by)
    code = np.where(seen, domains.code, -1).astype(np.intp)
    earlier = np.maximum(at[frm], 0)
    sample, own = panel.sample, panel.design.pair_weight == "later"
    weight = np.where(seen, sample.weight if own else sample.weight[earlier], 0.0)
    basis = sample.basis if own or sample.basis is None else sample.basis.at(earlier)
    units = np.where(seen, panel.persons()[earlier], 0.0)
    group = Cells(domains.keys, code, units, replace(sample, weight=weight, basis=basis))
    notes = (
        _notes.counting(persons=panel.size is not None),
        _notes.cohort(int(seen.sum()), began - int(seen.sum()), used),
        _notes.pair_weight(panel.design.pair_weight),
        *_notes.concepts(panel, used),
    )
    return Matched(group, {w: np.maximum(place, 0) for w, place in at.items()}, notes)


def line_change(panel: Panel, frm: int, to: int, z: Floats) -> tuple[Text, ...]:
    """Say by how much the poverty line changes in constant prices; nothing is said without deflators.

    Parameters
    ----------
    z : ndarray, shape (n,)
        Line of each row, in currency of its wave.
    """
    base = Text(
        en="welfare is measured in units of each wave's own line, so that growth is growth relative to the line",
        zh="福利指标以各年贫困线为单位，增长即相对于贫困线的增长",
    )
    if panel.deflators is None:
        return (base,)
    wave = panel.frame[panel.wave].astype(int).to_numpy()
    lines = [np.unique(z[panel.mask & (wave == w) & ~np.isnan(z)]) for w in (frm, to)]
    if any(len(v) != 1 for v in lines):
        return (base,)
    real = [v[0] * price_factor(panel, w) for v, w in zip(lines, (frm, to), strict=True)]
    rise = 100 * (real[1] / real[0] - 1)
    return (
        base,
        Text(
            en=f"in constant prices the line changes by {rise:+.1f} % between the waves",
            zh=f"按不变价计，两期之间贫困线变动{rise:+.1f}%",
        ),
    )
