"""What was found about files, as settings of the plan: reading again with them gives the same table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from evalkit.ingest.sheets import TYPED
from evalkit.ingest.tables import RawTable
from evalkit.ingest.units import unit_doubts
from evalkit.ingest.workbooks import WORKBOOKS
from evalkit.plan import TableSource, WideLayout

Header = str | dict[str, str]
"""A header; by file (or file/sheet) where files differ."""


@dataclass(frozen=True)
class PlanMapping:
    """Settings of one table that hold what was found.

    Parameters
    ----------
    columns : mapping of str to Header
        Field → header, of those the codebook recognised; in the order of the files.
    money_unit : str, dict or None
        None where the files say different things within one sheet, or have no amounts.
    encoding : str or None
        None when files differ or none is text.
    header_row : int or None
        None when sheets differ, or some has none.
    unrecognised : tuple of str
        Headers that are no field; they are kept and not used.
    open_questions : tuple of str
        Doubts about units: the unit is not stored until a person has stated it.
    """

    columns: Mapping[str, Header] = field(default_factory=dict)
    money_unit: str | dict[str, str] | None = None
    encoding: str | None = None
    header_row: int | None = None
    unrecognised: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()

    def settings(self) -> dict[str, object]:
        """Return the settings that are known, by their key under ``plan.data.<table>``."""
        named = {
            "columns": dict(self.columns) or None,
            "money_unit": self.money_unit,
            "encoding": self.encoding,
            "header_row": self.header_row,
        }
        return {key: value for key, value in named.items() if value is not None}


def mapping_for_plan(raw: RawTable, source: TableSource | None = None) -> PlanMapping:
    """Return what was found about a table, to be stored in its plan.

    Parameters
    ----------
    raw : RawTable
        As `evalkit.ingest.read` gives it, before counties are linked.
    source : TableSource, optional
        What the plan says already; that is not repeated.

    Examples
    --------
    >>> from evalkit.ingest import from_frame
    >>> frame = pd.DataFrame({"户编号": ["1"], "年度": ["2016"], "备注": ["x"]})
    >>> found = mapping_for_plan(from_frame(frame))
    >>> found.columns, found.unrecognised
    ({'household': '户编号', 'wave': '年度'}, ('备注',))
    """
    files = raw.files[raw.files["found"] != "no header found: sheet not read"]
    keys = _keys(files)
    unknown = raw.mapping.loc[raw.mapping["how"] == "unrecognised", "header"]
    text = set(files.loc[~files["encoding"].isin([*TYPED, *(w[1:] for w in WORKBOOKS)]), "encoding"])
    rows = {int(r) for r in raw.files["header_row"]}
    doubts = tuple(d.text for d in unit_doubts(raw, source))
    return PlanMapping(
        columns=_columns(raw.mapping, keys, source),
        money_unit=None if doubts else _units(raw.mapping, keys, source),
        encoding=text.pop() if len(text) == 1 and not _said(source, "encoding") else None,
        header_row=(rows.pop() or None) if len(rows) == 1 and not _said(source, "header_row") else None,
        unrecognised=tuple(dict.fromkeys(str(h) for h in unknown if h)),
        open_questions=doubts,
    )


def _said(source: TableSource | None, key: str) -> bool:
    return source is not None and key in source.model_fields_set


def _keys(files: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the name of each sheet in a plan: the file's, with the sheet's when there are several."""
    sheets = files["sheet"].fillna("")
    several = files["file"].duplicated(keep=False) & (sheets != "")
    names = files["file"].where(~several, files["file"] + "/" + sheets)
    return dict(zip(zip(files["file"], sheets, strict=True), names, strict=True))


def _columns(
    mapping: pd.DataFrame, keys: dict[tuple[str, str], str], source: TableSource | None
) -> dict[str, Header]:
    found: dict[str, dict[str, str]] = {}
    lines = mapping[mapping["how"] == "codebook"]
    for file, sheet, header, name, wave in lines[["file", "sheet", "header", "field", "wave"]].itertuples(
        index=False
    ):
        if source is not None and name in source.columns:
            continue
        base = header if pd.isna(wave) else _base(header, int(wave), source)
        at = keys[(file, sheet if isinstance(sheet, str) else "")]
        if base is not None:
            found.setdefault(name, {})[at] = base
    return {name: _alike(by_sheet, keys) for name, by_sheet in found.items()}


def _base(header: str, wave: int, source: TableSource | None) -> str | None:
    """Return the header of a wide column without its wave."""
    layout = source.layout if source is not None else None
    if not isinstance(layout, WideLayout):
        return None
    for text in (t for t, w in layout.waves.items() if w == wave):
        if layout.position == "prefix" and header.startswith(f"{text}{layout.separator}"):
            return header.removeprefix(f"{text}{layout.separator}")
        if layout.position == "suffix" and header.endswith(f"{layout.separator}{text}"):
            return header.removesuffix(f"{layout.separator}{text}")
    return None


def _alike(by_sheet: dict[str, str], keys: dict[tuple[str, str], str]) -> Header:
    """Return one header when every sheet has it; headers by file when sheets differ."""
    if len(set(by_sheet.values())) == 1 and len(by_sheet) == len(keys):
        return next(iter(by_sheet.values()))
    return by_sheet


def _units(
    mapping: pd.DataFrame, keys: dict[tuple[str, str], str], source: TableSource | None
) -> str | dict[str, str] | None:
    if _said(source, "money_unit"):
        return None
    money = mapping[mapping["unit"].isin(["one", "wan"])]
    units: dict[str, str] = {}
    for file, sheet, unit in money[["file", "sheet", "unit"]].itertuples(index=False):
        at = keys[(file, sheet if isinstance(sheet, str) else "")]
        if units.setdefault(at, unit) != unit:
            return None
    if not units:
        return None
    return next(iter(units.values())) if len(set(units.values())) == 1 else units
