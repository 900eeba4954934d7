"""What households owe for their housing, and what village collectives take in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.exits.collective import PARTS
from evalkit.exits.housing import ANY
from evalkit.exits.readings import READINGS
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Prose, Suppressed, Table, finite
from evalkit.report.sections.counting import READ, capital, fact, notes_on, pair_of, parts_of, table_of
from evalkit.report.sections.reading import omitted, released
from evalkit.report.tables import interval_label
from evalkit.text import Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

COLLECTIVE = Text(en="Income of village collectives", zh="村集体经济收入")
DEBT = Text(en="Debt for housing or relocation", zh="因房负债")
YEAR = Column("wave", Text(en="Year", zh="年度"), "code")


def collective_blocks(case: CountyCase) -> list[Block]:
    """Return the income of village collectives by year, against the figure of the rules, and where it comes from."""
    heading = Prose(COLLECTIVE, style="heading")
    found, said = table_of(case, "collective_income"), fact(case, "collective_income")
    if found is None or said is None:
        return [heading, omitted(case, COLLECTIVE, "collective_income")]
    blocks: list[Block] = [heading, _amounts(case, found)]
    if said["limit"] is not None:
        blocks.append(_readings(case, found, float(said["limit"])))
    if said["parts"]:
        blocks.append(_sources(found, said["parts"]))
    return blocks


def _year(row: dict[Any, Any]) -> list[Cell]:
    return [float(row["wave"])] if "wave" in row else []


def _amounts(case: CountyCase, found: pd.DataFrame) -> Table:
    money = case.plan.welfare.currency.text
    columns = (
        *([YEAR] if "wave" in found else []),
        Column("villages", Text(en="Villages", zh="村数"), "count"),
        Column("known", Text(en="With a figure", zh="有数据的村"), "count"),
        Column("none", Text(en="Of them without income", zh="其中无收入的村"), "count"),
        Column("median", Text(en=f"Median ({money.en})", zh=f"中位数（{money.zh}）"), "money"),
        Column("total", Text(en=f"Total ({money.en})", zh=f"合计（{money.zh}）"), "money"),
    )
    rows = tuple(
        (*_year(r), *(finite(r[c]) for c in ("villages", "known", "none", "median", "total")))
        for r in found.to_dict("records")
    )
    note = Text(
        en="villages of the village table; median and total are of the villages with a figure",
        zh="行政村表所含各村；中位数与合计按有数据的村计算",
    )
    return Table(COLLECTIVE, columns, rows, (note, *notes_on(case, "collective_income")))


def _readings(case: CountyCase, found: pd.DataFrame, limit: float) -> Table:
    """Return how many villages reach the figure, with and without subsidies."""
    money = case.plan.welfare.currency.text
    kinds = [("", Text(en="all income", zh="全部收入"))]
    if "earned_meets" in found:
        kinds.append(("earned_", Text(en="without subsidies", zh="扣除财政补助")))
    columns = (
        *([YEAR] if "wave" in found else []),
        Column("counted", Text(en="Counted", zh="口径")),
        *(Column(r, READ[r], "count") for r in READINGS),
    )
    rows = tuple(
        (*_year(r), capital(word), *(float(r[f"{kind}{reading}"]) for reading in READINGS))
        for r in found.to_dict("records")
        for kind, word in kinds
    )
    note = Text(
        en=f"villages whose collective income reaches {limit:,.10g} {money.en} a year; a village without a figure cannot be judged",
        zh=f"村集体经济收入达到每年{limit:,.10g}{money.zh}的村；没有数据的村无法判断",
    )
    title = Text(en="Collective income against the figure of the rules", zh="村集体经济收入与标准")
    return Table(title, columns, rows, (note,))


def _sources(found: pd.DataFrame, parts: list[str]) -> Table:
    """Return where the income comes from, by year."""
    columns = (
        *([YEAR] if "wave" in found else []),
        *(Column(p, capital(PARTS[p]), "share") for p in parts),
    )
    rows = tuple((*_year(r), *(finite(r[f"{p}_share"]) for p in parts)) for r in found.to_dict("records"))
    note = Text(
        en="shares of the collective income of the villages that state every source; subsidies are support, not what a village earns",
        zh="占各项来源均载明的村集体经济收入合计的比例；财政补助属于扶持，并非村集体自身经营所得",
    )
    return Table(
        Text(en="Where collective income comes from", zh="村集体经济收入来源"), columns, rows, (note,)
    )


def debt_blocks(case: CountyCase) -> list[Block]:
    """Return who owes money for housing, how much against income, and how many are above the limits of the plan."""
    heading = Prose(DEBT, style="heading")
    found, totals = table_of(case, "housing_debt"), table_of(case, "housing_debt_totals")
    said = fact(case, "housing_debt")
    if found is None or totals is None or said is None:
        return [heading, omitted(case, DEBT, "housing_debt")]
    counts = parts_of(found, ("with", "without"), case.plan.disclosure.minimum_cell)
    rows: list[tuple[Cell, ...]] = []
    for i, r in enumerate(found.to_dict("records")):
        name = str(r["share"])
        word = (
            Text(en="Any such debt", zh="有因房负债")
            if name == ANY
            else Text(en=f"Above: {name}", zh=f"超过：{name}")
        )
        part = released(case, "housing_debt", word, form="share", where={"share": name})
        pair = pair_of(part) if counts.whole(i) else (Suppressed(), Suppressed())
        rows.append((word, *counts.rows[i], *pair))
    columns = (
        Column("share", Text(en="Households", zh="农户")),
        Column("with", Text(en="Number", zh="户数"), "count"),
        Column("without", Text(en="All others with figures", zh="其余有数据的户"), "count"),
        Column("estimate", Text(en="Share", zh="比例"), "share"),
        Column("interval", interval_label(0.95), "share"),
    )
    note = Text(
        en=f"households of {said['wave']} with a figure of debt and, if they owe anything, of income; numbers without weights, shares with "
        "the weights of the design",
        zh=f"{said['wave']}年有负债数据（有负债的还须有收入数据）的户；户数未加权，比例使用设计权重",
    )
    table = Table(DEBT, columns, tuple(rows), (note, *counts.notes, *notes_on(case, "housing_debt")))
    return [heading, *(_medians(case, totals, said["wave"]) if counts.whole(0) else []), table]


def _medians(case: CountyCase, totals: pd.DataFrame, wave: int) -> list[Block]:
    """Say what the indebted owe, where enough households stand behind it."""
    row = totals.iloc[0]
    debt, ratio = finite(row["median_debt"]), finite(row["median_ratio"])
    if row["indebted"] < case.plan.disclosure.minimum_cell or debt is None or ratio is None:
        return []
    numbers = [
        prose.plain_number("wave", float(wave), "code"),
        prose.plain_number("debt", debt, "money"),
        prose.plain_number("ratio", ratio, "decimal"),
    ]
    return [
        prose.say(
            Text(
                en="Of the households that owed money for housing or relocation in {wave}, half owed {debt} {currency} or more, and half {ratio} "
                "times their yearly income or more.",
                zh="{wave}年因建房或搬迁负债的户，负债的中位数为{debt}{currency}，与年收入之比的中位数为{ratio}倍。",
            ),
            numbers,
            names={"currency": case.plan.welfare.currency.text},
            style="finding",
        )
    ]
