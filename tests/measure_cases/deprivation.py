"""Multidimensional deprivation on the synthetic panel."""

from __future__ import annotations

from evalkit import measures as ek
from evalkit.measures._linear import keyed
from measure_cases.frame import Case

THREE = ek.Deprivations(
    {"income": "income_pc < 900", "work": "transfer > 0.25 * income_pc", "amount": "transfer > 200"},
    weights={"income": 2, "work": 1, "amount": 1},
    cutoff=0.5,
)
AMOUNTS = ek.Deprivations(
    {"income": ek.Indicator("income_pc", below=1200), "transfer": ek.Indicator("transfer", below=150)},
    cutoff=0.5,
)

CASES = [
    Case("multidimensional", lambda p, by=None: ek.multidimensional_poverty(p, THREE, by=by)),
    Case(
        "cardinal",
        lambda p, by=None: ek.multidimensional_poverty(p, AMOUNTS, by=by, statistics=("M0", "M1", "M2")),
    ),
    Case("headcounts of deprivations", lambda p, by=None: ek.deprivation_headcounts(p, THREE, by=by)),
    Case("contributions", lambda p, by=None: ek.deprivation_contributions(p, THREE, by=by)),
    Case(
        "contributions of subgroups",
        lambda p, by=None: ek.deprivation_contributions(p, THREE, of="wave", by=by),
    ),
    Case(
        "change of deprivation",
        lambda p, by=None: ek.deprivation_change(p, THREE, frm=2016, to=2018, by=by),
        moving=True,
    ),
    Case(
        "relative change of deprivation",
        lambda p, by=None: ek.deprivation_change(p, THREE, frm=2016, to=2018, relative=True, by=by),
        moving=True,
    ),
    Case(
        "deprivation under alternatives",
        lambda p, by=None: ek.deprivation_robustness(p, THREE, by=keyed(by, "wave"), cutoffs=(0.25,)).levels,
    ),
]
