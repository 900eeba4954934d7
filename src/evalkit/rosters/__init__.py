"""Rosters of members: counted by household, compared with what households state, followed through time."""

from __future__ import annotations

from evalkit.rosters.counting import COUNTED, STATED, aggregate_members
from evalkit.rosters.panels import dynasty_column
from evalkit.rosters.patterns import suspicious_households
from evalkit.rosters.roll import coded, roll_of
from evalkit.rosters.stated import RosterCheck, compare_stated, described_wave, fill_from_members, fillable
from evalkit.rosters.tracing import Dynasties, dynasties

__all__ = [
    "COUNTED",
    "STATED",
    "Dynasties",
    "RosterCheck",
    "aggregate_members",
    "coded",
    "compare_stated",
    "described_wave",
    "dynasties",
    "dynasty_column",
    "fill_from_members",
    "fillable",
    "roll_of",
    "suspicious_households",
]
