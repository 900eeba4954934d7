"""Why the coverage of some intervals lies outside 93-97 %: printed in docs/coverage.md, checked by test_coverage.py."""

from __future__ import annotations

SKEW = (
    "Skewed: a few very poor or very rich households decide the figure (some 120 poor households in a sample, 45 or 74 in a county of three "
    "strata, 30 below 2,800). Where the sample has too few of them, figure and standard error are both too small, and the symmetric interval misses "
    "low far more often than high. It goes away with the size of the sample."
)
HEAP = (
    "The figure needs the density of incomes, and its place is beside the heap of incomes at the line (0.6 × median is 4,021, the lower quarter of "
    "2016 ends at 3,900): a kernel density is not right there, whatever the size of the sample. Away from the heap (`arpr, half the median`; "
    "`datt_ravallion, headcount, line 5500`) the same formulas hold."
)
RARE = (
    "A rare share: three or four of the 45 poor households of a sample are deprived in all three, and the intensity A is made of that share. With "
    "frequent deprivations it holds (`multidimensional_poverty, frequent`)."
)
CAUTIOUS = (
    "Korn-Graubard limits, cautious by design: they count no more households than there are, also where strata or estimated cuts make the share "
    "more precise than that (its standard error is right), and are wide where a share is rare."
)
EVEN = "Woodruff's limits at the tail: misses are even on both sides and the standard error is right; it goes away with the size of the sample."
REASONS: dict[str, str] = {
    **dict.fromkeys(
        [
            "severity", "watts", "dominance, order 1", "chronic_poverty", "chronic_poverty, EDE", "decompose_groups", "gini by county",
            "atkinson 0.5", "mean log deviation", "theil", "entropy 2", "j_divergence", "zenga", "lorenz", "income_shares", "palma",
            "shapley_sources, gini",
        ],
        SKEW,
    ),
    **dict.fromkeys(
        [
            "arpr", "growth_incidence", "growth_incidence, same households", "pro_poor_growth, headcount",
            "datt_ravallion, headcount",
        ],
        HEAP,
    ),
    "multidimensional_poverty": RARE,
    "headcount of the very poor": CAUTIOUS,
    "transition_matrix, thirds": CAUTIOUS,
    "quantile .1": EVEN,
}  # fmt: skip
