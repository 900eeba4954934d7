"""The income account of a household: parts in whole yuan that add up to net income exactly.

Net income = wages + operating + property + transfers - operating expenses (the registry's identity).
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


@dataclass(frozen=True)
class Sources:
    """Which sources of income a household-year has; bool arrays of shape (n,)."""

    works_away: Flags
    farms: Flags
    industry: Flags
    dividend: Flags
    allowance: Flags
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
    part = dict(zip(PARTS, split(net, weights).T, strict=True))
    expense = np.round(part["operating_net"] * rng.uniform(0.2, 0.7, n)).astype(np.int64)
    operating = part["operating_net"] + expense
    property_income = part["dividend"] + part["other_property"]
    transfer = part["allowance"] + part["pension"] + part["ecology"] + part["other_transfer"]
    return {
        "wage_income": part["wage"],
        "operating_income": operating,
        "property_income": property_income,
        "dividend_income": part["dividend"],
        "transfer_income": transfer,
        "minimum_allowance": part["allowance"],
        "pension": part["pension"],
        "ecological_compensation": part["ecology"],
        "operating_expense": expense,
        "income_gross": part["wage"] + operating + property_income + transfer,
        "income_net": net,
    }
