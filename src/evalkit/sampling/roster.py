"""The roster a sample is drawn from: one row a household, checked, in an order that does not depend on the file's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.schema import NO, SURVEY_GROUPS, YES
from evalkit.text import Text

NEEDED = ("county", "village", "household", "survey_group")
CARRIED = ("township", "village_name", "group", "stratum", "size")
"""Columns of the roster that the lists of the field team repeat, where the roster has them."""
ALIASES = {"劳动力人数": "labourers", "有无劳动力": "labour", "persons": "size"}
WORDS: Mapping[str, str] = {
    **{code: code for code in SURVEY_GROUPS.values()},
    **SURVEY_GROUPS,
    "已脱贫": "exited",
    "脱贫户": "exited",
    "未脱贫": "registered",
    "返贫": "registered",
    "返贫户": "registered",
    "非贫困户": "unregistered",
    "一般农户": "unregistered",
}
"""Words of a roster → survey group."""
GROUP_LABELS = {
    "exited": Text(en="exited", zh="已脱贫户"),
    "registered": Text(en="registered, not exited", zh="未脱贫户"),
    "unregistered": Text(en="unregistered", zh="非建档立卡户"),
}
"""Survey group → its label."""


@dataclass(frozen=True, eq=False)
class Roster:
    """A checked roster.

    Parameters
    ----------
    frame : DataFrame
        Columns `NEEDED` and those of `CARRIED` that were given, ``labour`` (True, False or missing) where it can be had;
        sorted by county, village, group and household, as text.
    digest : str
        First 16 hexadecimal digits of the SHA-256 of keys, groups, labour and stratum, the same for any order of rows.
    """

    frame: pd.DataFrame
    digest: str

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def counties(self) -> tuple[str, ...]:
        """Codes of the counties, ascending."""
        return tuple(sorted(self.frame["county"].unique()))

    def county(self, code: str) -> Roster:
        """Return the roster of one county.

        Raises
        ------
        DataError
            The roster has no household of that county.
        """
        part = self.frame[self.frame["county"] == code].reset_index(drop=True)
        if part.empty:
            known = ", ".join(self.counties[:10])
            msg = f"the roster has no household of county {code!r}; it has counties {known}"
            raise DataError(msg)
        return Roster(part, _digest(part))


def read_roster(frame: pd.DataFrame) -> Roster:
    """Check a roster.

    Parameters
    ----------
    frame : DataFrame
        One row a household: county, village, household, survey_group (codes, or the words of `WORDS`); optionally
        township, village_name, group, stratum, size, and labour (yes or no) or labourers (a number).

    Returns
    -------
    Roster

    Raises
    ------
    DataError
        Columns or ids that are missing, unknown groups, a household twice; with their number and the first.
    """
    renamed = {a: c for a, c in ALIASES.items() if a in frame and c not in frame}
    given = frame.rename(columns=renamed).reset_index(drop=True)
    absent = [c for c in NEEDED if c not in given]
    if absent or given.empty:
        what = f"lacks {', '.join(absent)}" if absent else "has no rows"
        msg = f"the roster {what}; it needs one row a household with {', '.join(NEEDED)}"
        raise DataError(msg)
    out = given[[*NEEDED, *(c for c in CARRIED if c in given)]].copy()
    for column in ("county", "village", "household"):
        out[column] = out[column].astype("str").str.strip()
        _forbid(out, out[column].isna() | (out[column] == ""), f"have no {column}", "fill it in")
    words = out["survey_group"].astype("str").str.strip()
    out["survey_group"] = words.map(dict(WORDS)).astype("str")
    unknown = out["survey_group"].isna()
    odd = ", ".join(sorted({str(w) for w in words[unknown].fillna("(empty)")})[:5])
    known = ", ".join([*SURVEY_GROUPS, *SURVEY_GROUPS.values()])
    _forbid(out, unknown, f"have an unknown survey_group ({odd})", f"write one of {known}")
    twice = out.duplicated(["county", "household"], keep=False)
    _forbid(out, twice, "share a household id within a county", "keep one row a household")
    if "labour" in given or "labourers" in given:
        out["labour"] = _labour(given)
    if "stratum" in out:
        out["stratum"] = out["stratum"].astype("str").str.strip()
        mixed = (
            out.groupby(["county", "village"], sort=False)["stratum"].transform("nunique", dropna=False) > 1
        )
        _forbid(out, mixed, "are in villages that lie in several strata", "give a village one stratum")
    out = out.sort_values(["county", "village", "survey_group", "household"], kind="stable")
    out = out.reset_index(drop=True)
    return Roster(out, _digest(out))


def _labour(given: pd.DataFrame) -> pd.Series:
    """Return whether each household has labour, missing where the roster does not say."""
    if "labour" not in given:
        number = pd.to_numeric(given["labourers"], errors="coerce")
        return pd.Series(number > 0, dtype="boolean").mask(number.isna())
    said = given["labour"].astype("str").str.strip().str.casefold()
    yes, no = {*YES, "true", "有"}, {*NO, "false", "无"}
    known = np.where(said.isin(yes), 1.0, np.where(said.isin(no), 0.0, np.nan))
    return pd.Series(known, index=given.index).astype("Float64").astype("boolean")


def _digest(frame: pd.DataFrame) -> str:
    columns = [c for c in (*NEEDED, "labour", "stratum") if c in frame]
    texts = [frame[c].astype("str").fillna("").to_numpy(dtype=object) for c in columns]
    lines = "\n".join(map("\x1f".join, zip(*texts, strict=True)))
    return hashlib.sha256(f"{','.join(columns)}\n{lines}".encode()).hexdigest()[:16]


def _forbid(frame: pd.DataFrame, bad: pd.Series, what: str, remedy: str) -> None:
    count = int(bad.sum())
    if count:
        first = frame.loc[bad].iloc[0]
        msg = (
            f"{count} of {len(frame)} rows of the roster {what} (first: household {first['household']}, village "
            f"{first['village']}); {remedy}"
        )
        raise DataError(msg, rows=frame.loc[bad])
