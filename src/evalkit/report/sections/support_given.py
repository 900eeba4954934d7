"""Accounts of support: causes against members, measures against needs, overlap, funds, the cliff."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.report import figures, marks, prose
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Interval,
    Omitted,
    Prose,
    Suppressed,
    Table,
    finite,
)
from evalkit.report.sections.counting import (
    Counts,
    fact,
    groups_of,
    joined_from,
    notes_on,
    parts_of,
    readings_of,
    table_of,
)
from evalkit.report.sections.reading import omitted, released
from evalkit.report.tables import WITHHELD, Part, interval_label, values_table
from evalkit.schema import PROGRAMS
from evalkit.text import Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

CAUSES_TITLE = Text(en="Causes of poverty against the members of the household", zh="主要致贫原因与家庭成员")
NEEDS_TITLE = Text(en="Measures against needs", zh="帮扶措施与致贫原因对应情况")
OVERLAP_TITLE = Text(en="How programs overlap", zh="帮扶措施的重叠")
FUNDS_TITLE = Text(en="Funds per household and per exit", zh="帮扶资金")
CLIFF_TITLE = Text(en="The cliff between supported and marginal households", zh="悬崖效应")
HOUSEHOLDS = Column("households", Text(en="Households", zh="户数"), "count")
SHARE = Column("share", Text(en="Share of households", zh="户数占比"), "share")
INTERVAL = Column("interval", interval_label(0.95), "share")
CAUSES: dict[str, str] = {
    "因病": "illness",
    "因残": "disability",
    "因学": "schooling",
    "因灾": "disaster",
    "缺劳力": "lack of labour",
    "缺劳动力": "lack of labour",
    "缺技术": "lack of skills",
    "缺资金": "lack of capital",
    "缺土地": "lack of land",
    "缺水": "lack of water",
    "交通条件落后": "poor roads",
    "自身发展动力不足": "lack of initiative, as recorded",
}
"""Words of the registry for causes → English."""
MARKED = "members can bear out"
"""Beginning of the note on causes that the sign — in the table says already."""
PROGRAM_WORDS: dict[str, str] = {code: word for word, code in reversed(PROGRAMS.items())}
"""Program code → its first word in the registry."""


def support_blocks(case: CountyCase) -> list[Block]:
    """Return causes, needs, overlap, funds and the cliff, each under its heading."""
    blocks: list[Block] = []
    for title, part in (
        (CAUSES_TITLE, _causes),
        (NEEDS_TITLE, _needs),
        (OVERLAP_TITLE, _overlap),
        (FUNDS_TITLE, _funds),
        (CLIFF_TITLE, _cliff),
    ):
        blocks += [Prose(title, style="heading"), *part(case)]
    return blocks


def _cause(word: object) -> Text:
    zh = str(word)
    en = CAUSES.get(zh)
    return text_from(zh) if en is None else Text(en=en[:1].upper() + en[1:], zh=zh)


def _program(case: CountyCase, code: str) -> Text:
    if code in case.plan.programs:
        said = case.plan.label(code)
        return Text(en=said.en[:1].upper() + said.en[1:], zh=said.zh)
    if code == "all":
        return Text(en="All programs", zh="各项合计")
    zh = PROGRAM_WORDS.get(code, code)
    en = code.replace("_", " ")
    return Text(en=en[:1].upper() + en[1:], zh=zh)


def _estimated(row: Mapping[Hashable, Any], *, hidden: bool) -> tuple[Cell, Cell]:
    """Return a share and its limits from a row of a table."""
    if hidden:
        return Suppressed(), Suppressed()
    low, high = finite(row["conf_low"]), finite(row["conf_high"])
    return finite(row["estimate"]), None if low is None and high is None else Interval(low, high)


def _causes(case: CountyCase) -> list[Block]:
    found, said = table_of(case, "causes"), fact(case, "causes")
    if found is None or said is None:
        return [omitted(case, CAUSES_TITLE, "causes")]
    least = case.plan.disclosure.minimum_cell
    whole = groups_of(found["households"], least, total=True)
    parts = readings_of(found, least)
    rows: list[tuple[Cell, ...]] = []
    for i, r in enumerate(found.to_dict("records")):
        hidden = not whole.whole(i)
        read: tuple[Cell, ...] = parts.rows[i] if bool(r["checked"]) else (None, None, None)
        if hidden:
            read = (Suppressed(),) * 3 if bool(r["checked"]) else read
        rows.append((_cause(r["cause"]), *whole.rows[i], *_estimated(r, hidden=hidden), *read))
    columns = (
        Column("cause", Text(en="Main cause on record", zh="登记的主要致贫原因")),
        HOUSEHOLDS,
        SHARE,
        INTERVAL,
        Column("meets", Text(en="Borne out by members", zh="成员信息印证"), "count"),
        Column("fails", Text(en="Contradicted", zh="成员信息不符"), "count"),
        Column("not_shown", Text(en="Not shown", zh="无法核实"), "count"),
    )
    source = (
        Text(en="members of the roster", zh="成员名册")
        if said["by_members"]
        else Text(en="counts of the household table", zh="户表所载人数")
    )
    note = Text(
        en=f"households of {said['wave']} with a cause on record; compared with {source.en}; —: members cannot bear this cause out or "
        "contradict it",
        zh=f"{said['wave']}年登记有致贫原因的户；与{source.zh}比对；—：成员信息无法印证或否定该原因",
    )
    own = [n for n in notes_on(case, "causes") if not n.en.startswith(MARKED)]
    notes = (note, *Counts(tuple(rows)).notes, *own)
    return [Table(CAUSES_TITLE, columns, tuple(rows), notes)]


def _needs(case: CountyCase) -> list[Block]:
    found, said = table_of(case, "needs"), fact(case, "needs")
    if found is None or said is None:
        return [omitted(case, NEEDS_TITLE, "needs")]
    split = found.assign(open=found["households"] - found["answered"])
    counts = parts_of(split, ("answered", "open"), case.plan.disclosure.minimum_cell)
    rows: list[tuple[Cell, ...]] = []
    for i, r in enumerate(found.to_dict("records")):
        named = [_program(case, p) for p in str(r["fitting"]).split(", ")]
        fitting = Text(en="; ".join(t.en for t in named), zh="、".join(t.zh for t in named))
        pair = _estimated(r, hidden=not counts.whole(i))
        rows.append((_cause(r["need"]), fitting, *counts.rows[i], *pair))
    columns = (
        Column("need", Text(en="Cause on record", zh="致贫原因")),
        Column("fitting", Text(en="Programs that answer it", zh="对应的措施")),
        Column("answered", Text(en="With one of them", zh="已享受"), "count"),
        Column("open", Text(en="Without", zh="未享受"), "count"),
        Column("share", Text(en="Share answered", zh="对应比例"), "share"),
        INTERVAL,
    )
    note = Text(
        en=f"households of {said['wave']} by cause; a program counts if it has begun and has not ended before; programs that are not in the "
        "program table count as not received",
        zh=f"{said['wave']}年各致贫原因的户；已开始且未提前结束的措施计为享受；帮扶措施表中没有的措施视为未享受",
    )
    return [Table(NEEDS_TITLE, columns, tuple(rows), (note, *counts.notes, *notes_on(case, "needs")))]


def _overlap(case: CountyCase) -> list[Block]:
    found, held, said = table_of(case, "overlap"), table_of(case, "programs_held"), fact(case, "overlap")
    if found is None or held is None or said is None:
        return [omitted(case, OVERLAP_TITLE, "overlap")]
    codes = list(dict.fromkeys(found["program"]))
    counts = groups_of(found["households"], case.plan.disclosure.minimum_cell, total=False)
    at = {
        (p, o): counts.rows[i][0]
        for i, (p, o) in enumerate(zip(found["program"], found["other"], strict=True))
    }
    rows = []
    for i, code in enumerate(codes):
        word = _program(case, code)
        cells = [at[code, other] if j <= i else "" for j, other in enumerate(codes)]
        rows.append((Text(en=f"{i + 1} {word.en}", zh=f"{i + 1} {word.zh}"), *cells))
    columns = (
        Column("program", Text(en="Program", zh="措施")),
        *(Column(str(code), Text(en=str(i + 1), zh=str(i + 1)), "count") for i, code in enumerate(codes)),
    )
    note = Text(
        en=f"households of the data with both programs in {said['wave']}; on the diagonal those with the program; {said['elsewhere']:,} rows of "
        "the program table name no household of that year",
        zh=f"{said['wave']}年同时享受两项措施的户数，对角线为享受该项措施的户数；帮扶措施表中有{said['elsewhere']:,}行不对应该年数据中的农户",
    )
    enough = said["households"] >= case.plan.disclosure.minimum_cell
    opening = [_receipts(said)] if enough else []
    return [
        *opening,
        Table(OVERLAP_TITLE, columns, tuple(rows), (note, *counts.notes)),
        _held(case, held),
    ]


def _receipts(said: dict[str, float]) -> Prose:
    numbers = [
        prose.plain_number("receipts", float(said["receipts"]), "count"),
        prose.plain_number("households", float(said["households"]), "count"),
        prose.plain_number("ratio", said["receipts"] / said["households"], "decimal"),
        prose.plain_number("wave", float(said["wave"]), "code"),
    ]
    return prose.say(
        Text(
            en="In {wave} the programs add up to {receipts} households, and {households} have any ({ratio} programs each): they "
            "overlap and must not be added.",
            zh="{wave}年各项措施合计{receipts}户次，实际受帮扶{households}户（户均{ratio}项）：措施相互重叠，不可相加。",
        ),
        numbers,
    )


def _held(case: CountyCase, held: pd.DataFrame) -> Table:
    """Tabulate households by number of programs; few households with many are put together, as both sums are printed above."""
    number = [int(n) for n in held["programs"]]
    households = [float(n) for n in held["households"]]
    last = joined_from(households, case.plan.disclosure.minimum_cell)
    joined = [*households[:last], *([sum(households[last:])] if last < len(households) else [])]
    counts = groups_of(pd.Series(joined), case.plan.disclosure.minimum_cell, total=True)
    words = [Text(en=str(n), zh=str(n)) for n in number]
    if last < len(number) - 1:
        words[last] = Text(en=f"{number[last]} and more", zh=f"{number[last]}项及以上")
    rows = tuple((words[i], *row) for i, row in enumerate(counts.rows))
    columns = (Column("programs", Text(en="Programs", zh="措施数")), HOUSEHOLDS)
    return Table(
        Text(en="Households by number of programs", zh="各户享受的措施数"), columns, rows, counts.notes
    )


def _funds(case: CountyCase) -> list[Block]:
    found, said = table_of(case, "funds"), fact(case, "funds")
    if found is None or said is None:
        return [omitted(case, FUNDS_TITLE, "funds")]
    least = case.plan.disclosure.minimum_cell
    gate = release(found.assign(n=found["households"]), minimum_cell=least, keys=("program",))
    exits = parts_of(found.assign(stay=found["households"] - found["exits"]), ("exits", "stay"), least)
    rows: list[tuple[Cell, ...]] = []
    for i, r in enumerate(gate.frame.to_dict("records")):
        hidden = bool(r["suppressed"])
        own: list[Cell] = [
            Suppressed() if hidden else finite(r[c]) for c in ("amount", "households", "per_household")
        ]
        open_ = not hidden and exits.whole(i)
        own += [finite(r[c]) if open_ else Suppressed() for c in ("exits", "per_exit")]
        last = ("traced", "reached") if said["budget"] else ("traced",)
        own += [Suppressed() if hidden else finite(r[c]) for c in last]
        rows.append((_program(case, str(r["program"])), *own))
    money = case.plan.welfare.currency.text
    columns = [
        Column("program", Text(en="Program", zh="措施")),
        Column("amount", Text(en=f"Amount ({money.en})", zh=f"金额（{money.zh}）"), "money"),
        HOUSEHOLDS,
        Column("per_household", Text(en="Per household", zh="户均"), "money"),
        Column("exits", Text(en="Of them exited", zh="其中脱贫户"), "count"),
        Column("per_exit", Text(en="Per exit", zh="每脱贫一户"), "money"),
        Column("traced", Text(en="Traced to households", zh="可追溯到户"), "share"),
    ]
    if said["budget"]:
        columns.append(
            Column(
                "reached", Text(en="Share of the budget that reached households", zh="到户占预算"), "share"
            )
        )
    note = Text(
        en="amounts of the program table that name a household of the registry; traced: their share of all amounts of the table; rows "
        "without an amount count as nothing",
        zh="帮扶措施表中对应到登记农户的金额；可追溯到户指其占表中全部金额的比例；没有金额的行按零计",
    )
    blank = int(found.loc[found["program"] == said["all"], "blank"].sum())
    lost = Text(en=f"{blank:,} rows have no amount", zh=f"{blank:,}行没有金额")
    notes = [note, *([lost] if blank else []), *Counts(tuple(rows)).notes, *notes_on(case, "funds")]
    return [*_per_exit(case, found, rows), Table(FUNDS_TITLE, tuple(columns), tuple(rows), tuple(notes))]


def _per_exit(case: CountyCase, found: pd.DataFrame, rows: list[tuple[Cell, ...]]) -> list[Block]:
    """Say what support cost per household and per exit over all programs, where both may be printed."""
    said = fact(case, "funds")
    at = int((found["program"] == said["all"]).to_numpy().argmax())
    household, exit_ = rows[at][3], rows[at][5]
    if not isinstance(household, float) or not isinstance(exit_, float):
        return []
    numbers = [
        prose.plain_number("first", float(said["first"]), "code"),
        prose.plain_number("last", float(said["last"]), "code"),
        prose.plain_number("household", household, "money"),
        prose.plain_number("exit", exit_, "money"),
    ]
    return [
        prose.say(
            Text(
                en="Support that began in {first}–{last} comes to {household} {currency} a supported household and {exit} {currency} for each exit. "
                "These are averages, "
                "not what one more exit would cost.",
                zh="{first}—{last}年开始的帮扶，受帮扶户户均{household}{currency}，每脱贫一户{exit}{currency}。此为平均数，并非新增一户脱贫的成本。",
            ),
            numbers,
            names={"currency": case.plan.welfare.currency.text},
        )
    ]


def _cliff(case: CountyCase) -> list[Block]:
    said = fact(case, "cliff")
    if said is None or "cliff_gaps" not in case.result.estimates:
        return [omitted(case, CLIFF_TITLE, "cliff")]
    least = case.plan.disclosure.minimum_cell
    if min(int(said["registered_n"]), int(said["marginal_n"])) < least:
        few = Text(en=f"One of the groups has fewer than {least} households.", zh=f"其中一组不足{least}户。")
        return [Omitted(CLIFF_TITLE, few)]
    first, second = text_from(said["registered"]), text_from(said["marginal"])
    words = {
        "gap_before": Text(en="Gap without support", zh="扣除帮扶收入后的差距"),
        "gap_after": Text(en="Gap with support", zh="计入帮扶收入后的差距"),
        "shift": Text(en="What support does to the gap", zh="帮扶使差距变动"),
    }
    parts = {
        n: p
        for n, t in words.items()
        if (p := released(case, "cliff_gaps", t, form="money", where={"statistic": n})) is not None
    }
    pairs = released(
        case, "cliff_overtaken", Text(en="Pairs overtaken", zh="次序颠倒的对数占比"), form="share",
        where={"statistic": "overtaken"},
    )  # fmt: skip
    if len(parts) < len(words) or pairs is None:
        return [Omitted(CLIFF_TITLE, WITHHELD)]
    meaning = Text(
        en=f"mean of {second.en} less mean of {first.en}, {case.plan.welfare.currency.text.en} per head in {said['wave']}; above zero the former "
        "have more",
        zh=f"{said['wave']}年{second.zh}均值减{first.zh}均值，{case.plan.welfare.currency.text.zh}/人；大于零表示前者较高",
    )
    return [
        _overtaken(pairs, first, second),
        values_table(CLIFF_TITLE, list(parts.values()), notes=(meaning,)),
        _picture(case, [parts["gap_before"], parts["gap_after"]], first, second),
    ]


def _overtaken(pairs: Part, first: Text, second: Text) -> Prose:
    return prose.say(
        Text(
            en="Of all pairs of one of the {second} and one of the {first}, {share} have the former above the latter without support and below "
            "with it.",
            zh="在{second}与{first}的所有两两配对中，有{share}为扣除帮扶时前者较高、计入帮扶后反而较低（悬崖效应）。",
        ),
        [prose.figure("share", pairs.measure(), "share")],
        names={"first": first, "second": second},
        style="finding",
    )


def _picture(case: CountyCase, parts: list[Part], first: Text, second: Text) -> Figure:
    at = [p.measure() for p in parts]
    row = marks.Series(
        Text(en="Gap", zh="差距"),
        (0.0, 1.0),
        tuple(m.value for m in at),
        tuple(m.low for m in at),
        tuple(m.high for m in at),
    )
    money = case.plan.welfare.currency.text
    panel = figures.Panel(
        (row,),
        Text(en="", zh=""),
        Text(en=f"Gap ({money.en} per head)", zh=f"差距（{money.zh}/人）"),
        "money",
        style="columns",
        zero=True,
        ticks=tuple(p.label for p in parts),
    )
    return Figure(
        Text(en="The gap without and with support", zh="计入帮扶收入前后的差距"),
        Text(
            en=f"Mean of {second.en} less mean of {first.en}, without and with support.",
            zh=f"{second.zh}均值减{first.zh}均值，扣除与计入帮扶收入两种情形。",
        ),
        figures.draw_panels([panel], synthetic=case.plan.synthetic),
        Text(
            en=f"Above zero {second.en} have more, below zero {first.en}. Lines: 95\u202f% intervals. The figures are in the table.",
            zh=f"大于零表示{second.zh}较高，小于零表示{first.zh}较高；竖线为95%区间，数值见表。",
        ),
    )
