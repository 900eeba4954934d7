"""What `evalkit check` says about raw files: how they were read, what is wrong, what is left open."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pandas as pd

from evalkit.cleaning import CleanResult
from evalkit.cli.foresight import Ending, between_counties, clean_where_possible, foresee
from evalkit.cli.problems import problems
from evalkit.countyseries import county_series
from evalkit.decisions import read_workbooks
from evalkit.errors import DataError
from evalkit.exits.statedfile import stated_figures
from evalkit.ingest import RawTable, passed_over, read, read_all, spreadsheet_damage
from evalkit.ingest.cells import masked
from evalkit.ingest.damage import KINDS
from evalkit.ingest.faults import all_faults
from evalkit.pipeline.papers import stated_files
from evalkit.plan import Plan


def check_lines(plan: Plan) -> Generator[str, None, int]:
    """Yield the lines of the check, read first, then clean, then what a build would miss; nothing is written.

    Returns
    -------
    int
        The exit code that a build of the same files would end with, 0 or 1.

    Raises
    ------
    EvalkitError
        Reading fails, or every county does; what was found before has been yielded.
    """
    if "household" not in plan.data.tables():
        yield from _series_lines(plan)
        return 0
    try:
        raw = read_all(plan)
    except DataError as error:
        raise all_faults(plan, error) from error
    yield f"plan {plan.title.en} (digest {plan.digest}), data in {plan.raw}"
    for table in raw.tables.values():
        yield from _read_lines(table)
    yield from _stated_lines(plan)
    yield from _passed_over_lines(plan)
    made = read_workbooks(plan).decisions
    cleaned = clean_where_possible(raw, plan, made.within())
    result = cleaned.result
    yield from _clean_lines(result)
    yield from _code_lines(result)
    if not result.frame.empty:
        yield from _panel_lines(result)
    between = between_counties(result)
    between = between.loc[~between["case"].isin([d.case for d in made])]
    yield from _problem_lines(result, between)
    ending = foresee(cleaned)
    yield from _ending_lines(ending)
    return ending.code


def _stated_lines(plan: Plan) -> Iterator[str]:
    """Yield how the table of stated figures was read, and which levels and years it has."""
    source = plan.data.stated
    if source is None or not source.files:
        return
    raw = read(stated_files(plan), table="stated", source=source, root=plan.raw)
    yield from _read_lines(raw)
    found = stated_figures(raw).frame
    counts = pd.crosstab(found["level"], found["wave"]).reset_index().rename_axis(None, axis=1)
    yield _grid(counts)


def _ending_lines(ending: Ending) -> Iterator[str]:
    """Yield what a build would not give."""
    if not ending.code:
        return
    yield ""
    yield f"[build] would end with exit code {ending.code}"
    yield from (f"county {f.county} would fail: {f.why}" for f in ending.failed)
    if ending.unpooled:
        yield f"no results over all counties (pooled measures, return risk, effects): {ending.unpooled}"


def _series_lines(plan: Plan) -> Iterator[str]:
    """Yield the check of a plan of county series alone: how they were read, open cases, breaks."""
    series = county_series(None, plan)
    yield f"plan {plan.title.en} (digest {plan.digest}), data in {plan.raw}"
    yield from _read_lines(series.cleaned.raw)
    yield ""
    yield f"[series] {len(series.counties)} counties, {series.waves[0]} to {series.waves[-1]}: {', '.join(series.series)}"
    yield _grid(series.cleaned.rows)
    counts = series.ledger.counts()
    if len(counts):
        yield _grid(counts.drop(columns=["reason_zh"]))
    if len(series.open_cases):
        yield f"[open cases] {len(series.open_cases)} to decide"
        yield _grid(series.open_cases[["rule", "county", "wave", "column", "what_en", "evidence"]])
    if len(series.breaks):
        yield "[breaks] no growth across these without a reason in county_series.across_break"
        yield _grid(series.breaks)


def _read_lines(table: RawTable) -> Iterator[str]:
    yield ""
    yield f"[{table.table}] {len(table.frame)} rows from {len(table.files)} files or sheets"
    yield _grid(_shown_files(table.files))
    yield from _note_lines(table.files)
    unknown = table.mapping[table.mapping["how"] == "unrecognised"]
    matched = table.mapping[table.mapping["how"] != "unrecognised"]
    yield _grid(_shown_mapping(matched))
    if len(unknown):
        headers = ", ".join(dict.fromkeys(map(str, unknown["header"])))
        yield f"not recognised, kept under their own names and not used: {headers}"
    yield from _damage_lines(table)


def _damage_lines(table: RawTable) -> Iterator[str]:
    """Yield what spreadsheets did to ids and dates of a table."""
    found = spreadsheet_damage(table)
    if len(found):
        yield f"[spreadsheet damage] {len(found)} columns"
        yield _grid(found.assign(example=found["example"].map(masked)))
        for kind in dict.fromkeys(found["kind"]):
            yield f"{kind}: {KINDS[kind].en}"


def _shown_mapping(mapping: pd.DataFrame) -> pd.DataFrame:
    """Return one line a field: its headers, how it was found, in how many sheets, the unit of its amounts."""
    rows = [
        {
            "field": field,
            "header": _source(part),
            "how": " | ".join(dict.fromkeys(part["how"])),
            "sheets": len(part[["file", "sheet"]].drop_duplicates()),
            "unit": " | ".join(u for u in dict.fromkeys(part["unit"]) if u),
        }
        for field, part in mapping.groupby("field", sort=False)
    ]
    return pd.DataFrame(rows)


def _passed_over_lines(plan: Plan) -> Iterator[str]:
    for name, files in passed_over(plan).items():
        yield ""
        more = f" and {len(files) - 20} more" if len(files) > 20 else ""
        yield f"[{name}] passed over (hidden, lock files, no tables): {', '.join(files[:20])}{more}"


def _shown_files(files: pd.DataFrame) -> pd.DataFrame:
    """Return the table of files without what says nothing: hashes, absent sheets, header row 0."""
    out = files.drop(columns=["sha256", "notes"]).astype(object)
    out["sheet"] = out["sheet"].where(out["sheet"].notna(), "")
    out["header_row"] = out["header_row"].map(lambda row: row if row else "-")
    return out.drop(columns=["sheet"]) if (out["sheet"] == "").all() else out


def _note_lines(files: pd.DataFrame) -> Iterator[str]:
    """Yield each note about files once and whole, with where it was made first and how often."""
    where = files["file"] + (", sheet " + files["sheet"]).fillna("")
    made: dict[str, list[str]] = {}
    for at, notes in zip(where, files["notes"].fillna(""), strict=True):
        for note in filter(None, notes.split(" / ")):
            made.setdefault(note, []).append(at)
    for note, places in made.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield f"note, {places[0]}{more}: {note}"


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
        decided = f", {len(result.decided)} decided" if len(result.decided) else ""
        yield f"[open cases] {len(cases)} to decide{decided}; the first of each kind"
        first = cases.drop_duplicates("rule")
        yield _grid(
            first[[c for c in ("rule", "county", "household", "file", "row", "what_en") if c in first]]
        )


def _code_lines(result: CleanResult) -> Iterator[str]:
    """Yield what is wrong with division codes and names (rules A), each code once; see `evalkit.cleaning.areas`."""
    cases = result.open_cases
    codes = cases.loc[cases["rule"].str.startswith("A"), ["rule", "what_en", "evidence"]].drop_duplicates()
    if len(codes):
        yield ""
        yield f"[codes] {len(codes)} county codes or names that do not hold"
        yield _grid(codes.sort_values(["rule", "evidence"]))


def _panel_lines(result: CleanResult) -> Iterator[str]:
    frame = result.frame
    waves = ", ".join(str(w) for w in sorted(frame["wave"].unique()))
    yield ""
    yield (
        f"[panel] {len(frame)} household-waves, {frame['household'].nunique()} households, "
        f"{max(frame['county'].nunique(), 1)} counties, waves {waves}"
    )


def _problem_lines(result: CleanResult, between: pd.DataFrame) -> Iterator[str]:
    found = list(problems(result, between))
    yield ""
    if not found:
        yield "[problems] none found"
        return
    yield f"[problems] {len(found)} to look at before a build"
    for number, what in enumerate(found, 1):
        yield f"{number}. {what}"


def _grid(table: pd.DataFrame) -> str:
    return table.to_string(index=False, na_rep="", max_colwidth=110)
