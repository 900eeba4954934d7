"""The dynasty of every household-wave of a panel."""

from __future__ import annotations

import pandas as pd

from evalkit.rosters.roll import roll_of
from evalkit.rosters.tracing import trace


def dynasty_column(households: pd.DataFrame, members: pd.DataFrame | None) -> pd.Series:
    """Return the dynasty of each household-wave.

    Parameters
    ----------
    households : DataFrame, n rows
        Clean household table: county, household, wave.
    members : DataFrame, optional
        Clean member table with waves. Without it, or without a ``wave``, each household is its own dynasty.

    Returns
    -------
    Series of str, shape (n,)
        With the index of `households`. A wave without a roster takes the dynasty of the household's last roster before
        it, else of its first one after it, else the household's own id.
    """
    own = households["household"].astype("str").rename("dynasty")
    if members is None or "wave" not in members or members.empty or households.empty:
        return own
    keys = ["county", "household", "wave"]
    traced = trace(roll_of(members))
    known = (
        traced.roll.frame[keys].iloc[traced.nodes.first].reset_index(drop=True).assign(dynasty=traced.names)
    )
    rows = households[keys].assign(wave=households["wave"].astype("int64"), at=range(len(households)))
    rows = rows.merge(known, on=keys, how="outer").sort_values(keys, kind="stable")
    by = [rows["county"], rows["household"]]
    filled = rows["dynasty"].groupby(by, sort=False).ffill()
    filled = filled.fillna(rows["dynasty"].groupby(by, sort=False).bfill()).fillna(rows["household"])
    asked = rows["at"].notna()
    out = filled[asked].to_numpy()[rows.loc[asked, "at"].argsort(kind="stable").to_numpy()]
    return pd.Series(out, index=households.index, dtype="str", name="dynasty")
