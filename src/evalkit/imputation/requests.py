"""What may be imputed: which columns are drawn, which follow from others, which never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import schema
from evalkit.errors import DataError, EstimationError
from evalkit.imputation.identities import Cells, Identity, deduce, identities_of
from evalkit.panel import Panel
from evalkit.planweights import FEWEST_IMPUTATIONS, NEVER_IMPUTED, is_never_imputed

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEVER = NEVER_IMPUTED
FEWEST = FEWEST_IMPUTATIONS
"""Smallest number of imputations, and of observed values of a column."""


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be completed in one county.

    Attributes
    ----------
    draw : tuple of str
        Columns drawn, by number of missing values, then by name.
    flags : tuple of str
        Those of `draw` that hold 0 and 1 only.
    identities : tuple of Identity
    cells : mapping of str to ndarray, shape (n,)
        Columns that are drawn, derived or parts of identities; what follows exactly is filled in.
    deduced : mapping of str to ndarray of bool, shape (n,)
    stays : mapping of str to ndarray of bool, shape (n,)
        Totals that stay missing because a part that is not asked for is.
    filled : tuple of str
        Columns that change: those drawn and the totals made of them.
    """

    draw: tuple[str, ...]
    flags: tuple[str, ...]
    identities: tuple[Identity, ...]
    cells: Cells
    deduced: dict[str, Bools]
    stays: dict[str, Bools]
    filled: tuple[str, ...]


def check_columns(panel: Panel, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns asked for, in ascending order.

    Raises
    ------
    EstimationError
        A column must never be imputed, or is a key or part of the design.
    DataError
        A column is absent or holds no numbers.
    """
    if isinstance(columns, str) or not columns:
        msg = "name the columns to impute as a list"
        raise EstimationError(msg)
    names = tuple(sorted({panel.column(c) for c in columns}))
    for name in names:
        if is_never_imputed(name):
            msg = (
                f"{name!r} is never imputed: it records a decision or a finding, and its absence is one too; list the "
                "households without it as open cases"
            )
            raise EstimationError(msg)
        roles = [panel.household, panel.wave, panel.county, panel.village, panel.size, *panel.design.columns]
        if name in roles:
            msg = f"{name!r} identifies or weights households and is never imputed; mend the data"
            raise EstimationError(msg)
        values = panel.frame[name]
        if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
            msg = f"{name!r} holds {values.dtype}; only numbers and yes/no marks are imputed"
            raise DataError(msg)
    return names


def request_of(panel: Panel, frame: pd.DataFrame, asked: tuple[str, ...], where: str) -> Request:
    """Resolve identities for the rows of one county.

    Parameters
    ----------
    panel : Panel
    frame : DataFrame, n rows
    asked : tuple of str
    where : str
        The county, for messages.

    Raises
    ------
    EstimationError
        A sum is asked for whose parts are missing but not asked for; too few observed values.
    """
    known = (
        {p for i in (*_codebook(),) for p in i}
        | {panel.welfare, *asked}
        | ({panel.size} if panel.size else set())
    )
    names = [c for c in frame.columns if c in known and pd.api.types.is_numeric_dtype(frame[c].dtype)]
    names += [
        c for c in frame.columns if c in known and c not in names and pd.api.types.is_bool_dtype(frame[c])
    ]
    cells = {str(c): frame[c].to_numpy(dtype=float, na_value=np.nan).copy() for c in names}
    identities = identities_of(cells, panel.welfare, panel.size)
    leaves: set[str] = set()
    for name in asked:
        leaves |= _leaves(name, identities, cells, asked)
    touched = _touched(identities, leaves, asked)
    may = leaves | {i.total for i in touched}
    deduced = deduce(cells, touched, may)
    draw = [c for c in sorted(leaves) if np.isnan(cells[c]).any()]
    draw.sort(key=lambda c: int(np.isnan(cells[c]).sum()))
    for name in draw:
        _check_observed(frame[name], name, where)
    flags = tuple(c for c in draw if _is_flag(frame[c]))
    filled = tuple(sorted(may | set(asked)))
    exact, stays = {c: deduced[c] for c in filled}, _stays(cells, touched, draw, filled)
    return Request(tuple(draw), flags, touched, cells, exact, stays, filled)


def _codebook() -> list[tuple[str, ...]]:
    from evalkit.imputation.identities import IDENTITIES

    return [(i.total, *i.parts) for i in IDENTITIES]


def _leaves(name: str, identities: tuple[Identity, ...], cells: Cells, asked: tuple[str, ...]) -> set[str]:
    """Return the columns to draw so that a column can be completed."""
    made = [i for i in identities if i.total == name]
    if not made:
        return {name}
    out: set[str] = set()
    for part in made[0].parts:
        below = _leaves(part, identities, cells, asked)
        needed = np.isnan(cells[part]) & np.isnan(cells[name])
        lone = len(made[0].parts) == 1
        if needed.any() and not lone and not (below <= set(asked) or part in asked):
            msg = (
                f"{name!r} is the sum of {', '.join(made[0].parts)}, so it is made of them and not imputed on its own; "
                f"{part!r} is missing in {int(np.isnan(cells[part]).sum())} rows: add it to the columns to impute"
            )
            raise EstimationError(msg)
        if lone or part in asked or below <= set(asked):
            out |= below
    return out


def _touched(
    identities: tuple[Identity, ...], leaves: set[str], asked: tuple[str, ...]
) -> tuple[Identity, ...]:
    """Return the identities that what is drawn or asked for takes part in."""
    reach = set(leaves) | set(asked)
    keep: list[Identity] = []
    for one in identities:
        if one.total in reach or reach & set(one.parts):
            keep.append(one)
            reach.add(one.total)
    return tuple(keep)


def _stays(
    cells: Cells, identities: tuple[Identity, ...], draw: list[str], filled: tuple[str, ...]
) -> dict[str, Bools]:
    """Return which cells nothing will fill."""
    out = {name: np.isnan(values) & (name not in draw) for name, values in cells.items()}
    for one in identities:
        lacks = np.any([out[p] for p in one.parts], axis=0)
        out[one.total] = out[one.total] & lacks
    return {c: out[c] for c in filled}


def _check_observed(column: pd.Series, name: str, where: str) -> None:
    observed = int(column.notna().sum())
    if observed < FEWEST:
        msg = (
            f"{name!r} is observed in {observed} of {len(column)} rows of {where}; fewer than {FEWEST} tell too little to "
            "impute the rest"
        )
        raise EstimationError(msg)


def _is_flag(column: pd.Series) -> bool:
    """Return whether a column is a yes/no mark: by the codebook, by type, or by holding 0 and 1 only."""
    known = schema.field(str(column.name))
    if known is not None:
        return known.kind == "flag"
    return pd.api.types.is_bool_dtype(column) or set(column.dropna().unique()) <= {0, 1}
