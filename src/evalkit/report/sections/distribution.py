"""Who gained: growth across the distribution, what regression to the mean has to do with it, inequality."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.measures import uniform_band
from evalkit.report import figures, prose
from evalkit.report.display import Format
from evalkit.report.document import Block, Column, Figure, Omitted, Prose
from evalkit.report.sections.reading import WAVE, omitted, reasons, released, series, waves_of, welfare_label
from evalkit.report.tables import HOUSEHOLD_YEARS, HOUSEHOLDS, Part, estimates_table, values_table
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

TITLE = Text(en="Growth across the distribution", zh="不同收入水平的增长")
PLACE = Column("p", Text(en="Percentile", zh="百分位"), "code")
UPPER = Column("p", Text(en="Group up to percentile", zh="分组上端百分位"), "code")
CURVES = {
    "incidence": Text(en="Same percentile of each year", zh="各年同一百分位"),
    "incidence_same": Text(en="Same households, by first-year income", zh="同一住户，按首年收入分组"),
}
INEQUALITY = {
    "gini": Text(en="Gini coefficient", zh="基尼系数"),
    "quintile_ratio": Text(en="S80/S20", zh="收入五等份倍数（S80/S20）"),
    "bottom_share": Text(en="Income share of the poorest 40\u202f%", zh="最低40%人口收入份额"),
}
MIDDLE = 0.5


def incidence_blocks(case: CountyCase) -> list[Block]:
    """Return the growth incidence curves with their bands, the table, and the warning about the mean."""
    heading = Prose(TITLE, style="heading")
    parts = {n: p for n, label in CURVES.items() if (p := released(case, n, label, form="share")) is not None}
    if not parts:
        return (
            [] if "growth" in case.result.omitted else [heading, omitted(case, TITLE, "incidence", "income")]
        )
    blocks: list[Block] = [heading, _curves_said(case)]
    blocks.append(_picture(case, parts))
    blocks += [
        estimates_table(
            _title(case, label),
            PLACE if name == "incidence" else UPPER,
            [parts[name]],
            say_key=lambda p: round(100 * float(str(p)), 6),
            rows_label=HOUSEHOLD_YEARS if name == "incidence" else HOUSEHOLDS,
        )
        for name, label in CURVES.items()
        if name in parts
    ]
    blocks += _regression(case)
    blocks += [Omitted(TITLE, r) for r in reasons(case, "incidence")]
    return blocks


def inequality_blocks(case: CountyCase) -> list[Block]:
    """Return inequality by wave."""
    title = Text(en="Inequality by year", zh="各年收入不平等")
    parts = [
        p for n, label in INEQUALITY.items() if (p := released(case, n, label, form=_form(n))) is not None
    ]
    heading = Prose(Text(en="Inequality", zh="收入不平等"), style="heading")
    if not parts:
        return [heading, omitted(case, title, "inequality", "income")]
    note = Text(
        en="inequality among the population of this section only; it says nothing about all households of the county",
        zh="仅指本节统计对象内部的差距，不代表全县住户",
    )
    return [heading, estimates_table(title, WAVE, parts, notes=(note,))]


def _form(name: str) -> Format:
    return "ratio" if name == "gini" else "decimal" if name == "quintile_ratio" else "share"


def _title(case: CountyCase, label: Text) -> Text:
    first, last = waves_of(case)
    return Text(
        en=f"Growth from {first} to {last}: {label.en[:1].lower()}{label.en[1:]}",
        zh=f"{first}年至{last}年增长：{label.zh}",
    )


def _curves_said(case: CountyCase) -> Prose:
    first, last = waves_of(case)
    label = welfare_label(case)
    return Prose(
        Text(
            en=f"The first curve compares the same percentile of {label.en} in {first} and {last}: other households may stand "
            f"there. The second follows the households observed in both years, grouped by {label.en} in {first}. Neither says "
            "why anybody gained.",
            zh=f"第一条曲线比较{first}年与{last}年{label.zh}的同一百分位，处于该位置的住户可能不同；第二条跟踪两年均有观测的住户，按{first}年{label.zh}分组。"
            "两者都不说明收入增加的原因。",
        )
    )


def _picture(case: CountyCase, parts: dict[str, Part]) -> Figure:
    panels = [
        figures.Panel(
            (replace(series(part, key="p"), band=_band(case.result.estimates[name], part)),),
            PLACE.label if name == "incidence" else UPPER.label,
            Text(en="Growth (%)", zh="增长（%）"),
            "share",
            part.label,
            style="curve",
            zero=True,
            ticks=tuple(f"{100 * float(p):g}" for p in part.rows["p"]),
        )
        for name, part in parts.items()
    ]
    return Figure(
        Text(en="Growth incidence curves", zh="增长发生曲线"),
        Text(
            en=f"Curves of growth by percentile: {prose.listed([p.label for p in parts.values()]).en}.",
            zh=f"按百分位的增长曲线：{prose.listed([p.label for p in parts.values()]).zh}。",
        ),
        figures.draw_panels(panels, synthetic=case.plan.synthetic, height=2.9),
        Text(
            en="Shade: 95\u202f% interval of each point. Dotted: band that covers the whole curve with 95\u202f% (sup-t). "
            "The points are in the tables.",
            zh="阴影为各点95%区间；点线为以95%概率覆盖整条曲线的置信带（sup-t）。各点数值见表。",
        ),
    )


def _band(estimate: Estimate, part: Part) -> tuple[tuple[float, float] | None, ...]:
    """Return the band of a curve, empty where the data are a census or points were withheld."""
    if estimate.about.interval == "none" or part.released.suppressed:
        return ()
    try:
        band = uniform_band(estimate)
    except EstimationError:
        return ()
    ends = zip(band.low, band.high, strict=True)
    return tuple((float(a), float(b)) if np.isfinite([a, b]).all() else None for a, b in ends)


def _regression(case: CountyCase) -> list[Block]:
    """Say what the first-year grouping owes to regression to the mean, and tabulate the slopes."""
    slopes = case.result.estimates.get("regression_slopes")
    if slopes is None:
        return []
    words = {
        "base": Text(en="by income of the first year", zh="按首年收入"),
        "average": Text(en="by mean income of both years", zh="按两年平均收入"),
        "end": Text(en="by income of the last year", zh="按末年收入"),
    }
    parts = []
    for name, label in words.items():
        what = Text(en=f"Slope of growth {label.en}", zh=f"增长对收入的斜率：{label.zh}")
        p = released(case, "regression_slopes", what, form="ratio", where={"statistic": name})
        if p is not None:
            parts.append(p)
    said = Text(
        en="Groups formed by first-year income mix lasting and passing differences: a low income of one year tends to be "
        "followed by a higher one without any cause. Growth that falls with first-year income but not with the mean of both "
        "years is what such passing differences alone produce; it does not show that the poorer catch up.",
        zh="按首年收入分组会把持久差异与偶然差异混在一起：某一年收入偏低，次年往往无缘由地回升。若增长随首年收入下降，却不随两年平均收入下降，"
        "则仅凭这种偶然差异即可出现，不能说明较贫困者在追赶。",
    )
    title = Text(en="Regression to the mean", zh="均值回归诊断")
    return [Prose(said, style="note"), values_table(title, parts)] if parts else []
