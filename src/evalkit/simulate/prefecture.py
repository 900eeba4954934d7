"""The synthetic registry: one call, everything from one seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.simulate.facts import interviewers
from evalkit.simulate.households import make_population, population_frame
from evalkit.simulate.identities import find_persons
from evalkit.simulate.incomes import hazard_table
from evalkit.simulate.places import Coverage, make_places
from evalkit.simulate.roster import Rosters, changes_frame, member_table
from evalkit.simulate.second_look import YEARS_LATER, case_table, later_rates, year_after
from evalkit.simulate.statements import make_statements
from evalkit.simulate.support import VILLAGE_SHARES, effect_table
from evalkit.simulate.survey import third_party, visit
from evalkit.simulate.tables import household_table, housing_debts, program_table, village_table

DEFAULT_SEED = 20201123
MOST_CHANGES = 0.2


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
    changes : DataFrame
        ``kind, wave, county, household, person, to_household, village, to_village``: deaths, marriages, splits,
        merges and moves of the sampled households; ``wave`` is the first one after.
    exits : DataFrame
        ``county, wave_of_county_exit, wrong_exit, missed, approval, composite_headcount, registered_not_poor``: shares of
        persons in the finite population when the county was assessed; ``wrong_exit_later, missed_later`` a year after.
    misstated : DataFrame
        ``kind, level, unit, wave, figure, stated, true``: stated figures that are not the sum of the level below (kind misstated),
        and the county whose villages exit exactly as planned (kind on_plan).
    """

    population: pd.DataFrame
    effects: pd.DataFrame
    hazard: pd.DataFrame
    exits: pd.DataFrame
    changes: pd.DataFrame
    misstated: pd.DataFrame


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
        Roster of the last wave, or of every wave.
    programs, villages : DataFrame
        Programs of the sampled households; the sampled villages.
    survey, totals : DataFrame
        Third-party survey and census totals at the assessment of each county.
    stated : DataFrame
        What villages, townships, counties, prefectures and the province state of their registered households, by year (of all
        villages, not only those of the sample), with planned exits.
    revisits : DataFrame
        The same villages visited again a year later, with other households drawn; columns of the survey.
    cases : DataFrame
        Dated steps of the survey's suspected cases; adjudicated ones are upheld where the finding is true.
    truth : Truth
    seed : int
    """

    households: pd.DataFrame
    members: pd.DataFrame
    programs: pd.DataFrame
    villages: pd.DataFrame
    survey: pd.DataFrame
    totals: pd.DataFrame
    stated: pd.DataFrame
    revisits: pd.DataFrame
    cases: pd.DataFrame
    truth: Truth
    seed: int


def registry(
    seed: int = DEFAULT_SEED,
    *,
    counties: int = 12,
    scale: float = 1.0,
    rosters: Rosters = "last",
    changes: float = 0.0,
    coverage: Coverage = "sample",
) -> SyntheticRegistry:
    """Make the registry of a fictional prefecture or province.

    Parameters
    ----------
    seed : int
        The same seed gives the same bits.
    counties : int
        Number of counties, 1 to 200, sixty to a prefecture; the first twelve are all different.
    scale : float
        1 gives about 100,000 exported household-years for twelve counties. Villages per county and
        households per village are both multiplied by the square root of `scale`.
    rosters : str
        Members of the ``last`` wave or of ``all``.
    changes : float
        Share of households (0 to 0.2) that change once: a death, a marriage, a split, a merge, a move.
    coverage : str
        ``sample``: the households of the sampled villages. ``all``: of every village (weights are 1).

    Returns
    -------
    SyntheticRegistry

    Raises
    ------
    DataError
        If `counties`, `scale` or `changes` is out of range.
    """
    return _made(
        seed, np.random.SeedSequence(seed), range(counties), scale, _Options(rosters, changes, coverage)
    )


def counties_of(
    seed: int = DEFAULT_SEED,
    *,
    counties: int = 12,
    scale: float = 1.0,
    rosters: Rosters = "last",
    changes: float = 0.0,
    coverage: Coverage = "all",
) -> Iterator[SyntheticRegistry]:
    """Make the counties of a fictional province one after the other, in the memory of one.

    The parameters are those of `registry`. Every county has a stream of its own: it is the same county whatever
    their number, and not the one that `registry` makes.

    Yields
    ------
    SyntheticRegistry
        One county each.
    """
    options = _Options(rosters, changes, coverage)
    for position in range(counties):
        sequence = np.random.SeedSequence([seed, position])
        yield _made(seed, sequence, range(position, position + 1), scale, options)


@dataclass(frozen=True)
class _Options:
    rosters: Rosters
    changes: float
    coverage: Coverage


def _made(
    seed: int, sequence: np.random.SeedSequence, positions: range, scale: float, options: _Options
) -> SyntheticRegistry:
    if not 0 <= options.changes <= MOST_CHANGES:
        msg = (
            f"changes={options.changes}: give the share of households that change, from 0 to {MOST_CHANGES}."
        )
        raise DataError(msg)
    streams = [np.random.default_rng(s) for s in sequence.spawn(7 + 9)]
    more = streams[7:]  # columns added later draw from streams of their own
    places = make_places(streams[0], positions, scale, VILLAGE_SHARES, options.coverage)
    population = make_population(streams[1], places, more[0], options.changes)
    field = third_party(streams[2], more[4], places, population, scale)
    after = year_after(more[5], field.frame)
    again = visit(more[5], places, after, field.marks, scale / 4, later=YEARS_LATER)
    persons = find_persons(streams[4], more[1], population, places)
    households = household_table(streams[3], more[2], population, places)
    households["housing_debt"] = housing_debts(more[7], households, population)
    everybody = population_frame(population, places)
    said = make_statements(more[8], everybody, places)
    truth = Truth(
        population=everybody,
        effects=effect_table(),
        hazard=hazard_table(),
        exits=field.exits.assign(**later_rates(after, len(places.counties))),
        changes=changes_frame(population, places, persons),
        misstated=said.misstated,
    )
    survey, revisits = (
        visited.assign(interviewer=interviewers(visited["village"], visited["wave"].to_numpy()))
        for visited in (field.survey, again)
    )
    return SyntheticRegistry(
        households=households,
        members=member_table(population, places, persons, households, options.rosters),
        programs=program_table(streams[5], more[3], population, places),
        villages=village_table(streams[6], more[6], places, field.unregistered),
        survey=survey,
        totals=field.totals,
        stated=said.stated,
        revisits=revisits,
        cases=case_table(more[5], survey),
        truth=truth,
        seed=seed,
    )
