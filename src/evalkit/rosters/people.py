"""Who joined and who left households between rosters, and why; who is found in another county."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.rosters.lineage import Nodes
from evalkit.rosters.matching import Matches, id_codes
from evalkit.rosters.roll import Codes, Roll, codes_of
from evalkit.rosters.words import TOLD_JOINING, TOLD_LEAVING

PEOPLE_COLUMNS: tuple[str, ...] = ("county", "household", "wave", "person", "kind", "reason", "other")
"""Columns of `Dynasties.people`."""


def person_changes(roll: Roll, nodes: Nodes, matches: Matches, links: pd.DataFrame) -> pd.DataFrame:
    """List the persons who joined or left a household between two rosters.

    Persons who went with a split, a merge or a new number of their household are not listed: the household did.

    Parameters
    ----------
    roll : Roll
    nodes : Nodes
    matches : Matches
    links : DataFrame
        See `evalkit.rosters.lineage.linked`.

    Returns
    -------
    DataFrame
        `PEOPLE_COLUMNS`, sorted by county, household, wave, kind, person. The reason is the word of change where there is one;
        ``born`` also for those born since the roster before; ``moved`` for those in another household of the county; else ``unknown``.
    """
    last = _last_rank(roll, nodes)
    after, before, counts = matches.after, matches.before, roll.counts
    reason = roll.change.to_numpy(dtype=object)
    node = nodes.of_row
    next_wave, previous_wave = _neighbour_waves(roll)
    there = (after >= 0) & counts[after]
    left = np.flatnonzero(counts & ~there & (nodes.rank[node] < last))
    told = np.where(after[left] >= 0, reason[after[left]], reason[left])
    told = np.where(np.isin(told.astype(str), sorted(TOLD_LEAVING)), told, "unknown")
    gone = _rows(roll, left, next_wave[left], "left", told, np.full(len(left), -1, dtype=np.int64))
    was = (before >= 0) & counts[before]
    came = np.flatnonzero(counts & ~was & (nodes.rank[node] > 0))
    said = reason[came]
    new_born = roll.birth_year[came] > previous_wave[came]
    said = np.where(
        np.isin(said.astype(str), sorted(TOLD_JOINING)), said, np.where(new_born, "born", "unknown")
    )
    joined = _rows(roll, came, roll.wave[came], "joined", said, np.full(len(came), -1, dtype=np.int64))
    rows = np.flatnonzero(counts & there)
    own = pd.MultiIndex.from_frame(links[["old", "new"]])
    pairs = pd.MultiIndex.from_arrays([node[rows], node[np.maximum(after[rows], 0)]])
    rows = rows[~np.asarray(pairs.isin(own))]
    rows = rows[nodes.household[node[rows]] != nodes.household[node[after[rows]]]]
    moved = np.full(len(rows), "moved", dtype=object)
    away = _rows(roll, rows, roll.wave[after[rows]], "left", moved, after[rows])
    here = _rows(roll, after[rows], roll.wave[after[rows]], "joined", moved, rows)
    out = pd.concat([gone, joined, away, here], ignore_index=True)
    return out.sort_values(
        ["county", "household", "wave", "kind", "person"], kind="stable", ignore_index=True
    )


def _rows(roll: Roll, rows: Codes, wave: Codes, kind: str, reason: np.ndarray, other: Codes) -> pd.DataFrame:
    place = roll.frame[["county", "household"]].iloc[rows].reset_index(drop=True)
    ids = pd.Series(other, dtype="int64").map(roll.frame["household"])  # -1 is no label: missing
    return pd.DataFrame(
        {
            **place,
            "wave": wave.astype(np.int64),
            "person": roll.cells("person").iloc[rows].to_numpy(dtype=object),
            "kind": kind,
            "reason": reason,
            "other": ids,
        }
    ).astype({"person": "str", "kind": "str", "reason": "str", "other": "str"})[list(PEOPLE_COLUMNS)]


def _last_rank(roll: Roll, nodes: Nodes) -> Codes:
    rank = pd.Series(nodes.rank[nodes.of_row])
    return rank.groupby(codes_of(roll.frame["county"])).transform("max").to_numpy(dtype=np.int64)


def _neighbour_waves(roll: Roll) -> tuple[Codes, Codes]:
    """Return the county's next and previous roster wave of each row (its own wave at the ends)."""
    pairs = pd.DataFrame({"county": codes_of(roll.frame["county"]), "wave": roll.wave})
    known = pairs.drop_duplicates().sort_values(["county", "wave"], ignore_index=True)
    by = known.groupby("county")["wave"]
    after, before = by.shift(-1).fillna(known["wave"]), by.shift(1).fillna(known["wave"])
    at = pd.MultiIndex.from_frame(known).get_indexer(pd.MultiIndex.from_frame(pairs))
    return after.to_numpy(dtype=np.int64)[at], before.to_numpy(dtype=np.int64)[at]


def counties_crossed(roll: Roll, rank: Codes) -> pd.DataFrame:
    """List persons of one county's roster found, by id number, in a later roster of another county and no longer in their own.

    Returns
    -------
    DataFrame
        The columns of `Dynasties.moves`, one row a pair of households and waves: the last roster with the person in one
        county and the first later one in the other.
    """
    code = id_codes(roll)
    frame = pd.DataFrame(
        {"id": code, "county": codes_of(roll.frame["county"]), "wave": roll.wave, "rank": rank}
    )
    frame = frame.loc[(code >= 0) & roll.counts]
    several = frame.groupby("id")["county"].transform("nunique") > 1
    stays = frame.loc[several].sort_values(["id", "wave", "county"], kind="stable")
    nxt = stays.groupby("id", sort=False)[["county", "wave"]].shift(-1)
    row_after = (
        pd.Series(stays.index, index=stays.index).groupby(stays["id"].to_numpy(), sort=False).shift(-1)
    )
    hit = (
        nxt["county"].notna() & (nxt["county"] != stays["county"]) & (nxt["wave"] > stays["wave"])
    ).to_numpy()
    old, new = stays.index[hit].to_numpy(), row_after[hit].to_numpy(dtype=np.int64)
    where = roll.frame[["county", "household", "wave"]].assign(village=roll.cells("village"))
    a, b = where.iloc[old].reset_index(drop=True), where.iloc[new].reset_index(drop=True)
    both = pd.concat([a, b.add_prefix("next_")], axis=1)
    out = both.groupby(list(both.columns), sort=True, dropna=False).size().rename("persons").reset_index()
    return out.astype({"persons": "int64"})
