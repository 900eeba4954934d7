"""Known totals: reading them from a mapping or a table, and what must hold before weights can meet them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.auxiliary import Auxiliary, Term, as_text
from evalkit.errors import DataError

Totals = Mapping[str, float | Mapping[object, float]] | pd.DataFrame
"""Totals to meet, see `read_totals`."""

HOUSEHOLDS = "households"
"""Name of the total that counts rows."""
COLUMNS = ("amount", "by", "level", "total")
_AGREE = 1e-6


@dataclass(frozen=True, eq=False)
class Margins:
    """Totals by cell.

    Attributes
    ----------
    within : tuple of str
        Columns that name the cells (county, wave).
    table : DataFrame
        One row a total: the columns of `within` as text, ``amount, by, level`` (text), ``total``.
    """

    within: tuple[str, ...]
    table: pd.DataFrame

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Return the cells in ascending order."""
        if not self.within:
            return ((),)
        keys = self.table[list(self.within)].drop_duplicates()
        return tuple(sorted(keys.itertuples(index=False, name=None)))

    def terms(self) -> tuple[Term, ...]:
        """Return the calibration variables of all cells, in ascending order."""
        rows = self.table[["by", "level", "amount"]].drop_duplicates()
        return tuple(sorted(Term(*row) for row in rows.itertuples(index=False, name=None)))

    def of_cell(self, cell: tuple[str, ...]) -> dict[Term, float]:
        """Return the totals of one cell."""
        part = self.table
        for name, value in zip(self.within, cell, strict=True):
            part = part.loc[part[name] == value]
        columns = part[["by", "level", "amount", "total"]]
        return {Term(b, v, a): float(t) for b, v, a, t in columns.itertuples(index=False, name=None)}


def read_totals(totals: Totals, columns: list[str]) -> Margins:
    """Read known totals.

    Parameters
    ----------
    totals : mapping or DataFrame
        A mapping ``column → {level: households}``, ``column → total of a numeric column``, or
        ``"households" → their number``. A table has one row a total: ``total``, and as needed ``by`` (category
        column), ``level``, ``amount`` (numeric column such as the household size, so that persons are counted);
        every other column (county, wave) names the cell the total belongs to.
    columns : list of str
        Columns of the data.

    Raises
    ------
    DataError
        Columns that the data do not have, totals missing or negative, the same total twice, levels without a
        column, totals of one cell that contradict each other.
    """
    table = _from_mapping(totals) if isinstance(totals, Mapping) else totals.copy()
    if "total" not in table or table.empty:
        msg = "known totals are a mapping, or a table with a column total (and by, level, amount, and keys)"
        raise DataError(msg)
    within = tuple(str(c) for c in table.columns if c not in COLUMNS)
    out = pd.DataFrame({c: as_text(table[c]).str.strip() for c in within}, index=table.index)
    for name in ("amount", "by", "level"):
        out[name] = as_text(table[name]).str.strip() if name in table else ""
    out.loc[out["amount"] == HOUSEHOLDS, "amount"] = ""
    out["total"] = pd.to_numeric(table["total"], errors="coerce")
    _check(out, within, columns)
    return Margins(within, out.reset_index(drop=True))


def check_sample(margins: Margins, auxiliary: Auxiliary, frame: pd.DataFrame, base: pd.Series) -> None:
    """Check that the sample can meet the totals.

    Raises
    ------
    DataError
        A category or amount is missing, a category of the sample has no total, a total has no household in the
        sample, a cell has no rows.
    """
    code = auxiliary.cell_codes(frame)
    for at, cell in enumerate(auxiliary.cells):
        rows = frame.loc[(code == at) & (base > 0).to_numpy()]
        where = " in " + ", ".join(cell) if cell else ""
        if rows.empty:
            msg = f"known totals are given for {', '.join(cell) or 'the data'}, but no row with a weight belongs there"
            raise DataError(msg)
        wanted = margins.of_cell(cell)
        for by in sorted({t.by for t in wanted if t.by}):
            _check_levels(rows, by, {t.level for t in wanted if t.by == by}, where)
        for term, total in wanted.items():
            _check_amount(rows, term, total, where)


def _check_levels(rows: pd.DataFrame, by: str, known: set[str], where: str) -> None:
    found = as_text(rows[by])
    lacking = int((found == "").sum())
    if lacking:
        msg = f"{lacking} of {len(rows)} rows{where} have no {by!r}, which known totals are given by; fill it"
        raise DataError(msg, rows.loc[found == ""])
    extra = sorted(set(found) - known)
    if extra:
        count = int(found.isin(extra).sum())
        msg = (
            f"{count} of {len(rows)} rows{where} have {by!r} = {', '.join(extra)}, for which no total is given; add the "
            "totals, or merge the categories"
        )
        raise DataError(msg, rows.loc[found.isin(extra)])


def _check_amount(rows: pd.DataFrame, term: Term, total: float, where: str) -> None:
    inside = rows if not term.by else rows.loc[as_text(rows[term.by]) == term.level]
    if term.amount:
        missing = int(inside[term.amount].isna().sum())
        if missing:
            msg = f"{missing} of {len(inside)} rows{where} have no {term.amount!r}, whose total is given; impute or fill it"
            raise DataError(msg, inside.loc[inside[term.amount].isna()])
    held = len(inside) if not term.amount else int((inside[term.amount] != 0).sum())
    if not held and total != 0:
        msg = (
            f"the total of {term}{where} is {total:g}, but the sample has no such household; merge the category with a "
            "neighbour"
        )
        raise DataError(msg)


def _from_mapping(totals: Mapping[str, float | Mapping[object, float]]) -> pd.DataFrame:
    rows: list[tuple[str, str, str, float]] = []
    for name, value in totals.items():
        if isinstance(value, Mapping):
            levels = as_text(pd.Series(list(value), dtype=object).infer_objects())
            rows += [("", name, level, float(t)) for level, t in zip(levels, value.values(), strict=True)]
        else:
            rows.append((name, "", "", float(value)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _check(table: pd.DataFrame, within: tuple[str, ...], columns: list[str]) -> None:
    named = [*within, *table["by"], *table["amount"]]
    absent = sorted({c for c in named if c and c not in columns})
    if absent:
        msg = f"known totals name columns the data do not have: {', '.join(absent)}"
        raise DataError(msg)
    bad = ~np.isfinite(table["total"]) | (table["total"] < 0)
    if bad.any():
        msg = f"{int(bad.sum())} of {len(table)} known totals are missing, no number or negative"
        raise DataError(msg, table.loc[bad])
    loose = (table["by"] == "") != (table["level"] == "")
    if loose.any():
        msg = (
            f"{int(loose.sum())} of {len(table)} known totals have a level without by, or by without a level"
        )
        raise DataError(msg, table.loc[loose])
    keys = [*within, "by", "level", "amount"]
    twice = table.duplicated(keys, keep=False)
    if twice.any():
        msg = f"{int(twice.sum())} known totals are given twice (first: {_named(table.loc[twice].iloc[0], keys)})"
        raise DataError(msg, table.loc[twice])
    _check_sums(table, within)


def _check_sums(table: pd.DataFrame, within: tuple[str, ...]) -> None:
    """Refuse margins of one amount whose totals add up differently."""
    sums = table.groupby([*within, "amount", "by"], as_index=False)["total"].sum()
    for keys, part in sums.groupby([*within, "amount"], sort=True):
        if part["total"].max() - part["total"].min() > _AGREE * max(float(part["total"].max()), 1.0):
            said = ", ".join(
                f"{b or 'all'}: {t:,.10g}" for b, t in zip(part["by"], part["total"], strict=True)
            )
            where = " / ".join(str(k) for k in keys if k) or "the data"
            msg = f"known totals of {where} contradict each other: the categories add up to {said}; mend the totals"
            raise DataError(msg)


def _named(row: pd.Series, keys: list[str]) -> str:
    return ", ".join(str(row[k]) for k in keys if row[k])
