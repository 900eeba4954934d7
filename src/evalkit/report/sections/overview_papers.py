"""The province overview, papers: targets against what was reported and what the data bear out; claims of texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evalkit.disclose import release
from evalkit.exits.claims import RECONCILED
from evalkit.exits.targets import HELD
from evalkit.pipeline.planned import NO_PLAN
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Suppressed, Table, finite
from evalkit.report.sections.overview_opening import overview_section
from evalkit.report.sections.planned_exits import PLANNED_TITLE, hits_blocks
from evalkit.report.sections.target_counties import plain, planned_cell, target_counties, with_limits
from evalkit.report.tables import DECIMALS
from evalkit.report.words import WORDS
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.exits import Milestone, Reconciliation
    from evalkit.pipeline.held_papers import CheckedClaims, HeldTargets
    from evalkit.pipeline.province import OverviewCase
    from evalkit.verdicts import Conclusion

TARGETS = Text(en="Targets", zh="目标")
CLAIMS = Text(en="Figures of texts", zh="文本所载数字")
PART = Text(
    en="totals are those of the counties that were built: they can reach a threshold, and never show that the whole place does not",
    zh="总量指标为已建库各县之和：只能说明已达到标准，不能说明全域未达到",
)
_TARGET_COLUMNS = (
    Column("target", Text(en="Target", zh="目标")),
    Column("year", Text(en="Year", zh="年度"), "code"),
    Column("planned", Text(en="Planned", zh="计划")),
    Column("reported", Text(en="Reported", zh="上报")),
    Column("estimated", Text(en="From the data (one-sided limits)", zh="由数据测算（单侧置信限）")),
    Column("conclusion", Text(en="Shown, of the households in the data", zh="数据结论（仅就所含农户）")),
    Column("held", Text(en="Reported figure", zh="上报数")),
)
_CLAIM_COLUMNS = (
    Column("claim", Text(en="Claim", zh="所载数字")),
    Column("stated", Text(en="Stated", zh="原文")),
    Column("computed", Text(en="Computed", zh="核算")),
    Column("verdict", Text(en="Result", zh="结果")),
    Column("reason", Text(en="Why", zh="说明")),
)


def province_papers(case: OverviewCase, language: Language = "zh") -> Section:
    """Return the targets and the claims that the plan names, each against the data of all counties, and exits against plans.

    Parameters
    ----------
    case : OverviewCase
    language : {"zh", "en"}
        Shown in JupyterLab; the section holds both.
    """
    blocks: list[Block] = []
    facts: dict[str, Any] = {"targets": [], "claims": []}
    if not case.targets:
        nothing = Text(en="The plan names no targets (plan.targets).", zh="方案未指定目标（plan.targets）。")
        blocks.append(Omitted(TARGETS, nothing))
    for held in case.targets:
        blocks += _targets(held, case.plan.disclosure.minimum_cell, facts["targets"])
        blocks += target_counties(held, case.names, case.plan.disclosure.minimum_cell)
    blocks += _planned(case)
    if not case.claims:
        nothing = Text(en="The plan names no claims (plan.claims).", zh="方案未指定待核文本（plan.claims）。")
        blocks.append(Omitted(CLAIMS, nothing))
    for checked in case.claims:
        blocks += _claims(checked, facts["claims"])
    return overview_section("province_papers", case, blocks, language, facts)


def _targets(held: HeldTargets, minimum_cell: int, facts: list[dict[str, Any]]) -> list[Block]:
    if held.found is None or not held.found.items:
        why = held.why or Text(en="The file has no targets.", zh="文件中没有目标。")
        return [Omitted(held.title, why)]
    items = tuple(m for m in held.found.items if not m.county)
    rows = tuple(_target(m, minimum_cell) for m in items)
    facts += [_fact(held.name, m, row) for m, row in zip(items, rows, strict=True)]
    shown = sum(row[5] in (WORDS["meets"], WORDS["fails"]) for row in rows)
    said = prose.say(
        Text(
            en="Of {all} targets by year the data of the counties that were built show {shown} to be met or not; a reported figure never "
            "decides.",
            zh="按年度计{all}项目标，由已建库各县的数据可以判定{shown}项；上报数不作为判定依据。",
        ),
        [
            prose.plain_number("all", len(rows), "count"),
            prose.plain_number("shown", shown, "count"),
        ],
    )
    unseen = tuple(
        Text(en=f"{t.title.text.en}: {t.source}", zh=f"{t.title.text.zh}：{t.source}")
        for t in {m.target.id: m.target for m in items}.values()
    )
    whole = Text(
        en="the data speak of the households in them; a target for the whole place may cover others",
        zh="数据仅就其所含农户而言；针对全域的目标可能还包括其他农户",
    )
    notes = [whole, *held.found.notes, *unseen]
    if any(map(_part, items)):
        notes.insert(1, PART)
    return [said, Table(held.title, _TARGET_COLUMNS, rows, notes=tuple(notes))]


def _target(m: Milestone, minimum_cell: int) -> tuple[Cell, ...]:
    plan_cell = planned_cell(m)
    reported = plain(m.reported) if math.isfinite(m.reported) else None
    name, year = m.target.title.text, m.year
    if m.verdict is None:
        return (name, year, plan_cell, reported, m.why, WORDS["not_shown"], None)
    v = m.verdict
    if release(v.estimate, minimum_cell=minimum_cell, decimals=DECIMALS).suppressed:
        return (name, year, plan_cell, reported, Suppressed(), WORDS["not_shown"], Suppressed())
    held = HELD[m.reported_is] if reported is not None and not _part(m) else None
    return (name, year, plan_cell, reported, with_limits(v), WORDS[_conclusion(m)], held)


def _part(m: Milestone) -> bool:
    """Tell whether the figure is a total, of which the counties that were built may hold a part only."""
    return m.target.measure.kind == "exits"


def _conclusion(m: Milestone) -> Conclusion:
    """Return what the data show: a part of a total can reach a threshold, but not show that the whole stays below it."""
    if m.verdict is None:
        return "not_shown"
    beyond = "meets" if m.target.direction == "at_least" else "fails"
    return m.verdict.conclusion if not _part(m) or m.verdict.conclusion == beyond else "not_shown"


def _fact(file: str, m: Milestone, row: tuple[Cell, ...]) -> dict[str, Any]:
    """Return a target with its figures in full precision, none of those withheld."""
    v = None if isinstance(row[4], Suppressed) else m.verdict
    return {
        "file": file,
        "target": m.target.id,
        "year": m.year,
        "threshold": m.target.threshold,
        "reported": finite(m.reported),
        "value": None if v is None else finite(v.value),
        "lower": None if v is None else finite(v.lower),
        "upper": None if v is None else finite(v.upper),
        "conclusion": "not_shown" if v is None else _conclusion(m),
        "verified": m.target.verified,
    }


def _planned(case: OverviewCase) -> list[Block]:
    """Return how many counties and years hit their planned exits exactly, or why that is not known."""
    found = NO_PLAN if case.upper is None else case.upper.planned
    if isinstance(found, Text):
        return [Omitted(PLANNED_TITLE, found)]
    least = case.plan.disclosure.minimum_cell
    heading = Prose(PLANNED_TITLE, style="heading")
    return [heading, *hits_blocks(found.table, found.level, least, found.notes, flagged=found.flagged)]


def _claims(checked: CheckedClaims, facts: list[dict[str, Any]]) -> list[Block]:
    if checked.found is None:
        title = Text(en=f"Figures of {checked.name}", zh=f"{checked.name}所载数字")
        return [Omitted(title, checked.why or CLAIMS)]
    found = checked.found
    name = found.title or checked.name
    facts += [
        {
            "file": checked.name,
            "claim": f.claim,
            "verdict": f.verdict,
            "stated": f.stated,
            "computed": f.computed,
        }
        for f in found.findings
    ]
    rows = tuple(
        (f.sentence or f.claim, f.stated, plain(f.computed), RECONCILED[f.verdict], f.reason)
        for f in found.findings
    )
    source = Text(en=found.source, zh=found.source) if found.source else None
    title = Text(en=f"Figures of a text: {name}", zh=f"文本所载数字：{name}")
    return [_counted(found), Table(title, _CLAIM_COLUMNS, rows, source=source)]


def _counted(found: Reconciliation) -> Prose:
    numbers = [
        prose.plain_number(name, found.count(name), "count")
        for name in ("agrees", "contradicts", "unchecked")
    ]
    return prose.say(
        Text(
            en="{agrees} claims agree with the other figures or the data, {contradicts} contradict them, {unchecked} cannot be checked.",
            zh="{agrees}项与其他数字或数据相符，{contradicts}项矛盾，{unchecked}项无法核对。",
        ),
        numbers,
    )
