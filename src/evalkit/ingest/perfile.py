"""What the plan says about one file or sheet, where files of a table differ: its wave, its headers, its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TypeVar

from evalkit.errors import DataError
from evalkit.plan import TableSource

T = TypeVar("T")


def source_for(source: TableSource, file: str, table: str, sheet: str | None = None) -> TableSource:
    """Return what the plan says about one file: `wave` a number, `money_unit` a unit, every entry of `columns` a header.

    Parameters
    ----------
    source : TableSource
    file : str
        Name below the folder of raw files.
    table : str
    sheet : str, optional
        Name of the sheet; patterns may name it behind the file (``户表.xlsx/2016``).

    Raises
    ------
    DataError
        More than one pattern gives the wave (or a header, or the unit) of the file.

    Examples
    --------
    >>> source = TableSource(files=("hh_*.csv",), wave={"hh_91*": 1991, "hh_98*": 1998})
    >>> source_for(source, "hh_98.csv", "household").wave
    1998
    """
    update: dict[str, object] = {}
    names = _names(file, sheet)
    if isinstance(source.money_unit, dict):
        update["money_unit"] = _chosen(source.money_unit, names, f"plan.data.{table}.money_unit") or "auto"
    if isinstance(source.wave, dict):
        wave = _chosen(source.wave, names, f"plan.data.{table}.wave")
        update["wave"] = wave
    if any(isinstance(v, dict) for v in source.columns.values()):
        columns = {}
        for field, value in source.columns.items():
            where = f"plan.data.{table}.columns.{field}"
            header = _chosen(value, names, where) if isinstance(value, dict) else value
            if header is not None:
                columns[field] = header
        update["columns"] = columns
    return source.model_copy(update=update) if update else source


def refuse_no_wave(source: TableSource | None, own: TableSource | None, where: str, table: str) -> None:
    """Refuse a file (or sheet) with rows for which the plan gives waves by pattern, but none for this one.

    Raises
    ------
    DataError
        The file, and the patterns there are.
    """
    if source is not None and isinstance(source.wave, dict) and own is not None and own.wave is None:
        msg = f"plan.data.{table}.wave gives no wave for {where}; it names {', '.join(source.wave)}: add this file"
        raise DataError(msg)


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
    asked = _asked(source)
    for key, patterns in asked.items():
        for pattern in patterns:
            if not any(_fits(n, pattern) for n in names):
                msg = (
                    f"plan.data.{table}.{key} names {pattern!r}, which fits none of the files read: "
                    f"{', '.join(names[:20])}"
                )
                raise DataError(msg)


def patterns_of(source: TableSource) -> list[str]:
    """Return every file name or pattern that settings of a table use."""
    return list(dict.fromkeys(p for patterns in _asked(source).values() for p in patterns))


def _asked(source: TableSource) -> dict[str, Iterable[str]]:
    """Return patterns by the key they stand under."""
    asked: dict[str, Iterable[str]] = {
        f"columns.{f}": v for f, v in source.columns.items() if isinstance(v, dict)
    }
    for name, value in (("wave", source.wave), ("money_unit", source.money_unit)):
        if isinstance(value, dict):
            asked[name] = value
    return asked


def _fits(file: str, pattern: str) -> bool:
    return fnmatchcase(file, pattern) or fnmatchcase(PurePosixPath(file).name, pattern)


def _names(file: str, sheet: str | None) -> tuple[str, ...]:
    """Return the names of a sheet and its file that a plan may use, the most exact first."""
    last = PurePosixPath(file).name
    files = (file, last) if last != file else (file,)
    return files if sheet is None else (*(f"{f}/{sheet}" for f in files), *files)


def _chosen(by_pattern: Mapping[str, T], names: tuple[str, ...], where: str) -> T | None:
    """Return the value of the pattern that fits one of the names; a name itself comes before patterns."""
    for name in names:
        if name in by_pattern:
            return by_pattern[name]
    hits = [p for p in by_pattern if any(fnmatchcase(n, p) for n in names)]
    if len({str(by_pattern[p]) for p in hits}) > 1:
        msg = f"{where}: several patterns fit {names[0]}: {', '.join(hits)}; make them exclude each other"
        raise DataError(msg)
    return by_pattern[hits[0]] if hits else None
