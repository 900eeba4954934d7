"""Injectors of errors in persons and their roster."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.errors.framework import Injector, Make, Tables

Flags = npt.NDArray[np.bool_]
Mask = Callable[[Tables], Flags]
Value = object
CHILDREN = ("之子", "之女")
UNABLE = ("丧失劳动力", "无劳动力")
ABLE = ("普通劳动力", "技能劳动力")
OUT_OF_SCHOOL = ("非在校生", "学龄前儿童", "学前教育")


def _years(t: Tables) -> pd.Series:
    """Return the year each member row describes."""
    members = t.frames["member"]
    last = int(t.frames["household"]["wave"].max())
    return members["wave"].astype(int) if "wave" in members else pd.Series(last, index=members.index)


def _age(t: Tables) -> pd.Series:
    return _years(t) - t.frames["member"]["birth_date"].str.slice(0, 4).astype(float)


def _word(t: Tables, column: str, *words: str) -> Flags:
    return np.asarray(t.frames["member"][column].isin(list(words)), dtype=bool)


def _aged(t: Tables, least: float, most: float) -> Flags:
    return np.asarray(_age(t).between(least, most), dtype=bool)


def _at_school(t: Tables) -> Flags:
    cells = t.frames["member"]["student"]
    return np.asarray(cells.notna() & ~cells.isin(list(OUT_OF_SCHOOL)), dtype=bool)


def _last(t: Tables) -> Flags:
    """Return rows of the last wave of persons who have one before."""
    members = t.frames["member"]
    if "wave" not in members:
        return np.zeros(len(members), dtype=bool)
    waves = members.groupby("person")["wave"]
    return np.asarray(
        (members["wave"] == waves.transform("max")) & (waves.transform("size") >= 3), dtype=bool
    )


def _keys(t: Tables) -> list[str]:
    return ["household", "wave"] if "wave" in t.frames["member"] else ["household"]


def _head(t: Tables, column: str) -> pd.Series:
    """Return a cell of the head on every row of the household."""
    members = t.frames["member"]
    heads = members.loc[members["relation"] == "户主"].drop_duplicates(_keys(t)).set_index(_keys(t))[column]
    at = pd.MultiIndex.from_frame(members[_keys(t)]) if len(_keys(t)) > 1 else pd.Index(members["household"])
    return pd.Series(heads.reindex(at).to_numpy(), index=members.index)


def _with(t: Tables, *relations: str) -> Flags:
    """Return rows whose household (of the year) has a member of some relation."""
    members = t.frames["member"]
    there = members["relation"].isin(list(relations))
    keys = [members[k] for k in _keys(t)]
    return np.asarray(there.groupby(keys).transform("any"), dtype=bool)


def _set(mask: Mask, **cells: Value) -> Make:
    """Write fixed cells into rows that a mask allows; a callable cell gets the tables and the rows."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, "member", mask(t), n)
        for column, value in cells.items():
            t.write("member", rows, column, value(t, rows) if callable(value) else value)
        return rows

    return make


def _born(years_before: int) -> Callable[[Tables, pd.Index], npt.NDArray[np.object_]]:
    """Return birth dates so many years before the year described."""

    def cells(t: Tables, rows: pd.Index) -> npt.NDArray[np.object_]:
        year = _years(t).loc[rows] - years_before
        tail = t.frames["member"].loc[rows, "birth_date"].str.slice(4).str.replace("0229", "0228")
        return np.asarray(year.astype(str) + tail, dtype=object)

    return cells


def _born_after_head(more: int) -> Callable[[Tables, pd.Index], npt.NDArray[np.object_]]:
    def cells(t: Tables, rows: pd.Index) -> npt.NDArray[np.object_]:
        year = _head(t, "birth_date").loc[rows].str.slice(0, 4).astype(int) + more
        tail = t.frames["member"].loc[rows, "birth_date"].str.slice(4).str.replace("0229", "0228")
        return np.asarray(year.astype(str) + tail, dtype=object)

    return cells


def _other_sex(t: Tables, rows: pd.Index) -> npt.NDArray[np.object_]:
    return np.where(t.frames["member"].loc[rows, "sex"] == "男", "女", "男").astype(object)


def _copied(column: str, change: Callable[[pd.Series], pd.Series]) -> Callable[[Tables, pd.Index], pd.Series]:
    """Return cells of a column, changed."""
    return lambda t, rows: change(t.frames["member"].loc[rows, column])


def _month_before(t: Tables, rows: pd.Index) -> npt.NDArray[np.object_]:
    return np.asarray((_years(t).loc[rows] - 1).astype(str) + "06", dtype=object)


def _headless(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    rows = t.pick(rng, "member", _word(t, "relation", "户主"), n)
    t.write("member", rows, "relation", "其他")
    members = t.frames["member"]
    chosen = pd.MultiIndex.from_frame(members.loc[rows, _keys(t)])
    mine = members.loc[pd.MultiIndex.from_frame(members[_keys(t)]).isin(chosen)]
    return mine.index[~mine.duplicated(_keys(t))]


def _doubled(found: str, mask: Mask) -> Make:
    """Give another member the relation of one that the household has; all with it must be found."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, "member", mask(t), n)
        t.write("member", rows, "relation", found)
        members = t.frames["member"]
        chosen = pd.MultiIndex.from_frame(members.loc[rows, _keys(t)])
        inside = pd.MultiIndex.from_frame(members[_keys(t)]).isin(chosen)
        return members.index[inside & (members["relation"] == found)]

    return make


def _same_grade(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    members = t.frames["member"]
    if "wave" not in members:
        return members.index[:0]
    order = members.sort_values(["person", "wave"])
    first = order.groupby("person")["grade"].shift(2).reindex(members.index)
    middle = order.groupby("person")["grade"].shift(1).reindex(members.index)
    first = first.where(~first.fillna("大学").str.contains("大学|本科|大专"))
    rows = t.pick(
        rng, "member", _at_school(t) & first.notna().to_numpy() & middle.notna().to_numpy() & _last(t), n
    )
    before = pd.Series(order.index, index=order.index).groupby(order["person"]).shift(1).reindex(rows)
    t.write("member", rows, "grade", first.loc[rows])
    t.write("member", pd.Index(before.astype(int)), "grade", first.loc[rows].to_numpy(dtype=object))
    return rows


def _twins(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Give persons the name and date of birth of somebody in another household of the county."""
    rows: list[int] = []
    members = t.frames["member"]
    last = np.asarray(_years(t) == _years(t).max(), dtype=bool)
    for county in sorted(members["county"].unique())[:n]:
        pair = t.pick(rng, "member", last & (members["county"] == county).to_numpy(), 2)
        if len(pair) < 2:
            continue
        for column in ("name", "birth_date"):
            t.write("member", pair[1:], column, t.frames["member"].loc[pair[0], column])
        rows += list(pair)
    return pd.Index(sorted(rows))


def _of_household(column: str, *words: str) -> Mask:
    """Return rows whose household-year has a word in a column of the household table."""

    def mask(t: Tables) -> Flags:
        households = t.frames["household"]
        if "wave" in t.frames["member"]:
            values = households.set_index(["household", "wave"])[column]
        else:
            latest = households.loc[households["wave"] == households["wave"].max()]
            values = latest.set_index("household")[column]
        return np.asarray(t.of_household("member", values).isin(list(words)), dtype=bool)

    return mask


def _in(column: str, *words: str) -> Mask:
    return lambda t: _word(t, column, *words)


def _working(t: Tables) -> Flags:
    return np.asarray(t.frames["member"]["work_months"].astype(float) > 0, dtype=bool)


def _close_child(t: Tables) -> Flags:
    head = _head(t, "birth_date").str.slice(0, 4).astype(float)
    own = t.frames["member"]["birth_date"].str.slice(0, 4).astype(float)
    return np.asarray(_word(t, "relation", "之子") & (own - head < 26).to_numpy(), dtype=bool)


_SETS: Mapping[str, Make] = {
    "P06": _set(lambda t: _aged(t, 0, 40), birth_date=_born(-2)),
    "P07": _set(lambda t: _aged(t, 50, 90), birth_date=_born(104)),
    "P08": _set(lambda t: _aged(t, 30, 90), change="死亡", change_month=_month_before),
    "P09": _headless,
    "P10": _doubled("户主", _in("relation", "配偶")),
    "P11": _doubled("配偶", lambda t: _word(t, "relation", *CHILDREN) & _with(t, "配偶")),
    "P12": _set(_in("relation", *CHILDREN), birth_date=_born_after_head(6)),
    "P13": _set(_in("relation", "之父", "之母"), birth_date=_born_after_head(-5)),
    "P14": _set(_close_child, relation="之孙子"),
    "P15": _set(_in("relation", "配偶"), sex=_other_sex),
    "P16": _set(lambda t: _word(t, "relation", "配偶") & (_head(t, "birth_date").str.slice(0, 4).astype(float) > 1960).to_numpy(), birth_date=_born_after_head(-36)),
    "P17": _set(_in("relation", *CHILDREN), sex=_other_sex),
    "P18": _set(_in("relation", "户主"), birth_date=_born(12)),
    "P19": _set(_at_school, birth_date=_born(45)),
    "P20": _set(lambda t: _at_school(t) & _aged(t, 8, 14), student="非在校生", dropout=None),
    "P21": _set(_in("student", "小学"), birth_date=_born(18)),
    "P22": _same_grade,
    "P23": _set(lambda t: _aged(t, 8, 12), education="大专"),
    "P24": _set(lambda t: _last(t) & _word(t, "education", "初中", "高中", "大专"), education="文盲或半文盲"),
    "P25": _set(_working, work_months=14),
    "P26": _set(lambda t: _aged(t, 9, 14), work_months=5),
    "P27": _set(lambda t: _word(t, "labour", *UNABLE) & _aged(t, 20, 70), work_months=5),
    "P28": _set(_working, monthly_wage=0),
    "P29": _set(_working, monthly_wage=210_000),
    "P30": _set(lambda t: ~_working(t) & _aged(t, 20, 60), work_place="省外"),
    "P31": _set(lambda t: _at_school(t) & _aged(t, 16, 24), work_months=9),
    "P32": _set(lambda t: _aged(t, 70, 90), public_post=True),
    "P33": _set(_in("labour", *UNABLE), public_post=True),
    "P34": _set(_in("health", "健康"), id_number=_copied("id_number", lambda s: s + "43")),
    "P35": _set(lambda t: _aged(t, 8, 14), labour="普通劳动力"),
    "P36": _set(lambda t: _word(t, "health", "残疾", "患有大病") & ~_word(t, "labour", *ABLE), labour="普通劳动力"),
    "P37": _set(lambda t: _word(t, "health", "健康") & _word(t, "labour", *ABLE) & _aged(t, 20, 55) & ~_at_school(t), labour="无劳动力"),
    "P38": _set(_of_household("status", "已脱贫"), medical_insurance=False),
    "P39": _set(_of_household("household_type", "一般贫困户"), on_allowance=True),
    "P40": _set(lambda t: _word(t, "labour", *UNABLE) & _able_house(t), destitute=True),
    "P41": _twins,
    "P42": _set(lambda t: _aged(t, 20, 90), id_number=_copied("id_number", lambda s: s.str.slice(0, 6) + s.str.slice(8, 17))),
    "P43": _set(_last, sex=_other_sex),
    "P44": _set(_last, birth_date=_born(33)),
    "P45": _set(lambda t: _aged(t, 20, 60), change="迁出", change_month=None),
    "P46": _set(lambda t: _aged(t, 20, 60), household=_copied("household", lambda s: s + "7")),
}  # fmt: skip


def _able_house(t: Tables) -> Flags:
    members = t.frames["member"]
    able = members["labour"].isin(list(ABLE))
    return np.asarray(able.groupby([members[k] for k in _keys(t)]).transform("any"), dtype=bool)


INJECTORS: tuple[Injector, ...] = tuple(Injector(rule, "member", make) for rule, make in _SETS.items())
"""Injectors of this family, in the order of their rules."""
