"""Speed and memory, measured side by side in one run.

    python benchmarks/run.py [--counties 4] [--repeat 3]

Prints the tables of benchmarks/README.md. Times are CPU seconds (user + system) of whole child
processes; memory is the largest resident set of one process. Only ratios within a run compare.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
HOUSEHOLD_WAVES = "household-waves"


def child(*command: str, cwd: Path = ROOT) -> dict[str, float]:
    """Run a command alone; return its CPU seconds, wall seconds and peak memory in MB."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    probe = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
        "sys.exit(code)"
    )
    out = subprocess.run(
        [sys.executable, "-c", probe, *command], cwd=cwd, check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall": time.perf_counter() - start,
        "mb": float(out.stdout.split()[-1]) / 1024,
    }


def imports(repeat: int) -> list[tuple[str, float]]:
    """Return the CPU of importing pandas and evalkit, in turn, medians."""
    rows: dict[str, list[float]] = {
        "import pandas": [],
        "import evalkit": [],
        "import evalkit, first measure": [],
    }
    for _ in range(repeat):
        rows["import pandas"].append(child(sys.executable, "-c", "import pandas")["cpu"])
        rows["import evalkit"].append(child(sys.executable, "-c", "import evalkit")["cpu"])
        touched = "import evalkit as ek; ek.Panel; ek.headcount"
        rows["import evalkit, first measure"].append(child(sys.executable, "-c", touched)["cpu"])
    return [(name, median(values)) for name, values in rows.items()]


def evalkit(*words: str) -> tuple[str, ...]:
    """Return the command line of evalkit in this environment."""
    return (str(Path(sys.executable).with_name("evalkit")), *words)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--counties", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.yaml"
        plan.write_text((ROOT / "plan.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        child(*evalkit("example", str(plan)))
        build = child(*evalkit("build", str(plan)))
        manifest = json.loads((Path(folder) / "data/processed/manifest.json").read_text(encoding="utf-8"))
        rows = sum(c["rows_in"] for c in manifest["counties"].values())
        codes = sorted(manifest["counties"])[: args.counties]
        words = [w for c in codes for w in ("--county", c)]
        ours = child(*evalkit("report", str(plan), *words))
        plain = sequential_papermill(plan, codes)
        parts = split(plan, codes)
        whole = child(*evalkit("report", str(plan), "--all", "--jobs", "2"))
        two = child(*evalkit("build", str(plan), "--jobs", "2"))
    first = imports(args.repeat)
    show(first, build, rows, ours, plain, parts, len(codes), whole, two)


def sequential_papermill(plan: Path, codes: list[str]) -> dict[str, float]:
    """Execute the notebook of each county with plain papermill, one after the other, without export."""
    total = {"cpu": 0.0, "wall": 0.0, "mb": 0.0}
    papermill = str(Path(sys.executable).with_name("papermill"))
    notebook = str(ROOT / "notebooks" / "county_report.ipynb")
    for code in codes:
        target = plan.parent / f"plain-{code}.ipynb"
        run = child(
            papermill,
            notebook,
            str(target),
            "-r",
            "county",
            code,
            "-p",
            "plan",
            str(plan),
            "--cwd",
            str(plan.parent),
        )
        total = {
            "cpu": total["cpu"] + run["cpu"],
            "wall": total["wall"] + run["wall"],
            "mb": max(total["mb"], run["mb"]),
        }
    return total


def split(plan: Path, codes: list[str]) -> dict[str, float]:
    """Return CPU seconds per county of reading results, sections, figures and page, in one process."""
    out = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "split.py"), str(plan), *codes],
        check=True,
        capture_output=True,
        text=True,
    )
    parts: dict[str, float] = json.loads(out.stdout)
    return parts


def show(
    first: list[tuple[str, float]],
    build: dict[str, float],
    rows: int,
    ours: dict[str, float],
    plain: dict[str, float],
    parts: dict[str, float],
    counties: int,
    whole: dict[str, float],
    two: dict[str, float],
) -> None:
    """Print the tables."""
    base = first[0][1]
    print("| import | CPU s | ratio to pandas |\n|---|---|---|")
    for name, cpu in first:
        print(f"| {name} | {cpu:.2f} | {cpu / base:.2f} |")
    million = 1e6 / rows
    print(
        f"\n| build of the example ({rows} {HOUSEHOLD_WAVES}) | CPU s | wall s | peak MB | CPU s per million |\n|---|---|---|---|---|"
    )
    for name, run in (("one process", build), ("--jobs 2", two)):
        print(
            f"| {name} | {run['cpu']:.1f} | {run['wall']:.1f} | {run['mb']:.0f} | {run['cpu'] * million:.0f} |"
        )
    print(
        f"\n| report, {counties} counties, both languages | CPU s per county | wall s per county | peak MB | ratio |\n|---|---|---|---|---|"
    )
    for name, run in (("evalkit report", ours), ("plain sequential papermill, no HTML", plain)):
        print(
            f"| {name} | {run['cpu'] / counties:.2f} | {run['wall'] / counties:.2f} | {run['mb']:.0f} | {ours['cpu'] / run['cpu']:.2f} |"
        )
    print(
        f"\nall reports, --jobs 2: {whole['wall']:.0f} s wall, {whole['cpu']:.0f} s CPU, peak {whole['mb']:.0f} MB a process"
    )
    print("\n| part of one report | CPU s |\n|---|---|")
    inside = sum(parts.values())
    for name, cpu in parts.items():
        print(f"| {name} | {cpu:.2f} |")
    print(f"| notebook machinery and imports (the rest) | {ours['cpu'] / counties - inside:.2f} |")


if __name__ == "__main__":
    main()
