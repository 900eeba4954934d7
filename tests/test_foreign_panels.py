"""Foreign panels: value labels, one file per wave, decimal commas, labels in one language, what check finds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
import yaml

from cli_case import run
from evalkit.cleaning import CASE_COLUMNS, clean, moved_households, rebuild
from evalkit.cli.scaffold import lay_out
from evalkit.errors import DataError, PlanError
from evalkit.explanations import explain
from evalkit.ingest import read_all
from evalkit.plan import Plan
from evalkit.planfile import load_plan

LINE = {"kind": "table", "values": {1991: 100, 1998: 120}, "source": "invented"}


def settings(**changes: Any) -> dict[str, Any]:
    """Return a plan for files with columns id, place, hh size and spending; sections are merged."""
    base: dict[str, Any] = {
        "title": "t",
        "data": {
            "household": {
                "files": ["*.*"],
                "columns": {"household": "id", "wave": "yr", "county": "place"},
                "keep": ["spent"],
            }
        },
        "welfare": {"column": "spent", "concept": "consumption"},
        "poverty": {"line": LINE},
        "prices": {"kind": "none"},
    }
    household = changes.pop("household", {})
    base["data"]["household"] |= household
    return base | changes


def plan_in(folder: Path, **changes: Any) -> Plan:
    """Write plan.yaml and load it."""
    (folder / "data" / "raw").mkdir(parents=True, exist_ok=True)
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(settings(**changes), allow_unicode=True), encoding="utf-8")
    return load_plan(path)


def csv(plan: Plan, text: str, name: str = "a.csv") -> None:
    (plan.raw / name).write_text(text, encoding="utf-8")


def dta(plan: Plan, name: str, rows: dict[str, list[Any]], labels: dict[str, dict[Any, str]]) -> None:
    pyreadstat.write_dta(pd.DataFrame(rows), str(plan.raw / name), variable_value_labels=labels)


def checked(plan: Plan) -> str:
    ended = run("check", plan.folder / "plan.yaml")
    assert ended.code == 0, ended.said
    return ended.out


def faults(folder: Path, **changes: Any) -> str:
    with pytest.raises(PlanError) as caught:
        plan_in(folder, **changes)
    return str(caught.value)


ONE = {"id": [1, 2], "yr": [1991, 1991], "place": [0, 1], "spent": [90.0, 150.0], "sex": [1, 2]}
TWO = {**ONE, "yr": [1998, 1998]}


def test_value_labels_name_the_counties(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    for name, rows in (("a.dta", ONE), ("b.dta", TWO)):
        dta(plan, name, rows, {"place": {0: "Nkhata", 1: "Thyolo"}})
    raw = read_all(plan)["household"]
    assert raw.frame["county"].tolist() == ["0", "1", "0", "1"]
    assert raw.frame["county_name"].tolist() == ["Nkhata", "Thyolo"] * 2
    assert raw.files["notes"].tolist() == ["value labels of county used as names"] * 2
    assert raw.taken("labels") == ["county_name"]
    assert set(clean(read_all(plan), plan).frame["county_name"]) == {"Nkhata", "Thyolo"}


def test_a_code_with_two_meanings_is_refused_where_it_is_used(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    dta(plan, "a.dta", ONE, {"place": {0: "Nkhata", 1: "Thyolo"}, "sex": {1: "m", 2: "f"}})
    dta(plan, "b.dta", TWO, {"place": {0: "Thyolo", 1: "Nkhata"}, "sex": {1: "f", 2: "m"}})
    with pytest.raises(
        DataError, match=r"code 0 of 'county' is 'Nkhata' in a.dta and 'Thyolo' in b.dta \(1 more"
    ):
        read_all(plan)
    dta(plan, "b.dta", TWO, {"place": {0: " NKHATA ", 9: "not there"}, "sex": {1: "f", 2: "m"}})
    assert len(read_all(plan)["household"]) == 4


def test_one_file_per_wave_with_headers_that_differ(tmp_path: Path) -> None:
    plan = plan_in(
        tmp_path,
        household={
            "wave": {"hh_91*": 1991, "hh_98.csv": 1998},
            "columns": {"household": "id", "county": "place", "spent": {"hh_91*": "exp", "hh_98*": "spent"}},
            "keep": [],
        },
    )
    csv(plan, "id,place,exp\n1,A,90\n2,A,80\n", "hh_91.csv")
    csv(plan, "id,place,spent\n1,A,190\n2,A,180\n", "hh_98.csv")
    result = clean(read_all(plan), plan)
    assert result.frame[["household", "wave", "welfare"]].values.tolist() == [
        ["1", 1991, 90.0],
        ["1", 1998, 190.0],
        ["2", 1991, 80.0],
        ["2", 1998, 180.0],
    ]
    csv(plan, "id,place,spent\n1,A,1\n", "hh_99.csv")
    with pytest.raises(DataError, match=r"gives no wave for hh_99\.csv"):
        read_all(plan)
    (plan.raw / "hh_99.csv").unlink()
    (plan.raw / "hh_98.csv").unlink()
    with pytest.raises(
        DataError, match=r"wave names 'hh_98.csv', which fits none|columns.spent names 'hh_98\*'"
    ):
        read_all(plan)


def test_bangladesh_as_two_files_equals_the_labelled_wave(tmp_path: Path, shared_data: Path) -> None:
    keep = {"files": ["hh_9*.dta"], "keep": ["exptot"]}
    columns = {
        "household": "nh",
        "county": "thanaid",
        "village": "villid",
        "size": "famsize",
        "weight": "weight",
    }
    change = {"welfare": {"column": "exptot", "concept": "consumption"}}
    by_file = plan_in(
        tmp_path / "a",
        household={**keep, "columns": columns, "wave": {"hh_91.dta": 1991, "hh_98.dta": 1998}},
        **change,
    )
    by_code = plan_in(
        tmp_path / "b",
        household={**keep, "columns": {**columns, "wave": "year"}, "wave_labels": {"0": 1991, "1": 1998}},
        **change,
    )
    frames = []
    for plan in (by_file, by_code):
        for name in ("hh_91.dta", "hh_98.dta"):
            shutil.copy(next(shared_data.rglob(name)), plan.raw / name)
        frames.append(clean(read_all(plan), plan).frame)
    assert frames[0].groupby("wave").size().to_dict() == {1991: 826, 1998: 1129}
    pd.testing.assert_frame_equal(frames[0], frames[1], check_like=True)


def test_the_wave_comes_from_one_place(tmp_path: Path) -> None:
    assert "given by `wave` and by columns.wave" in faults(tmp_path, household={"wave": 1991})


COMMA = "id;yr;place;spent\n1;1991;A;1.234,5\n2;1991;A;90\n1;1998;A;2.000\n2;1998;A;,5\n"


def test_a_decimal_comma_is_read_when_stated(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, household={"decimal": ","})
    csv(plan, COMMA)
    result = clean(read_all(plan), plan)
    assert result.frame["welfare"].tolist() == [1234.5, 2000.0, 90.0, 0.5]
    assert set(result.ledger.of_table("household").cells()["rule"]) == {"T10"}
    pd.testing.assert_frame_equal(rebuild(result.raw, result.ledger, plan)["household"], result.frame)


def test_a_decimal_comma_touches_text_and_not_stored_numbers(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, household={"decimal": ","})
    rows = {"id": ["1", "2"], "yr": [1991, 1991], "place": ["A", "A"], "spent": [3.125, "1.000,5"]}
    pd.DataFrame(rows).to_excel(plan.raw / "a.xlsx", index=False)
    dta(plan, "b.dta", {**rows, "yr": [1998, 1998], "spent": [4.125, 1000.5]}, {})
    assert clean(read_all(plan), plan).frame["welfare"].tolist() == [3.125, 4.125, 1000.5, 1000.5]


def test_decimal_commas_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    csv(plan, "id;yr;place;spent\n1,5;1991,0;1,5;2,5\n2,5;1991,0;1,5;3,5\n")
    assert read_all(plan)["household"].frame["spent"].tolist() == ["2,5", "3,5"]


def test_check_names_unread_cells_and_the_decimal_comma(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    csv(plan, COMMA.replace(",5", ",55"))
    said = checked(plan)
    assert "2 cells of 'spent' in the household table cannot be read" in said
    assert """'1.234,55' (a.csv, row 2); if these are decimal commas, state `decimal: ","`""" in said


def test_labels_in_one_language_stand_for_both(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, title={"zh": "评估"}, welfare={"column": "spent", "label": {"en": "spending"}})
    assert (plan.title.en, plan.welfare.label.zh, plan.welfare.currency.zh) == ("评估", "spending", "元")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"poverty": {"line": {**LINE, "values": {1991: 0}}}}, "should be greater than 0 (given: 0)"),
        ({"prices": {"kind": "table", "index": {1991: -1}, "source": "s"}}, "greater than 0"),
        ({"benchmark": {"kind": "table", "values": {1991: -5}, "source": "s"}}, "greater than 0"),
        ({"waves": [1991, 1998], "benchmark": {"kind": "table", "values": {1991: 5}, "source": "s", "frm": 1992}}, "benchmark.frm: 1992 is not among the waves of the plan (1991, 1998)"),
        ({"waves": [1991, 1998], "programs": {"p": {"label": "p", "column": "spent"}}, "impact": [{"kind": "difference_in_means", "program": "p", "wave": 1999}]}, "impact.0.wave: 1999 is not among"),
        ({"household": {"columns": {"huosehold": "id"}}}, "did you mean 'household'? A column of your own belongs into data.household.keep"),
        ({"household": {"columns": {"sex": "s"}}}, "data.household.columns.sex: is no field of a household table"),
    ],
)  # fmt: skip
def test_faults_are_found_when_the_plan_is_loaded(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    assert fault in faults(tmp_path, **changes)


def test_columns_may_rename_what_the_plan_uses(tmp_path: Path) -> None:
    columns = {"household": "id", "wave": "yr", "county": "place", "spent": "exp"}
    assert plan_in(tmp_path, household={"columns": columns}).welfare.column == "spent"


def test_check_finds_what_a_build_would_stumble_over(tmp_path: Path) -> None:
    plan = plan_in(
        tmp_path,
        household={"columns": {**settings()["data"]["household"]["columns"], "weight": "w", "stratum": "s", "village": "v"}},
        poverty={"line": {**LINE, "values": {1991: 100}}},
        design={"strata": "stratum", "psu": "village"},
        county_names={"A": "Alpha", "01": "One"},
    )  # fmt: skip
    rows = ["1,1991,A,90,2,s,v1", "2,1991,B,90,2,s,v2", "3,1991,B,90,2,s,v3", "1,1998,B,95,2,s,v2"]
    csv(plan, "\n".join(["id,yr,place,spent,w,s,v", *rows]))
    said = checked(plan)
    assert "[problems] 6 to look at before a build" in said
    for part in (
        "1 stratum is in several counties (s)",
        "1 stratum (county / stratum) with only one sampled village: A / s",
        "the files have a weight (w), but plan.design does not use it",
        "no poverty line for 1998",
        "1 household stands in more than one county (K08; 1: A (1991) → B (1998))",
        "county_names names counties that are not in the data: 01. Codes of the data: A, B",
    ):
        assert part in said
    assert not any(bad in said for bad in ("sheet None", "wave ← \n", "reason_zh", "村"))


def test_check_counts_missing_weights_and_finds_unmatched_tables(tmp_path: Path) -> None:
    plan_in(tmp_path)
    data = settings(
        household={"columns": {"household": "id", "wave": "yr", "county": "place", "weight": "w"}, "files": ["a.csv"]},
        design={"weight": "weight"},
    )  # fmt: skip
    data["data"]["totals"] = {"files": ["t.csv"], "columns": {"county": "place", "exited_persons": "n"}}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    plan = load_plan(tmp_path / "plan.yaml")
    csv(plan, "id,yr,place,spent,w\n1,1991,A,90,\n2,1991,A,90,2\n1,1998,A,95,2\n2,1998,A,95,\n")
    csv(plan, "place,n\nZ,10\n", "t.csv")
    said = checked(plan)
    assert "2 of 4 rows have no weight (weight; household 1 in 1991, 2 in 1998)" in said
    assert "the totals table has counties without households: Z" in said
    assert "the totals table has no row of A" in said
    assert "data.totals is given without data.survey" in said


def test_a_clean_plan_has_no_problems(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    csv(plan, "id,yr,place,spent\n1,1991,A,90\n2,1991,A,80\n1,1998,A,95\n2,1998,A,85\n")
    assert "[problems] none found" in checked(plan)


def test_rows_of_persons_are_recognised(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    csv(plan, "id,yr,place,spent\n1,1991,A,90\n1,1991,A,80\n1,1991,A,70\n2,1991,A,60\n")
    with pytest.raises(DataError, match=r"they look like persons .* plan.data.member \(map `person`\)"):
        clean(read_all(plan), plan)
    csv(plan, "id,yr,place,spent\n1,1991,A,90\n1,1991,A,80\n2,1991,A,70\n3,1991,A,60\n")
    with pytest.raises(DataError) as caught:
        clean(read_all(plan), plan)
    assert "persons" not in str(caught.value)


def test_moves_are_cases_and_stays_are_not() -> None:
    frame = pd.DataFrame(
        {"household": ["1", "1", "1", "2"], "wave": [2014, 2016, 2018, 2014], "county": ["A", "B", "A", "A"]}
    )
    moved = moved_households(frame)
    assert tuple(moved.columns) == CASE_COLUMNS
    assert moved["evidence"].tolist() == ["A (2014) → B (2016)", "B (2016) → A (2018)"]
    assert moved_households(frame.iloc[[0, 3]]).empty


def test_init_refuses_a_file_as_its_folder(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine", encoding="utf-8")
    with pytest.raises(PlanError, match="is a file; name a folder"):
        lay_out(tmp_path / "there", example=False)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("impact.kind", ["write one of:", "- did_2x2: ", "- twfe: "]),
        ("poverty.line.kind", ["- standard: ", "- table: ", "- none: "]),
        ("plan.data.household.sheet", ["all sheets that have the header are stacked"]),
        ("T07", ["why: ", "what happens: ", "what to do: correct the cells", "decimal"]),
        ("headcount", ["Σ w s / Σ w"]),
        ("att_gt", ["impact.att_gt("]),
        ("exit rate", ["exit_rate("]),
        ("Poverty gap", ["gap("]),
        ("headcount rate", ["headcount("]),
        *((w, [f"{w} (word"]) for w in ("did_2x2", "twfe", "auc", "calibration", "hazard", "quarantine", "open case", "digest")),
        ("fields", ["  weight: sampling weight [number; household, survey] "]),
        ("rules", ["  K08 [flag]: "]),
        ("", ["evalkit explain fields", "evalkit explain words", "evalkit explain plan"]),
    ],
)  # fmt: skip
def test_words_that_a_newcomer_asks_for(name: str, parts: list[str]) -> None:
    said = explain(name)
    for part in parts:
        assert part in said
    assert explain(name, "zh")


def test_explain_without_a_name_lists_topics() -> None:
    ended = run("explain")
    assert (ended.code, ended.out.strip()) == (0, explain())
