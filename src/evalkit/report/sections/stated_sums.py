"""Stated figures against the sums of the level below: words and rows that the county report and the overview share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.exits.rollup import ROLLED_UP, WAVE
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Prose, Suppressed, Table, finite
from evalkit.report.sections.counting import Counts, capital, fact, notes_on, table_of
from evalkit.report.sections.reading import omitted
from evalkit.text import Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

ROLL_UP = Text(en="Stated figures against the sums of the level below", zh="各级上报数与下级汇总数")
LEVELS: Mapping[str, Text] = {
    "household": Text(en="households", zh="户"),
    "village": Text(en="village", zh="村"),
    "township": Text(en="township", zh="乡镇"),
    "county": Text(en="county", zh="县"),
    "prefecture": Text(en="prefecture", zh="市"),
    "province": Text(en="province", zh="省"),
    "totals": Text(en="the county totals", zh="县级人口表"),
    "village_table": Text(en="the village table", zh="村表"),
}
"""Level (or other table) → its word."""
FROM: Mapping[str, Text] = {
    "household": Text(en="households", zh="户表"),
    "village": Text(en="villages", zh="各村"),
    "township": Text(en="townships", zh="各乡镇"),
    "county": Text(en="counties", zh="各县"),
    "prefecture": Text(en="prefectures", zh="各市"),
    "totals": LEVELS["totals"],
    "village_table": LEVELS["village_table"],
}
"""What is added up, or the other table."""
FIGURES: Mapping[str, Text] = {
    "households": Text(en="households", zh="户数"),
    "persons": Text(en="persons", zh="人数"),
    "registered_persons": Text(en="persons not exited", zh="未脱贫人口"),
    "exited_persons": Text(en="exited persons", zh="已脱贫人口"),
    "returned_persons": Text(en="returned persons", zh="返贫人口"),
    "exit_households": Text(en="exits of the year (households)", zh="当年脱贫户数"),
}
"""Figure → its word."""
COMPARED = ("agrees", "differs")
"""Verdicts of figures that could be compared."""
MOST_LISTED = 20
"""Mismatches that are printed."""
LEVEL = Column("level", Text(en="Level", zh="层级"))
BELOW = Column("below", Text(en="Held against", zh="比对对象"))
FIGURE = Column("figure", Text(en="Figure", zh="指标"))
YEAR = Column("year", Text(en="Year", zh="年度"), "code")


def roll_up_blocks(case: CountyCase) -> list[Block]:
    """Return a county's roll-up: what agrees at each level, and what does not."""
    heading = Prose(ROLL_UP, style="heading")
    found, said = table_of(case, "roll_up"), fact(case, "roll_up")
    if found is None or said is None:
        return [heading, omitted(case, ROLL_UP, "roll_up")]
    rows = table_of(case, "roll_up_mismatches")
    return [
        heading,
        *_finding(found),
        counts_table(ROLL_UP, found, (*_notes(said), *notes_on(case, "roll_up"))),
        *mismatch_table(rows, case.plan.disclosure.minimum_cell),
        *open_table(rows),
    ]


def _finding(counts: pd.DataFrame) -> list[Block]:
    """Say how many comparisons were made and how many figures do not agree."""
    compared = int(counts[["agrees", "differs"]].to_numpy().sum())
    numbers = [
        prose.plain_number("compared", compared, "count"),
        prose.plain_number("differ", int(counts["differs"].sum()), "count"),
    ]
    said = Text(
        en="{compared} stated figures could be held against the sum of the level below (or another table); {differ} do not agree.",
        zh="共有{compared}个上报数可与下级汇总数（或另一表）比对，其中{differ}个不一致。",
    )
    return [prose.say(said, numbers, style="finding")]


def _notes(said: Mapping[str, Any]) -> list[Text]:
    years = ", ".join(map(str, said["years"]))
    notes = [
        Text(
            en=f"stated figures of the units of the level by what became of them, all of {years}; nothing is averaged or corrected",
            zh=f"{years.replace(', ', '、')}年各级单位上报数的比对情形（个数）；不作平均，不作更正",
        )
    ]
    if said["complete"] != "nothing":
        whole = said["complete"] == "county"
        of = (
            Text(en="the county", zh="全县")
            if whole
            else Text(en="each village of the data", zh="数据所含各村")
        )
        notes.append(
            Text(
                en=f"households of the data: the plan says that the table holds all registered households of {of.en}; rows that cleaning set "
                "aside are missing from the sums, so that small differences may come from them",
                zh=f"户表：方案说明其包含{of.zh}的全部建档立卡户；清洗中隔离的行未计入汇总，较小的差额可能由此产生",
            )
        )
    else:
        notes.append(
            Text(
                en="households are not added up: the plan does not say that the household table holds all of a village or of the county",
                zh="户表未作汇总：方案未说明户表包含村或县的全部建档立卡户",
            )
        )
    return notes


def counts_table(title: Text, counts: pd.DataFrame, notes: tuple[Text, ...]) -> Table:
    """Return one row a level and figure: how many stated figures agree, differ, and could not be compared."""
    rest = [v for v in ROLLED_UP if v not in COMPARED]
    columns = (
        LEVEL,
        BELOW,
        FIGURE,
        *(Column(v, capital(ROLLED_UP[v]), "count") for v in COMPARED),
        Column("open", Text(en="Not compared", zh="无法比对"), "count"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (capital(_level(r["level"])), _from(r["below"]), _figure(r["figure"]), *(int(r[v]) for v in COMPARED),
         sum(int(r[v]) for v in rest))
        for r in counts.to_dict("records")
    )  # fmt: skip
    return Table(title, columns, rows, notes)


def mismatch_table(rows: pd.DataFrame | None, minimum_cell: int, most: int = MOST_LISTED) -> list[Table]:
    """Return the stated figures that differ, the largest differences first; none where all agree.

    Parameters
    ----------
    rows : DataFrame or None
        Rows of `evalkit.exits.RollUp.mismatches` with ``n``, the households behind each.
    minimum_cell : int
    most : int
        Rows that are printed.
    """
    if rows is None or rows.empty or not (rows["verdict"] == "differs").any():
        return []
    found = rows[rows["verdict"] == "differs"]
    size = found["difference"].abs()
    ordered = found.assign(size=size).sort_values(
        ["size", "level", "unit", WAVE], ascending=[False, True, True, True]
    )
    keys = ("level", "unit", WAVE, "below", "figure", "verdict")
    top = ordered.head(most)[[*keys, "stated", "summed", "difference", "n"]].reset_index(drop=True)
    gate = release(top, minimum_cell=minimum_cell, keys=keys)
    cells: list[tuple[Cell, ...]] = []
    for r in gate.frame.to_dict("records"):
        shown = [finite(r[c]) for c in ("stated", "summed", "difference")]
        hidden: list[Cell] = [Suppressed()] * 3
        cells.append(
            (capital(_level(r["level"])), str(r["unit"]), int(r[WAVE]), _figure(r["figure"]), _from(r["below"]),
             *(hidden if bool(r["suppressed"]) else shown))
        )  # fmt: skip
    columns = (
        LEVEL,
        Column("unit", Text(en="Code", zh="代码")),
        YEAR,
        FIGURE,
        BELOW,
        Column("stated", Text(en="Stated", zh="上报数"), "count"),
        Column("summed", Text(en="Sum or other figure", zh="汇总数或另一数"), "count"),
        Column("difference", Text(en="Difference", zh="差额"), "count"),
    )
    left = len(found) - len(cells)
    more = Text(en=f"; {left} are not listed", zh=f"，另有{left}项未列出") if left else Text(en="", zh="")
    note = Text(
        en=f"{len(found)} figures differ; the largest differences stand first{more.en}",
        zh=f"共{len(found)}项不一致，按差额从大到小列出{more.zh}",
    )
    title = Text(en="Figures that do not add up", zh="不一致的上报数")
    return [Table(title, columns, tuple(cells), (note, *Counts(tuple(cells)).notes))]


def open_table(rows: pd.DataFrame | None, most: int = MOST_LISTED) -> list[Table]:
    """Return the units whose stated figures could not be compared, and why; no figure is printed. None where all could.

    Parameters
    ----------
    rows : DataFrame or None
        Rows of `evalkit.exits.RollUp.mismatches`.
    most : int
        Units that are printed.
    """
    found = pd.DataFrame() if rows is None or rows.empty else rows[rows["verdict"] != "differs"]
    if found.empty:
        return []
    keys = ["level", "unit", "below", "verdict"]
    grouped = found.groupby(keys, sort=False).agg(
        years=(WAVE, lambda w: sorted({int(y) for y in w})), figures=("figure", "nunique")
    )
    units = grouped.reset_index()
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (capital(_level(r["level"])), str(r["unit"]), _from(r["below"]), ROLLED_UP[r["verdict"]],
         _years(r["years"]), int(r["figures"]))
        for r in units.head(most).to_dict("records")
    )  # fmt: skip
    columns = (
        LEVEL,
        Column("unit", Text(en="Code", zh="代码")),
        BELOW,
        Column("verdict", Text(en="What it is", zh="情形")),
        Column("years", Text(en="Years", zh="年度")),
        Column("figures", Text(en="Figures", zh="指标数"), "count"),
    )
    left = len(units) - len(cells)
    more = (
        Text(en=f"; {left} more are not listed", zh=f"；另有{left}个未列出") if left else Text(en="", zh="")
    )
    note = Text(
        en="a code that is written wrong shows twice: as a unit without records and as one that states nothing; sums over a unit that states "
        f"nothing are left open, not made of the others{more.en}",
        zh=f"代码写错的单位会出现两次：一次为无下级记录，一次为本级未上报；有单位未上报的，上级不以其余单位之和代替{more.zh}",
    )
    return [
        Table(
            Text(en="Stated figures that could not be compared", zh="无法比对的上报数"),
            columns,
            cells,
            (note,),
        )
    ]


def _years(years: list[int]) -> str:
    """Return years as a span where none is missing between them.

    >>> _years([2018, 2019, 2020]), _years([2016, 2020])
    ('2018–2020', '2016, 2020')
    """
    if len(years) > 2 and years == list(range(years[0], years[-1] + 1)):
        return f"{years[0]}–{years[-1]}"
    return ", ".join(map(str, years))


def _level(code: object) -> Text:
    return LEVELS.get(str(code), text_from(str(code)))


def _from(code: object) -> Text:
    return FROM.get(str(code), text_from(str(code)))


def _figure(code: object) -> Text:
    return FIGURES.get(str(code), text_from(str(code)))
