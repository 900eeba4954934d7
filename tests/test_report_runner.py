"""What a run checks before and beside rendering: counties, settings, parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import report_case
from evalkit.errors import PlanError, ReportError
from evalkit.pipeline import read_manifest
from evalkit.report import manifest, open_case, render
from evalkit.report.engine import check_county
from evalkit.report.opening import read_settings, write_settings
from evalkit.report.runner import Job, _conclude, parameters_of, source_notebook

GOOD = "010101"


def test_a_misspelt_county_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    plan = report_case.store_in(tmp_path, {GOOD: "岚屏县"})
    with pytest.raises(ReportError, match="did you mean 010101"):
        render(plan, ["010110"])
    with pytest.raises(ReportError, match="no county was asked for"):
        render(plan, [])
    assert not plan.reports.exists()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    plan = report_case.store_in(tmp_path, {GOOD: "岚屏县"})
    assert render(plan, [GOOD], dry_run=True).done == ()
    assert not plan.reports.exists()


def test_a_notebook_in_a_subfolder_finds_the_plan_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_case.store_in(tmp_path, {GOOD: "岚屏县"})
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert open_case("plan.yaml", GOOD).name == "岚屏县"
    with pytest.raises(ReportError, match="no county was given; the build has 010101 岚屏县"):
        open_case("plan.yaml", "")
    with pytest.raises(ReportError, match="or above it"):
        open_case("no_such_plan.yaml", GOOD)


def test_settings_of_a_run_are_read_back_with_their_digest(tmp_path: Path) -> None:
    plan = report_case.plan_in(tmp_path)
    (tmp_path / "reports").mkdir()
    back = read_settings(write_settings(plan, tmp_path / "reports"))
    assert back.digest == plan.digest
    assert back.processed.resolve() == plan.processed.resolve()
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ReportError, match="not a settings file"):
        read_settings(tmp_path / "x.json")
    (tmp_path / "bad.yaml").write_text("titel: x\n", encoding="utf-8")
    with pytest.raises(PlanError, match="titel"):
        read_settings(tmp_path / "bad.yaml")


def test_a_report_on_another_county_is_refused(tmp_path: Path) -> None:
    from evalkit.report.sections import summary

    section = summary(report_case.case_in(tmp_path))
    check_county([section], "990101")
    with pytest.raises(ReportError, match="asked for county 990102"):
        check_county([section], "990102")


def test_the_county_code_reaches_the_notebook_as_text(tmp_path: Path) -> None:
    plan = report_case.plan_in(tmp_path)
    job = Job(GOOD, "岚屏县", source_notebook(plan), plan.reports, plan.digest)
    assert parameters_of(plan, job) == {"county": "010101", "plan": "../plan.json", "language": "zh"}


def test_the_index_follows_the_build(tmp_path: Path) -> None:
    plan = report_case.store_in(tmp_path, {GOOD: "岚屏县"})
    plan.reports.mkdir()
    built = read_manifest(plan)
    now = built["counties"][GOOD].get("panel_sha256")

    def after(panel: str | None) -> dict[str, Any]:
        entry = {
            "name": "岚屏县",
            "plan_digest": plan.digest,
            "stale": False,
            "error": None,
            "files": {},
            "inputs": {"panel": panel},
        }
        manifest.write(plan.reports, plan, {"010199": {**entry, "name": "旧县"}, GOOD: entry})
        _conclude(plan, {}, {}, built)
        return manifest.read(plan.reports)

    assert set(after(now)) == {GOOD}
    assert after(now)[GOOD]["stale"] is False
    assert after("of an earlier build")[GOOD]["stale"] is True
