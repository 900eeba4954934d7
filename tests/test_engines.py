"""Engines: a loop, processes, dask and Spark write the same bytes; faults of the plan and absent libraries are said."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import cli_case
import evalkit as ek
import store_case
from evalkit.errors import PlanError
from evalkit.pipeline import CountyTask, Engine, build
from evalkit.pipeline.county import attempt_county
from evalkit.pipeline.engines import java
from evalkit.pipeline.run import county_tasks
from evalkit.pipeline.staging import stage
from evalkit.pipeline.workers import in_workers, settle_environment
from evalkit.plan import Plan


@pytest.fixture(scope="module")
def plan(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return store_case.synthetic(root, tmp_path_factory.mktemp("engines"), counties=2, scale=0.08)


@pytest.fixture(scope="module")
def expected(plan: Plan) -> dict[str, str]:
    return written_by(plan, Engine())


def written_by(plan: Plan, engine: Engine) -> dict[str, str]:
    shutil.rmtree(plan.processed, ignore_errors=True)
    result = build(plan, engine=engine)
    assert {r.how for r in result.done} == {"built"}
    assert not result.failed
    return store_case.hashes(plan.processed)


def test_processes_write_the_same_bytes(plan: Plan, expected: dict[str, str]) -> None:
    assert any(name.startswith("panel/province=99/") for name in expected)
    assert written_by(plan, Engine(jobs=2)) == expected


def built_and_told(task: CountyTask) -> tuple[bool, str, str]:
    """Build a county and tell whether `scipy.stats` is loaded, and whose memory Arrow takes."""
    import pyarrow

    done = attempt_county(task)
    return "scipy.stats" in sys.modules, pyarrow.default_memory_pool().backend_name, done.error


def test_a_worker_is_light(monkeypatch: pytest.MonkeyPatch, plan: Plan, tmp_path: Path) -> None:
    """`scipy.stats` takes 64 MB of every worker, and what Arrow does not give back some more."""
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    tasks = county_tasks(plan, stage(plan, tmp_path / "staged"), tmp_path / "store", fresh=True)
    first = min(tasks)
    ((_, job),) = in_workers(built_and_told, {first: tasks[first]}, 1)
    assert job.result() == (False, "system", "")


def test_what_the_user_has_set_for_workers_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "mimalloc")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    settle_environment()
    assert (os.environ["ARROW_DEFAULT_MEMORY_POOL"], os.environ["OMP_NUM_THREADS"]) == ("mimalloc", "2")


@pytest.mark.slow
def test_dask_writes_the_same_bytes(plan: Plan, expected: dict[str, str]) -> None:
    pytest.importorskip("distributed", reason="the extra [dask] is not installed")
    assert written_by(plan, Engine("dask", jobs=2)) == expected


@pytest.mark.slow
def test_a_dask_cluster_that_is_there_is_used(plan: Plan, expected: dict[str, str]) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra [dask] is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        assert written_by(plan, Engine("dask", cluster=cluster.scheduler_address)) == expected
        assert len(cluster.workers) == 2


@pytest.mark.slow
@pytest.mark.spark
def test_spark_writes_the_same_bytes(plan: Plan, expected: dict[str, str]) -> None:
    pytest.importorskip("pyspark", reason="the extra [spark] is not installed")
    if java() is None:
        pytest.skip("Spark needs Java, which is not installed")
    assert written_by(plan, Engine("spark", jobs=2)) == expected


def test_engines_that_cannot_be(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    with pytest.raises(PlanError, match="there is no engine 'ray'; known are local, dask, spark"):
        Engine("ray")
    with pytest.raises(PlanError, match=r"a cluster \(tcp://x:1\) needs the engine dask or spark"):
        Engine(cluster="tcp://x:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        PlanError, match=r"dask needs distributed; install it with: pip install 'evalkit\[dask\]'"
    ):
        build(plan, engine=Engine("dask"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(
        PlanError, match=r"spark needs pyspark; install it with: pip install 'evalkit\[spark\]'"
    ):
        build(plan, engine=Engine("spark"))


def test_spark_without_java_says_so(monkeypatch: pytest.MonkeyPatch, plan: Plan, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="the extra [spark] is not installed")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(PlanError, match="needs Java 17 or newer"):
        build(plan, engine=Engine("spark"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_of_the_plan_is_one_fault_whoever_builds(tmp_path: Path, jobs: int) -> None:
    text = cli_case.PLAN.replace(", column: grant}", "}")
    plan = ek.load_plan(cli_case.lay(tmp_path, plan=text))
    with pytest.raises(PlanError, match="program 'grant'"):
        build(plan, engine=Engine(jobs=jobs))


def test_the_engine_is_chosen_on_the_command_line(tmp_path: Path) -> None:
    plan = cli_case.lay(tmp_path)
    assert cli_case.run("build", plan, "--engine", "local").code == 0
    again = cli_case.run("build", plan)
    assert "3 of these counties had not changed" in again.out
    assert "had not changed" not in cli_case.run("build", plan, "--fresh").out
    refused = cli_case.run("build", plan, "--cluster", "tcp://127.0.0.1:1")
    assert (refused.code, "needs the engine dask or spark" in refused.err) == (10, True)
