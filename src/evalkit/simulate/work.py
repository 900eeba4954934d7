"""Who earns the wages of a household, for how many months, where, and how much a month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.simulate.words import or_missing

PLACES: tuple[str, ...] = ("乡(镇)内", "乡(镇)外县内", "县外省内", "省外")
TYPICAL_WAGE = 2200
"""Yuan a month by which wages are turned into months of work."""
SENT = 0.4
"""Share of the able who work too, besides the first of the household."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Work:
    """Work of members; arrays of shape (n,): months of the year, yuan a month, place (None without work), post."""

    months: Ints
    wage: Floats
    place: Words
    post: Flags


def work_columns(
    candidate: Flags, draw: Floats, where: Floats, household: Ints, wages: Ints, post: Flags
) -> Work:
    """Divide the wages of each household-year among its workers.

    Months × monthly wage of the workers add up to the household's wage income (to less than a yuan). The first able
    member always works and holds the public post, if there is one.

    Parameters
    ----------
    candidate : bool array, shape (n,)
        Able members of households with wages.
    draw, where : float array, shape (n,)
        Between 0 and 1, the person's own: who works too, and how far away.
    household : int array, shape (n,)
        Household-year of each row, ascending.
    wages : int array, shape (n,)
        Wage income of the household-year, yuan.
    post : bool array, shape (n,)
        Somebody of the household-year is in a public post.

    Examples
    --------
    >>> two = work_columns(np.array([True, True, False]), np.zeros(3), np.zeros(3), np.zeros(3, int),
    ...                    np.full(3, 6600), np.zeros(3, bool))
    >>> two.months.tolist(), two.wage.tolist()
    ([2, 1, 0], [2200.0, 2200.0, 0.0])
    """
    n = len(candidate)
    first = np.zeros(n, dtype=np.bool_)
    rows = np.flatnonzero(candidate)
    first[rows[np.unique(household[rows], return_index=True)[1]]] = True
    works = candidate & (first | (draw < SENT))
    _, cell = np.unique(household, return_inverse=True)
    workers = np.bincount(cell, weights=works)[cell]
    total = np.clip(np.round(wages / TYPICAL_WAGE), 1, 12 * np.maximum(workers, 1))
    count = np.cumsum(works)
    before = np.r_[0, np.bincount(cell, weights=works).cumsum()][cell]
    rank = count - before - 1
    works &= rank < total
    active = np.maximum(np.bincount(cell, weights=works)[cell], 1)
    months = np.where(works, total // active + (rank < total % active), 0).astype(np.int64)
    holds = works & first & post
    band = np.searchsorted([0.15, 0.45, 0.65], where)
    place = np.array(PLACES, dtype=object)[np.where(holds, 0, band)]
    return Work(
        months=months,
        wage=np.where(works, np.round(wages / total, 2), 0.0),
        place=or_missing(works, place),
        post=holds,
    )
