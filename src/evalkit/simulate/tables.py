"""The clean registry tables of the sampled villages: households by wave, programs, villages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.facts import Rows, fact_columns, has_program, interviewers
from evalkit.simulate.households import STATUS_WORDS, Population, whole_or_missing
from evalkit.simulate.incomes import NOT_YET
from evalkit.simulate.money import Sources, account
from evalkit.simulate.monitoring import monitoring_columns
from evalkit.simulate.people import WAVES, ages, is_member
from evalkit.simulate.places import PROVINCE, Places
from evalkit.simulate.support import NO_PROGRAM, program_rows

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PLACE_COLUMNS = ("prefecture", "county", "county_name", "township", "village", "village_name")
SOCIAL = "社会帮扶"
"""Program of households that exit without other support before: a partner who helps them; no effect on income."""
TEAMS, SECRETARIES = (0.96, 0.4), (0.92, 0.25)
"""Shares of poor and of other villages with a resident team, with a first secretary."""
LACK_OF_LAND = 0.2
"""Land of households poor for lack of it, against others."""


def place_columns(places: Places, village: Ints) -> dict[str, pd.Series[str] | str]:
    """Return the address columns of rows given by the position of their village."""
    columns: dict[str, pd.Series[str] | str] = {"province": PROVINCE}
    for name in PLACE_COLUMNS:
        words = places.villages[name].to_numpy(dtype=object)[village]
        columns[name] = pd.Series(words, dtype="str")
    return columns


def household_table(
    rng: np.random.Generator, extra: np.random.Generator, population: Population, places: Places
) -> pd.DataFrame:
    """Return the household-years of the sampled villages with canonical column names.

    Parameters
    ----------
    rng, extra : Generator
        `extra` draws the columns that were added later, so that the first ones stay what they are.
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
    land = np.round(rng.gamma(2.5, 1.6, n) * np.where(population.cause == "缺土地", LACK_OF_LAND, 1.0), 1)
    housing, water = _guarantees(rng, population)
    sampled = places.villages["sampled"].to_numpy()[population.village]
    rows, wave = np.nonzero(population.present & sampled[:, None])
    village = population.village_in(rows, wave)
    strata = places.villages
    weight = strata["villages_in_stratum"] / strata["sampled_in_stratum"]
    status = population.status[rows, wave]
    counts = population.counts
    money = account(rng, population.net[rows, wave], _sources(rng, population, rows, wave))
    address = place_columns(places, village)
    columns: dict[str, object] = {
        **address,
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
        **{name: money[name] for name in FIRST_MONEY},
        "income_pc": population.income_pc[rows, wave],
        **{name: amount for name, amount in money.items() if name not in FIRST_MONEY},
    }
    years = Rows.of(rows, wave)
    unsafe = housing[rows, wave]
    columns |= fact_columns(extra, population, years, unsafe, land[rows])
    columns |= monitoring_columns(extra, population, years, money, unsafe)
    columns["interviewer"] = interviewers(pd.Series(address["village"]), years.year)
    return pd.DataFrame(columns)


def housing_debts(rng: np.random.Generator, table: pd.DataFrame, population: Population) -> pd.Series:
    """Return what households owe for housing or relocation, whole hundreds of yuan, shape (rows,).

    Two in five of those that were relocated, or had unsafe housing and have it no more, owe something from then on; a sixth of it
    is paid back every year.

    Parameters
    ----------
    rng : Generator
    table : DataFrame
        The household-years, see `household_table`.
    population : Population
    """
    start = pd.Series(population.support.start["relocation"], index=population.code)
    moved = table["household"].map(start[~start.index.duplicated()]).to_numpy(dtype=np.int64)
    unsafe = table["unsafe_housing"].groupby(table["household"]).transform("max").to_numpy(dtype=bool)
    out = table["exit_year"].astype("Float64").to_numpy(dtype=float, na_value=np.inf)
    began = np.where(moved != NO_PROGRAM, moved, np.where(unsafe, out, np.inf))
    homes, at = np.unique(table["household"].to_numpy(dtype=object).astype(str), return_inverse=True)
    base = np.where(rng.random(len(homes)) < 0.4, rng.gamma(2.0, 9_000, len(homes)), 0.0)[at]
    since = table["wave"].to_numpy(dtype=float) - began
    left = np.where(since >= 0, np.maximum(0.0, 1 - since / 6), 0.0)
    return pd.Series((base * left / 100).round() * 100, index=table.index).astype("int64")


FIRST_MONEY = (
    "wage_income", "operating_income", "property_income", "dividend_income", "transfer_income",
    "minimum_allowance", "pension", "ecological_compensation", "operating_expense", "income_gross", "income_net",
)  # fmt: skip
"""Amounts that stand before income per head; the others come at the end of the table."""


def in_post(population: Population) -> Flags:
    """Tell which household-years have somebody in a public post: from its start until nobody is able to work.

    Returns
    -------
    bool array, shape (n, waves)
    """
    start = population.support.start["public_post"][:, None]
    began = (start > 0) & (start <= WAVES)
    lapsed = np.logical_or.accumulate(began & (population.counts.labourers == 0), axis=1)
    post: Flags = began & ~lapsed
    return post


def works_away(population: Population) -> Flags:
    """Tell which household-years have wages: somebody able to work is sent, or holds a public post.

    Returns
    -------
    bool array, shape (n, waves)
        Five households in six send workers; which ones follows from the household's number.
    """
    sends = np.arange(len(population.code)) % 6 != 0
    away: Flags = ((population.counts.labourers > 0) & sends[:, None]) | in_post(population)
    return away


def program_table(
    rng: np.random.Generator, extra: np.random.Generator, population: Population, places: Places
) -> pd.DataFrame:
    """Return the programs of the sampled households: who, what, since when (and until when), how much."""
    rows = program_rows(rng, population.support, population.last_wave)
    village = population.village[rows["position"].to_numpy()]
    rows = rows[places.villages["sampled"].to_numpy()[village]].reset_index(drop=True)
    rows = _with_partners(extra, rows, population, places)
    position = rows.pop("position").to_numpy()
    address = place_columns(places, population.village[position])
    code = pd.Series(population.code[position], dtype="str")
    table: pd.DataFrame = pd.DataFrame({**address, "household": code})
    for name in ("program", "program_start", "amount"):
        table[name] = rows[name]
    post = (table["program"] == "公益岗位帮扶").to_numpy()
    years = in_post(population)[position].sum(axis=1)
    end = table["program_start"].to_numpy() + years - 1
    table["program_end"] = whole_or_missing(end, post & (end < population.last_wave[position]))
    table["public_post_persons"] = whole_or_missing(np.ones_like(end), post)
    return table.astype({"program": "str"})


def _with_partners(
    rng: np.random.Generator, rows: pd.DataFrame, population: Population, places: Places
) -> pd.DataFrame:
    """Add a helping partner, from identification on, for households that exit before other support begins."""
    first = np.full(len(population.code), NOT_YET)
    np.minimum.at(first, rows["position"].to_numpy(), rows["program_start"].to_numpy())
    leaves = (population.exit_year <= population.last_wave) & (first >= population.exit_year)
    helped = np.flatnonzero(leaves & places.villages["sampled"].to_numpy()[population.village])
    more = pd.DataFrame(
        {
            "position": helped,
            "program": SOCIAL,
            "program_start": population.identified[helped],
            "amount": rng.integers(2, 21, len(helped)) * 100,
        }
    )
    both = pd.concat([rows, more], ignore_index=True)
    return both.sort_values(["position", "program_start"], kind="stable", ignore_index=True)


def village_table(
    rng: np.random.Generator, extra: np.random.Generator, places: Places, unregistered: Ints
) -> pd.DataFrame:
    """Return the sampled villages.

    Parameters
    ----------
    rng, extra : Generator
        `extra` draws the columns that were added later, so that the first ones stay what they are.
    places : Places
    unregistered : int array, shape (villages,)
        Households that are not registered, by village.
    """
    chosen = np.flatnonzero(places.villages["sampled"])
    table = places.villages.iloc[chosen]
    households = table["households"].to_numpy() + unregistered[chosen]
    collective = np.round(rng.gamma(1.2, 40_000, len(chosen)), -2).astype(np.int64)
    poor = table["households"].to_numpy() / households > 0.2
    persons = np.round(households * rng.uniform(3.6, 4.2, len(chosen))).astype(np.int64)
    amount = np.where(rng.random(len(chosen)) < 0.25, 0, collective)
    return pd.DataFrame(
        {
            **place_columns(places, chosen),
            "village_type": np.where(poor, "贫困村", "非贫困村"),
            "village_households": households,
            "village_persons": persons,
            "collective_income": amount,
            "distance": table["distance"].to_numpy(),
            **_collective_parts(rng, amount),
            "resident_team": extra.random(len(chosen)) < np.where(poor, *TEAMS),
            "first_secretary": extra.random(len(chosen)) < np.where(poor, *SECRETARIES),
        }
    ).astype({"village_type": "str"})


def _collective_parts(rng: np.random.Generator, amount: Ints) -> dict[str, Ints]:
    """Divide collective income among its sources; the parts add up."""
    names = ("lease", "dividend", "subsidy", "operation")
    shares = rng.dirichlet((3.5, 2.5, 2.0, 1.5, 0.5), len(amount))
    parts = {
        f"collective_{name}": np.floor(shares[:, k] * amount / 100).astype(np.int64) * 100
        for k, name in enumerate(names)
    }
    rest = amount - np.sum(list(parts.values()), axis=0)
    return {**parts, "collective_other": rest}


def _guarantees(rng: np.random.Generator, population: Population) -> tuple[Flags, Flags]:
    """Return unsafe housing and safe water, both (n, waves): both are settled by the year of exit."""
    draw = rng.random((4, len(population.code)))
    out = population.exit_year[:, None] <= WAVES
    moved = population.support.start["relocation"]
    relocated = (moved != NO_PROGRAM)[:, None] & (moved[:, None] <= WAVES)
    unsafe = (draw[0] < 0.30)[:, None] & ~out & ~relocated
    safe_water = (draw[2] < 0.75)[:, None] | out | relocated
    return unsafe, safe_water


def _sources(rng: np.random.Generator, population: Population, rows: Ints, wave: Ints) -> Sources:
    """Find the sources of income of household-years."""

    def has(program: str) -> Flags:
        return has_program(population, program, rows, WAVES[wave])

    elderly = np.stack(
        [
            (is_member(population.people, int(w)) & (ages(population.people, int(w)) >= 60)).any(axis=1)
            for w in WAVES
        ],
        axis=1,
    )
    farms = rng.random(len(population.code)) < 0.92
    away = works_away(population)[rows, wave]
    return Sources(
        works_away=away,
        farms=farms[rows] | ((population.counts.labourers[rows, wave] > 0) & ~away),
        industry=has("industry"),
        dividend=has("asset_income"),
        allowance=np.asarray(population.household_type[rows] != "一般贫困户", dtype=np.bool_),
        destitute=np.asarray(population.household_type[rows] == "特困供养户", dtype=np.bool_),
        planned=elderly[rows, wave] & (rows % 5 == 0),
        pension=elderly[rows, wave],
        ecology=has("ecology"),
    )
