"""The roster beside the household table: differences are listed, absent columns are filled, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.rosters.counting import STATED, aggregate_members
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class RosterCheck:
    """What the household table states against what the roster counts.

    Parameters
    ----------
    differences : DataFrame
        One row a household-wave and column that differ: county, household, wave, column, stated, counted,
        difference (counted − stated).
    counts : DataFrame
        One row a column: column, compared (household-waves where both speak), differ, share, stated (sum), counted (sum).
    notes : tuple of Text
        What could not be compared, or was filled.
    """

    differences: pd.DataFrame
    counts: pd.DataFrame
    notes: tuple[Text, ...] = ()


def compare_stated(households: pd.DataFrame, counted: pd.DataFrame) -> RosterCheck:
    """List where the household table and the roster differ.

    Parameters
    ----------
    households : DataFrame
        Clean household table.
    counted : DataFrame
        What `aggregate_members` gives.

    Returns
    -------
    RosterCheck
        Columns that only one side has, and household-waves that only one side has, are not compared; the notes
        say how many household-waves have no roster.
    """
    keys = ["county", "household", "wave"]
    names = [c for c in STATED if c in households]
    both = households[[*keys, *names]].merge(
        counted[[*keys, *names]], on=keys, how="inner", suffixes=("", "_counted")
    )
    parts, counts = [], []
    for name in names:
        stated = both[name].to_numpy(dtype=np.float64, na_value=np.nan)
        found = both[f"{name}_counted"].to_numpy(dtype=np.float64)
        known = ~(np.isnan(stated) | np.isnan(found))
        off = known & (stated != found)
        part = both.loc[off, keys].assign(column=name, stated=stated[off], counted=found[off])
        parts.append(part.assign(difference=found[off] - stated[off]))
        n = int(known.sum())
        sums = (float(stated[known].sum()), float(found[known].sum()))
        counts.append((name, n, int(off.sum()), off.sum() / n if n else np.nan, *sums))
    empty = pd.DataFrame(columns=[*keys, "column", "stated", "counted", "difference"])
    columns = ["column", "compared", "differ", "share", "stated", "counted"]
    return RosterCheck(
        pd.concat(parts, ignore_index=True) if parts else empty,
        pd.DataFrame(counts, columns=columns),
        _uncovered(len(households), len(both)),
    )


def _uncovered(rows: int, covered: int) -> tuple[Text, ...]:
    if covered == rows:
        return ()
    return (
        Text(
            en=f"{rows - covered} of {rows} household-waves have no roster and were not compared.",
            zh=f"{rows}个户年中有{rows - covered}个无成员名册，未作比对。",
        ),
    )


def fillable(household_columns: Iterable[str], member_columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns a roster can add to a household table that lacks them, ``size`` apart.

    >>> fillable(["household", "pupils"], ["household", "labour", "student"])
    ('labourers',)
    """
    have, made = set(household_columns), set(member_columns)
    return tuple(
        n for n, needs in STATED.items() if n != "size" and n not in have and needs and set(needs) <= made
    )


def fill_from_members(households: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Add the aggregates of the roster that the household table has no column for.

    Parameters
    ----------
    households : DataFrame
        Clean household table.
    members : DataFrame
        Clean member table; without waves it describes each county's last wave.

    Returns
    -------
    DataFrame
        The household table with further columns, missing where there is no roster. ``size`` is added for counties in
        which every household-wave has a roster: with some missing, persons would be lost from every count.
    """
    names = fillable(households.columns, members.columns)
    sizeless = "size" not in households
    if households.empty or members.empty or not (names or sizeless):
        return households.assign(**dict.fromkeys(names, np.nan)) if names else households
    keys = ["county", "household", "wave"]
    counted = aggregate_members(members, wave=described_wave(households, members))
    index = pd.MultiIndex.from_frame(households[keys])
    found = counted.set_index(keys)[["size", *names]].reindex(index).set_axis(households.index)
    if sizeless:
        whole = found["size"].notna().groupby(households["county"]).transform("all")
        names = ("size", *names) if whole.any() else names
        found["size"] = found["size"].where(whole)
    return pd.concat([households, found[list(names)]], axis=1)


def described_wave(households: pd.DataFrame, members: pd.DataFrame) -> dict[str, int] | None:
    """Return the last wave of each county, which a roster without waves describes; None when it has waves."""
    if "wave" in members:
        return None
    last = households.groupby("county", sort=True)["wave"].max()
    return {str(c): int(w) for c, w in last.items()}
