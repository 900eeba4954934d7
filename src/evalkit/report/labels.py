"""Words for codes and column names in both languages; the codebook's own fields come from `evalkit.schema`."""

from __future__ import annotations

import re

from evalkit import schema
from evalkit.report.display import Format
from evalkit.report.document import Column
from evalkit.text import Language, Text

COLUMNS: dict[str, tuple[Text, Format]] = {
    "table": (Text(en="Table", zh="数据表"), "text"),
    "file": (Text(en="File", zh="文件"), "text"),
    "sheet": (Text(en="Sheet", zh="工作表"), "text"),
    "encoding": (Text(en="Encoding", zh="编码"), "text"),
    "header_row": (Text(en="Header row", zh="表头行"), "code"),
    "rows": (Text(en="Rows", zh="行数"), "count"),
    "n": (Text(en="Number", zh="数量"), "count"),
    "cases": (Text(en="Open cases", zh="待核情形"), "count"),
    "decided": (Text(en="Decided cases", zh="已核情形"), "count"),
    "count": (Text(en="Number", zh="数量"), "count"),
    "money_unit": (Text(en="Money unit", zh="金额单位"), "text"),
    "notes": (Text(en="Seen in the file", zh="文件中所见"), "text"),
    "header": (Text(en="Header", zh="表头"), "text"),
    "field": (Text(en="Taken for", zh="识别为"), "text"),
    "how": (Text(en="Known from", zh="识别依据"), "text"),
    "sheets": (Text(en="Sheets", zh="工作表数"), "count"),
    "unplaced": (Text(en="Name no county", zh="未写明县"), "count"),
    "failed": (Text(en="In counties not built", zh="未能建库的县"), "count"),
    "unaccounted": (Text(en="Unaccounted for", zh="去向不明"), "count"),
    "read": (Text(en="In the files", zh="文件合计"), "money"),
    "unplaced_amount": (Text(en="In rows that name no county", zh="未写明县的行"), "money"),
    "year": (Text(en="Year", zh="年度"), "code"),
    "event": (Text(en="Event", zh="变动"), "text"),
    "stated": (Text(en="Stated", zh="载明"), "count"),
    "counted": (Text(en="Counted", zh="计得"), "count"),
    "opening": (Text(en="Stock before", zh="上年度存量"), "count"),
    "closing": (Text(en="Stock by the events", zh="按变动推算"), "count"),
    "stock": (Text(en="Stock by the statuses", zh="按登记状态"), "count"),
    "residual": (Text(en="Difference", zh="差额"), "count"),
    "compared": (Text(en="Households compared", zh="比对户数"), "count"),
    "differ": (Text(en="Differ", zh="不一致"), "count"),
    "county_name": (Text(en="County", zh="县"), "text"),
    "counties": (Text(en="Counties", zh="县数"), "count"),
    "county": (Text(en="Code", zh="代码"), "text"),
    "hits": (Text(en="Rows that meet it", zh="命中行数"), "count"),
    "lacks": (Text(en="Columns not there", zh="所缺的列"), "text"),
    "sha256": (Text(en="SHA-256", zh="SHA-256"), "text"),
    "rule": (Text(en="Rule", zh="规则"), "text"),
    "reason": (Text(en="What was found", zh="说明"), "text"),
    "action": (Text(en="What was done", zh="处理"), "text"),
    "wave": (Text(en="Year", zh="年度"), "code"),
    "households": (Text(en="Households", zh="户数"), "count"),
    "persons": (Text(en="Persons", zh="人数"), "count"),
    "villages": (Text(en="Villages", zh="村数"), "count"),
    "welfare_missing": (Text(en="Measure missing (households)", zh="测算指标缺失（户）"), "count"),
    "exit_year": (Text(en="Registry year of exit", zh="登记脱贫年度"), "code"),
    "in": (Text(en="Read", zh="读入"), "count"),
    "rows_in": (Text(en="Read", zh="读入"), "count"),
    "clean": (Text(en="Clean", zh="采用"), "count"),
    "quarantined": (Text(en="Quarantined", zh="隔离"), "count"),
    "merged": (Text(en="Merged duplicates", zh="合并重复"), "count"),
    "not_data": (Text(en="Not data", zh="非数据行"), "count"),
    "column": (Text(en="Column", zh="列"), "text"),
    "before": (Text(en="As read", zh="读入时"), "money"),
    "after": (Text(en="Clean", zh="采用后"), "money"),
    "set_aside": (Text(en="In rows set aside", zh="隔离行中"), "money"),
    "changed": (Text(en="Changed by rules", zh="规则改动"), "money"),
    "changes": (Text(en="Changed by rules", zh="规则改动"), "money"),
    "difference": (Text(en="Unexplained difference", zh="未解释差额"), "money"),
    "stage": (Text(en="Stage of the case", zh="核查阶段"), "text"),
    "suspected": (Text(en="Suspected households", zh="疑似户数"), "count"),
    "wrong_exit": (Text(en="Wrong exits, households", zh="错退户数"), "count"),
    "wrong_exit_persons": (Text(en="Wrong exits, persons", zh="错退人数"), "count"),
    "missed": (Text(en="Missed, households", zh="漏评户数"), "count"),
    "missed_persons": (Text(en="Missed, persons", zh="漏评人数"), "count"),
}
"""Column of a table of the build → label and format."""

CODES: dict[str, Text] = {
    # raw tables
    "household": Text(en="households", zh="户表"),
    "member": Text(en="members", zh="成员表"),
    "program": Text(en="programs", zh="帮扶表"),
    "village": Text(en="villages", zh="村表"),
    "survey": Text(en="third-party survey", zh="第三方抽查"),
    "totals": Text(en="census totals", zh="县级人口"),
    "cases": Text(en="steps of cases", zh="疑似情形台账"),
    "county": Text(en="county series", zh="县级序列"),
    # how a header is known
    "plan": Text(en="plan", zh="方案"),
    "codebook": Text(en="codebook", zh="代码表"),
    # actions of the ledger
    "change": Text(en="cell changed", zh="改动单元格"),
    "column": Text(en="whole column converted", zh="整列换算"),
    "quarantine": Text(en="row quarantined", zh="整行隔离"),
    "merge": Text(en="row merged", zh="合并行"),
    "not_data": Text(en="not a data row", zh="非数据行"),
    "flag": Text(en="flagged, kept", zh="标记并保留"),
    # names that notes use
    "welfare": Text(en="welfare measure", zh="测算指标"),
    "outcome": Text(en="outcome", zh="结果变量"),
    "outcome (as analysed)": Text(en="outcome (as analysed)", zh="结果变量（分析所用尺度）"),
    # files
    "one": Text(en="units", zh="基本单位"),
    "wan": Text(en="ten thousands", zh="万"),
    # stages of a case
    "none": Text(en="none", zh="无"),
    "flagged": Text(en="flagged", zh="疑似"),
    "checked": Text(en="checked", zh="核查"),
    "appealed": Text(en="appealed", zh="申诉举证"),
    "adjudicated": Text(en="adjudicated", zh="认定"),
    # income concepts
    "net": Text(en="net income", zh="纯收入"),
    "disposable": Text(en="disposable income", zh="可支配收入"),
    "consumption": Text(en="consumption", zh="消费"),
    # models
    "base_rate": Text(en="Base rate by duration", zh="按脱贫年数的基准发生率"),
    "income_rule": Text(en="Income rule", zh="收入规则"),
    "hazard": Text(en="Hazard model", zh="风险模型"),
    "log_welfare_ratio": Text(
        en="log of welfare over the line, year before", zh="上年测算指标与贫困线之比（对数）"
    ),
    # measures of a forecast
    "auc": Text(en="AUC", zh="AUC"),
    "brier": Text(en="Brier score", zh="Brier得分"),
    "recall_at_quota": Text(en="recall at the quota", zh="名单内查全率"),
    # kinds of impact specifications
    "did": Text(en="group-time effects", zh="分批次双重差分"),
    "did_2x2": Text(en="two-period difference-in-differences", zh="两期双重差分"),
    "twfe": Text(en="two-way fixed effects", zh="双向固定效应"),
    "difference_in_means": Text(en="difference in means", zh="均值差"),
    # benchmarks
    "national": Text(en="rural households of the whole country", zh="全国农村居民"),
    "poor_areas": Text(en="rural households of poor areas", zh="贫困地区农村居民"),
    "gansu": Text(en="rural households of Gansu", zh="甘肃农村居民"),
    "sichuan": Text(en="rural households of Sichuan", zh="四川农村居民"),
    "yunnan": Text(en="rural households of Yunnan", zh="云南农村居民"),
    "anhui": Text(en="rural households of Anhui", zh="安徽农村居民"),
    "shaanxi": Text(en="rural households of Shaanxi", zh="陕西农村居民"),
    "ningxia": Text(en="rural households of Ningxia", zh="宁夏农村居民"),
    "inner_mongolia": Text(en="rural households of Inner Mongolia", zh="内蒙古农村居民"),
}
"""Code → word."""


NAMES: dict[str, Text] = {
    "village": Text(en="village", zh="行政村"),
    "county": Text(en="county", zh="县"),
    "household": Text(en="household", zh="户"),
}
"""Columns whose codebook label says that they hold codes, and what they stand for."""


def name(column: str) -> Text:
    """Return what a column stands for, as it reads inside a sentence.

    >>> name("village").zh, name("weight").zh
    ('行政村', '抽样权重')
    """
    return NAMES.get(column) or word(column)


def word(code: str) -> Text:
    """Return the word for a code: this dictionary, then the codebook, then the code itself.

    >>> word("merge").en, word("size").zh, word("my_column").zh
    ('row merged', '家庭人口数', 'my_column')
    """
    known = CODES.get(code)
    if known is not None:
        return known
    return Text(en=schema.label(code, "en"), zh=schema.label(code, "zh"))


_HAN = "\u3000-\u9fff\uff00-\uffef\u201c\u201d"
"""Chinese characters and punctuation, for patterns."""


def in_words(note: Text) -> Text:
    """Return a note with the names of fields and codes put into words.

    In Chinese every known name that stands between Chinese characters is replaced (a quoted English
    title is left alone); in English only names in quotes, since others read as words.

    >>> in_words(Text(en="clustered by 'village'", zh="按 'village' 聚类；收入口径：disposable"))
    Text(en='clustered by village', zh='按行政村聚类；收入口径：可支配收入')
    >>> in_words(Text(en="rule of the county", zh="规则：rule of the county exit，未核实")).zh
    '规则：rule of the county exit，未核实'
    """
    en = re.sub(r"'([a-z_]+(?: \([a-z ]+\))?)'", lambda m: _known(m, "en"), note.en)
    en = re.sub(r"\b[a-z]+_[a-z_]+\b", lambda m: CODES[m[0]].en.lower() if m[0] in CODES else m[0], en)
    zh = re.sub(r" ?'([a-z_]+(?: \([a-z ]+\))?)' ?", lambda m: _known(m, "zh"), note.zh)
    zh = re.sub(f"(?<=[{_HAN}]) ?([a-z_]{{3,}}) ?(?=[{_HAN}]|$)", lambda m: _known(m, "zh"), zh)
    return typeset(Text(en=en, zh=zh))


_WIDE = dict(zip(",;:!?", "，；：！？", strict=True))
"""Half-width marks and their full-width forms."""


def typeset(said: Text) -> Text:
    """Return a sentence with the marks and spaces of its language.

    English: a narrow space before the percent sign. Chinese: full-width marks and brackets beside Chinese
    characters, no spaces between characters and figures.

    >>> typeset(Text(en="2.5% of 3 %", zh="所属区域(西部) 取自 2014 年;未核实")).zh
    '所属区域（西部）取自2014年；未核实'
    """
    en = re.sub(r"(?<=\d) ?%", "\u202f%", said.en)
    zh = re.sub(f"(?<=[{_HAN}])([,;:!?]) ?", lambda m: _WIDE[m[1]], said.zh)
    zh = re.sub(f"\\(([^()]*[{_HAN}][^()]*)\\)|(?<=[{_HAN}])\\(([^()]*)\\)", r"（\1\2）", zh)
    zh = re.sub(f"(?<=[{_HAN}]) +(?=[A-Za-z0-9（])|(?<=[A-Za-z0-9%）]) +(?=[{_HAN}])", "", zh)
    return Text(en=en, zh=re.sub(r"(?<=\d) %", "%", zh))


def _known(found: re.Match[str], language: Language) -> str:
    """Return the word for a matched name, or the match itself if there is none."""
    known = str(found[found.lastindex or 0])
    said = name(known).get(language)
    return found[0] if said == known and known not in CODES and known not in NAMES else said


def column(name: str, currency: Text | None = None) -> Column:
    """Return a table column with its label and format; a user's own column keeps its name."""
    label, form = COLUMNS.get(name, (word(name), "text"))
    if form == "money" and currency is not None:
        label = Text(en=f"{label.en} ({currency.en})", zh=f"{label.zh}（{currency.zh}）")
    return Column(name, label, form)


def term(code: str) -> Text:
    """Return the word for a coefficient of the hazard model.

    >>> term("duration_2-3").en, term("size_missing").zh
    ('2–3 waves since exit', '家庭人口数缺失')
    """
    span = re.fullmatch(r"duration_(\d+(?:-\d+)?\+?)", code)
    if span:
        waves = span[1].replace("-", "–")
        return Text(
            en=f"{waves} wave{'' if waves == '1' else 's'} since exit",
            zh=f"脱贫后第{waves.removesuffix('+')}期{'及以后' if waves.endswith('+') else ''}",
        )
    if code.endswith("_missing"):
        base = word(code.removesuffix("_missing"))
        return Text(en=f"{base.en} missing", zh=f"{base.zh}缺失")
    return word(code)
