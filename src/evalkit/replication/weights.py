"""Replicate weights made from a design, or read from the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats, Ints, Sample
from evalkit.errors import DesignError, EstimationError
from evalkit.panel import Panel
from evalkit.replication.factors import (
    half_samples,
    leave_one_out,
    rescaled_bootstrap,
    sampling_fractions,
    two_stage_bootstrap,
)

Kind = Literal["jk1", "jkn", "brr", "rao_wu", "preston"]
Supplied = Literal["jk1", "jkn", "brr", "fay", "bootstrap", "other"]


@dataclass(frozen=True, eq=False)
class Replicates:
    """R sets of weights for n rows.

    Weights of replicate r are ``base × factors[unit, r]``; units are sampling units, or the rows where weights
    were supplied.

    Parameters
    ----------
    factors : ndarray, shape (units, R)
    unit : ndarray of int, shape (n,)
    base : ndarray, shape (n,)
        Weights of the design; 1 where supplied weights are combined weights.
    scale : float
    rscales : ndarray, shape (R,)
        The covariance is ``scale × Σ_r rscales[r] (θ_r - c)(θ_r - c)'``.
    mse : bool
        c is the full-sample value; otherwise the mean of the replicates.
    kind : str
    df : float or None
        Degrees of freedom of supplied weights (rank of the replicates less one); None: those of the design.
    """

    factors: Floats
    unit: Ints
    base: Floats
    scale: float
    rscales: Floats
    mse: bool
    kind: str
    df: float | None = None

    def __len__(self) -> int:
        return len(self.rscales)

    @property
    def weights(self) -> Floats:
        """All weights, shape (n, R); large: `column` gives one set at a time."""
        return np.asarray(self.base[:, None] * self.factors[self.unit], dtype=float)

    def column(self, r: int) -> Floats:
        """Return the weights of replicate r, shape (n,)."""
        return np.asarray(self.base * self.factors[self.unit, r], dtype=float)

    def covariance(self, full: Floats, each: Floats) -> Floats:
        """Return the covariance of k statistics, shape (k, k).

        Parameters
        ----------
        full : ndarray, shape (k,)
            Values with the full-sample weights.
        each : ndarray, shape (R, k)
            Values with each set of replicate weights.
        """
        centre = full if self.mse else each[self.rscales > 0].mean(axis=0)
        dev = (each - centre) * np.sqrt(self.scale * self.rscales)[:, None]
        return np.asarray(dev.T @ dev, dtype=float)


def replicates(
    panel: Panel,
    kind: Kind = "jkn",
    *,
    draws: int = 500,
    seed: int | None = None,
    rho: float = 0.0,
    mse: bool = False,
) -> Replicates:
    """Make replicate weights from the design of a panel.

    Parameters
    ----------
    panel : Panel
        Its whole sample is used, also where the panel is a subpopulation.
    kind : {"jkn", "jk1", "brr", "rao_wu", "preston"}
        ``jkn`` leaves out one PSU at a time, stratum by stratum; ``jk1`` the same without strata; ``brr`` balanced
        half-samples (two PSUs in every stratum; Fay's version with ``rho`` above 0); ``rao_wu`` rescaling bootstrap
        of n_h - 1 PSUs drawn with replacement; ``preston`` rescaling bootstrap of two stages without replacement.
        All carry the finite population correction of the design.
    draws : int
        Number of replicates of the bootstraps.
    seed : int, optional
        Needed by the bootstraps.
    rho : float
        Fay's coefficient, at least 0 and below 1.
    mse : bool
        Measure deviations from the full-sample value instead of the replicates' mean.

    Returns
    -------
    Replicates

    Raises
    ------
    DesignError
        A census, calibrated weights, a design that the kind does not fit (strata, two stages, single units).
    EstimationError
        An unknown kind, no seed, fewer than two draws, or rho out of range.

    Notes
    -----
    The jackknife is right for smooth statistics; for quantiles and what is built on them use ``brr`` or a bootstrap.
    """
    sample = panel.sample
    _check(panel, sample, kind)
    if kind in ("rao_wu", "preston"):
        if seed is None or draws < 2:
            msg = f"kind={kind!r} draws at random: pass seed=… and at least 2 draws (got seed={seed}, draws={draws})"
            raise EstimationError(msg)
        rng = np.random.default_rng(seed)
        drawn = (
            rescaled_bootstrap(sample, draws, rng)
            if kind == "rao_wu"
            else two_stage_bootstrap(sample, draws, rng)
        )
        unit = sample.units[0] if kind == "rao_wu" else sample.units[min(1, len(sample.units) - 1)]
        return Replicates(drawn, unit, sample.weight, 1 / (draws - 1), np.ones(draws), mse, kind)
    if kind == "brr":
        if not 0 <= rho < 1:
            msg = f"Fay's rho must be at least 0 and below 1, got {rho}"
            raise EstimationError(msg)
        factors = half_samples(sample, rho)
        count = factors.shape[1]
        scale = 1 / (count * (1 - rho) ** 2)
        return Replicates(factors, sample.units[0], sample.weight, scale, np.ones(count), mse, kind)
    left = leave_one_out(sample)
    return Replicates(left.factors, sample.units[0], sample.weight, 1.0, left.rscales, mse, kind)


def supplied_replicates(
    panel: Panel,
    columns: Sequence[str],
    *,
    kind: Supplied,
    scale: float | None = None,
    rscales: Sequence[float] | None = None,
    rho: float = 0.0,
    combined: bool = True,
    mse: bool = False,
) -> Replicates:
    """Read replicate weights that come with the data.

    Parameters
    ----------
    panel : Panel
    columns : sequence of str
        One column of weights for each replicate.
    kind : {"jk1", "jkn", "brr", "fay", "bootstrap", "other"}
        Sets the scale where none is given: (R - 1)/R, 1, 1/R, 1/(R (1 - rho)²), 1/(R - 1). ``jkn`` needs `rscales`,
        ``other`` both.
    scale, rscales : float and sequence of float, optional
        See `Replicates`.
    rho : float
        Kind ``fay``.
    combined : bool
        The columns are complete weights; otherwise factors of the design's weight.
    mse : bool

    Raises
    ------
    DesignError
        Columns absent, missing, infinite or negative; scales absent or too few.
    """
    absent = [c for c in columns if c not in panel.frame]
    if absent or len(columns) < 2:
        what = f"lacks: {', '.join(absent)}" if absent else f"needs at least two of them, got {len(columns)}"
        msg = f"replicate weights are read from columns of the panel; it {what}"
        raise DesignError(msg)
    table = panel.frame[list(columns)].to_numpy(dtype=float, na_value=np.nan)
    bad = int((~np.isfinite(table) | (table < 0)).sum())
    if bad:
        msg = f"{bad} of {table.size} replicate weights are missing, infinite or negative; mend the data"
        raise DesignError(msg)
    count = len(columns)
    usual = {
        "jk1": (count - 1) / count,
        "jkn": 1.0,
        "brr": 1 / count,
        "fay": 1 / (count * (1 - rho) ** 2),
        "bootstrap": 1 / (count - 1),
    }
    if (scale is None and kind not in usual) or (rscales is None and kind in ("jkn", "other")):
        msg = f"replicate weights of kind {kind!r} need {'rscales' if kind == 'jkn' else 'scale and rscales'}"
        raise DesignError(msg)
    each = np.ones(count) if rscales is None else np.asarray(rscales, dtype=float)
    if len(each) != count or (each < 0).any():
        msg = f"rscales must hold {count} numbers that are not negative, one for each column; got {len(each)}"
        raise DesignError(msg)
    base = np.ones(len(table)) if combined else panel.sample.weight
    gram = (base[:, None] * table).T @ (base[:, None] * table)
    rank = int((np.linalg.eigvalsh(gram) > 1e-10 * np.trace(gram)).sum())
    rows = np.arange(len(table), dtype=np.intp)
    used = usual[kind] if scale is None else scale
    return Replicates(table, rows, base, used, each, mse, kind, df=float(rank - 1))


def _check(panel: Panel, sample: Sample, kind: str) -> None:
    if kind not in ("jk1", "jkn", "brr", "rao_wu", "preston"):
        msg = f"no kind of replicate weights {kind!r}; known: jk1, jkn, brr, rao_wu, preston"
        raise EstimationError(msg)
    if sample.census:
        msg = "the data are the whole population (a census): there is no sampling error to replicate"
        raise DesignError(msg)
    if panel.design.auxiliary is not None:
        msg = (
            "the weights are calibrated: replicate the panel with its first weights, and calibrate every replicate "
            "with replicate_estimate(…, prepare=lambda p: calibrate(p, totals).apply(p))"
        )
        raise DesignError(msg)
    two = len(sample.units) > 1 and bool(sample.population)
    if two and kind != "preston":
        msg = (
            f"the design has two stages with population sizes, and kind={kind!r} replicates the first stage only; "
            "use kind='preston', or leave the fpc out (sampling with replacement, errors on the safe side)"
        )
        raise DesignError(msg)
    count = np.bincount(sample.psu_strata())
    if kind == "jk1" and len(count) > 1:
        msg = f"kind='jk1' is for designs without strata; this one has {len(count)}: use kind='jkn'"
        raise DesignError(msg)
    if kind == "brr" and (count != 2).any():
        msg = (
            f"balanced half-samples need two units in every stratum; {int((count != 2).sum())} of {len(count)} strata "
            f"have another number (first: {int(count[count != 2][0])}); use kind='jkn' or 'rao_wu'"
        )
        raise DesignError(msg)
    lonely = int(((count == 1) & (sampling_fractions(sample) < 1)).sum())
    if lonely and (sample.single_psu != "certainty" or lonely == len(count)):
        msg = (
            f"{lonely} of {len(count)} strata have a single sampled unit, which cannot be replicated; merge strata, or "
            "set plan.design.single_psu to certainty (no contribution)"
        )
        raise DesignError(msg)
