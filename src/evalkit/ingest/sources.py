"""`Source`: the bytes of one raw file, on disk or a member of an archive, read whole or piece by piece."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from evalkit.errors import DataError

PIECE = 1 << 22
"""Bytes that are read at once."""


@dataclass(frozen=True, eq=False)
class Source:
    """One raw file.

    Parameters
    ----------
    file : str
        Name below the folder of raw files; a member of an archive has the archive's name before its own.
    path : Path or None
        Where it is on disk; None for a member of an archive.
    data : bytes
        Its bytes, when it is not on disk.
    """

    file: str
    path: Path | None = None
    data: bytes = field(default=b"", repr=False)

    @property
    def suffix(self) -> str:
        """Ending of the name in lower case, with its dot."""
        return PurePosixPath(self.file).suffix.lower()

    @cached_property
    def sha256(self) -> str:
        """Hash of all bytes."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order, `PIECE` of them at a time."""
        if self.path is None:
            for start in range(0, len(self.data), PIECE):
                yield self.data[start : start + PIECE]
            return
        with self.path.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece

    def whole(self) -> bytes:
        """Return all bytes."""
        return self.data if self.path is None else self.path.read_bytes()

    def stream(self) -> io.BufferedIOBase:
        """Return the bytes as an open file to read from; the caller closes it."""
        return io.BytesIO(self.data) if self.path is None else self.path.open("rb")

    def check(self) -> Source:
        """Return the source when it is a file with something in it.

        Raises
        ------
        DataError
            It is a folder, is absent or holds white space only.
        """
        if self.path is not None and self.path.is_dir():
            msg = f"{self.file} is a folder; name the files in it (plan.data.<table>.files: [{self.file}/**])"
            raise DataError(msg)
        if self.path is not None and not self.path.is_file():
            msg = f"{self.file} does not exist (looked in {self.path.parent})"
            raise DataError(msg)
        if not any(piece.strip() for piece in self.pieces()):
            size = sum(len(piece) for piece in self.pieces())
            msg = f"{self.file} is empty ({size} bytes); export it again"
            raise DataError(msg)
        return self
