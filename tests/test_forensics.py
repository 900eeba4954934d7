"""Forensic tests: worked examples, silence on honest data, detection of each forgery that `simulate` knows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import forensics, simulate
from evalkit.errors import DataError, EstimationError
from evalkit.forensics.density import first_bin
from evalkit.forensics.signal import (
    against_standard,
    against_typical,
    natural_correlation,
    upper_tail,
    weighted_median,
)
from evalkit.forensics.timing import poisson_binomial_tail
from evalkit.panel import Panel
from forensic_recall import CASES, Case, examined, measured


@pytest.fixture(scope="module")
def honest() -> simulate.SyntheticRegistry:
    """Return a clean synthetic registry of two counties, rosters of all waves."""
    return simulate.registry(seed=5, counties=2, rosters="all")


def test_an_honest_registry_raises_no_alarm(honest: simulate.SyntheticRegistry) -> None:
    found = examined(honest)
    table = found.summary()
    assert len(table) == 17
    assert not found.omitted
    assert table.loc[table["flagged"] > 0, "kind"].tolist() == []
    whole = table["kind"].str.endswith("_county")
    assert (table.loc[~whole, "units"] >= 5).all()
    assert table.loc[whole, "units"].tolist() == [2, 2]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.test)
def test_a_forgery_is_found_where_it_is_and_nowhere_else(
    honest: simulate.SyntheticRegistry, case: Case
) -> None:
    """One registry at full strength; docs/forensics.md has ten at three strengths."""
    units = measured(honest, case, 1.0, seed=3)
    flagged, large = units["flagged"].to_numpy(dtype=bool), units["large"].to_numpy(dtype=bool)
    assert large.any()
    assert flagged[large].mean() > 0.6
    touched = units["touched"].to_numpy(dtype=bool)
    if not touched.all():
        assert flagged[~touched].mean() <= 0.05


def test_the_page_keeps_what_is_asked_of_the_tests(root: Path) -> None:
    """Recall of 80 % from the stated size on, no more than 5 % false alarms, no flag above nominal on clean data."""
    text = (root / "docs" / "forensics.md").read_text(encoding="utf-8")
    sizes = re.findall(r"^\| (\w+) \| [^|]*\| ([\d.]+)% of [\d,]+ \| (?:-|([\d.]+)%) of", text, flags=re.M)
    assert [name for name, *_ in sizes] == [c.test for c in CASES]
    for name, recall, alarms in sizes:
        assert float(recall) >= 80, name
        assert not alarms or float(alarms) <= 5, name
    clean = re.findall(r"^\| (\w+) \| (\d+) of (\d+) \|", text, flags=re.M)
    assert len(clean) == 17
    for name, hit, n in clean:
        assert stats.binomtest(int(hit), int(n), 0.05, alternative="greater").pvalue > 0.05, name


def test_no_word_says_why(honest: simulate.SyntheticRegistry) -> None:
    for kind, signal in examined(honest).signals.items():
        said = " ".join([signal.title.en, signal.question.en, signal.method, *(t.en for t in signal.notes)])
        told = signal.title.zh + signal.question.zh + "".join(t.zh for t in signal.notes)
        assert not re.search(r"fraud|fake|forg|fabricat|cheat|manipulat|suspicious", said, flags=re.I), kind
        assert not re.search("造假|虚假|作弊|舞弊|弄虚|伪造|嫌疑|可疑", told), kind


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


def test_one_test_can_be_asked_for(honest: simulate.SyntheticRegistry) -> None:
    found = examined(honest, "padding", "mass_exits")
    assert list(found.signals) == ["padding", "mass_exits"]
    with pytest.raises(DataError, match="called heap; there are: heaping_county"):
        examined(honest, "heap")


def test_a_summary_without_tests_has_its_columns() -> None:
    empty = forensics.Examination({}).summary()
    assert empty.columns.tolist() == [
        "kind", "units", "flagged", "cases", "share", "largest_effect", "smallest_q"
    ]  # fmt: skip
    assert empty.empty


def test_interviewers_of_two_counties_with_one_name_are_two() -> None:
    rng = np.random.default_rng(4)
    rows = [
        {"county": c, "household": f"{c}{i}", "wave": 2016, "village": f"{c}v{i % 5}", "interviewer": f"Li {i % 6}",
         "income_pc": 3000.0 + 100 * i if c == "B" and i % 6 == 0 else 3000.0 + rng.integers(1, 99) + 100 * i}
        for c in "AB" for i in range(120)
    ]  # fmt: skip
    signal = forensics.terminal_digits(Panel(pd.DataFrame(rows), village="village"))
    assert len(signal.units) == 12
    assert signal.flagged[["county", "interviewer"]].values.tolist() == [["B", "Li 0"]]
    assert set(signal.cases["county"]) == {"B"}


def test_the_error_of_a_known_share_widens_the_tail() -> None:
    counts = pd.DataFrame({"county": ["a"], "n": [1000], "observed": [60]})
    sure = against_typical(counts, level=0.05, tolerance=0.0, known=0.04)
    assert sure["p_value"][0] == pytest.approx(stats.binom.sf(59, 1000, 0.04))
    unsure = against_typical(counts, level=0.05, tolerance=0.0, known=0.04, known_error=0.01)
    # beta with mean 0.04 and standard deviation 0.01
    size = 0.04 * 0.96 / 0.01**2 - 1
    assert unsure["p_value"][0] == pytest.approx(stats.betabinom.sf(59, 1000, 0.04 * size, 0.96 * size))
    assert unsure["p_value"][0] > 20 * sure["p_value"][0]


def test_villages_that_all_settle_at_one_meeting_are_not_apart() -> None:
    rows = [
        {"household": f"{v}-{i}", "village": f"v{v:02d}", "exit_month": f"2016{v % 12 + 1:02d}"}
        for v in range(24)
        for i in range(10)
    ]
    crowded = forensics.same_month(pd.DataFrame(rows), "exit_month")
    assert crowded.units["share"].tolist() == [1.0] * 24
    assert not crowded.units["flagged"].any()


def test_the_month_shown_is_the_least_likely_one() -> None:
    def village(name: str, months: list[int]) -> list[dict[str, str]]:
        return [
            {"household": f"{name}-{i}", "village": name, "exit_month": f"2016{m:02d}"}
            for i, m in enumerate(months)
        ]

    rows = [r for v in "abcdefgh" for r in village(v, [12] * 12 + [1, 2, 3, 4, 5, 6, 7, 8])]
    rows += village("z", [12] * 10 + [3] * 9 + [4])
    units = forensics.same_month(pd.DataFrame(rows), "exit_month").units.set_index("village")
    assert (units.loc["z", "month"], units.loc["z", "observed"]) == ("03", 9)
    assert units["flagged"].tolist() == [False] * 8 + [True]


def test_a_risk_that_ends_before_it_begins_is_not_an_early_end() -> None:
    rows = [(f"h{i}", f"v{i % 6}", "202006", "202005" if i % 6 == 0 else "202011") for i in range(60)]
    frame = pd.DataFrame(rows, columns=["household", "village", "monitored_month", "eliminated_month"])
    units = forensics.early_elimination(frame).units
    assert units["village"].tolist() == ["v1", "v2", "v3", "v4", "v5"]
    assert not units["flagged"].any()


def test_support_withheld_thinly_shows_in_the_county() -> None:
    homes = pd.DataFrame({"household": [f"h{i}" for i in range(400)], "exit_year": 2016, "county": "990101"})
    homes["village"] = [f"v{i % 40:02d}" for i in range(400)]
    supported = homes["household"][~homes.index.isin(range(0, 400, 20))]  # one in twenty has none
    programs = pd.DataFrame({"household": supported, "program_start": 2015})
    by_county = forensics.exits_without_support(homes, programs, unit=("county",)).units
    assert by_county["observed"].tolist() == [20]
    assert by_county["p_value"][0] == pytest.approx(stats.binom.sf(19, 400, 0.02))
    assert by_county["flagged"].tolist() == [True]
    thin = forensics.exits_without_support(homes, programs.iloc[:-1])
    assert len(thin.units) == 40


def test_a_plan_for_everybody_is_hit_by_everybody() -> None:
    plan = pd.DataFrame({"village": list("abcdef"), "planned": 4.0, "actual": 4, "poor": 4})
    assert forensics.exits_on_plan(plan).units["p_value"][0] < 1e-4
    assert forensics.exits_on_plan(plan, eligible="poor").units["p_value"][0] == 1.0
    with pytest.raises(DataError, match="6 of 6 units plan more exits than poor allows"):
        forensics.exits_on_plan(plan.assign(poor=3), eligible="poor")


def test_amounts_known_in_one_year_only_do_not_make_a_jump() -> None:
    def years(i: int, transfers: list[float]) -> list[dict[str, object]]:
        return [
            {"household": f"h{i}", "wave": w, "village": f"v{i // 12}", "exit_year": 2016, "size": 1,
             "income_pc": 2600.0 + i, "transfer_income": t}
            for w, t in zip((2015, 2016, 2017), transfers, strict=True)
        ]  # fmt: skip

    nan = np.nan
    rows = [r for i in range(72) for r in years(i, [800.0, 800.0, 800.0])]
    rows += [r for i in range(72, 84) for r in years(i, [100.0, 900.0, 100.0])]
    rows += [r for i in range(84, 96) for r in years(i, [nan, 900.0, nan])]
    panel = Panel(
        pd.DataFrame(rows),
        county=None,
        village="village",
        size="size",
        lines=dict.fromkeys((2015, 2016, 2017), 2500.0),
    )
    signal = forensics.padding(panel)
    assert signal.flagged["village"].tolist() == ["v6"]
    assert "v7" not in signal.units["village"].tolist()


def test_one_interviewer_does_not_shift_what_others_are_held_against() -> None:
    rng = np.random.default_rng(6)
    rows = [
        {"household": f"h{i}", "wave": w, "village": f"v{i // 15}", "interviewer": f"{i // 15}-{w}",
         "income_pc": 4000 * np.exp(rng.normal(0, 0.1) + 0.05 * (w - 2014) + (0.3 if (i // 15, w) == (2, 2016) else 0))}
        for i in range(150) for w in range(2014, 2019)
    ]  # fmt: skip
    signal = forensics.interviewer_effects(Panel(pd.DataFrame(rows), county=None, village="village"))
    assert signal.flagged["interviewer"].tolist() == ["2-2016"]
    assert signal.flagged["effect"][0] == pytest.approx(0.3, abs=0.08)
    others = signal.units[signal.units["interviewer"].str.startswith("2-") & ~signal.units["flagged"]]
    assert others["effect"].abs().max() < 0.09


def test_allowances_raised_for_all_are_not_equal_growth() -> None:
    def year(i: int, w: int, wage: float, pension: float) -> dict[str, object]:
        return {
            "household": f"h{i}", "wave": w, "village": f"v{i // 12}", "income_pc": wage + pension,
            "wage_income": wage, "pension": pension, "transfer_income": pension,
        }  # fmt: skip

    rng = np.random.default_rng(8)
    rows = []
    for i in range(96):
        wage = 0.0 if i >= 84 else float(rng.integers(2000, 6000))
        later = 0.0 if not wage else wage * (1.1 if 72 <= i < 84 else float(rng.uniform(0.9, 1.3)))
        pension = 1000.0 + (0.0 if i >= 84 else float(rng.integers(1, 400)))
        rows += [year(i, 2016, wage, pension), year(i, 2017, later, pension * 1.1)]
    signal = forensics.identical_growth(Panel(pd.DataFrame(rows), county=None, village="village"))
    assert signal.flagged["village"].tolist() == ["v6"]
    assert "v7" not in signal.units["village"].tolist()
