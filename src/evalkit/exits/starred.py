"""Whether a printed coefficient and its standard error can carry the stars printed beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evalkit.exits.claimfile import Significance
from evalkit.exits.printed import Span
from evalkit.tails import normal_tail, student_tail
from evalkit.text import Text


@dataclass(frozen=True)
class Starred:
    """What a coefficient and its standard error say about a claim of significance.

    `p` is the two-sided p-value of the printed numbers, `low` and `high` what it can be given their rounding.
    """

    verdict: Literal["agrees", "contradicts"]
    claimed: str
    p: float
    low: float
    high: float
    reason: Text


def judge(coefficient: Span, std_error: Span, claim: Significance) -> Starred:
    """Compare the p-values that the printed numbers allow with the claim.

    Parameters
    ----------
    coefficient, std_error : Span
        The second is positive at its printed value.
    claim : Significance
        With a level, or with stars: k stars claim p < levels[k-1], and p ≥ levels[k] where there is one.
    """
    size = abs(coefficient.value)
    spread = (coefficient.high - coefficient.low) / 2
    least, most = max(size - spread, type(size)(0)), size + spread
    df = math.inf if claim.df is None else claim.df
    p = _p(float(size / std_error.value), df)
    high = _p(float(least / std_error.high), df)
    low = _p(float(most / std_error.low), df) if std_error.low > 0 else 0.0
    below, at_least, claimed = _claim(claim)
    wrong = low >= below or high < at_least
    t = float(size / std_error.value)
    said = Text(
        en=f"t = {t:.2f}, p = {p:.3g} (rounding allows {low:.3g} … {high:.3g}); claimed: {claimed}",
        zh=f"t＝{t:.2f}，p＝{p:.3g}（按印刷位数可为{low:.3g}…{high:.3g}）；所述：{claimed}",
    )
    return Starred("contradicts" if wrong else "agrees", claimed, p, low, high, said)


def _claim(claim: Significance) -> tuple[float, float, str]:
    """Return the limits of p that are claimed (below, at least), and the claim in signs."""
    if claim.level is not None:
        return claim.level, 0.0, f"p < {claim.level:g}"
    stars = claim.stars or 0
    above = claim.levels[stars] if stars < len(claim.levels) else 0.0
    if stars == 0:
        return math.inf, above, f"p >= {above:g}"
    return claim.levels[stars - 1], above, f"{'*' * stars} (p < {claim.levels[stars - 1]:g})"


def _p(t: float, df: float) -> float:
    """Return the two-sided p-value of a t statistic; many degrees of freedom give the normal.

    >>> round(_p(1.959964, math.inf), 6)
    0.05
    """
    return float(2 * (normal_tail(t) if math.isinf(df) else student_tail(t, df)))
