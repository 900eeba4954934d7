"""Recall and false alarms of the rules on synthetic data: ``python -m benchmarks.rules`` writes the table.

Errors are put into a clean registry, each household damaged once, and into a clean county yearbook, each county damaged once.
The clean and the damaged tables are cleaned (the registry with the plan of the bundled example), and each rule's ledger
entries, and the cases between counties, are compared with the truth, row by row.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from tests.rule_recall import example_plan, measure_rules, measure_series

from evalkit import simulate
from evalkit.rules import RULES
from evalkit.simulate.errors import inject, inject_series

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rule-recall.md"
SEED, COUNTIES, SCALE, EACH = 11, 8, 1.0, 30
BOOK_COUNTIES, BOOK_EACH = 240, 5
HEAD = """# How well the rules find what is wrong

Errors put into a clean **synthetic** registry ({households:,} household-years, {members:,} member rows, {counties} counties,
seed {seed}, a roster for every wave): up to {each} households for each rule, each damaged once. *Found*: the rule has a
ledger entry (K08, K09: a case between counties) on that very row. *False alarms*: rows of the undamaged registry on which the
rule fires, as a share of the rows of its table. A false alarm above zero is an oddity that the simulation makes of itself
(returns that no mark records, workers without wages, incomes far from most). Errors are those the rules describe: real ones are
messier, so recall here says that a rule works, not that it finds all that is wrong.

The rules on county series (Y) are measured on a clean **synthetic** yearbook of {book_counties} counties, {years} (seed {seed}): {book_each}
counties for each rule, each damaged once. Its series grow smoothly; real yearbooks jump at censuses and when areas change, so more
false alarms must be expected there. The change of the income concept in 2014 stands in the clean yearbook: Y67 and Y68 must find it in
every county that nothing else damaged, and it is no false alarm.

{n} of {all} rules have injected errors; recall is 1 for {whole}. Not injected: {rest} (rules about files and cells are tested by the
damage of the synthetic export; dated codes, decisions, a plan that merges doubles and headers of several concepts by tests of their
own; contradictory histories F and household structures M by drawn examples: most F ask what an S or W rule asks on the row).
Written by `python -m benchmarks.rules`.
"""


def page(table: pd.DataFrame, registry: simulate.SyntheticRegistry, book: simulate.Yearbook) -> str:
    """Return the page.

    Parameters
    ----------
    table : DataFrame
        As `tests.rule_recall.measure_rules` and `measure_series` give it.
    registry : SyntheticRegistry
        The undamaged one.
    book : Yearbook
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
        book_counties=BOOK_COUNTIES,
        book_each=BOOK_EACH,
        years=f"{book.frame['wave'].min()}-{book.frame['wave'].max()}",
        all=len(text),
        n=table["rule"].nunique(),
        whole=int((table["recall"] == 1).sum()),
        rest=", ".join(rest) or "none",
    )
    return head + "\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the page."""
    registry = simulate.registry(SEED, counties=COUNTIES, scale=SCALE, rosters="all", changes=0.02)
    book = simulate.make_yearbook(SEED, counties=BOOK_COUNTIES)
    parts = [
        measure_rules(registry, inject(registry, n=EACH), example_plan(ROOT)),
        measure_series(book, inject_series(book, n=BOOK_EACH)),
    ]
    table = pd.concat(parts, ignore_index=True)
    PAGE.write_text(page(table, registry, book), encoding="utf-8")
    low = table.loc[table["recall"] < 1, ["rule", "table", "injected", "found"]]
    sys.stdout.write(f"{PAGE}\n{low.to_string(index=False)}\n")


if __name__ == "__main__":
    main()
