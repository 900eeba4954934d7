"""The files of a table below the folder of raw files, and those that were passed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evalkit.errors import DataError
from evalkit.ingest.archives import is_hidden, member_names
from evalkit.ingest.sheets import SUFFIXES, TABLES
from evalkit.ingest.sources import Source
from evalkit.ingest.workbooks import WORKBOOKS, sheet_names
from evalkit.plan import TableSource


@dataclass(frozen=True)
class TableFiles:
    """Files of a table, and files beside them (names below the folder) that are no tables or hidden."""

    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def look_for(folder: Path, source: TableSource, table: str) -> TableFiles:
    """Return the files of a table.

    An entry of `files` is a file, a pattern, or a folder (``2016`` or ``2016/**``), which stands for all readable
    files below it. Hidden files and lock files of spreadsheet programs are passed over, and in folders and archives
    also files of other types; named files are never passed over.

    Raises
    ------
    DataError
        An entry leads out of the folder, or nothing readable matches it; what is in the folder is listed.
    """
    found: set[Path] = set()
    passed: set[str] = set()
    for entry in source.files:
        where = f"plan.data.{table}.files"
        _refuse_outside(entry, where)
        hits, others = _entry(folder, entry)
        if not hits:
            raise _nothing(folder, entry, where)
        found |= hits
        passed |= {_below(p, folder) for p in others}
    for path in sorted(p for p in found if p.suffix.lower() == ".zip"):
        shown = _below(path, folder)
        names = member_names(Source(shown, path))
        passed |= {f"{shown}/{n}" for n in names if is_hidden(n) or not n.lower().endswith(TABLES)}
    return TableFiles(tuple(sorted(found)), tuple(sorted(passed - {_below(p, folder) for p in found})))


def names_in_plan(folder: Path, files: Iterable[Path], patterns: Iterable[str]) -> list[str]:
    """Return the names that patterns of a plan may fit: files, members of archives, and sheets where one is meant.

    Parameters
    ----------
    folder : Path
        The folder of raw files.
    files : iterable of Path
    patterns : iterable of str
        Workbooks are opened only when one of these names a sheet (``户表.xlsx/2016``).
    """
    wanted = tuple(patterns)
    out: list[str] = []
    for path in files:
        shown = _below(path, folder)
        out.append(shown)
        if path.suffix.lower() == ".zip":
            out += [f"{shown}/{name}" for name in member_names(Source(shown, path))]
        elif path.suffix.lower() in WORKBOOKS and any(_may_mean_sheet(p) for p in wanted):
            sheets = sheet_names(Source(shown, path))
            out += [f"{name}/{sheet}" for sheet in sheets for name in dict.fromkeys((shown, path.name))]
    return out


def _may_mean_sheet(pattern: str) -> bool:
    head = pattern.rpartition("/")[0].lower()
    return head.endswith(WORKBOOKS) or "*" in head


def _entry(folder: Path, entry: str) -> tuple[set[Path], set[Path]]:
    """Return the files one entry of the plan stands for, and what is passed over beside them."""
    base = entry.removesuffix("/**") if entry != "**" else ""
    whole = folder / base if base else folder
    if whole.is_dir() and (base != entry or not _is_pattern(entry)):
        return _readable(whole, folder)
    hits: set[Path] = set()
    others: set[Path] = set()
    for path in folder.glob(entry):
        if path.is_dir():
            below = _readable(path, folder)
            hits |= below[0]
            others |= below[1]
        elif path.is_file():
            (others if is_hidden(path.name) else hits).add(path)
    return hits, others


def _readable(where: Path, folder: Path) -> tuple[set[Path], set[Path]]:
    files = {p for p in where.rglob("*") if p.is_file()}
    hits = {p for p in files if p.suffix.lower() in SUFFIXES and not is_hidden(_below(p, folder))}
    return hits, files - hits


def _is_pattern(entry: str) -> bool:
    return any(c in entry for c in "*?[")


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _refuse_outside(entry: str, where: str) -> None:
    path = PurePosixPath(entry.replace("\\", "/"))
    if not entry.strip() or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        msg = f"{where}: {entry!r} is no name below the folder of raw files; put the file there, or mend data.raw"
        raise DataError(msg)


def _nothing(folder: Path, entry: str, where: str) -> DataError:
    here = sorted(_below(p, folder) for p in folder.rglob("*") if p.is_file())
    there = ", ".join(here[:20]) + (" …" if len(here) > 20 else "")
    return DataError(
        f"no file matches {entry!r} ({where}) in {str(folder)!r}; "
        f"{'there are: ' + there if here else 'the folder is empty'}"
    )
