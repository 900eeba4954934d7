"""Welfare whose headers name several income concepts, against what the plan says of each wave."""

from __future__ import annotations

import pandas as pd

from evalkit.cleaning.work import Work
from evalkit.ingest.concepts import named_concepts, several_concepts


def check_concept(work: Work) -> None:
    """Flag the first row of each file (sheet) and wave whose header names another concept than the plan (I47).

    Only where the headers behind the welfare column name several: one header alone is a matter of naming.
    """
    column = work.plan.welfare.column
    found = named_concepts(work.raw, column)
    if not several_concepts(found) or "wave" not in work.used:
        return
    files = set(work.coded("_file").texts)  # a county is judged by its own files
    found = tuple(c for c in found if c.file in files)
    if not several_concepts(found):
        return
    sheet = work.frame["_file"] + "\n" + work.frame["_sheet"].fillna("")
    wave = work.cells("wave").where(work.stays)
    said_at: dict[int, str] = {}
    for one in found:
        inside = (sheet == f"{one.file}\n{one.sheet}") & wave.notna()
        if one.wave is not None:
            inside &= wave == str(one.wave)
        for text, rows in wave[inside].groupby(wave[inside], sort=True):
            said = _said(work, str(text))
            if said != one.concept:
                about = f"{one.header} ({one.concept}) in {text}; plan: {said or 'nothing'}; {len(rows)} rows"
                said_at[int(str(rows.index[0]))] = about
    evidence = pd.Series([said_at.get(k) for k in range(len(work.frame))], dtype="str")
    work.flag(evidence.notna().to_numpy(dtype=bool), "I47", column, evidence)


def _said(work: Work, wave: str) -> str:
    return work.plan.concepts([int(wave)]).get(int(wave), "") if wave.isdigit() else ""
