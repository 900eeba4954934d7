"""The scales of an area model: level, logarithm, arcsine of the root of a share; there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.intervals import quantile_t
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class OnScale:
    """Direct figures and their sampling variances on the scale of the model, shape (k,) each."""

    y: Floats
    psi: Floats
    notes: tuple[Text, ...]


@dataclass(frozen=True, eq=False)
class OffScale:
    """Values (k,), mean squared errors (k, k) and limits (k, 2) on the scale of the data."""

    values: Floats
    cov: Floats
    bounds: Floats | None


def on_scale(direct: Estimate, scale: str, variances: str) -> OnScale:
    """Return the direct figures and their variances on the scale of the model.

    Raises
    ------
    EstimationError
        Values without a logarithm, shares outside 0 and 1, too few areas to smooth over.
    """
    value, variance = direct.values, direct.std_error**2
    if scale not in ("level", "log", "arcsine") or variances not in ("given", "smoothed"):
        msg = (
            f"scale is level, log or arcsine and variances given or smoothed, not {scale!r} and {variances!r}"
        )
        raise EstimationError(msg)
    variance = np.where(direct.df > 0, variance, np.nan)
    known = np.isfinite(value)
    if scale == "arcsine":
        return _arcsine(direct, variance)
    if scale == "log":
        if (value[known] <= 0).any():
            msg = f"{int((value[known] <= 0).sum())} of {int(known.sum())} areas have a value of zero or less, which has no logarithm"
            raise EstimationError(msg)
        value, variance = np.log(value), variance / value**2
    if variances == "given":
        return OnScale(value, variance, ())
    smooth = _smoothed(variance, direct.n)
    note = Text(
        en="the areas' sampling variances are smoothed by a regression of log variance on log n",
        zh="各区域的抽样方差经对数方差对对数样本量回归平滑",
    )
    return OnScale(value, np.where(known, smooth, np.nan), (note,))


def _arcsine(direct: Estimate, variance: Floats) -> OnScale:
    share = direct.values
    known = np.isfinite(share) & (direct.n > 0)
    if ((share[known] < 0) | (share[known] > 1)).any():
        msg = "scale='arcsine' is for shares between 0 and 1"
        raise EstimationError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = variance / (share * (1 - share) / direct.n)
    inner = known & (share > 0) & (share < 1) & (variance > 0)
    if not inner.any():
        msg = "no area has a share between 0 and 1 with a standard error: there is no design effect to be had"
        raise EstimationError(msg)
    deff = float(np.median(effect[inner]))
    psi = np.where(known, deff / (4 * np.where(known, direct.n, 1.0)), np.nan)
    note = Text(
        en=f"sampling variances on the arcsine scale use the median design effect of the areas, {deff:.2f}",
        zh=f"反正弦尺度的抽样方差使用各区域设计效应的中位数{deff:.2f}",
    )
    return OnScale(np.where(known, np.arcsin(np.sqrt(np.clip(share, 0, 1))), np.nan), psi, (note,))


def _smoothed(variance: Floats, n: Floats) -> Floats:
    """Return variances predicted from n, with their own mean over the areas that have one."""
    ok = np.isfinite(variance) & (variance > 0) & (n > 0)
    if ok.sum() < 3:
        msg = f"variances are smoothed over at least three areas that have one; here are {int(ok.sum())}"
        raise EstimationError(msg)
    size = np.log(np.where(n > 0, n, 1.0))
    centred = size[ok] - size[ok].mean()
    spread = float(centred @ centred)
    slope = float(centred @ np.log(variance[ok])) / spread if spread > 0 else 0.0
    shape = np.exp(slope * size)
    return np.asarray(shape * variance[ok].sum() / shape[ok].sum(), dtype=float)


def off_scale(eblup: Floats, errors: Floats, df: Floats, scale: str) -> OffScale:
    """Return values, mean squared errors and limits on the scale of the data.

    Value and error are the mean and variance of the back-transformed normal with the model's prediction and mean
    squared error: E exp T = exp(θ + s²/2); E sin²T = (1 - cos 2θ exp(-2 s²))/2.
    """
    if scale == "level":
        return OffScale(eblup, errors, None)
    s2 = np.diag(errors)
    half = quantile_t(0.975, df) * np.sqrt(s2)
    low, high = eblup - half, eblup + half
    if scale == "log":
        values = np.exp(eblup + s2 / 2)
        own = np.expm1(s2) * values**2
        slope = values
        bounds = np.column_stack([np.exp(low), np.exp(high)])
    else:
        values = (1 - np.cos(2 * eblup) * np.exp(-2 * s2)) / 2
        fourth = 3 / 8 - np.cos(2 * eblup) * np.exp(-2 * s2) / 2 + np.cos(4 * eblup) * np.exp(-8 * s2) / 8
        own = np.maximum(fourth - values**2, 0.0)
        slope = np.sin(2 * eblup)
        edges = np.clip(np.column_stack([low, high]), 0, np.pi / 2)
        bounds = np.sin(edges) ** 2
    cov = errors * np.outer(slope, slope)
    np.fill_diagonal(cov, own)
    return OffScale(values, cov, bounds)
