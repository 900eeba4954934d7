"""Accounts that repeat: round figures, copied households, villages that grow as one, accounts that stand still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError
from evalkit.forensics.signal import (
    Signal,
    against_typical,
    as_floats,
    cases_of,
    counted,
    enough,
    judged,
    key_of,
    need,
    upper_tail,
)
from evalkit.panel import Panel
from evalkit.text import Text

ACCOUNT = (
    "wage_income", "operating_income", "property_income", "transfer_income", "minimum_allowance", "pension",
    "ecological_compensation", "dividend_income", "operating_expense",
)  # fmt: skip
"""Components of a household's account that are compared."""
LEAST_COMPONENTS = 3
SAME_GROWTH = 2e-4
"""Growth factors nearer than this are the same: rounding to whole yuan blurs them by less."""
BAND = 20
"""Matches by coincidence are counted from pairs up to so many times further apart."""


def terminal_digits(
    panel: Panel,
    *,
    unit: str = "interviewer",
    multiple: float = 100.0,
    tolerance: float = 0.03,
    level: float = 0.05,
) -> Signal:
    """Test whether a unit's welfare figures are round more often than the typical unit's.

    Parameters
    ----------
    panel : Panel
    unit : str
        Column whose units are tested.
    multiple : float
        A figure is round when it is a multiple of this, to half a unit of currency.
    tolerance : float
        Share of round figures that is never extraordinary; figures without a preference have 1/multiple.
    level : float

    Returns
    -------
    Signal
        Beta-binomial tail, see `against_typical`.

    Raises
    ------
    DataError
        The column of the unit is absent.
    EstimationError
        Too few units.
    """
    frame = panel.frame
    need(frame, [unit])
    y = panel.values("welfare")
    of = panel.mask & (y >= multiple) & frame[unit].notna().to_numpy()
    near = np.abs(y - np.round(y / multiple) * multiple)
    shows = of & (near < 0.5)
    key = key_of(panel, unit)
    counts = counted(frame, key, shows, of)
    enough(counts, "units")
    units = against_typical(counts, level=level, tolerance=max(tolerance, 1 / multiple))
    return Signal(
        kind="terminal_digits",
        title=Text(en="Round figures", zh="收入尾数取整"),
        question=Text(
            en=f"share of welfare figures that are a multiple of {multiple:g}",
            zh=f"测算指标为{multiple:g}整数倍的比例",
        ),
        units=units,
        cases=cases_of(frame, units, key, shows, [panel.household, panel.wave, panel.welfare]),
        method="share of round figures against the typical unit; beta-binomial tail",
        citation="Judge & Schechter (2009), J. Human Resources 44, 1-24 (digit preference); Prentice (1986)",
        level=level,
    )


def copied_households(panel: Panel, *, tolerance: float = 0.02, level: float = 0.05) -> Signal:
    """Test whether households of a village and wave have the same account, component by component.

    Parameters
    ----------
    panel : Panel
        With at least three components of the account (`ACCOUNT`).
    tolerance : float
        Share of households with a twin that is never extraordinary.
    level : float

    Returns
    -------
    Signal
        Units are village × wave. Accounts with fewer than two components other than zero, and those of
        households without wages or business (allowances are the same for many), do not count.

    Raises
    ------
    DataError
        Fewer than three components of the account, or no village.
    """
    frame, key, shows, of = _twins(panel)
    counts = counted(frame, key, shows, of)
    enough(counts, "village-waves")
    units = against_typical(counts, level=level, tolerance=tolerance)
    return Signal(
        kind="copied_households",
        title=Text(en="Copied accounts", zh="收入账目雷同"),
        question=Text(
            en="share of households whose whole income account equals another's in the village and year",
            zh="同村同年中，收入账目各项与他户完全相同的住户比例",
        ),
        units=units,
        cases=cases_of(frame, units, key, shows, [panel.household, *_components(frame)]),
        method="share of households with a twin against the typical village; beta-binomial tail",
        citation="Kuriakose & Robbins (2016), Statist. J. IAOS 32, 283-291 (duplicated interviews); Prentice (1986)",
        level=level,
    )


def identical_growth(panel: Panel, *, within: float = SAME_GROWTH, level: float = 0.05) -> Signal:
    """Test whether households of a village grew by the same rate from one wave to the next.

    Parameters
    ----------
    panel : Panel
    within : float
        Growth factors that differ by no more are the same.
    level : float

    Returns
    -------
    Signal
        Units are village × (later) wave; `observed` is the largest group of households whose growth factors lie
        within `within`. With m the chance that two households of a village match, the p value is at most
        n P(B(n - 1, m) ≥ observed - 1). Growth of exactly nothing is left to `frozen_accounts`; households that live on
        allowances alone, which are raised for all at once, do not count where the panel has the account.

    Raises
    ------
    DataError
        No village.
    """
    frame, village = panel.frame, _village(panel)
    y, before = panel.values("welfare"), _earlier(panel, panel.welfare)
    ok = panel.mask & (y > 0) & (before > 0) & frame[village].notna().to_numpy()
    growth = np.where(ok, y / np.where(ok, before, 1.0), np.nan)
    of = ok & (np.abs(growth - 1) > 1e-9)
    named = [n for n in ACCOUNT if n in frame]
    if len(named) >= LEAST_COMPONENTS:
        of &= _earning(frame, named)
    key = [*key_of(panel, village), panel.wave]
    cell = frame.groupby(key, sort=False, observed=True).ngroup()
    shows = _largest_group(growth, cell, of, within)
    counts = counted(frame, key, shows, of)
    enough(counts, "village-waves")
    chance = counts[panel.wave].map(_chance(growth, cell, frame[panel.wave].to_numpy(), of, within))
    n, k, m = (np.asarray(c, dtype=float) for c in (counts["n"], counts["observed"], chance))
    units = counts.assign(share=k / n, expected=np.minimum((1 + (n - 1) * m) / n, 1.0))
    units["effect"] = units["share"] - units["expected"]
    units["p_value"] = np.minimum(n * upper_tail(k - 1, n - 1, m, 0.0), 1.0)
    units.loc[n < 2, "p_value"] = np.nan
    units = judged(units, level)
    return Signal(
        kind="identical_growth",
        title=Text(en="Identical growth", zh="收入增幅雷同"),
        question=Text(
            en="share of households in the largest group of the village whose growth since the wave before is the same",
            zh="同村同年中，收入增幅相同的最大一组住户所占比例",
        ),
        units=units,
        cases=cases_of(frame.assign(growth=growth - 1), units, key, shows, [panel.household, "growth"]),
        method="size of the largest group of equal growth against coincidence; binomial scan with Bonferroni bound",
        citation="Naus (1966), J. Amer. Statist. Assoc. 61, 1191-1199 (scan statistic)",
        level=level,
    )


def frozen_accounts(panel: Panel, *, waves: int = 3, tolerance: float = 0.02, level: float = 0.05) -> Signal:
    """Test whether accounts stand still for several waves, village by village.

    Parameters
    ----------
    panel : Panel
    waves : int
        Consecutive waves with the same account, component by component.
    tolerance, level : float

    Returns
    -------
    Signal
        Of the households observed in so many consecutive waves, the share with a frozen account.

    Raises
    ------
    DataError
        Fewer than three components of the account, or no village.
    """
    frame, village = panel.frame, _village(panel)
    names = _components(frame)
    key = key_of(panel, village)
    order = frame[[panel.household, panel.wave, *key]].assign(_at=np.arange(len(frame)))[panel.mask]
    order = order.sort_values([panel.household, panel.wave])
    at = order["_at"].to_numpy()
    account = _matrix(frame, names)[at]
    house = pd.factorize(order[panel.household])[0]
    year = order[panel.wave].to_numpy(dtype=int)
    linked = (house[1:] == house[:-1]) & (year[1:] == year[:-1] + 1)
    same = linked & (account[1:] == account[:-1]).all(axis=1) & _earning(frame, names)[at][1:]
    run, still = np.zeros(len(at), dtype=int), np.zeros(len(at), dtype=int)
    for step in range(1, waves):
        run[step:] += _chained(linked, step)
        still[step:] += _chained(same, step)
    rows = order.assign(_of=run == waves - 1, _shows=still == waves - 1)
    homes = (
        rows.groupby([*key, panel.household], sort=True, observed=True)[["_of", "_shows"]].any().reset_index()
    )
    counts = counted(homes, key, homes["_shows"].to_numpy(), homes["_of"].to_numpy())
    enough(counts, "villages")
    units = against_typical(counts, level=level, tolerance=tolerance)
    return Signal(
        kind="frozen_accounts",
        title=Text(en="Accounts that stand still", zh="收入账目多年不变"),
        question=Text(
            en=f"share of households whose income account is the same, item by item, in {waves} waves running",
            zh=f"连续{waves}期收入账目各项完全相同的住户比例",
        ),
        units=units,
        cases=cases_of(rows, units, key, rows["_shows"].to_numpy(), [panel.household, panel.wave]),
        method="share of frozen accounts against the typical village; beta-binomial tail",
        citation="Prentice (1986), J. Amer. Statist. Assoc. 81, 321-327",
        level=level,
    )


def _chained(links: NDArray[np.bool_], steps: int) -> NDArray[np.int_]:
    """Tell for each row from the `steps`-th whether the last `steps` links all hold (as 0/1)."""
    out = np.ones(len(links) - steps + 1, dtype=bool)
    for back in range(steps):
        out &= links[back : len(links) - steps + 1 + back]
    return out.astype(int)


def _twins(panel: Panel) -> tuple[pd.DataFrame, list[str], NDArray[np.bool_], NDArray[np.bool_]]:
    frame, village = panel.frame, _village(panel)
    names = _components(frame)
    of = panel.mask & frame[village].notna().to_numpy() & _earning(frame, names)
    key = [*key_of(panel, village), panel.wave]
    twin = np.zeros(len(frame), dtype=bool)
    twin[of] = frame.loc[of, [*key, *names]].duplicated(keep=False).to_numpy()
    return frame, key, twin, of


def _earning(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which accounts have wages or business and something besides: two of them are not equal by nature."""
    account = _matrix(frame, names)
    earned = [i for i, n in enumerate(names) if n in ("wage_income", "operating_income")]
    return np.asarray(((account > 0).sum(axis=1) >= 2) & (account[:, earned] > 0).any(axis=1))


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    return np.column_stack([np.nan_to_num(as_floats(frame[n])) for n in names])


def _components(frame: pd.DataFrame) -> list[str]:
    names = [n for n in ACCOUNT if n in frame]
    if len(names) < LEAST_COMPONENTS:
        msg = f"accounts are compared by at least {LEAST_COMPONENTS} of: {', '.join(ACCOUNT)}; the data have {len(names)}"
        raise DataError(msg)
    return names


def _village(panel: Panel) -> str:
    if panel.village is None:
        msg = "the panel names no village column; give it one (plan: map 行政村 to village)"
        raise DataError(msg)
    return panel.village


def _earlier(panel: Panel, column: str) -> NDArray[np.float64]:
    """Return the same household's value one year before, NaN where there is none."""
    frame = panel.frame
    keys = pd.MultiIndex.from_arrays([frame[panel.household], frame[panel.wave].astype(int)])
    values = pd.Series(as_floats(frame[column]), index=keys)
    wanted = pd.MultiIndex.from_arrays([frame[panel.household], frame[panel.wave].astype(int) - 1])
    return np.asarray(values.reindex(wanted).to_numpy(dtype=float), dtype=float)


def _largest_group(
    value: NDArray[np.float64], cell: pd.Series, of: NDArray[np.bool_], within: float
) -> NDArray[np.bool_]:
    """Tell which rows belong to their cell's largest group of values no further apart than `within`."""
    shows = np.zeros(len(value), dtype=bool)
    at = np.flatnonzero(of)
    code = pd.factorize(cell.to_numpy()[at])[0]
    order = at[np.lexsort((value[at], code))]
    start = 0
    for size in np.bincount(code):
        rows = order[start : start + size]
        x = value[rows]
        reach = np.searchsorted(x, x + within, side="right")
        best = int(np.argmax(reach - np.arange(size)))
        shows[rows[best : reach[best]]] = True
        start += size
    return shows


def _chance(
    growth: NDArray[np.float64], cell: pd.Series, wave: NDArray[np.int_], of: NDArray[np.bool_], within: float
) -> dict[int, float]:
    """Return for each wave the share of pairs of a village that would match by coincidence.

    It is read off the pairs that nearly match, `BAND` times as far apart as a match may be: those who were made to
    grow alike are not among them, and what villages have in common by nature is.
    """
    near: dict[int, float] = {}
    pairs: dict[int, float] = {}
    at = np.flatnonzero(of)
    code = pd.factorize(cell.to_numpy()[at])[0]
    for village in range(code.max(initial=-1) + 1):
        rows = at[code == village]
        x, year = np.sort(growth[rows]), int(wave[rows[0]])
        ends = [np.searchsorted(x, x + k * within, side="right") for k in (1, 1 + BAND)]
        near[year] = near.get(year, 0.0) + float((ends[1] - ends[0]).sum()) / BAND
        pairs[year] = pairs.get(year, 0.0) + len(x) * (len(x) - 1) / 2
    return {year: near[year] / pairs[year] if pairs[year] else 0.0 for year in near}
