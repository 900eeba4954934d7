"""Division codes: retired county codes linked to their successors, and what is wrong with codes and names.

Facts about a code are noted once, on the first row that has it; the evidence says how many rows do.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from evalkit import idnumber
from evalkit.cleaning.work import Work
from evalkit.divisions import DatedCodes, Divisions, same_place
from evalkit.ingest import RawData, RawTable
from evalkit.ledger import carry

AT_ISSUE = "county_at_issue"
"""Column with the county code as the file has it, where codes are linked."""
NO_COUNTY = ("province", "prefecture", "collective")


def with_issue_codes(raw: RawData, dated: DatedCodes | None) -> RawData:
    """Return the tables with their county codes also as ``county_at_issue``, which linking leaves alone.

    Tables whose county is not a code of their own stay as they are, and all do when no codes are asked for.
    """
    if dated is None:
        return raw
    return RawData({name: _with_issue_code(table) for name, table in raw.tables.items()})


def _with_issue_code(table: RawTable) -> RawTable:
    mapped = table.mapping
    own = (mapped["field"] == "county") & mapped["how"].isin(["plan", "codebook"])
    own &= mapped["header"] != "county_name"
    if not own.any() or AT_ISSUE in table.frame:
        return table
    mapping = pd.concat([mapped, mapped.loc[own].assign(field=AT_ISSUE)], ignore_index=True)
    frame = table.frame.assign(**{AT_ISSUE: table.frame["county"]})
    return RawTable(table.table, frame, mapping, table.files)


def link_counties(work: Work, dated: DatedCodes | None) -> None:
    """Replace retired county codes by their successors (A01), or by what the plan says (A02)."""
    if dated is None or AT_ISSUE not in work.used:
        return
    for rule_id, codes in (("A02", dated.stated), ("A01", dated.sole(work.frame["county"]))):
        here = {c: codes[c] for c in sorted(set(work.frame["county"].dropna().unique()) & set(codes))}
        if here:
            inside = work.frame["county"].isin(list(here)).to_numpy()
            work.operate(inside, "county", "recode", json.dumps(here), rule_id)


def carry_villages(work: Work, dated: DatedCodes | None) -> None:
    """Let village codes that begin with a retired county code begin with its successor (A10).

    Only where the county is the same under another code, so that the digits of its villages stay apart. Where the
    area of others was joined to it, village codes stay as they are.
    """
    if dated is None or "village" not in work.used:
        return
    cells = work.frame["village"]
    codes = cells.str.slice(0, 6).where(cells.str.fullmatch(r"[0-9]{6}.+"))
    here = dated.renumbered(codes)
    if here:
        argument = json.dumps(here)
        changed = carry(cells, work.frame["county"], argument) != cells
        work.operate((changed & cells.notna()).to_numpy(), "village", "carry", argument, "A10")


def check_areas(work: Work, dated: DatedCodes | None) -> None:
    """Flag county codes and names that do not hold (A03-A07, A09, A11), and id numbers of areas that never were (A08)."""
    _shapes(work)
    if dated is None:
        return
    if AT_ISSUE in work.used:
        _codes(work, dated)
        if "county_name" in work.used:
            _names(work, dated)
    if work.table == "member" and "id_number" in work.used:
        _id_numbers(work, dated.divisions)


def _shapes(work: Work) -> None:
    """Flag county codes of no known shape, the first row of each (A11); codes that are not digits are the user's own."""
    if "county" not in work.used:
        return
    codes = work.frame["county"].where(work.stays)
    odd = {c: c for c in codes.dropna().unique() if odd_code(c)}
    if odd:
        _flag_first(work, "A11", "county", codes.where(codes.isin(list(odd))), odd)


def odd_code(code: str) -> bool:
    """Tell whether a county code is of no known shape: digits that are neither few nor 6, 9 or 12, or signs of a path.

    >>> [odd_code(c) for c in ("610928", "12", "N1", "61092", "6109281", "../x", "a b")]
    [False, False, False, True, True, True, False]
    """
    if code.isdigit():
        return len(code) > 3 and len(code) not in (6, 9, 12)
    return len(code) > 40 or any(c in "/\\:*?<>|" or not c.isprintable() for c in code)


def _codes(work: Work, dated: DatedCodes) -> None:
    codes = work.frame[AT_ISSUE].where(work.stays)
    known = {c: _fault(c, dated) for c in codes.dropna().unique()}
    for rule_id in sorted({r for r in known.values() if r}):
        faulty = codes.where(codes.isin([c for c, r in known.items() if r == rule_id]))
        _flag_first(work, rule_id, AT_ISSUE, faulty, {c: _said(c, dated) for c in faulty.dropna().unique()})
    if "wave" in work.used:
        sound = codes.where(codes.isin([c for c, r in known.items() if not r]))
        _early_or_late(work, sound, dated)


def _fault(code: str, dated: DatedCodes) -> str:
    """Return the rule that a code breaks in the year of the plan, ``""`` when it is valid or linked."""
    state = dated.divisions.state(code, dated.year)
    if code in dated.stated or state == "valid":
        return ""
    if state in NO_COUNTY:
        return "A06"
    if state != "retired":
        return "A09" if state == "future" else "A05"
    if dated.divisions.target(code, dated.year) != code:
        return ""
    return "A03" if len(dated.divisions.successors_of(code, dated.year)) > 1 else "A04"


def _early_or_late(work: Work, codes: pd.Series, dated: DatedCodes) -> None:
    """Flag codes in waves in which they are not in force (A09), the first row of each code."""
    pairs = pd.DataFrame({"code": codes, "wave": work.cells("wave")}).dropna().drop_duplicates()
    odd: dict[str, list[str]] = {}
    for code, wave in pairs.sort_values(["code", "wave"]).itertuples(index=False, name=None):
        year = int(wave) if wave.isdigit() else 0
        if dated.divisions.covers(year) and dated.divisions.state(code, year) in ("retired", "future"):
            odd.setdefault(code, []).append(wave)
    if odd:
        keys = pd.MultiIndex.from_tuples([(c, w) for c, waves in odd.items() for w in waves])
        rows = pd.MultiIndex.from_arrays([codes, work.cells("wave")]).isin(keys)
        said = {c: f"{_said(c, dated)}; in {', '.join(waves)}" for c, waves in odd.items()}
        _flag_first(work, "A09", AT_ISSUE, codes.where(rows), said)


def _names(work: Work, dated: DatedCodes) -> None:
    """Flag county names that are none of the code's, each pair of code and name once (A07)."""
    pairs = pd.DataFrame({"code": work.frame[AT_ISSUE], "name": work.cells("county_name")})
    pairs = pairs.where(pd.Series(work.stays, index=pairs.index), other=np.nan).dropna()
    wrong = {}
    for code, name in pairs.drop_duplicates().itertuples(index=False, name=None):
        names = _names_of(code, dated)
        if names and not same_place(name, names, _above(code, dated)):
            wrong[f"{code} {name}"] = f"{name}; {code} is {', '.join(sorted(names))}"
    if wrong:
        keys = (work.frame[AT_ISSUE] + " " + work.cells("county_name")).where(work.stays)
        _flag_first(work, "A07", "county_name", keys.where(keys.isin(list(wrong))), wrong)


def _names_of(code: str, dated: DatedCodes) -> frozenset[str]:
    """Return the names of a code and of the one it leads to."""
    return dated.divisions.names(code) | dated.divisions.names(dated.target(code))


def _above(code: str, dated: DatedCodes) -> frozenset[str]:
    """Return the names of the divisions above a code and the one it leads to, whenever."""
    names: set[str] = set()
    for one in {code, dated.target(code)}:
        for entry in dated.divisions.history(one):
            names |= {entry.province, entry.prefecture}
    return frozenset(names - {"", "直辖"})


def _id_numbers(work: Work, divisions: Divisions) -> None:
    ids = work.frame["id_number"]
    area = idnumber.resident_number(ids).where(idnumber.is_valid(ids)).str.slice(0, 6)
    never = (area.notna() & ~divisions.exists(area)).to_numpy(dtype=bool)
    work.flag(never, "A08", "id_number", area + "…")


def _said(code: str, dated: DatedCodes) -> str:
    """Return what is known of a code: its name, years, where it leads."""
    divisions = dated.divisions
    entry = divisions.entry(code, dated.year)
    if entry is None:
        return f"{code}: not in {divisions.source}"
    years = f"{entry.start}-{'' if entry.end is None else entry.end}"
    ends = divisions.successors_of(code, dated.year)
    to = [f"{c} {e.name}" if (e := divisions.entry(c, dated.year)) else c for c in ends]
    inferred = " (inferred by name)" if divisions.inferred and to else ""
    return f"{code} {entry.name} ({years}){' → ' + ', '.join(to) if to else ''}{inferred}"


def _flag_first(work: Work, rule_id: str, column: str, keys: pd.Series, said: dict[str, str]) -> None:
    """Flag the first row of each key; the evidence is what is said of it and the number of its rows."""
    count = keys.value_counts()
    first = keys.notna() & ~keys.duplicated()
    text = {k: f"{said[k]}; {count[k]} rows" for k in keys[first]}
    work.flag(first.to_numpy(dtype=bool), rule_id, column, keys.map(text).astype("str"))
