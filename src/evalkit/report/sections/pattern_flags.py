"""Patterns that honest records do not show: what was tested, what is flagged, what each test is able to see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.forensics import TESTS, Performance, performance
from evalkit.report import display, prose
from evalkit.report.document import Block, Cell, Column, Prose, Section, Suppressed, Table, finite
from evalkit.report.sections.reading import omitted, open_section
from evalkit.report.tables import DECIMALS, WITHHELD
from evalkit.text import Language, Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

WHAT = Text(en="Tests of patterns", zh="数据特征检验")
MOST_UNITS = 10
"""Flagged units that are printed by test; all are in the store."""
MEANING = Text(
    en="A flagged village, year or interviewer is a place to visit first. The figures do not say why a pattern is there, nor who "
    "made it, and many patterns have plain reasons: a village settles all its cases at one meeting, an allowance is raised for "
    "all at once, an interviewer rounds. Nor does a county without flags have records that are shown to be right.",
    zh="被标记的村、年度或调查员，只表示宜优先走访核实。数字本身不说明成因，也不指向任何人；许多特征有平常的原因：全村的认定在同一次会议上办理，"
    "某项补助同时上调，调查员习惯取整。没有标记，也不表明记录无误。",
)
NAMELESS = Text(
    en="Interviewers are numbered within a test, the clearest first, and not named here. The rows behind every flag, with household "
    "codes and interviewers, are in the table signal_cases of the build (evalkit query); they are not for publication.",
    zh="调查员在各项检验内编号（最明显者为1），此处不列姓名或编码。各标记所依据的逐户记录（含户编号与调查员）在建库结果的signal_cases表中"
    "（evalkit query），不对外公布。",
)
TEST = Column("test", Text(en="Test", zh="检验"))
EFFECT_SHARE = Text(en="Difference (points)", zh="差（百分点）")
WHOLE = ("heaping_county", "exits_without_support_county")
"""Tests of the county as a whole."""


def patterns(case: CountyCase, language: Language = "zh") -> Section:
    """Return what the forensic tests flag in the county, how far off it is, and what the tests are able to see."""
    signals = case.result.tables.get("signals")
    lacking = _lacking(case)
    if signals is None or signals.empty:
        first: list[Block] = [omitted(case, WHAT, "patterns")] if not lacking else [_nothing_allowed()]
        return open_section("patterns", case, [*first, *lacking], language)
    units = case.result.tables["signal_units"]
    facts = _facts(case, signals)
    blocks: list[Block] = [
        _count(signals, facts["level"]),
        Prose(MEANING, style="warning"),
        _table(case, signals),
        *(b for row in signals.to_dict("records") for b in _flags(case, row, units)),
        *([Prose(NAMELESS, style="note")] if len(units) else []),
        _sight(signals),
        _error(signals, facts["level"]),
        *lacking,
    ]
    return open_section("patterns", case, blocks, language, facts)


def _facts(case: CountyCase, signals: pd.DataFrame) -> dict[str, Any]:
    told = case.result.facts.get("patterns", {})
    flagged = {str(k): int(n) for k, n in zip(signals["kind"], signals["flagged"], strict=True)}
    return {"level": told.get("level", 0.05), "tests": len(signals), "flagged": flagged}


def _nothing_allowed() -> Prose:
    return Prose(Text(en="The data allow none of the tests.", zh="现有数据不允许进行任何一项检验。"))


def _count(signals: pd.DataFrame, level: float) -> Prose:
    """Say how many tests were made, over how many units, and how many are flagged."""
    flagged = int(signals["flagged"].sum())
    numbers = [
        prose.plain_number("tests", len(signals), "count"),
        prose.plain_number("units", int(signals["units"].sum()), "count"),
        prose.plain_number("level", level, "share"),
    ]
    if not flagged:
        said = Text(
            en="{tests} tests were made, over {units} units in all (villages, village-years, interviewers, the county). None is "
            "flagged at a false-discovery level of {level} within each test.",
            zh="共进行{tests}项检验，合计{units}个单位（村、村×年、调查员、全县）。在每项检验内误判率不超过{level}的水平下，没有单位被标记。",
        )
        return prose.say(said, numbers, style="finding")
    numbers += [
        prose.plain_number("flagged", flagged, "count"),
        prose.plain_number("some", int((signals["flagged"] > 0).sum()), "count"),
    ]
    said = Text(
        en="{tests} tests were made, over {units} units in all (villages, village-years, interviewers, the county). In {some} of "
        "them {flagged} units are flagged: among the flags of a test, a share of up to {level} is expected to be false.",
        zh="共进行{tests}项检验，合计{units}个单位（村、村×年、调查员、全县）。其中{some}项检验标记了{flagged}个单位；各项检验的标记中，预期至多{level}为误判。",
    )
    return prose.say(said, numbers, style="finding")


def _table(case: CountyCase, signals: pd.DataFrame) -> Table:
    """Return one row a test; shares that rest on few cases are withheld."""
    smallest = case.plan.disclosure.minimum_cell
    shares = signals[["kind", "n", "share"]].copy()
    gate = release(shares, minimum_cell=smallest, keys=("kind",), decimals=DECIMALS).frame
    columns = (
        TEST,
        Column("units", Text(en="Units", zh="单位")),
        Column("tested", Text(en="Tested", zh="检验数"), "count"),
        Column("flagged", Text(en="Flagged", zh="标记数"), "count"),
        Column("share", Text(en="Share with it, all units", zh="全部单位中的比例"), "share"),
        Column("q", Text(en="Smallest q", zh="最小q值"), "p"),
    )
    rows: list[tuple[Cell, ...]] = []
    for row, shown in zip(signals.to_dict("records"), gate.to_dict("records"), strict=True):
        test = TESTS[str(row["kind"])]
        share: Cell = Suppressed() if shown["suppressed"] else finite(shown["share"])
        if test.scale == "log":
            share = None
        rows.append(
            (test.title, test.units, int(row["units"]), int(row["flagged"]), share, finite(row["smallest_q"]))
        )
    notes = [
        Text(
            en="smallest q: the false-discovery level at which the clearest unit would be flagged (Benjamini-Hochberg); what "
            "each test counts stands in the table on what it is able to see",
            zh="q值为最明显的单位恰被标记时的误判率水平（Benjamini-Hochberg）；各项所计内容见“各项检验能够发现什么”一表",
        ),
        Text(
            en="shares are of all cases tested, without weights; a small share is usual in many of the tests",
            zh="比例按全部受检情形计，未加权；许多检验中本来就有少量此类情形",
        ),
    ]
    if bool(gate["suppressed"].any()):
        notes.append(WITHHELD)
    return Table(
        Text(en="The tests and what they flag", zh="各项检验及其标记"), columns, tuple(rows), tuple(notes)
    )


def _flags(case: CountyCase, row: Mapping[Any, Any], units: pd.DataFrame) -> list[Block]:
    """Return a sentence on the clearest unit of a test and a table of its flagged units; nothing where none is flagged."""
    kind = str(row["kind"])
    own = units[units["kind"] == kind].sort_values("number")
    if own.empty:
        return []
    counted = own[["kind", "number", "n", "share", "expected", "effect", "q_value"]]
    gate = release(
        counted, minimum_cell=case.plan.disclosure.minimum_cell, keys=("kind", "number"), decimals=DECIMALS
    ).frame
    shown = own[["village", "village_name", "year", "month"]].reset_index(drop=True).join(gate)
    blocks: list[Block] = [Prose(TESTS[kind].title, style="heading"), _clearest(row, shown)]
    if kind not in WHOLE:
        noted = Text(en=str(row["notes_en"]), zh=str(row["notes_zh"]))
        blocks.append(_unit_rows(kind, shown, noted))
    return blocks


def _clearest(row: Mapping[Any, Any], shown: pd.DataFrame) -> Prose:
    """Say how many units of a test are flagged, and how far the clearest is off."""
    test, first = TESTS[str(row["kind"])], shown.iloc[0]
    names: dict[str, Text | str] = {
        "question": Text(en=str(row["question_en"]), zh=str(row["question_zh"])),
        "units": test.units,
    }
    numbers = [
        prose.plain_number("flagged", int(row["flagged"]), "count"),
        prose.plain_number("tested", int(row["units"]), "count"),
    ]
    head = Text(
        en="{flagged} of {tested} ({units}) are flagged. Counted is the {question}",
        zh="{tested}个{units}中有{flagged}个被标记。所计为：{question}",
    )
    if row["kind"] in WHOLE:
        numbers = []
        head = Text(
            en="The county as a whole is flagged. Counted is the {question}",
            zh="全县被标记。所计为：{question}",
        )
    if bool(first["suppressed"]):
        return prose.say(Text(en=f"{head.en}.", zh=f"{head.zh}。"), numbers, names=names)
    numbers.append(prose.plain_number("n", first["n"], "count"))
    if test.scale == "log":
        apart = math.expm1(float(first["effect"]))
        numbers.append(prose.plain_number("apart", abs(apart), "share"))
        way = Text(en="above", zh="高出") if apart > 0 else Text(en="below", zh="低于")
        tail = Text(
            en=f"; the clearest lies {{apart}} {way.en} what the same households report to others ({{n}} household-years).",
            zh=f"；最明显者比同一住户在其他调查员处所报{way.zh}{{apart}}（{{n}}个户年）。",
        )
    else:
        numbers += [
            prose.plain_number("share", first["share"], "share"),
            prose.plain_number("expected", first["expected"], "share"),
        ]
        tail = Text(
            en="; in the clearest it is {share} of {n}, where {expected} is expected.",
            zh="；最明显者为{n}个中的{share}，而预期为{expected}。",
        )
        if row["kind"] in WHOLE:
            tail = Text(
                en="; it is {share} of {n}, where {expected} is expected.",
                zh="；为{n}个中的{share}，而预期为{expected}。",
            )
    said = Text(en=f"{head.en}{tail.en}", zh=f"{head.zh}{tail.zh}")
    return prose.say(said, numbers, names=names)


def _unit_rows(kind: str, shown: pd.DataFrame, noted: Text) -> Table:
    """Return the flagged units of a test, the clearest first; `noted` is the caveat of the test, if it has one."""
    test, part = TESTS[kind], shown.head(MOST_UNITS)
    log = test.scale == "log"
    dated = [c for c in ("year", "month") if part[c].notna().any()]
    heads = {"year": Text(en="Year", zh="年度"), "month": Text(en="Month", zh="月份")}
    columns = [
        Column("unit", Text(en="Flagged", zh="被标记的单位")),
        *(Column(c, heads[c], "code") for c in dated),
        Column("n", Text(en="Cases counted", zh="所计情形数"), "count"),
    ]
    if log:
        columns.append(Column("effect", Text(en="Difference of level", zh="水平差异"), "share"))
    else:
        columns += [
            Column("share", Text(en="Share", zh="比例"), "share"),
            Column("expected", Text(en="Expected", zh="预期"), "share"),
            Column("effect", EFFECT_SHARE, "points"),
        ]
    columns.append(Column("q", Text(en="q", zh="q值"), "p"))
    rows = [_unit_row(r, dated, log=log) for r in part.to_dict("records")]
    notes = [noted] if noted.en and not log else []
    if len(shown) > len(part):
        notes.append(
            Text(
                en=f"the {len(part)} clearest of {len(shown)}; all are in the table signal_cases of the build",
                zh=f"仅列最明显的{len(part)}个，共{len(shown)}个，全部见建库结果的signal_cases表",
            )
        )
    if bool(part["suppressed"].any()):
        notes.append(WITHHELD)
    title = Text(
        en=f"Units to visit: {test.title.en[:1].lower()}{test.title.en[1:]}",
        zh=f"宜走访的单位：{test.title.zh}",
    )
    return Table(title, tuple(columns), tuple(rows), tuple(notes))


def _unit_row(row: Mapping[Any, Any], dated: list[str], *, log: bool) -> tuple[Cell, ...]:
    head: list[Cell] = [_unit_name(row), *(finite(_number(row[c])) for c in dated)]
    if bool(row["suppressed"]):
        return (*head, *[Suppressed()] * (3 if log else 5))
    n, q, effect = finite(row["n"]), finite(row["q_value"]), finite(row["effect"])
    if log:
        return (*head, n, None if effect is None else math.expm1(effect), q)
    return (*head, n, finite(row["share"]), finite(row["expected"]), effect, q)


def _unit_name(row: Mapping[Any, Any]) -> Text:
    """Return the name of a flagged unit: a village by name and code, an interviewer by number, else the county."""
    code, name = row["village"], row["village_name"]
    if isinstance(name, str) and isinstance(code, str):
        return Text(en=f"{name} ({code})", zh=f"{name}（{code}）")
    if isinstance(code, str):
        return text_from(code)
    if _number(row["year"]) is not None:
        return Text(en="the whole county", zh="全县")
    return Text(en=f"interviewer {int(row['number'])}", zh=f"调查员{int(row['number'])}")


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _sight(signals: pd.DataFrame) -> Table:
    """Return what is counted by each test, and what it found on registries whose truth is known."""
    columns = (
        TEST,
        Column("counted", Text(en="What is counted", zh="所计内容")),
        Column("size", Text(en="Meant to find, from", zh="可发现的最小规模")),
        Column("recall", Text(en="Found of these", zh="其中被发现"), "share"),
        Column("alarms", Text(en="Flagged for nothing", zh="误判"), "share"),
    )
    rows = []
    for row in signals.to_dict("records"):
        kind = str(row["kind"])
        seen = performance()[kind]
        counted = Text(en=str(row["question_en"]), zh=str(row["question_zh"]))
        rows.append((TESTS[kind].title, counted, _size(seen), seen.recall, seen.alarms))
    notes = (
        Text(
            en="measured on synthetic registries of two counties into which patterns of known size were put, each registry "
            "examined as a whole; docs/forensics.md has the numbers of units behind every share. Real records differ: the shares "
            "are no guarantee",
            zh="在两县规模的合成登记数据上测得，其中放入了已知规模的特征，每份数据整体检验；各比例所依据的单位数见docs/forensics.md。真实记录与此不同，比例并非保证",
        ),
        Text(
            en="below the size given most tests find little; —: not measured for the test by itself",
            zh="小于所列规模时，多数检验难以发现；—：未就该项单独测定",
        ),
    )
    return Table(
        Text(en="What each test is able to see", zh="各项检验能够发现什么"), columns, tuple(rows), notes
    )


def _size(seen: Performance) -> Text | None:
    if seen.shift is not None:
        percent = math.expm1(seen.shift)
        said = {lang: display.number(percent, "share", lang) for lang in ("en", "zh")}
        return Text(en=f"a mean shift of {said['en']}", zh=f"平均偏移{said['zh']}")
    if seen.least is None or seen.share is None:
        return None
    said = {lang: display.number(seen.share, "share", lang) for lang in ("en", "zh")}
    return Text(
        en=f"{seen.least} households, {said['en']} of those counted",
        zh=f"{seen.least}户，且占所计的{said['zh']}",
    )


def _error(signals: pd.DataFrame, level: float) -> Prose:
    """Say what is not controlled: several tests together."""
    found = [performance()[str(k)] for k in signals["kind"]]
    numbers = [
        prose.plain_number("tests", len(signals), "count"),
        prose.plain_number("level", level, "share"),
        prose.plain_number("runs", sum(p.clean_of for p in found), "count"),
        prose.plain_number("hits", sum(p.clean_flagged for p in found), "count"),
    ]
    return prose.say(
        Text(
            en="False discoveries are controlled within each of the {tests} tests, not over all of them together: where there is "
            "nothing to find, a test still flags something with a probability of up to {level}. On synthetic registries without any "
            "such pattern these tests flagged something in {hits} of {runs} runs.",
            zh="误判率在{tests}项检验内分别控制，而非就全部检验合并控制：即使没有任何特征，一项检验仍有至多{level}的可能作出标记。"
            "在不含此类特征的合成登记数据上，这些检验的{runs}次运行中有{hits}次作出标记。",
        ),
        numbers,
        style="note",
    )


def _lacking(case: CountyCase) -> list[Block]:
    """Return the tests that the data do not allow, with the reasons."""
    from evalkit.report import labels

    found = case.result.omitted
    rows = tuple(
        (TESTS[kind].title, labels.in_words(found[f"patterns:{kind}"]))
        for kind in TESTS
        if f"patterns:{kind}" in found
    )
    if not rows:
        return []
    columns = (TEST, Column("reason", Text(en="Reason", zh="原因")))
    return [Table(Text(en="Tests that the data do not allow", zh="现有数据不允许的检验"), columns, rows)]
