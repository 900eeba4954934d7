"""Questions that cross counties, as SQL on the finished store: read only, in bounded memory, the same answer every time.

The kinds of the store are views: ``household`` (the clean panel), ``member``, ``program``, ``ledger``,
``open_cases``, ``quarantine`` and the rest; those that no county has are absent. ``province_of(county)`` gives
the first two digits of a division code, ``_`` of anything else.
"""

from __future__ import annotations

from evalkit.queries.between import (
    cases_between_counties,
    households_in_two_counties,
    moves,
    persons_in_two_counties,
)
from evalkit.queries.connection import MEMORY, StoreQueries, open_store, query
from evalkit.queries.national import headcounts, national_quantiles

__all__ = [
    "MEMORY",
    "StoreQueries",
    "cases_between_counties",
    "headcounts",
    "households_in_two_counties",
    "moves",
    "national_quantiles",
    "open_store",
    "persons_in_two_counties",
    "query",
]
