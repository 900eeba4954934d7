"""A panel with a known hazard of return, for the tests of `evalkit.risk`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.design import SurveyDesign
from evalkit.panel import Panel

WAVES = range(2014, 2021)
LINE = 100.0


def simulated(
    seed: int,
    households: int,
    *,
    slope: float = -2.0,
    frail: float = 0.8,
    village_sd: float = 0.0,
    link: str = "logit",
) -> Panel:
    """A panel whose return hazard is known: levels -1.5, -2.0, -2.3 … by duration, slope × log ratio, frail × mark."""
    rng = np.random.default_rng(seed)
    village = np.arange(households) // 25
    shift = rng.normal(0, village_sd, village.max() + 1)[village]
    mark = rng.integers(0, 2, households).astype(float)
    exit_wave = rng.integers(1, 4, households)
    since = np.full(households, -1)
    ratio = rng.uniform(0.6, 0.95, households)
    rows = []
    for t, wave in enumerate(WAVES):
        if t:
            level = np.select([since == 0, since == 1], [-1.5, -2.0], -2.3)
            eta = level + slope * np.log(ratio) + frail * mark + shift
            chance = 1 / (1 + np.exp(-eta)) if link == "logit" else 1 - np.exp(-np.exp(eta))
            back = (since >= 0) & (rng.random(households) < chance)
            leaves = (since < 0) & (t >= exit_wave) & (rng.random(households) < 0.6)
            since = np.where(back, -1, np.where(leaves, 0, np.where(since >= 0, since + 1, -1)))
            poor, rich = rng.uniform(0.6, 0.95, households), 1.05 + rng.gamma(2.0, 0.25, households)
            ratio = np.where(since >= 0, rich, poor)
        rows.append(
            pd.DataFrame(
                {
                    "household": np.arange(households),
                    "wave": wave,
                    "income_pc": ratio * LINE,
                    "mark": mark,
                    "village": village,
                    "county": village % 4,
                    "w": 1.0 + (village % 3),
                }
            )
        )
    return Panel(
        pd.concat(rows, ignore_index=True),
        village="village",
        lines=dict.fromkeys(WAVES, LINE),
        design=SurveyDesign(weight="w", psu="village"),
    )
