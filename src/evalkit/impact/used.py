"""Who stands behind an effect: units and clusters that entered its estimation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evalkit.estimate import Estimate
from evalkit.impact.inputs import Bools, Ints


@dataclass(frozen=True)
class Used:
    """What an estimator used, after every exclusion.

    Attributes
    ----------
    units : int
        Units with at least one row in the estimation.
    treated : int
        Those among them whose treatment the effect is estimated from.
    clusters, treated_clusters : int or None
        Clusters of these units, and clusters with a treated unit; None where no cluster was named.
    """

    units: int
    treated: int
    clusters: int | None = None
    treated_clusters: int | None = None


@dataclass(frozen=True, eq=False)
class ProgramEffect(Estimate):
    """An effect of one value that knows who was used; its `n` counts rows (unit-waves)."""

    used: Used = field(kw_only=True)


def count_used(unit: Ints, treated: Bools, cluster: Ints | None) -> Used:
    """Count distinct units and clusters.

    Parameters
    ----------
    unit : ndarray of int, shape (n,)
        Unit of each row used.
    treated : ndarray of bool, shape (n,)
        Rows of treated units.
    cluster : ndarray of int, shape (n,), optional

    >>> count_used(np.array([0, 0, 1, 2]), np.array([True, True, False, False]), np.array([5, 5, 5, 6]))
    Used(units=3, treated=1, clusters=2, treated_clusters=1)
    """
    return Used(
        units=_distinct(unit),
        treated=_distinct(unit[treated]),
        clusters=None if cluster is None else _distinct(cluster),
        treated_clusters=None if cluster is None else _distinct(cluster[treated]),
    )


def _distinct(codes: Ints) -> int:
    return len(np.unique(codes))
