"""Growth of the welfare measure between two waves, and its test against a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import cells, estimate, keyed, of_waves
from evalkit.measures._prices import deflator, price_factor, price_notes
from evalkit.measures._waves import concept_notes
from evalkit.measures.basic import DEVILLE, mean, quantile
from evalkit.panel import By, Panel
from evalkit.tails import normal_tail, student_tail
from evalkit.text import Text

Stat = Literal["mean", "median", "log"]
Cohort = Literal["baseline", "current"]


@dataclass(frozen=True, eq=False)
class BenchmarkGrowth:
    """Is growth above a benchmark? One-sided test.

    Parameters
    ----------
    growth : Estimate
        Growth of each domain, as a share (k values).
    benchmark : float
        Growth of the benchmark over the same waves, known without error.
    estimate : Estimate
        Growth minus benchmark (k values).
    p_value : ndarray, shape (k,)
        One-sided, for the hypothesis that growth is at most the benchmark; NaN without a standard error.
    cohort : {"baseline", "current"}
        ``baseline``: the households observed in both waves; ``current``: all households of each wave.
    real : bool
        Growth and benchmark are both in constant prices (otherwise both nominal).
    """

    growth: Estimate
    benchmark: float
    estimate: Estimate
    p_value: Floats
    cohort: Cohort
    real: bool

    def tidy(self) -> pd.DataFrame:
        """Return keys, cohort, growth, benchmark, then the difference with its one-sided p value."""
        out = self.estimate.tidy()
        at = len(self.estimate.keys.columns)
        out["p_value"] = self.p_value
        out.insert(at, "cohort", self.cohort)
        out.insert(at + 1, "growth", self.growth.values)
        out.insert(at + 2, "benchmark", self.benchmark)
        return out


def growth(
    panel: Panel,
    *,
    frm: int,
    to: int,
    stat: Stat = "mean",
    by: By = None,
    real: bool = True,
    annualised: bool = False,
    across_concepts: bool = False,
) -> Estimate:
    """Return the growth of the welfare measure from one wave to another in each domain.

    Parameters
    ----------
    panel : Panel
    frm, to : int
        Waves, ``frm`` before ``to``.
    stat : {"mean", "median", "log"}
        Ratio of means less one; ratio of medians less one; difference of mean logarithms.
    by : str or sequence of str, optional
        Without the wave.
    real : bool
        In constant prices (the panel's deflators); nominal otherwise.
    annualised : bool
        Per year: the geometric mean of the yearly factors less one; the log difference divided by the years.
    across_concepts : bool
        Allow the income concept to change between the waves; a note then says so.

    Returns
    -------
    Estimate
        Shares (log points for ``log``). All households of each wave; the covariance between waves, which
        share villages and households, is part of the standard error (delta method, Deville 1999).
        A domain seen in one wave only is NaN.

    Raises
    ------
    EstimationError
        A wave does not occur, the waves are not in order, the income concept changes, or a logarithm
        is asked of incomes that are not positive.
    DataError
        A price index is missing.
    """
    if not frm < to:
        msg = f"growth needs frm before to, got frm={frm}, to={to}"
        raise EstimationError(msg)
    notes = concept_notes(panel, frm, to, across_concepts=across_concepts)
    both = of_waves(panel, [frm, to])
    if stat not in ("mean", "median", "log"):
        msg = f"stat is 'mean', 'median' or 'log', not {stat!r}"
        raise EstimationError(msg)
    if "wave" in keyed(by) or panel.wave in keyed(by):
        msg = "growth compares two waves; take the wave out of by"
        raise EstimationError(msg)
    by_wave = keyed(by, "wave")
    if stat == "mean":
        levels = mean(both, by=by_wave, real=real)
    elif stat == "median":
        levels = quantile(both, by=by_wave, real=real)
    else:
        levels = _mean_log(both, by_wave, real=real)
    years = float(to - frm) if annualised else 1.0
    about = replace(
        levels.about,
        estimand=f"growth of {stat} {panel.welfare} {frm}–{to}" + (" a year" if annualised else ""),
        method=f"change of {stat} between waves, delta method with between-wave covariance",
        unit="log" if stat == "log" else "share",
        interval="none" if panel.sample.census else "t",
        notes=(*notes, _notes.cross_section(), *levels.about.notes),
    )
    return _change(levels, frm, to, years, about, log=stat == "log")


def benchmark_growth(
    panel: Panel,
    *,
    benchmark: float | Mapping[int, float],
    frm: int,
    to: int,
    by: By = None,
    cohort: Cohort = "baseline",
    real: bool = False,
) -> BenchmarkGrowth:
    """Test whether mean welfare of the target households grew by more than a benchmark.

    Parameters
    ----------
    panel : Panel
        The target households (use `Panel.where` to choose them).
    benchmark : float or mapping
        Growth from ``frm`` to ``to`` as a share (0.7 for 70 %, of the same kind - nominal or real - as
        ``real`` says), or the benchmark's nominal level by wave.
    frm, to : int
    by : str or sequence of str, optional
    cohort : {"baseline", "current"}
        ``baseline``: households observed in both waves, each wave with its own weight and size;
        ``current``: all households of each wave.
    real : bool
        Compare in constant prices; benchmark levels are deflated with the panel's own deflators.

    Returns
    -------
    BenchmarkGrowth
        The benchmark is taken as known without error.

    Raises
    ------
    EstimationError
        A benchmark level is missing or not positive, or as in `growth`.
    """
    if cohort not in ("baseline", "current"):
        msg = f"cohort is 'baseline' or 'current', not {cohort!r}"
        raise EstimationError(msg)
    target, note = _cohort(panel, frm, to) if cohort == "baseline" else (panel, _notes.cross_section())
    known = _benchmark_rate(panel, benchmark, frm, to, real=real)
    wanted = of_waves(panel, [frm, to]).domains(by).keys
    found = _on_keys(growth(target, frm=frm, to=to, by=by, real=real), wanted)
    kind = _kind_note(real=real, levels=isinstance(benchmark, Mapping))
    notes = tuple(n for n in found.about.notes if n != _notes.cross_section())
    about = replace(found.about, notes=(note, kind, *notes))
    found = replace(found, about=about)
    ahead = replace(
        found,
        values=found.values - known,
        about=replace(about, estimand=f"{about.estimand} above the benchmark"),
    )
    return BenchmarkGrowth(found, known, ahead, _above_zero(ahead), cohort, real)


def _mean_log(panel: Panel, by: list[str], *, real: bool) -> Estimate:
    y = panel.values("welfare")
    group = cells(panel, by, {panel.welfare: y})
    bad = group.inside & (y <= 0)
    if bad.any():
        msg = (
            f"{int(bad.sum())} of {int(group.inside.sum())} household-waves have {panel.welfare!r} of zero or less, "
            f"which has no logarithm; use stat='mean' or 'median', or panel.where(\"{panel.welfare} > 0\")"
        )
        raise EstimationError(msg)
    log = np.log(np.where(group.inside, y, 1.0))
    if real:
        log = log + np.log(np.where(group.inside, deflator(panel), 1.0))
    values = group.sums(log) / group.size()
    about = About(estimand="mean log", citation=DEVILLE, notes=price_notes(panel, "welfare", real=real))
    return estimate(group, values, (log - group.spread(values)) / group.spread(group.size()), about)


def _change(levels: Estimate, frm: int, to: int, years: float, about: About, *, log: bool) -> Estimate:
    """Return the change between two waves of levels keyed by domain and wave."""
    rest = [c for c in levels.keys.columns if c != "wave"]
    table = levels.keys.assign(_at=np.arange(len(levels)))
    first = table.loc[table["wave"] == frm, [*rest, "_at"]]
    last = table.loc[table["wave"] == to, [*rest, "_at"]]
    joined = (
        first.merge(last, on=rest, how="outer", suffixes=("_frm", "_to"), sort=True)
        if rest
        else first.merge(last, how="cross", suffixes=("_frm", "_to"))
    )
    m = len(joined)
    both = joined[["_at_frm", "_at_to"]].notna().all(axis=1).to_numpy()
    i = joined.loc[both, "_at_frm"].to_numpy(dtype=int)
    j = joined.loc[both, "_at_to"].to_numpy(dtype=int)
    slopes = np.zeros((m, len(levels)))
    values = np.full(m, np.nan)
    value, at_frm, at_to = growth_slopes(levels.values[i], levels.values[j], years, log=log)
    values[both] = value
    rows = np.flatnonzero(both)
    slopes[rows, i], slopes[rows, j] = at_frm, at_to
    known = np.isfinite(slopes).all(axis=1) & both & np.isfinite(values)
    found = levels.contrast(np.where(known[:, None], slopes, 0.0), keys=joined[rest])
    cov = np.where(np.outer(known, known), found.cov, np.nan)
    df, n = np.where(known, found.df, 0.0), np.where(known, found.n, 0.0)
    if (~known).any():
        about = replace(about, notes=(*about.notes, _notes.empty(joined.loc[~known, rest])))
    return Estimate(joined[rest], np.where(known, values, np.nan), cov, df, n, about, level=levels.level)


def growth_slopes(a: Floats, b: Floats, years: float, *, log: bool) -> tuple[Floats, Floats, Floats]:
    """Return growth from a to b a year and its derivatives by a and b, each of shape (k,).

    Growth is (b/a)^(1/years) - 1, or (b - a)/years for logarithms; NaN where a or b is not positive.

    >>> [x.round(3).tolist() for x in growth_slopes(np.array([100.0]), np.array([150.0]), 1, log=False)]
    [[0.5], [-0.015], [0.01]]
    """
    if log:
        return (b - a) / years, np.full(a.shape, -1 / years), np.full(a.shape, 1 / years)
    ok = (a > 0) & (b > 0)
    start, end = np.where(ok, a, np.nan), np.where(ok, b, np.nan)
    factor = (end / start) ** (1 / years)
    return factor - 1, -factor / (years * start), factor / (years * end)


def _cohort(panel: Panel, frm: int, to: int) -> tuple[Panel, Text]:
    """Return the subpopulation of households observed in both waves, with a note on those lost."""
    wave = panel.frame[panel.wave].astype(int).to_numpy()
    seen = panel.mask & ~np.isnan(panel.values("welfare"))
    names = panel.frame[panel.household]
    first = pd.Index(names[seen & (wave == frm)])
    kept = first.intersection(pd.Index(names[seen & (wave == to)]))
    if not len(kept) and len(first):
        msg = f"no household of {frm} is observed in {to}; use cohort='current'"
        raise EstimationError(msg)
    return panel.where(names.isin(kept).to_numpy()), _notes.cohort(len(kept), len(first) - len(kept))


def _on_keys(found: Estimate, keys: pd.DataFrame) -> Estimate:
    """Return the estimate on more keys; those it does not have are NaN with n = 0 and a note."""
    if len(found) == len(keys):
        return found
    at = keys.merge(found.keys.assign(_at=np.arange(len(found))), how="left", on=list(keys.columns))["_at"]
    have = at.notna().to_numpy()
    index = at[have].to_numpy(dtype=int)
    k = len(keys)
    values, df, n, cov = np.full(k, np.nan), np.zeros(k), np.zeros(k), np.full((k, k), np.nan)
    values[have], df[have], n[have] = found.values[index], found.df[index], found.n[index]
    cov[np.ix_(have, have)] = found.cov[np.ix_(index, index)]
    notes = (*found.about.notes, _notes.empty(keys.loc[~have]))
    return Estimate(keys, values, cov, df, n, replace(found.about, notes=notes), level=found.level)


def _benchmark_rate(
    panel: Panel, benchmark: float | Mapping[int, float], frm: int, to: int, *, real: bool
) -> float:
    """Return the benchmark's growth as a share."""
    if not isinstance(benchmark, Mapping):
        if not np.isfinite(benchmark):
            msg = f"the benchmark growth must be a finite share, got {benchmark}"
            raise EstimationError(msg)
        return float(benchmark)
    absent = [w for w in (frm, to) if not benchmark.get(w, 0.0) > 0]
    if absent:
        have = ", ".join(map(str, sorted(benchmark)))
        msg = f"no positive benchmark level for {', '.join(map(str, absent))}; levels are given for {have}"
        raise EstimationError(msg)
    prices = price_factor(panel, to) / price_factor(panel, frm) if real else 1.0
    return benchmark[to] / benchmark[frm] * prices - 1.0


def _kind_note(*, real: bool, levels: bool) -> Text:
    if real and levels:
        return Text(
            en="growth and benchmark in constant prices, both deflated with the same index",
            zh="增长与参照均为实际值，使用同一价格指数平减",
        )
    if real:
        return Text(
            en="growth in constant prices; the benchmark is a real rate", zh="增长与参照增速均为实际值"
        )
    return Text(en="growth and benchmark are both nominal", zh="增长与参照均为名义值")


def _above_zero(found: Estimate) -> Floats:
    """Return one-sided p values of value ≤ 0, shape (k,)."""
    se = found.std_error
    out = np.full(len(found), np.nan)
    ok = np.isfinite(se) & (se > 0) & (found.df > 0)
    t = found.values[ok] / se[ok]
    df = found.df[ok]
    out[ok] = np.where(np.isinf(df), normal_tail(t), student_tail(t, np.where(np.isinf(df), 1.0, df)))
    return out
