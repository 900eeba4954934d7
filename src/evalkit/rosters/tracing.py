"""`dynasties`: the households of several rosters followed through splits, merges and new numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.rosters.lineage import LINK_COLUMNS, Nodes, components, dynasty_names, linked, nodes_of, overlaps
from evalkit.rosters.matching import STAGES, Matches, match_persons, wave_rank
from evalkit.rosters.people import counties_crossed, person_changes
from evalkit.rosters.roll import Codes, Roll, roll_of
from evalkit.text import Text

SHARE = 0.5
"""Default share of the smaller household's members that makes a household with a new id the continuation of another."""
MOVE_COLUMNS: tuple[str, ...] = (
    "county", "household", "wave", "village", "next_county", "next_household", "next_wave", "next_village", "persons",
)  # fmt: skip
"""Columns of `Dynasties.moves`."""


@dataclass(frozen=True, eq=False)
class Dynasties:
    """Households through time.

    Parameters
    ----------
    households : DataFrame
        One row a household and wave of the rosters: county, household, wave, dynasty, persons, came (``first`` roster,
        ``continues``, ``split``, ``merged``, ``renumbered``, ``back`` after a gap, ``new``) and went (``last`` roster,
        ``continues``, ``merged``, ``renumbered``, ``gap``, ``ended``). ``came`` is ``continues`` for the household that took
        another in.
    links : DataFrame
        One row a household and its continuation in the next roster: `LINK_COLUMNS`; kind is ``continues``, ``split``,
        ``merged``, ``renumbered`` or ``gap``.
    people : DataFrame
        One row a person who joined or left a household that goes on, or whose household began or ended: county, household,
        wave (the first without the leaver, the first with the joiner), person, kind (``joined``, ``left``), reason (``died``,
        ``born``, ``married_in`` …, ``moved`` to or from another household of the county, ``unknown``), other (that household).
    moves : DataFrame
        One row a household in another village, or persons of it in another county, than in the roster before: `MOVE_COLUMNS`.
    cases : DataFrame
        Household ids given to entirely other people: county, household, wave, rule, evidence.
    stages : DataFrame
        How persons were recognised: stage, persons.
    notes : tuple of Text
    """

    households: pd.DataFrame
    links: pd.DataFrame
    people: pd.DataFrame
    moves: pd.DataFrame
    cases: pd.DataFrame
    stages: pd.DataFrame
    notes: tuple[Text, ...] = ()


def dynasties(
    members: pd.DataFrame, *, wave: int | Mapping[str, int] | None = None, share: float = SHARE
) -> Dynasties:
    """Follow households through several rosters by the people in them.

    Persons are recognised in the next roster of their county (`evalkit.rosters.matching`); households are linked by them
    (`evalkit.rosters.lineage.linked`); all households linked directly or through others have one dynasty, the id of
    the earliest. Everything but ``moves`` between counties is decided within one county.

    Parameters
    ----------
    members : DataFrame
        Clean member table of one county or several.
    wave : int or mapping of county to int, optional
        The wave a roster without waves describes; then every household is its own dynasty.
    share : float
        Share of the smaller household (0 < share ≤ 1) that must be in both.

    Returns
    -------
    Dynasties

    Raises
    ------
    DataError
        `share` is out of range; or see `evalkit.rosters.roll_of`.

    Examples
    --------
    Household 1 of four persons splits; the new household 2 keeps its dynasty:

    >>> table = pd.DataFrame({"county": "990101", "household": list("111111") + ["2", "2"],
    ...     "wave": [2015] * 4 + [2016] * 4, "person": list("abcdabcd")})
    >>> table.loc[6:, "household"] = "2"
    >>> found = dynasties(table)
    >>> found.households[["household", "wave", "dynasty", "came"]].values.tolist()
    [['1', 2015, '1', 'first'], ['1', 2016, '1', 'continues'], ['2', 2016, '1', 'split']]
    """
    if not 0 < share <= 1:
        msg = f"share is the part of a household found again, above 0 and at most 1; got {share}"
        raise DataError(msg)
    traced = trace(roll_of(members, wave), share)
    roll, nodes, matches, links = traced.roll, traced.nodes, traced.matches, traced.links
    place = roll.frame[["county", "household", "wave"]].iloc[nodes.first].reset_index(drop=True)
    direct = links.loc[links["kind"] != "gap"]
    return Dynasties(
        households=_household_table(place, nodes, links, traced.names),
        links=_link_table(place, links),
        people=person_changes(roll, nodes, matches, direct),
        moves=_moves(roll, nodes, links, traced.rank),
        cases=_reused(place, nodes, links),
        stages=_stage_table(matches),
        notes=_notes(matches, roll, traced.rank),
    )


@dataclass(frozen=True, eq=False)
class Traced:
    """Household-waves linked through time.

    Parameters
    ----------
    roll : Roll
    rank : ndarray of int, shape (n,)
        Rank of each row's wave in its county.
    matches : Matches
    nodes : Nodes
    links : DataFrame
        See `evalkit.rosters.lineage.linked`; kind may be ``gap`` too.
    names : Series of str, shape (k,)
        Dynasty of each node.
    """

    roll: Roll
    rank: Codes
    matches: Matches
    nodes: Nodes
    links: pd.DataFrame
    names: pd.Series


def trace(roll: Roll, share: float = SHARE) -> Traced:
    """Link the household-waves of a roll and name their dynasties; the part of `dynasties` that panels need."""
    rank = wave_rank(roll)
    matches = match_persons(roll, rank)
    nodes = nodes_of(roll, rank)
    direct = linked(nodes, overlaps(nodes, matches, roll.counts), share)
    links = pd.concat([direct, _gaps(roll, nodes, direct)], ignore_index=True)
    component = components(nodes.k, links["old"].to_numpy(), links["new"].to_numpy())
    ids = roll.frame["household"].iloc[nodes.first].reset_index(drop=True)
    names = dynasty_names(nodes, component, ids, roll.wave[nodes.first])
    return Traced(roll, rank, matches, nodes, links, names)


def _gaps(roll: Roll, nodes: Nodes, links: pd.DataFrame) -> pd.DataFrame:
    """Return links of an id with itself over rosters without it, when somebody of it is there again."""
    before = np.flatnonzero(nodes.household[1:] == nodes.household[:-1])
    before = before[nodes.rank[before + 1] > nodes.rank[before] + 1]
    free = ~np.isin(before + 1, links["new"]) & ~np.isin(before, links["old"])
    old = before[free]
    none = pd.DataFrame(
        {
            "old": old[:0],
            "new": old[:0],
            "persons": old[:0],
            "share": np.zeros(0),
            "kind": pd.Series(dtype="str"),
        }
    )
    if not len(old):
        return none
    pair = np.full(nodes.k, -1, dtype=np.int64)
    side = np.zeros(nodes.k, dtype=np.int64)
    rows = []
    for nodes_here, when in ((old, 0), (old + 1, 1)):
        pair[nodes_here], side[nodes_here] = np.arange(len(old)), when
        rows.append(np.flatnonzero(np.isin(nodes.of_row, nodes_here)))
        if when == 0:
            early_pair = pair[nodes.of_row[rows[0]]].copy()
    at = np.concatenate(rows)
    of_pair = np.concatenate([early_pair, pair[nodes.of_row[rows[1]]]])
    rank = np.repeat([0, 1], [len(rows[0]), len(rows[1])])
    part = roll.frame.iloc[at].reset_index(drop=True)
    known = match_persons(Roll(part.assign(county=pd.Series(of_pair, dtype="str")), at), rank)
    persons = np.bincount(of_pair[known.after >= 0], minlength=len(old))
    hit = persons > 0
    smaller = np.minimum(nodes.persons[old], nodes.persons[old + 1])
    out = {"old": old, "new": old + 1, "persons": persons, "share": persons / np.maximum(smaller, 1)}
    return pd.DataFrame(out).loc[hit].assign(kind=pd.Series("gap", index=np.flatnonzero(hit), dtype="str"))


def _household_table(
    place: pd.DataFrame, nodes: Nodes, links: pd.DataFrame, names: pd.Series
) -> pd.DataFrame:
    first, last = _ends(place, nodes)
    kind = links["kind"].to_numpy(dtype=object)
    old, new = links["old"].to_numpy(), links["new"].to_numpy()
    came = np.where(first, "first", "new").astype(object)
    went = np.where(last, "last", "ended").astype(object)
    for word in ("merged", "split", "renumbered", "gap", "continues"):
        this = kind == word
        came[new[this]] = "back" if word == "gap" else word
        if word != "split":
            went[old[this]] = word
    out = place.assign(dynasty=names, persons=nodes.persons, came=pd.Series(came, dtype="str"))
    return out.assign(went=pd.Series(went, dtype="str"))


def _ends(place: pd.DataFrame, nodes: Nodes) -> tuple[np.ndarray, np.ndarray]:
    """Return which nodes are of the first and of the last roster of their county."""
    rank = pd.Series(nodes.rank)
    last = rank.groupby(place["county"].to_numpy()).transform("max")
    return (rank == 0).to_numpy(), (rank == last).to_numpy()


def _link_table(place: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    old, new = (
        place.iloc[links["old"]].reset_index(drop=True),
        place.iloc[links["new"]].reset_index(drop=True),
    )
    out = old.assign(next_household=new["household"], next_wave=new["wave"])
    for name in ("kind", "persons", "share"):
        out[name] = links[name].to_numpy()
    out = out.astype({"kind": "str", "persons": "int64"})
    keys = ["county", "household", "wave", "next_wave", "next_household"]
    return out[list(LINK_COLUMNS)].sort_values(keys, ignore_index=True)


def _moves(roll: Roll, nodes: Nodes, links: pd.DataFrame, rank: Codes) -> pd.DataFrame:
    whole = links.loc[links["kind"].isin(["continues", "renumbered", "gap"])]
    where = (
        roll.frame[["county", "household", "wave"]].assign(village=roll.cells("village")).iloc[nodes.first]
    )
    old = where.iloc[whole["old"]].reset_index(drop=True)
    new = where.iloc[whole["new"]].reset_index(drop=True)
    out = pd.concat([old, new.add_prefix("next_")], axis=1).assign(
        persons=nodes.persons[whole["new"].to_numpy()]
    )
    moved = old["village"].notna() & new["village"].notna() & (old["village"] != new["village"])
    both = pd.concat([out.loc[moved, list(MOVE_COLUMNS)], counties_crossed(roll, rank)], ignore_index=True)
    return both.sort_values(
        ["county", "household", "next_wave", "next_county", "next_household"], ignore_index=True
    )


def _reused(place: pd.DataFrame, nodes: Nodes, links: pd.DataFrame) -> pd.DataFrame:
    """List ids that stand for people of whom nobody was there under the id before."""
    later = np.flatnonzero(nodes.household[1:] == nodes.household[:-1]) + 1
    own = links.loc[links["kind"].isin(["continues", "gap"]), "new"]
    later = later[~np.isin(later, own)]
    evidence = [
        f"{a} → {b}" for a, b in zip(place["wave"].iloc[later - 1], place["wave"].iloc[later], strict=True)
    ]
    out = place.iloc[later].reset_index(drop=True).assign(rule="M01")
    return out.assign(evidence=pd.Series(evidence, dtype="str")).astype({"rule": "str"})


def _stage_table(matches: Matches) -> pd.DataFrame:
    persons = np.bincount(matches.stage[matches.stage >= 0], minlength=len(STAGES))
    return pd.DataFrame({"stage": pd.Series(STAGES, dtype="str"), "persons": persons})


def _notes(matches: Matches, roll: Roll, rank: Codes) -> tuple[Text, ...]:
    waves = int(rank.max(initial=0)) + 1
    if waves == 1:
        return (
            Text(
                en="There is one roster: every household is its own dynasty; splits and merges need two.",
                zh="仅有一期成员名册：每户自成一系；识别拆户、并户至少需要两期。",
            ),
        )
    left = int((matches.after < 0).sum())
    return (
        Text(
            en=f"{int((matches.after >= 0).sum())} of {len(roll)} member rows were recognised in the next roster, {left} not "
            "(the last roster included).",
            zh=f"{len(roll)}条成员记录中有{int((matches.after >= 0).sum())}条在下一期名册中得到识别，{left}条未识别（含最后一期）。",
        ),
    )
