"""Reasons why something was not computed, in words of a report, from the messages of the errors that stopped it.

An error speaks English to the person who runs the program. A report has two languages, and its reader
cannot change the plan: the common messages are told anew here, without remedies. A message that is not
known is quoted.
"""

from __future__ import annotations

import re
from functools import cache

from evalkit.text import Text

_KNOWN: tuple[tuple[str, str, str], ...] = (
    # pattern, English, Chinese; groups are filled in by number
    (r"no price index for ([\d, ]+);", "The price index has no figure for {0}.", "价格指数缺少{0}年的数值。"),
    (r"real amounts need a price index", "There is no price index for real amounts.", "没有价格指数，无法计算实际值。"),
    (
        r"the income concept is (\S+) in (\d+) and (\S+) in (\d+)",
        "The concept of income changes between {1} and {3} ({0}, then {2}); growth would mix the two.",
        "收入口径在{1}年与{3}年之间由“{0}”改为“{2}”，增长中会混入口径变化。",
    ),
    (
        r"the income concept changes \(([^)]+)\)",
        "The concept of income changes ({0}); movements over the line would mix with the change of definition.",
        "收入口径发生变化（{0}），跨线变动会混入口径变化。",
    ),
    (r"no household of (\d+) is observed in (\d+)", "No household of {0} is observed in {1}.", "{0}年的住户在{1}年均无观测。"),
    (r"no positive benchmark level for ([\d, ]+);", "The benchmark has no positive level for {0}.", "参照序列在{0}年没有正值。"),
    (r"no rows in wave ([\d, ]+);", "There are no observations in {0}.", "{0}年没有观测。"),
    (r"movements need at least two waves", "Movements need at least two waves.", "计算进退至少需要两期数据。"),
    (
        r"(\d+) of (\d+) household-waves have no poverty line",
        "{0} of {1} household-waves have no poverty line.",
        "{1}条户年记录中有{0}条没有贫困线。",
    ),
    (
        r"(\d+) of (\d+) household-waves have '\w+' of zero or less",
        "{0} of {1} household-waves have a measure of zero or less, which has no logarithm.",
        "{1}条户年记录中有{0}条的指标不大于零，无法取对数。",
    ),
    (
        r"log\(1 \+ outcome\) is not defined for (\d+) values",
        "{0} values are at or below −1 and have no logarithm of one plus the value.",
        "有{0}个数值不大于−1，加一后无法取对数。",
    ),
    (
        r"(\d+) of (\d+) strata have a single sampled unit",
        "{0} of {1} strata have a single sampled village, which gives no variance.",
        "{1}个抽样层中有{0}个仅抽中一个单位，无法估计方差。",
    ),
    (
        r"the population size \(fpc\) of (\d+) strata is smaller",
        "In {0} strata more units were sampled than the stratum is said to have.",
        "有{0}个抽样层的抽中单位数超过该层单位总数。",
    ),
    (r"every stratum has a single sampled unit", "Every stratum has a single sampled unit.", "各抽样层均仅抽中一个单位，无法估计方差。"),
    (r"all weights in '\w+' are zero", "All sampling weights are zero.", "全部抽样权重为零。"),
    (
        r"is 1 in the first wave \((\d+)\) for all (\d+) households",
        "All {1} supported households are marked as supported in the first wave ({0}) already: there is nothing from "
        "before support to compare with.",
        "全部{1}户受帮扶户在首期（{0}年）即标记为受帮扶，没有帮扶前的数据可供比较。",
    ),
    (
        r"support began for no household between (\d+) and (\d+)",
        "Support began for no household between {0} and {1}.",
        "{0}年至{1}年之间没有住户开始受帮扶。",
    ),
    (
        r"anticipation is counted in waves, but the waves ([\d, ]+) are not equally spaced",
        "Anticipation is counted in waves, and the waves ({0}) are not equally spaced.",
        "预期效应按调查期数计算，而各期（{0}）间隔不等，无法换算为年数。",
    ),
    (r"effects over time need at least two waves", "Effects over time need at least two waves.", "前后比较至少需要两期数据。"),
    (r"the effect is to be weighted", "The effect is to be weighted, but there is no survey weight.", "要求加权估计，但没有抽样权重。"),
    (r"no unit is ever treated", "No household of these data ever received the program.", "数据中没有住户接受过该项帮扶。"),
    (
        r"every treated unit is treated from the first wave",
        "Every supported household was supported from the first wave on: there is nothing from before support to compare with.",
        "受帮扶户自首期起均已受帮扶，没有帮扶前的数据可供比较。",
    ),
    (
        r"all (\d+) units are treated sooner or later",
        "All {0} households are supported sooner or later: nobody stays without the program.",
        "{0}户先后均受帮扶，没有始终未受帮扶的住户。",
    ),
    (
        r"all (\d+) units are treated in the same wave",
        "All {0} households are supported from the same wave on: there is nothing to compare with.",
        "{0}户自同一期起受帮扶，没有可比对象。",
    ),
    (
        r"all (\d+) rows are (treated|untreated)",
        "All households are on one side of the program: there is nothing to compare with.",
        "全部住户同为受帮扶户或同为未受帮扶户，没有可比对象。",
    ),
    (
        r"in wave (\S+) all rows are on one side",
        "In {0} all households are on one side of the program: there is nothing to compare with.",
        "{0}年全部住户同为受帮扶户或同为未受帮扶户，没有可比对象。",
    ),
    (
        r"'\w+' has 1 cluster;|there is one cluster only",
        "All observations lie in one cluster, which gives no standard error.",
        "全部观测属于同一聚类，无法给出标准误。",
    ),
    (
        r"all treated rows lie in one cluster and all untreated",
        "All supported households lie in one cluster and all others in another: there is no variation between clusters.",
        "受帮扶户与其他住户各处于一个聚类，无法度量聚类间的变异。",
    ),
    (r"did_2x2 needs exactly two waves", "The two-period comparison needs exactly two waves with data.", "两期双重差分须恰有两期数据。"),
    (r"'\w+' has \d+ wave with data", "Effects over time need at least two waves.", "前后比较至少需要两期数据。"),
    (r"all (\d+) units are seen in one wave only", "All {0} households are seen in one wave only.", "{0}户均仅有一期观测。"),
    (
        r"the effect is not identified",
        "The effect is not identified: support does not vary once the other terms are taken out.",
        "效果无法识别：扣除其他变量后，帮扶状态没有变异。",
    ),
    (
        r"covariates are collinear",
        "The covariates are collinear or constant among the households compared.",
        "所比较住户的协变量共线或无变异。",
    ),
    (
        r"covariates tell treated from control units",
        "The covariates tell supported from other households almost perfectly: there is no overlap.",
        "协变量几乎可以完全区分受帮扶户与其他住户，二者没有重叠。",
    ),
    (r"no effect after treatment to average", "No effect after the start of support could be estimated.", "帮扶开始后的效果均无法估计。"),
    (r"the data have no rows|no row has all of", "No observation has all the variables needed.", "没有一条观测具备所需的全部变量。"),
    (r"(\d+) rows cannot support (\d+) parameters", "{0} observations cannot support {1} parameters.", "{0}条观测不足以估计{1}个参数。"),
    # return risk
    (
        r"(\d+) returns to poverty among (\d+) household-waves at risk in [\d, ]+: return risk needs at least (\d+)",
        "There are too few returns to poverty among the households at risk; at least {2} are needed.",
        "风险户中返贫的例数过少，至少需要{2}例。",
    ),
    (
        r"no household is observed in the wave after an exit",
        "No household is observed in the wave after its exit from poverty.",
        "没有住户在脱贫的后一期有观测。",
    ),
    (r"return risk needs three waves", "Return risk needs at least three waves.", "返贫风险至少需要三期数据。"),
    (r"validation on a later wave needs", "Validation needs at least two label waves (waves in which returns are observed).", "检验至少需要两期的返贫数据。"),
    (
        r"(\d+) of (\d+) households at risk return in the validation wave (\d+)",
        "{0} of {1} households at risk returned in {2}: no model can be told from another.",
        "{2}年{1}户风险户中有{0}户返贫，无法区分模型优劣。",
    ),
    (
        r"(\d+) returns and (\d+) household-waves without return among \d+ at risk: a return model needs at least (\d+)",
        "There are too few returns or too few household-years without return; at least {2} of each are needed.",
        "返贫例数或未返贫的户年过少，各至少需要{2}例。",
    ),
    (
        r"the income rule flags (nobody|everybody) of the (\d+) household-waves",
        "The income rule flags {0} of the {1} household-years.",
        "收入规则对{1}个户年全部标记或全不标记。",
    ),
    (
        r"welfare one wave earlier is missing for (\d+) of (\d+)",
        "The measure of the year before is missing for {0} of {1} household-years.",
        "{1}个户年中有{0}个缺少上年的指标。",
    ),
    (r"did not converge in (\d+) steps", "The model did not converge in {0} steps.", "模型迭代{0}次后仍未收敛。"),
    (
        r"the feature '(\w+)' alone ranks returns with an AUC of (\S+),",
        "The feature {0} alone ranks returns with an AUC of {1}, which looks like a leak from the future.",
        "仅变量{0}对返贫的排序AUC即达{1}，疑似含有事后信息。",
    ),
    (
        r"the term '(\S+)' separates returns from the rest",
        "The term {0} separates returns from the rest.",
        "变量{0}完全分离了返贫与否。",
    ),
    (
        r"these features are combinations of the others: ([^;]+);",
        "These features are combinations of the others: {0}.",
        "部分变量可由其余变量线性表示：{0}。",
    ),
    # exit verdicts
    (
        r"county (\S+): the .+ needs (\w+), which the totals do not give",
        "The county totals do not give {1}.",
        "县级人口表未提供{1}。",
    ),
    (
        r"county (\S+): ([\d,]+) (\w+) persons were interviewed, but the totals have (\w+) = ([\d,]+)",
        "{1} persons ({2}) were interviewed, but the county totals have only {4} ({3}).",
        "受访人口（{2}）为{1}人，超过县级人口表的{4}人（{3}）。",
    ),
    # patterns of records
    (
        r"the test needs columns that the data do not have: ('.+')",
        "The data lack what the test needs: {0}.",
        "数据中没有检验所需的项目：{0}。",
    ),
    (r"no household has a date in ('\w+')", "No household has a date in {0}.", "没有住户填有{0}。"),
    (r"the data have no (support|survey) table", "The data have no {0} table.", "数据中没有检验所需的表（{0}）。"),
    (r"no poverty line: pass line", "The plan gives no poverty line.", "方案没有给出贫困线。"),
    (r"no monitoring line is given", "No monitoring line is known for these years.", "没有这些年度的监测标准。"),
    (
        r"(\d+) (?:units|villages|village-waves) with data: fewer than (\d+) show nothing typical",
        "There are {0} units with data; at least {1} are needed to know what is typical.",
        "有数据的单位只有{0}个，至少需要{1}个才能知道通常情形。",
    ),
    (
        r"(\d+) interviewers with (\d+) household-waves: fewer than (\d+) show nothing typical",
        "{0} interviewers have {1} household-years or more; at least {2} are needed to know what is typical.",
        "访问满{1}个户年的调查员只有{0}名，至少需要{2}名才能知道通常情形。",
    ),
    (
        r"(\d+) household-waves lie within (\d+)% above the line: fewer than (\d+) show no density",
        "{0} household-years lie within {1} % above the line; at least {2} are needed to fit a density.",
        "高于标准线{1}%以内的户年记录只有{0}条，至少需要{2}条才能拟合密度。",
    ),
    (r"the density above the line could not be fitted", "The density above the line could not be fitted.", "标准线以上的密度无法拟合。"),
    (
        r"accounts are compared by at least (\d+) of: [^;]+; the data have (\d+)",
        "Accounts are compared by at least {0} components; the data have {1}.",
        "收入账目至少按{0}项比较，数据中只有{1}项。",
    ),
    (r"the panel names no village column", "The data name no village.", "数据中没有行政村。"),
    (
        r"padding needs the village and the household size",
        "The data lack the village or the household size.",
        "数据中没有行政村或家庭人口数。",
    ),
    (
        r"padding needs given income",
        "The data have no transfers, dividends or other given income.",
        "数据中没有转移性收入、分红等给付性收入。",
    ),
    (
        r"short-lived households need the household size and at least three waves",
        "The household size and at least three years are needed.",
        "需要家庭人口数和至少三期数据。",
    ),
    (
        r"cannot evaluate the condition ('.+'): name ('\w+') is not defined",
        "The data have no column {1}, which the condition {0} needs.",
        "数据中没有条件{0}所需的列{1}。",
    ),
    (
        r"none of .+ is stated for one year at two levels",
        "No figure is stated for one year at two levels.",
        "没有任何指标在同一年度有两级上报数。",
    ),
    (r"the survey has no rows", "The third-party survey has no rows.", "第三方抽查表没有数据行。"),
    (r"(\d+) of (\d+) steps of cases have an unknown (?:stage|outcome|finding)", "{0} of {1} steps of suspected cases have a word that is not known.", "疑似情形台账{1}条步骤中有{0}条的用词无法识别。"),
    (r"(\d+) of (\d+) steps of cases have no date", "{0} of {1} steps of suspected cases have no date.", "疑似情形台账{1}条步骤中有{0}条没有日期或日期无法识别。"),
    (r"(\d+) of (\d+) steps of cases repeat a step", "{0} of {1} steps of suspected cases are there twice.", "疑似情形台账{1}条步骤中有{0}条重复。"),
    (r"(\d+) of (\d+) steps of cases are \w+ before they are \w+", "{0} of {1} steps of suspected cases come before the step they follow from.", "疑似情形台账{1}条步骤中有{0}条早于其前一步骤或缺少前一步骤。"),
    (r"(\d+) of (\d+) steps of cases are appeals without evidence", "{0} of {1} steps of suspected cases are appeals without a document.", "疑似情形台账{1}条步骤中有{0}条申诉没有证据材料。"),
    (r"(\d+) of (\d+) steps of cases (?:are adjudicated without|have an) outcome", "{0} of {1} steps of suspected cases lack their outcome, or have one too early.", "疑似情形台账{1}条步骤中有{0}条缺认定结果，或在认定之前填有结果。"),
    (r"the history of cases lacks ([\w, ]+);", "The steps of suspected cases lack: {0}.", "疑似情形台账缺少列：{0}。"),
    (r"(\d+) of (\d+) cases share a household", "{0} of {1} suspected cases share a household.", "{1}例疑似情形中有{0}例属同一户。"),
    (r"(\d+) of (\d+) cases are about no household of the survey", "{0} of {1} suspected cases are about no household of the survey.", "{1}例疑似情形中有{0}例不对应抽查户。"),
    (r"(\d+) of (\d+) cases are about a household of another group", "{0} of {1} suspected cases are about a household of another group.", "{1}例疑似情形中有{0}例的类型与抽查户类型不符。"),
    (r"(\d+) of (\d+) cases are upheld, but the survey does not mark", "{0} of {1} suspected cases are upheld, but the survey does not mark them.", "{1}例疑似情形中有{0}例认定成立，而抽查数据未予标记。"),
    (r"(\d+) of (\d+) rows of the survey state a case stage", "{0} of {1} rows of the survey state a stage that their case has not reached.", "抽查{1}行中有{0}行所载核查阶段超前于台账。"),
    (r"(\d+) of (\d+) rows are marked \w+ without a case stage", "{0} of {1} rows of the survey have a finding and no case.", "抽查{1}行中有{0}行有发现而无对应情形。"),
    (r"(\d+) of (\d+) rows of the survey have no year", "{0} of {1} rows of the survey have no year.", "抽查{1}行中有{0}行没有年度。"),
    (r"(\d+) of (\d+) rows have an unknown survey_group", "{0} of {1} rows of the survey have a group that is not known.", "抽查{1}行中有{0}行的户类型无法识别。"),
    (r"no household of wave \d+ has both a survey group", "No household of the survey has both its group and an answer whether it is poor.", "抽查户均缺户类型或是否贫困的信息。"),
    (r"rate '(.+)' has no household to count among in ([\d, ]+)", "In {1} no household was visited that “{0}” could be counted among.", "{1}年没有可作“{0}”分母的走访户。"),
    (r"none of (\d+) villages was seen at both visits", "None of {0} villages was visited twice.", "{0}个村中没有两次均走访的村。"),
    (r"revisit compares two waves of the panel in their order, got (\d+) and (\d+)", "The plan compares visits of {0} and {1}, which are not two visits of this county in their order.", "方案指定比较{0}年与{1}年，本县没有先后这两次走访。"),
    (r"the village table lacks ([\w, ]+); keep them", "The village table does not state: {0}.", "村表未载明：{0}。"),
    (r"none of (\d+) villages has the village_type '(.+)'", "None of {0} villages is of the type “{1}”.", "{0}个村中没有村属性为“{1}”的村。"),
)  # fmt: skip


_FIRST = re.compile(r" ?\(first: [^()]*\)")
"""Where a message names the first of the rows it speaks of."""


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple((re.compile(pattern), en, zh) for pattern, en, zh in _KNOWN)


def reason(message: object) -> Text:
    """Return the reason that an error message gives, as a sentence of a report.

    Parameters
    ----------
    message : object
        An error, or its text.

    Returns
    -------
    Text
        A sentence in both languages; a message that is not known is quoted, without the row that it names as the first: a
        report names no household.

    Examples
    --------
    >>> reason("no price index for 2013, 2014; it is given for 2015").zh
    '价格指数缺少2013、2014年的数值。'
    >>> reason("no household of 2014 is observed in 2020; use cohort='current'").en
    'No household of 2014 is observed in 2020.'
    >>> reason("the moon is full").zh
    '未计算；程序给出的原文为：“the moon is full”。'
    >>> reason("2 of 9 moons are full (first: household 9901010001 of county 990101); wait").en
    'Not computed: 2 of 9 moons are full; wait.'
    """
    said = str(message).strip()
    for pattern, en, zh in _compiled():
        found = pattern.search(said)
        if found:
            en_parts = [_counted(g) for g in found.groups("")]
            zh_parts = [g.replace(", ", "、") for g in en_parts]
            return Text(en=en.format(*en_parts), zh=zh.format(*zh_parts))
    bare = _FIRST.sub("", said).rstrip(". ")
    return Text(en=f"Not computed: {bare}.", zh=f"未计算；程序给出的原文为：“{bare}”。")


def because(intro: Text, message: object) -> Text:
    """Return an introduction with the reason after it.

    >>> because(Text(en="No model", zh="无模型"), "there is one cluster only").zh
    '无模型：全部观测属于同一聚类，无法给出标准误。'
    """
    why = reason(message)
    return Text(en=f"{intro.en}: {why.en[0].lower()}{why.en[1:]}", zh=f"{intro.zh}：{why.zh}")


def _counted(found: str) -> str:
    """Return a number of five digits or more with separators.

    >>> _counted("33324"), _counted("2014"), _counted("2013, 2014")
    ('33,324', '2014', '2013, 2014')
    """
    return f"{int(found):,}" if re.fullmatch(r"\d{5,}", found) else found
