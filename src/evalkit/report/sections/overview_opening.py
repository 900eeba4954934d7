"""What the sections of the province overview share: titles, one released value a county, tables and pictures of many counties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.disclose import release
from evalkit.estimate import Estimate
from evalkit.report import figures
from evalkit.report.display import Format
from evalkit.report.document import Block, Cell, Column, Figure, Interval, Section, Suppressed, finite
from evalkit.report.marks import Rung
from evalkit.report.tables import DECIMALS
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.pipeline.province import CountyLine, OverviewCase

TITLES: dict[str, Text] = {
    "province_verdicts": Text(en="Verdicts on the exits of all counties", zh="全部县的退出结论"),
    "province_sums": Text(en="From county to prefecture and province", zh="县、市、省逐级汇总"),
    "province_poverty": Text(en="Poverty and income growth", zh="贫困状况与收入增长"),
    "province_moves": Text(en="Exits and returns", zh="脱贫与返贫"),
    "province_look_back": Text(en="Look-back and suspected cases", zh="回头看与疑似情形"),
    "province_signals": Text(en="Patterns to look at, by county", zh="各县需要核查的数据特征"),
    "province_quality": Text(en="Data quality by county", zh="各县数据质量"),
    "province_failed": Text(en="Counties without results", zh="没有结果的县"),
    "province_papers": Text(en="Targets and claims", zh="目标与所引数字"),
    "province_provenance": Text(en="Methods, caveats and provenance", zh="方法、局限与来源"),
}
"""Section → title, in order."""

COUNTY = Column("county", Text(en="County", zh="县"))
CODE = Column("code", Text(en="Code", zh="代码"))


def overview_section(
    name: str,
    case: OverviewCase,
    blocks: Sequence[Block],
    language: Language,
    facts: Mapping[str, Any] | None = None,
) -> Section:
    """Return a section of the overview with its number, title and banner."""
    return Section(
        id=name,
        number=list(TITLES).index(name) + 1,
        title=TITLES[name],
        blocks=tuple(blocks),
        synthetic=case.plan.synthetic,
        language=language,
        county="",
        facts={} if facts is None else dict(facts),
    )


@dataclass(frozen=True)
class CountyValue:
    """One released value of a county; `withheld` where too few households stand behind it or it could be derived."""

    county: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    n: float | None
    withheld: bool = False

    def cells(self, *, counted: bool = False) -> tuple[Cell, ...]:
        """Return value and interval, and n where it is asked for, as table cells."""
        if self.withheld:
            return (Suppressed(),) * (3 if counted else 2)
        limits = None if self.low is None and self.high is None else Interval(self.low, self.high)
        return (self.value, limits, self.n) if counted else (self.value, limits)


def county_values(
    case: OverviewCase, name: str, where: Mapping[str, object] | None = None
) -> dict[str, CountyValue]:
    """Return one released value a county, of those that have it, by county.

    Parameters
    ----------
    case : OverviewCase
    name : str
        Of an estimate.
    where : mapping, optional
        Keys that choose the value; without them the estimate must have one.
    """
    rows = []
    for line in case.counties:
        found = line.estimates.get(name)
        at = None if found is None else _place(found, where)
        if found is not None and at is not None:
            limits = found.confint()
            rows.append(
                {
                    "county": line.county,
                    "estimate": found.values[at],
                    "conf_low": limits.low[at],
                    "conf_high": limits.high[at],
                    "n": found.n[at],
                }
            )
    if not rows:
        return {}
    return released_values(case, pd.DataFrame(rows))


def released_values(case: OverviewCase, table: pd.DataFrame) -> dict[str, CountyValue]:
    """Return the rows of a table (county, estimate, conf_low, conf_high, n) that may be printed; all counties' value is printed too."""
    gate = release(
        table,
        minimum_cell=case.plan.disclosure.minimum_cell,
        decimals=DECIMALS,
        keys=("county",),
        total_over=("county",),
    ).frame
    names = case.names
    out = {}
    for row in gate.to_dict("records"):
        county = str(row["county"])
        known = {k: _known(row[k]) for k in ("estimate", "conf_low", "conf_high", "n")}
        out[county] = CountyValue(
            county,
            names.get(county, county),
            known["estimate"],
            known["conf_low"],
            known["conf_high"],
            known["n"],
            withheld=bool(row["suppressed"]),
        )
    return out


def last_wave(case: OverviewCase) -> int:
    """Return the last wave of any county."""
    return max(w for line in case.counties for w in line.waves)


def ladder_figure(
    case: OverviewCase,
    title: Text,
    xlabel: Text,
    values: Sequence[CountyValue],
    *,
    form: Format,
    middle: CountyValue | None = None,
) -> Figure | None:
    """Return a picture of counties sorted by value, with the value of all together; None where fewer than two may be shown."""
    shown = ranked(values)
    if len(shown) < 2:
        return None
    rungs = tuple(Rung(county_label(v), v.value, v.low, v.high) for v in shown)
    whole = None
    if middle is not None and middle.value is not None and not middle.withheld:
        whole = (middle.value, middle.low, middle.high)
    first, last = shown[0], shown[-1]
    ladder = figures.Ladder(rungs, xlabel, form, middle=whole)
    return Figure(
        title,
        Text(
            en=f"{len(shown)} counties sorted by value, {first.name} highest, {last.name} lowest, with intervals; the values stand in "
            "the table.",
            zh=f"{len(shown)}个县按数值排列，{first.name}最高，{last.name}最低，附区间；数值见表。",
        ),
        figures.draw_ladder(ladder, synthetic=case.plan.synthetic),
        Text(
            en="Dots: counties, the highest on top (where names do not fit, the rank in the table); lines: 95\u202f% intervals; grey line "
            "and shade: all counties together.",
            zh="圆点为各县，自高而低排列（县名排不下时标表中的位次）；横线为95%区间；灰线与灰色带为全部县合计及其区间。",
        ),
    )


def ranked(values: Sequence[CountyValue]) -> list[CountyValue]:
    """Return the values that may be shown, the highest first; ties in the order of codes."""
    known = [v for v in values if v.value is not None and not v.withheld]
    return sorted(known, key=lambda v: (-(v.value or 0.0), v.county))


def county_label(value: CountyValue) -> Text:
    """Return the county's name for a picture; its code where it has none."""
    return Text(en=value.name, zh=value.name)


def whole_value(
    estimates: Mapping[str, Estimate],
    name: str,
    where: Mapping[str, object] | None,
    minimum_cell: int,
) -> CountyValue | None:
    """Return one released value of all counties (or of a place) together, None where there is none."""
    found = estimates.get(name)
    at = None if found is None else _place(found, where)
    if found is None or at is None:
        return None
    gate = release(found.take([at]), minimum_cell=minimum_cell, decimals=DECIMALS).frame.iloc[0]
    known = {k: _known(gate[k]) for k in ("estimate", "conf_low", "conf_high", "n")}
    return CountyValue(
        "", "", known["estimate"], known["conf_low"], known["conf_high"], known["n"], bool(gate["suppressed"])
    )


def by_code(
    case: OverviewCase, cells: Callable[[CountyLine], tuple[Cell, ...]]
) -> tuple[tuple[Cell, ...], ...]:
    """Return one row a county in the order of codes: its name, its code, further cells."""
    return tuple((line.name, line.county, *cells(line)) for line in case.counties)


def _place(found: Estimate, where: Mapping[str, object] | None) -> int | None:
    """Return the position of the one value that keys choose, None where there is none."""
    keep = np.ones(len(found), dtype=bool)
    for key, value in (where or {}).items():
        if key not in found.keys:
            return None
        keep &= (found.keys[key] == value).to_numpy(dtype=bool)
    return int(np.flatnonzero(keep)[0]) if keep.sum() == 1 else None


def _known(value: object) -> float | None:
    return None if value is pd.NA else finite(value)
