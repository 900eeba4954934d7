"""Poverty by population group: shares, contributions, and what within-group change and population shift explain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import Cells, described, keyed, of_waves
from evalkit.measures._waves import check_waves, concept_notes
from evalkit.measures.poverty import FGT_NAMES, FGT_PAPER, Line, fgt_scores, welfare_and_line
from evalkit.panel import By, Panel
from evalkit.text import Text

STATISTICS = ("population_share", "poverty", "contribution", "poverty_share")
Weights = Literal["initial", "average"]


@dataclass(frozen=True, eq=False)
class GroupChange:
    """Change of poverty by group.

    Parameters
    ----------
    by_group : Estimate
        Keys `by`, the group, and ``component``.
    overall : Estimate
        Keys `by` and ``component``: sums over the groups, and the ``total`` they make.
    """

    by_group: Estimate
    overall: Estimate

    def tidy(self) -> pd.DataFrame:
        """Return the table by group."""
        return self.by_group.tidy()


@dataclass(frozen=True, eq=False)
class _Grouped:
    """Cells by breakdown and group, the breakdown cell of each, and poverty scores, shape (n,)."""

    group: Cells
    outer: pd.DataFrame
    parent: Ints
    score: Floats
    about: About


def decompose_groups(
    panel: Panel, group: str, line: Line = None, alpha: float = 0, *, by: By = None
) -> Estimate:
    """Split FGT poverty by population group.

    Parameters
    ----------
    panel : Panel
    group : str
        Role or column whose values are the groups; rows without one lie outside.
    line : float, str, mapping or None
        See `Panel.line`.
    alpha : float
        At least 0.
    by : str or sequence of str, optional
        Each breakdown is split on its own.

    Returns
    -------
    Estimate
        Keys `by`, `group` and ``statistic``: ``population_share`` s, ``poverty`` P of the group, ``contribution`` s P
        (they sum to poverty), ``poverty_share`` s P / poverty. One joint covariance; poverty shares are NaN where
        nobody is poor.

    Raises
    ------
    EstimationError
        alpha negative, a line that is not positive, or the group is part of `by`.

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52, 761-766, section 3.
    """
    data = _grouped(panel, group, line, alpha, by)
    cells = data.group
    base = _outer_sums(data)
    score = np.where(cells.inside, data.score, 0.0)
    size, poor = cells.sums(np.ones(len(score))), cells.sums(score)
    n_of, p_of = (base @ size)[data.parent], (base @ poor)[data.parent]
    n_of, p_of, own = (np.where(x > 0, x, np.nan) for x in (n_of, p_of, size))
    values = np.column_stack([size / n_of, poor / own, poor / n_of, poor / p_of])
    same = base[data.parent]  # (k, k): 1 where two cells share a breakdown
    eye, zero = np.eye(cells.k), np.zeros((cells.k, cells.k))
    by_size = [
        (eye - values[:, :1] * same) / n_of[:, None],
        -eye * (poor / own**2)[:, None],
        -same * (poor / n_of**2)[:, None],
        zero,
    ]
    by_poor = [
        zero,
        eye / own[:, None],
        eye / n_of[:, None],
        (eye - values[:, 3:] * same) / p_of[:, None],
    ]
    jacobian = np.hstack([np.vstack(by_size), np.vstack(by_poor)])
    sums = [(np.ones(len(data.score)), cells.code), (data.score, cells.code)]
    found = _keyed(data, values, jacobian, sums, ("statistic", STATISTICS))
    if found.about.interval == "none":
        return found
    return replace(found, about=replace(found.about, interval="logit"))


def group_change(
    panel: Panel,
    group: str,
    line: Line = None,
    alpha: float = 0,
    *,
    frm: int,
    to: int,
    reference: Weights = "average",
    by: By = None,
) -> GroupChange:
    """Split the change of FGT poverty into change within groups and shifts of population between them.

    Parameters
    ----------
    panel, group, line, alpha
        As in `decompose_groups`.
    frm, to : int
        Waves, ``frm`` before ``to``.
    reference : {"average", "initial"}
        Where shares s and group poverty P are held: ``average`` of both waves, ``within`` = mean(s) ΔP and ``shift`` =
        mean(P) Δs; ``initial``, ``within`` = s ΔP, ``shift`` = P Δs and ``interaction`` = Δs ΔP.
    by : str or sequence of str, optional
        Without the wave.

    Returns
    -------
    GroupChange
        Components of each group and their sums. A group that is absent in one of the waves has no components, and
        then the sums are NaN: join groups first.

    Raises
    ------
    EstimationError
        As in `decompose_groups`; waves absent, out of order, in `by`, or of two income concepts.

    References
    ----------
    Ravallion & Huppi (1991), World Bank Economic Review 5, 57-82; Shorrocks (2013), J. Economic Inequality 11, 99-126.
    """
    if reference not in ("average", "initial"):
        msg = f"reference is 'average' or 'initial', not {reference!r}"
        raise EstimationError(msg)
    check_waves(panel, by, frm, to)
    notes = concept_notes(panel, frm, to, across_concepts=False)
    data = _grouped(of_waves(panel, [frm, to]), group, line, alpha, by)
    early = (panel.frame[panel.wave].astype(int) == frm).to_numpy()
    codes = [np.where(rows, data.group.code, -1).astype(np.intp) for rows in (early, ~early)]
    shares, levels, jac = zip(*(_wave(data, code) for code in codes), strict=True)
    k = data.group.k
    zero = np.zeros((k, 2 * k))
    (s0, s1), (p0, p1) = shares, levels
    ds0, dp0 = (np.hstack([j, zero]) for j in jac[0])
    ds1, dp1 = (np.hstack([zero, j]) for j in jac[1])
    ds, dp = ds1 - ds0, dp1 - dp0
    a = 0.5 if reference == "average" else 0.0
    s, p = s0 + a * (s1 - s0), p0 + a * (p1 - p0)
    parts = {
        "within": (s * (p1 - p0), (p1 - p0)[:, None] * (ds0 + a * ds) + s[:, None] * dp),
        "shift": (p * (s1 - s0), (s1 - s0)[:, None] * (dp0 + a * dp) + p[:, None] * ds),
    }
    if reference == "initial":
        parts["interaction"] = (
            (s1 - s0) * (p1 - p0),
            (s1 - s0)[:, None] * dp + (p1 - p0)[:, None] * ds,
        )
    ones = np.ones(len(data.score))
    sums = [(x, code) for code in codes for x in (ones, data.score)]
    about = replace(
        data.about,
        estimand=f"change in {data.about.estimand} {frm}–{to}",
        method=f"within-group change and population shift, reference {reference}, linearised",
        citation=f"Ravallion & Huppi (1991), World Bank Economic Review 5, 57-82; {FGT_PAPER}",
        notes=(*notes, _notes.cross_section(), *data.about.notes),
    )
    data = replace(data, about=about)
    values = np.column_stack([v for v, _ in parts.values()])
    jacobian = np.vstack([j for _, j in parts.values()])
    by_group = _keyed(data, values, jacobian, sums, ("component", tuple(parts)))
    return GroupChange(by_group, _overall(by_group, data, tuple(parts)))


def _grouped(panel: Panel, group: str, line: Line, alpha: float, by: By) -> _Grouped:
    if not alpha >= 0:
        msg = f"alpha must be at least 0, got {alpha}"
        raise EstimationError(msg)
    if group in keyed(by):
        msg = f"the group {group!r} is already a key of the breakdown; take it out of by"
        raise EstimationError(msg)
    y, z, found = welfare_and_line(panel, line, keyed(by, group))
    outer = panel.domains(by)
    names = list(outer.keys.columns)
    if names:
        table = outer.keys.assign(_at=np.arange(outer.k))
        parent = found.keys.merge(table, how="left", on=names)["_at"].to_numpy(dtype=np.intp)
    else:
        parent = np.zeros(found.k, dtype=np.intp)
    at_line = panel.poor_at_line
    notes = [_notes.line_rule(at_line=at_line), *_notes.concepts(panel, panel.waves)]
    below = int((found.inside & (y < 0)).sum())
    if below and alpha > 0:
        notes.append(_notes.negative(below))
    about = About(
        estimand=f"{FGT_NAMES.get(float(alpha), f'FGT({alpha:g})')} by {group}",
        method="sums by group, linearised",
        citation=FGT_PAPER,
        unit="share",
        notes=tuple(notes),
    )
    return _Grouped(found, outer.keys, parent, fgt_scores(y, z, alpha, at_line=at_line), about)


def _outer_sums(data: _Grouped) -> Floats:
    """Return the matrix that adds cells up to their breakdown, shape (outer, k)."""
    out = np.zeros((len(data.outer), data.group.k))
    out[data.parent, np.arange(data.group.k)] = 1.0
    return out


def _wave(data: _Grouped, code: Ints) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """Return a wave's shares and poverty, shape (k,), and their derivatives by (sizes, poverty sums), shape (k, 2k)."""
    cells = replace(data.group, code=code)
    k = cells.k
    size = cells.sums(np.ones(len(code)))
    poor = cells.sums(np.where(cells.inside, data.score, 0.0))
    base = _outer_sums(data)
    n_of = (base @ size)[data.parent]
    n_of, own = (np.where(x > 0, x, np.nan) for x in (n_of, size))
    share, level = size / n_of, poor / own
    of_share = (np.eye(k) - share[:, None] * base[data.parent]) / n_of[:, None]
    of_level = np.hstack([-np.diag(level / own), np.diag(1 / own)])
    return share, level, (np.hstack([of_share, np.zeros((k, k))]), of_level)


def _keyed(
    data: _Grouped,
    values: Floats,
    jacobian: Floats,
    sums: list[tuple[Floats, Ints]],
    named: tuple[str, tuple[str, ...]],
) -> Estimate:
    """Return m values of each cell, shape (k, m), whose derivatives by weighted sums of x over codes are given, shape (m k, …)."""
    (key, labels), cells, m = named, data.group, len(named[1])
    known = np.asarray(np.isfinite(jacobian).all(axis=1))
    order = np.arange(m * cells.k).reshape(m, cells.k).T.ravel()
    zs = [np.where(code >= 0, cells.units * x, 0.0) for x, code in sums]
    safe = np.where(known[:, None], jacobian, 0.0)[order]
    spread = cells.sample.spread_of(zs, [code for _, code in sums], cells.k, safe)
    full, flat = spread.cov, values.ravel()
    n = np.repeat(cells.rows(), m)
    void = (n == 0) | ~np.isfinite(flat) | ~known[order]
    full[void, :], full[:, void] = np.nan, np.nan
    keys = cells.keys.iloc[np.repeat(np.arange(cells.k), m)].reset_index(drop=True)
    keys[key] = np.tile(np.array(labels), cells.k)
    most = np.repeat(cells.sample.df(cells.code, cells.k), m)
    return Estimate(
        keys,
        np.where((n == 0) | ~np.isfinite(flat), np.nan, flat),
        full,
        np.minimum(most, spread.df),
        n,
        described(cells, data.about, cells.rows()),
        clusters=np.repeat(cells.sample.clusters(cells.code, cells.k), m),
    )


def _overall(found: Estimate, data: _Grouped, labels: tuple[str, ...]) -> Estimate:
    """Return the sums over groups of each component, and their total, by breakdown."""
    m, outer = len(labels), _outer_sums(data)
    names = [*labels, "total"]
    mat = np.zeros((len(outer), m + 1, outer.shape[1], m))
    for j in range(m):
        mat[:, j, :, j] = outer
        mat[:, m, :, j] = outer
    flat = mat.reshape(len(outer) * (m + 1), -1)
    keys = data.outer.iloc[np.repeat(np.arange(len(outer)), m + 1)].reset_index(drop=True)
    keys["component"] = np.tile(np.array(names), len(outer))
    out = found.contrast(flat, keys=keys)
    wide = replace(data.group, keys=data.outer, code=_parents(data))
    df = np.repeat(wide.sample.df(wide.code, wide.k), m + 1)
    n = np.repeat(wide.rows(), m + 1)
    about = out.about
    if (np.isnan(out.values) & (n > 0)).any():
        about = replace(about, notes=(*about.notes, _absent()))
    return replace(out, df=df, n=n, about=about)


def _parents(data: _Grouped) -> Ints:
    """Return the breakdown cell of each row, -1 outside, shape (n,)."""
    code = data.group.code
    return np.where(code >= 0, data.parent[np.maximum(code, 0)], -1).astype(np.intp)


def _absent() -> Text:
    return Text(
        en="a group is absent in one of the waves: no sums; join groups first",
        zh="有分组在一期中没有观测，无合计；请先合并分组",
    )
