"""What the plan says about one file, where files of a table differ: its wave, its headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TypeVar

from evalkit.errors import DataError
from evalkit.plan import TableSource

T = TypeVar("T")


def source_for(source: TableSource, file: str, table: str) -> TableSource:
    """Return what the plan says about one file: `wave` a number, every entry of `columns` a header.

    Parameters
    ----------
    source : TableSource
    file : str
        Name below the folder of raw files.
    table : str

    Raises
    ------
    DataError
        No pattern, or more than one, gives the wave (or a header) of the file.

    Examples
    --------
    >>> source = TableSource(files=("hh_*.csv",), wave={"hh_91*": 1991, "hh_98*": 1998})
    >>> source_for(source, "hh_98.csv", "household").wave
    1998
    """
    update: dict[str, object] = {}
    if isinstance(source.wave, dict):
        wave = _chosen(source.wave, file, f"plan.data.{table}.wave")
        if wave is None:
            msg = f"plan.data.{table}.wave gives no wave for {file}; it names {', '.join(source.wave)}: add this file"
            raise DataError(msg)
        update["wave"] = wave
    if any(isinstance(v, dict) for v in source.columns.values()):
        columns = {}
        for field, value in source.columns.items():
            where = f"plan.data.{table}.columns.{field}"
            header = _chosen(value, file, where) if isinstance(value, dict) else value
            if header is not None:
                columns[field] = header
        update["columns"] = columns
    return source.model_copy(update=update) if update else source


def plain_columns(source: TableSource) -> dict[str, str | tuple[str, ...]]:
    """Return the headers that hold for every file (all of them, after `source_for`)."""
    return {f: v for f, v in source.columns.items() if not isinstance(v, dict)}


def check_patterns(source: TableSource, files: Iterable[str], table: str) -> None:
    """Refuse a file name or pattern under `wave` or `columns` that no file of the table has.

    Raises
    ------
    DataError
        The pattern, and the files there are.
    """
    names = list(files)
    asked: dict[str, Iterable[str]] = {
        f"columns.{f}": v for f, v in source.columns.items() if isinstance(v, dict)
    }
    if isinstance(source.wave, dict):
        asked["wave"] = source.wave
    for key, patterns in asked.items():
        for pattern in patterns:
            if not any(_fits(n, pattern) for n in names):
                msg = (
                    f"plan.data.{table}.{key} names {pattern!r}, which fits none of the files read: "
                    f"{', '.join(names[:20])}"
                )
                raise DataError(msg)


def _fits(file: str, pattern: str) -> bool:
    return fnmatchcase(file, pattern) or fnmatchcase(PurePosixPath(file).name, pattern)


def _chosen(by_pattern: Mapping[str, T], file: str, where: str) -> T | None:
    """Return the value of the pattern that fits a file; the file's own name comes before patterns."""
    for name in (file, PurePosixPath(file).name):
        if name in by_pattern:
            return by_pattern[name]
    hits = [p for p in by_pattern if _fits(file, p)]
    if len({str(by_pattern[p]) for p in hits}) > 1:
        msg = f"{where}: several patterns fit {file}: {', '.join(hits)}; make them exclude each other"
        raise DataError(msg)
    return by_pattern[hits[0]] if hits else None
