"""Standards, lists and accounts: exits and villages against the standard, roll-up, timing, monitoring, suspected cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.exits.readings import READINGS
from evalkit.measures.assurances import SOURCES
from evalkit.report import figures, labels, marks, prose
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Prose,
    Section,
    Suppressed,
    Table,
    finite,
)
from evalkit.report.sections.checked_records import record_blocks
from evalkit.report.sections.counting import (
    READ,
    Counts,
    capital,
    fact,
    notes_on,
    pair_of,
    parts_of,
    readings_of,
    table_of,
)
from evalkit.report.sections.owed_and_earned import collective_blocks, debt_blocks
from evalkit.report.sections.reading import omitted, open_section, released
from evalkit.report.sections.support_given import support_blocks
from evalkit.report.tables import Part, interval_label
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

HOUSEHOLD = Text(en="Registered exits against the standard of a household", zh="已脱贫户与户退出标准")
VILLAGE = Text(en="Villages against the standard of a village", zh="行政村与村退出标准")
REQUIREMENT = Column("requirement", Text(en="Requirement", zh="要求"))
CLEAR = 0.95
"""Share shown to meet every requirement from which a picture says nothing that the table does not."""
EVIDENCE = {
    **SOURCES,
    "stated": Text(en="stated in the household table", zh="户表载明"),
    "figure": Text(en="amounts on record", zh="登记金额"),
    "document": Text(en="document named in the data", zh="数据所列文件"),
}


def accounts(case: CountyCase, language: Language = "zh") -> Section:
    """Return what the county's records show of the standards of exit, of monitoring, and of support and its funds."""
    blocks: list[Block] = [_meaning()]
    blocks += _household(case)
    blocks += _village(case)
    blocks += collective_blocks(case)
    blocks += record_blocks(case)
    blocks += support_blocks(case)
    blocks += debt_blocks(case)
    return open_section("accounts", case, blocks, language)


def _meaning() -> Prose:
    return Prose(
        Text(
            en="Records are held against the rules one by one. A requirement that no record shows cannot be judged; it is never read as "
            "met. Counts are of the households of the data, without weights; shares use the weights. The households behind "
            "the counts are not printed: evalkit lists writes them into workbooks for those who visit.",
            zh="逐条以登记记录对照规定。没有资料可以核实的要求一律列为“无法核实”，不作达标处理。户数为数据中的户数，未加权；比例为加权结果。"
            "涉及的具体农户不在本报告列出，另有清单供入户核查。",
        ),
        style="note",
    )


def _household(case: CountyCase) -> list[Block]:
    heading = Prose(HOUSEHOLD, style="heading")
    found = table_of(case, "household_standard")
    if found is None:
        return [heading, omitted(case, HOUSEHOLD, "household_standard")]
    counts = readings_of(found, case.plan.disclosure.minimum_cell)
    parts = {r: _share(case, r) for r in found["requirement"]}
    rows: list[tuple[Cell, ...]] = []
    for i, row in enumerate(found.to_dict("records")):
        part = parts[str(row["requirement"])]
        shown: tuple[Cell, Cell] = pair_of(part) if counts.whole(i) else (Suppressed(), Suppressed())
        if not row["meets"] + row["fails"]:
            shown = None, None
        rows.append((capital(Text(en=str(row["en"]), zh=str(row["zh"]))), *counts.rows[i], *shown))
    columns = (
        REQUIREMENT,
        *(Column(r, READ[r], "count") for r in READINGS),
        Column("share", Text(en="Share shown to meet", zh="可核实达标比例"), "share"),
        Column("interval", interval_label(0.95), "share"),
    )
    note = Text(
        en="registered exits of the data, each counted once; the share is of all of them, so that the share that meets a requirement lies "
        "between the share shown to meet it and that share plus those that cannot be judged; the last three rows take "
        "requirements together: a household meets them if it meets each",
        zh="数据中的登记脱贫户，每户计一次；比例的分母为全部脱贫户，真实达标比例介于“可核实达标比例”与其加上“无法核实”部分之间；末三行为合并判断，各项均达标方为达标",
    )
    blocks: list[Block] = [heading, *_overall(found, counts, "household")]
    blocks.append(
        Table(HOUSEHOLD, columns, tuple(rows), (note, *counts.notes, *notes_on(case, "household_standard")))
    )
    picture = _picture(case, found, counts, parts)
    if picture is not None:
        blocks.append(picture)
    dark = {str(r) for i, r in enumerate(found["requirement"]) if not counts.whole(i)}
    return [*blocks, *_evidence(case, dark)]


def _share(case: CountyCase, requirement: str) -> Part | None:
    where = {"requirement": requirement, "reading": "meets"}
    return released(case, "household_standard", READ["meets"], form="share", where=where)


def _overall(found: pd.DataFrame, counts: Counts, what: str) -> list[Block]:
    """Say how many meet the whole standard, fail a requirement, cannot be judged, where all three may be printed."""
    at = int((found["requirement"] == "overall").to_numpy().argmax())
    if not counts.whole(at):
        return []
    total = float(found.loc[found["requirement"] == "overall", list(READINGS)].to_numpy().sum())
    numbers = [prose.plain_number("total", total, "count")]
    numbers += [
        prose.plain_number(r, finite(c), "count") for r, c in zip(READINGS, counts.rows[at], strict=True)
    ]
    said = {
        "household": Text(
            en="Of {total} registered exits, {meets} are shown to meet every requirement, {fails} are shown to fail at least one, and "
            "{not_shown} cannot be judged as a whole.",
            zh="登记脱贫的{total}户中，可核实各项均达标的{meets}户，可核实至少一项不达标的{fails}户，总体无法核实的{not_shown}户。",
        ),
        "village": Text(
            en="Of {total} villages, {meets} are shown to meet every requirement, {fails} are shown to fail at least one, and {not_shown} "
            "cannot be judged as a whole.",
            zh="{total}个行政村中，可核实各项均达标的{meets}个，可核实至少一项不达标的{fails}个，总体无法核实的{not_shown}个。",
        ),
    }
    return [prose.say(said[what], numbers, style="finding")]


def _picture(
    case: CountyCase, found: pd.DataFrame, counts: Counts, parts: dict[Any, Part | None]
) -> Figure | None:
    """Draw, for the requirements that somebody shows, the share shown to meet and the share not shown to fail."""
    names, low, high = [], [], []
    for i, row in enumerate(found.to_dict("records")):
        part = parts[row["requirement"]]
        if not counts.whole(i) or part is None or row["meets"] + row["fails"] == 0:
            continue
        fails = released(
            case, "household_standard", READ["fails"], form="share",
            where={"requirement": row["requirement"], "reading": "fails"},
        )  # fmt: skip
        if fails is None or not fails.measure().known or not part.measure().known:
            continue
        names.append(Text(en=str(row["en"]), zh=str(row["zh"])))
        low.append(part.measure())
        high.append(1 - float(fails.measure().value or 0.0))
    if len(names) < 2 or min(m.value or 0.0 for m in low) >= CLEAR:  # all marks would lie at the edge
        return None
    places = tuple(float(i) for i in range(len(names)))
    rows = (
        marks.Series(
            READ["meets"],
            places,
            tuple(m.value for m in low),
            tuple(m.low for m in low),
            tuple(m.high for m in low),
        ),
        marks.Series(
            Text(en="At most: all that cannot be judged meet it", zh="上界：无法核实者均视为达标"),
            places,
            tuple(high),
            (None,) * len(names),
            (None,) * len(names),
        ),
    )
    axis = Text(en="Share of registered exits (%)", zh="占登记脱贫户比例（%）")
    panel = figures.Panel(rows, axis, Text(en="", zh=""), "share", style="dots", ticks=tuple(names))
    return Figure(
        Text(en="What is shown of each requirement", zh="各项要求可核实的程度"),
        Text(
            en="For each requirement, the share of exits shown to meet it and the most it can be.",
            zh="各项要求可核实达标的比例及其上界。",
        ),
        figures.draw_panels([panel], synthetic=case.plan.synthetic, height=1.1 + 0.34 * len(names)),
        Text(
            en="Lines: 95\u202f% intervals of the share shown to meet. The distance between the marks cannot be judged.",
            zh="横线为可核实达标比例的95%区间；两点之间的部分无法核实。",
        ),
    )


def _evidence(case: CountyCase, dark: set[str]) -> list[Block]:
    """Tabulate what the readings rest on; requirements whose counts were withheld above are withheld here."""
    found = table_of(case, "household_evidence")
    if found is None:
        return []
    parts = found.assign(holds=found["households"] - found["fails"])
    counts = parts_of(parts, ("holds", "fails"), case.plan.disclosure.minimum_cell)
    hidden = (Suppressed(), Suppressed())
    rows = tuple(
        (
            capital(Text(en=str(r["en"]), zh=str(r["zh"]))),
            EVIDENCE.get(str(r["source"]), text_from(str(r["source"]))),
            *(hidden if str(r["requirement"]) in dark else counts.rows[i]),
        )
        for i, r in enumerate(found.to_dict("records"))
    )
    columns = (
        REQUIREMENT,
        Column("source", Text(en="Evidence", zh="依据")),
        Column("holds", READ["meets"], "count"),
        Column("fails", READ["fails"], "count"),
    )
    notes = []
    if (found["source"] == "registry").any():
        notes.append(
            Text(
                en="a registry mark is what the registry says of itself; it is no independent evidence",
                zh="建档立卡登记系登记方自身所述，并非独立证据",
            )
        )
    title = Text(en="What the readings rest on", zh="各项判断的依据")
    return [Table(title, columns, rows, (*notes, *Counts(rows).notes))]


def _village(case: CountyCase) -> list[Block]:
    heading = Prose(VILLAGE, style="heading")
    found, said = table_of(case, "village_standard"), fact(case, "villages")
    if found is None or said is None:
        return [heading, omitted(case, VILLAGE, "village_standard")]
    cells = [tuple(float(row[r]) for r in READINGS) for row in found.to_dict("records")]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (capital(Text(en=str(r["en"]), zh=str(r["zh"]))), *cells[i])
        for i, r in enumerate(found.to_dict("records"))
    )
    columns = (REQUIREMENT, *(Column(r, READ[r], "count") for r in READINGS))
    where = {
        "stated": Text(en="stated in the village table", zh="取自村表"),
        "registry": Text(
            en="persons of the household table registered and not exited, over persons of the village",
            zh="为户表中未脱贫（含返贫）人口除以村总人口",
        ),
        "survey": Text(en="estimated from the households surveyed in the village", zh="由村内调查户估计"),
    }[str(said["incidence"])]
    percent = f"{100 * float(said['threshold']):g}"
    note = Text(
        en=f"villages of the data; incidence of poverty in {said['wave']}: {where.en}; its threshold here is {percent} %",
        zh=f"数据所含行政村；{said['wave']}年贫困发生率{where.zh}；本县标准为{percent}%",
    )
    notes = (labels.typeset(note), *notes_on(case, "village_standard"))
    table = Table(VILLAGE, columns, rows, notes)
    return [heading, *_overall(found, Counts(tuple(cells)), "village"), table, *_amounts(case)]


def _amounts(case: CountyCase) -> list[Block]:
    """Tabulate amounts that the rules name without a figure to hold them against."""
    found = table_of(case, "village_amounts")
    if found is None:
        return []
    rows = tuple(
        (
            capital(Text(en=str(r["en"]), zh=str(r["zh"]))),
            *(finite(r[c]) for c in ("villages", "least", "median", "most")),
        )
        for r in found.to_dict("records")
    )
    columns = (
        REQUIREMENT,
        Column("villages", Text(en="Villages", zh="村数"), "count"),
        Column("least", Text(en="Least", zh="最低"), "money"),
        Column("median", Text(en="Median", zh="中位数"), "money"),
        Column("most", Text(en="Most", zh="最高"), "money"),
    )
    money = case.plan.welfare.currency.text
    title = Text(
        en=f"Amounts of villages that are not judged ({money.en})",
        zh=f"只列示、不判定的村级数额（{money.zh}）",
    )
    return [Table(title, columns, rows)]
