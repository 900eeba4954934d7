"""The synthetic panel on which every measure is tried, and what a case says of its measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.design import SurveyDesign
from evalkit.estimate import Estimate
from evalkit.panel import Panel

LINE = 1000.0
DESIGN = SurveyDesign(weight="w", strata="stratum", psu="village")
Measure = Callable[..., Estimate]


@dataclass(frozen=True)
class Case:
    """A measure as the traps call it: ``measure(panel, by=None)``.

    Parameters
    ----------
    name : str
    measure : callable
        Returns finite values with positive standard errors on `make_panel`.
    smooth : bool
        Its values change smoothly with the weights (not quantiles and what is built on them), so that
        its covariance must equal the infinitesimal jackknife.
    moving : bool
        It compares waves, and refuses a subpopulation without them.
    kernel : bool
        Its covariance rests on a kernel density, whose bandwidth depends on the number of rows.
    density : bool
        So do its values.
    total : bool
        It is a sum over the population, which grows with the scale of the weights instead of ignoring it.
    """

    name: str
    measure: Measure
    smooth: bool = True
    moving: bool = False
    kernel: bool = False
    total: bool = False
    density: bool = False


def make_frame(seed: int = 7, households: int = 160) -> pd.DataFrame:
    """Return a synthetic panel: 2 counties × 2 strata × 5 villages × 8 households × 3 waves."""
    rng = np.random.default_rng(seed)
    ids = np.arange(households)
    village = ids // 8
    stratum = village // 5
    rows = []
    level = rng.normal(6.8, 0.4, households) + rng.normal(0, 0.15, 20)[village]
    for i, wave in enumerate((2016, 2017, 2018)):
        income = np.round(np.exp(level + 0.12 * i + rng.normal(0, 0.35, households)), 2)
        rows.append(
            pd.DataFrame(
                {
                    "household": ids,
                    "wave": wave,
                    "county": np.where(stratum < 2, "A", "B"),
                    "stratum": stratum,
                    "village": village,
                    "w": 5 + stratum + (ids % 3) + 0.5 * i * (ids % 2),
                    "size": 2 * (1 + ids % 3),
                    "income_pc": income,
                    "transfer": np.round(income * rng.uniform(0, 0.4, households), 2),
                }
            )
        )
    frame = pd.concat(rows, ignore_index=True)
    frame.loc[[3, 200], "income_pc"] = [0.0, -50.0]
    return frame


def make_panel(frame: pd.DataFrame | None = None, design: SurveyDesign = DESIGN) -> Panel:
    return Panel(make_frame() if frame is None else frame, size="size", village="village", design=design)
