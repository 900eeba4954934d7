"""What a build would stumble over or leave out: found by `evalkit check`, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from evalkit.cleaning import CleanResult, moved_households
from evalkit.cleaning.work import used_fields
from evalkit.errors import EvalkitError
from evalkit.ingest import unit_doubts
from evalkit.plan import Plan

_COMMA = re.compile(r"[+-]?[0-9.]*[0-9],[0-9]+|[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?")
_SHOWN = 5


def problems(result: CleanResult) -> Iterator[str]:
    """Yield one sentence a problem, the gravest kinds first."""
    frame, plan = result.frame, result.plan
    yield from _doubtful_units(result)
    yield from _unread_cells(result)
    if frame.empty:
        return
    yield from _weights_and_strata(frame, plan)
    yield from _unused_design(result)
    yield from _waves(frame, plan)
    yield from _moves(frame)
    yield from _codes(frame, plan)
    yield from _survey(result)
    yield from _programs(frame, plan)


def _some(values: Iterable[object]) -> str:
    """Return the first few values, and how many more there are."""
    texts = [str(v) for v in values]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


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


def _moves(frame: pd.DataFrame) -> Iterator[str]:
    moved = moved_households(frame)
    if len(moved):
        examples = _some(f"{h}: {e}" for h, e in zip(moved["household"], moved["evidence"], strict=True))
        yield (
            f"{_count(moved['household'].nunique(), 'household is', 'households are')} in another county in a later wave (K08; {examples}). If ids "
            "repeat between counties, make them whole (columns: {household: [county header, household header]}); if "
            "county codes differ between files, recode them; if they moved, decide which county they belong to"
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
