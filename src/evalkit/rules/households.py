"""Rules on the household's facts: housing, water, land, causes of poverty, counts of members."""

from __future__ import annotations

import re

import numpy as np

from evalkit.rules.amounts import any_below_zero, known_total, over
from evalkit.rules.conditions import known, year_of
from evalkit.rules.income import DESTITUTE
from evalkit.rules.rule import Rule
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

CONVENTION = "convention"
LOGIC = "domain practice: logic of causes and members"
GUARANTEES = "domain practice: logic of housing and water"
DANGEROUS = ("C", "D", "Ｃ", "Ｄ")
SOUND = ("A", "B", "Ａ", "Ｂ")
LEFT = ("死亡", "去世", "迁出", "出嫁", "婚出", "分户", "户口迁出", "自然减少", "判刑收监", "拆户")
AREAS = (
    "cultivated_land",
    "forest_land",
    "converted_land",
    "orchard_land",
    "grass_land",
    "water_area",
    "housing_area",
)
SEPARATORS = r"[,，、;；/ ]+"


def _per_person(view: View, column: str) -> Floats:
    return over(view.number(column), view.number("size"))


def _had_for_a_year(view: View, *programs: str) -> Flags:
    """Return rows whose household has had one of some programs since an earlier year."""
    return np.asarray(view.number("wave") > view.support_start(*programs), dtype=bool)


def _further_causes(view: View) -> Floats:
    """Return how many further causes are named; NaN where none is."""
    return view.valued(
        "second_cause", lambda cell: float(sum(bool(part) for part in re.split(SEPARATORS, cell)))
    )


def _cause_twice(view: View) -> Flags:
    """Return rows whose main cause is among the further ones."""
    pairs = view.group("cause", "second_cause")
    first = np.unique(pairs, return_index=True)
    twice = {}
    cause, other = view.word("cause"), view.word("second_cause")
    for code, at in zip(*first, strict=True):
        twice[code] = code >= 0 and str(cause.iloc[at]) in str(other.iloc[at])
    return np.array([twice[c] for c in first[0]], dtype=bool)[np.searchsorted(first[0], pairs)]


def _there(view: View) -> Floats:
    """Return 1 for members that have not left by the end of the row's year; a departure without a month has happened."""
    members = view.table("member")
    later = np.floor(members.month("change_month") / 12) > year_of(members)
    return np.where(members.stays & (~members.says("change", *LEFT) | later), 1.0, 0.0)


def _head_count(view: View) -> Floats:
    return view.from_members(_there(view))


def _all_healthy(view: View) -> Flags:
    members = view.table("member")
    unwell = known(members, "health") & ~members.among("health", "健康", "良好")
    told = view.from_members(known(members, "health").astype(np.float64))
    return np.asarray(
        (told > 0) & (told == _head_count(view)) & (view.from_members(unwell.astype(np.float64)) == 0),
        dtype=bool,
    )


def _no_disabled(view: View) -> Flags:
    members = view.table("member")
    disabled = members.says("health", "残疾", "残")
    told = view.from_members(known(members, "health").astype(np.float64))
    return np.asarray(
        (told > 0) & (told == _head_count(view)) & (view.from_members(disabled.astype(np.float64)) == 0),
        dtype=bool,
    )


def _size_jump(view: View) -> Flags:
    waves = view.number("wave")
    next_year = waves - view.earlier(waves) == 1
    change = np.abs(view.number("size") - view.earlier(view.number("size")))
    return np.asarray(next_year & (change > view.settings["size_jump_max"]), dtype=bool)


def _head_younger(view: View) -> Flags:
    """Return rows in which the age of a head moved, but by two to four years more or less than the calendar."""
    waves, age = view.number("wave"), view.number("head_age")
    drift = np.abs((age - view.earlier(age)) - (waves - view.earlier(waves)))
    same = view.mark("female_head") == view.earlier(view.mark("female_head"))
    return np.asarray((drift >= 2) & (drift <= 4) & (same | np.isnan(view.mark("female_head"))), dtype=bool)


def _land_jump(view: View) -> Flags:
    land = view.number("cultivated_land")
    before = view.earlier(land)
    times = over(np.maximum(land, before), np.minimum(land, before))
    return np.asarray(
        (np.abs(land - before) > view.settings["land_jump_mu"]) & ~(times < view.settings["land_jump_ratio"]),
        dtype=bool,
    )


HOUSEHOLDS: tuple[Rule, ...] = (
    Rule("L01", Text(en="marked as unsafe housing, but graded A or B", zh="标为危房户，但住房鉴定为A级或B级"), "flag", "household", case=True,
         needs=("housing_grade", "unsafe_housing"), source=GUARANTEES,
         when=lambda v: (v.mark("unsafe_housing") == 1) & v.says("housing_grade", *SOUND) & ~v.says("housing_grade", *DANGEROUS)),
    Rule("L02", Text(en="graded C or D, but not marked as unsafe housing", zh="住房鉴定为C级或D级，但未标为危房户"), "flag", "household", case=True,
         needs=("unsafe_housing", "housing_grade"), source=GUARANTEES,
         when=lambda v: (v.mark("unsafe_housing") == 0) & v.says("housing_grade", *DANGEROUS)),
    Rule("L03", Text(en="marked as unsafe housing without a grade", zh="标为危房户而无危房级别"), "flag", "household",
         needs=("housing_grade", "unsafe_housing"), source=GUARANTEES,
         when=lambda v: (v.mark("unsafe_housing") == 1) & ~v.says("housing_grade", *SOUND, *DANGEROUS)),
    Rule("L04", Text(en="floor area per person is implausibly small", zh="人均住房面积过小"), "flag", "household", case=True,
         needs=("housing_area", "size"), source=CONVENTION,
         when=lambda v: (v.number("housing_area") >= 0) & (_per_person(v, "housing_area") < v.settings["floor_per_person_min"])),
    Rule("L05", Text(en="floor area per person is implausibly large", zh="人均住房面积过大"), "flag", "household", case=True,
         needs=("housing_area", "size"), source=CONVENTION,
         when=lambda v: _per_person(v, "housing_area") > v.settings["floor_per_person_max"]),
    Rule("L06", Text(en="relocated in an earlier year, yet still in unsafe housing", zh="往年已易地搬迁，仍标为危房户"), "flag", "household", case=True,
         needs=("unsafe_housing", "wave", "program.program", "program.program_start"), source=GUARANTEES,
         when=lambda v: (v.mark("unsafe_housing") == 1) & _had_for_a_year(v, "relocation")),
    Rule("L07", Text(en="housing was supported in an earlier year, yet it is still unsafe", zh="往年已享受住房安全保障，仍标为危房户"), "flag", "household", case=True,
         needs=("unsafe_housing", "wave", "program.program", "program.program_start"), source=GUARANTEES,
         when=lambda v: (v.mark("unsafe_housing") == 1) & _had_for_a_year(v, "housing")),
    Rule("L08", Text(en="water was supported in an earlier year, yet it is still not safe", zh="往年已享受饮水安全保障，仍未解决安全饮水"), "flag", "household", case=True,
         needs=("safe_water", "wave", "program.program", "program.program_start"), source=GUARANTEES,
         when=lambda v: (v.mark("safe_water") == 0) & _had_for_a_year(v, "water")),
    Rule("L09", Text(en="cause is illness, but the household row counts no ill member", zh="致贫原因为因病，但户表患病人数为零"), "flag", "household", case=True,
         needs=("cause", "ill_members"), source=LOGIC, when=lambda v: v.among("cause", "因病") & (v.number("ill_members") == 0)),
    Rule("L10", Text(en="cause is illness, but the roster has every member healthy", zh="致贫原因为因病，但成员均健康"), "flag", "household", case=True,
         needs=("cause", "member.health"), source=LOGIC, when=lambda v: v.among("cause", "因病") & _all_healthy(v)),
    Rule("L11", Text(en="cause is schooling, but no member is a pupil", zh="致贫原因为因学，但无在校生"), "flag", "household", case=True,
         needs=("cause", "pupils"), source=LOGIC, when=lambda v: v.among("cause", "因学") & (v.number("pupils") == 0)),
    Rule("L12", Text(en="cause is disability, but the household row counts no ill member", zh="致贫原因为因残，但户表患病人数为零"), "flag", "household", case=True,
         needs=("cause", "ill_members"), source=LOGIC, when=lambda v: v.among("cause", "因残") & (v.number("ill_members") == 0)),
    Rule("L13", Text(en="cause is disability, but the roster has no disabled member", zh="致贫原因为因残，但成员中无残疾人"), "flag", "household", case=True,
         needs=("cause", "member.health"), source=LOGIC, when=lambda v: v.among("cause", "因残") & _no_disabled(v)),
    Rule("L14", Text(en="cause is lack of labour, but half the household or more is able-bodied", zh="致贫原因为缺劳力，但劳动力占家庭人口一半以上"), "flag", "household", case=True,
         needs=("cause", "labourers", "size"), source=LOGIC,
         when=lambda v: v.among("cause", "缺劳力", "缺劳动力") & (v.number("size") >= 2) & (_per_person(v, "labourers") >= v.settings["labour_share_enough"])),
    Rule("L15", Text(en="cause is lack of land, but the household has much of it", zh="致贫原因为缺土地，但人均耕地较多"), "flag", "household", case=True,
         needs=("cause", "cultivated_land", "size"), source=LOGIC,
         when=lambda v: v.among("cause", "缺土地") & (_per_person(v, "cultivated_land") > v.settings["land_per_person_enough"])),
    Rule("L16", Text(en="household in destitute support has able-bodied members", zh="五保（特困）户有劳动力"), "flag", "household", case=True,
         needs=("household_type", "labourers"), source=LOGIC, when=lambda v: v.among("household_type", *DESTITUTE) & (v.number("labourers") > 0)),
    Rule("L17", Text(en="main cause of poverty is named again as a further cause", zh="主要致贫原因与次要致贫原因重复"), "flag", "household", case=True,
         needs=("second_cause", "cause"), source="registry form: one main cause and at most two others", when=_cause_twice),
    Rule("L18", Text(en="more than two further causes of poverty", zh="次要致贫原因超过两项"), "flag", "household", case=True,
         needs=("second_cause",), source="registry form: one main cause and at most two others", when=lambda v: _further_causes(v) > 2),
    Rule("L19", Text(en="a further cause of poverty without a main one", zh="有次要致贫原因而无主要致贫原因"), "flag", "household", case=True,
         needs=("cause", "second_cause"), source="registry form: one main cause and at most two others",
         when=lambda v: (_further_causes(v) >= 1) & ~known(v, "cause")),
    Rule("L20", Text(en="household size is not the number of members on the roster", zh="家庭人口数与成员名册人数不符"), "flag", "household", case=True,
         needs=("size", "member.person"), source="registry form: household and member cards",
         when=lambda v: np.abs(v.number("size") - _head_count(v)) > 0),
    Rule("L21", Text(en="more able-bodied members than members", zh="劳动力人数多于家庭人口数"), "flag", "household", case=True,
         needs=("labourers", "size"), source=CONVENTION, when=lambda v: v.number("labourers") > v.number("size")),
    Rule("L22", Text(en="more pupils than members", zh="在校生人数多于家庭人口数"), "flag", "household", case=True,
         needs=("pupils", "size"), source=CONVENTION, when=lambda v: v.number("pupils") > v.number("size")),
    Rule("L23", Text(en="more ill members than members", zh="患病人数多于家庭人口数"), "flag", "household", case=True,
         needs=("ill_members", "size"), source=CONVENTION, when=lambda v: v.number("ill_members") > v.number("size")),
    Rule("L24", Text(en="able-bodied members and pupils together exceed the members", zh="劳动力与在校生之和多于家庭人口数"), "flag", "household", case=True,
         needs=("labourers", "pupils", "size"), source=CONVENTION,
         when=lambda v: (v.number("labourers") + v.number("pupils") > v.number("size")) & (v.number("labourers") <= v.number("size")) & (v.number("pupils") <= v.number("size"))),
    Rule("L25", Text(en="a count of members is negative", zh="成员计数为负数"), "flag", "household", case=True,
         needs=("labourers",), also=("pupils", "ill_members"), source=CONVENTION, when=lambda v: any_below_zero(v, "labourers", "pupils", "ill_members")),
    Rule("L26", Text(en="household is implausibly large", zh="家庭人口数过大"), "flag", "household", case=True,
         needs=("size",), source=CONVENTION, when=lambda v: v.number("size") > v.settings["size_max"]),
    Rule("L27", Text(en="household size changed by implausibly many persons within a year", zh="家庭人口数一年内变动过大"), "flag", "household", case=True,
         needs=("size", "wave"), source="domain practice: household splits and merges", when=_size_jump),
    Rule("L28", Text(en="head is a child", zh="户主年龄过小"), "flag", "household", case=True,
         needs=("head_age",), source=CONVENTION, when=lambda v: (v.number("head_age") < v.settings["head_age_min"])),
    Rule("L29", Text(en="head is older than people get", zh="户主年龄过大"), "flag", "household", case=True,
         needs=("head_age",), source=CONVENTION, when=lambda v: v.number("head_age") > v.settings["head_age_max"]),
    Rule("L30", Text(en="age of the head moved by some years more or less than the calendar", zh="户主年龄增减与年份不符"), "flag", "household",
         needs=("head_age", "wave"), also=("female_head",), source=CONVENTION, when=_head_younger),
    Rule("L31", Text(en="head has more years of schooling than his age allows", zh="户主受教育年限与年龄不符"), "flag", "household", case=True,
         needs=("head_school", "head_age"), source=CONVENTION,
         when=lambda v: (v.number("head_school") > v.number("head_age") - 5) | (v.number("head_school") > v.settings["head_school_max"])),
    Rule("L32", Text(en="an area of land or housing is negative", zh="土地或住房面积为负数"), "flag", "household", case=True,
         needs=("cultivated_land",), also=AREAS[1:], source=CONVENTION, when=lambda v: any_below_zero(v, *AREAS)),
    Rule("L33", Text(en="land per person is implausibly large", zh="人均土地面积过大"), "flag", "household", case=True,
         needs=("cultivated_land", "size"), also=("forest_land", "orchard_land"), source=CONVENTION,
         when=lambda v: over(known_total(v, "cultivated_land", "forest_land", "orchard_land"), v.number("size")) > v.settings["land_per_person_max"]),
    Rule("L34", Text(en="cultivated land multiplied or vanished against the year before", zh="耕地面积较上年成倍变动"), "flag", "household",
         needs=("cultivated_land", "wave"), source=CONVENTION, when=_land_jump),
    Rule("L35", Text(en="distance to the main road is negative or implausibly long", zh="与村主干路距离为负或过远"), "flag", "household", case=True,
         needs=("road_distance",), source=CONVENTION,
         when=lambda v: (v.number("road_distance") < 0) | (v.number("road_distance") > v.settings["road_distance_max"])),
    Rule("L36", Text(en="power for production, but none at home", zh="通生产用电而未通生活用电"), "flag", "household", case=True,
         needs=("power_home", "power_production"), source=CONVENTION,
         when=lambda v: (v.mark("power_production") == 1) & (v.mark("power_home") == 0)),
)  # fmt: skip
"""Rules on the facts of a household, in the order of their numbers."""
