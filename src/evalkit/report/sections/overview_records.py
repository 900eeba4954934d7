"""The province overview, records: data quality by county, counties without results, provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Section, Table
from evalkit.report.sections.overview_opening import CODE, COUNTY, by_code, overview_section
from evalkit.report.sections.provenance import plan_settings, versions
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import CountyLine, OverviewCase

FATES = ("in", "clean", "quarantined", "merged", "not_data")
HEADS = {
    "in": Text(en="Rows read", zh="读入行数"),
    "clean": Text(en="Clean", zh="采用"),
    "quarantined": Text(en="Quarantined", zh="隔离"),
    "merged": Text(en="Merged duplicates", zh="合并重复"),
    "not_data": Text(en="Not data", zh="非数据行"),
}


def province_quality(case: OverviewCase, language: Language = "zh") -> Section:
    """Return rows read, clean and quarantined, and open cases, county by county."""
    title = Text(en="Household rows and open cases by county", zh="各县户表行数与待核情形")
    rows = case.tables("rows")
    if "table" not in rows:
        nothing = Omitted(title, Text(en="The build lists no rows.", zh="建库结果中没有行数。"))
        return overview_section("province_quality", case, [nothing], language)
    own = rows[rows["table"] == "household"]
    counted = {str(r["county"]): {n: int(r[n]) for n in FATES if n in own} for r in own.to_dict("records")}
    columns = (
        COUNTY,
        CODE,
        *(Column(name, HEADS[name], "count") for name in FATES if name in own),
        Column("share", Text(en="Share quarantined", zh="隔离比例"), "share"),
        Column("open", Text(en="Open cases", zh="待核情形"), "count"),
        Column("decided", Text(en="Decided", zh="已核情形"), "count"),
    )

    def cells(line: CountyLine) -> tuple[Cell, ...]:
        fates = counted[line.county]
        share = fates["quarantined"] / fates["in"] if fates["in"] else None
        return (*fates.values(), share, _sum(line, "open_cases", "cases"), _sum(line, "decided", "n"))

    read, kept = int(own["in"].sum()), int(own["clean"].sum())
    numbers = [
        prose.plain_number("read", read, "count"),
        prose.plain_number("clean", kept, "count"),
        prose.plain_number("aside", int(own["quarantined"].sum()), "count"),
        prose.plain_number("cases", sum(_sum(c, "open_cases", "cases") for c in case.counties), "count"),
    ]
    said = prose.say(
        Text(
            en="Of {read} household rows read, {clean} are clean and {aside} quarantined; {cases} cases of all tables are open. The data audit "
            "(evalkit audit) tells file by file and rule by rule.",
            zh="户表共读入{read}行，采用{clean}行，隔离{aside}行；各表待核情形合计{cases}项。逐文件、逐规则的情况见数据审核（evalkit audit）。",
        ),
        numbers,
    )
    table = Table(title, columns, by_code(case, cells))
    facts = {"rows": read, "clean": kept}
    return overview_section("province_quality", case, [said, table], language, facts)


def province_failed(case: OverviewCase, language: Language = "zh") -> Section:
    """Return the counties that could not be built, with the reason."""
    if not case.failed:
        said = Text(en="Every county was built.", zh="各县均已建库。")
        return overview_section("province_failed", case, [Prose(said)], language, {"failed": []})
    names = case.plan.county_names
    rows = tuple((names.get(c, c), c, why) for c, why in sorted(case.failed.items()))
    columns = (COUNTY, CODE, Column("reason", Text(en="Reason", zh="原因")))
    number = prose.plain_number("failed", len(rows), "count")
    blocks: list[Block] = [
        prose.say(
            Text(
                en="{failed} counties could not be built; they are in no figure of this overview.",
                zh="有{failed}个县未能建库，本总览的任何数字都不含这些县。",
            ),
            [number],
            style="warning",
        ),
        Table(Text(en="Counties that could not be built", zh="未能建库的县"), columns, rows),
    ]
    return overview_section("province_failed", case, blocks, language, {"failed": sorted(case.failed)})


def province_provenance(case: OverviewCase, language: Language = "zh") -> Section:
    """Return how the figures were made and what they rest on."""
    said = [
        Text(
            en="Every figure of a county is the one in its own report; nothing is computed anew here. Figures of all counties, prefectures and "
            "provinces together are added up from sums by sampling unit and year, with the covariance of the design also where strata "
            "cross counties; medians, growth and the like rest on all rows with the columns they need.",
            zh="各县数字与该县报告相同，未另行计算。全部县、市、省的数字由按抽样单位和年度留存的合计数相加得出，抽样层跨县时亦按设计计算协方差；"
            "中位数、增长等由全部记录的所需列计算。",
        ),
        Text(
            en="A confidence interval covers sampling error only. With hundreds of counties some of the intervals miss their true value, some "
            "verdicts are wrong and some flags are false: where a section counts over counties, it says how many to expect.",
            zh="置信区间只反映抽样误差。县数以百计时，总有若干区间不含真值、若干结论有误、若干标记为误判；凡按县计数之处，均注明预期的个数。",
        ),
        Text(
            en="The order of counties by an estimate is uncertain where their intervals overlap: a rank is not a finding.",
            zh="区间相互重叠的县，其按估计值的先后并不确定：位次不是结论。",
        ),
    ]
    if case.plan.synthetic:
        said.append(
            Text(
                en="The data are synthetic: they were drawn from a model with known truth and serve to show the report.",
                zh="数据为合成数据：由已知真值的模型生成，仅用于展示报告。",
            )
        )
    numbers = [
        prose.plain_number("files", len(case.inputs), "count"),
        prose.plain_number("counties", len(case.counties), "count"),
    ]
    files = prose.say(
        Text(
            en="The build rests on {files} raw files and holds {counties} counties; the fingerprint of each file is in the manifest of the build, and "
            "the fingerprint of the whole is {build}.",
            zh="建库共用{files}个原始文件，含{counties}个县；各文件指纹见建库清单，总指纹为{build}。",
        ),
        numbers,
        names={"build": case.build},
    )
    blocks: list[Block] = [*(Prose(t) for t in said), *plan_settings(case.plan), *versions(), files]
    facts = {"plan_digest": case.plan.digest, "seed": case.plan.seed, "build": case.build}
    return overview_section("province_provenance", case, blocks, language, facts)


def _sum(line: CountyLine, name: str, column: str) -> int:
    table = line.tables.get(name)
    return 0 if table is None or table.empty else int(table[column].sum())
