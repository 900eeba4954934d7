"""What is gathered about standards, lists and accounts of one county, part by part, with the reason where a part is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.standards import Standard
from evalkit.text import Text

LEFT_OUT = (DataError, DesignError, EstimationError)
"""Errors that leave one part out and let the others be."""
PLACE = ("county", "village", "household", "wave")
PROBLEM_COLUMNS = (*PLACE, "item", "problem_en", "problem_zh", "evidence", "reading")
"""Columns of the table of problems; all are text, `reading` is ``fails`` or ``not_shown``."""
NO_PACK = Text(
    en="The plan names no standard with these rules (plan.standard).",
    zh="方案未指定含有此类规定的规则包。",
)
NO_PROGRAMS = Text(en="The data have no program table for this county.", zh="数据中没有本县的帮扶措施表。")


@dataclass(frozen=True, eq=False)
class County:
    """What one county's parts are computed from.

    Parameters
    ----------
    code : str
    panel : Panel
        With the weights that the county's other measures use.
    tables : mapping
        Clean tables besides the panel.
    plan : Plan
    pack : Standard or None
    """

    code: str
    panel: Panel
    tables: Mapping[str, pd.DataFrame]
    plan: Plan
    pack: Standard | None

    @property
    def wave(self) -> int:
        """The year in which villages, causes, needs and programs are looked at.

        Raises
        ------
        DataError
            The plan names a year that the county's data do not have.
        """
        asked = self.plan.accounts.wave
        if asked is None:
            return self.panel.waves[-1]
        if asked not in self.panel.waves:
            msg = f"no rows in wave {asked}; the data have {', '.join(map(str, self.panel.waves))}"
            raise DataError(msg)
        return asked

    @property
    def lined(self) -> Panel:
        """The waves that have a poverty line.

        Raises
        ------
        DataError
            No wave has one.
        """
        waves = [w for w in self.panel.waves if w in (self.panel.lines or {})]
        if not waves:
            msg = "no poverty line: the plan gives none for these waves (plan.poverty.line)"
            raise DataError(msg)
        if waves == self.panel.waves:
            return self.panel
        return self.panel.where(self.panel.frame[self.panel.wave].isin(waves))

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a clean table, None where it is absent or empty."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    def places(self, at: int) -> pd.DataFrame:
        """Return county and village of the households of a wave, by household."""
        panel = self.panel
        rows = panel.frame[panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()]
        blank = pd.Series("", index=rows.index)
        out = pd.DataFrame(
            {
                "household": rows[panel.household].astype("str"),
                "village": blank if panel.village is None else rows[panel.village],
            }
        )
        return out.assign(county=self.code).set_index("household")


@dataclass
class Gathered:
    """Estimates, tables, notes, figures, reasons and problems, gathered part by part.

    Attributes
    ----------
    examined : list of str
        Items of which at least one household or village shows something; of others no absence of a problem can be told.
    kept : dict of str to object
        The accounts themselves, by attribute of `evalkit.exits.PrecisionEvidence`, for the scorecards.
    """

    estimates: dict[str, Estimate] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    omitted: dict[str, Text] = field(default_factory=dict)
    problems: list[pd.DataFrame] = field(default_factory=list)
    examined: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def attempt(self, part: str, compute: Callable[[], None]) -> None:
        """Compute one part; if the data do not allow it, keep the reason under its name."""
        try:
            compute()
        except LEFT_OUT as error:
            self.omitted[part] = reason(error)

    def note(self, part: str, notes: Sequence[Text]) -> None:
        """Keep the notes of a part."""
        self.notes.setdefault(part, []).extend(n.to_dict() for n in notes)

    def add_problems(self, rows: pd.DataFrame, county: str, *, reading: str = "fails") -> None:
        """Add rows with ``item``, ``problem_en``, ``problem_zh`` and as many places as are known."""
        if rows.empty:
            return
        known = rows[[c for c in PROBLEM_COLUMNS if c in rows]]
        self.problems.append(known.assign(county=county, reading=reading))

    def problem_table(self) -> pd.DataFrame:
        """Return all problems in the order of place and item, one row each."""
        if not self.problems:
            return pd.DataFrame(columns=list(PROBLEM_COLUMNS)).astype("str")
        table = pd.concat(self.problems, ignore_index=True).reindex(columns=list(PROBLEM_COLUMNS))
        table = pd.DataFrame({c: _words(table[c]) for c in table}).astype("str")
        keys = [*PLACE, "item"]
        return table.drop_duplicates(keys).sort_values(keys, ignore_index=True)


def _words(values: pd.Series) -> pd.Series:
    """Return codes and years as text, empty where blank (years stay whole beside blanks)."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        values = values.astype("Float64").astype("Int64")
    return values.astype("str").where(values.notna(), "")


def shown_items(frame: pd.DataFrame, items: Sequence[str]) -> list[str]:
    """Return the items that at least one row of a standard meets or fails."""
    return [i for i in items if bool(np.isin(frame[i], ("meets", "fails")).any())]


def complete_in(plan: Plan) -> str:
    """Return what the household table holds in full, see `evalkit.planaccounts.AccountsSection`."""
    return plan.accounts.complete or ("county" if plan.design.census else "nothing")


def of_wave(villages: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Return the rows of a year where the village table has years, else all."""
    if "wave" not in villages or villages["wave"].isna().all():
        return villages
    rows = villages[villages["wave"].astype("Float64") == wave]
    if rows.empty:
        msg = f"no rows in wave {wave} of the village table; give accounts.wave a year that it has"
        raise DataError(msg)
    return rows
