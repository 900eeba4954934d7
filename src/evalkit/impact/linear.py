"""One effect from an absorbed regression, with the standard error that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate import About
from evalkit.impact import notes as say
from evalkit.impact.inference import (
    ErrorRule,
    check_clusters,
    cluster_factor,
    cluster_sums,
    hc1_factor,
    lone_sides,
    outer,
)
from evalkit.impact.inputs import Bools, Floats, Ints, Table
from evalkit.impact.regression import Fit, least_squares
from evalkit.impact.used import ProgramEffect, count_used
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Problem:
    """A regression whose fixed effects are already absorbed.

    Attributes
    ----------
    outcome : ndarray, shape (n,)
    columns : ndarray, shape (n, k)
        The effect of interest first.
    labels : tuple of str
        One for each column.
    size : ndarray, shape (k,)
        Weighted norm of each column before absorbing.
    absorbed : int
        Number of absorbed effects.
    absorbed_clustered : int
        The same without effects nested in the clusters.
    """

    outcome: Floats
    columns: Floats
    labels: tuple[str, ...]
    size: Floats
    absorbed: int
    absorbed_clustered: int


@dataclass(frozen=True, eq=False)
class Grouping:
    """Clusters of the rows: column name, codes of shape (n,), and which rows are of treated units (if 0/1)."""

    name: str
    code: Ints
    treated: Bools | None


def norms(columns: Floats, weight: Floats) -> Floats:
    """Return weighted Euclidean norms of the columns, shape (k,).

    >>> norms(np.array([[3.0], [4.0]]), np.ones(2)).tolist()
    [5.0]
    """
    return np.asarray(np.sqrt(weight @ columns**2), dtype=float)


def effect(
    problem: Problem,
    table: Table,
    rule: ErrorRule,
    *,
    grouping: Grouping | None,
    treated: Bools,
    about: About,
) -> ProgramEffect:
    """Estimate the coefficient of the first column.

    Parameters
    ----------
    problem, table, rule : Problem, Table, ErrorRule
    grouping : Grouping, optional
        Needed where the rule is ``cluster``.
    treated : ndarray of bool, shape (n,)
        Rows of the units whose treatment the effect is estimated from, to be counted.
    about : About
        Its notes come first.

    Returns
    -------
    ProgramEffect
        One value; `n` counts rows. A table without units has one row a unit.

    Raises
    ------
    EstimationError
        Effect not identified, too few rows, fewer than two clusters.
    """
    fit = least_squares(problem.outcome, problem.columns, table.weight, problem.size)
    told = list(about.notes)
    told += _lost_notes(problem, fit)
    n, k = len(table), len(fit.kept)
    clusters = None
    if rule.kind == "cluster":
        if grouping is None:
            msg = "clustered standard errors were asked for without clusters"
            raise EstimationError(msg)
        count = int(grouping.code.max()) + 1
        told += _cluster_notes(grouping, count)
        cov, df = _clustered(fit, grouping.code, count, problem.absorbed_clustered), float(count - 1)
        clusters = np.array([float(count)])
    else:
        cov, df = _unclustered(fit, rule, n, k + problem.absorbed), float(n - k - problem.absorbed)
        if rule.kind == "classical":
            told.append(say.classical())
    unit = table.unit if len(table.units) > 1 else np.arange(n)
    return ProgramEffect(
        keys=pd.DataFrame(index=range(1)),
        values=fit.coefficients[:1],
        cov=cov,
        df=np.array([df]),
        n=np.array([float(n)]),
        about=replace(about, notes=tuple(told)),
        clusters=clusters,
        used=count_used(unit, treated, None if grouping is None else grouping.code),
    )


def _lost_notes(problem: Problem, fit: Fit) -> tuple[Text, ...]:
    lost = [label for j, label in enumerate(problem.labels) if j not in fit.kept]
    return (say.collinear(lost),) if lost else ()


def _cluster_notes(grouping: Grouping, count: int) -> tuple[Text, ...]:
    told = check_clusters(count, grouping.name)
    return told if grouping.treated is None else (*told, *lone_sides(grouping.treated, grouping.code))


def _clustered(fit: Fit, code: Ints, count: int, absorbed: int) -> Floats:
    factor = cluster_factor(count, len(code), len(fit.kept) + absorbed)
    return outer(cluster_sums(fit.influence[:, :1], code, count), factor)


def _unclustered(fit: Fit, rule: ErrorRule, rows: int, parameters: int) -> Floats:
    factor = hc1_factor(rows, parameters)
    if rule.kind == "classical":
        return np.asarray(fit.inverse[:1, :1] * fit.squares * factor / rows, dtype=float)
    return outer(fit.influence[:, :1], factor)
