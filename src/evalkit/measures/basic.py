"""Mean, total, ratio, quantile and proportion, each with its design-based covariance over all domains."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import quantile_t
from evalkit.measures._linear import Cells, Per, assemble, cells, described, estimate
from evalkit.measures._prices import deflator, price_notes
from evalkit.panel import By, Panel

ProportionRule = Literal["kg", "logit", "wilson", "beta", "t"]
DEVILLE = "Deville (1999), Survey Methodology 25, 193-203"


def mean(
    panel: Panel, variable: str | None = None, *, by: By = None, real: bool = False, per: Per = None
) -> Estimate:
    """Return the weighted mean of a variable in each domain.

    Parameters
    ----------
    panel : Panel
    variable : str, optional
        Role or column; the panel's welfare measure by default.
    by : str or sequence of str, optional
        Roles or columns whose combinations are the domains.
    real : bool
        Express amounts in prices of the panel's price year.
    per : {"person", "household"}, optional
        What a row counts for; the panel's unit by default.

    Returns
    -------
    Estimate
        Unit of the variable; influence of row i is (y_i - mean) / Σw (Deville 1999).

    Raises
    ------
    DataError
        The variable is absent, not numeric, all missing, or a deflator is missing.
    """
    name = variable or "welfare"
    y = panel.values(name)
    if real:
        y = y * deflator(panel)
    group = cells(panel, by, {panel.column(name): y}, per)
    about = About(
        estimand=f"mean {panel.column(name)}",
        method="weighted mean, linearised",
        citation=DEVILLE,
        unit="currency" if name == "welfare" or panel.column(name) == panel.welfare else "",
        notes=price_notes(panel, name, real=real),
    )
    values = group.sums(y) / group.size()
    return estimate(group, values, (y - group.spread(values)) / group.spread(group.size()), about)


def total(panel: Panel, variable: str, *, by: By = None, per: Per = None) -> Estimate:
    """Return the estimated population total of a variable in each domain.

    Each household's value is multiplied by its size when the panel counts persons; for a variable
    that is an amount of the household (its income, its land, its size) pass ``per="household"``.

    Parameters
    ----------
    panel : Panel
    variable : str
    by : str or sequence of str, optional
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        Σ w y, in units of the variable; totals of independent counties add (`evalkit.estimate.add`).
    """
    y = panel.values(variable)
    group = cells(panel, by, {panel.column(variable): y}, per)
    about = About(
        estimand=f"total {panel.column(variable)}",
        method="expansion estimator",
        citation="Horvitz & Thompson (1952), J. Amer. Statist. Assoc. 47, 663-685",
        notes=price_notes(panel, variable, real=False),
    )
    return estimate(group, group.sums(y), y, about)


def ratio(panel: Panel, numerator: str, denominator: str, *, by: By = None, per: Per = None) -> Estimate:
    """Return the ratio of two totals in each domain.

    Parameters
    ----------
    panel : Panel
    numerator, denominator : str
        Roles or columns; rows lacking either are left out of both totals.
    by : str or sequence of str, optional
    per : {"person", "household"}, optional
        See `total`: household amounts need ``per="household"`` on a panel that counts persons.

    Returns
    -------
    Estimate
        Σ w y / Σ w x; influence (y_i - ratio × x_i) / Σ w x (Deville 1999). NaN where
        the denominator is zero.
    """
    y, x = panel.values(numerator), panel.values(denominator)
    above, below = panel.column(numerator), panel.column(denominator)
    group = cells(panel, by, {above: y, below: x}, per)
    about = About(
        estimand=f"ratio {above} / {below}",
        method="ratio of totals, linearised",
        citation=DEVILLE,
        unit="ratio",
    )
    base = group.sums(x)
    base = np.where(base != 0, base, np.nan)
    values = group.sums(y) / base
    return estimate(group, values, (y - group.spread(values) * x) / group.spread(base), about)


def proportion(
    panel: Panel,
    condition: str | pd.Series | NDArray[np.bool_],
    *,
    by: By = None,
    interval: ProportionRule = "kg",
    per: Per = None,
) -> Estimate:
    """Return the share of units meeting a condition.

    Parameters
    ----------
    panel : Panel
    condition : str, Series or array of bool, shape (n,)
        A role or column of 0/1 (or bool), an expression for `DataFrame.eval`, or the answers
        themselves in the order of the panel's rows. Rows with a missing value in a column that the
        expression names are left out and counted in a note.
    by : str or sequence of str, optional
    interval : {"kg", "logit", "wilson", "beta", "t"}
        Interval rule, see `evalkit.intervals.interval`; ``kg`` caps the effective sample size at the
        number of sampled households.
    per : {"person", "household"}, optional

    Raises
    ------
    EstimationError
        The column holds something else than 0 and 1, or the rule is unknown.
    """
    rules = ("kg", "logit", "wilson", "beta", "t")
    if interval not in rules:
        msg = f"no interval rule {interval!r} for a proportion; known: {', '.join(rules)}"
        raise EstimationError(msg)
    name, y = answers(panel, condition)
    group = cells(panel, by, {name: y}, per)
    about = About(
        estimand=f"proportion {name}",
        method="weighted proportion, linearised",
        citation="Korn & Graubard (1998), Survey Methodology 24, 193-201",
        unit="share",
        interval=interval,
    )
    values = group.sums(y) / group.size()
    found = estimate(group, values, (y - group.spread(values)) / group.spread(group.size()), about)
    return replace(found, df=group.sample.df(group.code, group.k))


def quantile(
    panel: Panel,
    variable: str | None = None,
    *,
    q: float = 0.5,
    by: By = None,
    real: bool = False,
    per: Per = None,
) -> Estimate:
    """Return a quantile of each domain with Woodruff's interval.

    Parameters
    ----------
    panel : Panel
    variable : str, optional
        Role or column; the welfare measure by default.
    q : float
        Between 0 and 1; the quantile is the smallest value y with F(y) ≥ q.
    by : str or sequence of str, optional
    real : bool
        Express amounts in prices of the panel's price year.
    per : {"person", "household"}, optional

    Returns
    -------
    Estimate
        The 95 % limits are the quantiles at the t limits of F(quantile) (Woodruff 1952); a limit of F
        beyond 0 or 1 leaves that end blank. The standard error is the width of the interval divided
        by twice the t quantile; covariances take the correlation of the indicators' influences.

    Raises
    ------
    EstimationError
        q is not strictly between 0 and 1.
    """
    if not 0 < q < 1:
        msg = f"a quantile needs 0 < q < 1, got {q}"
        raise EstimationError(msg)
    name = variable or "welfare"
    y = panel.values(name)
    if real:
        y = y * deflator(panel)
    group = cells(panel, by, {panel.column(name): y}, per)
    about = About(
        estimand=f"quantile {q:g} of {panel.column(name)}",
        method="inverse of the weighted distribution function; test-inversion interval",
        citation="Woodruff (1952), J. Amer. Statist. Assoc. 47, 635-646",
        unit="currency" if panel.column(name) == panel.welfare else "",
        interval="fixed",
        notes=price_notes(panel, name, real=real),
    )
    return _woodruff(group, y, q, about)


def weighted_quantiles(y: Floats, w: Floats, probs: Floats) -> Floats:
    """Return the smallest y with F(y) ≥ p for each p; NaN where p lies outside (0, 1] or w sums to zero.

    Sums within 1e-12 of the target count as reached, so that the scale of the weights cannot matter.

    >>> weighted_quantiles(np.array([30.0, 10.0, 20.0]), np.array([1.0, 1.0, 2.0]), np.array([0.25, 0.5, 0.8]))
    array([10., 20., 30.])
    """
    probs = np.asarray(probs, dtype=float)
    out = np.full(probs.shape, np.nan)
    order = np.argsort(y, kind="stable")
    cum = np.cumsum(w[order])
    if not len(cum) or not cum[-1] > 0:
        return out
    ok = (probs > 0) & (probs <= 1)
    at = np.searchsorted(cum / cum[-1], probs[ok] - 1e-12, side="left")
    out[ok] = y[order][np.minimum(at, len(cum) - 1)]
    return out


def quantiles_by_cell(group: Cells, y: Floats, probs: Floats) -> Floats:
    """Return quantiles of each cell, shape (k, m), for probabilities of shape (k, m)."""
    rows = np.flatnonzero(group.inside)
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    weight = group.weight
    out = np.full(probs.shape, np.nan)
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        out[cell] = weighted_quantiles(y[at], weight[at], probs[cell])
    return out


def _woodruff(group: Cells, y: Floats, q: float, about: About) -> Estimate:
    values = quantiles_by_cell(group, y, np.full((group.k, 1), q))[:, 0]
    with np.errstate(invalid="ignore"):
        below = (y <= group.spread(values)).astype(float)
    share = group.sums(below) / group.size()
    z = (below - group.spread(share)) / group.spread(group.size())
    found = estimate(group, share, z, replace(about, interval="t"))
    if group.sample.census:
        out = assemble(group, values, found.cov, about)
        return replace(out, bounds=np.full((group.k, 2), np.nan))
    crit = quantile_t(0.975, group.sample.df(group.code, group.k))
    half = crit * found.std_error
    centre = rank_centre(share, half, q)
    limits = quantiles_by_cell(group, y, np.column_stack([centre - half, centre + half]))
    se = (limits[:, 1] - limits[:, 0]) / (2 * crit)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(found.std_error > 0, se / found.std_error, 0.0)
    out = assemble(group, values, found.cov * np.outer(scale, scale), about)
    return replace(out, bounds=limits, about=described(group, about, out.n))


def rank_centre(shares: Floats, half: Floats, probs: float | Floats) -> Floats:
    """Return the rank around which the limits of a quantile lie, from F(Q), the half width of its limits and p.

    F(Q), as in survey software; but no more than p + half width, where equal incomes at Q take F(Q) beyond the limits
    of p: both limits then lie on the heap.

    >>> rank_centre(np.array([0.51, 0.9]), np.array([0.1, 0.1]), 0.5)
    array([0.51, 0.6 ])
    """
    return np.fmin(shares, probs + half)


def answers(panel: Panel, condition: str | pd.Series | NDArray[np.bool_]) -> tuple[str, Floats]:
    """Return the name of a condition (see `proportion`) and 1, 0 or NaN for each row, shape (n,).

    Raises
    ------
    EstimationError
        The condition cannot be evaluated, or answers something else than yes and no.
    """
    if not isinstance(condition, str):
        series = pd.Series(np.asarray(condition), index=panel.frame.index)
        if len(condition) != len(panel.frame):
            msg = f"the condition answers for {len(condition)} rows, the panel has {len(panel.frame)}"
            raise EstimationError(msg)
        return "condition", _zero_one(series, "condition")
    try:
        column = panel.column(condition)
    except DataError:
        return condition, _evaluated(panel.frame, condition)
    return column, _zero_one(panel.frame[column], column)


def _evaluated(frame: pd.DataFrame, expression: str) -> Floats:
    _refuse_text_as_number(frame, expression)
    try:
        answers = frame.eval(expression)
    except (ValueError, TypeError, SyntaxError, NameError, KeyError) as error:
        msg = f"cannot evaluate the condition {expression!r}: {error}; it names columns of the panel"
        raise EstimationError(msg) from error
    out = _zero_one(pd.Series(answers, index=frame.index), expression)
    words = {*re.findall(r"`([^`]+)`", expression), *re.findall(r"[^\W\d]\w*", expression)}
    named = [c for c in frame.columns if str(c) in words]
    out[frame[named].isna().any(axis=1).to_numpy()] = np.nan
    return out


def _refuse_text_as_number(frame: pd.DataFrame, expression: str) -> None:
    """Refuse ``x == 1`` where x holds text: it would be false in every row, in silence."""
    for name in re.findall(r"`?([^\W\d]\w*)`?\s*[!=]=\s*[-+]?[\d.]", expression):
        if name in frame and pd.api.types.is_string_dtype(frame[name]):
            some = ", ".join(repr(str(v)) for v in sorted(frame[name].dropna().unique())[:3])
            msg = f"the condition {expression!r} compares {name!r}, which holds text ({some}), with a number; quote it"
            raise EstimationError(msg)


def _zero_one(series: pd.Series, name: str) -> Floats:
    if not (pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)):
        msg = f"{name!r} holds {series.dtype}, not yes/no; write a condition such as \"{name} == '…'\""
        raise EstimationError(msg)
    out = series.to_numpy(dtype=float, na_value=np.nan).copy()
    other = np.isfinite(out) & (out != 0) & (out != 1)
    if other.any():
        msg = (
            f"{int(other.sum())} of {len(out)} values of {name!r} are neither 0 nor 1 (first: {out[other][0]:g}); "
            f'write a condition such as "{name} > 0"'
        )
        raise EstimationError(msg)
    return out
