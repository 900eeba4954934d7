"""Open cases: which entries ask for a decision, the number of each case, and what it looked like.

The number of a case is a short hash of what it is about: table, rule, county, the row's key and the column.
Where the key is missing, file, sheet and row stand in for it; where several rows have the same key, the content
of the row is added. So a case keeps its number on every run, for any order of files and number of workers.
The state is a short hash of what a person saw: evidence and cell (for cases about a whole row: its cells).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema
from evalkit.cleaning.coded import Coded
from evalkit.cleaning.work import CASE_COLUMNS, Work
from evalkit.rules import rule

_JOIN = "\x1f"
HIDDEN: frozenset[str] = frozenset({"id_number", "name"})
"""Columns that are not shown in cases about a whole row: cases are read by many."""
DERIVED: tuple[str, ...] = ("county_at_issue",)
"""Columns added to the raw text on the way; they say nothing about the file."""
_LONGEST = 240

Texts = npt.NDArray[np.object_]


def cases_of(work: Work) -> pd.DataFrame:
    """Return what a table asks somebody to decide.

    Parameters
    ----------
    work : Work
        Cleaned.

    Returns
    -------
    DataFrame
        `evalkit.cleaning.CASE_COLUMNS` and ``pos``, the row's place in the raw table. ``current`` is the cell as
        it is in the file (for cases about a whole row some of its cells); id numbers and names are not shown.
    """
    entries = work.entries
    found = entries.loc[entries["rule"].isin([r for r in entries["rule"].unique() if rule(r).case])]
    about = zip(found["rule"], found["pos"], found["column"].fillna(""), strict=True)
    place: dict[tuple[str, int, str], int] = {}
    for k, one in enumerate(about):
        place.setdefault(one, k)
    found = found.iloc[list(place.values())].rename(columns={"reason_en": "what_en", "reason_zh": "what_zh"})
    at = found["pos"].to_numpy(dtype=np.intp)
    person = work.coded("person").objects(at) if "person" in work.frame else None
    found = found.assign(person=pd.Series(person, index=found.index, dtype="str")).reset_index(drop=True)
    keyed, keys = _keys(work, at)
    whole = ~keyed | found["column"].isna().to_numpy()
    numbers = _numbers(found, keys)
    again = pd.Series(numbers, dtype="str").duplicated(keep=False).to_numpy()
    placeless = found["rule"].isin(["K03", "K04"]).to_numpy()
    again = again | placeless  # cleaned with the rows of no county, or in the one given
    content = _Content(work, np.unique(at[whole | again]))
    found["case"] = _told_apart(found, numbers, again & keyed, content)
    cells = _raw_cells(work, found)
    found["state"] = [
        state_of(e, c, content.digest(p) if w else "")
        for e, c, p, w in zip(found["evidence"], cells, at.tolist(), whole, strict=True)
    ]
    differ = _differing(found, keys, content)
    found["current"] = [
        content.shown(pos, differ.get(pos)) if pd.isna(column) else _shown(work, str(column), cell, pos)
        for column, cell, pos in zip(found["column"], cells, at.tolist(), strict=True)
    ]
    texts = dict.fromkeys(("case", "state", "current"), "str")
    return found.astype(texts)[[*CASE_COLUMNS, "pos"]]


def short_hash(parts: Iterable[object]) -> str:
    """Return 12 hexadecimal digits of some texts; missing ones differ from empty ones.

    >>> short_hash(["a", None]) == short_hash(["a", ""]), len(short_hash(["a"]))
    (False, 12)
    """
    text = _JOIN.join("\x00" if p is None or p != p else str(p) for p in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def state_of(evidence: object, cell: object, row: str = "") -> str:
    """Return what a case looked like, as a short hash."""
    return short_hash((evidence, cell, row))


def across_cases(cases: pd.DataFrame) -> pd.DataFrame:
    """Return cases found by comparing counties with their numbers and states; their row is in no file.

    Parameters
    ----------
    cases : DataFrame
        `evalkit.cleaning.CASE_COLUMNS` without ``person``, ``case``, ``state``, ``current``, as far as they are known.
    """
    out = cases.assign(**{c: cases.get(c) for c in ("person", "current")})
    keys = zip(
        *(out[c] for c in ("table", "rule", "county", "household", "person", "wave", "column")), strict=True
    )
    out["case"] = [short_hash(("across", *key)) for key in keys]
    again = out["case"].duplicated(keep=False)
    out["case"] = [
        short_hash((c, e)) if twice else c
        for c, e, twice in zip(out["case"], out["evidence"], again, strict=True)
    ]
    out["state"] = [state_of(e, None) for e in out["evidence"]]
    text = {c: "int64" if c == "row" else "str" for c in CASE_COLUMNS}
    return out[list(CASE_COLUMNS)].astype(text).reset_index(drop=True)


def _keys(work: Work, at: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.bool_], list[tuple[object, ...]]]:
    """Return which rows have a whole key, and the key (or the place in the file) of each."""
    names = [k for k in schema.KEYS[work.raw.table] if k in work.frame and k != "county"]  # type: ignore[index]
    keyed = np.logical_and.reduce([~work.coded(n).missing[at] for n in names or ["county"]])
    own = list(zip(*(work.coded(n).objects(at) for n in names), strict=True)) if names else [()] * len(at)
    wave = [work.coded("wave").objects(at)] if "wave" in work.frame else []
    files, sheets = (work.coded(n).objects(at) for n in ("_file", "_sheet"))
    places = zip(files, sheets, work.frame["_row"].to_numpy()[at].tolist(), *wave, strict=True)
    return keyed, [k if whole else ("at", *p) for whole, k, p in zip(keyed, own, places, strict=True)]


def _numbers(cases: pd.DataFrame, keys: list[tuple[object, ...]]) -> list[str]:
    about = [cases[c] for c in ("table", "rule", "county", "column")]
    return [short_hash((*first, *key)) for *first, key in zip(*about, keys, strict=True)]


def _told_apart(
    cases: pd.DataFrame, numbers: list[str], by_content: npt.NDArray[np.bool_], content: _Content
) -> list[str]:
    """Return numbers of which no two are the same: by the content of the row, then by its place in the file."""
    out = list(numbers)
    at = cases["pos"].tolist()
    for k in np.flatnonzero(by_content):
        out[k] = short_hash((out[k], content.digest(at[k])))
    again = pd.Series(out, dtype="str").duplicated(keep=False).to_numpy()
    places = list(cases[["file", "sheet", "row"]].itertuples(index=False, name=None))
    for k in np.flatnonzero(again):
        out[k] = short_hash((out[k], *places[k]))
    return out


def _differing(cases: pd.DataFrame, keys: list[tuple[object, ...]], content: _Content) -> dict[int, set[str]]:
    """Return, for rows of one key that contradict each other, the columns in which they differ."""
    groups: dict[tuple[object, ...], list[int]] = {}
    about = zip(cases["rule"], cases["county"], cases["column"], cases["pos"].tolist(), keys, strict=True)
    for rule_id, county, column, pos, key in about:
        if pd.isna(column):
            groups.setdefault((rule_id, county, *key), []).append(pos)
    many = [rows for rows in groups.values() if len(rows) > 1]
    return {pos: columns for rows in many for columns in [content.differing(rows)] for pos in rows}


def _raw_cells(work: Work, cases: pd.DataFrame) -> Texts:
    """Return the cell of each case as it is in the file; None for cases about a whole row."""
    out = np.full(len(cases), None, dtype=object)
    at = cases["pos"].to_numpy(dtype=np.intp)
    for column, rows in cases.groupby("column", sort=False).indices.items():
        if column in work.raw.frame:
            out[rows] = work.raw.frame[str(column)].iloc[at[rows]].to_numpy(dtype=object)
    return out


def _shown(work: Work, column: str, cell: object, pos: int) -> str:
    if cell is None or cell != cell:
        return ""
    text = str(cell)
    if column == "id_number":
        return f"{text[:6]}…{text[-4:]}" if len(text) > 10 else "…"
    return f"{text} [万元]" if work.kinds.get(column) == "money" and work.in_wan(column)[pos] else text


class _Content:
    """Raw cells of whole rows: the columns that enter the clean table, by name."""

    def __init__(self, work: Work, at: npt.NDArray[np.intp]) -> None:
        left_out = {*work.taken("constant"), *work.taken("household"), *DERIVED}
        self._names = sorted(c for c in work.used if c not in left_out)
        names = self._names if len(at) else []
        rows = zip(*(Coded.of(work.raw.frame[n]).at(at).to_pylist() for n in names), strict=True)
        self._cells = dict(zip(at.tolist(), rows if names else [()] * len(at), strict=True))
        keys = set(schema.KEYS[work.raw.table])  # type: ignore[index]
        places = {f.name for f in schema.FIELDS if len(f.tables) == len(schema.TABLES)}
        self._told = [c for c in work.used if c in self._names and c not in keys | places | HIDDEN]

    def digest(self, pos: int) -> str:
        """Return a hash of the cells of a row."""
        return short_hash(x for pair in zip(self._names, self._cells[pos], strict=True) for x in pair)

    def differing(self, rows: list[int]) -> set[str]:
        """Return the columns in which rows differ."""
        cells = [self._cells[pos] for pos in rows]
        return {
            n
            for n, *values in zip(self._names, *cells, strict=True)
            if len({short_hash([v]) for v in values}) > 1
        }

    def shown(self, pos: int, columns: set[str] | None = None) -> str:
        """Return some cells of a row as text, only those of some columns when they are given."""
        cells = dict(zip(self._names, self._cells[pos], strict=True))
        told = [c for c in self._told if columns is None or c in columns]
        text = "; ".join(f"{c}={cells[c]}" for c in told if isinstance(cells[c], str))
        return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"
