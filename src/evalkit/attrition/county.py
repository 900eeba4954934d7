"""What a report says of attrition: the table, the test, and figures before and after reweighting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.attrition.bglw import bglw_test
from evalkit.attrition.counting import Pattern, attrition_pattern, attrition_table
from evalkit.attrition.reweighting import AttritionWeights, attrition_weights
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.planweights import AttritionSection
from evalkit.reasons import reason
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class CountyAttrition:
    """One county's attrition.

    Attributes
    ----------
    tables : mapping
        ``attrition``; and, where covariates are named, ``attrition_test`` (BGLW), ``attrition_weights`` (by wave),
        ``attrition_balance`` and ``attrition_compared`` (figures before and after, key ``figure``).
    pattern : Pattern
    weights : AttritionWeights or None
    notes : tuple of Text
    omitted : mapping
        Table → why it is not there.
    """

    tables: Mapping[str, pd.DataFrame]
    pattern: Pattern
    weights: AttritionWeights | None
    notes: tuple[Text, ...]
    omitted: Mapping[str, Text]


def county_attrition(
    panel: Panel,
    covariates: Sequence[str] = (),
    figures: Mapping[str, Callable[[Panel], Estimate]] | None = None,
    *,
    settings: AttritionSection | None = None,
    by: str | Sequence[str] | None = None,
    events: pd.DataFrame | None = None,
) -> CountyAttrition:
    """Tabulate one county's attrition and what reweighting for it changes.

    Parameters
    ----------
    panel : Panel
    covariates : sequence of str
        Of the test and the weights; without any, there is the table only.
    figures : mapping, optional
        Name → verb, a function from a panel to an estimate.
    settings : AttritionSection, optional
        How weights are made (trim, covariates_at, stabilised); the defaults of the plan when not given.
    by, events
        As in `attrition_table`.

    Raises
    ------
    EstimationError
        The panel has one wave.
    """
    tables = {"attrition": attrition_table(panel, by, events=events)}
    pattern, omitted = attrition_pattern(panel), dict[str, Text]()
    weights: AttritionWeights | None = None
    notes: tuple[Text, ...] = ()
    if covariates:
        try:
            tables["attrition_test"] = bglw_test(panel, "welfare", covariates, events=events).tidy()
        except (DataError, DesignError, EstimationError) as error:
            omitted["attrition_test"] = reason(error)
        try:
            weights = _weights(panel, covariates, settings or AttritionSection(), events)
            notes = weights.notes
            tables |= {"attrition_weights": weights.waves, "attrition_balance": weights.balance}
        except (DataError, DesignError, EstimationError) as error:
            omitted["attrition_weights"] = reason(error)
    if weights is not None:
        try:
            compared = _compared(weights, panel, figures or {})
            tables |= {} if compared is None else {"attrition_compared": compared}
        except (DataError, DesignError, EstimationError) as error:
            omitted["attrition_compared"] = reason(error)
    return CountyAttrition(tables, pattern, weights, notes, omitted)


def _weights(
    panel: Panel, covariates: Sequence[str], settings: AttritionSection, events: pd.DataFrame | None
) -> AttritionWeights:
    return attrition_weights(
        panel,
        covariates,
        trim=settings.trim,
        stabilised=settings.stabilised,
        covariates_at=settings.covariates_at,
        events=events,
    )


def _compared(
    weights: AttritionWeights, panel: Panel, figures: Mapping[str, Callable[[Panel], Estimate]]
) -> pd.DataFrame | None:
    parts = [weights.compare(panel, verb).tidy().assign(figure=name) for name, verb in figures.items()]
    return pd.concat(parts, ignore_index=True) if parts else None
