"""The workbook of open cases: out of the build, filled in by a person, back into the next build."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import evalkit as ek
from cli_case import lay, panel, run
from evalkit import simulate
from evalkit.cleaning import CASE_COLUMNS, rebuild
from evalkit.decisions import read_workbooks, write_workbooks
from evalkit.decisions.files import MOST_IN_ONE
from evalkit.decisions.form import DECIDED, HUMAN, OPEN
from evalkit.ingest import read_all
from evalkit.ledger import Ledger
from evalkit.pipeline import build
from evalkit.plan import Plan
from evalkit.spreadsheet import looks_like_formula, printable, safe_cell
from evalkit.store import UNPLACED, Store
from workbook_case import KEYS, cells, decision, fill

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\t=1", "＝1+1", "-2+3", "\r=1")


def spoilt() -> pd.DataFrame:
    """Return the tiny panel with three cells that cannot be read and one row given twice, differently."""
    frame = panel().astype({"cons": "str"})
    for k, text in ((0, "about ninety"), (70, "=cmd|' /C calc'!A0"), (130, "x")):
        frame.loc[k, "cons"] = text
    twice = frame.iloc[[5]].assign(cons="1.5")
    return pd.concat([frame, twice])


def spoilt_plan(folder: Path) -> Path:
    text = (lay(folder).read_text(encoding="utf-8")) + "clean: {duplicates: quarantine}\n"
    return lay(folder, spoilt(), text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the spoilt tiny panel after its first build."""
    folder = tmp_path_factory.mktemp("spoilt")
    assert run("build", spoilt_plan(folder)).code == 0
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "own"))


def by_rule(path: Path, rule: str) -> pd.DataFrame:
    found = cells(path)
    return found.loc[found["rule"] == rule].reset_index(drop=True)


# ---- the loop ------------------------------------------------------------------------------------------------


def example_plan(root: Path, folder: Path) -> Plan:
    shutil.copy(root / "plan.yaml", folder / "plan.yaml")
    plan = ek.load_plan(folder / "plan.yaml")
    simulate.write_export(simulate.registry(seed=7, counties=2, scale=0.06), plan.raw)
    return plan


def test_the_bundled_example_goes_round(root: Path, tmp_path: Path) -> None:
    plan = example_plan(root, tmp_path)
    first = build(plan)
    book, store = tmp_path / "decisions.xlsx", Store(plan.processed)
    cases = cells(book)
    assert set(cases["county"].dropna()) == {"990121", "990122"}
    outlier = cases.loc[cases["rule"] == "I03"].iloc[0]
    broken = cases.loc[cases["rule"] == "I05"].iloc[0]
    pair = cases.loc[cases["rule"] == "D02"].iloc[:2]
    lost, other = (cases.loc[cases["rule"] == "K03"].iloc[k] for k in range(2))
    home = lost["household"][:6]
    fill(
        book,
        decision(outlier["at"], "restore 恢复", "income_pc=3000")
        | decision(broken["at"], "保留")
        | decision(pair["at"].iloc[0], "merge", pair["case"].iloc[1])
        | decision(lost["at"], "correct", home)
        | decision(other["at"], "exclude"),
    )
    second = build(plan)
    left = cells(book)
    gone = {outlier["case"], broken["case"], *pair["case"], lost["case"], other["case"]}
    assert gone <= set(cases["case"])
    assert not gone & set(left["case"])
    assert set(cells(book, DECIDED)["case"]) == gone - {pair["case"].iloc[1]}
    ledger = pd.concat([store.read("ledger", c) for c in ("990121", "990122", UNPLACED)])
    human = ledger.loc[ledger["rule"].str.startswith("H")]
    assert sorted(human["rule"]) == ["H01", "H02", "H02", "H03", "H04", "H05"]
    assert human["reason_zh"].str.contains("户主签字核实 (LH, 2020-11-23; ", regex=False).all()
    assert sum(r.rows_clean for r in second.done) == sum(r.rows_clean for r in first.done) + 3
    assert (first.unplaced, second.unplaced) == (2, 1)
    placed = store.read("panel", home)
    assert ((placed["household"] == lost["household"]) & (placed["wave"] == int(lost["wave"]))).sum() == 1
    again = rebuild(read_all(plan), Ledger(ledger.reset_index(drop=True)), plan)["household"]
    kept = store.read_all("panel", ["990121", "990122"]).sort_values(["household", "wave"], ignore_index=True)
    pd.testing.assert_frame_equal(again, kept[list(again.columns)])
    before = book.read_bytes()
    third = build(plan)
    assert third.reused == 2
    assert book.read_bytes() == before
    file = plan.raw / outlier["file"]
    text = file.read_bytes()
    line = text.split(b"\n")[int(outlier["row"]) - 1]
    file.write_bytes(text.replace(line, b"", 1))
    with pytest.raises(ek.DataError) as error:
        build(plan)
    assert (
        f"case {outlier['case']} (I03, county {outlier['county']}) is stale: the data no longer have this case"
        in str(error.value)
    )
    assert book.read_bytes() == before


def test_a_filled_workbook_is_applied_and_kept(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    bad = by_rule(book, "T07")
    assert bad["current"].tolist() == ["x", "about ninety", "=cmd|' /C calc'!A0"]
    assert bad["county"].tolist() == ["E3", "N1", "S2"]
    fill(
        book,
        decision(bad["at"][1], "correct", "90.5")
        | {(bad["at"][0], "reason"): "ask again"}
        | decision(bad["at"][2], "defer"),
    )
    done = run("build", folder / "plan.yaml")
    assert done.code == 0, done.said
    left = by_rule(book, "T07").set_index("county")
    assert left.index.tolist() == ["E3", "S2"]
    assert left.loc["E3", "reason"] == "ask again"
    assert left.loc["S2", list(HUMAN)].tolist() == ["defer", None, "户主签字核实", "LH", "2020-11-23"]
    decided = cells(book, DECIDED)
    assert decided[["case", "action", "value"]].to_numpy().tolist() == [[bad["case"][1], "correct", "90.5"]]
    store = Store(folder / "data" / "processed")
    panel_now = store.read("panel", "N1")
    assert 90.5 in set(panel_now["cons"])
    said = run("decisions", folder / "plan.yaml")
    assert said.code == 0
    assert "decisions.xlsx: 4 cases open, 1 decided" in said.out
    assert [line.split()[:5] for line in said.out.splitlines() if "T07" in line] == [
        ["T07", "2", "1", "1", "0"]
    ]
    assert "N1" not in run("decisions", folder / "plan.yaml", "--county", "E3").out
    fill(book, {(2, "action"): None, (2, "reason"): None, (2, "initials"): None, (2, "date"): None}, DECIDED)
    assert run("build", folder / "plan.yaml").code == 0
    assert by_rule(book, "T07")["county"].tolist() == ["E3", "N1", "S2"]
    assert (folder / "decisions.xlsx.bak").is_file()


def test_only_counties_with_new_decisions_are_built_again(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    plan = ek.load_plan(folder / "plan.yaml")
    assert build(plan).reused == 3
    one = by_rule(book, "T07").iloc[0]
    fill(book, decision(one["at"], "keep"))
    assert {r.county: r.how for r in build(plan).done} == {"E3": "built", "N1": "reused", "S2": "reused"}
    assert build(plan).reused == 3


def test_results_do_not_depend_on_who_builds(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    bad = by_rule(book, "T07")
    fill(book, decision(bad["at"][0], "exclude") | decision(bad["at"][1], "correct", "90.5"))
    filled = book.read_bytes()
    plan = ek.load_plan(folder / "plan.yaml")
    build(plan, fresh=True)
    first = book.read_bytes(), Store(plan.processed).path("ledger", "N1").read_bytes()
    book.write_bytes(filled)
    build(plan, jobs=2, fresh=True)
    assert (book.read_bytes(), Store(plan.processed).path("ledger", "N1").read_bytes()) == first


# ---- what stops a build ------------------------------------------------------------------------------------------


def refused(folder: Path, *said: str) -> None:
    """Check that a build stops, lists what is wrong, and leaves the workbook and the results as they are."""
    book = folder / "decisions.xlsx"
    kept = {p: p.read_bytes() for p in [book, *(folder / "data" / "processed" / "panel").rglob("*.parquet")]}
    ended = run("build", folder / "plan.yaml")
    assert ended.code == 11, ended.said
    for part in said:
        assert part in ended.err, ended.err
    assert {p: p.read_bytes() for p in kept} == kept


def test_incomplete_and_impossible_decisions_are_listed_with_their_rows(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    bad, pair = by_rule(book, "T07"), by_rule(book, "D02")
    rows = bad["at"].tolist()
    fill(
        book,
        decision(rows[0], "correct")
        | {(rows[1], "action"): "drop"}
        | {(rows[2], "action"): "keep", (rows[2], "date"): "2020-02-30"}
        | decision(pair["at"][0], "keep")
        | decision(pair["at"][1], "restore", "=1+1"),
    )
    refused(
        folder,
        f"decisions.xlsx, {OPEN}, row {rows[0]}: correct without a new value",
        f"row {rows[1]}: there is no action 'drop'; there are: keep 保留, correct 更正",
        f"row {rows[2]}: reason, initials missing",
        f"row {rows[2]}: '2020-02-30' is no date",
        f"row {pair['at'][0]}: keep does not fit a case of rule D02; possible: restore, correct, exclude, merge, defer",
        f"row {pair['at'][1]}: 新值* value holds a formula or an error",
    )


def test_two_rows_for_one_case_contradict_each_other(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    one = by_rule(book, "T07").iloc[0]
    source = {(2, key): one[key] for key in KEYS if one[key] is not None}
    fill(book, source | decision(2, "exclude"), DECIDED)
    fill(book, decision(one["at"], "keep"))
    refused(folder, f"case {one['case']} is decided otherwise in decisions.xlsx, {OPEN}, row {one['at']}")


def test_stale_decisions_of_all_counties_are_listed(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    bad = by_rule(book, "T07")
    fill(
        book,
        decision(bad["at"][0], "keep")
        | decision(bad["at"][1], "keep")
        | {(bad["at"][2], "county"): "Z9"}
        | decision(bad["at"][2], "keep"),
    )
    raw = folder / "data" / "raw" / "panel.csv"
    refused(folder, "(T07) is stale: the data have no rows of county Z9")
    fill(book, {(bad["at"][2], "county"): "S2"})
    raw.write_text(
        raw.read_text(encoding="utf-8").replace("about ninety", "about eighty").replace(",x,", ",95,"),
        encoding="utf-8",
    )
    refused(
        folder,
        "2 decisions cannot be followed; nothing was applied",
        f"case {bad['case'][0]} (T07, county E3) is stale: the data no longer have this case",
        f"case {bad['case'][1]} (T07, county N1) is stale: when it was decided there was 'about ninety | aboutninety', now there is 'about eighty | abouteighty'",
    )
    said = run("decisions", folder / "plan.yaml")
    assert "2 decisions cannot be followed; a build would stop" in said.out
    assert run("check", folder / "plan.yaml").code == 11


@pytest.mark.parametrize("lock", ["~$decisions.xlsx", ".~lock.decisions.xlsx#"])
def test_an_open_workbook_is_left_alone(folder: Path, lock: str) -> None:
    (folder / lock).write_bytes(b"")
    refused(folder, "decisions.xlsx is open in a spreadsheet program", f"delete {lock}")


def test_an_unreadable_workbook_is_left_alone(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    whole = book.read_bytes()
    for spoiled in (b"", b"no workbook", whole[: len(whole) // 2]):
        book.write_bytes(spoiled)
        refused(folder, "decisions.xlsx cannot be read as a workbook", "It was left as it is")


def spoil(change: Callable[[Any], object], folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "decisions.xlsx")
    change(book)
    book.save(folder / "decisions.xlsx")


def test_a_changed_form_is_refused(folder: Path) -> None:
    whole = (folder / "decisions.xlsx").read_bytes()
    spoil(lambda book: book.create_sheet("Notes"), folder)
    refused(folder, "decisions.xlsx has sheets of its own: 'Notes'", "keep other sheets in another workbook")
    (folder / "decisions.xlsx").write_bytes(whole)
    spoil(lambda book: book[OPEN].delete_cols(KEYS.index("state") + 1), folder)
    refused(folder, "has no column '校验码 state'; put the header row back as it was")


def test_columns_of_ones_own_are_kept(folder: Path) -> None:
    book = folder / "decisions.xlsx"
    one = by_rule(book, "T07").iloc[0]

    def note(workbook: Any) -> None:
        workbook[OPEN].cell(1, len(KEYS) + 1).value = "电话"
        workbook[OPEN].cell(one["at"], len(KEYS) + 1).value = "0870-123"

    spoil(note, folder)
    assert run("build", folder / "plan.yaml").code == 0
    assert by_rule(book, "T07")["电话"].tolist() == ["0870-123", None, None]


def test_a_workbook_changed_meanwhile_is_not_overwritten(folder: Path) -> None:
    plan = ek.load_plan(folder / "plan.yaml")
    before = read_workbooks(plan)
    one = by_rule(folder / "decisions.xlsx", "T07").iloc[0]
    fill(folder / "decisions.xlsx", decision(one["at"], "keep"))
    kept = (folder / "decisions.xlsx").read_bytes()
    empty = pd.DataFrame(columns=list(CASE_COLUMNS))
    with pytest.raises(ek.DataError, match="was changed while the build ran; it was left as it is"):
        write_workbooks(before, empty, [])
    assert (folder / "decisions.xlsx").read_bytes() == kept


def test_the_workbook_is_never_among_the_raw_files(folder: Path) -> None:
    for where, said in (
        ("data/raw/d.xlsx", "lies in data.raw"),
        ("data/processed/d.xlsx", "data.processed"),
        ("d.csv", ".xlsx"),
    ):
        plan = ek.load_plan(folder / "plan.yaml", overrides={"clean.decisions": where})
        with pytest.raises(ek.PlanError, match=said):
            read_workbooks(plan)
    none = ek.load_plan(folder / "plan.yaml", overrides={"clean.decisions": None})
    assert read_workbooks(none).book is None
    assert run("decisions", folder / "plan.yaml", "--set", "clean.decisions=null").out.startswith(
        "the plan wants no"
    )


# ---- many cases ---------------------------------------------------------------------------------------------------


def many_cases(n: int) -> pd.DataFrame:
    texts: dict[str, object] = dict.fromkeys(CASE_COLUMNS, None)
    texts |= {
        "table": "household",
        "rule": "T07",
        "file": "a.csv",
        "what_en": "w",
        "what_zh": "问",
        "column": "cons",
    }
    frame = pd.DataFrame([texts] * n).assign(
        case=[f"{k:012x}" for k in range(n)],
        state="s",
        county=[f"99{k % 3:04d}" for k in range(n)],
        row=range(n),
    )
    return frame.astype({c: "int64" if c == "row" else "str" for c in CASE_COLUMNS})


def test_many_cases_are_written_county_by_county(folder: Path) -> None:
    plan = ek.load_plan(folder / "plan.yaml")
    one = folder / "decisions.xlsx"
    first = by_rule(one, "T07").iloc[0]
    fill(one, {(first["at"], "reason"): "kept note"})
    cases = pd.concat([many_cases(MOST_IN_ONE), Store(plan.processed).read("open_cases", "E3")])
    files = write_workbooks(read_workbooks(plan), cases, [])
    assert [p.relative_to(folder).as_posix() for p in files] == [
        f"decisions/{c}.xlsx" for c in ("990000", "990001", "990002", "E3")
    ]
    assert not one.exists()
    assert (folder / "decisions.xlsx.bak").is_file()
    again = read_workbooks(plan)
    assert len(again.rows) == len(cases)
    kept = next(r for r in again.rows if r.get("case") == first["case"])
    assert kept.get("reason") == "kept note"
    few = write_workbooks(again, Store(plan.processed).read("open_cases", "E3"), [])
    assert [p.name for p in few] == ["E3.xlsx"]


# ---- safe to open ---------------------------------------------------------------------------------------------------


def test_what_looks_like_a_formula_stays_text(folder: Path) -> None:
    plan = ek.load_plan(folder / "plan.yaml")
    cases = many_cases(len(FORMULAS)).assign(current=list(FORMULAS), evidence=list(FORMULAS))
    (folder / "decisions.xlsx").unlink()
    (path,) = write_workbooks(read_workbooks(plan), cases, [])
    page = openpyxl.load_workbook(path)[OPEN]
    found = [page.cell(k, KEYS.index("current") + 1) for k in range(2, len(FORMULAS) + 2)]
    assert [c.data_type for c in found] == ["s"] * len(FORMULAS)
    assert sorted(str(c.value) for c in found) == sorted(FORMULAS)
    assert all(c.quotePrefix and c.number_format == "@" for c in found)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert page.freeze_panes == "A2"
    assert (
        page.data_validations.dataValidation[0].formula1 == '"keep 保留,correct 更正,exclude 剔除,defer 暂缓"'
    )


def test_safe_cells_survive_a_csv_reader() -> None:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(f) for f in FORMULAS])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [cell[1:] for cell in row] == list(FORMULAS)
    assert {cell[0] for cell in row} == {"'"}
    assert [looks_like_formula(t) for t in ("-5", "+3.5", "1e5", "a=b", "", "张三")] == [False] * 6


def test_control_characters_do_not_break_a_workbook(folder: Path) -> None:
    plan = ek.load_plan(folder / "plan.yaml")
    assert printable("\ud800") == "\\ud800"  # a lone surrogate
    nasty = ["a\x00b", "a_x000D_b", "\ufffe", "<&>\"'", "x" * 40_000]
    (folder / "decisions.xlsx").unlink()
    write_workbooks(read_workbooks(plan), many_cases(5).assign(current=nasty), [])
    rows = sorted(read_workbooks(plan).rows, key=lambda row: row.get("case"))
    shown = [row.get("current") for row in rows]
    assert shown == [printable(t) for t in nasty]
    assert shown[:4] == ["a\\x00b", "a_x000D_b", "\\ufffe", "<&>\"'"]
    assert len(shown[4]) == 32_767
    assert shown[4].endswith("(40000 characters)")
