"""What the sections share: opening a section, releasing an estimate of the case, naming waves and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.estimate import Estimate
from evalkit.report import labels, prose
from evalkit.report.display import Format
from evalkit.report.document import Block, Column, Omitted, Prose, Section
from evalkit.report.marks import Series
from evalkit.report.tables import Part, part
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TITLES: dict[str, Text] = {
    "summary": Text(en="Summary and verdicts", zh="摘要与结论"),
    "quality": Text(en="Data and data quality", zh="数据与数据质量"),
    "income": Text(en="Household income growth", zh="农户收入增长"),
    "poverty": Text(en="Poverty and its trend", zh="贫困状况与趋势"),
    "deprivation": Text(en="Guarantees and deprivation", zh="“两不愁三保障”与多维贫困"),
    "dynamics": Text(en="Exits and returns", zh="脱贫与返贫"),
    "sustainability": Text(en="What exits rest on", zh="脱贫的可持续性"),
    "accounts": Text(en="Standards, lists and accounts", zh="标准、清单与台账"),
    "look_back": Text(en="Look-back and scorecards", zh="回头看与精准识别"),
    "patterns": Text(en="Patterns to look at", zh="需要核查的数据特征"),
    "risk": Text(en="Risk of return to poverty", zh="返贫风险"),
    "impact": Text(en="Program effects", zh="帮扶措施效果"),
    "methods": Text(en="Methods, caveats and provenance", zh="方法、局限与来源"),
}
"""Section → title, in the order of the report."""
NUMBER = {name: number for number, name in enumerate(TITLES, 1)}
"""Section → number; sentences that point to a section take it from here."""

SPEAKS_OF = ("income", "poverty", "deprivation", "dynamics", "sustainability", "accounts", "risk")
"""Sections whose figures are of the population of the household table."""

CONSUMPTION = Text(en="Household consumption growth", zh="农户消费增长")
"""Title of the income section where the measure is consumption."""

WAVE = Column("wave", Text(en="Year", zh="年度"), "code")


def open_section(
    name: str,
    case: CountyCase,
    blocks: Sequence[Block],
    language: Language,
    facts: Mapping[str, Any] | None = None,
) -> Section:
    """Return a section with its number, title, banner and county."""
    title = TITLES[name]
    if name in SPEAKS_OF:
        blocks = [population(case), *blocks]
    if name == "income" and set(case.plan.concepts(list(case.result.waves)).values()) == {"consumption"}:
        title = CONSUMPTION
    return Section(
        id=name,
        number=NUMBER[name],
        title=title,
        blocks=tuple(_sentence(b) for b in blocks),
        synthetic=case.plan.synthetic,
        language=language,
        county=case.county,
        facts={} if facts is None else dict(facts),
    )


def population(case: CountyCase) -> Prose:
    """Say whom the figures of a section speak of."""
    return prose.say(
        Text(
            en="Population: {population}. The figures of this section speak of these only.",
            zh="统计对象：{population}。本节数字仅就此而言。",
        ),
        names={"population": case.plan.population.text},
        style="note",
    )


def _sentence(block: Block) -> Block:
    """Return a reason as a sentence in the words and marks of a report; other blocks as they are."""
    if not isinstance(block, Omitted):
        return block
    said = labels.in_words(block.reason)
    return replace(block, reason=Text(en=said.en[:1].upper() + said.en[1:], zh=said.zh))


def released(
    case: CountyCase,
    name: str,
    label: Text,
    *,
    form: Format | None = None,
    pooled: bool = False,
    where: Mapping[str, object] | None = None,
) -> Part | None:
    """Return a released estimate of the case, or None if the build has none of that name.

    `where` chooses the values with certain keys; those keys are then no longer part of it.
    """
    found: Mapping[str, Estimate] = case.pooled.estimates if pooled else case.result.estimates
    if name not in found or len(found[name]) == 0:
        return None
    estimate = found[name]
    if where is not None:
        chosen = estimate.where(**where)
        estimate = replace(chosen, keys=chosen.keys.drop(columns=list(where)))
    return part(estimate, label, minimum_cell=case.plan.disclosure.minimum_cell, form=form)


def omitted(case: CountyCase, what: Text, *keys: str) -> Omitted:
    """Say what is left out and the reason the build gave under the first of `keys` that it knows."""
    known = {**case.pooled.omitted, **case.result.omitted}
    for key in keys:
        if key in known:
            return Omitted(what, known[key])
    return Omitted(
        what,
        Text(
            en="the build holds no such result and gives no reason; run the build again and see its log.",
            zh="建库结果中没有此项，也未给出原因；请重新建库并查看日志。",
        ),
    )


def reasons(case: CountyCase, *keys: str) -> list[Text]:
    """Return the reasons the build gave under these keys."""
    return [case.result.omitted[k] for k in keys if k in case.result.omitted]


def money_label(case: CountyCase, label: Text) -> Text:
    """Return a label with the plan's currency."""
    currency = case.plan.welfare.currency
    return Text(en=f"{label.en} ({currency.en})", zh=f"{label.zh}（{currency.zh}）")


def welfare_label(case: CountyCase) -> Text:
    """Return the plan's name of the welfare measure."""
    return case.plan.welfare.label.text


def place_name(case: CountyCase) -> Text:
    """Return the county's name as it reads inside a sentence; a county without one is called by its code."""
    if case.name != case.county:
        return text_from(case.name)
    if case.county == "all":
        return Text(en="all households of the data", zh="数据中的全部住户")
    return Text(en=f"county {case.county}", zh=f"代码为{case.county}的县")


def waves_of(case: CountyCase) -> tuple[int, int]:
    """Return the first and the last wave."""
    return case.result.waves[0], case.result.waves[-1]


def series(p: Part, key: str = "wave", label: Text | None = None) -> Series:
    """Return a released estimate as a line of a picture."""
    n = len(p.rows)
    measures = [p.measure(i) for i in range(n)]
    return Series(
        p.label if label is None else label,
        tuple(float(x) for x in p.rows[key]),
        tuple(m.value for m in measures),
        tuple(m.low for m in measures),
        tuple(m.high for m in measures),
    )


def area_label(fact: Mapping[str, Any]) -> Text:
    """Return the words for a benchmark area: the plan's label, else the known name of its code."""
    given = fact.get("label")
    return text_from(given) if given else labels.word(str(fact.get("area", "")))
