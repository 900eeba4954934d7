"""`Standard`: a rule pack as the plan asks it for lines, prices, reference incomes and exit rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalkit.errors import PlanError
from evalkit.standards.citing import CITED, Citation, cited
from evalkit.standards.pack import LineSeries, Pack, Purpose, Regime, Series, Value
from evalkit.standards.rules import ExitRules, RateRule, check_variant, exit_rules_of, rate_rule_of
from evalkit.standards.sections import FieldDesign, Requirement, Stable, Variant
from evalkit.standards.villages import (
    VillageFigure,
    VillageRules,
    village_figure_of,
    village_rules_of,
)
from evalkit.text import Text
from evalkit.yamlfile import did_you_mean


@dataclass(frozen=True)
class Standard:
    """A rule pack: cited lines, prices, reference incomes and exit rules.

    Parameters
    ----------
    pack : Pack
        The file, with sources written out.
    digest : str
        First 16 hexadecimal digits of the SHA-256 of the file (and of those it extends).
    data : mapping
        What the file says over those it extends, for a file that extends this one.
    """

    pack: Pack
    digest: str = field(default="", compare=False)
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

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
    def household_requirements(self) -> tuple[Requirement, ...]:
        """Requirements of a household's exit."""
        return self.pack.household_exit

    @property
    def village_requirements(self) -> tuple[Requirement, ...]:
        """Requirements of a village's exit."""
        return self.pack.village_exit

    @property
    def stable(self) -> Stable | None:
        """What stable income is taken to mean; None where the pack does not say."""
        return self.pack.stable

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Rules that some documents or places apply instead of the default."""
        return self.pack.variants

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

    def rate_rule(self, name: str, *, province: str) -> RateRule:
        """Return the threshold of a rate in a province; no zone changes it.

        Parameters
        ----------
        name : {"wrong_exit", "missed", "approval"}
        province : str
            First two digits of the division code.

        Raises
        ------
        PlanError
            No exit rules in the pack, or no such rate.
        """
        return rate_rule_of(self.pack, name, province=province)

    def village_rules(self, *, province: str, zone: str | None = None) -> VillageRules:
        """Return the figures that a village of a county is held against.

        A zone that is given decides the incidence threshold; without one, the pack's exception of the province
        (``village_overrides``) decides, then its zone. Other exceptions of the province always hold.

        Parameters
        ----------
        province : str
            First two digits of the division code.
        zone : {"centre", "west"}, optional

        Raises
        ------
        PlanError
            No village standard in the pack, no zone known, or no threshold for it.
        """
        return village_rules_of(self.pack, province=province, zone=zone)

    def village_figure(self, name: str, *, province: str) -> VillageFigure | None:
        """Return the figure that meets a requirement of a village in a province, None where the pack gives none."""
        return village_figure_of(self.pack, name, province=province)

    def citations(
        self, kind: str, years: Iterable[int] | None = None, *, key: str | None = None
    ) -> pd.DataFrame:
        """List cited values.

        Parameters
        ----------
        kind : str
            One of `evalkit.standards.CITED`: ``"lines"``, ``"prices"``, ``"benchmarks"``, ``"national"``, ``"exits"``,
            ``"variants"``, ``"household_exit"`` …
        years : iterable of int, optional
            Only these years; values that have no year are always listed.
        key : str, optional
            One series: ``"statistical"`` or ``"monitoring:52"`` of lines, an area of benchmarks, and
            so on (column `key`).

        Returns
        -------
        DataFrame
            Columns `key`, `year` (missing where a value has none), `value`, `source`, `verified`, `note`,
            `date` (of the document; empty where it is not known).

        Raises
        ------
        PlanError
            Unknown kind or key.
        """
        check_variant("kind of citation", kind, CITED)
        rows = cited(self.pack, kind)
        if key is not None:
            check_variant(f"key of {kind}", key, tuple(dict.fromkeys(c.key for c in rows)))
        wanted = None if years is None else set(years)
        kept = [
            (c.key, c.year, c.plain, c.source.en, c.verified, c.note.en, c.date)
            for c in rows
            if key in (None, c.key) and (c.year is None or wanted is None or c.year in wanted)
        ]
        columns = ["key", "year", "value", "source", "verified", "note", "date"]
        return pd.DataFrame(kept, columns=columns).astype({"year": "Int64", "verified": bool})

    def cited(self, kind: str) -> tuple[Citation, ...]:
        """Return every cited value of a part of the pack, in both languages; kinds as in `citations`."""
        check_variant("kind of citation", kind, CITED)
        return cited(self.pack, kind)

    def field_design(self, name: str) -> FieldDesign:
        """Return a sampling design of the pack.

        Raises
        ------
        PlanError
            The pack has no such design; the message names those it has.
        """
        known = self.pack.designs
        if name not in known:
            msg = (
                f"standard {self.id} has no sampling design {name!r}{did_you_mean(name, known)} "
                f"It has: {', '.join(known) or 'none'}; add yours under designs of a pack that extends it."
            )
            raise PlanError(msg)
        return known[name]

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


def _years(values: Mapping[int, Value], years: Iterable[int]) -> dict[int, float]:
    return {y: values[y].value for y in years if y in values}
