"""Rubin's rules: one estimate from the same analysis of m completed data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.text import Text

Floats = NDArray[np.float64]
CITATION = "Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard & Rubin (1999), Biometrika 86, 948-955"


def pool(estimates: Sequence[Estimate]) -> Estimate:
    """Pool one analysis of m completed data sets.

    The value is the mean of the m values; the covariance is the mean covariance W plus (1 + 1/m) B with B the
    covariance between the m values (Rubin 1987, eq. 3.1.2-3.1.5). Degrees of freedom follow Barnard & Rubin
    (1999) from those of the complete-data analyses.

    Parameters
    ----------
    estimates : sequence of Estimate
        At least two, with the same keys in the same order.

    Returns
    -------
    Estimate
        A note gives m and the largest fraction of missing information. Stored limits (quantiles) cannot be
        pooled: the result has t limits. The whole population with imputed values has no sampling error but
        has imputation error: it gets t limits where values differ between imputations.

    Raises
    ------
    EstimationError
        Fewer than two estimates, or their estimands or keys differ.

    Examples
    --------
    >>> from evalkit.estimate import About
    >>> def once(value, variance):
    ...     inf, one = np.array([np.inf]), np.ones(1)
    ...     return Estimate(pd.DataFrame(index=[0]), value * one, np.array([[variance]]), inf, one, About("mean"))
    >>> pooled = pool([once(1.0, 0.5), once(3.0, 0.5)])
    >>> pooled.values.tolist(), pooled.cov.tolist()
    ([2.0], [[3.5]])
    """
    values, covs = _checked(estimates)
    first = estimates[0]
    within, between = covs.mean(axis=0), _between(values)
    m = len(estimates)
    inflated = (1 + 1 / m) * between
    cov = within + inflated
    complete = np.min([e.df for e in estimates], axis=0)
    df = barnard_rubin(m, np.diag(inflated), np.diag(cov), complete)
    rule = first.about.interval
    if rule == "fixed" or (rule == "none" and (np.diag(between) > 0).any()):
        rule = "t"
    notes = tuple(dict.fromkeys(n for e in estimates for n in e.about.notes))
    shares = _fmi(np.diag(inflated), np.diag(within), df)
    about = replace(first.about, interval=rule, notes=(*notes, _note(m, shares)))
    clusters = [e.clusters for e in estimates if e.clusters is not None]
    return Estimate(
        keys=first.keys,
        values=values.mean(axis=0),
        cov=cov,
        df=df,
        n=np.min([e.n for e in estimates], axis=0),
        about=replace(about, citation="; ".join(c for c in (first.about.citation, CITATION) if c)),
        level=first.level,
        clusters=np.min(clusters, axis=0) if len(clusters) == m else None,
        span=first.span,
    )


def missing_information(estimates: Sequence[Estimate]) -> pd.DataFrame:
    """Return how much of each value's error comes from imputation.

    Parameters
    ----------
    estimates : sequence of Estimate
        As in `pool`.

    Returns
    -------
    DataFrame
        Keys and ``within``, ``between`` (variances), ``total``, ``riv`` (relative increase in variance,
        (1 + 1/m) B / W), ``lam`` (share of the variance due to imputation), ``fmi`` (fraction of missing
        information, Rubin 1987, eq. 3.1.10), ``df``.

    Raises
    ------
    EstimationError
        As in `pool`.
    """
    values, covs = _checked(estimates)
    m = len(estimates)
    within, between = np.diag(covs.mean(axis=0)), np.diag(_between(values))
    inflated = (1 + 1 / m) * between
    total = within + inflated
    complete = np.min([e.df for e in estimates], axis=0)
    df = barnard_rubin(m, inflated, total, complete)
    with np.errstate(divide="ignore", invalid="ignore"):
        riv, lam = inflated / within, inflated / total
    columns = {
        "within": within,
        "between": between,
        "total": total,
        "riv": riv,
        "lam": lam,
        "fmi": _fmi(inflated, within, df),
        "df": df,
    }
    return pd.concat([estimates[0].keys, pd.DataFrame(columns)], axis=1)


def barnard_rubin(m: int, inflated: Floats, total: Floats, complete: Floats) -> Floats:
    """Return degrees of freedom of pooled values, shape (k,).

    Parameters
    ----------
    m : int
        Number of imputations.
    inflated, total : ndarray, shape (k,)
        (1 + 1/m) B and W + (1 + 1/m) B.
    complete : ndarray, shape (k,)
        Degrees of freedom with complete data, ``inf`` for the normal.

    Notes
    -----
    With λ the ratio of the first to the second, (m - 1) / λ² and λ-discounted complete-data degrees of freedom
    (d + 1) / (d + 3) d (1 - λ) combine harmonically (Barnard & Rubin 1999, eq. 3). Where nothing differs between
    the imputations (λ = 0) the complete-data degrees of freedom stay.

    Examples
    --------
    >>> barnard_rubin(5, np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([np.inf, 10.0])).tolist()
    [16.0, 10.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        lam = np.where(total > 0, inflated / total, 0.0)
        old = (m - 1) / lam**2
        bounded = np.where(np.isinf(complete), 1.0, complete)
        observed = (bounded + 1) / (bounded + 3) * bounded * (1 - lam)
        both = 1 / (1 / old + 1 / observed)
        df = np.where(np.isinf(complete), old, np.where(observed > 0, both, 0.0))
    return np.asarray(np.where(lam > 0, df, complete), dtype=float)


def _checked(estimates: Sequence[Estimate]) -> tuple[Floats, Floats]:
    """Return values, shape (m, k), and covariances, shape (m, k, k)."""
    if len(estimates) < 2:
        msg = f"pooling needs at least two completed data sets, got {len(estimates)}"
        raise EstimationError(msg)
    first = estimates[0]
    for at, other in enumerate(estimates[1:], start=2):
        if other.about.estimand != first.about.estimand:
            msg = f"only estimates of one estimand can be pooled: {first.about.estimand} and {other.about.estimand}"
            raise EstimationError(msg)
        if not other.keys.equals(first.keys):
            msg = (
                f"{first.about.estimand}: imputation {at} gives {len(other)} values with other keys than the first "
                f"({len(first)}); a group exists in some completed data sets only: group by what is not imputed"
            )
            raise EstimationError(msg)
    return np.array([e.values for e in estimates]), np.array([e.cov for e in estimates])


def _between(values: Floats) -> Floats:
    """Return the covariance between imputations, exactly zero where nothing differs, shape (k, k)."""
    centred = values - values.mean(axis=0)
    centred[:, (values == values[0]).all(axis=0)] = 0.0
    return np.asarray(centred.T @ centred / (len(values) - 1), dtype=float)


def _fmi(inflated: Floats, within: Floats, df: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        riv = inflated / within
        out = (riv + 2 / (df + 3)) / (riv + 1)
    out = np.where(np.isinf(riv), 1.0, out)
    return np.asarray(np.where(inflated > 0, out, 0.0 * within), dtype=float)


def _note(m: int, shares: Floats) -> Text:
    known = shares[np.isfinite(shares)]
    most = float(known.max()) if len(known) else 0.0
    return Text(
        en=f"multiple imputation: {m} completed data sets pooled by Rubin's rules; at most {most:.1%} of the "
        "information about a value is missing",
        zh=f"多重插补：{m}套补全数据按Rubin规则合并；各数值缺失信息占比最高为{most:.1%}",
    )
