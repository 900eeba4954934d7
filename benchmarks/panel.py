"""The clean panel from text: evalkit's county kernel beside other means, in one run.

    python benchmarks/panel.py [--rows 1000000] [--without script] [--engines local dask spark] [--keep FOLDER]

Prints a table of benchmarks/README.md: CPU seconds (user + system) after the libraries are loaded, and the largest
resident set of one process. Of the engines it is the CPU of all their processes, from the first county on: workers,
scheduler, the Java virtual machine and its Python. Only ratios within a run compare. All rows are generated.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import panel_peers
import panel_rows
import tree

if TYPE_CHECKING:
    from evalkit import Plan
    from evalkit.ingest import RawData
    from evalkit.store import Store

PLAN = """\
title: benchmark
synthetic: true
data: {raw: raw, household: {files: ["户信息_*"]}}
waves: [2014, 2015, 2016, 2017, 2018, 2019, 2020]
standard: cn-2017
poverty: {line: {kind: standard}}
prices: {kind: standard}
design: {weight: weight, psu: village}
clean: {duplicates: quarantine, welfare_max: 100000}
"""


def cpu() -> float:
    """Return the CPU seconds of this process and the children it waited for."""
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in both)


def megabytes() -> float:
    """Return the largest resident set of this process or one of its children."""
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return max(u.ru_maxrss for u in both) / 1024


SAME_RULES = ("I09", "I10", "I15", "I18", "I21", "I33", "L05", "L21", "L22", "L23", "L26", "L33", "S01")
"""Conditional rules that stand for those of the other means; size, welfare, identity and outliers are always on."""


def kernel(folder: Path, target: Path, *, few: bool = False) -> dict[str, float]:
    """Clean every staged county with its ledger and write its files, one after the other."""
    from evalkit import load_plan
    from evalkit.pipeline.parts import load_part
    from evalkit.rules import OPTIONAL
    from evalkit.store import Store

    plan, store = load_plan(folder / "plan.yaml"), Store(target)
    if few:
        off = tuple(sorted(OPTIONAL.difference(SAME_RULES)))
        plan = plan.model_copy(update={"clean": plan.clean.model_copy(update={"rules_off": off})})
    _warm(folder)
    start = cpu()
    for part in sorted((folder / "staged").glob("county=*")):
        _clean_county(load_part(part), part.name.removeprefix("county="), plan, store)
    return {"cpu": cpu() - start, "mb": megabytes()}


def _clean_county(raw: RawData, county: str, plan: Plan, store: Store) -> None:
    """Clean a county and write what a build writes of it before it measures."""
    from evalkit.cleaning import clean

    found = clean(raw, plan)
    store.write("panel", county, found.frame)
    store.write("ledger", county, found.ledger.entries)
    store.write("quarantine", county, found.quarantine)
    store.write("open_cases", county, found.open_cases)


def _warm(folder: Path) -> None:
    """Load every library that cleaning needs, by cleaning a few rows."""
    from evalkit import load_plan
    from evalkit.cleaning import clean
    from evalkit.ingest import RawData
    from evalkit.pipeline.parts import load_part

    raw = load_part(min((folder / "staged").glob("county=*")))
    few = RawData({n: t.with_frame(t.frame.head(50)) for n, t in raw.tables.items()})
    clean(few, load_plan(folder / "plan.yaml"))


def staging(folder: Path, _target: Path) -> dict[str, float]:
    """Put the raw files into parts by county."""
    from evalkit import load_plan
    from evalkit.pipeline.staging import stage

    plan = load_plan(folder / "plan.yaml")
    start = cpu()
    stage(plan, folder / "staged", fresh=True)
    return {"cpu": cpu() - start, "mb": megabytes()}


def peer(name: str, folder: Path, target: Path) -> dict[str, float]:
    """Run one of the other means on the same text."""
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    if name in ("duckdb", "polars"):
        __import__(name)
    start = cpu()
    panel_peers.PEERS[name](folder / "raw", target)
    return {"cpu": cpu() - start, "mb": megabytes()}


def engine(name: str, folder: Path, target: Path) -> dict[str, float]:
    """Build all counties (measures included) with two workers of an engine."""
    from evalkit import load_plan
    from evalkit.pipeline import Engine
    from evalkit.pipeline.engines import run_counties
    from evalkit.pipeline.run import county_tasks
    from evalkit.pipeline.staging import stage

    plan = load_plan(folder / "plan.yaml")
    staged = stage(plan, folder / "staged")
    tasks = county_tasks(plan, staged, target, fresh=True)
    before = cpu()
    failed = [d.error for d in run_counties(tasks, Engine(name, jobs=2)) if d.error]
    if failed:
        raise SystemExit(failed[0])
    return {"before": before, "cpu": 0.0, "mb": megabytes()}


def child(task: str, folder: Path) -> dict[str, float]:
    """Run one task in a process of its own; the kernel's begins as a worker of a build does."""
    from evalkit.pipeline.workers import SETTINGS

    target = folder / f"out-{task}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    words = [sys.executable, __file__, "--task", task, "--folder", str(folder)]
    done = tree.run(words, environment=SETTINGS if task.startswith("kernel") else None)
    if done.code:
        raise SystemExit(f"{task}: {done.err[-2000:]}")
    shutil.rmtree(target)
    out: dict[str, float] = json.loads(done.out.splitlines()[-1])
    if "before" in out:
        out |= {"cpu": done.cpu - out["before"], "mb": done.mb}
    return {**out, "wall": done.wall}


def run_task(task: str, folder: Path) -> dict[str, float]:
    """Run a task in this process."""
    target = folder / f"out-{task}"
    if task.startswith("kernel"):
        return kernel(folder, target, few=task == "kernel-few")
    if task == "staging":
        return staging(folder, target)
    if task.startswith("engine-"):
        return engine(task.removeprefix("engine-"), folder, target)
    return peer(task, folder, target)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--without", nargs="*", default=[], choices=[*panel_peers.PEERS])
    parser.add_argument(
        "--engines",
        nargs="*",
        default=[],
        choices=["local", "dask", "spark"],
        help="whole builds, two workers",
    )
    parser.add_argument("--only-engines", action="store_true", help="nothing but staging and the engines")
    parser.add_argument("--form", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--keep", type=Path, help="folder for the generated rows, used again")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", POLARS_MAX_THREADS="1")
    if args.task:
        print(json.dumps(run_task(args.task, args.folder)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        measure(folder, args)


def measure(folder: Path, args: argparse.Namespace) -> None:
    """Generate the rows where they are not there yet, run every task alone and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    if not (folder / "raw").is_dir():
        panel_rows.write(folder / "raw", args.rows, args.form)
    peers = [p for p in panel_peers.PEERS if p not in args.without and args.form == "parquet"]
    engines = [f"engine-{e}" for e in args.engines]
    tasks = (
        ["staging", *engines] if args.only_engines else ["staging", "kernel", "kernel-few", *peers, *engines]
    )
    found = {task: child(task, folder) for task in tasks}
    first = "kernel" if "kernel" in found else (engines or tasks)[0]
    base = found[first]["cpu"]
    number = panel_rows.counties(args.rows)
    print(f"{number} counties, about {number * panel_rows.PER_COUNTY:,} household-years × 40 columns\n")
    print(f"| | CPU s | wall s | peak MB of one process | {first} ÷ this |\n|---|---|---|---|---|")
    for task, run in found.items():
        print(
            f"| {task} | {run['cpu']:.1f} | {run['wall']:.1f} | {run['mb']:.0f} | {base / run['cpu']:.2f} |"
        )


if __name__ == "__main__":
    main()
