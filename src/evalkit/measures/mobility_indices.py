"""Mobility of incomes between waves: Shorrocks' rigidity, Fields–Ok movements, correlations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import Rule
from evalkit.measures import _notes
from evalkit.measures._followed import Followed, follow, positive
from evalkit.measures._linear import Cells, estimate_parts, of_waves
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures._states import tied_sums
from evalkit.measures._waves import refuse_concepts
from evalkit.measures.ordered import distances_by_cell
from evalkit.measures.poverty import NonPositive
from evalkit.panel import By, Panel
from evalkit.text import Text

Measure = Literal[
    "shorrocks_gini",
    "shorrocks_theil",
    "shorrocks_mld",
    "fields_ok",
    "fields_ok_currency",
    "spearman",
    "log_correlation",
]
Parts = tuple[tuple[str, ...], list[Floats], list[Floats]]


@dataclass(frozen=True)
class Index:
    """How a measure of mobility is computed and described.

    Parameters
    ----------
    parts : callable
        From followed households to labels, values (k,) and influences (n,) of each part.
    method, citation, unit : str
    interval : str
    logs : bool
        It takes logarithms, so that non-positive incomes need a policy.
    whole : bool
        It uses all waves between the two, not these two alone.
    """

    parts: Callable[[Followed], Parts]
    method: str
    citation: str
    unit: str
    interval: Rule = "t"
    logs: bool = True
    whole: bool = False


def mobility(
    panel: Panel,
    *,
    frm: int,
    to: int,
    measure: Measure = "fields_ok",
    by: By = None,
    real: bool = False,
    nonpositive: NonPositive = "error",
    floor: float | None = None,
) -> Estimate:
    """Return a measure of how much the welfare of the same households moves between waves.

    Parameters
    ----------
    panel : Panel
    frm, to : int
        Waves, ``frm`` before ``to``.
    measure : str
        ``shorrocks_gini``, ``shorrocks_theil``, ``shorrocks_mld``: ``rigidity`` R = inequality of the household's
        mean over all waves from ``frm`` to ``to`` / mean of the waves' inequalities weighted by their
        mean incomes, and ``mobility`` 1 - R. ``fields_ok``: ``total`` = mean of abs(log y1 - log y0), ``growth`` =
        absolute mean of log y1 - log y0, ``transfer`` = total - growth (twice what losers lose when the mean
        grows); ``fields_ok_currency``: the same with y1 - y0 in currency. ``spearman``: ``correlation`` of the
        weighted mid-ranks; ``log_correlation``: of the logarithms. The trace index of a matrix: `trace_mobility`.
    by : str or sequence of str, optional
        Read at the last wave, without the wave.
    real : bool
        Amounts in prices of the panel's price year.
    nonpositive : {"error", "drop", "floor"}
        What happens to incomes of zero or less where a logarithm is taken (``shorrocks_theil`` takes x log x);
        a household with such an income in any wave is dropped whole.
    floor : float, optional
        Positive amount, needed with ``nonpositive="floor"``.

    Returns
    -------
    Estimate
        Key ``statistic`` after those of `by`; households with a welfare measure in every wave used. Influence
        of all parts analytic, in one joint covariance. NaN where it is not defined (no inequality, all equal).

    Raises
    ------
    EstimationError
        An unknown measure, waves not in order or absent, several income concepts, or a logarithm that does not exist.
    """
    if measure not in INDICES:
        msg = f"measure is one of {', '.join(INDICES)}, not {measure!r}"
        raise EstimationError(msg)
    if not frm < to:
        msg = f"mobility needs frm before to, got frm={frm}, to={to}"
        raise EstimationError(msg)
    index = INDICES[measure]
    waves = [w for w in panel.waves if frm <= w <= to] if index.whole else [frm, to]
    of_waves(panel, [frm, to])
    refuse_concepts(panel, waves)
    y = panel.values("welfare")
    if real:
        y = y * deflator(panel)
    used = panel.mask & panel.frame[panel.wave].astype(int).isin(waves).to_numpy() & ~np.isnan(y)
    notes: tuple[Text, ...] = ()
    if index.logs:
        y, notes = positive(panel, y, nonpositive, floor, np.flatnonzero(used))
    followed = follow(panel, waves, by, y, what=panel.welfare)
    labels, values, zs = index.parts(followed)
    about = About(
        estimand=f"{measure} {frm}–{to}",
        method=index.method,
        citation=index.citation,
        unit=index.unit,
        interval=index.interval,
        notes=(*notes, *_price_notes(panel, waves, real=real)),
    )
    return estimate_parts(followed.group, "statistic", labels, np.column_stack(values), zs, about)


def _price_notes(panel: Panel, waves: list[int], *, real: bool) -> tuple[Text, ...]:
    """Return the price note and the concept of the waves used."""
    prices = price_notes(replace(panel, concept=None), "welfare", real=real)
    return (*prices, *_notes.concepts(panel, waves))


def _mean(group: Cells, x: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean in each cell, shape (k,), and its influence, shape (n,)."""
    values = group.sums(x) / group.size()
    return values, np.where(group.inside, (x - group.spread(values)) / group.spread(group.size()), 0.0)


def _spread(group: Cells, x: Floats) -> Floats:
    """Return a cell's value at its rows, zero elsewhere, shape (n,)."""
    return np.where(group.inside, group.spread(x), 0.0)


def _fields_ok(followed: Followed, *, log: bool) -> Parts:
    x = np.log(followed.values) if log else followed.values
    change = x[:, -1] - x[:, 0]
    total, of_total = _mean(followed.group, followed.place(np.abs(change)))
    mean, of_mean = _mean(followed.group, followed.place(change))
    growth, of_growth = np.abs(mean), _spread(followed.group, np.sign(mean)) * of_mean
    labels = ("total", "growth", "transfer")
    return labels, [total, growth, total - growth], [of_total, of_growth, of_total - of_growth]


def _correlation(followed: Followed) -> Parts:
    """Return Pearson's correlation of the logarithms: influence a b - r (a² + b²)/2 of standardised logs a, b."""
    group = followed.group
    x, y = (followed.place(np.log(followed.values[:, j])) for j in (0, -1))
    return ("correlation",), *_standardised(group, x, y)


def _standardised(group: Cells, x: Floats, y: Floats) -> tuple[list[Floats], list[Floats]]:
    mx, my = group.sums(x) / group.size(), group.sums(y) / group.size()
    dx, dy = x - _spread(group, mx), y - _spread(group, my)
    sx, sy = (np.sqrt(group.sums(d**2) / group.size()) for d in (dx, dy))
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = dx / _spread(group, sx), dy / _spread(group, sy)
        r = group.sums(np.where(group.inside, a * b, 0.0)) / group.size()
        z = (a * b - _spread(group, r) * (a**2 + b**2) / 2) / group.spread(group.size())
    return [r], [np.where(group.inside & np.isfinite(z), z, 0.0)]


def _spearman(followed: Followed) -> Parts:
    """Return the correlation of mid-ranks R, S.

    Means are 1/2, so that with a = mean R S - 1/4, b and c the same of R² and S²: r = a / sqrt(b c). A row moves the
    mean of R S by R S itself and by the ranks of all rows above it: R_i S_i + Σ_j w_j S_j 1(x_i < x_j)/Σw + the same
    with the waves exchanged (ties count half).
    """
    group = followed.group
    x, y = (followed.place(followed.values[:, j]) for j in (0, -1))
    ones = np.ones(len(x))
    size, inside = group.size(), group.inside
    total = _spread(group, size)

    def share(of: Floats, value: Floats) -> Floats:
        """Mean of `value` over rows below in `of`, ties half."""
        return np.where(inside, _by_cell(group, of, value) / np.where(inside, total, 1.0), 0.0)

    r, s = share(x, ones), share(y, ones)

    def product(p: Floats, q: Floats, of_p: Floats, of_q: Floats) -> tuple[Floats, Floats]:
        mean = group.sums(p * q) / size
        mean_p, mean_q = (_spread(group, group.sums(v) / size) for v in (p, q))
        above = (mean_q - share(of_p, q)) + (mean_p - share(of_q, p))
        z = p * q + above - 3 * _spread(group, mean)
        return mean - 0.25, np.where(inside, z / np.where(inside, total, 1.0), 0.0)

    (a, za), (b, zb), (c, zc) = product(r, s, x, y), product(r, r, x, x), product(s, s, y, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = a / np.sqrt(b * c)
        z = group.spread(1 / np.sqrt(b * c)) * za
        z = z - group.spread(value) * (zb / group.spread(b) + zc / group.spread(c)) / 2
    return ("correlation",), [value], [np.where(inside & np.isfinite(z), z, 0.0)]


def _by_cell(group: Cells, of: Floats, value: Floats) -> Floats:
    """Return Σ_j w_j value_j (1(of_j < of_i) + 1(of_j = of_i)/2) within cells, zero outside, shape (n,)."""
    rows = np.flatnonzero(group.inside)
    rows = rows[np.argsort(group.code[rows], kind="stable")]
    ends = np.searchsorted(group.code[rows], np.arange(group.k + 1))
    weight = group.weight
    out = np.zeros(len(of))
    for cell in range(group.k):
        at = rows[ends[cell] : ends[cell + 1]]
        out[at] = tied_sums(of[at], weight[at], value[at])
    return out


def _shorrocks(followed: Followed, inequality: Callable[[Cells, Floats], tuple[Floats, Floats]]) -> Parts:
    """Return rigidity R = I(mean) μ / Σ_t (μ_t / T) I_t, μ the mean over the waves, and mobility 1 - R."""
    group, t = followed.group, followed.values.shape[1]
    whole, of_whole = inequality(group, followed.place(followed.values.mean(axis=1)))
    mu, of_mu = _mean(group, followed.place(followed.values.mean(axis=1)))
    top, of_top = whole * mu, _spread(group, mu) * of_whole + _spread(group, whole) * of_mu
    low, of_low = np.zeros(group.k), np.zeros(len(of_top))
    for j in range(t):
        y = followed.place(followed.values[:, j])
        (value, z), (m, zm) = inequality(group, y), _mean(group, y)
        low = low + value * m / t
        of_low = of_low + (_spread(group, m) * z + _spread(group, value) * zm) / t
    with np.errstate(divide="ignore", invalid="ignore"):
        rigidity = top / low
        z = (of_top - group.spread(rigidity) * of_low) / group.spread(low)
    rigidity = np.where(low > 0, rigidity, np.nan)
    z = np.where(group.inside & np.isfinite(z), z, 0.0)
    return ("rigidity", "mobility"), [rigidity, 1 - rigidity], [z, -z]


def _gini(group: Cells, y: Floats) -> tuple[Floats, Floats]:
    """Return the Gini coefficient, mean distance / (2 mean), and its influence."""
    size = group.size()
    mean, of_mean = _mean(group, y)
    apart = np.where(group.inside, distances_by_cell(group, y, np.ones(len(y))) / group.spread(size), 0.0)
    pairs = group.sums(apart) / size
    of_pairs = np.where(group.inside, 2 * (apart - group.spread(pairs)) / group.spread(size), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = pairs / (2 * mean)
        z = of_pairs / group.spread(2 * mean) - group.spread(value / mean) * of_mean
    return value, np.where(group.inside, z, 0.0)


def _theil(group: Cells, y: Floats) -> tuple[Floats, Floats]:
    """Return Theil's index mean(y log y)/mean - log mean and its influence."""
    mean, of_mean = _mean(group, y)
    part, of_part = _mean(group, y * np.log(np.where(y > 0, y, 1.0)))
    value = part / mean - np.log(mean)
    slope = group.spread(part / mean**2 + 1 / mean)
    return value, np.where(group.inside, of_part / group.spread(mean) - slope * of_mean, 0.0)


def _mld(group: Cells, y: Floats) -> tuple[Floats, Floats]:
    """Return the mean log deviation log mean - mean log and its influence."""
    mean, of_mean = _mean(group, y)
    logs, of_logs = _mean(group, np.log(np.where(y > 0, y, 1.0)))
    return np.log(mean) - logs, np.where(group.inside, of_mean / group.spread(mean) - of_logs, 0.0)


_SHORROCKS = "Shorrocks (1978), J. Econ. Theory 19, 376-393, eq. for R"
_FIELDS_OK = "Fields & Ok (1999), Economica 66, 455-471"
_RIGID = "inequality of the mean over the waves / income-weighted mean of the waves' inequalities"

INDICES: dict[str, Index] = {
    "shorrocks_gini": Index(
        lambda f: _shorrocks(f, _gini), f"{_RIGID} (Gini)", _SHORROCKS, "index", logs=False, whole=True
    ),
    "shorrocks_theil": Index(
        lambda f: _shorrocks(f, _theil), f"{_RIGID} (Theil)", _SHORROCKS, "index", whole=True
    ),
    "shorrocks_mld": Index(
        lambda f: _shorrocks(f, _mld), f"{_RIGID} (mean log deviation)", _SHORROCKS, "index", whole=True
    ),
    "fields_ok": Index(
        lambda f: _fields_ok(f, log=True), "mean absolute change of logarithms, linearised", _FIELDS_OK, "log"
    ),
    "fields_ok_currency": Index(
        lambda f: _fields_ok(f, log=False),
        "mean absolute change, linearised",
        "Fields & Ok (1996), J. Econ. Theory 71, 349-377",
        "currency",
        logs=False,
    ),
    "spearman": Index(
        _spearman,
        "correlation of weighted mid-ranks, ranks estimated",
        "Spearman (1904), Am. J. Psychol. 15, 72-101; influence: Deville (1999), Survey Methodology 25",
        "correlation",
        logs=False,
    ),
    "log_correlation": Index(
        _correlation,
        "weighted correlation of logarithms, linearised",
        "Deville (1999), Survey Methodology 25, 193-203; use in mobility: Fields & Ok (1999)",
        "correlation",
    ),
}
"""Measures of mobility by name."""
