"""Income: the welfare measure by wave, its growth, and the benchmark test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.plansections import TablePrices
from evalkit.report import figures, labels, prose
from evalkit.report.document import Block, Figure, Omitted, Prose, Section
from evalkit.report.sections.distribution import incidence_blocks, inequality_blocks
from evalkit.report.sections.reading import (
    NUMBER,
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
NO_EFFECT = Text(
    en="Growth is not by itself an effect of support. Where households are in the data because they were poor at the "
    "start, as registered households are, part of what was low was chance or error of measurement, and such incomes "
    "rise on average without any support (regression to the mean). Growth above a benchmark therefore does not show "
    f"that support raised incomes; section {NUMBER['impact']} compares supported with other households.",
    zh="增长本身并不等于帮扶的效果。如果住户是因期初贫困而进入数据（建档立卡户即是如此），期初偏低的收入中有一部分出于偶然因素或测量误差，"
    "即使没有帮扶，平均而言也会回升（均值回归）。因此，增速高于参照水平不能单独作为帮扶见效的依据；"
    f"受帮扶户与其他住户的比较见第{NUMBER['impact']}节。",
)
"""What growth does not show."""
COHORTS = {
    "baseline": Text(en="the households observed in both years", zh="两年均有观测的农户"),
    "current": Text(en="all households of each year", zh="各年全部农户"),
}


def income(case: CountyCase, language: Language = "zh") -> Section:
    """Return mean and median by wave, growth from the first to the last, and the benchmark test."""
    blocks: list[Block] = [_concept(case), *_prices(case)]
    blocks += _levels(case)
    blocks += _growth(case)
    blocks += incidence_blocks(case)
    blocks += inequality_blocks(case)
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
                zh="测算指标为{welfare}（全年数），口径为{concept}。标明“实际”的均值与增长按{year}年价格计。",
            ),
            [prose.plain_number("year", facts["price_year"], "code")],
            names=names,
        )
    return prose.say(
        Text(
            en="The measure is {welfare} (amounts are yearly); concept: {concept}. The plan has no price index: every "
            "amount and every growth rate is nominal.",
            zh="测算指标为{welfare}（全年数），口径为{concept}。方案未给出价格指数，所有金额与增长率均为名义值。",
        ),
        names=names,
    )


def _prices(case: CountyCase) -> list[Block]:
    """State the price index of the plan, where it comes from, and whether it was verified."""
    prices = case.plan.prices
    if not isinstance(prices, TablePrices):
        return []
    listed = ", ".join(f"{wave}: {index:g}" for wave, index in sorted(prices.index.items()))
    en, zh = ("", "") if prices.verified else ("; not verified in print", "；未经文献核实")
    said = Text(
        en=f"Price index: {listed}. Source: {prices.source}{en}.",
        zh=f"价格指数：{listed}。来源（方案所载）：{prices.source}{zh}。",
    )
    return [prose.note(said)]


def _levels(case: CountyCase) -> list[Block]:
    mean = _level(case, "mean_welfare", Text(en="Mean", zh="均值"))
    median = _level(case, "median_welfare", Text(en="Median", zh="中位数"))
    parts = [p for p in (mean, median) if p is not None]
    label = welfare_label(case)
    title = Text(en=f"{label.en[:1].upper()}{label.en[1:]} by year", zh=f"各年{label.zh}")
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
    label = welfare_label(case)
    title = Text(en=f"Growth of {label.en} from {first} to {last}", zh=f"{first}年至{last}年{label.zh}增长")
    if not parts:
        return [heading, omitted(case, title, "growth", "income")]
    mean = next((p for p in parts if p.about.unit == "share"), parts[0])
    what = Text(
        en=f"mean {label.en} ({'real' if real else 'nominal'})",
        zh=f"{label.zh}均值（{'实际' if real else '名义'}）",
    )
    said = prose.change(what, mean.measure(), mean.form, frm=first, to=last)
    return [heading, Prose(said.text, said.numbers, "finding"), values_table(title, parts), Prose(NO_EFFECT)]


def _benchmark(case: CountyCase) -> list[Block]:
    heading = Prose(Text(en="Against the benchmark", zh="与参照比较"), style="heading")
    title = Text(en="Growth less the benchmark's growth", zh="增速与参照增速之差")
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
        en="differences in percentage points, with two-sided intervals; the test is one-sided at 5\u202f%; the benchmark "
        "is taken as known without error",
        zh="差值单位为百分点，区间为双侧；检验为5%水平的单侧检验；参照增速视为无误差的已知数",
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
            en="Benchmark: {area}, {first} {currency} in {frm} and {last} {currency} in {to}, nominal growth {growth}. "
            "Source: {source}.",
            zh="参照：{area}，{frm}年为{first}{currency}，{to}年为{last}{currency}，名义增长{growth}。来源：{source}。",
        ),
        numbers,
        names={
            "area": area_label(fact),
            "source": _source(case),
            "currency": case.plan.welfare.currency.text,
        },
    )


def _source(case: CountyCase) -> Text:
    """Name the source of the benchmark, and say which of its two levels were not verified in print."""
    fact, spec, pack = case.result.facts["benchmark"], case.plan.benchmark, case.plan.rule_pack()
    if spec is None or spec.kind != "standard" or pack is None:
        return text_from(fact.get("source") or "—")
    cited = pack.citations("benchmarks", [int(fact["frm"]), int(fact["to"])], key=spec.area)
    named = Text(en=f"{pack.title.en} ({pack.id})", zh=f"{pack.title.zh}（{pack.id}）")
    years = [str(y) for y in cited.loc[~cited["verified"], "year"]]
    if not years:
        return named
    return Text(
        en=f"{named.en}; {' and '.join(years)} not verified in print",
        zh=f"{named.zh}；{'、'.join(years)}年数值未经文献核实",
    )
