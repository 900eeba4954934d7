"""From influence values to a covariance: robust, clustered or classical, one rule for every estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimationError
from evalkit.impact import notes as say
from evalkit.impact.inputs import Bools, Floats, Ints, Source
from evalkit.text import Text

StdErrors = Literal["cluster", "hc1", "classical"]


@dataclass(frozen=True)
class ErrorRule:
    """Which standard errors are used, and the column of the clusters if any (numbered within `within`)."""

    kind: StdErrors
    cluster: str | None
    within: str | None = None


def choose(
    std_errors: StdErrors | None, cluster: str | None, *, src: Source, otherwise: ErrorRule
) -> ErrorRule:
    """Return the rule that was asked for.

    Parameters
    ----------
    std_errors : {"cluster", "hc1", "classical"}, optional
    cluster : str, optional
        Column named by the caller.
    src : Source
        Its cluster (a panel's village or PSU) is used where neither of the above says otherwise.
    otherwise : ErrorRule
        Used where nothing is named.

    Raises
    ------
    EstimationError
        If the two contradict each other, or no cluster is known.
    """
    if std_errors not in (None, "cluster", "hc1", "classical"):
        msg = f"std_errors must be cluster, hc1 or classical, got {std_errors!r}"
        raise EstimationError(msg)
    if std_errors in ("hc1", "classical"):
        if cluster is not None:
            msg = f"cluster={cluster!r} and std_errors={std_errors!r} contradict each other; leave one of them out"
            raise EstimationError(msg)
        return ErrorRule(std_errors, None)
    if cluster is not None:
        return ErrorRule("cluster", cluster)
    if src.cluster is not None:
        return ErrorRule("cluster", src.cluster, src.within)
    if std_errors == "cluster" and otherwise.kind != "cluster":
        msg = "std_errors='cluster' needs cluster=: name the column of villages or other units of assignment"
        raise EstimationError(msg)
    return otherwise


def cluster_sums(influence: Floats, cluster: Ints, count: int) -> Floats:
    """Sum influence values within clusters: shape (n, k) → (G, k).

    >>> cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array([0, 0, 1]), 2).ravel().tolist()
    [3.0, 4.0]
    """
    columns = [
        np.bincount(cluster, weights=influence[:, j], minlength=count) for j in range(influence.shape[1])
    ]
    return np.asarray(np.column_stack(columns), dtype=float)


def outer(influence: Floats, factor: float = 1.0) -> Floats:
    """Return ``factor Σ z z'`` of independent influence values z, shape (G, k) → (k, k).

    The error of an estimator is Σ z, so this is its covariance (the sandwich estimator of White 1980, and of
    Liang and Zeger 1986 where z is summed by cluster).

    >>> outer(np.array([[1.0], [-1.0]])).tolist()
    [[2.0]]
    """
    return np.asarray(influence.T @ influence * factor, dtype=float)


def satterthwaite(influence: Floats) -> Floats:
    """Return degrees of freedom of clustered variances from how unevenly clusters contribute, shape (k,).

    With independent normal cluster contributions z the variance estimate S2 = Σ z² behaves like a scaled
    chi-square with (Σ σ²)² / Σ σ⁴ degrees of freedom (Satterthwaite 1946). Σ z⁴ / 3 is unbiased for Σ σ⁴ and
    S2² - 2 Σ z⁴ / 3 for (Σ σ²)², which gives 3 S2² / Σ z⁴ - 2, held between 1 and G - 1. A few treated
    villages among many untreated ones then count as few.

    >>> satterthwaite(np.array([[1.0, 5.0], [1.0, 0.1], [-1.0, 0.1], [1.0, 0.1]])).round(1).tolist()
    [3.0, 1.0]
    """
    second, fourth = (influence**2).sum(axis=0), (influence**4).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = 3 * second**2 / fourth - 2
    most = len(influence) - 1.0
    return np.asarray(np.where(fourth > 0, np.clip(df, 1.0, most), most), dtype=float)


def hc1_factor(rows: int, parameters: int) -> float:
    """Return n / (n - K) (MacKinnon and White 1985)."""
    return rows / _spare(rows, parameters)


def cluster_factor(clusters: int, rows: int, parameters: int) -> float:
    """Return G / (G - 1) × (n - 1) / (n - K).

    K leaves out fixed effects that are nested in the clusters (Cameron and Miller 2015, section II.B).

    >>> cluster_factor(11, 101, 1)
    1.1
    """
    return clusters / (clusters - 1) * (rows - 1) / _spare(rows, parameters)


def _spare(rows: int, parameters: int) -> int:
    if rows <= parameters:
        msg = f"{rows} rows cannot support {parameters} parameters; use fewer covariates or more data"
        raise EstimationError(msg)
    return rows - parameters


def check_clusters(count: int, name: str) -> tuple[Text, ...]:
    """Return the notes on the number of clusters; fewer than two is an error."""
    if count < 2:
        msg = f"{name!r} has {count} cluster; a clustered standard error needs at least two: cluster by a finer unit"
        raise EstimationError(msg)
    told = (say.clustered(name, count),)
    return (*told, say.few_clusters(count)) if count < say.FEW_CLUSTERS else told


def lone_sides(treated: Bools, cluster: Ints) -> tuple[Text, ...]:
    """Say when all treated, or all untreated, rows are in one cluster; refuse when both are.

    Raises
    ------
    EstimationError
        One treated and one untreated cluster: the clustered variance would be zero by construction.
    """
    told: list[Text] = []
    for rows, side, zh in ((treated, "treated", "处理组"), (~treated, "untreated", "对照组")):
        if len(np.unique(cluster[rows])) == 1:
            told.append(say.lone_cluster(side, zh))
    if len(told) == 2:
        msg = (
            "all treated rows lie in one cluster and all untreated rows in one other: there is no variation between "
            "clusters to measure; cluster by a finer unit, or find more villages"
        )
        raise EstimationError(msg)
    return tuple(told)


def nested(inner: Ints, outer_codes: NDArray[np.intp]) -> bool:
    """Return whether every inner group lies within one outer group.

    >>> nested(np.array([0, 0, 1]), np.array([5, 5, 5])), nested(np.array([0, 0]), np.array([1, 2]))
    (True, False)
    """
    pairs = np.unique(np.column_stack([inner, outer_codes]), axis=0)
    return len(pairs) == len(np.unique(inner))
