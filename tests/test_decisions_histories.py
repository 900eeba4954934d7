"""Contradictory histories and household structures as cases: asked once, decided in the workbook, applied again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from cli_case import run
from evalkit.cleaning import CleanResult, clean
from evalkit.decisions import allowed, proposed
from evalkit.decisions.form import ACTIONS, DECIDED
from evalkit.errors import PlanError
from evalkit.ingest import from_frame, with_counties
from evalkit.pipeline import build
from evalkit.rules import ASKED_UNDER, CHECKS, HISTORIES, STRUCTURES
from evalkit.store import Store
from rule_examples.frame import PLAN, drawn, filled
from test_decisions import again, case, decide, faults, human
from workbook_case import cells, decision, fill

MARK_GONE = """
| household | wave | status | identified_year | returned |
| 1         | 2014 | 已脱贫 | 2012            | 否       |
| 1         | 2015 | 返贫   | 2012            | 是       |
| 1         | 2016 | 未脱贫 | 2012            | 否       |
| 2         | 2014 | 未脱贫 | 2013            | 否       |
| 2         | 2015 | 未脱贫 | 2013            | 否       |
| 2         | 2016 | 未脱贫 | 2013            | 否       |
"""
"""Household 1 was marked as returned in 2015; in 2016 the mark is gone, and it has not exited (F04)."""
TWICE = """
| household | wave | status | returned |
| 1         | 2014 | 已脱贫 | 否       |
| 1         | 2015 | 未脱贫 | 否       |
| 2         | 2014 | 未脱贫 | 否       |
| 2         | 2015 | 未脱贫 | 否       |
"""
"""Household 1 is registered again after an exit, without a mark: S11 on the row, F02 in the history."""
FAMILY = """
| household | wave | person | village | name | birth_date | relation |
| 1         | 2015 | a      | v       | 赵甲 | 19500101   | 户主     |
| 1         | 2015 | b      | v       | 赵乙 | 19800101   | 之子     |
| 1         | 2015 | c      | v       | 赵丙 | 20100101   | 之孙     |
| 1         | 2016 | a      | v       | 赵甲 | 19500101   | 户主     |
| 7         | 2016 | b      | v       | 赵乙 | 19800101   | 户主     |
| 7         | 2016 | c      | v       | 赵丙 | 20100101   | 之子     |
| 5         | 2015 | x      | v       | 钱甲 | 19700101   | 户主     |
| 5         | 2016 | y      | v       | 孙甲 | 19710101   | 户主     |
"""
"""Household 1 splits in 2016, the grandfather alone stays; household 5 is given to another person."""
HOMES = """
| household | wave | village | identified_year |
| 1         | 2015 | v       | 2016            |
| 1         | 2016 | v       | 2016            |
| 5         | 2015 | v       | 2010            |
| 5         | 2016 | v       | 2010            |
"""


def read(homes: str, people: str = "", **settings: object) -> CleanResult:
    plan = ek.Plan(**{**PLAN, "clean": {**PLAN["clean"], **settings}})  # type: ignore[dict-item]
    drawn_tables = {"household": homes, **({"member": people} if people else {})}
    tables = {k: from_frame(filled(drawn(t), k), table=k) for k, t in drawn_tables.items()}  # type: ignore[arg-type]
    return clean(with_counties(tables), plan)


def asked(result: CleanResult) -> list[tuple[str, str, str]]:
    """Return (rule, household, wave) of the open cases of histories and structures."""
    cases = result.open_cases
    rows = cases.loc[cases["rule"].str[0].isin(["F", "M"]), ["rule", "household", "wave"]]
    return sorted(rows.itertuples(index=False, name=None))


# ---- histories --------------------------------------------------------------------------------------


def test_a_contradiction_is_a_case_with_its_row_and_column() -> None:
    found = read(MARK_GONE)
    assert asked(found) == [("F04", "1", "2016")]
    one = case(found, "F04")
    assert one[["table", "row", "column", "current", "evidence"]].tolist() == [
        "household",
        3,
        "status",
        "未脱贫",
        "2015 → 2016",
    ]
    assert found.events is not None
    assert found.events.cases["rule"].tolist() == ["F04"]
    assert found.ledger.flags().query("rule == 'F04'")["row"].tolist() == [3]


def test_a_rule_on_histories_can_be_switched_off_and_the_register_stays() -> None:
    found = read(MARK_GONE, rules_off=("F04",))
    assert asked(found) == []
    assert found.ledger.flags().query("rule == 'F04'").empty
    assert found.events is not None
    assert found.events.cases["rule"].tolist() == ["F04"]
    entries = read(MARK_GONE).events
    assert entries is not None
    assert found.events.digest == entries.digest
    with pytest.raises(PlanError, match="M01"):
        read(MARK_GONE, rules_off=("M01",))


def test_keep_correct_and_exclude() -> None:
    before = read(MARK_GONE)
    one = case(before, "F04")
    kept = again(before, decide(one, "keep"))
    assert asked(kept) == []
    assert human(kept) == [[3, "H01", "flag", "status", "未脱贫", None]]
    pd.testing.assert_frame_equal(kept.frame, before.frame)
    assert "F04" in set(kept.ledger.flags()["rule"])  # the finding stays
    mended = again(before, decide(one, "correct", "已脱贫"))
    assert asked(mended) == []
    assert mended.frame.query("household == '1'")["status"].tolist() == ["exited", "returned", "exited"]
    out = again(before, decide(one, "exclude"))
    assert asked(out) == []
    assert out.frame.query("household == '1'")["wave"].tolist() == [2014, 2015]
    assert out.events is not None
    assert out.events.entries.query("household == '1'")["kind"].tolist()[-1] == "removed"


def test_decisions_on_a_history_that_changed_are_stale() -> None:
    before = read(MARK_GONE)
    keep = decide(case(before, "F04"), "keep")
    gone = read(MARK_GONE.replace("返贫   | 2012            | 是", "未脱贫 | 2012            | 是"))
    assert "the data no longer have this case" in faults(gone, keep)
    shorter = "\n".join(line for line in MARK_GONE.splitlines() if "2015" not in line)
    later = read(shorter.replace("2014 | 已脱贫", "2014 | 返贫  "))
    assert "was '未脱贫 | 2015 → 2016', now there is '未脱贫 | 2014 → 2016'; decide it anew" in faults(
        later, keep
    )


def test_nobody_is_asked_twice() -> None:
    found = read(TWICE)
    assert [r for r in found.open_cases["rule"] if r in ("S11", "F02")] == ["S11"]
    assert found.events is not None
    assert found.events.cases["rule"].tolist() == ["F02"]  # the register lists it all the same
    assert asked(again(found, decide(case(found, "S11"), "keep"))) == []
    assert asked(read(TWICE, rules_off=("S11",))) == [("F02", "1", "2015")]


def test_a_decision_on_a_history_may_build_on_another() -> None:
    """The year of the return cannot be read, so a year seems to be missing; corrected, the mark is seen to be gone."""
    before = read(MARK_GONE.replace("2015 | 返贫   |", "20x5 | 返贫   |"))
    assert asked(before) == [("F10", "1", "2016")]
    first = decide(case(before, "K01"), "correct", "2015")
    between = again(before, first)
    assert asked(between) == [("F04", "1", "2016")]
    assert asked(again(before, first, decide(case(between, "F04"), "keep"))) == []


def test_twins_are_rules_that_open_cases() -> None:
    known = {r.id: r for r in CHECKS}
    assert {t for twins in ASKED_UNDER.values() for t in twins} <= {i for i, r in known.items() if r.case}
    assert set(ASKED_UNDER) <= {r.id for r in HISTORIES}


# ---- structures -------------------------------------------------------------------------------------


def test_structures_are_cases_when_the_plan_asks() -> None:
    """M01-M05: M01 another person, M02 split near identification, M03 in a look-back, M04 and M05 the elder left alone."""
    assert asked(read(HOMES, FAMILY)) == []
    asked_for = {"household_structures": {"look_backs": [2016]}}
    before = read(HOMES, FAMILY, **asked_for)
    assert asked(before) == [
        ("M01", "5", "2016"), ("M02", "1", "2016"), ("M03", "1", "2016"), ("M04", "1", "2016"), ("M05", "1", "2016"),
    ]  # fmt: skip
    assert before.structures is not None
    # the new household 7 is in no row of the household table: the case stands on the row of the other side
    assert before.structures.query("rule == 'M02'")["household"].tolist() == ["7"]
    split = case(before, "M02")
    assert split[["table", "row", "column", "evidence"]].tolist() == [
        "household",
        2,
        "household",
        "split 1 → 7 in 2016; identified 2016, –",
    ]
    kept = again(before, *(decide(case(before, r.id), "keep") for r in STRUCTURES))
    assert asked(kept) == []
    assert {rule for _, rule, *_ in human(kept)} == {"H01"}
    out = again(before, decide(case(before, "M01"), "exclude"))
    assert "M01" not in {rule for rule, *_ in asked(out)}
    both = HOMES + "| 7         | 2016 | v       | 2016            |\n"
    assert ("M02", "7", "2016") in asked(read(both, FAMILY, **asked_for))
    assert not {"M01", "M02"} & {
        r
        for r, *_ in asked(
            read(
                HOMES,
                FAMILY.replace("孙甲", "钱甲").replace(" y ", " x "),
                household_structures={"within": 0},
            )
        )
    } - {"M02"}


@pytest.mark.parametrize("rule", [*HISTORIES, *STRUCTURES], ids=lambda r: r.id)
def test_what_may_be_decided(rule: object) -> None:
    rule_id = str(getattr(rule, "id", ""))
    options = allowed(rule_id)
    assert {"keep", "defer"} <= set(options)
    assert ("correct" in options) == (rule_id.startswith("F") and rule_id != "F10")
    assert proposed(rule_id) == ("correct" if "correct" in options else "keep")


# ---- the workbook -----------------------------------------------------------------------------------


def lay_out(folder: Path, homes: str) -> Path:
    """Write a plan and the household table of two counties, the second without a fault."""
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    first = filled(drawn(homes), "household")
    second = first.loc[first["household"] == "2"].assign(county="990102", household="9")
    pd.concat([first, second]).to_csv(raw / "homes.csv", index=False)
    (folder / "plan.yaml").write_text(
        "title: t\ndata: {household: {files: [homes.csv]}}\nstandard: cn-2017\npoverty: {line: {kind: standard}}\n"
        "prices: {kind: none}\nsynthetic: true\nclean: {duplicates: quarantine}\ndesign: {weight: null}\n",
        encoding="utf-8",
    )
    return folder / "plan.yaml"


def test_the_workbook_goes_round(tmp_path: Path) -> None:
    gap = MARK_GONE + "| 3 | 2014 | 未脱贫 | 2013 | 否 |\n| 3 | 2016 | 未脱贫 | 2013 | 否 |\n"
    plan = ek.load_plan(lay_out(tmp_path, gap))
    build(plan)
    book, store = tmp_path / "decisions.xlsx", Store(plan.processed)
    seen = cells(book)
    rows = seen.loc[seen["rule"].isin(["F04", "F10"])].set_index("rule")
    shown = [
        "county",
        "table",
        "household",
        "wave",
        "file",
        "row",
        "column",
        "evidence",
        "current",
        "proposed",
    ]
    assert rows.loc["F04", shown].tolist() == [
        "990101", "household", "1", "2016", "homes.csv", "4", "status", "2015 → 2016", "未脱贫", "correct 更正",
    ]  # fmt: skip
    assert rows.loc["F10", ["household", "wave", "proposed", "action"]].tolist() == [
        "3",
        "2016",
        "keep 保留",
        None,
    ]
    assert {"F01-F14", "M01-M05"} <= set(cells(book, ACTIONS).iloc[:, 0])
    fill(book, decision(rows.loc["F10", "at"], "correct", "2015"))
    refused = run("build", tmp_path / "plan.yaml")
    assert refused.code == 11
    assert "correct does not fit a case of rule F10; possible: keep, defer" in refused.err
    fill(book, decision(rows.loc["F10", "at"], "keep") | {(rows.loc["F10", "at"], "value"): None})
    fill(book, decision(rows.loc["F04", "at"], "correct", "返贫"))
    second = build(plan)
    assert {r.county: r.how for r in second.done} == {"990101": "built", "990102": "reused"}
    assert not {"F04", "F10"} & set(cells(book)["rule"])
    assert set(cells(book, DECIDED)["rule"]) == {"F04", "F10"}
    ledger = store.read("ledger", "990101")
    made = ledger.loc[ledger["rule"].str.startswith("H"), ["rule", "row", "column", "new"]]
    assert made.astype(object).where(made.notna(), None).to_numpy().tolist() == [
        ["H02", 4, "status", "返贫"],
        ["H01", 9, "wave", None],
    ]
    assert store.read("event_cases", "990101")["rule"].tolist() == ["F10"]
    kept = book.read_bytes()
    assert build(plan).reused == 2
    assert book.read_bytes() == kept
    lay_out(tmp_path, MARK_GONE + "| 3 | 2014 | 未脱贫 | 2013 | 否 |\n")
    with pytest.raises(ek.DataError) as stale:
        build(plan)
    assert (
        f"case {rows.loc['F10', 'case']} (F10, county 990101) is stale: the data no longer have this case"
        in str(stale.value)
    )
