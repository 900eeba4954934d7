"""Lists of a second run: what people wrote stays with its number, and the data say whether each problem is still there."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import report_case
from cli_case import run
from evalkit.errors import DataError
from evalkit.exits import Duty, Examined, lists_workbook, read_lists, relist
from evalkit.store import Store

COLUMNS = ["county", "village", "household", "wave", "item", "problem_en", "problem_zh", "evidence"]
HOUSE = "9901010010001"


def findings(*rows: tuple[str, str]) -> pd.DataFrame:
    """Return problems of households of one village: (household, item)."""
    made = [("990101", "990101001", h, "2020", item, f"en {item}", f"zh {item}", "=1+1") for h, item in rows]
    return pd.DataFrame(made, columns=COLUMNS)


def first_book(*rows: tuple[str, str]) -> bytes:
    made = relist(
        findings(*rows), found="2021-03-01", duties={}, otherwise=Duty("office", days=30, recheck=10)
    )
    return lists_workbook(made.lists, present=made.present, day="2021-03-01")


def filled(content: bytes, row: int, **cells: str) -> bytes:
    """Write into a row of the sheet of rectification by header."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["整改清单"]
    headers = [c.value for c in sheet[1]]
    for header, value in cells.items():
        sheet.cell(row, headers.index(header) + 1, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def again(
    content: bytes, now: pd.DataFrame, *, items: tuple[str, ...] = (), unseen: pd.DataFrame | None = None
):
    return relist(
        now,
        found="2021-06-01",
        duties={},
        otherwise=Duty("office", days=30, recheck=10),
        written=read_lists(content, "lists.xlsx"),
        examined=Examined(items, findings() if unseen is None else unseen, ("a", "b", "990101001")),
    )


def test_what_people_wrote_stays_with_the_number() -> None:
    content = first_book(("a", "housing"), ("b", "income"))
    content = filled(
        content,
        2,
        **{
            "责任单位（人）": "张某",
            "整改时限": "2021-05-01",
            "完成日期": "2021-04-20",
            "整改情况": "已改造",
        },
    )
    found = again(content, findings(("a", "housing"), ("b", "income"), ("c", "water")), items=("housing",))
    rows = found.lists.rectification.merge(found.lists.problems, on="number").set_index("household")
    assert rows.loc["a", ["owner", "action"]].tolist() == ["张某", "已改造"]
    days = ["due", "recheck", "done", "found"]
    assert [d.strftime("%m-%d") for d in rows.loc["a", days]] == ["05-01", "05-11", "04-20", "03-01"]
    assert [d.strftime("%m-%d") for d in rows.loc["c", ["due", "found"]]] == ["07-01", "06-01"]
    assert found.lists.problems["household"].map(dict(zip(rows.index, found.present[rows["number"]], strict=True))).tolist() == [
        "still_there", "still_there", "new",
    ]  # fmt: skip
    # done in April, still in the data in June
    assert found.contradicted()["owner"].tolist() == ["张某"]
    assert found.lists.at("2021-06-01")["state"].tolist() == ["to_recheck", "overdue", "open"]


def test_a_problem_is_gone_only_if_the_data_show_it() -> None:
    content = first_book(("a", "housing"), ("b", "housing"), ("z", "housing"), ("a", "income"))
    found = again(content, findings(), items=("housing",), unseen=findings(("b", "housing")))
    rows = found.lists.problems.set_index(["household", "item"])["number"].map(found.present)
    # a: shown and not failing · b: not shown now · z: no longer in the data · income: not examined
    assert rows.to_dict() == {
        ("a", "housing"): "gone", ("b", "housing"): "cannot_tell", ("z", "housing"): "cannot_tell",
        ("a", "income"): "cannot_tell",
    }  # fmt: skip
    moved = findings(("a", "housing")).assign(wave="2021")
    found = again(content, moved, items=("housing",))
    assert found.lists.problems.set_index(["household", "wave"])["number"].map(found.present).loc[("a", "2020")].tolist() == [
        "cannot_tell", "cannot_tell",
    ]  # fmt: skip


def test_the_workbook_comes_back_in_either_language_and_settles() -> None:
    made = relist(findings(("a", "housing")), found="2021-03-01", duties={}, otherwise=Duty("office"))
    for language in ("zh", "en"):
        content = lists_workbook(made.lists, language=language, present=made.present, day="2021-03-01")
        frame = read_lists(content, "x").frame
        assert frame[["household", "item", "evidence", "owner"]].values.tolist() == [
            ["a", "housing", "=1+1", "office"]
        ]
    once = again(content, findings(("a", "housing")))
    book = lists_workbook(once.lists, present=once.present, day="2021-06-01")
    twice = again(book, findings(("a", "housing")))
    assert lists_workbook(twice.lists, present=twice.present, day="2021-06-01") == book


def broken(content: bytes, change) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_cannot_be_kept_is_refused() -> None:
    content = first_book(("a", "housing"), ("b", "income"))
    for change, message in (
        (lambda b: b.create_sheet("mine"), "keep the three sheets"),
        (lambda b: b["整改清单"].cell(1, 20, "备注"), "columns of its own or twice: 备注"),
        (lambda b: b["整改清单"].delete_rows(2), "1 problems stand in one of the two sheets only"),
        (
            lambda b: b["整改清单"].cell(2, 3, ""),
            r"1 of 2 rows have no owner; name who answers \(first: row 2\)",
        ),
        (lambda b: b["整改清单"].cell(2, 4, "soon"), "整改时限.*is no day"),
        (lambda b: b["整改清单"].cell(3, 1, b["整改清单"].cell(2, 1).value), "no number or repeat one"),
        (lambda b: b["整改清单"].cell(2, 3, "=A1"), "row 2: .* holds a formula"),
    ):
        with pytest.raises(DataError, match=message):
            read_lists(broken(content, change), "lists.xlsx")
    with pytest.raises(DataError, match="cannot be read as a workbook"):
        read_lists(b"no workbook", "lists.xlsx")


def test_the_command_keeps_what_was_filled_in(tmp_path: Path) -> None:
    plan = report_case.store_in(tmp_path, {"990101": "岚屏县", "990102": "霁渡县"})
    store = Store(plan.processed)
    manifest = store.read_json(store.manifest_path)
    store.write_json(store.manifest_path, {**manifest, "inputs": {}})
    table = findings((HOUSE, "housing")).assign(reading="fails")
    store.write("problems", "990101", table)
    store.write("problems", "990102", table.iloc[:0])
    ended = run("lists", str(tmp_path / "plan.yaml"), "--day", "2021-03-01")
    assert ended.code == 0
    assert "1 problems (1 new, 0 still" in ended.out
    assert "990102: no problem" in ended.out
    path = tmp_path / "lists" / "990101.xlsx"
    assert not (tmp_path / "lists" / "990102.xlsx").exists()
    path.write_bytes(filled(path.read_bytes(), 2, **{"责任单位（人）": "张某", "完成日期": "2021-03-09"}))
    before = path.read_bytes()
    ended = run("lists", str(tmp_path / "plan.yaml"), "--day", "2021-04-01", "--county", "990101")
    assert "1 called done or mended are still in the data" in ended.out
    assert read_lists(path.read_bytes(), "x").frame["owner"].tolist() == ["张某"]
    assert path.with_name("990101.xlsx.bak").read_bytes() == before
    (tmp_path / "lists" / "~$990101.xlsx").touch()
    ended = run("lists", str(tmp_path / "plan.yaml"))
    assert ended.code == 11
    assert "is open in a spreadsheet program" in ended.err
    inside = run("lists", str(tmp_path / "plan.yaml"), "--set", "lists.folder=reports/lists")
    assert inside.code in (10, 15)
