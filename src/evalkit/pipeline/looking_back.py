"""Look-back of one county: errors of identification, second visits, steps of cases, the scorecards of six precisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pandas as pd

from evalkit import exits
from evalkit.exits import Cases, ExitJudgement, Followed, Funds, IdentificationErrors, PrecisionEvidence
from evalkit.exits.funds import ALL
from evalkit.exits.precisionlines import HOUSEHOLDS, MEASURES
from evalkit.exits.precisions import Version
from evalkit.exits.revisiting import edge_note
from evalkit.panel import Panel
from evalkit.pipeline.gathered import NO_PROGRAMS, County, Gathered, complete_in, of_wave
from evalkit.pipeline.visits import (
    FOUND_POOR,
    INCOME,
    assessed_year,
    county_cases,
    has,
    judged_visit,
    survey_panel,
    visited_years,
)
from evalkit.text import Text

LISTS: tuple[Version, ...] = get_args(Version)
"""Lists of six precisions, in the order of the report."""
GROUP_PERSONS = {
    "registered_not_poor": "registered_persons",
    "exited_poor": "exited_persons",
    "unregistered_poor": "unregistered_persons",
}
"""Error of identification → column of the totals with the persons that it is counted among."""
PROBLEMS = {
    "registered_not_poor": Text(en="registered, found not poor by the survey", zh="在册户，抽查认定不属贫困"),
    "exited_poor": Text(en="exited, found poor by the survey", zh="已脱贫户，抽查认定仍属贫困"),
    "unregistered_poor": Text(en="unregistered, found poor by the survey", zh="非建档立卡户，抽查认定属贫困"),
}
NO_SURVEY = Text(en="The data have no third-party survey of this county.", zh="数据中没有本县的第三方抽查。")
NO_POVERTY = Text(
    en="The survey states neither whom it found poor (found_poor) nor its own income (surveyed_income_pc).",
    zh="抽查数据既未载明调查认定贫困与否，也没有调查核算的收入。",
)
NO_REVISIT = Text(
    en="The plan names no second visit of the survey (accounts.look_back.revisit).",
    zh="方案未指定第二次入户（回访）。",
)
ONE_VISIT = Text(en="The survey visited this county once.", zh="本县仅抽查一次，没有回访。")
PART_ONLY = Text(
    en="The plan does not say that the household table holds all registered households of its villages (accounts.complete); a "
    "household with support that is not in a sample may be registered all the same.",
    zh="方案未说明户表包含村内全部建档立卡户；受帮扶而不在样本中的户仍可能在册。",
)
NO_VILLAGES = Text(en="The data have no village table for this county.", zh="数据中没有本县的村表。")
NOT_HERE: Mapping[str, Text] = {
    "targets": Text(
        en="Targets are held against all counties together, in the province overview.",
        zh="目标按全部县合并核对，见全省总览。",
    ),
    "problems": Text(
        en="Which problems were re-checked and closed stands in the workbooks of evalkit lists, not in the build.",
        zh="问题复核销号情况记载于问题清单工作簿，不在建库数据中。",
    ),
}
"""Account that no county's build makes → where it is."""
NOTHING_THERE = Text(
    en="The data have nothing to count it among, or do not say it.", zh="数据中没有相应分母，或未载明此项。"
)
UNJUDGED = Text(
    en="No record shows anybody to meet or to fail it as a whole.", zh="没有任何资料可以整体核实达标与否。"
)
NO_FIGURE: Mapping[str, Text] = {
    "funds_reached": Text(
        en="The plan names no budget of this county (accounts.budget).", zh="方案未载明本县的资金预算。"
    ),
    "exits_substance": UNJUDGED,
    "exits_agreement": UNJUDGED,
    "villages_standard": UNJUDGED,
}
"""Figure that its account does not hold → why."""
NO_PERSONS = Text(
    en="The survey does not state the persons of each household.", zh="抽查数据未载明各户人口数。"
)
NO_WEIGHTS = Text(
    en="the survey states no weights: every household counts alike",
    zh="抽查数据没有抽样权重，各户等权计算",
)
NOT_MADE = Text(en="The build made no such account.", zh="建库结果中没有此项台账。")
_PART_OF = {
    "errors": "identification",
    "causes": "causes",
    "beneficiaries": "beneficiaries",
    "overlap": "overlap",
    "funds": "funds",
    "needs": "needs",
    "posts": "posts",
    "households": "household_standard",
    "villages": "village_standard",
    "county": "verdicts",
}
"""Account → name of the part under which a reason for its absence is kept."""


def gather_look_back(
    out: Gathered, here: County, judgement: ExitJudgement | None, omitted: Mapping[str, Text]
) -> None:
    """Add cases by stage and outcome, errors of identification, the second visit and the scorecards, or why they are missing.

    Parameters
    ----------
    out : Gathered
        With the accounts that the other parts made.
    here : County
    judgement : ExitJudgement or None
    omitted : mapping
        Why other results are missing (``verdicts``).
    """
    out.attempt("case_steps", lambda: _steps(out, here))
    out.attempt("identification", lambda: _identification(out, here, judgement))
    out.attempt("revisit", lambda: _revisit(out, here))
    out.attempt("beneficiaries", lambda: _beneficiaries(out, here))
    out.attempt("posts", lambda: _posts(out, here))
    out.attempt("precisions", lambda: _precisions(out, judgement, omitted))


def _steps(out: Gathered, here: County) -> None:
    if here.plan.data.cases is None:
        out.omitted["case_steps"] = Text(
            en="The plan names no table of the steps of cases (data.cases); their stages are those that the survey states.",
            zh="方案未提供疑似情形台账，核查阶段以抽查数据所载为准。",
        )
        return
    found: Cases | None = county_cases(here.tables)
    if found is None:
        out.omitted["case_steps"] = Text(
            en="The table of steps has no case of this county; the stages are those that the survey states.",
            zh="疑似情形台账中没有本县的情形，核查阶段以抽查数据所载为准。",
        )
        return
    survey = judged_visit(here.tables, here.plan)
    surveyed = 0 if survey is None else len(survey)
    out.tables["case_steps"] = found.by_stage().assign(surveyed=surveyed)
    out.facts["case_steps"] = {"cases": len(found), "steps": len(here.tables["cases"])}


def _identification(out: Gathered, here: County, judgement: ExitJudgement | None) -> None:
    survey = judged_visit(here.tables, here.plan)
    if survey is None:
        out.omitted["identification"] = NO_SURVEY
        return
    asked = here.plan.accounts.look_back.poor
    poor = asked or (FOUND_POOR if has(survey, FOUND_POOR) else None)
    if poor is None and not has(survey, INCOME):
        out.omitted["identification"] = NO_POVERTY
        return
    panel = survey_panel(survey, here.plan, wave=_year(here))
    found = exits.identification_errors(panel, poor=poor)
    by_person = panel.size is not None
    if by_person:
        out.kept["errors"] = found
    known = _known_persons(here) if by_person else {}
    out.tables["identification"] = found.tidy().assign(
        known=[known.get(e, np.nan) for e in found.table["error"]],
        unit="person" if by_person else "household",
    )
    out.estimates["identification"] = found.shares
    out.facts["identification"] = {
        "wave": panel.waves[-1],
        "by": "finding" if poor == FOUND_POOR else "income" if poor is None else "condition",
        "condition": asked or "",
    }
    out.note("identification", [*found.notes, *_unweighted(panel)])
    out.examined += [e for e in PROBLEMS if e in set(found.table["error"])]
    _problems(out, here, found, judgement)


def _unweighted(panel: Panel) -> list[Text]:
    """Say that a survey has no weights."""
    return [] if panel.design.weight else [NO_WEIGHTS]


def _year(here: County) -> int:
    """Return the year of a survey that states none."""
    stated = assessed_year(here.tables)
    return here.wave if stated is None else stated


def _known_persons(here: County) -> dict[str, float]:
    """Return the persons that each error is counted among, as the totals state them."""
    totals = here.table("totals")
    if totals is None:
        return {}
    row = totals.iloc[0]
    return {e: float(row[c]) for e, c in GROUP_PERSONS.items() if c in totals and pd.notna(row[c])}


def _problems(
    out: Gathered, here: County, found: IdentificationErrors, judgement: ExitJudgement | None
) -> None:
    """List the households with an error, apart from those that are suspected cases already."""
    cases = set() if judgement is None or judgement.cases.empty else set(judgement.cases["household"])
    rows = found.frame[~found.frame["household"].astype("str").isin(cases)]
    said = {
        f"problem_{lang}": rows["error"].map({e: t.get(lang) for e, t in PROBLEMS.items()})
        for lang in ("en", "zh")
    }
    out.add_problems(rows.assign(item=rows["error"], evidence=rows["survey_group"], **said), here.code)


def _revisit(out: Gathered, here: County) -> None:
    asked, survey = here.plan.accounts.look_back.revisit, here.table("survey")
    if asked is None or survey is None:
        out.omitted["revisit"] = NO_REVISIT if asked is None else NO_SURVEY
        return
    years = visited_years(survey)
    if len(years) < 2:
        out.omitted["revisit"] = ONE_VISIT
        return
    first, second = asked.first or years[0], asked.second or years[-1]
    panel = survey_panel(survey, here.plan, wave=_year(here))
    rates = {name: Followed(r.condition, r.among) for name, r in asked.rates.items()}
    found = exits.revisit(panel, rates, first=first, second=second)
    labels = {n: n if r.label is None else r.label.text for n, r in asked.rates.items()}
    words = {n: Text(en=t, zh=t) if isinstance(t, str) else t for n, t in labels.items()}
    out.tables["revisit"] = found.tidy().assign(
        en=[words[n].en for n in found.table["rate"]], zh=[words[n].zh for n in found.table["rate"]]
    )
    unit = "household" if panel.size is None else "person"
    out.facts["revisit"] = {"first": first, "second": second, "unit": unit}
    own = edge_note([Text(en=e, zh=e) for e in found.edges])
    notes = [n if n != own else edge_note([words[e] for e in found.edges]) for n in found.notes]
    out.note("revisit", [*notes, *_unweighted(panel)])


def _beneficiaries(out: Gathered, here: County) -> None:
    programs = here.table("program")
    if programs is None:
        out.omitted["beneficiaries"] = NO_PROGRAMS
        return
    if complete_in(here.plan) == "nothing":
        out.omitted["beneficiaries"] = PART_ONLY
        return
    frame = here.panel.frame[here.panel.mask]
    out.kept["beneficiaries"] = exits.beneficiaries(programs, frame, wave=here.wave)


def _posts(out: Gathered, here: County) -> None:
    villages = here.table("village")
    if villages is None:
        out.omitted["posts"] = NO_VILLAGES
        return
    rows = of_wave(villages, here.wave).assign(county=here.code)
    out.kept["posts"] = exits.village_posts(rows, among=here.plan.accounts.scorecards.poor_village)


def _precisions(out: Gathered, judgement: ExitJudgement | None, omitted: Mapping[str, Text]) -> None:
    if judgement is not None:
        out.kept["county"] = judgement
    evidence = PrecisionEvidence(**{name: out.kept.get(name) for name in _PART_OF})
    parts = []
    for version in LISTS:
        found = exits.six_precisions(evidence, version=version)
        parts.append(found.tidy().assign(list=version))
        out.note(f"precisions_{version}", found.notes)
    table = pd.concat(parts, ignore_index=True)
    out.tables["precisions"] = _with_reasons(table, out, {**omitted, **out.omitted})


def _with_reasons(table: pd.DataFrame, out: Gathered, omitted: Mapping[str, Text]) -> pd.DataFrame:
    """Return the scorecards with the build's reason where an account is missing, and the households behind each figure."""
    accounts = [MEASURES[m].account for m in table["measure"]]
    rows = []
    for account, row in zip(accounts, table.to_dict("records"), strict=True):
        otherwise = NO_PERSONS if account == "errors" else NOT_MADE
        why = NOT_HERE.get(account) or omitted.get(_PART_OF.get(account, ""), otherwise)
        why = NO_FIGURE.get(str(row["measure"]), NOTHING_THERE) if account in out.kept else why
        said = {} if row["shown"] else {"lacks_en": why.en, "lacks_zh": why.zh}
        behind = _behind(account, str(row["measure"]), float(row["among"]), out)
        rows.append({str(k): v for k, v in row.items()} | {**said, "account": account, "n": behind})
    return pd.DataFrame(rows)


def _behind(account: str, measure: str, among: float, out: Gathered) -> float:
    """Return the households that a figure rests on; NaN where it counts none (villages, targets)."""
    made = out.kept.get(account)
    if isinstance(made, IdentificationErrors):
        rows = made.table.loc[made.table["error"] == measure, "households"]
        return float(rows.iloc[0]) if len(rows) else np.nan
    if isinstance(made, Funds):
        return float(made.table.loc[made.table["program"] == ALL, "households"].iloc[0])
    return among if MEASURES[measure].unit == HOUSEHOLDS else np.nan
