"""Income without programs, exit and return: the process whose parameters are the known truth.

Before exit, income per head is below `POOR_CEILING` times the statistical line; from the year of exit it
is at least `FLOOR` times the line and grows. A return is a dip below `DIP_HIGH` times the line, drawn from
a discrete-time logit hazard; a returned household recovers with probability `RECOVERY` a year. Programs
multiply income by at most exp(0.19) and enter neither exit nor return, and 0.82·exp(0.19) < 1: who is
below the line does not depend on programs, so log-income comparisons are not contaminated by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.people import WAVES, Counts

LINE: tuple[int, ...] = (2800, 2855, 2952, 2952, 2995, 3218, 4000)
"""Statistical line 2014-2020 in yuan, as fixed when the example was calibrated (a later correction of a
standard must not move the bundled truth)."""
POOR_CEILING = 0.82
FLOOR = 1.03
DIP_LOW, DIP_HIGH = 0.5, 0.8
RECOVERY = 0.6
NOT_YET = 9999
"""Year of exit of households still poor in the last wave."""

HAZARD: dict[str, float] = {
    "years_since_exit_1": -2.30,
    "years_since_exit_2": -2.75,
    "years_since_exit_3": -3.00,
    "years_since_exit_4": -3.20,
    "years_since_exit_5": -3.30,
    "years_since_exit_6": -3.40,
    "log_income_line_ratio": -1.00,
    "no_labour": 0.60,
    "ill_members": 0.35,
    "female_head": 0.20,
}
"""True logit coefficients of the yearly return hazard; the last four are measured in the year before."""

EXIT_SCHEDULE: dict[int, tuple[float, ...]] = {
    2017: (0.19, 0.43, 0.70, 0.950, 0.978, 0.988, 0.994),
    2018: (0.16, 0.33, 0.54, 0.76, 0.955, 0.983, 0.993),
    2019: (0.14, 0.28, 0.44, 0.62, 0.80, 0.960, 0.990),
    2020: (0.12, 0.24, 0.38, 0.54, 0.71, 0.86, 0.980),
}
"""Cumulative share of registered households exited 2014-2020, by the county's year of assessment."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Process:
    """The income and poverty path of every household; arrays are (households, waves).

    Parameters
    ----------
    untreated : float array
        Income per head without programs, yuan.
    above : bool array
        At or above the line.
    clock : int array
        Years since the last crossing upwards (0 in that year); -1 while below.
    at_risk : bool array
        Above in the year before; a return is possible.
    probability : float array
        True hazard of return, NaN where not at risk.
    """

    untreated: Floats
    above: Flags
    clock: Ints
    at_risk: Flags
    probability: Floats


def exit_years(rank_share: Floats, county: Ints, exit_wave: Ints) -> Ints:
    """Turn the rank of a household in its county into its year of exit.

    Parameters
    ----------
    rank_share : float array, shape (n,)
        Position in the county, 0 leaves first, 1 last.
    county : int array, shape (n,)
    exit_wave : int array, shape (counties,)
        Year each county is assessed.

    Returns
    -------
    int array, shape (n,)
        2014 to 2020, or `NOT_YET`.

    Examples
    --------
    >>> exit_years(np.array([0.0, 0.18, 0.995]), np.zeros(3, int), np.array([2017])).tolist()
    [2014, 2014, 9999]
    """
    cumulative = np.asarray([EXIT_SCHEDULE[int(w)] for w in exit_wave])[county]
    position = (rank_share[:, None] >= cumulative).sum(axis=1)
    years: Ints = np.append(WAVES, NOT_YET)[position]
    return years


def hazard(clock: Ints, log_ratio: Floats, no_labour: Flags, ill: Ints, female_head: Flags) -> Floats:
    """Return the true probability of return in the coming year.

    Parameters
    ----------
    clock : int array, shape (n,)
        Years since exit in the coming year (1, 2, …; later than 6 counts as 6).
    log_ratio, no_labour, ill, female_head : arrays, shape (n,)
        This year's log(income without programs / line), no able-bodied member, ill members, female head.

    Examples
    --------
    >>> one = np.ones(1, int)
    >>> hazard(one, np.zeros(1), one == 0, 0 * one, one == 0).round(4).tolist()
    [0.0911]
    """
    durations = np.asarray([HAZARD[f"years_since_exit_{k}"] for k in range(1, 7)])
    linear = durations[np.clip(clock, 1, 6) - 1] + HAZARD["log_income_line_ratio"] * log_ratio
    linear = linear + HAZARD["no_labour"] * no_labour + HAZARD["ill_members"] * ill
    linear = linear + HAZARD["female_head"] * female_head
    return np.asarray(1 / (1 + np.exp(-linear)), dtype=np.float64)


def smooth_floor(income: Floats, floor: Floats) -> Floats:
    """Return a smooth maximum of income and floor, never below the floor: (income⁴ + floor⁴)^¼.

    >>> smooth_floor(np.array([1.0, 100.0]), np.array([10.0, 10.0])).round(3).tolist()
    [10.0, 100.002]
    """
    return np.asarray((income**4 + floor**4) ** 0.25, dtype=np.float64)


@dataclass(frozen=True)
class Setting:
    """What the process needs to know of households and places.

    Parameters
    ----------
    county, village : int array, shape (n,)
        Positions in the tables of counties and villages.
    level, growth : float array, shape (counties,)
    exit_year : int array, shape (n,)
    female_head : bool array, shape (n,)
    head_school : int array, shape (n,)
        Years.
    counts : Counts
    """

    county: Ints
    village: Ints
    level: Floats
    growth: Floats
    exit_year: Ints
    female_head: Flags
    head_school: Ints
    counts: Counts


def run_process(rng: np.random.Generator, setting: Setting) -> Process:
    """Run exit, return and recovery over the waves.

    Parameters
    ----------
    rng : Generator
    setting : Setting

    Returns
    -------
    Process
    """
    n, waves = len(setting.county), len(WAVES)
    free, poor = _potential_incomes(rng, setting)
    return_draw, recover_draw = rng.random((n, waves)), rng.random((n, waves))
    dip = rng.uniform(DIP_LOW, DIP_HIGH, (n, waves))
    line = np.asarray(LINE, dtype=np.float64)
    untreated = np.empty((n, waves))
    above = np.zeros((n, waves), dtype=np.bool_)
    clock = np.full((n, waves), -1, dtype=np.int64)
    at_risk = np.zeros((n, waves), dtype=np.bool_)
    probability = np.full((n, waves), np.nan)
    no_labour = setting.counts.labourers == 0
    for t, wave in enumerate(WAVES):
        exits = setting.exit_year == wave
        up = exits
        if t:
            at_risk[:, t] = above[:, t - 1]
            ratio = np.log(untreated[:, t - 1] / line[t - 1])
            chance = hazard(
                clock[:, t - 1] + 1,
                ratio,
                no_labour[:, t - 1],
                setting.counts.ill[:, t - 1],
                setting.female_head,
            )
            probability[:, t] = np.where(at_risk[:, t], chance, np.nan)
            stays = at_risk[:, t] & (return_draw[:, t] >= chance)
            returned = ~above[:, t - 1] & (setting.exit_year < wave)
            up = exits | (returned & (recover_draw[:, t] < RECOVERY))
            clock[stays, t] = clock[stays, t - 1] + 1
            above[:, t] = stays
        above[:, t] |= up
        clock[up, t] = 0
        low = np.where(setting.exit_year <= wave, dip[:, t], poor[:, t])
        untreated[:, t] = np.where(above[:, t], free[:, t], low * line[t])
    return Process(untreated, above, clock, at_risk, probability)


def _potential_incomes(rng: np.random.Generator, setting: Setting) -> tuple[Floats, Floats]:
    """Return income per head if out of poverty (yuan) and the income/line ratio if poor, both (n, waves)."""
    n, waves = len(setting.county), len(WAVES)
    years = np.arange(waves)
    villages = int(setting.village.max()) + 1
    village = rng.normal(0, 0.13, villages)[setting.village, None]
    shock = rng.normal(0, 0.03, (villages, waves))[setting.village]
    household = rng.normal(0, 0.34, n)[:, None]
    noise = rng.normal(0, 0.14, (n, waves))
    place = setting.level[setting.county][:, None] + village + shock
    labour = setting.counts.labourers / setting.counts.size - 0.45
    person = household + 0.4 * labour + 0.015 * (setting.head_school[:, None] - 5)
    trend = setting.growth[setting.county][:, None] * years
    since = np.clip(WAVES - setting.exit_year[:, None], 0, 4)
    line = np.asarray(LINE, dtype=np.float64)
    free = smooth_floor(np.exp(np.log(4500) + trend + 0.03 * since + place + person + noise), FLOOR * line)
    poor = POOR_CEILING * np.exp(-np.exp(-1.75 - 1.5 * (place + 0.7 * person + noise) - 0.05 * years))
    return free, poor


def hazard_table() -> pd.DataFrame:
    """Return the true hazard as a table ``term, value``."""
    return pd.DataFrame({"term": list(HAZARD), "value": list(HAZARD.values())})
