"""Joining and adding estimates from independent samples: counties to a province, provinces to a nation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import linalg

from evalkit.errors import EstimationError
from evalkit.estimate import SHARES, Estimate, Floats


def stack(estimates: Sequence[Estimate]) -> Estimate:
    """Join estimates from independent samples (different counties): covariance is block-diagonal.

    Raises
    ------
    EstimationError
        If there is nothing to join, or the estimands or interval rules differ.
    """
    if not estimates:
        msg = "nothing to stack: the list of estimates is empty"
        raise EstimationError(msg)
    first = estimates[0].about
    other = {(e.about.estimand, e.about.interval) for e in estimates} - {(first.estimand, first.interval)}
    if other:
        msg = f"only estimates of one estimand can be stacked: {first.estimand} and {sorted(other)[0][0]}"
        raise EstimationError(msg)
    notes = tuple(dict.fromkeys(n for e in estimates for n in e.about.notes))
    clusters = [e.clusters for e in estimates if e.clusters is not None]
    bounds = [e.bounds for e in estimates if e.bounds is not None]
    return Estimate(
        keys=pd.concat([e.keys for e in estimates], ignore_index=True),
        values=np.concatenate([e.values for e in estimates]),
        cov=np.asarray(linalg.block_diag(*[e.cov for e in estimates]), dtype=float),
        df=np.concatenate([e.df for e in estimates]),
        n=np.concatenate([e.n for e in estimates]),
        about=replace(first, notes=notes),
        bounds=np.concatenate(bounds) if len(bounds) == len(estimates) else None,
        level=estimates[0].level,
        clusters=np.concatenate(clusters) if len(clusters) == len(estimates) else None,
        span=_spans(estimates),
    )


def add(estimates: Sequence[Estimate]) -> Estimate:
    """Sum totals from independent samples key by key: values, covariances and n add.

    The variance of the sum has the degrees of freedom (Σ V)² / Σ (V² / df) of Satterthwaite (1946, Biometrics Bulletin 2, 110-114).

    Raises
    ------
    EstimationError
        If the keys (in their order) differ.
    """
    joined = stack(estimates)
    first = estimates[0].keys
    for e in estimates[1:]:
        if not e.keys.equals(first):
            msg = "estimates can be added only when their keys are the same in the same order"
            raise EstimationError(msg)
    k = len(first)
    out = joined.contrast(np.tile(np.eye(k), len(estimates)), keys=first)
    variance, df = (np.array([x(e) for e in estimates]) for x in (lambda e: np.diag(e.cov), lambda e: e.df))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(variance > 0, variance**2 / df, 0.0).sum(axis=0)
        own = np.where(error > 0, variance.sum(axis=0) ** 2 / error, df.sum(axis=0))
    return replace(out, df=own, n=np.sum([e.n for e in estimates], axis=0))


def _spans(estimates: Sequence[Estimate]) -> Floats | None:
    """Return what each value can be, shape (k, 2), None where no estimate says it."""
    if all(e.span is None for e in estimates):
        return None
    return np.concatenate([np.tile(SHARES, (len(e), 1)) if e.span is None else e.span for e in estimates])
