"""The headline model: a discrete-time hazard of return with free durations and clustered errors.

Jenkins, S. P. (1995). Easy estimation methods for discrete-time duration models. Oxford Bulletin of
Economics and Statistics 57, 129-138. Prentice, R. L. & Gloeckler, L. A. (1978), Biometrics 34, 57-67
(complementary log-log link). Clustered covariance: Liang & Zeger (1986), Biometrika 73, 13-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import linalg

from evalkit.binary import Fit, Link, SeparationError, clustered_covariance, fit_binary, inverse_link
from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import Bounds, quantile_t, tail
from evalkit.risk.baselines import DurationGroups, group_durations, grouping_note, not_fitted
from evalkit.risk.metrics import auc
from evalkit.risk.person_years import WELFARE_RATIO, Spells
from evalkit.text import Text

LEAK_AUC = 0.95
"""A single feature that ranks returns better than this is refused as known only after the return."""

_MIN_MISSING = 5


@dataclass(frozen=True, eq=False)
class Columns:
    """How features become columns; learned from the person-years of the fit.

    Attributes
    ----------
    groups : DurationGroups
    kept : tuple of str
        Features that vary.
    medians : ndarray, shape (len(kept),)
        What stands in for a missing value.
    flagged : tuple of str
        Features with a missing-value indicator.
    scale : ndarray, shape (k,)
        Standard deviation by which each column is divided while fitting; 1 for durations.
    notes : tuple of Text
    """

    groups: DurationGroups
    kept: tuple[str, ...]
    medians: Floats
    flagged: tuple[str, ...]
    scale: Floats
    notes: tuple[Text, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns, k of them."""
        durations = tuple(f"duration_{label}" for label in self.groups.labels)
        return (*durations, *self.kept, *(f"{f}_missing" for f in self.flagged))

    def matrix(self, spells: Spells) -> Floats:
        """Return the columns of person-years, shape (n, k), in the units of the features."""
        code = self.groups.code(spells.duration)
        dummies = (code[:, None] == np.arange(len(self.groups.lower))).astype(float)
        values = _values(spells, self.kept)
        filled = np.where(np.isfinite(values), values, self.medians)
        absent = (~np.isfinite(_values(spells, self.flagged))).astype(float)
        return np.hstack([dummies, filled, absent])


@dataclass(frozen=True, eq=False)
class HazardFit:
    """What `DiscreteHazard.fit` learned.

    `coef` (k,) and `cov` (k, k) are in the units of the features; `clusters` is the number of
    clusters, `loglik` the weighted log-likelihood.
    """

    columns: Columns
    coef: Floats
    cov: Floats
    clusters: int
    n: int
    events: int
    loglik: float


@dataclass(frozen=True, eq=False)
class DiscreteHazard:
    """Probability of return in a wave given no return since the exit.

    A binary regression on person-years: one free level for each duration since exit (grouped where
    sparse, and said so) and features lagged one wave.

    Parameters
    ----------
    features : tuple of str, optional
        All features of the person-years by default.
    link : {"logit", "cloglog"}
    ridge : float
        Penalty ridge/2 Σ (coef × sd)² on features, not on durations; 0 for none.
    cluster : {"village", "county", "household"}
        Level of the clustered covariance: G/(G-1) times the sandwich with expected information, and t
        with G - 1 degrees of freedom. (statsmodels multiplies by a further (n-1)/(n-k).)
    weighted : bool
        Use household weights (pseudo-likelihood, weights scaled to mean one).

    Notes
    -----
    Missing features take the median of the fit, with an indicator where at least five returns and
    five others have them missing; constant features are left out; both are noted. A feature that
    alone ranks returns with an AUC above `LEAK_AUC` is refused.
    """

    features: tuple[str, ...] | None = None
    link: Link = "logit"
    ridge: float = 0.0
    cluster: str = "village"
    weighted: bool = True
    name: str = "hazard"
    fit_: HazardFit | None = field(default=None, repr=False)
    spells_: Spells | None = field(default=None, repr=False)

    def fit(self, spells: Spells) -> DiscreteHazard:
        """Return a fitted copy.

        Raises
        ------
        EstimationError
            Too few returns, separation, collinear or leaking features, one cluster only.
        """
        if self.link not in ("logit", "cloglog") or not self.ridge >= 0:
            msg = f"a hazard model takes link 'logit' or 'cloglog' and ridge >= 0, got {self.link!r}, {self.ridge}"
            raise EstimationError(msg)
        wanted = spells.features if self.features is None else tuple(self.features)
        absent = [f for f in wanted if f not in spells.frame]
        if absent:
            msg = f"the person-years have no feature {', '.join(absent)}; they have: {', '.join(spells.features)}"
            raise EstimationError(msg)
        check_leak(spells, wanted)
        weight = spells.weight / spells.weight.mean() if self.weighted else np.ones(len(spells))
        columns = _learn_columns(spells, wanted)
        x = columns.matrix(spells) / columns.scale
        if self.ridge == 0:
            _check_rank(x, weight, columns.terms)
        penalty = np.full(x.shape[1], float(self.ridge))
        penalty[: len(columns.groups.lower)] = 0.0
        found = self._solve(x, spells, weight, penalty, columns)
        cluster = spells.clusters(self.cluster)
        meat = clustered_covariance(found.scores, cluster)
        cov = found.bread @ meat @ found.bread / np.outer(columns.scale, columns.scale)
        result = HazardFit(
            columns,
            found.coef / columns.scale,
            cov,
            len(np.unique(cluster)),
            len(spells),
            spells.events,
            found.loglik,
        )
        return replace(self, fit_=result, spells_=spells)

    def _solve(self, x: Floats, spells: Spells, weight: Floats, penalty: Floats, columns: Columns) -> Fit:
        try:
            return fit_binary(x, spells.event, weight, link=self.link, penalty=penalty)
        except SeparationError as fault:
            term = columns.terms[fault.term]
            used = x[:, fault.term] != 0
            hits = int(spells.event[used].sum())
            msg = (
                f"the term {term!r} separates returns from the rest: {hits} of the {int(used.sum())} household-waves "
                f"where it is not zero are returns ({spells.events} of {len(spells)} in all); leave it out of "
                "return_risk.features, or use ridge > 0"
            )
            raise EstimationError(msg) from fault

    @property
    def fitted(self) -> HazardFit:
        """What was learned.

        Raises
        ------
        EstimationError
            Before `fit`.
        """
        if self.fit_ is None:
            raise not_fitted(self.name)
        return self.fit_

    @property
    def coef_(self) -> Floats:
        """Coefficients, shape (k,)."""
        return self.fitted.coef

    @property
    def terms_(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.fitted.columns.terms

    def predict(self, spells: Spells) -> Floats:
        """Return the probability of return, shape (n,)."""
        return inverse_link(self.link, self.fitted.columns.matrix(spells) @ self.fitted.coef)

    def scores(self, spells: Spells) -> Floats:
        """Return what households are ranked by, highest risk first, shape (n,)."""
        return self.fitted.columns.matrix(spells) @ self.fitted.coef

    def predict_interval(self, spells: Spells, level: float = 0.95) -> Bounds:
        """Return limits of each household's probability, shape (n,), by the delta method on the link scale."""
        x = self.fitted.columns.matrix(spells)
        eta = x @ self.fitted.coef
        se = np.sqrt(np.einsum("ij,jk,ik->i", x, self.fitted.cov, x))
        half = se * quantile_t(1 - tail(level, "two"), np.array([self.fitted.clusters - 1.0]))[0]
        return Bounds(inverse_link(self.link, eta - half), inverse_link(self.link, eta + half))

    def coefficients(self) -> Estimate:
        """Return coefficients with clustered covariance, key ``term``."""
        got = self.fitted
        k = len(got.coef)
        scale = "log-odds" if self.link == "logit" else "log hazard"
        about = About(
            estimand="return_hazard",
            method=f"discrete-time hazard, {self.link} link, one level per duration since exit"
            + (f", ridge {self.ridge:g}" if self.ridge else ""),
            citation="Jenkins (1995), Oxford Bull. Econ. Stat. 57, 129-138; Liang & Zeger (1986), Biometrika 73, 13-22",
            unit=scale,
            notes=(*self.remarks(), self._cluster_note()),
        )
        return Estimate(
            pd.DataFrame({"term": list(self.terms_)}),
            got.coef,
            got.cov,
            np.full(k, got.clusters - 1.0),
            np.full(k, float(got.n)),
            about,
            clusters=np.full(k, float(got.clusters)),
        )

    def remarks(self) -> tuple[Text, ...]:
        """Return what there is to say about the fit."""
        return () if self.fit_ is None else self.fit_.columns.notes

    def _cluster_note(self) -> Text:
        unit = self.cluster
        if unit == "village" and self.spells_ is not None:
            unit = self.spells_.cluster_unit
        zh = {"village": "村", "psu": "初级抽样单元", "household": "户", "county": "县"}[unit]
        got = self.fitted
        return Text(
            en=f"{got.events:,} returns in {got.n:,} household-waves; errors clustered by {unit} ({got.clusters} clusters).",
            zh=f"{got.n:,}个户年中有{got.events:,}例返贫；标准误按{zh}聚类（{got.clusters}个）。",
        )


def check_leak(spells: Spells, features: tuple[str, ...]) -> None:
    """Refuse a feature that ranks returns too well to have been known before them.

    Raises
    ------
    EstimationError
        If a feature other than the welfare ratio has an AUC above `LEAK_AUC`, either way round.
    """
    y, weight = spells.event, spells.weight
    if not 0 < y.sum() < len(y):
        return
    for name in features:
        values = spells.frame[name].to_numpy(dtype=float)
        seen = np.isfinite(values)
        if name == WELFARE_RATIO or not 0 < y[seen].sum() < seen.sum():
            continue
        area = auc(y[seen], values[seen], weight[seen]).value
        if max(area, 1 - area) > LEAK_AUC:
            msg = (
                f"the feature {name!r} alone ranks returns with an AUC of {max(area, 1 - area):.3f}, which nothing "
                "known one wave earlier does: it looks like a leak from the future. Leave it out of return_risk.features"
            )
            raise EstimationError(msg)


def _values(spells: Spells, names: tuple[str, ...]) -> Floats:
    return spells.frame[list(names)].to_numpy(dtype=float).reshape(len(spells), len(names))


def _learn_columns(spells: Spells, wanted: tuple[str, ...]) -> Columns:
    groups = group_durations(spells.duration, spells.event)
    values = _values(spells, wanted)
    notes = list(grouping_note(groups))
    kept, medians, flagged, scale = [], [], [], [1.0] * len(groups.lower)
    patterns: set[bytes] = set()
    indicator_scale = []
    for j, name in enumerate(wanted):
        seen = np.isfinite(values[:, j])
        if not seen.any() or np.ptp(values[seen, j]) == 0:
            notes.append(_constant_note(name, len(spells)))
            continue
        kept.append(name)
        medians.append(float(np.median(values[seen, j])))
        scale.append(float(np.where(seen, values[:, j], medians[-1]).std()))
        if not seen.all():
            hits, out = int(spells.event[~seen].sum()), int((~seen).sum())
            enough = min(hits, out - hits) >= _MIN_MISSING and (~seen).tobytes() not in patterns
            notes.append(_missing_note(name, out, medians[-1], indicator=enough))
            if enough:
                patterns.add((~seen).tobytes())
                flagged.append(name)
                indicator_scale.append(float(seen.std()))
    return Columns(
        groups,
        tuple(kept),
        np.array(medians),
        tuple(flagged),
        np.array(scale + indicator_scale),
        tuple(notes),
    )


def _constant_note(name: str, n: int) -> Text:
    return Text(
        en=f"The feature {name!r} does not vary among the {n} household-waves of the fit and is left out.",
        zh=f"特征{name}在用于拟合的{n}个户年中没有变化，未使用。",
    )


def _missing_note(name: str, missing: int, median: float, *, indicator: bool) -> Text:
    extra_en = " and have an indicator of their own" if indicator else ""
    extra_zh = "，并加缺失标识" if indicator else ""
    return Text(
        en=f"{missing:,} household-waves lack {name!r}; they take the median {median:g}{extra_en}.",
        zh=f"{missing:,}个户年缺少特征{name}，以中位数{median:g}代替{extra_zh}。",
    )


def _check_rank(x: Floats, weight: Floats, terms: tuple[str, ...]) -> None:
    gram = (x * weight[:, None]).T @ x
    norm = np.sqrt(np.diag(gram))
    _, r, order = linalg.qr(gram / np.outer(norm, norm), pivoting=True)
    small = np.abs(np.diag(r)) < 1e-10 * abs(r[0, 0])
    if small.any():
        names = ", ".join(sorted(terms[i] for i in order[small]))
        msg = f"these features are combinations of the others: {names}; leave them out, or use ridge > 0"
        raise EstimationError(msg)
