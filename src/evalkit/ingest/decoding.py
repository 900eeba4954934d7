"""The encoding of a text file: by byte order mark, then by strict decoding, never by replacing characters."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from evalkit.errors import DataError

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE = 1 << 24
_COMMON = 0.9
"""Least share of non-ASCII characters that must be everyday Chinese for GB18030 to be believed."""


@dataclass(frozen=True)
class Decoded:
    """Text of a file as UTF-8 bytes without a mark, and the encoding it was in."""

    utf8: bytes
    encoding: str


def decode(data: bytes, file: str, encoding: str | None = None) -> Decoded:
    """Decode a text file.

    Parameters
    ----------
    data : bytes
    file : str
        Name to show.
    encoding : str, optional
        Encoding the plan states; then no other one is tried.

    Raises
    ------
    DataError
        The bytes are not text in the stated encoding, or in none of UTF-8, UTF-16 and GB18030.

    Examples
    --------
    >>> decode("户编号,年度".encode("gb18030"), "a.csv").encoding
    'gb18030'
    """
    if encoding is not None:
        return _stated(data, file, encoding)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _stated(data, file, name)
    try:
        return Decoded(_no_nul(_utf8(data, "utf-8"), file), "utf-8")
    except UnicodeDecodeError as e:
        fault = e
    try:
        text = _utf8(data, "gb18030")
    except UnicodeDecodeError as e:
        msg = (
            f"{file} is text neither in UTF-8 (byte {fault.start + 1}) nor in GB18030 (byte {e.start + 1}); "
            "state `encoding` for the table in plan.data, or export the file again"
        )
        raise DataError(msg) from e
    if not _everyday(text):
        msg = (
            f"{file} is not UTF-8 (byte {fault.start + 1}), and read as GB18030 it is not Chinese text; "
            "state `encoding` for the table in plan.data (latin-1, cp1252 …)"
        )
        raise DataError(msg)
    return Decoded(_no_nul(text, file), "gb18030")


def _stated(data: bytes, file: str, encoding: str) -> Decoded:
    try:
        return Decoded(_no_nul(_utf8(data, encoding).removeprefix(codecs.BOM_UTF8), file), encoding)
    except LookupError as e:
        msg = f"{file}: there is no encoding {encoding!r}; known are utf-8, utf-16, gb18030, latin-1 …"
        raise DataError(msg) from e
    except UnicodeError as e:
        where = f"byte {e.start + 1} of {len(data)}" if isinstance(e, UnicodeDecodeError) else str(e)
        msg = (
            f"{file} is not text in {encoding} ({where}); remove `encoding` from the table in plan.data to have it "
            "found, or state the right one"
        )
        raise DataError(msg) from e


def _utf8(data: bytes, encoding: str) -> bytes:
    """Transcode piece by piece, so that the whole text is never held as characters."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    pieces = []
    try:
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            pieces.append(decoder.decode(piece, start + _PIECE >= len(data)).encode("utf-8"))
    except UnicodeDecodeError:
        data.decode(encoding)  # says at which byte of the file, not of the piece
        raise
    return data if encoding == "utf-8" else b"".join(pieces)


def _everyday(text: bytes) -> bool:
    special = [c for c in text[:400_000].decode("utf-8", errors="ignore") if ord(c) > 127]
    if not special:
        return True
    common = len("".join(special).encode("gb2312", errors="ignore")) / 2
    return common / len(special) >= _COMMON


def _no_nul(text: bytes, file: str) -> bytes:
    if b"\x00" in text[:100_000]:
        msg = f"{file} holds binary data, not text; export it as CSV, or give it the ending of its real type"
        raise DataError(msg)
    return text
