"""Builds that go on: only what changed is built again, a killed build leaves nothing torn, files are always the same."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cli_case
import evalkit as ek
import store_case
from evalkit.errors import DataError
from evalkit.pipeline import BuildResult, build, build_county
from evalkit.pipeline.staging import stage
from evalkit.plan import Plan
from evalkit.store import Store

NOT_NUMBERS = ("state", "_staged", "manifest.json")
"""What names raw files or settings, beside results."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return ek.load_plan(cli_case.lay(tmp_path))


def how(result: BuildResult) -> dict[str, str]:
    return {r.county: r.how for r in (*result.done, *result.failed)}


def written(plan: Plan) -> dict[str, str]:
    return store_case.hashes(plan.processed)


def clean_build(plan: Plan) -> dict[str, str]:
    """Return what a build from nothing writes, in another folder."""
    other = plan.folder / "fresh"
    shutil.copytree(plan.folder, other, ignore=shutil.ignore_patterns("processed", "fresh"))
    again = ek.load_plan(other / "plan.yaml")
    build(again)
    return written(again)


def change(plan: Plan, region: str, **values: object) -> None:
    """Change cells of the first row of a region, in the one raw file of all regions."""
    path = plan.raw / "panel.csv"
    frame = pd.read_csv(path, dtype="str")
    at = frame.index[frame["region"] == region][0]
    for column, value in values.items():
        frame.loc[at, column] = str(value)
    frame.to_csv(path, index=False)


def test_nothing_changed(plan: Plan) -> None:
    assert how(build(plan)) == dict.fromkeys(("E3", "N1", "S2"), "built")
    before = written(plan)
    again = build(plan)
    assert how(again) == dict.fromkeys(("E3", "N1", "S2"), "reused")
    assert again.reused == 3
    assert written(plan) == before
    assert how(build(plan, fresh=True)) == dict.fromkeys(("E3", "N1", "S2"), "built")
    assert written(plan) == before


def test_one_county_of_a_shared_file_changed(plan: Plan) -> None:
    build(plan)
    change(plan, "N1", cons=77.5)
    assert how(build(plan)) == {"E3": "reused", "N1": "built", "S2": "reused"}
    assert written(plan) == clean_build(plan)


def test_a_row_more(plan: Plan) -> None:
    build(plan)
    path = plan.raw / "panel.csv"
    extra = "S2-9-01,1,S2,S24,3,14,120.5,0\n"
    path.write_text(path.read_text(encoding="utf-8") + extra, encoding="utf-8")
    assert how(build(plan)) == {"E3": "reused", "N1": "reused", "S2": "built"}
    assert written(plan) == clean_build(plan)
    files = Store(plan.processed).read_json(Store(plan.processed).result_path("E3"))["tables"]["files"]
    assert files["rows"][0][files["columns"].index("rows")] == 181


@pytest.mark.parametrize(
    ("setting", "built"),
    [
        ({"county_names.N1": "North"}, {"N1"}),
        ({"disclosure.minimum_cell": 5}, set()),
        ({"title": "Another title"}, set()),
        ({"poverty.poor_at_line": True}, {"E3", "N1", "S2"}),
    ],
)
def test_a_setting_changed(plan: Plan, setting: dict[str, object], built: set[str]) -> None:
    build(plan)
    other = ek.load_plan(plan.folder / "plan.yaml", overrides=setting)
    assert {c for c, done in how(build(other)).items() if done == "built"} == built
    assert Store(plan.processed).read_json(Store(plan.processed).manifest_path)["plan_digest"] == other.digest


@pytest.mark.parametrize("kind", ["panel", "ledger", "results", "pooled"])
def test_a_damaged_or_absent_file_is_made_again(plan: Plan, kind: str) -> None:
    build(plan)
    before = written(plan)
    store = Store(plan.processed)
    paths = {"results": store.result_path("N1"), "pooled": store.pooled_path}
    path = paths.get(kind) or store.path(kind, "N1")
    path.write_bytes(path.read_bytes()[:-3])
    build(plan)
    assert written(plan) == before
    path.unlink()
    build(plan)
    assert written(plan) == before


def test_a_county_that_failed_is_tried_again_and_one_that_left_goes(plan: Plan) -> None:
    build(plan)
    path = plan.raw / "panel.csv"
    frame = pd.read_csv(path, dtype="str")
    twice = frame[frame["region"] == "S2"].head(1).assign(cons="1.0")
    pd.concat([frame[frame["region"] != "E3"], twice]).to_csv(path, index=False)
    result = build(plan)
    assert how(result) == {"N1": "reused", "S2": "failed"}
    assert how(build(plan)) == {"N1": "reused", "S2": "failed"}
    assert written(plan) == clean_build(plan)
    assert not [n for n in written(plan) if "E3" in n]


def test_the_order_of_patterns_and_files_changes_no_number(root: Path, tmp_path: Path) -> None:
    frame = cli_case.panel()
    stores = []
    for name, patterns in (("a", '["panel*"]'), ("b", "[panel-2.csv, panel-1.csv, panel-0.csv]")):
        text = cli_case.PLAN.replace("files: [panel*]", f"files: {patterns}")
        plan = ek.load_plan(cli_case.lay(tmp_path / name, frame.iloc[:60], text))
        (plan.raw / "panel.csv").unlink()
        order = (0, 1, 2) if name == "a" else (2, 0, 1)
        for k in order:
            frame.iloc[60 * k : 60 * k + 60].to_csv(plan.raw / f"panel-{k}.csv", index=False)
        build(plan)
        stores.append(store_case.hashes(plan.processed, apart=NOT_NUMBERS))
    assert stores[0] == stores[1]


def test_build_county_takes_a_staged_folder_or_the_rows(plan: Plan, tmp_path: Path) -> None:
    from evalkit.ingest import read_all, split_by_county

    staged = stage(plan, tmp_path / "staged")
    by_rows = build_county("N1", plan, split_by_county(read_all(plan))["N1"], tmp_path / "rows")
    by_folder = build_county("N1", plan, staged.part("N1"), tmp_path / "folder")
    assert by_rows == by_folder
    assert by_rows.rows_in == 60
    assert store_case.hashes(tmp_path / "rows") == store_case.hashes(tmp_path / "folder")


def test_a_county_that_cannot_be_followed_raises(plan: Plan, tmp_path: Path) -> None:
    frame = cli_case.panel()
    again = frame[frame["region"] == "N1"].head(1).assign(cons=1.0)
    pd.concat([frame, again]).to_csv(plan.raw / "panel.csv", index=False)
    staged = stage(plan, tmp_path / "staged")
    with pytest.raises(DataError, match="1 keys of the household table"):
        build_county("N1", plan, staged.part("N1"), tmp_path / "store")


# ---- killed builds -------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import evalkit as ek
from evalkit import store
from evalkit.pipeline import build

count, last, leave = 0, int(sys.argv[2]), sys.argv[3] == "before"
done = store.atomic.__exit__

def dies(self, *how):
    global count
    count += 1
    if count == last and leave:
        os.kill(os.getpid(), signal.SIGKILL)
    done(self, *how)
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)

store.atomic.__exit__ = dies
build(ek.load_plan(sys.argv[1]))
print(count)
"""


def killed(plan: Plan, write: int, moment: str) -> subprocess.CompletedProcess[str]:
    """Build in a process that kills itself before or after a file is put in place."""
    words = [sys.executable, "-c", KILLED, str(plan.folder / "plan.yaml"), str(write), moment]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def test_a_build_killed_at_any_moment_goes_on_to_the_same_files(plan: Plan) -> None:
    expected = clean_build(plan)
    whole = killed(plan, 10**6, "before")
    writes = int(whole.stdout)
    assert writes > 15, whole.stderr
    assert written(plan) == expected
    manifest = Store(plan.processed).manifest_path
    for turn, write in enumerate([1, writes // 4, writes // 2, writes * 3 // 4, writes - 1, writes]):
        shutil.rmtree(plan.processed)
        died = killed(plan, write, "before" if turn % 2 else "after")
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert not manifest.exists()
        for path in plan.processed.rglob("*.parquet"):
            pd.read_parquet(path, partitioning=None)
        build(plan)
        assert written(plan) == expected
