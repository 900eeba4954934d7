"""A province's rules as a file that says only what differs from another pack."""

from __future__ import annotations

import pytest

from evalkit.errors import PlanError
from evalkit.explanations import explain
from evalkit.standards import load_standard

PROVINCE = """\
id: province-99
extends: cn-2017
title: {en: Rules of an invented province, zh: 虚构省份的规则}
sources:
  notice: {en: "Notice no. 1 of an invented office", zh: 虚构机关第1号通知, date: "2018-05"}
lines:
  - purpose: work
    province: "99"
    unit: {en: "yuan per person and year", zh: 元/人·年}
    values:
      2018: {value: 3535, source: notice, verified: true}
  - purpose: statistical
    province: "*"
    values:
      2017: {value: 2952, source: notice, verified: true}
exits:
  missed:
    overrides: {"99": {value: 0.01, source: notice, verified: true, note: {en: 1 % here, zh: 本省为1%}}}
  zones:
    "99": {value: west, source: notice, verified: true}
stable:
  years: {value: 2, title: {en: years, zh: 年数}, source: notice, verified: true}
  fragile: [transfer_income]
designs:
  ours:
    title: {en: ours, zh: 本省}
    villages: 10
    per_village: 12
    groups: [{groups: [exited], share: 0.75}, {groups: [unregistered], share: 0.25}]
    source: notice
    verified: true
"""


def written(tmp_path, text=PROVINCE, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_only_what_differs_is_written_down(tmp_path):
    pack, base = load_standard(written(tmp_path)), load_standard("cn-2017")
    assert pack.lines(purpose="work", province="99", years=[2018]) == {2018: 3535}
    assert pack.lines(purpose="work", years=[2020]) == {2020: 4000}
    ours = pack.exit_rules(province="99")
    assert (ours.missed_threshold, ours.incidence_threshold, ours.zone) == (0.01, 0.03, "west")
    assert ours.notes[-1].zh == "本省为1%"
    assert "Notice no. 1" in ours.source.en
    assert not any("missed" in u.en for u in ours.unverified)
    assert pack.exit_rules(province="53").missed_threshold == 0.02
    assert pack.stable.years.value == 2
    assert pack.stable.margin.value == base.stable.margin.value == 0
    assert pack.stable.fragile == ("transfer_income",)
    assert pack.field_design("ours").take == 12
    assert pack.field_design("cohort-2017").take == 55  # 1,575 over 29 villages, rounded up
    assert pack.benchmark(area="yunnan", years=[2014]) == {2014: 7456}


def test_a_value_is_replaced_together_with_its_citation(tmp_path):
    table = load_standard(written(tmp_path)).citations("lines", [2016, 2017], key="statistical")
    assert table["source"].tolist() == [
        "published figure, document to be cited",
        "Notice no. 1 of an invented office",
    ]
    assert table["verified"].tolist() == [True, True]
    assert table["date"].tolist() == ["", "2018-05"]
    half = PROVINCE.replace("2017: {value: 2952, source: notice, verified: true}", "2017: {value: 3000}")
    with pytest.raises(PlanError, match=r"line 15: lines\.1\.values\.2017\.source: is missing"):
        load_standard(written(tmp_path, half))


def test_null_removes_what_is_inherited(tmp_path):
    pack = load_standard(written(tmp_path, PROVINCE + "benchmarks: null\nprices: null\n"))
    assert pack.citations("benchmarks").empty
    with pytest.raises(PlanError, match="has no prices"):
        pack.price_index(years=[2015])


def test_a_source_of_the_same_name_does_not_change_what_is_inherited(tmp_path):
    pack = load_standard(written(tmp_path, PROVINCE.replace("notice", "published")))
    table = pack.citations("lines", [2016, 2017], key="statistical")
    assert table["source"].tolist() == [
        "published figure, document to be cited",
        "Notice no. 1 of an invented office",
    ]
    assert pack.cited("lines")[-1].source.zh != ""
    assert pack.pack.cited("published figure, document to be cited").zh == "已公布数据，出处待注明"


def test_the_digest_changes_with_the_pack_that_is_extended(tmp_path):
    root = written(tmp_path, PROVINCE, "root.yaml")
    leaf = "id: leaf\nextends: root.yaml\ntitle: {en: leaf, zh: 叶}\n"
    path = written(tmp_path, leaf, "leaf.yaml")
    before = load_standard(path)
    assert before is load_standard(path)
    assert before.lines(purpose="work", province="99", years=[2018]) == {2018: 3535}
    written(tmp_path, PROVINCE.replace("3535", "3536"), "root.yaml")
    after = load_standard(path)
    assert after.lines(purpose="work", province="99", years=[2018]) == {2018: 3536}
    assert before.digest != after.digest != load_standard(root).digest


def test_packs_that_extend_each_other_in_a_circle(tmp_path):
    written(tmp_path, "id: a\nextends: b.yaml\ntitle: {en: a, zh: a}\n", "a.yaml")
    path = written(tmp_path, "id: b\nextends: a.yaml\ntitle: {en: b, zh: b}\n", "b.yaml")
    with pytest.raises(PlanError, match=r"in a circle \(b\.yaml → a\.yaml → b\.yaml\)"):
        load_standard(path)
    unknown = written(tmp_path, "id: c\nextends: cn-2071\ntitle: {en: c, zh: c}\n", "c.yaml")
    with pytest.raises(PlanError, match="no standard 'cn-2071'; did you mean 'cn-2017'"):
        load_standard(unknown)


def test_faults_are_told_at_their_own_lines(tmp_path):
    wrong = PROVINCE.replace("per_village: 12", "per_vilage: 12").replace("share: 0.25", "share: 0.5")
    with pytest.raises(PlanError) as caught:
        load_standard(written(tmp_path, wrong))
    assert "line 28: designs.ours.per_vilage: unknown key; did you mean 'per_village'?" in caught.value.faults
    shares = PROVINCE.replace("share: 0.25", "share: 0.5")
    with pytest.raises(PlanError, match="add up to 1, not"):
        load_standard(written(tmp_path, shares))


def test_the_national_pack_holds_what_the_rules_say():
    pack = load_standard("cn-2017")
    procedure = [r.id for r in pack.household_requirements if r.kind == "procedure"]
    assert procedure == ["appraisal", "verification", "agreement", "publicity", "announcement"]
    assert [r.value for r in pack.household_requirements if r.id == "publicity"] == [7]
    assert {r.id for r in pack.household_requirements if r.kind == "guarantee"} == {
        "food", "clothing", "education", "medical", "housing", "water",
    }  # fmt: skip
    assert {r.id: r.value for r in pack.village_requirements if r.kind == "rate"} == {
        "incidence_centre": 0.02,
        "incidence_west": 0.03,
    }
    variants = {v.id: v for v in pack.variants}
    assert variants["missed_1_percent"].value == 0.01
    assert not variants["four_rates"].verified
    assert "四率一度" in variants["four_rates"].title.zh
    assert [r.value for r in pack.pack.risk_elimination if r.id == "months"] == [6]
    assert not pack.stable.years.verified


def test_explain_prints_sources_dates_and_both_languages():
    said = explain("standard cn-2017")
    assert "  exit_opinion [2016]: Opinions on Establishing a Mechanism" in said
    assert "  evaluation_rule [date not known]: rule of the county exit evaluation" in said
    assert "  cohort-2017: 29 villages and about 1,575 households a county" in said
    zh = explain("standard cn-2017", "zh")
    assert "  agreement: 群众认账 [已核实] 已公布数据，出处待注明" in zh
    assert "  missed: 0.02 [未核实] 贫困县退出专项评估检查规则" in zh


def test_four_rates_and_one_degree_names_the_fourth_rate_and_does_not_judge_it():
    pack = load_standard("cn-2017-four-rates")
    rules, base = pack.exit_rules(province="53"), load_standard("cn-2017").exit_rules(province="53")
    assert [t.zh for t in rules.not_judged] == ["“四率一度”的第四项比率"]
    assert base.not_judged == ()
    assert rules.notes[-1].en == "fourth rate of 四率一度: not in any source; not judged"
    assert (rules.missed_threshold, rules.incidence_threshold) == (
        base.missed_threshold,
        base.incidence_threshold,
    )
    said = explain("standard cn-2017-four-rates")
    line = next(one for one in said.splitlines() if "not_judged.fourth_rate" in one)
    assert "no source known to this package" in line
    assert "not in any source; not judged" in line
    assert "standard cn-2017-four-rates names it and does not judge it" in explain("standard cn-2017")
