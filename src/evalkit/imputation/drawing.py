"""One draw of the missing values of one column given complete predictors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.binary import fit_binary, inverse_link

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Method = Literal["pmm", "normal"]

DONORS = 5
CALIPER = 0.25
"""Residual standard deviations within which a donor of the own village counts as near."""
PRIOR_SD = 2.5
"""Standard deviation of the normal prior of standardised log-odds coefficients; keeps separated flags finite."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A draw from the posterior of a linear model with village effects.

    Attributes
    ----------
    fitted, drawn : ndarray, shape (n,)
        Predictions at the estimate and at the drawn coefficients, village effects included.
    sd : float
        Drawn residual standard deviation.
    """

    fitted: Floats
    drawn: Floats
    sd: float


def draw_linear(rng: np.random.Generator, y: Floats, x: Floats, observed: Bools, village: Ints) -> Linear:
    """Draw coefficients, village effects and the residual variance of a linear model.

    Bayesian regression under a flat prior (Rubin 1987, p. 167) with villages as random effects: the variance
    between villages comes from the analysis of variance of the residuals, the coefficients from generalised least
    squares, the effects from their normal posterior.

    Parameters
    ----------
    rng : Generator
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
    observed : ndarray of bool, shape (n,)
    village : ndarray of int, shape (n,)
        Codes from 0.
    """
    xo, yo, vo = x[observed], y[observed], village[observed]
    g = int(village.max(initial=0)) + 1
    size = np.bincount(vo, minlength=g).astype(float)
    inverse = _inverse(xo)
    within, between = _variances(yo - xo @ (inverse @ (xo.T @ yo)), vo, size, x.shape[1])
    theta = 1 - np.sqrt(within / (within + size * between)) if within > 0 else np.zeros(g)
    ys = yo - (theta * _means(yo, vo, size))[vo]
    xs = xo - (theta[:, None] * np.column_stack([_means(c, vo, size) for c in xo.T]))[vo]
    inverse = _inverse(xs)
    beta = inverse @ (xs.T @ ys)
    spare = max(len(ys) - x.shape[1], 1)
    sd = float(np.sqrt(((ys - xs @ beta) ** 2).sum() / rng.chisquare(spare)))
    root = np.linalg.cholesky((inverse + inverse.T) / 2)
    other = beta + sd * (root @ rng.standard_normal(len(beta)))
    held = size * between / np.where(size * between + within > 0, size * between + within, 1.0)
    effect = held * _means(yo - xo @ beta, vo, size)
    again = held * _means(yo - xo @ other, vo, size)
    again = again + np.sqrt(between * (1 - held)) * rng.standard_normal(g)
    return Linear(x @ beta + effect[village], x @ other + again[village], sd)


def donors(rng: np.random.Generator, y: Floats, model: Linear, observed: Bools, groups: list[Ints]) -> Floats:
    """Return the values of donors for the missing rows, shape (missing,).

    Predictive mean matching (Little 1988; van Buuren & Groothuis-Oudshoorn 2011, type 1): the prediction of a
    missing row at the drawn coefficients is compared with the predictions of observed rows at the estimate; one
    of the five nearest is the donor. They are sought in the own village within `CALIPER` residual standard
    deviations, then in the next larger group, and in the last one without that limit.

    Parameters
    ----------
    rng : Generator
    y : ndarray, shape (n,)
    model : Linear
    observed : ndarray of bool, shape (n,)
    groups : list of ndarray of int, shape (n,)
        Codes of villages, townships …, smallest first.
    """
    missing = np.flatnonzero(~observed)
    known = np.flatnonzero(observed)
    out = np.full(len(missing), np.nan)
    pick = rng.random(len(missing))
    left = np.ones(len(missing), dtype=bool)
    whole = np.zeros(len(y), dtype=np.intp)
    limit = CALIPER * model.sd
    for group in [*groups, whole]:
        last = group is whole
        at = missing[left]
        if not len(at):
            break
        near, far = _nearest(model.fitted[known], group[known], model.drawn[at], group[at])
        usable = far <= (np.inf if last else limit)
        count = (usable & np.isfinite(far)).sum(axis=1)
        enough = np.ones(len(at), dtype=bool) if last else count >= DONORS
        chosen = np.minimum((pick[left] * np.minimum(count, DONORS)).astype(int), DONORS - 1)
        value = y[known[near[np.arange(len(at)), chosen]]]
        place = np.flatnonzero(left)[enough]
        out[place] = value[enough]
        left[place] = False
    return out


def draw_flags(rng: np.random.Generator, y: Floats, x: Floats, observed: Bools) -> Floats:
    """Return drawn marks (0, 1) of the missing rows from a Bayesian logit, shape (missing,).

    Parameters
    ----------
    rng : Generator
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        Standardised, the constant first.
    observed : ndarray of bool, shape (n,)
    """
    penalty = np.full(x.shape[1], PRIOR_SD**-2)
    penalty[0] = 1e-4
    fit = fit_binary(x[observed], y[observed], np.ones(int(observed.sum())), penalty=penalty)
    root = np.linalg.cholesky((fit.bread + fit.bread.T) / 2)
    coef = fit.coef + root @ rng.standard_normal(len(fit.coef))
    chance = inverse_link("logit", x[~observed] @ coef)
    return (rng.random(len(chance)) < chance).astype(float)


def _nearest(fitted: Floats, group: Ints, wanted: Floats, own: Ints) -> tuple[Ints, Floats]:
    """Return the positions and distances of the nearest `DONORS` of the own group, shape (m, DONORS); inf for none."""
    order = np.lexsort((fitted, group))
    sorted_fit, sorted_group = fitted[order], group[order]
    low = min(float(fitted.min()), float(wanted.min()))
    span = max(float(fitted.max()), float(wanted.max())) - low
    step = 2.0 * span if span > 0 else 1.0
    at = np.searchsorted(sorted_group * step + (sorted_fit - low), own * step + (wanted - low))
    window = at[:, None] + np.arange(-DONORS, DONORS)
    inside = (window >= 0) & (window < len(order))
    window = np.clip(window, 0, len(order) - 1)
    inside &= sorted_group[window] == own[:, None]
    gap = np.where(inside, np.abs(sorted_fit[window] - wanted[:, None]), np.inf)
    best = np.argsort(gap, axis=1, kind="stable")[:, :DONORS]
    rows = np.arange(len(wanted))[:, None]
    return order[window[rows, best]], gap[rows, best]


def _inverse(x: Floats) -> Floats:
    """Return the inverse of x'x with a ridge of 1e-5 of its diagonal, so that collinear predictors do no harm."""
    gram = x.T @ x
    size = np.diag(gram)
    return np.asarray(np.linalg.inv(gram + np.diag(1e-5 * np.where(size > 0, size, 1.0))), dtype=float)


def _means(values: Floats, group: Ints, size: Floats) -> Floats:
    total = np.bincount(group, weights=values, minlength=len(size))
    return np.asarray(total / np.maximum(size, 1.0), dtype=float)


def _variances(resid: Floats, group: Ints, size: Floats, terms: int) -> tuple[float, float]:
    """Return the variances within and between villages by the analysis of variance of residuals."""
    n, g = len(resid), int((size > 0).sum())
    spare = n - g - terms + 1
    if g < 2 or spare < 1:
        return float(resid @ resid) / max(n - terms, 1), 0.0
    mean = _means(resid, group, size)
    within = float(((resid - mean[group]) ** 2).sum()) / spare
    typical = (n - float(size @ size) / n) / (g - 1)
    between = (float(size @ (mean - resid.mean()) ** 2) / (g - 1) - within) / typical
    return within, max(between, 0.0)
