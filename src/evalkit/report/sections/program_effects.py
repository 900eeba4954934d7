"""Section 7: program effects pooled over all counties, the event study, and what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.report import display, figures, labels, prose
from evalkit.report.display import Format
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Interval,
    Omitted,
    Prose,
    Section,
    Table,
    finite,
)
from evalkit.report.sections.reading import omitted, open_section, place_name, series
from evalkit.report.tables import Part, estimates_table, interval_label, notes_of, part, source_of
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase, ImpactResult

TITLE = Text(en="Program effects, all counties together", zh="帮扶措施效果（各县合并估计）")
EVENT = Column("event_time", Text(en="Years since support began", zh="帮扶开始后年数"), "code")


_NOTES_ABOVE = Text(
    en="all counties together; households, unit and caveats as in the first table of this section",
    zh="各县合并估计；户数、单位与说明同本节第一张表",
)


def impact(case: CountyCase, language: Language = "zh") -> Section:
    """Return each program's effect, its event study, and the caveats."""
    found = case.pooled.impact
    if not found:
        keys = ("impact", *(k for k in case.pooled.omitted if k.startswith("impact")))
        return open_section("impact", case, [omitted(case, TITLE, *keys), *_left_out(case, skip=1)], language)
    effects = [_effect(case, r) for r in found]
    blocks: list[Block] = [_scope(case)]
    for result, effect in zip(found, effects, strict=True):
        blocks.append(_said(result, effect))
    for form in dict.fromkeys(e.form for e in effects):
        pairs = [(r, e) for r, e in zip(found, effects, strict=True) if e.form == form]
        blocks.append(_table(case, [r for r, _ in pairs], [e for _, e in pairs]))
    studied = [r for r in found if r.event_study is not None]
    blocks += _studies(case, studied)
    blocks += [_trend(case, r) for r in found if r.kind != "difference_in_means"]
    blocks += _left_out(case)
    blocks.append(_caveats())
    return open_section("impact", case, blocks, language)


def _scope(case: CountyCase) -> Prose:
    if case.pooled.counties == 1:
        return Prose(
            Text(
                en="Effects are estimated from all the data. They are effects on households that received the program.",
                zh="效果由全部数据估计，为对受帮扶户的效果。",
            )
        )
    return prose.say(
        Text(
            en="These are not effects in this county. They are estimated once, pooled over {counties} counties, because one "
            "county alone has too few villages, and stand in the report of every county alike: averages over the "
            "households that received the program. What a program did in {name} may be more or less, and the data "
            "cannot tell.",
            zh="以下并非本县的效果。单个县的村数过少，效果由{counties}个县合并估计，各县报告所列相同，为全部受帮扶户的平均效果；"
            "措施在{name}的效果可能更大，也可能更小，现有数据无法判断。",
        ),
        [prose.plain_number("counties", case.pooled.counties, "count")],
        names={"name": place_name(case)},
        style="warning",
    )


def _form(result: ImpactResult) -> Format:
    return "money" if result.scale == "level" else "ratio"


def _effect(case: CountyCase, result: ImpactResult) -> Part:
    return part(
        result.effect,
        _name(result),
        minimum_cell=case.plan.disclosure.minimum_cell,
        form=_form(result),
    )


def _name(result: ImpactResult) -> Text:
    """Return the name of an effect; with the wave where it is of one wave."""
    kind = labels.word(result.kind)
    when = "" if result.wave is None else f" {result.wave}"
    return Text(en=f"{result.label.en}, {kind.en}{when}", zh=f"{result.label.zh}（{kind.zh}{when}）")


def _percent(result: ImpactResult, at: prose.Measure) -> prose.Measure | None:
    return None if result.scale == "level" else prose.percent_of_log(at)


def _said(result: ImpactResult, effect: Part) -> Prose:
    at = effect.measure()
    return prose.effect(
        effect.label,
        at,
        percent=_percent(result, at),
        form=effect.form,
        pre_trend_p=result.pre_trend_p,
        given=prose.ALIKE if result.kind == "difference_in_means" else None,
    )


def _table(case: CountyCase, found: Sequence[ImpactResult], effects: Sequence[Part]) -> Table:
    level = all(r.scale == "level" for r in found)
    currency = case.plan.welfare.currency
    unit = (
        Text(en=f"Effect ({currency.en})", zh=f"效果（{currency.zh}）")
        if level
        else Text(en="Effect (log points)", zh="效果（对数点）")
    )
    columns = [
        Column("program", Text(en="Program and design", zh="措施与设计")),
        Column("estimate", unit, effects[0].form),
        Column("interval", interval_label(effects[0].level), effects[0].form),
    ]
    if not level:
        columns += [
            Column("percent", Text(en="In percent", zh="折合百分比"), "share"),
            Column("percent_interval", interval_label(effects[0].level), "share"),
        ]
    columns += [
        Column("p_value", Text(en="p", zh="p"), "p"),
        Column("units", Text(en="Households", zh="户数"), "count"),
        Column("treated", Text(en="of which treated", zh="其中受帮扶"), "count"),
        Column("clusters", Text(en="Clusters", zh="聚类数"), "count"),
        Column("treated_clusters", Text(en="of which treated", zh="其中有受帮扶户"), "count"),
    ]
    rows = []
    for result, effect in zip(found, effects, strict=True):
        at = effect.measure()
        cells: list[Cell] = [effect.label, at.value, _interval(at)]
        if not level:
            percent = _percent(result, at) or prose.Measure(None)
            cells += [percent.value, _interval(percent)]
        p = effect.rows["p_value"].iloc[0]
        rows.append(
            (*cells, finite(p), result.units, result.treated, result.clusters, result.treated_clusters)
        )
    percents = Text(en="; percent: exp(effect) − 1", zh="；百分比＝exp(效果)−1")
    own = all(r.clusters == r.units for r in found)
    errors = (
        Text(en="each household by itself", zh="各户自成一类")
        if own
        else Text(
            en="as named below; treated: with at least one treated household",
            zh="见下；“其中有受帮扶户”指至少有一户受帮扶的聚类",
        )
    )
    notes = (
        Text(
            en=f"p: two-sided, for no effect{'' if level else percents.en}; clusters of the standard errors: {errors.en}",
            zh=f"p值为“无效果”假设的双侧检验{'' if level else percents.zh}；标准误的聚类：{errors.zh}",
        ),
        *notes_of(effects),
    )
    return Table(TITLE, tuple(columns), tuple(rows), tuple(dict.fromkeys(notes)), source_of(effects))


def _interval(at: prose.Measure) -> Interval | None:
    return None if at.low is None and at.high is None else Interval(at.low, at.high)


def _studies(case: CountyCase, studied: Sequence[ImpactResult]) -> list[Block]:
    if not studied:
        return []
    blocks: list[Block] = []
    panels = []
    for result in studied:
        study = result.event_study
        if study is None:
            continue
        p = part(
            study,
            Text(en="Effect", zh="效果"),
            minimum_cell=case.plan.disclosure.minimum_cell,
            form=_form(result),
        )
        title = Text(
            en=f"{result.label.en[:1].upper()}{result.label.en[1:]}: effect by year since support began",
            zh=f"{result.label.zh}：帮扶前后各年的效果",
        )
        blocks.append(_without_n(estimates_table(title, EVENT, [p])))
        panels.append(
            figures.Panel(
                (series(p, "event_time"),),
                EVENT.label,
                Text(en="Effect (log points)", zh="效果（对数点）") if _form(result) == "ratio" else p.label,
                _form(result),
                result.label,
                style="points",
                zero=True,
            )
        )
    names = prose.listed([r.label for r in studied])
    picture = Figure(
        Text(en="Event study", zh="事件研究"),
        Text(
            en=f"Effects by years since support began, with intervals and a line at zero: {names.en}.",
            zh=f"按帮扶开始后年数的效果，含区间与零线：{names.zh}。",
        ),
        figures.draw_panels(panels, synthetic=case.plan.synthetic),
        Text(
            en="Left of zero: before support, where no effect is expected. Vertical bars: 95\u202f% intervals, each on its own.",
            zh="零点左侧为帮扶之前，预期无效果。竖线为逐点95%区间。",
        ),
    )
    return [picture, *blocks]


def _without_n(table: Table) -> Table:
    """Return a table of effects by year without its last column, which repeats the households of all years."""
    rows = tuple(row[:-1] for row in table.rows)
    return Table(table.title, table.columns[:-1], rows, (_NOTES_ABOVE,))


def _alone(case: CountyCase, result: ImpactResult) -> Text:
    """Name the years before support whose own interval excludes zero."""
    if result.event_study is None:
        return Text(en="", zh="")
    p = part(
        result.event_study,
        result.label,
        minimum_cell=case.plan.disclosure.minimum_cell,
        form=_form(result),
    )
    first = -getattr(_spec(case, result), "anticipation", 0)
    years = [float(t) for t in p.rows["event_time"]]
    found = [t for i, t in enumerate(years) if t < first and prose.reading(p.measure(i)) in ("up", "down")]
    if not found:
        return Text(en="", zh="")
    listed = prose.listed([Text(en=s, zh=s) for s in (display.bare(t, "code") for t in found)])
    return Text(
        en=f" Taken one by one, the interval of year {listed.en} excludes zero.",
        zh=f"另外，逐年看，第{listed.zh}年的区间不含零。",
    )


def _spec(case: CountyCase, result: ImpactResult) -> object:
    """Return the plan's specification of a result, or None."""
    same = (s for s in case.plan.impact if s.program == result.program and s.kind == result.kind)
    return next(same, None)


def _trend(case: CountyCase, result: ImpactResult) -> Prose:
    if result.pre_trend_p is None:
        return prose.say(
            Text(
                en="{program}: these waves do not allow the trend before support to be tested, so the assumption of parallel "
                "movement rests on judgement alone.",
                zh="{program}：现有各期数据无法检验帮扶前的走势，平行走势的前提未经数据检验。",
            ),
            names={"program": result.label},
            style="note",
        )
    differs = result.pre_trend_p < 0.05
    template = (
        Text(
            en="{program}: before support, treated and comparison households already moved apart (joint test {p}); "
            "the estimate should not be read as the effect of the program.",
            zh="{program}：帮扶之前受帮扶户与对照户的走势已有差异（联合检验{p}），不宜将估计值理解为措施所致。",
        )
        if differs
        else Text(
            en="{program}: no difference in trend before support can be shown (joint test {p}); that does not prove "
            "that there was none.{alone}",
            zh="{program}：不能表明帮扶之前走势有差异（联合检验{p}），但这并不证明没有差异。{alone}",
        )
    )
    return prose.say(
        template,
        [prose.p_number("p", result.pre_trend_p)],
        names={"program": result.label} | ({} if differs else {"alone": _alone(case, result)}),
        style="warning" if differs else "plain",
    )


def _left_out(case: CountyCase, skip: int = 0) -> list[Block]:
    """Name the programs whose effect could not be estimated, each with its reason."""
    left = [(k, r) for k, r in case.pooled.omitted.items() if k.startswith("impact:")]
    programs = [(case.plan.label(k.partition(":")[2]), r) for k, r in left]
    if skip and "impact" not in case.pooled.omitted:
        programs = programs[skip:]
    return [Omitted(label, reason) for label, reason in programs]


def _caveats() -> Prose:
    return Prose(
        Text(
            en="What these designs cannot see: households chosen because their income had just fallen recover anyway; "
            "programs overlap, so an effect is that of a program as it came, together with what usually came with it; "
            "neighbours may be affected; and when almost everybody has been supported, few comparisons are left.",
            zh="上述设计无法排除以下情形：因收入刚刚下降而入选的住户，收入本来就会回升；多项措施相互重叠，估计值是某项措施连同通常与其同时实施的措施的效果；邻近住户可能受到影响；几乎所有住户都受帮扶后，可比对象所剩无几。",
        ),
        style="note",
    )
