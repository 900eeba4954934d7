"""Forensic tests: worked examples, silence on honest data, detection of each forgery that `simulate` knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import forensics, simulate
from evalkit.errors import DataError, EstimationError
from evalkit.forensics.density import first_bin
from evalkit.forensics.signal import against_standard, natural_correlation, upper_tail, weighted_median
from evalkit.forensics.timing import poisson_binomial_tail
from evalkit.panel import Panel
from evalkit.simulate.incomes import LINE
from evalkit.simulate.monitoring import MONITORING_LINE
from evalkit.simulate.people import WAVES

LINES = {int(w): float(z) for w, z in zip(WAVES, LINE, strict=True)}


@pytest.fixture(scope="module")
def honest() -> simulate.SyntheticRegistry:
    """Return a clean synthetic registry of two counties, rosters of all waves."""
    return simulate.registry(seed=5, counties=2, rosters="all")


def panel_of(made: simulate.SyntheticRegistry) -> Panel:
    frame = made.households.reset_index(drop=True)
    return Panel(frame, size="size", village="village", lines=LINES, synthetic=True)


def examined(made: simulate.SyntheticRegistry) -> forensics.Examination:
    return forensics.examine(
        panel_of(made), programs=made.programs, survey=made.survey, monitoring_line={2020: MONITORING_LINE}
    )


def test_an_honest_registry_raises_no_alarm(honest: simulate.SyntheticRegistry) -> None:
    found = examined(honest)
    table = found.summary()
    assert len(table) == 15
    assert not found.omitted
    assert table.loc[table["flagged"] > 0, "kind"].tolist() == []
    assert (table["units"] >= 5).all()


FORGED = {
    "heaping_monitoring": "heaping_monitoring",
    "terminal_digits": "terminal_digits",
    "copied_households": "copied_households",
    "identical_growth": "identical_growth",
    "frozen_fields": "frozen_accounts",
    "padding": "padding",
    "split_lookback": "short_lived_households",
    "mass_exits": "mass_exits",
    "early_elimination": "early_elimination",
    "survey_differences": "survey_differences",
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forgery_is_found_where_it_is_and_nowhere_else(
    honest: simulate.SyntheticRegistry, kind: str
) -> None:
    forged = simulate.distort(honest, {kind: 1.0}, seed=3)
    signal = examined(forged.registry).signals[FORGED[kind]]
    units, truth = signal.units, forged.truth[forged.truth["table"] != "member"]
    homes = forged.registry.households.reset_index(drop=True)
    keys = [c for c in units.columns if c in ("county", "village", "wave", "year", "interviewer")]
    rows = truth.copy()
    if "interviewer" in keys:
        rows["interviewer"] = homes.loc[rows["row"].astype(int), "interviewer"].to_numpy()
    if "year" in keys:
        rows["year"] = homes.loc[rows["row"].astype(int), "exit_month"].str[:4].to_numpy()
    touched = set(map(tuple, rows[keys].astype(str).to_numpy()))
    true = np.array([tuple(map(str, u)) in touched for u in units[keys].to_numpy()])
    flagged = units["flagged"].to_numpy(dtype=bool)
    assert true.any()
    assert flagged[true].mean() > 0.6
    assert flagged[~true].mean() < 0.05
    assert len(signal.cases)
    assert "fraud" not in (signal.title.en + signal.question.en + signal.method).lower()


def test_the_heap_is_compared_with_the_density_further_up() -> None:
    rng = np.random.default_rng(1)
    far = rng.uniform(0, 0.5, 20_000)
    smooth = first_bin(far, 0.02, 0.5)
    assert smooth.share == pytest.approx(0.04, abs=3 * smooth.std_error)
    heaped = first_bin(np.concatenate([far, np.full(2000, 0.01)]), 0.02, 0.5)
    assert heaped.share == pytest.approx(smooth.share)
    with pytest.raises(EstimationError, match="no density"):
        first_bin(far[:50], 0.02, 0.5)
    with pytest.raises(EstimationError, match="widen"):
        first_bin(far, 0.1, 0.5)


def test_a_standard_is_judged_by_the_exact_binomial() -> None:
    counts = pd.DataFrame({"village": ["a", "b"], "n": [20, 20], "observed": [1, 6]})
    units = against_standard(counts, level=0.05, standard=0.05)
    assert units["p_value"].tolist() == pytest.approx([1 - 0.95**20, stats.binom.sf(5, 20, 0.05)])
    assert units["q_value"].tolist() == pytest.approx([1 - 0.95**20, 2 * stats.binom.sf(5, 20, 0.05)])
    assert units["flagged"].tolist() == [False, True]
    assert units["effect"].tolist() == pytest.approx([0.0, 0.25])


def test_units_that_differ_by_nature_are_allowed_for() -> None:
    rng = np.random.default_rng(2)
    n = np.full(20_000, 50.0)
    alike, apart = rng.binomial(50, 0.2, len(n)), rng.binomial(50, rng.beta(10, 10, len(n)))
    assert natural_correlation(alike.astype(float), n, 0.2) < 0.01
    assert natural_correlation(apart.astype(float), n, 0.5) == pytest.approx(1 / 21, rel=0.15)
    rho = 1 / 21
    tail = upper_tail(np.array([20.0]), np.array([50.0]), np.array([0.2]), rho)
    assert tail[0] > 10 * stats.binom.sf(19, 50, 0.2)


def test_weighted_median_and_exact_hits() -> None:
    assert weighted_median(np.array([0.0, 1.0]), np.array([1.0, 3.0])) == 1.0
    assert np.isnan(weighted_median(np.array([np.nan]), np.array([1.0])))
    assert poisson_binomial_tail(0, np.array([0.3, 0.4])) == pytest.approx(1)
    assert poisson_binomial_tail(2, np.array([0.3, 0.4])) == pytest.approx(0.12)


def test_exits_that_equal_the_plan() -> None:
    plan = pd.DataFrame(
        {"township": list("abcdef"), "planned": [100.0] * 6, "actual": [100, 100, 100, 100, 100, 97]}
    )
    signal = forensics.exits_on_plan(plan)
    chance = stats.poisson.pmf(100, 100)
    assert signal.units["observed"][0] == 5
    assert signal.units["p_value"][0] == pytest.approx(stats.binom.sf(4, 6, chance))
    assert signal.cases["township"].tolist() == list("abcde")
    with pytest.raises(DataError, match="1 of 6 are not"):
        forensics.exits_on_plan(plan.assign(planned=[0.0, *[100.0] * 5]))


def test_one_month_for_all() -> None:
    months = [f"2016{m:02d}" for m in range(1, 13)]
    rows = [
        {"household": f"{v}-{i}", "village": v, "exit_month": months[(i + ord(v)) % 12]}
        for v in "abcdef"
        for i in range(12)
    ]
    rows += [{"household": f"z-{i}", "village": "z", "exit_month": "201612"} for i in range(12)]
    signal = forensics.same_month(pd.DataFrame(rows), "exit_month")
    units = signal.units.set_index("village")
    assert units.loc["z", "observed"] == 12
    assert units.loc["z", "month"] == "12"
    assert units["flagged"].to_dict() == {**dict.fromkeys("abcdef", False), "z": True}
    assert len(signal.cases) == 12


def test_what_the_data_do_not_allow_is_said() -> None:
    rows = [(f"h{i}", w, f"v{i // 5}", 3000.0 + 10 * i + w) for i in range(30) for w in (2016, 2017)]
    frame = pd.DataFrame(rows, columns=["household", "wave", "village", "income_pc"])
    found = forensics.examine(
        Panel(frame, county=None, village="village", lines={2016: 2000.0, 2017: 2000.0})
    )
    assert set(found.signals) == {"identical_growth"}
    assert "exit_year" in found.omitted["padding"].en or "size" in found.omitted["padding"].en
    assert all(t.zh for t in found.omitted.values())


def test_a_copied_account_needs_earnings() -> None:
    def row(village: int, i: int, wage: float) -> dict[str, object]:
        return {
            "household": f"{village}-{i}", "wave": 2016, "village": f"v{village}", "income_pc": wage + 900,
            "wage_income": wage, "operating_income": 0.0, "transfer_income": 900.0, "pension": 900.0,
        }  # fmt: skip

    rows = [row(v, i, 1000.0 + 37 * i + v) for v in range(8) for i in range(10)]
    rows += [row(8, i, 5000.0) for i in range(10)]  # all the same wage
    rows += [row(9, i, 0.0) for i in range(10)]  # all on the same allowance
    signal = forensics.copied_households(Panel(pd.DataFrame(rows), county=None, village="village"))
    assert signal.flagged["village"].tolist() == ["v8"]
    assert "v9" not in signal.units["village"].tolist()
