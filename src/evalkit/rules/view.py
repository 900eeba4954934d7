"""What the condition of a rule may ask of a table: whole columns, neighbours in time, other tables.

Arrays have one entry a row of the raw table, in raw order; rows set aside take no part: their numbers are NaN,
their words missing, their marks False.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class View(Protocol):
    """One raw table of one county, tidied, while it is checked."""

    @property
    def stays(self) -> Flags:
        """Rows that were not set aside."""

    def concept_stated(self, series: str) -> Flags:
        """Tell for which rows of a county series the plan says the concept of their year."""
        ...

    @property
    def settings(self) -> Mapping[str, float]:
        """Limits of the checks, by name; see `evalkit.rules.limits`."""

    def has(self, *names: str) -> bool:
        """Tell whether all columns are there; ``member.health`` asks another table, ``line`` for a line in any wave."""

    def number(self, name: str) -> Floats:
        """Return a column as numbers: amounts in yuan a year, counts, years; NaN where missing or absent."""

    def word(self, name: str) -> pd.Series:
        """Return a column as text; missing where absent."""

    def among(self, name: str, *words: str) -> Flags:
        """Tell which cells are one of some words; a missing cell is none."""

    def says(self, name: str, *parts: str) -> Flags:
        """Tell which cells hold one of some parts, for columns that take several words; a missing cell holds none."""

    def valued(self, name: str, value: Callable[[str], float]) -> Floats:
        """Return a number for each cell, asked for once for each distinct word; NaN where missing."""

    def known(self, name: str) -> Flags:
        """Tell which cells are there."""

    def mark(self, name: str) -> Floats:
        """Return a yes/no column as 1, 0 or NaN."""

    def month(self, name: str) -> Floats:
        """Return a ``YYYYMM`` column as months (12 × year + month − 1); a year alone is missing."""

    def line(self, purpose: str = "plan") -> Floats:
        """Return the line per head of each row's wave: the plan's, or the standard's ``work`` or ``monitoring`` line; NaN without one."""

    def earlier(self, values: Floats, back: int = 1) -> Floats:
        """Return values of the same unit (household, person …) one or more of its waves before; NaN when none."""

    def earlier_word(self, values: pd.Series, back: int = 1) -> pd.Series:
        """Return words of the same unit one or more of its waves before; missing when none."""

    def later(self, values: Floats, ahead: int = 1) -> Floats:
        """Return values of the same unit one or more of its waves after; NaN when none."""

    def ever(self, marks: Flags) -> Flags:
        """Tell which rows have an earlier wave of the same unit that is marked."""

    def group(self, *names: str) -> Codes:
        """Return a code for each combination of columns; −1 for rows set aside or with a missing cell.

        A table without waves (a roster) is grouped as if it were of one wave.
        """

    def of_group(self, values: Floats, *names: str) -> Floats:
        """Return the mean of values over the rows of the same group (missing values left out), on every row."""

    def sum_of_group(self, values: Floats, *names: str) -> Floats:
        """Return the sum of values over the rows of the same group (missing ones count 0), on every row; NaN outside."""

    def size_of_group(self, *names: str) -> Floats:
        """Return the number of rows of the same group, on every row; NaN for rows set aside or with a missing cell."""

    def from_members(self, values: Floats) -> Floats:
        """Add up values of the member table (one a row of it) by household-wave; NaN without member rows.

        A roster without waves describes the last wave of the county's household table and no other.
        """

    def from_household(self, values: Floats) -> Floats:
        """Return values of the household table (one a row of it) on the rows of a person or program."""

    def largest_of_household(self, values: Floats) -> Floats:
        """Return the largest value (one a row of the household table) that a row's household has in any wave; NaN if none."""

    def from_village(self, values: Floats) -> Floats:
        """Return values of the village table (one a row of it) on the rows of its households."""

    def support_start(self, *programs: str) -> Floats:
        """Return the first year any of some programs (codes; none given: any program) reached a row's household; NaN when none."""

    def supported(self, *programs: str) -> Flags:
        """Tell which household-waves have one of some programs (codes) in the program table, from its first year on."""

    def unsupported(self, *programs: str) -> Flags:
        """Tell which household-waves have none of some programs so far; one of them without a first year leaves it open."""

    def table(self, name: str) -> View:
        """Return the view of another table; one without rows when the plan has none."""
