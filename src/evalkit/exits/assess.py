"""From checked surveys and rules to verdicts: one county, or county by county."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, cast, get_args

import numpy as np
import pandas as pd

from evalkit.design import SinglePsu
from evalkit.errors import DataError, PlanError
from evalkit.estimate import Estimate
from evalkit.exits import notes as say
from evalkit.exits.cases import Cases
from evalkit.exits.composite import Composite
from evalkit.exits.judgement import (
    CRITERIA,
    ExitJudgement,
    ExitJudgements,
    code_of,
    overall,
    overall_point_rule,
)
from evalkit.exits.rates import (
    ApprovalUnit,
    Counted,
    Linearised,
    MissedDenominator,
    approval_rate,
    correlation,
    missed_rate,
    rate_about,
    to_estimate,
    weighting_effect,
    wrong_exit_rate,
)
from evalkit.exits.stages import (
    case_list,
    counted_table,
    counts_of,
    finding_stages,
    findings,
    stage_table,
)
from evalkit.exits.survey import FINDING_GROUP, STAGES, CountySurvey, county_surveys
from evalkit.standards import ExitRules
from evalkit.text import Text
from evalkit.thresholds import Criterion, evidence
from evalkit.verdicts import Verdict, conclude

UNEQUAL = 0.01
"""Register groups may differ from the denominator by this share without a note."""


class HasExitRules(Protocol):
    """A plan that knows which rules hold in a county."""

    def exit_rules(self, county: str) -> ExitRules:
        """Return the rules of a county."""


@dataclass(frozen=True, eq=False)
class _Assessment:
    """Verdicts on every criterion, and the missed rate under the other denominator."""

    verdicts: tuple[Verdict, ...]
    other: tuple[Verdict, ...]


def judge_exit(
    survey: pd.DataFrame,
    totals: pd.DataFrame,
    plan: HasExitRules,
    *,
    single_psu: SinglePsu = "error",
    cases: Cases | None = None,
) -> ExitJudgements:
    """Judge the exit of every county in a third-party survey.

    Parameters
    ----------
    survey : DataFrame
        One row a household: county, village, household, persons, weight, survey_group (exited,
        registered or unregistered), wrongly_exited, missed, approves (yes, no or empty), case_stage;
        optionally stratum. ``group`` and ``stage`` are read as survey_group and case_stage.
    totals : DataFrame
        One row a county, persons: registered_persons (not exited), exited_persons,
        unregistered_persons, agricultural_persons (or resident_persons), optionally
        sampled_village_unregistered.
    plan : object with ``exit_rules(county)``
        A `Plan`, which takes thresholds and denominators from its rule pack.
    single_psu : str
        What a stratum with one sampled village contributes, see `SurveyDesign`.
    cases : Cases, optional
        What became of the suspected households (`case_stages`): an upheld finding counts, one that was dismissed does
        not, one that is not adjudicated counts until it is. `ExitJudgement.counted` then gives the rates as found in the
        field and as adjudicated, with their counts. Without it findings of every stage count.

    Returns
    -------
    ExitJudgements

    Raises
    ------
    DataError
        Columns, codes, counts, counties or cases that do not fit, with their number and the first of them.
    DesignError
        Weights, strata or villages that allow no variance.
    """
    surveys = county_surveys(survey, totals, single_psu=single_psu, cases=cases)
    return ExitJudgements(tuple(_judge(s, plan.exit_rules(s.county)) for s in surveys))


def judge_county(
    survey: pd.DataFrame,
    totals: pd.DataFrame,
    rules: ExitRules,
    *,
    single_psu: SinglePsu = "error",
    cases: Cases | None = None,
) -> ExitJudgement:
    """Judge the exit of one county; parameters and errors as in `judge_exit`."""
    surveys = county_surveys(survey, totals, single_psu=single_psu, cases=cases)
    if len(surveys) != 1:
        msg = f"judge_county judges one county, the survey holds {len(surveys)}; use judge_exit"
        raise DataError(msg)
    return _judge(surveys[0], rules)


def _judge(survey: CountySurvey, rules: ExitRules) -> ExitJudgement:
    _check_rules(rules)
    _check_totals(survey, rules)
    found = findings(survey)
    count, total = int((found & ~survey.adjudicated()).sum()), int(found.sum())
    shown = _assess(survey, rules, "all")
    notes = [*say.of_rules(rules), *_sums(survey, rules)]
    counted = _both_ways(survey, rules, shown)
    if survey.has_outcomes:
        notes.extend(say.counted_ways(counted, int(survey.dismissed().sum())))
    if count:
        settled = _assess(survey, rules, "adjudicated")
        shown = _Assessment(
            tuple(_with_pending(a, b) for a, b in zip(shown.verdicts, settled.verdicts, strict=True)),
            tuple(_with_pending(a, b) for a, b in zip(shown.other, settled.other, strict=True)),
        )
        notes.append(say.pending_overall(count, total, overall(settled.verdicts, rules)))
    conclusion = overall(shown.verdicts, rules)
    if conclusion == "fails":
        notes.append(say.veto(len(shown.verdicts), rules.confidence))
    return ExitJudgement(
        county=survey.county,
        verdicts=shown.verdicts,
        other=shown.other,
        conclusion=conclusion,
        point_rule=overall_point_rule(shown.verdicts),
        stages=stage_table(survey),
        cases=case_list(survey),
        rules=rules,
        notes=tuple(notes),
        counted=counted,
    )


def _both_ways(survey: CountySurvey, rules: ExitRules, shown: _Assessment) -> pd.DataFrame:
    """Return the rates as found, as judged and as adjudicated; empty without a table of cases."""
    if not survey.has_outcomes:
        return pd.DataFrame()
    ways = {w: _assess(survey, rules, w).verdicts for w in ("found", "adjudicated")}
    return counted_table(
        survey, {"found": ways["found"], "all": shown.verdicts, "adjudicated": ways["adjudicated"]}
    )


def _assess(survey: CountySurvey, rules: ExitRules, counted: Counted) -> _Assessment:
    judged = cast("MissedDenominator", rules.missed_denominator)
    wrong = wrong_exit_rate(survey, counted)
    known = np.isfinite(survey.totals["sampled_village_unregistered"])
    both: tuple[MissedDenominator, ...] = ("sampled_villages", "interviewed")
    missed = {d: missed_rate(survey, counted, d) for d in both if known or d == "interviewed"}
    verdicts = {d: _rate_verdict(survey, rules, "missed", d, rate) for d, rate in missed.items()}
    if not known:
        verdicts["interviewed"] = _noted(verdicts["interviewed"], say.no_known_total())
    wrong_verdict = _rate_verdict(survey, rules, "wrong_exit", "sampled_exited", wrong)
    composite = {
        d: _composite_verdict(
            survey, rules, (wrong_verdict, verdicts[d]), correlation(wrong, rate, survey.sample)
        )
        for d, rate in missed.items()
    }
    unit = cast("ApprovalUnit", rules.approval_unit)
    approval = _rate_verdict(survey, rules, "approval", unit, approval_rate(survey, unit))
    other = tuple(v for pair in (composite, verdicts) for d, v in pair.items() if d != judged)
    for pair in (composite, verdicts):
        for d in (d for d in missed if d != judged):
            pair[judged] = _noted(pair[judged], say.other_denominator(d, pair[d]))
    return _Assessment((composite[judged], wrong_verdict, verdicts[judged], approval), other)


def criterion_of(rules: ExitRules, code: str) -> Criterion:
    """Return threshold and reading of one criterion under a county's rules."""
    thresholds = {
        "composite_headcount": (rules.incidence_threshold, rules.incidence_strict),
        "wrong_exit": (rules.wrong_exit_threshold, rules.wrong_exit_strict),
        "missed": (rules.missed_threshold, rules.missed_strict),
        "approval": (rules.approval_threshold, rules.approval_strict),
    }
    threshold, strict = thresholds[code]
    return Criterion(
        CRITERIA[code],
        threshold,
        "above" if code == "approval" else "below",
        inclusive=not strict,
        confidence=rules.confidence,
    )


_RATES = {
    "wrong_exit": ("wrongly_exited", "exited", "persons found wrongly exited / sampled exited persons"),
    "missed": ("missed", "unregistered", "persons found missed / unregistered persons"),
    "approval": ("approves", "any", "approving / interviewed"),
}
"""Column, group and definition of each rate."""


def _rate_verdict(
    survey: CountySurvey, rules: ExitRules, code: str, denominator: str, rate: Linearised
) -> Verdict:
    column, group, method = _RATES[code]
    about = rate_about(
        code, f"{method} ({denominator.replace('_', ' ')})", _least_effect(survey, rules, rate, denominator)
    )
    keys = _keys(survey, code, denominator)
    estimate = to_estimate(rate, survey.sample, keys, about, rules.confidence)
    stages = {} if code == "approval" else finding_stages(survey, column)
    criterion = criterion_of(rules, code)
    return conclude(
        estimate,
        criterion,
        evidence(estimate, criterion),
        stages=stages,
        notes=_rate_notes(survey, rate, estimate, column, group),
        official=rate.plain,
    )


def _least_effect(survey: CountySurvey, rules: ExitRules, rate: Linearised, denominator: str) -> float:
    """Return the design effect that limits assume at least: the rule pack's, or that of the weights if larger."""
    by_household = denominator == "household"
    size = np.ones(len(survey.frame)) if by_household else survey.numbers("persons")
    counted = denominator == "sampled_villages"
    weight = np.ones(len(size)) if counted else survey.sample.weight
    return max(rules.prior_deff, weighting_effect(size, weight, rate.inside))


def _rate_notes(
    survey: CountySurvey, rate: Linearised, estimate: Estimate, column: str, group: str
) -> tuple[Text, ...]:
    if not rate.inside.any():
        return (say.empty_group(group),)
    out: list[Text] = []
    if column in FINDING_GROUP:
        hit, base = counts_of(rate, survey)
        out.append(say.counts(hit, base, rate.plain))
    if estimate.keys["denominator"].iloc[0] == "sampled_villages":
        out.append(say.known_total(survey.totals["sampled_village_unregistered"]))
    asked = survey.group(group) if group != "any" else np.ones(len(rate.inside), dtype=bool)
    silent = int((asked & ~rate.inside).sum())
    if silent:
        out.append(say.unanswered(silent, int(asked.sum()), group))
    if rate.value in (0.0, 1.0):
        out.append(say.edge_rate(rate.value, float(estimate.n[0]), estimate.about.prior_deff))
    if estimate.df[0] <= 0 and estimate.clusters is not None:
        out.append(say.no_variance(float(estimate.clusters[0])))
    return tuple(out)


def _composite_verdict(
    survey: CountySurvey, rules: ExitRules, rates: tuple[Verdict, Verdict], together: float
) -> Verdict:
    totals = survey.totals
    persons = (totals["exited_persons"], totals["unregistered_persons"])
    criterion = criterion_of(rules, "composite_headcount")
    parts = Composite(
        registered=totals["registered_persons"],
        population=totals[f"{rules.composite_denominator}_persons"],
        rates=(rates[0].estimate, rates[1].estimate),
        persons=persons,
        correlation=together,
    )
    wanting = [v for v, p in zip(rates, persons, strict=True) if p > 0 and not np.isfinite(v.value)]
    notes = (say.composite_parts(wanting),) if wanting else ()
    keys = _keys(survey, "composite_headcount", rules.composite_denominator)
    estimate = parts.estimate(replace(rates[0].estimate, keys=keys), notes)
    both = {s: rates[0].stages.get(s, 0) + rates[1].stages.get(s, 0) for s in STAGES[1:]}
    stages = {s: n for s, n in both.items() if n}
    official = (
        totals["registered_persons"] + rates[0].official * persons[0] + rates[1].official * persons[1]
    ) / parts.population
    return conclude(
        estimate, criterion, parts.evidence(criterion), stages=stages, notes=notes, official=official
    )


def _keys(survey: CountySurvey, criterion: str, denominator: str) -> pd.DataFrame:
    return pd.DataFrame({"county": [survey.county], "criterion": [criterion], "denominator": [denominator]})


def _noted(verdict: Verdict, *notes: Text) -> Verdict:
    return replace(verdict, notes=(*verdict.notes, *notes))


def _with_pending(shown: Verdict, settled: Verdict) -> Verdict:
    """Add what adjudicated findings alone would give to a verdict with findings at earlier stages."""
    total = sum(shown.stages.values())
    count = total - shown.stages.get(STAGES[-1], 0)
    if not count or code_of(shown) == "approval":
        return shown
    return _noted(shown, say.pending(count, total, settled))


def _sums(survey: CountySurvey, rules: ExitRules) -> tuple[Text, ...]:
    totals = survey.totals
    parts = totals["registered_persons"] + totals["exited_persons"] + totals["unregistered_persons"]
    population = totals[f"{rules.composite_denominator}_persons"]
    off = abs(parts / population - 1) > UNEQUAL
    return (say.unaccounted(parts, population),) if off else ()


def _check_rules(rules: ExitRules) -> None:
    for name, known in (
        ("missed_denominator", get_args(MissedDenominator)),
        ("approval_unit", get_args(ApprovalUnit)),
        ("composite_denominator", ("agricultural", "resident")),
    ):
        given = getattr(rules, name)
        if given not in known:
            msg = f"exit rules: {name} is {given!r}; known: {', '.join(known)}"
            raise PlanError(msg)


def _check_totals(survey: CountySurvey, rules: ExitRules) -> None:
    needed = {
        f"{rules.composite_denominator}_persons": f"composite denominator {rules.composite_denominator!r}"
    }
    if rules.missed_denominator == "sampled_villages":
        needed["sampled_village_unregistered"] = "missed rate over the sampled villages"
    for column, use in needed.items():
        if not survey.totals[column] > 0:
            msg = (
                f"county {survey.county}: the {use} needs {column}, which the totals do not give (or give as 0); add "
                "it, or choose another denominator in plan.exits"
            )
            raise DataError(msg)
