"""Rules on villages, on the third-party survey and on census totals, each against the household table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.rules.conditions import among, known, several
from evalkit.rules.rule import Rule
from evalkit.rules.status import EXITED, REGISTERED, RETURNED
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

VILLAGE = "village register (村册)"
SURVEY = "third-party assessment form"
COUNTS = "census totals of the assessment"


def _now(households: View) -> Flags:
    """Return household rows of the last wave."""
    waves = households.number("wave")
    last = np.nanmax(waves) if (~np.isnan(waves)).any() else np.nan
    return np.asarray(waves == last, dtype=bool)


def _in_village(view: View, values: Floats) -> Floats:
    """Add up household values of the last wave by village, on the rows of the village table; 0 without any."""
    households = view.table("household")
    now = _now(households)
    by = pd.Series(values[now]).groupby(households.word("village").to_numpy(dtype=object)[now]).sum()
    return np.asarray(view.word("village").map(by).fillna(0).to_numpy(dtype="float64"), dtype=np.float64)


def _per_household(view: View) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return view.number("village_persons") / view.number("village_households")


def _several_names(view: View) -> Flags:
    return several(view, view.group("village"), view.group("village_name"))


def _several_codes(view: View) -> Flags:
    return several(view, view.group("township", "village_name"), view.group("village"))


def _moved(view: View) -> Flags:
    code = view.group("village")
    now = np.where(code >= 0, code, np.nan)
    return np.asarray(np.abs(now - view.earlier(now)) > 0, dtype=bool)


def _no_village(view: View) -> Flags:
    villages = view.table("village")
    return (
        view.stays & known(view, "village") & np.isnan(view.from_village(villages.stays.astype(np.float64)))
    )


def _finding(view: View) -> Flags:
    return np.asarray((view.mark("wrongly_exited") == 1) | (view.mark("missed") == 1), dtype=bool)


def _group(view: View, word: str, code: str) -> Flags:
    return among(view, "survey_group", word, code)


def _against_registry(view: View) -> Flags:
    listed = ~np.isnan(view.from_household(view.table("household").stays.astype(np.float64)))
    return np.asarray(listed & _group(view, "非建档立卡户", "unregistered"), dtype=bool)


def _persons(view: View, *words: str) -> Floats:
    """Return persons of the last wave of the household table whose status is one of some words, on every row."""
    households = view.table("household")
    rows = _now(households) & among(households, "status", *words)
    return np.full(len(view.stays), np.nansum(households.number("size")[rows]))


PLACES: tuple[Rule, ...] = (
    Rule("V01", Text(en="fewer households in the village than the household table has there", zh="村总户数少于户表中该村户数"), "flag", "village", case=True, needs=("village_households", "household.village"), when=lambda v: v.number("village_households") < _in_village(v, np.ones(len(v.table("household").stays))), source=VILLAGE),
    Rule("V02", Text(en="fewer persons in the village than the household table has there", zh="村总人口少于户表中该村人口"), "flag", "village", case=True, needs=("village_persons", "household.village", "household.size"), when=lambda v: v.number("village_persons") < _in_village(v, np.nan_to_num(v.table("household").number("size"))), source=VILLAGE),
    Rule("V03", Text(en="implausible number of persons per household of the village", zh="村户均人口不合理"), "flag", "village", case=True, needs=("village_persons", "village_households"), when=lambda v: (_per_household(v) < v.settings["persons_per_household_min"]) | (_per_household(v) > v.settings["persons_per_household_max"]), source="convention"),
    Rule("V04", Text(en="collective income is negative or implausibly large", zh="村集体经济收入为负或过大"), "flag", "village", case=True, needs=("collective_income",), when=lambda v: (v.number("collective_income") < 0) | (v.number("collective_income") > v.settings["collective_income_max"]), source="convention"),
    Rule("V05", Text(en="implausible distance to the county seat", zh="距县城距离不合理"), "flag", "village", case=True, needs=("distance",), when=lambda v: (v.number("distance") < 0) | (v.number("distance") > v.settings["distance_max"]), source="convention"),
    Rule("V06", Text(en="village code under several names", zh="同一村代码对应多个村名"), "flag", "household", case=True, needs=("village", "village_name"), when=_several_names, source=VILLAGE),
    Rule("V07", Text(en="village name of a township under several codes", zh="同一乡镇村名对应多个村代码"), "flag", "household", case=True, needs=("village_name", "township", "village"), when=_several_codes, source=VILLAGE),
    Rule("V08", Text(en="in another village than in the wave before", zh="所在村与上一年度不同"), "flag", "household", needs=("village", "wave"), when=_moved, source="event: moved"),
    Rule("V09", Text(en="village is not in the village table", zh="所在村不在村表中"), "flag", "household", case=True, needs=("village", "village.village"), when=_no_village, source=VILLAGE),
    Rule("Q01", Text(en="persons surveyed are none, or more than the household has", zh="调查人口数为零或超过家庭人口"), "flag", "survey", case=True, needs=("persons",), when=lambda v: (v.number("persons") <= 0) | (v.number("persons") > v.number("size")), source=SURVEY),
    Rule("Q02", Text(en="found wrongly exited, but not among the exited", zh="判为错退而非已脱贫户"), "flag", "survey", case=True, needs=("wrongly_exited", "survey_group"), when=lambda v: (v.mark("wrongly_exited") == 1) & known(v, "survey_group") & ~_group(v, "已脱贫户", "exited"), source=SURVEY),
    Rule("Q03", Text(en="found missed, but registered", zh="判为漏评而为建档立卡户"), "flag", "survey", case=True, needs=("missed", "survey_group"), when=lambda v: (v.mark("missed") == 1) & known(v, "survey_group") & ~_group(v, "非建档立卡户", "unregistered"), source=SURVEY),
    Rule("Q04", Text(en="found both wrongly exited and missed", zh="既判错退又判漏评"), "flag", "survey", case=True, needs=("wrongly_exited", "missed"), when=lambda v: (v.mark("wrongly_exited") == 1) & (v.mark("missed") == 1), source=SURVEY),
    Rule("Q05", Text(en="finding without a stage of its case", zh="有疑似问题而未填核查阶段"), "flag", "survey", case=True, needs=("case_stage", "wrongly_exited", "missed"), when=lambda v: _finding(v) & (~known(v, "case_stage") | among(v, "case_stage", "无", "none")), source=SURVEY),
    Rule("Q06", Text(en="stage of a case without a finding", zh="填有核查阶段而无疑似问题"), "flag", "survey", needs=("case_stage", "wrongly_exited", "missed"), when=lambda v: ~_finding(v) & known(v, "case_stage") & ~among(v, "case_stage", "无", "none"), source=SURVEY),
    Rule("Q07", Text(en="surveyed as unregistered, but in the registry", zh="按非建档立卡户调查而在登记册中"), "flag", "survey", case=True, needs=("survey_group", "household", "household.household"), when=_against_registry, source=SURVEY),
    Rule("Q08", Text(en="sampling weight is missing, zero or negative", zh="抽样权重缺失、为零或为负"), "flag", "survey", case=True, needs=("weight",), when=lambda v: v.stays & ~(v.number("weight") > 0), source=SURVEY),
    Rule("Q09", Text(en="no answer on approval", zh="未填是否认可"), "flag", "survey", needs=("approves",), when=lambda v: v.stays & np.isnan(v.mark("approves")), source=SURVEY),
    Rule("O01", Text(en="registered, exited and unregistered persons exceed the agricultural population", zh="未脱贫、已脱贫与非建档立卡人口之和超过农业户籍人口"), "flag", "totals", case=True, needs=("agricultural_persons", "registered_persons", "exited_persons", "unregistered_persons"), when=lambda v: v.number("registered_persons") + v.number("exited_persons") + v.number("unregistered_persons") > v.number("agricultural_persons") * (1 + v.settings["rounding_share"]), source=COUNTS),
    Rule("O02", Text(en="negative count of persons", zh="人口数为负"), "flag", "totals", case=True, needs=("registered_persons", "exited_persons", "unregistered_persons"), when=lambda v: (v.number("registered_persons") < 0) | (v.number("exited_persons") < 0) | (v.number("unregistered_persons") < 0), source=COUNTS),
    Rule("O03", Text(en="more unregistered persons in the sampled villages than in the county", zh="抽查村非建档立卡人口多于全县"), "flag", "totals", case=True, needs=("sampled_village_unregistered", "unregistered_persons"), when=lambda v: v.number("sampled_village_unregistered") > v.number("unregistered_persons"), source=COUNTS),
    Rule("O04", Text(en="year assessed is before registration began or after the last wave plus one", zh="评估年度不合理"), "flag", "totals", case=True, needs=("assessed_year", "household.wave"), when=lambda v: (v.number("assessed_year") < v.settings["registration_began"]) | (v.number("assessed_year") > 1 + np.max(v.table("household").number("wave"), initial=-np.inf, where=v.table("household").stays)), source=COUNTS),
    Rule("O05", Text(en="fewer registered and exited persons than the household table alone has", zh="未脱贫与已脱贫人口之和少于户表人口"), "flag", "totals", case=True, needs=("exited_persons", "registered_persons", "household.status", "household.size"), when=lambda v: v.number("exited_persons") + v.number("registered_persons") < _persons(v, *EXITED, *REGISTERED, *RETURNED), source=COUNTS),
)  # fmt: skip
"""Conditions on villages, the survey and totals."""
