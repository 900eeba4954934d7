"""`Panel`: a clean household-wave frame, the roles of its columns and its survey design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints, Sample, SurveyDesign
from evalkit.errors import DataError

if TYPE_CHECKING:
    from evalkit.ledger import Ledger

By = str | Sequence[str] | None
"""Keys to break a measure down by: role names (``county``, ``wave`` …) or columns."""

ROLES = ("household", "wave", "county", "village", "welfare", "size")


@dataclass(frozen=True)
class Domains:
    """The groups of a breakdown: `keys` (k rows), `code` of each panel row, shape (n,), -1 for none."""

    keys: pd.DataFrame
    code: Ints

    @property
    def k(self) -> int:
        """Number of groups."""
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class Panel:
    """Household-waves ready for statistics; it has no statistics methods of its own.

    Parameters
    ----------
    frame : DataFrame
        One row per household and wave. It is not changed and not copied.
    household, wave : str
        Columns that identify a row.
    county : str, optional
        Column of the evaluated unit; one unit for all rows when None.
    welfare : str
        Column of the welfare measure, per head and year, in currency of the wave.
    size : str, optional
        Column of household size; persons are counted with it, households without it.
    design : SurveyDesign
    village : str, optional
        Column of the village, the default cluster of model-based errors.
    lines : mapping, optional
        Poverty line of each wave, in currency of that wave.
    deflators : mapping, optional
        Price index of each wave; only ratios matter.
    price_year : int, optional
        Wave in whose prices real amounts are expressed; the last wave by default.
    concept : mapping, optional
        Income concept of each wave (``net``, ``disposable``, ``consumption`` …); differencing across
        concepts is refused unless asked for.
    across_concepts : str
        Why waves of different concepts are compared all the same; notes print it. Empty: they are not.
    poor_at_line : bool
        Whether a household exactly at the line is poor.
    synthetic : bool
        The data were made by `evalkit.simulate`; every report says so.
    inside : ndarray of bool, shape (n,), optional
        Rows of the subpopulation. Rows outside still count as sampled for the variance.

    Raises
    ------
    DataError
        Columns absent, keys missing, household-waves duplicated, welfare not numeric or all missing.
    """

    frame: pd.DataFrame
    household: str = "household"
    wave: str = "wave"
    county: str | None = "county"
    welfare: str = "income_pc"
    size: str | None = None
    design: SurveyDesign = field(default_factory=SurveyDesign)
    village: str | None = None
    lines: Mapping[int, float] | None = None
    deflators: Mapping[int, float] | None = None
    price_year: int | None = None
    concept: Mapping[int, str] | None = None
    across_concepts: str = ""
    poor_at_line: bool = False
    synthetic: bool = False
    ledger: Ledger | None = field(default=None, repr=False)
    inside: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        named = {role: getattr(self, role) for role in ROLES if getattr(self, role) is not None}
        absent = {role: c for role, c in named.items() if c not in self.frame}
        if absent:
            what = ", ".join(f"{c!r} (as {role})" for role, c in absent.items())
            have = ", ".join(map(str, self.frame.columns[:20]))
            msg = f"the panel has no column {what}; it has: {have}"
            raise DataError(msg)
        _check_keys(self.frame, self.household, self.wave)
        _check_numeric(self.frame, self.welfare, "welfare")
        if self.size is not None:
            _check_size(self.frame, self.size)
        if self.inside is not None and len(self.inside) != len(self.frame):
            msg = f"the subpopulation marks {len(self.inside)} rows, the panel has {len(self.frame)}"
            raise DataError(msg)

    def __len__(self) -> int:
        return len(self.frame) if self.inside is None else int(self.inside.sum())

    @property
    def waves(self) -> list[int]:
        """Waves in ascending order."""
        waves = self.frame[self.wave]
        return sorted(int(w) for w in pd.unique(waves if self.inside is None else waves[self.inside]))

    @property
    def counties(self) -> list[str]:
        """Codes of the evaluated units in ascending order; empty when there is one unit."""
        if self.county is None:
            return []
        return sorted(str(c) for c in self.frame.loc[self.mask, self.county].dropna().unique())

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Rows of the subpopulation, shape (n,)."""
        return np.ones(len(self.frame), dtype=bool) if self.inside is None else self.inside

    @cached_property
    def sample(self) -> Sample:
        """The design as arrays of all rows, including those outside the subpopulation."""
        return self.design.sample(self.frame, unit=self.household)

    def column(self, name: str) -> str:
        """Return the column behind a role or column name.

        Raises
        ------
        DataError
            If it is neither.
        """
        if name in ROLES and getattr(self, name) is not None:
            return str(getattr(self, name))
        if name in self.frame:
            return name
        msg = f"the panel has no role or column {name!r}; columns: {', '.join(map(str, self.frame.columns[:30]))}"
        raise DataError(msg)

    def values(self, name: str) -> Floats:
        """Return a numeric column as floats, shape (n,), NaN where missing."""
        column = self.column(name)
        _check_numeric(self.frame, column, name)
        return self.frame[column].to_numpy(dtype=float, na_value=np.nan)

    def persons(self) -> Floats:
        """Return how many units each row counts for (household size, or 1), shape (n,)."""
        return np.ones(len(self.frame)) if self.size is None else self.values("size")

    def line(self, line: float | str | Mapping[int, float] | None = None) -> Floats:
        """Return the poverty line of each row, shape (n,).

        Parameters
        ----------
        line : float, str, mapping or None
            One line; a column of lines; a line by wave; the panel's own lines.

        Raises
        ------
        DataError
            No line is known for a wave that occurs.
        """
        if line is None and self.lines is None:
            msg = "no poverty line: pass line=…, or give the plan a poverty.line"
            raise DataError(msg)
        if isinstance(line, str):
            return self.values(line)
        if isinstance(line, int | float):
            return np.full(len(self.frame), float(line))
        by_wave = self.lines if line is None else line
        return self.by_wave(by_wave or {}, "poverty line")

    def by_wave(self, table: Mapping[int, float], what: str) -> Floats:
        """Return a wave's value for each row, shape (n,)."""
        waves = self.frame[self.wave].astype(int)
        absent = sorted(set(waves[self.mask]) - set(table))
        if absent:
            msg = f"no {what} for {', '.join(map(str, absent))}; it is given for {', '.join(map(str, sorted(table)))}"
            raise DataError(msg)
        return np.asarray(waves.map(dict(table)), dtype=float)

    def domains(self, by: By = None) -> Domains:
        """Return the groups of a breakdown, sorted by key; keys carry the names given in `by`."""
        names = [by] if isinstance(by, str) else list(by or [])
        if not names:
            return Domains(pd.DataFrame(index=[0]), np.where(self.mask, 0, -1).astype(np.intp))
        if len(names) == 1:
            only = self.frame[self.column(names[0])]
            if isinstance(only.dtype, np.dtype) and only.dtype.kind == "i":
                return _integer_domains(only, names[0], self.mask)
        columns = pd.DataFrame({n: self.frame[self.column(n)].to_numpy() for n in names})
        keep = self.mask & columns.notna().all(axis=1).to_numpy()
        groups = columns[keep].groupby(names, sort=True, observed=True)
        code = np.full(len(columns), -1, dtype=np.intp)
        code[keep] = groups.ngroup().to_numpy()
        keys = columns[keep].drop_duplicates().sort_values(names).reset_index(drop=True)
        return Domains(keys, code)

    def where(self, condition: NDArray[np.bool_] | pd.Series | str) -> Panel:
        """Return the subpopulation meeting a condition; the sampled design is kept whole.

        Parameters
        ----------
        condition : array of bool (n,), or an expression for `DataFrame.eval`

        Raises
        ------
        DataError
            Rows for which the condition has no answer (missing): they are neither in nor out; or an expression that
            cannot be evaluated, such as one that names a column the panel does not have.
        """
        chosen = pd.Series(
            self._evaluated(condition) if isinstance(condition, str) else np.asarray(condition)
        )
        unknown = chosen.isna().to_numpy() & self.mask
        if unknown.any():
            msg = (
                f"the condition has no answer for {int(unknown.sum())} of {int(self.mask.sum())} household-waves; say what "
                "they are, for example with .fillna(False)"
            )
            raise DataError(msg, self.frame.loc[unknown])
        inside = chosen.fillna(value=False).to_numpy(dtype=bool) & self.mask
        out = copy(self)  # the frame was checked, and the design as arrays is that of all rows
        object.__setattr__(out, "inside", inside)
        return out

    def _evaluated(self, expression: str) -> Any:
        try:
            return self.frame.eval(expression)
        except (ValueError, TypeError, SyntaxError, NameError, KeyError) as error:
            msg = f"cannot evaluate the condition {expression!r}: {error}; it names columns of the panel"
            raise DataError(msg) from error

    def in_county(self, code: str) -> Panel:
        """Return one county's panel; exact when strata nest in counties, as they do in practice.

        Raises
        ------
        DataError
            If the county has no rows.
        """
        if self.county is None:
            msg = "the panel has no county column"
            raise DataError(msg)
        rows = (self.frame[self.county].astype(str) == code).to_numpy()
        if not (rows & self.mask).any():
            some = ", ".join(self.counties[:10])
            msg = f"no rows for county {code!r}; the panel has {len(self.counties)} counties: {some}"
            raise DataError(msg)
        inside = None if self.inside is None else self.inside[rows]
        return replace(self, frame=self.frame.loc[rows], inside=inside)


def _integer_domains(column: pd.Series, name: str, mask: NDArray[np.bool_]) -> Domains:
    """Return the groups of one column of integers, none missing."""
    codes, levels = pd.factorize(column.to_numpy(), sort=True)
    code = np.where(mask, codes, -1).astype(np.intp, copy=False)
    used = np.bincount(codes[mask], minlength=len(levels)) > 0
    if not used.all():
        code = np.where(mask, np.cumsum(used)[codes] - 1, -1).astype(np.intp)
    return Domains(pd.DataFrame({name: levels[used]}), code)


def _check_keys(frame: pd.DataFrame, household: str, wave: str) -> None:
    if frame.empty:
        msg = "the panel has no rows"
        raise DataError(msg)
    missing = frame[[household, wave]].isna().any(axis=1)
    if missing.any():
        msg = (
            f"{int(missing.sum())} of {len(frame)} rows lack {household!r} or {wave!r}; clean the data first"
        )
        raise DataError(msg, frame.loc[missing])
    twice = frame.duplicated([household, wave], keep=False)
    if twice.any():
        first = frame.loc[twice, [household, wave]].iloc[0]
        msg = (
            f"{int(twice.sum())} of {len(frame)} rows share their household and wave with another row (first: "
            f"{first.iloc[0]}, {first.iloc[1]}); use evalkit.clean, or set plan.clean.duplicates"
        )
        raise DataError(msg, frame.loc[twice])


def _check_numeric(frame: pd.DataFrame, column: str, role: str) -> None:
    values = frame[column]
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        msg = f"column {column!r} ({role}) holds {values.dtype}, not numbers; clean the data first"
        raise DataError(msg)
    if len(values) and values.isna().all():
        msg = f"column {column!r} ({role}) is missing in all {len(values)} rows"
        raise DataError(msg)


def _check_size(frame: pd.DataFrame, size: str) -> None:
    _check_numeric(frame, size, "size")
    bad = frame[size].isna() | ~(frame[size] > 0)
    if bad.any():
        msg = f"{int(bad.sum())} of {len(frame)} rows have no positive household size in {size!r}"
        raise DataError(msg, frame.loc[bad])
