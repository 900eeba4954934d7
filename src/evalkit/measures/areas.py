"""Which figures of small areas are precise enough to be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.text import Text

Bools = NDArray[np.bool_]

LIMIT = 1 / 3
"""Coefficient of variation beyond which a figure is withheld."""


@dataclass(frozen=True, eq=False)
class AreaTable:
    """Direct estimates of areas and whether they may be shown.

    Parameters
    ----------
    estimate : Estimate
        As estimated, k areas.
    cv : ndarray, shape (k,)
        Standard error over the absolute value; infinite for a value of zero, NaN without a standard error.
    suppressed : ndarray of bool, shape (k,)
        The coefficient of variation is above `limit`, or unknown.
    limit : float
    """

    estimate: Estimate
    cv: Floats
    suppressed: Bools
    limit: float

    def tidy(self) -> pd.DataFrame:
        """Return ``Estimate.tidy`` with `cv` and `suppressed`; suppressed figures are blank."""
        return withheld(self.estimate.tidy().assign(cv=self.cv), self.suppressed)


@dataclass(frozen=True, eq=False)
class Judged:
    """Coefficients of variation and which figures are withheld, shape (k,) each."""

    cv: Floats
    suppressed: Bools


def direct_areas(estimate: Estimate, *, cv_limit: float = LIMIT) -> AreaTable:
    """Judge which direct figures of areas are precise enough to be shown.

    Parameters
    ----------
    estimate : Estimate
        Of any measure by area: ``headcount(panel, by="township")``.
    cv_limit : float
        Largest coefficient of variation of a figure that is shown.

    Raises
    ------
    EstimationError
        The limit is not positive.

    Examples
    --------
    >>> from evalkit.estimate import About
    >>> keys = pd.DataFrame({"township": ["a", "b"]})
    >>> both = Estimate(keys, np.array([10.0, 2.0]), np.diag([1.0, 1.0]), np.full(2, 9.0), np.full(2, 10.0), About("mean"))
    >>> direct_areas(both).suppressed.tolist()
    [False, True]
    """
    found = judged(estimate.values, estimate.std_error, estimate.df, cv_limit)
    note = limit_note(int(found.suppressed.sum()), len(estimate), cv_limit)
    return AreaTable(estimate.with_notes(note), found.cv, found.suppressed, cv_limit)


def judged(values: Floats, error: Floats, df: Floats, limit: float) -> Judged:
    """Return the judgement on k figures with their standard errors.

    Raises
    ------
    EstimationError
        The limit is not positive.
    """
    if not limit > 0:
        msg = f"the limit of the coefficient of variation must be positive, got {limit}"
        raise EstimationError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = np.where(error > 0, error / np.abs(values), np.nan)
    cv = np.where(np.isposinf(df) & (error == 0), 0.0, cv)  # a census
    return Judged(cv, np.asarray(~(cv <= limit) | ~(df > 0)))


def withheld(table: pd.DataFrame, suppressed: Bools, *more: str) -> pd.DataFrame:
    """Blank the figures of suppressed areas; their coefficient of variation stays."""
    blank = ["estimate", "std_error", "conf_low", "conf_high", "p_value", *more]
    table.loc[suppressed, blank] = np.nan
    table["suppressed"] = suppressed
    return table


def limit_note(held: int, total: int, limit: float) -> Text:
    """Say how many areas are withheld."""
    return Text(
        en=f"{held} of {total} areas are withheld: coefficient of variation above {limit:.1%} or unknown",
        zh=f"{total}个区域中有{held}个不予公布：变异系数高于{limit:.1%}或无法估计",
    )
