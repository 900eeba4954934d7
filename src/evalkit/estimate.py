"""`Estimate`: values with their covariance, and how they were made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from evalkit.errors import EstimationError
from evalkit.intervals import Bounds, Rule, Side, interval
from evalkit.tails import chi2_tail, f_tail, normal_tail, student_tail
from evalkit.text import Text, text_from

Floats = NDArray[np.float64]

TIDY = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df", "n")
"""Columns of `Estimate.tidy` after the keys."""
SHARES = np.array([[0.0, 1.0]])
"""What a share can be."""


@dataclass(frozen=True)
class About:
    """How an estimate was made; tables print it as their source note.

    Parameters
    ----------
    estimand : str
        What is estimated, a name of the vocabulary (``"headcount"``).
    method : str
        How, in a phrase.
    citation : str
        Paper and equation.
    unit : str
        ``share``, ``currency``, ``log``, ``persons`` …
    interval : str
        Rule of `evalkit.intervals.interval`; ``fixed`` when limits are stored.
    notes : tuple of Text
        Caveats printed under every table of the estimate.
    prior_deff : float
        Rule ``kg``: design effect assumed for a share of 0 or 1.
    """

    estimand: str
    method: str = ""
    citation: str = ""
    unit: str = ""
    interval: Rule = "t"
    notes: tuple[Text, ...] = ()
    prior_deff: float = 1.0


@dataclass(frozen=True, eq=False)
class Estimate:
    """k values, their joint covariance and their keys.

    Parameters
    ----------
    keys : DataFrame, k rows
        What each value belongs to (``county``, ``wave`` …); may have no columns when k = 1.
    values : ndarray, shape (k,)
        NaN where a domain has no data.
    cov : ndarray, shape (k, k)
        Covariance of the values; NaN where no sampling error can be estimated.
    df : ndarray, shape (k,)
        Degrees of freedom, ``inf`` for the normal.
    n : ndarray, shape (k,)
        Sampled units (rows) behind each value.
    about : About
    bounds : ndarray, shape (k, 2), optional
        Stored limits at `level`, for statistics whose interval does not follow from the standard error.
    level : float
        Default confidence level.
    clusters : ndarray, shape (k,), optional
        Number of primary sampling units or clusters behind each value.
    span : ndarray, shape (k, 2), optional
        Least and largest possible value of each; the rules for shares then work on the place between them. 0 and 1 by default.
    """

    keys: pd.DataFrame
    values: Floats
    cov: Floats
    df: Floats
    n: Floats
    about: About
    bounds: Floats | None = None
    level: float = 0.95
    clusters: Floats | None = field(default=None, repr=False)
    span: Floats | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        k = len(self.keys)
        shapes = {"values": (k,), "cov": (k, k), "df": (k,), "n": (k,)}
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name), dtype=float)
            if value.shape != shape:
                msg = f"Estimate.{name} has shape {value.shape}, keys have {k} rows: expected {shape}"
                raise EstimationError(msg)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "keys", self.keys.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def std_error(self) -> Floats:
        """Standard errors, shape (k,)."""
        variance = np.maximum(np.diag(self.cov), 0.0)  # a sum that is constant may round below zero
        return np.asarray(np.sqrt(variance), dtype=float)

    def confint(self, level: float | None = None, side: Side = "two") -> Bounds:
        """Return confidence limits by the estimate's own rule.

        Raises
        ------
        EstimationError
            If the limits are stored (`about.interval` is ``fixed``) for another level or side.
        """
        level = self.level if level is None else level
        if self.about.interval == "fixed":
            if self.bounds is None or level != self.level or side != "two":
                msg = (
                    f"{self.about.estimand}: its limits do not follow from the standard error and are stored for "
                    f"{self.level:.0%} two-sided only, not for {level:.0%} {side}-sided; use std_error and df for t limits"
                )
                raise EstimationError(msg)
            return Bounds(self.bounds[:, 0], self.bounds[:, 1])
        span = SHARES if self.span is None or self.about.interval == "t" else self.span
        least, width = span[:, 0], span[:, 1] - span[:, 0]
        fixed = width < 1e-9  # one possible value: known without data
        scale = np.where(fixed, 1.0, width)
        value, se, deff = (self.values - least) / scale, self.std_error / scale, self.about.prior_deff
        found = interval(
            self.about.interval, value, se, self.df, self.n, level=level, side=side, prior_deff=deff
        )
        low, high = (np.where(fixed, self.values, least + scale * end) for end in (found.low, found.high))
        return Bounds(low, high)

    def tidy(self, level: float | None = None) -> pd.DataFrame:
        """Return keys and ``estimate, std_error, conf_low, conf_high, p_value, df, n``, one row a value.

        `p_value` is two-sided, for the hypothesis that the value is zero.
        """
        limits = self.confint(level)
        out = self.keys.copy()
        out["estimate"] = self.values
        out["std_error"] = self.std_error
        out["conf_low"], out["conf_high"] = limits.low, limits.high
        out["p_value"] = p_values(self.values, self.std_error, self.df)
        out["df"], out["n"] = self.df, self.n
        return out

    def where(self, **keys: object) -> Estimate:
        """Return the values whose keys equal (or are in a list of) what is given.

        Raises
        ------
        EstimationError
            If a key does not exist, or nothing is left.
        """
        keep = np.ones(len(self), dtype=bool)
        for name, wanted in keys.items():
            if name not in self.keys:
                msg = f"{self.about.estimand} has no key {name!r}; keys: {', '.join(self.keys.columns) or 'none'}"
                raise EstimationError(msg)
            options = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
            keep &= self.keys[name].isin(options).to_numpy()
        if not keep.any():
            msg = f"{self.about.estimand}: no value for {keys}"
            raise EstimationError(msg)
        return self.take(np.flatnonzero(keep))

    def take(self, index: ArrayLike) -> Estimate:
        """Return the values at integer positions, in that order."""
        at = np.asarray(index, dtype=int)
        return replace(
            self,
            keys=self.keys.iloc[at],
            values=self.values[at],
            cov=self.cov[np.ix_(at, at)],
            df=self.df[at],
            n=self.n[at],
            bounds=None if self.bounds is None else self.bounds[at],
            clusters=None if self.clusters is None else self.clusters[at],
            span=None if self.span is None else self.span[at],
        )

    def contrast(self, weights: ArrayLike, keys: pd.DataFrame | None = None, estimand: str = "") -> Estimate:
        """Return linear combinations ``weights @ values`` with covariance ``weights cov weights'``.

        Parameters
        ----------
        weights : array_like, shape (k,) or (m, k)
        keys : DataFrame, m rows, optional
            Keys of the result.
        estimand : str
            Name of the result; the estimate's own by default.

        Notes
        -----
        Degrees of freedom and n of a combination are the smallest among the values it uses.
        """
        mat = np.atleast_2d(np.asarray(weights, dtype=float))
        if mat.shape[1] != len(self):
            msg = f"a contrast of {self.about.estimand} needs {len(self)} weights, got {mat.shape[1]}"
            raise EstimationError(msg)
        used = mat != 0
        value = np.where(used, self.values, 0.0)
        values = np.einsum("mk,mk->m", mat, value)
        cov = _sandwich(mat, self.cov)
        smallest = np.where(used, self.df, np.inf).min(axis=1, initial=np.inf)
        least = np.where(used, self.n, np.inf).min(axis=1, initial=np.inf)
        rule: Rule = "none" if self.about.interval == "none" else "t"
        about = replace(self.about, estimand=estimand or self.about.estimand, interval=rule)
        if keys is None:
            keys = pd.DataFrame(index=range(len(mat)))
        return Estimate(keys, values, cov, smallest, least, about, level=self.level)

    def difference(self, key: str, frm: object, to: object) -> Estimate:
        """Return value at ``key == to`` minus value at ``key == frm``, matched on the other keys.

        Shares that are 0 or 1 on both sides (positive measures: 0) have no standard error, nor has their difference.

        Raises
        ------
        EstimationError
            If the key is missing, or a level has no partner.
        """
        rest = [c for c in self.keys.columns if c != key]
        if key not in self.keys:
            msg = f"{self.about.estimand} has no key {key!r} to take a difference over"
            raise EstimationError(msg)
        index = self.keys.assign(_at=range(len(self)))
        first, last = (index.loc[index[key] == v, [*rest, "_at"]] for v in (frm, to))
        if rest:
            both = last.merge(first, on=rest, suffixes=("_to", "_frm"))
        else:
            both = last.merge(first, how="cross", suffixes=("_to", "_frm"))
        if both.empty:
            msg = f"{self.about.estimand}: no pair {key} = {frm!r} → {to!r}; levels: {sorted(set(self.keys[key]))}"
            raise EstimationError(msg)
        mat = np.zeros((len(both), len(self)))
        rows = np.arange(len(both))
        mat[rows, both["_at_to"]] += 1.0
        mat[rows, both["_at_frm"]] -= 1.0
        found = self.contrast(mat, keys=both[rest], estimand=f"change in {self.about.estimand}")
        if self.about.interval not in ("kg", "share", "log"):
            return found
        fixed = self.std_error[[both["_at_to"], both["_at_frm"]]].max(axis=0) == 0
        if not fixed.any():
            return found
        cov = found.cov.copy()
        cov[fixed, :] = np.nan
        cov[:, fixed] = np.nan
        return replace(found, cov=cov)

    def delta(self, function: Callable[[Floats], Floats], jacobian: ArrayLike, about: About) -> Estimate:
        """Return a smooth element-wise function of the values, its covariance by the delta method.

        Parameters
        ----------
        function : callable
            From values, shape (k,), to new values, shape (k,).
        jacobian : array_like, shape (k,)
            Derivative of the function at the values.
        about : About
            What the result is.
        """
        scale = np.asarray(jacobian, dtype=float)
        return replace(
            self,
            values=function(self.values),
            cov=self.cov * np.outer(scale, scale),
            about=about,
            bounds=None,
            span=None,
        )

    def wald(self) -> Wald:
        """Return the joint test that all values are zero.

        Chi-square where the degrees of freedom are infinite; else the adjusted Wald test, the statistic times
        (d - k + 1) / (d k) against F(k, d - k + 1) with the smallest d (Korn & Graubard 1990, Am. Stat. 44).

        Raises
        ------
        EstimationError
            The covariance has no full rank, or d is too small for k values.
        """
        rank, df = int(np.linalg.matrix_rank(self.cov)), float(self.df.min())
        if rank < len(self) or not np.isfinite(self.cov).all():
            msg = (
                f"{self.about.estimand}: the covariance of {len(self)} values has rank {rank}; no joint test"
            )
            raise EstimationError(msg)
        stat = float(self.values @ linalg.solve(self.cov, self.values, assume_a="pos"))
        if np.isinf(df):
            return Wald(stat, rank, df, float(chi2_tail(stat, rank)))
        rest = df - rank + 1
        if rest <= 0:
            msg = f"{self.about.estimand}: {df:.1f} degrees of freedom are too few to test {rank} values jointly"
            raise EstimationError(msg)
        return Wald(stat, rank, df, float(f_tail(stat * rest / (df * rank), rank, rest)))

    def with_notes(self, *notes: Text) -> Estimate:
        """Return the same estimate with more notes."""
        return replace(self, about=replace(self.about, notes=(*self.about.notes, *notes)))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; `from_dict` is its inverse (NaN becomes None)."""
        about = asdict(self.about)
        return {
            "about": about,
            "keys": {str(c): self.keys[c].tolist() for c in self.keys.columns},
            "k": len(self),
            "values": _plain(self.values),
            "cov": [_plain(row) for row in self.cov],
            "df": _plain(self.df),
            "n": _plain(self.n),
            "bounds": None if self.bounds is None else [_plain(row) for row in self.bounds],
            "level": self.level,
            "clusters": None if self.clusters is None else _plain(self.clusters),
            "span": None if self.span is None else [_plain(row) for row in self.span],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Estimate:
        """Return the estimate that `to_dict` wrote."""
        about = dict(data["about"])
        about["notes"] = tuple(text_from(n) for n in about["notes"])
        k = int(data["k"])
        bounds, clusters, span = data["bounds"], data["clusters"], data["span"]
        return cls(
            keys=pd.DataFrame(data["keys"], index=range(k)),
            values=_floats(data["values"]),
            cov=np.array([_floats(row) for row in data["cov"]], dtype=float).reshape(k, k),
            df=_floats(data["df"]),
            n=_floats(data["n"]),
            about=About(**about),
            bounds=None if bounds is None else np.array([_floats(row) for row in bounds]),
            level=float(data["level"]),
            clusters=None if clusters is None else _floats(clusters),
            span=None if span is None else np.array([_floats(row) for row in span]),
        )


@dataclass(frozen=True)
class Wald:
    """A joint test: statistic (chi-square scale), its rank, denominator df, p value."""

    statistic: float
    rank: int
    df: float
    p_value: float


def p_values(value: Floats, se: Floats, df: Floats) -> Floats:
    """Return two-sided p values of value = 0, shape (k,); NaN without a standard error.

    >>> p_values(np.array([1.96]), np.array([1.0]), np.array([np.inf])).round(3)
    array([0.05])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(np.asarray(value, dtype=float) / np.asarray(se, dtype=float))
    df = np.asarray(df, dtype=float)
    out = np.full(t.shape, np.nan)
    ok = np.isfinite(t) & (df > 0)
    out[ok] = 2 * np.where(
        np.isinf(df[ok]), normal_tail(t[ok]), student_tail(t[ok], np.where(np.isinf(df[ok]), 1, df[ok]))
    )
    return out


def _sandwich(mat: Floats, cov: Floats) -> Floats:
    """Return mat cov mat', letting NaN of unused values have no say."""
    used = (mat != 0).any(axis=0)
    part = mat[:, used]
    if np.isfinite(cov[np.ix_(used, used)]).all():
        return np.asarray(part @ cov[np.ix_(used, used)] @ part.T, dtype=float)
    m = len(mat)
    out = np.full((m, m), np.nan)
    for i in range(m):
        for j in range(m):
            a, b = mat[i] != 0, mat[j] != 0
            out[i, j] = mat[i, a] @ cov[np.ix_(a, b)] @ mat[j, b]
    return out


def _plain(values: Floats) -> list[float | str | None]:
    return [None if np.isnan(v) else ("inf" if np.isposinf(v) else float(v)) for v in values]


def _floats(values: Sequence[float | str | None]) -> Floats:
    return np.array([np.nan if v is None else float(v) for v in values], dtype=float)
