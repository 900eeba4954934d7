"""How deep poverty is, who is close to the line, and what moved poverty: growth or redistribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import figures, marks, prose
from evalkit.report.display import Format
from evalkit.report.document import Block, Column, Figure, Omitted, Prose
from evalkit.report.sections.reading import WAVE, money_label, omitted, reasons, released, waves_of
from evalkit.report.tables import HOUSEHOLD_YEARS, HOUSEHOLDS, Part, estimates_table, values_table
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

DEPTH: dict[str, tuple[Text, Format]] = {
    "gap_ratio": (
        Text(en="Shortfall / line", zh="缺口/贫困线"),
        "share",
    ),
    "gap_amount": (Text(en="Mean shortfall", zh="平均缺口"), "money"),
    "watts": (Text(en="Watts index", zh="Watts指数"), "ratio"),
}
COMPONENTS = {
    "growth": Text(en="Growth", zh="增长"),
    "redistribution": Text(en="Redistribution", zh="分配变化"),
    "total": Text(en="Total change", zh="总变化"),
}
CHANGES = {
    "shapley_headcount": Text(en="Headcount rate", zh="贫困发生率"),
    "shapley_gap": Text(en="Poverty gap", zh="贫困深度指数"),
}
COMPONENT = Column("component", Text(en="Part of the change", zh="变化的组成"))


def depth_blocks(case: CountyCase) -> list[Block]:
    """Return the shortfall of the poor and the share close to the line, by wave."""
    title = Text(en="Depth of poverty", zh="贫困的深度")
    parts = []
    for name, (label, form) in DEPTH.items():
        said = money_label(case, label) if form == "money" else label
        p = released(case, name, said, form=form)
        if p is not None:
            parts.append(p)
    if not parts:
        return [omitted(case, title, "depth", "poverty")]
    note = Text(en="shortfalls are means over the poor", zh="缺口为贫困者的平均数")
    blocks: list[Block] = [estimates_table(title, WAVE, parts, notes=(note,))]
    near = released(case, "near_line", Text(en="Share of the population", zh="人口比例"), form="share")
    if near is not None:
        close = Text(en="From the line to 1.5 times the line", zh="贫困线至1.5倍线之间的人口")
        blocks.append(estimates_table(close, WAVE, [near]))
    return [*blocks, *(Omitted(title, r) for r in reasons(case, "depth"))]


def decomposition_blocks(case: CountyCase) -> list[Block]:
    """Return the Shapley contributions of growth and redistribution, with their picture, and the growth of the poor."""
    heading = Prose(Text(en="What moved poverty", zh="贫困变化的来源"), style="heading")
    first, last = waves_of(case)
    title = Text(
        en=f"Change of poverty from {first} to {last}: growth and redistribution",
        zh=f"{first}年至{last}年贫困变化：增长与分配",
    )
    parts = [p for n, label in CHANGES.items() if (p := released(case, n, label, form="points")) is not None]
    if not parts:
        known = "decomposition" in case.result.omitted
        return [heading, omitted(case, title, "decomposition")] if known else []
    blocks: list[Block] = [
        heading,
        Prose(
            Text(
                en="Growth is what the change of the mean alone would have done to poverty, redistribution what the change of "
                "shares around the mean did; each is averaged over both orders, and they add up to the total. It is "
                "arithmetic on two distributions: it names no cause, and no program.",
                zh="“增长”指仅均值变化所引起的贫困变化，“分配变化”指均值不变时份额变化所引起的贫困变化；两者按两种先后次序取平均，合计等于总变化。"
                "这只是两个分布之间的算术分解，不说明原因，也不说明帮扶措施的作用。",
            )
        ),
        estimates_table(
            title, COMPONENT, parts, say_key=lambda k: COMPONENTS[str(k)], rows_label=HOUSEHOLD_YEARS
        ),
        _picture(case, parts),
    ]
    rate = released(
        case,
        "ravallion_chen",
        Text(en="Growth rate of the lowest incomes, a year", zh="低收入段年均增长率"),
        form="ratio",
    )
    if rate is not None:
        named = Text(
            en="Growth of the lowest incomes, as many as were poor at first (Ravallion and Chen)",
            zh="期初贫困人口所处低收入段的增长（Ravallion–Chen）",
        )
        notes = (
            Text(en="log points a year", zh="年均对数点"),
            Text(
                en="the lowest incomes of both years are compared, which need not be the same households; the households "
                "counted were poor in the first year",
                zh="比较的是两年的低收入段，不一定是同一批住户；样本户数为首年贫困的户数",
            ),
        )
        blocks.append(values_table(named, [rate], notes=notes, rows_label=HOUSEHOLDS))
    return [*blocks, *(Omitted(title, r) for r in reasons(case, "decomposition"))]


def _picture(case: CountyCase, parts: list[Part]) -> Figure:
    first, last = waves_of(case)
    all_series = []
    for p in parts:
        values = [p.at("component", c) for c in COMPONENTS]
        all_series.append(
            marks.Series(
                p.label,
                tuple(float(i) for i in range(len(COMPONENTS))),
                tuple(None if m is None else m.value for m in values),
                tuple(None if m is None else m.low for m in values),
                tuple(None if m is None else m.high for m in values),
            )
        )
    panel = figures.Panel(
        tuple(all_series),
        COMPONENT.label,
        Text(en="Percentage points", zh="百分点"),
        "points",
        style="columns",
        zero=True,
        ticks=tuple(COMPONENTS.values()),
    )
    names = prose.listed([p.label for p in parts])
    return Figure(
        Text(en="Growth and redistribution", zh="增长与分配的作用"),
        Text(
            en=f"Bars of the contributions of growth and redistribution to the change of {names.en}, {first} to {last}.",
            zh=f"{first}年至{last}年{names.zh}变化中增长与分配作用的柱状图。",
        ),
        figures.draw_panels([panel], synthetic=case.plan.synthetic),
        Text(en="Lines: 95\u202f% intervals. The figures are in the table.", zh="竖线为95%区间，数值见表。"),
    )
