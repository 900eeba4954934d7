"""Values of the household table: size, welfare, outliers, the income identity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.cleaning.coded import grouped
from evalkit.cleaning.work import Work
from evalkit.plan import FlagOutliers, Welfare

Floats = npt.NDArray[np.float64]
SOURCES: tuple[str, ...] = ("wage_income", "operating_income", "property_income", "transfer_income")
"""The four incomes of the registry's identity (domain: net income = their sum − operating expenses)."""


def check_households(work: Work) -> None:
    """Apply the rules on size (K07), welfare (I01-I04) and the income identity (I05, I06).

    Where welfare is per household and sizes come from the rosters, I01, I02 and I04 judge the household's amount; I03, a
    limit per head, is not applied.
    """
    sized = "size" in work.used
    if sized:
        work.take_out(~(work.numbers("size") > 0), "K07", "size")
    column = work.plan.welfare.column
    size = work.numbers("size") if sized else np.ones(len(work.frame))
    welfare = welfare_of(work.numbers(column), size, work.plan.welfare)
    if work.plan.clean.welfare_max is not None and (sized or work.plan.welfare.per != "household"):
        work.take_out(welfare > work.plan.clean.welfare_max, "I03", column)
    work.flag(np.isnan(welfare), "I01", column)
    work.flag(welfare < 0, "I02", column)
    outliers = work.plan.clean.income_outliers
    if isinstance(outliers, FlagOutliers):
        work.flag(_far(work, welfare, outliers.log_iqr), "I04", column)
    _identity(work)


def welfare_of(amount: Floats, size: Floats, welfare: Welfare) -> Floats:
    """Return welfare per head and year from the amounts of the welfare column, shape (n,).

    Without a positive size welfare per household is missing.

    >>> welfare_of(np.array([100.0, 1.0]), np.array([4.0, 0.0]), Welfare(per="household", periods_per_year=12))
    array([300.,  nan])
    """
    yearly = amount * welfare.periods_per_year
    return yearly / np.where(size > 0, size, np.nan) if welfare.per == "household" else yearly


def far_from_group(values: Floats, group: npt.NDArray[np.intp], spread: float) -> npt.NDArray[np.bool_]:
    """Return values beyond median ± spread × interquartile range of their group, shape (n,).

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN is never far.
    group : ndarray of int, shape (n,)
    spread : float

    Examples
    --------
    >>> far_from_group(np.array([1.0, 2.0, 3.0, 4.0, 99.0]), np.zeros(5, dtype=np.intp), 3.0).tolist()
    [False, False, False, False, True]
    """
    there = np.flatnonzero(~np.isnan(values))
    order = there[np.argsort(values[there])]  # equal values are alike to the quantiles
    code = group[order].astype(np.uint16) if group.max(initial=0) < 1 << 16 else group[order]
    order = order[np.argsort(code, kind="stable")]
    known, start, count = np.unique(group[order], return_index=True, return_counts=True)
    sorted_values = values[order]
    low, centre, high = (_quantile(sorted_values, start, count, q) for q in (0.25, 0.5, 0.75))
    own = np.searchsorted(known, group[there])
    far = np.abs(values[there] - centre[own]) > spread * (high - low)[own]
    out = np.zeros(len(values), dtype=bool)
    out[there] = far & ((high - low) > 0)[own]
    return out


def _quantile(
    values: Floats, start: npt.NDArray[np.intp], count: npt.NDArray[np.intp], share: float
) -> Floats:
    """Return a quantile of each group of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7)."""
    if share == 0.5:
        return np.asarray(
            (values[start + count // 2] + values[start + (count - 1) // 2]) / 2, dtype=np.float64
        )
    place = share * (count - 1)
    below = place.astype(np.intp)
    one = values[start + below]
    other = values[start + np.minimum(below + 1, count - 1)]
    return np.asarray(one + (other - one) * (place - below), dtype=np.float64)


def _far(work: Work, welfare: Floats, spread: float) -> npt.NDArray[np.bool_]:
    use = work.stays & (welfare > 0)
    out = np.zeros(len(welfare), dtype=bool)
    if use.any():
        group = grouped([work.coded("county"), work.coded("wave")], blank=False)[use]
        out[use] = far_from_group(np.log(welfare[use]), group, spread)
    return out


def _identity(work: Work) -> None:
    used = set(work.used)
    tolerance = work.plan.clean.identity_tolerance
    if {*SOURCES, "operating_expense", "income_net"} <= used:
        made = sum((work.numbers(s) for s in SOURCES), start=-work.numbers("operating_expense"))
        net = work.numbers("income_net")
        taxed = made - np.nan_to_num(work.numbers("tax"))
        broken = (np.abs(made - net) > tolerance) & ~(np.abs(taxed - net) <= tolerance)
        work.flag(broken, "I05", "income_net", _said(broken, made, "sum of incomes less expenses {:.2f}"))
    if {"income_net", "size", "income_pc"} <= used:
        with np.errstate(divide="ignore", invalid="ignore"):
            head = work.numbers("income_net") / work.numbers("size")
        broken = np.abs(head - work.numbers("income_pc")) > tolerance
        work.flag(broken, "I06", "income_pc", _said(broken, head, "net income over size {:.2f}"))


def _said(rows: npt.NDArray[np.bool_], values: Floats, form: str) -> npt.NDArray[np.object_]:
    out = np.full(len(rows), None, dtype=object)
    out[rows] = [form.format(v) for v in values[rows]]
    return out
