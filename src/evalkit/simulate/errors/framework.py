"""Errors of logic put into a clean synthetic registry, each with the rows that have to be found.

An `Injector` belongs to one rule. It damages the tables of a registry in place and says which rows the rule must
find. Every household (or village, or county, in tables without households) is damaged by one injector at most, so
each entry of the truth stands alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError
from evalkit.simulate.prefecture import SyntheticRegistry

FRAMES: dict[str, str] = {
    "household": "households",
    "member": "members",
    "program": "programs",
    "village": "villages",
    "survey": "survey",
    "totals": "totals",
}
"""Raw table → attribute of `SyntheticRegistry`."""
TRUTH_COLUMNS: tuple[str, ...] = ("rule", "table", "row", "county", "household", "person", "wave", "column")
"""Columns of `Injected.truth`."""
_UNITS = ("household", "village", "county")

Flags = npt.NDArray[np.bool_]
Mask = Flags | pd.Series
Values = object


@dataclass
class Tables:
    """The tables of a registry while they are damaged; the one mutable object of the package's simulation.

    Parameters
    ----------
    frames : dict of DataFrame
        By raw table (``household``, ``member`` …), canonical columns, a RangeIndex at first. An injector may set
        cells (`write`), add rows (`add`) and drop rows (`drop`); labels of rows stay what they are.
    used : set of str
        Households (or villages, or counties) that an injector took.
    """

    frames: dict[str, pd.DataFrame]
    used: set[str] = field(default_factory=set)

    def pick(self, rng: np.random.Generator, table: str, mask: Mask, n: int) -> pd.Index:
        """Choose up to `n` rows of a table, each of another household that nobody took before, and take it.

        Parameters
        ----------
        rng : Generator
        table : str
        mask : bool array or Series, shape (rows,)
            Which rows will do. Missing counts as no.
        n : int

        Returns
        -------
        Index
            Labels of `frames[table]`, ascending; fewer than `n` if there are not enough households.
        """
        frame = self.frames[table]
        unit = frame[self.unit(table)].astype("str")
        wanted = pd.Series(mask).fillna(value=False).to_numpy(dtype=bool)
        may = wanted & unit.notna().to_numpy() & ~unit.isin(self.used).to_numpy()
        rows = rng.permutation(np.flatnonzero(may))
        first = ~unit.iloc[rows].duplicated().to_numpy()
        chosen = np.sort(rows[first][:n])
        self.used.update(unit.iloc[chosen])
        return frame.index[chosen]

    def unit(self, table: str) -> str:
        """Return the column that names what is damaged once: household, else village, else county."""
        return next(name for name in _UNITS if name in self.frames[table])

    def rows_of(self, table: str, households: pd.Series | Sequence[str]) -> pd.Index:
        """Return the labels of all rows of some households in a table."""
        frame = self.frames[table]
        return frame.index[frame["household"].isin(list(households))]

    def of_household(self, table: str, values: pd.Series) -> pd.Series:
        """Look up values given by household on the rows of a table; missing where a household has none.

        Parameters
        ----------
        table : str
        values : Series
            Indexed by household, or by (household, wave).
        """
        frame = self.frames[table]
        keys = ["household", "wave"][: values.index.nlevels]
        at = pd.MultiIndex.from_frame(frame[keys]) if len(keys) > 1 else pd.Index(frame["household"])
        return pd.Series(values.reindex(at).to_numpy(), index=frame.index)

    def write(self, table: str, rows: pd.Index, column: str, values: Values) -> None:
        """Set cells of one column, whatever its type: a count may become text, a mark may become missing.

        Parameters
        ----------
        table : str
        rows : Index
            Labels.
        column : str
            Must be there.
        values : scalar or array, shape (rows,)
        """
        frame = self.frames[table]
        if column not in frame:
            msg = f"the synthetic {table} table has no column {column}; there are: {', '.join(frame.columns)}"
            raise DataError(msg)
        cells = frame[column].astype(object)
        cells.loc[rows] = values.to_numpy() if isinstance(values, pd.Series) else values
        self.frames[table] = frame.assign(**{column: _narrowed(cells, frame[column])})

    def add(self, table: str, rows: pd.DataFrame) -> pd.Index:
        """Append rows (columns that are absent stay empty) and return their labels."""
        frame = self.frames[table]
        first = int(frame.index.max()) + 1 if len(frame) else 0
        more = rows.set_axis(pd.RangeIndex(first, first + len(rows)), axis=0).reindex(columns=frame.columns)
        typed = more.astype({c: t for c, t in frame.dtypes.items() if not more[c].isna().any()})
        self.frames[table] = pd.concat([frame, typed])
        return typed.index

    def drop(self, table: str, rows: pd.Index) -> None:
        """Take rows out."""
        self.frames[table] = self.frames[table].drop(index=rows)


Make = Callable[[np.random.Generator, Tables, int], pd.Index]


@dataclass(frozen=True)
class Injector:
    """How to make one kind of error.

    Parameters
    ----------
    rule : str
        Id of the rule that should find it.
    table : str
        Raw table whose rows should be found.
    make : callable
        ``(rng, tables, n)``: damages about `n` units in place and returns the labels of the rows of `table` that
        must be found (all of them, and no others).
    """

    rule: str
    table: str
    make: Make


@dataclass(frozen=True)
class Injected:
    """A damaged registry and what was damaged.

    Parameters
    ----------
    registry : SyntheticRegistry
    truth : DataFrame
        One row a row to be found: ``rule, table, row`` (position in the damaged table, from 0), ``county,
        household, person, wave`` (as they stand in the damaged table, empty where the table has none), ``column``
        (the changed cells of that row, joined by commas; empty if the damage is elsewhere or the whole row).
    """

    registry: SyntheticRegistry
    truth: pd.DataFrame


def inject_with(
    injectors: Sequence[Injector], registry: SyntheticRegistry, *, n: int = 30, seed: int = 1
) -> Injected:
    """Damage a registry by several injectors, one after the other.

    Parameters
    ----------
    injectors : sequence of Injector
    registry : SyntheticRegistry
        Stays as it is.
    n : int
        Units wanted of each error.
    seed : int
        Each rule draws from a stream of its own, which depends on the seed and the rule's id alone.

    Returns
    -------
    Injected
    """
    before = {t: getattr(registry, name).reset_index(drop=True) for t, name in FRAMES.items()}
    tables, truth = damage_tables(injectors, before, n=n, seed=seed)
    return Injected(as_registry(registry, tables.frames), truth)


def damage_tables(
    injectors: Sequence[Injector], before: Mapping[str, pd.DataFrame], *, n: int, seed: int
) -> tuple[Tables, pd.DataFrame]:
    """Damage tables by several injectors, one after the other.

    Parameters
    ----------
    injectors : sequence of Injector
    before : mapping of str to DataFrame
        Clean tables by kind, each with a RangeIndex; they stay as they are.
    n, seed : int
        See `inject_with`.

    Returns
    -------
    Tables
        The damaged tables.
    DataFrame
        The truth, see `Injected`.
    """
    tables = Tables(dict(before))
    found: list[tuple[Injector, pd.Index]] = []
    for injector in injectors:
        rng = np.random.default_rng([seed, zlib.crc32(injector.rule.encode())])
        found.append((injector, injector.make(rng, tables, n)))
    parts = [truth_rows(i.rule, i.table, rows, before[i.table], tables.frames[i.table]) for i, rows in found]
    return tables, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(TRUTH_COLUMNS))


def as_registry(registry: SyntheticRegistry, frames: Mapping[str, pd.DataFrame]) -> SyntheticRegistry:
    """Return a registry with other tables (by raw table), their rows counted anew."""
    after = {FRAMES[t]: frame.reset_index(drop=True) for t, frame in frames.items()}
    return replace(
        registry,
        households=after["households"],
        members=after["members"],
        programs=after["programs"],
        villages=after["villages"],
        survey=after["survey"],
        totals=after["totals"],
    )


def truth_rows(
    rule: str, name: str, rows: pd.Index, before: pd.DataFrame, after: pd.DataFrame
) -> pd.DataFrame:
    """List the rows of a table that a rule must find, with the cells changed in them.

    Raises
    ------
    DataError
        A row is not in the table, or named twice.
    """
    lost = rows.difference(after.index)
    if len(lost) or rows.has_duplicates:
        msg = f"the injector of rule {rule} names {len(lost)} rows that are not in the {name} table, or rows twice"
        raise DataError(msg)
    rows = rows.sort_values()
    table = after.loc[rows]
    out = pd.DataFrame({"rule": rule, "table": name, "row": after.index.get_indexer(rows)}, index=rows)
    for key in ("county", "household", "person", "wave"):
        known = key in table
        out[key] = table[key].astype("str").fillna("") if known else pd.Series("", index=rows, dtype="str")
    old = before.reindex(rows)
    changed: list[list[str]] = [[] for _ in rows]
    there = rows.isin(before.index)
    for column in table.columns:
        pairs = zip(old[column].tolist(), table[column].tolist(), there, strict=True)
        for k, (a, b, was) in enumerate(pairs):
            if was and _shown(a) != _shown(b):
                changed[k].append(column)
    out["column"] = pd.Series([",".join(names) for names in changed], index=rows, dtype="str")
    return out[list(TRUTH_COLUMNS)]


def _shown(cell: object) -> str:
    """Return a cell as text, empty when missing."""
    return "" if pd.isna(cell) else str(cell)  # type: ignore[call-overload]


def _narrowed(cells: pd.Series, old: pd.Series) -> pd.Series:
    """Give cells their old type back if they still fit it."""
    if cells.isna().any() and not pd.api.types.is_extension_array_dtype(old):
        return cells
    try:
        typed = cells.astype(old.dtype)
    except (TypeError, ValueError):
        return cells
    same = (typed.astype(object) == cells) | cells.isna()
    return typed if bool(same.all()) else cells
