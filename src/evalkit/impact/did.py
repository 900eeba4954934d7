"""Difference-in-differences: two periods, and two-way fixed effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About
from evalkit.impact import notes as say
from evalkit.impact.cross_section import binary, grouping_of, with_constant
from evalkit.impact.inference import ErrorRule, StdErrors, choose, nested
from evalkit.impact.inputs import Data, Floats, Table, names, needed, read, source
from evalkit.impact.linear import Grouping, Problem, effect, norms
from evalkit.impact.regression import absorb
from evalkit.impact.used import ProgramEffect
from evalkit.text import Text


def did_2x2(
    data: Data,
    *,
    outcome: str,
    unit: str | None = None,
    time: str | None = None,
    treated: str,
    covariates: Sequence[str] | str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> ProgramEffect:
    """Return the change of the treated group minus the change of the comparison group over two waves.

    The coefficient of treated × later wave in a weighted regression on treated, later wave, their product and
    the covariates. Every row with an outcome counts, also of units seen in one wave only.

    Parameters
    ----------
    data : DataFrame or Panel
        Exactly two waves. A panel lends unit, time, weight and cluster.
    outcome : str
    unit, time : str
        Household and wave columns.
    treated : str
        0/1 column: the unit belongs to the treated group, the same in both waves.
    covariates : str or sequence of str, optional
        Numeric columns, entering linearly.
    weights, cluster : str, optional
    std_errors : {"cluster", "hc1", "classical"}, optional
        ``cluster`` where `cluster` is given (or the panel has villages or a PSU), else ``hc1``; both
        ``hc1`` and ``classical`` treat the two rows of a unit as independent, which a note says.

    Returns
    -------
    ProgramEffect
        One value in the unit of the outcome, with the units used; `n` counts rows.

    Raises
    ------
    DataError
        Unit twice in a wave; `treated` differs within a unit; columns absent or not numeric.
    EstimationError
        Not two waves; nobody treated, or nobody untreated, in a wave; fewer than two clusters.

    References
    ----------
    Card & Krueger (1994); Angrist & Pischke (2009), eq. 5.2.3.
    """
    src = source(data, unit=unit, time=time, weights=weights)
    who, when = needed(src.unit, "unit"), needed(src.time, "time")
    rule = choose(std_errors, cluster, src=src, otherwise=ErrorRule("hc1", None))
    extra = names(covariates)
    table = read(src, required=[outcome, treated, *extra], cluster=rule.cluster, within=rule.within)
    waves = len(table.times)
    if waves != 2:
        listed = ", ".join(str(t) for t in table.times[:8])
        msg = f"did_2x2 needs exactly two waves of {when!r} with data, found {waves}: {listed}; filter, or use att_gt"
        raise EstimationError(msg)
    _constant_within(table, treated, who)
    group = binary(table.values[treated], treated)
    later = table.time == 1
    for wave, rows in zip(table.times, (~later, later), strict=True):
        if len(np.unique(group[rows])) < 2:
            msg = f"in wave {wave} all rows are on one side of {treated!r}: there is nothing to compare with"
            raise EstimationError(msg)
    effect_column = (group & later).astype(float)
    columns = np.column_stack([effect_column, group, later, *[table.values[c] for c in extra]]).astype(float)
    labels = (f"{treated} × {when}", treated, when, *extra)
    about = About(
        estimand="did",
        method="pooled two-wave difference-in-differences" + _adjusted(extra),
        citation="Angrist & Pischke (2009), eq. 5.2.3",
        notes=(*table.notes, *_two_wave_notes(table, rule), say.no_pre_trend()),
    )
    problem = with_constant(table, table.values[outcome], columns, labels)
    grouping = grouping_of(table, rule, group)
    return effect(problem, table, rule, grouping=grouping, treated=group, about=about)


def _two_wave_notes(table: Table, rule: ErrorRule) -> tuple[Text, ...]:
    seen = np.bincount(table.unit)
    told: list[Text] = []
    once = int((seen == 1).sum())
    if once:
        told.append(say.one_wave_units(once, len(seen)))
    if rule.kind != "cluster" and once < len(seen):
        told.append(say.independent_rows(len(table), len(seen)))
    return tuple(told)


def _adjusted(extra: tuple[str, ...]) -> str:
    return f", adjusted for {len(extra)} covariates" if extra else ""


@dataclass(frozen=True, eq=False)
class Ranges:
    """Lowest and highest value of a column in each unit, shape (N,)."""

    low: Floats
    high: Floats


def ranges(table: Table, column: str) -> Ranges:
    """Return the range of a column within units."""
    values = table.values[column]
    low, high = (np.full(len(table.units), v) for v in (np.inf, -np.inf))
    np.minimum.at(low, table.unit, values)
    np.maximum.at(high, table.unit, values)
    return Ranges(low, high)


def _constant_notes(paths: Ranges) -> tuple[Text, ...]:
    """Count the units that are treated in all their waves: the fixed effects turn them into comparisons."""
    always = int(((paths.low == paths.high) & (paths.low != 0)).sum())
    if not always:
        return ()
    return (say.always_on(always, int((paths.low != paths.high).sum())),)


def _constant_within(table: Table, column: str, unit: str) -> None:
    found = ranges(table, column)
    differs = np.flatnonzero(found.low != found.high)
    if len(differs):
        msg = (
            f"{column!r} differs between the waves of {len(differs)} of {len(table.units)} units (first: {unit} "
            f"{table.units[differs[0]]}); give the group a unit belongs to, for example its value in the later wave"
        )
        raise DataError(msg)


def twfe(
    data: Data,
    *,
    outcome: str,
    unit: str | None = None,
    time: str | None = None,
    treatment: str,
    covariates: Sequence[str] | str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> ProgramEffect:
    """Return the coefficient of treatment in a regression with unit and wave effects.

    Parameters
    ----------
    data : DataFrame or Panel
        A panel lends unit, time, weight and cluster.
    outcome : str
    unit, time : str
        Household and wave columns.
    treatment : str
        Numeric column that may change over waves; usually 0/1.
    covariates : str or sequence of str, optional
        Numeric columns that change over waves; the others are absorbed, which a note says.
    weights, cluster : str, optional
    std_errors : {"cluster", "hc1", "classical"}, optional
        ``cluster`` by default: by `cluster`, else the panel's village or PSU, else the unit. ``hc1`` and ``classical``
        treat all rows as independent; HC1 is inconsistent with fixed effects and many waves (Stock &
        Watson 2008).

    Returns
    -------
    ProgramEffect
        One value in the unit of the outcome per unit of treatment, with the units used; its treated units are
        those whose treatment changes, from which alone the coefficient is estimated; `n` counts rows.

    Raises
    ------
    DataError
        Unit twice in a wave; columns absent, not numeric or infinite.
    EstimationError
        Treatment absorbed by the fixed effects (nobody, or everybody, switches); fewer than two clusters.

    Notes
    -----
    Unit effects are removed by demeaning and wave effects by an exact T × T system. The clustered
    covariance is G/(G-1) (n-1)/(n-K) Σ z_c z_c' with t(G-1); K counts the columns and the fixed effects that
    are not nested in the clusters. Unclustered errors use n/(n-K) with all fixed effects and t(n-K).

    References
    ----------
    Wooldridge (2010), section 10.5; Arellano (1987); Cameron & Miller (2015), section III.B.
    """
    src = source(data, unit=unit, time=time, weights=weights)
    who = needed(src.unit, "unit")
    needed(src.time, "time")
    rule = choose(std_errors, cluster, src=src, otherwise=ErrorRule("cluster", None))
    extra = names(covariates)
    table = _without_singletons(
        read(src, required=[outcome, treatment, *extra], cluster=rule.cluster, within=rule.within)
    )
    paths = ranges(table, treatment)
    switches = paths.low != paths.high
    told = (*table.notes, *_path_notes(table, treatment), *_constant_notes(paths))
    grouping, more = _clusters(table, rule, who, table.values[treatment])
    about = About(
        estimand="two-way fixed effects",
        method="unit and wave effects" + _adjusted(extra),
        citation="Wooldridge (2010), section 10.5; Arellano (1987)",
        notes=(*told, *more),
    )
    labels = (treatment, *extra)
    problem = _absorbed(table, outcome, labels, grouping)
    return effect(problem, table, rule, grouping=grouping, treated=switches[table.unit], about=about)


def _without_singletons(table: Table) -> Table:
    once = np.bincount(table.unit) == 1
    if not once.any():
        return table
    if once.all():
        msg = f"all {len(once)} units are seen in one wave only; fixed effects need units seen at least twice"
        raise EstimationError(msg)
    return table.take(~once[table.unit], say.singletons(int(once.sum())))


def _clusters(
    table: Table, rule: ErrorRule, unit: str, treatment: Floats
) -> tuple[Grouping | None, tuple[Text, ...]]:
    if rule.kind != "cluster":
        return None, (say.independent_rows(len(table), len(table.units)),)
    ever = np.zeros(len(table.units), dtype=bool)
    np.logical_or.at(ever, table.unit, treatment != 0)
    side = ever[table.unit] if 0 < ever.sum() < len(ever) else None
    if table.cluster is None or rule.cluster is None:
        return Grouping(unit, table.unit, side), (say.clustered_by_unit(unit),)
    return Grouping(rule.cluster, table.cluster, side), ()


def _absorbed(table: Table, outcome: str, labels: tuple[str, ...], grouping: Grouping | None) -> Problem:
    raw = np.column_stack([table.values[c] for c in (outcome, *labels)])
    net = absorb(raw, table.unit, table.time, table.weight)
    total = net.unit_effects + net.time_effects - net.shared
    counted = total
    if grouping is not None:
        # effects nested in the clusters cost nothing, but for the one that stands for the constant
        if nested(table.unit, grouping.code):
            counted -= net.unit_effects - net.shared
        elif nested(table.time, grouping.code):
            counted -= net.time_effects - net.shared
    return Problem(
        outcome=net.columns[:, 0],
        columns=net.columns[:, 1:],
        labels=labels,
        size=norms(raw[:, 1:], table.weight),
        absorbed=total,
        absorbed_clustered=counted,
    )


def _path_notes(table: Table, name: str) -> tuple[Text, ...]:
    """Describe how treatment moves within units: rows are sorted by unit, then wave."""
    values = table.values[name]
    if not np.isin(values, (0.0, 1.0)).all():
        return (say.intensity(),)
    same = table.unit[1:] == table.unit[:-1]
    step = np.diff(values)
    off = np.unique(table.unit[1:][same & (step < 0)])
    first = np.full(len(table.units), len(table.times), dtype=np.intp)
    on = values == 1
    np.minimum.at(first, table.unit[on], table.time[on])
    starts = np.unique(first[(first > 0) & (first < len(table.times))])
    told: list[Text] = []
    if len(off):
        told.append(say.switches_off(len(off), len(table.units)))
    if len(starts) > 1:
        told.append(say.staggered(len(starts)))
    if len(starts) and starts.max() < 2:
        told.append(say.no_pre_trend())
    return tuple(told)
