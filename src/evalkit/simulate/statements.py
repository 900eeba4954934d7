"""What each level states of its registered households: sums of the level below, but for figures that were written down wrong.

A misstated figure is handed up: only the unit where it arose differs from the sum below it. In one county the exits of every
village and year are exactly those planned; elsewhere plans miss by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.simulate.people import WAVES
from evalkit.simulate.places import PROVINCE, Places

FIRST, FIRST_BELOW = 2016, 2018
"""First year stated by counties and the levels above, and by villages and townships."""
MISSTATED_TOWNSHIP, MISSTATED_PREFECTURE = 12, 150
"""Persons by which the exited persons of the last year are overstated."""
ON_PLAN = 2
"""Position of the county whose exits are those planned."""
LEVELS = {"village": "村", "township": "乡镇", "county": "县", "prefecture": "市", "province": "省"}
COUNTED = (
    "registry_households", "registry_persons", "registered_persons", "exited_persons", "returned_persons", "exit_households",
    "planned_exits", "eligible_households",
)  # fmt: skip
MISSTATED_COLUMNS = ("kind", "level", "unit", "wave", "figure", "stated", "true")


@dataclass(frozen=True)
class Statements:
    """The table of stated figures, and what is wrong with it.

    Parameters
    ----------
    stated : DataFrame
        ``stated_level`` (Chinese words), ``stated_unit`` (division code), ``stated_name, wave`` and `COUNTED`; planned exits are missing where no
        household was left to exit.
    misstated : DataFrame
        ``kind`` (misstated, on_plan), ``level, unit, wave, figure, stated, true``; the county on plan has one row.
    """

    stated: pd.DataFrame
    misstated: pd.DataFrame


def make_statements(rng: np.random.Generator, population: pd.DataFrame, places: Places) -> Statements:
    """Add the registry up, village by village and level by level.

    Parameters
    ----------
    rng : Generator
    population : DataFrame
        As `evalkit.simulate.Truth.population`.
    places : Places
    """
    villages = _villages(rng, population, places)
    units = {"village": villages["village"], "township": villages["village"].str[:9]}
    units |= {"county": villages["village"].str[:6], "prefecture": villages["village"].str[:4]}
    units["province"] = villages["village"].str[:2]
    wrong = [
        ("township", min(units["township"]), MISSTATED_TOWNSHIP),
        ("prefecture", min(units["prefecture"]), MISSTATED_PREFECTURE),
    ]
    names = _names(places)
    tables, misstated = [], []
    below = villages.assign(unit=units["village"])
    for level in LEVELS:
        own = below["unit"].str[: len(units[level].iloc[0])]
        rows = below.groupby([own, "wave"])[list(COUNTED)].sum(min_count=1).reset_index()
        for at, unit, by in wrong:
            if at == level:
                place = (rows["unit"] == unit) & (rows["wave"] == WAVES[-1])
                true = int(rows.loc[place, "exited_persons"].iloc[0])
                rows.loc[place, "exited_persons"] += by
                misstated.append(
                    ("misstated", level, unit, int(WAVES[-1]), "exited_persons", true + by, true)
                )
        named = rows.assign(level=LEVELS[level], stated_name=rows["unit"].map(names))
        first = FIRST_BELOW if level in ("village", "township") else FIRST
        tables.append(named[named["wave"] >= first])
        below = rows
    counties = sorted(set(units["county"]))
    if len(counties) > ON_PLAN:
        misstated.append(("on_plan", "county", counties[ON_PLAN], 0, "planned_exits", 0, 0))
    keys = ["stated_level", "stated_unit", "stated_name"]
    together = pd.concat(tables[::-1], ignore_index=True)
    renamed = together.rename(columns={"level": "stated_level", "unit": "stated_unit"})
    stated = renamed[[*keys, "wave", *COUNTED]]
    texts: dict[str, str] = dict.fromkeys(keys, "str")
    whole = dict.fromkeys(("wave", *COUNTED[:6], "eligible_households"), "int64")
    return Statements(
        stated.astype({**texts, **whole, "planned_exits": "Int64"}),
        pd.DataFrame(misstated, columns=list(MISSTATED_COLUMNS)),
    )


def _villages(rng: np.random.Generator, population: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Count the households of each village and year, and plan its exits."""
    rows = population[population["wave"] >= FIRST]
    status, size, wave = rows["status"], rows["size"], rows["wave"]
    exit_year = rows["exit_year"].astype("Float64")
    counted = pd.DataFrame(
        {
            "village": rows["village"],
            "wave": wave,
            "registry_households": 1,
            "registry_persons": size,
            "registered_persons": size.where(status == "未脱贫", 0),
            "exited_persons": size.where(status == "已脱贫", 0),
            "returned_persons": size.where(status == "返贫", 0),
            "exit_households": exit_year.eq(wave).fillna(value=False).astype("int64"),
            "eligible_households": (exit_year.isna() | exit_year.ge(wave).fillna(value=False)).astype(
                "int64"
            ),
        }
    )
    out = counted.groupby(["village", "wave"], sort=True).sum().reset_index()
    left = out["eligible_households"].to_numpy(dtype=np.int64)
    exits = out["exit_households"].to_numpy(dtype=np.int64)
    share = np.divide(exits, left, out=np.zeros(len(left)), where=left > 0)
    planned = np.clip(rng.binomial(left, share), 1, np.maximum(left, 1))
    counties = places.counties["county"].tolist()
    if len(counties) > ON_PLAN:
        on_plan = (out["village"].str[:6] == counties[ON_PLAN]).to_numpy() & (exits > 0)
        planned = np.where(on_plan, exits, planned)
    return out.assign(planned_exits=pd.Series(planned, dtype="Float64").where(pd.Series(left > 0)))


def _names(places: Places) -> dict[str, str]:
    """Return the name of each code."""
    table = places.villages
    out = dict(zip(table["village"], table["village_name"], strict=True))
    out |= dict(zip(table["village"].str[:9], table["township"], strict=True))
    out |= dict(zip(table["county"], table["county_name"], strict=True))
    out |= dict(zip(table["county"].str[:4], table["prefecture"], strict=True))
    return {str(k): str(v) for k, v in out.items()} | {"99": PROVINCE}
