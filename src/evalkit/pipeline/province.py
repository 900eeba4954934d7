"""All counties of a build side by side, put together for the province overview; household rows are loaded only for targets that need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.cleaning import panel_from
from evalkit.errors import DataError, ReportError
from evalkit.estimate import Estimate
from evalkit.exits import ExitJudgement, RollUp, roll_up
from evalkit.pipeline.adding import added_measures
from evalkit.pipeline.case import read_manifest
from evalkit.pipeline.fingerprint import hashed
from evalkit.pipeline.held_papers import CheckedClaims, HeldTargets, checked_claims, held_targets
from evalkit.pipeline.measuring import Reasons
from evalkit.pipeline.results import PooledResult, table_in
from evalkit.pipeline.upper_levels import UpperLevels, upper_levels
from evalkit.plan import Plan
from evalkit.queries.connection import StoreQueries, open_store
from evalkit.reasons import reason
from evalkit.store import Store
from evalkit.text import Text, text_from

ESTIMATES = (
    "headcount", "mean_welfare", "median_welfare", "growth_mean", "growth_median", "exit_rate", "entry_rate", "return_rate",
)  # fmt: skip
"""Estimates of a county that the overview shows."""
TABLES = (
    "rows", "open_cases", "decided", "sample", "registry_exits", "signals", "signal_units", "roll_up", "roll_up_mismatches",
    "identification", "case_steps",
)  # fmt: skip
"""Tables of a county that the overview shows."""
LEVELS = ("prefecture", "province")
_CODE = "regexp_full_match(county, '[0-9]{6,}')"
_DIGITS = {"prefecture": 4, "province": 2}
"""Level → leading digits of a division code that name it."""


@dataclass(frozen=True, eq=False)
class CountyLine:
    """What the overview keeps of one county's results.

    Parameters
    ----------
    county, name : str
    waves : tuple of int
    estimates : mapping of str to Estimate
        Those of `ESTIMATES` that the county has.
    tables : mapping of str to DataFrame
        Those of `TABLES` that it has.
    judgement : ExitJudgement or None
    omitted : mapping of str to Text
    """

    county: str
    name: str
    waves: tuple[int, ...]
    estimates: Mapping[str, Estimate]
    tables: Mapping[str, pd.DataFrame]
    judgement: ExitJudgement | None
    omitted: Mapping[str, Text]


@dataclass(frozen=True, eq=False)
class Place:
    """A prefecture or province: its counties and the measures added up from their sums.

    Parameters
    ----------
    level : str
        ``prefecture`` or ``province``.
    code, name : str
        First four, or two, digits of the county codes; the name the data give, or the code.
    counties : tuple of str
    estimates : mapping of str to Estimate
        As `evalkit.pipeline.adding.national_measures`; empty when `why` says why.
    why : Text or None
    """

    level: str
    code: str
    name: str
    counties: tuple[str, ...]
    estimates: Mapping[str, Estimate]
    why: Text | None = None


@dataclass(frozen=True, eq=False)
class OverviewCase:
    """Everything a province overview may speak of.

    Parameters
    ----------
    plan : Plan
    counties : tuple of CountyLine
        In the order of their codes.
    failed : mapping of str to str
        County → why it was not built.
    pooled : PooledResult
    places : tuple of Place
        Prefectures, then provinces; none where county codes are no division codes.
    counted : RollUp or None
        Households and persons by wave: results of counties added up, against counts of the whole store by prefecture
        and by province.
    uncounted : Text or None
        Why there is no such comparison.
    inputs : mapping
        Raw file → SHA-256.
    build : str
        Hash of what the overview rests on: plan, version, counties with the hashes of their panels, failures.
    targets : tuple of HeldTargets
        One a file of targets that the plan names.
    claims : tuple of CheckedClaims
        One a file of claims that the plan names.
    upper : UpperLevels or None
        What the levels state, from households to the province.
    """

    plan: Plan
    counties: tuple[CountyLine, ...]
    failed: Mapping[str, str]
    pooled: PooledResult
    places: tuple[Place, ...]
    counted: RollUp | None
    uncounted: Text | None
    inputs: Mapping[str, str]
    build: str
    targets: tuple[HeldTargets, ...] = ()
    claims: tuple[CheckedClaims, ...] = ()
    upper: UpperLevels | None = None

    @property
    def names(self) -> dict[str, str]:
        """County code → name, of the counties that were built."""
        return {c.county: c.name for c in self.counties}

    def tables(self, name: str) -> pd.DataFrame:
        """Return a table of all counties, with a column ``county``; empty where no county has it."""
        parts = [c.tables[name].assign(county=c.county) for c in self.counties if len(c.tables.get(name, ()))]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["county"])


def load_overview(plan: Plan) -> OverviewCase:
    """Return what an overview of all counties may speak of, from results, sums and counts in the store.

    Raises
    ------
    ReportError
        As `check_overview`.
    PlanError
        A file of targets was damaged since the build.
    """
    manifest = check_overview(plan)
    store = Store(plan.processed)
    lines = tuple(_line(store.read_json(store.result_path(c))) for c in sorted(manifest["counties"]))
    counted = _reconciled(lines, plan)
    return OverviewCase(
        plan=plan,
        counties=lines,
        failed=manifest["failed"],
        pooled=PooledResult.from_dict(store.read_json(store.pooled_path)),
        places=_places(plan, store, [c.county for c in lines]),
        counted=counted if isinstance(counted, RollUp) else None,
        uncounted=counted if isinstance(counted, Text) else None,
        inputs=manifest["inputs"],
        build=build_mark(manifest),
        targets=held_targets(plan, [c.county for c in lines]) if lines else (),
        claims=checked_claims(plan) if lines else (),
        upper=upper_levels(plan, {c.county: c.tables for c in lines}, list(manifest["failed"])),
    )


def check_overview(plan: Plan) -> dict[str, Any]:
    """Return the manifest of a build that an overview can be made of.

    Raises
    ------
    ReportError
        If nothing has been built, or with other settings or by another version; or the build has one county only, whose
        report says all there is.
    """
    manifest = read_manifest(plan)
    if not spans_counties(manifest):
        msg = "an overview compares counties, and the build has one; its own report says all there is (evalkit report --all)"
        raise ReportError(msg)
    return manifest


def spans_counties(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a build has several counties, failed ones among them."""
    return len(manifest["counties"]) + len(manifest["failed"]) > 1


def build_mark(manifest: Mapping[str, Any]) -> str:
    """Return the hash of what an overview of a build rests on."""
    return hashed([manifest[k] for k in ("plan_digest", "evalkit", "counties", "failed")])


def _line(data: Mapping[str, Any]) -> CountyLine:
    """Return a county's line from its results file; estimates and tables that are not needed are not read."""
    judged, found, tables = data["judgement"], data["estimates"], data["tables"]
    return CountyLine(
        county=data["county"],
        name=data["name"],
        waves=tuple(data["waves"]),
        estimates={k: Estimate.from_dict(found[k]) for k in ESTIMATES if k in found},
        tables={k: table_in(tables[k]) for k in TABLES if k in tables},
        judgement=None if judged is None else ExitJudgement.from_dict(judged),
        omitted={k: text_from(t) for k, t in data["omitted"].items()},
    )


def is_division_code(county: str) -> bool:
    """Tell whether a county code is a division code, whose first digits name prefecture and province.

    >>> is_division_code("990101"), is_division_code("N1")
    (True, False)
    """
    return len(county) >= 6 and county.isascii() and county.isdigit()


def _places(plan: Plan, store: Store, counties: Sequence[str]) -> tuple[Place, ...]:
    coded = [c for c in counties if is_division_code(c)]
    names = _place_names(plan) if coded else {}
    out = []
    for level, digits in _DIGITS.items():
        for code in sorted({c[:digits] for c in coded}):
            own = tuple(c for c in coded if c[:digits] == code)
            name = names.get((level, code), code)
            try:
                like = panel_from(store.read("panel", own[0]), plan)
                found, why = added_measures(store, own, like), None
            except Reasons as error:
                found, why = {}, reason(error)
            out.append(Place(level, code, name, own, found, why))
    return tuple(out)


def _place_names(plan: Plan) -> dict[tuple[str, str], str]:
    """Return the name that the data give each prefecture and province, where they give one only."""
    out: dict[tuple[str, str], str] = {}
    with open_store(plan) as store:
        known = store.columns("household")
        for level, digits in _DIGITS.items():
            if level not in known:
                continue
            found = store.query(
                f"SELECT left(county, {digits}) AS code, min({level}) AS name FROM household WHERE {_CODE} AND {level} IS NOT NULL "
                f"GROUP BY 1 HAVING count(DISTINCT {level}) = 1 ORDER BY 1"
            )
            out |= {
                (level, str(c)): str(n) for c, n in zip(found["code"], found["name"], strict=True) if str(n)
            }
    return out


def _reconciled(lines: Sequence[CountyLine], plan: Plan) -> RollUp | Text:
    """Hold what the counties' results say against counts of the whole store, level by level; or say why that cannot be."""
    coded = [c for c in lines if is_division_code(c.county) and "sample" in c.tables]
    if not coded:
        return NO_CODES
    counties = pd.concat(
        [c.tables["sample"].assign(county=c.county, prefecture=c.county[:4]) for c in coded],
        ignore_index=True,
    )
    with open_store(plan) as store:
        figures = [
            f for f, column in (("households", "household"), ("persons", "size"))
            if f in counties and column in store.columns("household")
        ]  # fmt: skip
        counts = {level: _counted(store, level, figures) for level in LEVELS}
    try:
        return roll_up({"county": counties, **counts}, figures)
    except DataError as error:
        return reason(error)


def _counted(store: StoreQueries, level: str, figures: Sequence[str]) -> pd.DataFrame:
    """Return households (each once) and persons of a level by wave, counted over the whole store."""
    keys = {name: f"left(county, {digits})" for name, digits in _DIGITS.items()}
    above = list(_DIGITS)[list(_DIGITS).index(level) :]
    shown = ", ".join(f"{keys[name]} AS {name}" for name in above)
    sums = {"households": "count(DISTINCT household)", "persons": "sum(size)"}
    counts = ", ".join(f"{sums[f]} AS {f}" for f in figures)
    order = ", ".join(str(i + 1) for i in range(len(above) + 1))
    return store.query(
        f"SELECT {shown}, wave, {counts} FROM household WHERE {_CODE} GROUP BY {order} ORDER BY {order}"
    )


NO_CODES = Text(
    en="The county codes are no division codes of six digits: prefectures and provinces are not known.",
    zh="县代码不是六位行政区划代码，无法确定所属的市和省。",
)
