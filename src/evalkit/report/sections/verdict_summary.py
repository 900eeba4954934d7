"""Verdicts on the exit criteria, and the key figures of the county."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.disclose import release
from evalkit.report import figures, labels, prose
from evalkit.report.document import Block, Figure, Prose, Section, VerdictCard, card_numbers, finite
from evalkit.report.sections.reading import (
    NUMBER,
    money_label,
    omitted,
    open_section,
    place_name,
    population,
    released,
    waves_of,
    welfare_label,
)
from evalkit.report.tables import DECIMALS, Part, frame_table, values_table
from evalkit.report.words import WORDS
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.exits import ExitJudgement
    from evalkit.pipeline.results import CountyCase
    from evalkit.verdicts import Verdict

VERDICTS = Text(en="Verdicts on the county's exit", zh="县级退出结论")
KEY_FIGURES = Text(en="Key figures of the county", zh="本县主要指标")
MEASURED = Text(en="Measured from the household panel", zh="由农户面板数据测算")
ELSEWHERE = Text(
    en=f"how these are defined and what they leave out is said in sections {NUMBER['income']} to {NUMBER['dynamics']}",
    zh=f"定义与未计入的内容见第{NUMBER['income']}至{NUMBER['dynamics']}节",
)
COVERAGE = Text(
    en="these figures speak of the population named here, not of the whole rural population: they cannot be set against "
    "the composite incidence",
    zh="以上指标仅就上述统计对象而言，不代表全县农村人口，不能与综合贫困发生率直接比较",
)
FEW_VILLAGES = 10
"""Below this many sampled villages the summary warns of its intervals."""


def summary(case: CountyCase, language: Language = "zh") -> Section:
    """Return the verdicts, what they mean, and the key figures.

    Parameters
    ----------
    case : CountyCase
    language : {"zh", "en"}
        Shown in JupyterLab; the section holds both.
    """
    blocks: list[Block] = [_subject(case), *_few_villages(case)]
    judgement = case.result.judgement
    facts: dict[str, Any] = {"overall": None, "point_rule": None, "verdicts": []}
    if judgement is None:
        blocks.append(omitted(case, VERDICTS, "verdicts", "exits"))
    else:
        cards = tuple(_card(v, case.plan.disclosure.minimum_cell) for v in judgement.verdicts)
        blocks += _verdicts(case, judgement, cards)
        facts = _facts(judgement, cards)
    blocks += _key_figures(case)
    return open_section("summary", case, blocks, language, facts)


def _subject(case: CountyCase) -> Prose:
    first, last = waves_of(case)
    template = Text(
        en="This report evaluates {name} over the years {first} to {last}. The welfare measure is {welfare}. "
        "Intervals in brackets are 95\u202f% confidence intervals from the survey design; where one is missing, a dash "
        "stands in its place and a note says why.",
        zh="本报告评估{name}{first}年至{last}年的情况，测算指标为{welfare}。括号内为按抽样设计计算的95%置信区间；无法给出区间时以短横表示，并在注中说明原因。",
    )
    if first == last:
        template = Text(
            en="This report describes {name} in {first}; there is one wave only. The welfare measure is {welfare}.",
            zh="本报告描述{name}{first}年的情况，仅有一期数据，测算指标为{welfare}。",
        )
    numbers = [prose.plain_number("first", first, "code")]
    if first != last:
        numbers.append(prose.plain_number("last", last, "code"))
    return prose.say(template, numbers, names={"name": place_name(case), "welfare": welfare_label(case)})


def _few_villages(case: CountyCase) -> list[Block]:
    """Warn where so few villages were sampled that the intervals themselves are unsure."""
    sample = case.result.tables.get("sample")
    if sample is None or sample.empty or "villages" not in sample:
        return []
    least = int(sample["villages"].min())
    if least >= FEW_VILLAGES or case.plan.design.psu is None:
        return []
    return [
        prose.say(
            Text(
                en="The sample has {villages} villages only. Intervals from so few villages are wide and themselves "
                "unsure; limits may even lie outside the possible range.",
                zh="样本仅有{villages}个村。村数过少时区间很宽，且区间本身也不可靠，界限甚至可能超出取值范围。",
            ),
            [prose.plain_number("villages", least, "count")],
            style="warning",
        )
    ]


def _card(verdict: Verdict, minimum_cell: int) -> VerdictCard:
    """Return the card of a verdict; the figures are withheld if too few households are behind them."""
    gate = release(verdict.estimate, minimum_cell=minimum_cell, decimals=DECIMALS)
    open_ = not gate.suppressed
    extra = () if open_ else (gate.note,)
    said = labels.typeset(Text(en=verdict.explain("en"), zh=verdict.explain("zh")))
    notes = tuple(labels.in_words(n) for n in verdict.notes)
    return VerdictCard(
        criterion=verdict.criterion,
        conclusion=verdict.conclusion if open_ else "not_shown",
        direction=verdict.direction,
        inclusive=verdict.inclusive,
        point_rule=verdict.point_rule if open_ else None,
        explanation=said if open_ else gate.note,
        value=finite(verdict.value) if open_ else None,
        lower=finite(verdict.lower) if open_ else None,
        upper=finite(verdict.upper) if open_ else None,
        threshold=verdict.threshold,
        confidence=verdict.confidence,
        notes=(*_confidence(verdict), *notes) if open_ else extra,
        official=finite(verdict.official) if open_ else None,
    )


def _confidence(verdict: Verdict) -> tuple[Text, ...]:
    """State the confidence that the true value lies above the threshold, where it can be had."""
    if not math.isfinite(verdict.prob_above) or verdict.estimate.about.interval == "none":
        return ()
    p = verdict.prob_above
    shown = "< 1" if p < 0.01 else ("> 99" if p > 0.99 else f"{p * 100:.0f}")
    return (
        Text(
            en=f"Confidence that the true value lies above the threshold: {shown}\u202f%.",
            zh=f"真值高于标准的置信度：{shown}%。",
        ),
    )


def _verdicts(case: CountyCase, judgement: ExitJudgement, cards: tuple[VerdictCard, ...]) -> list[Block]:
    overall = Text(en=judgement.explain("en"), zh=judgement.explain("zh"))
    blocks: list[Block] = [
        Prose(overall, style="finding"),
        Prose(WORDS["how_to_read"], style="note"),
        *cards,
        *(
            [Prose(WORDS["confidence_said"], style="note")]
            if any(map(_confidence, judgement.verdicts))
            else ()
        ),
    ]
    shown = [c for c in cards if c.value is not None]
    if shown:
        blocks.append(_picture(case, shown))
    blocks += _stages(judgement, case.plan.disclosure.minimum_cell)
    blocks += [prose.note(n) for n in judgement.notes]
    return blocks


def _picture(case: CountyCase, cards: list[VerdictCard]) -> Figure:
    targets = [
        figures.Target(
            c.criterion, c.value, c.lower, c.upper, c.threshold, c.direction == "below", WORDS[c.conclusion]
        )
        for c in cards
    ]
    said = {
        lang: "; ".join(
            f"{c.criterion.get(lang)} {n['value']} ({n['limits']}), {n['threshold']}"
            for c in cards
            for n in [card_numbers(c, lang)]
        )
        for lang in ("en", "zh")
    }
    return Figure(
        Text(en="The criteria against their thresholds", zh="各项指标与标准"),
        Text(en=said["en"], zh=said["zh"]),
        figures.draw_targets(targets, synthetic=case.plan.synthetic),
        Text(
            en="Dot: estimate; bar: one-sided limits; dashed line: threshold; shaded: the side that meets the "
            "criterion. Each criterion has its own scale.",
            zh="圆点为估计值，横线两端为单侧置信限，虚线为标准，浅色区域为达标一侧；各项指标刻度不同。",
        ),
    )


def _stages(judgement: ExitJudgement, minimum_cell: int) -> list[Block]:
    stages = judgement.stages
    if not len(stages) or not int(stages["suspected"].sum()):
        return [
            Prose(Text(en="The survey raised no suspected case.", zh="抽查未发现疑似情形。"), style="note")
        ]
    columns = ["stage", "suspected", "wrong_exit", "wrong_exit_persons", "missed", "missed_persons"]
    table = frame_table(
        Text(en="Suspected cases by the stage they have reached", zh="疑似情形及其核查阶段"),
        stages,
        columns=columns,
        notes=(
            Text(
                en="counts of households and persons in the sample, without weights; they are cases, not estimates, "
                f"and stand beside samples of at least {minimum_cell} households",
                zh=f"为样本中的户数与人数，未加权；属于情形计数而非估计值，所在样本不少于{minimum_cell}户",
            ),
        ),
    )
    return [table]


def _facts(judgement: ExitJudgement, cards: tuple[VerdictCard, ...]) -> dict[str, Any]:
    codes = [str(v.estimate.keys["criterion"].iloc[0]) for v in judgement.verdicts]
    listed = [
        {
            "code": code,
            "criterion": c.criterion.to_dict(),
            "conclusion": c.conclusion,
            "point_rule": c.point_rule,
            "value": c.value,
            "lower": c.lower,
            "upper": c.upper,
            "threshold": c.threshold,
            "shown": {
                lang: f"{n['value']} ({n['limits']})"
                for lang in ("zh", "en")
                for n in [card_numbers(c, lang)]
            },
        }
        for code, c in zip(codes, cards, strict=True)
    ]
    return {"overall": judgement.conclusion, "point_rule": judgement.point_rule, "verdicts": listed}


def _key_figures(case: CountyCase) -> list[Block]:
    first, last = waves_of(case)
    wanted = (
        ("headcount", Text(en=f"Headcount rate as measured, {last}", zh=f"{last}年贫困发生率（测算）")),
        ("return_rate", Text(en=f"Return rate as measured, {last}", zh=f"{last}年返贫率（测算）")),
        ("exit_rate", Text(en=f"Exit rate as measured, {last}", zh=f"{last}年脱贫率（测算）")),
    )
    parts = []
    for name, label in wanted:
        found = case.result.estimates.get(name)
        if found is None or "wave" not in found.keys or last not in set(found.keys["wave"]):
            continue
        one = released(_only(case, name, last), name, label)
        if one is not None:
            parts.append(one)
    growth = released(case, "growth_mean", _grown(case, first, last))
    if growth is not None:
        parts.append(growth)
    blocks: list[Block] = [Prose(KEY_FIGURES, style="heading"), population(case)]
    if parts:
        blocks.append(values_table(MEASURED, parts, notes=(COVERAGE,), elsewhere=ELSEWHERE))
    mean = released(case, "mean_welfare", money_label(case, Text(en="Mean", zh="均值")))
    if mean is not None:
        at = mean.at("wave", last)
        if at is not None and at.known:
            blocks.append(_mean(case, mean, at, last))
    if len(blocks) == 2:
        blocks.append(omitted(case, KEY_FIGURES, "income", "poverty"))
    return blocks


def _grown(case: CountyCase, first: int, last: int) -> Text:
    label = welfare_label(case)
    return Text(
        en=f"Growth of mean {label.en}, {first} to {last}", zh=f"{first}年至{last}年{label.zh}均值增长"
    )


def _mean(case: CountyCase, mean: Part, at: prose.Measure, last: int) -> Prose:
    """State the mean of the last wave with its interval, and in whose prices."""
    real = any(note.en.startswith("real:") for note in mean.about.notes)
    kind = Text(en="real", zh="实际值") if real else Text(en="nominal", zh="名义值")
    return prose.say(
        Text(
            en="Mean {welfare} in {wave} was {value} {currency} ({kind}).",
            zh="{wave}年{welfare}均值为{value}{currency}（{kind}）。",
        ),
        [prose.plain_number("wave", last, "code"), prose.figure("value", at, "money")],
        names={"welfare": welfare_label(case), "currency": case.plan.welfare.currency.text, "kind": kind},
    )


def _only(case: CountyCase, name: str, wave: int) -> CountyCase:
    """Return the case with one estimate narrowed to one wave."""
    one = case.result.estimates[name].where(wave=wave)
    return replace(case, result=replace(case.result, estimates={**case.result.estimates, name: one}))
