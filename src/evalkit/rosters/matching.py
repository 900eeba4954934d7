"""The same person in consecutive rosters: by id number, else person code, else name, sex and birth.

Stages, each on the rows the earlier ones left, each only where the key is unique on both sides: id number in the
same household, id number elsewhere in the county, person code (household, then county), name with sex and birth
(household, then village). Person codes and names never join two people whose id numbers differ, person codes
never two whose names and dates of birth both differ: codes of those who left are given to those who are born.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import idnumber
from evalkit.rosters.roll import Codes, Roll, codes_of, combined

STAGES: tuple[str, ...] = (
    "id_number in household", "id_number", "person in household", "person", "name in household", "name in village",
)  # fmt: skip
"""How a person was recognised, in order."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Rows of one person in consecutive rosters.

    Parameters
    ----------
    after, before : ndarray of int, shape (n,)
        Row of the same person in the next and in the previous roster of the county; -1: none.
    stage : ndarray of int8, shape (n,)
        Position in `STAGES` of how `after` was found; -1: none.
    """

    after: Codes
    before: Codes
    stage: npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class _Codes:
    """Codes of what identifies a row, each shape (n,), -1 where unknown."""

    county: Codes
    household: Codes
    village: Codes
    id_number: Codes
    person: Codes
    name: Codes
    birth: Codes
    full: Codes


def wave_rank(roll: Roll) -> Codes:
    """Return the rank of each row's wave among the rosters of its county, from 0; shape (n,)."""
    pairs = pd.DataFrame({"county": codes_of(roll.frame["county"]), "wave": roll.wave})
    known = pairs.drop_duplicates().sort_values(["county", "wave"])
    rank = known.groupby("county").cumcount().to_numpy()
    index = pd.MultiIndex.from_frame(known)
    return rank[index.get_indexer(pd.MultiIndex.from_frame(pairs))].astype(np.int64)


def match_persons(roll: Roll, rank: Codes) -> Matches:
    """Find each person in the next roster of the county.

    Parameters
    ----------
    roll : Roll
    rank : ndarray of int, shape (n,)
        See `wave_rank`; a row is looked for among rows of the same county with the next rank.

    Returns
    -------
    Matches
    """
    codes = _codes(roll)
    after, before = np.full(len(roll), -1, dtype=np.int64), np.full(len(roll), -1, dtype=np.int64)
    stage = np.full(len(roll), -1, dtype=np.int8)
    for number, key in enumerate(_stage_keys(codes)):
        earlier, later = _paired(key, rank, after, before)
        if number >= 2:
            fine = _compatible(codes, earlier, later, codes_of_person=number in (2, 3))
            earlier, later = earlier[fine], later[fine]
        after[earlier], before[later] = later, earlier
        stage[earlier] = number
    return Matches(after, before, stage)


def id_codes(roll: Roll) -> Codes:
    """Return a code for each resident id number, -1 where missing or destroyed by a spreadsheet; shape (n,)."""
    codes, ids = pd.factorize(roll.cells("id_number"))
    text = pd.Series(ids, dtype="str")
    number = idnumber.resident_number(text)
    ruined = text.str.fullmatch(r"[0-9]{15}000").fillna(value=False)
    known = codes_of(number.where(~ruined))
    return np.append(known, -1)[codes]


def _codes(roll: Roll) -> _Codes:
    county = codes_of(roll.frame["county"])
    village = codes_of(roll.cells("village"))
    name, sex = codes_of(roll.cells("name")), codes_of(roll.cells("sex"))
    birth = codes_of(roll.cells("birth_date"))
    named = combined(name, birth, int(birth.max(initial=0)) + 1)
    full = combined(named, np.maximum(sex, -1) + 1, int(sex.max(initial=0)) + 2)
    return _Codes(
        county, roll.households[0], village, id_codes(roll), codes_of(roll.cells("person")), name, birth, full
    )


def _stage_keys(codes: _Codes) -> list[Codes]:
    def within(place: Codes, key: Codes) -> Codes:
        return combined(place, key, int(key.max(initial=0)) + 1)

    return [
        within(codes.household, codes.id_number),
        within(codes.county, codes.id_number),
        within(codes.household, codes.person),
        within(codes.county, codes.person),
        within(codes.household, codes.full),
        within(within(codes.county, codes.village), codes.full),
    ]


def _paired(key: Codes, rank: Codes, after: Codes, before: Codes) -> tuple[Codes, Codes]:
    """Return earlier and later rows with the same key, one rank apart, unmatched, unique on both sides."""
    left = np.flatnonzero((key >= 0) & (after < 0))
    right = np.flatnonzero((key >= 0) & (before < 0) & (rank > 0))
    size = int(rank.max(initial=0)) + 2
    mine = pd.Series(key[left] * size + rank[left])
    theirs = pd.Series(key[right] * size + rank[right] - 1)
    one, other = ~mine.duplicated(keep=False).to_numpy(), ~theirs.duplicated(keep=False).to_numpy()
    left, right = left[one], right[other]
    found = pd.Index(theirs[other]).get_indexer(pd.Index(mine[one]))
    hit = found >= 0
    return left[hit], right[found[hit]]


def _compatible(
    codes: _Codes, earlier: Codes, later: Codes, *, codes_of_person: bool
) -> npt.NDArray[np.bool_]:
    def differ(values: Codes) -> npt.NDArray[np.bool_]:
        a, b = values[earlier], values[later]
        return np.asarray((a >= 0) & (b >= 0) & (a != b), dtype=bool)

    clash = differ(codes.id_number)
    if codes_of_person:
        clash |= differ(codes.name) & differ(codes.birth)
    return ~clash
