"""Household structures that deserve a question: splits around identification, elders alone beside their children.

Each case says what stands in the rosters and why it is listed. None is a finding: most splits and most elders
living alone have ordinary reasons.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from evalkit.rosters.counting import ELDERLY
from evalkit.rosters.roll import Codes, Roll, roll_of
from evalkit.rosters.tracing import Dynasties
from evalkit.rosters.words import by_word, is_head
from evalkit.rules import STRUCTURES
from evalkit.text import Text

PATTERNS: dict[str, Text] = {r.id: r.text for r in STRUCTURES}
"""What each case means, by rule."""
GENERATION = (18, 45)
"""Years between a parent and a child that make kinship possible."""
CASE_COLUMNS: tuple[str, ...] = (
    "county",
    "household",
    "wave",
    "rule",
    "what_en",
    "what_zh",
    "other",
    "evidence",
)
"""Columns of the listed cases."""


def suspicious_households(
    found: Dynasties,
    households: pd.DataFrame,
    members: pd.DataFrame,
    *,
    look_backs: Collection[int] = (),
    within: int = 1,
) -> pd.DataFrame:
    """List household structures that deserve a question.

    Parameters
    ----------
    found : Dynasties
    households : DataFrame
        Clean household table; ``identified_year`` and ``status`` are used where there are any.
    members : DataFrame
        The member table with waves that `found` was made of.
    look_backs : collection of int
        Waves of a look-back (回头看); none by default.
    within : int
        Years around the identification of either household in which a split or merge is listed.

    Returns
    -------
    DataFrame
        `CASE_COLUMNS`, sorted by rule, county, household, wave; rules are explained in `PATTERNS`; ``other`` is the
        household on the other side (the first one where there are several, their number is in ``evidence``).
    """
    changes = found.links.loc[found.links["kind"].isin(["split", "merged"])]
    elders = _elders(roll_of(members))
    parts = [
        found.cases.assign(other=None),
        _near_identification(changes, households, within),
        _in_look_back(changes, look_backs),
        _beside(elders, _kin(found, members), ["county", "dynasty", "wave"], "M04", households),
        _beside(elders, _heads(members), ["county", "village", "surname", "wave"], "M05", households),
    ]
    parts = [p for p in parts if len(p)]
    if not parts:
        return pd.DataFrame({c: pd.Series(dtype="int64" if c == "wave" else "str") for c in CASE_COLUMNS})
    out = pd.concat(parts, ignore_index=True)
    out["what_en"] = out["rule"].map({k: v.en for k, v in PATTERNS.items()})
    out["what_zh"] = out["rule"].map({k: v.zh for k, v in PATTERNS.items()})
    out = out.astype({c: "int64" if c == "wave" else "str" for c in CASE_COLUMNS})
    keys = ["rule", "county", "household", "wave"]
    return out[list(CASE_COLUMNS)].sort_values(keys, kind="stable", ignore_index=True)


def _near_identification(changes: pd.DataFrame, households: pd.DataFrame, within: int) -> pd.DataFrame:
    if "identified_year" not in households:
        return changes.iloc[:0]
    years = households.groupby(["county", "household"])["identified_year"].min()
    out = changes.copy()
    for side in ("household", "next_household"):
        pairs = pd.MultiIndex.from_arrays([changes["county"], changes[side]])
        out[f"{side}_year"] = years.reindex(pairs).to_numpy(dtype=np.float64)
    near = (out[["household_year", "next_household_year"]].sub(out["next_wave"], axis=0).abs() <= within).any(
        axis=1
    )
    hit = out.loc[near]
    said = [
        f"{k} {a} → {b} in {w}; identified {_year(x)}, {_year(y)}"
        for k, a, b, w, x, y in hit[
            ["kind", "household", "next_household", "next_wave", "household_year", "next_household_year"]
        ].itertuples(index=False, name=None)
    ]
    return _as_cases(hit, "M02", said)


def _year(value: float) -> str:
    return "–" if np.isnan(value) else str(int(value))


def _in_look_back(changes: pd.DataFrame, look_backs: Collection[int]) -> pd.DataFrame:
    hit = changes.loc[changes["next_wave"].isin(list(look_backs))]
    columns = ["kind", "household", "next_household", "next_wave"]
    said = [f"{k} {a} → {b} in {w}" for k, a, b, w in hit[columns].itertuples(index=False, name=None)]
    return _as_cases(hit, "M03", said)


def _as_cases(hit: pd.DataFrame, rule: str, said: list[str]) -> pd.DataFrame:
    split = (hit["kind"] == "split").to_numpy()
    return pd.DataFrame(
        {
            "county": hit["county"].to_numpy(),
            "household": hit["next_household"].where(split, hit["household"]).to_numpy(),
            "wave": hit["next_wave"].to_numpy(),
            "rule": rule,
            "other": hit["household"].where(split, hit["next_household"]).to_numpy(),
            "evidence": said,
        }
    )


def _elders(roll: Roll) -> pd.DataFrame:
    """Return members of 60 and more who are alone in their household: county, household, wave, village, surname, age."""
    rows = _persons(roll).loc[roll.counts]
    alone = ~rows.duplicated(["county", "household", "wave"], keep=False)
    return rows.loc[alone & (rows["age"] >= ELDERLY)].reset_index(drop=True)


def _persons(roll: Roll) -> pd.DataFrame:
    return roll.frame[["county", "household", "wave"]].assign(
        village=roll.cells("village"), surname=roll.cells("name").str.slice(0, 1), age=roll.age
    )


def _kin(found: Dynasties, members: pd.DataFrame) -> pd.DataFrame:
    """Return the members of dynasties that hold several households in a wave."""
    nodes = found.households[["county", "household", "wave", "dynasty"]]
    several = nodes.loc[nodes.duplicated(["county", "dynasty", "wave"], keep=False)]
    roll = roll_of(members)
    return _persons(roll).loc[roll.counts].merge(several, on=["county", "household", "wave"])


def _heads(members: pd.DataFrame) -> pd.DataFrame:
    roll = roll_of(members)
    head: Codes = np.flatnonzero((by_word(roll.cells("relation"), is_head) > 0) & roll.counts)
    return _persons(roll).iloc[head].dropna(subset=["village", "surname"])


def _beside(
    elders: pd.DataFrame, others: pd.DataFrame, keys: list[str], rule: str, households: pd.DataFrame
) -> pd.DataFrame:
    """List elders alone with somebody a generation younger in another household of the same group."""
    mine = elders
    if "dynasty" in keys:
        own = others[["county", "household", "wave", "dynasty"]].drop_duplicates()
        mine = elders.merge(own, on=["county", "household", "wave"])
    pairs = mine.dropna(subset=keys).merge(others, on=keys, suffixes=("", "_other"))
    gap = pairs["age"] - pairs["age_other"]
    pairs = pairs.loc[(pairs["household"] != pairs["household_other"]) & gap.between(*GENERATION)]
    pairs = pairs.drop_duplicates(["county", "household", "wave", "household_other"])
    pairs = pairs.sort_values(["county", "household", "wave", "household_other"], ignore_index=True)
    by = ["county", "household", "wave"]
    first = pairs.drop_duplicates(by).assign(n=pairs.groupby(by, sort=True).size().to_numpy())
    status = _status(first, households, "household"), _status(first, households, "household_other")
    said = [
        f"aged {int(age)}, {a}; {n} household(s), first {b}: {s}"
        for age, a, n, b, s in zip(
            first["age"], status[0], first["n"], first["household_other"], status[1], strict=True
        )
    ]
    return first[by].assign(
        rule=rule, other=first["household_other"], evidence=pd.Series(said, first.index, dtype="str")
    )


def _status(pairs: pd.DataFrame, households: pd.DataFrame, name: str) -> list[str]:
    """Return the registry status of households in a wave, ``not registered`` where the table has none."""
    if "status" not in households:
        return ["status not in the data"] * len(pairs)
    known = households.set_index(["county", "household", "wave"])["status"]
    at = pd.MultiIndex.from_arrays([pairs["county"], pairs[name], pairs["wave"]])
    return [str(s) for s in known.reindex(at).fillna("not registered")]
