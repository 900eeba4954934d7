"""`Work`: one raw table while it is cleaned, with what was done so far."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema
from evalkit.cleaning.cells import Tidied
from evalkit.cleaning.coded import Coded, text_series
from evalkit.ingest import TYPED, RawTable
from evalkit.ledger import ASIDE, COLUMNS, PROVENANCE, SAID, apply_column
from evalkit.plan import Plan, TableSource
from evalkit.rules import rule

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Objects = npt.NDArray[np.object_]
Evidence = pd.Series | Objects
"""What is said of each row, shape (n,)."""

CASE_COLUMNS: tuple[str, ...] = (
    "table", "rule", "household", "wave", "county", "file", "sheet", "row", "column", "what_en", "what_zh", "evidence",
    "person", "case", "state", "current",
)  # fmt: skip
"""Columns of open cases; see `evalkit.cleaning.cases`."""
NOTED: tuple[str, ...] = ("column", "old", "new", "action", "rule", "evidence", "said")
"""What is noted about each cell or row."""
_FATES = {action: k for k, action in enumerate(ASIDE, start=1)}
_NO_DATA = _FATES["not_data"]


@dataclass(eq=False)
class Work:
    """A raw table being cleaned.

    Parameters
    ----------
    raw : RawTable
        As it was read; stays as it is.
    plan : Plan
    frame : DataFrame
        The text as it is now; rows keep their place until the end.
    fate : ndarray of int, shape (n,)
        0 for rows that stay, else 1 + the place among `evalkit.ledger.ASIDE` of the action that took them out.
    done : list
        What was done: positions of rows, and `NOTED` for each of them.
    written : dict
        Sum of each column of money as written, before units are converted.
    exempt : dict
        Rule → rows that a person restored: the rule does not set them aside.
    corrected : dict
        Column of money → rows that a person corrected.
    """

    raw: RawTable
    plan: Plan
    frame: pd.DataFrame
    fate: npt.NDArray[np.int8]
    done: list[tuple[Positions, dict[str, Objects]]] = field(default_factory=list)
    written: dict[str, float] = field(default_factory=dict)
    _read: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict, repr=False)
    _coded: dict[str, Coded] = field(default_factory=dict, repr=False)
    _taken: dict[str, list[str]] = field(default_factory=dict, repr=False)
    exempt: dict[str, set[int]] = field(default_factory=dict)
    corrected: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def begin(cls, raw: RawTable, plan: Plan) -> Work:
        """Start on a copy of the raw text."""
        frame = raw.frame.copy()
        frame.index = pd.RangeIndex(len(frame))
        return cls(raw, plan, frame, np.zeros(len(frame), dtype=np.int8))

    @property
    def table(self) -> str:
        """Kind of the table."""
        return self.raw.table

    @property
    def source(self) -> TableSource | None:
        """What the plan says about the table."""
        return self.plan.data.tables().get(self.table)

    @property
    def stays(self) -> Flags:
        """Rows that were not taken out, shape (n,)."""
        return np.asarray(self.fate == 0, dtype=bool)

    @property
    def no_data(self) -> Flags:
        """Rows that were found to be no observation, shape (n,)."""
        return np.asarray(self.fate == _NO_DATA, dtype=bool)

    @property
    def kept(self) -> Positions:
        """Places of the rows that stay."""
        return np.flatnonzero(self.fate == 0)

    def out(self, action: str) -> int:
        """Return how many rows an action took out."""
        return int((self.fate == _FATES[action]).sum())

    def cells(self, column: str) -> pd.Series:
        """Return a column of text as it is now; all missing when there is none."""
        if column in self.frame:
            return self.frame[column]
        return pd.Series(np.nan, index=self.frame.index, dtype="str")

    def coded(self, column: str) -> Coded:
        """Return a column of text as it is now by its distinct words; all missing when there is none.

        What was encoded stays until the column changes.
        """
        known = self._coded.get(column)
        if known is None:
            known = self._coded[column] = Coded.of(self.cells(column))
        return known

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """Return a tidied column as numbers, NaN where missing, absent or in a row that is no data; shape (n,).

        What was read stays until the column changes; the array cannot be written to.
        """
        known = self._read.get(column)
        if known is None:
            none = self.no_data
            if column in self.frame:
                known = self.coded(column).numbers(~none if none.any() else None)
            else:
                known = np.full(len(self.frame), np.nan)
            known.setflags(write=False)
            self._read[column] = known
        return known

    def put(self, column: str, cells: pd.Series) -> None:
        """Put changed cells in the place of a column."""
        self.frame[column] = cells
        self._forget(column)

    def change(self, column: str, done: Tidied) -> None:
        """Put tidied cells in place and note their steps."""
        import pyarrow as pa
        import pyarrow.compute as pc

        changed = np.zeros(len(self.frame), dtype=bool)
        changed[done.rows] = True
        old = self.coded(column).text
        new = pa.array(done.cells, old.type, from_pandas=True)
        text = pc.replace_with_mask(old, pa.array(changed), new)
        self.put(column, text_series(text))
        self._coded[column] = Coded(text)
        self._note(
            done.at,
            column=column,
            old=done.old,
            new=done.new,
            action="change",
            rule=done.rule,
            evidence=done.old,
        )

    def _forget(self, column: str) -> None:
        self._read.pop(column, None)
        self._coded.pop(column, None)

    def operate(self, inside: Flags, column: str, operation: str, argument: str, rule_id: str) -> None:
        """Apply a column operation to the files (sheets) that hold the rows given, and note it once for each."""
        sheet, _ = self._sheets
        for code in pd.unique(sheet[inside]):
            rows = np.flatnonzero(sheet == code)
            apply_column(self.frame, rows, column, operation, argument)
            self._forget(column)
            self._note(rows[:1], column=column, old=operation, new=argument, action="column", rule=rule_id)

    def take_out(self, rows: Flags, rule_id: str, column: str = "", evidence: Evidence | None = None) -> None:
        """Set rows aside under a rule; rows already out stay where they are."""
        at = np.flatnonzero(rows & self.stays)
        if rule_id in self.exempt:
            at = np.array([k for k in at if k not in self.exempt[rule_id]], dtype=np.intp)
        self._set_fate(at, rule_id, column, None, evidence)

    def decide(
        self, pos: int, rule_id: str, action: str, said: str, *, cells: tuple[str, str | None, str | None]
    ) -> None:
        """Note what a person decided about a row: (column, old, new), and why; take the row out if that is the action."""
        column, old, new = cells
        if action in ASIDE:
            self.fate[pos] = _FATES[action]
        one = np.array([pos], dtype=np.intp)
        text = np.array([said], dtype=object)
        self._note(one, column=column or None, old=old, new=new, action=action, rule=rule_id, said=text)

    def merge(self, at: Positions, into: Positions, rule_id: str) -> None:
        """Merge rows into those they repeat."""
        if len(at):
            files, rows = self.coded("_file").objects(into), self.frame["_row"].to_numpy()[into]
            pointer = np.array([f"{f}:{r}" for f, r in zip(files, rows, strict=True)], dtype=object)
            self._set_fate(at, rule_id, "", pointer, None)

    def flag(self, rows: Flags, rule_id: str, column: str, evidence: Evidence | None = None) -> None:
        """Mark a cell of rows that stay."""
        at = np.flatnonzero(rows & self.stays)
        if len(at):
            old = self.coded(column).objects(at)
            said = old if evidence is None else _picked(evidence, at)
            self._note(at, column=column, old=old, action="flag", rule=rule_id, evidence=said)

    def marked(self, rules: Collection[str]) -> Flags:
        """Return the rows that some rules marked, shape (n,)."""
        out = np.zeros(len(self.frame), dtype=bool)
        for at, noted in self.done if rules else ():
            out[at[np.isin(noted["rule"].astype(str), list(rules))]] = True
        return out

    def _set_fate(
        self, at: Positions, rule_id: str, column: str, new: Objects | None, evidence: Evidence | None
    ) -> None:
        if not len(at):
            return
        action = rule(rule_id).severity
        self.fate[at] = _FATES[action]
        old = self.coded(column).objects(at) if column else None
        said = old if evidence is None else _picked(evidence, at)
        self._note(at, column=column or None, old=old, new=new, action=action, rule=rule_id, evidence=said)

    def _note(
        self,
        at: Positions,
        *,
        action: str,
        rule: str | Objects,
        column: str | None = None,
        old: str | Objects | None = None,
        new: str | Objects | None = None,
        evidence: Objects | None = None,
        said: Objects | None = None,
    ) -> None:
        values = {
            "column": column,
            "old": old,
            "new": new,
            "action": action,
            "rule": rule,
            "evidence": evidence,
            "said": said,
        }
        spread = {
            k: v if isinstance(v, np.ndarray) else np.full(len(at), v, dtype=object)
            for k, v in values.items()
        }
        self.done.append((np.asarray(at, dtype=np.intp), spread))

    @cached_property
    def entries(self) -> pd.DataFrame:
        """What was done, as ledger entries with ``county``, ``evidence`` and ``pos`` after the ledger's columns.

        To be asked for when everything is done.
        """
        at = np.concatenate([np.array([], dtype=np.intp), *(a for a, _ in self.done)])
        noted = {
            c: np.concatenate([np.array([], dtype=object), *(d[c] for _, d in self.done)]) for c in NOTED
        }
        whole = np.asarray(noted["action"] == "column", dtype=bool)
        known = {r: rule(r) for r in set(noted["rule"])}
        said = {
            "version": [known[r].version for r in noted["rule"]],
            "reason_en": [known[r].text.en for r in noted["rule"]],
            "reason_zh": [known[r].text.zh for r in noted["rule"]],
        }
        for k in np.flatnonzero(pd.notna(noted["said"])):
            for reason in ("reason_en", "reason_zh"):
                said[reason][k] += f"{SAID}{noted['said'][k]}"
        out: dict[str, object] = {**noted, **said, "table": [self.table] * len(at)}
        out |= {"file": self.coded("_file").at(at), "sheet": self.coded("_sheet").at(at)}
        out["row"] = np.where(whole, -1, self.frame["_row"].to_numpy()[at]).astype(np.int64)
        for name in ("household", "wave", "county"):
            cells = self.coded(name).objects(at)
            cells[whole] = None
            out[name] = cells
        names = (*COLUMNS, "county", "evidence")
        texts = {c: out[c] if c == "row" else text_series(_large(out[c])) for c in names}
        return pd.DataFrame({**texts, "pos": at})

    @cached_property
    def used(self) -> tuple[str, ...]:
        """Columns that enter the clean table: recognised, constant and kept ones."""
        return tuple(used_fields(self.raw))

    def taken(self, how: str) -> list[str]:
        """Return the columns that were taken in one way; see `evalkit.ingest.RawTable.taken`."""
        if how not in self._taken:
            self._taken[how] = self.raw.taken(how)
        return self._taken[how]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """How each column that enters the clean table is read."""
        return {c: kind_of(c, self.raw, self.plan) for c in self.used}

    @cached_property
    def _sheets(self) -> tuple[Positions, list[tuple[str, str]]]:
        """Code of the sheet of each row, and the (file, sheet) behind each code."""
        file, sheet = self.coded("_file"), self.coded("_sheet")
        place = (file.codes.astype(np.intp) + 1) * (len(sheet.words) + 1) + sheet.codes + 1
        code, known = pd.factorize(place)
        files, sheets = ["", *file.texts], ["", *sheet.texts]
        pairs = [(files[k // len(sheets)], sheets[k % len(sheets)]) for k in known.tolist()]
        names = list(dict.fromkeys(pairs))  # a missing sheet and one without a name are the same
        place_of = np.array([names.index(p) for p in pairs], dtype=np.intp)
        return place_of[code] if len(pairs) else np.asarray(code, dtype=np.intp), names

    @cached_property
    def _wan(self) -> dict[str, set[tuple[str, str]]]:
        """Sheets in which each field is in ten thousands."""
        said = self.raw.mapping.loc[self.raw.mapping["unit"] == "wan", ["field", "file", "sheet"]].fillna("")
        out: dict[str, set[tuple[str, str]]] = {}
        for name, file, sheet in said.itertuples(index=False, name=None):
            out.setdefault(name, set()).add((file, sheet))
        return out

    @cached_property
    def with_comma(self) -> Flags:
        """Rows whose numbers have a decimal comma: text files and workbooks when the plan says so, shape (n,)."""
        if self.source is None or self.source.decimal == ".":
            return np.zeros(len(self.frame), dtype=bool)
        code, known = self._sheets
        files = self.raw.files[["file", "sheet", "encoding"]].fillna("")
        typed = set(
            files.loc[files["encoding"].isin(TYPED), ["file", "sheet"]].itertuples(index=False, name=None)
        )
        return np.array([sheet not in typed for sheet in known], dtype=bool)[code]

    def in_wan(self, column: str) -> Flags:
        """Return the rows in whose file a column of money is in ten thousands, shape (n,)."""
        wan = self._wan.get(column)
        if not wan:
            return np.zeros(len(self.frame), dtype=bool)
        code, known = self._sheets
        hit = np.array([sheet in wan for sheet in known], dtype=bool)
        return hit[code] if hit.any() else np.zeros(len(code), dtype=bool)


def _picked(evidence: Evidence, at: Positions) -> Objects:
    if isinstance(evidence, np.ndarray):
        return evidence[at]
    return evidence.iloc[at].to_numpy(dtype=object)


def _large(values: object) -> Any:
    """Return texts as a pyarrow array."""
    import pyarrow as pa

    return values if isinstance(values, pa.Array) else pa.array(values, pa.large_string(), from_pandas=True)


def text_at(cells: pd.Series, pos: int) -> str | None:
    """Return one cell of text, None when it is missing."""
    cell = cells.iloc[pos]
    return cell if isinstance(cell, str) else None


def used_fields(raw: RawTable) -> list[str]:
    """Return the columns of a raw table that enter the clean one, codebook order first."""
    lines = zip(raw.mapping["field"].tolist(), raw.mapping["how"].tolist(), strict=True)
    taken = {field for field, way in lines if way != "unrecognised"}
    columns = raw.frame.columns.tolist()
    there = taken.intersection(columns)
    known = [f.name for f in schema.FIELDS if f.name in there]
    told = set(known)
    return known + [c for c in columns if c in taken and c not in told and c not in PROVENANCE]


def kind_of(column: str, raw: RawTable, plan: Plan) -> str:
    """Return how a column is read: the plan's roles first, then the codebook, then what its cells are.

    The answer is a kind of `evalkit.schema`, or ``wave``.
    """
    if column == "wave":
        return "wave"
    if raw.table == "household":
        if column == plan.welfare.column:
            return "money"
        if column in plan.design.numbers:
            return "number"
        if column in {p.column for p in plan.programs.values()}:
            return "flag"
    known = schema.field(column)
    if known is not None and raw.table in known.tables:
        return known.kind
    kinds = raw.mapping.loc[raw.mapping["field"] == column, "kind"]
    return str(kinds.iloc[0]) if len(kinds) and kinds.iloc[0] else "text"
