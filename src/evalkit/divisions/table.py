"""Division codes from a table: one row a code and name, with years and new codes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from evalkit.divisions.model import Division, Divisions, Level
from evalkit.errors import DataError

HEADERS: dict[str, tuple[str, ...]] = {
    "code": ("代码", "行政区划代码", "code"),
    "name": ("名称", "县", "name"),
    "province": ("一级行政区", "省", "province"),
    "prefecture": ("二级行政区", "市", "prefecture"),
    "level": ("级别", "level"),
    "start": ("启用时间", "start"),
    "end": ("变更/弃用时间", "弃用时间", "end"),
    "successors": ("新代码", "successors"),
}
"""Columns of a table and the headers they are looked for under."""
NEEDED: tuple[str, ...] = ("code", "name", "start", "end", "successors")
LEVELS: dict[str, Level] = {
    "省级": "province", "地级": "prefecture", "县级": "county",
    "province": "province", "prefecture": "prefecture", "county": "county",
}  # fmt: skip
"""Words of the level column."""
ENCODINGS: tuple[str, ...] = ("utf-8-sig", "gb18030")
_NEW = re.compile(r"([0-9]{6})(?:\[([0-9]{4})\])?")


def read_table(path: Path, columns: Mapping[str, str] | None = None) -> Divisions:
    """Read division codes from a csv file.

    A year is the last day of the year: a code is in force from the start year (included) to the end year
    (excluded). New codes are separated by ``;``; one with a year in square brackets received a part of the area
    in that year, the others have the area since the end year.

    Parameters
    ----------
    path : Path
        UTF-8 or GB18030.
    columns : mapping, optional
        Names of `HEADERS` → header in the file, where it is not one that is looked for.

    Raises
    ------
    DataError
        The file is absent, lacks a column, or has a code, level, year or new code that cannot be read.
    """
    frame = _read(path)
    found = _columns(path, list(frame.columns), columns or {})
    table = frame[list(found.values())].set_axis(list(found), axis=1)
    table = table.assign(**{c: None for c in HEADERS if c not in table}).astype("str")
    for name in table:
        table[name] = table[name].str.strip()
    table = table.mask(table == "")
    _check(path, table)
    entries = tuple(_division(*row) for row in table[list(HEADERS)].itertuples(index=False, name=None))
    years = pd.concat([table["start"], table["end"]]).dropna().astype("int64")
    first = int(table["start"].astype("int64").min())
    return Divisions(entries, path.name, first, int(years.max()))


def _read(path: Path) -> pd.DataFrame:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"the table of division codes {str(path)!r} cannot be read ({error.strerror}); mend divisions.file in the plan"
        raise DataError(msg) from error
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    msg = f"{path.name} is neither UTF-8 nor GB18030; save the table of division codes as csv in UTF-8"
    raise DataError(msg)


def _columns(path: Path, headers: list[str], stated: Mapping[str, str]) -> dict[str, str]:
    """Return name → header of the columns that are there."""
    odd = [h for h in stated.values() if h not in headers]
    out = {n: stated.get(n) or next((h for h in known if h in headers), "") for n, known in HEADERS.items()}
    lacks = [n for n in NEEDED if not out[n]]
    if odd or lacks:
        what = f"lacks {', '.join(map(repr, odd))}" if odd else f"has no column for {', '.join(lacks)}"
        msg = (
            f"{path.name} {what}; its headers: {', '.join(headers[:15])}. State them in divisions.columns "
            f"(of: {', '.join(HEADERS)})"
        )
        raise DataError(msg)
    return {n: h for n, h in out.items() if h}


def _check(path: Path, table: pd.DataFrame) -> None:
    """Refuse cells that cannot be read, all kinds in one message."""
    year = r"[0-9]{4}"
    shapes = {
        "code": table["code"].str.fullmatch(r"[0-9]{6}"),
        "start": table["start"].str.fullmatch(year),
        "end": table["end"].str.fullmatch(year) | table["end"].isna(),
        "level": table["level"].isin(list(LEVELS)) | table["level"].isna(),
        "successors": table["successors"].str.fullmatch(rf"{_NEW.pattern}(;{_NEW.pattern})*")
        | table["successors"].isna(),
        "name": table["name"].notna(),
    }
    faults = []
    for name, good in shapes.items():
        bad = ~good.fillna(value=False).to_numpy(dtype=bool)
        if bad.any():
            first = int(bad.argmax())
            cell = table[name].iloc[first]
            faults.append(f"{int(bad.sum())} of {name} (first: {cell!r} in row {first + 2})")
    if faults or table.empty:
        msg = (
            f"{path.name}: {'; '.join(faults) or 'no rows'} cannot be read as division codes, years or levels"
        )
        raise DataError(msg)


def _division(
    code: str, name: str, province: object, prefecture: object, level: object, start: str, end: object, new: object
) -> Division:  # fmt: skip
    found = _NEW.findall(new) if isinstance(new, str) else []
    return Division(
        code=code,
        name=name,
        level=LEVELS[level] if isinstance(level, str) else level_by_digits(code),
        province=province if isinstance(province, str) else "",
        prefecture=prefecture if isinstance(prefecture, str) else "",
        start=int(start),
        end=int(end) if isinstance(end, str) else None,
        successors=tuple(dict.fromkeys(c for c, year in found if not year)),
        transfers=tuple(f"{c}[{year}]" for c, year in found if year),
    )


def level_by_digits(code: str) -> Level:
    """Return the level that the zeros of a code say.

    >>> [level_by_digits(c) for c in ("610000", "610900", "610928")]
    ['province', 'prefecture', 'county']
    """
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"
