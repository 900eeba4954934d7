"""Composite incidence: a census count and two estimated rates, with limits by MOVER.

C = (registered + wrong-exit rate × exited + missed rate × unregistered) / population. The register
is a census; only the two rates vary from sample to sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import trials
from evalkit.sampling import smallest
from evalkit.text import Text
from evalkit.thresholds import NO_EVIDENCE, TIE, Criterion, Evidence

ZOU_DONNER = "Zou & Donner (2008), Statistics in Medicine 27, 1693-1702"
"""The variance of a sum, recovered from the limits of its terms."""
EDGE = 1e-9
"""Confidence levels are searched between this and one minus this."""


@dataclass(frozen=True)
class Term:
    """One estimated rate of the composite: its value, trials it rests on, share of the population."""

    value: float
    trials: float
    share: float

    def lower(self, level: float) -> float:
        """Return the one-sided Clopper–Pearson lower limit."""
        x = self.value * self.trials
        return float(special.betaincinv(x, self.trials - x + 1, 1 - level)) if x > 0 else 0.0

    def upper(self, level: float) -> float:
        """Return the one-sided Clopper–Pearson upper limit."""
        x = self.value * self.trials
        return float(special.betaincinv(x + 1, self.trials - x, level)) if x < self.trials else 1.0


@dataclass(frozen=True)
class Mover:
    """A constant plus a weighted sum of rates, and its limits.

    Parameters
    ----------
    constant : float
        The part known without error.
    terms : tuple of Term
        At most two.
    correlation : float
        Sampling correlation of the two rates, 0 to 1.

    Examples
    --------
    Without findings, 149 and 149 trials, and halves of the population (each limit is 0.0199):

    >>> mover = Mover(0.01, (Term(0.0, 149, 0.5), Term(0.0, 149, 0.5)), 0.0)
    >>> round(mover.upper(0.95), 5) == round(0.01 + 0.5 * math.sqrt(2) * (1 - 0.05 ** (1 / 149)), 5)
    True
    >>> mover.lower(0.95)
    0.01
    """

    constant: float
    terms: tuple[Term, ...]
    correlation: float

    @property
    def value(self) -> float:
        """The point value."""
        return self.constant + sum(t.share * t.value for t in self.terms)

    def lower(self, level: float) -> float:
        """Return the one-sided lower limit (Zou & Donner, equation 4, with their term for dependence)."""
        return self.value - self._distance([t.share * max(t.value - t.lower(level), 0.0) for t in self.terms])

    def upper(self, level: float) -> float:
        """Return the one-sided upper limit."""
        return self.value + self._distance([t.share * max(t.upper(level) - t.value, 0.0) for t in self.terms])

    def probability_above(self, threshold: float) -> float:
        """Return P(true value above threshold): the level at which the nearer limit touches it."""
        if not self.terms:
            return float(self.constant > threshold + TIE)
        above = threshold >= self.value
        limit = self.upper if above else self.lower
        ends = [limit(level) - threshold for level in (EDGE, 1 - EDGE)]
        if ends[0] * ends[1] > 0:
            return 0.0 if above and ends[0] < 0 else 1.0
        from scipy.optimize import brentq

        level = float(brentq(lambda p: limit(p) - threshold, EDGE, 1 - EDGE, xtol=1e-10))
        return 1 - level if above else level

    def _distance(self, sides: Sequence[float]) -> float:
        square = sum(s**2 for s in sides)
        if len(sides) == 2:
            square += 2 * self.correlation * sides[0] * sides[1]
        return math.sqrt(square)


@dataclass(frozen=True, eq=False)
class Composite:
    """The ingredients of a composite incidence.

    `rates` are estimates of one value each, `persons` the persons each applies to, `registered`
    the persons still poor on the register, `population` the denominator; `correlation` as in `Mover`.
    """

    registered: float
    population: float
    rates: tuple[Estimate, ...]
    persons: tuple[float, ...]
    correlation: float

    def mover(self, alpha: float, factor: float = 1.0) -> Mover:
        """Return constant and terms, with samples `factor` times as large."""
        terms = []
        for rate, persons in zip(self.rates, self.persons, strict=True):
            if persons == 0:
                continue
            n = trials(
                rate.about.interval,
                rate.values,
                rate.std_error / math.sqrt(factor),
                rate.df,
                rate.n * factor,
                alpha=alpha,
                prior_deff=rate.about.prior_deff,
            )
            terms.append(Term(float(rate.values[0]), float(n[0]), persons / self.population))
        return Mover(self.registered / self.population, tuple(terms), max(self.correlation, 0.0))

    def estimate(self, like: Estimate, notes: tuple[Text, ...]) -> Estimate:
        """Return the composite with stored two-sided MOVER limits; keys and level are those of `like`."""
        alpha = (1 - like.level) / 2
        mover = self.mover(alpha)
        low, high = _limits(mover, 1 - alpha)
        shares = np.array([p / self.population for p in self.persons])
        errors = shares * np.array([float(r.std_error[0]) for r in self.rates])
        used = shares > 0
        variance = float((errors[used] ** 2).sum())
        if used.all() and len(errors) == 2:
            variance += 2 * self.correlation * float(errors.prod())
        about = About(
            estimand="composite_headcount",
            method="register count plus wrong-exit and missed rates raised to their populations",
            citation=ZOU_DONNER,
            unit="share",
            interval="fixed",
            notes=notes,
        )
        some = [r for r, u in zip(self.rates, used, strict=True) if u]
        return replace(
            like,
            values=np.array([mover.value]),
            cov=np.array([[variance]]),
            df=np.array([min((float(r.df[0]) for r in some), default=math.inf)]),
            n=np.array([sum(float(r.n[0]) for r in some)]),
            about=about,
            bounds=np.array([[low, high]]),
        )

    def evidence(self, criterion: Criterion) -> Evidence:
        """Return one-sided limits, probability and households needed."""
        alpha = 1 - criterion.confidence
        mover = self.mover(alpha)
        lower, upper = _limits(mover, criterion.confidence)
        if not math.isfinite(lower) or not math.isfinite(upper):
            return NO_EVIDENCE
        return Evidence(
            lower, upper, mover.probability_above(criterion.threshold), self._needed(criterion, mover.value)
        )

    def _needed(self, criterion: Criterion, value: float) -> int | None:
        size = sum(float(r.n[0]) for r, p in zip(self.rates, self.persons, strict=True) if p > 0)
        if size == 0 or abs(value - criterion.threshold) <= TIE:
            return None
        wanted = criterion.clears if criterion.passes(value) else criterion.misses

        def settles(households: int) -> bool:
            mover = self.mover(1 - criterion.confidence, households / size)
            return wanted(*_limits(mover, criterion.confidence))

        return smallest(settles, start=2 * len(self.rates))


def _limits(mover: Mover, level: float) -> tuple[float, float]:
    if len(mover.terms) > 2:
        msg = f"MOVER is written for two rates, got {len(mover.terms)}"
        raise EstimationError(msg)
    if not all(math.isfinite(t.trials) and math.isfinite(t.value) for t in mover.terms):
        return math.nan, math.nan
    return max(mover.lower(level), mover.constant), mover.upper(level)
