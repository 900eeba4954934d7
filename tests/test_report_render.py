"""Whole renderings by papermill for two made-up counties: outputs, failures, staleness, determinism (slow)."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

import report_case
from evalkit.plan import Plan
from evalkit.report import RunResult, render
from evalkit.store import Store

GOOD, BAD = "010101", "010102"
STABLE = ("report.zh.html", "report.en.html", "summary.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return report_case.store_in(folder, {GOOD: "岚屏县", BAD: "霁渡县"})


def spoil(plan: Plan, county: str) -> None:
    path = Store(plan.processed).result_path(county)
    path.write_text("{}", encoding="utf-8")


@pytest.fixture(scope="module")
def run(plan: Plan) -> RunResult:
    spoil(plan, BAD)
    return render(plan, [GOOD, BAD])


@pytest.mark.slow
def test_one_failing_county_does_not_stop_the_other(run: RunResult) -> None:
    assert run.done == (GOOD,)
    assert set(run.failed) == {BAD}
    assert "KeyError" in run.failed[BAD]
    assert (run.folder / BAD / "failed.html").is_file()
    assert "Traceback" in (run.folder / BAD / "failed.log").read_text(encoding="utf-8")
    assert BAD in (run.folder / "_failed.csv").read_text(encoding="utf-8-sig")


@pytest.mark.slow
def test_a_finished_folder_holds_everything_and_nothing_is_left_over(run: RunResult) -> None:
    names = {p.name for p in (run.folder / GOOD).iterdir()}
    assert names == {"report.zh.html", "report.en.html", "report.ipynb", "summary.json", "run.log"}
    assert {p.name for p in run.folder.iterdir()} == {
        GOOD, BAD, "index.html", "manifest.json", "plan.json", "_failed.csv",
    }  # fmt: skip


@pytest.mark.slow
def test_the_executed_notebook_carries_its_parameters_and_no_path(run: RunResult, folder: Path) -> None:
    text = (run.folder / GOOD / "report.ipynb").read_text(encoding="utf-8")
    assert json.loads(text)["metadata"]["papermill"]["parameters"]["county"] == GOOD
    assert str(folder) not in text


@pytest.mark.slow
def test_the_summary_names_the_county_and_its_verdicts(run: RunResult) -> None:
    data = json.loads((run.folder / GOOD / "summary.json").read_text(encoding="utf-8"))
    assert data["county"] == GOOD
    assert [s["id"] for s in data["sections"]] == [
        "summary", "quality", "income", "poverty", "deprivation", "dynamics", "sustainability", "accounts", "look_back",
        "patterns", "risk", "impact", "methods",
    ]  # fmt: skip
    assert [v["conclusion"] for v in data["sections"][0]["facts"]["verdicts"]] == [
        "meets",
        "not_shown",
        "fails",
    ]


@pytest.mark.slow
def test_the_index_lists_verdicts_links_and_failures(run: RunResult) -> None:
    text = run.index.read_text(encoding="utf-8")
    assert f'href="{GOOD}/report.zh.html"' in text
    assert f'href="{GOOD}/report.en.html"' in text
    assert f'href="{BAD}/failed.html"' in text
    assert "岚屏县" in text
    assert "不达标" in text
    assert "Synthetic data" in text


@pytest.mark.slow
def test_same_inputs_same_bytes(run: RunResult, plan: Plan, tmp_path: Path) -> None:
    copytree(run.folder / GOOD, tmp_path / "before")
    again = render(plan, [GOOD], jobs=2)
    assert again.done == (GOOD,)
    for name in STABLE:
        assert (run.folder / GOOD / name).read_bytes() == (tmp_path / "before" / name).read_bytes()


@pytest.mark.slow
def test_a_failure_keeps_the_old_report_marked_stale(run: RunResult, plan: Plan, tmp_path: Path) -> None:
    copytree(run.folder / GOOD, tmp_path / "before")
    path = Store(plan.processed).result_path(GOOD)
    kept = path.read_text(encoding="utf-8")
    spoil(plan, GOOD)
    try:
        assert set(render(plan, [GOOD]).failed) == {GOOD}
    finally:
        path.write_text(kept, encoding="utf-8")
    page = (run.folder / GOOD / "report.en.html").read_text(encoding="utf-8")
    assert "This report is stale" in page
    assert (run.folder / GOOD / "summary.json").read_bytes() == (
        tmp_path / "before" / "summary.json"
    ).read_bytes()
    entries = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))["counties"]
    assert entries[GOOD]["stale"] is True
    assert "Stale" in run.index.read_text(encoding="utf-8")
