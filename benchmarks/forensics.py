"""Recall and false alarms of the forensic tests on synthetic registries: ``python -m benchmarks.forensics`` writes the page and the table that reports quote."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from scipy import stats
from tests import forensic_recall

from evalkit import simulate
from evalkit.forensics.known import RECALL

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "forensics.md"
COUNTIES, SEEDS, CLEAN = 2, 10, 40
FIRST_CLEAN = 1001
HEAD = """# What the forensic tests find, and what they flag for nothing

Patterns of `simulate.distort` put into clean **synthetic** registries ({counties} counties, {seeds} seeds; strengths {strengths}), one kind at a
time, one village, interviewer or village-year in three touched (of copied accounts one in twelve). Each registry is examined as a whole, false
discoveries controlled at 5 % over its units. *Touched*: units with at least one forged household, counted whether the test can see it or not.
*Stated size*: the signal from which on a test is meant to be relied on; it was chosen by looking at runs like this one. *False alarms*: flagged units among those not touched. A unit is a
village, an interviewer, a village and year, or a county, as the test has it.

    python -m benchmarks.forensics

| kind | test | strength | touched units | flagged | of the stated size | **flagged** | untouched units | false alarms |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""
AFTER = """
| test | stated size | recall from there on, all strengths | false alarms, all strengths |
|---|---|---:|---:|
{sizes}

## On registries in which nothing was forged

{clean} clean synthetic registries of {counties} counties (other seeds), all tests. With every unit honest, any flag is false: at a nominal level of 5 % up to one
registry in twenty may have one. The limits are exact binomial ones, 95 %.

| test | registries with a flag | share | limits |
|---|---:|---:|---:|
{alarms}

## How to read it

- Below the stated size most tests find little: a handful of changed figures in a village is not a pattern. A registry without flags is not shown to be right.
- What is forged lightly and everywhere shows in the county, not in the village: heaping and exits without support are tested for both. A county test has no
  untouched units here, since forged places lie in every county; its false alarms are those of the clean registries.
- Months: a village-year with half of its exits moved into one month is mostly not told from chance; with (nearly) all of them, five or more, it is. Monitored
  households are so few in a village that less than six together show nothing.
- An interviewer's effect is that beyond 0.05 log points; untouched interviewers who share villages with touched ones can be flagged, since what is usual for
  their households was shifted (most of the false alarms in the table).
- Forged registries are simpler than real ones. In real data many patterns have plain reasons: villages settle all cases at one meeting, allowances are raised for all
  at once, interviewers round. The tests allow for what most units share, not for what one honest unit alone has. A flag is a reason to visit.
- Double households, persons over 100 and the deceased are found by rules of cleaning: [rule-recall.md](rule-recall.md).
"""


def page(units: pd.DataFrame, alarms: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    units : DataFrame
        As `forensic_recall.measured` gives them.
    alarms : DataFrame
        ``test, seed, flagged``: one row a test and clean registry.
    """
    lines = [
        f"| {r.kind} | {r.test} | {r.strength:g} | {r.touched:,} | {_percent(r.found)} | {r.large:,} | **{_percent(r.found_large)}** | "
        f"{r.untouched:,} | {_percent(r.false_alarms)} |"
        for r in forensic_recall.recalls(units).itertuples(index=False)
    ]
    sizes = [
        f"| {case.test} | {case.size} | {_percent(r.found_large)} of {r.large:,} | {_percent(r.false_alarms)} of {r.untouched:,} |"
        for case in forensic_recall.CASES
        for r in forensic_recall.recalls(units[units["test"] == case.test].assign(strength=0)).itertuples(
            index=False
        )
    ]
    head = HEAD.format(
        counties=COUNTIES,
        seeds=units["seed"].nunique(),
        strengths=", ".join(f"{s:g}" for s in forensic_recall.STRENGTHS),
    )
    after = AFTER.format(
        sizes="\n".join(sizes),
        clean=alarms["seed"].nunique(),
        counties=COUNTIES,
        alarms="\n".join(_alarm_row(str(t), part) for t, part in alarms.groupby("test", sort=False)),
    )
    return head + "\n".join(lines) + "\n" + after


def recall_table(units: pd.DataFrame, alarms: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of the page by test, as reports quote them: shares to a tenth of a percent.

    Parameters
    ----------
    units, alarms : DataFrame
        As for `page`.
    """
    hit = alarms.assign(clean_flagged=alarms["flagged"] > 0).groupby("test", sort=False)["clean_flagged"]
    clean = hit.agg(["sum", "size"]).set_axis(["clean_flagged", "clean_of"], axis=1).reset_index()
    rows = []
    for case in forensic_recall.CASES:
        found = forensic_recall.recalls(units[units["test"] == case.test].assign(strength=0)).iloc[0]
        rows.append(
            {
                "test": case.test,
                "least": None if case.shift else case.least,
                "share": None if case.shift else case.share,
                "shift": case.shift or None,
                "recall": round(float(found["found_large"]), 3),
                "recall_of": int(found["large"]),
                "alarms": round(float(found["false_alarms"]), 3),
                "alarms_of": int(found["untouched"]),
            }
        )
    whole = {"least": "Int64", "recall_of": "Int64", "alarms_of": "Int64"}
    return clean[["test"]].merge(pd.DataFrame(rows), on="test", how="left").merge(clean).astype(whole)


def _alarm_row(test: str, part: pd.DataFrame) -> str:
    hit, n = int((part["flagged"] > 0).sum()), len(part)
    limits = stats.binomtest(hit, n).proportion_ci()
    return f"| {test} | {hit} of {n} | {hit / n:.1%} | {limits.low:.1%} to {limits.high:.1%} |"


def _percent(share: float) -> str:
    return "-" if pd.isna(share) else f"{share:.1%}"


def forged(seed: int) -> pd.DataFrame:
    """Return the units of every case and strength on one registry."""
    clean = simulate.registry(seed=seed, counties=COUNTIES, rosters="all")
    return pd.concat(
        [
            forensic_recall.measured(clean, case, strength, seed)
            for case in forensic_recall.CASES
            for strength in forensic_recall.STRENGTHS
        ],
        ignore_index=True,
    )


def honest(seed: int) -> pd.DataFrame:
    """Return the number of flagged units of every test on one clean registry."""
    found = forensic_recall.examined(simulate.registry(seed=seed, counties=COUNTIES)).summary()
    return pd.DataFrame({"test": found["kind"], "seed": seed, "flagged": found["flagged"]})


def kept(make: Callable[[int], pd.DataFrame], seed: int, folder: Path) -> pd.DataFrame:
    """Return a table of one seed from the folder, making it if the folder does not have it."""
    path = folder / f"{make.__name__}-{seed}.parquet"
    if not path.exists():
        part = path.with_suffix(".part")
        make(seed).to_parquet(part)
        os.replace(part, path)
        sys.stdout.write(f"{path.stem}\n")
        sys.stdout.flush()
    return pd.read_parquet(path)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--clean", type=int, default=CLEAN)
    parser.add_argument("--keep", type=Path, help="folder of what is already measured")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        alarms = pd.concat(
            [kept(honest, FIRST_CLEAN + i, folder) for i in range(chosen.clean)], ignore_index=True
        )
        units = pd.concat([kept(forged, 1 + i, folder) for i in range(chosen.seeds)], ignore_index=True)
    PAGE.write_text(page(units, alarms), encoding="utf-8")
    recall_table(units, alarms).to_csv(RECALL, index=False)
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
