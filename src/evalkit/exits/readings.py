"""What a record says about a requirement: it meets it, it fails it, or it does not show it.

Rows carry the words of a verdict (``meets``, ``fails``, ``not_shown``); what is absent is never read as met.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError, PlanError
from evalkit.schema import NO, YES
from evalkit.standards.sections import Requirement
from evalkit.text import Text
from evalkit.verdicts import Conclusion
from evalkit.yamlfile import did_you_mean

READINGS: tuple[Conclusion, ...] = ("meets", "fails", "not_shown")
Floats = NDArray[np.float64]
Words = NDArray[np.object_]


def read(met: Floats) -> Words:
    """Return ``meets`` for 1, ``fails`` for 0 and ``not_shown`` for NaN, shape (n,).

    >>> read(np.array([1.0, 0.0, np.nan])).tolist()
    ['meets', 'fails', 'not_shown']
    """
    out = np.full(len(met), "not_shown", dtype=object)
    out[met == 1] = "meets"
    out[met == 0] = "fails"
    return out


def combine(readings: Sequence[Words], n: int) -> Words:
    """Return ``fails`` where any reading fails, ``meets`` where all meet, else ``not_shown``; shape (n,).

    Without a reading nothing is shown.

    >>> combine([np.array(["meets", "meets"]), np.array(["not_shown", "fails"])], 2).tolist()
    ['not_shown', 'fails']
    """
    if not readings:
        return read(np.full(n, np.nan))
    table = np.stack(readings)
    met = np.where((table == "meets").all(axis=0), 1.0, np.nan)
    return read(np.where((table == "fails").any(axis=0), 0.0, met))


def yes_no(values: pd.Series, what: str) -> Floats:
    """Return yes as 1, no as 0 and blank as NaN, shape (n,).

    Raises
    ------
    DataError
        A value that is neither, with their number and the first.

    Examples
    --------
    >>> yes_no(pd.Series(["是", "否", None, ""]), "agreement").tolist()
    [1.0, 0.0, nan, nan]
    """
    codes, words = pd.factorize(values)
    read_as = np.array([*(_yes_no(w) for w in words), np.nan], dtype=float)
    out = read_as[codes]
    bad = out == -1
    if bad.any():
        first = values[bad].iloc[0]
        msg = (
            f"{int(bad.sum())} of {len(values)} rows have a {what} that is neither yes nor no (first: {first!r}); "
            "write 1, 0 or leave it empty"
        )
        raise DataError(msg, rows=values[bad].to_frame())
    return out


def _yes_no(value: Any) -> float:
    word = str(value).strip().casefold()
    return 1.0 if word in YES else 0.0 if word in NO else -1.0 if word else np.nan


def amounts(values: pd.Series, what: str) -> Floats:
    """Return a column as floats, NaN where blank, shape (n,).

    Raises
    ------
    DataError
        Words that are no numbers, with their number and the first.
    """
    out = pd.to_numeric(values, errors="coerce")
    bad = (out.isna() & values.notna()).to_numpy()
    if bad.any():
        msg = (
            f"{int(bad.sum())} of {len(values)} rows have a {what} that is no number (first: "
            f"{values[bad].iloc[0]!r}); mend them or leave them empty"
        )
        raise DataError(msg, rows=values[bad].to_frame())
    return out.to_numpy(dtype=float, na_value=np.nan)


def words_of(frame: pd.DataFrame, column: str) -> Words:
    """Return a column as text, empty where blank or absent, shape (n,)."""
    if column not in frame:
        return np.full(len(frame), "", dtype=object)
    return np.asarray(frame[column].astype("str").where(frame[column].notna(), "").str.strip(), dtype=object)


def figure(value: float) -> str:
    """Return an amount as evidence prints it: no separators, at most two decimals, empty where missing.

    >>> figure(3120.0), figure(2952.456), figure(float("nan"))
    ('3120', '2952.46', '')
    """
    return "" if np.isnan(value) else f"{value:.2f}".rstrip("0").rstrip(".")


def figures(values: Floats) -> Words:
    """Return many amounts as `figure` prints one, shape (n,).

    >>> figures(np.array([3120.0, 2952.456, np.nan])).tolist()
    ['3120', '2952.46', '']
    """
    words = np.char.rstrip(np.char.rstrip(np.char.mod("%.2f", values), "0"), ".")
    return np.where(np.isnan(values), "", words).astype(object)


def check_ids(given: Sequence[str], requirements: Sequence[Requirement], what: str) -> None:
    """Raise a `PlanError` where a name is no requirement's."""
    known = tuple(r.id for r in requirements)
    for name in given:
        if name not in known:
            msg = f"{what} names {name!r}, which is no requirement{did_you_mean(name, known)} There are {', '.join(known)}"
            raise PlanError(msg)


def counted(frame: pd.DataFrame, requirements: Sequence[str]) -> pd.DataFrame:
    """Return one row a requirement: rows that meet it, fail it, do not show it."""
    rows = [[name, *((frame[name] == r).sum() for r in READINGS)] for name in requirements]
    return pd.DataFrame(rows, columns=["requirement", *READINGS])


def unseen_requirements(requirements: Sequence[Requirement]) -> tuple[Text, ...]:
    """Return the note that names requirements not verified in print; none where all are."""
    bad = [r.title for r in requirements if not r.verified]
    if not bad:
        return ()
    return (
        Text(
            en=f"requirements not verified in print: {', '.join(t.en for t in bad)}",
            zh=f"以下要求未经文献核实：{'、'.join(t.zh for t in bad)}",
        ),
    )
