"""Poverty at every line at once: dominance curves, and the test that one distribution dominates another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._amounts import amounts
from evalkit.measures._linear import Per, estimate_parts
from evalkit.measures.poverty import FGT_PAPER, fgt_scores
from evalkit.panel import By, Panel
from evalkit.tails import normal_tail, student_tail
from evalkit.text import Text

CURVES = {0: "poverty incidence curve", 1: "poverty deficit curve", 2: "poverty severity curve"}
FOSTER_SHORROCKS = "Foster & Shorrocks (1988), Econometrica 56, 173-177"
KAUR = "Kaur, Prakasa Rao & Singh (1994), Econometric Theory 10, 849-866; Davidson & Duclos (2013), Econometric Reviews 32, 84-125"


@dataclass(frozen=True, eq=False)
class DominanceTest:
    """Is poverty lower in one distribution than in another at every line of a grid? Intersection–union test.

    Parameters
    ----------
    difference : Estimate
        Other minus better at each line (keys of the remaining domains and `line`); positive favours ``better``.
    keys : DataFrame, r rows
        The domains in which the two are compared; no columns where there is one.
    statistic : ndarray, shape (r,)
        Smallest t statistic over the lines.
    p_value : ndarray, shape (r,)
        One-sided, for the hypothesis that poverty is not lower at one line or more: the largest of the
        p values of the single lines.
    first_line, last_line : ndarray, shape (r,)
        Lowest and highest of the lines that were tested.
    better, other : str or int
        Values of `key`.
    key : str
    """

    difference: Estimate
    keys: pd.DataFrame
    statistic: Floats
    p_value: Floats
    first_line: Floats
    last_line: Floats
    better: str | int
    other: str | int
    key: str

    def tidy(self) -> pd.DataFrame:
        """Return one row a domain: ``better, other, first_line, last_line, statistic, p_value``."""
        out = self.keys.copy()
        out["better"], out["other"] = self.better, self.other
        out["first_line"], out["last_line"] = self.first_line, self.last_line
        out["statistic"], out["p_value"] = self.statistic, self.p_value
        return out


def dominance(
    panel: Panel,
    lines: Sequence[float],
    *,
    order: int = 0,
    by: By = None,
    real: bool = False,
    per: Per = None,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return poverty at each of many lines: the curve whose height orders distributions.

    Parameters
    ----------
    panel : Panel
    lines : sequence of float
        Positive, ascending; in currency of each wave, or of the price year with ``real=True``.
    order : {0, 1, 2}
        Degree of the FGT measure: 0 headcount (first-order dominance), 1 gap (second order), 2 severity (third).
    by : str or sequence of str, optional
    real : bool
        Compare welfare in prices of the panel's price year with the lines.
    per : {"person", "household"}, optional
    poor_at_line : bool, optional
        Whether exactly at the line is poor; the panel's rule by default.

    Returns
    -------
    Estimate
        Keys of the domains and `line`; joint covariance, so that `uniform_band` gives a band for the whole curve
        and `dominates` a test. One array of the panel's length is kept for each line.

    Raises
    ------
    EstimationError
        Lines that do not ascend from above 0, or another order.
    """
    if order not in CURVES:
        msg = f"order is 0, 1 or 2, not {order!r}"
        raise EstimationError(msg)
    grid = [float(z) for z in lines]
    if not grid or not all(np.isfinite(z) and z > 0 for z in grid) or any(np.diff(grid) <= 0):
        msg = f"lines have to be positive and ascend, got {grid}"
        raise EstimationError(msg)
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    found = amounts(panel, None, by, per, real=real)
    group, size = found.group, found.group.size()
    values, zs = np.full((group.k, len(grid)), np.nan), []
    for j, z in enumerate(grid):
        score = fgt_scores(found.y, np.full(len(found.y), z), order, at_line=at_line)
        values[:, j] = group.sums(score) / size
        zs.append((score - group.spread(values[:, j])) / group.spread(size))
    notes = [_notes.line_rule(at_line=at_line), *found.notes]
    below = int((group.inside & (found.y < 0)).sum())
    if below and order > 0:
        notes.append(_notes.negative(below))
    about = About(
        estimand=CURVES[order],
        method="weighted means of poverty scores at fixed lines",
        citation=f"{FOSTER_SHORROCKS}; {FGT_PAPER}",
        unit="share",
        interval="kg" if order == 0 else "log",
        notes=tuple(notes),
    )
    return estimate_parts(group, "line", grid, values, zs, about)


def dominates(curve: Estimate, key: str, *, better: str | int, other: str | int) -> DominanceTest:
    """Test whether poverty is lower for one value of a key than for another, at every line of a curve.

    Parameters
    ----------
    curve : Estimate
        Of `dominance`, with the key among its domains (two waves, two counties).
    key : str
    better, other : str or int
        Values of the key.

    Returns
    -------
    DominanceTest
        The hypothesis that there is a line at which poverty is not lower is rejected at level α when it is
        rejected at every line by itself; no correction for the number of lines is needed
        (Kaur, Prakasa Rao & Singh 1994). Not to reject does not show the contrary. Lines at which nobody, or (of a
        headcount) everybody, is poor on both sides say nothing and are left out, with a note; where both sides are
        equal otherwise, poverty is not lower.

    Raises
    ------
    EstimationError
        The curve has no lines, the key or its values do not occur, or no line is left.
    """
    if "line" not in curve.keys:
        msg = (
            f"{curve.about.estimand} is not a curve over poverty lines; make it with dominance(…, by={key!r})"
        )
        raise EstimationError(msg)
    if key == "line":
        msg = "the key to compare is a domain of the curve (a wave, a group), not its lines"
        raise EstimationError(msg)
    gap = curve.difference(key, frm=better, to=other)
    names = [c for c in gap.keys.columns if c != "line"]
    idle = _idle(curve, gap, key, better, other)
    kept = gap.take(np.flatnonzero(~(idle.nobody | idle.everybody)))
    if not len(kept):
        what = "everybody" if idle.everybody.any() else "nobody"
        msg = (
            f"{curve.about.estimand}: {what} is poor at any line for {better!r} and {other!r}; take "
            f"{'lower' if what == 'everybody' else 'higher'} lines"
        )
        raise EstimationError(msg)
    kept = kept.with_notes(*idle.notes())
    t, p = _one_sided(kept)
    frame = kept.keys.assign(_t=t, _p=p)
    if names:
        grouped = frame.groupby(names, sort=True, observed=True)
        keys = grouped.size().reset_index()[names]
    else:
        grouped = frame.groupby(np.zeros(len(frame), dtype=int))
        keys = pd.DataFrame(index=range(1))
    unknown = grouped["_p"].agg(lambda x: bool(x.isna().any())).to_numpy(dtype=bool)
    return DominanceTest(
        difference=kept,
        keys=keys,
        statistic=np.where(unknown, np.nan, grouped["_t"].min().to_numpy(dtype=float)),
        p_value=np.where(unknown, np.nan, grouped["_p"].max().to_numpy(dtype=float)),
        first_line=grouped["line"].min().to_numpy(dtype=float),
        last_line=grouped["line"].max().to_numpy(dtype=float),
        better=better,
        other=other,
        key=key,
    )


@dataclass(frozen=True, eq=False)
class _Idle:
    """Lines that say nothing, shape (m,): both sides have nobody poor, or everybody."""

    nobody: NDArray[np.bool_]
    everybody: NDArray[np.bool_]

    def notes(self) -> tuple[Text, ...]:
        none, full = int(self.nobody.sum()), int(self.everybody.sum())
        out = []
        if none:
            out.append(
                Text(
                    en=f"{none} lines at which nobody is poor on either side are left out",
                    zh=f"两侧均无贫困人口的{none}条线未纳入检验",
                )
            )
        if full:
            out.append(
                Text(
                    en=f"{full} lines at which everybody is poor on both sides are left out",
                    zh=f"两侧全部人口均为贫困的{full}条线未纳入检验",
                )
            )
        return tuple(out)


def _idle(curve: Estimate, gap: Estimate, key: str, better: str | int, other: str | int) -> _Idle:
    """Return which rows of the difference compare two levels of zero, or two headcounts of one."""
    names = list(gap.keys.columns)
    table = curve.keys.assign(_level=curve.values)
    sides = [
        gap.keys.merge(table[table[key] == side], on=names, how="left")["_level"].to_numpy(dtype=float)
        for side in (better, other)
    ]
    first, last = sides
    heads = curve.about.estimand == CURVES[0]
    return _Idle((first == 0) & (last == 0), (first == 1) & (last == 1) & heads)


def _one_sided(gap: Estimate) -> tuple[Floats, Floats]:
    """Return t statistics and p values of the hypothesis that a difference is at most zero, shape (k,)."""
    se = gap.std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where((gap.values == 0) & (se == 0), 0.0, gap.values / se)
    infinite = np.isinf(gap.df)
    p = np.where(infinite, normal_tail(t), student_tail(t, np.where(infinite | ~(gap.df > 0), 1.0, gap.df)))
    return t, np.where(np.isnan(t) | ~(gap.df > 0), np.nan, p)
