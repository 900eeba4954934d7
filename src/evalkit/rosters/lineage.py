"""Households through time by the people in them: continued, split, merged, renumbered, new, ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.rosters.matching import Matches
from evalkit.rosters.roll import Codes, Roll, combined

LINK_COLUMNS: tuple[str, ...] = (
    "county", "household", "wave", "next_household", "next_wave", "kind", "persons", "share",
)  # fmt: skip
"""Columns of `Dynasties.links`."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nodes:
    """Household-waves of a roster.

    Parameters
    ----------
    of_row : ndarray of int, shape (n,)
        Node of each row of the roll.
    household, rank, persons, first : ndarray of int, shape (k,)
        Code of the household (ascending with county and id), rank of the wave, members, first row.
    """

    of_row: Codes
    household: Codes
    rank: Codes
    persons: Codes
    first: Codes

    @property
    def k(self) -> int:
        """Number of household-waves."""
        return len(self.household)


def nodes_of(roll: Roll, rank: Codes) -> Nodes:
    """Return the household-waves of a roll, ordered by household, then wave."""
    household, _ = roll.households
    unit = combined(household, rank, int(rank.max(initial=0)) + 1)
    found, of_row = np.unique(unit, return_inverse=True)
    first = np.zeros(len(found), dtype=np.int64)
    first[of_row[::-1]] = np.arange(len(roll))[::-1]
    persons = np.bincount(of_row, weights=roll.counts, minlength=len(found)).astype(np.int64)
    return Nodes(of_row.astype(np.int64), household[first], rank[first], persons, first)


def overlaps(nodes: Nodes, matches: Matches, counts: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return which household-waves share members with which of the next wave.

    Returns
    -------
    DataFrame
        old, new (nodes), persons (members of both), share (of the smaller household), same (the id is the same).
    """
    rows = np.flatnonzero((matches.after >= 0) & counts)
    rows = rows[counts[matches.after[rows]]]
    pairs = nodes.of_row[rows] * nodes.k + nodes.of_row[matches.after[rows]]
    known, persons = np.unique(pairs, return_counts=True)
    old, new = known // max(nodes.k, 1), known % max(nodes.k, 1)
    smaller = np.minimum(nodes.persons[old], nodes.persons[new])
    return pd.DataFrame(
        {
            "old": old,
            "new": new,
            "persons": persons.astype(np.int64),
            "share": persons / np.maximum(smaller, 1),
            "same": nodes.household[old] == nodes.household[new],
        }
    )


def linked(nodes: Nodes, pairs: pd.DataFrame, share: float) -> pd.DataFrame:
    """Decide which overlaps make one household the continuation of another.

    A household whose id stays continues itself when at least one member stays. A new id comes from the household
    it shares most members with (at least `share` of the smaller household; ties: larger share, then smaller id);
    an id that ends goes to the household that most of its members are in, under the same rule.

    Parameters
    ----------
    nodes : Nodes
    pairs : DataFrame
        See `overlaps`.
    share : float

    Returns
    -------
    DataFrame
        old, new, kind (``continues``, ``split``, ``merged``, ``renumbered``), persons, share. ``split``: the new id has
        its members from a household that goes on; ``merged``: the id that ended is in one that has another origin;
        ``renumbered``: each is the other's only choice.
    """
    same = pairs["same"].to_numpy()
    goes_on = np.zeros(nodes.k, dtype=bool)
    goes_on[pairs.loc[same, "old"]] = True
    known = np.zeros(nodes.k, dtype=bool)
    known[pairs.loc[same, "new"]] = True
    enough = (pairs["share"] >= share).to_numpy()
    old, new = pairs["old"].to_numpy(), pairs["new"].to_numpy()
    origin = _best(pairs.loc[enough & ~known[new]], "new", "old", nodes.k)
    goal = _best(pairs.loc[enough & ~goes_on[old]], "old", "new", nodes.k)
    from_origin, to_goal = origin[new] == old, goal[old] == new
    keep = same | from_origin | to_goal
    kind = np.select(
        [same, from_origin & to_goal, from_origin], ["continues", "renumbered", "split"], "merged"
    ).astype(object)
    named = pairs.drop(columns="same").assign(kind=pd.Series(kind, dtype="str", index=pairs.index))
    out: pd.DataFrame = named.loc[keep].reset_index(drop=True)
    return out


def _best(pairs: pd.DataFrame, of: str, choice: str, k: int) -> Codes:
    """Return the best choice of each node: most persons, larger share, smaller node; -1 for none."""
    order = pairs.sort_values([of, "persons", "share", choice], ascending=[True, False, False, True])
    first = order.drop_duplicates(of)
    out = np.full(k, -1, dtype=np.int64)
    out[first[of]] = first[choice]
    return out


def components(k: int, old: Codes, new: Codes) -> Codes:
    """Return the connected component of each of `k` nodes, shape (k,).

    >>> components(4, np.array([0, 2]), np.array([1, 3])).tolist()
    [0, 0, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(old), dtype=np.int8), (old, new)), shape=(k, k))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def dynasty_names(nodes: Nodes, component: Codes, ids: pd.Series, waves: Codes) -> pd.Series:
    """Return the name of each node's lineage: its earliest household id.

    Parameters
    ----------
    nodes : Nodes
    component : ndarray of int, shape (k,)
    ids : Series of str, shape (k,)
        Household id of each node.
    waves : ndarray of int, shape (k,)

    Returns
    -------
    Series of str, shape (k,)
        Where one id heads two lineages of a county (it was given to other people), the later one is ``id@wave``.
    """
    order = np.lexsort((nodes.household, nodes.rank, component))
    head = order[np.unique(component[order], return_index=True)[1]]
    table = pd.DataFrame({"household": nodes.household[head], "rank": nodes.rank[head]})
    again = (
        table.sort_values(["household", "rank"], kind="stable")
        .duplicated("household")
        .sort_index()
        .to_numpy()
    )
    name = ids.iloc[head].to_numpy(dtype=object)
    name[again] = [f"{i}@{w}" for i, w in zip(name[again], waves[head][again], strict=True)]
    return pd.Series(name[component], dtype="str")
