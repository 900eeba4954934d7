"""Why the coverage of some intervals lies outside 93-97 %: printed in docs/coverage.md, checked by test_coverage.py."""

from __future__ import annotations

SKEW = (
    "Small samples: a few very poor or very rich households decide the figure (some 120 poor households in a sample, 45 or 74 in a county of three "
    "strata). Where the sample has too few of them, figure and standard error are both too small, so that most intervals miss on one side: less so where the "
    "limits lie on the logarithm or the log-odds (gap, severity, Watts and Sen are within), still where the error grows faster than the figure. Six strata of unequal "
    "variance are also worth some 30 degrees of freedom, not 54. It fades with the size of the sample."
)
SMALL = "Just below the aim and within it with twice the villages: the linear approximation in a sample of 60 villages."
CARRIED = (
    "Limits that carry the errors of two ranks through two quantile functions, whose steps widen them a little: cautious where the curve is smooth. Beside the heap at the "
    "line (the lower quarter of 2016 ends at about 3,900), where the error has no one slope, they cover 94 % and, with twice the villages, 92.5 % (200 samples); symmetric limits 89 and 85 %."
)
RARE = (
    "A rare share: three or four of the 45 poor households of a sample are deprived in all three, and the intensity A is made of that share. Its limits are exact ones "
    "within the range of A, cautious where so few households decide (symmetric limits: 79 %). With frequent deprivations they hold (`multidimensional_poverty, frequent`)."
)
CAUTIOUS = "Korn-Graubard limits, cautious by design: they count no more households than there are, and are wide where a share is rare."
EVEN = "Woodruff's limits at the tail: misses are even on both sides and the standard error is right; it goes away with the size of the sample."
REASONS: dict[str, str] = {
    **dict.fromkeys(
        [
            "chronic_poverty", "chronic_poverty, EDE", "decompose_groups", "gini by county", "atkinson 0.5", "atkinson 1", "atkinson 2",
            "mean log deviation", "theil", "entropy 2", "j_divergence", "zenga", "lorenz", "income_shares", "quintile_share_ratio", "palma",
            "shapley_sources, gini",
        ],
        SKEW,
    ),
    **dict.fromkeys(
        [
            "growth_incidence, same households", "pro_poor_growth, headcount", "datt_ravallion, headcount", "transition_matrix, thirds",
        ],
        SMALL,
    ),
    "growth_incidence": CARRIED,
    "multidimensional_poverty": RARE,
    "headcount of the very poor": CAUTIOUS,
    "quantile .1": EVEN,
}  # fmt: skip
