"""Figures rolled up from household to village, township, county, prefecture and province, held against those stated there.

Every level keeps its own record; a figure that is not the sum of the level below is listed with both, never averaged away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.exits.readings import amounts
from evalkit.panel import Panel
from evalkit.text import Text
from evalkit.yamlfile import did_you_mean

Level = Literal["household", "village", "township", "county", "prefecture", "province"]
LEVELS: tuple[Level, ...] = ("household", "village", "township", "county", "prefecture", "province")
"""From the bottom up."""
KEYS: dict[str, tuple[str, ...]] = {
    "household": ("household",),
    "village": ("village",),
    "township": ("county", "township"),
    "county": ("county",),
    "prefecture": ("prefecture",),
    "province": ("province",),
}
"""Level → columns that identify a unit of it (names of townships repeat between counties)."""
WAVE = "wave"

RolledUp = Literal["agrees", "differs", "incomplete", "no_parts", "not_stated"]
ROLLED_UP: dict[str, Text] = {
    "agrees": Text(en="agrees", zh="一致"),
    "differs": Text(en="differs", zh="不一致"),
    "incomplete": Text(en="cannot be added up: parts are blank", zh="下级数据缺项，无法汇总"),
    "no_parts": Text(en="stated, but the level below has no record", zh="有上报数而无下级记录"),
    "not_stated": Text(en="not stated at this level", zh="本级未上报"),
}
"""What became of one figure of one unit → the word of a report."""


@dataclass(frozen=True, eq=False)
class RollUp:
    """Stated figures beside the sums of the level below.

    Parameters
    ----------
    frame : DataFrame
        One row a unit and figure: level, unit (its keys joined by a slash), wave (where the tables have one), below (the level
        that is summed), figure, stated, summed (of the parts that are given), difference (stated less summed), parts (units
        below), blank (parts without the figure), verdict.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("level", "unit", "figure")

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def reconciles(self) -> bool:
        """Whether every figure agrees at every level."""
        return bool((self.frame["verdict"] == "agrees").all())

    def mismatches(self) -> pd.DataFrame:
        """Return the rows that do not agree."""
        return self.frame[self.frame["verdict"] != "agrees"].reset_index(drop=True)

    def counts(self) -> pd.DataFrame:
        """Return one row a level and figure: how many units agree, differ, and so on."""
        keys = ["level", "below", "figure"]
        flags = {v: (self.frame["verdict"] == v).astype(int) for v in ROLLED_UP}
        return self.frame[keys].assign(**flags).groupby(keys, sort=False).sum().reset_index()

    def tidy(self) -> pd.DataFrame:
        """Return the frame."""
        return self.frame.copy()


def roll_up(tables: Mapping[str, pd.DataFrame], figures: Sequence[str], *, tolerance: float = 0.0) -> RollUp:
    """Hold the figures of every level against the sums of the level below it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Level (of `LEVELS`; at least two, others may be left out) → one row a unit (and wave, where all tables have one) with
        its own key columns (`KEYS`), those of the next level given, and figures. Households: see `household_figures`.
    figures : sequence of str
        Columns that add up: persons, households, amounts; not rates or means. Each is compared between neighbours among
        the levels whose tables have it.
    tolerance : float
        Difference that still agrees (amounts of money that were rounded); persons and households must agree exactly.

    Returns
    -------
    RollUp

    Raises
    ------
    PlanError
        Fewer than two levels, an unknown level, a figure that fewer than two levels have.
    DataError
        A table lacks the keys of its level or of the one above, or repeats a unit.

    Examples
    --------
    >>> villages = pd.DataFrame({"village": ["a", "b"], "county": "990101", "poor": [3, 4]})
    >>> counties = pd.DataFrame({"county": ["990101"], "poor": [8]})
    >>> found = roll_up({"village": villages, "county": counties}, ["poor"])
    >>> found.frame[["unit", "stated", "summed", "verdict"]].values.tolist()
    [['990101', 8.0, 7.0, 'differs']]
    """
    unknown = [t for t in tables if t not in LEVELS]
    if unknown:
        msg = f"no level {unknown[0]!r}{did_you_mean(unknown[0], LEVELS)} Levels are {', '.join(LEVELS)}"
        raise PlanError(msg)
    levels = [level for level in LEVELS if level in tables]
    lost = [f for f in figures if sum(f in tables[level] for level in levels) < 2]
    if len(levels) < 2 or lost or not figures:
        what = (
            f"figure {lost[0]!r} stands in fewer than two of them"
            if lost
            else "give two levels and a figure or more"
        )
        msg = f"a roll-up compares tables of two levels or more, got {', '.join(levels) or 'none'}: {what}"
        raise PlanError(msg)
    waved = all(WAVE in tables[level] for level in levels)
    parts = []
    for figure in figures:
        having = [level for level in levels if figure in tables[level]]
        for below, level in pairwise(having):
            keys = [*KEYS[level], *([WAVE] if waved else [])]
            own = [*KEYS[below], *([WAVE] if waved else [])]
            low, high = _checked(tables[below], below, own, keys), _checked(tables[level], level, keys, keys)
            found = _compared(low, high, keys, figure, tolerance)
            unit = found[KEYS[level][0]]
            for key in KEYS[level][1:]:
                unit = unit + "/" + found[key]
            found["unit"] = unit
            parts.append(found.assign(level=level, below=below, figure=figure))
    last = ["below", "figure", "stated", "summed", "difference", "parts", "blank", "verdict"]
    columns = ["level", "unit", *([WAVE] if waved else []), *last]
    return RollUp(pd.concat(parts, ignore_index=True)[columns])


def roll_up_years(
    tables: Mapping[str, pd.DataFrame], figures: Sequence[str], *, tolerance: float = 0.0
) -> RollUp:
    """Roll up year by year and figure by figure, between the levels that state the figure in that year.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As `roll_up`, each with a year (`WAVE`). A level without the figure in a year is passed over in that year.
    figures : sequence of str
    tolerance : float

    Returns
    -------
    RollUp
        In the order of levels, years and figures.

    Raises
    ------
    PlanError
        An unknown level.
    DataError
        No figure stands at two levels in one year; keys absent or repeated.

    Examples
    --------
    >>> villages = pd.DataFrame({"village": ["a", "a"], "county": "990101", "wave": [2019, 2020], "poor": [3, 4]})
    >>> counties = pd.DataFrame({"county": ["990101"], "wave": [2020], "poor": [5]})
    >>> found = roll_up_years({"village": villages, "county": counties}, ["poor"])
    >>> found.frame[["unit", "wave", "stated", "summed"]].values.tolist()
    [['990101', 2020, 5.0, 4.0]]
    """
    alike: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = {}
    for figure in figures:
        having: dict[int, list[str]] = {}
        for level, table in tables.items():
            known = table.loc[table[figure].notna(), WAVE].dropna().unique() if figure in table else ()
            for wave in known:
                having.setdefault(int(wave), []).append(level)
        for levels in dict.fromkeys(tuple(v) for v in having.values() if len(v) > 1):
            waves = tuple(sorted(w for w, v in having.items() if tuple(v) == levels))
            alike.setdefault((levels, waves), []).append(figure)
    parts = []
    for (levels, waves), same in alike.items():
        now = {level: tables[level][tables[level][WAVE].isin(waves)] for level in levels}
        parts.append(roll_up(now, same, tolerance=tolerance).frame)
    if not parts:
        msg = f"none of {', '.join(figures) or 'the figures'} is stated for one year at two levels; there is nothing to compare"
        raise DataError(msg)
    whole = pd.concat(parts, ignore_index=True)
    order = whole.assign(_level=whole["level"].map(LEVELS.index), _below=whole["below"].map(LEVELS.index))
    order["_figure"] = order["figure"].map({f: i for i, f in enumerate(figures)})
    order = order.sort_values(["_level", "_below", WAVE, "_figure", "unit"], kind="stable", ignore_index=True)
    return RollUp(order[["level", "unit", WAVE, *[c for c in whole if c not in ("level", "unit", WAVE)]]])


def _compared(
    low: pd.DataFrame, high: pd.DataFrame, keys: list[str], figure: str, tolerance: float
) -> pd.DataFrame:
    """Return one row a unit of the upper level: stated, summed, parts, blank, difference, verdict."""
    value = pd.Series(amounts(low[figure], figure), index=low.index)
    parts = low[keys].assign(summed=value, parts=1, blank=value.isna().astype(int))
    sums = parts.groupby(keys, sort=True).sum().reset_index()
    own = high[keys].assign(stated=amounts(high[figure], figure))
    table = own.merge(sums, on=keys, how="outer").sort_values(keys, ignore_index=True)
    for column in ("parts", "blank"):
        table[column] = table[column].fillna(0).astype(int)
    stated, some = table["stated"].notna(), table["parts"] > 0
    table["summed"] = table["summed"].where(table["blank"] < table["parts"])
    table["difference"] = table["stated"] - table["summed"]
    near = table["difference"].abs() <= tolerance + 1e-9
    words = np.select(
        [~stated, ~some, table["blank"] > 0, near],
        ["not_stated", "no_parts", "incomplete", "agrees"],
        default="differs",
    )
    return table.assign(verdict=pd.Series(words, index=table.index, dtype="str"))


def _checked(frame: pd.DataFrame, level: str, own: list[str], above: list[str]) -> pd.DataFrame:
    """Return a table with text keys, or raise where they are absent, blank or repeated."""
    keys = list(dict.fromkeys([*own, *above]))
    absent = [k for k in keys if k not in frame]
    if absent:
        msg = f"the table of level {level} lacks {', '.join(absent)}, which it needs to be added up; add the columns"
        raise DataError(msg)
    blank = frame[keys].isna().any(axis=1)
    twice = frame.duplicated(own, keep=False)
    for bad, what in ((blank, f"lack one of {', '.join(keys)}"), (twice, f"repeat their {' / '.join(own)}")):
        if bad.any():
            first = " / ".join(map(str, frame.loc[bad, own].iloc[0]))
            msg = f"{int(bad.sum())} of {len(frame)} rows of level {level} {what} (first: {first}); keep one row a unit"
            raise DataError(msg, rows=frame.loc[bad])
    texts = {k: frame[k].astype("str") for k in keys if k != WAVE}
    return frame.assign(**texts).reset_index(drop=True)


def household_figures(panel: Panel, *, wave: int | None = None) -> pd.DataFrame:
    """Return the households of a registry as the lowest level of a roll-up.

    Parameters
    ----------
    panel : Panel
        The whole registry, not a sample of it: figures are counted, not weighted.
    wave : int, optional
        Only this wave; all of them by default.

    Returns
    -------
    DataFrame
        One row a household and wave: household, wave, the places that the panel has, households (1), persons (its size),
        where the panel has a status, registered_persons, exited_persons, returned_persons, and, where it has a year of exit,
        exit_households (1 in the year of exit).

    Raises
    ------
    DataError
        The panel has no size, or no row in the wave.
    """
    if panel.size is None:
        msg = "persons are counted by household size; give the panel its size column"
        raise DataError(msg)
    keep = panel.mask & (True if wave is None else (panel.frame[panel.wave].astype(int) == wave).to_numpy())
    rows = panel.frame[keep]
    if rows.empty:
        msg = f"the panel has no row of wave {wave}; it has {', '.join(map(str, panel.waves))}"
        raise DataError(msg)
    out = pd.DataFrame({"household": rows[panel.household].astype("str"), WAVE: rows[panel.wave].astype(int)})
    for level in LEVELS[1:]:
        column = {"village": panel.village, "county": panel.county}.get(level) or level
        if column in rows:
            out[level] = rows[column]
    persons = rows[panel.size].to_numpy(dtype=float)
    out["households"], out["persons"] = 1, persons
    if "status" in rows:
        for words, name in (
            (("未脱贫", "registered"), "registered"),
            (("已脱贫", "exited"), "exited"),
            (("返贫", "returned"), "returned"),
        ):
            out[f"{name}_persons"] = np.where(rows["status"].isin(words), persons, 0.0)
    if "exit_year" in rows:
        out["exit_households"] = (
            (rows["exit_year"].astype("Float64") == out[WAVE].to_numpy()).fillna(value=False).astype(int)
        )
    return out.reset_index(drop=True)
