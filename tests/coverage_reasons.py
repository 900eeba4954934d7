"""Why the coverage of some intervals lies outside 93-97 %: printed in docs/coverage.md, checked by test_coverage.py."""

from __future__ import annotations

SKEW = (
    "Small samples: a few rich households decide the figure (thirty villages in a county of three strata). Where the sample has too few of them, figure and standard error are "
    "both too small, so that most intervals miss on one side. It fades with the size of the sample."
)
SMALL = "Just below the aim and within it with twice the villages: the linear approximation in a sample of 60 villages."
CARRIED = (
    "Limits that carry the errors of two ranks through two quantile functions, whose steps widen them a little: cautious where the curve is smooth. Beside the heap at the "
    "line (the lower quarter of 2016 ends at about 3,900) the error has no one slope; symmetric limits cover 89 % there (docs/decisions/027)."
)
RARE = (
    "A rare share: three or four of the 45 poor households of a sample are deprived in all three, and the intensity A is made of that share. Its limits are exact ones "
    "within the range of A, cautious where so few households decide (symmetric limits: 79 %). With frequent deprivations they hold (`multidimensional_poverty, frequent`)."
)
CAUTIOUS = "Korn-Graubard limits, cautious by design: they count no more households than there are, and are wide where a share is rare."
EVEN = "Woodruff's limits at the tail: misses are even on both sides and the standard error is right; it goes away with the size of the sample."
JOINED = "Limits that join those of a headcount at a known line with the rates at the line's own limits: cautious beside the heap at the line, where the estimated line (about 4,020) lies."
REASONS: dict[str, str] = {
    "gini by county": SKEW,
    "shapley_sources, gini": SKEW,
    "pro_poor_growth, headcount": SMALL,
    "growth_incidence": CARRIED,
    "multidimensional_poverty": RARE,
    "headcount of the very poor": CAUTIOUS,
    "quantile .1": EVEN,
    "arpr": JOINED,
}
