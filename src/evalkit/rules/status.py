"""Rules on the registry's status: identification, exit, return, monitoring, elimination of risk."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from evalkit.rules.amounts import over, zero_if_missing
from evalkit.rules.conditions import known, out_of_compulsory_school
from evalkit.rules.income import DESTITUTE, ON_ALLOWANCE
from evalkit.rules.rule import Rule
from evalkit.rules.view import Flags, Floats, View
from evalkit.schema import NOT_MONITORED
from evalkit.text import Text

CONVENTION = "convention"
EXITS = "exit standard (2016 opinions on exit from poverty): income stably above the line, guarantees met"
ELIMINATION = "published rule on the elimination of risk: income above the monitoring line, stable for half a year, guarantees met"
MEASURES = "domain practice: measures must answer risks"
EXITED = ("已脱贫", "exited")
REGISTERED = ("未脱贫", "registered")
RETURNED = ("返贫", "returned")
RISKS = ("risk_1", "risk_2", "risk_3", "risk_4", "risk_5")


def exited(view: View) -> Flags:
    """Return rows with the status of an exit."""
    return view.among("status", *EXITED)


def registered(view: View) -> Flags:
    """Return rows with the status of a registered household that has not exited."""
    return view.among("status", *REGISTERED)


def returned(view: View) -> Flags:
    """Return rows with the status or the mark of a return."""
    return np.asarray(view.among("status", *RETURNED) | (view.mark("returned") == 1), dtype=bool)


def watched(view: View) -> Flags:
    """Return rows in a class of monitored households: any word but one of no."""
    return np.asarray(view.valued("monitored", _class_of) == 1, dtype=bool)


def _class_of(word: str) -> float:
    return float(word.strip().casefold() not in NOT_MONITORED)


def eliminated(view: View) -> Flags:
    """Return rows whose risk is marked as eliminated."""
    return np.asarray(view.mark("risk_eliminated") == 1, dtype=bool)


def _just_eliminated(view: View) -> Flags:
    """Return rows of the year in which the risk was eliminated; without its month, the first row so marked."""
    marked = eliminated(view)
    year = np.floor(view.month("eliminated_month") / 12)
    now = np.where(np.isnan(year), ~view.ever(marked), year == view.number("wave"))
    return np.asarray(marked & now, dtype=bool)


def _this_year(view: View, column: str) -> Flags:
    return np.asarray(view.number(column) == view.number("wave"), dtype=bool)


def _changed(view: View, column: str) -> Flags:
    before = view.earlier(view.number(column))
    return np.asarray(np.abs(view.number(column) - before) > 0, dtype=bool)


def _returned_since(view: View) -> Flags:
    """Return rows with a return now or in an earlier wave."""
    return returned(view) | view.ever(returned(view))


def _exit_lost(view: View) -> Flags:
    had = ~np.isnan(view.earlier(view.number("exit_year")))
    return had & np.isnan(view.number("exit_year")) & view.stays & ~_returned_since(view)


def _return_from_nothing(view: View) -> Flags:
    first = np.isnan(view.earlier(view.number("wave")))
    before = view.ever(exited(view)) | (view.number("exit_year") <= view.number("wave"))
    return returned(view) & ~before & ~first


def _fell_unseen(view: View) -> Flags:
    """Return exited households below the line for two waves, neither returned nor monitored."""
    below = view.number("income_pc") < view.line()
    twice = below & (view.earlier(below.astype(np.float64)) == 1)
    exit_before = exited(view) & (view.earlier(exited(view).astype(np.float64)) == 1)
    return np.asarray(twice & exit_before & ~returned(view) & ~watched(view), dtype=bool)


def _long_above(view: View) -> Flags:
    above = (view.number("income_pc") >= view.settings["long_above_lines"] * view.line()).astype(np.float64)
    still = registered(view)
    twice = (view.earlier(above) == 1) & (view.earlier(above, 2) == 1) & (above == 1)
    return np.asarray(still & twice, dtype=bool)


def _risk_twice(view: View) -> Flags:
    words = [view.word(r) for r in RISKS if view.has(r) and view.known(r).any()]
    same = [np.asarray((a == b).fillna(value=False), dtype=bool) for a, b in combinations(words, 2)]
    return (
        np.asarray(np.logical_or.reduce(same), dtype=bool) if same else np.zeros(len(view.stays), dtype=bool)
    )


def _risk_gap(view: View) -> Flags:
    """Return rows in which a later risk is filled and an earlier one is blank."""
    filled = [known(view, r) if view.has(r) else np.zeros(len(view.stays), dtype=bool) for r in RISKS]
    present = [f for f, r in zip(filled, RISKS, strict=True) if view.has(r)]
    return np.asarray(np.logical_or.reduce([~a & b for a, b in pairwise(present)]), dtype=bool)


def _has_risk(view: View, *parts: str) -> Flags:
    """Return monitored rows one of whose risks holds a word."""
    said = np.logical_or.reduce([view.says(r, *parts) for r in RISKS])
    return np.asarray(watched(view) & said, dtype=bool)


def _unanswered(view: View, risk: tuple[str, ...], programs: tuple[str, ...]) -> Flags:
    return _has_risk(view, *risk) & view.unsupported(*programs)


def _without_labour_on_support(view: View) -> Flags:
    aided = view.among("household_type", *DESTITUTE, *ON_ALLOWANCE) | (
        zero_if_missing(view, "minimum_allowance") > 0
    )
    return np.asarray((view.number("labourers") == 0) & aided & _just_eliminated(view), dtype=bool)


def _dropouts(view: View) -> Floats:
    return view.from_members(out_of_compulsory_school(view.table("member")).astype(np.float64))


def _rigid(view: View) -> Flags:
    share = over(view.number("rigid_expense"), view.number("income_net"))
    open_to_it = (
        (view.number("wave") >= view.settings["monitoring_began"]) & ~registered(view) & ~watched(view)
    )
    return np.asarray(open_to_it & (share > view.settings["rigid_share_max"]), dtype=bool)


STATUS: tuple[Rule, ...] = (
    Rule("S01", Text(en="year of exit before the year identified", zh="脱贫年度早于识别年度"), "flag", "household", case=True,
         once=True, needs=("exit_year", "identified_year"), source="order of the registry's events", when=lambda v: v.number("exit_year") < v.number("identified_year")),
    Rule("S02", Text(en="year of exit after the year of the record", zh="脱贫年度晚于数据年度"), "flag", "household", case=True,
         needs=("exit_year", "wave"), source="order of the registry's events", when=lambda v: v.number("exit_year") > v.number("wave")),
    Rule("S03", Text(en="year identified after the year of the record", zh="识别年度晚于数据年度"), "flag", "household", case=True,
         needs=("identified_year", "wave"), source="order of the registry's events", when=lambda v: v.number("identified_year") > v.number("wave")),
    Rule("S04", Text(en="status exited without a year of exit", zh="已脱贫而无脱贫年度"), "flag", "household", case=True,
         needs=("exit_year", "status"), source="registry form: status", when=lambda v: exited(v) & ~known(v, "exit_year")),
    Rule("S05", Text(en="year of exit has come, but the status is not exited and no return is marked", zh="脱贫年度已到而状态仍为未脱贫，且无返贫标识"), "flag", "household", case=True,
         needs=("status", "exit_year", "wave"), also=("returned",), source="registry form: status",
         when=lambda v: registered(v) & (v.number("exit_year") <= v.number("wave")) & ~_returned_since(v)),
    Rule("S06", Text(en="income below the line in the year of exit", zh="脱贫当年人均纯收入低于贫困线"), "flag", "household", case=True,
         needs=("income_pc", "exit_year", "wave", "line"), source=EXITS, when=lambda v: _this_year(v, "exit_year") & (v.number("income_pc") < v.line())),
    Rule("S07", Text(en="exited in this year in unsafe housing", zh="脱贫当年仍为危房户"), "flag", "household", case=True,
         needs=("unsafe_housing", "exit_year", "wave"), source=EXITS, when=lambda v: _this_year(v, "exit_year") & (v.mark("unsafe_housing") == 1)),
    Rule("S08", Text(en="exited in this year without safe water", zh="脱贫当年未解决安全饮用水"), "flag", "household", case=True,
         needs=("safe_water", "exit_year", "wave"), source=EXITS, when=lambda v: _this_year(v, "exit_year") & (v.mark("safe_water") == 0)),
    Rule("S09", Text(en="exited in this year with a member out of compulsory school", zh="脱贫当年有成员失学辍学"), "flag", "household", case=True,
         needs=("exit_year", "wave", "member.dropout", "member.birth_date"), source=EXITS, when=lambda v: _this_year(v, "exit_year") & (_dropouts(v) > 0)),
    Rule("S10", Text(en="exited in an earlier year, and housing is unsafe now", zh="往年已脱贫，现为危房户"), "flag", "household",
         needs=("unsafe_housing", "exit_year", "status", "wave"), source=EXITS,
         when=lambda v: exited(v) & (v.number("exit_year") < v.number("wave")) & (v.mark("unsafe_housing") == 1)),
    Rule("S11", Text(en="registered again after an exit without a mark of return", zh="脱贫后又为未脱贫，无返贫标识"), "flag", "household", case=True,
         needs=("status", "wave"), also=("returned",), source="order of the registry's events",
         when=lambda v: registered(v) & v.ever(exited(v)) & ~_returned_since(v)),
    Rule("S12", Text(en="returned to poverty without an earlier exit", zh="返贫而此前无脱贫记录"), "flag", "household", case=True,
         needs=("status", "wave"), also=("returned", "exit_year"), source="order of the registry's events", when=_return_from_nothing),
    Rule("S13", Text(en="status says returned, the mark of return says no", zh="脱贫属性为返贫而返贫标识为否"), "flag", "household", case=True,
         needs=("returned", "status"), source="registry form: status", when=lambda v: v.among("status", *RETURNED) & (v.mark("returned") == 0)),
    Rule("S14", Text(en="marked as returned, but the status is not returned", zh="返贫标识为是而脱贫属性不为返贫"), "flag", "household", case=True,
         needs=("returned", "status"), source="registry form: status", when=lambda v: (v.mark("returned") == 1) & (registered(v) | exited(v)) & ~v.ever(returned(v))),
    Rule("S15", Text(en="year of exit differs from that of the wave before, without a return between", zh="脱贫年度与上年记录不同，其间无返贫"), "flag", "household", case=True,
         needs=("exit_year", "wave"), also=("status", "returned"), source="order of the registry's events", when=lambda v: _changed(v, "exit_year") & ~_returned_since(v)),
    Rule("S16", Text(en="year identified differs from that of the wave before", zh="首次识别年度与上年记录不同"), "flag", "household", case=True,
         needs=("identified_year", "wave"), source="order of the registry's events", when=lambda v: _changed(v, "identified_year")),
    Rule("S17", Text(en="year of exit was on record and is gone, without a return", zh="原有脱贫年度消失，且无返贫"), "flag", "household", case=True,
         needs=("exit_year", "wave"), also=("status", "returned"), source="order of the registry's events", when=_exit_lost),
    Rule("S18", Text(en="below the line for two years after exit, neither returned nor monitored", zh="脱贫后连续两年低于贫困线，未标返贫也未监测"), "flag", "household",
         needs=("status", "income_pc", "wave", "line"), also=("returned", "monitored"), source="domain practice: returns that are not recorded", when=_fell_unseen),
    Rule("S19", Text(en="identified as poor in a year with income far above the line", zh="识别当年人均纯收入远高于贫困线"), "flag", "household", case=True,
         needs=("identified_year", "income_pc", "wave", "line"), source="identification standard: income below the line",
         when=lambda v: _this_year(v, "identified_year") & (v.number("income_pc") > v.settings["identified_above_lines"] * v.line())),
    Rule("S20", Text(en="income far above the line for three years, still registered", zh="连续三年收入远高于贫困线，仍未脱贫"), "flag", "household",
         needs=("status", "income_pc", "wave", "line"), source=EXITS, when=_long_above),
    Rule("S21", Text(en="monitored without any risk on record", zh="监测对象而无致贫返贫风险"), "flag", "household", case=True,
         needs=("risk_1", "monitored"), source="registry form: monitoring", when=lambda v: watched(v) & ~known(v, "risk_1")),
    Rule("S22", Text(en="monitored without the month in which it began", zh="监测对象而无识别监测时间"), "flag", "household", case=True,
         needs=("monitored_month", "monitored"), source="registry form: monitoring", when=lambda v: watched(v) & ~known(v, "monitored_month")),
    Rule("S23", Text(en="a risk on record, but the household is in no class of monitored households", zh="有致贫返贫风险而未列为监测对象"), "flag", "household", case=True,
         needs=("monitored", "risk_1"), source="registry form: monitoring", when=lambda v: known(v, "risk_1") & ~v.among("risk_1", "无") & ~watched(v)),
    Rule("S24", Text(en="the same risk twice", zh="同一风险重复填写"), "flag", "household", case=True,
         needs=("risk_2", "risk_1"), also=RISKS[2:], source="registry form: monitoring", when=_risk_twice),
    Rule("S25", Text(en="a later risk is filled in and an earlier one is blank", zh="风险填写有空档"), "flag", "household",
         needs=("risk_1", "risk_2"), also=RISKS[2:], source="registry form: monitoring", when=_risk_gap),
    Rule("S26", Text(en="risk eliminated, but the household was never monitored", zh="风险已消除，但从未列为监测对象"), "flag", "household", case=True,
         needs=("risk_eliminated", "monitored"), source="registry form: monitoring", when=lambda v: eliminated(v) & ~watched(v) & ~v.ever(watched(v))),
    Rule("S27", Text(en="risk eliminated without the month", zh="风险已消除而无消除时间"), "flag", "household", case=True,
         needs=("eliminated_month", "risk_eliminated"), source="registry form: monitoring", when=lambda v: eliminated(v) & ~known(v, "eliminated_month")),
    Rule("S28", Text(en="month of elimination, but the risk is not marked as eliminated", zh="有消除时间而风险未标为消除"), "flag", "household", case=True,
         needs=("risk_eliminated", "eliminated_month"), source="registry form: monitoring",
         when=lambda v: (v.mark("risk_eliminated") == 0) & known(v, "eliminated_month")),
    Rule("S29", Text(en="risk eliminated, but not said how", zh="风险已消除而未填消除方式"), "flag", "household", case=True,
         needs=("elimination", "risk_eliminated"), source="registry form: monitoring", when=lambda v: eliminated(v) & ~known(v, "elimination")),
    Rule("S30", Text(en="risk eliminated with income below the monitoring line", zh="风险已消除而人均纯收入低于监测线"), "flag", "household", case=True,
         needs=("risk_eliminated", "income_pc", "wave", "line.monitoring"), also=("eliminated_month",), source=ELIMINATION, when=lambda v: _just_eliminated(v) & (v.number("income_pc") < v.line("monitoring"))),
    Rule("S31", Text(en="risk eliminated while housing is unsafe", zh="风险已消除而仍为危房户"), "flag", "household", case=True,
         needs=("risk_eliminated", "unsafe_housing", "wave"), also=("eliminated_month",), source=ELIMINATION, when=lambda v: _just_eliminated(v) & (v.mark("unsafe_housing") == 1)),
    Rule("S32", Text(en="risk eliminated while there is no safe water", zh="风险已消除而未解决安全饮用水"), "flag", "household", case=True,
         needs=("risk_eliminated", "safe_water", "wave"), also=("eliminated_month",), source=ELIMINATION, when=lambda v: _just_eliminated(v) & (v.mark("safe_water") == 0)),
    Rule("S33", Text(en="risk eliminated while a member is out of compulsory school", zh="风险已消除而有成员失学辍学"), "flag", "household", case=True,
         needs=("risk_eliminated", "wave", "member.dropout", "member.birth_date"), also=("eliminated_month",), source=ELIMINATION, when=lambda v: _just_eliminated(v) & (_dropouts(v) > 0)),
    Rule("S34", Text(en="household without labour on social protection is marked as eliminated", zh="无劳动能力的兜底保障户被标为风险消除"), "flag", "household", case=True,
         needs=("risk_eliminated", "labourers", "household_type", "wave"), also=("minimum_allowance", "eliminated_month"), source=ELIMINATION, when=_without_labour_on_support),
    Rule("S35", Text(en="risk said to be eliminated by support, but no support is on record", zh="消除方式为帮扶消除而无任何帮扶措施"), "flag", "household", case=True,
         needs=("elimination", "wave", "program.program", "program.program_start"), source=MEASURES,
         when=lambda v: v.says("elimination", "帮扶") & v.unsupported()),
    Rule("S36", Text(en="exited household in the class of the unregistered", zh="已脱贫户列为边缘易致贫户"), "flag", "household", case=True,
         needs=("monitored", "status"), source="published classes of monitored households", when=lambda v: v.says("monitored", "边缘易致贫") & exited(v)),
    Rule("S37", Text(en="household that has not exited in the class of unstable exits", zh="未脱贫户列为脱贫不稳定户"), "flag", "household", case=True,
         needs=("monitored", "status"), source="published classes of monitored households", when=lambda v: v.says("monitored", "脱贫不稳定") & registered(v)),
    Rule("S38", Text(en="rigid expenses are a large share of income, and the household is not monitored", zh="刚性支出占收入比重过高而未列为监测对象"), "flag", "household", case=True,
         needs=("rigid_expense", "income_net", "monitored", "status", "wave"), source="published rule on monitored households: rigid expenses far above income", when=_rigid),
    Rule("S39", Text(en="exited with income below the monitoring line, and not monitored", zh="已脱贫而收入低于监测线，未列为监测对象"), "flag", "household",
         needs=("monitored", "income_pc", "status", "wave", "line.monitoring"), source="published rule on monitored households: income below the monitoring line",
         when=lambda v: exited(v) & (v.number("income_pc") < v.line("monitoring")) & ~watched(v)),
    Rule("S40", Text(en="risk is illness or disability, without health support or a safety net", zh="风险为因病或因残而无健康帮扶或综合保障"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES, when=lambda v: _unanswered(v, ("因病", "因残"), ("health", "safety_net"))),
    Rule("S41", Text(en="risk is schooling, without support of education", zh="风险为因学而无教育帮扶"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES, when=lambda v: _unanswered(v, ("因学",), ("education", "schooling"))),
    Rule("S42", Text(en="risk is unstable work, without support of employment", zh="风险为务工就业不稳而无就业帮扶或公益岗位"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES, when=lambda v: _unanswered(v, ("就业不稳",), ("employment", "public_post"))),
    Rule("S43", Text(en="risk is unsafe housing, without housing support or relocation", zh="风险为因安全住房而无住房保障或搬迁"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES, when=lambda v: _unanswered(v, ("安全住房",), ("housing", "relocation"))),
    Rule("S44", Text(en="risk is unsafe water, without support of water", zh="风险为因安全饮水而无饮水保障"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES, when=lambda v: _unanswered(v, ("安全饮水",), ("water",))),
    Rule("S45", Text(en="risk is a failed project or lack of labour, without support of production, work or a safety net", zh="风险为产业项目失败或缺劳动力而无产业、就业或综合保障"), "flag", "household",
         needs=("risk_1", "monitored", "wave", "program.program", "program.program_start"), source=MEASURES,
         when=lambda v: _unanswered(v, ("项目失败", "缺劳动力"), ("industry", "finance", "employment", "public_post", "safety_net"))),
)  # fmt: skip
"""Rules on status, in the order of their numbers."""
