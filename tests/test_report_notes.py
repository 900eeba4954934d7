"""Marks, notes under tables, caveats, and the index: what a reader sees beside the figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import report_case
from evalkit.pipeline.results import CountyCase
from evalkit.report import html, index, sections, tables
from evalkit.report.document import Column, Prose, Section, Table, VerdictCard
from evalkit.report.labels import in_words, typeset
from evalkit.text import Text


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CountyCase:
    return report_case.case_in(tmp_path_factory.mktemp("case"))


def prose_of(section: Section, language: str) -> str:
    return " ".join(b.text.get(language) for b in section.blocks if isinstance(b, Prose))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("方案未指定参照序列(plan.benchmark)。", "方案未指定参照序列（plan.benchmark）。"),
        ("共 12 户;其中 3 户缺失", "共12户；其中3户缺失"),
        ("依据: Deville (1999), Survey Methodology 25", "依据：Deville (1999), Survey Methodology 25"),
        ("比率为2.5 %", "比率为2.5%"),
    ],
)
def test_chinese_is_set_with_chinese_marks(given: str, shown: str) -> None:
    assert typeset(Text(en="", zh=given)).zh == shown


def test_codes_with_underscores_are_put_into_words() -> None:
    said = in_words(Text(en="The model income_rule is not validated", zh="模型income_rule未检验"))
    assert said == Text(en="The model income rule is not validated", zh="模型收入规则未检验")


def test_notes_are_sentences_each_once() -> None:
    table = Table(
        Text("t", "表"),
        (Column("a", Text("a", "甲")),),
        (("x",),),
        notes=(
            Text("counted once", "计一次"),
            Text("counted once.", "计一次。"),
            Text("p: two-sided", "p值为双侧"),
        ),
    )
    assert html._table_notes(table, "en") == ["Counted once.", "P: two-sided."]
    assert html._table_notes(table, "zh") == ["计一次。", "p值为双侧。"]


def test_the_number_behind_a_withheld_value_is_in_no_note() -> None:
    few = report_case.by_wave("exit_rate", [0.3], 0.1)
    notes = (Text("8 pairs of household-waves", "共8对前后期户年记录"), Text("poor: below", "贫困：低于"))
    few = replace(few, n=np.array([8.0]), about=replace(few.about, notes=notes))
    p = tables.part(few, Text("Exit rate", "脱贫率"), minimum_cell=10)
    said = tables.notes_of([p])
    assert not any("8" in n.en or "8" in n.zh for n in said)
    assert any(n.en.startswith("×: withheld") for n in said)


def test_growth_is_not_called_an_effect(case: CountyCase) -> None:
    section = sections.income(case)
    assert "regression to the mean" in prose_of(section, "en")
    assert "均值回归" in prose_of(section, "zh")


def test_error_of_measurement_is_named_beside_transitions(case: CountyCase) -> None:
    section = sections.dynamics(case)
    assert "Error of measurement moves households across the line" in prose_of(section, "en")
    assert "测量误差会使住户越过贫困线" in prose_of(section, "zh")


def test_pooled_effects_are_said_not_to_be_the_countys(case: CountyCase) -> None:
    result = replace(case.pooled.impact[0], treated_clusters=12)
    section = sections.impact(replace(case, pooled=replace(case.pooled, impact=(result,))))
    assert "These are not effects in this county" in prose_of(section, "en")
    assert "以下并非本县的效果" in prose_of(section, "zh")
    bases = [b for b in section.blocks if isinstance(b, Table)][1]
    assert bases.columns[-1].name == "treated_clusters"
    assert bases.rows[0][-1] == 12


def test_a_lead_that_stands_out_alone_is_named(case: CountyCase) -> None:
    result = case.pooled.impact[0]
    study = report_case.by_wave("att", [0.09, 0.05], 0.02, "log")
    study = replace(study, keys=pd.DataFrame({"event_time": [-2, 0]}))
    section = sections.impact(
        replace(case, pooled=replace(case.pooled, impact=(replace(result, event_study=study),)))
    )
    assert "the interval of year −2 excludes zero" in prose_of(section, "en")
    assert "第−2年的区间不含零" in prose_of(section, "zh")
    assert "excludes zero" not in prose_of(sections.impact(case), "en")


def test_the_confidence_is_not_called_a_probability(case: CountyCase) -> None:
    section = sections.summary(case)
    cards = [b for b in section.blocks if isinstance(b, VerdictCard)]
    assert any("Confidence that the true value lies above" in n.en for c in cards for n in c.notes)
    assert not any("robability that the true value" in n.en or "概率" in n.zh for c in cards for n in c.notes)
    assert "not a probability of the county's rate" in prose_of(section, "en")


def test_the_words_of_a_conclusion_are_the_same_everywhere(case: CountyCase) -> None:
    section = sections.summary(case)
    words = {"meets": "：达标。", "fails": "：不达标。", "not_shown": "：不能判定。"}
    for card in (b for b in section.blocks if isinstance(b, VerdictCard)):
        assert words[card.conclusion] in card.explanation.zh
        assert "达到" not in card.explanation.zh


def test_few_villages_are_warned_of(case: CountyCase) -> None:
    sample = pd.DataFrame({"wave": [2014], "households": [30], "villages": [3]})
    design = case.plan.design.model_copy(update={"psu": "village"})
    plan = case.plan.model_copy(update={"design": design})
    few = replace(
        case, plan=plan, result=replace(case.result, tables={**case.result.tables, "sample": sample})
    )
    assert "3 villages only" in prose_of(sections.summary(few), "en")
    assert "villages only" not in prose_of(sections.summary(case), "en")


def test_a_line_of_the_plan_that_is_not_verified_is_listed(case: CountyCase) -> None:
    line = case.plan.poverty.line.model_copy(update={"verified": False})
    poverty = case.plan.poverty.model_copy(update={"line": line})
    plan = case.plan.model_copy(update={"poverty": poverty})
    section = sections.methods(replace(case, plan=plan))
    table = next(b for b in section.blocks if isinstance(b, Table) and "not verified" in b.title.en)
    assert [row[1:] for row in table.rows] == [(2014.0, 2800.0), (2016.0, 2952.0)]


def test_the_index_counts_conclusions_and_sorts_by_code(tmp_path: Path) -> None:
    plan = report_case.plan_in(tmp_path)
    words = ["meets", "fails", "not_shown"]
    entries = {}
    for i in range(300):
        code = str(i + 1)
        folder = plan.reports / code
        folder.mkdir(parents=True)
        verdict = {
            "code": "approval",
            "criterion": {"en": "Approval", "zh": "群众认可度"},
            "conclusion": words[i % 3],
            "shown": {"zh": "91.00% (90.00–92.00)", "en": "91.00 % (90.00–92.00)"},
        }
        facts = {"overall": words[i % 2], "verdicts": [verdict]}
        (folder / "summary.json").write_text(json.dumps({"sections": [{"facts": facts}]}), encoding="utf-8")
        entries[code] = {
            "name": f"C{code}", "files": ["report.zh.html"], "error": None, "stale": False, "plan_digest": plan.digest,
        }  # fmt: skip
    entries["301"] = {
        "name": "broken",
        "files": [],
        "error": "boom",
        "stale": False,
        "plan_digest": plan.digest,
    }
    text = index.write(plan, entries).read_text(encoding="utf-8")
    tally = text[text.index('class="ek-tally"') : text.index('class="ek-failures"')]
    assert [tally.count(f'<td class="n">{n}</td>') for n in (150, 100, 0)] == [2, 3, 3]
    assert text.index('id="failed"') < text.index("C1<")
    assert text.index(">C2<") < text.index(">C10<") < text.index(">C300<")
