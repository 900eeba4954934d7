"""Words of reports and messages that are no names of the package, and what to do about each rule of cleaning."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.text import Text

WORDS: Mapping[str, Text] = {
    "did_2x2": Text(
        en="Difference-in-differences of two waves: the change of the supported less the change of the others. It is "
        "the effect only if both would have changed alike without support. In the plan: impact kind did_2x2.",
        zh="两期双重差分：受帮扶户的变化减去其他户的变化。仅当无帮扶时两组变化相同，才可视为效果。方案中为impact的kind did_2x2。",
    ),
    "twfe": Text(
        en="Regression with household and wave fixed effects. With staggered support and effects that differ it is a "
        "mean with weights that may be negative; prefer did (att_gt) then. In the plan: impact kind twfe.",
        zh="含户与年度固定效应的回归。帮扶分批开始且效果不一时，权重可能为负，宜用did（att_gt）。方案中为impact的kind twfe。",
    ),
    "att_gt": Text(
        en="Group-time effects: the mean effect on households whose support began in wave g, in wave t. In the plan: "
        "impact kind did, which prints their average and an event study.",
        zh="分批次分年度效果：在第g期开始受帮扶的户在第t期的平均效果。方案中为impact的kind did，输出其平均与事件研究。",
    ),
    "auc": Text(
        en="Area under the ROC curve: the probability that a household that returned to poverty had a higher predicted "
        "risk than one that did not; 0.5 is guessing, 1 is perfect. It says nothing about calibration.",
        zh="ROC曲线下面积：返贫户的预测风险高于未返贫户的概率；0.5相当于猜测，1为完全区分。它不反映校准。",
    ),
    "calibration": Text(
        en="Whether predicted risks are as large as what happens: of households with a predicted risk of 3 %, 3 % should "
        "return. Reports compare both on a wave the model has not seen.",
        zh="校准：预测风险与实际发生是否相符；预测风险3%的户中应有3%返贫。报告用模型未见过的一期数据比较二者。",
    ),
    "hazard": Text(
        en="Risk of returning to poverty in the next wave for a household that has not returned so far, given how long "
        "it has been out (discrete time). See return_risk in the plan.",
        zh="风险率：至今未返贫的户在下一期返贫的概率，随脱贫时长而变（离散时间）。见方案的return_risk。",
    ),
    "quarantine": Text(
        en="Rows set aside until somebody decides, with the reason and their place in the file. They enter no figure; "
        "after the file or the plan is mended, build again.",
        zh="待核区：暂不采用的行，附原因及在文件中的位置。它们不进入任何数字；修改文件或方案后重新构建。",
    ),
    "open case": Text(
        en="Something in the data a person should look at: a row in quarantine, or a marked cell that stays. Listed by "
        "`evalkit check`, counted in reports, kept in the build as open_cases, and written to decisions.xlsx, where a person decides it.",
        zh="待核事项：需要人工查看的数据问题，即待核区的行或保留但已标记的单元格。evalkit check列出，报告计数，构建中存为open_cases，并写入decisions.xlsx供人工核定。",
    ),
    "ledger": Text(
        en="Record of every change cleaning made: file, row, column, old and new value, rule. Replaying it on the raw "
        "files gives the clean tables.",
        zh="台账：清洗所作的每项更改：文件、行、列、原值、新值、规则。在原始文件上重放即得清洗后的表。",
    ),
    "digest": Text(
        en="First 16 hexadecimal digits of the SHA-256 of all settings of the plan. Reports with the same digest were made "
        "with the same settings; comments and the order of lines do not count.",
        zh="摘要：方案全部设置的SHA-256前16位。摘要相同的报告使用了相同设置；注释与行序不计。",
    ),
    "deviation": Text(
        en="A setting that was changed with --set after the plan was written; printed in every report.",
        zh="偏离：方案写定后用--set更改的设置；每份报告均列出。",
    ),
}
"""Words that are explained here."""

SEE: Mapping[str, tuple[str, ...]] = {
    "att_gt": ("impact.att_gt",),
    "did": ("att_gt", "impact.att_gt"),
    "twfe": ("impact.twfe",),
    "did_2x2": ("impact.did_2x2",),
    "difference_in_means": ("impact.difference_in_means",),
    "hazard": ("risk.DiscreteHazard", "plan.return_risk"),
    "headcount": ("fgt",),
    "gap": ("fgt",),
    "severity": ("fgt",),
    "exit rate": ("exit_rate",),
    "entry rate": ("entry_rate",),
    "return rate": ("return_rate",),
    "poverty gap": ("gap", "fgt"),
    "headcount rate": ("headcount", "fgt"),
    "headcount ratio": ("headcount", "fgt"),
    "poverty rate": ("headcount", "fgt"),
    "poverty line": ("plan.poverty.line",),
    "open cases": ("open case",),
    "deviations": ("deviation",),
    "weight": ("plan.design.weight",),
    "stratum": ("plan.design.strata",),
}
"""Other names of a thing, and what is explained with it."""

HAPPENS: Mapping[str, Text] = {
    "fix": Text(
        en="the cell (or column) is changed; the ledger keeps the old value",
        zh="单元格（或整列）被更改；台账保留原值",
    ),
    "flag": Text(en="the row stays as it is and is marked in the ledger", zh="该行保持不变，在台账中标记"),
    "quarantine": Text(
        en="the row is set aside and enters no figure until somebody decides",
        zh="该行移入待核区，在核定前不进入任何数字",
    ),
    "merge": Text(
        en="the row is dropped in favour of the one it repeats, which the ledger names",
        zh="该行并入其所重复的行，台账注明",
    ),
    "not_data": Text(en="the row is no observation and is left out", zh="该行不是观测，予以剔除"),
}
"""What happens to a cell or row, by severity of the rule."""

ADVICE: Mapping[str, Text] = {
    "T07": Text(
        en="correct the cells in the file; for numbers like 1.234,5 state `decimal: ','` for the table",
        zh="在文件中更正；若数字写作1.234,5，请为该表设置decimal: ','",
    ),
    "K01": Text(en="fill the missing id or wave in the file", zh="在文件中补全编号或年度"),
    "K02": Text(
        en="add the wave to `waves`, or give its code in wave_labels",
        zh="将该年度加入waves，或在wave_labels中给出代码",
    ),
    "K03": Text(en="fill the county in the file", zh="在文件中补全县代码"),
    "K04": Text(
        en="add the household to the household table, or correct its id", zh="将该户补入户表，或更正户编号"
    ),
    "K05": Text(en="export the file again with ids as text", zh="将编号设为文本后重新导出"),
    "K07": Text(en="correct the household size in the file", zh="在文件中更正家庭人口数"),
    "K08": Text(
        en="correct the county; if ids repeat between counties, make them whole (columns: {household: [county "
        "header, household header]})",
        zh="更正县代码；若户编号在各县重复，请将县与户编号合为一个编号",
    ),
    "I47": Text(
        en="state the concept of each wave: welfare: {concept: {2013: net, 2014: disposable}}",
        zh="在方案中按年度写明收入口径：welfare: {concept: {2013: net, 2014: disposable}}",
    ),
    "K09": Text(
        en="mend the files, or decide in decisions.xlsx which row stays (keep, exclude)",
        zh="更正文件，或在decisions.xlsx中核定保留哪一行（keep、exclude）",
    ),
    "D02": Text(
        en="decide which row holds and delete the other, or set clean.duplicates to first or latest",
        zh="确定以哪一行为准并删除另一行，或将clean.duplicates设为first或latest",
    ),
    "D03": Text(en="check clean.duplicates", zh="核对clean.duplicates"),
    "I03": Text(
        en="check the amount and its unit; see clean.welfare_max", zh="核对金额及单位；见clean.welfare_max"
    ),
    "I04": Text(en="look at the amount; see clean.income_outliers", zh="查看金额；见clean.income_outliers"),
    "I05": Text(
        en="correct the parts or the total; see clean.identity_tolerance",
        zh="更正分项或合计；见clean.identity_tolerance",
    ),
    "I06": Text(
        en="correct income or size; see clean.identity_tolerance",
        zh="更正收入或人口数；见clean.identity_tolerance",
    ),
    "G01": Text(
        en="add the word as a label under programs, or correct it", zh="在programs中加入该名称，或更正"
    ),
    "G02": Text(en="fill the first year of support", zh="补全帮扶开始年度"),
}
"""What to do about a rule."""

TO_DO: Mapping[bool, Text] = {
    True: Text(
        en="look at the open case and correct the file, then build again",
        zh="查看待核事项，更正文件后重新构建",
    ),
    False: Text(en="nothing, unless there are more of them than you expect", zh="一般无需处理，除非数量异常"),
}
"""What to do where `ADVICE` says nothing: for rules that open a case, and for others."""
