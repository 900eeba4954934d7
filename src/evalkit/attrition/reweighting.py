"""`attrition_weights`: inverse probabilities of staying, wave by wave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.attrition.covariates import columns_of
from evalkit.attrition.presence import Presence, presence
from evalkit.attrition.staying import StayLink, fit_staying
from evalkit.auxiliary import as_text
from evalkit.design import kish_n
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.sidebyside import Comparison
from evalkit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Moment = Literal["previous", "baseline"]
Trim = tuple[float, float] | None

COLUMN = "attrition_weight"
CITATION = (
    "Fitzgerald, Gottschalk & Moffitt (1998), J. Human Resources 33, 251-299; Wooldridge (2002), Portuguese Economic "
    "Journal 1, 117-139"
)


@dataclass(frozen=True, eq=False)
class AttritionWeights:
    """Factors that make up for attrition.

    Attributes
    ----------
    factors : DataFrame
        One row a row of the panel: ``household``, ``wave``, ``factor`` (1 in a household's first wave, times the share
        of that wave where stabilised; 0 after a gap where households are followed wave by wave).
    waves : DataFrame
        One row a later wave: households ``at_risk``, ``stayed``, ``ended`` (died out or merged: not at risk), ``terms``
        of the model, ``pseudo_r2``, quantiles of the factor, ``trimmed`` rows, ``after_gap`` rows of factor 0,
        effective sample size before (design weights) and after (Kish 1965).
    balance : DataFrame
        One row a wave and covariate: mean at the time of the model for all at risk, for those who stayed, for those
        who stayed reweighted by that wave's model, and the two differences in standard deviations.
    stabilised : bool
    trim : tuple of float or None
    notes : tuple of Text
    """

    factors: pd.DataFrame
    waves: pd.DataFrame
    balance: pd.DataFrame
    stabilised: bool
    trim: Trim
    notes: tuple[Text, ...]

    def tidy(self) -> pd.DataFrame:
        """Return the table of waves."""
        return self.waves

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the factors multiplied into its weights.

        The frame gains the column ``attrition_weight``; pairs of waves then count with the later wave's weight.

        Raises
        ------
        DataError
            The panel has a household-wave without a factor.
        DesignError
            The panel's weights are calibrated already: calibrate after making up for attrition.
        """
        if panel.design.auxiliary is not None:
            msg = "the weights are calibrated already; make up for attrition first, then calibrate to known totals"
            raise DesignError(msg)
        mine = _keys(panel.frame[panel.household], panel.frame[panel.wave])
        known = _keys(self.factors["household"], self.factors["wave"])
        at = known.get_indexer(mine)
        lost = int((at < 0).sum())
        if lost:
            msg = f"{lost} of {len(at)} household-waves of the panel have no attrition weight; compute the weights of this panel"
            raise DataError(msg, panel.frame.loc[at < 0])
        weight = panel.sample.weight * self.factors["factor"].to_numpy()[at]
        frame = panel.frame.assign(**{COLUMN: weight})
        design = replace(panel.design, weight=COLUMN, pair_weight="later")
        return replace(panel, frame=frame, design=design)

    def compare(self, panel: Panel, verb: Callable[[Panel], Estimate]) -> Comparison:
        """Return a figure with the panel's own weights beside the one reweighted for attrition.

        Parameters
        ----------
        panel : Panel
        verb : callable
            From a panel to an estimate: ``lambda p: headcount(p, by="wave")``.
        """
        after = verb(self.apply(panel)).with_notes(*self.notes)
        return Comparison(verb(panel), after, Text(en="reweighted for attrition", zh="按留存概率倒数加权"))


@dataclass(frozen=True, eq=False)
class _Step:
    """One wave's model: households at risk (positions), who stayed, chances, overall share, lines of tables."""

    at: Ints
    stayed: NDArray[np.bool_]
    chance: Floats
    share: float
    facts: dict[str, float]
    balance: pd.DataFrame


def attrition_weights(
    panel: Panel,
    covariates: Sequence[str],
    *,
    trim: Trim = (0.01, 0.99),
    stabilised: bool = False,
    covariates_at: Moment = "previous",
    link: StayLink = "logit",
    events: pd.DataFrame | None = None,
) -> AttritionWeights:
    """Return inverse probabilities of staying.

    Parameters
    ----------
    panel : Panel
    covariates : sequence of str
        Roles or columns known before the wave that may be missed.
    trim : tuple of float, optional
        Quantiles of each wave's factors (among rows above 0) beyond which they are set to the quantile; None for none.
    stabilised : bool
        Multiply all factors of a wave, those of households that join in it too, by the overall share that stayed until
        then, so that those of households of the first wave average about one. Shares and means by wave do not change.
    covariates_at : {"previous", "baseline"}
        ``previous``: households are followed wave by wave; the chance of being seen in wave t is a product of models
        on the covariates one wave before (sequential selection on observables, Wooldridge 2002); a household that was
        unseen in between counts no more and gets factor 0. ``baseline``: each wave has one model on the covariates
        of a household's first wave; households that return count.
    link : {"logit", "probit"}
    events : DataFrame, optional
        See `attrition_table`: households that died out or merged are not at risk of being missed.

    Returns
    -------
    AttritionWeights
        Households that join later start with factor 1 (stabilised: with the share of their wave).

    Raises
    ------
    EstimationError
        Nobody stays, or a covariate separates those who stay from those who leave.
    DataError
        A covariate is absent or missing.
    """
    if trim is not None and not 0 <= trim[0] < trim[1] <= 1:
        msg = f"trim holds two quantiles between 0 and 1, such as (0.01, 0.99), got {trim}"
        raise EstimationError(msg)
    if covariates_at not in ("previous", "baseline"):
        msg = f"covariates_at is 'previous' or 'baseline', not {covariates_at!r}"
        raise EstimationError(msg)
    there = presence(panel, events)
    product = np.where(there.seen, 1.0, np.nan)
    running, share = np.ones(len(there.households)), 1.0
    lines, balances = [], []
    for t in range(1, len(there.waves)):
        step = _step(panel, there, t, (covariates, covariates_at, link))
        if covariates_at == "previous":
            share *= step.share
            running[step.at] /= step.chance
            product[:, t] = np.where(there.seen[:, t] & ~there.gap_before[:, t], running, 0.0)
        else:
            share = step.share
            product[step.at, t] = 1.0 / step.chance
        product[:, t] *= share if stabilised else 1.0
        product[~there.seen[:, t], t] = np.nan
        facts = _trimmed(product[:, t], trim) | step.facts
        lines.append({"wave": there.waves[t]} | facts)
        balances.append(step.balance.assign(wave=there.waves[t]))
    waves = _wave_table(pd.DataFrame(lines), panel, there, product)
    balance = pd.concat(balances, ignore_index=True)
    first = balance.pop("wave")
    balance.insert(0, "wave", first)
    factors = _factors(panel, there, product)
    return AttritionWeights(factors, waves, balance, stabilised, trim, _notes(waves, trim, covariates_at))


def _step(panel: Panel, there: Presence, t: int, how: tuple[Sequence[str], Moment, StayLink]) -> _Step:
    """Model who of those seen before is seen in wave t."""
    covariates, moment, link = how
    known = (there.first < t) & ~there.ended[:, t]
    if moment == "previous":
        known &= there.seen[:, t - 1] & ~there.gap_before[:, t - 1]
    at = np.flatnonzero(known)
    rows = there.row[at, t - 1 if moment == "previous" else there.first[at]]
    stayed, weight = there.seen[at, t], panel.sample.weight[rows]
    before = there.waves[t - 1] if moment == "previous" else there.waves[0]
    where = f"{before} → {there.waves[t]}"
    facts: dict[str, float] = {
        "at_risk": len(at),
        "stayed": int(stayed.sum()),
        "ended": int((there.ended[:, t] & (there.first < t)).sum()),
    }
    if stayed.all():
        facts |= {"terms": 0, "pseudo_r2": np.nan}
        return _Step(at, stayed, np.ones(len(at)), 1.0, facts, pd.DataFrame({"term": []}))
    x = columns_of(panel, rows, covariates, f"at risk {where}")
    done = fit_staying(x, stayed, weight, link, where)
    facts |= {"terms": len(x.names) - 1, "pseudo_r2": done.pseudo_r2}
    table = pd.DataFrame({"term": x.names[1:]})
    kept = weight * stayed
    means = [w @ x.values[:, 1:] / w.sum() for w in (weight, kept, kept / done.probability)]
    spread = np.sqrt(weight @ (x.values[:, 1:] - means[0]) ** 2 / weight.sum())
    table["at_risk"], table["stayed"], table["reweighted"] = means
    table["difference_before"] = (means[1] - means[0]) / spread
    table["difference_after"] = (means[2] - means[0]) / spread
    share = float(kept.sum() / weight.sum())
    return _Step(at, stayed, done.probability, share, facts, table)


def _trimmed(factor: Floats, trim: Trim) -> dict[str, float]:
    """Set factors beyond the quantiles to them, in place; return the distribution of what is left."""
    use = np.isfinite(factor) & (factor > 0)
    counted = 0
    if trim is not None and use.any():
        low, high = np.quantile(factor[use], trim)
        beyond = use & ((factor < low) | (factor > high))
        counted = int(beyond.sum())
        factor[beyond] = np.clip(factor[beyond], low, high)
    quantiles = np.quantile(factor[use], [0, 0.5, 1]) if use.any() else np.full(3, np.nan)
    names = ("factor_min", "factor_median", "factor_max")
    return dict(zip(names, map(float, quantiles), strict=True)) | {
        "trimmed": counted,
        "after_gap": int((factor == 0).sum()),
    }


def _wave_table(lines: pd.DataFrame, panel: Panel, there: Presence, product: Floats) -> pd.DataFrame:
    weight = panel.sample.weight
    before, after = [], []
    for t in range(1, len(there.waves)):
        seen = there.seen[:, t]
        own = weight[there.row[seen, t]]
        before.append(kish_n(own))
        after.append(kish_n(own * product[seen, t]))
    order = [
        "wave", "at_risk", "stayed", "ended", "terms", "pseudo_r2", "factor_min", "factor_median", "factor_max",
        "trimmed", "after_gap",
    ]  # fmt: skip
    return lines[order].assign(effective_n_before=before, effective_n_after=after)


def _factors(panel: Panel, there: Presence, product: Floats) -> pd.DataFrame:
    """Return the factor of each row of the subpopulation; rows outside it keep their weight."""
    out = np.ones(len(panel.frame))
    out[there.row[there.seen]] = product[there.seen]
    return pd.DataFrame(
        {
            "household": panel.frame[panel.household].to_numpy(),
            "wave": panel.frame[panel.wave].to_numpy(),
            "factor": out,
        }
    )


def _keys(household: pd.Series, wave: pd.Series) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([as_text(household), as_text(wave)])


def _notes(waves: pd.DataFrame, trim: Trim, moment: Moment) -> tuple[Text, ...]:
    last = waves.iloc[-1]
    gaps, trimmed = int(waves["after_gap"].sum()), int(waves["trimmed"].sum())
    when = "one wave before" if moment == "previous" else "of the first wave"
    zh_when = "上一期" if moment == "previous" else "首期"
    notes = [
        Text(
            en=f"weights make up for attrition: inverse probability of staying given covariates {when}; effective sample "
            f"size of the last wave {last['effective_n_before']:,.0f} → {last['effective_n_after']:,.0f}; the weights "
            "count as known, which if anything overstates standard errors; attrition that depends on what is not "
            "observed is not made up for",
            zh=f"权重已作流失调整：按{zh_when}特征估计的留存概率之倒数；末期有效样本量{last['effective_n_before']:,.0f} → "
            f"{last['effective_n_after']:,.0f}；权重视为已知，标准误偏保守；不能校正取决于未观测因素的流失",
        )
    ]
    if trim is not None and trimmed:
        notes.append(
            Text(
                en=f"{trimmed:,} factors beyond the {trim[0]:.0%} and {trim[1]:.0%} quantiles of their wave are set to them",
                zh=f"{trimmed:,}个因子超出当期{trim[0]:.0%}与{trim[1]:.0%}分位数，取为分位数值",
            )
        )
    if gaps:
        notes.append(
            Text(
                en=f"{gaps:,} household-waves after a gap get weight 0; covariates_at='baseline' would keep them",
                zh=f"{gaps:,}条间断后的户年记录权重为0；covariates_at='baseline'可保留",
            )
        )
    return tuple(notes)
