"""The base rate of return, the ladder of models on a later wave, and what the model says of the county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.estimate import Estimate
from evalkit.report import figures, labels, prose
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Interval,
    Omitted,
    Prose,
    Section,
    Suppressed,
    Table,
    finite,
)
from evalkit.report.sections.reading import NUMBER, omitted, open_section, series
from evalkit.report.tables import estimates_table, interval_label, notes_of, part, source_of
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase
    from evalkit.risk import Comparison, ReturnRisk

TITLE = Text(en="Risk of return to poverty", zh="返贫风险")
BASE = Text(en="Returns by time since exit", zh="按脱贫后期数的返贫率")
MODELS = Text(en="The ladder of models", zh="模型逐级比较")
LADDER = Text(en="The ladder: each model judged on a later year", zh="模型逐级比较：以后一年数据检验")
DURATION = Column("duration", Text(en="Waves since exit", zh="脱贫后期数"), "code")


APART = Text(
    en=f"This rate is not the return rate of section {NUMBER['dynamics']}: here households are counted, not persons, and households whose "
    "observation was interrupted after the exit are left out.",
    zh=f"此比率与第{NUMBER['dynamics']}节的返贫率口径不同：此处按户而非按人计，且不含脱贫后观测中断的住户。",
)


def risk(case: CountyCase, language: Language = "zh") -> Section:
    """Return base rate, comparison, coefficients and the county's own line."""
    found = case.pooled.risk
    if found is None:
        return open_section("risk", case, [omitted(case, TITLE, "return_risk", "risk", "returns")], language)
    blocks: list[Block] = [_scope(case, found), *_base(case, found), *_county(case, found)]
    if found.comparison is None:
        blocks.append(Omitted(LADDER, _why(found)))
    else:
        blocks += _ladder(case, found.comparison)
    blocks += _coefficients(case, found)
    said = set(found.base_rate.about.notes)
    blocks += [prose.note(n) for n in found.notes if n not in said]
    return open_section("risk", case, blocks, language)


def _scope(case: CountyCase, found: ReturnRisk) -> Prose:
    measured = found.outcome == "measured"
    outcome = (
        Text(en="measured: below the line again", zh="测算口径（再次低于贫困线）")
        if measured
        else Text(en="registry: marked as returned", zh="登记口径（标识为返贫）")
    )
    return prose.say(
        Text(
            en="Return is {outcome}. The figures of this section are pooled over {counties} counties and are not those of "
            "this county unless they name it: {events} returns among {n} household-years at risk.",
            zh="返贫采用{outcome}。除注明本县者外，本节数字由{counties}个县合并计算，并非本县结果：{n}个风险户年中有{events}例返贫。",
        ),
        [
            prose.plain_number("counties", case.pooled.counties, "count"),
            prose.plain_number("events", found.events, "count"),
            prose.plain_number("n", found.n, "count"),
        ],
        names={"outcome": outcome},
    )


def _why(found: ReturnRisk) -> Text:
    if found.notes:
        return found.notes[-1]
    return Text(en="the models could not be validated on a later year.", zh="模型无法以后一年数据检验。")


def _base(case: CountyCase, found: ReturnRisk) -> list[Block]:
    base = part(
        found.base_rate,
        Text(en="Return rate", zh="返贫率"),
        minimum_cell=case.plan.disclosure.minimum_cell,
        form="rate",
    )
    events: dict[object, Cell] = {}
    for row in base.rows.to_dict("records"):
        events[row["duration"]] = Suppressed() if row["suppressed"] else finite(row["events"])
    extra = [(Column("events", Text(en="Returns", zh="返贫例数"), "count"), events)]
    table = estimates_table(BASE, DURATION, [base], extra=extra)
    columns = (*table.columns[:-1], Column("n", Text(en="Household-years at risk", zh="风险户年数"), "count"))
    picture = Figure(
        BASE,
        Text(en="Return rate by waves since exit, with intervals.", zh="按脱贫后期数的返贫率及区间。"),
        figures.draw_panels(
            [
                figures.Panel(
                    (series(base, "duration"),),
                    DURATION.label,
                    Text(en="Return rate (%)", zh="返贫率（%）"),
                    "rate",
                    style="points",
                )
            ],
            synthetic=case.plan.synthetic,
            height=2.4,
        ),
        Text(
            en="Vertical bars: 95\u202f% intervals. The figures are in the table.",
            zh="竖线为95%区间，数值见表。",
        ),
    )
    return [Table(table.title, columns, table.rows, table.notes, table.source), picture]


def _county(case: CountyCase, found: ReturnRisk) -> list[Block]:
    """Say what was observed in this county beside what the model expected."""
    own = found.by_county[found.by_county["county"].astype(str) == case.county]
    title = Text(en="This county: observed and expected returns", zh="本县：实际与预期返贫率")
    if own.empty:
        return [
            Omitted(
                title, Text(en="no household of this county was at risk.", zh="本县没有处于风险中的住户。")
            )
        ]
    row = own.iloc[0]
    n = finite(row["n"]) or 0
    if n < case.plan.disclosure.minimum_cell:
        return [
            Omitted(
                title,
                Text(
                    en=f"fewer than {case.plan.disclosure.minimum_cell} households were at risk.",
                    zh=f"处于风险中的住户不足{case.plan.disclosure.minimum_cell}户。",
                ),
            )
        ]
    seen = prose.Measure(finite(row["observed"]), finite(row["conf_low"]), finite(row["conf_high"]))
    numbers = [
        prose.plain_number("wave", finite(row["wave"]), "code"),
        prose.figure("observed", seen, "rate"),
        prose.plain_number("n", n, "count"),
    ]
    expected = finite(row["expected"])
    tail = Text(en="", zh="")
    if expected is not None:
        numbers.append(prose.plain_number("expected", expected, "rate"))
        tail = Text(
            en=" The model, fitted on earlier years, expected {expected}" + _inside(seen, expected).en + ".",
            zh="由以前各年拟合的模型预期为{expected}" + _inside(seen, expected).zh + "。",
        )
    return [
        prose.say(
            Text(
                en="In this county {observed} of {n} households at risk returned in {wave}." + tail.en,
                zh="{wave}年本县{n}户风险户的返贫率为{observed}。" + tail.zh,
            ),
            numbers,
            style="finding",
        ),
        Prose(APART, style="note"),
    ]


def _inside(seen: prose.Measure, expected: float) -> Text:
    """Say whether the expected rate lies in the interval of the observed one."""
    if seen.low is None or seen.high is None:
        return Text(
            en="; the observed rate has no interval to compare it with", zh="；实际比率没有区间，无从比较"
        )
    if seen.low <= expected <= seen.high:
        return Text(en=", which lies inside the interval", zh="，位于该区间之内")
    return Text(en=", which lies outside the interval", zh="，位于该区间之外")


_METRICS = (
    ("brier", Text(en="Brier score", zh="Brier得分"), "ratio"),
    ("observed_expected", Text(en="Observed / expected", zh="实际/预期"), "decimal"),
    ("calibration_slope", Text(en="Calibration slope", zh="校准斜率"), "decimal"),
    ("precision_at_quota", Text(en="Precision at the quota", zh="名单内查准率"), "share"),
    ("recall_at_quota", Text(en="Recall at the quota", zh="名单内查全率"), "share"),
)


def _ladder(case: CountyCase, found: Comparison) -> list[Block]:
    heading = Prose(MODELS, style="heading")
    intro = prose.say(
        Text(
            en="Each step has to beat the one before. The models are fitted on the years up to {before} and judged on "
            "{wave}, a year they have not seen. The quota is {quota} of the households at risk: as many as can be "
            "watched.",
            zh="每一级模型须优于前一级。模型以截至{before}年的数据拟合，以未参与拟合的{wave}年数据检验。监测名额为风险户的{quota}。",
        ),
        [
            prose.plain_number("before", found.trained_on[-1], "code"),
            prose.plain_number("wave", found.wave, "code"),
            prose.plain_number("quota", found.quota, "share"),
        ],
    )
    auc = part(
        found.auc, Text(en="AUC", zh="AUC"), minimum_cell=case.plan.disclosure.minimum_cell, form="ratio"
    )
    columns = (
        Column("model", Text(en="Model", zh="模型")),
        Column("estimate", Text(en="AUC", zh="AUC"), "ratio"),
        Column("interval", interval_label(auc.level), "ratio"),
        *(Column(name, label, form) for name, label, form in _METRICS),  # type: ignore[arg-type]
    )
    rows = []
    by_model = found.table.set_index("model")
    for i, model in enumerate(auc.rows["model"]):
        m = auc.measure(i)
        line = by_model.loc[model]
        rest = [finite(line[name]) for name, _, _ in _METRICS]
        limits = None if m.low is None and m.high is None else Interval(m.low, m.high)
        rows.append((labels.word(str(model)), m.value, limits, *rest))
    notes = (
        Text(
            en="AUC: probability that a returning household is ranked above one that does not return (0.5 is chance); "
            "Brier score: mean squared error, smaller is better; observed / expected and slope: 1 is right; precision: "
            "share of the list that returned; recall: share of the returns that were on the list",
            zh="AUC：返贫户排序高于未返贫户的概率（0.5为随机）；Brier得分：均方误差，越小越好；实际/预期与斜率以1为准；查准率：名单中实际返贫的比例；查全率：返贫户中在名单上的比例",
        ),
        *found.notes,
        *notes_of([auc]),
    )
    table = Table(LADDER, columns, tuple(rows), tuple(dict.fromkeys(notes)), source_of([auc]))
    return [heading, intro, table, *_headline(case, found)]


def _headline(case: CountyCase, found: Comparison) -> list[Block]:
    """Name the headline model: the hazard only if its gain over the best baseline excludes zero."""
    gain = _difference(found.differences, "auc")
    if gain is None:
        return [
            Prose(
                Text(
                    en="No difference between the hazard model and a baseline could be estimated, so the base rate stays "
                    "the headline.",
                    zh="无法估计风险模型与基准之差，因此以基础比率为主要结果。",
                ),
                style="warning",
            )
        ]
    gate = part(
        gain, Text(en="difference", zh="差值"), minimum_cell=case.plan.disclosure.minimum_cell, form="ratio"
    )
    at = gate.measure()
    baseline = labels.word(str(gain.keys["baseline"].iloc[0]))
    beats = prose.reading(at) == "up"
    if beats:
        template = Text(
            en="The hazard model is the headline: its AUC exceeds that of the best baseline ({baseline}) by {gain}, and "
            "the interval excludes zero.",
            zh="以风险模型为主要结果：其AUC比最佳基准（{baseline}）高{gain}，区间不含零。",
        )
    else:
        template = Text(
            en="The hazard model is not shown to rank households better than the best baseline ({baseline}): the "
            "difference in AUC is {gain}. The simpler rule is the headline; it costs nothing to apply.",
            zh="不能表明风险模型优于最佳基准（{baseline}）：AUC之差为{gain}。因此以较简单的基准为主要结果，其使用没有额外成本。",
        )
    name = Text(en=baseline.en[0].lower() + baseline.en[1:], zh=baseline.zh)
    return [
        prose.say(
            template,
            [prose.figure("gain", at, "ratio")],
            names={"baseline": name},
            style="finding" if beats else "warning",
        )
    ]


def _difference(differences: Estimate | None, metric: str) -> Estimate | None:
    """Return hazard minus best baseline in one measure; None if the baseline is the hazard's own or absent."""
    if differences is None:
        return None
    keys = differences.keys
    chosen = ((keys["metric"] == metric) & (keys["model"] == "hazard")).to_numpy()
    return differences.take([int(i) for i in chosen.nonzero()[0]]) if chosen.any() else None


def _coefficients(case: CountyCase, found: ReturnRisk) -> list[Block]:
    title = Text(en="Hazard model: coefficients (log-odds of return)", zh="风险模型系数（返贫对数发生比）")
    if found.hazard is None:
        return [Omitted(title, _why(found))]
    coefficients = part(
        found.hazard,
        Text(en="Coefficient", zh="系数"),
        minimum_cell=case.plan.disclosure.minimum_cell,
        form="ratio",
    )
    table = estimates_table(
        title,
        Column("term", Text(en="Term", zh="变量")),
        [coefficients],
        say_key=lambda code: labels.term(str(code)),
    )
    p_values = pd.Series(coefficients.rows["p_value"].to_numpy())
    columns = (*table.columns[:3], Column("p_value", Text(en="p", zh="p"), "p"))
    rows = tuple((*row[:3], finite(p)) for row, p in zip(table.rows, p_values, strict=True))
    n = int(found.hazard.n[0])
    note = Text(
        en=f"all terms jointly from {n:,} household-years; standard errors clustered by village; associations, not effects",
        zh=f"各变量由{n:,}个户年联合估计；标准误按村聚类；系数为相关关系，并非因果效应",
    )
    return [Table(table.title, columns, rows, (note, *table.notes), table.source)]
