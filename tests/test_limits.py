"""Interval rules of single measures, worked by hand: limits of quantiles, of shares in a range, of positive indices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.intervals import FEW, interval, recovered
from evalkit.measures.deprivation import least_score
from evalkit.panel import Panel
from evalkit.sums import stack
from measure_cases import LINE, make_frame, make_panel

INF = np.array([np.inf])
SPAN = {"frm": 2016, "to": 2018}


def households(y: list[float], **columns: list[float]) -> Panel:
    frame = pd.DataFrame({"household": range(len(y)), "wave": 2018, "income_pc": y, **columns})
    return Panel(frame, county=None)


def one(value: float, se: float, rule: str = "share", n: float = 100.0, **more: object) -> Estimate:
    about = About("x", interval=rule)  # type: ignore[arg-type]
    cov = np.array([[se**2]])
    return Estimate(pd.DataFrame(index=[0]), np.array([value]), cov, INF, np.array([n]), about, **more)  # type: ignore[arg-type]


# --- rules ------------------------------------------------------------------------------------------------


def test_limits_on_the_logarithm_by_hand() -> None:
    found = interval(
        "log", np.array([2.0, 0.0]), np.array([0.5, 0.0]), np.array([np.inf, np.inf]), np.ones(2)
    )
    z = stats.norm.ppf(0.975)
    assert found.low[0] == pytest.approx(2 * np.exp(-z / 4))
    assert found.high[0] == pytest.approx(2 * np.exp(z / 4))
    assert np.isnan([found.low[1], found.high[1]]).all()


def test_few_units_on_one_side_of_a_share_have_exact_limits() -> None:
    """With n = 100 the change is at 10 units: 9 of 100 as Clopper-Pearson, 11 of 100 on the log-odds."""
    values = np.array([0.09, 0.11, 0.91])
    se = np.sqrt(values * (1 - values) / 100)
    df, n = np.full(3, np.inf), np.full(3, 100.0)
    share, exact, odds = (interval(rule, values, se, df, n) for rule in ("share", "kg", "logit"))  # type: ignore[arg-type]
    few = np.minimum(values, 1 - values) * n < FEW
    assert few.tolist() == [True, False, True]
    np.testing.assert_array_equal(share.low, np.where(few, exact.low, odds.low))
    np.testing.assert_array_equal(share.high, np.where(few, exact.high, odds.high))
    assert exact.low[0] == pytest.approx(stats.beta.ppf(0.025, 9, 92))


def test_the_limit_of_a_sum_from_those_of_its_terms() -> None:
    related = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    assert recovered(np.array([[1.0, 2.0]]), related)[0] == pytest.approx(np.sqrt(1 + 4 + 2))


# --- values in a range ------------------------------------------------------------------------------------


def test_the_rules_for_shares_work_within_the_range_of_a_value() -> None:
    """0.8 between 0.6 and 1 is a half of the way."""
    half = one(0.5, 0.1)
    ranged = one(0.8, 0.04, span=np.array([[0.6, 1.0]]))
    for side in ("two", "lower"):
        a, b = half.confint(side=side), ranged.confint(side=side)  # type: ignore[arg-type]
        assert b.low[0] == pytest.approx(0.6 + 0.4 * a.low[0])
        assert b.high[0] == pytest.approx(0.6 + 0.4 * a.high[0])


def test_the_range_travels_with_the_value_and_ends_with_a_difference() -> None:
    ranged = one(0.8, 0.04, span=np.array([[0.6, 1.0]]))
    again = Estimate.from_dict(ranged.to_dict())
    joined = stack([ranged, one(0.2, 0.05)])
    for estimate in (again, joined.take([0]), replace(ranged, about=replace(ranged.about, notes=()))):
        assert estimate.tidy().equals(ranged.tidy())
    assert joined.tidy()["conf_low"][1] == one(0.2, 0.05).tidy()["conf_low"][0]
    assert joined.contrast([1, -1]).span is None


def test_poor_that_all_have_the_least_score_leave_room_above() -> None:
    """30 poor lack two of three things, nobody all three: no point, but what 0 of 30 leaves open (Clopper-Pearson)."""
    lacks = [1.0] * 30 + [0.0] * 70
    panel = households([5.0] * 100, a=lacks, b=lacks, c=[0.0] * 100)
    chosen = ek.Deprivations({"a": "a == 1", "b": "b == 1", "c": "c == 1"}, cutoff=0.6)
    found = ek.multidimensional_poverty(panel, chosen).where(statistic="A")
    limits = found.confint()
    assert (found.values[0], found.std_error[0], found.n[0]) == (pytest.approx(2 / 3), 0, 30)
    assert limits.low[0] == pytest.approx(2 / 3)
    assert limits.high[0] == pytest.approx(2 / 3 + (1 - 0.025 ** (1 / 30)) / 3)


def test_the_least_score_of_the_poor() -> None:
    assert least_score(np.array([0.5, 0.3, 0.2]), 0.45) == pytest.approx(0.5)
    assert least_score(np.array([0.5, 0.3, 0.2]), 0.6) == pytest.approx(0.7)
    assert least_score(np.full(3, 1 / 3), 1.0) == 1
    many = np.random.default_rng(1).dirichlet(np.ones(25))
    assert least_score(many, 0.4) == 0.4  # too many sums: the cutoff, which is no larger than any


def test_only_the_fully_deprived_are_poor_and_their_score_is_known() -> None:
    panel = households([5.0] * 20, a=[1.0] * 8 + [0.0] * 12)
    found = ek.multidimensional_poverty(panel, ek.Deprivations({"a": "a == 1"}, cutoff=1)).where(
        statistic="A"
    )
    assert found.tidy()[["estimate", "conf_low", "conf_high"]].to_numpy().tolist() == [[1, 1, 1]]


def test_matrices_of_estimated_groups_have_limits_that_follow_their_errors() -> None:
    panel = make_panel(make_frame().assign(income_pc=lambda f: f["income_pc"].clip(lower=1)))
    assert ek.transition_matrix(panel, groups=3, **SPAN).about.interval == "share"
    assert ek.transition_matrix(panel, LINE, multiples=(1,), **SPAN).about.interval == "kg"


# --- quantiles --------------------------------------------------------------------------------------------


def test_incomes_that_all_grow_alike_have_a_growth_without_error() -> None:
    """The ranks of both waves are the same households: their errors cancel, quantile by quantile."""
    frame = make_frame()
    first = frame[frame["wave"] == 2016].assign(income_pc=lambda f: f["income_pc"].clip(lower=1))
    both = pd.concat([first, first.assign(wave=2018, income_pc=first["income_pc"] * 1.5)], ignore_index=True)
    both["w"] = np.tile(both["w"].to_numpy()[: len(first)], 2)
    both["size"] = np.tile(both["size"].to_numpy()[: len(first)], 2)
    panel = make_panel(both)
    found = ek.growth_incidence(panel, **SPAN, real=False, quantiles=(0.25, 0.5, 0.75))
    limits = found.confint()
    np.testing.assert_allclose(found.values, 0.5)
    np.testing.assert_allclose(np.column_stack([limits.low, limits.high]), 0.5)
    with pytest.raises(EstimationError, match="stored for 95%"):
        found.confint(level=0.9)


def test_the_limits_of_growth_are_those_of_the_quantile_that_moves() -> None:
    """In the second wave all have the same income: the error is that of the first wave's median alone (Woodruff)."""
    frame = make_frame()
    frame["income_pc"] = np.where(frame["wave"] == 2016, frame["income_pc"].clip(lower=1), 1000.0)
    panel = make_panel(frame)
    curve = ek.growth_incidence(panel, **SPAN, real=False, quantiles=(0.5,)).confint()
    alone = ek.quantile(panel.where("wave == 2016")).confint()
    np.testing.assert_allclose(
        [curve.low[0], curve.high[0]], [1000 / alone.high[0] - 1, 1000 / alone.low[0] - 1], rtol=0.01
    )


def test_a_line_without_error_leaves_the_limits_of_a_headcount() -> None:
    """Most incomes are the same: the median, and with it the line, does not move; at 600 lie 30 of 200."""
    y = [100.0 + i for i in range(30)] + [1000.0] * 150 + [3000.0 + i for i in range(20)]
    panel = replace(households(y), poor_at_line=False)
    risk, known = ek.arpr(panel), ek.headcount(panel, 600)
    assert ek.arpt(panel).std_error[0] == 0
    assert risk.std_error[0] == pytest.approx(known.std_error[0])
    np.testing.assert_allclose(
        [risk.confint().low[0], risk.confint().high[0]], [known.confint().low[0], known.confint().high[0]]
    )
    assert np.isfinite(ek.arpr(panel, bandwidth="effective").std_error[0])


def test_the_error_of_a_line_by_its_limits_is_that_of_replicates() -> None:
    """Smooth incomes: densities over limits against a bootstrap that needs none, within a quarter."""
    rng = np.random.default_rng(4)
    n = 1200
    frame = pd.DataFrame({
        "household": range(n), "wave": 2018, "village": np.arange(n) // 20,
        "income_pc": np.exp(8 + 0.6 * rng.normal(size=n) + np.repeat(rng.normal(0, 0.2, n // 20), 20)),
    })  # fmt: skip
    panel = Panel(frame, county=None, design=SurveyDesign(psu="village"))
    made = _bootstraps(panel, 150)
    for measure in (ek.arpr, ek.poor_median, ek.relative_gap):
        linear = measure(panel, bandwidth="woodruff").std_error[0]
        spread = np.std([measure(p).values[0] for p in made], ddof=1)
        assert linear == pytest.approx(spread, rel=0.25), measure.__name__


def _bootstraps(panel: Panel, draws: int) -> list[Panel]:
    """Return rescaled bootstraps of villages (Rao & Wu 1988)."""
    rng = np.random.default_rng(5)
    villages = panel.frame["village"].to_numpy()
    count = int(villages.max()) + 1
    out = []
    for _ in range(draws):
        drawn = rng.multinomial(count - 1, np.full(count, 1 / count))
        weight = (drawn * count / (count - 1))[villages]
        design = SurveyDesign(weight="w", psu="village", census=True)
        out.append(replace(panel, frame=panel.frame.assign(w=weight), design=design))
    return out
