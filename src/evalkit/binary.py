"""Iteratively reweighted least squares for binary labels, on arrays; a ridge penalty where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, special

from evalkit.design import Floats, Ints, Sample
from evalkit.errors import EstimationError

Link = Literal["logit", "cloglog", "probit"]

_MAX_STEPS = 60
_TINY = 1e-15


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted binary regression with k terms.

    Attributes
    ----------
    coef : ndarray, shape (k,)
    bread : ndarray, shape (k, k)
        Inverse of the (penalised) expected information.
    scores : ndarray, shape (n, k)
        Score contribution of each row at the solution.
    loglik : float
        Weighted log-likelihood without the penalty.
    """

    coef: Floats
    bread: Floats
    scores: Floats
    loglik: float


def inverse_link(link: Link, eta: Floats) -> Floats:
    """Return probabilities of a linear predictor.

    >>> inverse_link("cloglog", np.array([0.0])).round(6), inverse_link("logit", np.array([0.0]))
    (array([0.632121]), array([0.5]))
    """
    eta = np.clip(eta, -700.0, 700.0)
    if link == "logit":
        return np.asarray(
            np.where(
                eta >= 0, 1 / (1 + np.exp(-np.abs(eta))), np.exp(-np.abs(eta)) / (1 + np.exp(-np.abs(eta)))
            )
        )
    if link == "probit":
        return np.asarray(special.ndtr(np.clip(eta, -8.0, 8.0)))
    return np.asarray(-np.expm1(-np.exp(np.minimum(eta, 50.0))))


def link_slope(link: Link, eta: Floats, mu: Floats) -> Floats:
    """Return the derivative of the probability with respect to the linear predictor."""
    if link == "logit":
        return np.asarray(mu * (1 - mu))
    if link == "probit":
        return np.asarray(np.exp(-0.5 * np.clip(eta, -8.0, 8.0) ** 2) / np.sqrt(2 * np.pi))
    bounded = np.clip(eta, -700.0, 50.0)
    return np.asarray(np.exp(bounded - np.exp(bounded)))


def link_of(link: Link, mu: Floats) -> Floats:
    """Return the linear predictor of probabilities strictly between 0 and 1."""
    if link == "probit":
        return np.asarray(special.ndtri(mu))
    return np.asarray(np.log(mu / (1 - mu)) if link == "logit" else np.log(-np.log1p(-mu)))


def fit_binary(
    x: Floats, y: Floats, weight: Floats, *, link: Link = "logit", penalty: Floats | None = None
) -> Fit:
    """Fit by Fisher scoring with step halving.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Columns of similar scale.
    y : ndarray of 0 and 1, shape (n,)
    weight : ndarray, shape (n,)
        Weights of the pseudo-likelihood, used as they are.
    link : {"logit", "cloglog", "probit"}
    penalty : ndarray, shape (k,), optional
        The criterion is loglik - Σ penalty coef² / 2.

    Returns
    -------
    Fit

    Raises
    ------
    SeparationError
        If the information about a term vanishes: the labels are separated by it.
    EstimationError
        If the steps do not settle.

    Examples
    --------
    >>> fit = fit_binary(np.ones((4, 1)), np.array([1.0, 0, 0, 0]), np.ones(4))
    >>> round(float(inverse_link("logit", fit.coef)[0]), 6)
    0.25
    """
    ridge = np.zeros(x.shape[1]) if penalty is None else penalty
    coef = np.zeros(x.shape[1])
    reference = np.einsum("ij,ij,i->j", x, x, weight) * max(_share(y, weight), _TINY)
    value = _criterion(x @ coef, y, weight, link, coef, ridge)
    for _ in range(_MAX_STEPS):
        gradient, info, _ = _derivatives(x, y, weight, link, coef, ridge)
        if (np.diag(info) < 1e-8 * reference).any():
            raise SeparationError(int(np.argmin(np.diag(info) / np.maximum(reference, _TINY))))
        if _flat(info, coef) >= 0:
            raise SeparationError(_flat(info, coef))
        move = np.asarray(linalg.solve(info, gradient, assume_a="pos"), dtype=float)
        for _halving in range(30):
            trial = _criterion(x @ (coef + move), y, weight, link, coef + move, ridge)
            if trial >= value - 1e-12 * abs(value):
                break
            move = move / 2
        coef, value = coef + move, trial
        if np.abs(move).max(initial=0.0) < 1e-11 * (1 + np.abs(coef).max(initial=0.0)):
            break
    else:
        msg = f"the binary model did not converge in {_MAX_STEPS} steps; use fewer features, or ridge > 0"
        raise EstimationError(msg)
    _, info, scores = _derivatives(x, y, weight, link, coef, ridge)
    bread = np.asarray(linalg.inv(info), dtype=float)
    return Fit(coef, bread, scores, _criterion(x @ coef, y, weight, link, coef, ridge * 0))


class SeparationError(EstimationError):
    """The labels are perfectly predicted where a column is not zero; `term` is its position."""

    def __init__(self, term: int) -> None:
        super().__init__(f"the labels are separated by column {term}")
        self.term = term


def clustered_covariance(influence: Floats, cluster: Ints) -> Floats:
    """Return G/(G-1) Σ_g t_g t_g' of cluster sums t_g about their mean, shape (m, m).

    Parameters
    ----------
    influence : ndarray, shape (n, m)
        Influence values of m statistics, weights included.
    cluster : ndarray of int, shape (n,)

    Raises
    ------
    EstimationError
        With fewer than two clusters.

    Examples
    --------
    >>> clustered_covariance(np.array([[1.0], [1.0], [-2.0]]), np.array([0, 0, 1]))
    array([[16.]])
    """
    n, m = influence.shape
    if len(np.unique(cluster)) < 2:
        msg = "there is one cluster only, which gives no standard error; choose cluster 'household'"
        raise EstimationError(msg)
    sample = Sample(np.ones(n), np.zeros(n, dtype=np.intp), (cluster,), (), "error", census=False)
    everywhere = np.zeros(n, dtype=np.intp)
    return sample.covariance_of([influence[:, j] for j in range(m)], [everywhere] * m, 1)


def _flat(info: Floats, coef: Floats) -> int:
    """Return the column with the largest coefficient along a direction without information, -1 if there is none."""
    size = np.sqrt(np.diag(info))
    values, vectors = linalg.eigh(info / np.outer(size, size))
    if values[0] > 1e-14 * len(values):
        return -1
    return int(np.argmax(np.abs(vectors[:, 0] / size * coef)[1:])) + 1 if len(coef) > 1 else 0


def _share(y: Floats, weight: Floats) -> float:
    share = float(weight @ y / weight.sum())
    return share * (1 - share)


def _criterion(eta: Floats, y: Floats, weight: Floats, link: Link, coef: Floats, ridge: Floats) -> float:
    if link == "logit":
        terms = y * eta - np.logaddexp(0.0, eta)
    elif link == "probit":
        terms = special.log_ndtr(np.where(y > 0, 1.0, -1.0) * np.clip(eta, -8.0, 8.0))
    else:
        rate = np.exp(np.minimum(eta, 50.0))
        terms = np.where(y > 0, np.log(np.maximum(-np.expm1(-rate), 1e-300)), -rate)
    return float(weight @ terms - 0.5 * (ridge @ coef**2))


def _derivatives(
    x: Floats, y: Floats, weight: Floats, link: Link, coef: Floats, ridge: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return gradient (k,), expected information (k, k) and row scores (n, k)."""
    eta = x @ coef
    mu = inverse_link(link, eta)
    slope = link_slope(link, eta, mu)
    spread = np.maximum(mu * (1 - mu), _TINY)
    scores = x * (weight * (y - mu) * slope / spread)[:, None]
    info = (x * (weight * slope**2 / spread)[:, None]).T @ x + np.diag(ridge)
    return scores.sum(axis=0) - ridge * coef, info, scores
