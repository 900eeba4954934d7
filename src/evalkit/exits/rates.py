"""Wrong-exit, missed and approval rates of one county, linearised for its sampling design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Sample
from evalkit.estimate import About, Estimate
from evalkit.exits.survey import CountySurvey, Flags, Floats
from evalkit.text import Text

Counted = Literal["found", "all", "adjudicated"]
"""Which findings count: as found in the field, all that were not dismissed, or only those that were adjudicated (and
not dismissed). Without a table of cases nothing is known to be dismissed, and the first two are the same."""
MissedDenominator = Literal["sampled_villages", "interviewed"]
ApprovalUnit = Literal["person", "household"]

KORN_GRAUBARD = "Korn & Graubard (1998), Survey Methodology 24, 193-201"
"""Exact limits at the effective sample size, here at most the sampled households."""


@dataclass(frozen=True, eq=False)
class Linearised:
    """A rate and its influence values.

    `value` is NaN without a sampled household; `influence` has shape (n,), its error being
    Σ weight · influence; `inside` says which of the n rows the rate rests on, `hit` which of these have
    the outcome; `plain` is the rate without weights, as the official rule computes it.
    """

    value: float
    influence: Floats
    inside: Flags
    plain: float
    hit: Flags


def weighted_rate(hit: Floats, size: Floats, inside: Flags, weight: Floats) -> Linearised:
    """Return Σ w s y / Σ w s over the rows inside, linearised as a ratio.

    Parameters
    ----------
    hit, size, weight : ndarray, shape (n,)
        0/1 outcome, persons (or 1 for households), household weight.
    inside : ndarray of bool, shape (n,)

    Examples
    --------
    >>> size, w = np.array([4.0, 1.0, 5.0]), np.ones(3)
    >>> rate = weighted_rate(np.array([1.0, 0.0, 1.0]), size, np.array([True, True, False]), w)
    >>> rate.value, rate.influence.round(3).tolist()
    (0.8, [0.16, -0.16, 0.0])
    """
    base, counted = np.where(inside, size, 0.0), inside & (hit == 1)
    total = float((weight * base).sum())
    if not total > 0:
        return Linearised(np.nan, np.zeros(len(size)), inside, np.nan, counted)
    outcome = np.where(inside, hit, 0.0)
    value = float((weight * base * outcome).sum()) / total
    plain = float((base * outcome).sum() / base.sum())
    influence = np.where(inside, size * (outcome - value) / total, 0.0)
    return Linearised(value, influence, inside, plain, counted)


def share_of_total(hit: Floats, size: Floats, inside: Flags, weight: Floats, total: float) -> Linearised:
    """Return Σ s y / total: persons found, counted without weights, over a total known from the register.

    The influence is divided by the weight because the covariance multiplies by it.

    Examples
    --------
    >>> one = np.ones(2)
    >>> share_of_total(np.array([1.0, 0.0]), np.array([3.0, 2.0]), one > 0, one * 10, 300.0).value
    0.01
    """
    found = np.where(inside, size * np.where(inside, hit, 0.0), 0.0)
    value = float(found.sum()) / total if total > 0 and inside.any() else np.nan
    influence = found / (weight * total) if total > 0 else found * 0
    return Linearised(value, influence, inside, value, inside & (hit == 1))


def wrong_exit_rate(survey: CountySurvey, counted: Counted) -> Linearised:
    """Return sampled persons found wrongly exited / sampled exited persons."""
    return _finding_rate(survey, "wrongly_exited", "exited", counted)


def missed_rate(survey: CountySurvey, counted: Counted, denominator: MissedDenominator) -> Linearised:
    """Return missed persons over interviewed persons, or over all unregistered persons of the sampled villages.

    The second counts what was found in the sampled villages against a total that the register
    gives, village sizes not being known one by one: villages vary in what was found *and* in size,
    so the variance errs on the large side. Its effective sample size is capped at the interviewed
    unregistered households, as nobody else was examined.
    """
    if denominator == "interviewed":
        return _finding_rate(survey, "missed", "unregistered", counted)
    hit, inside = _findings(survey, "missed", "unregistered", counted)
    total = survey.totals["sampled_village_unregistered"]
    return share_of_total(hit, survey.numbers("persons"), inside, survey.sample.weight, total)


def approval_rate(survey: CountySurvey, unit: ApprovalUnit) -> Linearised:
    """Return approving / interviewed persons (the household's answer stands for its members) or households."""
    answer = survey.numbers("approves")
    size = survey.numbers("persons") if unit == "person" else np.ones(len(answer))
    return weighted_rate(answer, size, np.isfinite(answer), survey.sample.weight)


def weighting_effect(size: Floats, weight: Floats, inside: Flags) -> float:
    """Return n Σ v² / (Σ v)² with v = weight × persons: what unequal weights alone cost (Kish 1965, section 11.2C).

    >>> weighting_effect(np.array([1.0, 1.0, 4.0]), np.ones(3), np.array([True, True, False]))
    1.0
    """
    v = (weight * size)[inside]
    total = float(v.sum())
    return float(len(v) * (v**2).sum() / total**2) if total > 0 else 1.0


def to_estimate(rate: Linearised, sample: Sample, keys: pd.DataFrame, about: About, level: float) -> Estimate:
    """Return the rate with its design variance; n counts households.

    A rate of 0 or 1 has no variance that could be estimated: its standard error is NaN and its
    interval rests on ``about.prior_deff``.
    """
    domain = np.where(rate.inside, 0, -1).astype(np.intp)
    inner = 0 < rate.value < 1
    cov = sample.covariance(rate.influence, domain, 1) if inner else np.full((1, 1), np.nan)
    return Estimate(
        keys=keys,
        values=np.array([rate.value]),
        cov=cov,
        df=sample.df(domain, 1),
        n=np.array([float(rate.inside.sum())]),
        about=about,
        level=level,
        clusters=sample.clusters(domain, 1),
    )


def correlation(first: Linearised, second: Linearised, sample: Sample) -> float:
    """Return the sampling correlation of two rates from the same villages; 0 where it cannot be had."""
    zs = [first.influence, second.influence]
    domains: list[NDArray[np.intp]] = [np.where(r.inside, 0, -1).astype(np.intp) for r in (first, second)]
    cov = sample.covariance_of(zs, domains, 1)
    scale = float(np.sqrt(cov[0, 0] * cov[1, 1]))
    return float(np.clip(cov[0, 1] / scale, -1, 1)) if scale > 0 else 0.0


def rate_about(estimand: str, method: str, prior_deff: float, notes: tuple[Text, ...] = ()) -> About:
    """Return how a rate was made."""
    return About(
        estimand=estimand,
        method=method,
        citation=KORN_GRAUBARD,
        unit="share",
        interval="kg",
        notes=notes,
        prior_deff=prior_deff,
    )


def _findings(survey: CountySurvey, column: str, group: str, counted: Counted) -> tuple[Floats, Flags]:
    mark = survey.numbers(column)
    hit = mark if counted == "found" else np.where(survey.dismissed(), mark * 0, mark)
    if counted == "adjudicated":
        hit = np.where(survey.adjudicated(), hit, 0.0)
    return hit, survey.group(group) & np.isfinite(mark)


def _finding_rate(survey: CountySurvey, column: str, group: str, counted: Counted) -> Linearised:
    hit, inside = _findings(survey, column, group, counted)
    return weighted_rate(hit, survey.numbers("persons"), inside, survey.sample.weight)
