"""Do intervals hold what they say? A known synthetic population, samples of it, and every measure.

The population has three waves, six strata of 40 to 90 villages, 8 to 16 households a village and log-normal incomes
with village effects (a sixth of the log variance), lasting and passing household differences, and incomes heaped
on and just above the line, as in registers. A sample takes ten villages a stratum, all their households, all waves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.estimate import Estimate
from evalkit.panel import Panel

LINE, WAVES, VILLAGES = 4000.0, (2016, 2017, 2018), 10
SEED = 20_201_123
SPAN = {"frm": 2016, "to": 2018}
THREE = ek.Deprivations(
    {"income": f"income_pc < {LINE}", "home": "home == 0", "water": "water == 0"}, weights=None, cutoff=0.6
)
FREQUENT = ek.Deprivations(
    {"income": "income_pc < 7000", "home": "home == 0", "water": "water == 0"}, weights=None, cutoff=0.3
)


@dataclass(frozen=True)
class Covered:
    """A measure whose interval is tried.

    Parameters
    ----------
    name : str
    measure : callable
    waves : int
        1: the last wave alone; 3: the panel.
    """

    name: str
    measure: Callable[[Panel], Estimate]
    waves: int = 1


@lru_cache(maxsize=2)
def population(*, heaped: bool = True) -> pd.DataFrame:
    """Return every household-wave of the population; without heaps the incomes are the same but for those beside the line."""
    rng = np.random.default_rng(SEED)
    sizes = np.array([40, 50, 60, 70, 80, 90])
    stratum_of = np.repeat(np.arange(6), sizes)
    households = rng.integers(8, 17, len(stratum_of))
    village = np.repeat(np.arange(len(stratum_of)), households)
    n, stratum = len(village), stratum_of[village]
    level = 8.45 + 0.05 * stratum + rng.normal(0, 0.2, len(stratum_of))[village] + rng.normal(0, 0.38, n)
    persons = rng.integers(1, 7, n)
    home, water = rng.random(n) > 0.15 - 0.06 * (level - 8.5), rng.random(n) > 0.25
    waves = []
    for t, wave in enumerate(WAVES):
        income = np.exp(level + 0.1 * t - 0.03 * t * (level - 8.6) + rng.normal(0, 0.25, n))
        near = heaped & (income > 0.96 * LINE) & (income < 1.08 * LINE) & (rng.random(n) < 0.5)
        income = np.where(near, LINE * np.where(rng.random(n) < 0.4, 1.0, 1 + 0.03 * rng.random(n)), income)
        income = np.round(income, 2)
        share = rng.beta(2, 6, n)
        columns = {
            "household": np.arange(n), "wave": wave, "county": np.where(stratum < 3, "A", "B"), "stratum": stratum,
            "village": village, "villages": sizes[stratum].astype(float),
            "size": persons, "income_pc": income, "transfer": np.round(share * income, 2), "home": home.astype(float),
            "water": np.where(t == 2, water | (rng.random(n) > 0.6), water).astype(float),
        }  # fmt: skip
        waves.append(pd.DataFrame(columns))
    frame = pd.concat(waves, ignore_index=True)
    return frame.assign(rest=frame["income_pc"] - frame["transfer"])


def panel_of(frame: pd.DataFrame, *, census: bool = False) -> Panel:
    """Return a panel of the whole population or of a sample."""
    design = SurveyDesign(weight="w", strata="stratum", psu="village", fpc="villages")
    if census:
        frame, design = frame.assign(w=1.0), SurveyDesign(weight="w", psu="village", census=True)
    return Panel(
        frame, size="size", village="village", design=design, poor_at_line=False, price_year=2018,
        lines=dict.fromkeys(WAVES, LINE), deflators={2016: 100.0, 2017: 102.0, 2018: 105.0}, synthetic=True,
    )  # fmt: skip


def draw(number: int, villages: int = VILLAGES, *, heaped: bool = True) -> Panel:
    """Return sample `number`: so many villages of every stratum, without replacement, all their households."""
    rng = np.random.default_rng([SEED, number])
    frame = population(heaped=heaped)
    listed = frame[["village", "stratum"]].drop_duplicates()
    taken = [
        rng.choice(part["village"].to_numpy(), villages, replace=False)
        for _, part in listed.groupby("stratum")
    ]
    rows = frame[frame["village"].isin(np.concatenate(taken))].reset_index(drop=True)
    return panel_of(rows.assign(w=rows["villages"] / villages))


def last_wave(panel: Panel) -> Panel:
    """Return the panel of the last wave."""
    return replace(panel, frame=panel.frame[panel.frame["wave"] == WAVES[-1]].reset_index(drop=True))


def _mean_slopes(panel: Panel) -> Estimate:
    return ek.regression_to_mean(panel, **SPAN, third=2017).slopes


def _groups(panel: Panel) -> Estimate:
    return ek.group_change(panel, "county", LINE, **SPAN).overall


def _trace(panel: Panel) -> Estimate:
    return ek.trace_mobility(ek.transition_matrix(panel, groups=3, **SPAN))


P = (0.1, 0.25, 0.5, 0.75, 0.9)
ONE_WAVE: dict[str, Callable[[Panel], Estimate]] = {
    "headcount": lambda p: ek.headcount(p, LINE),
    "headcount by county": lambda p: ek.headcount(p, LINE, by="county"),
    "headcount of the very poor": lambda p: ek.headcount(p, 2400),
    "headcount at or below the line": lambda p: ek.headcount(p, LINE, poor_at_line=True),
    "gap": lambda p: ek.gap(p, LINE),
    "severity": lambda p: ek.severity(p, LINE),
    "watts": lambda p: ek.watts(p, LINE),
    "sen": lambda p: ek.sen(p, LINE),
    "sst": lambda p: ek.sst(p, LINE),
    "income_gap_ratio": lambda p: ek.income_gap_ratio(p, LINE),
    "gap_amount": lambda p: ek.gap_amount(p, LINE),
    "near_line": lambda p: ek.near_line(p, LINE),
    "arpr": ek.arpr,
    "arpr, half the median": lambda p: ek.arpr(p, share=0.5),
    "arpt": ek.arpt,
    "relative_gap": ek.relative_gap,
    "poor_median": ek.poor_median,
    "relative_fgt 1": lambda p: ek.relative_fgt(p, 1),
    "relative_watts": ek.relative_watts,
    "relative_median_ratio": lambda p: ek.relative_median_ratio(p, "size > 3"),
    "dominance, order 1": lambda p: ek.dominance(p, (2800.0, LINE, 6000.0), order=1),
    "mean": ek.mean,
    "total": lambda p: ek.total(p, "transfer"),
    "ratio": lambda p: ek.ratio(p, "transfer", "income_pc"),
    "proportion": lambda p: ek.proportion(p, "home == 0"),
    "quantile .1": lambda p: ek.quantile(p, q=0.1),
    "median": ek.quantile,
    "quantile .9": lambda p: ek.quantile(p, q=0.9),
    "gini": ek.gini,
    "gini by county": lambda p: ek.gini(p, by="county"),
    "atkinson 0.5": lambda p: ek.atkinson(p, 0.5),
    "atkinson 1": lambda p: ek.atkinson(p, 1),
    "atkinson 2": lambda p: ek.atkinson(p, 2),
    "mean log deviation": lambda p: ek.generalised_entropy(p, 0),
    "theil": lambda p: ek.generalised_entropy(p, 1),
    "entropy 2": lambda p: ek.generalised_entropy(p, 2),
    "j_divergence": ek.j_divergence,
    "zenga": ek.zenga,
    "lorenz": lambda p: ek.lorenz(p, points=P),
    "income_shares": lambda p: ek.income_shares(p, cuts=(0, 0.2, 0.4, 0.9, 1)),
    "quintile_share_ratio": ek.quintile_share_ratio,
    "palma": ek.palma,
    "percentile_ratio": ek.percentile_ratio,
    "gini_by_source": lambda p: ek.gini_by_source(p, ["transfer", "rest"]),
    "shapley_sources, gini": lambda p: ek.shapley_sources(p, ["transfer", "rest"], "gini"),
    "shapley_sources, gap": lambda p: ek.shapley_sources(p, ["transfer", "rest"], "gap", line=LINE),
    "decompose_groups": lambda p: ek.decompose_groups(p, "county", LINE, 1),
    "growth_elasticity, gap": lambda p: ek.growth_elasticity(p, LINE),
    "exit_sustainability": lambda p: ek.exit_sustainability(
        p, LINE, parts={"transfers": ["transfer"]}, per_head=True
    ),
    "multidimensional_poverty": lambda p: ek.multidimensional_poverty(p, THREE),
    "multidimensional_poverty, frequent": lambda p: ek.multidimensional_poverty(p, FREQUENT),
    "deprivation_headcounts": lambda p: ek.deprivation_headcounts(p, THREE),
    "deprivation_contributions": lambda p: ek.deprivation_contributions(p, THREE),
}
PANEL: dict[str, Callable[[Panel], Estimate]] = {
    "growth of the mean": lambda p: ek.growth(p, **SPAN),
    "growth of the median": lambda p: ek.growth(p, **SPAN, stat="median"),
    "growth of the mean log": lambda p: ek.growth(p, **SPAN, stat="log"),
    "benchmark_growth": lambda p: ek.benchmark_growth(p, benchmark=0.1, **SPAN).estimate,
    "growth_incidence": lambda p: ek.growth_incidence(p, **SPAN, quantiles=P),
    "growth_incidence, same households": lambda p: ek.growth_incidence(
        p, **SPAN, quantiles=(0.25, 0.5, 0.75), anonymous=False
    ),
    "regression_to_mean, slopes": _mean_slopes,
    "ravallion_chen": lambda p: ek.ravallion_chen(p, LINE, **SPAN),
    "pro_poor_growth, gap": lambda p: ek.pro_poor_growth(p, LINE, **SPAN),
    "pro_poor_growth, headcount": lambda p: ek.pro_poor_growth(p, LINE, **SPAN, measure="headcount"),
    "datt_ravallion, gap": lambda p: ek.datt_ravallion(p, LINE, **SPAN, measure="gap"),
    "datt_ravallion, headcount": lambda p: ek.datt_ravallion(p, LINE, **SPAN),
    "datt_ravallion, headcount, line 5500": lambda p: ek.datt_ravallion(p, 5500, **SPAN),
    "shapley_growth, watts": lambda p: ek.shapley_growth(p, LINE, **SPAN, measure="watts"),
    "shapley_growth, headcount": lambda p: ek.shapley_growth(p, LINE, **SPAN),
    "shapley_growth with the line, gap": lambda p: ek.shapley_growth(
        p, LINE, **SPAN, measure="gap", with_line=True
    ),
    "group_change": _groups,
    "transitions": lambda p: ek.transitions(p, LINE, **SPAN),
    "transition_matrix, thirds": lambda p: ek.transition_matrix(p, groups=3, **SPAN),
    "trace_mobility": _trace,
    "entry_rate": lambda p: ek.entry_rate(p, LINE),
    "exit_rate": lambda p: ek.exit_rate(p, LINE),
    "return_rate": lambda p: ek.return_rate(p, LINE),
    "spell_survival": lambda p: ek.spell_survival(p, LINE),
    "chronic_poverty": lambda p: ek.chronic_poverty(p, LINE),
    "chronic_poverty, EDE": lambda p: ek.chronic_poverty(p, LINE, method="ede"),
    "fields_ok": lambda p: ek.mobility(p, **SPAN),
    "shorrocks_gini": lambda p: ek.mobility(p, **SPAN, measure="shorrocks_gini"),
    "spearman": lambda p: ek.mobility(p, **SPAN, measure="spearman"),
    "log_correlation": lambda p: ek.mobility(p, **SPAN, measure="log_correlation"),
    "deprivation_change": lambda p: ek.deprivation_change(p, THREE, **SPAN),
}
CASES = [*(Covered(n, m) for n, m in ONE_WAVE.items()), *(Covered(n, m, 3) for n, m in PANEL.items())]


def truths(cases: Iterable[Covered], *, heaped: bool = True) -> dict[str, Estimate]:
    """Return each measure of the whole population."""
    whole = panel_of(population(heaped=heaped), census=True)
    last = last_wave(whole)
    return {c.name: c.measure(last if c.waves == 1 else whole) for c in cases}


def try_sample(
    number: int, cases: Iterable[Covered], villages: int = VILLAGES, *, heaped: bool = True
) -> pd.DataFrame:
    """Return the estimates of one sample: ``measure, at, estimate, std_error, low, high``.

    `at` is the place of a value among those of its measure.
    """
    whole = draw(number, villages, heaped=heaped)
    last = last_wave(whole)
    parts = []
    for case in cases:
        found = case.measure(last if case.waves == 1 else whole)
        limits = found.confint()
        columns = {
            "measure": case.name, "at": range(len(found)), "estimate": found.values, "std_error": found.std_error,
            "low": limits.low, "high": limits.high,
        }  # fmt: skip
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def summarise(samples: pd.DataFrame, truth: dict[str, Estimate]) -> pd.DataFrame:
    """Return one row a value: truth, mean estimate, its spread, mean standard error, coverage.

    Coverage is the share of the samples whose limits hold the true value; limits that are absent do not. Values that
    are the same in every sample (shares of groups that nobody leaves) are left out.
    """
    rows = []
    for (name, at), part in samples.groupby(["measure", "at"], sort=False):
        true = truth[name].values[at]
        if part["estimate"].std() <= 1e-12 * max(abs(true), 1.0):
            continue  # the same in every sample: nothing to be covered
        low, high = part["low"].fillna(-np.inf), part["high"].fillna(np.inf)
        known = part["std_error"].notna() & part["estimate"].notna()
        label = "/".join(map(str, truth[name].keys.iloc[at])) if len(truth[name].keys.columns) else ""
        row = {
            "measure": name, "value": label, "true": true, "mean": part["estimate"].mean(),
            "sd": part["estimate"].std(), "mean_se": part["std_error"].mean(),
            "coverage": ((low <= true) & (true <= high) & known).mean(), "samples": len(part),
            "without": int((~known).sum()), "low": (high < true).mean(), "high": (low > true).mean(),
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)
