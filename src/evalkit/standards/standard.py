"""`Standard`: a rule pack as the plan asks it for lines, prices, reference incomes and exit rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from evalkit.errors import PlanError
from evalkit.standards.pack import ExitSection, LineSeries, Pack, Purpose, Regime, Series, Value, ZoneOf
from evalkit.standards.rules import ExitRules, check_variant, exit_rules_of
from evalkit.text import Text, text_from
from evalkit.yamlfile import did_you_mean

CITED = ("lines", "prices", "benchmarks", "national", "exits", "monitoring")
"""Parts of a pack that `Standard.citations` lists."""


@dataclass(frozen=True)
class Standard:
    """A rule pack: cited lines, prices, reference incomes and exit rules.

    Parameters
    ----------
    pack : Pack
        The file, with sources written out.
    digest : str
        First 16 hexadecimal digits of the SHA-256 of the file.
    """

    pack: Pack
    digest: str = field(default="", compare=False)

    @property
    def id(self) -> str:
        """Name of the pack."""
        return self.pack.id

    @property
    def title(self) -> Text:
        """Title in both languages."""
        return self.pack.title

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """Periods of policy, in order."""
        return self.pack.regimes

    @property
    def undefined(self) -> Mapping[str, str]:
        """Words of the rules that the rules leave undefined; whoever evaluates must choose."""
        return self.pack.undefined

    def lines(
        self, *, purpose: Purpose = "statistical", province: str = "*", years: Iterable[int]
    ) -> dict[int, float]:
        """Return poverty lines, yuan per head and year at current prices.

        A statistical line is national and holds in every province. Work and monitoring lines are set
        by provinces: the national series (``"*"``) is returned only when it is asked for.

        Parameters
        ----------
        purpose : {"statistical", "work", "monitoring"}
        province : str
            First two digits of the division code, or ``"*"``.
        years : iterable of int

        Returns
        -------
        dict of int to float
            Years without a line are absent.

        Raises
        ------
        PlanError
            The pack has no such series.
        """
        return _years(self._line_series(purpose, province).values, years)

    def _line_series(self, purpose: str, province: str) -> LineSeries:
        """Return the line series of a purpose and a province."""
        place = "*" if purpose == "statistical" else province
        for series in self.pack.lines:
            if (series.purpose, series.province) == (purpose, place):
                return series
        there = ", ".join(f"{s.purpose} of province {s.province}" for s in self.pack.lines) or "none"
        msg = (
            f"standard {self.id} has no {purpose} line of province {province!r}; it has: {there}. Choose one of "
            "these under poverty.line, add yours to a copy of the standard, or give poverty.line as a table."
        )
        raise PlanError(msg)

    def price_index(self, *, years: Iterable[int]) -> dict[int, float]:
        """Return the chained price index, first year of the table = 100.

        Parameters
        ----------
        years : iterable of int

        Returns
        -------
        dict of int to float
            I(first) = 100 and I(t) = I(t-1) × p(t) / 100, p being previous-year indices; years outside
            the table are absent.

        Raises
        ------
        PlanError
            The pack has no prices.
        """
        values = self._prices().values
        index: dict[int, float] = {}
        level = 100.0
        for i, year in enumerate(sorted(values)):
            level = level if i == 0 else level * values[year].value / 100.0
            index[year] = level
        return {y: index[y] for y in years if y in index}

    def _prices(self) -> Series:
        """Return the price series."""
        if self.pack.prices is None:
            msg = f"standard {self.id} has no prices; give them in the plan (prices: {{kind: table, …}})"
            raise PlanError(msg)
        return self.pack.prices

    def benchmark(self, *, area: str, years: Iterable[int]) -> dict[int, float]:
        """Return rural disposable income per head of an area, yuan at current prices.

        Raises
        ------
        PlanError
            The pack has no such area; the message names those it has.
        """
        return _years(self._benchmark_series(area).values, years)

    def benchmark_title(self, area: str) -> Text:
        """Return the label of a benchmark area in both languages."""
        return self._benchmark_series(area).title

    def _benchmark_series(self, area: str) -> Series:
        """Return the reference income series of an area."""
        known = self.pack.benchmarks
        if area not in known:
            msg = (
                f"standard {self.id} has no benchmark of area {area!r}{did_you_mean(area, known)} "
                f"It has: {', '.join(known) or 'none'}; a series of your own goes into benchmark: {{kind: table, …}}"
            )
            raise PlanError(msg)
        return known[area]

    def exit_rules(
        self,
        *,
        province: str,
        zone: str | None = None,
        confidence: float = 0.95,
        missed_denominator: str = "sampled_villages",
        approval_unit: str = "person",
        prior_deff: float = 1.5,
    ) -> ExitRules:
        """Return the thresholds and denominators for a county.

        A zone given by the plan decides the incidence threshold; without one, the pack's exception of
        the province decides, then its zone.

        Parameters
        ----------
        province : str
            First two digits of the division code.
        zone : {"centre", "west"}, optional
        confidence : float
            One-sided, passed on.
        missed_denominator, approval_unit : str
            Must be among the variants of the pack.
        prior_deff : float
            Passed on.

        Raises
        ------
        PlanError
            No exit rules in the pack, no zone known, or a variant the pack does not have.
        """
        return exit_rules_of(
            self.pack,
            province=province,
            zone=zone,
            confidence=confidence,
            missed_denominator=missed_denominator,
            approval_unit=approval_unit,
            prior_deff=prior_deff,
        )

    def citations(
        self, kind: str, years: Iterable[int] | None = None, *, key: str | None = None
    ) -> pd.DataFrame:
        """List cited values.

        Parameters
        ----------
        kind : {"lines", "prices", "benchmarks", "national", "exits", "monitoring"}
        years : iterable of int, optional
            Only these years; values that have no year are always listed.
        key : str, optional
            One series: ``"statistical"`` or ``"monitoring:52"`` of lines, an area of benchmarks, and
            so on (column `key`).

        Returns
        -------
        DataFrame
            Columns `key`, `year` (missing where a value has none), `value`, `source`, `verified`, `note`.

        Raises
        ------
        PlanError
            Unknown kind or key.
        """
        check_variant("kind of citation", kind, CITED)
        rows = list(self._cited(kind))
        if key is not None:
            check_variant(f"key of {kind}", key, tuple(dict.fromkeys(k for k, _, _ in rows)))
        wanted = None if years is None else set(years)
        kept = [
            (k, y, v.value, v.source, v.verified, text_from(v.note).en)
            for k, y, v in rows
            if key in (None, k) and (y is None or wanted is None or y in wanted)
        ]
        frame = pd.DataFrame(kept, columns=["key", "year", "value", "source", "verified", "note"])
        return frame.astype({"year": "Int64", "verified": bool})

    def _cited(self, kind: str) -> Iterator[tuple[str, int | None, Value | ZoneOf]]:
        """Yield key, year and value of one part of the pack."""
        series: dict[str, dict[int, Value]] = {}
        if kind == "lines":
            series = {_line_key(s): s.values for s in self.pack.lines}
        elif kind == "prices" and self.pack.prices is not None:
            series = {"prices": self.pack.prices.values}
        elif kind in ("benchmarks", "national"):
            given = self.pack.benchmarks if kind == "benchmarks" else self.pack.national
            series = {k: s.values for k, s in given.items()}
        for key, values in series.items():
            for year in sorted(values):
                yield key, year, values[year]
        if kind == "monitoring":
            for key, value in self.pack.monitoring.items():
                yield key, None, value
        if kind == "exits" and self.pack.exits is not None:
            yield from _cited_rules(self.pack.exits)

    def unverified(
        self, kind: str, years: Iterable[int] | None = None, *, key: str | None = None
    ) -> tuple[str, ...]:
        """Return the values of `citations` that were not verified in print, one phrase each.

        Of prices, an index over `years` uses the yearly changes after the first of them up to the last,
        and these are what is listed.
        """
        wanted = None if years is None else sorted(years)
        if kind == "prices" and wanted:
            wanted = list(range(wanted[0] + 1, wanted[-1] + 1))
        frame = self.citations(kind, wanted, key=key)
        bad = frame[~frame["verified"]]
        return tuple(
            f"{k}{'' if pd.isna(y) else f' {y}'} = {v}: {s}"
            for k, y, v, s in zip(bad["key"], bad["year"], bad["value"], bad["source"], strict=True)
        )


def _line_key(series: LineSeries) -> str:
    return series.purpose if series.province == "*" else f"{series.purpose}:{series.province}"


def _cited_rules(exits: ExitSection) -> Iterator[tuple[str, int | None, Value | ZoneOf]]:
    """Yield every cited value of the exit rules."""
    for zone, value in exits.incidence.zones.items():
        yield f"incidence.{zone}", None, value
    for province, value in exits.incidence.overrides.items():
        yield f"incidence.province.{province}", None, value
    for name, criterion in (
        ("wrong_exit", exits.wrong_exit),
        ("missed", exits.missed),
        ("approval", exits.approval),
    ):
        yield name, None, criterion.threshold
    for province, assigned in exits.zones.items():
        yield f"zone.{province}", None, assigned


def _years(values: Mapping[int, Value], years: Iterable[int]) -> dict[int, float]:
    return {y: values[y].value for y in years if y in values}
