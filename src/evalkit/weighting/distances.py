"""How far calibrated weights may go from the given ones: the calibration functions of Deville & Särndal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimationError

Floats = NDArray[np.float64]
Method = Literal["linear", "raking", "logit"]
Limits = tuple[float, float] | None
"""Smallest and largest ratio of the calibrated to the given weight."""

_TOP = 700.0


@dataclass(frozen=True)
class Distance:
    """A calibration function g = F(u), with F(0) = F'(0) = 1.

    Parameters
    ----------
    method : {"linear", "raking", "logit"}
        ``linear``: 1 + u, cut at the bounds if there are any; ``raking``: exp(u); ``logit``: an S-curve between
        the bounds (Deville & Särndal 1992, section 2, cases 1, 2, 6 and 7).
    bounds : tuple of float, optional
        (L, U) with L < 1 < U.

    Raises
    ------
    EstimationError
        The method is unknown, the bounds do not enclose 1, or they do not go with the method.

    Examples
    --------
    >>> Distance("raking").ratio(np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 2.7183]
    >>> Distance("logit", (0.5, 2.0)).ratio(np.array([-50.0, 0.0, 50.0])).round(6).tolist()
    [0.5, 1.0, 2.0]
    """

    method: Method
    bounds: Limits = None

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            msg = f"calibration is linear, raking or logit, not {self.method!r}"
            raise EstimationError(msg)
        if self.method == "logit" and self.bounds is None:
            msg = "logit calibration needs bounds=(L, U) of the ratio of new to old weight, such as (0.3, 3)"
            raise EstimationError(msg)
        if self.method == "raking" and self.bounds is not None:
            msg = "raking has no bounds (its weights are always positive); use method='logit' with bounds"
            raise EstimationError(msg)
        if self.bounds is not None and not (0 <= self.bounds[0] < 1 < self.bounds[1] < np.inf):
            msg = f"bounds of the weight ratio are 0 ≤ L < 1 < U, got {self.bounds}"
            raise EstimationError(msg)

    def ratio(self, u: Floats) -> Floats:
        """Return F(u), shape of u."""
        if self.method == "raking":
            return np.asarray(np.exp(np.clip(u, -_TOP, _TOP)))
        if self.bounds is None:
            return np.asarray(1 + u)
        low, high = self.bounds
        if self.method == "linear":
            return np.asarray(np.clip(1 + u, low, high))
        power = self._power(u)
        return np.asarray((low * (high - 1) + high * (1 - low) * power) / ((high - 1) + (1 - low) * power))

    def slope(self, u: Floats) -> Floats:
        """Return F'(u), shape of u."""
        if self.method == "raking":
            return self.ratio(u)
        if self.bounds is None:
            return np.ones_like(u)
        low, high = self.bounds
        if self.method == "linear":
            return np.where((1 + u > low) & (1 + u < high), 1.0, 0.0)
        g = self.ratio(u)
        return np.asarray((g - low) * (high - g) / ((1 - low) * (high - 1)))

    def _power(self, u: Floats) -> Floats:
        low, high = self.bounds or (0.0, 2.0)
        rate = (high - low) / ((1 - low) * (high - 1))
        return np.asarray(np.exp(np.clip(rate * u, -_TOP, _TOP)))
