"""Who to visit: the households out of poverty now, ranked by the risk of return in the next wave."""

from __future__ import annotations

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.risk import metrics
from evalkit.risk.hazard import DiscreteHazard
from evalkit.risk.person_years import Spells
from evalkit.risk.validate import ReturnModel


def watch_list(
    model: ReturnModel, spells: Spells, *, quota: float = 0.05, level: float = 0.95
) -> pd.DataFrame:
    """Return the households at risk of the wave after the last, the highest risk first.

    It names households and is meant for the evaluator's desk, not for a report.

    Parameters
    ----------
    model : fitted model
        Fitted on all waves, so that the newest labels count.
    spells : Spells
        The panel's person-years; features are those of the panel's last wave.
    quota : float
        Share of the (weighted) households at risk that fit on the list.
    level : float
        Coverage of the limits of a `DiscreteHazard`'s probability (delta method).

    Returns
    -------
    DataFrame
        ``household, county, village, duration, wave, risk, conf_low, conf_high, share``; `share` is
        below 1 for households tied at the end of the list. Limits are missing for other models.

    Raises
    ------
    EstimationError
        If the model is not fitted, or no household is out of poverty in the last wave.
    """
    upcoming = spells.upcoming()
    if not len(upcoming):
        msg = "no household with a known exit is out of poverty in the panel's last wave: there is nobody to watch"
        raise EstimationError(msg)
    out = upcoming.frame[["household", "county", "village", "duration", "wave"]].copy()
    out["risk"] = model.predict(upcoming)
    out["conf_low"], out["conf_high"] = float("nan"), float("nan")
    if isinstance(model, DiscreteHazard):
        limits = model.predict_interval(upcoming, level)
        out["conf_low"], out["conf_high"] = limits.low, limits.high
    score = model.scores(upcoming)
    out["share"] = metrics.listed(score, upcoming.weight, quota)
    out = out.assign(_score=-score).sort_values(["_score", "household"], kind="stable").drop(columns="_score")
    return out[out["share"] > 0].reset_index(drop=True)
