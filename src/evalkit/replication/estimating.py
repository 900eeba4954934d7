"""`replicate_estimate`: a measure with the covariance of its replicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from evalkit.design import Floats, SurveyDesign
from evalkit.errors import DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.replication.weights import Replicates
from evalkit.text import Text

WEIGHT, UNIT = "_replicate_weight", "_replicate_unit"
PAPERS = {
    "jk1": "Wolter (2007), Introduction to Variance Estimation, ch. 4",
    "jkn": "Wolter (2007), Introduction to Variance Estimation, ch. 4",
    "brr": "McCarthy (1969), Rev. Int. Statist. Inst. 37, 239-264; Judkins (1990), J. Official Statist. 6, 223-239",
    "fay": "Judkins (1990), J. Official Statist. 6, 223-239",
    "rao_wu": "Rao & Wu (1988), J. Amer. Statist. Assoc. 83, 231-241; Rao, Wu & Yue (1992), Survey Methodology 18, 209-217",
    "preston": "Preston (2009), Survey Methodology 35, 227-234",
    "bootstrap": "replicate weights supplied with the data",
    "other": "replicate weights supplied with the data",
}


def replicate_estimate(
    panel: Panel,
    measure: Callable[[Panel], Estimate],
    *,
    replicates: Replicates,
    prepare: Callable[[Panel], Panel] | None = None,
    incomplete: Literal["blank", "omit"] = "blank",
) -> Estimate:
    """Return a measure with the covariance of its replicates.

    Parameters
    ----------
    panel : Panel
        The panel whose rows the replicate weights belong to (or a subpopulation of it).
    measure : callable
        From a panel to an estimate: ``lambda p: quantile(p, q=0.9, by="county")``.
    replicates : Replicates
    prepare : callable, optional
        Done to the panel with each set of weights, such as calibration to known totals:
        ``lambda p: calibrate(p, totals).apply(p)``.
    incomplete : {"blank", "omit"}
        A value that some replicates do not have (an empty domain) gets no standard error, or that of the replicates
        that have it; either way a note counts them.

    Returns
    -------
    Estimate
        Values of the full sample; t limits with the design's degrees of freedom (supplied weights: their rank
        less one), or the measure's own rule for shares.

    Raises
    ------
    DesignError
        The replicates have other rows than the panel.
    EstimationError
        A replicate has other keys than the full sample, or nothing is left of the replicates.
    """
    _same_rows(panel, replicates)
    full = measure(panel if prepare is None else prepare(panel))
    each = np.empty((len(replicates), len(full)))
    for r in range(len(replicates)):
        each[r] = _values(full, measure(_reweighted(panel, replicates.column(r), prepare)), r)
    return _replicated(full, each, replicates, incomplete)


def replicate_estimates(
    panel: Panel, measure: Callable[[Panel], Mapping[str, Estimate]], *, replicates: Replicates
) -> dict[str, Estimate]:
    """Return several measures that are computed together, each with the covariance of its replicates.

    Parameters
    ----------
    panel : Panel
        As in `replicate_estimate`.
    measure : callable
        From a panel to estimates by name; called once for the full sample and once for each replicate.
    replicates : Replicates

    Returns
    -------
    dict
        By name. Values that some replicates lack have no standard error, nor has a measure that a replicate does not have or
        has for other keys; notes say so.

    Raises
    ------
    DesignError
        The replicates have other rows than the panel.
    """
    _same_rows(panel, replicates)
    full = measure(panel)
    each = {name: np.full((len(replicates), len(one)), np.nan) for name, one in full.items()}
    for r in range(len(replicates)):
        found = measure(_reweighted(panel, replicates.column(r), None))
        for name, one in full.items():
            if name in found and found[name].keys.equals(one.keys):
                each[name][r] = found[name].values
    return {name: _replicated(one, each[name], replicates, "blank") for name, one in full.items()}


def _same_rows(panel: Panel, replicates: Replicates) -> None:
    if len(replicates.unit) != len(panel.frame):
        msg = f"the replicates have {len(replicates.unit)} rows, the panel has {len(panel.frame)}; make them from this panel"
        raise DesignError(msg)


def _values(full: Estimate, found: Estimate, r: int) -> Floats:
    if not found.keys.equals(full.keys):
        msg = (
            f"replicate {r + 1} gives {len(found)} values with other keys than the full sample ({len(full)})"
        )
        raise EstimationError(msg)
    return found.values


def _replicated(
    full: Estimate, each: Floats, replicates: Replicates, incomplete: Literal["blank", "omit"]
) -> Estimate:
    """Return the estimate with the covariance of its values in every replicate, shape (R, k)."""
    gaps = np.isnan(each).sum(axis=0) * np.isfinite(full.values)
    cov = _omitting(replicates, full.values, each) if incomplete == "omit" else None
    if cov is None:
        cov = replicates.covariance(full.values, each)
    rule = "t" if full.about.interval in ("fixed", "none") else full.about.interval
    notes = [*full.about.notes, *_notes(replicates, gaps, incomplete)]
    about = replace(
        full.about,
        method=f"{full.about.method}; variance by replicate weights ({replicates.kind}, {len(replicates)})",
        citation="; ".join(dict.fromkeys([full.about.citation, PAPERS[replicates.kind]])),
        interval=rule,
        notes=tuple(notes),
    )
    df = full.df if replicates.df is None else np.full(len(full), replicates.df)
    return replace(full, cov=cov, df=df, about=about, bounds=None)


def _reweighted(panel: Panel, weight: Floats, prepare: Callable[[Panel], Panel] | None) -> Panel:
    """Return the panel with other weights, as a census: only its values are wanted, not their errors."""
    frame = panel.frame.assign(_replicate_weight=weight, _replicate_unit=0)
    own = replace(panel.design, weight=WEIGHT)
    if prepare is not None:
        made = prepare(replace(panel, frame=frame, design=own))
        return replace(made, design=_census(made.design))
    return replace(panel, frame=frame, design=_census(own))


def _census(design: SurveyDesign) -> SurveyDesign:
    return SurveyDesign(weight=design.weight, psu=UNIT, census=True, pair_weight=design.pair_weight)


def _omitting(replicates: Replicates, full: Floats, each: Floats) -> Floats:
    """Return the covariance over the replicates in which both values exist, rescaled to all of them."""
    known = np.isfinite(each)
    total = replicates.rscales.sum()
    share = (known * replicates.rscales[:, None]).T @ known / total
    if (share[np.isfinite(full)][:, np.isfinite(full)] == 0).any():
        msg = "some values exist in no replicate together: they have no covariance; use fewer domains"
        raise EstimationError(msg)
    with np.errstate(invalid="ignore"):
        means = np.where(known, each, 0.0).sum(axis=0) / known.sum(axis=0)
    centre = full if replicates.mse else means
    dev = np.where(known, each - centre, 0.0) * np.sqrt(replicates.scale * replicates.rscales)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(share > 0, (dev.T @ dev) / share, np.nan), dtype=float)


def _notes(replicates: Replicates, gaps: Floats, incomplete: str) -> list[Text]:
    notes = []
    if replicates.kind in ("jk1", "jkn"):
        notes.append(
            Text(
                en="jackknife errors hold for smooth statistics, not for quantiles",
                zh="刀切法误差适用于平滑统计量，不适用于分位数",
            )
        )
    touched = int((gaps > 0).sum())
    if touched:
        most, count = int(gaps.max()), len(replicates)
        policy = (
            ("they have no standard error", "不给标准误")
            if incomplete == "blank"
            else ("their errors rest on the other replicates", "其标准误仅据其余重复样本")
        )
        notes.append(
            Text(
                en=f"{touched} values are not defined in some replicates (at most {most} of {count}): {policy[0]}",
                zh=f"{touched}个数值在部分重复样本中无定义（最多{most}/{count}）：{policy[1]}",
            )
        )
    return notes
