"""Weighted least squares after absorbing a constant or two-way fixed effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from evalkit.errors import EstimationError
from evalkit.impact.inputs import Floats, Ints

if TYPE_CHECKING:
    from scipy import sparse

TOLERANCE = 1e-9
"""A column whose own variation is below this share of its size is collinear."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Least squares on absorbed columns.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
    influence : ndarray, shape (n, k)
        ``(X'WX)⁻¹ x w e`` of each row; the error of the coefficients is its sum.
    inverse : ndarray, shape (k, k)
        ``(X'WX)⁻¹``.
    squares : float
        Weighted sum of squared residuals.
    kept : ndarray of int, shape (k,)
        Which of the offered columns are linearly independent.
    """

    coefficients: Floats
    influence: Floats
    inverse: Floats
    squares: float
    kept: Ints


@dataclass(frozen=True, eq=False)
class Absorbed:
    """Columns net of fixed effects.

    `columns` has shape (n, m); `unit_effects` and `time_effects` count the effects, `shared` how many of
    them are redundant (one for each connected part of the unit-time graph).
    """

    columns: Floats
    unit_effects: int
    time_effects: int
    shared: int


def demean(columns: Floats, weight: Floats) -> Floats:
    """Subtract the weighted mean of each column, shape (n, m).

    >>> demean(np.array([[1.0], [3.0]]), np.array([1.0, 1.0])).ravel().tolist()
    [-1.0, 1.0]
    """
    return np.asarray(columns - (weight @ columns) / weight.sum(), dtype=float)


def absorb(columns: Floats, unit: Ints, time: Ints, weight: Floats) -> Absorbed:
    """Remove unit and time effects exactly, by weighted least squares.

    The unit effects are eliminated by demeaning within units; what is left of the time effects solves a
    T × T system (Frisch–Waugh–Lovell), so no iteration is needed.

    Parameters
    ----------
    columns : ndarray, shape (n, m)
    unit, time : ndarray of int, shape (n,)
        Codes from 0 without gaps.
    weight : ndarray, shape (n,)
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    n_units, n_times = int(unit.max()) + 1, int(time.max()) + 1
    grid = sparse.csr_matrix((weight, (unit, time)), shape=(n_units, n_times))
    per_unit = np.asarray(grid.sum(axis=1)).ravel()
    per_time = np.asarray(grid.sum(axis=0)).ravel()
    shares = sparse.diags(1 / per_unit) @ grid
    system = np.diag(per_time) - (grid.T @ shares).toarray()
    graph = sparse.block_array([[None, grid], [grid.T, None]]).tocsr()
    parts = int(csgraph.connected_components(graph, directed=False)[0])
    out = columns.astype(float, copy=True)
    for _ in range(2):  # the second pass removes what rounding left of the first
        out = _one_pass(out, unit, time, weight, (per_unit, shares, system))
    return Absorbed(out, n_units, n_times, parts)


def _one_pass(
    columns: Floats,
    unit: Ints,
    time: Ints,
    weight: Floats,
    grid: tuple[Floats, sparse.spmatrix, Floats],
) -> Floats:
    per_unit, shares, system = grid
    out = np.empty_like(columns)
    inside = np.empty((len(system), columns.shape[1]))
    for j in range(columns.shape[1]):
        mean = np.bincount(unit, weights=weight * columns[:, j], minlength=len(per_unit)) / per_unit
        out[:, j] = columns[:, j] - mean[unit]
        inside[:, j] = np.bincount(time, weights=weight * out[:, j], minlength=len(system))
    effects = np.asarray(linalg.lstsq(system, inside)[0], dtype=float)
    level = np.asarray(shares @ effects, dtype=float)
    return np.asarray(out - effects[time] + level[unit], dtype=float)


def independent(columns: Floats, size: Floats) -> Ints:
    """Return the positions of columns that are not combinations of earlier ones.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
    size : ndarray, shape (k,)
        Norm of each column before anything was absorbed.

    >>> independent(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0], [1.0, 2.0, 0.0]]), np.ones(3)).tolist()
    [0, 2]
    """
    norm = np.linalg.norm(columns, axis=0)
    kept = [j for j in range(columns.shape[1]) if norm[j] > TOLERANCE * size[j]]
    while kept:
        pivots = np.abs(np.diag(np.linalg.qr(columns[:, kept] / norm[kept], mode="r")))
        if len(pivots) < len(kept):
            kept = kept[: len(pivots)]
            continue
        bad = np.flatnonzero(pivots < TOLERANCE)
        if not len(bad):
            break
        kept.pop(int(bad[0]))
    return np.array(kept, dtype=np.intp)


def least_squares(outcome: Floats, columns: Floats, weight: Floats, size: Floats) -> Fit:
    """Regress an absorbed outcome on absorbed columns.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
    columns : ndarray, shape (n, k)
        The effect of interest first.
    weight : ndarray, shape (n,)
    size : ndarray, shape (k,)
        Norm of each column before absorbing, for the collinearity check.

    Raises
    ------
    EstimationError
        If the first column has no variation of its own.

    >>> x = np.array([[-0.5], [-0.5], [0.5], [0.5]])
    >>> least_squares(np.array([-2.0, -1.0, 1.0, 2.0]), x, np.ones(4), np.ones(1)).coefficients.tolist()
    [3.0]
    """
    root = np.sqrt(weight)[:, None]
    kept = independent(columns * root, size)
    if 0 not in kept:
        msg = (
            "the effect is not identified: the treatment does not vary once the other terms are taken out "
            "(everybody or nobody treated, or no comparison units in the same waves)"
        )
        raise EstimationError(msg)
    used = columns[:, kept]
    q, r = np.linalg.qr(used * root)
    beta = np.asarray(linalg.solve_triangular(r, q.T @ (outcome * root[:, 0])), dtype=float)
    resid = outcome - used @ beta
    half = np.asarray(linalg.solve_triangular(r, np.eye(len(kept))), dtype=float)
    inverse = half @ half.T
    influence = (used * (weight * resid)[:, None]) @ inverse
    return Fit(beta, np.asarray(influence, dtype=float), inverse, float(weight @ resid**2), kept)
