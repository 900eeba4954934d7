"""Households whose county changes between waves: seen only where all counties are at hand."""

from __future__ import annotations

import pandas as pd

from evalkit.cleaning.cases import across_cases
from evalkit.rules import rule

RULE = "K08"


def moved_households(frame: pd.DataFrame) -> pd.DataFrame:
    """Return households that are in different counties in different waves, as open cases.

    Parameters
    ----------
    frame : DataFrame
        Clean household table of all counties: ``household``, ``wave``, ``county``.

    Returns
    -------
    DataFrame
        One row a change, with `evalkit.cleaning.CASE_COLUMNS`: wave and county are the later ones,
        ``evidence`` is ``"<county> (<wave>) → <county> (<wave>)"``; file, sheet and row are missing. Ids that
        are unique only within a county look like moves too: then the id must be made whole in the plan.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": ["1", "1", "2", "2"], "wave": [2014, 2016, 2014, 2016],
    ...                       "county": ["A", "B", "A", "A"]})
    >>> moved_households(frame)[["household", "wave", "county", "evidence"]].iloc[0].tolist()
    ['1', '2016', 'B', 'A (2014) → B (2016)']
    """
    rows = frame[["household", "wave", "county"]].dropna().sort_values(["household", "wave"], kind="stable")
    before = rows.groupby("household", sort=False).shift(1)
    moved = (before["county"].notna() & (before["county"] != rows["county"])).to_numpy()
    now, then = rows.loc[moved], before.loc[moved]
    wave = now["wave"].astype("int64").astype("str")
    earlier = then["wave"].astype("int64").astype("str")
    text = rule(RULE).text
    columns = {
        "table": "household",
        "rule": RULE,
        "household": now["household"],
        "wave": wave,
        "county": now["county"],
        "file": None,
        "sheet": None,
        "row": -1,
        "column": "county",
        "what_en": text.en,
        "what_zh": text.zh,
        "evidence": then["county"] + " (" + earlier + ") → " + now["county"] + " (" + wave + ")",
    }
    return across_cases(pd.DataFrame(columns, index=now.index).reset_index(drop=True))
