"""What only all counties together show: households in several counties (K08), persons in two at once (K09).

Each place is a case of its own, with the file and row it comes from, so that one of them can be left out.
"""

from __future__ import annotations

import pandas as pd

from evalkit import idnumber
from evalkit.cleaning.cases import across_cases
from evalkit.ingest import RawTable
from evalkit.ledger import ASIDE, PROVENANCE, Ledger, replay
from evalkit.rules import rule

RULE, PERSON_RULE = "K08", "K09"
PLACES: dict[str, tuple[str, ...]] = {
    "household": ("household", "wave"),
    "member": ("household", "wave", "id_number"),
}
"""Columns of a table that tell a place of a case, besides the county."""


def moved_households(frame: pd.DataFrame) -> pd.DataFrame:
    """Return households that stand in different counties, as open cases.

    Parameters
    ----------
    frame : DataFrame
        Clean household table of all counties: ``household``, ``wave``, ``county``.

    Returns
    -------
    DataFrame
        With `evalkit.cleaning.CASE_COLUMNS`; file, sheet and row are missing (see `with_rows`). In another county than in
        the wave before: one row a change, at the later wave, ``evidence`` is ``"<county> (<wave>) → <county> (<wave>)"``.
        In several counties in one wave: one row for each of them, ``evidence`` is ``"<county> = <county> (<wave>)"``. Ids that
        are unique only within a county look like this too: then the id must be made whole in the plan.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": ["1", "1", "2", "2", "3", "3"], "wave": [2014, 2016, 2014, 2016, 2014, 2014],
    ...                       "county": ["A", "B", "A", "A", "A", "C"]})
    >>> moved_households(frame)[["household", "wave", "county", "evidence"]].to_numpy().tolist()
    [['1', '2016', 'B', 'A (2014) → B (2016)'], ['3', '2014', 'A', 'A = C (2014)'], ['3', '2014', 'C', 'A = C (2014)']]
    """
    keys = ["household", "wave", "county"]
    rows = frame[keys].dropna().drop_duplicates().sort_values(keys, kind="stable", ignore_index=True)
    wave = rows["wave"].astype("int64").astype("str")
    at = rows.groupby(["household", "wave"], sort=False)["county"]
    together = at.transform(" = ".join) + " (" + wave + ")" if len(rows) else rows["county"]
    several = (at.transform("size") > 1).to_numpy(dtype=bool)
    last = rows.drop_duplicates(["household", "wave"], keep="last")
    past = last.groupby("household", sort=False)[["wave", "county"]].shift(1).astype({"wave": "Int64"})
    past = last[["household", "wave"]].assign(frm_wave=past["wave"], before=past["county"])
    past = rows.merge(past, on=["household", "wave"], how="left")
    there = pd.MultiIndex.from_frame(rows[keys])
    stayed = pd.MultiIndex.from_frame(past[["household", "frm_wave", "county"]]).isin(there)
    moved = past["before"].notna().to_numpy(dtype=bool) & ~stayed
    change = (
        past["before"] + " (" + past["frm_wave"].astype("str") + ") → " + rows["county"] + " (" + wave + ")"
    )
    evidence = together.where(several, change)
    found = rows.assign(wave=wave, evidence=evidence).loc[several | moved]
    return _cases(RULE, "county", found)


def shared_persons(members: pd.DataFrame) -> pd.DataFrame:
    """Return valid id numbers that stand in several counties in one wave (or in a roster without waves).

    Parameters
    ----------
    members : DataFrame
        Clean member table of all counties: ``id_number``, ``county``, ``household``, and ``wave`` if there is one.

    Returns
    -------
    DataFrame
        ``id_number``, ``wave`` (missing without waves), ``county`` and ``household``, one row a place.
    """
    names = ["id_number", "wave", "county", "household"]
    rows = members.reindex(columns=names).dropna(subset=["id_number", "county"])
    rows = rows.assign(wave=rows["wave"].astype("Int64"), id_number=rows["id_number"].astype("str"))
    rows = rows.drop_duplicates().sort_values(names, kind="stable", ignore_index=True)
    counties = rows.groupby(["id_number", "wave"], sort=False, dropna=False)["county"].transform("nunique")
    rows = rows.loc[(counties > 1).to_numpy(dtype=bool)].reset_index(drop=True)
    ids = rows["id_number"]
    ruined = ids.str.fullmatch(r"[0-9]{15}000").to_numpy(dtype=bool)
    return rows.loc[idnumber.is_valid(ids).to_numpy(dtype=bool) & ~ruined].reset_index(drop=True)


def person_cases(persons: pd.DataFrame) -> pd.DataFrame:
    """Return persons in several counties (`shared_persons`) as open cases, one a place; all places are the evidence.

    The whole number is in a last column, ``id_number``, by which `with_rows` finds the row; it is not for showing.
    """
    at = persons["county"] + " (" + persons["household"].astype("str").fillna("?") + ")"
    key = [persons["id_number"], persons["wave"].astype("Int64").fillna(-1)]
    said = at.groupby(key, sort=False).transform(" = ".join) if len(persons) else at
    ids = persons["id_number"]
    shown = shown_person(ids)
    own = persons.assign(wave=persons["wave"].astype("Int64").astype("str"), person=shown)
    cases = _cases(PERSON_RULE, "id_number", own.assign(evidence=shown + ": " + said))
    return cases.assign(id_number=ids.to_numpy())


def shown_person(ids: pd.Series) -> pd.Series:
    """Return id numbers as cases show them: area and last four digits."""
    text = ids.astype("str")
    return text.str.slice(0, 6) + "…" + text.str.slice(-4)


def with_rows(cases: pd.DataFrame, raw: RawTable, ledger: Ledger) -> pd.DataFrame:
    """Return cases between counties with the file, sheet and row of each place.

    Parameters
    ----------
    cases : DataFrame
        With ``id_number`` where they are about persons; their county is in the raw table.
    raw : RawTable
        As it was read.
    ledger : Ledger
        Of cleaning it; replayed on the columns that tell places, so that rows are those of the clean table.

    Returns
    -------
    DataFrame
        Where a row cannot be found (a person gave it to the county), its place stays missing.
    """
    mine = (cases["table"] == raw.table).to_numpy(dtype=bool)
    keys = [k for k in (*PLACES.get(raw.table, ()), "county") if k in raw.frame and k in cases]
    if not mine.any() or "household" not in keys:
        return cases
    kept = [c for c in (*keys, "county_at_issue") if c in raw.frame]
    entries = ledger.of_table(raw.table).entries
    entries = entries.loc[entries["column"].isin(kept) | entries["action"].isin(ASIDE)]
    rows = replay(raw.with_frame(raw.frame[[*kept, *PROVENANCE]]), Ledger(entries))
    rows = rows.drop_duplicates(keys).astype(dict.fromkeys(keys, "str"))
    found = cases.loc[mine, keys].astype("str").merge(rows, on=keys, how="left")
    out = cases.copy()
    for name in ("file", "sheet"):
        out.loc[mine, name] = found[f"_{name}"].to_numpy()
    out.loc[mine, "row"] = found["_row"].fillna(-1).astype("int64").to_numpy()
    return out


def _cases(rule_id: str, column: str, found: pd.DataFrame) -> pd.DataFrame:
    known = rule(rule_id)
    about = {
        "table": known.table,
        "rule": rule_id,
        "file": None,
        "sheet": None,
        "row": -1,
        "column": column,
        "what_en": known.text.en,
        "what_zh": known.text.zh,
    }
    return across_cases(found.reset_index(drop=True).assign(**about))
