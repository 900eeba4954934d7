"""What happened to each household, on arrays: states by wave, and how long they have lasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.schema import STATUS

Outcome = Literal["measured", "registry"]
State = Literal["exited", "poor"]
Line = float | str | Mapping[int, float] | None
Bools = NDArray[np.bool_]

_POOR_STATUS = {"registered", "returned"}


@dataclass(frozen=True, eq=False)
class Ages:
    """For each row of n sorted household-waves whose state is known.

    Attributes
    ----------
    age : ndarray of int, shape (n,)
        Waves since the state was entered, 0 in the first; -1 when the start is unknown or the row is
        not in the state.
    spell : ndarray of int, shape (n,)
        Number of the spell within the household, from 1; 0 outside spells of known start.
    followed : ndarray of bool, shape (n,)
        The next row is the same household in the next wave.
    """

    age: Ints
    spell: Ints
    followed: Bools


def ages(household: Ints, wave: Ints, inside: Bools, since: Ints | None = None) -> Ages:
    """Return how long each row has been in a state.

    Parameters
    ----------
    household, wave : ndarray of int, shape (n,)
        Household codes and positions of the wave in the panel, sorted by household, then wave.
    inside : ndarray of bool, shape (n,)
        The row is in the state.
    since : ndarray of int, shape (n,), optional
        Position of the wave in which the state was entered where that is on record, else -1; used for
        spells whose start was not observed.

    Returns
    -------
    Ages

    Examples
    --------
    One household, poor in the first two of four waves: it enters "not poor" in the third.

    >>> hh, t = np.zeros(4, dtype=int), np.arange(4)
    >>> ages(hh, t, np.array([False, False, True, True])).age
    array([-1, -1,  0,  1])
    """
    n = len(wave)
    follows = np.zeros(n, dtype=bool)
    follows[1:] = (household[1:] == household[:-1]) & (wave[1:] == wave[:-1] + 1)
    same = np.zeros(n, dtype=bool)
    same[1:] = follows[1:] & (inside[1:] == inside[:-1])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    start = np.where(follows[first], wave[first], -1)
    if since is not None:
        usable = ~follows[first] & (since[first] >= 0) & (since[first] <= wave[first])
        start = np.where(usable, since[first], start)
    known = inside & (start >= 0)
    age = np.where(known, wave - start, -1)
    opens = known & (first == np.arange(n))
    spell = _count_within(opens, household)
    followed = np.zeros(n, dtype=bool)
    followed[:-1] = follows[1:]
    return Ages(age.astype(np.intp), np.where(known, spell, 0).astype(np.intp), followed)


def _count_within(mark: Bools, group: Ints) -> Ints:
    """Count marks cumulatively within runs of a sorted group."""
    total = np.cumsum(mark)
    head = np.ones(len(group), dtype=bool)
    head[1:] = group[1:] != group[:-1]
    base = np.maximum.accumulate(np.where(head, np.arange(len(group)), 0))
    return np.asarray(total - total[base] + mark[base], dtype=np.intp)


def states(panel: Panel, outcome: Outcome, line: Line) -> Floats:
    """Return 1 poor, 0 not poor, NaN unknown for each row, shape (n,)."""
    if outcome == "measured":
        welfare, limit = panel.values("welfare"), panel.line(line)
        poor = welfare <= limit if panel.poor_at_line else welfare < limit
        return np.where(np.isfinite(welfare) & np.isfinite(limit), poor.astype(float), np.nan)
    if "status" not in panel.frame:
        msg = "a registry return needs the column 'status' (脱贫属性); map it in plan.data, or use outcome 'measured'"
        raise EstimationError(msg)
    status = panel.frame["status"].astype("string").replace(STATUS)
    unknown = set(status.dropna().unique()) - set(STATUS.values())
    if unknown:
        msg = f"unknown registry status {', '.join(sorted(unknown)[:5])}; known: {', '.join([*STATUS, *STATUS.values()])}"
        raise EstimationError(msg)
    poor = status.isin(_POOR_STATUS).to_numpy(dtype=float)
    if "returned" in panel.frame:
        poor = np.maximum(poor, np.nan_to_num(panel.values("returned")))
    return np.where(status.isna().to_numpy(), np.nan, poor)


def recorded_exits(panel: Panel, waves: Ints) -> Ints:
    """Return the position of the recorded exit year among the waves, -1 where it is none of them."""
    if "exit_year" not in panel.frame:
        return np.full(len(panel.frame), -1, dtype=np.intp)
    year = panel.frame["exit_year"].to_numpy(dtype=float, na_value=np.nan)
    place = np.minimum(np.searchsorted(waves, np.nan_to_num(year, nan=-1.0)), len(waves) - 1)
    return np.where(waves[place] == year, place, -1).astype(np.intp)


def codes(column: pd.Series) -> Ints:
    """Return codes from 0 in the order of the values, shape (n,)."""
    return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.intp)
