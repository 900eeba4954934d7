"""What the columns of a table show of a requirement, and with what evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.errors import PlanError
from evalkit.exits import readings as say
from evalkit.exits.readings import Floats, Words
from evalkit.exits.steady import CENT
from evalkit.measures.assurances import GUARANTEES
from evalkit.measures.deprivation import Indicator, deprived
from evalkit.panel import Panel
from evalkit.standards.sections import Requirement
from evalkit.text import Text

COLUMNS = {"publicity": "publicity_days"}
"""Requirement → the column it is read from, where that is not its own name."""


@dataclass(frozen=True, eq=False)
class Shown:
    """1 met, 0 not met, NaN not shown, and the evidence, of each row of the panel, shape (n,)."""

    met: Floats
    evidence: Words


@dataclass(frozen=True)
class Asked:
    """What the caller says about columns."""

    columns: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Account:
    """The income account that the household signed, to be held against the registry's.

    Parameters
    ----------
    income : str
        Column of income per head and year in the account.
    signed : str
        Yes/no column: the household signed it. An account that is not signed shows nothing.
    tolerance : float
        Yuan per head by which both may differ.
    """

    income: str = "signed_income_pc"
    signed: str = "account_signed"
    tolerance: float = 1.0


SIGNED = Account()
"""The account under its usual column names."""
ACCOUNT = Requirement(
    id="account",
    title=Text(en="the registry's income is that of the signed account", zh="系统收入与签字确认的收入账一致"),
    kind="procedure",
    source="evaluation practice",
    verified=False,
)


def guarantees_shown(panel: Panel, wanted: Sequence[Requirement], asked: Asked) -> dict[str, Shown]:
    """Read the guarantees that are not stated in a column of their own from the registry and the roster."""
    known = {g.name: g for g in GUARANTEES}
    have = set(map(str, panel.frame.columns))
    out: dict[str, Shown] = {}
    for one in wanted:
        if one.kind != "guarantee" or one.id in asked.columns or one.id not in known:
            continue
        for finding in known[one.id].findings:
            if not set(finding.columns) <= have:
                continue
            if finding.source == "visit":
                met = say.yes_no(panel.frame[finding.columns[0]], finding.columns[0])
            else:
                met = 1 - deprived(panel, Indicator(finding.unmet))
            out[one.id] = with_evidence(panel.frame, one.id, met, finding.source, asked)
            break
    return out


def stated(frame: pd.DataFrame, one: Requirement, asked: Asked) -> Shown:
    """Read a requirement from the yes/no column (or the number) that states it."""
    column = asked.columns.get(one.id, COLUMNS.get(one.id, one.id))
    n = len(frame)
    if one.kind == "rate":
        msg = f"requirement {one.id!r} of a household is of kind rate, which holds for areas only; mend the rule pack"
        raise PlanError(msg)
    if column not in frame:
        return Shown(np.full(n, np.nan), np.full(n, "", dtype=object))
    if one.value is None:
        return with_evidence(frame, one.id, say.yes_no(frame[column], column), "stated", asked)
    amount = say.amounts(frame[column], column)
    met = np.where(np.isnan(amount), np.nan, (amount >= one.value).astype(float))
    own = np.array([say.figure(a) for a in amount], dtype=object)
    return with_evidence(frame, one.id, met, own, asked)


def with_evidence(frame: pd.DataFrame, name: str, met: Floats, source: str | Words, asked: Asked) -> Shown:
    """Return a reading with its evidence; met without the evidence that was asked for shows nothing."""
    if name in asked.evidence:
        words = say.words_of(frame, asked.evidence[name])
        return Shown(np.where((met == 1) & (words == ""), np.nan, met), words)
    said = np.full(len(met), source, dtype=object) if isinstance(source, str) else source
    return Shown(met, np.where(np.isnan(met), "", said))


def signed_account(panel: Panel, account: Account) -> Shown:
    """Hold the registry's income against the signed account: evidence is registry/account."""
    n = len(panel.frame)
    if not {account.income, account.signed} <= set(panel.frame.columns):
        return Shown(np.full(n, np.nan), np.full(n, "", dtype=object))
    own, registry = say.amounts(panel.frame[account.income], account.income), panel.values("welfare")
    signed = say.yes_no(panel.frame[account.signed], account.signed) == 1
    shown = signed & ~np.isnan(own) & ~np.isnan(registry)
    near = np.abs(registry - own) <= account.tolerance + CENT
    words = [
        f"{say.figure(r)}/{say.figure(o)}" if s else "" for r, o, s in zip(registry, own, shown, strict=True)
    ]
    return Shown(np.where(shown, near.astype(float), np.nan), np.array(words, dtype=object))
