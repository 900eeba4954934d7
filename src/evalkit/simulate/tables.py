"""The clean registry tables of the sampled villages: households by wave, programs, villages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.households import STATUS_WORDS, Population, whole_or_missing
from evalkit.simulate.money import Sources, account
from evalkit.simulate.people import LAST_WAVE, WAVES, ages, is_member
from evalkit.simulate.places import PREFECTURE, PROVINCE, Places
from evalkit.simulate.support import NO_PROGRAM, program_rows

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PLACE_COLUMNS = ("county", "county_name", "township", "village", "village_name")


def place_columns(places: Places, village: Ints) -> dict[str, pd.Series[str] | str]:
    """Return the address columns of rows given by the position of their village."""
    columns: dict[str, pd.Series[str] | str] = {"province": PROVINCE, "prefecture": PREFECTURE}
    for name in PLACE_COLUMNS:
        words = places.villages[name].to_numpy(dtype=object)[village]
        columns[name] = pd.Series(words, dtype="str")
    return columns


def household_table(rng: np.random.Generator, population: Population, places: Places) -> pd.DataFrame:
    """Return the household-years of the sampled villages with canonical column names.

    Parameters
    ----------
    rng : Generator
    population : Population
    places : Places

    Returns
    -------
    DataFrame
        One row a household and wave; flags are bool, money is whole yuan except ``income_pc``
        (two decimals), ``exit_year`` is missing until the household has exited.
    """
    n = len(population.code)
    group = rng.integers(1, 9, n)
    land = np.round(rng.gamma(2.5, 1.6, n), 1)
    housing, water = _guarantees(rng, population)
    sampled = places.villages["sampled"].to_numpy()[population.village]
    rows, wave = np.nonzero(population.present & sampled[:, None])
    village = population.village[rows]
    strata = places.villages
    weight = strata["villages_in_stratum"] / strata["sampled_in_stratum"]
    status = population.status[rows, wave]
    counts = population.counts
    columns: dict[str, object] = {
        **place_columns(places, village),
        "group": pd.Series([f"{k}组" for k in group[rows]], dtype="str"),
        "household": pd.Series(population.code[rows], dtype="str"),
        "wave": WAVES[wave],
        "weight": weight.to_numpy()[village],
        "stratum": pd.Series(strata["stratum"].to_numpy(dtype=object)[village], dtype="str"),
        "villages_in_stratum": strata["villages_in_stratum"].to_numpy()[village],
        "size": counts.size[rows, wave],
        "household_type": pd.Series(population.household_type[rows], dtype="str"),
        "cause": pd.Series(population.cause[rows], dtype="str"),
        "status": pd.Series(np.array(STATUS_WORDS, dtype=object)[status], dtype="str"),
        "identified_year": population.identified[rows],
        "exit_year": whole_or_missing(population.exit_year[rows], status > 0),
        "returned": status == 2,
        "labourers": counts.labourers[rows, wave],
        "pupils": counts.pupils[rows, wave],
        "ill_members": counts.ill[rows, wave],
        "head_age": counts.head_age[rows, wave],
        "head_school": population.head_school[rows],
        "female_head": population.female_head[rows],
        "cultivated_land": land[rows],
        "unsafe_housing": housing[rows, wave],
        "safe_water": water[rows, wave],
        **account(rng, population.net[rows, wave], _sources(rng, population, rows, wave)),
        "income_pc": population.income_pc[rows, wave],
    }
    return pd.DataFrame(columns)


def works_away(population: Population) -> Flags:
    """Tell which household-years have wages: somebody is able to work, and the household sends workers.

    Returns
    -------
    bool array, shape (n, waves)
        Five households in six send workers; which ones follows from the household's number.
    """
    sends = np.arange(len(population.code)) % 6 != 0
    away: Flags = (population.counts.labourers > 0) & sends[:, None]
    return away


def program_table(rng: np.random.Generator, population: Population, places: Places) -> pd.DataFrame:
    """Return the programs of the sampled households: who, what, since when, how much."""
    rows = program_rows(rng, population.support, population.last_wave)
    village = population.village[rows["position"].to_numpy()]
    rows = rows[places.villages["sampled"].to_numpy()[village]].reset_index(drop=True)
    position = rows.pop("position").to_numpy()
    address = place_columns(places, population.village[position])
    code = pd.Series(population.code[position], dtype="str")
    table: pd.DataFrame = pd.DataFrame({**address, "household": code})
    for name in ("program", "program_start", "amount"):
        table[name] = rows[name]
    return table.astype({"program": "str"})


def village_table(rng: np.random.Generator, places: Places, unregistered: Ints) -> pd.DataFrame:
    """Return the sampled villages.

    Parameters
    ----------
    rng : Generator
    places : Places
    unregistered : int array, shape (villages,)
        Households that are not registered, by village.
    """
    chosen = np.flatnonzero(places.villages["sampled"])
    table = places.villages.iloc[chosen]
    households = table["households"].to_numpy() + unregistered[chosen]
    collective = np.round(rng.gamma(1.2, 40_000, len(chosen)), -2).astype(np.int64)
    poor = table["households"].to_numpy() / households > 0.2
    return pd.DataFrame(
        {
            **place_columns(places, chosen),
            "village_type": np.where(poor, "贫困村", "非贫困村"),
            "village_households": households,
            "village_persons": np.round(households * rng.uniform(3.6, 4.2, len(chosen))).astype(np.int64),
            "collective_income": np.where(rng.random(len(chosen)) < 0.25, 0, collective),
            "distance": table["distance"].to_numpy(),
        }
    ).astype({"village_type": "str"})


def _guarantees(rng: np.random.Generator, population: Population) -> tuple[Flags, Flags]:
    """Return unsafe housing and safe water, both (n, waves): most of it is settled by the year of exit."""
    n = len(population.code)
    out = population.exit_year[:, None] <= WAVES
    moved = population.support.start["relocation"]
    relocated = (moved != NO_PROGRAM)[:, None] & (moved[:, None] <= WAVES)
    unsafe = (rng.random(n) < 0.30)[:, None] & ~(out & (rng.random(n) < 0.97)[:, None]) & ~relocated
    safe_water = (rng.random(n) < 0.75)[:, None] | (out & (rng.random(n) < 0.99)[:, None]) | relocated
    return unsafe, safe_water


def _sources(rng: np.random.Generator, population: Population, rows: Ints, wave: Ints) -> Sources:
    """Find the sources of income of household-years."""

    def has(program: str) -> Flags:
        start = population.support.start[program][rows]
        return np.asarray((start != NO_PROGRAM) & (start <= WAVES[wave]), dtype=np.bool_)

    elderly = np.stack(
        [
            (is_member(population.people, int(w)) & (ages(population.people, int(w)) >= 60)).any(axis=1)
            for w in WAVES
        ],
        axis=1,
    )
    farms = rng.random(len(population.code)) < 0.92
    return Sources(
        works_away=works_away(population)[rows, wave],
        farms=farms[rows],
        industry=has("industry"),
        dividend=has("asset_income"),
        allowance=has("safety_net"),
        pension=elderly[rows, wave],
        ecology=has("ecology"),
    )


def still_there(population: Population, places: Places) -> Ints:
    """Return the positions of sampled households in the registry in the last wave."""
    sampled = places.villages["sampled"].to_numpy()[population.village]
    return np.flatnonzero(sampled & (population.last_wave == LAST_WAVE))
