"""The fictional prefecture: counties, townships, villages, the sample of villages, program cohorts.

Province digits 99 are unassigned in GB/T 2260, and no county, prefecture or province of these names exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError

PROVINCE = "云砚省"
PREFECTURES = ("岚江市", "霁川市", "溆原市", "鹭陵市")
"""Fictional prefectures, in the order of their codes 9901, 9902 …"""
COUNTIES_PER_PREFECTURE = 60
MAX_COUNTIES = 200
NEVER = 0
"""Cohort of villages that never get the program."""
COHORTS = (2016, 2017, 2018)

_FIRST = "岚霁溆峦汐砚棠澹芷鹭枫栎"
_SECOND = "屏渡坪川溪岭泽原浦陵谷台"
_REAL = frozenset({"溆浦"})
"""Combinations that exist; they are turned round."""
_TOWNSHIP = "柳竹榆杉桐槐桂茶"
_VILLAGE_FIRST = "上下新老大小东西南北前后"
_VILLAGE_SECOND = "湾坡坳垭坝箐冲塘寨坎梁洼"

Ints = npt.NDArray[np.int64]
Coverage = Literal["sample", "all"]


@dataclass(frozen=True)
class CountyPreset:
    """What is set for a county; rates are shares of the finite population.

    Parameters
    ----------
    exit_wave : int
        Year assessed for county exit.
    level, growth : float
        Log level of household income against the prefecture, and its growth per year.
    wrong_exit, missed, approval : float
        Shares of exited, unregistered and all households.
    """

    exit_wave: int
    level: float
    growth: float
    wrong_exit: float
    missed: float
    approval: float


PRESETS: tuple[CountyPreset, ...] = (
    CountyPreset(2018, 0.00, 0.065, 0.0, 0.0, 0.985),
    CountyPreset(2017, 0.08, 0.070, 0.0, 0.0, 0.990),
    CountyPreset(2019, -0.03, 0.030, 0.002, 0.0, 0.970),
    CountyPreset(2018, 0.03, 0.080, 0.0, 0.001, 0.975),
    CountyPreset(2019, -0.05, 0.020, 0.018, 0.004, 0.915),
    CountyPreset(2020, -0.10, 0.055, 0.035, 0.025, 0.860),
    CountyPreset(2018, 0.05, 0.030, 0.0, 0.0, 0.980),
    CountyPreset(2019, 0.00, 0.095, 0.004, 0.0, 0.955),
    CountyPreset(2020, -0.08, 0.070, 0.015, 0.002, 0.930),
    CountyPreset(2017, 0.10, 0.005, 0.0, 0.001, 0.990),
    CountyPreset(2018, -0.02, 0.060, 0.008, 0.0, 0.905),
    CountyPreset(2019, 0.02, 0.045, 0.0, 0.0, 0.965),
)
"""Twelve counties; more than twelve repeat them."""


@dataclass(frozen=True)
class Places:
    """The prefecture.

    Parameters
    ----------
    counties : DataFrame, one row a county
        ``county, county_name, prefecture`` and the fields of `CountyPreset`.
    villages : DataFrame, one row a village of the population
        ``prefecture, county, county_index, county_name, township, village, village_name, stratum, stratum_index,
        villages_in_stratum, households`` (registered), ``sampled, sampled_in_stratum``, the cohorts
        ``relocation`` and ``industry`` (0 = never), ``distance``.
    """

    counties: pd.DataFrame
    villages: pd.DataFrame


def county_names(n: int) -> list[str]:
    """Return `n` fictional county names.

    >>> county_names(145)[::12][::12], county_names(13)[::12]
    (['岚屏县', '屏岚县'], ['岚屏县', '岚渡县'])
    """
    names = [f"{_FIRST[i % 12]}{_SECOND[(i + i // 12) % 12]}" for i in range(min(n, 144))]
    names = [name[::-1] if name in _REAL else name for name in names]
    return [f"{name}县" for name in [*names, *(name[::-1] for name in names[: max(n - 144, 0)])]]


def county_code(position: int) -> str:
    """Return the code of a county: sixty to a prefecture, in unassigned province 99.

    >>> county_code(0), county_code(59), county_code(60)
    ('990121', '990180', '990221')
    """
    prefecture, number = divmod(position, COUNTIES_PER_PREFECTURE)
    return f"99{prefecture + 1:02d}{21 + number:02d}"


def rank_within(group: Ints, score: npt.NDArray[np.float64]) -> Ints:
    """Return the rank (from 0) of each score among the rows of its group.

    Parameters
    ----------
    group : int array, shape (n,)
    score : float array, shape (n,)

    Returns
    -------
    int array, shape (n,)

    Examples
    --------
    >>> rank_within(np.array([0, 1, 0, 1]), np.array([0.9, 0.2, 0.1, 0.3])).tolist()
    [1, 0, 0, 1]
    """
    order = np.lexsort((score, group))
    ordered = group[order]
    new = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - start
    return ranks


def roll_out(rng: np.random.Generator, stratum: Ints, share: float) -> Ints:
    """Draw the first treated year of each village, at random within strata.

    Every stratum has the expected share treated to within one village, a third of it in each cohort,
    so trends without the program are parallel by design.

    Parameters
    ----------
    rng : Generator
    stratum : int array, shape (n,)
    share : float
        Share of villages ever treated.

    Returns
    -------
    int array, shape (n,)
        2016, 2017, 2018, or 0 for never.
    """
    total = np.bincount(stratum)[stratum]
    offset = rng.random(int(stratum.max()) + 1)[stratum]
    position = (rank_within(stratum, rng.random(len(stratum))) + offset) / total
    third = np.minimum((position % 1.0) / share * 3, 3).astype(np.int64)
    return np.asarray([*COHORTS, NEVER], dtype=np.int64)[third]


def make_places(
    rng: np.random.Generator,
    positions: range,
    scale: float,
    shares: dict[str, float],
    coverage: Coverage = "sample",
) -> Places:
    """Draw counties, their sample of villages and the villages' program cohorts.

    Parameters
    ----------
    rng : Generator
    positions : range
        Which of the 200 counties there are names for.
    scale : float
        Size of the sample against 100,000 household-years; villages and households per village are both
        multiplied by its square root.
    shares : dict
        Share of villages ever treated, by village-wide program (``relocation``, ``industry``).
    coverage : str
        Whether a ``sample`` of the villages is exported or ``all``.

    Raises
    ------
    DataError
        If the number of counties or `scale` is out of range.
    """
    if not 1 <= positions.stop <= MAX_COUNTIES:
        msg = f"counties={positions.stop}: there are names for 1 to {MAX_COUNTIES} fictional counties."
        raise DataError(msg)
    if not 0.01 <= scale <= 25:
        msg = f"scale={scale}: give a number from 0.01 (about 1,000 household-years) to 25."
        raise DataError(msg)
    table = pd.DataFrame([vars(PRESETS[i % len(PRESETS)]) for i in positions])
    table.insert(0, "county", [county_code(i) for i in positions])
    names = county_names(positions.stop)
    table.insert(1, "county_name", [names[i] for i in positions])
    table.insert(2, "prefecture", [PREFECTURES[i // COUNTIES_PER_PREFECTURE] for i in positions])
    villages = _draw_villages(rng, table, np.sqrt(scale))
    per_county = len(villages) if coverage == "all" else max(4, round(24 * np.sqrt(scale)))
    villages = _sample_villages(rng, villages, per_county)
    stratum = villages["stratum_index"].to_numpy()
    for program, share in shares.items():
        villages[program] = roll_out(rng, stratum, share)
    return Places(table, villages)


def _draw_villages(rng: np.random.Generator, counties: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Draw townships nested in two strata per county, and villages in townships."""
    n_county = len(counties)
    count = np.maximum(np.round(rng.integers(60, 161, n_county) * factor), 10).astype(np.int64)
    townships = rng.integers(4, 9, n_county)
    county = np.repeat(np.arange(n_county), count)
    within = np.arange(len(county)) - np.repeat(np.cumsum(count) - count, count)
    township = within * townships[county] // count[county]  # 0-based, contiguous villages
    near = townships[county] // 2
    stratum = (township >= near).astype(np.int64)
    first = np.r_[True, (township[1:] != township[:-1]) | (county[1:] != county[:-1])]
    start = np.maximum.accumulate(np.where(first, np.arange(len(county)), 0))
    number = np.arange(len(county)) - start
    code = counties["county"].to_numpy(dtype=object)[county]
    places = zip(code, township, number, strict=True)
    frame = pd.DataFrame(
        {
            "prefecture": pd.Series(counties["prefecture"].to_numpy(dtype=object)[county], dtype="str"),
            "county": pd.Series(code, dtype="str"),
            "county_index": county,
            "county_name": pd.Series(counties["county_name"].to_numpy(dtype=object)[county], dtype="str"),
            "township": [
                f"{_TOWNSHIP[t]}{'镇' if s == 0 else '乡'}" for t, s in zip(township, stratum, strict=True)
            ],
            "village": [f"{c}{100 + t}{200 + k}" for c, t, k in places],
            "village_name": [_village_name(k) for k in number],
            "stratum": [f"{c}{'近' if s == 0 else '远'}" for c, s in zip(code, stratum, strict=True)],
            "stratum_index": county * 2 + stratum,
        }
    )
    frame["villages_in_stratum"] = np.bincount(frame["stratum_index"])[frame["stratum_index"]]
    typical = 48 * factor * np.exp(rng.normal(0, 0.3, len(frame)))
    frame["households"] = np.clip(np.round(typical), max(4, 20 * factor), 90 * factor).astype(np.int64)
    frame["distance"] = np.round(rng.gamma(3, 5, len(frame)) * (1 + stratum) + 2, 1)
    return frame


def _sample_villages(rng: np.random.Generator, villages: pd.DataFrame, per_county: int) -> pd.DataFrame:
    """Mark a simple random sample of villages in each stratum, allocated in proportion to villages."""
    marks = sample_marks(
        rng, villages["stratum_index"].to_numpy(), villages["county_index"].to_numpy(), per_county
    )
    chosen = np.bincount(villages["stratum_index"], weights=marks)[villages["stratum_index"]]
    return villages.assign(sampled=marks, sampled_in_stratum=chosen.astype(np.int64))


def sample_marks(
    rng: np.random.Generator, stratum: Ints, county: Ints, per_county: int
) -> npt.NDArray[np.bool_]:
    """Draw about `per_county` villages in each county: simple random within strata, proportional allocation.

    Parameters
    ----------
    rng : Generator
    stratum, county : int array, shape (n,)
    per_county : int

    Returns
    -------
    bool array, shape (n,)
        At least two villages of every stratum are chosen (all, if there are only two).

    Examples
    --------
    >>> stratum = np.repeat([0, 1], [10, 30])
    >>> np.bincount(stratum, sample_marks(np.random.default_rng(1), stratum, 0 * stratum, 8)).tolist()
    [2.0, 6.0]
    """
    in_stratum = np.bincount(stratum)[stratum]
    in_county = np.bincount(county)[county]
    wanted = np.maximum(np.round(per_county * in_stratum / in_county), 2)
    return np.asarray(rank_within(stratum, rng.random(len(stratum))) < wanted)


def _village_name(number: int) -> str:
    return f"{_VILLAGE_FIRST[number % 12]}{_VILLAGE_SECOND[(number + number // 12) % 12]}村"
