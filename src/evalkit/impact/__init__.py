"""Program impact: differences in means, difference-in-differences, group-time effects.

Every estimator reduces to values and influence values, summed by cluster, so that covariances, averages and
contrasts are linear maps of one matrix.
"""

from evalkit.impact.aggregation import TrendBefore, aggregate, event_study, overall, pre_trend, trend_before
from evalkit.impact.cross_section import difference_in_means
from evalkit.impact.did import did_2x2, twfe
from evalkit.impact.group_time import GroupTime, att_gt
from evalkit.impact.used import ProgramEffect, Used

__all__ = [
    "GroupTime",
    "ProgramEffect",
    "TrendBefore",
    "Used",
    "aggregate",
    "att_gt",
    "did_2x2",
    "difference_in_means",
    "event_study",
    "overall",
    "pre_trend",
    "trend_before",
    "twfe",
]
