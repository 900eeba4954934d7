"""What the registry writes down about homes, land, roads and groups, consistent with the rest of the household."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.households import Population
from evalkit.simulate.incomes import NOT_YET
from evalkit.simulate.people import WAVES
from evalkit.simulate.support import NO_PROGRAM
from evalkit.simulate.words import or_missing

EXIT_MONTHS: tuple[float, ...] = (0.03, 0.04, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, 0.13, 0.15, 0.14)
"""Shares of exits by month, February to December: more towards the end of the year, no month with a mass."""
VILLAGES_PER_INTERVIEWER = 3

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Rows:
    """Household-years of the table: positions of household and wave, and of the household among `homes`.

    Parameters
    ----------
    household, wave : int array, shape (rows,)
        Positions in `Population` and in `WAVES`.
    homes : int array, shape (m,)
        Households of the table, ascending.
    at : int array, shape (rows,)
        Position of the row's household in `homes`.
    """

    household: Ints
    wave: Ints
    homes: Ints
    at: Ints

    @classmethod
    def of(cls, household: Ints, wave: Ints) -> Rows:
        """Number the households of household-years."""
        homes, at = np.unique(household, return_inverse=True)
        return cls(household, wave, homes, at)

    @property
    def year(self) -> Ints:
        """Year of each row."""
        years: Ints = WAVES[self.wave]
        return years


def fact_columns(
    rng: np.random.Generator, population: Population, rows: Rows, unsafe: Flags, cultivated: Floats
) -> dict[str, object]:
    """Return the columns about identification, housing, land, equipment and groups.

    Parameters
    ----------
    rng : Generator
    population : Population
    rows : Rows
    unsafe : bool array, shape (rows,)
        Unsafe housing.
    cultivated : float array, shape (rows,)
        Cultivated land, mu.

    Returns
    -------
    dict of column
        By canonical name.
    """
    homes = rows.homes
    local = rng.random(len(homes)) < 0.04
    second = pd.Series(population.second_cause[homes], dtype="str").to_numpy(dtype=object)[rows.at]
    return {
        "identification": _words(np.where(local, "省定标准", "国家标准")[rows.at]),
        "second_cause": _words(second),
        **_housing(rng, population, rows, unsafe),
        **_land(rng, population, rows, cultivated),
        **_groups(rng, population, rows),
        **_equipment(rng, population, rows),
        **_months(rng, population, rows),
    }


def interviewers(village: pd.Series[str], wave: Ints) -> pd.Series[str]:
    """Return who filled in the form: one person for three villages of a township, others every year.

    Examples
    --------
    >>> interviewers(pd.Series(["990121100200", "990121100203"]), np.array([2014, 2015])).tolist()
    ['990121100001', '990121100102']
    """
    number = (village.str[-3:].astype("int64") - 200) // VILLAGES_PER_INTERVIEWER + 1
    year = pd.Series(wave - WAVES[0], index=village.index)
    return (village.str[:9] + (100 * year + number).astype("str").str.zfill(3)).astype("str")


def has_program(population: Population, program: str, household: Ints, year: Ints) -> Flags:
    """Tell which household-years are supported by a program (in its first year or later)."""
    start = population.support.start[program][household]
    return np.asarray((start != NO_PROGRAM) & (start <= year), dtype=np.bool_)


def _words(values: Words) -> pd.Series[str]:
    return pd.Series(values, dtype="str")


def _since(rng: np.random.Generator, population: Population, rows: Rows, share: float) -> Flags:
    """Tell which household-years have something that a share has from the start and all have by their exit."""
    m = len(rows.homes)
    year = np.where(rng.random(m) < share, WAVES[0], rng.integers(WAVES[1], WAVES[-1] + 3, m))
    settled = np.minimum(year, population.exit_year[rows.homes])
    return np.asarray(settled[rows.at] <= rows.year, dtype=np.bool_)


def _housing(
    rng: np.random.Generator, population: Population, rows: Rows, unsafe: Flags
) -> dict[str, object]:
    """Return grade and floor area: C or D where unsafe, a smaller new home from the year of relocation."""
    m = len(rows.homes)
    worst, sound = rng.random(m) < 0.35, rng.random(m) < 0.4
    grade = np.where(unsafe, np.where(worst, "D级", "C级")[rows.at], np.where(sound, "A级", "B级")[rows.at])
    size = population.counts.size[rows.homes].max(axis=1)
    old = np.round(rng.uniform(16, 40, m) * np.sqrt(size) * 1.5)
    moved = has_program(population, "relocation", rows.household, rows.year)
    area = np.where(moved, (25 * size)[rows.at], old[rows.at])
    return {"housing_grade": _words(grade), "housing_area": area.astype(np.float64)}


def _land(
    rng: np.random.Generator, population: Population, rows: Rows, cultivated: Floats
) -> dict[str, object]:
    """Return land of other kinds; who is compensated for ecology has forest, mostly converted land too."""
    m = len(rows.homes)
    ecology = population.support.start["ecology"][rows.homes] != NO_PROGRAM

    def area(share: Floats, mean: float) -> Floats:
        drawn = np.round(rng.gamma(2.0, mean / 2.0, m), 1)
        return np.where(rng.random(m) < share, np.maximum(drawn, 0.1), 0.0)

    forest = area(np.where(ecology, 1.0, 0.55), 6.0)
    converted = area(np.where(ecology, 0.8, 0.15), 3.0)
    orchard = np.minimum(area(np.full(m, 0.3), 1.5)[rows.at], cultivated)
    return {
        "forest_land": np.maximum(forest, converted)[rows.at],
        "converted_land": converted[rows.at],
        "orchard_land": orchard,
        "grass_land": area(np.full(m, 0.1), 5.0)[rows.at],
        "water_area": area(np.full(m, 0.06), 0.8)[rows.at],
    }


def _groups(rng: np.random.Generator, population: Population, rows: Rows) -> dict[str, object]:
    """Return cooperative, enterprise and leader; industry support comes through one of them."""
    m = len(rows.homes)
    industry = has_program(population, "industry", rows.household, rows.year)
    own = np.where(rng.random(m) < 0.12, rng.integers(WAVES[0], WAVES[-1] + 1, m), NOT_YET)
    enterprise, leader = rng.random(m) < 0.35, rng.random(m) < 0.2
    return {
        "cooperative": industry | (own[rows.at] <= rows.year),
        "enterprise": industry & enterprise[rows.at],
        "leader": industry & leader[rows.at],
    }


def _equipment(rng: np.random.Generator, population: Population, rows: Rows) -> dict[str, object]:
    """Return road, toilet, fuel, power and broadcast: they get better, and are settled by the year of exit."""
    m = len(rows.homes)
    remote = population.cause[rows.homes] == "交通条件落后"
    remote |= population.second_cause[rows.homes] == "交通条件落后"
    distance = np.round(rng.gamma(2.0, 0.6, m) + 0.1 + 2.5 * remote, 1)
    earth = np.where(remote | (rng.random(m) < 0.55), "泥土路", "砂石路")
    paved = np.where(rng.random(m) < 0.8, "水泥路", "沥青路")
    better = _since(rng, population, rows, 0.3) & ~(
        remote[rows.at] & (rows.year < population.exit_year[rows.household])
    )
    straw = np.where(rng.random(m) < 0.75, "柴草", "煤炭")
    return {
        "road_distance": distance[rows.at],
        "road_type": _words(np.where(better, paved[rows.at], earth[rows.at])),
        "toilet": _since(rng, population, rows, 0.35),
        "fuel": _words(np.where(_since(rng, population, rows, 0.2), "清洁能源", straw[rows.at])),
        "power_production": _since(rng, population, rows, 0.8),
        "power_home": np.ones(len(rows.at), dtype=np.bool_),
        "broadcast": _since(rng, population, rows, 0.7),
    }


def _months(rng: np.random.Generator, population: Population, rows: Rows) -> dict[str, object]:
    """Return months of identification and exit (``YYYYMM``), in the years of identification and exit."""
    m = len(rows.homes)
    identified = population.identified[rows.homes]
    first = np.where(identified == WAVES[0], rng.integers(1, 7, m), rng.integers(10, 13, m))
    exit_year = population.exit_year[rows.homes]
    month = 2 + rng.choice(len(EXIT_MONTHS), m, p=EXIT_MONTHS)
    known = exit_year[rows.at] <= rows.year
    words = _yyyymm(exit_year, month)
    return {
        "identified_month": _words(_yyyymm(identified, first)[rows.at]),
        "exit_month": _words(or_missing(known, words[rows.at])),
    }


def _yyyymm(year: Ints, month: Ints) -> Words:
    """Return months as text.

    >>> _yyyymm(np.array([2014]), np.array([3])).tolist()
    ['201403']
    """
    return (year * 100 + month).astype(str).astype(object)
