"""`SurveyDesign`: from one influence value per row to the covariance of any statistic.

Every measure is linearised: each row i has a value z_i such that the estimator's error is
Σ w_i z_i. This module turns w_i z_i into a covariance matrix over strata, primary sampling units
(PSU) and finite population corrections (FPC), for all domains in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.auxiliary import Auxiliary, Basis
from evalkit.designcolumns import codes, nest, population, weights
from evalkit.errors import DesignError
from evalkit.freedom import effective

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
SinglePsu = Literal["error", "centre", "certainty", "average", "missing"]
Freedom = Literal["effective", "design"]


@dataclass(frozen=True)
class SurveyDesign:
    """Names of the design columns; declared once, never asked for again.

    Parameters
    ----------
    weight : str, optional
        Household weight column; every household counts the same without it.
    strata : str, optional
    psu : str or tuple of str, optional
        Primary sampling unit, then further stages (``("village", "household")``). Never finer than
        the household; the household itself where nothing is given.
    fpc : str or tuple of str, optional
        Per stage: population count of units in the stratum (or a sampling fraction at most 1).
    single_psu : {"error", "centre", "certainty", "average", "missing"}
        What a stratum with one sampled PSU contributes. ``missing`` keeps the point value and
        leaves the standard error blank.
    census : bool
        The data are the whole population: there is no sampling error and no interval.
    auxiliary : Auxiliary, optional
        Known totals the weights were calibrated to (`evalkit.weighting.calibrate`); the variance is then that
        of the residuals from the calibration variables (Deville & Särndal 1992, eq. 3.4).
    pair_weight : {"earlier", "later"}
        Whose weight a pair of waves counts with; ``later`` where weights make up for attrition.
    degrees_of_freedom : {"effective", "design"}
        Degrees of freedom of amounts and indices: those of the estimated variance (`evalkit.freedom.effective`), at most
        PSUs minus strata; or always PSUs minus strata. Shares that have limits of their own, quantiles and what is assembled from
        several sums (by source, with an estimated line) take PSUs minus strata.
    """

    weight: str | None = None
    strata: str | None = None
    psu: str | tuple[str, ...] | None = None
    fpc: str | tuple[str, ...] | None = None
    single_psu: SinglePsu = "error"
    census: bool = False
    auxiliary: Auxiliary | None = None
    pair_weight: Literal["earlier", "later"] = "earlier"
    degrees_of_freedom: Freedom = "effective"

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the sampling units, first stage first."""
        return (self.psu,) if isinstance(self.psu, str) else (self.psu or ())

    @property
    def fpcs(self) -> tuple[str, ...]:
        """Names of the population sizes, first stage first."""
        return (self.fpc,) if isinstance(self.fpc, str) else (self.fpc or ())

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the design reads."""
        named = [self.weight, self.strata, *self.stages, *self.fpcs]
        return tuple(c for c in named if c is not None)

    def sample(self, frame: pd.DataFrame, unit: str | None = None) -> Sample:
        """Read the design columns of a frame.

        Parameters
        ----------
        frame : DataFrame, n rows
        unit : str, optional
            Column that identifies the sampled unit when the design names no PSU (the household).

        Raises
        ------
        DesignError
            Columns absent, weights missing or negative, strata or PSU missing, population sizes
            below the number of sampled units.
        """
        absent = [c for c in self.columns if c not in frame]
        if absent:
            msg = f"the design names columns the data do not have: {', '.join(absent)}; mend plan.design"
            raise DesignError(msg)
        n = len(frame)
        weight = np.ones(n) if self.weight is None else weights(frame[self.weight])
        strata = np.zeros(n, dtype=np.intp) if self.strata is None else codes(frame[self.strata])
        names = self.stages or ((unit,) if unit else ())
        units: list[Ints] = []
        above = strata
        for name in names:
            above = nest(above, codes(frame[name]))
            units.append(above)
        if not units:
            units.append(np.arange(n, dtype=np.intp))
        sizes = tuple(population(frame[c], c) for c in self.fpcs)
        basis = None if self.auxiliary is None else self.auxiliary.basis(frame, weight, tuple(units))
        sample = Sample(
            weight, strata, tuple(units), sizes, self.single_psu, self.census, basis, self.degrees_of_freedom
        )
        return replace(sample, census=True) if sample.exhaustive else sample


@dataclass(frozen=True, eq=False)
class Support:
    """Degrees of freedom and number of PSUs of each domain, shape (k,)."""

    df: Floats
    clusters: Floats


@dataclass(frozen=True, eq=False)
class Spread:
    """Joint covariance of statistics, shape (p, p), degrees of freedom and PSUs of each, shape (p,)."""

    cov: Floats
    df: Floats
    clusters: Floats

    @property
    def support(self) -> Support:
        """Degrees of freedom and number of PSUs."""
        return Support(self.df, self.clusters)


@dataclass(frozen=True, eq=False)
class Sample:
    """The design of n rows as arrays.

    `weight` and `strata` have shape (n,); `units` holds per stage the unit codes, shape (n,), numbered
    from 0 and nested in what is above; `population` holds per stage the population sizes, shape (n,);
    `basis` holds the calibration variables of calibrated weights.
    """

    weight: Floats
    strata: Ints
    units: tuple[Ints, ...]
    population: tuple[Floats, ...]
    single_psu: SinglePsu
    census: bool
    basis: Basis | None = field(default=None, repr=False)
    degrees_of_freedom: Freedom = "effective"

    @cached_property
    def n_psu(self) -> int:
        """Number of sampled PSUs."""
        return int(self.units[0].max(initial=-1)) + 1

    @property
    def exhaustive(self) -> bool:
        """Whether every unit of every stratum was taken (FPC = 1, one stage): nothing is left to chance."""
        if len(self.units) > 1 or not self.population or not len(self.strata):
            return False
        strata = self.psu_strata()
        count = np.bincount(strata).astype(float)
        return bool((self.fractions(0, self.strata, len(count), count) >= 1).all())

    def psu_strata(self) -> Ints:
        """Stratum of each PSU, shape (n_psu,)."""
        return self._psu_strata

    @cached_property
    def _psu_strata(self) -> Ints:
        out = np.zeros(self.n_psu, dtype=np.intp)
        out[self.units[0]] = self.strata
        out.flags.writeable = False
        return out

    def totals(self, z: Floats, domain: Ints, k: int, stage: int = 0) -> Floats:
        """Sum w z per unit of a stage and domain: shape (units, k); rows with domain -1 do not count.

        With calibrated weights z is replaced by its residual from the calibration variables.
        """
        out = group_totals(self.weight * z, self.units[stage], domain, k)
        return out if self.basis is None else out - self.basis.explained(self.weight * z, domain, k, stage)

    def covariance(self, z: Floats, domain: Ints, k: int) -> Floats:
        """Return the (k, k) covariance of Σ w z over each domain.

        Parameters
        ----------
        z : ndarray, shape (n,)
            Influence value of each row within its own domain.
        domain : ndarray of int, shape (n,)
            Domain 0…k-1 of each row, -1 for none. Rows outside every domain still count as sampled.
        k : int

        Raises
        ------
        DesignError
            One-PSU strata where `single_psu` is ``error``.
        """
        return self.covariance_of([z], [domain], k)

    def covariance_of(self, zs: list[Floats], domains: list[Ints], k: int) -> Floats:
        """Return the joint covariance of several statistics, shape (m k, m k), statistic by statistic."""
        if self.census:
            return np.zeros((len(zs) * k, len(zs) * k))
        out = self._stage_one(self._moved(zs, domains, k, 0, None))
        if len(self.units) > 1 and self.population:
            out = out + self._stage_two(self._moved(zs, domains, k, 1, None))
        return out

    def spread_of(
        self, zs: list[Floats], domains: list[Ints], k: int, derivatives: Floats | None = None
    ) -> Spread:
        """Return the joint covariance of several statistics with the degrees of freedom of each, statistic by statistic.

        Parameters
        ----------
        zs, domains, k
            As in `covariance_of`.
        derivatives : ndarray, shape (p, m k), optional
            Of p functions by the sums Σ w z over each domain: the spread is then that of the functions.
        """
        most, clusters = self._supports(domains, k, derivatives)
        if self.census:
            return Spread(np.zeros((len(most), len(most))), most, clusters)
        first = self._moved(zs, domains, k, 0, derivatives)
        cov = self._stage_one(first)
        if len(self.units) > 1 and self.population:
            cov = cov + self._stage_two(self._moved(zs, domains, k, 1, derivatives))
        if self.degrees_of_freedom == "design":
            return Spread(cov, most, clusters)
        strata = self.psu_strata()
        count = np.bincount(strata).astype(float)
        own = effective(first, strata, self.fractions(0, self.strata, len(count), count))
        return Spread(cov, np.minimum(most, own), clusters)

    def _supports(self, domains: list[Ints], k: int, derivatives: Floats | None) -> tuple[Floats, Floats]:
        """Return PSUs minus strata, and PSUs, of every statistic; of functions of them, the least among those they use."""
        known = {id(d): d for d in domains}  # statistics of the same rows share them
        found = {name: self.support(d, k) for name, d in known.items()}
        seen = [found[id(d)] for d in domains]
        df, clusters = np.concatenate([s.df for s in seen]), np.concatenate([s.clusters for s in seen])
        if derivatives is None:
            return df, clusters
        least = [np.where(derivatives != 0, x, np.inf).min(axis=1, initial=np.inf) for x in (df, clusters)]
        return least[0], least[1]

    def _moved(
        self, zs: list[Floats], domains: list[Ints], k: int, stage: int, derivatives: Floats | None
    ) -> Floats:
        """Return the totals of each unit of a stage, shape (units, m k), or (units, p) with derivatives."""
        totals = np.hstack([self.totals(z, d, k, stage) for z, d in zip(zs, domains, strict=True)])
        return totals if derivatives is None else totals @ derivatives.T

    def df(self, domain: Ints, k: int) -> Floats:
        """Return PSUs minus strata seen in each domain, shape (k,)."""
        return self.support(domain, k).df

    def clusters(self, domain: Ints, k: int) -> Floats:
        """Return the number of PSUs seen in each domain, shape (k,)."""
        return self.support(domain, k).clusters

    def support(self, domain: Ints, k: int) -> Support:
        """Return PSUs, and PSUs minus strata, seen in each domain."""
        width = max(k, 1)
        pairs = _pairs(self.units[0], self._counted(domain), k)
        clusters = _count_by(pairs, k)
        if self.census:
            return Support(np.full(k, np.inf), clusters)
        strata = np.unique(self.psu_strata()[pairs // width] * width + pairs % width)
        return Support(clusters - _count_by(strata, k), clusters)

    def _counted(self, domain: Ints) -> Ints:
        """Return the domain of each row, -1 for rows of weight zero: they carry no information."""
        return np.where(self.weight > 0, domain, -1).astype(np.intp)

    def fractions(self, stage: int, index: Ints, groups: int, count: Floats) -> Floats:
        """Return the sampling fraction of each group at a stage, shape (groups,); 0 without FPC."""
        if stage >= len(self.population):
            return np.zeros(groups)
        size = np.zeros(groups)
        size[index] = self.population[stage]
        share = np.where(size <= 1, size, count / np.where(size > 0, size, 1))
        if (share > 1 + 1e-9).any():
            at = int(np.argmax(share))
            msg = (
                f"the population size (fpc) of {int((share > 1 + 1e-9).sum())} strata is smaller than the number of "
                f"sampled units (first: {count[at]:.0f} sampled of {size[at]:.0f}); mend the fpc column"
            )
            raise DesignError(msg)
        return np.asarray(np.minimum(share, 1.0), dtype=float)

    def _stage_one(self, totals: Floats) -> Floats:
        strata = self.psu_strata()
        n_strata = int(strata.max(initial=-1)) + 1
        count = np.bincount(strata, minlength=n_strata).astype(float)
        rows = np.zeros(n_strata)
        fraction = self.fractions(0, self.strata, n_strata, count) if self.population else rows
        lonely = (count == 1) & (fraction < 1)
        if lonely.any() and self.single_psu == "error":
            msg = (
                f"{int(lonely.sum())} of {n_strata} strata have a single sampled unit, which gives no variance; merge "
                "strata, or set plan.design.single_psu to centre, certainty, average or missing"
            )
            raise DesignError(msg)
        means = np.zeros((n_strata, totals.shape[1]))
        np.add.at(means, strata, totals)
        means /= np.maximum(count, 1)[:, None]
        if self.single_psu == "centre":
            means[lonely] = totals.mean(axis=0)
        scale = (1 - fraction) * np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)
        dev = (totals - means[strata]) * np.sqrt(scale[strata])[:, None]
        out = np.asarray(dev.T @ dev, dtype=float)
        if lonely.any() and self.single_psu == "average":
            if lonely.all():
                msg = "every stratum has a single sampled unit: there is no variance to average"
                raise DesignError(msg)
            out *= n_strata / (n_strata - lonely.sum())
        if lonely.any() and self.single_psu == "missing":
            touched = (totals[lonely[strata]] != 0).any(axis=0)
            out[touched, :] = np.nan
            out[:, touched] = np.nan
        return out

    def _stage_two(self, totals: Floats) -> Floats:
        psu_of = np.zeros(len(totals), dtype=np.intp)
        psu_of[self.units[1]] = self.units[0]
        count = np.bincount(psu_of, minlength=self.n_psu).astype(float)
        strata = self.psu_strata()
        n_strata = int(strata.max(initial=-1)) + 1
        in_stratum = np.bincount(strata, minlength=n_strata).astype(float)
        first = self.fractions(0, self.strata, n_strata, in_stratum)[strata]
        second = self.fractions(1, self.units[0], self.n_psu, count)
        means = np.zeros((self.n_psu, totals.shape[1]))
        np.add.at(means, psu_of, totals)
        means /= np.maximum(count, 1)[:, None]
        scale = first * (1 - second) * np.where(count > 1, count / np.maximum(count - 1, 1), 0.0)
        dev = (totals - means[psu_of]) * np.sqrt(scale[psu_of])[:, None]
        return np.asarray(dev.T @ dev, dtype=float)


def kish_n(weight: Floats) -> float:
    """Return (Σw)² / Σw², the effective sample size of unequal weights (Kish 1965); 0 without weight.

    >>> round(kish_n(np.array([1.0, 1.0, 2.0])), 4)
    2.6667
    """
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def group_totals(values: Floats, groups: Ints, domain: Ints, k: int) -> Floats:
    """Sum values by (group, domain): shape (groups, k).

    >>> group_totals(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1]), np.array([0, 1, -1]), 2)
    array([[1., 2.],
           [0., 0.]])
    """
    n = int(groups.max(initial=-1)) + 1
    inside = domain >= 0
    if not inside.all():
        groups, domain, values = groups[inside], domain[inside], values[inside]
    flat = groups if k == 1 else groups * k + domain
    return np.asarray(np.bincount(flat, weights=values, minlength=n * k), dtype=float).reshape(n, k)


def _pairs(units: Ints, domain: Ints, k: int) -> Ints:
    """Return which unit × domain pairs occur, as sorted numbers unit × k + domain."""
    inside = domain >= 0
    if not inside.all():
        units, domain = units[inside], domain[inside]
    width = max(k, 1)
    flat = units * width + domain
    size = (int(units.max(initial=-1)) + 1) * width
    if size > 8 * len(units):  # a table of marks would be larger than the rows are
        return np.unique(flat)
    seen = np.zeros(size, dtype=bool)
    seen[flat] = True
    return np.flatnonzero(seen)


def _count_by(pairs: Ints, k: int) -> Floats:
    return np.asarray(np.bincount(pairs % max(k, 1), minlength=k), dtype=float)
