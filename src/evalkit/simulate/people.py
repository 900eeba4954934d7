"""Members of the synthetic households, and what they make of a household year by year.

Every household has eight slots (head, spouse, four children, two parents of the head); arrays are
(households, 8). People born later appear in the year of their birth; illness and schooling have years,
so household counts move over the waves while one roster underlies them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SLOTS = 8
FIRST_WAVE, LAST_WAVE = 2014, 2020
WAVES = np.arange(FIRST_WAVE, LAST_WAVE + 1)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HEALTHY, CHRONIC, SERIOUS, DISABLED = 0, 1, 2, 3


@dataclass(frozen=True)
class People:
    """Members in slots; every array is (households, 8).

    Parameters
    ----------
    present : bool array
        The slot is used (possibly by somebody not yet born in an early wave).
    male : bool array
    birth_year, birth_day : int array
        ``birth_day`` counts from 0 to 364.
    school_until : int array
        Age at which school is left, in years.
    health : int array
        0 healthy, 1 chronic illness, 2 serious illness, 3 disabled.
    ill_since : int array
        Year from which `health` holds.
    disabling : bool array
        The condition takes away the ability to work.
    since, until : int array, optional
        First year in the household (for those who joined), first year no longer in it (for those who left);
        None when nobody joined or left.
    """

    present: Flags
    male: Flags
    birth_year: Ints
    birth_day: Ints
    school_until: Ints
    health: Ints
    ill_since: Ints
    disabling: Flags
    since: Ints | None = None
    until: Ints | None = None


@dataclass(frozen=True)
class Counts:
    """Household counts by wave; every array is (households, waves)."""

    size: Ints
    labourers: Ints
    pupils: Ints
    ill: Ints
    head_age: Ints


def draw_people(rng: np.random.Generator, n: int) -> People:
    """Draw the members of `n` households.

    Parameters
    ----------
    rng : Generator
    n : int

    Returns
    -------
    People
        About 4 persons a household; about 15 % of households are one or two old people.
    """
    elder = rng.random(n) < 0.13
    head_age = np.where(elder, rng.integers(66, 83, n), np.clip(rng.normal(47, 8, n), 29, 63))
    age = np.empty((n, SLOTS))
    age[:, 0] = head_age
    age[:, 1] = head_age + rng.integers(-4, 4, n)
    birth_gap = 22 + np.cumsum(rng.integers(1, 5, (n, 4)), axis=1) - 1
    age[:, 2:6] = head_age[:, None] - birth_gap
    age[:, 6] = head_age + rng.integers(20, 31, n)
    age[:, 7] = age[:, 6] - rng.integers(0, 5, n)
    children = rng.choice(5, n, p=[0.09, 0.25, 0.38, 0.22, 0.06])
    present = np.zeros((n, SLOTS), dtype=np.bool_)
    present[:, 0] = True
    present[:, 1] = rng.random(n) < np.where(elder, 0.45, 0.88)
    present[:, 2:6] = (np.arange(4) < children[:, None]) & (age[:, 2:6] >= 0) & (age[:, 2:6] < 36)
    present[:, 6:] = rng.random((n, 2)) < 0.36 * (age[:, 6:] <= 92)
    present[:, 2:] &= ~elder[:, None]
    male = rng.random((n, SLOTS)) < 0.52
    male[:, 0] = rng.random(n) < 0.86
    male[:, 1] = ~male[:, 0]
    male[:, 6:] = [True, False]
    old = age >= 60
    ill = rng.random((n, SLOTS)) < np.where(old, 0.30, 0.08)
    kind = rng.choice([CHRONIC, SERIOUS, DISABLED], (n, SLOTS), p=[0.55, 0.2, 0.25])
    return People(
        present=present,
        male=male,
        birth_year=LAST_WAVE - age.astype(np.int64),
        birth_day=rng.integers(0, 365, (n, SLOTS)),
        school_until=rng.choice([15, 18, 22], (n, SLOTS), p=[0.3, 0.45, 0.25]),
        health=np.where(ill, kind, HEALTHY),
        ill_since=rng.integers(2002, LAST_WAVE + 1, (n, SLOTS)),
        disabling=rng.random((n, SLOTS)) < 0.6,
    )


def ages(people: People, wave: int) -> Ints:
    """Return ages reached in `wave`, shape (n, 8); negative before birth."""
    return np.asarray(wave - people.birth_year, dtype=np.int64)


def is_member(people: People, wave: int) -> Flags:
    """Return who belongs to the household in `wave`, shape (n, 8)."""
    member: Flags = people.present & (ages(people, wave) >= 0)
    if people.since is not None:
        member &= people.since <= wave
    if people.until is not None:
        member &= people.until > wave
    return member


def is_ill(people: People, wave: int) -> Flags:
    """Return who is ill or disabled in `wave`, shape (n, 8)."""
    ill: Flags = is_member(people, wave) & (people.health != HEALTHY) & (people.ill_since <= wave)
    return ill


def is_pupil(people: People, wave: int) -> Flags:
    """Return who is at school in `wave`, shape (n, 8): from age 6 to the age school is left."""
    age = ages(people, wave)
    return is_member(people, wave) & (age >= 6) & (age <= people.school_until)


def is_able(people: People, wave: int) -> Flags:
    """Return who is able-bodied and 16 to 64, not at school, in `wave`, shape (n, 8)."""
    age = ages(people, wave)
    unfit = is_ill(people, wave) & people.disabling & (people.health >= SERIOUS)
    return is_member(people, wave) & (age >= 16) & (age <= 64) & ~is_pupil(people, wave) & ~unfit


def count_people(people: People) -> Counts:
    """Count members, labourers, pupils and ill members of every household in every wave."""
    waves = [int(w) for w in WAVES]
    return Counts(
        size=np.stack([is_member(people, w).sum(axis=1) for w in waves], axis=1),
        labourers=np.stack([is_able(people, w).sum(axis=1) for w in waves], axis=1),
        pupils=np.stack([is_pupil(people, w).sum(axis=1) for w in waves], axis=1),
        ill=np.stack([is_ill(people, w).sum(axis=1) for w in waves], axis=1),
        head_age=np.stack([ages(people, w)[:, 0] for w in waves], axis=1),
    )
