"""Means, rates and movements."""

from __future__ import annotations

from evalkit import measures as ek
from evalkit.estimate import Estimate
from evalkit.panel import By, Panel
from measure_cases.frame import LINE, Case


def _benchmark(panel: Panel, by: By = None) -> Estimate:
    return ek.benchmark_growth(panel, benchmark=0.1, frm=2016, to=2018, by=by).estimate


CASES = [
    Case("headcount", lambda p, by=None: ek.headcount(p, LINE, by=by)),
    Case("gap", lambda p, by=None: ek.gap(p, LINE, by=by)),
    Case("severity", lambda p, by=None: ek.severity(p, LINE, by=by)),
    Case("watts", lambda p, by=None: ek.watts(p, LINE, by=by, nonpositive="drop")),
    Case("sen", lambda p, by=None: ek.sen(p, LINE, by=by)),
    Case("sst", lambda p, by=None: ek.sst(p, LINE, by=by)),
    Case("arpr", lambda p, by=None: ek.arpr(p, by=by), smooth=False, kernel=True),
    Case("mean", lambda p, by=None: ek.mean(p, by=by)),
    Case("ratio", lambda p, by=None: ek.ratio(p, "transfer", "income_pc", by=by)),
    Case("quantile", lambda p, by=None: ek.quantile(p, by=by), smooth=False),
    Case("proportion", lambda p, by=None: ek.proportion(p, "transfer > 100", by=by)),
    Case("growth", lambda p, by=None: ek.growth(p, frm=2016, to=2018, real=False, by=by), moving=True),
    Case(
        "median growth",
        lambda p, by=None: ek.growth(p, frm=2016, to=2018, stat="median", real=False, by=by),
        smooth=False,
        moving=True,
    ),
    Case("benchmark", _benchmark, moving=True),
    Case("transitions", lambda p, by=None: ek.transitions(p, LINE, by=by), moving=True),
    Case("entry_rate", lambda p, by=None: ek.entry_rate(p, LINE, by=by), moving=True),
    Case("exit_rate", lambda p, by=None: ek.exit_rate(p, LINE, by=by), moving=True),
    Case("return_rate", lambda p, by=None: ek.return_rate(p, LINE, by=by), moving=True),
]
