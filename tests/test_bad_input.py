"""Files, plans and figures that cannot be right, through the command line: message, exit code, no row lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import cli_case
from cli_case import PLAN, lay, run
from evalkit.store import UNPLACED, Store


def raw_file(plan: Path) -> Path:
    return plan.parent / "data" / "raw" / "panel.csv"


def refused(plan: Path, code: int, *said: str) -> None:
    """Check and build end with a code and a message; nothing is written, the raw files stay as they are."""
    raw = plan.parent / "data" / "raw"
    before = {p.name: p.read_bytes() for p in raw.glob("*")}
    for command in ("check", "build"):
        ended = run(command, plan)
        assert ended.code == code, ended.said
        for part in said:
            assert part in ended.err
    assert not (plan.parent / "data" / "processed").exists()
    assert {p.name: p.read_bytes() for p in raw.glob("*")} == before


def built(plan: Path, code: int = 0) -> Store:
    ended = run("build", plan)
    assert ended.code == code, ended.said
    return Store(plan.parent / "data" / "processed")


def result(store: Store, county: str) -> dict[str, Any]:
    return store.read_json(store.result_path(county))


def fates(store: Store, counties: tuple[str, ...] = ("E3", "N1", "S2")) -> pd.Series:
    """Return how many household rows were read and what became of them, over counties."""
    parts = []
    for county in counties:
        table = result(store, county)["tables"]["rows"]
        parts.append(
            pd.DataFrame(table["rows"], columns=table["columns"]).set_index("table").loc["household"]
        )
    out = pd.DataFrame(parts).sum()
    assert out["in"] == out[["clean", "quarantined", "merged", "not_data"]].sum()
    assert out["clean"] == len(store.read_all("panel", list(counties)))
    assert out["quarantined"] == len(store.read_all("quarantine", list(counties)))
    return out


def as_workbook(plan: Path, *, merge: tuple[str, ...] = (), sheet: str = "Sheet1") -> Path:
    """Put the panel into a workbook instead of the csv file; merge ranges of cells."""
    frame = pd.read_csv(raw_file(plan), dtype=str)
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    page.append(list(frame.columns))
    for row in frame.itertuples(index=False, name=None):
        page.append(list(row))
    for cells in merge:
        page.merge_cells(cells)
    path = raw_file(plan).with_suffix(".xlsx")
    book.save(path)
    raw_file(plan).unlink()
    return path


# --- files ---------------------------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    raw_file(plan).rename(raw_file(plan).with_name("other.csv"))
    refused(plan, 11, "no file matches 'panel*' (plan.data.household.files)", "there are: other.csv")
    (tmp_path / "data" / "raw" / "other.csv").unlink()
    (tmp_path / "data" / "raw").rmdir()
    refused(plan, 11, "does not exist; mend data.raw in the plan")


def test_missing_plan(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    for path, said in ((tmp_path / "plan.yml", "the folder has plan.yaml"), (tmp_path, "is a folder")):
        ended = run("build", path)
        assert (ended.code, said in ended.err) == (10, True)
    assert plan.is_file()


def test_empty_file(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    raw_file(plan).write_bytes(b"\n\n")
    refused(plan, 11, "panel.csv is empty (2 bytes); export it again")


def test_header_without_rows(tmp_path: Path) -> None:
    plan = lay(tmp_path, cli_case.panel().head(0))
    ended = run("build", plan)
    assert ended.code == 11
    assert "the household table has a header and no rows (panel.csv)" in ended.err
    assert run("check", plan).code == 11


def test_csv_cut_inside_a_row(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    text = raw_file(plan).read_text(encoding="utf-8")
    cut = text.index("\n", text.index("S2-2-03,2"))  # the row loses all but its first cell
    raw_file(plan).write_text(text[: text.rindex("S2-2-03,2", 0, cut) + len("S2-2-03")], encoding="utf-8")
    rows = text[:cut].count("\n")
    store = built(plan)
    unplaced = store.read("quarantine", UNPLACED)
    assert unplaced[["row", "household"]].to_numpy().tolist() == [[rows + 1, "S2-2-03"]]
    assert fates(store, ("N1", "S2"))["in"] + len(unplaced) == rows


@pytest.mark.parametrize("row", [0, 50, 179])
def test_csv_cut_inside_a_quoted_cell_or_with_a_stray_quote(tmp_path: Path, row: int) -> None:
    plan = lay(tmp_path)
    lines = raw_file(plan).read_text(encoding="utf-8").splitlines()
    lines[row + 1] = '"' + lines[row + 1]
    raw_file(plan).write_text("\n".join(lines) + "\n", encoding="utf-8")
    refused(plan, 11, f"panel.csv: a quoted cell begins in row {row + 2} and never ends", "truncated")


def test_a_quotation_mark_within_a_cell_is_data(tmp_path: Path) -> None:
    frame = cli_case.panel()
    plan = lay(tmp_path, frame)
    text = raw_file(plan).read_text(encoding="utf-8")
    raw_file(plan).write_text(text.replace("N1-1-01,1", 'N1-1-01",1', 1), encoding="utf-8")
    assert fates(built(plan))["in"] == len(frame)


def test_truncated_workbook(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    path = as_workbook(plan)
    path.write_bytes(path.read_bytes()[:3000])
    refused(plan, 11, "panel.xlsx cannot be opened as a workbook", "truncated or of another type")


@pytest.mark.parametrize("suffix", [".dta", ".parquet"])
def test_truncated_typed_file(tmp_path: Path, suffix: str) -> None:
    plan = lay(tmp_path)
    path = raw_file(plan).with_suffix(suffix)
    frame = cli_case.panel()
    if suffix == ".dta":
        frame.astype(dict.fromkeys(("hid", "round", "region", "ea"), object)).to_stata(
            path, write_index=False
        )
    else:
        frame.to_parquet(path)
    raw_file(plan).unlink()
    path.write_bytes(path.read_bytes()[:2500])
    refused(plan, 11, f"panel{suffix} cannot be read as", "truncated or of another type")


def test_wrong_encoding_found_and_stated(tmp_path: Path) -> None:
    frame = cli_case.panel()
    frame["ea"] = frame["ea"] + "é"
    plan = lay(tmp_path, frame)
    raw_file(plan).write_bytes(frame.to_csv(index=False).encode("latin-1"))
    refused(plan, 11, "panel.csv is text neither in UTF-8 (byte", "state `encoding`")
    for wrong, said in (
        ("utf-16", "is not text in utf-16"),
        ("utf8", "is not text in utf8"),
        ("klingon", "no encoding"),
    ):
        plan.write_text(PLAN.replace("    keep:", f"    encoding: {wrong}\n    keep:"), encoding="utf-8")
        refused(plan, 11, said)
    plan.write_text(PLAN.replace("    keep:", "    encoding: latin-1\n    keep:"), encoding="utf-8")
    assert store_villages(built(plan)) == {f"N1{i}é" for i in range(1, 5)}


def store_villages(store: Store) -> set[str]:
    return {v.removeprefix("N1-") for v in store.read("panel", "N1")["village"].unique()}


def test_duplicated_header(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    text = raw_file(plan).read_text(encoding="utf-8")
    raw_file(plan).write_text(text.replace("cons", "nmem", 1), encoding="utf-8")
    refused(plan, 11, "panel.csv: headers occur more than once: 'nmem' in columns 5, 7")


def test_wrong_sheet(tmp_path: Path) -> None:
    plan = lay(tmp_path, plan=PLAN.replace("    keep:", "    sheet: Round1\n    keep:"))
    as_workbook(plan, sheet="Rounds")
    refused(plan, 11, "panel.xlsx has no sheet 'Round1'; its sheets: Rounds. Mend `sheet`")


def test_workbook_without_the_table(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    raw_file(plan).unlink()
    notes = pd.DataFrame({"notes": ["made in 2017"], "by": ["nobody"]})
    notes.to_excel(raw_file(plan).with_suffix(".xlsx"), index=False)
    refused(
        plan, 11, "no header row of a household table", "'Sheet1': notes | by / made in 2017 | nobody", "hid"
    )


def test_a_household_id_merged_over_its_waves_holds_for_each_of_them(tmp_path: Path) -> None:
    plain = lay(tmp_path / "plain")
    plan = lay(tmp_path / "merged")
    as_workbook(plan, merge=("A2:A4", "A5:A7", "G8:G10"))
    ended = run("check", plan)
    assert ended.code == 0
    assert "merged cells: 4 cells of household filled downwards in 2 ranges (first: rows 2-4)" in ended.out
    assert "1 merged ranges below the header (first: rows 8-10); only their first cell is filled" in ended.out
    store = built(plan)
    assert fates(store).to_dict() == {"in": 180, "clean": 180, "quarantined": 0, "merged": 0, "not_data": 0}
    panel, expected = (s.read("panel", "N1") for s in (store, built(plain)))
    assert panel["household"].tolist() == expected["household"].tolist()
    assert panel["welfare"].isna().sum() == 2  # amounts are never filled
    assert panel["welfare"].dropna().isin(expected["welfare"]).all()


def test_totals_rows_are_no_households_and_are_in_the_ledger(tmp_path: Path) -> None:
    frame = cli_case.panel()
    total = {"hid": "Total", "cons": frame["cons"].sum()}
    part = {"hid": "Subtotal", "region": "N1", "cons": 1.0}
    plan = lay(tmp_path, pd.concat([frame, pd.DataFrame([part, total])]))
    store = built(plan)
    assert fates(store).to_dict() == {"in": 181, "clean": 180, "quarantined": 0, "merged": 0, "not_data": 1}
    for county, row in (("N1", 182), (UNPLACED, 183)):
        ledger = store.read("ledger", county)
        entry = ledger.loc[ledger["rule"] == "R02"]
        assert entry[["action", "row"]].to_numpy().tolist() == [["not_data", row]]


# --- plan against data ---------------------------------------------------------------------------


def test_unknown_plan_keys_are_all_named_with_their_lines(tmp_path: Path) -> None:
    wrong = PLAN.replace("prices:", "pricess:").replace("psu: village", "pzu: village")
    plan = lay(tmp_path, plan=wrong)
    at = {
        k: 1 + next(i for i, line in enumerate(wrong.splitlines()) if k in line) for k in ("pricess", "pzu")
    }
    refused(
        plan,
        10,
        "3 faults in the plan; nothing was run",
        f"line {at['pricess']}: pricess: unknown key; did you mean 'prices'?",
        f"line {at['pzu']}: design.pzu: unknown key; did you mean 'psu'?",
        "prices: is missing",
    )


def test_a_column_of_the_plan_that_the_file_lacks(tmp_path: Path) -> None:
    plan = lay(tmp_path, cli_case.panel().rename(columns={"cons": "consumo"}))
    refused(plan, 11, "panel.csv has no column 'cons', which the plan names; nearest is 'consumo'")


def test_a_setting_that_names_no_column_of_the_panel(tmp_path: Path) -> None:
    plan = lay(tmp_path, plan=PLAN.replace("column: cons", "column: consu"))
    for command in ("check", "build"):
        ended = run(command, plan)
        assert ended.code == 11
        assert "plan.welfare.column names 'consu'" in ended.err


def test_a_program_without_a_source_is_a_fault_of_the_plan(tmp_path: Path) -> None:
    plan = lay(tmp_path, plan=PLAN.replace(", column: grant}", "}"))
    for command in ("check", "build"):
        ended = run(command, plan)
        assert ended.code == 10
        assert "grant" in ended.err


TOTALS = """\
  totals:
    files: [totals.csv]
    columns: {county: region, registered_persons: poor, agricultural_persons: all}
"""


def test_a_county_that_only_another_table_names(tmp_path: Path) -> None:
    frame = cli_case.panel()
    plan = lay(
        tmp_path, frame[frame["region"] != "E3"], PLAN.replace("county_names:", TOTALS + "county_names:", 1)
    )
    text = "region,poor,all\nN1,10,1000\nS2,12,1100\nE3,14,1200\n"
    (raw_file(plan).parent / "totals.csv").write_text(text, encoding="utf-8")
    ended = run("build", plan)
    assert ended.code == 1
    assert "2 counties built" in ended.out
    assert (
        "failed: E3: DataError: the household table has no row of county E3, which is named in: totals"
        in ended.err
    )
    store = Store(tmp_path / "data" / "processed")
    assert store.counties() == ["N1", "S2"]
    assert store.counties("totals") == ["N1", "S2"]  # a county that failed is in no answer about all counties
    one = run("report", plan, "--county", "E3")
    assert (one.code, "county E3 failed in the build" in one.err) == (15, True)


def test_a_county_of_which_no_row_can_be_used_keeps_them_in_quarantine(tmp_path: Path) -> None:
    frame = cli_case.panel()
    frame.loc[frame["region"] == "E3", "nmem"] = 0
    store = built(lay(tmp_path, frame), code=1)
    aside = store.read("quarantine", "E3")
    assert len(aside) == 60
    assert set(aside["rule"]) == {"K07"}
    assert "60 rows K07" in store.read_json(store.manifest_path)["failed"]["E3"]


# --- figures -------------------------------------------------------------------------------------


def one_village(plan: str, folder: Path) -> Store:
    frame = cli_case.panel()
    return built(lay(folder, frame[(frame["region"] != "N1") | (frame["ea"] == "N11")], plan))


def test_one_village_in_a_stratum_gives_no_interval(tmp_path: Path) -> None:
    store = one_village(PLAN, tmp_path / "error")
    found = result(store, "N1")
    assert found["estimates"] == {}
    assert "1 of 1 strata have a single sampled" in found["omitted"]["poverty"]["en"]
    assert len(result(store, "S2")["estimates"]["headcount"]["values"]) == 3
    assert fates(store)["clean"] == 135


def test_one_village_in_a_stratum_may_be_left_out_of_the_variance(tmp_path: Path) -> None:
    from evalkit.estimate import Estimate

    store = one_village(PLAN.replace("psu: village", "psu: village, single_psu: missing"), tmp_path)
    headcount = Estimate.from_dict(result(store, "N1")["estimates"]["headcount"]).tidy()
    assert headcount["estimate"].between(0, 1).all()
    assert headcount[["conf_low", "conf_high"]].isna().all(axis=None)


def test_all_missing_income_in_one_county_and_in_all(tmp_path: Path) -> None:
    frame = cli_case.panel()
    plan = lay(tmp_path / "one", frame.assign(cons=frame["cons"].where(frame["region"] != "N1")))
    ended = run("build", plan)
    assert ended.code == 1
    assert (
        "failed: N1: DataError: welfare ('cons') is missing in all 60 rows: the cells are blank" in ended.err
    )
    store = Store(tmp_path / "one" / "data" / "processed")
    assert (store.read("ledger", "N1")["rule"] == "I01").sum() == 60
    plan = lay(tmp_path / "all", frame.assign(cons="n.a."))
    for command in ("check", "build"):
        ended = run(command, plan)
        assert (ended.code, "is missing in all" in ended.err) == (11, True)


def test_negative_income_is_flagged_counted_as_poor_and_kept(tmp_path: Path) -> None:
    frame = cli_case.panel()
    frame.loc[frame["hid"] == "N1-1-01", "cons"] = -5.0
    store = built(lay(tmp_path, frame))
    assert fates(store)["clean"] == 180
    flagged = store.read("ledger", "N1").query("rule == 'I02'")
    assert flagged["action"].tolist() == ["flag"] * 3
    one = frame[(frame["region"] == "N1") & (frame["round"] == "1")]
    weight = one["wgt"] * one["nmem"]
    by_hand = (weight * (one["cons"] < 100)).sum() / weight.sum()
    headcount = result(store, "N1")["estimates"]["headcount"]["values"]
    assert headcount[0] == pytest.approx(by_hand, rel=1e-12)


def test_a_poverty_line_missing_for_a_year_leaves_that_year_out(tmp_path: Path) -> None:
    store = built(lay(tmp_path, plan=PLAN.replace(", 2016: 120", "")))
    found = result(store, "N1")
    assert found["estimates"]["headcount"]["keys"]["wave"] == [2011, 2013]
    assert found["estimates"]["mean_welfare"]["keys"]["wave"] == [2011, 2013, 2016]
    assert found["omitted"]["poverty_waves"]["en"].startswith("No poverty line is known for 2016")
    assert "the data have 2" in found["omitted"]["returns"]["en"]
    assert fates(store)["clean"] == 180


def test_no_line_for_any_wave(tmp_path: Path) -> None:
    store = built(lay(tmp_path, plan=PLAN.replace("{2011: 100, 2013: 110, 2016: 120}", "{1999: 100}")))
    found = result(store, "N1")
    assert "headcount" not in found["estimates"]
    assert "no poverty line" in found["omitted"]["poverty"]["en"]


def test_growth_across_a_change_of_income_concept_is_refused(tmp_path: Path) -> None:
    concept = "concept: {2011: net, 2013: net, 2016: disposable}"
    store = built(lay(tmp_path, plan=PLAN.replace("concept: consumption", concept)))
    for found in (result(store, "N1"), store.read_json(store.pooled_path)):
        assert not [name for name in found["estimates"] if name.startswith("growth")]
        why = found["omitted"]["growth"]["en"]
        assert all(word in why for word in ("net", "disposable", "2011", "2016"))
    within = run("build", tmp_path / "plan.yaml", "--set", "waves=[2011, 2013]")
    assert within.code == 0
    found = result(store, "N1")
    assert len(found["estimates"]["growth_mean"]["values"]) == 1
    aside = store.read_all("quarantine", ["E3", "N1", "S2"])
    assert (len(aside), set(aside["rule"])) == (60, {"K02"})


def test_a_file_where_the_processed_folder_should_be(tmp_path: Path) -> None:
    plan = lay(tmp_path)
    (tmp_path / "data" / "processed").write_text("", encoding="utf-8")
    ended = run("build", plan)
    assert ended.code == 1
    assert str(tmp_path / "data" / "processed") in ended.err
