"""Linked counties: small registries under old and new codes, cleaned whole and county by county."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from evalkit.cleaning import CleanResult, clean, rebuild
from evalkit.divisions import load_divisions
from evalkit.errors import DataError
from evalkit.idnumber import check_digit
from evalkit.ingest import from_frame, read_all, split_by_county, with_counties
from evalkit.ledger import Ledger
from evalkit.pipeline import build
from evalkit.plan import Plan
from evalkit.store import Store

TABLE = """code,name,province,prefecture,level,start,end,successors
990000,甲省,甲省,,province,1981,,
990100,乙市,甲省,乙市,prefecture,1981,,
990121,东山县,甲省,乙市,county,1981,2018,990103
990103,东山区,甲省,乙市,county,2018,,
990122,西山县,甲省,乙市,county,1981,2015,990104;990105
990104,西山区,甲省,乙市,county,2015,,
990105,新桥区,甲省,乙市,county,2015,,
990124,孤县,甲省,乙市,county,1981,2000,
990125,晚县,甲省,乙市,county,2022,,
"""
HEADER = ["县代码", "县", "行政村代码", "户编号", "年度", "家庭人口数", "人均纯收入"]
FIELDS = ["county", "county_name", "village", "household", "wave", "size", "income_pc"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "codes.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "raw").mkdir()
    return tmp_path


def plan_at(folder: Path, **given: object) -> Plan:
    plain: dict[str, object] = {
        "title": "t",
        "data": {"raw": "raw", "household": {"files": ["hh_*.csv"]}},
        "waves": [2016, 2020],
        "poverty": {"line": {"kind": "none"}},
        "prices": {"kind": "none"},
        "clean": {"duplicates": "quarantine", "income_outliers": {"kind": "none"}},
        "divisions": {"kind": "table", "file": "codes.csv"},
    }
    return Plan(**{**plain, **given}).at(folder)


def write(folder: Path, name: str, *rows: tuple[str, ...], header: list[str] | None = None) -> None:
    lines = [",".join(header or HEADER), *(",".join(r) for r in rows)]
    (folder / "raw" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def cleaned(folder: Path, *rows: tuple[str, ...], **plan: object) -> CleanResult:
    frame = pd.DataFrame(list(rows), columns=FIELDS, dtype="str").replace("", None)
    return clean(frame, plan_at(folder, **plan))


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def found(result: CleanResult, *rules: str) -> list[tuple[str, str]]:
    cases = result.ledger.flags()
    part = cases.loc[cases["rule"].isin(rules), ["rule", "old"]]
    return [tuple(r) for r in part.sort_values(["rule", "old"]).to_numpy().tolist()]


OLD = ("990121", "东山县", "01", "1", "2016", "4", "3000")
NEW = ("990103", "东山区", "01", "1", "2020", "4", "5000")


def test_rows_under_a_retired_code_get_its_successor_and_keep_the_code_of_the_file(folder: Path) -> None:
    result = cleaned(folder, OLD, NEW)
    assert result.frame["county"].tolist() == ["990103", "990103"]
    assert result.frame["county_at_issue"].tolist() == ["990121", "990103"]
    assert result.frame["village"].tolist() == ["990103-01", "990103-01"]
    column = result.ledger.columns().set_index("rule")
    assert column.loc["A01", ["column", "old"]].tolist() == ["county", "recode"]
    assert json.loads(column.loc["A01", "new"]) == {"990121": "990103"}
    assert found(result, "A03", "A04", "A05", "A06", "A07", "A09") == []
    assert parquet(rebuild(result.raw, result.ledger, result.plan)["household"]) == parquet(result.frame)


def test_without_divisions_nothing_is_linked_and_no_column_is_added(folder: Path) -> None:
    result = cleaned(folder, OLD, NEW, divisions={"kind": "none"})
    assert result.frame["county"].tolist() == ["990121", "990103"]
    assert "county_at_issue" not in result.frame
    assert not result.ledger.entries["rule"].str.startswith("A").any()


def test_village_codes_follow_a_county_that_is_the_same_under_another_code(folder: Path) -> None:
    old = (*OLD[:2], "990121101201", *OLD[3:])
    new = (*NEW[:2], "990103101201", *NEW[3:])
    result = cleaned(folder, old, new)
    assert result.frame["village"].tolist() == ["990103101201", "990103101201"]
    operations = result.ledger.columns()[["rule", "column", "old", "new"]].to_numpy().tolist()
    assert operations == [
        ["A01", "county", "recode", '{"990121": "990103"}'],
        ["A10", "village", "carry", '{"990121": "990103"}'],
    ]
    assert "V08" not in result.ledger.entries["rule"].tolist()
    assert parquet(rebuild(result.raw, result.ledger, result.plan)["household"]) == parquet(result.frame)


def test_village_codes_stay_where_a_county_was_joined_to_another(folder: Path) -> None:
    (folder / "codes.csv").write_text(
        TABLE + "990126,小县,甲省,乙市,county,1981,2018,990103\n", encoding="utf-8"
    )
    old = (*OLD[:2], "990121101201", *OLD[3:])
    other = ("990126", "小县", "990126101201", "2", "2016", "4", "3000")
    result = cleaned(folder, old, other)
    assert result.frame["county"].tolist() == ["990103", "990103"]
    assert result.frame["village"].tolist() == ["990121101201", "990126101201"]
    assert result.ledger.columns()["rule"].tolist() == ["A01"]
    assert parquet(rebuild(result.raw, result.ledger, result.plan)["household"]) == parquet(result.frame)


def test_the_year_decides(folder: Path) -> None:
    section = {"kind": "table", "file": "codes.csv", "year": 2016}
    result = cleaned(folder, OLD, divisions=section)
    assert result.frame["county"].tolist() == ["990121"]


def test_a_row_listed_under_both_codes_is_merged(folder: Path) -> None:
    both = (*NEW[:4], "2016", "4", "3000")
    old = ("990121", "东山区", *OLD[2:])
    result = cleaned(folder, old, both)
    assert result.rows()["merged"] == 1
    assert len(result.frame) == 1


def test_a_divided_county_is_an_open_case_until_the_plan_decides(folder: Path) -> None:
    row = ("990122", "西山县", "01", "1", "2016", "4", "3000")
    more = ("990122", "西山县", "02", "2", "2016", "4", "2000")
    result = cleaned(folder, row, more)
    assert result.frame["county"].tolist() == ["990122", "990122"]
    case = result.open_cases.set_index("rule").loc["A03"]
    assert case["evidence"] == "990122 西山县 (1981-2015) → 990104 西山区, 990105 新桥区; 2 rows"
    section = {"kind": "table", "file": "codes.csv", "links": {"990122": "990105"}}
    decided = cleaned(folder, row, more, divisions=section)
    assert decided.frame["county"].tolist() == ["990105", "990105"]
    assert decided.ledger.columns()["rule"].tolist() == ["A02", "K06"]
    assert "A03" not in decided.ledger.entries["rule"].tolist()


@pytest.mark.parametrize(
    ("code", "rule"),
    [("990124", "A04"), ("990999", "A05"), ("990100", "A06"), ("990000", "A06"), ("990125", "A09"), ("990104", ""), ("990121", "")],
)  # fmt: skip
def test_codes_that_stand_for_no_county(folder: Path, code: str, rule: str) -> None:
    row = (code, "", "01", "1", "2016", "4", "3000")
    result = cleaned(folder, row)
    assert found(result, "A03", "A04", "A05", "A06", "A09") == ([(rule, code)] if rule else [])
    assert len(result.frame) == 1


def test_codes_used_in_years_in_which_they_are_not_in_force_are_noted_once(folder: Path) -> None:
    rows = [("990103", "", "01", h, w, "4", "3000") for h in "12" for w in ("2016", "2020")]
    result = cleaned(folder, *rows)
    notes = result.ledger.flags()
    assert notes["rule"].tolist() == ["A09"]
    assert result.open_cases.empty
    late = cleaned(folder, (*OLD[:4], "2020", "4", "3000"))
    assert late.ledger.flags()["rule"].tolist() == ["A09"]


@pytest.mark.parametrize(
    ("name", "agrees"),
    [("东山县", True), ("东山区", True), ("东山", True), ("甲省乙市东山县", True), ("", True), ("西山县", False), ("乙市", False)],
)  # fmt: skip
def test_names_are_compared_with_all_names_of_the_code(folder: Path, name: str, agrees: bool) -> None:
    result = cleaned(folder, ("990121", name, *OLD[2:]))
    assert found(result, "A07") == ([] if agrees else [("A07", name)])


def test_areas_of_id_numbers_are_legal_when_they_ever_existed(folder: Path) -> None:
    heads = pd.Series(["99012119600101001", "99010019600101001", "99099919600101001"])
    ids = heads + check_digit(heads)
    wrong = "990999196001010010"
    wrong = wrong if check_digit(pd.Series([wrong])).iloc[0] != "0" else "990999196001010011"
    members = pd.DataFrame(
        {"household": "1", "person": ["1", "2", "3", "4"], "id_number": [*ids, wrong]}, dtype="str"
    )
    plan = plan_at(folder)
    households = pd.DataFrame([OLD], columns=FIELDS, dtype="str")
    tables = {"household": from_frame(households), "member": from_frame(members, table="member")}
    result = clean(with_counties(tables, load_divisions(plan)), plan)
    flags = result.ledger.flags()
    assert flags.loc[flags["rule"] == "A08", "row"].tolist() == [3]
    assert flags.loc[flags["rule"] == "P01", "row"].tolist() == [4]
    cases = result.open_cases
    assert not (cases["rule"] == "A08").any()


# ---- one county, one unit of work ----------------------------------------------------------------------


def test_households_under_two_codes_are_one_unit_and_their_programs_find_them(folder: Path) -> None:
    write(folder, "hh_2016.csv", OLD, ("990104", "西山区", "01", "9", "2016", "2", "1000"))
    write(folder, "hh_2020.csv", NEW)
    write(folder, "programs.csv", ("1", "产业帮扶", "2018"), header=["户编号", "帮扶措施", "开始年度"])
    data = {"raw": "raw", "household": {"files": ["hh_*.csv"]}, "program": {"files": ["programs.csv"]}}
    plan = plan_at(folder, data=data, programs={"industry": {"label": "industry"}})
    parts = split_by_county(read_all(plan), load_divisions(plan))
    assert list(parts) == ["990103", "990104"]
    assert [len(parts["990103"][t]) for t in ("household", "program")] == [2, 1]
    result = clean(parts["990103"], plan)
    assert result.frame["treated_industry"].tolist() == [0.0, 1.0]
    assert result.rows("program")["quarantined"] == 0
    assert result.panel.counties == ["990103"]


def test_county_by_county_gives_what_the_whole_gives_and_replays(folder: Path) -> None:
    carried = (*OLD[:2], "990121101201", "7", *OLD[4:])
    strange = ("990104", "西山区", "990121101201", "8", "2016", "2", "1000")
    write(folder, "hh_1.csv", OLD, carried, strange, ("990122", "西山县", "3", "5", "2016", "2", "1000"), ("990104", "西山区", "2", "9", "2016", "2", "1000"))  # fmt: skip
    write(folder, "hh_2.csv", NEW, ("990122", "西山县", "3", "5", "2020", "2", "1100"))
    links = {"kind": "table", "file": "codes.csv", "links": {"990122": "990104"}}
    plan = plan_at(folder, divisions=links)
    raw = read_all(plan)
    whole = clean(raw, plan)
    parts = split_by_county(raw, load_divisions(plan))
    results = [clean(parts[c], plan) for c in sorted(parts)]
    keys = ["household", "wave"]
    together = pd.concat([r.frame for r in results]).sort_values(keys, ignore_index=True)
    assert parquet(together) == parquet(whole.frame)
    joined = Ledger.joined([r.ledger for r in results])
    assert parquet(rebuild(raw, joined, plan)["household"]) == parquet(whole.frame)
    cases = pd.concat([r.open_cases for r in results])
    assert sorted(cases["evidence"]) == sorted(whole.open_cases["evidence"])


def test_a_household_of_one_year_under_both_codes_is_a_contradiction(folder: Path) -> None:
    write(folder, "hh_1.csv", OLD, (*NEW[:4], "2016", "4", "9"))
    plan = plan_at(folder, clean={"duplicates": "error"})
    with pytest.raises(
        DataError, match=r"1 keys of the household table .county × household × wave. stand in 2 of 2 rows"
    ):
        clean(read_all(plan), plan)


def test_a_household_under_both_codes_is_followed_over_the_waves(folder: Path) -> None:
    write(folder, "hh_1.csv", OLD)
    write(folder, "hh_2.csv", NEW)
    panel = clean(read_all(plan_at(folder)), plan_at(folder)).panel
    assert panel.waves == [2016, 2020]
    assert panel.frame["household"].tolist() == ["1", "1"]


def test_a_build_joins_the_codes_of_a_county_and_follows_the_table_of_codes(folder: Path) -> None:
    full = ("990104", "西山区", "01", "9", "2020", "2", "1000")
    write(folder, "hh_2016.csv", OLD, (*full[:4], "2016", "2", "900"))
    write(folder, "hh_2020.csv", NEW, full)
    plan = plan_at(folder)
    first = build(plan)
    assert [(d.county, d.rows_clean) for d in first.done] == [("990103", 2), ("990104", 2)]
    frame = Store(plan.processed).read("panel", "990103")
    assert frame["county_at_issue"].tolist() == ["990121", "990103"]
    assert build(plan).reused == 2
    (folder / "codes.csv").write_text(TABLE.replace("1981,2018,990103", "1981,,"), encoding="utf-8")
    apart = build(plan)
    assert [d.county for d in apart.done] == ["990103", "990104", "990121"]
    assert apart.reused == 0
