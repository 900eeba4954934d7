"""The member rosters, of the last wave or of all, with checksum-valid id numbers from unassigned area codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.changes import DIED, KINDS, MARRIED, MERGED, SPLIT
from evalkit.simulate.households import Population
from evalkit.simulate.identities import Persons
from evalkit.simulate.people import (
    FIRST_WAVE,
    HEALTHY,
    LAST_WAVE,
    SLOTS,
    WAVES,
    People,
    is_able,
    is_ill,
    is_member,
    is_pupil,
)
from evalkit.simulate.places import Places
from evalkit.simulate.tables import in_post, place_columns, works_away
from evalkit.simulate.words import or_missing
from evalkit.simulate.work import work_columns

Rosters = Literal["last", "all"]
NEWBORN, DEATH, MARRIAGE, SPLIT_OFF, JOINED = "新生儿", "死亡", "婚出", "分户", "并户"
"""Words of ``change``."""

_HEALTH = np.array(["健康", "长期慢性病", "患有大病", "残疾"], dtype=object)
_GRADES = np.array(
    [
        *(f"小学{k}年级" for k in "一二三四五六"),
        *(f"初中{k}年级" for k in "一二三"),
        *(f"高中{k}年级" for k in "一二三"),
        *(f"大学{k}年级" for k in "一二三四五"),
    ],
    dtype=object,
)
_PEOPLES = np.array(["汉族", "彝族", "苗族", "回族"], dtype=object)
_STARTS_SCHOOL, _DONE_COMPULSORY = 6, 15

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


def member_table(
    population: Population,
    places: Places,
    persons: Persons,
    households: pd.DataFrame,
    rosters: Rosters = "last",
) -> pd.DataFrame:
    """Return one row for every member, in the last wave or in every wave, of the sampled households.

    Parameters
    ----------
    population : Population
    places : Places
    persons : Persons
    households : DataFrame
        The household table, whose wages the members earn.
    rosters : str
        ``last`` or ``all``.

    Returns
    -------
    DataFrame
        Canonical column names. Names are a surname and two cyclical signs, nobody's. ``change`` stands on the first
        row of who joined, and on the last row of who died or married out, with the month of the change (after that
        wave).
    """
    sampled = places.villages["sampled"].to_numpy()[population.village]
    parts = []
    for position, wave in enumerate(WAVES):
        if rosters == "all" or wave == LAST_WAVE:
            there = (
                is_member(population.people, int(wave)) & (sampled & population.present[:, position])[:, None]
            )
            row, slot = np.nonzero(there)
            parts.append(pd.DataFrame({"row": row, "slot": slot, "position": position}))
    rows = pd.concat(parts, ignore_index=True)
    order = np.lexsort((rows["slot"], rows["row"], rows["position"]))
    rows = rows.iloc[order]
    at = (rows["row"].to_numpy(), rows["slot"].to_numpy(), rows["position"].to_numpy())
    return _columns(population, places, persons, households, at)


def changes_frame(population: Population, places: Places, persons: Persons) -> pd.DataFrame:
    """Return what is true about changes of the sampled households.

    Returns
    -------
    DataFrame
        ``kind`` (`evalkit.simulate.changes.KINDS`), ``wave`` (first wave after), ``county, household, person``
        (empty for moves), ``to_household, village, to_village``, by household and person.
    """
    links = population.links
    sampled = places.villages["sampled"].to_numpy()[population.village[links.household]]
    position = np.minimum(links.wave, LAST_WAVE) - FIRST_WAVE
    before = population.present[links.household, np.maximum(position - 1, 0)]
    lasting = np.maximum(links.to_household, 0)
    after = (links.to_household < 0) | population.present[lasting, position]
    stays = np.isin(links.kind, (DIED, MARRIED)) & ~population.present[links.household, position]
    rows = np.flatnonzero(sampled & before & after & ~stays)
    person = np.where(links.slot >= 0, persons.number[links.household, np.maximum(links.slot, 0)], -1)[rows]
    code, village = population.code, places.villages["village"].to_numpy(dtype=object)
    to_household, to_village = links.to_household[rows], links.to_village[rows]
    frame = pd.DataFrame(
        {
            "kind": np.array(KINDS, dtype=object)[links.kind[rows]],
            "wave": links.wave[rows],
            "county": places.villages["county"].to_numpy(dtype=object)[
                population.village[links.household[rows]]
            ],
            "household": code[links.household[rows]],
            "person": np.where(person >= 0, persons.code[person], ""),
            "to_household": np.where(to_household >= 0, code[to_household], ""),
            "village": village[population.village[links.household[rows]]],
            "to_village": np.where(to_village >= 0, village[to_village], ""),
        }
    )
    words = ("kind", "county", "household", "person", "to_household", "village", "to_village")
    return frame.astype(dict.fromkeys(words, "str")).sort_values(["household", "person"], ignore_index=True)


def _columns(
    population: Population,
    places: Places,
    persons: Persons,
    households: pd.DataFrame,
    at: tuple[Ints, Ints, Ints],
) -> pd.DataFrame:
    row, slot, position = at
    who = persons.number[row, slot]
    people = population.people
    wave = WAVES[position]
    age = wave - people.birth_year[row, slot]
    male = people.male[row, slot]
    able, pupil = (_by_wave(f, population, at) for f in (is_able, is_pupil))
    ill = _by_wave(is_ill, population, at)
    kind = population.household_type[row]
    draws = persons.draws
    work = work_columns(
        able & works_away(population)[row, position],
        draws.worker[who],
        draws.place[who],
        position * len(population.code) + row,
        _wages(population, households, row, position),
        in_post(population)[row, position],
    )
    words = {
        "household": population.code[row],
        "person": persons.code[who],
        "wave": wave,
        "name": draws.name[who],
        "id_number": draws.id_number.to_numpy(dtype=object)[who],
        "sex": np.where(male, "男", "女"),
        "birth_date": persons.birth.to_numpy(dtype=object)[who],
        "relation": _relation(male, slot),
        "education": _education(population, persons, who, at),
        "student": _student(age, pupil),
        "health": _HEALTH[np.where(ill, people.health[row, slot], HEALTHY)],
        "labour": _labour(age, able, pupil, draws.skilled[who]),
    }
    frame = pd.DataFrame(
        {
            **place_columns(places, population.village_in(row, position)),
            **words,
            "work_months": work.months,
            "ethnicity": _PEOPLES[np.where(row % 9 < 6, 0, row % 9 - 5)],
            "dropout": or_missing((age >= _STARTS_SCHOOL) & (age <= _DONE_COMPULSORY), "无"),
            "grade": or_missing(pupil, _GRADES[np.clip(age - _STARTS_SCHOOL, 0, len(_GRADES) - 1)]),
            "work_place": work.place,
            "monthly_wage": work.wage,
            "public_post": work.post,
            "medical_insurance": True,
            "critical_insurance": draws.insured[who] < 0.97,
            "pension_insurance": (age >= 16) & ~pupil & (draws.insured[who] < 0.93),
            "on_allowance": kind == "低保贫困户",
            "destitute": kind == "特困供养户",
            **_changes(population, at, age),
        }
    )
    text = [c for c in frame.columns if frame[c].dtype == object]
    return frame.astype(dict.fromkeys(text, "str"))


def _by_wave(
    found: Callable[[People, int], Flags], population: Population, at: tuple[Ints, Ints, Ints]
) -> Flags:
    """Look up a property of members that depends on the wave."""
    row, slot, position = at
    out = np.zeros(len(row), dtype=np.bool_)
    for k in np.unique(position):
        rows = position == k
        out[rows] = found(population.people, int(WAVES[k]))[row[rows], slot[rows]]
    return out


def _wages(population: Population, households: pd.DataFrame, row: Ints, position: Ints) -> Ints:
    """Return the wage income of the household-year of each member row."""
    keys = pd.MultiIndex.from_frame(households[["household", "wave"]])
    wages = pd.Series(households["wage_income"].to_numpy(), index=keys)
    cell, inverse = np.unique(row * len(WAVES) + position, return_inverse=True)
    home, wave = np.divmod(cell, len(WAVES))
    wanted = pd.MultiIndex.from_arrays([population.code[home].astype("str"), WAVES[wave]])
    found: Ints = wages.reindex(wanted).to_numpy(dtype=np.int64)[inverse]
    return found


def _relation(male: Flags, slot: Ints) -> Words:
    """Return the relation to the head by slot and sex."""
    child = np.where(male, "之子", "之女")
    parent = np.where(male, "之父", "之母")
    return np.select([slot == 0, slot == 1, slot <= 5], ["户主", "配偶", child], parent).astype(object)


def _education(population: Population, persons: Persons, who: Ints, at: tuple[Ints, Ints, Ints]) -> Words:
    """Return the education reached; the head's agrees with the household's years of schooling."""
    people, (row, slot, position) = population.people, at
    age = WAVES[position] - people.birth_year[row, slot]
    reach = np.minimum(people.school_until[row, slot], age)
    young = np.select([reach < 12, reach < 16, reach < 19], ["小学", "初中", "高中"], "大专")
    old = np.array(["文盲或半文盲", "小学", "初中"], dtype=object)[persons.draws.old_school[who]]
    years = population.head_school[row]
    head = np.select([years == 0, years == 6, years == 9], ["文盲或半文盲", "小学", "初中"], "高中")
    grown = LAST_WAVE - people.birth_year[row, slot] >= 35
    word = np.where(age < 6, "学龄前儿童", np.where(grown, old, young))
    return np.where(slot == 0, head, word).astype(object)


def _student(age: Ints, pupil: Flags) -> Words:
    """Return school attendance."""
    stage = np.select([age < 12, age < 15, age < 18], ["小学", "初中", "高中"], "高等教育")
    return np.where(pupil, stage, np.where(age < 6, "学龄前儿童", "非在校生")).astype(object)


def _labour(age: Ints, able: Flags, pupil: Flags, draw: npt.NDArray[np.float64]) -> Words:
    """Return labour capacity; the able-bodied are 普通劳动力 or 技能劳动力."""
    skilled = np.where(draw < 0.15, "技能劳动力", "普通劳动力")
    conditions = [able, pupil | (age < 16), age <= 64, age < 75]
    return np.select(
        conditions, [skilled, "无劳动力", "丧失劳动力", "弱劳动力或半劳动力"], "无劳动力"
    ).astype(object)


def _changes(population: Population, at: tuple[Ints, Ints, Ints], age: Ints) -> dict[str, object]:
    """Return the words and months of change: who is new, and who is about to leave."""
    row, slot, position = at
    people, wave = population.people, WAVES[position]
    word = np.full(len(row), None, dtype=object)
    year = wave.copy()
    born = age == 0
    word[born] = NEWBORN
    key = row * SLOTS + slot
    for kind, text in ((DIED, DEATH), (MARRIED, MARRIAGE), (SPLIT, SPLIT_OFF), (MERGED, JOINED)):
        some = population.links.of(kind)
        joins = kind in (SPLIT, MERGED)
        home, place = (some.to_household, some.to_slot) if joins else (some.household, some.slot)
        when = np.full(len(population.code) * SLOTS, -1)
        when[home * SLOTS + place] = some.wave
        hit = when[key] == (wave if joins else wave + 1)
        word[hit] = text
        year[hit] = when[key][hit]
    birth = month_of(people.birth_year[row, slot], people.birth_day[row, slot])
    calendar = np.where(born, birth, 1 + key % 12)
    text_month = (year * 100 + calendar).astype(str).astype(object)
    return {"change": word, "change_month": or_missing(~pd.isna(word), text_month)}


def month_of(year: Ints, day: Ints) -> Ints:
    """Return the month (1 to 12) of a day of the year counted from 0.

    >>> month_of(np.array([2019, 2020]), np.array([59, 59])).tolist()
    [3, 2]
    """
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    month = (start + day.astype("timedelta64[D]")).astype("datetime64[M]")
    return np.asarray(month.astype(np.int64) % 12 + 1, dtype=np.int64)
