"""Movements over the poverty line between waves: transitions, entry, exit, return.

A pair is a household's row at a wave and its row at the wave before (in the order of the panel's
waves). Each pair sits at the later row: its keys and PSU are read there, its weight and size are those of
the earlier wave (its weight that of the later wave where `SurveyDesign.pair_weight` says so). Rows without a pair lie outside every domain but still count as sampled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, assemble, estimate, of_waves
from evalkit.measures.basic import DEVILLE
from evalkit.measures.poverty import Line, is_poor
from evalkit.panel import By, Panel

STATES = ("poor", "not_poor")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of a panel with what is known of the wave before.

    Parameters
    ----------
    now, before : ndarray, shape (n,)
        1 poor, 0 not poor at the row's wave and at the wave before; NaN where unknown or unpaired.
    earlier : ndarray of int, shape (n,)
        Row of the wave before, -1 for none.
    after_poverty : ndarray, shape (n,)
        1 where the household was seen poor in a wave earlier than the one before, else 0.
    since_exit : ndarray, shape (n,)
        Waves since the exit (1 in the first wave after the first wave out of poverty); NaN where unknown.
    waves : list of int
        The waves paired, in order.
    unpaired : int
        Rows after the first wave that have no earlier row.
    lost : int
        Rows before the last wave that have no later row.
    at_line : bool
        Whether exactly at the line is poor.
    """

    now: Floats
    before: Floats
    earlier: Ints
    after_poverty: Floats
    since_exit: Floats
    waves: list[int]
    unpaired: int
    lost: int
    at_line: bool


def transitions(
    panel: Panel,
    line: Line = None,
    *,
    frm: int | None = None,
    to: int | None = None,
    by: By = None,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the probabilities of being poor or not, given the state one wave before.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`.
    frm, to : int, optional
        Two waves to compare; by default all consecutive waves, pooled.
    by : str or sequence of str, optional
        Read at the later wave; ``by="wave"`` keys the pairs by it.
    poor_at_line : bool, optional

    Returns
    -------
    Estimate
        Keys `by`, ``frm_state``, ``to_state`` (``poor`` / ``not_poor``); the values of one ``frm_state`` sum to 1. NaN
        where nobody is in the earlier state. Ratios of totals, linearised, one joint covariance.

    Raises
    ------
    EstimationError
        The panel has one wave, only one of frm and to is given, or a wave does not occur.
    """
    panel = _chosen(panel, frm, to)
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    valid = ~np.isnan(pairs.now) & ~np.isnan(pairs.before)
    origin = np.where(valid, np.where(pairs.before == 1, 0, 1), -1).astype(np.intp)
    group = _split(_group(panel, pairs, by, valid), "frm_state", origin, np.arange(len(STATES)))
    about = _about(panel, pairs, group, "transitions")
    size = group.size()
    dests = [(pairs.now == 1).astype(float), (pairs.now == 0).astype(float)]
    shares = [group.sums(d) / size for d in dests]
    zs = [
        np.where(group.inside, group.units * (d - group.spread(p)) / group.spread(size), 0.0)
        for d, p in zip(dests, shares, strict=True)
    ]
    cov = group.sample.covariance_of(zs, [group.code, group.code], group.k)
    order = np.arange(2 * group.k).reshape(2, group.k).T.ravel()
    keys = group.keys.iloc[np.repeat(np.arange(group.k), 2)].reset_index(drop=True)
    keys["frm_state"] = np.array(STATES)[keys["frm_state"].to_numpy(dtype=int)]
    keys["to_state"] = np.tile(np.array(STATES), group.k)
    poor = assemble(group, shares[0], cov[: group.k, : group.k], about)
    values = np.concatenate(shares)[order]
    void = np.isnan(values)
    joint = np.where(void[:, None] | void[None, :], np.nan, cov[np.ix_(order, order)])
    df, n = np.repeat(poor.df, 2), np.repeat(poor.n, 2)
    clusters = np.repeat(group.sample.clusters(group.code, group.k), 2)
    return Estimate(keys, values, joint, df, n, poor.about, clusters=clusters)


def entry_rate(
    panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None
) -> Estimate:
    """Return the share poor among those not poor one wave before.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `transitions`.

    Returns
    -------
    Estimate
        Shares; n counts the pairs at risk.
    """
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    return _rate(panel, pairs, by, pairs.before == 0, pairs.now, "entry_rate")


def exit_rate(
    panel: Panel, line: Line = None, *, by: By = None, poor_at_line: bool | None = None
) -> Estimate:
    """Return the share not poor among those poor one wave before.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `transitions`.

    Returns
    -------
    Estimate
        Shares; n counts the pairs at risk.
    """
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    return _rate(panel, pairs, by, pairs.before == 1, 1 - pairs.now, "exit_rate")


def return_rate(
    panel: Panel,
    line: Line = None,
    *,
    by: By = None,
    by_duration: bool = False,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the share poor again among those who had left poverty: measured return.

    At risk at a wave are households not poor one wave before that were seen poor earlier still.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `transitions`.
    by_duration : bool
        Add the key ``duration``, waves since the exit (1 for the wave after the first one out of
        poverty). Households unseen in a wave since they were last seen poor have no known duration
        and are left out of this table.

    Returns
    -------
    Estimate
        Shares; n counts the household-waves at risk.
    """
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    at_risk = (pairs.before == 0) & (pairs.after_poverty == 1)
    duration = pairs.since_exit if by_duration else None
    return _rate(panel, pairs, by, at_risk, pairs.now, "return_rate", duration)


def pair_rows(panel: Panel, line: Line = None, *, poor_at_line: bool | None = None) -> Pairs:
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
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    poor = is_poor(panel.values("welfare"), panel.line(line), at_line=at_line)
    rows = np.flatnonzero(panel.mask)
    when = np.searchsorted(waves, panel.frame[panel.wave].astype(int).to_numpy()[rows])
    who = pd.factorize(panel.frame[panel.household].to_numpy()[rows])[0]
    where = np.full((int(who.max()) + 1, len(waves)), -1, dtype=np.intp)
    where[who, when] = rows
    state = np.where(where >= 0, poor[where], np.nan)
    ever, since = histories(state)
    out = {name: np.full(len(poor), np.nan) for name in ("before", "ever", "since")}
    earlier = np.full(len(poor), -1, dtype=np.intp)
    later = when > 0
    at, w, t = rows[later], who[later], when[later]
    earlier[at] = where[w, t - 1]
    out["before"][at] = state[w, t - 1]
    out["ever"][at], out["since"][at] = ever[w, t], since[w, t]
    paired = int((earlier[at] >= 0).sum())
    unpaired, lost = len(at) - paired, int((when < len(waves) - 1).sum()) - paired
    return Pairs(poor, out["before"], earlier, out["ever"], out["since"], waves, unpaired, lost, at_line)


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


def _chosen(panel: Panel, frm: int | None, to: int | None) -> Panel:
    if frm is None and to is None:
        return panel
    if frm is None or to is None or not frm < to:
        msg = f"transitions need both frm and to, frm before to; got frm={frm}, to={to}"
        raise EstimationError(msg)
    return of_waves(panel, [frm, to])


def _group(panel: Panel, pairs: Pairs, by: By, rows: NDArray[np.bool_]) -> Cells:
    """Return the domains of the later waves, their rows counting as in the earlier wave."""
    later = (panel.frame[panel.wave].astype(int) > pairs.waves[0]).to_numpy()
    domains = panel.where(later).domains(by)
    paired = pairs.earlier >= 0
    at = np.maximum(pairs.earlier, 0)
    sample, own = panel.sample, panel.design.pair_weight == "later"
    weight = np.where(paired, sample.weight if own else sample.weight[at], 0.0)
    basis = sample.basis if own or sample.basis is None else sample.basis.at(at)
    units = np.where(paired, panel.persons()[at], 0.0)
    code = np.where(rows & paired, domains.code, -1).astype(np.intp)
    note = _notes.counting(persons=panel.size is not None)
    return Cells(domains.keys, code, units, replace(sample, weight=weight, basis=basis), (note,))


def _split(group: Cells, name: str, level: Ints, levels: Ints) -> Cells:
    """Return the cells split by one more key; `level` is each row's position in `levels`, -1 for none."""
    m = len(levels)
    keys = group.keys.iloc[np.repeat(np.arange(group.k), m)].reset_index(drop=True)
    keys[name] = np.tile(levels, group.k)
    code = np.where((group.code >= 0) & (level >= 0), group.code * m + level, -1)
    return replace(group, keys=keys, code=code.astype(np.intp))


def _rate(
    panel: Panel,
    pairs: Pairs,
    by: By,
    at_risk: NDArray[np.bool_],
    event: Floats,
    name: str,
    duration: Floats | None = None,
) -> Estimate:
    """Return the share with the event among the pairs at risk, in each domain of the later wave."""
    rows = at_risk & ~np.isnan(event)
    group = _group(panel, pairs, by, rows)
    if duration is not None:
        levels, level = np.unique(np.where(group.inside, duration, np.nan), return_inverse=True)
        known = ~np.isnan(levels)
        level = np.where(known[level], level, -1).astype(np.intp)
        group = _split(group, "duration", level, levels[known].astype(np.intp))
    about = _about(panel, pairs, group, name)
    values = group.sums(event) / group.size()
    return estimate(group, values, (event - group.spread(values)) / group.spread(group.size()), about)


def _about(panel: Panel, pairs: Pairs, group: Cells, name: str) -> About:
    waves = pairs.waves
    spans = [(a, b) for a, b in pairwise(waves) if b - a > 1]
    notes = [
        _notes.line_rule(at_line=pairs.at_line),
        _notes.pairs(int(group.inside.sum())),
    ]
    if pairs.unpaired or pairs.lost:
        notes.append(_notes.unpaired(pairs.unpaired, pairs.lost))
    notes.append(_notes.pair_weight(panel.design.pair_weight))
    lacking = int((panel.mask & np.isnan(pairs.now)).sum())
    if lacking:
        notes.append(_notes.missing(lacking, int(panel.mask.sum()), panel.welfare))
    if spans:
        notes.append(_notes.gaps(spans))
    return About(
        estimand=name,
        interval="kg",
        method="ratio of totals over pairs of consecutive waves, linearised",
        citation=DEVILLE,
        unit="share",
        notes=(*notes, *_notes.concepts(panel, waves)),
    )
