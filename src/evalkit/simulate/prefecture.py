"""The synthetic registry: one call, everything from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.simulate.households import make_population, population_frame
from evalkit.simulate.incomes import hazard_table
from evalkit.simulate.places import make_places
from evalkit.simulate.roster import member_table
from evalkit.simulate.support import VILLAGE_SHARES, effect_table
from evalkit.simulate.survey import third_party
from evalkit.simulate.tables import household_table, program_table, village_table

DEFAULT_SEED = 20201123


@dataclass(frozen=True)
class Truth:
    """What is known because it was made.

    Parameters
    ----------
    population : DataFrame
        Every registered household of every village, by wave (not only the sample): ``household, county,
        village, stratum, wave, size, income_pc, income_pc_untreated, below_line, years_since_exit,
        at_risk, return_probability, no_labour, ill_members, female_head, status, exit_year,
        relocation, industry``. Incomes are yuan a head and year, disposable concept in all years.
    effects : DataFrame
        ``program, event_time, effect``: true effect on the treated, on log income per head.
    hazard : DataFrame
        ``term, value``: logit coefficients of the yearly hazard of return; durations are free, the
        covariates are those of the year before, the ratio is that of income without programs.
    exits : DataFrame
        ``county, wave_of_county_exit, wrong_exit, missed, approval, composite_headcount``: shares of
        persons in the finite population when the county was assessed.
    """

    population: pd.DataFrame
    effects: pd.DataFrame
    hazard: pd.DataFrame
    exits: pd.DataFrame


@dataclass(frozen=True)
class SyntheticRegistry:
    """A registry export of a fictional prefecture, clean, with canonical column names.

    Categories keep the registry's Chinese words, flags are bool, money is yuan.

    Parameters
    ----------
    households : DataFrame
        Household-years 2014-2020 of the sampled villages. The sample is a one-stage stratified cluster
        sample of villages: ``weight`` = ``villages_in_stratum`` / sampled villages of the stratum.
    members : DataFrame
        Roster of the last wave.
    programs, villages : DataFrame
        Programs of the sampled households; the sampled villages.
    survey, totals : DataFrame
        Third-party survey and census totals at the assessment of each county.
    truth : Truth
    seed : int
    """

    households: pd.DataFrame
    members: pd.DataFrame
    programs: pd.DataFrame
    villages: pd.DataFrame
    survey: pd.DataFrame
    totals: pd.DataFrame
    truth: Truth
    seed: int


def registry(seed: int = DEFAULT_SEED, *, counties: int = 12, scale: float = 1.0) -> SyntheticRegistry:
    """Make the registry of a fictional prefecture.

    Parameters
    ----------
    seed : int
        The same seed gives the same bits.
    counties : int
        Number of counties, 1 to 60; the first twelve are all different.
    scale : float
        1 gives about 100,000 exported household-years for twelve counties. Villages per county and
        households per village are both multiplied by the square root of `scale`.

    Returns
    -------
    SyntheticRegistry

    Raises
    ------
    DataError
        If `counties` or `scale` is out of range.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(7)]
    places = make_places(streams[0], counties, scale, VILLAGE_SHARES)
    population = make_population(streams[1], places)
    field = third_party(streams[2], places, population, scale)
    truth = Truth(
        population=population_frame(population, places),
        effects=effect_table(),
        hazard=hazard_table(),
        exits=field.exits,
    )
    return SyntheticRegistry(
        households=household_table(streams[3], population, places),
        members=member_table(streams[4], population, places),
        programs=program_table(streams[5], population, places),
        villages=village_table(streams[6], places, field.unregistered),
        survey=field.survey,
        totals=field.totals,
        truth=truth,
        seed=seed,
    )
