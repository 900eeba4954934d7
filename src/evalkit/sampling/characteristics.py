"""The operating characteristic of a sample that was drawn: how often it would show a threshold, by the true rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.sampling.drawing import Draw
from evalkit.sampling.sizes import SamplePlan, operating_curve, sample_size
from evalkit.standards.rules import RateRule
from evalkit.text import Text

GROUP_OF = {"wrong_exit": "exited", "missed": "unregistered"}
"""Rate → the group of the sample that it rests on."""
RATES: dict[str, Text] = {
    "wrong_exit": Text(en="wrong-exit rate", zh="错退率"),
    "missed": Text(en="missed-poor rate (interviewed)", zh="漏评率（受访户口径）"),
}
STEPS = 16
"""True rates in a table, from 0 to twice the threshold."""


@dataclass(frozen=True, eq=False)
class Characteristics:
    """What a drawn sample can show.

    Parameters
    ----------
    rules : DataFrame
        One row a rate and design effect: rate, design_effect, households (drawn in the group), villages (with such a household),
        threshold, allowed (most findings with which the threshold is shown; missing where even none does not), needed
        (households with which none would).
    curve : DataFrame
        One row a rate, design effect and true rate: rate, design_effect, true_rate, shown (probability that the sample shows a
        rate below the threshold: at the threshold the risk of a wrong ``meets``, below it the power), point_rule (probability
        that the official point rule passes).
    confidence : float
        One-sided.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("rate", "design_effect", "true_rate")

    rules: pd.DataFrame
    curve: pd.DataFrame
    confidence: float
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the curve."""
        return self.curve.copy()


def draw_characteristics(
    draw: Draw,
    rules: Mapping[str, RateRule],
    *,
    design_effects: Sequence[float] = (1.0, 1.5),
    confidence: float = 0.95,
) -> Characteristics:
    """Return the operating characteristic and the power of a sample that was drawn.

    Parameters
    ----------
    draw : Draw
    rules : mapping of str to RateRule
        Thresholds of ``wrong_exit`` and ``missed`` (`Standard.rate_rule`).
    design_effects : sequence of float
        What households of one village may cost; the verdict estimates it, the plan assumes it.
    confidence : float
        One-sided, of a verdict.

    Returns
    -------
    Characteristics
        Exact binomial at households / design effect (rounded down), the rule being the largest number of findings with
        P(X ≤ allowed | threshold) ≤ 1 - confidence. Groups without a drawn household are left out, and a note says so.

    Raises
    ------
    EstimationError
        A confidence or design effect outside its range.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413.
    """
    lines, curves, empty = [], [], []
    for rate, group in GROUP_OF.items():
        if rate not in rules:
            continue
        rows = draw.households[draw.households["survey_group"] == group]
        if rows.empty:
            empty.append(RATES[rate])
            continue
        for effect in dict.fromkeys(design_effects):
            rule, households = rules[rate], len(rows)
            allowed = _allowed(households, rule.threshold, effect, confidence)
            needed = sample_size(rule.threshold, 0, confidence, design_effect=effect)
            lines.append(
                {"rate": rate, "design_effect": effect, "households": households}
                | {"villages": rows["village"].nunique(), "threshold": rule.threshold}
                | {"allowed": allowed, "needed": needed}
            )
            curves.append(_curve(rate, rule, households, effect, allowed))
    frame = pd.DataFrame(lines, columns=_RULES).astype({"allowed": "Int64"})
    curve = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=_CURVE)
    return Characteristics(frame, curve, confidence, _notes(empty))


_RULES = ["rate", "design_effect", "households", "villages", "threshold", "allowed", "needed"]
_CURVE = ["rate", "design_effect", "true_rate", "shown", "point_rule"]


def _allowed(households: int, threshold: float, effect: float, confidence: float) -> int | None:
    """Return the most findings that still show the threshold; None where even none does not."""
    allowed = -1
    while SamplePlan(households, allowed + 1, design_effect=effect).shown(threshold) <= 1 - confidence:
        allowed += 1
    return None if allowed < 0 else allowed


def _curve(rate: str, rule: RateRule, households: int, effect: float, allowed: int | None) -> pd.DataFrame:
    rates = [rule.threshold * 2 * k / STEPS for k in range(STEPS + 1)]
    worth = math.floor(households / effect + 1e-9)
    most = math.floor(rule.threshold * worth + 1e-9)
    if rule.strict and abs(most - rule.threshold * worth) < 1e-9:
        most -= 1
    point = operating_curve(SamplePlan(households, most, design_effect=effect), rates)["shown"]
    shown = np.zeros(len(rates))
    if allowed is not None:
        shown = operating_curve(SamplePlan(households, allowed, design_effect=effect), rates)[
            "shown"
        ].to_numpy()
    out = pd.DataFrame({"true_rate": rates, "shown": shown, "point_rule": point.to_numpy()})
    return out.assign(rate=rate, design_effect=effect)[_CURVE]


def _notes(empty: Sequence[Text]) -> tuple[Text, ...]:
    out = [
        Text(
            en="Households count as one finding each; rates count persons, and the verdict estimates the design effect: this page "
            "says what the sample can be expected to show, not what it shows.",
            zh="按户计发现数；判定时以人口计算比率并估计设计效应：本页说明样本预期能够证明什么，并非判定结果。",
        ),
        Text(
            en="The missed-poor rate over all unregistered persons of the sampled villages rests on the same findings over a larger "
            "number; its curve is not this one.",
            zh="以样本村全部非建档立卡人口为分母的漏评率，发现数相同而分母更大，其曲线与此不同。",
        ),
    ]
    out.extend(
        Text(en=f"No household was drawn for the {t.en}.", zh=f"{t.zh}：没有抽取相应的户。") for t in empty
    )
    return tuple(out)
