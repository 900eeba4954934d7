"""Fixed words of a report in both languages."""

from __future__ import annotations

from evalkit.text import Text

WORDS: dict[str, Text] = {
    "county_report": Text(en="County evaluation report", zh="县级评估报告"),
    "data_audit": Text(en="Data audit", zh="数据审核"),
    "overview": Text(en="Province overview", zh="全省总览"),
    "overview_link": Text(en="All counties side by side", zh="各县对照"),
    "contents": Text(en="Contents", zh="目录"),
    "synthetic": Text(
        en="Synthetic data. Every place, household and figure in this report is invented; nothing here describes a real county.",
        zh="合成数据。本报告中的地名、住户与数字均为虚构，不反映任何真实县。",
    ),
    "synthetic_short": Text(en="synthetic data", zh="合成数据"),
    "table": Text(en="Table", zh="表"),
    "figure": Text(en="Figure", zh="图"),
    "source": Text(en="Method:", zh="方法："),
    "note": Text(en="Notes:", zh="注："),
    "omitted": Text(en="Left out:", zh="未列出："),
    "reason": Text(en="Reason:", zh="原因："),
    "meets": Text(en="Meets", zh="达标"),
    "fails": Text(en="Fails", zh="不达标"),
    "not_shown": Text(en="Not shown", zh="不能判定"),
    "estimate": Text(en="Estimate", zh="估计值"),
    "limits": Text(en="Limits, one-sided", zh="单侧置信限"),
    "threshold": Text(en="Threshold", zh="标准"),
    "confidence_said": Text(
        en="The confidence that the true value lies above the threshold is read from one-sided confidence limits "
        "taken at every level (the confidence distribution). It describes how reliable such limits are in repeated "
        "samples; it is not a probability of the county's rate given these data.",
        zh="“真值高于标准的置信度”由各置信水平下的单侧置信限得出（置信分布），反映重复抽样时此类判断的可靠程度，并非在现有数据下该县比率高于标准的概率。",
    ),
    "point_rule": Text(en="Official point rule", zh="官方点值规则"),
    "passes": Text(en="passes", zh="达标"),
    "does_not_pass": Text(en="does not pass", zh="不达标"),
    "not_applicable": Text(en="cannot be applied", zh="无法适用"),
    "county": Text(en="County", zh="县"),
    "code": Text(en="Code", zh="代码"),
    "overall": Text(en="Overall", zh="总体结论"),
    "report": Text(en="Report", zh="报告"),
    "failed": Text(en="Not rendered", zh="未生成"),
    "stale": Text(en="Stale", zh="旧版"),
    "stale_long": Text(
        en="This report is stale: the last attempt to render it failed. It shows an earlier run.",
        zh="本报告为旧版：最近一次生成失败，所示为此前的结果。",
    ),
    "other_plan": Text(
        en="rendered under other settings than the present plan", zh="生成时所用方案与现行方案不同"
    ),
    "index_title": Text(en="County reports", zh="县级报告目录"),
    "failed_title": Text(en="Counties whose report could not be rendered", zh="未能生成报告的县"),
    "no_verdict": Text(en="no verdict", zh="无结论"),
    "plan": Text(en="Plan digest", zh="方案摘要码"),
    "version": Text(en="Version", zh="版本"),
    "log": Text(en="log", zh="日志"),
    "counts": Text(en="Conclusions", zh="结论汇总"),
    "counties_all": Text(en="counties with a report", zh="个县已生成报告"),
    "how_to_read": Text(
        en="A criterion is met, or failed, only when a one-sided confidence limit lies wholly on that side of the "
        "threshold. Otherwise the sample shows neither. The official point rule looks at the unweighted share of the sample alone.",
        zh="只有当单侧置信限完全位于标准的一侧时，才判为“达标”或“不达标”；否则为“不能判定”，即现有样本不足以得出结论。官方点值规则只看样本的不加权比率。",
    ),
    "failed_head": Text(en="This county's report could not be rendered", zh="本县报告未能生成"),
    "kept": Text(
        en="An earlier report is kept beside this page and marked stale.",
        zh="此前的报告保留在同一文件夹，并标为旧版。",
    ),
    "footer": Text(en="Made by evalkit", zh="由 evalkit 生成"),
    "page_of": Text(en="County evaluation report", zh="县级评估报告"),
}
