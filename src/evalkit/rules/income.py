"""Rules on the household's income account: parts against sums, amounts that cannot be, sources without a reason."""

from __future__ import annotations

import numpy as np

from evalkit.rules.amounts import any_below_zero, apart, known_total, over, total, zero_if_missing
from evalkit.rules.rule import Rule
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

FORM = "registry form: income of the household-year"
CONVENTION = "convention"
FOUR = ("wage_income", "operating_income", "property_income", "transfer_income")
TRANSFERS = (
    "family_planning_grant",
    "minimum_allowance",
    "destitute_allowance",
    "pension",
    "ecological_compensation",
    "other_transfer_income",
)
UNIT_POWERS = (10.0, 100.0, 10_000.0)
"""Factors by which units are mistaken."""
GREEN = ("converted_land", "forest_land", "grass_land")
ORDINARY = ("一般贫困户", "一般脱贫户", "一般农户")
ON_ALLOWANCE = ("低保贫困户", "低保户", "低保脱贫户")
DESTITUTE = ("五保贫困户", "五保户", "特困供养户", "五保/特困供养户", "特困供养贫困户", "五保供养户")


def _tolerance(view: View) -> float:
    return view.settings["parts_tolerance"]


def _green_area(view: View) -> Floats:
    return known_total(view, *GREEN)


def _per_head(view: View, column: str) -> Floats:
    return over(view.number(column), view.number("size"))


def slip(view: View, column: str) -> Flags:
    """Return rows about ten times (a hundred, ten thousand) the waves before and after, or that fraction of them.

    The neighbours themselves agree within `slip_neighbours`; against both the row is `slip_ratio` times or more, and
    against their geometric mean a power of ten within `slip_factor`.
    """
    values, ratio = view.number(column), view.settings["slip_ratio"]
    now = np.where(values > 0, values, np.nan)
    before = over(now, view.earlier(values))
    rows = np.flatnonzero((before > 0.99 * ratio) | (before < 1.01 / ratio))
    out = np.zeros(len(now), dtype=bool)
    out[rows] = _slipped(view, before[rows], over(now, view.later(now))[rows])
    return out


def _slipped(view: View, before: Floats, after: Floats) -> Flags:
    """Tell which ratios to the waves before and after are those of a slip."""
    steady = np.abs(np.log(over(before, after))) < np.log(view.settings["slip_neighbours"])
    least = np.log(view.settings["slip_ratio"])
    up = (np.log(before) > least) & (np.log(after) > least)
    down = (np.log(before) < -least) & (np.log(after) < -least)
    times = np.abs(np.log(before) + np.log(after)) / 2
    off = np.min([np.abs(times - np.log(p)) for p in UNIT_POWERS], axis=0)
    near = off <= np.log(view.settings["slip_factor"])
    return np.asarray(steady & (up | down) & near, dtype=bool)


def _unit_slip(view: View) -> Flags:
    return slip(view, "income_pc")


def _unit_slip_of_parts(view: View) -> Flags:
    return np.asarray(slip(view, "wage_income") | slip(view, "operating_income"), dtype=bool)


def _years_apart(view: View) -> Floats:
    return view.number("wave") - view.earlier(view.number("wave"))


def _growth(view: View) -> Floats:
    """Income per head over that of the wave before, where that is the year before and no trifle."""
    before = view.earlier(view.number("income_pc"))
    usable = (_years_apart(view) == 1) & (before >= view.settings["growth_base"])
    return over(view.number("income_pc"), np.where(usable, before, np.nan))


def _idle(view: View) -> Flags:
    able = view.number("labourers") >= view.settings["idle_labourers"]
    return np.asarray(
        able & (view.number("wage_income") == 0) & (view.number("operating_income") == 0), dtype=bool
    )


def _work_months(view: View) -> Floats:
    return view.from_members(view.table("member").number("work_months"))


def _post_without_wage(view: View) -> Flags:
    posts = view.from_members(view.table("member").mark("public_post"))
    return np.asarray((posts > 0) & (view.number("wage_income") == 0), dtype=bool)


INCOME: tuple[Rule, ...] = (
    Rule("I07", Text(en="property income is not dividends plus other property income", zh="财产性收入不等于资产收益分红与其他财产性收入之和"), "flag", "household", case=True,
         needs=("property_income", "dividend_income", "other_property_income"), source=FORM,
         when=lambda v: apart(v.number("property_income"), total(v, "dividend_income", "other_property_income"), _tolerance(v))),
    Rule("I08", Text(en="transfer income is not the sum of its six parts", zh="转移性收入不等于六项明细之和"), "flag", "household", case=True,
         needs=("transfer_income", *TRANSFERS), source=FORM,
         when=lambda v: apart(v.number("transfer_income"), total(v, *TRANSFERS), _tolerance(v))),
    Rule("I09", Text(en="asset dividends exceed property income, of which they are a part", zh="资产收益分红大于财产性收入（部分大于整体）"), "flag", "household", case=True,
         needs=("dividend_income", "property_income"), source=FORM,
         when=lambda v: v.number("dividend_income") > v.number("property_income") + _tolerance(v)),
    Rule("I10", Text(en="allowances, pension and compensation together exceed transfer income", zh="低保、养老、补偿等明细之和大于转移性收入"), "flag", "household", case=True,
         needs=("transfer_income", "minimum_allowance", "pension"), also=("ecological_compensation", "destitute_allowance", "family_planning_grant"), source=FORM,
         when=lambda v: known_total(v, *TRANSFERS[:-1]) > v.number("transfer_income") + _tolerance(v)),
    Rule("I11", Text(en="gross income is not the sum of the four incomes", zh="年收入不等于四项收入之和"), "flag", "household", case=True,
         needs=("income_gross", *FOUR), source=FORM,
         when=lambda v: apart(v.number("income_gross"), total(v, *FOUR), _tolerance(v))),
    Rule("I12", Text(en="one of the four incomes is negative", zh="四项收入中有负数"), "flag", "household", case=True,
         needs=("wage_income",), also=FOUR[1:], source=FORM, when=lambda v: any_below_zero(v, *FOUR)),
    Rule("I13", Text(en="a part of the transfers or of property income is negative", zh="转移性或财产性收入明细中有负数"), "flag", "household", case=True,
         needs=("minimum_allowance",), also=("pension", "ecological_compensation", "destitute_allowance", "dividend_income"), source=FORM,
         when=lambda v: any_below_zero(v, *TRANSFERS, "dividend_income", "other_property_income")),
    Rule("I14", Text(en="expenses are negative", zh="支出为负数"), "flag", "household", case=True,
         needs=("operating_expense",), also=("tax", "rigid_expense"), source=FORM,
         when=lambda v: any_below_zero(v, "operating_expense", "tax", "rigid_expense")),
    Rule("I15", Text(en="operating income without operating expenses", zh="有生产经营性收入而无生产经营性支出"), "flag", "household",
         needs=("operating_expense", "operating_income"), source=CONVENTION,
         when=lambda v: (v.number("operating_income") >= v.settings["costless_operating_income"]) & (v.number("operating_expense") == 0)),
    Rule("I16", Text(en="operating expenses without operating income", zh="有生产经营性支出而无生产经营性收入"), "flag", "household",
         needs=("operating_expense", "operating_income"), source=CONVENTION,
         when=lambda v: (v.number("operating_expense") > 0) & (v.number("operating_income") == 0)),
    Rule("I17", Text(en="operating expenses are far above operating income", zh="生产经营性支出远高于生产经营性收入"), "flag", "household", case=True,
         needs=("operating_expense", "operating_income"), source=CONVENTION,
         when=lambda v: over(v.number("operating_expense"), v.number("operating_income")) > v.settings["expense_share_max"]),
    Rule("I18", Text(en="net income exceeds gross income", zh="纯收入大于年收入"), "flag", "household", case=True,
         needs=("income_net", "income_gross"), source=FORM,
         when=lambda v: v.number("income_net") > v.number("income_gross") + _tolerance(v)),
    Rule("I19", Text(en="income per head is zero", zh="人均纯收入为零"), "flag", "household", case=True,
         needs=("income_pc",), source="domain practice: implausible amounts", when=lambda v: v.number("income_pc") == 0),
    Rule("I20", Text(en="income per head is implausibly high for a registered household", zh="人均纯收入高得不合理"), "flag", "household", case=True,
         needs=("income_pc",), source="domain practice: implausible amounts", when=lambda v: v.number("income_pc") > v.settings["income_pc_max"]),
    Rule("I21", Text(en="minimum allowance below the least paid in a year", zh="低保金低于年度最低发放额"), "flag", "household", case=True,
         needs=("minimum_allowance",), source="domain practice: implausible amounts",
         when=lambda v: (v.number("minimum_allowance") > 0) & (v.number("minimum_allowance") < v.settings["allowance_min"])),
    Rule("I22", Text(en="minimum allowance per head is implausibly high", zh="人均低保金高得不合理"), "flag", "household", case=True,
         needs=("minimum_allowance", "size"), source="domain practice: implausible amounts",
         when=lambda v: _per_head(v, "minimum_allowance") > v.settings["allowance_pc_max"]),
    Rule("I23", Text(en="pension below the least paid in a year", zh="养老保险金低于年度最低发放额"), "flag", "household", case=True,
         needs=("pension",), source=CONVENTION, when=lambda v: (v.number("pension") > 0) & (v.number("pension") < v.settings["pension_min"])),
    Rule("I24", Text(en="pension per head is implausibly high for a rural household", zh="人均养老保险金高得不合理"), "flag", "household", case=True,
         needs=("pension", "size"), source=CONVENTION, when=lambda v: _per_head(v, "pension") > v.settings["pension_pc_max"]),
    Rule("I25", Text(en="destitute-support allowance is implausibly low or high", zh="五保（特困供养）金过低或过高"), "flag", "household", case=True,
         needs=("destitute_allowance", "size"), source=CONVENTION,
         when=lambda v: (_per_head(v, "destitute_allowance") > v.settings["destitute_pc_max"])
         | ((v.number("destitute_allowance") > 0) & (v.number("destitute_allowance") < v.settings["allowance_min"]))),
    Rule("I26", Text(en="family-planning grant is implausibly high", zh="计划生育金高得不合理"), "flag", "household", case=True,
         needs=("family_planning_grant",), source=CONVENTION, when=lambda v: v.number("family_planning_grant") > v.settings["family_planning_max"]),
    Rule("I27", Text(en="ecological compensation without converted, forest or grass land", zh="有生态补偿金而无退耕还林、林地或草地"), "flag", "household", case=True,
         needs=("ecological_compensation", *GREEN), source="domain practice: broken income logic",
         when=lambda v: (v.number("ecological_compensation") > 0) & (total(v, *GREEN) == 0)),
    Rule("I28", Text(en="ecological compensation per mu is implausibly high", zh="每亩生态补偿金高得不合理"), "flag", "household", case=True,
         needs=("ecological_compensation", "converted_land", "forest_land"), also=("grass_land",), source=CONVENTION,
         when=lambda v: over(v.number("ecological_compensation"), _green_area(v)) > v.settings["ecological_per_mu_max"]),
    Rule("I29", Text(en="minimum allowance paid to a household of the ordinary type", zh="一般贫困户领取低保金，与户属性不符"), "flag", "household", case=True,
         needs=("minimum_allowance", "household_type"), source=CONVENTION,
         when=lambda v: (v.number("minimum_allowance") > 0) & v.among("household_type", *ORDINARY)),
    Rule("I30", Text(en="household of the allowance type without any allowance", zh="低保贫困户未领取低保金"), "flag", "household", case=True,
         needs=("minimum_allowance", "household_type"), source=CONVENTION,
         when=lambda v: (v.number("minimum_allowance") == 0) & v.among("household_type", *ON_ALLOWANCE)),
    Rule("I31", Text(en="destitute-support allowance paid to a household that is not in destitute support", zh="非五保（特困）户领取五保金"), "flag", "household", case=True,
         needs=("destitute_allowance", "household_type"), source=CONVENTION,
         when=lambda v: (v.number("destitute_allowance") > 0) & v.among("household_type", *ORDINARY, *ON_ALLOWANCE)),
    Rule("I32", Text(en="household in destitute support receives no such allowance", zh="五保（特困）户未领取五保金"), "flag", "household", case=True,
         needs=("destitute_allowance", "household_type"), also=("minimum_allowance",), source=CONVENTION,
         when=lambda v: (v.number("destitute_allowance") == 0) & (zero_if_missing(v, "minimum_allowance") == 0) & v.among("household_type", *DESTITUTE)),
    Rule("I33", Text(en="wage income in a household without able-bodied members", zh="无劳动力而有工资性收入"), "flag", "household",
         needs=("wage_income", "labourers"), source="domain practice: wages against workers",
         when=lambda v: (v.number("wage_income") > v.settings["wage_without_labour"]) & (v.number("labourers") == 0)),
    Rule("I34", Text(en="able-bodied members, but neither wages nor operating income", zh="有劳动力而无工资性和生产经营性收入"), "flag", "household",
         needs=("wage_income", "operating_income", "labourers"), source="domain practice: wages against workers", when=_idle),
    Rule("I35", Text(en="wage income per able-bodied member is implausibly high", zh="劳均工资性收入高得不合理"), "flag", "household", case=True,
         needs=("wage_income", "labourers"), source=CONVENTION,
         when=lambda v: over(v.number("wage_income"), v.number("labourers")) > v.settings["wage_per_labourer_max"]),
    Rule("I36", Text(en="members work away, but the household has no wage income", zh="有成员外出务工而无工资性收入"), "flag", "household", case=True,
         needs=("wage_income", "member.work_months"), source="domain practice: wages against workers",
         when=lambda v: (v.number("wage_income") == 0) & (_work_months(v) >= v.settings["work_months_paid"])),
    Rule("I37", Text(en="wage income per month of work away is implausibly high", zh="按务工月数折算的月工资高得不合理"), "flag", "household",
         needs=("wage_income", "member.work_months"), source=CONVENTION,
         when=lambda v: over(v.number("wage_income"), _work_months(v)) > v.settings["wage_per_month_max"]),
    Rule("I38", Text(en="a member holds a public post, but the household has no wage income", zh="有成员在公益性岗位而无工资性收入"), "flag", "household", case=True,
         needs=("wage_income", "member.public_post"), source=CONVENTION, when=_post_without_wage),
    Rule("I39", Text(en="asset dividends without an asset-income or solar program", zh="有资产收益分红而无资产收益或光伏帮扶"), "flag", "household",
         needs=("dividend_income", "wave", "program.program", "program.program_start"), source=CONVENTION,
         when=lambda v: (v.number("dividend_income") > 0) & v.unsupported("asset_income", "solar")),
    Rule("I40", Text(en="asset dividends per head are implausibly high", zh="人均资产收益分红高得不合理"), "flag", "household", case=True,
         needs=("dividend_income", "size"), source=CONVENTION, when=lambda v: _per_head(v, "dividend_income") > v.settings["dividend_pc_max"]),
    Rule("I41", Text(en="most of a large income is transfers that are not explained", zh="大额收入主要来自未说明的其他转移性收入"), "flag", "household", case=True,
         needs=("other_transfer_income", "income_net", "size"), source="domain practice: padded income",
         when=lambda v: (over(v.number("other_transfer_income"), v.number("income_net")) > v.settings["unexplained_share"])
         & (_per_head(v, "other_transfer_income") > v.settings["unexplained_pc"])),
    Rule("I42", Text(en="taxes and fees are a large share of gross income", zh="税费占年收入比重过高"), "flag", "household",
         needs=("tax", "income_gross"), source=CONVENTION,
         when=lambda v: over(v.number("tax"), v.number("income_gross")) > v.settings["tax_share_max"]),
    Rule("I43", Text(en="income per head is about 10, 100 or 10,000 times that of the years before and after, or that fraction of it", zh="人均纯收入约为前后年度的10倍、100倍、万倍或其分之一（疑单位错误）"), "flag", "household", case=True,
         needs=("income_pc", "wave"), source="domain practice: units", when=_unit_slip),
    Rule("I44", Text(en="wages or operating income are about 10, 100 or 10,000 times those of the years before and after, or that fraction", zh="工资性或生产经营性收入约为前后年度的10倍、100倍、万倍或其分之一（疑单位错误）"), "flag", "household", case=True,
         needs=("wage_income", "operating_income", "wave"), source="domain practice: units", when=_unit_slip_of_parts),
    Rule("I45", Text(en="income per head multiplied within a year", zh="人均纯收入一年内成倍增长"), "flag", "household",
         needs=("income_pc", "wave"), source=CONVENTION, when=lambda v: _growth(v) > v.settings["growth_max"]),
    Rule("I46", Text(en="income per head collapsed within a year", zh="人均纯收入一年内骤降"), "flag", "household",
         needs=("income_pc", "wave"), source=CONVENTION, when=lambda v: _growth(v) < v.settings["growth_min"]),
)  # fmt: skip
"""Rules on income, in the order of their numbers."""
