"""One two-period comparison of a treated group with controls, on arrays: difference, regression, weighting, both.

Written from Sant'Anna & Zhao (2020), equations 2.2, 2.3, 2.4 and theorem 1, and Callaway & Sant'Anna (2021),
equations 2.2 to 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.errors import EstimationError
from evalkit.impact.inputs import Bools, Floats

Method = Literal["dr", "reg", "ipw"]
ITERATIONS = 60
EDGE = 1e-8
"""A unit this close to being treated for certain has no counterpart among the controls."""


@dataclass(frozen=True, eq=False)
class Effect:
    """Average effect on the treated and its influence values, shape (m,): the error is their sum."""

    value: float
    influence: Floats


def compare(
    change: Floats, treated: Bools, weight: Floats, covariates: Floats | None, method: Method
) -> Effect:
    """Return the average effect on the treated.

    Parameters
    ----------
    change : ndarray, shape (m,)
        Outcome after minus outcome before.
    treated : ndarray of bool, shape (m,)
        False for controls.
    weight : ndarray, shape (m,)
    covariates : ndarray, shape (m, q), optional
        Without a constant.
    method : {"dr", "reg", "ipw"}
        Without covariates the three are the difference in mean changes.

    Raises
    ------
    EstimationError
        Covariates collinear, or treated and controls do not overlap.

    >>> out = compare(np.array([3.0, 5.0, 1.0, 2.0]), np.array([True, True, False, False]), np.ones(4), None, "dr")
    >>> out.value, out.influence.tolist()
    (2.5, [-0.5, 0.5, 0.25, -0.25])
    """
    if covariates is None or covariates.shape[1] == 0:
        return _difference(change, treated, weight)
    design = _standardised(covariates)
    _check_rank(design if method == "ipw" else design[~treated])
    if method == "reg":
        return _regression(change, treated, weight, design)
    return _weighting(
        change, treated, weight, design, _outcome_model(change, treated, weight, design, method)
    )


def _difference(change: Floats, treated: Bools, weight: Floats) -> Effect:
    w1, w0 = weight * treated, weight * ~treated
    n1, n0 = w1.sum(), w0.sum()
    m1, m0 = w1 @ change / n1, w0 @ change / n0
    return Effect(float(m1 - m0), np.asarray(w1 * (change - m1) / n1 - w0 * (change - m0) / n0, dtype=float))


def _standardised(covariates: Floats) -> Floats:
    """Return a constant and the covariates with mean 0 and spread 1 (the effect does not depend on units)."""
    spread = covariates.std(axis=0)
    centred = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([np.ones(len(covariates)), centred])


def _check_rank(design: Floats) -> None:
    if np.linalg.matrix_rank(design, tol=1e-9 * np.sqrt(len(design))) < design.shape[1]:
        msg = "covariates are collinear or constant among the units compared"
        raise EstimationError(msg)


@dataclass(frozen=True, eq=False)
class _Outcome:
    """Predicted change, shape (m,), and the influence of its coefficients, shape (m, q + 1)."""

    predicted: Floats
    influence: Floats


def _outcome_model(
    change: Floats, treated: Bools, weight: Floats, design: Floats, method: Method
) -> _Outcome:
    if method == "ipw":
        return _Outcome(np.zeros(len(change)), np.zeros(design.shape))
    w0 = weight * ~treated
    inverse = _inverse(design.T @ (design * w0[:, None]))
    predicted = design @ (inverse @ (design.T @ (w0 * change)))
    scores = design * (w0 * (change - predicted))[:, None]
    return _Outcome(predicted, np.asarray(scores @ inverse, dtype=float))


def _regression(change: Floats, treated: Bools, weight: Floats, design: Floats) -> Effect:
    model = _outcome_model(change, treated, weight, design, "reg")
    w1 = weight * treated
    gap = change - model.predicted
    value = w1 @ gap / w1.sum()
    slope = w1 @ design
    return Effect(
        float(value), np.asarray((w1 * (gap - value) - model.influence @ slope) / w1.sum(), dtype=float)
    )


def _weighting(change: Floats, treated: Bools, weight: Floats, design: Floats, model: _Outcome) -> Effect:
    score, score_influence = propensity(treated, weight, design)
    w1 = weight * treated
    w0 = np.where(treated, 0.0, weight * score / np.where(treated, 1.0, 1 - score))
    n1, n0 = w1.sum(), w0.sum()
    gap = change - model.predicted
    m1, m0 = w1 @ gap / n1, w0 @ gap / n0
    from_treated = (w1 * (gap - m1) - model.influence @ (w1 @ design)) / n1
    from_controls = (
        w0 * (gap - m0) + score_influence @ ((w0 * (gap - m0)) @ design) - model.influence @ (w0 @ design)
    ) / n0
    return Effect(float(m1 - m0), np.asarray(from_treated - from_controls, dtype=float))


def propensity(treated: Bools, weight: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Return logit probabilities of treatment, shape (m,), and the influence of the coefficients, shape (m, q).

    Newton's method with step halving; probabilities are never clipped.

    Raises
    ------
    EstimationError
        If the covariates separate treated from controls.
    """
    d = treated.astype(float)
    gamma = np.zeros(design.shape[1])
    total = weight.sum()
    for _ in range(ITERATIONS):
        p = _logistic(design @ gamma)
        gradient = design.T @ (weight * (d - p))
        if np.abs(gradient).max() <= 1e-13 * total:
            break
        step = _inverse(_information(design, weight, p)) @ gradient
        gamma = _improve(gamma, step, d, weight, design)
    p = _logistic(design @ gamma)
    gradient = design.T @ (weight * (d - p))
    if np.abs(gradient).max() > 1e-9 * total or (p > 1 - EDGE).any():
        msg = "covariates tell treated from control units (almost) perfectly: no overlap, no weighting"
        raise EstimationError(msg)
    scores = design * (weight * (d - p))[:, None]
    return p, np.asarray(scores @ _inverse(_information(design, weight, p)), dtype=float)


def _improve(gamma: Floats, step: Floats, d: Floats, weight: Floats, design: Floats) -> Floats:
    best = _likelihood(gamma, d, weight, design)
    scale = 1.0
    for _ in range(20):
        trial = gamma + scale * step
        if _likelihood(trial, d, weight, design) >= best - 1e-12 * abs(best):
            return np.asarray(trial, dtype=float)
        scale /= 2
    return np.asarray(gamma + scale * step, dtype=float)


def _likelihood(gamma: Floats, d: Floats, weight: Floats, design: Floats) -> float:
    index = design @ gamma
    return float(weight @ (d * index - np.logaddexp(0.0, index)))


def _information(design: Floats, weight: Floats, p: Floats) -> Floats:
    return np.asarray(design.T @ (design * (weight * p * (1 - p))[:, None]), dtype=float)


def _inverse(normal: Floats) -> Floats:
    """Invert a symmetric matrix; directions without information (a cell that holds controls only) get zero."""
    return np.asarray(np.linalg.pinv(normal, rcond=1e-14, hermitian=True), dtype=float)


def _logistic(index: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0.0, -index)), dtype=float)
