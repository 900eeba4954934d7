"""The data audit over all counties, first half: what was read, where the rows went, what was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from evalkit import schema
from evalkit.report import labels, prose
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Table
from evalkit.report.tables import frame_table
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.auditing import AuditCase

TITLES: dict[str, Text] = {
    "audit_read": Text(en="What was read", zh="读入的内容"),
    "audit_rows": Text(en="What became of the rows", zh="各行的去向"),
    "audit_changes": Text(en="What was changed or marked, by rule", zh="按规则改动与标记的内容"),
    "audit_open": Text(en="What is still open, and what was decided", zh="待核与已核的内容"),
    "audit_totals": Text(en="Totals before and after", zh="清洗前后的合计"),
    "audit_checks": Text(en="Which checks were made", zh="做了哪些检查"),
    "audit_events": Text(en="What happened to households", zh="农户的变动"),
}
"""Section → title, in order."""
NONE = Text(en="the build has nothing to list here.", zh="建库结果中没有可列的内容。")
MOST_SHEETS = 150
"""Sheets above which files are summed up by how they were read."""
MOST_COUNTIES = 150
"""Counties above which only those with most rows set aside are listed."""
_NOT_HEADERS = ("unrecognised", "constant", "household")
"""Ways a field is found that are no header of a file."""
_FILE = ("table", "file", "sheet", "encoding", "header_row", "rows", "money_unit", "notes")


def audit_section(name: str, case: AuditCase, blocks: Sequence[Block], language: Language) -> Section:
    """Return a section of the audit with its number, title and banner."""
    return Section(
        id=name,
        number=list(TITLES).index(name) + 1,
        title=TITLES[name],
        blocks=tuple(blocks),
        synthetic=case.plan.synthetic,
        language=language,
        county="",
    )


def with_reason(table: pd.DataFrame, en: str = "reason_en", zh: str = "reason_zh") -> pd.DataFrame:
    """Return the table with a column ``reason`` in both languages."""
    said = zip(table[en].fillna(""), table[zh].fillna(""), strict=True)
    reasons = pd.Series([Text(en=str(e), zh=str(z)) for e, z in said], dtype=object)
    return table.reset_index(drop=True).assign(reason=reasons)


def audit_read(case: AuditCase, language: Language = "zh") -> Section:
    """Return the files of every raw table, how each was read, and what every header was taken for."""
    files = case.intake.files
    others = sorted(set(case.inputs).difference(files["file"]))
    blocks: list[Block] = [
        prose.say(
            Text(
                en="{files} files with {rows} rows were read for {tables} raw tables and {counties} counties. Files are read "
                "and never written; their fingerprints (SHA-256) stand in the manifest of the build.",
                zh="共读入{files}个文件、{rows}行，归入{tables}类数据表，涉及{counties}个县。原始文件只读不写，指纹（SHA-256）记入建库清单。",
            ),
            [
                prose.plain_number("files", len(case.inputs) - len(others), "count"),
                prose.plain_number("rows", sum(case.intake.rows.values()), "count"),
                prose.plain_number("tables", len(case.intake.rows), "count"),
                prose.plain_number("counties", len(case.names) + len(case.failed), "count"),
            ],
        )
    ]
    blocks.append(_files(files) if len(files) else Omitted(Text(en="Files", zh="文件"), NONE))
    if others:
        blocks.append(_beside(others))
    if case.intake.unread:
        blocks.append(_unread(case.intake.unread))
    return audit_section(
        "audit_read", case, [*blocks, *_unknown(case.intake.headers), *_known(case.intake.headers)], language
    )


def _files(files: pd.DataFrame) -> Table:
    row = pd.to_numeric(files["header_row"], errors="coerce")
    table = files.assign(header_row=row.where(row > 0))
    if len(table) <= MOST_SHEETS:
        shown = [c for c in _FILE if table[c].notna().any()]
        title = Text(en="Files, and how each was read", zh="文件及读法")
        return frame_table(title, table, columns=shown, blank=("file", "sheet", "encoding", "notes"))
    keys = ["table", "encoding", "header_row", "money_unit"]
    alike = table.groupby(keys, sort=True, dropna=False)["rows"].agg(sheets="size", rows="sum").reset_index()
    note = Text(
        en=f"{len(table)} sheets, summed up by how they were read; each is listed in results/intake.json of the build",
        zh=f"共{len(table)}个工作表，按读法汇总；逐个清单见建库结果results/intake.json",
    )
    title = Text(en="Files by how they were read", zh="文件（按读法汇总）")
    return frame_table(title, alike, blank=("encoding",), notes=(note,))


def _beside(names: Sequence[str]) -> Prose:
    return prose.say(
        Text(
            en="Read beside the tables, and no part of them (figures stated by each level, known totals): {names}.",
            zh="另读入不属于数据表的文件（各级上报数、已知总数）：{names}。",
        ),
        names={"names": Text(en=", ".join(names), zh="、".join(names))},
        style="note",
    )


def _unread(names: Sequence[str], most: int = 30) -> Prose:
    more = len(names) > most
    shown = ", ".join(names[:most]), "、".join(names[:most])
    return prose.say(
        Text(
            en="Files of the raw folder that belong to no table of the plan and were not read ({count}): {names}.",
            zh="原始文件夹中另有{count}个文件不属于方案的任何数据表，未读入：{names}。",
        ),
        [prose.plain_number("count", len(names), "count")],
        names={"names": Text(en=shown[0] + (" …" if more else ""), zh=shown[1] + (" 等" if more else ""))},
        style="note",
    )


def _unknown(headers: pd.DataFrame) -> Iterator[Block]:
    unknown = headers.loc[headers["how"] == "unrecognised", ["table", "header", "sheets"]]
    if unknown.empty:
        yield Prose(Text(en="Every header was recognised.", zh="所有表头均已识别。"))
        return
    yield frame_table(
        Text(en="Headers not recognised: their columns are not used", zh="未能识别的表头（该列未予使用）"),
        unknown,
        blank=("header",),
        notes=(
            Text(
                en="to use one, say in the plan what it is (data.<table>.columns), or keep it under its own name "
                "(data.<table>.keep)",
                zh="如需使用，请在方案中指明其含义（data.<表>.columns），或按原名保留（data.<表>.keep）",
            ),
        ),
    )


def _known(headers: pd.DataFrame) -> Iterator[Block]:
    """Yield one table a raw table: each field once, with the headers it arrived under."""
    found = headers.loc[~headers["how"].isin(_NOT_HEADERS)]
    order = {f.name: i for i, f in enumerate(schema.FIELDS)}
    for table, own in found.groupby("table", sort=False):
        grouped = {
            (order.get(str(field), len(order)), str(field), str(how)): lines
            for (field, how), lines in own.groupby(["field", "how"], sort=False)
        }
        rows = [
            _field_cells(field, how, lines) for (_, field, how), lines in sorted(grouped.items(), key=_place)
        ]
        name = labels.word(str(table))
        columns = (
            labels.column("field"),
            Column("headers", Text(en="Headers in the files", zh="文件中的表头")),
            labels.column("money_unit"),
            labels.column("how"),
            labels.column("sheets"),
        )
        title = Text(en=f"What the headers were taken for: {name.en}", zh=f"表头的识别结果：{name.zh}")
        yield Table(title, columns, tuple(rows))


def _place(item: tuple[tuple[int, str, str], pd.DataFrame]) -> tuple[int, str, str]:
    return item[0]


def _field_cells(field: str, how: str, lines: pd.DataFrame) -> tuple[Cell, ...]:
    names = list(dict.fromkeys(lines["header"].astype(str)))
    units = [labels.word(str(u)) for u in lines["unit"].unique() if u in ("one", "wan")]
    return (
        Text(en=schema.label(field, "en"), zh=schema.label(field, "zh")),
        Text(en=", ".join(names), zh="、".join(names)),
        Text(en=", ".join(u.en for u in units), zh="、".join(u.zh for u in units)) if units else None,
        labels.word(how),
        float(lines["sheets"].sum()),
    )


def audit_rows(case: AuditCase, language: Language = "zh") -> Section:
    """Return what became of every row: by table, then by county, then what names no county or was not built."""
    balance = case.row_balance()
    rows = case.table("rows")
    shown = ["table", "rows", "clean", "quarantined", "merged", "not_data", "unplaced"]
    shown += [c for c in ("failed",) if balance[c].any()]
    note = Text(
        en="rows in the files = clean + quarantined + merged + not data + rows that name no county (and rows of counties that "
        "could not be built, if there are any)",
        zh="文件行数＝采用＋隔离＋合并＋非数据行＋未写明县的行（如有未能建库的县，另加其行数）",
    )
    blocks: list[Block] = [
        _accounted(int(balance["unaccounted"].abs().sum())),
        frame_table(
            Text(en="By table", zh="按数据表"), balance, columns=[*shown, "unaccounted"], notes=(note,)
        ),
    ]
    if rows is not None:
        blocks.append(_by_county(rows.loc[rows["table"] == "household"], dict(case.names)))
    if len(case.unplaced):
        blocks.append(
            frame_table(
                Text(en="Rows that name no county", zh="未写明县的行"),
                with_reason(case.unplaced),
                columns=["table", "action", "rule", "reason", "n"],
                blank=("rule",),
            )
        )
    if case.failed:
        lost = case.intake.failed.groupby("county")["rows"].sum()
        table = pd.DataFrame({"county": list(case.failed), "reason": list(case.failed.values())})
        table["rows"] = table["county"].map(lost).fillna(0)
        blocks.append(
            frame_table(
                Text(en="Counties that could not be built", zh="未能建库的县"),
                table,
                columns=["county", "rows", "reason"],
                blank=("county", "reason"),
            )
        )
    return audit_section("audit_rows", case, blocks, language)


def _by_county(rows: pd.DataFrame, names: dict[str, str], most: int = MOST_COUNTIES) -> Table:
    """Return the household rows of every county; of many counties, those with the largest share set aside."""
    own = rows.assign(county_name=rows["county"].map(names))
    notes = []
    if len(own) > most:
        share = own["quarantined"] / own["in"].where(own["in"] > 0)
        own = own.assign(share=share).sort_values(["share", "county"], ascending=[False, True]).head(most)
        notes.append(
            Text(
                en=f"the {most} counties of {len(rows)} with the largest share of rows in quarantine; all are in the manifest",
                zh=f"共{len(rows)}个县，此处列出隔离比例最高的{most}个；全部见建库清单",
            )
        )
    return frame_table(
        Text(en="Household rows by county", zh="各县户表行"),
        own,
        columns=["county", "county_name", "in", "clean", "quarantined", "merged", "not_data"],
        blank=("county", "county_name"),
        notes=notes,
    )


def _accounted(lost: int) -> Prose:
    if not lost:
        return Prose(
            Text(en="Every row that was read is accounted for.", zh="读入的每一行均有去向。"), style="finding"
        )
    return prose.say(
        Text(
            en="{lost} rows are not accounted for: this is an error of the build; do not use it.",
            zh="有{lost}行去向不明：建库有误，请勿使用。",
        ),
        [prose.plain_number("lost", lost, "count")],
        style="warning",
    )


_DONE: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (Text(en="Cells changed and columns converted", zh="改动的单元格与整列换算"), ("change", "column")),
    (Text(en="Rows set aside in quarantine", zh="隔离的行"), ("quarantine",)),
    (Text(en="Rows merged with their duplicate, and rows that are no data", zh="合并的重复行与非数据行"), ("merge", "not_data")),
    (Text(en="Marked and kept as they are", zh="仅作标记、数值不变"), ("flag",)),
)  # fmt: skip
"""Title → actions of the ledger that stand together."""


def audit_changes(case: AuditCase, language: Language = "zh") -> Section:
    """Return what cleaning did and marked, by kind of action and rule, over all counties."""
    rules = case.table("rules")
    if rules is None:
        nothing = Text(
            en="Cleaning changed, marked and set aside nothing.", zh="清洗未作任何改动、标记或隔离。"
        )
        return audit_section("audit_changes", case, [Prose(nothing)], language)
    keys = ["rule", "table", "action", "reason_en", "reason_zh"]
    grouped = rules.groupby(keys, sort=True)
    table = grouped["n"].sum().rename("n").reset_index()
    table["counties"] = grouped["county"].nunique().to_numpy()
    blocks: list[Block] = [
        Prose(
            Text(
                en="Each entry of the ledger names file, row, column, the old and the new value, the rule and its reason; "
                "replaying it on the raw files rebuilds the clean tables.",
                zh="台账逐条记明文件、行、列、原值、新值、规则与原因；按台账重放原始文件即可重建清洗结果。",
            )
        )
    ]
    for title, actions in _DONE:
        part = table.loc[table["action"].isin(actions)]
        if part.empty:
            blocks.append(Prose(Text(en=f"{title.en}: none.", zh=f"{title.zh}：无。")))
            continue
        shown = ["rule", "table", *(["action"] if len(actions) > 1 else []), "reason", "n", "counties"]
        blocks.append(frame_table(title, with_reason(part), columns=shown, blank=("rule",)))
    return audit_section("audit_changes", case, blocks, language)
