"""Injectors of errors in records themselves: keys, doubles, welfare, the income account, id numbers, code words, counties."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.idnumber import CHECK
from evalkit.simulate.errors.damage import damaged, filled, frame_of
from evalkit.simulate.errors.framework import Injector, Make, Mask, Tables

OTHER_SEX = {"男": "女", "女": "男"}


def _all(t: Tables) -> Mask:
    return np.ones(len(frame_of(t)), dtype=bool)


def _modest(t: Tables) -> Mask:
    """Return rows whose welfare stays plausible when it is doubled."""
    return frame_of(t)["income_pc"].between(500, 40_000)


def _scientific(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """Write ids in scientific notation; under them the rows are other households, which nothing else may damage."""
    ids = [f"5.3{k:04d}E+17" for k in range(len(rows))]
    t.write("household", rows, "household", np.array(ids, dtype=object))
    t.used.update(ids)


def _copied(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Repeat household-years; the repetition must be found."""
    rows = t.pick(rng, "household", _all(t), n)
    return t.add("household", frame_of(t).loc[rows])


def _contradicted(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Repeat household-years with another income; both rows must be found."""
    rows = t.pick(rng, "household", _modest(t), n)
    again = frame_of(t).loc[rows].copy()
    again["income_pc"] = again["income_pc"] + 250
    return rows.append(t.add("household", again))


def _members(t: Tables) -> Mask:
    return np.asarray(t.frames["member"]["id_number"].astype("str").str.len() == 18, dtype=bool)


def _id(rewrite: Mapping[str, str] | None = None) -> Make:
    """Return the injector of id numbers with another check character, or with zeros at the end (`rewrite` is None)."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, "member", _members(t), n)
        ids = t.frames["member"].loc[rows, "id_number"].astype("str")
        new = (
            ids.str.slice(0, 15) + "000"
            if rewrite is None
            else ids.str.slice(0, 17) + ids.str[-1].map(rewrite)
        )
        t.write("member", rows, "id_number", new)
        return rows

    return make


def _other_sex(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    rows = t.pick(rng, "member", _members(t), n)
    t.write("member", rows, "sex", t.frames["member"].loc[rows, "sex"].map(OTHER_SEX))
    return rows


def _other_birth(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Move dates of birth by a year."""
    rows = t.pick(rng, "member", _members(t), n)
    born = t.frames["member"].loc[rows, "birth_date"].astype("str")
    year = (born.str.slice(0, 4).astype("int64") + 1).astype("str")
    t.write("member", rows, "birth_date", year + born.str.slice(4))
    return rows


def _taken_number(*, elsewhere: bool) -> Make:
    """Return the injector of persons with the id number of somebody in another household, of the county or of another one.

    It is done in the last wave. Every row with that number must be found; between counties those of that wave.
    """

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        people = t.frames["member"]
        last = (people["wave"] == people["wave"].max()).to_numpy(dtype=bool)
        rows = t.pick(rng, "member", _members(t) & last, 2 * n)
        county = people.loc[rows, "county"]
        free = list(rows)
        pairs: list[tuple[int, int]] = []
        while len(free) > 1 and len(pairs) < n:
            mine = free.pop(0)
            like = [k for k in free if (county[k] != county[mine]) == elsewhere]
            if like:
                free.remove(like[0])
                pairs.append((mine, like[0]))
        takers, owners = (pd.Index([pair[k] for pair in pairs], dtype="int64") for k in (0, 1))
        t.write("member", takers, "id_number", people.loc[owners, "id_number"].to_numpy())
        found = takers.append(owners)
        after = t.frames["member"]
        held = after.loc[found, ["id_number", "wave"]].drop_duplicates()
        if elsewhere:
            return after.index[
                pd.MultiIndex.from_frame(after[["id_number", "wave"]]).isin(pd.MultiIndex.from_frame(held))
            ]
        return after.index[after["id_number"].isin(held["id_number"])]

    return make


def _in_two_counties(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Repeat household-years in another county; both rows must be found."""
    rows = t.pick(rng, "household", _all(t), n)
    again = frame_of(t).loc[rows].copy()
    counties = sorted(frame_of(t)["county"].dropna().unique())
    again["county"] = [counties[(counties.index(c) + 1) % len(counties)] for c in again["county"]]
    return rows.append(t.add("household", again))


def _words(table: str, column: str, value: object) -> Make:
    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, table, np.ones(len(t.frames[table]), dtype=bool), n)
        t.write(table, rows, column, value)
        return rows

    return make


def _account(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """Raise net income by a half, so that its parts do not add up to it."""
    t.write(
        "household",
        rows,
        "income_net",
        (frame_of(t).loc[rows, "income_net"] * 1.5).round().astype("int64") + 50,
    )


INJECTORS: tuple[Injector, ...] = (
    damaged("I01", _all, {"income_pc": None}),
    damaged("I02", _all, {"income_pc": -850.0}),
    damaged("I03", _all, {"income_pc": 310_000.0}),
    damaged("I04", _all, {"income_pc": 1.0}),
    filled("I05", lambda t: frame_of(t)["income_net"] > 0, _account),
    damaged("I06", _modest, {"income_pc": lambda rows: rows["income_pc"] * 2}),
    damaged("K01", _all, {"household": None}),
    damaged("K02", _all, {"wave": 2031}),
    damaged("K03", _all, {"county": None}),
    filled("K05", _all, _scientific),
    damaged("K07", _all, {"size": 0}),
    damaged("C01", _all, {"status": "半脱贫"}),
    Injector("D01", "household", _copied),
    Injector("D02", "household", _contradicted),
    Injector("K08", "household", _in_two_counties),
    Injector("P01", "member", _id(dict(zip(CHECK, CHECK[1:] + CHECK[0], strict=True)))),
    Injector("P02", "member", _id()),
    Injector("P03", "member", _other_sex),
    Injector("P04", "member", _other_birth),
    Injector("P05", "member", _taken_number(elsewhere=False)),
    Injector("K09", "member", _taken_number(elsewhere=True)),
    Injector("G01", "program", _words("program", "program", "修路架桥")),
    Injector("G02", "program", _words("program", "program_start", None)),
    damaged("T07", _all, {"income_pc": "约三千"}),
)
"""Injectors of this family; the last one turns amounts into words, so none that reads amounts may come after it."""
