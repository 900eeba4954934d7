"""What records show beside the standards: roll-up, timing of exits, monitored households, suspected cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.exits.readings import READINGS
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Prose, Suppressed, Table
from evalkit.report.sections.counting import (
    READ,
    capital,
    fact,
    groups_of,
    notes_on,
    pair_of,
    readings_of,
    table_of,
)
from evalkit.report.sections.planned_exits import planned_blocks
from evalkit.report.sections.reading import NUMBER, omitted, released
from evalkit.report.sections.stated_sums import roll_up_blocks
from evalkit.report.tables import interval_label
from evalkit.text import Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TIMING = Text(en="Exits against the predicted year", zh="实际脱贫年度与预计年度")
MONITORING = Text(en="Monitored households against the rules", zh="监测对象与有关规定")
CASES = Text(en="Suspected cases", zh="疑似情形")


def record_blocks(case: CountyCase) -> list[Block]:
    """Return roll-up, timing, monitoring and suspected cases, each under its heading."""
    return [*roll_up_blocks(case), *_timing(case), *planned_blocks(case), *_monitoring(case), *_cases(case)]


def _timing(case: CountyCase) -> list[Block]:
    heading = Prose(TIMING, style="heading")
    found = table_of(case, "exit_timing")
    if found is None:
        return [heading, omitted(case, TIMING, "exit_timing")]
    least = case.plan.disclosure.minimum_cell
    counts = groups_of(found["households"], least, total=True)
    rows: list[tuple[Cell, ...]] = []
    for i, r in enumerate(found.to_dict("records")):
        part = None
        if r["time"] != "unknown":
            part = released(case, "exit_timing", TIMING, form="share", where={"time": r["time"]})
        pair = pair_of(part) if counts.whole(i) else (Suppressed(), Suppressed())
        rows.append((capital(Text(en=str(r["en"]), zh=str(r["zh"]))), *counts.rows[i], *pair))
    columns = (
        Column("time", Text(en="Exit", zh="退出时间")),
        Column("households", Text(en="Households", zh="户数"), "count"),
        Column("share", Text(en="Share of those with a prediction", zh="占有预计年度者比例"), "share"),
        Column("interval", interval_label(0.95), "share"),
    )
    notes = (*counts.notes, *notes_on(case, "exit_timing"))
    blocks: list[Block] = [heading, Table(TIMING, columns, tuple(rows), notes)]
    overdue = fact(case, "overdue")
    if overdue is not None and (overdue == 0 or overdue >= least):
        blocks.append(
            prose.say(
                Text(
                    en="{overdue} households of the latest year are registered and not exited although their predicted year has passed.",
                    zh="最近一年仍登记为未脱贫、但预计年度已过的有{overdue}户。",
                ),
                [prose.plain_number("overdue", float(overdue), "count")],
            )
        )
    return blocks


def _monitoring(case: CountyCase) -> list[Block]:
    heading = Prose(MONITORING, style="heading")
    found = table_of(case, "monitoring")
    if found is None:
        return [heading, omitted(case, MONITORING, "monitoring")]
    counts = readings_of(found, case.plan.disclosure.minimum_cell)
    rows = tuple(
        (capital(Text(en=str(r["en"]), zh=str(r["zh"]))), *counts.rows[i])
        for i, r in enumerate(found.to_dict("records"))
    )
    columns = (
        Column("check", Text(en="Rule", zh="规定")),
        *(Column(r, READ[r], "count") for r in READINGS),
    )
    lines = fact(case, "monitoring_lines") or {}
    told = ", ".join(f"{y}: {v:,.0f}" for y, v in sorted(lines.items()))
    notes = [
        Text(
            en="households and years to which the rule applies",
            zh="为规定适用的户年数",
        )
    ]
    if told:
        notes.append(
            Text(
                en=f"monitoring line per head and year ({case.plan.welfare.currency.text.en}): {told}",
                zh=f"监测标准（每人每年，{case.plan.welfare.currency.text.zh}）：{told}",
            )
        )
    table = Table(MONITORING, columns, rows, (*notes, *counts.notes, *notes_on(case, "monitoring")))
    return [heading, *_watched(case), *_classes(case), table]


def _watched(case: CountyCase) -> list[Block]:
    """Say what share of households is watched in the last year, beside what is usual."""
    found = table_of(case, "monitored_share")
    if found is None:
        return []
    row = found.iloc[-1]
    if 0 < row["watched"] < case.plan.disclosure.minimum_cell or pd.isna(row["quota"]):
        return []
    numbers = [
        prose.plain_number("wave", float(row["wave"]), "code"),
        prose.plain_number("watched", float(row["watched"]), "count"),
        prose.plain_number("households", float(row["households"]), "count"),
        prose.plain_number("share", float(row["share"]), "share"),
        prose.plain_number("quota", float(row["quota"]), "share"),
    ]
    return [
        prose.say(
            Text(
                en="In {wave}, {watched} of {households} households of the data are monitored ({share}); about {quota} of registered "
                "households is usual, which is no rule.",
                zh="{wave}年，数据所含{households}户中有{watched}户列为监测对象（{share}）；通常约为建档立卡户的{quota}，并非硬性规定。",
            ),
            numbers,
        )
    ]


def _classes(case: CountyCase) -> list[Block]:
    found = table_of(case, "monitored_classes")
    if found is None:
        return []
    counts = groups_of(found["households"], case.plan.disclosure.minimum_cell, total=False)
    pack = case.plan.rule_pack()
    known = {} if pack is None else pack.pack.monitored_classes
    words = {w: t.title for code, t in known.items() for w in (code, t.title.zh, t.title.en)}
    rows = tuple(
        (
            float(r["wave"]),
            capital(words.get(str(r["class"]), text_from(str(r["class"])))),
            *counts.rows[i],
        )
        for i, r in enumerate(found.to_dict("records"))
    )
    columns = (
        Column("wave", Text(en="Year", zh="年度"), "code"),
        Column("class", Text(en="Class", zh="类别")),
        Column("households", Text(en="Households", zh="户数"), "count"),
    )
    title = Text(en="Monitored households by class", zh="各类监测对象")
    return [Table(title, columns, rows, counts.notes)]


def _cases(case: CountyCase) -> list[Block]:
    heading = Prose(CASES, style="heading")
    found = table_of(case, "case_stages")
    if found is None:
        return [heading, omitted(case, CASES, "cases", "verdicts")]
    total = float(found["suspected"].sum())
    if not total:
        return [
            heading,
            Prose(Text(en="The survey raised no suspected case.", zh="抽查未发现疑似情形。"), style="note"),
        ]
    if table_of(case, "case_steps") is not None:
        said = Text(
            en=f"The survey raised suspected cases; their steps and outcomes stand in section {NUMBER['look_back']}.",
            zh=f"抽查发现的疑似情形，其办理步骤与认定结果见第{NUMBER['look_back']}节。",
        )
        return [heading, Prose(said, style="note")]
    ended = float(found.loc[found["stage"] == "adjudicated", "suspected"].sum())
    numbers = [
        prose.plain_number("total", total, "count"),
        prose.plain_number("ended", ended, "count"),
        prose.plain_number("open", total - ended, "count"),
    ]
    return [
        heading,
        prose.say(
            Text(
                en="The survey raised {total} suspected cases; {ended} are adjudicated and {open} are still open. Their stages stand with "
                "the verdicts in section {section}. Only an adjudicated case has an outcome.",
                zh="抽查发现疑似情形{total}例，其中已认定{ended}例，尚在核查过程中{open}例；各阶段数见第{section}节。仅经认定的情形有结论。",
            ),
            numbers,
            names={"section": str(NUMBER["summary"])},
        ),
    ]
