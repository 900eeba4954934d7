"""From clean text to typed frames: casts, codes, welfare, program cohorts. Pure functions of text and plan."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema
from evalkit.cleaning.cells import NUMERIC
from evalkit.cleaning.coded import Coded, Positions, ordered, whole_ranks
from evalkit.cleaning.codes import CODED, program_words
from evalkit.cleaning.households import welfare_of
from evalkit.cleaning.work import kind_of, used_fields
from evalkit.errors import DataError, PlanError
from evalkit.ingest import RawTable
from evalkit.plan import Plan, Program
from evalkit.rosters import fillable

Floats = npt.NDArray[np.float64]
ArrayLike = pd.api.extensions.ExtensionArray | npt.NDArray[np.float64] | npt.NDArray[np.int64]
_FLAGS = {**dict.fromkeys(schema.YES, 1.0), **dict.fromkeys(schema.NO, 0.0)}


class Texts(Protocol):
    """Columns of clean text, as `evalkit.cleaning.work.Work` and `Replayed` have them."""

    def coded(self, column: str) -> Coded:
        """Return a column by its distinct words."""

    def numbers(self, column: str) -> Floats:
        """Return a column as numbers."""


class Replayed:
    """Columns of a frame of clean text.

    Parameters
    ----------
    frame : DataFrame
        As `evalkit.ledger.replay` gives it.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def coded(self, column: str) -> Coded:
        """Return a column by its distinct words."""
        return Coded.of(self._frame[column])

    def numbers(self, column: str) -> Floats:
        """Return a column as numbers, NaN where missing."""
        return self.coded(column).numbers()


def typed_table(text: Texts, rows: Positions, raw: RawTable, plan: Plan) -> pd.DataFrame:
    """Cast a clean text table.

    Numbers, money, years and marks (1, 0) become float64, the wave int64; ids, words and months stay text; words with a
    code list become codes. Rows are sorted by the table's key.

    Parameters
    ----------
    text : Texts
        Clean text.
    rows : ndarray of int
        The rows of the text that are in the table.
    raw : RawTable
        For the kinds of the columns.
    plan : Plan
    """
    columns = {c: _cast(text, c, kind_of(c, raw, plan), plan) for c in used_fields(raw)}
    keys = [columns[k] for k in (*schema.KEYS[raw.table], "county") if k in columns]  # type: ignore[index]
    order = rows
    if keys:
        order = rows[
            ordered([k.ranks()[rows] if isinstance(k, Coded) else whole_ranks(k[rows]) for k in keys])
        ]
    out = {c: _column(cells, order, whole=c == "wave") for c, cells in columns.items()}
    return pd.DataFrame(out, index=pd.RangeIndex(len(order)))


def _cast(text: Texts, column: str, kind: str, plan: Plan) -> Coded | Floats:
    """Return a column as numbers, or as the words it holds in the clean table."""
    if kind in NUMERIC or kind in ("wave", "year"):
        return text.numbers(column)
    cells = text.coded(column)
    if kind == "flag":
        return cells.spread(np.array([_FLAGS.get(c.casefold(), np.nan) for c in cells.texts]), np.nan)
    words = program_words(plan) if column == "program" else CODED.get(column)
    return cells if words is None else cells.renamed([words.get(c, c) for c in cells.texts])


def _column(cells: Coded | Floats, rows: Positions, *, whole: bool) -> ArrayLike:
    if isinstance(cells, Coded):
        text: ArrayLike = pd.array(cells.at(rows), dtype="str")
        return text
    values = cells[rows]
    return values.astype(np.int64) if whole and not np.isnan(values).any() else values


def with_derived(households: pd.DataFrame, programs: pd.DataFrame | None, plan: Plan) -> pd.DataFrame:
    """Add ``welfare``, and ``cohort_<program>`` and ``treated_<program>`` for each program of the plan.

    The cohort is the first year of support (NaN: never); treated is 1 in waves with support, else 0.

    Raises
    ------
    PlanError
        A program is in neither a program table nor a column.
    """
    amount = households[plan.welfare.column].to_numpy(dtype=np.float64)
    size = (
        households["size"].to_numpy(dtype=np.float64)
        if "size" in households
        else np.full(len(amount), np.nan)
    )
    added: dict[str, pd.Series] = {
        "welfare": pd.Series(welfare_of(amount, size, plan.welfare), households.index)
    }
    for code, program in plan.programs.items():
        if program.column is not None:
            cohort, treated = _from_column(households, program.column)
        else:
            cohort, treated = _from_table(households, programs, code, program)
        added |= {f"cohort_{code}": cohort, f"treated_{code}": treated}
    kept = households.drop(columns=[c for c in added if c in households])
    return pd.concat([kept, pd.DataFrame(added, index=households.index)], axis=1)


def _from_column(households: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    treated = households[column].astype("float64")
    started = households["wave"].where(treated == 1.0)
    by = [households["county"], households["household"]]
    return started.groupby(by, sort=False).transform("min").astype("float64"), treated


def _from_table(
    households: pd.DataFrame, programs: pd.DataFrame | None, code: str, program: Program
) -> tuple[pd.Series, pd.Series]:
    if programs is None:
        msg = (
            f"program {code!r} ({program.label.en}) has no source: give plan.programs.{code}.column (a yes/no column of "
            "the household table), or a program table in plan.data.program"
        )
        raise PlanError(msg)
    start = "program_start" if "program_start" in programs else "wave"
    if start not in programs:
        msg = "the program table has neither a first year of support (program_start) nor a wave; map one of them"
        raise DataError(msg)
    mine = programs.loc[programs["program"] == code]
    first = mine.groupby(["county", "household"], sort=False)[start].min().astype("float64")
    pairs = pd.MultiIndex.from_frame(households[["county", "household"]])
    cohort = pd.Series(first.reindex(pairs).to_numpy(dtype=np.float64), households.index)
    return cohort, (households["wave"] >= cohort).astype("float64")


def check_columns(raw: RawTable, plan: Plan, members: RawTable | None = None) -> None:
    """Refuse a plan that names household columns that neither are there nor can be counted from the members.

    Raises
    ------
    DataError
        All of them, with the plan's key and the nearest name.
    """
    have = set(used_fields(raw)) | {"welfare"}
    have |= {f"{kind}_{code}" for code in plan.programs for kind in ("cohort", "treated")}
    if members is not None:
        have |= {"size", *fillable(have, used_fields(members))}
    unused = raw.taken("unrecognised")
    faults = []
    for key, column in named_columns(plan):
        if column not in have:
            near = difflib.get_close_matches(column, [*sorted(have), *unused], n=1, cutoff=0.5)
            hint = ""
            if column in unused:
                hint = f"; it is in the files: add it to plan.data.household.keep (or map it: columns: {{{column}: …}})"
            elif near:
                hint = f"; nearest is {near[0]!r}"
            faults.append(f"{key} names {column!r}{hint}")
    if faults:
        msg = f"columns the household table does not have: {'; '.join(faults)}. Columns: {', '.join(sorted(have))}"
        raise DataError(msg)


def named_columns(plan: Plan) -> list[tuple[str, str]]:
    """Return (key of the plan, household column) for every column the plan names."""
    out = [("plan.welfare.column", plan.welfare.column)]
    if plan.welfare.per == "household":
        out.append(("plan.welfare.per", "size"))
    for key in ("weight", "strata", "psu", "fpc"):
        value = getattr(plan.design, key)
        names = (value,) if isinstance(value, str) else value or ()
        out += [(f"plan.design.{key}", n) for n in names]
    if plan.design.replicates is not None:
        out += [("plan.design.replicates", n) for n in plan.design.replicates.names]
    out += [(f"plan.programs.{c}.column", p.column) for c, p in plan.programs.items() if p.column is not None]
    out += [("plan.return_risk.features", f) for f in plan.return_risk.features]
    for i, spec in enumerate(plan.impact):
        out.append((f"plan.impact[{i}].outcome", spec.outcome))
        out += [(f"plan.impact[{i}].covariates", c) for c in spec.covariates]
    return out


def check_programs(plan: Plan, tables: Mapping[str, RawTable]) -> None:
    """Refuse programs without a source before anything is cleaned.

    Raises
    ------
    PlanError
        See `with_derived`.
    """
    if "program" in tables:
        return
    for code, program in plan.programs.items():
        if program.column is None:
            _from_table(pd.DataFrame(), None, code, program)
