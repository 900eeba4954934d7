"""Raw files: encodings, headers, units, layouts, and the message of each kind of bad file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.ingest import find_files, from_frame, read, read_all, split_by_county
from evalkit.plan import Plan, TableSource

HEADER = "县代码,户编号,年度,家庭人口数,人均纯收入（元）"
ROWS = "990602,001,2016,4,3000\n990602,002,2016,3,2500.5\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def workbook(path: Path, sheets: dict[str, list[list[object]]], merge: str | None = None) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merge is not None:
            sheet.merge_cells(merge)
    book.save(path)
    return path


def plan_for(**household: object) -> Plan:
    return Plan(
        title="t",
        data={"household": {"files": ["*.csv"], **household}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f"某县建档立卡户表\n{HEADER}\n{ROWS}".replace(",", delimiter)
    raw = read(write(tmp_path / "a.csv", text, encoding))
    assert raw.frame["household"].tolist() == ["001", "002"]
    assert raw.frame["income_pc"].tolist() == ["3000", "2500.5"]
    assert raw.frame["_row"].tolist() == [3, 4]
    assert raw.files.loc[0, ["encoding", "header_row", "notes"]].tolist() == [encoding, 2, "某县建档立卡户表"]


def test_ragged_and_regular_files_give_the_same_cells(tmp_path: Path) -> None:
    regular = read(write(tmp_path / "a.csv", f"{HEADER}\n{ROWS},,,,\n合计,,,,\n"))
    ragged = read(write(tmp_path / "b.csv", f"{HEADER}\n{ROWS}\n合计\n"))
    columns = ["county", "household", "wave", "size", "income_pc", "_row"]
    pd.testing.assert_frame_equal(regular.frame[columns], ragged.frame[columns])
    assert regular.frame["_row"].tolist() == [2, 3, 4, 5]


def test_quoted_cells_may_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    raw = read(write(tmp_path / "a.csv", f'{HEADER},备注\n990602,001,2016,4,"3,000","甲\n乙"\n'))
    assert raw.frame.loc[0, ["income_pc", "备注", "_row"]].tolist() == ["3,000", "甲\n乙", 2]


def test_cells_beyond_the_header_are_kept_and_listed(tmp_path: Path) -> None:
    raw = read(write(tmp_path / "a.csv", f"{HEADER}\n990602,001,2016,4,3000,说明文字\n"))
    assert raw.frame["(column 6)"].tolist() == ["说明文字"]
    assert raw.taken("unrecognised") == ["(column 6)"]


def test_headers_match_without_blanks_width_and_units(tmp_path: Path) -> None:
    raw = read(
        write(tmp_path / "a.csv", "户 编　号,年度：,家庭人口数（人）,人均纯收入（万元）\n１,2016,4,0.3\n")
    )
    assert raw.fields[:4] == ["household", "wave", "size", "income_pc"]
    assert raw.frame.loc[0, "household"] == "１"  # cells stay as in the file
    units = raw.mapping.set_index("field")["unit"]
    assert units["income_pc"] == "wan"
    assert units["size"] == ""


def test_unit_in_a_title_row_holds_for_money_without_a_unit(tmp_path: Path) -> None:
    text = "单位：万元\n户编号,年度,纯收入,人均纯收入（元）\n1,2016,1.2,3000\n"
    units = read(write(tmp_path / "a.csv", text)).mapping.set_index("field")["unit"]
    assert units[["income_net", "income_pc"]].tolist() == ["wan", "one"]
    stated = read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), money_unit="one"))
    assert set(stated.mapping["unit"]) == {"", "one"}


def test_group_titles_above_single_headers_are_joined(tmp_path: Path) -> None:
    rows = [
        ["户信息表"],
        ["户编号", "年度", "家庭收入", None, "是否危房户"],
        [None, None, "工资性收入", "转移性收入", None],
        ["001", "2016", "5000", "800", "否"],
    ]
    raw = read(workbook(tmp_path / "a.xlsx", {"S": rows}, merge="C2:D2"))
    assert raw.fields == ["household", "wave", "wage_income", "transfer_income", "unsafe_housing"]
    assert raw.frame["_row"].tolist() == [4]


def test_all_sheets_with_the_header_are_read_the_others_listed(tmp_path: Path) -> None:
    head = ["户编号", "年度", "人均纯收入"]
    sheets = {
        "2016": [head, ["1", "2016", 3000.0]],
        "说明": [["填写说明"]],
        "2017": [head, ["1", "2017", 3100.5]],
    }
    raw = read(workbook(tmp_path / "a.xlsx", sheets))
    assert raw.frame["income_pc"].tolist() == ["3000", "3100.5"]
    assert raw.frame["_sheet"].tolist() == ["2016", "2017"]
    assert raw.files.set_index("sheet")["header_row"].to_dict() == {"2016": 1, "说明": 0, "2017": 1}
    one = read(tmp_path / "a.xlsx", source=TableSource(files=("a.xlsx",), sheet="2017"))
    assert one.frame["wave"].tolist() == ["2017"]


def test_merged_keys_and_places_are_filled_downwards_and_nothing_else(tmp_path: Path) -> None:
    rows = [["户编号", "年度", "人均纯收入"], ["1", "2016", 3000], [None, "2017", None], ["2", "2016", 1]]
    raw = read(workbook(tmp_path / "a.xlsx", {"S": rows}, merge="A2:A3"))
    assert raw.frame["household"].tolist() == ["1", "1", "2"]
    assert "1 cells of household filled downwards in 1 ranges (first: rows 2-3)" in raw.files.loc[0, "notes"]
    money = read(workbook(tmp_path / "b.xlsx", {"S": rows}, merge="C2:C3"))
    assert money.frame["income_pc"].fillna("").tolist() == ["3000", "", "1"]
    assert money.frame["household"].fillna("").tolist() == ["1", "", "2"]
    assert (
        "1 merged ranges below the header (first: rows 2-3); only their first" in money.files.loc[0, "notes"]
    )


def test_typed_files_become_text_without_loss(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "hid": [12.0, 13.0],
            "yr": np.array([2016, 2017], dtype="int16"),
            "y": np.array([0.1, 2.5], dtype="float32"),
            "z": [1 / 3, np.nan],
            "flag": [True, False],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    source = TableSource(files=("a.parquet",), columns={"household": "hid", "wave": "yr"}, keep=("y", "z"))
    raw = read(tmp_path / "a.parquet", source=source)
    assert raw.frame["household"].tolist() == ["12", "13"]
    assert [float(v) for v in raw.frame["y"]] == [float(np.float32(0.1)), 2.5]
    assert float(raw.frame["z"][0]) == 1 / 3
    assert raw.frame["z"].isna().tolist() == [False, True]
    assert raw.frame["flag"].tolist() == ["1", "0"]
    assert raw.mapping.set_index("field")["kind"][["y", "z"]].tolist() == ["number", "number"]
    pd.testing.assert_frame_equal(
        from_frame(frame, source=source).frame.drop(columns="_file"), raw.frame.drop(columns="_file")
    )


def test_spss_files_are_read_without_value_labels(tmp_path: Path) -> None:
    import pyreadstat

    frame = pd.DataFrame({"hid": ["007", "008"], "sex": [1.0, 2.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), variable_value_labels={"sex": {1.0: "m", 2.0: "f"}})
    source = TableSource(files=("a.sav",), columns={"household": "hid"}, keep=("sex",))
    raw = read(tmp_path / "a.sav", source=source)
    assert raw.frame[["household", "sex"]].to_numpy().tolist() == [["007", "1"], ["008", "2"]]


def test_a_composite_id_joins_its_parts(tmp_path: Path) -> None:
    source = TableSource(files=("a.csv",), columns={"household": ("ea", "hh"), "wave": "yr"})
    raw = read(write(tmp_path / "a.csv", "ea,hh,yr\n01,7,1\n02,,1\n"), source=source)
    assert raw.frame["household"].tolist()[0] == "01-7"
    assert raw.frame["household"].isna().tolist() == [False, True]
    assert raw.mapping.loc[raw.mapping["field"] == "household", "header"].tolist() == ["ea+hh"]


def test_a_foreign_column_is_not_taken_for_ours_unasked(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "hid,yr,size,persons\n1,1,0.5,4\n")
    mapped = TableSource(files=("a.csv",), columns={"household": "hid", "wave": "yr", "size": "persons"})
    raw = read(tmp_path / "a.csv", source=mapped)
    assert raw.frame["size"].tolist() == ["4"]
    assert raw.frame["size (raw)"].tolist() == ["0.5"]


def test_wide_columns_become_waves(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,sex,y_bsl,y_end,z_end\n1,f,10,20,5\n2,m,11,,\n")
    source = TableSource(
        files=("a.csv",),
        columns={"household": "id"},
        keep=("sex", "y", "z"),
        layout={"kind": "wide", "waves": {"bsl": 2010, "end": 2012}},
    )
    raw = read(tmp_path / "a.csv", source=source)
    assert raw.frame[["household", "wave", "sex", "y"]].fillna("").to_numpy().tolist() == [
        ["1", "2010", "f", "10"],
        ["1", "2012", "f", "20"],
        ["2", "2010", "m", "11"],
        ["2", "2012", "m", ""],
    ]
    assert raw.frame["z"].isna().tolist() == [True, False, True, True]
    by_header = raw.mapping.set_index("header")
    assert by_header.loc["y_end", "wave"] == 2012


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", f"{HEADER}\n{ROWS}")
    b = write(tmp_path / "b.csv", f"{HEADER}\n{ROWS.replace('2016', '2017')}")
    pd.testing.assert_frame_equal(read([a, b]).frame, read([b, a]).frame)


def test_counties_are_split_without_losing_a_row(tmp_path: Path) -> None:
    write(
        tmp_path / "h.csv",
        f"{HEADER}\n990602,1,2016,4,3000\n ９９０６２１ ,2,2016,3,1\n,3,2016,2,2\n合计,,,,\n",
    )
    write(tmp_path / "m.txt", "人编号,户编号,姓名\np1,1,甲\np2,2,乙\np3,9,丙\n")
    plan = Plan(
        title="t",
        data={"household": {"files": ["h.csv"]}, "member": {"files": ["m.txt"]}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )
    raw = read_all(plan, tmp_path)
    parts = split_by_county(raw)
    assert list(parts) == ["", "990602", "990621"]
    assert {k: len(p["household"]) for k, p in parts.items()} == {"": 2, "990602": 1, "990621": 1}
    assert {k: p["member"].frame["person"].tolist() for k, p in parts.items()} == {
        "": ["p3"],
        "990602": ["p1"],
        "990621": ["p2"],
    }


def test_without_counties_there_is_one_for_all_rows(tmp_path: Path) -> None:
    write(tmp_path / "h.csv", "户编号,年度,人均纯收入\n1,2016,3000\n")
    raw = read_all(plan_for(), tmp_path)
    assert raw["household"].frame["county"].tolist() == ["all"]
    assert raw["household"].taken("constant") == ["county"]


# ---- bad files: what is wrong, where, what to do -------------------------------------------------


def says(error: pytest.ExceptionInfo[DataError], *words: str) -> None:
    message = str(error.value)
    assert error.value.exit_code == 11
    for word in words:
        assert word in message, message


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path / "nothing.csv")
    says(error, "nothing.csv does not exist", str(tmp_path))
    with pytest.raises(DataError) as error:
        read_all(plan_for(), tmp_path / "absent")
    says(error, "absent", "does not exist", "data.raw")


def test_pattern_without_files_lists_what_is_there(tmp_path: Path) -> None:
    write(tmp_path / "户表.csv", HEADER)
    with pytest.raises(DataError) as error:
        find_files(tmp_path, TableSource(files=("户信息_*",)), "household")
    says(error, "'户信息_*'", "plan.data.household.files", "户表.csv")


@pytest.mark.parametrize("content", [b"", b"  \n\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(error, "a.csv is empty", "export it again")


def test_unknown_type(tmp_path: Path) -> None:
    write(tmp_path / "a.pdf", "x")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.pdf")
    says(error, "a.pdf", "'.pdf' are not read", ".xlsx")


@pytest.mark.parametrize("suffix", [".xlsx", ".dta", ".sav", ".parquet"])
def test_truncated_file(tmp_path: Path, suffix: str) -> None:
    import pyreadstat

    path = tmp_path / f"a{suffix}"
    frame = pd.DataFrame({"户编号": [f"{i:06d}" for i in range(500)], "年度": 2016.0})
    if suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        ascii_names = frame.set_axis(["hid", "yr"], axis=1)
        (pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav)(ascii_names, str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError) as error:
        read(path)
    says(error, path.name, "truncated")


def test_spreadsheet_named_csv(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"S": [["户编号"]]}).rename(tmp_path / "a.csv")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(error, "a.csv is a spreadsheet", "rename")


def test_wrong_encoding_stated(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", f"{HEADER}\n{ROWS}", "gb18030")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), encoding="utf-8"))
    says(error, "a.csv is not text in utf-8 (byte 1", "remove `encoding`")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), encoding="utf-99"))
    says(error, "no encoding 'utf-99'")


def test_latin_text_is_not_taken_for_chinese(tmp_path: Path) -> None:
    write(
        tmp_path / "a.csv",
        "户编号".encode().decode("latin-1") + ",café,naïveté,forêt\n1,é,è,ê\n",
        "latin-1",
    )
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(error, "a.csv", "state `encoding`")


def test_header_twice(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "户编号,年度,人均纯收入,户 编 号\n1,2016,1,1\n")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(error, "a.csv", "'户编号' in columns 1, 4")


def test_two_headers_of_one_field(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "户编号,年度,人均纯收入,人均可支配收入\n1,2016,1,2\n")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(error, "'人均纯收入' and '人均可支配收入' are both 'income_pc'", "plan.data.household.columns")
    chosen = TableSource(files=("a.csv",), columns={"income_pc": "人均可支配收入"})
    assert read(tmp_path / "a.csv", source=chosen).frame["income_pc"].tolist() == ["2"]


def test_no_header(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    says(
        error,
        "no header row of a household table",
        "a.csv: a | b | c",
        "户编号",
        "plan.data.household.columns",
    )


def test_column_of_the_plan_absent_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "hhid,year,consumption\n1,2016,3\n")
    source = TableSource(
        files=("a.csv",), columns={"household": "hhid", "wave": "year"}, keep=("consumtion",)
    )
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv", source=source)
    says(error, "no column 'consumtion'", "nearest is 'consumption'")


def test_wrong_sheet_lists_the_sheets(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"一": [["户编号"]], "二": [["户编号"]]})
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.xlsx", source=TableSource(files=("a.xlsx",), sheet="三"))
    says(error, "no sheet '三'", "一, 二")
    write(tmp_path / "a.csv", HEADER)
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), sheet="一"))
    says(error, "a.csv has no sheets")


def test_header_row_stated(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "x,y\nq,r\n户编号,年度\n1,2016\n")
    raw = read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), header_row=3))
    assert raw.frame["_row"].tolist() == [4]
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), header_row=30))
    says(error, "header_row is 30")


def test_bangladesh_equals_read_stata(shared_data: Path) -> None:
    path = shared_data / "bangladesh" / "hh_9198.dta"
    columns = {"household": "nh", "wave": "year", "county": "thanaid"}
    names = ("exptot", "weight", "hhland", "rice", "egg", "pcirr")
    raw = read(path, source=TableSource(files=(path.name,), columns=columns, keep=names))
    stata = pd.read_stata(path, convert_categoricals=False)
    assert raw.frame["household"].tolist() == stata["nh"].astype(str).tolist()
    for name in names:
        assert [float(v) for v in raw.frame[name]] == stata[name].astype("float64").tolist()
