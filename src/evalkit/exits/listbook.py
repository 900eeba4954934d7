"""The workbook of the three lists: written with text cells only, and read back as people filled it in."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.decisions.book import Page, book_bytes
from evalkit.decisions.reading import read_date
from evalkit.errors import DataError
from evalkit.exits.lists import OUTCOMES, PLACE, STATES, ProblemLists
from evalkit.text import LANGUAGES, Language, Text

FILLED = ("owner", "due", "done", "action", "rechecked", "outcome")
"""Columns of the sheet of rectification that people fill in or change."""
PRESENT: dict[str, Text] = {
    "new": Text(en="new", zh="新发现"),
    "still_there": Text(en="still in the data", zh="数据中仍存在"),
    "gone": Text(en="no longer in the data", zh="数据中已不存在"),
    "cannot_tell": Text(en="cannot be told from the data", zh="现有数据不能判断"),
}
"""Whether a problem listed earlier is in the data now → the word of the list."""
_HEADERS = {
    "number": Text(en="number", zh="编号"),
    "county": Text(en="county", zh="县代码"),
    "village": Text(en="village", zh="行政村代码"),
    "household": Text(en="household", zh="户编号"),
    "wave": Text(en="year", zh="年度"),
    "item": Text(en="item", zh="事项"),
    "problem": Text(en="problem", zh="问题"),
    "evidence": Text(en="evidence", zh="依据"),
    "found": Text(en="found on", zh="发现日期"),
    "measure": Text(en="to be done", zh="整改措施"),
    "owner": Text(en="owner", zh="责任单位（人）"),
    "due": Text(en="due", zh="整改时限"),
    "recheck": Text(en="re-check by", zh="复核时限"),
    "present": Text(en="in the data now", zh="数据复核"),
    "state": Text(en="state", zh="状态"),
    "done": Text(en="done on", zh="完成日期"),
    "action": Text(en="what was done", zh="整改情况"),
    "rechecked": Text(en="re-checked on", zh="复核日期"),
    "outcome": Text(en="outcome", zh="复核结果"),
    "items": Text(en="items", zh="涉及事项"),
    "problems": Text(en="problems", zh="问题数"),
    "counties": Text(en="counties", zh="涉及县数"),
    "first_due": Text(en="first due", zh="最早时限"),
    "last_due": Text(en="last due", zh="最晚时限"),
}
_SHEETS = {
    "problems": Text(en="problems", zh="问题清单"),
    "rectification": Text(en="rectification", zh="整改清单"),
    "responsibility": Text(en="responsibility", zh="责任清单"),
}
_COLUMNS = {
    "problems": ("number", *PLACE, "item", "problem", "evidence", "found"),
    "rectification": ("number", "measure", "owner", "due", "recheck", *FILLED[2:]),
}
_COMPUTED = ("present", "state")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, eq=False)
class WrittenLists:
    """The workbook as people gave it back, one row a problem.

    Parameters
    ----------
    frame : DataFrame
        number, county, village, household, wave, item, problem, evidence, found (day), measure, recheck (day), and `FILLED`: due,
        done and rechecked are days (missing where blank), outcome is a code or a word.
    """

    frame: pd.DataFrame


def lists_workbook(
    lists: ProblemLists,
    *,
    language: Language = "zh",
    present: pd.Series | None = None,
    day: str | None = None,
) -> bytes:
    """Return the three lists as a workbook, the same bytes for the same lists.

    Every cell is text, so that ids keep their zeros and nothing is taken for a formula. The owner, the day on which a problem is
    due, what was done, when, and the outcome of the re-check are cells to fill in.

    Parameters
    ----------
    lists : ProblemLists
    language : {"zh", "en"}
    present : Series, optional
        By number, a code of `PRESENT`: whether the problem is in the data now.
    day : str, optional
        Day (``"2018-09-01"``) whose state of each problem is printed.

    Raises
    ------
    DataError
        More rows than a sheet can hold.
    """
    problems = lists.problems.rename(columns={f"problem_{language}": "problem"})
    shown = ["number", *(c for c in PLACE if c in problems), "item", "problem", "evidence", "found"]
    rows = lists.rectification if day is None else lists.at(day)
    rows = rows.assign(outcome=_worded(rows["outcome"], OUTCOMES, language))
    columns = ["number", "measure", "owner", "due", "recheck"]
    if present is not None:
        columns.append("present")
        rows = rows.assign(present=_worded(rows["number"].map(present), PRESENT, language))
    if day is not None:
        columns.append("state")
        rows = rows.assign(state=_worded(rows["state"], STATES, language))
    columns += FILLED[2:]
    pages = [
        _page("problems", problems[shown], language),
        _page("rectification", rows[columns], language, open_=FILLED),
        _page("responsibility", lists.responsibility, language),
    ]
    return book_bytes(pages)


def _worded(codes: pd.Series, words: dict[str, Text], language: Language) -> pd.Series:
    return codes.map(lambda c: words[c].get(language) if c else "").astype("str")


def _page(name: str, frame: pd.DataFrame, language: Language, open_: tuple[str, ...] = ()) -> Page:
    header = [_HEADERS[c].get(language) for c in frame.columns]
    rows = list(zip(*([_cell(v) for v in frame[c]] for c in frame.columns), strict=True))
    wide = {"problem": 40.0, "measure": 40.0, "action": 40.0, "evidence": 30.0, "owner": 24.0, "items": 40.0}
    choices = ",".join(t.get(language) for t in OUTCOMES.values())
    return Page(
        _SHEETS[name].get(language),
        header,
        [wide.get(c, 16.0) for c in frame.columns],
        rows,
        writable=frozenset(i for i, c in enumerate(frame.columns) if c in open_),
        choices=[choices] * len(frame) if open_ else (),
        choice_column=list(frame.columns).index("outcome") if open_ else 0,
    )


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return "" if value is None or value is pd.NaT or value != value else str(value)


def read_lists(content: bytes, shown: str) -> WrittenLists:
    """Read a workbook of lists back, in whichever language it was written.

    Parameters
    ----------
    content : bytes
    shown : str
        Its name in messages.

    Raises
    ------
    DataError
        It cannot be read; a sheet, a column or a number is missing, repeated or not of the form; a formula; a day that is none; an
        owner or a due day that was deleted. Nothing is guessed, so that nothing a person wrote can be lost.
    """
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        msg = f"{shown} cannot be read as a workbook ({type(error).__name__}: {error}); save it again as .xlsx. It was left as it is"
        raise DataError(msg) from error
    names = {t.get(lang): code for code, t in _SHEETS.items() for lang in LANGUAGES}
    codes = [names.get(n, "") for n in book.sheetnames]
    if sorted(codes) != sorted(_SHEETS):
        strange = ", ".join(repr(n) for n in book.sheetnames)
        wanted = " / ".join(t.zh for t in _SHEETS.values())
        msg = f"{shown} has the sheets {strange}; keep the three sheets of the form ({wanted}) and others in another file"
        raise DataError(msg)
    parts = {
        c: _sheet(book[n], c, f"{shown}, {n}")
        for n, c in zip(book.sheetnames, codes, strict=True)
        if c in _COLUMNS
    }
    return WrittenLists(_joined(parts["problems"], parts["rectification"], shown))


def _sheet(sheet: Any, code: str, shown: str) -> pd.DataFrame:
    """Return the cells of a sheet as text by the names of its columns."""
    names = {t.get(lang): c for c, t in _HEADERS.items() for lang in LANGUAGES}
    rows = list(sheet.iter_rows())
    headers = [_text(c.value) for c in rows[0]] if rows else []
    keys = [names.get(h, "") for h in headers]
    allowed = {*_COLUMNS[code], *(_COMPUTED if code == "rectification" else ())}
    lacks = [_HEADERS[c].zh for c in _COLUMNS[code] if c not in keys and c not in PLACE]
    strange = [h for h, k in zip(headers, keys, strict=True) if h and k not in allowed]
    if lacks or strange or len({k for k in keys if k}) < len([k for k in keys if k]):
        what = (
            f"lacks {', '.join(lacks)}"
            if lacks
            else f"has columns of its own or twice: {', '.join(strange) or headers}"
        )
        msg = f"{shown} {what}; put the header row back as it was and notes into 整改情况 (what was done). It was left as it is"
        raise DataError(msg)
    out = []
    for number, cells in enumerate(rows[1:], 2):
        for cell, header in zip(cells, headers, strict=False):
            if cell.data_type in ("f", "e"):
                msg = f"{shown}, row {number}: {header} holds a formula or an error; write the value itself"
                raise DataError(msg)
        found = {k: _text(c.value).strip() for k, c in zip(keys, cells, strict=False) if k}
        if any(found.values()):
            out.append({**found, "_row": str(number)})
    return pd.DataFrame(
        out, columns=["_row", *dict.fromkeys([*_COLUMNS[code], *(k for k in keys if k)])]
    ).fillna("")


def _text(value: object) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))


def _joined(problems: pd.DataFrame, rows: pd.DataFrame, shown: str) -> pd.DataFrame:
    """Return one row a problem from both sheets, with days as days."""
    for frame, name in ((problems, "problems"), (rows, "rectification")):
        bad = frame["number"].duplicated(keep=False) | (frame["number"] == "")
        _forbid(frame, bad, f"{shown}, {_SHEETS[name].zh}", "have no number or repeat one")
    apart = set(problems["number"]) ^ set(rows["number"])
    if apart:
        msg = f"{shown}: {len(apart)} problems stand in one of the two sheets only (first: {min(apart)}); put their rows back"
        raise DataError(msg)
    where = f"{shown}, {_SHEETS['rectification'].zh}"
    _forbid(rows, rows["owner"] == "", where, "have no owner; name who answers")
    out = problems.drop(columns="_row").merge(rows, on="number")
    for column in ("found", "due", "recheck", "done", "rechecked"):
        said = [read_date(v) if v else None for v in out[column]]
        unread = pd.Series([d is None for d in said], index=out.index)
        needed = column in ("found", "due", "recheck")
        bad = unread & (needed | (out[column] != ""))
        _forbid(
            out,
            bad,
            where,
            f"have a {_HEADERS[column].zh} ({_HEADERS[column].en}) that is no day; write it as 2018-07-02",
        )
        out[column] = pd.Series(
            [pd.NaT if d is None else pd.Timestamp(d) for d in said], index=out.index
        ).astype("datetime64[s]")
    return out.drop(columns=[c for c in ("_row", *_COMPUTED) if c in out])


def _forbid(frame: pd.DataFrame, bad: pd.Series, where: str, what: str) -> None:
    if bad.any():
        msg = f"{where}: {int(bad.sum())} of {len(frame)} rows {what} (first: row {frame.loc[bad, '_row'].iloc[0]}). It was left as it is"
        raise DataError(msg)
