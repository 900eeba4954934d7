"""Lists of problems, of their rectification and of who answers for it (问题清单、整改清单、责任清单)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.text import Text

PLACE = ("county", "village", "household", "wave")
NEEDED = ("item", "problem_en", "problem_zh")
PROGRESS = ("number", "done", "action", "rechecked", "outcome")
STATES: dict[str, Text] = {
    "open": Text(en="open", zh="整改中"),
    "overdue": Text(en="overdue", zh="逾期未整改"),
    "to_recheck": Text(en="done, to be re-checked", zh="已整改待复核"),
    "closed": Text(en="closed", zh="已销号"),
    "reopened": Text(en="re-checked, not mended", zh="复核未通过"),
}
"""State of one problem on a day → the word of a list."""
OUTCOMES: dict[str, Text] = {
    "mended": Text(en="mended", zh="整改到位"),
    "not_mended": Text(en="not mended", zh="整改不到位"),
}
"""Result of a re-check."""


@dataclass(frozen=True)
class Duty:
    """Who answers for a kind of problem, and by when.

    Parameters
    ----------
    owner : str
        Office or post; a place in braces is filled in (``"{village} 村党支部书记"``).
    days : int
        From the day of the finding until it must be mended.
    recheck : int
        Days after that until it must be re-checked.
    measure : str
        What is to be done.

    Raises
    ------
    PlanError
        No owner, or fewer days than none.
    """

    owner: str
    days: int = 30
    recheck: int = 15
    measure: str = ""

    def __post_init__(self) -> None:
        if not self.owner.strip() or self.days < 0 or self.recheck < 0:
            msg = f"a duty has an owner and days of 0 or more, got {self}"
            raise PlanError(msg)


@dataclass(frozen=True, eq=False)
class ProblemLists:
    """The three lists. They hold household ids: not for publication.

    Parameters
    ----------
    problems : DataFrame
        One row a problem: number, the places of the finding, item, problem_en, problem_zh, evidence, found.
    rectification : DataFrame
        One row a problem: number, measure, owner, due, recheck, done, action, rechecked, outcome.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("number",)

    problems: pd.DataFrame
    rectification: pd.DataFrame

    def __len__(self) -> int:
        return len(self.problems)

    @property
    def responsibility(self) -> pd.DataFrame:
        """One row an owner: items, problems, counties, first and last due date."""
        both = self.rectification.merge(self.problems, on="number")
        county = both["county"] if "county" in both else pd.Series("", index=both.index)
        groups = both.assign(county=county).groupby("owner", sort=True)
        return pd.DataFrame(
            {
                "items": groups["item"].agg(lambda s: ", ".join(sorted(set(s)))),
                "problems": groups.size(),
                "counties": groups["county"].nunique(),
                "first_due": groups["due"].min(),
                "last_due": groups["due"].max(),
            }
        ).reset_index()

    def at(self, day: str) -> pd.DataFrame:
        """Return the rectification list with the state (a code of `STATES`) of each problem on a day."""
        now, list_ = pd.Timestamp(day), self.rectification
        done = (list_["done"] <= now).to_numpy()
        seen = (list_["rechecked"] <= now).to_numpy()
        mended = (list_["outcome"] == "mended").to_numpy()
        late = (list_["due"] < now).to_numpy()
        state = np.select(
            [seen & mended, seen, done, late], ["closed", "reopened", "to_recheck", "overdue"], default="open"
        )
        return list_.assign(state=pd.Series(state, index=list_.index, dtype="str"))

    def tidy(self) -> pd.DataFrame:
        """Return the problems with their rectification, one row a problem."""
        return self.problems.merge(self.rectification, on="number")


def problem_lists(
    findings: pd.DataFrame,
    *,
    found: str,
    duties: Mapping[str, Duty],
    otherwise: Duty | None = None,
    progress: pd.DataFrame | None = None,
) -> ProblemLists:
    """Return the lists of problems, rectification and responsibility from findings.

    Parameters
    ----------
    findings : DataFrame
        One row a finding, as ``problems()`` of `household_standard`, `village_standard` and `monitoring_checks` gives it: item,
        problem_en, problem_zh, evidence, and county, village, household, wave as far as they are known.
    found : str
        Day of the findings (``"2018-07-02"``).
    duties : mapping of str to Duty
        By item.
    otherwise : Duty, optional
        For items without a duty of their own; without it they are refused.
    progress : DataFrame, optional
        What was done since: number, done (day), action, rechecked (day), outcome (``mended``, ``not_mended`` or their
        Chinese words), as the workbook's sheet of rectification holds it.

    Returns
    -------
    ProblemLists
        In the order of place and item. The number of a problem follows from its place and item, so that it stays the same when
        others come or go.

    Raises
    ------
    DataError
        Columns absent, a finding given twice, days that are none, progress on an unknown number, re-checked before it was done.
    PlanError
        An item without a duty, or an owner that names an unknown place.
    """
    absent = [c for c in NEEDED if c not in findings]
    if absent:
        msg = f"findings lack {', '.join(absent)}; take them from problems() of a standard or of monitoring checks"
        raise DataError(msg)
    try:
        day = date.fromisoformat(found)
    except ValueError as error:
        msg = f"the day of the findings is {found!r}; write it as 2018-07-02"
        raise DataError(msg) from error
    places = [c for c in PLACE if c in findings]
    frame = findings.assign(**{c: _place(findings[c]) for c in places})
    frame = frame.sort_values([*places, "item"], ignore_index=True)
    frame["number"] = pd.Series(problem_numbers(frame), index=frame.index, dtype="str")
    twice = frame["number"].duplicated(keep=False)
    if twice.any():
        first = " ".join(frame.loc[twice, [*places, "item"]].iloc[0])
        msg = f"{int(twice.sum())} of {len(frame)} findings share place and item (first: {first}); keep one"
        raise DataError(msg, rows=frame.loc[twice])
    evidence = frame["evidence"] if "evidence" in frame else pd.Series("", index=frame.index, dtype="str")
    problems = frame[["number", *places, *NEEDED]].assign(evidence=evidence, found=pd.Timestamp(day))
    given = [_duty(item, duties, otherwise) for item in frame["item"]]
    rows = frame[places].itertuples(index=False)
    owners = [_owner(d, dict(zip(places, row, strict=True))) for d, row in zip(given, rows, strict=True)]
    rectification = pd.DataFrame(
        {
            "number": frame["number"],
            "measure": pd.Series([d.measure for d in given], dtype="str"),
            "owner": pd.Series(owners, dtype="str"),
            "due": _days([day + timedelta(days=d.days) for d in given]),
            "recheck": _days([day + timedelta(days=d.days + d.recheck) for d in given]),
        }
    )
    return ProblemLists(problems, with_progress(rectification, progress, problems["found"]))


def _place(values: pd.Series) -> pd.Series:
    """Return codes and years as text, empty where a finding has none (years stay whole beside blanks)."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        values = values.astype("Float64").astype("Int64")
    return values.astype("str").where(values.notna(), "")


def _days(days: list[date]) -> pd.Series:
    return pd.Series(pd.to_datetime([d.isoformat() for d in days])).astype("datetime64[s]")


def problem_numbers(rows: pd.DataFrame) -> list[str]:
    """Return the numbers of problems: 12 hexadecimal digits of the SHA-256 of place (as text) and item."""
    columns = [*(c for c in PLACE if c in rows), "item"]
    return [
        hashlib.sha256("|".join(map(str, row)).encode()).hexdigest()[:12]
        for row in rows[columns].itertuples(index=False)
    ]


def _duty(item: str, duties: Mapping[str, Duty], otherwise: Duty | None) -> Duty:
    duty = duties.get(item, otherwise)
    if duty is None:
        msg = f"nobody answers for {item!r}; add it to duties ({', '.join(sorted(duties)) or 'none yet'}) or pass otherwise=Duty(…)"
        raise PlanError(msg)
    return duty


def _owner(duty: Duty, place: Mapping[str, str]) -> str:
    lost = [n for n in re.findall(r"\{(\w+)\}", duty.owner) if n not in place]
    if lost:
        msg = (
            f"the owner {duty.owner!r} names {lost[0]!r}; the findings have {', '.join(place) or 'no places'}"
        )
        raise PlanError(msg)
    return re.sub(r"\{(\w+)\}", lambda m: place[m[1]], duty.owner)


def with_progress(
    rectification: pd.DataFrame, progress: pd.DataFrame | None, found: pd.Series
) -> pd.DataFrame:
    """Return the rectification list with what was done and re-checked; blank where nothing is known.

    Parameters
    ----------
    rectification : DataFrame
        number, measure, owner, due, recheck.
    progress : DataFrame or None
        See `problem_lists`.
    found : Series
        Day on which each problem of `rectification` was found, row by row.

    Raises
    ------
    DataError
        Progress on an unknown number, days that are none or out of order, an outcome without a re-check.
    """
    said = pd.DataFrame(columns=PROGRESS) if progress is None else progress.reset_index(drop=True)
    absent = [c for c in PROGRESS if c not in said]
    if absent:
        msg = f"progress lacks {', '.join(absent)}; it has one row a problem with {', '.join(PROGRESS)}"
        raise DataError(msg)
    said = said[list(PROGRESS)].astype({"number": "str"})
    for column in ("done", "rechecked"):
        read = pd.to_datetime(said[column], errors="coerce")
        _forbid(
            said,
            read.isna() & said[column].notna() & (said[column].astype("str") != ""),
            f"have a {column} that is no day",
        )
        said[column] = read
    words = {**{c: c for c in OUTCOMES}, **{t.zh: c for c, t in OUTCOMES.items()}, "": ""}
    outcome = (
        said["outcome"].astype("str").where(said["outcome"].notna(), "").str.strip().map(words).astype("str")
    )
    _forbid(said, outcome.isna(), f"have an unknown outcome (known: {', '.join(filter(None, words))})")
    said["outcome"] = outcome
    said["action"] = said["action"].astype("str").where(said["action"].notna(), "")
    unknown = ~said["number"].isin(rectification["number"]) | said["number"].duplicated(keep=False)
    _forbid(said, unknown, "name an unknown number or repeat one")
    odd = (said["rechecked"].notna() != (said["outcome"] != "")) | (
        said["rechecked"].notna() & ~(said["done"] <= said["rechecked"])
    )
    since = said["number"].map(dict(zip(rectification["number"], found, strict=True)))
    _forbid(
        said,
        odd | (said["done"] < since),
        "have an outcome without a re-check (or the reverse), or days out of order",
    )
    out = rectification.merge(said, on="number", how="left")
    for column in ("action", "outcome"):
        out[column] = out[column].astype("str").where(out[column].notna(), "")
    return out.astype({"done": "datetime64[s]", "rechecked": "datetime64[s]"})


def _forbid(said: pd.DataFrame, bad: pd.Series, what: str) -> None:
    if bad.any():
        msg = f"{int(bad.sum())} of {len(said)} rows of progress {what} (first: number {said.loc[bad, 'number'].iloc[0]}); mend them"
        raise DataError(msg, rows=said.loc[bad])
