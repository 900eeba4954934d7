"""What was read, what became of the rows, what was changed, what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.decisions.choices import CHOICES
from evalkit.report import prose
from evalkit.report.document import Block, Omitted, Prose, Section
from evalkit.report.sections.audit_findings import check_blocks
from evalkit.report.sections.happenings import event_table, few_events, stated_table, stock_lines
from evalkit.report.sections.missing_data import missing_blocks
from evalkit.report.sections.reading import open_section
from evalkit.report.tables import frame_table
from evalkit.rules import RULES
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

AS_WRITTEN = Text(
    en="as read: the figures as written, also where a file is in ten thousands; its conversion stands under “changed by rules”",
    zh="“读入时”为原表所写数字，单位为万元的文件亦然；其换算计入“规则改动”",
)
"""What the first column of a table of amounts is."""
NOTHING = Text(en="nothing to list: the table of the build is empty", zh="建库结果中该表为空")


def quality(case: CountyCase, language: Language = "zh") -> Section:
    """Return what happened to the data on the way from the files to the estimates."""
    blocks: list[Block] = [
        Prose(
            Text(
                en="Nothing was dropped silently: every row read is clean, quarantined, merged with its duplicate, or no "
                "data, and every changed cell is in the ledger with its reason.",
                zh="所有记录均有去向：读入的每一行或予采用、或予隔离、或与重复行合并、或为非数据行；每处改动连同原因记入清洗台账，没有未经说明的删除。",
            )
        ),
        *_rows(case),
        *_rules(case),
        *_open_cases(case),
        *_money(case),
        *_checks(case),
        *_files(case),
        *_events(case),
        *_sample(case),
        *missing_blocks(case),
    ]
    return open_section("quality", case, blocks, language)


def _table(case: CountyCase, name: str) -> pd.DataFrame | None:
    found = case.result.tables.get(name)
    return None if found is None or found.empty else found


def _rows(case: CountyCase) -> list[Block]:
    title = Text(en="What became of the rows", zh="各行的去向")
    found = _table(case, "rows")
    if found is None:
        return [Omitted(title, NOTHING)]
    note = Text(
        en="rows read = clean + quarantined + merged + not data", zh="读入行数＝采用＋隔离＋合并＋非数据行"
    )
    return [frame_table(title, found, notes=(note,))]


def _rules(case: CountyCase) -> list[Block]:
    title = Text(en="What cleaning did, by rule", zh="各条规则的清洗处理")
    found = _table(case, "rules")
    if found is None:
        return [
            Prose(
                Text(
                    en="Cleaning changed nothing and set no row aside.",
                    zh="清洗未改动任何内容，也未隔离任何行。",
                )
            )
        ]
    table = found.reset_index(drop=True)
    if {"reason_en", "reason_zh"} <= set(table.columns):
        said = zip(table["reason_en"], table["reason_zh"], strict=True)
        table["reason"] = pd.Series([Text(en=str(e), zh=str(z)) for e, z in said], dtype=object)
    columns = ["rule", "table", "action", "reason", *[c for c in ("n", "count") if c in table]]
    return [frame_table(title, table, columns=columns, blank=("rule",))]


def _open_cases(case: CountyCase) -> list[Block]:
    found = _table(case, "open_cases")
    if found is None:
        return [Prose(Text(en="No case is open.", zh="没有待核情形。"))]
    title = Text(en="Cases for a person to decide", zh="需人工核定的情形")
    table = found.reset_index(drop=True)
    reasons = _reasons(case)
    said = [reasons.get(str(r)) or _rule_text(str(r)) for r in table["rule"]]
    table["reason"] = pd.Series(said, dtype=object)
    note = Text(
        en="an open case is kept as it stands in the data or set aside as the table above says; nobody has yet decided it",
        zh="待核情形按上表保留或隔离，尚未由人工核定",
    )
    made = ["decided"] if "decided" in table and bool(table["decided"].any()) else []
    blocks: list[Block] = [
        frame_table(
            title, table, columns=["rule", "table", "reason", "cases", *made], blank=("rule",), notes=(note,)
        )
    ]
    decided = _table(case, "decided")
    if decided is not None:
        words: dict[str, Text] = {c.code: c.label for c in CHOICES}
        counts = decided.groupby("action", sort=True)["n"].sum()
        listed = [Text(en=f"{words[str(a)].en} {n}", zh=f"{words[str(a)].zh}{n}") for a, n in counts.items()]
        template = Text(
            en="{count} cases were decided by persons: {listed}; who decided, when and why is in the ledger.",
            zh="经人工核定{count}项：{listed}；核定人、日期与理由见台账。",
        )
        numbers = [prose.plain_number("count", int(counts.sum()), "count")]
        blocks.append(prose.say(template, numbers, names={"listed": prose.listed(listed)}))
    return blocks


def _rule_text(rule_id: str) -> Text:
    return next((r.text for r in RULES if r.id == rule_id), text_from(rule_id))


def _checks(case: CountyCase) -> list[Block]:
    found = _table(case, "checks")
    return [] if found is None else [*check_blocks(found, met=False)]


def _events(case: CountyCase) -> list[Block]:
    smallest = case.plan.disclosure.minimum_cell
    events, stated, stock = (_table(case, n) for n in ("events", "events_stated", "stock"))
    blocks: list[Block] = []
    if events is None:
        if "events" in case.result.omitted:
            blocks.append(
                Omitted(Text(en="Events of households", zh="农户变动"), case.result.omitted["events"])
            )
        return blocks
    blocks.append(event_table(events, smallest))
    if stated is not None:
        blocks.append(stated_table(stated, smallest))
    if stock is not None:
        blocks.append(stock_lines(stock, levels=not few_events(events, smallest)))
    return blocks


def _reasons(case: CountyCase) -> dict[str, Text]:
    rules = case.result.tables.get("rules")
    if rules is None or not {"rule", "reason_en", "reason_zh"} <= set(rules.columns):
        return {}
    return {
        str(r): Text(en=str(e), zh=str(z))
        for r, e, z in zip(rules["rule"], rules["reason_en"], rules["reason_zh"], strict=True)
    }


def _money(case: CountyCase) -> list[Block]:
    title = Text(en="Money totals before and after cleaning", zh="清洗前后的金额合计")
    found = _table(case, "money")
    if found is None:
        return [Omitted(title, NOTHING)]
    return [frame_table(title, found, currency=case.plan.welfare.currency.text, notes=(AS_WRITTEN,))]


def _files(case: CountyCase) -> list[Block]:
    title = Text(en="Files read", zh="读入的文件")
    found = _table(case, "files")
    if found is None:
        return [Omitted(title, NOTHING)]
    blocks: list[Block] = [
        frame_table(
            title,
            _headed(found),
            columns=["file", "sheet", "encoding", "header_row", "rows", "money_unit"],
            blank=("file", "sheet", "encoding"),
            notes=(
                Text(
                    en="household files with rows of this county; rows are those of the whole file, with rows of other "
                    "counties and rows that name no county (titles, totals, blank rows), which the first table of this "
                    "section does not count; fingerprints are in the last section",
                    zh="含本县数据行的户表文件；行数为整个文件的行数，含其他县的行和未写明县名的行（标题、合计、空行），"
                    "后两者不计入本节第一张表；文件指纹见最后一节",
                ),
            ),
        )
    ]
    mapping = _table(case, "mapping")
    if mapping is not None and "how" in mapping:
        unknown = list(dict.fromkeys(mapping.loc[mapping["how"] == "unrecognised", "header"].astype(str)))
        if unknown:
            template = Text(
                en="{count} columns were not recognised and are not used: {headers}.",
                zh="有{count}列未能识别，未予使用：{headers}。",
            )
            blocks.append(
                prose.say(
                    template,
                    [prose.plain_number("count", len(unknown), "count")],
                    names={"headers": _some(unknown)},
                    style="note",
                )
            )
    return blocks


def _some(names: list[str], most: int = 12) -> Text:
    """Join the first names, and say that there are more."""
    more = len(names) > most
    return Text(
        en=", ".join(names[:most]) + (" and others" if more else ""),
        zh="、".join(names[:most]) + ("等" if more else ""),
    )


def _headed(files: pd.DataFrame) -> pd.DataFrame:
    """Return the files with a missing header row where a format has none (0)."""
    if "header_row" not in files:
        return files
    row = pd.to_numeric(files["header_row"], errors="coerce")
    return files.assign(header_row=row.where(row > 0))


def _sample(case: CountyCase) -> list[Block]:
    title = Text(en="Sample by year", zh="各年样本")
    found = _table(case, "sample")
    if found is None:
        return [Omitted(title, NOTHING)]
    return [
        frame_table(title, found, columns=["wave", "households", "persons", "villages", "welfare_missing"])
    ]
