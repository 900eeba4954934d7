"""The export of the synthetic registry: messy, labelled, and every piece of damage on record."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evalkit import schema, simulate
from evalkit.errors import DataError
from evalkit.simulate.export import LABEL, README, as_text
from evalkit.simulate.mess import CONFLICTS, DUPLICATES, HOUSEHOLD_KINDS


@pytest.fixture(scope="module")
def made():
    return simulate.registry(scale=0.1)


@pytest.fixture(scope="module")
def export(made, tmp_path_factory):
    return simulate.write_export(made, tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def written(export):
    """Return the rows of every table written, by file name."""
    return {path.name: read_rows(path) for path in export.files if path.name != README}


def read_rows(path: Path) -> list[list[str]]:
    """Read a file the slow way: csv or openpyxl, every cell text."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return [
            ["" if cell is None else str(cell) for cell in row]
            for row in book.active.iter_rows(values_only=True)
        ]
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "gb18030")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_export_is_the_same_bytes(made, export, tmp_path):
    again = simulate.write_export(made, tmp_path)
    assert [p.name for p in again.files] == [p.name for p in export.files]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(again.files, export.files, strict=True))
    pd.testing.assert_frame_equal(again.injections, export.injections)


def test_every_file_says_it_is_synthetic(export, written):
    assert all(rows[0][0].startswith(LABEL) for rows in written.values())
    assert export.files[-1].name == README
    assert "合成示例数据" in export.files[-1].read_text("utf-8")


def test_encodings_and_units_vary(export, written):
    raw = [p.read_bytes() for p in export.files if p.name.startswith("户信息_")]
    assert sum(r.startswith(b"PK") for r in raw) == 3
    assert sum(r.startswith(b"\xef\xbb\xbf") for r in raw) == 3
    heads = ["".join("".join(row) for row in rows[:5]) for name, rows in written.items() if "户信息_" in name]
    assert sum("（万元）" in text for text in heads) == 1
    assert sum("单位：万元" in text for text in heads) == 1


def header_line(rows: list[list[str]]) -> int:
    """Return the position of the header: the first row with more than one cell filled."""
    return next(k for k, row in enumerate(rows) if sum(bool(cell) for cell in row) > 1)


def test_headers_are_known_to_the_codebook(written):
    known = {"".join(h.split()) for f in schema.FIELDS for h in f.headers}
    for name, rows in written.items():
        header = rows[header_line(rows)]
        bare = ["".join(h.split()).removesuffix("（元）").removesuffix("（万元）") for h in header]
        assert set(bare) <= known, name
        assert len(set(bare)) == len(bare), name


def test_undoing_the_injections_gives_the_clean_table_back(made, export, written):
    """Put the true text back and drop the extra rows: nothing else was changed."""
    sources = {"成员信息.csv": made.members, "帮扶措施.csv": made.programs, "行政村信息.xlsx": made.villages}
    sources |= {"第三方抽查.xlsx": made.survey, "县级人口.xlsx": made.totals}
    sources |= {"各级上报数.csv": made.stated}
    sources |= {"第三方回访.xlsx": made.revisits, "疑似问题台账.xlsx": made.cases}
    for position, name in enumerate(made.totals["county_name"]):
        suffix = "xlsx" if position % 4 == 3 else "csv"
        sources[f"户信息_{name}.{suffix}"] = made.households.query("county_name == @name")
    assert {p.name for p in export.files} == {*sources, README}
    extra = {"duplicate_row", "conflicting_duplicate", "blank_line", "totals_row", "signature_row"}
    for name, original in written.items():
        rows = [list(row) for row in original]
        found = export.injections[export.injections["file"] == name]
        titles = header_line(rows)
        unit = 10_000 if "万元" in "".join(map("".join, rows[: titles + 1])) else 1
        clean = as_text(sources[name], unit)
        columns = list(clean.columns)
        for line, column, kind, true, text in found[["row", "column", "kind", "true", "written"]].itertuples(
            index=False
        ):
            if column:
                assert rows[line - 1][columns.index(column)] == text, (name, line, kind)
                assert true != text
                rows[line - 1][columns.index(column)] = true
        gone = set(found.loc[found["kind"].isin(extra), "row"])
        kept = [row for line, row in enumerate(rows, start=1) if line not in gone and line > titles + 1]
        assert kept == clean.to_numpy(dtype=object).tolist(), name


def test_extra_rows_are_what_they_claim(export, written):
    for name, rows in written.items():
        found = export.injections[export.injections["file"] == name].set_index("row")["kind"]
        for line, kind in found.items():
            row, above = rows[line - 1], rows[line - 2]
            if kind == "duplicate_row":
                assert row == above
            elif kind == "conflicting_duplicate":
                assert row != above
                assert sum(a != b for a, b in zip(row, above, strict=True)) == 4
            elif kind == "blank_line":
                assert not any(row)
            elif kind == "totals_row":
                assert row[0] == "合计"
            elif kind == "signature_row":
                assert row[0].startswith("填表人：")


def test_damage_is_rare_and_complete(made, export):
    n = len(made.households)
    counts = export.injections[export.injections["file"].str.startswith("户信息_")]["kind"].value_counts()
    rates = {kind.name: kind.rate for kind in HOUSEHOLD_KINDS}
    rates |= {"duplicate_row": DUPLICATES, "conflicting_duplicate": CONFLICTS}
    for kind, rate in rates.items():
        assert 0.5 * rate * n - 12 < counts[kind] <= rate * n + 12, kind
    members = export.injections.query("file == '成员信息.csv'")["kind"].value_counts()
    assert {"id_tail_lost", "bad_checksum", "sex_mismatch"} <= set(members.index)
    wrong = export.injections.query("kind == 'typing_factor_100'")
    assert (wrong["written"].astype(float) / wrong["true"].astype(float)).round(2).eq(100).all()


# other layouts and formats


@pytest.fixture(scope="module")
def small():
    return simulate.registry(5, counties=2, scale=0.02)


def test_layouts_divide_the_same_rows(small, tmp_path):
    found = {}
    for layout in ("county", "county_year", "year_sheets", "county_sheets", "dump"):
        folder = tmp_path / layout
        out = simulate.write_export(small, folder, layout=layout)
        files = [p for p in out.files if p.name.startswith("户信息")]
        found[layout] = len(files)
        rows = 0
        extra = {"duplicate_row", "conflicting_duplicate", "blank_line", "totals_row", "signature_row"}
        for path in files:
            books = {"": read_rows(path)} if path.suffix == ".csv" else sheets_of(path)
            for name, lines in books.items():
                assert lines[0][0].startswith(LABEL)
                damage = out.injections[out.injections["file"] == path.relative_to(folder).as_posix()]
                if len(books) > 1:
                    damage = damage[damage["sheet"] == name]
                rows += len(lines) - header_line(lines) - 1 - damage["kind"].isin(extra).sum()
        assert rows == len(small.households), layout
    assert found == {"county": 2, "county_year": 14, "year_sheets": 2, "county_sheets": 1, "dump": 1}


def sheets_of(path: Path) -> dict[str, list[list[str]]]:
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [["" if c is None else str(c) for c in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }


def test_a_dump_is_in_random_order(small, tmp_path):
    out = simulate.write_export(small, tmp_path, layout="dump", formats=["utf-8"])
    path = next(p for p in out.files if p.name.startswith("户信息"))
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))
    top = header_line(lines)
    place = list(as_text(small.households).columns).index("county")
    codes = pd.Series([row[place] for row in lines[top + 1 :]])
    assert (codes != codes.shift()).mean() > 0.35  # two counties: half of the neighbours differ


def test_records_are_typed_and_the_same_bytes(small, tmp_path):
    import pyreadstat

    formats = ["dta", "sav"]
    first = simulate.write_export(small, tmp_path / "a", formats=formats)
    again = simulate.write_export(small, tmp_path / "b", formats=formats)
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first.files, again.files, strict=True))
    assert not first.injections["file"].str.startswith("户信息").any()
    names = small.totals["county_name"]
    clean = [small.households.query("county_name == @n").reset_index(drop=True) for n in names]
    for reader, k in ((pyreadstat.read_dta, 0), (pyreadstat.read_sav, 1)):
        frame, about = reader(str(first.files[k]))
        assert (frame["household"] == clean[k]["household"]).all()
        assert (frame["income_pc"] == clean[k]["income_pc"]).all()
        assert (frame["unsafe_housing"].astype(bool) == clean[k]["unsafe_housing"]).all()
        assert about.column_names_to_labels["income_pc"] == "人均纯收入"
        assert about.variable_value_labels["unsafe_housing"] == {0: "否", 1: "是"}
    parquet = simulate.write_export(small, tmp_path / "c", formats=["parquet"])
    pd.testing.assert_frame_equal(pd.read_parquet(parquet.files[1]), clean[1])


def test_a_zip_holds_one_csv(small, tmp_path):
    import zipfile

    out = simulate.write_export(small, tmp_path, formats=["zip", "gbk"])
    with zipfile.ZipFile(out.files[0]) as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode("gb18030")
    assert text.startswith(LABEL)
    assert out.files[1].read_bytes().decode("gbk").startswith(LABEL)
    assert out.files[0].name.endswith(".zip")


def test_distortions_are_written_and_listed(small, tmp_path):
    out = simulate.write_export(small, tmp_path, distortions={"terminal_digits": 1.0})
    assert set(out.distortions["kind"]) == {"terminal_digits"}
    direct = simulate.distort(small, {"terminal_digits": 1.0})
    pd.testing.assert_frame_equal(out.distortions, direct.truth)


def test_unknown_shapes_are_refused(small, tmp_path):
    with pytest.raises(DataError, match="layout='pile': there are county, county_year"):
        simulate.write_export(small, tmp_path, layout="pile")
    with pytest.raises(DataError, match=r"no writer for xls and ods"):
        simulate.write_export(small, tmp_path, formats=["ods"])
    assert not list(tmp_path.iterdir())
