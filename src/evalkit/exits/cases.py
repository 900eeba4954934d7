"""The way of every suspected case: flagged → checked → appealed with evidence → adjudicated.

A case is a household suspected of a wrong exit or of having been missed. Its history is a list of dated steps; the stage
it has reached is what a verdict prints, and only adjudicated cases have an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.schema import CASE_FINDINGS, CASE_OUTCOMES, CASE_STAGES
from evalkit.text import Text

STEPS: tuple[str, ...] = tuple(s for s in CASE_STAGES.values() if s != "none")
"""Stages in their order."""
OUTCOMES: Mapping[str, Text] = {
    "upheld": Text(en="upheld", zh="认定成立"),
    "dismissed": Text(en="dismissed", zh="不成立"),
}
FINDINGS = ("wrong_exit", "missed")
NEEDED = ("county", "household", "finding", "stage", "date")
_DATES = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?(?:\.0+)?)?$",
    r"^(\d{4})(\d{2})(\d{2})(?:\.0)?$",
)
"""Year, month and day, as people and spreadsheets write them."""
_AFTER = {"flagged": "", "checked": "flagged", "appealed": "checked", "adjudicated": "checked"}
"""Stage → the stage without which it cannot be reached (a case may be adjudicated without an appeal)."""


@dataclass(frozen=True, eq=False)
class Cases:
    """Suspected cases with the stage each has reached. Holds household ids: not for publication.

    Parameters
    ----------
    frame : DataFrame
        One row a case: county, household, finding, stage (the last reached), one date for each of `STEPS` (missing where
        it was not reached), evidence (document of the appeal), outcome (empty before adjudication).
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def counts(self) -> pd.DataFrame:
        """Return the number of cases by county, finding and stage, and of adjudicated ones by outcome."""
        keys = ["county", "finding", "stage", "outcome"]
        return self.frame.groupby(keys, sort=True).size().rename("cases").reset_index()

    def stage_of(self) -> pd.Series:
        """Return the stage by (county, household), as the column case_stage of a survey holds it."""
        return self.frame.set_index(["county", "household"])["stage"].rename("case_stage")

    def by_stage(self) -> pd.DataFrame:
        """Return cases by the stage they have reached, adjudicated ones by outcome, with the days of their first and last step.

        Returns
        -------
        DataFrame
            One row a stage (adjudicated: one for each of `OUTCOMES`), in their order, those without a case too: stage, outcome,
            wrong_exit, missed, cases, first and last (text, ``2018-07-02``; empty without a case).

        Examples
        --------
        >>> steps = pd.DataFrame({"county": "990101", "household": "1", "finding": "missed", "stage": ["flagged", "checked"],
        ...     "date": ["2018-07-02", "2018-07-05"]})
        >>> case_stages(steps).by_stage().iloc[1][["stage", "first", "last"]].tolist()
        ['checked', '2018-07-02', '2018-07-05']
        """
        frame = self.frame
        latest = frame[list(STEPS)].max(axis=1)
        rows = []
        for stage in STEPS:
            for outcome in OUTCOMES if stage == STEPS[-1] else ("",):
                here = (frame["stage"] == stage) & (frame["outcome"] == outcome)
                kinds = {f: int((here & (frame["finding"] == f)).sum()) for f in FINDINGS}
                days = (_day(frame.loc[here, "flagged"].min()), _day(latest[here].max()))
                rows.append((stage, outcome, *kinds.values(), int(here.sum()), *days))
        return pd.DataFrame(rows, columns=["stage", "outcome", *FINDINGS, "cases", "first", "last"])

    def open_at(self, date: str) -> pd.DataFrame:
        """Return the cases that are not adjudicated by a day, with the days since they were flagged."""
        day = pd.Timestamp(date)
        frame = self.frame[self.frame["flagged"] <= day]
        waiting = frame[~(frame["adjudicated"] <= day)]
        return waiting.assign(days=(day - waiting["flagged"]).dt.days).reset_index(drop=True)


def case_stages(history: pd.DataFrame) -> Cases:
    """Return the stage that each suspected case has reached, from its dated steps.

    Parameters
    ----------
    history : DataFrame
        One row a step: county, household, finding (wrong_exit or missed), stage (a code of `STEPS`), date (year, month and
        day in this order: ``2018-07-02``, ``2018/7/2``, ``2018年7月2日``, ``20180702``); evidence (document) with an appeal,
        outcome (upheld or dismissed) with an adjudication. Findings, stages and outcomes may be Chinese words.

    Returns
    -------
    Cases
        In the order of county, household and finding.

    Raises
    ------
    DataError
        Columns, words or dates that are not known; a step twice, before the one it follows from, an appeal without
        evidence, an adjudication without outcome, an outcome elsewhere. With the number and the first case.

    Examples
    --------
    >>> steps = pd.DataFrame({"county": "990101", "household": "9901010001", "finding": "missed",
    ...     "stage": ["疑似", "核查"], "date": ["2018-07-02", "2018-07-02"]})
    >>> case_stages(steps).frame[["household", "stage"]].to_dict("records")
    [{'household': '9901010001', 'stage': 'checked'}]
    """
    steps = _read(history)
    _steps_follow(steps)
    keys = ["county", "household", "finding"]
    steps = steps.assign(order=steps["stage"].map({s: i for i, s in enumerate(STEPS)}))
    last = steps.sort_values("order").drop_duplicates(keys, keep="last")
    dates = steps.pivot_table(index=keys, columns="stage", values="date", aggfunc="first")
    dates = dates.reindex(columns=list(STEPS))
    told = steps.groupby(keys)[["evidence", "outcome"]].max()
    frame = last[[*keys, "stage"]].set_index(keys).sort_index()
    for stage in STEPS:
        frame[stage] = pd.to_datetime(dates[stage])
    return Cases(frame.join(told).reset_index())


def _read(history: pd.DataFrame) -> pd.DataFrame:
    """Return the steps with canonical words and dates."""
    absent = [c for c in NEEDED if c not in history]
    if absent:
        msg = f"the history of cases lacks {', '.join(absent)}; it needs one row a step with {', '.join(NEEDED)}"
        raise DataError(msg)
    out = history.reset_index(drop=True)
    for column in ("evidence", "outcome"):
        given = out[column].astype("str") if column in out else pd.Series("", index=out.index, dtype="str")
        out[column] = given.fillna("").str.strip()
    for column in ("county", "household"):
        out[column] = out[column].astype("str")
    stages = {**{c: c for c in STEPS}, **{w: c for w, c in CASE_STAGES.items() if c in STEPS}}
    outcomes = {**{c: c for c in OUTCOMES}, **CASE_OUTCOMES, "": ""}
    findings = {**{f: f for f in FINDINGS}, **CASE_FINDINGS}
    for column, words in (("stage", stages), ("outcome", outcomes), ("finding", findings)):
        said = out[column].astype("str").str.strip()
        out[column] = said.map(words).astype("str")
        _forbid(
            out,
            out[column].isna(),
            f"have an unknown {column}",
            f"write one of {', '.join(filter(None, words))}",
        )
    out["date"] = _days(out["date"])
    _forbid(out, out["date"].isna(), "have no date, or one that is none", "write it as 2018-07-02")
    return out[[*NEEDED, "evidence", "outcome"]]


def _days(written: pd.Series) -> pd.Series:
    """Return days; missing where the text is none with the year first, so that day and month are never guessed.

    >>> _days(pd.Series(["2018年7月2日", "20180702", "02/07/2018"])).notna().tolist()
    [True, True, False]
    """
    if pd.api.types.is_datetime64_any_dtype(written.dtype):
        days: pd.Series = written.dt.normalize()
        return days
    said = written.astype("str").str.strip()
    parts = said.str.extract(_DATES[0]).fillna(said.str.extract(_DATES[1]))
    text = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")


def _day(found: pd.Timestamp) -> str:
    return "" if pd.isna(found) else found.strftime("%Y-%m-%d")


def _steps_follow(steps: pd.DataFrame) -> None:
    """Raise unless every step follows from the one before it and says what it must."""
    keys = ["county", "household", "finding"]
    twice = steps.duplicated([*keys, "stage"], keep=False)
    _forbid(steps, twice, "repeat a step of a case", "keep one row a step")
    dates = steps.set_index([*keys, "stage"])["date"]
    for stage, needed in _AFTER.items():
        rows = steps[steps["stage"] == stage]
        if not needed or rows.empty:
            continue
        before = pd.MultiIndex.from_frame(rows[keys].assign(stage=needed))
        earlier = dates.reindex(before).to_numpy()
        late = np.isnat(earlier) | (earlier > rows["date"].to_numpy())
        bad = pd.Series(late, index=rows.index).reindex(steps.index, fill_value=False)
        _forbid(
            steps, bad, f"are {stage} before they are {needed}", f"add the step {needed}, or mend the dates"
        )
    appeal, end = steps["stage"] == "appealed", steps["stage"] == STEPS[-1]
    _forbid(steps, appeal & (steps["evidence"] == ""), "are appeals without evidence", "name the document")
    _forbid(
        steps,
        end & (steps["outcome"] == ""),
        "are adjudicated without outcome",
        f"write {' or '.join(OUTCOMES)}",
    )
    _forbid(steps, ~end & (steps["outcome"] != ""), "have an outcome before adjudication", "leave it empty")


def _forbid(steps: pd.DataFrame, bad: pd.Series, what: str, remedy: str) -> None:
    count = int(bad.sum())
    if count:
        first = steps.loc[bad].iloc[0]
        msg = (
            f"{count} of {len(steps)} steps of cases {what} (first: household {first['household']} of county "
            f"{first['county']}); {remedy}"
        )
        raise DataError(msg, rows=steps.loc[bad])
