"""Arithmetic of conditions: shares, sums and differences in which a missing amount decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.rules.view import Codes, Flags, Floats, View


def over(values: Floats, base: Floats) -> Floats:
    """Return values over a base; NaN where the base is not positive.

    >>> over(np.array([6.0, 1.0, 1.0]), np.array([3.0, 0.0, np.nan])).tolist()
    [2.0, nan, nan]
    """
    return np.asarray(values / np.where(base > 0, base, np.nan), dtype=np.float64)


def total(view: View, *names: str) -> Floats:
    """Return the sum of columns; NaN where one is missing."""
    return np.asarray(np.sum([view.number(n) for n in names], axis=0), dtype=np.float64)


def known_total(view: View, *names: str) -> Floats:
    """Return the sum of those columns that are there, missing cells as 0; NaN where all are missing."""
    values = [view.number(n) for n in names]
    nothing = np.logical_and.reduce([np.isnan(v) for v in values])
    return np.where(nothing, np.nan, np.sum([np.nan_to_num(v) for v in values], axis=0))


def zero_if_missing(view: View, name: str) -> Floats:
    """Return a column with 0 for missing cells: for amounts that a form leaves blank when there are none."""
    return np.nan_to_num(view.number(name))


def apart(one: Floats, other: Floats, tolerance: float) -> Flags:
    """Return where two amounts differ by more than a tolerance; a missing one never does.

    >>> apart(np.array([100.0, 100.0, np.nan]), np.array([100.5, 102.0, 1.0]), 1.0).tolist()
    [False, True, False]
    """
    return np.asarray(np.abs(one - other) > tolerance, dtype=bool)


def any_below_zero(view: View, *names: str) -> Flags:
    """Return rows in which one of some columns is negative; columns that are absent are none."""
    return np.asarray(np.logical_or.reduce([view.number(n) < 0 for n in names]), dtype=bool)


def positive_count(view: View, *names: str) -> Floats:
    """Return how many of some columns are above zero."""
    return np.asarray(np.sum([view.number(n) > 0 for n in names], axis=0), dtype=np.float64)


def row_code(group: Codes, *columns: Floats) -> Codes:
    """Return a code for each combination of a group and numbers, −1 for rows of no group or with a missing number.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        −1 for none.
    *columns : ndarray, shape (n,)

    Examples
    --------
    >>> row_code(np.array([0, 0, 0, 1, 0]), np.array([5.0, 5.0, 6.0, 5.0, np.nan])).tolist()
    [0, 0, 1, 2, -1]
    """
    code = group.astype(np.intp)
    for column in columns:
        found, known = pd.factorize(column)
        code = np.where((code >= 0) & (found >= 0), code * (len(known) + 1) + found, -1)
        code[code >= 0] = pd.factorize(code[code >= 0])[0]
    return code


def alike(group: Codes, columns: Sequence[Floats], least: float) -> Flags:
    """Return rows that agree in all columns with at least `least` − 1 other rows of their group.

    Rows of no group (−1) and rows with a missing number agree with none. Column by column only the rows are looked at
    that may still have so many like them.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
    columns : sequence of ndarray, shape (n,) each
    least : float

    Examples
    --------
    >>> alike(np.array([0, 0, 0, 1]), [np.array([5.0, 5.0, 6.0, 5.0])], 2).tolist()
    [True, True, False, False]
    """
    rows = np.flatnonzero((group >= 0) & ~np.logical_or.reduce([np.isnan(c) for c in columns]))
    rows = rows[_perhaps_alike(group[rows], [c[rows] for c in columns], least)]
    code = group[rows]
    for column in (None, *columns):
        if column is not None:
            found, known = pd.factorize(column[rows])
            code = code * max(len(known), 1) + found
        code = pd.factorize(code)[0]
        many = (np.bincount(code, minlength=1) >= least)[code]
        rows, code = rows[many], code[many]
    out = np.zeros(len(group), dtype=bool)
    out[rows] = True
    return out


def _perhaps_alike(group: Codes, columns: Sequence[Floats], least: float) -> Flags:
    """Return all rows that agree with at least `least` − 1 others, and hardly any other: those who share a hash."""
    odd = np.uint64(0x9E3779B97F4A7C15)
    key = group.astype(np.uint64) * odd
    for column in columns:
        key = (key ^ (column + 0.0).view(np.uint64)) * odd  # −0.0 is 0.0
        key ^= key >> np.uint64(32)
    others = max(int(np.ceil(least)), 1) - 1
    ascending = np.sort(key)
    shared = ascending[others:][ascending[others:] == ascending[: len(key) - others]]
    if not len(shared):
        return np.zeros(len(key), dtype=bool)
    at = np.minimum(np.searchsorted(shared, key), len(shared) - 1)
    return np.asarray(shared[at] == key, dtype=bool)


def count_of(code: Codes) -> Floats:
    """Return the number of rows with the code of each row, 0 for −1.

    >>> count_of(np.array([0, 0, 1, -1])).tolist()
    [2.0, 2.0, 1.0, 0.0]
    """
    counts = np.bincount(code[code >= 0], minlength=1)
    return np.where(code >= 0, counts[code], 0).astype(np.float64)


def same_as_before(view: View, *names: str, back: int = 1) -> Flags:
    """Return rows in which all columns equal those of the same household one (or more) of its waves before.

    Missing cells never equal anything.
    """
    same = [view.number(n) == view.earlier(view.number(n), back) for n in names]
    return np.asarray(np.logical_and.reduce(same), dtype=bool)
