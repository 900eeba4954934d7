"""Amounts that are ten thousand times off those of other sheets for the same villages: said, never converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.ingest.cells import half_width
from evalkit.ingest.perfile import source_for
from evalkit.ingest.tables import RawTable
from evalkit.plan import TableSource

APART = 4
"""Powers of ten between 元 and 万元."""
_PLACES = ("village", "village_name", "county", "county_name")
_PLAIN = r"[+-]?[0-9]*\.?[0-9]+"
_FACTOR = 10.0**APART


@dataclass(frozen=True)
class UnitDoubt:
    """A column of a sheet whose unit of money is probably not what it was read as.

    Parameters
    ----------
    file, sheet : str
        `sheet` is empty for files without sheets.
    field : str
    read_as, looks_like : str
        ``one`` or ``wan``.
    median, others : float
        Median as read, and of the other sheets, in units.
    places : int
        Villages (or counties) in which both were compared; 0: compared over all rows.
    """

    file: str
    sheet: str
    field: str
    read_as: str
    looks_like: str
    median: float
    others: float
    places: int

    @property
    def text(self) -> str:
        """What is seen and what to do."""
        where = f"{self.file}/{self.sheet}" if self.sheet else self.file
        over = f"in the same {self.places} places" if self.places else "over all rows"
        return (
            f"{self.field} has the median {self.median:g} where the other sheets have {self.others:g} ({over}): it looks "
            f"like {'ten thousands (万元)' if self.looks_like == 'wan' else 'single units (元)'} and was read as "
            f"{'万元' if self.read_as == 'wan' else '元'}; nothing was converted. State money_unit: "
            f'{{"{where}": {self.looks_like}}} if so, {{"{where}": {self.read_as}}} if not'
        )


def unit_doubts(raw: RawTable, source: TableSource | None = None) -> tuple[UnitDoubt, ...]:
    """Compare the medians of each column of money between sheets, village by village.

    A sheet is doubted when its median is 10⁴ times smaller (read as 元) or larger (read as 万元) than the median of the
    others' medians, to the nearest power of ten. Compared are the same villages; where there is none, the same
    counties; else all rows. With two sheets the smaller is doubted. Files whose unit the plan states are not.

    Parameters
    ----------
    raw : RawTable
        Whole, or the rows of one county.
    source : TableSource, optional
        What the plan says about the table.

    Returns
    -------
    tuple of UnitDoubt
        In the order of the mapping.
    """
    if raw.files["header_row"].notna().sum() < 2 or not len(raw.frame):
        return ()
    money = raw.mapping[raw.mapping["unit"].isin(["one", "wan"])]
    sheets = raw.frame["_file"] + "\n" + raw.frame["_sheet"].fillna("")
    out: list[UnitDoubt] = []
    for field in dict.fromkeys(money["field"]):
        units = {
            f"{file}\n{sheet if isinstance(sheet, str) else ''}": unit
            for file, sheet, unit in money.loc[money["field"] == field, ["file", "sheet", "unit"]].itertuples(
                index=False
            )
        }
        if field in raw.frame and len(units) > 1:
            amounts = _amounts(raw.frame[field]) * sheets.map({k: _scale(u) for k, u in units.items()})
            out += _compared(raw.frame, sheets, amounts, field, units)
    return tuple(d for d in out if not _stated(raw, d, source))


def with_unit_notes(raw: RawTable, source: TableSource | None = None) -> RawTable:
    """Return the table with its doubts among the notes of its files."""
    doubts = unit_doubts(raw, source)
    if not doubts:
        return raw
    files = raw.files.copy()
    for d in doubts:
        at = (files["file"] == d.file) & (files["sheet"].fillna("") == d.sheet)
        files.loc[at, "notes"] = files.loc[at, "notes"].map(lambda n, d=d: f"{n} / {d.text}" if n else d.text)
    return RawTable(raw.table, raw.frame, raw.mapping, files)


def _stated(raw: RawTable, doubt: UnitDoubt, source: TableSource | None) -> bool:
    """Tell whether the plan itself gives the unit of the sheet."""
    if source is None:
        return False
    return source_for(source, doubt.file, raw.table, doubt.sheet or None).money_unit != "auto"


def _scale(unit: str) -> float:
    return _FACTOR if unit == "wan" else 1.0


def _amounts(cells: pd.Series) -> pd.Series:
    """Return plain positive numbers; the rest (words, zeros, losses) says nothing about the unit."""
    known = {
        c: half_width(c).replace(",", "").removesuffix("元").removesuffix("万")
        for c in cells.dropna().unique()
    }
    text = cells.map(known).astype("str")
    numbers = pd.to_numeric(text.where(text.str.fullmatch(_PLAIN).eq(other=True)), errors="coerce").astype(
        "float64"
    )
    return numbers.where(numbers > 0)


def _compared(
    frame: pd.DataFrame, sheets: pd.Series, amounts: pd.Series, field: str, units: dict[str, str]
) -> list[UnitDoubt]:
    out = []
    logs = np.log10(amounts)
    for sheet, unit in units.items():
        here = sheets == sheet
        for place in (*(p for p in _PLACES if p in frame), ""):
            by = frame[place] if place else pd.Series("", index=frame.index)
            own = logs[here].groupby(by[here]).median()
            rest = logs[~here].groupby([by[~here], sheets[~here]]).median().groupby(level=0).median()
            pairs = pd.DataFrame({"own": own, "others": rest}).dropna()
            if len(pairs):
                apart = float(np.median((pairs["own"] - pairs["others"]).to_numpy()))
                if round(apart) == (-APART if unit == "one" else APART):
                    file, _, name = sheet.partition("\n")
                    looks = "wan" if unit == "one" else "one"
                    own_median, others = (float(10 ** pairs[c].median()) for c in pairs)
                    places = len(pairs) if place else 0
                    out.append(UnitDoubt(file, name, field, unit, looks, own_median, others, places))
                break
    return out
