"""`Work`: one raw table while it is cleaned, with what was done so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema
from evalkit.cleaning.cells import numbers
from evalkit.ingest import TYPED, RawTable
from evalkit.ledger import ASIDE, PROVENANCE, SAID, apply_column, typed_entries
from evalkit.plan import Plan, TableSource
from evalkit.rules import rule

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Objects = npt.NDArray[np.object_]

CASE_COLUMNS: tuple[str, ...] = (
    "table", "rule", "household", "wave", "county", "file", "sheet", "row", "column", "what_en", "what_zh", "evidence",
    "person", "case", "state", "current",
)  # fmt: skip
"""Columns of open cases; see `evalkit.cleaning.cases`."""
NOTED: tuple[str, ...] = ("column", "old", "new", "action", "rule", "evidence", "said")
"""What is noted about each cell or row."""


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
    fate : ndarray of str, shape (n,)
        ``""`` for rows that stay, else the action that took them out.
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
    fate: npt.NDArray[np.object_]
    done: list[tuple[Positions, dict[str, Objects]]] = field(default_factory=list)
    written: dict[str, float] = field(default_factory=dict)
    _read: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict, repr=False)
    exempt: dict[str, set[int]] = field(default_factory=dict)
    corrected: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def begin(cls, raw: RawTable, plan: Plan) -> Work:
        """Start on a copy of the raw text."""
        frame = raw.frame.copy()
        frame.index = pd.RangeIndex(len(frame))
        return cls(raw, plan, frame, np.full(len(frame), "", dtype=object))

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
        return np.asarray(self.fate == "", dtype=bool)

    def cells(self, column: str) -> pd.Series:
        """Return a column of text as it is now; all missing when there is none."""
        if column in self.frame:
            return self.frame[column]
        return pd.Series(np.nan, index=self.frame.index, dtype="str")

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """Return a tidied column as numbers, NaN where missing, absent or in a row that is no data; shape (n,).

        What was read stays until the column changes; the array cannot be written to.
        """
        known = self._read.get(column)
        if known is None:
            cells, none = self.cells(column), self.fate == "not_data"
            known = numbers(cells.where(~none) if none.any() else cells)
            known.setflags(write=False)
            self._read[column] = known
        return known

    def read(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return the columns that were read as numbers, in the rows that stay."""
        stays = self.stays
        return {column: values[stays] for column, values in self._read.items()}

    def put(self, column: str, cells: pd.Series) -> None:
        """Put changed cells in the place of a column."""
        self.frame[column] = cells
        self._read.pop(column, None)

    def change(self, column: str, cells: pd.Series, steps: pd.DataFrame) -> None:
        """Put a tidied column in place and note its steps (pos, rule, old, new)."""
        self.put(column, cells)
        at, old = steps["pos"].to_numpy(dtype=np.intp), steps["old"].to_numpy(dtype=object)
        new, rules = steps["new"].to_numpy(dtype=object), steps["rule"].to_numpy(dtype=object)
        self._note(at, column=column, old=old, new=new, action="change", rule=rules, evidence=old)

    def operate(self, inside: Flags, column: str, operation: str, argument: str, rule_id: str) -> None:
        """Apply a column operation to the files (sheets) that hold the rows given, and note it once for each."""
        files = self.frame.loc[inside, ["_file", "_sheet"]].drop_duplicates()
        for file, sheet in files.itertuples(index=False, name=None):
            name = sheet if isinstance(sheet, str) else ""
            here = (self.frame["_file"] == file) & (self.frame["_sheet"].fillna("") == name)
            rows = np.flatnonzero(here.to_numpy())
            apply_column(self.frame, rows, column, operation, argument)
            self._read.pop(column, None)
            self._note(rows[:1], column=column, old=operation, new=argument, action="column", rule=rule_id)

    def take_out(
        self, rows: Flags, rule_id: str, column: str = "", evidence: pd.Series | None = None
    ) -> None:
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
            self.fate[pos] = action
        one = np.array([pos], dtype=np.intp)
        text = np.array([said], dtype=object)
        self._note(one, column=column or None, old=old, new=new, action=action, rule=rule_id, said=text)

    def merge(self, at: Positions, into: Positions, rule_id: str) -> None:
        """Merge rows into those they repeat."""
        if len(at):
            target = self.frame.iloc[into]
            pointer = target["_file"] + ":" + target["_row"].astype("str")
            self._set_fate(at, rule_id, "", pointer.to_numpy(dtype=object), None)

    def flag(self, rows: Flags, rule_id: str, column: str, evidence: pd.Series | None = None) -> None:
        """Mark a cell of rows that stay."""
        at = np.flatnonzero(rows & self.stays)
        if len(at):
            old = self.cells(column).iloc[at].to_numpy(dtype=object)
            said = old if evidence is None else evidence.iloc[at].to_numpy(dtype=object)
            self._note(at, column=column, old=old, action="flag", rule=rule_id, evidence=said)

    def _set_fate(
        self, at: Positions, rule_id: str, column: str, new: Objects | None, evidence: pd.Series | None
    ) -> None:
        if not len(at):
            return
        action = rule(rule_id).severity
        self.fate[at] = action
        old = self.cells(column).iloc[at].to_numpy(dtype=object) if column else None
        said = old if evidence is None else evidence.iloc[at].to_numpy(dtype=object)
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
        empty = np.array([], dtype=object)
        text = {
            c: pd.Series(np.concatenate([d[c] for _, d in self.done] or [empty]), dtype="str") for c in NOTED
        }
        at = np.concatenate([a for a, _ in self.done] or [empty.astype(np.intp)])
        whole = (text["action"] == "column").to_numpy()
        out = pd.DataFrame({**text, "pos": at})
        out["table"] = self.table
        places = self.frame.iloc[at]
        out["file"] = places["_file"].to_numpy()
        out["sheet"] = places["_sheet"].to_numpy()
        out["row"] = np.where(whole, -1, places["_row"].to_numpy())
        for name in ("household", "wave", "county"):
            cells = places[name].to_numpy() if name in places else None
            out[name] = pd.Series(cells, index=out.index, dtype="str").where(~whole)
        known = {r: rule(r) for r in out["rule"].unique()}
        out["version"] = out["rule"].map({r: v.version for r, v in known.items()})
        out["reason_en"] = out["rule"].map({r: v.text.en for r, v in known.items()})
        out["reason_zh"] = out["rule"].map({r: v.text.zh for r, v in known.items()})
        human = out["said"].notna()
        if human.any():
            for reason in ("reason_en", "reason_zh"):
                out.loc[human, reason] = out.loc[human, reason] + SAID + out.loc[human, "said"]
        own = out[["county", "evidence", "pos"]]
        return pd.concat([typed_entries(out), own], axis=1)

    @cached_property
    def used(self) -> tuple[str, ...]:
        """Columns that enter the clean table: recognised, constant and kept ones."""
        return tuple(used_fields(self.raw))

    @cached_property
    def kinds(self) -> dict[str, str]:
        """How each column that enters the clean table is read."""
        return {c: kind_of(c, self.raw, self.plan) for c in self.used}

    @cached_property
    def _sheets(self) -> tuple[Positions, list[tuple[str, str]]]:
        """Code of the sheet of each row, and the (file, sheet) behind each code."""
        names = pd.MultiIndex.from_frame(self.frame[["_file", "_sheet"]].fillna(""))
        code, known = names.factorize()
        return np.asarray(code, dtype=np.intp), list(known)

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
        code, known = self._sheets
        if self.source is None or self.source.decimal == ".":
            return np.zeros(len(code), dtype=bool)
        files = self.raw.files[["file", "sheet", "encoding"]].fillna("")
        typed = set(
            files.loc[files["encoding"].isin(TYPED), ["file", "sheet"]].itertuples(index=False, name=None)
        )
        return np.array([sheet not in typed for sheet in known], dtype=bool)[code]

    def in_wan(self, column: str) -> Flags:
        """Return the rows in whose file a column of money is in ten thousands, shape (n,)."""
        code, known = self._sheets
        wan = self._wan.get(column, set())
        hit = np.array([sheet in wan for sheet in known], dtype=bool)
        return hit[code] if hit.any() else np.zeros(len(code), dtype=bool)


def text_at(cells: pd.Series, pos: int) -> str | None:
    """Return one cell of text, None when it is missing."""
    cell = cells.iloc[pos]
    return cell if isinstance(cell, str) else None


def used_fields(raw: RawTable) -> list[str]:
    """Return the columns of a raw table that enter the clean one, codebook order first."""
    taken = set(raw.mapping.loc[raw.mapping["how"] != "unrecognised", "field"])
    known = [f.name for f in schema.FIELDS if f.name in taken and f.name in raw.frame]
    return known + [c for c in raw.frame.columns if c in taken and c not in known and c not in PROVENANCE]


def kind_of(column: str, raw: RawTable, plan: Plan) -> str:
    """Return how a column is read: the plan's roles first, then the codebook, then what its cells are.

    Returns
    -------
    str
        A kind of `evalkit.schema`, or ``wave``.
    """
    if column == "wave":
        return "wave"
    if raw.table == "household":
        if column == plan.welfare.column:
            return "money"
        if column == plan.design.weight or column in _names(plan.design.fpc):
            return "number"
        if column in {p.column for p in plan.programs.values()}:
            return "flag"
    known = schema.field(column)
    if known is not None and raw.table in known.tables:
        return known.kind
    kinds = raw.mapping.loc[raw.mapping["field"] == column, "kind"]
    return str(kinds.iloc[0]) if len(kinds) and kinds.iloc[0] else "text"


def _names(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()
