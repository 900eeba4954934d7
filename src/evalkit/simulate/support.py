"""Programs of the synthetic registry: who gets what, since when, and the true effect on income.

Coverage is in shares of registered persons. Relocation, industry and ecology are proportioned like
Zhaotong (200,000, 375,700 and 251,000 of 1.3367 million); the other shares are assumptions. Relocation
and industry reach all registered households of a village at once and raise income; the others are drawn
household by household, independently of exits, and their true effect on income is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.schema import PROGRAMS
from evalkit.simulate.people import WAVES, Counts

REGISTERED = 1_336_700
VILLAGE_SHARES: dict[str, float] = {"relocation": 200_000 / REGISTERED, "industry": 375_700 / REGISTERED}
"""Share of villages with a village-wide program."""
HOUSEHOLD_SHARES: dict[str, float] = {
    "ecology": 251_000 / REGISTERED,
    "employment": 0.35,
    "public_post": 0.08,
    "finance": 0.18,
    "education": 0.25,
    "health": 0.30,
    "safety_net": 0.22,
    "asset_income": 0.20,
}
"""Share of registered persons in households with the program by the last wave."""
EFFECTS: dict[str, tuple[float, ...]] = {
    "relocation": (0.03, 0.06, 0.09, 0.09, 0.09),
    "industry": (0.04, 0.06, 0.08, 0.10, 0.10),
}
"""True effect on log income per head, by years since the program began; the last one continues."""
AMOUNTS: dict[str, tuple[int, int]] = {
    "relocation": (20_000, 80_000),
    "industry": (1_000, 8_000),
    "ecology": (600, 10_000),
    "employment": (300, 2_000),
    "public_post": (3_600, 9_600),
    "finance": (10_000, 50_000),
    "education": (500, 4_000),
    "health": (200, 12_000),
    "safety_net": (1_200, 6_000),
    "asset_income": (200, 1_500),
}
"""Lowest and highest amount, yuan."""
WORDS: dict[str, str] = {
    word: code for word, code in PROGRAMS.items() if code in AMOUNTS and word != "扶贫小额信贷"
}
"""The programs of the synthetic registry: word → code, in the order they are drawn."""
NO_PROGRAM = 0

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Support:
    """First year of each program; every array has shape (households,), 0 where never.

    Parameters
    ----------
    start : dict of int array
        By program code, in the order of `WORDS`.
    """

    start: dict[str, Ints]


def log_effect(start: Ints, effects: tuple[float, ...]) -> Floats:
    """Return the effect on log income in every wave.

    Parameters
    ----------
    start : int array, shape (n,)
        First year of the program, 0 for never.
    effects : tuple of float
        By years since `start`; the last value continues.

    Returns
    -------
    float array, shape (n, waves)

    Examples
    --------
    >>> log_effect(np.array([2018, 0]), (0.1, 0.2)).tolist()
    [[0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.2], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    event_time = WAVES - start[:, None]
    path = np.asarray(effects)[np.clip(event_time, 0, len(effects) - 1)]
    return np.where((event_time >= 0) & (start[:, None] != NO_PROGRAM), path, 0.0)


def draw_support(
    rng: np.random.Generator, cohorts: dict[str, Ints], allowance: Flags, counts: Counts
) -> Support:
    """Draw the first year of every program for every household.

    Parameters
    ----------
    rng : Generator
    cohorts : dict of int array, shape (n,)
        First year of the village-wide programs.
    allowance : bool array, shape (n,)
        Households on the minimum allowance or in destitute care; the safety net reaches them first.
    counts : Counts

    Returns
    -------
    Support
    """
    n = len(allowance)
    start: dict[str, Ints] = {}
    for program in WORDS.values():
        if program in cohorts:
            start[program] = cohorts[program]
            continue
        year = rng.choice(WAVES, n, p=[0.08, 0.18, 0.24, 0.2, 0.15, 0.1, 0.05])
        eligible = _eligible(program, year, allowance, counts)
        if program == "safety_net":
            year = np.where(allowance, WAVES[0], year)
        persons = counts.size[:, -1]
        reach = persons[eligible].sum() / persons.sum()
        taken = eligible & (rng.random(n) < HOUSEHOLD_SHARES[program] / max(reach, 1e-9))
        start[program] = np.where(taken, year, NO_PROGRAM)
    return Support(start)


def _eligible(program: str, year: Ints, allowance: Flags, counts: Counts) -> Flags:
    """Tell who may get a program that would start in `year`."""
    column = (year - WAVES[0])[:, None]
    if program == "education":
        return np.take_along_axis(counts.pupils, column, axis=1)[:, 0] > 0
    if program == "health":
        return np.take_along_axis(counts.ill, column, axis=1)[:, 0] > 0
    if program in ("employment", "public_post", "finance"):
        return np.take_along_axis(counts.labourers, column, axis=1)[:, 0] > 0
    if program == "safety_net":
        return allowance
    return np.ones(len(year), dtype=np.bool_)


def program_rows(rng: np.random.Generator, support: Support, last_wave: Ints) -> pd.DataFrame:
    """Return one row for every household and program begun while the household was there.

    Parameters
    ----------
    rng : Generator
    support : Support
    last_wave : int array, shape (n,)
        Last wave in which the household is in the registry.

    Returns
    -------
    DataFrame
        ``position`` (of the household), ``program`` (the registry's word), ``program_start``, ``amount``.
    """
    parts = []
    for word, program in WORDS.items():
        start = support.start[program]
        rows = np.flatnonzero((start != NO_PROGRAM) & (start <= last_wave))
        low, high = AMOUNTS[program]
        amount = rng.integers(low // 100, high // 100 + 1, len(rows)) * 100
        parts.append(
            pd.DataFrame({"position": rows, "program": word, "program_start": start[rows], "amount": amount})
        )
    return pd.concat(parts, ignore_index=True).sort_values(["position", "program_start"], kind="stable")


def effect_table() -> pd.DataFrame:
    """Return the true effects: ``program, event_time, effect`` (on log income per head)."""
    last = int(WAVES[-1] - WAVES[0])
    rows = [
        (
            program,
            event_time,
            EFFECTS.get(program, (0.0,))[min(event_time, len(EFFECTS.get(program, (0.0,))) - 1)],
        )
        for program in WORDS.values()
        for event_time in range((4 if program in EFFECTS else last) + 1)
    ]
    return pd.DataFrame(rows, columns=["program", "event_time", "effect"])
