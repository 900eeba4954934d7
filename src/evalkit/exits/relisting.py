"""The lists of a later run: what people wrote stays with its number, and the data are asked whether each problem is still there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.exits.listbook import FILLED, WrittenLists
from evalkit.exits.lists import (
    PLACE,
    PROGRESS,
    Duty,
    ProblemLists,
    problem_lists,
    problem_numbers,
    with_progress,
)


@dataclass(frozen=True, eq=False)
class Examined:
    """What the data of a later run can tell about problems that are no longer among its findings.

    Parameters
    ----------
    items : collection of str
        Items that were examined at all.
    not_shown : DataFrame
        Place and item of what was examined and not shown.
    places : collection of str
        Households and villages that the data still hold.
    """

    items: Collection[str]
    not_shown: pd.DataFrame
    places: Collection[str]


@dataclass(frozen=True, eq=False)
class Relisted:
    """The lists of a later run.

    Parameters
    ----------
    lists : ProblemLists
        Findings of this run and problems of the earlier workbook that are no longer among them.
    present : Series
        By number, ``new``, ``still_there``, ``gone`` or ``cannot_tell``.
    """

    lists: ProblemLists
    present: pd.Series

    def contradicted(self) -> pd.DataFrame:
        """Return the problems that were done with, or re-checked as mended, and are still in the data."""
        rows = self.lists.rectification
        there = (rows["number"].map(self.present) == "still_there").to_numpy()
        return rows[there & (rows["done"].notna() | (rows["outcome"] == "mended")).to_numpy()].reset_index(
            drop=True
        )


def relist(
    findings: pd.DataFrame,
    *,
    found: str,
    duties: Mapping[str, Duty],
    otherwise: Duty | None = None,
    written: WrittenLists | None = None,
    examined: Examined | None = None,
) -> Relisted:
    """Return the lists of a run, with what people wrote into the workbook of the run before.

    Parameters
    ----------
    findings, found, duties, otherwise
        See `problem_lists`; `found` is the day of this run.
    written : WrittenLists, optional
        The workbook as it was given back: owner, due day, what was done, and the outcome stay with the number of the problem, and so
        does the day on which it was first found.
    examined : Examined, optional
        What can be said about problems that are no longer found; without it nothing can.

    Returns
    -------
    Relisted
        A problem is ``gone`` only if its item was examined, its household or village is still in the data, and the item is shown
        there and not found in another year instead; otherwise it cannot be told.

    Raises
    ------
    DataError
        As in `problem_lists`.
    PlanError
        As in `problem_lists`.

    Examples
    --------
    >>> one = pd.DataFrame({"household": ["a"], "item": "housing", "problem_en": "x", "problem_zh": "x", "evidence": ""})
    >>> relist(one, found="2018-07-02", duties={}, otherwise=Duty("office")).present.tolist()
    ['new']
    """
    blank = [c for c in PLACE if c not in findings]
    fresh = problem_lists(
        findings.assign(**dict.fromkeys(blank, "")), found=found, duties=duties, otherwise=otherwise
    )
    if written is None or written.frame.empty:
        numbers = fresh.problems["number"]
        return Relisted(fresh, pd.Series("new", index=pd.Index(numbers, name="number"), dtype="str"))
    old = written.frame.set_index("number")
    gone = written.frame[~written.frame["number"].isin(fresh.problems["number"])]
    lists = _carried(fresh, old, gone)
    known = lists.problems["number"].isin(old.index)
    there = lists.problems["number"].isin(fresh.problems["number"])
    words = np.select([~known, known & there], ["new", "still_there"], default="gone")
    present = pd.Series(words, index=pd.Index(lists.problems["number"]), dtype="str")
    open_ = gone.loc[~_told(gone, fresh.problems, examined), "number"]
    present[present.index.isin(open_)] = "cannot_tell"
    return Relisted(lists, present)


def _carried(fresh: ProblemLists, old: pd.DataFrame, gone: pd.DataFrame) -> ProblemLists:
    """Return fresh lists with what was written about their numbers, and the rows that are not found any more."""
    problems, rows = (
        fresh.problems.copy(),
        fresh.rectification[["number", "measure", "owner", "due", "recheck"]].copy(),
    )
    first = problems["number"].map(old["found"])
    problems["found"] = first.where(first.notna(), problems["found"]).astype("datetime64[s]")
    wait = rows["recheck"] - rows["due"]
    for column in ("owner", "due"):
        own = rows["number"].map(old[column])
        rows[column] = own.where(own.notna(), rows[column])
    rows["recheck"] = rows["due"] + wait
    kept = gone.assign(problem_en=gone["problem"], problem_zh=gone["problem"])
    problems = pd.concat([problems, kept[list(problems.columns)]], ignore_index=True)
    rows = pd.concat([rows, gone[list(rows.columns)]], ignore_index=True)
    order = problems.sort_values([*PLACE, "item", "number"]).index
    problems, rows = problems.loc[order].reset_index(drop=True), rows.loc[order].reset_index(drop=True)
    days = dict.fromkeys(("due", "recheck"), "datetime64[s]")
    progress = old.reset_index()[list(PROGRESS)]
    said = progress[(progress[list(FILLED[2:])].notna() & (progress[list(FILLED[2:])] != "")).any(axis=1)]
    return ProblemLists(problems, with_progress(rows.astype(days), said, problems["found"]))


def _told(gone: pd.DataFrame, problems: pd.DataFrame, examined: Examined | None) -> pd.Series:
    """Return which problems that are not found any more the data show to be gone."""
    if examined is None:
        return pd.Series(np.zeros(len(gone), dtype=bool), index=gone.index)
    unseen = set(problem_numbers(examined.not_shown))
    held = {"", *map(str, examined.places)}
    moved = set(zip(problems["household"], problems["item"], strict=True)) - {
        ("", i) for i in set(problems["item"])
    }
    words = [
        item in examined.items
        and number not in unseen
        and (household or village) in held
        and (household, item) not in moved
        for number, village, household, item in gone[["number", "village", "household", "item"]].itertuples(
            index=False
        )
    ]
    return pd.Series(words, index=gone.index, dtype=bool)
