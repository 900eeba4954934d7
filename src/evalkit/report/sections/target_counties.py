"""Targets that every county is to reach: how many are shown to, and county by county what the data say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.report.document import Block, Cell, Column, Suppressed, Table
from evalkit.report.tables import DECIMALS, WITHHELD
from evalkit.report.words import WORDS
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.exits import Milestone
    from evalkit.pipeline.held_papers import HeldTargets
    from evalkit.verdicts import Verdict

TARGET = Column("target", Text(en="Target", zh="目标"))
YEAR = Column("year", Text(en="Year", zh="年度"), "code")
PLANNED = Column("planned", Text(en="Planned", zh="计划"))
ESTIMATED = Column("estimated", Text(en="From the data (one-sided limits)", zh="由数据测算（单侧置信限）"))
CONCLUSION = Column(
    "conclusion", Text(en="Shown, of the households in the data", zh="数据结论（仅就所含农户）")
)


def target_counties(held: HeldTargets, names: Mapping[str, str], minimum_cell: int) -> list[Block]:
    """Return the targets that each county is held against: counts by conclusion, then every county.

    Parameters
    ----------
    held : HeldTargets
    names : mapping of str to str
        County → name.
    minimum_cell : int
    """
    items = () if held.found is None else tuple(m for m in held.found.items if m.county)
    if not items:
        return []
    groups: dict[tuple[str, int | None], list[Milestone]] = {}
    for m in items:
        groups.setdefault((m.target.id, m.year), []).append(m)
    hidden = {k: _withheld(own, minimum_cell) for k, own in groups.items()}
    return [_counts(held, groups), _listed(held, groups, hidden, names)]


def _withheld(items: list[Milestone], minimum_cell: int) -> list[bool]:
    """Tell which counties rest on too few households, or could be had from the value of all."""
    table = pd.DataFrame(
        {
            "county": [m.county for m in items],
            "n": [0.0 if m.verdict is None else float(m.verdict.estimate.n[0]) for m in items],
        }
    )
    gate = release(
        table, minimum_cell=minimum_cell, keys=("county",), total_over=("county",), decimals=DECIMALS
    )
    return [bool(s) for s in gate.frame["suppressed"]]


def _counts(held: HeldTargets, groups: Mapping[tuple[str, int | None], list[Milestone]]) -> Table:
    """Return one row a target and year: counties that are shown to reach it, shown not to, and neither."""
    columns = (
        TARGET, YEAR, PLANNED,
        Column("counties", Text(en="Counties", zh="县数"), "count"),
        Column("meets", WORDS["meets"], "count"),
        Column("fails", WORDS["fails"], "count"),
        Column("not_shown", WORDS["not_shown"], "count"),
        Column("wrong", Text(en="Wrong “meets”, at most", zh="误判达标上限"), "decimal"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for own in groups.values():
        first = own[0]
        counts = [sum(m.conclusion == c for m in own) for c in ("meets", "fails", "not_shown")]
        alpha = sum(1 - m.verdict.confidence for m in own if m.verdict is not None)
        rows.append((first.target.title.text, first.year, planned_cell(first), len(own), *counts, alpha))
    note = Text(
        en="counties that were built, each by itself; wrong “meets”, at most: the number to be expected if every county lay exactly at the "
        "threshold (1 − confidence each); fewer where counties lie away from it",
        zh="已建库各县，逐县判断；误判达标上限：各县真值恰在标准上时预期误判为达标的县数（每县计1减置信度），真值离标准较远时更少",
    )
    title = Text(en=f"{held.title.en}: counties", zh=f"{held.title.zh}：各县达标情况")
    return Table(title, columns, tuple(rows), (note,))


def _listed(
    held: HeldTargets,
    groups: Mapping[tuple[str, int | None], list[Milestone]],
    hidden: Mapping[tuple[str, int | None], list[bool]],
    names: Mapping[str, str],
) -> Table:
    """Return one row a target, year and county."""
    columns = (
        TARGET, YEAR, Column("county", Text(en="County", zh="县")), Column("code", Text(en="Code", zh="代码")), ESTIMATED, CONCLUSION,
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for key, own in groups.items():
        for m, withheld in zip(own, hidden[key], strict=True):
            place = (m.target.title.text, m.year, names.get(m.county, m.county), m.county)
            if withheld or m.verdict is None:
                rows.append((*place, Suppressed(), Suppressed()))
            else:
                rows.append((*place, with_limits(m.verdict), WORDS[m.conclusion]))
    confidence = {m.verdict.confidence for own in groups.values() for m in own if m.verdict is not None}
    percent = ", ".join(f"{100 * c:g}" for c in sorted(confidence))
    notes = [
        Text(
            en=f"each county by itself, of its households in the data with their weights; one-sided limits, each at {percent}\u202f%",
            zh=f"各县分别判断，仅就数据所含该县农户，使用权重；置信限为单侧{percent}%",
        )
    ]
    notes += [WITHHELD] if any(isinstance(r[4], Suppressed) for r in rows) else []
    title = Text(en=f"{held.title.en}: county by county", zh=f"{held.title.zh}：逐县结果")
    return Table(title, columns, tuple(rows), tuple(notes))


def planned_cell(m: Milestone) -> Cell:
    """Return the threshold of a target with its direction and unit."""
    sign = {
        ("at_least", False): "≥",
        ("at_least", True): ">",
        ("at_most", False): "≤",
        ("at_most", True): "<",
    }
    said = f"{sign[m.target.direction, m.target.strict]}\u00a0{plain(m.target.threshold)}"
    unit = None if m.target.unit is None else m.target.unit.text
    return said if unit is None else Text(en=f"{said}\u00a0{unit.en}", zh=f"{said}\u2060{unit.zh}")


def with_limits(v: Verdict) -> str:
    """Return an estimate with its one-sided limits."""
    limits = f" ({plain(v.lower)} – {plain(v.upper)})" if math.isfinite(v.lower + v.upper) else ""
    return f"{plain(v.value)}{limits}"


def plain(value: float | None) -> str | None:
    """Return a number of any unit as printed: whole from a thousand, four digits below.

    >>> plain(1327500000.0), plain(0.02134)
    ('1,327,500,000', '0.02134')
    """
    if value is None or not math.isfinite(value):
        return None
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
