"""Whom support reaches, and which villages have somebody sent to them: counted, not estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.accounts import received
from evalkit.exits.readings import words_of, yes_no

POOR_VILLAGE = "贫困村"
"""Word of village_type for the villages to which somebody is to be sent."""
POSTS = {"team": "resident_team", "secretary": "first_secretary"}
"""Post → the usual name of its yes/no column."""


@dataclass(frozen=True)
class Beneficiaries:
    """Households with support and households on the register, and how far they are the same.

    Parameters
    ----------
    wave : int
    supported : int
        Households with any program in force.
    known : int
        Of them, on the register.
    registered : int
        Households on the register.
    """

    wave: int
    supported: int
    known: int
    registered: int


def beneficiaries(programs: pd.DataFrame, households: pd.DataFrame, *, wave: int) -> Beneficiaries:
    """Count households with support in a year against the register of that year.

    Parameters
    ----------
    programs : DataFrame
        household, program, program_start, optionally program_end.
    households : DataFrame
        Registry: household, optionally wave, of which that of the year is taken.
    wave : int

    Raises
    ------
    DataError
        Columns absent, words that are no program, no household on the register in that year.

    Examples
    --------
    >>> table = pd.DataFrame({"household": ["a", "b", "x"], "program": "industry", "program_start": 2016})
    >>> beneficiaries(table, pd.DataFrame({"household": ["a", "b", "c", "d"]}), wave=2017)
    Beneficiaries(wave=2017, supported=3, known=2, registered=4)
    """
    if "household" not in households:
        msg = "the registry lacks household; map it in plan.data"
        raise DataError(msg)
    now = households[households["wave"].astype(int) == wave] if "wave" in households else households
    names = set(now["household"].astype("str"))
    if not names:
        msg = f"the registry has no household in {wave}"
        raise DataError(msg)
    have = received(programs, wave)
    return Beneficiaries(wave, len(have), sum(h in names for h in have.index), len(names))


@dataclass(frozen=True, eq=False)
class VillagePosts:
    """Villages with somebody sent to them.

    Parameters
    ----------
    table : DataFrame
        One row a post: post, villages (to which somebody is to be sent), filled, empty, blank (nothing known).
    frame : DataFrame
        One row such a village: county, village, and for each post ``meets``, ``fails`` or ``not_shown``.
    among : str
        Word of village_type; empty where all villages count.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("post",)

    table: pd.DataFrame
    frame: pd.DataFrame
    among: str

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def village_posts(
    villages: pd.DataFrame, *, columns: Mapping[str, str] | None = None, among: str = POOR_VILLAGE
) -> VillagePosts:
    """Count villages that have a resident team and a first secretary (因村派人).

    Parameters
    ----------
    villages : DataFrame
        One row a village: county, village, village_type, and the yes/no columns of the posts.
    columns : mapping of str to str, optional
        Post → column; `POSTS` by default, as far as the table has them.
    among : str
        Word of village_type of the villages that count; all villages when empty.

    Raises
    ------
    DataError
        Columns absent, none of the posts in the table, no such village, values that are neither yes nor no.
    """
    posts = dict(columns) if columns is not None else {p: c for p, c in POSTS.items() if c in villages}
    needed = ["county", "village", *(["village_type"] if among else []), *posts.values()]
    absent = [c for c in needed if c not in villages]
    if absent or not posts:
        msg = f"the village table lacks {', '.join(absent or POSTS.values())}; keep them in plan.data.village.keep"
        raise DataError(msg)
    rows = words_of(villages, "village_type") == among if among else np.ones(len(villages), dtype=bool)
    here = villages.loc[rows].sort_values(["county", "village"], ignore_index=True)
    if here.empty:
        msg = f"none of {len(villages)} villages has the village_type {among!r}; name yours (among=…)"
        raise DataError(msg)
    frame, lines = here[["county", "village"]].copy(), []
    for post, column in posts.items():
        filled = yes_no(here[column], column)
        words = np.select([filled == 1, filled == 0], ["meets", "fails"], "not_shown")
        frame[post] = pd.Series(words, dtype="str")
        counts = {"filled": int((filled == 1).sum()), "empty": int((filled == 0).sum())}
        lines.append({"post": post, "villages": len(here)} | counts | {"blank": int(np.isnan(filled).sum())})
    return VillagePosts(pd.DataFrame(lines), frame, among)
