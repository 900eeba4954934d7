"""`calibrate`: weights as close as possible to the given ones that reproduce known totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.auxiliary import Auxiliary
from evalkit.design import kish_n
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.sidebyside import Comparison
from evalkit.text import Text
from evalkit.weighting.distances import Distance, Limits, Method
from evalkit.weighting.margins import Margins, Totals, check_sample, read_totals
from evalkit.weighting.solving import Solution, solve

Floats = NDArray[np.float64]

COLUMN = "calibrated_weight"
CITATION = "Deville & Särndal (1992), J. Amer. Statist. Assoc. 87, 376-382; Deville, Särndal & Sautory (1993), ibid. 88, 1013-1020"


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibrated weights and how they were made.

    Attributes
    ----------
    weights, base : ndarray, shape (n,)
        Weights after and before, in the row order of the data; rows of no known total keep theirs.
    achieved : DataFrame
        One row a total: keys of its cell, ``by, level, amount, target, before, after, miss`` (relative).
    auxiliary : Auxiliary
        What the design of a calibrated panel remembers.
    cell : ndarray of int, shape (n,)
        Cell of each row, -1 for rows of no known total.
    method : {"linear", "raking", "logit"}
    bounds : tuple of float or None
    notes : tuple of Text
    """

    weights: Floats
    base: Floats
    achieved: pd.DataFrame
    auxiliary: Auxiliary
    cell: NDArray[np.intp]
    method: Method
    bounds: Limits
    notes: tuple[Text, ...]

    @property
    def ratio(self) -> Floats:
        """Calibrated over given weight (g), 1 where both are zero, shape (n,)."""
        return np.divide(self.weights, self.base, out=np.ones_like(self.base), where=self.base > 0)

    def tidy(self) -> pd.DataFrame:
        """Return targets, what was achieved before and after, and the miss."""
        return self.achieved

    def distribution(self) -> pd.DataFrame:
        """Return by cell: rows, quantiles of the ratio g, effective sample size before and after (Kish 1965)."""
        rows = []
        for at, cell in enumerate(self.auxiliary.cells):
            inside = (self.cell == at) & (self.base > 0)
            g = np.quantile(self.ratio[inside], [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1])
            kish = [kish_n(self.base[inside]), kish_n(self.weights[inside])]
            rows.append([*cell, int(inside.sum()), *g, *kish])
        names = ["min", "p1", "p25", "median", "p75", "p99", "max"]
        effective = ["effective_n_before", "effective_n_after"]
        return pd.DataFrame(rows, columns=[*self.auxiliary.within, "rows", *names, *effective])

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with calibrated weights and the variance that goes with them.

        The panel's frame gains the column ``calibrated_weight``. Standard errors are those of residuals from the
        calibration variables (Deville & Särndal 1992, eq. 3.4).

        Raises
        ------
        DataError
            The panel has other rows than the data that were calibrated.
        """
        if len(panel.frame) != len(self.weights) or not np.array_equal(_base(panel), self.base):
            msg = (
                "the panel has other rows or weights than the data that were calibrated; calibrate this panel"
            )
            raise DataError(msg)
        frame = panel.frame.assign(**{COLUMN: self.weights})
        design = replace(panel.design, weight=COLUMN, auxiliary=self.auxiliary)
        return replace(panel, frame=frame, design=design)

    def compare(self, panel: Panel, verb: Callable[[Panel], Estimate]) -> Comparison:
        """Return a figure with the given weights beside the one with calibrated weights.

        Parameters
        ----------
        panel : Panel
        verb : callable
            From a panel to an estimate: ``lambda p: headcount(p, by="wave")``.
        """
        after = verb(self.apply(panel)).with_notes(*self.notes)
        return Comparison(verb(panel), after, Text(en="calibrated to known totals", zh="按已知总数校准加权"))


def calibrate(
    data: Panel | pd.DataFrame,
    totals: Totals,
    *,
    method: Method = "raking",
    bounds: Limits = None,
    weight: str | None = None,
) -> Calibration:
    """Calibrate weights to known totals.

    With one category column this is post-stratification (any method); with several, raking ratio or generalised
    regression weighting. Each cell (county, wave) of the totals is calibrated on its own.

    Parameters
    ----------
    data : Panel or DataFrame
    totals : mapping or DataFrame
        ``{"household_type": {"一般贫困户": 5200, …}, "cultivated_land": 61000}``, or a table with ``by, level, amount,
        total`` and key columns; see `evalkit.weighting.margins.read_totals`.
    method : {"raking", "linear", "logit"}
        ``logit`` needs bounds, ``linear`` may have them.
    bounds : tuple of float, optional
        Smallest and largest ratio of the new to the old weight.
    weight : str, optional
        Weight column of a DataFrame; a panel has its own.

    Returns
    -------
    Calibration

    Raises
    ------
    DataError
        The totals contradict each other or the data.
    DesignError
        A panel that is a subpopulation, a census, or calibrated already.
    EstimationError
        No weights within the bounds meet the totals (the worst margin is named), or linear weights are negative.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["f", "f", "m"], "w": [1.0, 1.0, 1.0]})
    >>> calibrate(frame, {"sex": {"f": 6, "m": 2}}, weight="w").weights.round(9).tolist()
    [3.0, 3.0, 2.0]
    """
    distance = Distance(method, bounds)
    frame, column = _data(data, weight)
    names = _roles(data, totals)
    margins = read_totals(names, [str(c) for c in frame.columns])
    auxiliary = Auxiliary(column, margins.terms(), margins.within, margins.cells())
    base = np.ones(len(frame)) if column is None else _weight(frame[column])
    check_sample(margins, auxiliary, frame, pd.Series(base, index=frame.index))
    x, code = auxiliary.values(frame), auxiliary.cell_codes(frame)
    weights, tables = base.copy(), []
    for at, cell in enumerate(auxiliary.cells):
        wanted = margins.of_cell(cell)
        used = np.array([j for j, term in enumerate(auxiliary.terms) if term in wanted], dtype=np.intp)
        goal = np.array([wanted[auxiliary.terms[j]] for j in used])
        rows = np.flatnonzero(code == at)
        found = solve(x[np.ix_(rows, used)], base[rows], goal, distance)
        terms = [auxiliary.terms[j] for j in used]
        _check_solution(found, goal, [str(t) for t in terms], cell, distance)
        weights[rows] = base[rows] * found.ratio
        before, after = (w[rows] @ x[np.ix_(rows, used)] for w in (base, weights))
        keys = dict(zip(auxiliary.within, cell, strict=True))
        about = {n: [getattr(t, n) for t in terms] for n in ("by", "level", "amount")}
        tables.append(
            pd.DataFrame(
                {**keys, **about, "target": goal, "before": before, "after": after}, index=range(len(goal))
            )
        )
    achieved = pd.concat(tables, ignore_index=True)
    scale = achieved["target"].where(achieved["target"] != 0, 1.0)
    achieved["miss"] = (achieved["after"] - achieved["target"]) / scale
    notes = _notes(weights, base, code, margins, distance)
    return Calibration(weights, base, achieved, auxiliary, code, method, bounds, notes)


def _data(data: Panel | pd.DataFrame, weight: str | None) -> tuple[pd.DataFrame, str | None]:
    if isinstance(data, pd.DataFrame):
        return data, weight
    if weight is not None:
        msg = f"weight={weight!r} is for data frames; a panel is calibrated from the weight of its design"
        raise DesignError(msg)
    if data.inside is not None:
        msg = "calibrate the whole panel, then take the subpopulation: known totals are of all households"
        raise DesignError(msg)
    if data.design.auxiliary is not None:
        msg = "the panel is calibrated already; calibrate the panel with its first weights to all totals at once"
        raise DesignError(msg)
    if data.sample.census:
        msg = "the data are the whole population (a census): their weights are right as they are"
        raise DesignError(msg)
    return data.frame, data.design.weight


def _roles(data: Panel | pd.DataFrame, totals: Totals) -> Totals:
    """Let key columns of a table of totals be roles of the panel (county, wave)."""
    if isinstance(data, pd.DataFrame) or not isinstance(totals, pd.DataFrame):
        return totals
    own = {"county": data.county, "wave": data.wave, "village": data.village}
    return totals.rename(columns={k: v for k, v in own.items() if v and k in totals and v != k})


def _base(panel: Panel) -> Floats:
    weight = panel.design.weight
    return np.ones(len(panel.frame)) if weight is None else _weight(panel.frame[weight])


def _weight(column: pd.Series) -> Floats:
    out = column.to_numpy(dtype=float, na_value=np.nan)
    bad = int((~np.isfinite(out) | (out < 0)).sum())
    if bad:
        msg = (
            f"{bad} of {len(out)} weights in {column.name!r} are missing, infinite or negative; mend the data"
        )
        raise DesignError(msg)
    return np.array(out)


def _check_solution(
    found: Solution, goal: Floats, terms: list[str], cell: tuple[str, ...], distance: Distance
) -> None:
    where = ", ".join(cell) or "the data"
    if not found.settled:
        worst = int(np.argmax(np.abs(found.miss)))
        limits = "" if distance.bounds is None else f" within the bounds {distance.bounds}"
        msg = (
            f"no {distance.method} weights{limits} meet the known totals of {where}: {terms[worst]} misses its total of "
            f"{goal[worst]:,.10g} by {abs(found.miss[worst]):.2%}; widen the bounds, merge categories, or mend the total"
        )
        raise EstimationError(msg)
    negative = int((found.ratio < 0).sum())
    if negative:
        msg = (
            f"linear calibration makes {negative} of {len(found.ratio)} weights of {where} negative (lowest ratio "
            f"{found.ratio.min():.2f}); use method='raking', or give bounds"
        )
        raise EstimationError(msg)


def _notes(
    weights: Floats, base: Floats, code: NDArray[np.intp], margins: Margins, distance: Distance
) -> tuple[Text, ...]:
    inside = (code >= 0) & (base > 0)
    g = weights[inside] / base[inside]
    n, outside = int(inside.sum()), int((code < 0).sum())
    zh = {"raking": "倍率法（raking）", "linear": "线性法", "logit": "logit法"}[distance.method]
    notes = [
        Text(
            en=f"weights calibrated ({distance.method}) to {len(margins.table):,} known totals; ratio of new to old weight "
            f"{g.min():.2f} to {g.max():.2f}, effective sample size {kish_n(base[inside]):,.0f} → "
            f"{kish_n(weights[inside]):,.0f} of {n:,}",
            zh=f"权重按{len(margins.table):,}个已知总数校准（{zh}）；新旧权重之比{g.min():.2f}至{g.max():.2f}，有效样本量"
            f"{kish_n(base[inside]):,.0f} → {kish_n(weights[inside]):,.0f}（共{n:,}条）",
        )
    ]
    if outside:
        notes.append(
            Text(
                en=f"{outside:,} household-waves belong to no known total and keep their weight",
                zh=f"{outside:,}条户年记录无对应已知总数，保留原权重",
            )
        )
    return tuple(notes)
