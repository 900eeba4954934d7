"""A member table made ready: its waves, who counts as a member, when each was born, codes of what identifies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import idnumber
from evalkit.errors import DataError
from evalkit.rosters.words import LEAVING, reasons_of

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FIRST_BIRTH = 1880
"""Birth years before this are no birth years."""


@dataclass(frozen=True, eq=False)
class Roll:
    """Rows of a roster that name a household and a wave.

    Parameters
    ----------
    frame : DataFrame, n rows
        Clean member table with ``county``, ``household`` (text) and ``wave`` (int64); the index is 0 … n-1.
    row : ndarray of int, shape (n,)
        Position of each row in the table that was given.
    """

    frame: pd.DataFrame
    row: Codes

    def __len__(self) -> int:
        return len(self.frame)

    def cells(self, name: str) -> pd.Series:
        """Return a column of text, shape (n,); all missing when there is none."""
        if name in self.frame:
            return self.frame[name].astype("str")
        return pd.Series(np.nan, index=self.frame.index, dtype="str")

    @property
    def wave(self) -> Codes:
        """Wave of each row, shape (n,)."""
        return self.frame["wave"].to_numpy(dtype=np.int64)

    @cached_property
    def change(self) -> pd.Series:
        """Reason behind the word of change of each row (`words.change_of`), empty where none; shape (n,)."""
        return reasons_of(self.cells("change"))

    @cached_property
    def counts(self) -> Flags:
        """Who is a member at the end of the wave, shape (n,).

        A row with a word of leaving does not count, unless its month of change lies after the wave.
        """
        left = self.change.isin(list(LEAVING)).to_numpy()
        if not left.any():
            return ~left
        year = pd.to_numeric(self.cells("change_month").str.slice(0, 4), errors="coerce")
        later = (year.to_numpy(dtype=np.float64, na_value=np.nan) > self.wave) & left
        return np.asarray(~left | later, dtype=bool)

    @cached_property
    def birth_year(self) -> Floats:
        """Year of birth from the date of birth, else from the id number; NaN if unknown or impossible, shape (n,)."""
        codes, dates = pd.factorize(self.cells("birth_date"))
        digits = pd.Series(dates, dtype="str").str.replace(r"[^0-9]", "", regex=True)
        usable = digits.where(digits.str.len().isin([4, 6, 8]))
        year = pd.to_numeric(usable.str.slice(0, 4), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        out = np.append(year, np.nan)[codes]
        unknown = np.isnan(out)
        if unknown.any() and "id_number" in self.frame:
            codes, ids = pd.factorize(self.cells("id_number")[unknown])
            born = idnumber.birth_of(pd.Series(ids, dtype="str")).dt.year.to_numpy(
                np.float64, na_value=np.nan
            )
            out[unknown] = np.append(born, np.nan)[codes]
        return np.where((out >= FIRST_BIRTH) & (out <= self.wave), out, np.nan)

    @cached_property
    def age(self) -> Floats:
        """Age completed on 31 December of the wave, NaN if unknown; shape (n,)."""
        return np.asarray(self.wave - self.birth_year, dtype=np.float64)

    @cached_property
    def households(self) -> tuple[Codes, pd.DataFrame]:
        """Code of each row's household, shape (n,), in order of county and id; and the (county, household) behind."""
        return coded(self.frame[["county", "household"]])


def roll_of(members: pd.DataFrame, wave: int | Mapping[str, int] | None = None) -> Roll:
    """Return the rows of a clean member table that name a household and a wave.

    Parameters
    ----------
    members : DataFrame
        Clean member table (canonical names). A missing ``county`` column is one county without a code.
    wave : int or mapping of county to int, optional
        The wave that a roster without waves describes; not to be given for a roster with waves.

    Raises
    ------
    DataError
        No ``household`` column; or neither a ``wave`` column nor `wave`; or both.
    """
    if "household" not in members:
        msg = f"a roster needs the column 'household'; this one has: {', '.join(map(str, members.columns[:20]))}"
        raise DataError(msg)
    has = "wave" in members
    if has and wave is not None:
        msg = "the roster has its own waves; leave out `wave`, or drop the column"
        raise DataError(msg)
    if not has and wave is None:
        msg = "the roster has no waves: say which wave it describes (wave=2020), as a rule the latest of the households"
        raise DataError(msg)
    frame = (
        members if "county" in members else members.assign(county=pd.Series("", members.index, dtype="str"))
    )
    if not has:
        told = frame["county"].map(dict(wave)) if isinstance(wave, Mapping) else wave
        frame = frame.assign(wave=told)
    keep = frame[["county", "household", "wave"]].notna().all(axis=1).to_numpy()
    row = np.flatnonzero(keep)
    kept = (frame if keep.all() else frame.loc[keep]).reset_index(drop=True)
    return Roll(kept.assign(wave=kept["wave"].astype("int64")), row)


def coded(frame: pd.DataFrame) -> tuple[Codes, pd.DataFrame]:
    """Return a code for each combination of text columns, in their order, and the combinations.

    Parameters
    ----------
    frame : DataFrame of str, shape (n, k)
        Without missing cells.

    Returns
    -------
    ndarray of int, shape (n,)
    DataFrame
        The distinct rows, ascending; code i is row i.

    Examples
    --------
    >>> codes, known = coded(pd.DataFrame({"a": ["y", "x", "y"], "b": ["1", "2", "1"]}))
    >>> codes.tolist(), known.values.tolist()
    ([1, 0, 1], [['x', '2'], ['y', '1']])
    """
    whole = np.zeros(len(frame), dtype=np.int64)
    for name in frame.columns:
        codes, words = pd.factorize(frame[name], sort=True)
        whole = combined(whole, codes, len(words))
    first = pd.Series(whole).drop_duplicates().sort_values(kind="stable")
    codes = np.searchsorted(first.to_numpy(), whole)
    return codes.astype(np.int64), frame.iloc[first.index.to_numpy()].reset_index(drop=True)


def combined(major: Codes, minor: npt.NDArray[np.integer], size: int) -> Codes:
    """Return one code for two, ordered by the first, then the second; -1 where either is missing.

    >>> combined(np.array([0, 5, -1]), np.array([1, 0, 1]), 2).tolist()
    [1, 2, -1]
    """
    known, dense = np.unique(major[major >= 0], return_inverse=True)
    del known
    out = np.full(len(major), -1, dtype=np.int64)
    out[major >= 0] = dense * max(size, 1) + minor[major >= 0]
    out[minor < 0] = -1
    return out


def codes_of(cells: pd.Series) -> Codes:
    """Return a code for each distinct text, -1 where missing; shape (n,)."""
    return pd.factorize(cells)[0].astype(np.int64)
