"""Program effects pooled over all counties, the event study, and what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from evalkit.errors import ReportError
from evalkit.pipeline.effect_names import spec_of, variant, wave_of
from evalkit.report import display, figures, labels, prose
from evalkit.report.display import Format
from evalkit.report.document import (
    Block,
    Column,
    Figure,
    Omitted,
    Prose,
    Section,
    Table,
)
from evalkit.report.sections.effect_tables import effect_tables, percent_of
from evalkit.report.sections.reading import omitted, open_section, place_name, series
from evalkit.report.tables import (
    NO_INTERVAL,
    WITHHELD,
    Part,
    estimates_table,
    part,
)
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase, ImpactResult

TITLE = Text(en="Program effects, all counties together", zh="帮扶措施效果（各县合并估计）")
EVENT = Column("event_time", Text(en="Years since support began", zh="帮扶开始后年数"), "code")
EVENT_WAVES = Column(
    "event_time",
    Text(en="Years since the first wave with support", zh="距首个有帮扶的调查年度的年数"),
    "code",
)
"""The same where waves are more than a year apart: support may have begun before the wave that first shows it."""

_GENERIC = Text(
    en="The trend before support was not tested.",
    zh="帮扶前的走势未经检验。",
)
_NOT_RANDOM = Text(
    en="The plan does not state that support was assigned at random, and those who received it may have differed from "
    "the others before.",
    zh="方案未说明帮扶为随机分配，受帮扶户与其他住户原本可能就有差异。",
)
_MOVED_APART = Text(
    en="The trends of the two groups differed before support already (joint test {p}).{caveat}",
    zh="两组在帮扶之前走势已有差异（联合检验{p}）。{caveat}",
)
_NOTES_ABOVE = Text(
    en="all counties together; unit and caveats as in the first table of this section; households: those supported "
    "from which the figure of that year is estimated",
    zh="各县合并估计；单位与说明同本节第一张表；户数为估计该年数值所依据的受帮扶户",
)


def impact(case: CountyCase, language: Language = "zh") -> Section:
    """Return each program's effect, its event study, and the caveats."""
    found = case.pooled.impact
    if not found:
        left = _left_out(case)
        none = "impact" in case.pooled.omitted or not left
        blank = [omitted(case, TITLE, "impact")] if none else []
        return open_section("impact", case, [*blank, *left], language)
    effects = [_effect(case, r) for r in found]
    blocks: list[Block] = [_scope(case)]
    for result, effect in zip(found, effects, strict=True):
        blocks.append(_said(result, effect))
    for form in dict.fromkeys(e.form for e in effects):
        pairs = [(r, e) for r, e in zip(found, effects, strict=True) if e.form == form]
        blocks += effect_tables(case, TITLE, [r for r, _ in pairs], [e for _, e in pairs])
    studied = [r for r in found if r.event_study is not None]
    blocks += _studies(case, studied)
    blocks += [_trend(case, r) for r in found if r.pre_trend_p is not None]
    blocks += _left_out(case)
    blocks.append(_caveats())
    return open_section("impact", case, blocks, language)


def _scope(case: CountyCase) -> Prose:
    if case.pooled.counties == 1:
        return Prose(
            Text(
                en="The estimates use all the data and refer to households that received the program.",
                zh="以下由全部数据估计，针对受帮扶户。",
            )
        )
    return prose.say(
        Text(
            en="These are not effects in this county. The estimates are made once, pooled over {counties} counties, because "
            "one county alone has too few villages, and stand in the report of every county alike: averages over the "
            "households that received the program. What a program did in {name} may be more or less, and the data "
            "cannot tell.",
            zh="以下并非本县的效果。单个县的村数过少，各项由{counties}个县合并估计，各县报告所列相同，为全部受帮扶户的平均；"
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
        effect_name(result),
        minimum_cell=case.plan.disclosure.minimum_cell,
        form=_form(result),
    )


def effect_name(result: ImpactResult) -> Text:
    """Return the name of an effect; with the wave where it is of one wave, and with what tells it from others."""
    return _named(result.label, result.kind, result.wave, result.variant)


def _named(label: Text, kind: str, wave: int | None, other: Text | None) -> Text:
    word = labels.word(kind)
    when = "" if wave is None else f" {wave}"
    more = Text(en="", zh="") if other is None else Text(en=f", {other.en}", zh=f"，{other.zh}")
    return Text(en=f"{label.en}, {word.en}{when}{more.en}", zh=f"{label.zh}（{word.zh}{when}{more.zh}）")


def _said(result: ImpactResult, effect: Part) -> Prose:
    at = effect.measure()
    return prose.effect(
        effect.label,
        at,
        percent=percent_of(result, at),
        form=effect.form,
        given=_ground(result),
        why=_why(result),
        changes=result.kind != "difference_in_means",
    )


def _ground(result: ImpactResult) -> Text | None:
    """Return the assumption under which the difference is an effect; None where it must not be called one."""
    if result.identified != "yes":
        return None
    return prose.PARALLEL if result.kind == "did" else prose.RANDOM


def _why(result: ImpactResult) -> Prose | None:
    """Say why a difference is not shown to be an effect."""
    if result.identified == "yes":
        return None
    if result.identified == "not_randomised":
        return Prose(_NOT_RANDOM)
    if result.identified == "no_pre_trend":
        return Prose(labels.in_words(result.pre_trend_note or _GENERIC))
    return prose.say(
        _MOVED_APART, [prose.p_number("p", result.pre_trend_p)], names={"caveat": _caveat(result)}
    )


def _caveat(result: ImpactResult) -> Text:
    """Return the note on a trend that was tested, to stand after a sentence."""
    note = result.pre_trend_note
    return Text(en="", zh="") if note is None else Text(en=f" {note.en}", zh=note.zh)


def _studies(case: CountyCase, studied: Sequence[ImpactResult]) -> list[Block]:
    if not studied:
        return []
    blocks: list[Block] = []
    panels = []
    event = _event(case)
    for result in studied:
        study = result.event_study
        if study is None:
            continue
        p = part(
            study,
            Text(en="Estimate", zh="估计值"),
            minimum_cell=case.plan.disclosure.minimum_cell,
            form=_form(result),
        )
        title = Text(
            en=f"{_title(result).en[:1].upper()}{_title(result).en[1:]}: estimates by year since support began",
            zh=f"{_title(result).zh}：帮扶前后各年的估计值",
        )
        blocks.append(_with_supported(estimates_table(title, event, [p])))
        panels.append(
            figures.Panel(
                (series(p, "event_time"),),
                event.label,
                Text(en="Estimate (log points)", zh="估计值（对数点）")
                if _form(result) == "ratio"
                else p.label,
                _form(result),
                _title(result),
                style="points",
                zero=True,
            )
        )
    names = prose.listed([_title(r) for r in studied])
    picture = Figure(
        Text(en="Event study", zh="事件研究"),
        Text(
            en=f"Estimates by {event.label.en[0].lower()}{event.label.en[1:]}, with intervals and a line at zero: {names.en}.",
            zh=f"按{event.label.zh}列示的估计值，含区间与零线：{names.zh}。",
        ),
        figures.draw_panels(panels, synthetic=case.plan.synthetic),
        Text(
            en="Left of zero: before support, where no effect is expected. Vertical bars: 95\u202f% intervals, each on its own.",
            zh="零点左侧为帮扶之前，预期无效果。竖线为逐点95%区间。",
        ),
    )
    return [picture, *blocks]


def _title(result: ImpactResult) -> Text:
    """Return the program's name, with what tells it from other group-time effects of the program."""
    more = result.variant
    if more is None:
        return result.label
    return Text(en=f"{result.label.en}, {more.en}", zh=f"{result.label.zh}（{more.zh}）")


def _event(case: CountyCase) -> Column:
    """Return the column of event time, by how far apart the waves are."""
    waves = case.result.waves
    yearly = all(b - a == 1 for a, b in pairwise(waves))
    return EVENT if yearly else EVENT_WAVES


def _with_supported(table: Table) -> Table:
    """Return a table by year whose last column says that it counts supported households."""
    last = replace(table.columns[-1], label=Text(en="Supported households", zh="受帮扶户数"))
    signs = tuple(n for n in table.notes if n in (WITHHELD, NO_INTERVAL))
    return Table(table.title, (*table.columns[:-1], last), table.rows, (*signs, _NOTES_ABOVE))


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
    first = -result.anticipation
    years = [float(t) for t in p.rows["event_time"]]
    found = [t for i, t in enumerate(years) if t < first and prose.reading(p.measure(i)) in ("up", "down")]
    if not found:
        return Text(en="", zh="")
    listed = prose.listed([Text(en=s, zh=s) for s in (display.bare(t, "code") for t in found)])
    return Text(
        en=f" Taken one by one, the interval of year {listed.en} excludes zero.",
        zh=f"另外，逐年看，第{listed.zh}年的区间不含零。",
    )


def _trend(case: CountyCase, result: ImpactResult) -> Prose:
    differs = result.identified == "pre_trend_rejected"
    template = (
        Text(
            en="{program}: before support, treated and comparison households already moved apart (joint test {p}); "
            "the estimate should not be read as the effect of the program.{caveat}",
            zh="{program}：帮扶之前受帮扶户与对照户的走势已有差异（联合检验{p}），不宜将估计值理解为措施所致。{caveat}",
        )
        if differs
        else Text(
            en="{program}: no difference in trend before support can be shown (joint test {p}); that does not prove "
            "that there was none.{alone}{caveat}",
            zh="{program}：不能表明帮扶之前走势有差异（联合检验{p}），但这并不证明没有差异。{alone}{caveat}",
        )
    )
    return prose.say(
        template,
        [prose.p_number("p", result.pre_trend_p)],
        names={"program": _title(result), "caveat": _caveat(result)}
        | ({} if differs else {"alone": _alone(case, result)}),
        style="warning" if differs else "plain",
    )


def _left_out(case: CountyCase) -> list[Block]:
    """Name the specifications that could not be estimated by program and kind, each with its reason."""
    out: list[Block] = []
    for key, reason in case.pooled.omitted.items():
        if not key.startswith("impact:"):
            continue
        spec = spec_of(key, case.plan)
        if spec is None:
            msg = f"the build leaves out {key!r}, which is no specification of the plan; build again"
            raise ReportError(msg)
        name = _named(case.plan.label(spec.program), spec.kind, wave_of(spec), variant(spec, case.plan))
        out.append(Omitted(name, reason))
    return out


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
