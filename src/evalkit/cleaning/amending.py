"""What a person writes into the workbook, checked against the table it is for: columns, values, rows to merge into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from evalkit import schema
from evalkit.cleaning.cells import NUMERIC, steps_of
from evalkit.cleaning.columns import wave_labels
from evalkit.cleaning.work import Work, text_at
from evalkit.decisions import corrections
from evalkit.ingest.cells import is_scientific

Changes = tuple[tuple[str, str | None], ...]


def changes_of(value: str, column: str, work: Work, *, homeless: bool = False) -> Changes | str:
    """Return the columns that a new value is for with their new text, or why there are none.

    Parameters
    ----------
    value : str
        As written in the workbook: the value, or ``column=value`` lines.
    column : str
        Column of the case; ``""`` when the case is about a whole row.
    work : Work
    homeless : bool
        The row names no county, and the new value may give it one.
    """
    out = []
    known = [*_open_columns(work), *(["county"] if homeless else [])]
    for one in corrections(value):
        name = _column(one.column, work) if one.column else column
        if not name:
            what = f"there is no column {one.column!r}" if one.column else "the case is about the whole row"
            return f"{what}; write column=value with one of: {', '.join(known)}"
        if name not in known:
            return (
                f"{name} cannot be corrected here: it is not a column of the file, or it decides to which county a row belongs; "
                "mend the raw file or the plan"
            )
        out.append((name, one.value))
    return tuple(out)


def refused(
    work: Work, pos: int, column: str, new: str | None, now: Mapping[tuple[int, str], str | None]
) -> Iterator[str]:
    """Yield what is wrong with a new value for a cell.

    Parameters
    ----------
    work : Work
    pos : int
        Place of the row.
    column, new : str
        None empties the cell.
    now : mapping
        Cells that were corrected in an earlier round.
    """
    old = now.get((pos, column), text_at(work.raw.frame[column], pos))
    if new == old:
        yield f"{column} is {new!r} already; use keep"
        return
    if new is None:
        return
    kind = work.kinds[column]
    if column == "wave" and wave_labels(work):
        if new not in wave_labels(work):
            yield f"{new!r} is no code of a wave in the plan ({', '.join(wave_labels(work))})"
        return
    unit = "wan" if kind == "money" and work.in_wan(column)[pos] else "one"
    steps = steps_of(new, kind, unit, "," if kind in NUMERIC and work.with_comma[pos] else ".")
    last = steps[-1].new if steps else new
    if last is None:
        yield f"{new!r} cannot be read as {_kind_words(kind)} ({column}); (blank) empties the cell"
    elif kind == "integer" and float(last) != int(float(last)):
        yield f"{new!r} is no whole number ({column})"
    elif kind == "id" and is_scientific(last):
        yield f"{new!r} is in scientific notation ({column}); write all digits"


def merge_target(value: str, case: pd.Series, work: Work, cases: pd.DataFrame) -> int | str:
    """Return the place of the row to merge into, or why there is none."""
    found = cases.loc[(cases["case"] == value.strip()) & (cases["table"] == case["table"])]
    if found.empty:
        return f"{value!r} is no case of the {case['table']} table in this county; write the case number of the row that stays"
    other = found.iloc[0]
    into, pos = int(other["pos"]), int(case["pos"])
    if into == pos:
        return "a row cannot be merged into itself"
    for name in ("county", "wave"):
        own, theirs = (text_at(work.cells(name), k) for k in (pos, into))
        if own != theirs:
            return f"the two rows differ in {name}: {own} and {theirs}"
    return into


def _open_columns(work: Work) -> list[str]:
    """Return the columns in which single cells can be corrected."""
    given = {*work.taken("constant"), *work.taken("household"), "county"}
    return [c for c in work.used if c not in given]


def _column(written: str, work: Work) -> str:
    """Return the column that somebody means: by its name, its labels or its header in the file."""
    if written in work.used:
        return written
    for name in work.used:
        known = schema.field(name)
        if known is not None and written in (known.zh, known.en, *known.headers):
            return name
    headers = work.raw.mapping.loc[work.raw.mapping["header"] == written, "field"]
    return str(headers.iloc[0]) if len(headers) and headers.iloc[0] in work.used else ""


def _kind_words(kind: str) -> str:
    words = {
        "money": "an amount",
        "number": "a number",
        "integer": "a whole number",
        "year": "a year",
        "wave": "a wave",
    }
    return words.get(kind, {"flag": "yes or no", "id": "an id"}.get(kind, "text"))
