"""Targets tracked: what was planned, what was reported, and what the data bear out, with an interval and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError, DesignError, EstimationError, PlanError
from evalkit.estimate import Estimate
from evalkit.exits.targetfile import GrowthAbove, MeanOf, ShareOf, Target, read_targets
from evalkit.measures.basic import mean, proportion, total
from evalkit.measures.income import benchmark_growth
from evalkit.panel import Panel
from evalkit.reasons import reason
from evalkit.standards import Standard
from evalkit.text import Language, Text
from evalkit.thresholds import Criterion, evidence
from evalkit.verdicts import CONCLUSIONS, Conclusion, Verdict, conclude

Held = Literal["within", "above", "below", "unknown"]
HELD: dict[str, Text] = {
    "within": Text(en="within the limits of the estimate", zh="在估计区间之内"),
    "above": Text(en="above the limits of the estimate", zh="高于估计区间"),
    "below": Text(en="below the limits of the estimate", zh="低于估计区间"),
    "unknown": Text(en="cannot be compared", zh="无法比较"),
}
"""Where a reported figure lies against the two-sided limits of the estimate → the word of a report."""


@dataclass(frozen=True, eq=False)
class Milestone:
    """One target in one year.

    Parameters
    ----------
    target : Target
    year : int or None
        None where neither the file nor the caller gives a year: nothing is held against the target.
    reported : float
        NaN where nothing was reported.
    reported_source : str
    verdict : Verdict or None
        On the estimate; None where nothing can be estimated, and `why` says so.
    reported_is : {"within", "above", "below", "unknown"}
    why : Text or None
    county : str
        The county that is held against the target; empty for the whole place.
    """

    target: Target
    year: int | None
    reported: float
    reported_source: str
    verdict: Verdict | None
    reported_is: Held
    why: Text | None = None
    county: str = ""

    @property
    def conclusion(self) -> Conclusion:
        """What the data bear out: ``meets``, ``fails`` or ``not_shown``."""
        return "not_shown" if self.verdict is None else self.verdict.conclusion

    @property
    def reported_meets(self) -> bool | None:
        """Whether the reported figure reaches the threshold; None without one."""
        return _rule(self.target, 0.95).passes(self.reported) if np.isfinite(self.reported) else None


@dataclass(frozen=True, eq=False)
class Milestones:
    """Targets of one place by year, in the order of the file."""

    key_columns: ClassVar[tuple[str, ...]] = ("target", "year")

    title: Text
    items: tuple[Milestone, ...]
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def item(self, target: str, year: int | None, county: str = "") -> Milestone:
        """Return one target in one year, of the whole place or of a county.

        Raises
        ------
        DataError
            There is none.
        """
        for m in self.items:
            if (m.target.id, m.year, m.county) == (target, year, county):
                return m
        where = f" of county {county}" if county else ""
        msg = f"there is no target {target!r} in {year}{where}; there are {', '.join(f'{m.target.id} {m.year}' for m in self.items if not m.county)}"
        raise DataError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return one row a target and year, and county where each is held against it (empty: the whole place).

        Columns: target, year, county, threshold, direction, reported, reported_meets, estimate, std_error, conf_low, conf_high
        (two-sided 95 %), lower, upper (one-sided, they decide), conclusion, reported_is, source, date, verified.
        """
        rows = []
        for m in self.items:
            v = m.verdict
            table = None if v is None else v.estimate.tidy().iloc[0]
            row: dict[str, Any] = {"target": m.target.id, "year": m.year, "county": m.county}
            row["threshold"] = m.target.threshold
            row |= {
                "direction": m.target.direction,
                "reported": m.reported,
                "reported_meets": m.reported_meets,
            }
            for name in ("estimate", "std_error", "conf_low", "conf_high"):
                row[name] = np.nan if table is None else table[name]
            row["lower"], row["upper"] = (np.nan, np.nan) if v is None else (v.lower, v.upper)
            row |= {"conclusion": m.conclusion, "reported_is": m.reported_is}
            cited = {"source": m.target.source, "date": m.target.date, "verified": m.target.verified}
            rows.append(row | cited)
        return pd.DataFrame(rows).astype({"year": "Int64", "reported_meets": "boolean"})

    def explain(self, language: Language = "en") -> str:
        """Return one line a target and year: plan, reported, estimated."""
        return "\n".join(_line(m, language) for m in self.items)


def milestones(
    source: str | Path | Mapping[str, Any],
    *,
    panel: Panel | None = None,
    standard: Standard | None = None,
    reported: Mapping[str, Mapping[int, float]] | None = None,
    estimates: Mapping[str, Mapping[int, Estimate]] | None = None,
    years: Mapping[str, Sequence[int]] | None = None,
    confidence: float = 0.95,
    leave_out: bool = False,
) -> Milestones:
    """Hold targets against what was reported and against what the data bear out.

    Parameters
    ----------
    source : str, Path or mapping
        A YAML file of targets, its content, or the name of one of the package (``"gansu-2017"``).
    panel : Panel, optional
        The target households, from which measures of kind mean, share, growth_above and exits are estimated.
    standard : Standard, optional
        For the benchmark areas of growth_above.
    reported : mapping, optional
        Target → year → figure; it goes before what the file reports.
    estimates : mapping, optional
        Target → year → estimate of one value made elsewhere (a survey); it goes before the panel.
    years : mapping, optional
        Target → years to hold it against, instead of those of the file (which may not know any).
    confidence : float
        Of each one-sided limit.
    leave_out : bool
        Keep a target that cannot be computed (an absent column, a condition that cannot be evaluated) without a verdict and with the
        reason, instead of raising.

    Returns
    -------
    Milestones
        Counties follow the whole place where the target says ``each: county`` (domains of the panel). ``meets`` and ``fails`` need a one-sided limit on that side of the threshold; a reported figure never decides.

    Raises
    ------
    PlanError
        Faults of the file; figures for a target that it does not have; an area without standard.
    DataError, EstimationError
        A condition or a growth that cannot be computed, unless `leave_out`.

    Examples
    --------
    >>> found = milestones({"title": "t", "targets": [{"id": "out", "title": "persons out", "years": [2016], "threshold": 100,
    ...     "measure": {"kind": "stated"}, "source": "plan", "reported": {2016: {"value": 120, "source": "yearbook"}}}]})
    >>> found.items[0].reported_meets, found.items[0].conclusion
    (True, 'not_shown')
    """
    file = read_targets(source)
    known = {t.id for t in file.targets}
    lost = [name for given in (reported, estimates, years) for name in given or {} if name not in known]
    if lost:
        msg = f"figures are given for {', '.join(lost)}, which is no target of the file; targets are {', '.join(sorted(known))}"
        raise PlanError(msg)
    out = []
    for target in file.targets:
        for year in (years or {}).get(target.id, target.years) or (None,):
            if year is None:
                out.append(_milestone(target, None, None, _NO_YEAR, confidence))
                continue
            own = (estimates or {}).get(target.id, {}).get(year)
            try:
                found = own if own is not None else _estimated(target, year, panel, standard)
                each = _by_county(target, year, panel, standard) if target.each and own is None else None
            except (DataError, DesignError, EstimationError, PlanError) as error:
                if not leave_out:
                    raise
                found, each = reason(error), None
            said = (reported or {}).get(target.id, {}).get(year)
            out.append(_milestone(target, year, said, found, confidence))
            out += [] if each is None else _counties(target, year, each, confidence)
    return Milestones(file.title.text, tuple(out), _notes(file.targets, estimated=panel is not None))


_NO_YEAR = Text(
    en="the source gives no year; name the years to hold it against (years=…)",
    zh="来源未注明年份；请指定核对年份（years=…）",
)


def _by_county(target: Target, year: int, panel: Panel | None, standard: Standard | None) -> Estimate | None:
    """Return the estimate of each county in a year; None where there is none or the panel has no county."""
    if panel is None or panel.county is None:
        return None
    found = _estimated(target, year, panel, standard, by=panel.county)
    return None if isinstance(found, Text) else found


def _counties(target: Target, year: int, found: Estimate, confidence: float) -> list[Milestone]:
    """Return one item a county that has a value."""
    column = str(found.keys.columns[0])
    out = []
    for i, county in enumerate(found.keys[column]):
        if np.isfinite(found.values[i]):
            one = _milestone(target, year, np.nan, found.take([i]), confidence)
            out.append(replace(one, county=str(county)))
    return sorted(out, key=lambda m: m.county)


def _estimated(
    target: Target, year: int, panel: Panel | None, standard: Standard | None, by: str | None = None
) -> Estimate | Text:
    """Return the estimate of a target in a year (of each domain, if asked for), or why there is none."""
    measure = target.measure
    if measure.kind == "stated":
        return Text(en="no column of the data gives this figure", zh="数据中没有可核实该指标的信息")
    if panel is None:
        return Text(en="no data were given to estimate it from", zh="未提供可供估计的数据")
    needed = [year, measure.since(year)] if isinstance(measure, GrowthAbove) else [year]
    absent = [w for w in needed if w not in panel.waves]
    if absent:
        years = ", ".join(map(str, absent))
        return Text(en=f"the data have no wave {years}", zh=f"数据中没有{years}年")
    among = panel.where(measure.where) if measure.where else panel
    if isinstance(measure, GrowthAbove):
        return _growth(measure, year, among, standard, by)
    now = among.where((panel.frame[panel.wave].astype(int) == year).to_numpy())
    if isinstance(measure, MeanOf):
        return mean(now, measure.column, by=by)
    if isinstance(measure, ShareOf):
        return proportion(now, measure.condition, by=by)
    return _exits(year, now, by)


def _growth(
    measure: GrowthAbove, year: int, panel: Panel, standard: Standard | None, by: str | None
) -> Estimate:
    levels = measure.values
    if measure.area:
        if standard is None:
            msg = f"growth above area {measure.area!r} needs the standard that has it; pass standard=plan.rule_pack()"
            raise PlanError(msg)
        levels = standard.benchmark(area=measure.area, years=[measure.since(year), year])
    return benchmark_growth(panel, benchmark=levels, frm=measure.since(year), to=year, by=by).estimate


def _exits(year: int, panel: Panel, by: str | None) -> Estimate | Text:
    """Return persons (households) that exited in the year, expanded with the weights."""
    if "exit_year" not in panel.frame:
        return Text(en="the data have no year of exit", zh="数据中没有脱贫年度")
    flag = "exited in the year"
    exits = panel.frame["exit_year"].eq(year).fillna(value=False).astype(float)
    return total(replace(panel, frame=panel.frame.assign(**{flag: exits})), flag, by=by)


def _milestone(
    target: Target, year: int | None, said: float | None, found: Estimate | Text, confidence: float
) -> Milestone:
    stated = None if year is None else target.reported.get(year)
    value = said if said is not None else np.nan if stated is None else stated.value
    source = "" if stated is None or said is not None else stated.source
    if isinstance(found, Text):
        return Milestone(target, year, value, source, None, "unknown", found)
    rule = _rule(target, confidence)
    verdict = conclude(found, rule, evidence(found, rule))
    return Milestone(target, year, value, source, verdict, _held(value, found))


def _rule(target: Target, confidence: float) -> Criterion:
    side: Literal["above", "below"] = "above" if target.direction == "at_least" else "below"
    return Criterion(
        target.title.text, target.threshold, side, inclusive=not target.strict, confidence=confidence
    )


def _held(value: float, found: Estimate) -> Held:
    """Return where a reported figure lies against the two-sided limits (the value itself in a census)."""
    if not np.isfinite(value) or not np.isfinite(found.values[0]):
        return "unknown"
    limits = found.confint()
    low, high = float(limits.low[0]), float(limits.high[0])
    if found.about.interval == "none":
        low = high = float(found.values[0])
    if not (np.isfinite(low) and np.isfinite(high)):
        return "unknown"
    slack = 1e-9 * max(1.0, abs(value))
    return "above" if value > high + slack else "below" if value < low - slack else "within"


def _line(m: Milestone, language: Language) -> str:
    zh = language == "zh"
    name = m.target.title.text.get(language)
    if m.county:
        name = f"{name}（{m.county}）" if zh else f"{name} ({m.county})"
    unit = "" if m.target.unit is None else m.target.unit.text.get(language)
    said = f"{m.reported:,.10g}" if np.isfinite(m.reported) else ("无" if zh else "none")
    least = {"at_least": ("不低于", "at least"), "at_most": ("不高于", "at most")}[m.target.direction]
    if m.verdict is not None and np.isfinite(m.verdict.value):
        v = m.verdict
        shown = f"{v.value:,.6g} [{v.lower:,.6g}, {v.upper:,.6g}]"
    else:
        shown = "" if m.why is None else m.why.get(language)
    word = CONCLUSIONS[m.conclusion].get(language)
    held = f"（{HELD[m.reported_is].zh}）" if zh else f" ({HELD[m.reported_is].en})"
    tail = held if np.isfinite(m.reported) and m.verdict is not None else ""
    when = Text(en="no year", zh="无年份") if m.year is None else Text(en=f"{m.year}", zh=f"{m.year}年")
    if zh:
        return f"{name}，{when.zh}：目标{least[0]}{m.target.threshold:,.10g}{unit}；上报{said}{tail}；核实{shown}：{word}"
    return (
        f"{name}, {when.en}: planned {least[1]} {m.target.threshold:,.10g}{unit and f' {unit}'}; reported {said}{tail}; "
        f"estimated {shown}: {word}"
    )


def _notes(targets: Sequence[Target], *, estimated: bool) -> tuple[Text, ...]:
    """Say which targets were not seen in print, and what a total rests on."""
    out = []
    titles = [t.title.text for t in targets if not t.verified]
    if titles:
        out.append(
            Text(
                en=f"targets not verified in print: {', '.join(t.en for t in titles)}",
                zh=f"以下目标未经文献核实：{'、'.join(t.zh for t in titles)}",
            )
        )
    totals = [t.title.text for t in targets if t.measure.kind == "exits"]
    if totals and estimated:
        out.append(
            Text(
                en=f"totals are those of the place only if the weights expand to its households: {', '.join(t.en for t in totals)}",
                zh=f"以下为总量指标，仅当权重可推及当地全部住户时方为当地总量：{'、'.join(t.zh for t in totals)}",
            )
        )
    return tuple(out)
