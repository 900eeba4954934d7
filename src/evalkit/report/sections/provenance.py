"""How each figure was made, what was not verified, the plan, deviations, versions, fingerprints."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from evalkit.estimate import About
from evalkit.report import labels
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Table, finite
from evalkit.report.labels import typeset
from evalkit.report.sections.income_growth import COHORTS
from evalkit.report.sections.missing_data import weights_said
from evalkit.report.sections.program_effects import effect_name
from evalkit.report.sections.reading import NUMBER, open_section
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase
    from evalkit.plan import Plan

PACKAGES = ("evalkit", "numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "papermill")
_NAMES = {
    "mean_welfare": Text(en="Mean of the measure", zh="测算指标均值"),
    "median_welfare": Text(en="Median of the measure", zh="测算指标中位数"),
    "growth_mean": Text(en="Growth of the mean", zh="均值增长"),
    "growth_median": Text(en="Growth of the median", zh="中位数增长"),
    "benchmark_baseline": Text(
        en=f"Benchmark test, {COHORTS['baseline'].en}", zh=f"参照检验（{COHORTS['baseline'].zh}）"
    ),
    "benchmark_current": Text(
        en=f"Benchmark test, {COHORTS['current'].en}", zh=f"参照检验（{COHORTS['current'].zh}）"
    ),
    "headcount": Text(en="Headcount rate", zh="贫困发生率"),
    "gap": Text(en="Poverty gap", zh="贫困深度指数"),
    "severity": Text(en="Severity", zh="贫困强度指数"),
    "headcount_change": Text(en="Change of the headcount rate", zh="贫困发生率变化"),
    "exit_rate": Text(en="Exit rate", zh="脱贫率"),
    "entry_rate": Text(en="Entry rate", zh="致贫率"),
    "return_rate": Text(en="Return rate", zh="返贫率"),
}
_WAYS = {
    "t": Text(en="symmetric t limits", zh="对称的t区间"),
    "kg": Text(en="exact limits with the effective sample size", zh="按有效样本量的精确区间"),
    "fixed": Text(en="limits computed with the estimate", zh="随估计一并计算的区间"),
    "none": Text(en="no sampling error: a full count", zh="全数调查，无抽样误差"),
    "log": Text(en="symmetric on the logarithm", zh="对数上的对称区间"),
    "share": Text(
        en="symmetric on the log-odds; exact limits where few households are on one side",
        zh="对数发生比上的对称区间；一侧户数很少时用精确区间",
    ),
    "logit": Text(en="symmetric on the log-odds", zh="对数发生比上的对称区间"),
    "wilson": Text(en="score limits with the effective sample size", zh="按有效样本量的得分区间"),
    "beta": Text(en="exact limits with the effective sample size", zh="按有效样本量的精确区间"),
}


def methods(case: CountyCase, language: Language = "zh") -> Section:
    """Return how the figures were made and where they come from."""
    blocks: list[Block] = [
        *_how(case),
        Prose(Text(en="Caveats", zh="局限"), style="heading"),
        *_caveats(case),
        Prose(Text(en="The plan", zh="方案"), style="heading"),
        *plan_settings(case.plan),
        *_unverified(case),
        Prose(Text(en="Provenance", zh="来源"), style="heading"),
        *versions(),
        *_fingerprints(case),
    ]
    facts = {"plan_digest": case.plan.digest, "seed": case.plan.seed}
    return open_section("methods", case, blocks, language, facts)


def _how(case: CountyCase) -> list[Block]:
    design = case.plan.design
    parts = [
        Text(
            en="Every estimate of the county comes from one variance core: the influence value of each household, summed "
            "within the primary sampling unit, gives the covariance of all figures at once, so that changes between years "
            "take account of the households and villages the years share.",
            zh="本县各项估计采用同一方差估计方法：将各户影响值在初级抽样单位内加总，得到全部指标的联合协方差，年度间的变化因而计入了各年共有的住户与村。",
        ),
        Text(
            en=f"Design (columns of the data): weights: {_named(design.weight, 'en')}; strata: {_named(design.strata, 'en')}; "
            f"primary sampling units: {_named(design.psu, 'en')}; finite population correction: {_named(design.fpc, 'en')}.",
            zh=f"抽样设计（所用数据列）：权重：{_named(design.weight, 'zh')}；分层变量：{_named(design.strata, 'zh')}；初级抽样单位：{_named(design.psu, 'zh')}；有限总体校正：{_named(design.fpc, 'zh')}。",
        ),
    ]
    if design.replicates is not None:
        count, kind = len(design.replicates.names), design.replicates.kind
        parts[0] = Text(
            en=f"The errors of the county's measures come from {count} replicate weights of the data ({kind}): every figure is "
            "computed again with each of them. Exit verdicts, return risk and program effects use the design below.",
            zh=f"本县各项指标的误差由数据所附{count}组重复权数（{kind}）得出：各项数字按每组权数重新计算。退出结论、返贫风险与帮扶效果仍用下列抽样设计。",
        )
    blocks: list[Block] = [Prose(t) for t in parts]
    if "weighing" in case.result.facts:
        blocks.append(weights_said(case))
    rows = []
    for name, about in _abouts(case):
        rows.append((name, _WAYS.get(about.interval, text_from(about.interval)), about.citation or "—"))
    if rows:
        columns = (
            Column("quantity", Text(en="Quantity", zh="指标")),
            Column("way", Text(en="Interval", zh="区间")),
            Column("citation", Text(en="Method after", zh="方法依据")),
        )
        blocks.append(
            Table(Text(en="How the figures were made", zh="各项指标的计算方法"), columns, tuple(rows))
        )
    return blocks


def _named(column: str | tuple[str, ...] | None, language: Language) -> str:
    if column is None:
        return "none" if language == "en" else "无"
    names = (column,) if isinstance(column, str) else column
    return (", " if language == "en" else "、").join(labels.name(n).get(language) for n in names)


def _abouts(case: CountyCase) -> Iterator[tuple[Text, About]]:
    """Yield each printed quantity with how it was made."""
    for name, label in _NAMES.items():
        if name in case.result.estimates:
            yield label, case.result.estimates[name].about
    judgement = case.result.judgement
    if judgement is not None:
        for verdict in judgement.verdicts:
            yield verdict.criterion, verdict.estimate.about
    risk = case.pooled.risk
    if risk is not None:
        yield Text(en="Return rate by time since exit", zh="按脱贫后期数的返贫率"), risk.base_rate.about
        if risk.hazard is not None:
            yield Text(en="Hazard model", zh="风险模型"), risk.hazard.about
        if risk.comparison is not None:
            yield Text(en="AUC on a later year", zh="后一年的AUC"), risk.comparison.auc.about
    for result in case.pooled.impact:
        yield effect_name(result), result.effect.about


def _caveats(case: CountyCase) -> list[Block]:
    said = [
        Text(
            en="A confidence interval covers sampling error only. Wrong answers, wrong records and households that could not "
            f"be found are not in it; section {NUMBER['quality']} says what was found of them.",
            zh="置信区间只反映抽样误差，不含回答错误、登记错误与未能找到的住户；"
            f"已发现的情况见第{NUMBER['quality']}节。",
        ),
        Text(
            en="Many figures are shown, and no interval is widened for their number. Of twenty intervals at 95\u202f% one is "
            "expected to miss its true value.",
            zh="本报告指标较多，区间未因此加宽：每二十个95%区间中，预期有一个不含真值。",
        ),
    ]
    if not case.result.facts.get("real"):
        said.append(
            Text(
                en="Amounts of different years are not comparable in purchasing power: no price index was used.",
                zh="未使用价格指数，不同年度的金额购买力不可比。",
            )
        )
    if case.plan.synthetic:
        said.append(
            Text(
                en="The data are synthetic: they were drawn from a model with known truth and serve to show the report.",
                zh="数据为合成数据：由已知真值的模型生成，仅用于展示报告。",
            )
        )
    return [Prose(t) for t in said]


def plan_settings(plan: Plan) -> list[Block]:
    """Return what identifies the plan, and its deviations."""
    pack = plan.rule_pack()
    rows: list[tuple[Text, str]] = [
        (Text(en="Title", zh="标题"), ""),
        (Text(en="Digest of the settings", zh="方案摘要码"), plan.digest),
        (Text(en="Rule pack", zh="规则包"), "—" if pack is None else f"{pack.id} {pack.digest}".strip()),
        (Text(en="Seed", zh="随机种子"), str(plan.seed)),
        (
            Text(en="Smallest printed cell (households)", zh="最小列示单元（户）"),
            str(plan.disclosure.minimum_cell),
        ),
    ]
    columns = (
        Column("setting", Text(en="Setting", zh="设定")),
        Column("value", Text(en="Value", zh="取值")),
    )
    cells = tuple((label, value or plan.title.text) for label, value in rows)
    blocks: list[Block] = [Table(Text(en="Settings", zh="设定"), columns, cells)]
    if not plan.deviations:
        return [*blocks, Prose(Text(en="No setting deviates from the plan.", zh="没有偏离方案的设定。"))]
    heads = (
        Column("key", Text(en="Setting", zh="设定")),
        Column("planned", Text(en="Planned", zh="原定")),
        Column("used", Text(en="Used", zh="采用")),
    )
    listed = tuple((d.key, str(d.planned), str(d.used)) for d in plan.deviations)
    return [*blocks, Table(Text(en="Deviations from the plan", zh="对方案的偏离"), heads, listed)]


def _unverified(case: CountyCase) -> list[Block]:
    """List the figures of the plan and the standard that were used and were not verified in print."""
    title = Text(
        en="Figures that were used but not verified in print",
        zh="所用数值中未经文献核实的部分",
    )
    rows = tuple(_unverified_figures(case))
    judgement = case.result.judgement
    rules = () if judgement is None else judgement.rules.unverified
    blocks: list[Block] = []
    if rows:
        columns = (
            Column("part", Text(en="Used for", zh="用途")),
            Column("year", Text(en="Year", zh="年度"), "code"),
            Column("value", Text(en="Value", zh="数值"), "figure"),
        )
        blocks.append(Table(title, columns, rows))
    if rules:
        blocks.append(_rules_said(rules))
    if not blocks:
        said = Text(
            en="No figure was used that is marked as not verified in print.",
            zh="未使用标为“未经文献核实”的数值。",
        )
        blocks.append(Prose(said))
    return blocks


def _rules_said(rules: Sequence[Text]) -> Prose:
    said = [text_from(rule) for rule in rules]
    return Prose(
        typeset(
            Text(
                en=f"Exit rules not verified in print: {'; '.join(r.en for r in said)}.",
                zh=f"未经文献核实的退出标准：{'；'.join(r.zh for r in said)}。",
            )
        ),
        style="note",
    )


def _unverified_figures(case: CountyCase) -> Iterator[tuple[Cell, ...]]:
    """Yield what a figure was used for, its year and its value."""
    plan, waves = case.plan, sorted(case.result.waves)
    own = plan.poverty.line
    if own.kind == "table" and not own.verified:
        for wave, value in sorted((case.result.facts.get("lines") or {}).items()):
            yield (
                Text(en="poverty line of the plan", zh="贫困线（方案自定）"),
                finite(int(wave)),
                finite(value),
            )
    index = plan.prices
    if index.kind == "table" and not index.verified:
        for wave, value in sorted(index.index.items()):
            yield Text(en="price index of the plan", zh="价格指数（方案自定）"), finite(wave), finite(value)
    pack = plan.rule_pack()
    if pack is None:
        return
    used: list[tuple[Text, str, list[int], str | None]] = []
    line = plan.poverty.line
    if line.kind == "standard":
        key = line.purpose if line.province == "*" else f"{line.purpose}:{line.province}"
        used.append((Text(en="poverty line", zh="贫困线"), "lines", waves, key))
    if plan.prices.kind == "standard":
        between = list(range(waves[0] + 1, waves[-1] + 1))
        used.append(
            (Text(en="prices, previous year = 100", zh="价格指数（上年＝100）"), "prices", between, None)
        )
    fact = case.result.facts.get("benchmark")
    if fact and plan.benchmark is not None and plan.benchmark.kind == "standard":
        years = [int(fact["frm"]), int(fact["to"])]
        used.append((Text(en="benchmark income", zh="参照收入"), "benchmarks", years, plan.benchmark.area))
    watched = case.result.facts.get("patterns", {})
    if watched.get("monitoring_line") and "patterns:heaping_monitoring" not in case.result.omitted:
        place, years = watched["monitoring_province"], [int(w) for w in watched["monitoring_line"]]
        key = "monitoring" if place == "*" else f"monitoring:{place}"
        used.append((Text(en="monitoring line", zh="监测标准"), "lines", years, key))
    for label, kind, years, series in used:
        cited = pack.citations(kind, years, key=series)
        for row in cited[~cited["verified"]].to_dict("records"):
            yield label, finite(row["year"]), finite(row["value"])


def versions() -> list[Block]:
    """Return the versions of the software as a table."""
    rows = [("Python", platform.python_version()), *((p, version(p)) for p in PACKAGES)]
    columns = (
        Column("package", Text(en="Software", zh="软件")),
        Column("version", Text(en="Version", zh="版本")),
    )
    return [Table(Text(en="Versions", zh="软件版本"), columns, tuple(rows))]


def _fingerprints(case: CountyCase) -> list[Block]:
    title = Text(en="Fingerprints of the data (SHA-256)", zh="数据指纹（SHA-256）")
    files = case.result.tables.get("files")
    if files is None or files.empty or "sha256" not in files:
        return [Omitted(title, Text(en="the build lists no fingerprints.", zh="建库结果中没有文件指纹。"))]
    listed = files.drop_duplicates(["file", "sha256"])
    rows = tuple((str(f), str(s)) for f, s in zip(listed["file"], listed["sha256"], strict=True))
    columns = (Column("file", Text(en="File", zh="文件")), Column("sha256", Text(en="SHA-256", zh="SHA-256")))
    return [Table(title, columns, rows)]
