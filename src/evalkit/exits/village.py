"""The exit standard of a village: incidence of poverty against the threshold of its zone, and the checklist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, PlanError
from evalkit.estimate import About, Estimate
from evalkit.exits import readings as say
from evalkit.exits.shown import Asked, Shown, stated
from evalkit.measures.basic import proportion
from evalkit.panel import Panel
from evalkit.schema import field as codebook
from evalkit.standards import Standard, VillageRules
from evalkit.standards.rules import ZONES
from evalkit.standards.sections import Requirement
from evalkit.text import Text
from evalkit.thresholds import Criterion, evidence as evidence_of
from evalkit.verdicts import Verdict, conclude

PRIOR_DEFF = 1.0
"""Design effect assumed where no poor household was found: households are drawn within the village."""
COUNTS = ("poor_persons", "village_persons")
"""Columns of a village table that give its incidence counted in full."""


@dataclass(frozen=True, eq=False)
class VillageStandard:
    """Villages held against the standard.

    Parameters
    ----------
    frame : DataFrame
        One row a village: village, county, zone, incidence (the estimate), lower, upper (one-sided limits), threshold,
        point_rule, registered_incidence (counted in the village table), for each requirement a reading and
        ``<name>_evidence``, and ``overall``.
    requirements : tuple of Requirement
        Of the checklist, after ``incidence``.
    verdicts : mapping of str to Verdict
        By village, on its incidence; villages without any figure are absent.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("county", "village")

    frame: pd.DataFrame
    requirements: tuple[Requirement, ...]
    verdicts: Mapping[str, Verdict]
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def tidy(self) -> pd.DataFrame:
        """Return the frame."""
        return self.frame.copy()

    def counts(self) -> pd.DataFrame:
        """Return one row a requirement: villages that meet it, fail it, do not show it."""
        return say.counted(self.frame, ["incidence_reading", *(r.id for r in self.requirements), "overall"])

    def problems(self) -> pd.DataFrame:
        """Return one row a village and requirement that is not met: place, item, title, evidence."""
        keys = ["county", "village"]
        rows = self.frame[self.frame["incidence_reading"] == "fails"]
        words = {
            "item": "incidence",
            "problem_en": "incidence not below the threshold",
            "problem_zh": "贫困发生率未达标",
        }
        limits = [f"{v:.4g} / {t:.4g}" for v, t in zip(rows["incidence"], rows["threshold"], strict=True)]
        parts = [rows[keys].assign(**words, evidence=pd.Series(limits, index=rows.index, dtype="str"))]
        for r in self.requirements:
            rows = self.frame[self.frame[r.id] == "fails"]
            words = {
                "item": r.id,
                "problem_en": f"not met: {r.title.en}",
                "problem_zh": f"未达到：{r.title.zh}",
            }
            parts.append(rows[keys].assign(**words, evidence=rows[f"{r.id}_evidence"]))
        return pd.concat(parts, ignore_index=True).sort_values([*keys, "item"], ignore_index=True)


def village_incidence(
    panel: Panel,
    *,
    poor: str | None = None,
    wave: int | None = None,
    households: str | None = None,
) -> Estimate:
    """Return the incidence of poverty of each village from the households surveyed in it.

    Parameters
    ----------
    panel : Panel
        Households drawn within villages. They must stand for the whole village: a registry of the poor does not.
    poor : str, optional
        Yes/no column or condition of those who are poor; welfare below the panel's lines by default.
    wave : int, optional
        The last one by default.
    households : str, optional
        Column with the number of households of the village, for the finite population correction.

    Returns
    -------
    Estimate
        Keys ``county`` (where the panel has one) and ``village``. Shares of persons where the panel has a size. The
        village is a stratum of its own and households are its sampling units: the limits are about this village, not
        about villages of its kind. Villages with one household have no limits.

    Raises
    ------
    DataError
        The panel has no village.
    EstimationError
        The condition cannot be evaluated.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    """
    if panel.village is None:
        msg = "village_incidence needs the village of each household; give the panel its village column"
        raise DataError(msg)
    at = panel.waves[-1] if wave is None else wave
    now = panel.frame[panel.wave].astype(int).to_numpy() == at
    within = SurveyDesign(
        weight=panel.design.weight,
        strata=panel.village,
        fpc=households,
        single_psu="missing",
        census=panel.design.census,
    )
    rows = panel.frame[now & panel.mask]
    here = replace(panel, frame=rows, design=within, inside=None)
    keys = ["county", "village"] if panel.county is not None else ["village"]
    if poor is None:
        income, line = here.values("welfare"), here.line()
        below = income <= line if panel.poor_at_line else income < line
        asked: str | pd.Series = pd.Series(np.where(np.isnan(income), np.nan, below), index=rows.index)
    else:
        asked = poor
    found = proportion(here, asked, by=keys)
    about = replace(found.about, estimand="incidence of poverty in the village", prior_deff=PRIOR_DEFF)
    return replace(found, about=about)


def village_standard(
    villages: pd.DataFrame,
    standard: Standard,
    *,
    incidence: Estimate | None = None,
    limits: Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    evidence: Mapping[str, str] | None = None,
    zones: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> VillageStandard:
    """Hold villages against the exit standard of a village.

    Parameters
    ----------
    villages : DataFrame
        One row a village: village, county, the columns of the checklist (yes/no, or an amount where `limits` or the rule
        pack gives a figure), optionally poor_persons (registered and not exited) and village_persons.
    standard : Standard
        Its `village_requirements`; kind ``rate`` gives the threshold by zone (``incidence_west``, ``incidence_centre``). Where
        the pack has exceptions of the county's province (``village_overrides``), these hold.
    incidence : Estimate, optional
        With a key ``village``, of a survey (`village_incidence`). Without it the counts of the table are judged, which are
        counted in full and are the registry's own.
    limits : mapping of str to float, optional
        Requirement → the least amount that meets it, where the pack gives none (``{"collective_income": 50_000}``).
    columns, evidence : mapping of str to str, optional
        As in `household_standard`.
    zones : mapping of str to str, optional
        County → zone (``west``, ``centre``), where the pack's assignment (and its province's exception) does not hold.
    confidence : float
        Of each one-sided limit.

    Returns
    -------
    VillageStandard

    Raises
    ------
    DataError
        Villages without code or repeated, counts that cannot be, columns that are not there.
    PlanError
        The pack has no village standard, no zone or no threshold for it, or a name is none of its requirements.
    """
    wanted = tuple(r for r in standard.village_requirements if r.kind != "rate")
    asked = Asked(columns or {}, evidence or {})
    say.check_ids([*asked.columns, *asked.evidence, *(limits or {})], wanted, "village_standard")
    frame = _read(villages, [*asked.columns.values(), *asked.evidence.values()])
    rules = {c: _rules(c, standard, zones or {}) for c in dict.fromkeys(frame["county"])}
    frame["zone"] = [rules[c].zone for c in frame["county"]]
    frame["threshold"] = [rules[c].threshold for c in frame["county"]]
    registered = _registered(frame)
    verdicts = _verdicts(frame, registered, incidence, confidence)
    out = _with_verdicts(frame[["county", "village", "zone", "threshold"]].copy(), registered, verdicts)
    without: list[Text] = []
    for one in wanted:
        given = (limits or {}).get(one.id)
        values = [rules[c].values.get(one.id) if given is None else given for c in frame["county"]]
        shown = _shown_by_value(frame, one, values, asked)
        out[one.id] = pd.Series(say.read(shown.met), dtype="str")
        out[f"{one.id}_evidence"] = pd.Series(shown.evidence, dtype="str")
        blank = np.array([v is None for v in values])
        if np.isnan(shown.met[blank]).all() and (shown.evidence[blank] != "").any():
            without.append(one.title)
    readings = [out[c].to_numpy(dtype=object) for c in ("incidence_reading", *(r.id for r in wanted))]
    out["overall"] = pd.Series(say.combine(readings, len(out)), dtype="str")
    exceptions = dict.fromkeys(n for r in rules.values() for n in r.notes)
    notes = (
        *_notes(incidence, without),
        *exceptions,
        *say.unseen_requirements(standard.village_requirements),
    )
    return VillageStandard(out, wanted, verdicts, notes)


def _read(villages: pd.DataFrame, named: list[str]) -> pd.DataFrame:
    absent = [c for c in ("county", "village", *named) if c not in villages]
    if absent:
        msg = f"the village table lacks {', '.join(absent)}; rename the columns or map them in plan.data"
        raise DataError(msg)
    frame = villages.reset_index(drop=True)
    bad = frame["village"].isna() | frame["county"].isna() | frame["village"].duplicated(keep=False)
    if bad.any():
        first = frame.loc[bad, "village"].iloc[0]
        msg = (
            f"{int(bad.sum())} of {len(frame)} rows of the village table have no code of village or county, or repeat a "
            f"village (first: {first}); keep one row a village (one wave)"
        )
        raise DataError(msg, rows=frame.loc[bad])
    frame = frame.assign(county=frame["county"].astype("str"), village=frame["village"].astype("str"))
    return frame.sort_values(["county", "village"], ignore_index=True)


def _rules(county: str, standard: Standard, zones: Mapping[str, str]) -> VillageRules:
    """Return the rules of a county: those of the caller's zone, else the pack's for its province."""
    given = zones.get(county)
    if given is not None and given not in ZONES:
        msg = f"zone of county {county} is {given!r}; known: {', '.join(ZONES)}"
        raise PlanError(msg)
    return standard.village_rules(province=county[:2], zone=given)


def _registered(frame: pd.DataFrame) -> pd.Series:
    """Return registered poor persons over persons of the village, NaN where the table does not give both."""
    if not set(COUNTS) <= set(frame.columns):
        return pd.Series(np.nan, index=frame.index)
    poor, persons = (say.amounts(frame[c], c) for c in COUNTS)
    bad = (poor < 0) | (persons <= 0) | (poor > persons)
    if bad.any():
        first = frame.loc[bad, "village"].iloc[0]
        msg = (
            f"{int(bad.sum())} of {len(frame)} villages have more poor persons than persons, or none or fewer (first: "
            f"{first}); mend poor_persons and village_persons"
        )
        raise DataError(msg, rows=frame.loc[bad])
    return pd.Series(poor / persons, index=frame.index)


def _verdicts(
    frame: pd.DataFrame, registered: pd.Series, incidence: Estimate | None, confidence: float
) -> dict[str, Verdict]:
    """Judge the incidence of every village that has one."""
    if incidence is not None and "village" not in incidence.keys:
        msg = "the incidence has no key village; estimate it with village_incidence, or by='village'"
        raise DataError(msg)
    at = {} if incidence is None else {str(v): i for i, v in enumerate(incidence.keys["village"])}
    lost = sorted(set(at) - set(frame["village"]))
    if lost:
        msg = f"{len(lost)} surveyed villages are not in the village table (first: {lost[0]}); add their rows"
        raise DataError(msg)
    out = {}
    for village, threshold, share in zip(frame["village"], frame["threshold"], registered, strict=True):
        if incidence is not None and village in at:
            estimate = incidence.take([at[village]])
        elif incidence is None and np.isfinite(share):
            estimate = _census(village, share)
        else:
            continue
        rule = Criterion(Text(en="Incidence of poverty", zh="贫困发生率"), threshold, confidence=confidence)
        out[village] = conclude(estimate, rule, evidence_of(estimate, rule))
    return out


def _census(village: str, share: float) -> Estimate:
    about = About(
        "incidence of poverty in the village",
        "registered poor / persons, counted in full",
        unit="share",
        interval="none",
    )
    keys = pd.DataFrame({"village": [village]})
    one = np.ones(1)
    return Estimate(keys, one * share, np.zeros((1, 1)), one * np.inf, one * np.nan, about)


def _with_verdicts(out: pd.DataFrame, registered: pd.Series, verdicts: Mapping[str, Verdict]) -> pd.DataFrame:
    found = [verdicts.get(v) for v in out["village"]]
    for name in ("value", "lower", "upper"):
        out["incidence" if name == "value" else name] = [
            np.nan if v is None else getattr(v, name) for v in found
        ]
    out["point_rule"] = pd.array([None if v is None else v.point_rule for v in found], dtype="boolean")
    out["registered_incidence"] = registered.to_numpy()
    words = ["not_shown" if v is None else v.conclusion for v in found]
    out["incidence_reading"] = pd.Series(words, dtype="str")
    return out


def _shown_by_value(frame: pd.DataFrame, one: Requirement, values: list[float | None], asked: Asked) -> Shown:
    """Read a requirement whose figure differs between the rows."""
    out = Shown(np.full(len(frame), np.nan), np.full(len(frame), "", dtype=object))
    for value in dict.fromkeys(values):
        rows = np.array([v == value for v in values])
        part = _shown(frame.loc[rows], replace(one, value=value), asked)
        out.met[rows], out.evidence[rows] = part.met, part.evidence
    return out


def _shown(frame: pd.DataFrame, one: Requirement, asked: Asked) -> Shown:
    """Read a requirement; an amount without a figure to hold it against shows nothing, but is printed."""
    column = asked.columns.get(one.id, one.id)
    known = codebook(column)
    if one.value is None and column in frame and known is not None and known.kind in ("money", "number"):
        amount = say.amounts(frame[column], column)
        words = np.array([say.figure(a) for a in amount], dtype=object)
        return Shown(np.full(len(frame), np.nan), words)
    return stated(frame, one, asked)


def _notes(incidence: Estimate | None, without: list[Text]) -> tuple[Text, ...]:
    out = []
    if incidence is None:
        out.append(
            Text(
                en="incidence is counted in the village table: the registry's own figures, not a survey's",
                zh="贫困发生率取自村表登记数，非抽样调查结果",
            )
        )
    if without:
        out.append(
            Text(
                en=f"the rules give no figure for {', '.join(t.en for t in without)}: amounts are printed, nothing is judged",
                zh=f"规则未给出数值标准，只列数额、不作判定：{'、'.join(t.zh for t in without)}",
            )
        )
    return tuple(out)
