"""The ledger of events of the registry: who came in, left, returned; any date's registry is a replay of it."""

from __future__ import annotations

from evalkit.events.comparing import look_back, look_back_counts
from evalkit.events.deriving import events_from
from evalkit.events.kinds import CASES, KINDS, RULES
from evalkit.events.reconciling import event_counts, reconcile_events, stock_table
from evalkit.events.register import Events
from evalkit.events.replaying import registry_at, replay_differences, snapshot

__all__ = [
    "CASES",
    "KINDS",
    "RULES",
    "Events",
    "event_counts",
    "events_from",
    "look_back",
    "look_back_counts",
    "reconcile_events",
    "registry_at",
    "replay_differences",
    "snapshot",
    "stock_table",
]
