"""The benchmark test on both cohorts and in both prices, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.measures.income import BenchmarkGrowth, Cohort, benchmark_growth
from evalkit.panel import By, Panel

COHORTS: tuple[Cohort, ...] = ("baseline", "current")


@dataclass(frozen=True, eq=False)
class BenchmarkTests:
    """The tests in the order baseline nominal, baseline real, current nominal, current real."""

    tests: tuple[BenchmarkGrowth, ...]

    def tidy(self) -> pd.DataFrame:
        """Return keys, cohort, prices, growth, benchmark, the difference and its one-sided p value; cohort by cohort."""
        tables = []
        for test in self.tests:
            table = test.tidy()
            at = list(table.columns).index("cohort") + 1
            table.insert(at, "prices", "real" if test.real else "nominal")
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @property
    def agree(self) -> bool:
        """Whether growth lies on the same side of the benchmark in every test of every domain."""
        signs = np.array([np.sign(t.estimate.values) for t in self.tests])
        known = np.isfinite(signs).all(axis=0)
        return bool((signs[:, known] == signs[0, known]).all())


def benchmark_tests(
    panel: Panel,
    *,
    benchmark: Mapping[int, float],
    frm: int,
    to: int,
    by: By = None,
    real_rate: float | None = None,
) -> BenchmarkTests:
    """Test growth against a benchmark on the baseline cohort and the current register, nominal and real.

    Parameters
    ----------
    panel : Panel
        The target households; see `evalkit.measures.benchmark_growth`.
    benchmark : mapping
        The benchmark's nominal level by wave (a rate would be nominal or real, not both).
    frm, to : int
    by : str or sequence of str, optional
    real_rate : float, optional
        Published real growth of the benchmark from `frm` to `to` as a share, where its own prices differ from the panel's;
        by default its levels are deflated with the panel's deflators.

    Returns
    -------
    BenchmarkTests
        Four one-sided tests a domain. Deflated alike, real and nominal growth lie on the same side of the benchmark and
        differ in the size of the difference; with a real rate of its own they need not. Where the cohorts disagree,
        leaving and joining the register is what separates them.

    Raises
    ------
    EstimationError
        The benchmark is not given as levels, or as in `evalkit.measures.benchmark_growth`.
    DataError
        The panel has no deflators.
    """
    if not isinstance(benchmark, Mapping):
        msg = f"give the benchmark as nominal levels by wave, {{{frm}: …, {to}: …}}: a rate is either nominal or real"
        raise EstimationError(msg)
    known = benchmark if real_rate is None else real_rate
    tests = [
        benchmark_growth(
            panel, benchmark=known if real else benchmark, frm=frm, to=to, by=by, cohort=cohort, real=real
        )
        for cohort in COHORTS
        for real in (False, True)
    ]
    return BenchmarkTests(tuple(tests))
