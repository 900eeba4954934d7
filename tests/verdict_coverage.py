"""How often the verdict on one county's rate is right: surveys drawn from known rates, judged as `evalkit.exits` judges.

Shared by ``tests/test_verdict_coverage.py`` (a small run) and ``benchmarks/verdicts.py`` (the page).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from evalkit.design import Sample, SurveyDesign
from evalkit.exits import ExitJudgement, ExitRules, judge_county
from evalkit.exits.composite import Composite
from evalkit.exits.rates import correlation, rate_about, to_estimate, weighted_rate, weighting_effect
from evalkit.standards import load_standard

VILLAGES, EACH = 29, 18
RATES = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03)
CLUSTERING = (0.0, 0.01, 0.02, 0.05)
SIZES, SIZE_CHANCE = np.arange(1.0, 7.0), (0.1, 0.15, 0.25, 0.25, 0.15, 0.1)
REGISTERED = 0.005
"""Registered poor, as a share of the population, in the composite."""
RULES: ExitRules = load_standard("cn-2017").exit_rules(
    province="62", zone="west", missed_denominator="interviewed"
)
LEVEL = 0.95


@dataclass(frozen=True)
class Limits:
    """One-sided limits (each at 95 %), value and truth of one survey."""

    lower: float
    upper: float
    value: float
    truth: float


@dataclass(frozen=True, eq=False)
class Survey:
    """Households of one group in the sampled villages: arrays of shape (villages × each,)."""

    village: np.ndarray
    persons: np.ndarray
    weight: np.ndarray
    hit: np.ndarray


def draw(rng: np.random.Generator, rate: float, icc: float, *, unequal: bool) -> Survey:
    """Draw one survey: village risks are beta with correlation `icc`, a household's finding counts for its persons.

    With unequal weights those of villages vary log-normally (standard deviation 0.5).
    """
    village = np.arange(VILLAGES).repeat(EACH)
    risk = np.full(VILLAGES, rate)
    if icc > 0:
        risk = rng.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, VILLAGES)
    hit = (rng.random(len(village)) < risk[village]).astype(float)
    persons = rng.choice(SIZES, len(village), p=SIZE_CHANCE)
    weight = np.exp(rng.normal(0, 0.5, VILLAGES))[village] if unequal else np.ones(len(village))
    return Survey(village, persons, weight, hit)


@cache
def _sample(groups: int) -> Sample:
    """Return the design of so many groups of households in the same villages, weights all one."""
    village = np.tile(np.arange(VILLAGES).repeat(EACH), groups)
    return SurveyDesign(psu="village").sample(pd.DataFrame({"village": village}))


def rate_limits(survey: Survey, rate: float) -> Limits:
    """Return the limits that the verdict on a rate rests on."""
    sample = replace(_sample(1), weight=survey.weight)
    inside = np.ones(len(survey.hit), dtype=bool)
    found = weighted_rate(survey.hit, survey.persons, inside, sample.weight)
    least = max(RULES.prior_deff, weighting_effect(survey.persons, sample.weight, inside))
    estimate = to_estimate(
        found, sample, pd.DataFrame(index=range(1)), rate_about("wrong_exit", "", least), LEVEL
    )
    lower, upper = estimate.confint(LEVEL, "lower").low[0], estimate.confint(LEVEL, "upper").high[0]
    return Limits(float(lower), float(upper), float(estimate.values[0]), rate)


def composite_limits(exited: Survey, others: Survey, rate: float) -> Limits:
    """Return the limits of the composite: registered poor counted, half of the population in each surveyed group."""
    rows = {n: np.concatenate([getattr(exited, n), getattr(others, n)]) for n in ("persons", "weight", "hit")}
    group = np.repeat([True, False], len(exited.hit))
    sample = replace(_sample(2), weight=rows["weight"])
    found = [weighted_rate(rows["hit"], rows["persons"], g, sample.weight) for g in (group, ~group)]
    about = [
        rate_about(
            "rate", "", max(RULES.prior_deff, weighting_effect(rows["persons"], sample.weight, f.inside))
        )
        for f in found
    ]
    keys = pd.DataFrame(index=range(1))
    estimates = tuple(to_estimate(f, sample, keys, a, LEVEL) for f, a in zip(found, about, strict=True))
    share = (1 - REGISTERED) / 2
    parts = Composite(REGISTERED, 1.0, estimates, (share, share), correlation(*found, sample))
    mover = parts.mover(1 - LEVEL)
    return Limits(mover.lower(LEVEL), mover.upper(LEVEL), mover.value, true_value(rate, composite=True))


def _stream(rate: float, icc: float, number: int, *, unequal: bool) -> np.random.Generator:
    return np.random.default_rng([20171118, round(rate * 1e4), round(icc * 1e4), int(unequal), number])


def surveyed(rate: float, icc: float, samples: int, *, unequal: bool, composite: bool) -> list[Limits]:
    """Return limits of numbered surveys; the same numbers give the same surveys."""
    out = []
    for number in range(samples):
        rng = _stream(rate, icc, number, unequal=unequal)
        first = draw(rng, rate, icc, unequal=unequal)
        if composite:
            second = draw(rng, rate, icc, unequal=unequal)
            second = replace(second, weight=first.weight)
            out.append(composite_limits(first, second, rate))
        else:
            out.append(rate_limits(first, rate))
    return out


def summary(found: list[Limits]) -> dict[str, float]:
    """Return coverage of both limits and what the point rule does when the threshold is the true rate.

    `wrong_meets` is the share judged ``meets`` although the true rate is at the threshold, `wrong_fails` that judged
    ``fails`` with the threshold just above it; `point_rule` is the share that the official rule passes.
    """
    lower, upper, value, truth = (
        np.array([getattr(f, n) for f in found]) for n in ("lower", "upper", "value", "truth")
    )
    return {
        "upper_covers": float((upper >= truth).mean()),
        "lower_covers": float((lower <= truth).mean()),
        "wrong_meets": float((upper < truth).mean()),
        "wrong_fails": float((lower > truth).mean()),
        "point_rule": float((value < truth).mean()),
        "unusable": float((~np.isfinite(lower) | ~np.isfinite(upper)).mean()),
    }


def judged(survey: Survey) -> ExitJudgement:
    """Judge a survey by the public function (exited households only)."""
    frame = pd.DataFrame(
        {
            "county": "990101", "village": survey.village.astype(str), "household": np.arange(len(survey.hit)).astype(str),
            "survey_group": "exited", "persons": survey.persons, "weight": survey.weight, "wrongly_exited": survey.hit,
            "missed": np.nan, "approves": 1, "case_stage": np.where(survey.hit == 1, "adjudicated", "none"),
        }
    )  # fmt: skip
    totals = pd.DataFrame(
        {
            "county": ["990101"], "registered_persons": [500.0], "exited_persons": [50_000.0],
            "unregistered_persons": [49_500.0], "agricultural_persons": [100_000.0],
        }
    )  # fmt: skip
    return judge_county(frame, totals, RULES)


def true_value(rate: float, *, composite: bool) -> float:
    """Return the value that limits are to cover when each group's rate is `rate`."""
    return REGISTERED + (1 - REGISTERED) * rate if composite else rate


def check_against_public(rate: float, icc: float, *, unequal: bool) -> None:
    """Judge the first survey of a line by `judge_county`.

    Raises
    ------
    AssertionError
        If its limits are others than those measured.
    """
    first = surveyed(rate, icc, 1, unequal=unequal, composite=False)[0]
    verdict = judged(draw(_stream(rate, icc, 0, unequal=unequal), rate, icc, unequal=unequal)).verdict(
        "wrong_exit"
    )
    for name in ("lower", "upper"):
        if not np.isclose(getattr(verdict, name), getattr(first, name), rtol=1e-10):
            msg = f"{name} limit {getattr(first, name)} measured, {getattr(verdict, name)} judged"
            raise AssertionError(msg)
