"""What an `ExitJudgement` prints about its suspected households: their list, their stages, both ways of counting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.exits.rates import Counted, Linearised
from evalkit.exits.survey import FINDING_GROUP, STAGES, CountySurvey, Flags
from evalkit.verdicts import Verdict

COUNTED: tuple[Counted, ...] = ("found", "all", "adjudicated")
"""Ways of counting findings, in the order of a table."""


def findings(survey: CountySurvey) -> Flags:
    """Return which households have a finding that was not dismissed, shape (n,)."""
    marked = (survey.numbers("wrongly_exited") == 1) | (survey.numbers("missed") == 1)
    return np.asarray(marked & ~survey.dismissed(), dtype=bool)


def finding_stages(survey: CountySurvey, column: str) -> dict[str, int]:
    """Return the number of findings (of one column, not dismissed) by the stage of their case."""
    marked = (survey.numbers(column) == 1) & ~survey.dismissed()
    at = survey.frame["case_stage"][marked].value_counts()
    return {s: int(at[s]) for s in STAGES if s in at}


def case_list(survey: CountySurvey) -> pd.DataFrame:
    """List suspected households: where, who, what was found, the stage reached (and the outcome, where one is known)."""
    frame = survey.frame
    kinds = np.where(frame["wrongly_exited"] == 1, "wrong_exit", np.where(frame["missed"] == 1, "missed", ""))
    columns = ["county", "village", "household", "survey_group", "persons", "finding", "case_stage"]
    outcome = ["case_outcome"] if survey.has_outcomes else []
    out = frame.assign(finding=kinds)[frame["case_stage"] != "none"]
    return out[[*columns, *outcome]].reset_index(drop=True)


def stage_table(survey: CountySurvey) -> pd.DataFrame:
    """Count suspected households and findings by stage of the case (and by outcome, where outcomes are known)."""
    cases = case_list(survey)
    rows = []
    for stage in STAGES[1:]:
        here = cases[cases["case_stage"] == stage]
        row: dict[str, str | int] = {"county": survey.county, "stage": stage, "suspected": len(here)}
        for kind in ("wrong_exit", "missed"):
            found = here[here["finding"] == kind]
            row[kind] = len(found)
            row[f"{kind}_persons"] = int(found["persons"].sum())
        if survey.has_outcomes:
            row |= {o: int((here["case_outcome"] == o).sum()) for o in ("upheld", "dismissed")}
        rows.append(row)
    return pd.DataFrame(rows)


def counted_table(survey: CountySurvey, ways: Mapping[Counted, tuple[Verdict, ...]]) -> pd.DataFrame:
    """Return what each way of counting findings gives.

    Parameters
    ----------
    survey : CountySurvey
    ways : mapping
        Way of counting → verdicts of the criteria, in one order.

    Returns
    -------
    DataFrame
        One row a criterion with findings and way of counting: county, criterion, denominator, counted (found, all,
        adjudicated), households and persons with a finding, estimate, lower, upper (one-sided), threshold, conclusion,
        point_rule. In the order of criteria, then of `COUNTED`.
    """
    rows = []
    for place, first in enumerate(next(iter(ways.values()))):
        keys = {k: first.estimate.keys[k].iloc[0] for k in ("county", "criterion", "denominator")}
        if keys["criterion"] == "approval":
            continue
        for way in COUNTED:
            v = ways[way][place]
            households, persons = _counts(survey, str(keys["criterion"]), way)
            rows.append(
                keys
                | {"counted": way, "households": households, "persons": persons}
                | {"estimate": v.value, "lower": v.lower, "upper": v.upper, "threshold": v.threshold}
                | {"conclusion": v.conclusion, "point_rule": v.point_rule}
            )
    return pd.DataFrame(rows).astype({"point_rule": "boolean"})


def _counts(survey: CountySurvey, criterion: str, way: Counted) -> tuple[int, int]:
    """Return households and persons with a finding of a criterion (the composite: of both)."""
    columns = {"wrong_exit": ("wrongly_exited",), "missed": ("missed",)}.get(criterion, tuple(FINDING_GROUP))
    hit = np.zeros(len(survey.frame), dtype=bool)
    for column in columns:
        hit |= survey.numbers(column) == 1
    if way != "found":
        hit &= ~survey.dismissed()
    if way == "adjudicated":
        hit &= survey.adjudicated()
    return int(hit.sum()), int(survey.numbers("persons")[hit].sum())


def counts_of(rate: Linearised, survey: CountySurvey) -> tuple[tuple[int, float], tuple[int, float]]:
    """Return (households, persons) with the outcome of a rate, and those that it rests on."""
    persons = survey.numbers("persons")
    return (
        (int(rate.hit.sum()), float(persons[rate.hit].sum())),
        (int(rate.inside.sum()), float(persons[rate.inside].sum())),
    )
