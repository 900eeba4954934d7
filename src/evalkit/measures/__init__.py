"""Measures of poverty, income and change, each an `Estimate` with a design-based covariance."""

from __future__ import annotations

from evalkit.measures.areas import AreaTable, direct_areas
from evalkit.measures.assurances import EvidenceTable, deprivation_evidence, guarantees
from evalkit.measures.bands import Band, uniform_band
from evalkit.measures.basic import mean, proportion, quantile, ratio, total
from evalkit.measures.benchmarks import BenchmarkTests, benchmark_tests
from evalkit.measures.chronic import chronic_poverty
from evalkit.measures.concentration import gini_by_source, zenga
from evalkit.measures.decompose import datt_ravallion, shapley_growth
from evalkit.measures.deprivation import Deprivations, Indicator, equal_by_dimension, multidimensional_poverty
from evalkit.measures.deprivation_parts import (
    deprivation_change,
    deprivation_contributions,
    deprivation_headcounts,
)
from evalkit.measures.durations import Spells, poverty_spells, spell_survival
from evalkit.measures.dynamics import entry_rate, exit_rate, return_rate, transitions
from evalkit.measures.equivalence import equivalised
from evalkit.measures.galton import RegressionToMean, regression_to_mean
from evalkit.measures.incidence import growth_incidence
from evalkit.measures.income import BenchmarkGrowth, benchmark_growth, growth
from evalkit.measures.inequality import atkinson, generalised_entropy, gini, j_divergence, percentile_ratio
from evalkit.measures.matrices import trace_mobility, transition_matrix
from evalkit.measures.mobility_indices import mobility
from evalkit.measures.ordered import sen, sst
from evalkit.measures.orderings import DominanceTest, dominance, dominates
from evalkit.measures.poverty import fgt, gap, headcount, severity, watts
from evalkit.measures.propoor import growth_elasticity, pro_poor_growth, ravallion_chen
from evalkit.measures.relative import arpr, arpt, relative_fgt, relative_watts
from evalkit.measures.relative_medians import poor_median, relative_gap, relative_median_ratio
from evalkit.measures.robustness import Robustness, deprivation_robustness
from evalkit.measures.shares import bottom_total, income_shares, lorenz, palma, quintile_share_ratio
from evalkit.measures.shortfall import gap_amount, income_gap_ratio, near_line
from evalkit.measures.small_area import AreaTotal, FayHerriot, fay_herriot
from evalkit.measures.sources import shapley_sources
from evalkit.measures.subgroups import GroupChange, decompose_groups, group_change
from evalkit.measures.sustainability import exit_sustainability, with_public_post

__all__ = [
    "AreaTable",
    "AreaTotal",
    "Band",
    "BenchmarkGrowth",
    "BenchmarkTests",
    "Deprivations",
    "DominanceTest",
    "EvidenceTable",
    "FayHerriot",
    "GroupChange",
    "Indicator",
    "RegressionToMean",
    "Robustness",
    "Spells",
    "arpr",
    "arpt",
    "atkinson",
    "benchmark_growth",
    "benchmark_tests",
    "bottom_total",
    "chronic_poverty",
    "datt_ravallion",
    "decompose_groups",
    "deprivation_change",
    "deprivation_contributions",
    "deprivation_evidence",
    "deprivation_headcounts",
    "deprivation_robustness",
    "direct_areas",
    "dominance",
    "dominates",
    "entry_rate",
    "equal_by_dimension",
    "equivalised",
    "exit_rate",
    "exit_sustainability",
    "fay_herriot",
    "fgt",
    "gap",
    "gap_amount",
    "generalised_entropy",
    "gini",
    "gini_by_source",
    "group_change",
    "growth",
    "growth_elasticity",
    "growth_incidence",
    "guarantees",
    "headcount",
    "income_gap_ratio",
    "income_shares",
    "j_divergence",
    "lorenz",
    "mean",
    "mobility",
    "multidimensional_poverty",
    "near_line",
    "palma",
    "percentile_ratio",
    "poor_median",
    "poverty_spells",
    "pro_poor_growth",
    "proportion",
    "quantile",
    "quintile_share_ratio",
    "ratio",
    "ravallion_chen",
    "regression_to_mean",
    "relative_fgt",
    "relative_gap",
    "relative_median_ratio",
    "relative_watts",
    "return_rate",
    "sen",
    "severity",
    "shapley_growth",
    "shapley_sources",
    "spell_survival",
    "sst",
    "total",
    "trace_mobility",
    "transition_matrix",
    "transitions",
    "uniform_band",
    "watts",
    "with_public_post",
    "zenga",
]
