"""Value labels of Stata and SPSS files: cells keep their codes, labels name counties and guard against mixing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from evalkit.errors import DataError
from evalkit.ingest.cells import compact
from evalkit.ingest.headers import Match
from evalkit.ingest.sheets import Sheet

Labels = dict[str, dict[str, str]]
"""Field → code that occurs → label."""


def labels_of(sheet: Sheet, matches: Sequence[Match], frame: pd.DataFrame) -> Labels:
    """Return the labels of the codes that occur, for columns the plan or the codebook uses."""
    out: Labels = {}
    for m in matches:
        known = sheet.labels.get(m.header)
        if known and m.how != "unrecognised" and len(m.columns) == 1 and m.field in frame:
            there = set(frame[m.field].dropna().unique())
            out.setdefault(m.field, {}).update({c: t for c, t in known.items() if c in there})
    return {f: codes for f, codes in out.items() if codes}


def name_counties(
    frame: pd.DataFrame, labels: Mapping[str, Mapping[str, str]]
) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    """Put the labels of the county into ``county_name`` (in place) where the file has no such column.

    Returns
    -------
    list of dict
        Rows for the table of headers.
    tuple of str
        Notes about the file: whose labels are used, whose are not.
    """
    named: list[dict[str, object]] = []
    if "county" in labels and "county_name" not in frame:
        frame["county_name"] = frame["county"].map(dict(labels["county"])).astype("str")
        row = {"header": "(value labels of the county)", "field": "county_name", "how": "labels"}
        named = [{**row, "wave": pd.NA, "unit": "", "kind": ""}]
    kept = [f for f in labels if f != "county" or not named]
    notes = ["value labels of county used as names"] if named else []
    notes += [f"value labels not used, codes kept: {', '.join(kept)}"] if kept else []
    return named, tuple(notes)


def refuse_mixed(parts: Sequence[tuple[str, Mapping[str, Mapping[str, str]]]]) -> None:
    """Refuse files that give one code different labels: stacking them would mix counties (or answers).

    Parameters
    ----------
    parts : sequence of (file, labels)

    Raises
    ------
    DataError
        The first such code, with both files and both labels, and how many more there are.
    """
    first: dict[tuple[str, str], tuple[str, str]] = {}
    clashes = []
    for file, labels in parts:
        for field, codes in labels.items():
            for code, label in codes.items():
                there, known = first.setdefault((field, code), (file, label))
                if compact(known).casefold() != compact(label).casefold():
                    clashes.append((field, code, there, known, file, label))
    if clashes:
        field, code, there, known, file, label = clashes[0]
        more = f" ({len(clashes) - 1} more codes of this kind)" if len(clashes) > 1 else ""
        msg = (
            f"code {code} of {field!r} is {known!r} in {there} and {label!r} in {file}{more}: stacked, different things "
            "would be taken for one. Recode one of the files, or leave the column out of the plan"
        )
        raise DataError(msg)
