"""A synthetic county yearbook: aggregate series of fictional counties, one row a county and year.

Everything adds up: the stock of poor persons is that of the year before plus identified and returned less exited, the stated
rate is poor persons over rural population to one decimal, incomes are net before the change of the concept and disposable
from then on. Growth differs between counties and wavers from year to year by a few per cent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError
from evalkit.simulate.places import county_code, county_names

FIRST_YEAR, LAST_YEAR = 2006, 2020
DISPOSABLE_SINCE = 2014
"""First year of disposable income; net income before."""
REGISTERED_SINCE = 2014
"""First year of the registry's counts of poor persons."""
MOST_COUNTIES = 240

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Yearbook:
    """Synthetic county series.

    Parameters
    ----------
    frame : DataFrame
        One row a county and year: ``county, county_name, wave``; ``rural_net_income`` (before 2014), ``rural_income`` (from
        2014) and ``income_concept`` (纯收入, 可支配收入), yuan a head; ``gdp, fiscal_revenue, fiscal_expenditure``, yuan;
        ``population, rural_population``, persons; from 2014 ``poor_persons, identified_in_year, returned_in_year,
        exited_in_year``, persons, and ``headcount_stated``, per cent.
    seed : int
    """

    frame: pd.DataFrame
    seed: int


def make_yearbook(seed: int = 1, *, counties: int = 60) -> Yearbook:
    """Make the county series of a fictional province, 2006 to 2020.

    Parameters
    ----------
    seed : int
        The same seed gives the same bits.
    counties : int
        1 to 240.

    Raises
    ------
    DataError
        If the number of counties is out of range.
    """
    if not 1 <= counties <= MOST_COUNTIES:
        msg = f"counties={counties}: give a number from 1 to {MOST_COUNTIES}."
        raise DataError(msg)
    rng = np.random.default_rng([seed, FIRST_YEAR])
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    shape = (counties, len(years))
    columns = {**_amounts(rng, shape), **_incomes(rng, shape, years), **_persons(rng, shape, years)}
    places = {
        "county": [county_code(k) for k in range(counties)],
        "county_name": county_names(counties),
    }
    frame = pd.DataFrame(
        {
            **{
                k: pd.Series(np.repeat(np.array(v, dtype=object), len(years)), dtype="str")
                for k, v in places.items()
            },
            "wave": np.tile(years, counties),
            **{k: v.reshape(-1) for k, v in columns.items()},
        }
    )
    concept = np.where(frame["wave"] < DISPOSABLE_SINCE, "纯收入", "可支配收入").astype(object)
    frame.insert(5, "income_concept", pd.Series(concept, dtype="str"))
    return Yearbook(frame, seed)


def _path(
    rng: np.random.Generator, shape: tuple[int, int], start: Floats, growth: float, wave: float
) -> Floats:
    """Return series that grow at a rate of their own, shape (counties, years): `growth` ± 1 point, each year ± `wave`."""
    own = rng.normal(growth, 0.01, (shape[0], 1))
    steps = own + rng.normal(0, wave, shape).clip(-2.5 * wave, 2.5 * wave)
    steps[:, 0] = 0
    return np.asarray(start[:, None] * np.exp(np.cumsum(steps, axis=1)), dtype=np.float64)


def _amounts(rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Floats]:
    """Return gross product and the budget, in full ten thousands of yuan."""
    gdp = _path(rng, shape, 3.0e9 * np.exp(rng.normal(0, 0.5, shape[0])), 0.09, 0.02)
    revenue = gdp * rng.uniform(0.04, 0.08, (shape[0], 1)) * np.exp(rng.normal(0, 0.02, shape))
    spending = gdp * rng.uniform(0.25, 0.45, (shape[0], 1)) * np.exp(rng.normal(0, 0.02, shape))
    named = {"gdp": gdp, "fiscal_revenue": revenue, "fiscal_expenditure": spending}
    return {k: np.round(v / 1e4) * 1e4 for k, v in named.items()}


def _incomes(
    rng: np.random.Generator, shape: tuple[int, int], years: npt.NDArray[np.int64]
) -> dict[str, Floats]:
    """Return net income before the change of the concept, disposable income (some per cent higher) from then on."""
    path = _path(rng, shape, 2200 * np.exp(rng.normal(0, 0.2, shape[0])), 0.10, 0.015)
    new = years >= DISPOSABLE_SINCE
    disposable = np.round(path * rng.uniform(1.03, 1.09, (shape[0], 1)))
    return {
        "rural_net_income": np.where(new, np.nan, np.round(path)),
        "rural_income": np.where(new, disposable, np.nan),
    }


def _persons(
    rng: np.random.Generator, shape: tuple[int, int], years: npt.NDArray[np.int64]
) -> dict[str, Floats]:
    """Return population, and the stock of the poor with what came and went."""
    start = 3.5e5 * np.exp(rng.normal(0, 0.4, shape[0]))
    people = np.round(_path(rng, shape, start, 0.003, 0.001))
    rural = np.round(people * (0.84 - 0.012 * (years - FIRST_YEAR)) + rng.integers(0, 50, shape))
    out = {
        k: np.full(shape, np.nan)
        for k in ("poor_persons", "identified_in_year", "returned_in_year", "exited_in_year")
    }
    stock = np.round(rural[:, years == REGISTERED_SINCE][:, 0] * rng.uniform(0.12, 0.25, shape[0]))
    for k in np.flatnonzero(years >= REGISTERED_SINCE):
        if years[k] > REGISTERED_SINCE:
            came, back = (
                np.round(stock * rng.uniform(0, 0.01, shape[0])),
                np.round(stock * rng.uniform(0, 0.005, shape[0])),
            )
            left = np.round(stock * rng.uniform(0.2, 0.45, shape[0]))
            stock = stock + came + back - left
            flows = {"identified_in_year": came, "returned_in_year": back, "exited_in_year": left}
            for name, value in flows.items():
                out[name][:, k] = value
        out["poor_persons"][:, k] = stock
    return {
        "population": people,
        "rural_population": rural,
        **out,
        "headcount_stated": np.round(100 * out["poor_persons"] / rural, 1),
    }
