"""Income stably (稳定) above the line: for how many years, by what margin, and from which sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.exits.readings import Floats, Words, figures
from evalkit.measures.poverty import Line
from evalkit.panel import Panel
from evalkit.standards import Standard
from evalkit.text import Text

PARTS = {
    "property_income": ("dividend_income", "other_property_income"),
    "transfer_income": (
        "family_planning_grant",
        "minimum_allowance",
        "destitute_allowance",
        "pension",
        "ecological_compensation",
        "other_transfer_income",
    ),
}
"""Sources of income → their parts in the registry's form; a source and its part cannot both be left out."""
CENT = 1e-6
"""Amounts nearer than this are equal."""


@dataclass(frozen=True)
class Stability:
    """What "stably above the line" is taken to mean.

    Parameters
    ----------
    years : int
        Consecutive calendar years above the line, the year that is judged included.
    margin : float
        Share of the line by which income must exceed it (0.1: at least 1.1 × the line).
    fragile : tuple of str
        Columns of household amounts a year that do not count as income.

    Raises
    ------
    PlanError
        Fewer than one year, a negative margin, a source together with a part of it.
    """

    years: int = 1
    margin: float = 0.0
    fragile: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.years < 1 or not self.margin >= 0:
            msg = f"stable income needs years ≥ 1 and margin ≥ 0, got years = {self.years}, margin = {self.margin}"
            raise PlanError(msg)
        for whole, parts in PARTS.items():
            both = [p for p in parts if p in self.fragile] if whole in self.fragile else []
            if both:
                msg = f"fragile sources name {whole} and its part {both[0]}, which would be left out twice; name one"
                raise PlanError(msg)

    @property
    def text(self) -> Text:
        """The reading in words."""
        left = ", ".join(self.fragile)
        return Text(
            en=f"the rules leave open what stable income is; here: {self.years} year(s) at least {1 + self.margin:g} × the line, "
            f"sources left out: {left or 'none'}",
            zh=f"规则未界定“稳定”；本次口径：连续{self.years}年、不低于标准的{1 + self.margin:g}倍，不计入的收入：{left or '无'}",
        )


def stability_of(standard: Standard) -> Stability:
    """Return what a rule pack takes stable income to mean.

    Raises
    ------
    PlanError
        The pack does not say.
    """
    said = standard.stable
    if said is None:
        msg = f"standard {standard.id} does not say what stable income is; add a section stable, or pass stable=…"
        raise PlanError(msg)
    years = said.years.value
    if years != int(years):
        msg = f"standard {standard.id}: stable.years must be a whole number, not {years:g}"
        raise PlanError(msg)
    return Stability(int(years), said.margin.value, said.fragile)


@dataclass(frozen=True, eq=False)
class SteadyIncome:
    """Whether each row of a panel is above the line, alone and with the years before it.

    Parameters
    ----------
    above : ndarray, shape (n,)
        Of the row itself: 1 above, 0 not, NaN where it is not known.
    steady : ndarray, shape (n,)
        Of the row and the years before it that `Stability.years` asks for: 0 if any is not above, 1 if all are above, NaN
        where a year has no row or no amount.
    evidence : ndarray of str, shape (n,)
        ``year:counted income/needed`` per head, current prices, latest year first.
    """

    above: Floats
    steady: Floats
    evidence: Words


def steady_income(
    panel: Panel, stable: Stability, line: Line = None, *, evidence: bool = True
) -> SteadyIncome:
    """Read from a panel whether income is stably above the line.

    Parameters
    ----------
    panel : Panel
        All waves, also those before the exit.
    stable : Stability
    line : float, str, mapping or None
        See `Panel.line`.
    evidence : bool
        False leaves the evidence empty, which is most of the work.

    Returns
    -------
    SteadyIncome

    Raises
    ------
    DataError
        A fragile source is no column of the panel, there is no household size to divide it by, or no line.

    Notes
    -----
    Where a fragile source is missing nothing is shown, unless all income together is not above the line either. A fragile
    amount below zero is not added back.
    """
    income, counted = panel.values("welfare"), _counted(panel, stable)
    needed = panel.line(line) * (1 + stable.margin)
    above = np.where(np.isnan(counted), np.nan, _reaches(panel, counted, needed, stable))
    above = np.where(np.isnan(above) & (_reaches(panel, income, needed, stable) == 0), 0.0, above)
    if not evidence:
        return _with_years_before(panel, above, np.full(len(above), "", dtype=object), stable.years)
    waves = panel.frame[panel.wave].astype(int)
    words = zip(waves, figures(counted), figures(needed), strict=True)
    own = np.array([f"{w}:{c}/{z}" for w, c, z in words], dtype=object)
    return _with_years_before(panel, above, own, stable.years)


def _counted(panel: Panel, stable: Stability) -> Floats:
    """Return income per head without fragile sources, NaN where one of them is missing, shape (n,)."""
    income = panel.values("welfare")
    absent = [c for c in stable.fragile if c not in panel.frame]
    if absent:
        msg = (
            f"stable income leaves out {', '.join(absent)}, which the panel does not have; map the column in plan.data or "
            "take it out of stable.fragile"
        )
        raise DataError(msg)
    if not stable.fragile:
        return income
    if panel.size is None:
        msg = "fragile sources are household amounts; give the panel its size column to divide them by"
        raise DataError(msg)
    fragile = sum(np.maximum(panel.values(c), 0.0) for c in stable.fragile)
    return np.asarray(income - fragile / panel.values("size"), dtype=float)


def _reaches(panel: Panel, income: Floats, needed: Floats, stable: Stability) -> Floats:
    """Return 1 above what is needed, 0 not, NaN where unknown; at the line itself the panel's rule decides."""
    strict = panel.poor_at_line and stable.margin == 0
    reached = income > needed + CENT if strict else income >= needed - CENT
    return np.where(np.isnan(income) | np.isnan(needed), np.nan, reached.astype(float))


def _with_years_before(panel: Panel, above: Floats, own: Words, years: int) -> SteadyIncome:
    known = panel.mask
    index = pd.MultiIndex.from_arrays([panel.frame[panel.household], panel.frame[panel.wave].astype(int)])
    table = pd.DataFrame({"above": above, "own": own}, index=index)[known]
    fails, gaps = above == 0, np.isnan(above)
    evidence = own.copy()
    for k in range(1, years):
        before = pd.MultiIndex.from_arrays([index.get_level_values(0), index.get_level_values(1) - k])
        row = table.reindex(before)
        was = row["above"].to_numpy(dtype=float)
        fails, gaps = fails | (was == 0), gaps | np.isnan(was)
        said = row["own"].where(row["own"].notna(), [f"{w}:" for w in before.get_level_values(1)])
        evidence = np.array([f"{a}; {b}" for a, b in zip(evidence, said, strict=True)], dtype=object)
    steady = np.where(fails, 0.0, np.where(gaps, np.nan, 1.0))
    return SteadyIncome(above, steady, evidence)
