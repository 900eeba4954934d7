"""`Following`: which row of a unit stands a wave before or after which, and values taken along."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from evalkit.cleaning.coded import ordered, whole_ranks
from evalkit.rules.view import Codes, Flags, Floats


class Following:
    """The rows of each unit (household, person …) in the order of its waves.

    Parameters
    ----------
    unit : ndarray of int, shape (n,)
        Code of the unit; −1 takes no part.
    waves : ndarray, shape (n,)
        NaN takes no part.
    """

    def __init__(self, unit: Codes, waves: Floats) -> None:
        self._unit = unit
        self._waves = waves
        self._back: dict[int, Codes] = {}
        self._first: dict[int, Codes] = {}

    @cached_property
    def chain(self) -> Codes:
        """Position of the same unit's row one wave before, −1 when there is none; shape (n,)."""
        unit, waves = self._unit, self._waves
        out = np.full(len(unit), -1, dtype=np.intp)
        rows = np.flatnonzero((unit >= 0) & ~np.isnan(waves))
        order = rows[ordered([unit[rows], whole_ranks(waves[rows])])]
        same = (unit[order][1:] == unit[order][:-1]) & (waves[order][1:] > waves[order][:-1])
        out[order[1:][same]] = order[:-1][same]
        return out

    @cached_property
    def after(self) -> Codes:
        """Position of the same unit's row one wave after, −1 when there is none; shape (n,)."""
        out = np.full(len(self._unit), -1, dtype=np.intp)
        rows = np.flatnonzero(self.chain >= 0)
        out[self.chain[rows]] = rows
        return out

    def before(self, back: int) -> Codes:
        """Return the position of the same unit's row some waves before, −1 when there is none; shape (n,)."""
        if back <= 1:
            return self.chain
        if back not in self._back:
            at = self.before(back - 1)
            self._back[back] = np.where(at >= 0, self.chain[at], -1)
        return self._back[back]

    def earlier(self, values: Floats, back: int) -> Floats:
        """Return values of the same unit some waves before; NaN when none.

        >>> one = Following(np.array([0, 1, 0]), np.array([2015.0, 2015.0, 2014.0]))
        >>> one.earlier(np.array([5.0, 6.0, 4.0]), 1).tolist()
        [4.0, nan, nan]
        """
        at = self.before(back)
        if back not in self._first:
            self._first[back] = np.flatnonzero(at < 0)
        out = values[at].astype(np.float64, copy=False)
        out[self._first[back]] = np.nan
        return out

    def later(self, values: Floats, ahead: int) -> Floats:
        """Return values of the same unit some waves after; NaN when none."""
        at = self.after
        for _ in range(ahead - 1):
            at = np.where(at >= 0, self.after[at], -1)
        return np.where(at >= 0, values[at], np.nan)

    def ever(self, marks: Flags) -> Flags:
        """Tell which rows have an earlier wave of the same unit that is marked; shape (n,)."""
        out = np.zeros(len(marks), dtype=bool)
        at = self.after[marks]
        while len(at := at[at >= 0]):
            out[at] = True
            at = self.after[at]
        return out
