"""What a build leaves for the reports: results of one county, pooled results, and both read together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from evalkit.estimate import Estimate
from evalkit.exits import ExitJudgement
from evalkit.plan import Plan
from evalkit.risk import ReturnRisk
from evalkit.text import Text, text_from

Identified = Literal["yes", "no_pre_trend", "pre_trend_rejected", "not_randomised"]
"""Whether a difference may be called the program's effect, or why not."""


@dataclass(frozen=True, eq=False)
class CountyResult:
    """Everything computed from one county's data alone.

    Parameters
    ----------
    county, name : str
        Code and name of the county.
    waves : tuple of int
    estimates : mapping
        Name → Estimate: ``headcount``, ``gap``, ``severity``, ``mean_welfare``, ``median_welfare``
        (keys ``wave``), ``growth_mean``, ``growth_median``, ``benchmark`` (growth minus benchmark),
        ``exit_rate``, ``entry_rate``, ``return_rate`` (keys ``wave``, the later wave of the pair).
    tables : mapping
        Name → DataFrame: ``rows`` (what became of the rows), ``rules`` (what was done, by rule),
        ``files``, ``mapping`` (headers found), ``open_cases`` (counts by rule), ``money`` (totals before and
        after), ``registry_exits`` (households and persons by registry year of exit), ``sample``
        (households, persons, villages by wave).
    judgement : ExitJudgement or None
        Verdicts of the third-party survey.
    facts : mapping
        Single figures that are no estimates (benchmark growth and its source …).
    omitted : mapping
        Section → why it is left out.
    """

    county: str
    name: str
    waves: tuple[int, ...]
    estimates: Mapping[str, Estimate]
    tables: Mapping[str, pd.DataFrame]
    judgement: ExitJudgement | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    omitted: Mapping[str, Text] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; `from_dict` is its inverse."""
        return {
            "county": self.county,
            "name": self.name,
            "waves": list(self.waves),
            "estimates": {k: e.to_dict() for k, e in self.estimates.items()},
            "tables": {k: table_json(t) for k, t in self.tables.items()},
            "judgement": None if self.judgement is None else self.judgement.to_dict(),
            "facts": dict(self.facts),
            "omitted": {k: t.to_dict() for k, t in self.omitted.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CountyResult:
        """Return the result that `to_dict` wrote."""
        judged = data["judgement"]
        return cls(
            county=data["county"],
            name=data["name"],
            waves=tuple(data["waves"]),
            estimates={k: Estimate.from_dict(e) for k, e in data["estimates"].items()},
            tables={k: table_in(t) for k, t in data["tables"].items()},
            judgement=None if judged is None else ExitJudgement.from_dict(judged),
            facts=data["facts"],
            omitted={k: text_from(t) for k, t in data["omitted"].items()},
        )


@dataclass(frozen=True, eq=False)
class ImpactResult:
    """One program-effect specification of the plan, estimated over all counties.

    Parameters
    ----------
    program, kind : str
        Code of the program and kind of the specification.
    label : Text
    scale : str
        ``level``, ``log`` or ``log1p`` of the outcome.
    effect : Estimate
        The overall effect, one value; its `n` counts supported households.
    event_study : Estimate or None
        Effects by event time (key ``event_time``: years since the first wave with support) with their joint
        covariance; `n` counts the distinct supported households behind each.
    pre_trend_p : float or None
        Joint test of the leads; None when it cannot be tested.
    units, treated, clusters : int
        Households, supported households and clusters (villages) that entered the estimation.
    wave : int or None
        The wave of a comparison within one wave.
    treated_clusters : int or None
        Clusters with at least one treated household; None when each household is its own cluster.
    identified : str
        ``yes``: the plan declares support randomised, or a trend before support was tested and not rejected.
        Otherwise why the difference must not be called the program's effect.
    pre_trend_note : Text or None
        Why the trend before support could not be tested; or, where it was, that the test rests on few clusters.
    variant : Text or None
        What tells this specification from others of the same program and kind.
    anticipation : float
        Years before support in which it may already act; leads within them are not tested.
    """

    program: str
    kind: str
    label: Text
    scale: str
    effect: Estimate
    event_study: Estimate | None
    pre_trend_p: float | None
    units: int
    treated: int
    clusters: int
    wave: int | None = None
    treated_clusters: int | None = None
    identified: Identified = "no_pre_trend"
    pre_trend_note: Text | None = None
    variant: Text | None = None
    anticipation: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "program": self.program,
            "kind": self.kind,
            "label": self.label.to_dict(),
            "scale": self.scale,
            "effect": self.effect.to_dict(),
            "event_study": None if self.event_study is None else self.event_study.to_dict(),
            "pre_trend_p": self.pre_trend_p,
            "units": self.units,
            "treated": self.treated,
            "clusters": self.clusters,
            "wave": self.wave,
            "treated_clusters": self.treated_clusters,
            "identified": self.identified,
            "pre_trend_note": None if self.pre_trend_note is None else self.pre_trend_note.to_dict(),
            "variant": None if self.variant is None else self.variant.to_dict(),
            "anticipation": self.anticipation,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImpactResult:
        """Return the result that `to_dict` wrote."""
        study = data["event_study"]
        return cls(
            program=data["program"],
            kind=data["kind"],
            label=text_from(data["label"]),
            scale=data["scale"],
            effect=Estimate.from_dict(data["effect"]),
            event_study=None if study is None else Estimate.from_dict(study),
            pre_trend_p=data["pre_trend_p"],
            units=data["units"],
            treated=data["treated"],
            clusters=data["clusters"],
            wave=data["wave"],
            treated_clusters=data["treated_clusters"],
            identified=data["identified"],
            pre_trend_note=None if data["pre_trend_note"] is None else text_from(data["pre_trend_note"]),
            variant=None if data["variant"] is None else text_from(data["variant"]),
            anticipation=data["anticipation"],
        )


@dataclass(frozen=True, eq=False)
class PooledResult:
    """What is computed over all counties: return risk and program effects.

    `omitted` holds, by section (``return_risk``, ``impact``, ``impact:<program>:<kind>``), why it is left out.
    `estimates` holds pooled measures (``headcount``, ``growth_mean`` …) under the names of `CountyResult`.
    """

    counties: int
    estimates: Mapping[str, Estimate]
    risk: ReturnRisk | None
    impact: tuple[ImpactResult, ...]
    omitted: Mapping[str, Text]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; `from_dict` is its inverse."""
        return {
            "counties": self.counties,
            "estimates": {k: e.to_dict() for k, e in self.estimates.items()},
            "risk": None if self.risk is None else self.risk.to_dict(),
            "impact": [i.to_dict() for i in self.impact],
            "omitted": {k: t.to_dict() for k, t in self.omitted.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PooledResult:
        """Return the result that `to_dict` wrote."""
        return cls(
            counties=data["counties"],
            estimates={k: Estimate.from_dict(e) for k, e in data["estimates"].items()},
            risk=None if data["risk"] is None else ReturnRisk.from_dict(data["risk"]),
            impact=tuple(ImpactResult.from_dict(i) for i in data["impact"]),
            omitted={k: text_from(t) for k, t in data["omitted"].items()},
        )


@dataclass(frozen=True, eq=False)
class CountyCase:
    """All a county report may speak of: the plan, the county's results, the pooled results."""

    plan: Plan
    result: CountyResult
    pooled: PooledResult

    @property
    def county(self) -> str:
        """Code of the county."""
        return self.result.county

    @property
    def name(self) -> str:
        """Name of the county."""
        return self.result.name


def table_json(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as a JSON-ready mapping."""
    plain = table.astype(object).where(table.notna(), None)
    return {"columns": [str(c) for c in table.columns], "rows": plain.to_numpy().tolist()}


def table_in(data: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that `table_json` wrote."""
    return pd.DataFrame(data["rows"], columns=data["columns"])
