"""How a household crossed the line: by transfers or dividends alone, for one year only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import DataError
from evalkit.forensics.signal import (
    Signal,
    against_typical,
    as_floats,
    cases_of,
    counted,
    enough,
    key_of,
    need,
)
from evalkit.panel import Panel
from evalkit.text import Text

GIFTS = ("transfer_income", "dividend_income")
"""Income that is given, not earned."""
REVERSED = 0.5
"""A jump of which at least this share is gone a year later counts as reversed."""
MATERIAL = 0.1
"""A rise of given income below this share of the line carries nobody over it."""


def padding(
    panel: Panel,
    line: float | str | Mapping[int, float] | None = None,
    *,
    gifts: tuple[str, ...] = GIFTS,
    tolerance: float = 0.05,
    level: float = 0.05,
) -> Signal:
    """Test whether exits rest on transfers or dividends that came in the year of exit and went the year after.

    Parameters
    ----------
    panel : Panel
        With the registry's ``exit_year`` and household amounts of the given incomes.
    line : float, str or mapping, optional
    gifts : tuple of str
        Household amounts (not per head) of income that is given; those that the data have are added up.
    tolerance : float
        Share of padded exits that is never extraordinary.
    level : float

    Returns
    -------
    Signal
        Of the exits with the waves before and after, the share that lie below the line without their given income,
        where that rose since the year before by a tenth of the line or more and at least half of the rise is gone the
        year after. Units are villages.

    Raises
    ------
    DataError
        No year of exit, no given income, no household size, or no village.
    """
    frame = panel.frame
    if panel.village is None or panel.size is None:
        msg = "padding needs the village and the household size of the panel"
        raise DataError(msg)
    need(frame, ["exit_year"])
    named = [g for g in gifts if g in frame]
    if not named:
        msg = f"padding needs given income; the data have none of: {', '.join(gifts)}"
        raise DataError(msg)
    parts = np.column_stack([as_floats(frame[g]) for g in named])
    given = np.nansum(parts, axis=1) / panel.persons()
    before, after = _neighbour(panel, given, -1), _neighbour(panel, given, 1)
    known = np.isfinite(parts) @ (2.0 ** np.arange(len(named)))  # which of them are known, as one number
    alike = (known > 0) & (known == _neighbour(panel, known, -1)) & (known == _neighbour(panel, known, 1))
    y, z = panel.values("welfare"), panel.line(line)
    exits = (frame["exit_year"] == frame[panel.wave]).fillna(value=False).to_numpy(dtype=bool)
    of = panel.mask & exits & np.isfinite(before) & np.isfinite(after) & (y >= z)
    of &= alike & frame[panel.village].notna().to_numpy()
    key = key_of(panel, panel.village)
    jump = given - before
    shows = of & (jump >= MATERIAL * z) & (y - given < z) & (given - after >= REVERSED * jump)
    counts = counted(frame, key, shows, of)
    enough(counts, "villages")
    units = against_typical(counts, level=level, tolerance=tolerance)
    shown = frame.assign(given=given, given_before=before, given_after=after)
    return Signal(
        kind="padding",
        title=Text(en="Exits carried by one year's transfers", zh="靠当年转移性收入或分红脱贫"),
        question=Text(
            en="share of exits above the line only with transfers or dividends whose rise is gone the year after",
            zh="扣除转移性收入和分红即低于标准线、且其当年增量次年回落的脱贫户比例",
        ),
        units=units,
        cases=cases_of(
            shown,
            units,
            key,
            shows,
            [panel.household, panel.wave, panel.welfare, "given_before", "given", "given_after"],
        ),
        method="share of padded exits against the typical village; beta-binomial tail",
        citation="Prentice (1986), J. Amer. Statist. Assoc. 81, 321-327",
        level=level,
        notes=(
            Text(
                en=f"given income: {', '.join(named)}, per head; exits without the waves before and after, or with amounts "
                "known in some of the three waves only, do not count",
                zh="给付性收入按人均计；缺少前一年或后一年记录，或仅部分年度有金额的脱贫户不计入",
            ),
        ),
    )


def short_lived_households(panel: Panel, *, tolerance: float = 0.005, level: float = 0.05) -> Signal:
    """Test whether one-person households that exist in one wave only crowd into a wave.

    Households split before a look-back and merged afterwards leave this trace.

    Parameters
    ----------
    panel : Panel
        With the household size.
    tolerance : float
        Share that is never extraordinary.
    level : float

    Returns
    -------
    Signal
        Units are waves (by county where the panel has one), the first and the last wave excepted: there it is not
        known whether a household lived before or after.

    Raises
    ------
    DataError
        No household size, or fewer than three waves.
    """
    frame = panel.frame
    waves = panel.waves
    if panel.size is None or len(waves) < 3:
        msg = "short-lived households need the household size and at least three waves"
        raise DataError(msg)
    wave = frame[panel.wave].astype(int)
    spans = wave.groupby(frame[panel.household]).agg(["min", "max"])
    first, last = (frame[panel.household].map(spans[c]).to_numpy() for c in ("min", "max"))
    of = panel.mask & (wave > waves[0]).to_numpy() & (wave < waves[-1]).to_numpy()
    shows = of & (panel.persons() == 1) & (first == last)
    unit = [*([panel.county] if panel.county else []), panel.wave]
    counts = counted(frame, unit, shows, of)
    units = against_typical(counts, level=level, tolerance=tolerance)
    return Signal(
        kind="short_lived_households",
        title=Text(en="One-person households of one year", zh="仅存续一年的单人户"),
        question=Text(
            en="share of households with one person that appear in this wave only",
            zh="仅在该年度出现的单人户比例",
        ),
        units=units,
        cases=cases_of(frame, units, unit, shows, [panel.household]),
        method="share of short-lived one-person households against the typical wave; beta-binomial tail",
        citation="Prentice (1986), J. Amer. Statist. Assoc. 81, 321-327",
        level=level,
    )


def _neighbour(panel: Panel, values: Floats, years: int) -> NDArray[np.float64]:
    """Return the same household's value some years later (or earlier), NaN where there is none."""
    frame = panel.frame
    wave = frame[panel.wave].astype(int)
    known = pd.Series(values, index=pd.MultiIndex.from_arrays([frame[panel.household], wave]))
    wanted = pd.MultiIndex.from_arrays([frame[panel.household], wave + years])
    return np.asarray(known.reindex(wanted).to_numpy(dtype=float), dtype=float)
