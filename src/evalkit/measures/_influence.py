"""Statistics of cells that carry their influence values through arithmetic.

A statistic T of a cell has an influence value z_i for each row, so that its sampling error is Σ w_i z_i. Influence
values obey the rules of derivatives (Deville 1999, Survey Methodology 25, rules 1-8): sums add, products and
quotients follow the product rule, a smooth function multiplies by its slope. A measure written with this
arithmetic therefore has its joint design covariance with every other measure written so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.estimate import About, Estimate
from evalkit.measures._linear import Cells, estimate, estimate_parts

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Influenced:
    """A statistic of each cell with the influence of each row.

    Parameters
    ----------
    group : Cells
    values : ndarray, shape (k,)
    influence : ndarray, shape (n,)
        Influence of each row (per unit counted) on the statistic of its own cell; 0 outside the cells.
    """

    group: Cells
    values: Floats
    influence: Floats

    def __add__(self, other: Influenced) -> Influenced:
        return Influenced(self.group, self.values + other.values, self.influence + other.influence)

    def __sub__(self, other: Influenced) -> Influenced:
        return Influenced(self.group, self.values - other.values, self.influence - other.influence)

    def __neg__(self) -> Influenced:
        return self.times(-1.0)

    def __mul__(self, other: Influenced) -> Influenced:
        slope_self, slope_other = self.group.spread(other.values), self.group.spread(self.values)
        z = slope_self * self.influence + slope_other * other.influence
        return self._new(self.values * other.values, z)

    def __truediv__(self, other: Influenced) -> Influenced:
        below = np.where(other.values != 0, other.values, np.nan)
        values = self.values / below
        z = self.influence - self.group.spread(values) * other.influence
        return self._new(values, z / self.group.spread(below))

    def times(self, factor: float) -> Influenced:
        """Return the statistic times a known number."""
        return Influenced(self.group, factor * self.values, factor * self.influence)

    def log(self) -> Influenced:
        """Return the logarithm; NaN where the statistic is not positive."""
        base = np.where(self.values > 0, self.values, np.nan)
        return self._new(np.log(base), self.influence / self.group.spread(base))

    def plus(self, number: float) -> Influenced:
        """Return the statistic plus a known number."""
        return Influenced(self.group, self.values + number, self.influence)

    def moved(self, slope: Floats, other: Influenced) -> Influenced:
        """Return the statistic with the influence that comes through another one it depends on.

        Parameters
        ----------
        slope : ndarray, shape (k,)
            Derivative of the statistic by the other.
        other : Influenced
        """
        z = self.influence + self.group.spread(slope) * other.influence
        return self._new(self.values, z)

    def _new(self, values: Floats, influence: Floats) -> Influenced:
        return Influenced(self.group, values, np.where(self.group.inside, influence, 0.0))


def mean_of(group: Cells, x: Floats, rows: Flags) -> Influenced:
    """Return the weighted mean of x over chosen rows of each cell, NaN where a cell has none of them.

    Parameters
    ----------
    group : Cells
    x : ndarray, shape (n,)
        Finite in the chosen rows.
    rows : ndarray of bool, shape (n,)
    """
    rows = rows & group.inside
    x = np.where(rows, x, 0.0)
    size = group.sums(rows.astype(float))
    size = np.where(size > 0, size, np.nan)
    values = group.sums(x) / size
    z = np.where(rows, (x - group.spread(values)) / group.spread(size), 0.0)
    return Influenced(group, values, z)


def one(statistic: Influenced, about: About) -> Estimate:
    """Return a statistic as an estimate keyed by its cells."""
    return estimate(statistic.group, statistic.values, statistic.influence, about)


def several(parts: Mapping[Any, Influenced], key: str, about: About) -> Estimate:
    """Return named statistics of the same cells, keyed by cell and name, with their joint covariance."""
    first = next(iter(parts.values()))
    values = np.column_stack([p.values for p in parts.values()])
    influences: Sequence[Floats] = [p.influence for p in parts.values()]
    return estimate_parts(first.group, key, list(parts), values, influences, about)
