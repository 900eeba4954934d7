"""Changes of households: deaths, marriages, splits (拆户), merges (并户), moves between villages.

They are drawn before incomes are, so that every count, status and hazard of the registry follows from them. A
household takes part in one change at most. Who dies or marries out is healthy, so that no cause of poverty loses
the member it rests on; a split takes one grown child into a household of its own; a merge brings an old couple
into a younger household of the village.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evalkit.simulate.people import FIRST_WAVE, HEALTHY, LAST_WAVE, SLOTS, People, ages
from evalkit.simulate.places import Places, rank_within

DIED, MARRIED, SPLIT, MERGED, MOVED = range(5)
KINDS: tuple[str, ...] = ("died", "married_out", "split", "merged", "moved")
SHARES: tuple[float, ...] = (0.40, 0.20, 0.15, 0.10, 0.15)
"""How the changing households are divided among `KINDS`."""
NONE = -1
FOREVER = 9999
_MALE_PARENT, _FEMALE_PARENT = 6, 7

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Links:
    """Who changed household, village or left; every array is (changes,), one row a person (a household if moved).

    Parameters
    ----------
    kind : int array
        Position in `KINDS`.
    wave : int array
        First year after the change: the person is in the new place (or gone) from this wave on.
    household, slot : int array
        Before. ``slot`` is −1 for a household that moved.
    to_household, to_slot, to_village : int array
        After; −1 where there is none.
    """

    kind: Ints
    wave: Ints
    household: Ints
    slot: Ints
    to_household: Ints
    to_slot: Ints
    to_village: Ints

    def of(self, *kinds: int) -> Links:
        """Return the changes of some kinds."""
        rows = np.isin(self.kind, kinds)
        return Links(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Changed:
    """Households with their changes, in the order of their villages; arrays are (households,) after splits.

    Parameters
    ----------
    people : People
    village : int array
        Where the household was first registered.
    parent : int array
        The household it split from, −1 for all others.
    first_wave, last_wave : int array
        Bounds set by splits and merges; `FIRST_WAVE` and `LAST_WAVE` for all others.
    stays_until : int array
        The household must be in the registry at least until this wave, for its change to be seen; 0 for no such bound.
    links : Links
    """

    people: People
    village: Ints
    parent: Ints
    first_wave: Ints
    last_wave: Ints
    stays_until: Ints
    links: Links


def unchanged(people: People, village: Ints) -> Changed:
    """Return households none of which changes."""
    n = len(village)
    empty = np.zeros(0, dtype=np.int64)
    return Changed(
        people=people,
        village=village,
        parent=np.full(n, NONE),
        first_wave=np.full(n, FIRST_WAVE),
        last_wave=np.full(n, LAST_WAVE),
        stays_until=np.zeros(n, dtype=np.int64),
        links=Links(empty, empty, empty, empty, empty, empty, empty),
    )


def draw_changes(
    rng: np.random.Generator, people: People, village: Ints, places: Places, share: float
) -> Changed:
    """Let about `share` of the households change once.

    Parameters
    ----------
    rng : Generator
    people : People
    village : int array, shape (n,)
        Ascending.
    places : Places
    share : float
        0 to 0.2.

    Returns
    -------
    Changed
        With one household more for every split.
    """
    n = len(village)
    wanted = [round(share * part * n) for part in SHARES]
    wave = rng.integers(FIRST_WAVE + 1, LAST_WAVE + 1, n)
    free = np.ones(n, dtype=np.bool_)
    links = []
    for kind in (MERGED, SPLIT, DIED, MARRIED):
        if kind == MERGED:
            found = _merges(rng, people, village, wave, wanted[MERGED])
        else:
            found = _leavers(rng, _candidates(people, wave, kind) & free[:, None], wave, kind, wanted[kind])
        links.append(found)
        free[found.household] = False
        free[found.to_household[found.to_household >= 0]] = False
    links.append(_moves(rng, village, places, wave * free, wanted[MOVED]))
    return _applied(people, village, links)


def _candidates(people: People, wave: Ints, kind: int) -> Flags:
    """Tell who may die, marry out or found a household in the household's year of change, (n, 8)."""
    age = wave[:, None] - people.birth_year
    slot = np.arange(SLOTS)
    healthy: Flags = people.present & (people.health == HEALTHY)
    child = (slot >= 2) & (slot <= 5) & (age > people.school_until + 1)
    if kind == DIED:
        return healthy & (slot >= _MALE_PARENT) & (age >= 60)
    if kind == MARRIED:
        return healthy & child & ~people.male & (age >= 20) & (age <= 30)
    young = ages(people, LAST_WAVE) < 35
    return healthy & child & young & (people.school_until <= 18) & (age >= 22)


def _leavers(rng: np.random.Generator, may: Flags, wave: Ints, kind: int, wanted: int) -> Links:
    """Choose households, and one member in each."""
    rows = rng.permutation(np.flatnonzero(may.any(axis=1)))[:wanted]
    rows.sort()
    none = np.full(len(rows), NONE)
    return Links(np.full(len(rows), kind), wave[rows], rows, may[rows].argmax(axis=1), none, none, none)


def _merges(rng: np.random.Generator, people: People, village: Ints, wave: Ints, wanted: int) -> Links:
    """Pair old couples (or widowed old people) with younger households of the same village without parents."""
    age = ages(people, LAST_WAVE)
    old = (age[:, 0] >= 66) & ~people.present[:, 2:].any(axis=1) & (age[:, 1] >= 62)
    young = (age[:, 0] <= 44) & ~people.present[:, _MALE_PARENT:].any(axis=1)
    order = rng.random(len(village))
    givers, takers = np.flatnonzero(old), np.flatnonzero(young)
    width = int(max(len(givers), len(takers))) + 1
    key_giver = village[givers] * width + rank_within(village[givers], order[givers])
    key_taker = village[takers] * width + rank_within(village[takers], order[takers])
    _, g, t = np.intersect1d(key_giver, key_taker, assume_unique=True, return_indices=True)
    chosen = np.sort(rng.permutation(len(g))[:wanted])
    giver, taker = givers[g[chosen]], takers[t[chosen]]
    row, slot = np.nonzero(people.present[giver, :2])
    parent = np.where(people.male[giver[row], slot], _MALE_PARENT, _FEMALE_PARENT)
    return Links(
        np.full(len(row), MERGED), wave[giver[row]], giver[row], slot, taker[row], parent, village[taker[row]]
    )


def _moves(rng: np.random.Generator, village: Ints, places: Places, wave: Ints, wanted: int) -> Links:
    """Let whole households move to another village of their stratum, sampled if their own is."""
    stratum = places.villages["stratum_index"].to_numpy() * 2 + places.villages["sampled"].to_numpy()
    order = np.lexsort((np.arange(len(stratum)), stratum))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    last = np.r_[stratum[order][1:] != stratum[order][:-1], True]
    alike = order[np.minimum(place + 1, len(order) - 1)]
    before = order[np.maximum(place - 1, 0)]
    target = np.where(last[place], before, alike)
    may = (wave > 0) & (stratum[target] == stratum)[village] & (target != np.arange(len(target)))[village]
    rows = np.sort(rng.permutation(np.flatnonzero(may))[:wanted])
    return Links(
        np.full(len(rows), MOVED),
        wave[rows],
        rows,
        np.full(len(rows), NONE),
        rows,
        np.full(len(rows), NONE),
        target[village[rows]],
    )


def _applied(people: People, village: Ints, links: list[Links]) -> Changed:
    """Carry out the changes: new slots for those who join, an end for those who leave, households for splits."""
    every = Links(*(np.concatenate([getattr(k, f) for k in links]) for f in Links.__dataclass_fields__))
    split = np.flatnonzero(every.kind == SPLIT)
    parents = every.household[split]
    n = len(village)
    grown = np.concatenate([village, village[parents]])
    order = np.argsort(grown, kind="stable")
    new_place = np.empty(len(order), dtype=np.int64)
    new_place[order] = np.arange(len(order))
    places = {"household": new_place[every.household]}
    to = every.to_household.copy()
    to[split] = n + np.arange(len(split))
    to_slot, to_village = every.to_slot.copy(), every.to_village.copy()
    to_slot[split], to_village[split] = 0, village[parents]
    places["to_household"] = np.where(to >= 0, new_place[to], NONE)
    every = replace(every, **places, to_slot=to_slot, to_village=to_village)
    persons = _persons(people, parents, order, every)
    parent = np.full(len(order), NONE)
    parent[every.to_household[split]] = every.household[split]
    return _bounded(Changed(persons, grown[order], parent, *_open(len(order)), every))


def _open(n: int) -> tuple[Ints, Ints, Ints]:
    return np.full(n, FIRST_WAVE), np.full(n, LAST_WAVE), np.zeros(n, dtype=np.int64)


def _persons(people: People, parents: Ints, order: Ints, links: Links) -> People:
    """Return the slots after the changes; who takes a new slot brings sex, birth, schooling and health along."""
    out = {}
    for name in (
        "present",
        "male",
        "birth_year",
        "birth_day",
        "school_until",
        "health",
        "ill_since",
        "disabling",
    ):
        whole = getattr(people, name)
        out[name] = np.concatenate([whole, whole[parents]])[order]
    new_household = np.concatenate([np.zeros(len(people.male), bool), np.ones(len(parents), bool)])[order]
    out["present"][new_household] = False
    joins = links.to_slot >= 0
    source = (links.household[joins], links.slot[joins])
    target = (links.to_household[joins], links.to_slot[joins])
    for name, whole in out.items():
        whole[target] = True if name == "present" else whole[source]
    since = np.zeros(out["male"].shape, dtype=np.int64)
    until = np.full(out["male"].shape, FOREVER)
    merged = links.of(MERGED)
    since[merged.to_household, merged.to_slot] = merged.wave
    gone = links.of(DIED, MARRIED, SPLIT)
    until[gone.household, gone.slot] = gone.wave
    return People(**out, since=since, until=until)


def _bounded(changed: Changed) -> Changed:
    """Set from when and until when households are in the registry."""
    links = changed.links
    split, merged = links.of(SPLIT), links.of(MERGED)
    changed.first_wave[split.to_household] = split.wave
    changed.last_wave[merged.household] = merged.wave - 1
    np.maximum.at(changed.stays_until, links.household, links.wave)
    lasting = links.to_household >= 0
    np.maximum.at(changed.stays_until, links.to_household[lasting], links.wave[lasting])
    return changed
