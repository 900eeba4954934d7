"""Factors by which replicates change the weights of sampling units: jackknife, half-samples, bootstraps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.design import Floats, Ints, Sample


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Factors of a jackknife, shape (PSUs, R), and the weight of each squared deviation, shape (R,)."""

    factors: Floats
    rscales: Floats


def sampling_fractions(sample: Sample) -> Floats:
    """Return the sampling fraction of each stratum, shape (strata,)."""
    count = np.bincount(sample.psu_strata()).astype(float)
    return sample.fractions(0, sample.strata, len(count), count)


def leave_one_out(sample: Sample) -> LeftOut:
    """Return one replicate for each PSU that has company in its stratum."""
    strata = sample.psu_strata()
    count = np.bincount(strata).astype(float)
    left = np.flatnonzero(count[strata] > 1)
    same = strata[:, None] == strata[left][None, :]
    n = count[strata[left]]
    factors = np.where(same, n / (n - 1), 1.0)
    factors[left, np.arange(len(left))] = 0.0
    return LeftOut(factors, (n - 1) / n * (1 - sampling_fractions(sample)[strata[left]]))


def half_samples(sample: Sample, rho: float) -> Floats:
    """Return factors of balanced half-samples, shape (PSUs, R), R the power of two above the number of strata."""
    from scipy.linalg import hadamard

    strata = sample.psu_strata()
    size = 2
    while size <= int(strata.max()) + 1:
        size *= 2
    first = np.zeros(len(strata), dtype=bool)
    first[np.unique(strata, return_index=True)[1]] = True
    sign = np.where(first, 1.0, -1.0)[:, None] * hadamard(size)[strata + 1].astype(float)
    return np.asarray(
        1 + sign * (1 - rho) * np.sqrt(1 - sampling_fractions(sample)[strata])[:, None], dtype=float
    )


def rescaled_bootstrap(sample: Sample, draws: int, rng: np.random.Generator) -> Floats:
    """Return factors, shape (PSUs, draws): n_h - 1 units with replacement, rescaled."""
    strata = sample.psu_strata()
    rate = sampling_fractions(sample)
    out = np.ones((len(strata), draws))
    for h in range(int(strata.max()) + 1):
        at = np.flatnonzero(strata == h)
        n = len(at)
        if n > 1:
            drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws).T
            out[at] = 1 + np.sqrt(1 - rate[h]) * (n / (n - 1) * drawn - 1)
    return out


def two_stage_bootstrap(sample: Sample, draws: int, rng: np.random.Generator) -> Floats:
    """Return factors of two-stage bootstraps, shape (last-stage units, draws).

    With n* of n units drawn without replacement (δ) and λ² = n* (1 - f) / (n - n*), the first stage has factor
    1 + λ (n/n* δ - 1), and the second adds √(n/n*) δ λ' (m/m* δ' - 1), λ'² = m* f (1 - f') / (m - m*)
    (Preston 2009).
    """
    strata = sample.psu_strata()
    rate = sampling_fractions(sample)
    drawn = _halves(strata, draws, rng)
    n = np.bincount(strata)[strata]
    half = n // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = np.where(half > 0, np.sqrt(half * (1 - rate[strata]) / (n - half)), 0.0)
        grow = np.where(half > 0, n / half, 1.0)
    first = 1 + pull[:, None] * (grow[:, None] * drawn - 1)
    if len(sample.units) == 1:
        return np.asarray(first, dtype=float)
    psu = np.zeros(int(sample.units[1].max()) + 1, dtype=np.intp)
    psu[sample.units[1]] = sample.units[0]
    inner = _halves(psu, draws, rng)
    size = np.bincount(psu)
    own = sample.fractions(1, sample.units[0], len(size), size.astype(float))
    m, small = size[psu], size[psu] // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        tug = np.where(small > 0, np.sqrt(small * rate[strata][psu] * (1 - own[psu]) / (m - small)), 0.0)
        more = np.where(small > 0, m / small, 1.0)
    reach = np.sqrt(grow)[psu][:, None] * np.where((half > 0)[psu][:, None], drawn[psu], 1.0)
    return np.asarray(first[psu] + reach * tug[:, None] * (more[:, None] * inner - 1), dtype=float)


def _halves(group: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Return 1 for the members of a random half (rounded down) of each group, shape (units, draws)."""
    out = np.zeros((len(group), draws))
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(int(group.max()) + 2))
    for g in range(int(group.max()) + 1):
        at = order[ends[g] : ends[g + 1]]
        rank = np.argsort(rng.random((len(at), draws)), axis=0).argsort(axis=0)
        out[at] = rank < len(at) // 2
    return out
