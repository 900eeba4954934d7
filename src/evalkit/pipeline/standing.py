"""Where a county stands: exit standards of households and villages, roll-up, timing, monitoring, suspected cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from evalkit import exits
from evalkit.errors import DataError, PlanError
from evalkit.exits import Account, HouseholdStandard, VillageStandard
from evalkit.exits.household import SUMMARIES
from evalkit.exits.readings import READINGS
from evalkit.measures.assurances import SOURCES
from evalkit.panel import Panel
from evalkit.pipeline.checked_records import gather_records
from evalkit.pipeline.gathered import NO_PACK, County, Gathered, complete_in, of_wave, shown_items
from evalkit.pipeline.looking_back import gather_look_back
from evalkit.pipeline.owed_and_earned import gather_owed_and_earned
from evalkit.pipeline.results import CountyResult
from evalkit.pipeline.supporting import gather_support
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.rules.status import REGISTERED, RETURNED
from evalkit.standards.sections import Requirement
from evalkit.text import Text

IN_TABLE = "incidence is counted in the village table"
"""Beginning of a note that does not hold where the persons were counted in the household table."""


@dataclass(frozen=True, eq=False)
class Standing:
    """A county's results with standards, lists and accounts, and its problems row by row.

    Parameters
    ----------
    result : CountyResult
        Without identifiers.
    problems : DataFrame
        See `evalkit.pipeline.gathered.PROBLEM_COLUMNS`. Holds household ids: not for publication.
    """

    result: CountyResult
    problems: pd.DataFrame


def county_standing(
    result: CountyResult, panel: Panel, tables: Mapping[str, pd.DataFrame], plan: Plan
) -> Standing:
    """Return a county's results with what can be said about standards, lists and accounts.

    Parameters
    ----------
    result : CountyResult
    panel : Panel
        Of the county, with the weights that its other measures use.
    tables : mapping
        Clean tables besides the panel: member, program, village, totals, survey, cases.
    plan : Plan

    Returns
    -------
    Standing
        Parts that the data do not allow stand in `CountyResult.omitted` with their reason: ``household_standard``,
        ``village_standard``, ``roll_up``, ``exit_timing``, ``planned_exits``, ``monitoring``, ``cases``, ``causes``, ``needs``, ``overlap``,
        ``funds``, ``cliff``, ``collective_income``, ``housing_debt``, ``case_steps``, ``identification``, ``revisit``,
        ``beneficiaries``, ``posts``, ``precisions``.

    Raises
    ------
    PlanError
        The plan names a requirement that the standard does not have.
    """
    here = County(result.county, panel, tables, plan, plan.rule_pack())
    out = Gathered()
    out.attempt("household_standard", lambda: _households(out, here))
    out.attempt("village_standard", lambda: _villages(out, here))
    gather_records(out, here, result.judgement)
    gather_support(out, here)
    gather_owed_and_earned(out, here)
    gather_look_back(out, here, result.judgement, result.omitted)
    facts = {**result.facts, "accounts": {**out.facts, "notes": out.notes, "examined": out.examined}}
    whole = replace(
        result,
        estimates={**result.estimates, **out.estimates},
        tables={**result.tables, **out.tables},
        facts=facts,
        omitted={**result.omitted, **out.omitted},
    )
    return Standing(whole, out.problem_table())


def _households(out: Gathered, here: County) -> None:
    asked = here.plan.accounts.household
    if here.pack is None or not here.pack.household_requirements or here.pack.stable is None:
        out.omitted["household_standard"] = NO_PACK
        return
    found = exits.household_standard(
        here.lined,
        here.pack,
        columns=asked.columns,
        evidence=asked.evidence,
        account=Account(asked.signed_income, asked.signed, asked.tolerance),
    )
    titles = {r.id: r.title for r in found.requirements} | SUMMARIES
    out.kept["households"] = found
    out.tables["household_standard"] = _titled(found.counts(), titles)
    out.tables["household_evidence"] = _by_evidence(found, asked.evidence)
    out.estimates["household_standard"] = found.shares
    out.note("household_standard", found.notes)
    out.facts["exits_judged"] = len(found)
    out.add_problems(found.problems(), here.code)
    _keep_open(out, here, found.frame, found.requirements)


def _titled(counts: pd.DataFrame, titles: Mapping[str, Text]) -> pd.DataFrame:
    """Return counts by requirement with the titles of the requirements."""
    words = {lang: [titles[r].get(lang) for r in counts["requirement"]] for lang in ("en", "zh")}
    return counts.assign(**words)[["requirement", "en", "zh", *READINGS]]


def _by_evidence(found: HouseholdStandard, documents: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a requirement and kind of evidence: households that show something, and of them those that fail."""
    rows = []
    for one in found.requirements:
        shown = found.frame[one.id] != "not_shown"
        said = found.frame.loc[shown, f"{one.id}_evidence"].astype("str")
        other = "document" if one.id in documents else "figure"
        source = said.where(said.isin([*SOURCES, "stated"]), other)
        fails = (found.frame.loc[shown, one.id] == "fails").to_numpy()
        for name in sorted(set(source)):
            at = (source == name).to_numpy()
            words = {"requirement": one.id, "en": one.title.en, "zh": one.title.zh}
            rows.append(
                {**words, "source": name, "households": int(at.sum()), "fails": int((at & fails).sum())}
            )
    return pd.DataFrame(rows, columns=["requirement", "en", "zh", "source", "households", "fails"])


def _keep_open(out: Gathered, here: County, frame: pd.DataFrame, requirements: Sequence[Requirement]) -> None:
    """Keep where an item that others show is not shown: there no problem can be called gone."""
    shown = shown_items(frame, [r.id for r in requirements])
    out.examined += shown
    keys = [c for c in ("village", "household", "wave") if c in frame]
    for one in requirements:
        dark = (frame[one.id] == "not_shown").to_numpy()
        if one.id in shown and dark.any():
            rows = frame.loc[dark, keys]
            said = {"item": one.id, "problem_en": one.title.en, "problem_zh": one.title.zh, "evidence": ""}
            out.add_problems(rows.assign(**said), here.code, reading="not_shown")


def _villages(out: Gathered, here: County) -> None:
    asked, villages = here.plan.accounts.village, here.table("village")
    if here.pack is None or not here.pack.village_requirements:
        out.omitted["village_standard"] = NO_PACK
        return
    if villages is None:
        out.omitted["village_standard"] = Text(
            en="The data have no village table for this county.", zh="数据中没有本县的行政村表。"
        )
        return
    given = here.plan.exits.county_zones.get(here.code, here.plan.exits.zone)
    try:
        here.pack.village_rules(province=here.code[:2], zone=given)
    except PlanError as error:
        out.omitted["village_standard"] = reason(error)
        return
    rows = of_wave(villages, here.wave)
    incidence = None
    if asked.incidence == "survey":
        incidence = exits.village_incidence(here.lined, wave=here.wave)
        known = set(rows["village"].astype("str"))
        incidence = incidence.where(village=[v for v in incidence.keys["village"] if str(v) in known])
    elif asked.incidence == "registry":
        rows = rows.merge(_registered(here), on="village", how="left")
    found = exits.village_standard(
        rows.assign(county=here.code),
        here.pack,
        incidence=incidence,
        limits=asked.limits,
        columns=asked.columns,
        evidence=asked.evidence,
        zones={} if given is None else {here.code: given},
        confidence=here.plan.exits.confidence,
    )
    _village_tables(out, here, found)


def _village_amounts(found: VillageStandard) -> pd.DataFrame:
    """Return the amounts that are on record and not judged, for want of a figure: one row a requirement."""
    rows = []
    for one in found.requirements:
        amounts = pd.to_numeric(found.frame[f"{one.id}_evidence"], errors="coerce").dropna()
        if len(amounts) and (found.frame[one.id] == "not_shown").all():
            spread = {"least": amounts.min(), "median": amounts.median(), "most": amounts.max()}
            rows.append(
                {
                    "requirement": one.id,
                    "en": one.title.en,
                    "zh": one.title.zh,
                    "villages": len(amounts),
                    **spread,
                }
            )
    return pd.DataFrame(rows, columns=["requirement", "en", "zh", "villages", "least", "median", "most"])


def _village_tables(out: Gathered, here: County, found: VillageStandard) -> None:
    asked = here.plan.accounts.village.incidence
    titles = {r.id: r.title for r in found.requirements} | {
        "incidence_reading": Text(en="incidence of poverty below the threshold", zh="贫困发生率低于标准"),
        "overall": SUMMARIES["overall"],
    }
    out.kept["villages"] = found
    out.tables["village_standard"] = _titled(found.counts(), titles)
    out.facts["villages"] = {
        "count": len(found),
        "incidence": asked,
        "threshold": float(found.frame["threshold"].iloc[0]),
        "wave": here.wave,
    }
    own = asked == "registry"
    out.note("village_standard", [n for n in found.notes if not (own and n.en.startswith(IN_TABLE))])
    out.tables["village_amounts"] = _village_amounts(found)
    rows = found.problems()
    out.add_problems(rows, here.code)
    frame = found.frame.rename(columns={"incidence_reading": "incidence"} | {"incidence": "value"})
    item = Requirement("incidence", titles["incidence_reading"], "rate", "", verified=True)
    _keep_open(out, here, frame, (item, *found.requirements))


def _registered(here: County) -> pd.DataFrame:
    """Return the persons registered and not exited (or returned) of each village, as ``poor_persons``.

    Raises
    ------
    PlanError
        The plan does not say that the household table holds every registered household of its villages.
    DataError
        There is no village, size or status.
    """
    panel = here.panel
    if complete_in(here.plan) == "nothing":
        msg = (
            "accounts.village.incidence: registry counts the registered persons of each village, which needs all its registered "
            "households; add accounts.complete: village if the household table holds them, or use incidence: stated"
        )
        raise PlanError(msg)
    if panel.village is None or panel.size is None or "status" not in panel.frame:
        msg = "persons registered by village need village, household size and registry status in the household table"
        raise DataError(msg)
    at = panel.mask & (panel.frame[panel.wave].astype(int) == here.wave).to_numpy()
    rows = panel.frame[at]
    poor = rows["status"].isin([*REGISTERED, *RETURNED])
    persons = rows[panel.size].where(poor, 0.0).where(rows["status"].notna())
    grouped = persons.groupby(rows[panel.village])
    total = grouped.sum().where(grouped.count() == grouped.size())
    return total.rename("poor_persons").rename_axis("village").reset_index()


__all__ = ["Standing", "county_standing"]
