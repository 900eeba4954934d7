"""What a report says of imputation: shares, diagnostics, figures without and with imputed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.estimate import Estimate
from evalkit.imputation.imputing import Imputations, impute
from evalkit.panel import Panel
from evalkit.planweights import ImputationSection
from evalkit.sidebyside import Comparison
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class CountyImputation:
    """One county's imputations.

    Attributes
    ----------
    imputations : Imputations
    estimates : mapping
        Name → pooled estimate.
    tables : mapping
        ``imputed_shares``, ``imputation_diagnostics``, ``imputation_compared`` (complete rows beside the pooled figures,
        key ``figure``).
    """

    imputations: Imputations
    estimates: Mapping[str, Estimate]
    tables: Mapping[str, pd.DataFrame]


def county_imputation(
    panel: Panel,
    columns: Sequence[str],
    figures: Mapping[str, Callable[[Panel], Estimate]],
    *,
    seed: int,
    settings: ImputationSection | None = None,
) -> CountyImputation:
    """Impute one county's panel and tabulate what that changes.

    Parameters
    ----------
    panel : Panel
    columns : sequence of str
    figures : mapping
        Name → verb, a function from a panel to an estimate.
    seed : int
    settings : ImputationSection, optional
        m, iterations, predictors and group, as in `impute`; the defaults of the plan when not given.

    Raises
    ------
    DataError, EstimationError
        As in `impute` and the verbs.
    """
    how = settings or ImputationSection(columns=tuple(columns))
    done = impute(
        panel,
        columns,
        m=how.m,
        seed=seed,
        group=how.group,
        iterations=how.iterations,
        predictors=how.predictors,
    )
    pooled = {name: done.over(verb) for name, verb in figures.items()}
    what = Text(en="missing items imputed", zh="缺失项已插补")
    parts = [
        Comparison(verb(panel), pooled[name], what).tidy().assign(figure=name)
        for name, verb in figures.items()
    ]
    compared = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    tables = {
        "imputed_shares": done.shares(),
        "imputation_diagnostics": done.diagnostics(),
        "imputation_compared": compared,
    }
    return CountyImputation(done, pooled, tables)
