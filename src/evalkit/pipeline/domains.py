"""Counties as domains of one sample, where strata or the whole design cross county borders.

A county's own rows give its exact variance when strata nest in counties. Where they do not, the units
sampled elsewhere in its strata are part of the design: they count as sampled, with nothing in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.design import Ints
from evalkit.panel import Panel
from evalkit.pipeline.distribution import measure_distribution
from evalkit.pipeline.measuring import measure_panel
from evalkit.pipeline.results import CountyResult
from evalkit.plan import Plan
from evalkit.store import Store

OWN = (
    "verdicts", "registry_exits", "events", "events_stated", "attrition", "attrition_test", "attrition_weights", "attrition_compared",
    "calibration", "imputation",
)  # fmt: skip
"""Reasons that do not come from the measures."""
OWN_FACTS = ("weighing", "filled_from_rosters")
"""Facts that do not come from the measures."""


def crosses(panel: Panel) -> bool:
    """Return whether a stratum holds units of more than one county (without strata, all units are one)."""
    if panel.county is None or len(panel.counties) < 2 or panel.design.census:
        return False
    strata = panel.design.strata
    if strata is None:
        return True
    return bool((panel.frame.groupby(strata)[panel.county].nunique() > 1).any())


@dataclass(frozen=True, eq=False)
class Sampled:
    """The sampled units of all counties, found once.

    Parameters
    ----------
    panel : Panel
        All counties.
    unit : ndarray of int, shape (n,)
        Unit of each row.
    first : ndarray of int, shape (u,)
        The first row of each unit.
    rows : mapping
        Rows of each county.
    """

    panel: Panel
    unit: Ints
    first: Ints
    rows: Mapping[str, Ints]

    @classmethod
    def of(cls, panel: Panel) -> Sampled:
        """Find the units and counties of a panel."""
        stage = panel.design.stages[0] if panel.design.stages else panel.household
        named = [c for c in (panel.design.strata, stage) if c is not None]
        unit = np.asarray(panel.frame.groupby(named, sort=False, dropna=False).ngroup(), dtype=np.intp)
        first = np.asarray(np.unique(unit, return_index=True)[1], dtype=np.intp)
        counties = panel.frame[panel.county or ""].astype(str).reset_index(drop=True)
        rows = {str(c): np.sort(at) for c, at in counties.groupby(counties, sort=False).indices.items()}
        return cls(panel, unit, first, rows)


def as_domain(sampled: Sampled, county: str) -> Panel:
    """Return one county as a domain: its rows, and one row for each unit sampled elsewhere, not counted.

    Parameters
    ----------
    sampled : Sampled
        Of all counties.
    county : str
    """
    panel, own = sampled.panel, sampled.rows[county]
    mine = np.zeros(len(sampled.first), dtype=bool)
    mine[sampled.unit[own]] = True
    kept = np.sort(np.concatenate([own, sampled.first[~mine]]))
    inside = np.isin(kept, own) & panel.mask[kept]
    return replace(panel, frame=panel.frame.iloc[kept], inside=inside)


def measure_as_domains(panel: Panel, plan: Plan, counties: list[str], store: Store) -> None:
    """Compute the measures of each county again as a domain of the whole sample, and rewrite its results.

    They use the weights of the design: weights adjusted within a county do not belong to a sample that crosses counties.
    """
    sampled = Sampled.of(panel)
    for county in counties:
        path = store.result_path(county)
        before = CountyResult.from_dict(store.read_json(path))
        domain = as_domain(sampled, county)
        found = measure_panel(domain, plan)
        members = store.read("member", county) if store.path("member", county).is_file() else None
        measure_distribution(found, domain, plan, members)
        kept = {k: v for k, v in before.omitted.items() if k in OWN}
        facts = {**found.facts, **{k: before.facts[k] for k in OWN_FACTS if k in before.facts}}
        if "weighing" in facts:
            facts["weighing"] = {**facts["weighing"], "used": []}
        after = replace(
            before,
            estimates=found.estimates,
            tables={**before.tables, **found.tables},
            facts=facts,
            omitted={**found.omitted, **kept},
        )
        store.write_json(path, after.to_dict())
