"""The command line on a tiny foreign panel: every command, its exit code, and what it leaves behind."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

import cli_case
from cli_case import process, run
from evalkit import simulate
from evalkit.errors import PlanError, ReportError
from evalkit.planfile import load_plan
from evalkit.store import Store

THIN = ("title", "parameters", "open", "summary", "methods")
"""Cells kept in a notebook of the user's own: fewer sections, so it is quicker."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny panel with a finished build; tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("built")
    ended = run("build", cli_case.lay(folder))
    assert ended.code == 0, ended.said
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the built folder."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def own_notebook(root: Path, folder: Path) -> None:
    """Put a shortened report notebook into the folder of a plan, as a user may."""
    book = json.loads((root / "notebooks" / "county_report.ipynb").read_text(encoding="utf-8"))
    book["cells"] = [c for c in book["cells"] if c["id"] in THIN]
    (folder / "notebooks").mkdir(exist_ok=True)
    (folder / "notebooks" / "county_report.ipynb").write_text(json.dumps(book), encoding="utf-8")


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_init_lays_out_a_folder_that_check_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "evaluation"
    ended = run("init", folder)
    assert ended.code == 0
    assert f"evalkit check {folder / 'plan.yaml'}" in ended.out
    assert set(files_below(folder)) == {
        "plan.yaml",
        "notebooks/county_report.ipynb",
        "notebooks/province_overview.ipynb",
        "notebooks/data_audit.ipynb",
    }
    assert all((folder / d).is_dir() for d in ("data/raw", "data/processed", "reports"))
    empty = run("check", folder / "plan.yaml")
    assert (empty.code, "the folder is empty" in empty.err) == (11, True)
    frame = cli_case.panel().rename(
        columns={"hid": "hhid", "round": "year", "region": "district", "cons": "consumption"}
    )
    frame.to_csv(folder / "data" / "raw" / "mine.csv", index=False)
    assert run("check", folder / "plan.yaml").code == 0


def test_init_overwrites_neither_plan_nor_notebook_nor_raw_files(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("mine", encoding="utf-8")
    ended = run("init", tmp_path)
    assert (ended.code, "plan.yaml exists; nothing was written" in ended.err) == (10, True)
    assert files_below(tmp_path) == {"plan.yaml": b"mine"}
    (tmp_path / "plan.yaml").unlink()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "county_report.ipynb").write_bytes(b"mine")
    assert run("init", tmp_path).code == 10
    assert files_below(tmp_path) == {"notebooks/county_report.ipynb": b"mine"}
    raw = tmp_path / "other" / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "registry.csv").write_bytes(b"mine")
    assert run("init", tmp_path / "other", "--example").code == 10
    assert files_below(tmp_path / "other") == {"data/raw/registry.csv": b"mine"}


def test_init_example_writes_synthetic_files_that_check_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = simulate.registry
    monkeypatch.setattr(simulate, "registry", lambda seed: whole(seed=seed, counties=2, scale=0.05))
    ended = run("init", tmp_path / "example", "--example")
    assert ended.code == 0
    written = [
        Path(line.removeprefix("wrote ")) for line in ended.out.splitlines() if line.startswith("wrote")
    ]
    assert len(written) > 5
    assert all(p.is_file() for p in written)
    ended = run("check", tmp_path / "example" / "plan.yaml")
    assert ended.code == 0
    assert "2 counties, waves 2014, 2015, 2016, 2017, 2018, 2019, 2020" in ended.out
    assert "[open cases]" in ended.out


def test_example_files_are_not_written_beside_real_data(tmp_path: Path) -> None:
    plan = cli_case.lay(tmp_path)
    ended = run("example", plan)
    assert ended.code == 10
    assert "not marked `synthetic: true`" in ended.err
    assert [p.name for p in (tmp_path / "data" / "raw").iterdir()] == ["panel.csv"]


def test_check_reports_how_the_file_was_read_and_writes_nothing(tmp_path: Path) -> None:
    plan = cli_case.lay(tmp_path)
    before = files_below(tmp_path)
    ended = run("check", plan)
    assert ended.code == 0
    found = [line.split() for line in ended.out.splitlines()]
    for field, header in (("household", "hid"), ("wave", "round"), ("county", "region")):
        assert [field, header, "plan", "1"] in found  # field, header, how it was found, sheets
    assert "180 household-waves, 60 households, 3 counties, waves 2011, 2013, 2016" in ended.out
    assert files_below(tmp_path) == before


def test_build_computes_what_the_file_says(built: Path) -> None:
    frame = cli_case.panel()
    one = frame[(frame["region"] == "N1") & (frame["round"] == "3")]
    weight = one["wgt"] * one["nmem"]
    by_hand = (weight * (one["cons"] < cli_case.LINES[2016])).sum() / weight.sum()
    store = Store(built / "data" / "processed")
    found = store.read_json(store.result_path("N1"))["estimates"]["headcount"]
    assert found["keys"]["wave"] == [2011, 2013, 2016]
    assert found["values"][2] == pytest.approx(by_hand, rel=1e-12)


def test_build_says_what_became_of_the_rows(tmp_path: Path) -> None:
    frame = cli_case.panel()
    frame.loc[0, "hid"] = None
    frame.loc[1, "region"] = None
    ended = run("build", cli_case.lay(tmp_path, pd.concat([frame, frame.tail(1)])))
    assert ended.code == 0
    assert (
        "3 counties built: 180 household rows read, 178 clean, 1 quarantined, 1 repetitions or no data; 1 rows"
        in (ended.out)
    )


def test_build_moves_its_progress_with_the_number_of_counties(tmp_path: Path) -> None:
    from evalkit.pipeline import build

    steps: list[tuple[str, int]] = []
    build(load_plan(cli_case.lay(tmp_path)), progress=lambda county, total: steps.append((county, total)))
    assert steps == [("E3", 3), ("N1", 3), ("S2", 3)]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("N11", "did you mean N1 (Norte)?"),
        ("Nortee", "did you mean N1 (Norte)?"),
        ("n1", "did you mean"),
        ("909090", "in the build. It has E3 Este, N1 Norte, S2 Sur"),
        ("", "no county was given; the build has E3 Este, N1 Norte, S2 Sur"),
        ("../N1", "there is no county '../N1' in the build"),
    ],
)
def test_a_county_that_is_not_in_the_build_is_never_another_one(built: Path, asked: str, hint: str) -> None:
    ended = run("report", built / "plan.yaml", "--county", asked)
    assert ended.code == 15
    assert hint in ended.err
    assert not (built / "reports").exists()


def test_one_wrong_county_stops_the_run_before_anything_is_written(built: Path) -> None:
    ended = run("report", built / "plan.yaml", "--county", "N1", "--county", "S22")
    assert (ended.code, "did you mean S2 (Sur)?" in ended.err) == (15, True)
    assert not (built / "reports").exists()


def test_dry_run_names_the_reports_and_writes_nothing(built: Path) -> None:
    before = files_below(built)
    ended = run("report", built / "plan.yaml", "--all", "--dry-run")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"would write {built / 'reports' / c}" for c in ("E3", "N1", "S2", "overview")
    ]
    assert files_below(built) == before


def test_report_before_build(tmp_path: Path) -> None:
    ended = run("report", cli_case.lay(tmp_path), "--all")
    assert ended.code == 15
    assert "no finished build is in data/processed; run `evalkit build`" in ended.err


def test_a_plan_changed_after_the_build_is_refused(copy: Path) -> None:
    plan = copy / "plan.yaml"
    plan.write_text(cli_case.PLAN.replace("2016: 120", "2016: 121"), encoding="utf-8")
    ended = run("report", plan, "--all")
    assert ended.code == 15
    assert "were built with other settings" in ended.err
    plan.write_text(cli_case.PLAN + "# a comment changes no setting\n", encoding="utf-8")
    assert run("report", plan, "--all", "--dry-run").code == 0
    ended = run("report", plan, "--all", "--set", "exits.confidence=0.9", "--dry-run")
    assert (ended.code, "built with other settings" in ended.err) == (15, True)


@pytest.mark.slow
def test_a_setting_changed_at_the_command_line_is_printed_as_a_deviation(copy: Path) -> None:
    change = ("--set", "poverty.poor_at_line=true")
    assert run("build", copy / "plan.yaml", *change).code == 0
    ended = run("report", copy / "plan.yaml", "--county", "N1", *change)
    assert ended.code == 0, ended.said
    assert "1 of 1 reports written" in ended.out
    assert {p.name for p in (copy / "reports").iterdir() if p.is_dir()} == {"N1"}
    page = (copy / "reports" / "N1" / "report.en.html").read_text(encoding="utf-8")
    assert "poverty.poor_at_line" in page
    assert not (copy / "reports" / "N1" / "report.zh.html").exists()
    summary = json.loads((copy / "reports" / "N1" / "summary.json").read_text(encoding="utf-8"))
    assert summary["county"] == "N1"
    assert len(summary["sections"]) == 13
    kept = json.loads((copy / "reports" / "plan.json").read_text(encoding="utf-8"))
    assert kept["settings"]["deviations"] == [{"key": "poverty.poor_at_line", "planned": False, "used": True}]


def contradict(folder: Path, county: str) -> None:
    """Add a second, different row of a household of a county."""
    frame = cli_case.panel()
    again = frame[frame["region"] == county].head(1).assign(cons=1.0)
    pd.concat([frame, again]).to_csv(folder / "data" / "raw" / "panel.csv", index=False)


def test_a_county_that_fails_in_the_build_leaves_nothing_of_an_earlier_one(copy: Path) -> None:
    store = Store(copy / "data" / "processed")
    assert store.path("panel", "S2").is_file()
    contradict(copy, "S2")
    ended = run("build", copy / "plan.yaml")
    assert ended.code == 1
    assert "2 counties built" in ended.out
    assert "failed: S2: DataError: 1 keys of the household table" in ended.err
    assert "Add `duplicates: latest`" in ended.err
    assert store.counties() == ["E3", "N1"]
    assert not store.result_path("S2").exists()
    assert list(store.read_json(store.manifest_path)["failed"]) == ["S2"]
    one = run("report", copy / "plan.yaml", "--county", "S2")
    assert (one.code, "county S2 failed in the build" in one.err) == (15, True)
    dry = run("report", copy / "plan.yaml", "--all", "--dry-run")
    assert dry.code == 1
    assert "failed: S2: failed in the build" in dry.err


def test_a_county_that_left_the_raw_files_leaves_the_store(copy: Path) -> None:
    frame = cli_case.panel()
    frame[frame["region"] != "E3"].to_csv(copy / "data" / "raw" / "panel.csv", index=False)
    assert run("build", copy / "plan.yaml").code == 0
    store = Store(copy / "data" / "processed")
    assert store.counties() == ["N1", "S2"]
    assert not [name for name in files_below(store.root) if "E3" in name]
    assert run("report", copy / "plan.yaml", "--county", "E3").code == 15


def test_a_build_in_which_all_fails_leaves_no_manifest_of_an_earlier_one(copy: Path) -> None:
    frame = cli_case.panel().assign(cons="")
    frame.to_csv(copy / "data" / "raw" / "panel.csv", index=False)
    assert run("build", copy / "plan.yaml").code == 11
    ended = run("report", copy / "plan.yaml", "--all")
    assert (ended.code, "no finished build" in ended.err) == (15, True)


@pytest.mark.slow
def test_report_all_writes_the_rest_and_names_the_county_that_failed(root: Path, copy: Path) -> None:
    own_notebook(root, copy)
    contradict(copy, "S2")
    assert run("build", copy / "plan.yaml").code == 1
    ended = run("report", copy / "plan.yaml", "--all", "--jobs", "2")
    assert ended.code == 1
    assert "2 of 3 reports written" in ended.out
    assert "failed: S2: failed in the build" in ended.err
    reports = copy / "reports"
    with (reports / "_failed.csv").open(encoding="utf-8-sig", newline="") as stream:
        (failed,) = csv.DictReader(stream)
    assert (failed["county"], failed["name"]) == ("S2", "Sur")
    assert "1 keys of the household table" in failed["reason"]
    for county in ("E3", "N1"):
        summary = json.loads((reports / county / "summary.json").read_text(encoding="utf-8"))
        assert (summary["county"], summary["name"]["en"]) == (county, cli_case.REGIONS[county])
    assert {p.name for p in (reports / "S2").iterdir()} == {"failed.html", "failed.log"}
    index = (reports / "index.html").read_text(encoding="utf-8")
    assert 'href="S2/failed.html"' in index
    assert 'href="N1/report.en.html"' in index


def test_explain(tmp_path: Path) -> None:
    assert "headcount" in run("explain", "headcount").out
    assert "cn-2017" in run("explain", "standard", "cn-2017").out
    chinese = run("explain", "K01", "--language", "zh")
    assert (chinese.code, "行的关键编号缺失" in chinese.out) == (0, True)
    ended = run("explain", "headcuont")
    assert (ended.code, "did you mean 'headcount'?" in ended.err) == (2, True)
    ended = run("explain", "zzzz")
    assert (ended.code, "nothing is called 'zzzz'. Known are" in ended.err) == (2, True)


def test_schema_is_the_schema_of_plans(tmp_path: Path) -> None:
    ended = run("schema", tmp_path / "plan.schema.json")
    assert ended.code == 0
    schema = json.loads((tmp_path / "plan.schema.json").read_text(encoding="utf-8"))
    assert set(yaml.safe_load(cli_case.PLAN)) <= set(schema["properties"])
    ended = run("schema", tmp_path / "no" / "such" / "folder.json")
    assert (ended.code, "No such file or directory" in ended.err) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("nosuchcommand",),
        ("build",),
        ("build", "plan.yaml", "--nosuchoption"),
        ("build", "plan.yaml", "--jobs", "0"),
        ("build", "plan.yaml", "--set", "design.weight"),
        ("build", "plan.yaml", "--set", "waves=[2011"),
        ("report", "plan.yaml"),
        ("report", "plan.yaml", "--all", "--county", "N1"),
        ("init", "."),
        ("explain", "nosuchname"),
        ("schema", "."),
    ],
)
def test_usage_errors_end_with_2(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli_case.lay(tmp_path)
    monkeypatch.chdir(tmp_path)
    ended = run(*(w if w != "." or words[0] != "init" else "plan.yaml" for w in words))
    assert ended.code == 2
    assert "Usage: " in ended.err


def test_settings_of_the_command_line_are_checked_like_the_plan(tmp_path: Path) -> None:
    ended = run(
        "check", cli_case.lay(tmp_path), "--set", "design.weigth=w", "--set", "disclosure.minimum_cell=-1"
    )
    assert ended.code == 10
    assert "design.weigth: unknown key; did you mean 'weight'?" in ended.err
    assert "disclosure.minimum_cell" in ended.err


def test_a_process_ends_with_the_code_and_without_a_traceback(tmp_path: Path) -> None:
    frame = cli_case.panel()
    plan = cli_case.lay(tmp_path, frame.rename(columns={"cons": "consumo"}))
    ended = process("build", plan)
    assert ended.code == 11
    assert ended.err.startswith("DataError: panel.csv has no column 'cons'")
    assert "Traceback" not in ended.said
    assert ended.out == ""


def heed_interrupts() -> None:
    """Let Ctrl-C through: tests that a shell runs in the background have inherited that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(folder: Path, *words: str) -> tuple[int, str]:
    """Start a command, press Ctrl-C when the first county is there, and return exit code and messages."""
    job = subprocess.Popen(
        cli_case.command(*words),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    first = folder / "data" / "processed" / "ledger"
    until = time.monotonic() + 60
    while not first.is_dir() and job.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(job.pid, signal.SIGINT)
    _, said = job.communicate(timeout=60)
    return job.returncode, said.decode("utf-8")


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "--version"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.split(",")[0]) == (0, "evalkit"), done.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_build_ends_with_130_and_leaves_no_manifest(tmp_path: Path, jobs: str) -> None:
    frame = pd.concat(
        [cli_case.panel(i).assign(region=lambda f, i=i: f["region"] + str(i)) for i in range(8)]
    )
    frame["hid"] = frame["region"] + frame["hid"]
    plan = cli_case.lay(tmp_path, frame)
    code, said = interrupted(tmp_path, "build", str(plan), "--jobs", jobs)
    assert code == 130, said
    assert "interrupted; what was finished is kept" in said
    assert "Traceback" not in said
    assert not (tmp_path / "data" / "processed" / "manifest.json").exists()
    assert len(Store(tmp_path / "data" / "processed").counties()) < 24
    assert run("report", plan, "--all").code == 15


def test_a_plan_of_county_series_is_checked_but_not_built(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "title: t\ndata: {county: {files: [c.csv]}}\npoverty: {line: {kind: none}}\nprices: {kind: none}\n"
    )
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "c.csv").write_text("county,wave,rural_income\n990601,2015,9000\n990601,2016,9900\n")
    checked = run("check", plan)
    assert (checked.code, "[series] 1 counties, 2015 to 2016: rural_income" in checked.out) == (0, True)
    for words in (("build",), ("report", "--all"), ("audit",)):
        ended = run(words[0], plan, *words[1:])
        assert ended.code == 10
        assert "has no household table, only county series" in ended.err
        assert "ek.county_series(None, ek.load_plan('plan.yaml'))" in ended.err
    assert not (tmp_path / "data" / "processed").exists()


# ---- claims and targets that a plan names --------------------------------------------------------

CLAIMS = """\
title: figures of a text about Ruritania
figures:
  households: {{data: "SELECT count(*) FROM household WHERE wave = 2016"}}
claims:
  - {{id: households, kind: equal, stated: 60, to: households}}
  - {{id: more, kind: equal, stated: 61, to: households}}
  - {{id: persons, kind: equal, stated: {persons}, to: {{data: "SELECT sum(size) FROM household WHERE wave = 2016"}}}}
  - {{id: poor, kind: share, stated: "{poor:.1%}", part: {{data: "SELECT count(*) FROM household WHERE wave = 2016 AND welfare < 120"}}, whole: households}}
"""
TARGETS = """\
title: targets of Ruritania
targets:
  - {id: level, title: consumption, years: [2016], threshold: 100, measure: {kind: mean}, source: invented}
"""


def with_papers(folder: Path) -> Path:
    """Write claims and targets beside a plan that names them; return the plan."""
    last = cli_case.panel().query("round == '3'")
    said = CLAIMS.format(persons=int(last["nmem"].sum()), poor=float((last["cons"] < 120).mean()))
    (folder / "claims.yaml").write_text(said, encoding="utf-8")
    (folder / "targets.yaml").write_text(TARGETS, encoding="utf-8")
    plan = folder / "plan.yaml"
    plan.write_text(
        f"{cli_case.PLAN}claims: [claims.yaml]\ntargets: [targets.yaml, gansu-2017]\n", encoding="utf-8"
    )
    return plan


def test_claims_are_held_against_a_finished_build(copy: Path) -> None:
    plan = with_papers(copy)
    before = run("claims", "--plan", plan)
    assert (before.code, before.out) == (
        ReportError.exit_code,
        "[claims.yaml] figures of a text about Ruritania\n",
    )
    assert "built with other settings" in before.err
    assert run("build", plan).code == 0
    ended = run("claims", "--plan", plan)
    assert ended.code == 0, ended.said
    lines = ended.out.splitlines()
    assert lines[0] == "[claims.yaml] figures of a text about Ruritania"
    assert [line.split(": ")[:2] for line in lines[1:5]] == [
        ["households", "agrees"],
        ["more", "contradicts"],
        ["persons", "agrees"],
        ["poor", "agrees"],
    ]
    assert "stated 61, computed 60, difference +1" in lines[2]
    assert lines[5] == "3 agrees, 1 contradicts, 0 cannot be checked"
    assert run("claims", copy / "claims.yaml").out.splitlines()[-1].endswith("4 cannot be checked")
    store = Store(copy / "data" / "processed")
    papers = store.read_json(store.manifest_path)["papers"]
    assert papers["claims"] == {
        "claims.yaml": hashlib.sha256((copy / "claims.yaml").read_bytes()).hexdigest()
    }
    assert set(papers["targets"]) == {"targets.yaml", "gansu-2017"}
    # an edited claim asks the same build again
    (copy / "claims.yaml").write_text(
        "claims: [{id: a, kind: equal, stated: 3, to: {data: 'SELECT 3'}}]\n", encoding="utf-8"
    )
    assert run("claims", "--plan", plan).out.splitlines()[-1].startswith("1 agrees")


def test_papers_with_faults_stop_before_anything_is_built(tmp_path: Path) -> None:
    plan = with_papers(cli_case.lay(tmp_path).parent)
    (tmp_path / "targets.yaml").write_text(
        "title: t\ntargets: [{id: a, title: a, years: [2016]}]\n", encoding="utf-8"
    )
    ended = run("build", plan)
    assert (ended.code, "line 2: targets.0.threshold" in ended.err) == (PlanError.exit_code, True)
    assert not (tmp_path / "data" / "processed" / "manifest.json").exists()
    (tmp_path / "claims.yaml").unlink()
    gone = run("claims", "--plan", plan)
    assert (gone.code, "line 24: claims.0: there is no file 'claims.yaml' beside the plan" in gone.err) == (
        10,
        True,
    ), gone.err
    plan.write_text(f"{cli_case.PLAN}targets: [gansu]\n", encoding="utf-8")
    assert "no targets 'gansu'; did you mean 'gansu-2017'?" in run("build", plan).err
    plan.write_text(cli_case.PLAN, encoding="utf-8")
    assert "the plan names no claims" in run("claims", "--plan", plan).err
    assert run("claims").code == 2
