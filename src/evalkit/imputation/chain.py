"""Chained equations in one county: each column in turn given all others, until the draws have settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import schema
from evalkit.auxiliary import as_text
from evalkit.errors import DataError
from evalkit.imputation.drawing import Method, donors, draw_flags, draw_linear
from evalkit.imputation.identities import Cells, reconcile
from evalkit.imputation.requests import Request
from evalkit.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Setting:
    """What every equation of a county shares; rows are sorted by household and wave.

    Attributes
    ----------
    household, wave : ndarray of int, shape (n,)
        Codes from 0.
    groups : list of ndarray of int, shape (n,)
        Where donors are sought, smallest first: village, township; empty without villages.
    fixed : ndarray, shape (n, q)
        Standardised predictors that have no missing values: waves, size, log weight, those named by the user.
    money : frozenset of str
        Columns whose models are on the scale of `softened` amounts.
    """

    household: Ints
    wave: Ints
    groups: list[Ints]
    fixed: Floats
    money: frozenset[str]


def setting_of(panel: Panel, frame: pd.DataFrame, group: str | None, predictors: tuple[str, ...]) -> Setting:
    """Return the setting of one county's rows, in their order.

    Raises
    ------
    DataError
        A predictor has missing values.
    """
    groups = []
    if group is not None:
        groups.append(_codes(frame[panel.column(group)]))
        if "township" in frame and panel.column(group) != "township" and frame["township"].notna().all():
            groups.append(_codes(frame["township"]))
    wave = _codes(frame[panel.wave])
    columns = [(wave == w).astype(float) for w in range(1, int(wave.max()) + 1)]
    if panel.size is not None:
        columns.append(frame[panel.size].to_numpy(dtype=float))
    if panel.design.weight is not None:
        weight = frame[panel.design.weight].to_numpy(dtype=float)
        columns.append(np.log(np.where(weight > 0, weight, 1.0)))
    for name in predictors:
        values = frame[panel.column(name)].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(values).any():
            msg = (
                f"the predictor {name!r} is missing in {int(np.isnan(values).sum())} of {len(values)} rows; add it to the "
                "columns to impute"
            )
            raise DataError(msg)
        columns.append(_softened(values) if _is_money(panel.column(name), panel) else values)
    fixed = _standard(np.column_stack(columns)) if columns else np.empty((len(frame), 0))
    money = frozenset(str(c) for c in frame.columns if _is_money(str(c), panel))
    return Setting(_codes(frame[panel.household]), wave, groups, fixed, money)


def complete(
    request: Request, setting: Setting, rng: np.random.Generator, iterations: int, method: Method
) -> tuple[Cells, int]:
    """Return one completed copy of the request's cells, and the rows whose known total no scaling could meet.

    Parameters
    ----------
    request : Request
    setting : Setting
    rng : Generator
    iterations : int
        Rounds through all columns (van Buuren & Groothuis-Oudshoorn 2011, section 2).
    method : {"pmm", "normal"}
    """
    cells = {name: values.copy() for name, values in request.cells.items()}
    missing = {name: np.isnan(values) for name, values in cells.items()}
    for name in request.draw:
        known = cells[name][~missing[name]]
        cells[name][missing[name]] = rng.choice(known, int(missing[name].sum()))
    shared = _settle(cells, missing, request)
    for _ in range(iterations if request.draw else 0):
        for name in request.draw:
            x = _predictors(name, cells, missing, request, setting, method)
            observed = ~missing[name]
            if name in request.flags:
                drawn = draw_flags(rng, cells[name], x, observed)
            else:
                drawn = _numbers(rng, cells[name], x, observed, setting, name, method)
            cells[name][missing[name]] = drawn
        shared = _settle(cells, missing, request)
    return cells, shared


def _numbers(
    rng: np.random.Generator,
    y: Floats,
    x: Floats,
    observed: Bools,
    setting: Setting,
    name: str,
    method: Method,
) -> Floats:
    soft = method == "pmm" and name in setting.money
    scale = _softened(y, observed) if soft else y
    village = setting.groups[0] if setting.groups else np.zeros(len(y), dtype=np.intp)
    model = draw_linear(rng, scale, x, observed, village)
    if method == "normal":
        return np.asarray(model.drawn[~observed] + model.sd * rng.standard_normal(int((~observed).sum())))
    return donors(rng, y, model, observed, setting.groups)


def _settle(cells: Cells, missing: dict[str, Bools], request: Request) -> int:
    """Make sums and parts agree."""
    return reconcile(cells, missing, request.identities) if request.identities else 0


def _predictors(
    name: str,
    cells: Cells,
    missing: dict[str, Bools],
    request: Request,
    setting: Setting,
    method: Method,
) -> Floats:
    """Return the constant, the shared predictors, the other drawn columns, and the column's own other waves."""
    columns = []
    for other in request.draw:
        if other != name:
            soft = method == "pmm" and other in setting.money
            columns.append(_softened(cells[other]) if soft else cells[other])
    own = cells[name]
    scale = _softened(own) if method == "pmm" and name in setting.money else own
    columns += _other_waves(scale, setting)
    if name in request.flags and setting.groups:
        columns.append(_neighbours(own, ~missing[name], setting.groups[0]))
    extra = _standard(np.column_stack(columns)) if columns else np.empty((len(own), 0))
    return np.hstack([np.ones((len(own), 1)), setting.fixed, extra])


def _other_waves(values: Floats, setting: Setting) -> list[Floats]:
    """Return the household's mean in its other waves (net of the wave's mean), and a mark for having none."""
    by_wave = np.bincount(setting.wave)
    mean = np.bincount(setting.wave, weights=values) / by_wave
    net = values - mean[setting.wave]
    count = np.bincount(setting.household)[setting.household]
    if (count == 1).all():
        return []
    total = np.bincount(setting.household, weights=net)[setting.household]
    alone = count == 1
    out = [np.where(alone, 0.0, (total - net) / np.maximum(count - 1, 1))]
    return [*out, alone.astype(float)] if alone.any() else out


def _neighbours(flag: Floats, observed: Bools, village: Ints) -> Floats:
    """Return the share with the mark among the observed others of the village, held towards the whole share."""
    share = float(flag[observed].mean())
    count = np.bincount(village, weights=observed.astype(float))[village] - observed
    total = np.bincount(village, weights=np.where(observed, flag, 0.0))[village] - np.where(
        observed, flag, 0.0
    )
    return np.asarray((total + 5 * share) / (count + 5), dtype=float)


def _softened(values: Floats, observed: Bools | None = None) -> Floats:
    """Return asinh(y / median |y|): like a logarithm for large amounts, linear through zero and below."""
    base = values if observed is None else values[observed]
    nonzero = np.abs(base[(base != 0) & ~np.isnan(base)])
    scale = float(np.median(nonzero)) if len(nonzero) else 1.0
    return np.asarray(np.arcsinh(values / scale), dtype=float)


def _standard(columns: Floats) -> Floats:
    """Return columns with mean 0 and standard deviation 1, those that do not vary left out."""
    mean, sd = columns.mean(axis=0), columns.std(axis=0)
    vary = sd > 1e-12 * (1 + np.abs(mean))
    return np.asarray((columns[:, vary] - mean[vary]) / sd[vary], dtype=float)


def _is_money(name: str, panel: Panel) -> bool:
    known = schema.field(name)
    return name == panel.welfare or (known is not None and known.kind == "money")


def _codes(column: pd.Series) -> Ints:
    return np.asarray(pd.factorize(as_text(column), sort=True)[0], dtype=np.intp)
