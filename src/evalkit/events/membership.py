"""Events that only rosters show: households split, merged, renumbered; members who died."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.events.histories import STATES, Flags, Floats, Histories
from evalkit.events.kinds import GONE
from evalkit.events.pieces import Piece, piece, with_persons
from evalkit.rosters import dynasties, dynasty_column
from evalkit.text import Text

_BEGINS, _LAST = 0, 9


@dataclass(frozen=True, eq=False)
class Membership:
    """What rosters say about rows of the histories, each shape (n,).

    Parameters
    ----------
    dynasty : Series of str
    entered, left : ndarray of bool
        The household comes from, goes on in, another one of the registry.
    new_id : ndarray of bool
        … by a new number only.
    origin, goal : Series of str
        That household.
    died : ndarray of float
        Members reported dead in the row's wave.
    extinct : ndarray of bool
        All members are reported dead after the row's wave.
    notes : tuple of Text
    """

    dynasty: pd.Series
    entered: Flags
    left: Flags
    new_id: Flags
    origin: pd.Series
    goal: pd.Series
    died: Floats
    extinct: Flags
    notes: tuple[Text, ...] = ()


def membership_of(past: Histories, members: pd.DataFrame | None) -> Membership:
    """Return what the rosters say; nothing without rosters of two waves.

    Parameters
    ----------
    past : Histories
    members : DataFrame, optional
        Clean member table.
    """
    if members is None or "wave" not in members or len(members["wave"].dropna().unique()) < 2:
        return _without_rosters(past)
    people = (
        members if "county" in members else members.assign(county=pd.Series("", members.index, dtype="str"))
    )
    found = dynasties(people)
    keys = ["county", "household", "wave"]
    index = pd.MultiIndex.from_frame(past.frame[keys])
    links = found.links.loc[found.links["kind"].isin(["split", "merged", "renumbered"])]
    ways = links.sort_values("kind", kind="stable")  # merged, renumbered, split
    into = ways.loc[ways["kind"] != "split"].drop_duplicates(keys).set_index(keys)
    back = ways.loc[ways["kind"] != "merged"].rename(
        columns={"household": "from_household", "wave": "from_wave"}
    )
    back = (
        back.rename(columns={"next_household": "household", "next_wave": "wave"})
        .drop_duplicates(keys)
        .set_index(keys)
    )
    origin = back["from_household"].reindex(index).set_axis(past.frame.index)
    goal = into["next_household"].reindex(index).set_axis(past.frame.index)
    entered = past.first & origin.notna().to_numpy()
    left = past.last & goal.notna().to_numpy() & (past.next_wave >= 0)
    renumbered = (back["kind"].reindex(index) == "renumbered").to_numpy() & entered
    renumbered |= (into["kind"].reindex(index) == "renumbered").to_numpy() & left
    dead = found.people.loc[found.people["reason"] == "died"].groupby(keys).size()
    persons = found.households.set_index(keys)["persons"].reindex(index).to_numpy(dtype=np.float64)
    later = pd.MultiIndex.from_frame(past.frame[keys].assign(wave=past.next_wave))
    lost = dead.reindex(later).to_numpy(dtype=np.float64)
    return Membership(
        dynasty=_dynasty(past, members),
        entered=np.asarray(entered, dtype=bool),
        left=np.asarray(left, dtype=bool),
        new_id=np.asarray(renumbered, dtype=bool),
        origin=origin.astype("str"),
        goal=goal.astype("str"),
        died=np.nan_to_num(dead.reindex(index).to_numpy(dtype=np.float64)),
        extinct=np.asarray(
            past.last & ~left & (past.next_wave >= 0) & (persons > 0) & (lost == persons), dtype=bool
        ),
        notes=found.notes,
    )


def _dynasty(past: Histories, members: pd.DataFrame | None) -> pd.Series:
    if "dynasty" in past.frame:
        return past.frame["dynasty"].astype("str").fillna(past.frame["household"])
    return dynasty_column(past.frame, members)


def _without_rosters(past: Histories) -> Membership:
    no = np.zeros(len(past), dtype=bool)
    none = pd.Series(np.nan, index=past.frame.index, dtype="str")
    note = Text(
        en="There are no rosters of two waves: splits, merges and deaths cannot be told from removals and new identifications.",
        zh="没有两期以上的成员名册：无法将拆户、并户、死亡与销户、新识别区分开。",
    )
    zero = np.zeros(len(past))
    return Membership(_dynasty(past, None), no, no, no, none, none, zero, no, (note,))


def membership_events(past: Histories, known: Membership) -> list[Piece]:
    """Return the events of `known`: a status goes with the household that splits off, merging ends one.

    A household that is renumbered is merged (old id) and split off (new id) on the same date, so that stocks balance.
    """
    state = pd.Series(np.array(STATES, dtype=object)[past.state], index=past.frame.index, dtype="str")
    deaths = (known.died > 0) & (past.state > 0)
    away, wave = 100 * past.next_wave, 100 * past.wave
    left = known.left & ~known.extinct
    return [
        piece(known.entered & ~known.new_id, "split", wave, "E09", status=state, column="household", more=known.origin, order=_BEGINS),
        piece(known.entered & known.new_id, "split", wave, "E11", status=state, column="household", more=known.origin, order=_BEGINS),
        piece(left & ~known.new_id, "merged", away, "E10", status=GONE, column="household", more=known.goal, order=_LAST),
        piece(left & known.new_id, "merged", away, "E11", status=GONE, column="household", more=known.goal, order=_LAST),
        piece(known.extinct, "died", away, "E14", status=GONE, column="change", order=_LAST),
        with_persons(piece(deaths, "died", wave, "E13", column="change"), known.died),
    ]  # fmt: skip
