"""What was found is stored in the plan: comments and order stay, reading again gives the same table."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.cli.mapping import find_mappings, with_mapping, write_mapping
from evalkit.errors import PlanError
from evalkit.ingest import PlanMapping, read
from evalkit.planfile import load_plan

PLAN = """# my plan
title: t   # a title
data:
  raw: raw
  processed: out
  household: {files: ["a.csv", "b.csv"]}   # the panel

# lines
poverty: {line: {kind: none}}
prices:
  kind: none
impact:
  - {kind: did, program: p, outcome: welfare, control: not_yet_treated}
programs: {p: {label: p, column: 收到帮扶}}
waves:
  # all of them
  - 2016
  - 2017
"""
A = "某县户表\n户编号,年度,家庭人口数,人均纯收入（元）,收到帮扶,备注\n1,2016,4,3000,否,x\n"
B = "某县户表\n户编号,年度,人均可支配收入,收到帮扶\n1,2017,3100,是\n"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text(A, encoding="gb18030")
    (tmp_path / "raw" / "b.csv").write_text(B, encoding="gb18030")
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_the_mapping_is_stored_and_gives_the_same_table(plan: Path) -> None:
    before = load_plan(plan)
    files = [before.raw / "a.csv", before.raw / "b.csv"]
    was = read(files, source=before.data.household, root=before.raw)
    done = CliRunner().invoke(main, ["check", str(plan), "--write-mapping"])
    assert "data.household.columns.income_pc" in done.output
    text = plan.read_text(encoding="utf-8")
    expected = PLAN.replace(
        '  household: {files: ["a.csv", "b.csv"]}   # the panel\n',
        """  household:                               # the panel
    files: ["a.csv", "b.csv"]
    # not recognised, not used: 收到帮扶, 备注
    columns:
      household: "户编号"
      wave: "年度"
      size: {"a.csv": "家庭人口数"}
      income_pc: {"a.csv": "人均纯收入（元）", "b.csv": "人均可支配收入"}
    money_unit: "one"
    encoding: "gb18030"
    header_row: 2
""",
    )
    assert text == expected
    after = load_plan(plan)
    now = read(files, source=after.data.household, root=after.raw)
    pd.testing.assert_frame_equal(now.frame, was.frame)
    same = ["file", "header", "field", "wave", "unit", "kind"]
    pd.testing.assert_frame_equal(now.mapping[same], was.mapping[same])
    same = ["file", "encoding", "header_row", "rows", "money_unit", "sha256", "notes"]
    pd.testing.assert_frame_equal(now.files[same], was.files[same])


def test_lines_behind_a_section_stay_behind_it() -> None:
    block = PLAN.replace(
        '  household: {files: ["a.csv", "b.csv"]}   # the panel\n',
        "  household:\n    files:\n      - a.csv  # first\n      - b.csv\n  # members\n\n  member: {files: [m.csv]}\n",
    )
    found = {n: PlanMapping(columns={"household": "户编号"}, header_row=2) for n in ("household", "member")}
    text, added = with_mapping(block, found)
    assert added == [f"data.{n}.{k}" for n in found for k in ("columns.household", "header_row")]
    section = '    columns:\n      household: "户编号"\n    header_row: 2\n'
    assert f"      - a.csv  # first\n      - b.csv\n{section}  # members\n\n  member:\n" in text
    assert f"    files: [m.csv]\n{section}\n# lines\npoverty:" in text


def test_storing_twice_changes_nothing(plan: Path) -> None:
    write_mapping(plan, find_mappings(load_plan(plan)))
    once = plan.read_bytes()
    assert write_mapping(plan, find_mappings(load_plan(plan))) == []
    assert plan.read_bytes() == once
    assert sorted(p.name for p in plan.parent.iterdir()) == ["plan.yaml", "raw"]


def test_what_the_plan_says_already_stays(plan: Path) -> None:
    said = PLAN.replace(
        'files: ["a.csv", "b.csv"]}',
        'files: ["a.csv"], money_unit: wan, columns: {size: 家庭人口数, income_pc: 人均纯收入}}',
    )
    plan.write_text(said, encoding="utf-8")
    found = find_mappings(load_plan(plan))["household"]
    assert found.columns == {"household": "户编号", "wave": "年度"}
    assert found.money_unit is None
    write_mapping(plan, {"household": found})
    source = load_plan(plan).data.household
    assert source.columns["income_pc"] == "人均纯收入"
    assert source.money_unit == "wan"


def test_doubts_about_units_are_asked_not_stored(plan: Path) -> None:
    rows = "".join(f"{i},甲村,2016,{3000 + i}\n" for i in range(9))
    raw = plan.parent / "raw"
    (raw / "a.csv").write_text("户编号,行政村,年度,纯收入\n" + rows, encoding="utf-8")
    small = "".join(f"{i},甲村,2017,{0.3 + i / 100}\n" for i in range(9))
    (raw / "b.csv").write_text("户编号,行政村,年度,纯收入\n" + small, encoding="utf-8")
    found = find_mappings(load_plan(plan))["household"]
    assert found.money_unit is None
    text, _ = with_mapping(PLAN, {"household": found})
    assert "    # to be decided: income_net has the median 0.34 where the other sheets have 3004" in text
    assert "money_unit: {" not in text.replace("State money_unit: {", "")


def test_sheets_that_differ_are_named_with_their_file(tmp_path: Path, plan: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, unit, amount in (("2016", "元", 35_000.0), ("2017", "万元", 3.6)):
        sheet = book.create_sheet(name)
        sheet.append(["户编号", "年度", f"纯收入（{unit}）"])
        sheet.append(["1", int(name), amount])
    book.create_sheet("说明").append(["填写说明"])
    book.save(tmp_path / "raw" / "c.xlsx")
    plan.write_text(PLAN.replace('["a.csv", "b.csv"]', '["c.xlsx"]'), encoding="utf-8")
    found = find_mappings(load_plan(plan))["household"]
    assert found == PlanMapping(
        columns={
            "household": "户编号",
            "wave": "年度",
            "income_net": {"c.xlsx/2016": "纯收入（元）", "c.xlsx/2017": "纯收入（万元）"},
        },
        money_unit={"c.xlsx/2016": "one", "c.xlsx/2017": "wan"},
    )
    was = read(tmp_path / "raw" / "c.xlsx", root=tmp_path / "raw")
    write_mapping(plan, {"household": found})
    source = load_plan(plan).data.household
    now = read(tmp_path / "raw" / "c.xlsx", source=source, root=tmp_path / "raw")
    pd.testing.assert_frame_equal(now.frame, was.frame)
    assert now.mapping["unit"].tolist() == was.mapping["unit"].tolist()


def test_a_plan_that_would_become_invalid_is_not_touched(plan: Path) -> None:
    with pytest.raises(PlanError, match="was not changed"):
        write_mapping(plan, {"household": PlanMapping(columns={"no_field": "x"})})
    assert plan.read_text(encoding="utf-8") == PLAN
    assert sorted(p.name for p in plan.parent.iterdir()) == ["plan.yaml", "raw"]


def test_headers_cannot_break_out_of_their_comment() -> None:
    found = PlanMapping(unrecognised=("备注\nsynthetic: true",))
    text, _ = with_mapping(PLAN, {"household": found})
    assert "# not recognised, not used: 备注 synthetic: true\n" in text
    assert "\nsynthetic" not in text
