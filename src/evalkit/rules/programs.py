"""Rules on support received: its dates and amounts, and whether it fits the household."""

from __future__ import annotations

import numpy as np

from evalkit.rules.conditions import among, count_by, holding, known, largest, year_of
from evalkit.rules.rule import Rule
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

FORM = "registry form of measures"
MATCH = "measures must fit the household (措施精准)"


def _ever(view: View, *columns: str) -> Floats:
    """Return the largest sum of some household columns over the household's waves."""
    households = view.table("household")
    values = sum((households.number(c) for c in columns), start=np.zeros(len(households.stays)))
    return largest(view, values)


def _never(view: View, program: str, *columns: str) -> Flags:
    """Return rows of a program whose household never has anything of some columns."""
    return np.asarray(among(view, "program", program) & (_ever(view, *columns) == 0), dtype=bool)


def _before_identified(view: View) -> Flags:
    first = largest(view, view.table("household").number("identified_year"))
    return np.asarray(view.number("program_start") < first, dtype=bool)


def _twice(view: View) -> Flags:
    code = view.group("household", "program", "program_start")
    return view.stays & (count_by(code, view.stays) > 1)


def _both(view: View, one: str, other: str) -> Flags:
    code = view.group("household")
    return among(view, "program", one) & (count_by(code, among(view, "program", other)) > 0)


def _unlisted(view: View) -> Flags:
    there = largest(view, view.table("household").stays.astype(np.float64))
    return view.stays & known(view, "household") & ~(there > 0)


PROGRAMS: tuple[Rule, ...] = (
    Rule("G03", Text(en="support ends before it begins", zh="帮扶结束年度早于开始年度"), "flag", "program", case=True, needs=("program_end", "program_start"), when=lambda v: v.number("program_end") < v.number("program_start"), source=FORM),
    Rule("G04", Text(en="support begins before the household was identified", zh="帮扶开始早于识别"), "flag", "program", case=True, needs=("program_start", "household.identified_year"), when=_before_identified, source=FORM),
    Rule("G05", Text(en="support begins after the last wave of the data", zh="帮扶开始晚于数据最后年度"), "flag", "program", case=True, needs=("program_start",), when=lambda v: v.number("program_start") > np.max(year_of(v.table("household")), initial=-np.inf, where=v.table("household").stays), source=FORM),
    Rule("G06", Text(en="amount of support is zero or negative", zh="帮扶金额为零或负"), "flag", "program", needs=("amount",), when=lambda v: v.number("amount") <= 0, source=FORM),
    Rule("G07", Text(en="implausibly large amount of support", zh="帮扶金额过大"), "flag", "program", case=True, needs=("amount",), when=lambda v: v.number("amount") > v.settings["support_amount_max"], source="convention"),
    Rule("G08", Text(en="same support for the same household twice in a year", zh="同户同年同一措施重复登记"), "flag", "program", case=True, needs=("program", "household", "program_start"), when=_twice, source=FORM),
    Rule("G09", Text(en="education support for a household that never had a pupil", zh="教育帮扶户从无在校生"), "flag", "program", case=True, needs=("program", "household.pupils"), when=lambda v: _never(v, "教育帮扶", "pupils"), source=MATCH),
    Rule("G10", Text(en="public post for a household without anybody able to work", zh="公益岗位帮扶户从无劳动力"), "flag", "program", case=True, needs=("program", "household.labourers"), when=lambda v: _never(v, "公益岗位帮扶", "labourers"), source=MATCH),
    Rule("G11", Text(en="credit for a household without anybody able to work", zh="金融帮扶户从无劳动力"), "flag", "program", needs=("program", "household.labourers"), when=lambda v: _never(v, "金融帮扶", "labourers") | _never(v, "扶贫小额信贷", "labourers"), source=MATCH),
    Rule("G12", Text(en="relocated and its old house renovated as well", zh="既易地搬迁又改造原住房"), "flag", "program", case=True, needs=("program", "household"), when=lambda v: _both(v, "易地搬迁", "住房安全保障"), source=MATCH),
    Rule("G13", Text(en="safety net recorded, but never an allowance or pension among the incomes", zh="有综合保障措施而收入中从无保障性转移"), "flag", "program", needs=("program", "household.minimum_allowance", "household.destitute_allowance", "household.pension"), when=lambda v: _never(v, "综合保障", "minimum_allowance", "destitute_allowance", "pension"), source=MATCH),
    Rule("G14", Text(en="asset-income program, but never a dividend among the incomes", zh="有资产收益措施而收入中从无分红"), "flag", "program", case=True, needs=("program", "household.dividend_income"), when=lambda v: _never(v, "资产收益", "dividend_income"), source=MATCH),
    Rule("G15", Text(en="more persons in public posts than the household has", zh="公益岗位人数超过家庭人口"), "flag", "program", case=True, needs=("public_post_persons", "household.size"), when=lambda v: v.number("public_post_persons") > _ever(v, "size"), source=FORM),
    Rule("G16", Text(en="supported household is not in the household table", zh="受帮扶户不在户表中"), "flag", "program", case=True, needs=("household", "household.household"), when=_unlisted, source=FORM),
    Rule("G17", Text(en="support dated before registration began", zh="帮扶开始早于建档立卡"), "flag", "program", needs=("program_start",), when=lambda v: v.number("program_start") < v.settings["registration_began"], source="registration of poor households began in 2013-14"),
    Rule("G18", Text(en="job abroad or away supported for a household registered without labour force", zh="就业帮扶户从无劳动力"), "flag", "program", case=True, needs=("program", "household.labourers"), when=lambda v: _never(v, "就业帮扶", "labourers"), source=MATCH),
    Rule("G19", Text(en="ecological post or compensation, but never ecological income or wages", zh="有生态帮扶措施而收入中从无生态补偿与工资"), "flag", "program", needs=("program", "household.ecological_compensation", "household.wage_income"), when=lambda v: holding(v, "program", "生态") & (_ever(v, "ecological_compensation", "wage_income") == 0), source=MATCH),
)  # fmt: skip
"""Conditions on the program table."""
