"""Sentences that travel with a measure: how units are counted, what is missing, which prices, which line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from evalkit.panel import Panel
from evalkit.text import Text


def counting(*, persons: bool) -> Text:
    """Say whether persons or households are counted."""
    if persons:
        return Text(en="persons are counted: household weight × size", zh="按人计：户权重×家庭人口数")
    return Text(en="households are counted", zh="按户计")


def missing(count: int, total: int, what: str) -> Text:
    """Say how many rows have no value and are left out (they still count as sampled)."""
    return Text(
        en=f"{count:,} of {total:,} household-waves have no {what} and are left out",
        zh=f"{total:,}条户年记录中有{count:,}条缺少{what}，未计入",
    )


def empty(keys: pd.DataFrame) -> Text:
    """Name the domains in which nothing is observed."""
    some = listed(keys)
    return Text(en=f"no observations in: {some}", zh=f"以下分组没有观测：{some}")


def listed(keys: pd.DataFrame) -> str:
    """Return the first domains of a breakdown by name; "all" where nothing is broken down.

    >>> listed(pd.DataFrame({"county": ["A", "B"], "wave": [2016, 2018]})), listed(pd.DataFrame(index=[0]))
    ('A/2016, B/2018', 'all')
    """
    if not len(keys.columns) or keys.empty:
        return "all"
    labels = ["/".join(map(str, row)) for row in keys.itertuples(index=False)]
    return ", ".join(labels[:5]) + (" …" if len(labels) > 5 else "")


def census() -> Text:
    """Say that there is no sampling error."""
    return Text(
        en="the data are the whole population: no sampling error, no interval",
        zh="全数数据：无抽样误差，不给区间",
    )


def line_rule(*, at_line: bool) -> Text:
    """Say what happens to a household exactly at the line."""
    if at_line:
        return Text(en="poor: at or below the line (≤)", zh="贫困：不高于贫困线（≤）")
    return Text(en="poor: strictly below the line (<)", zh="贫困：严格低于贫困线（<）")


def negative(count: int) -> Text:
    """Count incomes below zero, whose gaps exceed the line."""
    return Text(
        en=f"{count:,} household-waves have a negative welfare measure; their gaps exceed the line",
        zh=f"{count:,}条户年记录的测算指标为负，其缺口大于贫困线",
    )


def dropped(count: int) -> Text:
    """Count non-positive incomes left out on request."""
    return Text(
        en=f"{count:,} household-waves with a non-positive welfare measure are left out as asked",
        zh=f"按要求剔除{count:,}条测算指标非正的户年记录",
    )


def floored(count: int, floor: float) -> Text:
    """Count incomes raised to a floor on request."""
    return Text(
        en=f"{count:,} household-waves below {floor:g} are counted at {floor:g} as asked",
        zh=f"按要求将{count:,}条低于{floor:g}的户年记录按{floor:g}计",
    )


def prices(year: int | None) -> Text:
    """Say in whose prices amounts are."""
    if year is None:
        return Text(en="nominal: prices of each wave", zh="名义值：各年当年价")
    return Text(en=f"real: prices of {year}", zh=f"实际值：{year}年价格")


def concepts(panel: Panel, waves: Iterable[int]) -> tuple[Text, ...]:
    """Name the income concept of the waves, where the panel knows it."""
    if panel.concept is None:
        return ()
    known = {panel.concept[w]: None for w in waves if w in panel.concept}
    if not known:
        return ()
    words = ", ".join(known)
    if len(known) > 1:
        why = panel.across_concepts
        return (
            Text(
                en=f"income concept: {words}; what changes between them is partly the definition"
                + (f"; compared all the same, stated reason: {why}" if why else ""),
                zh=f"收入口径：{words}；跨口径的变化含定义差异" + (f"；仍作比较，理由：{why}" if why else ""),
            ),
        )
    return (Text(en=f"income concept: {words}", zh=f"收入口径：{words}"),)


def cross_section() -> Text:
    """Say that each wave's households are compared, not the same households."""
    return Text(
        en="all households of each wave (repeated cross-sections), not a fixed cohort",
        zh="使用各年全部住户（重复截面），并非固定样本",
    )


def cohort(kept: int, left: int, waves: Sequence[int] = ()) -> Text:
    """Say how many households the fixed cohort has and how many it lost; `waves` where there are more than two."""
    if len(waves) > 2:
        years = ", ".join(map(str, sorted(waves)))
        return Text(
            en=f"fixed cohort: {kept:,} households measured in all of {years}; {left:,} of those measured in the first wave "
            "lack one of the others",
            zh=f"固定样本：{years}各年均有数值的{kept:,}户；首年有数值的住户中有{left:,}户缺少其他某年数值",
        )
    return Text(
        en=f"fixed cohort: {kept:,} households observed in both waves; {left:,} of the first wave are no longer observed or "
        "have no value",
        zh=f"固定样本：两年均有观测的{kept:,}户；首年住户中有{left:,}户后一年无观测或缺少数值",
    )


def pairs(used: int) -> Text:
    """Say how many pairs of waves are used."""
    return Text(en=f"{used:,} pairs of household-waves", zh=f"共{used:,}对前后期户年记录")


def unpaired(later: int, earlier: int) -> Text:
    """Say how many rows lack an earlier or a later one."""
    return Text(
        en=f"{later:,} household-waves have no earlier one and {earlier:,} have no later one: they lie outside",
        zh=f"{later:,}条后期记录无前期记录、{earlier:,}条前期记录无后期记录，不在计算范围内",
    )


def pair_weight(whose: str) -> Text:
    """Say which wave's weights and sizes count."""
    if whose == "later":
        return Text(
            en="counted with the later wave's weight, which makes up for attrition, and the earlier wave's size",
            zh="按后一期的权重（已作流失调整）与前一期的人口数计",
        )
    return Text(en="counted with the earlier wave's weight and size", zh="按前一期的权重与人口数计")


def gaps(spans: Iterable[tuple[int, int]]) -> Text:
    """Name consecutive waves that are more than a year apart."""
    words = ", ".join(f"{a}–{b}" for a, b in spans)
    return Text(en=f"waves more than one year apart: {words}", zh=f"相邻两期间隔超过一年：{words}")
