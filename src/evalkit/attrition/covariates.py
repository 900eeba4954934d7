"""Covariates of models of attrition: numbers, flags and categories as columns of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.auxiliary import as_text
from evalkit.design import Sample, SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.panel import Panel
from evalkit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_CLUSTER = "_cluster"


@dataclass(frozen=True, eq=False)
class Columns:
    """Terms of a model: their names and values, shape (n, k), the constant first."""

    names: tuple[str, ...]
    values: Floats


def columns_of(panel: Panel, rows: Ints, covariates: Sequence[str], where: str) -> Columns:
    """Return a constant and the covariates of some rows; categories get one column a level but the first.

    Columns that do not vary among the rows, or are combinations of earlier ones, are left out.

    Parameters
    ----------
    panel : Panel
    rows : ndarray of int, shape (n,)
    covariates : sequence of str
        Roles or columns.
    where : str
        Which rows these are, for messages.

    Raises
    ------
    DataError
        A column is absent, or a value is missing.
    EstimationError
        No covariate is named or none varies.
    """
    if isinstance(covariates, str) or not covariates:
        msg = "name the covariates of attrition as a list of columns"
        raise EstimationError(msg)
    names, parts = ["constant"], [np.ones(len(rows))]
    for name in covariates:
        column = panel.frame[panel.column(name)].iloc[rows]
        missing = int(column.isna().sum())
        if missing:
            msg = (
                f"{missing} of {len(rows)} households {where} have no {name!r}; impute it, fill it, or leave it out of the "
                "covariates"
            )
            raise DataError(msg, panel.frame.iloc[rows[column.isna().to_numpy()]])
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            names.append(name)
            parts.append(column.to_numpy(dtype=float))
            continue
        text = as_text(column).to_numpy()
        for level in sorted(set(text))[1:]:
            names.append(f"{name}: {level}")
            parts.append((text == level).astype(float))
    values = np.column_stack(parts)
    kept = _independent(values)
    if len(kept) < 2:
        msg = f"no covariate varies among the {len(rows)} households {where}: {', '.join(covariates)}"
        raise EstimationError(msg)
    return Columns(tuple(names[j] for j in kept), values[:, kept])


def model_sample(panel: Panel) -> tuple[Sample, Text]:
    """Return the design of model errors and a note on it: the design's PSU, else villages, else households.

    A model of who leaves is about more than the finite population, so population sizes do not reduce its errors.
    """
    design = panel.design
    bare = replace(design, fpc=None, census=False, auxiliary=None)
    if design.stages:
        bare = replace(bare, psu=design.stages[0])
        name = design.stages[0]
    elif panel.village is not None:
        name = panel.village
        keys = [c for c in (panel.county, panel.village) if c is not None]
        joined = as_text(panel.frame[keys[0]])
        for key in keys[1:]:
            joined = joined + "/" + as_text(panel.frame[key])
        sample = SurveyDesign(design.weight, design.strata, _CLUSTER, single_psu=design.single_psu).sample(
            panel.frame.assign(**{_CLUSTER: joined})
        )
        return sample, _clustered(name)
    else:
        name = panel.household
    return bare.sample(panel.frame, unit=panel.household), _clustered(name)


def coefficients_of(
    terms: list[str], values: Floats, z: Floats, rows: Ints, sample: Sample, about: About
) -> Estimate:
    """Return coefficients with the covariance of the design.

    Parameters
    ----------
    terms : list of str, length k
    values : ndarray, shape (k,)
    z : ndarray, shape (n, k)
        Influence values (without weights) of the rows used.
    rows : ndarray of int, shape (n,)
        Rows of the sample used; the others still count as sampled.
    sample : Sample
    about : About
    """
    k, total = len(terms), len(sample.weight)
    domain = np.full(total, -1, dtype=np.intp)
    domain[rows] = 0
    spread = np.zeros((k, total))
    spread[:, rows] = z.T
    cov = sample.covariance_of(list(spread), [domain] * k, 1)
    df, clusters = sample.df(domain, 1)[0], sample.clusters(domain, 1)[0]
    keys, n = pd.DataFrame({"term": terms}), np.full(k, float(len(rows)))
    return Estimate(keys, values, cov, np.full(k, df), n, about, clusters=np.full(k, clusters))


def _clustered(name: str) -> Text:
    return Text(en=f"standard errors clustered by {name}", zh=f"标准误按{name}聚类")


def _independent(values: Floats) -> list[int]:
    """Return the positions of columns that are not combinations of earlier ones."""
    kept: list[int] = []
    basis = np.empty((len(values), 0))
    for j in range(values.shape[1]):
        column = values[:, j]
        size = float(np.linalg.norm(column))
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if size > 0 and left > 1e-9 * size:
            kept.append(j)
            basis = np.column_stack([basis, rest / left])
    return kept
