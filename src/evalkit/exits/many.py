"""Verdicts of many counties at once: how many would be shown to meet by noise alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.exits.judgement import CRITERIA, ExitJudgement, code_of
from evalkit.tails import false_discovery_rates
from evalkit.text import Text
from evalkit.verdicts import Conclusion, Verdict

OVERALL = "overall"
OVERALL_LABEL = Text(en="All criteria", zh="全部指标")
CITATION = (
    "Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57, 289-300; all criteria together: Berger (1982), Technometrics 24, "
    "295-300 (intersection-union test)"
)


@dataclass(frozen=True)
class CriterionCount:
    """How the counties stand on one criterion, or on all of them together.

    Parameters
    ----------
    code : str
        Of `CRITERIA`, or ``overall``.
    label : Text
    judged : int
        Counties with a verdict on it.
    meets, not_shown, fails : int
    points : int
        Counties that pass the official point rule.
    points_unshown : int
        Those of them that are not shown to meet the criterion.
    sampled : int
        Judged counties whose verdict rests on a sample: a full count has no sampling error.
    wrong_meets : float
        Most "meets" expected to be wrong over repeated surveys: (1 - confidence) summed over the sampled counties, which is reached if
        every one lies at its threshold.
    controlled : int
        Counties that still meet when the share of wrong ones among them is held at 1 - confidence
        (Benjamini & Hochberg over the counties).
    """

    code: str
    label: Text
    judged: int
    meets: int
    not_shown: int
    fails: int
    points: int
    points_unshown: int
    sampled: int
    wrong_meets: float
    controlled: int


@dataclass(frozen=True)
class _Case:
    """One county on one criterion: conclusion, point rule, p value against "does not meet", 1 - confidence; p 0 in a full count."""

    conclusion: Conclusion
    point_rule: bool | None
    p: float
    error: float
    sampled: bool


def count_verdicts(judgements: Sequence[ExitJudgement]) -> tuple[CriterionCount, ...]:
    """Count conclusions over counties, with the number of "meets" that noise alone may give.

    A verdict "meets" is wrong with a probability of at most 1 - confidence, in the county where the true value lies at the
    threshold; among hundreds of counties some are therefore expected to be wrong. All criteria together are met only where each is,
    so that the p value of that is the largest of theirs (Berger 1982).

    Parameters
    ----------
    judgements : sequence of ExitJudgement

    Returns
    -------
    tuple of CriterionCount
        All criteria together first, then each criterion that some county was judged on; empty without judgements.

    Examples
    --------
    >>> count_verdicts([])
    ()
    """
    if not judgements:
        return ()
    out = [_count(OVERALL, OVERALL_LABEL, [_whole(j) for j in judgements])]
    for code, label in CRITERIA.items():
        cases = [_case(v) for j in judgements for v in j.verdicts if code_of(v) == code]
        if cases:
            out.append(_count(code, label, cases))
    return tuple(out)


def doubt(verdict: Verdict) -> float:
    """Return the p value against "the criterion is not met": below 1 - confidence exactly where the verdict is ``meets``.

    NaN without an interval. A full count has 0 or 1.
    """
    if verdict.estimate.about.interval == "none":
        return 0.0 if verdict.conclusion == "meets" else 1.0
    return verdict.prob_above if verdict.direction == "below" else 1 - verdict.prob_above


def _case(verdict: Verdict) -> _Case:
    sampled = verdict.estimate.about.interval != "none"
    return _Case(verdict.conclusion, verdict.point_rule, doubt(verdict), 1 - verdict.confidence, sampled)


def _whole(judgement: ExitJudgement) -> _Case:
    cases = [_case(v) for v in judgement.verdicts]
    known = all(math.isfinite(c.p) for c in cases)
    return _Case(
        judgement.conclusion,
        judgement.point_rule,
        max(c.p for c in cases) if known and cases else math.nan,
        max((c.error for c in cases), default=math.nan),
        any(c.sampled for c in cases),
    )


def _count(code: str, label: Text, cases: Sequence[_Case]) -> CriterionCount:
    found = [c.conclusion for c in cases]
    passed = [c for c in cases if c.point_rule]
    known = [c for c in cases if math.isfinite(c.p)]
    controlled = 0
    if known:
        q = false_discovery_rates([c.p for c in known])
        controlled = sum(
            bool(v <= c.error) and c.conclusion == "meets" for v, c in zip(q, known, strict=True)
        )
    return CriterionCount(
        code=code,
        label=label,
        judged=len(cases),
        meets=found.count("meets"),
        not_shown=found.count("not_shown"),
        fails=found.count("fails"),
        points=len(passed),
        points_unshown=sum(c.conclusion != "meets" for c in passed),
        sampled=sum(c.sampled for c in cases),
        wrong_meets=sum(c.error for c in cases if c.sampled),
        controlled=controlled,
    )
