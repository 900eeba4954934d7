"""What only all counties together show: moves between counties, ids that stand in two."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit import idnumber
from evalkit.cleaning.cases import across_cases
from evalkit.plan import Plan
from evalkit.queries.connection import StoreQueries, open_store, query
from evalkit.rules import rule


def households_in_two_counties(source: Plan | str | Path) -> pd.DataFrame:
    """Return household ids that stand in several counties in one wave: household, wave, counties."""
    return query(
        source,
        "SELECT household, wave, string_agg(county, ', ' ORDER BY county) AS counties "
        "FROM (SELECT DISTINCT household, wave, county FROM household) "
        "GROUP BY household, wave HAVING count(*) > 1 ORDER BY household, wave",
    )


def moves(source: Plan | str | Path) -> pd.DataFrame:
    """Return households whose county changes: household, frm_wave, frm_county, wave, county."""
    with open_store(source) as store:
        return _moves(store)


def persons_in_two_counties(source: Plan | str | Path) -> pd.DataFrame:
    """Return valid id numbers that stand in several counties in one wave (or in a roster without waves).

    Returns
    -------
    DataFrame
        ``id_number``, ``wave`` (missing without waves), ``county`` and ``household``, one row a place.
    """
    with open_store(source) as store:
        return _persons(store)


def cases_between_counties(root: Path) -> pd.DataFrame:
    """Return what only all counties together show, as open cases: moves (K08), persons in two counties (K09).

    Parameters
    ----------
    root : Path
        Root of a store whose counties are built; it needs no manifest yet.

    Returns
    -------
    DataFrame
        With `evalkit.cleaning.CASE_COLUMNS`; file, sheet and row are missing.
    """
    with StoreQueries(root) as store:
        moved, persons = _moves(store), _persons(store)
    parts = [_move_cases(moved), _person_cases(persons)]
    return pd.concat(parts, ignore_index=True)


def _moves(store: StoreQueries) -> pd.DataFrame:
    return store.query(
        "WITH places AS (SELECT household, CAST(wave AS BIGINT) AS wave, county FROM household "
        "WHERE household IS NOT NULL AND wave IS NOT NULL), "
        "movers AS (SELECT household FROM places GROUP BY household HAVING min(county) <> max(county)), "
        "pairs AS (SELECT household, lag(wave) OVER own AS frm_wave, lag(county) OVER own AS frm_county, wave, county "
        "FROM places SEMI JOIN movers USING (household) WINDOW own AS (PARTITION BY household ORDER BY wave, county)) "
        "SELECT * FROM pairs WHERE frm_county <> county ORDER BY household, wave, county"
    )


def _persons(store: StoreQueries) -> pd.DataFrame:
    columns = store.columns("member")
    names = ("id_number", "wave", "county", "household")
    if "id_number" not in columns:
        return pd.DataFrame({n: pd.Series(dtype="str") for n in names})
    wave = "CAST(wave AS BIGINT)" if "wave" in columns else "CAST(NULL AS BIGINT)"
    found = store.query(
        f"WITH places AS (SELECT DISTINCT id_number, {wave} AS wave, county, household FROM member "
        "WHERE length(id_number) >= 15), "
        "twice AS (SELECT id_number, coalesce(wave, 0) AS known_wave FROM places GROUP BY id_number, known_wave "
        "HAVING min(county) <> max(county)) "
        "SELECT places.* FROM places JOIN twice ON places.id_number = twice.id_number "
        "AND coalesce(places.wave, 0) = twice.known_wave ORDER BY places.id_number, wave, county, household"
    )
    ids = found["id_number"].astype("str")
    sound = idnumber.is_valid(ids).to_numpy(dtype=bool)
    ruined = ids.str.fullmatch(r"[0-9]{15}000").fillna(value=False).to_numpy(dtype=bool)
    return found.loc[sound & ~ruined].reset_index(drop=True)


def _move_cases(moved: pd.DataFrame) -> pd.DataFrame:
    then = moved["frm_county"] + " (" + moved["frm_wave"].astype("str") + ")"
    now = moved["county"] + " (" + moved["wave"].astype("str") + ")"
    own = {"household": moved["household"], "wave": moved["wave"].astype("str"), "county": moved["county"]}
    return _cases("K08", "county", pd.DataFrame({**own, "evidence": then + " → " + now}))


def _person_cases(persons: pd.DataFrame) -> pd.DataFrame:
    """Return one case a person and wave: the last place, all places as evidence."""
    at = persons["county"] + " (" + persons["household"].astype("str").fillna("?") + ")"
    key = [persons["id_number"], persons["wave"].astype("object").fillna(-1)]
    said = at.groupby(key, sort=False).transform(" = ".join) if len(persons) else at
    last = ~pd.DataFrame({"id": key[0], "wave": key[1]}).duplicated(keep="last")
    shown = persons["id_number"].str.slice(0, 6) + "…" + persons["id_number"].str.slice(-4)
    wave = persons["wave"].astype("Int64").astype("str") if len(persons) else persons["wave"]
    own = {"household": persons["household"], "wave": wave, "county": persons["county"], "person": shown}
    return _cases(
        "K09", "id_number", pd.DataFrame({**own, "evidence": shown + ": " + said}).loc[last.to_numpy()]
    )


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
