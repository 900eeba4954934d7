"""The province overview, patterns: flags of all counties with false discoveries controlled over the counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.forensics import TESTS, Families, over_families
from evalkit.forensics.families import CITATION
from evalkit.plan import NoForensics
from evalkit.report import prose
from evalkit.report.document import Block, Column, Omitted, Prose, Section, Table, finite
from evalkit.report.sections.overview_opening import CODE, COUNTY, overview_section
from evalkit.report.sections.pattern_flags import MEANING, TEST, WHAT
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import OverviewCase


def province_signals(case: OverviewCase, language: Language = "zh") -> Section:
    """Return the tests and counties with flags, over all counties together."""
    signals, section = case.tables("signals"), case.plan.forensics
    if isinstance(section, NoForensics) or "kind" not in signals:
        known = [line.omitted["patterns"] for line in case.counties if "patterns" in line.omitted]
        why = (
            known[0]
            if known
            else Text(en="The data allow none of the tests.", zh="现有数据不允许进行任何一项检验。")
        )
        return overview_section("province_signals", case, [Omitted(WHAT, why)], language)
    units = case.tables("signal_units")
    if "kind" not in units:
        units = pd.DataFrame(columns=["county", "kind", "q_value"])
    found = over_families(signals, units, level=section.level)
    facts = {
        "level": section.level,
        "tests": {
            str(r["kind"]): {k: int(r[k]) for k in ("counties", "alone", "selected", "units")}
            for r in found.tests.to_dict("records")
        },
    }
    blocks: list[Block] = [
        _count(found),
        Prose(MEANING, style="warning"),
        _tests(found),
        *_counties(case, found),
        *_untested(case),
    ]
    return overview_section("province_signals", case, blocks, language, facts)


def _count(found: Families) -> Prose:
    table = found.counties
    alone = table.loc[table["flagged"] > 0, "county"].nunique()
    numbers = [
        prose.plain_number("counties", int(table["county"].nunique()), "count"),
        prose.plain_number("tests", len(found.tests), "count"),
        prose.plain_number("alone", int(alone), "count"),
        prose.plain_number("kept", int(table.loc[table["selected"], "county"].nunique()), "count"),
        prose.plain_number("level", found.level, "share"),
        prose.plain_number("chance", found.level * len(table), "decimal"),
    ]
    return prose.say(
        Text(
            en="{tests} tests over {counties} counties. Looked at alone, {alone} counties have a flag of some test; up to {chance} flags of a "
            "county by a test would be expected where there is nothing to find. Looked at together, with false discoveries held "
            "at {level} over the counties within each test, {kept} counties keep one.",
            zh="对{counties}个县进行了{tests}项检验。单独看，{alone}个县有某项检验的标记；即使没有任何特征，按县、按检验计也预期至多有{chance}次标记。"
            "就全部县合并、在每项检验内将误判率控制在{level}时，{kept}个县仍有标记。",
        ),
        numbers,
        style="finding",
    )


def _tests(found: Families) -> Table:
    columns = (
        TEST,
        Column("counties", Text(en="Counties tested", zh="检验县数"), "count"),
        Column("alone", Text(en="Flagged alone", zh="单独看有标记"), "count"),
        Column("selected", Text(en="Flagged together", zh="合并看仍有标记"), "count"),
        Column("units", Text(en="Units flagged in these", zh="其中被标记的单位"), "count"),
        Column("least", Text(en="Smallest p of a county", zh="各县最小p值"), "p"),
    )
    rows = tuple(
        (
            TESTS[str(r["kind"])].title, int(r["counties"]), int(r["alone"]), int(r["selected"]), int(r["units"]),
            finite(r["least"]),
        )
        for r in found.tests.to_dict("records")
    )  # fmt: skip
    notes = (
        Text(
            en="alone: the county has a flagged unit in its own report; together: Benjamini-Hochberg over the Simes p values of the "
            "counties, then over the units of the counties that stay, at the level times their share",
            zh="单独看：该县报告中有被标记的单位；合并看：先对各县的Simes p值作Benjamini-Hochberg，再在保留的县内按“水平×保留比例”对单位检验",
        ),
        Text(
            en="a county that is not flagged is not shown to have no such pattern; what the tests are able to see stands in the reports of the "
            "counties",
            zh="未被标记不表明没有此类特征；各项检验能够发现什么，见各县报告",
        ),
    )
    return Table(
        Text(en="Flags over all counties, by test", zh="全部县的标记，按检验"),
        columns,
        rows,
        notes,
        Text(en=CITATION, zh=CITATION),
    )


def _counties(case: OverviewCase, found: Families) -> list[Block]:
    """Return the counties with flags, those with most of them first."""
    table = found.counties[(found.counties["flagged"] > 0) | found.counties["selected"]]
    title = Text(en="Counties with flags", zh="有标记的县")
    if table.empty:
        return [Prose(Text(en="No county has a flag.", zh="没有一个县有标记。"))]
    names, rows = case.names, []
    for county, part in table.groupby("county", sort=True):
        kept = part[part["selected"]]
        rows.append(
            (
                names[str(county)], str(county), len(part), int(part["flagged"].sum()), len(kept), int(kept["kept"].sum()),
                _named(kept),
            )
        )  # fmt: skip
    rows.sort(key=lambda r: (-r[4], -r[5], -r[2], r[1]))
    columns = (
        COUNTY,
        CODE,
        Column("alone", Text(en="Tests with a flag, alone", zh="单独看：有标记的检验"), "count"),
        Column("units_alone", Text(en="Units", zh="单位"), "count"),
        Column("together", Text(en="Tests with a flag, together", zh="合并看：有标记的检验"), "count"),
        Column("units", Text(en="Units", zh="单位"), "count"),
        Column("tests", Text(en="Which (together)", zh="合并看的检验")),
    )
    note = Text(
        en="the units to visit, with their effect sizes, are in the report of the county",
        zh="宜走访的单位及其偏离程度见该县报告",
    )
    return [Table(title, columns, tuple(rows), (note,))]


def _named(kept: pd.DataFrame) -> Text | None:
    titles = [TESTS[str(k)].title for k in kept["kind"]]
    if not titles:
        return None
    return Text(en="; ".join(t.en for t in titles), zh="；".join(t.zh for t in titles))


def _untested(case: OverviewCase) -> list[Block]:
    """Say which tests the data of some counties do not allow, and in how many."""
    rows = []
    for kind, test in TESTS.items():
        lacking = [line for line in case.counties if f"patterns:{kind}" in line.omitted]
        if lacking:
            reasons = list(dict.fromkeys(line.omitted[f"patterns:{kind}"] for line in lacking))
            more = Text(en="", zh="")
            if len(reasons) > 1:
                more = Text(en=f" ({len(reasons)} different reasons)", zh=f"（共{len(reasons)}种原因）")
            said = Text(en=f"{reasons[0].en}{more.en}", zh=f"{reasons[0].zh}{more.zh}")
            rows.append((test.title, len(lacking), said))
    if not rows:
        return []
    columns = (
        TEST,
        Column("counties", Text(en="Counties", zh="县数"), "count"),
        Column("reason", Text(en="Reason", zh="原因")),
    )
    title = Text(en="Tests that the data of some counties do not allow", zh="部分县的数据不允许的检验")
    return [Table(title, columns, tuple(rows))]
