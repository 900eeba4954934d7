"""Files whose columns have names and types: Stata, SPSS, SAS and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.cells import as_text, number_text
from evalkit.ingest.sources import Source

STATISTICAL = (".dta", ".sav", ".zsav", ".sas7bdat", ".xpt")
"""Types that are read whole."""
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
    """

    names: list[str]
    labels: Labels
    frame: pd.DataFrame | None = None
    source: Source | None = None

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
    return TypedTable([str(c) for c in frame.columns], labels, frame)


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({i: as_text(frame.iloc[:, i]) for i in range(frame.shape[1])})


def _statistical(source: Source) -> tuple[pd.DataFrame, Labels]:
    """Return the codes of a file, and its value labels by column."""
    import pyreadstat

    reader: Any = {
        ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".xpt": pyreadstat.read_xport,
    }.get(source.suffix, pyreadstat.read_sav)
    options: dict[str, bool] = {} if reader is pyreadstat.read_xport else {"apply_value_formats": False}
    if source.suffix == ".sas7bdat":
        options = {}
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
    return pd.DataFrame(frame), labels


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
