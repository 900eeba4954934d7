"""The data audit: its tables against the ledger, the quarantine and the manifest of a build, in both languages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import evalkit as ek
import evalkit.report as report
import report_case
import store_case
from cli_case import run
from evalkit.errors import ReportError
from evalkit.pipeline import build
from evalkit.pipeline.auditing import AuditCase, load_audit
from evalkit.pipeline.case import load_case
from evalkit.plan import Plan
from evalkit.report.document import Omitted, Prose, Section, Suppressed, Table, shown
from evalkit.report.sections.happenings import event_table, few_events, stock_lines
from evalkit.store import UNPLACED, Store

SECTIONS = ("read", "rows", "changes", "open", "totals", "checks", "events")


def _spoil(raw: Path) -> None:
    """Add a column nobody knows, merged cells, a file that no table names, and a name that is markup."""
    path = raw / "行政村信息.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.active
    header = next(r for r in range(1, 6) if "乡" in str([c.value for c in sheet[r]]))
    sheet.cell(row=header, column=sheet.max_column + 1, value="<b>备用</b>")
    sheet.cell(row=header + 1, column=sheet.max_column, value="x")
    place = next(c.column for c in sheet[header] if "乡" in str(c.value))
    sheet.cell(row=header + 2, column=place).value = None
    sheet.merge_cells(start_row=header + 1, end_row=header + 2, start_column=place, end_column=place)
    book.save(path)
    (raw / "<i>draft.csv").write_text("a\n1\n", encoding="utf-8")


@pytest.fixture(scope="module")
def plan(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Build a small messy example of two counties."""
    folder = tmp_path_factory.mktemp("audit")
    store_case.synthetic(root, folder, counties=2)
    _spoil(folder / "data" / "raw")
    plan = ek.load_plan(folder / "plan.yaml")
    build(plan)
    return plan


@pytest.fixture(scope="module")
def case(plan: Plan) -> AuditCase:
    """Return what the audit speaks of."""
    return load_audit(plan)


def section(case: AuditCase, name: str) -> Section:
    return getattr(report, f"audit_{name}")(case)  # type: ignore[no-any-return]


def tables(found: Section) -> dict[str, pd.DataFrame]:
    """Return the tables of a section by English title, cells as printed in English."""
    out = {}
    for block in found.blocks:
        if isinstance(block, Table):
            rows = [
                [shown(v, c.format, "en") for v, c in zip(r, block.columns, strict=True)] for r in block.rows
            ]
            out[block.title.en] = pd.DataFrame(rows, columns=[c.name for c in block.columns])
    return out


def said(found: Section) -> str:
    return " ".join(b.text.en for b in found.blocks if isinstance(b, Prose))


def number(text: str) -> int:
    return int(text.replace(",", "").replace("−", "-"))


def test_rows_of_the_files_are_those_of_ledger_quarantine_and_clean_tables(
    plan: Plan, case: AuditCase
) -> None:
    balance = case.row_balance().set_index("table")
    store = Store(plan.processed)
    manifest = store.read_json(store.manifest_path)
    household = balance.loc["household"]
    in_files = sum(
        len(Path(f).read_bytes().splitlines()) for f in sorted(plan.raw.glob("户信息_*"))
    ) - _above(case)
    assert household["rows"] == in_files
    assert household["clean"] == sum(c["rows_clean"] for c in manifest["counties"].values())
    assert household["quarantined"] == sum(c["rows_set_aside"] for c in manifest["counties"].values())
    counties = [*manifest["counties"], UNPLACED]
    aside = pd.concat([store.read("quarantine", c) for c in counties])
    own = aside.loc[aside["table"] == "household"]
    lost = store.read("quarantine", UNPLACED)
    assert household["quarantined"] == len(own) - len(lost)
    entries = pd.concat([store.read("ledger", c) for c in manifest["counties"]])
    merged = (entries["action"] == "merge") & (entries["table"] == "household")
    assert household["merged"] == merged.sum() > 0
    assert household["unplaced"] > len(lost) > 0  # with totals and signature rows
    assert (balance["unaccounted"] == 0).all()


def _above(case: AuditCase) -> int:
    """Return the number of lines up to the header in the household files."""
    files = case.intake.files
    return int(files.loc[files["table"] == "household", "header_row"].sum())


def test_every_entry_of_the_ledger_is_counted_once(plan: Plan, case: AuditCase) -> None:
    store = Store(plan.processed)
    expected = pd.concat([store.read("ledger", c) for c in case.names])
    found = tables(section(case, "changes"))
    assert len(found) == 4
    listed = pd.concat(found.values())
    assert sum(map(number, listed["n"])) == len(expected)
    by_rule = expected.groupby("rule").size()
    assert listed.assign(n=listed["n"].map(number)).groupby("rule")["n"].sum().to_dict() == by_rule.to_dict()
    quarantine = found["Rows set aside in quarantine"]
    assert sum(map(number, quarantine["n"])) == case.row_balance()["quarantined"].sum()


def test_open_cases_are_those_of_the_store(plan: Plan, case: AuditCase) -> None:
    store = Store(plan.processed)
    expected = pd.concat([store.read("open_cases", c) for c in case.names])
    found = tables(section(case, "open"))
    assert sum(map(number, found["Open cases within counties"]["cases"])) == len(expected) > 0
    lost = store.read("open_cases", UNPLACED)
    here = found["Open cases of rows that name no county"]
    assert sum(map(number, here["cases"])) == lost["file"].notna().sum() > 0
    assert "No case was decided" in said(section(case, "open"))


def test_sums_of_money_are_those_of_the_clean_panel(plan: Plan, case: AuditCase) -> None:
    balance = case.money_balance().set_index("column")
    panel = Store(plan.processed).read_all("panel", list(case.names))
    for column in ("income_pc", "wage_income", "operating_expense"):
        assert balance.loc[column, "after"] == pytest.approx(panel[column].sum())
    left = (
        balance["read"] - balance["unplaced"] + balance["changed"] - balance["set_aside"] - balance["after"]
    )
    assert left.abs().max() < 0.01
    assert balance.loc["wage_income", "unplaced"] > 0
    assert "reconcile in every county" in said(section(case, "totals"))


def test_sums_that_do_not_reconcile_are_listed_by_county(case: AuditCase) -> None:
    money = case.tables["money"].copy()
    money.loc[3, "difference"] = -120.0
    wrong = replace(case, tables={**case.tables, "money": money})
    found = section(wrong, "totals")
    listed = tables(found)["Where the sums differ"]
    assert listed[["county", "difference"]].to_numpy().tolist() == [[money.loc[3, "county"], "−120"]]
    assert "1 sums do not reconcile" in said(found)


def test_rows_that_are_not_accounted_for_are_an_error(case: AuditCase) -> None:
    intake = replace(case.intake, rows={**case.intake.rows, "member": case.intake.rows["member"] + 2})
    found = section(replace(case, intake=intake), "rows")
    assert "2 rows are not accounted for" in said(found)
    by_table = tables(found)["By table"].set_index("table")
    assert by_table.loc["members", "unaccounted"] == "2"


def test_files_of_every_table_are_listed_with_what_was_seen(plan: Plan, case: AuditCase) -> None:
    found = section(case, "read")
    files = tables(found)["Files, and how each was read"]
    assert set(files["file"]) == set(case.inputs) - {"各级上报数.csv"}
    assert "(figures stated by each level, known totals): 各级上报数.csv" in said(found)
    assert set(files["table"]) == {
        "households", "members", "programs", "villages", "third-party survey", "census totals", "steps of cases",
    }  # fmt: skip
    village = files.set_index("file").loc["行政村信息.xlsx"]
    assert "merged cells" in village["notes"]
    assert number(files.set_index("file").loc["成员信息.csv", "rows"]) == case.intake.rows["member"]
    unread = said(found)
    assert "说明_README.txt" in unread
    assert "<i>draft.csv" in unread


def test_a_header_nobody_knows_is_listed(case: AuditCase) -> None:
    unknown = tables(section(case, "read"))["Headers not recognised: their columns are not used"]
    assert unknown[["table", "header", "sheets"]].to_numpy().tolist() == [["villages", "<b>备用</b>", "1"]]


def test_headers_stand_with_the_field_they_were_taken_for(case: AuditCase) -> None:
    found = tables(section(case, "read"))["What the headers were taken for: households"].set_index("field")
    mapping = case.intake.headers
    own = mapping.loc[(mapping["table"] == "household") & (mapping["field"] == "county"), "header"]
    assert found.loc["county code", "headers"] == ", ".join(own)
    assert "household id" in found.index  # the field, not the table of the same name


def test_checks_are_summed_over_counties(case: AuditCase) -> None:
    checks = case.tables["checks"]
    found = section(case, "checks")
    met = tables(found)["Rules that some row meets"]
    assert sum(map(number, met["hits"])) == checks["hits"].sum() > 0
    run_here = checks.loc[checks["checked"].astype(bool), "rule"].nunique()
    assert said(found).startswith(f"{run_here} rules on the content of rows were run")


def test_checks_without_their_columns_are_named_in_words(case: AuditCase) -> None:
    checks = case.tables["checks"].copy()
    rule = checks["rule"].iloc[0]
    checks.loc[checks["rule"] == rule, ["checked", "lacks"]] = [False, "size, member.health"]
    found = tables(section(replace(case, tables={**case.tables, "checks": checks}), "checks"))
    lacking = found["Rules that could not be run, and the columns they lack"]
    assert lacking[["rule", "lacks"]].to_numpy().tolist() == [[rule, "household size, health (members)"]]


def test_a_county_that_failed_keeps_its_rows_in_the_balance(root: Path, tmp_path: Path) -> None:
    plan = store_case.synthetic(root, tmp_path, counties=2)
    path = next(iter(sorted(plan.raw.glob("户信息_*"))))
    path.unlink()  # its county is named by the other tables only
    assert len(build(plan).failed) == 1
    case = load_audit(plan)
    balance = case.row_balance().set_index("table")
    assert (balance["unaccounted"] == 0).all()
    assert balance.loc["member", "failed"] > 0
    failed = tables(section(case, "rows"))["Counties that could not be built"]
    assert failed["county"].tolist() == list(case.failed)
    assert number(failed["rows"].iloc[0]) == case.intake.failed["rows"].sum()


def test_many_files_and_counties_are_summed_up(case: AuditCase) -> None:
    files = pd.concat([case.intake.files] * 30, ignore_index=True)
    rows = pd.concat(
        [case.tables["rows"].assign(county=f"99{i:04d}") for i in range(100)], ignore_index=True
    )  # two rows a county, since there are two counties
    worst = (rows["county"] == "990077") & (rows["table"] == "household")
    rows.loc[worst, "quarantined"] = rows.loc[worst, "in"]
    many = replace(case, intake=replace(case.intake, files=files), tables={**case.tables, "rows": rows})
    summed = tables(section(many, "read"))["Files by how they were read"]
    assert sum(map(number, summed["sheets"])) == len(files) == 270
    assert sum(map(number, summed["rows"])) == files["rows"].sum()
    listed = tables(section(many, "rows"))["Household rows by county"]
    assert len(listed) == 150
    assert set(listed["county"][:2]) == {"990077"}


def test_a_build_without_intake_is_refused(plan: Plan, tmp_path: Path) -> None:
    report_case.store_in(tmp_path, {"990101": "岚屏县"})
    other = report_case.plan_in(tmp_path)
    store = Store(other.processed)
    for kind in ("open_cases", "ledger"):
        store.write(kind, UNPLACED, Store(plan.processed).read(kind, UNPLACED))
    with pytest.raises(ReportError, match="does not say what was read"):
        load_audit(other)


EVENTS = pd.DataFrame(
    {
        "year": [2014, 2014, 2015, 2015],
        "kind": ["identified", "exited", "exited", "removed"],
        "households": [40, 12, 15, 3],
    }
)


def test_events_of_few_households_are_withheld_with_the_stock() -> None:
    found = event_table(EVENTS, 10)
    assert [c.name for c in found.columns] == ["year", "identified", "exited", "removed"]
    assert found.rows == ((2014.0, 40.0, 12.0, 0.0), (2015.0, 0.0, 15.0, Suppressed()))
    assert few_events(EVENTS, 10)
    assert not few_events(EVENTS, 3)
    stock = pd.DataFrame(
        {"wave": [2014, 2015], "opening": [0, 28], "closing": [28, 10], "stock": [28, 10], "residual": [0, 0], "persons": [90, 31]}
    )  # fmt: skip
    assert [c.name for c in stock_lines(stock, levels=False).columns] == ["wave", "residual"]
    assert len(stock_lines(stock, levels=True).columns) == 6


def test_a_death_in_a_household_is_no_household_that_died_out() -> None:
    counts = pd.DataFrame(
        {"year": 2015, "kind": ["member_died", "renumbered", "died"], "households": [30, 20, 10]}
    )
    found = event_table(counts, 10)
    said = [(c.label.en, c.label.zh) for c in found.columns[1:]]
    assert said == [
        ("household died out", "全户死亡"),
        ("goes on under another id", "改用他户编号"),
        ("with a member who died", "有成员死亡"),
    ]
    assert found.rows == ((2015.0, 10.0, 20.0, 30.0),)


def test_events_are_those_of_the_registers(plan: Plan, case: AuditCase) -> None:
    registers = pd.concat([Store(plan.processed).read("events", c) for c in case.names])
    identified = registers.loc[registers["kind"] == "identified"]
    by_year = identified.groupby(identified["date"].str[:4]).size()
    found = tables(section(case, "events"))["Events of households by year"].set_index("year")
    for year, n in by_year.items():
        if n >= plan.disclosure.minimum_cell:
            assert number(found.loc[year, "identified"]) == n


@pytest.mark.slow
def test_the_command_writes_both_languages_escaped_and_marked_synthetic(plan: Plan) -> None:
    done = run("audit", plan.folder / "plan.yaml")
    assert done.code == 0, done.said
    folder = plan.reports / "_audit"
    pages = {lang: (folder / f"report.{lang}.html").read_text(encoding="utf-8") for lang in ("zh", "en")}
    assert "合成数据" in pages["zh"]
    assert "Synthetic data" in pages["en"]
    assert "What the headers were taken for" in pages["en"]
    assert "表头的识别结果" in pages["zh"]
    for page in pages.values():
        assert "<b>备用" not in page
        assert "<i>draft" not in page
        assert "&lt;b&gt;备用" in page
        assert str(plan.folder) not in page
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["synthetic"] is True
    assert [s["id"] for s in summary["sections"]] == [f"audit_{name}" for name in SECTIONS]
    numbers = {n["name"]: n["value"] for b in summary["sections"][0]["blocks"] for n in b.get("numbers", ())}
    assert numbers["files"] == 9
    assert numbers["rows"] == sum(load_audit(plan).intake.rows.values())


@pytest.mark.slow
def test_the_notebook_opened_alone_finds_its_plan_and_shows_every_section(root: Path, plan: Plan) -> None:
    folder = plan.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    shutil.copy(root / "notebooks" / "data_audit.ipynb", folder)
    done = folder / "done.ipynb"
    jupyter = Path(sys.executable).with_name("jupyter")
    command = [jupyter, "execute", "data_audit.ipynb", f"--output={done}"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    cells = json.loads(done.read_text(encoding="utf-8"))["cells"]
    pages = [
        "".join(o["data"]["text/html"])
        for c in cells
        for o in c.get("outputs", ())
        if "text/html" in o["data"]
    ]
    assert len(pages) == len(SECTIONS)
    assert all("合成数据" in page for page in pages)


def test_the_county_report_says_what_was_checked_and_who_is_missing(plan: Plan, case: AuditCase) -> None:
    county = next(iter(case.names))
    found = report.quality(load_case(plan, county))
    listed = tables(found)
    assert "rules on the content of rows were run" in said(found)
    assert "Events of households by year" in listed
    gone = listed["What became of the households of the first year"]
    everybody = gone.loc[gone["group"] == "all"]
    assert gone["group"].iloc[0] == "all"
    assert everybody["wave"].tolist() == [str(w) for w in load_case(plan, county).result.waves[1:]]
    sample = load_case(plan, county).result.tables["sample"]
    assert number(everybody["baseline"].iloc[0]) == sample["households"].iloc[0]
    for row in everybody.itertuples():
        cells = [row.present, row.away, row.left]
        if "×" in cells:  # few households left: no count may be had from the others
            assert set(cells) == {"×"}
        else:
            assert number(row.baseline) == sum(number(c) for c in cells)
    assert "use the weights of the design" in said(found)
    methods = report.methods(load_case(plan, county))
    assert "use the weights of the design" in said(methods)


def test_adjusted_weights_are_used_when_the_plan_asks_and_shown_beside(plan: Plan, tmp_path: Path) -> None:
    from evalkit.cleaning import clean
    from evalkit.pipeline.county import county_result
    from evalkit.pipeline.parts import load_part
    from evalkit.pipeline.results import CountyCase
    from evalkit.planweights import AttritionSection

    county = next(iter(load_audit(plan).names))
    raw = load_part(Store(plan.processed).staged / f"county={county}")
    asked = plan.model_copy(
        update={"attrition": AttritionSection(weights="ipw", covariates=("head_age", "size"))}
    )
    cleaned = clean(raw, plan)
    bare, weighed = county_result(county, cleaned, plan), county_result(county, cleaned, asked)
    compared = weighed.tables["attrition_compared"]
    headcount = compared.loc[compared["figure"] == "headcount"]
    assert bare.estimates["headcount"].values == pytest.approx(headcount["before"].to_numpy(), abs=1e-12)
    assert weighed.estimates["headcount"].values == pytest.approx(headcount["after"].to_numpy(), abs=1e-12)
    assert abs(headcount["difference"]).max() > 0
    pooled = load_case(plan, county).pooled
    found = report.quality(CountyCase(asked, weighed, pooled))
    assert "reweighted for attrition" in said(found)
    title = "With the weights of the design and reweighted for attrition: headcount rate"
    assert tables(found)[title]["wave"].tolist() == [str(w) for w in weighed.waves]
    ignored = replace(weighed, facts={**weighed.facts, "weighing": {"used": [], "notes": []}})
    assert "asks for adjusted weights" in said(report.quality(CountyCase(asked, ignored, pooled)))


def test_a_group_of_few_households_is_withheld_with_the_next_smallest(plan: Plan, case: AuditCase) -> None:
    opened = load_case(plan, next(iter(case.names)))
    table = opened.result.tables["attrition"].copy()
    exited = table["status"] == "exited"
    table.loc[exited, "baseline"] = 4
    few = replace(opened, result=replace(opened.result, tables={**opened.result.tables, "attrition": table}))
    found = tables(report.quality(few))["What became of the households of the first year"]
    by_group = found.groupby("group")["baseline"].unique()
    assert by_group["exited"].tolist() == ["×"]
    assert by_group["registered, not exited"].tolist() == ["×"]
    assert "×" not in by_group["all"]


def test_what_a_build_leaves_out_is_said(case: AuditCase) -> None:
    bare = replace(case, tables={k: t for k, t in case.tables.items() if k in ("rows",)})
    for name in ("totals", "checks", "events"):
        assert any(isinstance(b, Omitted) for b in section(bare, name).blocks)
    assert "changed, marked and set aside nothing" in said(section(bare, "changes"))
