"""The two lists of six precisions: figures with numerator and denominator, and what the data do not give."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.exits.funds import ALL
from evalkit.exits.precisions import PrecisionList, precision_list
from evalkit.report import display, labels
from evalkit.report.display import Format
from evalkit.report.document import Block, Cell, Column, Omitted, Prose, Suppressed, Table, finite
from evalkit.report.sections.counting import (
    capital,
    notes_on,
    parts_of,
    readings_of,
    table_of,
    withheld_errors,
)
from evalkit.report.sections.reading import omitted
from evalkit.report.tables import WITHHELD
from evalkit.report.words import WORDS
from evalkit.text import LANGUAGES, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

PRECISIONS = Text(en="The six precisions", zh="“六个精准”")
NOTHING = Text(en="The data give none of their figures.", zh="数据未能给出任何一项指标。")
LACKING = Text(en="Figures that the data do not give", zh="数据未能给出的指标")
FORMS: Mapping[str, Format] = {
    "registered_not_poor": "rate",
    "unregistered_poor": "rate",
    "poor_not_registered": "rate",
    "wrong_exit": "rate",
    "missed": "rate",
    "composite_headcount": "rate",
    "approval": "rate",
    "programs_per_household": "decimal",
    "funds_per_household": "money",
    "funds_per_exit": "money",
}
"""Figure → how it is printed; the others are shares."""
ACCOUNTS: Mapping[str, Text] = {
    "errors": Text(en="errors of identification", zh="识别误差"),
    "causes": Text(en="causes", zh="致贫原因"),
    "beneficiaries": Text(en="beneficiaries", zh="帮扶对象"),
    "overlap": Text(en="programs", zh="措施"),
    "funds": Text(en="funds", zh="资金"),
    "needs": Text(en="needs", zh="需求"),
    "posts": Text(en="posts", zh="驻村"),
    "households": Text(en="exits of households", zh="户退出"),
    "villages": Text(en="villages", zh="村退出"),
    "county": Text(en="verdicts on the county", zh="县级判定"),
    "targets": Text(en="targets", zh="目标"),
    "problems": Text(en="problems", zh="问题"),
}
"""Account → its words."""
NOT_TO_PRINT = 0.5
"""In place of the households behind a figure that another one would give away."""
STANDARD = {"exits_substance": "substance", "exits_agreement": "agreement"}
"""Figure → requirement of the household standard that it repeats."""
COLUMNS = (
    Column("item", Text(en="Item", zh="项目")),
    Column("figure", Text(en="Figure", zh="指标（分子/分母）")),
    Column("value", Text(en="Value", zh="数值")),
    Column("limits", Text(en="Limits", zh="置信限")),
    Column("found", Text(en="Numerator", zh="分子")),
    Column("among", Text(en="Denominator", zh="分母")),
)
COUNTS = Text(
    en="numerators and denominators are counts of the data or sums of amounts, without weights; values of the survey and of exits are weighted, so that "
    "they need not be their quotient; “shown” and “known” leave open what no "
    "record tells, so that the true share may be higher",
    zh="分子、分母为数据中的计数或金额合计，未加权；抽查与脱贫户各项数值为加权结果，不一定等于二者之商；“可核实”“已知”不含无资料可查者，"
    "实际比例可能更高",
)


def scorecard_blocks(case: CountyCase) -> list[Block]:
    """Return both lists of six precisions, then what is lacking under either."""
    heading = Prose(PRECISIONS, style="heading")
    found = table_of(case, "precisions")
    if found is None:
        return [heading, omitted(case, PRECISIONS, "precisions")]
    if not bool(found["shown"].any()):
        return [heading, Omitted(PRECISIONS, NOTHING)]
    found = found.assign(hidden=_hidden(case, found))
    blocks: list[Block] = [heading, _no_mark()]
    for name in dict.fromkeys(found["list"].astype("str")):
        blocks += _list(case, precision_list(name), found[found["list"] == name])
    return [*blocks, *_lacking(found)]


def _no_mark() -> Prose:
    return Prose(
        Text(
            en="No source says how a precision is measured, or from what value on it is met. Figures stand under the items by a convention of this "
            "package; there is no mark over them.",
            zh="各项“精准”如何衡量、达到多少为合格，均未见出处。各项下所列指标为本软件约定，不设评分。",
        ),
        style="note",
    )


def _list(case: CountyCase, wanted: PrecisionList, rows: pd.DataFrame) -> list[Block]:
    shown = rows[rows["shown"].astype(bool)]
    if shown.empty:
        none = Text(
            en=f"{capital(wanted.title).en}: the data give none of the figures.",
            zh=f"{wanted.title.zh}：数据未能给出任何指标。",
        )
        return [Prose(none, style="note")]
    again = shown.duplicated("item")
    cells = tuple(_row(r, named=not a) for r, a in zip(shown.to_dict("records"), again, strict=True))
    signs = (WITHHELD,) if bool(shown["hidden"].any()) else ()
    source, *_ = notes_on(case, f"precisions_{wanted.id}")
    return [Table(capital(wanted.title), COLUMNS, cells, (COUNTS, _limits(shown), *signs), source)]


def _limits(shown: pd.DataFrame) -> Text:
    """Say what the limits of the figures are, each kind once, with the accounts that have them."""
    kinds = {
        k: dict.fromkeys(rows["account"]) for k, rows in shown.groupby(["limits_en", "limits_zh"], sort=False)
    }
    en = [f"{kind[0]} ({', '.join(ACCOUNTS[str(a)].en for a in own)})" for kind, own in kinds.items()]
    zh = [f"{kind[1]}（{'、'.join(ACCOUNTS[str(a)].zh for a in own)}）" for kind, own in kinds.items()]
    return labels.typeset(Text(en=f"limits: {'; '.join(en)}", zh=f"置信限：{'；'.join(zh)}"))


def _row(r: Mapping[Hashable, Any], *, named: bool) -> tuple[Cell, ...]:
    item: Cell = capital(Text(en=str(r["item_en"]), zh=str(r["item_zh"]))) if named else ""
    figure = capital(Text(en=str(r["measure_en"]), zh=str(r["measure_zh"])))
    if r["hidden"]:
        return (item, figure, *(Suppressed(),) * 4)
    form = FORMS.get(str(r["measure"]), "share")
    value = display.both(finite(r["value"]), form)
    reading = str(r["reading"] or "")
    if reading:
        word = WORDS[reading]
        value = Text(en=f"{value.en} ({word.en.lower()})", zh=f"{value.zh}（{word.zh}）")
    low, high = finite(r["low"]), finite(r["high"])
    spans = {lang: display.span(low, high, form, lang) for lang in LANGUAGES}
    known = low is not None or high is not None
    limits = Text(en=spans["en"], zh=spans["zh"]) if known else None
    return (item, figure, value, limits, _count(r["found"]), _with_unit(r))


def _count(value: object) -> Cell:
    known = finite(value)
    return None if known is None else display.both(known, "count")


def _with_unit(r: Mapping[Hashable, Any]) -> Cell:
    known = finite(r["among"])
    if known is None:
        return None
    shown = display.both(known, "count")
    return Text(en=f"{shown.en} {r['unit_en']}", zh=f"{shown.zh}{r['unit_zh']}")


def _lacking(found: pd.DataFrame) -> list[Block]:
    rows = found[~found["shown"].astype(bool)].drop_duplicates("measure")
    if rows.empty:
        return []
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            capital(Text(en=str(r["measure_en"]), zh=str(r["measure_zh"]))),
            labels.in_words(Text(en=str(r["lacks_en"]), zh=str(r["lacks_zh"]))),
        )
        for r in rows.to_dict("records")
    )
    columns = (COLUMNS[1], Column("why", Text(en="Why", zh="原因")))
    return [Table(LACKING, columns, cells)]


def _hidden(case: CountyCase, found: pd.DataFrame) -> list[bool]:
    """Return which figures rest on too few households, or would tell what another section withholds."""
    least = case.plan.disclosure.minimum_cell
    rows = found.to_dict("records")
    derived = _withheld_elsewhere(case) | {str(r["account"]) for r in rows if _few(r, least)}
    behind = [
        NOT_TO_PRINT if str(r["account"]) in derived or str(r["measure"]) in derived else finite(r["n"])
        for r in rows
    ]
    n = [float(least) if b is None else b for b in behind]
    gate = release(pd.DataFrame({"place": range(len(found)), "n": n}), minimum_cell=least, keys=("place",))
    return [bool(s) for s in gate.frame["suppressed"]]


def _few(r: Mapping[Hashable, Any], least: int) -> bool:
    """Tell whether few households are with, or without, support among those counted."""
    if r["account"] != "beneficiaries":
        return False
    found, among = finite(r["found"]), finite(r["among"])
    if found is None or among is None:
        return False
    return 0 < found < least or 0 < among - found < least


def _withheld_elsewhere(case: CountyCase) -> set[str]:
    """Return accounts and figures of which section `accounts` withholds a part that these would give away."""
    least = case.plan.disclosure.minimum_cell
    errors = table_of(case, "identification")
    out = set() if errors is None else set(withheld_errors(errors, least))
    standard = table_of(case, "household_standard")
    if standard is not None:
        counts = readings_of(standard, least)
        dark = {str(q) for i, q in enumerate(standard["requirement"]) if not counts.whole(i)}
        out |= {m for m, q in STANDARD.items() if q in dark}
    causes, needs, funds = (table_of(case, n) for n in ("causes", "needs", "funds"))
    if causes is not None:
        checked = causes[causes["checked"].astype(bool)]
        if len(checked) and readings_of(checked, least).withheld:
            out.add("causes")
    if needs is not None:
        split = needs.assign(open=needs["households"] - needs["answered"])
        if parts_of(split, ("answered", "open"), least).withheld:
            out.add("needs")
    if funds is not None:
        whole = funds[funds["program"] == ALL]
        if parts_of(
            whole.assign(stay=whole["households"] - whole["exits"]), ("exits", "stay"), least
        ).withheld:
            out.add("funds_per_exit")
    return out
