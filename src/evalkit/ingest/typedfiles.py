"""Files whose columns have names and types: Stata, SPSS, SAS and Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.cells import as_missing, as_text, number_text
from evalkit.ingest.sources import Source

STATISTICAL = (".dta", ".sav", ".zsav", ".sas7bdat", ".xpt")
"""Types that are read whole."""
_XPORT = "special missing values (.A-.Z) of a SAS transport file cannot be told from blanks"
Labels = dict[str, dict[str, str]]
"""Column → code as text → label."""


@dataclass(frozen=True, eq=False)
class TypedTable:
    """Records with named columns; `frame` holds them, or `source` is a Parquet file to take them from.

    Parameters
    ----------
    names : list of str
    labels : Labels
    frame : DataFrame or None
    source : Source or None
    notes : tuple of str
        What cannot be told of the file.
    """

    names: list[str]
    labels: Labels
    frame: pd.DataFrame | None = None
    source: Source | None = None
    notes: tuple[str, ...] = ()

    def blocks(self, rows: int | None) -> Iterator[pd.DataFrame]:
        """Yield the cells as text, at most `rows` rows at a time (None: all at once)."""
        if self.frame is not None:
            step = rows or max(len(self.frame), 1)
            for start in range(0, max(len(self.frame), 1), step):
                yield _texts(self.frame.iloc[start : start + step])
        elif self.source is not None:
            yield from _parquet_blocks(self.source, rows)


def open_typed(source: Source) -> TypedTable:
    """Open a Stata, SPSS, SAS or Parquet file.

    Raises
    ------
    DataError
        It is damaged, or of another type than its name says.
    """
    if source.suffix == ".parquet":
        return TypedTable(_parquet_names(source), {}, source=source)
    frame, labels = _statistical(source)
    notes = (_XPORT,) if source.suffix == ".xpt" else ()
    return TypedTable([str(c) for c in frame.columns], labels, frame, notes=notes)


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({i: as_text(frame.iloc[:, i]) for i in range(frame.shape[1])})


def _statistical(source: Source) -> tuple[pd.DataFrame, Labels]:
    """Return the codes of a file, and its value labels by column; values the file declares missing are told as such."""
    import pyreadstat

    reader: Any = {
        ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".xpt": pyreadstat.read_xport,
    }.get(source.suffix, pyreadstat.read_sav)
    options: dict[str, bool] = {} if reader is pyreadstat.read_xport else {"user_missing": True}
    if source.suffix in (".dta", ".sav", ".zsav"):
        options["apply_value_formats"] = False
    try:
        with source.stream() as stream:
            frame, about = reader(stream, **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as e:
        msg = f"{source.file} cannot be read as {source.suffix} ({e}); it is truncated or of another type: export it again"
        raise DataError(msg) from e
    labels = {
        str(column): {_code_text(code): str(label) for code, label in known.items()}
        for column, known in about.variable_value_labels.items()
    }
    return _with_missing(pd.DataFrame(frame), about, labels), labels


def _with_missing(frame: pd.DataFrame, about: Any, labels: Labels) -> pd.DataFrame:
    """Return the frame with declared missing values as text: SPSS ranges, and the letters of Stata and SAS."""
    out = {}
    for column, ranges in (about.missing_ranges or {}).items():
        hit = pd.Series([_within(v, ranges) for v in frame[column]], index=frame.index, dtype=bool)
        out[column] = _marked(frame[column], hit, "", labels.get(str(column), {}))
    for column, letters in (about.missing_user_values or {}).items():
        hit = frame[column].isin(list(letters))
        out[column] = _marked(frame[column], hit, ".", labels.get(str(column), {}))
    return frame.assign(**out) if out else frame


def _within(value: object, ranges: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a value is in one of the ranges that a file declares missing."""
    if value is None or value != value:
        return False
    try:
        return any(r["lo"] <= value <= r["hi"] for r in ranges)
    except TypeError:
        return False  # a date beside a number


def _marked(cells: pd.Series, hit: pd.Series, dot: str, labels: Mapping[str, str]) -> pd.Series:
    if not hit.any():
        return cells
    text = as_text(cells)
    known = {c: as_missing(f"{dot}{c}", labels.get(c, "")) for c in text[hit.to_numpy()].dropna().unique()}
    return text.where(~hit.to_numpy(dtype=bool), text.map(known)).astype("str").set_axis(cells.index)


def _code_text(code: object) -> str:
    return number_text(float(code)) if isinstance(code, int | float) else str(code)


def _parquet_file(source: Source) -> Any:
    from pyarrow import parquet

    return parquet.ParquetFile(source.path if source.path is not None else source.stream())


def _parquet_names(source: Source) -> list[str]:
    import pyarrow as pa

    try:
        with _parquet_file(source) as file:
            return [str(n) for n in file.schema_arrow.names]
    except (pa.ArrowInvalid, OSError) as e:
        raise _no_parquet(source, e) from e


def _parquet_blocks(source: Source, rows: int | None) -> Iterator[pd.DataFrame]:
    """Yield record batches as text; whole numbers stay whole where some are missing."""
    import pyarrow as pa

    try:
        with _parquet_file(source) as file:
            if rows is None or not file.metadata.num_rows:
                yield _texts(file.read().to_pandas(integer_object_nulls=True, ignore_metadata=True))
                return
            for batch in file.iter_batches(batch_size=rows, use_threads=False):
                yield _texts(batch.to_pandas(integer_object_nulls=True, ignore_metadata=True))
    except (pa.ArrowInvalid, OSError) as e:
        raise _no_parquet(source, e) from e


def _no_parquet(source: Source, error: Exception) -> DataError:
    return DataError(
        f"{source.file} cannot be read as Parquet ({error}); it is truncated or of another type: export it again"
    )
