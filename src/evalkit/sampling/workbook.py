"""The workbook of a sample: lists for the field team, and what an auditor needs to draw it again."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalkit.decisions.book import Page, book_bytes
from evalkit.sampling.characteristics import Characteristics
from evalkit.sampling.curvepages import characteristic_pages
from evalkit.sampling.drawing import Draw
from evalkit.sampling.roster import GROUP_LABELS
from evalkit.schema import CASE_STAGES, FIELDS, SURVEY_GROUPS
from evalkit.text import Language, Text

_NAMES = {f.name: Text(en=f.name, zh=f.zh) for f in FIELDS}
_OWN = {
    "number": Text(en="no.", zh="序号"),
    "size": Text(en="persons_on_roster", zh="名册人口数"),
    "part": Text(en="group of the design", zh="设计分类"),
    "rank": Text(en="replacement no.", zh="替换顺序"),
    "probability_village": Text(en="probability of the village", zh="村入样概率"),
    "probability_household": Text(en="probability in the village", zh="村内入样概率"),
    "households": Text(en="households", zh="户数"),
    "cumulated": Text(en="cumulated households", zh="累计户数"),
    "certain": Text(en="taken for certain", zh="必选"),
    "probability": Text(en="probability", zh="入样概率"),
    "selected": Text(en="selected", zh="入选"),
    "take": Text(en="households to visit", zh="应访户数"),
    "outcome": Text(en="outcome of the visit", zh="入户结果"),
    "replaced_by": Text(en="replaced by household", zh="替换户编号"),
    "reason": Text(en="reason of replacement", zh="替换原因"),
    "date": Text(en="date", zh="调查日期"),
    "interviewer": Text(en="interviewer", zh="调查员"),
    "villages": Text(en="villages to take", zh="应抽村数"),
    "interval": Text(en="interval", zh="抽样间隔"),
    "start": Text(en="random start", zh="随机起点"),
}
_FILLED = ("persons", "wrongly_exited", "missed", "approves", "case_stage")
_VISIT = ("outcome", "replaced_by", "reason", "date", "interviewer")
_PAGES = {
    "about": Text(en="about", zh="说明"),
    "households": Text(en="households", zh="入户名单"),
    "replacements": Text(en="replacements", zh="替换名单"),
    "villages": Text(en="villages", zh="抽村底表"),
    "starts": Text(en="starts", zh="随机起点"),
}
_GROUP_WORDS = {code: word for word, code in SURVEY_GROUPS.items()}


def draw_workbook(
    draw: Draw,
    *,
    language: Language = "zh",
    plan_digest: str = "",
    characteristics: Characteristics | None = None,
) -> bytes:
    """Return the workbook of a county's sample as bytes, the same for the same draw.

    Sheets: what it is and how to draw it again; households to visit, with columns to fill in under the headers that
    ``data.survey`` reads; replacements in their order; all villages with cumulated sizes; random starts; where given, what
    the sample can show (operating characteristic and power) with its chart.
    Every cell is text, so that ids keep their zeros and nothing is taken for a formula.

    Parameters
    ----------
    draw : Draw
    language : {"zh", "en"}
    plan_digest : str
        Printed on the first sheet.
    characteristics : Characteristics, optional
        `draw_characteristics` of the draw.

    Raises
    ------
    DataError
        More rows than a sheet can hold.
    """
    visit = draw.households.assign(**dict.fromkeys((*_FILLED, *_VISIT), ""))
    first = ["county", "village", "household"]
    carried = [c for c in draw.households.columns if c in ("township", "village_name", "group", "size")]
    columns = ["number", *first, *carried, "survey_group", "stratum", "weight", *_FILLED, *_VISIT]
    stages = ",".join(CASE_STAGES if language == "zh" else CASE_STAGES.values())
    spare = ["rank", *first, *carried, "survey_group", "part", "weight"]
    pages = [
        Page(
            _PAGES["about"].get(language),
            [Text(en="item", zh="项目").get(language), Text(en="content", zh="内容").get(language)],
            [24, 100],
            _about(draw, language, plan_digest),
        ),
        _page("households", visit, columns, language, choices=stages),
        _page("replacements", draw.replacements, spare, language),
        _page("villages", draw.villages, list(draw.villages.columns), language),
        _page("starts", draw.starts, list(draw.starts.columns), language),
    ]
    if characteristics is not None and len(characteristics.rules):
        pages += characteristic_pages(characteristics, language)
    return book_bytes(pages)


def _page(
    name: str, frame: pd.DataFrame, columns: Sequence[str], language: Language, choices: str = ""
) -> Page:
    header = [{**_NAMES, **_OWN}[c].get(language) for c in columns]
    texts = [_texts(frame[c], c, language) for c in columns]
    open_ = frozenset(i for i, c in enumerate(columns) if c in (*_FILLED, *_VISIT))
    return Page(
        _PAGES[name].get(language),
        header,
        [max(10.0, min(2.2 * len(h), 24.0)) for h in header],
        list(zip(*texts, strict=True)),
        writable=open_ if choices else frozenset(),
        choices=[choices] * len(frame) if choices else (),
        choice_column=list(columns).index("case_stage") if choices else 0,
    )


def _texts(values: pd.Series, column: str, language: Language) -> list[str]:
    """Return a column as text: groups in words, shares with digits enough to recompute a weight."""
    if column == "survey_group":
        words = _GROUP_WORDS if language == "zh" else {code: code for code in GROUP_LABELS}
        return [words[v] for v in values]
    if values.dtype == bool:
        yes, no = ("是", "否") if language == "zh" else ("yes", "no")
        return [yes if v else no for v in values]
    if values.dtype.kind == "f":
        return [f"{v:.12g}" for v in values]
    return ["" if v is None or v != v else str(v) for v in values]


def _about(draw: Draw, language: Language, plan_digest: str) -> list[tuple[str, str]]:
    """Return what the workbook is, and how the sample can be drawn again by hand."""
    zh = language == "zh"
    totals = draw.totals().set_index("survey_group")
    rows = [
        (Text(en="county", zh="县代码"), draw.county),
        (Text(en="design", zh="抽样设计"), draw.design.title.get(language)),
        (Text(en="seed", zh="随机种子"), str(draw.seed)),
        (Text(en="digest of the roster", zh="名册摘要"), draw.roster.digest),
        (Text(en="digest of the plan", zh="方案摘要"), plan_digest),
        (Text(en="households on the roster", zh="名册户数"), str(draw.population)),
        (Text(en="villages, sampled of all", zh="样本村数/总村数"), _of(draw)),
        (Text(en="households to visit", zh="应访户数"), str(len(draw.households))),
        (Text(en="sum of the weights", zh="权重合计"), f"{draw.households['weight'].sum():.6f}"),
    ]
    for group, label in GROUP_LABELS.items():
        if group in totals.index:
            there, taken, weighted = (float(totals[c].loc[group]) for c in ("roster", "sample", "weighted"))
            said = f"{taken:.0f} / {there:.0f} ({weighted:.1f})"
            name = Text(en=f"{label.en}: sample / roster (weighted)", zh=f"{label.zh}：样本/名册（加权）")
            rows.append((name, said))
    rows += [(Text(en="note", zh="说明"), n.get(language)) for n in draw.notes]
    how = _HOW_ZH if zh else _HOW_EN
    rows += [(Text(en="how it was drawn", zh="抽样方法"), line) for line in how]
    return [(name.get(language), said) for name, said in rows if said]


def _of(draw: Draw) -> str:
    return f"{int(draw.villages['selected'].sum())} / {len(draw.villages)}"


_HOW_EN = (
    "Villages: ascending by code within the stratum; probability proportional to their households. A village of at "
    "least one interval is taken for certain. Point k (from 0) is start + k × interval; the village whose cumulated "
    "households first exceed it is taken.",
    "Random start = interval × u, u = first 53 bits of the SHA-256 of seed|county|stratum|villages, divided by 2^53.",
    "Households: ascending by group and id within village and group of the design; of N households n are taken, at "
    "positions floor((u + k) × N / n) counted from 0, u from seed|county|village|group number|households.",
    "Weight = 1 / (probability of the village × probability in the village).",
    "Replacements are used in their order, within the same village and group, when repeated visits have failed; "
    "the reason is written down, and the replacement takes the weight. A replacement does not remove the bias of "
    "households that cannot be interviewed: report how many were replaced.",
)
_HOW_ZH = (
    "抽村：同一层内按村代码升序，入样概率与户数成正比；户数不小于抽样间隔的村为必选村。第k个抽样点（k从0起）为“随机起点＋k×抽样间隔”，累计户数首先超过该点的村入选。",
    "随机起点＝抽样间隔×u，u为“种子|县代码|层|villages”的SHA-256前53位除以2的53次方。",
    "抽户：同一村、同一设计分类内按户类型和户编号升序；N户中抽n户，位置为floor((u＋k)×N/n)（从0数起），u取自“种子|县代码|村代码|分类序号|households”。",
    "权重＝1÷（村入样概率×村内入样概率）。",
    "替换户须按顺序、在同一村同一分类内使用，且仅在多次上门未果后启用；写明替换原因，替换户沿用原权重。替换不能消除访不到的户带来的偏差，报告中须说明替换户数。",
)
