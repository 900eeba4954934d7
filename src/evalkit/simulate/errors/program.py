"""Injectors of errors in programs, villages, the survey and totals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.errors.framework import Injector, Make, Tables

Flags = npt.NDArray[np.bool_]
Mask = Callable[[Tables], Flags]


def _all(table: str) -> Mask:
    return lambda t: np.ones(len(t.frames[table]), dtype=bool)


def _of(table: str, column: str, *words: object) -> Mask:
    return lambda t: np.asarray(t.frames[table][column].isin(list(words)), dtype=bool)


def _set(table: str, mask: Mask, **cells: object) -> Make:
    """Write cells into rows that a mask allows; a callable cell gets the rows as they are."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        rows = t.pick(rng, table, mask(t), n)
        for column, value in cells.items():
            t.write(table, rows, column, value(t.frames[table].loc[rows]) if callable(value) else value)
        return rows

    return make


def _first_identified(t: Tables) -> pd.Series:
    first = t.frames["household"].groupby("household")["identified_year"].max()
    return t.of_household("program", first)


def _before_identified(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    first = _first_identified(t)
    rows = t.pick(rng, "program", first.notna().to_numpy(), n)
    t.write("program", rows, "program_start", first.loc[rows] - 1)
    return rows


def _twice(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    rows = t.pick(rng, "program", _all("program")(t), n)
    again = t.frames["program"].loc[rows].copy()
    again["amount"] = again["amount"] + 7
    return rows.append(t.add("program", again))


def _never(program: str, *columns: str) -> Make:
    """Give a program to households that never have anything of some columns."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        households = t.frames["household"]
        most = households[list(columns)].astype(float).sum(axis=1).groupby(households["household"]).max()
        mask = (t.of_household("program", most) == 0).to_numpy() & ~_of("program", "program", program)(t)
        rows = t.pick(rng, "program", mask, n)
        if len(rows) < n:
            rows = rows.append(_emptied(rng, t, columns, n - len(rows)))
        t.write("program", rows, "program", program)
        return rows

    return make


def _emptied(rng: np.random.Generator, t: Tables, columns: tuple[str, ...], n: int) -> pd.Index:
    """Take everything of some columns from the households of further program rows."""
    rows = t.pick(rng, "program", _all("program")(t), n)
    homes = t.rows_of("household", t.frames["program"].loc[rows, "household"])
    for column in columns:
        t.write("household", homes, column, 0)
    return rows


def _renovated(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    rows = t.pick(rng, "program", _of("program", "program", "易地搬迁")(t), n)
    more = t.frames["program"].loc[rows].copy()
    more["program"] = "住房安全保障"
    t.add("program", more)
    return rows


def _villages(column: str, share: float) -> Make:
    """Make a village smaller than what the household table has there."""

    def make(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
        households = t.frames["household"]
        now = households.loc[households["wave"] == households["wave"].max()]
        size = now.groupby("village")["size"].agg("count" if column == "village_households" else "sum")
        frame = t.frames["village"]
        here = frame["village"].map(size)
        rows = t.pick(rng, "village", (here > 3).to_numpy(), n)
        t.write("village", rows, column, np.floor(here.loc[rows].to_numpy(dtype=float) * share).astype(int))
        return rows

    return make


def _second_name(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Write another name on one household-year; every row of the village must be found."""
    rows = t.pick(rng, "household", _all("household")(t), n)
    t.write("household", rows, "village_name", "别名村")
    frame = t.frames["household"]
    return frame.index[frame["village"].isin(frame.loc[rows, "village"].unique())]


def _second_code(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    frame = t.frames["household"]
    rows = t.pick(rng, "household", _all("household")(t), n)
    t.write("household", rows, "village", frame.loc[rows, "county"] + "999999")
    places = pd.MultiIndex.from_frame(frame.loc[rows, ["county", "township", "village_name"]])
    here = pd.MultiIndex.from_frame(frame[["county", "township", "village_name"]]).isin(places)
    return frame.index[here]


def _unlisted_village(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Take villages out of the village table; every household row there must be found."""
    rows = t.pick(rng, "village", _all("village")(t), min(n, 3))
    gone = t.frames["village"].loc[rows, "village"]
    t.drop("village", rows)
    frame = t.frames["household"]
    return frame.index[frame["village"].isin(gone)]


def _moved(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Put household-years of the last wave into another village of the county."""
    frame = t.frames["household"]
    last = (frame["wave"] == frame["wave"].max()) & (frame.groupby("household")["wave"].transform("size") > 1)
    rows = t.pick(rng, "household", last.to_numpy(), n)
    names = ["township", "village", "village_name"]
    villages = frame.drop_duplicates("village").groupby("county")
    for row in rows:
        others = villages.get_group(frame.loc[row, "county"])
        other = others.loc[others["village"] != frame.loc[row, "village"]].iloc[0]
        for name in names:
            t.write("household", pd.Index([row]), name, other[name])
    return rows


def _registered_as_unregistered(rng: np.random.Generator, t: Tables, n: int) -> pd.Index:
    """Give unregistered households of the survey the id of a registered one."""
    survey, homes = t.frames["survey"], t.frames["household"]
    rows = t.pick(rng, "survey", _of("survey", "survey_group", "非建档立卡户")(t), n)
    last = homes.loc[homes["wave"] == homes["wave"].max()]
    taken = set(survey["household"])
    pools = {c: iter([h for h in g["household"] if h not in taken]) for c, g in last.groupby("county")}
    ids = [next(pools[c]) for c in survey.loc[rows, "county"]]
    t.write("survey", rows, "household", np.array(ids, dtype=object))
    return rows


def _few(make: Make, most: int) -> Make:
    """Limit an injector of tables with few rows."""
    return lambda rng, t, n: make(rng, t, min(n, most))


_PROGRAM: Mapping[str, Make] = {
    "G03": _set("program", _all("program"), program_end=lambda rows: rows["program_start"] - 1),
    "G04": _before_identified,
    "G05": _set("program", _all("program"), program_start=2031),
    "G06": _set("program", _all("program"), amount=-500),
    "G07": _set("program", _all("program"), amount=2_000_000),
    "G08": _twice,
    "G09": _never("教育帮扶", "pupils"),
    "G10": _never("公益岗位帮扶", "labourers"),
    "G11": _never("金融帮扶", "labourers"),
    "G12": _renovated,
    "G13": _never("综合保障", "minimum_allowance", "destitute_allowance", "pension"),
    "G14": _never("资产收益", "dividend_income"),
    "G15": _set("program", _of("program", "program", "公益岗位帮扶"), public_post_persons=25),
    "G16": _set("program", _all("program"), household=lambda rows: rows["household"] + "7"),
    "G17": _set("program", _all("program"), program_start=2008),
    "G18": _never("就业帮扶", "labourers"),
    "G19": _never("生态帮扶", "ecological_compensation", "wage_income"),
}
_VILLAGE: Mapping[str, Make] = {
    "V01": _few(_villages("village_households", 0.5), 5),
    "V02": _few(_villages("village_persons", 0.5), 5),
    "V03": _few(
        _set("village", _all("village"), village_persons=lambda rows: rows["village_households"] * 11), 5
    ),
    "V04": _few(_set("village", _all("village"), collective_income=-3000), 5),
    "V05": _few(_set("village", _all("village"), distance=1200), 5),
}
_HOUSEHOLD: Mapping[str, Make] = {
    "V06": _few(_second_name, 3),
    "V07": _few(_second_code, 3),
    "V08": _moved,
    "V09": _unlisted_village,
}
_SURVEY: Mapping[str, Make] = {
    "Q01": _set("survey", _all("survey"), persons=0),
    "Q02": _set(
        "survey", _of("survey", "survey_group", "非建档立卡户"), wrongly_exited=True, case_stage="认定"
    ),
    "Q03": _set("survey", _of("survey", "survey_group", "已脱贫户"), missed=True, case_stage="认定"),
    "Q04": _set(
        "survey",
        _of("survey", "survey_group", "已脱贫户"),
        wrongly_exited=True,
        missed=True,
        case_stage="认定",
    ),
    "Q05": _set("survey", _of("survey", "survey_group", "已脱贫户"), wrongly_exited=True, case_stage="无"),
    "Q06": _set("survey", _of("survey", "case_stage", "无"), case_stage="核查"),
    "Q07": _registered_as_unregistered,
    "Q08": _set("survey", _all("survey"), weight=0),
    "Q09": _set("survey", _all("survey"), approves=None),
}
_TOTALS: Mapping[str, Make] = {
    "O01": _few(_set("totals", _all("totals"), agricultural_persons=100), 1),
    "O02": _few(_set("totals", _all("totals"), registered_persons=-5), 1),
    "O03": _few(
        _set(
            "totals",
            _all("totals"),
            sampled_village_unregistered=lambda rows: rows["unregistered_persons"] + 9,
        ),
        1,
    ),
    "O04": _few(_set("totals", _all("totals"), assessed_year=2031), 1),
    "O05": _few(_set("totals", _all("totals"), registered_persons=0, exited_persons=1), 1),
}

INJECTORS: tuple[Injector, ...] = (
    *(Injector(rule, "program", make) for rule, make in _PROGRAM.items()),
    *(Injector(rule, "village", make) for rule, make in _VILLAGE.items()),
    *(Injector(rule, "household", make) for rule, make in _HOUSEHOLD.items()),
    *(Injector(rule, "survey", make) for rule, make in _SURVEY.items()),
    *(Injector(rule, "totals", make) for rule, make in _TOTALS.items()),
)
"""Injectors of this family, in the order of their rules."""
