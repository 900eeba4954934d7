"""Zip archives: their members as sources, in order of name, refused when they are not what they seem.

Nothing is unpacked to disk. Sizes are those of the bytes that really come out, not those the archive claims.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from evalkit.errors import DataError
from evalkit.ingest.sources import Source

MAX_BYTES = 2 << 30
"""Most bytes that all members of one archive (or all parts of one workbook) may hold when unpacked."""
MAX_RATIO = 500
"""Most bytes that one packed byte may become, in members beyond `RATIO_FROM`."""
RATIO_FROM = 1 << 22
"""Unpacked bytes up to which the ratio is not looked at."""
MAX_MEMBERS = 5_000
"""Most members of an archive."""

_PIECE = 1 << 20
_PACKED = (".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".tgz")
_DRIVE = re.compile(r"[A-Za-z]:")
_UTF8_FLAG, _LOCKED_FLAG = 0x800, 0x1


def members(source: Source) -> Iterator[tuple[Source, bool]]:
    """Yield the files of an archive in order of name, each with whether it is hidden or a lock file.

    Parameters
    ----------
    source : Source
        A zip archive.

    Raises
    ------
    DataError
        It is damaged, encrypted, holds another archive, a path that leads out of it, one name twice, or more or larger
        members than `MAX_MEMBERS`, `MAX_BYTES` and `MAX_RATIO` allow.
    """
    try:
        with source.stream() as stream, zipfile.ZipFile(stream) as archive:
            named = _checked(source.file, archive)
            left = MAX_BYTES
            for name, info in named:
                data = b"" if is_hidden(name) else _unpacked(source.file, name, archive, info, left)
                left -= len(data)
                yield Source(f"{source.file}/{name}", data=data), is_hidden(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as e:
        raise _damaged(source, e) from e


def member_names(source: Source) -> list[str]:
    """Return the names of an archive's files, in order, without unpacking them.

    Raises
    ------
    DataError
        As `members`, for what the list of names shows.
    """
    try:
        with source.check().stream() as stream, zipfile.ZipFile(stream) as archive:
            return [name for name, _ in _checked(source.file, archive)]
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as e:
        raise _damaged(source, e) from e


def is_hidden(name: str) -> bool:
    """Tell whether a file (or a folder above it) is hidden, or a lock file of a spreadsheet program.

    >>> is_hidden("~$户表.xlsx"), is_hidden("__MACOSX/._a.csv"), is_hidden("2016/a.csv")
    (True, True, False)
    """
    return any(part.startswith(("~$", ".", "__MACOSX")) for part in PurePosixPath(name).parts)


def refuse_bomb(source: Source) -> None:
    """Refuse a workbook whose parts unpack to more than `MAX_BYTES` or `MAX_RATIO` allow; others pass.

    Raises
    ------
    DataError
        With how much comes out of how little.
    """
    if not next(source.pieces(), b"").startswith(b"PK"):
        return
    try:
        with source.stream() as stream, zipfile.ZipFile(stream) as archive:
            left = MAX_BYTES
            for info in archive.infolist():
                left -= sum(len(p) for p in _pieces(source.file, info.filename, archive, info, left))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return  # whoever opens it says what is wrong with it


def _damaged(source: Source, error: Exception) -> DataError:
    return DataError(
        f"{source.file} cannot be unpacked ({error}); it is truncated, damaged or no zip archive: export it again"
    )


def _checked(file: str, archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    infos = [i for i in archive.infolist() if not i.is_dir()]
    if len(infos) > MAX_MEMBERS:
        msg = (
            f"{file} holds {len(infos):,} files; at most {MAX_MEMBERS:,} are read from one archive: unpack it"
        )
        raise DataError(msg)
    named = [(member_name(i), i) for i in infos]
    for name, info in named:
        _refuse_path(file, name)
        if info.flag_bits & _LOCKED_FLAG:
            msg = f"{file}: {name!r} is encrypted; unpack it with its password and put the files into the folder"
            raise DataError(msg)
        if name.lower().endswith(_PACKED) and not is_hidden(name):
            msg = f"{file} holds another archive, {name!r}; archives inside archives are not read: unpack the outer one"
            raise DataError(msg)
    _refuse_twice(file, [name for name, _ in named])
    return sorted(named, key=lambda pair: pair[0])


def member_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member as it was meant: without the flag for UTF-8 it is GBK, as Chinese Windows packs it.

    >>> info = zipfile.ZipInfo("户表.csv".encode("gbk").decode("cp437"))
    >>> member_name(info)
    '户表.csv'
    """
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG and not name.isascii():
        packed = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                return unicodedata.normalize("NFC", packed.decode(encoding))
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def _refuse_path(file: str, name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name) or "\x00" in name:
        msg = (
            f"{file}: the member {name!r} has a path that leads out of the archive; such archives are refused"
        )
        raise DataError(msg)


def _refuse_twice(file: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{file} holds two files named {name!r}; rename one and pack them again"
            raise DataError(msg)
        seen.add(name)


def _unpacked(file: str, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    return b"".join(_pieces(file, name, archive, info, left))


def _pieces(
    file: str, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int
) -> Iterator[bytes]:
    """Yield what comes out of a member, until it is too much."""
    total = 0
    with archive.open(info) as stream:
        while piece := stream.read(_PIECE):
            total += len(piece)
            if total > left:
                msg = (
                    f"{file} unpacks to more than {MAX_BYTES >> 20:,} MiB (at {name!r}); if that is right, unpack it and "
                    "name the files themselves"
                )
                raise DataError(msg)
            if total > RATIO_FROM and total > MAX_RATIO * max(info.compress_size, 1):
                msg = (
                    f"{file}: {info.compress_size:,} packed bytes of {name!r} become more than {total:,} "
                    f"(over {MAX_RATIO} : 1), as in a zip bomb; if it is a table, unpack it and name the file itself"
                )
                raise DataError(msg)
            yield piece
