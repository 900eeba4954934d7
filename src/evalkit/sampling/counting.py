"""How likely few findings are: independent households, clustered households, small registers.

Everything about a sample size rests on one number, P(at most c findings among n households | true rate).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimationError

LARGEST = 10_000_000
"""No sample larger than this is searched for."""
_TIE = 1e-9


@dataclass(frozen=True)
class Trials:
    """The distribution of the number of findings in a sample of households.

    Without arguments households are independent (binomial).

    Parameters
    ----------
    icc : float
        Intra-class correlation within villages, 0 to 1 (exclusive): each village has its own rate, beta distributed
        around the true rate, so that the findings of a village are beta-binomial and villages are independent.
    per_village : int
        Households sampled in a village; with `icc`.
    register : int or None
        Households of the register the sample is drawn from without replacement: hypergeometric.

    References
    ----------
    Skellam, J. G. (1948). A probability distribution derived from the binomial distribution. JRSS B 10, 257-261.
    """

    icc: float = 0.0
    per_village: int = 1
    register: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.icc < 1 or self.per_village < 1:
            msg = (
                "clustered trials need an intra-class correlation of at least 0 and below 1 and 1 or more households "
                f"per village, got {self.icc} and {self.per_village}"
            )
            raise EstimationError(msg)
        if self.register is not None and (self.register < 1 or self.icc > 0):
            msg = (
                f"a register has 1 or more households and is drawn from without clusters, got {self.register} and an "
                f"intra-class correlation of {self.icc}; leave one of them out"
            )
            raise EstimationError(msg)

    @property
    def step(self) -> int:
        """Households that are added together: a village where households are clustered."""
        return self.per_village if self.icc > 0 else 1

    @property
    def design_effect(self) -> float:
        """Kish's 1 + (m - 1) × icc."""
        return 1 + (self.per_village - 1) * self.icc

    def at_most(self, findings: int, households: int, rate: float) -> float:
        """Return P(number of findings ≤ findings).

        A register of N households has ceil(rate × N) bad ones.

        Examples
        --------
        >>> round(Trials().at_most(0, 149, 0.02), 4)
        0.0493
        >>> round(Trials(register=100).at_most(0, 78, 0.02), 4)  # C(98, 78) / C(100, 78)
        0.0467
        """
        from scipy import stats

        if findings < 0:
            return 0.0
        if self.register is not None:
            return float(stats.hypergeom.cdf(findings, *self._lot(self.register, households, rate)))
        if self.icc == 0 or not 0 < rate < 1 or self.per_village == 1:
            return float(stats.binom.cdf(findings, households, rate))
        return min(float(self._clustered(households, rate, findings).sum()), 1.0)

    def exactly(self, up_to: int, households: int, rate: float) -> NDArray[np.float64]:
        """Return P(number of findings = 0, 1 … up_to), shape (up_to + 1,)."""
        from scipy import stats

        found = np.arange(up_to + 1)
        if self.register is not None:
            out = stats.hypergeom.pmf(found, *self._lot(self.register, households, rate))
        elif self.icc == 0 or not 0 < rate < 1 or self.per_village == 1:
            out = stats.binom.pmf(found, households, rate)
        else:
            few = self._clustered(households, rate, up_to)
            out = np.concatenate([few, np.zeros(up_to + 1 - len(few))])
        return np.asarray(out, dtype=float)

    @staticmethod
    def _lot(register: int, households: int, rate: float) -> tuple[int, int, int]:
        """Return households of the register, bad ones among them, households drawn."""
        return register, min(math.ceil(rate * register - _TIE), register), min(households, register)

    def _clustered(self, households: int, rate: float, up_to: int) -> NDArray[np.float64]:
        """Return the probabilities of 0, 1 … findings of clustered households (fewer entries where fewer can be)."""
        villages, rest = divmod(households, self.per_village)
        whole = _powered(self._village(self.per_village, rate, up_to), villages, up_to)
        return np.convolve(whole, self._village(rest, rate, up_to))[: up_to + 1]

    def _village(self, households: int, rate: float, up_to: int) -> NDArray[np.float64]:
        """Return the beta-binomial probabilities of one village, up to a number of findings."""
        from scipy import stats

        strength = (1 - self.icc) / self.icc
        found = np.arange(min(households, up_to) + 1)
        return np.asarray(
            stats.betabinom.pmf(found, households, rate * strength, (1 - rate) * strength), dtype=float
        )


def _powered(pmf: NDArray[np.float64], times: int, up_to: int) -> NDArray[np.float64]:
    """Return the distribution of a sum of independent counts, up to a value, by repeated squaring."""
    out = np.ones(1)
    while times:
        if times % 2:
            out = np.convolve(out, pmf)[: up_to + 1]
        pmf = np.convolve(pmf, pmf)[: up_to + 1]
        times //= 2
    return out


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
