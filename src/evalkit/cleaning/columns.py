"""Whole columns: their cells tidied, amounts in ten thousands, codes of waves, village codes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from evalkit.cleaning.cells import NUMERIC, tidy
from evalkit.cleaning.coded import firsts, grouped
from evalkit.cleaning.work import Flags, Work
from evalkit.errors import DataError
from evalkit.ledger import prefixed


def tidy_columns(work: Work) -> None:
    """Tidy every column that enters the clean table (T01-T07, T10), rows that are no data excepted.

    Raises
    ------
    DataError
        A program column holds numbers other than 0 and 1.
    """
    given = set(work.taken("constant"))
    stays = work.stays
    every = bool(stays.all())
    for column in work.used:
        if column in given:
            continue
        kind = work.kinds[column]
        if column == "wave" and wave_labels(work):
            kind = "text"
        if kind == "flag" and work.table == "household":
            _refuse_amounts(work, column)
        groups = _by_notation(work, column, stays)
        whole = len(groups) == 1
        for unit, decimal, rows in groups:
            done = tidy(work.coded(column), kind, unit, decimal, None if whole and every else rows)
            if done is not None:
                work.change(column, done)


def _by_notation(work: Work, column: str, stays: Flags) -> list[tuple[str, str, Flags]]:
    """Return the rows of a column by unit of money and decimal mark; one group when it holds no numbers."""
    if work.kinds[column] not in NUMERIC:
        return [("one", ".", stays)]
    wan = work.in_wan(column) if work.kinds[column] == "money" else np.zeros(len(stays), dtype=bool)
    comma = work.with_comma
    if not wan.any() and not comma.any():
        return [("one", ".", stays)]
    groups = [
        (unit, decimal, stays & units & marks)
        for unit, units in (("one", ~wan), ("wan", wan))
        for decimal, marks in ((".", ~comma), (",", comma))
    ]
    return [g for g in groups if g[2].any()]


def _refuse_amounts(work: Work, column: str) -> None:
    if column not in {p.column for p in work.plan.programs.values()}:
        return
    cells = pd.Series(work.coded(column).texts, dtype="str")
    numeric = cells[cells.str.fullmatch(r"-?[0-9]+(\.[0-9]+)?")]
    other = numeric[~numeric.astype(float).isin([0.0, 1.0])]
    if len(other):
        msg = (
            f"program column {column!r} must be yes or no (1 or 0) in each wave; it has {len(other)} other values "
            f"(first: {other.iloc[0]}). Name a yes/no column in plan.programs"
        )
        raise DataError(msg)


def convert_columns(work: Work) -> None:
    """Convert amounts in ten thousands, then codes of waves (T08, T09)."""
    if not len(work.frame):
        return
    for column in work.used:
        if work.kinds[column] == "money":
            work.written[column] = float(np.nansum(work.numbers(column)))
            wan = work.in_wan(column)
            if wan.any():
                work.operate(wan, column, "times", "10000", "T08")
    labels = wave_labels(work)
    if labels and "wave" in work.used:
        work.operate(np.ones(len(work.frame), dtype=bool), "wave", "labels", json.dumps(labels), "T09")


def make_villages_unique(work: Work) -> None:
    """Put the county code before village codes that do not carry it (K06)."""
    if "village" not in work.used or "county" in work.taken("constant") or not len(work.frame):
        return
    names = [c for c in ("village", "county", "county_at_issue") if c in work.frame]
    code = grouped([work.coded(n) for n in names])
    pairs = work.frame[names].iloc[firsts(code)]
    cells = pairs["village"]
    changed = ((prefixed(pairs, "village", "county") != cells) & cells.notna()).to_numpy(dtype=bool)
    if changed.any():
        work.operate(changed[code], "village", "prefix", "county", "K06")


def wave_labels(work: Work) -> dict[str, int]:
    """Return code of the wave in the files → wave, as the plan says."""
    source = work.source
    return dict(source.wave_labels) if source is not None else {}
