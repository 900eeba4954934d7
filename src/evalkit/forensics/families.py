"""Flags of many counties at once: which counties stay flagged, and which of their units, when all are looked at together."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.tails import false_discovery_rates

CITATION = (
    "Simes (1986), Biometrika 73, 751-754; Benjamini & Bogomolov (2014), J. R. Statist. Soc. B 76, 297-318 (families, then units "
    "within the selected ones)"
)


@dataclass(frozen=True, eq=False)
class Families:
    """Flags over counties.

    Parameters
    ----------
    tests : DataFrame
        One row a test: kind, counties (tested), alone (with a flag when looked at alone), selected (with a flag when all
        are looked at together), units (flagged in the selected counties), least (smallest q).
    counties : DataFrame
        One row a county and test: county, kind, smallest_q (Simes p value of the county), q_value (over counties),
        selected, flagged (units flagged when looked at alone), kept (units flagged when all are looked at together).
    level : float
    """

    tests: pd.DataFrame
    counties: pd.DataFrame
    level: float


def over_families(signals: pd.DataFrame, units: pd.DataFrame, *, level: float = 0.05) -> Families:
    """Control false discoveries over counties, test by test.

    With hundreds of counties, one in twenty may have a flag of a test for nothing. A county is selected when
    Benjamini-Hochberg over the counties keeps its Simes p value, which is the smallest q of its units; in the R of m
    selected counties a unit stays flagged when its q is at most level × R / m. The expected share of false flags, averaged over the
    selected counties, is then at most `level` (Benjamini & Bogomolov 2014, theorem 1; independent counties).

    Parameters
    ----------
    signals : DataFrame
        One row a county and test: county, kind, flagged, smallest_q.
    units : DataFrame
        Flagged units of all counties: county, kind, q_value.
    level : float

    Returns
    -------
    Families

    Examples
    --------
    Four counties; alone, two of them have a flag; together, only the clearest stays:

    >>> signals = pd.DataFrame({"county": list("abcd"), "kind": "x", "flagged": [1, 1, 0, 0], "smallest_q": [0.001, 0.04, 0.3, 0.9]})
    >>> units = pd.DataFrame({"county": ["a", "b"], "kind": "x", "q_value": [0.001, 0.04]})
    >>> over_families(signals, units).counties["selected"].tolist()
    [True, False, False, False]
    """
    known = signals.loc[signals["smallest_q"].notna(), ["county", "kind", "flagged", "smallest_q"]]
    table = known.astype({"smallest_q": float, "flagged": int}).reset_index(drop=True)
    parts = [_selected(part, level) for _, part in table.groupby("kind", sort=False)]
    if not parts:
        empty = table.assign(q_value=0.0, selected=False, bar=0.0, kept=0)
        return Families(_tests(empty), empty.drop(columns="bar"), level)
    chosen = pd.concat(parts).sort_index()
    bars = units[["county", "kind", "q_value"]].merge(
        chosen.loc[chosen["selected"], ["county", "kind", "bar"]], on=["county", "kind"]
    )
    bars = bars[bars["q_value"].astype(float) <= bars["bar"]]
    kept = bars.groupby(["county", "kind"]).size().rename("kept").reset_index()
    out = chosen.merge(kept, on=["county", "kind"], how="left")
    out["kept"] = out["kept"].fillna(0).astype(int)
    return Families(_tests(out), out.drop(columns="bar"), level)


def _selected(part: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the counties of one test with their q value over counties and the bar for the q of their units."""
    q = false_discovery_rates(part["smallest_q"])
    chosen = q <= level
    return part.assign(q_value=q, selected=chosen, bar=level * chosen.sum() / len(part))


def _tests(counties: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "kind": kind,
            "counties": len(part),
            "alone": int((part["flagged"] > 0).sum()),
            "selected": int(part["selected"].sum()),
            "units": int(part["kept"].sum()),
            "least": float(part["smallest_q"].min()),
        }
        for kind, part in counties.groupby("kind", sort=False)
    ]
    return pd.DataFrame(rows, columns=["kind", "counties", "alone", "selected", "units", "least"])
