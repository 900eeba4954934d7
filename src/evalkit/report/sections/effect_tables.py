"""Tables of the effects section: what was estimated, and how many households and clusters it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Interval, Suppressed, Table, finite
from evalkit.report.tables import Part, interval_label, notes_of, source_of
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase, ImpactResult

PROGRAM = Column("program", Text(en="Program and design", zh="措施与设计"))
BASES = Text(en="What the estimates rest on", zh="估计所依据的样本")


def effect_tables(
    case: CountyCase, title: Text, found: Sequence[ImpactResult], effects: Sequence[Part]
) -> list[Block]:
    """Return the table of estimates and the table of their households and clusters.

    `effects` are the released effects of `found`, all on one scale.
    """
    return [_estimates(case, title, found, effects), _bases(found, effects)]


def percent_of(result: ImpactResult, at: prose.Measure) -> prose.Measure | None:
    """Return an effect on a log scale in per cent; None on the scale of the outcome itself."""
    return None if result.scale == "level" else prose.percent_of_log(at)


def _estimates(
    case: CountyCase, title: Text, found: Sequence[ImpactResult], effects: Sequence[Part]
) -> Table:
    level = all(r.scale == "level" for r in found)
    currency = case.plan.welfare.currency
    unit = (
        Text(en=f"Estimate ({currency.en})", zh=f"估计值（{currency.zh}）")
        if level
        else Text(en="Estimate (log points)", zh="估计值（对数点）")
    )
    columns = [
        PROGRAM,
        Column("estimate", unit, effects[0].form),
        Column("interval", interval_label(effects[0].level), effects[0].form),
    ]
    if not level:
        columns += [
            Column("percent", Text(en="In percent", zh="折合百分比"), "share"),
            Column("percent_interval", interval_label(effects[0].level), "share"),
        ]
    columns.append(Column("p_value", Text(en="p", zh="p"), "p"))
    rows = []
    for result, effect in zip(found, effects, strict=True):
        at = effect.measure()
        cells: list[Cell] = [effect.label, at.value, _interval(at)]
        if not level:
            percent = percent_of(result, at) or prose.Measure(None)
            cells += [percent.value, _interval(percent)]
        hidden = effect.released.suppressed
        rows.append((*cells, Suppressed() if hidden else finite(effect.rows["p_value"].iloc[0])))
    percents = Text(en="; percent: exp(estimate) − 1", zh="；百分比＝exp(估计值)−1")
    said = Text(
        en=f"p: two-sided, for a difference of zero{'' if level else percents.en}",
        zh=f"p值为“差异为零”假设的双侧检验{'' if level else percents.zh}",
    )
    notes = tuple(dict.fromkeys((said, *notes_of(effects))))
    return Table(title, tuple(columns), tuple(rows), notes, source_of(effects))


def _bases(found: Sequence[ImpactResult], effects: Sequence[Part]) -> Table:
    columns = (
        PROGRAM,
        Column("units", Text(en="Households", zh="户数"), "count"),
        Column("treated", Text(en="treated", zh="受帮扶户"), "count"),
        Column("clusters", Text(en="Clusters", zh="聚类数"), "count"),
        Column("treated_clusters", Text(en="with treated", zh="有受帮扶户的聚类"), "count"),
    )
    rows = []
    for result, effect in zip(found, effects, strict=True):
        counts: list[Cell] = [result.units, result.treated, result.clusters, result.treated_clusters]
        if effect.released.suppressed:
            counts = [Suppressed()] * len(counts)
        rows.append((effect.label, *counts))
    own = all(r.clusters == r.units for r in found)
    notes = [
        Text(
            en="households and clusters: those that entered the estimation, after all exclusions",
            zh="户数与聚类数均为剔除后实际进入估计者",
        )
    ]
    if own:
        notes.append(Text(en="each household is a cluster by itself", zh="各户自成一类"))
    return Table(BASES, columns, tuple(rows), tuple(notes))


def _interval(at: prose.Measure) -> Interval | None:
    return None if at.low is None and at.high is None else Interval(at.low, at.high)
