"""The province overview, verdicts: every county on every criterion, and how many would meet by noise alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.exits import CRITERIA, count_verdicts
from evalkit.exits.judgement import code_of
from evalkit.exits.many import OVERALL, CriterionCount
from evalkit.report import figures, prose
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Interval,
    Omitted,
    Prose,
    Section,
    Suppressed,
    Table,
    finite,
)
from evalkit.report.marks import Rung
from evalkit.report.sections.overview_opening import CODE, COUNTY, by_code, overview_section
from evalkit.report.tables import WITHHELD
from evalkit.report.words import WORDS
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import CountyLine, OverviewCase
    from evalkit.verdicts import Verdict

RANK = Column("rank", Text(en="Rank", zh="位次"), "code")
CONCLUSION = Column("conclusion", Text(en="Conclusion", zh="结论"))
UNGIVEN = Text(en="no reason is given", zh="未给出原因")


@dataclass(frozen=True)
class _Row:
    """A county's verdict on one criterion; figures are None where they are withheld."""

    line: CountyLine
    verdict: Verdict
    withheld: bool

    @property
    def limit(self) -> float:
        """The limit that decides whether the criterion is met, so that the smallest is the best."""
        below = self.verdict.direction == "below"
        found = finite(self.verdict.upper if below else self.verdict.lower)
        if found is None:
            return float("inf")
        return found if below else -found


def province_verdicts(case: OverviewCase, language: Language = "zh") -> Section:
    """Return the verdicts of all counties, criterion by criterion, with what noise alone would give."""
    judged = [line for line in case.counties if line.judgement is not None]
    if not judged:
        what = Text(en="Verdicts on exits", zh="退出结论")
        blocks: list[Block] = [
            Omitted(what, Text(en="No county has a verdict.", zh="没有一个县作出结论。")),
            *_without(case),
        ]
        return overview_section("province_verdicts", case, blocks, language)
    rows = _rows(case)
    counts = count_verdicts([line.judgement for line in judged if line.judgement is not None])
    blocks = [
        _finding(case, counts[0]),
        Prose(WORDS["how_to_read"], style="note"),
        _noise(counts),
        *_noise_said(counts[0]),
        _overall(case, rows),
        *(b for code in CRITERIA for b in _criterion(case, code, rows)),
        *_without(case),
    ]
    return overview_section("province_verdicts", case, blocks, language, _facts(case, counts, rows))


def _finding(case: OverviewCase, whole: CriterionCount) -> Prose:
    without = len(case.counties) - whole.judged + len(case.failed)
    numbers = [
        prose.plain_number("counties", len(case.counties) + len(case.failed), "count"),
        prose.plain_number("judged", whole.judged, "count"),
        prose.plain_number("meets", whole.meets, "count"),
        prose.plain_number("fails", whole.fails, "count"),
        prose.plain_number("open", whole.not_shown, "count"),
    ]
    rest = Text(en="", zh="。")
    if without:
        rest = Text(
            en=f" {without} have no verdict; the last table gives the reasons.",
            zh=f"；另有{without}个县没有结论，原因见最后一表。",
        )
    return prose.say(
        Text(
            en="Of {counties} counties {judged} were judged. Shown to meet every criterion: {meets}; shown not to meet at least one: {fails}; "
            "the survey shows neither: {open}.{rest}",
            zh="共{counties}个县，其中{judged}个作出结论：{meets}个县各项指标均达标，{fails}个县至少一项不达标，{open}个县的调查不足以判定{rest}",
        ),
        numbers,
        names={"rest": rest},
        style="finding",
    )


def _noise(counts: tuple[CriterionCount, ...]) -> Table:
    columns = (
        Column("criterion", Text(en="Criterion", zh="指标")),
        Column("judged", Text(en="Judged", zh="已判"), "count"),
        Column("meets", Text(en="Meet", zh="达标"), "count"),
        Column("not_shown", Text(en="Not shown", zh="不能判定"), "count"),
        Column("fails", Text(en="Fail", zh="不达标"), "count"),
        Column("wrong_meets", Text(en="Wrong “meets”, at most", zh="误判上限"), "decimal"),
        Column("controlled", Text(en="Meet with error held over counties", zh="合并控制后达标"), "count"),
        Column("points", Text(en="Pass the point rule", zh="点值达标"), "count"),
        Column("points_unshown", Text(en="of these not shown to meet", zh="其中未证明"), "count"),
    )
    rows = tuple(
        (
            c.label, c.judged, c.meets, c.not_shown, c.fails, c.wrong_meets, c.controlled, c.points, c.points_unshown,
        )
        for c in counts
    )  # fmt: skip
    notes = (
        Text(
            en="wrong “meets”, at most: the number expected over repeated surveys if every judged county lay exactly at its threshold "
            "(1 − confidence for each county surveyed by sample); fewer are expected where counties lie away from it",
            zh="误判上限：若每个县的真值恰在标准上，重复调查时预期误判为达标的县数（每个抽样调查的县计1减置信度）；真值离标准较远时预期数更少",
        ),
        Text(
            en="with error held over counties: still shown to meet when, of the counties so named, no larger share than 1 − confidence "
            "is expected to be wrong (Benjamini-Hochberg; all criteria: the least certain of them counts)",
            zh="合并控制后达标：就全部县合并控制误判，在被认定达标的县中，预期误判比例不超过1减置信度（Benjamini-Hochberg）；全部指标合计时以最不确定的一项为准",
        ),
    )
    title = Text(
        en="Conclusions over all counties, and what noise alone may give",
        zh="全部县的结论，以及仅因抽样误差可能出现的达标数",
    )
    return Table(title, columns, rows, notes)


def _noise_said(whole: CriterionCount) -> list[Block]:
    """Say the expected number of wrong conclusions in words."""
    if not whole.sampled:
        return []
    numbers = [
        prose.plain_number("wrong", whole.wrong_meets, "decimal"),
        prose.plain_number("meets", whole.meets, "count"),
        prose.plain_number("controlled", whole.controlled, "count"),
    ]
    return [
        prose.say(
            Text(
                en="A verdict on one county is wrong with a small probability; over many counties wrong ones are to be expected. Even if no "
                "county met all criteria, up to {wrong} would be shown to meet them by sampling noise. Of the {meets} counties shown to "
                "meet all criteria, {controlled} stay when the error is held over all counties together.",
                zh="单个县的结论以很小的概率出错，县数多时则应预期有若干个出错。即使没有一个县真正达到全部标准，仅因抽样误差也可能有至多{wrong}个县被判为达标。"
                "在判为全部达标的{meets}个县中，就全部县合并控制误判后仍达标的有{controlled}个。",
            ),
            numbers,
            style="warning",
        )
    ]


def _overall(case: OverviewCase, found: Mapping[str, list[_Row]]) -> Table:
    """Return one row a county: its conclusion on every criterion in words."""
    codes = [
        code
        for code in CRITERIA
        if any(code_of(v) == code for c in case.counties if c.judgement for v in c.judgement.verdicts)
    ]
    columns = (
        COUNTY,
        CODE,
        Column("overall", WORDS["overall"]),
        *(Column(code, CRITERIA[code]) for code in codes),
        Column("points", WORDS["point_rule"]),
    )

    def cells(line: CountyLine) -> tuple[Cell, ...]:
        if line.judgement is None:
            return (WORDS["no_verdict"], *[None] * len(codes), None)
        rows = {code_of(r.verdict): r for r in found[line.county]}
        shown = [_word(rows[c]) if c in rows else None for c in codes]
        rule = line.judgement.point_rule
        point = WORDS["not_applicable" if rule is None else "passes" if rule else "does_not_pass"]
        return (WORDS[line.judgement.conclusion], *shown, point)

    return Table(Text(en="Conclusions by county", zh="各县结论"), columns, by_code(case, cells))


def _word(row: _Row) -> Cell:
    return Suppressed() if row.withheld else WORDS[row.verdict.conclusion]


def _rows(case: OverviewCase) -> dict[str, list[_Row]]:
    """Return the verdicts of each county, and whether their figures are withheld, in one pass."""
    pairs = [(line, v) for line in case.counties if line.judgement for v in line.judgement.verdicts]
    if not pairs:
        return {}
    table = pd.DataFrame(
        {
            "county": [line.county for line, _ in pairs],
            "criterion": [code_of(v) for _, v in pairs],
            "n": [float(v.estimate.n[0]) for _, v in pairs],
        }
    )
    gate = release(table, minimum_cell=case.plan.disclosure.minimum_cell, keys=("county", "criterion"))
    out: dict[str, list[_Row]] = {}
    for (line, verdict), withheld in zip(pairs, gate.frame["suppressed"], strict=True):
        out.setdefault(line.county, []).append(_Row(line, verdict, withheld=bool(withheld)))
    return out


def _criterion(case: OverviewCase, code: str, found: Mapping[str, list[_Row]]) -> Iterator[Block]:
    """Yield picture and table of one criterion, the county that meets it most clearly first."""
    rows = [r for own in found.values() for r in own if code_of(r.verdict) == code]
    if not rows:
        return
    rows.sort(key=lambda r: (r.withheld, r.limit, r.line.county))
    yield Prose(CRITERIA[code], style="heading")
    shown = [r for r in rows if not r.withheld and finite(r.verdict.value) is not None]
    if len(shown) > 1:
        yield _picture(case, code, shown)
    columns = (
        RANK,
        COUNTY,
        CODE,
        CONCLUSION,
        Column("estimate", WORDS["estimate"], "rate"),
        Column("interval", WORDS["limits"], "rate"),
        Column("threshold", WORDS["threshold"], "rate"),
        Column("n", Text(en="Households surveyed", zh="调查户数"), "count"),
    )
    cells: list[tuple[Cell, ...]] = []
    for rank, r in enumerate(rows, 1):
        v = r.verdict
        figures_: tuple[Cell, ...] = (Suppressed(),) * 5
        if not r.withheld:
            limits = Interval(finite(v.lower), finite(v.upper))
            bare = limits.low is None and limits.high is None
            figures_ = (
                WORDS[v.conclusion], finite(v.value), None if bare else limits, v.threshold, finite(v.estimate.n[0]),
            )  # fmt: skip
        cells.append((rank, r.line.name, r.line.county, *figures_))
    notes = [
        Text(
            en=f"limits are one-sided, each at {rows[0].verdict.confidence * 100:g}\u202f%; sorted by the limit that decides",
            zh=f"置信限为单侧{rows[0].verdict.confidence * 100:g}%；按决定结论的一侧排序",
        )
    ]
    if any(r.withheld for r in rows):
        notes.append(WITHHELD)
    label = CRITERIA[code]
    title = Text(en=f"{label.en}: all counties", zh=f"{label.zh}：各县")
    yield Table(title, columns, tuple(cells), tuple(notes))


def _picture(case: OverviewCase, code: str, rows: list[_Row]) -> Figure:
    label, below = CRITERIA[code], rows[0].verdict.direction == "below"
    bars = {r.verdict.threshold for r in rows}
    bar = bars.pop() if len(bars) == 1 else None
    rungs = tuple(
        Rung(
            Text(en=r.line.name, zh=r.line.name),
            finite(r.verdict.value),
            finite(r.verdict.lower),
            finite(r.verdict.upper),
            r.verdict.threshold,
        )
        for r in rows
    )
    good = None if bar is None else ((None, bar) if below else (bar, None))
    ladder = figures.Ladder(rungs, Text(en=f"{label.en} (%)", zh=f"{label.zh}（%）"), "rate", good=good)
    return Figure(
        Text(en=f"{label.en} against the threshold", zh=f"{label.zh}与标准"),
        Text(
            en=f"{label.en} of {len(rows)} counties with one-sided limits, sorted by the limit that decides; the values stand in the table.",
            zh=f"{len(rows)}个县的{label.zh}及单侧置信限，按决定结论的一侧排序；数值见表。",
        ),
        figures.draw_ladder(ladder, synthetic=case.plan.synthetic),
        Text(
            en="Dots: estimates; lines: one-sided limits; dashed line (or mark of the county): threshold; shaded: the side that meets the "
            "criterion. A county meets it when its whole line lies there. Where names do not fit, the rank in the table stands in their place.",
            zh="圆点为估计值，横线两端为单侧置信限，虚线（或各县的竖标）为标准，浅色为达标一侧；整条横线都在该侧方为达标。县名排不下时标表中的位次。",
        ),
    )


def _without(case: OverviewCase) -> list[Block]:
    """List the counties without a verdict and why."""
    rows: list[tuple[Cell, ...]] = [
        (line.name, line.county, _why(line)) for line in case.counties if line.judgement is None
    ]
    failed = Text(
        en="not built: see the section on counties without results", zh="未能建库，见“没有结果的县”一节"
    )
    names = case.plan.county_names
    rows += [(names.get(c, c), c, failed) for c in sorted(case.failed)]
    if not rows:
        return []
    columns = (COUNTY, CODE, Column("reason", Text(en="Reason", zh="原因")))
    return [Table(Text(en="Counties without a verdict", zh="没有结论的县"), columns, tuple(rows))]


def _why(line: CountyLine) -> Text:
    return line.omitted.get("verdicts", UNGIVEN)


def _facts(
    case: OverviewCase, counts: tuple[CriterionCount, ...], rows: Mapping[str, list[_Row]]
) -> dict[str, Any]:
    listed = []
    for line in case.counties:
        judged = line.judgement
        verdicts = {
            code_of(r.verdict): None if r.withheld else r.verdict.conclusion
            for r in rows.get(line.county, [])
        }
        listed.append(
            {
                "county": line.county,
                "name": line.name,
                "overall": None if judged is None else judged.conclusion,
                "verdicts": verdicts,
            }
        )
    said = {
        c.code: {
            "judged": c.judged, "meets": c.meets, "not_shown": c.not_shown, "fails": c.fails, "points": c.points,
            "points_unshown": c.points_unshown, "wrong_meets": c.wrong_meets, "controlled": c.controlled,
        }
        for c in counts
    }  # fmt: skip
    return {"criteria": said, "counties": listed, "overall": said[OVERALL]}
