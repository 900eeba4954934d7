"""Suspected cases with a dated history: the stage each has reached, its outcome, and what either does to the rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.exits import CRITERIA
from evalkit.exits.cases import OUTCOMES
from evalkit.report import labels, prose
from evalkit.report.document import Block, Cell, Column, Interval, Prose, Suppressed, Table, finite
from evalkit.report.sections.counting import capital, fact, table_of
from evalkit.report.sections.reading import NUMBER, omitted
from evalkit.report.tables import WITHHELD
from evalkit.report.words import WORDS
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

CASES = Text(en="Suspected cases, step by step", zh="疑似情形办理情况")
WAYS = {
    "found": Text(en="as found in the field", zh="按现场发现"),
    "all": Text(en="as judged: all but the dismissed", zh="按判定口径（剔除认定不成立）"),
    "adjudicated": Text(en="upheld on adjudication only", zh="仅计认定成立"),
}
"""Way of counting findings → its words."""
STAGE_COLUMNS = (
    Column("stage", Text(en="Stage reached", zh="已到阶段")),
    Column("outcome", Text(en="Outcome", zh="认定结果")),
    Column("wrong_exit", Text(en="Suspected wrong exits", zh="疑似错退"), "count"),
    Column("missed", Text(en="Suspected missed", zh="疑似漏评"), "count"),
    Column("cases", Text(en="Cases", zh="合计"), "count"),
    Column("first", Text(en="First step", zh="最早步骤日期")),
    Column("last", Text(en="Last step", zh="最近步骤日期")),
)
CASES_NOT_ESTIMATES = Text(
    en="cases of the households surveyed, one a household, counted without weights: they are cases, not estimates",
    zh="为抽查户中的疑似情形，每户计一例，未加权；属于情形计数而非估计值",
)


def case_blocks(case: CountyCase) -> list[Block]:
    """Return the cases by stage and outcome, and the rates by what became of them."""
    heading = Prose(CASES, style="heading")
    found, said = table_of(case, "case_steps"), fact(case, "case_steps")
    if found is None or said is None:
        return [heading, omitted(case, CASES, "case_steps")]
    if not may_print(found, case.plan.disclosure.minimum_cell):
        return [heading, Prose(WITHHELD, style="note")]
    return [
        heading,
        _said(found, said),
        Table(CASES, STAGE_COLUMNS, stage_rows(found), (CASES_NOT_ESTIMATES, _order())),
        *_rates(case),
    ]


def may_print(found: pd.DataFrame, minimum_cell: int) -> bool:
    """Tell whether the cases of a county stand beside a sample that is large enough."""
    return int(found["surveyed"].iloc[0]) >= minimum_cell


def stage_rows(found: pd.DataFrame) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows of cases by stage and outcome."""
    rows: list[tuple[Cell, ...]] = []
    for r in found.to_dict("records"):
        outcome = OUTCOMES.get(str(r["outcome"]))
        counts = [float(r[c]) for c in ("wrong_exit", "missed", "cases")]
        days = [str(r[c]) or None for c in ("first", "last")]
        word = None if outcome is None else capital(outcome)
        rows.append((capital(labels.word(str(r["stage"]))), word, *counts, *days))
    return tuple(rows)


def _order() -> Text:
    return Text(
        en="stages follow one another: flagged, checked, appealed with a document (not every case), adjudicated; a case stands in the row "
        "of the last stage it has reached; days are those of the first and of the last step of the cases of the row",
        zh="各阶段依次为疑似、核查、申诉举证（并非每例都有）、认定；每例列于其已到达的最后阶段；日期为该行各例最早与最近一步的日期",
    )


def _said(found: pd.DataFrame, said: dict[str, int]) -> Prose:
    ended = found[found["stage"] == "adjudicated"].set_index("outcome")["cases"]
    numbers = [
        prose.plain_number("cases", float(said["cases"]), "count"),
        prose.plain_number("steps", float(said["steps"]), "count"),
        prose.plain_number("upheld", float(ended.get("upheld", 0)), "count"),
        prose.plain_number("dismissed", float(ended.get("dismissed", 0)), "count"),
        prose.plain_number("open", float(said["cases"] - ended.sum()), "count"),
    ]
    return prose.say(
        Text(
            en="The file of cases holds {steps} steps of {cases} cases: {upheld} upheld, {dismissed} dismissed, {open} still open. The "
            "verdicts of section {section} leave out findings that were dismissed and count those that are open until they are "
            "adjudicated.",
            zh="疑似情形台账共{cases}例、{steps}条步骤：认定成立{upheld}例，不成立{dismissed}例，尚未认定{open}例。第{section}节的判定不计认定不成立的发现，"
            "尚未认定的在认定前仍予计入。",
        ),
        numbers,
        names={"section": str(NUMBER["summary"])},
    )


def _rates(case: CountyCase) -> list[Block]:
    """Tabulate the rates as found, as judged and as adjudicated."""
    judgement = case.result.judgement
    if judgement is None or judgement.counted.empty:
        return []
    sizes = {str(v.estimate.keys["criterion"].iloc[0]): float(v.estimate.n[0]) for v in judgement.verdicts}
    found = judgement.counted.reset_index(drop=True)
    found = found.assign(n=[sizes.get(str(c), 0.0) for c in found["criterion"]], place=range(len(found)))
    gate = release(
        found[["place", "n"]], minimum_cell=case.plan.disclosure.minimum_cell, keys=("place",)
    ).frame["suppressed"]
    rows: list[tuple[Cell, ...]] = []
    for r, hidden in zip(found.to_dict("records"), gate, strict=True):
        cells: tuple[Cell, ...] = (Suppressed(),) * 5
        if not hidden:
            limits = Interval(finite(r["lower"]), finite(r["upper"]))
            bare = limits.low is None and limits.high is None
            value = finite(r["estimate"])
            cells = (
                float(r["households"]), float(r["persons"]), value, None if bare else limits, WORDS[str(r["conclusion"])],
            )  # fmt: skip
        rows.append((CRITERIA[str(r["criterion"])], capital(WAYS[str(r["counted"])]), *cells))
    columns = (
        Column("criterion", Text(en="Criterion", zh="指标")),
        Column("counted", Text(en="Findings counted", zh="计入的发现")),
        Column("households", Text(en="Households found", zh="发现户数"), "count"),
        Column("persons", Text(en="Persons found", zh="发现人数"), "count"),
        Column("estimate", WORDS["estimate"], "rate"),
        Column("limits", WORDS["limits"], "rate"),
        Column("conclusion", Text(en="Conclusion", zh="结论")),
    )
    note = Text(
        en="the second way is the one that is judged; denominators and thresholds are those of the verdicts; the composite counts both kinds of "
        "findings; a case about a household that the survey did not mark is in none of them",
        zh="第二种为判定所用口径；分母与标准同判定；综合贫困发生率合计两类发现；抽查未标记的户，其情形不计入任何一种",
    )
    title = Text(en="Rates by what became of the cases", zh="按办理结果计算的比率")
    notes = (note, WITHHELD) if bool(gate.any()) else (note,)
    return [Table(title, columns, tuple(rows), notes)]
