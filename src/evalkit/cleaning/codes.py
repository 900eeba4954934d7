"""Code words and persons: programs, registry status, survey groups; id numbers against sex and birth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit import idnumber, schema
from evalkit.cleaning.work import Work
from evalkit.plan import Plan

CODED: dict[str, Mapping[str, str]] = {
    "status": schema.STATUS,
    "survey_group": schema.SURVEY_GROUPS,
    "case_stage": schema.CASE_STAGES,
    "finding": schema.CASE_FINDINGS,
    "case_outcome": schema.CASE_OUTCOMES,
}
"""Columns whose words become codes in the clean table."""
_SEX = {
    "男": "男",
    "女": "女",
    "男性": "男",
    "女性": "女",
    "male": "男",
    "female": "女",
    "m": "男",
    "f": "女",
}


def check_words(work: Work) -> None:
    """Flag words outside the code lists (C01), unknown programs and programs without a start (G01, G02)."""
    for column, words in CODED.items():
        if column in work.used:
            cells = work.frame[column]
            known = {*words, *words.values()}
            work.flag((cells.notna() & ~cells.isin(list(known))).to_numpy(), "C01", column)
    if work.table == "program":
        cells = work.frame["program"]
        work.flag((cells.notna() & ~cells.isin(list(program_words(work.plan)))).to_numpy(), "G01", "program")
        if "program_start" in work.used:
            work.flag(work.frame["program_start"].isna().to_numpy(), "G02", "program_start")


def program_words(plan: Plan) -> dict[str, str]:
    """Return program codes by the words they arrive under: codebook, codes and labels of the plan."""
    words = {**schema.PROGRAMS, **{c: c for c in schema.PROGRAMS.values()}}
    for code, program in plan.programs.items():
        words |= {code: code, program.label.zh: code, program.label.en: code}
    return words


def check_persons(work: Work) -> None:
    """Check id numbers: shape and check digit, spreadsheet damage, sex, birth, repetition (P01-P05)."""
    if "id_number" not in work.used:
        return
    ids = work.frame["id_number"]
    shown = _masked(ids)
    ruined = ids.str.fullmatch(r"[0-9]{15}000").fillna(value=False).to_numpy(dtype=bool)
    valid = idnumber.is_valid(ids).to_numpy()
    work.flag(ruined, "P02", "id_number", shown)
    work.flag(ids.notna().to_numpy() & ~valid & ~ruined, "P01", "id_number", shown)
    sound = ids.where(valid & ~ruined)
    sex = work.cells("sex").str.casefold().map(_SEX).astype("str")
    told = idnumber.sex_of(sound)
    work.flag((sex.notna() & told.notna() & (sex != told)).to_numpy(), "P03", "sex", work.cells("sex"))
    _births(work, sound)
    _repeated(work, sound, shown)


def _births(work: Work, sound: pd.Series) -> None:
    digits = work.cells("birth_date").str.replace(r"[^0-9]", "", regex=True)
    born = idnumber.resident_number(sound).str.slice(6, 14)
    month = (digits.str.len() == 6).to_numpy(dtype=bool)
    born = born.where(~month, born.str.slice(0, 6))
    known = digits.str.len().isin([6, 8]) & born.notna()
    work.flag((known & (digits != born)).to_numpy(), "P04", "birth_date", work.cells("birth_date"))


def _repeated(work: Work, sound: pd.Series, shown: pd.Series) -> None:
    link = "person" if "person" in work.used else "household"
    rows = pd.DataFrame({"county": work.frame["county"], "id": sound, "who": work.cells(link)})
    rows = rows.loc[work.stays & sound.notna().to_numpy()].drop_duplicates()
    twice = rows.loc[rows.duplicated(["county", "id"], keep=False), ["county", "id"]].drop_duplicates()
    if len(twice):
        pairs = pd.MultiIndex.from_frame(pd.DataFrame({"county": work.frame["county"], "id": sound}))
        work.flag(np.asarray(pairs.isin(pd.MultiIndex.from_frame(twice))), "P05", "id_number", shown)


def _masked(ids: pd.Series) -> pd.Series:
    """Return id numbers with the middle hidden: cases are read by many."""
    return ids.str.slice(0, 6) + "…" + ids.str.slice(-4)
