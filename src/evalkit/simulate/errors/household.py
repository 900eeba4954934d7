"""Injectors of errors in amounts, housing, water, land and other facts of a household-year."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from evalkit.simulate.errors.damage import (
    Where,
    add_program,
    before,
    damaged,
    filled,
    frame_of,
    members_of,
    of_members,
    started,
    with_program,
)
from evalkit.simulate.errors.framework import Injector, Mask, Tables
from evalkit.simulate.errors.patterns import PATTERNS

ORDINARY, ON_ALLOWANCE, DESTITUTE = "一般贫困户", "低保贫困户", "特困供养户"
GREEN = ("forest_land", "converted_land", "grass_land")


def _all(t: Tables) -> Mask:
    return np.ones(len(frame_of(t)), dtype=bool)


def _positive(*columns: str) -> Where:
    """Return rows in which all of some columns are above zero."""
    return lambda t: np.asarray((frame_of(t)[list(columns)] > 0).all(axis=1), dtype=bool)


def _is(column: str, *words: object) -> Where:
    return lambda t: frame_of(t)[column].isin(list(words))


def _both(one: Where, other: Where) -> Where:
    return lambda t: pd.Series(one(t), index=frame_of(t).index) & pd.Series(other(t), index=frame_of(t).index)


def _column(name: str, times: float = 1.0, plus: float = 0.0) -> Callable[[pd.DataFrame], pd.Series]:
    """Return what a column times and plus something gives, in whole numbers."""
    return lambda f: (f[name] * times + plus).round().astype("int64")


def _steady(column: str) -> Where:
    """Return rows with a row before and after, all above zero and within a quarter of this one."""

    def where(t: Tables) -> Mask:
        now, last, following = frame_of(t)[column], before(t, column), before(t, column, -1)
        near = (now / following.where(following > 0)).between(0.8, 1.25)
        return near & (now / last.where(last > 0)).between(0.8, 1.25) & (now > 0) & (now < 9000)

    return where


def _grown(t: Tables) -> Mask:
    last = before(t, "income_pc")
    next_year = frame_of(t)["wave"] - before(t, "wave") == 1
    return next_year & last.between(1000, 6000)


def _previous_size(t: Tables) -> Mask:
    return (frame_of(t)["wave"] - before(t, "wave") == 1) & (before(t, "size") <= 6)


def _from_before(
    column: str, times: float = 1.0, plus: float = 0.0
) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    """Return the filling of a column with what the row before has, times and plus something."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        values = before(t, column).loc[rows] * times + plus
        whole = frame_of(t)[column].dtype.kind == "i"
        t.write("household", rows, column, values.round().astype("int64") if whole else values.round(2))

    return fill


def _member_sum(column: str, least: float) -> Where:
    def where(t: Tables) -> Mask:
        values = t.frames["member"][column].astype(float)
        return of_members(t, values) >= least

    return where


def _roster(t: Tables) -> Mask:
    return of_members(t, pd.Series(1.0, index=t.frames["member"].index)) > 0


def _healthy(words: str) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        t.write("member", members_of(t, rows), "health", words)

    return fill


def _wages_by_month(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    months = of_members(t, t.frames["member"]["work_months"].astype(float)).loc[rows]
    t.write("household", rows, "wage_income", (months * 20_000).astype("int64"))


def _unsafe(t: Tables) -> Mask:
    return frame_of(t)["unsafe_housing"]


def _relocated(t: Tables) -> Mask:
    return started(t, "易地搬迁") < frame_of(t)["wave"]


def _supported(
    word: str, column: str, value: object
) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        add_program(t, rows, word)
        t.write("household", rows, column, value)

    return fill


def _no_dividends(t: Tables) -> Mask:
    return ~with_program(t, "资产收益", "光伏") & (frame_of(t)["dividend_income"] == 0)


def _green_times(times: float) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: (f[list(GREEN)].sum(axis=1) * times + 1).round().astype("int64")


INCOME: tuple[Injector, ...] = (
    damaged("I07", _positive("property_income"), {"property_income": _column("property_income", plus=500)}),
    damaged("I08", _all, {"transfer_income": _column("transfer_income", plus=700)}),
    damaged("I09", _positive("dividend_income"), {"dividend_income": _column("property_income", plus=50)}),
    damaged("I10", _positive("minimum_allowance"), {"minimum_allowance": _column("transfer_income", plus=500)}),
    damaged("I11", _all, {"income_gross": _column("income_gross", plus=1000)}),
    damaged("I12", _positive("wage_income"), {"wage_income": _column("wage_income", -1)}),
    damaged("I13", _positive("pension"), {"pension": _column("pension", -1)}),
    damaged("I14", _positive("operating_expense"), {"operating_expense": _column("operating_expense", -1)}),
    damaged("I15", lambda t: frame_of(t)["operating_income"] >= 1000, {"operating_expense": 0}),
    damaged("I16", lambda t: frame_of(t)["operating_income"] == 0, {"operating_expense": 800}),
    damaged("I17", _positive("operating_income"), {"operating_expense": _column("operating_income", 3, 10)}),
    damaged("I18", _all, {"income_net": _column("income_gross", plus=500)}),
    damaged("I19", _all, {"income_pc": 0.0}),
    damaged("I20", _all, {"income_pc": 80_000.0}),
    damaged("I21", _positive("minimum_allowance"), {"minimum_allowance": 150}),
    damaged("I22", _positive("minimum_allowance"), {"minimum_allowance": _column("size", 13_000)}),
    damaged("I23", _positive("pension"), {"pension": 120}),
    damaged("I24", _positive("pension"), {"pension": _column("size", 45_000)}),
    damaged("I25", _positive("destitute_allowance"), {"destitute_allowance": _column("size", 30_000)}),
    damaged("I26", _all, {"family_planning_grant": 20_000}),
    damaged("I27", _positive("ecological_compensation"), dict.fromkeys(GREEN, 0.0)),
    damaged("I28", lambda t: frame_of(t)[list(GREEN)].sum(axis=1) > 0, {"ecological_compensation": _green_times(3500)}),
    damaged("I29", _is("household_type", ORDINARY), {"minimum_allowance": 2400}),
    damaged("I30", _both(_is("household_type", ON_ALLOWANCE), _positive("minimum_allowance")), {"minimum_allowance": 0}),
    damaged("I31", _is("household_type", ORDINARY, ON_ALLOWANCE), {"destitute_allowance": 5000}),
    damaged("I32", _is("household_type", DESTITUTE), {"destitute_allowance": 0, "minimum_allowance": 0}),
    damaged("I33", lambda t: frame_of(t)["labourers"] == 0, {"wage_income": 9000}),
    damaged("I34", lambda t: frame_of(t)["labourers"] >= 2, {"wage_income": 0, "operating_income": 0}),
    damaged("I35", _positive("labourers"), {"wage_income": _column("labourers", 130_000)}),
    damaged("I36", _member_sum("work_months", 3), {"wage_income": 0}),
    filled("I37", _member_sum("work_months", 1), _wages_by_month),
    damaged("I38", _member_sum("public_post", 1), {"wage_income": 0}),
    damaged("I39", _no_dividends, {"dividend_income": 300, "property_income": _column("property_income", plus=300)}),
    damaged("I40", _all, {"dividend_income": _column("size", 6000)}),
    damaged("I41", lambda t: frame_of(t)["income_pc"] > 4000, {"other_transfer_income": _column("income_net", 0.9)}),
    damaged("I42", _all, {"tax": _column("income_gross", 0.3)}),
    damaged("I43", _steady("income_pc"), {"income_pc": lambda f: (f["income_pc"] * 10).round(2)}),
    damaged("I44", _steady("wage_income"), {"wage_income": _column("wage_income", 10)}),
    filled("I45", _grown, _from_before("income_pc", 8)),
    filled("I46", _grown, _from_before("income_pc", 0.1)),
)  # fmt: skip
"""Injectors for the income account."""

FACTS: tuple[Injector, ...] = (
    damaged("L01", _is("housing_grade", "A级", "B级"), {"unsafe_housing": True}),
    damaged("L02", _is("housing_grade", "C级", "D级"), {"unsafe_housing": False}),
    damaged("L03", _unsafe, {"housing_grade": None}),
    damaged("L04", _all, {"housing_area": _column("size", 2)}),
    damaged("L05", _all, {"housing_area": _column("size", 250)}),
    damaged("L06", _relocated, {"unsafe_housing": True, "housing_grade": "D级"}),
    filled("L07", _unsafe, _supported("住房安全保障", "unsafe_housing", value=True)),
    filled("L08", _all, _supported("饮水安全保障", "safe_water", value=False)),
    damaged("L09", _is("cause", "因病"), {"ill_members": 0}),
    filled("L10", _both(_is("cause", "因病"), _roster), _healthy("健康")),
    damaged("L11", _is("cause", "因学"), {"pupils": 0}),
    damaged("L12", _is("cause", "因残"), {"ill_members": 0}),
    filled("L13", _both(_is("cause", "因残"), _roster), _healthy("患有大病")),
    damaged("L14", _both(_is("cause", "缺劳力"), lambda t: frame_of(t)["size"] >= 2), {"labourers": _column("size", 0.5, 0.5)}),
    damaged("L15", _is("cause", "缺土地"), {"cultivated_land": _column("size", 6)}),
    damaged("L16", _is("household_type", DESTITUTE), {"labourers": 1}),
    damaged("L17", lambda t: frame_of(t)["cause"].notna(), {"second_cause": lambda f: f["cause"]}),
    damaged("L18", _is("cause", "因病", "因残", "缺劳力"), {"second_cause": "因学,缺技术,缺资金"}),
    damaged("L19", lambda t: frame_of(t)["second_cause"].notna(), {"cause": None}),
    damaged("L20", _roster, {"size": _column("size", plus=1)}),
    damaged("L21", _all, {"labourers": _column("size", plus=1)}),
    damaged("L22", _all, {"pupils": _column("size", plus=1)}),
    damaged("L23", _all, {"ill_members": _column("size", plus=1)}),
    damaged("L24", _all, {"labourers": _column("size"), "pupils": 1}),
    damaged("L25", _all, {"labourers": -1}),
    damaged("L26", _all, {"size": 20}),
    filled("L27", _previous_size, _from_before("size", plus=5)),
    damaged("L28", _all, {"head_age": 12}),
    damaged("L29", _all, {"head_age": 120}),
    filled("L30", lambda t: frame_of(t)["wave"] - before(t, "wave") == 1, _from_before("head_age", plus=4)),
    damaged("L31", _all, {"head_school": 25}),
    damaged("L32", _all, {"cultivated_land": -3.0}),
    damaged("L33", _all, {"cultivated_land": _column("size", 250)}),
    filled("L34", lambda t: before(t, "cultivated_land") > 0, _from_before("cultivated_land", 5, 20)),
    damaged("L35", _all, {"road_distance": 80.0}),
    damaged("L36", _all, {"power_production": True, "power_home": False}),
)  # fmt: skip
"""Injectors for the facts of a household."""

INJECTORS: tuple[Injector, ...] = (*PATTERNS, *INCOME, *FACTS)
"""Injectors of this family: those that need whole villages first."""
