"""All registered households of the fictional prefecture: the finite population behind the export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.changes import MOVED, Changed, Links, draw_changes, unchanged
from evalkit.simulate.incomes import NOT_YET, Process, Setting, exit_years, run_process
from evalkit.simulate.people import (
    CHRONIC,
    DISABLED,
    LAST_WAVE,
    WAVES,
    Counts,
    People,
    count_people,
    draw_people,
    is_ill,
)
from evalkit.simulate.places import Places, rank_within
from evalkit.simulate.support import EFFECTS, Support, draw_support, log_effect
from evalkit.simulate.words import or_missing

ATTRITION = 0.005
"""Yearly share of households that leave the registry by death or move, whatever their income."""
MARKED = 0.10
"""Share of returns that the registry marks as 返贫; the rest stay 已脱贫."""
STATUS_WORDS = ("未脱贫", "已脱贫", "返贫")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Population:
    """Households in the order of their code; arrays are (n,) or (n, waves).

    Parameters
    ----------
    code : object array, shape (n,)
        Household code: village code and a four-digit number.
    village, county : int array, shape (n,)
        Positions in the tables of `Places`.
    people : People
    counts : Counts
    head_school : int array, shape (n,)
    household_type, cause, second_cause : object array, shape (n,)
        ``second_cause`` is None where there is none.
    identified, exit_year, first_wave, last_wave : int array, shape (n,)
    process : Process
    support : Support
    net, income_pc : arrays, shape (n, waves)
        Observed net income (whole yuan) and income per head (yuan, two decimals), programs included.
    status : int array, shape (n, waves)
        Position in `STATUS_WORDS`.
    present : bool array, shape (n, waves)
        In the registry in that wave.
    links : Links
        Deaths, marriages, splits, merges and moves.
    """

    code: Words
    village: Ints
    county: Ints
    people: People
    counts: Counts
    head_school: Ints
    household_type: Words
    cause: Words
    second_cause: Words
    identified: Ints
    exit_year: Ints
    first_wave: Ints
    last_wave: Ints
    process: Process
    support: Support
    net: Ints
    income_pc: Floats
    status: Ints
    present: Flags
    links: Links

    @property
    def female_head(self) -> Flags:
        """Whether the head is a woman, shape (n,)."""
        return ~self.people.male[:, 0]

    def village_in(self, rows: Ints, wave: Ints) -> Ints:
        """Return the village of household-years, given the position of the household and of the wave."""
        village = self.village[rows]
        moved = self.links.of(MOVED)
        target = np.full(len(self.village), -1)
        since = np.full(len(self.village), NOT_YET)
        target[moved.household], since[moved.household] = moved.to_village, moved.wave
        there = since[rows] <= WAVES[wave]
        return np.where(there, target[rows], village)


def make_population(
    rng: np.random.Generator, places: Places, extra: np.random.Generator, changes: float = 0.0
) -> Population:
    """Draw every registered household of every village, with its path from 2014 to 2020.

    Parameters
    ----------
    rng : Generator
    places : Places
    extra : Generator
        A stream of its own for what was added later: changes of households, second causes.
    changes : float
        Share of households that change by death, marriage, split, merge or move.
    """
    village = np.repeat(np.arange(len(places.villages)), places.villages["households"])
    people = draw_people(rng, len(village))
    changed = draw_changes(extra, people, village, places, changes) if changes else unchanged(people, village)
    people, village = changed.people, changed.village
    county = places.villages["county_index"].to_numpy()[village]
    n = len(village)
    counts = count_people(people)
    head_school = _head_school(rng, counts.head_age[:, 0], changed)
    kind = _household_type(rng, counts)
    exit_year = _of_parent(_exit_year(rng, places, village, counts), changed)
    setting = Setting(
        county=county,
        village=village,
        level=places.counties["level"].to_numpy(),
        growth=places.counties["growth"].to_numpy(),
        exit_year=exit_year,
        female_head=~people.male[:, 0],
        head_school=head_school,
        counts=counts,
    )
    process = run_process(rng, setting)
    cohorts = {program: places.villages[program].to_numpy()[village] for program in EFFECTS}
    support = draw_support(rng, cohorts, np.asarray(kind != "一般贫困户", dtype=np.bool_), counts)
    effect = sum(
        (log_effect(support.start[p], path) for p, path in EFFECTS.items()), np.zeros((n, len(WAVES)))
    )
    net = np.round(process.untreated * np.exp(effect) * counts.size).astype(np.int64)
    years = np.floor(np.log(rng.random(n)) / np.log(1 - ATTRITION)).astype(np.int64)
    last_wave = np.maximum(np.minimum(WAVES[0] + years, LAST_WAVE), changed.stays_until)
    last_wave = np.minimum(last_wave, changed.last_wave)
    causes = _causes(rng, extra, people, counts)
    number = rank_within(village, np.arange(n, dtype=np.float64)) + 1
    codes = places.villages["village"].to_numpy(dtype=object)[village]
    return Population(
        code=np.array([f"{c}{k:04d}" for c, k in zip(codes, number, strict=True)], dtype=object),
        village=village,
        county=county,
        people=people,
        counts=counts,
        head_school=head_school,
        household_type=kind,
        cause=causes.main,
        second_cause=causes.second,
        identified=_of_parent(np.where((rng.random(n) < 0.2) & (exit_year > WAVES[0]), 2014, 2013), changed),
        exit_year=exit_year,
        first_wave=changed.first_wave,
        last_wave=last_wave,
        process=process,
        support=support,
        net=net,
        income_pc=np.round(net / counts.size, 2),
        status=registry_status(rng, exit_year, process),
        present=(last_wave[:, None] >= WAVES) & (changed.first_wave[:, None] <= WAVES),
        links=changed.links,
    )


def _of_parent(values: Ints, changed: Changed) -> Ints:
    """Give households that split off the value of the household they came from."""
    return np.where(changed.parent >= 0, values[changed.parent], values)


def registry_status(rng: np.random.Generator, exit_year: Ints, process: Process) -> Ints:
    """Return the registry's status, shape (n, waves): it marks `MARKED` of the returns, until recovery."""
    began = process.at_risk & ~process.above & (rng.random(process.above.shape) < MARKED)
    status = (exit_year[:, None] <= WAVES).astype(np.int64)
    marked = np.zeros(len(exit_year), dtype=np.bool_)
    for t in range(len(WAVES)):
        marked = (marked | began[:, t]) & ~process.above[:, t]
        status[marked, t] = 2
    return status


def population_frame(population: Population, places: Places) -> pd.DataFrame:
    """Return the truth about every household-year of the population.

    Returns
    -------
    DataFrame
        ``household, county, village, stratum, wave, size, income_pc, income_pc_untreated, below_line,
        years_since_exit`` (since the last crossing upwards, -1 while below), ``at_risk,
        return_probability, no_labour, ill_members, female_head, status, exit_year, relocation, industry``
        (first treated year, 0 = never).
    """
    rows, wave = np.nonzero(population.present)
    village = population.village_in(rows, wave)
    process, counts = population.process, population.counts
    table = places.villages
    return pd.DataFrame(
        {
            "household": pd.Series(population.code[rows], dtype="str"),
            "county": pd.Series(table["county"].to_numpy(dtype=object)[village], dtype="str"),
            "village": pd.Series(table["village"].to_numpy(dtype=object)[village], dtype="str"),
            "stratum": pd.Series(table["stratum"].to_numpy(dtype=object)[village], dtype="str"),
            "wave": WAVES[wave],
            "size": counts.size[rows, wave],
            "income_pc": population.income_pc[rows, wave],
            "income_pc_untreated": process.untreated[rows, wave],
            "below_line": ~process.above[rows, wave],
            "years_since_exit": process.clock[rows, wave],
            "at_risk": process.at_risk[rows, wave],
            "return_probability": process.probability[rows, wave],
            "no_labour": counts.labourers[rows, wave] == 0,
            "ill_members": counts.ill[rows, wave],
            "female_head": population.female_head[rows],
            "status": pd.Series(
                np.array(STATUS_WORDS, dtype=object)[population.status[rows, wave]], dtype="str"
            ),
            "exit_year": whole_or_missing(population.exit_year[rows], population.exit_year[rows] != NOT_YET),
            "relocation": table["relocation"].to_numpy()[village],
            "industry": table["industry"].to_numpy()[village],
        }
    )


def whole_or_missing(values: Ints, known: Flags) -> pd.Series[int]:
    """Return whole numbers as a nullable column, missing where not known."""
    return pd.Series(pd.arrays.IntegerArray(values.copy(), ~known))


def _head_school(rng: np.random.Generator, age: Ints, changed: Changed) -> Ints:
    """Draw years of schooling of heads: the older, the fewer; who split off brings the years spent at school."""
    score = rng.random(len(age)) + (age - 45) * 0.012
    years = np.asarray([12, 9, 6, 0], dtype=np.int64)[np.searchsorted([0.08, 0.42, 0.85], score)]
    own = np.where(changed.people.school_until[:, 0] < 16, 9, 12)
    return np.where(changed.parent >= 0, own, years)


def _household_type(rng: np.random.Generator, counts: Counts) -> Words:
    """Draw the registry's household type: destitute, on minimum allowance, or ordinary."""
    unable = counts.labourers.max(axis=1) == 0
    chance = 0.15 + 0.40 * unable + 0.15 * (counts.ill[:, 0] > 0)
    draw = rng.random(len(unable))
    kind = np.where(draw < chance, "低保贫困户", "一般贫困户").astype(object)
    kind[unable & (counts.size.max(axis=1) == 1) & (draw > 0.5)] = "特困供养户"
    return kind


@dataclass(frozen=True)
class _Causes:
    """Main and further cause (None where there is none), shape (n,)."""

    main: Words
    second: Words


def _causes(rng: np.random.Generator, extra: np.random.Generator, people: People, counts: Counts) -> _Causes:
    """Draw the main and, for half of the households, a further cause the members bear out in every wave."""
    early = is_ill(people, int(WAVES[0]))
    disabled = (early & (people.health == DISABLED)).any(axis=1)
    sick = (early & (people.health >= CHRONIC) & (people.health < DISABLED)).any(axis=1)
    schooling = counts.pupils.min(axis=1) >= 1
    hands = (2 * counts.labourers < counts.size).all(axis=1)
    n = len(counts.size)
    always = np.ones(n, dtype=np.bool_)
    words = (
        "因病",
        "因残",
        "因学",
        "缺劳力",
        "缺技术",
        "缺资金",
        "交通条件落后",
        "自身发展动力不足",
        "缺土地",
        "因灾",
    )
    may = np.column_stack([sick, disabled, schooling, hands, *[always] * 6])
    weight = np.asarray([8.0, 6.0, 1.2, 1.5, 1.6, 1.5, 0.7, 0.5, 0.4, 0.3])
    gumbel = rng.gumbel(size=(n, len(words)))
    best = np.argmax(np.where(may, np.log(weight) + gumbel, -np.inf), axis=1)
    may[np.arange(n), best] = False
    score = np.where(may, np.log(weight) + extra.gumbel(size=(n, len(words))), -np.inf)
    known = np.array(words, dtype=object)
    second = or_missing(extra.random(n) < 0.5, known[np.argmax(score, axis=1)])
    return _Causes(known[best], second)


def _exit_year(rng: np.random.Generator, places: Places, village: Ints, counts: Counts) -> Ints:
    """Draw the order in which households of a county exit; villages and labour matter, programs do not."""
    county = places.villages["county_index"].to_numpy()[village]
    score = rng.normal(0, 1, len(village)) + rng.normal(0, 0.2, len(places.villages))[village]
    score += 0.5 * (counts.labourers[:, 0] == 0) + 0.2 * (counts.ill[:, 0] > 0)
    share = (rank_within(county, score) + 0.5) / np.bincount(county)[county]
    return exit_years(share, county, places.counties["exit_wave"].to_numpy())
