"""Growth incidence, regression to the mean, growth of the poor: worked by hand, by identity, and on simulated truth."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.measures._ranked import local_means
from evalkit.measures.basic import weighted_quantiles
from evalkit.panel import Panel
from measure_cases import LINE, make_frame, make_panel

SPAN = {"frm": 2016, "to": 2018}


def two_waves(first: list[float], last: list[float], **columns: list[float]) -> Panel:
    """Return the same households in 2016 and 2018."""
    n = len(first)
    frame = pd.DataFrame(
        {"household": [*range(n)] * 2, "wave": [2016] * n + [2018] * n, "income_pc": [*first, *last]}
    )
    for name, values in columns.items():
        frame[name] = values * 2
    return Panel(frame, county=None)


def test_quantile_by_quantile() -> None:
    panel = two_waves([100, 200, 300, 400], [400, 150, 330, 220])
    curve = ek.growth_incidence(panel, **SPAN, real=False, quantiles=[0.25, 0.5, 0.75])
    np.testing.assert_allclose(curve.values, [0.5, 0.1, 0.1])
    assert curve.keys["p"].tolist() == [0.25, 0.5, 0.75]
    yearly = ek.growth_incidence(panel, **SPAN, real=False, quantiles=[0.25], annualised=True)
    assert yearly.values[0] == pytest.approx(math.sqrt(1.5) - 1)
    real = ek.growth_incidence(replace(panel, deflators={2016: 100, 2018: 120}), **SPAN, quantiles=[0.25])
    assert 1 + real.values[0] == pytest.approx(1.5 / 1.2)
    assert any("prices of 2018" in n.en for n in real.about.notes)


def test_group_by_group_of_the_same_households() -> None:
    panel = two_waves([100, 200, 300, 400], [300, 240, 150, 410])
    found = ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.5])
    np.testing.assert_allclose(found.values, [540 / 300 - 1, 560 / 700 - 1])
    assert found.keys["p"].tolist() == [0.5, 1.0]
    assert "same households" in found.about.method
    assert any("transitory income" in n.en for n in found.about.notes)
    yearly = ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.5], annualised=True)
    np.testing.assert_allclose(yearly.values, np.sqrt(1 + found.values) - 1)


def test_ties_at_a_cut_stay_in_one_group() -> None:
    panel = two_waves([100, 200, 200, 400], [100, 300, 100, 400])
    found = ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.5])
    np.testing.assert_allclose(found.values, [500 / 500 - 1, 0])


def test_those_who_leave_are_counted() -> None:
    panel = two_waves([100, 200, 300, 400], [300, 240, 150, np.nan])
    found = ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.5])
    assert found.n.tolist() == [2, 1]
    assert any("3 households observed in both waves; 1 of the first" in n.en for n in found.about.notes)


def test_equal_first_incomes_stay_in_one_group_and_the_others_are_empty() -> None:
    panel = two_waves([100, 100, 100, 400], [100, 300, 200, 400])
    found = ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.25, 0.5])
    np.testing.assert_allclose(found.values, [1.0, np.nan, 0.0])
    assert found.n.tolist() == [3, 0, 1]
    assert any("leaves 1 groups empty" in n.en for n in found.about.notes)


def test_the_growth_rate_of_the_poor_rests_on_those_who_were_poor() -> None:
    found = ek.ravallion_chen(two_waves([50, 80, 150], [60, 120, 150]), 100, **SPAN)
    assert found.n[0] == 2


def test_a_third_wave_after_the_first_is_no_clean_instrument_and_says_so() -> None:
    late = ek.regression_to_mean(
        make_panel().where("income_pc > 0"), frm=2016, to=2018, third=2017, real=False
    )
    assert any(
        "welfare of 2017 also holds lasting growth since 2016" in n.en for n in late.slopes.about.notes
    )
    assert any("measured in all of 2016, 2017, 2018" in n.en for n in late.slopes.about.notes)
    early = ek.regression_to_mean(
        make_panel().where("income_pc > 0"), frm=2017, to=2018, third=2016, real=False
    )
    assert not any("lasting growth" in n.en for n in early.slopes.about.notes)


def test_the_middle_of_the_curve_is_the_growth_of_the_median() -> None:
    panel = make_panel()
    point = ek.growth_incidence(panel, **SPAN, real=False, quantiles=[0.5], by="county")
    median = ek.growth(panel, **SPAN, real=False, stat="median", by="county")
    np.testing.assert_allclose(point.values, median.values, rtol=1e-12)
    np.testing.assert_allclose(point.std_error, median.std_error, rtol=1e-9)


def test_a_band_is_wider_than_the_points_and_narrower_than_bonferroni() -> None:
    curve = ek.growth_incidence(make_panel(), **SPAN, real=False)
    band = ek.uniform_band(curve)
    points = curve.confint()
    assert (band.low < points.low).all()
    bonferroni = stats.t.ppf(1 - 0.025 / len(curve), curve.df[0])
    assert stats.t.ppf(0.975, curve.df[0]) < band.critical[0] < bonferroni


def test_a_quantile_of_zero_has_no_growth_and_says_so() -> None:
    panel = two_waves([0, 0, 300, 400], [100, 200, 300, 400])
    found = ek.growth_incidence(panel, **SPAN, real=False, quantiles=[0.5, 0.75])
    assert np.isnan(found.values[0])
    assert found.values[1] == 0
    assert any("1 points have no growth rate" in n.en for n in found.about.notes)


def test_what_growth_refuses() -> None:
    panel = make_panel()
    for quantiles in ([0.5, 0.2], [0.0, 0.5], [1.0], []):
        with pytest.raises(EstimationError, match="increase strictly"):
            ek.growth_incidence(panel, **SPAN, quantiles=quantiles, real=False)
    with pytest.raises(EstimationError, match="out of by"):
        ek.growth_incidence(panel, **SPAN, by="wave", real=False)
    with pytest.raises(EstimationError, match="frm before to"):
        ek.ravallion_chen(panel, LINE, frm=2018, to=2016)
    with pytest.raises(DataError, match="real=False"):
        ek.growth_incidence(panel, **SPAN)
    mixed = replace(panel, concept={2016: "net", 2017: "net", 2018: "disposable"})
    for call in (
        lambda: ek.growth_incidence(mixed, **SPAN, real=False),
        lambda: ek.growth_incidence(mixed, **SPAN, real=False, anonymous=False),
        lambda: ek.regression_to_mean(mixed, **SPAN, real=False),
        lambda: ek.ravallion_chen(mixed, LINE, **SPAN),
        lambda: ek.datt_ravallion(mixed, LINE, **SPAN),
        lambda: ek.group_change(mixed, "stratum", LINE, **SPAN),
    ):
        with pytest.raises(EstimationError, match="net in 2016 and disposable in 2018"):
            call()


def test_domains_seen_once_are_blank_and_named() -> None:
    frame = make_frame()
    frame = frame[(frame["county"] == "A") | (frame["wave"] < 2018)].reset_index(drop=True)
    for found in (
        ek.growth_incidence(make_panel(frame), **SPAN, real=False, by="county"),
        ek.datt_ravallion(make_panel(frame), LINE, **SPAN, by="county"),
    ):
        assert np.isnan(found.where(county="B").values).all()
        assert np.isfinite(found.where(county="A").cov).all()
        assert any("one of the two waves only: B" in n.en for n in found.about.notes)


def test_local_means_of_a_line_are_on_the_line() -> None:
    rng = np.random.default_rng(3)
    w = rng.uniform(1, 3, 400)
    share = (np.cumsum(w) - w / 2) / w.sum()
    found = local_means(2 + 5 * share, w, np.array([0.2, 0.5, 0.9]))
    np.testing.assert_allclose(found, [3, 4.5, 6.5], atol=0.01)


# regression to the mean


def galton(parallel: float = 0.25, households: int = 4000) -> Panel:
    """Return a synthetic panel: log income = permanent (sd .4) + transitory (sd .3) + growth, the same for all."""
    rng = np.random.default_rng(11)
    permanent = rng.normal(7, 0.4, households)
    waves = [
        pd.DataFrame(
            {
                "household": range(households),
                "wave": wave,
                "income_pc": np.exp(permanent + parallel * i + rng.normal(0, 0.3, households)),
            }
        )
        for i, wave in enumerate((2014, 2016, 2018))
    ]
    return Panel(pd.concat(waves, ignore_index=True), county=None)


def test_slopes_by_hand() -> None:
    first, last = [0.0, 1.0, 2.0], [1.0, 1.0, 1.5]
    panel = two_waves(list(np.exp(first)), list(np.exp(last)))
    found = ek.regression_to_mean(panel, **SPAN, real=False, groups=2).slopes
    values = dict(zip(found.keys["statistic"], found.values, strict=True))
    # x - mean = -1, 0, 1; growth 1, 0, -1/2: covariance sum -3/2 over 2
    assert values["base"] == pytest.approx(-0.75)
    assert values["transitory_if_parallel"] == pytest.approx(0.75)
    # average .5, 1, 1.75 about 13/12; growth about 1/6
    middle, grown = np.array([0.5, 1, 1.75]) - 13 / 12, np.array([1, 0, -0.5]) - 1 / 6
    assert values["average"] == pytest.approx(middle @ grown / (middle @ middle))


def test_growth_that_is_the_same_for_all_looks_pro_poor_by_first_rank_only() -> None:
    """Transitory share .3² / (.3² + .4²) = .36; growth .25 log points a wave for everybody."""
    found = ek.regression_to_mean(galton(), frm=2014, to=2016, third=2018, real=False)
    curves = found.curves
    lowest = curves.where(p=0.2)
    by_rank = dict(zip(lowest.keys["ranking"], lowest.values, strict=True))
    error = dict(zip(lowest.keys["ranking"], lowest.std_error, strict=True))
    # mean of the lowest fifth of a normal is -1.39998 sd; its transitory part is .36 of .5 sd
    expected = 0.25 + 0.36 * 0.5 * 1.39998
    assert by_rank["base"] == pytest.approx(expected, abs=3 * error["base"])
    assert by_rank["base"] > 0.45
    for ranking in ("average", "third"):
        assert by_rank[ranking] == pytest.approx(0.25, abs=3 * error[ranking])
    assert by_rank["end"] < 0.05
    slopes = found.slopes
    truth = {
        "base": -0.36,
        "average": 0.0,
        "end": 0.36,
        "transitory_if_parallel": 0.36,
        "instrumented": 0.0,
        "transitory": 0.36,
    }
    for name, value in truth.items():
        one = slopes.where(statistic=name)
        assert one.values[0] == pytest.approx(value, abs=3 * one.std_error[0])
        assert one.std_error[0] < 0.03
    assert found.tidy().equals(curves.tidy())


def test_what_the_diagnosis_refuses() -> None:
    with pytest.raises(EstimationError, match="another wave"):
        ek.regression_to_mean(galton(), frm=2014, to=2016, third=2016, real=False)
    with pytest.raises(EstimationError, match="at least 2"):
        ek.regression_to_mean(galton(), frm=2014, to=2016, groups=1, real=False)
    with pytest.raises(EstimationError, match="no logarithm"):
        ek.regression_to_mean(make_panel(), **SPAN, real=False)
    kept = ek.regression_to_mean(make_panel(), **SPAN, real=False, nonpositive="drop").curves
    assert any(n.en.startswith("1 household-waves with a non-positive") for n in kept.about.notes)
    assert kept.n.reshape(3, 5).sum(axis=1).tolist() == [159, 159, 159]


# growth of the poor


def test_ravallion_chen_by_hand() -> None:
    panel = two_waves([500, 1500, 800, 4000], [750, 1500, 1600, 4000])
    found = ek.ravallion_chen(panel, 1000, **SPAN)
    # 500 → 750 and 800 → 1600, of which up to 1000 counts; half of the households are poor at first
    assert found.values[0] == pytest.approx((math.log(1.5) + math.log(1.25)) / 2)
    yearly = ek.ravallion_chen(panel, 1000, **SPAN, annualised=True)
    assert yearly.values[0] == pytest.approx(found.values[0] / 2)


def area_under_censored_curve(panel: Panel, line: float, frm: int, to: int) -> float:
    """Return ∫ log(min(Q1, z) / min(Q0, z)) dp / headcount, step by step of both quantile functions."""
    frame = panel.frame[panel.frame["income_pc"] > 0] if panel.welfare == "income_pc" else panel.frame
    parts, steps = [], []
    for wave in (frm, to):
        rows = frame[frame[panel.wave] == wave]
        y = rows[panel.welfare].to_numpy(dtype=float)
        w = rows[panel.design.weight].to_numpy(dtype=float) * (
            1 if panel.size is None else rows[panel.size].to_numpy()
        )
        parts.append((y, w))
        order = np.argsort(y)
        steps.append(np.cumsum(w[order]) / w.sum())
    edges = np.unique(np.concatenate([[0.0], *steps]))
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    q = [np.minimum(weighted_quantiles(y, w, middle), line) for y, w in parts]
    y, w = parts[0]
    return float(width @ np.log(q[1] / q[0]) / (w[y < line].sum() / w.sum()))


def test_the_area_under_the_censored_curve_is_the_fall_of_watts() -> None:
    panel = make_panel()
    found = ek.ravallion_chen(panel, LINE, **SPAN, nonpositive="drop")
    assert found.values[0] == pytest.approx(area_under_censored_curve(panel, LINE, **SPAN), rel=1e-9)


def test_the_identity_on_a_real_panel(shared_data: Path) -> None:
    """Row E04: Bangladesh 1991-1998, per-head spending; the poorest two fifths of 1991 are called poor."""
    frame = pd.read_stata(shared_data / "bangladesh" / "hh_9198.dta", convert_categoricals=False)
    frame["village"] = frame["thanaid"] * 10 + frame["villid"]
    panel = Panel(
        frame,
        household="nh",
        wave="year",
        county=None,
        welfare="exptot",
        design=SurveyDesign(weight="weight", psu="village"),
    )
    waves = panel.waves
    line = float(frame.loc[frame["year"] == waves[0], "exptot"].quantile(0.4))
    found = ek.ravallion_chen(panel, line, frm=waves[0], to=waves[1])
    assert found.values[0] == pytest.approx(area_under_censored_curve(panel, line, *waves), abs=1e-9)
    assert found.std_error[0] > 0
    for measure in ("headcount", "gap", "severity", "watts"):
        parts = ek.datt_ravallion(panel, line, frm=waves[0], to=waves[1], measure=measure)
        total = parts.where(component="total").values[0]
        assert parts.values[:-1].sum() == pytest.approx(total, abs=1e-12)
        two = ek.shapley_growth(panel, line, frm=waves[0], to=waves[1], measure=measure)
        assert two.values[:-1].sum() == pytest.approx(total, abs=1e-12)


def test_growth_that_leaves_the_distribution_alone_is_its_own_equivalent() -> None:
    frame = make_frame()
    base = frame[frame["wave"] == 2016]
    grown = base.assign(wave=2018, income_pc=base["income_pc"] * 1.2)
    panel = make_panel(pd.concat([base, grown], ignore_index=True))
    for measure in ("headcount", "gap", "severity"):
        found = ek.pro_poor_growth(panel, LINE, **SPAN, measure=measure)
        values = dict(zip(found.keys["statistic"], found.values, strict=True))
        assert values["growth"] == pytest.approx(math.log(1.2))
        assert values["pro_poor_index"] == pytest.approx(1, abs=1e-9)
        assert values["pegr"] == pytest.approx(math.log(1.2), abs=1e-9)
        assert values["inequality_elasticity"] == pytest.approx(0, abs=1e-9)


def test_pro_poor_growth_by_hand() -> None:
    panel = two_waves([50, 150], [90, 150])
    found = ek.pro_poor_growth(panel, 100, **SPAN)
    values = dict(zip(found.keys["statistic"], found.values, strict=True))
    # gap .25, later .05; first wave with the later mean (60, 180) .2; later wave with the first mean (75, 125) .125
    growth, total = math.log(1.2), math.log(0.05 / 0.25)
    pure = (math.log(0.2 / 0.25) + math.log(0.05 / 0.125)) / 2
    assert values["total_elasticity"] == pytest.approx(total / growth)
    assert values["growth_elasticity"] == pytest.approx(pure / growth)
    assert values["inequality_elasticity"] == pytest.approx((total - pure) / growth)
    assert values["pro_poor_index"] == pytest.approx(total / pure)
    assert values["pegr"] == pytest.approx(growth * total / pure)
    yearly = ek.pro_poor_growth(panel, 100, **SPAN, annualised=True)
    assert yearly.where(statistic="pegr").values[0] == pytest.approx(values["pegr"] / 2)
    assert yearly.where(statistic="pro_poor_index").values[0] == pytest.approx(values["pro_poor_index"])
    falls = ek.pro_poor_growth(two_waves([90, 150], [50, 150]), 100, **SPAN)
    assert any("mean welfare falls" in n.en for n in falls.about.notes)


def test_nobody_poor_has_no_rates() -> None:
    panel = two_waves([500, 600], [700, 800])
    assert np.isnan(ek.ravallion_chen(panel, 100, **SPAN).values[0])
    found = ek.pro_poor_growth(panel, 100, **SPAN)
    assert np.isnan(found.where(statistic="pegr").values[0])
    assert any("none left with the other wave's mean, in: all" in n.en for n in found.about.notes)
    assert found.where(statistic="growth").values[0] == pytest.approx(math.log(750 / 550))


def test_elasticities_by_hand() -> None:
    panel = two_waves([50, 200], [50, 200])
    at = {m: ek.growth_elasticity(panel, 100, measure=m).values[0] for m in ("gap", "severity", "watts")}
    assert at["gap"] == pytest.approx(1 * (0.25 - 0.5) / 0.25)
    assert at["severity"] == pytest.approx(2 * (0.125 - 0.25) / 0.125)
    assert at["watts"] == pytest.approx(-0.5 / (0.5 * math.log(2)))


def test_elasticity_of_the_headcount_of_a_lognormal() -> None:
    """Minus the hazard of a normal at the line; the kernel smooths it by less than 2 %."""
    y = np.exp(stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000, 9, 0.7))
    frame = pd.DataFrame({"household": range(len(y)), "wave": 2016, "income_pc": y})
    found = ek.growth_elasticity(Panel(frame, county=None), 5000, measure="headcount").values[0]
    at = (math.log(5000) - 9) / 0.7
    assert found == pytest.approx(-stats.norm.pdf(at) / 0.7 / stats.norm.cdf(at), rel=0.02)


# the benchmark in one table


def test_both_cohorts_in_both_prices() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 104.0, 2018: 110.0})
    levels = {2016: 8000.0, 2018: 9500.0}
    table = ek.benchmark_tests(panel, benchmark=levels, **SPAN, by="county").tidy()
    assert len(table) == 2 * 2 * 2
    assert table.columns[:5].tolist() == ["county", "cohort", "prices", "growth", "benchmark"]
    for cohort in ("baseline", "current"):
        for real in (True, False):
            one = ek.benchmark_growth(
                panel, benchmark=levels, **SPAN, by="county", cohort=cohort, real=real
            ).tidy()
            part = table[(table["cohort"] == cohort) & (table["prices"] == ("real" if real else "nominal"))]
            np.testing.assert_allclose(part["p_value"], one["p_value"])
            np.testing.assert_allclose(part["estimate"], one["estimate"])
    with pytest.raises(EstimationError, match="nominal levels"):
        ek.benchmark_tests(panel, benchmark=0.1, **SPAN)  # type: ignore[arg-type]


def test_a_published_real_rate_can_disagree_with_the_nominal_test() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 104.0, 2018: 110.0})
    growth = ek.growth(panel, **SPAN, real=False).values[0]
    levels = {2016: 1000.0, 2018: 1000.0 * (1 + growth - 0.05)}
    alike = ek.benchmark_tests(panel, benchmark=levels, **SPAN)
    assert alike.agree
    apart = ek.benchmark_tests(panel, benchmark=levels, **SPAN, real_rate=growth)
    assert not apart.agree
    assert apart.tests[1].benchmark == growth
    assert apart.tests[0].benchmark == pytest.approx(growth - 0.05)


# coverage


@pytest.mark.slow
def test_intervals_cover_the_population() -> None:
    """150 two-stage samples of a synthetic population: 95 % intervals cover 93-97 %, give or take 2.6 Monte Carlo errors."""
    rng = np.random.default_rng(2)
    villages, per = 240, 30
    n = villages * per
    village = np.arange(n) // per
    level = 6.9 + 0.25 * rng.normal(size=villages)[village] + 0.45 * rng.normal(size=n)
    size = 1 + rng.poisson(2.2, n)
    waves = [
        pd.DataFrame(
            {
                "household": range(n),
                "wave": wave,
                "stratum": village // 60,
                "village": village,
                "size": size,
                "income_pc": np.exp(level * (1 - 0.1 * i) + 0.9 * i + 0.3 * rng.normal(size=n)),
            }
        )
        for i, wave in enumerate((2016, 2018))
    ]
    design = SurveyDesign(strata="stratum", psu="village")

    def measured(rows: np.ndarray) -> list[ek.RegressionToMean | object]:
        frame = pd.concat([w.iloc[rows] for w in waves], ignore_index=True)
        panel = Panel(frame, county=None, size="size", design=design)
        return [
            ek.growth_incidence(panel, **SPAN, real=False, quantiles=[0.1, 0.25, 0.5, 0.75, 0.9]),
            ek.growth_incidence(panel, **SPAN, real=False, anonymous=False, quantiles=[0.25, 0.5, 0.75]),
            ek.datt_ravallion(panel, 800, **SPAN),
            ek.shapley_growth(panel, 800, **SPAN, measure="gap"),
        ]

    truth = np.concatenate([e.values for e in measured(np.arange(n))])  # type: ignore[attr-defined]
    hits = np.zeros(len(truth))
    samples = 150
    for _ in range(samples):
        chosen = np.concatenate([s * 60 + rng.choice(60, 10, replace=False) for s in range(4)])
        rows = np.concatenate([v * per + rng.choice(per, 8, replace=False) for v in chosen])
        limits = [e.confint() for e in measured(rows)]  # type: ignore[attr-defined]
        low, high = (np.concatenate([getattr(b, end) for b in limits]) for end in ("low", "high"))
        hits += (low <= truth) & (truth <= high)
    cover = hits / samples
    slack = 2.6 * math.sqrt(0.95 * 0.05 / samples)
    assert cover.min() > 0.93 - slack, cover
    assert cover.max() < 0.97 + slack, cover
