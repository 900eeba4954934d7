"""Small areas: which direct figures are precise enough to be shown, and the Fay–Herriot model for those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures._area_scale import OffScale, off_scale, on_scale
from evalkit.measures._shrinkage import AreaFit, error_df, fit_areas, fit_diagnostics, mean_squared_errors
from evalkit.measures.areas import LIMIT, Bools, judged, limit_note, withheld
from evalkit.text import Text

Scale = Literal["level", "log", "arcsine"]

CITATION = (
    "Fay & Herriot (1979), J. Amer. Statist. Assoc. 74, 269-277; Datt & Lahiri (2000), Statistica Sinica 10, "
    "613-627, eq. 2.5 and 4.3 (REML)"
)


@dataclass(frozen=True)
class AreaTotal:
    """A total that the areas are made to add up to.

    Parameters
    ----------
    value : float
        Mean of all areas together, such as the direct estimate of the county.
    shares : str
        Column of the auxiliary table with the population of each area; scaled to sum to one.
    kind : {"ratio", "difference"}
        Multiply every area by the same factor, or add the same amount.
    """

    value: float
    shares: str
    kind: Literal["ratio", "difference"] = "ratio"


@dataclass(frozen=True, eq=False)
class FayHerriot:
    """An area-level model: every area's direct figure is pulled towards what its covariates predict.

    Parameters
    ----------
    estimate : Estimate
        One value an area of the auxiliary table (k values). Its covariance is the estimated mean squared error
        of prediction (diagonal) with the part the areas share through the coefficients (off the diagonal).
    beta : Estimate
        Coefficients on the scale of the model, keyed by `term`.
    sigma2_u : float
        Variance between areas around the regression, on the scale of the model (REML).
    gamma : ndarray, shape (k,)
        Weight of the direct figure, 0 for areas without one.
    direct, synthetic : ndarray, shape (k,)
        Direct figure (NaN without one) and prediction from the covariates alone, on the scale of the data.
    cv : ndarray, shape (k,)
    suppressed : ndarray of bool, shape (k,)
        The coefficient of variation is above `limit`.
    limit : float
    diagnostics : DataFrame
        One row a check: ``check, statistic, p_value``.
    scale : {"level", "log", "arcsine"}
    """

    estimate: Estimate
    beta: Estimate
    sigma2_u: float
    gamma: Floats
    direct: Floats
    synthetic: Floats
    cv: Floats
    suppressed: Bools
    limit: float
    diagnostics: pd.DataFrame
    scale: Scale

    def tidy(self) -> pd.DataFrame:
        """Return keys, the estimate with its limits, direct and synthetic figures, gamma, cv; suppressed ones blank."""
        table = self.estimate.tidy().assign(
            direct=self.direct, synthetic=self.synthetic, gamma=self.gamma, cv=self.cv
        )
        return withheld(table, self.suppressed, "direct", "synthetic")


def fay_herriot(
    direct: Estimate,
    auxiliary: pd.DataFrame,
    *,
    covariates: Sequence[str],
    scale: Scale = "level",
    variances: Literal["given", "smoothed"] = "given",
    total: AreaTotal | None = None,
    cv_limit: float = LIMIT,
) -> FayHerriot:
    """Fit the Fay–Herriot model and predict every area, sampled or not.

    θ_d = x_d'β + u_d, and the direct figure is θ_d + e_d with known variance ψ_d. The prediction is
    γ_d direct + (1 - γ_d) x_d'β with γ_d = σ²/(σ² + ψ_d); σ² by restricted maximum likelihood.

    Parameters
    ----------
    direct : Estimate
        Of any measure by area.
    auxiliary : DataFrame
        One row an area, with the key columns of `direct` and the covariates; areas that were not sampled
        get the synthetic prediction.
    covariates : sequence of str
        Columns known for every area (registers, census); an intercept is added.
    scale : {"level", "log", "arcsine"}
        The model holds for the value, its logarithm (positive values), or asin √share (shares; the variance
        is then 1/(4 n/deff) with the median design effect, so that areas without a case take part).
    variances : {"given", "smoothed"}
        ``smoothed``: ψ_d from a regression of log variance on log n (a generalised variance function), for areas
        with few villages whose own variance is hardly known.
    total : AreaTotal, optional
        Benchmark the areas to a total.
    cv_limit : float
        Largest coefficient of variation (root mean squared error over value) of a figure that is shown.

    Returns
    -------
    FayHerriot
        Mean squared errors after Prasad & Rao (1990) and Datt & Lahiri (2000) for REML: g1 + g2 + 2 g3. Limits use
        Student's t with Satterthwaite's degrees of freedom of that error.

    Raises
    ------
    DataError
        Columns absent, areas twice or without covariates, sampled areas absent from the auxiliary table.
    EstimationError
        Too few areas, covariates that are collinear, values without a logarithm, shares outside 0 and 1.
    """
    table, at = _joined(direct, auxiliary, covariates)
    x = np.column_stack([np.ones(len(table)), *(table[c].to_numpy(dtype=float) for c in covariates)])
    own = on_scale(direct, scale, variances)
    used = np.flatnonzero(np.isfinite(own.y) & np.isfinite(own.psi) & (own.psi > 0))
    rows, k = at[used], len(table)
    fit = fit_areas(own.y[used], own.psi[used], x[rows], names=("intercept", *covariates))
    gamma, predicted = np.zeros(k), x @ fit.beta
    gamma[rows] = fit.gamma
    eblup = predicted.copy()
    eblup[rows] += fit.gamma * (own.y[used] - predicted[rows])
    errors = mean_squared_errors(fit, x, rows)
    df = error_df(fit, np.diag(errors), rows)
    found = off_scale(eblup, errors, df, scale)
    notes = [*own.notes, *_model_notes(direct, fit, k)]
    if total is not None:
        found, note = _benchmarked(found, table, total)
        notes.append(note)
    held = judged(found.values, np.sqrt(np.diag(found.cov)), df, cv_limit)
    notes.append(limit_note(int(held.suppressed.sum()), k, cv_limit))
    about = About(
        estimand=f"{direct.about.estimand} of small areas",
        method=f"Fay–Herriot model of {scale}, REML; mean squared error of prediction in place of the variance",
        citation=CITATION,
        unit=direct.about.unit,
        interval="t" if scale == "level" else "fixed",
        notes=(*notes, *direct.about.notes),
    )
    n, shown = np.zeros(k), np.full(k, np.nan)
    n[at], shown[at] = direct.n, direct.values
    return FayHerriot(
        estimate=Estimate(table[list(direct.keys)], found.values, found.cov, df, n, about, found.bounds),
        beta=_coefficients(fit, scale),
        sigma2_u=fit.sigma2,
        gamma=gamma,
        direct=shown,
        synthetic=off_scale(predicted, mean_squared_errors(fit, x), df, scale).values,
        cv=held.cv,
        suppressed=held.suppressed,
        limit=cv_limit,
        diagnostics=fit_diagnostics(fit, errors[rows, rows]),
        scale=scale,
    )


def _joined(
    direct: Estimate, auxiliary: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Return the auxiliary table sorted by area, and the row in it of each direct figure."""
    keys = [str(c) for c in direct.keys]
    absent = [c for c in (*keys, *covariates) if c not in auxiliary]
    if absent or not keys:
        what = (
            f"lacks {', '.join(absent)}" if absent else "has nothing to be joined on: give the measure by=…"
        )
        msg = f"the auxiliary table needs the keys of the estimate ({', '.join(keys) or 'none'}) and the covariates; it {what}"
        raise DataError(msg)
    if not covariates:
        msg = "a Fay–Herriot model needs covariates known for every area"
        raise EstimationError(msg)
    table = auxiliary.sort_values(keys, kind="stable").reset_index(drop=True)
    twice = table.duplicated(keys, keep=False)
    lacking = ~np.isfinite(table[list(covariates)].to_numpy(dtype=float, na_value=np.nan)).all(axis=1)
    if twice.any() or lacking.any():
        bad = twice.to_numpy() | lacking
        msg = (
            f"{int(twice.sum())} rows of the auxiliary table share their area with another, and {int(lacking.sum())} lack "
            f"a covariate; mend it (first: {'/'.join(map(str, table.loc[bad, keys].iloc[0]))})"
        )
        raise DataError(msg, table.loc[bad])
    place = table[keys].assign(_at=np.arange(len(table)))
    found = direct.keys.merge(place, on=keys, how="left")["_at"]
    if found.isna().any():
        first = direct.keys[found.isna().to_numpy()].iloc[0]
        msg = f"{int(found.isna().sum())} of {len(direct)} areas are not in the auxiliary table (first: {'/'.join(map(str, first))})"
        raise DataError(msg)
    return table, found.to_numpy(dtype=np.intp)


def _benchmarked(found: OffScale, table: pd.DataFrame, total: AreaTotal) -> tuple[OffScale, Text]:
    if total.shares not in table:
        msg = f"the auxiliary table has no column {total.shares!r} with the population of the areas"
        raise DataError(msg)
    share = table[total.shares].to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(share).all() or (share < 0).any() or not share.sum() > 0:
        msg = f"{total.shares!r} must hold a population that is not negative for each of {len(table)} areas"
        raise DataError(msg)
    now = float(share @ found.values / share.sum())
    if total.kind == "difference":
        by = total.value - now
        note = Text(
            en=f"benchmarked: {by:+.4g} added to every area so that they average {total.value:.6g}; it counts as known",
            zh=f"已对总数校准：各区域加{by:+.4g}，使其平均为{total.value:.6g}；该数视为已知",
        )
        moved = None if found.bounds is None else found.bounds + by
        return OffScale(found.values + by, found.cov, moved), note
    if total.kind != "ratio" or now == 0:
        msg = (
            f"areas are benchmarked by 'ratio' or 'difference', not {total.kind!r}; a mean of 0 has no ratio"
        )
        raise EstimationError(msg)
    factor = total.value / now
    note = Text(
        en=f"benchmarked: every area times {factor:.4f} so that they average {total.value:.6g}; it counts as known",
        zh=f"已对总数校准：各区域乘以{factor:.4f}，使其平均为{total.value:.6g}；该系数视为已知",
    )
    scaled = None if found.bounds is None else found.bounds * factor
    return OffScale(found.values * factor, found.cov * factor**2, scaled), note


def _coefficients(fit: AreaFit, scale: str) -> Estimate:
    p = len(fit.beta)
    about = About(
        estimand="coefficient of the area model",
        method=f"weighted least squares at the REML variance, {scale}",
        citation=CITATION,
        unit="coefficient",
    )
    m = float(len(fit.gamma))
    return Estimate(
        pd.DataFrame({"term": list(fit.names)}),
        fit.beta,
        fit.beta_cov,
        np.full(p, float(fit.df)),
        np.full(p, m),
        about,
    )


def _model_notes(direct: Estimate, fit: AreaFit, k: int) -> list[Text]:
    used, given = len(fit.y), len(direct)
    notes = [
        Text(
            en=f"model fitted to {used} areas; {k - used} have no direct figure with an error and rest on the model alone",
            zh=f"模型由{used}个区域拟合；{k - used}个区域无可用的直接估计，仅依据模型",
        ),
        Text(
            en="standard errors are root mean squared errors of prediction; the areas' sampling variances count as known",
            zh="标准误为预测均方误差的平方根；各区域抽样方差视为已知",
        ),
    ]
    if fit.sigma2 == 0:
        notes.append(
            Text(
                en="no variance between areas beyond the covariates was found: all figures are predictions of the model",
                zh="未发现协变量之外的区域间差异：所有数值均为模型预测值",
            )
        )
    root = direct.std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        related = np.abs(direct.cov / np.outer(root, root))
    off = related[~np.eye(given, dtype=bool)]
    most = float(np.nanmax(off, initial=0.0))
    if most > 0.1:
        notes.append(
            Text(
                en=f"direct figures of areas are correlated (up to {most:.2f}), which the model leaves out",
                zh=f"各区域直接估计之间相关（最大{most:.2f}），模型未予考虑",
            )
        )
    return notes
