"""What follows a third-party survey: the second visit to its villages, and the dated steps of its suspected cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.schema import CASE_STAGES
from evalkit.simulate.places import rank_within
from evalkit.simulate.survey import EXITED, REGISTERED, UNREGISTERED, Frame

MENDED, ENTERED = 0.6, 0.7
"""Shares of the wrongly exited that have been lifted out by the second visit, and of the missed that have been registered."""
YEARS_LATER = 1
"""From the survey to the second visit."""
FALSE_ALARMS = (3, 0.5)
"""Households of a county suspected without cause: so many, and so many for each one with cause."""
APPEALS = 0.4
"""Share of adjudicated cases that were appealed."""
STEPS = tuple(CASE_STAGES)[1:]
WHO = dict(zip(STEPS, ("调查组", "核查组", "县级主管部门", "评估专家组"), strict=True))
"""Step → who takes it (made up)."""
WAITS = {"疑似": (0, 21), "核查": (1, 4), "申诉举证": (7, 21), "认定": (14, 35)}
"""Step → days after the step before: least, and most less one."""

Flags = npt.NDArray[np.bool_]


def year_after(rng: np.random.Generator, frame: Frame) -> Frame:
    """Return the households a year after they were assessed: some mended, some registered, the others as they were.

    Parameters
    ----------
    rng : Generator
    frame : Frame
    """
    n = len(frame.code)
    lifted, entered = rng.random(n) < MENDED, frame.missed & (rng.random(n) < ENTERED)
    group = np.where(entered, REGISTERED, frame.group)
    wrong, missed = frame.wrong & ~lifted, frame.missed & ~entered
    poor = np.select([group == EXITED, group == UNREGISTERED], [wrong, missed], frame.found_poor & ~lifted)
    growth = np.exp(rng.normal(0.08, 0.05, n))
    return replace(
        frame,
        group=group,
        wrong=wrong,
        missed=missed,
        found_poor=poor | entered,
        income=np.round(frame.income * growth, 2),
    )


def case_table(rng: np.random.Generator, survey: pd.DataFrame) -> pd.DataFrame:
    """Return the dated steps of the cases of a survey: those with cause up to the stage that the survey states, false alarms to the end.

    Parameters
    ----------
    rng : Generator
    survey : DataFrame
        Clean: county, county_name, village, household, wave, survey_group, wrongly_exited, missed, case_stage.

    Returns
    -------
    DataFrame
        One row a step: county, county_name, village, household, finding, case_stage, case_date, case_by, case_evidence,
        case_outcome. What was adjudicated is upheld where the finding is true, dismissed where it is not.
    """
    cases = _suspected(rng, survey)
    n = len(cases)
    true = (cases["wrongly_exited"] | cases["missed"]).to_numpy(dtype=bool)
    last = np.where(true, cases["case_stage"].map({w: i for i, w in enumerate(STEPS)}), len(STEPS) - 1)
    appealed = np.where(last == 3, rng.random(n) < APPEALS, last == 2)
    day = pd.to_datetime((cases["wave"] + 1).astype("str") + "-07-01")
    finding = np.where(cases["survey_group"] == "已脱贫户", "疑似错退", "疑似漏评")
    who = cases[["county", "county_name", "village", "household"]]
    parts = []
    for i, step in enumerate(STEPS):
        taken = appealed if step == "申诉举证" else last >= i
        day = day + pd.to_timedelta(np.where(taken, rng.integers(*WAITS[step], n), 0), unit="D")
        letter = [f"举证材料{k + 1:04d}号" if step == "申诉举证" else "" for k in range(n)]
        outcome = np.where(true, "认定成立", "不成立") if step == STEPS[-1] else np.full(n, "")
        rows = who.assign(
            finding=finding,
            case_stage=step,
            case_date=day.dt.strftime("%Y-%m-%d"),
            case_by=WHO[step],
            case_evidence=letter,
            case_outcome=outcome,
            order=np.arange(n),
        )
        parts.append(rows[np.asarray(taken, dtype=bool)])
    table = pd.concat(parts).sort_values("order", kind="stable", ignore_index=True).drop(columns="order")
    return table.astype("str")


def _suspected(rng: np.random.Generator, survey: pd.DataFrame) -> pd.DataFrame:
    """Return the surveyed households with a finding and those suspected without cause, in the order of the survey."""
    found = (survey["wrongly_exited"] | survey["missed"]).to_numpy(dtype=bool)
    clean: Flags = ~found & (survey["survey_group"] != "未脱贫户").to_numpy()
    county = pd.factorize(survey["county"], sort=True)[0].astype(np.int64)
    wanted = FALSE_ALARMS[0] + np.round(FALSE_ALARMS[1] * np.bincount(county, weights=found))
    wrongly = rank_within(county, np.where(clean, rng.random(len(survey)), 2.0)) < wanted[county]
    return survey[found | (wrongly & clean)].reset_index(drop=True)


def later_rates(frame: Frame, counties: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return the true rates at the second visit by county: shares of persons among the exited and the unregistered.

    Parameters
    ----------
    frame : Frame
        Of `year_after`.
    counties : int
    """

    def persons(rows: Flags) -> npt.NDArray[np.float64]:
        counted = np.bincount(frame.county, weights=frame.size * rows, minlength=counties)
        return np.asarray(counted, dtype=np.float64)

    return {
        "wrong_exit_later": persons(frame.wrong) / persons(frame.group == EXITED),
        "missed_later": persons(frame.missed) / persons(frame.group == UNREGISTERED),
    }
