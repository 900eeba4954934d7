"""`Auxiliary`: the known totals that weights were calibrated to, as columns of a matrix.

A calibrated design remembers names only; the matrix is made again from whatever rows it meets, so that a
county taken out of a panel keeps its calibration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DesignError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, order=True)
class Term:
    """One calibration variable: `amount` (1 when empty) of the rows whose column `by` equals `level`.

    Parameters
    ----------
    by, level : str
        Category column and level; all rows when empty.
    amount : str
        Numeric column; every row counts one when empty.
    """

    by: str = ""
    level: str = ""
    amount: str = ""

    def __str__(self) -> str:
        what = self.amount or "rows"
        return f"{what} with {self.by} = {self.level}" if self.by else what


@dataclass(frozen=True)
class Auxiliary:
    """Which totals the weights reproduce, within which cells.

    Parameters
    ----------
    base : str or None
        Weight column before calibration; every row counted one when None.
    terms : tuple of Term
    within : tuple of str
        Columns whose combinations were calibrated separately (county, wave).
    cells : tuple of tuple of str
        The combinations that were calibrated; other rows kept their weight.
    """

    base: str | None
    terms: tuple[Term, ...]
    within: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ((),)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that are read."""
        named = [self.base or "", *self.within, *(t.by for t in self.terms), *(t.amount for t in self.terms)]
        return tuple(dict.fromkeys(c for c in named if c))

    def cell_codes(self, frame: pd.DataFrame) -> Ints:
        """Return the position of each row's cell in `cells`, -1 for rows that were not calibrated."""
        if not self.within:
            return np.zeros(len(frame), dtype=np.intp)
        keys = pd.MultiIndex.from_arrays([as_text(frame[c]) for c in self.within])
        known = pd.MultiIndex.from_tuples(list(self.cells))
        return np.asarray(known.get_indexer(keys), dtype=np.intp)

    def values(self, frame: pd.DataFrame) -> Floats:
        """Return the calibration variables of each row, shape (n, terms); missing counts as zero."""
        text = {t.by: as_text(frame[t.by]).to_numpy() for t in self.terms if t.by}
        out = np.empty((len(frame), len(self.terms)))
        for j, term in enumerate(self.terms):
            amount = np.ones(len(frame))
            if term.amount:
                amount = np.nan_to_num(frame[term.amount].to_numpy(dtype=float, na_value=np.nan))
            inside = text[term.by] == term.level if term.by else True
            out[:, j] = np.where(inside, amount, 0.0)
        return out

    def basis(self, frame: pd.DataFrame, weight: Floats, units: tuple[Ints, ...]) -> Basis:
        """Return the arrays with which a design takes the calibration into account.

        Parameters
        ----------
        frame : DataFrame, n rows
        weight : ndarray, shape (n,)
            Calibrated weights.
        units : tuple of ndarray of int, shape (n,)
            Sampling units of each stage.

        Raises
        ------
        DesignError
            A column is absent from the data.
        """
        from scipy import sparse

        absent = [c for c in self.columns if c not in frame]
        if absent:
            msg = f"the calibration names columns the data do not have: {', '.join(absent)}; calibrate the data again"
            raise DesignError(msg)
        base = np.ones(len(frame)) if self.base is None else frame[self.base].to_numpy(dtype=float)
        code, values, p = self.cell_codes(frame), self.values(frame), len(self.terms)
        present, at = np.unique(code, return_inverse=True)
        shift = 1 if len(present) and present[0] < 0 else 0
        rows, terms = np.nonzero((values != 0) & (code >= 0)[:, None])
        column = (at[rows] - shift) * p + terms
        width = (len(present) - shift) * p
        x = sparse.csr_array((values[rows, terms], (rows, column)), shape=(len(frame), width))
        loads = tuple(_sums(x.multiply(weight[:, None]).tocsr(), u) for u in units)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(weight > 0, base / weight, 0.0)
        return Basis(x, _inverse(x, base, p), ratio, loads)


@dataclass(frozen=True, eq=False)
class Basis:
    """Calibration variables of n rows.

    Attributes
    ----------
    x : sparse array, shape (n, p)
        One block of columns for each calibrated cell.
    inverse : tuple of ndarray, shape (q, q)
        Pseudo-inverse of ``X'DX`` of each block, D the weights before calibration.
    ratio : ndarray, shape (n,)
        Weight before calibration over calibrated weight.
    loads : tuple of ndarray, shape (units, p)
        Σ w x of each sampling unit, by stage.
    """

    x: Any
    inverse: tuple[Floats, ...]
    ratio: Floats
    loads: tuple[Floats, ...]

    def at(self, rows: Ints) -> Basis:
        """Return the same calibration with each row's variables read at another row, shape (n,)."""
        return replace(self, x=self.x[rows], ratio=self.ratio[rows])

    def explained(self, weighted: Floats, domain: Ints, k: int, stage: int) -> Floats:
        """Return what the calibration variables explain of each unit's total, shape (units, k).

        Parameters
        ----------
        weighted : ndarray, shape (n,)
            Influence values times calibrated weights.
        domain : ndarray of int, shape (n,)
        k : int
        stage : int
        """
        from scipy import sparse

        inside = np.flatnonzero(domain >= 0)
        shape = (len(weighted), k)
        moved = sparse.csr_array(((weighted * self.ratio)[inside], (inside, domain[inside])), shape=shape)
        cross = np.asarray((self.x.T @ moved).todense(), dtype=float)
        out = np.zeros((len(self.loads[stage]), k))
        start = 0
        for block in self.inverse:
            part = slice(start, start + len(block))
            out += self.loads[stage][:, part] @ (block @ cross[part])
            start += len(block)
        return out


def as_text(column: pd.Series) -> pd.Series:
    """Return a column as text: whole numbers without decimals, missing as empty text.

    >>> as_text(pd.Series([2014.0, None])).tolist(), as_text(pd.Series(["a", None])).tolist()
    (['2014', ''], ['a', ''])
    """
    known = column.dropna()
    if pd.api.types.is_bool_dtype(known):
        known = known.astype("int64")
    if pd.api.types.is_float_dtype(known) and (known == known.round()).all():
        known = known.astype("int64")
    return known.astype("str").reindex(column.index).fillna("").astype("str")


def _inverse(x: Any, base: Floats, p: int) -> tuple[Floats, ...]:
    gram = (x.multiply(base[:, None]).tocsr().T @ x).tocsr()
    out = []
    for start in range(0, gram.shape[0], p):
        block = np.asarray(gram[start : start + p, start : start + p].todense(), dtype=float)
        size = np.sqrt(np.diag(block))
        size = np.where(size > 0, size, 1.0)
        out.append(
            np.linalg.pinv(block / np.outer(size, size), rcond=1e-10, hermitian=True) / np.outer(size, size)
        )
    return tuple(out)


def _sums(x: Any, units: Ints) -> Floats:
    from scipy import sparse

    n = len(units)
    member = sparse.csr_array((np.ones(n), (units, np.arange(n))), shape=(int(units.max(initial=-1)) + 1, n))
    return np.asarray((member @ x).todense(), dtype=float)
