"""Who wrote it down: interviewers whose incomes lie apart, and registries that the second look contradicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.forensics.signal import (
    Signal,
    against_typical,
    cases_of,
    counted,
    enough,
    judged,
    need,
    weighted_median,
)
from evalkit.panel import Panel
from evalkit.text import Text

LEAST_INTERVIEWS = 10


def interviewer_effects(panel: Panel, *, interviewer: str = "interviewer", level: float = 0.05) -> Signal:
    """Test whether an interviewer's households lie above or below what they report to others.

    Parameters
    ----------
    panel : Panel
        Households observed in several waves, by interviewers who change.
    interviewer : str
    level : float

    Returns
    -------
    Signal
        Units are interviewers with at least ten household-waves. `observed` is the mean of log welfare less the
        household's own mean and the mean of its county and wave (log points), `share` the same, `expected` 0.
        The p value is two-sided: the squared error adds the sampling variance and how much interviewers differ by
        nature (a village has good years), from the median absolute deviation between interviewers: forged ones (fewer than half) widen it, so that only
        effects of several natural deviations are flagged.

    Raises
    ------
    DataError
        The column of the interviewer is absent.
    EstimationError
        Fewer than five interviewers with ten household-waves.
    """
    frame = panel.frame
    need(frame, [interviewer])
    y = panel.values("welfare")
    ok = panel.mask & (y > 0) & frame[interviewer].notna().to_numpy()
    rows = pd.DataFrame(
        {
            "interviewer": frame[interviewer].to_numpy()[ok],
            "household": frame[panel.household].to_numpy()[ok],
            "county": "" if panel.county is None else frame[panel.county].astype("str").to_numpy()[ok],
            "wave": frame[panel.wave].to_numpy()[ok],
            "log": np.log(y[ok]),
        }
    )
    rest = rows["log"]
    for _ in range(5):  # household and county-wave means, swept in turn
        rest = rest - rest.groupby(rows["household"]).transform("mean")
        rest = rest - rest.groupby([rows["county"], rows["wave"]]).transform("mean")
    table = rest.groupby(rows["interviewer"]).agg(["size", "mean", "var"]).reset_index()
    table = table[table["size"] >= LEAST_INTERVIEWS].reset_index(drop=True)
    if len(table) < 5:
        msg = f"{len(table)} interviewers with {LEAST_INTERVIEWS} household-waves: fewer than 5 show nothing typical"
        raise EstimationError(msg)
    mean, noise = table["mean"].to_numpy(), (table["var"] / table["size"]).to_numpy()
    centre = weighted_median(mean, np.ones(len(mean)))
    total = noise + max(_spread(mean - centre) ** 2 - float(np.median(noise)), 0.0)
    units = pd.DataFrame(
        {interviewer: table["interviewer"], "n": table["size"], "observed": mean, "share": mean}
    )
    units["expected"], units["effect"] = 0.0, mean - centre
    units["p_value"] = 2 * stats.norm.sf(np.abs(mean - centre) / np.sqrt(total))
    units = judged(units, level)
    shows = ok & frame[interviewer].isin(units.loc[units["flagged"], interviewer]).to_numpy()
    return Signal(
        kind="interviewer_effects",
        title=Text(en="Interviewers whose incomes lie apart", zh="调查员效应"),
        question=Text(
            en="mean log welfare of an interviewer's households, less what the same households report to others",
            zh="某调查员所访住户的对数收入均值，与同一住户在其他调查员处所报之差",
        ),
        units=units,
        cases=cases_of(frame, units, [interviewer], shows, [panel.household, panel.wave, panel.welfare]),
        method="mean residual after household and county-wave effects; normal tail with robust between-interviewer variance",
        citation="Rousseeuw & Croux (1993), J. Amer. Statist. Assoc. 88, 1273-1283 (median absolute deviation)",
        level=level,
        notes=(
            Text(
                en="`share` and `effect` are log points here, not shares",
                zh="本表“比例”“效应”栏为对数点，并非比例",
            ),
        ),
    )


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
