"""Caveats of impact estimates in both report languages."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.text import Text

FEW_CLUSTERS = 20
"""Below this many clusters a t interval still under-covers; the estimate says so."""
PRE_TREND_CLUSTERS = 40
"""Below this many clusters, treated and comparison together, a joint Wald test rejects too often; it says so."""


def dropped_rows(column: str, count: int, total: int) -> Text:
    """Say how many rows had no value in a needed column."""
    return Text(
        en=f"{count:,} of {total:,} rows have no {column!r} and are not used.",
        zh=f"{total:,}行中有{count:,}行缺少{column!r}，未用于估计。",
    )


def zero_weights(count: int) -> Text:
    """Say how many rows have weight zero."""
    return Text(en=f"{count:,} rows have weight zero and do not count.", zh=f"{count:,}行权重为零，不计入。")


def clustered(name: str, count: int) -> Text:
    """Say what the standard errors are clustered by."""
    return Text(
        en=f"Standard errors clustered by {name!r}: {count:,} clusters, intervals by Student's t.",
        zh=f"标准误按{name!r}聚类：{count:,}个聚类，区间按t分布。",
    )


def clustered_by_unit(name: str) -> Text:
    """Say that no cluster was named and units are the clusters."""
    return Text(
        en=f"No cluster was named: the standard errors allow correlation over time within {name!r}, not within "
        "villages or other units of assignment.",
        zh=f"未指定聚类：标准误仅考虑同一{name!r}内的跨期相关，未考虑村等处理分配单位内部的相关。",
    )


def few_clusters(count: int) -> Text:
    """Warn of few clusters."""
    return Text(
        en=f"Only {count:,} clusters (fewer than {FEW_CLUSTERS}): the standard error is likely too small; "
        "confirm with a wild cluster bootstrap or randomisation inference.",
        zh=f"仅{count:,}个聚类（少于{FEW_CLUSTERS}）：标准误可能偏小，应以野聚类自助法或随机化推断复核。",
    )


def lone_cluster(side: str, side_zh: str) -> Text:
    """Warn that all treated (or all untreated) rows are in one cluster."""
    return Text(
        en=f"All {side} rows lie in one cluster: the clustered standard error is not credible; "
        "use randomisation inference or a synthetic control.",
        zh=f"全部{side_zh}样本属于同一聚类：聚类标准误不可信，应使用随机化推断或合成控制法。",
    )


def independent_rows(rows: int, units: int) -> Text:
    """Say that repeated observations are treated as independent."""
    return Text(
        en=f"Standard errors treat {rows:,} rows of {units:,} units as independent; name a cluster to allow for "
        "correlation within units or villages.",
        zh=f"标准误将{units:,}个单位的{rows:,}行视为相互独立；如需考虑户内或村内相关，请指定聚类。",
    )


def classical() -> Text:
    """Say that errors are assumed to have one variance."""
    return Text(
        en="Classical standard errors: independent errors of equal variance are assumed.",
        zh="经典标准误：假定误差独立且同方差。",
    )


def collinear(names: Sequence[str]) -> Text:
    """List covariates that add nothing."""
    listed = ", ".join(names)
    return Text(
        en=f"Covariates without variation of their own are left out, which does not change the effect: {listed}.",
        zh=f"以下协变量无独立变异，已略去（不影响效应估计）：{listed}。",
    )


def no_pre_trend() -> Text:
    """Say that there is no second pre-period."""
    return Text(
        en="Pre-trends are not testable: fewer than two waves before treatment.",
        zh="无法检验平行趋势：处理前不足两期。",
    )


def pre_trend_rank(effects: int, clusters: int) -> Text:
    """Say that the clusters are too few to test the effects before treatment jointly."""
    return Text(
        en=f"The joint pre-trend test is not available: {clusters:,} clusters are too few to test {effects} effects "
        "before treatment together.",
        zh=f"无法进行联合平行趋势检验：仅有{clusters:,}个聚类，不足以同时检验{effects}个处理前效应。",
    )


def pre_trend_lost() -> Text:
    """Say that there are waves before treatment, but no effect in them can be estimated."""
    return Text(
        en="Pre-trends are not testable: no effect before treatment can be estimated, because no treated or no "
        "comparison units are seen in the waves needed.",
        zh="无法检验平行趋势：所需各期中没有处理组或对照组观测，处理前效应均无法估计。",
    )


def pre_trend_clusters(count: int) -> Text:
    """Warn that the joint test rejects too often with few clusters."""
    return Text(
        en=f"The joint pre-trend test rests on {count:,} clusters (fewer than {PRE_TREND_CLUSTERS}) and then tends to "
        "reject too often.",
        zh=f"联合平行趋势检验仅依据{count:,}个聚类（少于{PRE_TREND_CLUSTERS}个），此时检验容易过度拒绝。",
    )


def pre_trend(statistic: float, rank: int, p_value: float) -> Text:
    """Report the joint pre-trend test."""
    return Text(
        en=f"Pre-trend test, {rank} effects before treatment jointly zero: Wald {statistic:.3f}, p = {p_value:.3f}. "
        "A large p does not prove parallel trends.",
        zh=f"平行趋势检验（处理前{rank}个效应同时为零）：Wald {statistic:.3f}，p = {p_value:.3f}。"
        "p值大并不能证明趋势平行。",
    )


def one_wave_units(count: int, units: int) -> Text:
    """Count units seen in one wave only."""
    return Text(
        en=f"{count:,} of {units:,} units have the outcome in one wave only (attrition or entry).",
        zh=f"{units:,}个单位中有{count:,}个仅在一期有结果变量（流失或新进）。",
    )


def singletons(count: int) -> Text:
    """Count rows of units seen once, which fixed effects absorb."""
    return Text(
        en=f"{count:,} units seen once are left out: a fixed effect absorbs them entirely.",
        zh=f"{count:,}个仅出现一次的单位已略去：固定效应会将其完全吸收。",
    )


def switches_off(count: int, units: int) -> Text:
    """Count units whose treatment ends."""
    return Text(
        en=f"The treatment switches off in {count:,} of {units:,} units; the coefficient then assumes that effects "
        "stop at once and are the same in both directions.",
        zh=f"{units:,}个单位中有{count:,}个的处理状态中途停止；该系数隐含效应立即消失且进退对称。",
    )


def always_on(count: int, switching: int) -> Text:
    """Say that units treated throughout serve as comparison."""
    return Text(
        en=f"The coefficient rests on the {switching:,} units whose treatment changes; {count:,} units treated in all "
        "their waves serve as comparison.",
        zh=f"该系数由处理状态有变化的{switching:,}个单位得出；始终受处理的{count:,}个单位仅起对照作用。",
    )


def staggered(count: int) -> Text:
    """Warn that the two-way coefficient mixes cohorts."""
    return Text(
        en=f"Treatment starts at {count:,} different waves: where effects differ between cohorts or grow over time, this "
        "coefficient also compares with already treated units; see the group-time effects (att_gt).",
        zh=f"处理分{count:,}个年度陆续开始：若效应随批次或时间变化，该系数会以已处理单位作对照；"
        "请对照批次-年度效应（att_gt）。",
    )


def intensity() -> Text:
    """Say that the treatment is not 0/1."""
    return Text(
        en="The treatment is not 0/1: the coefficient is a slope per unit of treatment.",
        zh="处理变量不是0/1：系数为每单位处理强度的斜率。",
    )


def always_treated(count: int, units: int, first: float) -> Text:
    """Count units treated from the start."""
    return Text(
        en=f"{count:,} of {units:,} units are treated from the first usable wave ({first:g}) and are left out: "
        "they have no wave before treatment.",
        zh=f"{units:,}个单位中有{count:,}个自首个可用年度（{first:g}）起即受处理，没有处理前观测，已剔除。",
    )


def attrition(least: int, most: int, units: int, dropped: int) -> Text:
    """Describe an unbalanced panel."""
    return Text(
        en=f"Unbalanced panel: {dropped:,} of {units:,} units miss at least one wave. Each comparison uses the units "
        f"seen in both of its waves ({least:,} to {most:,} units left out per comparison).",
        zh=f"非平衡面板：{units:,}个单位中有{dropped:,}个至少缺一期。每次比较仅用两期均有观测的单位"
        f"（每次比较剔除{least:,}至{most:,}个单位）。",
    )


def varying_weights(count: int) -> Text:
    """Say that the first weight of each unit is used."""
    return Text(
        en=f"The weight varies over waves in {count:,} units; each unit keeps the weight of its first wave.",
        zh=f"{count:,}个单位的权重随年度变化；统一采用其首期权重。",
    )


def reference_cells() -> Text:
    """Explain the zeros of a universal base period."""
    return Text(
        en="The last wave before treatment is the reference: zero by construction.",
        zh="处理前最后一期为基期：按定义为零。",
    )


def lost_cells(cells: Sequence[str]) -> Text:
    """List group-time cells that cannot be estimated."""
    listed = "; ".join(cells)
    return Text(
        en=f"{len(cells)} cohort-wave effects cannot be estimated and are left out of every average: {listed}.",
        zh=f"{len(cells)}个批次-年度效应无法估计，未计入任何平均值：{listed}。",
    )


def small_cohorts(listed: Sequence[str]) -> Text:
    """List cohorts of fewer than five units (or of one cluster)."""
    joined = ", ".join(listed)
    return Text(
        en=f"Very small cohorts, whose standard errors are not reliable: {joined}.",
        zh=f"以下批次规模过小，标准误不可靠：{joined}。",
    )


def lone_cohorts(listed: Sequence[str]) -> Text:
    """List cohorts that lie within one cluster."""
    joined = ", ".join(listed)
    return Text(
        en=f"Cohorts that lie within a single cluster, whose clustered standard errors are not credible: {joined}.",
        zh=f"以下批次全部位于单一聚类内，其聚类标准误不可信：{joined}。",
    )


def treated_later(count: int, units: int, last: float) -> Text:
    """Count units whose treatment starts after the data end."""
    return Text(
        en=f"{count:,} of {units:,} units start treatment after the last wave ({last:g}); in these data they are untreated "
        "and serve as never treated.",
        zh=f"{units:,}个单位中有{count:,}个在末期（{last:g}）之后才开始受处理；在本数据中视为始终未受处理。",
    )


def no_never_treated() -> Text:
    """Say that nobody stays untreated."""
    return Text(
        en="No unit stays untreated: comparisons end when the last cohort starts.",
        zh="没有始终未受处理的单位：最后一个批次开始后即无对照。",
    )
