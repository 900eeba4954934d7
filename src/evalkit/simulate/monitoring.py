"""Monitoring against return in the last wave: who is watched, for which risks, and whose risk was eliminated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.facts import Rows, has_program
from evalkit.simulate.households import Population
from evalkit.simulate.people import CHRONIC, DISABLED, LAST_WAVE, SERIOUS, is_ill
from evalkit.simulate.words import or_missing

MONITORING_LINE = 5000
"""Monitoring line of 2020, yuan per head."""
HARDSHIP = 0.03
"""Share of households above the line that a sudden hardship hits."""
RISKS: tuple[str, ...] = (
    "因病", "因残", "因学", "缺劳动力", "务工就业不稳", "产业项目失败", "其他",
)  # fmt: skip
SLOTS = 5
FIRST_MONTH, HALF_A_YEAR = 3, 6

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


def monitoring_columns(
    rng: np.random.Generator, population: Population, rows: Rows, money: dict[str, Ints], unsafe: Flags
) -> dict[str, object]:
    """Return monitoring, risks, their elimination, and rigid expenses.

    Exited households below the monitoring line in 2020 are monitored as unstable; a few above it are as hit by a
    sudden hardship (rigid expenses of most of their income). A risk is named only where members or sources bear it
    out and a program meets it. It is eliminated only above the line, half a year after monitoring began, in a safe
    home, and never for households without labour.

    Parameters
    ----------
    rng : Generator
    population : Population
    rows : Rows
    money : dict of int array, shape (rows,)
        The income account.
    unsafe : bool array, shape (rows,)

    Returns
    -------
    dict of column
        By canonical name; missing where not monitored.
    """
    n = len(rows.at)
    now = rows.year == LAST_WAVE
    out = now & (population.exit_year[rows.household] <= LAST_WAVE)
    income = population.income_pc[rows.household, rows.wave]
    unstable = out & (income < MONITORING_LINE)
    hardship = out & ~unstable & (rng.random(n) < HARDSHIP)
    watched = unstable | hardship
    began = rng.integers(FIRST_MONTH, np.where(hardship, 8, 11), n)
    labourers = population.counts.labourers[rows.household, rows.wave]
    solved = hardship & (labourers > 0) & ~unsafe & (began + HALF_A_YEAR <= 12) & (rng.random(n) < 0.7)
    ended = np.minimum(began + HALF_A_YEAR + rng.integers(0, 3, n), 12)
    words = np.where(hardship, "突发严重困难户", "脱贫不稳定户")
    ways = np.where(rng.random(n) < 0.8, "帮扶消除", "自然消除")
    return {
        "monitored": _where(watched, words),
        **_risks(rng, population, rows, money, watched),
        "monitored_month": _where(watched, _month(began)),
        "risk_eliminated": pd.arrays.BooleanArray(solved, ~watched),
        "eliminated_month": _where(solved, _month(ended)),
        "elimination": _where(solved, ways),
        "rigid_expense": _rigid(rng, population, rows, money["income_net"], hardship & ~solved),
    }


def _where(rows: Flags, words: Words) -> pd.Series[str]:
    return pd.Series(or_missing(rows, words), dtype="str")


def _month(month: Ints) -> Words:
    return (LAST_WAVE * 100 + month).astype(str).astype(object)


def _risks(
    rng: np.random.Generator,
    population: Population,
    rows: Rows,
    money: dict[str, Ints],
    watched: Flags,
) -> dict[str, object]:
    """Name one to five risks of the monitored, most pressing first."""
    at = np.flatnonzero(watched)
    household, wave = rows.household[at], rows.wave[at]

    def met(*programs: str) -> Flags:
        year = rows.year[at]
        flags = [has_program(population, p, household, year) for p in programs]
        return np.asarray(np.any(flags, axis=0), dtype=np.bool_)

    ill = is_ill(population.people, LAST_WAVE)[household]
    health = population.people.health[household]
    sick = (ill & ((health == CHRONIC) | (health == SERIOUS))).any(axis=1)
    disabled = (ill & (health == DISABLED)).any(axis=1)
    counts = population.counts
    may = np.column_stack(
        [
            sick & met("health"),
            disabled & met("health", "safety_net"),
            (counts.pupils[household, wave] > 0) & met("education"),
            (counts.labourers[household, wave] == 0) & met("safety_net"),
            (money["wage_income"][at] > 0) & met("employment", "public_post"),
            (money["operating_income"][at] > 0) & met("industry", "finance"),
        ]
    )
    may = np.column_stack([may, ~may.any(axis=1)])
    score = np.where(may, rng.random(may.shape), -1.0)
    order = np.argsort(-score, axis=1, kind="stable")
    taken = 1 + rng.binomial(SLOTS - 1, 0.15, len(at))
    found = np.minimum(may.sum(axis=1), taken)
    columns: dict[str, object] = {}
    for k in range(SLOTS):
        words = np.full(len(watched), None, dtype=object)
        named = np.array(RISKS, dtype=object)[order[:, k]]
        words[at] = or_missing(k < found, named)
        columns[f"risk_{k + 1}"] = pd.Series(words, dtype="str")
    return columns


def _rigid(rng: np.random.Generator, population: Population, rows: Rows, net: Ints, hard: Flags) -> Ints:
    """Return rigid expenses: some for the ill and for pupils, at most 30 % of income; most of it in hardship."""
    n = len(net)
    ill = population.counts.ill[rows.household, rows.wave]
    pupils = population.counts.pupils[rows.household, rows.wave]
    usual = ill * rng.uniform(300, 2500, n) + pupils * rng.uniform(100, 900, n) + rng.uniform(0, 150, n)
    amount = np.where(hard, net * rng.uniform(0.6, 1.1, n), np.minimum(usual, 0.3 * net))
    rounded: Ints = np.round(amount).astype(np.int64)
    return rounded
