"""Exits in the registry, exits, entries and returns as measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.report import figures, marks, prose
from evalkit.report.document import Block, Figure, Omitted, Prose, Section
from evalkit.report.sections.reading import WAVE, omitted, open_section, reasons, released, series
from evalkit.report.tables import Part, estimates_table, frame_table
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

REGISTRY = Text(en="Households by registry year of exit", zh="各登记脱贫年度的户数")
RATES = Text(en="Measured exits, entries and returns by year", zh="各年测算的脱贫、致贫与返贫")
NAMES = {
    "exit_rate": Text(en="Exit rate", zh="脱贫率"),
    "entry_rate": Text(en="Entry rate", zh="致贫率"),
    "return_rate": Text(en="Return rate", zh="返贫率"),
}


def dynamics(case: CountyCase, language: Language = "zh") -> Section:
    """Return registry exits and measured transitions, side by side and never mixed."""
    blocks: list[Block] = [
        Prose(
            Text(
                en="Two systems are shown side by side and never mixed. A registry exit is an administrative decision on "
                "a household. A measured exit or return is a crossing of the poverty line by the welfare measure from "
                "one year to the next and needs no decision.",
                zh="本节并列两套系统，互不混用。登记的脱贫是对住户的行政认定；测算的脱贫与返贫是指测算指标在前后两期之间越过贫困线，无须认定。",
            )
        ),
        Prose(
            Text(
                en="Error of measurement moves households across the line. A household close to the line that is measured "
                "a little too low in one year and a little too high in the next counts as an exit, and as a return if "
                "it happens the other way round. Random errors therefore tend to make measured exits, entries and returns "
                "more frequent than true ones; the rates below are not corrected for this, and intervals do not cover it.",
                zh="测量误差会使住户越过贫困线。临近贫困线的住户，若前一期测得略低、后一期测得略高，即计为脱贫，反之则计为返贫或致贫。"
                "因此，随机误差一般会使测得的脱贫率、致贫率和返贫率高于实际；下列比率未就此校正，区间也不反映这一误差。",
            )
        ),
    ]
    registry = _registry(case)
    parts = [p for name, label in NAMES.items() if (p := released(case, name, label)) is not None]
    blocks += _registry_blocks(case, registry)
    blocks += _rate_blocks(case, parts)
    picture = _picture(case, registry, parts)
    if picture is not None:
        blocks.append(picture)
    blocks += _difference(case, registry)
    return open_section("dynamics", case, blocks, language)


def _registry(case: CountyCase) -> pd.DataFrame | None:
    """Return registry exits by year with small cells blanked, or None."""
    found = case.result.tables.get("registry_exits")
    if found is None or found.empty:
        return None
    table = found.assign(n=found["households"])
    gate = release(table, minimum_cell=case.plan.disclosure.minimum_cell, keys=("exit_year",))
    return gate.frame


def _registry_blocks(case: CountyCase, registry: pd.DataFrame | None) -> list[Block]:
    if registry is None:
        return [omitted(case, REGISTRY, "registry_exits", "dynamics")]
    notes = [
        Text(
            en="households of the sample by the year of exit on record at their latest observation, without weights",
            zh="样本农户最近一次观测时所登记的脱贫年度，未加权",
        )
    ]
    if bool(registry["suppressed"].any()):
        notes.append(
            Text(
                en=f"—: fewer than {case.plan.disclosure.minimum_cell} households, not shown",
                zh=f"—：不足{case.plan.disclosure.minimum_cell}户，不予列出",
            )
        )
    shown = registry.astype({"exit_year": int})
    return [frame_table(REGISTRY, shown, columns=["exit_year", "households", "persons"], notes=notes)]


def _rate_blocks(case: CountyCase, parts: list[Part]) -> list[Block]:
    if not parts:
        return [omitted(case, RATES, "dynamics", "poverty")]
    note = Text(
        en="the year is the later one of each pair; exit rate: share of the poor of the year before who are no longer "
        "poor; entry rate: share of the others who became poor; return rate: share poor again among those who had "
        "been poor earlier and were not poor the year before",
        zh="年度为前后两期中的后一期；脱贫率：上期贫困者中本期不再贫困的比例；致贫率：上期非贫困者中本期贫困的比例；返贫率：曾经贫困、上期不贫困者中本期再度贫困的比例",
    )
    blocks: list[Block] = [estimates_table(RATES, WAVE, parts, notes=(note,))]
    if all(p.label != NAMES["return_rate"] for p in parts):
        blocks.append(omitted(case, NAMES["return_rate"], "returns", "dynamics"))
    else:
        blocks += [Omitted(NAMES["return_rate"], r) for r in reasons(case, "returns")]
    return blocks


def _picture(case: CountyCase, registry: pd.DataFrame | None, parts: list[Part]) -> Figure | None:
    panels = []
    if registry is not None and registry["households"].notna().any():
        known = registry.dropna(subset=["households"])
        panels.append(
            figures.Panel(
                (
                    marks.Series(
                        Text(en="Registry exits", zh="登记脱贫"),
                        tuple(float(y) for y in known["exit_year"]),
                        tuple(float(h) for h in known["households"]),
                        (None,) * len(known),
                        (None,) * len(known),
                    ),
                ),
                Text(en="Registry year of exit", zh="登记脱贫年度"),
                Text(en="Households in sample", zh="样本户数"),
                "count",
                Text(en="Registry: exits", zh="登记：脱贫"),
                style="bars",
            )
        )
    returns = next((p for p in parts if p.label == NAMES["return_rate"]), None)
    if returns is not None and len(returns.rows):
        panels.append(
            figures.Panel(
                (series(returns),),
                WAVE.label,
                Text(en="Return rate (%)", zh="返贫率（%）"),
                "share",
                Text(en="Measured: returns", zh="测算：返贫"),
            )
        )
    if not panels:
        return None
    names = prose.listed([p.title for p in panels if p.title is not None])
    return Figure(
        Text(en="Registry exits and measured returns", zh="登记脱贫与测算返贫"),
        Text(en=f"Charts by year: {names.en}.", zh=f"分年图：{names.zh}。"),
        figures.draw_panels(panels, synthetic=case.plan.synthetic),
        Text(
            en="Vertical bars on points: 95\u202f% intervals. The figures are in the tables.",
            zh="各点竖线为95%区间，数值见表。",
        ),
    )


def _difference(case: CountyCase, registry: pd.DataFrame | None) -> list[Block]:
    """Say how many sampled households the registry calls exited, beside the share measured as poor."""
    last = released(case, "headcount", Text(en="Headcount rate", zh="贫困发生率"))
    if registry is None or last is None:
        return []
    sample = case.result.tables.get("sample")
    if sample is None or sample.empty or registry["households"].isna().any():
        return []
    wave = int(last.rows["wave"].iloc[-1])
    at = last.at("wave", wave)
    if at is None or not at.known:
        return []
    exited = float(registry.loc[registry["exit_year"].astype(int) <= wave, "households"].sum())
    return [
        prose.say(
            Text(
                en="By {wave} the registry records an exit for {exited} households of the sample; in the same year "
                "{poor} of the sampled population ({unit}) are measured below the line. A household that the registry "
                "calls exited can be measured poor, and the reverse.",
                zh="截至{wave}年，样本中有{exited}户已登记脱贫；同年测算的贫困发生率（{unit}）为{poor}。登记为脱贫的住户可能测算为贫困，反之亦然。",
            ),
            [
                prose.plain_number("wave", wave, "code"),
                prose.plain_number("exited", exited, "count"),
                prose.figure("poor", at, "share"),
            ],
            names={"unit": _unit(last)},
        )
    ]


def _unit(p: Part) -> Text:
    """Return whether persons or households are counted."""
    if any(n.en.startswith("persons are counted") for n in p.about.notes):
        return Text(en="persons", zh="按人计")
    return Text(en="households", zh="按户计")
