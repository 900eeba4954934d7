"""From a province to a nation: runs too long for every day, each recorded in benchmarks/README.md. All rows are generated.

    python benchmarks/nation.py kernel   --rows 50000000    two workers clean and write, total memory
    python benchmarks/nation.py province --rows 6800000     `evalkit build` from CSV, 86 counties, end to end
    python benchmarks/nation.py query    --rows 250000000   questions to a store of about 2,500 counties
    python benchmarks/nation.py cost     --seconds 40       what a nation takes, from CPU seconds per million rows

Made-up codes from unassigned areas (92…–99…). ``--folder`` keeps what was generated, to be used again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import panel
import panel_rows
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tree

BASE = 40
"""Generated counties; runs of more counties repeat them under other codes."""
PREFECTURES = 14
STACK = 4
"""Generated counties put together to one of the store that is queried: 100,000 household-years."""
STACKS = 5
"""Different ones among them; the others repeat these under codes of their own."""
PROVINCES = tuple(range(92, 100))
CODED = ("county", "village", "household")
"""Columns whose first six digits are the code of the county."""
QUESTIONS = {
    "headcount, gap and mean by province and wave": "headcounts",
    "mean income by province, wave and kind of household": (
        "WITH parts AS (SELECT county, wave, household_type, sum(weight * size) AS persons, "
        "sum(weight * size * welfare) AS whole FROM household GROUP BY ALL) "
        "SELECT province_of(county) AS province, wave, household_type, sum(persons) AS persons, "
        "sum(whole) / sum(persons) AS mean FROM parts GROUP BY ALL ORDER BY ALL"
    ),
    "exit and return rates by province and wave, from sums": (
        "SELECT province_of(county) AS province, wave, sum(exit_rate_sum) / sum(exit_rate_of) AS exits, "
        "sum(return_rate_sum) / sum(return_rate_of) AS returns FROM sums WHERE wave > 2014 GROUP BY ALL ORDER BY ALL"
    ),
    "mean, poverty and movements of the nation with their errors, from sums": "national_measures",
    "registered exits by province and year": (
        "WITH parts AS (SELECT county, exit_year, sum(weight) AS households, sum(weight * size) AS persons "
        "FROM household WHERE wave = exit_year GROUP BY ALL) SELECT province_of(county) AS province, exit_year, "
        "sum(households) AS households, sum(persons) AS persons FROM parts GROUP BY ALL ORDER BY ALL"
    ),
    "years in which a county's headcount rose": (
        "WITH shares AS (SELECT county, wave, avg(CAST(welfare < 3000 AS DOUBLE)) AS share FROM household GROUP BY ALL), "
        "steps AS (SELECT *, share - lag(share) OVER (PARTITION BY county ORDER BY wave) AS step FROM shares) "
        "SELECT province_of(county) AS province, wave, count(*) AS counties, count(*) FILTER (step > 0) AS rose "
        "FROM steps GROUP BY ALL ORDER BY ALL"
    ),
}


@dataclass(frozen=True)
class Part:
    """A county to clean: its staged text, its code, the plan, the store; and whether its sums are wanted."""

    folder: Path
    county: str
    plan: Path
    target: Path
    sums: bool = False


@dataclass(frozen=True)
class Copy:
    """A county of the store that is queried: code, the clean counties it is put together of, their store, the store."""

    county: str
    parts: tuple[str, ...]
    clean: Path
    target: Path


def recode(table: pa.Table, code: str, mark: str = "") -> pa.Table:
    """Return a county's rows under another code; `mark` tells its households from those of another part."""
    for name in CODED:
        if name in table.column_names:
            cells = pc.utf8_slice_codeunits(table[name], 6)
            ending = mark if name != "county" else ""
            kind = table.schema.field(name).type
            new = pc.binary_join_element_wise(
                pa.scalar(code, kind), cells, pa.scalar(ending, kind), pa.scalar("", kind)
            )
            table = table.set_column(table.schema.get_field_index(name), name, new)
    return table


def staged_base(folder: Path) -> Path:
    """Return staged text of the generated counties; made when it is not there."""
    from evalkit import load_plan
    from evalkit.pipeline.staging import stage

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(panel.PLAN, encoding="utf-8")
    if not (folder / "raw").is_dir():
        panel_rows.write(folder / "raw", BASE * panel_rows.PER_COUNTY, "parquet")
    stage(load_plan(folder / "plan.yaml"), folder / "staged")
    return folder / "staged"


def clean_part(part: Part) -> int:
    """Clean a county with its ledger and write its files; return its rows."""
    from evalkit import load_plan
    from evalkit.cleaning import clean
    from evalkit.pipeline.adding import county_sums
    from evalkit.pipeline.parts import load_part
    from evalkit.store import Store

    found = clean(load_part(part.folder), load_plan(part.plan))
    store = Store(part.target)
    if part.sums:
        sums = county_sums(found.panel, part.county)
        store.write("sums", part.county, sums)
    store.write("panel", part.county, found.frame)
    store.write("ledger", part.county, found.ledger.entries)
    store.write("quarantine", part.county, found.quarantine)
    store.write("open_cases", part.county, found.open_cases)
    return len(found.frame)


def stamp(base: Path, folder: Path, number: int) -> list[Part]:
    """Write the staged text of many counties, each a generated one under a code of its own."""
    from evalkit.pipeline.parts import ABOUT, file_of, read_table, write_text

    parts = sorted(base.glob("county=*"))
    out = []
    for k in range(number):
        source, code = parts[k % len(parts)], f"{990000 + k}"
        target = folder / "stamped" / f"county={code}"
        if not (target / ABOUT).is_file():
            text = recode(read_table(file_of(source, "household")), code)
            target.mkdir(parents=True, exist_ok=True)
            write_text(file_of(target, "household"), text)
            about = json.loads((source / ABOUT).read_text(encoding="utf-8"))
            (target / ABOUT).write_text(json.dumps(about | {"county": code}), encoding="utf-8")
        out.append(Part(target, code, base.parent / "plan.yaml", folder / "store"))
    return out


def clean_many(folder: Path, rows: int, jobs: int) -> dict[str, float]:
    """Clean all stamped counties with some workers."""
    from evalkit.pipeline.workers import in_workers

    parts = stamp(folder / "base" / "staged", folder, rows // panel_rows.PER_COUNTY)
    before = _cpu()
    found = sum(job.result() for _, job in in_workers(clean_part, {p.county: p for p in parts}, jobs))
    return {"before": before, "counties": len(parts), "rows": found}


def kernel(folder: Path, rows: int, jobs: int) -> None:
    """Print what cleaning many counties takes: CPU, wall, memory of all processes together."""
    staged_base(folder / "base")
    stamp(folder / "base" / "staged", folder, rows // panel_rows.PER_COUNTY)
    usage = _child("clean", folder, rows, jobs)
    about = json.loads(usage.out.splitlines()[-1])
    cpu = usage.cpu - about["before"]
    print(f"{about['counties']} counties, {about['rows']:,} clean household-years, {jobs} workers")
    print(f"CPU {cpu:.0f} s ({cpu / rows * 1e6:.1f} per million rows read), wall {usage.wall:.0f} s")
    print(
        f"memory: all processes {usage.total_mb:.0f} MB, largest worker {usage.kinds.get('worker', 0):.0f} MB"
    )


def province_files(folder: Path, rows: int, counties: int) -> None:
    """Write a province as text: a file per prefecture and year, counties mixed; every other prefecture in GB18030."""
    from pyarrow import csv

    rng = np.random.default_rng(20201123)
    share = rng.lognormal(0, 0.7, counties)
    sizes = np.maximum(share / share.sum() * rows, 700).astype(int)
    folder.mkdir(parents=True)
    for p in range(PREFECTURES):
        own = range(p, counties, PREFECTURES)
        table = pa.concat_tables([panel_rows.county_table(k, rows=int(sizes[k])) for k in own])
        table = table.take(pa.array(rng.permutation(len(table))))
        for wave in panel_rows.WAVES:
            part = table.filter(pc.equal(table["年度"], str(wave)))
            path = folder / f"户信息_{p:02d}_{wave}.csv"
            csv.write_csv(part, path)
            if p % 2:
                path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))


def province(folder: Path, rows: int, counties: int, jobs: int) -> None:
    """Print what `evalkit build` takes from the raw files of a province to its store and results."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = panel.PLAN.replace("psu: village}", "strata: county, psu: village}")
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    if not (folder / "raw").is_dir():
        province_files(folder / "raw", rows, counties)
    size = sum(p.stat().st_size for p in (folder / "raw").iterdir()) / 1e9
    shutil.rmtree(folder / "data", ignore_errors=True)
    words = [sys.executable, "-m", "evalkit", "build", str(folder / "plan.yaml"), "--jobs", str(jobs)]
    usage = tree.run(words)
    if usage.code:
        raise SystemExit(usage.err[-3000:])
    manifest = json.loads(next(folder.rglob("manifest.json")).read_text(encoding="utf-8"))
    number = [c["rows_in"] for c in manifest["counties"].values()]
    print(
        f"{len(number)} counties of {min(number):,} to {max(number):,} rows, {sum(number):,} in all, {size:.1f} GB"
    )
    print(f"CPU {usage.cpu:.0f} s ({usage.cpu / sum(number) * 1e6:.1f} per million), wall {usage.wall:.0f} s")
    print(
        f"memory: {', '.join(f'{k} {mb:.0f} MB' for k, mb in usage.kinds.items())}; all {usage.total_mb:.0f} MB"
    )


@cache
def stacked(clean: Path, kind: str, parts: tuple[str, ...]) -> pa.Table:
    """Return several clean counties as one, households and villages told apart by an ending."""
    from evalkit.store import Store

    tables = []
    for k, county in enumerate(parts):
        table = pq.read_table(Store(clean).path(kind, county), partitioning=None)
        tables.append(recode(table, "000000", f"-{k}"))
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def copy_county(copy: Copy) -> int:
    """Write one county of the store that is queried; return its rows."""
    from evalkit.store import Store

    store = Store(copy.target)
    sums = stacked(copy.clean, "sums", copy.parts)
    store.write("sums", copy.county, recode(sums, copy.county).to_pandas())
    rows = recode(stacked(copy.clean, "panel", copy.parts), copy.county)
    store.write("panel", copy.county, rows.to_pandas())
    return len(rows)


def copies(folder: Path, rows: int) -> Iterator[Copy]:
    """Yield the counties of the store that is queried: four clean ones each, under codes of eight provinces."""
    from evalkit.store import Store

    known = Store(folder / "clean").counties()
    each = STACK * panel_rows.PER_COUNTY
    for k in range(rows // each):
        code = f"{PROVINCES[k % len(PROVINCES)]}{k // len(PROVINCES) + 1:04d}"
        own = tuple(known[(STACK * (k % STACKS) + j) % len(known)] for j in range(STACK))
        yield Copy(code, own, folder / "clean", folder / "data" / "processed")


def make_store(folder: Path, rows: int, jobs: int) -> None:
    """Clean the generated counties and write them many times under other codes; the manifest comes last."""
    from evalkit.pipeline.workers import in_workers
    from evalkit.store import Store

    store = Store(folder / "data" / "processed")
    if store.manifest_path.is_file():
        return
    base = staged_base(folder / "base")
    parts = sorted(base.glob("county=*"))
    tasks = {
        p.name: Part(
            p, p.name.removeprefix("county="), folder / "base" / "plan.yaml", folder / "clean", sums=True
        )
        for p in parts
    }
    for _, job in in_workers(clean_part, tasks, jobs):
        job.result()
    number = sum(
        job.result() for _, job in in_workers(copy_county, {c.county: c for c in copies(folder, rows)}, jobs)
    )
    (folder / "plan.yaml").write_text(panel.PLAN, encoding="utf-8")
    store.write_json(store.manifest_path, {"rows": number})


def ask(folder: Path, question: str) -> dict[str, float]:
    """Answer one question to the store."""
    import duckdb  # noqa: F401

    import evalkit as ek
    from evalkit.pipeline.adding import national_measures

    plan = ek.load_plan(folder / "plan.yaml")
    before = _cpu()
    asked = QUESTIONS[question]
    if asked == "headcounts":
        found = ek.queries.headcounts(plan, ("province", "wave"))
    elif asked == "national_measures":
        found = national_measures(plan)
    else:
        found = ek.query(plan, asked)
    return {"cpu": _cpu() - before, "lines": len(found), "mb": _mb()}


def query(folder: Path, rows: int, jobs: int) -> None:
    """Print what national questions to a large store take."""
    make_store(folder, rows, jobs)
    root = folder / "data" / "processed"
    files = list((root / "panel").glob("province=*/county=*/part-0.parquet"))
    number = json.loads((root / "manifest.json").read_text(encoding="utf-8"))["rows"]
    size = sum(p.stat().st_size for p in files) / 1e9
    print(f"{len(files)} counties, {number:,} household-years, {size:.1f} GB\n")
    print("| question | lines | CPU s | wall s | peak MB |\n|---|---|---|---|---|")
    for question in QUESTIONS:
        usage = _child("ask", folder, rows, jobs, question)
        about = json.loads(usage.out.splitlines()[-1])
        print(
            f"| {question} | {about['lines']} | {about['cpu']:.1f} | {usage.wall:.1f} | {about['mb']:.0f} |"
        )


def cost(seconds: float, rows: int) -> None:
    """Print what a nation takes on machines of some sizes, from the CPU seconds of a million rows of a county."""
    total = seconds * rows / 1e6
    print(
        f"{rows:,} household-years × {seconds:g} CPU s per million = {total:,.0f} CPU s = {total / 3600:.1f} CPU hours"
    )
    for cores in (2, 8, 32, 128):
        print(f"{cores} cores: {total / 3600 / cores:.2f} hours")


def _child(task: str, folder: Path, rows: int, jobs: int, question: str = "") -> tree.Usage:
    words = [
        sys.executable,
        __file__,
        task,
        "--folder",
        str(folder),
        "--rows",
        str(rows),
        "--jobs",
        str(jobs),
    ]
    usage = tree.run([*words, "--question", question] if question else words)
    if usage.code:
        raise SystemExit(usage.err[-3000:])
    return usage


def _cpu() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) + sum(
        resource.getrusage(resource.RUSAGE_CHILDREN)[:2]
    )


def _mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["kernel", "province", "query", "cost", "clean", "ask"])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--counties", type=int, default=86)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, help="CPU seconds of a million household-years")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--question", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    defaults = {"kernel": 50_000_000, "province": 6_800_000, "query": 250_000_000}
    rows = args.rows or defaults.get(args.what, 250_000_000)
    if args.what == "cost":
        cost(args.seconds, rows)
    elif args.what == "clean":
        print(json.dumps(clean_many(args.folder, rows, args.jobs)))
    elif args.what == "ask":
        print(json.dumps(ask(args.folder, args.question)))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            folder = args.folder or Path(temporary)
            if args.what == "kernel":
                kernel(folder, rows, args.jobs)
            elif args.what == "province":
                province(folder, rows, args.counties, args.jobs)
            else:
                query(folder, rows, args.jobs)


if __name__ == "__main__":
    main()
