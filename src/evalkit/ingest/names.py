"""Wave and county in the name of a sheet or file, for plans that ask for them there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from evalkit.errors import DataError
from evalkit.ingest.cells import half_width
from evalkit.ingest.sheets import Sheet
from evalkit.plan import TableSource

_YEAR = re.compile(r"(?<![0-9])(19[5-9][0-9]|20[0-9]{2})(?![0-9])")
_CODE = re.compile(r"(?<![0-9])([1-9][0-9]{5})(?:[0-9]{3}|[0-9]{6})?(?![0-9])")
_PLACE = re.compile(r"(?!全|本|各|所)[\u4e00-\u9fff]+?(?:自治县|自治旗|县|区|市|旗)")


@dataclass(frozen=True)
class FromName:
    """A value that holds for all rows of a sheet: its field, the value, where it stands (``sheet name`` …)."""

    field: str
    value: str
    where: str


def years_in(name: str) -> list[int]:
    """Return the years 1950-2099 that stand in a name as four digits of their own, each once.

    >>> years_in("2016年户表"), years_in("户信息_522633"), years_in("2014-2016")
    ([2016], [], [2014, 2016])
    """
    return list(dict.fromkeys(int(y) for y in _YEAR.findall(half_width(name))))


def counties_in(name: str) -> list[str]:
    """Return the codes of counties (six digits, or the first six of nine or twelve) in a name, else county names.

    Of a chain of places the last one is the county.

    >>> counties_in("990602_2016.csv"), counties_in("某市甲县户表"), counties_in("全县汇总")
    (['990602'], ['甲县'], [])
    """
    text = half_width(name)
    codes = list(dict.fromkeys(_CODE.findall(text)))
    return codes or _PLACE.findall(text)[-1:]


def from_names(sheet: Sheet, source: TableSource | None, fields: Sequence[str]) -> tuple[FromName, ...]:
    """Return what the plan takes from the name of a sheet or file, where no column has it.

    Parameters
    ----------
    sheet : Sheet
    source : TableSource or None
    fields : sequence of str
        Fields that columns of the sheet have.

    Raises
    ------
    DataError
        The name holds none, or several.
    """
    out = []
    if source is not None and source.wave_from is not None and "wave" not in fields:
        names = _names(sheet, source.wave_from)
        out.append(
            FromName("wave", _single(sheet, source.wave_from, "wave", names), f"({source.wave_from} name)")
        )
    if source is not None and source.county_from is not None and not {"county", "county_name"} & set(fields):
        names = _names(sheet, source.county_from)
        value = _single(sheet, source.county_from, "county", names)
        out.append(
            FromName("county" if value.isdigit() else "county_name", value, f"({source.county_from} name)")
        )
    return tuple(out)


def hint(sheet: Sheet, fields: Sequence[str], source: TableSource | None) -> tuple[str, ...]:
    """Return what the plan could say when no column has the wave and a name seems to; nothing is taken unasked."""
    said = source is not None and (source.wave is not None or source.wave_from is not None)
    if "wave" in fields or said:
        return ()
    for part in ("sheet", "file"):
        found = [y for name in _names(sheet, part) for y in years_in(name)]
        if len(set(found)) == 1:
            return (
                f"no column has the wave; the {part} name holds {found[0]}: state wave_from: {part} if that is it",
            )
    return ()


def _names(sheet: Sheet, part: str) -> list[str]:
    """Return the names to look in: the sheet's; or the file's, then its folders' from the innermost outwards."""
    if part == "sheet":
        return [sheet.name] if sheet.name is not None else []
    path = PurePosixPath(sheet.file)
    return [path.stem, *reversed(path.parent.parts)]


def _single(sheet: Sheet, part: str, what: str, names: Sequence[str]) -> str:
    for name in names:
        found = [str(y) for y in years_in(name)] if what == "wave" else counties_in(name)
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{sheet.where}: {name!r} holds several of {what}: {', '.join(found)}; {_instead(what)}"
            raise DataError(msg)
    form = "a year of four digits" if what == "wave" else "a code of six digits or the name of a county"
    none = f"{sheet.where}: the plan takes the {what} from the {part} name, and there is no {form} in it"
    msg = f"{none}{'' if names else ' (the file has no sheets)'}; rename it, or {_instead(what)}"
    raise DataError(msg)


def _instead(what: str) -> str:
    return "state wave: {file or pattern: year}" if what == "wave" else "add a column county to the file"
