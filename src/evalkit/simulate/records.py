"""Writing typed tables as files of records: Stata, SPSS, Parquet; the same table gives the same bytes."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.schema import label
from evalkit.simulate.sheets import Format

RECORDS: tuple[Format, ...] = ("dta", "sav", "parquet")
"""Formats of records."""
_WORDS: dict[int | float, str] = {0: "否", 1: "是"}
_STAMP = datetime(2021, 1, 15)
_SAV_DATE, _SAV_DATE_BYTES = 92, b"15 Jan 2100:00:00"
"""Where SPSS files keep date and time of their making (9 + 8 bytes, PSPP manual, "File Header Record")."""


def write_records(frame: pd.DataFrame, path: Path, form: Format) -> None:
    """Write a typed table.

    Parameters
    ----------
    frame : DataFrame
        Canonical columns.
    path : Path
    form : str
        ``parquet``: types as they are. ``dta`` (version 118), ``sav``: yes/no as 1 and 0 with value labels 是 and 否,
        missing text empty, variable labels in Chinese.
    """
    if form == "parquet":
        frame.to_parquet(path, index=False)
    elif form == "dta":
        _write_dta(frame, path)
    else:
        _write_sav(frame, path)


def _write_dta(frame: pd.DataFrame, path: Path) -> None:
    labels: dict[Hashable, str] = {name: label(name, "zh") for name in frame.columns}
    words: dict[Hashable, dict[float, str]] = {name: dict(_WORDS) for name in _marks(frame)}
    _flat(frame).to_stata(
        path, write_index=False, time_stamp=_STAMP, variable_labels=labels, version=118, value_labels=words
    )


def _write_sav(frame: pd.DataFrame, path: Path) -> None:
    import pyreadstat

    labels: dict[str, str | None] = {name: label(name, "zh") for name in frame.columns}
    words: dict[str, dict[int | float, str]] = {name: dict(_WORDS) for name in _marks(frame)}
    pyreadstat.write_sav(_flat(frame), str(path), column_labels=labels, variable_value_labels=words)
    content = bytearray(path.read_bytes())
    content[_SAV_DATE : _SAV_DATE + len(_SAV_DATE_BYTES)] = _SAV_DATE_BYTES
    path.write_bytes(bytes(content))


def _marks(frame: pd.DataFrame) -> list[str]:
    return [str(c) for c in frame.columns if pd.api.types.is_bool_dtype(frame[c].dtype)]


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text and numbers only: marks 1 and 0, whole numbers with gaps as decimals."""
    out: dict[str, object] = {}
    for name in frame.columns:
        column = frame[name]
        types = pd.api.types
        if not types.is_numeric_dtype(column.dtype):
            out[name] = column.astype(object).where(column.notna(), "").to_numpy(dtype=object)
        elif column.isna().any():
            out[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            whole = types.is_integer_dtype(column.dtype) or types.is_bool_dtype(column.dtype)
            out[name] = column.to_numpy(dtype=np.int64 if whole else np.float64)
    return pd.DataFrame(out)
