"""How many households, how many findings allowed, at what risk.

Exact numbers for independent households; clustered ones multiply them by a design effect or are counted by the
beta-binomial distribution, small registers by the hypergeometric.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.sampling.counting import LARGEST, Trials, smallest

MOST_ALLOWED = 1000
"""No rule with more findings allowed than this is searched for."""
INDEPENDENT = Trials()


@dataclass(frozen=True)
class SamplePlan:
    """A decision rule: survey `households`, and show the threshold if at most `allowed` are findings.

    Parameters
    ----------
    households : int
    allowed : int
    trials : Trials
        Distribution of the findings.
    design_effect : float
        Households are worth households / design_effect independent ones.
    """

    households: int
    allowed: int
    trials: Trials = field(default=INDEPENDENT, repr=False)
    design_effect: float = field(default=1.0, repr=False)

    def shown(self, true_rate: float) -> float:
        """Return the probability that the rule shows the threshold when this is the true rate.

        >>> round(plan_sample(0.02, 0.01).shown(0.02), 3) <= 0.05
        True
        """
        worth = math.floor(self.households / self.design_effect + 1e-9)
        return self.trials.at_most(self.allowed, worth, true_rate)


@dataclass(frozen=True)
class DoublePlan:
    """Double sampling: a second sample only where the first leaves it open.

    At most `accept` findings among the `first` households show the threshold; more than `allowed` do not; otherwise
    `second` households more are surveyed and at most `allowed` findings in all show it.
    """

    first: int
    accept: int
    second: int
    allowed: int
    trials: Trials = field(default=INDEPENDENT, repr=False)

    def __post_init__(self) -> None:
        if self.trials.register is not None:
            msg = (
                "double sampling is computed for large populations; plan a single sample of a small register"
            )
            raise EstimationError(msg)

    def shown(self, true_rate: float) -> float:
        """Return the probability that the rule shows the threshold when this is the true rate."""
        found = self.trials.exactly(self.allowed, self.first, true_rate)
        more = np.cumsum(self.trials.exactly(self.allowed, self.second, true_rate))
        open_ = found[self.accept + 1 :]
        return float(found[: self.accept + 1].sum() + open_ @ more[: len(open_)][::-1])

    def expected(self, true_rate: float) -> float:
        """Return the mean number of households surveyed."""
        found = self.trials.exactly(self.allowed, self.first, true_rate)
        return self.first + self.second * float(found[self.accept + 1 :].sum())


@dataclass(frozen=True)
class LotErrors:
    """Risks of a lot quality assurance rule: `alpha` fails a good lot, `beta` passes a bad one."""

    alpha: float
    beta: float


def sample_size(
    threshold: float,
    allowed: int = 0,
    confidence: float = 0.95,
    *,
    design_effect: float = 1.0,
    trials: Trials = INDEPENDENT,
) -> int:
    """Return the smallest sample in which `allowed` findings still show a rate below the threshold.

    Smallest n with P(X ≤ allowed | n, threshold) ≤ 1 - confidence: for independent households the
    one-sided Clopper–Pearson limit of allowed / n is then below the threshold.

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
    trials : Trials
        Clustered households or a small register instead of a design effect; whole villages are counted.

    Raises
    ------
    EstimationError
        If an argument is outside its range, or no sample is large enough.

    Examples
    --------
    >>> [sample_size(0.02, c) for c in range(3)]
    [149, 236, 313]
    >>> sample_size(0.02, trials=Trials(register=100))
    78
    """
    _check(threshold, confidence, design_effect, trials)
    if allowed < 0:
        msg = f"findings allowed must be 0 or more, got {allowed}"
        raise EstimationError(msg)
    step = trials.step
    held = None
    if trials.register is None or trials.at_most(allowed, trials.register, threshold) <= 1 - confidence:
        held = smallest(
            lambda k: trials.at_most(allowed, k * step, threshold) <= 1 - confidence,
            start=max(-(-(allowed + 1) // step), 1),
        )
    if held is None:
        known = (
            f"in a register of {trials.register} households"
            if trials.register
            else f"within {LARGEST} households"
        )
        msg = (
            f"no sample {known} shows a rate below {threshold} with {allowed} findings; allow fewer findings, or "
            "take a census"
        )
        raise EstimationError(msg)
    return math.ceil(held * step * design_effect - 1e-9)


def plan_sample(
    threshold: float,
    true_rate: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    design_effect: float = 1.0,
    trials: Trials = INDEPENDENT,
) -> SamplePlan:
    """Return the smallest plan that shows the threshold with the power asked for at a true rate.

    Also public as ``evalkit.sampling.plan``. Parameters as in `sample_size`; of all numbers of findings
    allowed, the smallest that reaches the power is taken.

    Raises
    ------
    EstimationError
        If the true rate is not below the threshold, or an argument is outside its range.

    Examples
    --------
    >>> plan_sample(0.02, 0.01)
    SamplePlan(households=969, allowed=12)
    >>> plan_sample(0.02, 0.01, trials=Trials(icc=0.02, per_village=18)).households
    1278
    """
    _check(threshold, confidence, design_effect, trials)
    if not 0 <= true_rate < threshold or not 0 < power < 1:
        msg = (
            f"a plan needs 0 ≤ true rate < threshold and a power between 0 and 1, got {true_rate}, "
            f"{threshold}, {power}"
        )
        raise EstimationError(msg)
    for allowed in range(MOST_ALLOWED):
        n = sample_size(threshold, allowed, confidence, trials=trials)
        if trials.at_most(allowed, n, true_rate) >= power:
            return SamplePlan(math.ceil(n * design_effect - 1e-9), allowed, trials, design_effect)
    msg = f"a true rate of {true_rate} is too near the threshold {threshold} to be told apart by any survey"
    raise EstimationError(msg)


def plan_double(
    threshold: float,
    true_rate: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    trials: Trials = INDEPENDENT,
) -> DoublePlan:
    """Return the double-sampling plan of two equal samples that needs the fewest households on average.

    Both samples together keep the confidence: P(shown | threshold) ≤ 1 - confidence. Of the plans with at
    most 10 findings accepted at once and 40 in all, that with the smallest mean number of households at
    the true rate is taken.

    Raises
    ------
    EstimationError
        If the true rate is not below the threshold, an argument is outside its range, or no such plan has the power.

    Examples
    --------
    >>> plan = plan_double(0.05, 0.01)
    >>> plan.shown(0.05) <= 0.05 and plan.shown(0.01) >= 0.8
    True
    """
    single = plan_sample(threshold, true_rate, power=power, confidence=confidence, trials=trials)
    best: DoublePlan | None = None
    for accept in range(11):
        for allowed in range(accept + 1, 41):
            found = _doubled(accept, allowed, threshold, confidence, trials)
            if found is None or found.shown(true_rate) < power:
                continue
            if best is None or found.expected(true_rate) < best.expected(true_rate):
                best = found
            if found.first > single.households:
                break
    if best is None:
        msg = (
            f"no double-sampling plan with at most 40 findings has a power of {power} at a true rate of {true_rate}; "
            "a single sample does (plan_sample)"
        )
        raise EstimationError(msg)
    return best


def _doubled(
    accept: int, allowed: int, threshold: float, confidence: float, trials: Trials
) -> DoublePlan | None:
    """Return the smallest plan of two equal samples with these numbers of findings."""
    step = trials.step

    def made(k: int) -> DoublePlan:
        return DoublePlan(k * step, accept, k * step, allowed, trials)

    start = max((allowed + 1) // (2 * step), 1)
    k = smallest(lambda k: made(k).shown(threshold) <= 1 - confidence, start=start)
    return None if k is None else made(k)


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
    from scipy import stats

    return LotErrors(
        alpha=float(stats.binom.cdf(passing - 1, households, good)),
        beta=float(stats.binom.sf(passing - 1, households, bad)),
    )


def operating_curve(
    plans: Mapping[str, SamplePlan | DoublePlan] | SamplePlan | DoublePlan, rates: Iterable[float]
) -> pd.DataFrame:
    """Return the operating characteristic of decision rules: how often they show the threshold, by true rate.

    Parameters
    ----------
    plans : mapping of str to plan, or one plan
    rates : iterable of float
        True rates, shares.

    Returns
    -------
    DataFrame
        Columns `plan`, `true_rate`, `shown` (probability), `households` (of a double sample: on average).

    Examples
    --------
    >>> curve = operating_curve(SamplePlan(149, 0), [0.0, 0.02])
    >>> curve["shown"].round(4).tolist()
    [1.0, 0.0493]
    """
    named = {"plan": plans} if isinstance(plans, SamplePlan | DoublePlan) else dict(plans)
    rows = []
    asked = [float(r) for r in rates]
    if not all(0 <= r <= 1 for r in asked):
        msg = f"true rates are shares between 0 and 1, got {', '.join(f'{r:g}' for r in asked)}"
        raise EstimationError(msg)
    for name, rule in named.items():
        for rate in asked:
            needed = rule.expected(rate) if isinstance(rule, DoublePlan) else float(rule.households)
            rows.append((name, rate, rule.shown(rate), needed))
    return pd.DataFrame(rows, columns=["plan", "true_rate", "shown", "households"])


def _check(threshold: float, confidence: float, design_effect: float, trials: Trials) -> None:
    if not 0 < threshold < 1 or not 0.5 < confidence < 1 or not design_effect >= 1:
        msg = (
            "a sample plan needs 0 < threshold < 1, 0.5 < confidence < 1 and a design effect ≥ 1, got "
            f"{threshold}, {confidence} and {design_effect}"
        )
        raise EstimationError(msg)
    if design_effect > 1 and trials != INDEPENDENT:
        msg = "give either a design effect or trials (clusters, a register), not both: the trials hold the effect"
        raise EstimationError(msg)
