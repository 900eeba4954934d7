"""Who wrote it down: interviewers whose incomes lie apart, and registries that the second look contradicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.forensics.signal import (
    LEAST_UNITS,
    Signal,
    against_typical,
    cases_of,
    counted,
    enough,
    judged,
    key_of,
    need,
)
from evalkit.panel import Panel
from evalkit.tails import normal_tail
from evalkit.text import Text

LEAST_INTERVIEWS, LEAST_WAVES = 10, 3
ROUNDS, SWEEPS = 6, 3
FAR, LEAST_FAR = 3.0, 0.15
"""Interviewers this many natural deviations, and log points, apart are subtracted before levels are swept again."""


def interviewer_effects(
    panel: Panel, *, interviewer: str = "interviewer", tolerance: float = 0.05, level: float = 0.05
) -> Signal:
    """Test whether an interviewer's households lie above or below what they report to others.

    Parameters
    ----------
    panel : Panel
        Households observed in several waves, by interviewers who change; ``exit_year`` is used where the panel has it.
    interviewer : str
    tolerance : float
        Effect (log points, either way) that is never extraordinary: a village has good years and bad ones.
    level : float

    Returns
    -------
    Signal
        Units are interviewers with at least ten household-waves. `observed` is the median of log welfare less the
        household's own level and the level of its county and wave (log points), `share` the same, `expected` 0.

    Raises
    ------
    DataError
        The column of the interviewer is absent.
    EstimationError
        Fewer than five interviewers with ten household-waves.

    Notes
    -----
    Levels are medians, swept in turn (Tukey's median polish), apart for the waves before the year of exit and from it
    on, since income jumps there; a household seen fewer than three times on one side tells nothing about that side.
    Interviewers that lie far out are subtracted before the levels are swept again (hard thresholding, She & Owen
    2011), so that they do not shift what is usual for their households in other years. The p value is that of an effect no
    larger than the tolerance, either way; its variance is that of a median plus how much interviewers differ by
    nature, from the median absolute deviation between those that are not set apart.
    """
    frame = panel.frame
    need(frame, [interviewer])
    key = key_of(panel, interviewer)
    y = panel.values("welfare")
    ok = panel.mask & (y > 0) & frame[interviewer].notna().to_numpy()
    out = np.zeros(len(frame), dtype=bool)
    if "exit_year" in frame:
        out = (frame["exit_year"] <= frame[panel.wave]).fillna(value=False).to_numpy(dtype=bool)
    side = frame.assign(_out=out)
    home = _codes(side, [panel.household, "_out"])
    cell = _codes(side, [*([] if panel.county is None else [panel.county]), panel.wave, "_out"])
    ok &= np.bincount(home[ok], minlength=home.max(initial=0) + 1)[home] >= LEAST_WAVES
    units, who = _interviewers(frame.loc[ok, key])
    log = np.log(y[ok])
    rest = _swept(log, home[ok], cell[ok], who, units["n"].to_numpy() >= LEAST_INTERVIEWS)
    value, noise = _medians(rest, who)
    tested = units["n"].to_numpy() >= LEAST_INTERVIEWS
    units, value, noise = units[tested].reset_index(drop=True), value[tested], noise[tested]
    if len(units) < LEAST_UNITS:
        msg = f"{len(units)} interviewers with {LEAST_INTERVIEWS} household-waves: fewer than {LEAST_UNITS} show nothing typical"
        raise EstimationError(msg)
    effect = value - np.median(value)
    usual = np.abs(effect) <= _far(effect)
    error = np.sqrt(noise + max(_spread(effect[usual]) ** 2 - float(np.median(noise)), 0.0))
    units = units.assign(observed=value, share=value, expected=0.0, effect=effect)
    units["p_value"] = _beyond(effect, error, tolerance)
    units = judged(units, level)
    return Signal(
        kind="interviewer_effects",
        title=Text(en="Interviewers whose incomes lie apart", zh="调查员效应"),
        question=Text(
            en="median log welfare of an interviewer's households, less what the same households report to others",
            zh="某调查员所访住户的对数收入中位数，与同一住户在其他调查员处所报之差",
        ),
        units=units,
        cases=cases_of(frame, units, key, ok, [panel.household, panel.wave, panel.welfare]),
        method="median residual after household and county-wave medians; normal tail beyond the tolerance with robust "
        "between-interviewer variance",
        citation="Tukey (1977), Exploratory Data Analysis, ch. 11 (median polish); She & Owen (2011), J. Amer. Statist. "
        "Assoc. 106, 626-639 (thresholding)",
        level=level,
        notes=(
            Text(
                en="`share` and `effect` are log points here, not shares",
                zh="本表“比例”“效应”栏为对数点，并非比例",
            ),
        ),
    )


def _codes(frame: pd.DataFrame, columns: list[str]) -> Ints:
    """Number the groups of columns from 0; rows without a value form a group."""
    return np.asarray(frame.groupby(columns, sort=False, observed=True, dropna=False).ngroup(), dtype=np.intp)


def _interviewers(keys: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Return the interviewers with their household-waves `n`, sorted, and each row's place among them."""
    groups = keys.groupby(list(keys.columns), sort=True, observed=True)
    return groups.size().rename("n").reset_index(), np.asarray(groups.ngroup(), dtype=np.intp)


def _swept(log: Floats, home: Ints, cell: Ints, who: Ints, tried: NDArray[np.bool_]) -> Floats:
    """Return log welfare less the levels of household and cell, outlying interviewers kept from shifting them."""
    far = np.zeros(len(tried))
    rest = log
    for _ in range(ROUNDS):
        level = pd.Series(log - far[who])
        for _sweep in range(SWEEPS):
            level = level - level.groupby(home).transform("median")
            level = level - level.groupby(cell).transform("median")
        rest = level.to_numpy(dtype=float) + far[who]
        if tried.sum() < LEAST_UNITS:
            break
        value = _medians(rest, who)[0]
        apart = value - np.median(value[tried])
        far = np.where(tried & (np.abs(apart) > _far(apart[tried])), apart, 0.0)
    return rest


def _medians(rest: Floats, who: Ints) -> tuple[Floats, Floats]:
    """Return each interviewer's median and its variance, π/2 σ²/n with σ from the median absolute deviation."""
    rows = pd.Series(rest)
    value = np.asarray(rows.groupby(who).median(), dtype=np.float64)
    around = np.asarray((rows - value[who]).abs().groupby(who).median(), dtype=np.float64)
    return value, np.asarray(np.pi / 2 * (1.4826 * around) ** 2 / np.bincount(who), dtype=np.float64)


def _beyond(effect: Floats, error: Floats, tolerance: float) -> Floats:
    """Return the largest p value of a true effect within ± tolerance; two-sided.

    >>> _beyond(np.array([0.0, 1.96]), np.ones(2), 0.0).round(3).tolist()
    [1.0, 0.05]
    """
    size, error = np.abs(effect), np.maximum(error, 1e-12)
    tails = normal_tail((size - tolerance) / error) + normal_tail((size + tolerance) / error)
    return np.asarray(np.minimum(tails, 1.0), dtype=float)


def _far(deviation: Floats) -> float:
    """Return how far from the others an interviewer is set apart."""
    return max(FAR * _spread(deviation), LEAST_FAR)


def _spread(deviation: Floats) -> float:
    """Return a standard deviation from the median absolute deviation: up to half of the units may lie far out."""
    return float(1.4826 * np.median(np.abs(deviation)))


def survey_differences(
    registry: pd.DataFrame,
    survey: pd.DataFrame,
    *,
    registered: str = "size",
    told: str = "persons",
    unit: str = "village",
    household: str = "household",
    tolerance: float = 0.05,
    level: float = 0.05,
) -> Signal:
    """Test whether a second look (third-party survey, back-check) contradicts the registry more in some units.

    Parameters
    ----------
    registry : DataFrame
        One row a household (of the wave that was surveyed) with the registered value.
    survey : DataFrame
        One row a household with what it told the second time, and the unit.
    registered, told : str
        Columns that should agree.
    unit, household : str
    tolerance : float
        Share of disagreement that is never extraordinary.
    level : float

    Raises
    ------
    DataError
        A column is absent, or a household is twice in the registry table.
    EstimationError
        Too few units.
    """
    need(registry, [household, registered])
    need(survey, [household, told, unit])
    known = registry.drop_duplicates(household, keep="last").set_index(household)[registered]
    both = survey.assign(_registered=survey[household].map(known)).dropna(subset=["_registered", told])
    shows = (both["_registered"].astype(float) != both[told].astype(float)).to_numpy()
    counts = counted(both, [unit], shows, np.ones(len(both), dtype=bool))
    enough(counts, "units")
    units = against_typical(counts, level=level, tolerance=tolerance)
    rows = both.rename(columns={"_registered": f"{registered}_registered"})
    return Signal(
        kind="survey_differences",
        title=Text(en="The second look differs from the registry", zh="复核与登记不符"),
        question=Text(
            en="share of surveyed households whose own account differs from the registry",
            zh="受访户自述与登记不一致的比例",
        ),
        units=units,
        cases=cases_of(rows, units, [unit], shows, [household, f"{registered}_registered", told]),
        method="share of disagreement against the typical unit; beta-binomial tail",
        citation="Prentice (1986), J. Amer. Statist. Assoc. 81, 321-327",
        level=level,
    )
