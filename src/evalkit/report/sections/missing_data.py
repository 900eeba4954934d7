"""Who and what is missing in a county: attrition, weights that make up for it, known totals, imputed items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.disclose import release
from evalkit.report import labels, prose
from evalkit.report.display import Format
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Suppressed, Table, finite
from evalkit.report.labels import typeset
from evalkit.report.sections.reading import NUMBER
from evalkit.report.tables import WITHHELD
from evalkit.text import Text, text_from

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

WAVE = Column("wave", Text(en="Year", zh="年度"), "code")
GROUPS = {
    "all": Text(en="all", zh="全部"),
    "registered": Text(en="registered, not exited", zh="未脱贫"),
    "exited": Text(en="exited", zh="已脱贫"),
    "returned": Text(en="returned", zh="返贫"),
    "poor": Text(en="below the line", zh="线下"),
    "not_poor": Text(en="not below the line", zh="线上"),
    "unknown": Text(en="unknown", zh="不详"),
}
"""Groups of households at baseline."""
WHY_LEFT = {
    "left_died": Text(en="died out", zh="死亡"),
    "left_moved": Text(en="moved away", zh="迁出"),
    "left_merged": Text(en="merged into another household", zh="并入他户"),
    "left_refused": Text(en="refused", zh="拒访"),
    "left_unknown": Text(en="not known", zh="原因不详"),
}
TESTS = {
    "all": Text(en="level and slopes together", zh="截距与斜率联合"),
    "slopes": Text(en="slopes", zh="斜率"),
    "level": Text(en="level", zh="截距"),
}
FIGURES: dict[str, tuple[Text, Format]] = {
    "mean_welfare": (Text(en="mean of the measure, nominal", zh="测算指标均值（名义值）"), "money"),
    "headcount": (Text(en="headcount rate", zh="贫困发生率"), "share"),
}
COMPARED = {
    "attrition": Text(en="With the weights of the design and reweighted for attrition", zh="设计权重与流失调整权重的对照"),
    "calibration": Text(en="Before and after calibration to known totals", zh="校准前后的对照"),
    "imputation": Text(en="Without and with imputed items", zh="插补前后的对照"),
}  # fmt: skip
USED = {
    "attrition": Text(en="reweighted for attrition", zh="作流失调整"),
    "calibration": Text(en="calibrated to known totals", zh="按已知总数校准"),
}


def missing_blocks(case: CountyCase) -> Iterator[Block]:
    """Yield who left the panel, which weights the estimates use, and every figure with and without adjustment."""
    tables = case.result.tables
    if not any(name in tables or name in case.result.omitted for name in ("attrition", "calibration")):
        return  # a build that knows nothing of it
    yield Prose(Text(en="Who and what is missing", zh="样本流失与缺失项"), style="heading")
    yield from _attrition(case)
    yield from _test(case)
    yield weights_said(case)
    yield from _reweighting(case)
    yield from _totals(case)
    yield from _imputed(case)
    for name, title in COMPARED.items():
        yield from _compared(case, name, title)
    for note in (case.result.facts.get("weighing") or {}).get("notes", []):
        yield prose.note(labels.in_words(text_from(note)))
    for name, title in _LEFT_OUT.items():
        if name in case.result.omitted:
            yield Omitted(title, case.result.omitted[name])


_LEFT_OUT = {
    "attrition": Text(en="Attrition", zh="样本流失"),
    "attrition_test": Text(en="Test whether leavers differ", zh="流失户差异检验"),
    "attrition_weights": Text(en="Weights against attrition", zh="流失调整权重"),
    "attrition_compared": COMPARED["attrition"],
    "calibration": Text(en="Calibration to known totals", zh="按已知总数校准"),
    "imputation": Text(en="Imputation of missing items", zh="缺失项插补"),
}


def weights_said(case: CountyCase) -> Prose:
    """Say which weights the estimates of the county use."""
    used = (case.result.facts.get("weighing") or {}).get("used", [])
    plan = case.plan
    asked = [n for n, yes in (("attrition", plan.attrition.weights == "ipw"), ("calibration", plan.calibration is not None)) if yes]  # fmt: skip
    if used:
        what = prose.listed([USED[u] for u in used])
        return prose.say(
            Text(
                en="The estimates of this county use weights {what}, as the plan asks; results pooled over counties (sections {risk} and "
                "{impact}) use the weights of the design.",
                zh="按方案要求，本县各项估计采用{what}的权重；各县汇总结果（第{risk}、{impact}节）采用设计权重。",
            ),
            names={"what": what, "risk": str(NUMBER["risk"]), "impact": str(NUMBER["impact"])},
            style="finding",
        )
    if asked:
        return Prose(
            Text(
                en="The plan asks for adjusted weights, but the estimates use those of the design: the reason is given "
                "below, or the strata of the sample cross counties, so that weights adjusted within a county do not "
                "belong to it.",
                zh="方案要求调整权重，但各项估计仍采用设计权重：原因见下，或因抽样层跨县，县内调整的权重不适用于该样本。",
            ),
            style="warning",
        )
    if plan.design.weight is None:
        return Prose(
            Text(
                en="The data have no weights: every household counts the same, and nothing makes up for households that left.",
                zh="数据没有抽样权重，各户等权计算，未对流失户作调整。",
            )
        )
    return Prose(
        Text(
            en="The estimates of this report use the weights of the design; nothing makes up for households that left.",
            zh="本报告各项估计采用设计权重，未对流失户作调整。",
        )
    )


def _found(case: CountyCase, name: str) -> pd.DataFrame | None:
    table = case.result.tables.get(name)
    return None if table is None or table.empty else table.reset_index(drop=True)


def _attrition(case: CountyCase) -> Iterator[Block]:
    table = _found(case, "attrition")
    if table is None:
        return
    smallest = case.plan.disclosure.minimum_cell
    group = next(
        (str(c) for c in table.columns if c not in ("wave", "baseline") and c in ("status", "poor")), None
    )
    keys = ["wave"] if group is None else ["wave", group]
    counts = ["baseline", "present", "away", "left", "share_present"]
    later = table.loc[table["wave"] > table["wave"].min(), [*keys, *counts]].reset_index(drop=True)
    shown, withheld = _withheld(later, keys, smallest)
    shown = shown if group is None else shown.sort_values(group, key=_all_first, kind="stable")
    columns = [WAVE, Column("group", Text(en="At baseline", zh="基期状况"))][: len(keys)]
    columns += [
        Column("baseline", Text(en="Households of the first year", zh="首年户数"), "count"),
        Column("present", Text(en="Observed", zh="在册"), "count"),
        Column("away", Text(en="Missing, seen again later", zh="暂缺（后又出现）"), "count"),
        Column("left", Text(en="Left for good", zh="流失"), "count"),
        Column("share_present", Text(en="Observed", zh="在册比例"), "share"),
    ]
    rows: list[tuple[Cell, ...]] = []
    for row in shown.to_dict("records"):
        head: list[Cell] = [float(row["wave"])]
        head += [] if group is None else [GROUPS.get(str(row[group]), labels.word(str(row[group])))]
        size = Suppressed() if row["few"] else finite(row["baseline"])
        cells = [Suppressed() if row["suppressed"] else finite(row[c]) for c in counts[1:]]
        rows.append((*head, size, *cells))
    note = Text(
        en="households of the sample that were observed in the first year, without weights",
        zh="首年有观测的样本户，未加权",
    )
    notes = (note, WITHHELD) if withheld else (note,)
    title = Text(en="What became of the households of the first year", zh="首年样本户的去向")
    yield Table(title, tuple(columns), tuple(rows), notes)
    yield from _why(table, group, smallest)


def _withheld(table: pd.DataFrame, keys: list[str], smallest: int) -> tuple[pd.DataFrame, bool]:
    """Return the table with ``few`` (too few at baseline) and ``suppressed`` (some count of what became of them too small).

    Present, away and left add up to the baseline: where one of them, or those not observed, is small, all are withheld,
    and those of another group if the row of all groups would give them away.
    """
    few = release(table.assign(n=table["baseline"]), minimum_cell=smallest, keys=keys).frame["suppressed"]
    parts = table[["present", "away", "left"]].assign(unseen=table["baseline"] - table["present"])
    least = parts.where(parts > 0).min(axis=1).mask(few, 1).fillna(0)
    gate = release(table.drop(columns="baseline").assign(n=least), minimum_cell=smallest, keys=keys)
    return gate.frame.assign(baseline=table["baseline"], few=few), bool(few.any() or gate.suppressed)


def _all_first(groups: pd.Series) -> pd.Series:
    return groups.where(groups != "all", "")


def _why(table: pd.DataFrame, group: str | None, smallest: int) -> Iterator[Block]:
    """Yield why households left, as far as the register of events knows and counts are large enough."""
    last = table.loc[table["wave"] == table["wave"].max()]
    last = last if group is None else last.loc[last[group] == "all"]
    known = {k: int(last[k].iloc[0]) for k in WHY_LEFT if k in last}
    left = int(last["left"].iloc[0])
    if not left or sum(v for k, v in known.items() if k != "left_unknown") == 0:
        return
    listed = pd.DataFrame({"reason": list(known), "households": list(known.values())})
    gate = release(
        listed.assign(n=listed["households"]), minimum_cell=smallest, keys=["reason"], total_over=["reason"]
    )
    rows = tuple(
        (WHY_LEFT[str(r["reason"])], Suppressed() if r["suppressed"] else finite(r["households"]))
        for r in gate.frame.to_dict("records")
    )
    columns = (Column("reason", Text(en="Reason", zh="原因")), labels.column("households"))
    yield Table(
        Text(en="Why households left, by the last year", zh="流失原因（截至末年）"),
        columns,
        rows,
        (WITHHELD,) if gate.suppressed else (),
    )


def _test(case: CountyCase) -> Iterator[Block]:
    table = _found(case, "attrition_test")
    if table is None:
        return
    if min(table["leavers"].iloc[0], table["stayers"].iloc[0]) < case.plan.disclosure.minimum_cell:
        note = Text(
            en=f"fewer than {case.plan.disclosure.minimum_cell} leavers or stayers: the test has little power",
            zh=f"流失户或留存户不足{case.plan.disclosure.minimum_cell}户：检验效力很低",
        )
    else:
        note = Text(
            en=f"{int(table['leavers'].iloc[0])} leavers, {int(table['stayers'].iloc[0])} stayers",
            zh=f"流失{int(table['leavers'].iloc[0])}户，留存{int(table['stayers'].iloc[0])}户",
        )
    columns = (
        Column("test", Text(en="Leavers differ in", zh="流失户与留存户的差异")),
        Column("statistic", Text(en="F", zh="F值"), "decimal"),
        Column("df_num", Text(en="df", zh="分子自由度"), "figure"),
        Column("df_den", Text(en="df (denominator)", zh="分母自由度"), "figure"),
        Column("p_value", Text(en="p", zh="p值"), "p"),
    )
    rows = tuple(
        (TESTS.get(str(r["test"]), str(r["test"])), *(finite(r[c.name]) for c in columns[1:]))
        for r in table.to_dict("records")
    )
    yield Table(
        Text(en="Did households that left differ in the first year?", zh="流失户在首年是否有别于留存户"),
        columns,
        rows,
        (note,),
        Text(en="Becketti, Gould, Lillard & Welch (1988)", zh="Becketti, Gould, Lillard & Welch (1988)"),
    )


def _reweighting(case: CountyCase) -> Iterator[Block]:
    table = _found(case, "attrition_weights")
    if table is None:
        return
    columns = (
        WAVE,
        Column("factor_min", Text(en="Smallest factor", zh="最小因子"), "decimal"),
        Column("factor_median", Text(en="Median", zh="中位数"), "decimal"),
        Column("factor_max", Text(en="Largest", zh="最大因子"), "decimal"),
        Column("trimmed", Text(en="Cut", zh="截断数"), "count"),
        Column("effective_n_before", Text(en="Effective n before", zh="有效样本量（前）"), "count"),
        Column("effective_n_after", Text(en="after", zh="有效样本量（后）"), "count"),
    )
    rows = tuple(tuple(finite(r[c.name]) for c in columns) for r in table.to_dict("records"))
    yield Table(Text(en="Weights against attrition, by year", zh="流失调整权重（分年）"), columns, rows)


def _totals(case: CountyCase) -> Iterator[Block]:
    table = _found(case, "calibration_totals")
    if table is None:
        return
    section = case.plan.calibration
    rows = [
        (
            finite(r.get("wave")),
            _what(str(r["by"]), str(r["level"]), str(r["amount"])),
            finite(r["target"]),
            finite(r["before"]),
            finite(r["after"]),
        )
        for r in table.fillna({"by": "", "level": "", "amount": ""}).to_dict("records")
    ]
    columns = (
        WAVE,
        Column("total", Text(en="Total of", zh="总数")),
        Column("target", Text(en="Known", zh="已知"), "count"),
        Column("before", Text(en="Before", zh="校准前"), "count"),
        Column("after", Text(en="After", zh="校准后"), "count"),
    )
    source = "" if section is None else section.source
    yield Table(
        Text(en="Known totals and what the weights give", zh="已知总数与加权合计"),
        columns,
        tuple(rows),
        (typeset(Text(en=f"known totals: {source}", zh=f"已知总数来源：{source}")),),
    )


def _what(by: str, level: str, amount: str) -> Text:
    of = labels.word(amount) if amount else Text(en="households", zh="户数")
    if not by:
        return of
    name = labels.word(by)
    return Text(en=f"{of.en}, {name.en} = {level}", zh=f"{of.zh}（{name.zh}：{level}）")


def _imputed(case: CountyCase) -> Iterator[Block]:
    table = _found(case, "imputed_shares")
    if table is None:
        return
    sums = table.groupby("column", sort=False)[["rows", "missing", "deduced", "imputed"]].sum().reset_index()
    sums["share"] = sums["imputed"] / sums["rows"]
    columns = (
        labels.column("column"),
        Column("rows", Text(en="Household-years", zh="户年数"), "count"),
        Column("missing", Text(en="Missing", zh="缺失"), "count"),
        Column("deduced", Text(en="Follow from others", zh="可由其他项推出"), "count"),
        Column("imputed", Text(en="Imputed", zh="插补"), "count"),
        Column("share", Text(en="Share imputed", zh="插补占比"), "share"),
    )
    rows = tuple(
        (labels.word(str(r["column"])), *(finite(r[c.name]) for c in columns[1:]))
        for r in sums.to_dict("records")
    )
    yield Table(Text(en="Items imputed", zh="插补的数据项"), columns, rows)


def _compared(case: CountyCase, name: str, title: Text) -> Iterator[Block]:
    table = _found(case, f"{name}_compared")
    sample = _found(case, "sample")
    if table is None or sample is None:
        return
    n = dict(zip(sample["wave"], sample["households"], strict=True))
    for figure, part in table.groupby("figure", sort=False):
        said, form = FIGURES.get(str(figure), (labels.word(str(figure)), "decimal"))
        gate = release(
            part.assign(n=part["wave"].map(n)).drop(columns="figure"),
            minimum_cell=case.plan.disclosure.minimum_cell,
            keys=["wave"],
            decimals=12,
        )
        columns = (
            WAVE,
            Column("before", Text(en="Before", zh="调整前"), form),
            Column("before_se", Text(en="s.e.", zh="标准误"), form),
            Column("after", Text(en="After", zh="调整后"), form),
            Column("after_se", Text(en="s.e.", zh="标准误"), form),
            Column("difference", Text(en="Difference", zh="差"), "points" if form == "share" else form),
            Column("difference_in_se", Text(en="in s.e.", zh="差/标准误"), "decimal"),
        )
        rows = tuple(
            (
                float(r["wave"]),
                *(Suppressed() if r["suppressed"] else finite(r[c.name]) for c in columns[1:]),
            )
            for r in gate.frame.to_dict("records")
        )
        whole = Text(en=f"{title.en}: {said.en}", zh=f"{title.zh}：{said.zh}")
        yield Table(whole, columns, rows, (WITHHELD,) if gate.suppressed else ())
