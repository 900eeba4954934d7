"""Injectors of errors in years and months of identification, exit, monitoring and support."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from evalkit.simulate.errors.damage import (
    Cell,
    Fill,
    Where,
    before,
    damaged,
    filled,
    first_rows,
    frame_of,
    grouped,
    line_of,
    members_of,
    of_members,
    row_before,
    started,
    with_program,
)
from evalkit.simulate.errors.framework import Injector, Mask, Tables
from evalkit.simulate.support import WORDS

OPEN, DONE, BACK = "未脱贫", "已脱贫", "返贫"
UNSTABLE = "脱贫不稳定户"
RISKS = ("risk_1", "risk_2", "risk_3", "risk_4", "risk_5")
MONITORED: Mapping[str, Cell] = {"monitored": UNSTABLE, "risk_1": "其他", "monitored_month": "202003"}
"""A monitored household."""
ELIMINATED: Mapping[str, Cell] = {
    **MONITORED,
    "risk_eliminated": True,
    "eliminated_month": "202012",
    "elimination": "帮扶消除",
}
"""A risk properly eliminated, as far as the form goes."""


def _all(t: Tables) -> Mask:
    return np.ones(len(frame_of(t)), dtype=bool)


def _status(*words: str) -> Where:
    return lambda t: frame_of(t)["status"].isin(list(words))


def _exit_now(t: Tables) -> pd.Series:
    return (frame_of(t)["exit_year"] == frame_of(t)["wave"]).fillna(value=False).astype(bool)


def _exit_past(t: Tables) -> pd.Series:
    return (frame_of(t)["exit_year"] < frame_of(t)["wave"]).fillna(value=False).astype(bool)


def _never_returned(t: Tables) -> pd.Series:
    frame = frame_of(t)
    return ~frame["household"].isin(
        frame.loc[(frame["status"] == BACK) | frame["returned"].astype(bool), "household"]
    )


def _exited_before(t: Tables) -> pd.Series:
    """Return rows of exited households that were exited in the wave before and never returned."""
    return (frame_of(t)["status"] == DONE) & (before(t, "status") == DONE) & _never_returned(t)


def _first_exit_known(t: Tables) -> Mask:
    return first_rows(t) & frame_of(t)["exit_year"].notna()


def _now(t: Tables) -> pd.Series:
    """Return rows of exited households of the last wave, which may be monitored."""
    return (frame_of(t)["wave"] == 2020) & (frame_of(t)["status"] == DONE)


def _not_monitored(t: Tables) -> pd.Series:
    return frame_of(t)["monitored"].isna() & (frame_of(t)["wave"] == 2020)


def _in_2020(*words: str) -> Where:
    return lambda t: frame_of(t)["status"].isin(list(words)) & (frame_of(t)["wave"] == 2020)


def _year(column: str, plus: int = 0) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: f[column].astype("int64") + plus


def _month(column: str, month: str, plus: int = 0) -> Callable[[pd.DataFrame], pd.Series]:
    """Return a month of the year in a column, some years on."""
    return lambda f: (f[column].astype("int64") + plus).astype("str") + month


def _of_compulsory_age(t: Tables) -> pd.Series:
    members = t.frames["member"]
    years = members["wave"].astype(int) - members["birth_date"].str.slice(0, 4).astype(float)
    return years.between(7, 15)


def _dropout(cells: Mapping[str, Cell]) -> Fill:
    """Return the filling of rows with cells and of their members with a reason for leaving school."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        for column, value in cells.items():
            t.write("household", rows, column, value)
        members = members_of(t, rows)
        t.write("member", members[_of_compulsory_age(t).loc[members]], "dropout", "厌学")

    return fill


def _with_pupils(where: Where) -> Where:
    def both(t: Tables) -> Mask:
        there = of_members(t, _of_compulsory_age(t).astype(float)) > 0
        return pd.Series(where(t), index=there.index) & there

    return both


def _low_twice(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    for place in (rows, row_before(t, rows)):
        t.write("household", place, "income_pc", (line_of(frame_of(t).loc[place]) * 0.8).round(2))


def _high_three_years(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    for place in (rows, row_before(t, rows), row_before(t, rows, 2)):
        t.write("household", place, "income_pc", (line_of(frame_of(t).loc[place]) * 2.2).round(2))


def _open_three_years(t: Tables) -> Mask:
    """Return the third row of households that are registered until then."""
    third = frame_of(t).groupby("household", sort=False).cumcount() == 2
    return third & (frame_of(t)["status"] == OPEN) & (before(t, "wave", 2) == frame_of(t)["wave"] - 2)


def _unsupported(*codes: str) -> Where:
    """Return rows of the last wave without any of some programs."""
    words = [word for word, code in WORDS.items() if code in codes]
    return lambda t: _now(t) & (~with_program(t, *words) if words else _now(t))


def _at_risk(risk: str) -> Mapping[str, Cell]:
    return {**MONITORED, "risk_1": risk}


def _exit_together(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    frame = frame_of(t).loc[rows]
    for column, value in (
        ("exit_year", frame["wave"]),
        ("exit_month", frame["wave"].astype("str") + "12"),
        ("status", DONE),
    ):
        t.write("household", rows, column, value)


def _together(month: str, cells: Mapping[str, Cell]) -> Fill:
    """Return the filling of a township's rows: all monitored, one month."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        for column, value in {"monitored": UNSTABLE, "risk_1": "其他", **cells}.items():
            t.write("household", rows, column, value)
        frame = frame_of(t)
        place = frame.loc[rows[0], ["county", "township"]]
        around = (frame["county"] == place["county"]) & (frame["township"] == place["township"])
        same = around & (frame["wave"] == 2020) & frame[month].notna()
        t.write("household", frame.index[same], month, cells[month])
        t.used.update(frame.loc[around, "household"])

    return fill


def _without_programs(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    t.drop("program", t.rows_of("program", frame_of(t).loc[rows, "household"]))


def _eliminated_without_programs(rng: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    for column, value in ELIMINATED.items():
        t.write("household", rows, column, value)
    _without_programs(rng, t, rows)


def _lose_wave_before(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    t.drop("household", row_before(t, rows))


def _lose_start(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    frame = frame_of(t)
    mine = frame["household"].isin(frame.loc[rows, "household"])
    t.drop("household", frame.index[mine & (frame["wave"] < 2016)])


def _monitored_twice(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    for place, month in ((row_before(t, rows), "202001"), (rows, "202006")):
        t.write("household", place, "monitored", UNSTABLE)
        t.write("household", place, "monitored_month", month)


def _support_reached(t: Tables) -> Mask:
    """Return exits of this year with a program from this or an earlier year."""
    first = pd.concat([started(t, word) for word in WORDS], axis=1).min(axis=1)
    return _exit_now(t) & (first <= frame_of(t)["wave"])


STATUS: tuple[Injector, ...] = (
    damaged("S01", _first_exit_known, {"exit_year": _year("identified_year", -1)}),
    damaged("S02", _all, {"exit_year": _year("wave", 1)}),
    damaged("S03", _all, {"identified_year": _year("wave", 1)}),
    damaged("S04", _status(DONE), {"exit_year": None}),
    damaged("S05", _status(OPEN), {"exit_year": _year("wave", -1)}),
    damaged("S06", _exit_now, {"income_pc": lambda f: (line_of(f) * 0.9).round(2)}),
    damaged("S07", _exit_now, {"unsafe_housing": True}),
    damaged("S08", _exit_now, {"safe_water": False}),
    filled("S09", _with_pupils(_exit_now), _dropout({})),
    damaged("S10", lambda t: _exit_past(t) & (frame_of(t)["status"] == DONE), {"unsafe_housing": True}),
    damaged("S11", _exited_before, {"status": OPEN}),
    damaged("S12", lambda t: (frame_of(t)["status"] == OPEN) & before(t, "status").notna(), {"status": BACK, "returned": True}),
    damaged("S13", _status(BACK), {"returned": False}),
    damaged("S14", lambda t: (frame_of(t)["status"] == DONE) & _never_returned(t), {"returned": True}),
    damaged("S15", _exited_before, {"exit_year": _year("wave")}),
    damaged("S16", lambda t: before(t, "wave").notna(), {"identified_year": _year("identified_year", -1)}),
    damaged("S17", _exited_before, {"exit_year": None}),
    filled("S18", lambda t: _exited_before(t) & (frame_of(t)["wave"] < 2020), _low_twice),
    damaged("S19", lambda t: frame_of(t)["identified_year"] == frame_of(t)["wave"], {"income_pc": lambda f: (line_of(f) * 2).round(2)}),
    filled("S20", _open_three_years, _high_three_years),
    damaged("S21", _now, {**MONITORED, "risk_1": None}),
    damaged("S22", _now, {**MONITORED, "monitored_month": None}),
    damaged("S23", _not_monitored, {"risk_1": "因病"}),
    damaged("S24", _now, {**MONITORED, "risk_2": "其他"}),
    damaged("S25", _now, {**MONITORED, "risk_1": None, "risk_2": "其他"}),
    damaged("S26", _not_monitored, {"risk_eliminated": True}),
    damaged("S27", _now, {**ELIMINATED, "eliminated_month": None}),
    damaged("S28", _now, {**ELIMINATED, "risk_eliminated": False}),
    damaged("S29", _now, {**ELIMINATED, "elimination": None}),
    damaged("S30", _now, {**ELIMINATED, "income_pc": 4200.0}),
    damaged("S31", _now, {**ELIMINATED, "unsafe_housing": True}),
    damaged("S32", _now, {**ELIMINATED, "safe_water": False}),
    filled("S33", _with_pupils(_now), _dropout(ELIMINATED)),
    damaged("S34", _now, {**ELIMINATED, "labourers": 0, "minimum_allowance": 3600}),
    filled("S35", _now, _eliminated_without_programs),
    damaged("S36", _now, {**MONITORED, "monitored": "边缘易致贫户"}),
    damaged("S37", _in_2020(OPEN), {"monitored": UNSTABLE, "risk_1": "其他", "monitored_month": "202005"}),
    damaged("S38", lambda t: _not_monitored(t) & (frame_of(t)["status"] != OPEN), {"rigid_expense": lambda f: f["income_net"] * 2}),
    damaged("S39", lambda t: _not_monitored(t) & (frame_of(t)["status"] == DONE), {"income_pc": 4500.0}),
    damaged("S40", _unsupported("health", "safety_net"), _at_risk("因病")),
    damaged("S41", _unsupported("education"), _at_risk("因学")),
    damaged("S42", _unsupported("employment", "public_post"), _at_risk("务工就业不稳")),
    damaged("S43", _unsupported("relocation"), _at_risk("因安全住房")),
    damaged("S44", _unsupported(), _at_risk("因安全饮水")),
    damaged("S45", _unsupported("industry", "finance", "employment", "public_post", "safety_net"), _at_risk("产业项目失败")),
)  # fmt: skip
"""Injectors for the registry's status."""

TIMING: tuple[Injector, ...] = (
    damaged("W01", lambda t: frame_of(t)["exit_year"].notna(), {"exit_month": _month("exit_year", "01", 1)}),
    damaged("W02", _all, {"identified_month": _month("identified_year", "01", 1)}),
    damaged("W03", _all, {"exit_month": _month("wave", "02", 1)}),
    damaged("W04", _now, {**MONITORED, "monitored_month": "202102"}),
    damaged("W05", _now, {**ELIMINATED, "eliminated_month": "202102"}),
    damaged("W06", lambda t: frame_of(t)["exit_month"].notna(), {"exit_month": "201613"}),
    damaged("W07", _all, {"identified_month": "201400"}),
    damaged("W08", _now, {**MONITORED, "monitored_month": "2020年"}),
    damaged("W09", _now, {**ELIMINATED, "eliminated_month": "20205"}),
    damaged("W10", _now, {**ELIMINATED, "monitored_month": "202009", "eliminated_month": "202005"}),
    damaged("W11", _now, {**ELIMINATED, "monitored_month": "202006", "eliminated_month": "202007"}),
    damaged("W12", _now, {**ELIMINATED, "monitored_month": "202006", "eliminated_month": "202010"}),
    filled("W16", _support_reached, _without_programs),
    damaged("W17", first_rows, {"identified_month": "201401", "exit_month": "201402"}),
    filled("W18", lambda t: before(t, "wave", 2) == frame_of(t)["wave"] - 2, _lose_wave_before),
    filled("W19", lambda t: (frame_of(t)["wave"] == 2016) & before(t, "wave").notna(), _lose_start),
    damaged("W20", first_rows, {"identified_year": 2011}),
    damaged("W21", _now, {**MONITORED, "monitored_month": "201906"}),
    filled("W22", lambda t: (frame_of(t)["wave"] == 2020) & (before(t, "wave") == 2019), _monitored_twice),
)  # fmt: skip
"""Injectors for months and waves."""

BATCHES: tuple[Injector, ...] = (
    grouped("W13", lambda t: frame_of(t)["wave"] >= 2016, ("village", "wave"), (14, 10**6), _exit_together),
    grouped("W14", lambda t: frame_of(t)["wave"] == 2020, ("county", "township", "wave"), (12, 12), _together("eliminated_month", ELIMINATED)),
    grouped("W15", lambda t: frame_of(t)["wave"] == 2020, ("county", "township", "wave"), (12, 12), _together("monitored_month", {"monitored_month": "202004"})),
)  # fmt: skip
"""Injectors that need a whole village or township."""

INJECTORS: tuple[Injector, ...] = (*BATCHES, *STATUS, *TIMING)
"""Injectors of this family: those that need many households first."""
