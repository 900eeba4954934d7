"""What only all counties together show: said alike by check and build, and decided in the workbook."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from cli_case import PLAN, lay, panel, run
from evalkit import idnumber
from evalkit.decisions.form import HUMAN
from evalkit.pipeline import build
from evalkit.store import UNPLACED, Store
from workbook_case import cells, decision, fill

MEMBERS = """\
  member:
    files: [members.csv]
    columns: {household: hid, wave: round, county: region, person: pid, id_number: idno}
    wave_labels: {"1": 2011, "2": 2013, "3": 2016}
county_names:"""
UNPOOLED = "no results over all counties (pooled measures, return risk, effects)"


def number(serial: str) -> str:
    body = f"99010119800101{serial}"
    return body + str(idnumber.check_digit(pd.Series([body], dtype="str")).iloc[0])


def with_members(folder: Path, frame: pd.DataFrame | None = None) -> Path:
    """Lay out the tiny panel with four persons, one id number in two regions."""
    plan = lay(folder, frame, PLAN.replace("county_names:", MEMBERS, 1))
    rows = [
        ("N1-1-01", "1", "N1", "a", number("001")),
        ("S2-1-01", "1", "S2", "b", f" {number('001')}"),
        ("N1-1-02", "1", "N1", "c", number("002")),
        ("S2-1-02", "2", "S2", "d", number("003")),
    ]
    members = pd.DataFrame(rows, columns=["hid", "round", "region", "pid", "idno"])
    members.to_csv(folder / "data" / "raw" / "members.csv", index=False)
    return plan


def doubled() -> pd.DataFrame:
    """Return the tiny panel with a household that moves and one that is in two regions at once (last row)."""
    frame = panel()
    frame.loc[(frame["hid"] == "N1-1-01") & (frame["round"] == "3"), "region"] = "S2"
    twice = frame[(frame["hid"] == "E3-2-02") & (frame["round"] == "2")].assign(region="N1")
    return pd.concat([frame, twice], ignore_index=True)


def test_check_and_build_say_the_same_and_end_alike(tmp_path: Path) -> None:
    plan = with_members(tmp_path, doubled())
    checked, built = run("check", plan), run("build", plan)
    assert (checked.code, built.code) == (1, 1), checked.said + built.said
    for sentence in (
        "2 households stand in more than one county (K08; E3-2-02: E3 = N1 (2013), N1-1-01: N1 (2013) → S2 (2016))",
        f"1 id number stands in more than one county in one wave (K09; 990101…{number('001')[-4:]}: N1 (N1-1-01) = S2 (S2-1-01))",
        "[build] would end with exit code 1",
    ):
        assert sentence in checked.out
    why = "share household and wave with a row of another county"
    assert [line for line in checked.out.splitlines() if UNPOOLED in line and why in line]
    assert UNPOOLED in built.err
    assert "3 counties built" in built.out
    assert "5 open cases between counties" in built.out
    clean = with_members(tmp_path / "clean")
    assert (run("check", clean).code, run("build", clean).code) == (0, 0)


def test_a_county_that_fails_ends_check_and_build_alike(tmp_path: Path) -> None:
    frame = panel()
    frame.loc[frame["region"] == "S2", "cons"] = float("nan")
    twice = frame[frame["region"] == "N1"].iloc[[0]].assign(cons=1.5)
    plan = lay(tmp_path, pd.concat([frame, twice]))
    checked, built = run("check", plan), run("build", plan)
    assert (checked.code, built.code) == (1, 1), checked.said + built.said
    assert "county N1 would fail: DataError: 1 keys of the household table" in checked.out
    assert "county S2 would fail: welfare ('cons') is missing in all 60 rows" in checked.out
    assert "failed: N1: DataError: 1 keys of the household table" in built.err
    assert "failed: S2: DataError: welfare ('cons') is missing in all 60 rows" in built.err
    lay(tmp_path, frame.assign(cons=float("nan")))
    checked, built = run("check", plan), run("build", plan)
    assert (checked.code, built.code) == (11, 11)
    assert "welfare ('cons') is missing in all" in checked.err
    assert "welfare ('cons') is missing in all" in built.err


def test_cases_between_counties_name_their_rows_and_are_settled(tmp_path: Path) -> None:
    frame = doubled()
    plan = ek.load_plan(with_members(tmp_path, frame))
    assert build(plan).unpooled is not None
    book = tmp_path / "decisions.xlsx"
    seen = cells(book)
    last = len(frame) + 1
    assert seen.loc[seen["rule"] == "K08", ["household", "county", "file", "row"]].to_numpy().tolist() == [
        ["E3-2-02", "E3", "panel.csv", str(first_of(frame))],
        ["E3-2-02", "N1", "panel.csv", str(last)],
        ["N1-1-01", "S2", "panel.csv", "4"],
    ]
    wrong = seen[(seen["rule"] == "K08") & (seen["county"] == "N1")].iloc[0]
    moved = seen[(seen["rule"] == "K08") & (seen["county"] == "S2")].iloc[0]
    person = seen[(seen["rule"] == "K09") & (seen["county"] == "S2")].iloc[0]
    fill(
        book,
        decision(wrong["at"], "exclude") | decision(moved["at"], "keep") | decision(person["at"], "exclude"),
    )
    checked = run("check", tmp_path / "plan.yaml")
    assert (checked.code, "(K08" in checked.out, "(K09" in checked.out) == (0, False, False), checked.said
    done = build(plan)
    assert (done.unpooled, done.moved, done.reused) == (None, 0, 1)
    store = Store(plan.processed)
    assert len(store.read("panel", "N1")) == 59
    assert len(store.read("member", "S2")) == 1
    out = store.read("ledger", "N1")
    out = out[out["rule"] == "H03"].iloc[0]
    assert out[["action", "file", "row", "household"]].tolist() == [
        "quarantine",
        "panel.csv",
        last,
        "E3-2-02",
    ]
    kept = store.read("ledger", UNPLACED)
    assert kept.loc[kept["rule"] == "H01", ["household", "wave", "column"]].to_numpy().tolist() == [
        ["N1-1-01", "2016", "county"]
    ]
    again = build(plan)
    assert (again.moved, again.reused) == (0, 3)
    assert set(cells(book, "已核 decided")["case"]) == {wrong["case"], moved["case"], person["case"]}
    (tmp_path / "data" / "raw" / "panel.csv").write_text(shuffled(frame).to_csv(index=False))
    assert build(plan).moved == 0  # the row is found wherever it stands


def test_a_row_left_out_for_another_that_is_gone_is_stale(tmp_path: Path) -> None:
    frame = doubled()
    plan = ek.load_plan(lay(tmp_path, frame))
    build(plan)
    book = tmp_path / "decisions.xlsx"
    seen = cells(book)
    case = seen[(seen["rule"] == "K08") & (seen["county"] == "N1")].iloc[0]
    fill(book, decision(case["at"], "exclude"))
    assert build(plan).unpooled is None
    lay(tmp_path, frame.drop(index=first_of(frame) - 2))
    with pytest.raises(
        ek.DataError,
        match=r"was 'E3 = N1 \(2013\)', now there is 'E3 \(2011\) → N1 \(2013\)'; decide it anew",
    ):
        build(plan)
    lay(tmp_path, frame.iloc[:-1])
    with pytest.raises(
        ek.DataError, match=r"is stale: the household table of the county has no row of E3-2-02 2013"
    ):
        build(plan)


def test_a_person_in_two_counties_is_given_the_right_number(tmp_path: Path) -> None:
    plan = ek.load_plan(with_members(tmp_path))
    build(plan)
    book = tmp_path / "decisions.xlsx"
    seen = cells(book)
    mine = seen[(seen["rule"] == "K09") & (seen["county"] == "S2")].iloc[0]
    other = seen[(seen["rule"] == "K09") & (seen["county"] == "N1")].iloc[0]
    fill(book, decision(mine["at"], "correct", number("009")) | decision(other["at"], "keep"))
    done = build(plan)
    assert (done.moved, done.reused) == (0, 2)
    store = Store(plan.processed)
    assert store.read("member", "S2")["id_number"].tolist() == [number("009"), number("003")]
    made = store.read("ledger", "S2").query("rule == 'H02'")
    assert made[["table", "row", "column", "old", "new"]].to_numpy().tolist() == [
        ["member", 3, "id_number", f" {number('001')}", number("009")]
    ]
    assert "K09" not in set(cells(book)["rule"])
    again = build(plan)
    assert (again.moved, again.reused) == (0, 3)
    raw = tmp_path / "data" / "raw" / "members.csv"
    raw.write_text(raw.read_text().replace(f"a,{number('001')}", f"a,{number('008')}"))
    with pytest.raises(ek.DataError) as stale:
        build(plan)
    assert f"case {mine['case']} (K09) is stale: the data no longer have this case" in str(stale.value)


def test_what_cannot_be_corrected_between_counties_is_refused(tmp_path: Path) -> None:
    plan = ek.load_plan(with_members(tmp_path, doubled()))
    build(plan)
    book = tmp_path / "decisions.xlsx"
    seen = cells(book)
    person, home = (seen[seen["rule"] == r].iloc[0]["at"] for r in ("K09", "K08"))
    fill(book, decision(person, "correct", "姓名=甲") | decision(home, "correct", "household=7"))
    with pytest.raises(ek.DataError) as refused:
        build(plan)
    for said in (
        "correct does not fit a case of rule K08; possible: keep, exclude, defer",
        "correct of a person in two counties takes the right id number alone",
    ):
        assert said in str(refused.value)
    fill(book, decision(person, "correct", number("001")) | dict.fromkeys([(home, k) for k in HUMAN]))
    with pytest.raises(ek.DataError, match=r"is '.*' already; use keep"):
        build(plan)


def first_of(frame: pd.DataFrame) -> int:
    """Return the row of the file in which the doubled household stands first."""
    return int(frame.index[(frame["hid"] == "E3-2-02") & (frame["round"] == "2")][0]) + 2


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=3)
