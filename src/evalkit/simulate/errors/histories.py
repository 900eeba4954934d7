"""Injectors of histories that contradict themselves and of household structures; structures need rosters of all waves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.simulate.errors.damage import before, filled, frame_of, row_before
from evalkit.simulate.errors.framework import Injector, Make, Mask, Tables
from evalkit.simulate.errors.timing import BACK, DONE, OPEN

LOOK_BACK = 2016
"""Wave of a look-back; the plan must say so for M03."""
_ELDER, _GENERATION = 62, (19, 44)


def _mark_gone(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """Mark the wave before as returned; in this one the household is open again, without the mark."""
    for place, status, mark in ((row_before(t, rows), BACK, True), (rows, OPEN, False)):
        t.write("household", place, "status", status)
        t.write("household", place, "returned", mark)


def _early_exit(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """State an exit two years before the wave in which the status changes."""
    t.write("household", rows, "exit_year", frame_of(t).loc[rows, "wave"].astype("int64") - 2)
    t.write("household", rows, "exit_month", None)


def _lose(waves: range) -> Make:
    """Return the injector of households without rows in some waves; the first row after must be found."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        frame = frame_of(t)
        here = (frame["wave"] == waves.stop) & frame["status"].notna() & before(t, "status").notna()
        settled = frame["identified_year"] < waves.stop
        rows = t.pick(rng, "household", here & settled, n)
        mine = frame["household"].isin(frame.loc[rows, "household"])
        t.drop("household", frame.index[mine & frame["wave"].isin(list(waves))])
        return rows

    return make


def _born(people: pd.DataFrame) -> pd.Series:
    return people["birth_date"].astype("str").str.slice(0, 4).astype(float)


def _elders(t: Tables, wave: int) -> pd.Series:
    """Return the label of one elder by household of a wave: with somebody a generation younger, and there in the wave before."""
    people = t.frames["member"]
    if "wave" not in people or people["wave"].nunique() < 2:
        return pd.Series(dtype="int64")
    now = people.loc[(people["wave"] == wave) & people["id_number"].notna()]
    born = _born(now)
    elder = now.loc[wave - born >= _ELDER].drop_duplicates("household")
    pairs = now.assign(born=born).merge(
        elder.assign(elder=_born(elder))[["household", "elder"]], on="household"
    )
    low, high = _GENERATION
    kin = pairs.loc[(pairs["born"] - pairs["elder"]).between(low, high), "household"]
    then = people.loc[people["wave"] == wave - 1, "id_number"]
    fits = elder["household"].isin(kin) & elder["id_number"].isin(then) & (elder["relation"] != "户主")
    return pd.Series(elder.index[fits], index=elder.loc[fits, "household"])


def _split(wave: int, *, identified: int | None = None, every: bool = False) -> Make:
    """Return the injector of elders in a household of their own from a wave on; its first row (or every one) must be found.

    Parameters
    ----------
    wave : int
    identified : int, optional
        Year of identification of the new household; that of the old one by default.
    every : bool
        Whether every row of the new household must be found.
    """

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        elders = _elders(t, wave)
        frame = frame_of(t)
        there = (frame["wave"] == wave) & before(t, "wave").notna() & frame["household"].isin(elders.index)
        rows = t.pick(rng, "household", there, n)
        homes = list(frame.loc[rows, "household"])
        people = t.frames["member"]
        ids = people.loc[elders.reindex(homes), "id_number"].to_numpy()
        home_of = pd.Series(homes, index=ids, dtype="str")
        mine = people.index[people["id_number"].isin(ids) & (people["wave"] >= wave)]
        t.write("member", mine, "household", people.loc[mine, "id_number"].map(home_of) + "8")
        t.write("member", mine, "relation", "户主")
        new = frame.loc[frame["household"].isin(homes) & (frame["wave"] >= wave)].copy()
        held = people.loc[people["id_number"].isin(ids), ["id_number", "wave"]].drop_duplicates()
        owner = pd.Series(ids, index=homes)
        stays = pd.MultiIndex.from_arrays([owner.reindex(new["household"]), new["wave"]]).isin(
            pd.MultiIndex.from_frame(held)
        )
        new = new.loc[stays].assign(size=1)
        new["household"] = new["household"] + "8"
        t.used.update(new["household"])
        if identified is not None:
            new["identified_year"] = identified
        added = t.add("household", new)
        return added if every else added[frame_of(t).loc[added, "wave"].to_numpy() == wave]

    return make


def _others(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Give household numbers to other people from 2018 on; the row of that wave must be found."""
    people, frame = t.frames["member"], frame_of(t)
    if "wave" not in people or people["wave"].nunique() < 2:
        return frame.index[:0]
    listed = people.loc[people["wave"].isin([2017, 2018]), ["household", "wave"]].drop_duplicates()
    twice = listed["household"].value_counts()
    there = (frame["wave"] == 2018) & frame["household"].isin(twice.index[twice == 2])
    rows = t.pick(rng, "household", there, n)
    mine = people.index[people["household"].isin(frame.loc[rows, "household"]) & (people["wave"] >= 2018)]
    t.write("member", mine, "id_number", None)
    t.write("member", mine, "person", people.loc[mine, "person"].astype("str") + "9")
    t.write("member", mine, "name", "新" + people.loc[mine, "name"].astype("str"))
    return rows


def _open_since(t: Tables) -> Mask:
    frame = frame_of(t)
    return (
        (frame["wave"] >= 2016)
        & (before(t, "status", 2) == OPEN)
        & (before(t, "status") == OPEN)
        & (frame["status"] == OPEN)
    )


def _leaves(t: Tables) -> Mask:
    """Return rows in which the status becomes exited, after two waves on record."""
    return (frame_of(t)["status"] == DONE) & (before(t, "status") == OPEN) & (before(t, "status", 2) == OPEN)


INJECTORS: tuple[Injector, ...] = (
    Injector("M02", "household", _split(2017, identified=2017)),
    Injector("M03", "household", _split(LOOK_BACK, identified=2013)),
    Injector("M04", "household", _split(2018, identified=2013, every=True)),
    Injector("M01", "household", _others),
    filled("F04", _open_since, _mark_gone),
    filled("F05", _leaves, _early_exit),
    Injector("F10", "household", _lose(range(2016, 2018))),
    Injector("F14", "household", _lose(range(2014, 2017))),
)
"""Injectors of this family; the other histories are damaged by those of the rules that ask on the row (`ASKED_UNDER`)."""
