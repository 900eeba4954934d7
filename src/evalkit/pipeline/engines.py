"""Who calls `build_county`: a loop, processes, a dask cluster or Spark. All call the same function on the same files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, get_args

from evalkit.errors import PlanError
from evalkit.pipeline.county import CountyDone, CountyTask, attempt_county
from evalkit.pipeline.workers import SETTINGS, in_workers, settle_environment

EngineKind = Literal["local", "dask", "spark"]
ENGINES: tuple[str, ...] = get_args(EngineKind)
"""Names of the engines."""
LEAN_DASK: dict[str, Any] = {
    "distributed.worker.profile.enabled": False,  # samples the stack a hundred times a second, and keeps it
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,  # giving back every 64 KB costs CPU time
}
"""Settings of the dask workers that are started here."""


@dataclass(frozen=True)
class Engine:
    """Where counties are built.

    Parameters
    ----------
    kind : str
        ``local``: this computer; ``dask``: workers of dask.distributed; ``spark``: executors of Spark.
    jobs : int
        Processes on this computer (for a cluster that is already there its own size counts).
    cluster : str, optional
        Address of a dask scheduler (``tcp://…``) or a Spark master (``spark://…``); by default one is started
        here for the time of the build. All machines must see the folders of the plan under the same paths.

    Raises
    ------
    PlanError
        The engine is not known, or a cluster is given for the local one.
    """

    kind: str = "local"
    jobs: int = 1
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in ENGINES:
            msg = f"there is no engine {self.kind!r}; known are {', '.join(ENGINES)}"
            raise PlanError(msg)
        if self.kind == "local" and self.cluster is not None:
            msg = f"a cluster ({self.cluster}) needs the engine dask or spark"
            raise PlanError(msg)


def run_counties(tasks: Mapping[str, CountyTask], engine: Engine) -> Generator[CountyDone]:
    """Build counties and yield each as it is done.

    Parameters
    ----------
    tasks : mapping
        County → task, at least one.
    engine : Engine

    Raises
    ------
    PlanError
        The plan asks for what no county can give; or the engine's library is not installed.
    """
    runs = {"local": _local, "dask": _dask, "spark": _spark}
    with closing(runs[engine.kind](tasks, engine)) as outcomes:
        for done in outcomes:
            if done.fault:
                raise PlanError(done.fault)
            yield done


def _local(tasks: Mapping[str, CountyTask], engine: Engine) -> Generator[CountyDone]:
    if engine.jobs <= 1 or len(tasks) == 1:
        for county in sorted(tasks):
            yield attempt_county(tasks[county])
        return
    for _, job in in_workers(attempt_county, dict(sorted(tasks.items())), engine.jobs):
        yield job.result()


def _dask(tasks: Mapping[str, CountyTask], engine: Engine) -> Generator[CountyDone]:
    try:
        import dask
        from distributed import Client, LocalCluster, as_completed
    except ImportError as e:
        raise _absent("dask", "distributed") from e
    settle_environment()
    if engine.cluster is not None:
        with Client(engine.cluster, set_as_default=False) as client:
            yield from _in_dask(client, tasks, as_completed)
        return
    with (
        dask.config.set(LEAN_DASK),
        LocalCluster(
            n_workers=engine.jobs, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield from _in_dask(client, tasks, as_completed)


def _in_dask(client: Any, tasks: Mapping[str, CountyTask], as_completed: Any) -> Generator[CountyDone]:
    jobs = [client.submit(attempt_county, tasks[c], key=f"evalkit-{c}", pure=False) for c in sorted(tasks)]
    for job in as_completed(jobs, loop=client.loop):
        yield job.result()
        job.release()


def _spark(tasks: Mapping[str, CountyTask], engine: Engine) -> Generator[CountyDone]:
    try:
        from pyspark.sql import SparkSession
    except ImportError as e:
        raise _absent("spark", "pyspark") from e
    if engine.cluster is None and not java():
        msg = "the engine spark needs Java 17 or newer on this computer (apt install openjdk-17-jre-headless)"
        raise PlanError(msg)
    settle_environment()
    there = SparkSession.getActiveSession()
    session = there or _session(SparkSession.builder, engine)
    context = session.sparkContext
    try:
        waiting = context.parallelize([tasks[c] for c in sorted(tasks)], len(tasks))
        yield from waiting.map(attempt_county).collect()
    finally:
        if there is None:
            session.stop()


def _session(builder: Any, engine: Engine) -> Any:
    local = engine.cluster is None
    settings = {
        "spark.app.name": "evalkit",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        **{f"spark.executorEnv.{name}": value for name, value in SETTINGS.items()},
        **({"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"} if local else {}),
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # there is no setting for it
    builder = builder.master(engine.cluster or f"local[{engine.jobs}]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def java() -> str | None:
    """Return the path of a Java runtime, None when there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin" if home else None)


def _absent(extra: str, library: str) -> PlanError:
    return PlanError(f"the engine {extra} needs {library}; install it with: pip install 'evalkit[{extra}]'")
