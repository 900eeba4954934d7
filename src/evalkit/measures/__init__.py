"""Measures of poverty, income and change, each an `Estimate` with a design-based covariance."""

from __future__ import annotations

from evalkit.measures.basic import mean, proportion, quantile, ratio, total
from evalkit.measures.dynamics import entry_rate, exit_rate, return_rate, transitions
from evalkit.measures.income import BenchmarkGrowth, benchmark_growth, growth
from evalkit.measures.ordered import sen, sst
from evalkit.measures.poverty import fgt, gap, headcount, severity, watts
from evalkit.measures.relative import arpr

__all__ = [
    "BenchmarkGrowth",
    "arpr",
    "benchmark_growth",
    "entry_rate",
    "exit_rate",
    "fgt",
    "gap",
    "growth",
    "headcount",
    "mean",
    "proportion",
    "quantile",
    "ratio",
    "return_rate",
    "sen",
    "severity",
    "sst",
    "total",
    "transitions",
    "watts",
]
