"""Counties as domains of one sample, where strata or the whole design cross county borders.

A county's own rows give its exact variance when strata nest in counties. Where they do not, the units
sampled elsewhere in its strata are part of the design: they count as sampled, with nothing in them.
"""

from __future__ import annotations

from dataclasses import replace

from evalkit.panel import Panel
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


def as_domain(panel: Panel, county: str) -> Panel:
    """Return one county as a domain: its rows, and one row for each unit sampled elsewhere, not counted.

    Parameters
    ----------
    panel : Panel
        All counties.
    county : str
    """
    own = (panel.frame[panel.county or ""].astype(str) == county).to_numpy()
    unit = panel.design.stages[0] if panel.design.stages else panel.household
    named = [c for c in (panel.design.strata, unit) if c is not None]
    units = panel.frame[named].apply(tuple, axis=1) if len(named) > 1 else panel.frame[unit]
    elsewhere = ~own & ~units.isin(units[own]).to_numpy() & ~units.duplicated().to_numpy()
    kept = own | elsewhere
    return replace(panel, frame=panel.frame.loc[kept], inside=(own & panel.mask)[kept])


def measure_as_domains(panel: Panel, plan: Plan, counties: list[str], store: Store) -> None:
    """Compute the measures of each county again as a domain of the whole sample, and rewrite its results.

    They use the weights of the design: weights adjusted within a county do not belong to a sample that crosses counties.
    """
    for county in counties:
        path = store.result_path(county)
        before = CountyResult.from_dict(store.read_json(path))
        found = measure_panel(as_domain(panel, county), plan)
        kept = {k: v for k, v in before.omitted.items() if k in OWN}
        facts = {**found.facts, **{k: before.facts[k] for k in OWN_FACTS if k in before.facts}}
        if "weighing" in facts:
            facts["weighing"] = {**facts["weighing"], "used": []}
        after = replace(before, estimates=found.estimates, facts=facts, omitted={**found.omitted, **kept})
        store.write_json(path, after.to_dict())
