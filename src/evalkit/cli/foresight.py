"""How a build would end, as `evalkit check` foresees it: counties that would fail, results that would be missing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.cleaning import (
    CleanResult,
    clean,
    decision_faults,
    moved_households,
    panel_from,
    person_cases,
    shared_persons,
)
from evalkit.decisions import Decisions, refuse
from evalkit.divisions import DatedCodes, load_divisions
from evalkit.errors import DataError, DesignError, EvalkitError, PlanError
from evalkit.ingest import RawData, split_by_county
from evalkit.ingest.plans import county_keys
from evalkit.pipeline.placing import joined_rows, without_rows
from evalkit.plan import Plan


@dataclass(frozen=True)
class Failure:
    """A county that a build could not finish, and why."""

    county: str
    why: str


@dataclass(frozen=True, eq=False)
class Cleaned:
    """The counties that can be cleaned, put together, and those that cannot."""

    result: CleanResult
    failed: tuple[Failure, ...]


@dataclass(frozen=True)
class Ending:
    """How a build would end.

    Parameters
    ----------
    failed : tuple of Failure
    unpooled : str
        Why there would be no results over all counties; empty when there would be.
    """

    failed: tuple[Failure, ...]
    unpooled: str

    @property
    def code(self) -> int:
        """Exit code of such a build: 1 when something of it is missing."""
        return 1 if self.failed or self.unpooled else 0


def clean_where_possible(raw: RawData, plan: Plan, decisions: Decisions) -> Cleaned:
    """Clean everything; where a county cannot be cleaned, the others without it, as a build does.

    Raises
    ------
    EvalkitError
        No county can be cleaned, decisions are stale, or the plan itself is at fault.
    """
    try:
        return Cleaned(clean(raw, plan, decisions=decisions, allow_empty=True), ())
    except PlanError:
        raise
    except EvalkitError:
        dated = load_divisions(plan)
        parts = _parts(raw, dated, decisions)
        refuse([text for c, part in parts.items() for text in _faults(part, plan, decisions.county(c))])
        failed = []
        for county, part in parts.items():
            try:
                clean(part, plan, decisions=decisions.county(county), allow_empty=True)
            except EvalkitError as error:
                failed.append(Failure(county, f"{type(error).__name__}: {error}"))
        if not failed or {f.county for f in failed} >= {c for c in parts if c}:
            raise
        bad = [f.county for f in failed]
        left = {
            n: t.with_frame(
                t.frame.loc[~county_keys(t.frame["county"], dated).isin(bad)].reset_index(drop=True)
            )
            for n, t in raw.tables.items()
        }
        own = Decisions(tuple(d for d in decisions if d.county not in bad))
        return Cleaned(clean(RawData(left), plan, decisions=own, allow_empty=True), tuple(failed))


def _parts(raw: RawData, dated: DatedCodes | None, decisions: Decisions) -> dict[str, RawData]:
    """Return the raw rows by county, those that persons gave to one included."""
    parts = split_by_county(raw, dated)
    lost = parts.get("")
    if lost is None:
        return parts
    own = {c: joined_rows(p, lost, decisions.county(c)) if c else p for c, p in parts.items()}
    return own | {"": without_rows(lost, decisions)}


def _faults(part: RawData, plan: Plan, decisions: Decisions) -> list[str]:
    """Return what keeps decisions about a county from being followed; nothing when the county fails anyway."""
    try:
        return [f.text for f in decision_faults(part, plan, decisions)]
    except EvalkitError:
        return []


def foresee(cleaned: Cleaned) -> Ending:
    """Return how a build of cleaned data would end.

    Raises
    ------
    DataError
        Every county would fail; the reason is that of the first.
    """
    result = cleaned.result
    if result.frame.empty:
        _ = result.panel
    failed = list(cleaned.failed)
    counties = [(str(c), part) for c, part in result.frame.groupby("county", sort=True)]
    own = [(county, _no_panel(part, result.plan)) for county, part in counties]
    failed += [Failure(county, why) for county, why in own if why]
    if len(failed) == len(cleaned.failed) + len(counties):
        _ = result.panel  # says why, with the cells behind it
        raise DataError(
            f"all {len(failed)} counties would fail; the first, {failed[0].county}: {failed[0].why}"
        )
    bad = [f.county for f in failed]
    left = result.frame.loc[~result.frame["county"].isin(bad)]
    return Ending(tuple(sorted(failed, key=lambda f: f.county)), _unpooled(left, result.plan))


def between_counties(result: CleanResult) -> pd.DataFrame:
    """Return the cases that only all counties together show, as a build finds them (K08, K09)."""
    members = result.tables.get("member")
    parts = [moved_households(result.frame)]
    if members is not None and "id_number" in members:
        parts.append(person_cases(shared_persons(members)))
    return pd.concat(parts, ignore_index=True)


def _no_panel(frame: pd.DataFrame, plan: Plan) -> str:
    """Return why the rows of a county are no panel; empty when they are one."""
    if frame["welfare"].isna().all():
        return f"welfare ({plan.welfare.column!r}) is missing in all {len(frame)} rows"
    try:
        panel_from(frame, plan)
    except EvalkitError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _unpooled(frame: pd.DataFrame, plan: Plan) -> str:
    """Return why the rows of all counties cannot be put together; empty when they can."""
    if "size" in frame:
        known = frame.groupby("county")["size"].count()
        without = list(map(str, known.index[known == 0]))
        if without and len(without) < len(known):
            return (
                f"the household size is unknown in {len(without)} of {len(known)} counties ({', '.join(without[:5])}): counties "
                "counted in persons and in households cannot be put together"
            )
    try:
        panel_from(frame, plan)
    except (DataError, DesignError) as error:
        return str(error)
    return ""
