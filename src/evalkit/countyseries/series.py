"""`CountySeries`: a clean table of counties by years, its ledger, its breaks, its growth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from evalkit.cleaning import CleanTable, clean_table
from evalkit.countyseries.concepts import BREAK_COLUMNS, PREDECESSOR, breaks_of, chained
from evalkit.countyseries.growth import SeriesGrowth, growth_between, yearly_growth
from evalkit.decisions import Decisions
from evalkit.errors import DataError
from evalkit.ingest import RawTable, find_files, from_frame, read
from evalkit.ledger import Ledger
from evalkit.panel import Panel
from evalkit.plan import Plan
from evalkit.text import Text

Raw = str | Path | pd.DataFrame | RawTable
DOUBTFUL = ("Y1", "Y2", "Y4")
"""Families of cases that make a value doubtful: jumps, units, not positive."""


def county_series(raw: Raw | None, plan: Plan, *, decisions: Decisions | None = None) -> CountySeries:
    """Read and clean aggregate series, one row a county and year.

    Parameters
    ----------
    raw : path, DataFrame, RawTable or None
        The folder of raw files, one file, a frame, a table already read; None: the folder of the plan.
    plan : Plan
        ``data.county`` says where the table is and what its columns are called.
    decisions : Decisions, optional
        What persons decided about open cases.

    Returns
    -------
    CountySeries

    Raises
    ------
    DataError
        There is no table or no county column; keys repeat and ``plan.clean.duplicates`` is ``error``; no row is left.
    """
    table = _table(raw, plan)
    if "county" not in table.frame:
        msg = (
            "the county table has no column of county codes; map it in plan.data.county.columns (county: header). "
            f"Headers not recognised: {', '.join(table.taken('unrecognised')[:15]) or 'none'}"
        )
        raise DataError(msg)
    cleaned = clean_table(table, plan, decisions=decisions)
    if cleaned.frame.empty:
        msg = f"no row of the county table is left after cleaning: {cleaned.rows.iloc[0].to_dict()}"
        raise DataError(msg)
    return CountySeries(cleaned, plan)


def _table(raw: Raw | None, plan: Plan) -> RawTable:
    if isinstance(raw, RawTable):
        return raw
    if isinstance(raw, pd.DataFrame):
        return from_frame(raw, table="county", source=plan.data.county)
    if raw is not None and Path(raw).is_file():
        return read(raw, table="county", source=plan.data.county)
    if plan.data.county is None:
        msg = "the plan names no county table; add data.county: {files: [...]}, or give the file"
        raise DataError(msg)
    folder = plan.raw if raw is None else Path(raw)
    files = find_files(folder, plan.data.county, "county")
    return read(files, table="county", source=plan.data.county, root=folder)


@dataclass(frozen=True, eq=False)
class CountySeries:
    """Aggregate series after cleaning.

    Parameters
    ----------
    cleaned : CleanTable
    plan : Plan
    """

    cleaned: CleanTable = field(repr=False)
    plan: Plan = field(repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """Clean, typed table, sorted by county and wave."""
        return self.cleaned.frame

    @property
    def ledger(self) -> Ledger:
        """What cleaning did."""
        return self.cleaned.ledger

    @property
    def quarantine(self) -> pd.DataFrame:
        """Rows set aside, with reasons and raw cells."""
        return self.cleaned.quarantine

    @property
    def open_cases(self) -> pd.DataFrame:
        """What somebody should look at."""
        return self.cleaned.open_cases

    @property
    def counties(self) -> list[str]:
        """Codes, ascending."""
        return sorted(self.frame["county"].unique())

    @property
    def waves(self) -> list[int]:
        """Years, ascending."""
        return sorted(int(w) for w in self.frame["wave"].unique())

    @property
    def series(self) -> tuple[str, ...]:
        """Numeric columns in the order of the table."""
        numeric = self.frame.select_dtypes("number").columns
        return tuple(str(c) for c in numeric if c != "wave")

    @cached_property
    def breaks(self) -> pd.DataFrame:
        """Where series break: one row a series, county and break; see `evalkit.countyseries.breaks_of`."""
        parts = [breaks_of(self.chain(name), name) for name in self.series]
        found = [part for part in parts if len(part)]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(BREAK_COLUMNS))

    def chain(self, column: str) -> pd.DataFrame:
        """Return the observed values of a series with their concepts; see `evalkit.countyseries.chained`.

        Raises
        ------
        DataError
            There is no such series.
        """
        if column not in self.series:
            msg = f"there is no series {column!r}; there are: {', '.join(self.series)}"
            raise DataError(msg)
        return chained(self.frame, column, self.plan.county_series.concepts.get(column, {}))

    def growth(
        self, column: str, frm: int, to: int, *, across_break: str = "", real: bool = False
    ) -> SeriesGrowth:
        """Return the growth of a series between two years, by county.

        Parameters
        ----------
        column : str
        frm, to : int
            Years, `frm` before `to`.
        across_break : str
            Why growth across a break is meant; else the reason in ``plan.county_series.across_break``.
        real : bool
            In constant prices (``plan.prices``); otherwise nominal.

        Raises
        ------
        DataError
            The series breaks between the years and no reason is given; no county has both years; no prices.
        """
        if frm >= to:
            msg = f"growth runs from an earlier to a later year; got {frm} to {to}"
            raise DataError(msg)
        reason = across_break.strip() or self.plan.county_series.across_break.get(column, "")
        factor = 1.0
        if real:
            index = self._prices([frm, to])
            factor = index[to] / index[frm]
        table = growth_between(self.chain(column), frm, to, factor)
        both = table["start"].notna() & table["end"].notna()
        if not both.any():
            msg = (
                f"no county has {column} in both {frm} and {to} ({int(table['start'].notna().sum())} have {frm}, "
                f"{int(table['end'].notna().sum())} have {to}); there are the years {', '.join(map(str, self.waves))}"
            )
            raise DataError(msg)
        broken = both & table["crosses_break"]
        if broken.any() and not reason:
            raise self._refused(column, frm, to, int(broken.sum()), int(both.sum()))
        notes = self._notes(column, (frm, to), table, reason if broken.any() else "", real=real)
        return SeriesGrowth(column, frm, to, real, table, notes)

    def yearly(self, column: str, *, across_break: str = "", real: bool = False) -> pd.DataFrame:
        """Return the growth of each value over the one before; see `evalkit.countyseries.yearly_growth`.

        Across a break it is missing unless a reason is given here or in ``plan.county_series.across_break``.
        """
        reason = across_break.strip() or self.plan.county_series.across_break.get(column, "")
        chain = self.chain(column)
        years = sorted(int(w) for w in chain["wave"].unique())
        return yearly_growth(chain, across=bool(reason), index=self._prices(years) if real else None)

    def panel(self, welfare: str = "rural_income") -> Panel:
        """Return the series as a panel of counties, so that measures and program effects run on it.

        The county is the unit (``household`` is its code too); ``welfare`` is the chained series, and the panel
        carries its concept by year, so that growth across a break is refused there too.

        Raises
        ------
        DataError
            There is no such series, or counties have different concepts in one year.
        """
        chain = self.chain(welfare)
        kinds = chain.groupby("wave")["concept"].agg(lambda c: " / ".join(sorted(set(c))))
        mixed = kinds[kinds.str.contains(" / ", regex=False)]
        if len(mixed):
            msg = (
                f"counties have different concepts of {welfare} in {len(mixed)} years (first: {mixed.index[0]}, "
                f"{mixed.iloc[0]}); take the counties of one concept, or state the years in plan.county_series.concepts"
            )
            raise DataError(msg)
        values = chain[["county", "wave", "value"]].rename(columns={"value": "welfare"})
        frame = self.frame.drop(columns=["welfare"], errors="ignore").merge(
            values, on=["county", "wave"], how="left", validate="one_to_one"
        )
        known = dict(zip(kinds.index.astype(int).tolist(), kinds.astype(str).tolist(), strict=True))
        known = {w: c for w, c in known.items() if c}
        return Panel(
            frame.assign(household=frame["county"]),
            welfare="welfare",
            deflators=self.plan.deflators(self.waves),
            concept=known or None,
            synthetic=self.plan.synthetic,
            ledger=self.ledger,
        )

    def _prices(self, years: list[int]) -> dict[int, float]:
        index = self.plan.deflators(years)
        lacks = [y for y in years if index is None or y not in index]
        if index is None or lacks:
            msg = f"no price index for {', '.join(map(str, lacks))}; mend plan.prices, or ask for nominal growth"
            raise DataError(msg)
        return index

    def _refused(self, column: str, frm: int, to: int, broken: int, both: int) -> DataError:
        of = self.breaks
        mine = of.loc[(of["series"] == column) & (of["wave"] > frm) & (of["wave"] <= to)]
        first = mine.iloc[0]
        what = f"{first['concept_before'] or first['column_before']} → {first['concept'] or first['column']}"
        msg = (
            f"growth of {column} from {frm} to {to} crosses a break of the series in {broken} of {both} counties (first: "
            f"{first['county']}, {what} in {first['wave']}). Take years on one side, or say why it is meant in the plan: "
            f'county_series: {{across_break: {{{column}: "reason"}}}}'
        )
        return DataError(msg, mine)

    def _notes(
        self, column: str, years: tuple[int, int], table: pd.DataFrame, reason: str, *, real: bool
    ) -> tuple[Text, ...]:
        notes = [
            Text(en="In constant prices.", zh="按不变价格计算。")
            if real
            else Text(en="Nominal: prices are not taken out.", zh="名义增长，未扣除价格因素。")
        ]
        if reason:
            n = int(table["crosses_break"].sum())
            notes.append(
                Text(
                    en=f"In {n} of {len(table)} counties the growth of {column} crosses a break of the series. Stated reason: {reason}",
                    zh=f"{len(table)}个县中有{n}个县的{column}增长跨越序列断点。所述理由：{reason}",
                )
            )
        lacks = int(table["growth"].isna().sum())
        if lacks:
            notes.append(
                Text(
                    en=f"{lacks} of {len(table)} counties have no growth: a value is missing or not positive.",
                    zh=f"{len(table)}个县中有{lacks}个县因数值缺失或非正而无增长率。",
                )
            )
        doubtful = self._doubtful(column, years)
        if doubtful:
            notes.append(
                Text(
                    en=f"{doubtful} of the values used are open cases (jumps, units, not positive); see open_cases.",
                    zh=f"所用数值中有{doubtful}个为未决疑点（跳变、单位或非正），见未决事项。",
                )
            )
        return tuple(notes)

    def _doubtful(self, column: str, years: tuple[int, int]) -> int:
        """Return how many values of a series in some years are open cases."""
        cases = self.open_cases
        names = (column, PREDECESSOR.get(column, ""))
        hit = cases["column"].isin(names) & cases["wave"].isin([str(y) for y in years])
        hit &= cases["rule"].str.slice(0, 2).isin(DOUBTFUL)
        return len(cases.loc[hit, ["county", "wave"]].drop_duplicates())
