"""Sections, pages and summary.json from a county made by hand."""

from __future__ import annotations

import html as html_text
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import report_case
from evalkit.errors import DisclosureError, ReportError
from evalkit.pipeline.results import CountyCase
from evalkit.report import html, publish, sections, tables
from evalkit.report.document import MIME, Column, Omitted, Prose, Section, Table, VerdictCard
from evalkit.report.sections.reading import TITLES
from evalkit.text import Text

NAMES = tuple(TITLES)


def all_sections(case: CountyCase) -> list[Section]:
    return [getattr(sections, name)(case) for name in NAMES]


def page(case: CountyCase, language: str) -> str:
    parts = all_sections(case)
    head = publish.masthead(case.plan, case.county, case.name, parts)
    return html.page(head, parts, language)  # type: ignore[arg-type]


def visible(text: str) -> str:
    """Return what a reader sees: no style, no tags, entities resolved, alt texts kept."""
    text = re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)
    text = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r" \1 ", text)
    return html_text.unescape(re.sub(r"<[^>]+>", " ", text))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CountyCase:
    return report_case.case_in(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def pages(case: CountyCase) -> dict[str, str]:
    return {lang: page(case, lang) for lang in ("zh", "en")}


def test_sections_come_back_from_their_json(case: CountyCase) -> None:
    for section in all_sections(case):
        bundle = section._repr_mimebundle_()
        back = Section.from_dict(json.loads(json.dumps(bundle[MIME])))
        assert back.to_dict() == section.to_dict()
        assert "<section" in bundle["text/html"]


def test_the_same_case_gives_the_same_bytes(case: CountyCase, pages: dict[str, str]) -> None:
    assert page(case, "zh") == pages["zh"]
    assert page(case, "en") == pages["en"]


def test_the_pages_fetch_nothing_and_are_small(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert not re.search(r'(?:src|href)="(?!data:|#)', text)
        assert not re.search(r"@import|url\(|<script|<link", text)
        assert len(text.encode()) < 400_000


def test_the_english_page_has_no_chinese_but_names(pages: dict[str, str]) -> None:
    text = visible(pages["en"]).replace("岚屏县", "")
    text = re.sub(r"《[^》]*》", "", text)  # titles of cited documents
    assert re.findall(r"[\u4e00-\u9fff]+", text) == []


def test_the_chinese_page_has_no_english_but_codes_and_citations(pages: dict[str, str]) -> None:
    text = visible(pages["zh"])
    allowed = (
        r"Somebody|General Office of the [\w ,]*|evalkit|Python|numpy|pandas|scipy|statsmodels|scikit-learn|matplotlib|"
        r"papermill|SHA|AUC|Brier|GB|cn|csv|utf|exp|rule of the county exit evaluation|document to be cited|"
        r"not verified in print|computed|published figure|[a-f0-9]{16,}"
    )
    left = re.sub(allowed, " ", text)
    assert re.findall(r"[A-Za-z]{3,}", left) == []


def test_text_from_the_data_is_escaped(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    changed = report_case.case_in(tmp_path, name=evil)
    rows = changed.result.tables["files"].assign(file=[evil])
    changed = replace(
        changed, result=replace(changed.result, tables={**changed.result.tables, "files": rows})
    )
    text = page(changed, "en")
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 3


def test_the_page_is_accessible(pages: dict[str, str]) -> None:
    assert '<html lang="zh-CN">' in pages["zh"]
    assert '<html lang="en">' in pages["en"]
    for text in pages.values():
        assert text.count("<table") == text.count("<caption")
        assert text.count("<img") == len(re.findall(r'<img [^>]*alt="[^"]{10,}"', text)) >= 5
        assert text.count("<th ") == text.count("<th scope=")


def test_synthetic_data_are_named_in_the_head_and_in_every_section(pages: dict[str, str]) -> None:
    assert pages["en"].count("Synthetic data. Every place") == 1 + len(NAMES)
    assert pages["zh"].count("合成数据。本报告中") == 1 + len(NAMES)


def test_a_real_county_is_not_called_synthetic(case: CountyCase) -> None:
    real = replace(case, plan=case.plan.model_copy(update={"synthetic": False}))
    assert "ynthetic" not in visible(page(real, "en"))


def test_every_number_of_the_page_is_in_the_summary(case: CountyCase, pages: dict[str, str]) -> None:
    parts = all_sections(case)
    head = publish.masthead(case.plan, case.county, case.name, parts)
    kept = json.dumps(publish.summary(case.plan, head, parts), ensure_ascii=False)
    known = set(re.findall(r"\d[\d,.]*\d|\d", kept))
    main = visible(pages["en"].partition("<main>")[2])
    main = re.sub(r"(?:Table|Figure)\s+\d+\.\d+|\bsections? \d(?: to \d)?", " ", main)
    printed = set(re.findall(r"\d[\d,.]*\d|\d", main))
    fixed = {*map(str, range(1, len(parts) + 1)), "20", "95"}  # section numbers, confidence level
    assert printed - known - fixed == set()


def test_verdict_cards_carry_word_limits_threshold_and_point_rule(case: CountyCase) -> None:
    cards = [b for b in sections.summary(case).blocks if isinstance(b, VerdictCard)]
    assert [c.conclusion for c in cards] == ["meets", "not_shown", "fails"]
    assert [c.point_rule for c in cards] == [True, True, False]
    text = visible(html.fragment(sections.summary(case), "en"))
    assert "< 2\u202f%" in text
    assert "> 90\u202f%" in text
    assert "0.00\u202f%" in text


def test_what_is_missing_is_named_with_its_reason_and_never_an_empty_table(case: CountyCase) -> None:
    bare = replace(
        case,
        result=replace(case.result, estimates={}, judgement=None, tables={}, omitted={
            "verdicts": Text(en="No survey.", zh="没有抽查数据。"),
            "income": Text(en="No income.", zh="没有收入数据。"),
            "poverty": Text(en="No line.", zh="没有贫困线。"),
        }),
        pooled=replace(case.pooled, impact=(), omitted={"impact": Text(en="No program.", zh="没有措施。")}),
    )  # fmt: skip
    text = visible(page(bare, "en"))
    for reason in ("No survey.", "No income.", "No line.", "No program."):
        assert reason in text
    left_out = [b for s in all_sections(bare) for b in s.blocks if isinstance(b, Omitted)]
    assert len(left_out) >= 8
    assert all(b.reason.en and b.reason.zh for b in left_out)


def test_a_table_without_rows_cannot_be_made() -> None:
    with pytest.raises(ReportError, match="needs rows"):
        Table(Text("t", "表"), (Column("a", Text("a", "甲")),), ())


def test_small_cells_are_withheld(case: CountyCase) -> None:
    thin = replace(case.result.estimates["headcount"], n=np.array([200.0, 4.0]))
    few = replace(case, result=replace(case.result, estimates={**case.result.estimates, "headcount": thin}))
    block = next(b for b in sections.poverty(few).blocks if isinstance(b, Table))
    values = sections.poverty(few).numbers()["blocks"]
    table = next(v for v in values if v["kind"] == "table")
    assert block.rows[1][2] != 0.1
    assert table["values"][1][2] == {"suppressed": True}
    assert table["shown"]["en"][1][2] == "×"
    registry = next(b for b in sections.dynamics(case).blocks if isinstance(b, Table))
    assert registry.rows[1][1] is None  # 4 households


def test_unreleased_figures_are_refused(case: CountyCase) -> None:
    raw = case.result.estimates["headcount"]
    with pytest.raises(DisclosureError, match="released tables only"):
        tables.Part(raw.tidy(), raw.about, Text("h", "h"), "share")  # type: ignore[arg-type]


def test_a_missing_interval_is_a_dash_with_a_note(case: CountyCase) -> None:
    lone = replace(case.result.estimates["headcount"], cov=np.full((2, 2), np.nan))
    changed = {**case.result.estimates, "headcount": lone}
    changed.pop("headcount_change")
    section = sections.poverty(replace(case, result=replace(case.result, estimates=changed)))
    table = next(v for v in section.numbers()["blocks"] if v["kind"] == "table")
    assert table["shown"]["en"][0][3] == "—"
    assert any("no interval" in n["en"] for n in table["notes"])
    finding = next(b for b in section.blocks if isinstance(b, Prose) and b.style == "finding")
    assert "nothing is shown" in finding.text.en


def test_numbers_keep_full_precision_beside_what_is_printed(case: CountyCase) -> None:
    table = next(v for v in sections.poverty(case).numbers()["blocks"] if v["kind"] == "table")
    low = table["values"][0][3]["low"]
    exact = float(case.result.estimates["headcount"].confint().low[0])
    assert low == pytest.approx(exact, abs=1e-11)
    assert table["shown"]["en"][0][2:4] == ["60.0\u202f%", "(55.8–64.2)"]


def test_a_troubled_pre_trend_takes_the_claim_away(case: CountyCase) -> None:
    troubled = report_case.impact_result(pre_trend_p=0.01)
    section = sections.impact(replace(case, pooled=replace(case.pooled, impact=(troubled,))))
    said = " ".join(b.text.en for b in section.blocks if isinstance(b, Prose))
    assert "positive effect is shown" not in said
    assert "it cannot be shown that this is the program's effect" in said
    assert "differed before support already (joint test p = 0.010)" in said
