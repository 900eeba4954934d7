"""Measures of a forecast of rare events, on arrays of shape (n,); ties never depend on the row order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.binary import fit_binary
from evalkit.design import Floats
from evalkit.errors import EstimationError


@dataclass(frozen=True, eq=False)
class Measured:
    """A statistic and the influence value of each row on it, weights included, shape (n,)."""

    value: float
    influence: Floats


def auc(y: Floats, score: Floats, weight: Floats) -> Measured:
    """Return the weighted area under the ROC curve, ties counted half.

    The influence values are the weighted placements of DeLong, DeLong & Clarke-Pearson (1988, eq. 5-6):
    the share of non-events that an event outranks, and the share of events that outrank a non-event.

    Returns
    -------
    Measured
        NaN without events or without non-events.

    Examples
    --------
    >>> y, s = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0])
    >>> auc(y, s, np.ones(4)).value
    0.75
    """
    _, level = np.unique(score, return_inverse=True)
    k = int(level.max(initial=-1)) + 1
    positive = np.bincount(level, weights=weight * y, minlength=k)
    negative = np.bincount(level, weights=weight * (1 - y), minlength=k)
    total_p, total_n = positive.sum(), negative.sum()
    if not (total_p > 0 and total_n > 0):
        return Measured(np.nan, np.full(len(y), np.nan))
    below = (np.cumsum(negative) - negative / 2) / total_n
    above = 1 - (np.cumsum(positive) - positive / 2) / total_p
    area = float(positive @ below / total_p)
    on_event = weight * y * (below[level] - area) / total_p
    on_other = weight * (1 - y) * (above[level] - area) / total_n
    return Measured(area, np.asarray(on_event + on_other, dtype=float))


def brier(y: Floats, probability: Floats, weight: Floats) -> Measured:
    """Return the weighted mean squared error of probabilities (Brier 1950).

    >>> brier(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.ones(2)).value
    0.25
    """
    loss = (probability - y) ** 2
    value = float(weight @ loss / weight.sum())
    return Measured(value, np.asarray(weight * (loss - value) / weight.sum(), dtype=float))


def listed(score: Floats, weight: Floats, quota: float) -> Floats:
    """Return each row's share on a list of the `quota` highest scores, shape (n,), between 0 and 1.

    Rows tied at the end of the list share the remaining places equally, so that the list does not
    depend on the order of rows.

    >>> listed(np.array([3.0, 1.0, 1.0, 0.0]), np.ones(4), 0.5)
    array([1. , 0.5, 0.5, 0. ])
    """
    if not 0 < quota < 1:
        msg = f"the list quota must lie between 0 and 1, got {quota}; mend return_risk.quota"
        raise EstimationError(msg)
    _, level = np.unique(-score, return_inverse=True)
    mass = np.bincount(level, weights=weight)
    room = quota * weight.sum() - (np.cumsum(mass) - mass)
    share = np.clip(room / np.where(mass > 0, mass, 1.0), 0.0, 1.0)
    return np.asarray(share[level], dtype=float)


def precision(y: Floats, on_list: Floats, weight: Floats) -> float:
    """Return the share of the list that are events."""
    size = float(weight @ on_list)
    return float((weight * on_list) @ y / size) if size > 0 else np.nan


def recall(y: Floats, on_list: Floats, weight: Floats) -> Measured:
    """Return the share of all events that are on the list; the list is taken as given.

    >>> recall(np.array([1.0, 1.0]), np.array([1.0, 0.0]), np.ones(2)).value
    0.5
    """
    events = weight * y
    total = float(events.sum())
    if total <= 0:
        return Measured(np.nan, np.full(len(y), np.nan))
    value = float(events @ on_list / total)
    return Measured(value, np.asarray(events * (on_list - value) / total, dtype=float))


def observed_expected(y: Floats, probability: Floats, weight: Floats) -> float:
    """Return weighted events over weighted expected events.

    >>> observed_expected(np.array([1.0, 0.0]), np.array([0.25, 0.25]), np.ones(2))
    2.0
    """
    expected = float(weight @ probability)
    return float(weight @ y / expected) if expected > 0 else np.nan


def calibration_slope(y: Floats, probability: Floats, weight: Floats) -> float:
    """Return the slope of a logit regression of the label on the log-odds forecast (Cox 1958).

    NaN where the forecast does not vary, or predicts 0 or 1 for some row.

    Raises
    ------
    EstimationError
        If the labels are separated by the forecast.
    """
    if (probability <= 0).any() or (probability >= 1).any() or np.ptp(probability) < 1e-12:
        return float("nan")
    odds = np.log(probability / (1 - probability))
    scale = float(odds.std())
    x = np.column_stack([np.ones(len(y)), (odds - odds.mean()) / scale])
    return float(fit_binary(x, y, weight / weight.mean()).coef[1] / scale)
