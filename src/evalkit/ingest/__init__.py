"""Raw files in: csv, Excel, OpenDocument, Stata, SPSS, SAS, Parquet and zip as text, with header, encoding and fields found.

Nothing is changed and nothing is dropped here; what was found (files, headers, units) is part of the result.
"""

from __future__ import annotations

from evalkit.ingest.blocks import about_blocks, combined, read_blocks
from evalkit.ingest.damage import spreadsheet_damage
from evalkit.ingest.plans import ALL, find_files, passed_over, read_all, split_by_county, with_counties
from evalkit.ingest.reading import from_frame, read
from evalkit.ingest.sheets import SUFFIXES, TYPED
from evalkit.ingest.stored import PlanMapping, mapping_for_plan
from evalkit.ingest.tables import RawData, RawTable
from evalkit.ingest.units import UnitDoubt, unit_doubts, with_unit_notes

__all__ = [
    "ALL",
    "SUFFIXES",
    "TYPED",
    "PlanMapping",
    "RawData",
    "RawTable",
    "UnitDoubt",
    "about_blocks",
    "combined",
    "find_files",
    "from_frame",
    "mapping_for_plan",
    "passed_over",
    "read",
    "read_all",
    "read_blocks",
    "split_by_county",
    "spreadsheet_damage",
    "unit_doubts",
    "with_counties",
    "with_unit_notes",
]
