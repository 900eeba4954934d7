"""Income concepts that headers name: 人均纯收入 and 人均可支配收入 arrive in one column, and are not one thing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.ingest.cells import compact
from evalkit.ingest.tables import RawTable

WORDS: tuple[tuple[str, str], ...] = (("可支配收入", "disposable"), ("纯收入", "net"))
"""Words in headers → concept; the first that is found holds."""


@dataclass(frozen=True)
class NamedConcept:
    """A header that names an income concept.

    Parameters
    ----------
    file, sheet : str
        `sheet` is empty for files without sheets.
    header, concept : str
    wave : int or None
        Of a column of one wave (wide files).
    """

    file: str
    sheet: str
    header: str
    concept: str
    wave: int | None


def concept_of(header: str) -> str:
    """Return the income concept that a header names, ``""`` when it names none.

    >>> concept_of("人均可支配收入（元）"), concept_of("家庭人均纯收入"), concept_of("income")
    ('disposable', 'net', '')
    """
    tight = compact(header)
    return next((concept for word, concept in WORDS if word in tight), "")


def named_concepts(raw: RawTable, column: str) -> tuple[NamedConcept, ...]:
    """Return the income concepts that the headers of a column name, in the order of the mapping."""
    lines = raw.mapping[(raw.mapping["field"] == column).to_numpy(dtype=bool)]
    told = zip(*(lines[c].tolist() for c in ("file", "sheet", "header", "wave")), strict=True)
    found = [
        NamedConcept(
            str(file), sheet if isinstance(sheet, str) else "", str(header), concept_of(str(header)),
            None if pd.isna(wave) else int(wave),
        )
        for file, sheet, header, wave in told
        if isinstance(file, str) and file
    ]  # fmt: skip
    return tuple(c for c in found if c.concept)


def several_concepts(found: tuple[NamedConcept, ...]) -> bool:
    """Tell whether headers name more than one concept."""
    return len({c.concept for c in found}) > 1
