"""One call for a report: rates, ladder, hazard, counties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.reasons import because
from evalkit.risk.baselines import BaseRate, IncomeRule, rates
from evalkit.risk.hazard import DiscreteHazard
from evalkit.risk.histories import Line, Outcome
from evalkit.risk.person_years import Spells, spells
from evalkit.risk.validate import Comparison, ReturnModel, compare, frame_of, records
from evalkit.text import Text, text_from

LEAST_EVENTS = 20
"""Returns in all label waves below which no return risk is reported."""

BY_COUNTY = (
    "county",
    "wave",
    "n",
    "events",
    "observed",
    "std_error",
    "conf_low",
    "conf_high",
    "expected",
)
"""Columns of `ReturnRisk.by_county`."""

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class ReturnRisk:
    """Risk of return to poverty, as a report shows it.

    Parameters
    ----------
    outcome : {"measured", "registry"}
    waves : tuple of int
        Label waves.
    n, events : int
        Household-waves at risk and returns among them, unweighted.
    base_rate : Estimate
        Keys ``duration, events``; rate of return by waves since exit.
    by_wave : Estimate
        Keys ``wave, events``.
    overall : Estimate
        Key ``events``; one rate.
    comparison : Comparison or None
        None if no later wave can validate; a model that cannot be fitted on the earlier waves is left
        out. The notes say why.
    hazard : Estimate or None
        Coefficients (key ``term``) of the model fitted on all label waves; None if it cannot be
        fitted; the notes say why.
    by_county : DataFrame
        Columns `BY_COUNTY`: rates of the last label wave and the mean risk the model expected for it
        (hazard model fitted on earlier waves only; missing where it could not be validated).
    synthetic : bool
    notes : tuple of Text
    """

    outcome: Outcome
    waves: tuple[int, ...]
    n: int
    events: int
    base_rate: Estimate
    by_wave: Estimate
    overall: Estimate
    comparison: Comparison | None
    hazard: Estimate | None
    by_county: pd.DataFrame
    synthetic: bool = False
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the base rates by duration."""
        return self.base_rate.tidy()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; `from_dict` is its inverse."""
        return {
            "outcome": self.outcome,
            "waves": list(self.waves),
            "n": self.n,
            "events": self.events,
            "base_rate": self.base_rate.to_dict(),
            "by_wave": self.by_wave.to_dict(),
            "overall": self.overall.to_dict(),
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
            "hazard": None if self.hazard is None else self.hazard.to_dict(),
            "by_county": records(self.by_county),
            "synthetic": self.synthetic,
            "notes": [n.to_dict() for n in self.notes],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReturnRisk:
        """Return the assessment that `to_dict` wrote."""
        comparison, hazard = data["comparison"], data["hazard"]
        return cls(
            outcome=data["outcome"],
            waves=tuple(int(w) for w in data["waves"]),
            n=int(data["n"]),
            events=int(data["events"]),
            base_rate=Estimate.from_dict(data["base_rate"]),
            by_wave=Estimate.from_dict(data["by_wave"]),
            overall=Estimate.from_dict(data["overall"]),
            comparison=None if comparison is None else Comparison.from_dict(comparison),
            hazard=None if hazard is None else Estimate.from_dict(hazard),
            by_county=frame_of(data["by_county"], BY_COUNTY),
            synthetic=bool(data["synthetic"]),
            notes=tuple(text_from(n) for n in data["notes"]),
        )


def assess(
    panel: Panel,
    *,
    quota: float = 0.05,
    rule_multiple: float = 1.5,
    features: Sequence[str] = (),
    line: Line = None,
    outcome: Outcome = "measured",
    ridge: float = 0.0,
) -> ReturnRisk:
    """Return everything a report says about the risk of return.

    Parameters
    ----------
    panel : Panel
        All counties together: the model is pooled.
    quota : float
        Share of households at risk that fit on the watch-list.
    rule_multiple : float
        Income rule: at risk below this multiple of the line.
    features : sequence of str
        Columns lagged one wave, beside the welfare ratio.
    line : float, str or mapping, optional
    outcome : {"measured", "registry"}
    ridge : float
        Penalty of the hazard model.

    Returns
    -------
    ReturnRisk

    Raises
    ------
    EstimationError
        Too few waves, no line, no exits, fewer than `LEAST_EVENTS` returns.
    """
    at_risk = spells(panel, line=line, outcome=outcome, features=features)
    if at_risk.events < LEAST_EVENTS:
        msg = (
            f"{at_risk.events} returns to poverty among {len(at_risk)} household-waves at risk in "
            f"{', '.join(map(str, at_risk.waves))}: return risk needs at least {LEAST_EVENTS}"
        )
        raise EstimationError(msg)
    model = DiscreteHazard(ridge=ridge)
    hazard, no_hazard = _attempt(lambda: model.fit(at_risk).coefficients(), _NO_HAZARD)
    ladder, left_out = _rungs((BaseRate(), IncomeRule(rule_multiple), model), at_risk)
    comparison, no_comparison = _attempt(lambda: compare(ladder, at_risk, quota=quota), _NO_COMPARISON)
    return ReturnRisk(
        outcome=outcome,
        waves=at_risk.waves,
        n=len(at_risk),
        events=at_risk.events,
        base_rate=rates(at_risk, "duration"),
        by_wave=rates(at_risk, "wave"),
        overall=rates(at_risk, ()),
        comparison=comparison,
        hazard=hazard,
        by_county=_by_county(at_risk, comparison),
        synthetic=at_risk.synthetic,
        notes=(*at_risk.notes, *no_hazard, *left_out, *no_comparison),
    )


_NO_HAZARD = Text(en="The hazard model could not be fitted", zh="风险模型无法拟合")
_NO_COMPARISON = Text(en="The models could not be validated", zh="模型无法检验")


def _attempt(step: Callable[[], _T], intro: Text) -> tuple[_T | None, tuple[Text, ...]]:
    """Return the result of a step, or the reason why there is none."""
    try:
        return step(), ()
    except EstimationError as why:
        return None, (because(intro, why),)


def _rungs(models: Sequence[ReturnModel], at_risk: Spells) -> tuple[list[ReturnModel], tuple[Text, ...]]:
    """Return the models that can be fitted on the waves before the last, and why the others cannot.

    With one label wave all are returned: there is nothing to try them on.
    """
    if len(at_risk.waves) < 2:
        return list(models), ()
    kept: list[ReturnModel] = []
    notes: list[Text] = []
    for model in models:
        intro = Text(en=f"The model {model.name} is not validated", zh=f"模型{model.name}未检验")
        fitted, why = _attempt(partial(model.fit, at_risk.before(at_risk.waves[-1])), intro)
        notes.extend(why)
        if fitted is not None:
            kept.append(model)
    return kept, tuple(notes)


def _by_county(at_risk: Spells, comparison: Comparison | None) -> pd.DataFrame:
    last = at_risk.at(at_risk.waves[-1])
    observed = rates(last, "county").tidy()
    out = observed[["county", "n", "events", "std_error", "conf_low", "conf_high"]].copy()
    out["wave"] = at_risk.waves[-1]
    out["observed"] = observed["estimate"]
    out["expected"] = np.nan
    out["n"] = out["n"].astype(int)
    hazards = [m for m in comparison.fitted if isinstance(m, DiscreteHazard)] if comparison else []
    if hazards:
        risk, weight = hazards[0].predict(last), last.weight
        frame = pd.DataFrame({"county": last.frame["county"], "hit": risk * weight, "weight": weight})
        sums = frame.groupby("county", sort=True, observed=True)[["hit", "weight"]].sum()
        out["expected"] = (sums["hit"] / sums["weight"]).to_numpy()
    return out[list(BY_COUNTY)]
