"""The province overview, sums: counties added up to prefectures and provinces, and what does not agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.exits.rollup import ROLLED_UP
from evalkit.pipeline.upper_levels import NOT_NAMED
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Suppressed, Table, finite
from evalkit.report.sections.overview_opening import last_wave, overview_section, whole_value
from evalkit.report.sections.stated_sums import ROLL_UP, counts_table, mismatch_table, open_table
from evalkit.report.tables import WITHHELD, interval_label
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.province import OverviewCase, Place

LEVEL = Column("level", Text(en="Level", zh="层级"))
LEVELS = {
    "county": Text(en="county", zh="县"),
    "prefecture": Text(en="prefecture", zh="市"),
    "province": Text(en="province", zh="省"),
}
FIGURES = {"households": Text(en="households", zh="户数"), "persons": Text(en="persons", zh="人数")}
WHAT = Text(en="Sums of counties against counts of the whole store", zh="各县相加与全库计数的核对")
MOST, MOST_STATED = 200, 40
"""Differences that are listed; the others are counted."""
ABOVE = Text(en="Stated figures of prefectures and provinces", zh="市、省两级上报数")


def province_sums(case: OverviewCase, language: Language = "zh") -> Section:
    """Return prefectures and provinces: households, measures from sums, and differences between levels."""
    blocks: list[Block] = [
        Prose(
            Text(
                en="Prefectures and provinces follow from the codes of the counties. Their measures come from sums by village and year "
                "that every county left behind; no household is counted from a figure of another level.",
                zh="市和省由县代码确定，其指标由各县按村、年度留存的合计数得出；任何层级的数字都不由另一层级推算。",
            )
        ),
        *_places(case),
        Prose(ROLL_UP, style="heading"),
        *_stated(case),
        Prose(WHAT, style="heading"),
        *_reconciled(case),
    ]
    return overview_section("province_sums", case, blocks, language, _facts(case))


def _places(case: OverviewCase) -> list[Block]:
    title = Text(en="Prefectures and provinces", zh="各市和省")
    if not case.places:
        return [
            Omitted(
                title,
                case.uncounted or Text(en="No place above the counties is known.", zh="没有县以上的层级。"),
            )
        ]
    wave = last_wave(case)
    columns = (
        LEVEL,
        Column("place", Text(en="Place", zh="地区")),
        Column("code", Text(en="Code", zh="代码")),
        Column("counties", Text(en="Counties", zh="县数"), "count"),
        Column("headcount", Text(en="Headcount rate", zh="贫困发生率"), "share"),
        Column("headcount_interval", interval_label(0.95), "share"),
        Column("mean", Text(en="Mean of the measure", zh="测算指标均值"), "money"),
        Column("mean_interval", interval_label(0.95), "money"),
        Column("n", Text(en="Households in sample", zh="样本户数"), "count"),
    )
    rows = tuple(_place_row(case, place, wave) for place in case.places)
    notes = [
        Text(
            en=f"figures of {wave}, of the counties that were built and with the weights of the design",
            zh=f"{wave}年数字，仅含已建库的县，使用设计权重",
        )
    ]
    notes += [
        Text(en=f"{p.name}: {p.why.en}", zh=f"{p.name}：{p.why.zh}") for p in case.places if p.why is not None
    ]
    if any(isinstance(cell, Suppressed) for row in rows for cell in row):
        notes.append(WITHHELD)
    return [Table(title, columns, rows, tuple(notes))]


def _place_row(case: OverviewCase, place: Place, wave: int) -> tuple[Cell, ...]:
    head: list[Cell] = [LEVELS[place.level], place.name, place.code, len(place.counties)]
    smallest, n = case.plan.disclosure.minimum_cell, None
    for name in ("headcount", "mean_welfare"):
        found = whole_value(place.estimates, name, {"wave": wave}, smallest)
        head += (None, None) if found is None else found.cells()
        n = n if found is None else found.n
    return (*head, n)


def _stated(case: OverviewCase) -> list[Block]:
    """Return what each level states against the sum of the level below, and what does not agree."""
    upper = case.upper
    if upper is None:
        return [Omitted(ROLL_UP, NOT_NAMED)]
    blocks: list[Block] = [] if upper.why is None else [Omitted(ABOVE, upper.why)]
    if upper.counts.empty:
        return blocks
    differ = int(upper.counts["differs"].sum())
    numbers = [
        prose.plain_number("compared", int(upper.counts[["agrees", "differs"]].to_numpy().sum()), "count"),
        prose.plain_number("differ", differ, "count"),
    ]
    said = Text(
        en="{compared} stated figures of all levels could be held against the sum of the level below; {differ} do not agree. None is averaged "
        "or corrected.",
        zh="各级上报数中有{compared}个可与下级汇总数比对，其中{differ}个不一致；均不作平均，不作更正。",
    )
    blocks.append(prose.say(said, numbers, style="warning" if differ else "finding"))
    notes = [
        Text(
            en=f"units of each level and year by what became of the stated figure; villages and townships are those of the {upper.counties} counties "
            "with a roll-up of their own, whose reports name the rows; households are added up only where the plan says that the data hold "
            "all of them, without the rows that cleaning set aside",
            zh=f"各级各年度单位上报数的比对情形（个数）；村、乡镇为{upper.counties}个有逐级汇总的县所辖，明细见各县报告；仅当方案说明户表完整时才由户汇总，且不含清洗中隔离的行",
        ),
        *upper.notes,
    ]
    if upper.lacking:
        named = ", ".join(upper.lacking[:8]) + (" …" if len(upper.lacking) > 8 else "")
        notes.append(
            Text(
                en=f"{len(upper.lacking)} counties of the build state nothing in the table ({named}): sums of their prefecture cannot be made",
                zh=f"{len(upper.lacking)}个县在上报数表中没有数据（{named.replace(', ', '、')}），所属市无法汇总",
            )
        )
    blocks.append(counts_table(ROLL_UP, upper.counts, tuple(notes)))
    listed = mismatch_table(upper.mismatches, case.plan.disclosure.minimum_cell, MOST_STATED)
    return [*blocks, *listed, *open_table(upper.mismatches, MOST_STATED)]


def _reconciled(case: OverviewCase) -> list[Block]:
    if case.counted is None:
        return [
            Omitted(WHAT, case.uncounted or Text(en="There is nothing to compare.", zh="没有可核对的内容。"))
        ]
    wrong = case.counted.mismatches()
    numbers = [
        prose.plain_number("compared", len(case.counted), "count"),
        prose.plain_number("wrong", len(wrong), "count"),
    ]
    said = Text(
        en="{compared} sums of households and persons (by year, county results against a count of the whole store, prefectures against "
        "provinces) were compared; {wrong} do not agree.",
        zh="共核对{compared}个户数与人数合计（分年度，以各县结果对全库计数、以市对省），其中{wrong}个不一致。",
    )
    blocks: list[Block] = [
        prose.say(said, numbers, style="warning" if len(wrong) else "finding"),
        _levels(case),
    ]
    if len(wrong):
        blocks.append(_differences(wrong, case.plan.disclosure.minimum_cell))
    return blocks


def _levels(case: OverviewCase) -> Table:
    counted = case.counted
    counts = pd.DataFrame() if counted is None else counted.counts()
    note = Text(
        en="of each level and year, counted over the whole store, each household once, against the results of the level below; a household that "
        "is in two counties makes the two differ",
        zh="各级各年度的全库计数（每户只计一次）与下一层级结果之和的比对情形（个数）；同一户出现在两个县时二者不一致",
    )
    return counts_table(WHAT, counts, (note,))


def _differences(wrong: pd.DataFrame, smallest: int) -> Table:
    """List what does not agree; counts below the smallest cell are withheld."""
    columns = (
        LEVEL,
        Column("place", Text(en="Place", zh="地区")),
        Column("wave", Text(en="Year", zh="年度"), "code"),
        Column("figure", Text(en="Figure", zh="指标")),
        Column("stated", Text(en="Whole store", zh="全库计数"), "count"),
        Column("summed", Text(en="Sum of the level below", zh="下级之和"), "count"),
        Column("verdict", Text(en="What it is", zh="情形")),
    )
    rows: list[tuple[Cell, ...]] = []
    hidden = False
    for r in wrong.head(MOST).to_dict("records"):
        stated, summed = finite(r["stated"]), finite(r["summed"])
        few = any(v is not None and 0 < v < smallest for v in (stated, summed))
        hidden |= few
        pair: tuple[Cell, Cell] = (Suppressed(), Suppressed()) if few else (stated, summed)
        place = text_from(str(r["unit"]))
        rows.append(
            (
                LEVELS[str(r["level"])], place, int(r["wave"]), FIGURES[str(r["figure"])], *pair, ROLLED_UP[r["verdict"]],
            )
        )  # fmt: skip
    notes = [WITHHELD] if hidden else []
    if len(wrong) > MOST:
        notes.append(Text(en=f"the first {MOST} of {len(wrong)}", zh=f"仅列前{MOST}个，共{len(wrong)}个"))
    return Table(Text(en="Sums that do not agree", zh="不一致的合计"), columns, tuple(rows), tuple(notes))


def _facts(case: OverviewCase) -> dict[str, object]:
    compared = 0 if case.counted is None else len(case.counted)
    wrong = 0 if case.counted is None else len(case.counted.mismatches())
    upper = case.upper
    differ = 0 if upper is None or upper.counts.empty else int(upper.counts["differs"].sum())
    agree = 0 if upper is None or upper.counts.empty else int(upper.counts["agrees"].sum())
    return {
        "places": len(case.places), "compared": compared, "mismatches": wrong,
        "stated": {"agrees": agree, "differs": differ},
    }  # fmt: skip
