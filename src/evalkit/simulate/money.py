"""The income account of a household: parts in whole yuan that add up to net income exactly.

Net income = wages + operating + property + transfers - operating expenses (the registry's identity).
Property income = dividends + other; transfers = family-planning grant + minimum allowance + destitute support +
pension + ecological compensation + other. No taxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PARTS = (
    "wage",
    "operating_net",
    "dividend",
    "other_property",
    "allowance",
    "pension",
    "ecology",
    "other_transfer",
)
LEAST: dict[str, int] = {"wage": 500, "allowance": 300, "pension": 200, "ecology": 100, "dividend": 50}
"""Least amount of a source that a household has, yuan a year: nobody enters less."""
GRANT = 960
"""Family-planning grant, yuan a year (奖励扶助; assumed)."""


@dataclass(frozen=True)
class Sources:
    """Which sources of income a household-year has; bool arrays of shape (n,).

    ``allowance`` is the minimum allowance, paid as destitute support where ``destitute``; ``planned`` is the
    family-planning grant.
    """

    works_away: Flags
    farms: Flags
    industry: Flags
    dividend: Flags
    allowance: Flags
    destitute: Flags
    planned: Flags
    pension: Flags
    ecology: Flags


def split(net: Ints, weights: Floats) -> Ints:
    """Split whole amounts in proportion to weights; the remainder goes to the last part.

    Parameters
    ----------
    net : int array, shape (n,)
    weights : float array, shape (n, parts)
        Not negative, the last one positive.

    Returns
    -------
    int array, shape (n, parts)
        Rows add up to `net`.

    Examples
    --------
    >>> split(np.array([100]), np.array([[1.0, 0.0, 2.0]])).tolist()
    [[33, 0, 67]]
    """
    shares = weights / weights.sum(axis=1, keepdims=True)
    parts: Ints = np.floor(net[:, None] * shares).astype(np.int64)
    parts[:, -1] += net - parts.sum(axis=1)
    return parts


def account(rng: np.random.Generator, net: Ints, sources: Sources) -> dict[str, Ints]:
    """Draw the income account of household-years.

    Parameters
    ----------
    rng : Generator
    net : int array, shape (n,)
        Net income, yuan.
    sources : Sources

    Returns
    -------
    dict of int array, shape (n,)
        By canonical field name. The identity holds in every row.
    """
    n = len(net)
    weights = np.column_stack(
        [
            sources.works_away * rng.uniform(0.4, 1.6, n),
            sources.farms * np.where(sources.industry, rng.uniform(0.9, 2.2, n), rng.uniform(0.2, 1.0, n)),
            sources.dividend * rng.uniform(0.03, 0.12, n),
            (rng.random(n) < 0.15) * rng.uniform(0.01, 0.06, n),
            sources.allowance * rng.uniform(0.25, 0.6, n),
            sources.pension * rng.uniform(0.08, 0.2, n),
            sources.ecology * rng.uniform(0.05, 0.2, n),
            rng.uniform(0.05, 0.2, n),
        ]
    )
    parts = split(net, weights)
    for name, least in LEAST.items():
        lift(parts, PARTS.index(name), least)
    part = dict(zip(PARTS, parts.T, strict=True))
    expense = np.round(part["operating_net"] * rng.uniform(0.2, 0.7, n)).astype(np.int64)
    expense = np.maximum(expense, part["operating_net"] > 0)
    operating = part["operating_net"] + expense
    property_income = part["dividend"] + part["other_property"]
    transfer = part["allowance"] + part["pension"] + part["ecology"] + part["other_transfer"]
    grant = np.where(sources.planned & (part["other_transfer"] > GRANT), GRANT, 0)
    return {
        "wage_income": part["wage"],
        "operating_income": operating,
        "property_income": property_income,
        "dividend_income": part["dividend"],
        "transfer_income": transfer,
        "minimum_allowance": np.where(sources.destitute, 0, part["allowance"]),
        "pension": part["pension"],
        "ecological_compensation": part["ecology"],
        "operating_expense": expense,
        "income_gross": part["wage"] + operating + property_income + transfer,
        "income_net": net,
        "tax": np.zeros_like(net),
        "family_planning_grant": grant,
        "destitute_allowance": np.where(sources.destitute, part["allowance"], 0),
        "other_property_income": part["other_property"],
        "other_transfer_income": part["other_transfer"] - grant,
    }


def lift(parts: Ints, column: int, least: int) -> None:
    """Raise the amounts of a source to its least, in place, out of the largest other part of the household.

    Parameters
    ----------
    parts : int array, shape (n, parts)
    column : int
    least : int
        Rows without the source (0) stay, and rows whose other parts do not allow it.

    Examples
    --------
    >>> parts = np.array([[100, 900], [0, 900], [100, 300]])
    >>> lift(parts, 0, 300)
    >>> parts.tolist()
    [[300, 700], [0, 900], [100, 300]]
    """
    short = (parts[:, column] > 0) & (parts[:, column] < least)
    rows = np.flatnonzero(short)
    others = parts[rows].copy()
    others[:, column] = -1
    giver = others.argmax(axis=1)
    more = least - parts[rows, column]
    enough = others[np.arange(len(rows)), giver] - more >= least
    rows, giver, more = rows[enough], giver[enough], more[enough]
    parts[rows, column] += more
    parts[rows, giver] -= more
