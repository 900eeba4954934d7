"""Inequality, shares, shortfalls and dominance: answers worked by hand, closed forms, refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import Estimate
from evalkit.measures.bands import sup_t
from evalkit.panel import Panel
from measure_cases import DESIGN, make_frame, make_panel

PUBLISHED = pd.read_csv(Path(__file__).parent / "reference" / "published.csv", comment="#").set_index("id")


def tiny(*incomes: float, weights: list[float] | None = None, **columns: list[object]) -> Panel:
    frame = pd.DataFrame({"household": range(len(incomes)), "wave": 2016, "income_pc": incomes, **columns})
    if weights is None:
        return Panel(frame, county=None)
    return Panel(frame.assign(w=weights), county=None, design=SurveyDesign(weight="w"))


def notes(found: Estimate) -> str:
    return " | ".join(n.en for n in found.about.notes)


def test_gini_by_hand() -> None:
    # pairs of 1, 2, 3, 4 differ by 1, 1, 1, 2, 2, 3: mean over all 16 pairs 20/16, over twice the mean 5
    assert ek.gini(tiny(1, 2, 3, 4)).values[0] == pytest.approx(0.25, abs=1e-15)
    assert ek.gini(tiny(3, 3, 3)).values[0] == 0
    # weights are copies of records
    assert ek.gini(tiny(1, 3, weights=[3, 1])).values[0] == pytest.approx(
        ek.gini(tiny(1, 1, 1, 3)).values[0], abs=1e-15
    )


def test_gini_by_upper_ranks_is_larger_by_the_weight_of_the_records() -> None:
    # Σ w² y / (Σw Σwy) = 10 / 40
    assert ek.gini(tiny(4, 2, 1, 3), formula="upper").values[0] == pytest.approx(0.5, abs=1e-15)
    whole, split = tiny(1, 3, weights=[2, 2]), tiny(1, 1, 3, 3)
    assert ek.gini(whole).values[0] == pytest.approx(ek.gini(split).values[0])
    assert ek.gini(whole, formula="upper").values[0] > ek.gini(split, formula="upper").values[0]


def test_upper_ranks_of_equal_incomes_do_not_depend_on_the_order_of_rows() -> None:
    frame = make_frame().assign(income_pc=lambda f: f["income_pc"].round(-2))
    shuffled = frame.sample(frac=1, random_state=5).reset_index(drop=True)
    one, other = (ek.gini(make_panel(f), by="county", formula="upper") for f in (frame, shuffled))
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-9, atol=1e-15)


def test_negative_incomes_count_in_the_gini() -> None:
    # -4 and 5: mean difference 2 × 9 / 4, mean 0.5
    found = ek.gini(tiny(-4, 5))
    assert found.values[0] == pytest.approx(4.5)
    assert "1 household-waves have a negative income_pc" in notes(found)
    assert "can exceed 1" in notes(found)
    without = ek.gini(tiny(-5, 4))
    assert np.isnan(without.values[0])
    assert np.isnan(without.std_error[0])
    assert "the mean is not positive" in notes(without)


def test_a_domain_without_a_positive_mean_leaves_the_others_alone() -> None:
    panel = tiny(1, 3, -2, 1, g=["a", "a", "b", "b"])
    for measure in (ek.gini, ek.zenga, ek.lorenz, ek.income_shares, ek.palma):
        found = measure(panel, by="g")
        assert np.isfinite(found.where(g="a").values).all()
        assert np.isfinite(found.where(g="a").std_error).all()
        assert np.isnan(found.where(g="b").values).all()
        assert "not positive: b" in notes(found)


@pytest.mark.parametrize(
    ("epsilon", "expected"), [(1, 1 - 2 / 2.5), (0.5, 1 - 2.25 / 2.5), (2, 1 - 1.6 / 2.5)]
)
def test_atkinson_by_hand(epsilon: float, expected: float) -> None:
    # of 1 and 4 the mean is 2.5, the geometric mean 2, ((1 + 2)/2)² = 2.25, the harmonic mean 1.6
    assert ek.atkinson(tiny(1, 4), epsilon).values[0] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (-1, ((2 + 2 / 3) / 2 - 1) / 2),
        (0, log(2) - log(3) / 2),
        (1, (0.5 * log(0.5) + 1.5 * log(1.5)) / 2),
        (2, ((0.25 + 2.25) / 2 - 1) / 2),
    ],
)
def test_generalised_entropy_by_hand(alpha: float, expected: float) -> None:
    assert ek.generalised_entropy(tiny(1, 3), alpha).values[0] == pytest.approx(expected, abs=1e-15)


def test_j_divergence_is_the_sum_of_both_entropies() -> None:
    panel = make_panel().where("income_pc > 0")
    parts = [ek.generalised_entropy(panel, a, by="county").values for a in (0, 1)]
    np.testing.assert_allclose(ek.j_divergence(panel, by="county").values, sum(parts), rtol=1e-12)


def test_incomes_of_zero_and_below_follow_the_stated_policy() -> None:
    zero, debt = tiny(0, 2), tiny(-1, 3, 4)
    assert ek.generalised_entropy(zero, 1).values[0] == pytest.approx(log(2))
    assert "income_pc of zero" in notes(ek.generalised_entropy(zero, 1))
    assert ek.atkinson(zero, 0.5).values[0] == pytest.approx(0.5)
    assert ek.generalised_entropy(debt, 2).values[0] == pytest.approx((26 / 3 / 4 - 1) / 2)
    for measure, panel in (
        (lambda p: ek.generalised_entropy(p, 0), zero),
        (lambda p: ek.atkinson(p, 1), zero),
        (lambda p: ek.j_divergence(p), zero),
        (lambda p: ek.generalised_entropy(p, 1), debt),
        (lambda p: ek.atkinson(p, 0.5), debt),
    ):
        with pytest.raises(
            EstimationError, match=r"1 of \d household-waves have 'income_pc' of .* nonpositive="
        ):
            measure(panel)
    dropped = ek.generalised_entropy(debt, 0, nonpositive="drop")
    assert dropped.values[0] == pytest.approx(log(3.5) - log(12) / 2)
    assert dropped.n[0] == 2
    assert "1 household-waves with a non-positive" in notes(dropped)
    floored = ek.atkinson(debt, 1, nonpositive="floor", floor=1)
    assert floored.values[0] == pytest.approx(1 - 12 ** (1 / 3) / (8 / 3))
    assert "below 1 are counted at 1" in notes(floored)
    with pytest.raises(EstimationError, match="positive floor"):
        ek.atkinson(debt, 1, nonpositive="floor")
    with pytest.raises(EstimationError, match="epsilon must be positive"):
        ek.atkinson(debt, 0)


def test_closed_forms_of_a_lognormal() -> None:
    """Smooth quadrature of the lognormal: rows are abscissae, weights the density."""
    published = PUBLISHED.loc["E02"]
    mu, sigma = (float(v) for v in re.findall(r"(?:mu|s)=([\d.]+)", str(published["dataset"])))
    figures = {k: float(v) for k, v in re.findall(r"(\w+)=(\.\d+)", str(published["se"]))}
    cut = (log(5000) - mu) / sigma
    x = cut + (np.arange(-30_000, 30_000) + 0.5) * 3e-4
    panel = tiny(*np.exp(mu + sigma * x), weights=list(stats.norm.pdf(x)))
    for name, found in (
        ("H", ek.headcount(panel, 5000)),
        ("P1", ek.gap(panel, 5000)),
        ("P2", ek.severity(panel, 5000)),
        ("W", ek.watts(panel, 5000)),
        ("G", ek.gini(panel)),
        ("Theil", ek.generalised_entropy(panel, 1)),
        ("Atk1", ek.atkinson(panel, 1)),
    ):
        assert found.values[0] == pytest.approx(figures[name], abs=6e-9), name  # eight digits printed
    assert ek.generalised_entropy(panel, 0).values[0] == pytest.approx(sigma**2 / 2, abs=1e-9)
    half = ek.lorenz(panel, points=[0.5]).values[0]
    assert half == pytest.approx(stats.norm.cdf(-sigma), abs=1e-8)
    assert ek.percentile_ratio(panel).values[0] == pytest.approx(
        np.exp(2 * sigma * stats.norm.ppf(0.9)), rel=1e-3
    )


def test_zenga_by_hand() -> None:
    # 1, 2, 3: lower means 1, 1.5, 2; upper means 2.5, 3, 3 (the largest itself)
    expected = 1 - (1 / 2.5 + 1.5 / 3 + 2 / 3) / 3
    assert ek.zenga(tiny(1, 2, 3)).values[0] == pytest.approx(expected, abs=1e-15)
    # by record: 0, (1/2) / (5/1), 0
    assert ek.zenga(tiny(1, 2, 3), formula="record").values[0] == pytest.approx(1 - 0.1 / 3, abs=1e-15)
    assert ek.zenga(tiny(2, 2)).values[0] == 0


def test_lorenz_by_hand() -> None:
    panel = tiny(4, 1, 3, 2)
    # at 0.375 half of the second household is divided off
    points = [0.25, 0.375, 0.5, 0.75]
    assert ek.lorenz(panel, points=points).values.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.6])
    assert ek.lorenz(panel, points=points, scale="mean").values.tolist() == pytest.approx(
        [0.25, 0.5, 0.75, 1.5]
    )
    assert ek.lorenz(panel, points=points, scale="total").values.tolist() == pytest.approx([1, 2, 3, 6])
    found = ek.lorenz(panel, points=points)
    assert found.keys["p"].tolist() == points
    for wrong in ([], [0], [1], [0.5, 0.2]):
        with pytest.raises(EstimationError, match="ascend between 0 and 1"):
            ek.lorenz(panel, points=wrong)


def test_the_gini_is_one_less_twice_the_area_under_the_lorenz_curve() -> None:
    panel = tiny(3, 1, 4, 1, 5, 9, 2, 6)
    points = [i / 8 for i in range(1, 8)]
    curve = np.concatenate([[0], ek.lorenz(panel, points=points).values, [1]])
    area = ((curve[1:] + curve[:-1]) / 2 / 8).sum()
    assert ek.gini(panel).values[0] == pytest.approx(1 - 2 * area, abs=1e-15)


def test_income_shares_add_up_without_error() -> None:
    panel = tiny(4, 1, 3, 2)
    found = ek.income_shares(panel, cuts=[0, 0.25, 0.5, 1])
    assert found.keys["income_group"].tolist() == ["0-25%", "25-50%", "50-100%"]
    assert found.values.tolist() == pytest.approx([0.1, 0.2, 0.7])
    whole = ek.income_shares(make_panel(), by="county")
    sums = whole.contrast(np.kron(np.eye(2), np.ones(10)))
    assert sums.values.tolist() == pytest.approx([1, 1])
    assert sums.std_error.max() < 1e-9
    with pytest.raises(EstimationError, match="from 0 to 1"):
        ek.income_shares(panel, cuts=[0.1, 1])


def test_ratios_of_shares_by_hand() -> None:
    ten = tiny(*range(1, 11))
    assert ek.palma(ten).values[0] == pytest.approx(10 / (1 + 2 + 3 + 4))
    assert ek.quintile_share_ratio(ten).values[0] == pytest.approx((9 + 10) / (1 + 2))
    assert ek.percentile_ratio(ten).values[0] == pytest.approx(9 / 1)
    heaped = tiny(1, 1, 1, 1, 6)
    assert ek.quintile_share_ratio(heaped).values[0] == pytest.approx(6)
    assert ek.quintile_share_ratio(heaped, ties="whole").values[0] == pytest.approx(6 / 4)
    assert ek.bottom_total(heaped).values[0] == pytest.approx(4)
    poor = ek.palma(tiny(0, 0, 0, 0, 5, 5))
    assert np.isnan(poor.values[0])
    assert "income of the poorest group is not positive" in notes(poor)
    with pytest.raises(EstimationError, match=r"at most at 0\.5"):
        ek.quintile_share_ratio(ten, share=0.7)
    with pytest.raises(EstimationError, match="lower < upper"):
        ek.percentile_ratio(ten, upper=0.1, lower=0.9)


def test_income_shares_ratio_equals_the_share_ratio() -> None:
    panel = make_panel()
    shares = ek.income_shares(panel, cuts=[0, 0.2, 0.8, 1])
    low, _, high = shares.values
    found = ek.quintile_share_ratio(panel)
    assert found.values[0] == pytest.approx(high / low, rel=1e-12)
    slope = np.array([-high / low**2, 0, 1 / low])
    assert found.std_error[0] == pytest.approx(np.sqrt(slope @ shares.cov @ slope), rel=1e-9)


def test_gini_by_source_by_hand() -> None:
    panel = tiny(2, 5, wage=[2, 1], farm=[0, 4])
    found = ek.gini_by_source(panel, ["wage", "farm"])
    wage = found.where(source="wage").values
    # ranks 1/4 and 3/4: twice the covariance with them is -1/4 for wages and 1 for farming, 3/4 in all
    expected = [1.5 / 3.5, 1 / 6, -1, -0.25 / 3.5, -1 / 3, -1 / 3 - 3 / 7]
    assert wage.tolist() == pytest.approx(expected, abs=1e-15)
    assert found.where(source="total").values[0] == pytest.approx(0.75 / 3.5, abs=1e-15)
    assert found.where(source="total").values[0] == pytest.approx(ek.gini(panel).values[0], abs=1e-15)


def sourced() -> Panel:
    frame = make_frame()
    rng = np.random.default_rng(3)
    frame["dividend"] = np.round(rng.uniform(0, 300, len(frame)) * (rng.random(len(frame)) < 0.4), 2)
    frame["work"] = frame["income_pc"] - frame["transfer"] - frame["dividend"]
    return make_panel(frame)


def test_contributions_add_to_the_gini_exactly() -> None:
    """Acceptance row E06: Σ S G R = G."""
    panel = sourced()
    found = ek.gini_by_source(panel, ["transfer", "dividend", "work"], by=["county", "wave"])
    parts = found.where(statistic="contribution").values.reshape(6, 3).sum(axis=1)
    whole = ek.gini(panel, by=["county", "wave"])
    np.testing.assert_allclose(parts, whole.values, rtol=0, atol=1e-12)
    total = found.where(source="total", statistic="gini")
    np.testing.assert_allclose(total.values, whole.values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(total.cov, whole.cov, rtol=1e-9, atol=1e-15)
    named = found.where(source=["transfer", "dividend", "work"])
    each = {s: named.where(statistic=s).values for s in ("income_share", "gini", "gini_correlation")}
    np.testing.assert_allclose(
        np.prod(list(each.values()), axis=0), found.where(statistic="contribution").values, atol=1e-14
    )
    shares = found.where(county="A", wave=2016, statistic=["income_share", "contribution_share"])
    for name in ("income_share", "contribution_share"):
        one = shares.where(statistic=name).contrast(np.ones(3))
        assert one.values[0] == pytest.approx(1)
        assert one.std_error[0] < 1e-8


def test_elasticity_is_the_effect_of_a_source_that_grows() -> None:
    panel, step = sourced(), 1e-6
    found = ek.gini_by_source(panel, ["transfer", "dividend", "work"])
    for source in ("transfer", "dividend", "work"):
        more = panel.frame["income_pc"] + step * panel.frame[source]
        grown = replace(panel, frame=panel.frame.assign(income_pc=more))
        effect = (np.log(ek.gini(grown).values[0]) - np.log(ek.gini(panel).values[0])) / step
        told = found.where(source=source, statistic="elasticity").values[0]
        assert told == pytest.approx(effect, abs=1e-5)


def test_sources_have_to_add_up_unless_the_rest_is_named() -> None:
    panel = sourced()
    with pytest.raises(
        EstimationError, match=r"480 household-waves the sources do not add up .* rest='other'"
    ):
        ek.gini_by_source(panel, ["transfer", "dividend"])
    named = ek.gini_by_source(panel, ["transfer", "dividend"], rest="left")
    full = ek.gini_by_source(panel, ["transfer", "dividend", "work"])
    np.testing.assert_allclose(named.values, full.values, rtol=1e-9)
    np.testing.assert_allclose(named.cov, full.cov, rtol=1e-6, atol=1e-12)
    with pytest.raises(EstimationError, match="different sources"):
        ek.gini_by_source(panel, ["transfer", "transfer"])
    with pytest.raises(EstimationError, match="none called 'total'"):
        ek.gini_by_source(panel, ["transfer"], rest="total")
    with pytest.raises(DataError, match="no role or column 'rent'"):
        ek.gini_by_source(panel, ["rent"])


def test_household_amounts_are_divided_by_the_size() -> None:
    panel = sourced()
    frame = panel.frame.copy()
    frame[["transfer", "dividend", "work"]] = frame[["transfer", "dividend", "work"]].mul(
        frame["size"], axis=0
    )
    found = ek.gini_by_source(
        replace(panel, frame=frame), ["transfer", "dividend", "work"], amounts_of="household"
    )
    heads = ek.gini_by_source(panel, ["transfer", "dividend", "work"])
    np.testing.assert_allclose(found.values, heads.values, rtol=1e-9)
    with pytest.raises(EstimationError, match="needs the household size"):
        ek.gini_by_source(tiny(1, 2, a=[1, 2]), ["a"], amounts_of="household")


def test_a_source_that_is_the_same_for_all_has_no_correlation() -> None:
    found = ek.gini_by_source(tiny(2, 5, same=[1, 1], farm=[1, 4]), ["same", "farm"])
    assert np.isnan(found.where(source="same", statistic="gini_correlation").values[0])
    assert found.where(source="same", statistic="contribution").values[0] == 0
    assert found.where(source="same", statistic="elasticity").values[0] == pytest.approx(-1 / 3.5)


def test_shortfall_by_hand() -> None:
    panel = tiny(600, 900, 1000, 1499, 1500)
    assert ek.income_gap_ratio(panel, 1000).values[0] == pytest.approx((0.4 + 0.1) / 2)
    assert ek.income_gap_ratio(panel, 1000, poor_at_line=True).values[0] == pytest.approx(0.5 / 3)
    assert ek.gap_amount(panel, 1000).values[0] == pytest.approx(250)
    assert ek.gap_amount(panel, 1000, total=True).values[0] == pytest.approx(500)
    near = ek.near_line(panel, 1000)
    assert near.values[0] == pytest.approx(2 / 5)
    assert near.about.interval == "kg"
    assert ek.near_line(panel, 1000, lower=0.9, upper=1.0).values[0] == pytest.approx(1 / 5)
    rich = ek.income_gap_ratio(panel, 100)
    assert np.isnan(rich.values[0])
    assert "the number of poor is not positive: all" in notes(rich)
    assert ek.gap_amount(panel, 100, total=True).values[0] == 0
    with pytest.raises(EstimationError, match="lower < upper"):
        ek.near_line(panel, 1000, lower=2)


def test_the_sum_needed_counts_persons_and_prices() -> None:
    frame = pd.DataFrame(
        {"household": [1, 2], "wave": [2016, 2017], "size": [3, 2], "income_pc": [800.0, 950.0]}
    )
    panel = Panel(frame, county=None, size="size", deflators={2016: 100.0, 2017: 110.0})
    assert ek.gap_amount(panel, 1000, total=True).values[0] == pytest.approx(3 * 200 + 2 * 50)
    real = ek.gap_amount(panel, 1000, total=True, real=True)
    assert real.values[0] == pytest.approx(3 * 200 * 1.1 + 2 * 50)
    assert "prices of 2017" in notes(real)


def test_gap_over_headcount_is_the_income_gap_ratio() -> None:
    panel = make_panel()
    rate, gap = ek.headcount(panel, 1000), ek.gap(panel, 1000)
    assert ek.income_gap_ratio(panel, 1000).values[0] == pytest.approx(
        gap.values[0] / rate.values[0], rel=1e-12
    )


def test_relative_lines_by_hand() -> None:
    panel = tiny(2, 5, 10, 20, 30)
    assert ek.arpt(panel).values[0] == pytest.approx(6)
    assert ek.arpt(panel, share=0.5, of="mean").values[0] == pytest.approx(0.5 * 67 / 5)
    assert ek.arpr(panel).values[0] == pytest.approx(0.4)
    assert ek.relative_fgt(panel, 1).values[0] == pytest.approx((4 / 6 + 1 / 6) / 5)
    assert ek.relative_watts(panel).values[0] == pytest.approx((log(3) + log(6 / 5)) / 5)
    assert ek.poor_median(panel).values[0] == 2
    assert ek.relative_gap(panel).values[0] == pytest.approx(1 - 2 / 6)
    old = tiny(2, 5, 10, 20, 30, age=[70, 30, 80, 40, 50])
    assert ek.relative_median_ratio(old, "age >= 65").values[0] == pytest.approx(2 / 20)
    nobody = ek.relative_gap(tiny(9, 10, 10, 11))
    assert np.isnan(nobody.values[0])
    assert "nobody is poor in: all" in notes(nobody)
    with pytest.raises(EstimationError, match="alpha is 0 or at least 1"):
        ek.relative_fgt(panel, 0.5)
    with pytest.raises(EstimationError, match="relative line needs"):
        ek.arpt(panel, of=1.5)
    with pytest.raises(EstimationError, match="bandwidth is"):
        ek.relative_gap(panel, bandwidth="narrow")  # type: ignore[arg-type]


def test_lines_of_several_waves_in_one_domain() -> None:
    """Medians 10 and 20 give lines 6 and 12; the poor are 2 and 5, 3 and 9."""
    frame = pd.DataFrame(
        {
            "household": [*range(5), *range(5)],
            "wave": [2016] * 5 + [2017] * 5,
            "income_pc": [2.0, 5, 10, 20, 30, 3, 9, 20, 40, 60],
        }
    )
    panel = Panel(frame, county=None)
    assert ek.poor_median(panel).values[0] == 3
    assert ek.relative_gap(panel).values[0] == pytest.approx(1 - 2 / 6)  # shares 1/3, 5/6, 1/4, 3/4
    assert ek.arpt(panel, by="wave").values.tolist() == pytest.approx([6, 12])
    each = ek.relative_gap(panel, by="wave")
    assert each.values.tolist() == pytest.approx([1 - 2 / 6, 1 - 3 / 12])


def test_dominance_curve_by_hand() -> None:
    panel = tiny(500, 1000, 1500, 2000)
    assert ek.dominance(panel, [400, 1000, 1600]).values.tolist() == [0, 0.25, 0.75]
    assert ek.dominance(panel, [400, 1000, 1600], poor_at_line=True).values.tolist() == [0, 0.5, 0.75]
    deficit = ek.dominance(panel, [1000, 2000], order=1)
    assert deficit.values.tolist() == pytest.approx([0.5 / 4, (0.75 + 0.5 + 0.25) / 4])
    with pytest.raises(EstimationError, match="positive and ascend"):
        ek.dominance(panel, [1000, 500])
    with pytest.raises(EstimationError, match="order is 0, 1 or 2"):
        ek.dominance(panel, [1000], order=3)


def test_dominance_points_are_those_of_fgt() -> None:
    panel = make_panel()
    for order, measure in ((0, ek.headcount), (1, ek.gap), (2, ek.severity)):
        curve = ek.dominance(panel, [700, 1100], order=order, by="county")
        for line in (700, 1100):
            alone = measure(panel, line, by="county")
            part = curve.where(line=line)
            np.testing.assert_allclose(part.values, alone.values, rtol=1e-12)
            np.testing.assert_allclose(part.cov, alone.cov, rtol=1e-12, atol=1e-18)


def test_a_later_wave_dominates_an_earlier_one_only_where_every_line_says_so() -> None:
    panel = make_panel()
    curve = ek.dominance(panel, [600, 900, 1200], by="wave")
    test = ek.dominates(curve, "wave", better=2018, other=2016)
    fall = curve.difference("wave", frm=2018, to=2016).tidy()
    single = stats.t.sf(fall["estimate"] / fall["std_error"], fall["df"])
    assert test.p_value[0] == pytest.approx(single.max())
    assert test.statistic[0] == pytest.approx((fall["estimate"] / fall["std_error"]).min())
    back = ek.dominates(curve, "wave", better=2016, other=2018)
    assert back.p_value[0] > 0.5
    assert list(test.tidy()) == ["better", "other", "first_line", "last_line", "statistic", "p_value"]
    both = ek.dominates(
        ek.dominance(panel, [900, 1200], by=["county", "wave"]), "wave", better=2018, other=2016
    )
    assert both.tidy()["county"].tolist() == ["A", "B"]


def test_lines_at_which_nobody_is_poor_say_nothing() -> None:
    frame = make_frame().query("income_pc > 0")
    curve = ek.dominance(make_panel(frame), [10, 900, 1200], by="wave")
    test = ek.dominates(curve, "wave", better=2018, other=2016)
    assert test.first_line[0] == 900
    assert "1 lines at which nobody is poor" in notes(test.difference)
    with pytest.raises(EstimationError, match="nobody is poor at any line"):
        ek.dominates(curve.where(line=10), "wave", better=2018, other=2016)
    with pytest.raises(EstimationError, match="not a curve over poverty lines"):
        ek.dominates(ek.gini(make_panel(), by="wave"), "wave", better=2018, other=2016)
    with pytest.raises(EstimationError, match="not its lines"):
        ek.dominates(curve, "line", better=900, other=1200)


def test_critical_value_of_a_band() -> None:
    # ten independent normals: (2 Φ(c) - 1)^10 = 0.95
    exact = stats.norm.ppf((1 + 0.95 ** (1 / 10)) / 2)
    assert sup_t(np.eye(10), np.inf, 0.95, draws=40_000, seed=1) == pytest.approx(exact, abs=0.02)
    same = np.ones((5, 5))
    assert sup_t(same, 12.0, 0.95, draws=40_000, seed=1) == pytest.approx(stats.t.ppf(0.975, 12), rel=0.02)
    assert sup_t(np.diag([4.0, 0.0]), 12.0, 0.95, draws=100, seed=1) == pytest.approx(stats.t.ppf(0.975, 12))


def test_a_band_covers_whole_curves_as_often_as_it_says() -> None:
    curve = ek.dominance(make_panel(), [700, 850, 1000, 1150, 1300], by="wave").where(wave=2017)
    band = ek.uniform_band(replace(curve, df=np.full(5, np.inf)))
    draws = np.random.default_rng(8).multivariate_normal(np.zeros(5), curve.cov, 40_000, method="eigh")
    inside = (np.abs(draws) <= band.critical * curve.std_error).all(axis=1).mean()
    assert inside == pytest.approx(0.95, abs=0.006)
    pointwise = (np.abs(draws) <= 1.96 * curve.std_error).all(axis=1).mean()
    assert pointwise < 0.92


def test_each_curve_has_its_own_band() -> None:
    curve = ek.dominance(make_panel(), [700, 1000, 1300], order=1, by="county")
    band = ek.uniform_band(curve, within="county")
    alone = ek.uniform_band(curve.where(county="B"))
    table = band.tidy()
    assert table.loc[table["county"] == "B", "band_low"].tolist() == pytest.approx(alone.low.tolist())
    assert (table["band_low"] <= table["conf_low"]).all()
    assert (table["band_high"] >= table["conf_high"]).all()
    again = ek.uniform_band(curve, within="county")
    assert again.critical.tolist() == band.critical.tolist()
    joint = ek.uniform_band(curve)
    assert (joint.critical >= band.critical).all()
    with pytest.raises(EstimationError, match="no key 'village'"):
        ek.uniform_band(curve, within="village")
    with pytest.raises(EstimationError, match="whole population"):
        ek.uniform_band(ek.dominance(make_panel(design=replace(DESIGN, census=True)), [900]))


def test_prices_change_amounts_and_not_inequality_within_a_wave() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 110.0, 2018: 121.0})
    real, nominal = (ek.gini(panel, by="wave", real=r) for r in (True, False))
    np.testing.assert_allclose(real.values, nominal.values, rtol=1e-12)
    lines = [ek.arpt(panel, by="wave", real=r).values for r in (True, False)]
    np.testing.assert_allclose(lines[0], lines[1] * [1.21, 1.1, 1.0])
    assert "prices of 2018" in notes(real)


def two_places(first: list[float], second: list[float], *, census: bool) -> Panel:
    income = [*first, *second]
    frame = pd.DataFrame(
        {
            "household": range(len(income)),
            "wave": 2020,
            "income_pc": income,
            "place": ["a"] * len(first) + ["b"] * len(second),
        }
    )
    return Panel(frame, county=None, design=SurveyDesign(census=census))


def test_equal_poverty_at_a_line_is_not_lower_poverty() -> None:
    """A census: at 100 a has 0 of 3 poor and b 1 of 3; at 200 both have 2 of 3, so a is not lower at every line."""
    panel = two_places([150, 160, 900], [50, 160, 900], census=True)
    curve = ek.dominance(panel, [100, 200], by="place")
    test = ek.dominates(curve, "place", better="a", other="b")
    assert test.p_value[0] == 0.5
    assert test.last_line[0] == 200
    assert notes(test.difference).count("left out") == 0
    assert ek.dominates(curve.where(line=100), "place", better="a", other="b").p_value[0] == 0


def test_lines_at_which_everybody_is_poor_say_nothing() -> None:
    panel = two_places([150, 160, 170, 900], [50, 60, 160, 170], census=False)
    test = ek.dominates(ek.dominance(panel, [100, 1000], by="place"), "place", better="a", other="b")
    assert test.last_line[0] == 100
    assert "1 lines at which everybody is poor" in notes(test.difference)
    deeper = ek.dominance(panel, [100, 1000], order=1, by="place")
    assert ek.dominates(deeper, "place", better="a", other="b").last_line[0] == 1000
    with pytest.raises(EstimationError, match="everybody is poor at any line"):
        ek.dominates(ek.dominance(panel, [1000], by="place"), "place", better="a", other="b")


def test_a_mean_of_the_poor_rests_on_the_poor() -> None:
    """Two of five are poor, in two of three villages: n 2, two clusters, one degree of freedom."""
    panel = tiny(600, 900, 1000, 1499, 1500, village=[1, 2, 2, 3, 3])
    panel = replace(panel, design=SurveyDesign(psu="village"))
    for found in (ek.income_gap_ratio(panel, 1000), ek.gap_amount(panel, 1000)):
        assert (found.n[0], found.df[0], found.clusters[0]) == (2, 1, 2)
    shortfall = panel.frame.assign(short=1000 - panel.frame["income_pc"])
    direct = ek.mean(replace(panel, frame=shortfall).where("income_pc < 1000"), "short")
    mean = ek.gap_amount(panel, 1000)
    assert mean.values[0] == pytest.approx(direct.values[0])
    assert mean.std_error[0] == pytest.approx(direct.std_error[0])
    assert ek.gap_amount(panel, 1000, total=True).n[0] == 5
    assert ek.gap_amount(panel, 100).n[0] == 0
