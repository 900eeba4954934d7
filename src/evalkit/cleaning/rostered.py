"""The household table and the rosters of its members: absent counts filled, dynasties, rows without persons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.cleaning.typed import typed_table
from evalkit.cleaning.work import Flags, Work
from evalkit.plan import Plan
from evalkit.rosters import aggregate_members, dynasty_column, fill_from_members

COVERED = 0.9
"""Share of a county's household-waves with a roster from which sizes are taken from it."""


def with_rosters(households: pd.DataFrame, members: pd.DataFrame | None) -> pd.DataFrame:
    """Add what rosters say to a clean household table: columns it lacks, and the ``dynasty``.

    Parameters
    ----------
    households : DataFrame
    members : DataFrame, optional
        Clean member table.

    Returns
    -------
    DataFrame
        With the columns of `evalkit.rosters.STATED` that the table lacks and the roster can count; ``size`` where all
        household-waves of a county have a roster; ``dynasty`` when rosters have waves. Nothing stated is changed.
    """
    if members is None:
        return households
    out = fill_from_members(households, members)
    if "wave" in members:
        out = pd.concat([out.drop(columns="dynasty", errors="ignore"), dynasty_column(out, members)], axis=1)
    return out


def set_aside_without_members(works: Mapping[str, Work], plan: Plan) -> None:
    """Set aside household-waves without a roster where the household size is to come from rosters (K07).

    That is so in counties whose rosters cover every wave and at least `COVERED` of the household-waves, when the household
    table has no size. Elsewhere no size is filled and every household-wave stays.
    """
    house, people = works["household"], works.get("member")
    if people is None or "size" in house.used or not {"wave", "household"} <= set(people.used):
        return
    if not people.stays.any():
        return
    counted = aggregate_members(typed_table(people, people.kept, people.raw, plan))
    known = pd.MultiIndex.from_arrays(
        [counted["county"], counted["household"], counted["wave"].astype("str")]
    )
    rows = house.frame[["county", "household", "wave"]]
    has = np.asarray(pd.MultiIndex.from_frame(rows).isin(known))
    house.take_out(~has & _covered(rows, has, house.stays), "K07", "size")


def _covered(rows: pd.DataFrame, has: Flags, stays: Flags) -> Flags:
    """Return the rows of counties whose rosters cover every wave and most household-waves, shape (n,)."""
    frame = rows.assign(has=has).loc[stays]
    by_wave = frame.groupby(["county", "wave"])["has"].any().groupby("county").all()
    share = frame.groupby("county")["has"].mean()
    good = share.index[(share >= COVERED) & by_wave.reindex(share.index)]
    return rows["county"].isin(list(good)).to_numpy()
