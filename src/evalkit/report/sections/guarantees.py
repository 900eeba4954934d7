"""Guarantees and deprivation: who lacks what, how many, and where the findings come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.measures.assurances import SOURCES
from evalkit.report import figures, marks, prose
from evalkit.report.document import Block, Cell, Column, Figure, Prose, Section, Suppressed, Table
from evalkit.report.sections.reading import WAVE, omitted, open_section, released, waves_of
from evalkit.report.tables import Part, estimates_table
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TITLE = Text(en="Deprivation by year", zh="各年多维贫困")
STATISTICS = {
    "H": Text(en="Share deprived (H)", zh="被剥夺人口比例（H）"),
    "M0": Text(en="Adjusted headcount (M0)", zh="多维贫困指数（M0）"),
}


def deprivation(case: CountyCase, language: Language = "zh") -> Section:
    """Return deprivation by wave and indicator, its dashboard, and the sources of the findings."""
    parts = [
        p
        for name, label in STATISTICS.items()
        if (p := released(case, "deprivation", label, form="share", where={"statistic": name})) is not None
    ]
    if not parts:
        return open_section("deprivation", case, [omitted(case, TITLE, "deprivation")], language)
    blocks: list[Block] = [_meaning(case), *_change(case), estimates_table(TITLE, WAVE, parts)]
    indicators = _indicators(case)
    blocks += [_by_indicator(case, indicators), _dashboard(case, parts[0], indicators), *_evidence(case)]
    return open_section("deprivation", case, blocks, language)


def _names(case: CountyCase) -> Mapping[str, Text]:
    found = {n: text_from(t) for n, t in (case.result.facts.get("deprivation_labels") or {}).items()}
    return {n: Text(en=t.en[:1].upper() + t.en[1:], zh=t.zh) for n, t in found.items()}


def _meaning(case: CountyCase) -> Prose:
    names = prose.listed([Text(en=t.en[:1].lower() + t.en[1:], zh=t.zh) for t in _names(case).values()])
    if case.result.facts.get("deprivation_any") and not _official(case):
        return Prose(
            Text(
                en=f"Looked at: {names.en}. A household counts as deprived when it lacks any one of them.",
                zh=f"考察内容：{names.zh}。任何一项被剥夺即计为被剥夺户。",
            )
        )
    if case.result.facts.get("deprivation_any"):
        return Prose(
            Text(
                en=f"Looked at: {names.en}. A household counts as deprived when it lacks any one of them, as the exit standard "
                "requires each. A guarantee that the data do not show is not counted as met; the notes name it.",
                zh=f"考察内容：{names.zh}。任何一项未达到即计为被剥夺，与各项均须达到的退出标准一致。数据未反映的保障不视为已达到，见表注。",
            )
        )
    return Prose(
        Text(
            en=f"Looked at: {names.en}. A household counts as deprived when the weights of what it lacks reach the cutoff (notes).",
            zh=f"考察内容：{names.zh}。被剥夺指标的权重之和达到临界值（见表注）的住户计为被剥夺。",
        )
    )


def _official(case: CountyCase) -> bool:
    """Return whether the indicators are the guarantees of the exit standard, not ones of the plan's own."""
    return case.plan.deprivation.kind == "guarantees"


def _change(case: CountyCase) -> list[Block]:
    p = released(case, "deprivation_change", STATISTICS["H"], form="points", where={"statistic": "H"})
    if p is None:
        return []
    first, last = waves_of(case)
    said = prose.change(
        Text(en="the share deprived", zh="被剥夺人口比例"), p.measure(), "points", frm=first, to=last
    )
    return [Prose(said.text, said.numbers, "finding")]


def _indicators(case: CountyCase) -> list[Part]:
    """Return for each indicator the share that lacks it, by wave."""
    out = []
    for name, label in _names(case).items():
        p = released(
            case,
            "deprivation_headcounts",
            label,
            form="share",
            where={"indicator": name, "headcount": "uncensored"},
        )
        if p is not None:
            out.append(p)
    return out


def _by_indicator(case: CountyCase, parts: list[Part]) -> Table:
    title = Text(en="Share that lacks each guarantee, by year", zh="各年各项保障未达到的比例")
    if not _official(case):
        title = Text(en="Share deprived in each indicator, by year", zh="各年各项指标被剥夺的比例")
    return estimates_table(title, WAVE, parts)


def _dashboard(case: CountyCase, head: Part, indicators: list[Part]) -> Figure:
    first, last = waves_of(case)
    waves = list(dict.fromkeys([first, last]))
    rows = []
    for wave in waves:
        at = [p.at("wave", wave) for p in (head, *indicators)]
        rows.append(
            marks.Series(
                Text(en=str(wave), zh=f"{wave}年"),
                tuple(float(i) for i in range(len(at))),
                tuple(None if m is None else m.value for m in at),
                tuple(None if m is None else m.low for m in at),
                tuple(None if m is None else m.high for m in at),
            )
        )
    panel = figures.Panel(
        tuple(rows),
        Text(en="Share of the population (%)", zh="人口比例（%）"),
        Text(en="", zh=""),
        "share",
        style="dots",
        ticks=tuple(p.label for p in (head, *indicators)),
    )
    return Figure(
        Text(en="Deprivation dashboard", zh="多维贫困概览"),
        Text(
            en=f"For each {'guarantee' if _official(case) else 'indicator'}, the share that lacks it in {first} and {last}, with "
            "intervals.",
            zh=f"各项{'保障' if _official(case) else '指标'}在{first}年与{last}年未达到的比例及其区间。",
        ),
        figures.draw_panels(
            [panel], synthetic=case.plan.synthetic, height=0.9 + 0.42 * (1 + len(indicators))
        ),
        Text(en="Lines: 95\u202f% intervals. The figures are in the tables.", zh="横线为95%区间，数值见表。"),
    )


def _evidence(case: CountyCase) -> list[Block]:
    """Tabulate where findings come from: counts of household-waves, small ones withheld."""
    found = case.result.tables.get("deprivation_evidence")
    if found is None or found.empty:
        return []
    least = case.plan.disclosure.minimum_cell
    gate = release(found.assign(n=found["rows"]), minimum_cell=least, keys=("indicator", "source"))
    few = pd.Series(found["unmet"].to_numpy()).between(1, least - 1)
    names = _names(case)
    rows: list[tuple[Cell, ...]] = []
    for i, row in enumerate(gate.frame.to_dict("records")):
        hidden = bool(row["suppressed"])
        rows.append(
            (
                names.get(str(row["indicator"]), text_from(str(row["indicator"]))),
                SOURCES.get(str(row["source"]), text_from(str(row["source"]))),
                Suppressed() if hidden else float(row["rows"]),
                Suppressed() if hidden or few[i] else float(row["unmet"]),
                float(row["unknown"]) if pd.notna(row["unknown"]) else None,
            )
        )
    columns = (
        Column(
            "indicator",
            Text(en="Guarantee", zh="保障") if _official(case) else Text(en="Indicator", zh="指标"),
        ),
        Column("source", Text(en="Source of the finding", zh="依据来源")),
        Column("rows", Text(en="Household-years", zh="户年记录数"), "count"),
        Column("unmet", Text(en="Not met", zh="未达到"), "count"),
        Column("unknown", Text(en="No finding", zh="无记录"), "count"),
    )
    notes = []
    if (found["source"] == "registry").any():
        notes.append(
            Text(
                en="a registry mark is what the registry says of itself; it is no independent evidence",
                zh="建档立卡登记系登记方自身所述，并非独立证据",
            )
        )
    if any(isinstance(cell, Suppressed) for row in rows for cell in row):
        notes.append(
            Text(en=f"×: fewer than {least} household-years, withheld", zh=f"×：不足{least}条，不予列出")
        )
    title = Text(
        en="Where the findings come from",
        zh="各项保障的依据来源" if _official(case) else "各项指标的依据来源",
    )
    return [Table(title, columns, tuple(rows), tuple(notes))]
