"""`Coded`: a column of text as its distinct words and the word of each row.

What is asked of a cell is asked once of each distinct word and spread over the rows, so that a column costs what its
distinct words cost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
T = TypeVar("T", bound=np.generic)


_NO_DIGIT = np.full(256, 1 << 32, dtype=np.int64)
_NO_DIGIT[np.frombuffer(b"0123456789", dtype=np.uint8)] = 0
_NO_DIGIT[ord(".")] = 1
"""How much a byte keeps a cell from being digits; one point is no hindrance."""


class Words(NamedTuple):
    """Place of each row's word, −1 for none, and the words (pyarrow)."""

    codes: npt.NDArray[np.int32]
    words: Any


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of text.

    Parameters
    ----------
    text : pyarrow.LargeStringArray, shape (n,), optional
        The cells; its words are looked for when somebody asks for them.
    known : Words, optional
        The words, where they are known; the cells are not needed then.
    """

    text: Any
    known: Words | None = None

    @classmethod
    def of(cls, cells: pd.Series) -> Coded:
        """Return a column of text.

        >>> one = Coded.of(pd.Series(["b", None, "a", "b"], dtype="str"))
        >>> one.codes.tolist(), one.texts
        ([0, -1, 1, 0], ['b', 'a'])
        """
        import pyarrow as pa

        text = pa.array(cells, pa.large_string(), from_pandas=True)
        return cls(text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text)

    def __len__(self) -> int:
        return len(self.text) if self.known is None else len(self.known.codes)

    @cached_property
    def _words(self) -> Words:
        if self.known is not None:
            return self.known
        import pyarrow.compute as pc

        found = self.text.dictionary_encode()
        codes = pc.fill_null(found.indices, -1) if found.null_count else found.indices
        return Words(np.asarray(codes, dtype=np.int32), found.dictionary)

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """Place of each row's word among `words`, −1 for a missing cell; shape (n,)."""
        return self._words.codes

    @property
    def words(self) -> Any:
        """Distinct words in the order in which they first occur (pyarrow.LargeStringArray, shape (k,)); some may have no row."""
        return self._words.words

    @property
    def _plain(self) -> bool:
        """Whether the words have not been looked for yet."""
        return self.known is None and "_words" not in self.__dict__

    @cached_property
    def texts(self) -> list[str]:
        """The distinct words."""
        return self.words.to_pylist()  # type: ignore[no-any-return]

    @cached_property
    def missing(self) -> Flags:
        """Rows without a word, shape (n,)."""
        return _flags(self.text.is_null()) if self._plain else self.codes < 0

    @cached_property
    def amounts(self) -> Floats | None:
        """The cells as numbers, correctly rounded, NaN where missing; None when one of them is no number. Shape (n,)."""
        if self._plain:
            return _numbers(self.text)
        values = _numbers(self.words)
        return None if values is None else self.spread(values, np.nan)

    @cached_property
    def digits(self) -> Flags:
        """Cells that are digits with at most one point, read from their bytes; other numbers are none. Shape (n,).

        >>> Coded.of(pd.Series(["12", "1.5", ".", "-3", None, "1.2.3"], dtype="str")).digits.tolist()
        [True, True, False, False, False, False]
        """
        n = len(self.text)
        _, places, letters = self.text.buffers()
        ends = (
            np.frombuffer(places, dtype=np.int64, count=n + 1, offset=8 * self.text.offset)
            if n
            else np.zeros(1, int)
        )
        signs = np.frombuffer(b"" if letters is None else letters, dtype=np.uint8)[ends[0] : ends[-1]]
        counts = np.zeros(len(signs) + 1, dtype=np.int64)
        np.cumsum(_NO_DIGIT[signs], out=counts[1:])
        odd = np.diff(counts[ends - ends[0]])  # points, and far more for anything else
        return np.asarray((np.diff(ends) > odd) & (odd <= 1), dtype=bool)

    def spread(self, values: npt.NDArray[T], absent: Any) -> npt.NDArray[T]:
        """Return a value of each word on its rows, `absent` where a cell is missing; shape (n,)."""
        if not len(values):
            return np.full(len(self.codes), absent, dtype=values.dtype)
        out = values[self.codes]
        if self.codes.min(initial=0) < 0:
            out[self.codes < 0] = absent
        return out

    def told(self, condition: Callable[[str], bool], doubt: Callable[[Any], Any]) -> Flags:
        """Return the rows whose word meets a condition, shape (n,).

        Parameters
        ----------
        condition : callable
            Asked for once for each word in doubt.
        doubt : callable
            Words (pyarrow) → those that may meet it (pyarrow, bool).
        """
        import pyarrow as pa

        hit = _flags(doubt(self.words))
        hit[hit] = [condition(t) for t in self.words.filter(pa.array(hit)).to_pylist()]
        return self.spread(hit, absent=False)

    def among(self, words: Collection[str]) -> Flags:
        """Return the rows whose word is one of some; shape (n,)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pa.array(list(words), self.words.type)
        return self.spread(_flags(pc.is_in(self.words, wanted)), absent=False)

    def having(self, pattern: str) -> list[str]:
        """Return the words in which a pattern occurs that only words beyond ASCII can meet."""
        import pyarrow.compute as pc

        share = _wide_share(self.text) if self._plain else 1.0
        if not share:
            return []
        cells = self.text if share < 0.125 else self.words  # a few words among numbers need not be looked for
        wide = cells.filter(pc.invert(pc.string_is_ascii(cells))).drop_null()
        if not len(wide):
            return []
        found: list[str] = wide.filter(pc.match_substring_regex(wide, pattern)).unique().to_pylist()
        return found

    def occurring(self, rows: Flags | None = None) -> Flags:
        """Return the words that stand in some row (of those given), shape (k,)."""
        out = np.zeros(len(self.words) + 1, dtype=bool)
        out[self.codes if rows is None else self.codes[rows]] = True
        return out[:-1]

    def numbers(self, rows: Flags | None = None) -> Floats:
        """Return the cells as numbers, correctly rounded; NaN where missing or outside the rows given.

        >>> Coded.of(pd.Series(["0.1", None, "-3"], dtype="str")).numbers().tolist()
        [0.1, nan, -3.0]

        Raises
        ------
        pyarrow.ArrowInvalid
            A word of these rows is no number.
        """
        out = self.amounts
        if out is None:
            import pyarrow as pa
            import pyarrow.compute as pc

            there = pa.array(self.occurring(rows))
            words = pc.if_else(there, self.words, pa.scalar(None, self.words.type))
            values = pc.cast(words, pa.float64()).to_numpy(zero_copy_only=False)
            out = self.spread(np.asarray(values, dtype=np.float64), np.nan)
        return out if rows is None else np.where(rows, out, np.nan)

    def at(self, rows: Positions) -> Any:
        """Return the text of some rows, as a pyarrow array."""
        import pyarrow as pa

        if self._plain:
            return self.text.take(pa.array(rows))
        codes = self.codes[rows]
        missing = codes < 0
        return self.words.take(pa.array(codes, mask=missing) if missing.any() else pa.array(codes))

    def objects(self, rows: Positions) -> npt.NDArray[np.object_]:
        """Return the text of some rows as objects, NaN where missing."""
        cells = self.at(rows)
        out: npt.NDArray[np.object_] = cells.to_numpy(zero_copy_only=False)
        if cells.null_count:
            out[_flags(cells.is_null())] = np.nan
        return out

    def renamed(self, words: Sequence[str | None]) -> Coded:
        """Return the column with other words in the place of its own; two may become one, None is missing.

        >>> one = Coded.of(pd.Series(["b", "a", "c"], dtype="str")).renamed(["x", None, "x"])
        >>> one.codes.tolist(), one.texts
        ([0, -1, 0], ['x'])
        """
        new = Coded.of(pd.Series(words, dtype="str"))
        return Coded(None, Words(self.spread(new.codes, -1), new.words))

    def ranks(self) -> npt.NDArray[np.intp]:
        """Return the rank of each row's word by code points, missing last; shape (n,)."""
        import pyarrow.compute as pc

        if not len(self.words):
            return np.zeros(len(self.codes), dtype=np.intp)
        order = pc.rank(self.words, tiebreaker="dense").to_numpy().astype(np.intp)
        return self.spread(order, len(self.words) + 1)


def _wide_share(text: Any) -> float:
    """Return the share of bytes beyond ASCII behind some texts; single texts may have none where others have."""
    letters = np.frombuffer(text.buffers()[2] or b"", dtype=np.int8)
    return np.count_nonzero(letters < 0) / len(letters) if len(letters) else 0.0


def _numbers(words: Any) -> Floats | None:
    """Return texts as numbers, None when one of them is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = pc.cast(words, pa.float64())
    except pa.ArrowInvalid:
        return None
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def text_series(words: Any) -> pd.Series:
    """Return a pyarrow array of large strings as a column of text."""
    return pd.Series(pd.array(words, dtype="str"))


def grouped(columns: Sequence[Coded], *, blank: bool = True) -> Positions:
    """Return a code for each combination of cells, in the order in which they first occur; shape (n,).

    Parameters
    ----------
    columns : sequence of Coded, shape (n,) each
        At least one.
    blank : bool
        Whether missing cells are alike; else a row with one has the code −1.

    Examples
    --------
    >>> pair = [Coded.of(pd.Series(c, dtype="str")) for c in (["a", "a", None, "b"], ["x", "y", "x", "x"])]
    >>> grouped(pair).tolist(), grouped(pair, blank=False).tolist()
    ([0, 1, 2, 3], [0, 1, -1, 2])
    """
    out = np.zeros(len(columns[0]), dtype=np.intp)
    size = 1
    for column in columns:
        k = len(column.words) + 1
        if size * k > 1 << 62:
            out, size = _dense(out)
        new = out * k + column.codes + 1
        out, size = new if blank else np.where((out >= 0) & (column.codes >= 0), new, -1), size * k
    return _dense(out)[0]


def firsts(code: Positions) -> Positions:
    """Return the first row of each code; codes from 0 in the order in which they first occur.

    >>> firsts(np.array([0, 0, 1, 0, 2])).tolist()
    [0, 2, 4]
    """
    return np.flatnonzero(np.diff(np.maximum.accumulate(code), prepend=-1) > 0)


def ordered(ranks: Sequence[Positions]) -> Positions:
    """Return the places of rows sorted by ranks, the first rank first; ties keep their order.

    >>> ordered([np.array([1, 0, 1, 0]), np.array([0, 5, 0, 2])]).tolist()
    [3, 1, 0, 2]
    """
    n = len(ranks[0])
    sizes = [int(r.max(initial=0)) + 1 for r in ranks]
    if np.prod([float(s) for s in sizes]) * max(n, 1) > 1 << 62:
        return np.lexsort(list(reversed(ranks)))
    key = np.zeros(n, dtype=np.int64)
    for rank, size in zip(ranks, sizes, strict=True):
        key = key * size + rank
    return np.asarray(np.sort(key * max(n, 1) + np.arange(n)) % max(n, 1), dtype=np.intp)


def whole_ranks(values: Floats) -> Positions:
    """Return ranks of numbers from 0, NaN last; whole numbers need no sorting.

    >>> whole_ranks(np.array([2014.0, 2016.0, np.nan])).tolist(), whole_ranks(np.array([0.5, 0.25])).tolist()
    ([0, 2, 3], [1, 0])
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.intp)
    least, most = known.min(), known.max()
    if most - least < 1 << 20 and (known == np.floor(known)).all():
        ranks = np.where(np.isnan(values), most - least + 1, values - least)
        return np.asarray(ranks, dtype=np.intp)
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.intp)


def repeated(code: Positions) -> Flags:
    """Return the rows whose code another row has too, −1 excepted; shape (n,).

    >>> repeated(np.array([0, 1, 0, -1, -1])).tolist()
    [True, False, True, False, False]
    """
    there = code >= 0
    out = np.zeros(len(code), dtype=bool)
    out[there] = (np.bincount(code[there]) > 1)[code[there]]
    return out


def _dense(codes: Positions) -> tuple[Positions, int]:
    """Return codes without gaps, and how many there may be."""
    there = codes >= 0
    if there.all():
        found, known = pd.factorize(codes)
        return found, len(known)
    out = np.full(len(codes), -1, dtype=np.intp)
    found, known = pd.factorize(codes[there])
    out[there] = found
    return out, len(known)


def _flags(values: Any) -> Flags:
    return np.array(values.to_numpy(zero_copy_only=False), dtype=bool)
