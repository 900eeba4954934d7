"""Movements over the poverty line between waves: transitions, entry, exit, return."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, assemble, estimate
from evalkit.measures._pairs import Pairs, chosen_waves, pair_cells, pair_rows, pairs_about, split_cells
from evalkit.measures.poverty import Line
from evalkit.panel import By, Panel

STATES = ("poor", "not_poor")


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
        where nobody is in the earlier state. Ratios of totals, linearised, one joint covariance. States of
        any other kind: `transition_matrix`.

    Raises
    ------
    EstimationError
        The panel has one wave, only one of frm and to is given, a wave does not occur, or the income concept changes
        between the waves and the panel gives no reason to compare them (`Panel.across_concepts`).
    """
    panel = chosen_waves(panel, frm, to)
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    valid = ~np.isnan(pairs.now) & ~np.isnan(pairs.before)
    origin = np.where(valid, np.where(pairs.before == 1, 0, 1), -1).astype(np.intp)
    group = pair_cells(panel, pairs.links, by, valid)
    group = split_cells(group, "frm_state", origin, np.arange(len(STATES)))
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
    panel: Panel,
    line: Line = None,
    *,
    by: By = None,
    by_duration: bool = False,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the share not poor among those poor one wave before.

    Parameters
    ----------
    panel, line, by, poor_at_line
        As in `transitions`.
    by_duration : bool
        Add the key ``duration``, waves since the entry (1 for the wave after the first one in poverty).
        Spells whose beginning was not seen (poor when first seen, or unseen in the wave before) have no
        known duration and are left out of this table.

    Returns
    -------
    Estimate
        Shares; n counts the pairs at risk.
    """
    pairs = pair_rows(panel, line, poor_at_line=poor_at_line)
    duration = pairs.since_entry if by_duration else None
    return _rate(panel, pairs, by, pairs.before == 1, 1 - pairs.now, "exit_rate", duration)


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
    group = pair_cells(panel, pairs.links, by, rows)
    if duration is not None:
        levels, level = np.unique(np.where(group.inside, duration, np.nan), return_inverse=True)
        known = ~np.isnan(levels)
        level = np.where(known[level], level, -1).astype(np.intp)
        group = split_cells(group, "duration", level, levels[known].astype(np.intp))
    about = _about(panel, pairs, group, name)
    values = group.sums(event) / group.size()
    return estimate(group, values, (event - group.spread(values)) / group.spread(group.size()), about)


def _about(panel: Panel, pairs: Pairs, group: Cells, name: str) -> About:
    unknown = int((panel.mask & np.isnan(pairs.now)).sum())
    return pairs_about(panel, pairs.links, group, name, (_notes.line_rule(at_line=pairs.at_line),), unknown)
