"""Movements of the same households: matrices, spells, chronic poverty, mobility."""

from __future__ import annotations

from evalkit import measures as ek
from evalkit.estimate import Estimate
from evalkit.panel import By, Panel
from measure_cases.frame import LINE, Case


def _trace(panel: Panel, by: By = None) -> Estimate:
    return ek.trace_mobility(ek.transition_matrix(panel, groups=3, frm=2016, to=2018, by=by))


CASES = [
    Case(
        "matrix of bands",
        lambda p, by=None: ek.transition_matrix(p, LINE, multiples=(1, 1.5), by=by),
        moving=True,
    ),
    Case(
        "matrix of groups",
        lambda p, by=None: ek.transition_matrix(p, groups=2, by=by),
        smooth=False,
        moving=True,
        kernel=True,
    ),
    Case("trace mobility", _trace, smooth=False, moving=True, kernel=True),
    Case("exit by duration", lambda p, by=None: ek.exit_rate(p, LINE, by=by, by_duration=True), moving=True),
    Case("survival of poverty", lambda p, by=None: ek.spell_survival(p, LINE, by=by), moving=True),
    Case("chronic", lambda p, by=None: ek.chronic_poverty(p, LINE, by=by), moving=True),
    Case(
        "chronic, corrected",
        lambda p, by=None: ek.chronic_poverty(p, LINE, alpha=1, corrected=True, by=by),
        moving=True,
    ),
    Case(
        "chronic, equivalent gaps",
        lambda p, by=None: ek.chronic_poverty(p, LINE, method="ede", by=by),
        moving=True,
    ),
    *(
        Case(
            name,
            lambda p, by=None, name=name: ek.mobility(
                p, frm=2016, to=2018, measure=name, by=by, nonpositive="drop"
            ),
            moving=True,
        )
        for name in (
            "shorrocks_gini",
            "shorrocks_theil",
            "shorrocks_mld",
            "fields_ok",
            "fields_ok_currency",
            "spearman",
            "log_correlation",
        )
    ),
]
