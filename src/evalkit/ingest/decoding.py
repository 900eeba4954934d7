"""The encoding of a text file: by byte order mark, then by strict decoding, never by replacing characters."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.errors import DataError
from evalkit.ingest.sources import Source

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = 0.9
"""Least share of non-ASCII characters that must be everyday Chinese for GB18030 to be believed."""
_SAMPLE = 400_000
"""Bytes of UTF-8 in which everyday characters are counted."""
_PLAIN = ("utf-8", "utf-8-sig")


class _NoTextError(Exception):
    """Bytes that are no text in an encoding; the first is number `byte`."""

    def __init__(self, byte: int) -> None:
        super().__init__(byte)
        self.byte = byte


@dataclass(frozen=True)
class Scan:
    """What one pass over a text file tells: its encoding, and how many quotation marks it holds."""

    encoding: str
    quotes: int


def scan(source: Source, encoding: str | None = None) -> Scan:
    """Find the encoding of a text file, piece by piece.

    Parameters
    ----------
    source : Source
    encoding : str, optional
        Encoding the plan states; then no other one is tried.

    Raises
    ------
    DataError
        The bytes are not text in the stated encoding, or in none of UTF-8, UTF-16 and GB18030; or hold NUL.

    Examples
    --------
    >>> scan(Source("a.csv", data="户编号,年度".encode("gb18030"))).encoding
    'gb18030'
    """
    if encoding is not None:
        return _stated(source, encoding)
    start = next(iter(source.pieces()), b"")
    for mark, name in _MARKS:
        if start.startswith(mark):
            return _stated(source, name)
    try:
        return _checked(source, "utf-8")
    except _NoTextError as e:
        fault = e.byte
    try:
        found = _checked(source, "gb18030")
    except _NoTextError as e:
        msg = (
            f"{source.file} is text neither in UTF-8 (byte {fault}) nor in GB18030 (byte {e.byte}); "
            "state `encoding` for the table in plan.data, or export the file again"
        )
        raise DataError(msg) from e
    if not _everyday(source):
        msg = (
            f"{source.file} is not UTF-8 (byte {fault}), and read as GB18030 it is not Chinese text; "
            "state `encoding` for the table in plan.data (latin-1, cp1252 …)"
        )
        raise DataError(msg)
    return found


def utf8(source: Source, encoding: str) -> Iterator[bytes]:
    """Yield a text file as UTF-8 without a byte order mark, piece by piece."""
    first = True
    for piece in source.pieces() if encoding in _PLAIN else _transcoded(source, encoding):
        yield piece.removeprefix(codecs.BOM_UTF8) if first else piece
        first = False


def _stated(source: Source, encoding: str) -> Scan:
    try:
        return _checked(source, encoding)
    except LookupError as e:
        msg = f"{source.file}: there is no encoding {encoding!r}; known are utf-8, utf-16, gb18030, latin-1 …"
        raise DataError(msg) from e
    except _NoTextError as e:
        where = f"byte {e.byte} of {sum(len(p) for p in source.pieces())}"
    except UnicodeError as e:
        where = str(e)
    msg = (
        f"{source.file} is not text in {encoding} ({where}); remove `encoding` from the table in plan.data to have it "
        "found, or state the right one"
    )
    raise DataError(msg)


def _checked(source: Source, encoding: str) -> Scan:
    """Decode all pieces, counting quotation marks; refuse NUL."""
    b"".decode(encoding)  # codecs that are no encodings of text are none for us
    codec = codecs.lookup(encoding).name
    if codec in _PLAIN:
        return _checked_utf8(source, encoding)
    quotes = 0
    for text, end in _decoded(source, codec):
        quotes += text.count('"')
        if "\x00" in text:
            raise _binary(source, end)
    return Scan(encoding, quotes)


def _checked_utf8(source: Source, encoding: str) -> Scan:
    """As `_checked`, on the bytes: marks and NUL are one byte each in UTF-8."""
    quotes = end = 0
    rest = b""
    for piece in source.pieces():
        quotes += piece.count(b'"')
        if b"\x00" in piece:
            raise _binary(source, end + len(piece))
        whole = rest + piece if rest else piece
        try:
            left = 0 if whole.isascii() else _left(whole)
        except UnicodeDecodeError as e:
            raise _NoTextError(end - len(rest) + e.start + 1) from e
        rest = whole[len(whole) - left :] if left else b""
        end += len(piece)
    if rest:
        raise _NoTextError(end - len(rest) + 1)
    return Scan(encoding, quotes)


def _left(data: bytes) -> int:
    """Return how many bytes at the end are the beginning of a character."""
    return len(data) - codecs.utf_8_decode(data, "strict", False)[1]  # noqa: FBT003


def _binary(source: Source, end: int) -> DataError:
    return DataError(
        f"{source.file} holds binary data, not text (a NUL byte in the first {end:,} bytes); export it as CSV, or give it "
        "the ending of its real type"
    )


def _decoded(source: Source, encoding: str) -> Iterator[tuple[str, int]]:
    """Yield the text of each piece, and the number of bytes up to its end."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    end = 0
    try:
        for piece in source.pieces():
            waiting = len(decoder.getstate()[0])
            begin, end = end - waiting, end + len(piece)
            yield decoder.decode(piece), end
        waiting = len(decoder.getstate()[0])
        begin = end - waiting
        yield decoder.decode(b"", final=True), end
    except UnicodeDecodeError as e:
        raise _NoTextError(begin + e.start + 1) from e


def _transcoded(source: Source, encoding: str) -> Iterator[bytes]:
    for text, _ in _decoded(source, encoding):
        yield text.encode("utf-8")


def _everyday(source: Source) -> bool:
    """Tell whether the characters beyond ASCII at the beginning are everyday Chinese."""
    start = b""
    for piece in _transcoded(source, "gb18030"):
        start += piece
        if len(start) >= _SAMPLE:
            break
    special = [c for c in start[:_SAMPLE].decode("utf-8", errors="ignore") if ord(c) > 127]
    if not special:
        return True
    common = len("".join(special).encode("gb2312", errors="ignore")) / 2
    return common / len(special) >= _COMMON
