"""Income over rolling months: the twelve months that end with the month before identification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.readings import Floats, amounts

MONTHLY = ("household", "month", "income_pc")


def month_number(values: pd.Series, what: str) -> Floats:
    """Return months written YYYYMM (2021-07, 2021年7月) as months counted from the year 0, NaN where blank, shape (n,).

    Raises
    ------
    DataError
        What is no month, with their number and the first.

    Examples
    --------
    >>> month_number(pd.Series(["202107", "2021-07", None]), "month").tolist()
    [24258.0, 24258.0, nan]
    """
    text = values.astype("str").str.strip()
    text = text.where(values.notna() & (text != "")).str.removesuffix(".0")
    parts = text.str.extract(r"^(\d{4})\D?(\d{1,2})\D?(?:\d{1,2}\D?)?$")
    year, month = (pd.to_numeric(parts[k]).to_numpy(dtype=float, na_value=np.nan) for k in (0, 1))
    bad = text.notna().to_numpy() & ~((month >= 1) & (month <= 12))
    if bad.any():
        msg = (
            f"{int(bad.sum())} of {len(values)} rows have a {what} that is no month (first: {values[bad].iloc[0]!r}); "
            "write it as 202107"
        )
        raise DataError(msg, rows=values[bad].to_frame())
    return np.asarray(12 * year + month - 1, dtype=float)


def month_text(number: float) -> str:
    """Return a month number as YYYYMM, empty where missing.

    >>> month_text(24258.0)
    '202107'
    """
    return "" if np.isnan(number) else f"{int(number) // 12:04d}{int(number) % 12 + 1:02d}"


@dataclass(frozen=True, eq=False)
class MonthlyIncome:
    """Incomes per head by household and month.

    Parameters
    ----------
    table : Series
        Income per head of the month (currency), by (household, month number).
    """

    table: pd.Series

    def window(self, household: pd.Series, month: Floats, length: int = 12) -> Floats:
        """Return income per head over the months before a month, NaN where one of them is not there, shape (n,).

        Parameters
        ----------
        household : Series, n rows
        month : ndarray, shape (n,)
            Month numbers; the window ends with the month before.
        length : int
        """
        total = np.zeros(len(month))
        for k in range(1, length + 1):
            total = total + self.table.reindex(pd.MultiIndex.from_arrays([household, month - k])).to_numpy()
        return total

    def least(self, household: pd.Series, month: Floats, length: int, months: int) -> Floats:
        """Return the least of the windows that end in each of the `months` months before a month, shape (n,)."""
        windows = [self.window(household, month - k, length) for k in range(months)]
        return np.asarray(np.min(windows, axis=0), dtype=float)


def monthly_income(frame: pd.DataFrame) -> MonthlyIncome:
    """Read incomes by household and month.

    Parameters
    ----------
    frame : DataFrame
        One row a household and month: household, month (YYYYMM), income_pc (per head, of that month).

    Raises
    ------
    DataError
        Columns absent, months that are none, a household's month given twice.
    """
    absent = [c for c in MONTHLY if c not in frame]
    if absent:
        msg = f"monthly incomes lack {', '.join(absent)}; give one row a household and month with {', '.join(MONTHLY)}"
        raise DataError(msg)
    month = month_number(frame["month"], "month")
    index = pd.MultiIndex.from_arrays([frame["household"].astype("str"), month])
    twice = index.duplicated(keep=False)
    if twice.any() or np.isnan(month).any():
        bad = twice | np.isnan(month)
        msg = (
            f"{int(bad.sum())} of {len(frame)} rows of monthly incomes have no month or repeat one (first: household "
            f"{frame.loc[bad, 'household'].iloc[0]}); keep one row a household and month"
        )
        raise DataError(msg, rows=frame.loc[bad])
    return MonthlyIncome(pd.Series(amounts(frame["income_pc"], "income_pc"), index=index))
