"""Caveats of exit verdicts, in both report languages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from evalkit.exits.judgement import CRITERIA
from evalkit.standards import ExitRules
from evalkit.text import Text
from evalkit.verdicts import CONCLUSIONS, Conclusion, Verdict

GROUP_LABELS = {
    "exited": Text(en="exited", zh="已脱贫户"),
    "unregistered": Text(en="unregistered", zh="非建档立卡户"),
    "any": Text(en="interviewed", zh="受访户"),
}


DENOMINATOR_LABELS = {
    "sampled_villages": Text(
        en="all unregistered persons of the sampled villages", zh="样本村全部非建档立卡人口"
    ),
    "interviewed": Text(en="interviewed unregistered persons", zh="受访非建档立卡人口"),
}


def empty_group(group: str) -> Text:
    """Say that a rate has no household to rest on."""
    label = GROUP_LABELS[group]
    return Text(
        en=f"No {label.en} household with an answer was sampled, so there is no rate.",
        zh=f"样本中没有可用的{label.zh}，无法计算比率。",
    )


def unanswered(count: int, households: int, group: str) -> Text:
    """Say how many households of a group have no answer and are left out of the rate."""
    label = GROUP_LABELS[group]
    return Text(
        en=f"{count:,} of {households:,} {label.en} households have no answer and are left out of the rate.",
        zh=f"{households:,}户{label.zh}中有{count:,}户无结论，未计入比率。",
    )


def counts(hit: tuple[int, float], base: tuple[int, float], rate: float) -> Text:
    """State findings and base as (households, persons), and the rate without weights."""
    return Text(
        en=(
            f"Found: {hit[0]:,} households with {hit[1]:,.0f} persons among {base[0]:,} households with "
            f"{base[1]:,.0f} persons; without weights {rate:.2%} of persons."
        ),
        zh=f"发现问题{hit[0]:,}户{hit[1]:,.0f}人，调查{base[0]:,}户{base[1]:,.0f}人；不加权占比{rate:.2%}。",
    )


def edge_rate(value: float, households: float, prior_deff: float) -> Text:
    """Say what the interval of a rate of 0 or 1 rests on."""
    at = f"{value:.0%}"
    return Text(
        en=(
            f"A rate of {at} has no sampling variance to estimate: its limits rest on {households:,.0f} households "
            f"and an assumed design effect of {prior_deff:g}."
        ),
        zh=f"比率为{at}时无法估计抽样方差：置信限按{households:,.0f}户、假定设计效应{prior_deff:g}计算。",
    )


def no_variance(villages: float) -> Text:
    """Say that there are too few villages for an interval."""
    return Text(
        en=f"{villages:.0f} sampled villages leave no degrees of freedom, so there is no interval.",
        zh=f"仅{villages:.0f}个样本村，自由度不足，无法计算置信区间。",
    )


def known_total(persons: float) -> Text:
    """Say how the missed rate over all unregistered persons of the sampled villages is made."""
    return Text(
        en=(
            f"Missed persons are counted without weights over the {persons:,.0f} unregistered persons of the sampled "
            "villages. This presumes that those villages were searched in full: if only interviewed households "
            "were examined, it understates the rate."
        ),
        zh=(
            f"漏评人口不加权，除以样本村非建档立卡人口{persons:,.0f}人。此口径以样本村经过全面排查为前提；"
            "若仅核查了受访户，则会低估漏评率。"
        ),
    )


def no_known_total() -> Text:
    """Say why the missed rate over the sampled villages is not printed."""
    return Text(
        en="The totals do not give the unregistered persons of the sampled villages; that version is left out.",
        zh="县级人口表未提供样本村非建档立卡人口，该口径的漏评率从缺。",
    )


def pending(count: int, findings: int, other: Verdict) -> Text:
    """State the result when only adjudicated findings are counted."""
    said = _result(other)
    return Text(
        en=(
            f"{count:,} of {findings:,} findings are not yet adjudicated and are counted here; with adjudicated "
            f"findings only, the rate is {said.en}."
        ),
        zh=(
            f"发现的{findings:,}户问题中有{count:,}户尚未最终认定，此处已计入；若只计已最终认定的，比率为"
            f"{said.zh}。"
        ),
    )


def other_denominator(denominator: str, other: Verdict) -> Text:
    """State the result under the missed-rate denominator that is not judged."""
    said = _result(other)
    label = DENOMINATOR_LABELS[denominator]
    return Text(
        en=f"With the missed rate over {label.en}, it is {said.en}.",
        zh=f"若漏评率以{label.zh}为分母，则为{said.zh}。",
    )


def _result(verdict: Verdict) -> Text:
    """Return value, one-sided limits and conclusion in English and Chinese."""
    if not math.isfinite(verdict.value):
        return Text(en="not available", zh="无法计算")
    said = CONCLUSIONS[verdict.conclusion]
    known = math.isfinite(verdict.lower) and math.isfinite(verdict.upper)
    en = f" (one-sided limits {verdict.lower:.2%} and {verdict.upper:.2%})" if known else ""
    zh = f"（单侧置信限{verdict.lower:.2%}和{verdict.upper:.2%}）" if known else ""
    return Text(
        en=f"{verdict.value:.2%}{en}: {said.en}",
        zh=f"{verdict.value:.2%}{zh}：{said.zh}",
    )


def pending_overall(count: int, findings: int, conclusion: Conclusion) -> Text:
    """State the overall conclusion when only adjudicated findings are counted."""
    said = CONCLUSIONS[conclusion]
    return Text(
        en=(
            f"{count:,} of {findings:,} findings are not yet adjudicated; with adjudicated findings only, the overall "
            f"conclusion is: {said.en}."
        ),
        zh=f"发现的{findings:,}户问题中有{count:,}户尚未最终认定；若只计已最终认定的，总体结论为：{said.zh}。",
    )


def counted_ways(table: pd.DataFrame, dismissed: int) -> tuple[Text, ...]:
    """State the rates of findings as found in the field and as adjudicated, with their counts."""
    out = [
        Text(
            en=(
                f"Suspected cases adjudicated and dismissed: {dismissed:,}; they do not count in the rates that are judged. "
                "Findings that are not adjudicated count until they are."
            ),
            zh=f"经最终认定不成立的疑似案例{dismissed:,}户，不计入用于判定的比率；尚未最终认定的发现在认定前仍予计入。",
        )
    ]
    for criterion, rows in table.groupby("criterion", sort=False):
        label = CRITERIA[str(criterion)]
        said = [_way(rows[rows["counted"] == w].iloc[0]) for w in ("found", "adjudicated")]
        out.append(
            Text(
                en=f"{label.en}: as found in the field {said[0].en}; as adjudicated {said[1].en}.",
                zh=f"{label.zh}：按现场发现计{said[0].zh}；按最终认定计{said[1].zh}。",
            )
        )
    return tuple(out)


def _way(row: pd.Series) -> Text:
    """Return rate, counts, limits and conclusion of one way of counting."""
    said = CONCLUSIONS[row["conclusion"]]
    count = Text(
        en=f"{row['households']:,} households with {row['persons']:,} persons",
        zh=f"{row['households']:,}户{row['persons']:,}人",
    )
    if not math.isfinite(row["estimate"]):
        return Text(en=f"not available ({count.en})", zh=f"无法计算（{count.zh}）")
    known = math.isfinite(row["lower"]) and math.isfinite(row["upper"])
    en = f"; one-sided limits {row['lower']:.2%} and {row['upper']:.2%}" if known else ""
    zh = f"；单侧置信限{row['lower']:.2%}和{row['upper']:.2%}" if known else ""
    return Text(
        en=f"{row['estimate']:.2%} ({count.en}{en}: {said.en})",
        zh=f"{row['estimate']:.2%}（{count.zh}{zh}：{said.zh}）",
    )


def composite_parts(missing: Sequence[Verdict]) -> Text:
    """Say which rates the composite incidence lacks."""
    return Text(
        en=f"The composite needs a rate that the survey does not give: {', '.join(v.criterion.en.lower() for v in missing)}.",
        zh=f"综合贫困发生率缺少以下比率：{'、'.join(v.criterion.zh for v in missing)}。",
    )


def unaccounted(parts: float, population: float) -> Text:
    """Say that the register's groups do not add up to the denominator."""
    return Text(
        en=(
            f"Registered, exited and unregistered persons add up to {parts:,.0f}, the denominator is "
            f"{population:,.0f} ({parts / population - 1:+.1%})."
        ),
        zh=f"建档立卡未脱贫人口、已脱贫人口与非建档立卡人口合计{parts:,.0f}人，分母为{population:,.0f}人（相差{parts / population - 1:+.1%}）。",
    )


def veto(criteria: int, confidence: float) -> Text:
    """State the error that several chances of failing bring."""
    risk = f"{criteria * (1 - confidence):.0%}"
    return Text(
        en=(
            f"Any of {criteria} criteria can veto, each judged at {confidence:.0%} confidence: a county that truly "
            f"meets all of them is failed with a probability of at most {risk}."
        ),
        zh=f"{criteria}项标准中任何一项均可否决，各按{confidence:.0%}的单侧置信度判定：实际达标的县被误判为不达标的概率不超过{risk}。",
    )


def of_rules(rules: ExitRules) -> tuple[Text, ...]:
    """Name the rule pack, the values that were not verified in print, and applied exceptions."""
    out = [Text(en=f"Rules: {rules.source.en}.", zh=f"判定规则：{rules.source.zh}。")]
    if rules.unverified:
        listed = Text(
            en="; ".join(u.en for u in rules.unverified), zh="；".join(u.zh for u in rules.unverified)
        )
        out.append(Text(en=f"Not verified in print: {listed.en}.", zh=f"未经文献核实：{listed.zh}。"))
    out.extend(Text(en=f"{n.en}.", zh=f"{n.zh}。") for n in rules.notes)
    return tuple(out)
