"""Poisoned files among good ones: a clear error with the file's name, nothing written outside the output folder."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.errors import DataError
from evalkit.ingest import archives, read, read_blocks

HEADER = "县代码,户编号,年度,家庭人口数,人均纯收入（元）"
PLAN = """
title: t
data: {raw: raw, processed: out/processed, reports: out/reports, household: {files: ["**"]}}
poverty: {line: {kind: none}}
prices: {kind: none}
"""


def rows(county: str = "990602", first: int = 0) -> str:
    return "".join(
        f"{county},{i},{w},4,{1000 + 7 * i + w}\n" for i in range(first, first + 40) for w in (2016, 2017)
    )


def is_output(name: str) -> bool:
    """Tell whether a file is where the plan puts results, or the workbook of decisions beside the plan."""
    return name.startswith(("deep/evaluation/out/", "deep/evaluation/decisions"))


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def workbook(*table: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


GOOD = f"{HEADER}\n{rows()}".encode()
BOMB = zipped(("a.csv", b"0" * (80 << 20)))


def encrypted() -> bytes:
    data = bytearray(zipped(("a.csv", GOOD)))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def lying() -> bytes:
    """Return an archive whose list of contents claims one byte for a member of eighty million."""
    data = bytearray(BOMB)
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(data)


POISON: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "truncated workbook": (
        "b.xlsx",
        lambda: workbook([1] * 50, [2] * 50)[:900],
        "truncated or of another type",
    ),
    "zip bomb": ("b.zip", lambda: BOMB, "as in a zip bomb"),
    "zip bomb that lies": ("b.zip", lying, r"b\.zip.*(cannot be unpacked|zip bomb)"),
    "small zip bomb": ("b.zip", lambda: zipped(("a.csv", b"0" * (5 << 20))), "as in a zip bomb"),
    "small bomb as workbook": (
        "b.xlsx",
        lambda: zipped(("xl/workbook.xml", b" " * (5 << 20))),
        "as in a zip bomb",
    ),
    "bomb as workbook": (
        "b.xlsx",
        lambda: zipped(("xl/workbook.xml", b" " * (80 << 20))),
        "as in a zip bomb",
    ),
    "zip in zip": ("b.zip", lambda: zipped(("c.zip", BOMB)), "another archive, 'c.zip'"),
    "zip slip": ("b.zip", lambda: zipped(("../../evil.csv", GOOD)), "leads out of the archive"),
    "absolute member": ("b.zip", lambda: zipped(("/tmp/evil.csv", GOOD)), "leads out of the archive"),
    "drive letter": ("b.zip", lambda: zipped(("C:\\evil.csv", GOOD)), "leads out of the archive"),
    "encrypted": ("b.zip", encrypted, "is encrypted"),
    "empty zip": ("b.zip", lambda: zipped(), "holds no table"),
    "zip without tables": ("b.zip", lambda: zipped(("a.exe", b"MZ")), "holds no table.*a.exe"),
    "text named zip": ("b.zip", lambda: GOOD, "no zip archive"),
    "NUL bytes": ("b.csv", lambda: GOOD + b"990602,9,20\x0016,4,1\n", "holds binary data, not text"),
    "NUL bytes in GBK": (
        "b.csv",
        lambda: GOOD.decode().encode("gb18030") + b"990602,9,20\x0016,4,1\n",
        "holds binary data, not text",
    ),
    "no bytes": ("b.csv", lambda: b"", r"empty \(0 bytes\)"),
    "blank": ("b.xlsx", lambda: b" \r\n", r"empty \(3 bytes\)"),
    "picture named workbook": (
        "b.xlsx",
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        "truncated or of another type",
    ),
    "one endless cell": ("b.csv", lambda: b"x" * 2_000_000, "more than 131,072 characters"),
    "endless cell below a header": (
        "b.csv",
        lambda: GOOD + b"990602,9,2016,4," + b"x" * 2_000_000,
        "more than 131,072 characters in row 82",
    ),
    "quote that never ends": (
        "b.csv",
        lambda: GOOD + b'990602,9,2016,4,"1\n' + rows().encode(),
        "never ends",
    ),
    "broken in the middle of a character": (
        "b.csv",
        lambda: GOOD + "990602,9,2016,4,户".encode()[:-1],
        r"text neither in UTF-8 \(byte",
    ),
    "mixed encodings in one file": (
        "b.csv",
        lambda: GOOD + "990602,9,2016,4,户籍人口\n".encode("gb18030"),
        "UTF-8",
    ),
    "wrong columns": ("b.csv", lambda: b"a,b,c\n1,2,3\n", "no header row of a household table"),
}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """Return a folder of an evaluation with one good file, two levels below the test's folder."""
    root = tmp_path / "deep" / "evaluation"
    (root / "raw").mkdir(parents=True)
    (root / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (root / "raw" / "a.csv").write_bytes(GOOD)
    return root


@pytest.mark.parametrize("kind", POISON)
def test_poison_ends_in_a_clear_error_and_writes_nothing(evaluation: Path, kind: str) -> None:
    name, make, message = POISON[kind]
    (evaluation / "raw" / name).write_bytes(make())
    before = snapshot(evaluation.parents[1])
    for command in ("check", "build"):
        done = CliRunner().invoke(main, [command, str(evaluation / "plan.yaml")])
        assert done.exit_code == DataError.exit_code, done.output
        assert name in done.stderr
        assert re.search(message, done.stderr), done.stderr
        assert "Traceback" not in done.output
    after = snapshot(evaluation.parents[1])
    outside = {p for p in after if not is_output(p)}
    assert outside == set(before)
    assert all(after[p] == before[p] for p in before)


@pytest.mark.parametrize(
    "kind", ["NUL bytes", "endless cell below a header", "zip bomb", "zip slip", "encrypted"]
)
def test_blocks_refuse_what_reading_refuses(tmp_path: Path, kind: str) -> None:
    name, make, message = POISON[kind]
    (tmp_path / name).write_bytes(make())
    for rows_at_once in (10, 1_000):
        with pytest.raises(DataError, match=message):
            list(read_blocks(tmp_path / name, rows=rows_at_once))


def test_limits_are_of_what_really_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a.csv", GOOD), ("b.csv", GOOD)))
    read(tmp_path / "a.zip")
    monkeypatch.setattr(archives, "MAX_BYTES", 2 * len(GOOD) - 1)
    with pytest.raises(DataError, match=r"a\.zip unpacks to more than .* \(at 'b\.csv'\)"):
        read(tmp_path / "a.zip")
    monkeypatch.setattr(archives, "MAX_BYTES", 2 * len(GOOD))
    read(tmp_path / "a.zip")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    with pytest.raises(DataError, match=r"holds 2 files; at most 1"):
        read(tmp_path / "a.zip")


def test_one_name_twice_in_an_archive(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", GOOD)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", GOOD)
    (tmp_path / "a.zip").write_bytes(out.getvalue())
    with pytest.raises(DataError, match=r"two files named 'a\.csv'"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("county", ["../../evil", "..\\..\\evil", "/tmp/evil", "99\x0706", "CON", "a/b", "."])
def test_a_path_as_county_code_stays_inside_the_output_folder(evaluation: Path, county: str) -> None:
    text = f"{HEADER}\n{rows(county, 100)}"
    (evaluation / "raw" / "b.csv").write_text(text, encoding="utf-8", newline="")
    before = snapshot(evaluation.parents[1])
    done = CliRunner().invoke(main, ["build", str(evaluation / "plan.yaml")])
    assert done.exit_code in (0, 1, DataError.exit_code), done.output
    assert "Traceback" not in done.output
    after = snapshot(evaluation.parents[1])
    assert {p for p in after if not is_output(p)} == set(before)
    assert all(after[p] == before[p] for p in before)


def test_values_of_formulas_are_used_and_those_without_are_told(evaluation: Path) -> None:
    table = [HEADER.split(","), ["990602", "1", 2016, 4, "=1500*2"], ["990602", "2", 2016, 4, 2500]]
    path = evaluation / "raw" / "f.xlsx"
    path.write_bytes(workbook(*table))
    raw = read(path)
    assert raw.frame["income_pc"].fillna("").tolist() == ["", "2500"]
    assert (
        "1 formulas without a stored value are read as empty cells (first: E2)" in raw.files.loc[0, "notes"]
    )
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {i.filename: archive.read(i) for i in archive.infolist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(
        rb"<f>1500\*2</f><v ?/>|<f>1500\*2</f><v></v>", b"<f>[1]S!$A$1</f><v>3000</v>", parts[sheet]
    )
    assert b"<v>3000</v>" in parts[sheet]
    path.write_bytes(zipped(*parts.items()))
    raw = read(path)
    assert raw.frame["income_pc"].tolist() == ["3000", "2500"]
    assert "formulas without" not in raw.files.loc[0, "notes"]
    assert (
        "1 values come from other workbooks (external links, first: E2); the stored values are used"
        in (raw.files.loc[0, "notes"])
    )


def test_a_mixed_folder_is_read_when_the_poison_is_gone(evaluation: Path) -> None:
    (evaluation / "raw" / "b.zip").write_bytes(zipped(("c.csv", f"{HEADER}\n{rows('990621', 100)}".encode())))
    (evaluation / "raw" / "~$a.xlsx").write_bytes(b"lock")
    done = CliRunner().invoke(main, ["check", str(evaluation / "plan.yaml")])
    assert done.exit_code == 0, done.output
    assert "passed over (hidden, lock files, no tables): ~$a.xlsx" in done.output
    assert "b.zip/c.csv" in done.output
