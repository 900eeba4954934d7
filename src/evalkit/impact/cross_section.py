"""Difference in means, randomised or adjusted: one row a household."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate import About
from evalkit.impact.inference import ErrorRule, StdErrors, choose
from evalkit.impact.inputs import Bools, Data, Floats, Table, names, read, source
from evalkit.impact.linear import Grouping, Problem, effect, norms
from evalkit.impact.regression import demean
from evalkit.impact.used import ProgramEffect


def difference_in_means(
    data: Data,
    *,
    outcome: str,
    treatment: str,
    covariates: Sequence[str] | str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> ProgramEffect:
    """Return the mean of the treated minus the mean of the untreated, adjusted for covariates if given.

    The coefficient of `treatment` in a weighted regression of `outcome` on a constant, the treatment and the
    covariates: the intention-to-treat effect where treatment was randomised, an association otherwise.

    Parameters
    ----------
    data : DataFrame or Panel
        One row a household; filter to one wave first. A panel lends its weight and its cluster.
    outcome : str
        Numeric column, in any unit; the effect has the same unit.
    treatment : str
        0/1 or boolean column.
    covariates : str or sequence of str, optional
        Numeric columns, entering linearly.
    weights : str, optional
    cluster : str, optional
        Column of villages or other units of assignment.
    std_errors : {"cluster", "hc1", "classical"}, optional
        ``cluster`` where `cluster` is given (or the panel has villages or a PSU), else ``hc1``.

    Returns
    -------
    ProgramEffect
        One value, with the units used. HC1 is n/(n-K) Σ z², t(n-K); clustered is G/(G-1) (n-1)/(n-K) Σ z_c², t(G-1).

    Raises
    ------
    DataError
        Columns absent, not numeric, infinite; weights or clusters missing.
    EstimationError
        Treatment not 0/1 or without variation; fewer than two clusters; too few rows.

    References
    ----------
    White (1980); MacKinnon & White (1985), eq. 13; Liang & Zeger (1986).
    """
    src = source(data, weights=weights)
    rule = choose(std_errors, cluster, src=src, otherwise=ErrorRule("hc1", None))
    extra = names(covariates)
    # what a panel knows about units and waves plays no part in one cross-section
    table = read(
        replace(src, unit=None, time=None),
        required=[outcome, treatment, *extra],
        cluster=rule.cluster,
        within=rule.within,
    )
    treated = binary(table.values[treatment], treatment)
    columns = np.column_stack([table.values[c] for c in (treatment, *extra)])
    about = About(
        estimand="difference in means",
        method=("weighted " if src.weights else "")
        + "least squares on treatment"
        + (f" and {len(extra)} covariates" if extra else ""),
        citation="White (1980); MacKinnon & White (1985)",
        notes=table.notes,
    )
    problem = with_constant(table, table.values[outcome], columns, (treatment, *extra))
    grouping = grouping_of(table, rule, treated)
    return effect(problem, table, rule, grouping=grouping, treated=treated, about=about)


def with_constant(table: Table, outcome: Floats, columns: Floats, labels: tuple[str, ...]) -> Problem:
    """Return the regression with a constant absorbed."""
    both = demean(np.column_stack([outcome, columns]), table.weight)
    return Problem(
        outcome=both[:, 0],
        columns=both[:, 1:],
        labels=labels,
        size=norms(columns, table.weight),
        absorbed=1,
        absorbed_clustered=1,
    )


def grouping_of(table: Table, rule: ErrorRule, treated: Bools | None) -> Grouping | None:
    """Return the clusters of the rows, if the rule has any."""
    if rule.cluster is None or table.cluster is None:
        return None
    return Grouping(rule.cluster, table.cluster, treated)


def binary(values: Floats, name: str) -> Bools:
    """Return a 0/1 column as booleans.

    Raises
    ------
    EstimationError
        If there is another value, or only one of the two.

    >>> binary(np.array([0.0, 1.0]), "program").tolist()
    [False, True]
    """
    found = np.unique(values)
    other = found[(found != 0) & (found != 1)]
    if len(other):
        listed = ", ".join(f"{v:g}" for v in other[:5])
        msg = f"{name!r} must be 0 or 1 (or boolean), found {len(other)} other values: {listed}; recode it"
        raise EstimationError(msg)
    if len(found) < 2:
        side = "treated" if found[0] == 1 else "untreated"
        msg = f"all {len(values)} rows are {side} by {name!r}: there is nothing to compare with"
        raise EstimationError(msg)
    return np.asarray(values == 1, dtype=bool)
