"""The third-party survey, the county totals, and the true rates of the finite population.

Errors are properties of the population, set before sampling: which exited households should not have
exited, which unregistered ones were missed, who approves. The survey draws 29 villages a county (simple
random within strata) and in each village about 22 exited, 3 registered and 25 unregistered households.
Missed households are looked for in the whole village, as evaluations do: all of a surveyed village are found, so
that the missed rate over the unregistered persons of the sampled villages is a fair estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.schema import CASE_STAGES, SURVEY_GROUPS
from evalkit.simulate.households import Population
from evalkit.simulate.incomes import LINE
from evalkit.simulate.people import WAVES
from evalkit.simulate.places import Places, rank_within, sample_marks
from evalkit.simulate.tables import place_columns

EXITED, REGISTERED, UNREGISTERED = 0, 1, 2
"""Positions in `evalkit.schema.SURVEY_GROUPS`."""
VILLAGES = 29
PER_VILLAGE = (22, 3, 25)
"""Households drawn in a village: exited, registered, unregistered."""
RARE_CLUSTERING, APPROVAL_CLUSTERING = 0.15, 0.06
"""Latent shares of village variance; on the yes/no scale the correlation within villages is about .02."""
NOT_POOR = (0.03, 0.12)
"""Least and largest share of a county's registered households that a survey finds not poor."""
BELOW_LINE_BONUS = 1.2
"""How much likelier (latent scale) a household below the line is to be a wrong exit."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Frame:
    """Every household of the prefecture when its county was assessed; arrays of shape (n,).

    Parameters
    ----------
    code : object array
    village, county, group, size : int array
        ``group`` is `EXITED`, `REGISTERED` or `UNREGISTERED`.
    wrong, missed, approves : bool array
        The true state.
    found_poor : bool array
        Poor when a survey asks: the wrongly exited, the missed, and the registered apart from a share of `NOT_POOR`.
    income : float array
        Yuan per head and year as a survey would count it.
    """

    code: npt.NDArray[np.object_]
    village: Ints
    county: Ints
    group: Ints
    size: Ints
    wrong: Flags
    missed: Flags
    approves: Flags
    found_poor: Flags
    income: Floats


@dataclass(frozen=True)
class ThirdParty:
    """Survey, census totals and true rates.

    Parameters
    ----------
    survey : DataFrame, one row a surveyed household
    totals, exits : DataFrame, one row a county
    unregistered : int array, shape (villages,)
        Households that are not registered.
    frame : Frame
        Every household.
    marks : bool array, shape (villages,)
        Villages that were surveyed.
    """

    survey: pd.DataFrame
    totals: pd.DataFrame
    exits: pd.DataFrame
    unregistered: Ints
    frame: Frame
    marks: Flags


def spread(rng: np.random.Generator, village: Ints, county: Ints, wanted: Ints, latent: Floats) -> Flags:
    """Give a property to exactly the wanted number of households of each county, clustered by village.

    Parameters
    ----------
    rng : Generator
    village, county : int array, shape (n,)
    wanted : int array, shape (counties,)
    latent : float array, shape (2, n)
        Share of village variance, and a bonus for likelier households.

    Returns
    -------
    bool array, shape (n,)

    Examples
    --------
    >>> county = np.repeat([0, 1], 5)
    >>> chosen = spread(np.random.default_rng(1), county, county, np.array([2, 0]), np.zeros((2, 10)))
    >>> np.bincount(county, chosen).tolist()
    [2.0, 0.0]
    """
    share, bonus = latent
    effect = rng.normal(size=int(village.max()) + 1)[village]
    score = np.sqrt(share) * effect + np.sqrt(1 - share) * rng.normal(size=len(village)) + bonus
    return np.asarray(rank_within(county, -score) < wanted[county])


def third_party(
    rng: np.random.Generator, extra: np.random.Generator, places: Places, population: Population, scale: float
) -> ThirdParty:
    """Draw the finite population's errors, the survey of it, and the totals.

    Parameters
    ----------
    rng, extra : Generator
        `extra` draws the columns that were added later, so that the first ones stay what they are.
    places : Places
    population : Population
    scale : float
        As in `evalkit.simulate.registry`.
    """
    registered = np.bincount(population.village, minlength=len(places.villages))
    unregistered = np.round(registered * rng.uniform(3.2, 4.8, len(registered))).astype(np.int64)
    frame = _frame((rng, extra), places, population, unregistered)
    marks = sample_marks(
        rng,
        places.villages["stratum_index"].to_numpy(),
        places.villages["county_index"].to_numpy(),
        max(4, round(VILLAGES * np.sqrt(scale))),
    )
    totals, exits = _totals(places, frame, marks)
    survey = visit(rng, places, frame, marks, scale)
    return ThirdParty(survey, totals, exits, unregistered, frame, marks)


def _frame(
    streams: tuple[np.random.Generator, np.random.Generator],
    places: Places,
    population: Population,
    unregistered: Ints,
) -> Frame:
    """List every household at its county's assessment and draw the true errors."""
    rng, extra = streams
    wave = (places.counties["exit_wave"].to_numpy() - WAVES[0])[population.county]
    rows = np.arange(len(population.code))
    there = np.flatnonzero(population.present[rows, wave])
    status = population.status[there, wave[there]]
    outside = np.repeat(np.arange(len(unregistered)), unregistered)
    village = np.concatenate([population.village[there], outside])
    county = places.villages["county_index"].to_numpy()[village]
    group = np.concatenate([np.where(status == 1, EXITED, REGISTERED), np.full(len(outside), UNREGISTERED)])
    below = np.zeros(len(village))
    below[: len(there)] = ~population.process.above[there, wave[there]]
    number = rank_within(outside, np.arange(len(outside), dtype=np.float64)) + 1
    words = places.villages["village"].to_numpy(dtype=object)[outside]
    size = np.concatenate(
        [population.counts.size[there, wave[there]], 1 + rng.poisson(2.7, len(outside))]
    ).astype(np.int64)

    def draw(share: str, group_is: Flags, clustering: float, bonus: Floats) -> Flags:
        target = places.counties[share].to_numpy() * np.bincount(county, weights=group_is)
        out = np.zeros(len(village), dtype=np.bool_)
        latent = np.stack([np.full(len(village), clustering), bonus])[:, group_is]
        out[group_is] = spread(rng, village[group_is], county[group_is], np.round(target), latent)
        return out

    none = np.zeros(len(village))
    wrong = draw("wrong_exit", group == EXITED, RARE_CLUSTERING, BELOW_LINE_BONUS * below)
    missed = draw("missed", group == UNREGISTERED, RARE_CLUSTERING, none)
    own = population.income_pc[there, wave[there]]
    line = np.asarray(LINE, dtype=np.float64)[places.counties["exit_wave"].to_numpy() - WAVES[0]][county]
    # registered, below the line as the registry has it: of some the survey finds more
    hidden = extra.random(len(village)) < extra.uniform(*NOT_POOR, len(places.counties))[county]
    poor = np.select([group == EXITED, group == UNREGISTERED], [wrong, missed], ~hidden)
    richer = (group == REGISTERED) & ~poor
    return Frame(
        code=np.concatenate(
            [population.code[there], [f"{w}F{k:04d}" for w, k in zip(words, number, strict=True)]]
        ).astype(object),
        village=village,
        county=county,
        group=group,
        size=size,
        wrong=wrong,
        missed=missed,
        approves=draw("approval", np.ones(len(village), dtype=np.bool_), APPROVAL_CLUSTERING, none),
        found_poor=poor,
        income=_incomes(extra, np.where(richer[: len(there)], np.nan, own), line, missed),
    )


def _incomes(rng: np.random.Generator, own: Floats, line: Floats, missed: Flags) -> Floats:
    """Return income per head as a survey counts it: of the registered near the registry's, of the others drawn about the line.

    Parameters
    ----------
    rng : Generator
    own : float array, shape (registered,)
        Income of the registered households, which stand first; NaN where the survey finds more.
    line : float array, shape (n,)
    missed : bool array, shape (n,)
    """
    n = len(line)
    noise = np.exp(rng.normal(0, 0.04, n))
    low, high = line * rng.uniform(0.55, 0.98, n), line * (1.05 + np.exp(rng.normal(0.4, 0.5, n)))
    told = np.where(missed, low, high)
    told[: len(own)] = np.where(np.isnan(own), told[: len(own)], own * noise[: len(own)])
    return np.asarray(np.round(told, 2), dtype=np.float64)


def visit(
    rng: np.random.Generator, places: Places, frame: Frame, marks: Flags, scale: float, *, later: int = 0
) -> pd.DataFrame:
    """Draw households within village and group, and add every missed household of the drawn villages.

    The weight is villages in the stratum over villages drawn, times households over surveyed households
    among those alike in village, group and being missed.

    Parameters
    ----------
    rng : Generator
    places : Places
    frame : Frame
    marks : bool array, shape (villages,)
        Villages that are visited.
    scale : float
        As in `evalkit.simulate.registry`; households per village go with its square root.
    later : int
        Years after the assessment of the county.
    """
    per_village = np.maximum(np.round(np.asarray(PER_VILLAGE) * np.sqrt(scale)), 1)
    cell = frame.village * 3 + frame.group
    drawn_here = rank_within(cell, rng.random(len(cell))) < per_village[frame.group]
    surveyed = marks[frame.village] & (drawn_here | frame.missed)
    alike = cell * 2 + frame.missed
    in_cell = np.bincount(alike)
    take = np.bincount(alike, weights=surveyed, minlength=len(in_cell))
    chosen = np.flatnonzero(surveyed)
    chosen = chosen[np.lexsort((chosen, frame.group[chosen], frame.village[chosen]))]
    stratum = places.villages["stratum_index"].to_numpy()
    in_stratum = places.villages["villages_in_stratum"].to_numpy()
    drawn = np.bincount(stratum, weights=marks)[stratum]
    village = frame.village[chosen]
    weight = (in_stratum / drawn)[village] * (in_cell / np.maximum(take, 1))[alike[chosen]]
    finding = frame.wrong[chosen] | frame.missed[chosen]
    stage = np.where(finding, rng.choice(4, len(chosen), p=[0.08, 0.15, 0.12, 0.65]) + 1, 0)
    exit_wave = places.counties["exit_wave"].to_numpy()
    return pd.DataFrame(
        {
            **place_columns(places, village),
            "household": pd.Series(frame.code[chosen], dtype="str"),
            "wave": exit_wave[frame.county[chosen]] + later,
            "survey_group": pd.Series(
                np.array(list(SURVEY_GROUPS), dtype=object)[frame.group[chosen]], dtype="str"
            ),
            "persons": frame.size[chosen],
            "wrongly_exited": frame.wrong[chosen],
            "missed": frame.missed[chosen],
            "approves": frame.approves[chosen],
            "case_stage": pd.Series(np.array(list(CASE_STAGES), dtype=object)[stage], dtype="str"),
            "weight": weight,
            "stratum": pd.Series(places.villages["stratum"].to_numpy(dtype=object)[village], dtype="str"),
            "villages_in_stratum": in_stratum[village],
            "surveyed_income_pc": frame.income[chosen],
            "found_poor": frame.found_poor[chosen],
        }
    )


def _totals(places: Places, frame: Frame, marks: Flags) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return census totals by county, and the true rates (shares of persons)."""
    counties = places.counties

    def persons(rows: Flags) -> Ints:
        return np.bincount(frame.county, weights=frame.size * rows, minlength=len(counties)).astype(np.int64)

    registered, exited = persons(frame.group == REGISTERED), persons(frame.group == EXITED)
    unregistered = persons(frame.group == UNREGISTERED)
    agricultural = registered + exited + unregistered
    totals = counties[["county", "county_name"]].assign(
        registered_persons=registered,
        exited_persons=exited,
        unregistered_persons=unregistered,
        agricultural_persons=agricultural,
        sampled_village_unregistered=persons((frame.group == UNREGISTERED) & marks[frame.village]),
        assessed_year=counties["exit_wave"],
    )
    wrong, missed = persons(frame.wrong), persons(frame.missed)
    exits = pd.DataFrame(
        {
            "county": counties["county"],
            "wave_of_county_exit": counties["exit_wave"],
            "wrong_exit": wrong / exited,
            "missed": missed / unregistered,
            "approval": persons(frame.approves) / agricultural,
            "composite_headcount": (registered + wrong + missed) / agricultural,
            "registered_not_poor": persons((frame.group == REGISTERED) & ~frame.found_poor)
            / np.maximum(registered, 1),
        }
    )
    return totals, exits
