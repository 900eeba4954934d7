"""The third-party survey and the county totals, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Sample, SinglePsu, SurveyDesign
from evalkit.errors import DataError
from evalkit.exits.adjudicated import with_cases
from evalkit.exits.cases import Cases
from evalkit.schema import CASE_STAGES, NO, SURVEY_GROUPS, YES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GROUPS: tuple[str, ...] = tuple(SURVEY_GROUPS.values())
STAGES: tuple[str, ...] = tuple(CASE_STAGES.values())
ALIASES = {"group": "survey_group", "stage": "case_stage"}
"""Short names under which two columns may arrive."""

NEEDED = (
    "county",
    "village",
    "household",
    "persons",
    "weight",
    "survey_group",
    "wrongly_exited",
    "missed",
    "approves",
    "case_stage",
)
TOTALS = ("registered_persons", "exited_persons", "unregistered_persons")
OPTIONAL_TOTALS = ("agricultural_persons", "resident_persons", "sampled_village_unregistered")
FINDING_GROUP = {"wrongly_exited": "exited", "missed": "unregistered"}
"""The only group in which a finding can occur."""


@dataclass(frozen=True, eq=False)
class CountySurvey:
    """The checked survey of one county.

    Parameters
    ----------
    county : str
    frame : DataFrame, n rows
        Columns `NEEDED`; flags as 1, 0 and NaN; codes for group and stage ("none" where no case); with a table of cases
        also case_outcome (upheld, dismissed, empty).
    sample : Sample
        Design of the n rows: household weight, strata if given, villages as PSU.
    totals : mapping
        Persons in the county by `TOTALS` and `OPTIONAL_TOTALS`; NaN where not given.
    """

    county: str
    frame: pd.DataFrame
    sample: Sample
    totals: Mapping[str, float]

    def numbers(self, column: str) -> Floats:
        """Return a column as floats, shape (n,)."""
        return self.frame[column].to_numpy(dtype=float)

    def group(self, name: str) -> Flags:
        """Return which rows belong to a survey group, shape (n,)."""
        return np.asarray(self.frame["survey_group"].to_numpy(dtype=object) == name, dtype=bool)

    def adjudicated(self) -> Flags:
        """Return which rows have a case that reached the last stage, shape (n,)."""
        return np.asarray(self.frame["case_stage"].to_numpy(dtype=object) == STAGES[-1], dtype=bool)

    @property
    def has_outcomes(self) -> bool:
        """Whether a table of cases says what became of those that were adjudicated."""
        return "case_outcome" in self.frame

    def dismissed(self) -> Flags:
        """Return which rows have a case that was adjudicated and did not hold, shape (n,)."""
        if not self.has_outcomes:
            return np.zeros(len(self.frame), dtype=bool)
        return np.asarray(self.frame["case_outcome"].to_numpy(dtype=object) == "dismissed", dtype=bool)


def county_surveys(
    survey: pd.DataFrame,
    totals: pd.DataFrame,
    *,
    single_psu: SinglePsu = "error",
    cases: Cases | None = None,
) -> tuple[CountySurvey, ...]:
    """Check a survey against its totals and return one `CountySurvey` a county, in county order.

    Parameters
    ----------
    survey : DataFrame
        One row a household with the columns `NEEDED` (``group`` and ``stage`` are read as
        ``survey_group`` and ``case_stage``), optionally ``stratum``.
    totals : DataFrame
        One row a county.
    single_psu : str
        What a stratum with one sampled village contributes, see `SurveyDesign`.
    cases : Cases, optional
        Stages and outcomes; the survey then needs no column case_stage.

    Raises
    ------
    DataError
        What is wrong, in how many rows, and the first of them.
    DesignError
        Weights, strata or villages that allow no variance.
    """
    frame, census = read_survey(survey, cases), read_totals(totals)
    there, known = set(frame["county"]), set(census.index)
    _same_counties(there - known, "are in the survey but not in the totals", "add their rows to the totals")
    _same_counties(
        known - there, "have totals but no surveyed household", "add their survey or drop the rows"
    )
    design = SurveyDesign(
        weight="weight",
        strata="stratum" if "stratum" in frame else None,
        psu="village",
        single_psu=single_psu,
    )
    out = []
    for county, rows in frame.groupby("county", sort=True):
        part = rows.reset_index(drop=True)
        row = {str(k): float(v) for k, v in census.loc[str(county)].to_dict().items()}
        _interviewed_fit(part, str(county), row)
        out.append(CountySurvey(str(county), part, design.sample(part), row))
    return tuple(out)


def read_survey(survey: pd.DataFrame, cases: Cases | None = None) -> pd.DataFrame:
    """Return the survey with canonical columns, codes and flags (and what became of its cases), or raise `DataError`."""
    renamed = {a: c for a, c in ALIASES.items() if a in survey and c not in survey}
    frame = survey.rename(columns=renamed).reset_index(drop=True)
    if cases is not None and "case_stage" not in frame:
        frame["case_stage"] = "none"
    _columns(frame, NEEDED, "the survey")
    if frame.empty:
        msg = "the survey has no rows; give one row a surveyed household"
        raise DataError(msg)
    frame = frame[[*NEEDED, *(["stratum"] if "stratum" in frame else [])]]
    for column in ("county", "village", "household"):
        _forbid(frame, frame[column].isna(), f"have no {column}", "fill it in")
        frame[column] = frame[column].astype(str)
    twice = frame.duplicated(["county", "household"], keep=False)
    _forbid(frame, twice, "share a household id within a county", "keep one row a household")
    frame["survey_group"] = _codes(frame, "survey_group", SURVEY_GROUPS, missing=None)
    frame["case_stage"] = _codes(frame, "case_stage", CASE_STAGES, missing="none")
    for column in ("persons", "weight"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype(float)
        _forbid(
            frame,
            ~(frame[column] > 0) | np.isinf(frame[column]),
            f"have {column} missing, zero or negative",
            "mend them" if column == "persons" else "mend them (1 throughout for a self-weighting sample)",
        )
    for column in ("wrongly_exited", "missed", "approves"):
        frame[column] = _flags(frame, column)
    if cases is not None:
        frame = with_cases(frame, cases)
    for column, group in FINDING_GROUP.items():
        found = frame[column] == 1
        _forbid(
            frame,
            found & (frame["survey_group"] != group),
            f"are marked {column} outside the group {group!r}",
            "mend the mark or the group",
        )
        _forbid(
            frame,
            found & (frame["case_stage"] == "none"),
            f"are marked {column} without a case stage",
            f"state one of {', '.join(STAGES[1:])}",
        )
    return frame


def read_totals(totals: pd.DataFrame) -> pd.DataFrame:
    """Return the totals indexed by county (text), columns `TOTALS` and `OPTIONAL_TOTALS`."""
    _columns(totals, ("county", *TOTALS), "the totals")
    frame = totals.reset_index(drop=True)
    _forbid(frame, frame["county"].isna(), "of the totals have no county", "fill it in", key="county")
    frame = frame.assign(county=frame["county"].astype(str))
    twice = frame.duplicated("county", keep=False)
    _forbid(frame, twice, "of the totals repeat a county", "keep one row a county", key="county")
    out = pd.DataFrame(index=pd.Index(frame["county"], name="county"))
    for column in (*TOTALS, *OPTIONAL_TOTALS):
        if column not in frame:
            out[column] = np.nan
            continue
        value = pd.to_numeric(frame[column], errors="coerce").astype(float)
        bad = (value < 0) | np.isinf(value)
        if column in TOTALS:
            bad |= value.isna()
        else:
            bad |= value.isna() & frame[column].notna()
        _forbid(frame, bad, f"of the totals have {column} missing or negative", "mend them", key="county")
        out[column] = value.to_numpy()
    return out


def _columns(frame: pd.DataFrame, needed: tuple[str, ...], what: str) -> None:
    absent = [c for c in needed if c not in frame]
    if absent:
        msg = (
            f"{what} lacks {len(absent)} of {len(needed)} columns: {', '.join(absent)}; rename the columns "
            "or map them in plan.data"
        )
        raise DataError(msg)


def _forbid(frame: pd.DataFrame, bad: pd.Series, what: str, remedy: str, key: str = "household") -> None:
    count = int(bad.sum())
    if count:
        rows = frame.loc[bad]
        first = rows.iloc[0][key]
        where = f" of county {rows.iloc[0]['county']}" if key == "household" else ""
        msg = f"{count} of {len(frame)} rows {what} (first: {key} {first}{where}); {remedy}"
        raise DataError(msg, rows=rows)


def _same_counties(odd: set[str], what: str, remedy: str) -> None:
    if odd:
        msg = f"{len(odd)} counties {what}: {', '.join(sorted(odd)[:10])}; {remedy}"
        raise DataError(msg)


def _interviewed_fit(rows: pd.DataFrame, county: str, totals: Mapping[str, float]) -> None:
    """Raise if more persons were interviewed than the totals say there are."""
    pairs = (
        ("unregistered", "sampled_village_unregistered"),
        ("unregistered", "unregistered_persons"),
        ("exited", "exited_persons"),
        ("registered", "registered_persons"),
    )
    for group, column in pairs:
        seen = float(rows.loc[rows["survey_group"] == group, "persons"].sum())
        if seen > totals[column]:
            msg = (
                f"county {county}: {seen:,.0f} {group} persons were interviewed, but the totals have {column} = "
                f"{totals[column]:,.0f}; mend the totals or the survey groups"
            )
            raise DataError(msg)


def _codes(frame: pd.DataFrame, column: str, words: Mapping[str, str], missing: str | None) -> pd.Series:
    """Return codes for codes or Chinese words; anything else is an error that lists what is known."""
    known = {**words, **{code: code for code in words.values()}}
    text = frame[column].astype(object).map(lambda v: v.strip() if isinstance(v, str) else v)
    out = text.map(known)
    if missing is not None:
        out = out.where(text.notna(), missing)
    unknown = out.isna()
    if unknown.any():
        odd = sorted({str(v) for v in text[unknown]})
        _forbid(
            frame,
            unknown,
            f"have an unknown {column} ({', '.join(odd[:5])})",
            f"known: {', '.join(words.values())} or {', '.join(words)}",
        )
    return out.astype(object)


def _flags(frame: pd.DataFrame, column: str) -> Floats:
    """Return yes as 1, no as 0, empty as NaN."""
    codes, values = pd.factorize(frame[column].astype(object))
    read = np.array([_flag(v) for v in values] or [np.nan], dtype=float)
    out = np.where(codes >= 0, read[codes], np.nan)
    _forbid(
        frame,
        pd.Series(out == -1),
        f"have a {column} that is neither yes nor no",
        "write 1, 0 or leave it empty",
    )
    return out


def _flag(value: object) -> float:
    """Return 1, 0, NaN, or -1 for what is not a flag.

    >>> _flag(True), _flag("否"), _flag(0.0), _flag("perhaps")
    (1.0, 0.0, 0.0, -1.0)
    """
    if isinstance(value, str):
        word = value.strip().casefold()
        return 1.0 if word in YES else 0.0 if word in NO else (-1.0 if word else np.nan)
    if isinstance(value, bool | int | float | np.number | np.bool_) and float(value) in (0.0, 1.0):
        return float(value)
    return -1.0
