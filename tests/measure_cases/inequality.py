"""Inequality, shares, relative lines, shortfalls and dominance."""

from __future__ import annotations

from evalkit import measures as ek
from measure_cases.frame import LINE, Case

GRID = (600.0, 1000.0, 1600.0)
# In county A 70 % and 90 % of the weight end exactly between two incomes: there an ordinate of the Lorenz curve has
# two slopes in the weights, and no derivative to compare with. Hence these points, and palma as not smooth.
POINTS = (0.15, 0.4, 0.85)
KERNEL = {"smooth": False, "kernel": True}

CASES = [
    Case("gini", lambda p, by=None: ek.gini(p, by=by)),
    Case("atkinson 0.5", lambda p, by=None: ek.atkinson(p, 0.5, by=by, nonpositive="drop")),
    Case("atkinson 1", lambda p, by=None: ek.atkinson(p, 1, by=by, nonpositive="drop")),
    Case("atkinson 2", lambda p, by=None: ek.atkinson(p, 2, by=by, nonpositive="floor", floor=50)),
    Case("entropy -1", lambda p, by=None: ek.generalised_entropy(p, -1, by=by, nonpositive="drop")),
    Case("mean log deviation", lambda p, by=None: ek.generalised_entropy(p, 0, by=by, nonpositive="drop")),
    Case("theil", lambda p, by=None: ek.generalised_entropy(p, 1, by=by, nonpositive="drop")),
    Case("entropy 2", lambda p, by=None: ek.generalised_entropy(p, 2, by=by)),
    Case("j_divergence", lambda p, by=None: ek.j_divergence(p, by=by, nonpositive="drop")),
    Case("zenga", lambda p, by=None: ek.zenga(p, by=by)),
    Case("percentile_ratio", lambda p, by=None: ek.percentile_ratio(p, by=by), smooth=False),
    Case("lorenz", lambda p, by=None: ek.lorenz(p, points=POINTS, by=by)),
    Case("generalised lorenz", lambda p, by=None: ek.lorenz(p, points=POINTS, scale="mean", by=by)),
    Case(
        "cumulative income", lambda p, by=None: ek.lorenz(p, points=POINTS, scale="total", by=by), total=True
    ),
    Case("income_shares", lambda p, by=None: ek.income_shares(p, cuts=(0, *POINTS, 1), by=by)),
    Case("quintile_share_ratio", lambda p, by=None: ek.quintile_share_ratio(p, by=by)),
    Case("eurostat's S80/S20", lambda p, by=None: ek.quintile_share_ratio(p, by=by, ties="whole"), **KERNEL),
    Case("palma", lambda p, by=None: ek.palma(p, by=by), smooth=False),
    Case("gini_by_source", lambda p, by=None: ek.gini_by_source(p, ["transfer"], rest="other", by=by)),
    Case("relative gap of FGT", lambda p, by=None: ek.relative_fgt(p, 1, by=by), **KERNEL),
    Case("FGT below a share of the mean", lambda p, by=None: ek.relative_fgt(p, 2, of="mean", by=by)),
    Case("arpt", lambda p, by=None: ek.arpt(p, by=by), **KERNEL),
    Case("relative_watts", lambda p, by=None: ek.relative_watts(p, by=by, nonpositive="drop"), **KERNEL),
    Case("poor_median", lambda p, by=None: ek.poor_median(p, by=by), **KERNEL),
    Case("relative_gap", lambda p, by=None: ek.relative_gap(p, by=by), **KERNEL),
    Case(
        "relative_median_ratio",
        lambda p, by=None: ek.relative_median_ratio(p, "household % 2 == 1", by=by),
        **KERNEL,
    ),
    Case("income_gap_ratio", lambda p, by=None: ek.income_gap_ratio(p, LINE, by=by)),
    Case("gap_amount", lambda p, by=None: ek.gap_amount(p, LINE, by=by)),
    Case("total shortfall", lambda p, by=None: ek.gap_amount(p, LINE, total=True, by=by), total=True),
    Case("near_line", lambda p, by=None: ek.near_line(p, LINE, by=by)),
    Case("incidence curve", lambda p, by=None: ek.dominance(p, GRID, by=by)),
    Case("severity curve", lambda p, by=None: ek.dominance(p, GRID, order=2, by=by)),
]
