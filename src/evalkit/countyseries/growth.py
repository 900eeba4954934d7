"""Growth of a county series between two years, and from year to year; not across a break unless stated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.design import Floats
from evalkit.text import Text

GROWTH_COLUMNS: tuple[str, ...] = (
    "county", "start", "end", "growth", "annualised", "crosses_break", "concept_start", "concept_end",
)  # fmt: skip
"""Columns of `SeriesGrowth.table`."""
YEARLY_COLUMNS: tuple[str, ...] = (
    "county", "wave", "wave_before", "value", "growth", "annualised", "crosses_break",
)  # fmt: skip
"""Columns of `yearly_growth`."""


@dataclass(frozen=True, eq=False)
class SeriesGrowth:
    """Growth of one series of all counties between two years.

    Parameters
    ----------
    series : str
    frm, to : int
    real : bool
        In constant prices of `to`; otherwise nominal.
    table : DataFrame
        One row a county, with `GROWTH_COLUMNS`; growth and annualised growth are shares (0.1 is 10 %), missing where
        a value is missing or not positive.
    notes : tuple of Text
        What a reader has to know; printed under the table.
    """

    series: str
    frm: int
    to: int
    real: bool
    table: pd.DataFrame = field(repr=False)
    notes: tuple[Text, ...]

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def annual_rate(ratio: Floats, years: Floats) -> Floats:
    """Return the yearly growth that compounds to a ratio over some years, shape (n,).

    >>> annual_rate(np.array([1.21, 1.1]), np.array([2.0, 1.0])).round(12).tolist()
    [0.1, 0.1]
    """
    return np.asarray(ratio ** (1.0 / years) - 1.0, dtype=np.float64)


def growth_between(chain: pd.DataFrame, frm: int, to: int, factor: float) -> pd.DataFrame:
    """Return the growth of each county of a chained series.

    Parameters
    ----------
    chain : DataFrame
        As `evalkit.countyseries.concepts.chained` gives it.
    frm, to : int
        Years; `frm` is the earlier one.
    factor : float
        Price level of `to` over that of `frm`; 1 for nominal growth.

    Returns
    -------
    DataFrame
        With `GROWTH_COLUMNS`, ascending by county. ``crosses_break`` is true when the concept or the column of the
        values differs anywhere between the two years.
    """
    inside = chain.loc[chain["wave"].between(frm, to)]
    first = inside.loc[inside["wave"] == frm].set_index("county")
    last = inside.loc[inside["wave"] == to].set_index("county")
    counties = pd.Index(sorted(chain["county"].unique()), name="county", dtype="str")
    start = first["value"].reindex(counties).to_numpy(dtype=np.float64)
    end = last["value"].reindex(counties).to_numpy(dtype=np.float64)
    kinds = (inside["concept"] + "\0" + inside["column"]).groupby(inside["county"]).nunique()
    positive = (start > 0) & (end > 0)
    ratio = np.divide(end, start * factor, out=np.full(len(start), np.nan), where=positive)
    values = {
        "county": counties,
        "start": start,
        "end": end,
        "growth": ratio - 1.0,
        "annualised": annual_rate(ratio, np.full(len(ratio), float(to - frm))),
        "crosses_break": (kinds.reindex(counties).fillna(0) > 1).to_numpy(dtype=bool),
        "concept_start": first["concept"].reindex(counties).to_numpy(),
        "concept_end": last["concept"].reindex(counties).to_numpy(),
    }
    return pd.DataFrame(values)[list(GROWTH_COLUMNS)]


def yearly_growth(chain: pd.DataFrame, *, across: bool, index: dict[int, float] | None) -> pd.DataFrame:
    """Return the growth of each observed value over the one before.

    Parameters
    ----------
    chain : DataFrame
    across : bool
        Whether growth across a break is given; otherwise it is missing there.
    index : dict, optional
        Price level by year, for growth in constant prices.

    Returns
    -------
    DataFrame
        With `YEARLY_COLUMNS`; where years are missing between, growth is over the whole gap and ``annualised`` per year.
    """
    by = chain.groupby("county")
    before = by[["wave", "value", "concept", "column"]].shift(1)
    wave, then = chain["wave"].astype("float64"), before["wave"].astype("float64")
    price = np.ones(len(chain))
    if index is not None:
        price = (chain["wave"].map(index) / before["wave"].map(index)).to_numpy(dtype=np.float64)
    start, end = before["value"].to_numpy(dtype=np.float64), chain["value"].to_numpy(dtype=np.float64)
    broken = then.notna() & ((before["concept"] != chain["concept"]) | (before["column"] != chain["column"]))
    use = (start > 0) & (end > 0) & (across | ~broken.to_numpy(dtype=bool))
    ratio = np.divide(end, start * price, out=np.full(len(chain), np.nan), where=use)
    years = np.asarray(wave - then, dtype=np.float64)
    values = {
        "county": chain["county"],
        "wave": chain["wave"],
        "wave_before": before["wave"].astype("Int64"),
        "value": chain["value"],
        "growth": ratio - 1.0,
        "annualised": annual_rate(np.asarray(ratio, dtype=np.float64), years),
        "crosses_break": broken,
    }
    return pd.DataFrame(values)[list(YEARLY_COLUMNS)].reset_index(drop=True)
