"""What only all counties together show: moves between counties, ids that stand in two."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.cleaning.moves import moved_households, person_cases, shared_persons
from evalkit.plan import Plan
from evalkit.queries.connection import StoreQueries, open_store, query

BACK_COLUMNS: tuple[str, ...] = ("table", "household", "wave", "county", "id_number")
"""Columns of rows that are put back."""


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


def cases_between_counties(root: Path, back: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what only all counties together show, as open cases: households (K08) and persons (K09) in several counties.

    Parameters
    ----------
    root : Path
        Root of a store whose counties are built; it needs no manifest yet.
    back : DataFrame, optional
        Rows to look at besides those of the store (table, household, wave, county, id_number): what decisions left out, to
        see whether the cases they were about are still there.

    Returns
    -------
    DataFrame
        With `evalkit.cleaning.CASE_COLUMNS` and ``id_number``; file, sheet and row are missing
        (`evalkit.cleaning.with_rows` finds them).
    """
    more = pd.DataFrame({c: pd.Series(dtype="str") for c in BACK_COLUMNS}) if back is None else back
    with StoreQueries(root) as store:
        households = _candidates(store, more)
        persons = _persons(store, more)
    cases = [moved_households(households), person_cases(persons)]
    out = pd.concat(cases, ignore_index=True)
    return out.astype({"id_number": "str"})


def _moves(store: StoreQueries) -> pd.DataFrame:
    return store.query(
        "WITH places AS (SELECT household, CAST(wave AS BIGINT) AS wave, county FROM household "
        "WHERE household IS NOT NULL AND wave IS NOT NULL), "
        "movers AS (SELECT household FROM places GROUP BY household HAVING min(county) <> max(county)), "
        "pairs AS (SELECT household, lag(wave) OVER own AS frm_wave, lag(county) OVER own AS frm_county, wave, county "
        "FROM places SEMI JOIN movers USING (household) WINDOW own AS (PARTITION BY household ORDER BY wave, county)) "
        "SELECT * FROM pairs WHERE frm_county <> county ORDER BY household, wave, county"
    )


def _candidates(store: StoreQueries, more: pd.DataFrame) -> pd.DataFrame:
    """Return the places of the households that stand in several counties, and of those put back."""
    extra = more.loc[more["table"] == "household", ["household", "wave", "county"]]
    found = store.query(
        "WITH places AS (SELECT household, CAST(wave AS BIGINT) AS wave, county FROM household "
        "WHERE household IS NOT NULL AND wave IS NOT NULL), "
        "movers AS (SELECT household FROM places GROUP BY household HAVING min(county) <> max(county)) "
        "SELECT * FROM places WHERE household IN (SELECT household FROM movers) "
        "OR list_contains(?, household) ORDER BY ALL",
        [sorted(set(extra["household"]))],
    )
    return pd.concat([found, extra.astype({"wave": "int64"})], ignore_index=True)


def _persons(store: StoreQueries, more: pd.DataFrame | None = None) -> pd.DataFrame:
    columns = store.columns("member")
    names = ("id_number", "wave", "county", "household")
    if "id_number" not in columns:
        return pd.DataFrame({n: pd.Series(dtype="str") for n in names}).astype({"wave": "Int64"})
    none = pd.DataFrame({n: pd.Series(dtype="str") for n in names})
    extra = none if more is None else more.loc[more["table"] == "member", list(names)]
    wave = "CAST(wave AS BIGINT)" if "wave" in columns else "CAST(NULL AS BIGINT)"
    found = store.query(
        f"WITH places AS (SELECT DISTINCT id_number, {wave} AS wave, county, household FROM member "
        "WHERE length(id_number) >= 15), "
        "twice AS (SELECT id_number FROM places GROUP BY id_number HAVING min(county) <> max(county)) "
        "SELECT * FROM places WHERE id_number IN (SELECT id_number FROM twice) "
        "OR list_contains(?, id_number) ORDER BY ALL",
        [sorted(set(extra["id_number"].dropna()))],
    )
    waves = pd.to_numeric(extra["wave"], errors="coerce").astype("Int64")
    return shared_persons(pd.concat([found, extra.assign(wave=waves)], ignore_index=True))
