"""The codebook: every field the package knows, its labels, its unit, the headers it arrives under.

A field is identified by its canonical name (the column name in every clean frame). Raw headers are
matched to fields by `headers`; anything a user calls differently is mapped in ``plan.data``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "number", "money", "integer", "year", "month", "flag", "category"]
Table = Literal["household", "member", "program", "village", "survey", "totals", "cases", "county", "stated"]

TABLES: tuple[Table, ...] = (
    "household",
    "member",
    "program",
    "village",
    "survey",
    "totals",
    "cases",
    "county",
)
"""The kinds of raw table that are cleaned county by county; their keys are in `KEYS`."""
READABLE: tuple[Table, ...] = (*TABLES, "stated")
"""The kinds of raw table that can be read: `stated` are figures of all levels, held against sums and never cleaned."""

KEYS: dict[Table, tuple[str, ...]] = {
    "household": ("household", "wave"),
    "member": ("person", "wave"),
    "program": ("household", "program", "program_start"),
    "village": ("village",),
    "survey": ("household",),
    "totals": ("county",),
    "cases": ("household", "finding", "case_stage"),
    "county": ("county", "wave"),
    "stated": ("stated_level", "stated_unit", "wave"),
}


@dataclass(frozen=True)
class Field:
    """One variable.

    Parameters
    ----------
    name : str
        Canonical column name.
    zh, en : str
        Labels as they appear in reports.
    kind : str
        How the text is cast: ids and categories stay text, money is in yuan (or the plan's
        currency) per year, ``flag`` is yes/no, ``month`` is ``YYYYMM`` text.
    tables : tuple of str
        Raw tables in which the field may occur.
    headers : tuple of str
        Raw headers, compared after removal of white space, case and bracketed units.
    """

    name: str
    zh: str
    en: str
    kind: Kind
    tables: tuple[Table, ...]
    headers: tuple[str, ...] = ()


_PLACES: tuple[Table, ...] = TABLES
_HH: tuple[Table, ...] = ("household",)
_HHS: tuple[Table, ...] = ("household", "survey")
_KEYED: tuple[Table, ...] = ("household", "member", "program", "survey", "cases")
_WAVED: tuple[Table, ...] = ("household", "member", "program", "survey", "village", "county", "stated")
_PRO: tuple[Table, ...] = ("program",)
_VIL: tuple[Table, ...] = ("village",)
_CTY: tuple[Table, ...] = ("county",)
_MEM: tuple[Table, ...] = ("member",)
_SUR: tuple[Table, ...] = ("survey",)
_TOT: tuple[Table, ...] = ("totals",)
_STA: tuple[Table, ...] = ("stated",)
_COUNTED: tuple[Table, ...] = ("totals", "village", "stated")
_CAS: tuple[Table, ...] = ("cases",)

FIELDS: tuple[Field, ...] = (
    # keys and places
    Field("province", "省", "province", "category", _PLACES, ("省", "省份", "省(区、市)")),
    Field("prefecture", "市", "prefecture", "category", _PLACES, ("市", "市(州)", "地市")),
    Field("county", "县代码", "county code", "id", _PLACES, ("县代码", "县(市、区)代码", "区县代码", "行政区划代码")),
    Field("county_at_issue", "原县代码", "county code in the file", "id", _PLACES),
    Field("county_name", "县", "county", "text", _PLACES, ("县", "县名", "县(市、区)", "县(市、区、旗)", "区县")),
    Field("township", "乡镇", "township", "category", _PLACES, ("乡", "乡镇", "乡(镇)", "乡镇名称")),
    Field("village", "行政村代码", "village code", "id", _PLACES, ("行政村代码", "村代码")),
    Field("village_name", "行政村", "village", "text", _PLACES, ("行政村", "村", "村名")),
    Field("group", "村民组", "village group", "text", _KEYED, ("组", "自然村", "村民小组")),
    Field("household", "户编号", "household id", "id", _KEYED, ("户编号", "户编码", "家庭编号")),
    Field("person", "人编号", "person id", "id", _MEM, ("人编号", "人编码", "成员编号")),
    Field("wave", "年度", "year", "year", _WAVED, ("年度", "年份", "数据年度")),
    Field("weight", "抽样权重", "sampling weight", "number", _HHS, ("抽样权重", "权重")),
    Field("stratum", "抽样层", "sampling stratum", "category", _HHS, ("抽样层", "分层")),
    Field("villages_in_stratum", "层内行政村数", "villages in stratum", "number", _HHS, ("层内行政村数", "层内总村数")),
    # household-year
    Field("size", "家庭人口数", "household size", "integer", _HHS, ("家庭人口数", "人口数", "家庭人口")),
    Field("income_pc", "人均纯收入", "income per head", "money", _HH, ("人均纯收入", "人均可支配收入", "家庭人均纯收入")),
    Field("income_gross", "年收入", "gross income", "money", _HH, ("年收入", "家庭年收入")),
    Field("income_net", "纯收入", "net income", "money", _HH, ("纯收入", "家庭纯收入", "年纯收入")),
    Field("wage_income", "工资性收入", "wage income", "money", _HH, ("工资性收入",)),
    Field("operating_income", "生产经营性收入", "operating income", "money", _HH, ("生产经营性收入", "经营性收入")),
    Field("property_income", "财产性收入", "property income", "money", _HH, ("财产性收入",)),
    Field("dividend_income", "资产收益扶贫分红收入", "asset dividends", "money", _HH, ("资产收益扶贫分红收入", "资产收益扶贫分红")),
    Field("transfer_income", "转移性收入", "transfer income", "money", _HH, ("转移性收入",)),
    Field("minimum_allowance", "低保金", "minimum living allowance", "money", _HH, ("低保金", "领取低保金")),
    Field("pension", "养老保险金", "pension", "money", _HH, ("养老保险金", "领取养老保险金")),
    Field("ecological_compensation", "生态补偿金", "ecological compensation", "money", _HH, ("生态补偿金",)),
    Field("operating_expense", "生产经营性支出", "operating expenses", "money", _HH, ("生产经营性支出", "经营性支出")),
    Field("household_type", "贫困户属性", "household type", "category", _HH, ("贫困户属性", "户属性")),
    Field("cause", "主要致贫原因", "main cause of poverty", "category", _HH, ("主要致贫原因", "致贫原因")),
    Field("status", "脱贫属性", "registry status", "category", _HH, ("脱贫属性", "脱贫状态")),
    Field("identified_year", "首次识别时间", "year identified", "year", _HH, ("首次识别时间", "识别年度", "识别时间")),
    Field("exit_year", "脱贫年度", "year of exit", "year", _HH, ("脱贫年度", "脱贫年份", "脱贫时间")),
    Field("returned", "返贫标识", "return mark", "flag", _HH, ("返贫标识", "是否返贫")),
    Field("unsafe_housing", "是否危房户", "unsafe housing", "flag", _HH, ("是否危房户", "是否危房")),
    Field("safe_water", "是否解决安全饮用水", "safe water", "flag", _HH, ("是否解决安全饮用水", "是否解决安全饮水")),
    Field("cultivated_land", "耕地面积", "cultivated land (mu)", "number", _HH, ("耕地面积",)),
    Field("labourers", "劳动力人数", "able-bodied members", "integer", _HH, ("劳动力人数", "劳动力数")),
    Field("pupils", "在校生人数", "pupils", "integer", _HH, ("在校生人数", "在校生数")),
    Field("ill_members", "患病人数", "ill or disabled members", "integer", _HH, ("患病人数", "患病残疾人数")),
    Field("head_age", "户主年龄", "age of head", "integer", _HH, ("户主年龄",)),
    Field("head_school", "户主受教育年限", "schooling of head (years)", "number", _HH, ("户主受教育年限",)),
    Field("female_head", "户主为女性", "female head", "flag", _HH, ("户主为女性", "是否女性户主")),
    Field("tax", "税费支出", "taxes and fees", "money", _HH, ("税费支出", "税费")),
    Field("family_planning_grant", "计划生育金", "family-planning grant", "money", _HH, ("计划生育金", "领取计划生育金")),
    Field("destitute_allowance", "五保金", "destitute-support allowance", "money", _HH, ("五保金", "特困供养金", "特困人员供养金")),
    Field("other_property_income", "其他财产性收入", "other property income", "money", _HH, ("其他财产性收入",)),
    Field("other_transfer_income", "其他转移性收入", "other transfers", "money", _HH, ("其他转移性收入",)),
    Field("rigid_expense", "刚性支出", "rigid expenses (illness, schooling, disaster)", "money", _HH, ("刚性支出", "合规自付支出", "家庭刚性支出")),
    Field("identification", "识别标准", "standard of identification", "category", _HH, ("识别标准",)),
    Field("second_cause", "次要致贫原因", "further cause of poverty", "category", _HH, ("次要致贫原因", "其他致贫原因")),
    Field("housing_grade", "危房级别", "grade of unsafe housing", "category", _HH, ("危房级别", "危房等级", "住房鉴定等级")),
    Field("housing_area", "住房面积", "floor area (m²)", "number", _HH, ("住房面积", "住房建筑面积")),
    Field("forest_land", "林地面积", "forest land (mu)", "number", _HH, ("林地面积",)),
    Field("converted_land", "退耕还林面积", "land converted to forest (mu)", "number", _HH, ("退耕还林面积",)),
    Field("orchard_land", "林果面积", "orchard land (mu)", "number", _HH, ("林果面积",)),
    Field("grass_land", "牧草地面积", "grass land (mu)", "number", _HH, ("牧草地面积",)),
    Field("water_area", "水面面积", "water area (mu)", "number", _HH, ("水面面积",)),
    Field("cooperative", "是否加入农民专业合作组织", "in a farmers' cooperative", "flag", _HH, ("是否加入农民专业合作组织", "是否加入合作社")),
    Field("enterprise", "是否有龙头企业带动", "led by an enterprise", "flag", _HH, ("是否有龙头企业带动",)),
    Field("leader", "是否有创业致富带头人带动", "led by an entrepreneur", "flag", _HH, ("是否有创业致富带头人带动",)),
    Field("road_distance", "与村主干路距离", "distance to the main village road (km)", "number", _HH, ("与村主干路距离",)),
    Field("road_type", "入户路类型", "type of access road", "category", _HH, ("入户路类型",)),
    Field("toilet", "是否有卫生厕所", "sanitary toilet", "flag", _HH, ("是否有卫生厕所",)),
    Field("fuel", "主要燃料类型", "main fuel", "category", _HH, ("主要燃料类型",)),
    Field("power_production", "是否通生产用电", "power for production", "flag", _HH, ("是否通生产用电",)),
    Field("power_home", "是否通生活用电", "power at home", "flag", _HH, ("是否通生活用电",)),
    Field("broadcast", "是否通广播电视", "radio and television", "flag", _HH, ("是否通广播电视",)),
    Field("exit_month", "脱贫年月", "month of exit", "month", _HH, ("脱贫年月", "脱贫月份")),
    Field("identified_month", "首次识别年月", "month identified", "month", _HH, ("首次识别年月", "识别年月")),
    Field("monitored", "监测对象类别", "class of monitored household", "category", _HH, ("监测对象类别",)),
    Field("risk_1", "致贫返贫风险1", "risk 1", "category", _HH, ("致贫返贫风险1", "致贫/返贫风险1", "风险类型1", "返贫风险1")),
    Field("risk_2", "致贫返贫风险2", "risk 2", "category", _HH, ("致贫返贫风险2", "致贫/返贫风险2", "风险类型2", "返贫风险2")),
    Field("risk_3", "致贫返贫风险3", "risk 3", "category", _HH, ("致贫返贫风险3", "致贫/返贫风险3", "风险类型3", "返贫风险3")),
    Field("risk_4", "致贫返贫风险4", "risk 4", "category", _HH, ("致贫返贫风险4", "致贫/返贫风险4", "风险类型4", "返贫风险4")),
    Field("risk_5", "致贫返贫风险5", "risk 5", "category", _HH, ("致贫返贫风险5", "致贫/返贫风险5", "风险类型5", "返贫风险5")),
    Field("monitored_month", "识别监测时间", "month monitoring began", "month", _HH, ("识别监测时间", "监测识别时间")),
    Field("risk_eliminated", "风险是否已消除", "risk eliminated", "flag", _HH, ("风险是否已消除", "是否消除风险")),
    Field("eliminated_month", "消除监测时间", "month the risk was eliminated", "month", _HH, ("消除监测时间", "风险消除时间")),
    Field("elimination", "风险消除方式", "how the risk was eliminated", "category", _HH, ("风险消除方式",)),
    Field("housing_debt", "因房负债", "debt for housing or relocation", "money", _HH, ("因房负债", "住房负债", "建房负债", "因建房或搬迁负债")),
    Field("interviewer", "调查员", "interviewer", "id", ("household", "survey"), ("调查员", "调查员编号", "访问员", "采集人")),
    # member
    Field("name", "姓名", "name", "text", _MEM, ("姓名",)),
    Field("id_number", "证件号码", "id number", "id", _MEM, ("证件号码", "身份证号", "身份证号码")),
    Field("sex", "性别", "sex", "category", _MEM, ("性别",)),
    Field("birth_date", "出生日期", "date of birth", "id", _MEM, ("出生日期",)),
    Field("relation", "与户主关系", "relation to head", "category", _MEM, ("与户主关系",)),
    Field("education", "文化程度", "education", "category", _MEM, ("文化程度",)),
    Field("student", "在校生状况", "school attendance", "category", _MEM, ("在校生状况", "在校状况")),
    Field("health", "健康状况", "health", "category", _MEM, ("健康状况",)),
    Field("labour", "劳动技能", "labour capacity", "category", _MEM, ("劳动技能", "劳动能力")),
    Field("work_months", "务工时间", "months of work away", "number", _MEM, ("务工时间", "务工时间(月)")),
    Field("ethnicity", "民族", "ethnic group", "category", _MEM, ("民族",)),
    Field("dropout", "失学或辍学原因", "reason for being out of school", "category", _MEM, ("失学或辍学原因", "失学辍学原因")),
    Field("grade", "就读年级", "school grade", "category", _MEM, ("就读年级", "年级")),
    Field("work_place", "务工所在地", "place of work", "category", _MEM, ("务工所在地", "务工地点")),
    Field("monthly_wage", "务工月收入", "monthly wage", "money", _MEM, ("务工月收入",)),
    Field("public_post", "公益性岗位", "public post", "flag", _MEM, ("公益性岗位", "是否公益性岗位")),
    Field("medical_insurance", "医疗保险", "medical insurance", "flag", _MEM, ("是否参加医疗保险", "医疗保险", "是否参加城乡居民基本医疗保险")),
    Field("critical_insurance", "大病保险", "critical-illness insurance", "flag", _MEM, ("是否参加大病保险", "大病保险")),
    Field("pension_insurance", "养老保险", "pension insurance", "flag", _MEM, ("是否参加养老保险", "养老保险", "是否参加城乡居民基本养老保险")),
    Field("on_allowance", "是否享受低保", "receives the minimum allowance", "flag", _MEM, ("是否享受低保", "是否低保")),
    Field("destitute", "是否特困供养", "in destitute support", "flag", _MEM, ("是否特困供养", "是否特困")),
    Field("change", "人员变动", "change of membership", "category", _MEM, ("人员变动", "变更原因", "减少原因", "增加原因")),
    Field("change_month", "变动时间", "month of the change", "month", _MEM, ("变动时间", "变更时间", "减少时间", "增加时间")),
    # program
    Field("program", "帮扶措施", "program", "category", ("program",), ("帮扶措施", "措施类型", "帮扶措施类型")),
    Field("program_start", "开始年度", "first year of support", "year", ("program",), ("开始年度", "帮扶开始年度", "享受年度")),
    Field("amount", "帮扶金额", "amount", "money", ("program",), ("帮扶金额", "投入金额", "补助金额")),
    Field("program_end", "结束年度", "last year of support", "year", _PRO, ("结束年度", "帮扶结束年度")),
    Field("public_post_persons", "公益岗位人数", "persons in public posts", "integer", _PRO, ("公益岗位人数",)),
    # village
    Field("village_type", "村属性", "village type", "category", ("village",), ("村属性",)),
    Field("village_households", "总户数", "households in village", "integer", ("village",), ("总户数",)),
    Field("village_persons", "总人口数", "persons in village", "integer", ("village",), ("总人口数",)),
    Field("collective_income", "村集体经济收入", "collective income", "money", ("village",), ("村集体经济收入", "集体经济收入")),
    Field("collective_lease", "村集体租赁承包收入", "collective income from leases", "money", _VIL, ("村集体租赁承包收入", "发包及上交收入", "集体资产租赁收入")),
    Field("collective_dividend", "村集体入股分红收入", "collective income from dividends", "money", _VIL, ("村集体入股分红收入", "集体入股分红收入", "投资收益")),
    Field("collective_subsidy", "村集体财政补助收入", "collective income from subsidies", "money", _VIL, ("村集体财政补助收入", "集体财政补助收入", "补助收入")),
    Field("collective_operation", "村集体自主经营收入", "collective income from own operation", "money", _VIL, ("村集体自主经营收入", "集体经营收入", "经营收入")),
    Field("collective_other", "村集体其他收入", "other collective income", "money", _VIL, ("村集体其他收入", "集体其他收入")),
    Field("distance", "距县城距离", "distance to county seat (km)", "number", ("village",), ("距县城距离", "到县城距离")),
    Field("resident_team", "驻村工作队", "resident team", "flag", _VIL, ("驻村工作队", "是否有驻村工作队")),
    Field("first_secretary", "第一书记", "first secretary", "flag", _VIL, ("第一书记", "是否有第一书记")),
    # third-party survey
    Field("survey_group", "调查户类型", "surveyed group", "category", _SUR, ("调查户类型", "户类型")),
    Field("persons", "调查人口数", "persons surveyed", "integer", _SUR, ("调查人口数",)),
    Field("wrongly_exited", "是否错退", "wrongly exited", "flag", _SUR, ("是否错退",)),
    Field("missed", "是否漏评", "missed", "flag", _SUR, ("是否漏评",)),
    Field("approves", "是否认可", "approves", "flag", _SUR, ("是否认可", "群众是否认可")),
    Field("case_stage", "疑似问题核查阶段", "stage of the case", "category", ("survey", "cases"), ("疑似问题核查阶段", "核查阶段")),
    Field("surveyed_income_pc", "调查人均纯收入", "income per head as the survey counted it", "money", _SUR, ("调查人均纯收入", "核算人均纯收入")),
    Field("found_poor", "调查认定贫困", "found poor by the survey", "flag", _SUR, ("调查认定贫困", "调查是否贫困")),
    # steps of suspected cases
    Field("finding", "疑似问题类型", "finding", "category", _CAS, ("疑似问题类型", "疑似类型")),
    Field("case_date", "办理日期", "date of the step", "text", _CAS, ("办理日期", "核查日期")),
    Field("case_by", "经办单位", "who took the step", "text", _CAS, ("经办单位", "经办")),
    Field("case_evidence", "证据材料", "document of the appeal", "text", _CAS, ("证据材料", "举证材料")),
    Field("case_outcome", "认定结果", "outcome", "category", _CAS, ("认定结果",)),
    # census totals by county
    Field("registered_persons", "未脱贫人口数", "registered persons not exited", "integer", _COUNTED, ("未脱贫人口数", "剩余贫困人口数")),
    Field("exited_persons", "已脱贫人口数", "exited persons", "integer", _COUNTED, ("已脱贫人口数", "脱贫人口数")),
    Field("unregistered_persons", "非建档立卡人口数", "unregistered agricultural persons", "integer", _TOT, ("非建档立卡人口数", "非建档立卡农业户籍人口数")),
    Field("agricultural_persons", "农业户籍人口数", "agricultural-hukou persons", "integer", _TOT, ("农业户籍人口数", "农业人口数")),
    Field("sampled_village_unregistered", "抽查村非建档立卡人口数", "unregistered persons of the sampled villages", "integer", _TOT, ("抽查村非建档立卡人口数",)),
    Field("assessed_year", "评估年度", "year assessed", "year", _TOT, ("评估年度", "摘帽评估年度")),
    # figures that a level states: village, township, county, prefecture, province
    Field("stated_level", "层级", "level", "category", _STA, ("层级", "级别", "单位层级")),
    Field("stated_unit", "单位代码", "code of the unit", "id", _STA, ("单位代码", "代码", "行政区划代码", "区划代码")),
    Field("stated_name", "单位名称", "name of the unit", "text", _STA, ("单位名称", "名称", "单位")),
    Field("stated_county", "所属县代码", "county of the unit", "id", _STA, ("所属县代码", "县代码")),
    Field("registry_households", "建档立卡户数", "registered households", "integer", _STA, ("建档立卡户数", "户数", "建档立卡总户数")),
    Field("registry_persons", "建档立卡人口数", "persons in registered households", "integer", _STA, ("建档立卡人口数", "人口数", "建档立卡总人口数")),
    Field("returned_persons", "返贫人口数", "persons returned to poverty", "integer", _STA, ("返贫人口数",)),
    Field("exit_households", "当年脱贫户数", "households exited in the year", "integer", _STA, ("当年脱贫户数", "本年脱贫户数")),
    Field("planned_exits", "计划脱贫户数", "households planned to exit in the year", "integer", _STA, ("计划脱贫户数", "年度计划脱贫户数", "减贫计划户数")),
    Field("eligible_households", "年初未脱贫户数", "households not exited when the year began", "integer", _STA, ("年初未脱贫户数", "上年末未脱贫户数")),
    # county by year
    Field("rural_income", "农村居民人均可支配收入", "rural income per head", "money", _CTY, ("农村居民人均可支配收入", "农村常住居民人均可支配收入", "农民人均可支配收入")),
    Field("rural_net_income", "农村居民人均纯收入", "rural net income per head", "money", _CTY, ("农村居民人均纯收入", "农民人均纯收入")),
    Field("income_concept", "收入口径", "income concept", "category", _CTY, ("收入口径",)),
    Field("gdp", "地区生产总值", "gross domestic product", "money", _CTY, ("地区生产总值", "gdp", "生产总值")),
    Field("fiscal_revenue", "一般公共预算收入", "general budget revenue", "money", _CTY, ("一般公共预算收入", "地方财政一般预算收入")),
    Field("fiscal_expenditure", "一般公共预算支出", "general budget expenditure", "money", _CTY, ("一般公共预算支出", "地方财政一般预算支出")),
    Field("population", "户籍人口数", "registered population", "integer", _CTY, ("户籍人口数", "户籍人口", "年末总人口")),
    Field("rural_population", "乡村人口数", "rural population", "integer", _CTY, ("乡村人口数", "乡村人口", "农村人口")),
    Field("poor_persons", "贫困人口数", "poor persons", "integer", _CTY, ("贫困人口数", "贫困人口", "建档立卡贫困人口数")),
    Field("headcount_stated", "贫困发生率", "poverty rate as stated (%)", "number", _CTY, ("贫困发生率",)),
    Field("exited_in_year", "当年脱贫人口数", "persons exited in the year", "integer", ("county", "village"), ("当年脱贫人口数", "本年脱贫人数")),
    Field("returned_in_year", "当年返贫人口数", "persons returned in the year", "integer", ("county", "village"), ("当年返贫人口数", "本年返贫人数")),
    Field("identified_in_year", "当年新识别人口数", "persons newly identified in the year", "integer", ("county", "village"), ("当年新识别人口数", "本年新增贫困人数")),
)  # fmt: skip

_BY_NAME = {f.name: f for f in FIELDS}

STATUS = {"未脱贫": "registered", "已脱贫": "exited", "返贫": "returned"}
"""Registry status words to codes."""

SURVEY_GROUPS = {"已脱贫户": "exited", "未脱贫户": "registered", "非建档立卡户": "unregistered"}
"""Groups of the third-party survey."""

CASE_STAGES = {
    "无": "none",
    "疑似": "flagged",
    "核查": "checked",
    "申诉举证": "appealed",
    "认定": "adjudicated",
}
"""Stages a suspected case passes, in order."""

CASE_FINDINGS = {"错退": "wrong_exit", "疑似错退": "wrong_exit", "漏评": "missed", "疑似漏评": "missed"}
"""What a household is suspected of."""

CASE_OUTCOMES = {"认定成立": "upheld", "成立": "upheld", "不成立": "dismissed", "认定不成立": "dismissed"}
"""What became of an adjudicated case."""

PROGRAMS = {
    "产业帮扶": "industry",
    "就业帮扶": "employment",
    "公益岗位帮扶": "public_post",
    "金融帮扶": "finance",
    "扶贫小额信贷": "finance",
    "易地搬迁": "relocation",
    "生态帮扶": "ecology",
    "住房安全保障": "housing",
    "饮水安全保障": "water",
    "义务教育保障": "schooling",
    "社会帮扶": "social",
    "光伏": "solar",
    "基础设施": "infrastructure",
    "教育帮扶": "education",
    "健康帮扶": "health",
    "综合保障": "safety_net",
    "资产收益": "asset_income",
}
"""Program words to codes; programs overlap and are never a partition."""

YES = frozenset({"是", "有", "1", "1.0", "y", "yes", "true", "√", "t"})
"""Words read as yes (after case folding)."""
NO = frozenset({"否", "无", "0", "0.0", "n", "no", "false", "×", "f"})
"""Words read as no (after case folding)."""
NOT_MONITORED = NO | {"非监测对象", ""}
"""Words under the class of monitored household that are no class (after case folding)."""


def field(name: str) -> Field | None:
    """Return the codebook entry of a canonical name, or None if the name is the user's own."""
    return _BY_NAME.get(name)


def fields_of(table: Table) -> tuple[Field, ...]:
    """Return the fields that may occur in a raw table, in codebook order."""
    return tuple(f for f in FIELDS if table in f.tables)


def label(name: str, language: str) -> str:
    """Return the label of a field in ``"zh"`` or ``"en"``; a user's own column keeps its name.

    >>> label("size", "zh"), label("size", "en"), label("my_column", "en")
    ('家庭人口数', 'household size', 'my_column')
    """
    known = _BY_NAME.get(name)
    if known is None:
        return name
    return known.zh if language == "zh" else known.en
