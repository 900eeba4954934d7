"""What a series measures in each year, and where it breaks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.ingest.cells import compact

PREDECESSOR: dict[str, str] = {"rural_income": "rural_net_income"}
"""Series → the one that was published in its place before."""
OWN_CONCEPT: dict[str, str] = {"rural_income": "disposable", "rural_net_income": "net"}
"""Concept of a series where neither the data nor the plan says another."""
CONCEPT_WORDS: dict[str, str] = {
    "纯收入": "net", "人均纯收入": "net", "农民人均纯收入": "net", "net": "net",
    "可支配收入": "disposable", "人均可支配收入": "disposable", "农村居民人均可支配收入": "disposable", "disposable": "disposable",
}  # fmt: skip
"""Words of the column ``income_concept``."""
CHAIN_COLUMNS: tuple[str, ...] = ("county", "wave", "value", "concept", "column")
"""Columns of `chained`."""
BREAK_COLUMNS: tuple[str, ...] = (
    "series", "county", "wave", "wave_before", "concept", "concept_before", "column", "column_before",
)  # fmt: skip
"""Columns of `breaks_of`."""


def concept_in(year: int, stated: Mapping[int, str]) -> str:
    """Return the concept that holds in a year, ``""`` before the first that is stated.

    >>> concept_in(2013, {2010: "net", 2014: "disposable"}), concept_in(2014, {2010: "net", 2014: "disposable"})
    ('net', 'disposable')
    """
    known = [first for first in stated if first <= year]
    return stated[max(known)] if known else ""


def chained(frame: pd.DataFrame, column: str, stated: Mapping[int, str]) -> pd.DataFrame:
    """Return the observed values of a series with the concept of each, its predecessor before its first value.

    Parameters
    ----------
    frame : DataFrame
        Clean county table: ``county``, ``wave``, the series, perhaps ``income_concept``.
    column : str
    stated : mapping of int to str
        First year → concept, as the plan says; goes after the word in the data.

    Returns
    -------
    DataFrame
        One row a county and year with a value, in that order, with `CHAIN_COLUMNS`; ``column`` is the column the
        value comes from.
    """
    own = _valued(frame, column, stated)
    before = PREDECESSOR.get(column, "")
    if before not in frame:
        return own
    old = _valued(frame, before, {})
    first = own.groupby("county")["wave"].min()
    starts = old["county"].map(first).astype("float64").fillna(np.inf)
    both = [part for part in (old.loc[old["wave"] < starts], own) if len(part)]
    joined = pd.concat(both) if both else own
    return joined.sort_values(["county", "wave"], kind="stable", ignore_index=True)


def _valued(frame: pd.DataFrame, column: str, stated: Mapping[int, str]) -> pd.DataFrame:
    rows = frame.loc[frame[column].notna(), ["county", "wave", column]]
    usual = OWN_CONCEPT.get(column, "")
    concept = rows["wave"].map({w: concept_in(int(w), stated) or usual for w in rows["wave"].unique()})
    if column == "rural_income" and "income_concept" in frame:
        words = frame.loc[rows.index, "income_concept"]
        said = words.map({w: CONCEPT_WORDS.get(compact(w), compact(w)) for w in words.dropna().unique()})
        concept = said.astype("str").where(said.notna(), concept)
    out = rows.rename(columns={column: "value"}).assign(concept=concept.astype("str"), column=column)
    out["value"] = out["value"].astype("float64")
    return out[list(CHAIN_COLUMNS)].sort_values(["county", "wave"], kind="stable", ignore_index=True)


def breaks_of(chain: pd.DataFrame, series: str) -> pd.DataFrame:
    """Return where the concept of a chained series changes between two observed years of a county.

    Returns
    -------
    DataFrame
        One row a break, with `BREAK_COLUMNS`; ``wave`` is the first year of the new concept.
    """
    before = chain.groupby("county")[["wave", "concept", "column"]].shift(1)
    there = before["wave"].notna()
    changed = there & ((before["concept"] != chain["concept"]) | (before["column"] != chain["column"]))
    now, then = chain.loc[changed], before.loc[changed]
    out = pd.DataFrame(
        {
            "series": pd.Series(series, index=now.index, dtype="str"),
            "county": now["county"],
            "wave": now["wave"],
            "wave_before": then["wave"].astype("int64"),
            "concept": now["concept"],
            "concept_before": then["concept"],
            "column": now["column"],
            "column_before": then["column"],
        }
    )
    return out[list(BREAK_COLUMNS)].reset_index(drop=True)
