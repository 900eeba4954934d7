"""Raw files to text by county: what reading everything at once gives, whatever was in memory together."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import evalkit as ek
import store_case
from evalkit.cleaning import clean
from evalkit.errors import DataError
from evalkit.ingest import RawData, read_all, split_by_county
from evalkit.pipeline import parts
from evalkit.pipeline.parts import load_part, read_table, write_text
from evalkit.pipeline.splitter import Splitter
from evalkit.pipeline.staging import Staged, stage
from evalkit.plan import Plan


@pytest.fixture(scope="module")
def plan(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return store_case.synthetic(root, tmp_path_factory.mktemp("staging"))


@pytest.fixture(scope="module")
def staged(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return stage(plan, tmp_path_factory.mktemp("parts") / "staged")


def parts_of(staged: Staged) -> dict[str, RawData]:
    lost = staged.lost()
    known = {c: load_part(staged.part(c)) for c in staged.counties}
    return known if lost is None else {"": lost, **known}


def test_parts_are_those_of_reading_everything(plan: Plan, staged: Staged) -> None:
    expected = split_by_county(read_all(plan))
    found = parts_of(staged)
    assert list(found) == list(expected)
    assert len(found) == 4
    for county, whole in expected.items():
        assert list(found[county].tables) == list(whole.tables)
        for name, table in whole.tables.items():
            pd.testing.assert_frame_equal(found[county][name].frame, table.frame)
    rows = sum(len(t["household"]) for t in found.values())
    assert rows == staged.household_rows == sum(len(t["household"]) for t in expected.values())


def test_cleaning_a_part_is_cleaning_the_county(plan: Plan, staged: Staged) -> None:
    for county, whole in split_by_county(read_all(plan)).items():
        expected = clean(whole, plan, allow_empty=True)
        found = clean(parts_of(staged)[county], plan, allow_empty=True)
        pd.testing.assert_frame_equal(found.frame, expected.frame)
        pd.testing.assert_frame_equal(found.ledger.entries, expected.ledger.entries)
        pd.testing.assert_frame_equal(found.quarantine, expected.quarantine)
        pd.testing.assert_frame_equal(found.open_cases, expected.open_cases)
        for name, table in expected.tables.items():
            pd.testing.assert_frame_equal(found.tables[name], table)
        own = whole["household"].files["file"].isin(whole["household"].frame["_file"])
        kept = found.raw["household"].files
        assert kept["file"].tolist() == whole["household"].files.loc[own, "file"].tolist()


@pytest.mark.parametrize(("rows", "budget"), [(37, 1), (200, 50_000), (10**6, 1 << 30)])
def test_parts_do_not_depend_on_what_was_in_memory_together(
    plan: Plan, staged: Staged, tmp_path: Path, rows: int, budget: int
) -> None:
    stage(plan, tmp_path / "again", rows=rows, budget=budget)
    assert store_case.hashes(tmp_path / "again") == store_case.hashes(staged.root)


def test_the_same_files_are_staged_once(plan: Plan, tmp_path: Path) -> None:
    root = tmp_path / "staged"
    first = stage(plan, root)
    stamp = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    assert stage(plan, root) == first
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == stamp
    (root / "staged.json").unlink()  # as a killed build leaves it
    assert stage(plan, root) == first
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*") if p in stamp} != stamp


# ---- where counties are found --------------------------------------------------------------------


def plan_for(folder: Path, files: dict[str, str], **tables: list[str]) -> Plan:
    (folder / "data" / "raw").mkdir(parents=True)
    for name, text in files.items():
        (folder / "data" / "raw" / name).write_text(text, encoding="utf-8")
    plan = Plan(
        title="t",
        data={name: {"files": patterns} for name, patterns in tables.items()},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )
    return plan.at(folder)


def same(plan: Plan, folder: Path) -> dict[str, int]:
    """Stage a plan, compare with reading everything, and return the household rows by county."""
    found = parts_of(stage(plan, folder, rows=2))
    expected = split_by_county(read_all(plan))
    assert list(found) == list(expected)
    for county, whole in expected.items():
        for name, table in whole.tables.items():
            pd.testing.assert_frame_equal(found[county][name].frame, table.frame)
    return {c: len(t["household"]) for c, t in found.items()}


H = "户编号,年度,人均纯收入"


def test_a_later_file_has_the_county_column(tmp_path: Path) -> None:
    files = {"a.csv": f"{H}\n1,2014,1\n2,2014,2\n", "b.csv": f"县代码,{H}\n990602,3,2014,3\n"}
    assert same(plan_for(tmp_path, files, household=["*.csv"]), tmp_path / "s") == {"": 2, "990602": 1}


def test_the_county_is_named_only(tmp_path: Path) -> None:
    files = {"a.csv": f"{H}\n1,2014,1\n", "b.csv": f"县名,{H}\n甲县,2,2014,2\n甲县,3,2014,2\n乙县,4,2014,2\n"}
    assert same(plan_for(tmp_path, files, household=["*.csv"]), tmp_path / "s") == {
        "": 1,
        "乙县": 1,
        "甲县": 2,
    }


def test_there_are_no_counties(tmp_path: Path) -> None:
    files = {"a.csv": f"{H}\n1,2014,1\n", "b.csv": f"{H}\n2,2014,1\n"}
    assert same(plan_for(tmp_path, files, household=["*.csv"]), tmp_path / "s") == {"all": 2}


def test_members_find_their_county_by_household(tmp_path: Path) -> None:
    files = {
        "h.csv": f"县代码,{H}\n990602,1,2014,1\n990621,2,2014,1\n990621,7,2014,1\n990602,7,2015,1\n",
        "m.txt": "人编号,户编号,姓名\np1,1,甲\np2,2,乙\np3,9,丙\np4,7,丁\n",
    }
    plan = plan_for(tmp_path, files, household=["h.csv"], member=["m.txt"])
    assert same(plan, tmp_path / "s") == {"": 0, "990602": 2, "990621": 2}
    members = {
        c: t["member"].frame["person"].tolist() for c, t in parts_of(stage(plan, tmp_path / "s")).items()
    }
    assert members == {"": ["p3", "p4"], "990602": ["p1"], "990621": ["p2"]}


def test_columns_that_only_one_file_has_are_blank_elsewhere(tmp_path: Path) -> None:
    files = {
        "a.csv": f"县代码,{H},备用\n990602,1,2014,1,x\n",
        "b.csv": f"{H},县代码,耕地面积\n2,2014,1,990621,3\n",
    }
    plan = plan_for(tmp_path, files, household=["*.csv"])
    assert same(plan, tmp_path / "s") == {"990602": 1, "990621": 1}
    part = parts_of(stage(plan, tmp_path / "s"))["990621"]["household"]
    assert part.frame["备用"].isna().all()
    assert part.frame["cultivated_land"].tolist() == ["3"]


def test_a_table_without_any_way_to_a_county_is_refused(tmp_path: Path) -> None:
    files = {"h.csv": f"县代码,{H}\n990602,1,2014,1\n", "m.txt": "人编号,姓名\np1,甲\n"}
    plan = plan_for(tmp_path, files, household=["h.csv"], member=["m.txt"])
    with pytest.raises(DataError, match="the member table has no county, and no household or village"):
        stage(plan, tmp_path / "s")


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ek.DataError, match="no file matches"):
        stage(plan_for(tmp_path, {}, household=["h.csv"]), tmp_path / "s")


# ---- the splitter --------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [0, 1 << 20])
def test_rows_keep_the_order_of_their_arrival(tmp_path: Path, budget: int) -> None:
    splitter = Splitter(tmp_path / "spill", lambda county: tmp_path / f"{county}.arrow", budget)
    blocks = [
        pd.DataFrame({"a": ["1", "2", "3"], "_file": ["x", "x", "x"], "_row": [1, 2, 3]}),
        pd.DataFrame({"b": ["4", "5"], "_file": ["y", "y"], "_row": [1, 2]}),
    ]
    for block, keys in zip(blocks, (["B", "A", "B"], ["A", "B"]), strict=True):
        splitter.add(block, pd.Series(keys, dtype="str"))
    assert splitter.counties() == ["A", "B"]
    assert splitter.rows == {"A": 2, "B": 3}
    assert [list(splitter.files[c]) for c in ("A", "B")] == [["x", "y"], ["x", "y"]]
    splitter.finish()
    assert read_table(tmp_path / "B.arrow").to_pylist() == [
        {"a": "1", "_file": "x", "_row": 1, "b": None},
        {"a": "3", "_file": "x", "_row": 3, "b": None},
        {"a": None, "_file": "y", "_row": 2, "b": "5"},
    ]
    assert read_table(tmp_path / "A.arrow").column("_row").to_pylist() == [2, 1]
    assert not (tmp_path / "spill").exists()
    splitter.abandon()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("most", "kind"), [(parts.NARROW, pa.string()), (0, pa.large_string())])
def test_staged_text_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, kind: pa.DataType
) -> None:
    """On disk the places of texts take 32 bits where they fit, in memory 64."""
    monkeypatch.setattr(parts, "NARROW", most)
    cells = pa.array(["甲", None, "", "12"], pa.large_string())
    table = pa.table({"a": cells, "_row": pa.array([1, 2, 3, 4])})
    file = tmp_path / "household.arrow"
    write_text(file, table)
    with pa.OSFile(str(file)) as source:
        assert pa.ipc.open_file(source).schema.field("a").type == kind
    assert read_table(file).equals(table)
    assert read_table(file, ["_row", "absent"]).column_names == ["_row"]
