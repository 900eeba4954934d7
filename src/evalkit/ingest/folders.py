"""The files of a table below the folder of raw files, and those that were passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from evalkit.errors import DataError
from evalkit.ingest.archives import is_hidden, member_names
from evalkit.ingest.sheets import SUFFIXES, TABLES
from evalkit.ingest.sources import Source
from evalkit.ingest.workbooks import WORKBOOKS, sheet_names
from evalkit.plan import TableSource

_INSIDE = re.compile(r"(.*?\.zip)/(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class TableFiles:
    """Files of a table, and files beside them (names below the folder) that are no tables or hidden."""

    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def look_for(folder: Path, source: TableSource, table: str) -> TableFiles:
    """Return the files of a table.

    An entry of `files` is a file, a pattern, or a folder (``2016`` or ``2016/**``), which stands for all readable
    files below it, or some members of archives (``export.zip/2016*.csv``). Hidden files and lock files of spreadsheet
    programs are passed over, and in folders and archives also files of other types; named files are never passed over.

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
        pattern = archive_entry(entry)[1]
        if pattern and hits:
            hits = _holding(hits, folder, pattern, entry, where)
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
    for path in folder.glob(archive_entry(entry)[0]):
        if path.is_dir():
            below = _readable(path, folder)
            hits |= below[0]
            others |= below[1]
        elif path.is_file():
            (others if is_hidden(path.name) else hits).add(path)
    return hits, others


def archive_entry(entry: str) -> tuple[str, str]:
    """Return the file (or pattern) of an entry, and the pattern of members when it names some of an archive.

    >>> archive_entry("a/export.zip/2016/*.csv"), archive_entry("export.zip"), archive_entry("2016/**")
    (('a/export.zip', '2016/*.csv'), ('export.zip', ''), ('2016/**', ''))
    """
    found = _INSIDE.fullmatch(entry)
    return (found[1], found[2]) if found else (entry, "")


def picked_members(files: Iterable[str], archive: str) -> tuple[str, ...] | None:
    """Return the patterns of members that entries of a plan pick from an archive; None when one takes it whole.

    >>> picked_members(["e.zip/2016*", "*.zip/2017*"], "e.zip"), picked_members(["e.zip/2016*", "*"], "e.zip")
    (('2016*', '2017*'), None)
    """
    pairs = [archive_entry(f) for f in files]
    if any(not pattern and _takes(entry, archive) for entry, pattern in pairs):
        return None
    return tuple(pattern for entry, pattern in pairs if pattern and _takes(entry, archive)) or None


def _takes(entry: str, file: str) -> bool:
    """Tell whether an entry of `files` stands for a file below the folder of raw files."""
    base = entry.removesuffix("/**")
    if entry == "**" or file == entry or file.startswith(f"{base}/"):
        return True
    path = PurePosixPath(file)
    same = "**" in entry or len(path.parts) == len(PurePosixPath(entry).parts)
    return path.match(entry) and same


def _holding(archives: set[Path], folder: Path, pattern: str, entry: str, where: str) -> set[Path]:
    """Return the archives that hold a member of the pattern.

    Raises
    ------
    DataError
        None does; their members are listed.
    """
    names = {p: member_names(Source(_below(p, folder), p)) for p in sorted(archives)}
    hits = {p for p, inside in names.items() if any(fnmatchcase(n, pattern) for n in inside)}
    if not hits:
        held = [n for inside in names.values() for n in inside]
        there = ", ".join(held[:20]) + (" …" if len(held) > 20 else "")
        msg = f"no member matches {entry!r} ({where}); the archive holds: {there or 'nothing'}"
        raise DataError(msg)
    return hits


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
