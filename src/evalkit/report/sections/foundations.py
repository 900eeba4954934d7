"""What exits rest on: who would be below the line without transfers, dividends or the wage of a public post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalkit.report import figures, marks, prose
from evalkit.report.document import Block, Figure, Prose, Section
from evalkit.report.sections.reading import WAVE, omitted, open_section, released
from evalkit.report.tables import Part, estimates_table
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TITLE = Text(en="Share that would be below the line without …", zh="若无下列收入将低于贫困线的比例")
PARTS: Mapping[str, Text] = {
    "transfers": Text(en="transfers", zh="转移性收入"),
    "dividends": Text(en="asset dividends", zh="资产收益分红"),
    "public_post": Text(en="the wage of public posts", zh="公益岗位工资"),
    "all": Text(en="all of these", zh="以上各项合计"),
}


def sustainability(case: CountyCase, language: Language = "zh") -> Section:
    """Return the share of exited households that would be below the line without a part of their income."""
    estimate = case.result.estimates.get("sustainability")
    if estimate is None:
        return open_section(
            "sustainability", case, [omitted(case, TITLE, "sustainability", "poverty")], language
        )
    parts = []
    for name in dict.fromkeys(estimate.keys["without"].tolist()):
        p = released(case, "sustainability", _label(case, str(name)), form="share", where={"without": name})
        if p is not None:
            parts.append(p)
    if not parts:
        return open_section("sustainability", case, [omitted(case, TITLE, "sustainability")], language)
    blocks: list[Block] = [
        _meaning(case),
        *_last(parts),
        estimates_table(TITLE, WAVE, parts),
        _picture(case, parts),
    ]
    return open_section("sustainability", case, blocks, language)


def _label(case: CountyCase, name: str) -> Text:
    own = case.plan.sustainability.labels.get(name)
    if own is not None:
        return own.text
    return PARTS.get(name, Text(en=name, zh=name))


def _meaning(case: CountyCase) -> Prose:
    if case.result.facts.get("sustainability_among") == "exited":
        who = Text(
            en="households that the registry calls exited by that year and whose welfare is at or above the line",
            zh="截至当年已登记脱贫且测算指标达到贫困线的住户",
        )
    else:
        who = Text(
            en="households whose welfare is at or above the line (the data carry no registry year of exit)",
            zh="测算指标达到贫困线的住户（数据中没有登记的脱贫年度）",
        )
    return prose.say(
        Text(
            en="Among {who}: the share whose welfare would be below the line if one part of income were taken away and nothing "
            "else changed. It is arithmetic, not a forecast: pensions and allowances are entitlements that need not end, and "
            "who loses an income may earn another. A large share says that exits rest on support that has to go on.",
            zh="对象为{who}：若去掉某一部分收入而其他不变，测算指标将低于贫困线的比例。这只是算术结果，并非预测：养老金、低保等属于持续性待遇，失去某项收入者也可能另有所得。"
            "比例较大，说明脱贫有赖于继续给予的支持。",
        ),
        names={"who": who},
    )


def _last(parts: list[Part]) -> list[Block]:
    """Say the figure of the last wave for all parts together, or the only one."""
    if not parts:
        return []
    whole = parts[-1]
    wave = int(whole.rows["wave"].iloc[-1])
    at = whole.at("wave", wave)
    if at is None or not at.known:
        return []
    said = prose.level(
        Text(
            en=f"share that would be below the line without {whole.label.en}",
            zh=f"若无{whole.label.zh}将低于贫困线的比例",
        ),
        at,
        "share",
        wave=wave,
    )
    return [Prose(said.text, said.numbers, "finding")]


def _picture(case: CountyCase, parts: list[Part]) -> Figure:
    last = int(max(p.rows["wave"].iloc[-1] for p in parts))
    at = [p.at("wave", last) for p in parts]
    row = marks.Series(
        Text(en=str(last), zh=f"{last}年"),
        tuple(float(i) for i in range(len(at))),
        tuple(None if m is None else m.value for m in at),
        tuple(None if m is None else m.low for m in at),
        tuple(None if m is None else m.high for m in at),
    )
    panel = figures.Panel(
        (row,),
        Text(
            en=f"Share below the line without it, {last} (%)", zh=f"{last}年若无该项将低于贫困线的比例（%）"
        ),
        Text(en="", zh=""),
        "share",
        style="dots",
        ticks=tuple(p.label for p in parts),
    )
    return Figure(
        Text(en=f"What exits rest on, {last}", zh=f"{last}年脱贫所依靠的收入"),
        Text(
            en=f"Shares that would be below the line in {last} without each part of income, with intervals.",
            zh=f"{last}年去掉各部分收入后将低于贫困线的比例及其区间。",
        ),
        figures.draw_panels([panel], synthetic=case.plan.synthetic, height=0.9 + 0.36 * len(parts)),
        Text(en="Lines: 95\u202f% intervals. The figures are in the table.", zh="横线为95%区间，数值见表。"),
    )
