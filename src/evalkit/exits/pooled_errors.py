"""Errors of identification over several counties: a stratified sum, the counties being the strata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.readings import Floats
from evalkit.text import Text

POOLED = ("registered_not_poor", "exited_poor", "unregistered_poor")
"""Errors whose denominator, in persons, the totals of a county state."""


@dataclass(frozen=True, eq=False)
class PooledErrors:
    """Errors of identification over all counties that have them.

    Parameters
    ----------
    table : DataFrame
        One row an error of `POOLED` that some county has: error, counties, persons (that it stands for, from the totals),
        households and found_households (in the samples), estimate, conf_low, conf_high (NaN where a county has no limits).
    left_out : mapping of str to tuple of str
        Error → counties with a share of it but without the persons it is counted among.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("error",)

    table: pd.DataFrame
    left_out: Mapping[str, tuple[str, ...]]
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def pooled_errors(table: pd.DataFrame) -> PooledErrors:
    """Return errors of identification over counties: shares weighted with the persons of the totals.

    Parameters
    ----------
    table : DataFrame
        One row a county and error: county, error, estimate, conf_low, conf_high, households, found_households, known (persons
        that the error is counted among, as the totals state them; missing where they do not).

    Returns
    -------
    PooledErrors
        Σ N p / Σ N over counties. Limits are those of MOVER from the limits of the counties, whose samples are independent:
        they stay open where no county found anything, as a variance of 0 would not.

    Raises
    ------
    DataError
        The table lacks a column.

    References
    ----------
    Cochran (1977), Sampling Techniques, 5.3; Zou & Donner (2008), Statistics in Medicine 27, 1693-1702.

    Examples
    --------
    >>> table = pd.DataFrame({"county": ["990101", "990102"], "error": "exited_poor", "estimate": [0.02, 0.0], "known": [1000.0, 3000.0],
    ...     "conf_low": [0.01, 0.0], "conf_high": [0.05, 0.01], "households": 300, "found_households": [6, 0]})
    >>> found = pooled_errors(table).table
    >>> found[["counties", "persons", "estimate", "conf_low", "conf_high"]].round(4).to_numpy().tolist()
    [[2.0, 4000.0, 0.005, 0.0025, 0.0156]]
    """
    absent = [c for c in _NEEDED if c not in table]
    if absent:
        msg = f"the table of errors of identification lacks {', '.join(absent)}"
        raise DataError(msg)
    lines, left_out = [], {}
    for error in POOLED:
        here = table[table["error"] == error].sort_values("county")
        if here.empty:
            continue
        known = here["known"].astype(float).fillna(0.0) > 0
        lost = tuple(here.loc[~known, "county"].astype("str"))
        if lost:
            left_out[error] = lost
        if known.any():
            lines.append({"error": error} | _line(here[known]))
    columns = [
        "error",
        "counties",
        "persons",
        "households",
        "found_households",
        "estimate",
        "conf_low",
        "conf_high",
    ]
    return PooledErrors(pd.DataFrame(lines, columns=columns), left_out, _NOTES)


_NEEDED = ("county", "error", "estimate", "conf_low", "conf_high", "households", "found_households", "known")
_NOTES = (
    Text(
        en="counties together: each county's share weighted with its registered, exited or unregistered persons of the totals; limits from those of the "
        "counties (MOVER)",
        zh="各县合计：以各县人口总数表中相应人口为权重对各县比例加权；区间由各县区间合成（MOVER）",
    ),
    Text(
        en="poor and not registered / poor is not added up: how many are poor is in no total",
        zh="“贫困但不在册/贫困”不作合计：贫困人口总数无据可查",
    ),
)


def _line(rows: pd.DataFrame) -> dict[str, float]:
    """Return the sum over counties; rows are one error of counties whose persons are known."""
    p, low, high, known = (
        rows[c].to_numpy(dtype=float) for c in ("estimate", "conf_low", "conf_high", "known")
    )
    share = known / known.sum()
    value = float(share @ p)
    return {
        "counties": len(rows),
        "persons": float(known.sum()),
        "households": float(rows["households"].sum()),
        "found_households": float(rows["found_households"].sum()),
        "estimate": value,
        "conf_low": max(0.0, value - _distance(share, p - low)),
        "conf_high": min(1.0, value + _distance(share, high - p)),
    }


def _distance(share: Floats, reach: Floats) -> float:
    """Return the square root of Σ share² reach²; NaN where a reach is not known."""
    return float(np.sqrt(((share * reach) ** 2).sum()))
