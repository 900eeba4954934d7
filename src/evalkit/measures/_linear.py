"""Shared arithmetic of linearised measures: cells of a breakdown, their weighted sums, their estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints, Sample, Spread, Support
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.panel import By, Panel
from evalkit.text import Text

Per = Literal["person", "household"] | None
"""What a row counts for; None follows the panel (persons where it has a size)."""
DESIGN_DF = ("kg", "beta", "wilson", "share")
"""Rules of limits that take PSUs minus strata."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows behind a breakdown.

    Parameters
    ----------
    keys : DataFrame, k rows
    code : ndarray of int, shape (n,)
        Cell of each row, -1 for none.
    units : ndarray, shape (n,)
        Persons (or 1) each row stands for.
    sample : Sample
        Design of all n rows.
    notes : tuple of Text
        What was left out and how units are counted.
    """

    keys: pd.DataFrame
    code: Ints
    units: Floats
    sample: Sample
    notes: tuple[Text, ...] = ()

    @property
    def k(self) -> int:
        """Number of cells."""
        return len(self.keys)

    @cached_property
    def inside(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Rows that belong to a cell, shape (n,)."""
        return np.asarray(self.code >= 0)

    @cached_property
    def weight(self) -> Floats:
        """Design weight × units, shape (n,)."""
        return self.sample.weight * self.units

    def sums(self, x: Floats) -> Floats:
        """Return Σ w x of each cell, shape (k,)."""
        return cell_sums(self.weight, x, self.code, self.k)

    def size(self) -> Floats:
        """Return Σ w of each cell, NaN where it is zero, shape (k,)."""
        total = self.sums(np.ones(len(self.code)))
        return np.where(total > 0, total, np.nan)

    def spread(self, values: Floats) -> Floats:
        """Return its cell's value for each row, NaN outside, shape (n,)."""
        out = np.full(len(self.code), np.nan)
        out[self.inside] = values[self.code[self.inside]]
        return out

    def rows(self) -> Floats:
        """Return the number of rows of each cell whose weight is positive, shape (k,)."""
        counted = self.inside & (self.sample.weight > 0)
        return np.bincount(self.code[counted], minlength=self.k).astype(float)


def cell_sums(weight: Floats, x: Floats, code: Ints, k: int) -> Floats:
    """Sum weight × x by code, shape (k,); rows with code -1 do not count.

    >>> cell_sums(np.array([1.0, 2.0, 5.0]), np.array([3.0, 4.0, 9.0]), np.array([0, 0, -1]), 1)
    array([11.])
    """
    inside = code >= 0
    if inside.all():
        return np.bincount(code, weights=weight * x, minlength=k).astype(float)
    return np.bincount(code[inside], weights=weight[inside] * x[inside], minlength=k).astype(float)


def unit_counts(panel: Panel, per: Per = None) -> Floats:
    """Return how many persons or households each row counts for, shape (n,).

    Raises
    ------
    EstimationError
        Persons are asked for and the panel has no household size.
    """
    if per is None:
        return panel.persons()
    if per == "household":
        return np.ones(len(panel.frame))
    if per != "person":
        msg = f"per is 'person', 'household' or None (the panel's unit), not {per!r}"
        raise EstimationError(msg)
    if panel.size is None:
        msg = "per='person' needs the household size; give the panel its size column"
        raise EstimationError(msg)
    return panel.persons()


def cells(panel: Panel, by: By, needed: dict[str, Floats], per: Per = None) -> Cells:
    """Return the cells of a breakdown; rows lacking a needed value lie outside and are counted in a note.

    Parameters
    ----------
    panel : Panel
    by : str or sequence of str, optional
    needed : mapping of str to ndarray, shape (n,)
        Values that must be present, under the names the note gives them.
    per : {"person", "household"}, optional
    """
    domains = panel.domains(by)
    code = domains.code.copy()
    persons = per == "person" or (per is None and panel.size is not None)
    notes = [_notes.counting(persons=persons)]
    total = int(panel.mask.sum())
    keyless = total - int((code >= 0).sum())
    if keyless:
        notes.append(_notes.missing(keyless, total, _joined(by)))
    for name, values in needed.items():
        lacking = (code >= 0) & np.isnan(values)
        if lacking.any():
            notes.append(_notes.missing(int(lacking.sum()), total, name))
            code[lacking] = -1
    return Cells(domains.keys, code, unit_counts(panel, per), panel.sample, tuple(notes))


def estimate(group: Cells, values: Floats, z: Floats, about: About) -> Estimate:
    """Return the estimate whose rows have influence z (per unit counted) within their own cell.

    Parameters
    ----------
    group : Cells
    values : ndarray, shape (k,)
    z : ndarray, shape (n,)
    about : About
        Its notes follow those of the cells.
    """
    spread = spread_of(group, [np.where(group.inside, group.units * z, 0.0)], about)
    return assemble(group, values, spread.cov, about, spread.support)


def spread_of(group: Cells, influences: list[Floats], about: About) -> Spread:
    """Return covariance and degrees of freedom of several statistics of each cell, statistic by statistic.

    Shares whose limits are made for few cases (`DESIGN_DF`) have PSUs minus strata, as Korn & Graubard (1998) take them.

    Parameters
    ----------
    group : Cells
    influences : list of m ndarrays, shape (n,)
        Zero outside the cells.
    about : About
    """
    codes = [group.code] * len(influences)
    if about.interval not in DESIGN_DF:
        return group.sample.spread_of(influences, codes, group.k)
    seen = group.sample.support(group.code, group.k)
    df, clusters = (np.tile(x, len(codes)) for x in (seen.df, seen.clusters))
    return Spread(group.sample.covariance_of(influences, codes, group.k), df, clusters)


def estimate_parts(
    group: Cells, key: str, labels: Sequence[Any], values: Floats, zs: Sequence[Floats], about: About
) -> Estimate:
    """Return m statistics of each cell with their joint covariance, cell by cell.

    Parameters
    ----------
    group : Cells
    key : str
        Key that names the statistic, after the keys of the cells.
    labels : sequence, length m
    values : ndarray, shape (k, m)
    zs : sequence of m ndarrays, shape (n,)
        Influence of each row (per unit counted) within its own cell, statistic by statistic.
    about : About
        Its notes follow those of the cells.
    """
    m, k = len(labels), group.k
    spread = spread_of(group, [np.where(group.inside, group.units * z, 0.0) for z in zs], about)
    by_cell = np.arange(m * k).reshape(m, k).T.ravel()
    cov = spread.cov[np.ix_(by_cell, by_cell)]
    keys = group.keys.iloc[np.repeat(np.arange(k), m)].reset_index(drop=True)
    keys[key] = np.tile(np.asarray(labels), k)
    n = np.repeat(group.rows(), m)
    flat = np.asarray(values, dtype=float).ravel()
    void = (n == 0) | ~np.isfinite(flat)
    cov[void, :] = np.nan
    cov[:, void] = np.nan
    return Estimate(
        keys=keys,
        values=np.where(void, np.nan, flat),
        cov=cov,
        df=spread.df[by_cell],
        n=n,
        about=described(group, about, group.rows()),
        clusters=spread.clusters[by_cell],
    )


def assemble(
    group: Cells, values: Floats, cov: Floats, about: About, seen: Support | None = None
) -> Estimate:
    """Return values and covariance as an Estimate with df, n and notes; cells without rows become NaN.

    Without `seen`, degrees of freedom are PSUs minus strata.
    """
    seen = group.sample.support(group.code, group.k) if seen is None else seen
    n = group.rows()
    void = (n == 0) | ~np.isfinite(values)
    values = np.where(void, np.nan, values)
    cov = cov.copy()
    cov[void, :] = np.nan
    cov[:, void] = np.nan
    return Estimate(
        keys=group.keys,
        values=values,
        cov=cov,
        df=seen.df,
        n=n,
        about=described(group, about, n),
        clusters=seen.clusters,
    )


def described(group: Cells, about: About, n: Floats) -> About:
    """Return `about` with the notes of the cells, of empty cells and of a census."""
    notes = [*about.notes, *group.notes]
    if (n == 0).any() or not len(n):
        notes.append(_notes.empty(group.keys.loc[n == 0]))
    if group.sample.census:
        return replace(about, interval="none", notes=(*notes, _notes.census()))
    return replace(about, notes=tuple(notes))


def resting_on(found: Estimate, group: Cells, parts: Sequence[NDArray[np.bool_]]) -> Estimate:
    """Return an estimate of m statistics a cell with n, df and clusters of the rows that each statistic rests on.

    Parameters
    ----------
    found : Estimate
        Of `estimate` (m = 1) or `estimate_parts`: cell by cell, the statistics within.
    group : Cells
    parts : sequence of m ndarrays of bool, shape (n,)
        The rows behind each statistic: the poor behind a mean over the poor.
    """
    codes = [np.where(rows, group.code, -1).astype(np.intp) for rows in parts]
    support = [group.sample.support(code, group.k) for code in codes]
    n = [replace(group, code=code).rows() for code in codes]
    return replace(
        found,
        n=np.column_stack(n).ravel(),
        df=np.minimum(found.df, np.column_stack([s.df for s in support]).ravel()),
        clusters=np.column_stack([s.clusters for s in support]).ravel(),
    )


def of_waves(panel: Panel, waves: list[int]) -> Panel:
    """Return the subpopulation of some waves.

    Raises
    ------
    EstimationError
        If a wave does not occur.
    """
    absent = [w for w in waves if w not in panel.waves]
    if absent:
        have = ", ".join(map(str, panel.waves)) or "no rows at all"
        msg = f"no rows in wave {', '.join(map(str, absent))}; the panel has {have}"
        raise EstimationError(msg)
    return panel.where(panel.frame[panel.wave].astype(int).isin(waves).to_numpy())


def keyed(by: By, *more: str) -> list[str]:
    """Return the keys of a breakdown as a list, with more keys after them."""
    names = [by] if isinstance(by, str) else list(by or [])
    return [*names, *(m for m in more if m not in names)]


def _joined(by: By) -> str:
    return " / ".join(keyed(by))
