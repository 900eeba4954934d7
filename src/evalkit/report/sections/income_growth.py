"""Section 3: the welfare measure by wave, its growth, and the benchmark test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import figures, labels, prose
from evalkit.report.document import Block, Figure, Omitted, Prose, Section
from evalkit.report.sections.reading import (
    WAVE,
    area_label,
    money_label,
    omitted,
    open_section,
    reasons,
    released,
    series,
    waves_of,
    welfare_label,
)
from evalkit.report.tables import Part, estimates_table, values_table
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

ALPHA = 0.05
"""Level of the one-sided benchmark test."""
COHORTS = {
    "baseline": Text(en="the households observed in both years", zh="两年均有观测的农户"),
    "current": Text(en="all households of each year", zh="各年全部农户"),
}


def income(case: CountyCase, language: Language = "zh") -> Section:
    """Return mean and median by wave, growth from the first to the last, and the benchmark test."""
    blocks: list[Block] = [_concept(case)]
    blocks += _levels(case)
    blocks += _growth(case)
    blocks += _benchmark(case)
    return open_section("income", case, blocks, language)


def _concept(case: CountyCase) -> Prose:
    facts = case.result.facts
    label = welfare_label(case)
    concepts = dict.fromkeys(case.plan.concepts(list(case.result.waves)).values())
    said = [labels.word(c) for c in concepts] or [Text(en="not stated", zh="未说明")]
    names = {"welfare": label, "concept": prose.listed(said)}
    if facts.get("real") and facts.get("price_year"):
        return prose.say(
            Text(
                en="The measure is {welfare} (amounts are yearly); concept: {concept}. Growth and means called real are in "
                "prices of {year}.",
                zh="指标为{welfare}（全年数）；口径：{concept}。标明“实际”的均值与增长按{year}年价格计。",
            ),
            [prose.plain_number("year", facts["price_year"], "code")],
            names=names,
        )
    return prose.say(
        Text(
            en="The measure is {welfare} (amounts are yearly); concept: {concept}. The plan has no price index: every "
            "amount and every growth rate is nominal.",
            zh="指标为{welfare}（全年）；口径：{concept}。方案未给出价格指数：所有金额与增长率均为名义值。",
        ),
        names=names,
    )


def _levels(case: CountyCase) -> list[Block]:
    mean = _level(case, "mean_welfare", Text(en="Mean", zh="均值"))
    median = _level(case, "median_welfare", Text(en="Median", zh="中位数"))
    parts = [p for p in (mean, median) if p is not None]
    title = Text(en="Welfare by year", zh="各年福利水平")
    if not parts:
        return [omitted(case, title, "income")]
    picture = Figure(
        title,
        _alt(parts),
        figures.draw_panels(
            [
                figures.Panel(
                    tuple(series(p) for p in parts),
                    WAVE.label,
                    money_label(case, welfare_label(case)),
                    "money",
                )
            ],
            synthetic=case.plan.synthetic,
        ),
        Text(
            en="Vertical bars: 95\u202f% intervals. The figures are in the table.",
            zh="竖线为95%区间，数值见表。",
        ),
    )
    return [estimates_table(title, WAVE, parts), picture]


def _level(case: CountyCase, name: str, label: Text) -> Part | None:
    """Return a released level, its label saying whether the estimate is real or nominal."""
    found = case.result.estimates.get(name)
    if found is None:
        return None
    real = any(note.en.startswith("real:") for note in found.about.notes)
    return released(case, name, money_label(case, _kind(label.en, label.zh, real=real)))


def _kind(en: str, zh: str, *, real: bool) -> Text:
    return Text(en=f"{en}, {'real' if real else 'nominal'}", zh=f"{'实际' if real else '名义'}{zh}")


def _alt(parts: list[Part]) -> Text:
    names = prose.listed([p.label for p in parts])
    waves = parts[0].rows["wave"].tolist()
    return Text(
        en=f"Line chart of {names.en} from {waves[0]} to {waves[-1]}, with intervals.",
        zh=f"{waves[0]}年至{waves[-1]}年{names.zh}折线图，含区间。",
    )


def _growth(case: CountyCase) -> list[Block]:
    heading = Prose(Text(en="Growth", zh="增长"), style="heading")
    first, last = waves_of(case)
    real = bool(case.result.facts.get("real"))
    kinds = (
        ("growth_mean", _kind("Growth of the mean", "均值增长", real=real)),
        ("growth_median", _kind("Growth of the median", "中位数增长", real=real)),
    )
    parts = [p for name, label in kinds if (p := released(case, name, label)) is not None]
    title = Text(en=f"Growth of welfare from {first} to {last}", zh=f"{first}年至{last}年福利增长")
    if not parts:
        return [heading, omitted(case, title, "growth", "income")]
    mean = next((p for p in parts if p.about.unit == "share"), parts[0])
    what = Text(
        en=f"mean {welfare_label(case).en} ({'real' if real else 'nominal'})",
        zh=f"{welfare_label(case).zh}均值（{'实际' if real else '名义'}）",
    )
    said = prose.change(what, mean.measure(), mean.form, frm=first, to=last)
    return [heading, Prose(said.text, said.numbers, "finding"), values_table(title, parts)]


def _benchmark(case: CountyCase) -> list[Block]:
    heading = Prose(Text(en="Against the benchmark", zh="与对照比较"), style="heading")
    title = Text(en="Growth less the benchmark's growth", zh="增长与对照增长之差")
    fact = case.result.facts.get("benchmark")
    parts: list[Part] = []
    blocks: list[Block] = [heading]
    for cohort, who in COHORTS.items():
        p = released(case, f"benchmark_{cohort}", _cohort_label(who), form="points")
        if p is None or fact is None:
            continue
        if not parts:
            blocks.append(_series_said(case))
        parts.append(p)
        p_value = case.result.facts.get(f"benchmark_{cohort}_p")
        blocks.append(prose.benchmark(p.measure(), p_value, alpha=ALPHA, cohort=who, area=area_label(fact)))
    if not parts:
        return [heading, omitted(case, title, "benchmark", "growth")]
    note = Text(
        en="differences in percentage points; the test is one-sided at 5\u202f%; the benchmark is taken as known "
        "without error; growth and benchmark are both nominal",
        zh="差值为百分点；检验为5%水平的单侧检验；对照增长视为无误差的已知数；增长与对照均为名义值",
    )
    blocks.append(values_table(title, parts, notes=(note,)))
    blocks += [Omitted(title, r) for r in reasons(case, "benchmark")]
    return blocks


def _cohort_label(who: Text) -> Text:
    return Text(en=who.en[0].upper() + who.en[1:], zh=who.zh)


def _series_said(case: CountyCase) -> Prose:
    fact = case.result.facts["benchmark"]
    levels = fact["levels"]
    frm, to = fact["frm"], fact["to"]
    numbers = [
        prose.plain_number("frm", frm, "code"),
        prose.plain_number("to", to, "code"),
        prose.plain_number("first", levels[str(frm)], "money"),
        prose.plain_number("last", levels[str(to)], "money"),
        prose.plain_number("growth", fact["growth"], "share"),
    ]
    return prose.say(
        Text(
            en="Benchmark: {area}, from {first} in {frm} to {last} in {to}, nominal growth {growth}. Source: {source}.",
            zh="对照：{area}，由{frm}年的{first}增至{to}年的{last}，名义增长{growth}。来源：{source}。",
        ),
        numbers,
        names={"area": area_label(fact), "source": text_from(fact.get("source") or "—")},
    )
