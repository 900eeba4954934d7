"""`events_from`: the register of events behind a household table and its rosters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.events.contradictions import find_cases
from evalkit.events.histories import STATES, Flags, Histories, read_histories, year_of
from evalkit.events.kinds import GONE, KINDS, RULES
from evalkit.events.membership import Membership, membership_events, membership_of
from evalkit.events.monitoring import monitoring_events
from evalkit.events.pieces import Piece, piece, table_of
from evalkit.events.register import Events, typed
from evalkit.text import Text

_ORDER = {kind: place for place, kind in enumerate(KINDS)}
_ENTERS, _ENDS = 0, 9
READ = frozenset(
    {
        "county", "village", "household", "dynasty", "wave", "size", "status", "returned", "identified_year", "identified_month",
        "exit_year", "exit_month", "monitored", "monitored_month", "risk_eliminated", "eliminated_month", "_file", "_row",
    }
)  # fmt: skip
"""Columns of a household table that its histories are read from."""


def events_from(frame: pd.DataFrame, members: pd.DataFrame | None = None) -> Events:
    """Derive the register of events of one county or several from their registry fields.

    The status of each wave is the witness: a change between two rows of a household is an event, dated by the year or month the
    registry states where that fits between the two waves, else by the later wave. Nothing is mended: where fields contradict
    each other or the status, the event follows the status and the contradiction is a case.

    Parameters
    ----------
    frame : DataFrame
        Clean household table (`CleanResult.frame`): ``household``, ``wave`` and of ``county``, ``village``, ``size``, ``dynasty``,
        ``status``, ``returned``, ``identified_year``, ``identified_month``, ``exit_year``, ``exit_month``, ``monitored``,
        ``monitored_month``, ``risk_eliminated``, ``eliminated_month`` what there is; ``_file`` and ``_row`` are carried over. Without
        ``status`` the state follows from the years of identification and exit and the return mark.
    members : DataFrame, optional
        Clean member table. With waves it adds splits, merges and deaths.

    Returns
    -------
    Events
        Entries by county and household in the order of their history; contradictions in ``cases``.

    Raises
    ------
    DataError
        A key is absent or repeated, or no field tells who is registered.

    Examples
    --------
    >>> table = pd.DataFrame({"county": "990101", "household": "1", "wave": [2014, 2015, 2016, 2017], "size": 4.0,
    ...     "status": ["registered", "registered", "exited", "returned"], "identified_year": 2013.0,
    ...     "exit_year": [None, None, 2016.0, 2016.0]})
    >>> events_from(table).entries[["date", "kind", "status", "persons"]].values.tolist()
    [['2013', 'identified', 'registered', 4.0], ['2016', 'exited', 'exited', 4.0], ['2017', 'returned', 'returned', 4.0]]
    """
    return trace_histories(frame, members).events


@dataclass(frozen=True, eq=False)
class Traced:
    """The histories of a household table: contradictions and register, each made when it is asked for.

    Parameters
    ----------
    past : Histories
    known : Membership
        What rosters add.
    """

    past: Histories
    known: Membership

    @cached_property
    def cases(self) -> pd.DataFrame:
        """Contradictions, see `Events.cases`."""
        return find_cases(self.past, self.known.entered)

    @cached_property
    def events(self) -> Events:
        """The register of events."""
        past, known = self.past, self.known
        parts = [
            *_entries(past, known),
            *_changes(past),
            *_ends(past, known),
            *_moves(past),
            *membership_events(past, known),
            *monitoring_events(past),
        ]
        return Events(_register(past, known, parts), self.cases, _notes(past, known))


def trace_histories(frame: pd.DataFrame, members: pd.DataFrame | None = None) -> Traced:
    """Read the histories of a household table and its rosters; parameters and errors as in `events_from`."""
    past = read_histories(frame[[c for c in frame.columns if c in READ]])
    return Traced(past, membership_of(past, members))


def _entries(past: Histories, known: Membership) -> list[Piece]:
    """Return how households come in: identified (or split off), and what had happened by then."""
    wave, seen = past.wave, 100 * past.wave
    own = past.first & ~known.entered
    told = own & (year_of(past.identified) <= wave)
    was_out = own & (past.state >= 2)
    dated = was_out & (year_of(past.exited) <= wave)
    back = own & (past.state == 3)
    in_, out = past.identified, past.exited
    return [
        piece(told, "identified", in_, "E01", status="registered", column="identified_year", order=_ENTERS),
        piece(own & ~told, "identified", seen, "E02", status="registered", column="status", order=_ENTERS),
        piece(dated, "exited", out, "E03", status="exited", column="exit_year", order=_ENTERS),
        piece(was_out & ~dated, "exited", seen, "E04", status="exited", column="status", order=_ENTERS),
        piece(back, "returned", seen, "E05", status="returned", column="status", order=_ENTERS),
    ]


def _changes(past: Histories) -> list[Piece]:
    """Return the changes of status between a household's rows."""
    then = np.where(past.before >= 0, past.state[past.before], 0)
    since = np.where(past.before >= 0, past.wave[past.before], 0)
    now, seen, year = past.state, 100 * past.wave, year_of(past.exited)

    def step(one: int, other: int) -> Flags:
        return np.asarray((then == one) & (now == other), dtype=bool)

    out = step(1, 2) | step(3, 2)
    fits = out & (year > since) & (year <= past.wave)
    back = step(2, 3) | step(1, 3)
    again = step(2, 1)
    return [
        piece(fits, "exited", past.exited, "E03", status="exited", column="exit_year"),
        piece(out & ~fits, "exited", seen, "E04", status="exited", column="status"),
        piece(back, "returned", seen, "E05", status="returned", column="status"),
        piece(again & past.marked, "returned", seen, "E05", status="registered", column="returned"),
        piece(again & ~past.marked, "identified", seen, "E06", status="registered", column="status"),
        piece(step(3, 1), "identified", seen, "E19", status="registered", column="status"),
    ]


def _ends(past: Histories, known: Membership) -> list[Piece]:
    """Return how households leave the registry: no status in the county's next wave, and none later."""
    more = np.append(past.unit[1:] == past.unit[:-1], np.zeros(min(len(past), 1), dtype=bool))
    ends = past.last & (past.next_wave >= 0) & ~known.left & ~known.extinct
    away = 100 * past.next_wave
    return [
        piece(ends & more, "removed", away, "E08", status=GONE, column="status", order=_ENDS),
        piece(ends & ~more, "removed", away, "E07", status=GONE, column="wave", order=_ENDS),
    ]


def _moves(past: Histories) -> list[Piece]:
    if "village" not in past.frame:
        return []
    codes, words = pd.factorize(past.frame["village"])
    old = np.where(past.before >= 0, codes[past.before], -1)
    moved = (codes >= 0) & (old >= 0) & (codes != old)
    more = np.full(len(past), None, dtype=object)
    more[moved] = [f"{words[a]} → {words[b]}" for a, b in zip(old[moved], codes[moved], strict=True)]
    said = pd.Series(more, dtype="str")
    return [piece(moved, "moved", 100 * past.wave, "E12", column="village", more=said)]


def _register(past: Histories, known: Membership, parts: list[Piece]) -> pd.DataFrame:
    """Return all pieces as entries, by county and household in the order of their history."""
    frame = past.frame
    at = np.concatenate([p.rows for p in parts])
    size = past.number("size")
    table = table_of(parts)
    own = table.pop("persons").to_numpy(dtype=np.float64)
    order = table.pop("order").to_numpy(dtype=np.int64)
    out = table.assign(
        county=frame["county"].to_numpy()[at],
        village=past.word("village").to_numpy()[at],
        household=frame["household"].to_numpy()[at],
        dynasty=known.dynasty.to_numpy()[at],
        persons=np.where(np.isnan(own), size[at], own),
        wave=past.wave[at],
        table="household",
        file=past.word("_file").to_numpy()[at],
        row=np.nan_to_num(past.number("_row")[at], nan=-1),
    )
    for language in ("en", "zh"):
        said = out["rule"].map({k: v.to_dict()[language] for k, v in RULES.items()}).astype("str")
        out[f"reason_{language}"] = (said + ": " + out["more"]).fillna(said)
    kind = out["kind"].map(_ORDER).to_numpy()
    line = np.lexsort((kind, order, at))
    return typed(out.iloc[line])


def _notes(past: Histories, known: Membership) -> tuple[Text, ...]:
    notes = list(known.notes)
    if "status" not in past.frame:
        notes.append(
            Text(
                en="There is no status column: states follow from the years of identification and exit and the return mark.",
                zh="无脱贫属性栏：户的状态由识别年度、脱贫年度和返贫标识推定。",
            )
        )
    elif "status" in past.frame:
        unknown = past.frame["status"].notna() & (past.state == 0)
        if unknown.any():
            words = ", ".join(sorted(past.frame.loc[unknown, "status"].unique())[:5])
            known_words = ", ".join(STATES[1:])
            notes.append(
                Text(
                    en=f"{int(unknown.sum())} rows have a status that is not in the code list ({words}); known are {known_words}. "
                    "They say nothing here.",
                    zh=f"{int(unknown.sum())}行的脱贫属性不在代码表中（{words}），未予采用。",
                )
            )
    return tuple(notes)
