"""Rules that the code of `evalkit.cleaning` applies itself: rows, text, keys, duplicates, amounts, ids, words."""

from __future__ import annotations

from evalkit.rules.rule import Rule
from evalkit.text import Text

CLEANING: tuple[Rule, ...] = (
    Rule("R01", Text(en="blank row", zh="空白行"), "not_data"),
    Rule("R02", Text(en="totals row", zh="合计行"), "not_data"),
    Rule("R03", Text(en="signature or remark row", zh="签章或备注行"), "not_data"),
    Rule("R04", Text(en="not observed in this wave: every column of the wave is blank", zh="该年度未观测：该年度各列均为空"), "not_data"),
    Rule("T01", Text(en="spaces, full-width characters or a leading apostrophe removed", zh="去除空格、全角字符或前导撇号"), "fix"),
    Rule("T02", Text(en="thousands separators removed", zh="去除千分位分隔符"), "fix"),
    Rule("T03", Text(en="unit word after the number removed or converted", zh="去除或换算数字后的单位"), "fix"),
    Rule("T04", Text(en="date or year words reduced to the year", zh="日期或年份统一为年度"), "fix"),
    Rule("T05", Text(en="id stored as a number: decimal zeros removed", zh="编号被存为数值：去除小数零"), "fix"),
    Rule("T06", Text(en="placeholder for a missing value blanked", zh="缺失占位符置空"), "fix"),
    Rule("T07", Text(en="cell cannot be read as its kind and was blanked", zh="单元格无法识别，置空待核"), "fix", case=True),
    Rule("T08", Text(en="amounts in ten thousands converted to units", zh="金额由万元换算为元"), "fix"),
    Rule("T09", Text(en="codes of the wave replaced by the waves of the plan", zh="年度代码按方案替换为年度"), "fix"),
    Rule("T10", Text(en="decimal comma replaced by a point, as the plan says (decimal: ',')", zh="按方案（decimal: ','）将小数逗号替换为小数点"), "fix"),
    Rule("K01", Text(en="a key of the row is missing", zh="行的关键编号缺失"), "quarantine", case=True),
    Rule("K02", Text(en="the wave is not among those of the plan", zh="年度不在方案之内"), "quarantine", case=True),
    Rule("K03", Text(en="the county code is missing", zh="县代码缺失"), "quarantine", case=True),
    Rule("K04", Text(en="no county: the household is not in the household table, or in several counties", zh="无法归县：户不在户表中，或分属多县"), "quarantine", case=True),
    Rule("K05", Text(en="id in scientific notation: a spreadsheet destroyed its digits", zh="编号为科学计数法，数位已被表格软件破坏"), "quarantine", case=True),
    Rule("K06", Text(en="village code made unique by the county code before it", zh="村代码前加县代码以保证唯一"), "fix"),
    Rule("K07", Text(en="household size is missing, zero or negative", zh="家庭人口数缺失、为零或为负"), "quarantine", "household", case=True),
    Rule("K08", Text(en="the household is in another county than in an earlier wave", zh="户所在县与此前年度不同"), "flag", "household", case=True),
    Rule("D01", Text(en="exact repetition of another row", zh="与另一行完全重复"), "merge"),
    Rule("D02", Text(en="same key as another row, different content", zh="关键编号与另一行相同而内容不同"), "quarantine", case=True),
    Rule("D03", Text(en="same key as another row, different content; the plan says which row stays", zh="关键编号相同而内容不同，按方案保留一行"), "merge"),
    Rule("I01", Text(en="welfare is missing", zh="测算指标缺失"), "flag", "household"),
    Rule("I02", Text(en="welfare is negative", zh="测算指标为负"), "flag", "household"),
    Rule("I03", Text(en="welfare is above the largest plausible amount of the plan", zh="测算指标超过方案的合理上限"), "quarantine", "household", case=True),
    Rule("I04", Text(en="welfare is far from that of the county and wave", zh="测算指标远离本县本年度水平"), "flag", "household"),
    Rule("I05", Text(en="net income is not the sum of the four incomes less operating expenses", zh="纯收入不等于四项收入之和减经营支出"), "flag", "household", case=True),
    Rule("I06", Text(en="income per head is not net income over household size", zh="人均纯收入不等于纯收入除以人口数"), "flag", "household", case=True),
    Rule("P01", Text(en="id number has a wrong length, date or check digit", zh="证件号码位数、日期或校验码有误"), "flag", "member", case=True),
    Rule("P02", Text(en="id number ends in 000, as spreadsheets leave it", zh="证件号码以000结尾，疑被表格软件破坏"), "flag", "member", case=True),
    Rule("P03", Text(en="sex differs from the id number", zh="性别与证件号码不符"), "flag", "member", case=True),
    Rule("P04", Text(en="date of birth differs from the id number", zh="出生日期与证件号码不符"), "flag", "member", case=True),
    Rule("P05", Text(en="id number occurs for more than one person of the county", zh="本县多人使用同一证件号码"), "flag", "member", case=True),
    Rule("G01", Text(en="program word is not in the codebook or the plan", zh="帮扶措施名称不在代码表或方案中"), "flag", "program", case=True),
    Rule("G02", Text(en="first year of support is missing: the row starts no program", zh="帮扶开始年度缺失，该行不计入批次"), "flag", "program", case=True),
    Rule("C01", Text(en="word is not in the code list", zh="用词不在代码表中"), "flag", case=True),
)  # fmt: skip
"""Rules without a condition of their own, by family."""
