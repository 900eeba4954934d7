"""Aggregate county panels: the same cleaning and ledger as the registry, breaks, growth, a panel of counties."""

from __future__ import annotations

from evalkit.countyseries.concepts import BREAK_COLUMNS, breaks_of, chained, concept_in
from evalkit.countyseries.growth import GROWTH_COLUMNS, YEARLY_COLUMNS, SeriesGrowth, yearly_growth
from evalkit.countyseries.series import CountySeries, county_series

__all__ = [
    "BREAK_COLUMNS",
    "GROWTH_COLUMNS",
    "YEARLY_COLUMNS",
    "CountySeries",
    "SeriesGrowth",
    "breaks_of",
    "chained",
    "concept_in",
    "county_series",
    "yearly_growth",
]
