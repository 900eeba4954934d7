"""Programs that overlap, and funds per household and per exit: counted, not estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.accounts import received
from evalkit.exits.readings import amounts, words_of
from evalkit.schema import PROGRAMS
from evalkit.text import Text

ALL = "all"
"""Row of all programs together."""


@dataclass(frozen=True, eq=False)
class Overlap:
    """How programs overlap: households that have both, and how far their sum exceeds the households.

    Parameters
    ----------
    matrix : DataFrame
        Programs by programs: households with both; on the diagonal those with the program.
    households : int
        With any program.
    receipts : int
        Sum over programs: households counted once for each program.
    by_number : Series
        Households by the number of programs they have.
    persons : float
        In those households; NaN where sizes were not given. `receipt_persons` is their sum over programs.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("program",)

    matrix: pd.DataFrame
    households: int
    receipts: int
    by_number: pd.Series
    persons: float = np.nan
    receipt_persons: float = np.nan

    @property
    def ratio(self) -> float:
        """Programs per household that has any: 1 where programs are a partition."""
        return self.receipts / self.households if self.households else np.nan

    def tidy(self) -> pd.DataFrame:
        """Return one row a pair of programs: program, other, households, share_of_program (of the first)."""
        out = (
            self.matrix.rename_axis(index="program")
            .reset_index()
            .melt("program", var_name="other", value_name="households")
        )
        own = out["program"].map({p: self.matrix.loc[p, p] for p in self.matrix.index})
        out["share_of_program"] = out["households"] / own.where(own > 0)
        return out.sort_values(["program", "other"], ignore_index=True)

    def explain(self) -> Text:
        """Say what adding up the programs would claim."""
        return Text(
            en=f"the programs add up to {self.receipts:,} households, {self.households:,} have any ({self.ratio:.2f} each): they "
            "overlap and are no partition",
            zh=f"各项措施合计{self.receipts:,}户次，实际受帮扶{self.households:,}户（户均{self.ratio:.2f}项）：措施相互重叠，不可相加",
        )


def program_overlap(
    programs: pd.DataFrame, wave: int, *, sizes: Mapping[str, float] | None = None
) -> Overlap:
    """Return how the programs in force in a year overlap.

    Parameters
    ----------
    programs : DataFrame
        household, program, program_start, optionally program_end.
    wave : int
    sizes : mapping of str to float, optional
        Household → persons.

    Raises
    ------
    DataError
        As in `need_matrix`; no program in force; a household without a size.

    Examples
    --------
    >>> table = pd.DataFrame({"household": ["a", "a", "b"], "program": ["industry", "health", "health"], "program_start": 2016})
    >>> found = program_overlap(table, 2017)
    >>> found.households, found.receipts, int(found.matrix.loc["health", "industry"])
    (2, 3, 1)
    """
    have = received(programs, wave)
    if have.empty:
        msg = f"no program is in force in {wave}"
        raise DataError(msg)
    flags = have.to_numpy(dtype=np.int64)
    matrix = pd.DataFrame(flags.T @ flags, index=have.columns, columns=have.columns)
    number = flags.sum(axis=1)
    counted = pd.Series(number).value_counts().sort_index().rename_axis("programs").rename("households")
    persons = np.full(len(have), np.nan)
    if sizes is not None:
        lost = [h for h in have.index if h not in sizes]
        if lost:
            msg = f"{len(lost)} of {len(have)} supported households have no size (first: {lost[0]}); add them"
            raise DataError(msg)
        persons = np.array([sizes[h] for h in have.index], dtype=float)
    return Overlap(
        matrix, len(have), int(number.sum()), counted, float(persons.sum()), float((persons * number).sum())
    )


@dataclass(frozen=True, eq=False)
class Funds:
    """Funds by program, the last row all of them.

    Parameters
    ----------
    table : DataFrame
        program, amount (that reached households known to the registry), households, per_household, exits (of them, in the
        years), per_exit (the amount over these exits), untraced (amount without a household of the registry), blank (rows
        without amount), budget, reached (amount over budget), traced (amount over amount and untraced).
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("program",)

    table: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def funds_account(
    programs: pd.DataFrame,
    households: pd.DataFrame,
    *,
    first: int,
    last: int,
    budget: Mapping[str, float] | None = None,
) -> Funds:
    """Return what support cost per household and per exit, and how much of it can be traced to households.

    Parameters
    ----------
    programs : DataFrame
        household, program, program_start, amount (currency, once, in the year it began).
    households : DataFrame
        Registry: household, exit_year; rows of several waves count once.
    first, last : int
        Years whose support and exits count.
    budget : mapping of str to float, optional
        Program code (or ``"all"``) → funds of the years, in the same currency.

    Returns
    -------
    Funds
        Sums of the registry as it is, without weights. Funds per exit are an average cost, not the cost of one more exit:
        households that would have exited without support, and support that began before `first`, are in it.

    Raises
    ------
    DataError
        Columns absent, unknown programs, negative amounts, years out of order, a budget for an unknown program.
    """
    for frame, needed, what in (
        (programs, ("household", "program", "program_start", "amount"), "program"),
        (households, ("household", "exit_year"), "household"),
    ):
        absent = [c for c in needed if c not in frame]
        if absent:
            msg = f"the {what} table lacks {', '.join(absent)}; map them in plan.data"
            raise DataError(msg)
    if first > last:
        msg = f"funds are counted from first to last, got {first} to {last}"
        raise DataError(msg)
    paid = _paid(programs, first, last)
    registry = set(households["household"].astype("str"))
    paid["known"] = [h in registry for h in paid["household"]]
    exits = set(households.loc[households["exit_year"].between(first, last), "household"].astype("str"))
    paid["exit"] = [h in exits for h in paid["household"]]
    paid["household"] = pd.factorize(paid["household"])[0]
    names = [*sorted(set(paid["program"])), ALL]
    lost = sorted(set(budget or {}) - set(names))
    if lost:
        msg = f"a budget is given for {', '.join(lost)}, of which no support began in {first}-{last}; there are {', '.join(names)}"
        raise DataError(msg)
    rows = [
        _account(n, paid if n == ALL else paid[paid["program"] == n], (budget or {}).get(n, np.nan))
        for n in names
    ]
    return Funds(pd.DataFrame(rows), _notes(first, last))


def _paid(programs: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    word = pd.Series(words_of(programs, "program"), index=programs.index)
    code = word.map({**PROGRAMS, **{c: c for c in PROGRAMS.values()}})
    amount = pd.Series(amounts(programs["amount"], "amount"), index=programs.index)
    for bad, what in ((code.isna(), "an unknown program"), (amount < 0, "a negative amount")):
        if bad.any():
            msg = f"{int(bad.sum())} of {len(programs)} rows have {what} (first: household {programs.loc[bad, 'household'].iloc[0]})"
            raise DataError(msg, rows=programs[bad])
    start = amounts(programs["program_start"], "program_start")
    keep = (start >= first) & (start <= last)
    house = programs["household"].astype("str").where(programs["household"].notna(), "")
    return pd.DataFrame({"household": house, "program": code, "amount": amount})[keep]


def _account(name: str, rows: pd.DataFrame, budget: float) -> dict[str, object]:
    known = rows[rows["known"]]
    amount, untraced = float(known["amount"].sum()), float(rows.loc[~rows["known"], "amount"].sum())
    reached, exits = known["household"].nunique(), known.loc[known["exit"], "household"].nunique()
    return {
        "program": name,
        "amount": amount,
        "households": reached,
        "per_household": amount / reached if reached else np.nan,
        "exits": exits,
        "per_exit": amount / exits if exits else np.nan,
        "untraced": untraced,
        "blank": int(rows["amount"].isna().sum()),
        "budget": budget,
        "reached": amount / budget if budget > 0 else np.nan,
        "traced": amount / (amount + untraced) if amount + untraced > 0 else np.nan,
    }


def _notes(first: int, last: int) -> tuple[Text, ...]:
    return (
        Text(
            en=f"support that began in {first}-{last}; counted, not weighted; funds per exit are an average, not the cost of one "
            "more exit",
            zh=f"{first}—{last}年开始的帮扶；按登记数计，未加权；每脱贫一户资金为平均数，并非新增一户脱贫的成本",
        ),
    )
