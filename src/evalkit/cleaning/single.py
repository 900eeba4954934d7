"""`CleanTable`: one raw table cleaned by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from evalkit.ingest import RawTable
from evalkit.ledger import Ledger


@dataclass(frozen=True, eq=False)
class CleanTable:
    """What cleaning one table gives; see `CleanResult` for the parts.

    Parameters
    ----------
    frame : DataFrame
        Clean and typed, sorted by the table's key.
    quarantine : DataFrame
    ledger : Ledger
    open_cases : DataFrame
    raw : RawTable
        As it was cleaned.
    rows : DataFrame
        One row: table, in, clean, quarantined, merged, not_data.
    checks : DataFrame
        Conditional rules that were run.
    """

    frame: pd.DataFrame = field(repr=False)
    quarantine: pd.DataFrame = field(repr=False)
    ledger: Ledger = field(repr=False)
    open_cases: pd.DataFrame = field(repr=False)
    raw: RawTable = field(repr=False)
    rows: pd.DataFrame
    checks: pd.DataFrame = field(repr=False)
