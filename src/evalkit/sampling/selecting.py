"""Systematic selection with exact fractions, from random starts that anyone can recompute.

A random start is the first 53 bits of the SHA-256 of ``seed|county|…`` over 2^53: it needs no generator, is
the same in every language and on every machine, and does not depend on what else is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from evalkit.errors import DesignError


@dataclass(frozen=True)
class Selected:
    """Units chosen with probability proportional to size.

    Parameters
    ----------
    chosen : tuple of int
        Positions, ascending.
    probabilities : tuple of Fraction
        Inclusion probability of every unit, chosen or not.
    certain : tuple of bool
        Units so large that they are taken for certain.
    interval, start : Fraction
        Sampling interval and random start among the units that are not certain (0 where all are).
    """

    chosen: tuple[int, ...]
    probabilities: tuple[Fraction, ...]
    certain: tuple[bool, ...]
    interval: Fraction
    start: Fraction


def uniform(seed: int, *parts: str) -> Fraction:
    """Return a number in [0, 1) from a seed and names.

    >>> import hashlib
    >>> uniform(7, "990001") == Fraction(int(hashlib.sha256(b"7|990001").hexdigest()[:16], 16) >> 11, 2**53)
    True
    """
    text = "|".join([str(seed), *parts])
    return Fraction(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) >> 11, 2**53)


def systematic(units: int, take: int, start: Fraction) -> tuple[int, ...]:
    """Return `take` of `units` positions at equal distances, each with probability take / units.

    Parameters
    ----------
    units, take : int
    start : Fraction
        In [0, 1).

    >>> systematic(10, 4, Fraction(1, 2))
    (1, 3, 6, 8)
    """
    return tuple(int((start + k) * units / take) for k in range(min(take, units)))


def proportional(sizes: Sequence[int], take: int, start: Fraction) -> Selected:
    """Choose units with probability proportional to size, systematically in the order given.

    Units whose size reaches the sampling interval are taken for certain, and the interval is formed anew
    from the others, until none reaches it (Särndal, Swensson & Wretman 1992, §3.6.2).

    Parameters
    ----------
    sizes : sequence of int
        Positive.
    take : int
        At most as many as there are sizes.
    start : Fraction
        In [0, 1), in units of the interval.

    >>> p = proportional([50, 10, 20, 20], 2, Fraction(1, 4))
    >>> p.chosen, p.certain[0], p.probabilities[1]
    ((0, 2), True, Fraction(1, 5))
    """
    if not 0 < take <= len(sizes) or min(sizes) < 1:
        msg = f"{take} of {len(sizes)} units of positive size cannot be chosen"
        raise DesignError(msg)
    certain = [False] * len(sizes)
    while True:
        left, total = take - sum(certain), sum(s for s, c in zip(sizes, certain, strict=True) if not c)
        large = [not c and left > 0 and s * left >= total for s, c in zip(sizes, certain, strict=True)]
        if not any(large):
            break
        certain = [c or b for c, b in zip(certain, large, strict=True)]
    interval = Fraction(total, left) if left else Fraction(0)
    points = [(start + k) * interval for k in range(left)]
    chosen, reached, at = [], 0, 0
    for i, size in enumerate(sizes):
        if certain[i]:
            chosen.append(i)
            continue
        reached += size
        if at < left and points[at] < reached:
            chosen.append(i)
            at += 1
    chances = tuple(Fraction(1) if c else Fraction(s) / interval for s, c in zip(sizes, certain, strict=True))
    return Selected(tuple(chosen), chances, tuple(certain), interval, start * interval)


def shared(total: int, shares: Sequence[Fraction], limits: Sequence[int], least: int = 1) -> tuple[int, ...]:
    """Divide a number among parts by largest remainders, each part between `least` and its limit.

    Parameters
    ----------
    total : int
    shares : sequence of Fraction
        Positive.
    limits : sequence of int
        Most that each part can take.
    least : int
        Least that each part takes (its limit where that is smaller).

    Returns
    -------
    tuple of int
        Adds up to `total`, or to the sum of the limits where that is smaller; ties go to the first part.

    Raises
    ------
    DesignError
        `total` is below the sum of what the parts take at least.

    Examples
    --------
    >>> shared(10, [Fraction(5), Fraction(3), Fraction(2)], [99, 2, 99])
    (6, 2, 2)
    """
    floors = [min(least, limit) for limit in limits]
    if total < sum(floors):
        msg = f"{total} cannot be divided among {len(limits)} parts of which each takes at least {least}"
        raise DesignError(msg)
    fixed: dict[int, int] = {}
    total = min(total, sum(limits))
    while True:
        free = [i for i in range(len(limits)) if i not in fixed]
        rest, weight = total - sum(fixed.values()), sum((shares[i] for i in free), Fraction(0))
        quota = {i: rest * shares[i] / weight for i in free}
        over = {i: limits[i] for i in free if quota[i] > limits[i]}
        under = {i: floors[i] for i in free if quota[i] < floors[i]}
        if not over and not under:
            break
        # as in the method of fixing variables: fix the side whose excess is larger, then divide again
        excess = sum((quota[i] - limits[i] for i in over), Fraction(0))
        short = sum((floors[i] - quota[i] for i in under), Fraction(0))
        fixed.update(over if excess >= short else under)
    out = {i: int(q) for i, q in quota.items()}
    missing = total - sum(fixed.values()) - sum(out.values())
    for i in sorted(quota, key=lambda i: (-(quota[i] - int(quota[i])), i))[:missing]:
        out[i] += 1
    return tuple({**fixed, **out}[i] for i in range(len(limits)))
