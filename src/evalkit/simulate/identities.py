"""Who the members are: one identity a person over all waves and households, with what stays the same in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.idnumber import check_digit
from evalkit.simulate.changes import MERGED, SPLIT, Links
from evalkit.simulate.households import Population
from evalkit.simulate.people import LAST_WAVE, SLOTS, WAVES, is_member
from evalkit.simulate.places import Places

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Draws:
    """What is drawn once for every person; arrays of shape (persons,)."""

    worker: Floats
    name: Words
    id_number: pd.Series[str]
    old_school: Ints
    skilled: Floats
    place: Floats
    insured: Floats


@dataclass(frozen=True)
class Persons:
    """The persons of the sampled households: those of the last wave first, in the order of their rows.

    Parameters
    ----------
    household, slot : int array, shape (persons,)
        Where the person was first.
    number : int array, shape (households, 8)
        Position of the person in a slot of a household; −1 for slots nobody fills.
    code : object array, shape (persons,)
    birth : Series of str, shape (persons,)
        ``YYYYMMDD``.
    draws : Draws
    """

    household: Ints
    slot: Ints
    number: Ints
    code: Words
    birth: pd.Series[str]
    draws: Draws


def find_persons(
    rng: np.random.Generator, extra: np.random.Generator, population: Population, places: Places
) -> Persons:
    """Give every person of the sampled households an identity.

    Parameters
    ----------
    rng, extra : Generator
        `rng` draws for the persons of the last wave, `extra` for those who left before.
    population : Population
    places : Places

    Returns
    -------
    Persons
    """
    sampled = places.villages["sampled"].to_numpy()[population.village]
    origin = _origins(population)
    last = is_member(population.people, LAST_WAVE) & (sampled & population.present[:, -1])[:, None]
    now = np.flatnonzero(last.ravel())
    ever = np.zeros_like(last)
    for position, wave in enumerate(WAVES):
        there = sampled & population.present[:, position]
        ever |= is_member(population.people, int(wave)) & there[:, None]
    of_now = origin.ravel()[now]
    others = np.setdiff1d(origin.ravel()[np.flatnonzero(ever.ravel())], of_now)
    key = np.concatenate([of_now, others])
    place = np.full(origin.size, -1)
    place[key] = np.arange(len(key))
    number = np.where(ever, place[origin], -1)
    household, slot = np.divmod(key, SLOTS)
    birth = birth_dates(
        population.people.birth_year[household, slot], population.people.birth_day[household, slot]
    )
    return Persons(
        household=household,
        slot=slot,
        number=number,
        code=_codes(population.code, household),
        birth=birth,
        draws=_draws(rng, extra, population, places, key, len(now), birth),
    )


def _origins(population: Population) -> Ints:
    """Return for every slot (household × 8 + slot) the slot its person was in first, shape (n, 8)."""
    origin = np.arange(len(population.code) * SLOTS).reshape(-1, SLOTS)
    links: Links = population.links.of(SPLIT, MERGED)
    origin[links.to_household, links.to_slot] = links.household * SLOTS + links.slot
    return origin


def _codes(code: Words, household: Ints) -> Words:
    """Number the persons of each household of origin; those of the last wave stand first."""
    order = pd.Series(household).groupby(household, sort=False).cumcount().to_numpy() + 1
    return np.array([f"{c}{k:02d}" for c, k in zip(code[household], order, strict=True)], dtype=object)


def _draws(
    rng: np.random.Generator,
    extra: np.random.Generator,
    population: Population,
    places: Places,
    key: Ints,
    now: int,
    birth: pd.Series[str],
) -> Draws:
    """Draw in the order in which the columns of the last wave have always been drawn; then for the others."""
    household, slot = np.divmod(key, SLOTS)
    male = population.people.male[household, slot]
    area = places.counties["county"].to_numpy(dtype=object)[population.county[household]]
    rest = len(key) - now
    worker = np.concatenate([rng.random(now), extra.random(rest)])
    names = np.concatenate(
        [_names(rng, household[:now], slot[:now]), _names(extra, household[now:], slot[now:])]
    )
    numbers = id_numbers(rng, area, birth, male)
    school = [r.choice(3, size, p=[0.25, 0.5, 0.25]) for r, size in ((rng, now), (extra, rest))]
    skilled = np.concatenate([rng.random(now), extra.random(rest)])
    return Draws(
        worker=worker,
        name=names,
        id_number=numbers,
        old_school=np.concatenate(school),
        skilled=skilled,
        place=extra.random(len(key)),
        insured=extra.random(len(key)),
    )


def birth_dates(year: Ints, day: Ints) -> pd.Series[str]:
    """Return birth dates as YYYYMMDD text; `day` counts from 0.

    >>> birth_dates(np.array([1970, 2000]), np.array([0, 59])).tolist()
    ['19700101', '20000229']
    """
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    date = start + day.astype("timedelta64[D]")
    month = date.astype("datetime64[M]")
    number = (date - month).astype(np.int64) + 1
    in_year = month.astype(np.int64) % 12 + 1
    return pd.Series(year * 10_000 + in_year * 100 + number).astype("str")


def id_numbers(rng: np.random.Generator, area: Words, birth: pd.Series[str], male: Flags) -> pd.Series[str]:
    """Return unique 18-digit numbers: area, birth date, an order number odd for men, check digit."""
    frame = pd.DataFrame({"area": pd.Series(area, dtype="str"), "birth": birth, "male": male})
    taken = frame.groupby(["area", "birth", "male"]).cumcount().to_numpy()
    offset = rng.integers(0, 500, len(places_of := pd.unique(frame["area"])))
    first = pd.Series(offset, index=places_of)[frame["area"]].to_numpy()
    order = 2 * ((first + 7 * taken) % 500) + male
    head = frame["area"] + birth + pd.Series(order).astype(str).str.zfill(3)
    return (head + check_digit(head)).astype("str")


def _names(rng: np.random.Generator, household: Ints, slot: Ints) -> Words:
    """Return names; all but the spouse and the head's mother share the head's surname."""
    own = np.isin(slot, (1, 7))
    surname = np.where(own, rng.integers(0, len(_SURNAMES), len(slot)), household % len(_SURNAMES))
    stem = rng.integers(0, len(_STEMS), len(slot))
    branch = rng.integers(0, len(_BRANCHES), len(slot))
    return np.array(
        [_SURNAMES[s] + _STEMS[a] + _BRANCHES[b] for s, a, b in zip(surname, stem, branch, strict=True)],
        dtype=object,
    )
