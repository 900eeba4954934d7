"""Look-back (回头看) by survey: registered households that are not poor, and poor households that are not registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.estimate import Estimate
from evalkit.exits.rates import weighted_rate
from evalkit.exits.readings import Floats, Words, words_of
from evalkit.exits.survey import Flags
from evalkit.measures.basic import answers, proportion
from evalkit.panel import Panel
from evalkit.schema import SURVEY_GROUPS
from evalkit.sums import stack
from evalkit.text import Text

PRIOR_DEFF = 1.5
"""Design effect assumed for a share of 0 or 1, as verdicts on county exits do."""
ERRORS: dict[str, Text] = {
    "registered_not_poor": Text(en="registered, not poor / registered", zh="在册但不贫困/建档立卡未脱贫"),
    "exited_poor": Text(en="exited, poor / exited", zh="已脱贫但贫困/已脱贫"),
    "unregistered_poor": Text(en="unregistered, poor / unregistered", zh="贫困但未建档立卡/非建档立卡"),
    "poor_not_registered": Text(
        en="poor, exited or unregistered / poor", zh="贫困但不在册（已脱贫或非建档立卡）/贫困"
    ),
}
"""Errors of identification: what is found / among whom."""


@dataclass(frozen=True, eq=False)
class IdentificationErrors:
    """Errors of identification in both directions, from a survey. `frame` holds household ids: not for publication.

    Parameters
    ----------
    table : DataFrame
        One row an error of `ERRORS` for which the survey has households: error, found_households and found_persons with it,
        households and persons it is counted among (not weighted), estimate (weighted share), std_error, conf_low, conf_high.
    shares : Estimate
        Key ``error``; shares of persons (of households where the panel has no size) with their joint covariance.
    frame : DataFrame
        One row a household with an error of the first three kinds: household, county and village where the panel has them,
        survey_group, error.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("error",)

    table: pd.DataFrame
    shares: Estimate
    frame: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def identification_errors(
    panel: Panel, *, poor: str | None = None, wave: int | None = None, group: str = "survey_group"
) -> IdentificationErrors:
    """Return errors of identification in both directions: the registered who are not poor, the poor who are not registered.

    Parameters
    ----------
    panel : Panel
        A survey of registered, exited and unregistered households, with its own income and its design.
    poor : str, optional
        Yes/no column or condition of those who are poor; welfare below the panel's lines by default.
    wave : int, optional
        The last one by default.
    group : str
        Column of the survey group (code or Chinese word).

    Returns
    -------
    IdentificationErrors
        Limits are Korn & Graubard's. The four shares have four denominators; none of them may be added to another.

    Raises
    ------
    DataError
        No column of the group, words that are no group, no household of the wave with group and answer.
    EstimationError
        The condition cannot be evaluated.

    References
    ----------
    Cornia & Stewart (1993), Two errors of targeting, Journal of International Development 5, 459-496; Korn & Graubard (1998),
    Survey Methodology 24, 193-201.
    """
    at = panel.waves[-1] if wave is None else wave
    now = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()
    groups, is_poor = _groups(panel, group, now), _poor(panel, poor)
    known = now & np.isfinite(is_poor) & (groups != "")
    if not known.any():
        msg = f"no household of wave {at} has both a survey group ({group}) and an answer whether it is poor"
        raise DataError(msg)
    marks = _marks(groups, is_poor == 1, known)
    there = [e for e in ERRORS if marks[e][0].any()]
    shares = _shares(panel, {e: marks[e] for e in there})
    limits = shares.tidy()
    persons = panel.persons()
    rows = []
    for error in there:
        base, hit = marks[error]
        found = limits[limits["error"] == error].iloc[0]
        rows.append(
            {"error": error}
            | {"found_households": int(hit.sum()), "found_persons": float(persons[hit].sum())}
            | {"households": int(base.sum()), "persons": float(persons[base].sum())}
            | {c: found[c] for c in ("estimate", "std_error", "conf_low", "conf_high")}
        )
    notes = _notes(at, poor, [e for e in ERRORS if e not in there], int((now & ~known).sum()), int(now.sum()))
    return IdentificationErrors(pd.DataFrame(rows), shares, _cases(panel, groups, marks), notes)


_Marks = dict[str, tuple[Flags, Flags]]
"""Error → rows it is counted among, rows with it; each of shape (n,)."""


def _marks(groups: Words, poor: Flags, known: Flags) -> _Marks:
    base = {name: known & (groups == name) for name in SURVEY_GROUPS.values()}
    wanted = known & poor
    return {
        "registered_not_poor": (base["registered"], base["registered"] & ~poor),
        "exited_poor": (base["exited"], base["exited"] & poor),
        "unregistered_poor": (base["unregistered"], base["unregistered"] & poor),
        "poor_not_registered": (wanted, wanted & (groups != "registered")),
    }


def _groups(panel: Panel, column: str, now: Flags) -> Words:
    """Return the code of each row's group, empty where none is given, shape (n,)."""
    if column not in panel.frame:
        msg = f"the survey has no column {column!r} with the group of the household (调查户类型); map it in plan.data"
        raise DataError(msg)
    words = words_of(panel.frame, column)
    codes = {**SURVEY_GROUPS, **{c: c for c in SURVEY_GROUPS.values()}, "": ""}
    odd = now & ~np.isin(words, list(codes))
    if odd.any():
        first = words[odd][0]
        msg = f"{int(odd.sum())} of {int(now.sum())} rows have an unknown {column} (first: {first!r}); known: {', '.join(SURVEY_GROUPS)}"
        raise DataError(msg, rows=panel.frame.loc[odd])
    return np.array([codes.get(w, "") for w in words], dtype=object)


def _poor(panel: Panel, condition: str | None) -> Floats:
    """Return 1 for poor, 0 for not poor, NaN where it is not known, shape (n,)."""
    if condition is not None:
        return answers(panel, condition)[1]
    income, line = panel.values("welfare"), panel.line()
    below = income <= line if panel.poor_at_line else income < line
    return np.where(np.isnan(income), np.nan, below.astype(float))


def _shares(panel: Panel, marks: _Marks) -> Estimate:
    """Return the share of each error with the covariance between them."""
    found, influences = [], []
    for error, (base, hit) in marks.items():
        one = proportion(panel.where(base), hit)
        about = replace(one.about, estimand="errors of identification", prior_deff=PRIOR_DEFF)
        found.append(replace(one, keys=pd.DataFrame({"error": [error]}), about=about))
        rate = weighted_rate(hit.astype(float), panel.persons(), base, panel.sample.weight)
        influences.append(rate.influence)
    joined = stack(found)
    if panel.sample.census:
        return joined
    every = np.zeros(len(panel.frame), dtype=np.intp)
    cov = panel.sample.covariance_of(influences, [every] * len(influences), 1)
    void = np.isnan(np.diag(joined.cov))
    return replace(joined, cov=np.where(void[:, None] | void[None, :], np.nan, cov))


def _cases(panel: Panel, groups: Words, marks: _Marks) -> pd.DataFrame:
    """List the households with an error."""
    roles = {"county": panel.county, "village": panel.village, "household": panel.household}
    parts = []
    for error in list(ERRORS)[:3]:
        hit = marks[error][1]
        rows = panel.frame.loc[hit]
        part = pd.DataFrame({r: rows[c].to_numpy() for r, c in roles.items() if c is not None})
        parts.append(part.assign(survey_group=pd.Series(groups[hit], dtype="str"), error=error))
    out = pd.concat(parts, ignore_index=True)
    return out.sort_values(["error", *(r for r in roles if r in out)], ignore_index=True)


def _notes(wave: int, poor: str | None, empty: Sequence[str], silent: int, rows: int) -> tuple[Text, ...]:
    out = [
        Text(
            en=f"households as the survey found them in {wave}; unregistered households are those of the sampled villages",
            zh=f"按{wave}年调查时情况；非建档立卡户仅限样本村",
        )
    ]
    if poor is None:
        out.append(
            Text(
                en="poor means income below the line as the survey counted it; a household above the line that lacks a guarantee "
                "is not among the poor here",
                zh="贫困指调查核算的收入低于标准；收入达标但保障未落实的户在此不计为贫困",
            )
        )
    out.extend(
        Text(
            en=f"no household to count it among: {ERRORS[e].en}",
            zh=f"没有可作分母的户：{ERRORS[e].zh}",
        )
        for e in empty
    )
    if silent:
        out.append(
            Text(
                en=f"{silent:,} of {rows:,} households have no group or no income and are left out",
                zh=f"{rows:,}户中有{silent:,}户缺户类型或收入，未计入",
            )
        )
    return tuple(out)
