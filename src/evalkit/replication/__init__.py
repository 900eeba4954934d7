"""Replicate weights: an error for any statistic, by computing it again with other weights.

Most measures have influence values and need none of this (`evalkit.design`). Replicate weights serve files that
come with them, and statistics whose influence is awkward: curves of quantiles, ratios of quantiles, ranks.
"""

from __future__ import annotations

from evalkit.replication.estimating import replicate_estimate, replicate_estimates
from evalkit.replication.weights import Replicates, replicates, supplied_replicates

__all__ = ["Replicates", "replicate_estimate", "replicate_estimates", "replicates", "supplied_replicates"]
