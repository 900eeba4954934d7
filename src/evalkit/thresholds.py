"""What one estimate says about one threshold: limits, a probability, the households that would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.intervals import effective_n, trials
from evalkit.sampling import smallest
from evalkit.tails import beta_tail, student_tail
from evalkit.text import Text

Direction = Literal["below", "above"]

TIE = 1e-12
"""Two numbers nearer than this are equal: a rate of 28/1400 sits at a threshold of 2 %, not above it."""


@dataclass(frozen=True)
class Criterion:
    """A threshold and how it is to be read.

    Parameters
    ----------
    label : Text
        Name as printed.
    threshold : float
        In the unit of the estimate.
    direction : {"below", "above"}
        Side on which the criterion is met.
    inclusive : bool
        A value equal to the threshold meets the criterion (``≤``, ``≥``).
    confidence : float
        Of each one-sided limit.
    """

    label: Text
    threshold: float
    direction: Direction = "below"
    inclusive: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.direction not in ("below", "above"):
            msg = f"direction must be 'below' or 'above', got {self.direction!r}"
            raise EstimationError(msg)
        if not math.isfinite(self.threshold) or not 0.5 < self.confidence < 1:
            msg = (
                "a verdict needs a finite threshold and a confidence between 0.5 and 1, got "
                f"{self.threshold} and {self.confidence}"
            )
            raise EstimationError(msg)

    def passes(self, value: float) -> bool:
        """Return whether a value known without error meets the criterion."""
        gap = self.threshold - value if self.direction == "below" else value - self.threshold
        return gap >= -TIE if self.inclusive else gap > TIE

    def clears(self, lower: float, upper: float) -> bool:
        """Return whether the limits lie wholly on the side that meets the criterion."""
        return self.passes(upper if self.direction == "below" else lower)

    def misses(self, lower: float, upper: float) -> bool:
        """Return whether the limits lie wholly on the other side."""
        limit = lower if self.direction == "below" else upper
        return math.isfinite(limit) and not self.passes(limit)


@dataclass(frozen=True)
class Evidence:
    """What a sample says: one-sided limits, probability above the threshold, households to settle it.

    NaN (None for `needed`) where it cannot be computed.
    """

    lower: float
    upper: float
    prob_above: float
    needed: int | None = None


NO_EVIDENCE = Evidence(math.nan, math.nan, math.nan)


def evidence(estimate: Estimate, criterion: Criterion) -> Evidence:
    """Return limits, probability and households needed for an estimate of one value."""
    value = float(estimate.values[0])
    if not math.isfinite(value):
        return NO_EVIDENCE
    if estimate.about.interval == "none":
        return Evidence(value, value, float(value > criterion.threshold + TIE))
    if estimate.about.interval == "fixed":
        both = estimate.confint(round(2 * criterion.confidence - 1, 12))
        return Evidence(float(both.low[0]), float(both.high[0]), math.nan)
    lower, upper = _limits(estimate, criterion.confidence)
    return Evidence(
        lower,
        upper,
        probability_above(
            estimate, criterion.threshold, confidence=criterion.confidence, direction=criterion.direction
        ),
        households_needed(estimate, criterion),
    )


def probability_above(
    estimate: Estimate, threshold: float, *, confidence: float = 0.95, direction: Direction = "below"
) -> float:
    """Return the probability that the true value is above a threshold, by inverting the interval rule.

    The confidence distribution of the upper limit (direction below) or of the lower limit
    (direction above). Rules with an effective n keep the number of trials that they have at
    `confidence`. NaN where no interval can be computed.

    References
    ----------
    Schweder, T. & Hjort, N. L. (2016). Confidence, Likelihood, Probability, §3.2.
    """
    rule, value, se = estimate.about.interval, estimate.values, estimate.std_error
    if rule in ("t", "logit"):
        if not se[0] > 0 or not estimate.df[0] > 0:
            return math.nan
        if rule == "logit" and not (0 < value[0] < 1 and 0 < threshold < 1):
            return math.nan
        scale = se[0] * (1.0 if rule == "t" else 1 / (value[0] * (1 - value[0])))
        gap = threshold - value[0] if rule == "t" else _logit(threshold) - _logit(value[0])
        return float(student_tail(gap / scale, estimate.df[0]))
    if rule == "wilson":
        spread = math.sqrt(threshold * (1 - threshold) / float(effective_n(value, se)[0]))
        return float(student_tail((threshold - value[0]) / spread, estimate.df[0]))
    n = trials(
        rule,
        value,
        se,
        estimate.df,
        estimate.n,
        alpha=1 - confidence,
        prior_deff=estimate.about.prior_deff,
    )
    if not math.isfinite(n[0]):
        return math.nan
    return share_above(float(value[0] * n[0]), float(n[0]), threshold, direction)


def share_above(events: float, n: float, threshold: float, direction: Direction) -> float:
    """Return the probability that a share is above a threshold by inverting Clopper–Pearson limits.

    >>> round(share_above(0, 149, 0.02, "below"), 4) == round(0.98**149, 4)
    True
    """
    first, second = (events + 1, n - events) if direction == "below" else (events, n - events + 1)
    if first <= 0:
        return 0.0
    return 1.0 if second <= 0 else float(beta_tail(threshold, first, second))


def households_needed(estimate: Estimate, criterion: Criterion) -> int | None:
    """Return the smallest sample that would settle the criterion on the side of the point value.

    The value, the degrees of freedom and the variance per household are held as observed. None
    where the value equals the threshold, or no interval can be computed.
    """
    value, n = float(estimate.values[0]), float(estimate.n[0])
    lower, upper = _limits(estimate, criterion.confidence)
    computable = math.isfinite(lower) and math.isfinite(upper) and n > 0
    if not computable or abs(value - criterion.threshold) <= TIE:
        return None
    wanted = criterion.clears if criterion.passes(value) else criterion.misses

    def settles(households: int) -> bool:
        scaled = replace(estimate, cov=estimate.cov * n / households, n=np.array([float(households)]))
        return wanted(*_limits(scaled, criterion.confidence))

    return smallest(settles, start=2)


def _limits(estimate: Estimate, confidence: float) -> tuple[float, float]:
    lower = estimate.confint(confidence, "lower").low[0]
    upper = estimate.confint(confidence, "upper").high[0]
    return float(lower), float(upper)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
