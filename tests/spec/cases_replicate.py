"""Worked cases of replicate weights."""

from __future__ import annotations

from .cases import HOUSEHOLDS, Case

THREE = """
| household | wave | income_pc |
| 1 | 2014 | 2 |
| 2 | 2014 | 4 |
| 3 | 2014 | 9 |
"""

PAIRS = """
| household | wave | stratum | income_pc |
| 1 | 2014 | 1 | 1 |
| 2 | 2014 | 1 | 3 |
| 3 | 2014 | 2 | 10 |
| 4 | 2014 | 2 | 14 |
"""

CASES = (
    Case(
        "A jackknife",
        "Three households. The mean, computed again without each of them: how far does it move?",
        THREE,
        HOUSEHOLDS,
        'ek.replicate_estimate(panel, ek.mean, replicates=ek.replicates(panel, "jk1"))',
        ("15/3",),
        "Without 2: 6.5; without 4: 5.5; without 9: 3. Squares of the distance from 5: 2.25 + 0.25 + 4 = 6.5, times 2/3.",
        ("sqrt(6.5 * 2/3)",),
    ),
    Case(
        "Balanced half-samples",
        "Two strata of two households. One of each stratum makes a half-sample; the mean of each half-sample.",
        PAIRS,
        'ek.Panel(rows, county=None, design=ek.SurveyDesign(strata="stratum"))',
        'ek.replicate_estimate(panel, ek.mean, replicates=ek.replicates(panel, "brr"))',
        ("28/4",),
        "Means of (1, 10), (3, 10), (1, 14), (3, 14): 5.5, 6.5, 7.5, 8.5. Mean square of the distances from 7: "
        "(2.25 + 0.25 + 0.25 + 2.25)/4.",
        ("sqrt(5/4)",),
    ),
)
