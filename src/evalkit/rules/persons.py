"""Rules on persons: ages and relations, school, health and work, against each other and the household."""

from __future__ import annotations

import re

import numpy as np

from evalkit.rules.conditions import (
    ABLE,
    UNABLE,
    age,
    among,
    count_by,
    first_of,
    holding,
    house,
    in_school,
    known,
    of_compulsory_age,
    several,
    year_of,
)
from evalkit.rules.rule import Rule
from evalkit.rules.status import EXITED
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

HEAD = ("户主", "本人")
SPOUSE = ("配偶", "妻", "妻子", "丈夫", "夫", "之妻", "之夫")
SONS = ("之子", "子", "儿子", "长子", "次子", "三子", "独生子")
DAUGHTERS = ("之女", "女", "女儿", "长女", "次女", "三女", "独生女")
FATHERS = ("之父", "父亲", "父", "岳父", "公公")
MOTHERS = ("之母", "母亲", "母", "岳母", "婆婆")
MEN = (
    *SONS,
    *FATHERS,
    "之女婿",
    "女婿",
    "之孙子",
    "孙子",
    "之祖父",
    "祖父",
    "丈夫",
    "之夫",
    "夫",
    "之兄",
    "之弟",
)
WOMEN = (
    *DAUGHTERS,
    *MOTHERS,
    "之儿媳",
    "儿媳",
    "之孙女",
    "孙女",
    "之祖母",
    "祖母",
    "妻",
    "妻子",
    "之妻",
    "之姐",
    "之妹",
)
MALE, FEMALE = ("男", "男性"), ("女", "女性")
FORM = "registry form of members"
AUDIT = "convention; the kinds of fault that audits of 2017 reported"
SCHOOLING: dict[str, float] = {
    "文盲或半文盲": 0, "学龄前儿童": 0, "小学": 1, "初中": 2, "高中": 3, "中专": 3, "大专": 4, "本科及以上": 5,
}  # fmt: skip
"""Order of the levels of education."""


def _of_head(view: View, values: Floats) -> Floats:
    """Return a value of the head on every row of the household; NaN without a head."""
    own = np.where(among(view, "relation", *HEAD), values, np.nan)
    names = ("household", "wave") if view.has("wave") else ("household",)
    return view.of_group(own, *names)


def _gap(view: View) -> Floats:
    """Return years by which the head is older."""
    return _of_head(view, age(view)) - age(view)


def _male(view: View) -> Floats:
    return np.where(among(view, "sex", *MALE), 1.0, np.where(among(view, "sex", *FEMALE), 0.0, np.nan))


def _died_before(view: View) -> Flags:
    year = np.floor(view.month("change_month") / 12)
    return holding(view, "change", "死亡", "去世", "病故") & (year < year_of(view))


def _no_head(view: View) -> Flags:
    code = house(view)
    return first_of(code, view.stays & (count_by(code, among(view, "relation", *HEAD)) == 0))


def _repeated(view: View, words: tuple[str, ...]) -> Flags:
    own = among(view, "relation", *words)
    return own & (count_by(house(view), own) > 1)


def _schooling(view: View) -> Floats:
    return view.valued("education", lambda word: float(SCHOOLING.get(word, np.nan)))


def _beyond_age(view: View) -> Flags:
    least = np.array([0, 5, 11, 14, 17, 17], dtype=np.float64)
    level = _schooling(view)
    need = np.where(np.isnan(level), np.nan, least[np.nan_to_num(level).astype(int)])
    return np.asarray(age(view) < need, dtype=bool)


def _stage_against_age(view: View) -> Flags:
    years, s = age(view), view.settings
    primary = holding(view, "student", "小学")
    junior = holding(view, "student", "初中", "七年级", "八年级", "九年级")
    senior = holding(view, "student", "高中", "高一", "高二", "高三", "中职", "中专")
    higher = holding(view, "student", "高等教育", "大学", "本科", "大专", "研究生")
    slack = s["school_age_slack"]
    out = primary & ((years < 6 - slack) | (years > 12 + slack + 2))
    out |= junior & ((years < 12 - slack) | (years > 15 + slack + 2))
    out |= senior & ((years < 15 - slack) | (years > 18 + slack + 4))
    return out | (higher & (years < 18 - slack))


def _same_grade(view: View) -> Flags:
    now = view.word("grade")
    same = (now == view.earlier_word(now)) & (now == view.earlier_word(now, 2))
    final = holding(view, "grade", "大学", "本科", "大专")
    return np.asarray(same.fillna(value=False), dtype=bool) & ~final & in_school(view)


def _sex_changed(view: View) -> Flags:
    now = _male(view)
    return np.asarray(np.abs(now - view.earlier(now)) > 0, dtype=bool)


def _day(word: str) -> float:
    """Return a date as YYYYMMDD, NaN where it is none to the day.

    >>> _day("19700101"), _day("1970-1-1"), _day("1970年1月1日")
    (19700101.0, 19700101.0, 19700101.0)
    """
    parts = re.findall("[0-9]+", word)
    if len(parts) == 1 and len(parts[0]) == 8:
        return float(parts[0])
    if len(parts) >= 3 and len(parts[0]) == 4:
        return float(int(parts[0]) * 10_000 + int(parts[1]) * 100 + int(parts[2]))
    return np.nan


def _birth_changed(view: View) -> Flags:
    """Return rows whose month, or day where both are given to the day, of birth differs from the wave before."""
    month, day = view.month("birth_date"), view.valued("birth_date", _day)
    other_month = np.abs(month - view.earlier(month)) > 0
    return np.asarray(other_month | (np.abs(day - view.earlier(day)) > 0), dtype=bool)


def _twins_of_name(view: View) -> Flags:
    names = ("name", "birth_date", "wave") if view.has("wave") else ("name", "birth_date")
    return several(view, view.group(*names), view.group("household"))


def _household_is(view: View, name: str, *words: str) -> Flags:
    own = among(view.table("household"), name, *words).astype(np.float64)
    return np.asarray(view.from_household(own) == 1, dtype=bool)


def _unlisted(view: View) -> Flags:
    households = view.table("household")
    here = view.from_household(households.stays.astype(np.float64))
    return view.stays & known(view, "household") & np.isnan(here)


PERSONS: tuple[Rule, ...] = (
    Rule("P06", Text(en="born after the year described", zh="出生日期晚于数据年度"), "flag", "member", case=True, needs=("birth_date",), when=lambda v: age(v) < 0, source=FORM),
    Rule("P07", Text(en="older than people become", zh="年龄超过合理上限"), "flag", "member", case=True, needs=("birth_date",), when=lambda v: age(v) > v.settings["age_max"], source=AUDIT),
    Rule("P08", Text(en="listed in a year after the recorded death", zh="登记死亡之后仍在册"), "flag", "member", case=True, needs=("change", "change_month"), when=_died_before, source=AUDIT),
    Rule("P09", Text(en="household without a head", zh="该户成员中没有户主"), "flag", "member", case=True, needs=("relation", "household"), when=_no_head, source=FORM),
    Rule("P10", Text(en="household with more than one head", zh="该户有一名以上户主"), "flag", "member", case=True, needs=("relation", "household"), when=lambda v: _repeated(v, HEAD), source=FORM),
    Rule("P11", Text(en="head with more than one spouse", zh="户主有一名以上配偶"), "flag", "member", case=True, needs=("relation", "household"), when=lambda v: _repeated(v, SPOUSE), source=FORM),
    Rule("P12", Text(en="child of the head hardly younger than the head, or older", zh="子女年龄与户主相近或大于户主"), "flag", "member", case=True, needs=("birth_date", "relation"), when=lambda v: among(v, "relation", *SONS, *DAUGHTERS) & (_gap(v) < v.settings["generation_gap_min"]), source=FORM),
    Rule("P13", Text(en="parent of the head hardly older than the head, or younger", zh="父母年龄与户主相近或小于户主"), "flag", "member", case=True, needs=("birth_date", "relation"), when=lambda v: among(v, "relation", *FATHERS, *MOTHERS) & (-_gap(v) < v.settings["generation_gap_min"]), source=FORM),
    Rule("P14", Text(en="grandchild less than two generations younger than the head", zh="孙辈与户主年龄差不足两代"), "flag", "member", case=True, needs=("birth_date", "relation"), when=lambda v: holding(v, "relation", "孙") & (_gap(v) < 2 * v.settings["generation_gap_min"]), source=FORM),
    Rule("P15", Text(en="spouse of the same sex as the head", zh="配偶与户主性别相同"), "flag", "member", case=True, needs=("sex", "relation"), when=lambda v: among(v, "relation", *SPOUSE) & (_of_head(v, _male(v)) == _male(v)), source=FORM),
    Rule("P16", Text(en="spouse and head are of very different age", zh="配偶与户主年龄差过大"), "flag", "member", needs=("birth_date", "relation"), when=lambda v: among(v, "relation", *SPOUSE) & (np.abs(_gap(v)) > v.settings["spouse_gap_max"]), source="convention"),
    Rule("P17", Text(en="sex contradicts the relation to the head", zh="性别与户主关系用词矛盾"), "flag", "member", case=True, needs=("sex", "relation"), when=lambda v: (among(v, "relation", *MEN) & (_male(v) == 0)) | (among(v, "relation", *WOMEN) & (_male(v) == 1)), source=FORM),
    Rule("P18", Text(en="head is a child", zh="户主为未成年人"), "flag", "member", needs=("relation", "birth_date"), when=lambda v: among(v, "relation", *HEAD) & (age(v) < v.settings["work_age_min"]), source="convention"),
    Rule("P19", Text(en="at school at an age at which nobody is", zh="在校而年龄不合理"), "flag", "member", case=True, needs=("student", "birth_date"), when=lambda v: in_school(v) & ((age(v) < 4) | (age(v) > v.settings["school_age_max"])), source=FORM),
    Rule("P20", Text(en="of school age, not at school, and no reason given", zh="义务教育阶段适龄未在校且未填原因"), "flag", "member", case=True, needs=("student", "birth_date", "dropout"), when=lambda v: known(v, "student") & ~in_school(v) & of_compulsory_age(v) & ~known(v, "dropout"), source="guarantee of compulsory education (三保障)"),
    Rule("P21", Text(en="stage of school does not fit the age", zh="就学阶段与年龄不符"), "flag", "member", needs=("student", "birth_date"), when=_stage_against_age, source="convention"),
    Rule("P22", Text(en="in the same school grade three years running", zh="连续三年就读同一年级"), "flag", "member", case=True, needs=("grade", "student", "wave"), when=_same_grade, source=AUDIT),
    Rule("P23", Text(en="education beyond what the age allows", zh="文化程度超出年龄所能"), "flag", "member", case=True, needs=("education", "birth_date"), when=_beyond_age, source=FORM),
    Rule("P24", Text(en="education lower than in the wave before", zh="文化程度低于上一年度"), "flag", "member", case=True, needs=("education", "wave"), when=lambda v: _schooling(v) < v.earlier(_schooling(v)), source="convention"),
    Rule("P25", Text(en="months of work away are not between 0 and 12", zh="务工时间不在0至12个月之间"), "flag", "member", case=True, needs=("work_months",), when=lambda v: (v.number("work_months") < 0) | (v.number("work_months") > 12), source=FORM),
    Rule("P26", Text(en="works away as a child or in high age", zh="未成年或高龄外出务工"), "flag", "member", case=True, needs=("work_months", "birth_date"), when=lambda v: (v.number("work_months") > 0) & ((age(v) < v.settings["work_age_min"]) | (age(v) > v.settings["work_age_max"])), source=AUDIT),
    Rule("P27", Text(en="works away without capacity to work", zh="无劳动能力而有务工时间"), "flag", "member", case=True, needs=("work_months", "labour"), when=lambda v: (v.number("work_months") > 0) & among(v, "labour", *UNABLE), source=AUDIT),
    Rule("P28", Text(en="months of work without a wage, or a wage without months", zh="有务工时间无务工收入，或相反"), "flag", "member", case=True, needs=("work_months", "monthly_wage"), when=lambda v: ((v.number("work_months") > 0) & (v.number("monthly_wage") == 0)) | ((v.number("work_months") == 0) & (v.number("monthly_wage") > 0)), source=AUDIT),
    Rule("P29", Text(en="implausible monthly wage", zh="务工月收入不合理"), "flag", "member", case=True, needs=("monthly_wage",), when=lambda v: (v.number("monthly_wage") != 0) & ((v.number("monthly_wage") < v.settings["monthly_wage_min"]) | (v.number("monthly_wage") > v.settings["monthly_wage_max"])), source="convention"),
    Rule("P30", Text(en="a place of work away, but no month of work", zh="填有务工地点而无务工时间"), "flag", "member", needs=("work_place", "work_months"), when=lambda v: known(v, "work_place") & ~among(v, "work_place", "无", "未务工") & (v.number("work_months") == 0), source=FORM),
    Rule("P31", Text(en="at school and away at work for more than half of the year", zh="在校而务工超过半年"), "flag", "member", case=True, needs=("work_months", "student"), when=lambda v: in_school(v) & (v.number("work_months") > 6), source=AUDIT),
    Rule("P32", Text(en="in a public post outside the ages for it", zh="年龄不符合条件而从事公益性岗位"), "flag", "member", case=True, needs=("public_post", "birth_date"), when=lambda v: (v.mark("public_post") == 1) & ((age(v) < v.settings["work_age_min"]) | (age(v) >= v.settings["public_post_age_max"])), source=AUDIT),
    Rule("P33", Text(en="in a public post without capacity to work", zh="无劳动能力而从事公益性岗位"), "flag", "member", case=True, needs=("public_post", "labour"), when=lambda v: (v.mark("public_post") == 1) & among(v, "labour", *UNABLE), source=AUDIT),
    Rule("P34", Text(en="number of a disability card, but healthy", zh="持残疾人证号而健康状况为健康"), "flag", "member", case=True, needs=("health", "id_number"), when=lambda v: among(v, "health", "健康") & v.word("id_number").str.len().isin([20, 22]).to_numpy(dtype=bool), source=FORM),
    Rule("P35", Text(en="able-bodied worker though a child", zh="未成年而登记为普通或技能劳动力"), "flag", "member", case=True, needs=("labour", "birth_date"), when=lambda v: among(v, "labour", *ABLE) & (age(v) < v.settings["work_age_min"]), source=FORM),
    Rule("P36", Text(en="able-bodied worker though gravely ill or disabled", zh="患有大病或残疾而登记为普通或技能劳动力"), "flag", "member", needs=("labour", "health"), when=lambda v: among(v, "labour", *ABLE) & holding(v, "health", "患有大病", "残疾"), source="convention"),
    Rule("P37", Text(en="without capacity to work though of working age, healthy and not at school", zh="劳动年龄、健康、非在校而登记为无劳动能力"), "flag", "member", case=True, needs=("labour", "health", "birth_date", "student"), when=lambda v: among(v, "labour", *UNABLE) & among(v, "health", "健康") & (age(v) >= 18) & (age(v) < 60) & known(v, "student") & ~in_school(v), source=AUDIT),
    Rule("P38", Text(en="household exited while a member has no medical insurance", zh="户已脱贫而成员未参加医疗保险"), "flag", "member", case=True, needs=("medical_insurance", "household.status"), when=lambda v: (v.mark("medical_insurance") == 0) & _household_is(v, "status", *EXITED), source="guarantee of basic medical care (三保障)"),
    Rule("P39", Text(en="on the minimum allowance in a household registered as ordinary poor", zh="享受低保而户属性为一般贫困户"), "flag", "member", case=True, needs=("on_allowance", "household.household_type"), when=lambda v: (v.mark("on_allowance") == 1) & _household_is(v, "household_type", "一般贫困户"), source=AUDIT),
    Rule("P40", Text(en="in destitute support beside an able-bodied member", zh="特困供养人员与有劳动能力成员同户"), "flag", "member", case=True, needs=("destitute", "labour", "household"), when=lambda v: (v.mark("destitute") == 1) & (count_by(house(v), among(v, "labour", *ABLE)) > 0), source="convention"),
    Rule("P41", Text(en="same name and date of birth in another household", zh="姓名与出生日期相同者在另一户"), "flag", "member", case=True, needs=("name", "birth_date", "household"), when=_twins_of_name, source=AUDIT),
    Rule("P42", Text(en="id number of 15 digits, not issued since 1999", zh="15位旧身份证号码"), "flag", "member", needs=("id_number",), when=lambda v: v.word("id_number").str.fullmatch("[0-9]{15}").fillna(value=False).to_numpy(dtype=bool), source="GB 11643-1999"),
    Rule("P43", Text(en="sex differs from the wave before", zh="性别与上一年度不同"), "flag", "member", case=True, needs=("sex", "wave"), when=_sex_changed, source=FORM),
    Rule("P44", Text(en="date of birth differs from the wave before", zh="出生日期与上一年度不同"), "flag", "member", case=True, needs=("birth_date", "wave"), when=_birth_changed, source=FORM),
    Rule("P45", Text(en="change of membership without its month", zh="填有人员变动而无变动时间"), "flag", "member", needs=("change", "change_month"), when=lambda v: known(v, "change") & ~among(v, "change", "无") & ~known(v, "change_month"), source=FORM),
    Rule("P46", Text(en="household is not in the household table in that year", zh="该户不在当年户表中"), "flag", "member", case=True, needs=("household", "household.household"), when=_unlisted, source=FORM),
)  # fmt: skip
"""Conditions on the member table."""
