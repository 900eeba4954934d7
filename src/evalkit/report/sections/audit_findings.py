"""The data audit over all counties, second half: open and decided cases, totals, checks, events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.decisions.choices import CHOICES
from evalkit.report import prose
from evalkit.report.document import Block, Omitted, Prose, Section
from evalkit.report.sections.auditing import NONE, TITLES, audit_section, with_reason
from evalkit.report.sections.happenings import (
    NO_REGISTRY,
    event_table,
    few_events,
    roster_table,
    stated_table,
    stock_lines,
)
from evalkit.report.tables import frame_table
from evalkit.rules import rule
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.auditing import AuditCase

CENT = 0.005
"""Difference of sums of amounts, relative to one unit of money, below which it is rounding."""


def audit_open(case: AuditCase, language: Language = "zh") -> Section:
    """Return the cases that wait for a person, by rule, and what persons decided."""
    blocks: list[Block] = [*_within(case), *_between(case), *_decided(case)]
    return audit_section("audit_open", case, blocks, language)


def _within(case: AuditCase) -> Iterator[Block]:
    found = case.table("open_cases")
    here = found if found is None else found.loc[found["cases"] > 0]
    if here is None or here.empty:
        yield Prose(Text(en="No case is open within a county.", zh="各县内没有待核情形。"))
        return
    grouped = here.groupby(["rule", "table"], sort=True)
    table = grouped["cases"].sum().reset_index()
    table["counties"] = grouped["county"].nunique().to_numpy()
    table["reason"] = pd.Series([rule(str(r)).text for r in table["rule"]], dtype=object)
    note = Text(
        en="an open case stands in the data as it is, or is set aside, until somebody decides it in the workbook of decisions",
        zh="待核情形在填写核定表作出决定之前按原样保留或隔离",
    )
    yield frame_table(
        Text(en="Open cases within counties", zh="县内待核情形"),
        table,
        columns=["rule", "table", "reason", "cases", "counties"],
        blank=("rule",),
        notes=(note,),
    )


def _between(case: AuditCase) -> Iterator[Block]:
    across, lost = case.across, case.unplaced_cases
    columns = ["rule", "table", "reason", "cases"]
    if across.empty:
        yield Prose(
            Text(
                en="No household that changed its county, and no person in two counties, is open.",
                zh="没有待核的跨县农户或在两县登记的人员。",
            )
        )
    else:
        title = Text(
            en="Open cases between counties: households that moved, persons in two counties",
            zh="跨县待核情形：跨县农户、在两县登记的人员",
        )
        yield frame_table(title, with_reason(across, "what_en", "what_zh"), columns=columns, blank=("rule",))
    if len(lost):
        title = Text(en="Open cases of rows that name no county", zh="未写明县的行的待核情形")
        yield frame_table(title, with_reason(lost, "what_en", "what_zh"), columns=columns, blank=("rule",))


def _decided(case: AuditCase) -> Iterator[Block]:
    parts = []
    within = case.table("decided")
    if within is not None:
        parts.append(within.groupby(["rule", "table", "action"], sort=True)["n"].sum().reset_index())
    made = case.across_decided
    if len(made):
        codes = {c.rule: c.code for c in CHOICES if c.rule}
        named = made.assign(action=made["rule"].map(codes), table="household", rule="K08–K09")
        parts.append(named[["rule", "table", "action", "n"]])
    if not parts:
        yield Prose(Text(en="No case was decided by a person.", zh="尚无经人工核定的情形。"))
        return
    words = {c.code: c.label for c in CHOICES}
    table = pd.concat(parts, ignore_index=True)
    table["action"] = pd.Series([words.get(a, a) for a in table["action"]], dtype=object)
    yield frame_table(
        Text(en="Cases that persons decided", zh="经人工核定的情形"),
        table,
        columns=["rule", "table", "action", "n"],
        blank=("rule",),
    )


def audit_totals(case: AuditCase, language: Language = "zh") -> Section:
    """Return how the sums of amounts before and after cleaning reconcile, and where they do not."""
    money = case.table("money")
    if money is None:
        return audit_section("audit_totals", case, [Omitted(TITLES["audit_totals"], NONE)], language)
    currency = case.plan.welfare.currency.text
    balance = case.money_balance().rename(columns={"unplaced": "unplaced_amount"})
    notes = [
        Text(
            en="in the files − in rows that name no county + changed by rules − in rows set aside = clean; a difference other "
            "than rounding would be an error",
            zh="文件合计－未写明县的行＋规则改动－隔离行中的金额＝采用合计；除舍入外的差额即为错误",
        ),
        Text(
            en="in the files: the figures as written, also where a file is in ten thousands; its conversion is a change by rules",
            zh="文件合计为原表所写数字，单位为万元的文件亦然；其换算计入规则改动",
        ),
    ]
    if case.failed:
        notes.append(
            Text(
                en="without the counties that could not be built (section 2)",
                zh="不含未能建库的县（见第2节）",
            )
        )
    off = money.loc[money["difference"].abs() >= CENT]
    blocks: list[Block] = [
        _reconciled(len(off)),
        frame_table(
            Text(en="Amounts of households", zh="户表金额"),
            balance.assign(difference=_rounded(balance["difference"])),
            currency=currency,
            notes=notes,
        ),
    ]
    if len(off):
        off = off.assign(county_name=off["county"].map(dict(case.names)))
        blocks.append(
            frame_table(
                Text(en="Where the sums differ", zh="合计不符之处"),
                off,
                columns=[
                    "county",
                    "county_name",
                    "column",
                    "before",
                    "changed",
                    "set_aside",
                    "after",
                    "difference",
                ],
                currency=currency,
                blank=("county", "county_name"),
            )
        )
    return audit_section("audit_totals", case, blocks, language)


def _rounded(difference: pd.Series) -> pd.Series:
    """Return zero for what is rounding."""
    return difference.where(difference.abs() >= CENT, 0.0)


def _reconciled(off: int) -> Prose:
    if not off:
        said = Text(en="The sums of every column reconcile in every county.", zh="各县每一列的合计均可对平。")
        return Prose(said, style="finding")
    return prose.say(
        Text(
            en="{off} sums do not reconcile: this is an error of the build; do not use it.",
            zh="有{off}项合计未能对平：建库有误，请勿使用。",
        ),
        [prose.plain_number("off", off, "count")],
        style="warning",
    )


def audit_checks(case: AuditCase, language: Language = "zh") -> Section:
    """Return which conditional rules were run, and which could not be for want of columns."""
    checks = case.table("checks")
    if checks is None:
        return audit_section("audit_checks", case, [Omitted(TITLES["audit_checks"], NONE)], language)
    blocks = [*check_blocks(checks, met=True)]
    if case.plan.clean.rules_off:
        off = ", ".join(case.plan.clean.rules_off)
        said = Text(en=f"Switched off by the plan: {off}.", zh=f"方案停用的规则：{off}。")
        blocks.append(Prose(said, style="warning"))
    return audit_section("audit_checks", case, blocks, language)


def check_blocks(checks: pd.DataFrame, *, met: bool) -> Iterator[Block]:
    """Yield how many rules were run, those that some row meets, and those that could not be run.

    Parameters
    ----------
    checks : DataFrame
        As `evalkit.cleaning.CleanResult.checks`, of one county or of several below each other.
    met : bool
        Whether to list those that some row meets.
    """
    ran = checks.loc[checks["checked"].astype(bool)]
    done = ran.groupby(["rule", "table"], sort=True)[["rows", "hits"]].sum().reset_index()
    hit = done.loc[done["hits"] > 0].reset_index(drop=True)
    lacking = checks.loc[~checks["rule"].isin(ran["rule"])].drop_duplicates("rule").sort_values("rule")
    yield prose.say(
        Text(
            en="{run} rules on the content of rows were run: {met} were met by some row, {silent} by none; {lacking} could "
            "not be run, because the files lack a column they need.",
            zh="共执行{run}条内容规则：{met}条有命中，{silent}条无命中；另有{lacking}条因文件缺少所需的列而未能执行。",
        ),
        [
            prose.plain_number("run", len(done), "count"),
            prose.plain_number("met", len(hit), "count"),
            prose.plain_number("silent", len(done) - len(hit), "count"),
            prose.plain_number("lacking", len(lacking), "count"),
        ],
    )
    if met and len(hit):
        hit["reason"] = pd.Series([rule(str(r)).text for r in hit["rule"]], dtype=object)
        yield frame_table(
            Text(en="Rules that some row meets", zh="有命中的规则"),
            hit,
            columns=["rule", "table", "reason", "rows", "hits"],
            blank=("rule",),
        )
    if len(lacking):
        lacking = lacking.reset_index(drop=True)
        lacking["reason"] = pd.Series([rule(str(r)).text for r in lacking["rule"]], dtype=object)
        lacking["lacks"] = pd.Series([_columns_in_words(v) for v in lacking["lacks"]], dtype=object)
        yield frame_table(
            Text(en="Rules that could not be run, and the columns they lack", zh="未能执行的规则及所缺的列"),
            lacking,
            columns=["rule", "table", "reason", "lacks"],
            blank=("rule",),
        )


def _columns_in_words(lacks: object) -> Text:
    """Return ``size, member.health`` in words."""
    from evalkit import schema
    from evalkit.report import labels
    from evalkit.rules.rule import LINE_NEEDS

    en, zh = [], []
    for name in str(lacks).split(", "):
        if name in LINE_NEEDS:
            en.append(LINE_NEEDS[name].en)
            zh.append(LINE_NEEDS[name].zh)
            continue
        table, dot, column = name.rpartition(".")
        field = column if dot else name
        where = labels.word(table) if dot else None
        en.append(schema.label(field, "en") + ("" if where is None else f" ({where.en})"))
        zh.append(schema.label(field, "zh") + ("" if where is None else f"（{where.zh}）"))
    return Text(en=", ".join(en), zh="、".join(zh))


def audit_events(case: AuditCase, language: Language = "zh") -> Section:
    """Return events by year and kind, against stated figures, the equation of the stock, and rosters."""
    smallest = case.plan.disclosure.minimum_cell
    events, stated, stock = (case.table(n) for n in ("events", "events_stated", "stock"))
    blocks: list[Block] = []
    if events is None:
        blocks.append(Omitted(TITLES["audit_events"], NO_REGISTRY))
    else:
        total = events.groupby(["year", "kind"], sort=True)[["households"]].sum().reset_index()
        blocks.append(event_table(total, smallest))
        if stock is not None:
            numbers = ["opening", "closing", "stock", "residual", "persons"]
            summed = stock.groupby("wave", sort=True)[numbers].sum().reset_index()
            blocks.append(stock_lines(summed, levels=not few_events(total, smallest)))
    if stated is not None:
        numbers = ["stated", "counted", "households"]
        summed = stated.groupby(["year", "kind"], sort=True)[numbers].sum(min_count=1).reset_index()
        blocks.append(stated_table(summed, smallest))
    cases = case.table("event_cases")
    if cases is not None:
        table = cases.groupby(["rule", "what_en", "what_zh"], sort=True)["cases"].sum().reset_index()
        blocks.append(
            frame_table(
                Text(en="Histories that contradict themselves", zh="前后矛盾的登记经历"),
                with_reason(table, "what_en", "what_zh"),
                columns=["rule", "reason", "cases"],
                blank=("rule",),
            )
        )
    structures = case.table("structures")
    if structures is not None:
        table = structures.groupby(["rule", "what_en", "what_zh"], sort=True)["cases"].sum().reset_index()
        blocks.append(
            frame_table(
                Text(en="Household structures that deserve a question", zh="需询问的户结构"),
                with_reason(table, "what_en", "what_zh"),
                columns=["rule", "reason", "cases"],
                blank=("rule",),
            )
        )
    rosters = case.table("rosters")
    if rosters is not None:
        sums = rosters.groupby("column", sort=False)[["compared", "differ"]].sum().reset_index()
        sums["share"] = sums["differ"] / sums["compared"].where(sums["compared"] > 0, np.nan)
        blocks.append(roster_table(sums))
    return audit_section("audit_events", case, blocks, language)
