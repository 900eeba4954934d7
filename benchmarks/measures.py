"""Measures with standard errors on a million rows: each alone, and FGT for 100 domains beside other means, in one run.

    python benchmarks/measures.py [--rows 1000000] [--only fgt …] [--keep FOLDER]

Prints the tables of benchmarks/README.md: CPU seconds (user + system) after the libraries are loaded, and the largest
resident set; every task is a process of its own. ``svy`` is used where it is installed (pip install svy); it is no
dependency. Only ratios within a run compare. All rows are generated: 50 strata, 2,000 villages, two waves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from panel import cpu, megabytes

LINE, STRATA, VILLAGES, DOMAINS = 4000.0, 50, 2000, 100
SPAN = {"frm": 2017, "to": 2018}


def generate(path: Path, rows: int) -> None:
    """Write households of two waves."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    n = rows // 2
    village = np.sort(rng.integers(0, VILLAGES, n))
    stratum = village * STRATA // VILLAGES
    level = 8.6 + rng.normal(0, 0.2, VILLAGES)[village] + rng.normal(0, 0.4, n)
    waves = []
    for t, wave in enumerate((2017, 2018)):
        income = np.round(np.exp(level + 0.1 * t + rng.normal(0, 0.25, n)), 2)
        columns = {
            "household": np.arange(n), "wave": wave, "stratum": stratum, "village": village,
            "county": village % DOMAINS, "w": 5.0 + stratum % 7, "size": 1 + np.arange(n) % 5, "income_pc": income,
            "transfer": np.round(income * rng.beta(2, 6, n), 2), "home": rng.random(n) < 0.1,
        }  # fmt: skip
        waves.append(pd.DataFrame(columns))
    frame = pd.concat(waves, ignore_index=True)
    frame["rest"] = frame["income_pc"] - frame["transfer"]
    frame.to_parquet(path)


def measures() -> dict[str, Callable]:  # type: ignore[type-arg]
    """Return each measure as a function of a panel."""
    from evalkit import measures as ek

    deprived = ek.Deprivations({"income": f"income_pc < {LINE}", "home": "home == 1"}, cutoff=0.5)
    return {
        "mean": ek.mean,
        "headcount": lambda p: ek.headcount(p, LINE),
        "gap": lambda p: ek.gap(p, LINE),
        "watts": lambda p: ek.watts(p, LINE),
        "sen": lambda p: ek.sen(p, LINE),
        "sst": lambda p: ek.sst(p, LINE),
        "near_line": lambda p: ek.near_line(p, LINE),
        "median": ek.quantile,
        "percentile_ratio": ek.percentile_ratio,
        "arpr": ek.arpr,
        "relative_gap": ek.relative_gap,
        "gini": ek.gini,
        "lorenz": ek.lorenz,
        "quintile_share_ratio": ek.quintile_share_ratio,
        "palma": ek.palma,
        "atkinson 1": ek.atkinson,
        "theil": ek.generalised_entropy,
        "zenga": ek.zenga,
        "gini_by_source": lambda p: ek.gini_by_source(p, ["transfer", "rest"]),
        "shapley_sources": lambda p: ek.shapley_sources(p, ["transfer", "rest"], "gini"),
        "multidimensional_poverty": lambda p: ek.multidimensional_poverty(p, deprived),
        "dominance": lambda p: ek.dominance(p, [3000, 4000, 5000, 6000], order=1),
        "growth": lambda p: ek.growth(p, **SPAN, real=False),
        "growth_incidence": lambda p: ek.growth_incidence(p, **SPAN, real=False),
        "datt_ravallion": lambda p: ek.datt_ravallion(p, LINE, **SPAN),
        "shapley_growth": lambda p: ek.shapley_growth(p, LINE, **SPAN, measure="gap"),
        "transitions": lambda p: ek.transitions(p, LINE),
        "chronic_poverty": lambda p: ek.chronic_poverty(p, LINE),
        "fields_ok": lambda p: ek.mobility(p, **SPAN),
        "FGT, 100 domains": lambda p: ek.fgt(p, LINE, 1, by="county"),
        "gini, 100 domains": lambda p: ek.gini(p, by="county"),
        "median, 100 domains": lambda p: ek.quantile(p, by="county"),
    }


def own(name: str, path: Path) -> dict[str, float]:
    """Compute one measure of the whole panel."""
    import pandas as pd

    from evalkit.design import SurveyDesign
    from evalkit.panel import Panel

    design = SurveyDesign(weight="w", strata="stratum", psu="village")
    frame = pd.read_parquet(path)
    measure = measures()[name]
    measure(Panel(frame[frame["household"] % 50 == 0].reset_index(drop=True), size="size", design=design))
    first = cpu()
    panel = Panel(frame, size="size", design=design)
    _ = panel.sample
    start, before = cpu(), megabytes()
    found = measure(panel)
    return {"cpu": cpu() - start, "mb": megabytes(), "loaded": before, "panel": start - first,
            "first": float(found.values[0]), "se": float(found.std_error[0])}  # fmt: skip


def naive(path: Path) -> dict[str, float]:
    """Compute FGT(1) domain by domain, as the formula is written: zero outside, totals by village, strata."""
    import numpy as np
    import pandas as pd

    frame = pd.read_parquet(path)
    start = cpu()
    out = []
    for domain in range(DOMAINS):
        inside = frame["county"] == domain
        poor = (frame["income_pc"] < LINE) & inside
        score = ((LINE - frame["income_pc"]) / LINE).where(poor, 0.0)
        weight = frame["w"] * frame["size"] * inside
        value = (weight * score).sum() / weight.sum()
        influence = weight * (score - value) / weight.sum()
        totals = influence.groupby([frame["stratum"], frame["village"]]).sum()
        strata = totals.groupby(level=0).agg(["var", "count"])
        out.append((value, np.sqrt((strata["var"] * strata["count"]).sum())))
    return {"cpu": cpu() - start, "mb": megabytes(), "first": float(out[0][0]), "se": float(out[0][1])}


def peer(kind: str, path: Path) -> dict[str, float]:
    """Compute the same with svy: all domains at once (by), or one after the other (where)."""
    import polars as pl
    import svy

    frame = pl.read_parquet(path).with_columns(
        score=pl.when(pl.col("income_pc") < LINE).then((LINE - pl.col("income_pc")) / LINE).otherwise(0.0),
        persons=pl.col("w") * pl.col("size"),
    )
    sample = svy.Sample(frame, svy.Design(stratum="stratum", psu="village", wgt="persons"))
    sample.estimation.mean("score")
    start = cpu()
    if kind == "whole":
        found = [sample.estimation.mean("score")]
    elif kind == "median":
        found = [sample.estimation.median("income_pc")]
    elif kind == "by":
        found = [sample.estimation.mean("score", by="county")]
    else:
        found = [sample.estimation.mean("score", where=pl.col("county") == d) for d in range(DOMAINS)]
    spent = cpu() - start
    table = found[0].to_polars()
    if kind == "by":
        table = table.filter(pl.col("county").cast(pl.Utf8) == "0")
    return {"cpu": spent, "mb": megabytes(), "first": float(table["est"][0]), "se": float(table["se"][0])}


def child(task: str, path: Path) -> dict[str, float]:
    """Run one task in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--task", task, "--keep", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"cpu": float("nan"), "mb": float("nan"), "why": done.stderr.strip().splitlines()[-1]}  # type: ignore[dict-item]
    out: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return out


def run_task(task: str, path: Path) -> dict[str, float]:
    """Run a task in this process."""
    if task == "naive":
        return naive(path)
    if task.startswith("svy-"):
        return peer(task.removeprefix("svy-"), path)
    return own(task, path)


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the tables."""
    print(
        "| measure (1 million rows, 2,000 villages) | CPU s | peak MB | with the rows alone MB |\n|---|---|---|---|"
    )
    for task, run in found.items():
        if "loaded" in run:
            print(f"| {task} | {run['cpu']:.2f} | {run['mb']:.0f} | {run['loaded']:.0f} |")
    read = [run["panel"] for run in found.values() if "panel" in run]
    if read:
        print(f"\nBefore any measure, once a panel: keys checked and design read in {min(read):.2f} CPU s.")
    ours = found.get("FGT, 100 domains")
    if ours is None:
        return
    print(
        "\n| FGT(1), 100 domains | CPU s | peak MB | ÷ evalkit | first domain (SE) |\n|---|---|---|---|---|"
    )
    names = {
        "FGT, 100 domains": "**evalkit, one pass**", "naive": "naive loop over the domains",
        "svy-by": "svy, by=", "svy-where": "svy, domain by domain",
    }  # fmt: skip
    for task, label in names.items():
        run = found[task]
        if "why" in run:
            print(f"| {label} | not run: {run['why']} | | | |")
            continue
        print(
            f"| {label} | {run['cpu']:.2f} | {run['mb']:.0f} | {run['cpu'] / ours['cpu']:.0f} | {run['first']:.6f} ({run['se']:.6f}) |"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--keep", type=Path, help="file of the generated rows, used again")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.update(
        OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", POLARS_MAX_THREADS="1", RAYON_NUM_THREADS="1"
    )
    if args.task:
        print(json.dumps(run_task(args.task, args.keep)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = args.keep or Path(temporary) / "rows.parquet"
        if not path.exists():
            generate(path, args.rows)
        tasks = [*measures(), "naive", "svy-whole", "svy-median", "svy-by", "svy-where"]
        found = {t: child(t, path) for t in tasks if not args.only or t in args.only}
    show(found)
    for task, label in {"svy-whole": "FGT(1) of all", "svy-median": "median"}.items():
        if task in found and "why" not in found[task]:
            print(f"\nsvy, {label}: {found[task]['cpu']:.2f} CPU s, {found[task]['mb']:.0f} MB")
    for task, run in found.items():
        if "why" in run:
            print(task, run["why"])


if __name__ == "__main__":
    main()
