"""The measures of one county, each with the reason when it cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit import measures
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.plan import Benchmark, Plan
from evalkit.reasons import reason
from evalkit.text import Text

Reasons = (DataError, DesignError, EstimationError)
"""Errors that leave one section out and let the others be."""


@dataclass
class Collected:
    """Estimates, figures and reasons for what is missing, gathered one by one."""

    estimates: dict[str, Estimate] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    omitted: dict[str, Text] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    given: Mapping[str, Estimate] = field(default_factory=dict)

    def attempt(self, section: str, name: str, compute: Callable[[], Estimate]) -> None:
        """Take or compute one estimate; if the data do not allow it, keep the reason under its section."""
        try:
            self.estimates[name] = self.given[name] if name in self.given else compute()
        except Reasons as error:
            self.omitted.setdefault(section, reason(error))


def measure_panel(panel: Panel, plan: Plan, given: Mapping[str, Estimate] | None = None) -> Collected:
    """Return every measure of a panel (a county, or all counties together) by wave.

    Sections of `Collected.omitted`: ``income``, ``benchmark``, ``poverty``, ``dynamics``. Estimates that are `given`
    (added up from counties) are taken as they are.
    """
    out = Collected(given=given or {})
    _income(out, panel, plan)
    _poverty(out, panel)
    _dynamics(out, panel)
    return out


def _income(out: Collected, panel: Panel, plan: Plan) -> None:
    real = panel.deflators is not None
    out.facts["real"] = real
    out.facts["price_year"] = (panel.price_year or panel.waves[-1]) if real else None
    out.attempt("income", "mean_welfare", lambda: measures.mean(panel, by="wave", real=real))
    out.attempt("income", "median_welfare", lambda: measures.quantile(panel, q=0.5, by="wave", real=real))
    if len(panel.waves) < 2:
        out.omitted["growth"] = Text(
            en="Growth needs at least two waves; the data have one.",
            zh="收入增长至少需要两期数据；现有数据只有一期。",
        )
        return
    first, last = panel.waves[0], panel.waves[-1]
    for stat in ("mean", "median"):
        out.attempt(
            "growth",
            f"growth_{stat}",
            lambda stat=stat: measures.growth(panel, frm=first, to=last, stat=stat, real=real),  # type: ignore[misc]
        )
    _benchmark(out, panel, plan, first, last)


def _benchmark(out: Collected, panel: Panel, plan: Plan, first: int, last: int) -> None:
    if plan.benchmark is None:
        out.omitted["benchmark"] = Text(
            en="The plan names no benchmark series (plan.benchmark).",
            zh="方案未指定参照序列（plan.benchmark）。",
        )
        return
    first, last = plan.benchmark.frm or first, plan.benchmark.to or last
    series = benchmark_series(plan.benchmark, plan, [first, last])
    absent = [w for w in (first, last) if w not in series]
    if absent:
        years = ", ".join(map(str, absent))
        out.omitted["benchmark"] = Text(
            en=f"The benchmark series has no figure for {years}.", zh=f"参照序列缺少{years}年的数值。"
        )
        return
    growth = series[last] / series[first] - 1
    out.facts["benchmark"] = {
        "area": plan.benchmark.area,
        "label": None if plan.benchmark.label is None else plan.benchmark.label.text.to_dict(),
        "frm": first,
        "to": last,
        "levels": {str(w): series[w] for w in (first, last)},
        "growth": growth,
        "source": plan.benchmark.source or (plan.standard or ""),
    }
    for cohort in ("baseline", "current"):
        try:
            tested = measures.benchmark_growth(
                panel, benchmark=growth, frm=first, to=last, cohort=cohort, real=False
            )
        except Reasons as error:
            out.omitted.setdefault("benchmark", reason(error))
            continue
        out.estimates[f"benchmark_{cohort}"] = tested.estimate
        out.facts[f"benchmark_{cohort}_p"] = _float(tested.p_value)


def benchmark_series(benchmark: Benchmark, plan: Plan, years: list[int]) -> dict[int, float]:
    """Return the benchmark level of each year that has one."""
    if benchmark.kind == "table":
        return {y: benchmark.values[y] for y in years if y in benchmark.values}
    pack = plan.rule_pack()
    return {} if pack is None else pack.benchmark(area=benchmark.area, years=years)


def _poverty(out: Collected, panel: Panel) -> None:
    if not panel.lines:
        out.omitted["poverty"] = Text(
            en="The plan gives no poverty line for these waves (plan.poverty.line).",
            zh="方案未给出这些年度的贫困线（plan.poverty.line）。",
        )
        return
    lined = [w for w in panel.waves if w in panel.lines]
    if lined != panel.waves:
        years = ", ".join(str(w) for w in panel.waves if w not in panel.lines)
        out.omitted["poverty_waves"] = Text(
            en=f"No poverty line is known for {years}; these waves are left out of poverty, exits and returns.",
            zh=f"{years}年没有贫困线，不参与贫困、脱贫与返贫计算。",
        )
    part = panel.where(panel.frame[panel.wave].isin(lined))
    out.facts["lines"] = {str(w): float(panel.lines[w]) for w in lined}
    for name, measure in (
        ("headcount", measures.headcount),
        ("gap", measures.gap),
        ("severity", measures.severity),
    ):
        out.attempt("poverty", name, lambda measure=measure: measure(part, by="wave"))  # type: ignore[misc]
    if len(lined) > 1 and "headcount" in out.estimates:
        headcount = out.estimates["headcount"]
        out.attempt("poverty", "headcount_change", lambda: headcount.difference("wave", lined[0], lined[-1]))


def _dynamics(out: Collected, panel: Panel) -> None:
    if "poverty" in out.omitted:
        out.omitted["dynamics"] = out.omitted["poverty"]
        return
    lined = [w for w in panel.waves if w in (panel.lines or {})]
    if len(lined) < 2:
        out.omitted["dynamics"] = Text(
            en="Exits and returns need at least two waves with a poverty line.",
            zh="脱贫与返贫至少需要两期有贫困线的数据。",
        )
        return
    part = panel.where(panel.frame[panel.wave].isin(lined))
    out.attempt("dynamics", "exit_rate", lambda: measures.exit_rate(part, by="wave"))
    out.attempt("dynamics", "entry_rate", lambda: measures.entry_rate(part, by="wave"))
    if len(lined) < 3:
        out.omitted["returns"] = Text(
            en="Returns to poverty need at least three waves: poor, out of poverty, poor again; the data have "
            f"{len(lined)}.",
            zh=f"返贫至少需要三期数据（贫困、脱贫、再次贫困）；现有数据只有{len(lined)}期。",
        )
        return
    out.attempt("returns", "return_rate", lambda: measures.return_rate(part, by="wave"))


def sample_table(panel: Panel) -> pd.DataFrame:
    """Return households, persons and villages observed in each wave."""
    frame = panel.frame
    parts = {"households": (panel.household, "nunique")}
    if panel.size is not None:
        parts["persons"] = (panel.size, "sum")
    if panel.village is not None:
        parts["villages"] = (panel.village, "nunique")
    table = frame.groupby(panel.wave).agg(**parts).reset_index(names="wave")
    table["welfare_missing"] = frame[panel.welfare].isna().groupby(frame[panel.wave]).sum().to_numpy()
    return table


def registry_exits(panel: Panel) -> pd.DataFrame | None:
    """Return households and persons by the registry's year of exit, at the latest wave; None without the field."""
    if "exit_year" not in panel.frame:
        return None
    latest = panel.frame.sort_values(panel.wave).drop_duplicates(panel.household, keep="last")
    years = latest["exit_year"].dropna()
    if years.empty:
        return None
    persons = pd.Series(panel.persons(), index=panel.frame.index).loc[years.index]
    grouped = pd.DataFrame({"exit_year": years.astype(int), "persons": persons}).groupby("exit_year")
    return grouped.agg(households=("persons", "size"), persons=("persons", "sum")).reset_index()


def _float(value: object) -> float | None:
    out = float(np.asarray(value, dtype=float).reshape(-1)[0])
    return None if np.isnan(out) else out
