"""Recall and false alarms of the rules on the synthetic registry: ``python -m benchmarks.rules`` writes the table.

Errors are put into a clean registry, each household damaged once; both registries are cleaned with the plan of the
bundled example, and each rule's ledger entries are compared with the truth, row by row.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from tests.rule_recall import example_plan, measure_rules

from evalkit import simulate
from evalkit.rules import RULES
from evalkit.simulate.errors import inject

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rule-recall.md"
SEED, COUNTIES, SCALE, EACH = 11, 8, 1.0, 30
HEAD = """# How well the rules find what is wrong

Errors put into a clean **synthetic** registry ({households:,} household-years, {members:,} member rows, {counties} counties,
seed {seed}, a roster for every wave): up to {each} households for each rule, each damaged once. *Found*: the rule has a
ledger entry on that very row. *False alarms*: rows of the undamaged registry on which the rule fires, as a share of the
rows of its table. A false alarm above zero is an oddity that the simulation makes of itself (returns that no
mark records, workers without wages). Errors are those the rules describe: real ones are messier, so
recall here says that a rule works, not that it finds all fraud.

{n} rules have injected errors; recall is 1 for {whole}. Not injected: {rest} (rules about files and cells are tested
by the damage of the synthetic export, those about several counties, dated codes and decisions by tests of their own).
Written by `python -m benchmarks.rules`.
"""


def page(table: pd.DataFrame, registry: simulate.SyntheticRegistry) -> str:
    """Return the page.

    Parameters
    ----------
    table : DataFrame
        As `tests.rule_recall.measure_rules` gives it.
    registry : SyntheticRegistry
        The undamaged one.
    """
    text = {r.id: r for r in RULES}
    lines = [
        "| rule | table | what | injected | found | recall | false alarms |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for one in table.itertuples(index=False):
        alarms = "0" if not one.false_alarms else f"{one.false_alarms} ({one.false_alarm_rate:.2%})"
        lines.append(
            f"| {one.rule} | {one.table} | {text[one.rule].text.en} | {one.injected} | {one.found} | {one.recall:.2f} | {alarms} |"
        )
    rest = sorted(set(text) - set(table["rule"]))
    head = HEAD.format(
        households=len(registry.households),
        members=len(registry.members),
        counties=COUNTIES,
        seed=SEED,
        each=EACH,
        n=table["rule"].nunique(),
        whole=int((table["recall"] == 1).sum()),
        rest=", ".join(rest) or "none",
    )
    return head + "\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the page."""
    registry = simulate.registry(SEED, counties=COUNTIES, scale=SCALE, rosters="all", changes=0.02)
    table = measure_rules(registry, inject(registry, n=EACH), example_plan(ROOT))
    PAGE.write_text(page(table, registry), encoding="utf-8")
    low = table.loc[table["recall"] < 1, ["rule", "table", "injected", "found"]]
    sys.stdout.write(f"{PAGE}\n{low.to_string(index=False)}\n")


if __name__ == "__main__":
    main()
