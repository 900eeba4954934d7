"""Text cut at the ends of its records, so that a file of any size is parsed a block at a time.

A record ends at a line end outside quotation marks. Where marks stand only where the format allows them, parity
tells which line ends are inside; elsewhere the csv module, which also parses such rows, says where they end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from evalkit.errors import DataError

LONGEST = 1 << 26
"""Bytes without the end of a record after which a file is refused: some quoted cell never ends."""

Positions = npt.NDArray[np.intp]
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


def segments(pieces: Iterable[bytes], delimiter: str, rows: int | None, file: str) -> Iterator[bytes]:
    r"""Yield whole records, at most `rows` of them at a time; together they are all bytes.

    Parameters
    ----------
    pieces : iterable of bytes
        UTF-8.
    delimiter : str
    rows : int or None
        All records at once when None.
    file : str
        Name to show.

    Raises
    ------
    DataError
        A record does not end within `LONGEST` bytes.

    Examples
    --------
    >>> list(segments([b'1,"a', b'\nb"\n2,c\n3', b",d"], ",", 2, "a.csv"))
    [b'1,"a\nb"\n2,c\n', b'3,d']
    """
    if rows is None:
        whole = b"".join(pieces)
        if whole:
            yield whole
        return
    tail, ready, count = b"", [], 0
    for piece in pieces:
        buffer = tail + piece
        ends = record_ends(buffer, delimiter)
        start = 0
        while count + len(ends) >= rows:
            cut = int(ends[rows - count - 1])
            ready.append(buffer[start:cut])
            yield b"".join(ready)
            ends, start, ready, count = ends[rows - count :], cut, [], 0
        last = int(ends[-1]) if len(ends) else start
        ready.append(buffer[start:last])
        count += len(ends)
        tail = buffer[last:]
        if len(tail) > LONGEST:
            raise _endless(file)
    rest = b"".join([*ready, tail])
    if rest:
        yield rest


def record_ends(buffer: bytes, delimiter: str) -> Positions:
    r"""Return the position behind every record that surely ends in a buffer that starts with a record; shape (k,).

    >>> record_ends(b'1,"a\nb"\n2,c\n3', ",").tolist()
    [8, 12]
    """
    codes = np.frombuffer(buffer, dtype=np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE) + 1
    if not len(ends):  # lines may end with a carriage return alone
        ends = np.flatnonzero(codes == _RETURN) + 1
        ends = ends[ends < len(buffer)]
    if b'"' not in buffer:
        return ends
    marks = np.flatnonzero(codes == _QUOTE)
    if not _as_the_format_allows(codes, marks, ord(delimiter)):
        return _by_parsing(buffer, delimiter)
    before = np.searchsorted(marks, ends)
    outside: Positions = ends[before % 2 == 0]
    return outside


def _as_the_format_allows(codes: npt.NDArray[np.uint8], marks: Positions, delimiter: int) -> bool:
    """Tell whether opening marks stand at the beginning of a cell and closing ones at its end."""
    around = np.concatenate(([_NEWLINE], codes, [_NEWLINE])).astype(np.uint8)
    allowed = np.zeros(256, dtype=bool)
    allowed[[delimiter, _NEWLINE, _RETURN, _QUOTE]] = True
    opening, closing = marks[::2], marks[1::2]
    return bool(allowed[around[opening]].all() and allowed[around[closing + 2]].all())


def _by_parsing(buffer: bytes, delimiter: str) -> Positions:
    """Return the ends as the csv module finds them; the last record may go on, so its end is not given."""
    used = [0]
    complete = buffer[: buffer.rfind(b"\n") + 1] or buffer[: buffer.rfind(b"\r") + 1]
    reader = csv.reader(lines([complete], used), delimiter=delimiter)
    ends = []
    try:
        for _ in reader:
            ends.append(used[0])
    except csv.Error:
        pass  # the parser will say so, with the row
    return np.asarray([e for e in ends if e < len(complete)], dtype=np.intp)


def lines(pieces: Iterable[bytes], used: list[int] | None = None) -> Iterator[str]:
    """Yield lines with their ends; count their bytes in `used`."""
    for line in io.TextIOWrapper(io.BufferedReader(_Joined(pieces)), encoding="utf-8", newline=""):
        if used is not None:
            used[0] += len(line.encode("utf-8"))
        yield line


class _Joined(io.RawIOBase):
    """Pieces of bytes as one file to read from."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not len(self._rest):
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        n = min(len(target), len(self._rest))
        target[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def _endless(file: str) -> DataError:
    return DataError(
        f"{file}: a row does not end within {LONGEST // (1 << 20)} MiB; a quotation mark that is never closed, or no "
        "text table: export it again"
    )
