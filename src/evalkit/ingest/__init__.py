"""Raw files in: csv, Excel, Stata, SPSS and Parquet as text, with header, encoding and fields found.

Nothing is changed and nothing is dropped here; what was found (files, headers, units) is part of the result.
"""

from __future__ import annotations

from evalkit.ingest.plans import ALL, find_files, read_all, split_by_county, with_counties
from evalkit.ingest.reading import from_frame, read
from evalkit.ingest.sheets import TYPED
from evalkit.ingest.tables import RawData, RawTable

__all__ = [
    "ALL",
    "TYPED",
    "RawData",
    "RawTable",
    "find_files",
    "from_frame",
    "read",
    "read_all",
    "split_by_county",
    "with_counties",
]
