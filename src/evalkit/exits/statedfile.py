"""The table of stated figures: what villages, townships, counties, prefectures and provinces say of themselves, by year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.rollup import LEVELS, WAVE
from evalkit.ingest import RawTable, read
from evalkit.ingest.cells import half_width, plain_ids, row_word
from evalkit.ledger import PROVENANCE, prefix
from evalkit.plan import TableSource
from evalkit.schema import label

FIGURES: dict[str, str] = {
    "registry_households": "households",
    "registry_persons": "persons",
    "registered_persons": "registered_persons",
    "exited_persons": "exited_persons",
    "returned_persons": "returned_persons",
    "exit_households": "exit_households",
}
"""Column of the table → figure that is added up, as `evalkit.exits.household_figures` counts it."""
PLANNED = ("planned_exits", "eligible_households")
"""Columns of the table that are held against exits, not added up."""
UPPER = LEVELS[1:]
"""Levels that state figures."""
WORDS: dict[str, str] = {
    "村": "village", "行政村": "village", "乡": "township", "镇": "township", "乡镇": "township", "乡(镇)": "township",
    "县": "county", "区": "county", "县级": "county", "县(市、区)": "county", "县(市,区)": "county",
    "市": "prefecture", "州": "prefecture", "地级": "prefecture", "市(州)": "prefecture", "市级": "prefecture",
    "省": "province", "自治区": "province", "省级": "province", "乡镇级": "township", "村级": "village",
    "village": "village", "township": "township", "county": "county", "prefecture": "prefecture", "province": "province",
}  # fmt: skip
"""Words of the column of levels."""
DIGITS = {"province": 2, "prefecture": 4, "county": 6, "township": 9, "village": 12}
"""Level → digits of its division code; longer codes of an upper level end in zeros."""
MOST_FAULTS = 8
"""Faults that a message names; the others are counted."""


@dataclass(frozen=True, eq=False)
class StatedFigures:
    """Figures that each level states.

    Parameters
    ----------
    frame : DataFrame
        One row a unit and year: level (of `UPPER`), unit (its code, a township's own name where it has no code), name, county,
        prefecture, province (codes of what it lies in, and its own; missing where they are not known), wave, and the figures that
        are given: those of `FIGURES` and `PLANNED` (floats, NaN where blank).
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that add up and that at least one unit states."""
        return tuple(f for f in FIGURES.values() if f in self.frame and self.frame[f].notna().any())

    @property
    def planned(self) -> bool:
        """Whether a unit states how many households were planned to exit."""
        return PLANNED[0] in self.frame and bool(self.frame[PLANNED[0]].notna().any())

    def of_county(self, county: str) -> StatedFigures:
        """Return what one county and the units in it state."""
        return replace(self, frame=self.frame[self.frame["county"] == county].reset_index(drop=True))

    def at(self, level: str) -> pd.DataFrame:
        """Return the rows of a level, the code of the unit in a column of the level's name."""
        rows = self.frame[self.frame["level"] == level].drop(columns="level")
        return rows.assign(**{level: rows["unit"]}).drop(columns="unit").reset_index(drop=True)


def read_stated(
    path: str | Path | Iterable[str | Path],
    *,
    source: TableSource | None = None,
    root: str | Path | None = None,
) -> StatedFigures:
    """Read the table of stated figures.

    Parameters
    ----------
    path : path or several
        Files of any type that `evalkit.ingest.read` reads: level (may be left out where codes are division codes), code of the
        unit, year, figures. Rows of totals and signatures are passed over.
    source : TableSource, optional
        What the plan says about the table (``plan.data.stated``).
    root : path, optional
        Folder that file names are shown below.

    Returns
    -------
    StatedFigures
        A blank cell is a figure that is not stated. Two rows that say the same of one unit and year count once.

    Raises
    ------
    DataError
        The table cannot be read, has no code or year, or rows that cannot be followed: an unknown level, no code, no county, a
        year or figure that is none or is negative, two different figures for one unit. All of them are counted, the first named.
    """
    return stated_figures(read(path, table="stated", source=source, root=root))


def stated_figures(raw: RawTable) -> StatedFigures:
    """Return the stated figures of a raw table; see `read_stated`."""
    absent = [c for c in ("stated_unit", WAVE) if c not in raw.frame]
    if absent:
        named = ", ".join(f"{c} ({label(c, 'zh')})" for c in absent)
        msg = f"the table of stated figures lacks {named}; name the header in plan.data.stated.columns"
        raise DataError(msg)
    frame = _rows(raw.frame)
    given = [c for c in (*FIGURES, *PLANNED) if c in frame]
    faults: list[tuple[pd.Series, str]] = []
    unit = plain_ids(frame["stated_unit"])
    faults.append((unit.isna(), "have no code of the unit"))
    level = _levels(frame, unit)
    faults.append(
        (
            unit.notna() & level.isna(),
            f"have a level that is none of {', '.join(UPPER)}, and no division code",
        )
    )
    out = _placed(frame, unit, level)
    lost = out["level"].isin(["village", "township"]) & out["county"].isna()
    faults.append((lost, "are villages or townships of no known county; give 所属县代码 (stated_county)"))
    years = frame[WAVE].map(_year, na_action="ignore")
    faults.append((years.isna(), "have no year of four digits"))
    out[WAVE] = years.astype("Int64")
    for column in given:
        values = frame[column].map(_count, na_action="ignore").astype("float64")
        faults.append(
            ((values < 0) | (values % 1 > 0), f"have a {column} that is negative or no whole number")
        )
        faults.append((values.isna() & frame[column].notna(), f"have a {column} that is no number"))
        out[FIGURES.get(column, column)] = values
    _refuse(frame, faults)
    return StatedFigures(_once(frame, out))


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that state something: neither blank, nor totals, nor signatures."""
    own = [c for c in frame if c not in PROVENANCE]
    cells = frame[own].apply(lambda c: c.str.strip()).replace("", pd.NA)
    said = pd.Series(data=False, index=frame.index)
    for column in ("stated_level", "stated_unit", "stated_name"):
        if column in cells:
            said |= cells[column].map(lambda v: bool(row_word(v)), na_action="ignore").eq(other=True)
    keep = (cells.notna().any(axis=1) & ~said).to_numpy(dtype=bool)
    where = frame[[c for c in PROVENANCE if c in frame]]
    kept: pd.DataFrame = pd.concat([cells, where], axis=1).loc[keep]
    return kept.reset_index(drop=True)


def _levels(frame: pd.DataFrame, unit: pd.Series) -> pd.Series:
    """Return the level of each row: as it is written, else by its code; missing where neither says."""
    by_code = unit.map(_level_of, na_action="ignore")
    if "stated_level" not in frame:
        return by_code
    written = frame["stated_level"].map(lambda v: WORDS.get(half_width(v).casefold()), na_action="ignore")
    return written.where(frame["stated_level"].notna(), by_code)


def _level_of(code: str) -> str | None:
    """Return the level that a division code is of, None where it is none.

    >>> [_level_of(c) for c in ("99", "990000", "9901", "990100", "990121", "990121100", "990121100000", "990121100200", "A1")]
    ['province', 'province', 'prefecture', 'prefecture', 'county', 'township', 'township', 'village', None]
    """
    if not re.fullmatch(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}", code):
        return None
    return next(level for level, n in DIGITS.items() if not code[n:].strip("0"))


def _placed(frame: pd.DataFrame, unit: pd.Series, level: pd.Series) -> pd.DataFrame:
    """Return level, unit and what it lies in."""
    size = level.map(DIGITS)
    digits = unit.str.fullmatch(r"[0-9]+").fillna(value=False).astype(bool)
    own = pd.Series(
        [u[: int(n)] if d and pd.notna(n) and len(u) in (6, 9, 12) and not u[int(n) :].strip("0") else u
         for u, n, d in zip(unit, size, digits, strict=True)],
        index=unit.index, dtype="str",
    )  # fmt: skip
    name = frame["stated_name"] if "stated_name" in frame else pd.Series(pd.NA, index=frame.index)
    below = level.isin(["village", "township"])
    coded = digits & own.str.len().isin([DIGITS["township"], DIGITS["village"]])
    stated = (
        plain_ids(frame["stated_county"])
        if "stated_county" in frame
        else pd.Series(np.nan, index=frame.index, dtype="str")
    )
    county = stated.where(stated.notna(), own.str[:6].where(coded)).where(below, own.where(level == "county"))
    known = county.where(level.isin(["county", "township", "village"]), own).astype("str")
    division = known.str.fullmatch(r"[0-9]{6,}|[0-9]{4}|[0-9]{2}").fillna(value=False).astype(bool)
    division &= known.str.len().ge(4) | (level == "province")
    out = pd.DataFrame(
        {"level": level, "unit": own, "name": name.astype("str"), "county": county.astype("str")}
    )
    villages = level == "village"
    out.loc[villages, "unit"] = prefix(own[villages], county[villages])
    out["prefecture"] = known.str[:4].where(division & (level != "province"))
    out["province"] = known.str[:2].where(division)
    return out


def _year(cell: str) -> float:
    found = re.fullmatch(r"((?:19|20)[0-9]{2})(?:\.0+)?年?", half_width(cell))
    return float(found[1]) if found else np.nan


def _count(cell: str) -> float:
    """Return a count as it is written; NaN where it is no number.

    >>> _count("1,234"), _count("１２"), _count("-3"), _count("约十户")
    (1234.0, 12.0, -3.0, nan)
    """
    tight = half_width(cell).replace(",", "").replace(" ", "")
    return float(tight) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", tight) else np.nan


def _refuse(frame: pd.DataFrame, faults: Iterable[tuple[pd.Series, str]]) -> None:
    """Raise with every fault, the first row of each named."""
    told, rows = [], pd.Series(data=False, index=frame.index)
    for bad, what in faults:
        if bad.any():
            rows |= bad
            told.append(f"{int(bad.sum())} {what} (first: {_where(frame, bad)})")
    if told:
        more = f"; and {len(told) - MOST_FAULTS} faults more" if len(told) > MOST_FAULTS else ""
        msg = f"of {len(frame)} rows of stated figures {'; '.join(told[:MOST_FAULTS])}{more}; mend the file, leave blank what is not stated"
        raise DataError(msg, rows=frame[rows])


def _where(frame: pd.DataFrame, rows: pd.Series) -> str:
    first = frame[rows].iloc[0]
    return f"{first['_file']}, row {first['_row']}"


def _once(frame: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Return one row a unit and year; raise where two rows state different figures for one."""
    keys = ["level", "county", "unit", WAVE]
    figures = [c for c in (*FIGURES.values(), *PLANNED) if c in out]
    kept = out.drop_duplicates([*keys, *figures])
    twice = kept.duplicated(keys, keep=False)
    if twice.any():
        at = kept.index[twice][0]
        first = kept.loc[at]
        same = twice & (kept[keys].astype("str") == first[keys].astype("str")).all(axis=1)
        rows = " and ".join(str(frame.loc[i, "_row"]) for i in kept.index[same])
        units = len(kept.loc[twice, keys].drop_duplicates())
        msg = (
            f"{units} units have two stated figures for one year (first: {first['level']} {first['unit']}, {first[WAVE]}, rows {rows} of "
            f"{frame.loc[at, '_file']}); keep the one that was reported"
        )
        raise DataError(msg, rows=kept[twice])
    return kept.sort_values(keys, ignore_index=True)


__all__ = ["StatedFigures", "read_stated", "stated_figures"]
