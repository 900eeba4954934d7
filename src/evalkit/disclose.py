"""The gate before publication: small cells suppressed, figures rounded; only `release` makes a `Released`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DisclosureError
from evalkit.estimate import About, Estimate
from evalkit.text import Text

Flags = NDArray[np.bool_]

TOTAL_WORDS = frozenset({"all", "total", "合计", "总计", "全部"})
"""Values of a key that mark a row as the total over that key."""
DECIMALS = {"share": 4, "log": 4, "currency": 2, "persons": 0, "households": 0}
"""Decimals by unit where none are asked for."""
DECIMALS_ELSE = 4
ROUNDED_DF = 1

_TOKEN = object()


@dataclass(frozen=True, eq=False)
class Released:
    """A table that may be printed.

    Parameters
    ----------
    frame : DataFrame
        Keys, values (NaN or missing where suppressed) and the column ``suppressed``.
    keys : tuple of str
        Key columns, which are never blanked.
    about : About or None
        How the figures were made, if they come from an estimate.
    minimum_cell : int
        Smallest number of sampled households behind a printed row.
    decimals : int
    suppressed : int
        Number of rows blanked.
    note : Text
        What was suppressed, to be printed under the table.
    """

    frame: pd.DataFrame
    keys: tuple[str, ...]
    about: About | None
    minimum_cell: int
    decimals: int
    suppressed: int
    note: Text
    token: InitVar[object] = None

    def __post_init__(self, token: object) -> None:
        if token is not _TOKEN:
            msg = "a Released table is made only by evalkit.disclose.release"
            raise DisclosureError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return a copy of the released frame."""
        return self.frame.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping (suppressed values are None)."""
        rows = [
            {str(k): _plain(v) for k, v in zip(self.frame.columns, row, strict=True)}
            for row in self.frame.astype(object).itertuples(index=False, name=None)
        ]
        return {
            "keys": list(self.keys),
            "rows": rows,
            "minimum_cell": self.minimum_cell,
            "decimals": self.decimals,
            "suppressed": self.suppressed,
            "note": self.note.to_dict(),
        }


class Tabular(Protocol):
    """Whatever can be tabled; a `key_columns` attribute names its keys (an `Estimate` has `keys`)."""

    def tidy(self) -> pd.DataFrame:
        """Return the table."""


Releasable = Tabular | pd.DataFrame


def release(
    item: Releasable,
    *,
    minimum_cell: int = 10,
    decimals: int | None = None,
    keys: Sequence[str] | None = None,
    total_over: Sequence[str] = (),
) -> Released:
    """Suppress what rests on too few households, round the rest.

    A row with 0 < n < `minimum_cell` is blanked (n too). Where a total over a key is shown and exactly
    one row of it is blanked, its value could be had by subtraction: the remaining row with the
    smallest n is blanked as well. A total is known to be shown if the table holds it (a key value in
    `TOTAL_WORDS`) or if `total_over` names the key.

    Parameters
    ----------
    item : object with ``tidy()`` (Estimate, ExitJudgements …) or DataFrame
        The table needs a column ``n`` (sampled households); a DataFrame needs `keys`.
    minimum_cell : int
        At least 1.
    decimals : int, optional
        By unit (`DECIMALS`) if not given.
    keys : sequence of str, optional
        Key columns of a table that does not say which they are.
    total_over : sequence of str
        Keys whose totals are printed elsewhere.

    Returns
    -------
    Released

    Raises
    ------
    DisclosureError
        If it cannot be checked how many households a row rests on, or keys do not exist.
    """
    if minimum_cell < 1:
        msg = f"minimum_cell must be at least 1, got {minimum_cell}"
        raise DisclosureError(msg)
    frame = item.reset_index(drop=True) if isinstance(item, pd.DataFrame) else item.tidy()
    names = _keys(item, frame, keys)
    about = item.about if isinstance(item, Estimate) else None
    absent = [k for k in total_over if k not in names]
    if absent:
        msg = f"total_over names {', '.join(absent)}; the keys are {', '.join(names) or 'none'}"
        raise DisclosureError(msg)
    n = _households(frame)
    small = complementary(frame[list(names)], n, (n > 0) & (n < minimum_cell), tuple(total_over))
    digits = DECIMALS.get(_unit(item), DECIMALS_ELSE) if decimals is None else decimals
    out = _blanked(_rounded(frame, names, digits), names, small)
    count = int(small.sum())
    return Released(
        out, names, about, minimum_cell, digits, count, _note(count, len(out), minimum_cell), token=_TOKEN
    )


def require_released(item: object) -> Released:
    """Return the item if it was released.

    Raises
    ------
    DisclosureError
        If it is anything but a `Released`.
    """
    if isinstance(item, Released):
        return item
    msg = f"a report prints released tables only, got {type(item).__name__}; pass it through disclose.release first"
    raise DisclosureError(msg)


def complementary(
    keys: pd.DataFrame, n: NDArray[np.float64], small: Flags, total_over: tuple[str, ...]
) -> Flags:
    """Return which rows to blank so that none can be had by subtraction from a total, shape (rows,).

    Examples
    --------
    The total of three counties is shown; blanking A alone would not protect it:

    >>> table = pd.DataFrame({"county": ["A", "B", "C", "all"]})
    >>> complementary(table, np.array([4.0, 30.0, 20.0, 54.0]), np.array([True, False, False, False]), ())
    array([ True, False,  True, False])
    """
    out = small.copy()
    totals = {str(k): _is_total(keys[k]) for k in keys.columns}
    changed = True
    while changed:
        changed = False
        for name, total in totals.items():
            rest = [str(k) for k in keys.columns if k != name]
            for rows in _groups(keys, rest):
                shown = name in total_over or bool((total[rows] & ~out[rows]).any())
                parts = rows[~total[rows]]
                if shown and out[parts].sum() == 1:
                    left = parts[~out[parts] & (n[parts] > 0)]
                    if len(left):
                        out[left[np.argmin(n[left])]] = True
                        changed = True
    return out


def _groups(keys: pd.DataFrame, by: Sequence[str]) -> list[NDArray[np.intp]]:
    if not by:
        return [np.arange(len(keys))]
    return [np.asarray(at, dtype=np.intp) for at in keys.groupby(list(by), dropna=False).indices.values()]


def _is_total(column: pd.Series) -> Flags:
    return np.array([isinstance(v, str) and v.casefold() in TOTAL_WORDS for v in column], dtype=bool)


def _keys(item: Releasable, frame: pd.DataFrame, given: Sequence[str] | None) -> tuple[str, ...]:
    if given is not None:
        names = tuple(given)
    elif isinstance(item, Estimate):
        names = tuple(str(c) for c in item.keys.columns)
    elif hasattr(item, "key_columns"):
        names = tuple(str(c) for c in item.key_columns)
    else:
        msg = f"a {type(item).__name__} does not say which of its columns are keys; pass keys=(…)"
        raise DisclosureError(msg)
    absent = [k for k in names if k not in frame]
    if absent:
        msg = (
            f"the table has no key column {', '.join(absent)}; columns: {', '.join(map(str, frame.columns))}"
        )
        raise DisclosureError(msg)
    return names


def _unit(item: Releasable) -> str:
    return item.about.unit if isinstance(item, Estimate) else ""


def _households(frame: pd.DataFrame) -> NDArray[np.float64]:
    if "n" not in frame:
        msg = "the table has no column n (sampled households behind each row), so small cells cannot be found; add it"
        raise DisclosureError(msg)
    n = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    unknown = int(np.isnan(n).sum())
    if unknown:
        msg = f"{unknown} of {len(n)} rows do not say on how many sampled households they rest (n is missing)"
        raise DisclosureError(msg)
    return np.asarray(n, dtype=float)


def _rounded(frame: pd.DataFrame, keys: tuple[str, ...], decimals: int) -> pd.DataFrame:
    out = frame.copy()
    for column in out.columns:
        if column not in keys and pd.api.types.is_float_dtype(out[column]):
            out[column] = out[column].round(ROUNDED_DF if column == "df" else decimals)
    return out


def _blanked(frame: pd.DataFrame, keys: tuple[str, ...], small: Flags) -> pd.DataFrame:
    out = frame.copy()
    for column in out.columns:
        if column in keys or not small.any():
            continue
        if out[column].dtype == bool:
            out[column] = out[column].astype("boolean")
        elif pd.api.types.is_integer_dtype(out[column]) and isinstance(out[column].dtype, np.dtype):
            out[column] = out[column].astype("Int64")
        out[column] = out[column].mask(small)
    out["suppressed"] = small
    return out


def _note(count: int, rows: int, minimum_cell: int) -> Text:
    if not count:
        return Text(
            en=f"No row with sampled households rests on fewer than {minimum_cell}; none is suppressed.",
            zh=f"凡有样本的各行均不少于{minimum_cell}户，未作隐去处理。",
        )
    return Text(
        en=(
            f"{count} of {rows} rows are not shown: they rest on fewer than {minimum_cell} sampled households, or would "
            "reveal such a row by subtraction."
        ),
        zh=f"{rows}行中有{count}行未列出：样本不足{minimum_cell}户，或可由合计数推算出此类数据。",
    )


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value)):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return str(value) if isinstance(value, float) and np.isinf(value) else value
