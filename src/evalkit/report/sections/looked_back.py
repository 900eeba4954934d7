"""Look-back by the third-party survey: cases step by step, errors of identification, the second visit, the scorecards."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.disclose import release
from evalkit.exits.identifying import ERRORS
from evalkit.report import prose
from evalkit.report.document import Block, Cell, Column, Interval, Prose, Section, Suppressed, Table, finite
from evalkit.report.sections.case_history import case_blocks, may_print
from evalkit.report.sections.counting import capital, fact, notes_on, table_of, withheld_errors
from evalkit.report.sections.reading import NUMBER, omitted, open_section
from evalkit.report.sections.scorecards import scorecard_blocks
from evalkit.report.tables import WITHHELD, interval_label
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

IDENTIFICATION = Text(en="Errors of identification in both directions", zh="识别误差（双向）")
REVISIT = Text(en="The same villages visited again", zh="同村回访")
SHARES = {
    "person": Text(en="Share of persons", zh="人口比例"),
    "household": Text(en="Share of households", zh="户数比例"),
}
"""What is counted → words for its share."""
POOR_BY = {
    "finding": Text(en="poor means found poor by the survey", zh="贫困指调查认定贫困"),
    "income": Text(
        en="poor means income below the line as the survey counted it", zh="贫困指调查核算的收入低于标准"
    ),
    "condition": Text(en="poor means: {condition}", zh="贫困的判定条件：{condition}"),
}
"""How the survey tells who is poor → its words."""


def look_back(case: CountyCase, language: Language = "zh") -> Section:
    """Return what the survey shows when it looks back: cases, errors of identification, the second visit, scorecards.

    Parameters
    ----------
    case : CountyCase
    language : {"zh", "en"}
        Shown in JupyterLab; the section holds both.
    """
    blocks: list[Block] = [_meaning(case)]
    blocks += case_blocks(case)
    blocks += _identification(case)
    blocks += _revisit(case)
    blocks += scorecard_blocks(case)
    return open_section("look_back", case, blocks, language, _facts(case))


def _facts(case: CountyCase) -> dict[str, Any]:
    """Return the cases and the errors that are printed, in full precision."""
    out: dict[str, Any] = {}
    steps, errors = table_of(case, "case_steps"), table_of(case, "identification")
    least = case.plan.disclosure.minimum_cell
    if steps is not None and may_print(steps, least):
        out["cases"] = steps[["stage", "outcome", "wrong_exit", "missed", "cases", "first", "last"]].to_dict(
            "records"
        )
    if errors is not None:
        hidden = withheld_errors(errors, least)
        out["identification"] = {
            str(r["error"]): {c: finite(r[c]) for c in ("estimate", "conf_low", "conf_high", "households")}
            for r in errors.to_dict("records")
            if r["error"] not in hidden
        }
    return out


def _meaning(case: CountyCase) -> Prose:
    said = Text(
        en="Figures on cases, errors of identification and visits speak of the households of the third-party survey, weighted as it was drawn; "
        "those of the scorecards say under each what they are counted among.",
        zh="疑似情形、识别误差与回访的数字仅就第三方抽查而言，按其抽样加权；“六个精准”各项数字逐项注明分母。",
    )
    if table_of(case, "events") is not None:
        said = Text(
            en=f"{said.en} Which households entered and left the register, and why, stands year by year in section {NUMBER['quality']}.",
            zh=f"{said.zh}登记对象逐年的增减及原因见第{NUMBER['quality']}节。",
        )
    return Prose(said, style="note")


def _identification(case: CountyCase) -> list[Block]:
    heading = Prose(IDENTIFICATION, style="heading")
    found, said = table_of(case, "identification"), fact(case, "identification")
    if found is None or said is None:
        return [heading, omitted(case, IDENTIFICATION, "identification")]
    hidden = withheld_errors(found, case.plan.disclosure.minimum_cell)
    rows = tuple(_error_row(r, hidden=str(r["error"]) in hidden) for r in found.to_dict("records"))
    columns = (
        Column("error", Text(en="Found / among whom", zh="发现/分母")),
        Column("found_households", Text(en="Households found", zh="发现户数"), "count"),
        Column("households", Text(en="Households among whom", zh="分母户数"), "count"),
        Column("found_persons", Text(en="Persons found", zh="发现人数"), "count"),
        Column("persons", Text(en="Persons among whom", zh="分母人数"), "count"),
        Column("estimate", SHARES[str(found["unit"].iloc[0])], "rate"),
        Column("interval", interval_label(0.95), "rate"),
    )
    how = POOR_BY[str(said["by"])]
    meant = Text(en=how.en.format(condition=said["condition"]), zh=how.zh.format(condition=said["condition"]))
    note = Text(
        en="counts are of the sample, without weights; shares use the weights; each row has its own denominator, and rows must not be added; the "
        "wrong-exit and missed-poor rates of the verdicts follow the denominators of the rules and leave out dismissed findings, so that they may differ",
        zh="户数与人数为样本数，未加权；比例为加权结果；各行分母不同，不可相加；判定所用错退率、漏评率按规则口径的分母计算并剔除认定不成立者，可能与此不同",
    )
    signs = (WITHHELD,) if hidden else ()
    own = [n for n in notes_on(case, "identification") if not n.en.lower().startswith("poor means income")]
    source = Text(
        en="Cornia & Stewart (1993); limits: Korn & Graubard (1998)",
        zh="Cornia & Stewart（1993）；置信限：Korn & Graubard（1998）",
    )
    table = Table(IDENTIFICATION, columns, rows, (meant, note, *signs, *own), source)
    return [heading, *_both_ways(found, hidden), table]


def _error_row(r: Mapping[Hashable, Any], *, hidden: bool) -> tuple[Cell, ...]:
    title = capital(ERRORS[str(r["error"])])
    if hidden:
        return (title, *(Suppressed(),) * 6)
    counts = [finite(r[c]) for c in ("found_households", "households", "found_persons", "persons")]
    if r["unit"] == "household":  # the survey states no persons
        counts[2:] = [None, None]
    limits = Interval(finite(r["conf_low"]), finite(r["conf_high"]))
    bare = limits.low is None and limits.high is None
    return (title, *counts, finite(r["estimate"]), None if bare else limits)


def _both_ways(found: pd.DataFrame, hidden: frozenset[str]) -> list[Block]:
    """Say the two main errors with their limits, where both may be printed."""
    rows = found.set_index("error")
    pair = ("registered_not_poor", "unregistered_poor")
    if hidden or not set(pair) <= set(rows.index) or (rows["unit"] != "person").any():
        return []
    shown = {r: [finite(v) for v in rows.loc[r, ["estimate", "conf_low", "conf_high"]]] for r in pair}
    numbers = [prose.figure(r, prose.Measure(v[0], v[1], v[2]), "rate") for r, v in shown.items()]
    return [
        prose.say(
            Text(
                en="Of the registered persons {registered_not_poor} are found not poor; of the unregistered persons {unregistered_poor} are "
                "found poor.",
                zh="在册人口中抽查认为不贫困的占{registered_not_poor}；非建档立卡人口中抽查认为贫困的占{unregistered_poor}。",
            ),
            numbers,
            style="finding",
        )
    ]


def _revisit(case: CountyCase) -> list[Block]:
    heading = Prose(REVISIT, style="heading")
    found, said = table_of(case, "revisit"), fact(case, "revisit")
    if found is None or said is None:
        return [heading, omitted(case, REVISIT, "revisit")]
    few = found[["first_households", "second_households"]].min(axis=1).astype(float)
    gate = release(
        found[["rate"]].assign(n=few), minimum_cell=case.plan.disclosure.minimum_cell, keys=("rate",)
    )
    rows: list[tuple[Cell, ...]] = []
    for r, hidden in zip(found.to_dict("records"), gate.frame["suppressed"], strict=True):
        label = capital(Text(en=str(r["en"]), zh=str(r["zh"])))
        if hidden:
            rows.append((label, *(Suppressed(),) * 6))
            continue
        limits = Interval(finite(r["conf_low"]), finite(r["conf_high"]))
        bare = limits.low is None and limits.high is None
        figures = [
            finite(r[c]) for c in ("first", "first_households", "second", "second_households", "change")
        ]
        rows.append((label, *figures, None if bare else limits))
    first, second = (str(said[v]) for v in ("first", "second"))
    what = SHARES[str(said["unit"])]
    columns = (
        Column("rate", Text(en="Rate", zh="比率")),
        Column("first", Text(en=first, zh=f"{first}年"), "rate"),
        Column("first_households", Text(en="Households", zh="户数"), "count"),
        Column("second", Text(en=second, zh=f"{second}年"), "rate"),
        Column("second_households", Text(en="Households", zh="户数"), "count"),
        Column("change", Text(en="Change", zh="变化"), "points"),
        Column("interval", interval_label(0.95), "points"),
    )
    note = Text(
        en=f"{what.en.lower()} in the villages that were visited both times; each rate is among those that it names; the limits of the change "
        "allow for the two visits having seen the same villages; a change is no effect of anything by itself",
        zh=f"两次均走访的村中的{what.zh}，分母见各行；变化的区间已计入两次走访同一批村的相关；变化本身不说明原因",
    )
    signs = (WITHHELD,) if bool(gate.suppressed) else ()
    return [heading, Table(REVISIT, columns, tuple(rows), (note, *signs, *notes_on(case, "revisit")))]
