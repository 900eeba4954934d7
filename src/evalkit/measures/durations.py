"""Spells in and out of poverty: their table, and how long they last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.measures import _notes
from evalkit.measures._pairs import Links, link_rows
from evalkit.measures._waves import refuse_concepts
from evalkit.measures.dynamics import exit_rate, return_rate
from evalkit.measures.poverty import Line, is_poor
from evalkit.panel import By, Panel
from evalkit.text import Text

Spell = Literal["poor", "not_poor"]


@dataclass(frozen=True, eq=False)
class Spells:
    """Every run of consecutive waves that a household spent on one side of the line.

    Parameters
    ----------
    table : DataFrame
        One row a spell, sorted by household and start: ``household``; ``state`` (``poor`` / ``not_poor``); ``start``,
        ``end`` (first and last wave in the state); ``length`` (waves seen); ``left_censored`` (its beginning was not
        seen: the household was not seen, or its state not known, in the wave before); ``right_censored``
        (its end was not seen, likewise in the wave after); ``gap_before``, ``gap_after`` (censored by a hole between
        waves in which the household was seen, not by its first or last appearance).
    waves : tuple of int
        Waves of the panel; consecutive means next to each other here.
    notes : tuple of Text
    """

    table: pd.DataFrame
    waves: tuple[int, ...]
    notes: tuple[Text, ...]

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def where(self, state: Spell) -> Spells:
        """Return the spells of one state."""
        rows = self.table["state"] == state
        return replace(self, table=self.table.loc[rows].reset_index(drop=True))


def poverty_spells(panel: Panel, line: Line = None, *, poor_at_line: bool | None = None) -> Spells:
    """Return the spells in and out of poverty of every household of the panel.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`.
    poor_at_line : bool, optional

    Raises
    ------
    EstimationError
        The panel has fewer than two waves, or its income concept changes.

    Notes
    -----
    A wave in which a household is not seen ends the spell there: nothing is assumed of its state.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": ["a"] * 4, "wave": [2014, 2015, 2016, 2017], "income_pc": [5, 5, 15, 5]})
    >>> poverty_spells(Panel(frame, county=None), 10).table[["state", "start", "end", "length", "right_censored"]]
          state  start   end  length  right_censored
    0      poor   2014  2015       2           False
    1  not_poor   2016  2016       1           False
    2      poor   2017  2017       1            True
    """
    links = link_rows(panel)
    refuse_concepts(panel, links.waves)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    poor = is_poor(panel.values("welfare"), panel.line(line), at_line=at_line)
    state = np.where(links.where >= 0, poor[links.where], np.nan)
    table = _runs(state, links)
    names = panel.frame[panel.household].to_numpy()
    first = links.where.max(axis=1)
    table.insert(0, "household", names[first[table.pop("who").to_numpy()]])
    table = table.sort_values(["household", "start"], kind="stable", ignore_index=True)
    notes = [_notes.line_rule(at_line=at_line), _censoring(table)]
    unknown = int((panel.mask & np.isnan(poor)).sum())
    if unknown:
        notes.append(_notes.missing(unknown, int(panel.mask.sum()), panel.welfare))
    spans = [(a, b) for a, b in pairwise(links.waves) if b - a > 1]
    if spans:
        notes.append(_notes.gaps(spans))
    notes.extend(_notes.concepts(panel, links.waves))
    return Spells(table, tuple(links.waves), tuple(notes))


def spell_survival(
    panel: Panel,
    line: Line = None,
    *,
    spell: Spell = "poor",
    by: By = None,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return the share of spells that outlast each duration, from spells whose beginning was seen.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`.
    spell : {"poor", "not_poor"}
        Spells in poverty (which end by exit), or out of it after an exit (which end by return).
    by : str or sequence of str, optional
        Read at the later wave of each pair.
    poor_at_line : bool, optional

    Returns
    -------
    Estimate
        Keys `by`, ``duration`` d in waves: S(d) = Π_{j ≤ d} (1 - h_j), h_j the share of the spells that reached j waves
        and end then (`exit_rate`, `return_rate` with ``by_duration=True``); right-censored spells count as long as
        they are seen. Covariance by the delta method from the joint design covariance of all h (the design
        form of Greenwood's formula). n counts the spells at risk at d.

    Raises
    ------
    EstimationError
        The panel has fewer than two waves, or the spell is neither of the two.
    """
    if spell not in ("poor", "not_poor"):
        msg = f"spell is 'poor' or 'not_poor', not {spell!r}"
        raise EstimationError(msg)
    rate = exit_rate if spell == "poor" else return_rate
    hazard = rate(panel, line, by=by, by_duration=True, poor_at_line=poor_at_line)
    if not len(hazard):
        msg = (
            "no spell's beginning was seen together with the wave after: durations need at least three waves and a "
            f"household that changes its state; the panel has waves {', '.join(map(str, panel.waves))}"
        )
        raise EstimationError(msg)
    m = hazard.keys["duration"].nunique()
    values, jacobian = _survival(hazard.values.reshape(-1, m), m)
    cov = jacobian @ np.where(np.isnan(hazard.cov), 0.0, hazard.cov) @ jacobian.T
    unknown = np.isnan(np.where(jacobian != 0, hazard.std_error, 0.0)).any(axis=1) | np.isnan(values)
    cov[unknown, :] = np.nan
    cov[:, unknown] = np.nan
    about = replace(
        hazard.about,
        estimand=f"survival of spells: {spell}",
        interval="none" if panel.sample.census else "share",
        method="product of one minus the hazards by duration, delta method",
        citation="Kaplan & Meier (1958), J. Amer. Stat. Assoc. 53, 457-481; Bane & Ellwood (1986), J. Hum. Res. 21, 1-23",
        notes=(_seen_from_start(), *hazard.about.notes),
    )
    return replace(hazard, values=values, cov=cov, about=about)


def _survival(hazard: Floats, m: int) -> tuple[Floats, Floats]:
    """Return S, shape (k m,), and its derivatives by the hazards, shape (k m, k m), from hazards (k, m)."""
    k = len(hazard)
    values = np.cumprod(1 - hazard, axis=1)
    jacobian = np.zeros((k * m, k * m))
    for j in range(m):
        others = 1 - hazard
        others[:, j] = -1.0
        slopes = np.cumprod(others, axis=1)
        for d in range(j, m):
            at = np.arange(k) * m
            jacobian[at + d, at + j] = np.where(np.isnan(values[:, d]), 0.0, slopes[:, d])
    return np.asarray(values.ravel(), dtype=float), jacobian


def _runs(state: Floats, links: Links) -> pd.DataFrame:
    """Return the runs of equal known states of each household, from states by household and wave (h, t)."""
    waves = np.asarray(links.waves)
    known = ~np.isnan(state)
    blank = np.full((len(state), 1), np.nan)
    before = np.hstack([blank, state[:, :-1]])
    after = np.hstack([state[:, 1:], blank])
    starts = known & (before != state)
    ends = known & (after != state)
    who, start = np.nonzero(starts)
    end = np.nonzero(ends)[1]
    seen_before = _ever(known)[who, start]
    seen_after = _ever(known[:, ::-1])[:, ::-1][who, end]
    left, right = np.isnan(before[who, start]), np.isnan(after[who, end])
    return pd.DataFrame(
        {
            "who": who,
            "state": np.where(state[who, start] == 1, "poor", "not_poor"),
            "start": waves[start],
            "end": waves[end],
            "length": end - start + 1,
            "left_censored": left,
            "right_censored": right,
            "gap_before": left & seen_before,
            "gap_after": right & seen_after,
        }
    )


def _ever(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether the household was known in any earlier wave, shape (h, t)."""
    return np.asarray(np.cumsum(known, axis=1) > known, dtype=bool)


def _censoring(table: pd.DataFrame) -> Text:
    left, right = int(table["left_censored"].sum()), int(table["right_censored"].sum())
    return Text(
        en=f"{len(table):,} spells; the beginning of {left:,} and the end of {right:,} were not seen",
        zh=f"共{len(table):,}段；其中{left:,}段起点、{right:,}段终点未观测到",
    )


def _seen_from_start() -> Text:
    return Text(
        en="only spells whose beginning was seen; spells still lasting count as long as they are seen",
        zh="仅含起点可见的贫困期或脱贫期；尚未结束的按已观测时段计入",
    )
