"""`aggregate_members`: what a household's roster says about it, wave by wave."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.rosters import words
from evalkit.rosters.roll import Roll, combined, roll_of

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

COUNTED: tuple[str, ...] = (
    "size", "labourers", "half_labourers", "pupils", "ill_members", "disabled_members", "elderly",
    "children_6_15", "workers_away", "insured", "head_age", "head_school", "female_head",
)  # fmt: skip
"""Columns that `aggregate_members` gives, after county, household and wave."""
STATED: dict[str, tuple[str, ...]] = {
    "size": (),
    "labourers": ("labour",),
    "pupils": ("student",),
    "ill_members": ("health",),
    "head_age": ("relation",),
    "head_school": ("relation", "education"),
    "female_head": ("relation", "sex"),
}
"""Aggregates that the household table may state itself, and the member columns each is made of."""
ELDERLY = 60
"""Age from which a member is elderly (domain: 60+)."""
SCHOOL_AGES = (6, 15)
"""First and last age of compulsory education."""


def aggregate_members(members: pd.DataFrame, *, wave: int | Mapping[str, int] | None = None) -> pd.DataFrame:
    """Count the members of every household in every wave of a roster.

    Parameters
    ----------
    members : DataFrame
        Clean member table: ``household``, and of ``county``, ``wave``, ``birth_date``, ``id_number``, ``sex``,
        ``relation``, ``education``, ``student``, ``health``, ``labour``, ``work_months``, ``medical_insurance``,
        ``change``, ``change_month`` what there is.
    wave : int or mapping of county to int, optional
        The wave a roster without waves describes.

    Returns
    -------
    DataFrame
        One row a household and wave, sorted by county, household, wave; all counts are float64: ``size``;
        ``labourers`` (ordinary and skilled; weak or half labour apart in ``half_labourers``); ``pupils`` (from 小学 on);
        ``ill_members`` (ill or disabled), ``disabled_members``; ``elderly`` (60+), ``children_6_15`` (ages
        completed on 31 December of the wave, from the date of birth, else the id number); ``workers_away``
        (months of work away > 0); ``insured`` (medical insurance); ``head_age``, ``head_school`` (years),
        ``female_head`` (1, 0).

        A count is missing (NaN) when the roster has no such column, or when a member's word, date or mark does
        not say: an unknown word is not a "no". Rows with a word of leaving (``change``) are no members, unless
        the month of change lies after the wave. Rows without household or wave belong nowhere and are left out.

    Raises
    ------
    DataError
        See `evalkit.rosters.roll_of`.

    Examples
    --------
    >>> people = pd.DataFrame({"county": "990101", "household": ["1", "1", "2"], "wave": 2018,
    ...     "birth_date": ["19500101", "20080315", "19800101"], "labour": ["半劳动力", None, "普通劳动力"]})
    >>> aggregate_members(people)[["household", "size", "labourers", "half_labourers", "elderly", "children_6_15"]]
      household  size  labourers  half_labourers  elderly  children_6_15
    0         1   2.0        0.0             1.0      1.0            1.0
    1         2   1.0        1.0             0.0      0.0            0.0
    """
    roll = roll_of(members, wave)
    unit, keys = _units(roll)
    present = np.flatnonzero(roll.counts)
    at, n = unit[present], len(keys)
    out = {name: _sum(at, values[present], n) for name, values in _marks(roll).items()}
    out |= _heads(roll, unit, n)
    table = pd.concat([keys, pd.DataFrame({c: out[c] for c in COUNTED})], axis=1)
    return table.loc[table["size"] > 0].reset_index(drop=True)


def _units(roll: Roll) -> tuple[Codes, pd.DataFrame]:
    """Return the code of each row's household-wave, and the household-waves."""
    household, known = roll.households
    years = np.unique(roll.wave)
    unit = combined(household, np.searchsorted(years, roll.wave), len(years))
    found, dense = np.unique(unit, return_inverse=True)
    first = np.zeros(len(found), dtype=np.int64)
    first[dense[::-1]] = np.arange(len(roll))[::-1]
    keys = known.iloc[household[first]].reset_index(drop=True).assign(wave=roll.wave[first])
    return dense.astype(np.int64), keys


def _sum(at: Codes, values: Floats, n: int) -> Floats:
    return np.bincount(at, weights=values, minlength=n).astype(np.float64)


def _marks(roll: Roll) -> dict[str, Floats]:
    """Return each count as 1, 0 or NaN a member, shape (n,)."""
    n = len(roll)
    absent = np.full(n, np.nan)
    labour, health, student = roll.cells("labour"), roll.cells("health"), roll.cells("student")
    age = roll.age
    first, last = SCHOOL_AGES
    return {
        "size": np.ones(n),
        "labourers": words.by_word(labour, words.is_labourer) if "labour" in roll.frame else absent,
        "half_labourers": words.by_word(labour, words.is_half_labourer) if "labour" in roll.frame else absent,
        "pupils": words.by_word(student, words.is_pupil) if "student" in roll.frame else absent,
        "ill_members": words.by_word(health, words.is_unwell) if "health" in roll.frame else absent,
        "disabled_members": words.by_word(health, words.is_disabled) if "health" in roll.frame else absent,
        "elderly": np.where(np.isnan(age), np.nan, age >= ELDERLY),
        "children_6_15": np.where(np.isnan(age), np.nan, (age >= first) & (age <= last)),
        "workers_away": _positive(roll, "work_months"),
        "insured": _numbers(roll, "medical_insurance"),
    }


def _numbers(roll: Roll, name: str) -> Floats:
    if name not in roll.frame:
        return np.full(len(roll), np.nan)
    return roll.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _positive(roll: Roll, name: str) -> Floats:
    """Return 1 where an amount is above zero; a blank is zero; NaN throughout without the column."""
    values = _numbers(roll, name)
    return (values > 0).astype(np.float64) if name in roll.frame else values


def _heads(roll: Roll, unit: Codes, n: int) -> dict[str, Floats]:
    """Return age, schooling and sex of the first member called the head of each household-wave, shape (n,)."""
    head = (words.by_word(roll.cells("relation"), words.is_head) > 0) & roll.counts
    rows = np.flatnonzero(head)[::-1]
    who = np.full(n, -1, dtype=np.int64)
    who[unit[rows]] = rows
    years = words.by_word(roll.cells("education"), lambda w: words.SCHOOL_YEARS.get(w, np.nan), np.nan)
    female = words.by_word(roll.cells("sex"), _is_female, np.nan)
    return {
        "head_age": np.append(roll.age, np.nan)[who],
        "head_school": np.append(years, np.nan)[who],
        "female_head": np.append(female, np.nan)[who],
    }


def _is_female(word: str) -> float:
    text = word.casefold()
    if text in {"女", "女性", "female", "f"}:
        return 1.0
    return 0.0 if text in {"男", "男性", "male", "m"} else np.nan
