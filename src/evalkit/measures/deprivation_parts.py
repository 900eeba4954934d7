"""What multidimensional poverty is made of: indicators, subgroups, and changes between waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.design import Ints
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Per, estimate, estimate_parts, keyed, of_waves, resting_on
from evalkit.measures.deprivation import (
    STATISTICS,
    Deprivations,
    count_deprivations,
    deprivation_about,
    multidimensional_poverty,
    ratio_parts,
)
from evalkit.panel import By, Panel
from evalkit.text import Text


def deprivation_headcounts(
    panel: Panel, deprivations: Deprivations, *, by: By = None, per: Per = None
) -> Estimate:
    """Return the share deprived in each indicator, of all and of those who are also poor.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
    by : str or sequence of str, optional
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        Keys `by`, ``indicator``, ``headcount``: ``uncensored`` (deprived, poor or not) and ``censored`` (deprived and
        poor); M0 is the sum of weight × censored headcount. Joint covariance.
    """
    counted = count_deprivations(panel, deprivations, by, per=per)
    ones = np.ones(len(counted.score))
    parts = [
        ratio_parts(counted.group, score, ones)
        for j in range(len(deprivations.names))
        for score in (counted.gaps[:, j], counted.gaps[:, j] * counted.poor)
    ]
    about = deprivation_about(panel, deprivations, "headcount of deprivations", interval="kg")
    values = np.column_stack([v for v, _ in parts])
    labels = list(range(len(parts)))
    found = estimate_parts(counted.group, "indicator", labels, values, [z for _, z in parts], about)
    at = found.keys["indicator"].to_numpy(dtype=int)
    keys = found.keys.assign(
        indicator=np.array(deprivations.names, dtype=object)[at // 2],
        headcount=np.array(["uncensored", "censored"], dtype=object)[at % 2],
    )
    return replace(found, keys=keys.infer_objects())


def deprivation_contributions(
    panel: Panel, deprivations: Deprivations, *, of: str = "indicator", by: By = None, per: Per = None
) -> Estimate:
    """Return the share of multidimensional poverty M0 that each indicator, or each subgroup, accounts for.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
    of : str
        ``indicator``, or a role or column whose values are the subgroups.
    by : str or sequence of str, optional
        Domains within which the shares sum to one.
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        Keys `by` and ``indicator`` (weight × censored headcount / M0) or the subgroup (its total of censored scores
        / the domain's), with joint covariance; NaN where nobody is poor. The indicators' shares rest on the poor (n and
        df).

    Raises
    ------
    EstimationError
        The subgroup is also a domain.
    """
    if of != "indicator":
        return _of_subgroups(panel, deprivations, of, by, per)
    counted = count_deprivations(panel, deprivations, by, per=per)
    censored = counted.censored
    parts = [
        ratio_parts(counted.group, share * counted.gaps[:, j] * counted.poor, censored)
        for j, share in enumerate(counted.shares)
    ]
    about = deprivation_about(panel, deprivations, "contribution to M0")
    values = np.column_stack([v for v, _ in parts])
    found = estimate_parts(
        counted.group, "indicator", list(deprivations.names), values, [z for _, z in parts], about
    )
    return resting_on(found, counted.group, [counted.poor == 1] * len(parts))


def deprivation_change(
    panel: Panel,
    deprivations: Deprivations,
    *,
    frm: int,
    to: int,
    by: By = None,
    relative: bool = False,
    statistics: Sequence[str] = STATISTICS,
    per: Per = None,
) -> Estimate:
    """Return the change of multidimensional poverty between two waves.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
    frm, to : int
        Waves, ``frm`` before ``to``; all households of each.
    by : str or sequence of str, optional
        Without the wave.
    relative : bool
        In per cent of the level at ``frm``; else in the unit of the statistic.
    statistics : sequence of str
        As in `multidimensional_poverty`.
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        Keys `by`, ``statistic``; the covariance between the waves, which share villages and households, is part of
        the standard error (delta method). NaN for a domain that is seen in one wave only, and for a relative
        change from zero. A relative change to zero, and a change from zero to zero, have no standard error: a sample
        without a case does not show that there is none.

    Raises
    ------
    EstimationError
        A wave does not occur, the waves are not in order, or the wave is among the keys.
    """
    if not frm < to:
        msg = f"a change needs frm before to, got frm={frm}, to={to}"
        raise EstimationError(msg)
    if {"wave", panel.wave} & set(keyed(by)):
        msg = "a change compares two waves; take the wave out of by"
        raise EstimationError(msg)
    both = of_waves(panel, [frm, to])
    levels = multidimensional_poverty(
        both, deprivations, by=keyed(by, "wave"), statistics=statistics, per=per
    )
    return _change(levels, frm, to, relative=relative)


def _change(levels: Estimate, frm: int, to: int, *, relative: bool) -> Estimate:
    """Return the difference, or the per cent change, of levels keyed by domain, wave and statistic."""
    names = [c for c in levels.keys.columns if c != "wave"]
    table = levels.keys.assign(_at=np.arange(len(levels)))
    sides = [table.loc[table["wave"] == w, [*names, "_at"]] for w in (frm, to)]
    joined = sides[0].merge(sides[1], on=names, how="outer", suffixes=("_frm", "_to"), sort=False)
    both = joined[["_at_frm", "_at_to"]].notna().all(axis=1).to_numpy()
    order = np.argsort(joined["_at_frm"].fillna(joined["_at_to"]).to_numpy(), kind="stable")
    joined, both = joined.iloc[order].reset_index(drop=True), both[order]
    i = joined["_at_frm"].fillna(0).to_numpy(dtype=int)
    j = joined["_at_to"].fillna(0).to_numpy(dtype=int)
    a, b = levels.values[i], levels.values[j]
    if relative:
        start = np.where(a > 0, a, np.nan)
        values, at_frm, at_to = 100 * (b / start - 1), -100 * b / start**2, 100 / start
    else:
        values, at_frm, at_to = b - a, np.full(len(a), -1.0), np.ones(len(a))
    known = both & np.isfinite(values)
    slopes = np.zeros((len(joined), len(levels)))
    rows = np.flatnonzero(known)
    slopes[rows, i[known]], slopes[rows, j[known]] = at_frm[known], at_to[known]
    found = levels.contrast(slopes, keys=joined[names])
    about = replace(
        levels.about,
        estimand=f"{'relative change' if relative else 'change'} of {levels.about.estimand} {frm}–{to}",
        method=f"{levels.about.method}; change between waves by the delta method",
        unit="per cent" if relative else "share",
        interval="none" if levels.about.interval == "none" else "t",
        notes=(_notes.cross_section(), *levels.about.notes),
    )
    if (~known).any():
        about = replace(about, notes=(*about.notes, _notes.empty(joined.loc[~known, names])))
    gone = known & (b == 0) & (relative | (a == 0)) & (levels.about.interval != "none")
    if gone.any():
        about = replace(about, notes=(*about.notes, _gone(int(gone.sum()))))
    sure = known & ~gone
    return replace(
        found,
        values=np.where(known, values, np.nan),
        cov=np.where(np.outer(sure, sure), found.cov, np.nan),
        df=np.where(known, found.df, 0.0),
        n=np.where(known, found.n, 0.0),
        about=about,
    )


def _gone(count: int) -> Text:
    return Text(
        en=f"{count} changes end at zero in the sample and have no interval: see the upper limit of the level itself",
        zh=f"{count}项变化的末期样本值为零，不给区间：请参看末期水平的上限",
    )


def _of_subgroups(panel: Panel, deprivations: Deprivations, of: str, by: By, per: Per) -> Estimate:
    """Return each subgroup's share of its domain's total of censored scores."""
    names = keyed(by)
    if of in names:
        msg = f"{of!r} is both the subgroup and a domain; take it out of by"
        raise EstimationError(msg)
    counted = count_deprivations(panel, deprivations, [*names, of], per=per)
    group = counted.group
    about = deprivation_about(panel, deprivations, "contribution to M0")
    about = replace(about, notes=(*about.notes, _of_note(of)))
    totals = estimate(group, group.sums(counted.censored), counted.censored, about)
    domain = _domains_of(totals, names)
    inside = (domain[:, None] == domain[None, :]).astype(float)
    seen = totals.n > 0
    amount = np.where(seen, totals.values, 0.0)
    whole = inside @ amount
    whole = np.where(whole > 0, whole, np.nan)
    values = np.where(seen, amount / whole, np.nan)
    jacobian = (np.eye(len(values)) - np.where(seen, values, 0.0)[:, None] * inside) / whole[:, None]
    cov = jacobian @ np.where(np.isnan(totals.cov), 0.0, totals.cov) @ jacobian.T
    void = np.isnan(values) | np.isnan(inside @ np.where(seen, totals.std_error, 0.0))
    cov[void, :] = np.nan
    cov[:, void] = np.nan
    return replace(totals, values=values, cov=cov)


def _domains_of(totals: Estimate, names: list[str]) -> Ints:
    if not names:
        return np.zeros(len(totals), dtype=np.intp)
    return np.asarray(totals.keys.groupby(names, sort=False).ngroup(), dtype=np.intp)


def _of_note(of: str) -> Text:
    return Text(en=f"shares of subgroups by {of}", zh=f"按“{of}”划分的子群所占份额")
