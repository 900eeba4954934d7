"""Regression to the mean: how much of the growth of the poorest is transitory income and error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.design import Floats
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._influence import Influenced, mean_of, several
from evalkit.measures._linear import Cells, estimate_parts, resting_on
from evalkit.measures._prices import deflator, price_notes
from evalkit.measures._ranked import group_ratios
from evalkit.measures._scaled import OnNonPositive
from evalkit.measures._waves import Matched, matched
from evalkit.measures.poverty import refuse_nonpositive
from evalkit.panel import By, Panel
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class RegressionToMean:
    """The diagnosis.

    Parameters
    ----------
    curves : Estimate
        Keys `by`, ``ranking`` (``base``, ``average``, ``end`` and, with a third wave, ``third``) and ``p`` (upper end of the
        group): mean log growth of the same households, grouped by four rankings; one joint covariance.
    slopes : Estimate
        Keys `by` and ``statistic``; see `regression_to_mean`.
    """

    curves: Estimate
    slopes: Estimate

    def tidy(self) -> pd.DataFrame:
        """Return the table of the curves."""
        return self.curves.tidy()


def regression_to_mean(
    panel: Panel,
    *,
    frm: int,
    to: int,
    third: int | None = None,
    groups: int = 5,
    by: By = None,
    real: bool = True,
    nonpositive: OnNonPositive = "error",
) -> RegressionToMean:
    """Compare growth by first-wave rank with growth by ranks that do not share its error.

    Parameters
    ----------
    panel : Panel
    frm, to : int
        Waves, ``frm`` before ``to``.
    third : int, optional
        Another wave, whose welfare ranks households and serves as instrument for that of ``frm``.
    groups : int
        Number of equal groups, at least 2.
    by : str or sequence of str, optional
        Without the wave.
    real : bool
        In constant prices; nominal otherwise.
    nonpositive : {"error", "drop"}
        What happens to households with welfare of zero or less in one of the waves.

    Returns
    -------
    RegressionToMean
        With log welfare x in ``frm`` and growth g = change of log welfare, the slopes are

        - ``base``: of g on x, cov(x, g) / var(x): biased downward by transitory income;
        - ``average``: of g on the mean of both waves: 0 if the variance of log welfare did not change (Oldham 1962);
        - ``end``: of g on welfare in ``to``: biased upward;
        - ``transitory_if_parallel``: minus ``base``, the share of var(x) that is transitory if permanent incomes grew
          in parallel;

        and with a third wave

        - ``instrumented``: cov(v, g) / cov(v, x), v the log welfare of the third wave: the slope on permanent welfare if
          transitory parts are independent between waves and v has no part in the growth itself. A wave before ``frm``
          meets that where growth does not depend on the past; one between the two, or after, carries lasting growth since
          ``frm``, which raises the slope (a note says so);
        - ``transitory``: the share of var(x) that is transitory, 1 - (1 + base) / (1 + instrumented), on the same
          conditions.

    Raises
    ------
    EstimationError
        Waves absent, out of order, equal, in `by` or of two income concepts; fewer than two groups; non-positive welfare.
    DataError
        A price index is missing.

    References
    ----------
    Galton (1886), J. Anthropological Institute 15, 246-263; Oldham (1962), J. Chronic Diseases 15, 969-977; Fields, Cichello,
    Freije, Menéndez & Newhouse (2003), J. Economic Inequality 1, 67-99 (predicted income); Jenkins & Van Kerm (2016), Economica
    83, 679-703.
    """
    if groups < 2:
        msg = f"groups must be at least 2, got {groups}"
        raise EstimationError(msg)
    if third in (frm, to):
        msg = f"third={third} must be another wave than {frm} and {to}"
        raise EstimationError(msg)
    data = matched(panel, by, frm, to, third)
    y = panel.values("welfare")
    data, dropped = _positive(panel, data, y, nonpositive)
    factor = deflator(panel) if real else np.ones(len(y))
    log = np.log(np.where(y > 0, y * factor, 1.0))
    x, end = data.values(frm, log), data.values(to, log)
    notes = (_meaning(), *price_notes(panel, "welfare", real=real)[:1], *dropped, *data.notes)
    if third is not None and third > frm:
        notes = (_late(third, frm), *notes)
    instrument = None if third is None else data.values(third, log)
    curves = _curves(data.group, x, end, instrument, groups, notes)
    return RegressionToMean(curves, _slopes(data.group, x, end, instrument, notes))


def slope(group: Cells, x: Floats, y: Floats, instrument: Floats | None = None) -> Influenced:
    """Return the slope of y on x in each cell, cov(v, y) / cov(v, x) with v the instrument or x itself.

    Parameters
    ----------
    group : Cells
    x, y, instrument : ndarray, shape (n,)
        Finite inside the cells.
    """
    v = x if instrument is None else instrument
    inside = group.inside
    means = [mean_of(group, a, inside).values for a in (v, x, y)]
    dv, dx, dy = (np.where(inside, a - group.spread(m), 0.0) for a, m in zip((v, x, y), means, strict=True))
    # a covariance is the mean of a product of deviations: estimating the means adds nothing at first order
    return mean_of(group, dv * dy, inside) / mean_of(group, dv * dx, inside)


def _curves(
    group: Cells, x: Floats, end: Floats, third: Floats | None, groups: int, notes: tuple[Text, ...]
) -> Estimate:
    probs = np.arange(1, groups) / groups
    ranks = {"base": x, "average": (x + end) / 2, "end": end}
    if third is not None:
        ranks["third"] = third
    count = np.ones(len(x))
    found = [group_ratios(group, rank, end - x, count, probs) for rank in ranks.values()]
    values = np.hstack([f.values for f in found])
    about = About(
        estimand="growth by rank",
        method="mean log growth of the same households in groups of four rankings, cuts estimated",
        citation="Jenkins & Van Kerm (2016), Economica 83, 679-703; Galton (1886)",
        unit="log",
        notes=notes,
    )
    labels = list(range(groups * len(ranks)))
    out = estimate_parts(group, "_part", labels, values, [z for f in found for z in f.zs], about)
    out = resting_on(out, group, [rows for f in found for rows in f.members])
    part = out.keys["_part"].to_numpy(dtype=int)
    keys = out.keys.drop(columns="_part")
    keys["ranking"] = np.array(list(ranks))[part // groups]
    keys["p"] = (part % groups + 1) / groups
    return Estimate(keys, out.values, out.cov, out.df, out.n, out.about, clusters=out.clusters)


def _slopes(group: Cells, x: Floats, end: Floats, third: Floats | None, notes: tuple[Text, ...]) -> Estimate:
    growth = end - x
    base = slope(group, x, growth)
    parts = {
        "base": base,
        "average": slope(group, (x + end) / 2, growth),
        "end": slope(group, end, growth),
        "transitory_if_parallel": -base,
    }
    if third is not None:
        parts["instrumented"] = slope(group, x, growth, third)
        ratio = base.plus(1.0) / parts["instrumented"].plus(1.0)
        parts["transitory"] = (-ratio).plus(1.0)
    about = About(
        estimand="slope of growth on rank",
        method="ratio of covariances, linearised",
        citation="Oldham (1962), J. Chronic Diseases 15, 969-977; Deville (1999), Survey Methodology 25, 193-203",
        unit="ratio",
        notes=notes,
    )
    return several(parts, "statistic", about)


def _positive(
    panel: Panel, data: Matched, y: Floats, nonpositive: OnNonPositive
) -> tuple[Matched, tuple[Text, ...]]:
    """Apply the policy on welfare of zero or less in any of the waves."""
    if nonpositive not in ("error", "drop"):
        msg = f"nonpositive is 'error' or 'drop', not {nonpositive!r}"
        raise EstimationError(msg)
    group = data.group
    least = np.min([data.values(w, y) for w in data.at], axis=0)
    bad = group.inside & (least <= 0)
    if not bad.any():
        return data, ()
    if nonpositive == "error":
        refuse_nonpositive(panel, group, least)
    code = np.where(bad, -1, group.code).astype(np.intp)
    kept = Cells(group.keys, code, group.units, group.sample, group.notes)
    return Matched(kept, data.at, data.notes), (_notes.dropped(int(bad.sum())),)


def _late(third: int, frm: int) -> Text:
    return Text(
        en=f"welfare of {third} also holds lasting growth since {frm}: where that differs between households, the instrumented "
        "slope and the transitory share tend to be too high",
        zh=f"{third}年福利已含{frm}年以来的持久增长：若各户持久增长不同，工具变量斜率与暂时性份额往往偏高",
    )


def _meaning() -> Text:
    return Text(
        en="growth that is high for the lowest first-wave group but not for the lowest group by average welfare is what passing "
        "differences alone produce (regression to the mean): it does not show that the lowest catch up",
        zh="按首年分组低组增长高、按两年平均分组则不高：仅凭暂时性差异即可出现（均值回归），不能说明低收入者在追赶",
    )
