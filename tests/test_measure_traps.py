"""Properties that every measure must have, whatever the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.sums import add
from measure_cases import CASES, DESIGN, LINE, Case, Measure, make_frame, make_panel

MEASURES = {case.name: case.measure for case in CASES}
each_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))


def same(one: Estimate, other: Estimate, rel: float = 1e-9) -> None:
    pd.testing.assert_frame_equal(one.keys, other.keys)
    np.testing.assert_allclose(other.values, one.values, rtol=rel, atol=1e-12)
    np.testing.assert_allclose(other.cov, one.cov, rtol=rel, atol=1e-12)
    np.testing.assert_allclose(other.df, one.df, rtol=1e-6)
    np.testing.assert_array_equal(other.n, one.n)


@each_measure
def test_there_is_something_to_test(measure: Measure) -> None:
    found = measure(make_panel())
    assert np.isfinite(found.values).all()
    assert (found.std_error > 0).all()
    assert found.about.citation
    assert found.about.unit
    assert found.about.notes


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_scale_of_weights_changes_nothing_but_totals(case: Case) -> None:
    frame, measure = make_frame(), case.measure
    whole = frame["w"].sum()
    one, other = (measure(make_panel(f), by="county") for f in (frame, frame.assign(w=frame["w"] / whole)))
    factor = whole if case.total else 1.0
    same(one, replace(other, values=other.values * factor, cov=other.cov * factor**2))


@each_measure
def test_the_order_of_rows_changes_nothing(measure: Measure) -> None:
    frame = make_frame()
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    same(measure(make_panel(frame), by="county"), measure(make_panel(shuffled), by="county"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_household_split_in_two_changes_nothing(case: Case) -> None:
    frame, measure = make_frame(), case.measure
    one = frame["household"] == 17
    half = frame.assign(size=np.where(one, frame["size"] / 2, frame["size"]))
    split = pd.concat([half, half[one].assign(household=9999)], ignore_index=True)
    before, after = measure(make_panel(frame)), measure(make_panel(split))
    # the bandwidth of a kernel density follows the effective number of rows, its variance the bandwidth
    np.testing.assert_allclose(after.values, before.values, rtol=1e-3 if case.density else 1e-9)
    rel = 2e-3 if case.density else 1e-3 if case.kernel else 1e-9
    np.testing.assert_allclose(after.cov, before.cov, rtol=rel, atol=1e-12)


@each_measure
def test_the_callers_frame_is_untouched(measure: Measure) -> None:
    frame = make_frame()
    copy = frame.copy(deep=True)
    measure(make_panel(frame), by="county")
    pd.testing.assert_frame_equal(frame, copy)


@each_measure
def test_domains_equal_subpopulations(measure: Measure) -> None:
    panel = make_panel()
    split = measure(panel, by="county")
    for county in ("A", "B"):
        alone = measure(panel.where(f"county == '{county}'"))
        part = split.where(county=county)
        np.testing.assert_allclose(alone.values, part.values, rtol=1e-9)
        np.testing.assert_allclose(alone.cov, part.cov, rtol=1e-9)
        np.testing.assert_allclose(alone.df, part.df, rtol=1e-6)


@each_measure
def test_a_domain_without_observations_is_blank_and_noted(measure: Measure) -> None:
    frame = make_frame()
    gone = frame["county"] == "B"
    frame.loc[gone, ["income_pc", "transfer"]] = np.nan
    found = measure(make_panel(frame), by="county")
    empty = found.where(county="B")
    assert np.isnan(empty.values).all()
    assert (empty.n == 0).all()
    assert np.isnan(empty.std_error).all()
    assert np.isfinite(found.where(county="A").values).all()
    assert any("no observations" in n.en for n in found.about.notes)
    assert len(found.tidy()) == len(found)


MOVING = {case.name for case in CASES if case.moving}


@pytest.mark.parametrize("name", [m for m in MEASURES if m not in MOVING])
def test_a_subpopulation_that_is_empty_is_blank(name: str) -> None:
    nobody = make_panel().where(np.zeros(480, dtype=bool))
    found = MEASURES[name](nobody)
    assert np.isnan(found.values).all()
    assert (found.n == 0).all()
    assert len(found.tidy()) == len(found)
    assert any("no observations" in n.en for n in found.about.notes)


@pytest.mark.parametrize("name", sorted(MOVING))
def test_change_in_an_empty_subpopulation_is_refused(name: str) -> None:
    nobody = make_panel().where(np.zeros(480, dtype=bool))
    with pytest.raises(EstimationError, match="wave"):
        MEASURES[name](nobody)


@each_measure
def test_missing_welfare_is_left_out_and_counted(measure: Measure) -> None:
    frame = make_frame()
    lost = frame["household"] == 5
    kept = make_panel(frame).where(~lost)
    frame.loc[lost, ["income_pc", "transfer"]] = np.nan
    found = measure(make_panel(frame))
    np.testing.assert_allclose(found.values, measure(kept).values, rtol=1e-9)
    np.testing.assert_allclose(found.cov, measure(kept).cov, rtol=1e-9)


@each_measure
def test_one_village_strata_are_an_error_unless_a_rule_is_chosen(measure: Measure) -> None:
    frame = make_frame()
    frame = frame[(frame["stratum"] > 0) | (frame["village"] == 0)].reset_index(drop=True)
    with pytest.raises(DesignError, match="1 of 4 strata"):
        measure(make_panel(frame))
    found = measure(make_panel(frame, replace(DESIGN, single_psu="centre")))
    assert np.isfinite(found.std_error).all()


@each_measure
def test_a_census_has_no_interval(measure: Measure) -> None:
    found = measure(make_panel(design=replace(DESIGN, census=True)))
    assert (found.std_error == 0).all()
    assert np.isposinf(found.df).all()
    assert np.isnan(found.confint().low).all()
    assert any("whole population" in n.en for n in found.about.notes)


@pytest.mark.parametrize("name", ["headcount", "gap", "severity", "mean", "proportion"])
def test_domains_add_up_to_the_whole(name: str) -> None:
    panel = make_panel()
    parts, whole = MEASURES[name](panel, by=["county", "wave"]), MEASURES[name](panel)
    persons = ek.total(make_panel(panel.frame.assign(one=1)), "one", by=["county", "wave"]).values
    assert persons @ parts.values / persons.sum() == pytest.approx(whole.values[0], rel=1e-12)


def test_county_totals_computed_apart_add_to_the_pooled_total() -> None:
    panel = make_panel()
    apart = [ek.total(panel.in_county(c), "income_pc", by="wave") for c in panel.counties]
    pooled, summed = ek.total(panel, "income_pc", by="wave"), add(apart)
    variance, df = (np.array([x(e) for e in apart]) for x in (lambda e: e.std_error**2, lambda e: e.df))
    by_hand = variance.sum(axis=0) ** 2 / (variance**2 / df).sum(axis=0)  # Satterthwaite 1946
    assert summed.df == pytest.approx(by_hand)
    assert (by_hand < df.sum(axis=0)).all()
    same(replace(pooled, df=by_hand), summed, rel=1e-12)


def test_a_change_between_waves_uses_their_covariance() -> None:
    found = ek.mean(make_panel(), by="wave")
    change = found.difference("wave", frm=2016, to=2018)
    apart = np.sqrt(found.std_error[0] ** 2 + found.std_error[2] ** 2)
    assert found.cov[0, 2] > 0
    assert change.std_error[0] == pytest.approx(np.sqrt(apart**2 - 2 * found.cov[0, 2]))


SMOOTH = [case.name for case in CASES if case.smooth]


@pytest.mark.parametrize("name", SMOOTH)
def test_covariance_equals_the_infinitesimal_jackknife(name: str) -> None:
    """Scale the weights of one village at a time: the derivative is that village's summed influence."""
    frame, measure, step = make_frame(), MEASURES[name], 1e-4

    def scaled(village: int, factor: float) -> np.ndarray:
        w = np.where(frame["village"] == village, frame["w"] * factor, frame["w"])
        return measure(make_panel(frame.assign(w=w)), by="county").values

    slopes = np.array([(scaled(v, 1 + step) - scaled(v, 1 - step)) / (2 * step) for v in range(20)])
    centred = (slopes.reshape(4, 5, -1) - slopes.reshape(4, 5, -1).mean(axis=1, keepdims=True)).reshape(
        20, -1
    )
    expected = 5 / 4 * centred.T @ centred
    found = measure(make_panel(frame), by="county").cov
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_movements_count_with_the_earlier_weight_and_size() -> None:
    rows = [("a", 1, 1, 3, 5), ("a", 2, 9, 1, 15), ("b", 1, 2, 1, 5), ("b", 2, 1, 7, 5)]
    frame = pd.DataFrame(rows, columns=["household", "wave", "w", "size", "income_pc"])
    panel = Panel(frame, county=None, size="size", design=SurveyDesign(weight="w"))
    assert ek.exit_rate(panel, 10).values[0] == pytest.approx(1 * 3 / (1 * 3 + 2 * 1))


def tiny(*incomes: float) -> Panel:
    frame = pd.DataFrame({"household": range(len(incomes)), "wave": 2016, "income_pc": incomes})
    return Panel(frame, county=None)


@pytest.mark.parametrize("weight", [1.0, 0.1, 0.3, 0.7, 1 / 3])
def test_quantiles_at_steps_of_the_distribution_do_not_depend_on_rounding(weight: float) -> None:
    panel = tiny(*range(1, 11))
    scaled = replace(panel, frame=panel.frame.assign(w=weight), design=SurveyDesign(weight="w"))
    for k in range(1, 10):
        assert ek.quantile(scaled, q=k / 10).values[0] == k


def test_at_the_line() -> None:
    panel = tiny(900, 1000, 1000, 1100)
    assert ek.headcount(panel, 1000).values[0] == 0.25
    assert ek.headcount(panel, 1000, poor_at_line=True).values[0] == 0.75
    assert ek.headcount(replace(panel, poor_at_line=True), 1000).values[0] == 0.75
    notes = [n.en for n in ek.headcount(panel, 1000).about.notes]
    assert any("strictly below" in n for n in notes)
    for measure in (ek.gap, ek.severity, ek.watts, ek.sst):
        at = measure(panel, 1000, poor_at_line=True)
        assert at.values[0] == pytest.approx(measure(panel, 1000).values[0], rel=1e-15)


def test_zero_and_negative_incomes() -> None:
    panel = tiny(-100, 0, 500, 2000)
    assert ek.gap(panel, 1000).values[0] == pytest.approx((1.1 + 1 + 0.5) / 4)
    assert any("negative" in n.en for n in ek.gap(panel, 1000).about.notes)
    with pytest.raises(EstimationError, match="2 of 4 household-waves"):
        ek.watts(panel, 1000)
    dropped = ek.watts(panel, 1000, nonpositive="drop")
    assert dropped.values[0] == pytest.approx(np.log(2) / 2)
    assert dropped.n[0] == 2
    floored = ek.watts(panel, 1000, nonpositive="floor", floor=10)
    assert floored.values[0] == pytest.approx((2 * np.log(100) + np.log(2)) / 4)
    assert any(n.en.startswith("2 household-waves below 10") for n in floored.about.notes)
    with pytest.raises(EstimationError, match="positive floor"):
        ek.watts(panel, 1000, nonpositive="floor")


def test_logs_of_non_positive_incomes_are_refused() -> None:
    with pytest.raises(EstimationError, match=r"1 of 320 household-waves"):
        ek.growth(make_panel(), frm=2016, to=2018, stat="log", real=False)


def test_lines() -> None:
    with pytest.raises(DataError, match="no poverty line"):
        ek.headcount(tiny(1, 2))
    with pytest.raises(DataError, match="no poverty line for 2016"):
        ek.headcount(tiny(1, 2), {2015: 3.0})
    with pytest.raises(EstimationError, match="must be positive"):
        ek.headcount(tiny(1, 2), 0)


def test_prices() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 110.0, 2018: 121.0})
    real, nominal = (ek.growth(panel, frm=2016, to=2018, real=r) for r in (True, False))
    assert 1 + real.values[0] == pytest.approx((1 + nominal.values[0]) / 1.21)
    assert any("prices of 2018" in n.en for n in real.about.notes)
    levels = ek.mean(panel, by="wave", real=True)
    assert levels.values[0] == pytest.approx(1.21 * ek.mean(panel, by="wave").values[0])
    earlier = ek.mean(replace(panel, price_year=2016), by="wave", real=True)
    assert earlier.values[2] == pytest.approx(ek.mean(panel, by="wave").values[2] / 1.21)
    with pytest.raises(DataError, match="price index for 2016"):
        ek.growth(replace(panel, deflators={2018: 1.0}), frm=2016, to=2018)
    with pytest.raises(DataError, match="real=False"):
        ek.growth(make_panel(), frm=2016, to=2018)


def test_growth_across_income_concepts() -> None:
    panel = replace(make_panel(), concept={2016: "net", 2017: "disposable", 2018: "disposable"})
    with pytest.raises(EstimationError, match="net in 2016 and disposable in 2018"):
        ek.growth(panel, frm=2016, to=2018, real=False)
    allowed = ek.growth(panel, frm=2016, to=2018, real=False, across_concepts=True)
    assert any("concept changes" in n.en for n in allowed.about.notes)
    ek.growth(panel, frm=2017, to=2018, real=False)


def test_growth_asks_for_waves_that_exist_and_are_in_order() -> None:
    with pytest.raises(EstimationError, match="no rows in wave 2015"):
        ek.growth(make_panel(), frm=2015, to=2018, real=False)
    with pytest.raises(EstimationError, match="frm before to"):
        ek.growth(make_panel(), frm=2018, to=2016, real=False)


def test_benchmark_levels_and_rates_say_the_same() -> None:
    panel = make_panel()
    rate = ek.benchmark_growth(panel, benchmark=0.25, frm=2016, to=2018)
    level = ek.benchmark_growth(panel, benchmark={2016: 8000, 2018: 10000}, frm=2016, to=2018)
    assert level.benchmark == pytest.approx(0.25)
    assert level.estimate.values[0] == pytest.approx(rate.estimate.values[0])
    assert level.p_value[0] == pytest.approx(rate.p_value[0])
    two_sided = rate.estimate.tidy()["p_value"][0]
    expected = two_sided / 2 if rate.estimate.values[0] > 0 else 1 - two_sided / 2
    assert rate.p_value[0] == pytest.approx(expected)
    assert list(rate.tidy())[:3] == ["cohort", "growth", "benchmark"]
    with pytest.raises(EstimationError, match="no positive benchmark level for 2018"):
        ek.benchmark_growth(panel, benchmark={2016: 8000}, frm=2016, to=2018)


def test_benchmark_cohorts_differ_when_households_leave() -> None:
    frame = make_frame()
    poorest = frame["income_pc"] < 700
    stay = frame[~(poorest & (frame["wave"] == 2018))].reset_index(drop=True)
    panel = make_panel(stay)
    fixed, current = (
        ek.benchmark_growth(panel, benchmark=0.1, frm=2016, to=2018, cohort=c)
        for c in ("baseline", "current")
    )
    assert fixed.growth.values[0] < current.growth.values[0]
    left = int((poorest & (frame["wave"] == 2018)).sum())
    assert any(f"{left} of the first wave" in n.en for n in fixed.growth.about.notes)
    same(current.growth, ek.growth(panel, frm=2016, to=2018, real=False))


def test_a_benchmark_in_constant_prices_is_deflated_alike() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 105.0, 2018: 110.0})
    levels = {2016: 8000, 2018: 11000}
    nominal = ek.benchmark_growth(panel, benchmark=levels, frm=2016, to=2018)
    real = ek.benchmark_growth(panel, benchmark=levels, frm=2016, to=2018, real=True)
    assert 1 + real.benchmark == pytest.approx((1 + nominal.benchmark) / 1.1)
    assert np.sign(real.estimate.values[0]) == np.sign(nominal.estimate.values[0])


def test_proportion_leaves_out_rows_that_cannot_answer() -> None:
    frame = pd.DataFrame({"household": range(5), "wave": 1, "income_pc": [1.0, 2, 3, 4, 5]})
    frame["x"] = [1.0, 1.0, 0.0, 2.0, np.nan]
    panel = Panel(frame, county=None)
    found = ek.proportion(panel, "x == 1")
    assert found.values[0] == 0.5
    assert found.n[0] == 4
    assert any("1 of 5" in n.en for n in found.about.notes)
    with pytest.raises(EstimationError, match="neither 0 nor 1"):
        ek.proportion(panel, "x")
    with pytest.raises(EstimationError, match="cannot evaluate"):
        ek.proportion(panel, "nothing_here > 1")


def test_a_proportion_of_zero_still_has_an_upper_limit() -> None:
    frame = make_frame().assign(found=0)
    limits = ek.proportion(make_panel(frame), "found").tidy()
    assert limits["estimate"][0] == 0
    assert limits["conf_low"][0] == 0
    assert 0 < limits["conf_high"][0] < 0.02


def test_pairs_follow_household_identity_across_gaps() -> None:
    rows = [(1, 2014, 5), (1, 2016, 15), (2, 2014, 5), (2, 2015, 15), (2, 2016, 5)]
    panel = Panel(pd.DataFrame(rows, columns=["household", "wave", "income_pc"]), county=None)
    assert ek.exit_rate(panel, 10).n[0] == 1  # household 1 is unseen in 2015
    back = ek.return_rate(panel, 10)
    assert back.values[0] == 1
    assert back.n[0] == 1
    assert any(n.en.startswith("1 pairs") for n in back.about.notes)
    moves = [n.en for n in ek.transitions(panel, 10).about.notes]
    assert any("2 pairs" in n for n in moves)
    assert any("1 household-waves have no earlier one and 1 have no later one" in n for n in moves)
    over = ek.transitions(panel, 10, frm=2014, to=2016)
    assert over.where(frm_state="poor", to_state="not_poor").values[0] == 0.5
    assert any("2014–2016" in n.en for n in over.about.notes)


def test_transitions_of_one_state_sum_to_one_without_error() -> None:
    found = ek.transitions(make_panel(), LINE, by=["county", "wave"])
    assert len(found) == 2 * 2 * 4
    sums = found.values.reshape(-1, 2).sum(axis=1)
    np.testing.assert_allclose(sums, 1)
    both = np.kron(np.eye(len(found) // 2), np.ones(2))
    np.testing.assert_allclose(both @ found.cov @ both.T, 0, atol=1e-15)
    assert found.contrast(both).std_error.max() < 1e-7
    entry = ek.entry_rate(make_panel(), LINE, by=["county", "wave"])
    np.testing.assert_allclose(found.where(frm_state="not_poor", to_state="poor").values, entry.values)


def test_return_by_duration_on_a_published_panel(shared_data: object) -> None:
    """1,151 girls, five yearly poverty states: returns 168/533, 49/241, 16/76 one to three waves after exit."""
    wide = pd.read_csv(f"{shared_data}/return/teen_poverty_wide.csv")
    long = wide.melt("id", [f"pov{t}" for t in range(1, 6)], var_name="wave", value_name="poor")
    long = long.assign(wave=long["wave"].str[3:].astype(int), income=np.where(long["poor"] == 1, 50, 150))
    panel = Panel(long, household="id", county=None, welfare="income")
    found = ek.return_rate(panel, 100, by_duration=True)
    assert found.keys["duration"].tolist() == [1, 2, 3]
    assert found.n.tolist() == [533, 241, 76]
    np.testing.assert_allclose(found.values, [168 / 533, 49 / 241, 16 / 76])
