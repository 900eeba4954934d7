"""Ways files arrive: OpenDocument, SAS, archives, folders, sheets by year; wide headers; names, units, drift."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from evalkit.cleaning import clean, rebuild
from evalkit.cli.checking import check_lines
from evalkit.cli.problems import problems
from evalkit.errors import DataError
from evalkit.ingest import (
    combined,
    find_files,
    from_frame,
    passed_over,
    read,
    read_all,
    read_blocks,
    split_by_county,
    spreadsheet_damage,
    unit_doubts,
)
from evalkit.ingest.folders import look_for
from evalkit.pipeline import build
from evalkit.plan import Plan, TableSource

HEADER = "县代码,户编号,年度,家庭人口数,人均纯收入（元）"
ROWS = "990602,001,2016,4,3000\n990602,002,2016,3,2500.5\n"


def plan_for(**household: object) -> Plan:
    return Plan(
        title="t",
        data={"household": {"files": ["**"], **household}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def ods(path: Path, name: str, rows: list[list[object]]) -> Path:
    """Write a minimal OpenDocument spreadsheet."""

    def cell(value: object) -> str:
        if isinstance(value, float):
            return f'<table:table-cell office:value-type="float" office:value="{value!r}"><text:p>{value}</text:p></table:table-cell>'
        if value is None:
            return "<table:table-cell/>"
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{space}:office:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0" office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="{name}">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="{space}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


# ---- formats ---------------------------------------------------------------------------------------------


def test_opendocument(tmp_path: Path) -> None:
    rows = [["某县户表"], ["户编号", "年度", "人均纯收入"], ["001", 2016.0, 3000.5], ["002", 2016.0, None]]
    raw = read(ods(tmp_path / "a.ods", "户", rows))
    assert raw.frame["household"].tolist() == ["001", "002"]
    assert raw.frame["income_pc"].fillna("").tolist() == ["3000.5", ""]
    assert raw.files.loc[0, ["sheet", "encoding", "header_row", "notes"]].tolist() == [
        "户",
        "ods",
        2,
        "某县户表",
    ]


def test_merged_cells_of_opendocument_are_filled(tmp_path: Path) -> None:
    rows = [["某县户表"], ["行政村", "户编号", "年度", "人均纯收入"], ["甲", "001", 2016.0, 1.0]]
    path = ods(tmp_path / "a.ods", "户", rows)
    merged = (
        '<table:table-row><table:table-cell table:number-columns-spanned="4" office:value-type="string"><text:p>某县户表'
        '</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="3"/></table:table-row>'
    )
    village = '<table:table-cell table:number-rows-spanned="3" office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    body = "".join(
        f"<table:table-row>{first}{text.format(f'00{k}')}{number.format(2016)}{number.format(100 * k)}</table:table-row>"
        for k, first in enumerate(
            [
                village.format("甲"),
                "<table:covered-table-cell/>",
                "<table:covered-table-cell/>",
                text.format("乙"),
            ],
            1,
        )
    )
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n).decode() for n in archive.namelist()}
    head, *_, tail = parts["content.xml"].split("<table:table-row>")
    header = "".join(text.format(c) for c in rows[1])
    end = tail[tail.index("</table:table>") :]
    parts["content.xml"] = f"{head}{merged}<table:table-row>{header}</table:table-row>{body}{end}"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    raw = read(path)
    assert raw.frame[["village_name", "household", "income_pc"]].to_numpy().tolist() == [
        ["甲", "001", "100"], ["甲", "002", "200"], ["甲", "003", "300"], ["乙", "004", "400"],
    ]  # fmt: skip
    note = "merged cells: 2 cells of village_name filled downwards in 1 ranges (first: rows 3-5)"
    assert note in raw.files.loc[0, "notes"]


def test_sas_transport(tmp_path: Path) -> None:
    import pyreadstat

    frame = pd.DataFrame({"HID": ["007", "008"], "YR": [2016.0, 2017.0], "Y": [0.1, np.nan]})
    pyreadstat.write_xport(frame, str(tmp_path / "a.xpt"), file_format_version=8)
    source = TableSource(files=("a.xpt",), columns={"household": "HID", "wave": "YR"}, keep=("Y",))
    raw = read(tmp_path / "a.xpt", source=source)
    assert raw.frame[["household", "wave"]].to_numpy().tolist() == [["007", "2016"], ["008", "2017"]]
    assert float(raw.frame["Y"][0]) == 0.1
    assert raw.files.loc[0, "encoding"] == "xpt"


@pytest.mark.r
def test_a_sas_data_set(tmp_path: Path, run_r: Callable[..., None]) -> None:
    """Written by R's haven; its own example data set is read as well."""
    pd.DataFrame({"hid": ["007", "008", "009"], "yr": [2016, 2017, 2017], "y": [0.1, np.nan, -3.25], "v": ["甲", "", "乙村"]}).to_csv(
        tmp_path / "in.csv", index=False
    )  # fmt: skip
    script = """
    library(haven)
    d <- read.csv("in.csv", colClasses = c("character", "numeric", "numeric", "character"), encoding = "UTF-8")
    suppressWarnings(write_sas(d, "a.sas7bdat"))
    file.copy(system.file("examples", "iris.sas7bdat", package = "haven"), "iris.sas7bdat")
    write.csv(read_sas("iris.sas7bdat"), "iris.csv", row.names = FALSE)
    """
    run_r(tmp_path, "-e", script)
    source = TableSource(
        files=("a.sas7bdat",), columns={"household": "hid", "wave": "yr", "village_name": "v"}, keep=("y",)
    )
    raw = read(tmp_path / "a.sas7bdat", source=source)
    keys = raw.frame[["household", "wave", "village_name"]].fillna("").to_numpy().tolist()
    assert keys == [["007", "2016", "甲"], ["008", "2017", ""], ["009", "2017", "乙村"]]
    assert pd.to_numeric(raw.frame["y"]).tolist() == pytest.approx([0.1, np.nan, -3.25], nan_ok=True)
    assert raw.files.loc[0, "encoding"] == "sas7bdat"
    wide = TableSource(
        files=("iris.sas7bdat",),
        columns={"household": "Species", "wave": "Petal_Width"},
        keep=("Sepal_Length",),
    )
    iris = read(tmp_path / "iris.sas7bdat", source=wide).frame
    in_r = pd.read_csv(tmp_path / "iris.csv")
    assert len(iris) == len(in_r) == 150
    assert pd.to_numeric(iris["Sepal_Length"]).tolist() == in_r["Sepal_Length"].tolist()
    assert iris["household"].tolist() == in_r["Species"].tolist()


@pytest.mark.parametrize("name", ["a.sas7bdat", "a.xpt", "a.ods", "a.xls"])
def test_damaged_files_of_other_types(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01" * 900)
    with pytest.raises(DataError) as error:
        read(tmp_path / name)
    assert name in str(error.value)
    assert "export it again" in str(error.value)


def test_values_that_a_file_declares_missing_are_in_the_ledger(tmp_path: Path) -> None:
    import pyreadstat

    frame = pd.DataFrame(
        {
            "county": ["990602"] * 5,
            "household": ["1", "2", "3", "4", "5"],
            "wave": [2016.0] * 5,
            "size": [2.0, 3.0, 97.0, 4.0, 1.0],
            "income_pc": [3000.5, -9.0, -8.0, np.nan, 2000.0],
            "status": ["已脱贫", "XX", "已脱贫", "已脱贫", "已脱贫"],
        }
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "a.sav"),
        missing_ranges={
            "income_pc": [{"lo": -9, "hi": -8}],
            "status": ["XX"],
            "size": [{"lo": 90, "hi": 99}],
        },
        variable_value_labels={"income_pc": {-9: "refused", 1: "?"}},
    )
    coded = frame.assign(
        income_pc=[3000.5, "a", "b", np.nan, 2000.0],
        household=["6", "7", "8", "9", "10"],
        size=2.0,
        status="已脱贫",
    )
    pyreadstat.write_dta(
        coded,
        str(tmp_path / "b.dta"),
        missing_user_values={"income_pc": ["a", "b"]},
        variable_value_labels={"income_pc": {"a": "refused"}},
    )
    (tmp_path / "c.csv").write_text(
        "county,household,wave,size,income_pc,status\n990602,11,2016,2,-9,已脱贫\n"
    )
    result = clean(tmp_path, plan_for(files=["*"]))
    entries = result.ledger.of_table("household").cells()
    mine = entries.loc[entries["rule"] == "T11", ["file", "row", "column", "old", "new"]].fillna("")
    assert sorted(mine.to_numpy().tolist()) == [
        ["a.sav", 2, "income_pc", "-9 ⟨missing: refused⟩", ""],
        ["a.sav", 2, "status", "XX ⟨missing⟩", ""],
        ["a.sav", 3, "income_pc", "-8 ⟨missing⟩", ""],
        ["a.sav", 3, "size", "97 ⟨missing⟩", ""],
        ["b.dta", 2, "income_pc", ".a ⟨missing: refused⟩", ""],
        ["b.dta", 3, "income_pc", ".b ⟨missing⟩", ""],
    ]
    known = result.frame.set_index("household")["income_pc"].dropna().to_dict()
    assert known == {"1": 3000.5, "5": 2000.0, "6": 3000.5, "10": 2000.0, "11": -9.0}
    assert len(result.quarantine) == 1  # household 3 has no size
    pd.testing.assert_frame_equal(rebuild(result.raw, result.ledger, result.plan)["household"], result.frame)


def test_an_id_that_a_file_declares_missing_is_none(tmp_path: Path) -> None:
    import pyreadstat

    frame = pd.DataFrame(
        {"ea": [1.0, 2.0], "hh": [7.0, -9.0], "yr": [2016.0] * 2, "c": [99.0, -9.0], "y": [1.0, -9.0]}
    )
    missing = {"hh": [-9], "c": [-9], "y": [-9]}
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), missing_ranges=missing)
    columns = {"household": ["ea", "hh"], "wave": "yr", "county": "c"}
    raw = read_all(plan_for(columns=columns, keep=["y"]), tmp_path / "a.sav")["household"]
    assert raw.frame["household"].fillna("").tolist() == ["1-7", ""]
    assert raw.mapping.set_index("field").loc["y", "kind"] == "number"
    assert set(split_by_county(read_all(plan_for(columns=columns), tmp_path / "a.sav"))) == {"99", ""}


def test_an_archive_is_read_in_order_of_names(tmp_path: Path) -> None:
    import pyreadstat

    pyreadstat.write_dta(pd.DataFrame({"hid": ["9"], "yr": [2018.0]}), str(tmp_path / "c.dta"))
    workbook(tmp_path / "b.xlsx", {"2017": [["hid", "yr"], ["2", 2017]]})
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "c.dta", "z/c.dta")
        archive.write(tmp_path / "b.xlsx", "b.xlsx")
        archive.writestr("a.csv", b"hid,yr\n1,2016\n")
        archive.writestr("~$b.xlsx", b"lock")
        archive.writestr("__MACOSX/._a.csv", b"mac")
        archive.writestr("readme.pdf", b"pdf")
    source = TableSource(files=("all.zip",), columns={"household": "hid", "wave": "yr"})
    raw = read(tmp_path / "all.zip", source=source)
    assert raw.frame[["_file", "household", "wave"]].to_numpy().tolist() == [
        ["all.zip/a.csv", "1", "2016"],
        ["all.zip/b.xlsx", "2", "2017"],
        ["all.zip/z/c.dta", "9", "2018"],
    ]
    blocks = combined(list(read_blocks(tmp_path / "all.zip", source=source, rows=1)))
    pd.testing.assert_frame_equal(blocks.frame, raw.frame)
    assert look_for(tmp_path, source, "household").passed_over == (
        "all.zip/__MACOSX/._a.csv",
        "all.zip/readme.pdf",
        "all.zip/~$b.xlsx",
    )


def test_member_names_packed_by_chinese_windows(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x.csv")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, f"{HEADER}\n{ROWS}".encode("gb18030"))
    packed = (tmp_path / "a.zip").read_bytes()
    name = "户.csv".encode("gbk")  # 6 bytes, as many as the name it replaces needs
    (tmp_path / "a.zip").write_bytes(_renamed(packed, b"x.csv", name))
    assert read(tmp_path / "a.zip").frame["_file"].unique().tolist() == ["a.zip/户.csv"]


def _renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """Put another name into the local and central header of an archive with one member."""
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    more = len(new) - len(old)

    def header(block: bytes, at: int) -> bytes:
        return block[:at] + len(new).to_bytes(2, "little") + block[at + 2 :].replace(old, new, 1)

    tail = data[end:]
    size = int.from_bytes(tail[12:16], "little") + more
    offset = int.from_bytes(tail[16:20], "little") + more
    tail = tail[:12] + size.to_bytes(4, "little") + offset.to_bytes(4, "little") + tail[20:]
    return header(data[local:central], 26) + header(data[central:end], 28) + tail


# ---- folders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["2016-2017", "2016-2017/**", "**", "2016*"])
def test_a_folder_is_all_tables_below_it(tmp_path: Path, entry: str) -> None:
    for county, year, header in (
        ("990602", 2016, "户编号,年度,人均纯收入"),
        ("990621", 2017, "户编号,年度,家庭人口数,人均可支配收入,村民小组"),
    ):
        folder = tmp_path / "2016-2017" / county
        folder.mkdir(parents=True)
        width = header.count(",") - 1
        (folder / f"{year}.csv").write_text(f"{header}\n1,{year}{',5' * width}\n", encoding="utf-8")
    (tmp_path / "2016-2017" / "说明.docx").write_bytes(b"x")
    (tmp_path / "2016-2017" / "~$a.xlsx").write_bytes(b"x")
    plan = plan_for(files=[entry], county_from="file")
    raw = read_all(plan, tmp_path)["household"]
    assert raw.frame["county"].tolist() == ["990602", "990621"]
    assert raw.frame[["income_pc", "size", "group"]].fillna("").to_numpy().tolist() == [
        ["5", "", ""],
        ["5", "5", "5"],
    ]
    found = look_for(tmp_path, plan.data.household, "household")
    assert found.passed_over == ("2016-2017/~$a.xlsx", "2016-2017/说明.docx")
    by_file = raw.mapping.groupby("file")["header"].agg(list)
    assert "人均可支配收入" in by_file["2016-2017/990621/2017.csv"]
    assert "人均可支配收入" not in by_file["2016-2017/990602/2016.csv"]


def test_files_passed_over_are_told_by_the_plan(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROWS}", encoding="utf-8")
    (tmp_path / "b.docx").write_bytes(b"x")
    plan = plan_for()
    assert passed_over(
        plan.model_copy(update={"data": plan.data.model_copy(update={"raw": str(tmp_path)})})
    ) == {"household": ("b.docx",)}


@pytest.mark.parametrize("entry", ["../b.csv", "/etc/passwd", "C:/a.csv", "a/../../b.csv", "..\\b.csv", " "])
def test_files_outside_the_raw_folder_are_refused(tmp_path: Path, entry: str) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "b.csv").write_text(HEADER, encoding="utf-8")
    with pytest.raises(DataError, match="no name below the folder of raw files"):
        find_files(tmp_path / "raw", TableSource(files=(entry,)), "household")


# ---- waves and counties from names; sheets ---------------------------------------------------------------


def test_wave_and_county_come_from_names_only_when_the_plan_asks(tmp_path: Path) -> None:
    head = ["户编号", "人均纯收入"]
    workbook(tmp_path / "990602甲县.xlsx", {"2016年": [head, ["1", 5]], "2017年": [head, ["1", 6]]})
    unasked = read(tmp_path / "990602甲县.xlsx")
    assert "wave" not in unasked.fields
    assert "county" not in unasked.fields
    assert "state wave_from: sheet" in unasked.files.loc[0, "notes"]
    source = TableSource(files=("*",), wave_from="sheet", county_from="file")
    raw = read(tmp_path / "990602甲县.xlsx", source=source)
    assert raw.frame[["county", "wave", "income_pc"]].to_numpy().tolist() == [
        ["990602", "2016", "5"],
        ["990602", "2017", "6"],
    ]
    named = raw.mapping[raw.mapping["how"] == "name"]
    assert named[["header", "field"]].drop_duplicates().to_numpy().tolist() == [
        ["(sheet name)", "wave"],
        ["(file name)", "county"],
    ]
    assert "state wave_from" not in raw.files.loc[0, "notes"]


def test_a_county_by_its_name_and_a_column_that_comes_first(tmp_path: Path) -> None:
    workbook(
        tmp_path / "a.xlsx",
        {
            "某市甲县": [["户编号", "年度"], ["1", 2016]],
            "乙县": [["县", "户编号", "年度"], ["丙县", "2", 2016]],
        },
    )
    raw = read(tmp_path / "a.xlsx", source=TableSource(files=("*",), county_from="sheet"))
    assert raw.frame["county_name"].tolist() == ["甲县", "丙县"]


@pytest.mark.parametrize(
    ("sheet", "part", "words"),
    [
        ("户表", "sheet", "no a year of four digits"),
        ("2014-2016", "sheet", "holds several of wave: 2014, 2016"),
        ("户表", "file", "no a year of four digits"),
    ],
)
def test_names_without_one_wave_are_refused(tmp_path: Path, sheet: str, part: str, words: str) -> None:
    workbook(tmp_path / "a.xlsx", {sheet: [["户编号", "人均纯收入"], ["1", 5]]})
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.xlsx", source=TableSource(files=("*",), wave_from=part))
    assert words.replace("no a", "there is no a") in str(error.value)
    assert "wave: {file or pattern: year}" in str(error.value)


def test_settings_by_sheet(tmp_path: Path) -> None:
    head = ["户编号", "纯收入"]
    workbook(
        tmp_path / "a.xlsx", {"去年": [head, ["1", 5]], "今年": [head, ["1", 0.6]], "说明": [["填写说明"]]}
    )
    source = TableSource(
        files=("a.xlsx",),
        wave={"a.xlsx/去年": 2016, "a.xlsx/今年": 2017},
        money_unit={"a.xlsx/今年": "wan"},
    )
    raw = read(tmp_path / "a.xlsx", source=source)
    assert raw.frame["wave"].tolist() == ["2016", "2017"]
    assert raw.mapping.loc[raw.mapping["field"] == "income_net", "unit"].tolist() == ["one", "wan"]
    plan = plan_for(**source.model_dump())
    assert read_all(plan, tmp_path)["household"].frame["wave"].tolist() == ["2016", "2017"]
    wrong = plan_for(files=["a.xlsx"], money_unit={"a.xlsx/前年": "wan"})
    with pytest.raises(DataError, match=r"money_unit names 'a.xlsx/前年', which fits none"):
        read_all(wrong, tmp_path)


# ---- headers ---------------------------------------------------------------------------------------------


def test_two_levels_of_header_in_row_four_with_titles(tmp_path: Path) -> None:
    rows = [
        ["某县建档立卡户信息表"],
        ["填报单位：某局"],
        ["户编号", "年度", "收入（元）", None, None, "住房", None],
        [None, None, "工资性收入", "转移性收入", "说明", "是否危房户", "住房面积"],
        ["001", 2016, 5000, 800, "甲", "否", 80],
    ]
    raw = read(workbook(tmp_path / "a.xlsx", {"S": rows}))
    assert raw.fields == [
        "household",
        "wave",
        "wage_income",
        "transfer_income",
        "说明",
        "unsafe_housing",
        "housing_area",
    ]
    assert raw.frame["_row"].tolist() == [5]
    assert raw.files.loc[0, "header_row"] == 4


WIDE = [
    [
        "户编号",
        "行政村",
        "2014年人均纯收入（元）",
        "2015年人均纯收入（元）",
        "2014年家庭人口数",
        "2015年家庭人口数",
    ],
    ["001", "甲村", "2500", "2900", "4", "5"],
]
WIDE_LAYOUT = {"kind": "wide", "position": "prefix", "separator": "年", "waves": {"2014": 2014, "2015": 2015}}
LONG = [["001", "2014", "2500", "4"], ["001", "2015", "2900", "5"]]


def test_years_in_headers_are_proposed_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(",".join(r) for r in WIDE), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.csv")
    assert "4 columns have a year in their names (2014年人均纯收入（元）, " in str(error.value)
    line = 'layout: {kind: wide, position: prefix, separator: "年", waves: {"2014": 2014, "2015": 2015}}'
    assert line in str(error.value)
    raw = read(tmp_path / "a.csv", source=TableSource(files=("a.csv",), layout=WIDE_LAYOUT))
    assert raw.frame[["household", "wave", "income_pc", "size"]].to_numpy().tolist() == LONG
    assert raw.frame["village_name"].tolist() == ["甲村", "甲村"]
    units = raw.mapping.set_index("header")["unit"]
    assert units["2014年人均纯收入（元）"] == "one"


def test_years_in_headers_beside_known_ones_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "县代码,户编号,行政村,耕地面积_2014,耕地面积_2015\n990602,1,甲,2,3\n", encoding="utf-8"
    )
    raw = read(tmp_path / "a.csv")
    assert 'separator: "_", waves: {"2014": 2014, "2015": 2015}' in raw.files.loc[0, "notes"]
    assert raw.taken("unrecognised") == ["耕地面积_2014", "耕地面积_2015"]


def test_years_above_groups_of_headers(tmp_path: Path) -> None:
    rows = [
        ["户编号", "行政村", "2014年", None, "2015年", None],
        [None, None, "人均纯收入（元）", "家庭人口数", "人均纯收入（元）", "家庭人口数"],
        ["001", "甲村", 2500, 4, 2900, 5],
    ]
    path = workbook(tmp_path / "a.xlsx", {"S": rows})
    raw = read(path, source=TableSource(files=("a.xlsx",), layout=WIDE_LAYOUT))
    assert raw.frame[["household", "wave", "income_pc", "size"]].to_numpy().tolist() == LONG
    assert raw.frame["_row"].tolist() == [3, 3]


def test_encodings_and_delimiters_differ_by_file(tmp_path: Path) -> None:
    for i, (encoding, delimiter, name) in enumerate(
        [
            ("utf-8-sig", ",", "a.csv"),
            ("gb18030", ";", "b.csv"),
            ("utf-16", "\t", "c.txt"),
            ("gbk", "|", "d.txt"),
        ]
    ):
        rows = [f'99060{i},{i},2016,4,"3\n0"', f"99060{i},{i},2017,4,31"]
        text = "\n".join([HEADER, *rows]).replace(",", delimiter)
        (tmp_path / name).write_bytes(text.encode(encoding))
    raw = read(sorted(tmp_path.iterdir()))
    assert raw.files["encoding"].tolist() == ["utf-8-sig", "gb18030", "utf-16", "gb18030"]
    assert raw.frame["household"].tolist() == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert raw.frame["income_pc"].tolist() == ["3\n0", "31"] * 4
    assert raw.frame["_row"].tolist() == [2, 3] * 4


# ---- units -----------------------------------------------------------------------------------------------


def sheets_of_amounts(factor: float) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    for file, scale in (("2015.csv", 1.0), ("2016.csv", factor), ("2017.csv", 1.0)):
        for village, level in (("甲村", 2_000.0), ("乙村", 6_000.0)):
            for amount in level * rng.uniform(0.6, 1.5, 15):
                rows.append((file, village, f"{amount * scale:.6g}"))
    return pd.DataFrame(rows, columns=["file", "行政村", "纯收入"])


def written(tmp_path: Path, frame: pd.DataFrame) -> list[Path]:
    for file, part in frame.groupby("file"):
        part = part.drop(columns="file").assign(户编号=range(len(part)), 年度=str(file)[:4])
        part.to_csv(tmp_path / str(file), index=False)
    return sorted(tmp_path.glob("*.csv"))


def test_a_sheet_in_ten_thousands_is_doubted_and_not_converted(tmp_path: Path) -> None:
    paths = written(tmp_path, sheets_of_amounts(1e-4))
    raw = read(paths)
    assert set(raw.mapping["unit"]) == {"", "one"}
    (doubt,) = unit_doubts(raw)
    assert (doubt.file, doubt.field, doubt.looks_like, doubt.places) == ("2016.csv", "income_net", "wan", 2)
    notes = raw.files.set_index("file")["notes"]
    assert 'State money_unit: {"2016.csv": wan} if so, {"2016.csv": one} if not' in notes["2016.csv"]
    assert notes["2015.csv"] == notes["2017.csv"] == ""
    for unit in ("wan", "one"):  # either answer is the end of it
        source = TableSource(files=("*.csv",), money_unit={"2016.csv": unit})
        assert unit_doubts(read(paths, source=source), source) == ()


@pytest.mark.parametrize("factor", [1.0, 0.004, 250.0, 1e-6])
def test_growth_and_other_powers_are_no_doubt(tmp_path: Path, factor: float) -> None:
    assert unit_doubts(read(written(tmp_path, sheets_of_amounts(factor)))) == ()


def test_a_title_in_ten_thousands_above_single_units_is_doubted(tmp_path: Path) -> None:
    paths = written(tmp_path, sheets_of_amounts(1.0))
    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text("单位：万元\n" + text, encoding="utf-8")
    (doubt,) = unit_doubts(read(paths))
    assert (doubt.file, doubt.read_as, doubt.looks_like) == ("2016.csv", "wan", "one")


# ---- spreadsheet damage ----------------------------------------------------------------------------------


def test_damage_of_spreadsheets_is_listed() -> None:
    ids = [f"99060119800101{i:04d}" for i in range(1, 31)]
    damaged = [i[:15] + "000" for i in ids[:10]]
    frame = pd.DataFrame(
        {
            "人编号": [f"{i}.0" if i < 3 else str(i) for i in range(40)],
            "户编号": ["5.22633E+17", *[str(i) for i in range(39)]],
            "证件号码": damaged + ids,
            "县代码": ["10203"] + ["010203"] * 39,
            "变动时间": ["42430", *["201603"] * 39],
            "出生日期": ["29221", *["19800101"] * 39],
        }
    )
    found = spreadsheet_damage(from_frame(frame, table="member"))
    assert found[["field", "kind", "cells", "of", "first_row"]].to_numpy().tolist() == [
        ["person", "decimal", 3, 40, 1],
        ["household", "scientific", 1, 40, 1],
        ["id_number", "rounded", 10, 40, 1],
        ["county", "short", 1, 40, 1],
        ["change_month", "serial", 1, 40, 1],
        ["birth_date", "serial", 1, 40, 1],
    ]


def test_sound_ids_and_dates_show_no_damage() -> None:
    frame = pd.DataFrame(
        {
            "人编号": [str(i) for i in range(1, 201)],
            "户编号": [str(i) for i in range(900, 1100)],
            "证件号码": [f"99060119800101{i:03d}0" for i in range(200)],
            "变动时间": ["201603"] * 200,
        }
    )
    assert spreadsheet_damage(from_frame(frame, table="member")).empty


# ---- some members of an archive, all faults at once ---------------------------------------------------------


def archive_of(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "e.zip", "w") as archive:
        for wave in (2015, 2016, 2017):
            archive.writestr(f"{wave}/户表.csv", f"{HEADER}\n990602,001,{wave},4,3000\n")
        archive.writestr("人员/2016.csv", "县代码,户编号,姓名\n990602,001,某\n")
    return folder


@pytest.mark.parametrize(
    ("files", "waves"),
    [
        (["e.zip/2015/*", "*.zip/2017/户表.csv"], ["2015", "2017"]),
        (["e.zip/201[56]/*"], ["2015", "2016"]),
        (["E.ZIP/2016/*.csv", "e.zip/2016/*.csv"], ["2016"]),
    ],
)
def test_members_of_an_archive_are_picked(tmp_path: Path, files: list[str], waves: list[str]) -> None:
    folder = archive_of(tmp_path / "raw")
    if files[0].startswith("E"):
        (folder / "e.zip").rename(folder / "E.ZIP")
        files = files[:1]
    raw = read_all(plan_for(files=files), folder)
    assert raw["household"].frame["wave"].tolist() == waves
    assert raw["household"].files["file"].str.endswith("户表.csv").all()


def test_two_tables_of_one_archive(tmp_path: Path) -> None:
    folder = archive_of(tmp_path / "raw")
    plan = Plan(
        title="t",
        data={"household": {"files": ["e.zip/20*"]}, "member": {"files": ["e.zip/人员/*"]}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
    )
    raw = read_all(plan, folder)
    assert (len(raw["household"]), len(raw["member"])) == (3, 1)


def test_a_pattern_without_members_lists_what_the_archive_holds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no member matches 'e\.zip/2018\*'.*holds: 2015/户表\.csv"):
        read_all(plan_for(files=["e.zip/2018*"]), archive_of(tmp_path / "raw"))
    with pytest.raises(DataError, match=r"no file matches 'f\.zip/2018\*'"):
        read_all(plan_for(files=["f.zip/2018*"]), tmp_path / "raw")


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "a.csv").write_text(f"{HEADER}\n{ROWS}")
    (raw / "b.csv").write_bytes(b"")
    (raw / "c.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (raw / "d.csv").write_text("x,y\n1,2\n")
    plan = plan_for().at(tmp_path)
    for run in (lambda: list(check_lines(plan)), lambda: build(plan)):
        with pytest.raises(DataError) as caught:
            run()
        assert "3 files cannot be read" in str(caught.value)
        for part in (
            "b.csv is empty",
            "c.xlsx cannot be opened",
            "no header row of a household table",
            "d.csv",
        ):
            assert part in str(caught.value)
    (raw / "c.xlsx").unlink()
    (raw / "d.csv").unlink()
    with pytest.raises(DataError, match=r"^b\.csv is empty"):
        build(plan)
    assert not (tmp_path / "data" / "processed").exists()


def test_a_file_without_welfare_and_odd_county_codes_are_problems(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROWS}990603,1,2016,1,2000\n99060,3,2016,1,2000\n")
    (tmp_path / "b.csv").write_text("县代码,户编号,年度,家庭人口数,年人均可用\n990602,001,2017,4,3000\n")
    result = clean(tmp_path, plan_for(files=["*"]))
    said = list(problems(result, result.open_cases.iloc[:0]))
    assert any(s.startswith("1 file has no income_pc in any row: b.csv (1 rows)") for s in said)
    assert any(s.startswith("1 county code is no six digits, as 2 others are: '99060'") for s in said)
    assert result.ledger.entries.query("rule == 'A11'")["household"].tolist() == ["3"]
