"""What the condition of a rule may ask of a table: whole columns, neighbours in time, other tables.

Arrays have one entry a row of the raw table, in raw order; rows set aside take no part: their numbers are NaN,
their words missing, their marks False.
"""

from __future__ import annotations

from collections.abc import Mapping
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

    @property
    def settings(self) -> Mapping[str, float]:
        """Limits of the checks, by name; see `evalkit.rules.limits`."""

    def has(self, *names: str) -> bool:
        """Tell whether all columns are there; ``member.health`` asks another table."""

    def number(self, name: str) -> Floats:
        """Return a column as numbers: amounts in yuan a year, counts, years; NaN where missing or absent."""

    def word(self, name: str) -> pd.Series:
        """Return a column as text; missing where absent."""

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

    def group(self, *names: str) -> Codes:
        """Return a code for each combination of columns; −1 for rows set aside or with a missing cell."""

    def of_group(self, values: Floats, *names: str) -> Floats:
        """Return the mean of values over the rows of the same group (missing values left out), on every row."""

    def from_members(self, values: Floats) -> Floats:
        """Add up values of the member table (one a row of it) by household-wave; NaN without member rows.

        A roster without waves describes the last wave of the county's household table and no other.
        """

    def from_household(self, values: Floats) -> Floats:
        """Return values of the household table (one a row of it) on the rows of a person or program."""

    def from_village(self, values: Floats) -> Floats:
        """Return values of the village table (one a row of it) on the rows of its households."""

    def supported(self, program: str) -> Flags:
        """Tell which household-waves have a program (code) in the program table, from its first year on."""

    def table(self, name: str) -> View:
        """Return the view of another table; one without rows when the plan has none."""
