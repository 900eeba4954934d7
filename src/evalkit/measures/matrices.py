"""Transition matrices between states of any kind, and the index of mobility of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.design import Floats, Sample
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._linear import Cells, described
from evalkit.measures._pairs import chosen_waves, link_rows, pair_cells, pairs_about, split_cells
from evalkit.measures._states import Edges, States, column_states, line_states, quantile_states
from evalkit.measures._waves import refuse_concepts
from evalkit.measures.poverty import Line
from evalkit.panel import By, Panel


def transition_matrix(
    panel: Panel,
    line: Line = None,
    *,
    multiples: Sequence[float] | None = None,
    groups: int | None = None,
    state: str | None = None,
    frm: int | None = None,
    to: int | None = None,
    by: By = None,
) -> Estimate:
    """Return the probabilities of each state given the state one wave before.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`; used with `multiples`.
    multiples : sequence of float, optional
        States are bands of multiples of the line: ``(1, 1.5)`` gives ``<1``, ``1-1.5``, ``1.5+``.
    groups : int, optional
        States are groups of equal weight of the welfare measure, 1 the poorest (5: quintile groups), formed
        anew in each wave among the households of the pairs.
    state : str, optional
        States are the values of a column.
    frm, to : int, optional
        Two waves to compare; by default all consecutive waves, pooled.
    by : str or sequence of str, optional
        Read at the later wave.

    Returns
    -------
    Estimate
        Keys `by`, ``frm_state``, ``to_state``; the values of one ``frm_state`` sum to 1. NaN where nobody is in the
        earlier state. Ratios of totals. With `groups` the influence of the estimated bounds is part of the
        standard error: a bound moves p(a→b) in proportion to the weight of its neighbourhood that lies in the
        domain and the other wave's group, here by a Gaussian kernel on ranks (the linearisation of an
        empirical copula: Deville 1999 with van der Vaart & Wellner 1996, section 3.9.4). Korn-Graubard limits, with
        `groups` logit limits: bounds that move with the sample make such a share more precise than a
        count of that many households, which Korn-Graubard limits would not believe.

    Raises
    ------
    EstimationError
        Not exactly one kind of state is chosen, the panel has one wave, a wave does not occur, or the income concept
        changes (but for states of a column).
    """
    if sum(x is not None for x in (multiples, groups, state)) != 1:
        msg = "choose the states by one of multiples=(1, 1.5), groups=5, state='column'"
        raise EstimationError(msg)
    panel = chosen_waves(panel, frm, to)
    links = link_rows(panel)
    if state is None:
        refuse_concepts(panel, links.waves)
    if multiples is not None:
        found = line_states(panel, links, line, multiples)
    elif groups is not None:
        found = quantile_states(panel, links, groups)
    else:
        found = column_states(panel, links, str(state))
    valid = panel.mask & (found.before >= 0) & (found.now >= 0)
    domains = pair_cells(panel, links, by, valid)
    group = split_cells(domains, "frm_state", np.where(valid, found.before, -1), np.arange(len(found.labels)))
    unknown = int((panel.mask & (found.now < 0)).sum()) if found.edges is None else 0
    about = pairs_about(panel, links, group, "transition matrix", found.notes, unknown)
    if found.edges is not None:  # estimated bounds make the shares more precise than a count of n households
        about = replace(about, interval="share")
    return _matrix(group, found, about)


def trace_mobility(matrix: Estimate) -> Estimate:
    """Return the trace index of a transition matrix, (g - trace) / (g - 1) with g states.

    Parameters
    ----------
    matrix : Estimate
        Of `transition_matrix` or `transitions`: keys ``frm_state``, ``to_state`` after those of the domains.

    Returns
    -------
    Estimate
        0 when nobody moves, 1 when the state says nothing of the next one, more when staying is rarer
        still; keyed by the domains (Prais 1955; Shorrocks 1978, Econometrica 46, eq. for M(P)).

    Raises
    ------
    EstimationError
        The estimate is not a square matrix of states.
    """
    if not {"frm_state", "to_state"} <= set(matrix.keys.columns):
        msg = f"{matrix.about.estimand} is no transition matrix: it has no frm_state and to_state"
        raise EstimationError(msg)
    states = matrix.keys["frm_state"].nunique()
    k, rest = divmod(len(matrix), states * states)
    if rest or states < 2 or states != matrix.keys["to_state"].nunique():
        msg = f"a transition matrix has as many rows as columns and at least two states, got {len(matrix)} values"
        raise EstimationError(msg)
    stay = (matrix.keys["frm_state"] == matrix.keys["to_state"]).to_numpy()
    mat = np.kron(np.eye(k), np.ones(states * states)) * stay / (states - 1)
    names = [c for c in matrix.keys.columns if c not in ("frm_state", "to_state")]
    keys = matrix.keys[names].iloc[:: states * states].reset_index(drop=True)
    sums = matrix.contrast(-mat, keys=keys, estimand="trace mobility")
    about = replace(
        sums.about,
        method="(g - trace)/(g - 1) of the transition matrix",
        citation="Prais (1955), J. R. Stat. Soc. A 118; Shorrocks (1978), Econometrica 46, 1013-1024",
        unit="index",
    )
    void = ~np.isfinite(np.where(mat != 0, matrix.values, 0.0)).all(axis=1)
    counts = np.where(mat != 0, matrix.n, 0.0).sum(axis=1)
    cov = np.where(np.outer(~void, ~void), sums.cov, np.nan)
    values = np.where(void, np.nan, sums.values + states / (states - 1))
    return replace(sums, values=values, cov=cov, n=counts, about=about)


def _matrix(group: Cells, found: States, about: About) -> Estimate:
    """Return the shares of the states now in each cell, jointly."""
    g, k, size = len(found.labels), group.k, group.size()
    moves = [(found.now == b).astype(float) for b in range(g)]
    shares = np.column_stack([group.sums(d) / size for d in moves])
    zs = [
        np.where(group.inside, group.units * (d - group.spread(shares[:, b])) / group.spread(size), 0.0)
        for b, d in enumerate(moves)
    ]
    if found.edges is None:
        cov = group.sample.covariance_of(zs, [group.code] * g, k)
    else:
        cov = _with_edges(group, found, found.edges, shares, zs)
    order = np.arange(g * k).reshape(g, k).T.ravel()
    cov = cov[np.ix_(order, order)]
    names = np.array(found.labels, dtype=object)
    named = group.keys.assign(frm_state=names[group.keys["frm_state"].to_numpy(dtype=int)])
    group = replace(group, keys=named)
    keys = named.iloc[np.repeat(np.arange(k), g)].reset_index(drop=True)
    keys["to_state"] = np.tile(names, k)
    keys = keys.infer_objects()
    values, n = shares.ravel(), group.rows()
    void = ~np.isfinite(values)
    cov[void, :] = np.nan
    cov[:, void] = np.nan
    sample = group.sample
    return Estimate(
        keys=keys,
        values=values,
        cov=cov,
        df=np.repeat(sample.df(group.code, k), g),
        n=np.repeat(n, g),
        about=described(group, about, n),
        clusters=np.repeat(sample.clusters(group.code, k), g),
    )


def _with_edges(group: Cells, found: States, edges: Edges, shares: Floats, own: list[Floats]) -> Floats:
    """Return the covariance of shares between groups whose bounds are estimated, statistic by statistic.

    Each sampling unit's total is that of the shares less the slopes by the bounds times its total of the bounds.
    """
    base, g = edges.base, len(found.labels)
    sample, last = base.sample, len(base.sample.units) - 1
    at_bound = [
        np.where(base.inside, base.units * (edges.below[side][:, j] - edges.probs[j]), 0.0)
        for side in (0, 1)
        for j in range(g - 1)
    ]
    totals = np.hstack([sample.totals(z, group.code, group.k, last) for z in own])
    of_bounds = np.hstack([sample.totals(z, base.code, base.k, last) for z in at_bound])
    slopes = np.nan_to_num(np.hstack(_bound_slopes(group, found, edges, shares)))
    return covariance_of_totals(sample, totals - of_bounds @ slopes.T)


def covariance_of_totals(sample: Sample, totals: Floats) -> Floats:
    """Return the covariance (m, m) of statistics from their totals by unit of the last stage, shape (units, m)."""
    units = sample.units[-1]
    first = np.zeros(len(totals), dtype=np.intp)
    first[units] = np.arange(len(units))
    above = tuple(u[first] for u in sample.units[:-1])
    each = Sample(
        weight=np.ones(len(totals)),
        strata=sample.strata[first],
        units=(*above, np.arange(len(totals), dtype=np.intp)),
        population=tuple(p[first] for p in sample.population),
        single_psu=sample.single_psu,
        census=sample.census,
    )
    whole = np.zeros(len(totals), dtype=np.intp)
    m = totals.shape[1]
    return each.covariance_of([totals[:, i] for i in range(m)], [whole] * m, 1)


def _bound_slopes(group: Cells, found: States, edges: Edges, shares: Floats) -> list[Floats]:
    """Return d share / d rank of each bound, shape (g k, lines): first the bounds before, then those now."""
    base, g, k = edges.base, len(found.labels), group.k
    weight, size = base.weight, group.size()
    domain = np.where(group.inside, group.code // g, -1)
    domains = k // g
    out = []
    for side in (0, 1):
        other = found.now if side == 0 else found.before
        for j in range(g - 1):
            slopes = np.zeros((g, k, base.k))
            for line in range(base.k):
                rows = np.flatnonzero(base.code == line)
                near = _near(edges.ranks[side][rows], edges.probs[j], weight[rows])
                local = weight[rows] * near
                inside = domain[rows] >= 0
                flat = domain[rows][inside] * g + other[rows][inside]
                mass = np.bincount(flat, weights=local[inside], minlength=domains * g).reshape(domains, g)
                part = mass / local.sum()
                slopes[:, :, line] = _moved(part, shares, size, j, side)
            out.append(slopes.reshape(g * k, base.k))
    return out


def _moved(part: Floats, shares: Floats, size: Floats, j: int, side: int) -> Floats:
    """Return how the shares move when bound j lets in weight, split by domain and the other group: (g, k).

    Raising bound j of the earlier wave moves weight from origin j + 1 to origin j; raising that of the
    later wave moves weight from destination j + 1 to destination j.
    """
    domains, g = part.shape
    out = np.zeros((g, len(size)))
    cell = np.arange(domains) * g
    if side == 0:
        for b in range(g):
            for origin, sign in ((j, 1.0), (j + 1, -1.0)):
                at = cell + origin
                out[b, at] = sign * (part[:, b] - shares[at, b] * part.sum(axis=1)) / size[at]
        return out
    for origin in range(g):
        at = cell + origin
        out[j, at] = part[:, origin] / size[at]
        out[j + 1, at] = -part[:, origin] / size[at]
    return out


def _near(ranks: Floats, prob: float, weight: Floats) -> Floats:
    """Return Gaussian kernel weights of ranks around a probability, bandwidth sd(uniform) × n_eff^(-1/5)."""
    n = weight.sum() ** 2 / (weight**2).sum()
    h = n**-0.2 / np.sqrt(12)
    return np.asarray(np.exp(-0.5 * ((ranks - prob) / h) ** 2), dtype=float)
