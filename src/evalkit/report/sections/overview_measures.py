"""The province overview, measures: poverty and growth of all counties, exits and returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.disclose import release
from evalkit.report import prose
from evalkit.report.display import Format
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Table
from evalkit.report.prose import Measure
from evalkit.report.sections.overview_opening import (
    CODE,
    COUNTY,
    CountyValue,
    by_code,
    county_values,
    ladder_figure,
    last_wave,
    overview_section,
    whole_value,
)
from evalkit.report.sections.reading import WAVE
from evalkit.report.tables import (
    HOUSEHOLDS,
    WITHHELD,
    Part,
    estimates_table,
    frame_table,
    interval_label,
    part,
)
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import CountyLine, OverviewCase

_Shown = tuple[Text, dict[str, CountyValue], Format]
"""A measure in a table of counties: its label, its values by county, how they are printed."""
ALL = Text(en="All counties together", zh="全部县合计")
HEADCOUNT = Text(en="Headcount rate", zh="贫困发生率")
GROWTH = Text(en="Growth of the mean", zh="均值增长")
MEAN = Text(en="Mean of the measure", zh="测算指标均值")
EXIT = Text(en="Exit rate", zh="脱贫率")
RETURN = Text(en="Return rate", zh="返贫率")
UNADJUSTED = Text(
    en="counties use weights adjusted as the plan says (attrition, calibration); the figures of all counties together use the "
    "weights of the design",
    zh="各县按方案使用调整后的权重（流失、校准）；全部县合计使用设计权重",
)


def province_poverty(case: OverviewCase, language: Language = "zh") -> Section:
    """Return poverty and growth of all counties together, and county by county."""
    wave, found = last_wave(case), case.pooled.estimates
    at = {"wave": wave}
    columns: list[_Shown] = [
        (HEADCOUNT, county_values(case, "headcount", at), "share"),
        (MEAN, county_values(case, "mean_welfare", at), "money"),
        (GROWTH, county_values(case, "growth_mean"), "share"),
    ]
    smallest = case.plan.disclosure.minimum_cell
    wholes = [
        whole_value(found, "headcount", at, smallest),
        whole_value(found, "mean_welfare", at, smallest),
        whole_value(found, "growth_mean", None, smallest),
    ]
    blocks: list[Block] = [
        _population(case),
        *_together(case, [("headcount", HEADCOUNT, "share"), ("mean_welfare", MEAN, "money")], "poverty"),
        *_growth_said(case, wholes[2]),
        *_apart(columns[0][1], wholes[0], HEADCOUNT),
    ]
    pictures = (
        (Text(en=f"Headcount rate by county, {wave}", zh=f"{wave}年各县贫困发生率"), 0),
        (Text(en="Growth of the mean by county", zh="各县均值增长"), 2),
    )
    for title, i in pictures:
        label, values, _ = columns[i]
        xlabel = Text(en=f"{label.en} (%)", zh=f"{label.zh}（%）")
        drawn = ladder_figure(case, title, xlabel, list(values.values()), form="share", middle=wholes[i])
        if drawn is not None:
            blocks.append(drawn)
    # two tables: one with all three measures and their intervals is wider than a page
    poverty = Text(en=f"Poverty by county, {wave}", zh=f"{wave}年各县贫困发生率及区间")
    income = Text(en=f"Income and its growth by county, {wave}", zh=f"{wave}年各县收入及其增长")
    if columns[0][1]:
        blocks.append(_county_table(case, columns[:1], poverty))
    blocks.append(_county_table(case, columns[1:], income))
    return overview_section("province_poverty", case, blocks, language, {"wave": wave})


def province_moves(case: OverviewCase, language: Language = "zh") -> Section:
    """Return exits by the registry and as measured, and returns, of all counties and county by county."""
    wave = last_wave(case)
    at = {"wave": wave}
    columns: list[_Shown] = [
        (EXIT, county_values(case, "exit_rate", at), "share"),
        (RETURN, county_values(case, "return_rate", at), "share"),
    ]
    whole = whole_value(case.pooled.estimates, "return_rate", at, case.plan.disclosure.minimum_cell)
    blocks: list[Block] = [
        Prose(
            Text(
                en="A registry exit is an administrative decision on a household; a measured exit or return is a crossing of the poverty "
                "line by the measure from one year to the next. Errors of measurement make measured exits and returns more frequent "
                "than true ones, and intervals do not cover this.",
                zh="登记的脱贫是对住户的行政认定；测算的脱贫与返贫是测算指标在前后两期之间越过贫困线。测量误差会使测得的脱贫与返贫多于实际，区间不反映这一误差。",
            )
        ),
        *_registry(case),
        *_together(case, [("exit_rate", EXIT, "share"), ("return_rate", RETURN, "share")], "dynamics"),
    ]
    title = Text(en=f"Return rate by county, {wave}", zh=f"{wave}年各县返贫率")
    xlabel = Text(en="Return rate (%)", zh="返贫率（%）")
    drawn = ladder_figure(case, title, xlabel, list(columns[1][1].values()), form="share", middle=whole)
    if drawn is not None:
        blocks.append(drawn)
    shown = [c for c in columns if c[1]]
    if shown:
        blocks.append(
            _county_table(
                case,
                shown,
                Text(en=f"Measured exits and returns by county, {wave}", zh=f"{wave}年各县测算的脱贫与返贫"),
            )
        )
    return overview_section("province_moves", case, blocks, language, {"wave": wave})


def _population(case: OverviewCase) -> Prose:
    return prose.say(
        Text(
            en="Population: {population}, of the {counties} counties that were built.",
            zh="统计对象：已建库的{counties}个县的{population}。",
        ),
        [prose.plain_number("counties", len(case.counties), "count")],
        names={"population": case.plan.population.text},
        style="note",
    )


def _together(case: OverviewCase, wanted: Sequence[tuple[str, Text, Format]], why: str) -> list[Block]:
    """Return the measures of all counties together by wave, or why there are none."""
    found, smallest = case.pooled.estimates, case.plan.disclosure.minimum_cell
    parts: list[Part] = [
        part(found[name], label, minimum_cell=smallest, form=form)
        for name, label, form in wanted
        if name in found and "wave" in found[name].keys
    ]
    if not parts:
        omitted = case.pooled.omitted
        reason = next((omitted[k] for k in ("pooled", why) if k in omitted), None)
        return [Omitted(ALL, reason or Text(en="The build has no such result.", zh="建库结果中没有此项。"))]
    notes = [UNADJUSTED] if _adjusted(case) else []
    return [estimates_table(ALL, WAVE, parts, notes=notes)]


def _adjusted(case: OverviewCase) -> bool:
    return case.plan.attrition.weights != "none" or case.plan.calibration is not None


def _growth_said(case: OverviewCase, whole: CountyValue | None) -> list[Block]:
    waves = sorted({w for line in case.counties for w in line.waves})
    if whole is None or whole.withheld or whole.value is None or len(waves) < 2:
        return []
    real = Text(en="", zh="")
    if case.plan.prices.kind != "none":
        real = Text(en=", in real terms,", zh="（实际）")
    label = case.plan.welfare.label.text
    what = Text(
        en=f"the mean of {label.en} of all counties together{real.en}", zh=f"全部县{label.zh}均值{real.zh}"
    )
    at = Measure(whole.value, whole.low, whole.high)
    return [prose.change(what, at, "share", frm=waves[0], to=waves[-1])]


def _apart(values: dict[str, CountyValue], whole: CountyValue | None, label: Text) -> list[Block]:
    """Say how many counties' intervals do not hold the value of all together, and how many would by chance."""
    if whole is None or whole.value is None or whole.withheld:
        return []
    middle = whole.value
    limits = [
        (v.low, v.high)
        for v in values.values()
        if v.low is not None and v.high is not None and not v.withheld
    ]
    if len(limits) < 2:
        return []
    outside = sum(not low <= middle <= high for low, high in limits)
    numbers = [
        prose.plain_number("counties", len(limits), "count"),
        prose.plain_number("outside", outside, "count"),
        prose.plain_number("chance", 0.05 * len(limits), "decimal"),
    ]
    return [
        prose.say(
            Text(
                en="{label}: of {counties} counties with an interval, {outside} have one that does not hold the value of all counties together; "
                "about {chance} would by chance if all counties were alike.",
                zh="{label}：有区间的{counties}个县中，{outside}个县的区间不含全部县的合计值；若各县并无差别，仅因抽样误差预期约有{chance}个。",
            ),
            numbers,
            names={"label": label},
        )
    ]


def _county_table(case: OverviewCase, columns: Sequence[_Shown], title: Text) -> Table:
    """Return one row a county with each measure, its interval, and the households of the first measure."""
    heads = [COUNTY, CODE]
    for i, (label, _, form) in enumerate(columns):
        heads += [Column(f"{i}_estimate", label, form), Column(f"{i}_interval", interval_label(0.95), form)]
    label = columns[0][0]
    counted = Text(en=f"{HOUSEHOLDS.en}: {label.en.lower()}", zh=f"{HOUSEHOLDS.zh}（{label.zh}）")
    heads.append(Column("n", counted, "count"))

    def cells(line: CountyLine) -> tuple[Cell, ...]:
        out: list[Cell] = []
        for _, values, _form in columns:
            own = values.get(line.county)
            out += (None, None) if own is None else own.cells()
        first = columns[0][1].get(line.county)
        out.append(None if first is None else first.cells(counted=True)[2])
        return tuple(out)

    withheld = any(v.withheld for _, values, _form in columns for v in values.values())
    lacking = any(line.county not in values for line in case.counties for _, values, _form in columns)
    whom = case.plan.population.text
    notes = [
        Text(
            en=f"each county by itself, with its own sample and weights ({whom.en})",
            zh=f"各县分别估计，使用各自的样本与权重（{whom.zh}）",
        )
    ]
    notes += [WITHHELD] if withheld else []
    if lacking:
        notes.append(
            Text(
                en="—: the county has no such figure; its own report says why",
                zh="—：该县没有此项，原因见该县报告",
            )
        )
    currency = case.plan.welfare.currency.text
    if any(form == "money" for *_, form in columns):
        notes.append(
            Text(en=f"amounts in {currency.en}, per head and year", zh=f"金额单位为{currency.zh}，人均年")
        )
    return Table(title, tuple(heads), by_code(case, cells), tuple(notes))


def _registry(case: OverviewCase) -> list[Block]:
    """Return registry exits by year, added up over the counties that have them."""
    title = Text(
        en="Households of the sample by registry year of exit, all counties",
        zh="全部县样本农户的登记脱贫年度",
    )
    table = case.tables("registry_exits")
    if "exit_year" not in table:
        return [
            Omitted(
                title, Text(en="The data carry no registry year of exit.", zh="数据中没有登记的脱贫年度。")
            )
        ]
    sums = table.groupby("exit_year", sort=True)[["households", "persons"]].sum().reset_index()
    gate = release(
        sums.assign(n=sums["households"]), minimum_cell=case.plan.disclosure.minimum_cell, keys=("exit_year",)
    )
    shown = gate.frame[~gate.frame["suppressed"].astype(bool)]
    having = int(table["county"].nunique())
    notes = [
        Text(
            en=f"added up from {having} of {len(case.counties)} counties; households of the sample, without weights",
            zh=f"由{len(case.counties)}个县中的{having}个县相加；为样本农户数，未加权",
        )
    ]
    if gate.suppressed:
        notes.append(gate.note)
    if shown.empty:
        return [Omitted(title, gate.note)]
    return [frame_table(title, shown, columns=["exit_year", "households", "persons"], notes=notes)]
