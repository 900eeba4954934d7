"""The sheets that say what a sample can show: rules, operating characteristic, and its chart."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evalkit.decisions.book import Page
from evalkit.decisions.charting import Curves
from evalkit.sampling.characteristics import RATES, Characteristics
from evalkit.text import Language, Text

_HEADERS = {
    "rate": Text(en="rate", zh="指标"),
    "design_effect": Text(en="design effect", zh="设计效应"),
    "households": Text(en="households drawn", zh="抽取户数"),
    "villages": Text(en="villages", zh="涉及村数"),
    "threshold": Text(en="threshold", zh="标准"),
    "allowed": Text(en="findings allowed", zh="允许发现户数"),
    "needed": Text(en="households needed without a finding", zh="零发现时所需户数"),
    "true_rate": Text(en="true rate", zh="真实比率"),
    "shown": Text(en="probability that the threshold is shown", zh="证明达标的概率"),
    "point_rule": Text(en="probability that the point rule passes", zh="点值判定通过的概率"),
}
_TITLES = {
    "rules": Text(en="what it can show", zh="样本能力"),
    "curve": Text(en="operating characteristic", zh="OC曲线"),
    "point": Text(en="point rule", zh="点值判定"),
    "shown": Text(en="shown", zh="证明达标"),
    "probability": Text(en="probability", zh="概率"),
    "none": Text(en="none: even without a finding it is not shown", zh="无：零发现也不能证明"),
    "note": Text(en="note", zh="说明"),
}


def characteristic_pages(found: Characteristics, language: Language) -> list[Page]:
    """Return the sheet of rules with its notes, and the table of the curve with its chart."""
    rules = [
        [RATES[row["rate"]].get(language), *(_cell(c, row[c], language) for c in found.rules.columns[1:])]
        for _, row in found.rules.iterrows()
    ]
    width = len(found.rules.columns)
    notes = [[_TITLES["note"].get(language), n.get(language), *[""] * (width - 2)] for n in found.notes]
    curve = [
        [RATES[row["rate"]].get(language), *(_cell(c, row[c], language) for c in found.curve.columns[1:])]
        for _, row in found.curve.iterrows()
    ]
    return [
        _page("rules", list(found.rules.columns), [*rules, *notes], language, None),
        _page("curve", list(found.curve.columns), curve, language, _curves(found, language)),
    ]


def _page(
    name: str, columns: list[str], rows: list[list[str]], language: Language, curves: Curves | None
) -> Page:
    header = [_HEADERS[c].get(language) for c in columns]
    widths = [24.0, 40.0 if name == "rules" else 12.0, *[16.0] * (len(columns) - 2)]
    return Page(_TITLES[name].get(language), header, widths, rows, curves=curves)


def _cell(column: str, value: Any, language: Language) -> str:
    """Return a figure as text: rates as written, probabilities with four decimals."""
    if column == "allowed" and pd.isna(value):
        return _TITLES["none"].get(language)
    if column in ("shown", "point_rule"):
        return f"{value:.4f}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _curves(found: Characteristics, language: Language) -> Curves:
    """Return one curve a rate for what is shown and one for the point rule, at the last design effect."""
    effect = found.rules["design_effect"].iloc[-1]
    series: dict[str, list[tuple[float, float]]] = {}
    for rate, rows in found.curve[found.curve["design_effect"] == effect].groupby("rate", sort=False):
        for column, word in (("shown", "shown"), ("point_rule", "point")):
            name = f"{RATES[str(rate)].get(language)}: {_TITLES[word].get(language)}"
            series[name] = list(zip(rows["true_rate"], rows[column], strict=True))
    title = f"{_TITLES['curve'].get(language)} ({_HEADERS['design_effect'].get(language)} {effect:g})"
    axis, probability = _HEADERS["true_rate"].get(language), _TITLES["probability"].get(language)
    return Curves(title, axis, probability, series, len(found.curve.columns) + 1, "0.0%", "0%")
