"""Errors of the measures by replicate weights that come with the data (plan.design.replicates)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import special

from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.pipeline.measuring import Collected
from evalkit.plan import Plan
from evalkit.replication import replicate_estimates, supplied_replicates


def with_replicates(
    found: Collected, panel: Panel, plan: Plan, measure: Callable[[Panel], Collected]
) -> Collected:
    """Return what was measured with the errors of the data's replicate weights; as it was where the plan names none.

    Parameters
    ----------
    found : Collected
        Measured with the design's weight.
    panel : Panel
    plan : Plan
    measure : callable
        The same measures of a panel with other weights.

    Raises
    ------
    DesignError
        Columns absent, or weights missing, infinite or negative.
    """
    asked = plan.design.replicates
    if asked is None:
        return found
    made = supplied_replicates(
        panel,
        asked.names,
        kind=asked.kind,
        scale=asked.scale,
        rscales=asked.rscales,
        rho=asked.rho,
        combined=asked.combined,
        mse=asked.mse,
    )

    def estimates(other: Panel) -> dict[str, Estimate]:
        return found.estimates if other is panel else measure(other).estimates

    out = replace(found, estimates=replicate_estimates(panel, estimates, replicates=made))
    _test_again(out)
    return out


def _test_again(out: Collected) -> None:
    """Put the one-sided p values of growth above the benchmark on the errors that are now used."""
    for cohort in ("baseline", "current"):
        name = f"benchmark_{cohort}"
        if name not in out.estimates or f"{name}_p" not in out.facts:
            continue
        estimate = out.estimates[name]
        ahead = estimate.values[0] - out.facts["benchmark"]["growth"]
        error, df = estimate.std_error[0], estimate.df[0]
        if not (np.isfinite(ahead) and error > 0 and df > 0):
            out.facts[f"{name}_p"] = None
            continue
        t = -ahead / error
        out.facts[f"{name}_p"] = float(special.stdtr(df, t) if np.isfinite(df) else special.ndtr(t))
