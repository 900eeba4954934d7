"""`Signal`: one kind of pattern, tested unit by unit, with the share of false discoveries controlled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.panel import Panel
from evalkit.tails import beta_binomial_tail, binomial_tail, false_discovery_rates
from evalkit.text import Text

RESULT = ("n", "observed", "share", "expected", "effect", "p_value", "q_value", "flagged")
"""Columns of `Signal.units` after the keys of the unit."""
FDR = "Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57, 289-300"
LEAST_UNITS = 5
"""Fewer units give no typical unit to compare with."""


@dataclass(frozen=True, eq=False)
class Signal:
    """What one kind of test shows. A flagged unit is one to look at, not a finding about anybody.

    Parameters
    ----------
    kind : str
        Name of the pattern (``heaping``, ``padding`` …).
    title, question : Text
        What is looked for, and what an innocent unit would show.
    units : DataFrame
        One row a unit (village, interviewer …): its keys, then ``n`` (cases that could show the pattern),
        ``observed`` (those that do), ``share``, ``expected`` (share under the null hypothesis), ``effect`` (share
        less expected), ``p_value`` (one-sided), ``q_value`` (Benjamini-Hochberg) and ``flagged``.
    cases : DataFrame
        Rows behind the flagged units: keys of the unit, household, wave and what is peculiar. Holds household
        codes: not for publication.
    method, citation : str
    level : float
        Share of false discoveries among flagged units that is tolerated.
    notes : tuple of Text
    """

    kind: str
    title: Text
    question: Text
    units: pd.DataFrame
    cases: pd.DataFrame = field(repr=False)
    method: str
    citation: str
    level: float = 0.05
    notes: tuple[Text, ...] = ()

    @property
    def flagged(self) -> pd.DataFrame:
        """The units to look at, the clearest first."""
        chosen = self.units[self.units["flagged"]]
        return chosen.sort_values(["p_value", "effect"], ascending=[True, False]).reset_index(drop=True)

    @property
    def share(self) -> float:
        """Share with the pattern among all that could show it; NaN when there is none."""
        n, share = (self.units[c].to_numpy(dtype=float) for c in ("n", "share"))
        known = np.isfinite(share) & (n > 0)
        return float(np.average(share[known], weights=n[known])) if known.any() else float("nan")

    def tidy(self) -> pd.DataFrame:
        """Return one row a unit."""
        return self.units.copy()

    def with_notes(self, *notes: Text) -> Signal:
        """Return the same signal with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def against_typical(
    counts: pd.DataFrame,
    *,
    level: float,
    tolerance: float,
    known: float | None = None,
    known_error: float = 0.0,
) -> pd.DataFrame:
    """Test each unit's share against what is typical, allowing units to differ by nature.

    Parameters
    ----------
    counts : DataFrame
        Keys of the unit, ``n`` and ``observed``.
    level : float
        False-discovery level.
    tolerance : float
        A share up to this is never extraordinary.
    known, known_error : float, optional
        Expected share known from elsewhere (a density) and its standard error; the typical unit's otherwise.

    Returns
    -------
    DataFrame
        `counts` with the further columns of `Signal.units`.

    Notes
    -----
    The typical share is the median over units weighted by n; how much units differ by nature is the intra-unit
    correlation of the units at or below it, mirrored, so that forged units (fewer than half) do not hide one
    another. An error of the known share adds its variance to that of the unit's own share. The p value is the upper
    tail of the beta-binomial with that mean and correlation (Griffiths 1973, Biometrics 29, 637-648; Prentice 1986,
    J. Amer. Statist. Assoc. 81, 321-327).
    """
    out = counts.reset_index(drop=True).copy()
    n, k = (out[c].to_numpy(dtype=float) for c in ("n", "observed"))
    share = np.divide(k, n, out=np.full(len(n), np.nan), where=n > 0)
    usual = weighted_median(share, n)
    expected = float(max(usual if known is None else known, tolerance))
    rho = natural_correlation(k, n, usual)
    if 0 < expected < 1:
        rho = min(rho + known_error**2 / (expected * (1 - expected)), 0.99)
    out["share"], out["expected"], out["effect"] = share, expected, share - expected
    out["p_value"] = upper_tail(k, n, np.full(len(n), expected), rho)
    return judged(out, level)


def against_standard(counts: pd.DataFrame, *, level: float, standard: float) -> pd.DataFrame:
    """Test each unit's share against a fixed one: exact binomial upper tail (Clopper & Pearson 1934, Biometrika 26).

    Parameters
    ----------
    counts : DataFrame
        Keys of the unit, ``n`` and ``observed``.
    level : float
        False-discovery level.
    standard : float
        Share that is tolerated everywhere.

    Returns
    -------
    DataFrame
        `counts` with the further columns of `Signal.units`.
    """
    out = counts.reset_index(drop=True).copy()
    n, k = (out[c].to_numpy(dtype=float) for c in ("n", "observed"))
    share = np.divide(k, n, out=np.full(len(n), np.nan), where=n > 0)
    out["share"], out["expected"], out["effect"] = share, standard, share - standard
    out["p_value"] = upper_tail(k, n, np.full(len(n), standard), 0.0)
    return judged(out, level)


def judged(units: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add ``q_value`` (Benjamini & Hochberg 1995) and ``flagged`` to units with a ``p_value``; NaN is never flagged."""
    out = units.copy()
    p = out["p_value"].to_numpy(dtype=float)
    known = np.isfinite(p)
    q = np.full(len(p), np.nan)
    if known.any():
        q[known] = false_discovery_rates(p[known])
    out["q_value"] = q
    out["flagged"] = known & (np.nan_to_num(q, nan=1.0) <= level)
    return out


def weighted_median(x: Floats, weight: Floats) -> float:
    """Return the value below which half of the weight lies; NaN without weight.

    >>> weighted_median(np.array([0.1, 0.2, 0.9]), np.array([1.0, 1.0, 1.0]))
    0.2
    """
    known = np.isfinite(x) & (weight > 0)
    if not known.any():
        return float("nan")
    order = np.argsort(x[known], kind="stable")
    mass = np.cumsum(weight[known][order])
    return float(x[known][order][np.searchsorted(mass, mass[-1] / 2)])


def natural_correlation(k: Floats, n: Floats, usual: float) -> float:
    """Return the intra-unit correlation of units at or below the usual share, as if the others mirrored them.

    Method of moments: E (k - n p)² = n p (1 - p) (1 + (n - 1) ρ); never below zero.
    """
    low = (n > 1) & (k <= n * usual)
    if low.sum() < LEAST_UNITS or not 0 < usual < 1:
        return 0.0
    spread = n[low] * usual * (1 - usual)
    excess = ((k[low] - n[low] * usual) ** 2 - spread).sum()
    return float(np.clip(excess / (spread * (n[low] - 1)).sum(), 0.0, 0.99))


def upper_tail(k: Floats, n: Floats, p: Floats, rho: float) -> Floats:
    """Return P(K ≥ k) of the beta-binomial with mean p and correlation rho; binomial where rho is 0; NaN where n is 0."""
    if rho > 1e-9:
        scale = (1 - rho) / rho
        tail = beta_binomial_tail(k, n, np.maximum(p * scale, 1e-12), np.maximum((1 - p) * scale, 1e-12))
    else:
        tail = binomial_tail(k, n, p)
    return np.where(n > 0, np.asarray(tail, dtype=float), np.nan)


def counted(
    frame: pd.DataFrame, unit: Sequence[str], shows: NDArray[np.bool_], of: NDArray[np.bool_]
) -> pd.DataFrame:
    """Count, unit by unit, the rows that could show a pattern (`of`) and those that do.

    Raises
    ------
    DataError
        If a column of the unit is absent.
    """
    need(frame, unit)
    part = frame.loc[of, list(unit)].assign(n=1, observed=shows[of].astype(int))
    return part.groupby(list(unit), sort=True, observed=True)[["n", "observed"]].sum().reset_index()


def cases_of(
    frame: pd.DataFrame,
    units: pd.DataFrame,
    unit: Sequence[str],
    shows: NDArray[np.bool_],
    columns: Sequence[str],
) -> pd.DataFrame:
    """Return the rows that show the pattern in flagged units."""
    names = list(dict.fromkeys([*unit, *columns]))
    if not units["flagged"].any():
        return frame[names].iloc[:0].reset_index(drop=True)
    rows = frame.loc[shows, names]
    chosen = units.loc[units["flagged"], list(unit)]
    return rows.merge(chosen, on=list(unit), how="inner").sort_values(names).reset_index(drop=True)


def key_of(panel: Panel, unit: str) -> list[str]:
    """Return the columns that tell units apart: names of villages and interviewers may occur in several counties."""
    return [unit] if panel.county in (None, unit) else [str(panel.county), unit]


def need(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise a DataError naming the columns that a test needs and the data do not have."""
    absent = [c for c in columns if c not in frame]
    if absent:
        named = ", ".join(f"'{c}'" for c in absent)
        msg = f"the test needs columns that the data do not have: {named}"
        raise DataError(msg)


def enough(units: pd.DataFrame, what: str) -> None:
    """Raise an EstimationError when there are too few units to know what is typical."""
    if len(units) < LEAST_UNITS:
        msg = f"{len(units)} {what} with data: fewer than {LEAST_UNITS} show nothing typical to compare with"
        raise EstimationError(msg)


def as_floats(values: Any) -> Floats:
    """Return a column as floats, NaN where missing."""
    return np.asarray(pd.Series(values).to_numpy(dtype=float, na_value=np.nan), dtype=float)
