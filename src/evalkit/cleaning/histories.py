"""What only a household's rows together show: the register of events, contradictory histories, household structures.

They need the typed tables, so they are looked for when every other rule has run. What is found is marked on the row it shows
in, so that it is asked, decided and kept in the ledger like any other case (rules F and M).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.cleaning.rostered import with_rosters
from evalkit.cleaning.typed import typed_table, with_derived
from evalkit.cleaning.work import Objects, Positions, Work
from evalkit.events import Events
from evalkit.events.deriving import Traced, trace_histories
from evalkit.plan import Plan
from evalkit.rosters import dynasties, suspicious_households
from evalkit.rules import ASKED_UNDER, HISTORIES

_WITNESSES = frozenset({"status", "identified_year", "exit_year"})
_KEYS = ("county", "household", "wave")


@dataclass(frozen=True, eq=False)
class Told:
    """The clean tables of a county and what they tell together.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Clean, typed tables by kind; the household table has what rosters and programs add.
    traceable : bool
        Whether the household table tells who is registered, and has each household once a wave.
    structures : DataFrame or None
        Household structures that deserve a question; None where the plan does not ask or rosters have no waves.
    """

    tables: Mapping[str, pd.DataFrame]
    traceable: bool
    structures: pd.DataFrame | None

    @cached_property
    def traced(self) -> Traced | None:
        """The histories of the households, read when somebody asks; None where they cannot be."""
        return (
            trace_histories(self.tables["household"], self.tables.get("member")) if self.traceable else None
        )

    @property
    def events(self) -> Events | None:
        """The register of events; None where nothing tells who is registered."""
        return None if self.traced is None else self.traced.events


def typed_tables(works: Mapping[str, Work], plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the clean, typed tables of tidied ones."""
    return joined({n: typed_table(w, w.kept, w.raw, plan) for n, w in works.items()}, plan)


def joined(tables: Mapping[str, pd.DataFrame], plan: Plan) -> dict[str, pd.DataFrame]:
    """Return typed tables with what the household table takes from the others."""
    households = with_rosters(tables["household"], tables.get("member"))
    return {**tables, "household": with_derived(households, tables.get("program"), plan)}


def check_histories(works: Mapping[str, Work], plan: Plan) -> Told:
    """Read the histories of the clean households and mark what contradicts itself (F) or deserves a question (M).

    A contradiction is marked once: not where a rule of `evalkit.rules.ASKED_UNDER` has marked the row for it. A household
    that is in no clean row of the wave (its number ended in a merge) is marked on the row of the household on the other side; where
    neither has a row, the structure is in the list and no case.

    Parameters
    ----------
    works : mapping of str to Work
        Tables by kind, all other rules applied; hits are noted in the household table.
    plan : Plan
    """
    tables = typed_tables(works, plan)
    work, frame, members = works["household"], tables["household"], tables.get("member")
    if frame.empty or frame.duplicated(["county", "household", "wave"]).any():  # restored twice: a fault
        return Told(tables, traceable=False, structures=None)
    structures = _structures(frame, members, plan)
    told = Told(tables, bool(_WITNESSES & set(frame.columns)), structures)
    asked = {r.id for r in HISTORIES} - set(plan.clean.rules_off)
    if asked and told.traced is not None:
        cases = told.traced.cases
        for (rule_id, column), part in cases[cases["rule"].isin(asked)].groupby(
            ["rule", "column"], sort=True
        ):
            _mark(work, str(rule_id), str(column), part)
    if structures is not None:
        for rule_id, part in structures.groupby("rule", sort=True):
            _mark(work, str(rule_id), "household", part)
    return told


def _structures(frame: pd.DataFrame, members: pd.DataFrame | None, plan: Plan) -> pd.DataFrame | None:
    asked = plan.clean.household_structures
    if asked is None or members is None or members.empty or "wave" not in members:
        return None
    return suspicious_households(
        dynasties(members), frame, members, look_backs=asked.look_backs, within=asked.within
    )


def _mark(work: Work, rule_id: str, column: str, cases: pd.DataFrame) -> None:
    """Mark the rows of cases, each once, their evidence joined."""
    at = _rows(work, cases, "household")
    if "other" in cases:
        at = np.where(at < 0, _rows(work, cases, "other"), at)
    said: Objects = np.full(len(work.frame), None, dtype=object)
    for pos, one in zip(at.tolist(), cases["evidence"], strict=True):
        if pos >= 0:
            said[pos] = one if said[pos] is None else f"{said[pos]}; {one}"
    hits = np.array([s is not None for s in said], dtype=bool)
    hits &= ~work.marked(ASKED_UNDER.get(rule_id, ()))
    work.flag(hits, rule_id, column if column in work.used else "household", said)


def _rows(work: Work, cases: pd.DataFrame, name: str) -> Positions:
    """Return the place of the row of each case in the raw table, −1 where no clean row has that household and wave."""
    kept = work.kept
    mine = [work.coded(k).objects(kept) for k in _KEYS]
    asked = [cases["county"], cases[name], cases["wave"].astype("str")]
    known = pd.MultiIndex.from_arrays([pd.Series(k, dtype="str").fillna("") for k in mine])
    found = known.get_indexer(
        pd.MultiIndex.from_arrays([a.astype("str").fillna("").reset_index(drop=True) for a in asked])
    )
    return np.where(found >= 0, kept[found], -1)
