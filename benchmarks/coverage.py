"""Coverage of nominal 95 % intervals: ``python -m benchmarks.coverage`` writes docs/coverage.md.

    python -m benchmarks.coverage [--samples 1000] [--only gini … [--update]] [--smooth] [--keep FOLDER]

Samples are numbered and seeded, so that a part can be computed again: --update replaces the rows of some measures in the page
and leaves the others (the same samples); with --keep the estimates of every measure lie in
the folder and only what is absent is computed.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tests import coverage_truth
from tests.coverage_reasons import REASONS

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = 1000
AIM = (0.93, 0.97)
NEAR = tuple(100 * (a + s * np.sqrt(a * (1 - a) / SAMPLES)) for a, s in zip(AIM, (-2, 2), strict=True))
"""Coverage in per cent that two Monte Carlo errors could have moved out of the aim."""
PAGE = ROOT / "docs" / "coverage.md"
HEAD = """# Do the intervals hold what they say?

{samples:,} samples of a known **synthetic** population ({households:,} households, three waves; `tests/coverage_truth.py` makes it): six
strata, ten of 40 to 90 villages each, all their households, so about {taken:,} households and 54 degrees of freedom. Incomes are log-normal,
a sixth of the log variance lies between villages, and incomes are heaped on and just above the line ({line:,.0f}). For each value of each measure:
the truth, the mean and the standard deviation of the estimates, the mean standard error, and the share of the samples whose nominal
95 % interval holds the truth. With {samples:,} samples that share has a Monte Carlo error of {error:.1%}; the aim is 93-97 %.
Written by `python -m benchmarks.coverage --samples {samples}`; a smaller run of it is a test (`tests/test_coverage.py`).

{fewer}{good} of {all} values lie within 93-97 %, {near} of the other {others} within two Monte Carlo errors of it. The others, after the arrow their coverage with twice the villages (20 a stratum, {samples:,} other samples), and why:

{outside}

*Missed low/high*: intervals that lie wholly below or above the truth. *Blank*: samples in which the value or its error does not exist
(they count as missed).

| measure | value | truth | mean estimate | SD of estimates | mean SE | SE/SD | coverage | missed low | missed high | blank |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def estimates(
    samples: int,
    cases: list[coverage_truth.Covered],
    folder: Path,
    villages: int = coverage_truth.VILLAGES,
    *,
    heaped: bool = True,
) -> pd.DataFrame:
    """Return the estimates of every sample and case, computing what the folder does not have."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, samples, 50):
        path = folder / f"{start:05d}.parquet"
        have = pd.read_parquet(path) if path.exists() else pd.DataFrame({"measure": [], "sample": []})
        numbers = range(start, min(start + 50, samples))
        lacking = [c for c in cases if c.name not in set(have["measure"])]
        if lacking:
            new = [
                coverage_truth.try_sample(i, lacking, villages, heaped=heaped).assign(sample=i)
                for i in numbers
            ]
            have = pd.concat([*([have] if len(have) else []), *new], ignore_index=True)
            part = path.with_suffix(".part")
            have.to_parquet(part)
            os.replace(part, path)
            print(f"{start + len(numbers)} of {samples}", flush=True)
        parts.append(have[have["sample"].isin(numbers)])
    return pd.concat(parts, ignore_index=True)


def digits(value: float) -> str:
    """Return four significant digits, thousands without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def ordered(made: pd.DataFrame, cases: list[coverage_truth.Covered], *, heaped: bool = True) -> pd.DataFrame:
    """Return the table of the cases, in their order."""
    place = {c.name: i for i, c in enumerate(cases)}
    wanted = made[made["measure"].isin(list(place))]
    wanted = wanted.assign(_place=wanted["measure"].map(place)).sort_values(["_place", "at", "sample"])
    return coverage_truth.summarise(
        wanted.drop(columns="_place"), coverage_truth.truths(cases, heaped=heaped)
    )


@dataclass(frozen=True)
class Line:
    """One row of the page: what it is about, its coverage in per cent as printed, the row itself."""

    measure: str
    value: str
    coverage: float
    text: str

    @property
    def inside(self) -> bool:
        """Whether the coverage is what is aimed at."""
        return 100 * AIM[0] <= self.coverage <= 100 * AIM[1]


def lines(table: pd.DataFrame) -> list[Line]:
    """Return the rows of the page."""
    out = []
    for r in table.itertuples():
        ratio = f"{r.mean_se / r.sd:.3f}" if r.sd > 0 else "-"
        share = round(100 * r.coverage, 1)
        mark = "" if 93 <= share <= 97 else " ◂"
        text = (
            f"| {r.measure} | {r.value} | {digits(r.true)} | {digits(r.mean)} | {digits(r.sd)} | {digits(r.mean_se)} | {ratio} | "
            f"{share:.1f}%{mark} | {r.low:.1%} | {r.high:.1%} | {r.without or ''} |"
        )
        out.append(Line(r.measure, r.value, share, text))
    return out


def kept(text: str, changed: set[str]) -> tuple[list[Line], dict[tuple[str, str], str]]:
    """Return the rows of a page whose measures did not change, and their coverage with twice the villages."""
    found = re.findall(r"^(\| ([^|]+) \| ([^|]*)\|.*?\| ([\d.]+)%(?: ◂)? \|.*)$", text, flags=re.M)
    rows = [Line(m, v.strip(), float(c), whole) for whole, m, v, c in found if m not in changed]
    twice = {}
    for name, parts in re.findall(r"^  - \*\*(.+?)\*\*: (.+)$", text, flags=re.M):
        for value, share in re.findall(r"(?:^|, )(.*?) ?[\d.]+% → ([\d.]+)%", parts):
            twice[(name, value.strip())] = f"{share}%"
    return rows, twice


FEWER = "Fewer samples, {first} ({second} with twice the villages): {names}."


def fewer(text: str, changed: set[str]) -> list[str]:
    """Return the sentences of a page on measures with fewer samples, without those that changed."""
    out = []
    for first, second, names in re.findall(
        r"^Fewer samples, (\d+) \((\d+) with .*?\): (.+)\.$", text, flags=re.M
    ):
        left = [n for n in names.split("; ") if n not in changed]
        if left:
            out.append(FEWER.format(first=first, second=second, names="; ".join(left)))
    return out


def page(rows: list[Line], twice: dict[tuple[str, str], str], said: list[str]) -> str:
    """Return the page; `twice` has the coverage with twice the villages of the values that missed, `said` who has fewer samples."""
    place = {c.name: i for i, c in enumerate(coverage_truth.CASES)}
    rows = sorted(rows, key=lambda r: place[r.measure])
    outside = [r for r in rows if not r.inside]
    listed = []
    for reason in dict.fromkeys(REASONS.get(r.measure, "No reason is known.") for r in outside):
        listed.append(f"- {reason}")
        for name in dict.fromkeys(r.measure for r in outside):
            if REASONS.get(name, "No reason is known.") == reason:
                which = ", ".join(
                    f"{r.value} {r.coverage:.1f}% → {twice[(name, r.value)]}".strip()
                    for r in outside
                    if r.measure == name
                )
                listed.append(f"  - **{name}**: {which}")
    frame = coverage_truth.population()
    head = HEAD.format(
        samples=SAMPLES,
        households=frame["household"].nunique(),
        taken=coverage_truth.draw(0).frame["household"].nunique(),
        line=coverage_truth.LINE,
        error=float(np.sqrt(0.95 * 0.05 / SAMPLES)),
        fewer="".join(f"{s}\n\n" for s in said),
        good=len(rows) - len(outside),
        near=sum(NEAR[0] <= r.coverage <= NEAR[1] for r in outside),
        others=len(outside),
        all=len(rows),
        outside="\n".join(listed) or "none.",
    )
    return head + "\n".join(r.text for r in rows) + "\n"


def main() -> None:
    """Draw the samples and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--twice", type=int, help="samples with twice the villages; as many by default")
    parser.add_argument("--only", nargs="*", help="measures; prints instead of writing the page")
    parser.add_argument(
        "--smooth", action="store_true", help="a population without a heap at the line; prints, needs --only"
    )
    parser.add_argument(
        "--update", action="store_true", help="with --only: put the rows of these measures into the page"
    )
    parser.add_argument("--keep", type=Path, help="folder for the estimates, used again")
    args = parser.parse_args()
    if args.smooth and (args.update or not args.only):
        parser.error("--smooth needs --only and prints: the page is about the population with the heap")
    cases = [c for c in coverage_truth.CASES if not args.only or c.name in args.only]
    with tempfile.TemporaryDirectory() as temporary:
        folder, heaped = args.keep or Path(temporary), not args.smooth
        folder = folder if heaped else folder / "smooth"
        table = ordered(estimates(args.samples, cases, folder, heaped=heaped), cases, heaped=heaped)
        missed = table.loc[~table["coverage"].between(0.93, 0.97), "measure"].tolist()
        others = [c for c in cases if c.name in missed]
        second = args.twice or args.samples
        double = estimates(second, others, folder / "twice", 2 * coverage_truth.VILLAGES, heaped=heaped)
        twice = ordered(double, others, heaped=heaped)
    if args.only and not args.update:
        print(table.to_string(), twice.to_string(), sep="\n")
        return
    text, names = PAGE.read_text(encoding="utf-8"), {c.name for c in cases}
    old, again = kept(text, names)
    again |= {(r.measure, r.value): f"{r.coverage:.1%}" for r in twice.itertuples()}
    said = fewer(text, names)
    if min(args.samples, second) < SAMPLES:
        said.append(FEWER.format(first=args.samples, second=second, names="; ".join(c.name for c in cases)))
    PAGE.write_text(page([*old, *lines(table)], again, said), encoding="utf-8")


if __name__ == "__main__":
    main()
