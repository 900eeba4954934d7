"""When things happen: exits in one month, records updated together, risks gone at once, exits without support, exits on plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from evalkit.design import Floats
from evalkit.errors import DataError
from evalkit.forensics.signal import (
    Signal,
    against_standard,
    cases_of,
    counted,
    enough,
    judged,
    need,
    upper_tail,
    weighted_median,
)
from evalkit.tails import binomial_tail
from evalkit.text import Text

BINOMIAL = "Clopper & Pearson (1934), Biometrika 26, 404-413 (exact binomial)"
ROUNDS, CROWDED = 5, 0.05
SOON = 2
"""Months; a risk that is gone within them was gone at once. The rule asks for half a year."""


def same_month(
    frame: pd.DataFrame,
    month: str,
    *,
    unit: tuple[str, ...] = ("village",),
    household: str = "household",
    level: float = 0.05,
) -> Signal:
    """Test whether events of a unit fall into one month more often than the calendar of all units leads to expect.

    Parameters
    ----------
    frame : DataFrame
        One row a household and wave (an event that is repeated in later waves counts once) or one a household.
    month : str
        Column ``YYYYMM``: ``exit_month``, ``monitored_month``, ``eliminated_month``.
    unit : tuple of str
        Columns of the unit; the year of the event is always part of it.
    household : str
    level : float

    Returns
    -------
    Signal
        `observed` is the number of events in the unit's most crowded month (the least likely count); `expected` the
        usual share of that month among the events of the year; the p value is multiplied by the months that occur
        (Bonferroni), at most 1. Villages that settle their cases at one meeting crowd by nature: where the typical
        unit does, the median intra-unit correlation of months widens the tail (beta-binomial).

    Raises
    ------
    DataError
        A column is absent or no month is known.
    EstimationError
        Too few units.
    """
    need(frame, [month, household, *unit])
    events = frame.loc[frame[month].notna(), [household, *unit, month]].drop_duplicates([household, month])
    text = events[month].astype("str")
    events = events.assign(year=text.str[:4], _month=text.str[4:6])
    if events.empty:
        msg = f"no household has a date in '{month}'"
        raise DataError(msg)
    key = [*unit, "year"]
    table = events.pivot_table(index=key, columns="_month", values=household, aggfunc="count", fill_value=0)
    count = table.to_numpy(dtype=float)
    n = count.sum(axis=1)
    usual = _usual(count, n)
    tails = _tails(count, n, usual)
    crowded = tails.argmin(axis=1)
    counts = table.index.to_frame(index=False)
    counts["n"], counts["observed"] = n, count[np.arange(len(n)), crowded]
    counts["month"] = table.columns.to_numpy()[crowded]
    enough(counts, "units")
    months = int((usual > 0).sum())
    p = np.minimum(months * tails.min(axis=1), 1.0)
    units = counts.assign(share=counts["observed"] / counts["n"], expected=usual[crowded])
    units["effect"], units["p_value"] = units["share"] - units["expected"], p
    units = judged(units, level)
    rows = events.rename(columns={"_month": "month"})
    chosen = units.loc[units["flagged"], [*key, "month"]]
    return Signal(
        kind=f"same_{month}",
        title=Text(en="Events crowded into one month", zh="集中在同一月份"),
        question=Text(
            en="share of a year's events that fall into the unit's most crowded month",
            zh="当年事件落在该单位最集中月份的比例",
        ),
        units=units,
        cases=rows.merge(chosen, on=[*key, "month"]).sort_values([*key, household]).reset_index(drop=True),
        method="beta-binomial tail of the most crowded month against its usual share, times the number of months",
        citation="Naus (1966), J. Amer. Statist. Assoc. 61, 1191-1199 (clustering in time); Bonferroni",
        level=level,
    )


def early_elimination(
    frame: pd.DataFrame,
    *,
    unit: tuple[str, ...] = ("village",),
    household: str = "household",
    months: int = SOON,
    tolerance: float = 0.05,
    level: float = 0.05,
) -> Signal:
    """Test whether risks count as eliminated within a few months of being found.

    Parameters
    ----------
    frame : DataFrame
        With ``monitored_month`` and ``eliminated_month`` (``YYYYMM``). Risks that end before they begin do not count.
    unit : tuple of str
    household : str
    months : int
        Eliminated within so many months.
    tolerance, level : float

    Raises
    ------
    DataError
        A column is absent.
    """
    need(frame, [*unit, household, "monitored_month", "eliminated_month"])
    both = frame.dropna(subset=["monitored_month", "eliminated_month"]).drop_duplicates(
        [household, "monitored_month"]
    )
    lasted = _months(both["eliminated_month"]) - _months(both["monitored_month"])
    of = lasted >= 0
    shows = of & (lasted <= months)
    counts = counted(both, unit, shows, of)
    enough(counts, "units")
    units = against_standard(counts, level=level, standard=tolerance)
    return Signal(
        kind="early_elimination",
        title=Text(en="Risks gone at once", zh="风险过快消除"),
        question=Text(
            en=f"share of eliminated risks that lasted no more than {months} months",
            zh=f"已消除风险中，从监测到消除不超过{months}个月的比例",
        ),
        units=units,
        cases=cases_of(
            both.assign(months=lasted),
            units,
            unit,
            shows,
            [household, "monitored_month", "eliminated_month", "months"],
        ),
        method="share of quick eliminations against the tolerated share; binomial tail",
        citation=BINOMIAL,
        level=level,
    )


def exits_without_support(
    frame: pd.DataFrame,
    programs: pd.DataFrame,
    *,
    unit: tuple[str, ...] = ("village",),
    household: str = "household",
    tolerance: float = 0.02,
    level: float = 0.05,
) -> Signal:
    """Test whether households exit without any support up to the year of exit.

    Parameters
    ----------
    frame : DataFrame
        With ``exit_year``; one row a household and wave, or one a household.
    programs : DataFrame
        Household and ``program_start``.
    unit : tuple of str
        Columns of the unit: villages show support withheld in a place, a whole county what is spread thinly.
    household : str
    tolerance, level : float

    Raises
    ------
    DataError
        A column is absent.
    """
    need(frame, [*unit, household, "exit_year"])
    need(programs, [household, "program_start"])
    homes = frame.dropna(subset=["exit_year"]).drop_duplicates(household, keep="last")
    first = programs.groupby(household)["program_start"].min()
    start = homes[household].map(first).to_numpy(dtype=float, na_value=np.nan)
    shows = ~(start <= homes["exit_year"].to_numpy(dtype=float, na_value=np.nan))
    counts = counted(homes, unit, shows, np.ones(len(homes), dtype=bool))
    units = against_standard(counts, level=level, standard=tolerance)
    return Signal(
        kind="exits_without_support",
        title=Text(en="Exits without earlier support", zh="未受帮扶即脱贫"),
        question=Text(
            en="share of exited households with no support recorded up to the year of exit",
            zh="截至脱贫当年没有任何帮扶记录的脱贫户比例",
        ),
        units=units,
        cases=cases_of(homes, units, unit, shows, [household, "exit_year"]),
        method="share without support against the tolerated share; binomial tail",
        citation=BINOMIAL,
        level=level,
    )


def exits_on_plan(
    table: pd.DataFrame,
    *,
    planned: str = "planned",
    actual: str = "actual",
    eligible: str | None = None,
    level: float = 0.05,
) -> Signal:
    """Test whether counts of exits equal the planned counts more often than counts that follow a plan would by chance.

    Parameters
    ----------
    table : DataFrame
        One row a unit (village, township, county and year) with its planned and actual number of exits.
    planned, actual : str
    eligible : str, optional
        Column with the households (or persons) that could exit.
    level : float

    Returns
    -------
    Signal
        One row, all units together: `observed` units that hit their plan exactly, `expected` their share if actual
        counts scattered around the plan: as binomial counts of the eligible households where those are given (a
        plan for all of them is hit by all), as Poisson counts otherwise, which is too wide for plans of most
        households of a small register. `p_value` is from the Poisson-binomial distribution.

    Raises
    ------
    DataError
        A column is absent, a planned count is not positive, or more are planned than are eligible.
    """
    names = [planned, actual, *([] if eligible is None else [eligible])]
    need(table, names)
    known = table.dropna(subset=names)
    plan = known[planned].to_numpy(dtype=float)
    if not len(known) or (plan <= 0).any():
        msg = f"exits on plan need positive planned counts; {int((plan <= 0).sum())} of {len(known)} are not"
        raise DataError(msg)
    hit = known[actual].to_numpy(dtype=float) == plan
    if eligible is None:
        chance = np.exp(special.xlogy(plan, plan) - plan - special.gammaln(plan + 1))
    else:
        most = known[eligible].to_numpy(dtype=float)
        if (plan > most).any():
            msg = f"{int((plan > most).sum())} of {len(known)} units plan more exits than {eligible} allows: mend the table"
            raise DataError(msg)
        share, rest = plan / most, most - plan
        ways = special.gammaln(most + 1) - special.gammaln(plan + 1) - special.gammaln(rest + 1)
        chance = np.exp(ways + special.xlogy(plan, share) + special.xlog1py(rest, -share))
    n, k = len(plan), int(hit.sum())
    units = pd.DataFrame({"n": [n], "observed": [k], "share": [k / n], "expected": [chance.mean()]})
    units["effect"] = units["share"] - units["expected"]
    units["p_value"] = poisson_binomial_tail(k, chance)
    units = judged(units, level)
    return Signal(
        kind="exits_on_plan",
        title=Text(en="Exits exactly as planned", zh="脱贫数与计划数完全一致"),
        question=Text(
            en="share of units whose number of exits equals the plan exactly",
            zh="脱贫数恰等于计划数的单位比例",
        ),
        units=units,
        cases=known.loc[hit].reset_index(drop=True),
        method="Poisson-binomial tail of exact hits",
        citation="Hong (2013), Comput. Statist. Data Anal. 59, 41-51",
        level=level,
    )


def poisson_binomial_tail(k: int, p: Floats) -> float:
    """Return P(K ≥ k) for a sum of independent indicators with probabilities p, by convolution.

    >>> round(poisson_binomial_tail(2, np.array([0.5, 0.5])), 3)
    0.25
    """
    mass = np.ones(1)
    for chance in p:
        mass = np.convolve(mass, [1 - chance, chance])
    return float(mass[k:].sum())


def _usual(count: Floats, n: Floats) -> Floats:
    """Return the usual share of each month, from the units that are not crowded for sure.

    Units with a month whose count is less likely than `CROWDED`, times the number of months, are left out (the least
    crowded half of the units at least stays), so that crowded units do not make crowding usual. Only they: leaving out
    more would make rare months look rarer than they are. One event is added to each month, for those seldom seen.
    """
    months = count.shape[1]
    plain = np.ones(len(n), dtype=bool)
    for _ in range(ROUNDS):
        usual = (count[plain].sum(axis=0) + 1) / (n[plain].sum() + months)
        tail = binomial_tail(count, n[:, None], usual[None, :]).min(axis=1)
        plain = (months * tail >= CROWDED) | (tail >= np.median(tail))
    return np.asarray((count[plain].sum(axis=0) + 1) / (n[plain].sum() + months), dtype=float)


def _tails(count: Floats, n: Floats, usual: Floats) -> Floats:
    """Return P(K ≥ k) for each unit and month, shape (units, months), units crowding as much as the typical one."""
    pairs = n * (n - 1)
    by_chance = float((usual**2).sum())
    some = pairs > 0
    rho = 0.0
    if some.any() and by_chance < 1:
        together = (count * (count - 1)).sum(axis=1)[some] / pairs[some]
        rho = weighted_median((together - by_chance) / (1 - by_chance), n[some])
    rho = float(np.clip(rho, 0.0, 0.99))
    return np.column_stack(
        [upper_tail(k, n, np.full(len(n), p), rho) for k, p in zip(count.T, usual, strict=True)]
    )


def _months(text: pd.Series) -> NDArray[np.int_]:
    digits = text.astype("str")
    return np.asarray(digits.str[:4].astype(int) * 12 + digits.str[4:6].astype(int), dtype=int)
