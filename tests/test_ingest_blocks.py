"""Blocks of rows: together they are what `read` gives, whatever their size and wherever bytes are cut."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from evalkit.errors import DataError
from evalkit.ingest import about_blocks, combined, read, read_blocks, records, sources
from evalkit.ingest.records import record_ends, segments
from evalkit.plan import TableSource

HEADER = "县代码,户编号,年度,家庭人口数,人均纯收入（元）"


def same(one: object, two: object) -> None:
    pd.testing.assert_frame_equal(one.frame, two.frame)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(one.mapping, two.mapping)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(one.files, two.files)  # type: ignore[attr-defined]


def lines_of(n: int) -> list[str]:
    return [f"990602,{i:04d},{2014 + i % 7},{i % 5 + 1},{1000 + i}.5" for i in range(n)]


@pytest.fixture
def tiny_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files five bytes at a time, so that characters, quotes and line ends are cut everywhere."""
    monkeypatch.setattr(sources, "PIECE", 5)


@pytest.mark.parametrize("rows", [1, 3, 10, 11, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_blocks_of_a_text_file_are_its_rows(
    tmp_path: Path, tiny_pieces: None, rows: int, encoding: str
) -> None:
    text = "一县户表\r\n" + "\r\n".join([HEADER, *lines_of(11)]) + "\r\n"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    blocks = list(read_blocks(tmp_path / "a.csv", rows=rows))
    assert [len(b) for b in blocks] == [min(rows, 11 - i) for i in range(0, 11, rows)]
    same(combined(blocks), read(tmp_path / "a.csv"))
    assert combined(blocks).frame["_row"].tolist() == list(range(3, 14))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_quoted_line_ends_ragged_rows_and_cells_beyond_the_header(
    tmp_path: Path, tiny_pieces: None, rows: int
) -> None:
    body = [
        '990602,1,2016,"4\n人",3000',
        "990602,2,2016,3,2500,说明",
        "",
        '990602,3,2016,2,"1,000"',
        "990602,4,2016",
        '990602,5,2016,3" 管,9,,又一',
        "990602,6,2016,1,8",
    ]
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *body]), encoding="utf-8")
    raw = read(tmp_path / "a.csv")
    assert raw.frame["size"].fillna("").tolist() == ["4\n人", "3", "", "2", "", '3" 管', "1"]
    assert raw.frame["(column 6)"].fillna("").tolist() == ["", "说明", "", "", "", "", ""]
    assert raw.frame["(column 7)"].fillna("").tolist() == ["", "", "", "", "", "又一", ""]
    assert raw.frame["_row"].tolist() == [2, 3, 4, 5, 6, 7, 8]
    same(combined(list(read_blocks(tmp_path / "a.csv", rows=rows))), raw)


def test_kinds_are_found_over_all_blocks_and_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("hid,yr,y,z\n1,2016,5,1\n2,2016,6,1\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("hid,yr,y,z\n1,2017,5,1\n2,2017,six,1\n", encoding="utf-8")
    source = TableSource(files=("*.csv",), columns={"household": "hid", "wave": "yr"}, keep=("y", "z"))
    paths = [tmp_path / "b.csv", tmp_path / "a.csv"]
    blocks = list(read_blocks(paths, source=source, rows=1))
    assert [b.mapping.set_index("field")["kind"]["y"] for b in blocks] == [
        "number",
        "number",
        "number",
        "text",
    ]
    about = about_blocks(blocks)
    assert len(about.frame) == 0
    assert about.mapping.groupby("field")["kind"].unique().map(list)[["y", "z"]].tolist() == [
        ["text"],
        ["number"],
    ]
    assert about.files["rows"].tolist() == [2, 2]
    same(combined(blocks), read(paths, source=source))
    assert read(paths, source=source).taken("plan") == ["household", "wave", "y", "z"]


def test_files_whose_columns_differ_have_the_union(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("户编号,年度,人均纯收入\n1,2016,5\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("户编号,年度,家庭人口数,人均可支配收入\n1,2017,4,6\n", encoding="utf-8")
    raw = read([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert raw.fields == ["household", "wave", "income_pc", "size"]
    assert raw.frame["size"].fillna("").tolist() == ["", "4"]
    blocks = list(read_blocks([tmp_path / "a.csv", tmp_path / "b.csv"], rows=1))
    same(combined(blocks), raw)
    part = about_blocks(blocks).with_frame(blocks[0].frame.reindex(columns=raw.frame.columns))
    assert part.frame.columns.tolist() == raw.frame.columns.tolist()


def test_workbooks_typed_and_wide_files(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for year in (2016, 2017):
        sheet = book.create_sheet(str(year))
        for row in [["户编号", "年度", "人均纯收入"], *[[f"{i:03d}", year, 100.0 * i] for i in range(7)]]:
            sheet.append(row)
    book.create_sheet("说明").append(["填写说明"])
    book.save(tmp_path / "a.xlsx")
    frame = pd.DataFrame(
        {"hid": [f"{i:03d}" for i in range(7)], "y_a": np.arange(7) / 3, "y_b": np.arange(7) * 2.0}
    )
    frame.to_parquet(tmp_path / "w.parquet")
    frame.to_csv(tmp_path / "w.csv", index=False)
    import pyreadstat

    pyreadstat.write_dta(frame, str(tmp_path / "w.dta"))
    wide = TableSource(
        files=("w.*",),
        columns={"household": "hid"},
        keep=("y",),
        layout={"kind": "wide", "waves": {"a": 2010, "b": 2012}},
    )
    for name, source in (("a.xlsx", None), ("w.parquet", wide), ("w.csv", wide), ("w.dta", wide)):
        whole = read(tmp_path / name, source=source)
        for rows in (1, 3, 7, 100):
            blocks = list(read_blocks(tmp_path / name, source=source, rows=rows))
            assert max(int(b.files["rows"].sum()) for b in blocks) == min(rows, 7)
            same(combined(blocks), whole)
    assert read(tmp_path / "a.xlsx").files["rows"].tolist() == [7, 7, 0]
    assert len(read(tmp_path / "w.dta", source=wide)) == 14


def test_whole_numbers_of_parquet_keep_their_digits_beside_missing_cells(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    ids = pa.array([522633201905010017, None, 522633201905010033], pa.int64())
    parquet.write_table(pa.table({"hid": ids, "yr": [2016, 2016, 2017]}), tmp_path / "a.parquet")
    source = TableSource(files=("a.parquet",), columns={"household": "hid", "wave": "yr"})
    raw = read(tmp_path / "a.parquet", source=source)
    assert raw.frame["household"].fillna("").tolist() == ["522633201905010017", "", "522633201905010033"]
    same(combined(list(read_blocks(tmp_path / "a.parquet", source=source, rows=1))), raw)


def test_a_header_without_rows_is_a_block_without_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "\n", encoding="utf-8")
    blocks = list(read_blocks(tmp_path / "a.csv", rows=5))
    assert [len(b) for b in blocks] == [0]
    assert combined(blocks).fields == ["county", "household", "wave", "size", "income_pc"]


CELLS = st.text(st.sampled_from('a1,"\n\r 户'), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8), st.integers(1, 4))
def test_records_written_by_the_csv_module_are_cut_where_it_ends_them(
    rows: list[list[str]], at_once: int
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    data = out.getvalue().encode("utf-8")
    pieces = [data[i : i + 3] for i in range(0, len(data), 3)]
    parts = list(segments(pieces, ",", at_once, "a.csv"))
    assert b"".join(parts) == data
    again = [row for p in parts for row in csv.reader(io.StringIO(p.decode(), newline=""))]
    assert again == list(csv.reader(io.StringIO(data.decode(), newline="")))


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('a,"\n'), max_size=40))
def test_record_ends_agree_with_the_csv_module_on_any_text(text: str) -> None:
    data = text.encode()
    reader = csv.reader(records.lines([data], used := [0]))
    ends = {used[0] for _ in reader}
    found = record_ends(data, ",").tolist()
    assert set(found) <= ends
    missed = [e for e in ends if e < len(data) and e not in found]
    assert missed in ([], [data.rfind(b"\n") + 1])  # a mark in the wrong place: the last one is not sure


def test_a_row_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST", 10_000)
    monkeypatch.setattr(sources, "PIECE", 1_000)
    text = HEADER + '\n990602,1,2016,4,"' + "x\n" * 20_000 + '"\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="a row does not end within"):
        list(read_blocks(tmp_path / "a.csv", rows=100))
