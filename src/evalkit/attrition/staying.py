"""`staying_model`: a probit or logit of being seen later on what was known before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.attrition.covariates import Columns, coefficients_of, columns_of, model_sample
from evalkit.attrition.presence import presence
from evalkit.binary import Fit, SeparationError, fit_binary, inverse_link
from evalkit.design import Sample
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate, Wald
from evalkit.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
StayLink = Literal["logit", "probit"]

CITATION = "Fitzgerald, Gottschalk & Moffitt (1998), J. Human Resources 33, 251-299"


@dataclass(frozen=True, eq=False)
class StayingModel:
    """A fitted model of being seen.

    Attributes
    ----------
    coefficients : Estimate
        Key ``term``, on the scale of the link.
    pseudo_r2 : float
        1 - loglik / loglik of the constant alone (McFadden 1974).
    joint : Wald or None
        All covariates together; None where the clusters are too few.
    stayed, left : int
    """

    coefficients: Estimate
    pseudo_r2: float
    joint: Wald | None
    stayed: int
    left: int

    def tidy(self) -> pd.DataFrame:
        """Return the coefficients with their errors."""
        return self.coefficients.tidy()


@dataclass(frozen=True, eq=False)
class Fitted:
    """Probabilities of n households, shape (n,), the fit behind them and the scale of its columns."""

    probability: Floats
    fit: Fit
    centre: Floats
    scale: Floats
    pseudo_r2: float


def staying_model(
    panel: Panel,
    covariates: Sequence[str],
    *,
    link: StayLink = "probit",
    to: int | None = None,
    events: pd.DataFrame | None = None,
) -> StayingModel:
    """Model being seen in a later wave on covariates of the first wave, with design weights and errors.

    Parameters
    ----------
    panel : Panel
    covariates : sequence of str
        Roles or columns, read in the first wave.
    link : {"probit", "logit"}
    to : int, optional
        The later wave; the last one by default.
    events : DataFrame, optional
        See `attrition_table`: households that died out or merged are left out.

    Raises
    ------
    EstimationError
        Nobody or everybody stays, or a covariate separates them.
    DataError
        A covariate is absent or missing.
    """
    there = presence(panel, events)
    if to is not None and to not in there.waves[1:]:
        msg = f"to={to} is no later wave of the panel; it has {', '.join(map(str, there.waves))}"
        raise EstimationError(msg)
    end = len(there.waves) - 1 if to is None else there.waves.index(to)
    at = np.flatnonzero(there.seen[:, 0] & ~there.ended[:, end])
    rows = there.row[at, 0]
    stayed = there.seen[at, end]
    x = columns_of(panel, rows, covariates, f"in {there.waves[0]}")
    sample, said = model_sample(panel)
    done = fit_staying(x, stayed, sample.weight[rows], link, f"{there.waves[0]} → {there.waves[end]}")
    about = About(
        estimand=f"seen in {there.waves[end]} ({link})",
        method=f"weighted {link} of being seen on baseline covariates",
        citation=CITATION,
        notes=(said,),
    )
    found = _coefficients(x, done, rows, sample, about)
    try:
        joint = found.take(range(1, len(found))).wald()
    except EstimationError:
        joint = None
    return StayingModel(found, done.pseudo_r2, joint, int(stayed.sum()), int((~stayed).sum()))


def fit_staying(x: Columns, stayed: NDArray[np.bool_], weight: Floats, link: StayLink, where: str) -> Fitted:
    """Fit the model on standardised columns.

    Raises
    ------
    EstimationError
        Nobody or everybody stays, or a covariate separates them.
    """
    y = stayed.astype(float)
    total = weight.sum()
    share = float(weight @ y / total) if total > 0 else 0.0
    if not 0 < share < 1:
        msg = f"{where}: {'everybody stays' if share >= 1 else 'nobody stays'}; there is nothing to model"
        raise EstimationError(msg)
    centre = weight @ x.values / total
    scale = np.sqrt(weight @ (x.values - centre) ** 2 / total)
    centre[0], scale[0] = 0.0, 1.0
    scale = np.where(scale > 0, scale, 1.0)
    scaled = (x.values - centre) / scale
    try:
        fit = fit_binary(scaled, y, weight * (len(y) / total), link=link)
    except SeparationError as error:
        msg = (
            f"{where}: {x.names[error.term]!r} separates those who stay from those who leave, so their chances cannot be "
            "told; merge its categories or leave it out"
        )
        raise EstimationError(msg) from error
    null = len(y) * (share * np.log(share) + (1 - share) * np.log(1 - share))
    return Fitted(inverse_link(link, scaled @ fit.coef), fit, centre, scale, 1 - fit.loglik / null)


def _coefficients(x: Columns, done: Fitted, rows: Ints, sample: Sample, about: About) -> Estimate:
    """Return coefficients of the covariates as they are, with the covariance of the design."""
    back = np.diag(1 / done.scale)
    back[0] = back[0] - done.centre / done.scale
    weight = sample.weight[rows][:, None]
    z = np.divide(done.fit.scores, weight, out=np.zeros_like(done.fit.scores), where=weight > 0)
    z = z @ done.fit.bread @ back.T
    return coefficients_of(list(x.names), back @ done.fit.coef, z, rows, sample, about)
