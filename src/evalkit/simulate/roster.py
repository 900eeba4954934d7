"""The member roster of the last wave, with checksum-valid id numbers from unassigned area codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.idnumber import check_digit
from evalkit.simulate.households import Population
from evalkit.simulate.people import HEALTHY, LAST_WAVE, People, ages, is_able, is_ill, is_member, is_pupil
from evalkit.simulate.places import Places
from evalkit.simulate.tables import place_columns, still_there, works_away

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_HEALTH = np.array(["健康", "长期慢性病", "患有大病", "残疾"], dtype=object)

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


def member_table(rng: np.random.Generator, population: Population, places: Places) -> pd.DataFrame:
    """Return one row for every member, in the last wave, of the sampled households still registered.

    Parameters
    ----------
    rng : Generator
    population : Population
    places : Places

    Returns
    -------
    DataFrame
        Canonical column names. Names are a surname and two cyclical signs, nobody's.
    """
    households = still_there(population, places)
    member = is_member(population.people, LAST_WAVE)[households]
    row, slot = np.nonzero(member)
    position = households[row]
    people = population.people
    number = np.cumsum(member, axis=1)[row, slot]
    code = population.code[position]
    male = people.male[position, slot]
    birth = _birth_dates(people.birth_year[position, slot], people.birth_day[position, slot])
    county = places.counties["county"].to_numpy(dtype=object)[population.county[position]]
    able = is_able(people, LAST_WAVE)[position, slot]
    away = _workers(able, row, works_away(population)[position, -1], rng.random(len(row)))
    return pd.DataFrame(
        {
            **place_columns(places, population.village[position]),
            "household": pd.Series(code, dtype="str"),
            "person": pd.Series([f"{c}{k:02d}" for c, k in zip(code, number, strict=True)], dtype="str"),
            "wave": LAST_WAVE,
            "name": pd.Series(_names(rng, position, slot), dtype="str"),
            "id_number": _id_numbers(rng, county, birth, male),
            "sex": pd.Series(np.where(male, "男", "女"), dtype="str"),
            "birth_date": birth,
            "relation": pd.Series(_relation(male, slot), dtype="str"),
            "education": pd.Series(_education(rng, population, position, slot), dtype="str"),
            "student": pd.Series(_student(people, position, slot), dtype="str"),
            "health": pd.Series(_HEALTH[_health(people)[position, slot]], dtype="str"),
            "labour": pd.Series(_labour(rng, people, position, slot), dtype="str"),
            "work_months": np.where(away, rng.integers(3, 12, len(row)), 0),
        }
    )


def _birth_dates(year: Ints, day: Ints) -> pd.Series[str]:
    """Return birth dates as YYYYMMDD text; `day` counts from 0."""
    start = pd.to_datetime(pd.Series(year).astype(str) + "0101", format="%Y%m%d")
    return (start + pd.to_timedelta(pd.Series(day), unit="D")).dt.strftime("%Y%m%d").astype("str")


def _id_numbers(rng: np.random.Generator, area: Words, birth: pd.Series[str], male: Flags) -> pd.Series[str]:
    """Return unique 18-digit numbers: area, birth date, an order number odd for men, check digit."""
    frame = pd.DataFrame({"area": pd.Series(area, dtype="str"), "birth": birth, "male": male})
    taken = frame.groupby(["area", "birth", "male"]).cumcount().to_numpy()
    offset = rng.integers(0, 500, len(places_of := pd.unique(frame["area"])))
    first = pd.Series(offset, index=places_of)[frame["area"]].to_numpy()
    order = 2 * ((first + 7 * taken) % 500) + male
    head = frame["area"] + birth + pd.Series(order).astype(str).str.zfill(3)
    return (head + check_digit(head)).astype("str")


def _names(rng: np.random.Generator, household: Ints, slot: Ints) -> list[str]:
    """Return names; all but the spouse and the head's mother share the head's surname."""
    own = np.isin(slot, (1, 7))
    surname = np.where(own, rng.integers(0, len(_SURNAMES), len(slot)), household % len(_SURNAMES))
    stem = rng.integers(0, len(_STEMS), len(slot))
    branch = rng.integers(0, len(_BRANCHES), len(slot))
    return [_SURNAMES[s] + _STEMS[a] + _BRANCHES[b] for s, a, b in zip(surname, stem, branch, strict=True)]


def _relation(male: Flags, slot: Ints) -> Words:
    """Return the relation to the head by slot and sex."""
    child = np.where(male, "之子", "之女")
    parent = np.where(male, "之父", "之母")
    return np.select([slot == 0, slot == 1, slot <= 5], ["户主", "配偶", child], parent).astype(object)


def _education(rng: np.random.Generator, population: Population, position: Ints, slot: Ints) -> Words:
    """Return the education reached; the head's agrees with the household's years of schooling."""
    people = population.people
    age = ages(people, LAST_WAVE)[position, slot]
    reach = np.minimum(people.school_until[position, slot], age)
    young = np.select([reach < 12, reach < 16, reach < 19], ["小学", "初中", "高中"], "大专")
    old = np.array(["文盲或半文盲", "小学", "初中"], dtype=object)[
        rng.choice(3, len(slot), p=[0.25, 0.5, 0.25])
    ]
    years = population.head_school[position]
    head = np.select([years == 0, years == 6, years == 9], ["文盲或半文盲", "小学", "初中"], "高中")
    word = np.where(age < 6, "学龄前儿童", np.where(age < 35, young, old))
    return np.where(slot == 0, head, word).astype(object)


def _student(people: People, position: Ints, slot: Ints) -> Words:
    """Return school attendance in the last wave."""
    age = ages(people, LAST_WAVE)[position, slot]
    pupil = is_pupil(people, LAST_WAVE)[position, slot]
    stage = np.select([age < 12, age < 15, age < 18], ["小学", "初中", "高中"], "高等教育")
    return np.where(pupil, stage, np.where(age < 6, "学龄前儿童", "非在校生")).astype(object)


def _health(people: People) -> Ints:
    """Return the health code in the last wave, shape (n, 8)."""
    return np.where(is_ill(people, LAST_WAVE), people.health, HEALTHY)


def _labour(rng: np.random.Generator, people: People, position: Ints, slot: Ints) -> Words:
    """Return labour capacity; the able-bodied are 普通劳动力 or 技能劳动力."""
    age = ages(people, LAST_WAVE)[position, slot]
    able = is_able(people, LAST_WAVE)[position, slot]
    pupil = is_pupil(people, LAST_WAVE)[position, slot]
    skilled = np.where(rng.random(len(slot)) < 0.15, "技能劳动力", "普通劳动力")
    conditions = [able, pupil | (age < 16), age <= 64, age < 75]
    return np.select(
        conditions, [skilled, "无劳动力", "丧失劳动力", "弱劳动力或半劳动力"], "无劳动力"
    ).astype(object)


def _workers(able: Flags, household: Ints, sends: Flags, draw: npt.NDArray[np.float64]) -> Flags:
    """Choose who works away: at least one able member of every household that lives on wages too."""
    candidate = able & sends
    first = np.zeros(len(able), dtype=np.bool_)
    rows = np.flatnonzero(candidate)
    first[rows[np.unique(household[rows], return_index=True)[1]]] = True
    return candidate & (first | (draw < 0.4))
