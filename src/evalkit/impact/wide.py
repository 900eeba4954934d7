"""Units by waves: the shape that group-time comparisons work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError, EstimationError
from evalkit.impact import notes as say
from evalkit.impact.inputs import Bools, Floats, Ints, Table
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Wide:
    """N units over T waves.

    Attributes
    ----------
    outcome : ndarray, shape (N, T)
        NaN where a unit was not seen.
    covariates : tuple of ndarray, each of shape (N, T)
    weight : ndarray, shape (N,)
        Weight of the unit's first wave.
    cohort : ndarray, shape (N,)
        First treated wave, ``inf`` for never (and for later than the data reach).
    cluster : ndarray of int, shape (N,)
        Codes 0…G-1; the unit itself where no cluster was named.
    waves : ndarray, shape (T,)
        In ascending order.
    notes : tuple of Text
    """

    outcome: Floats
    covariates: tuple[Floats, ...]
    weight: Floats
    cohort: Floats
    cluster: Ints
    waves: Floats
    notes: tuple[Text, ...]

    @property
    def cohorts(self) -> Floats:
        """Treated cohorts in ascending order."""
        return np.unique(self.cohort[np.isfinite(self.cohort)])


@dataclass(frozen=True)
class Names:
    """Names of the columns, for messages."""

    outcome: str
    unit: str
    time: str
    cohort: str
    cluster: str | None
    covariates: tuple[str, ...]


def widen(table: Table, name: Names, anticipation: float) -> Wide:
    """Turn sorted rows into units by waves, leaving out units that were treated from the start.

    Raises
    ------
    DataError
        Cohort or cluster differs within a unit; waves are not numbers.
    EstimationError
        Fewer than two waves; nobody treated; everybody treated from the start.
    """
    waves = _wave_values(table.times, name.time)
    n, t = len(table.units), len(waves)
    cohort = _per_unit(_never(table.values[name.cohort]), table, name.cohort, name)
    cluster = table.unit if table.cluster is None else table.cluster
    of_unit = _per_unit(cluster.astype(float), table, name.cluster or name.unit, name)
    weight, varies = _first_weight(table)
    told = [*table.notes]
    if varies:
        told.append(say.varying_weights(varies))
    later = np.isfinite(cohort) & (cohort > waves[-1] + anticipation)
    if later.any() and not later.all():
        told.append(say.treated_later(int(later.sum()), n, float(waves[-1])))
        cohort = np.where(later, np.inf, cohort)
    outcome = _spread(table.values[name.outcome], table, n, t)
    covariates = tuple(_spread(table.values[c], table, n, t) for c in name.covariates)
    keep = _usable(cohort, waves, anticipation, name)
    if not keep.all():
        told.append(say.always_treated(int((~keep).sum()), n, float(waves[0])))
    code = np.unique(of_unit[keep], return_inverse=True)[1].astype(np.intp)
    return Wide(
        outcome[keep],
        tuple(x[keep] for x in covariates),
        weight[keep],
        cohort[keep],
        code,
        waves,
        tuple(told),
    )


def _wave_values(times: pd.Index, name: str) -> Floats:
    if not pd.api.types.is_numeric_dtype(times):
        msg = f"waves in {name!r} are {times.dtype}, not numbers; cohorts and waves are compared, give years"
        raise DataError(msg)
    if len(times) < 2:
        msg = f"{name!r} has {len(times)} wave with data; effects over time need at least two"
        raise EstimationError(msg)
    return np.asarray(times.to_numpy(), dtype=float)


def _never(cohort: Floats) -> Floats:
    """Return cohorts with infinity for never treated (missing, 0 or infinite).

    >>> _never(np.array([2015.0, 0.0, np.nan])).tolist()
    [2015.0, inf, inf]
    """
    return np.where(np.isnan(cohort) | (cohort == 0), np.inf, cohort)


def _per_unit(values: Floats, table: Table, column: str, name: Names) -> Floats:
    n = len(table.units)
    first = np.zeros(n)
    first[table.unit[::-1]] = values[::-1]
    differs = np.unique(table.unit[values != first[table.unit]])
    if len(differs):
        msg = (
            f"{column!r} differs between the waves of {len(differs)} of {n} units (first: {name.unit} "
            f"{table.units[differs[0]]}); it must be one value a unit: use its value in the first wave, or mend the data"
        )
        raise DataError(msg)
    return first


def _first_weight(table: Table) -> tuple[Floats, int]:
    first = np.zeros(len(table.units))
    first[table.unit[::-1]] = table.weight[::-1]
    return first, len(np.unique(table.unit[table.weight != first[table.unit]]))


def _spread(values: Floats, table: Table, n: int, t: int) -> Floats:
    out = np.full((n, t), np.nan)
    out[table.unit, table.time] = values
    return out


def _usable(cohort: Floats, waves: Floats, anticipation: float, name: Names) -> Bools:
    keep = cohort - anticipation > waves[0]
    if not np.isfinite(cohort).any():
        msg = f"no unit is ever treated: {name.cohort!r} is missing, 0 or infinite in all {len(cohort)} units"
        raise EstimationError(msg)
    if not (np.isfinite(cohort) & keep).any():
        msg = (
            f"every treated unit is treated from the first wave ({waves[0]:g}) on, so that no wave before treatment "
            "is left; an earlier wave is needed"
        )
        raise EstimationError(msg)
    return np.asarray(keep, dtype=bool)
