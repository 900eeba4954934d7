"""Poverty of a distribution whose mean has been moved: the counterfactuals of growth decompositions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.measures import _notes
from evalkit.measures._influence import Flags, Influenced, mean_of
from evalkit.measures._linear import Cells, cells, of_waves
from evalkit.measures._waves import (
    TwoWaves,
    check_waves,
    concept_notes,
    line_change,
    split_waves,
)
from evalkit.measures.poverty import (
    FGT_PAPER,
    Line,
    fgt_scores,
    refuse_nonpositive,
    watts_scores,
    welfare_and_line,
)
from evalkit.panel import By, Panel
from evalkit.text import Text

Poverty = Literal["headcount", "gap", "severity", "watts"]
OnNonPositive = Literal["error", "drop"]
DEGREES = {"headcount": 0, "gap": 1, "severity": 2}
WATTS_PAPER = "Zheng (1993), Economics Letters 42, 81-86"


@dataclass(frozen=True, eq=False)
class Normalised:
    """Welfare in units of the line, in the cells of two waves.

    Parameters
    ----------
    waves : TwoWaves
    u : ndarray, shape (n,)
        Welfare divided by the row's own line; NaN where missing.
    line : ndarray, shape (n,)
        In currency of the row's wave.
    measure : str
    at_line : bool
        Whether exactly at the line is poor.
    notes : tuple of Text
    """

    waves: TwoWaves
    u: Floats
    line: Floats
    measure: Poverty
    at_line: bool
    notes: tuple[Text, ...]

    @property
    def group(self) -> Cells:
        """The cells, both waves together."""
        return self.waves.group

    def rows(self, wave: int) -> Flags:
        """Return the rows of the first (0) or last (1) wave, shape (n,)."""
        return self.waves.last if wave else self.waves.first

    def mean(self, wave: int) -> Influenced:
        """Return the mean of u in the first (0) or last (1) wave."""
        return mean_of(self.group, self.u, self.rows(wave))

    def poverty(self, wave: int, stretch: Influenced | None = None) -> Influenced:
        """Return poverty in the first (0) or last (1) wave.

        Parameters
        ----------
        wave : int
        stretch : Influenced, optional
            Logarithm of the factor by which all incomes of the wave are multiplied first.
        """
        return scaled_poverty(
            self.group, self.rows(wave), self.u, self.measure, at_line=self.at_line, stretch=stretch
        )


def normalised(
    panel: Panel, line: Line, by: By, measure: Poverty, nonpositive: OnNonPositive, frm: int, to: int
) -> Normalised:
    """Return welfare in units of each wave's line for a comparison of two waves.

    Raises
    ------
    EstimationError
        Unknown measure or policy; waves out of order, absent, in `by`, or of two income concepts; a line that is not
        positive; non-positive welfare under the Watts index without ``nonpositive="drop"``.
    DataError
        Rows without a line.
    """
    check_measure(measure, nonpositive)
    check_waves(panel, by, frm, to)
    concept_notes(panel, frm, to, across_concepts=False)
    both = of_waves(panel, [frm, to])
    y, z, group = welfare_and_line(both, line, by)
    group, y, notes = without_nonpositive(both, group, y, by, measure, nonpositive)
    at_line = panel.poor_at_line
    waves = split_waves(both, group, frm)
    notes = (
        _notes.line_rule(at_line=at_line),
        *line_change(both, frm, to, z),
        *notes,
        *waves.notes,
    )
    u = np.where(group.inside, y, np.nan) / np.where(group.inside, z, 1.0)
    return Normalised(waves, u, z, measure, at_line, notes)


def check_measure(measure: str, nonpositive: str) -> None:
    """Refuse a poverty measure or a policy that does not exist.

    Raises
    ------
    EstimationError
    """
    if measure not in (*DEGREES, "watts"):
        msg = f"measure is 'headcount', 'gap', 'severity' or 'watts', not {measure!r}"
        raise EstimationError(msg)
    if nonpositive not in ("error", "drop"):
        msg = f"nonpositive is 'error' or 'drop', not {nonpositive!r}; for a floor, raise the column to it first"
        raise EstimationError(msg)


def without_nonpositive(
    panel: Panel, group: Cells, y: Floats, by: By, measure: str, nonpositive: str
) -> tuple[Cells, Floats, tuple[Text, ...]]:
    """Return cells and welfare after the policy on welfare of zero or less, which only the Watts index needs.

    Raises
    ------
    EstimationError
        The policy is to refuse, and there are such rows.
    """
    if measure == "watts":
        if nonpositive == "error":
            refuse_nonpositive(panel, group, y)
            return group, y, ()
        note = _notes.dropped(int((group.inside & (y <= 0)).sum()))
        y = np.where(y <= 0, np.nan, y)
        return cells(panel, by, {panel.welfare: y}), y, (note,)
    below = int((group.inside & (y < 0)).sum())
    return group, y, ((_notes.negative(below),) if below and measure != "headcount" else ())


def scaled_poverty(
    group: Cells,
    rows: Flags,
    u: Floats,
    measure: Poverty,
    *,
    at_line: bool,
    stretch: Influenced | None = None,
) -> Influenced:
    """Return poverty among chosen rows after all their incomes are multiplied by one factor.

    Parameters
    ----------
    group : Cells
    rows : ndarray of bool, shape (n,)
    u : ndarray, shape (n,)
        Income in units of the line.
    measure : {"headcount", "gap", "severity", "watts"}
    at_line : bool
    stretch : Influenced, optional
        Logarithm of the factor, itself estimated: its influence enters times d poverty / d log factor, which is
        -alpha mean((1 - v)^(alpha - 1) v) among the poor for FGT, -headcount for Watts, and minus the density of
        log v at the line for the headcount (kernel).
    """
    factor = np.ones(len(u)) if stretch is None else np.exp(group.spread(stretch.values))
    v = np.where(rows, u, np.nan) * factor
    line = np.ones(len(v))
    if measure == "watts":
        own = mean_of(group, watts_scores(v, line), rows)
    else:
        own = mean_of(group, fgt_scores(v, line, DEGREES[measure], at_line=at_line), rows)
    if stretch is None:
        return own
    # where the factor is unknown there is no counterfactual
    own = Influenced(group, np.where(np.isnan(stretch.values), np.nan, own.values), own.influence)
    return own.moved(stretch_slope(group, rows, v, measure), stretch)


def stretch_slope(group: Cells, rows: Flags, v: Floats, measure: Poverty) -> Floats:
    """Return d poverty / d log of a common factor of all incomes, shape (k,)."""
    if measure == "headcount":
        return -log_density(group, rows, v).values
    poor = (v < 1).astype(float)
    if measure == "watts":
        return -mean_of(group, poor, rows).values
    alpha = DEGREES[measure]
    short = np.fmax(1 - np.where(rows, v, 1.0), 0.0)
    return -alpha * mean_of(group, np.where(rows, short ** (alpha - 1) * v * poor, 0.0), rows).values


def log_density(group: Cells, rows: Flags, v: Floats) -> Influenced:
    """Return the density of log v at 0 in each cell, per unit of all chosen rows.

    Gaussian kernel with bandwidth sd × n^(-1/5), n Kish's effective number of rows (as
    `evalkit.measures.relative.kernel_density`), on logarithms because incomes are skewed; values of zero or less lie
    nowhere near the line. The influence takes the bandwidth as known. NaN where all positive values are the same.
    """
    use = rows & group.inside & (group.weight > 0) & (np.where(rows, v, 0.0) > 0)
    logs = np.log(np.where(use, v, 1.0))
    weight = np.where(use, group.weight, 0.0)
    squares = np.bincount(group.code[use], weights=weight[use] ** 2, minlength=group.k)
    centre = mean_of(group, logs, use)
    spread = np.sqrt(mean_of(group, (logs - group.spread(centre.values)) ** 2, use).values)
    with np.errstate(divide="ignore", invalid="ignore"):
        n = group.sums(use.astype(float)) ** 2 / squares
        width = group.spread(np.where(spread > 1e-12, spread * n**-0.2, np.nan))
    kernel = np.exp(-0.5 * (logs / width) ** 2) / (width * np.sqrt(2 * np.pi))
    return mean_of(group, np.where(use, kernel, 0.0), rows)


def poverty_paper(measure: str) -> str:
    """Return the citation of a poverty measure."""
    return WATTS_PAPER if measure == "watts" else FGT_PAPER


def density_note(measure: str) -> tuple[Text, ...]:
    """Say that the standard error of a headcount rests on a density."""
    if measure != "headcount":
        return ()
    return (
        Text(
            en="headcount: standard errors use a kernel density of log welfare at the line (effective n); where incomes "
            "heap at the line, prefer the gap",
            zh="贫困发生率的标准误用贫困线处对数收入的核密度（有效样本量）；若收入在线上堆积，宜用贫困缺口",
        ),
    )
