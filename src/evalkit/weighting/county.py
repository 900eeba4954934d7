"""What a report says of calibration: totals achieved, the spread of the ratios, figures before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.weighting.calibration import Calibration, calibrate
from evalkit.weighting.distances import Limits, Method
from evalkit.weighting.margins import Totals


@dataclass(frozen=True, eq=False)
class CountyCalibration:
    """One county's calibration.

    Attributes
    ----------
    panel : Panel
        With calibrated weights.
    calibration : Calibration
    tables : mapping
        ``calibration_totals`` (targets and what was achieved), ``calibration_ratios`` (distribution by cell),
        ``calibration_compared`` (figures before and after, key ``figure``).
    """

    panel: Panel
    calibration: Calibration
    tables: Mapping[str, pd.DataFrame]


def county_calibration(
    panel: Panel,
    totals: Totals,
    figures: Mapping[str, Callable[[Panel], Estimate]],
    *,
    method: Method = "raking",
    bounds: Limits = None,
) -> CountyCalibration:
    """Calibrate one county's panel and tabulate what that changes.

    Parameters
    ----------
    panel : Panel
    totals : mapping or DataFrame
        Of this county; see `calibrate`.
    figures : mapping
        Name → verb, a function from a panel to an estimate.
    method, bounds
        As in `calibrate`.

    Raises
    ------
    DataError, DesignError, EstimationError
        As in `calibrate`.
    """
    done = calibrate(panel, totals, method=method, bounds=bounds)
    parts = [done.compare(panel, verb).tidy().assign(figure=name) for name, verb in figures.items()]
    compared = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    tables = {
        "calibration_totals": done.tidy(),
        "calibration_ratios": done.distribution(),
        "calibration_compared": compared,
    }
    return CountyCalibration(done.apply(panel), done, tables)
