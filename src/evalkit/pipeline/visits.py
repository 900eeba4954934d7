"""The third-party survey of one county: its visits, the one that is judged, its cases, its households as a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from evalkit.design import SurveyDesign
from evalkit.errors import DataError
from evalkit.exits import Cases, ExitJudgement, case_stages, judge_exit
from evalkit.panel import Panel
from evalkit.plan import Plan

Tables = Mapping[str, pd.DataFrame]
FOUND_POOR, INCOME = "found_poor", "surveyed_income_pc"
"""The survey's own finding of poverty, and its own income per head."""
_STEP_COLUMNS = {
    "case_stage": "stage",
    "case_date": "date",
    "case_evidence": "evidence",
    "case_outcome": "outcome",
}
"""Field of the codebook → column of a history of cases."""


def visited_years(survey: pd.DataFrame) -> list[int]:
    """Return the years in which a survey was in the field, ascending; none where it has no years.

    Raises
    ------
    DataError
        Some rows have no year.
    """
    if "wave" not in survey or survey["wave"].isna().all():
        return []
    blank = int(survey["wave"].isna().sum())
    if blank:
        msg = f"{blank} of {len(survey)} rows of the survey have no year; fill in wave (年度)"
        raise DataError(msg)
    return sorted({int(w) for w in survey["wave"]})


def judged_visit(tables: Tables, plan: Plan) -> pd.DataFrame | None:
    """Return the rows of the survey on which the exit is judged; None where there are none.

    All rows, unless the plan names a second visit (``accounts.look_back.revisit``): then those of the year assessed
    (of the totals), or of the first visit where the totals name no year of the survey.

    Raises
    ------
    DataError
        Some rows have no year.
    """
    survey = tables.get("survey")
    if survey is None or survey.empty:
        return None
    asked = plan.accounts.look_back.revisit
    if asked is None:
        return survey
    years = visited_years(survey)
    if len(years) < 2:
        return survey
    stated = assessed_year(tables)
    at = stated if stated in years else asked.first if asked.first in years else years[0]
    return survey[survey["wave"].astype(int) == at].reset_index(drop=True)


def assessed_year(tables: Tables) -> int | None:
    """Return the year assessed as the totals state it, None where they state none."""
    totals = tables.get("totals")
    if totals is None or "assessed_year" not in totals:
        return None
    known = totals["assessed_year"].dropna()
    return None if known.empty else int(known.iloc[0])


def county_cases(tables: Tables) -> Cases | None:
    """Return the cases of a county's table of steps; None where it has no step of the county.

    Raises
    ------
    DataError
        Steps that contradict each other, see `evalkit.exits.case_stages`.
    """
    steps = tables.get("cases")
    if steps is None or steps.empty:
        return None
    return case_stages(steps.rename(columns=_STEP_COLUMNS))


def judged_exit(tables: Tables, plan: Plan, county: str) -> ExitJudgement:
    """Return the verdict on a county's exit, with the outcomes of its cases where there is a table of them.

    Raises
    ------
    DataError, DesignError
        As `evalkit.exits.judge_exit`; also steps of cases that contradict each other or the survey: a verdict does
        not fall back on the stages that the survey states.
    """
    survey = judged_visit(tables, plan)
    if survey is None:
        msg = "the survey has no rows; give one row a surveyed household"
        raise DataError(msg)
    found = judge_exit(
        survey, tables["totals"], plan, single_psu=plan.design.single_psu, cases=county_cases(tables)
    )
    return found.county(county)


def survey_panel(survey: pd.DataFrame, plan: Plan, *, wave: int) -> Panel:
    """Return surveyed households as a panel: persons, weights, strata and villages of the survey.

    Parameters
    ----------
    survey : DataFrame
        Clean rows of one county.
    plan : Plan
        Gives poverty lines, and what a stratum with one village contributes.
    wave : int
        Year of the rows where the survey states none.

    Raises
    ------
    DataError
        Columns are missing.
    """
    absent = [c for c in ("household", "village", "survey_group") if c not in survey]
    if absent:
        msg = f"the survey lacks {', '.join(absent)}; map them in plan.data.survey"
        raise DataError(msg)
    years = visited_years(survey)
    frame = survey if years else survey.assign(wave=wave)
    frame = frame.astype({"wave": int}).reset_index(drop=True)
    design = SurveyDesign(
        weight="weight" if "weight" in frame else None,
        strata="stratum" if "stratum" in frame else None,
        psu="village",
        single_psu=plan.design.single_psu,
    )
    return Panel(
        frame,
        county="county",
        welfare=_welfare(frame),
        size="persons" if "persons" in frame else None,
        village="village",
        design=design,
        lines=plan.lines(years or [wave]),
        poor_at_line=plan.poverty.poor_at_line,
        synthetic=plan.synthetic,
    )


def has(survey: pd.DataFrame, column: str) -> bool:
    """Tell whether a column of the survey is there and filled in."""
    return column in survey and bool(survey[column].notna().any())


def _welfare(frame: pd.DataFrame) -> str:
    """Return the survey's own income; without it any number, as then no rate may ask for income."""
    wanted: Sequence[str] = (INCOME, "persons", "weight", "wave")
    return next(c for c in wanted if has(frame, c))
