"""Cases brought to the survey: the stage and the outcome of every suspected household, checked against its marks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError
from evalkit.exits.cases import STEPS, Cases

_FINDING_OF = {"wrong_exit": ("wrongly_exited", "exited"), "missed": ("missed", "unregistered")}
"""Finding of a case → column and group of the survey."""
_ORDER = {stage: i for i, stage in enumerate(("none", *STEPS))}


def with_cases(frame: pd.DataFrame, cases: Cases) -> pd.DataFrame:
    """Return the survey with the stage and the outcome that its cases have reached.

    Parameters
    ----------
    frame : DataFrame
        One row a household with canonical codes: county, household, survey_group, wrongly_exited, missed and the stage
        that the survey itself states (``none`` where it states none).
    cases : Cases

    Returns
    -------
    DataFrame
        With case_stage from the cases and case_outcome (upheld, dismissed, empty before adjudication).

    Raises
    ------
    DataError
        A case about no household of the survey, about two findings, about another group; an upheld case whose household is
        not marked; a stage of the survey that goes beyond that of the cases, or that the cases do not have at all.
    """
    told = cases.frame
    keys = pd.MultiIndex.from_frame(frame[["county", "household"]])
    at = pd.MultiIndex.from_frame(told[["county", "household"]])
    _forbid(told, at.duplicated(keep=False), "share a household", "keep one case a household")
    place = keys.get_indexer(at)
    _forbid(told, place < 0, "are about no household of the survey", "mend the codes or add the households")
    rows = frame.iloc[place]
    expected = told["finding"].map({f: group for f, (_, group) in _FINDING_OF.items()})
    other = rows["survey_group"].to_numpy(dtype=object) != expected.to_numpy(dtype=object)
    _forbid(told, other, "are about a household of another group", "mend the finding or the survey group")
    marked = np.zeros(len(told), dtype=bool)
    for finding, (column, _) in _FINDING_OF.items():
        marked |= (told["finding"] == finding).to_numpy() & (rows[column].to_numpy(dtype=float) == 1)
    lost = (told["outcome"] == "upheld").to_numpy() & ~marked
    _forbid(told, lost, "are upheld, but the survey does not mark the finding", "mark it")
    stage, outcome = np.full(len(frame), "none", dtype=object), np.full(len(frame), "", dtype=object)
    stage[place], outcome[place] = (
        told["stage"].to_numpy(dtype=object),
        told["outcome"].to_numpy(dtype=object),
    )
    ahead = frame["case_stage"].map(_ORDER) > pd.Series(stage, index=frame.index).map(_ORDER)
    if ahead.any():
        first = frame.loc[ahead].iloc[0]
        msg = (
            f"{int(ahead.sum())} of {len(frame)} rows of the survey state a case stage that their cases have not reached "
            f"(first: household {first['household']} of county {first['county']}, {first['case_stage']}); add the steps to "
            "the cases"
        )
        raise DataError(msg, rows=frame.loc[ahead])
    return frame.assign(case_stage=stage, case_outcome=outcome)


def _forbid(cases: pd.DataFrame, bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    count = int(bad.sum())
    if count:
        first = cases.loc[bad].iloc[0]
        msg = (
            f"{count} of {len(cases)} cases {what} (first: household {first['household']} of county {first['county']}, "
            f"{first['finding']}); {remedy}"
        )
        raise DataError(msg, rows=cases.loc[bad])
