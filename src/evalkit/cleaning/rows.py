"""Rows as a whole: what is no observation, keys, and rows that repeat each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.cleaning.cells import NUMERIC
from evalkit.cleaning.coded import Positions, firsts, grouped, repeated
from evalkit.cleaning.work import Flags, Work
from evalkit.errors import DataError
from evalkit.ingest.cells import is_count, is_scientific, row_word
from evalkit.ledger import PROVENANCE

REQUIRED: dict[str, tuple[str, ...]] = {
    "household": ("household", "wave"),
    "member": ("household",),
    "program": ("household", "program"),
    "village": ("village",),
    "survey": (),
    "totals": (),
    "cases": ("household",),
    "county": ("wave",),
}
"""Columns besides the county without which a row has no place."""
_ID_KEYS = ("household", "person", "village", "county")
_UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    "household": (("household", "wave"),),
    "member": (("person", "wave"), ("person",)),
    "village": (("village", "wave"), ("village",)),
    "survey": (("household", "wave"), ("household",)),
    "totals": (("wave",), ()),
    "county": (("wave",),),
    "program": (),
    "cases": (),
}
"""Candidates for the key within a county; the first whose columns exist. Programs have none: several
grants in a year are no contradiction. Steps of cases have none: those that contradict each other are refused where the
history is read, and no one is chosen."""


def set_aside_no_data(work: Work) -> None:
    """Take out blank, totals and signature rows, and waves in which a wide file has nothing (R01-R04)."""
    given = {f for how in ("constant", "household", "name") for f in work.taken(how)}
    by_wave = work.raw.mapping["wave"].notna()
    content = [c for c in work.raw.fields if c not in given]
    candidates = _without_key(work) | _says_total(work, content)
    if candidates.any():
        kinds = np.full(len(work.frame), "", dtype=object)
        part = work.frame.loc[candidates, content]
        kinds[candidates] = [_row_kind(row) for row in part.itertuples(index=False, name=None)]
        for word, rule_id in (("blank", "R01"), ("totals", "R02"), ("signature", "R03")):
            work.take_out(np.asarray(kinds == word, dtype=bool), rule_id)
    if by_wave.any():
        varying = list(dict.fromkeys(work.raw.mapping.loc[by_wave, "field"]))
        work.take_out(np.logical_and.reduce([work.coded(c).missing for c in varying]), "R04")


def _without_key(work: Work) -> Flags:
    """Return rows that lack a key, or have a totals or signature word in it."""
    keys = [k for k in ("county", *REQUIRED[work.table]) if k in work.frame]
    out = np.zeros(len(work.frame), dtype=bool)
    for key in keys:
        cells = work.coded(key)
        out |= cells.missing | cells.told(_no_key, _no_code)
    return out


def _no_key(cell: str) -> bool:
    return not cell.strip() or bool(row_word(cell))


def _no_code(words: Any) -> Any:
    """Return the words that are not ASCII letters and digits with a digit among them."""
    import pyarrow.compute as pc

    return pc.or_(pc.invert(pc.ascii_is_alnum(words)), pc.ascii_is_alpha(words))


def _with_plus(words: Any) -> Any:
    import pyarrow.compute as pc

    return pc.match_substring(words, "+")


def _says_total(work: Work, content: Sequence[str]) -> Flags:
    """Return rows with a Chinese word of totals in any cell, or a count (``24户``) where a household id stands.

    A form often writes the count into the cell of the id, so that the row does not lack its key.
    """
    out = np.zeros(len(work.frame), dtype=bool)
    for column in content:
        cells = work.coded(column)
        near = cells.having("计|总数|户")
        odd = [c for c in near if row_word(c) == "totals" or (column == "household" and is_count(c))]
        if odd:
            out |= cells.among(odd)
    return out


def _row_kind(cells: tuple[object, ...]) -> str:
    texts = [c for c in cells if isinstance(c, str) and c.strip()]
    if not texts:
        return "blank"
    words = {row_word(c) for c in texts}
    if "totals" in words or any(is_count(c) for c in texts):
        return "totals"
    return "signature" if "signature" in words and 2 * len(texts) <= max(len(cells), 2) else ""


def check_required(work: Work) -> None:
    """Refuse a table without a column that every row needs.

    Raises
    ------
    DataError
        No column is mapped to a key.
    """
    lacks = [k for k in REQUIRED[work.table] if k not in work.used]
    if not lacks:
        return
    labels = ", ".join(f"{k!r} ({schema.label(k, 'zh')})" for k in lacks)
    known = work.taken("unrecognised")
    hint = " For a file of one wave, state `wave`." if "wave" in lacks else ""
    msg = (
        f"the {work.table} table has no column for {labels}; map it in plan.data.{work.table}.columns.{hint} "
        f"Headers not recognised: {', '.join(known[:15]) or 'none'}"
    )
    raise DataError(msg)


def quarantine_keys(work: Work) -> None:
    """Set aside rows whose keys are missing, destroyed or outside the plan (K01-K05)."""
    for key in REQUIRED[work.table]:
        work.take_out(work.coded(key).missing, "K01", key, work.raw.frame[key])
    rule_id = "K04" if "county" in work.taken("household") else "K03"
    link = next((c for c in ("household", "village") if c in work.frame), "county")
    work.take_out(work.coded("county").missing, rule_id, "county", work.cells(link))
    for key in _ID_KEYS:
        if key in work.used:
            work.take_out(work.coded(key).told(is_scientific, _with_plus), "K05", key)
    if work.table == "household" and work.plan.waves:
        work.take_out(~work.coded("wave").among([str(w) for w in work.plan.waves]), "K02", "wave")


def settle_duplicates(work: Work) -> None:
    """Merge exact repetitions; treat contradictions as the plan says (D01-D03).

    Raises
    ------
    DataError
        ``plan.clean.duplicates`` is ``error`` and rows of one key differ; the rows are attached.
    """
    content = [c for c in work.frame.columns if c not in (*PROVENANCE, "county_at_issue")]
    key = key_of(work)
    rows = work.kept if key is None else np.flatnonzero(_repeated(work, key))
    code = _alike(work, rows, content)
    first = firsts(code)
    again = first[code] != np.arange(len(rows))
    work.merge(rows[again], rows[first[code[again]]], "D01")
    if key is None:
        return
    left = rows[~again]
    left = left[repeated(grouped([work.coded(name) for name in key])[left])]
    if len(left):
        _contradictions(work, work.frame.iloc[left], key)


def _repeated(work: Work, key: list[str]) -> Flags:
    """Return rows that stay and whose whole key stands in another row that stays too."""
    code = grouped([work.coded(name) for name in key], blank=False)
    return repeated(np.where(work.stays, code, -1))


def _alike(work: Work, rows: Positions, content: Sequence[str]) -> Positions:
    """Return one code for rows with the same content, in the order in which they first occur; shape of `rows`.

    One number is one text, however it was written (``64184``, ``64184.0``).
    """
    cells: list[list[object]] = []
    for column in content:
        texts = work.coded(column).at(rows).to_pylist()
        if column in work.used and work.kinds[column] in NUMERIC:
            values = work.numbers(column)[rows]
            bits, known = values.view(np.int64).tolist(), ~np.isnan(values)
            texts = [one if k else t for t, one, k in zip(texts, bits, known.tolist(), strict=True)]
        cells.append(texts)
    place: dict[tuple[object, ...], int] = {}
    found = [place.setdefault(row, len(place)) for row in zip(*cells, strict=True)]
    return np.array(found, dtype=np.intp)


def _contradictions(work: Work, left: pd.DataFrame, key: list[str]) -> None:
    choice = work.plan.clean.duplicates
    group = left.groupby(key, sort=False).ngroup()
    if choice == "error":
        first = ", ".join(str(left.iloc[0][k]) for k in key if k != "county" or len(key) == 1)
        msg = (
            f"{group.nunique()} keys of the {work.table} table ({' × '.join(key)}) stand in {len(left)} of "
            f"{len(work.frame)} rows that differ (first: {first}; {left.iloc[0]['_file']}, row {left.iloc[0]['_row']}). "
            "Add `duplicates: latest` (or first, quarantine) to plan.clean, or mend the raw files"
        )
        if work.table == "household" and 2 * len(left) > work.stays.sum():
            msg += (
                ". Most rows clash: they look like persons (or items, or plots), not households. Put a file of persons "
                "under plan.data.member (map `person`) and one row per household and wave under plan.data.household; "
                "or make the id whole (columns: {household: [cluster header, household header]})"
            )
        words = [
            str(k) for k in dict.fromkeys(left[key[-1]].dropna()) if not any(c.isdigit() for c in str(k))
        ]
        words += [
            str(h)
            for h in dict.fromkeys(left.get("household", pd.Series(dtype="str")).dropna())
            if not any(c.isdigit() for c in h)
        ]
        if words:
            msg += (
                f". {', '.join(repr(w) for w in dict.fromkeys(words[:3]))} has no digit, as a row of totals may: such rows are known by "
                "words like 合计, 总计, 小计, total in any cell; take others out of the file"
            )
        raise DataError(msg, left)
    if choice == "quarantine":
        out = np.zeros(len(work.frame), dtype=bool)
        out[left.index.to_numpy()] = True
        work.take_out(out, "D02", "", _others(left, group, len(work.frame)))
        return
    keep = "first" if choice == "first" else "last"
    stays = ~left.duplicated(key, keep=keep)  # type: ignore[arg-type]
    target = pd.Series(left.index[stays], index=group[stays].to_numpy())
    at = left.index[~stays].to_numpy()
    work.merge(at, target.loc[group[~stays]].to_numpy(), "D03")


def _others(left: pd.DataFrame, group: pd.Series, n: int) -> pd.Series:
    """Return, for each contradicting row, where the rows of its key are."""
    where = left["_file"] + ":" + left["_row"].astype("str")
    joined = where.groupby(group.to_numpy()).agg(" = ".join)
    out = pd.Series(np.nan, index=pd.RangeIndex(n), dtype="str")
    out.loc[left.index] = joined.loc[group].to_numpy()
    return out


def key_of(work: Work) -> list[str] | None:
    """Return the columns that identify a row within the table; None when rows have no key."""
    used = set(work.used)
    for names in _UNIQUE[work.table]:
        if set(names) <= used:
            return ["county", *names]
    return None
