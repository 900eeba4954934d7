"""Ways to damage the household table: cells of single rows, rows of one village, neighbours in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from evalkit.simulate.errors.framework import Injector, Mask, Tables
from evalkit.simulate.incomes import LINE
from evalkit.simulate.people import WAVES

Cell = object
Where = Callable[[Tables], Mask]
Fill = Callable[[np.random.Generator, Tables, pd.Index], None]
LINES = {int(wave): line for wave, line in zip(WAVES, LINE, strict=True)}
HOUSEHOLD = "household"


def damaged(rule: str, where: Where, cells: Mapping[str, Cell]) -> Injector:
    """Return the injector that writes cells into single rows of the household table.

    Parameters
    ----------
    rule : str
    where : callable
        Tables → rows that will do.
    cells : mapping of str to object
        Column → value, or a function of the rows chosen (a frame) to their values.
    """

    def make(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
        rows = tables.pick(rng, HOUSEHOLD, where(tables), n)
        chosen = tables.frames[HOUSEHOLD].loc[rows]
        for column, value in cells.items():
            tables.write(HOUSEHOLD, rows, column, value(chosen) if callable(value) else value)
        return rows

    return Injector(rule, HOUSEHOLD, make)


def filled(rule: str, where: Where, fill: Fill) -> Injector:
    """Return the injector that picks rows and lets a function damage them and what belongs to them."""

    def make(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
        rows = tables.pick(rng, HOUSEHOLD, where(tables), n)
        fill(rng, tables, rows)
        return rows

    return Injector(rule, HOUSEHOLD, make)


def grouped(rule: str, where: Where, keys: tuple[str, ...], counts: tuple[int, int], fill: Fill) -> Injector:
    """Return the injector that damages many rows of the same village (or interviewer …) and wave.

    Parameters
    ----------
    rule : str
    where : callable
    keys : tuple of str
        Columns of a group.
    counts : (int, int)
        Rows a group must have that will do, and how many of them are taken.
    fill : callable
        Damages the rows of one group.
    """

    def make(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
        least, most = counts
        found: list[pd.Index] = []
        for rows in _groups(rng, tables, where(tables), keys, least):
            if sum(len(f) for f in found) >= n:
                break
            inside = pd.Series(
                tables.frames[HOUSEHOLD].index.isin(rows), index=tables.frames[HOUSEHOLD].index
            )
            taken = tables.pick(rng, HOUSEHOLD, inside, most)
            if len(taken) >= least:
                fill(rng, tables, taken)
                found.append(taken)
        return found[0].append(found[1:]) if found else tables.frames[HOUSEHOLD].index[:0]

    return Injector(rule, HOUSEHOLD, make)


def _groups(
    rng: np.random.Generator, tables: Tables, mask: Mask, keys: tuple[str, ...], least: int
) -> Iterable[pd.Index]:
    """Yield the rows of groups that have enough, groups in random order."""
    frame = tables.frames[HOUSEHOLD]
    may = pd.Series(mask, index=frame.index).fillna(value=False).astype(bool)
    may &= ~frame["household"].isin(tables.used)
    rows = frame.index[may]
    code = frame.loc[rows].groupby(list(keys), sort=True).ngroup().to_numpy()
    size = np.bincount(code, minlength=1)
    for k in rng.permutation(np.flatnonzero(size >= least)):
        yield rows[code == k]


def frame_of(tables: Tables) -> pd.DataFrame:
    """Return the household table."""
    return tables.frames[HOUSEHOLD]


def before(tables: Tables, column: str, back: int = 1) -> pd.Series:
    """Return a column of the same household one or more rows before; missing when none."""
    frame = frame_of(tables)
    return frame.groupby("household", sort=False)[column].shift(back)


def row_before(tables: Tables, rows: pd.Index, back: int = 1) -> pd.Index:
    """Return the labels of the same households' rows one or more rows before."""
    frame = frame_of(tables)
    labels = pd.Series(frame.index, index=frame.index).groupby(frame["household"], sort=False).shift(back)
    return pd.Index(labels.loc[rows].astype("int64"))


def row_after(tables: Tables, rows: pd.Index) -> pd.Index:
    """Return the labels of the same households' next rows."""
    return row_before(tables, rows, -1)


def first_rows(tables: Tables) -> pd.Series:
    """Return the first row of each household."""
    return ~frame_of(tables)["household"].duplicated()


def line_of(frame: pd.DataFrame) -> pd.Series:
    """Return the poverty line of each row's wave."""
    return frame["wave"].astype(int).map(LINES).astype(float)


def with_program(tables: Tables, *words: str) -> pd.Series:
    """Return rows whose household has one of some programs (words); without words, any."""
    programs = tables.frames["program"]
    mine = programs if not words else programs.loc[programs["program"].isin(list(words))]
    return frame_of(tables)["household"].isin(mine["household"])


def started(tables: Tables, word: str) -> pd.Series:
    """Return the first year of a program on the rows of its households; missing elsewhere."""
    programs = tables.frames["program"]
    first = programs.loc[programs["program"] == word].groupby("household")["program_start"].min()
    return frame_of(tables)["household"].map(first)


def of_members(tables: Tables, values: pd.Series) -> pd.Series:
    """Return the sum of values of the member table by household and wave on household rows; missing without members."""
    members = tables.frames["member"]
    total = values.groupby([members["household"], members["wave"].astype(int)]).sum()
    frame = frame_of(tables)
    keys = pd.MultiIndex.from_arrays([frame["household"], frame["wave"].astype(int)])
    return pd.Series(total.reindex(keys).to_numpy(), index=frame.index)


def members_of(tables: Tables, rows: pd.Index) -> pd.Index:
    """Return the labels of the member rows of some household-waves."""
    frame, members = frame_of(tables).loc[rows], tables.frames["member"]
    keys = pd.MultiIndex.from_arrays([frame["household"], frame["wave"].astype(int)])
    return members.index[
        pd.MultiIndex.from_arrays([members["household"], members["wave"].astype(int)]).isin(keys)
    ]


def add_program(tables: Tables, rows: pd.Index, word: str) -> None:
    """Give the households of rows a program since the year before."""
    frame = frame_of(tables).loc[rows]
    shared = [c for c in tables.frames["program"].columns if c in frame]
    new = frame[shared].assign(program=word, program_start=frame["wave"].astype(int) - 1, amount=5000)
    tables.add("program", new)
