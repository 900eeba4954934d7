"""What `evalkit check` says about raw files: how they were read, what is wrong, what is left open."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from evalkit.cleaning import CleanResult, clean
from evalkit.cli.problems import problems
from evalkit.errors import EvalkitError
from evalkit.ingest import RawTable, read_all
from evalkit.plan import Plan


def check_lines(plan: Plan) -> Iterator[str]:
    """Yield the lines of the check, read first, then clean, then what a build would miss; nothing is written.

    Raises
    ------
    EvalkitError
        Reading or cleaning fails; what was found before has been yielded.
    """
    raw = read_all(plan)
    yield f"plan {plan.title.en} (digest {plan.digest}), data in {plan.raw}"
    for table in raw.tables.values():
        yield from _read_lines(table)
    result = clean(raw, plan, allow_empty=True)
    yield from _clean_lines(result)
    failure: EvalkitError | None = None
    try:
        yield from _panel_lines(result)
    except EvalkitError as error:
        failure = error
    yield from _problem_lines(result)
    if failure is not None:
        raise failure


def _read_lines(table: RawTable) -> Iterator[str]:
    yield ""
    yield f"[{table.table}] {len(table.frame)} rows from {len(table.files)} files or sheets"
    yield _grid(_shown_files(table.files))
    unknown = table.mapping[table.mapping["how"] == "unrecognised"]
    matched = table.mapping[table.mapping["how"] != "unrecognised"]
    yield "columns: " + "; ".join(
        f"{field} ← {_source(part)}" for field, part in matched.groupby("field", sort=False)
    )
    if len(unknown):
        headers = ", ".join(dict.fromkeys(map(str, unknown["header"])))
        yield f"not recognised, kept under their own names and not used: {headers}"


def _shown_files(files: pd.DataFrame) -> pd.DataFrame:
    """Return the table of files without what says nothing: hashes, absent sheets, header row 0."""
    out = files.drop(columns=["sha256"]).astype(object)
    out["sheet"] = out["sheet"].where(out["sheet"].notna(), "")
    out["header_row"] = out["header_row"].map(lambda row: row if row else "-")
    out["notes"] = out["notes"].where(out["notes"].notna(), "")
    empty = [c for c in ("sheet", "notes") if (out[c] == "").all()]
    return out.drop(columns=empty)


def _source(part: pd.DataFrame) -> str:
    """Return the headers a field comes from, or what else gives it."""
    headers = [str(h) for h in part["header"].dropna() if str(h)]
    return " | ".join(dict.fromkeys(headers)) or "(stated in the plan, or one for all rows)"


def _clean_lines(result: CleanResult) -> Iterator[str]:
    yield ""
    yield "[rows] what would become of the rows of each table"
    yield _grid(result.row_table())
    counts = result.ledger.counts()
    if len(counts):
        yield ""
        yield "[rules] what cleaning would do (evalkit explain RULE tells why)"
        yield _grid(counts.drop(columns=["reason_zh"], errors="ignore"))
    cases = result.open_cases
    if len(cases):
        yield ""
        yield f"[open cases] {len(cases)} to decide; the first of each kind"
        first = cases.drop_duplicates("rule")
        yield _grid(
            first[[c for c in ("rule", "county", "household", "file", "row", "what_en") if c in first]]
        )


def _panel_lines(result: CleanResult) -> Iterator[str]:
    panel = result.panel
    yield ""
    yield (
        f"[panel] {len(panel)} household-waves, {panel.frame[panel.household].nunique()} households, "
        f"{max(len(panel.counties), 1)} counties, waves {', '.join(map(str, panel.waves))}"
    )


def _problem_lines(result: CleanResult) -> Iterator[str]:
    found = list(problems(result))
    yield ""
    if not found:
        yield "[problems] none found"
        return
    yield f"[problems] {len(found)} to look at before a build"
    for number, what in enumerate(found, 1):
        yield f"{number}. {what}"


def _grid(table: pd.DataFrame) -> str:
    return table.to_string(index=False, na_rep="", max_colwidth=110)
