"""Columns of a sampling design as arrays: codes of strata and units, weights, population sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DesignError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def codes(column: pd.Series) -> Ints:
    """Return the codes of strata or units, numbered from 0 in their order, shape (n,).

    Raises
    ------
    DesignError
        A value is missing.
    """
    missing = int(column.isna().sum())
    if missing:
        msg = f"{missing} rows have no {column.name!r}, which the design needs; fill it or drop it from plan.design"
        raise DesignError(msg)
    return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.intp)


def nest(outer: Ints, inner: Ints) -> Ints:
    """Number units within what is above, so that unit 1 of stratum A is not unit 1 of stratum B."""
    width = int(inner.max(initial=0)) + 1
    _, nested = np.unique(outer.astype(np.int64) * width + inner, return_inverse=True)
    return np.asarray(nested, dtype=np.intp)


def weights(column: pd.Series) -> Floats:
    """Return weights, shape (n,).

    Raises
    ------
    DesignError
        A weight is missing, infinite or negative, or all are zero.
    """
    out = column.to_numpy(dtype=float, na_value=np.nan)
    bad = int((~np.isfinite(out) | (out < 0)).sum())
    if bad:
        msg = (
            f"{bad} of {len(out)} weights in {column.name!r} are missing, infinite or negative; mend the data"
        )
        raise DesignError(msg)
    if len(out) and not out.sum() > 0:
        msg = f"all weights in {column.name!r} are zero"
        raise DesignError(msg)
    return out


def population(column: pd.Series, name: str) -> Floats:
    """Return population sizes of a stage, shape (n,).

    Raises
    ------
    DesignError
        A size is missing or not positive.
    """
    out = column.to_numpy(dtype=float, na_value=np.nan)
    bad = int((~(out > 0)).sum())
    if bad:
        msg = f"{bad} of {len(out)} population sizes in {name!r} are missing or not positive; mend the data"
        raise DesignError(msg)
    return out
