"""`explain`: every kind of name, both languages, and what is said about unknown names."""

from __future__ import annotations

import pytest

from evalkit.errors import EvalkitError
from evalkit.explanations import explain
from evalkit.rules import RULES


def test_a_plan_key_with_its_choices_and_default():
    assert explain("plan.design.single_psu").splitlines() == [
        "plan.design.single_psu (plan key)",
        "  what a stratum with one sampled unit contributes to the variance",
        "  one of: error, centre, certainty, average, missing",
        "  default: error",
    ]
    assert explain("single_psu") == explain("design.single_psu") == explain("plan.design.single_psu")
    assert "可选值: error, centre" in explain("design.single_psu", "zh")


def test_the_plan_lists_its_sections_and_what_is_required():
    said = explain("plan")
    assert "required: title, data, poverty, prices" in said
    assert "    design: sampling design of the panel" in said


def test_a_union_lists_its_kinds():
    said = explain("poverty.line")
    assert "- kind table: Lines given by wave" in said
    assert "    values: wave → line per head and year" in said
    assert explain("plan.impact.0.control") == explain("impact.control")


def test_an_error_by_name_and_by_exit_code():
    assert explain("DataError").startswith("DataError (error, exit code 11)\n  The data contradict the plan")
    assert explain("11") == explain("DataError")
    assert "退出码 12" in explain("DesignError", "zh")


def test_a_field_by_name_label_and_header():
    said = explain("cultivated_land")
    assert said.startswith("cultivated_land (field of the codebook): cultivated land (mu)")
    assert explain("耕地面积") == said
    assert "家庭人均纯收入" in explain("人均可支配收入")


def test_a_noun_shows_the_opening_of_its_docstring_only():
    said = explain("SurveyDesign")
    assert said.startswith("SurveyDesign\n  Names of the design columns")
    assert "Parameters" not in said


def test_a_function_shows_how_it_is_called():
    said = explain("standards.load_standard")
    assert said.splitlines()[0] == "standards.load_standard(name)"
    assert said.splitlines()[1] == "  Load a rule pack."


def test_a_standard_prints_values_sources_and_marks():
    said = explain("standard cn-2017")
    assert said == explain("cn-2017")
    assert "  statistical 2016: 2952 [verified] published figure, document to be cited" in said
    assert "  statistical 2017: 2952 [NOT verified] believed right, not verified in print" in said
    assert "  missed: 0.02 [NOT verified]" in said
    assert "  stable: A household exits when" in said
    assert "[未核实]" in explain("standard cn-2017", "zh")
    assert "cn-2017" in explain("standard")


def test_names_that_mean_several_things_are_all_explained():
    said = explain("exits")
    assert "plan.exits (plan key)" in said
    assert "\n\nexits\n" in said


def test_a_conditional_rule_says_what_it_reads():
    assert explain("S01").splitlines()[4:] == [
        "  reads (household): exit_year, identified_year",
        "  switched off by: clean.rules_off: [S01]",
        "  source: order of the registry's events",
    ]
    assert "所读字段 (household): exit_year" in explain("S01", "zh")


def test_a_rule_of_cleaning():
    rule = RULES[0]
    assert explain(rule.id).splitlines() == [
        f"{rule.id} (rule of cleaning)",
        f"  why: {rule.text.en}",
        "  what happens: the row is no observation and is left out",
        "  what to do: nothing, unless there are more of them than you expect",
    ]
    assert explain(rule.id, "zh").startswith(f"{rule.id} (清洗规则)\n  原因: {rule.text.zh}\n")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("headcout", "headcount"),
        ("plan.desing", "plan.design"),
        ("PlanEror", "PlanError"),
        ("labourer", "labourers"),
    ],
)
def test_unknown_names(name, near):
    with pytest.raises(EvalkitError, match=f"nothing is called '{name}'; did you mean '{near}'"):
        explain(name)


def test_unknown_standard_and_language():
    with pytest.raises(EvalkitError, match="no standard 'cn-2071'"):
        explain("standard cn-2071")
    with pytest.raises(EvalkitError, match="language 'fr' is not one of zh, en"):
        explain("plan", "fr")
