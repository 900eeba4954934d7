"""Injectors of patterns: copied households, frozen records, heaps above a line, padded incomes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from evalkit.simulate.errors.damage import (
    before,
    damaged,
    filled,
    frame_of,
    grouped,
    line_of,
    row_after,
    row_before,
)
from evalkit.simulate.errors.framework import Injector, Mask, Tables

ACCOUNT = ("wage_income", "operating_income", "property_income", "transfer_income", "operating_expense")
LAND = ("cultivated_land", "forest_land", "housing_area", "road_distance")
MONITORING_LINE = {2020: 5000.0}
VILLAGE_WAVE = ("village", "wave")


def _rich(t: Tables) -> Mask:
    return (frame_of(t)[list(ACCOUNT)] > 0).sum(axis=1) >= 3


def _all(t: Tables) -> Mask:
    return np.ones(len(frame_of(t)), dtype=bool)


def _copy(columns: tuple[str, ...]) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    """Return the filling of all rows of a group with the first one's cells."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        for column in columns:
            t.write("household", rows, column, frame_of(t).loc[rows[0], column])

    return fill


def _facts(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    for column, value in zip(LAND, (3.4, 1.7, 83, 0.9), strict=True):
        t.write("household", rows, column, value)


def _freeze(columns: tuple[str, ...], years: int) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    """Return the filling of a row with the cells of the row some waves before, and of those between."""

    def fill(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        origin = row_before(t, rows, years)
        for back in range(years):
            place = row_before(t, rows, back) if back else rows
            for column in columns:
                t.write("household", place, column, frame_of(t).loc[origin, column])

    return fill


def _third(t: Tables) -> Mask:
    return before(t, "wave", 2) == frame_of(t)["wave"] - 2


def _rich_before(t: Tables) -> Mask:
    last = pd.concat([before(t, c) for c in ACCOUNT], axis=1)
    return (last > 0).sum(axis=1) >= 2


def _same_rate(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    t.write("household", rows, "income_pc", (before(t, "income_pc").loc[rows] * 1.1234).round(2))


def _rounded(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    net = frame_of(t).loc[rows, "income_net"]
    t.write("household", rows, "income_net", (net / 100).round().clip(lower=1).astype("int64") * 100)


def _heap(
    lines: Callable[[pd.DataFrame], pd.Series],
) -> Callable[[np.random.Generator, Tables, pd.Index], None]:
    """Return the filling of incomes within 1.8 % above a line."""

    def fill(rng: np.random.Generator, t: Tables, rows: pd.Index) -> None:
        above = 1 + rng.uniform(0.0005, 0.018, len(rows))
        t.write("household", rows, "income_pc", (lines(frame_of(t).loc[rows]) * above).round(2))

    return fill


def _monitoring(frame: pd.DataFrame) -> pd.Series:
    return frame["wave"].astype(int).map(MONITORING_LINE)


def _crossed(t: Tables) -> Mask:
    """Return years of exit in which income crosses the line."""
    frame = frame_of(t)
    line = line_of(frame)
    poor = before(t, "income_pc") < line.groupby(frame["household"], sort=False).shift(1)
    return (frame["exit_year"] == frame["wave"]) & poor & (frame["income_pc"] >= line)


def _padded(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    """Let transfers rise by as much as the whole income did."""
    frame = frame_of(t).loc[rows]
    rise = (frame["income_pc"] - before(t, "income_pc").loc[rows]) * frame["size"]
    dividends = frame["dividend_income"] - before(t, "dividend_income").loc[rows]
    transfers = before(t, "transfer_income").loc[rows] + rise - dividends
    t.write("household", rows, "transfer_income", transfers.round().astype("int64"))


def _falls_back(t: Tables) -> Mask:
    unmarked = before(t, "status", -1) == "已脱贫"
    return _crossed(t) & unmarked & ~before(t, "returned", -1).fillna(value=True).astype(bool)


def _reversed(_: np.random.Generator, t: Tables, rows: pd.Index) -> None:
    t.write("household", row_after(t, rows), "income_pc", before(t, "income_pc").loc[rows])


PATTERNS: tuple[Injector, ...] = (
    grouped("N08", lambda t: frame_of(t)["income_net"] > 0, VILLAGE_WAVE, (12, 10**6), _rounded),
    grouped("N10", _all, VILLAGE_WAVE, (12, 12), _heap(line_of)),
    grouped("N11", _all, ("interviewer", "wave"), (12, 12), _heap(line_of)),
    grouped("N12", lambda t: frame_of(t)["wave"] == 2020, VILLAGE_WAVE, (12, 12), _heap(_monitoring)),
    grouped("N07", lambda t: before(t, "income_pc") > 1500, VILLAGE_WAVE, (10, 12), _same_rate),
    grouped("N01", _rich, VILLAGE_WAVE, (2, 2), _copy(ACCOUNT)),
    grouped("N02", _all, VILLAGE_WAVE, (4, 4), _facts),
    grouped("N03", _all, VILLAGE_WAVE, (4, 4), _copy(("income_pc",))),
    filled("N04", _rich_before, _freeze(ACCOUNT, 1)),
    filled("N05", _third, _freeze(("income_pc", "cultivated_land", "housing_area"), 2)),
    filled("N06", _third, _freeze(("head_age",), 2)),
    damaged("N09", _all, {"income_pc": line_of}),
    filled("N13", _crossed, _padded),
    filled("N14", _falls_back, _reversed),
)  # fmt: skip
"""Injectors of patterns: those that need many households of a village first."""
