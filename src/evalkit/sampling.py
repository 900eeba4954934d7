"""Planner of exit evaluations: how many households, how many findings allowed, at what risk.

Exact binomial numbers for independent households; a clustered sample multiplies them by its design
effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import stats

from evalkit.errors import EstimationError

LARGEST = 10_000_000
"""No sample larger than this is searched for."""


@dataclass(frozen=True)
class SamplePlan:
    """A decision rule: survey `households`, and show the threshold if at most `allowed` are findings."""

    households: int
    allowed: int


@dataclass(frozen=True)
class LotErrors:
    """Risks of a lot quality assurance rule: `alpha` fails a good lot, `beta` passes a bad one."""

    alpha: float
    beta: float


def sample_size(
    threshold: float, allowed: int = 0, confidence: float = 0.95, *, design_effect: float = 1.0
) -> int:
    """Return the smallest sample in which `allowed` findings still show a rate below the threshold.

    Smallest n with P(X ≤ allowed | n, threshold) ≤ 1 - confidence for binomial X: the one-sided
    Clopper–Pearson limit of allowed / n is then below the threshold.

    Parameters
    ----------
    threshold : float
        Share, between 0 and 1.
    allowed : int
        Findings allowed, 0 or more.
    confidence : float
        One-sided, between 0.5 and 1.
    design_effect : float
        At least 1; the size for independent households is multiplied by it and rounded up.

    Raises
    ------
    EstimationError
        If an argument is outside its range.

    Examples
    --------
    >>> [sample_size(0.02, c) for c in range(3)]
    [149, 236, 313]
    """
    _check(threshold, confidence, design_effect)
    if allowed < 0:
        msg = f"findings allowed must be 0 or more, got {allowed}"
        raise EstimationError(msg)
    n = smallest(lambda n: bool(stats.binom.cdf(allowed, n, threshold) <= 1 - confidence), start=allowed + 1)
    if n is None:
        msg = f"more than {LARGEST} households would be needed at a threshold of {threshold}"
        raise EstimationError(msg)
    return math.ceil(n * design_effect - 1e-9)


def plan_sample(
    threshold: float,
    true_rate: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> SamplePlan:
    """Return the smallest plan that shows the threshold with the power asked for at a true rate.

    Raises
    ------
    EstimationError
        If the true rate is not below the threshold, or an argument is outside its range.

    Examples
    --------
    >>> plan_sample(0.02, 0.01)
    SamplePlan(households=969, allowed=12)
    """
    _check(threshold, confidence, design_effect)
    if not 0 <= true_rate < threshold or not 0 < power < 1:
        msg = (
            f"a plan needs 0 ≤ true rate < threshold and a power between 0 and 1, got {true_rate}, "
            f"{threshold}, {power}"
        )
        raise EstimationError(msg)
    for allowed in range(1000):
        n = sample_size(threshold, allowed, confidence)
        if stats.binom.cdf(allowed, n, true_rate) >= power:
            return SamplePlan(math.ceil(n * design_effect - 1e-9), allowed)
    msg = f"a true rate of {true_rate} is too near the threshold {threshold} to be told apart by any survey"
    raise EstimationError(msg)


def lot_errors(households: int, passing: int, *, good: float, bad: float) -> LotErrors:
    """Return the risks of accepting a lot with at least `passing` of `households` good.

    Parameters
    ----------
    households, passing : int
    good, bad : float
        Share of good households in a lot that should be accepted, and in one that should not.

    Examples
    --------
    >>> errors = lot_errors(19, 13, good=0.8, bad=0.5)
    >>> round(errors.alpha, 4), round(errors.beta, 4)
    (0.0676, 0.0835)
    """
    if not 0 < passing <= households or not 0 < bad < good < 1:
        msg = (
            f"a lot rule needs 0 < passing ≤ households and 0 < bad < good < 1, got {passing} of "
            f"{households}, {bad} and {good}"
        )
        raise EstimationError(msg)
    return LotErrors(
        alpha=float(stats.binom.cdf(passing - 1, households, good)),
        beta=float(stats.binom.sf(passing - 1, households, bad)),
    )


def smallest(holds: Callable[[int], bool], start: int = 1) -> int | None:
    """Return the smallest integer ≥ start for which a monotone condition holds; None above `LARGEST`.

    >>> smallest(lambda n: n * n >= 50)
    8
    """
    if holds(start):
        return start
    low, high = start, 2 * start
    while not holds(high):
        if high > LARGEST:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _check(threshold: float, confidence: float, design_effect: float) -> None:
    if not 0 < threshold < 1 or not 0.5 < confidence < 1 or not design_effect >= 1:
        msg = (
            "a sample plan needs 0 < threshold < 1, 0.5 < confidence < 1 and a design effect ≥ 1, got "
            f"{threshold}, {confidence} and {design_effect}"
        )
        raise EstimationError(msg)
