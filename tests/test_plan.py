"""plan.yaml: strict, every fault at once with its line, hashed, overrides recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from evalkit.errors import PlanError
from evalkit.plan import Deviation, Plan
from evalkit.planfile import load_plan, plan_schema, write_schema

SMALL = """\
title: small
data:
  household: {files: [a.csv], wave_labels: {0: 1991, 01: 1998}}
poverty: {line: {kind: none}}
prices: {kind: none}
design: {weight: w}
"""


def plan_at(folder: Path, text: str = SMALL, overrides: dict[str, Any] | None = None) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return load_plan(path, overrides)


def faults_of(folder: Path, text: str, overrides: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(PlanError) as caught:
        plan_at(folder, text, overrides)
    for fault in caught.value.faults:
        assert fault in str(caught.value)
    return list(caught.value.faults)


def test_the_bundled_plan(root):
    plan = load_plan(root / "plan.yaml")
    assert plan.synthetic
    assert plan.waves == tuple(range(2014, 2021))
    assert plan.lines([2013, 2014, 2020]) == {2013: 2736, 2014: 2800, 2020: 4000}
    assert plan.exit_rules("990101").incidence_threshold == 0.03
    assert plan.folder == root
    assert plan.raw == root / "data/raw"
    assert plan.deviations == ()


def test_five_faults_are_reported_at_once_with_their_lines(tmp_path):
    text = """\
title: five
data: {household: {files: [a.csv]}}
standard: cn2017
poverty: {line: {kind: none}}
prices: {kind: none}
design: {weigth: w,
         single_psu: center}
exits: {county_zones: {990602: west}}
impact:
  - {kind: did, program: relocation}
"""
    assert faults_of(tmp_path, text) == [
        "line 3: standard: there is no standard 'cn2017'; did you mean 'cn-2017'? Known: cn-2017, cn-2017-four-rates; "
        "a standard of your own is named by the path of its .yaml file.",
        "line 6: design.weigth: unknown key; did you mean 'weight'?",
        "line 7: design.single_psu: 'center' is not one of error, centre, certainty, average, missing; "
        "did you mean 'centre'?",
        "line 8: exits.county_zones.990602: the key 990602 is read as 990602, not as text; "
        'put it in quotes: "990602"',
        "line 10: impact.0.program: 'relocation' is not under programs; add it there with a label",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{kind: none}}\n", "{kind: tabel}}\n", "line 4: poverty.line: kind 'tabel' is not one of none, standard, table; did you mean 'table'?"),
        ("prices: {kind: none}", "prices: none", "line 5: prices: must be a section of `key: value` lines (given: 'none'); write {kind: none}"),
        ("prices: {kind: none}", "prices: {index: {1: 2}}", "line 5: prices: needs a line `kind:` with one of none, standard, table"),
        ("prices: {kind: none}", "prices: {kind: table, indx: {1: 2}, source: s}", "line 5: prices.indx: unknown key; did you mean 'index'?"),
        ("design: {weight: w}", "design:", "line 6: design: must be a section of `key: value` lines (it is empty)"),
        ("design: {weight: w}", "county_names: {010203: A}", 'line 6: county_names.010203: the key 010203 is read as 4227, not as text; put it in quotes: "010203"'),
        ("design: {weight: w}", "design: {weight: w, weight: v}", "line 6: design.weight: given twice (first on line 6)"),
        ("design: {weight: w}", "waves: [2016, 2014]", "line 6: waves: waves must be ascending and distinct"),
        ("title: small\n", "", "title: is missing"),
        ("title: small", "title: {}", "line 1: title: is an empty label; write a text, or {en: …}, {zh: …} or both"),
        ("prices: {kind: none}", "prices: {kind: standard}", "line 5: prices: is taken from a standard, but the plan names none; add a line `standard: cn-2017`"),
        ("design: {weight: w}", "benchmark: {kind: table}", "line 6: benchmark: kind table needs values (wave: figure) and their source"),
        ("design: {weight: w}", "standard: cn-2017\nbenchmark: {kind: standard, area: yunan}", "did you mean 'yunnan'?"),
        ("{kind: none}}\n", "{kind: standard, province: 53}}\nstandard: cn-2017\n", 'line 4: poverty.line.province: the value 53 is read as 53, not as text; put it in quotes: "53"'),
        ("design: {weight: w}", "exits: {confidence: 95}", "line 6: exits.confidence: should be less than 1 (given: 95)"),
    ],
)  # fmt: skip
def test_each_fault_says_where_and_what_to_do(tmp_path, old, new, fault):
    assert old in SMALL
    assert any(fault in f for f in faults_of(tmp_path, SMALL.replace(old, new)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"- a\n- b\n", "this file holds a list"),
        (b"title: [1, 2\ndata: x\n", "not readable as YAML: line 2, column 5"),
        (b"a: 1\n---\nb: 2\n", "not readable as YAML: line 2, column 1"),
        (b"a: !!python/object:os.system {}\n", "not readable as YAML: line 1, column 4"),
        ("title: 县".encode("gb18030"), "not UTF-8 \\(byte 8\\); save it as UTF-8"),
    ],
)
def test_files_that_are_no_plan(tmp_path, content, message):
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=message):
        load_plan(path)


def test_a_missing_plan_and_a_folder(tmp_path):
    (tmp_path / "plans.yaml").touch()
    with pytest.raises(PlanError, match=r"does not exist; the folder has plans\.yaml"):
        load_plan(tmp_path / "plan.yaml")
    with pytest.raises(PlanError, match="is a folder; name the plan file in it"):
        load_plan(tmp_path)


def test_labels_of_waves_are_text_as_written(tmp_path):
    assert plan_at(tmp_path).data.household.wave_labels == {"0": 1991, "01": 1998}


def test_the_digest_belongs_to_the_settings_and_not_to_the_layout(tmp_path):
    plan = plan_at(tmp_path)
    reordered = yaml.safe_dump(yaml.safe_load(SMALL.replace("01:", '"01":')), sort_keys=True)
    assert plan_at(tmp_path, "# a comment\n" + reordered).digest == plan.digest
    written_out = SMALL.replace("weight: w", "weight: w, census: false")
    assert plan_at(tmp_path, written_out).digest == plan.digest
    for old, new in (("weight: w", "weight: v"), ("title: small", "title: smaller"), ("1991", "1992")):
        assert plan_at(tmp_path, SMALL.replace(old, new)).digest != plan.digest
    assert len(plan.digest) == 16


def test_overrides_are_deviations(tmp_path):
    plan = plan_at(
        tmp_path,
        SMALL + "programs: {a: {label: A}}\nimpact: [{kind: did, program: a}]\n",
        {"design.single_psu": "centre", "impact.0.control": "never_treated", "design.weight": "w", "county_names.010203": "甲"},
    )  # fmt: skip
    assert plan.design.single_psu == "centre"
    assert plan.impact[0].control == "never_treated"
    assert plan.deviations == (
        Deviation(key="design.single_psu", planned="error", used="centre"),
        Deviation(key="impact.0.control", planned="not_yet_treated", used="never_treated"),
        Deviation(key="county_names.010203", planned=None, used="甲"),
    )
    assert plan.folder == tmp_path
    assert plan.digest != plan_at(tmp_path).digest


def test_overrides_that_change_nothing_are_no_deviations(tmp_path):
    plan = plan_at(tmp_path)
    same = plan_at(tmp_path, overrides={"exits.confidence": 0.95})
    assert same.deviations == ()
    assert same.digest == plan.digest


def test_unknown_overrides_are_faults_all_at_once(tmp_path):
    overrides = {
        "design.single_psuu": "centre",
        "design.census": "perhaps",
        "impact.7.control": "never_treated",
        "deviations": [],
        "standard": "cn-2018",
    }
    found = faults_of(tmp_path, SMALL, overrides)
    assert [f.split(":")[0] for f in found] == [
        "design.census", "design.single_psuu", "deviations", "impact.7.control", "standard",
    ]  # fmt: skip
    assert "did you mean 'single_psu'?" in found[1]


def test_sections_are_frozen(tmp_path):
    plan = plan_at(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        plan.seed = 1  # type: ignore[misc]


def test_lines_and_prices_of_the_plan_itself(tmp_path):
    text = SMALL.replace("{line: {kind: none}}", "{line: {kind: table, values: {1991: 400.5}, source: s}}")
    text = text.replace(
        "prices: {kind: none}", "prices: {kind: table, index: {1991: 1, 1998: 1.4}, source: s}"
    )
    plan = plan_at(tmp_path, text)
    assert plan.lines([1991, 1998]) == {1991: 400.5}
    assert plan.deflators([1998]) == {1998: 1.4}
    assert plan_at(tmp_path).lines([1991]) is None
    assert plan_at(tmp_path).deflators([1991]) is None


def test_exit_rules_need_a_standard(tmp_path):
    with pytest.raises(PlanError, match="exits is taken from a standard, but the plan names none"):
        plan_at(tmp_path).exit_rules("990602")


def test_a_standard_of_ones_own_is_found_beside_the_plan(tmp_path):
    pack = "id: own\ntitle: {en: own, zh: 自}\nsources: {}\n"
    (tmp_path / "own.yaml").write_text(pack, encoding="utf-8")
    plan = plan_at(tmp_path, SMALL + "standard: own.yaml\n")
    found = plan.rule_pack()
    assert found is not None
    assert found.id == "own"
    text = SMALL.replace("prices: {kind: none}", "prices: {kind: standard}") + "standard: own.yaml\n"
    assert faults_of(tmp_path, text)[0].startswith("line 5: prices: standard own has no prices")


def test_zones_of_single_counties(tmp_path):
    text = SMALL + 'standard: cn-2017\nexits: {zone: west, county_zones: {"990102": centre}}\n'
    plan = plan_at(tmp_path, text)
    assert plan.exit_rules("990101").incidence_threshold == 0.03
    assert plan.exit_rules("990102").incidence_threshold == 0.02


def test_the_json_schema_accepts_the_example_and_refuses_a_misspelling(root, tmp_path):
    schema = json.loads(write_schema(tmp_path / "plan.schema.json").read_text(encoding="utf-8"))
    assert schema == json.loads(json.dumps(plan_schema()))
    validator = jsonschema.Draft202012Validator(schema)
    example = json.loads(json.dumps(yaml.safe_load((root / "plan.yaml").read_text(encoding="utf-8"))))
    example["title"] = {"en": "x", "zh": "x"}
    assert list(validator.iter_errors(example)) == []
    example["design"]["weigth"] = "w"
    assert [e.json_path for e in validator.iter_errors(example)] == ["$.design"]


def test_every_key_of_the_plan_is_described():
    schema = plan_schema()
    bare = [
        f"{name}.{key}"
        for name, section in {**schema["$defs"], "Plan": schema}.items()
        for key, node in section["properties"].items()
        if not node.get("description")
    ]
    assert bare == []
