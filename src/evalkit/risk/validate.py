"""Does a model tell who returns? Fitted on earlier waves, judged on the last one, beside its baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from evalkit.binary import clustered_covariance
from evalkit.design import Floats, Ints
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.risk import metrics
from evalkit.risk.baselines import BaseRate, IncomeRule
from evalkit.risk.person_years import Spells
from evalkit.text import Text, text_from

COMPARED = ("auc", "brier", "recall_at_quota")
"""Measures of which differences between models are reported with an interval."""

FEW_EVENTS = 10
"""Below this many returns in the validation wave, no calibration slope is fitted."""

TABLE = (
    "model",
    "auc",
    "auc_low",
    "auc_high",
    "brier",
    "observed_expected",
    "calibration_slope",
    "precision_at_quota",
    "recall_at_quota",
    "n",
    "events",
    "list_size",
)
"""Columns of `Comparison.table`."""


class ReturnModel(Protocol):
    """Anything that can be fitted on person-years and ranks them."""

    @property
    def name(self) -> str:
        """Name in tables."""

    @property
    def spells_(self) -> Spells | None:
        """The person-years of the fit."""

    def fit(self, spells: Spells) -> ReturnModel:
        """Return a fitted copy."""

    def predict(self, spells: Spells) -> Floats:
        """Return probabilities, shape (n,)."""

    def scores(self, spells: Spells) -> Floats:
        """Return what households are ranked by, shape (n,)."""

    def remarks(self) -> tuple[Text, ...]:
        """Return what there is to say about the fit."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The ladder of models, judged on one later wave.

    Parameters
    ----------
    table : DataFrame
        One row per model in the order of the ladder; columns `TABLE`. `n` and `events` are unweighted,
        `list_size` counts sampled households on the list, everything else weights households.
    auc : Estimate
        Key ``model``; joint village-clustered covariance.
    differences : Estimate
        Keys ``model, baseline, metric``: model minus the best baseline (highest AUC), for `COMPARED`.
    wave : int
        The validation wave.
    trained_on : tuple of int
        Label waves the models were fitted on.
    quota : float
    fitted : tuple of models
        The models as fitted on the earlier waves; not part of `to_dict`.
    notes : tuple of Text
    """

    table: pd.DataFrame
    auc: Estimate
    differences: Estimate | None
    wave: int
    trained_on: tuple[int, ...]
    quota: float
    fitted: tuple[ReturnModel, ...] = field(default=(), repr=False)
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; `from_dict` is its inverse but for the fitted models."""
        return {
            "table": records(self.table),
            "auc": self.auc.to_dict(),
            "differences": None if self.differences is None else self.differences.to_dict(),
            "wave": self.wave,
            "trained_on": list(self.trained_on),
            "quota": self.quota,
            "notes": [n.to_dict() for n in self.notes],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """Return the comparison that `to_dict` wrote."""
        differences = data["differences"]
        return cls(
            table=frame_of(data["table"], TABLE),
            auc=Estimate.from_dict(data["auc"]),
            differences=None if differences is None else Estimate.from_dict(differences),
            wave=int(data["wave"]),
            trained_on=tuple(int(w) for w in data["trained_on"]),
            quota=float(data["quota"]),
            notes=tuple(text_from(n) for n in data["notes"]),
        )


@dataclass(frozen=True, eq=False)
class _Judged:
    """One model's row of the table and its influence values on `COMPARED`, shape (n, 3)."""

    name: str
    row: dict[str, object]
    values: Floats
    influence: Floats
    notes: tuple[Text, ...]


def compare(
    models: Sequence[ReturnModel],
    spells: Spells | None = None,
    *,
    holdout: str = "last_wave",
    quota: float = 0.05,
) -> Comparison:
    """Fit models on the waves before the last label wave and judge them on that wave.

    Parameters
    ----------
    models : sequence
        `BaseRate`, `IncomeRule`, `DiscreteHazard` or alike. They are fitted afresh on the earlier waves,
        even if they come fitted, so that no label of the validation wave is seen.
    spells : Spells, optional
        All person-years; by default those the (fitted) models keep.
    holdout : {"last_wave"}
        Validation is always on a later wave; a random split would put a household on both sides.
    quota : float
        Share of the households at risk that fit on the list.

    Returns
    -------
    Comparison

    Raises
    ------
    EstimationError
        Fewer than two label waves, no return in the last, too few to fit, unfitted models without spells.

    Notes
    -----
    Everything is weighted with household weights. The AUC interval is symmetric on the log-odds and
    uses DeLong placements summed by village; the differences are linear in the same influence values.
    The recall's interval takes the list as given.
    """
    if holdout != "last_wave":
        msg = f"no holdout {holdout!r}: validation is on the last wave ('last_wave')"
        raise EstimationError(msg)
    if not models:
        msg = "compare needs at least one model"
        raise EstimationError(msg)
    spells = _person_years(models) if spells is None else spells
    if len(spells.waves) < 2:
        msg = (
            f"validation on a later wave needs at least two label waves (four panel waves: poor, exited, and two more); "
            f"there is {len(spells.waves)}: {', '.join(map(str, spells.waves))}"
        )
        raise EstimationError(msg)
    wave = spells.waves[-1]
    train, test = spells.before(wave), spells.at(wave)
    if not 0 < test.events < len(test):
        msg = (
            f"{test.events} of {len(test)} households at risk return in the validation wave {wave}: "
            "no model can be told from another"
        )
        raise EstimationError(msg)
    fitted = tuple(m.fit(train) for m in models)
    judged = [_judge(m, test, quota) for m in fitted]
    cluster = test.clusters()
    notes = (*_common_notes(train, test, wave), *(n for j in judged for n in j.notes))
    auc = _auc(judged, cluster, test)
    limits = auc.confint()
    table = pd.DataFrame([j.row for j in judged])
    table["auc_low"], table["auc_high"] = limits.low, limits.high
    return Comparison(
        table=table[list(TABLE)],
        auc=auc,
        differences=_differences(fitted, judged, cluster),
        wave=wave,
        trained_on=train.waves,
        quota=quota,
        fitted=fitted,
        notes=tuple(dict.fromkeys(notes)),
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a small table as JSON-ready mappings; NaN becomes None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(k): v.item() if isinstance(v, np.generic) else v for k, v in row.items()} for row in rows]


def frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Return the table that `records` wrote."""
    out = pd.DataFrame(list(rows), columns=list(columns))
    for name in out.columns:
        if all(v is None or isinstance(v, int | float) for v in out[name]):
            out[name] = pd.to_numeric(out[name])
    return out


def _person_years(models: Sequence[ReturnModel]) -> Spells:
    kept = [m.spells_ for m in models]
    first = kept[0]
    if first is None or any(k is None for k in kept):
        missing = ", ".join(m.name for m, k in zip(models, kept, strict=True) if k is None)
        msg = f"these models are not fitted: {missing}; fit them, or pass the person-years: compare(models, spells)"
        raise EstimationError(msg)
    if any(k is not first for k in kept):
        msg = "the models were fitted on different person-years; pass those to compare on: compare(models, spells)"
        raise EstimationError(msg)
    return first


def _judge(model: ReturnModel, test: Spells, quota: float) -> _Judged:
    y, weight = test.event, test.weight
    score, probability = model.scores(test), model.predict(test)
    area, loss = metrics.auc(y, score, weight), metrics.brier(y, probability, weight)
    on_list = metrics.listed(score, weight, quota)
    found = metrics.recall(y, on_list, weight)
    slope, notes = _slope(model.name, y, probability, weight)
    row: dict[str, object] = {
        "model": model.name,
        "auc": area.value,
        "brier": loss.value,
        "observed_expected": metrics.observed_expected(y, probability, weight),
        "calibration_slope": slope,
        "precision_at_quota": metrics.precision(y, on_list, weight),
        "recall_at_quota": found.value,
        "n": len(test),
        "events": test.events,
        "list_size": round(float(on_list.sum()), 2),
    }
    return _Judged(
        model.name,
        row,
        np.array([area.value, loss.value, found.value]),
        np.column_stack([area.influence, loss.influence, found.influence]),
        (*notes, *model.remarks()),
    )


def _slope(name: str, y: Floats, probability: Floats, weight: Floats) -> tuple[float, tuple[Text, ...]]:
    if y.sum() < FEW_EVENTS:
        return float("nan"), ()
    try:
        return metrics.calibration_slope(y, probability, weight), ()
    except EstimationError:
        note = Text(
            en=f"No calibration slope for {name}: its forecast separates returns from the rest.",
            zh=f"模型{name}的预测完全分离了返贫与否，无法给出校准斜率。",
        )
        return float("nan"), (note,)


def _auc(judged: Sequence[_Judged], cluster: Ints, test: Spells) -> Estimate:
    k, clusters = len(judged), len(np.unique(cluster))
    about = About(
        estimand="auc",
        method="weighted area under the ROC curve on a later wave, placements summed by village",
        citation="DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
        unit="share",
        interval="logit",
    )
    return Estimate(
        pd.DataFrame({"model": [j.name for j in judged]}),
        np.array([j.values[0] for j in judged]),
        _covariance(np.column_stack([j.influence[:, 0] for j in judged]), cluster),
        np.full(k, clusters - 1.0),
        np.full(k, float(len(test))),
        about,
        clusters=np.full(k, float(clusters)),
    )


def _differences(fitted: Sequence[ReturnModel], judged: Sequence[_Judged], cluster: Ints) -> Estimate | None:
    """Return each model minus the best baseline; None without a baseline or without another model."""
    bases = [i for i, m in enumerate(fitted) if isinstance(m, BaseRate | IncomeRule)]
    if not bases or len(judged) < 2:
        return None
    best = max(bases, key=lambda i: judged[i].values[0])
    others = [i for i in range(len(judged)) if i != best]
    pairs = [(i, c) for i in others for c in range(len(COMPARED))]
    influence = np.column_stack([judged[i].influence[:, c] - judged[best].influence[:, c] for i, c in pairs])
    k, clusters = len(pairs), len(np.unique(cluster))
    keys = pd.DataFrame(
        {
            "model": [judged[i].name for i, _ in pairs],
            "baseline": [judged[best].name] * k,
            "metric": [COMPARED[c] for _, c in pairs],
        }
    )
    about = About(
        estimand="difference in forecast quality",
        method="model minus best baseline on a later wave, influence values summed by village",
        citation="DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
        unit="difference",
    )
    return Estimate(
        keys,
        np.array([judged[i].values[c] - judged[best].values[c] for i, c in pairs]),
        _covariance(influence, cluster),
        np.full(k, clusters - 1.0),
        np.full(k, float(len(influence))),
        about,
        clusters=np.full(k, float(clusters)),
    )


def _covariance(influence: Floats, cluster: Ints) -> Floats:
    """Return the clustered covariance, NaN with a single cluster."""
    if len(np.unique(cluster)) < 2:
        return np.full((influence.shape[1], influence.shape[1]), np.nan)
    return clustered_covariance(influence, cluster)


def _common_notes(train: Spells, test: Spells, wave: int) -> list[Text]:
    years = [str(w) for w in train.waves]
    notes = [
        Text(
            en=f"Models fitted on the returns of {', '.join(years)} ({train.events:,} of {len(train):,}) and judged on those of {wave} "
            f"({test.events:,} of {len(test):,}), all with household weights.",
            zh=f"模型以{'、'.join(years)}年的返贫情况拟合（{len(train):,}个户年中{train.events:,}例），以{wave}年验证"
            f"（{len(test):,}户中{test.events:,}例），均按户权重加权。",
        )
    ]
    if test.events < FEW_EVENTS:
        notes.append(
            Text(
                en=f"Only {test.events:,} returns in {wave}: no calibration slope, and the other measures are unsure.",
                zh=f"{wave}年仅{test.events:,}例返贫：不给出校准斜率，其余指标亦不确定。",
            )
        )
    if len(np.unique(test.clusters())) < 2:
        notes.append(
            Text(
                en="All households at risk are in one village: no interval for the forecast measures.",
                zh="风险户同在一个村，预测指标没有区间。",
            )
        )
    return notes
