"""Reading a frame (or a panel) into sorted arrays, with every lost row counted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError, EstimationError
from evalkit.impact import notes as say
from evalkit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@runtime_checkable
class HasFrame(Protocol):
    """A panel: whatever carries an ordinary data frame as ``frame``."""

    @property
    def frame(self) -> pd.DataFrame:
        """The rows."""
        ...


Data = pd.DataFrame | HasFrame


@dataclass(frozen=True, eq=False)
class Source:
    """A frame and the columns that play unit, time, weight and cluster.

    `cluster` is the panel's village (else its design's PSU), the default cluster; it is numbered within the
    column `within` (county, else stratum).
    """

    frame: pd.DataFrame
    unit: str | None
    time: str | None
    weights: str | None
    cluster: str | None
    within: str | None


@dataclass(frozen=True, eq=False)
class Table:
    """Rows used in estimation, sorted so that any row order gives the same bits.

    Attributes
    ----------
    values : dict of ndarray, shape (n,)
        The numeric columns by name.
    weight : ndarray, shape (n,)
        Ones without weights.
    unit, time : ndarray of int, shape (n,)
        Codes 0…N-1 and 0…T-1 (zeros where no unit or time was named).
    units, times : Index
        What the codes stand for; times in ascending order.
    cluster : ndarray of int, shape (n,), or None
        Codes 0…G-1.
    notes : tuple of Text
        What was left out and why.
    """

    values: dict[str, Floats]
    weight: Floats
    unit: Ints
    time: Ints
    units: pd.Index
    times: pd.Index
    cluster: Ints | None
    notes: tuple[Text, ...]

    def __len__(self) -> int:
        return len(self.weight)

    def take(self, keep: Bools, *notes: Text) -> Table:
        """Return the rows where `keep`, codes numbered anew, with more notes."""
        unit, units = _renumber(self.unit[keep], self.units)
        time, times = _renumber(self.time[keep], self.times)
        cluster = None if self.cluster is None else np.unique(self.cluster[keep], return_inverse=True)[1]
        return Table(
            values={name: v[keep] for name, v in self.values.items()},
            weight=self.weight[keep],
            unit=unit,
            time=time,
            units=units,
            times=times,
            cluster=None if cluster is None else cluster.astype(np.intp),
            notes=(*self.notes, *notes),
        )


def source(
    data: Data, *, unit: str | None = None, time: str | None = None, weights: str | None = None
) -> Source:
    """Return the frame behind `data`; a panel lends its roles where a column is not named.

    Raises
    ------
    DataError
        If `data` is neither a data frame nor a panel, or has no rows.
    """
    cluster: str | None = None
    within: str | None = None
    if isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, HasFrame):
        mask = getattr(data, "mask", None)
        frame = data.frame if mask is None else data.frame.loc[np.asarray(mask, dtype=bool)]
        design = getattr(data, "design", None)
        unit = unit or getattr(data, "household", None)
        time = time or getattr(data, "wave", None)
        weights = weights or getattr(design, "weight", None)
        cluster, within = _default_cluster(data, design)
    else:
        msg = f"data must be a DataFrame or a Panel, got {type(data).__name__}"
        raise DataError(msg)
    if frame.empty:
        msg = "the data have no rows; nothing can be estimated"
        raise DataError(msg)
    return Source(frame, unit, time, weights, cluster, within)


def _default_cluster(data: HasFrame, design: object) -> tuple[str | None, str | None]:
    village = getattr(data, "village", None)
    if village is not None:
        return village, getattr(data, "county", None)
    psu = next(iter(getattr(design, "stages", ())), None)
    return psu, getattr(design, "strata", None) if psu else None


def names(covariates: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return covariate names as a tuple.

    >>> names("land"), names(None)
    (('land',), ())
    """
    if covariates is None:
        return ()
    return (covariates,) if isinstance(covariates, str) else tuple(dict.fromkeys(covariates))


def needed(value: str | None, role: str) -> str:
    """Return a column name, or raise EstimationError saying which argument is missing."""
    if value is None:
        msg = f"{role}= is needed: name the column (a Panel knows it, a DataFrame does not)"
        raise EstimationError(msg)
    return value


def read(
    src: Source,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    cluster: str | None = None,
    within: str | None = None,
) -> Table:
    """Read the named columns into a sorted `Table`.

    Parameters
    ----------
    src : Source
    required : sequence of str
        Numeric columns; a row without one of them is left out and counted. The first is the outcome.
    optional : sequence of str
        Numeric columns that may be missing (kept as NaN).
    cluster, within : str, optional
        Column of the clusters, and the column within which they are numbered.

    Raises
    ------
    DataError
        Columns absent, not numeric or infinite; unit, time, cluster or weight missing; a negative
        weight; a unit that appears twice in a wave; no row left.
    """
    keys = [c for c in (src.unit, src.time) if c is not None]
    extra = [c for c in (src.weights, cluster, within) if c is not None]
    _present(src.frame, [*required, *optional, *keys, *extra])
    _no_missing(src.frame, keys, np.ones(len(src.frame), dtype=bool))
    _no_duplicates(src.frame, keys)
    values = {c: _numeric(src.frame, c) for c in dict.fromkeys([*required, *optional])}
    keep, told = _complete(values, required)
    if not keep.any():
        msg = f"no row has all of {', '.join(required)}; nothing can be estimated"
        raise DataError(msg)
    _no_missing(src.frame, extra, keep)
    weight = _weight(src, keep)
    if (weight[keep] == 0).any():
        told = (*told, say.zero_weights(int((weight[keep] == 0).sum())))
        keep = keep & (weight > 0)
    table = Table(
        values=values,
        weight=weight,
        unit=np.zeros(len(weight), dtype=np.intp),
        time=np.zeros(len(weight), dtype=np.intp),
        units=pd.Index([0]),
        times=pd.Index([0]),
        cluster=None,
        notes=told,
    )
    return _sorted(table, src, _groups(src.frame, cluster, within, keep), keep)


def _sorted(table: Table, src: Source, group: Ints | None, keep: Bools) -> Table:
    n = len(table)
    unit, units = (np.zeros(n, dtype=np.intp), pd.Index([0]))
    time, times = (np.zeros(n, dtype=np.intp), pd.Index([0]))
    if src.unit is not None:
        unit, units = codes(src.frame[src.unit])
    if src.time is not None:
        time, times = codes(src.frame[src.time], order="natural")
    order = np.flatnonzero(keep)
    keys = [v[order] for v in table.values.values()] + [table.weight[order]]
    if group is not None:
        keys.append(group[order].astype(float))
    by = [time[order], unit[order]]
    # two units never share (unit, time); without them the values themselves order the rows
    full = by if src.unit is not None and src.time is not None else [*reversed(keys), *by]
    order = order[np.lexsort(full)]
    unit, units = _renumber(unit[order], units)
    time, times = _renumber(time[order], times)
    return Table(
        values={name: v[order] for name, v in table.values.items()},
        weight=table.weight[order],
        unit=unit,
        time=time,
        units=units,
        times=times,
        cluster=None if group is None else np.unique(group[order], return_inverse=True)[1].astype(np.intp),
        notes=table.notes,
    )


def _groups(frame: pd.DataFrame, cluster: str | None, within: str | None, keep: Bools) -> Ints | None:
    """Number the clusters of kept rows; the codes of other rows mean nothing."""
    if cluster is None:
        return None
    out = np.zeros(len(frame), dtype=np.intp)
    out[keep], labels = codes(frame[cluster][keep])
    if within is not None:
        out[keep] += codes(frame[within][keep])[0] * len(labels)
    return out


def codes(column: pd.Series, order: str = "text") -> tuple[Ints, pd.Index]:
    """Number the values of a column 0…m-1; return codes and what they stand for.

    With ``order="text"`` the numbering follows the printed value, so that 12 and "12" are numbered alike;
    with ``"natural"`` the values' own order (waves).

    >>> codes(pd.Series([2, 10, 2]))[0].tolist(), codes(pd.Series([2, 10, 2]), order="natural")[0].tolist()
    ([1, 0, 1], [0, 1, 0])
    """
    found, values = pd.factorize(column, sort=False)
    labels = pd.Index(values)
    if order == "natural":
        rank = labels.argsort()
    else:
        rank = np.argsort(np.array([_printed(v) for v in labels], dtype=str), kind="stable")
    place = np.empty(len(labels), dtype=np.intp)
    place[rank] = np.arange(len(labels))
    return place[found], labels[rank]


def _printed(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _renumber(code: Ints, labels: pd.Index) -> tuple[Ints, pd.Index]:
    used, again = np.unique(code, return_inverse=True)
    return again.astype(np.intp), labels[used]


def _present(frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    absent = [c for c in dict.fromkeys(wanted) if c not in frame.columns]
    twice = [c for c in dict.fromkeys(wanted) if c in frame.columns and isinstance(frame[c], pd.DataFrame)]
    if twice:
        msg = f"the data have several columns named {', '.join(map(repr, twice))}; rename all but one"
        raise DataError(msg)
    if not absent:
        return
    columns = [str(c) for c in frame.columns]
    hints = [f"{c!r}" + _hint(c, columns) for c in absent]
    msg = f"the data have no column {', '.join(hints)}; name an existing column"
    raise DataError(msg)


def _hint(name: str, columns: list[str]) -> str:
    close = difflib.get_close_matches(str(name), columns, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _no_missing(frame: pd.DataFrame, columns: Sequence[str], rows: Bools) -> None:
    for c in columns:
        missing = frame[c].isna().to_numpy() & rows
        if missing.any():
            msg = (
                f"{int(missing.sum())} of {int(rows.sum())} rows have no {c!r}, which identifies or weighs them; "
                "fill the column or leave those rows out before estimating"
            )
            raise DataError(msg, rows=frame.loc[missing])


def _no_duplicates(frame: pd.DataFrame, keys: Sequence[str]) -> None:
    if len(keys) < 2:
        return
    twice = frame.duplicated(list(keys), keep=False).to_numpy()
    if twice.any():
        rows = frame.loc[twice].sort_values(list(keys), kind="stable")
        first = ", ".join(str(v) for v in rows[list(keys)].iloc[0])
        msg = (
            f"{int(twice.sum())} of {len(frame)} rows share {' and '.join(keys)} with another row (first: {first}); "
            "a unit may appear once a wave: remove or merge the duplicates"
        )
        raise DataError(msg, rows=rows)


def _numeric(frame: pd.DataFrame, name: str) -> Floats:
    column = frame[name]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        msg = f"{name!r} is {column.dtype}, not numeric; convert it, or make indicator columns of its categories"
        raise DataError(msg)
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=float)


def _weight(src: Source, keep: Bools) -> Floats:
    """Return weights with maximum one (rescaling changes nothing); rows that are not kept weigh nothing."""
    if src.weights is None:
        return keep.astype(float)
    out = np.where(keep, _numeric(src.frame, src.weights), 0.0)
    bad = ~np.isfinite(out) | (out < 0)
    if bad.any():
        msg = f"{int(bad.sum())} of {len(out)} weights in {src.weights!r} are infinite or negative; mend the data"
        raise DataError(msg, rows=src.frame.loc[bad])
    if not out.max() > 0:
        msg = f"all weights in {src.weights!r} are zero"
        raise DataError(msg)
    return np.asarray(out / out.max(), dtype=float)


def _complete(values: dict[str, Floats], required: Sequence[str]) -> tuple[Bools, tuple[Text, ...]]:
    told: list[Text] = []
    n = len(next(iter(values.values())))
    keep: Bools = np.ones(n, dtype=bool)
    for name in dict.fromkeys(required):
        endless = int(np.isinf(values[name]).sum())
        if endless:
            msg = (
                f"{endless} of {n} values of {name!r} are infinite (the logarithm of zero?); choose a "
                "transformation that is defined for every row, or leave those rows out"
            )
            raise DataError(msg)
        missing = np.isnan(values[name])
        if missing.any():
            told.append(say.dropped_rows(name, int(missing.sum()), n))
        keep = keep & ~missing
    return keep, tuple(told)
