"""Why the coverage of some intervals lies outside 93-97 %: printed in docs/coverage.md, checked by test_coverage.py."""

from __future__ import annotations

SKEW = (
    "Small samples: a few very poor or very rich households decide the figure (some 120 poor households in a sample, 45 or 74 in a county of three "
    "strata, 30 below 2,800). Where the sample has too few of them, figure and standard error are both too small, so that most of these symmetric intervals "
    "miss on one side. It fades with the size of the sample (chronic poverty and figures far below the line slowest)."
)
SMALL = "Just below the aim and within it with twice the villages: the linear approximation in a sample of 60 villages."
HEAP = (
    "The figure needs the density of incomes at a place beside the heap at the line (0.6 × median is 4,021, the lower quarter of 2016 ends at "
    "about 3,900): a kernel density is not right there, and a larger sample makes it worse, since the bias stays. Away from the heap (`arpr, half the median`, and the other "
    "quantiles of the curve) the same formulas hold."
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
            "growth_incidence, same households", "pro_poor_growth, headcount", "datt_ravallion, headcount",
        ],
        SMALL,
    ),
    "arpr": HEAP,
    "growth_incidence": HEAP,
    "multidimensional_poverty": RARE,
    "headcount of the very poor": CAUTIOUS,
    "transition_matrix, thirds": CAUTIOUS,
    "quantile .1": EVEN,
}  # fmt: skip
