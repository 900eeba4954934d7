"""`Verdict`: what an estimate shows about a threshold, beside the official point rule.

A verdict has three conclusions. ``meets`` and ``fails`` need a one-sided confidence limit on that
side of the threshold; everything else is ``not_shown``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.text import Language, Text, text_from
from evalkit.thresholds import TIE, Criterion, Direction, Evidence, evidence

Conclusion = Literal["meets", "fails", "not_shown"]

CONCLUSIONS: dict[str, Text] = {
    "meets": Text(en="meets", zh="达标"),
    "fails": Text(en="fails", zh="不达标"),
    "not_shown": Text(en="not shown", zh="不能判定"),
}
"""Conclusion → the word of a report; the same everywhere."""

LARGEST_SAMPLE = 20_000
"""Households; beyond this no survey of a county is practical."""
LARGEST_GROWTH = 20
"""Times the households that were sampled; beyond this no repetition of the survey is practical."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """The conclusion about one criterion.

    Parameters
    ----------
    criterion : Text
        What is judged.
    threshold : float
    direction : {"below", "above"}
    inclusive : bool
        A value equal to the threshold meets the criterion.
    estimate : Estimate
        One value.
    conclusion : {"meets", "fails", "not_shown"}
    lower, upper : float
        One-sided limits, each at `confidence`; NaN where no interval can be computed.
    confidence : float
    point_rule : bool or None
        Official rule: does the point value meet the criterion; None without a value.
    official : float
        The value that the official rule looks at: for rates of an exit survey the unweighted share of the sample.
    prob_above : float
        Confidence that the true value lies above the threshold: the confidence distribution read at
        the threshold. The one-sided limit that decides ``meets`` is inverted, so that ``meets``
        (direction below) is the same as prob_above < 1 - confidence. A statement about limits in
        repeated samples, not a posterior probability.
    needed : int or None
        Households with which the limit on the side of the point value would clear the threshold
        if the rate, the number of villages and the design effect stayed as observed. None where
        the value equals the threshold or there is no interval.
    stages : mapping
        Number of findings by stage of the case.
    notes : tuple of Text
    """

    criterion: Text
    threshold: float
    direction: Direction
    inclusive: bool
    estimate: Estimate
    conclusion: Conclusion
    lower: float
    upper: float
    confidence: float
    point_rule: bool | None
    prob_above: float
    needed: int | None = None
    stages: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    official: float = math.nan

    @property
    def value(self) -> float:
        """The point value."""
        return float(self.estimate.values[0])

    @property
    def attainable(self) -> bool:
        """Whether `needed` is a number of households that a survey could take.

        False beyond `LARGEST_SAMPLE` households or `LARGEST_GROWTH` times those sampled, and without `needed`.
        """
        if self.needed is None:
            return False
        sampled = float(self.estimate.n[0])
        most = LARGEST_GROWTH * sampled if sampled > 0 else math.inf
        return self.needed <= min(LARGEST_SAMPLE, most)

    def explain(self, language: Language = "en") -> str:
        """Return one or two plain sentences that say no more than the interval supports."""
        return _explain_zh(self) if language == "zh" else _explain_en(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping (NaN becomes None)."""
        return {
            "criterion": self.criterion.to_dict(),
            "threshold": self.threshold,
            "direction": self.direction,
            "inclusive": self.inclusive,
            "estimate": self.estimate.to_dict(),
            "conclusion": self.conclusion,
            "lower": _plain(self.lower),
            "upper": _plain(self.upper),
            "confidence": self.confidence,
            "point_rule": self.point_rule,
            "prob_above": _plain(self.prob_above),
            "needed": self.needed,
            "official": _plain(self.official),
            "stages": dict(self.stages),
            "notes": [n.to_dict() for n in self.notes],
            "explanation": {"zh": self.explain("zh"), "en": self.explain("en")},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `to_dict` wrote."""
        return cls(
            criterion=text_from(data["criterion"]),
            threshold=data["threshold"],
            direction=data["direction"],
            inclusive=data["inclusive"],
            estimate=Estimate.from_dict(data["estimate"]),
            conclusion=data["conclusion"],
            lower=_finite(data["lower"]),
            upper=_finite(data["upper"]),
            confidence=data["confidence"],
            point_rule=data["point_rule"],
            prob_above=_finite(data["prob_above"]),
            needed=data["needed"],
            stages=data["stages"],
            notes=tuple(text_from(n) for n in data["notes"]),
            official=_finite(data["official"]),
        )


def verdict(
    estimate: Estimate,
    *,
    threshold: float,
    direction: Direction = "below",
    confidence: float = 0.95,
    criterion: Text | str | None = None,
    inclusive: bool = False,
) -> Verdict:
    """Judge one value against a threshold by the estimate's own interval rule.

    Parameters
    ----------
    estimate : Estimate
        Exactly one value; pick it with ``estimate.where(county=…)``.
    threshold : float
        In the unit of the estimate (0.03 for 3 %).
    direction : {"below", "above"}
        Side of the threshold on which the criterion is met.
    confidence : float
        Of each one-sided limit.
    criterion : Text or str, optional
        Name as printed; the estimand's name by default.
    inclusive : bool
        A value equal to the threshold meets the criterion.

    Returns
    -------
    Verdict

    Raises
    ------
    EstimationError
        If the estimate does not hold exactly one value, an argument is out of range, or its limits
        are stored for another level.
    """
    if len(estimate) != 1:
        msg = (
            f"a verdict judges one value, {estimate.about.estimand} holds {len(estimate)}; pick one with "
            f".where({', '.join(f'{k}=…' for k in estimate.keys.columns) or '…'})"
        )
        raise EstimationError(msg)
    label = text_from(estimate.about.estimand if criterion is None else criterion)
    rule = Criterion(label, threshold, direction, inclusive, confidence)
    return conclude(estimate, rule, evidence(estimate, rule))


def conclude(
    estimate: Estimate,
    criterion: Criterion,
    found: Evidence,
    *,
    stages: Mapping[str, int] | None = None,
    notes: tuple[Text, ...] = (),
    official: float | None = None,
) -> Verdict:
    """Return the verdict that limits allow: ``meets``, ``fails`` or ``not_shown``.

    `official` is the value that the official point rule looks at; the estimate's own by default.
    """
    value = float(estimate.values[0]) if official is None else official
    conclusion: Conclusion = "not_shown"
    if criterion.clears(found.lower, found.upper):
        conclusion = "meets"
    elif criterion.misses(found.lower, found.upper):
        conclusion = "fails"
    return Verdict(
        criterion=criterion.label,
        threshold=criterion.threshold,
        direction=criterion.direction,
        inclusive=criterion.inclusive,
        estimate=estimate,
        conclusion=conclusion,
        lower=found.lower,
        upper=found.upper,
        confidence=criterion.confidence,
        point_rule=criterion.passes(value) if math.isfinite(value) else None,
        prob_above=found.prob_above,
        needed=found.needed,
        stages={} if stages is None else dict(stages),
        notes=notes,
        official=value,
    )


def _plain(value: float) -> float | str | None:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return None if math.isnan(value) else value


def _finite(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


def _number(value: float, unit: str, apart: float | None = None) -> str:
    """Return a number as printed, with enough digits to tell it from the threshold it is held against."""
    scale, sign = (100.0, " %") if unit == "share" else (1.0, "")
    for digits in range(2, 9):
        shown = f"{value * scale:,.{digits}f}"
        if apart is None or abs(value - apart) <= TIE or shown != f"{apart * scale:,.{digits}f}":
            break
    return shown + sign


def _threshold(value: float, unit: str) -> str:
    return f"{value * 100:g} %" if unit == "share" else f"{value:,g}"


def _parts(v: Verdict) -> dict[str, str]:
    unit = v.estimate.about.unit
    return {
        "value": _number(v.value, unit, v.threshold),
        "official": _number(v.value if math.isnan(v.official) else v.official, unit, v.threshold),
        "lower": _number(v.lower, unit, v.threshold),
        "upper": _number(v.upper, unit, v.threshold),
        "threshold": _threshold(v.threshold, unit),
        "confidence": f"{v.confidence * 100:g} %",
    }


def _explain_en(v: Verdict) -> str:
    name, p = v.criterion.en, _parts(v)
    if not math.isfinite(v.value):
        return f"{name}: not shown. {v.notes[0].en if v.notes else 'There is no value to judge.'}"
    head = f"{name}: {p['value']}"
    if v.estimate.about.interval == "none":
        said = "meets" if v.conclusion == "meets" else "does not meet"
        return f"{head}, counted in full; it {said} the threshold of {p['threshold']}."
    if not math.isfinite(v.lower) or not math.isfinite(v.upper):
        return f"{head}; without an interval nothing is shown about the threshold of {p['threshold']}."
    if v.conclusion == "not_shown":
        rule = "passes" if v.point_rule else "fails"
        more = f"; {_settled_en(v)}" if v.needed else ""
        return (
            f"{head}; the one-sided {p['confidence']} limits {p['lower']} and {p['upper']} leave both sides of the "
            f"threshold of {p['threshold']} possible, so nothing is shown. The official point value, {p['official']}, {rule}{more}."
        )
    at_most = (v.direction == "below") == (v.conclusion == "meets")
    limit = f"at most {p['upper']}" if at_most else f"at least {p['lower']}"
    said = "the criterion is met" if v.conclusion == "meets" else "the criterion is not met"
    return (
        f"{head}; with {p['confidence']} confidence {limit}, against a threshold of {p['threshold']}: {said}."
    )


def _explain_zh(v: Verdict) -> str:
    name, p = v.criterion.zh, {k: s.replace(" %", "%") for k, s in _parts(v).items()}
    if not math.isfinite(v.value):
        return f"{name}：不能判定。{v.notes[0].zh if v.notes else '没有可判定的数值。'}"
    head = f"{name}为{p['value']}"
    if v.estimate.about.interval == "none":
        return f"{head}，为全面调查数，标准为{p['threshold']}：{CONCLUSIONS[v.conclusion].zh}。"
    if not math.isfinite(v.lower) or not math.isfinite(v.upper):
        return f"{head}；无法计算置信区间，标准为{p['threshold']}：不能判定。"
    if v.conclusion == "not_shown":
        rule = "达标" if v.point_rule else "不达标"
        more = f"；{_settled_zh(v)}" if v.needed else ""
        return (
            f"{head}；{p['confidence']}单侧置信限为{p['lower']}和{p['upper']}，标准{p['threshold']}落在两者之间："
            f"不能判定。若只看官方点值（{p['official']}）则{rule}{more}。"
        )
    at_most = (v.direction == "below") == (v.conclusion == "meets")
    limit = f"不高于{p['upper']}" if at_most else f"不低于{p['lower']}"
    said = CONCLUSIONS[v.conclusion].zh
    return f"{head}；以{p['confidence']}的置信度{limit}，标准为{p['threshold']}：{said}。"


def _settled_en(v: Verdict) -> str:
    if v.attainable:
        return (
            f"with about {v.needed:,} households at the same rate the chance of settling it is about one half"
        )
    return "at this rate no sample of a practical size would settle it"


def _settled_zh(v: Verdict) -> str:
    if v.attainable:
        return f"若比率不变，调查约{v.needed:,}户时约有一半的可能得出结论"
    return "若比率不变，任何切实可行的样本量都不足以判定"
