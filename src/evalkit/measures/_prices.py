"""From prices of each wave to prices of one year."""

from __future__ import annotations

import numpy as np

from evalkit.design import Floats
from evalkit.errors import DataError
from evalkit.measures import _notes
from evalkit.panel import Panel
from evalkit.text import Text


def price_year(panel: Panel) -> int:
    """Return the wave in whose prices real amounts are: the panel's, else the last wave of its frame."""
    return int(panel.frame[panel.wave].max()) if panel.price_year is None else panel.price_year


def price_factor(panel: Panel, wave: int) -> float:
    """Return what an amount of a wave is multiplied by to be in prices of the price year.

    Raises
    ------
    DataError
        The panel has no deflators, or none for the wave or the price year.
    """
    if panel.deflators is None:
        msg = (
            "real amounts need a price index: give the panel deflators (plan: standard.deflators), or pass "
            "real=False for nominal amounts"
        )
        raise DataError(msg)
    year = price_year(panel)
    absent = sorted({w for w in (wave, year) if w not in panel.deflators})
    if absent:
        have = ", ".join(map(str, sorted(panel.deflators)))
        msg = f"no price index for {', '.join(map(str, absent))}; it is given for {have}"
        raise DataError(msg)
    return float(panel.deflators[year]) / float(panel.deflators[wave])


def deflator(panel: Panel) -> Floats:
    """Return each row's factor to prices of the price year, shape (n,); NaN outside the subpopulation.

    Raises
    ------
    DataError
        A wave that occurs, or the price year, has no price index.
    """
    waves = panel.frame[panel.wave].astype(int).to_numpy()
    out = np.full(len(waves), np.nan)
    for wave in panel.waves:
        out[waves == wave] = price_factor(panel, wave)
    return out


def price_notes(panel: Panel, variable: str, *, real: bool) -> tuple[Text, ...]:
    """Return the notes on prices and income concept; only the welfare measure carries the concept."""
    if panel.column(variable) != panel.welfare:
        return (_notes.prices(price_year(panel)),) if real else ()
    prices = _notes.prices(price_year(panel) if real else None)
    return (prices, *_notes.concepts(panel, panel.waves))
