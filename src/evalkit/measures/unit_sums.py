"""Measures of many counties from sums of each: the rows of a sampling unit and wave become one row.

A mean, a poverty measure and a rate over pairs of waves are ratios Σ w s / Σ w d. Their value and their linearised
variance rest on the sums of w s and w d by primary sampling unit and wave alone (Deville 1999; every further stage that
the design names is kept), so that tables of such sums, one of each county, give what all rows would give: the same
values, covariances, degrees of freedom and notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats, Ints
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._linear import DESIGN_DF, Cells, cells
from evalkit.measures._pairs import pair_cells, pair_rows
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures._waves import concepts_change
from evalkit.measures.basic import DEVILLE, ratio
from evalkit.measures.poverty import FGT_NAMES, FGT_PAPER, fgt_scores
from evalkit.panel import Panel
from evalkit.text import Text

POVERTY = ("headcount", "gap", "severity")
RATES = ("exit_rate", "entry_rate", "return_rate")
MEASURES = ("mean", *POVERTY, *RATES)
COUNTS = ("rows", "known", "negative", "paired")
"""Columns that count rows: all, those with welfare, those with welfare below zero, those with an earlier row."""
BEFORE = "wave_before"
"""Column of the wave before, in the order of the county's waves; 0 for the first."""


def unit_sums(panel: Panel) -> pd.DataFrame:
    """Return the sums of a panel by sampling unit and wave.

    Parameters
    ----------
    panel : Panel
        A county's, with the weights of the design; a subpopulation is not meant.

    Returns
    -------
    DataFrame
        One row a sampling unit (of the last stage) and wave: the columns of the design but the weight, those that identify
        the unit, ``wave``, ``wave_before``, the `COUNTS`; then for ``mean``, `POVERTY` and `RATES` the columns ``…_sum``
        (Σ w s), ``…_of`` (Σ w d) and ``…_n`` (rows of positive weight). Waves without a poverty line have missing sums of
        poverty and rates.

    Raises
    ------
    DataError
        No welfare measure, or a line is missing in a wave that has others.
    """
    sample = panel.sample
    waves = panel.frame[panel.wave].astype(int).to_numpy()
    order = np.array(panel.waves)
    flat = sample.units[-1].astype(np.int64) * len(order) + np.searchsorted(order, waves)
    places, first, group = np.unique(flat, return_index=True, return_inverse=True)
    out = panel.frame[_design_columns(panel)].take(first).reset_index(drop=True)
    out["wave"] = waves[first]
    lined = [w for w in panel.waves if w in (panel.lines or {})]
    out[BEFORE] = pd.Series(_wave_before(lined)).reindex(out["wave"]).fillna(0).astype("int64").to_numpy()
    y = panel.values("welfare")
    counted = {"rows": np.ones(len(y)), "known": ~np.isnan(y), "negative": y < 0}
    sums = {name: _added(group, x, len(places)) for name, x in counted.items()}
    levels = cells(panel, "wave", {panel.welfare: y})
    sums |= _ratio_sums("mean", levels, y, group)
    part = panel.where(np.isin(waves, lined))
    sums |= _poverty(part, y, group)
    sums |= _rates(part, group)
    table = pd.DataFrame(sums)
    unlined = ~np.isin(out["wave"], lined)
    late = [f"{n}{end}" for n in (*POVERTY, *RATES) for end in ("_sum", "_of", "_n") if f"{n}{end}" in table]
    table.loc[unlined, late] = np.nan
    return pd.concat([out, table], axis=1)


def columns_for(name: str, like: Panel) -> list[str]:
    """Return the columns of a table of sums that one measure needs."""
    own = [f"{name}{end}" for end in ("_sum", "_of", "_n", "_pairs")]
    return list(dict.fromkeys((*_design_columns(like), "wave", BEFORE, *COUNTS, *own)))


def additive_measures(
    table: pd.DataFrame, like: Panel, *, real: bool = False, names: Sequence[str] = MEASURES
) -> dict[str, Estimate]:
    """Return the measures of all units of a table of `unit_sums` by wave.

    Parameters
    ----------
    table : DataFrame
        Sums of one or many counties below each other.
    like : Panel
        Any of the counties: its design, lines, prices, income concept and columns are those of all.
    real : bool
        Mean welfare in prices of the price year.
    names : sequence of str
        Those wanted of `MEASURES`; the columns of others (`columns_for`) may be left out.

    Returns
    -------
    dict of str to Estimate
        ``mean``; where waves have a line also `POVERTY`; with two or more such waves the exit and entry rates, with three or
        more the return rate; those that count nothing are left out, and movements where the income concept changes. Equal to the measures of the rows, but that
        a household which moves between counties makes no pair.
    """
    base = _coded(table, like)
    waves = sorted(int(w) for w in table["wave"].unique())
    lined = [w for w in waves if w in (like.lines or {})]
    possible = ("mean", *POVERTY, *{0: (), 1: (), 2: RATES[:2]}.get(len(lined), RATES))
    degrees = {name: alpha for alpha, name in FGT_NAMES.items()}
    out: dict[str, Estimate] = {}
    for name in (n for n in possible if n in names):
        panel = _panel(table, base, like, name)
        if name in RATES:
            panel = _followed(panel, lined)
        elif name in POVERTY:
            panel = panel.where(panel.frame["wave"].isin(lined))
        if not _counts(panel, name):
            continue
        if name in RATES:
            out[name] = _rate(panel, like, name, lined)
        else:
            levels = name in POVERTY
            out[name] = _fgt(panel, like, name, degrees[name]) if levels else _mean(panel, like, real=real)
    return out


def _counts(panel: Panel, name: str) -> bool:
    """Return whether there is anything to count: a county by itself may have no pair of waves."""
    column = f"{name}_of"
    return column in panel.frame and bool((panel.frame.loc[panel.mask, column] > 0).any())


def _design_columns(panel: Panel) -> list[str]:
    design = panel.design
    units = design.stages or (panel.household,)
    named = [design.strata, *units, *design.fpcs]
    return list(dict.fromkeys(c for c in named if c is not None))


def _wave_before(waves: Sequence[int]) -> dict[int, int]:
    return {later: earlier for earlier, later in pairwise(waves)}


def _ratio_sums(name: str, group: Cells, score: Floats, at: Ints) -> dict[str, Floats]:
    """Return Σ w s, Σ w and the number of rows in the cells, by unit and wave, each of shape (units × waves,)."""
    k = int(at.max(initial=-1)) + 1
    inside = group.inside
    weight = group.weight[inside]
    counted = (group.sample.weight > 0)[inside]
    own = at[inside]
    return {
        f"{name}_sum": _added(own, weight * score[inside], k),
        f"{name}_of": _added(own, weight, k),
        f"{name}_n": _added(own, counted, k),
    }


def _added(at: Ints, values: NDArray[Any], k: int) -> Floats:
    return np.asarray(np.bincount(at, weights=values, minlength=k), dtype=float)


def _poverty(part: Panel, y: Floats, at: Ints) -> dict[str, Floats]:
    if not part.mask.any():
        return {}
    z = part.line()
    group = cells(part, "wave", {part.welfare: y})
    out: dict[str, Floats] = {}
    for alpha, name in FGT_NAMES.items():
        out |= _ratio_sums(name, group, fgt_scores(y, z, alpha, at_line=part.poor_at_line), at)
    return out


def _rates(part: Panel, at: Ints) -> dict[str, Floats]:
    if len(part.waves) < 2 or concepts_change(part, part.waves):
        return {}
    pairs = pair_rows(part)
    k = int(at.max(initial=-1)) + 1
    paired = (pairs.links.earlier >= 0).astype(float)
    out = {"paired": _added(at, paired, k)}
    was_poor, was_not = pairs.before == 1, pairs.before == 0
    events = {
        "exit_rate": (was_poor, 1 - pairs.now),
        "entry_rate": (was_not, pairs.now),
        "return_rate": (was_not & (pairs.after_poverty == 1), pairs.now),
    }
    for name, (at_risk, event) in events.items():
        group = pair_cells(part, pairs.links, "wave", at_risk & ~np.isnan(event))
        out |= _ratio_sums(name, group, event, at)
        out[f"{name}_pairs"] = _added(at, group.inside, k)
    return out


def _coded(table: pd.DataFrame, like: Panel) -> pd.DataFrame:
    """Return the columns that all measures share, strata and units as numbers: names take room."""
    names = [c for c in _design_columns(like) if c not in like.design.fpcs]
    codes = {c: pd.factorize(table[c])[0].astype(np.int32) for c in names}
    sizes = {c: table[c].to_numpy() for c in like.design.fpcs}
    shared = {c: table[c].to_numpy() for c in ("wave", BEFORE, *COUNTS) if c in table}
    unit = np.arange(len(table), dtype=np.int32)
    return pd.DataFrame({**codes, **sizes, **shared, "_unit": unit}, copy=False)


def _panel(table: pd.DataFrame, base: pd.DataFrame, like: Panel, name: str) -> Panel:
    """Return the units as the rows of a panel for one measure; those without anything counted stay sampled."""
    own = {c: table[c].to_numpy() for c in (f"{name}_n", f"{name}_pairs") if c in table}
    if f"{name}_of" in table:
        of = table[f"{name}_of"].to_numpy()
        above = table[f"{name}_sum"].to_numpy()
        own |= {f"{name}_of": np.where(of > 0, of, np.nan), f"{name}_sum": np.where(of > 0, above, np.nan)}
    frame = base.assign(**own)
    units = like.design.stages or (like.household,)
    return replace(
        like,
        frame=frame,
        household="_unit",
        wave="wave",
        county=None,
        welfare="rows",
        size=None,
        village=None,
        design=replace(like.design, weight=None, psu=units, auxiliary=None),
        ledger=None,
        inside=None,
    )


def _followed(panel: Panel, lined: list[int]) -> Panel:
    """Return the waves that have one before, without the pairs of counties that lack the wave between."""
    right = panel.frame["wave"].map(_wave_before(lined))
    skipped = panel.frame[BEFORE] != right
    late = [str(c) for c in panel.frame if str(c).startswith(RATES)]
    frame = panel.frame.copy(deep=False)
    frame[late] = frame[late].mask(skipped)
    if "paired" in frame:
        frame["paired"] = frame["paired"].where(~skipped, 0.0)
    return replace(panel, frame=frame).where(frame["wave"].isin(lined[1:]))


def _mean(panel: Panel, like: Panel, *, real: bool) -> Estimate:
    if real:
        factor = pd.Series(deflator(panel), index=panel.frame.index)
        panel = replace(panel, frame=panel.frame.assign(mean_sum=panel.frame["mean_sum"] * factor))
    about = About(
        estimand=f"mean {like.welfare}",
        method="weighted mean, linearised",
        citation=DEVILLE,
        unit="currency",
        notes=price_notes(panel, "welfare", real=real),
    )
    return _ratio(panel, "mean", about, _level_notes(panel, like))


def _fgt(panel: Panel, like: Panel, name: str, alpha: float) -> Estimate:
    notes = [_notes.line_rule(at_line=like.poor_at_line), *_notes.concepts(panel, panel.waves)]
    below = int(panel.frame.loc[panel.mask, "negative"].sum())
    if below and alpha > 0:
        notes.append(_notes.negative(below))
    about = About(
        estimand=name,
        interval="kg" if alpha == 0 else "log",
        method="weighted mean of poverty scores, fixed line",
        citation=FGT_PAPER,
        unit="share",
        notes=tuple(notes),
    )
    return _ratio(panel, name, about, _level_notes(panel, like))


def _level_notes(panel: Panel, like: Panel) -> list[Text]:
    rows, known = (int(panel.frame.loc[panel.mask, c].sum()) for c in ("rows", "known"))
    notes = [_notes.counting(persons=like.size is not None)]
    return [*notes, _notes.missing(rows - known, rows, like.welfare)] if known < rows else notes


def _rate(panel: Panel, like: Panel, name: str, lined: list[int]) -> Estimate:
    frame = panel.frame[panel.frame["wave"].isin(lined)]
    rows, known = (frame.groupby("wave")[c].sum() for c in ("rows", "known"))
    paired = int(frame["paired"].sum())
    unpaired, lost = int(rows[lined[1:]].sum()) - paired, int(rows[lined[:-1]].sum()) - paired
    notes = [
        _notes.line_rule(at_line=like.poor_at_line),
        _notes.pairs(int(panel.frame.loc[panel.mask, f"{name}_pairs"].sum())),
    ]
    if unpaired or lost:
        notes.append(_notes.unpaired(unpaired, lost))
    notes.append(_notes.pair_weight(like.design.pair_weight))
    unknown = int(rows.sum() - known.sum())
    if unknown:
        notes.append(_notes.missing(unknown, int(rows.sum()), like.welfare))
    spans = [(a, b) for a, b in pairwise(lined) if b - a > 1]
    if spans:
        notes.append(_notes.gaps(spans))
    about = About(
        estimand=name,
        interval="kg",
        method="ratio of totals over pairs of consecutive waves, linearised",
        citation=DEVILLE,
        unit="share",
        notes=(*notes, *_notes.concepts(panel, lined)),
    )
    return _ratio(panel, name, about, [_notes.counting(persons=like.size is not None)])


def _ratio(panel: Panel, name: str, about: About, notes: list[Text]) -> Estimate:
    """Return Σ w s / Σ w d by wave, with the rows behind it and its own description."""
    found = ratio(panel, f"{name}_sum", f"{name}_of", by="wave")
    counts = panel.frame.loc[panel.mask].groupby("wave")[f"{name}_n"].sum()
    n = counts.reindex(found.keys["wave"]).fillna(0).to_numpy(dtype=float)
    if (n == 0).any():
        notes = [*notes, _notes.empty(found.keys.loc[n == 0])]
    if panel.sample.census:
        about = replace(about, interval="none", notes=(*about.notes, *notes, _notes.census()))
    else:
        about = replace(about, notes=(*about.notes, *notes))
    if about.interval in DESIGN_DF:
        waves = panel.domains("wave")
        counted = np.where(panel.frame[f"{name}_of"].notna(), waves.code, -1).astype(np.intp)
        found = replace(found, df=panel.sample.df(counted, len(waves.keys)))
    return replace(found, n=n, about=about)
