"""A positive and a negative example of every rule, by family."""

from __future__ import annotations

from .cleaning import EXAMPLES as CLEANING
from .frame import Elsewhere, Example, drawn, marked
from .histories import EXAMPLES as HISTORIES
from .households import EXAMPLES as HOUSEHOLDS
from .income import EXAMPLES as INCOME
from .patterns import EXAMPLES as PATTERNS
from .persons import EXAMPLES as PERSONS
from .places import EXAMPLES as PLACES
from .programs import EXAMPLES as PROGRAMS
from .series import EXAMPLES as SERIES
from .status import EXAMPLES as STATUS
from .timing import EXAMPLES as TIMING

__all__ = ["EXAMPLES", "Elsewhere", "Example", "drawn", "marked"]

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    *CLEANING,
    *INCOME,
    *PATTERNS,
    *HOUSEHOLDS,
    *STATUS,
    *TIMING,
    *INCOME,
    *PERSONS,
    *PROGRAMS,
    *PLACES,
    *SERIES,
    *HISTORIES,
)
