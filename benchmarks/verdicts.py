"""Coverage of the limits that verdicts rest on: ``python -m benchmarks.verdicts`` writes docs/verdict-coverage.md."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import verdict_coverage

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "verdict-coverage.md"
SAMPLES = 2000
ENOUGH, NOMINAL = 0.93, 0.05


@dataclass(frozen=True)
class Cell:
    """One line of the page: what is drawn."""

    what: str
    rate: float
    icc: float
    unequal: bool = False
    composite: bool = False


CELLS = (
    *(Cell("rate", r, c) for r in verdict_coverage.RATES for c in verdict_coverage.CLUSTERING),
    *(Cell("rate, unequal weights", r, c, unequal=True) for r in (0.01, 0.02, 0.03) for c in (0.02, 0.05)),
    *(Cell("composite", r, c, composite=True) for r in (0.005, 0.01, 0.02) for c in (0.0, 0.02, 0.05)),
)
HEAD = """# How often a verdict is right

{samples:,} surveys for each line, drawn from a known rate: {villages} villages × {each} households of 1 to 6 persons (the composite: as many exited and as many
unregistered households in the same villages), village risks beta with the intra-village correlation (ICC) given, a household's finding counting for all its
persons. Each is judged with the limits of `evalkit.exits` (one-sided 95 %, least design effect {deff:g}, both the defaults); the first survey of every line of rates is judged by
`judge_county` as well, and must give the same limits.

*Upper (lower) limit covers*: share of surveys whose limit does not pass the true rate; at least {enough:.0%} is wanted. *Wrong "meets"*: share judged to meet a threshold
**equal to the true rate**, which is the hardest case; {nominal:.0%} plus simulation error ({error:.1%}, two standard errors) is allowed. *Point rule passes*: what the official rule makes of the same
county, which by rights does not pass.

    python -m benchmarks.verdicts

{verdict}

| criterion | true value | ICC | upper limit covers | lower limit covers | wrong "meets" at the threshold | wrong "fails" | point rule passes |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
AFTER = """
- Coverage well above 95 % at low rates is the price of counts: with three findings expected no rule comes out at exactly 95 %, and the least design effect is assumed even
  where villages do not differ. It falls with clustering and with unequal weights; the lines with both are the hardest.
- *Unequal weights*: those of villages vary log-normally with standard deviation 0.5.
- The composite adds {registered:.1%} of registered poor, counted in full, to two estimated rates of half the population each. Its true value is given, and the
  rate of each group is a little below it.
- A survey of 522 households settles little near the threshold: most verdicts there are *not shown*, which is not an error.
"""


def measure(cell: Cell, samples: int) -> dict[str, float]:
    """Return coverage of one line; its first survey is judged by the public function too."""
    found = verdict_coverage.surveyed(
        cell.rate, cell.icc, samples, unequal=cell.unequal, composite=cell.composite
    )
    if not cell.composite:
        verdict_coverage.check_against_public(cell.rate, cell.icc, unequal=cell.unequal)
    return verdict_coverage.summary(found)


def page(rows: list[tuple[Cell, dict[str, float]]], samples: int) -> str:
    """Return the page."""
    error = 2 * (NOMINAL * (1 - NOMINAL) / samples) ** 0.5
    worst = min(min(m["upper_covers"], m["lower_covers"]) for _, m in rows)
    wrong = max(m["wrong_meets"] for _, m in rows)
    short = sum(min(m["upper_covers"], m["lower_covers"]) < ENOUGH for _, m in rows)
    over = sum(m["wrong_meets"] > NOMINAL + error for _, m in rows)
    verdict = (
        f'Smallest coverage {worst:.1%}, below {ENOUGH:.0%} in {short} of {len(rows)} lines; largest share of wrong "meets" {wrong:.1%}, '
        f"above {NOMINAL + error:.1%} in {over}."
    )
    head = HEAD.format(
        samples=samples,
        villages=verdict_coverage.VILLAGES,
        each=verdict_coverage.EACH,
        deff=verdict_coverage.RULES.prior_deff,
        enough=ENOUGH,
        nominal=NOMINAL,
        error=error,
        verdict=verdict,
    )
    lines = []
    for cell, m in rows:
        rate = verdict_coverage.true_value(cell.rate, composite=cell.composite)
        lines.append(
            f"| {cell.what} | {rate:.2%} | {cell.icc:g} | {m['upper_covers']:.1%} | {m['lower_covers']:.1%} | {m['wrong_meets']:.1%} | "
            f"{m['wrong_fails']:.1%} | {m['point_rule']:.1%} |"
        )
    return head + "\n".join(lines) + "\n" + AFTER.format(registered=verdict_coverage.REGISTERED)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    samples = parser.parse_args().samples
    rows = []
    for cell in CELLS:
        rows.append((cell, measure(cell, samples)))
        sys.stdout.write(f"{cell}\n")
        sys.stdout.flush()
    PAGE.write_text(page(rows, samples), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
