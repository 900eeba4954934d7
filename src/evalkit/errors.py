"""Errors a user can act on, each with the exit code of the command line.

::

    EvalkitError               1
    ├── PlanError             10  plan.yaml cannot be followed
    ├── DataError             11  the data are not what the plan says (carries the rows)
    ├── DesignError           12  weights, strata, PSUs do not allow a variance
    ├── EstimationError       13  the estimand is not identified or not estimable here
    ├── DisclosureError       14  a table was about to leave without release
    └── ReportError           15  a report could not be written

A message says what is wrong, how much, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import pandas as pd


class EvalkitError(Exception):
    """Base of every error that is the user's to mend; shown without a traceback."""

    exit_code: ClassVar[int] = 1


class PlanError(EvalkitError):
    """The plan is wrong; `faults` lists all of them, not the first."""

    exit_code: ClassVar[int] = 10

    def __init__(self, message: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class DataError(EvalkitError):
    """The data contradict the plan; `rows` holds the offending rows, if any."""

    exit_code: ClassVar[int] = 11

    def __init__(self, message: str, rows: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.rows = rows


class DesignError(EvalkitError):
    """The sampling design does not allow the variance that was asked for."""

    exit_code: ClassVar[int] = 12


class EstimationError(EvalkitError):
    """The quantity is not identified, or cannot be computed, from these data."""

    exit_code: ClassVar[int] = 13


class DisclosureError(EvalkitError):
    """Unreleased figures were offered to a report."""

    exit_code: ClassVar[int] = 14


class ReportError(EvalkitError):
    """A report was asked for wrongly or could not be produced."""

    exit_code: ClassVar[int] = 15
