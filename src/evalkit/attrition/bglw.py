"""`bglw_test`: whether those who will leave differ at baseline, in level or in what goes with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.attrition.covariates import Columns, coefficients_of, columns_of, model_sample
from evalkit.attrition.presence import presence
from evalkit.design import Sample
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.panel import Panel
from evalkit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

LEAVER = "leaver"
DETERMINED = 1e-10
"""Residual share of the outcome's variation up to which covariates are taken to determine it."""
CONSTANT = 1e-20
"""Share of its sum of squares up to which the variation of an outcome is rounding."""
CITATION = "Becketti, Gould, Lillard & Welch (1988), J. Labor Econ. 6, 472-492"


@dataclass(frozen=True)
class JointTest:
    """An adjusted Wald test: F statistic, its degrees of freedom, p value; NaN where it cannot be made."""

    name: str
    statistic: float
    df_num: int
    df_den: float
    p_value: float


@dataclass(frozen=True, eq=False)
class BglwTest:
    """Result of `bglw_test`.

    Attributes
    ----------
    coefficients : Estimate
        Key ``term``: the constant, the covariates, ``leaver`` and ``leaver × …``: how the equation of those who will
        leave differs from that of those who stay.
    tests : tuple of JointTest
        ``all`` (leaver and its interactions), ``slopes`` (the interactions), ``level`` (leaver in the equation
        without interactions).
    leavers, stayers : int
        Households behind it.
    """

    coefficients: Estimate
    tests: tuple[JointTest, ...]
    leavers: int
    stayers: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a test: ``test, statistic, df_num, df_den, p_value, leavers, stayers``."""
        rows = [[t.name, t.statistic, t.df_num, t.df_den, t.p_value] for t in self.tests]
        out = pd.DataFrame(rows, columns=["test", "statistic", "df_num", "df_den", "p_value"])
        return out.assign(leavers=self.leavers, stayers=self.stayers)


def bglw_test(
    panel: Panel,
    outcome: str = "welfare",
    covariates: Sequence[str] = (),
    *,
    log: bool = False,
    to: int | None = None,
    events: pd.DataFrame | None = None,
) -> BglwTest:
    """Test whether households that will leave differ at baseline (Becketti, Gould, Lillard & Welch 1988).

    The outcome of the first wave is regressed on covariates of the first wave, a mark for households that are
    not seen later, and their products, with design weights. Errors follow the design.

    Parameters
    ----------
    panel : Panel
    outcome : str
        Role or column, read in the first wave.
    covariates : sequence of str
        Roles or columns, read in the first wave.
    log : bool
        Take the logarithm of the outcome.
    to : int, optional
        Leavers are those not seen in this wave; the last one by default.
    events : DataFrame, optional
        See `attrition_table`: households that died out or merged are no leavers and are left out.

    Returns
    -------
    BglwTest

    Raises
    ------
    EstimationError
        Nobody or everybody leaves, fewer leavers than terms, a logarithm of what is not positive; covariates that hold
        or determine the outcome, which leave no errors to test against.
    DataError
        A covariate is absent or missing.
    """
    _check_outcome(panel, outcome, covariates)
    there = presence(panel, events)
    end = _position(there.waves, to)
    base = there.seen[:, 0] & ~there.ended[:, end]
    at = np.flatnonzero(base)
    rows = there.row[at, 0]
    y = panel.values(outcome)[rows]
    known = ~np.isnan(y)
    y, rows, at = y[known], rows[known], at[known]
    leaver = ~there.seen[at, end]
    notes = []
    if not known.all():
        lost = int((~known).sum())
        notes.append(
            Text(
                en=f"{lost:,} households without {outcome} are left out",
                zh=f"{lost:,}户缺少{outcome}，未计入",
            )
        )
    if log and (y <= 0).any():
        msg = f"{int((y <= 0).sum())} of {len(y)} households have {outcome!r} of zero or less, which has no logarithm"
        raise EstimationError(msg)
    x = columns_of(panel, rows, covariates, f"in {there.waves[0]}")
    _check_counts(leaver, x, there.waves[end])
    sample, said = model_sample(panel)
    y = np.log(y) if log else y
    full, terms = _with_products(x, leaver)
    _check_left_over(y, full, sample.weight[rows], (outcome, covariates))
    about = About(
        estimand=f"{'log ' if log else ''}{panel.column(outcome)} at baseline",
        method="weighted least squares with a mark for households not seen later, and its products",
        citation=CITATION,
        notes=(*notes, said),
    )
    fit = _fitted(y, full, terms, rows, sample, about)
    short = _fitted(y, full[:, : len(x.names) + 1], terms[: len(x.names) + 1], rows, sample, about)
    k = len(x.names)
    tests = (
        _joint("all", fit.take(range(k, len(terms)))),
        _joint("slopes", fit.take(range(k + 1, len(terms)))),
        _joint("level", short.take([k])),
    )
    return BglwTest(fit, tests, int(leaver.sum()), int((~leaver).sum()))


def _position(waves: tuple[int, ...], to: int | None) -> int:
    if to is None:
        return len(waves) - 1
    if to not in waves[1:]:
        msg = f"to={to} is no later wave of the panel; it has {', '.join(map(str, waves))}"
        raise EstimationError(msg)
    return waves.index(to)


def _check_counts(leaver: NDArray[np.bool_], x: Columns, wave: int) -> None:
    n, gone = len(leaver), int(leaver.sum())
    if gone in (0, n):
        who = "nobody" if gone == 0 else "everybody"
        msg = f"{who} of the {n} households of the first wave is gone in {wave}: there is nothing to compare"
        raise EstimationError(msg)
    if min(gone, n - gone) <= len(x.names):
        msg = (
            f"{gone} of {n} households leave by {wave}: too few on one side for an equation of {len(x.names)} terms; "
            "name fewer covariates"
        )
        raise EstimationError(msg)


def _check_outcome(panel: Panel, outcome: str, covariates: Sequence[str]) -> None:
    if isinstance(covariates, str):
        return  # refused where columns are made
    same = [name for name in covariates if panel.column(name) == panel.column(outcome)]
    if same:
        msg = f"the covariate {same[0]!r} is the outcome {panel.column(outcome)!r} itself; leave it out of the test"
        raise EstimationError(msg)


def _check_left_over(y: Floats, x: Floats, weight: Floats, about: tuple[str, Sequence[str]]) -> None:
    """Refuse an outcome that does not vary, or of which the terms leave nothing but rounding errors."""
    outcome, covariates = about
    mean = weight @ y / weight.sum()
    total = float(weight @ (y - mean) ** 2)
    if total <= CONSTANT * float(weight @ y**2):
        msg = f"the outcome {outcome!r} is the same for all {len(y)} households: there is nothing to test"
        raise EstimationError(msg)
    root, size = np.sqrt(weight), np.sqrt((x**2).mean(axis=0))
    scaled = x / np.where(size > 0, size, 1.0)
    beta = np.linalg.lstsq(scaled * root[:, None], (y - mean) * root, rcond=None)[0]
    rest = float(weight @ (y - mean - scaled @ beta) ** 2)
    if rest <= DETERMINED * total:
        msg = (
            f"the covariates {', '.join(covariates)} determine the outcome {outcome!r} (residual variation {rest / total:.0e} "
            "of it): a test would divide by rounding errors; leave out the covariate it is computed from"
        )
        raise EstimationError(msg)


def _with_products(x: Columns, leaver: NDArray[np.bool_]) -> tuple[Floats, list[str]]:
    mark = leaver.astype(float)[:, None]
    names = [*x.names, LEAVER, *(f"{LEAVER} × {n}" for n in x.names[1:])]
    return np.hstack([x.values, mark, x.values[:, 1:] * mark]), names


def _fitted(y: Floats, x: Floats, terms: list[str], rows: Ints, sample: Sample, about: About) -> Estimate:
    """Return weighted least squares with the covariance of the design; influence (X'WX)⁻¹ x e."""
    size = np.sqrt((x**2).mean(axis=0))
    size = np.where(size > 0, size, 1.0)
    scaled, weight = x / size, sample.weight[rows]
    gram = (scaled * weight[:, None]).T @ scaled
    if np.linalg.matrix_rank(gram, hermitian=True) < len(gram):
        msg = (
            f"the {len(terms)} terms of the equation are not independent among those who leave or those who stay; "
            "name fewer covariates"
        )
        raise EstimationError(msg)
    inverse = np.linalg.inv(gram)
    beta = inverse @ (scaled.T @ (weight * y))
    z = ((y - scaled @ beta)[:, None] * scaled) @ inverse / size
    return coefficients_of(terms, beta / size, z, rows, sample, about)


def _joint(name: str, part: Estimate) -> JointTest:
    """Return the joint test, blank where the clusters are too few for it."""
    try:
        found = part.wald()
    except EstimationError:
        return JointTest(name, np.nan, len(part), np.nan, np.nan)
    rest = found.df - found.rank + 1
    return JointTest(name, found.statistic * rest / (found.df * found.rank), found.rank, rest, found.p_value)
