"""`CleanResult`: the clean panel and everything that was set aside, changed or left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from evalkit.cleaning.histories import Told
from evalkit.errors import DataError
from evalkit.events import Events
from evalkit.ingest import RawData
from evalkit.ledger import Ledger
from evalkit.panel import Panel
from evalkit.plan import Plan
from evalkit.rosters import STATED

FATES: tuple[str, ...] = ("in", "clean", "quarantined", "merged", "not_data")
"""What becomes of rows; the first is the sum of the others."""
MONEY_COLUMNS: tuple[str, ...] = ("column", "before", "changed", "set_aside", "after", "difference")
"""Columns of `CleanResult.money_table`."""


class SetAside(NamedTuple):
    """Rows set aside, and the ledger that says why."""

    quarantine: pd.DataFrame
    ledger: Ledger


@dataclass(frozen=True, eq=False)
class CleanResult:
    """What cleaning gives.

    Parameters
    ----------
    frame : DataFrame
        Clean, typed household table with derived columns, sorted by household and wave.
    plan : Plan
    quarantine : DataFrame
        Rows set aside until somebody decides: table, rule, reasons, file, sheet, row, then their raw cells.
    ledger : Ledger
    open_cases : DataFrame
        What somebody should look at: `evalkit.cleaning.CASE_COLUMNS`.
    tables : dict of DataFrame
        The other clean, typed tables by kind.
    raw : RawData
        As read.
    fates : DataFrame
        One row a table: table, and the number of rows by `FATES`.
    money : DataFrame
        See `money_table`.
    checks : DataFrame
        One row a conditional rule: rule, table, checked, lacks (columns it needs that are not there), rows, hits.
    decided : DataFrame
        Cases that persons decided: case, table, rule, county, action.
    told : Told or None
        What the clean tables tell together.
    structures : DataFrame or None
        Household structures that deserve a question; None where the plan does not ask or rosters have no waves.
    """

    frame: pd.DataFrame = field(repr=False)
    plan: Plan = field(repr=False)
    quarantine: pd.DataFrame = field(repr=False)
    ledger: Ledger = field(repr=False)
    open_cases: pd.DataFrame = field(repr=False)
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    raw: RawData = field(repr=False)
    fates: pd.DataFrame
    money: pd.DataFrame = field(repr=False)
    checks: pd.DataFrame = field(repr=False)
    decided: pd.DataFrame = field(repr=False)
    told: Told | None = field(default=None, repr=False)
    structures: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def events(self) -> Events | None:
        """The register of events of the clean households, made when it is asked for; None where nothing tells who is registered."""
        return None if self.told is None else self.told.events

    @cached_property
    def panel(self) -> Panel:
        """The clean panel with its roles.

        Raises
        ------
        DataError
            No household row is left; or a household-wave occurs in two counties; or welfare is missing in all rows.
        """
        self._check_welfare()
        why = self._why_empty() if self.frame.empty else ""
        return panel_from(self.frame, self.plan, ledger=self.ledger, why=why)

    @property
    def filled(self) -> tuple[str, ...]:
        """Columns that the household table does not state and the rosters gave (`evalkit.rosters.STATED`)."""
        stated = set(self.raw.tables["household"].fields)
        return tuple(c for c in STATED if c in self.frame and c not in stated)

    def rows(self, table: str = "household") -> dict[str, int]:
        """Return what became of the rows of a table, by `FATES`."""
        one = self.fates.loc[self.fates["table"] == table]
        if one.empty:
            msg = f"no {table} table was cleaned; there are: {', '.join(self.fates['table'])}"
            raise DataError(msg)
        return {k: int(one.iloc[0][k]) for k in FATES}

    def row_table(self) -> pd.DataFrame:
        """Return what became of the rows of each table (table, in, clean, quarantined, merged, not_data)."""
        return self.fates.copy()

    def money_table(self) -> pd.DataFrame:
        """Return how sums of household amounts before and after cleaning reconcile.

        ``before`` is the sum of the amounts as written, ``changed`` what conversions (万元 → 元) added,
        ``set_aside`` the sum in rows quarantined, merged or no data, ``after`` the sum in the clean
        table; ``difference`` = before + changed − set_aside − after, zero up to rounding.
        """
        return self.money.copy()

    def set_aside(self) -> SetAside:
        """Return quarantined rows and the ledger."""
        return SetAside(self.quarantine, self.ledger)

    def summary(self) -> pd.DataFrame:
        """Return all counts and sums in one table: table, section (rows, ledger, cases, money), key, value."""
        rows = self.fates.melt("table", var_name="key", value_name="value").assign(section="rows")
        counts = self.ledger.counts()
        done = counts.assign(section="ledger", key=counts["action"] + " " + counts["rule"], value=counts["n"])
        cases = self.open_cases.groupby(["table", "rule"]).size().rename("value").reset_index()
        cases = cases.assign(section="cases", key=cases["rule"])
        money = self.money.melt("column", var_name="what", value_name="value")
        money = money.assign(table="household", section="money", key=money["column"] + ": " + money["what"])
        columns = ["table", "section", "key", "value"]
        parts = [p[columns].astype({"value": "float64"}) for p in (rows, done, cases, money) if len(p)]
        return pd.concat(parts, ignore_index=True)

    def _check_welfare(self) -> None:
        column = self.plan.welfare.column
        if self.frame.empty or self.frame["welfare"].notna().any():
            return
        cells = self.ledger.of_table("household").cells()
        unread = cells.loc[(cells["column"] == column) & (cells["rule"] == "T07")]
        why = "the cells are blank or placeholders"
        if len(unread):
            one = unread.iloc[0]
            why = (
                f"{len(unread)} cells cannot be read as numbers (first: {one['old']!r} in {one['file']}, row {one['row']}; "
                'if that is a decimal comma, state `decimal: ","` for the table in plan.data)'
            )
        msg = f"welfare ({column!r}) is missing in all {len(self.frame)} rows: {why}. Mend plan.welfare.column or the files"
        raise DataError(msg)

    def _why_empty(self) -> str:
        aside = self.ledger.of_table("household").rows_set_aside()
        top = (aside["rule"] + " " + aside["reason_en"]).value_counts()
        why = "; ".join(f"{n} rows {reason}" for reason, n in top.head(3).items())
        return f"{self.rows()['in']} were read: {why}" if len(top) else "none were read"


def panel_from(frame: pd.DataFrame, plan: Plan, *, ledger: Ledger | None = None, why: str = "") -> Panel:
    """Return the panel of a clean household frame, with the roles and lines of the plan.

    Parameters
    ----------
    frame : DataFrame
        As `CleanResult.frame`, of one county or of several put together.
    plan : Plan
    ledger : Ledger, optional
    why : str
        What to say when the frame is empty.

    Raises
    ------
    DataError
        The frame is empty, or a household-wave occurs in two counties.
    """
    if frame.empty:
        msg = f"no household row is left after cleaning{': ' + why if why else ''}"
        raise DataError(msg)
    waves = list(plan.waves) or sorted(int(w) for w in frame["wave"].unique())
    try:
        return Panel(
            frame,
            welfare="welfare",
            size="size" if "size" in frame else None,
            village="village" if "village" in frame else None,
            design=plan.design.survey_design(),
            lines=plan.lines(waves),
            deflators=plan.deflators(waves),
            concept=plan.concepts(waves),
            across_concepts=plan.welfare.across_break,
            poor_at_line=plan.poverty.poor_at_line,
            synthetic=plan.synthetic,
            ledger=ledger,
        )
    except DataError:
        _refuse_shared(frame)
        raise


def _refuse_shared(frame: pd.DataFrame) -> None:
    """Say which household-waves stand in several counties, if there are any."""
    twice = frame.duplicated(["household", "wave"], keep=False)
    if twice.any():
        rows = frame.loc[twice].sort_values(["household", "wave"])
        one = rows.iloc[0]
        counties = ", ".join(sorted(rows.loc[rows["household"] == one["household"], "county"].unique()))
        msg = (
            f"{int(twice.sum())} of {len(frame)} rows share household and wave with a row of another county (first: "
            f"{one['household']}, {one['wave']}, in {counties}). If ids are given by county, make them unique "
            "(plan.data.household.columns: {household: [county header, household header]}); if the household "
            "moved, mend the raw files"
        )
        raise DataError(msg, rows)
