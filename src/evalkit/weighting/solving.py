"""The calibration equations Σ d F(x'λ) x = t, by damped Newton steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.weighting.distances import Distance

Floats = NDArray[np.float64]

MAX_STEPS = 100
TOLERANCE = 1e-10
"""Largest miss of a total, relative to its size."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Ratios g of new to old weight, shape (n,), and the relative miss of each total, shape (p,)."""

    ratio: Floats
    miss: Floats

    @property
    def settled(self) -> bool:
        """Whether every total is met."""
        return bool(np.abs(self.miss).max(initial=0.0) <= TOLERANCE)


def solve(x: Floats, base: Floats, target: Floats, distance: Distance) -> Solution:
    """Solve the calibration equations (Deville & Särndal 1992, eq. 2.4).

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Calibration variables; linearly dependent columns do no harm when their totals agree.
    base : ndarray, shape (n,)
        Weights before.
    target : ndarray, shape (p,)
    distance : Distance

    Returns
    -------
    Solution
        Its `settled` says whether the totals are met.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> solve(x, np.ones(3), np.array([6.0, 2.0]), Distance("raking")).ratio.round(9).tolist()
    [3.0, 3.0, 2.0]
    """
    size = np.maximum(np.abs(target), np.abs(x).T @ base)
    size = np.where(size > 0, size, 1.0)
    scaled, goal = x / size, target / size
    lam = np.zeros(x.shape[1])
    ratio = distance.ratio(scaled @ lam)
    miss = goal - (base * ratio) @ scaled
    for _ in range(MAX_STEPS):
        if np.abs(miss).max(initial=0.0) <= TOLERANCE / 100:
            break
        weight = base * distance.slope(scaled @ lam)
        jacobian = (scaled * weight[:, None]).T @ scaled
        step = np.linalg.pinv(jacobian, rcond=1e-12, hermitian=True) @ miss
        moved = False
        for _halving in range(40):
            trial = distance.ratio(scaled @ (lam + step))
            left = goal - (base * trial) @ scaled
            if np.isfinite(left).all() and left @ left < miss @ miss:
                lam, ratio, miss, moved = lam + step, trial, left, True
                break
            step = step / 2
        if not moved:
            break
    return Solution(ratio, miss)
