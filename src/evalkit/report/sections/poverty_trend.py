"""Poverty: headcount, gap and severity by wave, and the change from the first to the last wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.estimate import Estimate
from evalkit.report import figures, prose
from evalkit.report.document import Block, Cell, Column, Figure, Prose, Section
from evalkit.report.sections.poverty_parts import decomposition_blocks, depth_blocks
from evalkit.report.sections.reading import (
    NUMBER,
    WAVE,
    money_label,
    omitted,
    open_section,
    reasons,
    released,
    series,
)
from evalkit.report.tables import Part, estimates_table, part
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TITLE = Text(en="Poverty by year", zh="各年贫困状况")
NAMES = {
    "headcount": Text(en="Headcount rate", zh="贫困发生率"),
    "gap": Text(en="Poverty gap", zh="贫困深度指数"),
    "severity": Text(en="Severity", zh="贫困强度指数"),
}


def poverty(case: CountyCase, language: Language = "zh") -> Section:
    """Return the poverty measures, their trend, and the line behind them."""
    parts = [p for name, label in NAMES.items() if (p := released(case, name, label)) is not None]
    if not parts:
        return open_section("poverty", case, [omitted(case, TITLE, "poverty")], language)
    blocks: list[Block] = [_system(case)]
    blocks += _change(case)
    blocks.append(
        estimates_table(
            TITLE, WAVE, parts, extra=_lines(case), notes=[*_line_notes(case), *_below_zero(parts)]
        )
    )
    blocks.append(_picture(case, parts[0]))
    blocks += depth_blocks(case)
    blocks += decomposition_blocks(case)
    blocks += [prose.note(r) for r in reasons(case, "poverty_waves")]
    return open_section("poverty", case, blocks, language)


def _system(case: CountyCase) -> Prose:
    rule = case.plan.poverty.poor_at_line
    at = Text(en="at or below", zh="不高于") if rule else Text(en="below", zh="低于")
    return prose.say(
        Text(
            en="Poverty is measured here: a household counts as poor in a year when its welfare is {at} that year's "
            "line. The registry of poor households is another system, and its counts need not agree "
            f"(see section {NUMBER['dynamics']}).",
            zh="本节为测算口径：某年测算指标{at}当年贫困线的住户计为贫困户。建档立卡是另一套系统，两者数字不必一致"
            f"（见第{NUMBER['dynamics']}节）。",
        ),
        names={"at": at},
    )


def _change(case: CountyCase) -> list[Block]:
    """Say how the headcount rate changed, no more than the interval of the change supports."""
    estimates = case.result.estimates
    headcount = estimates.get("headcount")
    if headcount is None or len(headcount) < 2:
        return []
    waves = [int(w) for w in headcount.keys["wave"]]
    moved: Estimate | None = estimates.get("headcount_change")
    if moved is None:
        moved = headcount.difference("wave", waves[0], waves[-1])
    gate = part(moved, NAMES["headcount"], minimum_cell=case.plan.disclosure.minimum_cell, form="points")
    said = prose.change(
        Text(en="the headcount rate", zh="贫困发生率"), gate.measure(), "points", frm=waves[0], to=waves[-1]
    )
    return [Prose(said.text, said.numbers, "finding")]


def _lines(case: CountyCase) -> list[tuple[Column, dict[object, Cell]]]:
    lines = case.result.facts.get("lines") or {}
    if not lines:
        return []
    label = money_label(case, Text(en="Line", zh="贫困线"))
    return [(Column("line", label, "money"), {int(w): float(v) for w, v in lines.items()})]


def _line_notes(case: CountyCase) -> list[Text]:
    """Name the source of the line, and the years whose line was not verified in print."""
    line = case.plan.poverty.line
    if line.kind == "table":
        if line.verified:
            return [Text(en=f"line: {line.source}", zh=f"贫困线来源（方案所载）：{line.source}")]
        return [
            Text(
                en=f"line: {line.source}; not verified in print",
                zh=f"贫困线来源（方案所载）：{line.source}；未经文献核实",
            )
        ]
    if line.kind != "standard":
        return []
    pack = case.plan.rule_pack()
    if pack is None:
        return []
    years = sorted(int(w) for w in (case.result.facts.get("lines") or {}))
    key = line.purpose if line.province == "*" else f"{line.purpose}:{line.province}"
    cited = pack.citations("lines", years, key=key)
    unverified = ", ".join(str(y) for y in cited.loc[~cited["verified"], "year"])
    notes = [Text(en=f"line: {pack.title.en} ({pack.id})", zh=f"贫困线来源：{pack.title.zh}（{pack.id}）")]
    if unverified:
        zh = unverified.replace(", ", "、")
        notes.append(
            Text(en=f"the line of {unverified} was not verified in print", zh=f"{zh}年的贫困线未经文献核实")
        )
    return notes


def _below_zero(parts: list[Part]) -> list[Text]:
    """Say why a limit of an index that cannot be negative lies below zero, where one does."""
    if not any((p.rows["conf_low"].astype(float) < 0).any() for p in parts):
        return []
    return [
        Text(
            en="a limit below zero is a sign of too few villages: the index itself cannot be negative",
            zh="界限低于零系样本村过少所致，指数本身不会为负",
        )
    ]


def _picture(case: CountyCase, headcount: Part) -> Figure:
    waves = headcount.rows["wave"].tolist()
    return Figure(
        Text(en="Headcount rate by year", zh="各年贫困发生率"),
        Text(
            en=f"Line chart of the headcount rate from {waves[0]} to {waves[-1]}, with intervals.",
            zh=f"{waves[0]}年至{waves[-1]}年贫困发生率折线图，含区间。",
        ),
        figures.draw_panels(
            [
                figures.Panel(
                    (series(headcount),),
                    WAVE.label,
                    Text(en="Headcount rate (%)", zh="贫困发生率（%）"),
                    "share",
                )
            ],
            synthetic=case.plan.synthetic,
        ),
        Text(
            en="Vertical bars: 95\u202f% intervals. The figures are in the table.",
            zh="竖线为95%区间，数值见表。",
        ),
    )
