"""Validation on a later wave: measures by hand, canaries for leaks, the report object."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import evalkit.risk as risk
from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.risk import metrics
from risk_truth import simulated

LADDER = (risk.BaseRate(), risk.IncomeRule(1.5), risk.DiscreteHazard())


@pytest.fixture(scope="module")
def panel() -> Panel:
    return simulated(11, 2500, village_sd=0.3)


@pytest.fixture(scope="module")
def spells(panel: Panel) -> risk.Spells:
    return risk.spells(panel, features=["mark"])


@pytest.fixture(scope="module")
def comparison(spells: risk.Spells) -> risk.Comparison:
    return risk.compare(LADDER, spells, quota=0.05)


def test_auc_is_the_share_of_pairs_ranked_right() -> None:
    rng = np.random.default_rng(0)
    y, score = (rng.random(60) < 0.3).astype(float), rng.integers(0, 8, 60).astype(float)
    weight = rng.uniform(1, 5, 60)
    top = bottom = 0.0
    for i in np.flatnonzero(y == 1):
        for j in np.flatnonzero(y == 0):
            pair = weight[i] * weight[j]
            bottom += pair
            top += pair * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    got = metrics.auc(y, score, weight)
    assert got.value == pytest.approx(top / bottom, abs=1e-14)
    # the influence values are the derivative with respect to each weight, times the weight
    step = 1e-6
    for i in range(0, 60, 7):
        up = weight.copy()
        up[i] *= 1 + step
        slope = (metrics.auc(y, score, up).value - got.value) / step
        assert got.influence[i] == pytest.approx(slope, abs=1e-5)


def test_auc_error_equals_delong_when_clusters_are_rows() -> None:
    # DeLong: var = s10/m + s01/n with sample variances of the placements; here the cluster factor is N/(N-1)
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.4).astype(float)
    score = rng.normal(size=400) + y
    events, others = score[y == 1], score[y == 0]
    ranked = events[:, None] > others[None, :]
    m, n = len(events), len(others)
    delong = ranked.mean(axis=1).var(ddof=1) / m + ranked.mean(axis=0).var(ddof=1) / n
    influence = metrics.auc(y, score, np.ones(400)).influence
    by_part = (influence[y == 1] ** 2).sum() * m / (m - 1) + (influence[y == 0] ** 2).sum() * n / (n - 1)
    assert by_part == pytest.approx(delong, rel=1e-12)


def test_list_at_the_quota_by_hand() -> None:
    # ten households, quota 20 %: two places; scores 9, then three tied at 5 sharing one place
    score = np.array([9.0, 5, 5, 5, 1, 1, 1, 1, 1, 1])
    y = np.array([1.0, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    on_list = metrics.listed(score, np.ones(10), 0.2)
    assert on_list == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0, 0])
    assert metrics.precision(y, on_list, np.ones(10)) == pytest.approx((1 + 1 / 3) / 2)
    assert metrics.recall(y, on_list, np.ones(10)).value == pytest.approx((1 + 1 / 3) / 3)
    # weight 3 on the first: it alone outweighs two of twelve
    heavy = np.array([3.0, *np.ones(9)])
    assert metrics.listed(score, heavy, 0.2)[0] == pytest.approx(0.8)


def test_calibration_slope_is_one_for_true_probabilities_and_half_for_doubled_odds() -> None:
    rng = np.random.default_rng(2)
    odds = rng.normal(-1, 1, 40000)
    p = 1 / (1 + np.exp(-odds))
    y = (rng.random(40000) < p).astype(float)
    ones = np.ones(40000)
    slope = metrics.calibration_slope(y, p, ones)
    assert slope == pytest.approx(1.0, abs=0.06)
    assert metrics.calibration_slope(y, 1 / (1 + np.exp(-2 * odds)), ones) == pytest.approx(
        slope / 2, rel=1e-8
    )
    assert np.isnan(metrics.calibration_slope(y, np.full(40000, 0.2), ones))


def test_ladder_is_judged_on_the_last_wave_only(comparison: risk.Comparison, spells: risk.Spells) -> None:
    assert comparison.table["model"].tolist() == ["base_rate", "income_rule", "hazard"]
    assert comparison.wave == 2020
    assert comparison.trained_on == (2016, 2017, 2018, 2019)
    last = spells.at(2020)
    assert set(comparison.table["n"]) == {len(last)}
    assert set(comparison.table["events"]) == {last.events}
    by_hand = risk.DiscreteHazard().fit(spells.before(2020))
    direct = metrics.auc(last.event, by_hand.predict(last), last.weight).value
    assert comparison.table["auc"].iloc[2] == pytest.approx(direct, abs=1e-12)


def test_true_model_beats_the_baselines_and_is_calibrated(comparison: risk.Comparison) -> None:
    table = comparison.table.set_index("model")
    assert 0.6 < table.loc["hazard", "auc"] < 0.8
    assert table.loc["hazard", "auc_low"] < table.loc["hazard", "auc"] < table.loc["hazard", "auc_high"]
    assert table.loc["hazard", "brier"] < table.loc["base_rate", "brier"]
    assert 0.7 < table.loc["hazard", "observed_expected"] < 1.3
    assert 0.6 < table.loc["hazard", "calibration_slope"] < 1.4
    gain = comparison.differences
    assert gain is not None
    assert set(gain.keys["baseline"]) == {"income_rule"}
    auc = gain.where(model="hazard", metric="auc")
    assert auc.values[0] == pytest.approx(table.loc["hazard", "auc"] - table.loc["income_rule", "auc"])
    assert auc.confint().low[0] > 0


def test_fitted_models_are_fitted_again_without_the_last_wave(
    comparison: risk.Comparison, spells: risk.Spells
) -> None:
    fitted = [m.fit(spells) for m in LADDER]
    again = risk.compare(fitted, quota=0.05)
    pd.testing.assert_frame_equal(again.table, comparison.table)
    assert again.fitted[2].coef_.tobytes() != fitted[2].coef_.tobytes()  # type: ignore[attr-defined]


def test_shuffled_labels_cannot_be_forecast(spells: risk.Spells) -> None:
    areas = []
    for seed in range(10):
        event = np.random.default_rng(seed).permutation(spells.event)
        shuffled = replace(spells, frame=spells.frame.assign(event=event))
        got = risk.compare([risk.DiscreteHazard()], shuffled)
        areas.append((got.auc.values[0], got.auc.std_error[0]))
    value, se = np.array(areas).T
    assert (np.abs(value - 0.5) < 4 * se).all()
    assert abs(value.mean() - 0.5) < 0.03


def test_a_planted_future_column_is_refused(panel: Panel) -> None:
    poor = panel.frame["income_pc"] < 100
    nxt = poor.groupby(panel.frame["household"]).shift(-1).fillna(value=False).astype(float)
    planted = replace(panel, frame=panel.frame.assign(next_year=nxt))
    with pytest.raises(EstimationError, match=r"'next_year' alone ranks returns"):
        risk.compare(LADDER, risk.spells(planted, features=["next_year"]))


def test_row_order_and_weight_scale_change_nothing(panel: Panel, comparison: risk.Comparison) -> None:
    frame = panel.frame.sample(frac=1, random_state=3)
    shuffled = risk.compare(LADDER, risk.spells(replace(panel, frame=frame), features=["mark"]))
    pd.testing.assert_frame_equal(shuffled.table, comparison.table, check_exact=True)
    scaled = replace(panel, frame=panel.frame.assign(w=panel.frame["w"] * 1000))
    again = risk.compare(LADDER, risk.spells(scaled, features=["mark"]))
    pd.testing.assert_frame_equal(again.table, comparison.table, rtol=1e-8)


def test_few_events_leave_the_slope_blank(spells: risk.Spells) -> None:
    frame = spells.frame.copy()
    last = np.flatnonzero((frame["wave"] == 2020) & (frame["event"] == 1))
    frame.loc[last[5:], "event"] = 0.0
    got = risk.compare(LADDER, replace(spells, frame=frame))
    assert got.table["calibration_slope"].isna().all()
    assert any("Only 5 returns in 2020" in n.en for n in got.notes)


def test_refusals(spells: risk.Spells) -> None:
    one = spells.at(2020)
    with pytest.raises(EstimationError, match="at least two label waves"):
        risk.compare(LADDER, one)
    with pytest.raises(EstimationError, match="no holdout 'random'"):
        risk.compare(LADDER, spells, holdout="random")
    with pytest.raises(EstimationError, match="not fitted: base_rate, income_rule, hazard"):
        risk.compare(LADDER)
    with pytest.raises(EstimationError, match="quota must lie"):
        risk.compare(LADDER, spells, quota=1.5)
    none = spells.frame["event"].where(spells.frame["wave"] < 2020, 0.0)
    with pytest.raises(
        EstimationError, match=r"0 of \d+ households at risk return in the validation wave 2020"
    ):
        risk.compare(LADDER, replace(spells, frame=spells.frame.assign(event=none)))
    with pytest.raises(EstimationError, match="fitted on different person-years"):
        risk.compare([risk.BaseRate().fit(spells), risk.DiscreteHazard().fit(spells.before(2020))])


def test_watch_list_ranks_the_households_out_of_poverty_now(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard().fit(spells)
    got = risk.watch_list(model, spells, quota=0.05)
    at_risk = spells.upcoming()
    assert set(got["wave"]) == {2021}
    assert (got["risk"].diff().dropna() <= 0).all()
    assert (got["conf_low"] < got["risk"]).all()
    assert (got["risk"] < got["conf_high"]).all()
    assert got["risk"].min() >= np.quantile(model.predict(at_risk), 0.9)
    weight = dict(zip(at_risk.frame["household"], at_risk.weight, strict=True))
    listed = (got["household"].map(weight) * got["share"]).sum()
    assert listed == pytest.approx(0.05 * at_risk.weight.sum())


def test_assessment_holds_what_a_report_prints_and_survives_json(panel: Panel, spells: risk.Spells) -> None:
    got = risk.assess(panel, features=["mark"])
    assert got.events == spells.events
    assert got.hazard is not None
    assert got.comparison is not None
    assert got.hazard.values == pytest.approx(risk.DiscreteHazard().fit(spells).coef_)
    last = spells.at(2020)
    county = got.by_county.set_index("county")
    here = (last.frame["county"] == 2).to_numpy()
    assert county.loc[2, "observed"] == pytest.approx(np.average(last.event[here], weights=last.weight[here]))
    assert county.loc[2, "conf_low"] < county.loc[2, "observed"] < county.loc[2, "conf_high"]
    assert county["expected"].between(0.02, 0.5).all()
    assert county["events"].sum() == last.events
    text = json.dumps(got.to_dict(), allow_nan=False)
    back = risk.ReturnRisk.from_dict(json.loads(text))
    assert json.dumps(back.to_dict(), allow_nan=False) == text
    pd.testing.assert_frame_equal(back.by_county, got.by_county)
    pd.testing.assert_frame_equal(back.base_rate.tidy(), got.base_rate.tidy())


def test_three_waves_give_rates_and_say_why_there_is_no_validation(panel: Panel) -> None:
    short = replace(panel, frame=panel.frame[panel.frame["wave"] <= 2016])
    got = risk.assess(short)
    assert got.comparison is None
    assert any("at least two label waves" in n.en for n in got.notes)
    assert got.hazard is not None
    assert got.by_county["expected"].isna().all()
    back = risk.ReturnRisk.from_dict(json.loads(json.dumps(got.to_dict(), allow_nan=False)))
    assert back.comparison is None
    assert back.by_county["expected"].isna().all()


def test_a_hazard_that_cannot_be_fitted_is_left_out_with_its_reason(panel: Panel) -> None:
    frame = panel.frame.assign(double=panel.frame["mark"] * 2)
    got = risk.assess(replace(panel, frame=frame), features=["mark", "double"])
    assert got.hazard is None
    assert any("could not be fitted: these features are combinations" in n.en for n in got.notes)
    assert got.comparison is not None
    assert got.comparison.table["model"].tolist() == ["base_rate", "income_rule"]
    assert got.by_county["expected"].isna().all()
    assert got.base_rate.values[0] > 0


def test_a_rule_that_flags_nobody_leaves_the_rest_of_the_ladder(panel: Panel) -> None:
    got = risk.assess(panel, features=["mark"], rule_multiple=1.01)
    assert got.comparison is not None
    assert got.comparison.table["model"].tolist() == ["base_rate", "hazard"]
    assert any("income_rule is not validated: the income rule flags nobody" in n.en for n in got.notes)


def test_assessment_needs_twenty_returns(panel: Panel) -> None:
    few = replace(panel, frame=panel.frame[panel.frame["household"] < 25])
    with pytest.raises(
        EstimationError, match=r"\d+ returns to poverty among \d+ household-waves .* at least 20"
    ):
        risk.assess(few)
