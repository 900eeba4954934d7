"""What a model has to beat: rates of return as observed, the base rate by duration, the income rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.panel import Panel
from evalkit.risk.histories import Line, State
from evalkit.risk.person_years import WELFARE_RATIO, Spells, state_spells
from evalkit.text import Text

MIN_EVENTS = 10
"""Durations are grouped until each group has this many events, and as many household-waves without."""


def rates(spells: Spells, by: str | Sequence[str] = "duration") -> Estimate:
    """Return design-based rates of the event among household-waves at risk.

    Parameters
    ----------
    spells : Spells
    by : str or sequence of str
        Columns of the person-years: ``duration``, ``wave``, ``county``; an empty sequence for one rate.

    Returns
    -------
    Estimate
        Keys `by` and ``events`` (unweighted count); `n` is the number of household-waves at risk.
        Households are weighted with the design's weights, not by size; rows without a key are left out.

    Raises
    ------
    EstimationError
        If nobody is at risk.
    """
    names = [by] if isinstance(by, str) else list(by)
    frame = spells.frame.dropna(subset=names)
    if frame.empty:
        msg = "no household-wave is at risk, so there is no rate"
        raise EstimationError(msg)
    if names:
        groups = frame.groupby(names, sort=True, observed=True)
        code: Ints = np.asarray(groups.ngroup(), dtype=np.intp)
        keys = frame[names].drop_duplicates().sort_values(names).reset_index(drop=True)
    else:
        code, keys = np.zeros(len(frame), dtype=np.intp), pd.DataFrame(index=[0])
    k, event = len(keys), frame["event"].to_numpy(dtype=float)
    weight, row = frame["weight"].to_numpy(dtype=float), frame["row"].to_numpy(dtype=np.intp)
    value, z = _shares(event, weight, code, k)
    n = len(spells.sample.weight)
    weights, whole, domain = np.zeros(n), np.zeros(n), np.full(n, -1, dtype=np.intp)
    weights[row], whole[row], domain[row] = weight, z, code
    sample = replace(spells.sample, weight=weights, basis=None)
    keys["events"] = np.bincount(code, weights=event, minlength=k).astype(int)
    about = About(
        estimand="return_rate",
        method="events over household-waves at risk, design weights of households",
        citation="Allison (1982), Sociological Methodology 13, 61-98; Korn & Graubard (1998)",
        unit="share",
        interval="none" if sample.census else "kg",
        notes=spells.notes,
    )
    return Estimate(
        keys,
        value,
        sample.covariance(whole, domain, k),
        sample.df(domain, k),
        np.bincount(code, minlength=k).astype(float),
        about,
        clusters=sample.clusters(domain, k),
    )


def life_table(panel: Panel, *, state: State = "exited", line: Line = None) -> Estimate:
    """Return the rate of leaving a state by the number of waves spent in it.

    Parameters
    ----------
    panel : Panel
    state : {"exited", "poor"}
        ``exited``: return to poverty after 1, 2, … waves out of it; ``poor``: exit after 1, 2, … waves
        in it. Only spells whose start was observed count.
    line : float, str or mapping, optional

    Returns
    -------
    Estimate
        Keys ``duration, events``; `n` is the number at risk.

    Raises
    ------
    EstimationError
        Fewer than three waves, no line, nobody at risk.
    """
    out = rates(state_spells(panel, state=state, line=line))
    name = "return_rate" if state == "exited" else "exit_rate"
    return replace(out, about=replace(out.about, estimand=name))


@dataclass(frozen=True, eq=False)
class DurationGroups:
    """Durations in groups: group g holds lower[g] ≤ duration < lower[g + 1]; the last is open.

    `longest` is the longest duration seen when the groups were made.
    """

    lower: tuple[int, ...]
    longest: int

    @property
    def labels(self) -> tuple[str, ...]:
        """Names such as ``1``, ``2-3``, ``4+``."""
        ends = [*(b - 1 for b in self.lower[1:]), None]
        pairs = zip(self.lower, ends, strict=True)
        return tuple(f"{a}+" if b is None else (str(a) if a == b else f"{a}-{b}") for a, b in pairs)

    def code(self, duration: Ints) -> Ints:
        """Return the group of each duration, shape (n,); below the first lower bound: the first group."""
        at = np.searchsorted(np.asarray(self.lower), duration, side="right") - 1
        return np.maximum(at, 0).astype(np.intp)


def group_durations(duration: Ints, event: Floats, least: int = MIN_EVENTS) -> DurationGroups:
    """Group durations, longest first, until each group has `least` events and non-events.

    Raises
    ------
    EstimationError
        If all durations together have fewer.

    Examples
    --------
    Ten events at duration 1, ten at 2, five at 3: the last two form one group.

    >>> d = np.repeat([1, 2, 3], [40, 30, 15])
    >>> y = np.concatenate([np.arange(n) < m for n, m in [(40, 10), (30, 10), (15, 5)]]).astype(float)
    >>> group_durations(d, y).labels
    ('1', '2+')
    """
    top = int(duration.max(initial=0))
    events = np.bincount(duration, weights=event, minlength=top + 1)
    others = np.bincount(duration, minlength=top + 1) - events
    total, rest = int(events.sum()), int(others.sum())
    if total < least or rest < least:
        msg = (
            f"{total} returns and {rest} household-waves without return among {len(duration)} at risk: a return model "
            f"needs at least {least} of each"
        )
        raise EstimationError(msg)
    lower: list[int] = []
    have = np.zeros(2)
    for d in range(top, 0, -1):
        have += (events[d], others[d])
        if (have >= least).all():
            lower.append(d)
            have = np.zeros(2)
    lower[-1] = 1
    return DurationGroups(tuple(reversed(lower)), top)


@dataclass(frozen=True, eq=False)
class BaseRate:
    """The observed rate of return by duration since exit; everybody of one duration has the same risk.

    After `fit`: `groups_` (durations are grouped at the top when sparse), `rate_` by group and
    `spells_`, the person-years of the fit.
    """

    name: str = "base_rate"
    groups_: DurationGroups | None = field(default=None, repr=False)
    rate_: Floats | None = field(default=None, repr=False)
    spells_: Spells | None = field(default=None, repr=False)

    def fit(self, spells: Spells) -> BaseRate:
        """Return a fitted copy.

        Raises
        ------
        EstimationError
            Fewer than `MIN_EVENTS` returns.
        """
        groups = group_durations(spells.duration, spells.event)
        code = groups.code(spells.duration)
        rate, _ = _shares(spells.event, spells.weight, code, len(groups.lower))
        return replace(self, groups_=groups, rate_=rate, spells_=spells)

    def predict(self, spells: Spells) -> Floats:
        """Return the probability of return, shape (n,)."""
        if self.groups_ is None or self.rate_ is None:
            raise not_fitted(self.name)
        return self.rate_[self.groups_.code(spells.duration)]

    def scores(self, spells: Spells) -> Floats:
        """Return what households are ranked by, highest risk first, shape (n,)."""
        return self.predict(spells)

    def remarks(self) -> tuple[Text, ...]:
        """Return what there is to say about the fit."""
        return () if self.groups_ is None else grouping_note(self.groups_)


@dataclass(frozen=True, eq=False)
class IncomeRule:
    """The official rule of thumb: at risk when last wave's welfare was below a multiple of the line.

    Households are ranked by last wave's welfare relative to the line, lowest first; the predicted
    probability is the rate of return observed inside, or outside, the rule.

    Parameters
    ----------
    multiple : float
        Of the poverty line.
    """

    multiple: float = 1.5
    name: str = "income_rule"
    inside_: float | None = field(default=None, repr=False)
    outside_: float | None = field(default=None, repr=False)
    spells_: Spells | None = field(default=None, repr=False)

    def flag(self, spells: Spells) -> Floats:
        """Return 1.0 where the rule flags a household, shape (n,).

        Raises
        ------
        EstimationError
            Without a poverty line, or with welfare missing one wave earlier.
        """
        return (-self.scores(spells) < self.multiple).astype(float)

    def fit(self, spells: Spells) -> IncomeRule:
        """Return a fitted copy.

        Raises
        ------
        EstimationError
            If the rule flags nobody, or everybody.
        """
        if not self.multiple > 0:
            msg = f"the income rule needs a positive multiple of the line, got {self.multiple}"
            raise EstimationError(msg)
        flag = self.flag(spells).astype(np.intp)
        n = len(flag)
        if not 0 < flag.sum() < n:
            who = "nobody" if flag.sum() == 0 else "everybody"
            msg = (
                f"the income rule flags {who} of the {n} household-waves it is fitted on (welfare below "
                f"{self.multiple:g} × line one wave earlier); choose another return_risk.rule_multiple"
            )
            raise EstimationError(msg)
        rate, _ = _shares(spells.event, spells.weight, flag, 2)
        return replace(self, outside_=float(rate[0]), inside_=float(rate[1]), spells_=spells)

    def predict(self, spells: Spells) -> Floats:
        """Return the probability of return, shape (n,)."""
        if self.inside_ is None or self.outside_ is None:
            raise not_fitted(self.name)
        return np.where(self.flag(spells) > 0, self.inside_, self.outside_)

    def scores(self, spells: Spells) -> Floats:
        """Return minus the ratio of last wave's welfare to the line, shape (n,)."""
        if WELFARE_RATIO not in spells.frame:
            msg = (
                "the income rule needs a poverty line: pass line=… to spells, or give the plan a poverty.line"
            )
            raise EstimationError(msg)
        ratio = np.exp(spells.frame[WELFARE_RATIO].to_numpy(dtype=float))
        missing = int((~np.isfinite(ratio)).sum())
        if missing:
            msg = f"welfare one wave earlier is missing for {missing} of {len(ratio)} household-waves at risk"
            raise EstimationError(msg)
        return np.asarray(-ratio, dtype=float)

    def remarks(self) -> tuple[Text, ...]:
        """Return what there is to say about the fit: nothing."""
        return ()


def not_fitted(name: str) -> EstimationError:
    """Return the error of a model that was asked before it was fitted."""
    return EstimationError(f"the model {name!r} is not fitted; call .fit(spells) first")


def grouping_note(groups: DurationGroups) -> tuple[Text, ...]:
    """Return a note on grouped durations, if there are any."""
    ends = (*groups.lower[1:], groups.longest + 1)
    spans = zip(groups.labels, groups.lower, ends, strict=True)
    grouped = [label for label, first, end in spans if end - first > 1]
    if not grouped:
        return ()
    return (
        Text(
            en=f"Durations grouped so that each group has {MIN_EVENTS} returns: {', '.join(grouped)} waves since exit.",
            zh=f"为使每组至少有{MIN_EVENTS}例返贫，脱贫后年数合并为：{'、'.join(grouped)}。",
        ),
    )


def _shares(y: Floats, weight: Floats, code: Ints, k: int) -> tuple[Floats, Floats]:
    """Return weighted shares by group, shape (k,), and their influence values without weights, shape (n,)."""
    mass = np.bincount(code, weights=weight, minlength=k)
    hit = np.bincount(code, weights=weight * y, minlength=k)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hit / mass
        z = (y - share[code]) / mass[code]
    return np.asarray(share, dtype=float), np.asarray(z, dtype=float)
