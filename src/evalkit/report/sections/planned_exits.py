"""Exits beside the numbers planned: how many units hit their plan exactly, and how many would by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Prose, Suppressed, Table, finite
from evalkit.report.sections.counting import Counts, fact, notes_on, table_of
from evalkit.report.sections.reading import omitted
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

PLANNED_TITLE = Text(en="Exits against the numbers planned", zh="脱贫户数与计划数")
UNITS = {
    "village": Text(en="Villages", zh="村数"),
    "township": Text(en="Townships", zh="乡镇数"),
    "county": Text(en="Counties", zh="县数"),
}
ALL_YEARS = Text(en="All years", zh="各年合计")
EVERY = Text(
    en="all units that the table of stated figures names, also those of which the data have no household",
    zh="含各级上报数表所列的全部单位，包括数据中没有农户的单位",
)
MEANING = Text(
    en="Equal numbers have plain reasons, too: a plan is drawn up when the exits are all but known, or is adjusted to them. They say "
    "that the number of exits is no independent evidence, not why.",
    zh="二者相等也有平常的原因：计划在结果大体明朗时编制，或事后按结果调整。它只说明脱贫户数不构成独立证据，不说明成因。",
)


def planned_blocks(case: CountyCase) -> list[Block]:
    """Return a county's exits against plans, or why there are none."""
    heading = Prose(PLANNED_TITLE, style="heading")
    found, said = table_of(case, "planned_exits"), fact(case, "planned_exits")
    if found is None or said is None:
        return [heading, omitted(case, PLANNED_TITLE, "planned_exits")]
    least = case.plan.disclosure.minimum_cell
    return [
        heading,
        *hits_blocks(
            found, str(said["level"]), least, notes_on(case, "planned_exits"), flagged=bool(said["flagged"])
        ),
    ]


def hits_blocks(
    found: pd.DataFrame, level: str, minimum_cell: int, notes: tuple[Text, ...], *, flagged: bool
) -> list[Block]:
    """Return a sentence on all years and a table by year.

    Parameters
    ----------
    found : DataFrame
        As `evalkit.pipeline.planned.PlanHits.table`.
    level : str
    minimum_cell : int
        Years in which fewer households exited are withheld.
    notes : tuple of Text
    flagged : bool
        Whether more units hit their plan than chance explains.
    """
    # the row of all years is a total: a year that is withheld must not follow from it
    years = ["all" if y == 0 else str(int(y)) for y in found["year"]]
    asked = found.assign(n=found["actual"], year=pd.Series(years, index=found.index, dtype="str"))
    gate = release(asked, minimum_cell=minimum_cell, keys=("year",), decimals=4).frame
    rows: list[tuple[Cell, ...]] = []
    for r in gate.to_dict("records"):
        year: Cell = ALL_YEARS if r["year"] == "all" else str(r["year"])
        hidden = bool(r["suppressed"])
        figures: list[Cell] = [
            Suppressed() if hidden else finite(r[c])
            for c in ("units", "planned", "actual", "equal", "expected", "p_value")
        ]
        rows.append((year, *figures))
    columns = (
        Column("year", Text(en="Year", zh="年度")),
        Column("units", UNITS[level], "count"),
        Column("planned", Text(en="Planned (households)", zh="计划脱贫户数"), "count"),
        Column("actual", Text(en="Exited (households)", zh="脱贫户数"), "count"),
        Column("equal", Text(en="Exactly as planned", zh="恰等于计划"), "count"),
        Column("expected", Text(en="Expected by chance", zh="随机预期"), "decimal"),
        Column("p", Text(en="p", zh="p值"), "p"),
    )
    table = Table(PLANNED_TITLE, columns, tuple(rows), (EVERY, *notes, *Counts(tuple(rows)).notes))
    last = gate.iloc[-1]
    if bool(last["suppressed"]):
        return [table]
    return [_said(last, level, flagged=flagged), *([Prose(MEANING, style="note")] if flagged else []), table]


def _said(whole: pd.Series, level: str, *, flagged: bool) -> Prose:
    numbers = [
        prose.plain_number("units", float(whole["units"]), "count"),
        prose.plain_number("equal", float(whole["equal"]), "count"),
        prose.plain_number("expected", float(whole["expected"]), "decimal"),
    ]
    units = {
        "village": Text(en="plans of a village and year", zh="项村级年度计划"),
        "township": Text(en="plans of a township and year", zh="项乡镇年度计划"),
        "county": Text(en="plans of a county and year", zh="项县级年度计划"),
    }[level]
    end = (
        Text(en="That is more than chance explains.", zh="多于随机波动所能解释的数量。")
        if flagged
        else Text(en="Chance alone may explain that.", zh="可由随机波动解释。")
    )
    said = Text(
        en=f"Of {{units}} {units.en} {{equal}} were met exactly; {{expected}} would be by chance. {end.en}",
        zh=f"{{units}}{units.zh}中有{{equal}}项的实际脱贫户数恰等于计划数，随机预期为{{expected}}项，{end.zh}",
    )
    return prose.say(said, numbers, style="warning" if flagged else "finding")
