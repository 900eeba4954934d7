"""The province overview, look-back: errors of identification and suspected cases, county by county and together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.exits import pooled_errors
from evalkit.exits.identifying import ERRORS
from evalkit.exits.pooled_errors import PooledErrors
from evalkit.report.document import (
    Block,
    Cell,
    Column,
    Interval,
    Omitted,
    Prose,
    Section,
    Suppressed,
    Table,
    finite,
)
from evalkit.report.sections.case_history import (
    CASES_NOT_ESTIMATES,
    STAGE_COLUMNS,
    may_print,
    stage_rows,
)
from evalkit.report.sections.counting import capital, withheld_errors
from evalkit.report.sections.looked_back import IDENTIFICATION
from evalkit.report.sections.overview_opening import CODE, COUNTY, overview_section
from evalkit.report.tables import WITHHELD, interval_label
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import CountyLine, OverviewCase

CASES = Text(en="Suspected cases by stage and outcome", zh="疑似情形的阶段与认定结果")
NO_SURVEY = Text(en="No county has a survey that tells it.", zh="没有一个县的抽查载明此项。")
NO_STEPS = Text(
    en="No county has a table of the steps of its cases (data.cases).", zh="没有一个县提供疑似情形台账。"
)


def province_look_back(case: OverviewCase, language: Language = "zh") -> Section:
    """Return errors of identification by county and over counties, and cases by stage and outcome.

    Parameters
    ----------
    case : OverviewCase
    language : {"zh", "en"}
        Shown in JupyterLab; the section holds both.
    """
    with_errors = [c for c in case.counties if _by_person(c)]
    least = case.plan.disclosure.minimum_cell
    told = [c for c in case.counties if len(c.tables.get("case_steps", ()))]
    with_steps = [c for c in told if may_print(c.tables["case_steps"], least)]
    blocks: list[Block] = [Prose(IDENTIFICATION, style="heading")]
    facts: dict[str, Any] = {"identification": [], "cases": 0}
    if with_errors:
        found = pooled_errors(
            pd.concat([c.tables["identification"].assign(county=c.county) for c in with_errors])
        )
        blocks += _errors(case, with_errors, found)
        facts["identification"] = _facts(found, least)
    else:
        blocks.append(Omitted(IDENTIFICATION, NO_SURVEY))
    blocks.append(Prose(CASES, style="heading"))
    if with_steps:
        blocks += _cases(case, with_steps)
        facts["cases"] = int(sum(c.tables["case_steps"]["cases"].sum() for c in with_steps))
    else:
        blocks.append(Omitted(CASES, NO_STEPS))
    return overview_section("province_look_back", case, blocks, language, facts)


def _by_person(line: CountyLine) -> bool:
    """Tell whether a county has errors of identification among persons."""
    found = line.tables.get("identification")
    return found is not None and len(found) > 0 and bool((found["unit"] == "person").all())


def _errors(case: OverviewCase, lines: list[CountyLine], pooled: PooledErrors) -> list[Block]:
    least = case.plan.disclosure.minimum_cell
    rows = [(c.name, c.county, *_cells(c.tables["identification"], least)) for c in lines]
    notes = [
        Text(
            en="shares of persons by the third-party surveys, weighted; each table has its own denominator; with many counties some limits "
            "miss the true value",
            zh="各县第三方抽查所得人口比例（加权），各表分母不同；县数多时总有若干区间不含真值",
        )
    ]
    if any(isinstance(c, Suppressed) for r in rows for c in r):
        notes.append(WITHHELD)
    silent = [c.name for c in case.counties if c not in lines]
    if silent:
        named = Text(en=", ".join(silent[:20]), zh="、".join(silent[:20]))
        notes.append(
            Text(
                en=f"{len(silent)} counties have no survey that tells it of persons: {named.en}",
                zh=f"{len(silent)}个县没有可按人口计算的此类抽查：{named.zh}",
            )
        )
    own = [_by_county(e, i, lines, rows, tuple(notes)) for i, e in enumerate(ERRORS)]
    return [*(t for t in own if t.rows), *_together(pooled, rows, least)]


def _by_county(
    error: str, place: int, lines: list[CountyLine], rows: list[tuple[Cell, ...]], notes: tuple[Text, ...]
) -> Table:
    """Return one error of the counties that have households to count it among; `place` is that of its two cells in `rows`."""
    body: list[tuple[Cell, ...]] = []
    for line, cells in zip(lines, rows, strict=True):
        found = line.tables["identification"].set_index("error")
        share, interval = cells[2 + 2 * place : 4 + 2 * place]
        if error in found.index:
            hidden = isinstance(share, Suppressed)
            among: Cell = Suppressed() if hidden else finite(found.loc[error, "households"])
            body.append((*cells[:2], among, share, interval))
    title = ERRORS[error]
    columns = (
        COUNTY,
        CODE,
        Column("households", Text(en="Households among whom", zh="分母户数"), "count"),
        Column("estimate", Text(en="Share of persons", zh="人口比例"), "rate"),
        Column("interval", interval_label(0.95), "rate"),
    )
    return Table(Text(en=capital(title).en, zh=title.zh), columns, tuple(body), notes)


def _cells(table: pd.DataFrame, least: int) -> tuple[Cell, ...]:
    hidden = withheld_errors(table, least)
    known = {str(r["error"]): r for r in table.to_dict("records")}
    out: list[Cell] = []
    for error in ERRORS:
        if error not in known:
            out += [None, None]
        elif error in hidden:
            out += [Suppressed(), Suppressed()]
        else:
            out += _pair(known[error])
    return tuple(out)


def _pair(row: Mapping[Hashable, Any]) -> tuple[Cell, Cell]:
    low, high = finite(row["conf_low"]), finite(row["conf_high"])
    return finite(row["estimate"]), None if low is None and high is None else Interval(low, high)


def _together(pooled: PooledErrors, rows: list[tuple[Cell, ...]], least: int) -> list[Block]:
    """Tabulate all counties together; not where the county that is withheld could be had from the sum."""
    if not len(pooled):
        return []
    lines: list[tuple[Cell, ...]] = []
    place = {error: 2 + 2 * i for i, error in enumerate(ERRORS)}
    for r, small in zip(pooled.table.to_dict("records"), _small(pooled, least), strict=True):
        lone = sum(isinstance(cells[place[str(r["error"])]], Suppressed) for cells in rows) == 1
        title = capital(ERRORS[str(r["error"])])
        if small or lone:
            lines.append((title, *(Suppressed(),) * 5))
            continue
        counts = [finite(r[c]) for c in ("counties", "households", "found_households")]
        lines.append((title, *counts, *_pair(r)))
    columns = (
        Column("error", Text(en="Found / among whom", zh="发现/分母")),
        Column("counties", Text(en="Counties", zh="县数"), "count"),
        Column("households", Text(en="Households among whom", zh="分母户数"), "count"),
        Column("found_households", Text(en="Households found", zh="发现户数"), "count"),
        Column("estimate", Text(en="Share of persons", zh="人口比例"), "rate"),
        Column("interval", interval_label(0.95), "rate"),
    )
    signs = [WITHHELD] if any(isinstance(c, Suppressed) for line in lines for c in line) else []
    lost = [
        Text(
            en=f"{len(counties)} counties are left out of “{ERRORS[e].en}”: their totals do not state the persons",
            zh=f"“{ERRORS[e].zh}”未含{len(counties)}个县：其人口总数表未载明相应人口",
        )
        for e, counties in pooled.left_out.items()
    ]
    title = Text(en="Errors of identification, all counties together", zh="识别误差：各县合计")
    return [Table(title, columns, tuple(lines), (*pooled.notes, *lost, *signs))]


def _small(pooled: PooledErrors, least: int) -> list[bool]:
    frame = pooled.table[["error"]].assign(n=pooled.table["households"].astype(float))
    gate = release(frame, minimum_cell=least, keys=("error",)).frame
    return [bool(s) for s in gate["suppressed"]]


def _cases(case: OverviewCase, lines: list[CountyLine]) -> list[Block]:
    every = pd.concat([c.tables["case_steps"] for c in lines], ignore_index=True)
    blank = {c: every[c].where(every[c].fillna("") != "") for c in ("first", "last")}
    grouped = every.assign(**blank).groupby(["stage", "outcome"], sort=False)
    together = (
        grouped[["wrong_exit", "missed", "cases"]]
        .sum()
        .join(grouped.agg(first=("first", _least), last=("last", _most)))
    )
    count = Text(
        en=f"sum over {len(lines)} counties that have a table of steps and a sample large enough to print, of {len(case.counties)}",
        zh=f"为提供台账且样本户数足以列示的{len(lines)}个县之和（共{len(case.counties)}个县）",
    )
    return [Table(CASES, STAGE_COLUMNS, stage_rows(together.reset_index()), (CASES_NOT_ESTIMATES, count))]


def _least(days: pd.Series) -> str:
    known = days.dropna()
    return str(known.min()) if len(known) else ""


def _most(days: pd.Series) -> str:
    known = days.dropna()
    return str(known.max()) if len(known) else ""


def _facts(pooled: PooledErrors, least: int) -> list[dict[str, Any]]:
    """Return the pooled errors in full precision, none of those that rest on too few households."""
    return [
        {"error": r["error"], "counties": int(r["counties"])}
        | {c: finite(r[c]) for c in ("estimate", "conf_low", "conf_high")}
        for r, small in zip(pooled.table.to_dict("records"), _small(pooled, least), strict=True)
        if not small
    ]
