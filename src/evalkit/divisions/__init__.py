"""Dated division codes: names, levels, what is in force when, and where retired codes lead.

Codes of GB/T 2260 change when counties become districts or cities, are merged or divided. A registry of several
years mixes old and new codes of one county; `link` brings them together without guessing.
"""

from __future__ import annotations

from evalkit.divisions.editions import from_editions, read_editions
from evalkit.divisions.model import STANDING_COLUMNS, Division, Divisions, link, links
from evalkit.divisions.names import same_place, stem_of
from evalkit.divisions.sources import DatedCodes, load_divisions
from evalkit.divisions.table import read_table

__all__ = [
    "STANDING_COLUMNS",
    "DatedCodes",
    "Division",
    "Divisions",
    "from_editions",
    "link",
    "links",
    "load_divisions",
    "read_editions",
    "read_table",
    "same_place",
    "stem_of",
]
