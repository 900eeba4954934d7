"""What `evalkit check` says about raw files: how they were read, what is wrong, what is left open."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from evalkit.cleaning import CleanResult, clean
from evalkit.ingest import RawTable, read_all
from evalkit.plan import Plan


def check_lines(plan: Plan) -> Iterator[str]:
    """Yield the lines of the check, read first, then clean; nothing is written."""
    raw = read_all(plan)
    yield f"plan {plan.title.en} (digest {plan.digest}), data in {plan.raw}"
    for table in raw.tables.values():
        yield from _read_lines(table)
    yield from _clean_lines(clean(raw, plan))


def _read_lines(table: RawTable) -> Iterator[str]:
    yield ""
    yield f"[{table.table}] {len(table.frame)} rows from {len(table.files)} files or sheets"
    yield _grid(table.files.drop(columns=["sha256"], errors="ignore"))
    unknown = table.mapping[table.mapping["how"] == "unrecognised"]
    matched = table.mapping[table.mapping["how"] != "unrecognised"]
    pairs = matched.groupby("field", sort=False)["header"].agg(
        lambda h: " | ".join(dict.fromkeys(map(str, h)))
    )
    yield "columns: " + "; ".join(f"{field} ← {header}" for field, header in pairs.items())
    if len(unknown):
        headers = ", ".join(dict.fromkeys(map(str, unknown["header"])))
        yield f"not recognised, kept under their own names and not used: {headers}"


def _clean_lines(result: CleanResult) -> Iterator[str]:
    yield ""
    yield "[rows] what would become of the household rows"
    yield _grid(result.row_table())
    counts = result.ledger.counts()
    if len(counts):
        yield ""
        yield "[rules] what cleaning would do (evalkit explain RULE tells why)"
        yield _grid(counts)
    cases = result.open_cases
    if len(cases):
        yield ""
        yield f"[open cases] {len(cases)} to decide; the first of each kind"
        first = cases.drop_duplicates("rule")
        yield _grid(
            first[[c for c in ("rule", "county", "household", "file", "row", "what_en") if c in first]]
        )
    panel = result.panel
    yield ""
    yield (
        f"[panel] {len(panel)} household-waves, {panel.frame[panel.household].nunique()} households, "
        f"{max(len(panel.counties), 1)} counties, waves {', '.join(map(str, panel.waves))}"
    )


def _grid(table: pd.DataFrame) -> str:
    return table.to_string(index=False, na_rep="", max_colwidth=60)
