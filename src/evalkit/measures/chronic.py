"""Poverty that lasts and poverty that comes and goes: chronic and transient components over several waves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._followed import Followed, follow
from evalkit.measures._linear import estimate_parts
from evalkit.measures._waves import refuse_concepts
from evalkit.measures.poverty import Line, fgt_scores
from evalkit.panel import By, Panel
from evalkit.text import Text

Method = Literal["jalan_ravallion", "ede"]
COMPONENTS = ("total", "chronic", "transient", "chronic_share")
PAPERS = {
    "jalan_ravallion": "Jalan & Ravallion (1998), J. Comp. Econ. 26, 338-357; (2000), J. Dev. Stud. 36, 82-99",
    "ede": "Duclos, Araar & Giles (2010), J. Dev. Econ. 91, 266-277",
}


@dataclass(frozen=True)
class Kind:
    """A decomposition: `method`, `alpha`, whether a household at the line is poor, whether bias is corrected."""

    method: Method
    alpha: float
    at_line: bool
    corrected: bool


def chronic_poverty(
    panel: Panel,
    line: Line = None,
    *,
    method: Method = "jalan_ravallion",
    alpha: float = 2,
    corrected: bool = False,
    waves: Sequence[int] | None = None,
    by: By = None,
    poor_at_line: bool | None = None,
) -> Estimate:
    """Return poverty over several waves, its chronic and its transient component.

    Incomes are divided by the line of their wave, so that x = y/z is comparable over time and 1 is the line.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`.
    method : {"jalan_ravallion", "ede"}
        ``jalan_ravallion``: total = mean over households and waves of FGT(α) of x; chronic = FGT(α) of the
        household's mean x over the waves; transient = the rest (it may be negative for α < 1).
        ``ede``: equally-distributed-equivalent gaps: household i has γ_i = (mean over waves of g^α)^(1/α);
        total = (mean of γ_i^α)^(1/α); transient = mean of (γ_i - mean gap of i), the cost of variation over
        time; chronic = the rest.
    alpha : float
        At least 0; at least 1 for ``ede``.
    corrected : bool
        Take the bias of few waves off each household's chronic score by the jackknife over waves (delete one
        wave; Quenouille 1956, Biometrika 43), which removes the term in 1/T if waves are exchangeable.
    waves : sequence of int, optional
        All waves of the panel by default.
    by : str or sequence of str, optional
        Read at the last wave.
    poor_at_line : bool, optional

    Returns
    -------
    Estimate
        Key ``component``: ``total``, ``chronic``, ``transient``, ``chronic_share`` (chronic / total, NaN without
        poverty), with joint covariance; households with a welfare measure in every wave only.

    Raises
    ------
    EstimationError
        Fewer than two waves, a negative alpha, alpha below 1 or too few waves for ``ede``, a line that is not positive,
        or waves of several income concepts.
    DataError
        Rows without a line.
    """
    at_line = panel.poor_at_line if poor_at_line is None else poor_at_line
    chosen = sorted(panel.waves if waves is None else waves)
    kind = Kind(method, float(alpha), at_line, corrected)
    _refuse(kind, len(chosen))
    refuse_concepts(panel, chosen)
    y, z = panel.values("welfare"), _lines(panel, line, chosen)
    followed = follow(panel, chosen, by, y, other=z, what=panel.welfare)
    x = followed.values / followed.lines
    labels, values, zs = _components(followed, x, kind)
    about = About(
        estimand=f"{'poverty' if method == 'jalan_ravallion' else 'equivalent poverty gap'} over {len(chosen)} waves",
        interval="log" if kind.alpha >= 1 and not corrected else "t",
        method=_words(kind),
        citation=PAPERS[method],
        unit="share",
        notes=(
            _notes.line_rule(at_line=at_line),
            _ratio_note(),
            _bias_note(len(chosen), corrected=corrected),
            *_negative(x),
            *_notes.concepts(panel, chosen),
        ),
    )
    return estimate_parts(followed.group, "component", labels, values, zs, about)


def _components(followed: Followed, x: Floats, kind: Kind) -> tuple[Sequence[str], Floats, list[Floats]]:
    """Return labels, values (k, 4) and influences of the components."""
    group = followed.group
    size = group.size()
    scores = fgt_scores(x, np.ones(x.shape), kind.alpha, at_line=kind.at_line).mean(axis=1)
    total, of_total = _mean(followed, scores)
    if kind.method == "jalan_ravallion":
        chronic, of_chronic = _mean(followed, chronic_scores(x, kind))
        transient, of_transient = total - chronic, of_total - of_chronic
    else:
        power = 1 / kind.alpha
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(total > 0, power * total ** (power - 1), 0.0)
        total, of_total = total**power, np.where(group.inside, group.spread(slope), 0.0) * of_total
        transient, of_transient = _mean(followed, transient_scores(x, kind))
        chronic, of_chronic = total - transient, of_total - of_transient
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, chronic / np.where(total > 0, total, 1.0), np.nan)
        of_share = (of_chronic - group.spread(share) * of_total) / group.spread(total)
    values = np.column_stack([total, chronic, transient, share])
    values[~(size > 0)] = np.nan
    zs = [of_total, of_chronic, of_transient, np.where(np.isfinite(of_share), of_share, 0.0)]
    return COMPONENTS, values, zs


def chronic_scores(x: Floats, kind: Kind) -> Floats:
    """Return the poverty score of each household's mean welfare ratio, shape (h,), from x of shape (h, t).

    >>> kind = Kind("jalan_ravallion", 1.0, at_line=False, corrected=False)
    >>> chronic_scores(np.array([[0.4, 1.2], [0.5, 1.7]]), kind).round(3)
    array([0.2, 0. ])
    """
    return _corrected(x, kind, lambda part: _score(part.mean(axis=1), kind))


def transient_scores(x: Floats, kind: Kind) -> Floats:
    """Return the cost of variation over time, γ_i less the mean gap, shape (h,), from x of shape (h, t).

    >>> kind = Kind("ede", 2.0, at_line=False, corrected=False)
    >>> transient_scores(np.array([[0.4, 0.4], [0.4, 1.7]]), kind).round(4)
    array([0.    , 0.1243])
    """

    def cost(part: Floats) -> Floats:
        gaps = fgt_scores(part, np.ones(part.shape), 1, at_line=kind.at_line)
        return np.asarray((gaps**kind.alpha).mean(axis=1) ** (1 / kind.alpha) - gaps.mean(axis=1))

    return _corrected(x, kind, cost)


def _corrected(x: Floats, kind: Kind, score: Callable[[Floats], Floats]) -> Floats:
    """Return the score, or its jackknife T s - (T - 1) × mean of the scores without one wave each."""
    whole = score(x)
    if not kind.corrected:
        return whole
    t = x.shape[1]
    without = np.mean([score(np.delete(x, j, axis=1)) for j in range(t)], axis=0)
    return np.asarray(t * whole - (t - 1) * without, dtype=float)


def _score(x: Floats, kind: Kind) -> Floats:
    return fgt_scores(x, np.ones(x.shape), kind.alpha, at_line=kind.at_line)


def _mean(followed: Followed, score: Floats) -> tuple[Floats, Floats]:
    """Return the mean of household scores in each cell, shape (k,), and its influence, shape (n,)."""
    group, placed = followed.group, followed.place(score)
    values = group.sums(placed) / group.size()
    z = (placed - group.spread(values)) / group.spread(group.size())
    return values, np.where(group.inside, z, 0.0)


def _lines(panel: Panel, line: Line, waves: Sequence[int]) -> Floats:
    z = panel.line(line)
    rows = panel.mask & panel.frame[panel.wave].astype(int).isin(waves).to_numpy()
    rows &= ~np.isnan(panel.values("welfare"))
    lacking = rows & np.isnan(z)
    if lacking.any():
        msg = f"{int(lacking.sum())} of {int(rows.sum())} household-waves have no poverty line; complete it"
        raise DataError(msg, panel.frame.loc[lacking])
    wrong = rows & ~(z > 0)
    if wrong.any():
        msg = f"a poverty line must be positive: {int(wrong.sum())} household-waves have {z[wrong][0]:g}"
        raise EstimationError(msg)
    return z


def _refuse(kind: Kind, waves: int) -> None:
    if kind.method not in PAPERS:
        msg = f"method is 'jalan_ravallion' or 'ede', not {kind.method!r}"
        raise EstimationError(msg)
    least = 1 if kind.method == "ede" else 0
    if not kind.alpha >= least:
        msg = f"method {kind.method!r} needs alpha of at least {least}, got {kind.alpha:g}"
        raise EstimationError(msg)
    if kind.corrected and waves == 2 and kind.method == "ede":
        msg = (
            "corrected=True with method 'ede' needs three waves: with one of two waves left out there is no "
            "variation over time; pass corrected=False"
        )
        raise EstimationError(msg)


def _words(kind: Kind) -> str:
    how = (
        "poverty of the mean welfare ratio over the waves"
        if kind.method == "jalan_ravallion"
        else "equally-distributed-equivalent gaps"
    )
    return f"{how}, α = {kind.alpha:g}" + (", jackknife over waves" if kind.corrected else "")


def _ratio_note() -> Text:
    return Text(en="incomes are divided by the line of their wave", zh="各年收入先除以当年贫困线")


def _bias_note(waves: int, *, corrected: bool) -> Text:
    if corrected:
        return Text(
            en=f"the bias of {waves} waves is reduced by leaving out one wave at a time, which holds if the ups and "
            "downs of different years are independent",
            zh=f"已用逐年剔除法修正{waves}期数据的小样本偏差，前提是各年波动相互独立",
        )
    return Text(
        en=f"with only {waves} waves a household's mean still carries part of the yearly ups and downs: the split between "
        "chronic and transient is biased (corrected=True reduces it)",
        zh=f"仅{waves}期时，户均值仍含部分年度波动，持久与暂时贫困的划分有偏差（可用 corrected=True 修正）",
    )


def _negative(x: Floats) -> tuple[Text, ...]:
    count = int((x < 0).sum())
    return (_notes.negative(count),) if count else ()
