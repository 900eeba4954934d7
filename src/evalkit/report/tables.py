"""Released figures to `Table` blocks. Nothing enters a table that `evalkit.disclose.release` has not let through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.disclose import Released, release, require_released
from evalkit.estimate import About, Estimate
from evalkit.report import labels
from evalkit.report.display import Format
from evalkit.report.document import Cell, Column, Interval, Suppressed, Table, finite
from evalkit.report.prose import Measure
from evalkit.text import Text

DECIMALS = 12
"""Decimals kept behind the printed ones, so that summary.json has the figures in full."""

FORMATS: dict[str, Format] = {
    "share": "share",
    "currency": "money",
    "log": "ratio",
    "persons": "count",
    "households": "count",
}
"""Unit of an estimate → how it is printed."""

NO_INTERVAL = Text(
    en="—: no interval, because the sample gives no sampling error for this value",
    zh="—：样本无法给出该数值的抽样误差，故无区间",
)
WITHHELD = Text(
    en="×: withheld, because too few households stand behind the figure or because it could be derived from totals",
    zh="×：样本户数过少，或可由合计数推算，不予列出",
)
HOUSEHOLDS = Text(en="Households in sample", zh="样本户数")
HOUSEHOLD_YEARS = Text(en="Household-years in sample", zh="样本户年数")
SAID_ONCE = ("income concept:",)
"""Beginnings of notes that the income section states for the whole report, and tables therefore do not repeat."""
NOTHING = "0 household-waves"
"""Beginning of a note that counts nothing: a policy that touched no row."""
IN_THE_TABLE = "pairs of household-waves"
"""End of the note that repeats n; it would give away the n of a value that was withheld."""


@dataclass(frozen=True, eq=False)
class Part:
    """An estimate let through to a report: its released rows, how it was made, label and format.

    Raises
    ------
    DisclosureError
        If `released` did not come from `evalkit.disclose.release`.
    """

    released: Released
    about: About
    label: Text
    form: Format
    level: float = 0.95

    def __post_init__(self) -> None:
        require_released(self.released)

    @property
    def rows(self) -> pd.DataFrame:
        """Keys, estimate, limits, n and ``suppressed``."""
        return self.released.frame

    def measure(self, index: int = 0) -> Measure:
        """Return one row as a value with limits; empty if suppressed."""
        row = self.rows.iloc[index]
        return Measure(
            _finite(row["estimate"]),
            _finite(row["conf_low"]),
            _finite(row["conf_high"]),
            self.about.interval == "none",
        )

    def at(self, key: str, value: object) -> Measure | None:
        """Return the row with a key value, or None if there is none."""
        found = np.flatnonzero((self.rows[key] == value).to_numpy())
        return self.measure(int(found[0])) if len(found) else None


def part(estimate: Estimate, label: Text, *, minimum_cell: int, form: Format | None = None) -> Part:
    """Release an estimate and return it with its label; the format follows its unit if not given."""
    printed = FORMATS.get(estimate.about.unit, "decimal") if form is None else form
    released = release(estimate, minimum_cell=minimum_cell, decimals=DECIMALS)
    return Part(released, estimate.about, label, printed, estimate.level)


def estimates_table(
    title: Text,
    key: Column,
    parts: Sequence[Part],
    *,
    say_key: Callable[[object], Cell] | None = None,
    extra: Sequence[tuple[Column, dict[object, Cell]]] = (),
    notes: Sequence[Text] = (),
    rows_label: Text = HOUSEHOLDS,
) -> Table:
    """Return one row a key value; each part gives an estimate and its interval; n once if it is the same for all.

    Parameters
    ----------
    title : Text
    key : Column
        The key that all parts share; its name is the key's name.
    parts : sequence of Part
    say_key : callable, optional
        Word for a key value.
    extra : sequence of (Column, mapping)
        Further columns by key value, placed after the key.
    notes : sequence of Text
        Further notes, printed first.
    rows_label : Text
        What n counts: households, or household-years where a figure rests on several waves.
    """
    keys = list(dict.fromkeys(k for p in parts for k in p.rows[key.name].tolist()))
    columns = [key, *(c for c, _ in extra)]
    lookup = [dict(zip(p.rows[key.name].tolist(), range(len(p.rows)), strict=True)) for p in parts]
    shared = _same_n(parts)
    for i, p in enumerate(parts):
        columns += _pair(p, i, len(parts))
        if not shared:
            columns.append(Column(f"{i}_n", Text(en="n", zh="户数"), "count"))
    if shared:
        columns.append(Column("n", rows_label, "count"))
    rows = []
    for k in keys:
        cells: list[Cell] = [k if say_key is None else say_key(k)]
        cells += [values.get(k) for _, values in extra]
        for p, index in zip(parts, lookup, strict=True):
            cells += _cells(p, index.get(k))
            if not shared:
                cells.append(_n(p, index[k]) if k in index else None)
        if shared:
            cells.append(_n(parts[0], lookup[0][k]))
        rows.append(tuple(cells))
    return Table(title, tuple(columns), tuple(rows), (*notes, *notes_of(parts)), source_of(parts))


def values_table(
    title: Text,
    parts: Sequence[Part],
    *,
    notes: Sequence[Text] = (),
    elsewhere: Text | None = None,
    rows_label: Text = HOUSEHOLDS,
) -> Table:
    """Return one row a part (each of one value): label, estimate with interval, n.

    Parameters
    ----------
    title : Text
    parts : sequence of Part
    notes : sequence of Text
        Further notes, printed first.
    elsewhere : Text, optional
        Printed in place of the caveats of the estimates, to say where they stand.
    rows_label : Text
        What n counts.
    """
    form = parts[0].form
    columns = (
        Column("quantity", Text(en="Quantity", zh="指标")),
        Column("estimate", Text(en="Estimate", zh="估计值"), form),
        Column("interval", interval_label(parts[0].level), form),
        Column("n", rows_label, "count"),
    )
    rows = tuple((p.label, *_cells(p, 0), _n(p, 0)) for p in parts)
    said = notes_of(parts) if elsewhere is None else (*_signs(parts), elsewhere)
    return Table(title, columns, rows, (*notes, *said), source_of(parts) if elsewhere is None else None)


def frame_table(
    title: Text,
    frame: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    currency: Text | None = None,
    notes: Sequence[Text] = (),
    blank: Sequence[str] = (),
) -> Table:
    """Return a table of the build as it stands, its columns and codes put into words.

    Parameters
    ----------
    title : Text
    frame : DataFrame
        At least one row.
    columns : sequence of str, optional
        Which columns, in order; those not in the frame are passed over.
    currency : Text, optional
        Added to money columns.
    notes : sequence of Text
    blank : sequence of str
        Columns whose words are data (file names …), not codes.
    """
    names = [str(c) for c in frame.columns if columns is None] or [c for c in columns or () if c in frame]
    heads = tuple(_typed(labels.column(n, currency), frame[n]) for n in names)
    rows = tuple(
        tuple(_cell(row[n], coded=n not in blank) for n in names) for row in frame[names].to_dict("records")
    )
    return Table(title, heads, rows, tuple(notes))


def interval_label(level: float) -> Text:
    """Return the heading of an interval column."""
    return Text(en=f"{level * 100:g}\u202f% interval", zh=f"{level * 100:g}%区间")


def notes_of(parts: Sequence[Part]) -> tuple[Text, ...]:
    """Return the notes of parts without repetition: suppression, missing intervals, caveats of the estimates."""
    return (*_signs(parts), *_caveats(parts))


def _signs(parts: Sequence[Part]) -> tuple[Text, ...]:
    """Explain the signs that stand in place of figures."""
    out: list[Text] = []
    for p in parts:
        if p.released.suppressed:
            out.append(WITHHELD)
        shown = p.rows[~p.rows["suppressed"].astype(bool)]
        bare = shown["estimate"].notna() & (shown["conf_low"].isna() | shown["conf_high"].isna())
        if bool(bare.any()) and p.about.interval != "none":
            out.append(NO_INTERVAL)
    return tuple(dict.fromkeys(out))


def _caveats(parts: Sequence[Part]) -> list[Text]:
    """Return the notes of the estimates; a note that not all parts share is followed by the part's label."""
    own = [
        tuple(
            _bare_end(n)
            for n in p.about.notes
            if not n.en.endswith(IN_THE_TABLE)
            and not n.en.startswith(NOTHING)
            and (not n.en.startswith(SAID_ONCE) or ", " in n.en)
        )
        for p in parts
    ]
    shared = [n for n in own[0] if all(n in others for others in own[1:])]
    out = list(dict.fromkeys(shared))
    for p, notes in zip(parts, own, strict=True):
        out.extend(
            Text(en=f"{n.en} ({_inside(p.label.en)})", zh=f"{n.zh}（{p.label.zh}）")
            for n in dict.fromkeys(notes)
            if n not in shared
        )
    return out


def source_of(parts: Sequence[Part]) -> Text | None:
    """Return the citations of the methods used."""
    cited = list(dict.fromkeys(p.about.citation for p in parts if p.about.citation))
    if not cited:
        return None
    return Text(en="; ".join(cited), zh="；".join(cited))


def _pair(p: Part, index: int, count: int) -> list[Column]:
    prefix = "" if count == 1 else f"{index}_"
    return [
        Column(f"{prefix}estimate", p.label, p.form),
        Column(f"{prefix}interval", interval_label(p.level), p.form),
    ]


def _cells(p: Part, index: int | None) -> list[Cell]:
    if index is None:
        return [None, None]
    row = p.rows.iloc[index]
    if bool(row["suppressed"]):
        return [Suppressed(), Suppressed()]
    low, high = _finite(row["conf_low"]), _finite(row["conf_high"])
    return [_finite(row["estimate"]), None if low is None and high is None else Interval(low, high)]


def _n(p: Part, index: int) -> Cell:
    row = p.rows.iloc[index]
    return Suppressed() if bool(row["suppressed"]) else _finite(row["n"])


def _same_n(parts: Sequence[Part]) -> bool:
    """Return whether all parts rest on the same households at the same keys."""
    first = parts[0].rows
    keys = [c for c in first.columns if c in parts[0].released.keys]
    wanted = first[[*keys, "n"]].reset_index(drop=True)
    return all(wanted.equals(p.rows[[*keys, "n"]].reset_index(drop=True)) for p in parts[1:])


def _typed(column: Column, values: pd.Series) -> Column:
    """Return the column as a count where an unknown column holds whole numbers, decimal where it holds others."""
    if (
        column.format != "text"
        or not pd.api.types.is_numeric_dtype(values)
        or pd.api.types.is_bool_dtype(values)
    ):
        return column
    whole = bool((values.dropna() % 1 == 0).all())
    return replace(column, format="count" if whole else "decimal")


def _cell(value: object, *, coded: bool) -> Cell:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, Text):
        return value
    if isinstance(value, bool | np.bool_):
        return Text(en="yes", zh="是") if value else Text(en="no", zh="否")
    if isinstance(value, int | float | np.number):
        return float(value)
    return labels.word(str(value)) if coded else str(value)


def _finite(value: object) -> float | None:
    return None if value is pd.NA else finite(value)


def _inside(label: str) -> str:
    """Return a label as it reads inside a sentence: only a capitalised word loses its capital."""
    return label[:1].lower() + label[1:] if label[1:2].islower() or label[1:2] == " " else label


def _bare_end(note: Text) -> Text:
    said = labels.in_words(note)
    return Text(en=said.en.rstrip(". "), zh=said.zh.rstrip("。 "))
