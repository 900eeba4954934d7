"""The ledger: append-only, countable, and replayed exactly or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit.cleaning import clean
from evalkit.errors import DataError
from evalkit.ingest import read_all
from evalkit.ledger import COLUMNS, Ledger, replay
from evalkit.plan import Plan


def entry(**given: object) -> pd.DataFrame:
    plain = {
        "table": "household", "file": "a.csv", "row": 2, "column": "income_pc", "old": "3,000", "new": "3000",
        "action": "change", "rule": "T02", "version": "1",
    }  # fmt: skip
    return pd.DataFrame([{**dict.fromkeys(COLUMNS), **plain, **given}])


@pytest.fixture
def plan() -> Plan:
    return Plan(
        title="t",
        data={"household": {"files": ["*.csv"]}},
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
        clean={"duplicates": "latest"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        "单位：万元",
        "县代码,户编号,年度,家庭人口数,人均纯收入,行政村代码",
        '990602,001,2016年,４,"0.3",1',
        "990602,002,2016,3,0.25万元,2",
        "990602,002,2016,3,0.26,2",
        "990602,,2016,3,0.26,2",
        "合计,,,10,,",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="gb18030")
    return tmp_path


def test_an_empty_ledger_has_typed_columns() -> None:
    empty = Ledger.empty()
    assert len(empty) == 0
    assert empty.entries.dtypes.astype(str).to_dict() == {
        c: "int64" if c == "row" else "str" for c in COLUMNS
    }
    assert empty.counts().empty


def test_append_leaves_the_ledger_as_it_was() -> None:
    one = Ledger.empty().append(entry())
    two = one.append(entry(row=3, action="flag", rule="I01"))
    assert (len(one), len(two)) == (1, 2)
    assert two.counts()[["action", "rule", "n"]].to_numpy().tolist() == [
        ["change", "T02", 1],
        ["flag", "I01", 1],
    ]
    assert len(two.cells()) == len(two.flags()) == 1
    assert two.rows_set_aside().empty


def test_other_columns_are_refused() -> None:
    with pytest.raises(DataError, match="a ledger has the columns table, file"):
        Ledger(pd.DataFrame({"file": ["a"]}))


def test_replay_worked_by_hand(folder: Path, plan: Plan) -> None:
    raw = read_all(plan, folder)["household"]
    ledger = clean(folder, plan).ledger
    what = ledger.entries[["row", "column", "old", "new", "action", "rule"]].fillna("").to_numpy().tolist()
    assert what == [
        [7, "", "", "", "not_data", "R02"],
        [3, "wave", "2016年", "2016", "change", "T04"],
        [3, "size", "４", "4", "change", "T01"],
        [4, "income_pc", "0.25万元", "0.25", "change", "T03"],
        [-1, "income_pc", "times", "10000", "column", "T08"],
        [6, "household", "", "", "quarantine", "K01"],
        [-1, "village", "prefix", "county", "column", "K06"],
        [4, "", "", "a.csv:5", "merge", "D03"],
    ]
    text = replay(raw, ledger)
    columns = ["county", "household", "wave", "size", "income_pc", "village", "_row"]
    assert text[columns].to_numpy().tolist() == [
        ["990602", "001", "2016", "4", "3000", "990602-1", 3],
        ["990602", "002", "2016", "3", "2600", "990602-2", 5],
    ]


def test_replay_leaves_the_raw_table_as_it_was(folder: Path, plan: Plan) -> None:
    raw = read_all(plan, folder)["household"]
    before = raw.frame.copy()
    replay(raw, clean(folder, plan).ledger)
    pd.testing.assert_frame_equal(raw.frame, before)


def test_replay_on_changed_files_is_refused(folder: Path, plan: Plan) -> None:
    ledger = clean(folder, plan).ledger
    text = (folder / "a.csv").read_text(encoding="gb18030")
    (folder / "a.csv").write_text(text.replace("2016年", "2017年"), encoding="gb18030")
    with pytest.raises(DataError, match=r"ledger '2016年', file '2017年'.*clean again"):
        replay(read_all(plan, folder)["household"], ledger)
    (folder / "a.csv").write_text(text.replace("合计,,,10,,\n", ""), encoding="gb18030")
    with pytest.raises(DataError, match=r"name rows that are not in the raw files \(first: a.csv, row 7\)"):
        replay(read_all(plan, folder)["household"], ledger)


def test_an_unknown_operation_is_refused(folder: Path, plan: Plan) -> None:
    raw = read_all(plan, folder)["household"]
    odd = Ledger.empty().append(entry(row=-1, action="column", old="round", new="0"))
    with pytest.raises(DataError, match="asks for 'round' on column 'income_pc'"):
        replay(raw, odd)
