"""What a build would stumble over or leave out: found by `evalkit check`, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from evalkit.cleaning import CleanResult
from evalkit.cleaning.work import used_fields
from evalkit.errors import DataError, EvalkitError
from evalkit.ingest import unit_doubts
from evalkit.ingest.concepts import named_concepts, several_concepts
from evalkit.pipeline.visits import county_cases
from evalkit.plan import Plan

_COMMA = re.compile(r"[+-]?[0-9.]*[0-9],[0-9]+|[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?")
_SHOWN = 5


def problems(result: CleanResult, between: pd.DataFrame) -> Iterator[str]:
    """Yield one sentence a problem, the gravest kinds first.

    Parameters
    ----------
    result : CleanResult
    between : DataFrame
        Open cases between counties (K08, K09).
    """
    frame, plan = result.frame, result.plan
    yield from _doubtful_units(result)
    yield from _unread_cells(result)
    yield from _mixed_concepts(result)
    yield from _without_welfare(result)
    yield from _odd_codes(result)
    if frame.empty:
        return
    yield from _weights_and_strata(frame, plan)
    yield from _unused_design(result)
    yield from _villages(frame, plan)
    yield from _waves(frame, plan)
    yield from _moves(between)
    yield from _shared(between)
    yield from _codes(frame, plan)
    yield from _survey(result)
    yield from _cases(result)
    yield from _programs(frame, plan)


def _some(values: Iterable[object]) -> str:
    """Return the first few values, and how many more there are."""
    texts = [str(v) for v in values]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _villages(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    """Villages that have a name and no code: nothing is then counted by village."""
    named = "village_name" in frame and frame["village_name"].notna().any()
    if named and ("village" not in frame or frame["village"].isna().all()) and not plan.design.psu:
        yield (
            "the villages have names and no codes: nothing is counted by village, and errors take every household as drawn by itself. "
            "Map the names as codes in plan.data.household.columns (village: the header), and set plan.design.psu: village"
        )


def _count(n: int, one: str, several: str) -> str:
    """Return ``1 stratum`` or ``2 strata``."""
    return f"{n} {one if n == 1 else several}"


def _doubtful_units(result: CleanResult) -> Iterator[str]:
    """Sheets whose amounts are ten thousand times off those of the others."""
    sources = result.plan.data.tables()
    for name, table in result.raw.tables.items():
        for doubt in unit_doubts(table, sources.get(name)):
            where = f"{doubt.file}, sheet {doubt.sheet}" if doubt.sheet else doubt.file
            yield f"[{name}] {where}: {doubt.text} (plan.data.{name})"


def _mixed_concepts(result: CleanResult) -> Iterator[str]:
    """Headers of the welfare column that name several income concepts, where the plan does not say so by wave (I47)."""
    plan, raw = result.plan, result.raw["household"]
    found = named_concepts(raw, plan.welfare.column)
    if not several_concepts(found):
        return
    rows = raw.frame.reindex(columns=["_file", "_sheet", "wave"]).fillna("")
    waves: dict[str, set[str]] = {}
    for one in found:
        here = (rows["_file"] == one.file) & (rows["_sheet"] == one.sheet)
        own = [str(one.wave)] if one.wave is not None else sorted(set(rows.loc[here, "wave"]) - {""})
        for wave in own:
            waves.setdefault(wave, set()).add(one.concept)
    stated = {w: plan.concepts([int(w)]).get(int(w)) for w in waves if w.isdigit()}
    if isinstance(plan.welfare.concept, dict) and all({stated.get(w)} == c for w, c in waves.items()):
        return
    headers = dict.fromkeys(f"{c.header} ({c.concept}) in {c.file}" for c in found)
    said = ", ".join(f"{w}: {next(iter(c))}" for w, c in sorted(waves.items()) if len(c) == 1 and w.isdigit())
    both = [w for w, c in sorted(waves.items()) if len(c) > 1]
    mixed = f" In {_some(both)} both stand side by side: make them one concept first." if both else ""
    yield (
        f"{plan.welfare.column} comes from headers of several income concepts: {_some(headers)} (I47). They are not the same "
        f"thing, and growth from one to the other is none.{mixed} State them by wave: welfare: {{concept: {{{said}}}}}"
    )


def _without_welfare(result: CleanResult) -> Iterator[str]:
    """Files (sheets) in which the welfare column has no cell, while others have some."""
    column, rows = result.plan.welfare.column, result.raw["household"].frame
    if column not in rows or not rows[column].notna().any():
        return
    sheet = rows["_file"] + (", sheet " + rows["_sheet"]).fillna("")
    known = rows[column].notna().groupby(sheet, sort=True).agg(["sum", "size"])
    none = known.loc[known["sum"] == 0]
    if len(none):
        yield (
            f"{_count(len(none), 'file has', 'files have')} no {column} in any row: {_some(none.index)} ({int(none['size'].sum())} "
            f"rows). Their waves have no welfare; name the header in plan.data.household.columns (by file where they "
            "differ), or mend the export"
        )


def _odd_codes(result: CleanResult) -> Iterator[str]:
    """County codes that are written otherwise than most (A11)."""
    codes = pd.Series(sorted(result.raw["household"].frame["county"].dropna().unique()), dtype="str")
    shape = codes.str.replace(r"[0-9]", "9", regex=True).str.replace(r"[A-Za-z]", "a", regex=True)
    usual = shape.value_counts()
    if len(codes) < 3 or usual.iloc[0] <= len(codes) / 2 or usual.index[0] != "999999":
        return
    odd = codes[shape != usual.index[0]]
    if len(odd):
        yield (
            f"{_count(len(odd), 'county code is', 'county codes are')} no six digits, as {usual.iloc[0]} others are: {_some(map(repr, odd))} "
            "(A11 where it holds for a county). Mend the codes: each is a county of its own otherwise"
        )


def _unread_cells(result: CleanResult) -> Iterator[str]:
    """Cells that are no number, year or mark, by column (rule T07)."""
    for table in result.raw.tables:
        cells = result.ledger.of_table(table).cells()
        cells = cells.loc[cells["rule"] == "T07"]
        for column, part in cells.groupby("column", sort=False):
            first = part.iloc[0]
            hint = (
                f'; if these are decimal commas, state `decimal: ","` in plan.data.{table}'
                if part["old"].str.fullmatch(_COMMA).any()
                else ""
            )
            yield (
                f"{_count(len(part), 'cell', 'cells')} of {column!r} in the {table} table cannot be read and would be blanked (T07), for example "
                f"{first['old']!r} ({first['file']}, row {first['row']}){hint or ': mend them in the files'}"
            )


def _weights_and_strata(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    """Missing weights, a design that cannot be read, strata with one sampled unit."""
    design = plan.design
    if design.weight is not None:
        lacks = frame.loc[frame[design.weight].isna(), ["household", "wave"]]
        if len(lacks):
            rows = _some(f"{h} in {w}" for h, w in lacks.itertuples(index=False, name=None))
            yield (
                f"{len(lacks)} of {len(frame)} rows have no weight ({design.weight}; household {rows}): their counties "
                "get no figures. Fill the weights in, or leave the rows out"
            )
            return
    try:
        design.survey_design().sample(frame, unit="household")
    except EvalkitError as error:
        yield f"the sampling design does not work: {error}"
        return
    if design.strata is not None:
        counties = frame.groupby(design.strata)["county"].nunique()
        crossing = list(counties.index[counties > 1])
        if crossing:
            yield (
                f"{_count(len(crossing), 'stratum is', 'strata are')} in several counties ({_some(crossing)}): in a county's report only its own "
                "part of such a stratum counts. Fine if so meant; else name strata within counties"
            )
    if design.single_psu == "error" and not design.census:
        yield from _single_units(frame, plan)


def _single_units(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    """Strata of a county in which only one unit was sampled."""
    design = plan.design
    unit = "household" if not design.psu else design.psu if isinstance(design.psu, str) else design.psu[0]
    keys = list(dict.fromkeys(["county", *([design.strata] if design.strata else [])]))
    units = frame.groupby(keys)[unit].nunique()
    alone = [" / ".join(map(str, k if isinstance(k, tuple) else (k,))) for k in units.index[units == 1]]
    if alone:
        names = f"({' / '.join(keys)}) " if design.strata else ""
        noun = (
            _count(len(alone), "stratum", "strata")
            if design.strata
            else _count(len(alone), "county", "counties")
        )
        yield (
            f"{noun} {names}with only one sampled {unit}: {_some(alone)}. Variances are refused there; set "
            "design.single_psu (centre, average, certainty; see `evalkit explain design.single_psu`) or join strata"
        )


def _unused_design(result: CleanResult) -> Iterator[str]:
    """A weight or stratum that is mapped while the design does not use it."""
    design = result.plan.design
    used = used_fields(result.raw["household"])
    mapping = result.raw["household"].mapping
    effect = {
        "weight": ("weight", "every household counts the same"),
        "stratum": ("strata", "the sample counts as one stratum"),
    }
    named = {design.weight, design.strata, *(design.psu or ())} if not isinstance(design.psu, str) else {
        design.weight, design.strata, design.psu,
    }  # fmt: skip
    for column, (key, consequence) in effect.items():
        if column in used and getattr(design, key) is None and column not in named:
            header = _some(dict.fromkeys(mapping.loc[mapping["field"] == column, "header"].astype(str)))
            yield (
                f"the files have a {column} ({header}), but plan.design does not use it: {consequence}. "
                f"Add `{key}: {column}` to design, or leave the column out on purpose"
            )


def _waves(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    """Waves without a line, price index, concept or benchmark; waves of the plan without data."""
    waves = sorted(int(w) for w in frame["wave"].unique())
    absent = [w for w in plan.waves if w not in waves]
    if absent:
        yield f"no data for {_some(absent)}, which the plan lists under waves: add the files or mend waves"
    line_key = "poverty.line" + (".values" if plan.poverty.line.kind == "table" else "")
    price_key = "prices" + (".index" if plan.prices.kind == "table" else "")
    given = {
        "poverty line": (plan.lines(waves), line_key, "poverty, exits and returns leave them out"),
        "price index": (plan.deflators(waves), price_key, "nothing real can be said about them"),
        "income concept": (plan.concepts(waves), "welfare.concept", "growth to and from them is refused"),
    }
    for what, (known, key, effect) in given.items():
        lacks = [w for w in waves if known is not None and w not in known]
        if lacks:
            yield f"no {what} for {_some(lacks)}: {effect}. Complete {key}"
    if plan.benchmark is not None:
        from evalkit.pipeline.measuring import benchmark_series

        ends = [plan.benchmark.frm or waves[0], plan.benchmark.to or waves[-1]]
        lacks = [w for w in ends if w not in benchmark_series(plan.benchmark, plan, ends)]
        if lacks:
            yield f"the benchmark has no figure for {_some(lacks)}: the comparison is left out. Complete benchmark"


def _moves(between: pd.DataFrame) -> Iterator[str]:
    """Households that stand in several counties (K08)."""
    moved = between.loc[between["rule"] == "K08"]
    if len(moved):
        first = moved.drop_duplicates(["household", "evidence"])
        examples = _some(f"{h}: {e}" for h, e in zip(first["household"], first["evidence"], strict=True))
        yield (
            f"{_count(moved['household'].nunique(), 'household stands', 'households stand')} in more than one county (K08; {examples}). If ids "
            "repeat between counties, make them whole (columns: {household: [county header, household header]}); if "
            "county codes differ between files, recode them; if they moved, or one of the rows is wrong, decide so in "
            "decisions.xlsx (keep, exclude) after a build"
        )


def _shared(between: pd.DataFrame) -> Iterator[str]:
    """Persons who stand in several counties in one wave (K09)."""
    shared = between.loc[between["rule"] == "K09"].drop_duplicates("evidence")
    if len(shared):
        yield (
            f"{_count(len(shared), 'id number stands', 'id numbers stand')} in more than one county in one wave (K09; "
            f"{_some(shared['evidence'])}). Mend the files, or decide in decisions.xlsx (keep, correct, exclude) after a build"
        )


def _codes(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    """County codes of the plan that the data do not have."""
    known = set(frame["county"].dropna().unique())
    for key, codes in (("county_names", plan.county_names), ("exits.county_zones", plan.exits.county_zones)):
        strange = [c for c in codes if c not in known]
        if strange:
            yield (
                f"{key} names counties that are not in the data: {_some(strange)}. Codes of the data: "
                f"{_some(sorted(known))}; mend the codes (leading zeros, quotes)"
            )


def _survey(result: CleanResult) -> Iterator[str]:
    """Counties of the survey and of the totals that do not match those of the households."""
    there = [t for t in ("survey", "totals") if t in result.tables]
    if len(there) == 1:
        other = "totals" if there == ["survey"] else "survey"
        yield f"data.{there[0]} is given without data.{other}: there will be no exit verdicts. Add data.{other}"
    counties = set(result.frame["county"].dropna().unique())
    for name in there:
        own = set(result.tables[name]["county"].dropna().unique())
        strange, lacks = sorted(own - counties), sorted(counties - own)
        if strange:
            yield f"the {name} table has counties without households: {_some(strange)}. Mend the county codes"
        if lacks:
            yield f"the {name} table has no row of {_some(lacks)}: no exit verdict there. Add the rows, if there are any"


def _cases(result: CleanResult) -> Iterator[str]:
    """Steps of cases that leave a county without verdict."""
    steps = result.tables.get("cases")
    if steps is None:
        return
    if "survey" not in result.tables:
        yield "data.cases is given without data.survey: no verdict takes the outcomes. Add data.survey and data.totals"
    for county, rows in steps.groupby("county", sort=True):
        try:
            county_cases({"cases": rows})
        except DataError as error:
            yield f"data.cases leaves county {county} without exit verdict: {error}"


def _programs(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
    over_time = [i.program for i in plan.impact if i.kind != "difference_in_means"]
    if over_time and frame["wave"].nunique() < 2:
        yield f"effects over time ({_some(dict.fromkeys(over_time))}) need two waves; the data have one: add files or waves"
    for code in plan.programs:
        treated = frame[f"treated_{code}"]
        if not (treated == 1).any():
            yield f"program {code!r}: no household has it in any wave. Mend programs.{code} or the files"
        elif (treated == 1).all():
            yield f"program {code!r}: every household has it in every wave, so its effect cannot be estimated"
