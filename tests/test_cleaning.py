"""Cleaning: small tables worked by hand, the invariants, and every damage of the synthetic export found."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from evalkit import simulate
from evalkit.cleaning import CleanResult, clean, rebuild
from evalkit.cli.problems import problems
from evalkit.errors import DataError, PlanError
from evalkit.ingest import RawData, from_frame, read_all, split_by_county, with_counties
from evalkit.ledger import Ledger
from evalkit.plan import Plan
from evalkit.planfile import load_plan

COLUMNS = ["county", "household", "wave", "size", "income_pc"]


def plan_for(**given: object) -> Plan:
    plain: dict[str, object] = {
        "title": "t",
        "data": {"household": {"files": ["*"]}},
        "poverty": {"line": {"kind": "none"}},
        "prices": {"kind": "none"},
        "clean": {"duplicates": "quarantine"},
    }
    return Plan(**{**plain, **given})


def households(*rows: tuple[str | None, ...], columns: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns or COLUMNS, dtype="str")


def cleaned(*rows: tuple[str | None, ...], columns: list[str] | None = None, **plan: object) -> CleanResult:
    return clean(households(*rows, columns=columns), plan_for(**plan))


def done(result: CleanResult) -> list[list[object]]:
    entries = result.ledger.entries[["row", "rule", "action"]]
    return entries.sort_values(["row", "rule"]).to_numpy().tolist()


def reconciles(result: CleanResult) -> None:
    fates = result.row_table()
    assert (fates["in"] == fates[["clean", "quarantined", "merged", "not_data"]].sum(axis=1)).all()
    for table, n in zip(fates["table"], fates["quarantined"], strict=True):
        assert (result.quarantine["table"] == table).sum() == n
    money = result.money_table()
    assert np.allclose(
        money["before"] + money["changed"], money["after"] + money["set_aside"], rtol=1e-12, atol=1e-6
    )


def replays(result: CleanResult) -> None:
    again = rebuild(result.raw, result.ledger, result.plan)
    assert parquet(again["household"]) == parquet(result.frame)
    for name, table in result.tables.items():
        assert parquet(again[name]) == parquet(table)


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


# ---- small tables ------------------------------------------------------------------------------------


def test_a_clean_table_passes_unchanged() -> None:
    result = cleaned(("990602", "001", "2016", "4", "3000"), ("990602", "002", "2016", "3", "2500.5"))
    assert len(result.ledger) == 0
    assert result.quarantine.empty
    assert result.open_cases.empty
    assert result.frame.to_dict("list") == {
        "county": ["990602", "990602"],
        "household": ["001", "002"],
        "wave": [2016, 2016],
        "size": [4.0, 3.0],
        "income_pc": [3000.0, 2500.5],
        "welfare": [3000.0, 2500.5],
    }
    assert result.panel.size == "size"
    assert result.panel.village is None


def test_cells_are_tidied_under_their_rules() -> None:
    result = cleaned(
        (" 990602", "００1", "2016年", "４人", "3,000元"),
        ("990602", "2.0", "201612", "3", "0.25万元"),
        ("990602", "3", "2016", "2", "不详"),
        ("990602", "4", "2016", "2", "约三千"),
    )
    assert result.frame["household"].tolist() == ["001", "2", "3", "4"]
    assert result.frame["income_pc"].fillna(-1).tolist() == [3000.0, 2500.0, -1.0, -1.0]
    cells = result.ledger.cells()
    assert cells.groupby("row")["rule"].agg(lambda r: " ".join(sorted(r))).to_dict() == {
        1: "T01 T01 T01 T02 T03 T03 T04",
        2: "T03 T04 T05",
        3: "T06",
        4: "T07",
    }
    assert result.open_cases[["rule", "household", "evidence"]].to_numpy().tolist() == [
        ["T07", "4", "约三千"]
    ]
    replays(result)


def test_rows_that_are_no_data_are_counted() -> None:
    result = cleaned(
        ("990602", "1", "2016", "4", "3000"),
        (None, None, None, None, None),
        (" ", None, None, None, None),
        ("合 计", None, None, "4", "3000"),
        ("填表人：某甲　审核人：某乙", None, None, None, None),
    )
    assert done(result) == [
        [2, "R01", "not_data"],
        [3, "R01", "not_data"],
        [4, "R02", "not_data"],
        [5, "R03", "not_data"],
    ]
    assert result.rows() == {"in": 5, "clean": 1, "quarantined": 0, "merged": 0, "not_data": 4}
    reconciles(result)


def test_a_word_of_totals_in_any_cell_makes_a_totals_row_that_is_in_the_ledger() -> None:
    columns = [*COLUMNS, "village_name"]
    rows = [("990602", "1", "2016", "4", "3000", "甲村"), ("990602", "24", "2016", "96", "3000", "合计")]
    result = cleaned(*rows, columns=columns)
    assert result.rows()["clean"] == 1
    assert done(result) == [[2, "R02", "not_data"]]


def test_rows_without_keys_are_quarantined_with_their_raw_cells() -> None:
    result = cleaned(
        ("990602", "1", "2016", "4", "3000"),
        ("990602", None, "2016", "4", "１"),
        (None, "3", "2016", "4", "3000"),
        ("990602", "4", "2013", "4", "3000"),
        ("990602", "5.2E+17", "2016", "4", "3000"),
        ("990602", "6", "2016", "0", "3000"),
        ("990602", "7", "某年", "4", "3000"),
        waves=(2016,),
    )
    out = result.quarantine.set_index("row")
    assert out["rule"].to_dict() == {2: "K01", 3: "K03", 4: "K02", 5: "K05", 6: "K07", 7: "K01"}
    assert out.loc[2, "income_pc"] == "１"
    assert set(result.open_cases["rule"]) == {"K01", "K02", "K03", "K05", "K07", "T07"}
    reconciles(result)
    replays(result)


def test_merged_keys_hold_for_all_their_rows_and_empty_ones_go_to_quarantine(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    header = ["户编号", "年度", "人均纯收入"]
    for row in (header, ["1", "2016", 3000], [None, "2017", 3100], [None, "2018", 3200]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    result = clean(tmp_path, plan_for())
    assert result.rows() == {"in": 3, "clean": 2, "quarantined": 1, "merged": 0, "not_data": 0}
    assert result.frame[["household", "wave", "income_pc"]].to_numpy().tolist() == [
        ["1", 2016, 3000.0],
        ["1", 2017, 3100.0],
    ]


def test_one_number_written_in_two_ways_is_one_number() -> None:
    rows = (
        ("990602", "1", "2016", "4", "64,184.0"),
        ("990602", "1", "2016", "4.0", "64184"),
        ("990602", "2", "2016", "4", "64184.1"),
        ("990602", "2", "2016", "4", "64184"),
    )
    result = cleaned(*rows)
    assert result.rows() == {"in": 4, "clean": 1, "quarantined": 2, "merged": 1, "not_data": 0}


def test_repetitions_merge_and_contradictions_follow_the_plan() -> None:
    rows = (
        ("990602", "1", "2016", "4", "3000"),
        ("990602", "1", "2016", "4", "3,000"),
        ("990602", "2", "2016", "4", "2000"),
        ("990602", "2", "2016", "4", "2100"),
        ("990621", "1", "2017", "4", "3000"),
    )
    quarantined = cleaned(*rows)
    assert done(quarantined) == [
        [2, "D01", "merge"],
        [2, "T02", "change"],
        [3, "D02", "quarantine"],
        [4, "D02", "quarantine"],
    ]
    assert quarantined.open_cases["evidence"].tolist() == ["(frame):3 = (frame):4"] * 2
    for choice, income in (("first", 2000.0), ("latest", 2100.0)):
        kept = cleaned(*rows, clean={"duplicates": choice})
        assert kept.frame.loc[kept.frame["household"] == "2", "income_pc"].tolist() == [income]
        assert kept.rows() == {"in": 5, "clean": 3, "quarantined": 0, "merged": 2, "not_data": 0}
        reconciles(kept)
        replays(kept)
    pointers = kept.ledger.rows_set_aside().set_index("row")["new"].to_dict()
    assert pointers == {2: "(frame):1", 3: "(frame):4"}
    with pytest.raises(DataError) as error:
        cleaned(*rows, clean={"duplicates": "error"})
    assert "1 keys of the household table (county × household × wave) stand in 2 of 5 rows" in str(
        error.value
    )
    assert "first: 2, 2016; (frame), row 3" in str(error.value)
    assert "`duplicates: latest`" in str(error.value)
    assert error.value.rows is not None
    assert error.value.rows["income_pc"].tolist() == ["2000", "2100"]


def test_welfare_above_the_limit_is_set_aside_and_missing_or_negative_welfare_kept() -> None:
    result = cleaned(
        ("990602", "1", "2016", "4", "300000"),
        ("990602", "2", "2016", "4", "-50"),
        ("990602", "3", "2016", "4", None),
        ("990602", "4", "2016", "4", "2000"),
        clean={"welfare_max": 100000, "duplicates": "error"},
    )
    assert done(result) == [[1, "I03", "quarantine"], [2, "I02", "flag"], [3, "I01", "flag"]]
    assert result.frame["welfare"].fillna(-1).tolist() == [-50.0, -1.0, 2000.0]
    money = result.money_table().iloc[0]
    assert money[["before", "changed", "set_aside", "after"]].tolist() == [301950.0, 0.0, 300000.0, 1950.0]


def test_outliers_are_flagged_by_county_and_wave_and_kept() -> None:
    usual = [("990602", str(i), "2016", "4", str(2000 + 10 * i)) for i in range(20)]
    other = [("990621", f"x{i}", "2016", "4", str(200000 + 1000 * i)) for i in range(20)]
    result = cleaned(*usual, ("990602", "99", "2016", "4", "200000"), *other)
    flags = result.ledger.flags()
    assert flags.loc[flags["rule"] == "I04", "household"].tolist() == ["99"]
    none = cleaned(
        *usual, ("990602", "99", "2016", "4", "200000"), clean={"income_outliers": {"kind": "none"}}
    )
    assert "I04" not in none.ledger.entries["rule"].tolist()


def test_the_income_identity_is_checked() -> None:
    columns = [
        *COLUMNS, "wage_income", "operating_income", "property_income", "transfer_income", "operating_expense", "income_net",
    ]  # fmt: skip
    result = cleaned(
        ("990602", "1", "2016", "4", "500", "1500", "1000", "0", "100", "600", "2000"),
        ("990602", "2", "2016", "4", "550", "1500", "1000", "0", "100", "600", "2200"),
        ("990602", "3", "2016", "4", "400", "1500", "1000", "0", "100", "600", "2000"),
        ("990602", "4", "2016", "4", "500", None, "1000", "0", "100", "600", "2000"),
        columns=columns,
        clean={"income_outliers": {"kind": "none"}},
    )
    found = result.open_cases[["household", "rule", "evidence"]].to_numpy().tolist()
    assert found == [
        ["2", "I05", "sum of incomes less expenses 2000.00"],
        ["3", "I06", "net income over size 500.00"],
    ]


def test_amounts_in_ten_thousands_are_converted_exactly(tmp_path: Path) -> None:
    text = "户编号,年度,人均纯收入（万元）,低保金（元）\n1,2016,0.30007,90\n2,2016,3000元,80\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    result = clean(tmp_path, plan_for())
    assert result.frame["income_pc"].tolist() == [3000.7, 3000.0]
    assert result.frame["minimum_allowance"].tolist() == [90.0, 80.0]
    reconciles(result)
    replays(result)


def test_welfare_per_household_and_month_becomes_per_head_and_year() -> None:
    welfare = {"column": "income_net", "per": "household", "periods_per_year": 12}
    result = cleaned(("1", "1", "2016", "4", "100"), columns=[*COLUMNS[:4], "income_net"], welfare=welfare)
    assert result.frame["welfare"].tolist() == [300.0]


def test_words_become_codes_and_unknown_words_are_flagged() -> None:
    columns = [*COLUMNS, "status", "returned"]
    result = cleaned(
        ("990602", "1", "2016", "4", "3000", "已 脱贫", "是"),
        ("990602", "2", "2016", "4", "3000", "脱帽", "否"),
        columns=columns,
        clean={"income_outliers": {"kind": "none"}},
    )
    assert result.frame[["status", "returned"]].to_numpy().tolist() == [["exited", 1.0], ["脱帽", 0.0]]
    assert result.ledger.flags()["rule"].tolist() == ["C01", "S14"]


def test_village_codes_are_made_unique_by_county() -> None:
    result = cleaned(
        ("990602", "1", "2016", "4", "3000", "3"),
        ("990621", "2", "2016", "4", "3000", "3"),
        ("990621", "3", "2016", "4", "3000", "990621101201"),
        columns=[*COLUMNS, "village"],
    )
    assert result.frame["village"].tolist() == ["990602-3", "990621-3", "990621101201"]
    replays(result)


def test_own_columns_are_numbers_when_all_their_cells_are() -> None:
    data = {"household": {"files": ["*"], "keep": ["land", "code"]}}
    result = cleaned(
        ("1", "1", "2016", "4", "3000", " 1.5", "7"),
        ("1", "2", "2016", "4", "3000", None, "A7"),
        columns=[*COLUMNS, "land", "code"],
        data=data,
    )
    assert result.frame["land"].fillna(-1).tolist() == [1.5, -1.0]
    assert result.frame["code"].tolist() == ["7", "A7"]


def test_codes_of_waves_and_waves_without_observation(tmp_path: Path) -> None:
    coded = {"household": {"files": ["*"], "wave_labels": {"r1": 2011, "r2": 2015}}}
    result = cleaned(
        ("1", "1", "r1", "4", "10"), ("1", "1", " r2", "4", "20"), ("1", "1", "r3", "4", "30"), data=coded
    )
    assert result.frame["wave"].tolist() == [2011, 2015]
    assert result.quarantine["rule"].tolist() == ["K01"]
    replays(result)
    (tmp_path / "a.csv").write_text("id,y_a,y_b\n1,10,20\n2,11,\n", encoding="utf-8")
    wide = {
        "household": {
            "files": ["a.csv"],
            "columns": {"household": "id"},
            "keep": ["y"],
            "layout": {"kind": "wide", "waves": {"a": 1, "b": 2}},
        }
    }
    result = clean(tmp_path, plan_for(data=wide, welfare={"column": "y"}))
    assert result.frame[["household", "wave", "y"]].to_numpy().tolist() == [
        ["1", 1, 10.0],
        ["1", 2, 20.0],
        ["2", 1, 11.0],
    ]
    assert done(result) == [[3, "R04", "not_data"]]
    replays(result)


def test_programs_from_a_column() -> None:
    columns = [*COLUMNS, "loan"]
    data = {"household": {"files": ["*"], "keep": ["loan"]}}
    programs = {"credit": {"label": "credit", "column": "loan"}}
    rows = [
        ("1", "a", "1991", "4", "9", "0"),
        ("1", "a", "1998", "4", "9", "1"),
        ("1", "b", "1991", "4", "9", "0"),
    ]
    result = cleaned(*rows, columns=columns, data=data, programs=programs)
    assert result.frame["cohort_credit"].fillna(-1).tolist() == [1998.0, 1998.0, -1.0]
    assert result.frame["treated_credit"].tolist() == [0.0, 1.0, 0.0]
    amounts = [(*r[:-1], "1500") for r in rows]
    with pytest.raises(DataError, match=r"'loan' must be yes or no .* 1 other values \(first: 1500\)"):
        cleaned(*amounts, columns=columns, data=data, programs=programs)


def linked(tables: Mapping[str, pd.DataFrame]) -> RawData:
    return with_counties({name: from_frame(frame, table=name) for name, frame in tables.items()})  # type: ignore[arg-type]


def test_programs_from_a_table() -> None:
    house = households(
        ("1", "a", "2015", "4", "9"), ("1", "a", "2016", "4", "9"), ("1", "b", "2016", "4", "9")
    )
    support = households(
        ("a", "产业帮扶", "2017"), ("a", "产业 帮扶", "2016年"), ("b", "养鸡", "2016"), ("b", "产业帮扶", None),
        columns=["household", "program", "program_start"],
    )  # fmt: skip
    programs = {"industry": {"label": "industry"}}
    result = clean(linked({"household": house, "program": support}), plan_for(programs=programs))
    assert result.frame["cohort_industry"].fillna(-1).tolist() == [2016.0, 2016.0, -1.0]
    assert result.frame["treated_industry"].tolist() == [0.0, 1.0, 0.0]
    assert result.tables["program"]["program"].tolist() == ["industry", "industry", "industry", "养鸡"]
    assert result.open_cases["rule"].tolist() == ["G01", "G02", "G05"]
    with pytest.raises(
        PlanError, match=r"program 'industry' .* has no source: give plan.programs.industry.column"
    ):
        clean(house, plan_for(programs=programs))


def test_members_are_checked_against_their_id_numbers() -> None:
    house = households(("1", "a", "2015", "4", "9"))
    sound = "99010619491231002X"
    people = households(
        ("p1", "a", sound, "女", "1949-12-31"),
        ("p2", "a", "990106194912310020", "女", "194912"),
        ("p3", "a", "990106194912310000", "女", None),
        ("p4", "a", "990219188001010014", "女", "1880年1月2日"),
        ("p5", "a", sound, "女", "194912"),
        ("p6", "z", sound, "女", None),
        columns=["person", "household", "id_number", "sex", "birth_date"],
    )
    result = clean(linked({"household": house, "member": people}), plan_for())
    member = result.ledger.of_table("member").entries
    assert member.groupby("row")["rule"].agg(" ".join).to_dict() == {
        1: "P05", 2: "P01", 3: "P02", 4: "P03 P04 P07", 5: "P05", 6: "K04",
    }  # fmt: skip
    assert result.open_cases.loc[result.open_cases["rule"] == "P01", "evidence"].tolist() == ["990106…0020"]


# ---- what the plan asks and the data lack --------------------------------------------------------------


def test_absent_columns_are_all_named_with_the_nearest() -> None:
    plan = plan_for(
        welfare={"column": "incom_pc"}, design={"weight": "weigth"}, return_risk={"features": ["land"]}
    )
    frame = households(("1", "1", "2016", "4", "9", "2", "1"), columns=[*COLUMNS, "weight", "land"])
    with pytest.raises(DataError) as error:
        clean(frame, plan)
    message = str(error.value)
    assert "plan.welfare.column names 'incom_pc'; nearest is 'income_pc'" in message
    assert "plan.design.weight names 'weigth'; nearest is 'weight'" in message
    assert (
        "plan.return_risk.features names 'land'; it is in the files: add it to plan.data.household.keep"
        in message
    )


def test_a_table_without_a_wave_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"no column for 'wave' .* state `wave`"):
        clean(households(("1", "1", "9"), columns=["county", "household", "income_pc"]), plan_for())


def test_all_missing_income() -> None:
    with pytest.raises(
        DataError, match=r"welfare \('income_pc'\) is missing in all 2 rows: the cells are blank"
    ):
        cleaned(("1", "1", "2016", "4", None), ("1", "2", "2016", "4", "-"))
    with pytest.raises(
        DataError, match=r"2 cells cannot be read as numbers \(first: '12,5' in \(frame\), row 1"
    ):
        cleaned(("1", "1", "2016", "4", "12,5"), ("1", "2", "2016", "4", "13,25"))


def test_nothing_left_says_why() -> None:
    with pytest.raises(DataError, match="no household row is left after cleaning: 1 were read: 1 rows K02"):
        cleaned(("1", "1", "2016", "4", "9"), waves=(2014,))
    result = clean(households(("1", "1", "2016", "4", "9")), plan_for(waves=(2014,)), allow_empty=True)
    assert len(result.set_aside().quarantine) == 1


def test_a_household_in_two_counties_is_refused() -> None:
    with pytest.raises(DataError, match=r"2 of 2 rows share household and wave .*first: 1, 2016, in A, B"):
        cleaned(("A", "1", "2016", "4", "9"), ("B", "1", "2016", "4", "9"))


# ---- invariants ------------------------------------------------------------------------------------------

cell = st.sampled_from(["3000", "2,500", "１２", "0.3万元", "不详", "x", "", " ", "-40", "300000"])
row = st.tuples(
    st.sampled_from(["990602", "990621", " 990602", None, "合计"]),
    st.sampled_from(["1", "2", "３", "4.0", None, "5.2E+17"]),
    st.sampled_from(["2016", "2017", "2016年", "201612", None, "去年"]),
    st.sampled_from(["4", "3人", "0", None]),
    cell,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(row, min_size=1, max_size=25), st.sampled_from(["first", "latest", "quarantine"]))
def test_invariants(rows: list[tuple[str | None, ...]], choice: str) -> None:
    plan = plan_for(clean={"duplicates": choice, "welfare_max": 100000})
    result = clean(from_frame(households(*rows)), plan, allow_empty=True)
    reconciles(result)
    replays(result)
    changed = set(result.ledger.cells().loc[:, ["row", "column"]].itertuples(index=False, name=None))
    raw = result.raw["household"].frame.set_index("_row")
    for pos, column in changed:
        assert isinstance(raw.loc[pos, column], str)
    parts = split_by_county(result.raw)
    by_county = [clean(p, plan, allow_empty=True) for p in parts.values()]
    frames = [r.frame for r in by_county if len(r.frame)]
    if frames:
        together = pd.concat(frames).sort_values(["household", "wave", "county"], ignore_index=True)
        pd.testing.assert_frame_equal(together, result.frame)
    joined = Ledger.joined([r.ledger for r in by_county])
    pd.testing.assert_frame_equal(rebuild(result.raw, joined, plan)["household"], result.frame)


# ---- the synthetic export ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> simulate.Export:
    return simulate.write_export(simulate.registry(counties=6, scale=0.1), tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def example(export: simulate.Export, root: Path) -> CleanResult:
    return clean(export.files[0].parent, load_plan(root / "plan.yaml"))


RULE_OF = {
    "bad_checksum": {"P01"}, "blank_line": {"R01"}, "broken_identity": {"I05", "I06"}, "conflicting_duplicate": {"D02"},
    "duplicate_row": {"D01"}, "full_width_digits": {"T01"}, "id_tail_lost": {"P02"}, "missing_county": {"K03"},
    "missing_welfare": {"I01"}, "sex_mismatch": {"P03"}, "signature_row": {"R03"}, "stray_space": {"T01"},
    "thousands_separator": {"T02"}, "totals_row": {"R02"}, "typing_factor_100": {"I03"}, "unit_suffix": {"T03"},
}  # fmt: skip


def test_every_damage_is_found_in_its_row_under_its_rule(
    example: CleanResult, export: simulate.Export
) -> None:
    found = example.ledger.entries.groupby(["file", "row"])["rule"].agg(set).to_dict()
    missed = [
        (d.file, d.row, d.kind)
        for d in export.injections.itertuples()
        if not RULE_OF[d.kind] <= found.get((d.file, d.row), set())
    ]
    assert set(export.injections["kind"]) == set(RULE_OF)
    assert missed == []


def test_what_stays_is_the_truth(example: CleanResult) -> None:
    truth = simulate.registry(counties=6, scale=0.1).households
    both = example.frame.merge(truth, on=["household", "wave"], suffixes=("", "_true"))
    assert len(both) == len(example.frame)
    for name in ("size", "wage_income", "transfer_income", "weight", "village", "exit_year"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_true"], check_names=False, check_dtype=False)
    known = both["income_pc"].notna()
    assert np.allclose(both.loc[known, "income_pc"], both.loc[known, "income_pc_true"], rtol=0, atol=1e-9)


def test_the_export_reconciles_and_replays(example: CleanResult) -> None:
    reconciles(example)
    replays(example)
    assert set(example.summary()["section"]) == {"rows", "ledger", "cases", "money"}


def test_county_by_county_is_the_same(example: CleanResult) -> None:
    parts = [clean(p, example.plan, allow_empty=True) for p in split_by_county(example.raw).values()]
    frame = pd.concat([p.frame for p in parts if len(p.frame)]).sort_values(
        ["household", "wave"], ignore_index=True
    )
    pd.testing.assert_frame_equal(frame, example.frame)
    fates = pd.concat([p.row_table() for p in parts]).groupby("table").sum()
    pd.testing.assert_frame_equal(fates, example.row_table().set_index("table").sort_index())


def test_raw_data_stay_as_they_were(example: CleanResult, export: simulate.Export) -> None:
    again = read_all(example.plan, export.files[0].parent)
    for name, table in again.tables.items():
        pd.testing.assert_frame_equal(table.frame, example.raw[name].frame)


# ---- real panels ---------------------------------------------------------------------------------------------


def test_bangladesh(shared_data: Path, root: Path) -> None:
    plan = load_plan(root / "docs" / "examples" / "bangladesh.yaml")
    result = clean(shared_data / "bangladesh", plan)
    assert result.rows() == {"in": 1652, "clean": 1652, "quarantined": 0, "merged": 0, "not_data": 0}
    stata = pd.read_stata(shared_data / "bangladesh" / "hh_9198.dta", convert_categoricals=False)
    stata["household"] = stata["nh"].astype(str)
    stata = stata.sort_values(["household", "year"], ignore_index=True)
    for name in ("exptot", "weight", "hhland", "rice", "egg"):
        assert result.frame[name].tolist() == stata[name].astype("float64").tolist()
    assert result.panel.waves == [1991, 1998]
    assert result.frame["village"].nunique() == stata.groupby(["thanaid", "villid"]).ngroups
    replays(result)


def test_graduation(shared_data: Path, root: Path) -> None:
    plan = load_plan(root / "docs" / "examples" / "graduation.yaml")
    result = clean(shared_data / "graduation", plan)
    wide = pd.read_csv(shared_data / "graduation" / "graduation_wide.csv")
    end = result.frame.loc[result.frame["wave"] == 2012].set_index("household")["welfare"]
    expected = (wide.set_index(wide["id_hh"].astype(str))["ctotal_pcmonth_end"] * 12).dropna()
    assert end.sort_index().tolist() == expected.sort_index().tolist()
    replays(result)


@pytest.mark.parametrize(
    ("number", "town", "household"),
    [("合计", None, "3"), (None, "青山乡小计", "3"), (None, None, "共3户"), ("本页合计", None, "３ 户")],
)
def test_a_totals_row_with_a_count_where_the_id_stands_is_no_household(number, town, household) -> None:
    columns = ["序号", "county", "township", "household", "wave", "size", "income_pc"]
    rows = [(str(i), "990602", "青山乡", f"h{i}", "2016", "4", "3000") for i in (1, 2, 3)]
    total = (number, "990602", town, household, "2016", "12", "3000")
    result = cleaned(*rows, total, columns=columns)
    assert result.rows() == {"in": 4, "clean": 3, "quarantined": 0, "merged": 0, "not_data": 1}
    assert done(result) == [[4, "R02", "not_data"]]


def test_a_village_whose_name_ends_like_a_total_stays() -> None:
    columns = ["county", "village_name", "household", "wave", "size", "income_pc"]
    result = cleaned(("990602", "会计村", "1", "2016", "4", "3000"), columns=columns)
    assert result.rows()["clean"] == 1


# ---- income concepts in headers ------------------------------------------------------------------------


def concept_files(folder: Path) -> Path:
    """Write a file of 2013 with net and one of 2014 and 2015 with disposable income."""
    folder.mkdir(exist_ok=True)
    head = "县代码,户编号,年度,家庭人口数"
    (folder / "a.csv").write_text(f"{head},人均纯收入\n990601,1,2013,2,3000\n990601,2,2013,2,3100\n")
    rows = "990601,1,2014,2,3300\n990601,2,2014,2,3200\n990601,1,2015,2,3400\n"
    (folder / "b.csv").write_text(f"{head},人均可支配收入（元）\n{rows}")
    return folder


def test_headers_of_several_income_concepts(tmp_path: Path) -> None:
    folder = concept_files(tmp_path / "raw")
    for concept, found in (
        ("disposable", [("a.csv", 2, "人均纯收入 (net) in 2013; plan: disposable; 2 rows")]),
        (
            "net",
            [
                ("b.csv", 2, "人均可支配收入（元） (disposable) in 2014; plan: net; 2 rows"),
                ("b.csv", 4, "人均可支配收入（元） (disposable) in 2015; plan: net; 1 rows"),
            ],
        ),
        ({2013: "net", 2014: "disposable", 2015: "disposable"}, []),
        (
            {2013: "net", 2014: "disposable"},
            [("b.csv", 4, "人均可支配收入（元） (disposable) in 2015; plan: nothing; 1 rows")],
        ),
    ):
        result = clean(folder, plan_for(welfare={"concept": concept}))
        cases = result.open_cases.loc[result.open_cases["rule"] == "I47", ["file", "row", "evidence"]]
        assert list(cases.itertuples(index=False, name=None)) == found
    (folder / "b.csv").unlink()
    alone = clean(folder, plan_for(welfare={"concept": "disposable"}))
    assert "I47" not in set(alone.ledger.entries["rule"])


def test_check_asks_for_the_concept_by_wave(tmp_path: Path) -> None:
    raw = read_all(plan_for(), concept_files(tmp_path / "raw"))
    for concept, asked in (("net", True), ({2013: "net", 2014: "disposable", 2015: "disposable"}, False)):
        result = clean(raw, plan_for(welfare={"concept": concept}))
        said = [line for line in problems(result, result.open_cases.iloc[:0]) if "(I47)" in line]
        assert bool(said) is asked
        if asked:
            assert "人均纯收入 (net) in a.csv, 人均可支配收入（元） (disposable) in b.csv" in said[0]
            assert said[0].endswith("welfare: {concept: {2013: net, 2014: disposable, 2015: disposable}}")
