"""Examples of rules as tables: which rows a rule marks, and which it leaves alone.

A table is drawn with ``|``. Its column ``hit`` says ``x`` in the rows that the rule must mark; in the others it
must not. Columns that a table cannot do without are filled in when they are not drawn (`DEFAULTS`), so an example
shows what matters and nothing else. An empty cell is a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from evalkit.cleaning import clean, moved_households
from evalkit.ingest import RawTable, from_frame, with_counties
from evalkit.plan import Plan
from evalkit.rules import rule

COUNTY, WAVE = "990101", "2016"
DEFAULTS: dict[str, dict[str, str]] = {
    "household": {"county": COUNTY, "household": "#", "wave": WAVE, "size": "4", "income_pc": "3000"},
    "member": {"county": COUNTY, "household": "1", "person": "#"},
    "program": {"county": COUNTY, "household": "1", "program": "产业帮扶", "program_start": WAVE},
    "village": {"county": COUNTY, "village": "#"},
    "survey": {"county": COUNTY, "household": "#"},
    "totals": {"county": COUNTY},
    "county": {"county": COUNTY, "wave": WAVE},
}
"""Cells of columns that an example does not draw; ``#`` is the number of the row. A table of persons or programs
gets the households it names, if the example draws none."""
PLAN: dict[str, object] = {
    "title": "t",
    "data": {"household": {"files": ["*"]}},
    "standard": "cn-2017",
    "poverty": {"line": {"kind": "standard"}},
    "prices": {"kind": "none"},
    "clean": {"duplicates": "quarantine"},
}


@dataclass(frozen=True)
class Example:
    """What one rule does to a few rows.

    Parameters
    ----------
    rule : str
    rows : str
        Drawn table of the rule's table, with the column ``hit``.
    beside : mapping of str to str
        Other tables the rule looks at, by kind.
    plan : mapping
        Keys of the plan that differ from `PLAN`; ``clean`` is merged.
    table : str
        Raw table of `rows`; the rule's own by default, the household table when the rule is for any.
    bare : tuple of str
        Columns of `DEFAULTS` that `rows` goes without.
    quiet : str
        A second drawn table (without ``hit``) in which the rule must stay silent: for rules about columns as a whole,
        and for rules about places, whose rows hang together.
    """

    rule: str
    rows: str
    beside: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)
    table: str = ""
    bare: tuple[str, ...] = ()
    quiet: str = ""

    @property
    def kind(self) -> str:
        """Raw table of `rows`."""
        own = rule(self.rule).table
        return self.table or ("household" if own == "any" else own)


@dataclass(frozen=True)
class Elsewhere:
    """A rule whose example needs more than tables (files, decisions): ``test_file.py::test_name`` tests it."""

    rule: str
    test: str


def drawn(text: str) -> pd.DataFrame:
    """Return a drawn table as text cells, missing where empty."""
    head, *body = [
        [c.strip() for c in line.strip()[1:-1].split("|")]
        for line in text.strip().splitlines()
        if line.strip()
    ]
    odd = [row for row in body if len(row) != len(head)]
    if odd:
        msg = f"a drawn row has {len(odd[0])} cells under {len(head)} headers: {odd[0]}"
        raise ValueError(msg)
    frame = pd.DataFrame(body, columns=head, dtype="str")
    return frame.mask(frame == "")


def filled(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Add the columns of `DEFAULTS` that are not drawn (headers with a unit in brackets count as drawn)."""
    have = {c.split("(")[0] for c in frame.columns}
    number = pd.Series([str(i + 1) for i in range(len(frame))], dtype="str")
    for name, cell in DEFAULTS[table].items():
        if name not in have and not (name == "income_pc" and "人均纯收入" in have):
            frame = frame.assign(**{name: number if cell == "#" else cell})
    return frame


def plan_of(example: Example) -> Plan:
    """Return the plan of an example."""
    merged = {**PLAN, **example.plan}
    merged["clean"] = {**PLAN["clean"], **dict(example.plan.get("clean", {}))}  # type: ignore[dict-item, call-overload]
    return Plan(**merged)


def marked(example: Example, rows: str) -> set[int]:
    """Return the rows (from 0) of a drawn table that the rule marks; −1 stands for a column as a whole."""
    frames = {example.kind: drawn(rows).drop(columns="hit", errors="ignore")}
    frames |= {kind: drawn(text) for kind, text in example.beside.items()}
    if "household" not in frames:
        frames["household"] = _households_of(frames)
    plan = plan_of(example)
    whole = {k: filled(f, k) for k, f in frames.items()}
    whole[example.kind] = whole[example.kind].drop(columns=list(example.bare))
    sources = plan.data.tables()
    tables: dict[str, RawTable] = {
        k: from_frame(f, table=k, source=sources.get(k))  # type: ignore[arg-type]
        for k, f in sorted(whole.items(), key=lambda item: item[0] != "household")
    }
    result = clean(with_counties(tables), plan, allow_empty=True)
    entries = result.ledger.entries
    mine = entries.loc[(entries["rule"] == example.rule) & (entries["table"] == example.kind)]
    out = {int(r) - 1 if r > 0 else -1 for r in mine["row"]}
    if example.rule == "K08":
        moved = moved_households(result.frame)
        at = set(zip(moved["household"], moved["wave"], strict=True))
        drawn_rows = whole["household"][["household", "wave"]].itertuples(index=False, name=None)
        out |= {i for i, key in enumerate(drawn_rows) if key in at}
    return out


def _households_of(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the households (and waves) that the other tables name."""
    named = [
        filled(f, k).reindex(columns=["county", "household", "wave"]).astype("str").fillna({"wave": WAVE})
        for k, f in frames.items()
        if k in ("member", "program", "survey")
    ]
    if not named:
        return pd.DataFrame({"household": ["1"]}, dtype="str")
    return pd.concat(named).dropna(subset="household").drop_duplicates().reset_index(drop=True)
